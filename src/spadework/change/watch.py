"""Confirmation and recovery: going through a pixel's looks once, with an eye on its neighbours, compiled.

A change is confirmed at the first look at which the last 3 to 8 clear looks lie together far out: their mean beyond a limit
that is lower for longer windows (strong contrast needs fewer looks) and for more neighbours that show the same, and
most of them in agreement. Two routes lead there. *Beside its twins*: the pixel departs from its twins and, the same way, from
its own past: a twin that changed itself drags no one along. *As a field*: it departs from its own past by more than a season could.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, TINY, ZERO
from spadework.change.compiled import compiled, step
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.twins import there
from spadework.change.windows import LANES, NEIGHBOURS, SHORTEST, Watched, Windows, gather, longest, measure, windows_for
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Watching

HALF = np.float32(0.5)
KEPT = 16
"""Usable looks of a neighbour, up to the last of a window, among which its evidence is sought: so many are all that must be remembered
of it. With 16 no answer of five test cubes is another than with all of them; with 8, those of 16 pixels in 9,216 are."""


class WatchWork(NamedTuple):
    """Scratch arrays, made once a block."""

    windows: Windows
    sum: F32
    """(band), sum over one window."""
    vector: F32
    """(band), short-lived."""


def watch_work(looks: int, bands: int, sizes: int) -> WatchWork:
    """Scratch arrays for so many watched looks at once, bands and lengths of window."""
    return WatchWork(windows_for(looks, bands, sizes), np.zeros(bands, np.float32), np.zeros(bands, np.float32))


def begin(watching: Watching, pixels: NDArray[np.int32]) -> None:
    """Let the watch of some pixels begin, whatever was remembered of them."""
    for part in watching:
        part[pixels] = 0
    watching.first[pixels] = watching.confirmed[pixels] = -1


def statistic(watching: Watching, pixels: NDArray[np.int32]) -> NDArray[np.float32]:
    """(pixel): distance of the window that confirmed the change that stands; where none does, the largest seen."""
    squared = np.where(watching.confirmed[pixels] >= 0, watching.distance[pixels], watching.best[pixels])
    return np.asarray(np.sqrt(squared.clip(float(TINY))).astype(np.float32))


def reason(on: Watched, watching: Watching, pixels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(pixel): why it has no answer, or OK."""
    remembered = on.fit.usable[pixels, : on.basis.history].any(axis=1)
    failed = np.where(remembered, MODEL_FAILED, SHORT_HISTORY)
    known = np.where(on.fit.method[pixels] == NO_METHOD, failed, OK)
    return np.where(watching.clear_looks[pixels] < SHORTEST, TOO_FEW_LOOKS, known).astype(np.uint8)


class Span(NamedTuple):
    """A window of a lane on a route: from look ``low`` to look ``high``."""

    lane: int
    route: int
    low: int
    high: int


@step
def _mark(on: Watched, windows: Windows, lead: int, lane: int, odd: NDArray[np.bool_]) -> None:
    """Note which new looks of a lane are odd."""
    p, far = windows.pixel[lane], windows.far
    for i in range(lead * LANES + lane, windows.end[lane] * LANES, LANES):
        odd[p, windows.at[i]] = max(min(far[BESIDE, i], far[ALONE, i]), far[FIELD, i]) > on.rule.look_limit


@step
def _sum(work: WatchWork, span: Span) -> float:
    """Fill ``sum`` with that of the looks of a window; its squared length."""
    size = ZERO
    for b in range(len(work.sum)):
        total = work.windows.total[span.route, b]
        work.sum[b] = total[(span.high + 1) * LANES + span.lane] - total[span.low * LANES + span.lane]
        size += work.sum[b] * work.sum[b]
    return float(size)


@step
def _agree(on: Watched, work: WatchWork, span: Span, size: float) -> tuple[int, int]:
    """How many looks of a window go the way of their sum, of squared length ``size``; the first of the change.

    The change begins at that agreeing look from which on the looks' sum is longest for their number: the likeliest step
    (Hinkley 1970, Biometrika 57, 1-17); looks before it that agree by chance do not date it.
    """
    agree, first, best, high = 0, -1, 0.0, span.high
    work.vector[:] = ZERO
    for i in range(high, span.low - 1, -1):
        dot, since = ZERO, ZERO
        for b in range(len(work.sum)):
            e = work.windows.near[span.route, b, i * LANES + span.lane]
            dot += e * work.sum[b]
            work.vector[b] += e
            since += work.vector[b] * work.vector[b]
        if dot * np.float32(high + 1 - span.low) > on.rule.agree_share * size:
            agree += 1
            if i < high and since > best * (high + 1 - i):
                first, best = i, float(since) / (high + 1 - i)
    return agree, first


