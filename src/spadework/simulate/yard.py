"""Yards: many machines of known place, size and contrast on ground that also holds stones, shrubs, tracks, walls and huts.

Painted at 0.1 m, shadows by the sun, then taken by a sensor: optics, pixels, noise, raw numbers. Made for measuring how many machines
are found and how much else is; what is not in it (other vehicles, markings, trees in rows) such a measure knows nothing about.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.cube import Image
from spadework.records import VhrScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FINE_M: Final = 0.1
"""Pixels that a yard is painted in."""
_SHADE: Final = 0.35
"""Light of the sky in a shadow, as a share of all light."""
PARTS: Final[dict[str, tuple[tuple[tuple[float, float], float, float, float, float], ...]]] = {
    "excavator": (((-1.2, 0), 4.4, 2.9, 2.6, 0.0), ((-1.0, -0.6), 1.7, 1.2, 3.1, 0.25), ((3.2, 0.4), 4.6, 0.8, 2.4, 0.0)),
    "bulldozer": (((-0.5, 0), 4.6, 2.6, 1.9, 0.0), ((-0.9, 0), 1.6, 1.6, 3.2, 0.25), ((2.3, 0), 0.7, 3.9, 1.2, -0.15)),
    "truck": (((-1.1, 0), 6.0, 2.5, 2.4, -0.1), ((3.1, 0), 2.1, 2.5, 2.9, 0.2)),
    "loader": (((-1.0, 0), 5.0, 2.6, 2.2, 0.0), ((-0.6, 0), 1.6, 1.5, 3.3, 0.2), ((2.6, 0), 1.4, 2.7, 1.0, -0.15)),
    "pickup": (((-0.2, 0), 5.2, 1.9, 1.2, 0.0), ((0.2, 0), 1.7, 1.7, 1.8, -0.3)),
}  # fmt: skip
"""Of each machine: (ahead, aside) of a part's middle, its length, width and height, metres, and its tone against the paint, in units of
the contrast. Rounded sizes of civil plant; shapes no finer than these pixels show."""
MACHINES: Final = tuple(PARTS)


@dataclass(frozen=True, slots=True)
class Yard:
    """What a yard holds and how it is seen."""

    side_m: float = 200.0
    machines: int = 16
    contrast: float = 0.4
    """Paint against the ground under it, as a share of the ground's reflectance; half of the machines are darker by it, half brighter."""
    gsd_m: float = 0.5
    sun_elevation: float = 45.0
    """Degrees."""
    texture: float = 0.08
    """One standard deviation of the ground's reflectance, as a share of it."""
    stones_per_ha: float = 60.0
    """Stones and shrubs of 0.4 to 2 m, dark or bright."""
    shrubs_per_ha: float = 8.0
    """Dark clumps of 1.5 to 4 m."""
    walls: int = 4
    """Walls and berms of 20 to 80 m."""
    tracks: int = 3
    """Trodden strips of 3 to 6 m, right across."""
    beds: int = 6
    """Patches of other ground with sharp edges, 5 to 40 m."""
    huts: int = 3
    """Flat-roofed, 7 to 20 m a side."""
    snr: float = 80.0
    """Signal to noise on plain ground."""
    blur_px: float = 0.5
    """One standard deviation of optics and motion, pixels."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing in a yard, or an upright part of it."""

    kind: str
    """One of MACHINES, or "hut", "wall", "shrub", "stone", "track", "bed"."""
    centre: tuple[float, float]
    """Map units; while painting, metres from the north-west corner to the east and south."""
    length_m: float
    width_m: float
    angle_deg: float
    """Of "length", from east towards south."""
    height_m: float
    contrast: float
    """Against the ground under it, as a share of the ground's reflectance, signed."""


