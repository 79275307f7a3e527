"""The report of a big dossier: 200 looks, 50 events, 200 x 200 pixels, 6 bands; how long each part takes, and how big it is.

The cube and the findings are made here, seeded: no run of the engine is timed, and none is needed.

    python benchmarks/report/bench_report.py [--repetitions N] [--pdf]
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import os
import statistics
import time
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from spadework.cube import Cube
from spadework.grid import pixels_in, reproject, rings_of
from spadework.publish.embed import embedded
from spadework.publish.figures import draw_all
from spadework.publish.pdf import report_pdf
from spadework.publish.report import Edition, report_html
from spadework.records import (
    Bound,
    Curve,
    Event,
    Findings,
    Look,
    MultiPolygon,
    Observability,
    Period,
    PhaseStep,
    Planted,
    Product,
    SceneRef,
    Season,
    Sensitivity,
    SeriesRow,
    Site,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.records import Family, Status

SIDE, LOOKS, EVENTS = 200, 200, 50
BANDS: Final = ("blue", "green", "red", "nir", "swir16", "swir22")
LEVEL: Final = (1100, 1500, 2100, 2700, 3300, 2900)
"""Mean reflectance x 10,000."""
BRIGHTER: Final = 1100
CRS: Final = "EPSG:32637"
GRID: Final = GeoBox((SIDE, SIDE), Affine(10, 0, 400_000, 0, -10, 3_800_000), CRS)
PERIOD: Final = Period(dt.date(2022, 1, 1), dt.date(2024, 12, 31), dt.date(2020, 1, 1))
QUARTERS: Final[tuple[Literal["Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec"], ...]] = ("Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec")
FAMILIES: Final[tuple[Family, ...]] = ("soil", "grey")
STEP_DAYS: Final = 9
SEED: Final = 7


# ---------------------------------------------------------------- the looks
def look_of(index: int, clear: float) -> Look:
    """Every ninth day from 2020 on, Sentinel-2A and -2B by turns."""
    when = dt.datetime(2020, 1, 3, 8, 21, 9, tzinfo=dt.UTC) + dt.timedelta(days=STEP_DAYS * index)
    letter = "ab"[index % 2]
    scene = SceneRef(f"S2{letter.upper()}_37SDA_{when:%Y%m%d}_0_L2A", when, f"{index:064x}")
    return Look(
        f"sentinel-2{letter}-{when:%Y%m%dT%H%M%S}", when, f"sentinel-2{letter}", (scene,), clear, gsd=10.0, sun_elevation=55.0,
        credit=f"Contains modified Copernicus Sentinel data {when.year}", licence="Copernicus Sentinel data terms",
    )  # fmt: skip


def places(random: np.random.Generator) -> list[tuple[slice, slice, int]]:
    """Rows and columns of each event, and the look that first shows it; on a lattice, so that none overlap."""
    found = []
    for index in range(EVENTS):
        row, col = 4 + index // 8 * 28, 4 + index % 8 * 24
        high, wide = (int(size) for size in random.integers(3, 16, 2))
        found.append((slice(row, row + high), slice(col, col + wide), int(random.integers(90, 180))))
    return found


def cube_of(random: np.random.Generator, events: list[tuple[slice, slice, int]]) -> Cube:
    """Rough ground with a season, passing clouds over a third of it, and what changed."""
    rough = sum(ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), width) * width * 160 for width in (1, 4, 16))
    values = np.empty((LOOKS, len(BANDS), SIDE, SIDE), dtype=np.int16)
    clear = np.empty((LOOKS, SIDE, SIDE), dtype=np.bool_)
    for index in range(LOOKS):
        season = 80 * math.cos(2 * math.pi * index * STEP_DAYS / 365.25)
        ground = np.array(LEVEL)[:, None, None] + rough + season + random.normal(0, 40, (len(BANDS), SIDE, SIDE))
        for rows, cols, first in events:
            ground[:, rows, cols] += BRIGHTER * (index >= first)
        cloud = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), 14) * 50 > random.normal(0.8, 0.9)
        values[index] = np.where(cloud, 8000, ground)
        clear[index] = ~cloud
    looks = tuple(look_of(index, float(clear[index].mean())) for index in range(LOOKS))
    return Cube(values, clear, np.zeros_like(clear), looks, BANDS, GRID, np.ones((SIDE, SIDE), dtype=np.bool_))


# ---------------------------------------------------------------- the findings
def outline(rows: slice, cols: slice) -> MultiPolygon:
    """A rectangle of grid pixels in WGS 84."""
    west, north = GRID.transform * (cols.start, rows.start)
    east, south = GRID.transform * (cols.stop, rows.stop)
    return rings_of(reproject(shapely.box(west, south, east, north), CRS, "EPSG:4326"))


def series_of(cube: Cube, geometry: MultiPolygon, first: int) -> tuple[SeriesRow, ...]:
    """One row a look that saw a part of it clear; the area is all there from the first look on."""
    (rows, cols), member = pixels_in(cube.grid, geometry)
    area = float(member.sum() * cube.pixel_m2)
    found = []
    for index, look in enumerate(cube.looks):
        seen: NDArray[np.bool_] = cube.clear[index, rows, cols] & member
        if not seen.any():
            continue
        share, there = float(seen.sum() / member.sum()), float(index >= first)
        size, low, high = (area * there, area * 0.7 * there, area * 1.2 * there) if share >= 0.5 else (None, None, None)  # noqa: PLR2004 - half
        spectrum = tuple(float(value) / 10_000 for value in cube.reflectance[index, :, rows, cols][:, seen].mean(axis=1))
        found.append(SeriesRow(look.id, look.datetime, share, there, size, low, high, spectrum))
    return tuple(found)


def event_of(cube: Cube, place: tuple[slice, slice, int], index: int) -> Event:
    """Most are confirmed; every sixth is not yet."""
    rows, cols, first = place
    early, late, last = cube.looks[first - 1], cube.looks[first], cube.looks[first + 4]
    geometry = outline(rows, cols)
    area = (rows.stop - rows.start) * (cols.stop - cols.start) * cube.pixel_m2
    bounds = [Bound(look.id, look.datetime, look.scenes) for look in (early, late)]
    status: Status = "anomaly" if index % 6 == 5 else "confirmed"  # noqa: PLR2004 - the last of six
    history = (PhaseStep("started", early.id, late.id, 0.0, area), PhaseStep("paused", late.id, last.id, area, area))
    return Event(
        f"E{late.day:%Y%m%d}-{rows.start:04d}-{cols.start:04d}", status, geometry, bounds[0], bounds[1], late.day,
        last.day if status == "confirmed" else None, area, area * 0.7, area * 1.2, int(area // cube.pixel_m2), 9.5, "paused",
        recovered=False, scenes=(*early.scenes, *late.scenes), history=history, series=series_of(cube, geometry, first),
        area_level=0.9, p_real=0.9, base_rate=0.1,
    )  # fmt: skip


def sensitivity_of(random: np.random.Generator) -> Sensitivity:
    """300 plants and six curves."""
    at = np.geomspace(0.01, 0.2, 20)
    curves = []
    for family in FAMILIES:
        for area in (800.0, 2000.0, 8000.0):
            chance = 1 / (1 + (0.03 / at) ** 3)
            curves.append(Curve(family, area, tuple(at), tuple(chance), tuple(chance * 0.8), tuple(np.sqrt(chance))))
    planted = tuple(
        Planted(family, 1, int(random.integers(8, 100)), float(contrast), dt.date(2023, 1, 1), 40.0, contrast > 0.03)  # noqa: PLR2004 - half
        for family in FAMILIES
        for contrast in random.uniform(0.01, 0.2, 150)
    )
    days = PERIOD.start, PERIOD.end, dt.date(2023, 7, 1)
    return Sensitivity(planted, 300, 4, 0.9, *days, 100.0, 3e6, curves=tuple(curves))


def findings_of(random: np.random.Generator, cube: Cube, events: list[tuple[slice, slice, int]]) -> Findings:
    """All that the report may say."""
    area = rings_of(reproject(shapely.box(*GRID.boundingbox.bbox), CRS, "EPSG:4326"))
    seasons = tuple(Season(year, quarter, 10, 7) for year in range(2020, 2025) for quarter in QUARTERS)
    seen = Observability(seasons, (dt.date(2022, 3, 1), dt.date(2022, 4, 1)), 4e6, 0.0)
    made = tuple(event_of(cube, place, index) for index, place in enumerate(events))
    return Findings(
        Site("A big bench", area, PERIOD, (), synthetic=True), CRS, 10.0, (SIDE, SIDE), BANDS, cube.looks,
        tuple(sorted(made, key=lambda event: (event.status != "confirmed", event.first_anomaly or dt.date.min))), seen,
        sensitivity_of(random), versions=(("spadework", "bench"),),
    )  # fmt: skip


# ---------------------------------------------------------------- the clock
T = TypeVar("T")


def timed(do: Callable[[], T]) -> tuple[T, float]:
    """A result and the seconds that it took."""
    start = time.perf_counter()
    result = do()
    return result, time.perf_counter() - start


def run_once(cube: Cube, findings: Findings, *, pdf: bool) -> list[tuple[str, float, float]]:
    """(part, seconds, megabytes) of one report."""
    edition = Edition(findings, Product(1))
    figures, took = timed(lambda: draw_all(cube, findings))
    rows = [("figures: draw_all", took, sum(len(figure.data) for figure in figures) / 1e6)]
    html, took = timed(lambda: report_html(edition, embedded(figures, "screen")))
    rows.append(("page: embedded, report_html", took, len(html.encode()) / 1e6))
    if pdf:
        paper, took = timed(lambda: report_pdf(report_html(edition, embedded(figures, "paper"))))
        rows.append(("paper: embedded, report_pdf", took, len(paper) / 1e6))
    return rows


def main() -> None:
    """Print medians, all runs and sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--pdf", action="store_true", help="also the PDF, which needs the extra of that name")
    options = parser.parse_args()
    random = np.random.default_rng(SEED)
    events = places(random)
    cube = cube_of(random, events)
    findings = findings_of(random, cube, events)
    print(f"{len(cube.looks)} looks, {len(findings.events)} events, {SIDE} x {SIDE} x {len(BANDS)}, {os.cpu_count()} cores")
    for same in zip(*(run_once(cube, findings, pdf=options.pdf) for _ in range(options.repetitions)), strict=True):
        name, size, seconds = same[0][0], same[0][2], [took for _, took, _ in same]
        runs = " ".join(f"{took:.2f}" for took in seconds)
        print(f"{name:28} median {statistics.median(seconds):5.2f} s ({runs}) {size:6.1f} MB")


if __name__ == "__main__":
    main()
