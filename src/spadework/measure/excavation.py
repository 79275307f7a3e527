"""How long a tunnel its spoil implies: ``L = V / (bulking * section * overbreak)``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.errors import UserError
from spadework.measure.budget import Z90, refused, shares, standard
from spadework.measure.spoil import HAULED
from spadework.records import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_LIMIT: Final = "an upper bound of the heap is none of the tunnel: only a lower bound says at least how much was dug"
ASSUMED: Final = "the width of the opening was not measured: {0:g} to {1:g} m are taken"


@dataclass(frozen=True, slots=True)
class ExcavationSettings:
    """What is taken of the tunnel; each range is drawn evenly."""

    bulking: tuple[float, float] = (1.3, 1.8)
    """Volume of loose spoil over that of the rock in place: what handbooks of earthworks give for rock, soft to hard."""
    overbreak: tuple[float, float] = (1.05, 1.25)
    """Section dug over section left."""
    height_m: tuple[float, float] = (4.0, 5.5)
    """Of the section at its crown, metres."""
    width_m: tuple[float, float] = (3.5, 6.0)
    """Of the section, metres; only where no width was measured."""
    draws: int = 20_000
    seed: int = 57


def section_m2(width_m: NDArray[np.float64], height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area of a D-shaped section: straight walls under a round crown (flatter where it is wider than twice its height)."""
    crown = np.minimum(width_m / 2, height_m)
    return np.asarray(width_m * (height_m - crown) + math.pi / 4 * width_m * crown)


def measure_excavation(
    spoil: Measurement, width: Measurement | None = None, settings: ExcavationSettings | None = None
) -> Measurement:
    """Length of the tunnel that a volume of spoil fills.

    A spoil volume with both bounds is taken as lognormal between them (5th and 95th percentile); one with an upper bound gives
    "at most" (of what this heap fills, not of what was dug), one with a lower bound "at least", each at the 95 % side of all else.
    The budget holds shares of the variance of ln L; the terms are independent factors.

    Args:
        spoil: of ``measure_spoil``, m3.
        width: of the opening, or a length drawn across it; None or refused = the range of the settings.
        settings: bulking, overbreak, height of the section.

    Returns:
        Length in metres; refused where the spoil volume is.

    Raises:
        UserError: ``spoil`` is no volume, or ``width`` no width, or a range runs backwards or under 0.

    """
    settings = settings or ExcavationSettings()
    if spoil.unit != "m3":
        raise UserError(spoil.id, f"is a {spoil.quantity}, not a volume", "start from a spoil volume")
    if width is not None and width.quantity not in {"width", "length"}:
        raise UserError(width.id, f"is a {width.quantity}, not a width", "start from the width of the opening")
    for name in ("bulking", "overbreak", "height_m", "width_m"):
        low, high = getattr(settings, name)
        if not 0 < low <= high < math.inf:
            raise UserError(f"{name} {low:g} to {high:g}", "is no range", "give a lower and an upper number over 0")
    blank = Measurement(
        id="excavation", quantity="excavation length", unit="m", value=None, low=None, high=None, scene=spoil.scene,
        method=(
            f"Length of tunnel that this heap would fill: spoil volume over bulking {settings.bulking[0]:g} to {settings.bulking[1]:g}, a D-shaped section"
            f" {settings.height_m[0]:g} to {settings.height_m[1]:g} m high and as wide as the opening, and overbreak"
            f" {settings.overbreak[0]:g} to {settings.overbreak[1]:g}."
        ),
        kind=spoil.kind, shares=True, gsd_m=spoil.gsd_m, where=spoil.where, warnings=(HAULED,),
    )  # fmt: skip
    if spoil.refused or spoil.value is None:
        return refused(blank, f"the spoil volume was refused: {spoil.refused or 'it has no value'}")
    return _drawn_lengths(blank, spoil, width, settings)


def _drawn_lengths(
    blank: Measurement, spoil: Measurement, width: Measurement | None, settings: ExcavationSettings
) -> Measurement:
    rng = np.random.default_rng(settings.seed)
    n = settings.draws
    bulking, overbreak = rng.uniform(*settings.bulking, n), rng.uniform(*settings.overbreak, n)
    height = rng.uniform(*settings.height_m, n)
    u_width = None if width is None else standard(width)
    if width is None or width.value is None or u_width is None:
        wide = rng.uniform(*settings.width_m, n)
        blank = replace(blank, warnings=(*blank.warnings, ASSUMED.format(*settings.width_m)))
    else:
        wide = np.maximum(width.value + u_width * rng.standard_normal(n), width.value / 10)
    section = section_m2(wide, height)
    per_m = bulking * section * overbreak
    inputs = {"section": np.log(section), "bulking": np.log(bulking), "overbreak": np.log(overbreak)}
    low, high = spoil.low, spoil.high
    if spoil.kind == "interval" and low is not None and high is not None and low > 0:
        sigma = (math.log(high) - math.log(low)) / (2 * Z90)
        volume = math.sqrt(low * high) * np.exp(sigma * rng.standard_normal(n))
        long = volume / per_m
        quantiles = np.quantile(long, [0.05, 0.5, 0.95])
        budget = shares({"spoil volume": np.log(volume), **inputs}, np.log(long))
        return replace(blank, low=float(quantiles[0]), value=float(quantiles[1]), high=float(quantiles[2]), budget=budget)
    budget = shares(inputs, -np.log(per_m))
    if spoil.kind == "at least" and low is not None:
        least = np.quantile(low / per_m, 0.05)
        return replace(blank, value=float(np.median((spoil.value or low) / per_m)), low=float(least), budget=budget)
    if high is None:
        return refused(blank, "the spoil volume has no bound to start from")
    most = np.quantile(high / per_m, 0.95)
    median = float(np.median((spoil.value or high) / per_m))
    warnings = (*blank.warnings, NO_LIMIT)
    return replace(blank, kind="at most", value=median, high=float(most), budget=budget, warnings=warnings)
