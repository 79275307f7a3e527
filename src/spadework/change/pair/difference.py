"""How different two images are, in units of what unchanged ground of the same pair shows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.change.pair.sampling import blocks, ground_of, inner
from spadework.change.pair.scatter import Odds, odds_of
from spadework.change.pair.stable import REACH, StableGround, StableSettings
from spadework.grid import tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

_BLOCK_PX: Final = 2048
_LEAST: Final = 0.05
"""Of the measure around a pixel: identical images have none."""


@dataclass(frozen=True, slots=True)
class DifferenceSettings:
    """How differences are measured without a model."""

    stable: StableSettings = field(default_factory=StableSettings)
    gather_px: float = 1.0
    """The measure is averaged over a Gaussian of this standard deviation, pixels."""
    around_px: int = 128
    """The measure is held against its median in squares of this side: slopes and woods differ more than a plain under another sun.
    A change that fills more than half of a square is not seen as one."""
    block_px: int = _BLOCK_PX
    """Large images are worked through in blocks of this side."""


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """How different a pair is, and what of that is change."""

    statistic: NDArray[np.float32]
    """(y, x), mean over bands and neighbours of the squared difference over its variance, over its median around: about 1 where
    nothing changed; 0 where not comparable."""
    odds: Odds
    step: float
    """The least step on flat ground that shows, in units of the ground's own scatter."""

    def probability(self) -> NDArray[np.float32]:
        """(y, x), 0..1; 0 where not comparable."""
        out = np.empty_like(self.statistic)
        for tile in tiles(out.shape, _BLOCK_PX, 0):
            out[tile.core] = self.odds.probability(self.statistic[tile.core])
        return out


def difference_of(
    before: Image, after: Image, comparable: NDArray[np.bool_], settings: DifferenceSettings = DifferenceSettings()
) -> Difference:
    """Measure a pair. All of it is the same with the images swapped.

    Args:
        before: the earlier image.
        after: the later one, on the same grid, with the same bands.
        comparable: (y, x), True where both can be compared.
        settings: how.

    Raises:
        UserError: too few pixels can be compared.

    """
    ground = ground_of(before, after, comparable, settings.stable, settings.block_px)
    statistic = _statistic(before, after, comparable, ground, settings)
    usual = _levelled(statistic, comparable, settings)
    odds = odds_of(statistic[comparable][:: max(1, int(comparable.sum()) // 1_000_000)])
    noise = float(np.median([band.noise for band in ground]))
    return Difference(statistic, odds, float(np.sqrt(odds.visible() * usual * noise)))


def _statistic(
    before: Image, after: Image, comparable: NDArray[np.bool_], ground: tuple[StableGround, ...], settings: DifferenceSettings
) -> NDArray[np.float32]:
    out = np.zeros(comparable.shape, dtype=np.float32)
    margin = REACH + int(np.ceil(4 * settings.gather_px))
    total = out[:0]
    for tile, band, part in blocks(before, after, settings.stable, settings.block_px, margin):
        squared = ground[band].squared(part) / np.float32(len(ground))
        total = squared if band == 0 else np.asarray(total + squared)
        if band == len(ground) - 1:
            out[tile.core] = _gathered(total, comparable[tile.outer], settings.gather_px)[inner(tile)]
    return out


def _levelled(statistic: NDArray[np.float32], comparable: NDArray[np.bool_], settings: DifferenceSettings) -> float:
    """Divide, in place, by the median around each pixel, and return the median of those medians.

    Medians of squares that overlap by half, joined bilinearly; where little can be compared, the median of all squares.
    """
    side, step = settings.around_px, settings.around_px // 2
    middles = [np.arange(0, length + step, step) for length in statistic.shape]
    level = np.full((len(middles[0]), len(middles[1])), np.nan)
    for (row, y), (col, x) in itertools.product(enumerate(middles[0]), enumerate(middles[1])):
        square = np.s_[max(0, y - step) : y + side - step, max(0, x - step) : x + side - step]
        known = statistic[square][comparable[square]]
        if known.size > step * step // 4:
            level[row, col] = np.median(known)
    usual = float(np.nanmedian(level)) if np.isfinite(level).any() else float(np.median(statistic[comparable]))
    level = np.maximum(np.where(np.isfinite(level), level, usual), _LEAST)
    for tile in tiles(statistic.shape, settings.block_px, 0):
        y, x = (np.arange(part.start, part.stop) / step for part in tile.core)
        down = ndimage.map_coordinates(level, np.stack(np.broadcast_arrays(y[:, None], x[None])), order=1)
        statistic[tile.core] /= down.astype(np.float32)
    return max(usual, _LEAST)


def _gathered(values: NDArray[np.float32], comparable: NDArray[np.bool_], gather_px: float) -> NDArray[np.float32]:
    """Local mean of comparable pixels."""
    weight = ndimage.gaussian_filter(comparable.astype(np.float32), gather_px, mode="constant")
    total = ndimage.gaussian_filter(np.where(comparable, values, np.float32(0)), gather_px, mode="constant")
    return np.where(comparable, total / np.maximum(weight, np.float32(1e-6)), np.float32(0))
