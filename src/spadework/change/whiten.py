"""From residuals to distances of unit noise, along three routes, for LANES pixels side by side, compiled.

*Beside its twins*: what twins share is taken off. *On its own*: nothing is. *As a field*: nothing shared is taken off, but a
season that comes early, late, strong or not at all is forgiven (rank-one noise terms; Sherman and Morrison 1950).
What distances are measured by was learnt from the history (``gauge``). On every route they also follow a slow level and
restlessness while nothing changes, look by look, from wherever that was left off.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO, forward_lanes
from spadework.change.compiled import compiled, step
from spadework.change.gauge import (
    PARTS,
    Gauge,
    begin_to_learn,
    learn_agreement,
    learn_alike,
    learn_calm,
    learn_model,
    learn_noise,
    learn_season,
    take_off,
    turn_over,
)
from spadework.change.kept import Followed, Kept, forget, hand_on, kept_of, leave_off, take_up
from spadework.change.looks import DOUBT, SLOPE, Lanes, Rows, ask_twins, lanes_for, lay_out, rows_for
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Stand, Whitened, WhitenRule

CAP = np.float32(36.0)
"""Squared distance to which one look is cut: a single leak must not carry a window."""
CALM_LOOK = np.float32(15.0)
"""Squared distance below which a look moves level and restlessness."""
LEVEL_MOST, RESTLESS_GAIN = 0.2, np.float32(0.04)
"""Largest gain of one look on the level; gain on the restlessness."""

LEARN, JUDGE, KEEP = range(3)
"""Stages of a turn."""


class Turn(NamedTuple):
    """Which looks are judged."""

    first: int
    """0, which learns from the history first; else one of the watched looks, up to which was followed before."""
    last: int
    """The look behind the last."""
    routes: int
    """3, or 1: only beside the twins."""
    keep: bool
    """Whether to keep how far was followed with the last look."""


class WhitenWork(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block."""

    rows: Rows
    lanes: Lanes
    kept: Kept


def whiten_work(times: int, bands: int, lag: int) -> WhitenWork:
    """Scratch arrays for so many looks and bands; level and restlessness stay ``lag`` looks behind."""
    return WhitenWork(rows_for(times, bands, lag), lanes_for(bands, PARTS), kept_of(LANES, bands, lag))


def gains(track_days: float) -> NDArray[np.float32]:
    """(days): gain of a look on a level that is tracked with this time constant, so many days after the one before."""
    enough = math.ceil(-track_days * math.log1p(-LEVEL_MOST)) + 1
    return np.array([min(1.0 - math.exp(-days / track_days), LEVEL_MOST) for days in range(enough + 1)], np.float32)


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
    near, weights, late = rows.near[route], rows.weight, len(rows.day) - len(rows.at)
    for j in range(0, most * LANES, LANES):
        weight = weights[j:]
        for b in range(len(x)):
            one, two = near[b, late + j :], x[b]
            for lane in range(LANES):
                two[lane] = one[lane]
        forward_lanes(factor, x, len(x))
        for b in range(len(x)):
            out, z = near[b, late + j :], x[b]
            for lane in range(LANES):
                out[lane] = z[lane] * weight[lane]


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
def _forgive(rule: WhitenRule, rows: Rows, gauge: Gauge, lanes: Lanes, most: int, routes: int) -> None:
    """Fill the route as a field from the one alone, the season's jitter taken out; it stands in where too few twins were seen.

    If it is not one of the ``routes`` asked for, only where it stands in.
    """
    early, strong, gain, dot, size, phase, swing = (
        lanes.counts[0],
        lanes.counts[1],
        lanes.gain,
        lanes.total,
        lanes.size,
        lanes.one,
        lanes.other,
    )
    late, few = len(rows.day) - len(rows.at), rows.few
    alone, beside, field, design, slope = rows.near[ALONE], rows.near[BESIDE], rows.near[FIELD], rows.basis, rows.basis[SLOPE:]
    for lane in range(LANES):
        early[lane] = np.float32(rule.phase_days) * gauge.forgiven[lane]
        strong[lane] = np.float32(rule.amplitude) * gauge.forgiven[lane]
    for j in range(0, most * LANES, LANES):
        if routes <= FIELD and not few[j : j + LANES].any():
            continue
        _jitter(gauge.season, early, slope, j, phase)
        _jitter(gauge.season, strong, design, j, swing)
        for b in range(len(phase)):
            one, two = alone[b, late + j :], field[b, late + j :]
            for lane in range(LANES):
                two[lane] = one[lane]
        _lengths(phase, size, gain)
        _shrink(swing, 0, phase, gain, dot)
        _shrink(field, late + j, phase, gain, dot)
        _lengths(swing, size, gain)
        _shrink(field, late + j, swing, gain, dot)
        for b in range(len(phase)):
            one, two = beside[b, late + j :], field[b, late + j :]
            for lane in range(LANES):
                one[lane] = two[lane] if few[j + lane] else one[lane]


