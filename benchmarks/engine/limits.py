"""What one core of this machine can do: multiply, stream, read. The bounds that the engine is held against."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROUNDS: Final = 7
SGEMM: Final = 1536
"""Rows and columns of the matrices multiplied."""
STREAM: Final = 32_000_000
"""Elements of an array streamed: far beyond every cache."""


def least_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Of several rounds, after one that is not counted."""
    work()
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent)


def sgemm_gflops() -> float:
    """Peak of a single-precision matrix product, 10**9 additions and multiplications a second, by numpy's own library."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((SGEMM, SGEMM), dtype=np.float32) for _ in range(2))
    out = np.empty_like(a)
    return 2.0 * SGEMM**3 / least_seconds(lambda: np.matmul(a, b, out=out)) / 1e9


@numba.njit(fastmath=True)
def _triad(a: NDArray[np.float32], b: NDArray[np.float32], c: NDArray[np.float32]) -> None:
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3.0) * c[i]


def triad_gbs() -> float:
    """Bytes a second of a = b + 3 c (McCalpin 1995, STREAM), 10**9; three arrays moved, the line that is written not counted twice."""
    a, b, c = (np.ones(STREAM, np.float32) for _ in range(3))
    return 3.0 * a.nbytes / least_seconds(lambda: _triad(a, b, c)) / 1e9


def read_gbs() -> float:
    """Bytes a second of reading int16 from one end to the other, 10**9."""
    values = np.ones(2 * STREAM, np.int16)
    return values.nbytes / least_seconds(lambda: int(values.view(np.int64).max())) / 1e9
