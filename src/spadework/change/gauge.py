"""What a pixel's distances are measured by, learnt from its history alone, for LANES pixels side by side, compiled.

Noise is the pixel's own: robust covariance over its history, with the scene's noise as a prior, a floor and the small sample's
allowance. It grows where the year has been restless before. No later look changes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO, factor_lanes, forward_lanes
from spadework.change.compiled import step
from spadework.change.fit import terms_of
from spadework.change.looks import late_of
from spadework.change.regress import RIDGE, TERMS
from spadework.change.stand import ALONE, BESIDE
from spadework.change.state import PARTS
from spadework.cube import PAIRWISE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.looks import Lanes, Rows
    from spadework.change.stand import Whitened

ROUNDS = 3
"""Rounds of reweighting of the noise."""
PRIOR_LOOKS = np.float32(6.0)
"""Weight of the scene's typical noise in a pixel's noise, in looks; and of calm in a season's restlessness."""
SHARED_MOST = np.float32(0.95)
"""Share of a strong common departure that is taken off even where the history did not show how much the pixel takes part."""
SEASON_HALF = np.float32(4.0)
"""Seasonal variance, noise = 1, at which half of the season's forgiveness is granted: flat pixels keep their sharpness."""
THIRD = np.float32(1.0 / 3.0)
RESTLESS_MOST = np.float32(9.0)
"""Largest restlessness that one history look adds, noise = 1."""
ALIKE_MOST = np.float32(0.9)


class Gauge(NamedTuple):
    """What the distances of LANES pixels are measured by; filled in place."""

    agreement: F32
    """(lane), how much of what its twins share a pixel shows itself, 0..1."""
    factor: F32
    """(band, band, lane), lower Cholesky factor of the noise of a route, one over its diagonal on the diagonal."""
    model: F32
    """(term, term, lane), lower Cholesky factor of the model's normal matrix, one over its diagonal on the diagonal; there 0 for
    terms that the model has not."""
    single: F32
    """(lane), 1 where looks are compared with one look, whose own noise adds to theirs, else 0."""
    season: F32
    """(term, band, lane), coefficients of the season, then over the noise alone; 0 for the mean."""
    forgiven: F32
    """(lane), share of the season's jitter that a field is forgiven, 0..1."""


def gauge_for(bands: int) -> Gauge:
    """Room for so many bands."""

    def flat(*shape: int) -> NDArray[np.float32]:
        return np.zeros((*shape, LANES), np.float32)

    return Gauge(flat(), flat(bands, bands), flat(TERMS, TERMS), flat(), flat(TERMS, bands), flat())


@step
def begin_to_learn(by: Whitened, rows: Rows, lanes: Lanes, at: tuple[int, int]) -> None:
    """Fill what each lane is learnt by: its looks, the terms of its model, its least noise; pixels as in ``kept``."""
    for lane in range(at[1] - at[0]):
        method = by.learnt.method[at[0] + lane]
        lanes.terms[lane] = terms_of(method)
        lanes.learnt[lane] = 0 if method == PAIRWISE else rows.looks[lane]
        for b in range(len(lanes.least)):
            mean = float(by.learnt.coef[at[0] + lane, b, 0])
            lanes.least[b, lane] = np.float32(by.rule.floor**2 + (by.rule.floor_share * mean) ** 2)


@step
def learn_agreement(noise: F32, rows: Rows, lanes: Lanes, most: int, out: F32) -> None:
    """Fill ``out`` with the agreement: robust regression over the history, ``noise`` (band) being the scene's.

    Cauchy weights by the pixel's own distance; a pull to .5 of the weight of one look keeps pixels without a signal near it.
    """
    bands, own, cross = len(noise), lanes.size, lanes.total
    far, mine, both, left, common = lanes.gain, lanes.pull, lanes.one[0], rows.near[ALONE], rows.common
    own[:], cross[:] = np.float32(bands), np.float32(0.5 * bands)
    for j in range(0, most * LANES, LANES):
        far[:], mine[:], both[:] = ZERO, ZERO, ZERO
        for b in range(bands):
            one, other, scale = left[b, j:], common[b, j:], noise[b]
            for lane in range(LANES):
                e, c = one[lane], other[lane]
                far[lane] += e * e / scale
                mine[lane] += c * c / scale
                both[lane] += e * c / scale
        for lane in range(LANES):
            weight = ONE / (ONE + far[lane] / np.float32(9 * bands))
            own[lane] += weight * mine[lane]
            cross[lane] += weight * both[lane]
    for lane in range(LANES):
        out[lane] = min(max(cross[lane] / own[lane], ZERO), ONE)


