"""Looks of the pixels between the first pass and the last: from what is kept, and back, compiled."""

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

    from spadework.change.state import Pixels, Stood


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
        left=np.zeros((length, slots, bands), np.int16),
    )


@compiled
def enter_block(kept: Pixels, left: Left, pixels: NDArray[np.int32], recent: Recent) -> None:
    """Fill ``recent`` of the pixels of a block from what is kept and from ``left``; distances of new looks begin with 0."""
    (length, looks), lag, bands = left.usable.shape, len(kept.followed.look), recent.left.shape[2]
    for p in pixels:
        place, n = p % length, lag
        for i in range(lag):
            recent.look[place, i] = kept.followed.look[i, p]
            for b in range(bands):
                recent.left[place, i, b] = kept.stood.left[p, i, b]
                for route in range(3):
                    recent.distance[route, place, i, b] = kept.stood.distance[route, p, i, b]
        for t in range(looks):
            if left.usable[place, t]:
                recent.look[place, n] = left.first + t
                for b in range(bands):
                    recent.left[place, n, b] = left.residual[place, b * looks + t]
                n += 1
        recent.new[place] = n - lag
        recent.look[place, n:], recent.distance[:, place, lag:] = NO_LOOK, 0


@compiled
def settle_block(recent: Recent, pixels: NDArray[np.int32], stood: Stood) -> None:
    """Keep the last looks of the pixels of a block."""
    length, lag, bands = len(recent.new), stood.left.shape[1], recent.left.shape[2]
    for p in pixels:
        place = p % length
        new = recent.new[place]
        for i in range(lag):
            for b in range(bands):
                stood.left[p, i, b] = recent.left[place, i + new, b]
                for route in range(3):
                    stood.distance[route, p, i, b] = recent.distance[route, place, i + new, b]
