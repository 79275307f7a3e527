"""The example of one place on two scales: a year of 10 m images around a sub-metre pair, all of it simulated, its truth in the site file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from spadework.simulate.portal import PortalSettings, portal_pair
from spadework.store.dossier import write_texts
from spadework.store.files import write_atomic
from spadework.store.rasters import cog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spadework.cube import Image
    from spadework.records import Point
    from spadework.simulate.portal import PortalTruth

PORTAL: Final = "portal"
"""Name of the built-in scenario that the pair lies in."""
_TAGS: Final = {"SPADEWORK_SYNTHETIC": "synthetic data, not a real place"}
_SCENE: Final = """
[[scene]]
path = "{path}"
datetime = {datetime}
provider = "{provider}"
licence = "{licence}"
credit = "{credit}"
platform = "{platform}"
bands = {{ {bands} }}
gsd_m = {gsd}
off_nadir_deg = {off_nadir}
view_azimuth_deg = {view_azimuth}
sun_elevation_deg = {sun_elevation}
sun_azimuth_deg = {sun_azimuth}
"""
_MEASURES: Final = """
[[measure]]               # what an analyst drew on the later image, metres of its CRS
id = "cut"
scene = "{after}"
quantity = "width"
points = {opening}
label = "open cut before the portal, as seen from above"

[[measure]]
id = "vehicles"
scene = "{after}"
quantity = "passage"
of = "cut"

[[measure]]
id = "heap"
scene = "{after}"
quantity = "area"
points = {spoil}
label = "foot of the heap"

[[measure]]
id = "spoil"
scene = "{after}"
quantity = "spoil"
points = {spoil}
label = "heap of spoil"

[[measure]]
id = "silo"
scene = "{after}"
quantity = "shadow"
points = {shadow}
slope_deg = {slope:.1f}
label = "silo beside the pad"
"""
_TRUTH: Final = """
[[truth]]                 # known, as the place is simulated
what = "{what}"
value = {value}
unit = "{unit}"
result = "{result}"
"""


def write_portal(out: Path, settings: PortalSettings | None = None) -> str:
    """Simulate the pair into a folder, with its truth; returns what a site file in that folder says of it, as TOML tables.

    Raises:
        StorageError: the disk failed.

    """
    settings = settings or PortalSettings(bands=("blue", "green", "red"))
    pair = portal_pair(settings)
    tables = [_kept(out, image, settings.camera.bits) for image in (pair.before, pair.after)]
    truth = pair.truth
    tables.append(
        _MEASURES.format(
            after=pair.after.scene.id,
            opening=_points(truth.opening_line),
            spoil=_points(truth.spoil),
            shadow=_points(truth.silo_shadow),
            slope=truth.ground_slope_deg,
        )
    )
    tables += [_TRUTH.format(what=what, value=value, unit=unit, result=result) for what, value, unit, result in _known(truth)]
    write_texts(out, {"truth/vhr.json": json.dumps(_told(truth), indent=1) + "\n"})
    place = (settings.crs, pair.before.transform)
    write_atomic(out / "truth" / "vhr_changed.tif", cog(truth.changed.astype(np.uint8), *place, None, ("1 = changed",), _TAGS))
    heights = np.stack([truth.dem_before, truth.dem_after])
    write_atomic(out / "truth" / "vhr_heights.tif", cog(heights, *place, None, ("before, m", "after, m"), _TAGS))
    return "".join(tables)


def _kept(out: Path, image: Image, bits: int) -> str:
    """Write an image as a COG, and return its ``[[scene]]`` table."""
    scene = image.scene
    path = f"vhr/{scene.id}.tif"
    tags = {**_TAGS, "SPADEWORK_BITS": str(bits)}
    write_atomic(out / path, cog(image.values.astype(np.uint16), str(scene.crs), image.transform, 0, image.bands, tags))
    return _SCENE.format(
        path=path,
        datetime=f"{scene.datetime:%Y-%m-%dT%H:%M:%SZ}",
        provider=scene.provider,
        licence=scene.licence,
        credit=scene.credit,
        platform=scene.platform,
        bands=", ".join(f"{band} = {n}" for n, band in enumerate(image.bands, 1)),
        gsd=(scene.gsd_m or (0,))[0],
        off_nadir=scene.off_nadir,
        view_azimuth=scene.view_azimuth,
        sun_elevation=scene.sun_elevation,
        sun_azimuth=scene.sun_azimuth,
    )


def _points(points: Sequence[Point]) -> str:
    return json.dumps([[round(float(x), 2), round(float(y), 2)] for x, y in points])


def _known(truth: PortalTruth) -> tuple[tuple[str, float, str, str], ...]:
    """What is known, its value and unit, and the result that it stands beside."""
    return (
        ("shift that lays the later image on the earlier: right", truth.shift_px[0], "px", "shift_x"),
        ("shift that lays the later image on the earlier: down", truth.shift_px[1], "px", "shift_y"),
        ("share of the ground that was worked", round(float(truth.changed.mean()), 4), "", "changed_fraction"),
        ("machines (all in the later image)", len(truth.machines), "", "sightings"),
        ("width of the cut", truth.width_m, "m", "measurement:cut"),
        ("area of the heap", round(shapely.Polygon(truth.spoil).area), "m2", "measurement:heap"),
        ("volume of the heap", round(truth.spoil_m3), "m3", "measurement:spoil"),
        ("height of the silo", truth.silo_height_m, "m", "measurement:silo"),
    )


def _told(truth: PortalTruth) -> dict[str, Any]:
    """The truth as JSON, places in map units where the later image shows them; rasters lie beside it."""
    arrays = {"changed", "dem_before", "dem_after"}
    told = {name: getattr(truth, name) for name in truth.__slots__ if name not in {*arrays, "machines"}}
    machines = [
        {key: value for key, value in asdict(one).items() if key != "contrast"}
        | {"centre": [round(float(x), 2) for x in one.centre]}
        for one in truth.machines
    ]
    return {"synthetic": True, **told, "machines": machines, "rasters": ["vhr_changed.tif", "vhr_heights.tif"]}
