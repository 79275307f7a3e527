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


class Strip(NamedTuple):
    """Boxes at neighbouring columns of one row: their sums are those of four streams of running sums."""

    upper: NDArray[np.float64]
    """Running sums of the row above them ..."""
    lower: NDArray[np.float64]
    """... and of their last row."""
    left: int
    """First column of the first of them."""
    wide: int
    """Width of each."""


@step
def _row(
    box: tuple[Strip, int],
    beside: tuple[Strip, Strip, int],
    ends: tuple[Strip, Strip, int],
    per_usual: NDArray[np.float32],
    kept: tuple[NDArray[np.float32], NDArray[np.uint8], int],
) -> None:
    """One row of ``strongest`` for one box, written so that the compiler can take several columns at once."""
    here, inner_px = box
    west, east, beside_px = beside
    north, south, ends_px = ends
    i0, i1, i2, i3 = (
        here.upper[here.left :],
        here.upper[here.left + here.wide :],
        here.lower[here.left :],
        here.lower[here.left + here.wide :],
    )
    l0, l1, l2, l3 = (
        west.upper[west.left :],
        west.upper[west.left + west.wide :],
        west.lower[west.left :],
        west.lower[west.left + west.wide :],
    )
    r0, r1, r2, r3 = (
        east.upper[east.left :],
        east.upper[east.left + east.wide :],
        east.lower[east.left :],
        east.lower[east.left + east.wide :],
    )
    u0, u1, u2, u3 = (
        north.upper[north.left :],
        north.upper[north.left + north.wide :],
        north.lower[north.left :],
        north.lower[north.left + north.wide :],
    )
    d0, d1, d2, d3 = (
        south.upper[south.left :],
        south.upper[south.left + south.wide :],
        south.lower[south.left :],
        south.lower[south.left + south.wide :],
    )
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


def nothing_strong(shape: tuple[int, int]) -> Strongest:
    """Before the first box, of a plane (y, x)."""
    return Strongest(np.zeros(shape, np.float32), np.zeros(shape, np.uint8), np.zeros(shape[1], np.float32))


@_compiled
def strongest(
    sums: NDArray[np.float64], boxes: NDArray[np.int64], usual: NDArray[np.float32], spans: NDArray[np.int64], out: Strongest
) -> None:
    """Fill ``out``; ``usual`` is (kind, y, x) on every STRIDE-th pixel, the contrast in whose units it is told."""
    best, which, per_usual = out
    for kind in range(len(boxes)):
        wide, high, gap, strip = boxes[kind]
        for row in range(len(best)):
            first, last = spans[row]
            top, left = row - high // 2, first - wide // 2
            for at in range(last - first):
                per_usual[at] = 1 / usual[kind, row // STRIDE, (first + at) // STRIDE]
            above, below, outer = sums[top], sums[top + high], high + gap
            _row(
                (Strip(above, below, left, wide), high * wide),
                (Strip(above, below, left - gap - strip, strip), Strip(above, below, left + wide + gap, strip), high * strip),
                (
                    Strip(sums[top - gap - strip], sums[top - gap], left, wide),
                    Strip(sums[top + outer], sums[top + outer + strip], left, wide),
                    wide * strip,
                ),
                per_usual[: last - first],
                (best[row, first:last], which[row, first:last], kind),
            )
