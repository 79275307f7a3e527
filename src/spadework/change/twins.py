"""Twins: other pixels nearby that did the same as a pixel through the history, compiled.

What a pixel shares with its twins on a date (rain, haze, a late spring, a drift, a new sensor) is not change here. Twins lie
at least ``NEAREST`` pixels away, so that a small change does not fall on a pixel and its twins at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, ZERO, Four, eighth, merge_fours, sort_four
from spadework.change.compiled import compiled, step
from spadework.change.fit import BEYOND, HIDDEN
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Left
    from spadework.change.stand import Whitened
    from spadework.change.state import Learnt

RINGS = (4, 7, 11, 16, 22)
"""Distances of candidates, pixels: near enough for one field or one shower, far enough for another disc of spoil."""
SPOKES = 12
"""Candidates on each ring."""
TWINS = 15
"""Twins of a pixel at most; odd, so that there is a middle one."""
PLACES = TWINS + 1
"""Rows of sorting: four times four; the last stands above all twins."""
SPAN = 64
"""Columns sorted at once. With a number known when compiling, rows are known to lie apart, and loops run along them to the end."""
NO_TWIN = np.uint8(255)
NEAREST, REACH = RINGS[0], RINGS[-1]
"""Rows from a pixel to its nearest twin, about, and to its farthest."""
COMMON_LOOKS = 6
"""Clear looks of the history that a pixel and its twin must share."""
CAP = np.float32(30.0)
"""Squared distance of two residuals, noise = 1, at which one look stops counting against a twin."""


class Places(NamedTuple):
    """Where pixels lie."""

    at: NDArray[np.int32]
    """(pixel), row times columns plus column."""
    number: NDArray[np.int32]
    """(y, x), number of the pixel; -1 = not monitored."""
    offsets: NDArray[np.int32]
    """(candidate, 2), rows and columns to candidates."""
    ways: NDArray[np.int32]
    """(way, 2), rows and columns to candidates that come later, row by row: each offset or its opposite, once."""
    way: NDArray[np.int32]
    """(candidate), the way there, or back from there."""


def offsets() -> NDArray[np.int32]:
    """(candidate, 2): rows and columns from a pixel to its candidates, spokes of neighbouring rings staggered."""
    found = set()
    for number, radius in enumerate(RINGS):
        for spoke in range(SPOKES):
            angle = 2.0 * math.pi * (spoke + 0.5 * (number % 2)) / SPOKES
            found.add((round(radius * math.sin(angle)), round(radius * math.cos(angle))))
    return np.array(sorted(found), dtype=np.int32)


def ways(offsets: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """``Places.ways`` and ``Places.way``: two pixels are as unlike one way as the other, and are compared once."""
    onward = (offsets[:, 0] > 0) | ((offsets[:, 0] == 0) & (offsets[:, 1] > 0))
    found, way = np.unique(np.where(onward[:, None], offsets, -offsets), axis=0, return_inverse=True)
    return found, way.ravel().astype(np.int32)


@step
def there(places: Places, p: int, dy: int, dx: int) -> int:
    """Number of the pixel so many rows and columns from pixel p; -1 = not monitored."""
    columns = places.number.shape[1]
    y, x = places.at[p] // columns + dy, places.at[p] % columns + dx
    inside = 0 <= y < places.number.shape[0] and 0 <= x < places.number.shape[1]
    return int(places.number[y, x]) if inside else -1


@step
def _apart(left: Left, share: F32, own: F32, at: tuple[int, int], out: F32) -> int:
    """Fill ``out`` (look of the history) with the capped squared distance of the two places ``at``, 0 where one shows nothing; looks in common.

    ``own`` (band, look) are the residuals of the first.
    """
    p, q = at
    out[:] = ZERO
    for b in range(len(share)):
        one, other = own[b], left.residual[q, b * len(out) :]
        for t in range(len(out)):
            e = (one[t] - np.float32(other[t])) * share[b]
            out[t] += e * e
    seen, shown, count = left.usable[p], left.usable[q], np.int32(0)
    for t in range(len(out)):
        both = seen[t] & shown[t]
        count = np.int32(count + np.int32(both))
        out[t] = min(out[t], CAP) if both else ZERO
    return int(count)


@step
def _mean(apart: F32, count: int) -> float:
    """Mean of ``apart`` over ``count`` looks, the more the fewer they are; infinite with too few."""
    total = ZERO
    for t in range(len(apart)):
        total += apart[t]
    return float(total) / count * (1.0 + 2.0 / count) if count >= COMMON_LOOKS else math.inf


@compiled
def compare_block(left: Left, places: Places, share: F32, pixels: NDArray[np.int32], unlike: NDArray[np.float64]) -> None:
    """Fill ``unlike`` (place, way) for the pixels of a block: how unlike the pixel there is, infinite without one.

    That is the mean squared distance of the residuals that both show in the history, ``share`` (band) being one over the scene's noise.
    Places are those of ``left``.
    """
    ways, (length, history) = unlike.shape[1], left.usable.shape
    own, apart = np.empty((len(share), history), np.float32), np.zeros((ways, history), np.float32)
    count = np.zeros(ways, np.int32)
    for p in pixels:
        for b in range(len(share)):
            own[b] = left.residual[p % length, b * history : (b + 1) * history]
        for m in range(ways):
            q = there(places, p, places.ways[m, 0], places.ways[m, 1])
            count[m] = _apart(left, share, own, (p % length, q % length), apart[m]) if q >= 0 else 0
        for m in range(ways):
            unlike[p % length, m] = _mean(apart[m], count[m])


@compiled
def choose_block(learnt: Learnt, places: Places, unlike: NDArray[np.float64], pixels: NDArray[np.int32]) -> None:
    """Fill ``learnt.twins`` of the pixels of a block.

    ``unlike`` (place, way) must be there of all pixels in reach that come before them, too.
    """
    score, length = np.empty(TWINS, np.float64), len(unlike)
    for p in pixels:
        score[:] = math.inf
        out = learnt.twins[p]
        out[:] = NO_TWIN
        for m in range(places.offsets.shape[0]):
            dy, dx = places.offsets[m, 0], places.offsets[m, 1]
            q = there(places, p, dy, dx)
            if q < 0 or learnt.method[q] == NO_METHOD:
                continue
            onward = dy > 0 or (dy == 0 and dx > 0)
            here, k = unlike[(p if onward else q) % length, places.way[m]], TWINS - 1
            if not here < score[k]:
                continue
            while k > 0 and score[k - 1] > here:
                score[k], out[k] = score[k - 1], out[k - 1]
                k -= 1
            score[k], out[k] = here, np.uint8(m)


# ---------------------------------------------------------------- what they share
class Asked(NamedTuple):
    """Scratch arrays for asking the twins of one pixel after another, made once a block."""

    place: NDArray[np.int32]
    """(PLACES), where each twin is in ``Left``, nobody's where there is none; the last is beyond all."""
    turn: I16
    """(column), whether the first twin that does not show a look stands above (odd) or below (even) all."""
    rows: I16
    """(PLACES + 1, SPAN), residuals in order, then ``turn`` and as many more as do not show the look."""
    seen: NDArray[np.int32]
    """(look), how many twins show it."""


