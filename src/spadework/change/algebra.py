"""Small dense algebra on one pixel's arrays, compiled; arrays are (band, look), so that inner loops run along looks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spadework.change.compiled import step

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-6)


@step
def median(values: F32, n: int) -> float:
    """Median (upper, for even n) of the first n values, which are reordered (Hoare's selection)."""
    low, high, k = 0, n - 1, n // 2
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])


@step
def sort_columns(rows: I16, n: int) -> None:
    """Sort each column of the first n rows (Batcher 1968, merge exchange: no branch on values, so that it runs along the row)."""
    half = 1
    while half < n:
        apart = half
        while apart >= 1:
            for begin in range(apart % half, n - apart, 2 * apart):
                for k in range(begin, min(begin + apart, n - apart)):
                    if k // (2 * half) == (k + apart) // (2 * half):
                        above, below = rows[k], rows[k + apart]
                        for i in range(rows.shape[1]):
                            a, b = above[i], below[i]
                            above[i], below[i] = min(a, b), max(a, b)
            apart //= 2
        half *= 2


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
