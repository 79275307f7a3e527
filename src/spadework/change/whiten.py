"""From residuals to distances of unit noise, along three routes, compiled.

*Beside its twins*: what twins share is taken off. *On its own*: nothing is. *As a field*: nothing shared is taken off, but a
season that comes early, late, strong or not at all is forgiven (rank-one noise terms; Sherman and Morrison 1950).
On every route noise is the pixel's own (robust covariance over its history, with the scene's noise as a prior, a floor and the small
sample's allowance), grows where the year has been restless before, and follows a slow level and restlessness while nothing changes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, ONE, TINY, ZERO, cholesky, combine, forward, squares
from spadework.change.compiled import compiled, step
from spadework.change.fit import Basis, Fit, terms_of
from spadework.change.regress import RIDGE, TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.twins import agreement, line_up, shared
from spadework.cube import NO_METHOD, PAIRWISE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Stand, Whitened, WhitenWork

CAP = np.float32(36.0)
"""Squared distance to which one look is cut: a single leak must not carry a window."""
ROUNDS = 3
"""Rounds of reweighting of the noise."""
PRIOR_LOOKS = np.float32(6.0)
"""Weight of the scene's typical noise in a pixel's noise, in looks; and of calm in a season's restlessness."""
TWIN_LOOKS = 3
"""Twins that must show a look for it to be compared with theirs."""
SHARED_MOST = np.float32(0.95)
"""Share of a strong common departure that is taken off even where the history did not show how much the pixel takes part."""
SEASON_HALF = np.float32(4.0)
"""Seasonal variance, noise = 1, at which half of the season's forgiveness is granted: flat pixels keep their sharpness."""
PARTS = 16
"""Parts of the year whose restlessness is known apart."""
THIRD = np.float32(1.0 / 3.0)
RESTLESS_MOST = np.float32(9.0)
"""Largest restlessness that one history look adds, noise = 1."""
CALM_LOOK = np.float32(15.0)
"""Squared distance below which a look moves level and restlessness."""
LEVEL_MOST, RESTLESS_GAIN = 0.2, np.float32(0.04)
"""Largest gain of one look on the level; gain on the restlessness."""


@step
def _gather(fit: Fit, basis: Basis, work: WhitenWork, p: int) -> tuple[int, int]:
    """Copy the usable looks of pixel p; their number, and that of the history's."""
    n, past = 0, 0
    for t in range(fit.usable.shape[1]):
        if fit.usable[p, t]:
            work.at[n] = t
            n += 1
            past += t < basis.history
    for b in range(fit.left.shape[1]):
        for i in range(n):
            work.left[b, i] = fit.left[p, b, work.at[i]]
    for k in range(TERMS):
        for i in range(n):
            work.design[k, i] = basis.design[k, work.at[i]]
            work.slope[k, i] = basis.slope[k, work.at[i]]
    return n, past


@step
def _take_off(work: WhitenWork, noise: F32, n: int, past: int) -> None:
    """Fill the route beside twins: residual less the part of the twins' common departure that the pixel shares.

    What is within the median's own noise is taken off as far as the history shows the pixel taking part; a strong common
    departure (a sensor step, a flood of light) nearly whole.
    """
    bands = work.left.shape[0]
    part = np.float32(agreement(work.left, work.common, noise, work.at, past))
    for i in range(n):
        size = ZERO
        for b in range(bands):
            size += work.common[b, work.at[i]] * work.common[b, work.at[i]] / noise[b]
        size /= np.float32(bands)
        share = part + max(SHARED_MOST - part, ZERO) * size / (size + ONE)
        for b in range(bands):
            work.z[BESIDE, b, i] = work.left[b, i] - share * work.common[b, work.at[i]]
            work.z[ALONE, b, i] = work.left[b, i]


@step
def _covariance(x: F32, out: F32, weight: F32, typical: F32, past: int) -> None:
    """Weighted covariance of x (band, look) over the first looks, with ``typical`` variance as prior, into the lower half of ``out``."""
    bands = x.shape[0]
    count = PRIOR_LOOKS
    out[:] = ZERO
    for i in range(past):
        count += weight[i]
        for b in range(bands):
            part = weight[i] * x[b, i]
            for c in range(b + 1):
                out[b, c] += part * x[c, i]
    for b in range(bands):
        out[b, b] += typical[b] * PRIOR_LOOKS
        for c in range(b + 1):
            out[b, c] /= count


