"""Simulated worlds: what is planted is in the images, and nothing else is when the nuisances are off."""

from __future__ import annotations

import ast
import datetime as dt
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework import simulate
from spadework.cube import day_number
from spadework.grid import area_m2, site_grid
from spadework.intake.scenario import Kind, Nuisance, Plant, Scenario, Shape, builtin_scenario
from spadework.records import BANDS
from spadework.simulate import World, make_world
from spadework.simulate.ground import planted_pixels
from spadework.simulate.weather import sun_at

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


def test_the_room_is_pure() -> None:
    folder = Path(simulate.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in modules if name.startswith("spadework.change")}
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open"]
