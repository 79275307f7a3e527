"""A hillside seen twice from orbit, at sub-metre pixels, with everything known: before and after a portal was cut into it.

Painted in cells of a third of a pixel or finer on a surface of heights; sun and sky light it, a tilted view displaces what stands
above the smooth ground that the image was laid on, optics blur it, a detector counts it. Not in it, so that nothing measured here
says anything of it: haze that varies, clouds, moving things, seasons, errors of the elevation model beyond its coarseness.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.cube import Image
from spadework.grid import reproject, rings_of
from spadework.records import VhrScene
from spadework.simulate.hillside import Plot, Surface, hillside, rough
from spadework.simulate.light import illumination, seen
from spadework.simulate.optics import Camera, numbers, sampled
from spadework.simulate.works import LINE_M, Works, machines, silo_at, spoil_ends, with_track, with_works

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import Point
    from spadework.simulate.yard import Standing

FINEST_M: Final = 0.17
"""Cells are no larger than this, and a whole part of a pixel."""
MARGIN_M: Final = 18.0
SMALLEST_M: Final = 200.0
INWARD: Final = 257.0
"""Azimuth into the hill, degrees."""
ORTHO_M: Final = 8.0
"""One standard deviation of what the elevation model that images are laid on smooths away."""
_BANDS: Final = ("blue", "green", "red", "nir")
_PAN: Final = np.array([0.15, 0.35, 0.4, 0.1], dtype=np.float32)
"""Shares of the bands in a panchromatic one."""
_SOIL: Final = (0.125, 0.18, 0.235, 0.29)
_MATERIALS: Final[dict[str, tuple[float, float, float, float]]] = {
    "wash": (0.155, 0.215, 0.27, 0.32),
    "rock": (0.115, 0.15, 0.185, 0.22),
    "track": (0.185, 0.24, 0.295, 0.345),
    "rut": (0.13, 0.18, 0.23, 0.28),
    "pad": (0.205, 0.23, 0.25, 0.265),
    "worn": (0.16, 0.185, 0.205, 0.22),
    "spoil": (0.225, 0.245, 0.26, 0.27),
    "floor": (0.05, 0.058, 0.066, 0.075),
    "dark": (0.012, 0.012, 0.012, 0.012),
}
"""Reflectance of blue, green, red, near infrared; chosen for plausibility: desert soil, weathered and fresh limestone, wet gravel."""
_THINGS: Final = np.array(
    [(0, 0, 0, 0), (0.075, 0.105, 0.11, 0.22), (0.125, 0.16, 0.195, 0.23), (0.05, 0.3, 0.42, 0.46), (0.05, 0.05, 0.055, 0.06),
     (0.14, 0.145, 0.15, 0.16), (0.5, 0.5, 0.49, 0.48)], dtype=np.float32,
)  # fmt: skip
"""Nothing, shrub, boulder, yellow paint, dark glass, grey steel, white paint."""
_PATH: Final = (0.03, 0.018, 0.011, 0.005)
"""Light that the air adds in each band."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """When and how one image was taken; angles in degrees, azimuths from north, clockwise."""

    datetime: dt.datetime
    sun: tuple[float, float]
    """Elevation and azimuth, from the ground towards the sun."""
    view: tuple[float, float]
    """Off-nadir and azimuth, from the ground towards the sensor."""
    gain: float = 1.0
    gamma: float = 1.0
    """Of the numbers over the light."""


_BEFORE: Final = Exposure(dt.datetime(2020, 4, 1, 7, 5, tzinfo=dt.UTC), (52.31, 109.59), (8.0, 196.0))
_AFTER: Final = Exposure(dt.datetime(2020, 5, 12, 7, 5, tzinfo=dt.UTC), (58.42, 87.98), (12.0, 188.0), 1.08, 0.95)
"""Where the sun stands over the place of ``PortalSettings`` at these instants."""


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """What there is, and how it is seen."""

    seed: int = 457
    gsd_m: float = 0.5
    side_m: float = 240.0
    """Of the square image."""
    bands: tuple[str, ...] = ("pan",)
    """"pan", or any of blue, green, red, nir; the same seed shows the same ground at any pixel size and in any bands."""
    works: Works = field(default_factory=Works)
    before: Exposure = _BEFORE
    after: Exposure = _AFTER
    misregistration_px: tuple[float, float] = (1.37, -0.72)
    """By which the AFTER picture lies right and down of where its transform says."""
    camera: Camera = field(default_factory=Camera)
    texture: float = 0.06
    """One standard deviation of the ground's brightness."""
    crs: str = "EPSG:32637"
    corner: tuple[float, float] = (540_080.0, 2_249_920.0)
    """West and north edge, metres: on the open Red Sea, so that nobody can mistake it for a place."""


