"""Things of known length, area, height, volume and shape, and what an analyst would draw of them.

Nothing here is imported from the rooms that measure, but their settings' records: geodesics are pyproj's, the sun is the
Astronomical Almanac's, shadows are painted ray by ray, heaps and hills are surfaces.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy import ndimage

from spadework.cube import Dem, Image
from spadework.records import Point, VhrScene

Values = NDArray[np.float64]
GEOD = Geod(ellps="WGS84")
SUN_RADIUS = math.radians(0.2665)
SIZE = 2000
MIDDLE = (SIZE / 2, SIZE / 2)
"""Pixels of an image, and column, row of its middle."""
CUT = 0.5
"""Share of heaps that are cut off flat."""


@dataclass(frozen=True)
class Place:
    """An image of nothing, somewhere."""

    image: Image
    fit: Affine


def place(rng: np.random.Generator, crs: str, px: float, lat: float, **known: Any) -> Place:  # noqa: ANN401 - fields of a VhrScene
    """North-up in a CRS (UTM zones are chosen by the longitude), ``px`` metres a pixel on the ground; rotated by up to 20 degrees."""
    lon = float(rng.uniform(-170, 170))
    if crs == "UTM":
        crs = f"EPSG:{(32600 if lat >= 0 else 32700) + int((lon + 180) // 6) + 1}"
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    step = np.array([px, px])
    if crs == "EPSG:4326":
        step = np.degrees(step / 6_371_000) / np.array([math.cos(math.radians(lat)), 1.0])
    elif crs == "EPSG:3857":
        step = step / math.cos(math.radians(lat))
    fit = (
        Affine(step[0], 0, x, 0, -step[1], y)
        * Affine.rotation(float(rng.uniform(-20, 20)))
        * Affine.translation(-MIDDLE[0], -MIDDLE[1])
    )
    scene = VhrScene("truth", crs=crs, **known)
    empty = np.broadcast_to(np.float32(0), (1, SIZE, SIZE))
    return Place(
        Image(empty, np.broadcast_to(np.True_, (SIZE, SIZE)), ("pan",), (fit.a, fit.b, fit.c, fit.d, fit.e, fit.f), scene), fit
    )


def degrees(at: Place, points: list[Point]) -> tuple[Values, Values]:
    """Longitudes and latitudes of map points."""
    lon, lat = Transformer.from_crs(str(at.image.scene.crs), "EPSG:4326", always_xy=True).transform(*np.array(points).T)
    return np.asarray(lon), np.asarray(lat)


def jitter(rng: np.random.Generator, n: int, sd_px: float) -> Values:
    """(n, 2) errors of a hand: Student's t with 5 degrees of freedom, scaled to ``sd_px``; heavier tails than the product takes."""
    return np.asarray(sd_px * rng.standard_t(5, (n, 2)) / math.sqrt(5 / 3))


def leans(rng: np.random.Generator, at: Place, n: int, height_sd: float) -> Values:
    """(n, 2) pixels by which points are displaced: true heights against the level of the image, under its own view."""
    scene = at.image.scene
    off = 20.0 if scene.off_nadir is None else scene.off_nadir
    azimuth = float(rng.uniform(0, 360)) if scene.view_azimuth is None else scene.view_azimuth
    lon, lat = degrees(at, [at.fit * MIDDLE])
    moved_lon, moved_lat, _ = GEOD.fwd(lon[0], lat[0], azimuth + 180, 100.0)
    x, y = Transformer.from_crs("EPSG:4326", str(scene.crs), always_xy=True).transform(moved_lon, moved_lat)
    per_m = (np.array(~at.fit * (x, y)) - MIDDLE) / 100
    heights = height_sd * rng.standard_normal(n)
    return np.asarray(np.tan(np.radians(off)) * heights[:, None] * per_m)


def almanac_sun(when: dt.datetime, lon: float, lat: float) -> tuple[float, float]:
    """Elevation with Bennett's refraction and azimuth, degrees: low-precision formulas of the Astronomical Almanac."""
    n = (when - dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)).total_seconds() / 86_400
    g = math.radians(357.528 + 0.9856003 * n)
    length = math.radians(280.460 + 0.9856474 * n + 1.915 * math.sin(g) + 0.020 * math.sin(2 * g))
    tilt = math.radians(23.439 - 4e-7 * n)
    ascension = math.atan2(math.cos(tilt) * math.sin(length), math.cos(length))
    declination = math.asin(math.sin(tilt) * math.sin(length))
    hour = math.radians(280.46061837 + 360.98564736629 * n + lon) - ascension
    phi = math.radians(lat)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
    east = -math.cos(declination) * math.sin(hour)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(declination) * math.cos(hour)
    elevation = math.degrees(math.asin(up))
    lift = 1.02 / math.tan(math.radians(elevation + 10.3 / (elevation + 5.11))) / 60 if elevation > 0 else 0.0
    return elevation + lift, math.degrees(math.atan2(east, north)) % 360


@dataclass(frozen=True)
class Shadow:
    """A wall of known height on a slope, and its shadow along the sun; lengths in metres, angles in degrees."""

    height: float
    elevation: float
    slope: float
    gsd: float
    snr: float = 50.0
    texture: float = 0.10
    """Of the ground's brightness, with a correlation of half a metre."""
    blur_px: float = 0.65
    """Of the sensor, standard deviation."""


