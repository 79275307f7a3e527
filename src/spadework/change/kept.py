"""How lanes come by what is kept of their pixels, and how it goes back there, rounded, compiled.

Lanes are consecutive pixels: from the first of ``at`` to before the last. Loops run along them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, ZERO
from spadework.change.compiled import step
from spadework.change.looks import late_of
from spadework.change.regress import TERMS
from spadework.change.state import LEVEL_UNIT, MOST, NO_LOOK, SHARE_UNIT
from spadework.cube import PAIRWISE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.gauge import Gauge
    from spadework.change.looks import Rows
    from spadework.change.state import Followed, Learnt

    I8 = NDArray[np.int8]
    U8 = NDArray[np.uint8]
    At = tuple[int, int]


class Slow(NamedTuple):
    """How far level and restlessness of LANES pixels were followed, as in ``state.Followed``; scratch."""

    level: F32
    """(route, band, lane), noise = 1."""
    spread: F32
    """(route, lane)."""
    since: NDArray[np.int32]
    """(route, lane)."""


def slow_for(bands: int) -> Slow:
    """Room for so many bands."""
    return Slow(np.zeros((3, bands, LANES), np.float32), np.zeros((3, LANES), np.float32), np.zeros((3, LANES), np.int32))


# ---------------------------------------------------------------- what was learnt
@step
def take_share(kept: U8, at: At, out: F32) -> None:
    """Shares (pixel) into ``out`` (lane)."""
    here = kept[at[0] : at[1]]
    for lane in range(len(here)):
        out[lane] = np.float32(here[lane]) / SHARE_UNIT


@step
def keep_share(x: F32, at: At, kept: U8) -> None:
    """And back."""
    out = kept[at[0] : at[1]]
    for lane in range(len(out)):
        out[lane] = np.uint8(np.rint(x[lane] * SHARE_UNIT))


@step
def take_factor(kept: I16, unit: np.float32, at: At, out: F32) -> None:
    """A factor (below, pixel), in parts of 1/unit, into ``out`` (row, column, lane), with one over its diagonal on the diagonal; 0 stays 0."""
    row, part = 0, ONE / unit
    for k in range(len(out)):
        for m in range(k + 1):
            here, lanes = kept[row, at[0] : at[1]], out[k, m]
            if m < k:
                for lane in range(len(here)):
                    lanes[lane] = np.float32(here[lane]) * part
            else:
                for lane in range(len(here)):
                    lanes[lane] = unit / np.float32(here[lane]) if here[lane] > 0 else ZERO
            row += 1


@step
def keep_factor(factor: F32, unit: np.float32, at: At, kept: I16) -> None:
    """A factor (row, column, lane), its own diagonal on the diagonal, into ``kept`` (below, pixel), in parts of 1/unit."""
    row = 0
    for k in range(len(factor)):
        for m in range(k + 1):
            lanes, out = factor[k, m], kept[row, at[0] : at[1]]
            for lane in range(len(out)):
                out[lane] = np.int16(np.rint(min(max(lanes[lane] * unit, -MOST), MOST)))
            row += 1


@step
def take_model(learnt: Learnt, at: At, gauge: Gauge) -> None:
    """Fill ``single``, and ``season`` with the coefficients as they are."""
    for lane in range(at[1] - at[0]):
        p = at[0] + lane
        gauge.single[lane] = ONE if learnt.method[p] == PAIRWISE else ZERO
        for b in range(gauge.season.shape[1]):
            for k in range(1, TERMS):
                gauge.season[k, b, lane] = learnt.coef[p, b, k]


@step
def forget(learnt: Learnt, followed: Followed, at: At) -> None:
    """Let it be as before the first look, but for the model that was fitted, and the twins."""
    first, last = at
    learnt.measured[first:last] = False
    learnt.agreement[first:last] = 0
    learnt.noise[:, :, first:last] = 0
    learnt.model[:, first:last] = 0
    learnt.forgiven[first:last] = 0
    learnt.calm[:, :, first:last] = 0
    learnt.alike[:, first:last] = 0
    followed.level[:, :, first:last] = 0
    followed.spread[:, first:last] = ONE
    followed.since[:, first:last] = 0
    followed.look[:, first:last] = NO_LOOK
    followed.told[:, :, :, first:last] = 0


# ---------------------------------------------------------------- how far it was followed
@step
def _take(kept: NDArray[Any], part: np.number[Any], at: At, out: NDArray[Any]) -> None:
    """(pixel), times ``part``, into ``out`` (lane)."""
    here = kept[at[0] : at[1]]
    for lane in range(len(here)):
        out[lane] = here[lane] * part


@step
def take_up(followed: Followed, days: F32, at: At, rows: Rows, slow: Slow) -> None:
    """Fill ``slow``, and lay the numbers and days of the looks that have not moved level and restlessness yet ahead of the rows; ``days`` are all looks'."""
    for i in range(len(followed.look)):
        looks = followed.look[i, at[0] : at[1]]
        for lane in range(len(looks)):
            t = np.int32(looks[lane])
            rows.at[i * LANES + lane] = t
            rows.day[i * LANES + lane] = 1 + np.int32(days[t]) if t >= 0 else 0
    for route in range(3):
        _take(followed.spread[route], ONE, at, slow.spread[route])
        _take(followed.since[route], np.int32(1), at, slow.since[route])
        for b in range(slow.level.shape[1]):
            _take(followed.level[route, b], ONE / LEVEL_UNIT, at, slow.level[route, b])


