"""From an area of interest and native pixels to the Site's grid.

One noun answers "where are these pixels": ``odc.geo.geobox.GeoBox`` (shape, affine, CRS). Here it is only made and asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from spadework.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import MultiPolygon

SNAP_PX: Final = 0.1
"""An edge this close to a native grid line is that line; coordinates rounded to 5 decimals are off by up to .06 px."""
LARGEST_PX: Final = 10_980**2
"""Pixels of a grid that is made at all: a whole Sentinel-2 tile. Its mask alone has 120 MB; no computer's memory is asked for more
before ``imagery.read`` weighs the whole cube."""


@dataclass(frozen=True, slots=True)
class Window:
    """A block of pixels of one file: offsets and sizes in pixels."""

    col: int
    row: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the overlapping tiles that cover an array; their cores cover it once."""

    outer: tuple[slice, slice]
    """Rows and columns to read."""
    core: tuple[slice, slice]
    """Rows and columns, of the whole array, that this tile answers for."""


def tiles(shape: tuple[int, ...], size: int, overlap: int) -> tuple[Tile, ...]:
    """Cut an array (y, x) into overlapping tiles, row by row; the last ones are moved in, so that all have the same size where they fit.

    Args:
        shape: rows and columns.
        size: of a tile, pixels.
        overlap: at least so many pixels are shared with a neighbour, < ``size``.

    """
    rows, cols = (_pieces(length, size, overlap) for length in shape)
    return tuple(Tile((outer_y, outer_x), (core_y, core_x)) for outer_y, core_y in rows for outer_x, core_x in cols)


def _pieces(length: int, size: int, overlap: int) -> list[tuple[slice, slice]]:
    """(outer, core) along one axis; the core ends in the middle of what two neighbours share."""
    if length <= size:
        return [(slice(0, length), slice(0, length))]
    starts = [*range(0, length - size, size - overlap), length - size]
    ends = [(after + before + size) // 2 for before, after in pairwise(starts)]
    cores = zip([0, *ends], [*ends, length], strict=True)
    return [(slice(start, start + size), slice(*core)) for start, core in zip(starts, cores, strict=True)]


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def in_metres(crs: str) -> bool:
    """Whether a CRS is projected with both axes in metres: pixel sizes, dilations and areas are only then what they say."""
    known = CRS.from_user_input(crs)
    return bool(known.is_projected) and all(axis.unit_name == "metre" for axis in known.axis_info[:2])


def shape_of(area: MultiPolygon) -> shapely.MultiPolygon:
    """Our tuples as a shapely geometry."""
    return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in area])


def rings_of(shape: shapely.Geometry) -> MultiPolygon:
    """The polygons of a shapely geometry as our tuples; lines and points in it are left out."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]

    def ring(line: shapely.LinearRing) -> tuple[tuple[float, float], ...]:
        return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(line))

    return tuple((ring(p.exterior), *(ring(hole) for hole in p.interiors)) for p in polygons)


def reproject(shape: shapely.Geometry, source: str, target: str) -> shapely.Geometry:
    """A geometry with every vertex moved to another CRS; edges are not densified."""
    if source == target:
        return shape
    move = _transformer(source, target)

    def vertices(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(move.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(shape, vertices)


def _off_line(at: float) -> float:
    """Distance to the nearest line, pixels; rounded, so that every image of one lattice decides alike."""
    return round(abs(at - round(at)), 6)


def _outward(low: float, high: float, origin: float, step: float) -> tuple[int, int]:
    """First and last native grid line around [low, high], as line numbers from ``origin``."""
    a, b = (low - origin) / step, (high - origin) / step
    first = round(a) if _off_line(a) <= SNAP_PX else math.floor(a)
    last = round(b) if _off_line(b) <= SNAP_PX else math.ceil(b)
    return first, max(last, first + 1)


def site_grid(area: MultiPolygon, crs: str, transform: tuple[float, float, float, float, float, float]) -> GeoBox:
    """The Site's grid: native pixels of ``transform`` around the area's vertices in ``crs`` (design, section 3).

    Args:
        area: area of interest, WGS 84.
        crs: of the grid, ``EPSG:n``.
        transform: affine a, b, c, d, e, f of the finest native image; north-up (b = d = 0, e < 0).

    Raises:
        GeometryError: when the area has no finite place in the CRS, or is over ``LARGEST_PX``, or the CRS is not in metres.

    """
    a, b, c, d, e, f = transform
    if not in_metres(crs):
        raise GeometryError(crs, "is not in metres", "warp the images to a projected CRS first, such as UTM")
    if b or d or e > 0:
        raise GeometryError(crs, "its images are rotated", "only north-up images can carry the Site's grid")
    west, south, east, north = shapely.bounds(reproject(shape_of(area), "EPSG:4326", crs))
    if not all(math.isfinite(v) for v in (west, south, east, north)):
        raise GeometryError(
            "area of interest", f"it has no place in {crs}", "check the coordinates: longitude first, then latitude"
        )
    col0, col1 = _outward(west, east, c, a)
    row0, row1 = _outward(-north, -south, -f, -e)
    if (col1 - col0) * (row1 - row0) > LARGEST_PX:
        most = math.sqrt(LARGEST_PX) * a / 1000
        raise GeometryError(
            "area of interest",
            f"{(east - west) / 1000:.0f} x {(north - south) / 1000:.0f} km is too large; at most {most:.0f} x {most:.0f} km"
            f" of pixels of {a:g} m",
            "draw it smaller, or make several sites",
        )
    return GeoBox((row1 - row0, col1 - col0), Affine(a, 0, c + col0 * a, 0, e, f + row0 * e), crs)


def inside(grid: GeoBox, area: MultiPolygon) -> NDArray[np.bool_]:
    """(y, x), True where the centre of a pixel lies in the area of interest."""
    shape = reproject(shape_of(area), "EPSG:4326", str(grid.crs))
    shapely.prepare(shape)
    rows, cols = np.mgrid[: grid.shape[0], : grid.shape[1]]
    x, y = grid.transform * (cols + 0.5, rows + 0.5)
    return np.asarray(shapely.intersects_xy(shape, x.ravel(), y.ravel())).reshape(grid.shape)


def pixels_in(grid: GeoBox, area: MultiPolygon) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Rows and columns around a polygon, clipped to the grid, and (y, x) over them, True where a pixel's centre lies in it."""
    west, south, east, north = shapely.bounds(reproject(shape_of(area), "EPSG:4326", str(grid.crs)))
    fit, (height, width) = grid.transform, grid.shape

    def clipped(low: float, high: float, most: int) -> slice:
        return slice(min(max(math.floor(low), 0), most), min(max(math.ceil(high), 0), most))

    rows = clipped((north - fit.f) / fit.e, (south - fit.f) / fit.e, height)
    cols = clipped((west - fit.c) / fit.a, (east - fit.c) / fit.a, width)
    if rows.start == rows.stop or cols.start == cols.stop:
        return (rows, cols), np.zeros((rows.stop - rows.start, cols.stop - cols.start), dtype=np.bool_)
    return (rows, cols), inside(grid[rows, cols], area)


