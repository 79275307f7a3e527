"""Height of an upright thing from the shadow that it throws on the ground.

``h = L (tan e + tan a)``: L the shadow from foot to tip as seen from above, e the sun's elevation, a the rise of the ground from
foot to tip (negative: it falls). A ray that grazes the top meets the ground L further on and L tan(a) higher.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.errors import MissingExtraError, UserError
from spadework.measure.budget import refused, stated
from spadework.measure.drawn import Drawn, DrawnSettings, draw
from spadework.measure.ground import bearing
from spadework.measure.sun import sun_at
from spadework.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.cube import Image
    from spadework.records import Point, VhrScene

LOWEST_SUN: Final = 10.0
"""Degrees; under it, a degree of slope is worth over a tenth of the height, and shadows run into each other."""
SHORTEST_PX: Final = 3.0
"""Pixels; a shorter shadow is a blur."""
SUN_DISC_DEG: Final = 0.533
"""Angle across the sun: why the edge of a shadow is soft."""
OFF_WARN: Final = 3.0
OFF_REFUSE: Final = 12.0
"""Degrees between the line and the way shadows fall, beyond twice what placing its ends explains."""
STATED_OFF: Final = 1.0
"""Degrees between the sun that a Scene states and the one of its time and place, from which it is told."""
LEAST_LEAN: Final = 0.2
"""Share of the shadow that must be left in view when it is drawn from the top of the thing."""


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """What is known besides the line; uncertainties are standard ones."""

    slope_deg: float = 0.0
    """Rise of the ground from the foot of the shadow to its tip; negative where it falls."""
    slope_u_deg: float = 2.0
    from_top: bool = False
    """The line starts at the top of the thing as seen, not at its foot: a tilted view displaces the top."""
    pointing_px: float = 0.25
    """Of each end, pixels."""
    scale_share: float = 0.005
    """Of the ground sample distance."""
    height_u_m: float = 0.1
    """Of the height of each end against the level that the image was laid on, metres."""
    sun_u_deg: float = 0.1
    """Of a sun elevation that the Scene states."""
    time_u_s: float = 60.0
    """Of the Scene's time, where the sun is computed from it, seconds."""


@dataclass(frozen=True, slots=True)
class _Sun:
    elevation: float
    azimuth: float | None
    elevation_u: float
    notes: tuple[str, ...] = ()


def measure_height(image: Image, line: Sequence[Point], settings: ShadowSettings | None = None) -> Measurement:
    """Height of an upright thing from its shadow.

    ``u_h^2 = (tan e + tan a)^2 u_L^2 + (L / cos^2 e)^2 u_e^2 + (L / cos^2 a)^2 u_a^2``; u_L holds placing both ends, their heights
    under a tilted view, scale, and the penumbra (its width on the ground over the square root of 12).

    Args:
        image: or a window of it that holds the line.
        line: foot and tip of the shadow (top as seen and tip with ``from_top``), map units, or column, row of the file.
        settings: slope of the ground, and uncertainties.

    Returns:
        Height in metres, 90 % interval. Refused: neither the sun nor time and place known, sun under LOWEST_SUN, shadow under
        SHORTEST_PX, line not along the sun's azimuth, ground that falls faster than the sun stands.

    Raises:
        UserError: not two points, points outside the image, a slope of 60 degrees or more, no ground sample distance.
        MissingExtraError: the sun must be computed and pvlib is not installed.

    """
    settings = settings or ShadowSettings()
    if len(line) != 2:  # noqa: PLR2004 - a line
        raise UserError(image.scene.id, "a shadow needs two points: its foot and its tip", "give --line X1,Y1,X2,Y2")
    if not abs(settings.slope_deg) < 60:  # noqa: PLR2004 - steeper than any slope that holds a shadow's tip
        raise UserError(f"slope {settings.slope_deg:g}", "is no slope of ground", "give degrees, positive where it rises")
    drawn = draw(image, line, DrawnSettings(settings.pointing_px, 0.0, settings.scale_share, settings.height_u_m))
    blank = Measurement(
        id="height", quantity="height", unit="m", value=None, low=None, high=None, scene=image.scene.id,
        method=(
            f"Shadow drawn from {'the top as seen' if settings.from_top else 'its foot'} to its tip, on ground that rises by"
            f" {settings.slope_deg:g} ± {settings.slope_u_deg:g} degrees along it."
        ),
        gsd_m=drawn.ground.gsd_m, where=drawn.points, warnings=drawn.warnings,
    )  # fmt: skip
    sun = _sun_of(image.scene, drawn, settings)
    if isinstance(sun, str):
        return refused(blank, sun)
    if sun.elevation < LOWEST_SUN:
        return refused(blank, f"the sun stood {sun.elevation:.1f} degrees high: shadows are of use from {LOWEST_SUN:g} on")
    return _height(replace(blank, warnings=(*blank.warnings, *sun.notes)), drawn, image.scene, sun, settings)