def make_yard(yard: Yard, seed: int) -> tuple[Image, tuple[Standing, ...]]:
    """Paint a yard and take its picture.

    Args:
        yard: what it holds.
        seed: the same seed gives the same yard under any settings of the sensor.

    Returns:
        A panchromatic image of 11-bit numbers in EPSG:32637, and all that stands in it, machines and else.

    """
    rng = np.random.default_rng(seed)
    east, north = 400_000.0 + 1000.0 * rng.integers(0, 100), 3_800_000.0 + 1000.0 * rng.integers(0, 100)
    azimuth = float(rng.uniform(100, 260))
    scene = VhrScene(
        f"yard-{seed}",
        datetime=dt.datetime(2020, 4, 1, 8, tzinfo=dt.UTC),
        platform="simulated",
        gsd_m=(yard.gsd_m, yard.gsd_m),
        sun_elevation=yard.sun_elevation,
        sun_azimuth=azimuth,
        crs="EPSG:32637",
        synthetic=True,
    )
    paint = _Paint(yard, azimuth, rng)
    paint.all()
    values = _taken(paint.reflectance * paint.lit, yard, rng)
    truth = tuple(replace(one, centre=(east + one.centre[0], north - one.centre[1])) for one in paint.stands)
    transform = (yard.gsd_m, 0.0, east, 0.0, -yard.gsd_m, north)
    return Image(values[None], np.ones(values.shape, dtype=np.bool_), ("pan",), transform, scene), truth


def _taken(radiance: NDArray[np.float32], yard: Yard, rng: np.random.Generator) -> NDArray[np.float32]:
    """(y, x), what the sensor makes of it: blurred, averaged over pixels, with noise that grows with the root of the signal."""
    import cv2  # noqa: PLC0415 - slow to import

    size = round(yard.side_m / yard.gsd_m)
    soft = cv2.GaussianBlur(radiance, (0, 0), yard.blur_px * yard.gsd_m / _FINE_M)
    seen = cv2.resize(soft, (size, size), interpolation=cv2.INTER_AREA)
    noise = rng.standard_normal(seen.shape, dtype=np.float32) * np.sqrt(seen * seen.mean()) / yard.snr
    return np.asarray(np.clip(np.round((seen + noise) * 1800), 1, 2047), dtype=np.float32)


