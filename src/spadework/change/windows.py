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
    """Scratch arrays of LANES pixels, made once a block. A row (look * lane) holds look i of lane l at i * LANES + l."""

    pixel: NDArray[np.int32]
    """(lane), number of the pixel."""
    looks: NDArray[np.int32]
    """(lane), how many usable watched looks it has."""
    at: NDArray[np.int32]
    """(look * lane), watched time index of each."""
    near: F32
    """(route, band, look * lane), distance in 1/16 of the noise: whole numbers, 0 beyond a lane's looks."""
    far: F32
    """(route, look * lane), squared distance."""
    total: F32
    """(route, band, (1 + look) * lane), sum of ``near`` over all looks before."""
    product: F32
    """(BESIDE, ALONE, FIELD, BESIDE with ALONE; look * lane), of the sums over a window that ends at the look."""
    share: NDArray[np.float64]
    """(route, lane), by how much correlated looks make a window's mean uncertain."""
    mean: NDArray[np.float64]
    """(beside or field, window - SHORTEST, look * lane), squared distance of the window's mean, correlated looks discounted."""
    best: NDArray[np.float64]
    """(lane), largest of those that ends with a look far enough out."""
    asks: NDArray[np.bool_]
    """(lane), whether one of them is far enough out for a change, were all neighbours to show the same."""


@step
def longest(rule: WatchRule, looks: int) -> int:
    """Looks of the longest window that so many looks fill."""
    return min(looks, SHORTEST - 1 + len(rule.window_limit))


@step
def _gather(on: Watched, work: Windows, pixels: NDArray[np.int32]) -> int:
    """Fill ``pixel``, ``looks``, ``at`` and ``near`` for up to LANES pixels; most looks that one of them has."""
    most, bands, watched = 0, work.near.shape[1], on.stand.distance.shape[2]
    work.looks[:] = 0
    for lane in range(len(pixels)):
        p, n = pixels[lane], 0
        work.pixel[lane] = p
        for t in range(watched):
            if on.fit.usable[p, on.basis.history + t]:
                work.at[n * LANES + lane] = t
                n += 1
        work.looks[lane] = n
        most = max(most, n)
    work.near[:, :, : most * LANES] = ZERO
    for lane in range(len(pixels)):
        for route in range(3):
            stands = on.stand.distance[route, work.pixel[lane]]
            for i in range(work.looks[lane]):
                where = stands[work.at[i * LANES + lane]]
                for b in range(bands):
                    work.near[route, b, i * LANES + lane] = where[b]
    return most


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
            for k in range(most):
                before, after, one = total[k * LANES :][:LANES], total[(k + 1) * LANES :][:LANES], near[k * LANES :][:LANES]
                for lane in range(LANES):
                    after[lane] = before[lane] + one[lane]
        for i in range(len(far)):
            far[i] *= SCALE


@step
def _products(work: Windows, looks: int, n: int) -> None:
    """Fill the first ``n`` of ``product``: of the sums over windows of so many looks, the first of which ends at look ``looks`` - 1."""
    size, own, field, cross = work.product[0, :n], work.product[1, :n], work.product[2, :n], work.product[3, :n]
    work.product[:, :n] = ZERO
    behind = looks * LANES
    for b in range(work.near.shape[1]):
        beside, alone, season = work.total[BESIDE, b], work.total[ALONE, b], work.total[FIELD, b]
        one, one_before = beside[behind : behind + n], beside[:n]
        other, other_before = alone[behind : behind + n], alone[:n]
        for i in range(n):
            x, y = one[i] - one_before[i], other[i] - other_before[i]
            size[i] += x * x
            own[i] += y * y
            cross[i] += x * y
        third, third_before = season[behind : behind + n], season[:n]
        for i in range(n):
            z = third[i] - third_before[i]
            field[i] += z * z


@step
def _means(on: Watched, work: Windows, most: int) -> None:
    """Fill ``mean`` for every window. Beside twins it counts only as far as the pixel also departs from its own past, the same way: else 0."""
    for looks in range(SHORTEST, 1 + longest(on.rule, most)):
        first, n = (looks - 1) * LANES, (most + 1 - looks) * LANES
        _products(work, looks, n)
        scale = SCALE / np.float32(looks)
        for lane in range(LANES):
            for route in range(3):
                work.share[route, lane] = 1.0 + (looks - 1) * on.stand.alike[route, work.pixel[lane]]
        beside, field = work.mean[0, looks - SHORTEST, first : first + n], work.mean[1, looks - SHORTEST, first : first + n]
        for k in range(0, n, LANES):
            size, own, season = work.product[0, k:][:LANES], work.product[1, k:][:LANES], work.product[2, k:][:LANES]
            cross, out, out_field = work.product[3, k:][:LANES], beside[k:][:LANES], field[k:][:LANES]
            for lane in range(LANES):
                same = cross[lane] >= SAME_WAY * np.sqrt(size[lane] * own[lane])
                least = min(
                    size[lane] * scale / work.share[BESIDE, lane],
                    own[lane] * scale / work.share[ALONE, lane] / on.rule.own_share,
                )
                out[lane] = least if same else 0.0
                out_field[lane] = season[lane] * scale / work.share[FIELD, lane]


@step
def _judge(on: Watched, work: Windows, most: int) -> None:
    """Fill ``best`` and ``asks`` from the windows that end with a look beyond the gate."""
    work.best[:] = 0.0
    work.asks[:] = False
    for kind in range(2):
        far, factor = (work.far[FIELD], on.rule.field_factor) if kind else (work.far[BESIDE], 1.0)
        for looks in range(SHORTEST, 1 + longest(on.rule, most)):
            least = on.rule.window_limit[looks - SHORTEST] * factor * on.rule.support[NEIGHBOURS]
            means = work.mean[kind, looks - SHORTEST]
            for k in range((looks - 1) * LANES, most * LANES, LANES):
                mean, last = means[k:][:LANES], far[k:][:LANES]
                for lane in range(LANES):
                    told = mean[lane] if last[lane] >= on.rule.gate and k < work.looks[lane] * LANES else 0.0
                    work.best[lane] = max(work.best[lane], told)
                    work.asks[lane] |= told >= least


@step
def measure(on: Watched, work: Windows, pixels: NDArray[np.int32]) -> None:
    """Fill the scratch arrays for up to LANES pixels."""
    most = _gather(on, work, pixels)
    _distances(work, most)
    _means(on, work, most)
    _judge(on, work, most)
