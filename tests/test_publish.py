"""The room publish: figures, tables and the report."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from PIL import Image

from spadework.cube import MISSING, Cube
from spadework.grid import reproject, rings_of
from spadework.publish import draw, figures, pairs, report, tables, words
from spadework.records import (
    Bound,
    Chance,
    Curve,
    Dropped,
    Event,
    Figure,
    Findings,
    Look,
    Mark,
    MultiPolygon,
    NullStatement,
    Observability,
    Period,
    PhaseStep,
    Planted,
    PublishRule,
    SceneRef,
    Season,
    Sensitivity,
    SeriesRow,
    Site,
    Smallest,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x.png onerror=alert(2)> {{ 7 * 7 }}"
GRID = GeoBox((24, 30), Affine(10, 0, 680_000, 0, -10, 3_815_000), "EPSG:32637")
BANDS = ("blue", "green", "red", "nir")
DAYS = [(2019, 3, 1), (2019, 6, 5), (2019, 12, 20), (2020, 3, 4), (2020, 5, 12), (2020, 5, 17), (2020, 6, 9), (2020, 12, 28)]
CLEAR = (1.0, 1.0, 1.0, 0.1, 1.0, 1.0, 1.0, 1.0)
VOID_OR_TEXT = ("area_m2", "area_low_m2", "area_high_m2")


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


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def drawn() -> tuple[Findings, tuple[Figure, ...]]:
    findings = findings_of(
        event_of(), event_of("E20200517-0001-0001", status="anomaly", geometry=patch(1, 1, 2, 2), confirmed_on=None)
    )
    return findings, figures.draw_all(cube_of(), findings)


@pytest.fixture(scope="module")
def page(drawn: tuple[Findings, tuple[Figure, ...]]) -> Page:
    return Page(report.report_html(*drawn))


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


def test_contact_sheet_is_as_big_as_its_thumbnails(drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    image = Image.open(io.BytesIO(drawn[1][0].data))
    assert image.width == 4 * (figures.THUMB + 10) + 2 * draw.MARGIN  # seven clear looks in four columns
    assert image.height > 2 * (figures.THUMB * 24 / 30 + 46)


def test_the_same_input_gives_the_same_bytes(drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    again = figures.draw_all(cube_of(), drawn[0])
    assert [f.data for f in again] == [f.data for f in drawn[1]]
    assert report.report_html(drawn[0], again) == report.report_html(*drawn)
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
    assert len(made) == 5


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


def test_labels_move_round_what_is_taken() -> None:
    box, size = (100.0, 100.0, 120.0, 120.0), (20, 22)
    spots = figures._spots(box, size)  # noqa: SLF001 - the order of places is the rule
    assert spots[0] == (124.0, 100.0)
    assert all(not figures._covers(spot, size, [box]) for spot in spots)  # noqa: SLF001 - the same
    assert figures._covers((90.0, 90.0), size, [box])  # noqa: SLF001 - the same
    assert figures._kept_in((-5.0, 390.0), size, (400, 400)) == (0, 378)  # noqa: SLF001 - the same


# ---------------------------------------------------------------- pairs
def test_pair_is_of_like_season_under_the_highest_sun() -> None:
    pair = pairs.choose_pair(cube_of(), event_of())
    # after: 17 May, 9 June, 28 December; 28 December fits 20 December 2019 too, but the sun is 40 degrees lower then.
    # Noon sun at latitude 34: 12 May 74, 5 June 78, 9 June 79: all in one step of 10 degrees, so the latest pair wins
    assert pair is not None
    assert (pair.before, pair.after) == (4, 6)
    assert pair.reason == "Mid May and early June, 28 days of year apart, so that season and sun are alike."


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
    full.clear[[2, 7], 9, 10:13] = False  # a quarter of the event
    pair = pairs.choose_pair(full, event_of())
    assert pair is not None
    assert (pair.before, pair.after) == (4, 6)


def test_recovered_events_are_shown_while_they_were_there() -> None:
    rows = tuple(dataclasses.replace(row, share_anomalous=float(row.look == LOOKS[5].id)) for row in event_of().series)
    pair = pairs.choose_pair(cube_of(), event_of(status="recovered", recovered=True, series=rows))
    assert pair is not None
    assert pair.after == 5


def test_days_of_year_go_round_the_year() -> None:
    assert pairs.days_of_year_apart(dt.date(2019, 12, 25), dt.date(2021, 1, 4)) == 10
    assert pairs.days_of_year_apart(dt.date(2019, 6, 1), dt.date(2021, 6, 11)) == 10


# ---------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((12_345.0, 9_000.0, 15_000.0), "about 1.2 ha (0.9 to 1.5 ha)"),
        ((1_234.0, 1_000.0, 1_500.0), "about 1,200 m² (1,000 to 1,500 m²)"),
        ((800.0, 400.0, 1_200.0), "about 800 m² (400 to 1,200 m²)"),
        ((0.0, 0.0, 0.0), "about 0 m² (0 to 0 m²)"),
        ((2_340_000.0, 2_100_000.0, 2_700_000.0), "about 230 ha (210 to 270 ha)"),
    ],
)
def test_areas_are_rounded_to_their_uncertainty(numbers: tuple[float, float, float], expected: str) -> None:
    assert words.area(*numbers) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "0 %"), (0.004, "under 1 %"), (0.5, "50 %"), (0.999, "99 %"), (1.0, "100 %")]
)
def test_shares(value: float, expected: str) -> None:
    assert words.share(value) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("sentinel-2a", "Sentinel-2A"), ("landsat-8", "Landsat-8"), ("PlanetScope", "PlanetScope")]
)
def test_platforms(name: str, expected: str) -> None:
    assert words.platform(name) == expected


@given(st.floats(-180, 180), st.floats(-85, 85), st.sampled_from([100.0, 1000.0, 5000.0, 20_000.0, 150_000.0]))
def test_places_are_never_finer_than_the_gate(longitude: float, latitude: float, gate: float) -> None:
    numbers = re.findall(r"(\d+(?:\.\d+)?)° ([NSEW])", words.place(longitude, latitude, gate))
    assert [letter in "NS" for _, letter in numbers] == [True, False]
    metres = 111_320 * np.array([1.0, max(np.cos(np.radians(latitude)), 0.05)])
    for (text, _), scale, exact in zip(numbers, metres, (latitude, longitude), strict=True):
        digit = 10.0 ** -(len(text.partition(".")[2]))  # the last printed place
        step = words.degree_step(gate / scale * 111_320)
        assert step * scale >= gate * (1 - 1e-6)
        assert digit == 1 or digit * 10 > step  # no place more than the step needs
        assert float(text) / step == pytest.approx(round(float(text) / step), abs=1e-6)
        assert abs(float(text) - abs(exact)) <= step / 2 * 1.001


def test_a_place_is_exact_only_when_chosen() -> None:
    assert words.place(40.951234, 34.456789, 5000.0) == "near 34.45° N, 41.0° E (rounded to 5 km or coarser)"
    assert words.place(-40.951234, -34.456789, 0.0) == "34.45679° S, 40.95123° W"


def test_the_finding_is_one_sentence_with_its_evidence() -> None:
    said = words.finding(event_of(), findings_of())
    assert said.text == (
        "Ground changed between 12 May 2020 (Sentinel-2A look, 08:21 UTC) and 17 May 2020 (Sentinel-2A look, 08:21 UTC), "
        "over about 1,200 m² (200 to 1,500 m²)."
    )
    assert said.looks == (LOOKS[4].id, LOOKS[5].id)
    assert said.events == ("E20200517-0008-0010",)


def test_an_unbounded_start_is_told() -> None:
    assert "at an unknown time before 17 May 2020" in words.finding(event_of(onset_earliest=None), findings_of()).text
    added = words.finding(event_of(onset_earliest=None, onset_latest=None), findings_of()).text
    assert "when it began was not measured" in added


def test_headlines() -> None:
    rejected = event_of("E2", status="rejected")
    assert words.headline(findings_of()) == "No lasting change was confirmed between 1 January 2020 and 31 December 2020."
    assert words.headline(findings_of(event_of(), rejected)) == (
        "One confirmed change of the ground between 1 January 2020 and 31 December 2020; 1 rejected by an analyst."
    )


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


def test_what_could_have_been_seen_is_one_sentence_with_its_evidence() -> None:
    said = words.detectable(dataclasses.replace(findings_of(), sensitivity=sensitivity_of()))
    assert said.text == (
        "A disturbance of at least 2,000 m² and at least 5 points that began before 1 September 2020 would have been confirmed "
        "with probability .90 [.85, over .99]."
    )
    assert said.looks == (LOOKS[3].id, LOOKS[6].id)


def test_a_probability_never_reached_is_told() -> None:
    said = words.detectable_text(sensitivity_of(before=None))
    assert (
        said
        == "No size and contrast tried (800 m² to 2,000 m², 2.0 to 6 points) reached a probability of .90 of being confirmed."
    )
    assert "could not be measured: no room" in words.detectable_text(sensitivity_of(statements=(), reason="no room"))
    assert "not been measured yet" in words.detectable_text(None)
    assert "300 were wanted" in words.planting(sensitivity_of())


def test_the_leading_statement_holds_for_half_of_the_period_where_one_does() -> None:
    late, early = sensitivity_of().statements[1], sensitivity_of(dt.date(2020, 2, 1)).statements[1]
    small = dataclasses.replace(early, area_m2=800.0)
    assert words.leading(sensitivity_of(statements=(small, late))) == late
    assert words.leading(sensitivity_of(statements=(early, small))) == small
    strong = dataclasses.replace(late, area_m2=800.0, contrast=0.1)
    assert words.leading(sensitivity_of(statements=(small, strong))) == strong
    unsure = dataclasses.replace(late, area_m2=800.0, chance=Chance(0.91, 0.4, 0.99, "grey"))
    assert words.leading(sensitivity_of(statements=(unsure, late))) == late
    assert words.leading(sensitivity_of(statements=(unsure,))) == unsure


@pytest.mark.parametrize(
    ("value", "expected"), [(0.934, ".93"), (0.9, ".90"), (0.99, ".99"), (0.9999, "over .99"), (1.0, "over .99"), (0.004, "under .01")]
)  # fmt: skip
def test_probabilities_are_never_certain(value: float, expected: str) -> None:
    assert words.probability(value) == expected


def test_the_chance_of_an_event_stands_with_its_base_rate() -> None:
    findings = findings_of(event_of(p_real=0.934), base_rate=0.5)
    expected = "Probability that this is a real lasting change: .93, if such events occur 0.5 times per km² and year here."
    assert words.chance(findings.events[0], findings) == expected
    assert words.chance(event_of(), findings) == ""
    assert "occur 2 times" in words.chance(event_of(p_real=0.5, base_rate=2.0), findings)
    text = Page(report.report_html(findings, ())).text
    assert expected in text
    assert "no probability has been computed" not in text
    properties = tables.events_geojson(findings)["features"][0]["properties"]
    assert (properties["p_real"], properties["base_rate"]) == (0.934, 0.5)


def test_sensitivity_is_a_table_and_a_figure() -> None:
    findings = dataclasses.replace(findings_of(), sensitivity=sensitivity_of())
    made = figures.draw_all(cube_of(), findings)
    assert [f.name for f in made][-1] == "figures/sensitivity.png"
    assert made == figures.draw_all(cube_of(), findings)
    html = Page(report.report_html(findings, made))
    for text in (
        "at least 5 points that began before 1 September 2020", "not reached", "at most .61 [.40, .75]", "before 1 September 2020",
        "2 changes", "1 were confirmed", "the harder kind of change", "the same step in every band", "6 ha", "null_findings.json",
    ):  # fmt: skip
        assert text in html.text, text
    assert "has not been measured yet" not in html.text
    unknown = dataclasses.replace(findings, sensitivity=sensitivity_of(statements=(), curves=(), reason="no room"))
    assert "could not be measured: no room" in Page(report.report_html(unknown, ())).text


# ---------------------------------------------------------------- the page
def test_every_event_and_look_is_on_the_page(page: Page, drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    for event in drawn[0].events:
        assert event.id in page.text
    anchors = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {f"look-{n}" for n in range(1, len(LOOKS) + 1)} <= anchors
    for look in LOOKS:
        assert look.scenes[0].id in page.text
        assert (look.scenes[0].sha256 or "")[:12] in page.text


def test_links_stay_on_the_page_and_lead_somewhere(page: Page) -> None:
    anchors = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(anchors) == len(set(anchors))
    links = [attrs["href"] or "" for tag, attrs in page.tags if tag == "a"]
    assert all(link.startswith("#") and link[1:] in anchors for link in links)


def test_nothing_is_loaded_from_outside(page: Page) -> None:
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        for name in ("src", "srcset", "poster", "data", "background"):
            assert (attrs.get(name) or "data:").startswith("data:")
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_every_picture_has_alternative_text_and_every_table_a_caption(
    page: Page, drawn: tuple[Findings, tuple[Figure, ...]]
) -> None:
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == len(drawn[1])
    assert all(image["alt"] and image["width"] and image["height"] for image in images)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") >= 5
    assert ("html", {"lang": "en"}) in page.tags


def test_an_onset_is_never_a_bare_day(page: Page) -> None:
    day = r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
    verbs = r"(?:began|begun|started|changed|onset|[Gg]rew|Stopped|Paused)"
    assert not re.search(rf"{verbs}(?: is| was)?:?(?: on| at| in| by| since)? {day}", page.text)
    assert re.search(rf"[Cc]hanged between {day} \(Sentinel-2A look, 08:21 UTC\) and {day} \(Sentinel-2A look", page.text)
    assert re.search(rf"Started between {day} \(", page.text)


def test_required_sections_are_there(page: Page) -> None:
    for text in (
        "WORKING COPY", "Not reviewed", "Unknowns", "What this imagery cannot show", "NOT OBSERVABLE", "Claimed", "Judged", "None recorded yet",
        "Sensitivity has not been measured yet", "not calibrated", "too few looks", "202 days", "ledger.jsonl",
        "report.pdf", "example.org", "S2B_x", "often mistaken for cloud", "Copernicus Sentinel data 2020", "not estimated",
    ):  # fmt: skip
        assert text in page.text, text


def test_a_null_result_is_a_full_page() -> None:
    findings = findings_of()
    null = Page(report.report_html(findings, figures.draw_all(cube_of(), findings)))
    for text in (
        "No change was found",
        "not proof that nothing happened",
        "Apr-Jun",
        "7 ha",
        "2,000 m²",
        "What this imagery cannot show",
    ):
        assert text in null.text, text
    assert sum(tag == "img" for tag, _ in null.tags) == 3


def test_hostile_text_is_data() -> None:
    mark = Mark("reject", HOSTILE, HOSTILE, patch(10, 8, 4, 3), operator=HOSTILE)
    looks = tuple(dataclasses.replace(k, platform=HOSTILE, credit=HOSTILE, licence=HOSTILE, notes=(HOSTILE,)) for k in LOOKS)
    findings = dataclasses.replace(
        findings_of(event_of(HOSTILE, status="rejected", mark=mark), name=f"{HOSTILE}\n\u202e"),
        looks=looks, warnings=(HOSTILE,), hosts=((HOSTILE, HOSTILE),), dropped=(Dropped(HOSTILE, HOSTILE),), not_yet=(HOSTILE,),
    )  # fmt: skip
    html = report.report_html(findings, figures.draw_all(dataclasses.replace(cube_of(), looks=looks), findings))
    assert "<script" not in html
    assert "<img src=https" not in html
    assert "{{ 7 * 7 }}" in html
    sources = [attrs["src"] or "" for tag, attrs in Page(html).tags if tag == "img"]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert not any(name.startswith("on") for _, attrs in Page(html).tags for name in attrs)


def test_coordinates_are_never_printed_finer_than_the_gate(page: Page, drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    printed = re.findall(r"\d+\.(\d+)° [NSEW]", page.text)
    assert printed
    assert max(map(len, printed)) <= 2
    longitude, latitude = drawn[0].events[0].geometry[0][0][0]
    for figure in drawn[1]:
        assert f"{latitude:.3f}" not in figure.caption + figure.alt
    assert f"{latitude:.3f}" not in page.text
    assert f"{longitude:.3f}" not in page.text
    exact = findings_of(publish=PublishRule(coordinates_m=0.0))
    assert re.search(r"\d+\.\d{5}° N", Page(report.report_html(exact, ())).text)


def test_synthetic_is_said_on_the_page_only_where_true(page: Page) -> None:
    assert "SYNTHETIC" not in page.text
    assert Page(report.report_html(findings_of(synthetic=True), ())).text.count("SYNTHETIC - simulated, not a real place") == 2


def test_rejected_and_recovered_stand_apart() -> None:
    mark = Mark("reject", "a harvest", "", patch(10, 8, 4, 3), operator="E. Analyst")
    text = Page(
        report.report_html(
            findings_of(event_of("E2", status="recovered", recovered=True), event_of("E3", status="rejected", mark=mark)), ()
        )
    ).text
    assert (
        text.index("Changed, then back to normal")
        < text.index("Rejected by an analyst")
        < text.index("E. Analyst rejected it: a harvest")
    )
    assert "No lasting change was confirmed" in text


def test_pages_stay_small() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (1500, 1500, 3), dtype=np.uint8)
    heavy = draw.png(Image.fromarray(noise))
    many = tuple(Figure(f"figures/E{n}-series.png", heavy, "c", "a", ()) for n in range(3))
    events = tuple(event_of(f"E{n}") for n in range(3))
    html = report.report_html(findings_of(*events), many)
    assert len(heavy) * 3 > report.PAGE_BYTES
    assert len(html) <= 15e6
    assert html.count("data:image/webp") == 3


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
