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
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Fit

RINGS = (4, 7, 11, 16, 22)
"""Distances of candidates, pixels: near enough for one field or one shower, far enough for another disc of spoil."""
SPOKES = 12
"""Candidates on each ring."""
TWINS = 15
"""Twins of a pixel at most; odd, so that there is a middle one."""
PLACES = TWINS + 1
"""Rows of sorting: four times four; the last stands above all twins."""
SPAN = 512
"""Looks of a row of sorting. With a length known when compiling, rows are known to lie apart, and loops run along them."""
NEAREST = RINGS[0]
COMMON_LOOKS = 6
"""Clear looks of the history that a pixel and its twin must share."""
CAP = np.float32(30.0)
"""Squared distance of two residuals, noise = 1, at which one look stops counting against a twin."""
BEYOND = np.int16(32767)


class Places(NamedTuple):
    """Where pixels lie."""

    at: NDArray[np.int32]
    """(pixel, 2), row and column."""
    number: NDArray[np.int32]
    """(y, x), number of the pixel; -1 = not monitored. A pixel's number is its place in arrays (pixel, ..): any, but one of its own."""
    offsets: NDArray[np.int32]
    """(candidate, 2), rows and columns to candidates."""
    ways: NDArray[np.int32]
    """(way, 2), rows and columns to candidates that come later, row by row: each offset or its opposite, once."""
    way: NDArray[np.int32]
    """(candidate), the way there, or back from there."""


class Compared(NamedTuple):
    """What pixels are compared by."""

    share: F32
    """(band), one over the scene's noise."""
    history: int
    """Number of looks before the watched period."""


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
    y, x = places.at[p, 0] + dy, places.at[p, 1] + dx
    inside = 0 <= y < places.number.shape[0] and 0 <= x < places.number.shape[1]
    return int(places.number[y, x]) if inside else -1


@step
def _apart(fit: Fit, share: F32, own: F32, p: int, q: int, out: F32) -> int:
    """Fill ``out`` (look of the history) with the capped squared distance of p and q, 0 where one shows nothing; looks in common.

    ``own`` (band, look) are the residuals of p.
    """
    out[:] = ZERO
    for b in range(len(share)):
        one, other = own[b], fit.left[q, b]
        for t in range(len(out)):
            e = (one[t] - np.float32(other[t])) * share[b]
            out[t] += e * e
    seen, shown, count = fit.usable[p], fit.usable[q], np.int32(0)
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
def compare_block(fit: Fit, places: Places, by: Compared, pixels: NDArray[np.int32], unlike: NDArray[np.float64]) -> None:
    """Fill ``unlike`` (pixel, way) for the pixels of a block: how unlike the pixel there is, infinite without one.

    That is the mean squared distance of the residuals that both show in the history.
    """
    ways = unlike.shape[1]
    own, apart = np.empty((len(by.share), by.history), np.float32), np.zeros((ways, by.history), np.float32)
    count = np.zeros(ways, np.int32)
    for p in pixels:
        own[:] = fit.left[p, :, : by.history]
        for m in range(ways):
            q = there(places, p, places.ways[m, 0], places.ways[m, 1])
            count[m] = _apart(fit, by.share, own, p, q, apart[m]) if q >= 0 else 0
        for m in range(ways):
            unlike[p, m] = _mean(apart[m], count[m])


@compiled
def choose_block(
    fit: Fit, places: Places, unlike: NDArray[np.float64], pixels: NDArray[np.int32], twins: NDArray[np.int32]
) -> None:
    """Fill ``twins`` (pixel, TWINS) for the pixels of a block: most alike first; -1 = none.

    ``unlike`` (pixel, way) must be there of all pixels in reach that come before them, too.
    """
    score = np.empty(twins.shape[1], np.float64)
    for p in pixels:
        score[:] = math.inf
        out = twins[p]
        out[:] = -1
        for m in range(places.offsets.shape[0]):
            dy, dx = places.offsets[m, 0], places.offsets[m, 1]
            q = there(places, p, dy, dx)
            if q < 0 or fit.method[q] == NO_METHOD:
                continue
            onward = dy > 0 or (dy == 0 and dx > 0)
            here, k = unlike[p if onward else q, places.way[m]], len(score) - 1
            if not here < score[k]:
                continue
            while k > 0 and score[k - 1] > here:
                score[k], out[k] = score[k - 1], out[k - 1]
                k -= 1
            score[k], out[k] = here, q


