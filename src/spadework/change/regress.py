"""Robust harmonic regression of LANES pixels side by side, date by date, compiled.

Inner loops run along the pixels; what one cannot use weighs 0 in its sums, which change by nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, TINY, ZERO, Ranks, factor_lanes, rank_lanes, solve_lanes
from spadework.change.compiled import step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Basis

TERMS = 5
"""A constant, and cosine and sine of the year and of half the year."""
ROUNDS = 4
"""Rounds of reweighting in the robust fit."""
RIDGE = np.float32(0.5)
"""Weight of the pull of each harmonic coefficient to zero, in looks."""
TOGETHER = 4
"""Columns of the common mode's map that one loop takes off."""
ENDLESS = np.float32(np.inf)
"""Distance of a look that a pixel cannot use: its weight is 0."""


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
    total: F32
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
def expect(coef: F32, design: F32, t: int, model: F32) -> None:
    """Fill the bands of ``model`` from ``coef`` (band, term, lane) and time t of ``design`` (term, time)."""
    one, cosine, sine, cosine_half, sine_half = design[0, t], design[1, t], design[2, t], design[3, t], design[4, t]
    for b in range(len(coef)):
        out, c0, c1, c2, c3, c4 = model[1 + b], coef[b, 0], coef[b, 1], coef[b, 2], coef[b, 3], coef[b, 4]
        for lane in range(LANES):
            year = c0[lane] * one + c1[lane] * cosine + c2[lane] * sine
            out[lane] = year + c3[lane] * cosine_half + c4[lane] * sine_half


@step
def subtract(common: F32, model: F32, seen: I16, left: F32, i: int) -> None:
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
    work.total[:] = ZERO
    for i in range(past):
        expect(work.coef, basis.design, work.at[i], work.model)
        subtract(basis.common[work.at[i]], work.model, work.seen, work.left, i)
        weight = work.weight[i]
        for lane in range(LANES):
            work.total[lane] += weight[lane]
        for b in range(len(work.share)):
            left, plain, model, share = work.left[b, i], work.plain[b, i], work.model[1 + b], work.share[b]
            for lane in range(LANES):
                plain[lane] = left[lane] + model[lane]
                share[lane] += weight[lane] * left[lane] * left[lane]
    for b in range(len(work.share)):
        for lane in range(LANES):
            work.share[b, lane] = work.total[lane] / (work.share[b, lane] + TINY)


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
def regress(basis: Basis, work: FitWork, past: int, terms: int) -> None:
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
