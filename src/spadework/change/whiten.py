"""From residuals to distances of unit noise, along three routes, for LANES pixels side by side, compiled.

*Beside its twins*: what twins share is taken off. *On its own*: nothing is. *As a field*: nothing shared is taken off, but a
season that comes early, late, strong or not at all is forgiven (rank-one noise terms; Sherman and Morrison 1950).
What distances are measured by was learnt from the history (``gauge``). On every route they also follow a slow level and
restlessness while nothing changes, look by look, from wherever that was left.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO, forward_lanes
from spadework.change.compiled import compiled, step
from spadework.change.gauge import learn, learn_alike, learn_calm, take_off, turn_over
from spadework.change.regress import TERMS
from spadework.change.rows import ask_twins, lay_out, lay_out_basis, lay_out_left
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.rows import WhitenWork
    from spadework.change.stand import Followed, Gauge, Stand, Whitened

CAP = np.float32(36.0)
"""Squared distance to which one look is cut: a single leak must not carry a window."""
CALM_LOOK = np.float32(15.0)
"""Squared distance below which a look moves level and restlessness."""
LEVEL_MOST, RESTLESS_GAIN = 0.2, np.float32(0.04)
"""Largest gain of one look on the level; gain on the restlessness."""


def gains(track_days: float) -> NDArray[np.float32]:
    """(days): gain of a look on a level that is tracked with this time constant, so many days after the one before."""
    enough = math.ceil(-track_days * math.log1p(-LEVEL_MOST)) + 1
    return np.array([min(1.0 - math.exp(-days / track_days), LEVEL_MOST) for days in range(enough + 1)], np.float32)


@step
def _predict(work: WhitenWork, most: int) -> None:
    """Fill ``weight`` with one over the deviation of each prediction, noise = 1: the look's doubt, and what the model does not know."""
    rows, model, x = work.rows, work.gauge.model, work.sums
    for j in range(0, most * LANES, LANES):
        for k in range(TERMS):
            x[k] = rows.design[k, j : j + LANES]
        forward_lanes(model, x, TERMS)
        out, doubt, single = rows.weight[j:], rows.doubt[j:], work.gauge.single
        x0, x1, x2, x3, x4 = x[0], x[1], x[2], x[3], x[4]
        for lane in range(LANES):
            known = doubt[lane] + single[lane] + x0[lane] * x0[lane] + x1[lane] * x1[lane]
            out[lane] = ONE / np.sqrt(known + x2[lane] * x2[lane] + x3[lane] * x3[lane] + x4[lane] * x4[lane])


@step
def _whiten(work: WhitenWork, route: int, most: int, lag: int) -> None:
    """Whiten the residuals of a route, in place."""
    near, factor, x, bands = work.rows.near[route], work.factor[route], work.phase, len(work.least)
    for j in range(0, most * LANES, LANES):
        late, weight = lag * LANES + j, work.rows.weight[j:]
        for b in range(bands):
            x[b] = near[b, late : late + LANES]
        forward_lanes(factor, x, bands)
        for b in range(bands):
            out, z = near[b, late:], x[b]
            for lane in range(LANES):
                out[lane] = z[lane] * weight[lane]


@step
def _jitter(work: WhitenWork, basis: F32, j: int, days: float, out: F32) -> None:
    """Fill ``out`` (band, lane) with the season's jitter at one look, whitened, for ``days`` of it on ``basis`` (term, row)."""
    season, share = work.gauge.season, work.gauge.forgiven
    d1, d2, d3, d4 = basis[1, j:], basis[2, j:], basis[3, j:], basis[4, j:]
    for b in range(len(out)):
        c1, c2, c3, c4, jitter = season[1, b], season[2, b], season[3, b], season[4, b], out[b]
        for lane in range(LANES):
            here = c1[lane] * d1[lane] + c2[lane] * d2[lane] + c3[lane] * d3[lane] + c4[lane] * d4[lane]
            jitter[lane] = here * (np.float32(days) * share[lane])


@step
def _lengths(u: F32, size: F32, gain: F32) -> None:
    """Fill ``size`` with u'u and ``gain`` with (1 - (1 + u'u)^-1/2) / u'u, u (band, lane)."""
    size[:] = TINY
    for b in range(len(u)):
        one = u[b]
        for lane in range(LANES):
            size[lane] += one[lane] * one[lane]
    for lane in range(LANES):
        gain[lane] = (ONE - ONE / np.sqrt(ONE + size[lane])) / size[lane]


