"""What is normal for a pixel: robust harmonic regression of its own history, compiled.

The law of this room's compiled files: numbers only. No threads and no settings objects, and a pixel's fit depends on its
own looks, the shared basis and the rule alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, ONE, TINY, ZERO, cholesky, combine, median
from spadework.change.compiled import compiled, step
from spadework.cube import MISSING, NO_METHOD, ONE_HARMONIC, PAIRWISE, SEASON_FREE, TWO_HARMONICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

TERMS = 5
"""A constant, and cosine and sine of the year and of half the year."""
ROUNDS = 4
"""Rounds of reweighting in the robust fit."""
RIDGE = np.float32(0.5)
"""Weight of the pull of each harmonic coefficient to zero, in looks."""
FARTHEST = np.float32(32000.0)
"""Residuals are cut there to fit 16 bits."""
HALF_YEAR, YEAR = np.float32(182.625), np.float32(365.25)


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
    doubt: F32
    """(time), how many times its typical noise variance the whole scene shows in each look, at least 1."""
    history: int
    """Number of looks before the watched period."""


class FitRule(NamedTuple):
    """What a history must have to carry a model."""

    looks_two: int
    looks_one: int
    looks_mean: int
    season_days: float
    season_two_days: float


class Fit(NamedTuple):
    """Models of pixels and what they leave over; filled in place."""

    coef: F32
    """(pixel, band, term), reflectance x 10,000; unused terms are 0; the history's mean where the method is pairwise."""
    noise: F32
    """(pixel, band), variance of the residuals, 0 without a regression."""
    left: NDArray[np.int16]
    """(pixel, band, time), observed minus expected (model and common mode); 0 where a look is not usable."""
    usable: NDArray[np.bool_]
    """(pixel, time), clear, with every band."""
    method: NDArray[np.uint8]
    """(pixel), index into ``cube.METHODS``."""


class FitWork(NamedTuple):
    """Scratch arrays of one pixel, made once a block."""

    at: NDArray[np.int32]
    """(look), time index of each clear look."""
    doubt: F32
    """(look), as in ``Basis``."""
    design: F32
    """(term, look), as in ``Basis``."""
    common: F32
    """(band, band + 1, look), as in ``Basis``."""
    seen: F32
    """(band, look), observed."""
    model: F32
    """(band, look), modelled without the common mode."""
    left: F32
    """(band, look), observed minus expected."""
    weight: F32
    """(look), trust over doubt."""
    spare: F32
    """(look), short-lived."""
    coef: F32
    """(band, term)."""
    normal: F32
    """(term, term), Cholesky factor of the normal matrix."""


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
def _gather(series: Series, basis: Basis, work: FitWork, p: int) -> int:
    """Copy the usable looks of pixel p, and what the basis says of them; their number."""
    n, bands = _find(series, work.at, p), series.values.shape[1]
    for i in range(n):
        work.doubt[i] = basis.doubt[work.at[i]]
    for k in range(basis.design.shape[0]):
        for i in range(n):
            work.design[k, i] = basis.design[k, work.at[i]]
    for b in range(bands):
        for i in range(n):
            work.seen[b, i] = series.values[p, b, work.at[i]]
        for c in range(bands + 1):
            for i in range(n):
                work.common[b, c, i] = basis.common[b, c, work.at[i]]
    return n


@step
def _subtract(work: FitWork, n: int) -> None:
    """Fill ``left`` of the first n looks: observed less the common mode's map of ``model``."""
    bands = work.seen.shape[0]
    for b in range(bands):
        for i in range(n):
            work.left[b, i] = work.seen[b, i] - work.common[b, bands, i]
        for c in range(bands):
            for i in range(n):
                work.left[b, i] -= work.common[b, c, i] * work.model[c, i]


@step
def _reweight(work: FitWork, n: int) -> None:
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
    middle = median(work.spare, n) / max(bands - 0.66, 0.45)
    limit = np.float32((bands + 3.0 * math.sqrt(2.0 * bands)) * max(middle, 1e-6))
    for i in range(n):
        trust = limit / max(work.weight[i], limit)
        work.weight[i] = trust * trust / work.doubt[i]


