"""Tiles: where they lie, which can be tried, and what each estimator makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from spadework.align.estimators import ESTIMATORS, FRAME_PX, Estimator, moved_by
from spadework.align.features import Features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.align.settings import AlignSettings


@dataclass(frozen=True, slots=True)
class Box:
    """A square of BEFORE, and the square of AFTER that is held against it."""

    row: int
    col: int
    """First row and column in BEFORE."""
    side: int
    right: int
    down: int
    """Whole pixels by which AFTER is moved: its square starts at (row - down, col - right)."""

    @property
    def centre(self) -> tuple[float, float]:
        """Column, row in BEFORE of the middle."""
        return self.col + self.side / 2, self.row + self.side / 2


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """What one estimator made of the tiles."""

    name: str
    values: NDArray[np.float64]
    """(tile, 2), dx, dy; NaN where the tile was refused."""


def lay_tiles(shape: tuple[int, int], shift: tuple[int, int], settings: AlignSettings) -> list[Box]:
    """Squares spread evenly over the overlap of two images of one shape, half overlapping where there are few."""
    (rows, cols), (right, down) = shape, shift
    top, left = max(0, down), max(0, right)
    high, wide = rows - abs(down), cols - abs(right)
    side = int(np.clip(min(rows, cols) // 3, settings.least_tile_px, settings.tile_px))
    if min(high, wide) < side:
        return []
    step = max(side / 2, float(np.sqrt((high - side) * (wide - side))) / max(settings.most_tiles**0.5 - 1, 1))
    places = [np.rint(np.linspace(0, span - side, 1 + int((span - side) // step))).astype(int) for span in (high, wide)]
    return [Box(top + int(y), left + int(x), side, right, down) for y in places[0] for x in places[1]]


def can_be_tried(box: Box, before: Features, after: Features, settings: AlignSettings) -> bool:
    """Enough valid pixels with structure above the noise, in both images."""
    here, there = cut(before, box), cut(after, box, moved=True)
    both = here.valid & there.valid
    if both.mean() < settings.valid_share:
        return False
    return all(float(np.median(tile.texture[both])) >= settings.least_texture for tile in (here, there))


def cut(features: Features, box: Box, *, moved: bool = False) -> Features:
    """The tile of BEFORE, or (moved) of AFTER."""
    row, col = (box.row - box.down, box.col - box.right) if moved else (box.row, box.col)
    here = (slice(row, row + box.side), slice(col, col + box.side))
    return Features(features.normal[here], features.edges[here], features.valid[here], features.texture[here])


def whole_peak(fixed: Features, moving: Features) -> tuple[int, int]:
    """Shift (x, y) in whole pixels, up to a quarter of the tile: the highest peak of the windowed correlation."""
    side = fixed.normal.shape[0]
    window = np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)
    power = np.fft.fft2(fixed.normal * window) * np.conj(np.fft.fft2(moving.normal * window))
    surface = np.fft.fftshift(np.fft.ifft2(power / (np.sqrt(np.abs(power)) + 1e-9)).real)
    middle, reach = side // 2, side // 4
    near = surface[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    y, x = np.unravel_index(int(np.argmax(near)), near.shape)
    return int(x) - reach, int(y) - reach


def measure_tiles(boxes: Sequence[Box], before: Features, after: Features, settings: AlignSettings) -> tuple[Shifts, ...]:
    """Every estimator on every tile, there and back; what it refuses or cannot repeat is NaN."""
    out = {name: np.full((len(boxes), 2), np.nan) for name, _ in ESTIMATORS}
    for n, box in enumerate(boxes):
        fixed, moving = cut(before, box), cut(after, box, moved=True)
        counts = _inner(fixed.valid & moving.valid)
        for name, estimator in ESTIMATORS:
            found = _there_and_back(estimator, (fixed, moving, counts), settings)
            if found and _score(fixed, moving, counts, found) >= settings.least_score:
                out[name][n] = (box.right + found[0], box.down + found[1])
    return tuple(Shifts(name, values) for name, values in out.items())


def _inner(both: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = np.zeros_like(both)
    inner[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = True
    return inner & np.asarray(ndimage.binary_erosion(both, border_value=1))


def _there_and_back(
    estimator: Estimator, pair: tuple[Features, Features, NDArray[np.bool_]], settings: AlignSettings
) -> tuple[float, float] | None:
    fixed, moving, counts = pair
    there = estimator(fixed, moving, counts)
    back = estimator(moving, fixed, counts) if there else None
    if there is None or back is None or np.hypot(there[0] + back[0], there[1] + back[1]) > settings.there_and_back_px:
        return None
    return (there[0] - back[0]) / 2, (there[1] - back[1]) / 2


def _score(fixed: Features, moving: Features, counts: NDArray[np.bool_], shift: tuple[float, float]) -> float:
    """Correlation of the aligned tiles, -1..1."""
    one, other = fixed.normal[counts], moved_by(moving.normal, *shift)[counts]
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale > 0 else 0.0