@step
def _settle(rows: Rows, route: int, calm: F32, share: F32, most: int) -> None:
    """Divide the distances of a route by how restless the history was at that time of the year; ``share`` (lane) is scratch."""
    near, part, late = rows.near[route], rows.part, len(rows.day) - len(rows.at)
    for j in range(0, most * LANES, LANES):
        for lane in range(LANES):
            share[lane] = calm[part[j + lane], lane]
        for b in range(len(near)):
            z = near[b, late + j :]
            for lane in range(LANES):
                z[lane] *= share[lane]


@step
def _cap(told: F32, j: int, size: F32) -> None:
    """Cut the lengths of a look of ``told`` (band, row) whose squares are ``size`` (lane), which is used up."""
    for lane in range(LANES):
        size[lane] = np.sqrt(min(CAP / max(size[lane], TINY), ONE))
    for b in range(len(told)):
        out = told[b, j:]
        for lane in range(LANES):
            out[lane] *= size[lane]


@step
def _follow(rule: WhitenRule, rows: Rows, followed: Followed, lanes: Lanes, at: tuple[int, int]) -> None:
    """Take a slow level and restlessness off the distances of a route, into ``told``; both learn from calm looks, ``lag`` looks behind.

    ``at`` is the route and the most looks that a lane has.
    """
    route, most = at
    spread, since, levels, gains = followed.spread[route], followed.since[route], followed.level[route], rule.gain
    near, told, fars, looks, days = rows.near[route], rows.told, rows.far[route], rows.looks, rows.day
    share, size, gain, pull, late = lanes.total, lanes.size, lanes.gain, lanes.pull, len(rows.day) - len(rows.at)
    bands = len(near)
    for i in range(most):
        j = i * LANES
        for lane in range(LANES):
            day = days[j + lane]
            last = since[lane] if since[lane] > 0 else day
            here = i < looks[lane]
            calm = here and day > 0 and fars[j + lane] < CALM_LOOK
            gain[lane] = gains[min(max(day - last, 0), len(gains) - 1)] if calm else ZERO
            pull[lane] = RESTLESS_GAIN if calm else ZERO
            since[lane] = day if calm else (last if here else since[lane])
        size[:] = ZERO
        for b in range(bands):
            level, z = levels[b], near[b, j:]
            for lane in range(LANES):
                e = z[lane] - level[lane]
                size[lane] += e * e
                level[lane] += gain[lane] * e
        for lane in range(LANES):
            spread[lane] += pull[lane] * (size[lane] / np.float32(bands) - spread[lane])
            share[lane] = ONE / np.sqrt(max(spread[lane], ONE))
        size[:] = ZERO
        for b in range(bands):
            level, z, out = levels[b], near[b, late + j :], told[b, j:]
            for lane in range(LANES):
                out[lane] = (z[lane] - level[lane]) * share[lane]
                size[lane] += out[lane] * out[lane]
        far = fars[late + j :]
        for lane in range(LANES):
            far[lane] = size[lane]
        _cap(told, j, size)


