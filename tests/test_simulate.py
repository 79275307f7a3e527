"""Simulated worlds: what is planted is in the images, and nothing else is when the nuisances are off."""

from __future__ import annotations

import ast
import datetime as dt
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework import simulate
from spadework.cube import day_number
from spadework.grid import area_m2, site_grid
from spadework.intake.scenario import Cover, Kind, Nuisance, Plant, Scenario, Shape, builtin_scenario
from spadework.records import BANDS
from spadework.simulate import NUISANCE_X1, Sowing, World, cube_of, make_world, null, scaled, scatter
from spadework.simulate.cover import make_land
from spadework.simulate.ground import make_ground, planted_pixels
from spadework.simulate.passing import BURNT, FLOODED, IRRIGATED, PLOUGHED, TRACKED, make_passing
from spadework.simulate.phenology import greenness_of_fields
from spadework.simulate.sensor import make_sensor, shifted
from spadework.simulate.weather import sun_at

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = Nuisance(texture=0, slope=0, season_gain=0, scene_gain=0, wetness=0, rains_per_year=0, vegetation=0, noise=0, leak=0)


def plain(*plants: Plant, **changes: object) -> Scenario:
    """A year of a still, cloudless desert of 40 x 48 pixels, with these plants."""
    still = Scenario(
        name="still",
        seed=5,
        rows=40,
        cols=48,
        gsd_m=10.0,
        crs="EPSG:32637",
        west=500000.0,
        north=2200000.0,
        start=dt.date(2022, 1, 1),
        watch_from=dt.date(2022, 6, 1),
        end=dt.date(2022, 12, 31),
        cloud_share=0.0,
        nuisance=QUIET,
        plants=plants,
    )
    return replace(still, **changes)  # type: ignore[arg-type] # names are checked by replace


def stack_of(world: World) -> np.ndarray:
    """(time, band, y, x) raw numbers."""
    return np.stack([chip.values for _, (chip,) in world.scenes])


@pytest.fixture(scope="module")
def arid() -> World:
    return make_world(builtin_scenario("arid"))


def test_without_nuisances_only_the_plant_changes_and_by_its_contrast() -> None:
    plant = Plant("pit", row=12, col=30, pixels=25, start=dt.date(2022, 7, 3), contrast=0.06, kind="spoil", grows_days=40)
    world = make_world(plain(plant))
    values, truth = stack_of(world)[:, :6].astype(float), world.truth
    planted = truth.plant_id == 1
    assert planted.sum() == 25
    np.testing.assert_array_equal(truth.start_day > 0, planted)
    change = (values[-1] - values[0]) / 1e4
    assert np.abs(change[:, ~planted]).max() == 0
    assert np.abs(change[:, planted]).mean() == pytest.approx(0.06, abs=5e-5)  # half a raw number


def test_a_pixel_changes_on_its_day_and_stays() -> None:
    plant = Plant("pit", row=12, col=30, pixels=25, start=dt.date(2022, 7, 3), contrast=0.06, grows_days=40)
    world = make_world(plain(plant))
    values = stack_of(world)[:, :6]
    changed = (values != values[0]).any(axis=1)
    days = np.array([day_number(scene.datetime.date()) for scene, _ in world.scenes])
    start = world.truth.start_day
    np.testing.assert_array_equal(changed, (start > 0) & (days[:, None, None] >= start))
    assert start[start > 0].min() == day_number(dt.date(2022, 7, 3))
    assert start.max() == day_number(dt.date(2022, 8, 12))


@pytest.mark.parametrize(("kind", "sign"), [("spoil", 1), ("cut", -1)])
def test_spoil_is_brighter_and_a_cut_darker_in_every_band(kind: Kind, sign: int) -> None:
    plant = Plant("pit", row=12, col=30, pixels=25, start=dt.date(2022, 7, 3), contrast=0.06, kind=kind)
    values = stack_of(make_world(plain(plant)))[:, :6].astype(int)
    change = values[-1] - values[0]
    assert (sign * change[:, change.any(axis=0)] > 0).all()


