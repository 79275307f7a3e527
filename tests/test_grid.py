"""From an area of interest to the Site's grid: exact, idempotent, outward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from spadework.errors import GeometryError
from spadework.grid import Window, area_m2, in_metres, inside, meet, reproject, rings_of, shape_of, site_grid, window_on

if TYPE_CHECKING:
    from spadework.records import MultiPolygon

ZONES = ("EPSG:32601", "EPSG:32631", "EPSG:32637", "EPSG:32660", "EPSG:32701", "EPSG:32735", "EPSG:32756", "EPSG:3035")
CORNER = {"EPSG:3035": (4_500_000.0, 2_800_000.0)}


def area(*corners: tuple[float, float], crs: str, places: int | None = None) -> MultiPolygon:
    """A ring of projected corners as an area of interest, WGS 84, perhaps rounded."""
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    ring = [back.transform(x, y) for x, y in corners]
    if places is not None:
        ring = [(round(x, places), round(y, places)) for x, y in ring]
    return (((*ring, ring[0]),),)


def box(transform: Affine, rows: int, cols: int) -> tuple[tuple[float, float], ...]:
    """Corners of an image."""
    return tuple(transform * at for at in ((0, 0), (cols, 0), (cols, rows), (0, rows)))


def parts(grid: GeoBox) -> tuple[tuple[int, int], tuple[float, ...]]:
    return (grid.shape[0], grid.shape[1]), tuple(grid.transform)[:6]


@pytest.mark.parametrize("places", [None, 5])
@pytest.mark.parametrize("pixels", [128, 1024, 10_980])
@pytest.mark.parametrize("crs", ZONES)
def test_the_footprint_of_an_image_gives_exactly_its_grid(crs: str, pixels: int, places: int | None) -> None:
    x, y = CORNER.get(crs, (399_960.0, 4_100_040.0 if crs.startswith("EPSG:326") else 6_200_020.0))
    transform = Affine(10, 0, x, 0, -10, y)
    ring = area(*box(transform, pixels, pixels), crs=crs, places=places)
    assert parts(site_grid(ring, crs, tuple(transform)[:6])) == ((pixels, pixels), tuple(transform)[:6])


@pytest.mark.parametrize(
    ("west", "south", "east", "north", "expected"),
    [
        (500_003, 4_000_003, 500_097, 4_000_097, (500_000, 4_000_000, 500_100, 4_000_100)),
        (500_009.1, 4_000_009.1, 500_090.9, 4_000_090.9, (500_010, 4_000_010, 500_090, 4_000_090)),
        (500_008.9, 4_000_008.9, 500_091.1, 4_000_091.1, (500_000, 4_000_000, 500_100, 4_000_100)),
        (499_999.1, 3_999_999.1, 500_100.9, 4_000_100.9, (500_000, 4_000_000, 500_100, 4_000_100)),
        (500_004, 4_000_004, 500_006, 4_000_006, (500_000, 4_000_000, 500_010, 4_000_010)),
        (500_009.5, 4_000_009.5, 500_010.4, 4_000_010.4, (500_010, 4_000_000, 500_020, 4_000_010)),
    ],
)
def test_an_edge_snaps_within_a_tenth_of_a_pixel_and_else_goes_outward(
    west: float, south: float, east: float, north: float, expected: tuple[float, ...]
) -> None:
    ring = area((west, south), (east, south), (east, north), (west, north), crs="EPSG:32637")
    # an image far away on the same lattice: only its lines matter
    grid = site_grid(ring, "EPSG:32637", (10, 0, 300_000, 0, -10, 4_200_000))
    # UTM boxes are not WGS 84 boxes, but the vertices are the corners: their bounds are the box
    assert tuple(grid.boundingbox.bbox) == pytest.approx(expected)


def test_only_vertices_count_so_a_long_edge_does_not_bulge_the_grid() -> None:
    ring: MultiPolygon = ((((38.0, 60.0), (40.0, 60.0), (40.0, 60.5), (38.0, 60.5), (38.0, 60.0)),),)
    grid = site_grid(ring, "EPSG:32637", (10, 0, 0, 0, -10, 0))
    moved = Transformer.from_crs("EPSG:4326", "EPSG:32637", always_xy=True)
    ys = [moved.transform(x, y)[1] for x, y in ((38, 60), (40, 60), (40, 60.5), (38, 60.5))]
    assert grid.boundingbox.bottom <= min(ys) < grid.boundingbox.bottom + 11
    assert grid.boundingbox.top - 11 < max(ys) <= grid.boundingbox.top


corner = st.floats(0, 60_000, allow_nan=False)


@settings(max_examples=80, deadline=None)
@given(x=corner, y=corner, width=st.floats(1, 9_000), height=st.floats(1, 9_000), crs=st.sampled_from(ZONES))
def test_same_area_same_grid_and_it_covers_the_area(x: float, y: float, width: float, height: float, crs: str) -> None:
    x0, y0 = CORNER.get(crs, (399_960.0, 4_100_040.0))
    ring = area((x0 + x, y0 + y), (x0 + x + width, y0 + y), (x0 + x + width, y0 + y + height), crs=crs)
    whole = (10.0, 0.0, x0, 0.0, -10.0, y0 + 120_000)
    grid = site_grid(ring, crs, whole)
    assert parts(site_grid(ring, crs, whole)) == parts(grid)
    # the transform of a chip read for this very grid, or of any image on the lattice, gives it again
    assert parts(site_grid(ring, crs, tuple(grid.transform)[:6])) == parts(grid)
    assert parts(site_grid(ring, crs, (10.0, 0.0, x0 - 70_000, 0.0, -10.0, y0 + 10))) == parts(grid)
    # and it covers the area, with less than a pixel to spare
    west, south, east, north = shapely.bounds(reproject(shape_of(ring), "EPSG:4326", crs))
    left, bottom, right, top = grid.boundingbox.bbox
    for spare in (west - left, south - bottom, right - east, top - north):
        assert -1.001 <= spare < 10.001 or max(grid.shape) == 1 or min(grid.shape) == 1
    # lines of the grid are lines of the image
    assert ((grid.transform.c - x0) / 10).is_integer()
    assert ((grid.transform.f - whole[5]) / 10).is_integer()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 3000),
    cols=st.integers(1, 3000),
    row=st.integers(0, 8000),
    col=st.integers(0, 8000),
    crs=st.sampled_from(ZONES),
)
def test_any_window_of_an_image_rounded_to_five_decimals_gives_itself(
    rows: int, cols: int, row: int, col: int, crs: str
) -> None:
    x0, y0 = CORNER.get(crs, (399_960.0, 4_200_000.0))
    whole = Affine(10, 0, x0, 0, -10, y0)
    here = whole * Affine.translation(col, row)
    ring = area(*box(here, rows, cols), crs=crs, places=5)
    assert parts(site_grid(ring, crs, tuple(whole)[:6])) == ((rows, cols), tuple(here)[:6])


def test_rotated_images_degrees_and_areas_without_a_place_are_refused() -> None:
    ring = area(*box(Affine(10, 0, 500_000, 0, -10, 4_000_000), 9, 9), crs="EPSG:32637")
    with pytest.raises(GeometryError, match="rotated"):
        site_grid(ring, "EPSG:32637", (10, 1, 0, 0, -10, 0))
    with pytest.raises(GeometryError, match="rotated"):
        site_grid(ring, "EPSG:32637", (10, 0, 0, 0, 10, 0))
    with pytest.raises(GeometryError, match="EPSG:4326: is not in metres"):
        site_grid(ring, "EPSG:4326", (1e-4, 0, 0, 0, -1e-4, 0))
    with pytest.raises(GeometryError, match="has no place"):
        site_grid(((((10.0, 95.0), (20.0, 95.0), (20.0, 99.0), (10.0, 95.0)),),), "EPSG:32637", (10, 0, 0, 0, -10, 0))


@pytest.mark.parametrize(
    ("crs", "metres"), [("EPSG:32637", True), ("EPSG:3035", True), ("EPSG:4326", False), ("EPSG:2263", False)]
)
def test_only_metres_are_metres(crs: str, metres: bool) -> None:
    assert in_metres(crs) is metres


# ---------------------------------------------------------------- inside
def test_a_pixel_is_inside_when_its_centre_is() -> None:
    grid = GeoBox((3, 3), Affine(10, 0, 500_000, 0, -10, 4_000_030), "EPSG:32637")
    # from a little left of the first centre to a little right of it, all rows; and the hole over the middle pixel
    ring = area(
        (500_004.9, 4_000_000), (500_015.1, 4_000_000), (500_015.1, 4_000_030), (500_004.9, 4_000_030), crs="EPSG:32637"
    )
    assert inside(grid, ring).tolist() == [[True, True, False]] * 3
    hole = area((500_011, 4_000_011), (500_019, 4_000_011), (500_019, 4_000_019), (500_011, 4_000_019), crs="EPSG:32637")
    whole = area(*box(grid.transform, 3, 3), crs="EPSG:32637")
    holed: MultiPolygon = ((whole[0][0], hole[0][0]),)
    assert inside(grid, holed).tolist() == [[True] * 3, [True, False, True], [True] * 3]
    two: MultiPolygon = (ring[0], area((500_021, 4_000_001), (500_029, 4_000_001), (500_029, 4_000_009), crs="EPSG:32637")[0])
    assert inside(grid, two).tolist() == [[True, True, False], [True, True, False], [True, True, True]]


def test_the_area_of_the_pixels_inside_is_the_area() -> None:
    ring = area((500_000, 4_000_000), (502_000, 4_000_000), (501_000, 4_003_000), crs="EPSG:32637")
    grid = site_grid(ring, "EPSG:32637", (10, 0, 0, 0, -10, 0))
    assert area_m2(ring, "EPSG:32637") == pytest.approx(3_000_000, rel=1e-6)
    assert inside(grid, ring).sum() * 100 == pytest.approx(3_000_000, rel=5e-3)


def test_rings_come_back_as_they_went_in() -> None:
    ring: MultiPolygon = (
        (((0.1, 0.2), (3.0, 0.2), (3.0, 3.3), (0.1, 0.2)), ((2.0, 0.5), (2.5, 0.5), (2.5, 1.0), (2.0, 0.5))),
        (((5.0, 5.0), (6.0, 5.0), (6.0, 6.0), (5.0, 5.0)),),
    )
    assert rings_of(shape_of(ring)) == ring


# ---------------------------------------------------------------- windows
HERE = GeoBox((10, 20), Affine(10, 0, 500_100, 0, -10, 4_000_100), "EPSG:32637")


@pytest.mark.parametrize(
    ("transform", "shape", "margin", "expected"),
    [
        pytest.param((10, 500_000, 4_000_200), (100, 100), 0, Window(10, 10, 20, 10), id="inside the file"),
        pytest.param((10, 500_000, 4_000_200), (100, 100), 30, Window(7, 7, 26, 16), id="with a margin"),
        pytest.param((10, 500_100, 4_000_100), (10, 20), 30, Window(0, 0, 20, 10), id="clipped on all sides"),
        pytest.param((10, 500_200, 4_000_050), (100, 100), 0, Window(0, 0, 10, 5), id="clipped above and left"),
        pytest.param((10, 500_000, 4_000_200), (15, 25), 0, Window(10, 10, 15, 5), id="clipped below and right"),
        pytest.param((20, 500_090, 4_000_110), (50, 50), 0, Window(0, 0, 11, 6), id="20 m pixels at an odd offset"),
        pytest.param((20, 500_000, 4_000_200), (50, 50), 0, Window(5, 5, 10, 5), id="20 m pixels that fit"),
        pytest.param((10, 600_000, 4_000_200), (100, 100), 0, None, id="elsewhere"),
        pytest.param((10, 500_300, 4_000_200), (100, 100), 0, None, id="touching is not meeting"),
    ],
)
def test_window_on_a_file(
    transform: tuple[float, float, float], shape: tuple[int, int], margin: float, expected: Window | None
) -> None:
    size, x, y = transform
    assert window_on(HERE, "EPSG:32637", Affine(size, 0, x, 0, -size, y), shape, margin) == expected


def test_a_window_in_the_next_zone_holds_every_pixel_of_the_grid() -> None:
    transform, shape = Affine(10, 0, -200_000, 0, -10, 4_100_000), (20_000, 100_000)
    found = window_on(HERE, "EPSG:32638", transform, shape, 0)
    assert found is not None
    rows, cols = np.mgrid[:10, :20]
    x, y = Transformer.from_crs("EPSG:32637", "EPSG:32638", always_xy=True).transform(
        *(HERE.transform * (cols.ravel() + 0.5, rows.ravel() + 0.5))
    )
    col, row = ~transform * (x, y)
    assert found.col <= col.min()
    assert col.max() <= found.col + found.width
    assert found.row <= row.min()
    assert row.max() <= found.row + found.height
    assert found.width * found.height < 4 * 200


def test_an_area_beyond_a_whole_tile_is_refused_before_a_pixel_of_it_is_made() -> None:
    ring = area((0, 3_500_000), (700_000, 3_500_000), (700_000, 4_200_000), (0, 4_200_000), crs="EPSG:32637")
    with pytest.raises(GeometryError, match=r"^area of interest: 700 x 700 km is too large; at most 110 x 110 km"):
        site_grid(ring, "EPSG:32637", (10, 0, 0, 0, -10, 0))


def test_areas_meet_where_they_share_ground() -> None:
    here, moved, away = (rings_of(shapely.box(x, 34.0, x + 0.1, 34.1)) for x in (40.0, 40.05, 41.0))
    assert meet(here, here)
    assert meet(here, moved)
    assert not meet(here, away)
