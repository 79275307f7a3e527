"""The inner loops of the candidate finder, compiled: boxes and the strips beside their sides, from one table of running sums.

``sums`` is a summed-area table (Crow 1984, SIGGRAPH): (y + 1, x + 1), entry (r, c) = sum over rows < r and columns < c. A box of whole
pixels then costs four look-ups whatever its size. ``boxes`` is (kind, 4): width along x, height along y, gap, breadth of the strips.
``spans`` is (y, 2): first column and column after the last that are looked at in each row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
STRIDE: Final = 4
"""What is usual is asked on every so many-th row and column."""
_NJIT: Any = numba.njit


def _compiled(function: Function) -> Function:
    return cast("Function", _NJIT(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
def _mean(sums: NDArray[np.float64], top: int, left: int, high: int, wide: int) -> float:
    total = sums[top + high, left + wide] - sums[top, left + wide] - sums[top + high, left] + sums[top, left]
    return float(total / (high * wide))


@_compiled
def _sides(sums: NDArray[np.float64], box: NDArray[np.int64], row: int, col: int) -> tuple[float, float, float, float]:
    """Mean of the box at a pixel minus that of the strip to its left, right, top and bottom."""
    wide, high, gap, strip = box
    top, left = row - high // 2, col - wide // 2
    inner = _mean(sums, top, left, high, wide)
    return (
        inner - _mean(sums, top, left - gap - strip, high, strip),
        inner - _mean(sums, top, left + wide + gap, high, strip),
        inner - _mean(sums, top - gap - strip, left, strip, wide),
        inner - _mean(sums, top + high + gap, left, strip, wide),
    )


@_compiled
def strewn(sums: NDArray[np.float64], boxes: NDArray[np.int64], spans: NDArray[np.int64]) -> NDArray[np.float32]:
    """(kind, y, x) on every STRIDE-th pixel: size of the contrast between box and all strips; NaN outside the spans."""
    rows, cols = sums.shape[0] - 1, sums.shape[1] - 1
    out = np.full((len(boxes), (rows + STRIDE - 1) // STRIDE, (cols + STRIDE - 1) // STRIDE), np.nan, dtype=np.float32)
    for kind in range(len(boxes)):
        for row in range(0, rows, STRIDE):
            first = (spans[row, 0] + STRIDE - 1) // STRIDE * STRIDE
            for col in range(first, spans[row, 1], STRIDE):
                a, b, c, d = _sides(sums, boxes[kind], row, col)
                out[kind, row // STRIDE, col // STRIDE] = abs(a + b + c + d) / 4
    return out


@_compiled
def strongest(
    sums: NDArray[np.float64], boxes: NDArray[np.int64], usual: NDArray[np.float32], spans: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Of all boxes at each pixel, the one that stands out most.

    Args:
        sums: see above.
        boxes: see above.
        usual: (kind, y, x) on every STRIDE-th pixel, the contrast in whose units it is told.
        spans: see above.

    Returns:
        (y, x), the second smallest contrast with a side, of one sign with all larger ones, over what is usual; 0 outside the spans.
        (y, x), kind of that box.

    """
    rows, cols = sums.shape[0] - 1, sums.shape[1] - 1
    best = np.zeros((rows, cols), dtype=np.float32)
    which = np.zeros((rows, cols), dtype=np.uint8)
    for kind in range(len(boxes)):
        for row in range(rows):
            for col in range(spans[row, 0], spans[row, 1]):
                a, b, c, d = _sides(sums, boxes[kind], row, col)
                mid, also = max(min(a, b), min(c, d)), min(max(a, b), max(c, d))  # second and third of the four, in some order
                strength = max(min(mid, also), -max(mid, also)) / usual[kind, row // STRIDE, col // STRIDE]
                if strength > best[row, col]:
                    best[row, col] = strength
                    which[row, col] = kind
    return best, which