@given(
    pixels=st.integers(1, 400),
    shape=st.sampled_from(["disc", "square", "strip"]),
    row=st.integers(50, 90),
    col=st.integers(50, 90),
)
def test_a_plant_has_its_area_grows_outward_and_stays_within_its_reach(pixels: int, shape: Shape, row: int, col: int) -> None:
    plant = Plant("p", row, col, pixels, dt.date(2022, 7, 3), 0.05, shape=shape)
    found = planted_pixels(plant)
    assert len({tuple(pixel) for pixel in found.tolist()}) == pixels
    assert found[0].tolist() == [row, col]
    away = np.abs(found - (row, col))
    assert (away.max(axis=0) <= plant.reach).all()
    distance = np.hypot(*away.T) if shape == "disc" else np.maximum(away[:, 0], away[:, 1] / plant.stretch)
    assert (np.diff(distance) >= 0).all()


def test_sixteen_pixels_in_a_square_metric_hold_the_inner_nine() -> None:
    found = planted_pixels(Plant("p", 10, 10, 16, dt.date(2022, 7, 3), 0.05, shape="square")).tolist()
    assert sorted(found[:9]) == [[row, col] for row in (9, 10, 11) for col in (9, 10, 11)]


def test_a_plant_outside_the_image_or_on_another_is_refused() -> None:
    plant = Plant("pit", row=1, col=1, pixels=25, start=dt.date(2022, 7, 3), contrast=0.06)
    with pytest.raises(ValueError, match="'pit' leaves the image"):
        make_world(plain(plant))
    two = replace(plant, row=12, col=12)
    with pytest.raises(ValueError, match="covers another"):
        make_world(plain(two, replace(two, col=14)))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_world() -> None:
    noisy = plain(cloud_share=0.3, nuisance=Nuisance())
    first, again, other = (stack_of(make_world(s)).tobytes() for s in (noisy, noisy, replace(noisy, seed=6)))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("day", "latitude", "elevation"),
    [
        (dt.date(2023, 6, 21), 23.45, 69.1),  # declination = latitude: cos(zenith) = sin^2 + cos^2 cos(22.5 deg) = 0.9359
        (dt.date(2023, 12, 21), 0.0, 57.9),  # sin(elevation) = cos(23.45 deg) cos(22.5 deg) = 0.8476
    ],
)
def test_the_sun_stands_where_hand_calculation_puts_it(day: dt.date, latitude: float, elevation: float) -> None:
    sun = sun_at(day, latitude)
    assert sun.elevation == pytest.approx(elevation, abs=0.3)
    assert sun.reach == pytest.approx(1 / math.tan(math.radians(sun.elevation)))


@given(number=st.integers(0, 364), latitude=st.floats(24, 66))
def test_before_noon_north_of_the_tropic_the_sun_is_in_the_east_and_higher_in_june(number: int, latitude: float) -> None:
    sun = sun_at(dt.date(2023, 1, 1) + dt.timedelta(days=number), latitude)
    assert 0 < sun.azimuth < 180
    assert sun.elevation <= sun_at(dt.date(2023, 6, 21), latitude).elevation + 0.01


