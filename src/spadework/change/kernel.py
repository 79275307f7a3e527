"""The compiled part of monitoring: one pixel's looks in, one pixel's answer out.

The law of this room: numbers only. No allocation that depends on neighbours, no threads, no settings objects: a pixel's
answer depends on its own looks, the shared basis and the rule, so the order of pixels and of threads cannot matter.
Arrays of one pixel are (band, look) over its clear looks, so that inner loops run along looks and vectorise; whitened
vectors have unit noise in every direction.
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
RIDGE = np.float32(0.5)
"""Weight of the pull of each harmonic coefficient to zero, in looks."""
PRIOR_LOOKS = np.float32(6.0)
"""Weight of the scene's typical noise in a pixel's noise, in looks."""
OPTIONS: dict[str, Any] = {"error_model": "numpy"}
"""No fast-math: code fresh from the compiler and code from the cache then sum in one order, and give the same bytes."""
INNER: dict[str, Any] = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only compiled ones call: a way in from Python takes long to compile."""
COMPILE: Any = njit
"""numba's own types leave out the options of ``INNER``."""
CAP = 36.0
"""Squared whitened length to which one look is cut: a single leak must not carry a window."""
AGREE = np.float32(0.3)
"""A look agrees with its window when its share along the window's mean is at least this."""
SPREAD_GAIN = 0.04
"""Gain per look of the tracked noise factor."""
TRACK_MOST = 0.2
"""Largest gain of one look on the tracked level."""
SEASON_HALF = np.float32(4.0)
"""Seasonal variance, noise = 1, at which half of the season's jitter is granted: flat pixels keep their sharpness."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-6)


def compiled(function: Function) -> Function:
    """Compile a function that Python calls, without the GIL, kept on disk between processes."""
    return cast("Function", COMPILE(cache=True, nogil=True, **OPTIONS)(function))


def step(function: Function) -> Function:
    """Compile a function that only compiled ones call."""
    return cast("Function", COMPILE(**INNER)(function))


def inlined(function: Function) -> Function:
    """Compile a step inside the loop over looks: a call would copy the descriptors of all arrays of ``Work``."""
    return cast("Function", COMPILE(forceinline=True, **INNER)(function))


class Series(NamedTuple):
    """Looks of a block of pixels."""

    values: NDArray[np.int16]
    """(pixel, band, time), reflectance x 10,000."""
    clear: NDArray[np.bool_]
    """(pixel, time), True = usable."""


class Basis(NamedTuple):
    """What all pixels share."""

    days: F32
    """(time), days since the first look."""
    design: F32
    """(term, time): 1, then cosine and sine of the year, then of half the year."""
    slope: F32
    """(term, time), derivative of ``design`` by day."""
    common: F32
    """(band, band + 1, time): per look, the map from a modelled spectrum (and 1) to the one seen by the whole scene."""
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
    day: F32
    """(look), days since the first look of the site."""
    doubt: F32
    """(look), as in ``Basis``."""
    design: F32
    """(term, look), as in ``Basis``."""
    slope: F32
    """(term, look), as in ``Basis``."""
    common: F32
    """(band, band + 1, look), as in ``Basis``."""
    seen: F32
    """(band, look), observed."""
    model: F32
    """(band, look), modelled without the common mode; whitened by ``_whiten``."""
    left: F32
    """(band, look), observed minus expected (model and common mode); whitened by ``_whiten``."""
    phase: F32
    """(band, look), whitened jitter of the season's phase."""
    swing: F32
    """(band, look), whitened jitter of the season's amplitude, beyond that of its phase."""
    pull: F32
    """(2, look), how strongly ``phase`` and ``swing`` are taken out of a look."""
    factor: F32
    """(look), variance of a prediction, noise = 1."""
    white: F32
    """(band, look), whitened departure from model and level, jitter taken out, its length capped."""
    weight: F32
    """(look), 1 / variance factor times trust; later the squared distance per band."""
    spare: F32
    """(look), short-lived."""
    odd: NDArray[np.bool_]
    """(look), True beyond the single-look threshold."""
    coef: F32
    """(band, term)."""
    normal: F32
    """(term, term), Cholesky factor of the normal matrix."""
    noise: F32
    """(band, band), Cholesky factor of the noise covariance."""
    level: F32
    """(band), whitened slow departure from the model, tracked under no change."""
    after: F32
    """(band), whitened spectrum after the change."""
    vector: F32
    """(band, 1), short-lived."""
    total: F32
    """(band), sum of ``white`` over the window."""


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


@step
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


@step
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


