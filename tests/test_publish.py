"""The room publish: figures, pairs of looks and tables; what the page says is in test_page.py and test_words.py."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json

import numpy as np
import pytest
import shapely
from affine import Affine
from findings import BANDS, GRID, LOOKS, cube_of, event_of, findings_of, patch, sensitivity_of
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from PIL import Image

from spadework.cube import MISSING, Cube
from spadework.grid import reproject
from spadework.publish import draw, figures, pairs, tables
from spadework.records import Figure, Findings, Mark, SeriesRow

VOID_OR_TEXT = ("area_m2", "area_low_m2", "area_high_m2")


@pytest.fixture(scope="module")
def drawn() -> tuple[Findings, tuple[Figure, ...]]:
    findings = findings_of(
        event_of(), event_of("E20200517-0001-0001", status="anomaly", geometry=patch(1, 1, 2, 2), confirmed_on=None)
    )
    return findings, figures.draw_all(cube_of(), findings)


# ---------------------------------------------------------------- figures
def test_figures_have_fixed_names_and_decode(drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    names = [figure.name for figure in drawn[1]]
    events = [f"figures/{e.id}-{kind}.png" for e in drawn[0].events for kind in ("before-after", "series")]
    assert names == ["figures/looks.png", "figures/timelapse.webp", "figures/overview.png", *events]
    for figure in drawn[1]:
        image = Image.open(io.BytesIO(figure.data))
        image.load()
        assert image.format == ("WEBP" if figure.name.endswith("webp") else "PNG")
        assert image.width >= draw.MIN_WIDTH
        assert figure.alt
        assert figure.caption
        assert set(figure.looks) <= {look.id for look in LOOKS}


def test_clear_looks_are_chosen(drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    clear = tuple(look.id for look in LOOKS if look.clear >= 0.5)
    sheet, film, overview = drawn[1][:3]
    assert sheet.looks == clear
    assert film.looks == clear
    assert Image.open(io.BytesIO(film.data)).n_frames == len(clear)  # type: ignore[attr-defined]  # WebP has it
    assert overview.looks == (LOOKS[-1].id,)


def test_the_same_input_gives_the_same_bytes(drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    again = figures.draw_all(cube_of(), drawn[0])
    assert [f.data for f in again] == [f.data for f in drawn[1]]
    for figure in again:
        assert b"tEXt" not in figure.data
        assert b"tIME" not in figure.data


def test_synthetic_sites_have_a_yellow_band_on_every_picture() -> None:
    plain, marked = (figures.draw_all(cube_of(), findings_of(event_of(), synthetic=flag)) for flag in (False, True))
    yellow = (240, 228, 66)
    for figure in marked:
        corner = Image.open(io.BytesIO(figure.data)).convert("RGB").getpixel((3, 3))
        assert isinstance(corner, tuple)
        assert np.allclose(corner, yellow, atol=12)  # WebP is lossy
    assert Image.open(io.BytesIO(plain[0].data)).getpixel((3, 3)) == (255, 255, 255)


def test_before_and_after_show_pixels_as_squares() -> None:
    image = draw.fit(Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2)), 7, 9)
    assert np.array_equal(np.asarray(image), np.kron([[0, 1], [2, 3]], np.ones((3, 3))))


def test_one_band_is_drawn_grey_and_says_so() -> None:
    findings = dataclasses.replace(findings_of(event_of(series=())), bands=("nir",))
    made = figures.draw_all(cube_of(("nir",)), findings)
    assert "grey of band nir" in made[0].caption
    assert "grey of band nir" in made[3].caption
    assert len(made) == 4


def test_a_cube_without_looks_or_clear_looks() -> None:
    full = cube_of()
    empty = Cube(full.reflectance[:0], full.clear[:0], full.snow[:0], (), BANDS, GRID, full.inside)
    assert figures.draw_all(empty, findings_of()) == ()
    dull = dataclasses.replace(
        full, looks=tuple(dataclasses.replace(k, clear=0.0) for k in LOOKS), clear=np.zeros_like(full.clear)
    )
    assert [f.name for f in figures.draw_all(dull, findings_of(event_of()))] == [
        "figures/overview.png",
        "figures/E20200517-0008-0010-series.png",
    ]


def test_an_event_outside_the_grid_gets_no_figure() -> None:
    assert len(figures.draw_all(cube_of(), findings_of(event_of(geometry=patch(50, 50, 3, 3))))) == 3


def test_stretch_is_hand_workable() -> None:
    pixels = np.array([0, 1000, 2000], dtype=np.int16).reshape(1, 1, 1, 3)
    limits = draw.stretch(pixels, np.ones((1, 1, 3), dtype=np.bool_), common=True)
    assert limits.low == pytest.approx((20.0,))
    assert limits.high == pytest.approx((1980.0,))
    shown = np.asarray(draw.picture(np.array([[[0, 2000, MISSING]]], dtype=np.int16), limits))
    assert shown.tolist() == [[[0, 0, 0], [255, 255, 255], list(draw.NO_DATA)]]


def test_north_leans_with_the_projection() -> None:
    assert draw.north_angle(GeoBox((2, 2), Affine(10, 0, 499_990, 0, -10, 5_000_000), "EPSG:32637")) == pytest.approx(
        0, abs=0.01
    )
    # east of the central meridian meridians lean west: convergence = d(lambda) sin(phi), 3 deg x sin(45 deg) = 2.1 deg
    x, y = shapely.get_coordinates(reproject(shapely.Point(42, 45), "EPSG:4326", "EPSG:32637"))[0]
    east = GeoBox((2, 2), Affine(10, 0, x - 10, 0, -10, y + 10), "EPSG:32637")
    assert draw.north_angle(east) == pytest.approx(-2.12, abs=0.02)


@given(st.floats(1e-2, 1e7))
def test_scale_bars_are_round_and_fit(limit: float) -> None:
    length = draw.round_length(limit)
    assert limit / 2.5 <= length * 1.000001
    assert length <= limit * 1.000001
    assert f"{length:.0e}"[0] in "125"


# ---------------------------------------------------------------- pairs
def test_pair_is_of_like_season_under_the_highest_sun() -> None:
    pair = pairs.choose_pair(cube_of(), event_of())
    # after: 17 May, 9 June, 28 December; 28 December fits 20 December 2019 too, but the sun is 40 degrees lower then.
    # Noon sun at latitude 34: 12 May 74, 17 May 75, 5 June 78, 9 June 79: all in one step of 10 degrees, so the nearest pair wins
    assert pair is not None
    assert (pair.before, pair.after) == (4, 5)
    assert pair.reason == "Both in May, so that season and sun are alike."


def test_the_further_apart_by_day_of_year_the_pair_says_so() -> None:
    full = cube_of()
    keep = [0, 4, 6]
    looks = tuple(LOOKS[index] for index in keep)
    cube = Cube(full.reflectance[keep], full.clear[keep], full.snow[keep], looks, BANDS, GRID, full.inside)
    pair = pairs.choose_pair(cube, event_of())
    assert pair is not None
    assert pair.reason == "Mid May and early June, 28 days of year apart, so that season and sun are alike."


@pytest.mark.parametrize("years", [(2020, 2021, 2022, 2023), (2020, 2023)])
def test_of_like_looks_the_last_before_and_the_first_after_are_shown(years: tuple[int, ...]) -> None:
    full = cube_of()
    days = [dt.datetime(year, 6, 5, 8, tzinfo=dt.UTC) for year in (2018, 2019, *years)]
    keep = [0] * len(days)
    looks = tuple(
        dataclasses.replace(LOOKS[0], id=f"L{n}", datetime=day, clear=1.0, sun_elevation=75.0) for n, day in enumerate(days)
    )
    cube = Cube(full.reflectance[keep], np.ones_like(full.clear[keep]), full.snow[keep], looks, BANDS, GRID, full.inside)
    pair = pairs.choose_pair(cube, event_of())
    assert pair is not None
    assert (pair.before, pair.after) == (1, 2)
    hazy = tuple(dataclasses.replace(look, clear=0.85 if n in (1, 2) else 1.0) for n, look in enumerate(looks))
    pair = pairs.choose_pair(dataclasses.replace(cube, looks=hazy), event_of())
    assert pair is not None
    assert (pair.before, pair.after) == (0, 3)
    unbounded = pairs.choose_pair(cube, event_of(onset_earliest=None))
    assert unbounded is not None
    assert (unbounded.before, unbounded.after) == (0, len(days) - 1)


def test_without_like_season_the_nearest_is_taken_and_told() -> None:
    full = cube_of()
    keep = [0, 7]
    cube = Cube(full.reflectance[keep], full.clear[keep], full.snow[keep], (LOOKS[0], LOOKS[7]), BANDS, GRID, full.inside)
    pair = pairs.choose_pair(cube, event_of())
    assert pair is not None
    assert pair.reason.startswith("No pair of looks")
    assert "64 days of year apart" in pair.reason  # of a leap year 1 March is day 61, 28 December day 363: 366 - 302


def test_unclear_looks_are_never_paired() -> None:
    full = cube_of()
    full.clear[[2, 5], 9, 10:13] = False  # a quarter of the event
    pair = pairs.choose_pair(full, event_of())
    assert pair is not None
    assert (pair.before, pair.after) == (4, 6)


def test_recovered_events_are_shown_while_they_were_there() -> None:
    rows = tuple(dataclasses.replace(row, share_anomalous=float(row.look == LOOKS[5].id)) for row in event_of().series)
    pair = pairs.choose_pair(cube_of(), event_of(status="recovered", recovered=True, series=rows))
    assert pair is not None
    assert pair.after == 5


def test_a_growing_event_is_shown_when_most_of_it_is_there() -> None:
    shares = {LOOKS[5].id: 0.2, LOOKS[6].id: 0.7, LOOKS[7].id: 1.0}
    rows = tuple(dataclasses.replace(row, share_anomalous=shares.get(row.look, 0.0)) for row in event_of().series)
    pair = pairs.choose_pair(cube_of(), event_of(series=rows))
    assert pair is not None
    assert pair.after == 6


def test_days_of_year_go_round_the_year() -> None:
    assert pairs.days_of_year_apart(dt.date(2019, 12, 25), dt.date(2021, 1, 4)) == 10
    assert pairs.days_of_year_apart(dt.date(2019, 6, 1), dt.date(2021, 6, 11)) == 10


# ---------------------------------------------------------------- tables
def test_geojson_has_exactly_the_contract() -> None:
    got = tables.events_geojson(findings_of(event_of()))
    feature = got["features"][0]
    assert got["type"] == "FeatureCollection"
    assert list(feature["properties"]) == [
        "id", "status", "p_real", "base_rate", "onset_earliest", "onset_latest", "first_anomaly", "confirmed_on",
        "area_m2", "area_low_m2", "area_high_m2", "area_level", "phase", "method", "recovered", "scenes",
    ]  # fmt: skip
    scene = {"id": "S2A_37SFA_20200512_0_L2A", "datetime": "2020-05-12T08:21:09Z", "sha256": f"{4:064x}"}
    assert feature["properties"]["onset_earliest"] == {
        "look": LOOKS[4].id,
        "datetime": "2020-05-12T08:21:09Z",
        "scenes": [scene],
    }
    assert feature["properties"]["first_anomaly"] == "2020-05-17"
    assert feature["properties"]["p_real"] is None
    assert json.loads(json.dumps(got, allow_nan=False)) == got


def test_geojson_keeps_exact_coordinates_and_winds_outer_rings_anticlockwise() -> None:
    event = event_of()
    clockwise = tuple(tuple(ring[::-1] for ring in part) for part in event.geometry)
    for geometry in (event.geometry, clockwise):
        made = tables.events_geojson(findings_of(event_of(geometry=geometry)))["features"][0]["geometry"]
        ring = shapely.LinearRing(made["coordinates"][0][0])
        assert ring.is_ccw
        assert {tuple(xy) for xy in made["coordinates"][0][0]} == set(event.geometry[0][0])


def test_geojson_of_marked_and_unbounded_events() -> None:
    mark = Mark(
        "add", "seen by hand", "", patch(1, 1, 2, 2), operator="me", time=dt.datetime(2021, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    )
    event = event_of(onset_earliest=None, onset_latest=None, first_anomaly=None, confirmed_on=None, mark=mark)
    properties = tables.events_geojson(findings_of(event))["features"][0]["properties"]
    assert [properties[k] for k in ("onset_earliest", "onset_latest", "first_anomaly", "confirmed_on")] == [None] * 4
    assert properties["mark"] == {
        "action": "add",
        "reason": "seen by hand",
        "note": "",
        "operator": "me",
        "time": "2021-01-02T03:04:05Z",
    }


def test_series_csv() -> None:
    row = SeriesRow("=cmd()", LOOKS[3].datetime, 0.25, 0.0, None, None, None, (0.1, float("nan"), 0.123456789, 1.0))
    rows = list(csv.reader(io.StringIO(tables.series_csv(event_of(series=(*event_of().series, row)), BANDS))))
    assert rows[0] == ["look", "datetime", "share_clear", "share_anomalous", *VOID_OR_TEXT, *BANDS]
    assert rows[1] == [LOOKS[0].id, "2019-03-01T08:21:09Z", "1", "0", "0", "0", "0", "0.1", "0.1", "0.2", "0.3"]
    assert rows[-1] == ["'=cmd()", "2020-03-04T08:21:09Z", "0.25", "0", "", "", "", "0.1", "", "0.123457", "1"]


def test_observability_json() -> None:
    got = tables.observability_json(findings_of())
    assert got["longest_gap"] == {"from": "2020-06-09", "to": "2020-12-28", "days": 202}
    assert got["seasons"][1] == {"year": 2020, "quarter": "Apr-Jun", "looks": 3, "clear_looks": 3}
    assert got["reasons"] == [{"reason": "too few looks", "area_m2": 2000.0}]
    assert got["min_area_m2"] == 800.0
    assert got["sensitivity"] is None
    assert json.loads(json.dumps(got)) == got


def test_null_findings_state_area_contrast_day_and_probability() -> None:
    got = tables.observability_json(dataclasses.replace(findings_of(), sensitivity=sensitivity_of()))["sensitivity"]
    assert (got["plants"], got["plants_wanted"], got["confirmed"], got["reason"]) == (2, 300, 1, None)
    assert got["families"] == {"soil": {"plants": 1, "confirmed": 1}, "grey": {"plants": 1, "confirmed": 0}}
    assert got["statements"][1] == {
        "area_m2": 2000.0, "contrast": 0.05, "probability_wanted": 0.9, "reached": True, "onset_before": "2020-09-01", "probability": 0.904,
        "interval": [0.853, 0.9972], "worse_family": "grey", "plants_like_it": 1, "of_these_confirmed": 1,
    }  # fmt: skip
    assert got["limits"] == {
        "onset_before": "2020-07-01",
        "smallest": [{"probability": 0.9, "contrast": 0.05, "min_area_m2": 1900.0, "interval": [1100.0, None]}],
    }
    assert got["planted"][0]["area_m2"] == 2000.0
    assert json.loads(json.dumps(got, allow_nan=False)) == got
