"""How far out the means of all windows of looks lie, for several pixels side by side, compiled.

Scratch rows run look by look, the ``LANES`` pixels of a look side by side: a loop over such a row is long and without branches,
and every sum over looks is one pixel's own. Sums of distances are whole numbers below 2**24, exact in 32 bits whatever their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, ZERO
from spadework.change.compiled import step
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Basis, Fit
    from spadework.change.stand import Stand
    from spadework.change.twins import Places

LANES = 16
"""Pixels side by side."""
SHORTEST = 3
"""Looks of the shortest window."""
NEIGHBOURS = 8
"""Pixels around one."""
SAME_WAY = np.float32(0.5)
"""Least cosine between a window's mean beside twins and on its own."""
SCALE = np.float32(1.0) / (UNIT * UNIT)


class WatchRule(NamedTuple):
    """Parts of ``MonitorSettings`` as plain numbers; limits are squared distances."""

    window_limit: NDArray[np.float32]
    """(window - SHORTEST)."""
    agreeing: NDArray[np.int32]
    """(window - SHORTEST), looks that must agree."""
    support: NDArray[np.float32]
    """(0..8 neighbours that show the same), factor of the limit."""
    look_limit: float
    calm_limit: float
    gate: float
    agree_share: float
    support_share: float
    own_share: float
    field_factor: float
    recover_looks: int
    recover_days: float


class Watched(NamedTuple):
    """What the watch goes by; all pixels of the site."""

    fit: Fit
    basis: Basis
    rule: WatchRule
    stand: Stand
    places: Places


class Windows(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block. A row (look * lane) holds look i of lane l at i * LANES + l.

    New looks begin side by side; what windows need of looks before lies in front of them. 0 where a lane has no look.
    """

    pixel: NDArray[np.int32]
    """(lane), number of the pixel."""
    begin: NDArray[np.int32]
    """(lane), first of its looks that windows may hold."""
    end: NDArray[np.int32]
    """(lane), behind the last of its looks."""
    at: NDArray[np.int32]
    """(look * lane), watched time index of each."""
    near: F32
    """(route, band, look * lane), distance in 1/16 of the noise: whole numbers."""
    far: F32
    """(route, look * lane), squared distance."""
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
    """Scratch arrays for so many watched looks at once, bands and lengths of window."""
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
def longest(rule: WatchRule, looks: int) -> int:
    """Looks of the longest window that so many looks fill."""
    return min(looks, SHORTEST - 1 + len(rule.window_limit))


@step
def _find(on: Watched, work: Windows, since: NDArray[np.int32], looks: tuple[int, int]) -> tuple[int, int]:
    """Fill ``begin``, ``end`` and ``at``: usable ones of the looks, and those before that windows may reach; the first new look, and how many."""
    usable, past, lead, most = on.fit.usable, on.basis.history, 0, 0
    for lane in range(LANES):
        p = work.pixel[lane]
        lead = max(lead, longest(on.rule, since[p] + 1) - 1 if p >= 0 else 0)
    for lane in range(LANES):
        p, n, i = work.pixel[lane], lead, lead
        if p >= 0:
            for t in range(looks[0], looks[1]):
                if usable[p, past + t]:
                    work.at[n * LANES + lane] = t
                    n += 1
            t, i = looks[0], lead + 1 - longest(on.rule, since[p] + 1)
            for k in range(lead - 1, i - 1, -1):
                t -= 1
                while not usable[p, past + t]:
                    t -= 1
                work.at[k * LANES + lane] = t
        work.begin[lane], work.end[lane] = i, n
        most = max(most, n)
    return lead, most


@step
def gather(
    on: Watched, work: Windows, since: NDArray[np.int32], pixels: NDArray[np.int32], looks: tuple[int, int]
) -> tuple[int, int]:
    """Fill the scratch arrays, up to ``total``, for up to LANES pixels and watched looks low <= t < high; the first new look, and how many.

    ``since`` is that of ``Watching``.
    """
    work.pixel[:] = -1
    work.pixel[: len(pixels)] = pixels
    lead, most = _find(on, work, since, looks)
    work.near[:, :, : most * LANES] = ZERO
    for lane in range(len(pixels)):
        for route in range(3):
            stands = on.stand.distance[route, work.pixel[lane]]
            for i in range(work.begin[lane], work.end[lane]):
                where = stands[work.at[i * LANES + lane]]
                for b in range(work.near.shape[1]):
                    work.near[route, b, i * LANES + lane] = where[b]
    _distances(work, most)
    return lead, most


@step
def _distances(work: Windows, most: int) -> None:
    """Fill ``far`` and ``total`` from ``near``."""
    for route in range(3):
        far = work.far[route, : most * LANES]
        far[:] = ZERO
        for b in range(work.near.shape[1]):
            near, total = work.near[route, b, : most * LANES], work.total[route, b]
            for i in range(len(far)):
                far[i] += near[i] * near[i]
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
            work.alike[route, lead * LANES + lane] = on.stand.alike[route, max(work.pixel[lane], 0)]
    for i in range(lead, most):
        for route in range(3):
            work.alike[route, i * LANES :][:LANES] = work.alike[route, lead * LANES :][:LANES]
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
def measure(on: Watched, work: Windows, lead: int, most: int) -> None:
    """Fill the scratch arrays behind ``total``, for all windows that end with a new look, from ``lead`` on."""
    _prepare(on, work, lead, most)
    for looks in range(SHORTEST, 1 + longest(on.rule, most)):
        last = max(lead, looks - 1)
        _products(work, looks, last, (most - last) * LANES)
        _mean(on, work, looks, last * LANES, most * LANES)
        _judge(on, work, looks, last * LANES, most * LANES)
