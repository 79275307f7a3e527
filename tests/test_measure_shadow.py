"""Where the sun stood, and heights from shadows."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from affine import Affine
from grounds import empty
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.errors import MissingExtraError, UserError
from spadework.measure.budget import combined
from spadework.measure.ground import Ground
from spadework.measure.shadow import ShadowSettings, measure_height
from spadework.measure.sun import sun_at, with_sun

if TYPE_CHECKING:
    from spadework.cube import Image

WHEN = dt.datetime(2020, 6, 30, 7, 5, tzinfo=dt.UTC)


def unit(azimuth: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))])


def line_on(image: Image, step: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[tuple[float, float]]:
    """From the middle of the image by a step of metres east and north."""
    ground = Ground.of(image)
    foot = Affine(*image.transform) * (200, 200)
    tip = ground.points(ground.metres([foot]) + step)[0]
    return [foot, (float(tip[0]), float(tip[1]))]


def shadow_of(
    image: Image, height: float, slope: float = 0.0, *, from_top: bool = False, off: float = 0.0
) -> list[tuple[float, float]]:
    """The line that an upright thing of a known height gives: foot (or top as seen) to tip."""
    scene = image.scene
    assert scene.sun_elevation is not None
    assert scene.sun_azimuth is not None
    length = height / (math.tan(math.radians(scene.sun_elevation)) + math.tan(math.radians(slope)))
    step = length * unit(scene.sun_azimuth + 180 + off)
    if from_top:
        assert scene.off_nadir is not None
        assert scene.view_azimuth is not None
        step = step + height * math.tan(math.radians(scene.off_nadir)) * unit(scene.view_azimuth)
    return line_on(image, step)


def sunny(px: float = 0.5, elevation: float = 35.0, azimuth: float = 135.0, off_nadir: float = 0.0, **known: Any) -> Image:  # noqa: ANN401 - fields of a VhrScene
    return empty(px, sun_elevation=elevation, sun_azimuth=azimuth, off_nadir=off_nadir, **known)


def almanac(when: dt.datetime, lon: float, lat: float) -> tuple[float, float]:
    """Low-precision formulas of the Astronomical Almanac (.01 degrees), and Bennett's refraction."""
    n = (when - dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)).total_seconds() / 86_400
    anomaly = math.radians(357.528 + 0.9856003 * n)
    length = math.radians(280.460 + 0.9856474 * n + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 4e-7 * n)
    ascension = math.atan2(math.cos(tilt) * math.sin(length), math.cos(length))
    declination = math.asin(math.sin(tilt) * math.sin(length))
    hour = math.radians(280.46061837 + 360.98564736629 * n + lon) - ascension
    phi = math.radians(lat)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
    east = -math.cos(declination) * math.sin(hour)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(declination) * math.cos(hour)
    elevation = math.degrees(math.asin(up))
    lift = 1.02 / math.tan(math.radians(elevation + 10.3 / (elevation + 5.11))) / 60
    return elevation + lift, math.degrees(math.atan2(east, north)) % 360


