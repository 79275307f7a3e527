"""Probability of change between two aligned images, what it can be read for, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from scipy import ndimage

from spadework.change.pair.limits import BLIND, LIMIT_OUTSIDE, confidence_of, limit_of_step, limits_of, limits_of_trained
from spadework.change.pair.sampling import FEWEST, blocks, ground_of, inner
from spadework.change.pair.scatter import odds_of
from spadework.change.pair.shadow import ShadowSettings, shadow_of
from spadework.change.pair.stable import REACH, StableGround, StableSettings
from spadework.change.pair.trained import PairModel
from spadework.errors import UserError
from spadework.grid import tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.cube import Image

    Change: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
    """(band, y, x) of BEFORE and AFTER, raw numbers -> (y, x) probability of change, 0..1."""

DETECTOR: Final = "change vectors against the scatter of stable ground"
TRAINED: Final = "gradient-boosted trees trained on labelled pairs"


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
    before: Image,
    after: Image,
    settings: PairSettings = PairSettings(),
    model: PairModel | Change | None = None,
    model_name: str = "a model from outside",
) -> Pair:
    """Compare two images of one place.

    Without a model: the change vector (Malila 1980), each band normalised on stable ground and divided by the scatter that noise
    and a rest of misalignment cause there; its local mean becomes a probability against the scene's own unchanged ground.

    Args:
        before: the earlier image.
        after: the later one, aligned, on the same grid, with the same bands.
        settings: how they are compared without a model.
        model: a detector in place of ours: trained on labels, or any callable. A model compares shadow too.
        model_name: what a callable is called in ``Pair.detector``.

    Raises:
        UserError: the images do not have the same bands or the same grid, or not those that the model takes; the model gave
            something else than a probability for every pixel.
        MissingExtraError: a trained model without LightGBM.

    """
    _check(before, after)
    if model is not None:
        return _by_model(before, after, model, model_name)
    comparable, sunlit = _comparable(before, after, settings.shadow)
    limits = limits_of(before.scene, after.scene, sunlit=sunlit)
    if comparable.sum() < FEWEST:
        return _nothing(comparable, DETECTOR, limits)
    probability, step = _probability(before, after, comparable, settings)
    confidence = "low" if step > BLIND else confidence_of(before.scene, after.scene)
    return Pair(probability, comparable, DETECTOR, confidence, (limit_of_step(step), *limits))


def _by_model(before: Image, after: Image, model: PairModel | Change, name: str) -> Pair:
    comparable, _ = _comparable(before, after, None)
    detector = TRAINED if isinstance(model, PairModel) else name
    limits = limits_of_trained(model) if isinstance(model, PairModel) else (LIMIT_OUTSIDE,)
    if comparable.sum() < FEWEST:
        return _nothing(comparable, detector, limits)
    if isinstance(model, PairModel):
        probability = model.probability(before, after, comparable)
    else:
        probability = _held(np.asarray(model(before.values, after.values), dtype=np.float32), comparable, name)
    return Pair(np.where(comparable, probability, np.float32(np.nan)), comparable, detector, "low", limits)


def _held(probability: NDArray[np.float32], comparable: NDArray[np.bool_], name: str) -> NDArray[np.float32]:
    mend = "a change model gives one number from 0 to 1 for every pixel"
    if probability.shape != comparable.shape:
        raise UserError(name, f"gave {probability.shape} for an image of {comparable.shape}", mend)
    known = probability[comparable]
    if not (np.isfinite(known).all() and known.min() >= 0 and known.max() <= 1):
        raise UserError(name, "gave numbers that are no probabilities", mend)
    return probability


def _nothing(comparable: NDArray[np.bool_], detector: str, limits: tuple[str, ...]) -> Pair:
    said = f"Under {FEWEST} pixels can be compared: nothing is said of change."
    return Pair(
        np.full(comparable.shape, np.nan, dtype=np.float32), np.zeros_like(comparable), detector, "low", (said, *limits)
    )


def _check(before: Image, after: Image) -> None:
    if before.bands != after.bands:
        problem = f"has bands {', '.join(after.bands)}, {before.scene.id} has {', '.join(before.bands)}"
        raise UserError(after.scene.id, problem, "choose bands that both have, in one order, with --bands")
    if before.valid.shape != after.valid.shape or not np.allclose(before.transform, after.transform, rtol=0, atol=1e-6):
        raise UserError(after.scene.id, f"does not lie on the grid of {before.scene.id}", "resample it onto that grid first")


def _comparable(before: Image, after: Image, shadow: ShadowSettings | None) -> tuple[NDArray[np.bool_], bool]:
    """Where both images can be compared, and whether the sun was known for both."""
    both = ~ndimage.binary_dilation(~(before.valid & after.valid), iterations=REACH)
    if shadow is None:
        return both, True
    (one, known), (other, also) = (shadow_of(image, shadow) for image in (before, after))
    return both & ~one & ~other, known and also


def change_statistic(
    before: Image, after: Image, comparable: NDArray[np.bool_], settings: PairSettings = PairSettings()
) -> NDArray[np.float32]:
    """Size of the difference in units of what noise and a rest of misalignment cause on stable ground.

    Args:
        before: the earlier image.
        after: the later one, on the same grid, with the same bands.
        comparable: (y, x), True where both can be compared.
        settings: how they are compared.

    Returns:
        (y, x), about 1 where nothing changed: mean over bands and neighbours of the squared difference over its variance; 0
        where not comparable. Its value is the same with the images swapped.

    Raises:
        UserError: too few pixels can be compared.

    """
    ground = ground_of(before, after, comparable, settings.stable, settings.block_px)
    return _statistic(before, after, comparable, ground, settings)


def _probability(
    before: Image, after: Image, comparable: NDArray[np.bool_], settings: PairSettings
) -> tuple[NDArray[np.float32], float]:
    """(y, x) probability, and the least step on flat ground that shows, in units of the ground's own scatter."""
    ground = ground_of(before, after, comparable, settings.stable, settings.block_px)
    statistic = _statistic(before, after, comparable, ground, settings)
    odds = odds_of(statistic[comparable][:: max(1, int(comparable.sum()) // 1_000_000)])
    for tile in tiles(statistic.shape, settings.block_px, 0):
        statistic[tile.core] = odds.probability(statistic[tile.core])
    statistic[~comparable] = np.nan
    return statistic, float(np.sqrt(odds.visible() * np.median([band.noise for band in ground])))


def _statistic(
    before: Image, after: Image, comparable: NDArray[np.bool_], ground: tuple[StableGround, ...], settings: PairSettings
) -> NDArray[np.float32]:
    out = np.zeros(comparable.shape, dtype=np.float32)
    margin = REACH + int(np.ceil(4 * settings.gather_px))
    total = out[:0]
    for tile, band, part in blocks(before, after, settings.stable, settings.block_px, margin):
        squared = ground[band].squared(part) / np.float32(len(ground))
        total = squared if band == 0 else np.asarray(total + squared)
        if band == len(ground) - 1:
            out[tile.core] = _gathered(total, comparable[tile.outer], settings)[inner(tile)]
    return out


def _gathered(values: NDArray[np.float32], comparable: NDArray[np.bool_], settings: PairSettings) -> NDArray[np.float32]:
    """Local mean of comparable pixels."""
    weight = ndimage.gaussian_filter(comparable.astype(np.float32), settings.gather_px, mode="constant")
    total = ndimage.gaussian_filter(np.where(comparable, values, np.float32(0)), settings.gather_px, mode="constant")
    return np.where(comparable, total / np.maximum(weight, np.float32(1e-6)), np.float32(0))
