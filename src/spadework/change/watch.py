"""Confirmation and recovery: going through a pixel's looks once, with an eye on its neighbours, compiled.

A change is confirmed at the first look at which the last 3 to 8 clear looks lie together far out: their mean beyond a limit
that is lower for longer windows (strong contrast needs fewer looks) and for more neighbours that show the same, and
most of them in agreement. Two routes lead there. *Beside its twins*: the pixel departs from its twins and, the same way, from
its own past: a twin that changed itself drags no one along. *As a field*: it departs from its own past by more than a season could.

The watch is a recursion: what it remembers of a pixel, ``state.Watching``, and its last looks, ``Recent``, are all that it needs to go
on, so looks that come one by one give the answers of all looks at once. Answers are read off what it remembers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, LANES, TINY, ZERO
from spadework.change.compiled import compiled, step
from spadework.change.confirm import Span, WatchWork, sum_over, try_look
from spadework.change.recent import beside
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.state import MOST, NO_LOOK, NOISE_UNIT
from spadework.change.windows import SHORTEST, Windows, ahead, find_lanes, gather, longest, measure
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.algebra import I16
    from spadework.change.fit import Left
    from spadework.change.stand import Recent, Watched
    from spadework.change.state import Learnt, Watching

HALF = np.float32(0.5)


def statistic(watching: Watching) -> NDArray[np.float32]:
    """(pixel): distance of the window that confirmed the change that stands; where none does, the largest seen."""
    squared = np.where(watching.confirmed >= 0, watching.distance, watching.best)
    return np.asarray(np.sqrt(squared.clip(float(TINY))).astype(np.float32))


def reason(learnt: Learnt, watching: Watching) -> NDArray[np.uint8]:
    """(pixel): why it has no answer, or OK."""
    failed = np.where(learnt.method == NO_METHOD, SHORT_HISTORY, MODEL_FAILED)
    known = np.where(learnt.measured, OK, failed)
    return np.where(watching.clear_looks < SHORTEST, TOO_FEW_LOOKS, known).astype(np.uint8)


@step
def _mark(on: Watched, windows: Windows, odd: NDArray[np.bool_], first: int) -> None:
    """Note which new looks are odd; ``first`` is the number of the part's first look."""
    at, limit, lead = windows.at, on.rule.look_limit, ahead(on.rule)
    beside, alone, field = windows.far[BESIDE], windows.far[ALONE], windows.far[FIELD]
    for lane in range(LANES):
        p = windows.pixel[lane]
        for i in range(lead * LANES + lane, windows.end[lane] * LANES, LANES):
            odd[p, at[i] - first] = max(min(beside[i], alone[i]), field[i]) > limit


