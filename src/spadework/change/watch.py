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
from spadework.change.fit import TERMS, Basis, Fit
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Stand
    from spadework.change.twins import Places

SHORTEST = 3
"""Looks of the shortest window."""
NEIGHBOURS = 8
"""Pixels around one."""
SAME_WAY = np.float32(0.5)
"""Least cosine between a window's mean beside twins and on its own."""
HALF = np.float32(0.5)
SCALE = np.float32(1.0) / (UNIT * UNIT)


class WatchRule(NamedTuple):
    """Parts of ``MonitorSettings`` as plain numbers; limits are squared distances."""

    window_limit: NDArray[np.float32]
    """(window - SHORTEST)."""
    agreeing: NDArray[np.int32]
    """(window - SHORTEST), looks that must agree."""
    support: NDArray[np.float32]
    """(0..8 neighbours that show the same), factor of the limit."""
    look_limit: float
    calm_limit: float
    gate: float
    agree_share: float
    support_share: float
    own_share: float
    field_factor: float
    recover_looks: int
    recover_days: float


class Watched(NamedTuple):
    """What the watch goes by; all pixels of the site."""

    fit: Fit
    basis: Basis
    rule: WatchRule
    stand: Stand
    places: Places


class WatchWork(NamedTuple):
    """Scratch arrays of one pixel, made once a block; looks run along the last axis, so that inner loops run along looks."""

    at: NDArray[np.int32]
    """(look), watched time index of each usable look."""
    near: F32
    """(route, band, look), distance in 1/16 of the noise: whole numbers."""
    far: F32
    """(route, look), squared distance."""
    total: F32
    """(route, band, look), sum over the window that ends at the look; whole numbers, so that their order does not matter."""
    size: F32
    """(look), squared length of that sum beside twins, then as a field."""
    own: F32
    """(look), the same on its own."""
    cross: F32
    """(look), product of the sums beside twins and on its own."""
    mean: NDArray[np.float64]
    """(route, window - SHORTEST, look), squared distance of the window's mean, correlated looks discounted."""
    sum: F32
    """(band), sum over one window."""
    after: F32
    """(band), spectrum after the change, without the common mode."""
    vector: F32
    """(band), short-lived."""


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
def _gather(on: Watched, work: WatchWork, answer: Answer, p: int) -> int:
    """Usable watched looks of pixel p, their distances, squared too, and whether each is odd; their number."""
    n, bands = 0, on.stand.distance.shape[3]
    for t in range(on.stand.distance.shape[2]):
        if on.fit.usable[p, on.basis.history + t]:
            work.at[n] = t
            n += 1
    for route in range(3):
        far, stands = work.far[route], on.stand.distance[route, p]
        far[:n] = ZERO
        for i in range(n):
            for b in range(bands):
                work.near[route, b, i] = stands[work.at[i], b]
        for b in range(bands):
            near = work.near[route, b]
            for i in range(n):
                far[i] += near[i] * near[i]
        for i in range(n):
            far[i] *= SCALE
    for i in range(n):
        beside = min(work.far[BESIDE, i], work.far[ALONE, i])
        answer.anomalous[p, work.at[i]] = max(beside, work.far[FIELD, i]) > on.rule.look_limit
    return n


@step
def _sums(work: WatchWork, looks: int, n: int) -> None:
    """Go from the sums over ``looks`` - 1 looks to those over ``looks``."""
    for route in range(3):
        for b in range(work.near.shape[1]):
            total, near = work.total[route, b, looks - 1 : n], work.near[route, b, : n + 1 - looks]
            for i in range(len(near)):
                total[i] += near[i]


@step
def _product(out: F32, total: F32, a: int, b: int, first: int) -> None:
    """Fill ``out`` (look) with the product of the sums of two routes, from look ``first`` on."""
    out[:] = ZERO
    for k in range(total.shape[1]):
        one, other = total[a, k, first : first + len(out)], total[b, k, first : first + len(out)]
        for i in range(len(out)):
            out[i] += one[i] * other[i]


