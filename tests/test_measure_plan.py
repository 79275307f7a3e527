"""Lengths and areas: by hand, against Monte Carlo, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from grounds import at, empty
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.errors import UserError
from spadework.measure.area import measure_area
from spadework.measure.budget import Z90, combined, shares
from spadework.measure.drawn import DrawnSettings
from spadework.measure.length import measure_length

L_SHAPE = ((100, 100), (160, 100), (160, 130), (130, 130), (130, 190), (100, 190))


def test_a_length_is_the_sum_of_its_segments() -> None:
    image = empty(0.5, off_nadir=0.0)
    got = measure_length(image, at(image, (10, 10), (50, 10), (50, 40)), DrawnSettings(scale_share=0.0))
    assert got.value == pytest.approx(20 + 15, abs=1e-5)
    # Ends: half a pixel = .25 m each. The corner is pushed along both segments: sqrt(2) x .25.
    assert dict(got.budget)["pointing"] == pytest.approx(0.25 * math.sqrt(1 + 1 + 2), abs=1e-5)
    assert got.high == pytest.approx(35 + Z90 * 0.5, abs=1e-4)
    assert got.gsd_m == pytest.approx(0.5)
    assert (got.unit, got.scene, got.warnings) == ("m", "one", ())


def test_a_point_in_the_middle_of_a_straight_line_adds_nothing() -> None:
    image = empty(0.5, off_nadir=0.0)
    two = measure_length(image, at(image, (10, 10), (90, 70)))
    three = measure_length(image, at(image, (10, 10), (50, 40), (90, 70)))
    assert dict(three.budget) == pytest.approx(dict(two.budget))


def test_an_area_is_that_of_the_shoelace() -> None:
    image = empty(0.5, off_nadir=0.0)
    got = measure_area(image, at(image, *L_SHAPE), DrawnSettings(scale_share=0.0, pointing_px=0.0))
    assert got.value == pytest.approx((60 * 30 + 30 * 60) / 4, abs=1e-3)
    # A quarter of a pixel outwards along a perimeter of 300 pixels.
    assert dict(got.budget)["outline too far out or in"] == pytest.approx(0.125 * 150, abs=1e-3)
    assert got.unit == "m2"


def test_the_corner_of_a_square_moves_its_area_by_half_its_diagonal() -> None:
    image = empty(1.0, off_nadir=0.0)
    got = measure_area(image, at(image, (10, 10), (30, 10), (30, 30), (10, 30)))
    # |dA/dp| = half of 20 sqrt(2) a corner, four corners, half a pixel of 1 m in each direction.
    assert dict(got.budget)["pointing"] == pytest.approx(0.5 * math.sqrt(4) * 10 * math.sqrt(2), abs=1e-3)


@pytest.mark.parametrize("kind", ["length", "area"])
def test_the_budget_is_that_of_a_monte_carlo(kind: str) -> None:
    image = empty(0.7, off_nadir=25.0, view_azimuth=60.0)
    known = DrawnSettings(pointing_px=0.4, outline_px=0.0, scale_share=0.004, height_m=0.6)
    points = at(image, *L_SHAPE)
    got = (measure_length if kind == "length" else measure_area)(image, points, known)
    rng = np.random.default_rng(5)
    n = 20_000
    metres = 0.7 * np.array(L_SHAPE, dtype=float) * [1, -1]
    moved = metres + 0.7 * 0.4 * rng.standard_normal((n, *metres.shape))
    away = math.tan(math.radians(25)) * np.array([math.sin(math.radians(60)), math.cos(math.radians(60))])
    moved -= 0.6 * rng.standard_normal((n, len(metres), 1)) * away
    moved *= 1 + 0.004 * rng.standard_normal((n, 1, 1))
    if kind == "length":
        truth = np.hypot(*np.diff(metres, axis=0).T).sum()
        drawn = np.hypot(*np.moveaxis(np.diff(moved, axis=1), -1, 0)).sum(axis=1)
    else:
        truth = shapely.Polygon(metres).area
        drawn = shapely.area(shapely.polygons(moved))
    assert got.value == pytest.approx(truth, rel=1e-6)
    assert combined(dict(got.budget)) == pytest.approx(float(drawn.std()), rel=0.03)
    low, high = got.low, got.high
    assert low is not None
    assert high is not None
    assert ((drawn - truth + got.value > low) & (drawn - truth + got.value < high)).mean() == pytest.approx(0.9, abs=0.01)


def test_a_tilted_view_counts_only_along_itself() -> None:
    image = empty(0.5, off_nadir=30.0, view_azimuth=0.0)
    along = measure_length(image, at(image, (50, 10), (50, 60)), DrawnSettings(height_m=0.3))
    across = measure_length(image, at(image, (10, 50), (60, 50)), DrawnSettings(height_m=0.3))
    tilt = "heights under a tilted view"
    assert dict(along.budget)[tilt] == pytest.approx(math.sqrt(2) * 0.3 * math.tan(math.radians(30)), rel=1e-4)
    assert dict(across.budget)[tilt] == pytest.approx(0, abs=1e-4)
    unknown = measure_length(empty(0.5), at(image, (10, 50), (60, 50)))
    assert unknown.warnings == ("the view angle is not known: 20 degrees off nadir are taken",)


def test_pixels_with_a_gsd_measure_like_a_map() -> None:
    image = empty(crs=None, gsd_m=(0.6, 0.5), off_nadir=0.0)
    assert measure_length(image, [(10, 10), (40, 50)]).value == pytest.approx(math.hypot(18, 20))
    assert measure_area(image, [(10, 10), (20, 10), (20, 30), (10, 30)]).value == pytest.approx(6 * 10)


def test_a_raw_image_with_one_gsd_is_told_that_tilted_pixels_are_not_square() -> None:
    line = [(10.0, 10.0), (40.0, 50.0)]
    one = measure_length(empty(crs=None, gsd_m=(0.5, 0.5), off_nadir=25.0), line)
    assert "10% longer" in one.warnings[0]
    assert measure_length(empty(crs=None, gsd_m=(0.5, 0.55), off_nadir=25.0), line).warnings == ()
    assert measure_length(empty(crs=None, gsd_m=(0.5, 0.5), off_nadir=5.0), line).warnings == ()


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 360), st.integers(20, 150), st.booleans())
def test_an_area_does_not_depend_on_direction_start_or_closing(turn: float, size: int, closed: bool) -> None:
    image = empty(0.5, off_nadir=10.0, view_azimuth=200.0)
    angles = np.radians(turn + np.array([0, 100, 200, 300]))
    corners = at(image, *((200 + size * math.cos(a), 200 + size * math.sin(a)) for a in angles))
    one = measure_area(image, corners)
    other = measure_area(image, [*corners[2::-1], corners[3], *([corners[2]] if closed else [])])
    assert other.value == pytest.approx(one.value)
    assert dict(other.budget) == pytest.approx(dict(one.budget))


@settings(max_examples=50, deadline=None)
@given(st.floats(0.2, 5), st.floats(0, 90))
def test_intervals_grow_with_the_pixel(px: float, turn: float) -> None:
    ends = ((200, 200), (200 + 100 * math.cos(turn), 200 + 100 * math.sin(turn)))
    fine, coarse = (empty(size, off_nadir=0.0) for size in (px, 2 * px))
    terms = [dict(measure_length(image, at(image, *ends)).budget)["pointing"] for image in (fine, coarse)]
    assert terms[1] == pytest.approx(2 * terms[0], rel=1e-6)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([(10, 10)], "two points or more"),
        ([(10, 10), (500, 10)], "lies outside the image"),
        ([(10, 10), (float("nan"), 10)], "is no number"),
        ([(10, 10), (10, 10)], "are the same"),
    ],
)
def test_a_line_that_is_none_is_refused_by_name(points: list[tuple[float, float]], says: str) -> None:
    image = empty()
    with pytest.raises(UserError, match=says):
        measure_length(image, at(image, *points))


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([(10, 10), (50, 10)], "three corners or more"),
        ([(10, 10), (50, 10), (10, 10)], "three corners or more"),
        ([(10, 10), (50, 10), (90, 10)], "on one line"),
        ([(10, 10), (50, 50), (50, 10), (10, 50)], "crosses or touches itself"),
        ([(10, 10), (50, 10), (50, 90), (50, 50), (10, 50)], "crosses or touches itself"),
    ],
)
def test_an_outline_that_is_none_is_refused_by_name(points: list[tuple[float, float]], says: str) -> None:
    image = empty()
    with pytest.raises(UserError, match=says):
        measure_area(image, at(image, *points))


def test_what_is_under_the_pixel_is_refused_with_the_reason() -> None:
    image = empty()
    length = measure_length(image, at(image, (10, 10), (10.4, 10)))
    assert (length.value, length.low, length.budget) == (None, None, ())
    assert length.refused == "the line is 0.4 pixels long: a length needs 1 or more"
    area = measure_area(image, at(image, (10, 10), (11, 10), (11, 12)))
    assert area.refused == "the outline holds 1.0 pixels: an area needs 4 or more"
    short = measure_length(image, at(image, (10, 10), (12, 10), (90, 10)))
    assert "jitter" in short.warnings[-1]


def test_a_point_without_data_is_told() -> None:
    image = empty()
    valid = image.valid.copy()
    valid[10, 10] = False
    got = measure_length(replace(image, valid=valid), at(image, (10.5, 10.5), (90, 10)))
    assert "holds no data" in got.warnings[-1]


def test_shares_of_a_sum_are_its_variances() -> None:
    rng = np.random.default_rng(1)
    a, b = 3 * rng.standard_normal(50_000), rng.standard_normal(50_000)
    assert dict(shares({"a": a, "b": b, "still": np.zeros(50_000)}, a + b)) == pytest.approx(
        {"a": 0.9, "b": 0.1, "still": 0}, abs=0.01
    )