@step
def _shows(on: Watched, work: WatchWork, q: int, span: Span, size: float) -> bool:
    """Whether neighbour q shows what a window does: its looks of the window, most of them clear, lie far enough along the sum."""
    at, i, looks = work.windows.at, span.high * LANES + span.lane, span.high + 1 - span.low
    dot, clear, kept = ZERO, 0, 0
    for t in range(at[i], at[span.low * LANES + span.lane] - 1, -1):
        own = t == at[i]
        if on.fit.usable[q, on.basis.history + t]:
            kept += 1
            if kept > KEPT:
                break
            if own:
                clear += 1
                for b in range(len(work.sum)):
                    dot += np.float32(on.stand.distance[span.route, q, t, b]) * work.sum[b]
        if own:
            i -= LANES
    return 2 * clear > looks and dot * np.float32(looks) > on.rule.support_share * size * np.float32(clear)


@step
def _supported(on: Watched, work: WatchWork, span: Span, size: float, ask: int) -> bool:
    """Whether ``ask`` of the 8 neighbours show the same."""
    found = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            q = there(on.places, work.windows.pixel[span.lane], dy, dx)
            if q < 0 or (dy == 0 and dx == 0):
                continue
            if _shows(on, work, q, span, size):
                found += 1
                if found == ask:
                    return True
    return False


@step
def _shown(on: Watched, work: WatchWork, span: Span, distance: float, limit: float) -> int:
    """The first agreeing look of a window if its looks agree and enough neighbours show the same; else -1."""
    size = _sum(work, span)
    agree, first = _agree(on, work, span, size)
    if agree < on.rule.agreeing[span.high + 1 - span.low - SHORTEST]:
        return -1
    ask = 0
    while not distance > limit * on.rule.support[ask]:
        ask += 1
        if ask == len(on.rule.support):
            return -1
    return first if ask == 0 or _supported(on, work, span, size, ask) else -1


@step
def _try(on: Watched, work: WatchWork, lane: int, i: int, room: int) -> tuple[int, float]:
    """Try the windows of ``room`` looks at most that end with look i.

    Returns the first agreeing look of that which confirms a change, and its distance; if none does, -1 and the largest distance.
    """
    most = 0.0
    for route in (BESIDE, FIELD):
        if work.windows.far[route, i * LANES + lane] < on.rule.gate:
            continue
        factor, kind = (on.rule.field_factor, 1) if route == FIELD else (1.0, 0)
        for looks in range(SHORTEST, 1 + longest(on.rule, room)):
            distance = work.windows.mean[kind, looks - SHORTEST, i * LANES + lane]
            most = max(most, distance)
            limit = on.rule.window_limit[looks - SHORTEST] * factor
            if distance < limit * on.rule.support[NEIGHBOURS]:
                continue
            first = _shown(on, work, Span(lane, route, i + 1 - looks, i), distance, limit)
            if first >= 0:
                return first, distance
    return -1, most


