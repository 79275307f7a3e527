"""Whether one of the windows that end with a look confirms a change: its looks must agree, and neighbours lower the bar, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ZERO
from spadework.change.compiled import step
from spadework.change.stand import BESIDE, FIELD
from spadework.change.twins import number_at, where
from spadework.change.windows import NEIGHBOURS, SHORTEST, Windows, longest, windows_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Watched


class WatchWork(NamedTuple):
    """Scratch arrays, made once a block."""

    windows: Windows
    start: NDArray[np.int32]
    """(lane), look that is next."""
    around: NDArray[np.int32]
    """(neighbour), numbers of the pixels around one; -1 = not monitored, or not measured."""
    sum: F32
    """(band), sum over one window, or what is expected of a look."""
    vector: F32
    """(band), short-lived."""
    mean: NDArray[np.float64]
    """(band), short-lived."""


def watch_work(looks: int, bands: int, sizes: int) -> WatchWork:
    """Scratch arrays for so many new looks at once, bands and lengths of window."""
    return WatchWork(
        windows_for(looks, bands, sizes),
        np.zeros(LANES, np.int32),
        np.zeros(NEIGHBOURS, np.int32),
        np.zeros(bands, np.float32),
        np.zeros(bands, np.float32),
        np.zeros(bands),
    )


class Around(NamedTuple):
    """The neighbours of a pixel."""

    pixel: NDArray[np.int32]
    """(neighbour), as in ``WatchWork.around``."""
    look: NDArray[np.int16]
    """(slot, place), as in ``Recent``."""
    new: NDArray[np.int32]
    """(place), as in ``Recent``."""
    stands: NDArray[np.int8]
    """(slot, band, place), distances on one route."""
    kept: int
    """Usable looks of each, up to the last of a window, among which its evidence is sought: so many are remembered of it."""


class Span(NamedTuple):
    """A window of a lane on a route: from look ``low`` to look ``high``."""

    lane: int
    route: int
    low: int
    high: int


@step
def sum_over(total: F32, span: Span, out: F32) -> float:
    """Fill ``out`` (band) with the sum over a window, from sums (band, (1 + look) * lane) over all looks before; its squared length."""
    low, high, size = span.low * LANES + span.lane, (span.high + 1) * LANES + span.lane, ZERO
    for b in range(len(out)):
        out[b] = total[b, high] - total[b, low]
        size += out[b] * out[b]
    return float(size)


@step
def _agree(near: F32, span: Span, along: F32, least: float, vector: F32) -> tuple[int, int]:
    """How many looks of a window, of distances (band, look * lane), go at ``least`` so far along its sum; the first of the change.

    The change begins at that agreeing look from which on the looks' sum is longest for their number: the likeliest step
    (Hinkley 1970, Biometrika 57, 1-17); looks before it that agree by chance do not date it.
    """
    agree, first, best, high = 0, -1, 0.0, span.high
    vector[:] = ZERO
    for i in range(high, span.low - 1, -1):
        dot, since = ZERO, ZERO
        for b in range(len(along)):
            e = near[b, i * LANES + span.lane]
            dot += e * along[b]
            vector[b] += e
            since += vector[b] * vector[b]
        if dot * np.float32(high + 1 - span.low) > least:
            agree += 1
            if i < high and since > best * (high + 1 - i):
                first, best = i, float(since) / (high + 1 - i)
    return agree, first


@step
def _ask(support: F32, distance: float, limit: float) -> int:
    """How many neighbours must show the same for a window so far out; more than there are if no number is enough."""
    ask = 0
    while ask <= NEIGHBOURS and not distance > limit * support[ask]:
        ask += 1
    return ask


@step
def _slot(look: NDArray[np.int16], place: int, end: int, last: int) -> int:
    """Of a place's slots in order, before ``end``, the last that holds a look (slot, place) up to number ``last``; -1 if none does."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        if look[middle, place] <= last:
            low = middle + 1
        else:
            high = middle
    return low - 1


@step
def _shown(around: Around, q: int, at: NDArray[np.int32], span: Span, along: F32) -> tuple[np.float32, int]:
    """How far neighbour q's looks of a window lie along its sum, added up; how many there are of them among the last that are kept."""
    place, look, stands, dot, clear = q % len(around.new), around.look, around.stands, ZERO, 0
    first, j = span.low * LANES + span.lane, span.high * LANES + span.lane
    k = _slot(look, place, around.kept + around.new[place], at[j])
    oldest = max(k + 1 - around.kept, 0)
    while j >= first and k >= oldest:
        own, other = int(at[j]), int(look[k, place])
        if own == other:
            clear += 1
            for b in range(len(along)):
                dot += np.float32(stands[k, b, place]) * along[b]
        if own >= other:
            j -= LANES
        if other >= own:
            k -= 1
    return dot, clear


@step
def _supported(around: Around, at: NDArray[np.int32], span: Span, along: F32, least: float, ask: int) -> bool:
    """Whether ``ask`` neighbours show the same: their looks of the window, most of them clear, lie far enough along its sum."""
    looks, left = span.high + 1 - span.low, len(around.pixel)
    for q in around.pixel:
        if ask == 0 or ask > left:
            break
        left -= 1
        if q < 0:
            continue
        dot, clear = _shown(around, q, at, span, along)
        ask -= int(2 * clear > looks and dot * np.float32(looks) > least * np.float32(clear))
    return ask == 0


@step
def _look_around(on: Watched, p: int, out: NDArray[np.int32]) -> None:
    """Fill ``out`` (neighbour) with the numbers of the pixels around pixel p, as in ``WatchWork.around``."""
    n, (y, x) = 0, where(on.places, p)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if dy != 0 or dx != 0:
                q = number_at(on.places, y + dy, x + dx)
                out[n] = q if q >= 0 and on.learnt.measured[q] else -1
                n += 1


@step
def try_look(on: Watched, work: WatchWork, lane: int, i: int, room: int) -> tuple[int, float]:
    """Try the windows of ``room`` looks at most that end with look i.

    Returns the first agreeing look of that which confirms a change, and its distance; if none does, -1 and the largest distance.
    """
    most, mean, far, at, along, rule = 0.0, work.windows.mean, work.windows.far, work.windows.at, work.sum, on.rule
    recent = on.recent
    _look_around(on, work.windows.pixel[lane], work.around)
    for route in (BESIDE, FIELD):
        if far[route, i * LANES + lane] < rule.gate:
            continue
        factor, kind = (rule.field_factor, 1) if route == FIELD else (1.0, 0)
        around = Around(work.around, recent.look, recent.new, recent.distance[route], longest(rule))
        for looks in range(SHORTEST, 1 + room):
            distance = mean[kind, looks - SHORTEST, i * LANES + lane]
            most = max(most, distance)
            limit = rule.window_limit[looks - SHORTEST] * factor
            if distance < limit * rule.support[NEIGHBOURS]:
                continue
            span = Span(lane, route, i + 1 - looks, i)
            size = sum_over(work.windows.total[route], span, along)
            agree, first = _agree(work.windows.near[route], span, along, rule.agree_share * size, work.vector)
            ask = _ask(rule.support, distance, limit)
            if first < 0 or agree < rule.agreeing[looks - SHORTEST]:
                continue
            if _supported(around, at, span, along, rule.support_share * size, ask):
                return first, distance
    return -1, most