@step
def _shrink(x: F32, at: int, u: F32, gain: F32, dot: F32) -> None:
    """Whiten the look of x (band, row) at a place, in place, for one more noise term u u', u (band, lane).

    (I + u u')^-1/2 x = x - (1 - (1 + u'u)^-1/2) / u'u u u'x.
    """
    dot[:] = ZERO
    for b in range(len(u)):
        one, other = u[b], x[b, at:]
        for lane in range(LANES):
            dot[lane] += one[lane] * other[lane]
    for lane in range(LANES):
        dot[lane] *= gain[lane]
    for b in range(len(u)):
        one, other = u[b], x[b, at:]
        for lane in range(LANES):
            other[lane] -= dot[lane] * one[lane]


@step
def _forgive(by: Whitened, work: WhitenWork, most: int, lag: int) -> None:
    """Fill the route as a field from the one alone, the season's jitter taken out; it stands in where too few twins were seen."""
    rows, phase, swing = work.rows, work.phase, work.swing
    for j in range(0, most * LANES, LANES):
        late = lag * LANES + j
        _jitter(work, rows.slope, j, by.rule.phase_days, phase)
        _jitter(work, rows.design, j, by.rule.amplitude, swing)
        for b in range(len(phase)):
            rows.near[FIELD, b, late : late + LANES] = rows.near[ALONE, b, late : late + LANES]
        _lengths(phase, work.size, work.gain)
        _shrink(swing, 0, phase, work.gain, work.total)
        _shrink(rows.near[FIELD], late, phase, work.gain, work.total)
        _lengths(swing, work.size, work.gain)
        _shrink(rows.near[FIELD], late, swing, work.gain, work.total)
        few = rows.few[j:]
        for b in range(len(phase)):
            beside, field = rows.near[BESIDE, b, late:], rows.near[FIELD, b, late:]
            for lane in range(LANES):
                beside[lane] = field[lane] if few[lane] else beside[lane]


@step
def _routes(by: Whitened, work: WhitenWork, most: int, lag: int) -> None:
    """Residuals to distances along the three routes."""
    _predict(work, most)
    for route in (BESIDE, ALONE):
        _whiten(work, route, most, lag)
    _forgive(by, work, most, lag)


@step
def _settle(work: WhitenWork, route: int, most: int, lag: int) -> None:
    """Divide the distances of a route by how restless the history was at that time of the year."""
    rows, calm, share = work.rows, work.gauge.calm[route], work.size
    for j in range(0, most * LANES, LANES):
        for lane in range(LANES):
            share[lane] = calm[rows.part[j + lane], lane]
        for b in range(len(work.least)):
            z = rows.near[route, b, lag * LANES + j :]
            for lane in range(LANES):
                z[lane] *= share[lane]


@step
def _move(by: Whitened, work: WhitenWork, route: int, i: int) -> None:
    """Let the look of row i, ``lag`` looks behind, move level and restlessness if it was calm and there is a look i."""
    rows, followed, bands, gone = work.rows, work.followed, len(work.least), i * LANES
    gain, size, most = work.gain, work.size, len(by.rule.gain) - 1
    since, spread = followed.since[route], followed.spread[route]
    for lane in range(LANES):
        day = rows.day[gone + lane]
        last = since[lane] if since[lane] > 0 else day
        here = i < rows.looks[lane]
        calm = here and day > 0 and rows.far[route, gone + lane] < CALM_LOOK
        gain[lane] = by.rule.gain[min(max(day - last, 0), most)] if calm else ZERO
        work.trust[lane] = RESTLESS_GAIN if calm else ZERO
        since[lane] = day if calm else (last if here else since[lane])
    size[:] = ZERO
    for b in range(bands):
        level, z = followed.level[route, b], rows.near[route, b, gone:]
        for lane in range(LANES):
            e = z[lane] - level[lane]
            size[lane] += e * e
            level[lane] += gain[lane] * e
    for lane in range(LANES):
        spread[lane] += work.trust[lane] * (size[lane] / np.float32(bands) - spread[lane])


@step
def _follow(by: Whitened, work: WhitenWork, route: int, most: int, lag: int) -> None:
    """Take a slow level and restlessness off the distances of a route, into ``told``; both learn from calm looks, ``lag`` looks behind."""
    rows, bands, share, size = work.rows, len(work.least), work.total, work.size
    spread = work.followed.spread[route]
    for i in range(most):
        _move(by, work, route, i)
        for lane in range(LANES):
            share[lane] = ONE / np.sqrt(max(spread[lane], ONE))
        size[:] = ZERO
        for b in range(bands):
            level, z, out = work.followed.level[route, b], rows.near[route, b, (lag + i) * LANES :], rows.told[b, i * LANES :]
            for lane in range(LANES):
                out[lane] = (z[lane] - level[lane]) * share[lane]
                size[lane] += out[lane] * out[lane]
        far = rows.far[route, (lag + i) * LANES :]
        for lane in range(LANES):
            far[lane] = size[lane]
            share[lane] = np.sqrt(min(CAP / max(size[lane], TINY), ONE))
        for b in range(bands):
            out = rows.told[b, i * LANES :]
            for lane in range(LANES):
                out[lane] *= share[lane]


