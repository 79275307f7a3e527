"""From residuals to distances of unit noise, along three routes, for LANES pixels side by side, compiled.

*Beside its twins*: what twins share is taken off. *On its own*: nothing is. *As a field*: nothing shared is taken off, but a
season that comes early, late, strong or not at all is forgiven (rank-one noise terms; Sherman and Morrison 1950).
What distances are measured by was learnt from the history (``gauge``). On every route they also follow a slow level and
restlessness while nothing changes, look by look (``level``), from wherever that was left off (``kept``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO, forward_lanes
from spadework.change.compiled import compiled, step
from spadework.change.gauge import (
    Gauge,
    begin_to_learn,
    gauge_for,
    learn_agreement,
    learn_alike,
    learn_calm,
    learn_forgiven,
    learn_model,
    learn_noise,
    take_off,
)
from spadework.change.kept import (
    Slow,
    forget,
    hand_over,
    keep_factor,
    keep_share,
    keep_told,
    leave_off,
    slow_for,
    take_factor,
    take_model,
    take_share,
    take_told,
    take_up,
)
from spadework.change.level import follow, settle
from spadework.change.looks import DOUBT, SLOPE, Lanes, Rows, find_looks, lanes_for, lay_out, rows_for
from spadework.change.recent import beside
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, Recent
from spadework.change.state import MODEL_UNIT, NOISE_UNIT, PARTS
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Whitened, WhitenRule

LEARN, JUDGE = range(2)
"""Stages."""


class WhitenWork(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block."""

    rows: Rows
    lanes: Lanes
    gauge: Gauge
    slow: Slow


def whiten_work(looks: int, bands: int, lag: int, first: int) -> WhitenWork:
    """Scratch arrays for so many looks; level and restlessness stay ``lag`` usable looks behind; ``first`` as in ``rows_for``."""
    return WhitenWork(rows_for(looks, bands, lag, first), lanes_for(bands), gauge_for(bands), slow_for(bands))


@step
def _predict(model: F32, single: F32, rows: Rows, x: F32, most: int) -> None:
    """Fill ``weight`` with one over the deviation of each prediction, noise = 1: the look's doubt, and what the model does not know.

    ``x`` (term or more, lane) is scratch.
    """
    basis, weights, x0, x1, x2, x3, x4 = rows.basis, rows.weight, x[0], x[1], x[2], x[3], x[4]
    for j in range(0, most * LANES, LANES):
        for k in range(TERMS):
            one, two = basis[k, j:], x[k]
            for lane in range(LANES):
                two[lane] = one[lane]
        forward_lanes(model, x, TERMS)
        out, doubt = weights[j:], basis[DOUBT, j:]
        for lane in range(LANES):
            known = doubt[lane] + single[lane] + x0[lane] * x0[lane] + x1[lane] * x1[lane]
            out[lane] = ONE / np.sqrt(known + x2[lane] * x2[lane] + x3[lane] * x3[lane] + x4[lane] * x4[lane])


@step
def _whiten(rows: Rows, route: int, factor: F32, x: F32, most: int) -> None:
    """Whiten the residuals of a route, in place; ``x`` (band, lane) is scratch."""
    near, weights = rows.near[route], rows.weight
    for j in range(0, most * LANES, LANES):
        weight = weights[j:]
        for b in range(len(x)):
            one, two = near[b, j:], x[b]
            for lane in range(LANES):
                two[lane] = one[lane]
        forward_lanes(factor, x, len(x))
        for b in range(len(x)):
            out, z = near[b, j:], x[b]
            for lane in range(LANES):
                out[lane] = z[lane] * weight[lane]


@step
def _season(gauge: Gauge) -> None:
    """Turn the coefficients of the season into those over the noise."""
    for k in range(1, TERMS):
        forward_lanes(gauge.factor, gauge.season[k], len(gauge.factor))