@lru_cache(maxsize=256)  # a Site has few native grids, and thousands of files
def window_on(grid: GeoBox, crs: str, transform: Affine, shape: tuple[int, int], margin_m: float) -> Window | None:
    """The pixels of a file (``crs``, ``transform``, rows x columns ``shape``) that a read for ``grid`` needs.

    Args:
        grid: the Site's grid.
        crs: of the file.
        transform: of the file, north-up.
        shape: rows, columns of the file.
        margin_m: ground around the grid that masks and kernels reach into, metres (units of the file's CRS).

    Returns:
        The window, clipped to the file; None when they do not meet.

    """
    edge = shapely.segmentize(shapely.box(*grid.boundingbox.bbox), max(abs(grid.transform.a) * max(grid.shape) / 16, 1e-9))
    west, south, east, north = shapely.bounds(reproject(edge, str(grid.crs), crs))
    pad_x, pad_y = (margin_m / abs(transform.a), margin_m / abs(transform.e))
    col0 = math.floor(round((west - transform.c) / transform.a - pad_x, 3))
    col1 = math.ceil(round((east - transform.c) / transform.a + pad_x, 3))
    row0 = math.floor(round((north - transform.f) / transform.e - pad_y, 3))
    row1 = math.ceil(round((south - transform.f) / transform.e + pad_y, 3))
    col0, row0 = max(col0, 0), max(row0, 0)
    col1, row1 = min(col1, shape[1]), min(row1, shape[0])
    if col1 <= col0 or row1 <= row0:
        return None
    return Window(col0, row0, col1 - col0, row1 - row0)


def meet(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Whether two areas of interest share ground."""
    return bool(shapely.intersects(shape_of(one), shape_of(other)))


def metres_per_px(
    transform: tuple[float, float, float, float, float, float], crs: str, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """(2, 2): metres east and north (rows) of a step right and a step down (columns), in the middle of an image.

    By geodesics on the ellipsoid WGS 84 (Karney 2013), so that degrees, feet and Web Mercator give lengths on the ground.

    Args:
        transform: affine a, b, c, d, e, f of its pixels.
        crs: of its map units.
        shape: rows, columns.

    """
    a, b, c, d, e, f = transform
    rows, cols = shape
    col, row = np.array([cols / 2, cols / 2 + 1, cols / 2]), np.array([rows / 2, rows / 2, rows / 2 + 1])
    lon, lat = _transformer(crs, "EPSG:4326").transform(a * col + b * row + c, d * col + e * row + f)
    azimuth, _, length = Geod(ellps="WGS84").inv([lon[0]] * 2, [lat[0]] * 2, lon[1:], lat[1:])
    angle = np.radians(azimuth)
    return np.array([np.sin(angle) * length, np.cos(angle) * length])


def area_m2(area: MultiPolygon, crs: str) -> float:
    """Area of a WGS 84 polygon in a projected CRS, m2."""
    return float(shapely.area(reproject(shape_of(area), "EPSG:4326", crs)))