@step
def _confirm(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> int:
    """Go on under no change from look ``start``: behind the look that confirms one, or behind all."""
    top, asks, filled, begin = work.windows.top, work.windows.asks, work.windows.filled, work.windows.begin[lane]
    p, end, most, best = work.windows.pixel[lane], int(work.windows.end[lane]), longest(on.rule), ZERO
    for i in range(start, end):
        j, room = i * LANES + lane, min(i + 1 - begin, most)
        first, distance = -1, top[j]
        if asks[j] or room < min(filled[j], most):
            first, distance = try_look(on, work, lane, i, room)
        if first >= 0:
            watching.distance[p] = np.float32(distance)
            watching.first[p], watching.confirmed[p] = work.windows.at[first * LANES + lane], work.windows.at[j]
            watching.calm[p], watching.recovered[p] = 0, False
            _keep_after(on, work, watching.after[p], Span(lane, ALONE, first, i))
            end = i + 1
            break
        best = max(best, np.float32(distance))
    watching.best[p] = max(watching.best[p], best)
    return end


# ---------------------------------------------------------------- recovery
@step
def _expect(coef: I16, design: F32, look: int, out: F32) -> None:
    """Fill ``out`` (band) with what a model (band, term) expects of a look, without the common mode."""
    for b in range(len(out)):
        total = ZERO
        for k in range(TERMS):
            total += np.float32(coef[b, k]) * design[k, look]
        out[b] = total


@step
def _whiten(departure: F32, noise: I16) -> np.float32:
    """Whiten a departure (band), reflectance in 1/10,000, by ``noise`` (below), in place; its squared length."""
    size, i = ZERO, 0
    for b in range(len(departure)):
        e = float(departure[b]) * float(NOISE_UNIT)
        for k in range(b):
            e -= float(noise[i]) * float(departure[k])
            i += 1
        departure[b] = e / float(noise[i])
        size += departure[b] * departure[b]
        i += 1
    return size


@step
def _against(after: I16, expected: F32, noise: I16, out: F32) -> np.float32:
    """Fill ``out`` (band) with how far changed ground would lie from what is expected, whitened by ``noise`` (below); its squared length."""
    for b in range(len(out)):
        out[b] = np.float32(after[b]) - expected[b]
    return _whiten(out, noise)


@step
def _leaves(left: Left, place: int, look: int, out: F32) -> None:
    """Fill ``out`` (band) with what a look leaves over at a place."""
    for b in range(len(out)):
        out[b] = left.residual[place, b * left.usable.shape[1] + look - left.first]


@step
def _reach(on: Watched, windows: Windows, span: Span, along: F32, last: F32) -> float:
    """Largest product with ``along`` (band) of a look of a window, noise = 1; ``last`` (band) is where its last look lies.

    Where the others lie is remembered in units of what the look is in doubt by, and cut to a length.
    """
    near, at, doubt, most = windows.near[ALONE], windows.at, on.basis.doubt, ZERO
    for b in range(len(along)):
        most += last[b] * along[b]
    for j in range(span.low * LANES + span.lane, span.high * LANES + span.lane, LANES):
        dot = ZERO
        for b in range(len(along)):
            dot += near[b, j] * along[b]
        most = max(most, dot / UNIT * np.sqrt(doubt[at[j]]))
    return float(most)


@step
def _keep_after(on: Watched, work: WatchWork, after: I16, span: Span) -> None:
    """Fill ``after`` (band) with the spectrum of changed ground, without the common mode, over a window.

    It departs from what is expected the way that the looks of the window do on average, as far as the farthest of them goes that way
    (``_reach``).
    """
    p, at, mean, n = work.windows.pixel[span.lane], work.windows.at, work.mean, span.high + 1 - span.low
    noise, along, vector, i = on.learnt.noise[ALONE, :, p], work.sum, work.vector, 0
    mean[:] = 0.0
    for look in range(span.low, span.high + 1):
        _expect(on.learnt.coef[p], on.basis.design, at[look * LANES + span.lane], vector)
        for b in range(len(mean)):
            mean[b] += float(vector[b]) / n
    size = sum_over(work.windows.total[ALONE], span, along)
    _leaves(on.left, p % len(on.left.usable), at[span.high * LANES + span.lane], vector)
    _whiten(vector, noise)
    part = _reach(on, work.windows, span, along, vector) / (max(size, float(TINY)) * float(NOISE_UNIT))
    for b in range(len(after)):
        for k in range(b + 1):
            mean[b] += float(noise[i]) * float(along[k]) * part
            i += 1
        after[b] = np.int16(min(max(np.rint(mean[b]), -MOST), MOST))


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
    p, end, at, days = work.windows.pixel[lane], int(work.windows.end[lane]), work.windows.at, on.basis.days
    far, coef, noise = work.windows.far[ALONE], on.learnt.coef[p], on.learnt.noise[ALONE, :, p]
    after, expected, vector = watching.after[p], work.sum, work.vector
    calm, since, rule_calm, rule_odd = (
        int(watching.calm[p]),
        int(watching.calm_since[p]),
        on.rule.calm_limit,
        on.rule.look_limit,
    )
    for i in range(start, end):
        look = at[i * LANES + lane]
        if far[i * LANES + lane] > rule_calm:
            calm = 0
            continue
        _expect(coef, on.basis.design, look, expected)
        size = _against(after, expected, noise, vector)
        if size <= rule_odd:
            continue
        if not _gone(work, lane, i, size):
            calm = 0
            continue
        since = int(days[look]) if calm == 0 else since
        calm += 1
        if calm >= on.rule.recover_looks and days[look] - since >= on.rule.recover_days:
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
    watching.first[p], watching.confirmed[p] = NO_LOOK, NO_LOOK
    watching.calm[p], watching.calm_since[p], watching.recovered[p] = 0, 0, True


# ---------------------------------------------------------------- both by turns
@step
def _go_on(on: Watched, work: WatchWork, watching: Watching, lane: int, start: int) -> None:
    """Everything for the pixel of a lane from look ``start`` on, no change standing there."""
    p, end = work.windows.pixel[lane], work.windows.end[lane]
    while start < end:
        start = _confirm(on, work, watching, lane, start)
        if watching.confirmed[p] >= 0:
            start = _recover(on, work, watching, lane, start)


@step
def _farthest(asks: NDArray[np.bool_], top: NDArray[np.float64], low: int, high: int) -> float:
    """Largest distance in a lane's places low <= j < high of rows; -1 if one of them asks for a closer look."""
    most = 0.0
    for j in range(low, high, LANES):
        if asks[j]:
            return -1.0
        most = max(most, top[j])
    return most


@step
def _watch_lanes(
    on: Watched, work: WatchWork, pixels: NDArray[np.int32], watching: Watching, odd: NDArray[np.bool_], first: int
) -> None:
    """``watch_block`` for up to LANES pixels side by side.

    Most lanes ask for nothing: they are not handed to ``_go_on``, as a call that takes so many arrays costs more than what there is to do.
    """
    most, start, asked = find_lanes(on, work.windows, watching.since, pixels), ahead(on.rule), False
    if most == start:
        return
    gather(on, work.windows, pixels, most)
    begin, end, asks, top = work.windows.begin, work.windows.end, work.windows.asks, work.windows.top
    _mark(on, work.windows, odd, first)
    for lane in range(len(pixels)):
        work.start[lane] = start
        if watching.confirmed[pixels[lane]] >= 0 and start < end[lane]:
            work.start[lane] = _recover(on, work, watching, lane, start)
        asked |= work.start[lane] < end[lane]
    if asked:
        measure(on, work.windows, most)
    for lane in range(len(pixels)):
        if start < end[lane]:
            p, farthest = pixels[lane], _farthest(asks, top, work.start[lane] * LANES + lane, end[lane] * LANES)
            if farthest < 0:
                _go_on(on, work, watching, lane, work.start[lane])
            else:
                watching.best[p] = max(watching.best[p], np.float32(farthest))
            watching.since[p] = min(int(end[lane] - begin[lane]), longest(on.rule))


@step
def _count(recent: Recent, pixels: NDArray[np.int32], clear_looks: NDArray[np.uint16]) -> None:
    """Add the new looks of consecutive pixels to ``clear_looks`` (pixel)."""
    new, counts = recent.new[pixels[0] % len(recent.new) :], clear_looks[pixels[0] :]
    for lane in range(len(pixels)):
        counts[lane] += np.uint16(new[lane])


@compiled
def watch_block(
    on: Watched, work: WatchWork, pixels: NDArray[np.int32], watching: Watching, odd: NDArray[np.bool_], first: int
) -> None:
    """Watch the pixels of a block, which are consecutive, go on over the looks of a part, of which ``first`` is the number of the first.

    ``watching`` and ``odd`` (pixel, look of the part), the looks beyond the single-look threshold, are filled in place.
    """
    odd[pixels[0] : pixels[-1] + 1] = False
    begin = 0
    while begin < len(pixels):
        end = begin + beside(pixels, begin)
        _count(on.recent, pixels[begin:end], watching.clear_looks)
        _watch_lanes(on, work, pixels[begin:end], watching, odd, first)
        begin = end
