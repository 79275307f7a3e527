"""What a pixel's distances are measured by, learnt from its history alone, for LANES pixels side by side, compiled.

Noise is the pixel's own: robust covariance over its history, with the scene's noise as a prior, a floor and the small sample's
allowance. It is the same however many looks are judged by it later.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO, factor_lanes, forward_lanes
from spadework.change.compiled import step
from spadework.change.fit import terms_of
from spadework.change.regress import RIDGE, TERMS
from spadework.change.rows import PARTS
from spadework.change.stand import ALONE, BESIDE
from spadework.cube import PAIRWISE

if TYPE_CHECKING:
    from spadework.change.rows import WhitenWork
    from spadework.change.stand import Whitened

ROUNDS = 3
"""Rounds of reweighting of the noise."""
PRIOR_LOOKS = np.float32(6.0)
"""Weight of the scene's typical noise in a pixel's noise, in looks; and of calm in a season's restlessness."""
SHARED_MOST = np.float32(0.95)
"""Share of a strong common departure that is taken off even where the history did not show how much the pixel takes part."""
SEASON_HALF = np.float32(4.0)
"""Seasonal variance, noise = 1, at which half of the season's forgiveness is granted."""
THIRD = np.float32(1.0 / 3.0)
RESTLESS_MOST = np.float32(9.0)
"""Largest restlessness that one history look adds, noise = 1."""
ALIKE_MOST = np.float32(0.9)


@step
def _begin(by: Whitened, work: WhitenWork) -> None:
    """Fill what each lane is learnt by: its looks, the terms of its model, its least noise, its season."""
    for lane in range(LANES):
        p = work.rows.pixel[lane]
        method = by.fit.method[p]
        work.solved[lane] = True
        work.terms[lane] = terms_of(method)
        work.learnt[lane] = 0 if method == PAIRWISE else work.rows.looks[lane]
        work.gauge.single[lane] = ONE if method == PAIRWISE else ZERO
        for b in range(len(work.least)):
            work.least[b, lane] = np.float32(by.rule.floor**2 + (by.rule.floor_share * by.fit.coef[p, b, 0]) ** 2)
            work.gauge.season[0, b, lane] = ZERO
            for k in range(1, TERMS):
                work.gauge.season[k, b, lane] = by.fit.coef[p, b, k]


@step
def _agreement(by: Whitened, work: WhitenWork, most: int, lag: int) -> None:
    """Fill ``agreement``: robust regression over the history.

    Cauchy weights by the pixel's own distance; a pull to .5 of the weight of one look keeps pixels without a signal near it.
    """
    rows, bands, own, cross = work.rows, len(work.least), work.size, work.total
    far, mine, both = work.trust, work.gain, work.phase[0]
    own[:], cross[:] = np.float32(bands), np.float32(0.5 * bands)
    for j in range(0, most * LANES, LANES):
        far[:], mine[:], both[:] = ZERO, ZERO, ZERO
        for b in range(bands):
            left, common, noise = rows.near[ALONE, b, lag * LANES + j :], rows.common[b, j:], by.typical[b]
            for lane in range(LANES):
                e, c = left[lane], common[lane]
                far[lane] += e * e / noise
                mine[lane] += c * c / noise
                both[lane] += e * c / noise
        for lane in range(LANES):
            weight = ONE / (ONE + far[lane] / np.float32(9 * bands))
            own[lane] += weight * mine[lane]
            cross[lane] += weight * both[lane]
    for lane in range(LANES):
        work.gauge.agreement[lane] = min(max(cross[lane] / own[lane], ZERO), ONE)


@step
def take_off(by: Whitened, work: WhitenWork, most: int, lag: int) -> None:
    """Fill the route beside twins: residual less the part of the twins' common departure that the pixel shares.

    What is within the median's own noise is taken off as far as the history shows the pixel taking part; a strong common
    departure (a sensor step, a flood of light) nearly whole.
    """
    rows, bands, size, part = work.rows, len(work.least), work.size, work.gauge.agreement
    for j in range(0, most * LANES, LANES):
        size[:] = ZERO
        for b in range(bands):
            common, noise = rows.common[b, j:], by.typical[b]
            for lane in range(LANES):
                size[lane] += common[lane] * common[lane] / noise
        for lane in range(LANES):
            far = size[lane] / np.float32(bands)
            size[lane] = part[lane] + max(SHARED_MOST - part[lane], ZERO) * far / (far + ONE)
        for b in range(bands):
            common, late = rows.common[b, j:], lag * LANES + j
            left, out = rows.near[ALONE, b, late:], rows.near[BESIDE, b, late:]
            for lane in range(LANES):
                out[lane] = left[lane] - size[lane] * common[lane]


