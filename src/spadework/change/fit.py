"""What is normal for a pixel: robust harmonic regression of its own history, compiled.

The law of this room's compiled files: numbers only. No threads and no settings objects, and a pixel's fit depends on its
own looks, the shared basis and the rule alone. ``LANES`` pixels are fitted side by side, date by date, and inner loops run
along them; what a pixel cannot use weighs 0 in its sums, which change by nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, TINY, ZERO, Ranks, factor_lanes, rank_lanes, solve_lanes
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
BEYOND, ENDLESS = np.int16(32767), np.float32(np.inf)
"""Stand where a pixel has no usable look: no look that is ranked lies above them, and at that distance the weight is 0."""
TOGETHER = 4
"""Columns of the common mode's map that one loop takes off."""
HALF_YEAR, YEAR = np.float32(182.625), np.float32(365.25)


class Series(NamedTuple):
    """Looks of some pixels, on the cube's grid."""

    values: NDArray[np.int16]
    """(time, band, place), reflectance x 10,000."""
    clear: NDArray[np.bool_]
    """(time, place), True = usable."""
    place: NDArray[np.intp]
    """(pixel), flat places of the pixels."""


class Basis(NamedTuple):
    """What all pixels share."""

    days: F32
    """(time), days since the first look."""
    design: F32
    """(term, time): 1, then cosine and sine of the year, then of half the year."""
    slope: F32
    """(term, time), derivative of ``design`` by day."""
    common: F32
    """(time, band, column): per look, the map from 1 and a modelled spectrum to the one seen by the whole scene; columns of 0
    make a multiple of ``TOGETHER``."""
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
    """Scratch arrays of LANES pixels, made once a block. A look is here a date that at least one of them can use."""

    at: NDArray[np.int32]
    """(look), time index."""
    gap: F32
    """(look, lane), 0 where the pixel can use the look, else ENDLESS."""
    seen: I16
    """(band, look, lane), observed, BEYOND where not usable."""
    past: NDArray[np.int32]
    """(lane), usable looks of the history."""
    first: F32
    """(lane), day of the first of them."""
    last: F32
    """(lane), day of the last of them."""
    method: NDArray[np.uint8]
    """(lane), what the history carries."""
    fitted: NDArray[np.bool_]
    """(lane), False where the normal equations had no solution."""
    model: F32
    """(column, lane), one look modelled without the common mode, as the columns of ``Basis.common``: 1, the bands, then 0."""
    left: F32
    """(band, look, lane), observed minus expected."""
    plain: F32
    """(band, look, lane), observed without the common mode."""
    far: F32
    """(look, lane), squared distance from the fit over doubt, ENDLESS where not usable."""
    weight: F32
    """(look, lane), trust over doubt, 0 where not usable."""
    share: F32
    """(band, lane), one over the typical square of ``left``; before that the sum of squares."""
    count: F32
    """(lane), sum of weights."""
    limit: F32
    """(lane), squared distance from which weights fall."""
    usable: NDArray[np.bool_]
    """(lane), whether the pixel can use one look."""
    whole: I16
    """(lane), ``left`` of one band and look, rounded."""
    ranks: Ranks
    """For medians."""
    coef: F32
    """(band, term, lane)."""
    normal: F32
    """(term, term, lane), Cholesky factor of the normal matrix."""


@step
def _gather(series: Series, work: FitWork, start: int) -> int:
    """Copy the looks of up to LANES pixels from number ``start`` on; how many looks."""
    n, place, usable = 0, series.place[start : start + LANES], work.usable
    usable[:] = False
    for t in range(len(series.clear)):
        clear, any_clear = series.clear[t], False
        for lane in range(len(place)):
            usable[lane] = clear[place[lane]]
            any_clear |= usable[lane]
        if any_clear:
            _copy(series.values[t], place, work, n)
            work.at[n] = t
            n += 1
    return n


