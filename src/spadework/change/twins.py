"""Twins: other pixels nearby that did the same as a pixel through the history, compiled.

What a pixel shares with its twins on a date (rain, haze, a late spring, a drift, a new sensor) is not change here. Twins lie
at least ``NEAREST`` pixels away, so that a small change does not fall on a pixel and its twins at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ZERO, Four, eighth, merge_fours, sort_four
from spadework.change.compiled import compiled, prefetch, step
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
LINE = 32
"""Columns of 16 bits that memory is fetched by."""
SPAN = 64
"""Columns sorted at once. With a number known when compiling, rows are known to lie apart, and loops run along them to the end."""
AHEAD = 2
"""Turns by which columns are fetched before they are sorted: it takes longer than one."""
NO_TWIN = np.uint8(255)
NEAREST, REACH = RINGS[0], RINGS[-1]
"""Rows from a pixel to its nearest twin, about, and to its farthest."""
COMMON_LOOKS = 6
"""Clear looks of the history that a pixel and its twin must share."""
TOGETHER, EIGHT = 3, 8
"""Bands that one loop compares; ways whose looks one loop adds up."""
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
def where(places: Places, p: int) -> tuple[int, int]:
    """Row and column of pixel p."""
    columns = places.number.shape[1]
    return places.at[p] // columns, places.at[p] % columns


@step
def number_at(places: Places, y: int, x: int) -> int:
    """Number of the pixel in a row and column; -1 = not monitored."""
    inside = 0 <= y < places.number.shape[0] and 0 <= x < places.number.shape[1]
    return int(places.number[y, x]) if inside else -1


@step
def _along(place: int, n: int, length: int) -> int:
    """Place in a ring, of some length, of the pixel n numbers behind that of a place, or before it."""
    to = place + n
    return to - length if to >= length else (to + length if to < 0 else to)


class Compared(NamedTuple):
    """Scratch arrays for comparing one pixel after another, made once a block; bands make a multiple of TOGETHER, ways of EIGHT."""

    share: F32
    """(band), one over the scene's noise; 0 for bands that are not there."""
    bands: NDArray[np.int32]
    """(band), which band of the residuals; any for those that are not there."""
    own: F32
    """(band, look of the history), residuals of the pixel."""
    apart: F32
    """(way, look of the history), capped squared distance of the pixel there, 0 where one of both shows nothing."""
    common: NDArray[np.int32]
    """(way), looks that both show."""
    total: F32
    """(way), sum of ``apart``."""
    at: NDArray[np.int32]
    """(way), place of the pixel there; nobody's where there is none."""


