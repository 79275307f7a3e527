"""How far out the means of all windows of looks lie, for several pixels side by side, compiled.

Scratch rows run look by look, the ``LANES`` pixels of a look side by side: a loop over such a row is long and without branches,
and every sum over looks is one pixel's own. Sums of distances are whole numbers below 2**24, exact in 32 bits whatever their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ZERO
from spadework.change.compiled import step
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT
from spadework.change.state import SHARE_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Watched, WatchRule

SHORTEST = 3
"""Looks of the shortest window."""
NEIGHBOURS = 8
"""Pixels around one."""
SAME_WAY = np.float32(0.5)
"""Least cosine between a window's mean beside twins and on its own."""
SCALE = np.float32(1.0) / (UNIT * UNIT)


class Windows(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block. A row (look * lane) holds look i of lane l at i * LANES + l.

    Look i is that in slot i + 1 of ``Recent``: no window of a new look reaches slot 0. New looks begin side by side, see ``ahead``.
    """

    pixel: NDArray[np.int32]
    """(lane), number of the pixel; -1 = none."""
    begin: NDArray[np.int32]
    """(lane), first of its looks that windows may hold."""
    end: NDArray[np.int32]
    """(lane), behind the last of its looks."""
    at: NDArray[np.int32]
    """(look * lane), number of each."""
    near: F32
    """(route, band, look * lane), distance in 1/16 of the noise: whole numbers; 0 where a lane has no look."""
    far: F32
    """(route, look * lane), squared distance, of new looks."""
    total: F32
    """(route, band, (1 + look) * lane), sum of ``near`` over all looks before."""
    product: F32
    """(BESIDE, ALONE, FIELD, BESIDE with ALONE; look * lane), of the sums over a window that ends at the look."""
    alike: NDArray[np.float64]
    """(route, look * lane), correlation of one look with the next, the same for all looks of a lane."""
    mean: NDArray[np.float64]
    """(beside or field, window - SHORTEST, look * lane), squared distance of the window's mean, correlated looks discounted."""
    filled: NDArray[np.float64]
    """(look * lane), looks that a window may hold that ends with this one; 0 = none may."""
    top: NDArray[np.float64]
    """(look * lane), largest ``mean`` of a window that ends with this look; 0 where the look itself is not far enough out."""
    asks: NDArray[np.bool_]
    """(look * lane), whether one of them is far enough out for a change, were all neighbours to show the same."""


def windows_for(looks: int, bands: int, sizes: int) -> Windows:
    """Scratch arrays for so many new looks at once, bands and lengths of window."""
    row = (looks + SHORTEST + sizes - 2) * LANES

    def flat(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)

    return Windows(
        pixel=np.zeros(LANES, np.int32),
        begin=np.zeros(LANES, np.int32),
        end=np.zeros(LANES, np.int32),
        at=np.zeros(row, np.int32),
        near=flat(3, bands, row),
        far=flat(3, row),
        total=flat(3, bands, row + LANES),
        product=flat(4, row),
        alike=np.zeros((3, row)),
        mean=np.zeros((2, sizes, row)),
        filled=np.zeros(row),
        top=np.zeros(row),
        asks=np.zeros(row, np.bool_),
    )


@step
def longest(rule: WatchRule) -> int:
    """Looks of the longest window: ``Recent`` holds as many before the part."""
    return SHORTEST - 1 + len(rule.window_limit)


@step
def ahead(rule: WatchRule) -> int:
    """Looks in the scratch arrays ahead of the new ones."""
    return longest(rule) - 1


@step
def find_lanes(on: Watched, work: Windows, since: NDArray[np.uint8], pixels: NDArray[np.int32]) -> int:
    """Fill ``pixel``, ``begin`` and ``end`` for up to LANES pixels, which are consecutive; how many looks, those ahead of the new ones among them.

    A pixel that is not measured has no looks. ``since`` is that of ``Watching``.
    """
    lead = most = ahead(on.rule)
    new = on.recent.new[pixels[0] % len(on.recent.new) :]
    work.pixel[:] = -1
    work.begin[:] = lead
    work.end[:] = lead
    for lane in range(len(pixels)):
        p = pixels[lane]
        work.pixel[lane] = p
        if on.learnt.measured[p]:
            work.begin[lane] = lead - min(int(since[p]), lead)
            work.end[lane] = lead + new[lane]
            most = max(most, int(work.end[lane]))
    return most


@step
def gather(on: Watched, work: Windows, pixels: NDArray[np.int32], most: int) -> None:
    """Fill the scratch arrays behind ``end``, up to ``total``, for up to LANES pixels, which are consecutive; of so many looks."""
    place, low, high = pixels[0] % len(on.recent.new), work.begin, work.end
    for i in range(most):
        look, at = on.recent.look[i + 1, place:], work.at[i * LANES :]
        for lane in range(len(pixels)):
            at[lane] = look[lane]
        for route in range(3):
            for b in range(work.near.shape[1]):
                near, stands = work.near[route, b, i * LANES :], on.recent.distance[route, i + 1, b, place:]
                for lane in range(len(pixels)):
                    near[lane] = np.float32(stands[lane]) if (low[lane] <= i) & (i < high[lane]) else ZERO
                for lane in range(len(pixels), LANES):
                    near[lane] = ZERO
    _distances(work, ahead(on.rule), most)


@step
def _distances(work: Windows, lead: int, most: int) -> None:
    """Fill ``total``, and ``far`` from look ``lead`` on, from ``near``."""
    for route in range(3):
        far = work.far[route, lead * LANES : most * LANES]
        far[:] = ZERO
        for b in range(work.near.shape[1]):
            near, new, total = work.near[route, b, : most * LANES], work.near[route, b, lead * LANES :], work.total[route, b]
            for i in range(len(far)):
                far[i] += new[i] * new[i]
            total[:LANES] = ZERO
            for i in range(len(near)):
                total[LANES + i] = total[i] + near[i]
        for i in range(len(far)):
            far[i] *= SCALE


@step
def _products(work: Windows, looks: int, last: int, n: int) -> None:
    """Fill ``n`` of ``product``, from look ``last`` on: of the sums over windows of so many looks that end there."""
    low, high, behind = (last + 1 - looks) * LANES, last * LANES, (last + 1) * LANES
    size, own = work.product[0, high : high + n], work.product[1, high : high + n]
    field, cross = work.product[2, high : high + n], work.product[3, high : high + n]
    work.product[:, high : high + n] = ZERO
    for b in range(work.near.shape[1]):
        beside, alone, season = work.total[BESIDE, b], work.total[ALONE, b], work.total[FIELD, b]
        one, one_before = beside[behind : behind + n], beside[low : low + n]
        other, other_before = alone[behind : behind + n], alone[low : low + n]
        for i in range(n):
            x, y = one[i] - one_before[i], other[i] - other_before[i]
            size[i] += x * x
            own[i] += y * y
            cross[i] += x * y
        third, third_before = season[behind : behind + n], season[low : low + n]
        for i in range(n):
            z = third[i] - third_before[i]
            field[i] += z * z


@step
def _prepare(on: Watched, work: Windows, lead: int, most: int) -> None:
    """Fill ``alike`` and ``filled``, and begin ``top`` and ``asks``."""
    for lane in range(LANES):
        for route in range(3):
            work.alike[route, lead * LANES + lane] = np.float32(on.learnt.alike[route, max(work.pixel[lane], 0)]) / SHARE_UNIT
    for i in range(lead, most):
        for route in range(3):
            first, here = work.alike[route, lead * LANES :], work.alike[route, i * LANES :]
            for lane in range(LANES):
                here[lane] = first[lane]
        filled = work.filled[i * LANES :][:LANES]
        for lane in range(LANES):
            filled[lane] = max(i + 1 - work.begin[lane], 0) if i < work.end[lane] else 0
    work.top[lead * LANES : most * LANES] = 0.0
    work.asks[lead * LANES : most * LANES] = False


@step
def _mean(on: Watched, work: Windows, looks: int, low: int, high: int) -> None:
    """Fill ``mean`` for windows of so many looks. Beside twins it counts only as far as the pixel also departs from its own past, the same way: else 0."""
    size, own, season, cross = (
        work.product[0, low:high],
        work.product[1, low:high],
        work.product[2, low:high],
        work.product[3, low:high],
    )
    beside, field = work.mean[0, looks - SHORTEST, low:high], work.mean[1, looks - SHORTEST, low:high]
    alike, alike_own, alike_field = work.alike[BESIDE, low:high], work.alike[ALONE, low:high], work.alike[FIELD, low:high]
    scale, more, own_share = SCALE / np.float32(looks), float(looks - 1), on.rule.own_share
    for i in range(high - low):
        same = cross[i] >= SAME_WAY * np.sqrt(size[i] * own[i])
        least = min(size[i] * scale / (1.0 + more * alike[i]), own[i] * scale / (1.0 + more * alike_own[i]) / own_share)
        beside[i] = least if same else 0.0
    for i in range(high - low):
        field[i] = season[i] * scale / (1.0 + more * alike_field[i])


@step
def _judge(on: Watched, work: Windows, looks: int, low: int, high: int) -> None:
    """Carry windows of so many looks, those that end with a look beyond the gate, on to ``top`` and ``asks``."""
    top, asks, filled = work.top[low:high], work.asks[low:high], work.filled[low:high]
    for kind in range(2):
        far, factor = (work.far[FIELD, low:high], on.rule.field_factor) if kind else (work.far[BESIDE, low:high], 1.0)
        mean = work.mean[kind, looks - SHORTEST, low:high]
        least, gate = on.rule.window_limit[looks - SHORTEST] * factor * on.rule.support[NEIGHBOURS], on.rule.gate
        for i in range(high - low):
            told = mean[i] if (far[i] >= gate) & (filled[i] >= looks) else 0.0
            top[i] = max(top[i], told)
            asks[i] |= told >= least


@step
def measure(on: Watched, work: Windows, most: int) -> None:
    """Fill the scratch arrays behind ``total``, for all windows that end with a new look, of so many looks with those ahead."""
    lead = ahead(on.rule)
    if most == lead:
        return
    _prepare(on, work, lead, most)
    for looks in range(SHORTEST, 1 + longest(on.rule)):
        _products(work, looks, lead, (most - lead) * LANES)
        _mean(on, work, looks, lead * LANES, most * LANES)
        _judge(on, work, looks, lead * LANES, most * LANES)