@step
def take_told(told: I8, at: At, rows: Rows) -> None:
    """Lay what was told of a route (slot, band, pixel) ahead of the rows."""
    for i in range(told.shape[0]):
        for b in range(told.shape[1]):
            kept, out = told[i, b, at[0] : at[1]], rows.told[b, i * LANES :]
            for lane in range(len(kept)):
                out[lane] = kept[lane]


@step
def keep_told(rows: Rows, at: At, told: I8) -> None:
    """Keep what is told of a route at each lane's last looks (slot, band, pixel)."""
    for i in range(told.shape[0]):
        for b in range(told.shape[1]):
            out, whole = told[i, b, at[0] : at[1]], rows.whole[b]
            for lane in range(len(out)):
                out[lane] = whole[np.uint32((rows.looks[lane] + i) * LANES + lane)]  # no sign: nothing is counted from the end


@step
def hand_over(rows: Rows, at: At, most: int, out: I8) -> None:
    """Write what is told of a route to ``out`` (slot, band, place), behind what was there before; lanes have ``most`` looks at most."""
    place, late = at[0] % out.shape[2], late_of(rows)
    for i in range(late // LANES, late // LANES + most):
        for b in range(out.shape[1]):
            whole, stands = rows.whole[b, i * LANES :], out[i, b, place:]
            for lane in range(at[1] - at[0]):
                stands[lane] = whole[lane]


@step
def leave_off(rows: Rows, slow: Slow, at: At, followed: Followed) -> None:
    """Keep the numbers of each lane's last looks, which have not moved level and restlessness yet, and how far both were followed."""
    first, end = at
    for i in range(len(followed.look)):
        look = followed.look[i, first:end]
        for lane in range(len(look)):
            look[lane] = rows.at[np.uint32((rows.looks[lane] + i) * LANES + lane)]
    for route in range(3):
        spread, since = followed.spread[route, first:end], followed.since[route, first:end]
        for lane in range(len(spread)):
            spread[lane], since[lane] = slow.spread[route, lane], slow.since[route, lane]
        for b in range(slow.level.shape[1]):
            level, lanes = followed.level[route, b, first:end], slow.level[route, b]
            for lane in range(len(level)):
                level[lane] = np.int16(lanes[lane] * LEVEL_UNIT)
