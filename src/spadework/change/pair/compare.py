"""Probability of change between two aligned images, what it can be read for, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from scipy import ndimage

from spadework.change.pair.limits import confidence_of, limits_of
from spadework.change.pair.scatter import odds_of
from spadework.change.pair.shadow import ShadowSettings, shadow_of
from spadework.change.pair.stable import REACH, Sample, StableGround, StableSettings, learn, smoothed
from spadework.errors import UserError
from spadework.grid import Tile, tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from spadework.cube import Image

    Change: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
    """(band, y, x) of BEFORE and AFTER, raw numbers -> (y, x) probability of change, 0..1."""

DETECTOR: Final = "change vectors against the scatter of stable ground"
_FEWEST: Final = 1000
"""Pixels under which nothing is learned of a pair."""
_MOST: Final = 200_000
"""Pixels of the sample that stable ground is learned from."""


@dataclass(frozen=True, slots=True)
class PairSettings:
    """How two images are compared."""

    stable: StableSettings = field(default_factory=StableSettings)
    shadow: ShadowSettings | None = field(default_factory=ShadowSettings)
    """None = shadows are compared too."""
    gather_px: float = 1.0
    """The statistic is averaged over a Gaussian of this standard deviation, pixels."""
    block_px: int = 2048
    """Large images are worked through in blocks of this side."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What differs between two images, pixel by pixel, on BEFORE's grid."""

    probability: NDArray[np.float32]
    """(y, x), 0..1; NaN where not comparable."""
    comparable: NDArray[np.bool_]
    """(y, x), True = data in both images, away from edges without data, in no shadow."""
    detector: str
    confidence: Literal["low", "moderate"]
    limits: tuple[str, ...]
    """Sentences the reader must know."""


def change_probability(
    before: Image, after: Image, settings: PairSettings = PairSettings(), model: Change | None = None
) -> Pair:
    """Compare two images of one place.

    Without a model: the change vector (Malila 1980), each band normalised on stable ground and divided by the scatter that noise
    and a rest of misalignment cause there; its local mean becomes a probability against the scene's own unchanged ground.

    Args:
        before: the earlier image.
        after: the later one, aligned, on the same grid, with the same bands.
        settings: how they are compared.
        model: a detector in place of ours.

    Raises:
        UserError: the images do not have the same bands or the same grid.

    """
    _check(before, after)
    comparable, sunlit = _comparable(before, after, settings)
    confidence = confidence_of(before.scene, after.scene)
    limits = limits_of(before.scene, after.scene, sunlit=sunlit)
    if comparable.sum() < _FEWEST:
        nothing = np.full(comparable.shape, np.nan, dtype=np.float32)
        limits = (f"Under {_FEWEST} pixels can be compared: nothing is said of change.", *limits)
        return Pair(nothing, np.zeros_like(comparable), DETECTOR, "low", limits)
    if model is not None:
        probability = np.asarray(model(before.values, after.values), dtype=np.float32)
        return Pair(np.where(comparable, probability, np.float32(np.nan)), comparable, "model", "low", limits)
    probability = _probability(before, after, comparable, settings)
    return Pair(probability, comparable, DETECTOR, confidence, limits)


def _check(before: Image, after: Image) -> None:
    if before.bands != after.bands:
        problem = f"has bands {', '.join(after.bands)}, {before.scene.id} has {', '.join(before.bands)}"
        raise UserError(after.scene.id, problem, "choose bands that both have, in one order, with --bands")
    if before.valid.shape != after.valid.shape or not np.allclose(before.transform, after.transform, rtol=0, atol=1e-6):
        raise UserError(after.scene.id, f"does not lie on the grid of {before.scene.id}", "resample it onto that grid first")


def _comparable(before: Image, after: Image, settings: PairSettings) -> tuple[NDArray[np.bool_], bool]:
    """Where both images can be compared, and whether the sun was known for both."""
    both = ~ndimage.binary_dilation(~(before.valid & after.valid), iterations=REACH)
    if settings.shadow is None:
        return both, True
    (one, known), (other, also) = (shadow_of(image, settings.shadow) for image in (before, after))
    return both & ~one & ~other, known and also


