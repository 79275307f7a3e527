"""The compiled part of monitoring: one pixel's looks in, one pixel's answer out.

The law of this room: numbers only. No allocation that depends on neighbours, no threads, no settings objects: a pixel's
answer depends on its own looks, the shared basis and the rule, so the order of pixels and of threads cannot matter.
Arrays of one pixel are (look, band) over its clear looks; whitened vectors have unit noise in every direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spadework.cube import MISSING, MODEL_FAILED, OK, SHORT_HISTORY, TOO_FEW_LOOKS

Function = TypeVar("Function", bound=Callable[..., Any])
F32 = NDArray[np.float32]

ROUNDS = 4
"""Rounds of reweighting in the robust fit."""
RIDGE = 0.5
"""Weight of the pull of each harmonic coefficient to zero, in looks."""
PRIOR_LOOKS = 6.0
"""Weight of the scene's typical noise in a pixel's noise, in looks."""
CAP = 36.0
"""Squared whitened length to which one look is cut: a single leak must not carry a window."""
AGREE = 0.3
"""A look agrees with its window when its share along the window's mean is at least this."""
SPREAD_GAIN = 0.04
"""Gain per look of the tracked noise factor."""


def compiled(function: Function) -> Function:
    """Compile with numba, without the GIL, kept on disk between processes."""
    return cast("Function", njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})(function))


class Series(NamedTuple):
    """Looks of a block of pixels."""

    values: NDArray[np.int16]
    """(pixel, time, band), reflectance x 10,000."""
    clear: NDArray[np.bool_]
    """(pixel, time), True = usable."""


class Basis(NamedTuple):
    """What all pixels share."""

    days: F32
    """(time), days since the first look."""
    design: F32
    """(time, term): 1, then cosine and sine of the year, then of half the year."""
    slope: F32
    """(time, term), derivative of ``design`` by day."""
    common: F32
    """(time, band, band + 1): per look, the map from a modelled spectrum (and 1) to the one seen by the whole scene."""
    noise: F32
    """(band), typical noise variance of the scene, reflectance x 10,000 squared."""
    doubt: F32
    """(time), how many times that variance the whole scene shows in each look, at least 1."""
    history: int
    """Number of looks before the watched period."""


class Rule(NamedTuple):
    """``MonitorSettings`` as plain numbers; lengths in looks or days, reflectance x 10,000, thresholds squared distances."""

    window: int
    need: int
    looks_two: int
    looks_one: int
    looks_mean: int
    season_days: float
    floor: float
    floor_share: float
    phase_days: float
    amplitude: float
    track_days: float
    look_limit: float
    window_limit: float
    recover_looks: int
    recover_days: float


class Work(NamedTuple):
    """Scratch arrays of one pixel, made once a block."""

    at: NDArray[np.int32]
    """(look), time index of each clear look."""
    seen: F32
    """(look, band), observed."""
    model: F32
    """(look, band), modelled without the common mode."""
    left: F32
    """(look, band), observed minus expected (model and common mode)."""
    white: F32
    """(look, band), whitened residual, its length capped."""
    weight: F32
    """(look), 0..1."""
    odd: NDArray[np.bool_]
    """(look), True beyond the single-look threshold."""
    coef: F32
    """(term, band)."""
    normal: F32
    """(term, term), Cholesky factor of the normal matrix."""
    noise: F32
    """(band, band), Cholesky factor of the noise covariance."""
    level: F32
    """(band), slow departure from the model, tracked under no change."""
    after: F32
    """(band), spectrum after the change."""
    vector: F32
    """(4, band), short-lived vectors."""
    spare: F32
    """(look), for medians."""


class Answer(NamedTuple):
    """Results of a block, filled in place; as in ``cube.Change``, with time indices for days (-1 = none)."""

    first: NDArray[np.int32]
    confirmed: NDArray[np.int32]
    statistic: F32
    clear_looks: NDArray[np.uint16]
    reason: NDArray[np.uint8]
    recovered: NDArray[np.bool_]
    anomalous: NDArray[np.bool_]
    """(pixel, time)."""


