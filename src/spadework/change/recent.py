"""Looks of the pixels between the first pass and the last: from what is kept, and back, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.compiled import compiled, step
from spadework.change.fit import BEYOND, HIDDEN, Left
from spadework.change.stand import Recent
from spadework.change.state import NO_LOOK
from spadework.change.twins import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.state import Stood


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


class Slots(NamedTuple):
    """Where pixels stand at some looks, all numbers of a pixel one after another; views, nothing is copied."""

    distance: NDArray[np.int8]
    """(route, pixel or place, slot * band)."""
    left: NDArray[np.int16]
    """(pixel or place, slot * band)."""


def slots_of(stood: Stood | Recent) -> Slots:
    """Of all pixels, as they are kept, or of those between the first pass and the last."""
    distance, left = stood.distance, stood.left
    return Slots(
        distance.reshape(*distance.shape[:2], np.prod(distance.shape[2:], dtype=int), copy=False),
        left.reshape(len(left), np.prod(left.shape[1:], dtype=int), copy=False),
    )


@step
def _carry(kept: NDArray[Any], first: int, n: int, out: NDArray[Any]) -> None:
    """Copy n numbers, from number ``first`` on."""
    for k in range(n):
        out[k] = kept[np.uint32(first + k)]  # no sign: nothing is counted from the end


@compiled
def enter_block(
    look: NDArray[np.int16], stood: Slots, left: Left, pixels: NDArray[np.int32], recent: Recent, slots: Slots
) -> None:
    """Fill ``recent``, whose slots ``slots`` are, for the pixels of a block from what is kept and from ``left``.

    Distances of new looks begin with 0. ``look`` (slot, pixel) is that of ``state.Followed``.
    """
    (length, looks), lag, bands = left.usable.shape, len(look), recent.left.shape[2]
    for p in pixels:
        place, n = p % length, lag
        seen, residual, out = recent.look[place], left.residual[place], slots.left[place]
        for i in range(lag):
            seen[i] = look[i, p]
        _carry(stood.left[p], 0, lag * bands, out)
        for t in range(looks):
            if left.usable[place, t]:
                seen[n] = left.first + t
                for b in range(bands):
                    out[n * bands + b] = residual[b * looks + t]
                n += 1
        recent.new[place] = n - lag
        seen[n:] = NO_LOOK
        for route in range(3):
            distance = slots.distance[route, place]
            _carry(stood.distance[route, p], 0, lag * bands, distance)
            distance[lag * bands :] = 0


@compiled
def settle_block(recent: Recent, slots: Slots, pixels: NDArray[np.int32], stood: Slots) -> None:
    """Keep the last looks of the pixels of a block from ``recent``, whose slots ``slots`` are."""
    length, bands, n = len(recent.new), recent.left.shape[2], stood.left.shape[1]
    for p in pixels:
        place = p % length
        first = recent.new[place] * bands
        _carry(slots.left[place], first, n, stood.left[p])
        for route in range(3):
            _carry(slots.distance[route, place], first, n, stood.distance[route, p])