def _probability(before: Image, after: Image, comparable: NDArray[np.bool_], settings: PairSettings) -> NDArray[np.float32]:
    every = max(1, int(np.sqrt(comparable.sum() / _MOST)))
    found: list[list[Sample]] = [[] for _ in before.bands]
    for tile, band, part in _parts(before, after, settings):
        found[band].append(_kept(part, tile, comparable, every))
    ground = [learn(_joined(samples), settings.stable) for samples in found]
    statistic = _statistic(before, after, comparable, ground, settings)
    odds = odds_of(statistic[comparable][:: max(1, int(comparable.sum()) // 1_000_000)])
    for tile in tiles(statistic.shape, settings.block_px, 0):
        statistic[tile.core] = odds.probability(statistic[tile.core])
    statistic[~comparable] = np.nan
    return statistic


def _parts(before: Image, after: Image, settings: PairSettings) -> Iterator[tuple[Tile, int, Sample]]:
    """Every block of every band, smoothed, with its margin."""
    rows, cols = before.valid.shape
    for tile in tiles((rows, cols), settings.block_px, 2 * _margin(settings)):
        down, right = tile.outer
        y = np.linspace(-1, 1, rows, dtype=np.float32)[down, None]
        x = np.linspace(-1, 1, cols, dtype=np.float32)[None, right]
        for band in range(len(before.bands)):
            first, first_slope = smoothed(before.values[band][tile.outer], settings.stable)
            second, second_slope = smoothed(after.values[band][tile.outer], settings.stable)
            yield tile, band, Sample(first, second, first_slope, second_slope, x, y)


def _margin(settings: PairSettings) -> int:
    return REACH + int(np.ceil(4 * settings.gather_px))


def _kept(part: Sample, tile: Tile, comparable: NDArray[np.bool_], every: int) -> Sample:
    """Comparable pixels of a block's core, on a lattice of the whole image."""
    (top, left), (rows, cols) = (piece.start for piece in tile.outer), tile.core
    y, x = np.nonzero(
        comparable[rows.start + -rows.start % every : rows.stop : every, cols.start + -cols.start % every : cols.stop : every]
    )
    y, x = y * every + rows.start + -rows.start % every - top, x * every + cols.start + -cols.start % every - left
    return Sample(
        part.before[y, x], part.after[y, x], part.before_slope[y, x], part.after_slope[y, x], part.x[0, x], part.y[y, 0]
    )


def _joined(parts: list[Sample]) -> Sample:
    names = ("before", "after", "before_slope", "after_slope", "x", "y")
    return Sample(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _statistic(
    before: Image, after: Image, comparable: NDArray[np.bool_], ground: list[StableGround], settings: PairSettings
) -> NDArray[np.float32]:
    """(y, x), mean over bands and neighbours of the squared difference over its variance; 0 where not comparable."""
    out = np.zeros(comparable.shape, dtype=np.float32)
    total = np.zeros((), dtype=np.float32)
    for tile, band, part in _parts(before, after, settings):
        squared = ground[band].squared(part) / np.float32(len(ground))
        total = squared if band == 0 else np.asarray(total + squared)
        if band == len(ground) - 1:
            out[tile.core] = _gathered(total, comparable[tile.outer], settings)[_inner(tile)]
    return out


def _gathered(values: NDArray[np.float32], comparable: NDArray[np.bool_], settings: PairSettings) -> NDArray[np.float32]:
    """Local mean of comparable pixels."""
    weight = ndimage.gaussian_filter(comparable.astype(np.float32), settings.gather_px, mode="constant")
    total = ndimage.gaussian_filter(np.where(comparable, values, np.float32(0)), settings.gather_px, mode="constant")
    return np.where(comparable, total / np.maximum(weight, np.float32(1e-6)), np.float32(0))


def _inner(tile: Tile) -> tuple[slice, slice]:
    """The core, counted from the block's own corner."""
    (rows, cols), (down, right) = tile.core, tile.outer
    return slice(rows.start - down.start, rows.stop - down.start), slice(cols.start - right.start, cols.stop - right.start)