@step
def _jitter(season: F32, share: F32, basis: F32, j: int, out: F32) -> None:
    """Fill ``out`` (band, lane) with the season's jitter at one look, whitened: ``share`` (lane) of ``basis`` (term, row)."""
    d1, d2, d3, d4 = basis[1, j:], basis[2, j:], basis[3, j:], basis[4, j:]
    for b in range(len(out)):
        c1, c2, c3, c4, jitter = season[1, b], season[2, b], season[3, b], season[4, b], out[b]
        for lane in range(LANES):
            here = c1[lane] * d1[lane] + c2[lane] * d2[lane] + c3[lane] * d3[lane] + c4[lane] * d4[lane]
            jitter[lane] = here * share[lane]


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
def _forgive(rule: WhitenRule, rows: Rows, gauge: Gauge, lanes: Lanes, most: int) -> None:
    """Fill the route as a field from the one alone, the season's jitter taken out; it stands in where too few twins were seen."""
    early, strong, gain, dot, size, phase, swing = (
        lanes.counts[0],
        lanes.counts[1],
        lanes.gain,
        lanes.total,
        lanes.size,
        lanes.one,
        lanes.other,
    )
    alone, beside, field = rows.near[ALONE], rows.near[BESIDE], rows.near[FIELD]
    few, design, slope = rows.few, rows.basis, rows.basis[SLOPE:]
    for lane in range(LANES):
        early[lane] = np.float32(rule.phase_days) * gauge.forgiven[lane]
        strong[lane] = np.float32(rule.amplitude) * gauge.forgiven[lane]
    for j in range(0, most * LANES, LANES):
        _jitter(gauge.season, early, slope, j, phase)
        _jitter(gauge.season, strong, design, j, swing)
        for b in range(len(phase)):
            one, two = alone[b, j:], field[b, j:]
            for lane in range(LANES):
                two[lane] = one[lane]
        _lengths(phase, size, gain)
        _shrink(swing, 0, phase, gain, dot)
        _shrink(field, j, phase, gain, dot)
        _lengths(swing, size, gain)
        _shrink(field, j, swing, gain, dot)
        for b in range(len(phase)):
            one, two = beside[b, j:], field[b, j:]
            for lane in range(LANES):
                one[lane] = two[lane] if few[j + lane] else one[lane]


# ---------------------------------------------------------------- the stages
@step
def _take_lanes(by: Whitened, at: tuple[int, int], stage: int, taken: NDArray[np.bool_]) -> None:
    """Fill ``taken``: to learn from, pixels that have a model; to judge, those that are measured."""
    taken[:] = False
    for lane in range(at[1] - at[0]):
        p = at[0] + lane
        taken[lane] = by.learnt.method[p] != NO_METHOD if stage == LEARN else by.learnt.measured[p]


@step
def _begin(by: Whitened, work: WhitenWork, at: tuple[int, int], most: int, stage: int) -> None:
    """Learn, or take up, the share in what twins share, and the model."""
    learnt, rows, lanes, gauge = by.learnt, work.rows, work.lanes, work.gauge
    take_model(learnt, at, gauge)
    if stage == LEARN:
        begin_to_learn(by, rows, lanes, at)
        learn_agreement(by.typical, rows, lanes, most, gauge.agreement)
        learn_model(gauge, rows.basis, lanes, most)
        keep_share(gauge.agreement, at, learnt.agreement)
        keep_factor(lanes.normal, MODEL_UNIT, at, learnt.model)
    else:
        take_share(learnt.agreement, at, gauge.agreement)
        take_factor(learnt.model, MODEL_UNIT, at, gauge.model)


