"""The pictures of the report: what is lettered on them, where things lie, and what never leaves with them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import itertools
import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from findings import LOOKS, cube_of, event_of, findings_of, patch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from spadework.publish import draw, figures, labels, plate, plot, series
from spadework.publish.closeup import before_after
from spadework.publish.detection import detection_figure
from spadework.publish.series import series_figure
from spadework.records import Curve, Event, Figure, Findings, Planted, PublishRule, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = (event_of(), event_of("E20200517-0001-0001", status="anomaly", geometry=patch(1, 1, 2, 2), confirmed_on=None))


def measured() -> Sensitivity:
    curves = tuple(
        Curve(family, area, (0.02, 0.05, 0.1), (0.2, 0.6, 0.9), (0.1, 0.4, 0.8), (0.3, 0.7, 0.95))
        for family in ("soil", "grey")
        for area in (800.0, 8000.0)
    )
    planted = tuple(Planted("soil", 1, 8, 0.03 * n, dt.date(2020, 3, 1), 5.0, n > 1) for n in (1, 2, 3))
    days = dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2020, 7, 1)
    return Sensitivity(planted, 3, 1, 0.9, *days, 100.0, 70_000.0, curves=curves)


@pytest.fixture(scope="module")
def told() -> Findings:
    return dataclasses.replace(findings_of(*EVENTS), sensitivity=measured())


@pytest.fixture(scope="module")
def drawn(told: Findings) -> dict[str, Figure]:
    return {figure.name.removeprefix("figures/"): figure for figure in figures.draw_all(cube_of(), told)}


@pytest.fixture
def lettered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is lettered on pictures from here on."""
    seen: list[str] = []
    real = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, *args: object, **how: object) -> None:
        seen.append(text)
        real(self, xy, text, *args, **how)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return seen


def opened(figure: Figure) -> Image.Image:
    return Image.open(io.BytesIO(figure.data))


def rgb(figure: Figure) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.asarray(opened(figure).convert("RGB"), dtype=np.int16)


def like(pixels: np.ndarray[tuple[int, ...], np.dtype[np.int16]], colour: str, tolerance: int = 14) -> np.ndarray:
    """True where a picture has a colour, as near as few colours or WebP leave it."""
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return np.asarray((abs(pixels - wanted) <= tolerance).all(axis=-1))


# ---------------------------------------------------------------- what every picture says, and never says
def test_every_picture_names_its_days_sensor_place_credit_and_licence(told: Findings, lettered: list[str]) -> None:
    atlas = draw.atlas(cube_of(), told)
    bare = dataclasses.replace(told, events=(), sensitivity=None)
    site = figures.draw_all(cube_of(), bare)
    assert len(site) == 3
    for count, made in (
        (3, lambda: figures.draw_all(cube_of(), bare)),
        (1, lambda: before_after(atlas, atlas.events[0])),
        (1, lambda: series_figure(atlas, atlas.events[0])),
        (1, lambda: detection_figure(told)),
    ):
        lettered.clear()
        made()
        printed = " ".join(lettered)
        assert "pixel" in printed
        for fact in (
            "Sentinel-2A",
            "34.45°",
            "(rounded",
            "Copernicus",
            "proprietary",
        ):  # words: lines wrap, threads draw
            assert printed.count(fact) == count or (fact == "Sentinel-2A" and printed.count(fact) > count), fact
        assert re.search(r"20(19|20)-\d\d-\d\d", printed)


def test_no_picture_prints_a_time_of_day_a_scene_or_a_fine_coordinate(told: Findings, lettered: list[str]) -> None:
    exact = dataclasses.replace(told, site=dataclasses.replace(told.site, publish=PublishRule(coordinates_m=0.0)))
    for findings in (told, exact):
        figures.draw_all(cube_of(), findings)
    printed = "\n".join(lettered)
    assert not re.search(r"\d\d:\d\d|T\d{6}", printed)
    assert not re.search(r"\d\.\d{3,}° ", printed)
    for look in LOOKS:
        assert look.id not in printed
        assert all(scene.id not in printed for scene in look.scenes)


def chunks(data: bytes) -> Iterator[bytes]:
    """Names of the chunks of a PNG or a RIFF file (PNG 1.2 section 3.2; RFC 9649)."""
    png = data.startswith(b"\x89PNG")
    at = 8 if png else 12
    while at < len(data):
        name, size = (data[at + 4 : at + 8], data[at : at + 4]) if png else (data[at : at + 4], data[at + 4 : at + 8])
        length = int.from_bytes(size, "big" if png else "little")
        yield name
        at += 12 + length if png else 8 + length + length % 2