@step
def line_up(
    fit: Fit, twins: NDArray[np.int32], known: NDArray[np.int32], looks: tuple[int, int], stand_in: I16, seen: NDArray[np.int32]
) -> None:
    """Which twins show each look from the first of ``looks`` to before the last: ``seen`` (look) counts them.

    ``stand_in`` (span, PLACES, SPAN) is 0 where one does, else what stands in. A twin that is not clear stands above or below
    all, in turn, and leaves the median between the others; which of the two comes first changes from look to look, so that an
    even number of twins leans neither way.
    """
    start, end = looks
    seen[:] = 0
    stand_in[:, TWINS] = BEYOND
    for k in range(len(twins)):
        q = max(twins[k], 0)
        until = known[q] if twins[k] >= 0 else 0
        for s in range(len(stand_in)):
            first = start + s * SPAN
            row, count, usable = stand_in[s, k], seen[s * SPAN : (s + 1) * SPAN], fit.usable[q, first : min(first + SPAN, end)]
            turn = k + first
            for t in range(len(count)):
                shows = usable[t] & (first + t < until)
                beyond = -BEYOND if (turn + count[t] + t) % 2 else BEYOND
                row[t] = 0 if shows else beyond
                count[t] += shows


@step
def _left(fit: Fit, twins: NDArray[np.int32], k: int, b: int, first: int) -> I16:
    """Residuals of band b of twin k from look ``first`` on; of some pixel, hidden by what stands in, where there is no such twin."""
    return fit.left[max(twins[min(k, len(twins) - 1)], 0), b, first:]


@step
def _shown(left: np.int16, stand_in: np.int16) -> np.int16:
    return left if stand_in == 0 else stand_in


@step
def _four(rows: I16, i: int) -> Four:
    """Column i of the first four rows."""
    return rows[i], rows[SPAN + i], rows[2 * SPAN + i], rows[3 * SPAN + i]


@step
def _sort_twins(fit: Fit, four: NDArray[np.int32], at: tuple[int, int, int], stand_in: I16, rows: I16) -> None:
    """Fill four of ``rows`` with the residuals of four twins, or what stands in for them, in order at each look.

    ``at`` is the band, the first look and how many looks.
    """
    b, first, looks = at
    one, two = _left(fit, four, 0, b, first), _left(fit, four, 1, b, first)
    three, last = _left(fit, four, 2, b, first), _left(fit, four, 3, b, first)
    for t in range(min(SPAN, looks)):
        e, f, g, h = _four(stand_in, t)
        e, f, g, h = sort_four(_shown(one[t], e), _shown(two[t], f), _shown(three[t], g), _shown(last[t], h))
        rows[t], rows[SPAN + t], rows[2 * SPAN + t], rows[3 * SPAN + t] = e, f, g, h


@step
def _middle(rows: I16, out: I16) -> None:
    """Median at each look of the twins in ``rows``, of which each four are in order, into ``out`` (look); 0 where none is shown."""
    for t in range(len(out)):  # writes into rows: a slice of them would look as if it might overlap all
        one = merge_fours(_four(rows, t), _four(rows, 4 * SPAN + t))
        middle = eighth(one, merge_fours(_four(rows, 8 * SPAN + t), _four(rows, 12 * SPAN + t)))
        rows[TWINS * SPAN + t] = middle if -BEYOND < middle < BEYOND else np.int16(0)
    for t in range(len(out)):
        out[t] = rows[TWINS * SPAN + t]


@step
def shared(fit: Fit, twins: NDArray[np.int32], looks: tuple[int, int], rows: I16, stand_in: I16, out: I16) -> None:
    """Median residual of one pixel's twins at each look from the first of ``looks`` to before the last, into ``out`` (band, look).

    It is 0 where no twin shows the look.

    ``stand_in`` is that of ``line_up``, ``rows`` (PLACES, SPAN) is scratch.
    """
    flat, length = rows.ravel(), looks[1] - looks[0]
    for s in range(len(stand_in)):
        beside = stand_in[s].ravel()
        for b in range(out.shape[0]):
            here = out[b, s * SPAN : min((s + 1) * SPAN, length)]
            for k in range(0, PLACES, 4):
                _sort_twins(fit, twins[k : k + 4], (b, looks[0] + s * SPAN, len(here)), beside[k * SPAN :], flat[k * SPAN :])
            _middle(flat, here)