@step
def _whiten_routes(by: Whitened, work: WhitenWork, at: tuple[int, int], most: int, stage: int) -> None:
    """Whiten the routes beside twins and alone, by a noise that is learnt, or was; then what forgiveness goes by."""
    learnt, rows, lanes, gauge = by.learnt, work.rows, work.lanes, work.gauge
    for route in range(2):
        if stage == LEARN:
            learn_noise(by, rows, route, gauge.factor, lanes, most)
            keep_factor(lanes.noise, NOISE_UNIT, at, learnt.noise[route])
        else:
            take_factor(learnt.noise[route], NOISE_UNIT, at, gauge.factor)
        _whiten(rows, route, gauge.factor, lanes.one, most)
    _season(gauge)
    if stage == LEARN:
        learn_forgiven(gauge, rows, most, lanes.total)
        keep_share(gauge.forgiven, at, learnt.forgiven)
    else:
        take_share(learnt.forgiven, at, gauge.forgiven)


@step
def _follow_routes(by: Whitened, work: WhitenWork, at: tuple[int, int], most: int, stage: int, recent: Recent) -> None:
    """Settle and follow all three routes, and learn how calm and alike their looks are, or hand over where they stand."""
    learnt, rows, lanes = by.learnt, work.rows, work.lanes
    for route in range(3):
        if stage == LEARN:
            learn_calm(rows.near[route], rows, lanes, most)
            for k in range(PARTS):
                keep_share(lanes.calm[k], at, learnt.calm[route, k])
        settle(rows, route, learnt.calm[route], at[0], lanes.size, most)
        take_told(by.followed.told[route], at, rows)
        follow(by.rule, rows, work.slow, lanes, (route, most))
        keep_told(rows, at, by.followed.told[route])
        if stage == LEARN:
            learn_alike(rows, lanes, most, lanes.pull)
            keep_share(lanes.pull, at, learnt.alike[route])
        else:
            hand_over(rows, at, most, recent.distance[route])


@step
def _close(by: Whitened, at: tuple[int, int], taken: NDArray[np.bool_]) -> None:
    """Those lanes still taken are measured; of the others nothing was learnt."""
    for lane in range(at[1] - at[0]):
        p = at[0] + lane
        by.learnt.measured[p] = taken[lane]
        if not taken[lane]:
            forget(by.learnt, by.followed, (p, p + 1))


@compiled
def stage_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32], recent: Recent, stage: int) -> None:
    """One stage for the pixels of a block, which are consecutive: learn from the history, or judge some looks.

    Each step is called from one place alone, but for small ones: where it is called from two, it is compiled twice.
    """
    rows, lanes = work.rows, work.lanes
    begin = 0
    while begin < len(pixels):
        at = (int(pixels[begin]), int(pixels[begin]) + beside(pixels, begin))
        begin += at[1] - at[0]
        _take_lanes(by, at, stage, lanes.taken)
        if stage == LEARN:
            forget(by.learnt, by.followed, at)
        most = find_looks(by, rows, lanes.taken, at)
        if most > 0:
            take_up(by.followed, by.basis.days, at, rows, work.slow)
            lay_out(by, rows, at[0], most)
            _begin(by, work, at, most, stage)
            take_off(by.typical, work.gauge.agreement, rows, lanes.size, most)
            _predict(work.gauge.model, work.gauge.single, rows, lanes.sums, most)
            _whiten_routes(by, work, at, most, stage)
            _forgive(by.rule, rows, work.gauge, lanes, most)
            _follow_routes(by, work, at, most, stage, recent)
            leave_off(rows, work.slow, at, by.followed)
            if stage == LEARN:
                _close(by, at, lanes.taken)


NOWHERE = Recent(np.zeros((0, 0), np.int16), np.zeros(0, np.int32), np.zeros((3, 0, 0, 0), np.int8))
"""Where looks of the history are told."""


def learn_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32]) -> None:
    """Learn what the pixels of a block are measured by, and follow them to the end of the history.

    Filled are ``by.followed``, and all of ``by.learnt`` but ``method``, ``coef`` and ``twins``.
    """
    stage_block(by, work, pixels, NOWHERE, LEARN)


def whiten_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32], recent: Recent) -> None:
    """Fill ``recent.distance`` of the looks of a part for the pixels of a block, and follow them on."""
    stage_block(by, work, pixels, recent, JUDGE)