def test_the_sun_stands_overhead_where_the_almanac_says() -> None:
    pytest.importorskip("pvlib")
    # Equinox of 2020: 20 March, 03:50 UTC. The equation of time is -7.4 minutes, so it is noon at 15 (12 - 3.83 + .123) = 124.3 E.
    assert sun_at(dt.datetime(2020, 3, 20, 3, 50, tzinfo=dt.UTC), 124.3, 0.0)[0] == pytest.approx(90, abs=0.1)
    # Solstice: 20 June, 21:44 UTC, -1.7 minutes: noon at 15 (12 - 21.73 + .03) = -145.6, on the tropic.
    assert sun_at(dt.datetime(2020, 6, 20, 21, 44, tzinfo=dt.UTC), -145.6, 23.436)[0] == pytest.approx(90, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(st.datetimes(dt.datetime(2005, 1, 1), dt.datetime(2035, 1, 1)), st.floats(-180, 180), st.floats(-70, 70))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_sun_stands_where_the_almanac_formulas_put_it(naive: dt.datetime, lon: float, lat: float) -> None:
    pytest.importorskip("pvlib")
    when = naive.replace(tzinfo=dt.UTC)
    elevation, azimuth = almanac(when, lon, lat)
    if not 8 < elevation < 85:
        return
    got = sun_at(when, lon, lat)
    assert got[0] == pytest.approx(elevation, abs=0.03)
    assert (got[1] - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=0.03 / math.cos(math.radians(elevation)))


def test_a_minute_moves_the_sun_by_a_fifth_of_a_degree() -> None:
    pytest.importorskip("pvlib")
    one, other = (sun_at(WHEN + dt.timedelta(minutes=n), 51.7, 33.7) for n in (0, 1))
    assert other[0] - one[0] == pytest.approx(0.19, abs=0.005)  # facts, section 5
    assert other[1] - one[1] == pytest.approx(0.32, abs=0.005)
    assert sun_at(WHEN.replace(tzinfo=None), 51.7, 33.7) == one
    assert sun_at(WHEN.astimezone(dt.timezone(dt.timedelta(hours=4, minutes=30))), 51.7, 33.7) == one
    with pytest.raises(UserError, match="longitude first"):
        sun_at(WHEN, 33.7, 151.7)


def test_without_pvlib_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pvlib", None)
    with pytest.raises(MissingExtraError, match=r"spadework\[vhr\]"):
        sun_at(WHEN, 51.7, 33.7)
    # A Scene that states its sun needs no pvlib.
    image = sunny()
    assert measure_height(image, shadow_of(image, 6)).value == pytest.approx(6, abs=1e-6)


FACTS = [
    (20, (0.51, 0.51, 0.52)),
    (35, (0.29, 0.31, 0.34)),
    (50, (0.21, 0.28, 0.35)),
    (65, (0.25, 0.40, 0.55)),
]
"""Sun elevation; standard uncertainty of 6 m at .3, .5 and .7 m a pixel, on 3 +- 2 degrees, ends placed to a quarter of a pixel."""


@pytest.mark.parametrize(("elevation", "sds"), FACTS)
def test_slope_dominates_at_low_sun_and_pixels_at_high_sun(elevation: float, sds: tuple[float, ...]) -> None:
    known = ShadowSettings(slope_deg=3, slope_u_deg=2, pointing_px=0.25, scale_share=0, height_u_m=0, sun_u_deg=0.1)
    for px, sd in zip((0.3, 0.5, 0.7), sds, strict=True):
        image = sunny(px, elevation)
        got = measure_height(image, shadow_of(image, 6, slope=3), known)
        assert got.value == pytest.approx(6, abs=1e-6)
        assert combined(dict(got.budget)) == pytest.approx(sd, abs=0.011)
    terms = dict(got.budget)
    assert (terms["slope of the ground"] > terms["pointing"]) == (elevation < 40)


def test_the_penumbra_of_six_metres_is_seventeen_centimetres_wide() -> None:
    image = sunny(elevation=35)
    got = measure_height(image, shadow_of(image, 6))
    width = dict(got.budget)["penumbra"] / math.tan(math.radians(35)) * math.sqrt(12)
    assert width == pytest.approx(0.17, abs=0.005)  # facts, section 5


@pytest.mark.parametrize(("elevation", "slope", "from_top"), [(20, 4, False), (35, -5, False), (50, 0, True), (62, 8, True)])
def test_the_budget_is_that_of_a_monte_carlo(elevation: float, slope: float, from_top: bool) -> None:
    image = sunny(0.4, elevation, 140.0, off_nadir=18.0, view_azimuth=80.0)
    known = ShadowSettings(slope_deg=slope, slope_u_deg=1.5, from_top=from_top, height_u_m=0.15, sun_u_deg=0.2)
    got = measure_height(image, shadow_of(image, 7, slope, from_top=from_top), known)
    assert got.value == pytest.approx(7, abs=1e-6)
    rng = np.random.default_rng(9)
    n = 40_000
    e = np.radians(elevation + 0.2 * rng.standard_normal(n))
    a = np.radians(slope + 1.5 * rng.standard_normal(n))
    rise = math.tan(math.radians(elevation)) + math.tan(math.radians(slope))
    length = 7 / rise
    fall, away = unit(320), -math.tan(math.radians(18)) * unit(80)
    top = 7 * away if from_top else np.zeros(2)
    step = length * fall - top + 0.4 * 0.25 * math.sqrt(2) * rng.standard_normal((n, 2))
    step += math.sqrt(2) * 0.15 * rng.standard_normal((n, 1)) * away
    mean = math.radians(elevation), math.radians(slope)
    soft = length / math.cos(mean[0]) * math.radians(0.533) / math.sin(sum(mean)) * math.cos(mean[1])
    along = (step @ fall + soft * rng.uniform(-0.5, 0.5, n)) * (1 + 0.005 * rng.standard_normal(n))
    k = np.tan(e) + np.tan(a)
    heights = k * along / (1 - k * (away @ fall if from_top else 0.0))
    assert combined(dict(got.budget)) == pytest.approx(float(heights.std()), abs=0.02)


def test_a_line_from_the_top_allows_for_its_lean() -> None:
    for azimuth in (20.0, 110.0, 230.0, 315.0):
        image = sunny(off_nadir=20.0, view_azimuth=azimuth)
        line = shadow_of(image, 9, from_top=True)
        assert measure_height(image, line, ShadowSettings(from_top=True)).value == pytest.approx(9, abs=1e-6)
    away = sunny(off_nadir=20.0, view_azimuth=None)
    assert "needs the view angle" in str(measure_height(away, shadow_of(sunny(), 9), ShadowSettings(from_top=True)).refused)


def test_the_sun_is_computed_from_time_and_place() -> None:
    pytest.importorskip("pvlib")
    image = empty(datetime=WHEN, off_nadir=0.0)
    elevation, azimuth = sun_at(WHEN, *(Ground.of(image).centre or (0, 0)))
    length = 6 / math.tan(math.radians(elevation))
    got = measure_height(image, line_on(image, length * unit(azimuth + 180)))
    assert got.value == pytest.approx(6, abs=1e-6)
    # A minute of time, .19 degrees of sun.
    assert dict(got.budget)["sun"] == pytest.approx(
        length / math.cos(math.radians(elevation)) ** 2 * math.radians(0.2), rel=0.1
    )
    assert dict(got.model)["sun azimuth, deg"] == pytest.approx(azimuth)


def test_a_day_without_a_time_tells_no_sun() -> None:
    pytest.importorskip("pvlib")
    day = WHEN.replace(hour=0, minute=0, second=0, microsecond=0)
    image = empty(datetime=day, off_nadir=0.0)
    assert "nor its time of day" in refusal(image, line_on(image, np.array([0.0, 8.0])))
    placed = replace(image.scene, footprint=((((51.0, 33.0), (52.0, 33.0), (52.0, 34.0), (51.0, 33.0)),),))
    assert with_sun(placed) == placed
    assert with_sun(replace(placed, datetime=day + dt.timedelta(seconds=1))).sun_elevation is not None
    # What the image says of the sun is held to no time that nobody told.
    stated = sunny(datetime=day)
    assert measure_height(stated, shadow_of(stated, 8)).warnings == ()


def test_a_stated_sun_is_held_to_time_and_place() -> None:
    pytest.importorskip("pvlib")
    plain = empty(datetime=WHEN, off_nadir=0.0)
    elevation, azimuth = sun_at(WHEN, *(Ground.of(plain).centre or (0, 0)))
    for off, told in ((0.3, 0), (2.0, 1)):
        image = sunny(elevation=elevation + off, azimuth=azimuth, datetime=WHEN)
        got = measure_height(image, shadow_of(image, 8))
        assert got.value == pytest.approx(8, abs=1e-6)
        assert len(got.warnings) == told
        assert all("check its time" in warning for warning in got.warnings)
    # Without an azimuth of its own, the computed one checks the line.
    half = empty(sun_elevation=elevation, off_nadir=0.0, datetime=WHEN)
    assert "shadows fell towards" in refusal(half, line_on(half, 8 * unit(azimuth + 90)))


def refusal(image: Image, line: list[tuple[float, float]], known: ShadowSettings | None = None) -> str:
    got = measure_height(image, line, known)
    assert (got.value, got.low, got.high) == (None, None, None)
    return str(got.refused)


def test_what_carries_no_height_is_refused_with_the_reason() -> None:
    low = sunny(elevation=9.9)
    assert "9.9 degrees high" in refusal(low, shadow_of(low, 3))
    image = sunny(elevation=60)
    assert "2.3 pixels long" in refusal(image, shadow_of(image, 2))
    image = sunny(elevation=12)
    assert "falls away" in refusal(image, shadow_of(image, 6), ShadowSettings(slope_deg=-12.5))
    assert "runs towards 45 degrees, shadows fell towards 315" in refusal(sunny(), line_on(sunny(), 10 * unit(45)))
    assert "from foot to tip" in refusal(sunny(), line_on(sunny(), 10 * unit(135)))
    assert "nor its time" in refusal(empty(), line_on(sunny(), 10 * unit(315)))
    pixels = empty(crs=None, gsd_m=(0.5, 0.5), datetime=WHEN)
    assert "nor its place" in refusal(pixels, [(10, 10), (30, 10)])
    leaning = sunny(elevation=70, off_nadir=35.0, view_azimuth=135.0)
    assert "leans over its own shadow" in refusal(leaning, line_on(leaning, 4 * unit(135)), ShadowSettings(from_top=True))


def test_a_line_a_little_off_is_told_and_counts_along_the_shadow() -> None:
    image = sunny(elevation=20)
    straight = measure_height(image, shadow_of(image, 6))
    off = measure_height(image, shadow_of(image, 6, off=8.0))
    assert straight.warnings == ()
    assert "only its part along the shadow counts" in off.warnings[-1]
    assert off.value == pytest.approx(6 * math.cos(math.radians(8)), abs=1e-6)
    unplaced = empty(crs=None, gsd_m=(0.5, 0.5), sun_elevation=45.0, off_nadir=0.0)
    free = measure_height(unplaced, [(10, 10), (30, 10)])
    assert free.value == pytest.approx(10)
    assert "was not checked" in free.warnings[-1]


def test_a_wrong_drawing_is_the_users_fault() -> None:
    image = sunny()
    with pytest.raises(UserError, match="its foot and its tip"):
        measure_height(image, [*shadow_of(image, 6), (0.0, 0.0)])
    with pytest.raises(UserError, match="no slope of ground"):
        measure_height(image, shadow_of(image, 6), ShadowSettings(slope_deg=75))


@settings(max_examples=50, deadline=None)
@given(st.floats(20, 70), st.floats(-8, 20), st.floats(0, 360), st.floats(4, 18))
def test_any_upright_thing_gets_its_height_back(elevation: float, slope: float, azimuth: float, height: float) -> None:
    image = sunny(0.5, elevation, azimuth)
    line = shadow_of(image, height, slope)
    got = measure_height(image, line, ShadowSettings(slope_deg=slope))
    if got.refused is None:
        assert got.value == pytest.approx(height, rel=1e-6)
        assert got.low is not None
        assert got.high is not None
        assert got.low < height < got.high
    else:
        assert "pixels long" in got.refused


def test_the_method_names_the_slope_that_was_taken() -> None:
    image = sunny()
    got = measure_height(image, shadow_of(image, 6), replace(ShadowSettings(), slope_deg=2.5))
    assert "rises by 2.5 ± 2 degrees" in got.method
