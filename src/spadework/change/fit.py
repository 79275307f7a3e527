"""What is normal for a pixel: robust harmonic regression of its own history, compiled.

The law of this room's compiled files: numbers only. No threads and no settings objects, and a pixel's fit depends on its
own looks, the shared basis and the rule alone. ``LANES`` pixels are fitted side by side, date by date, and inner loops run
along them; what a pixel cannot use weighs 0 in its sums, which change by nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, ZERO
from spadework.change.compiled import compiled, step
from spadework.change.regress import ENDLESS, TERMS, FitWork, expect, regress, subtract
from spadework.cube import MISSING, NO_METHOD, ONE_HARMONIC, PAIRWISE, SEASON_FREE, TWO_HARMONICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.state import Learnt

FARTHEST = np.float32(32000.0)
"""Residuals are cut there to fit 16 bits."""
BEYOND, HIDDEN = np.int16(32767), np.int16(-32768)
"""Stand where a pixel has no usable look: among looks that are ranked, of which none lies above; among residuals."""
HALF_YEAR, YEAR = np.float32(182.625), np.float32(365.25)


class Series(NamedTuple):
    """Looks of some pixels."""

    look: NDArray[np.int32]
    """(time), numbers of the looks."""
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


class Models(NamedTuple):
    """What the histories of pixels taught; filled in place."""

    coef: F32
    """(pixel, band, term), reflectance x 10,000; unused terms are 0; the history's mean where the method is pairwise."""
    noise: F32
    """(pixel, band), variance of the residuals, 0 without a regression."""
    method: NDArray[np.uint8]
    """(pixel), index into ``cube.METHODS``."""


class Left(NamedTuple):
    """What the models of the pixels between the first pass and the last leave over; filled in place. Pixel p is here at p modulo the length."""

    residual: NDArray[np.int16]
    """(place + 2, column), observed minus expected (model and common mode); HIDDEN where a look is not usable. Band b of the i-th look
    is in column ``b * looks + i``; hidden columns make a multiple of ``twins.SPAN``. The last two rows are nobody's: hidden, and BEYOND all."""
    usable: NDArray[np.bool_]
    """(place, look), clear, with every band."""
    first: int
    """Number of the first look."""


@step
def _gather(series: Series, work: FitWork, start: int) -> int:
    """Copy the looks of up to LANES pixels from number ``start`` on; how many looks."""
    n, end, bands = 0, min(start + LANES, series.clear.shape[1]), len(work.seen)
    for t in range(len(series.clear)):
        clear, usable, any_usable = series.clear[t, start:end], work.usable[n], False
        usable[:] = False
        for lane in range(len(clear)):
            usable[lane] = clear[lane]
            any_usable |= clear[lane]
        if any_usable:
            for b in range(bands):
                _lacking(series.values[t, b, start:end], usable)
            for b in range(bands):
                _copy(series.values[t, b, start:end], usable, work.seen[b, n])
            work.at[n] = series.look[t]
            n += 1
    return n


@step
def _lacking(band: I16, usable: NDArray[np.bool_]) -> None:
    """A pixel (lane) that lacks a band of a look cannot use it."""
    for lane in range(len(band)):
        usable[lane] &= band[lane] != MISSING


@step
def _copy(band: I16, usable: NDArray[np.bool_], seen: I16) -> None:
    """Copy one band of a look (lane) where it is ``usable``."""
    seen[len(band) :] = BEYOND
    for lane in range(len(band)):
        seen[lane] = band[lane] if usable[lane] else BEYOND


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
    work.total[:] = ZERO
    if method == PAIRWISE:
        return
    for i in range(past):
        weight, doubt = work.weight[i], basis.doubt[work.at[i]]
        for lane in range(LANES):
            work.total[lane] += weight[lane] * doubt
        for b in range(len(work.share)):
            left, share = work.left[b, i], work.share[b]
            for lane in range(LANES):
                share[lane] += weight[lane] * left[lane] * left[lane]
    for b in range(len(work.share)):
        for lane in range(LANES):
            work.share[b, lane] /= max(work.total[lane] - np.float32(terms_of(method)), ONE)


@step
def _predict(basis: Basis, work: FitWork, n: int) -> None:
    """Fill ``left`` of the first n looks from ``coef``."""
    for i in range(n):
        expect(work.coef, basis.design, work.at[i], work.model)
        subtract(basis.common[work.at[i]], work.model, work.seen, work.left, i)


@step
def _predict_pairs(basis: Basis, work: FitWork, past: int, n: int) -> None:
    """The same where some pixels are compared look by look."""
    for i in range(n):
        expect(work.coef, basis.design, work.at[i], work.model)
        _recall(basis, work, past, i)
        subtract(basis.common[work.at[i]], work.model, work.seen, work.left, i)


