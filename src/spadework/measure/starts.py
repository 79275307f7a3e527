"""Where the edges of an opening may be, before anything is fitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.measure.opening import (
    INSIDE,
    LEFT,
    PARAMETERS,
    RAMP,
    RIGHT,
    S1,
    S2,
    SLOPE_LEFT,
    SLOPE_RIGHT,
    TURN,
    U1,
    U2,
    Prior,
    normal,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.measure.patch import Patch

TURNS: Final = tuple(math.radians(a) for a in (-9, -6, -3, 0, 3, 6, 9))
"""Angles of the edges' normal from the line that are tried, radians."""
TURN_U: Final = math.radians(8)
"""How far the line may be off square, standard deviation."""
RAMP_U: Final = 0.15
"""Half of what the inside may rise by, as a share of the patch's span, standard deviation."""
SLOPE_U: Final = 0.05
"""Rise of the ground a metre, as a share of the patch's span, standard deviation."""
STARTS: Final = 3
"""Starts that are fitted."""
CLOSED: Final = 0.45
"""Of the contrast elsewhere: a row across the opening with less shows none."""
SHORTEST_M: Final = 2.0
"""An opening open for less than this along its edges is not cut out of its patch."""


def prior_of(blur_m: float, blur_share: float, shoulder_m: float) -> Prior:
    """What is known of any opening: the sensor's blur, edges near square to the line, ground that slopes little."""
    mean, weight = np.zeros(PARAMETERS), np.zeros(PARAMETERS)
    soft = (0.5 * shoulder_m / blur_m) ** 2
    mean[[S1, S2]] = math.log(blur_m) + 0.5 * math.log1p(soft)
    weight[[S1, S2]] = 1 / math.hypot(blur_share, soft / (1 + soft))
    weight[TURN] = 1 / TURN_U
    weight[RAMP] = 1 / RAMP_U
    weight[[SLOPE_LEFT, SLOPE_RIGHT]] = 1 / SLOPE_U
    return Prior(mean, weight, np.zeros((0, PARAMETERS)))


def starts(patch: Patch) -> list[NDArray[np.float64]]:
    """For some angles, the pairs of cuts of the profile that leave the least over; best first, (11,) each."""
    found: list[tuple[float, NDArray[np.float64]]] = []
    for turn in TURNS:
        found += _cuts(patch, turn)
    found.sort(key=lambda pair: -pair[0])
    return [p for _, p in found[:STARTS]]


def _cuts(patch: Patch, turn: float) -> list[tuple[float, NDArray[np.float64]]]:
    """The two best pairs of cuts at one angle, with the sum of squares that they explain: every pair is tried, by running sums."""
    x = patch.pixels.u * math.cos(turn) + patch.pixels.v * math.sin(turn)
    slot_m = 0.5 * patch.gsd_m
    slot = np.floor((x - x.min()) / slot_m).astype(int)
    n, s = np.cumsum(np.bincount(slot)), np.cumsum(np.bincount(slot, patch.pixels.value))
    cuts = np.arange(2, n.size - 2)
    if cuts.size <= 3:  # noqa: PLR2004 - two cuts, a pixel and a half apart
        return []
    n1, s1 = n[cuts - 1], s[cuts - 1]
    apart = cuts[None, :] - cuts[:, None] >= 3  # noqa: PLR2004 - a pixel and a half
    number = np.where(apart, n1[None, :] - n1[:, None], 1)
    total = s1[None, :] - s1[:, None]
    left, inside, right = (s1 / n1)[:, None], total / number, ((s[-1] - s1) / (n[-1] - n1))[None, :]
    gain = left * s1[:, None] + inside * total + right * (s[-1] - s1)[None, :]
    gain = np.where(((inside < left) == (inside < right)) & apart, gain, -np.inf)
    found = []
    for _ in range(2):
        i, j = np.unravel_index(int(gain.argmax()), gain.shape)
        if not np.isfinite(gain[i, j]):
            break
        p = np.zeros(PARAMETERS)
        p[[U1, U2]] = x.min() + cuts[[i, j]] * slot_m
        p[TURN], p[[S1, S2]] = turn, math.log(0.75 * patch.gsd_m)
        p[LEFT], p[INSIDE], p[RIGHT] = left[i, 0], inside[i, j], right[0, j]
        found.append((float(gain[i, j]), p))
        gain[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3] = -np.inf
    return found


def open_stretch(patch: Patch, p: NDArray[np.float64]) -> tuple[float, float] | None:
    """From where to where, metres across the line, the patch shows the opening where it does so in part; None = all of it.

    Rows a pixel wide across the line: each has a contrast of its inside to the ground at both sides. The longest run with contrast
    is kept, less half a pixel at a closed end.
    """
    pixels, gsd = patch.pixels, patch.gsd_m
    x = normal(p, pixels)
    within = (x > p[U1] + 0.5 * gsd) & (x < p[U2] - 0.5 * gsd)
    slot = np.floor((pixels.v - pixels.v.min()) / gsd).astype(int)
    count = np.bincount(slot[within], minlength=slot.max() + 1)
    total = np.bincount(slot[within], pixels.value[within], minlength=slot.max() + 1)
    ground = 0.5 * (p[LEFT] + p[RIGHT])
    contrast = np.abs(ground - total / np.maximum(count, 1))
    seen = (contrast > CLOSED * np.percentile(contrast[count > 0], 80)) & (count > 0) if count.any() else count > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
    if edges.size == 0:
        return None
    first, last = max(edges.reshape(-1, 2).tolist(), key=lambda run: run[1] - run[0])
    low = pixels.v.min() + first * gsd + (0.5 * gsd if first else 0.0)
    high = pixels.v.min() + last * gsd - (0.5 * gsd if last < seen.size else 0.0)
    whole = seen.size * gsd
    if high - low < SHORTEST_M or high - low > 0.8 * whole:
        return None
    return float(low), float(high)
