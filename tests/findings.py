"""Findings by hand: two years of looks over 24 x 30 pixels, and events of a few of them."""

from __future__ import annotations

import dataclasses
import datetime as dt

import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from spadework.grid import reproject, rings_of
from spadework.records import (
    Bound,
    Dropped,
    Event,
    Findings,
    Look,
    MultiPolygon,
    Observability,
    Period,
    PhaseStep,
    SceneRef,
    Season,
    SeriesRow,
    Site,
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