@step
def take_off(noise: F32, part: F32, rows: Rows, size: F32, most: int) -> None:
    """Fill the route beside twins: residual less the part of the twins' common departure that the pixel shares.

    What is within the median's own noise (band) is taken off as far as the history shows the pixel taking ``part`` (lane); a
    strong common departure (a sensor step, a flood of light) nearly whole. ``size`` (lane) is scratch.
    """
    bands, commons, alone, beside = len(noise), rows.common, rows.near[ALONE], rows.near[BESIDE]
    for j in range(0, most * LANES, LANES):
        size[:] = ZERO
        for b in range(bands):
            common, scale = commons[b, j:], noise[b]
            for lane in range(LANES):
                size[lane] += common[lane] * common[lane] / scale
        for lane in range(LANES):
            far = size[lane] / np.float32(bands)
            size[lane] = part[lane] + max(SHARED_MOST - part[lane], ZERO) * far / (far + ONE)
        for b in range(bands):
            common, left, out = commons[b, j:], alone[b, j:], beside[b, j:]
            for lane in range(LANES):
                out[lane] = left[lane] - size[lane] * common[lane]


@step
def _far(x: F32, at: int, factor: F32, z: F32, far: F32) -> None:
    """Fill ``far`` (lane) with the squared distance of one look of x (band, row); ``z`` (band, lane) is scratch."""
    for b in range(len(x)):
        one, two = x[b, at:], z[b]
        for lane in range(LANES):
            two[lane] = one[lane]
    forward_lanes(factor, z, len(x))
    far[:] = ZERO
    for b in range(len(x)):
        two = z[b]
        for lane in range(LANES):
            far[lane] += two[lane] * two[lane]


@step
def _covariance(x: F32, factor: F32, lanes: Lanes, most: int, turn: int) -> None:
    """Fill ``noise`` with the sums of the weighted covariance of x (band, row), ``total`` with that of weights.

    Looks beyond three sigma by the noise of the turn before, ``factor``, lose weight with the square of their distance.
    """
    out, count, trust, pull, far, learnt, bands = (
        lanes.noise,
        lanes.total,
        lanes.gain,
        lanes.pull,
        lanes.size,
        lanes.learnt,
        len(x),
    )
    limit = np.float32(bands + 3.0 * math.sqrt(2.0 * bands))
    out[:] = ZERO
    far[:] = ZERO
    count[:] = PRIOR_LOOKS
    for i in range(most):
        if turn > 0:
            _far(x, i * LANES, factor, lanes.one, far)
        for lane in range(LANES):
            share = limit / max(far[lane], limit)
            trust[lane] = share * share if i < learnt[lane] else ZERO
            count[lane] += trust[lane]
        for b in range(bands):
            one = x[b, i * LANES :]
            for lane in range(LANES):
                pull[lane] = trust[lane] * one[lane]
            for c in range(b + 1):
                total, two = out[b, c], x[c, i * LANES :]
                for lane in range(LANES):
                    total[lane] += pull[lane] * two[lane]


@step
def _turn_over(factor: F32, out: F32) -> None:
    """Copy a factor (row, column, lane), one over its diagonal for its diagonal; 0 stays 0."""
    for k in range(len(factor)):
        for m in range(k + 1):
            one, other = factor[k, m], out[k, m]
            for lane in range(LANES):
                over = ONE / one[lane] if one[lane] > ZERO else ZERO
                other[lane] = one[lane] if m < k else over


@step
def learn_noise(by: Whitened, rows: Rows, route: int, factor: F32, lanes: Lanes, most: int) -> None:
    """Robust noise of a route: its Cholesky factor into ``noise``, and turned over into ``factor``. Noise learnt from few looks grows."""
    least_share, bands, noise = np.float32(by.rule.floor_least), len(factor), lanes.noise
    for turn in range(ROUNDS):
        _covariance(rows.near[route], factor, lanes, most, turn)
        for lane in range(LANES):
            last = turn == ROUNDS - 1 and lanes.learnt[lane] > 0
            lanes.size[lane] = by.rule.small[max(lanes.learnt[lane] - lanes.terms[lane], 0)] if last else ONE
        for b in range(bands):
            for c in range(b + 1):
                prior = by.typical[b] * PRIOR_LOOKS if c == b else ZERO
                for lane in range(LANES):
                    here = (noise[b, c, lane] + prior) / lanes.total[lane]
                    least = lanes.least[b, lane]
                    floor = max(least_share * least, least - here) if c == b else ZERO
                    noise[b, c, lane] = (here + floor) * lanes.size[lane]
        factor_lanes(noise, bands, lanes.taken)
        _turn_over(noise, factor)