@step
def _copy(values: I16, place: NDArray[np.intp], work: FitWork, i: int) -> None:
    """Copy look i from values (band, place) where it is ``usable``; a pixel that lacks a band cannot use it."""
    usable, gap = work.usable, work.gap[i]
    for b in range(len(values)):
        band, seen = values[b], work.seen[b, i]
        for lane in range(len(place)):
            seen[lane] = band[place[lane]]
        for lane in range(LANES):
            usable[lane] &= seen[lane] != MISSING
    for b in range(len(values)):
        seen = work.seen[b, i]
        for lane in range(LANES):
            seen[lane] = seen[lane] if usable[lane] else BEYOND
    for lane in range(LANES):
        gap[lane] = ZERO if usable[lane] else ENDLESS


@step
def _count(basis: Basis, work: FitWork, past: int) -> None:
    """Fill ``past``, ``first`` and ``last`` from the looks of the history."""
    work.past[:] = 0
    work.first[:] = ENDLESS
    work.last[:] = -ENDLESS
    for i in range(past):
        day, gap = basis.days[work.at[i]], work.gap[i]
        for lane in range(LANES):
            work.past[lane] += gap[lane] == ZERO
            work.first[lane] = min(work.first[lane], day + gap[lane])
            work.last[lane] = max(work.last[lane], day - gap[lane])


@step
def _method(rule: FitRule, past: int, span: float) -> int:
    """What so many looks of the history over so many days carry."""
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
def _expect(basis: Basis, work: FitWork, i: int) -> None:
    """Fill ``model`` of look i from ``coef``."""
    design = basis.design[:, work.at[i]]
    one, cosine, sine, cosine_half, sine_half = design[0], design[1], design[2], design[3], design[4]
    for b in range(len(work.coef)):
        model, c0, c1, c2 = work.model[1 + b], work.coef[b, 0], work.coef[b, 1], work.coef[b, 2]
        c3, c4 = work.coef[b, 3], work.coef[b, 4]
        for lane in range(LANES):
            year = c0[lane] * one + c1[lane] * cosine + c2[lane] * sine
            model[lane] = year + c3[lane] * cosine_half + c4[lane] * sine_half


@step
def _subtract(basis: Basis, work: FitWork, i: int) -> None:
    """Fill ``left`` of look i: observed less the common mode's map of ``model``, ``TOGETHER`` of its columns at a time."""
    for b in range(len(work.left)):
        left, seen, share = work.left[b, i], work.seen[b, i], basis.common[work.at[i], b]
        for lane in range(LANES):
            left[lane] = np.float32(seen[lane])
        for c in range(0, len(share), TOGETHER):
            s0, s1, s2, s3 = share[c], share[c + 1], share[c + 2], share[c + 3]
            m0, m1, m2, m3 = work.model[c], work.model[c + 1], work.model[c + 2], work.model[c + 3]
            for lane in range(LANES):
                left[lane] = left[lane] - s0 * m0[lane] - s1 * m1[lane] - s2 * m2[lane] - s3 * m3[lane]


@step
def _start(work: FitWork, past: int) -> None:
    """Begin with the band medians of the history, and one weight for all of its looks."""
    for lane in range(LANES):
        work.fitted[lane], work.ranks.rank[lane] = True, work.past[lane] // 2
    for b in range(len(work.coef)):
        work.coef[b] = ZERO
        rank_lanes(work.seen[b], past, work.ranks)
        for lane in range(LANES):
            work.coef[b, 0, lane] = work.ranks.found[lane]
    for i in range(past):
        for lane in range(LANES):
            work.weight[i, lane] = ONE if work.gap[i, lane] == ZERO else ZERO


