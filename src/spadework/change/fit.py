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
    """Looks of some pixels."""

    values: NDArray[np.int16]
    """(time, band, pixel), reflectance x 10,000."""
    clear: NDArray[np.bool_]
    """(time, pixel), True = usable."""


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
    usable: NDArray[np.bool_]
    """(look, lane), True where the pixel can use the look."""
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
    whole: I16
    """(look, lane), ``left`` of one band, rounded, 0 where not usable."""
    ranks: Ranks
    """For medians."""
    coef: F32
    """(band, term, lane)."""
    pull: F32
    """(2, lane), ``weight`` times one term, of two looks."""
    normal: F32
    """(term, term, lane), Cholesky factor of the normal matrix."""


@step
def _gather(series: Series, work: FitWork, start: int) -> int:
    """Copy the looks of up to LANES pixels from number ``start`` on; how many looks."""
    n, end = 0, min(start + LANES, series.clear.shape[1])
    for t in range(len(series.clear)):
        clear, usable = series.clear[t, start:end], work.usable[n]
        usable[:] = False
        for lane in range(len(clear)):
            usable[lane] = clear[lane]
        if usable.any():
            _copy(series.values[t, :, start:end], usable, work.seen[:, n])
            work.at[n] = t
            n += 1
    return n


@step
def _copy(values: I16, usable: NDArray[np.bool_], seen: I16) -> None:
    """Copy one look (band, lane) where it is ``usable``; a pixel that lacks a band cannot use it."""
    for b in range(len(values)):
        band = values[b]
        for lane in range(len(band)):
            usable[lane] &= band[lane] != MISSING
    for b in range(len(values)):
        band, out = values[b], seen[b]
        out[len(band) :] = BEYOND
        for lane in range(len(band)):
            out[lane] = band[lane] if usable[lane] else BEYOND


@step
def _count(basis: Basis, work: FitWork, past: int) -> None:
    """Fill ``past``, ``first`` and ``last`` from the looks of the history."""
    work.past[:] = 0
    work.first[:] = ENDLESS
    work.last[:] = -ENDLESS
    for i in range(past):
        day, usable = basis.days[work.at[i]], work.usable[i]
        for lane in range(LANES):
            work.past[lane] += usable[lane]
            work.first[lane] = min(work.first[lane], day if usable[lane] else ENDLESS)
            work.last[lane] = max(work.last[lane], day if usable[lane] else -ENDLESS)


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
def _expect(coef: F32, design: F32, t: int, model: F32) -> None:
    """Fill the bands of ``model`` from ``coef`` (band, term, lane) and time t of ``design`` (term, time)."""
    one, cosine, sine, cosine_half, sine_half = design[0, t], design[1, t], design[2, t], design[3, t], design[4, t]
    for b in range(len(coef)):
        out, c0, c1, c2, c3, c4 = model[1 + b], coef[b, 0], coef[b, 1], coef[b, 2], coef[b, 3], coef[b, 4]
        for lane in range(LANES):
            year = c0[lane] * one + c1[lane] * cosine + c2[lane] * sine
            out[lane] = year + c3[lane] * cosine_half + c4[lane] * sine_half


@step
def _subtract(common: F32, model: F32, seen: I16, left: F32, i: int) -> None:
    """Fill ``left`` of look i: observed less its common mode's map (band, column) of ``model``, ``TOGETHER`` columns at a time."""
    for b in range(len(left)):
        out, row = left[b, i], seen[b, i]
        for lane in range(LANES):
            out[lane] = np.float32(row[lane])
        for c in range(0, common.shape[1], TOGETHER):
            s0, s1, s2, s3 = common[b, c], common[b, c + 1], common[b, c + 2], common[b, c + 3]
            m0, m1, m2, m3 = model[c], model[c + 1], model[c + 2], model[c + 3]
            for lane in range(LANES):
                out[lane] = out[lane] - s0 * m0[lane] - s1 * m1[lane] - s2 * m2[lane] - s3 * m3[lane]


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
            work.weight[i, lane] = ONE if work.usable[i, lane] else ZERO
    work.weight[past] = ZERO
    work.plain[:, past] = ZERO


@step
def _residuals(basis: Basis, work: FitWork, past: int) -> None:
    """Fill ``left`` and ``plain`` of the first looks, and ``share``."""
    work.share[:] = ZERO
    work.count[:] = ZERO
    for i in range(past):
        _expect(work.coef, basis.design, work.at[i], work.model)
        _subtract(basis.common[work.at[i]], work.model, work.seen, work.left, i)
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
        far, usable, doubt = work.far[i], work.usable[i], basis.doubt[work.at[i]]
        for lane in range(LANES):
            far[lane] = ZERO if usable[lane] else ENDLESS
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
def _weigh(basis: Basis, work: FitWork, past: int) -> None:
    """Weights of the first looks: 1 / doubt near the fit, falling with the square of the distance beyond the limit."""
    for i in range(past):
        weight, far, doubt = work.weight[i], work.far[i], basis.doubt[work.at[i]]
        for lane in range(LANES):
            trust = work.limit[lane] / max(far[lane], work.limit[lane])
            weight[lane] = trust * trust / doubt