class _Paint:
    """The ground at 0.1 m while it is being painted: reflectance, and what the sun reaches of it."""

    def __init__(self, yard: Yard, sun_azimuth: float, rng: np.random.Generator) -> None:
        self.yard, self.rng = yard, rng
        self.size = round(yard.side_m / _FINE_M)
        self.reflectance = 0.3 * (1 + yard.texture * _rough(self.size, rng))
        self.lit = np.ones((self.size, self.size), dtype=np.float32)
        self.stands: list[Standing] = []
        turn = np.radians(sun_azimuth + 180)
        self.shade = np.array([np.sin(turn), -np.cos(turn)]) / np.tan(np.radians(yard.sun_elevation))
        """Metres to the east and south that a shadow reaches for each metre of height."""

    def all(self) -> None:
        """Ground first, then what stands on it, the machines last and apart from huts and each other."""
        rng = self.rng
        for _ in range(self.yard.beds):
            self.put("bed", (rng.uniform(10, 40), rng.uniform(5, 30)), 0, rng.normal(0, 0.15))
        for _ in range(self.yard.tracks):
            self.put("track", (3 * self.yard.side_m, rng.uniform(3, 6)), 0, rng.normal(0, 0.15))
        for _ in range(self.yard.walls):
            self.put("wall", (rng.uniform(20, 80), rng.uniform(0.4, 1.5)), rng.uniform(0.5, 2), rng.normal(0, 0.2))
        hectares = self.yard.side_m**2 / 1e4
        for _ in range(round(self.yard.stones_per_ha * hectares)):
            wide = 0.4 + 1.6 * rng.random() ** 3
            self.put("stone", (wide, wide * rng.uniform(0.6, 1)), wide * 0.5, rng.normal(0, 0.25))
        for _ in range(round(self.yard.shrubs_per_ha * hectares)):
            self.shrub()
        for _ in range(self.yard.huts):
            self.put("hut", (rng.uniform(7, 20), rng.uniform(7, 20)), rng.uniform(3, 6), rng.choice([-0.35, 0.3, 0.5]))
        for number in range(self.yard.machines):
            self.park(self.free(), str(rng.choice(MACHINES)), self.yard.contrast * (-1) ** number)

    def put(self, kind: str, sides: tuple[float, float], height: float, contrast: float) -> None:
        """One block anywhere, in any direction."""
        x, y, angle = self.rng.uniform(0, [self.yard.side_m, self.yard.side_m, 180])
        self.stands.append(Standing(kind, (x, y), *sides, angle, height, contrast))
        self.block(self.stands[-1])

    def shrub(self) -> None:
        """A clump of five."""
        rng = self.rng
        at, dark = rng.uniform(0, self.yard.side_m, 2), rng.uniform(-0.5, -0.15)
        self.stands.append(Standing("shrub", (at[0], at[1]), 3.0, 3.0, 0, 0.6, dark))
        for _ in range(5):
            wide, (x, y) = rng.uniform(0.8, 2.2), at + rng.normal(0, 0.7, 2)
            self.block(Standing("shrub", (x, y), wide, wide, rng.uniform(0, 90), wide * 0.4, dark + rng.normal(0, 0.05)))

    def free(self) -> NDArray[np.float64]:
        """A place for a machine, clear of huts and other machines and their shadows."""
        large = [one for one in self.stands if one.kind in (*MACHINES, "hut")]
        while True:
            at = self.rng.uniform(10, self.yard.side_m - 10, 2)
            if all(np.hypot(*(at - one.centre)) > np.hypot(one.length_m, one.width_m) / 2 + 12 for one in large):
                return at

    def park(self, at: NDArray[np.float64], kind: str, contrast: float) -> None:
        """One machine; its box is the one around all its parts."""
        angle, flip = self.rng.uniform(0, 180), self.rng.choice([-1, 1])
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        ground = self.ground(at)
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for place, length, width, height, tone in PARTS[kind]:
            ahead, aside = flip * np.array(place)
            middle = (at[0] + ahead * cos - aside * sin, at[1] + ahead * sin + aside * cos)
            paint = (1 + contrast) * (1 + tone * abs(contrast)) - 1
            self.block(Standing(kind, middle, length, width, angle, height, paint), ground)
            low = np.minimum(low, (ahead - length / 2, aside - width / 2))
            high = np.maximum(high, (ahead + length / 2, aside + width / 2))
        (ahead, aside), (length, width) = (low + high) / 2, high - low
        middle = (at[0] + ahead * cos - aside * sin, at[1] + ahead * sin + aside * cos)
        self.stands.append(Standing(kind, middle, length, width, angle, max(part[3] for part in PARTS[kind]), contrast))

    def block(self, part: Standing, ground: float | None = None) -> None:
        """An upright block: its shadow on what is there already, then its lit top. Of no height: ground of another tone, same texture."""
        import cv2  # noqa: PLC0415 - slow to import

        at = np.array(part.centre)
        foot = cv2.boxPoints((tuple(at / _FINE_M), (part.length_m / _FINE_M, part.width_m / _FINE_M), part.angle_deg))
        if part.height_m == 0:
            mask = np.zeros(self.lit.shape, dtype=np.uint8)
            cv2.fillConvexPoly(mask, _fixed(foot), 1, shift=4)
            self.reflectance[mask > 0] *= max(1 + part.contrast, 0.1)
            return
        tone = (self.ground(at) if ground is None else ground) * (1 + part.contrast)
        shadow = cv2.convexHull(np.vstack([foot, foot + self.shade * part.height_m / _FINE_M]).astype(np.float32))
        cv2.fillConvexPoly(self.lit, _fixed(shadow), _SHADE, shift=4)
        cv2.fillConvexPoly(self.lit, _fixed(foot), 1.0, shift=4)
        cv2.fillConvexPoly(self.reflectance, _fixed(foot), max(tone, 0.02), shift=4)

    def ground(self, at: NDArray[np.float64]) -> float:
        """Reflectance of the 6 m around a place."""
        col, row = np.clip((at / _FINE_M).astype(int), 30, self.size - 31)
        return float(np.median(self.reflectance[row - 30 : row + 31 : 5, col - 30 : col + 31 : 5]))


def _fixed(points: NDArray[Any]) -> NDArray[np.int32]:
    """Corners in sixteenths of a pixel, pixel centres on whole numbers, as the painter wants them."""
    return np.round((points - 0.5) * 16).astype(np.int32)


def _rough(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(y, x), ground texture of mean 0 and deviation 1: most of it broad, some in every size down to decimetres (1 / f)."""
    import cv2  # noqa: PLC0415 - slow to import

    total = np.zeros((size, size), dtype=np.float32)
    for octave in range(9):
        cells = max(size >> (8 - octave), 2)
        part = cv2.resize(rng.standard_normal((cells, cells), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
        total += part * 0.8**octave
    return np.asarray((total - total.mean()) / total.std(), dtype=np.float32)
