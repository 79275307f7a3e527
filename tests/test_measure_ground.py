"""Points on images become metres on the ground, whatever the CRS."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from spadework.cube import Image
from spadework.errors import UserError
from spadework.measure.ground import Ground, bearing, relief
from spadework.records import VhrScene

GEOD = Geod(ellps="WGS84")


def image(crs: str | None, fit: Affine, shape: tuple[int, int] = (40, 60), gsd: tuple[float, float] | None = None) -> Image:
    scene = VhrScene("one", crs=crs, gsd_m=gsd, off_nadir=25.0, view_azimuth=90.0)
    return Image(np.zeros((1, *shape), np.float32), np.ones(shape, np.bool_), ("pan",), tuple(fit)[:6], scene)


def north_up(crs: str, lon: float, lat: float, px: float) -> Affine:
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return Affine(px, 0, x, 0, -px, y)


def test_pixels_of_a_given_gsd_count_right_and_up() -> None:
    ground = Ground.of(image(None, Affine.identity(), gsd=(0.5, 0.4)))
    assert ground.metres([(10, 0), (0, 10)]).tolist() == [[5, 0], [0, -4]]
    assert ground.per_px.tolist() == [[0.5, 0], [0, -0.4]]
    assert ground.gsd_m == 0.5
    assert ground.px_m2 == pytest.approx(0.2)
    assert not ground.oriented


def test_points_of_a_window_without_crs_are_columns_and_rows_of_the_whole_file() -> None:
    ground = Ground.of(image(None, Affine.translation(100, 200), gsd=(0.5, 0.5)))
    assert ground.pixels([(103, 204)]).tolist() == [[3, 4]]
    assert ground.points(ground.metres([(103, 204)])).tolist() == [[103, 204]]


@pytest.mark.parametrize(
    ("crs", "lon", "lat", "px"),
    [
        ("EPSG:4326", 40.9, 34.4, 5e-6),
        ("EPSG:4326", 25.0, 69.9, 5e-6),
        ("EPSG:32637", 40.9, 34.4, 0.5),
        ("EPSG:32637", 42.0, 0.1, 0.5),
        ("EPSG:3857", 10.0, 60.0, 0.5),
        ("EPSG:2263", -74.0, 40.7, 1.5),  # US survey feet
        ("EPSG:3031", 60.0, -75.0, 0.5),  # polar: up in the image is not north
        ("EPSG:32701", -180.0, -17.0, 0.5),  # on the antimeridian
    ],
)
def test_lengths_and_bearings_are_those_of_the_geodesic(crs: str, lon: float, lat: float, px: float) -> None:
    fit = north_up(crs, lon, lat, px)
    ground = Ground.of(image(crs, fit, (2000, 2000)))
    ends = [fit * (200, 300), fit * (1500, 1900)]
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    (lon0, lat0), (lon1, lat1) = (back.transform(*end) for end in ends)
    azimuth, _, distance = GEOD.inv(lon0, lat0, lon1, lat1)
    line = np.diff(ground.metres(ends), axis=0)[0]
    assert np.hypot(*line) == pytest.approx(distance, rel=1e-6)
    assert (bearing(line) - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=0.05)
    assert ground.points(ground.metres(ends)) == pytest.approx(np.array(ends), rel=1e-9, abs=1e-8)
    linear = ground.per_px @ (np.array([1300.0, 1600.0]))
    assert linear == pytest.approx(line, rel=2e-4, abs=0.05)


def test_web_mercator_at_60_degrees_is_half_as_fine_as_it_says() -> None:
    assert Ground.of(image("EPSG:3857", north_up("EPSG:3857", 10, 60, 1.0))).gsd_m == pytest.approx(0.5, rel=5e-3)


def test_a_rotated_image_keeps_its_gsd_and_its_north() -> None:
    fit = north_up("EPSG:32637", 39.0, 34.4, 0.5) * Affine.rotation(30)
    ground = Ground.of(image("EPSG:32637", fit))
    assert ground.gsd_m == pytest.approx(0.5, rel=1e-3)
    line = ground.metres([fit * (0, 0), fit * (10, 0)])
    # Columns run 30 degrees from +x towards -row axis of the map: y is flipped, so south of east.
    assert bearing(line[1] - line[0]) == pytest.approx(120, abs=0.01)
    assert ground.pixels([fit * (7, 3)]) == pytest.approx(np.array([[7, 3]]), abs=1e-6)


def test_a_local_grid_without_a_place_on_earth_counts_in_its_own_unit() -> None:
    wkt = 'LOCAL_CS["site grid",UNIT["foot",0.3048]]'
    ground = Ground.of(image(wkt, Affine(2, 0, 0, 0, -2, 0)))
    assert ground.gsd_m == pytest.approx(0.6096)
    assert not ground.oriented


@settings(max_examples=50, deadline=None)
@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(0.2, 5))
def test_any_place_gives_its_gsd_back(lon: float, lat: float, metres: float) -> None:
    px = metres / 111_320
    ground = Ground.of(image("EPSG:4326", Affine(px, 0, lon, 0, -px, lat)))
    assert ground.gsd_m == pytest.approx(metres, rel=0.01)
    assert ground.centre == pytest.approx((lon + 30 * px, lat - 20 * px))


@pytest.mark.parametrize(
    ("crs", "fit", "gsd", "says"),
    [
        (None, Affine.identity(), None, "no ground sample distance"),
        (None, Affine.identity(), (0.5, 0.0), "is none"),
        (None, Affine.identity(), (float("nan"), 0.5), "is none"),
        ("EPSG:32637", Affine(1, 0, 0, 1, 0, 0), None, "one line"),
        ("EPSG:99999", Affine.scale(0.5, -0.5), None, "not known"),
        ("EPSG:4326", Affine(1e-5, 0, 0, 0, -1e-5, 120), None, "no place"),
    ],
)
def test_what_has_no_ground_is_refused_by_name(
    crs: str | None, fit: Affine, gsd: tuple[float, float] | None, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        Ground.of(image(crs, fit, gsd=gsd))


def test_a_level_length_keeps_its_length_and_a_height_leans_away_from_the_sensor() -> None:
    one = image("EPSG:32637", north_up("EPSG:32637", 39, 34, 0.5))
    ground = Ground.of(one)
    assert relief(one.scene, ground, 0.0, 270.0) == 0
    whole = 5 * np.tan(np.radians(25))
    assert relief(one.scene, ground, 5.0) == pytest.approx(whole)
    assert whole == pytest.approx(2.33, abs=0.005)  # facts, section 5
    # The sensor stands in the east (90): the top leans to the west.
    assert relief(one.scene, ground, 5.0, 270.0) == pytest.approx(whole)
    assert relief(one.scene, ground, 5.0, 90.0) == pytest.approx(-whole)
    assert relief(one.scene, ground, 5.0, 0.0) == pytest.approx(0, abs=1e-12)