def shadow_line(rng: np.random.Generator, shadow: Shadow, hand_px: float) -> tuple[float, float]:
    """Where a hand puts foot and tip along the shadow, metres from the true foot.

    Light along the ground is the share of the sun's disc over the top of the wall, ray by ray; then the sensor's blur, its pixels
    at a random phase, texture and noise. The tip is where the brightness is half way between the shadow's and the ground's
    medians; then the hand adds its own jitter, at both ends.
    """
    e, a = math.radians(shadow.elevation), math.radians(shadow.slope)
    length = shadow.height / (math.tan(e) + math.tan(a))
    fine = shadow.gsd / 16
    x = np.arange(-8 * shadow.gsd, 2.2 * length + 12 * shadow.gsd, fine) + float(rng.uniform(0, shadow.gsd))
    grazing = np.arctan2(shadow.height - np.tan(a) * x, np.maximum(x, 1e-9))
    t = np.clip((e - grazing) / SUN_RADIUS, -1, 1)
    lit = np.where(x > 0, (t * np.sqrt(1 - t**2) + np.arcsin(t)) / math.pi + 0.5, 1.0)
    ground = 0.25 * (
        1 + shadow.texture * ndimage.gaussian_filter1d(rng.standard_normal(x.size), 0.5 / fine) * math.sqrt(3.545 * 0.5 / fine)
    )
    light = ground * (0.22 + 0.78 * lit)
    seen = ndimage.gaussian_filter1d(light, shadow.blur_px * 16)
    seen = seen[: seen.size // 16 * 16].reshape(-1, 16).mean(axis=1)
    middle = x[: seen.size * 16].reshape(-1, 16).mean(axis=1)
    seen = seen + 0.25 / shadow.snr * rng.standard_normal(seen.size)
    dark = np.median(seen[(middle > 0.2 * length) & (middle < max(0.8 * length, 0.2 * length + 2 * shadow.gsd))])
    bright = np.median(seen[(middle > length + 2 * shadow.gsd) & (middle < 2 * length + 8 * shadow.gsd)])
    near = np.flatnonzero((middle > 0.4 * length) & (middle < length + 3 * shadow.gsd))
    over = near[seen[near] > (dark + bright) / 2]
    tip = length
    if over.size and over[0] > 0:
        i = over[0]
        share = ((dark + bright) / 2 - seen[i - 1]) / (seen[i] - seen[i - 1])
        tip = float(middle[i - 1] + np.clip(share, 0, 1) * shadow.gsd)
    hand = shadow.gsd * jitter(rng, 2, hand_px)[:, 0]
    return float(hand[0]), tip + float(hand[1])


def heap(rng: np.random.Generator, px: float = 0.25) -> tuple[Values, Values, float]:
    """A heap of loose spoil on level ground: (y, x) heights, outline (n, 2) in metres, crest height.

    Cones at one angle of repose, tipped along a random walk, some cut off flat at one height: every slope is at most the angle.
    """
    angle = math.radians(float(rng.uniform(26, 39)))
    n = int(rng.integers(1, 9))
    tops = np.cumsum(rng.normal(0, 3.0, (n, 2)), axis=0)
    tops -= tops.mean(axis=0)
    tall = rng.uniform(2.5, 6.0, n)
    reach = float(np.abs(tops).max() + tall.max() / math.tan(angle) + 3)
    axis = np.arange(-reach, reach, px) + px / 2
    east, north = np.meshgrid(axis, axis)
    z = np.max([h - math.tan(angle) * np.hypot(east - x, north - y) for h, (x, y) in zip(tall, tops, strict=True)], axis=0)
    if rng.uniform() < CUT:
        z = np.minimum(z, float(rng.uniform(1.0, 0.9 * tall.max())))
    labels, _ = ndimage.label(z > 0)
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    z = np.where(largest, z, 0.0)
    shapes = rasterio.features.shapes(largest.astype(np.uint8), mask=largest, transform=Affine(px, 0, -reach, 0, px, -reach))
    rings = [found["coordinates"][0] for found, _ in shapes]
    corners = shapely.get_coordinates(shapely.Polygon(max(rings, key=len)).simplify(0.15))[:-1]
    return z, corners, float(z.max())


def hill(rng: np.random.Generator, rows: int = 121, cols: int = 201, cell: float = 30.0) -> tuple[Values, Values]:
    """A ridge with spurs: heights of the ground on 10 m posts, and their means over ``cell`` (an exact elevation model)."""
    factor = int(cell / 10)
    shape = (rows * factor, cols * factor)
    rough = sum(
        amplitude * ndimage.gaussian_filter(rng.standard_normal(shape), length) * length * 3.545
        for amplitude, length in ((18.0, 25), (5.0, 10), (1.0, 3))
    )
    east = 10.0 * (np.arange(shape[1]) - shape[1] / 2)
    ridge = float(rng.uniform(200, 350)) * np.exp(-0.5 * (east / float(rng.uniform(450, 800))) ** 2)
    ground = 1000 + ridge[None] + rough
    return ground, ground.reshape(rows, factor, cols, factor).mean(axis=(1, 3))


def with_errors(rng: np.random.Generator, exact: Values, sd: float, length_m: float, cell: float = 30.0) -> Dem:
    """The elevation model as it would be delivered: errors with the correlation exp(-d^2 / (2 l^2))."""
    sigma = length_m / math.sqrt(2) / cell
    noise = ndimage.gaussian_filter(rng.standard_normal(exact.shape), sigma, mode="wrap")
    heights = exact + sd * noise / noise.std()
    rows, cols = exact.shape
    step = cell * 0.9996
    fit = (step, 0.0, 500_000 - cols / 2 * step, 0.0, -step, 3_730_000 + rows / 2 * step)
    return Dem(heights.astype(np.float32), fit, "EPSG:32639", "simulated")