@step
def _noise(by: Whitened, work: WhitenWork, route: int, past: int, terms: int) -> bool:
    """Robust noise of a route: Cholesky factor into ``work.noise``, the route whitened; False where it has none.

    Looks beyond three sigma lose weight with the square of their distance. Noise learnt from few looks grows.
    """
    x, factor, bands = work.z[route], work.noise[route], work.left.shape[0]
    limit = np.float32(bands + 3.0 * math.sqrt(2.0 * bands))
    work.weight[:past] = ONE
    grow = by.rule.small[max(past - terms, 0)] if past > 0 else ONE
    for turn in range(ROUNDS):
        _covariance(x, factor, work.weight, by.typical, past)
        for b in range(bands):
            least = np.float32(by.rule.floor**2 + (by.rule.floor_share * work.coef[b, 0]) ** 2)
            factor[b, b] += max(np.float32(by.rule.floor_least) * least, least - factor[b, b])
        if turn == ROUNDS - 1:
            factor *= grow
            return cholesky(factor, bands)
        if not cholesky(factor, bands):
            return False
        work.phase[:, :past] = x[:, :past]
        forward(factor, work.phase, bands, past)
        squares(work.far, work.phase, past)
        for i in range(past):
            trust = limit / max(work.far[i], limit)
            work.weight[i] = trust * trust
    return False


@step
def _season(by: Whitened, work: WhitenWork, p: int, n: int, past: int) -> None:
    """Fill ``phase`` and ``swing`` with the season's jitter at each look, whitened; flat pixels get none."""
    bands, terms = work.left.shape[0], terms_of(by.fit.method[p])
    for b in range(bands):
        for k in range(TERMS):
            work.coef[b, k] = by.fit.coef[p, b, k] if k > 0 else ZERO
    forward(work.noise[ALONE], work.coef, bands, TERMS)
    combine(work.phase, work.slope, work.coef, terms, n)
    combine(work.swing, work.design, work.coef, terms, n)
    total = ZERO
    for b in range(bands):
        for i in range(past):
            total += work.swing[b, i] * work.swing[b, i]
    season = total / np.float32(past * bands)
    season /= season + SEASON_HALF
    for b in range(bands):
        for i in range(n):
            work.phase[b, i] *= np.float32(by.rule.phase_days) * season
            work.swing[b, i] *= np.float32(by.rule.amplitude) * season


@step
def _prediction(basis: Basis, work: WhitenWork, n: int, past: int, method: int) -> bool:
    """Fill ``weight`` with one over the deviation of each prediction, noise = 1: the look's doubt, and what the model does not know."""
    terms = terms_of(method)
    for k in range(terms):
        for j in range(k + 1):
            total = ZERO
            for i in range(past):
                total += work.design[k, i] * work.design[j, i]
            work.normal[k, j] = total
        if k > 0:
            work.normal[k, k] += RIDGE
    if not cholesky(work.normal, terms):
        return False
    forward(work.normal, work.design, terms, n)
    for i in range(n):
        work.weight[i] = basis.doubt[work.at[i]] + (ONE if method == PAIRWISE else ZERO)
        if method != PAIRWISE:
            for k in range(terms):
                work.weight[i] += work.design[k, i] * work.design[k, i]
        work.weight[i] = ONE / np.sqrt(work.weight[i])
    return True


@step
def _shrink(x: F32, u: F32, work: WhitenWork, n: int) -> None:
    """Whiten x (band, look), in place, for one more noise term u u' a look.

    (I + u u')^-1/2 x = x - (1 - (1 + u'u)^-1/2) / u'u u u'x.
    """
    work.size[:n] = TINY
    work.dot[:n] = ZERO
    for b in range(u.shape[0]):
        for i in range(n):
            work.size[i] += u[b, i] * u[b, i]
            work.dot[i] += u[b, i] * x[b, i]
    for i in range(n):
        work.dot[i] *= (ONE - ONE / np.sqrt(ONE + work.size[i])) / work.size[i]
    for b in range(u.shape[0]):
        for i in range(n):
            x[b, i] -= work.dot[i] * u[b, i]


@step
def _forgive(work: WhitenWork, n: int) -> None:
    """Fill the route as a field from the one alone, the season's jitter taken out; it stands in where too few twins were seen."""
    work.z[FIELD, :, :n] = work.z[ALONE, :, :n]
    _shrink(work.swing, work.phase, work, n)
    _shrink(work.z[FIELD], work.phase, work, n)
    _shrink(work.z[FIELD], work.swing, work, n)
    for i in range(n):
        if work.twins[work.at[i]] < TWIN_LOOKS:
            for b in range(work.left.shape[0]):
                work.z[BESIDE, b, i] = work.z[FIELD, b, i]