def test_winter_shades_slopes_more_than_summer() -> None:
    values = stack_of(make_world(plain(nuisance=replace(QUIET, slope=0.05))))[:, 2].astype(float)
    spread = values.std(axis=(1, 2)) / values.mean(axis=(1, 2))
    assert spread[0] > spread[len(spread) // 2] * 1.02


@settings(max_examples=10)
@given(share=st.floats(0.0, 0.8), seed=st.integers(0, 2**32))
def test_clouds_and_shadows_are_masked_but_for_their_thin_edges(share: float, seed: int) -> None:
    cloudy = plain(cloud_share=share, seed=seed, end=dt.date(2022, 8, 1), nuisance=replace(QUIET, leak=0.1))
    values = stack_of(make_world(cloudy)).astype(float)
    still = stack_of(make_world(replace(cloudy, cloud_share=0.0)))[0].astype(float)
    clear = np.isin(values[:, 6], (4, 5))
    apart = np.abs(values[:, 2] - still[2]) / 1e4
    assert (apart[clear] < 0.05).all()  # a tenth of the step to cloud (.6) or to full shade
    assert (apart[~clear] == 0).sum() <= 0.01 * (~clear).sum()  # a cloud over a shadow may happen to look like ground
    assert clear.all() == (share == 0) or share < 0.02


def test_scenes_say_what_a_catalogue_says(arid: World) -> None:
    scene, (chip,) = arid.scenes[0]
    assert len(arid.scenes) == 256
    assert (scene.id, scene.collection, scene.platform) == ("synthetic-arid-20220101", "synthetic-arid", "synthetic")
    assert scene.synthetic
    assert "not a real place" in scene.credit
    assert tuple(name for name, _ in scene.bands) == BANDS
    assert scene.mask is not None
    assert scene.mask == ("scl", chip.assets[-1])
    assert scene.datetime.replace(microsecond=0) == scene.datetime
    assert scene.datetime.hour == 7  # 10:30 local mean solar time at 39 degrees east is 07:54 UTC
    assert chip.values.dtype == np.uint16
    assert chip.values.shape == (7, 120, 120)
    assert [asset.href for asset in chip.assets] == [*BANDS, "scl"]
    instants = [scene.datetime for scene, _ in arid.scenes]
    assert instants == sorted(instants)
    assert len({scene.id for scene, _ in arid.scenes}) == 256


def test_the_footprint_even_rounded_gives_exactly_the_grid(arid: World) -> None:
    scene, (chip,) = arid.scenes[0]
    rounded = tuple(tuple(tuple((round(x, 5), round(y, 5)) for x, y in ring) for ring in area) for area in scene.footprint)
    grid = site_grid(rounded, chip.crs, chip.transform)
    assert grid.shape == (120, 120)
    assert tuple(grid.transform)[:6] == chip.transform


def test_the_arid_world_is_a_plausible_record(arid: World) -> None:
    values = stack_of(arid)
    clear = np.isin(values[:, 6], (4, 5))
    assert values.min() > 0  # 0 is nodata and never occurs
    assert set(np.unique(values[:, 6])) <= {3, 4, 5, 9}
    cloud = np.array([scene.cloud for scene, _ in arid.scenes])
    assert 15 < cloud.mean() < 35
    assert clear.sum(axis=0).min() > 100
    red = np.where(clear, values[:, 2], np.nan)
    assert 0.15e4 < np.nanmedian(red) < 0.35e4
    noise = np.nanstd(red[:, arid.truth.start_day == 0], axis=0)
    assert 50 < np.nanmedian(noise) < 250  # reflectance .005 to .025: gain, rain, sun, noise
    assert (values[:, 6] == 4).any(axis=(1, 2)).sum() > 5  # a green wadi in some springs


def test_each_planted_earthwork_shows_in_clear_looks_before_and_after(arid: World) -> None:
    values, start = stack_of(arid).astype(float), arid.truth.start_day
    clear = np.isin(values[:, 6], (4, 5))
    days = np.array([day_number(scene.datetime.date()) for scene, _ in arid.scenes])
    for number, plant in enumerate(arid.scenario.plants, start=1):
        here = arid.truth.plant_id == number
        assert here.sum() == plant.pixels
        rows, cols = np.nonzero(here)
        change = []
        for row, col in zip(rows, cols, strict=True):
            seen, later = clear[:, row, col], days >= start[row, col]
            change.append(
                np.median(values[seen & later, :6, row, col], axis=0) - np.median(values[seen & ~later, :6, row, col], axis=0)
            )
        assert np.abs(np.mean(change, axis=0)).mean() / 1e4 == pytest.approx(plant.contrast, abs=0.012)


def test_the_truth_is_json_and_its_polygons_have_the_planted_area(arid: World) -> None:
    said = json.loads(json.dumps(arid.truth.description))
    assert said["synthetic"] is True
    assert [plant["area_m2"] for plant in said["plants"]] == [9000, 4000, 1600]
    for plant in said["plants"]:
        outline = tuple(tuple(tuple(tuple(xy) for xy in ring) for ring in area) for area in plant["geometry"]["coordinates"])
        assert area_m2(outline, "EPSG:32637") == pytest.approx(plant["area_m2"], rel=1e-6)
        assert shapely.geometry.shape(plant["geometry"]).is_valid
        rows, cols = np.nonzero(arid.truth.plant_id == plant["id"])
        assert [rows.min(), rows.max()] == plant["rows"]
        assert [cols.min(), cols.max()] == plant["cols"]
        days = arid.truth.start_day[rows, cols]
        assert dt.date.fromisoformat(plant["first_day"]) == dt.date(1970, 1, 1) + dt.timedelta(days=int(days.min()))
        assert dt.date.fromisoformat(plant["last_day"]) == dt.date(1970, 1, 1) + dt.timedelta(days=int(days.max()))


FACTORS = (0.5, 1.0, 2.0)
LONG = {"rows": 120, "cols": 120, "start": dt.date(2020, 1, 1), "watch_from": dt.date(2022, 1, 1), "end": dt.date(2023, 12, 31)}


def both(name: str, amount: float, **changes: object) -> tuple[np.ndarray, np.ndarray]:
    """(time, band, y, x) reflectance without and with one nuisance; nothing else differs."""
    without = plain(**changes)
    with_it = replace(without, nuisance=replace(without.nuisance, **{name: amount}))
    return stack_of(make_world(without))[:, :6] / 1e4, stack_of(make_world(with_it))[:, :6] / 1e4


def wetness_at(amount: float) -> float:
    still, wet = both("patchy_wetness", amount)
    dark = 1 - wet[:, 2] / still[:, 2]
    assert dark.min() >= -1e-3
    assert dark.std(axis=(1, 2)).max() > 0.1 * amount  # patchy
    return float(np.quantile(dark, 0.999))


def haze_at(amount: float) -> float:
    still, hazy = both("haze", amount)
    added = ((hazy - still) / (1 - still)).mean(axis=(2, 3))
    assert added[:, 0].mean() > 3 * added[:, 3].mean() > 0  # blue before NIR
    return float(added[:, 0].mean())


def dust_at(amount: float) -> float:
    still, dusty = both("dust", amount)
    opacity = ((dusty - still) / (0.20 - still))[:, 0].mean(axis=(1, 2))
    there = opacity > 0.1 * amount
    assert 0.05 < there.mean() < 0.35
    return float(opacity[there].mean())


def cirrus_at(amount: float) -> float:
    still, veiled = both("cirrus", amount)
    return float(((veiled - still) / (1 - still))[:, 0].max())


def leaks_at(amount: float) -> float:
    still, leaky = both("leak_share", amount)
    changed = leaky[:, 0] - still[:, 0]
    assert 0.6 < (changed > 0).sum() / (changed < 0).sum() < 1.6
    return float((changed != 0).mean())


def brdf_at(amount: float) -> float:
    still, seen = both("brdf", amount)
    swing = (seen[:, 2] / still[:, 2] - 1).mean(axis=(1, 2))
    return float(np.ptp(swing) / 2 / (0.6 * 1.5))  # desert has 0.6 of a crop's; sun 1, orbit 0.5


def step_at(amount: float) -> float:
    still, stepped = both("sensor_step", amount)
    ratio = (stepped / still).mean(axis=(2, 3)) - 1
    days = day_number(dt.date(2022, 1, 1)) + 5 * np.arange(len(ratio))
    assert np.abs(ratio[days < day_number(dt.date(2022, 6, 1))]).max() == 0  # history is before the change
    return float(np.abs(ratio[-1]).mean())


def drift_at(amount: float) -> float:
    still, drifting = both("drift", amount, revisit_days=60, **LONG)
    return float((drifting[-1, 2] / still[-1, 2] - 1).std() / (60 * (len(still) - 1) / 365.25))


def snow_at(amount: float) -> float:
    still, snowy = both("snow", amount, revisit_days=1)
    white = (snowy != still).any(axis=(1, 2, 3))
    months = np.array([(dt.date(2022, 1, 1) + dt.timedelta(days=n)).month for n in range(len(white))])
    assert not white[(months > 2) & (months < 12)].any()
    return float(white[(months <= 2) | (months == 12)].mean())


def tracks_at(amount: float) -> float:
    still, driven = both("tracks", amount, revisit_days=5)
    rise = driven[:, 2] - still[:, 2]
    assert rise.max() < 0.4 * (0.35 - still[:, 2].min()) + 1e-3  # sub-pixel: at most .4 of the way to dust
    touched = int((rise > 1e-3).any(axis=0).sum())
    return touched / 50 / (40 * 48 * 1e-4 * 364 / 365.25)  # tracks are 20 to 80 pixels long


@pytest.mark.parametrize(
    ("measure", "stated", "low", "high"),
    [
        (wetness_at, 0.2, 0.75, 2.0),  # patches hold up to twice what their rain cell brings
        (haze_at, 0.01, 0.65, 1.45),  # 73 draws of an exponential
        (dust_at, 0.05, 0.5, 1.6),
        (cirrus_at, 0.012, 0.7, 1.01),
        (leaks_at, 0.02, 0.85, 1.15),
        (brdf_at, 0.05, 0.9, 1.02),
        (step_at, 0.015, 0.97, 1.03),
        (drift_at, 0.02, 0.65, 1.35),
        (snow_at, 0.3, 0.7, 1.3),
        (tracks_at, 30.0, 0.3, 1.5),  # many leave the small image
    ],
)
def test_each_nuisance_has_its_stated_amplitude_at_every_scale(
    measure: Callable[[float], float], stated: float, low: float, high: float
) -> None:
    found = [measure(stated * factor) / (stated * factor) for factor in FACTORS]
    assert all(low <= ratio <= high for ratio in found), found
    assert found == sorted(found) or max(found) < 1.6 * min(found)


@pytest.mark.parametrize("factor", FACTORS)
def test_misregistration_moves_each_image_by_its_own_shift(factor: float) -> None:
    amount = 0.2 * factor
    still, moved = both("misregistration", amount, revisit_days=2)
    world = plain(revisit_days=2, nuisance=replace(QUIET, misregistration=amount))
    days = np.arange(len(still)) * 2 + day_number(dt.date(2022, 1, 1))
    sensor = make_sensor(world, days.astype(np.int32), np.ones(len(still)))
    assert sensor.shift.std() == pytest.approx(amount, rel=0.1)
    for n in (0, 17, 90):
        expected = shifted(still[n, 2].astype(np.float32), *sensor.shift[n])
        np.testing.assert_allclose(moved[n, 2], np.clip(expected, 1e-3, 1.5), atol=2e-4)  # numbers are rounded before


@given(south=st.floats(-1.5, 1.5), east=st.floats(-1.5, 1.5))
def test_a_plane_is_shifted_exactly_and_a_whole_pixel_is_a_roll(south: float, east: float) -> None:
    rows, cols = np.mgrid[:16, :18].astype(np.float32)
    plane = 0.1 * rows + 0.2 * cols
    np.testing.assert_allclose(
        shifted(plane, south, east)[4:-4, 4:-4], (plane - 0.1 * south - 0.2 * east)[4:-4, 4:-4], atol=1e-5
    )
    np.testing.assert_allclose(
        shifted(plane**2, 1.0, -2.0)[4:-4, 4:-4], np.roll(plane**2, (1, -2), (0, 1))[4:-4, 4:-4], rtol=1e-6
    )


def season(**amounts: float) -> np.ndarray:
    """(year, day, field) greenness of crop fields over eight years."""
    world = plain(**{**LONG, "start": dt.date(2016, 1, 1)}, cover=Cover(arid=0, crop=1), nuisance=replace(QUIET, **amounts))
    days = np.arange(day_number(dt.date(2016, 1, 1)), day_number(dt.date(2023, 12, 31)) + 1, dtype=np.int32)
    green = greenness_of_fields(world, make_land(world), days)
    years = np.array([(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).year for day in days])
    return np.stack([green[years == year][:365] for year in range(2016, 2024)])


@pytest.mark.parametrize("factor", FACTORS)
def test_years_differ_in_date_and_greenness_as_stated(factor: float) -> None:
    cut = np.diff(season(jitter_days=9 * factor), axis=1).argmin(axis=1)
    assert cut.std(axis=0, ddof=1).mean() == pytest.approx(9 * factor, rel=0.2)
    best = season(jitter_gain=0.15 * factor).max(axis=1)
    assert (best.std(axis=0, ddof=1) / best.mean(axis=0)).mean() == pytest.approx(0.15 * factor, rel=0.35)  # green ends at .92
    turned = season(rotation=0.2 * factor)
    crop = np.where(turned.max(axis=1) < 0.2, 2, turned.argmax(axis=1) > 180)
    usual = season().argmax(axis=1)[0] > 180
    assert (crop != usual).mean() == pytest.approx(0.2 * factor, rel=0.2)


def test_without_jitter_every_year_is_the_same_and_harvest_is_abrupt() -> None:
    years = season()
    np.testing.assert_allclose(years[0, :, :], years[4, :, :], atol=1e-6)  # both leap years
    fall = -(years[:, 6:] - years[:, :-6]).min(axis=1)
    assert (fall > 0.5 * 0.35 * years.max(axis=1)).all()  # most of what is green goes within six days


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("name", "stated", "kind", "cover"),
    [
        ("ploughing", 0.1, PLOUGHED, Cover(arid=0, crop=1)),
        ("irrigation", 0.1, IRRIGATED, Cover(arid=0, grass=1)),
        ("floods", 0.02, FLOODED, Cover()),
        ("burns", 0.02, BURNT, Cover(arid=0, grass=1)),
    ],
)
def test_the_stated_share_of_the_ground_is_struck_each_year(
    name: str, stated: float, kind: int, cover: Cover, factor: float
) -> None:
    found = []
    for seed in range(12):
        world = plain(**LONG, seed=seed, cover=cover, nuisance=replace(QUIET, **{name: stated * factor}))
        passing = make_passing(world, make_ground(world, np.random.default_rng(1)))
        assert set(np.unique(passing.kind)) <= {0, kind}
        found.append((passing.kind == kind).mean() / 4)
    assert np.mean(found) == pytest.approx(stated * factor, rel=0.3)
    struck = passing.kind == kind
    assert (passing.day[struck] >= day_number(dt.date(2020, 1, 1))).all()
    lasts = passing.end[struck] - passing.day[struck]
    assert (passing.end[struck] == 0).all() if kind == IRRIGATED else (lasts > 0).all()
    assert not passing.day[~struck].any()
    assert not passing.end[~struck].any()
    if kind == FLOODED:
        assert lasts.min() >= 14
        assert lasts.max() <= 70


