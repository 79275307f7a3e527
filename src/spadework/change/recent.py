"""Looks of the pixels between the first pass and the last, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import LANES
from spadework.change.compiled import compiled, step
from spadework.change.fit import BEYOND, HIDDEN, Left
from spadework.change.stand import Recent
from spadework.change.state import NO_LOOK
from spadework.change.twins import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray


def left_of(length: int, looks: int, bands: int, first: int) -> Left:
    """Room for what so many looks, from a first one on, leave over."""
    residual = np.full((length + 2, columns(looks, bands)), HIDDEN)
    residual[length + 1] = BEYOND
    return Left(residual, np.zeros((length, looks), np.bool_), first)


def recent_of(length: int, slots: int, bands: int) -> Recent:
    """Room for so many looks of so many pixels."""
    return Recent(
        look=np.full((slots, length), NO_LOOK, np.int16),
        new=np.zeros(length, np.int32),
        distance=np.zeros((3, slots, bands, length), np.int8),
    )


@step
def beside(pixels: NDArray[np.int32], begin: int) -> int:
    """How many of consecutive pixels, from place ``begin`` among them on, are taken side by side: none lies across the end of a ring."""
    return min(LANES - int(pixels[begin]) % LANES, len(pixels) - begin)


@compiled
def enter_block(look: NDArray[np.int16], told: NDArray[np.int8], left: Left, pixels: NDArray[np.int32], recent: Recent) -> None:
    """Fill ``recent`` for the pixels of a block, which are consecutive, from ``left`` and from what is kept: ``look`` and ``told`` of ``state.Followed``."""
    (length, looks), lag, bands, begin = left.usable.shape, len(look), told.shape[2], 0
    while begin < len(pixels):
        first, place = pixels[begin], pixels[begin] % length
        width = min(length - place, len(pixels) - begin)
        for i in range(lag):
            kept, out = look[i, first:], recent.look[i, place:]
            for k in range(width):
                out[k] = kept[k]
            for route in range(3):
                for b in range(bands):
                    stood, stands = told[route, i, b, first:], recent.distance[route, i, b, place:]
                    for k in range(width):
                        stands[k] = stood[k]
        begin += width
    for p in pixels:
        place, n = p % length, lag
        for t in range(looks):
            recent.look[n, place] = left.first + t
            n += left.usable[place, t]
        recent.new[place] = n - lag
        for i in range(n, lag + looks):
            recent.look[i, place] = NO_LOOK