@step
def _hand_over(rows: Rows, solved: NDArray[np.bool_], most: int, history: int, out: NDArray[np.int8]) -> None:
    """Write what is ``told`` of a route to ``out`` (pixel, time watched, band)."""
    bands, whole = len(rows.told), rows.whole
    for b in range(bands):
        z, cut = rows.told[b], whole[b]
        for j in range(most * LANES):
            cut[j] = np.int8(np.rint(z[j] * UNIT))
    for lane in range(LANES):
        if solved[lane]:
            stands = out[rows.pixel[lane]]
            for i in range(rows.looks[lane]):
                t = rows.order[lane, i] - history
                for b in range(bands):
                    stands[t, b] = whole[b, i * LANES + lane]


@step
def _whiten_routes(by: Whitened, rows: Rows, gauge: Gauge, lanes: Lanes, most: int, stage: int) -> None:
    """Whiten the routes beside twins and alone, by a noise that is learnt first or was before."""
    for route in range(2):
        if stage == LEARN:
            learn_noise(by, rows, route, gauge.noise[route], lanes, most)
        turn_over(gauge.noise[route], lanes.factor)
        _whiten(rows, route, lanes.factor, lanes.one, most)


@step
def _close(by: Whitened, work: WhitenWork, group: NDArray[np.int32], kept: Kept) -> None:
    """Keep what was learnt and followed of the lanes whose noise and model had a solution; the others lose their method."""
    own = np.flatnonzero(work.lanes.solved[: len(group)]).astype(np.int32)
    hand_on(work.kept, own, kept, group[own])
    for lane in range(len(group)):
        if not work.lanes.solved[lane]:
            by.fit.method[group[lane]] = NO_METHOD


@compiled
def whiten_block(by: Whitened, work: WhitenWork, pixels: NDArray[np.int32], kept: Kept, stand: Stand, turn: Turn) -> None:
    """Fill ``stand`` for the pixels of a block, from their own residuals and those of their twins; a failed one loses its method.

    A turn that begins with the first look of all learns from the history, and fills ``kept``; any other goes on from it.
    Each step is called from one place alone: where it is called from two, it is compiled twice.
    """
    rows, lanes, gauge, followed, history = work.rows, work.lanes, work.kept.gauge, work.kept.followed, by.basis.history
    block = pixels[by.fit.method[pixels] != NO_METHOD]
    for first in range(0, len(block), LANES):
        group = block[first : first + LANES]
        ask_twins(by, rows, group, (turn.first, turn.last))
        lanes.solved[:] = True
        if turn.first > 0:
            hand_on(kept, group, work.kept, np.arange(len(group)).astype(np.int32))
        else:
            forget(followed)
        for stage in range(JUDGE if turn.first > 0 else LEARN, KEEP):
            looks = (0, history) if stage == LEARN else (max(turn.first, history), turn.last)
            most = lay_out(by, rows, len(group), looks, turn.first)
            if stage == LEARN:
                begin_to_learn(by, rows, gauge, lanes)
                learn_agreement(by.typical, rows, lanes, most, gauge.agreement)
                learn_model(gauge.model, gauge.single, rows.basis, lanes, most)
            take_off(by.typical, gauge.agreement, rows, lanes.size, most)
            _predict(gauge.model, gauge.single, rows, lanes.sums, most)
            _whiten_routes(by, rows, gauge, lanes, most, stage)
            if stage == LEARN:
                learn_season(gauge, lanes.factor, rows, most, lanes.total)
            _forgive(by.rule, rows, gauge, lanes, most, turn.routes)
            take_up(rows, followed)
            for route in range(turn.routes):
                if stage == LEARN:
                    learn_calm(rows.near[route], rows, lanes, most, gauge.calm[route])
                _settle(rows, route, gauge.calm[route], lanes.size, most)
                _follow(by.rule, rows, followed, lanes, (route, most))
                if stage == LEARN:
                    learn_alike(rows, lanes, most, gauge.alike[route])
                else:
                    _hand_over(rows, lanes.solved, most, history, stand.distance[route])
            leave_off(rows, followed)
            if stage == LEARN or turn.keep:
                _close(by, work, group, kept)