@step
def _sums(basis: Basis, work: FitWork, past: int, terms: int) -> None:
    """Sums of the weighted ridge least squares of the looks without their common mode, into ``normal`` and ``coef``.

    Looks are added two at a time; behind an odd number of them comes one that weighs nothing.
    """
    work.normal[:] = ZERO
    work.coef[:] = ZERO
    pull, pull_next = work.pull[0], work.pull[1]
    for i in range(0, past, 2):
        weight, weight_next = work.weight[i], work.weight[i + 1]
        design, design_next = basis.design[:, work.at[i]], basis.design[:, work.at[i + 1]]
        for k in range(terms):
            here, here_next = design[k], design_next[k]
            for lane in range(LANES):
                pull[lane] = weight[lane] * here
                pull_next[lane] = weight_next[lane] * here_next
            for j in range(k + 1):
                normal, there, there_next = work.normal[k, j], design[j], design_next[j]
                for lane in range(LANES):
                    normal[lane] = normal[lane] + pull[lane] * there + pull_next[lane] * there_next
            for b in range(len(work.coef)):
                coef, plain, plain_next = work.coef[b, k], work.plain[b, i], work.plain[b, i + 1]
                for lane in range(LANES):
                    coef[lane] = coef[lane] + pull[lane] * plain[lane] + pull_next[lane] * plain_next[lane]
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
        _weigh(basis, work, past)
        _sums(basis, work, past, terms)
        factor_lanes(work.normal, terms, work.fitted)
        for b in range(len(work.coef)):
            solve_lanes(work.normal, work.coef[b], terms)


@step
def _nearest(basis: Basis, work: FitWork, past: int, i: int, lane: int) -> int:
    """The look of a pixel's history that is nearest in season to look i, another one where it can be."""
    best, nearest = YEAR, 0
    for j in range(past):
        if work.usable[j, lane]:
            apart = abs(basis.days[work.at[i]] - basis.days[work.at[j]]) % YEAR
            apart = min(apart, YEAR - apart)
            if apart < best and (j != i or work.past[lane] == 1):
                best, nearest = apart, j
    return nearest


@step
def _recall(basis: Basis, work: FitWork, past: int, i: int) -> None:
    """Fill ``model`` of look i with what the history showed in that season, for pixels compared look by look."""
    for lane in range(LANES):
        if work.method[lane] == PAIRWISE and work.usable[i, lane]:
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
                mean[lane] += np.float32(work.seen[b, i, lane]) if work.usable[i, lane] else ZERO
        for lane in range(LANES):
            mean[lane] /= np.float32(work.past[lane])


@step
def _noise(basis: Basis, work: FitWork, past: int, method: int) -> None:
    """Fill ``share`` with the variance of the history's residuals, as if without doubt; 0 without a regression."""
    work.share[:] = ZERO
    work.count[:] = ZERO
    if method == PAIRWISE:
        return
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
            work.share[b, lane] /= max(work.count[lane] - np.float32(terms_of(method)), ONE)


@step
def _predict(basis: Basis, work: FitWork, looks: tuple[int, int], method: int) -> None:
    """Fill ``left`` of all looks."""
    past, n = looks
    for i in range(n):
        if method == PAIRWISE:
            _recall(basis, work, past, i)
        else:
            _expect(work.coef, basis.design, work.at[i], work.model)
        _subtract(basis.common[work.at[i]], work.model, work.seen, work.left, i)


@step
def _hand_over(work: FitWork, fit: Fit, start: int, n: int, method: int) -> None:
    """Fill ``fit`` of the pixels from number ``start`` on that have the method and were fitted."""
    for b in range(len(work.left)):
        for i in range(n):
            left, usable, whole = work.left[b, i], work.usable[i], work.whole[i]
            for lane in range(LANES):
                cut = np.rint(min(max(left[lane], -FARTHEST), FARTHEST))
                whole[lane] = cut if usable[lane] else ZERO
        for lane in range(min(LANES, len(fit.method) - start)):
            if work.method[lane] == method and work.fitted[lane]:
                p = start + lane
                fit.method[p], fit.noise[p, b] = method, work.share[b, lane]
                out = fit.left[p, b]
                for i in range(n):
                    out[work.at[i]] = work.whole[i, lane]
                for k in range(TERMS):
                    fit.coef[p, b, k] = work.coef[b, k, lane]


@step
def _note_usable(work: FitWork, fit: Fit, start: int, n: int) -> None:
    """Fill ``usable`` of the pixels from number ``start`` on."""
    for lane in range(min(LANES, len(fit.method) - start)):
        out = fit.usable[start + lane]
        for i in range(n):
            out[work.at[i]] = work.usable[i, lane]


@step
def _choose(rule: FitRule, work: FitWork) -> None:
    """Fill ``method``."""
    for lane in range(LANES):
        span = work.last[lane] - work.first[lane] if work.past[lane] > 0 else ZERO
        work.method[lane] = _method(rule, work.past[lane], span)


@compiled
def fit_block(series: Series, basis: Basis, rule: FitRule, work: FitWork, fit: Fit) -> None:
    """Fit every pixel of a block; ``fit`` comes zeroed and is filled in place."""
    for start in range(0, len(fit.method), LANES):
        n = _gather(series, work, start)
        past = 0
        while past < n and work.at[past] < basis.history:
            past += 1
        _count(basis, work, past)
        _choose(rule, work)
        _note_usable(work, fit, start, n)
        for method in (TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE, PAIRWISE):
            if (work.method == method).any():
                if method == PAIRWISE:
                    _average(work, past)
                else:
                    _regress(basis, work, past, terms_of(method))
                _predict(basis, work, (past, n), method)
                _noise(basis, work, past, method)
                _hand_over(work, fit, start, n, method)
