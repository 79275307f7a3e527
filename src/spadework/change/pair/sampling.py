"""A pair block by block, and the sample of it from which stable ground is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.change.pair.stable import REACH, Sample, StableGround, StableSettings, learn, smoothed
from spadework.errors import UserError
from spadework.grid import Tile, tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.cube import Image

FEWEST: Final = 1000
"""Pixels under which nothing is learned of a pair."""
_MOST: Final = 200_000
"""Pixels of the sample, about."""


def ground_of(
    before: Image, after: Image, comparable: NDArray[np.bool_], settings: StableSettings, block_px: int = 2048
) -> tuple[StableGround, ...]:
    """Stable ground of every band, from a lattice over the whole image.

    Raises:
        UserError: too few pixels can be compared.

    """
    if comparable.sum() < FEWEST:
        problem = f"has under {FEWEST} pixels in common with {before.scene.id}"
        raise UserError(after.scene.id, problem, "choose images that overlap")
    every = max(1, int(np.sqrt(comparable.sum() / _MOST)))
    found: list[list[Sample]] = [[] for _ in before.bands]
    for tile, band, part in blocks(before, after, settings, block_px, REACH):
        found[band].append(_lattice(part, tile, comparable, every))
    return tuple(learn(_joined(samples), settings) for samples in found)


def blocks(
    before: Image, after: Image, settings: StableSettings, block_px: int, margin: int
) -> Iterator[tuple[Tile, int, Sample]]:
    """Every band of every block, smoothed: arrays are (y, x) of the block with ``margin`` pixels around, x (1, x), y (y, 1)."""
    rows, cols = before.valid.shape
    across, down = (np.linspace(-1, 1, length, dtype=np.float32) for length in (cols, rows))
    for tile in tiles((rows, cols), block_px, 2 * margin):
        x, y = across[None, tile.outer[1]], down[tile.outer[0], None]
        for band in range(len(before.bands)):
            first, first_slope = smoothed(before.values[band][tile.outer], settings)
            second, second_slope = smoothed(after.values[band][tile.outer], settings)
            yield tile, band, Sample(first, second, first_slope, second_slope, x, y)


def inner(tile: Tile) -> tuple[slice, slice]:
    """The core, counted from the block's own corner."""
    (rows, cols), (down, right) = tile.core, tile.outer
    return slice(rows.start - down.start, rows.stop - down.start), slice(cols.start - right.start, cols.stop - right.start)


def _lattice(part: Sample, tile: Tile, comparable: NDArray[np.bool_], every: int) -> Sample:
    """Comparable pixels of a block's core that lie on a lattice of the whole image."""
    (rows, cols), (down, right) = tile.core, tile.outer
    top, left = rows.start + -rows.start % every, cols.start + -cols.start % every
    y, x = np.nonzero(comparable[top : rows.stop : every, left : cols.stop : every])
    y, x = y * every + top - down.start, x * every + left - right.start
    return Sample(
        part.before[y, x], part.after[y, x], part.before_slope[y, x], part.after_slope[y, x], part.x[0, x], part.y[y, 0]
    )


def _joined(parts: list[Sample]) -> Sample:
    names = ("before", "after", "before_slope", "after_slope", "x", "y")
    return Sample(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