def test_pictures_carry_no_metadata(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        known = {b"VP8X", b"ANIM", b"ANMF"} if name.endswith("webp") else {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
        assert set(chunks(figure.data)) <= known, name


def test_the_same_findings_give_the_same_bytes(told: Findings, drawn: dict[str, Figure]) -> None:
    assert {f.name.removeprefix("figures/"): f for f in figures.draw_all(cube_of(), told)} == drawn


def test_an_exact_site_is_still_drawn_coarse() -> None:
    site = findings_of(publish=PublishRule(coordinates_m=0.0)).site
    assert plate.printed_place(site) == plate.printed_place(findings_of().site)
    assert "(rounded to 20 km or coarser)" in plate.printed_place(findings_of(publish=PublishRule(coordinates_m=20_000.0)).site)


@example("00000000000<<IIf", 120)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=400), st.integers(120, 900))
def test_lines_fit_and_are_few(text: str, width: int) -> None:
    lines = plate.wrap(text, width, 14)
    assert len(lines) <= plate.MAX_LINES
    assert all(draw.font(14).getlength(line) <= width for line in lines[: plate.MAX_LINES - 1])


# ---------------------------------------------------------------- sheet and film
def test_contact_sheet_is_as_big_as_its_thumbnails(drawn: dict[str, Figure]) -> None:
    image = opened(drawn["looks.png"])
    assert image.width == 4 * (figures.THUMB + 10) - 10 + 2 * draw.MARGIN  # seven clear looks in four columns
    assert image.height > 2 * (figures.THUMB * 24 / 30 + 46)


def test_each_frame_bears_its_day_and_how_much_time_has_gone(
    drawn: dict[str, Figure], lettered: list[str], told: Findings
) -> None:
    film = opened(drawn["timelapse.webp"])
    gone = []
    for index in range(film.n_frames):  # type: ignore[attr-defined]  # WebP has it
        film.seek(index)
        bar = np.asarray(film.convert("RGB"), dtype=np.int16)[514:517]  # 38 of title, 480 of map, of which the last 6
        gone.append(int(like(bar, draw.YELLOW, 60).any(axis=0).sum()))
    assert gone == sorted(gone)
    assert gone[0] < 20
    assert gone[-1] == pytest.approx(600, abs=20)
    figures.draw_all(cube_of(), dataclasses.replace(told, events=(), sensitivity=None))
    assert all(
        lettered.count(str(look.day)) >= 2 for look in LOOKS if look.clear > 0.9
    )  # under its thumbnail, and in its frame


# ---------------------------------------------------------------- labels
boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(0, 560),
    st.integers(0, 560),
    st.integers(2, 200),
    st.integers(2, 200),
)


@settings(deadline=None)
@given(st.lists(boxes, max_size=50))
def test_labels_never_meet_nor_leave_the_picture(shapes: list[shapely.Polygon]) -> None:
    inside = [draw.clipped(shape, (600, 600)) for shape in shapes]
    spots = labels.place([(shape, (36, 22)) for shape in inside], (600, 600))
    for left, top, right, bottom in (spot.box for spot in spots):
        assert 0 <= left < right <= 600
        assert 0 <= top < bottom <= 600
    for one, other in itertools.combinations([shapely.box(*spot.box) for spot in spots], 2):
        assert not one.intersects(other)


def test_a_lone_label_lies_beside_its_outline_without_a_leader() -> None:
    ground = shapely.box(100, 100, 120, 120)
    (near,) = labels.place([(ground, (36, 22))], (300, 300))
    assert shapely.box(*near.box).distance(ground) == pytest.approx(4, abs=1)
    assert near.box[0] >= 120
    assert near.leader == ()
    (far,) = labels.place([(ground, (36, 22))], (300, 300), 26)
    assert shapely.box(*far.box).distance(ground) == pytest.approx(26, abs=4)
    assert shapely.LineString(far.leader).length == pytest.approx(26, abs=4)


def test_a_label_keeps_off_other_outlines() -> None:
    ground, right, above = shapely.box(100, 100, 120, 120), shapely.box(122, 60, 200, 160), shapely.box(60, 60, 121, 98)
    spot = labels.place([(shape, (36, 22)) for shape in (ground, right, above)], (300, 300))[0]
    assert not any(shapely.box(*spot.box).intersects(shape) for shape in (right, above))


def test_a_picture_too_small_for_its_labels_is_still_drawn() -> None:
    spots = labels.place([(shapely.box(0, 0, 5, 5), (36, 22))] * 3, (40, 30))
    assert len(spots) == 3
    assert all(spot.box[0] >= 0 and spot.box[2] <= 40 for spot in spots)