@step
def _forward(factor: F32, x: F32, rows: int, n: int) -> None:
    """Solve factor @ z = x in place, x (rows, look), for the first n looks."""
    for r in range(rows):
        for k in range(r):
            share = factor[r, k]
            for i in range(n):
                x[r, i] -= share * x[k, i]
        share = ONE / factor[r, r]
        for i in range(n):
            x[r, i] *= share


@step
def _find(series: Series, at: NDArray[np.int32], p: int) -> int:
    """Note the time index of each clear look of pixel p that has every band; their number."""
    n = 0
    for t in range(series.clear.shape[1]):
        whole = series.clear[p, t]
        if whole:
            for b in range(series.values.shape[1]):
                whole &= series.values[p, b, t] != MISSING
        if whole:
            at[n] = t
            n += 1
    return n


@step
def _gather(series: Series, basis: Basis, work: Work, p: int) -> int:
    """Copy the usable looks of pixel p, and what the basis says of them; their number."""
    n, bands = _find(series, work.at, p), series.values.shape[1]
    for i in range(n):
        work.day[i] = basis.days[work.at[i]]
        work.doubt[i] = basis.doubt[work.at[i]]
    for k in range(basis.design.shape[0]):
        for i in range(n):
            work.design[k, i] = basis.design[k, work.at[i]]
            work.slope[k, i] = basis.slope[k, work.at[i]]
    for b in range(bands):
        for i in range(n):
            work.seen[b, i] = series.values[p, b, work.at[i]]
        for c in range(bands + 1):
            for i in range(n):
                work.common[b, c, i] = basis.common[b, c, work.at[i]]
    return n


@step
def _combine(out: F32, rows: F32, coef: F32, terms: int, n: int) -> None:
    """Fill out (band, look) = coef (band, term) @ rows (term, look), over the first terms and looks."""
    for b in range(out.shape[0]):
        for i in range(n):
            out[b, i] = coef[b, 0] * rows[0, i]
        for k in range(1, terms):
            share = coef[b, k]
            for i in range(n):
                out[b, i] += share * rows[k, i]


@step
def _expect(work: Work, n: int, terms: int) -> None:
    """Fill ``model`` and ``left`` for the first n clear looks from ``coef`` and the common mode."""
    bands = work.seen.shape[0]
    _combine(work.model, work.design, work.coef, terms, n)
    for b in range(bands):
        for i in range(n):
            work.left[b, i] = work.seen[b, i] - work.common[b, bands, i]
        for c in range(bands):
            for i in range(n):
                work.left[b, i] -= work.common[b, c, i] * work.model[c, i]


@step
def _reweight(work: Work, n: int) -> None:
    """Weights from residuals: 1 / doubt near the fit, falling with the square of the distance beyond three sigma."""
    bands = work.seen.shape[0]
    work.spare[:n] = ZERO
    for b in range(bands):
        total, count = ZERO, ZERO
        for i in range(n):
            total += work.weight[i] * work.left[b, i] * work.left[b, i]
            count += work.weight[i]
        share = count / (total + TINY)
        for i in range(n):
            work.spare[i] += work.left[b, i] * work.left[b, i] * share
    for i in range(n):
        work.spare[i] /= work.doubt[i]
        work.weight[i] = work.spare[i]
    middle = _median(work.spare, n) / max(bands - 0.66, 0.45)
    limit = np.float32((bands + 3.0 * math.sqrt(2.0 * bands)) * max(middle, 1e-6))
    for i in range(n):
        trust = limit / max(work.weight[i], limit)
        work.weight[i] = trust * trust / work.doubt[i]


@step
def _normal(work: Work, n: int, terms: int) -> None:
    """Sums of the weighted ridge least squares of the looks without their common mode, into ``normal`` and ``coef``."""
    for k in range(terms):
        for i in range(n):
            work.spare[i] = work.weight[i] * work.design[k, i]
        for j in range(k + 1):
            total = ZERO
            for i in range(n):
                total += work.spare[i] * work.design[j, i]
            work.normal[k, j] = total
        if k > 0:
            work.normal[k, k] += RIDGE
        for b in range(work.seen.shape[0]):
            total = ZERO
            for i in range(n):
                total += work.spare[i] * (work.left[b, i] + work.model[b, i])
            work.coef[b, k] = total