@pytest.mark.parametrize(
    ("name", "amount", "kind"), [("floods", 0.05, FLOODED), ("burns", 0.05, BURNT), ("tracks", 40.0, TRACKED)]
)
def test_what_passes_changes_its_pixels_between_its_days_and_nothing_else(name: str, amount: float, kind: int) -> None:
    quiet = plain(cover=Cover(arid=0, grass=1))
    world = make_world(replace(quiet, nuisance=replace(QUIET, **{name: amount})))
    still, struck, truth = stack_of(make_world(quiet)), stack_of(world), world.truth
    days = np.array([day_number(scene.datetime.date()) for scene, _ in world.scenes])[:, None, None]
    during = (truth.passing_kind == kind) & (days >= truth.passing_day) & (days < truth.passing_end)
    assert during.any()
    assert not (struck != still).any(axis=1)[~during].any()
    first = during & (days < truth.passing_day + 5)
    red = (struck[:, 2].astype(int) - still[:, 2])[first]
    assert (red > 0).all() if kind == TRACKED else (red < 0).mean() > 0.9  # water may be as dark as grass
    if kind == FLOODED:
        assert (struck[:, 6][first] == 6).all()


def test_irrigation_makes_later_summers_green_and_ploughing_a_field_bare() -> None:
    crop = Cover(arid=0, crop=1)
    shape = {**LONG, "rows": 60, "cols": 60, "revisit_days": 10}
    for name, kind in (("irrigation", IRRIGATED), ("ploughing", PLOUGHED)):
        still, struck = both(name, 0.2, cover=crop, **shape)
        truth = make_world(plain(**shape, cover=crop, nuisance=replace(QUIET, **{name: 0.2}))).truth
        days = (day_number(dt.date(2020, 1, 1)) + 10 * np.arange(len(still)))[:, None, None]
        here = truth.passing_kind == kind
        begun = here & (days >= truth.passing_day)
        assert not (still != struck).any(axis=1)[~begun].any()
        ndvi = [(stack[:, 3] - stack[:, 2]) / (stack[:, 3] + stack[:, 2]) for stack in (still, struck)]
        if kind == IRRIGATED:
            summer = (days % 365.25 > 170) & (days % 365.25 < 240)
            assert ndvi[1][begun & summer].min() > 0.5
        else:
            fresh = begun & (days < truth.passing_day + 20)
            assert ndvi[1][fresh].max() < 0.35
            assert (struck[:, 2][fresh] / still[:, 2][fresh] < 0.95).mean() > 0.5  # dark furrows, but less green