@step
def learn_forgiven(gauge: Gauge, rows: Rows, most: int, total: F32) -> None:
    """Fill ``forgiven`` from the season over the noise; ``total`` (lane) is scratch."""
    season, design, bands = gauge.season, rows.basis, len(gauge.factor)
    total[:] = ZERO
    for b in range(bands):
        c1, c2, c3, c4 = season[1, b], season[2, b], season[3, b], season[4, b]
        for j in range(0, most * LANES, LANES):
            d1, d2, d3, d4 = design[1, j:], design[2, j:], design[3, j:], design[4, j:]
            for lane in range(LANES):
                swing = c1[lane] * d1[lane] + c2[lane] * d2[lane] + c3[lane] * d3[lane] + c4[lane] * d4[lane]
                total[lane] += swing * swing
    for lane in range(LANES):
        share = total[lane] / np.float32(max(rows.looks[lane], 1) * bands)
        gauge.forgiven[lane] = share / (share + SEASON_HALF)


@step
def _pull(model: F32, terms: NDArray[np.int32]) -> None:
    """Add the pull on each harmonic to a normal matrix (term, term, lane); terms that a model has not become rows of the unit matrix."""
    for k in range(TERMS):
        for lane in range(LANES):
            if k > 0:
                model[k, k, lane] += RIDGE
            if k >= terms[lane]:
                for m in range(k + 1):
                    model[k, m, lane] = ONE if m == k else ZERO


@step
def learn_model(gauge: Gauge, design: F32, lanes: Lanes, most: int) -> None:
    """Fill ``normal`` from the looks of the history, with 0 on the diagonal for terms that a model has not; and ``model``."""
    normal, single = lanes.normal, gauge.single
    normal[:] = ZERO
    for j in range(0, most * LANES, LANES):
        for k in range(TERMS):
            one = design[k, j:]
            for m in range(k + 1):
                total, other = normal[k, m], design[m, j:]
                for lane in range(LANES):
                    total[lane] += one[lane] * other[lane]
    _pull(normal, lanes.terms)
    factor_lanes(normal, TERMS, lanes.taken)
    for k in range(TERMS):
        for lane in range(LANES):
            has = k < lanes.terms[lane] and single[lane] == ZERO
            normal[k, k, lane] = normal[k, k, lane] if has else ZERO
    _turn_over(normal, gauge.model)


@step
def learn_calm(near: F32, rows: Rows, lanes: Lanes, most: int) -> None:
    """Fill ``calm`` of a route from its distances (band, row) over the history.

    Mean squared distance per band in 16 parts of the year, a third of each neighbour's weight added, with six looks of calm as a prior.
    """
    sums, counts, far, bands = lanes.sums, lanes.counts, lanes.size, len(near)
    looks, parts = rows.looks, rows.part
    sums[:] = ZERO
    counts[:] = ZERO
    for i in range(most):
        far[:] = ZERO
        for b in range(bands):
            z = near[b, i * LANES :]
            for lane in range(LANES):
                far[lane] += z[lane] * z[lane]
        for lane in range(LANES):
            if i < looks[lane]:
                here = parts[i * LANES + lane]
                sums[here, lane] += min(far[lane] / np.float32(bands), RESTLESS_MOST)
                counts[here, lane] += ONE
    for k in range(PARTS):
        before, after = (k - 1) % PARTS, (k + 1) % PARTS
        for lane in range(LANES):
            total = PRIOR_LOOKS + sums[k, lane] + THIRD * (sums[before, lane] + sums[after, lane])
            count = PRIOR_LOOKS + counts[k, lane] + THIRD * (counts[before, lane] + counts[after, lane])
            lanes.calm[k, lane] = ONE / np.sqrt(max(total / count, ONE))


@step
def learn_alike(rows: Rows, lanes: Lanes, most: int, out: F32) -> None:
    """Fill ``out`` (lane), how alike looks of a route are, from what is ``told`` of it over the history."""
    told, looks, own, cross, late = rows.told, rows.looks, lanes.size, lanes.total, late_of(rows)
    own[:] = TINY
    cross[:] = ZERO
    for i in range(1, most):
        for b in range(len(told)):
            before, here = told[b, late + (i - 1) * LANES :], told[b, late + i * LANES :]
            for lane in range(LANES):
                z = here[lane] if i < looks[lane] else ZERO
                own[lane] += z * z
                cross[lane] += z * before[lane]
    for lane in range(LANES):
        out[lane] = min(max(cross[lane] / own[lane], ZERO), ALIKE_MOST)
