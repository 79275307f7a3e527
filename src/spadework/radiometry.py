"""Do the numbers of a look agree with what its catalogue says of them?

The Sentinel-2 offset (-1000 from January 2022) is stated wrongly for some catalogue items. A look is corrected only
where that restores continuity with its neighbours in time, else dropped; either way by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from spadework.cube import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

OFFSET: Final = 1000
"""The Sentinel-2 offset, in reflectance x 10,000."""
_STEP: Final = (700, 1300)
NEGATIVE_SHARE: Final = 0.05
"""More clear pixels than this below zero in blue or red contradict the catalogue, 0..1."""
_STABLE: Final = 300
"""Two looks agree on a pixel when no band differs by more than this."""
_ENOUGH: Final = 50
"""Stable pixels that a comparison needs; clear ones of which something is said."""
_SAMPLE: Final = 10_000
"""Pixels by which a large look is judged, at least."""
_BLANK: Final = 0.95
"""Share of clear pixels with one number, in every band, from which a look shows no ground, 0..1."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with one look."""

    action: Literal["keep", "correct", "drop"]
    add: int = 0
    """To be added to the reflectance (x 10,000) when corrected."""
    why: str = ""


def share_below(reflectance: NDArray[np.int16], clear: NDArray[np.bool_], visible: tuple[int, ...], step: int) -> float:
    """Largest share of one look's clear pixels below zero among the ``visible`` bands, 0..1; arrays as in ``check_offset``."""
    own = clear[step]
    if not own.any():
        return 0.0
    return max((float((reflectance[step, b][own] < 0).mean()) for b in visible), default=0.0)


def is_blank(reflectance: NDArray[np.int16], clear: NDArray[np.bool_], step: int) -> bool:
    """Whether one look shows no ground: in every band one number on nearly all of its clear pixels; arrays as in ``check_offset``.

    Large looks are judged by some rows and columns, evenly apart.
    """
    apart = max(1, math.isqrt(clear[step].size // _SAMPLE))
    own, bands = clear[step, ::apart, ::apart], reflectance[step, :, ::apart, ::apart]
    if np.count_nonzero(own) < _ENOUGH:
        return False
    return all(np.mean(band[own] == np.median(band[own])) >= _BLANK for band in bands)


def check_offset(
    reflectance: NDArray[np.int16], clear: NDArray[np.bool_], visible: tuple[int, ...], step: int, candidates: tuple[int, ...]
) -> Verdict:
    """Hold one look's values against its nearest usable neighbours in time.

    Args:
        reflectance: (time, band, y, x), reflectance x 10,000.
        clear: (time, y, x), True = usable.
        visible: band indices of blue and red.
        step: the look to judge.
        candidates: looks to compare with, in time order; the nearest before and after with enough common ground are used.

    """
    if not clear[step].any():
        return Verdict("keep")
    below = share_below(reflectance, clear, visible, step)
    before = [j for j in candidates if j < step][::-1]
    after = [j for j in candidates if j > step]
    steps = _steps(reflectance, clear, step, before, after)
    too_low = below > NEGATIVE_SHARE
    for sign in (-1, 1):
        stepped = len(steps) == 2 and all(_within(s * sign) for s in steps)  # noqa: PLR2004 - the number says itself here
        if not (stepped or (too_low and sign < 0)):
            continue
        why = (
            f"{below:.0%} of clear blue or red pixels are below zero"
            if too_low
            else f"its stable pixels lie {sign * OFFSET:+d} off both neighbouring looks"
        )
        if steps and all(np.abs(s - sign * OFFSET).max() < _STABLE for s in steps):
            return Verdict("correct", -sign * OFFSET, f"{why}; {-sign * OFFSET:+d} restores continuity")
        return Verdict("drop", 0, f"{why}, and no offset restores continuity")
    return Verdict("keep")


def _within(step: NDArray[np.float64]) -> bool:
    return bool(((step >= _STEP[0]) & (step <= _STEP[1])).all())


def _steps(
    reflectance: NDArray[np.int16], clear: NDArray[np.bool_], step: int, before: list[int], after: list[int]
) -> list[NDArray[np.float64]]:
    """Median difference per band to the nearest look before and after, over pixels on which those two agree."""
    near = [next((j for j in side if (clear[j] & clear[step]).sum() >= _ENOUGH), None) for side in (before, after)]
    found = [j for j in near if j is not None]
    if not found:
        return []
    common = clear[step].copy()
    for j in found:
        common &= clear[j]
    if len(found) == 2:  # noqa: PLR2004 - the number says itself here
        gap = np.abs(reflectance[found[0]].astype(np.int32) - reflectance[found[1]]).max(axis=0)
        common &= gap <= _STABLE
    if common.sum() < _ENOUGH:
        return []
    own = reflectance[step][:, common].astype(np.float64)
    return [np.median(own - reflectance[j][:, common], axis=1) for j in found]


def to_cube_units(raw: NDArray[np.generic], scale: float, offset: float, nodata: float | None) -> NDArray[np.int16]:
    """Raw numbers as reflectance x 10,000, rounded half to even; MISSING where raw is nodata or not finite."""
    values = raw.astype(np.float64)
    gone = ~np.isfinite(values)
    if nodata is not None and np.isfinite(nodata):
        gone |= values == nodata
    scaled = np.rint((np.where(gone, 0.0, values) * scale + offset) * 10_000.0)
    out = np.clip(scaled, -32_000, 32_000).astype(np.int16)
    out[gone] = MISSING
    return out