@step
def _begin_anew(work: WhitenWork) -> None:
    """Forget what was followed."""
    followed = work.followed
    followed.level[:] = ZERO
    followed.spread[:] = ONE
    followed.since[:] = 0
    followed.near[:] = ZERO
    followed.far[:] = ZERO
    followed.day[:] = 0


@step
def _take_up(work: WhitenWork, lag: int) -> None:
    """Lay the looks that were not followed yet ahead of the rows."""
    rows, followed = work.rows, work.followed
    for i in range(lag):
        late = slice(i * LANES, (i + 1) * LANES)
        rows.day[late] = followed.day[i]
        for route in range(3):
            rows.far[route, late] = followed.far[route, i]
            for b in range(len(work.least)):
                rows.near[route, b, late] = followed.near[route, i, b]


@step
def _leave_off(work: WhitenWork, lag: int) -> None:
    """Keep each lane's last ``lag`` looks, not followed yet."""
    rows, followed = work.rows, work.followed
    for i in range(lag):
        for lane in range(LANES):
            late = (rows.looks[lane] + i) * LANES + lane
            followed.day[i, lane] = rows.day[late]
            for route in range(3):
                followed.far[route, i, lane] = rows.far[route, late]
                for b in range(len(work.least)):
                    followed.near[route, i, b, lane] = rows.near[route, b, late]


@step
def _hand_over(by: Whitened, work: WhitenWork, route: int, lanes: int, stand: Stand) -> None:
    """Write the distances of a route."""
    rows = work.rows
    for lane in range(lanes):
        if work.solved[lane]:
            out = stand.distance[route, rows.pixel[lane]]
            for i in range(rows.looks[lane]):
                j = i * LANES + lane
                for b in range(len(work.least)):
                    out[rows.at[j] - by.basis.history, b] = np.int8(np.rint(rows.told[b, j] * UNIT))


@step
def _keep(work: WhitenWork, lanes: int, lane_rows: F32, out: F32) -> None:
    """Copy (row, lane) to the pixels of ``out`` (row, pixel)."""
    for k in range(len(out)):
        for lane in range(lanes):
            if work.solved[lane]:
                out[k, work.rows.pixel[lane]] = lane_rows[k, lane]


@step
def _flat(a: F32) -> F32:
    return a.reshape((-1, a.shape[-1]))


@compiled
def whiten_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32], gauge: Gauge, begun: Followed, stand: Stand) -> None:
    """Fill ``stand`` for the pixels of a block, from their own residuals and those of their twins; a failed one loses its method."""
    history, times = by.basis.history, by.fit.usable.shape[1]
    lag = len(begun.day)
    block = pixels[by.fit.method[pixels] != NO_METHOD]
    for first in range(0, len(block), LANES):
        group = block[first : first + LANES]
        lanes = len(group)
        ask_twins(by, work.rows, group, (0, times))
        most = lay_out(by, work.rows, lanes, (0, history), lag)
        lay_out_basis(by, work.rows, most, lag)
        lay_out_left(by, work.rows, most, lag, 0)
        learn(by, work, most, lag)
        _routes(by, work, most, lag)
        _begin_anew(work)
        _take_up(work, lag)
        for route in range(3):
            learn_calm(work, route, most, lag)
            _settle(work, route, most, lag)
            _follow(by, work, route, most, lag)
            learn_alike(work, route, most)
        _leave_off(work, lag)
        most = lay_out(by, work.rows, lanes, (history, times), lag)
        lay_out_basis(by, work.rows, most, lag)
        lay_out_left(by, work.rows, most, lag, 0)
        take_off(by, work, most, lag)
        _routes(by, work, most, lag)
        _take_up(work, lag)
        for route in range(3):
            _settle(work, route, most, lag)
            _follow(by, work, route, most, lag)
            _hand_over(by, work, route, lanes, stand)
        for lane in range(lanes):
            if not work.solved[lane]:
                by.fit.method[work.rows.pixel[lane]] = NO_METHOD
        _keep(work, lanes, _flat(work.gauge.noise), _flat(gauge.noise))
        _keep(work, lanes, _flat(work.gauge.alike), _flat(gauge.alike))
