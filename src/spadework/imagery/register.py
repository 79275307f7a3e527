"""Looks laid on one another: each against the median of the clearest, on clear ground; moved where that is sure and worth it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import chndtrix

from spadework.align.consensus import LEVEL
from spadework.align.looks import LookSettings, lay_look, middle_of, normalised, reference_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.align.features import Features
    from spadework.records import Alignment

APPLY_PX: Final = 0.3
"""A smaller shift is left: it harms change detection less than resampling would, and season and sun mimic as much."""
APPLY_RADII: Final = 2.0
"""A shift is applied when it is so many times its 90 % radius: five standard errors or so, far beyond chance over 200 looks."""
STEP_PX: Final = 0.01
"""Shifts are rounded to this, so that the last bits of a sum move no pixel."""
COMPARED: Final = ("nir", "red", "green", "blue")
"""Bands at the finest resolution; two of them with most texture are compared."""
BANDS: Final = 2


@dataclass(frozen=True, slots=True)
class Registration:
    """How one look lies on the others, in pixels of the grid."""

    shift_px: tuple[float, float] | None
    """Right, down: to be applied; (0, 0) = left as it is, None = not estimated."""
    residual_px: float | None
    """90 % radius of what is left after that."""
    failed: str | None = None
    """Why it was not estimated."""


def compared(shape: tuple[int, int], settings: LookSettings | None = None) -> tuple[slice, slice]:
    """Rows and columns of the grid that are compared: its middle, where it is large."""
    return middle_of(shape, settings or LookSettings())


def register_looks(
    planes: NDArray[np.int16], seen: NDArray[np.bool_], bands: Sequence[str], settings: LookSettings | None = None
) -> tuple[Registration, ...]:
    """Shift of each look against the median of the clearest looks.

    Args:
        planes: (look, band, y, x) reflectance of the part that is compared; not changed.
        seen: (look, y, x), True = clear.
        bands: names in band order.
        settings: what is enough.

    """
    settings = settings or LookSettings()
    share = seen.mean(axis=(1, 2))
    best = np.argsort(-share, kind="stable")[: settings.reference_looks]
    chosen = np.sort(best[share[best] >= settings.reference_clear])
    if len(chosen) < settings.least_reference:
        why = f"only {len(chosen)} look(s) are clear enough to compare with"
        return tuple(Registration(None, None, why) for _ in seen)
    index = {name: n for n, name in enumerate(bands) if name in COMPARED} or {name: n for n, name in enumerate(bands)}
    reference = _reference(planes[chosen], seen[chosen], index)
    found = []
    for look, usable in zip(planes, seen, strict=True):
        own = {name: look[index[name]].astype(np.float32) for name in reference}
        found.append(lay_look(reference, normalised(own, usable), settings))
    return tuple(judged(one) for one in centred(found))


def centred(found: Sequence[Alignment]) -> tuple[Alignment, ...]:
    """Shifts against the middle of all looks, in place of the reference: that was made of few, and lies where they lie."""
    shifts = [one.shift_px for one in found if one.shift_px is not None]
    if not shifts:
        return tuple(found)
    right, down = (float(part) for part in np.median(np.array(shifts), axis=0))
    return tuple(
        one if one.shift_px is None else replace(one, shift_px=(one.shift_px[0] - right, one.shift_px[1] - down))
        for one in found
    )


def _reference(planes: NDArray[np.int16], clear: NDArray[np.bool_], index: dict[str, int]) -> dict[str, Features]:
    """The bands with most texture, normalised, most first."""
    medians = {name: reference_of(planes[:, n].astype(np.float32), clear) for name, n in index.items()}
    every = {name: normalised({name: median}, usable)[name] for name, (median, usable) in medians.items()}
    ranked = sorted(every, key=lambda name: -float(np.median(every[name].texture)))
    return {name: every[name] for name in ranked[:BANDS]}


def judged(found: Alignment) -> Registration:
    """Whether a shift is applied, and what is left."""
    if found.shift_px is None or found.radius_px is None:
        return Registration(None, None, found.failed)
    right, down = (round(part / STEP_PX) * STEP_PX for part in found.shift_px)
    length = float(np.hypot(right, down))
    if length > APPLY_PX and length > APPLY_RADII * found.radius_px:
        return Registration((right, down), found.radius_px)
    return Registration((0.0, 0.0), _reach(length, found.radius_px))


def _reach(length: float, radius: float) -> float:
    """90 % radius about zero of a round normal cloud that lies off by a length and has its own 90 % radius (Rice's law)."""
    sigma = radius / np.sqrt(-2 * np.log(1 - LEVEL))
    return float(sigma * np.sqrt(chndtrix(LEVEL, 2, (length / sigma) ** 2)))
