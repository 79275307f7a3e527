"""Findings by hand: two years of looks over 24 x 30 pixels, and events of a few of them."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from spadework.cube import MISSING, Cube, Image
from spadework.grid import reproject, rings_of
from spadework.records import (
    Alignment,
    Bound,
    Chance,
    ChangedPatch,
    Comparison,
    Curve,
    Dropped,
    Event,
    Findings,
    Look,
    Measurement,
    MultiPolygon,
    NullStatement,
    Observability,
    Period,
    PhaseStep,
    Planted,
    SceneRef,
    Season,
    Sensitivity,
    SeriesRow,
    Sighting,
    Site,
    Smallest,
    Truth,
    VhrScene,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x.png onerror=alert(2)> {{ 7 * 7 }}"
GRID = GeoBox((24, 30), Affine(10, 0, 680_000, 0, -10, 3_815_000), "EPSG:32637")
BANDS = ("blue", "green", "red", "nir")
DAYS = [(2019, 3, 1), (2019, 6, 5), (2019, 12, 20), (2020, 3, 4), (2020, 5, 12), (2020, 5, 17), (2020, 6, 9), (2020, 12, 28)]
CLEAR = (1.0, 1.0, 1.0, 0.1, 1.0, 1.0, 1.0, 1.0)


def look_of(index: int) -> Look:
    when = dt.datetime(*DAYS[index], 8, 21, 9, tzinfo=dt.UTC)
    scene = SceneRef(f"S2A_37SFA_{when:%Y%m%d}_0_L2A", when, f"{index:064x}")
    return Look(
        f"sentinel-2a-{when:%Y%m%dT%H%M%S}", when, "sentinel-2a", (scene,), CLEAR[index],
        gsd=10.0, credit="Copernicus Sentinel data 2020", licence="proprietary",
    )  # fmt: skip


LOOKS = tuple(look_of(index) for index in range(len(DAYS)))


def patch(col: int, row: int, width: int, height: int) -> MultiPolygon:
    """A rectangle of grid pixels in WGS 84."""
    west, north = GRID.transform * (col, row)
    box = shapely.box(west, north - 10 * height, west + 10 * width, north)
    return rings_of(reproject(box, "EPSG:32637", "EPSG:4326"))


def bound_of(index: int) -> Bound:
    return Bound(LOOKS[index].id, LOOKS[index].datetime, LOOKS[index].scenes)


def event_of(name: str = "E20200517-0008-0010", **changes: object) -> Event:
    """Four by three pixels that changed between looks 4 and 5."""
    rows = tuple(
        SeriesRow(
            k.id, k.datetime, 1.0, float(i >= 5), 1200.0 * (i >= 5), 200.0 * (i >= 5), 1500.0 * (i >= 5), (0.1, 0.1, 0.2, 0.3)
        )
        for i, k in enumerate(LOOKS)
        if i != 3
    )
    history = (
        PhaseStep("started", LOOKS[4].id, LOOKS[5].id, 0.0, 800.0),
        PhaseStep("grew", LOOKS[5].id, LOOKS[6].id, 800.0, 1200.0),
    )
    event = Event(
        name, "confirmed", patch(10, 8, 4, 3), bound_of(4), bound_of(5), LOOKS[5].day, dt.date(2020, 6, 9), 1200.0, 200.0, 1500.0, 12,
        9.5, "grew", recovered=False, scenes=(*LOOKS[4].scenes, *LOOKS[5].scenes), history=history, series=rows,
    )  # fmt: skip
    return dataclasses.replace(event, **changes)  # type: ignore[arg-type]  # field by field in each test


def findings_of(*events: Event, **site: object) -> Findings:
    area = rings_of(reproject(shapely.box(*GRID.boundingbox.bbox), "EPSG:32637", "EPSG:4326"))
    basic = Site("Test pit", area, Period(dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2019, 1, 1)), ())
    seen = Observability(
        (Season(2020, "Jan-Mar", 1, 0), Season(2020, "Apr-Jun", 3, 3)), (dt.date(2020, 6, 9), dt.date(2020, 12, 28)),
        70_000.0, 2_000.0, (("too few looks", 2_000.0),), 0.125, 0.03,
    )  # fmt: skip
    return Findings(
        dataclasses.replace(basic, **site),  # type: ignore[arg-type]  # field by field in each test
        "EPSG:32637", 10.0, (24, 30), BANDS, LOOKS, events, seen,
        dropped=(Dropped("S2B_x", "mask not readable"),), hosts=(("example.org", "the tile"),),
        versions=(("spadework", "0"),), not_yet=("report.pdf",),
    )  # fmt: skip


def sensitivity_of(before: dt.date | None = dt.date(2020, 9, 1), **changes: object) -> Sensitivity:
    """Two plants, one statement for 20 pixels and 5 points, and a weaker one for 8 pixels."""
    planted = (
        Planted("soil", 1, 20, 0.06, dt.date(2020, 2, 1), 6.0, found=True),
        Planted("grey", -1, 8, 0.02, dt.date(2020, 11, 1), 1.0, found=False),
    )
    statements = (
        NullStatement(800.0, 0.05, 0.9, None, Chance(0.612, 0.4, 0.75, "grey"), 1, 1),
        NullStatement(2000.0, 0.05, 0.9, before, Chance(0.904, 0.853, 0.9972, "grey"), 1, 1),
        NullStatement(2000.0, 0.05, 0.5, dt.date(2020, 12, 1), Chance(0.51, 0.3, 0.7, "soil"), 1, 1),
    )
    curve = ((0.01, 0.1, 0.2), (0.1, 0.8, 0.95), (0.05, 0.6, 0.9), (0.2, 0.9, 0.99))
    told = Sensitivity(
        planted, 300, 4, 0.9, dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2020, 7, 1), 100.0, 60_000.0, statements,
        (Smallest(0.9, "contrast", 0.05, 1900.0, 1100.0, None),),
        (Curve("soil", 2000.0, *curve), Curve("grey", 2000.0, *curve)),
    )  # fmt: skip
    return dataclasses.replace(told, **changes)  # type: ignore[arg-type]  # field by field in each test


def cube_of(bands: tuple[str, ...] = BANDS) -> Cube:
    random = np.random.default_rng(1)
    shape = (len(LOOKS), len(bands), *GRID.shape)
    values = (800 + 200 * np.arange(len(bands))[:, None, None] + random.normal(0, 40, shape)).astype(np.int16)
    values[5:, :, 8:11, 10:14] += 900
    values[0, :, 0, 0] = MISSING
    clear = np.ones((len(LOOKS), *GRID.shape), dtype=np.bool_)
    clear[3, 3:] = False
    clear[0, 0, 0] = False
    return Cube(values, clear, np.zeros_like(clear), LOOKS, bands, GRID, np.ones(GRID.shape, dtype=np.bool_))


# ---------------------------------------------------------------- very-high-resolution Scenes
VHR_CORNER = (680_100.0, 3_814_900.0)
"""Easting and northing of the north-west corner of both Scenes."""
VHR_PX = (120, 160)
"""Rows, columns of 0.5 m."""


def vhr_of(name: str, when: dt.datetime | None, **changes: object) -> VhrScene:
    scene = VhrScene(
        name, f"{name[-1]}" * 64, when, "examplesat-2", "Example Imaging", "CC-BY-4.0", "Example Imaging 2020", (0.5, 0.5),
        12.25, 201.5, 51.75, 141.5, "EPSG:32637", notes=("pan-sharpened",),
    )  # fmt: skip
    return dataclasses.replace(scene, **changes)  # type: ignore[arg-type]  # field by field in each test


SCENES = (
    vhr_of("EX2_37SFA_20200401T082109_a", dt.datetime(2020, 4, 1, 8, 21, 9, tzinfo=dt.UTC)),
    vhr_of("EX2_37SFA_20200512T082109_b", dt.datetime(2020, 5, 12, 8, 21, 9, tzinfo=dt.UTC), sun_azimuth=136.5),
)


def vhr_at(col: float, row: float) -> tuple[float, float]:
    """Map units of a column and row of the Scenes."""
    return VHR_CORNER[0] + col * 0.5, VHR_CORNER[1] - row * 0.5


def sighting_of(name: str = "O1", **changes: object) -> Sighting:
    x, y = vhr_at(60, 50)
    box = rings_of(reproject(shapely.box(x - 4, y - 1.5, x + 4, y + 1.5), "EPSG:32637", "EPSG:4326"))
    sighting = Sighting(
        name, SCENES[1].id, "excavator", "probable", (x, y), 8.0, 3.0, 20.0, 0.5, 0.8, "candidate finder 1 (Apache-2.0)", box,
        ("a darker strip on the side away from the sun",),
    )  # fmt: skip
    return dataclasses.replace(sighting, **changes)  # type: ignore[arg-type]  # field by field in each test


def measurement_of(name: str = "portal", /, **changes: object) -> Measurement:
    """A width of 4.62 m whose edges lie 2.2 m left and 2.42 m right of the middle of its line."""
    measured = Measurement(
        name, "width", "m", 4.62, 4.45, 4.79, SCENES[1].id, "Two edges and three levels of ground.", budget=(("noise", 0.08), ("GSD", 0.06)),
        gsd_m=0.5, label="cut, east face", where=(vhr_at(80, 60), vhr_at(104, 60)), warnings=("one edge is short",),
        model=(("u1, m", -2.2), ("u2, m", 2.42), ("turn, rad", 0.0), ("along, m", 6.0), ("blur 1, m", 0.4), ("blur 2, m", 0.4)),
    )  # fmt: skip
    return dataclasses.replace(measured, **changes)  # type: ignore[arg-type]  # field by field in each test


def vhr_findings(*events: Event, **site: object) -> Findings:
    """Two Scenes, compared; two sightings; a width, a heap, a passage and a refused height in the later one."""
    corners = [vhr_at(20, 20), vhr_at(40, 20), vhr_at(40, 40), vhr_at(20, 40), vhr_at(20, 20)]
    pair = Comparison(
        SCENES[0].id, SCENES[1].id, Alignment((1.25, -0.4), 0.06, 40, 52, affine=(1.0, 0.0, 1.25, 0.0, 1.0, -0.4)), 0.04, 0.93,
        (ChangedPatch((tuple(corners),), 100.0, 0.9),), "local scatter 1", "moderate",
        ("Ground in shadow in either image was not compared.", "A probability says that the ground looks different, not why."),
    )  # fmt: skip
    measured = (
        measurement_of(),
        measurement_of(
            "heap", quantity="spoil volume", unit="m3", value=300.0, low=None, high=412.0, kind="at most", label="", shares=True,
            budget=(("angle of repose", 0.9), ("scale", 0.1)), where=tuple(corners[:4]), model=(), method="Roof over the outline.",
        ),
        measurement_of(
            "passage-loader", quantity="passage", unit="probability", value=0.85, low=0.6, high=0.96, label="wheel loader, as Maker X",
            where=measurement_of().where, warnings=("width only: the clear height of the opening is not known",), model=(),
        ),
        measurement_of("wall", quantity="height", value=None, low=None, high=None, refused="the shadow is 2.1 pixels long", budget=()),
    )  # fmt: skip
    truths = (
        Truth("width of the cut", 4.6, "m", "measurement:portal"),
        Truth("shift to the right", 1.4, "px", "shift_x"),
        Truth("machines", 2.0, "", "sightings"),
        Truth("share of ground that changed", 0.05, "", "changed_fraction"),
    )
    return dataclasses.replace(
        findings_of(*events, truths=truths, **site), scenes=SCENES, comparisons=(pair,),
        sightings=(sighting_of(), sighting_of("O2", label="vehicle-size object", identity="possible")), measurements=measured,
    )  # fmt: skip


def image_of(index: int) -> Image:
    """Grey ground with noise, an opening from column 87.6 to 96.84 in the later one, and a bright patch that is new there."""
    rows, cols = VHR_PX
    values = np.random.default_rng(index).normal(400, 6, (1, rows, cols)).astype(np.float32)
    values[:, 20:40, 20:40] += 200 * index
    values[:, 40:80, 88:97] -= 150
    valid = np.ones(VHR_PX, dtype=np.bool_)
    valid[:4] = False
    values[:, :4] = 0
    east, north = VHR_CORNER
    return Image(values, valid, ("pan",), (0.5, 0.0, east, 0.0, -0.5, north), SCENES[index])


def probability_of() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    likely = np.full(VHR_PX, 0.02, dtype=np.float32)
    likely[20:40, 20:40] = 0.9
    likely[:4] = np.nan
    return likely
