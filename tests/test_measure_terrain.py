"""Elevation models: how they are read, how steep they are, and what lies over a drive."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy import ndimage

from spadework.cube import Dem
from spadework.errors import UserError
from spadework.intake.dem import DemRequest, read_dem
from spadework.measure.terrain import TerrainSettings, drive_profile, horn_slope, measure_terrain

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Heights = NDArray[np.float64]

REAL = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[2] / "shared")) / "data/dem/rmnp-dem.tif"
CRS = "EPSG:32639"
WEST, NORTH = 500_000.0, 3_730_000.0
"""On the central meridian: a metre on the ground is .9996 on the map."""
CELL = 30.0
EXACT = TerrainSettings(error_m=0.0, level_u_m=0.0)


def dem(shape: Callable[[Heights, Heights], Heights], rows: int = 81, cols: int = 121, **known: Any) -> Dem:  # noqa: ANN401 - fields of a Dem
    """Heights as a function of metres east and north of the middle, on 30 m cells."""
    step = CELL * 0.9996
    east = CELL * (np.arange(cols, dtype=np.float64) - (cols - 1) / 2)
    north = -CELL * (np.arange(rows, dtype=np.float64) - (rows - 1) / 2)
    heights = np.broadcast_to(shape(east[None], north[:, None]), (rows, cols)).astype(np.float32)
    fit = (step, 0.0, WEST - cols / 2 * step, 0.0, -step, NORTH + rows / 2 * step)
    return Dem(heights, fit, CRS, "hill.tif", **known)


def off(east: float, north: float = 0.0) -> tuple[float, float]:
    """Map units so many metres from the middle."""
    return WEST + east * 0.9996, NORTH + north * 0.9996


def tent(east: Heights, north: Heights) -> Heights:
    """A ridge of 300 m at east 0 that falls by .4 on both sides, to level ground."""
    return 1000 + np.maximum(300 - 0.4 * np.abs(east), 0) + 0 * north


def test_a_plane_has_the_slope_that_it_has() -> None:
    got = horn_slope(dem(lambda east, north: 0.3 * east - 0.4 * north))
    assert np.isnan(got[0]).all()
    assert np.isnan(got[:, -1]).all()
    assert got[1:-1, 1:-1] == pytest.approx(math.degrees(math.atan(0.5)), abs=1e-3)
    assert np.isnan(horn_slope(dem(tent, 2, 2))).all()


def test_a_hill_in_degrees_is_as_steep_as_in_metres() -> None:
    # At 60 N a degree of longitude is half as long: cells of .0002 x .0001 degrees are square, 11.1 m.
    heights = np.broadcast_to(np.arange(60, dtype=np.float32) * 3, (60, 60)).copy()
    got = horn_slope(Dem(heights, (0.0002, 0, 10, 0, -0.0001, 60.003), "EPSG:4326", "degrees.tif"))
    assert got[30, 30] == pytest.approx(math.degrees(math.atan(3 / 11.17)), abs=0.1)


def rough(seed: int) -> Heights:
    rng = np.random.default_rng(seed)
    return np.asarray(1200 + 400 * ndimage.gaussian_filter(rng.standard_normal((41, 57)), 3) + rng.standard_normal((41, 57)))


def with_a_hole(z: Heights) -> Heights:
    z[10:12, 20] = np.nan
    z[0, 0] = np.nan
    return z


def with_an_edge(z: Heights) -> Heights:
    z[:, 25:] += 150
    return z


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("rough", lambda z: z),
        ("hole", with_a_hole),
        ("cliff", with_an_edge),
        ("flat", lambda z: 0 * z + 7),
        ("below zero", lambda z: -z),
    ],
)
def test_slopes_are_those_of_gdal(tmp_path: Path, name: str, make: Callable[[Heights], Heights]) -> None:
    if shutil.which("gdaldem") is None:
        pytest.skip("gdaldem is not installed")
    z = make(rough(4)).astype(np.float32)
    # GDAL counts map metres; on the local frame the same cells are 1 / .9996 larger.
    fit = Affine(20, 0, WEST, 0, -25, NORTH)
    path, out = tmp_path / f"{name}.tif", tmp_path / "slope.tif"
    profile = {"driver": "GTiff", "height": 41, "width": 57, "count": 1, "dtype": "float32", "crs": CRS, "transform": fit}
    with rasterio.open(path, "w", nodata=-9999, **profile) as target:
        target.write(np.nan_to_num(z, nan=-9999), 1)
    subprocess.run(["gdaldem", "slope", "-q", str(path), str(out)], check=True, capture_output=True)
    with rasterio.open(out) as source:
        theirs = source.read(1, masked=True).filled(np.nan)
    read, _ = read_dem(path, DemRequest((WEST + 500, NORTH - 500)))
    ours = horn_slope(read)
    assert (np.isnan(ours) == np.isnan(theirs)).all()
    assert np.nanmax(np.abs(ours - theirs)) < 0.02


def test_a_level_drive_through_a_ridge_comes_out_on_the_other_side() -> None:
    slope, cover, daylight = measure_terrain(dem(tent), off(-700), 90.0, EXACT)
    # Portal at 300 - 280 = 20 m above the plain; the ridge is 280 m over it, and it comes out 700 m past it.
    assert slope.value == pytest.approx(math.degrees(math.atan(0.4)), abs=0.01)
    assert cover.value == pytest.approx(280, abs=4)
    assert daylight.value == pytest.approx(1400, abs=1)
    assert (slope.unit, cover.unit, daylight.quantity) == ("deg", "m", "daylight")
    assert (daylight.kind, daylight.scene) == ("interval", "hill.tif")
    assert any("narrower than about 60 m" in warning for warning in cover.warnings)


@pytest.mark.parametrize(
    ("bearing", "far"), [(90.0, 1.0), (60.0, math.cos(math.radians(30))), (135.0, math.cos(math.radians(45)))]
)
def test_a_slanting_drive_is_longer(bearing: float, far: float) -> None:
    daylight = measure_terrain(dem(tent), off(-500), bearing, EXACT)[2]
    assert daylight.value == pytest.approx(1000 / far, abs=2)


@pytest.mark.parametrize("grade", [0.02, -0.02, 0.1])
def test_a_grade_moves_daylight(grade: float) -> None:
    daylight = measure_terrain(dem(tent), off(-500), 90.0, TerrainSettings(grade=grade, error_m=0.0))[2]
    # 300 - .4 (d - 500) = 100 + g d beyond the ridge.
    assert daylight.value == pytest.approx((300 + 200 - 100) / (0.4 + grade), abs=1)


def test_a_drive_at_a_given_level_starts_there() -> None:
    known = TerrainSettings(level_m=1200.0, error_m=0.0, level_u_m=0.0)
    profile = drive_profile(dem(tent), off(-700), 90.0, known)
    assert profile.floor_m[0] == 1200
    # Under the hill from 500 - 250 to 500 + 250 m either side of the ridge.
    assert measure_terrain(dem(tent), off(-700), 90.0, known)[2].value == pytest.approx(950, abs=1)


def test_errors_of_the_model_spread_daylight_by_height_over_slope() -> None:
    known = TerrainSettings(error_m=2.0, correlation_m=90.0, draws=4000)
    daylight = measure_terrain(dem(tent), off(-500), 90.0, known)[2]
    assert daylight.low is not None
    assert daylight.high is not None
    # Errors at portal and exit, 1 km apart, do not know each other: sqrt(2) x 2 m over .4.
    sd = dict(daylight.budget)["elevation model"]
    assert sd == pytest.approx(math.sqrt(2) * 2 / 0.4, rel=0.12)
    assert daylight.high - daylight.low == pytest.approx(2 * 1.645 * sd, rel=0.1)
    gentle = dem(lambda east, north: 1000 + np.maximum(60 - 0.08 * np.abs(east), 0) + 0 * north)
    wide = measure_terrain(gentle, off(-500), 90.0, known)[2]
    assert dict(wide.budget)["elevation model"] > 4 * sd


def test_the_slope_of_a_noisy_plane_spreads_as_its_correlation_says() -> None:
    known = TerrainSettings(error_m=2.0, correlation_m=90.0, draws=20_000)
    got = measure_terrain(dem(lambda east, north: 1000 + 0.7 * east + 0 * north), off(0), 90.0, known)[0]
    # One derivative of such noise is 2 / 90 (a little less over 60 m); as an angle times cos^2 of 35 degrees.
    expected = math.degrees(2 / 90) / (1 + 0.7**2)
    assert dict(got.budget)["elevation model"] == pytest.approx(expected, rel=0.1)
    assert dict(got.budget)["elevation model"] == pytest.approx(0.8, abs=0.08)  # facts, section 6


def test_a_drive_that_stays_inside_is_at_least_so_long() -> None:
    _, cover, daylight = measure_terrain(dem(tent), off(-700), 90.0, TerrainSettings(grade=-0.05, error_m=1.0))
    edge = 60 * CELL + 700
    assert daylight.kind == "at least"
    assert daylight.high is None
    assert daylight.low == pytest.approx(edge, abs=12)
    assert "the edge of the elevation model" in daylight.warnings[-1]
    assert cover.value is not None
    holed = dem(tent)
    holed.heights[:, 75:] = np.nan
    assert "ground without data" in measure_terrain(holed, off(-700), 90.0, EXACT)[2].warnings[-1]


def test_a_drive_into_the_valley_is_refused() -> None:
    slope, cover, daylight = measure_terrain(dem(tent), off(-500), 270.0)
    assert slope.value is not None
    assert "does not rise 5 m" in str(cover.refused)
    assert "does not rise 5 m" in str(daylight.refused)
    edge = measure_terrain(dem(tent), off(-1800), 90.0)[0]
    assert "at the edge" in str(edge.refused)


def test_wrong_terrain_is_the_users_fault() -> None:
    with pytest.raises(UserError, match="no height at the portal"):
        drive_profile(dem(tent), off(-5000), 90.0)
    with pytest.raises(UserError, match="is no number"):
        measure_terrain(dem(tent), off(0), math.nan)
    with pytest.raises(UserError, match="correlation or grade is none"):
        measure_terrain(dem(tent), off(0), 90.0, TerrainSettings(grade=1.5))


def written(path: Path, z: NDArray[Any], **known: Any) -> Path:  # noqa: ANN401 - a rasterio profile
    profile = {
        "driver": "GTiff", "height": z.shape[0], "width": z.shape[1], "count": 1, "dtype": str(z.dtype), "crs": CRS,
        "transform": Affine(30, 0, WEST, 0, -30, NORTH), **known,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(z, 1)
        if "units" in known:
            target.units = (known["units"],)
    return path


def test_a_window_is_read_around_the_point(tmp_path: Path) -> None:
    z = np.arange(200 * 300, dtype=np.float32).reshape(200, 300)
    path = written(tmp_path / "big.tif", z)
    got, point = read_dem(path, DemRequest((WEST + 4500, NORTH - 3000), radius_m=290))
    assert point == (WEST + 4500, NORTH - 3000)
    assert got.heights.shape == (20, 20)
    assert got.heights[0, 0] == z[90, 140]
    assert got.transform[2] == WEST + 140 * 30
    degrees, there = read_dem(path, DemRequest((51.0488, 33.681), crs="EPSG:4326", radius_m=300))
    assert degrees.crs == CRS
    assert there[0] == pytest.approx(WEST + 4500, abs=60)


def test_whole_numbers_nodata_and_feet_become_metres(tmp_path: Path) -> None:
    z = np.full((20, 20), 1000, dtype=np.int16)
    z[0, 0] = -32768
    path = written(tmp_path / "feet.tif", z, nodata=-32768)
    with rasterio.open(path, "r+") as target:
        target.units = ("ft",)
    got, _ = read_dem(path, DemRequest((WEST + 300, NORTH - 300)))
    assert math.isnan(got.heights[0, 0])
    assert got.heights[5, 5] == pytest.approx(304.8)
    assert "turned into metres" in got.notes[0]
    plain, _ = read_dem(written(tmp_path / "plain.tif", z), DemRequest((WEST + 300, NORTH - 300)))
    assert plain.notes == ("the file does not name the unit of its heights: metres are taken",)


def test_elevation_models_that_cannot_serve_are_named(tmp_path: Path) -> None:
    z = np.zeros((20, 20), dtype=np.float32)
    here = DemRequest((WEST + 300, NORTH - 300))
    with pytest.raises(UserError, match="has no CRS"):
        read_dem(written(tmp_path / "nowhere.tif", z, crs=None), here)
    path = written(tmp_path / "some.tif", z)
    with pytest.raises(UserError, match="does not cover the point"):
        read_dem(path, DemRequest((WEST - 300, NORTH)))
    with pytest.raises(UserError, match="holds no data"):
        read_dem(written(tmp_path / "void.tif", z, nodata=0), here)
    text = tmp_path / "notes.txt"
    text.write_text("no raster")
    with pytest.raises(UserError, match=r"notes\.txt: cannot be read as a raster"):
        read_dem(text, here)


def test_real_mountains_are_read_and_driven_under() -> None:
    if not REAL.exists():
        pytest.skip("rmnp-dem.tif is not in ../shared (SPADEWORK_SHARED)")
    got, portal = read_dem(REAL, DemRequest((-105.70, 40.35), radius_m=6000))
    assert 2000 < np.nanmin(got.heights) < np.nanmax(got.heights) < 4400
    steep = horn_slope(got)
    assert 5 < np.nanmedian(steep) < 35
    slope, cover, daylight = measure_terrain(got, portal, 0.0)
    assert slope.value is not None
    assert cover.value == pytest.approx(178, abs=10)
    assert daylight.value == pytest.approx(1310, abs=60)
    assert any("narrower than about 470 m" in w or "narrower than about 46" in w for w in cover.warnings)
    assert cover.gsd_m == pytest.approx(235, abs=5)