def _sun_of(scene: VhrScene, drawn: Drawn, settings: ShadowSettings) -> _Sun | str:
    """The sun as the Scene states it, else from its time and place; else why it is not known."""
    if scene.sun_elevation is None:
        missing = "its time of day" if scene.instant is None else "its place"
        unknown = f"where the sun stood is not known: the image states neither the sun's elevation nor {missing}"
        return _computed(scene, drawn, settings) or unknown
    try:
        computed = _computed(scene, drawn, settings)
    except MissingExtraError:
        computed = None
    if computed is None or computed.azimuth is None:
        return _Sun(scene.sun_elevation, scene.sun_azimuth, settings.sun_u_deg)
    azimuth = computed.azimuth if scene.sun_azimuth is None else scene.sun_azimuth
    apart = abs(scene.sun_elevation - computed.elevation), abs((azimuth - computed.azimuth + 180) % 360 - 180)
    notes: tuple[str, ...] = ()
    if apart[0] > STATED_OFF or apart[1] * math.cos(math.radians(computed.elevation)) > STATED_OFF:
        says = f"{scene.sun_elevation:.1f} degrees high at {azimuth:.0f}; by time and place {computed.elevation:.1f} at {computed.azimuth:.0f}"
        notes = (f"the image states a sun {says}: check its time",)
    return _Sun(scene.sun_elevation, azimuth, settings.sun_u_deg, notes)


def _computed(scene: VhrScene, drawn: Drawn, settings: ShadowSettings) -> _Sun | None:
    centre = drawn.ground.centre
    if scene.instant is None or centre is None:
        return None
    elevation, azimuth = sun_at(scene.instant, *centre)
    step = dt.timedelta(seconds=settings.time_u_s)
    later, earlier = sun_at(scene.instant + step, *centre), sun_at(scene.instant - step, *centre)
    return _Sun(elevation, azimuth, abs(later[0] - earlier[0]) / 2)


def _height(blank: Measurement, drawn: Drawn, scene: VhrScene, sun: _Sun, settings: ShadowSettings) -> Measurement:
    step = drawn.metres[1] - drawn.metres[0]
    span_px = float(np.hypot(*np.diff(drawn.ground.pixels(drawn.points), axis=0)[0]))
    if span_px < SHORTEST_PX:
        return refused(blank, f"the shadow is {span_px:.1f} pixels long: a height needs {SHORTEST_PX:g} or more")
    e, a = math.radians(sun.elevation), math.radians(settings.slope_deg)
    rise = math.tan(e) + math.tan(a)
    if rise <= 0:
        return refused(blank, "the ground falls away faster than the sun stands high: the shadow has no tip on it")
    lean = np.zeros(2)
    if settings.from_top:
        if scene.off_nadir is None or scene.view_azimuth is None or sun.azimuth is None or not drawn.ground.oriented:
            return refused(
                blank, "a line from the top needs the view angle, its azimuth, the sun's and north: draw from the foot"
            )
        lean = -math.tan(math.radians(scene.off_nadir)) * _unit(scene.view_azimuth)
    checked = _along_the_sun(blank, drawn, sun, rise * lean, settings.pointing_px / span_px)
    if checked.refused:
        return checked
    fall = step / np.hypot(*step) if sun.azimuth is None or not drawn.ground.oriented else _unit(sun.azimuth + 180)
    left = 1 - rise * float(lean @ fall)
    if left < LEAST_LEAN:
        return refused(blank, "the top leans over its own shadow in this view: draw from the foot")
    length = float(step @ fall) / left
    penumbra = length / math.cos(e) * math.radians(SUN_DISC_DEG) / math.sin(e + a) * math.cos(a) / math.sqrt(12)
    terms = {
        **{name: rise / left * u for name, u in drawn.terms(np.array([-fall, fall])).items()},
        "penumbra": rise / left * penumbra,
        "scale": rise * settings.scale_share * length,
        "sun": length / left / math.cos(e) ** 2 * math.radians(sun.elevation_u),
        "slope of the ground": length / left / math.cos(a) ** 2 * math.radians(settings.slope_u_deg),
    }
    model = [("sun elevation, deg", sun.elevation), ("shadow length, m", length)]
    if sun.azimuth is not None:
        model.append(("sun azimuth, deg", sun.azimuth))
    return stated(replace(checked, model=tuple(model)), rise * length, terms)


def _along_the_sun(
    blank: Measurement, drawn: Drawn, sun: _Sun, lean: np.ndarray[tuple[int], np.dtype[np.float64]], end_share: float
) -> Measurement:
    """Whether the line runs as shadows fall; lean: where the top is seen, metres for each metre of shadow."""
    if sun.azimuth is None or not drawn.ground.oriented:
        return replace(blank, warnings=(*blank.warnings, "north or the sun's azimuth is not known: the line was not checked"))
    expected = bearing(_unit(sun.azimuth + 180) - lean)
    line = bearing(drawn.metres[1] - drawn.metres[0])
    off = abs((line - expected + 180) % 360 - 180)
    slack = 2 * math.degrees(math.sqrt(2) * end_share)
    says = f"the line runs towards {line:.0f} degrees, shadows fell towards {expected:.0f}"
    if off > OFF_REFUSE + slack:
        mend = "draw it from foot to tip" if off > 180 - OFF_REFUSE - slack else "it is no shadow of an upright thing"
        return refused(blank, f"{says}: {mend}")
    if off > OFF_WARN + slack:
        return replace(blank, warnings=(*blank.warnings, f"{says}: only its part along the shadow counts"))
    return blank


def _unit(azimuth: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))])