@step
def _confirm(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> int:
    """Go on under no change from look ``start``: behind the look that confirms one, or behind all."""
    windows = work.windows
    p, begin = windows.pixel[lane], windows.begin[lane]
    for i in range(start, windows.end[lane]):
        j, room = i * LANES + lane, i + 1 - begin
        first, distance = -1, windows.top[j]
        if windows.asks[j] or longest(on.rule, room) < longest(on.rule, int(windows.filled[j])):
            first, distance = _try(on, work, lane, i, room)
        if first >= 0:
            watching.first[p], watching.confirmed[p] = windows.at[first * LANES + lane], windows.at[j]
            watching.distance[p], watching.calm[p], watching.recovered[p] = distance, 0, False
            _keep_after(on, work, watching, Span(lane, ALONE, first, i))
            return i + 1
        watching.best[p] = max(watching.best[p], distance)
    return int(windows.end[lane])


@step
def _model(on: Watched, p: int, b: int, t: int) -> float:
    """What the model expects of band b at watched time t, without the common mode."""
    total = ZERO
    for k in range(TERMS):
        total += on.fit.coef[p, b, k] * on.basis.design[k, on.basis.history + t]
    return float(total)


@step
def _keep_after(on: Watched, work: WatchWork, watching: Watching, span: Span) -> None:
    """Fill ``after`` from the looks of a window."""
    p = work.windows.pixel[span.lane]
    for b in range(len(work.vector)):
        total = ZERO
        for i in range(span.low, span.high + 1):
            t = work.windows.at[i * LANES + span.lane]
            total += np.float32(on.fit.left[p, b, on.basis.history + t]) + _model(on, p, b, t)
        watching.after[p, b] = total / np.float32(span.high + 1 - span.low)


@step
def _verdict(on: Watched, work: WatchWork, watching: Watching, lane: int, i: int) -> int:
    """What look i says of the change: 1 = gone, -1 = still there, 0 = nothing, as the changed ground would not have been odd.

    Gone is a look that is not odd and lies nearer to the past than to the changed ground: a weak change is not odd in every look.
    """
    j, p = i * LANES + lane, work.windows.pixel[lane]
    if work.windows.far[ALONE, j] > on.rule.calm_limit:
        return -1
    size, along = ZERO, ZERO
    for b in range(len(work.vector)):
        e = watching.after[p, b] - _model(on, p, b, work.windows.at[j])
        for k in range(b):
            e -= on.stand.factor[p, b, k] * work.vector[k]
        work.vector[b] = e / on.stand.factor[p, b, b]
        size += work.vector[b] * work.vector[b]
        along += work.vector[b] * work.windows.near[ALONE, b, j] / UNIT
    if size <= on.rule.look_limit:
        return 0
    return 1 if along < HALF * size else -1


@step
def _recover(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> int:
    """Go on under a change from look ``start``: behind the look that withdraws it, where the watch begins again, or behind all."""
    windows = work.windows
    p, end = windows.pixel[lane], windows.end[lane]
    windows.begin[lane] = end
    for i in range(start, end):
        verdict = _verdict(on, work, watching, lane, i)
        day = on.basis.days[on.basis.history + windows.at[i * LANES + lane]]
        if verdict < 0:
            watching.calm[p] = 0
        elif verdict > 0:
            watching.calm_since[p] = day if watching.calm[p] == 0 else watching.calm_since[p]
            watching.calm[p] += 1
            if watching.calm[p] >= on.rule.recover_looks and day - watching.calm_since[p] >= on.rule.recover_days:
                watching.best[p] = max(watching.best[p], watching.distance[p])
                watching.first[p] = watching.confirmed[p] = -1
                watching.recovered[p] = True
                windows.begin[lane] = i + 1
                break
    return int(min(windows.begin[lane], end))


@step
def _go_on(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> None:
    """Everything for the pixel of a lane from look ``start`` on, no change standing there."""
    windows, p = work.windows, work.windows.pixel[lane]
    while start < windows.end[lane]:
        start = _confirm(on, work, watching, lane, start)
        if watching.confirmed[p] >= 0:
            start = _recover(on, work, watching, lane, start)
    watching.since[p] = longest(on.rule, windows.end[lane] - windows.begin[lane])


@step
def _watch_lanes(
    on: Watched, work: WatchWork, watching: Watching, pixels: NDArray[np.int32], looks: tuple[int, int], odd: NDArray[np.bool_]
) -> None:
    """Watch up to LANES pixels side by side."""
    lead, most = gather(on, work.windows, watching.since, pixels, looks)
    start, measured = np.full(LANES, lead), False
    for lane in range(len(pixels)):
        _mark(on, work.windows, lead, lane, odd)
        watching.clear_looks[pixels[lane]] += work.windows.end[lane] - lead
        if watching.confirmed[pixels[lane]] >= 0:
            start[lane] = _recover(on, work, watching, lane, lead)
        measured |= start[lane] < work.windows.end[lane]
    if measured:
        measure(on, work.windows, lead, most)
    for lane in range(len(pixels)):
        _go_on(on, work, watching, lane, start[lane])


@compiled
def watch_block(
    on: Watched, work: WatchWork, pixels: NDArray[np.int32], looks: tuple[int, int], watching: Watching, odd: NDArray[np.bool_]
) -> None:
    """Watch the pixels of a block go on over the watched looks low <= t < high: those before were gone through, none behind is read.

    ``watching`` (all pixels) and ``odd`` (pixel, time watched), the looks beyond the single-look threshold, are filled in place.
    """
    order, front, back = np.empty_like(pixels), 0, len(pixels)
    for p in pixels:
        if on.fit.method[p] == NO_METHOD:
            watching.clear_looks[p] += on.fit.usable[p, on.basis.history + looks[0] : on.basis.history + looks[1]].sum()
        elif watching.confirmed[p] < 0:
            order[front] = p
            front += 1
        else:
            back -= 1
            order[back] = p
    for group in (order[:front], order[back:]):
        for start in range(0, len(group), LANES):
            _watch_lanes(on, work, watching, group[start : start + LANES], looks, odd)
