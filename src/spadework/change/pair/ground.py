"""How long and how large a pixel of an image is on the ground; None where the image does not say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Geod, Transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

_EARTH = Geod(ellps="WGS84")


@lru_cache(maxsize=16)
def _to_wgs84(crs: str) -> Transformer:
    return Transformer.from_crs(CRS.from_user_input(crs), "EPSG:4326", always_xy=True)


def per_px_m(image: Image) -> NDArray[np.float64] | None:
    """(2, 2): east and north (rows), metres, of a step right and a step down (columns), at the middle of the image.

    By geodesics on the WGS 84 ellipsoid, so that degrees, feet and Web Mercator give lengths on the ground. None without CRS:
    no direction on the ground is known.
    """
    if image.scene.crs is None:
        return None
    a, b, c, d, e, f = image.transform
    rows, cols = image.valid.shape
    col, row = np.array([cols / 2, cols / 2 + 1, cols / 2]), np.array([rows / 2, rows / 2, rows / 2 + 1])
    lon, lat = _to_wgs84(image.scene.crs).transform(a * col + b * row + c, d * col + e * row + f)
    azimuth, _, length = _EARTH.inv([lon[0]] * 2, [lat[0]] * 2, lon[1:], lat[1:])
    angle = np.radians(azimuth)
    return np.array([np.sin(angle) * length, np.cos(angle) * length])


def pixel_m2(image: Image) -> float | None:
    """Area of one pixel on the ground, m2: from the CRS, or else from the scene's GSD."""
    per_px = per_px_m(image)
    if per_px is not None:
        return float(abs(np.linalg.det(per_px)))
    gsd = image.scene.gsd_m
    return None if gsd is None else gsd[0] * gsd[1]