@step
def _solve(work: Work, terms: int) -> bool:
    """Solve the normal equations, which all bands share, in place; False where they have no solution."""
    if not _cholesky(work.normal, terms):
        return False
    for b in range(work.seen.shape[0]):
        for k in range(terms):
            total = work.coef[b, k]
            for j in range(k):
                total -= work.normal[k, j] * work.coef[b, j]
            work.coef[b, k] = total / work.normal[k, k]
        for k in range(terms - 1, -1, -1):
            total = work.coef[b, k]
            for j in range(k + 1, terms):
                total -= work.normal[j, k] * work.coef[b, j]
            work.coef[b, k] = total / work.normal[k, k]
    return True


@step
def _fit(work: Work, n: int, terms: int) -> bool:
    """Robust harmonic regression over the first n clear looks, from the band medians on; False where it fails."""
    for b in range(work.seen.shape[0]):
        for k in range(work.coef.shape[1]):
            work.coef[b, k] = ZERO
        for i in range(n):
            work.spare[i] = work.seen[b, i]
        work.coef[b, 0] = _median(work.spare, n)
    for i in range(n):
        work.weight[i] = ONE
    for _ in range(ROUNDS):
        _expect(work, n, terms)
        _reweight(work, n)
        _normal(work, n, terms)
        if not _solve(work, terms):
            return False
    return True


@step
def _covariance(work: Work, noise: F32, prior: np.float32, n: int, terms: int) -> None:
    """Lower half of the residual covariance of the first n looks, as if without doubt, with ``prior`` looks of ``noise``."""
    count = ZERO
    for i in range(n):
        count += work.weight[i] * work.doubt[i]
    count = max(count - terms, ONE) + prior
    for b in range(work.seen.shape[0]):
        for i in range(n):
            work.spare[i] = work.weight[i] * work.left[b, i]
        for c in range(b + 1):
            total = ZERO
            for i in range(n):
                total += work.spare[i] * work.left[c, i]
            work.noise[b, c] = total / count
        work.noise[b, b] += noise[b] * prior / count


@step
def _whiten(rule: Rule, work: Work, n: int, past: int, terms: int) -> None:
    """Whiten residuals, model and season's jitter of all n looks; the variance factor of each prediction."""
    bands = work.seen.shape[0]
    _forward(work.noise, work.left, bands, n)
    _forward(work.noise, work.coef, bands, terms)
    _combine(work.model, work.design, work.coef, terms, n)
    _combine(work.phase, work.slope, work.coef, terms, n)
    total = ZERO
    for b in range(bands):
        for i in range(n):
            work.swing[b, i] = work.model[b, i] - work.coef[b, 0]
        for i in range(past):
            total += work.swing[b, i] * work.swing[b, i]
    season = total / (past * bands)
    season /= season + SEASON_HALF
    for b in range(bands):
        for i in range(n):
            work.phase[b, i] *= np.float32(rule.phase_days * season)
            work.swing[b, i] *= np.float32(rule.amplitude * season)
    _forward(work.normal, work.design, terms, n)
    for i in range(n):
        work.factor[i] = work.doubt[i]
    for k in range(terms):
        for i in range(n):
            work.factor[i] += work.design[k, i] * work.design[k, i]
    _strength(work.phase, work.pull, 0, n)
    for i in range(n):
        _shrink(work.swing, i, work.phase, work.pull[0, i], i)
    _strength(work.swing, work.pull, 1, n)


@step
def _strength(jitter: F32, pull: F32, row: int, n: int) -> None:
    """Fill a row of ``pull`` for the jitter vectors u (band, look): (1 - (1 + u'u)^-1/2) / u'u."""
    for i in range(n):
        pull[row, i] = TINY
    for b in range(jitter.shape[0]):
        for i in range(n):
            pull[row, i] += jitter[b, i] * jitter[b, i]
    for i in range(n):
        pull[row, i] = (ONE - ONE / np.sqrt(ONE + pull[row, i])) / pull[row, i]


@inlined
def _shrink(x: F32, column: int, u: F32, pull: float, look: int) -> None:
    """Whiten a column of x, in place, for one more noise term u u': (I + u u')^-1/2 x = x - pull u u'x.

    The square root of the rank-one update of Sherman and Morrison (1950).
    """
    dot = ZERO
    for b in range(u.shape[0]):
        dot += u[b, look] * x[b, column]
    dot *= pull
    for b in range(u.shape[0]):
        x[b, column] -= dot * u[b, look]


@inlined
def _distance(work: Work, x: F32, column: int, i: int, spread: float) -> float:
    """Take the jitter of look i out of a whitened column of x, in place, and scale by its variance; the squared length."""
    _shrink(x, column, work.phase, work.pull[0, i], i)
    _shrink(x, column, work.swing, work.pull[1, i], i)
    scale = ONE / np.sqrt(work.factor[i] * np.float32(spread))
    length = ZERO
    for b in range(x.shape[0]):
        x[b, column] *= scale
        length += x[b, column] * x[b, column]
    return float(length)