@compiled
def _median(values: F32, n: int) -> float:
    """Median (upper, for even n) of the first n values, which are reordered (Hoare's selection)."""
    low, high, k = 0, n - 1, n // 2
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])


@compiled
def _cholesky(a: F32, n: int) -> bool:
    """Lower Cholesky factor in place of the leading n x n block; False where it is not positive definite."""
    for j in range(n):
        for i in range(j, n):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                a[j, j] = math.sqrt(total)
            else:
                a[i, j] = total / a[j, j]
    return True


@compiled
def _forward(factor: F32, x: F32, n: int) -> float:
    """Solve factor @ z = x in place over the first n; the squared length of z."""
    length = 0.0
    for i in range(n):
        total = x[i]
        for k in range(i):
            total -= factor[i, k] * x[k]
        x[i] = total / factor[i, i]
        length += x[i] * x[i]
    return length


@compiled
def _gather(values: NDArray[np.int16], clear: NDArray[np.bool_], work: Work) -> int:
    """Copy the clear looks that have every band; their number."""
    n = 0
    for t in range(values.shape[0]):
        if not clear[t]:
            continue
        whole = True
        for b in range(values.shape[1]):
            whole = whole and values[t, b] != MISSING
            work.seen[n, b] = values[t, b]
        if whole:
            work.at[n] = t
            n += 1
    return n


@compiled
def _expect(basis: Basis, work: Work, start: int, stop: int, terms: int) -> None:
    """Fill ``model`` and ``left`` for clear looks start..stop from ``coef`` and the common mode."""
    bands = work.seen.shape[1]
    for i in range(start, stop):
        t = work.at[i]
        for b in range(bands):
            value = np.float32(0.0)
            for k in range(terms):
                value += basis.design[t, k] * work.coef[k, b]
            work.model[i, b] = value
        for b in range(bands):
            value = basis.common[t, b, bands]
            for c in range(bands):
                value += basis.common[t, b, c] * work.model[i, c]
            work.left[i, b] = work.seen[i, b] - value


@compiled
def _reweight(basis: Basis, work: Work, n: int) -> None:
    """Weights from residuals: 1 / doubt near the fit, falling with the square of the distance beyond three sigma."""
    bands = work.seen.shape[1]
    for b in range(bands):
        total, count = 1e-6, 1e-6
        for i in range(n):
            total += work.weight[i] * work.left[i, b] ** 2
            count += work.weight[i]
        work.vector[0, b] = count / total
    for i in range(n):
        distance = 0.0
        for b in range(bands):
            distance += work.left[i, b] ** 2 * work.vector[0, b]
        distance /= basis.doubt[work.at[i]]
        work.weight[i] = distance
        work.spare[i] = distance
    middle = _median(work.spare, n) / max(bands - 0.66, 0.45)
    limit = (bands + 3.0 * math.sqrt(2.0 * bands)) * max(middle, 1e-6)
    for i in range(n):
        trust = 1.0 if work.weight[i] <= limit else (limit / work.weight[i]) ** 2
        work.weight[i] = trust / basis.doubt[work.at[i]]


@compiled
def _solve(basis: Basis, work: Work, n: int, terms: int) -> bool:
    """Weighted ridge least squares of the looks without their common mode; all bands share one normal matrix."""
    bands = work.seen.shape[1]
    work.normal[:] = 0.0
    work.coef[:] = 0.0
    for k in range(1, terms):
        work.normal[k, k] = RIDGE
    for i in range(n):
        row = basis.design[work.at[i]]
        for k in range(terms):
            pull = work.weight[i] * row[k]
            for j in range(k + 1):
                work.normal[k, j] += pull * row[j]
            for b in range(bands):
                work.coef[k, b] += pull * (work.left[i, b] + work.model[i, b])
    if not _cholesky(work.normal, terms):
        return False
    for b in range(bands):
        for k in range(terms):
            total = work.coef[k, b]
            for j in range(k):
                total -= work.normal[k, j] * work.coef[j, b]
            work.coef[k, b] = total / work.normal[k, k]
        for k in range(terms - 1, -1, -1):
            total = work.coef[k, b]
            for j in range(k + 1, terms):
                total -= work.normal[j, k] * work.coef[j, b]
            work.coef[k, b] = total / work.normal[k, k]
    return True


