"""Where the sun stood."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spadework.errors import MissingExtraError, UserError

if TYPE_CHECKING:
    from types import ModuleType

    from spadework.records import VhrScene


def _pvlib() -> ModuleType:
    try:
        import pvlib  # noqa: PLC0415 - a heavy optional part
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "pvlib", "is not installed, so where the sun stood cannot be computed", "pip install 'spadework[vhr]'"
        ) from error
    return pvlib  # type: ignore[no-any-return]  # ships no types


def sun_at(when: dt.datetime, lon: float, lat: float) -> tuple[float, float]:
    """Elevation and azimuth of the middle of the sun's disc, degrees.

    The elevation is the apparent one, lifted by refraction at sea level: shadows follow it. The azimuth counts from north,
    clockwise. Solar Position Algorithm (Reda and Andreas 2004, NREL/TP-560-34302) of pvlib; good to .0003 degrees before
    refraction, so the time decides: a minute is up to .25 degrees.

    Args:
        when: an aware instant; a naive one is taken as UTC.
        lon: degrees, WGS 84.
        lat: degrees, WGS 84.

    Raises:
        MissingExtraError: pvlib is not installed.
        UserError: the place is none.

    """
    if not (math.isfinite(lon) and abs(lon) <= 360 and abs(lat) <= 90):  # noqa: PLR2004 - degrees of a globe
        raise UserError(f"longitude {lon:g}, latitude {lat:g}", "is no place", "give longitude first, then latitude")
    moment = when.replace(tzinfo=dt.UTC) if when.tzinfo is None else when.astimezone(dt.UTC)
    spa = _pvlib().spa
    delta_t = spa.calculate_deltat(moment.year, moment.month)
    at_sea = {"elev": 0.0, "pressure": 1013.25, "temp": 12.0, "delta_t": delta_t, "atmos_refract": 0.5667}
    _, _, elevation, _, azimuth, _ = spa.solar_position_numpy(np.array([moment.timestamp()]), lat, lon, numthreads=1, **at_sea)
    return float(elevation[0]), float(azimuth[0]) % 360.0


def with_sun(scene: VhrScene) -> VhrScene:
    """A Scene with the sun's place computed where nobody says it and time of day and place are known."""
    if scene.sun_elevation is not None or scene.instant is None or not scene.footprint:
        return scene
    ring = scene.footprint[0][0]
    lon, lat = (sum(point[axis] for point in ring[:-1]) / (len(ring) - 1) for axis in (0, 1))
    try:
        elevation, azimuth = sun_at(scene.instant, lon, lat)
    except MissingExtraError as error:
        return replace(scene, notes=(*scene.notes, f"where the sun stood is not known: {error.mend}"))
    return replace(scene, sun_elevation=round(elevation, 3), sun_azimuth=round(azimuth, 3))