@step
def _means(on: Watched, work: WatchWork, p: int, n: int) -> None:
    """Fill ``mean``: the squared distance of the mean of every window, correlated looks discounted.

    Beside twins it counts only as far as the pixel also departs from its own past, the same way: else 0.
    """
    work.total[:, :, :n] = ZERO
    for looks in range(1, 1 + min(n, SHORTEST - 1 + len(on.rule.window_limit))):
        _sums(work, looks, n)
        if looks < SHORTEST:
            continue
        size, own, cross = work.size[looks - 1 : n], work.own[looks - 1 : n], work.cross[looks - 1 : n]
        beside, field = work.mean[0, looks - SHORTEST, looks - 1 : n], work.mean[1, looks - SHORTEST, looks - 1 : n]
        scale = SCALE / np.float32(looks)
        share, alone = 1.0 + (looks - 1) * on.stand.alike[BESIDE, p], 1.0 + (looks - 1) * on.stand.alike[ALONE, p]
        _product(size, work.total, BESIDE, BESIDE, looks - 1)
        _product(own, work.total, ALONE, ALONE, looks - 1)
        _product(cross, work.total, BESIDE, ALONE, looks - 1)
        for i in range(len(size)):
            same = cross[i] >= SAME_WAY * np.sqrt(size[i] * own[i])
            least = min(size[i] * scale / share, own[i] * scale / alone / on.rule.own_share)
            beside[i] = least if same else 0.0
        _product(size, work.total, FIELD, FIELD, looks - 1)
        share = 1.0 + (looks - 1) * on.stand.alike[FIELD, p]
        for i in range(len(size)):
            field[i] = size[i] * scale / share


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
            y, x = on.places.at[p, 0] + dy, on.places.at[p, 1] + dx
            if (dy == 0 and dx == 0) or y < 0 or x < 0 or y >= on.places.number.shape[0] or x >= on.places.number.shape[1]:
                continue
            q = on.places.number[y, x]
            if q < 0:
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
def _window(on: Watched, work: WatchWork, p: int, begin: int, i: int) -> tuple[int, float]:
    """Ask all windows that end at look i: the first agreeing look (-1 = not confirmed) and the largest distance seen."""
    best = 0.0
    for route in (BESIDE, FIELD):
        if work.far[route, i] < on.rule.gate:
            continue
        factor, means = (on.rule.field_factor, work.mean[1]) if route == FIELD else (1.0, work.mean[0])
        for looks in range(SHORTEST, SHORTEST + len(on.rule.window_limit)):
            low = i + 1 - looks
            if low < begin:
                break
            distance = means[looks - SHORTEST, i]
            best = max(best, distance)
            limit = on.rule.window_limit[looks - SHORTEST] * factor
            if distance < limit * on.rule.support[NEIGHBOURS]:
                continue
            size = _sum(work, (route, low, i))
            agree, first = _agree(on, work, (route, low, i), size)
            if agree < on.rule.agreeing[looks - SHORTEST]:
                continue
            ask = 0
            while not distance > limit * on.rule.support[ask]:
                ask += 1
                if ask == len(on.rule.support):
                    break
            if ask == 0 or (ask < len(on.rule.support) and _supported(on, work, p, (route, low, i), size, ask)):
                return first, distance
    return -1, best


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
            e -= on.stand.factor[p, b, k] * work.vector[k]
        work.vector[b] = e / on.stand.factor[p, b, b]
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
def _watch_pixel(on: Watched, work: WatchWork, answer: Answer, p: int) -> int:
    """Everything for pixel p; the reason for which it has no answer, or OK."""
    n = _gather(on, work, answer, p)
    answer.clear_looks[p] = n
    answer.statistic[p] = math.nan
    if n < SHORTEST:
        return TOO_FEW_LOOKS
    if on.fit.method[p] == NO_METHOD:
        return MODEL_FAILED if on.fit.usable[p, : on.basis.history].any() else SHORT_HISTORY
    _means(on, work, p, n)
    best, i, begin = 0.0, SHORTEST - 1, 0
    while i < n:
        first, distance = _window(on, work, p, begin, i)
        best = max(best, distance)
        if first < 0:
            i += 1
            continue
        _keep_after(on, work, p, first, i)
        back = _recover(on, work, p, i + 1, n)
        answer.recovered[p] = back < n
        if back == n:
            answer.first[p], answer.confirmed[p] = work.at[first], work.at[i]
            best = distance
            break
        begin, i = back + 1, back + SHORTEST
    answer.statistic[p] = math.sqrt(max(best, float(TINY)))
    return OK


@compiled
def watch_block(on: Watched, work: WatchWork, pixels: NDArray[np.int32], answer: Answer) -> None:
    """Watch the pixels of a block; ``answer`` (all pixels) is filled in place, whatever it held."""
    for p in pixels:
        answer.first[p] = answer.confirmed[p] = -1
        answer.recovered[p] = False
        answer.reason[p] = _watch_pixel(on, work, answer, p)
