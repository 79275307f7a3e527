"""Twins: other pixels nearby that did the same as a pixel through the history, compiled.

What a pixel shares with its twins on a date (rain, haze, a late spring, a drift, a new sensor) is not change here. Twins lie
at least ``NEAREST`` pixels away, so that a small change does not fall on a pixel and its twins at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spadework.change.algebra import F32, ONE, ZERO, sort_columns
from spadework.change.compiled import compiled, step
from spadework.cube import NO_METHOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Fit

RINGS = (4, 7, 11, 16, 22)
"""Distances of candidates, pixels: near enough for one field or one shower, far enough for another disc of spoil."""
SPOKES = 12
"""Candidates on each ring."""
TWINS = 15
"""Twins of a pixel at most; odd, so that there is a middle one."""
NEAREST = RINGS[0]
COMMON_LOOKS = 6
"""Clear looks of the history that a pixel and its twin must share."""
CAP = np.float32(30.0)
"""Squared distance of two residuals, noise = 1, at which one look stops counting against a twin."""
BEYOND = np.int16(32767)


class Places(NamedTuple):
    """Where pixels lie."""

    at: NDArray[np.int32]
    """(pixel, 2), row and column."""
    number: NDArray[np.int32]
    """(y, x), number of the pixel; -1 = not monitored."""
    offsets: NDArray[np.int32]
    """(candidate, 2), rows and columns to candidates."""


def offsets() -> NDArray[np.int32]:
    """(candidate, 2): rows and columns from a pixel to its candidates, spokes of neighbouring rings staggered."""
    found = set()
    for number, radius in enumerate(RINGS):
        for spoke in range(SPOKES):
            angle = 2.0 * math.pi * (spoke + 0.5 * (number % 2)) / SPOKES
            found.add((round(radius * math.sin(angle)), round(radius * math.cos(angle))))
    return np.array(sorted(found), dtype=np.int32)


@step
def _unlike(fit: Fit, share: F32, history: int, p: int, q: int) -> float:
    """Mean squared distance of the residuals of p and q over the history, capped; infinite with too few looks in common."""
    total, count = ZERO, 0
    for t in range(history):
        if fit.usable[p, t] and fit.usable[q, t]:
            apart = ZERO
            for b in range(fit.left.shape[1]):
                e = np.float32(np.int32(fit.left[p, b, t]) - np.int32(fit.left[q, b, t])) * share[b]
                apart += e * e
            total += min(apart, CAP)
            count += 1
    if count < COMMON_LOOKS:
        return math.inf
    return float(total) / count * (1.0 + 2.0 / count)


@compiled
def choose_block(fit: Fit, places: Places, share: F32, history: int, first: int, out: NDArray[np.int32]) -> None:
    """Fill ``out`` (pixel, TWINS) for the pixels from number ``first`` on: their twins, most alike first; -1 = none.

    ``share`` (band) is one over the typical noise.
    """
    score = np.empty(out.shape[1], np.float64)
    for i in range(out.shape[0]):
        p = first + i
        score[:] = math.inf
        out[i, :] = -1
        for m in range(places.offsets.shape[0]):
            y, x = places.at[p, 0] + places.offsets[m, 0], places.at[p, 1] + places.offsets[m, 1]
            if y < 0 or x < 0 or y >= places.number.shape[0] or x >= places.number.shape[1] or places.number[y, x] < 0:
                continue
            q = places.number[y, x]
            if fit.method[q] == NO_METHOD:
                continue
            unlike = _unlike(fit, share, history, p, q)
            k = len(score) - 1
            if not unlike < score[k]:
                continue
            while k > 0 and score[k - 1] > unlike:
                score[k], out[i, k] = score[k - 1], out[i, k - 1]
                k -= 1
            score[k], out[i, k] = unlike, q


@step
def line_up(
    fit: Fit, twins: NDArray[np.int32], known: NDArray[np.int32], stand_in: NDArray[np.int16], seen: NDArray[np.int32]
) -> None:
    """Which twins show each look: 0 in ``stand_in`` (TWINS, time) where one does, else what stands in; their number in ``seen``.

    A twin that is not clear stands above or below all, in turn, and leaves the median between the others; which of the two
    comes first changes from look to look, so that an even number of twins leans neither way.
    """
    seen[:] = 0
    for k in range(len(twins)):
        q = twins[k]
        for t in range(len(seen)):
            if q >= 0 and t < known[q] and fit.usable[q, t]:
                stand_in[k, t] = 0
                seen[t] += 1
            else:
                stand_in[k, t] = -BEYOND if (k - seen[t] + t) % 2 else BEYOND


@step
def shared(fit: Fit, twins: NDArray[np.int32], rows: NDArray[np.int16], stand_in: NDArray[np.int16], out: F32) -> None:
    """Median residual of one pixel's twins at each look, into ``out`` (band, time); 0 without any.

    ``stand_in`` is that of ``line_up``, ``rows`` (TWINS, time) is scratch.
    """
    times = out.shape[1]
    for b in range(out.shape[0]):
        for k in range(len(twins)):
            q = max(twins[k], 0)
            for t in range(times):
                rows[k, t] = fit.left[q, b, t] if stand_in[k, t] == 0 else stand_in[k, t]
        sort_columns(rows, len(twins))
        for t in range(times):
            middle = rows[len(twins) // 2, t]
            out[b, t] = middle if abs(middle) < BEYOND else ZERO


@step
def agreement(left: F32, common: F32, noise: F32, at: NDArray[np.int32], past: int) -> float:
    """How much of what its twins share a pixel shows itself, 0..1: robust regression over the first ``past`` looks.

    Cauchy weights by the pixel's own distance; a pull to .5 of the weight of one look keeps pixels without a signal near it.
    """
    bands = left.shape[0]
    own, cross = np.float32(bands), np.float32(0.5 * bands)
    for i in range(past):
        far, oo, oc = ZERO, ZERO, ZERO
        for b in range(bands):
            e, c = left[b, i], common[b, at[i]]
            far += e * e / noise[b]
            oo += c * c / noise[b]
            oc += e * c / noise[b]
        weight = ONE / (ONE + far / np.float32(9 * bands))
        own += weight * oo
        cross += weight * oc
    return float(min(max(cross / own, ZERO), ONE))