@compiled
def _fit(basis: Basis, work: Work, n: int, terms: int) -> bool:
    """Robust harmonic regression over the first n clear looks, from the band medians on; False where it fails."""
    bands = work.seen.shape[1]
    work.coef[:] = 0.0
    for b in range(bands):
        for i in range(n):
            work.spare[i] = work.seen[i, b]
        work.coef[0, b] = _median(work.spare, n)
    work.weight[:n] = 1.0
    for _ in range(ROUNDS):
        _expect(basis, work, 0, n, terms)
        _reweight(basis, work, n)
        if not _solve(basis, work, n, terms):
            return False
    _expect(basis, work, 0, n, terms)
    return True


@compiled
def _learn_noise(basis: Basis, rule: Rule, work: Work, n: int, terms: int) -> bool:
    """Noise covariance of the history: its own, the scene's typical one as a prior, and a floor; as Cholesky factor."""
    bands = work.seen.shape[1]
    count = 0.0
    for i in range(n):
        count += work.weight[i] * basis.doubt[work.at[i]]
    spare = max(count - terms, 1.0)
    for b in range(bands):
        for c in range(b + 1):
            total = 0.0
            for i in range(n):
                total += work.weight[i] * work.left[i, b] * work.left[i, c]
            if b == c:
                total += PRIOR_LOOKS * basis.noise[b]
            work.noise[b, c] = total / (spare + PRIOR_LOOKS)
        work.noise[b, b] += rule.floor**2 + (rule.floor_share * work.coef[0, b]) ** 2
    return _cholesky(work.noise, bands)


@compiled
def _seasonality(work: Work, n: int) -> float:
    """0 (no season above the noise) .. 1: how far the pixel's season may jitter."""
    bands = work.seen.shape[1]
    total = 0.0
    for i in range(n):
        for b in range(bands):
            work.vector[0, b] = work.model[i, b] - work.coef[0, b]
        total += _forward(work.noise, work.vector[0], bands)
    mean = total / (n * bands)
    return mean / (mean + 4.0)


@compiled
def _shrink(x: F32, u: F32, bands: int) -> None:
    """Whiten x, in place, for one more rank-one noise term u u': (I + u u')^-1/2 x (Sherman and Morrison 1950, square root)."""
    length, dot = 0.0, 0.0
    for b in range(bands):
        length += u[b] * u[b]
        dot += u[b] * x[b]
    if length > 1e-9:
        share = dot * (1.0 - 1.0 / math.sqrt(1.0 + length)) / length
        for b in range(bands):
            x[b] -= share * u[b]


@compiled
def _jitter(basis: Basis, rule: Rule, work: Work, i: int, terms: int, season: float) -> float:
    """Whitened jitter of phase (vector 1) and amplitude (vector 2) at look i; the variance of a prediction there, noise = 1."""
    bands, t = work.seen.shape[1], work.at[i]
    for b in range(bands):
        slope = 0.0
        for k in range(1, terms):
            slope += basis.slope[t, k] * work.coef[k, b]
        work.vector[1, b] = slope * rule.phase_days * season
        work.vector[2, b] = (work.model[i, b] - work.coef[0, b]) * rule.amplitude * season
    _forward(work.noise, work.vector[1], bands)
    _forward(work.noise, work.vector[2], bands)
    _shrink(work.vector[2], work.vector[1], bands)
    for k in range(terms):
        work.vector[3, k] = basis.design[t, k]
    return basis.doubt[t] + _forward(work.normal, work.vector[3], terms)


