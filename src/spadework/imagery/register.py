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


class Registering:
    """Looks laid on the median of the clearest, each as soon as it is there: what is found does not depend on their order.

    The reference is made once no look that is still to come can be among the clearest.
    """

    def __init__(
        self,
        planes: NDArray[np.int16],
        seen: NDArray[np.bool_],
        most: NDArray[np.float64],
        bands: Sequence[str],
        settings: LookSettings | None = None,
    ) -> None:
        """Begin with no look.

        Args:
            planes: (look, band, y, x) reflectance of the part that is compared; read when a look comes.
            seen: (look, y, x), True = clear; likewise.
            most: (look), the largest clear share that each may turn out to have, 0..1.
            bands: names in band order.
            settings: what is enough.

        """
        self.planes, self.seen, self.settings = planes, seen, settings or LookSettings()
        self.index = {name: n for n, name in enumerate(bands) if name in COMPARED} or {name: n for n, name in enumerate(bands)}
        self.most = most.copy()
        """Of a look that came, the share that it has."""
        self.waited_for = np.ones(len(most), np.bool_)
        self.there: list[int] = []
        self.laid: dict[int, Alignment] = {}
        self.reference: dict[str, Features] = {}

    @property
    def order(self) -> list[int]:
        """The looks, those that the reference waits for first."""
        return [int(look) for look in np.argsort(-self.most, kind="stable")]

    def comes(self, look: int) -> None:
        """A look is there."""
        self.most[look] = self.seen[look].mean()
        self.there.append(look)
        self._no_more(look)

    def never_comes(self, look: int) -> None:
        """A look cannot be read."""
        self._no_more(look)

    def found(self) -> dict[int, Registration]:
        """Of each look that came, once all have, in order."""
        there = sorted(self.there)
        if not self.reference:
            why = f"only {len(self._chosen())} look(s) are clear enough to compare with"
            return {look: Registration(None, None, why) for look in there}
        return dict(zip(there, (judged(one) for one in centred([self.laid[look] for look in there])), strict=True))

    def _no_more(self, look: int) -> None:
        self.waited_for[look] = False
        if not self.reference:
            self._refer()
        for one in self.there if self.reference else ():
            if one not in self.laid:
                self.laid[one] = self._lay(one)

    def _chosen(self) -> list[int]:
        """The clearest of the looks that came, in order."""
        clear = [look for look in self.there if self.most[look] >= self.settings.reference_clear]
        return sorted(sorted(clear, key=lambda look: (-self.most[look], look))[: self.settings.reference_looks])

    def _refer(self) -> None:
        """Make the reference, if the clearest looks are those that came, and enough."""
        chosen = self._chosen()
        full = len(chosen) == self.settings.reference_looks
        least = self.most[chosen].min() if full else self.settings.reference_clear
        if len(chosen) >= self.settings.least_reference and not (self.waited_for & (self.most >= least)).any():
            self.reference = _reference(self.planes[chosen], self.seen[chosen], self.index)

    def _lay(self, look: int) -> Alignment:
        own = {name: self.planes[look, self.index[name]].astype(np.float32) for name in self.reference}
        return lay_look(self.reference, normalised(own, self.seen[look]), self.settings)


def register_looks(
    planes: NDArray[np.int16], seen: NDArray[np.bool_], bands: Sequence[str], settings: LookSettings | None = None
) -> tuple[Registration, ...]:
    """Shift of each look against the median of the clearest looks, all of them there; arguments as in ``Registering``."""
    registering = Registering(planes, seen, seen.mean(axis=(1, 2)), bands, settings)
    for look in registering.order:
        registering.comes(look)
    return tuple(registering.found().values())


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
