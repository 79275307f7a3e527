"""From points on an image to metres on the ground.

One noun answers "how long is this pixel, and where is north": ``Ground``. Georeferenced images go through a local azimuthal
equidistant projection of the ellipsoid at the middle of the image, whatever their CRS is: degrees, feet, UTM with its scale of
.9996, Web Mercator with its 1 / cos(latitude). So lengths are those on the ground and bearings count from true north. Distances
within 10 km of the middle are right to one part in two million (Snyder, Map Projections, USGS 1395, ch. 25). Other images
count pixels of a given ground sample distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from spadework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Point, VhrScene

USUAL_OFF_NADIR: Final = 20.0
"""Degrees from the vertical, taken where a Scene does not say; sub-metre tasking usually stays under 30."""
_MAP_SCALE: Final = 0.002
"""The scale of a usual map projection differs from 1 by less than this share."""
_STEP_PX: Final = 8.0
"""Half the base over which metres per pixel are taken."""


@lru_cache(maxsize=64)
def _onto(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _frame(lon: float, lat: float) -> str:
    return f"+proj=aeqd +lat_0={lat:.9f} +lon_0={lon:.9f} +datum=WGS84 +units=m +type=crs"


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Where the points of one image, or of a window of it, lie on the ground."""

    transform: Affine
    """From column, row of the window to the units in which points are given (``records.Point``)."""
    per_px: NDArray[np.float64]
    """(2, 2), metres east (first row) and north (second row) of one column (first column) and one row (second column)."""
    crs: str | None
    """Of the points; None = pixels."""
    scale: tuple[float, float]
    """Metres of one unit of x and y of the points, used where ``frame`` is None."""
    frame: str | None = None
    """PROJ string of the local metres; None = no place on earth is known."""
    centre: tuple[float, float] | None = None
    """Longitude, latitude of the middle of the window, WGS 84; None = not known."""
    stated_m: float | None = None
    """Ground sample distance that the Scene states, coarser direction; None = it states none."""

    @classmethod
    def of(cls, image: Image) -> Ground:
        """The ground under an image.

        Raises:
            UserError: it has neither a metric georeference nor a ground sample distance, or its georeference is not usable.

        """
        rows, cols = image.valid.shape
        return cls.under(image.scene, image.transform, (rows, cols))

    @classmethod
    def under(
        cls, scene: VhrScene, transform: tuple[float, float, float, float, float, float], shape: tuple[int, int]
    ) -> Ground:
        """The same from what is known of an image: its Scene, affine a..f and rows, columns; no pixel is needed."""
        fit = Affine(*transform)
        if not (all(map(math.isfinite, transform)) and fit.determinant):
            raise UserError(scene.id, "its georeference maps all pixels to one line", "georeference it again")
        middle = (shape[1] / 2, shape[0] / 2)
        if scene.crs is None:
            return _by_gsd(scene, fit)
        try:
            crs = CRS.from_user_input(scene.crs)
        except CRSError as error:
            raise UserError(scene.id, f"its CRS '{scene.crs}' is not known", "name it as EPSG:n or WKT") from error
        if crs.is_engineering:
            unit = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
            return _flat(fit, scene.crs, (unit, unit))
        return replace(_on_earth(scene, fit, middle), stated_m=max(scene.gsd_m) if scene.gsd_m else None)

    def pixels(self, points: Sequence[Point] | NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): column, row in the window; 0, 0 is the outer corner of its first pixel."""
        xy = _pairs(points)
        return np.column_stack(~self.transform * (xy[:, 0], xy[:, 1]))

    def metres(self, points: Sequence[Point] | NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): metres east and north in the local frame; without a place on earth, right and up in the image."""
        xy = _pairs(points)
        if self.crs is None or self.frame is None:
            return np.multiply(xy, self.scale)
        return np.column_stack(_onto(self.crs, self.frame).transform(xy[:, 0], xy[:, 1]))

    def points(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): the way back, from local metres (n, 2) to the units of points."""
        if self.crs is None or self.frame is None:
            return np.divide(_pairs(metres), self.scale)
        return np.column_stack(_onto(self.frame, self.crs).transform(metres[:, 0], metres[:, 1]))

    @property
    def oriented(self) -> bool:
        """Whether the local frame knows true north."""
        return self.frame is not None

    @property
    def gsd_m(self) -> float:
        """Ground sample distance, metres, of the coarser of both directions; the stated one where a map scale is all that differs."""
        found = float(np.hypot(self.per_px[0], self.per_px[1]).max())
        return self.stated_m if self.stated_m and abs(self.stated_m / found - 1) < _MAP_SCALE else found

    @property
    def px_m2(self) -> float:
        """Area of one pixel, m2."""
        return abs(float(np.linalg.det(self.per_px)))


def _pairs(points: Sequence[Point] | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def _flat(fit: Affine, crs: str | None, scale: tuple[float, float]) -> Ground:
    """Ground whose units only need a factor."""
    linear = np.array([[fit.a, fit.b], [fit.d, fit.e]], dtype=np.float64)
    return Ground(fit, np.diag(scale) @ linear, crs, scale)


def _by_gsd(scene: VhrScene, fit: Affine) -> Ground:
    if scene.gsd_m is None:
        raise UserError(scene.id, "has no georeference and no ground sample distance", "give --gsd METRES")
    across, along = scene.gsd_m
    if not (across > 0 and along > 0 and math.isfinite(across + along)):
        raise UserError(scene.id, f"a ground sample distance of {across:g} x {along:g} m is none", "give --gsd METRES, over 0")
    return _flat(fit, None, (across, -along))


def _on_earth(scene: VhrScene, fit: Affine, middle: tuple[float, float]) -> Ground:
    crs = str(scene.crs)
    ends = np.array([[0, 0], [-_STEP_PX, 0], [_STEP_PX, 0], [0, -_STEP_PX], [0, _STEP_PX]]) + middle
    x, y = fit * (ends[:, 0], ends[:, 1])
    try:
        lon, lat = _onto(crs, "EPSG:4326").transform(x[0], y[0])
        frame = _frame(lon, lat)
        east, north = _onto(crs, frame).transform(x, y)
    except ProjError as error:
        raise UserError(scene.id, f"its CRS '{crs}' leads to no place on earth", "georeference it again") from error
    at = np.vstack([east, north])
    if not np.isfinite(at).all():
        raise UserError(scene.id, f"its middle at {x[0]:g}, {y[0]:g} has no place in {crs}", "check its georeference")
    per_px = np.column_stack([at[:, 2] - at[:, 1], at[:, 4] - at[:, 3]]) / (2 * _STEP_PX)
    return Ground(fit, per_px, crs, (1.0, 1.0), frame, (float(lon), float(lat)))


def bearing(vector: NDArray[np.float64]) -> float:
    """Degrees from north, clockwise, [0, 360), of a vector east, north."""
    return math.degrees(math.atan2(float(vector[0]), float(vector[1]))) % 360.0


def relief(scene: VhrScene, ground: Ground, height_m: float, along_deg: float | None = None) -> float:
    """By how much a point ``height_m`` above the level of the ortho image is displaced, metres: dz tan(theta).

    A level length keeps its length in a map-projected image at any off-nadir angle: nothing is divided by a cosine. What errs is
    the difference in height of its ends. Displacement is away from the sensor; ``off_nadir`` unknown counts as USUAL_OFF_NADIR.

    Args:
        scene: for its view; with no ``view_azimuth`` the whole displacement is taken to lie along the line.
        ground: tells whether bearings count from true north.
        height_m: above the level of the ortho image.
        along_deg: bearing of a line; then only the part along it is returned (positive where it points from the sensor).

    """
    angle = USUAL_OFF_NADIR if scene.off_nadir is None else scene.off_nadir
    whole = height_m * math.tan(math.radians(angle))
    if along_deg is None or scene.view_azimuth is None or not ground.oriented:
        return whole
    return -whole * math.cos(math.radians(along_deg - scene.view_azimuth))
