"""Polygons of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spadework.grid import pixels_in, reproject, rings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.records import MultiPolygon


def outline(rows: NDArray[np.intp], cols: NDArray[np.intp], grid: GeoBox) -> shapely.Geometry:
    """The union of pixels, in the CRS of the grid; built of one box a run of pixels in a row.

    Args:
        rows: (pixel).
        cols: (pixel).
        grid: north-up.

    """
    order = np.lexsort((cols, rows))
    rows, cols = rows[order], cols[order]
    breaks = np.flatnonzero((np.diff(rows) != 0) | (np.diff(cols) != 1)) + 1
    begins, ends = np.r_[0, breaks], np.r_[breaks, rows.size] - 1
    fit = grid.transform
    west, east = fit.c + fit.a * cols[begins], fit.c + fit.a * (cols[ends] + 1)
    north, south = fit.f + fit.e * rows[begins], fit.f + fit.e * (rows[begins] + 1)
    return shapely.union_all(shapely.box(west, south, east, north))


def to_wgs84(shape: shapely.Geometry, crs: str) -> MultiPolygon:
    """A polygon in WGS 84, valid, outer rings counter-clockwise and holes clockwise (RFC 7946, section 3.1.6)."""
    moved = reproject(shape, crs, "EPSG:4326")
    return rings_of(shapely.orient_polygons(moved if shapely.is_valid(moved) else shapely.make_valid(moved)))


def pixels_of(area: MultiPolygon, grid: GeoBox) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns (pixel), row by row, whose centres lie in a WGS 84 polygon; the way back from an event's outline.

    Args:
        area: WGS 84.
        grid: north-up; what lies outside is left out.

    """
    (down, right), member = pixels_in(grid, area)
    rows, cols = np.nonzero(member)
    return rows + down.start, cols + right.start
