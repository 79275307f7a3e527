"""The simulated hillside: light, view and optics by hand, and the truth against the pictures."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.align import align
from spadework.measure.edges import measure_width
from spadework.measure.shadow import measure_height
from spadework.measure.sun import sun_at
from spadework.simulate.light import illumination, lit, seen
from spadework.simulate.optics import Camera, numbers, sampled
from spadework.simulate.portal import PortalPair, PortalSettings, portal_pair
from spadework.simulate.works import Works

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Point

CELL = 0.1


@cache
def _pair() -> PortalPair:
    return portal_pair()


def _block(tall: float, half_m: float = 2.0, side_m: float = 40.0) -> NDArray[np.float32]:
    """A level plain of 40 m with a square block in its middle."""
    size = round(side_m / CELL)
    heights = np.zeros((size, size), dtype=np.float32)
    near, far = round((side_m / 2 - half_m) / CELL), round((side_m / 2 + half_m) / CELL)
    heights[near:far, near:far] = tall
    return heights


@pytest.mark.parametrize("elevation", [25.0, 45.0, 65.0])
def test_the_shadow_of_a_block_is_as_long_as_its_height_over_the_tangent_of_the_sun(elevation: float) -> None:
    light = lit(_block(5.0), CELL, (elevation, 90.0))
    row = light[light.shape[0] // 2, :180]  # west of the block: the sun stands in the east
    assert (1 - row).sum() * CELL == pytest.approx(5 / math.tan(math.radians(elevation)), abs=CELL / 2)


@given(azimuth=st.floats(0, 360))
@settings(max_examples=20, deadline=None)
def test_a_shadow_covers_what_a_block_sweeps_whatever_the_azimuth(azimuth: float) -> None:
    heights = _block(6.0)
    light = lit(heights, CELL, (45.0, azimuth))
    turn = math.radians(azimuth)
    swept = 4.0 * (abs(math.sin(turn)) + abs(math.cos(turn))) * 6.0
    assert (1 - light[heights == 0]).sum() * CELL**2 == pytest.approx(swept, rel=0.04)


def test_ground_that_falls_away_from_the_sun_faster_than_the_sun_stands_is_dark() -> None:
    east = np.tile(np.arange(200, dtype=np.float32) * CELL, (200, 1))
    assert lit(-east * np.float32(math.tan(math.radians(40))), CELL, (30.0, 90.0))[50:150, 50:150].min() == 1
    assert lit(east * np.float32(math.tan(math.radians(40))), CELL, (30.0, 90.0))[50:150, 50:150].max() == 0


def test_a_slope_is_lit_by_the_cosine_of_the_sun_on_it() -> None:
    east = np.tile(np.arange(200, dtype=np.float32) * CELL, (200, 1))
    flat = illumination(np.zeros_like(east), CELL, (40.0, 90.0))[100, 100]
    facing = illumination(-east * np.float32(math.tan(math.radians(20))), CELL, (40.0, 90.0))[100, 100]
    away = illumination(east * np.float32(math.tan(math.radians(20))), CELL, (40.0, 90.0))[100, 100]
    sun = [math.sin(math.radians(e)) for e in (40, 60, 20)]
    assert (facing - flat) / (away - flat) == pytest.approx((sun[1] - sun[0]) / (sun[2] - sun[0]), rel=1e-3)


@pytest.mark.parametrize(("azimuth", "east", "north"), [(90.0, -1, 0), (180.0, 0, 1), (225.0, math.sqrt(0.5), math.sqrt(0.5))])
def test_the_top_of_a_block_is_shown_its_height_times_the_tangent_of_the_view_away_from_the_sensor(
    azimuth: float, east: float, north: float
) -> None:
    heights = _block(6.0)
    cols, rows = seen(heights, CELL, (20.0, azimuth))
    middle, lean = heights.shape[0] // 2, 6 * math.tan(math.radians(20)) / CELL
    at = (round(middle - north * lean), round(middle + east * lean))
    assert (cols[at], rows[at]) == (pytest.approx(middle, abs=1.1), pytest.approx(middle, abs=1.1))


def test_what_stands_hides_the_ground_behind_it() -> None:
    heights = _block(6.0)
    cols, _ = seen(heights, CELL, (20.0, 90.0))  # seen from the east: leans to the west
    row = cols[heights.shape[0] // 2]
    hidden = 6 * math.tan(math.radians(20)) / CELL
    beyond = [col for col in range(200) if round(row[col]) == col]
    assert max(beyond) == pytest.approx(180 - hidden, abs=1.5)


def test_a_view_from_above_moves_nothing() -> None:
    cols, rows = seen(_block(6.0), CELL, (0.0, 123.0))
    assert (cols == np.arange(400)[None, :]).all()
    assert (rows == np.arange(400)[:, None]).all()


@pytest.mark.parametrize("cells", [3, 4])
@pytest.mark.parametrize("contrast", [0.05, 0.1, 0.3])
def test_the_camera_leaves_its_stated_contrast_at_nyquist(cells: int, contrast: float) -> None:
    # Two cycles a pixel pair: phase 0 puts the crests on pixel centres.
    centre = (np.arange(200 * cells) + 0.5) / cells - 0.5
    wave = np.tile(0.5 + 0.4 * np.cos(np.pi * centre).astype(np.float32), (8 * cells, 1))
    taken = sampled(wave, cells, (0.0, 0.0), Camera(mtf_nyquist=contrast))[4, 20:-20]
    # A cell is as wide as 1 / cells of a pixel: the sampled wave has lost a little to it already.
    assert np.ptp(taken) / 2 / 0.4 == pytest.approx(contrast, rel=0.07)


@pytest.mark.parametrize("cells", [3, 4])
@given(right=st.floats(-2, 2), down=st.floats(-2, 2))
@settings(max_examples=15, deadline=None)
def test_a_shifted_picture_of_a_slope_is_the_slope_shifted(cells: int, right: float, down: float) -> None:
    rows, cols = np.mgrid[: 30 * cells, : 30 * cells].astype(np.float32)
    slope = (0.01 * ((cols + 0.5) / cells) + 0.003 * ((rows + 0.5) / cells)).astype(np.float32)
    taken = sampled(slope, cells, (right, down), Camera())[10:20, 10:20]
    wanted = 0.01 * (np.arange(10, 20)[None, :] + 0.5 - right) + 0.003 * (np.arange(10, 20)[:, None] + 0.5 - down)
    np.testing.assert_allclose(taken, wanted, atol=2e-5)


def test_noise_is_that_of_counted_electrons_and_of_reading_them() -> None:
    camera = Camera(full_well=10_000, read_noise=30, bits=11)
    taken = numbers(np.full((400, 400), 0.4 * camera.white, dtype=np.float32), camera, np.random.default_rng(1))
    assert taken.mean() == pytest.approx(0.4 * 2047, rel=1e-3)
    assert taken.std() == pytest.approx(math.sqrt(4000 + 900) * 2047 / 10_000, rel=0.02)
    assert taken.max() <= 2047
    assert (taken == np.rint(taken)).all()


def test_a_camera_cannot_leave_more_than_its_pixel() -> None:
    with pytest.raises(ValueError, match="beyond 0 to 2 / pi"):
        _ = Camera(mtf_nyquist=0.7).blur_px


def test_the_heap_holds_the_volume_of_a_cone_where_it_has_no_ridge() -> None:
    works = Works(spoil_ridge_m=0, spoil_radius_m=9, spoil_height_m=99, repose_deg=33)
    tall = 9 * math.tan(math.radians(33))
    assert works.spoil_m3 == pytest.approx(math.pi * 81 * tall / 3)
    assert works.crest_m == pytest.approx(tall)


def test_the_painted_heap_holds_the_volume_that_the_truth_states() -> None:
    truth, gsd = _pair().truth, 0.5
    rise = truth.dem_after - truth.dem_before
    cols, rows = _pixels(_pair().after, truth.spoil).T
    window = rise[int(rows.min()) - 3 : int(rows.max()) + 4, int(cols.min()) - 3 : int(cols.max()) + 4]
    assert window[window > 0.02].sum() * gsd**2 == pytest.approx(truth.spoil_m3, rel=0.03)
    assert window.max() == pytest.approx(truth.spoil_height_m, abs=0.6)


def test_the_stated_shift_is_found_again() -> None:
    pair = _pair()
    before, after = (image.values[0] for image in (pair.before, pair.after))
    found = align(before, after, pair.before.valid, pair.after.valid)
    assert found.shift_px == pytest.approx(pair.truth.shift_px, abs=0.15)


def test_the_width_and_the_silo_are_measured_as_they_are() -> None:
    pair = _pair()
    width = measure_width(pair.after, pair.truth.opening_line)
    assert width.value == pytest.approx(pair.truth.width_m, abs=0.3)
    height = measure_height(pair.after, pair.truth.silo_shadow)
    assert height.value == pytest.approx(pair.truth.silo_height_m, abs=0.6)


def test_the_drawn_shadow_of_the_silo_is_the_dark_one() -> None:
    pair = _pair()
    (foot, tip) = _pixels(pair.after, pair.truth.silo_shadow)
    along = foot + (tip - foot) * np.linspace(0.35, 0.85, 9)[:, None]
    beyond = foot + (tip - foot) * 1.3
    inside = pair.after.values[0][along[:, 1].astype(int), along[:, 0].astype(int)]
    assert inside.max() < 0.5 * pair.after.values[0][int(beyond[1]), int(beyond[0])]


def test_machines_stand_where_the_truth_says_and_were_not_there_before() -> None:
    pair = _pair()
    assert [one.kind for one in pair.truth.machines] == ["excavator", "bulldozer", "truck"]
    for one in pair.truth.machines:
        col, row = _pixels(pair.after, [one.centre])[0].astype(int)
        assert np.ptp(pair.after.values[0][row - 5 : row + 6, col - 5 : col + 6]) > 3 * np.ptp(
            pair.before.values[0][row - 5 : row + 6, col - 5 : col + 6]
        )
        assert pair.truth.changed[row, col]


def test_only_worked_ground_is_told_as_changed() -> None:
    changed = _pair().truth.changed
    assert 0.02 < changed.mean() < 0.05
    assert not changed[:, :60].any()  # the steep face


def test_the_same_settings_give_the_same_numbers_and_another_seed_gives_others() -> None:
    one, again, other = _pair(), portal_pair(PortalSettings()), portal_pair(PortalSettings(seed=1))
    np.testing.assert_array_equal(one.after.values, again.after.values)
    assert np.corrcoef(one.before.values.ravel(), other.before.values.ravel())[0, 1] < 0.9


def test_coarser_pixels_in_other_bands_show_the_same_ground() -> None:
    coarse = portal_pair(PortalSettings(gsd_m=2.0, bands=("red", "nir"), misregistration_px=(0.0, 0.0)))
    assert coarse.before.values.shape == (2, 120, 120)
    fine = _pair().before.values[0].reshape(120, 4, 120, 4).mean(axis=(1, 3))
    assert np.corrcoef(fine.ravel(), coarse.before.values[0].ravel())[0, 1] > 0.9


def test_images_say_that_they_are_synthetic_and_lie_on_open_sea() -> None:
    for image in (_pair().before, _pair().after):
        assert image.scene.synthetic
        assert "not a real place" in image.scene.credit
        (west, south), (east, north) = np.min(image.scene.footprint[0][0], axis=0), np.max(image.scene.footprint[0][0], axis=0)
        assert 39.3 < west < east < 39.5
        assert 20.3 < south < north < 20.4


def test_the_stated_sun_is_the_sun_of_the_stated_time_and_place() -> None:
    for image in (_pair().before, _pair().after):
        lon, lat = np.mean(image.scene.footprint[0][0][:-1], axis=0)
        assert image.scene.datetime is not None
        assert image.scene.datetime.time() == dt.time(7, 5)
        wanted = sun_at(image.scene.datetime, float(lon), float(lat))
        assert (image.scene.sun_elevation, image.scene.sun_azimuth) == pytest.approx(wanted, abs=0.05)


def test_a_band_or_a_side_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="'swir16' is not known here"):
        portal_pair(PortalSettings(gsd_m=2.0, bands=("swir16",)))
    with pytest.raises(ValueError, match="does not hold the works"):
        portal_pair(replace(PortalSettings(), side_m=100.0))


def _pixels(image: Image, points: tuple[Point, ...] | list[Point]) -> NDArray[np.float64]:
    """(n, 2) column, row of map units."""
    gsd, _, west, _, _, north = image.transform
    return np.array([((x - west) / gsd, (north - y) / gsd) for x, y in points])
