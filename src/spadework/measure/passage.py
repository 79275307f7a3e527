"""Which civil vehicles and plant an opening lets through, by probability."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from scipy.special import ndtr

from spadework.errors import UserError
from spadework.measure.budget import refused, standard
from spadework.measure.machines import MACHINES
from spadework.records import Measurement

if TYPE_CHECKING:
    from spadework.measure.machines import Machine

WIDTH_ONLY: Final = "width only: the clear height of the opening is not known"
SHAPE: Final = "a clear rectangle of that width and height is taken; an arch is lower at its shoulders"
CLOSE: Final = "too close to call"


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """What it takes to pass."""

    clearance_m: tuple[float, float, float] = (0.3, 0.5, 0.8)
    """Room that a driver needs, both sides together, metres: least, usual, most."""
    headroom_m: float = 0.2
    """Room that a driver needs over the machine, metres."""
    height_m: float | None = None
    """Clear height of the opening, metres; None = not known."""
    height_u_m: float = 0.3
    """Standard uncertainty of that height."""
    machine_u_m: float = 0.05
    """Standard uncertainty of a machine's dimensions: shoes, mirrors, wear."""


def measure_passage(
    width: Measurement, settings: PassageSettings | None = None, machines: tuple[Machine, ...] = MACHINES
) -> tuple[Measurement, ...]:
    """Probability that each machine passes an opening: ``P = Phi((W - (w + clearance)) / u)``.

    u holds the uncertainty of the opening's width and of the machine's. The interval runs from the most clearance to the least.
    With a height, ``P`` is the product of the same for the height: both errors are independent.

    Args:
        width: of the opening, m; or a line across the narrowest place.
        settings: clearances, and the height where known.
        machines: the table.

    Returns:
        One Measurement a machine, in the order of the table; ``label`` names it. Refused where the width is.

    Raises:
        UserError: ``width`` is no width or length, or a clearance or height is no such thing.

    """
    settings = settings or PassageSettings()
    least, usual, most = settings.clearance_m
    if width.quantity not in {"width", "length"}:
        raise UserError(width.id, f"is a {width.quantity}, not a width", "start from the width of the opening")
    if not 0 <= least <= usual <= most:
        raise UserError(f"clearances {least:g}, {usual:g}, {most:g}", "are not least, usual, most", "give metres")
    if settings.height_m is not None and not settings.height_m > 0:
        raise UserError(f"height {settings.height_m:g}", "is none of an opening", "give its clear height in metres")
    return tuple(_passes(width, machine, settings) for machine in machines)


def _passes(width: Measurement, machine: Machine, settings: PassageSettings) -> Measurement:
    warnings = (WIDTH_ONLY,) if settings.height_m is None else (SHAPE,)
    blank = Measurement(
        id=f"passage-{machine.kind.replace(' ', '-')}", quantity="passage", unit="probability",
        value=None, low=None, high=None, scene=width.scene,
        method=(
            f"Normal probability that the opening is wider than {machine.width_m:g} m and"
            f" {settings.clearance_m[1]:g} m of clearance. {machine.source}."
        ),
        gsd_m=width.gsd_m, label=f"{machine.kind}, as {machine.maker} {machine.model}", where=width.where, warnings=warnings,
    )  # fmt: skip
    u_width = standard(width)
    if width.value is None or u_width is None:
        return refused(blank, f"the width was refused: {width.refused or 'it has no interval'}")
    wide = width.value
    u = max(math.hypot(u_width, settings.machine_u_m), 1e-6)
    headroom = 1.0
    if settings.height_m is not None:
        over = settings.height_m - machine.height_m - settings.headroom_m
        headroom = float(ndtr(over / max(math.hypot(settings.height_u_m, settings.machine_u_m), 1e-6)))
    high, value, low = (float(ndtr((wide - machine.width_m - room) / u)) * headroom for room in settings.clearance_m)
    return replace(
        blank, value=value, low=low, high=high,
        budget=(("width of the opening", u_width), ("dimensions of the machine", settings.machine_u_m)),
        warnings=(*warnings, CLOSE) if verdict(value) == CLOSE else warnings,
        model=(("machine width, m", machine.width_m), ("machine height, m", machine.height_m)),
    )  # fmt: skip


def verdict(probability: float) -> Literal["passes", "does not pass", "too close to call"]:
    """What may be said in words: no yes or no within 1.645 standard uncertainties (.05 to .95)."""
    if probability > 0.95:  # noqa: PLR2004 - one side of a 90 % interval
        return "passes"
    return "does not pass" if probability < 0.05 else CLOSE  # noqa: PLR2004 - the other side