@step
def _normal(work: FitWork, n: int, terms: int) -> None:
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
def _solve(work: FitWork, terms: int) -> bool:
    """Solve the normal equations, which all bands share, in place; False where they have no solution."""
    if not cholesky(work.normal, terms):
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
def _regress(work: FitWork, n: int, terms: int) -> bool:
    """Robust harmonic regression over the first n clear looks, from the band medians on; False where it fails."""
    for b in range(work.seen.shape[0]):
        for k in range(work.coef.shape[1]):
            work.coef[b, k] = ZERO
        for i in range(n):
            work.spare[i] = work.seen[b, i]
        work.coef[b, 0] = median(work.spare, n)
    for i in range(n):
        work.weight[i] = ONE
    for _ in range(ROUNDS):
        combine(work.model, work.design, work.coef, terms, n)
        _subtract(work, n)
        _reweight(work, n)
        _normal(work, n, terms)
        if not _solve(work, terms):
            return False
    return True


@step
def _variance(work: FitWork, b: int, n: int, terms: int) -> float:
    """Residual variance of band b over the first n looks, as if without doubt."""
    total, count = ZERO, ZERO
    for i in range(n):
        total += work.weight[i] * work.left[b, i] * work.left[b, i]
        count += work.weight[i] * work.doubt[i]
    return float(total / max(count - np.float32(terms), ONE))


@step
def _compare(basis: Basis, work: FitWork, n: int, past: int) -> None:
    """Fill ``model`` of every look with the history look nearest in season, and ``coef`` with the history's mean."""
    for i in range(n):
        best, nearest = YEAR, 0
        for j in range(past):
            apart = abs(basis.days[work.at[i]] - basis.days[work.at[j]]) % YEAR
            apart = min(apart, YEAR - apart)
            if apart < best and (j != i or past == 1):
                best, nearest = apart, j
        for b in range(work.seen.shape[0]):
            work.model[b, i] = work.seen[b, nearest]
    for b in range(work.seen.shape[0]):
        total = ZERO
        for i in range(past):
            total += work.seen[b, i]
        work.coef[b, :] = ZERO
        work.coef[b, 0] = total / np.float32(past)


@step
def _method(rule: FitRule, basis: Basis, work: FitWork, past: int) -> int:
    """What the history carries."""
    span = basis.days[work.at[past - 1]] - basis.days[work.at[0]] if past > 0 else ZERO
    if past >= rule.looks_two and span >= rule.season_two_days:
        return TWO_HARMONICS
    if past >= rule.looks_one and span >= rule.season_days:
        return ONE_HARMONIC
    if past >= rule.looks_mean:
        return SEASON_FREE
    return PAIRWISE if past > 0 else NO_METHOD


@step
def terms_of(method: int) -> int:
    """Harmonic terms of a method; 1 where it has none."""
    if method == TWO_HARMONICS:
        return 5
    return 3 if method == ONE_HARMONIC else 1


@step
def _fit_pixel(series: Series, basis: Basis, rule: FitRule, work: FitWork, fit: Fit, p: int) -> None:
    n = _gather(series, basis, work, p)
    past = 0
    while past < n and work.at[past] < basis.history:
        past += 1
    method = _method(rule, basis, work, past)
    terms = terms_of(method)
    for i in range(n):
        fit.usable[p, work.at[i]] = True
    if method == NO_METHOD:
        return
    if method == PAIRWISE:
        _compare(basis, work, n, past)
    elif _regress(work, past, terms):
        combine(work.model, work.design, work.coef, terms, n)
    else:
        return
    _subtract(work, n)
    fit.method[p] = method
    for b in range(work.seen.shape[0]):
        if method != PAIRWISE:
            fit.noise[p, b] = _variance(work, b, past, terms)
        for k in range(TERMS):
            fit.coef[p, b, k] = work.coef[b, k]
        for i in range(n):
            fit.left[p, b, work.at[i]] = round(min(max(work.left[b, i], -FARTHEST), FARTHEST))


@compiled
def fit_block(series: Series, basis: Basis, rule: FitRule, work: FitWork, fit: Fit) -> None:
    """Fit every pixel of a block; ``fit`` comes zeroed and is filled in place."""
    for p in range(series.values.shape[0]):
        _fit_pixel(series, basis, rule, work, fit, p)
