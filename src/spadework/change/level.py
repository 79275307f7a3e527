"""A slow level and restlessness that the distances of LANES pixels side by side follow while nothing changes, look by look, compiled.

Both stay some usable looks behind. What is followed is rounded at each look as it is kept, so that looks may come in any parts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO
from spadework.change.compiled import step
from spadework.change.looks import late_of
from spadework.change.stand import UNIT
from spadework.change.state import LEVEL_UNIT, SHARE_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.kept import Slow
    from spadework.change.looks import Lanes, Rows
    from spadework.change.stand import WhitenRule

CAP = np.float32(36.0)
"""Squared distance to which one look is cut: a single leak must not carry a window."""
CALM_LOOK = np.float32(15.0)
"""Squared distance below which a look moves level and restlessness."""
LEVEL_MOST = 0.2
"""Largest gain of one look on the level."""
RESTLESS_GAIN = 0.04
"""Gain of one look on the restlessness."""
LEVEL_LEAST, LEVEL_MAX = np.float32(-32768.0), np.float32(32767.0)
"""Levels are cut there, in the unit in which they are kept."""


def steady(gain: float, lag: int) -> float:
    """Gain of a look that is heard so many looks late, where ``gain`` would do at once.

    It says how far it lay from the level of its day, which those in between have moved since: at the full gain the level would overshoot.
    """
    return gain / (1.0 + lag * gain)


def gains(track_days: float, lag: int) -> F32:
    """(days): gain of a look, heard ``lag`` looks late, on a level of this time constant, so many days after the one before."""
    enough = math.ceil(-track_days * math.log1p(-LEVEL_MOST)) + 1
    at_once = (min(1.0 - math.exp(-days / track_days), LEVEL_MOST) for days in range(enough + 1))
    return np.array([steady(gain, lag) for gain in at_once], np.float32)


@step
def settle(rows: Rows, route: int, calm: NDArray[np.uint8], p: int, share: F32, most: int) -> None:
    """Divide the distances of a route by how restless the history was at that time of the year.

    That is one over ``calm`` (part, pixel), the first lane being that of pixel p; ``share`` (lane) is scratch.
    """
    near, part, lanes = rows.near[route], rows.part, min(LANES, calm.shape[1] - p)
    for j in range(0, most * LANES, LANES):
        for lane in range(lanes):
            share[lane] = np.float32(calm[np.uint32(part[j + lane]), np.uint32(p + lane)]) / SHARE_UNIT
        for b in range(len(near)):
            z = near[b, j:]
            for lane in range(LANES):
                z[lane] *= share[lane]


@step
def _listen(rule: WhitenRule, rows: Rows, since: NDArray[np.int32], i: int, lanes: Lanes) -> None:
    """Fill ``gain`` and ``pull`` with what the look ``lag`` looks before look i moves level and restlessness by."""
    days, far, looks, gain, pull = rows.day[i * LANES :], rows.far[i * LANES :], rows.looks, lanes.gain, lanes.pull
    gains, restless_gain, most = rule.gain, np.float32(rule.restless_gain), len(rule.gain) - 1
    for lane in range(LANES):
        day = days[lane]
        last = since[lane] if since[lane] > 0 else day
        here = i < looks[lane]
        calm = here and day > 0 and far[lane] < CALM_LOOK
        apart = np.uint32(min(max(day - last, 0), most))  # no sign: nothing is counted from the end
        gain[lane] = gains[apart] if calm else ZERO
        pull[lane] = restless_gain if calm else ZERO
        since[lane] = day if calm else (last if here else since[lane])


@step
def _move(spread: F32, far: F32, bands: int, lanes: Lanes) -> None:
    """Let restlessness (lane) learn from a look whose squared length is ``far``, by ``pull``; fill ``total`` with one over the deviation that it comes to.

    ``gain`` turns into that of a distance as it is told: over the deviation, in 1/16.
    """
    gain, pull, share = lanes.gain, lanes.pull, lanes.total
    for lane in range(LANES):
        restless = max(spread[lane], ONE)
        gain[lane] = gain[lane] * np.sqrt(restless) / UNIT
        spread[lane] += pull[lane] * (far[lane] * restless / np.float32(bands) - spread[lane])
        share[lane] = ONE / np.sqrt(max(spread[lane], ONE))


@step
def _tell(near: F32, told: F32, levels: F32, at: tuple[int, int], lanes: Lanes) -> None:
    """Let levels (band, lane) learn from one look of ``told`` (band, late row), and fill another from ``near`` (band, row), levels taken off.

    ``at`` is the row of both that are there, and the late row of that to be filled. What is told is divided by the deviation that restlessness has
    come to; lengths are cut.
    """
    (row, late), size, share, gain = at, lanes.size, lanes.total, lanes.gain
    size[:] = ZERO
    for b in range(len(told)):
        level, before, z, out = levels[b], told[b, row:], near[b, row:], told[b, late:]
        for lane in range(LANES):
            moved = np.rint((level[lane] + gain[lane] * before[lane]) * LEVEL_UNIT)
            level[lane] = min(max(moved, LEVEL_LEAST), LEVEL_MAX) / LEVEL_UNIT
            e = (z[lane] - level[lane]) * share[lane]
            out[lane] = e
            size[lane] += e * e
    for lane in range(LANES):
        size[lane] = np.sqrt(min(CAP / max(size[lane], TINY), ONE)) * UNIT
    for b in range(len(told)):
        out = told[b, late:]
        for lane in range(LANES):
            out[lane] = np.rint(out[lane] * size[lane])


@step
def _lengths(told: F32, whole: NDArray[np.int8], j: int, far: F32) -> None:
    """Fill ``far`` (lane) with the squared length of a look of ``told`` (band, late row), noise = 1, and ``whole`` with the look."""
    far[:LANES] = ZERO
    for b in range(len(told)):
        z, cut = told[b, j:], whole[b, j:]
        for lane in range(LANES):
            far[lane] += z[lane] * z[lane]
            cut[lane] = np.int8(z[lane])
    for lane in range(LANES):
        far[lane] /= UNIT * UNIT


@step
def follow(rule: WhitenRule, rows: Rows, slow: Slow, lanes: Lanes, at: tuple[int, int]) -> None:
    """Take a slow level and restlessness off the distances of a route, into ``told``; both learn from calm looks, ``lag`` looks behind.

    ``at`` is the route and the most looks that a lane has.
    """
    route, most = at
    levels, spread, near, told, late = slow.level[route], slow.spread[route], rows.near[route], rows.told, late_of(rows)
    for j in range(0, late, LANES):
        _lengths(told, rows.whole, j, rows.far[j:])
    for i in range(most):
        _listen(rule, rows, slow.since[route], i, lanes)
        _move(spread, rows.far[i * LANES :], len(told), lanes)
        _tell(near, told, levels, (i * LANES, late + i * LANES), lanes)
        _lengths(told, rows.whole, late + i * LANES, rows.far[late + i * LANES :])
