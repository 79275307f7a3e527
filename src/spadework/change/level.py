"""A slow level and restlessness that the distances of LANES pixels side by side follow while nothing changes, look by look, compiled.

Both stay some usable looks behind. What is followed is rounded at each look as it is kept, so that looks may come in any parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, TINY, ZERO
from spadework.change.compiled import step
from spadework.change.looks import late_of
from spadework.change.stand import UNIT
from spadework.change.state import LEVEL_UNIT, NEAR_UNIT, SHARE_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.kept import Slow
    from spadework.change.looks import Lanes, Rows
    from spadework.change.stand import WhitenRule

CAP = np.float32(36.0)
"""Squared distance to which one look is cut: a single leak must not carry a window."""
CALM_LOOK = np.float32(15.0)
"""Squared distance below which a look moves level and restlessness."""
RESTLESS_GAIN = np.float32(0.04)
"""Gain of one look on the restlessness."""
NEAR_MOST, LEVEL_LEAST, LEVEL_MAX = np.float32(127.0), np.float32(-32768.0), np.float32(32767.0)
"""Distances not followed yet, and levels, are cut there, in the units in which they are kept."""


@step
def settle(rows: Rows, route: int, calm: NDArray[np.uint8], p: int, share: F32, most: int) -> None:
    """Divide the distances of a route by how restless the history was at that time of the year.

    That is one over ``calm`` (part, pixel), the first lane being that of pixel p; ``share`` (lane) is scratch.
    """
    near, part, late, lanes = rows.near[route], rows.part, late_of(rows), min(LANES, calm.shape[1] - p)
    for j in range(0, most * LANES, LANES):
        for lane in range(lanes):
            share[lane] = np.float32(calm[np.uint32(part[j + lane]), np.uint32(p + lane)]) / SHARE_UNIT
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
def _move(rows: Rows, slow: Slow, route: int, i: int, lanes: Lanes) -> None:
    """Let level and restlessness of a route learn from the look ``lag`` looks before look i; ``gain`` and ``pull`` say how much."""
    levels, spread, near, size, gain, pull = (
        slow.level[route],
        slow.spread[route],
        rows.near[route],
        lanes.size,
        lanes.gain,
        lanes.pull,
    )
    size[:] = ZERO
    for b in range(len(levels)):
        level, z = levels[b], near[b, i * LANES :]
        for lane in range(LANES):
            e = z[lane] - level[lane]
            size[lane] += e * e
            moved = np.rint((level[lane] + gain[lane] * e) * LEVEL_UNIT)
            level[lane] = min(max(moved, LEVEL_LEAST), LEVEL_MAX) / LEVEL_UNIT
    for lane in range(LANES):
        spread[lane] += pull[lane] * (size[lane] / np.float32(len(levels)) - spread[lane])


@step
def _tell(rows: Rows, slow: Slow, route: int, i: int, lanes: Lanes) -> None:
    """Fill ``told`` and ``calm`` of look i, level and restlessness taken off; its distance is rounded, as it will move them."""
    near, told, size, share, j = rows.near[route], rows.told, lanes.size, lanes.total, i * LANES
    levels, spread, here = slow.level[route], slow.spread[route], late_of(rows) + j
    for lane in range(LANES):
        share[lane] = ONE / np.sqrt(max(spread[lane], ONE))
    size[:] = ZERO
    for b in range(len(levels)):
        level, z, out = levels[b], near[b, here:], told[b, j:]
        for lane in range(LANES):
            out[lane] = (z[lane] - level[lane]) * share[lane]
            size[lane] += out[lane] * out[lane]
            z[lane] = min(max(np.rint(z[lane] * NEAR_UNIT), -NEAR_MOST), NEAR_MOST) / NEAR_UNIT
    calm = rows.calm[route, here:]
    for lane in range(LANES):
        calm[lane] = size[lane] < CALM_LOOK
    _cap(told, j, size)


@step
def follow(rule: WhitenRule, rows: Rows, slow: Slow, lanes: Lanes, at: tuple[int, int]) -> None:
    """Take a slow level and restlessness off the distances of a route, into ``told``; both learn from calm looks, ``lag`` looks behind.

    ``at`` is the route and the most looks that a lane has.
    """
    route, most = at
    since, gains, looks, gain, pull = slow.since[route], rule.gain, rows.looks, lanes.gain, lanes.pull
    for i in range(most):
        days, calms = rows.day[i * LANES :], rows.calm[route, i * LANES :]
        for lane in range(LANES):
            day = days[lane]
            last = since[lane] if since[lane] > 0 else day
            here = i < looks[lane]
            calm = here and day > 0 and calms[lane]
            gain[lane] = gains[min(max(day - last, 0), len(gains) - 1)] if calm else ZERO
            pull[lane] = RESTLESS_GAIN if calm else ZERO
            since[lane] = day if calm else (last if here else since[lane])
        _move(rows, slow, route, i, lanes)
        _tell(rows, slow, route, i, lanes)


@step
def hand_over(rows: Rows, p: int, most: int, lag: int, out: NDArray[np.int8]) -> None:
    """Write what is ``told`` of a route to ``out`` (place, slot, band), the first lane being that of pixel p."""
    bands, whole = len(rows.told), rows.whole
    for b in range(bands):
        z, cut = rows.told[b], whole[b]
        for j in range(most * LANES):
            cut[j] = np.int8(np.rint(z[j] * UNIT))
    for lane in range(LANES):
        if rows.looks[lane] > 0:
            stands = out[(p + lane) % len(out)]
            for i in range(rows.looks[lane]):
                for b in range(bands):
                    stands[lag + i, b] = whole[b, i * LANES + lane]