@step
def _weigh(work: WhitenWork, factor: F32, far: F32) -> None:
    """Fill ``trust`` of the look in ``phase`` after the first round: beyond three sigma it falls with the square of the distance."""
    bands = len(work.phase)
    limit = np.float32(bands + 3.0 * math.sqrt(2.0 * bands))
    forward_lanes(factor, work.phase, bands)
    far[:] = ZERO
    for b in range(bands):
        z = work.phase[b]
        for lane in range(LANES):
            far[lane] += z[lane] * z[lane]
    for lane in range(LANES):
        trust = limit / max(far[lane], limit)
        work.trust[lane] = trust * trust


@step
def _covariance(work: WhitenWork, route: int, most: int, lag: int, first: bool) -> None:
    """Sums of the weighted covariance of a route over the looks learnt from, into ``gauge.noise``; sum of weights into ``total``."""
    x, bands = work.rows.near[route], len(work.least)
    out, count, trust, pull = work.gauge.noise[route], work.total, work.trust, work.gain
    out[:] = ZERO
    count[:] = PRIOR_LOOKS
    trust[:] = ONE
    for i in range(most):
        late = (lag + i) * LANES
        if not first:
            for b in range(bands):
                work.phase[b] = x[b, late : late + LANES]
            _weigh(work, work.factor[route], work.size)
        for lane in range(LANES):
            trust[lane] = trust[lane] if i < work.learnt[lane] else ZERO
            count[lane] += trust[lane]
        for b in range(bands):
            one = x[b, late:]
            for lane in range(LANES):
                pull[lane] = trust[lane] * one[lane]
            for c in range(b + 1):
                total, other = out[b, c], x[c, late:]
                for lane in range(LANES):
                    total[lane] += pull[lane] * other[lane]


@step
def turn_over(factor: F32, out: F32) -> None:
    """Copy a factor (row, column, lane), one over its diagonal for its diagonal."""
    out[:] = factor
    for k in range(len(factor)):
        for lane in range(LANES):
            out[k, k, lane] = ONE / factor[k, k, lane]


@step
def _noise(by: Whitened, work: WhitenWork, route: int, most: int, lag: int) -> None:
    """Robust noise of a route: Cholesky factor into ``gauge.noise`` and ``factor``. Noise learnt from few looks grows."""
    noise, bands = work.gauge.noise[route], len(work.least)
    for turn in range(ROUNDS):
        _covariance(work, route, most, lag, turn == 0)
        for b in range(bands):
            for lane in range(LANES):
                noise[b, b, lane] += by.typical[b] * PRIOR_LOOKS
            for c in range(b + 1):
                for lane in range(LANES):
                    noise[b, c, lane] /= work.total[lane]
            for lane in range(LANES):
                least = work.least[b, lane]
                noise[b, b, lane] += max(np.float32(by.rule.floor_least) * least, least - noise[b, b, lane])
        if turn == ROUNDS - 1:
            for lane in range(LANES):
                past = work.learnt[lane]
                work.size[lane] = by.rule.small[max(past - work.terms[lane], 0)] if past > 0 else ONE
            for b in range(bands):
                for c in range(b + 1):
                    for lane in range(LANES):
                        noise[b, c, lane] *= work.size[lane]
        factor_lanes(noise, bands, work.solved)
        turn_over(noise, work.factor[route])


