"""Small dense algebra on LANES pixels side by side, and networks that sort, compiled."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spadework.change.compiled import step

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
LANES = 64
"""Pixels side by side where arrays end in (lane). Loops along fewer are unrolled, not made vector code."""
Four = tuple[np.int16, np.int16, np.int16, np.int16]
Eight = tuple[np.int16, np.int16, np.int16, np.int16, np.int16, np.int16, np.int16, np.int16]
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-6)


class Ranks(NamedTuple):
    """Scratch arrays for ranking, (lane) each."""

    rank: NDArray[np.int32]
    """Asked for, 0 = the least."""
    found: NDArray[np.int32]
    """The value of that rank."""
    trial: NDArray[np.int32]
    """A value that might be it."""
    below: NDArray[np.int32]
    """How many are less than ``trial``."""


@step
def rank_lanes(rows: I16, n: int, ranks: Ranks) -> None:
    """Find each lane's value of a rank among its first n whole numbers, rows (look, lane), bit by bit from the highest.

    Floats that are not negative are ranked by their bits.
    """
    found, trial, below = ranks.found, ranks.trial, ranks.below
    high = 8 * rows.itemsize - 1
    found[:] = -(1 << high)
    for bit in range(high, -1, -1):
        for lane in range(LANES):
            trial[lane] = found[lane] + (1 << bit)
        below[:] = 0
        for i in range(n):
            row = rows[i]
            for lane in range(LANES):
                below[lane] += row[lane] < trial[lane]
        for lane in range(LANES):
            found[lane] = trial[lane] if below[lane] <= ranks.rank[lane] else found[lane]


@step
def _order(a: np.int16, b: np.int16) -> tuple[np.int16, np.int16]:
    return min(a, b), max(a, b)


@step
def sort_four(a: np.int16, b: np.int16, c: np.int16, d: np.int16) -> Four:
    """Four numbers in order, without a branch on them, so that loops over columns of numbers run along rows (Batcher 1968)."""
    a, b = _order(a, b)
    c, d = _order(c, d)
    a, c = _order(a, c)
    b, d = _order(b, d)
    b, c = _order(b, c)
    return a, b, c, d


@step
def merge_fours(one: Four, other: Four) -> Eight:
    """Eight numbers in order from four and four in order (Batcher's odd-even merge)."""
    a, e = _order(one[0], other[0])
    b, f = _order(one[1], other[1])
    c, g = _order(one[2], other[2])
    d, h = _order(one[3], other[3])
    c, e = _order(c, e)
    d, f = _order(d, f)
    b, c = _order(b, c)
    d, e = _order(d, e)
    f, g = _order(f, g)
    return a, b, c, d, e, f, g, h


@step
def eighth(one: Eight, other: Eight) -> np.int16:
    """Eighth smallest of eight and eight numbers in order: the largest of the lower half, which takes i of one and 8 - i of the other."""
    return max(
        min(one[0], other[7]),
        min(one[1], other[6]),
        min(one[2], other[5]),
        min(one[3], other[4]),
        min(one[4], other[3]),
        min(one[5], other[2]),
        min(one[6], other[1]),
        min(one[7], other[0]),
    )


@step
def factor_lanes(a: F32, n: int, solved: NDArray[np.bool_]) -> None:
    """Lower Cholesky factor in place of a (row, column, lane), lane by lane; ``solved`` turns False where it is not positive definite."""
    for j in range(n):
        root = a[j, j]
        for i in range(j, n):
            total = a[i, j]
            for k in range(j):
                left, right = a[i, k], a[j, k]
                for lane in range(LANES):
                    total[lane] -= left[lane] * right[lane]
            if i == j:
                for lane in range(LANES):
                    solved[lane] &= total[lane] > ZERO
                    root[lane] = math.sqrt(total[lane])
            else:
                for lane in range(LANES):
                    total[lane] /= root[lane]


@step
def solve_lanes(factor: F32, x: F32, n: int) -> None:
    """Solve factor @ factor' @ z = x in place, factor (row, column, lane), x (row, lane), lane by lane."""
    for k in range(n):
        total, root = x[k], factor[k, k]
        for j in range(k):
            share, other = factor[k, j], x[j]
            for lane in range(LANES):
                total[lane] -= share[lane] * other[lane]
        for lane in range(LANES):
            total[lane] /= root[lane]
    for k in range(n - 1, -1, -1):
        total, root = x[k], factor[k, k]
        for j in range(k + 1, n):
            share, other = factor[j, k], x[j]
            for lane in range(LANES):
                total[lane] -= share[lane] * other[lane]
        for lane in range(LANES):
            total[lane] /= root[lane]


@step
def forward_lanes(factor: F32, x: F32, n: int) -> None:
    """Solve factor @ z = x in place, factor (row, column, lane) with one over its diagonal on the diagonal, x (row, lane), lane by lane."""
    for r in range(n):
        total, over = x[r], factor[r, r]
        for k in range(r):
            share, other = factor[r, k], x[k]
            for lane in range(LANES):
                total[lane] -= share[lane] * other[lane]
        for lane in range(LANES):
            total[lane] *= over[lane]
