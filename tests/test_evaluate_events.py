"""Event scores on a grid a reader can work out by hand: 40 x 40 pixels of 10 m, a look every 10 days from 1 January 2020."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from spadework.cube import Cube, day_number
from spadework.evaluate.events import EventRule, EventTruth, match_event, score_events
from spadework.events.outline import outline, pixels_of, to_wgs84
from spadework.records import Bound, Event, Look, SceneRef

CRS = "EPSG:32637"
DAY0 = dt.date(2020, 1, 1)
WATCHED = (DAY0, DAY0 + dt.timedelta(days=365.25))
GRID = GeoBox((40, 40), Affine(10, 0, 500000, 0, -10, 2200000), CRS)
Box = tuple[int, int, int, int]


def at(day: int) -> dt.datetime:
    return dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC) + dt.timedelta(days=day)


def cube_with(clouded: tuple[int, ...] = ()) -> Cube:
    """Thirty looks; those of the days in ``clouded`` show nothing."""
    looks = tuple(
        Look(f"L{day}", at(day), "synthetic", (SceneRef(f"S{day}", at(day), None),), 1.0) for day in range(0, 300, 10)
    )
    clear = np.ones((30, 40, 40), dtype=bool)
    for day in clouded:
        clear[day // 10] = False
    return Cube(
        reflectance=np.zeros((30, 1, 40, 40), dtype=np.int16),
        clear=clear,
        snow=np.zeros_like(clear),
        looks=looks,
        bands=("red",),
        grid=GRID,
        inside=np.ones((40, 40), dtype=bool),
    )


def event(box: Box, confirmed: int, onset: tuple[int | None, int], **changes: object) -> Event:
    """An event of rows and columns ``box`` (first, last + 1), with days after 1 January 2020."""
    rows, cols = (axis.ravel() for axis in np.mgrid[box[0] : box[1], box[2] : box[3]])
    early, late = (None if day is None else Bound(f"L{day}", at(day), ()) for day in onset)
    found = Event(
        id=f"E{box}",
        status="confirmed",
        geometry=to_wgs84(outline(rows, cols, GRID), CRS),
        onset_earliest=early,
        onset_latest=late,
        first_anomaly=at(onset[1]).date(),
        confirmed_on=at(confirmed).date(),
        area_m2=rows.size * 100.0,
        area_low_m2=rows.size * 80.0,
        area_high_m2=rows.size * 120.0,
        pixels=rows.size,
        statistic=5.0,
        phase=None,
        recovered=False,
        scenes=(),
    )
    return replace(found, **changes)  # type: ignore[arg-type] # names are checked by replace


def truth_with(*plants: tuple[Box, int], aside: tuple[Box, int] | None = None) -> EventTruth:
    """Plants (box, day) numbered from 1, and one other lasting change."""
    start, number, other = (np.zeros((40, 40), dtype=np.int32) for _ in range(3))
    for n, (box, day) in enumerate(plants, start=1):
        start[box[0] : box[1], box[2] : box[3]] = day_number(DAY0) + day
        number[box[0] : box[1], box[2] : box[3]] = n
    if aside:
        box, day = aside
        other[box[0] : box[1], box[2] : box[3]] = day_number(DAY0) + day
    return EventTruth(start, number, other)


@given(row=st.integers(0, 36), col=st.integers(0, 36), high=st.integers(1, 4), wide=st.integers(1, 4))
def test_an_outline_gives_back_exactly_its_pixels(row: int, col: int, high: int, wide: int) -> None:
    rows, cols = pixels_of(event((row, row + high, col, col + wide), 100, (None, 80)).geometry, GRID)
    expected = {(r, c) for r in range(row, row + high) for c in range(col, col + wide)}
    assert set(zip(rows.tolist(), cols.tolist(), strict=True)) == expected
    assert rows.size == len(expected)


def test_holes_are_not_of_the_event() -> None:
    ring = np.ones((3, 3), dtype=bool)
    ring[1, 1] = False
    rows, cols = np.nonzero(ring)
    geometry = to_wgs84(outline(rows + 10, cols + 20, GRID), CRS)
    found = pixels_of(event((0, 1, 0, 1), 100, (None, 80), geometry=geometry).geometry, GRID)
    assert set(zip(*(axis.tolist() for axis in found), strict=True)) == set(
        zip((rows + 10).tolist(), (cols + 20).tolist(), strict=True)
    )


def test_an_event_on_a_plant_is_true_and_its_intervals_are_held_against_it() -> None:
    truth = truth_with(((10, 14, 10, 15), 75))  # 20 pixels, 2,000 m2, day 75
    match = match_event(event((10, 14, 10, 15), 100, (60, 80)), cube_with(clouded=(70,)), truth, EventRule())
    assert (match.true, match.aside, match.share, match.plant) == (True, False, 1.0, 1)
    assert (match.onset_holds, match.width_days, match.gap_days, match.area_holds) == (True, 20.0, 20.0, True)  # 60 to 80


@pytest.mark.parametrize(
    ("onset", "holds"),
    [((60, 80), True), ((60, 75), True), ((75, 80), False), ((None, 80), True), ((60, 70), False)],
)
def test_the_first_day_lies_after_the_last_look_without_and_by_the_first_look_with(
    onset: tuple[int | None, int], holds: bool
) -> None:
    match = match_event(event((10, 14, 10, 15), 100, onset), cube_with(), truth_with(((10, 14, 10, 15), 75)), EventRule())
    assert match.onset_holds is holds
    assert (match.width_days is None) == (onset[0] is None)


def test_three_tenths_of_the_pixels_make_it_true_and_what_changed_later_does_not_count() -> None:
    cube, found = cube_with(), event((0, 2, 0, 5), 100, (60, 80))
    assert match_event(found, cube, truth_with(((0, 1, 0, 3), 75)), EventRule()).true  # 3 of 10
    assert not match_event(found, cube, truth_with(((0, 1, 0, 2), 75)), EventRule()).true  # 2 of 10
    assert match_event(found, cube, truth_with(((0, 2, 0, 5), 100)), EventRule()).true  # on the day itself
    assert not match_event(found, cube, truth_with(((0, 2, 0, 5), 101)), EventRule()).true


def test_irrigation_is_set_aside_only_once_it_has_begun() -> None:
    cube, found = cube_with(), event((0, 2, 0, 5), 100, (60, 80))
    for day, aside in ((90, True), (120, False)):
        match = match_event(found, cube, truth_with(aside=((0, 2, 0, 5), day)), EventRule())
        assert (match.true, match.aside) == (False, aside)


def test_a_score_counts_what_a_reader_counts() -> None:
    truth = truth_with(((0, 4, 0, 5), 75), ((10, 14, 0, 5), 75), ((20, 21, 0, 3), 75), aside=((30, 34, 0, 5), 50))
    events = [
        event((0, 4, 0, 5), 100, (70, 80), p_real=0.9),
        event((0, 4, 20, 25), 100, (70, 80), p_real=0.95),  # nothing there: false, and ranked first
        event((30, 34, 0, 5), 100, (70, 80), p_real=0.5),  # irrigation
        event((10, 12, 0, 3), 100, (70, 80), p_real=0.99),  # six pixels: too small to count
        event((10, 14, 0, 5), 100, (70, 80), p_real=0.99, status="recovered"),
    ]
    score = score_events(events, cube_with(), truth, WATCHED)
    assert (score.true, score.false, score.aside, score.plants, score.found) == (1, 1, 1, 2, 1)
    assert score.site_years == pytest.approx(0.16 / 25, rel=2e-3)  # 400 x 400 m for a year
    assert score.false_per_site_year == pytest.approx(1 / score.site_years)
    assert (score.precision, score.onset_holds, score.width_over_gap, score.area_holds) == (0.5, 1.0, 1.0, 1.0)
    assert [match.rank for match in score.matches] == [0.95, 0.9, 0.5]
    assert score_events(events, cube_with(), truth, WATCHED, EventRule(top=1)).precision_top == 0.0


def test_without_events_or_p_real_nothing_is_made_up() -> None:
    truth = truth_with(((0, 4, 0, 5), 75))
    none = score_events([], cube_with(), truth, WATCHED)
    assert (none.true, none.false, none.false_per_site_year, none.plants, none.found) == (0, 0, 0.0, 1, 0)
    assert all(math.isnan(value) for value in (none.precision, none.onset_holds, none.area_holds, none.width_over_gap))
    weak, strong = event((0, 4, 0, 5), 100, (70, 80)), event((0, 4, 20, 25), 100, (70, 80), statistic=9.0)
    assert [match.rank for match in score_events([weak, strong], cube_with(), truth, WATCHED).matches] == [9.0, 5.0]


def test_a_truth_on_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one"):
        EventTruth(np.zeros((2, 2), np.int32), np.zeros((2, 3), np.int32), np.zeros((2, 2), np.int32))
    small = EventTruth(*(np.zeros((2, 2), np.int32) for _ in range(3)))
    with pytest.raises(ValueError, match=r"expected \(40, 40\)"):
        score_events([], cube_with(), small, WATCHED)
