"""Looks of the pixels between the first pass and the last, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change.compiled import compiled
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
        look=np.full((length, slots), NO_LOOK, np.int16),
        new=np.zeros(length, np.int32),
        distance=np.zeros((3, length, slots, bands), np.int8),
    )


def numbers_of(distance: NDArray[np.int8]) -> NDArray[np.int8]:
    """(route, pixel or place, slot * band): all numbers of a pixel one after another; a view, nothing is copied."""
    return distance.reshape(*distance.shape[:2], np.prod(distance.shape[2:], dtype=int), copy=False)


@compiled
def enter_block(
    look: NDArray[np.int16],
    told: NDArray[np.int8],
    left: Left,
    pixels: NDArray[np.int32],
    recent: Recent,
    distance: NDArray[np.int8],
) -> None:
    """Fill ``recent`` for the pixels of a block from what is kept and from ``left``; distances of new looks begin with 0.

    ``look`` (slot, pixel) is that of ``state.Followed``; ``told`` and ``distance`` are ``numbers_of`` what is told there, and here.
    """
    (length, looks), lag = left.usable.shape, len(look)
    for p in pixels:
        place, n = p % length, lag
        seen = recent.look[place]
        for i in range(lag):
            seen[i] = look[i, p]
        for t in range(looks):
            if left.usable[place, t]:
                seen[n] = left.first + t
                n += 1
        recent.new[place] = n - lag
        seen[n:] = NO_LOOK
        for route in range(3):
            kept, out = told[route, p], distance[route, place]
            for k in range(len(kept)):
                out[k] = kept[k]
            out[len(kept) :] = 0