@settings(max_examples=15)
@given(parts=st.tuples(*[st.integers(0, 10)] * 4).filter(any), seed=st.integers(0, 2**31))
def test_covers_have_their_shares_to_within_a_field(parts: tuple[int, ...], seed: int) -> None:
    shares = [part / sum(parts) for part in parts]
    land = make_land(plain(seed=seed, rows=96, cols=96, cover=Cover(*shares)))
    found = np.bincount(land.cover.ravel(), minlength=4) / land.cover.size
    largest = np.bincount(land.field.ravel()).max() / land.cover.size
    assert np.abs(found - shares).max() <= largest
    np.testing.assert_array_equal(land.field_cover[land.field], land.cover)


def test_a_clearing_has_its_contrast_at_the_height_of_summer() -> None:
    plant = Plant("felling", 20, 20, 60, dt.date(2022, 7, 3), 0.05, "bare")
    forest = plain(plant, cover=Cover(arid=0, forest=1))
    before, after = (stack_of(make_world(world))[:, :6].astype(float) for world in (replace(forest, plants=()), forest))
    july = 38  # the ninth of July
    change = np.abs(after[july] - before[july]).mean(axis=0) / 1e4
    planted = make_world(forest).truth.plant_id == 1
    assert change[planted].mean() == pytest.approx(0.05, rel=0.15)
    assert change[~planted].max() == 0