@step
def _hand_over(work: FitWork, models: Models, pixels: NDArray[np.int32], method: int) -> None:
    """Fill ``models`` of those of up to LANES pixels that have the method and were fitted."""
    for lane in range(len(pixels)):
        if work.method[lane] == method and work.fitted[lane]:
            p = pixels[lane]
            models.method[p] = method
            for b in range(len(work.coef)):
                models.noise[p, b] = work.share[b, lane]
                for k in range(TERMS):
                    models.coef[p, b, k] = work.coef[b, k, lane]


@step
def _recollect(work: FitWork, learnt: Learnt, pixels: NDArray[np.int32]) -> None:
    """Fill ``coef`` and ``method`` of up to LANES pixels from what was learnt."""
    work.method[:] = NO_METHOD
    work.coef[:] = ZERO
    for lane in range(len(pixels)):
        p = pixels[lane]
        work.method[lane] = learnt.method[p]
        for b in range(len(work.coef)):
            for k in range(TERMS):
                work.coef[b, k, lane] = np.float32(learnt.coef[p, b, k])


@step
def _leave(work: FitWork, left: Left, pixels: NDArray[np.int32], start: int, n: int) -> None:
    """Fill ``left`` of up to LANES pixels, whatever it held, from look ``start`` of the n gathered on."""
    length, looks = left.usable.shape  # no sign below: nothing is counted from the end
    for lane in range(len(pixels)):
        out = left.usable[pixels[lane] % length]
        out[:] = False
        for i in range(start, n):
            out[np.uint32(work.at[i] - left.first)] = work.usable[np.uint32(i), np.uint32(lane)]
        left.residual[pixels[lane] % length] = HIDDEN
    for b in range(len(work.left)):
        for i in range(start, n):
            residual, usable, whole = work.left[b, i], work.usable[i], work.whole[i]
            for lane in range(LANES):
                cut = np.rint(min(max(residual[lane], -FARTHEST), FARTHEST))
                whole[lane] = cut if usable[lane] else HIDDEN
        for lane in range(len(pixels)):
            row = left.residual[pixels[lane] % length, b * looks : (b + 1) * looks]
            if work.method[lane] != NO_METHOD:
                for i in range(start, n):
                    row[np.uint32(work.at[i] - left.first)] = work.whole[np.uint32(i), np.uint32(lane)]


@step
def _past(basis: Basis, work: FitWork, n: int) -> int:
    """How many of the n looks are the history's."""
    past = 0
    while past < n and work.at[past] < basis.history:
        past += 1
    return past


@step
def _choose(rule: FitRule, work: FitWork) -> None:
    """Fill ``method``."""
    for lane in range(LANES):
        span = work.last[lane] - work.first[lane] if work.past[lane] > 0 else ZERO
        work.method[lane] = _method(rule, work.past[lane], float(span))


@step
def _has(work: FitWork, method: int) -> bool:
    """Whether any of up to LANES pixels has the method."""
    found = False
    for lane in range(LANES):
        found |= work.method[lane] == method
    return found


@compiled
def fit_block(series: Series, basis: Basis, rule: FitRule, work: FitWork, pixels: NDArray[np.int32], models: Models) -> None:
    """Fit the numbered pixels, whose looks ``series`` holds in that order, to their history; ``models`` comes zeroed."""
    for start in range(0, len(pixels), LANES):
        past = _past(basis, work, _gather(series, work, start))
        _count(basis, work, past)
        _choose(rule, work)
        for method in (TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE, PAIRWISE):
            if _has(work, method):
                if method == PAIRWISE:
                    _average(work, past)
                else:
                    regress(basis, work, past, terms_of(method))
                    _predict(basis, work, past)
                _noise(basis, work, past, method)
                _hand_over(work, models, pixels[start : start + LANES], method)


@compiled
def leave_block(series: Series, basis: Basis, work: FitWork, pixels: NDArray[np.int32], learnt: Learnt, left: Left) -> None:
    """Fill ``left`` of the numbered pixels, whose looks ``series`` holds in that order, from what was learnt of them.

    Looks before the first of ``left`` are there for pixels that are compared look by look.
    """
    for begin in range(0, len(pixels), LANES):
        lanes = pixels[begin : begin + LANES]
        n, start = _gather(series, work, begin), 0
        while start < n and work.at[start] < left.first:
            start += 1
        past = _past(basis, work, n)
        _count(basis, work, past)
        _recollect(work, learnt, lanes)
        if _has(work, PAIRWISE):
            _predict_pairs(basis, work, past, n)
        else:
            _predict(basis, work, n)
        _leave(work, left, lanes, start, n)
