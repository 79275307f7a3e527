"""The inner loops of the candidate finder, compiled: boxes and the strips beside their sides, from one table of running sums.

``sums`` is a summed-area table (Crow 1984, SIGGRAPH): (y + 1, x + 1), entry (r, c) = sum over rows < r and columns < c. A box of whole
pixels then costs four look-ups whatever its size. ``boxes`` is (kind, 4): width along x, height along y, gap, breadth of the strips.
``spans`` is (y, 2): first column and column after the last that are looked at in each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spadework.machine import keeper, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRIDE: Final = 4
"""What is usual is asked on every so many-th row and column."""
_compiled = keeper("spadework.objects")


@step
def _mean(sums: NDArray[np.float64], top: int, left: int, high: int, wide: int) -> float:
    total = sums[top + high, left + wide] - sums[top, left + wide] - sums[top + high, left] + sums[top, left]
    return float(total / (high * wide))


@step
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


@step
def _means(sums: NDArray[np.float64], top: int, left: int, high: int, wide: int, out: NDArray[np.float64]) -> None:
    """Fill ``out`` (column) with the means of boxes at neighbouring columns, of which the first lies at ``top`` and ``left``."""
    upper, lower, share = sums[top], sums[top + high], 1.0 / (high * wide)
    a, b, c, d = upper[left:], upper[left + wide :], lower[left:], lower[left + wide :]
    for at in range(len(out)):
        out[at] = (d[at] - c[at] - b[at] + a[at]) * share


@step
def _row(
    means: NDArray[np.float64], per_usual: NDArray[np.float32], best: NDArray[np.float32], which: NDArray[np.uint8], kind: int
) -> None:
    """One row of ``strongest`` for one box, written so that the compiler can take several columns at once.

    ``means`` (place, column): of the boxes, and of the strips to their left, right, top and bottom.
    """
    here, west, east, north, south = means[0], means[1], means[2], means[3], means[4]
    for at in range(best.size):
        inner = here[at]
        a, b, c, d = inner - west[at], inner - east[at], inner - north[at], inner - south[at]
        less_ab, more_ab = (a, b) if a < b else (b, a)
        less_cd, more_cd = (c, d) if c < d else (d, c)
        low, one = (less_ab, less_cd) if less_ab < less_cd else (less_cd, less_ab)
        other, high = (more_ab, more_cd) if more_ab < more_cd else (more_cd, more_ab)
        bright = min(other, one) + low
        dark = -max(one, other) - high
        sign = 1.0 if bright > dark else -1.0
        strength = np.float32(max(dark, bright) * 0.5 * per_usual[at])
        better = strength > abs(best[at])
        best[at] = np.float32(sign * strength) if better else best[at]
        which[at] = kind if better else which[at]


@_compiled
def strewn(sums: NDArray[np.float64], boxes: NDArray[np.int64], spans: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Fill ``out``, (kind, y, x) on every STRIDE-th pixel, with the size of the contrast between box and all strips; not outside the spans."""
    for kind in range(len(boxes)):
        for row in range(0, sums.shape[0] - 1, STRIDE):
            first = (spans[row, 0] + STRIDE - 1) // STRIDE * STRIDE
            for col in range(first, spans[row, 1], STRIDE):
                a, b, c, d = _sides(sums, boxes[kind], row, col)
                out[kind, row // STRIDE, col // STRIDE] = abs(a + b + c + d) / 4


class Strongest(NamedTuple):
    """Of all boxes at each pixel, the one that stands out most; filled in place."""

    best: NDArray[np.float32]
    """(y, x), mean of the two smallest contrasts with a side, over what is usual; negative where the box is the darker; 0 outside the spans."""
    which: NDArray[np.uint8]
    """(y, x), kind of that box."""
    per_usual: NDArray[np.float32]
    """(x), scratch."""
    means: NDArray[np.float64]
    """(place, x), scratch: see ``_row``."""


def nothing_strong(shape: tuple[int, int]) -> Strongest:
    """Before the first box, of a plane (y, x)."""
    return Strongest(
        np.zeros(shape, np.float32), np.zeros(shape, np.uint8), np.zeros(shape[1], np.float32), np.zeros((5, shape[1]))
    )


@_compiled
def strongest(
    sums: NDArray[np.float64], boxes: NDArray[np.int64], usual: NDArray[np.float32], spans: NDArray[np.int64], out: Strongest
) -> None:
    """Fill ``out``; ``usual`` is (kind, y, x) on every STRIDE-th pixel, the contrast in whose units it is told."""
    best, which, per_usual, means = out
    for kind in range(len(boxes)):
        wide, high, gap, strip = boxes[kind]
        for row in range(len(best)):
            first, last = spans[row]
            n, top, left = last - first, row - high // 2, first - wide // 2
            for at in range(n):
                per_usual[at] = 1 / usual[kind, row // STRIDE, (first + at) // STRIDE]
            _means(sums, top, left, high, wide, means[0, :n])
            _means(sums, top, left - gap - strip, high, strip, means[1, :n])
            _means(sums, top, left + wide + gap, high, strip, means[2, :n])
            _means(sums, top - gap - strip, left, strip, wide, means[3, :n])
            _means(sums, top + high + gap, left, strip, wide, means[4, :n])
            _row(means, per_usual, best[row, first:last], which[row, first:last], kind)