@inlined
def _assess(rule: Rule, work: Work, i: int, spread: float) -> None:
    """Fill ``white`` of look i, its length capped; note whether it is odd, and in ``weight`` its noise by band."""
    bands = work.seen.shape[0]
    for b in range(bands):
        work.white[b, i] = work.left[b, i] - work.level[b]
    distance = _distance(work, work.white, i, i, spread)
    work.weight[i] = distance * spread / bands
    work.odd[i] = distance > rule.look_limit
    if distance > CAP:
        for b in range(bands):
            work.white[b, i] *= np.float32(math.sqrt(CAP / distance))


@inlined
def _track(rule: Rule, work: Work, i: int, last: int) -> None:
    """Move the level towards look i, by the share of ``track_days`` that has passed since look ``last``."""
    gain = np.float32(min(1.0 - math.exp((work.day[last] - work.day[i]) / rule.track_days), TRACK_MOST))
    for b in range(work.level.shape[0]):
        work.level[b] += gain * (work.left[b, i] - work.level[b])


@inlined
def _slide(work: Work, come: int, gone: int) -> float:
    """Move the window's sum to hold look ``come`` and not look ``gone`` (-1 = none); its squared length."""
    length = ZERO
    for b in range(work.total.shape[0]):
        work.total[b] += work.white[b, come]
        if gone >= 0:
            work.total[b] -= work.white[b, gone]
        length += work.total[b] * work.total[b]
    return float(length)


@inlined
def _agree(work: Work, low: int, high: int, length: float) -> tuple[int, int]:
    """How many odd looks of low..high go the way of their sum, of squared ``length``, and the first of them."""
    agree, first = 0, -1
    for i in range(low, high + 1):
        if work.odd[i]:
            dot = ZERO
            for b in range(work.total.shape[0]):
                dot += work.white[b, i] * work.total[b]
            if dot * (high + 1 - low) > AGREE * length:
                agree += 1
                first = i if first < 0 else first
    return agree, first


@step
def _keep_after(work: Work, low: int, high: int) -> None:
    """Mean whitened spectrum, without the common mode, of the odd looks low..high."""
    for b in range(work.level.shape[0]):
        total, count = ZERO, ZERO
        for i in range(low, high + 1):
            if work.odd[i]:
                total += work.left[b, i] + work.model[b, i]
                count += ONE
        work.after[b] = total / max(count, ONE)


@inlined
def _tells(rule: Rule, work: Work, i: int, spread: float) -> bool:
    """Whether the changed surface, seen at look i, would have been odd: only then does a normal look speak for recovery."""
    for b in range(work.level.shape[0]):
        work.vector[b, 0] = work.after[b] - work.model[b, i] - work.level[b]
    return _distance(work, work.vector, 0, i, spread) > rule.look_limit


@step
def _learn_past(rule: Rule, work: Work, past: int) -> tuple[float, float, int]:
    """Level and noise over the history: noise factor, correlation of one look with the next (0..0.9), last look tracked."""
    spread, own, cross, last = 1.0, TINY, ZERO, 0
    for b in range(work.level.shape[0]):
        work.level[b] = ZERO
    for i in range(past):
        _assess(rule, work, i, max(spread, 1.0))
        if i > 0:
            for b in range(work.level.shape[0]):
                own += work.white[b, i] * work.white[b, i]
                cross += work.white[b, i] * work.white[b, i - 1]
        gone = i - rule.window
        if gone >= 0 and not work.odd[gone]:
            _track(rule, work, gone, last)
            spread += SPREAD_GAIN * (work.weight[gone] - spread)
            last = gone
    return spread, min(max(float(cross / own), 0.0), 0.9), last


@step
def _confirm(rule: Rule, work: Work, begin: int, n: int, state: tuple[float, float, int]) -> tuple[int, int, float, float]:
    """Go on from look ``begin`` to the first confirmation: confirming look (n = none), first odd look, distance, noise factor."""
    spread, alike, last = state
    best = 0.0
    work.total[:] = ZERO
    for i in range(begin, n):
        _assess(rule, work, i, max(spread, 1.0))
        gone = i - rule.window
        if gone >= 0 and not work.odd[gone]:
            _track(rule, work, gone, last)
            spread += SPREAD_GAIN * (work.weight[gone] - spread)
            last = gone
        low = max(begin, i + 1 - rule.window)
        length = _slide(work, i, low - 1 if low > begin else -1)
        distance = length / (i + 1 - low) / (1.0 + (i - low) * alike)
        if distance > rule.window_limit:
            agree, first = _agree(work, low, i, length)
            if agree >= rule.need:
                _keep_after(work, low, i)
                return i, first, distance, spread
        best = max(best, distance)
    return n, -1, best, spread