@dataclass(frozen=True, slots=True, eq=False)
class PortalTruth:
    """What is there. Places are map units, where AFTER shows them: view and misregistration are in them."""

    shift_px: tuple[float, float]
    """Moves AFTER onto BEFORE on level ground: +x right, +y down."""
    opening_line: tuple[Point, Point]
    """Across the cut, at right angles, ending on ground on both sides."""
    opening: tuple[Point, ...]
    """Corners of the cut, floor level."""
    width_m: float
    spoil: tuple[Point, ...]
    """Foot of the heap."""
    spoil_m3: float
    """Of the surface as painted."""
    spoil_height_m: float
    machines: tuple[Standing, ...]
    """"excavator", "bulldozer" and "truck"."""
    silo_shadow: tuple[Point, Point]
    """From the foot of the silo, away from the sun, to the tip of its shadow."""
    silo_height_m: float
    ground_slope_deg: float
    """Rise of the ground along that shadow."""
    changed: NDArray[np.bool_]
    """(y, x) of BEFORE, True where ground or what stands on it is another than before; shadows are no change."""
    dem_before: NDArray[np.float32]
    """(y, x) of BEFORE, metres, mean height of the pixel with what stands on it."""
    dem_after: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PortalPair:
    """Two images and the truth."""

    before: Image
    after: Image
    truth: PortalTruth


def portal_pair(settings: PortalSettings | None = None) -> PortalPair:
    """The hillside before and after; the same settings give the same numbers.

    Raises:
        ValueError: an MTF that no camera has, a band that is not known, or a side under SMALLEST_M.

    """
    settings = settings or PortalSettings()
    if settings.side_m < SMALLEST_M:
        msg = f"a side of {settings.side_m} m does not hold the works, which need {SMALLEST_M} m"
        raise ValueError(msg)
    for band in settings.bands:
        _of(_SOIL, band)
    cells = math.ceil(settings.gsd_m / FINEST_M)
    cell = settings.gsd_m / cells
    margin = math.ceil(MARGIN_M / settings.gsd_m) * settings.gsd_m
    plot = Plot(settings.side_m, cell, margin, (0.36 * settings.side_m, 0.47 * settings.side_m), INWARD)
    ground = hillside(plot, settings.texture, np.random.default_rng([settings.seed, 1]))
    rubble = rough(plot.size, settings.side_m + 2 * margin, (3.0, 0.4, 0.5), np.random.default_rng([settings.seed, 2]))
    before = with_track(plot, ground, 3.4, 0.7)
    after, touched = with_works(plot, with_track(plot, ground, 5.0, 1.0), settings.works, rubble)
    laid = _smoothed(ground.bare, cell)
    shot = _Shot(settings, cells, plot, laid)
    images = (shot.image(before, settings.before, 0), shot.image(after, settings.after, 1))
    return PortalPair(*images, _truth(shot, (before, after), touched))


