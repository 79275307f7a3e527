"""Confirmation and recovery: going through a pixel's looks once, with an eye on its neighbours, compiled.

A change is confirmed at the first look at which the last 3 to 8 clear looks lie together far out: their mean beyond a limit
that is lower for longer windows (strong contrast needs fewer looks) and for more neighbours that show the same, and
most of them in agreement. Two routes lead there. *Beside its twins*: the pixel departs from its twins and, the same way, from
its own past: a twin that changed itself drags no one along. *As a field*: it departs from its own past by more than a season could.

The watch is a recursion: what it remembers of a pixel, ``stand.Watching``, and the distances of its last looks are all that it needs to go
on, so looks that come one by one give the answers of all looks at once. Answers are read off what it remembers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, TINY, ZERO
from spadework.change.compiled import compiled, step
from spadework.change.confirm import Span, WatchWork, try_look
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.windows import LANES, SHORTEST, Watched, Windows, gather, longest, measure
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Watching

HALF = np.float32(0.5)


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


@step
def _mark(on: Watched, windows: Windows, lead: int, odd: NDArray[np.bool_]) -> None:
    """Note which new looks are odd."""
    at, limit = windows.at, on.rule.look_limit
    beside, alone, field = windows.far[BESIDE], windows.far[ALONE], windows.far[FIELD]
    for lane in range(LANES):
        for i in range(lead * LANES + lane, windows.end[lane] * LANES, LANES):
            odd[windows.pixel[lane], at[i]] = max(min(beside[i], alone[i]), field[i]) > limit


@step
def _confirm(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> int:
    """Go on under no change from look ``start``: behind the look that confirms one, or behind all."""
    top, asks, filled, begin = work.windows.top, work.windows.asks, work.windows.filled, work.windows.begin[lane]
    p, end, longest_window = work.windows.pixel[lane], int(work.windows.end[lane]), SHORTEST - 1 + len(on.rule.window_limit)
    best = watching.best[p]
    for i in range(start, end):
        j, room = i * LANES + lane, min(i + 1 - begin, longest_window)
        first, distance = -1, top[j]
        if asks[j] or room < min(filled[j], longest_window):
            first, distance = try_look(on, work, lane, i, room)
        if first >= 0:
            watching.best[p], watching.distance[p] = best, distance
            watching.first[p], watching.confirmed[p] = work.windows.at[first * LANES + lane], work.windows.at[j]
            watching.calm[p], watching.recovered[p] = 0, False
            _keep_after(on, work, watching.after[p], Span(lane, ALONE, first, i))
            return i + 1
        best = max(best, distance)
    watching.best[p] = best
    return end


# ---------------------------------------------------------------- recovery
@step
def _expect(coef: F32, design: F32, t: int, out: F32) -> None:
    """Fill ``out`` (band) with what a model (band, term) expects at time t, without the common mode."""
    for b in range(len(out)):
        total = ZERO
        for k in range(TERMS):
            total += coef[b, k] * design[k, t]
        out[b] = total


@step
def _keep_after(on: Watched, work: WatchWork, after: F32, span: Span) -> None:
    """Fill ``after`` (band) with the mean spectrum, without the common mode, of the looks of a window."""
    p, at, expected, total = work.windows.pixel[span.lane], work.windows.at, work.vector, np.zeros(len(after))
    left, coef, design = on.fit.left[p], on.fit.coef[p], on.basis.design
    for i in range(span.low, span.high + 1):
        t = on.basis.history + at[i * LANES + span.lane]
        _expect(coef, design, t, expected)
        for b in range(len(after)):
            total[b] += float(left[b, t]) + float(expected[b])
    for b in range(len(after)):
        after[b] = total[b] / (span.high + 1 - span.low)


@step
def _against(after: F32, expected: F32, factor: F32, out: F32) -> np.float32:
    """Fill ``out`` (band) with how far changed ground would lie from what is expected, whitened; its squared length."""
    size = ZERO
    for b in range(len(out)):
        e = float(after[b]) - float(expected[b])
        for k in range(b):
            e -= factor[b, k] * out[k]
        out[b] = e / factor[b, b]
        size += out[b] * out[b]
    return size


@step
def _gone(work: WatchWork, lane: int, i: int, size: np.float32) -> bool:
    """Whether look i lies nearer to the past than to the changed ground, which lies at ``vector``, of squared length ``size``."""
    near, vector, along = work.windows.near[ALONE], work.vector, ZERO
    for b in range(len(vector)):
        along += vector[b] * near[b, i * LANES + lane] / UNIT
    return bool(along < HALF * size)


@step
def _recover(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> int:
    """Go on under a change from look ``start``: behind the look that withdraws it, where the watch begins again, or behind all.

    A look speaks against the change if it is not odd and lies nearer to the past than to the changed ground, as a weak change is not odd
    in every look; it says nothing if the changed ground would not have been odd.
    """
    p, end, at, past = work.windows.pixel[lane], int(work.windows.end[lane]), work.windows.at, on.basis.history
    far, coef, design, factor = work.windows.far[ALONE], on.fit.coef[p], on.basis.design, on.stand.factor[:, :, p]
    after, expected, vector = watching.after[p], work.sum, work.vector
    calm, since, rule_calm, rule_odd = watching.calm[p], watching.calm_since[p], on.rule.calm_limit, on.rule.look_limit
    for i in range(start, end):
        t = past + at[i * LANES + lane]
        if far[i * LANES + lane] > rule_calm:
            calm = 0
            continue
        _expect(coef, design, t, expected)
        size = _against(after, expected, factor, vector)
        if size <= rule_odd:
            continue
        if not _gone(work, lane, i, size):
            calm = 0
            continue
        since = on.basis.days[t] if calm == 0 else since
        calm += 1
        if calm >= on.rule.recover_looks and on.basis.days[t] - since >= on.rule.recover_days:
            _withdraw(watching, p)
            work.windows.begin[lane] = i + 1
            return i + 1
    watching.calm[p], watching.calm_since[p] = calm, since
    work.windows.begin[lane] = end
    return end


@step
def _withdraw(watching: Watching, p: int) -> None:
    """The change of pixel p is none."""
    watching.best[p] = max(watching.best[p], watching.distance[p])
    watching.first[p] = watching.confirmed[p] = -1
    watching.calm[p], watching.calm_since[p], watching.recovered[p] = 0, 0.0, True


# ---------------------------------------------------------------- both by turns
@step
def _go_on(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> None:
    """Everything for the pixel of a lane from look ``start`` on, no change standing there."""
    p, begin, end = work.windows.pixel[lane], work.windows.begin, work.windows.end[lane]
    while start < end:
        start = _confirm(on, work, watching, lane, start)
        if watching.confirmed[p] >= 0:
            start = _recover(on, work, watching, lane, start)
    watching.since[p] = longest(on.rule, end - begin[lane])


@step
def _watch_lanes(
    on: Watched,
    work: WatchWork,
    pixels: NDArray[np.int32],
    looks: tuple[int, int],
    watching: Watching,
    odd: NDArray[np.bool_],
) -> None:
    """``watch_block`` for up to LANES pixels side by side."""
    lead, most = gather(on, work.windows, watching.since, pixels, looks)
    _mark(on, work.windows, lead, odd)
    asked = False
    for lane in range(len(pixels)):
        p, work.start[lane] = pixels[lane], lead
        if watching.confirmed[p] >= 0:
            work.start[lane] = _recover(on, work, watching, lane, lead)
        asked |= work.start[lane] < work.windows.end[lane]
    if asked:
        measure(on, work.windows, lead, most)
    for lane in range(len(pixels)):
        _go_on(on, work, watching, lane, work.start[lane])


@compiled
def watch_block(
    on: Watched, work: WatchWork, pixels: NDArray[np.int32], looks: tuple[int, int], watching: Watching, odd: NDArray[np.bool_]
) -> None:
    """Watch the pixels of a block go on over the watched looks low <= t < high: those before were gone through, none behind is read.

    ``watching`` (all pixels) and ``odd`` (pixel, time watched), the looks beyond the single-look threshold, are filled in place.
    """
    order, front, back = np.empty_like(pixels), 0, len(pixels)
    usable, method, confirmed, clear_looks = on.fit.usable, on.fit.method, watching.confirmed, watching.clear_looks
    for p in pixels:
        clear = 0
        for t in range(on.basis.history + looks[0], on.basis.history + looks[1]):
            clear += usable[p, t]
        clear_looks[p] += clear
        if clear == 0 or method[p] == NO_METHOD:
            continue
        if confirmed[p] < 0:
            order[front] = p
            front += 1
        else:
            back -= 1
            order[back] = p
    for group in (order[:front], order[back:]):
        for start in range(0, len(group), LANES):
            _watch_lanes(on, work, group[start : start + LANES], looks, watching, odd)