@step
def _recover(rule: Rule, work: Work, begin: int, n: int, spread: float) -> int:
    """Go on from look ``begin`` after a confirmed change: the look at which it has recovered, n = never."""
    calm, since = 0, begin
    for i in range(begin, n):
        _assess(rule, work, i, spread)
        if work.odd[i]:
            calm = 0
        elif _tells(rule, work, i, spread):
            since = i if calm == 0 else since
            calm += 1
            if calm >= rule.recover_looks and work.day[i] - work.day[since] >= rule.recover_days:
                return i
    return n


@step
def _watch(rule: Rule, work: Work, past: int, n: int) -> tuple[int, int, float, bool]:
    """Go through all clear looks once: first odd look and confirming look (-1 = none), statistic, recovered."""
    spread, alike, last = _learn_past(rule, work, past)
    begin, recovered = past, False
    while True:
        confirmed, first, distance, spread = _confirm(rule, work, begin, n, (spread, alike, last))
        if confirmed == n:
            return -1, -1, math.sqrt(distance), recovered
        back = _recover(rule, work, confirmed + 1, n, max(spread, 1.0))
        if back == n:
            return first, confirmed, math.sqrt(distance), False
        begin, last, recovered = back + 1, back, True


@step
def _terms(rule: Rule, work: Work, past: int) -> int:
    """How many harmonic terms the history carries; 0 = too short."""
    span = work.day[past - 1] - work.day[0] if past > 0 else ZERO
    if past >= rule.looks_two and span >= rule.season_days:
        return 5
    if past >= rule.looks_one and span >= rule.season_days:
        return 3
    return 1 if past >= rule.looks_mean else 0


@step
def _past(basis: Basis, work: Work, n: int) -> int:
    """How many of the n clear looks are history."""
    past = 0
    while past < n and work.at[past] < basis.history:
        past += 1
    return past


@step
def _monitor_pixel(series: Series, basis: Basis, rule: Rule, work: Work, answer: Answer, p: int) -> int:
    """Everything for pixel p; the reason for which it has no answer, or OK."""
    n = _gather(series, basis, work, p)
    past = _past(basis, work, n)
    answer.clear_looks[p] = n - past
    if n - past < rule.need:
        return TOO_FEW_LOOKS
    terms = _terms(rule, work, past)
    if terms == 0:
        return SHORT_HISTORY
    if not _fit(work, past, terms):
        return MODEL_FAILED
    _expect(work, n, terms)
    _covariance(work, basis.noise, PRIOR_LOOKS, past, terms)
    for b in range(work.seen.shape[0]):
        work.noise[b, b] += np.float32(rule.floor**2 + (rule.floor_share * work.coef[b, 0]) ** 2)
    if not _cholesky(work.noise, work.seen.shape[0]):
        return MODEL_FAILED
    _whiten(rule, work, n, past, terms)
    first, confirmed, statistic, recovered = _watch(rule, work, past, n)
    answer.statistic[p] = statistic
    answer.recovered[p] = recovered
    if confirmed >= 0:
        answer.first[p] = work.at[first]
        answer.confirmed[p] = work.at[confirmed]
    for i in range(past, n):
        answer.anomalous[p, work.at[i]] = work.odd[i]
    return OK


@compiled
def monitor_block(series: Series, basis: Basis, rule: Rule, work: Work, answer: Answer) -> None:
    """Monitor every pixel of a block; ``answer`` is filled in place."""
    for p in range(series.values.shape[0]):
        answer.reason[p] = _monitor_pixel(series, basis, rule, work, answer, p)


@compiled
def learn_block(series: Series, basis: Basis, rule: Rule, work: Work, coef: F32, noise: F32) -> None:
    """Fit the history of every pixel: ``coef`` (pixel, band, term), NaN without a model, and ``noise`` (pixel, band), variance."""
    for p in range(series.values.shape[0]):
        past = _past(basis, work, _gather(series, basis, work, p))
        terms = _terms(rule, work, past)
        fitted = terms > 0 and _fit(work, past, terms)
        if fitted:
            _expect(work, past, terms)
            _covariance(work, basis.noise, ZERO, past, terms)
        for b in range(coef.shape[1]):
            noise[p, b] = work.noise[b, b]
            for k in range(coef.shape[2]):
                coef[p, b, k] = work.coef[b, k] if fitted else np.nan