def _smoothed(bare: NDArray[np.float32], cell_m: float) -> NDArray[np.float32]:
    """(y, x), the heights of a coarse elevation model: what images are laid on."""
    import cv2  # noqa: PLC0415 - slow to import

    size = bare.shape[0]
    small = cv2.resize(bare, (size // 8, size // 8), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), ORTHO_M / (8 * cell_m), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """One place, and how cells become pixels."""

    settings: PortalSettings
    cells: int
    plot: Plot
    laid: NDArray[np.float32]

    def image(self, surface: Surface, exposure: Exposure, number: int) -> Image:
        """Take the picture; ``number`` 0 = BEFORE, 1 = AFTER."""
        import cv2  # noqa: PLC0415 - slow to import

        settings, cell = self.settings, self.plot.cell_m
        light = illumination(surface.heights, cell, exposure.sun)
        where = seen(surface.heights - self.laid, cell, exposure.view)
        rng = np.random.default_rng([settings.seed, 3, number])
        shift = settings.misregistration_px if number else (0.0, 0.0)
        edge, planes = round(self.plot.margin_m / settings.gsd_m), []
        for band in settings.bands:
            colour = _reflectance(surface, band) * light + np.float32(_of(_PATH, band))
            remapped = cv2.remap(colour, where[0], where[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            shown = np.asarray(remapped, dtype=np.float32)
            taken = sampled(shown, self.cells, shift, settings.camera)[edge:-edge, edge:-edge]
            white = settings.camera.white
            bent = (np.maximum(taken, 0) / white) ** exposure.gamma * (white * exposure.gain)
            planes.append(numbers(bent.astype(np.float32), settings.camera, rng))
        values = np.stack(planes)
        west, north = settings.corner
        transform = (settings.gsd_m, 0.0, west, 0.0, -settings.gsd_m, north)
        return Image(values, np.ones(values.shape[1:], dtype=np.bool_), settings.bands, transform, self.scene(exposure))

    def scene(self, exposure: Exposure) -> VhrScene:
        """The image in words."""
        settings = self.settings
        west, north = settings.corner
        box = shapely.box(west, north - settings.side_m, west + settings.side_m, north)
        return VhrScene(
            f"synthetic-portal-{exposure.datetime:%Y%m%d}",
            datetime=exposure.datetime,
            platform="synthetic",
            provider="Spadework",
            licence="CC0-1.0",
            credit="Synthetic data made by Spadework, not a real place",
            gsd_m=(settings.gsd_m, settings.gsd_m),
            off_nadir=exposure.view[0],
            view_azimuth=exposure.view[1],
            sun_elevation=exposure.sun[0],
            sun_azimuth=exposure.sun[1],
            crs=settings.crs,
            footprint=rings_of(reproject(box, settings.crs, "EPSG:4326")),
            synthetic=True,
        )

    def shown(self, surface: Surface, place: tuple[float, float]) -> Point:
        """Map units at which AFTER shows bare ground that lies so many metres east and south of the corner."""
        col, row = np.clip(np.round(self.plot.cells([place])[0]).astype(int), 0, self.plot.size - 1)
        lean = float(surface.bare[row, col] - self.laid[row, col]) * math.tan(math.radians(self.settings.after.view[0]))
        away = math.radians(self.settings.after.view[1] + 180)
        right, down = self.settings.misregistration_px
        east = place[0] + lean * math.sin(away) + right * self.settings.gsd_m
        south = place[1] - lean * math.cos(away) + down * self.settings.gsd_m
        return self.settings.corner[0] + east, self.settings.corner[1] - south


def _of(spectrum: tuple[float, ...] | NDArray[np.float32], band: str) -> float:
    """A band of (blue, green, red, nir); raises ValueError on one that is not known."""
    if band == "pan":
        return float(np.dot(spectrum, _PAN))
    if band not in _BANDS:
        msg = f"a band '{band}' is not known here: pan, {', '.join(_BANDS)}"
        raise ValueError(msg)
    return float(spectrum[_BANDS.index(band)])


def _reflectance(surface: Surface, band: str) -> NDArray[np.float32]:
    """(y, x), of one band: soil, the layers over it, the texture of them all, and what stands there."""
    value = np.full(surface.tone.shape, _of(_SOIL, band), dtype=np.float32)
    for cover, material in surface.layers:
        value += cover * (np.float32(_of(_MATERIALS[material], band)) - value)
    value *= surface.tone
    palette = np.array([_of(thing, band) for thing in _THINGS], dtype=np.float32)
    return np.where(surface.things > 0, palette[surface.things], value)


def _truth(shot: _Shot, surfaces: tuple[Surface, Surface], touched: NDArray[np.bool_]) -> PortalTruth:
    """What is known, where AFTER shows it."""
    settings, plot, works = shot.settings, shot.plot, shot.settings.works
    after = surfaces[1]
    inner = slice(round(plot.margin_m / plot.cell_m), -round(plot.margin_m / plot.cell_m))

    def places(inland: list[tuple[float, float]]) -> tuple[Point, ...]:
        return tuple(shot.shown(after, plot.at(*place)) for place in inland)

    def pixels(field_: NDArray[np.float32]) -> NDArray[np.float32]:
        side = round(settings.side_m / settings.gsd_m)
        blocks = field_[inner, inner].reshape(side, shot.cells, side, shot.cells)
        return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)

    half = works.width_m / 2
    shadow, slope = _silo_shadow(shot, after)
    line = places([(LINE_M, -half - 4.0), (LINE_M, half + 4.0)])
    return PortalTruth(
        shift_px=(-settings.misregistration_px[0], -settings.misregistration_px[1]),
        opening_line=(line[0], line[1]),
        opening=places([(-22.0, -half), (-22.0, half), (7.5, half), (7.5, -half)]),
        width_m=works.width_m,
        spoil=places(_around(works)),
        spoil_m3=works.spoil_m3,
        spoil_height_m=works.crest_m,
        machines=tuple(replace(one, centre=shot.shown(after, one.centre)) for one in machines(plot)),
        silo_shadow=shadow,
        silo_height_m=works.silo_height_m,
        ground_slope_deg=slope,
        changed=pixels(touched.astype(np.float32)) > 0.5,  # noqa: PLR2004 - half of the pixel
        dem_before=pixels(surfaces[0].heights),
        dem_after=pixels(surfaces[1].heights),
    )


def _silo_shadow(shot: _Shot, surface: Surface) -> tuple[tuple[Point, Point], float]:
    """Foot and tip as AFTER shows them, and the rise of the smooth ground between, degrees: h = L (tan e + tan a)."""
    works, (elevation, azimuth) = shot.settings.works, np.radians(shot.settings.after.sun)
    east, south = shot.plot.at(*silo_at())
    away = np.array([-math.sin(azimuth), math.cos(azimuth)])
    foot = np.array([east, south]) + away * works.silo_width_m / 2
    tip, slope = foot, 0.0
    for _ in range(3):
        tip = foot + away * works.silo_height_m / (math.tan(elevation) + math.tan(slope))
        cols = np.round(shot.plot.cells([tuple(foot), tuple(tip)])).astype(int)
        rise = float(np.diff(shot.laid[cols[:, 1], cols[:, 0]])[0])
        slope = math.atan2(rise, float(np.hypot(*(tip - foot))))
    ends = shot.shown(surface, (foot[0], foot[1])), shot.shown(surface, (tip[0], tip[1]))
    return ends, math.degrees(slope)


def _around(works: Works) -> list[tuple[float, float]]:
    """Foot of the heap, inward and to the right, metres: a half circle around each end of its axis."""
    ends = np.array(spoil_ends(works))
    along = math.atan2(*(ends[1] - ends[0])[::-1])
    half = np.radians(np.arange(-90, 91, 15))
    turns = along + np.concatenate([half, half + math.pi])
    around = np.repeat(ends[::-1], half.size, axis=0) + works.spoil_radius_m * np.column_stack([np.cos(turns), np.sin(turns)])
    return [(float(x), float(y)) for x, y in around]