def test_a_cube_holds_the_same_numbers_as_the_world_and_clear_as_a_run_makes_it() -> None:
    scenario = plain(cloud_share=0.4, cover=Cover(0.4, 0.2, 0.2, 0.2), nuisance=NUISANCE_X1, gsd_m=10.0)
    world, (cube, truth) = make_world(scenario), cube_of(scenario)
    days = {day_number(scene.datetime.date()): chip.values for scene, (chip,) in world.scenes}
    assert cube.bands == BANDS
    assert 20 < len(cube.looks) <= len(days)
    for n, day in enumerate(cube.days.tolist()):
        values = days.pop(day)
        np.testing.assert_array_equal(cube.reflectance[n], values[:6])
        clear = np.isin(values[6], (4, 5, 6, 7))
        clouded = np.pad(~clear & (values[6] != 11), 2)
        near = [clouded[2 + y : 42 + y, 2 + x : 50 + x] for y in range(-2, 3) for x in range(-2, 3) if y * y + x * x <= 4]
        np.testing.assert_array_equal(cube.clear[n], clear & ~np.any(near, axis=0))
        np.testing.assert_array_equal(cube.snow[n], values[6] == 11)
    for values in days.values():
        assert np.isin(values[6], (4, 5, 6, 7)).mean() < 0.3  # too cloudy once grown by 20 m
    np.testing.assert_array_equal(truth.start_day, world.truth.start_day)
    again, _ = cube_of(scenario)
    assert again.reflectance.tobytes() == cube.reflectance.tobytes()
    scene, (chip,) = world.scenes[0]
    assert tuple(site_grid(scene.footprint, chip.crs, chip.transform).transform) == pytest.approx(tuple(cube.grid.transform))