def asked_for(looks: int, bands: int, first: int) -> Asked:
    """Scratch arrays for residuals of so many looks from a first one on."""
    turn = np.zeros(columns(looks, bands), np.int16)
    turn[: bands * looks] = np.tile((first + np.arange(looks)) % 2, bands)
    return Asked(np.zeros(PLACES, np.int32), turn, np.zeros((PLACES + 1, SPAN), np.int16), np.zeros(looks, np.int32))


def columns(looks: int, bands: int) -> int:
    """Columns of ``Left.residual``."""
    return -(-looks * bands // SPAN) * SPAN


@step
def _find(by: Whitened, p: int, work: Asked) -> None:
    """Fill ``place`` for pixel p; twins that are left out are nobody."""
    length, at, columns = len(by.left.usable), by.places.at[p], by.places.number.shape[1]
    y, x, work.place[:TWINS], work.place[TWINS] = at // columns, at % columns, length, length + 1
    twins, number, offsets = by.learnt.twins[p], by.places.number, by.places.offsets
    for k in range(TWINS):
        m = twins[k]
        if m == NO_TWIN:
            break
        q = number[y + offsets[m, 0], x + offsets[m, 1]]
        work.place[k] = length if by.left_out[q] else q % length


@step
def _shown(residual: np.int16, turn: np.int16) -> tuple[np.int16, np.int16]:
    """The residual, or what stands in for it: above or below all, by turns, so that the median of the others is left; whose turn is next."""
    hidden = residual == HIDDEN
    beyond = BEYOND if turn & np.int16(1) else -BEYOND
    return beyond if hidden else residual, np.int16(turn + np.int16(hidden))


@step
def _four(rows: I16, i: int) -> Four:
    """Column i of the first four rows."""
    return rows[i], rows[SPAN + i], rows[2 * SPAN + i], rows[3 * SPAN + i]


@step
def _sort_twins(residual: I16, four: NDArray[np.int32], start: int, rows: I16, turns: I16) -> None:
    """Fill four rows with the residuals of four twins, or what stands in for them, in order at each column from ``start`` on."""
    one, two, three, last = (
        residual[four[0], start:],
        residual[four[1], start:],
        residual[four[2], start:],
        residual[four[3], start:],
    )
    for t in range(SPAN):
        e, turn = _shown(one[t], turns[t])
        f, turn = _shown(two[t], turn)
        g, turn = _shown(three[t], turn)
        h, turn = _shown(last[t], turn)
        turns[t] = turn
        e, f, g, h = sort_four(e, f, g, h)
        rows[t], rows[SPAN + t], rows[2 * SPAN + t], rows[3 * SPAN + t] = e, f, g, h


@step
def _middle(rows: I16) -> None:
    """Median at each column of the twins in ``rows``, of which each four are in order, into the last of them; 0 where none is shown."""
    for t in range(SPAN):
        one = merge_fours(_four(rows, t), _four(rows, 4 * SPAN + t))
        middle = eighth(one, merge_fours(_four(rows, 8 * SPAN + t), _four(rows, 12 * SPAN + t)))
        rows[TWINS * SPAN + t] = middle if -BEYOND < middle < BEYOND else np.int16(0)


@step
def ask(by: Whitened, p: int, work: Asked, out: I16) -> None:
    """Median residual of the twins of pixel p into ``out`` (column), 0 where none of them shows the look, and ``work.seen``.

    A twin that does not show a look stands above or below all, in turn; which of the two comes first changes from look to look, so that
    an even number of twins leans neither way. The sixteenth stands above all.
    """
    _find(by, p, work)
    rows, looks = work.rows.ravel(), len(work.seen)
    for start in range(0, len(out), SPAN):
        begin, turns = work.turn[start:], rows[PLACES * SPAN :]
        for t in range(SPAN):
            turns[t] = begin[t]
        for k in range(0, PLACES, 4):
            _sort_twins(by.left.residual, work.place[k : k + 4], start, rows[k * SPAN :], turns)
        _middle(rows)
        middle = out[start:]
        for t in range(SPAN):
            middle[t] = rows[TWINS * SPAN + t]
        for t in range(start, min(start + SPAN, looks)):
            work.seen[t] = TWINS - (turns[t - start] - work.turn[t])