@step
def _residuals(basis: Basis, work: FitWork, past: int) -> None:
    """Fill ``left`` and ``plain`` of the first looks, and ``share``."""
    work.share[:] = ZERO
    work.count[:] = ZERO
    for i in range(past):
        _expect(basis, work, i)
        _subtract(basis, work, i)
        weight = work.weight[i]
        for lane in range(LANES):
            work.count[lane] += weight[lane]
        for b in range(len(work.share)):
            left, plain, model, share = work.left[b, i], work.plain[b, i], work.model[1 + b], work.share[b]
            for lane in range(LANES):
                plain[lane] = left[lane] + model[lane]
                share[lane] += weight[lane] * left[lane] * left[lane]
    for b in range(len(work.share)):
        for lane in range(LANES):
            work.share[b, lane] = work.count[lane] / (work.share[b, lane] + TINY)


@step
def _distances(basis: Basis, work: FitWork, past: int) -> None:
    """Fill ``far`` of the first looks, and ``limit``: three sigma beyond the typical."""
    bands = len(work.share)
    for i in range(past):
        far, gap, doubt = work.far[i], work.gap[i], basis.doubt[work.at[i]]
        far[:] = gap
        for b in range(bands):
            left, share = work.left[b, i], work.share[b]
            for lane in range(LANES):
                far[lane] += left[lane] * left[lane] * share[lane]
        for lane in range(LANES):
            far[lane] /= doubt
    rank_lanes(work.far.view(np.int32), past, work.ranks)
    middle = work.ranks.found.view(np.float32)
    for lane in range(LANES):
        typical = max(float(middle[lane]) / max(bands - 0.66, 0.45), 1e-6)
        work.limit[lane] = (bands + 3.0 * math.sqrt(2.0 * bands)) * typical


@step
def _sums(basis: Basis, work: FitWork, past: int, terms: int) -> None:
    """Weights, 1 / doubt near the fit and falling with the square of the distance beyond the limit; and with them the sums
    of the ridge least squares of the looks without their common mode, into ``normal`` and ``coef``."""
    work.normal[:] = ZERO
    work.coef[:] = ZERO
    for i in range(past):
        weight, far, doubt = work.weight[i], work.far[i], basis.doubt[work.at[i]]
        for lane in range(LANES):
            trust = work.limit[lane] / max(far[lane], work.limit[lane])
            weight[lane] = trust * trust / doubt
        for k in range(terms):
            here = basis.design[k, work.at[i]]
            for j in range(k + 1):
                normal, there = work.normal[k, j], basis.design[j, work.at[i]]
                for lane in range(LANES):
                    normal[lane] += weight[lane] * here * there
            for b in range(len(work.coef)):
                coef, plain = work.coef[b, k], work.plain[b, i]
                for lane in range(LANES):
                    coef[lane] += weight[lane] * here * plain[lane]
    for k in range(1, terms):
        for lane in range(LANES):
            work.normal[k, k, lane] += RIDGE


@step
def _regress(basis: Basis, work: FitWork, past: int, terms: int) -> None:
    """Robust harmonic regression over the first looks, into ``coef``."""
    _start(work, past)
    for _ in range(ROUNDS):
        _residuals(basis, work, past)
        _distances(basis, work, past)
        _sums(basis, work, past, terms)
        factor_lanes(work.normal, terms, work.fitted)
        for b in range(len(work.coef)):
            solve_lanes(work.normal, work.coef[b], terms)


@step
def _nearest(basis: Basis, work: FitWork, past: int, i: int, lane: int) -> int:
    """The look of a pixel's history that is nearest in season to look i, another one where it can be."""
    best, nearest = YEAR, 0
    for j in range(past):
        if work.gap[j, lane] == ZERO:
            apart = abs(basis.days[work.at[i]] - basis.days[work.at[j]]) % YEAR
            apart = min(apart, YEAR - apart)
            if apart < best and (j != i or work.past[lane] == 1):
                best, nearest = apart, j
    return nearest


@step
def _recall(basis: Basis, work: FitWork, past: int, i: int) -> None:
    """Fill ``model`` of look i with what the history showed in that season, for pixels compared look by look."""
    for lane in range(LANES):
        if work.method[lane] == PAIRWISE and work.gap[i, lane] == ZERO:
            nearest = _nearest(basis, work, past, i, lane)
            for b in range(len(work.seen)):
                work.model[1 + b, lane] = work.seen[b, nearest, lane]