def test_one_nuisance_leaves_the_random_numbers_of_the_others_alone() -> None:
    hazy = plain(nuisance=replace(QUIET, haze=0.01))
    for name in ("brdf", "sensor_step"):
        more = replace(hazy, nuisance=replace(hazy.nuisance, **{name: 1e-9}))
        np.testing.assert_array_equal(stack_of(make_world(more)), stack_of(make_world(hazy)))


def test_scaling_keeps_the_ground_and_the_limits() -> None:
    assert scaled(NUISANCE_X1, 1) == NUISANCE_X1
    none, double, huge = (scaled(NUISANCE_X1, factor) for factor in (0, 2, 1e6))
    assert (none.haze, none.noise, none.burns) == (0, 0, 0)
    assert (none.texture, none.rains_per_year) == (NUISANCE_X1.texture, NUISANCE_X1.rains_per_year)
    assert double.misregistration == pytest.approx(0.4)
    assert (huge.snow, huge.leak) == (1, 1)
    with pytest.raises(ValueError, match="factor is -1"):
        scaled(NUISANCE_X1, -1)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 0.15), green=st.booleans())
def test_scattered_plants_fit_their_bounds_and_never_touch(seed: int, share: float, green: bool) -> None:
    world = plain(**LONG, cover=Cover(arid=0, grass=1) if green else Cover())
    sown = scatter(world, Sowing(seed, share=share))
    assert sown == scatter(world, Sowing(seed, share=share))
    planted = sum(plant.pixels for plant in sown.plants)
    assert planted <= round(share * 14400) < planted + 4
    claimed = np.zeros((120, 120), dtype=bool)
    for plant in sown.plants:
        assert 1 <= plant.pixels <= 400
        assert 0.02 <= plant.contrast <= 0.15
        assert plant.grows_days <= 200
        assert world.watch_from <= plant.start <= world.end - dt.timedelta(days=120)
        assert plant.last <= world.end
        assert plant.kind in ({"bare", "spoil", "pad", "roof"} if green else {"spoil", "cut", "pad", "roof"})
        rows, cols = planted_pixels(plant).T
        assert not claimed[rows, cols].any()
        claimed[rows.min() - 1 : rows.max() + 2, cols.min() - 1 : cols.max() + 2] = True
    make_ground(sown, np.random.default_rng(1))  # refuses what leaves the image or overlaps
    assert null(sown).plants == ()


def test_a_density_in_time_gives_its_number_and_a_full_image_is_refused() -> None:
    world = plain(rows=400, cols=400, start=dt.date(2020, 1, 1), watch_from=dt.date(2021, 1, 1), end=dt.date(2022, 12, 31))
    found = len(scatter(world, Sowing(3, per_km2_year=10, pixels=(4, 40))).plants)
    assert found == pytest.approx(10 * 16 * 2, rel=0.2)
    with pytest.raises(ValueError, match="no room for plant"):
        scatter(plain(), Sowing(3, share=0.9))
    for share, per_km2_year in ((None, None), (0.1, 1.0), (-0.1, None)):
        with pytest.raises(ValueError, match="expected exactly one"):
            Sowing(3, share, per_km2_year)


def test_the_room_is_pure() -> None:
    folder = Path(simulate.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in modules if name.startswith("spadework.change")}
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open"]
