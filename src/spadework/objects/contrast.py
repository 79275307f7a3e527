"""The inner loops of the candidate finder, compiled: boxes and the strips beside their sides, from one table of running sums.

``sums`` is a summed-area table (Crow 1984, SIGGRAPH): (y + 1, x + 1), entry (r, c) = sum over rows < r and columns < c. A box of whole
pixels then costs four look-ups whatever its size. ``boxes`` is (kind, 4): width along x, height along y, gap, breadth of the strips.
``spans`` is (y, 2): first column and column after the last that are looked at in each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from spadework.machine import keeper, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

Corners: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]"
"""Running sums at the upper left, upper right, lower left and lower right corner of a box, for a row of boxes."""
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
def _strip(sums: NDArray[np.float64], top: int, left: int, high: int, wide: int, many: int) -> Corners:
    """The four streams of running sums whose sums and differences are boxes at so many neighbouring columns."""
    upper, lower = sums[top], sums[top + high]
    return (
        upper[left : left + many],
        upper[left + wide : left + wide + many],
        lower[left : left + many],
        lower[left + wide : left + wide + many],
    )


@step
def _row(
    box: tuple[Corners, int],
    beside: tuple[Corners, Corners, int],
    ends: tuple[Corners, Corners, int],
    per_usual: NDArray[np.float32],
    kept: tuple[NDArray[np.float32], NDArray[np.uint8], int],
) -> None:
    """One row of ``strongest`` for one box, written so that the compiler can take several columns at once."""
    (i0, i1, i2, i3), inner_px = box
    (l0, l1, l2, l3), (r0, r1, r2, r3), beside_px = beside
    (u0, u1, u2, u3), (d0, d1, d2, d3), ends_px = ends
    best, which, kind = kept
    for at in range(best.size):
        inner = (i3[at] - i2[at] - i1[at] + i0[at]) * (1.0 / inner_px)
        a = inner - (l3[at] - l2[at] - l1[at] + l0[at]) * (1.0 / beside_px)
        b = inner - (r3[at] - r2[at] - r1[at] + r0[at]) * (1.0 / beside_px)
        c = inner - (u3[at] - u2[at] - u1[at] + u0[at]) * (1.0 / ends_px)
        d = inner - (d3[at] - d2[at] - d1[at] + d0[at]) * (1.0 / ends_px)
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
        (y, x), mean of the two smallest contrasts with a side, over what is usual; negative where the box is the darker; 0 outside the spans.
        (y, x), kind of that box.

    """
    rows, cols = sums.shape[0] - 1, sums.shape[1] - 1
    best = np.zeros((rows, cols), dtype=np.float32)
    which = np.zeros((rows, cols), dtype=np.uint8)
    per_usual = np.empty(cols, dtype=np.float32)
    for kind in range(len(boxes)):
        wide, high, gap, strip = boxes[kind]
        for row in range(rows):
            first, last = spans[row]
            top, left = row - high // 2, first - wide // 2
            for at in range(last - first):
                per_usual[at] = 1 / usual[kind, row // STRIDE, (first + at) // STRIDE]
            _row(
                (_strip(sums, top, left, high, wide, last - first), high * wide),
                (
                    _strip(sums, top, left - gap - strip, high, strip, last - first),
                    _strip(sums, top, left + wide + gap, high, strip, last - first),
                    high * strip,
                ),
                (
                    _strip(sums, top - gap - strip, left, strip, wide, last - first),
                    _strip(sums, top + high + gap, left, strip, wide, last - first),
                    wide * strip,
                ),
                per_usual[: last - first],
                (best[row, first:last], which[row, first:last], kind),
            )
    return best, which