@step
def _average(work: FitWork, past: int) -> None:
    """Fill ``coef`` with the history's mean."""
    work.fitted[:] = True
    work.coef[:] = ZERO
    for b in range(len(work.coef)):
        mean = work.coef[b, 0]
        for i in range(past):
            for lane in range(LANES):
                mean[lane] += np.float32(work.seen[b, i, lane]) if work.gap[i, lane] == ZERO else ZERO
        for lane in range(LANES):
            mean[lane] /= np.float32(work.past[lane])


@step
def _noise(basis: Basis, work: FitWork, past: int, terms: int) -> None:
    """Fill ``share`` with the variance of the history's residuals, as if without doubt."""
    work.share[:] = ZERO
    work.count[:] = ZERO
    for i in range(past):
        weight, doubt = work.weight[i], basis.doubt[work.at[i]]
        for lane in range(LANES):
            work.count[lane] += weight[lane] * doubt
        for b in range(len(work.share)):
            left, share = work.left[b, i], work.share[b]
            for lane in range(LANES):
                share[lane] += weight[lane] * left[lane] * left[lane]
    for b in range(len(work.share)):
        for lane in range(LANES):
            work.share[b, lane] /= max(work.count[lane] - np.float32(terms), ONE)


@step
def _keep(work: FitWork, fit: Fit, start: int, i: int) -> None:
    """Hand over ``left`` of look i where ``fitted``."""
    gap, whole, t = work.gap[i], work.whole, work.at[i]
    for b in range(len(work.left)):
        left = work.left[b, i]
        for lane in range(LANES):
            cut = min(max(left[lane], -FARTHEST), FARTHEST)
            whole[lane] = np.rint(cut) if gap[lane] == ZERO else ZERO
        for lane in range(min(LANES, len(fit.method) - start)):
            if work.fitted[lane]:
                fit.left[start + lane, b, t] = whole[lane]


@step
def _fit_method(basis: Basis, work: FitWork, fit: Fit, looks: tuple[int, int], start: int, method: int) -> None:
    """Fit the pixels from number ``start`` on that have one method; looks of the history, and all."""
    past, n = looks
    terms = terms_of(method)
    if method == PAIRWISE:
        _average(work, past)
    else:
        _regress(basis, work, past, terms)
    for lane in range(LANES):
        work.fitted[lane] &= work.method[lane] == method
    for i in range(n):
        if method == PAIRWISE:
            _recall(basis, work, past, i)
        else:
            _expect(basis, work, i)
        _subtract(basis, work, i)
        _keep(work, fit, start, i)
    if method != PAIRWISE:
        _noise(basis, work, past, terms)
    for lane in range(LANES):
        if work.fitted[lane]:
            p = start + lane
            fit.method[p] = method
            for b in range(len(work.coef)):
                if method != PAIRWISE:
                    fit.noise[p, b] = work.share[b, lane]
                for k in range(TERMS):
                    fit.coef[p, b, k] = work.coef[b, k, lane]


@compiled
def fit_block(series: Series, basis: Basis, rule: FitRule, work: FitWork, fit: Fit) -> None:
    """Fit every pixel of a block; ``fit`` comes zeroed and is filled in place."""
    for start in range(0, len(series.place), LANES):
        n = _gather(series, work, start)
        past = 0
        while past < n and work.at[past] < basis.history:
            past += 1
        _count(basis, work, past)
        for lane in range(LANES):
            span = work.last[lane] - work.first[lane] if work.past[lane] > 0 else ZERO
            work.method[lane] = _method(rule, work.past[lane], span)
        for i in range(n):
            for lane in range(min(LANES, len(fit.method) - start)):
                fit.usable[start + lane, work.at[i]] = work.gap[i, lane] == ZERO
        for method in (TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE, PAIRWISE):
            if (work.method == method).any():
                _fit_method(basis, work, fit, (past, n), start, method)
