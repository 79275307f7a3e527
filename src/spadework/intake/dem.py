"""Elevation models: a window of a raster -> heights in metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError

from spadework.cube import Dem
from spadework.errors import UserError
from spadework.grid import Window, reproject

if TYPE_CHECKING:
    from spadework.records import Point

LARGEST_PX: Final = 16_000_000
"""Pixels of a window that is read: 64 MB."""
_FOOT: Final = {"ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "us survey foot": 1200 / 3937, "us-ft": 1200 / 3937}
_METRE: Final = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0}
UNIT_TAKEN: Final = "the file does not name the unit of its heights: metres are taken"


@dataclass(frozen=True, slots=True)
class DemRequest:
    """Which part of an elevation model is wanted."""

    point: Point
    """Its middle."""
    crs: str | None = None
    """Of the point; None = the model's own."""
    radius_m: float = 5000.0
    """Half the side of the square that is read, metres on the ground."""


def read_dem(path: str | Path, request: DemRequest) -> tuple[Dem, Point]:
    """Heights around a point, and the point in the model's CRS. Memory is that of the window.

    Args:
        path: of any raster that GDAL opens; its first band holds the heights.
        request: where, and how far around.

    Raises:
        UserError: not a raster, no CRS, the point outside it, no data around it, a window over LARGEST_PX.

    """
    name = Path(path).name
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise UserError(name, "has no CRS, so it has no place", "georeference the elevation model")
            crs = f"EPSG:{code}" if (code := source.crs.to_epsg()) else source.crs.to_wkt()
            point = _in(crs, request, name)
            window = _window(source, crs, point, request, name)
            block = ((window.row, window.row + window.height), (window.col, window.col + window.width))
            raw = source.read(1, window=block, masked=True)
            factor, notes = _unit(source, crs)
            heights = raw.astype(np.float64).filled(np.nan) * source.scales[0] + source.offsets[0]
            if source.count > 1:
                notes = (*notes, f"the file has {source.count} bands: the first is taken as heights")
            fit = source.transform * Affine.translation(window.col, window.row)
    except RasterioError as error:
        raise UserError(name, f"cannot be read as a raster ({error})", "give a GeoTIFF of heights") from error
    metres = (heights * factor).astype(np.float32)
    metres[~np.isfinite(metres)] = np.nan
    if np.isnan(metres).all():
        raise UserError(name, "holds no data around the point", "give an elevation model that covers the place")
    return Dem(metres, (fit.a, fit.b, fit.c, fit.d, fit.e, fit.f), crs, name, notes), point


def _in(crs: str, request: DemRequest, name: str) -> Point:
    """The point of a request in the model's CRS."""
    try:
        x, y = Transformer.from_crs(request.crs or crs, crs, always_xy=True).transform(*request.point)
    except ProjError as error:
        raise UserError(name, f"the point cannot be brought into its CRS ({error})", "check the CRS of the point") from error
    if not math.isfinite(x + y):
        raise UserError(name, "the point has no place in its CRS", "check the point and its CRS")
    return float(x), float(y)


def _window(source: Any, crs: str, point: Point, request: DemRequest, name: str) -> Window:  # noqa: ANN401 - a rasterio dataset
    """Pixels around the point, clipped to the file."""
    col, row = ~source.transform * point
    if not (0 <= col <= source.width and 0 <= row <= source.height):
        raise UserError(name, f"does not cover the point {point[0]:.10g},{point[1]:.10g} of its CRS", "give one that does")
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*point)
    frame = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +type=crs"
    r = request.radius_m
    corners = shapely.get_coordinates(reproject(shapely.box(-r, -r, r, r), frame, crs))
    cols, rows = ~source.transform * (corners[:, 0], corners[:, 1])
    left, top = max(math.floor(cols.min()), 0), max(math.floor(rows.min()), 0)
    right, bottom = min(math.ceil(cols.max()), source.width), min(math.ceil(rows.max()), source.height)
    width, height = max(right - left, 1), max(bottom - top, 1)
    if width * height > LARGEST_PX:
        raise UserError(name, f"{width} x {height} pixels around the point are too many", "ask for a smaller radius")
    return Window(left, top, width, height)


def _unit(source: Any, crs: str) -> tuple[float, tuple[str, ...]]:  # noqa: ANN401 - a rasterio dataset
    """Metres of one unit of height, and what the reader must know of it."""
    named = str(source.units[0] or "").strip().lower()
    if not named:
        vertical = [axis for axis in CRS.from_user_input(crs).axis_info if axis.direction == "up"]
        named = vertical[0].unit_name.lower() if vertical else ""
    if named in _METRE:
        return 1.0, ()
    if named in _FOOT:
        return _FOOT[named], (f"heights in {named} were turned into metres",)
    if named:
        return 1.0, (f"the unit of heights, '{named}', is not known: metres are taken",)
    return 1.0, (UNIT_TAKEN,)
