"""Confirmation and recovery: going through a pixel's looks once, with an eye on its neighbours, compiled.

A change is confirmed at the first look at which the last 3 to 8 clear looks lie together far out: their mean beyond a limit
that is lower for longer windows (strong contrast needs fewer looks) and for more neighbours that show the same, and
most of them in agreement. Two routes lead there. *Beside its twins*: the pixel departs from its twins and, the same way, from
its own past: a twin that changed itself drags no one along. *As a field*: it departs from its own past by more than a season could.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, TINY, ZERO
from spadework.change.compiled import compiled, step
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.twins import there
from spadework.change.windows import LANES, NEIGHBOURS, SHORTEST, Watched, Windows, longest, measure
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = np.float32(0.5)


class WatchWork(NamedTuple):
    """Scratch arrays, made once a block: those of several pixels side by side, then those of one of them."""

    windows: Windows
    at: NDArray[np.int32]
    """(look), watched time index of each usable look."""
    near: F32
    """(route, band, look), distance in 1/16 of the noise: whole numbers."""
    far: F32
    """(route, look), squared distance."""
    mean: NDArray[np.float64]
    """(beside or field, window - SHORTEST, look), as in ``Windows``."""
    sum: F32
    """(band), sum over one window."""
    after: F32
    """(band), spectrum after the change, without the common mode."""
    vector: F32
    """(band), short-lived."""


def watch_work(watched: int, bands: int, sizes: int) -> WatchWork:
    """Scratch arrays for so many watched looks, bands and lengths of window."""

    def flat(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)

    row, lanes = watched * LANES, LANES
    return WatchWork(
        windows=Windows(
            pixel=np.zeros(lanes, np.int32),
            looks=np.zeros(lanes, np.int32),
            at=np.zeros(row, np.int32),
            near=flat(3, bands, row),
            far=flat(3, row),
            total=flat(3, bands, row + lanes),
            product=flat(4, row),
            share=np.zeros((3, lanes)),
            mean=np.zeros((2, sizes, row)),
            best=np.zeros(lanes),
            asks=np.zeros(lanes, np.bool_),
        ),
        at=np.zeros(watched, np.int32),
        near=flat(3, bands, watched),
        far=flat(3, watched),
        mean=np.zeros((2, sizes, watched)),
        sum=flat(bands),
        after=flat(bands),
        vector=flat(bands),
    )


class Answer(NamedTuple):
    """Results, filled in place; as in ``cube.Change``, with watched time indices for days (-1 = none)."""

    first: NDArray[np.int32]
    confirmed: NDArray[np.int32]
    statistic: F32
    clear_looks: NDArray[np.uint16]
    reason: NDArray[np.uint8]
    recovered: NDArray[np.bool_]
    anomalous: NDArray[np.bool_]
    """(pixel, time watched)."""


@step
def _mark(on: Watched, windows: Windows, answer: Answer, lane: int) -> None:
    """Note which looks of a lane are odd."""
    for i in range(lane, windows.looks[lane] * LANES, LANES):
        beside = min(windows.far[BESIDE, i], windows.far[ALONE, i])
        answer.anomalous[windows.pixel[lane], windows.at[i]] = max(beside, windows.far[FIELD, i]) > on.rule.look_limit


@step
def _pick(work: WatchWork, lane: int) -> None:
    """Copy the looks of a lane to where one pixel is gone through."""
    windows = work.windows
    for i in range(windows.looks[lane]):
        j = i * LANES + lane
        work.at[i] = windows.at[j]
        for route in range(3):
            work.far[route, i] = windows.far[route, j]
            for b in range(work.near.shape[1]):
                work.near[route, b, i] = windows.near[route, b, j]
        for kind in range(2):
            for size in range(work.mean.shape[1]):
                work.mean[kind, size, i] = windows.mean[kind, size, j]


@step
def _sum(work: WatchWork, span: tuple[int, int, int]) -> float:
    """Fill ``sum`` with that of the looks of a window (route, low, high); its squared length."""
    route, low, high = span
    size = ZERO
    for b in range(len(work.sum)):
        total = ZERO
        for i in range(low, high + 1):
            total += work.near[route, b, i]
        work.sum[b] = total
        size += total * total
    return float(size)


@step
def _agree(on: Watched, work: WatchWork, span: tuple[int, int, int], size: float) -> tuple[int, int]:
    """How many looks of a window (route, low, high) go the way of their sum, of squared length ``size``; the first of the change.

    The change begins at that agreeing look from which on the looks' sum is longest for their number: the likeliest step
    (Hinkley 1970, Biometrika 57, 1-17); looks before it that agree by chance do not date it.
    """
    route, low, high = span
    agree, first, best = 0, -1, 0.0
    work.vector[:] = ZERO
    for i in range(high, low - 1, -1):
        dot, since = ZERO, ZERO
        for b in range(len(work.sum)):
            e = work.near[route, b, i]
            dot += e * work.sum[b]
            work.vector[b] += e
            since += work.vector[b] * work.vector[b]
        if dot * np.float32(high + 1 - low) > on.rule.agree_share * size:
            agree += 1
            if i < high and since > best * (high + 1 - i):
                first, best = i, float(since) / (high + 1 - i)
    return agree, first


@step
def _supported(on: Watched, work: WatchWork, p: int, span: tuple[int, int, int], size: float, ask: int) -> bool:
    """Whether ``ask`` of the 8 neighbours show the same: their looks of the window, most of them clear, lie far enough along the sum."""
    route, low, high = span
    found, looks = 0, high + 1 - low
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            q = there(on.places, p, dy, dx)
            if q < 0 or (dy == 0 and dx == 0):
                continue
            dot, clear = ZERO, 0
            for i in range(low, high + 1):
                if on.fit.usable[q, on.basis.history + work.at[i]]:
                    clear += 1
                    for b in range(len(work.sum)):
                        dot += np.float32(on.stand.distance[route, q, work.at[i], b]) * work.sum[b]
            if 2 * clear > looks and dot * np.float32(looks) > on.rule.support_share * size * np.float32(clear):
                found += 1
                if found == ask:
                    return True
    return False


@step
def _shown(on: Watched, work: WatchWork, p: int, span: tuple[int, int, int], distance: float, limit: float) -> int:
    """The first agreeing look of a window (route, low, high) if its looks agree and enough neighbours show the same; else -1."""
    size = _sum(work, span)
    agree, first = _agree(on, work, span, size)
    if agree < on.rule.agreeing[span[2] + 1 - span[1] - SHORTEST]:
        return -1
    ask = 0
    while not distance > limit * on.rule.support[ask]:
        ask += 1
        if ask == len(on.rule.support):
            return -1
    return first if ask == 0 or _supported(on, work, p, span, size, ask) else -1


@step
def _confirm(on: Watched, work: WatchWork, p: int, begin: int, start: int, n: int) -> tuple[int, int, float, float]:
    """The next of n looks, from ``start`` on, at which a window that begins at ``begin`` or later confirms a change.

    Returns that look (n = none), the first agreeing look of the window, its distance, and the largest distance seen before.
    """
    best = 0.0
    for i in range(start, n):
        here = 0.0
        for route in (BESIDE, FIELD):
            if work.far[route, i] < on.rule.gate:
                continue
            factor, kind = (on.rule.field_factor, 1) if route == FIELD else (1.0, 0)
            for looks in range(SHORTEST, 1 + longest(on.rule, i + 1 - begin)):
                distance = work.mean[kind, looks - SHORTEST, i]
                here = max(here, distance)
                limit = on.rule.window_limit[looks - SHORTEST] * factor
                if distance < limit * on.rule.support[NEIGHBOURS]:
                    continue
                first = _shown(on, work, p, (route, i + 1 - looks, i), distance, limit)
                if first >= 0:
                    return i, first, distance, best
        best = max(best, here)
    return n, -1, 0.0, best


@step
def _model(on: Watched, p: int, b: int, t: int) -> float:
    """What the model expects of band b at watched time t, without the common mode."""
    total = ZERO
    for k in range(TERMS):
        total += on.fit.coef[p, b, k] * on.basis.design[k, on.basis.history + t]
    return float(total)


@step
def _keep_after(on: Watched, work: WatchWork, p: int, low: int, high: int) -> None:
    """Mean spectrum, without the common mode, of looks low..high."""
    for b in range(len(work.after)):
        total = ZERO
        for i in range(low, high + 1):
            t = work.at[i]
            total += np.float32(on.fit.left[p, b, on.basis.history + t]) + _model(on, p, b, t)
        work.after[b] = total / np.float32(high + 1 - low)


@step
def _verdict(on: Watched, work: WatchWork, p: int, i: int) -> int:
    """What look i says of the change: 1 = gone, -1 = still there, 0 = nothing, as the changed ground would not have been odd.

    Gone is a look that is not odd and lies nearer to the past than to the changed ground: a weak change is not odd in every look.
    """
    size, along = ZERO, ZERO
    for b in range(len(work.after)):
        e = work.after[b] - _model(on, p, b, work.at[i])
        for k in range(b):
            e -= on.stand.factor[b, k, p] * work.vector[k]
        work.vector[b] = e / on.stand.factor[b, b, p]
        size += work.vector[b] * work.vector[b]
        along += work.vector[b] * work.near[ALONE, b, i] / UNIT
    if work.far[ALONE, i] > on.rule.calm_limit:
        return -1
    if size <= on.rule.look_limit:
        return 0
    return 1 if along < HALF * size else -1


@step
def _recover(on: Watched, work: WatchWork, p: int, begin: int, n: int) -> int:
    """Go on from look ``begin`` after a confirmed change: the look at which it has recovered, n = never."""
    calm, since = 0, begin
    for i in range(begin, n):
        verdict = _verdict(on, work, p, i)
        if verdict < 0:
            calm = 0
        elif verdict > 0:
            since = i if calm == 0 else since
            calm += 1
            days = on.basis.days[on.basis.history + work.at[i]] - on.basis.days[on.basis.history + work.at[since]]
            if calm >= on.rule.recover_looks and days >= on.rule.recover_days:
                return i
    return n


@step
def _go_through(on: Watched, work: WatchWork, answer: Answer, p: int, n: int) -> float:
    """Look for a change of pixel p among its n looks, and for its recovery; the largest distance seen."""
    best, start, begin = 0.0, SHORTEST - 1, 0
    while start < n:
        i, first, distance, seen = _confirm(on, work, p, begin, start, n)
        best = max(best, seen, distance)
        if i == n:
            break
        _keep_after(on, work, p, first, i)
        back = _recover(on, work, p, i + 1, n)
        answer.recovered[p] = back < n
        if back == n:
            answer.first[p], answer.confirmed[p] = work.at[first], work.at[i]
            return distance
        begin, start = back + 1, back + SHORTEST
    return best


@step
def _watch_lane(on: Watched, work: WatchWork, answer: Answer, lane: int) -> int:
    """Everything for the pixel of a lane; the reason for which it has no answer, or OK."""
    p, n, best = work.windows.pixel[lane], work.windows.looks[lane], work.windows.best[lane]
    answer.first[p] = answer.confirmed[p] = -1
    answer.recovered[p] = False
    answer.clear_looks[p] = n
    answer.statistic[p] = math.nan
    _mark(on, work.windows, answer, lane)
    if n < SHORTEST:
        return TOO_FEW_LOOKS
    if on.fit.method[p] == NO_METHOD:
        return MODEL_FAILED if on.fit.usable[p, : on.basis.history].any() else SHORT_HISTORY
    if work.windows.asks[lane]:
        _pick(work, lane)
        best = _go_through(on, work, answer, p, n)
    answer.statistic[p] = math.sqrt(max(best, float(TINY)))
    return OK


@compiled
def watch_block(on: Watched, work: WatchWork, pixels: NDArray[np.int32], answer: Answer) -> None:
    """Watch the pixels of a block; ``answer`` (all pixels) is filled in place, whatever it held."""
    for start in range(0, len(pixels), LANES):
        lanes = pixels[start : start + LANES]
        measure(on, work.windows, lanes)
        for lane in range(len(lanes)):
            answer.reason[lanes[lane]] = _watch_lane(on, work, answer, lane)