@step
def _season(work: WhitenWork, most: int) -> None:
    """Fill ``season`` and ``forgiven``."""
    season, design, bands, total = work.gauge.season, work.rows.design, len(work.least), work.total
    for k in range(TERMS):
        forward_lanes(work.factor[ALONE], season[k], bands)
    total[:] = ZERO
    for b in range(bands):
        c1, c2, c3, c4 = season[1, b], season[2, b], season[3, b], season[4, b]
        for j in range(0, most * LANES, LANES):
            d1, d2, d3, d4 = design[1, j:], design[2, j:], design[3, j:], design[4, j:]
            for lane in range(LANES):
                swing = c1[lane] * d1[lane] + c2[lane] * d2[lane] + c3[lane] * d3[lane] + c4[lane] * d4[lane]
                total[lane] += swing * swing
    for lane in range(LANES):
        share = total[lane] / np.float32(work.rows.looks[lane] * bands)
        work.gauge.forgiven[lane] = share / (share + SEASON_HALF)


@step
def _model(work: WhitenWork, most: int) -> None:
    """Fill ``model`` from the normal matrix of the looks of the history."""
    model, design = work.gauge.model, work.rows.design
    model[:] = ZERO
    for j in range(0, most * LANES, LANES):
        for k in range(TERMS):
            one = design[k, j:]
            for m in range(k + 1):
                total, other = model[k, m], design[m, j:]
                for lane in range(LANES):
                    total[lane] += one[lane] * other[lane]
    for k in range(TERMS):
        for lane in range(LANES):
            if k > 0:
                model[k, k, lane] += RIDGE
            if k >= work.terms[lane]:
                model[k, : k + 1, lane] = ZERO
                model[k, k, lane] = ONE
    factor_lanes(model, TERMS, work.solved)
    for k in range(TERMS):
        for lane in range(LANES):
            has = k < work.terms[lane] and work.gauge.single[lane] == ZERO
            model[k, k, lane] = ONE / model[k, k, lane] if has else ZERO


@step
def learn(by: Whitened, work: WhitenWork, most: int, lag: int) -> None:
    """Fill the gauge of the lanes, ``calm`` and ``alike`` excepted, and the route beside twins, from rows of the history."""
    _begin(by, work)
    _agreement(by, work, most, lag)
    take_off(by, work, most, lag)
    for route in (BESIDE, ALONE):
        _noise(by, work, route, most, lag)
    _season(work, most)
    _model(work, most)


@step
def learn_calm(work: WhitenWork, route: int, most: int, lag: int) -> None:
    """Fill ``calm`` of a route from its distances over the history.

    Mean squared distance per band in 16 parts of the year, a third of each neighbour's weight added, with six looks of calm as a prior.
    """
    sums, counts, far, bands, rows = work.sums, work.counts, work.size, len(work.least), work.rows
    sums[:] = ZERO
    counts[:] = ZERO
    for i in range(most):
        far[:] = ZERO
        for b in range(bands):
            z = rows.near[route, b, (lag + i) * LANES :]
            for lane in range(LANES):
                far[lane] += z[lane] * z[lane]
        for lane in range(LANES):
            if i < rows.looks[lane]:
                here = rows.part[i * LANES + lane]
                sums[here, lane] += min(far[lane] / np.float32(bands), RESTLESS_MOST)
                counts[here, lane] += ONE
    for k in range(PARTS):
        before, after = (k - 1) % PARTS, (k + 1) % PARTS
        for lane in range(LANES):
            total = PRIOR_LOOKS + sums[k, lane] + THIRD * (sums[before, lane] + sums[after, lane])
            count = PRIOR_LOOKS + counts[k, lane] + THIRD * (counts[before, lane] + counts[after, lane])
            work.gauge.calm[route, k, lane] = ONE / np.sqrt(max(total / count, ONE))


@step
def learn_alike(work: WhitenWork, route: int, most: int) -> None:
    """Fill ``alike`` of a route from its distances over the history, level and restlessness taken off."""
    rows, own, cross = work.rows, work.size, work.total
    own[:] = TINY
    cross[:] = ZERO
    for i in range(1, most):
        for b in range(len(rows.told)):
            before, here = rows.told[b, (i - 1) * LANES :], rows.told[b, i * LANES :]
            for lane in range(LANES):
                z = here[lane] if i < rows.looks[lane] else ZERO
                own[lane] += z * z
                cross[lane] += z * before[lane]
    for lane in range(LANES):
        work.gauge.alike[route, lane] = min(max(cross[lane] / own[lane], ZERO), ALIKE_MOST)
