"""Small dense algebra, compiled: on one pixel's arrays (band, look), inner loops along looks; or on LANES pixels side by side."""

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
def cholesky(a: F32, n: int) -> bool:
    """Lower Cholesky factor in place of the leading n x n block; False where it is not positive definite."""
    for j in range(n):
        for i in range(j, n):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                a[j, j] = math.sqrt(total)
            else:
                a[i, j] = total / a[j, j]
    return True


@step
def factor_lanes(a: F32, n: int, solved: NDArray[np.bool_]) -> None:
    """``cholesky`` of a (row, column, lane), lane by lane; ``solved`` turns False where it is not positive definite."""
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
def forward(factor: F32, x: F32, rows: int, n: int) -> None:
    """Solve factor @ z = x in place, x (rows, look), for the first n looks."""
    for r in range(rows):
        for k in range(r):
            share = factor[r, k]
            for i in range(n):
                x[r, i] -= share * x[k, i]
        share = ONE / factor[r, r]
        for i in range(n):
            x[r, i] *= share


@step
def combine(out: F32, rows: F32, coef: F32, terms: int, n: int) -> None:
    """Fill out (band, look) = coef (band, term) @ rows (term, look), over the first terms and looks."""
    for b in range(out.shape[0]):
        for i in range(n):
            out[b, i] = coef[b, 0] * rows[0, i]
        for k in range(1, terms):
            share = coef[b, k]
            for i in range(n):
                out[b, i] += share * rows[k, i]


@step
def squares(out: F32, x: F32, n: int) -> None:
    """Fill out (look) = sum over bands of x (band, look) squared."""
    for i in range(n):
        out[i] = ZERO
    for b in range(x.shape[0]):
        for i in range(n):
            out[i] += x[b, i] * x[b, i]