def test_fifty_events_are_numbered_and_the_rest_counted(lettered: list[str]) -> None:
    many = tuple(event_of(f"E{n:08d}-{n:04d}", geometry=patch(n % 10 * 3, n // 10 * 4, 2, 2)) for n in range(53))
    (overview,) = (f for f in figures.draw_all(cube_of(), findings_of(*many)) if f.name.endswith("overview.png"))
    assert {str(n) for n in range(1, 51)} <= set(lettered)
    assert "Confirmed (50)" in lettered
    assert "3 more events are listed in the report and not drawn." in lettered
    assert any("E00000049-0049" in text for text in lettered)
    assert "numbered as the findings are" in overview.caption
    assert "Not drawn: 3 more" in overview.caption


# ---------------------------------------------------------------- before and after
def test_panels_are_the_two_looks(told: Findings, drawn: dict[str, Figure]) -> None:
    figure = drawn["E20200517-0008-0010-before-after.png"]
    assert figure.panels is not None
    image, cube, atlas = opened(figure), cube_of(), draw.atlas(cube_of(), told)
    sizes = {(right - left, bottom - top) for left, top, right, bottom in figure.panels}
    assert len(sizes) == 1
    for box, name in zip(figure.panels, figure.looks, strict=True):
        index = [look.id for look in LOOKS].index(name)
        look = draw.fit(draw.picture(cube.reflectance[index, atlas.composite.indices], atlas.limits), 440, 440)
        crop = np.asarray(image.crop(box).convert("RGB"))
        assert crop.shape[:2] == (look.height, look.width)
        assert (crop == np.asarray(look)).all(axis=-1).mean() > 0.93  # the rest is the outline and its callout


def test_only_pairs_have_panels(drawn: dict[str, Figure]) -> None:
    assert all((figure.panels is None) != name.endswith("before-after.png") for name, figure in drawn.items())


def test_a_close_up_names_its_event_and_shows_where_it_lies(told: Findings, lettered: list[str]) -> None:
    atlas = draw.atlas(cube_of(), told)
    figure = before_after(atlas, atlas.events[0])
    assert figure is not None
    assert lettered.count("1 · E20200517-0008-0010") == 4  # in each panel
    assert "Small map: the whole site on the look after; the box is this close-up." in lettered
    assert "number 1 on the overview" in figure.caption
    ((_, _, _, below), _) = figure.panels or ((0, 0, 0, 0),) * 2
    corner = rgb(figure)[below:, : draw.MARGIN + 210]
    assert like(corner, "#000000", 3).sum() > 100  # the rim of the box


def test_numbers_are_those_of_the_findings_where_an_event_lies_off_the_grid() -> None:
    off = event_of("E1", geometry=patch(50, 50, 3, 3))
    atlas = draw.atlas(cube_of(), findings_of(off, *EVENTS))
    assert [mapped.number for mapped in atlas.events] == [2, 3]


# ---------------------------------------------------------------- plots
@given(st.dates(dt.date(1985, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 15_000))
def test_ticks_of_time_are_few_and_in_order(first: dt.date, days: int) -> None:
    axis = plot.time_axis([plot.day_of(first), plot.day_of(first + dt.timedelta(days=days))])
    at = [tick for tick, _ in axis.ticks]
    assert 1 <= len(at) <= plot.TICKS + 1
    assert at == sorted(set(at))
    assert all(axis.low <= tick <= axis.high for tick in at)


def test_ticks_of_time_are_worded_by_the_calendar() -> None:
    def words(first: dt.date, last: dt.date) -> list[str]:
        return [word for _, word in plot.time_axis([plot.day_of(first), plot.day_of(last)]).ticks]

    assert words(dt.date(2018, 1, 2), dt.date(2020, 12, 20)) == ["2018", "Jul", "2019", "Jul", "2020", "Jul", "2021"]
    assert words(dt.date(2020, 3, 10), dt.date(2020, 6, 20)) == ["Apr 2020", "May", "Jun"]
    assert words(dt.date(2020, 3, 10), dt.date(2020, 3, 16)) == [
        "10 Mar",
        "11 Mar",
        "12 Mar",
        "13 Mar",
        "14 Mar",
        "15 Mar",
        "16 Mar",
    ]


@given(st.lists(st.floats(-1e6, 1e6), max_size=20), st.booleans())
def test_ticks_of_values_are_round_and_few(values: list[float], zero: bool) -> None:
    axis = plot.value_axis([abs(value) for value in values] if zero else values, zero=zero)
    at = [tick for tick, _ in axis.ticks]
    assert 1 <= len(at) <= 7
    room = (axis.high - axis.low) * 1e-6
    assert all(axis.low - room <= tick <= axis.high + room for tick in at)
    assert axis.low == 0 or not zero


def test_a_logarithmic_axis_halves_at_the_geometric_mean() -> None:
    assert plot.Axis(1, 100, (), log=True).share([1, 10, 100]) == pytest.approx([0, 0.5, 1])


def test_points_without_a_value_are_left_out() -> None:
    panel = plot.Panel(plot.Canvas.blank(100, 50), (0, 0, 100, 50), plot.Axis(0, 10, ()), plot.Axis(0, 1, ()))
    assert panel.at([0, 5, 10], [0, math.nan, 1]) == [(0, 50), (100, 0)]


def series_of(event: Event) -> Figure:
    atlas = draw.atlas(cube_of(), findings_of(event))
    figure = series_figure(atlas, atlas.events[0])
    assert figure is not None
    return figure


def shaded(figure: Figure, colour: str) -> tuple[int, int]:
    """First and last column with the onset's shading over most of the first panel."""
    tall = like(rgb(figure)[70:220], colour, 9).mean(axis=0) > 0.7
    columns = np.flatnonzero(tall)
    return int(columns[0]), int(columns[-1])


def test_the_onset_interval_is_shaded_where_it_lies() -> None:
    event = event_of(onset_earliest=dataclasses.replace(event_of().onset_earliest, datetime=LOOKS[2].datetime))  # type: ignore[type-var]  # it has one
    left, right = shaded(series_of(event), plot.PALE[draw.ORANGE])
    axis = plot.time_axis([plot.day_of(look.datetime) for look in LOOKS])
    at = axis.share([plot.day_of(LOOKS[2].datetime), plot.day_of(LOOKS[5].datetime)]) * (900 - 56 - 20) + 56 + draw.MARGIN
    assert (left, right) == pytest.approx(tuple(at), abs=3)


def test_an_unbounded_onset_is_shaded_from_the_edge(lettered: list[str]) -> None:
    figure = series_of(event_of(onset_earliest=None))
    assert shaded(figure, series.UNBOUNDED)[0] == pytest.approx(56 + draw.MARGIN, abs=2)
    assert "onset: at an unknown time before 2020-05-17" in lettered
    assert "at an unknown time before 2020-05-17" in figure.caption


def test_an_event_added_by_hand_has_no_plot_of_a_series_that_nobody_measured() -> None:
    bare = event_of(onset_earliest=None, onset_latest=None, confirmed_on=None, series=())
    made = figures.draw_all(cube_of(), findings_of(bare))
    assert not any(figure.name.endswith("series.png") for figure in made)
    assert any(figure.name.endswith("before-after.png") for figure in made)


def test_alternative_texts_tell_the_sight(told: Findings, drawn: dict[str, Figure]) -> None:
    rows = tuple(
        dataclasses.replace(row, spectrum=(0.1, 0.1, 0.27 if row.share_anomalous == 0 else 0.38, 0.3))
        for row in event_of().series
    )
    event = event_of(series=rows)
    assert "At the onset red rises." in series_of(event).alt
    fallen = event_of(series=tuple(dataclasses.replace(row, spectrum=(0.1, 0.1, 0.65 - row.spectrum[2], 0.3)) for row in rows))
    assert "At the onset red falls." in series_of(fallen).alt
    assert "At the onset" not in series_of(event_of(onset_earliest=None, onset_latest=None)).alt
    pair = drawn["E20200517-0008-0010-before-after.png"]
    assert pair.alt.endswith("Inside the outline the ground is brighter after than before.")
    assert f"with {len(told.events)} outlined events" in drawn["overview.png"].alt
    for events, words in (((event,), "with 1 outlined event."), ((), "with no outlined event")):
        made = figures.draw_all(cube_of(), findings_of(*events))
        (overview,) = (figure for figure in made if figure.name.endswith("overview.png"))
        assert words in overview.alt


def test_each_plant_is_ticked_in_the_panel_of_the_area_nearest_to_its_own(told: Findings, lettered: list[str]) -> None:
    figure = detection_figure(told)
    assert figure is not None
    ticks = like(rgb(figure), draw.VERMILION, 30)
    columns = np.flatnonzero(ticks[: len(ticks) // 2].any(axis=0))
    assert columns.size  # one plant of 800 m2 was missed: in the left one of two panels
    assert columns.max() < 500
    assert {"area 800 m²", "area 8,000 m²", "planted, missed", "its 90 % interval"} <= set(lettered)
    assert detection_figure(dataclasses.replace(told, sensitivity=None)) is None