def compared_for(history: int, bands: int, ways: int) -> Compared:
    """Scratch arrays for so many looks of a history."""
    rows, columns = -(-ways // EIGHT) * EIGHT, -(-bands // TOGETHER) * TOGETHER
    return Compared(
        np.zeros(columns, np.float32),
        np.arange(columns, dtype=np.int32).clip(max=bands - 1),
        np.zeros((columns, history), np.float32),
        np.zeros((rows, history), np.float32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.float32),
        np.zeros(rows, np.int32),
    )


@step
def _fetch(residual: I16, place: int, start: int, end: int) -> None:
    """Have columns of a place fetched, for the next turn."""
    for t in range(start, end, LINE):
        prefetch(residual, place, t)


@step
def _apart(left: Left, work: Compared, at: tuple[int, int], m: int) -> None:
    """Fill ``apart`` and ``common`` of a way for the two places ``at``, of which the first is the pixel's ``own``; some bands at a time."""
    (p, q), out, share, bands, history = at, work.apart[m], work.share, work.bands, left.usable.shape[1]
    out[:] = ZERO
    for b in range(0, len(share), TOGETHER):
        one, two, three = work.own[b], work.own[b + 1], work.own[b + 2]
        other, other_two = left.residual[q, bands[b] * history :], left.residual[q, bands[b + 1] * history :]
        other_three = left.residual[q, bands[b + 2] * history :]
        for t in range(history):
            e = (one[t] - np.float32(other[t])) * share[b]
            f = (two[t] - np.float32(other_two[t])) * share[b + 1]
            g = (three[t] - np.float32(other_three[t])) * share[b + 2]
            out[t] = out[t] + e * e + f * f + g * g
    seen, shown, count = left.usable[p], left.usable[q], np.int32(0)
    for t in range(history):
        both = seen[t] & shown[t]
        count = np.int32(count + np.int32(both))
        out[t] = min(out[t], CAP) if both else ZERO
    work.common[m] = count


@step
def _add_up(work: Compared, m: int) -> None:
    """Fill ``total`` of eight ways from way m on: each sum is in the order of the looks, and no sum waits for another."""
    a, b, c, d, e, f, g, h = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    apart, total = work.apart, work.total
    a_, b_, c_, d_ = apart[m], apart[m + 1], apart[m + 2], apart[m + 3]
    e_, f_, g_, h_ = apart[m + 4], apart[m + 5], apart[m + 6], apart[m + 7]
    for t in range(apart.shape[1]):
        a, b, c, d = a + a_[t], b + b_[t], c + c_[t], d + d_[t]
        e, f, g, h = e + e_[t], f + f_[t], g + g_[t], h + h_[t]
    total[m], total[m + 1], total[m + 2], total[m + 3] = a, b, c, d
    total[m + 4], total[m + 5], total[m + 6], total[m + 7] = e, f, g, h


@compiled
def compare_block(
    left: Left, places: Places, share: F32, work: Compared, pixels: NDArray[np.int32], unlike: NDArray[np.float64]
) -> None:
    """Fill ``unlike`` (place, way) for the pixels of a block: how unlike the pixel there is, infinite without one.

    That is the mean squared distance of the residuals that both show in the history, the more the fewer these are, and infinite with
    too few; ``share`` (band) is one over the scene's noise. Places are those of ``left``.
    """
    ways, (length, history) = unlike.shape[1], left.usable.shape
    for b in range(len(share)):
        work.share[b] = share[b]
    for p in pixels:
        place, (y, x) = p % length, where(places, p)
        for b in range(len(work.own)):
            one, residual = work.own[b], left.residual[place, work.bands[b] * history :]
            for t in range(history):
                one[t] = residual[t]
        for m in range(ways):
            q = number_at(places, y + places.ways[m, 0], x + places.ways[m, 1])
            work.at[m] = _along(place, q - p, length) if q >= 0 else length
        for m in range(ways):
            _fetch(left.residual, work.at[min(m + 1, ways - 1)], 0, left.residual.shape[1])
            work.common[m] = 0
            if work.at[m] < length:
                _apart(left, work, (place, work.at[m]), m)
        for m in range(0, ways, EIGHT):
            _add_up(work, m)
        out = unlike[place]
        for m in range(ways):
            count = work.common[m]
            out[m] = float(work.total[m]) / count * (1.0 + 2.0 / count) if count >= COMMON_LOOKS else math.inf


@compiled
def choose_block(
    learnt: Learnt, places: Places, unlike: NDArray[np.float64], score: NDArray[np.float64], pixels: NDArray[np.int32]
) -> None:
    """Fill ``learnt.twins`` of the pixels of a block.

    ``unlike`` (place, way) must be there of all pixels in reach that come before them, too; ``score`` (TWINS) is scratch.
    """
    length = len(unlike)
    for p in pixels:
        score[:] = math.inf
        out, place, (y, x) = learnt.twins[p], p % length, where(places, p)
        out[:] = NO_TWIN
        for m in range(places.offsets.shape[0]):
            dy, dx = places.offsets[m, 0], places.offsets[m, 1]
            q = number_at(places, y + dy, x + dx)
            if q < 0 or learnt.method[q] == NO_METHOD:
                continue
            onward = dy > 0 or (dy == 0 and dx > 0)
            here, k = unlike[place if onward else _along(place, q - p, length), places.way[m]], TWINS - 1
            if not here < score[k]:
                continue
            while k > 0 and score[k - 1] > here:
                score[k], out[k] = score[k - 1], out[k - 1]
                k -= 1
            score[k], out[k] = here, np.uint8(m)


# ---------------------------------------------------------------- what they share
class Asked(NamedTuple):
    """Scratch arrays for asking the twins of LANES pixels, one after another, made once a block."""

    place: NDArray[np.int32]
    """(lane, PLACES), where each twin is in ``Left``, nobody's where there is none; the last is beyond all."""
    stand: I16
    """(column), where the first twin stands that does not show a look: ``BEYOND`` all, or below."""
    rows: I16
    """(PLACES + 1 times SPAN), residuals in order, then where the next one stands that does not show the look."""
    seen: I16
    """(lane, look), how many twins show it."""


def asked_for(looks: int, bands: int, first: int) -> Asked:
    """Scratch arrays for residuals of so many looks, of which the first has an even number or an odd one, as ``first`` has."""
    stand = np.full(columns(looks, bands), ~BEYOND)
    stand[: bands * looks] = np.tile(np.where((first + np.arange(looks)) % 2, BEYOND, ~BEYOND), bands)
    return Asked(
        np.zeros((LANES, PLACES), np.int32), stand, np.zeros((PLACES + 1) * SPAN, np.int16), np.zeros((LANES, looks), np.int16)
    )


def columns(looks: int, bands: int) -> int:
    """Columns of ``Left.residual``."""
    return -(-looks * bands // SPAN) * SPAN


@step
def find(by: Whitened, p: int, place: NDArray[np.int32]) -> None:
    """Fill ``place`` (PLACES), as in ``Asked.place``, for pixel p; twins that are left out are nobody."""
    length, (y, x) = len(by.left.usable), where(by.places, p)
    here = p % length
    place[:TWINS], place[TWINS] = length, length + 1
    twins, number, offsets = by.learnt.twins[p], by.places.number, by.places.offsets
    for k in range(TWINS):
        m = twins[k]
        if m == NO_TWIN:
            break
        q = number[y + offsets[m, 0], x + offsets[m, 1]]
        place[k] = length if by.left_out[q] else _along(here, q - p, length)


@step
def _shown(residual: np.int16, stand: np.int16) -> tuple[np.int16, np.int16]:
    """The residual, or where it stands if it is hidden, above or below all by turns, and where the next one stands: so the median of the others is left."""
    hidden = residual == HIDDEN
    return np.int16(stand if hidden else residual), np.int16(~stand if hidden else stand)


@step
def _four(rows: I16, i: int) -> Four:
    """Column i of the first four rows."""
    return rows[i], rows[SPAN + i], rows[2 * SPAN + i], rows[3 * SPAN + i]


@step
def _sort_twins(residual: I16, four: NDArray[np.int32], start: int, rows: I16, stands: I16) -> None:
    """Fill four rows with the residuals of four twins, or where they stand, in order at each column from ``start`` on."""
    one, two, three, last = (
        residual[four[0], start:],
        residual[four[1], start:],
        residual[four[2], start:],
        residual[four[3], start:],
    )
    for t in range(SPAN):
        e, stand = _shown(one[t], stands[t])
        f, stand = _shown(two[t], stand)
        g, stand = _shown(three[t], stand)
        h, stand = _shown(last[t], stand)
        stands[t] = stand
        e, f, g, h = sort_four(e, f, g, h)
        rows[t], rows[SPAN + t], rows[2 * SPAN + t], rows[3 * SPAN + t] = e, f, g, h


@step
def _middle(rows: I16, out: I16) -> None:
    """Median at each column of the twins in ``rows``, of which each four are in order; 0 where none is shown."""
    for t in range(SPAN):
        one = merge_fours(_four(rows, t), _four(rows, 4 * SPAN + t))
        middle = eighth(one, merge_fours(_four(rows, 8 * SPAN + t), _four(rows, 12 * SPAN + t)))
        out[t] = middle if -BEYOND < middle < BEYOND else np.int16(0)


@step
def ask(residual: I16, lane: int, work: Asked, out: I16) -> None:
    """Median residual of the twins found for a lane into ``out`` (column), 0 where none of them shows the look, and ``work.seen``.

    A twin that does not show a look stands above or below all, in turn; which of the two comes first changes from look to look, so that
    an even number of twins leans neither way. The sixteenth stands above all.
    """
    rows, seen, place = work.rows, work.seen[lane], work.place[lane]
    for start in range(0, len(out), SPAN):
        turn = start + AHEAD * SPAN
        whose, column = work.place[(lane + turn // len(out)) % LANES], turn % len(out)
        for k in range(TWINS):
            _fetch(residual, whose[k], column, column + SPAN)
        begin, stands = work.stand[start:], rows[PLACES * SPAN :]
        for t in range(SPAN):
            stands[t] = begin[t]
        for k in range(0, PLACES, 4):
            _sort_twins(residual, place[k : k + 4], start, rows[k * SPAN :], stands)
        _middle(rows, out[start:])
    seen[:] = 0
    for k in range(TWINS):
        twin = residual[place[k]]
        for t in range(len(seen)):
            seen[t] += np.int16(twin[t] != HIDDEN)