@step
def _restless(part: NDArray[np.int32], work: WhitenWork, z: F32, n: int, past: int) -> None:
    """Divide distances by how restless the pixel's history was at that time of the year, where it was more than noise.

    Mean squared distance per band in 16 parts of the year, a third of each neighbour's weight added, with six looks of calm as a prior.
    """
    sums, counts = np.zeros(PARTS, np.float32), np.zeros(PARTS, np.float32)
    squares(work.far, z, past)
    for i in range(past):
        here = part[work.at[i]]
        sums[here] += min(work.far[i] / np.float32(z.shape[0]), RESTLESS_MOST)
        counts[here] += ONE
    scale = np.empty(PARTS, np.float32)
    for k in range(PARTS):
        before, after = (k - 1) % PARTS, (k + 1) % PARTS
        total = PRIOR_LOOKS + sums[k] + THIRD * (sums[before] + sums[after])
        count = PRIOR_LOOKS + counts[k] + THIRD * (counts[before] + counts[after])
        scale[k] = ONE / np.sqrt(max(total / count, ONE))
    for i in range(n):
        work.dot[i] = scale[part[work.at[i]]]
    for b in range(z.shape[0]):
        for i in range(n):
            z[b, i] *= work.dot[i]


@step
def _follow(by: Whitened, work: WhitenWork, z: F32, n: int) -> None:
    """Take a slow level and restlessness off the distances, in place; both learn from calm looks, the longest window behind."""
    bands, spread, last = z.shape[0], ONE, 0
    work.level[:] = ZERO
    for i in range(n):
        gone = i - by.rule.lag
        if gone >= 0 and work.far[gone] < CALM_LOOK:
            days = by.basis.days[work.at[gone]] - by.basis.days[work.at[last]]
            gain = np.float32(min(1.0 - math.exp(-days / by.rule.track_days), LEVEL_MOST))
            size = ZERO
            for b in range(bands):
                e = work.phase[b, gone] - work.level[b]
                size += e * e
                work.level[b] += gain * e
            spread += RESTLESS_GAIN * (size / np.float32(bands) - spread)
            last = gone
        scale, size = ONE / np.sqrt(max(spread, ONE)), ZERO
        for b in range(bands):
            work.phase[b, i] = z[b, i]
            z[b, i] = (z[b, i] - work.level[b]) * scale
            size += z[b, i] * z[b, i]
        work.far[i] = size
        cut = np.sqrt(min(CAP / max(size, TINY), ONE))
        for b in range(bands):
            z[b, i] *= cut


@step
def _alike(z: F32, past: int) -> float:
    """Correlation of one look with the next over the history, 0..0.9."""
    own, cross = TINY, ZERO
    for i in range(1, past):
        for b in range(z.shape[0]):
            own += z[b, i] * z[b, i]
            cross += z[b, i] * z[b, i - 1]
    return float(min(max(cross / own, ZERO), np.float32(0.9)))


@step
def _whiten_pixel(by: Whitened, work: WhitenWork, p: int) -> tuple[int, int]:
    """Whiten all looks of pixel p along three routes; number of usable looks (0 = failed), and of the history's."""
    n, past = _gather(by.fit, by.basis, work, p)
    method = by.fit.method[p]
    terms, bands = terms_of(method), work.left.shape[0]
    _take_off(work, by.typical, n, past)
    for b in range(bands):
        work.coef[b, 0] = by.fit.coef[p, b, 0]
    learnt = 0 if method == PAIRWISE else past
    for route in (BESIDE, ALONE):
        if not _noise(by, work, route, learnt, terms):
            return 0, past
        forward(work.noise[route], work.z[route], bands, n)
    _season(by, work, p, n, past)
    if not _prediction(by.basis, work, n, past, method):
        return 0, past
    for route in (BESIDE, ALONE):
        for b in range(bands):
            for i in range(n):
                work.z[route, b, i] *= work.weight[i]
    _forgive(work, n)
    for route in range(3):
        _restless(by.part, work, work.z[route], n, past)
        _follow(by, work, work.z[route], n)
    return n, past


@compiled
def whiten_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32], stand: Stand) -> None:
    """Fill ``stand`` for the pixels of a block, from their own residuals and those of their twins; a failed one loses its method."""
    for p in pixels:
        if by.fit.method[p] == NO_METHOD:
            continue
        line_up(by.fit, by.twins[p], by.known, work.stand_in, work.twins)
        shared(by.fit, by.twins[p], work.rows, work.stand_in, work.common)
        n, past = _whiten_pixel(by, work, p)
        if n == 0:
            by.fit.method[p] = NO_METHOD
            continue
        for route in range(3):
            stand.alike[route, p] = _alike(work.z[route], past)
            for b in range(work.left.shape[0]):
                for i in range(past, n):
                    stand.distance[route, p, work.at[i] - by.basis.history, b] = round(work.z[route, b, i] * UNIT)
        stand.factor[p] = work.noise[ALONE]