@compiled
def _distance(work: Work, x: F32, factor: float) -> float:
    """Whiten x in place against noise, jitter and the variance factor; its squared length."""
    bands = work.seen.shape[1]
    _forward(work.noise, x, bands)
    _shrink(x, work.vector[1], bands)
    _shrink(x, work.vector[2], bands)
    length = 0.0
    for b in range(bands):
        x[b] /= math.sqrt(factor)
        length += x[b] * x[b]
    return length


@compiled
def _assess(rule: Rule, work: Work, i: int, factor: float) -> None:
    """Whiten look i into ``white``, cap its length, note its squared distance in ``spare`` and whether it is odd."""
    bands = work.seen.shape[1]
    for b in range(bands):
        work.white[i, b] = work.left[i, b] - work.level[b]
    distance = _distance(work, work.white[i], factor)
    work.spare[i] = distance
    work.odd[i] = distance > rule.look_limit
    if distance > CAP:
        for b in range(bands):
            work.white[i, b] *= math.sqrt(CAP / distance)


@compiled
def _track(basis: Basis, rule: Rule, work: Work, i: int, last: int) -> None:
    """Move the level towards look i, by the share of ``track_days`` that has passed since look ``last``."""
    gain = min(1.0 - math.exp(-(basis.days[work.at[i]] - basis.days[work.at[last]]) / rule.track_days), 0.2)
    for b in range(work.seen.shape[1]):
        work.level[b] += gain * (work.left[i, b] - work.level[b])


@compiled
def _window(rule: Rule, work: Work, low: int, high: int) -> tuple[float, int, int]:
    """Squared distance of the mean of looks low..high, the odd looks that agree with it, and the first of them."""
    bands = work.seen.shape[1]
    length = 0.0
    for b in range(bands):
        total = 0.0
        for i in range(low, high + 1):
            total += work.white[i, b]
        work.vector[0, b] = total / (high + 1 - low)
        length += work.vector[0, b] ** 2
    agree, first = 0, -1
    for i in range(low, high + 1):
        dot = 0.0
        for b in range(bands):
            dot += work.white[i, b] * work.vector[0, b]
        if work.odd[i] and dot > AGREE * length:
            agree += 1
            if first < 0:
                first = i
    return length * (high + 1 - low), agree, first


@compiled
def _keep_after(work: Work, low: int, high: int) -> None:
    """Mean spectrum, without the common mode, of the odd looks low..high."""
    for b in range(work.seen.shape[1]):
        total, count = 0.0, 0
        for i in range(low, high + 1):
            if work.odd[i]:
                total += work.left[i, b] + work.model[i, b]
                count += 1
        work.after[b] = total / max(count, 1)


@compiled
def _tells(rule: Rule, work: Work, i: int, factor: float) -> bool:
    """Whether the changed surface, seen at look i, would have been odd: only then does a normal look speak for recovery."""
    for b in range(work.seen.shape[1]):
        work.vector[0, b] = work.after[b] - work.model[i, b] - work.level[b]
    return _distance(work, work.vector[0], factor) > rule.look_limit


@compiled
def _watch(basis: Basis, rule: Rule, work: Work, n: int, past: int, terms: int) -> tuple[int, int, float, bool]:
    """Go through all clear looks once: first odd look and confirming look (-1 = none), statistic, recovered."""
    bands, season = work.seen.shape[1], _seasonality(work, past)
    begin, first, confirmed, calm, calm_from, last = past, -1, -1, 0, 0, 0
    spread, own, cross, best, recovered = 1.0, 1e-6, 0.0, 0.0, False
    work.level[:] = 0.0
    for i in range(n):
        factor = _jitter(basis, rule, work, i, terms, season) * max(spread, 1.0)
        _assess(rule, work, i, factor)
        work.weight[i] = work.spare[i] * max(spread, 1.0) / bands
        if 0 < i < past:
            for b in range(bands):
                own += work.white[i, b] ** 2
                cross += work.white[i, b] * work.white[i - 1, b]
        if confirmed >= 0:
            if work.odd[i]:
                calm = 0
            elif _tells(rule, work, i, factor):
                calm_from = i if calm == 0 else calm_from
                calm += 1
                if calm >= rule.recover_looks and basis.days[work.at[i]] - basis.days[work.at[calm_from]] >= rule.recover_days:
                    confirmed, first, recovered, begin, best = -1, -1, True, i + 1, 0.0
            continue
        gone = i - rule.window
        if gone >= 0 and not work.odd[gone]:
            _track(basis, rule, work, gone, last)
            spread += SPREAD_GAIN * (work.weight[gone] - spread)
            last = gone
        if i >= begin:
            low = max(begin, i + 1 - rule.window)
            distance, agree, start = _window(rule, work, low, i)
            distance /= 1.0 + (i - low) * min(max(cross / own, 0.0), 0.9)
            best = max(best, distance)
            if agree >= rule.need and distance > rule.window_limit:
                confirmed, first, calm, best = i, start, 0, distance
                _keep_after(work, low, i)
    return first, confirmed, math.sqrt(best), recovered and confirmed < 0


@compiled
def _terms(basis: Basis, rule: Rule, work: Work, past: int) -> int:
    """How many harmonic terms the history carries; 0 = too short."""
    span = basis.days[work.at[past - 1]] - basis.days[work.at[0]] if past > 0 else 0.0
    if past >= rule.looks_two and span >= rule.season_days:
        return 5
    if past >= rule.looks_one and span >= rule.season_days:
        return 3
    return 1 if past >= rule.looks_mean else 0


@compiled
def _monitor_pixel(series: Series, basis: Basis, rule: Rule, work: Work, answer: Answer, p: int) -> None:
    """Everything for pixel p."""
    n = _gather(series.values[p], series.clear[p], work)
    past = 0
    while past < n and work.at[past] < basis.history:
        past += 1
    answer.clear_looks[p] = n - past
    if n - past < rule.need:
        answer.reason[p] = TOO_FEW_LOOKS
        return
    terms = _terms(basis, rule, work, past)
    if terms == 0:
        answer.reason[p] = SHORT_HISTORY
        return
    if not _fit(basis, work, past, terms) or not _learn_noise(basis, rule, work, past, terms):
        answer.reason[p] = MODEL_FAILED
        return
    _expect(basis, work, past, n, terms)
    first, confirmed, statistic, recovered = _watch(basis, rule, work, n, past, terms)
    answer.reason[p] = OK
    answer.statistic[p] = statistic
    answer.recovered[p] = recovered
    if confirmed >= 0:
        answer.first[p] = work.at[first]
        answer.confirmed[p] = work.at[confirmed]
    for i in range(past, n):
        answer.anomalous[p, work.at[i]] = work.odd[i]


@compiled
def monitor_block(series: Series, basis: Basis, rule: Rule, work: Work, answer: Answer) -> None:
    """Monitor every pixel of a block; ``answer`` is filled in place."""
    for p in range(series.values.shape[0]):
        _monitor_pixel(series, basis, rule, work, answer, p)


@compiled
def learn_block(series: Series, basis: Basis, rule: Rule, work: Work, coef: F32, noise: F32) -> None:
    """Fit the history of every pixel: ``coef`` (pixel, term, band), NaN without a model, and ``noise`` (pixel, band), variance."""
    for p in range(series.values.shape[0]):
        coef[p] = np.nan
        n = _gather(series.values[p], series.clear[p], work)
        past = 0
        while past < n and work.at[past] < basis.history:
            past += 1
        terms = _terms(basis, rule, work, past)
        if terms == 0 or not _fit(basis, work, past, terms):
            continue
        coef[p] = work.coef
        for b in range(noise.shape[1]):
            total, count = 0.0, 0.0
            for i in range(past):
                total += work.weight[i] * work.left[i, b] ** 2
                count += work.weight[i] * basis.doubt[work.at[i]]
            noise[p, b] = total / max(count - terms, 1.0)
