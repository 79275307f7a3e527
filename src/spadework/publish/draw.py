"""Parts of every picture: colours, lettering, the stretch, and what lies where on the map.

The law of this room: no files but the bundled DejaVu font, no clock, no random numbers; the same findings give the
same bytes.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from spadework.cube import MISSING
from spadework.grid import pixels_in, reproject, shape_of
from spadework.publish import words

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.cube import Cube
    from spadework.records import Event, Findings

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
)  # fmt: skip
"""Okabe and Ito (2008), "Color Universal Design": told apart by people with any common colour vision."""
STATUS_COLOUR: Final = {"confirmed": VERMILION, "anomaly": YELLOW, "recovered": SKY, "rejected": "#d0d0d0"}
INK, PAPER, FAINT, EDGE, NO_DATA = "#1a1a1a", "#ffffff", "#5a5a5a", "#9a9a9a", (205, 205, 205)
MARGIN: Final = 14
"""Pixels around and between the parts of a picture."""
TEXT: Final = 16
"""Size of ordinary lettering, pixels."""
PLOT_COLOURS: Final = 96
"""A plot in so many colours takes a third of the bytes, and nobody sees it."""
MIN_WIDTH: Final = 620
"""Narrowest picture, so that the lines below it fit, pixels."""
SHEET_CLEAR: Final = 0.5
"""Looks with at least this share of the Site clear are on the contact sheet, and set the stretch."""
MAX_EVENTS: Final = 50
"""Events that are drawn."""


@lru_cache(maxsize=32)
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans as matplotlib bundles it."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / name, size)


# ---------------------------------------------------------------- colour
@dataclass(frozen=True, slots=True)
class Composite:
    """Which bands make a picture, and how they are called."""

    indices: tuple[int, ...]
    """Band indices for red, green and blue of the picture; one index = grey."""
    words: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Reflectance x 10,000 that becomes black and white, one pair per channel."""

    low: tuple[float, ...]
    high: tuple[float, ...]


def true_colour(bands: tuple[str, ...]) -> Composite:
    """Red, green, blue; grey of the first band where one of them is missing."""
    if {"red", "green", "blue"} <= set(bands):
        return Composite(tuple(bands.index(name) for name in ("red", "green", "blue")), "true colour (red, green, blue)")
    return Composite((0,), f"grey of band {words.clean(bands[0])}: no true colour, red, green or blue is missing")


def false_colour(bands: tuple[str, ...]) -> Composite | None:
    """Short-wave infrared, near infrared, red; else near infrared, red, green; else None."""
    for names, meaning in (
        (("swir16", "nir", "red"), "plants green, bare ground pink"),
        (("nir", "red", "green"), "plants red, bare ground grey to cyan"),
    ):
        if set(names) <= set(bands):
            return Composite(tuple(bands.index(name) for name in names), f"false colour ({', '.join(names)}): {meaning}")
    return None


def stretch(pixels: NDArray[np.int16], usable: NDArray[np.bool_], *, common: bool) -> Stretch:
    """Limits from the 1st and 99th percentile of the usable pixels.

    Args:
        pixels: (time, channel, y, x), reflectance x 10,000.
        usable: (time, y, x), True = counts.
        common: one pair for all channels, which keeps hues true.

    """
    chosen = np.moveaxis(pixels, 1, -1)[usable & (pixels != MISSING).all(axis=1)]
    if chosen.size == 0:
        return Stretch((0.0,) * pixels.shape[1], (3000.0,) * pixels.shape[1])
    low, high = np.percentile(chosen[:: max(1, len(chosen) // 100_000)], (1, 99), axis=0)
    if common:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    high = np.maximum(high, low + 300)
    return Stretch(tuple(map(float, low)), tuple(map(float, high)))


def picture(pixels: NDArray[np.int16], limits: Stretch) -> Image.Image:
    """(channel, y, x) reflectance x 10,000 as an RGB picture, brightened (gamma 1/1.4); grey without data."""
    low = np.array(limits.low, dtype=np.float32)[:, None, None]
    high = np.array(limits.high, dtype=np.float32)[:, None, None]
    unit = np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1) ** np.float32(1 / 1.4)
    rgb = np.broadcast_to((unit * 255 + 0.5).astype(np.uint8), (3, *pixels.shape[1:]))
    rgb = np.where((pixels == MISSING).any(axis=0), np.array(NO_DATA, dtype=np.uint8)[:, None, None], rgb)
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(rgb, 0, -1)))


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """Enlarged by a whole number from 2 on, so that pixels show; else to just that size, smoothly."""
    factor = min(width // image.width, height // image.height)
    if factor > 1:
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)


# ---------------------------------------------------------------- on the map
def to_pixels(event: Event, grid: GeoBox) -> shapely.MultiPolygon:
    """Outline of an event in columns and rows of the grid, (0, 0) = outer corner of the first pixel."""
    a, _, c, _, e, f = grid.transform[:6]
    moved = reproject(shape_of(event.geometry), "EPSG:4326", str(grid.crs))
    placed = shapely.transform(moved, lambda xy: (xy - [c, f]) / [a, e])
    return shapely.MultiPolygon([part for part in shapely.get_parts(placed) if isinstance(part, shapely.Polygon)])


def on_picture(shape: shapely.Geometry, scale: float, origin: tuple[float, float] = (0, 0)) -> shapely.Geometry:
    """From columns and rows of the grid to pixels of a picture.

    Args:
        shape: columns and rows of the grid.
        scale: picture pixels per grid pixel.
        origin: column and row of the picture's corner.

    """
    return shapely.transform(shape, lambda xy: (xy - origin) * scale)


def clipped(shape: shapely.Geometry, size: tuple[int, int]) -> shapely.MultiPolygon:
    """The part of an outline that lies on a picture, both in its pixels; empty where they only touch."""
    parts = shapely.get_parts(shapely.intersection(shape, shapely.box(0, 0, *size)))
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon)])


def outline(image: Image.Image, shape: shapely.Geometry, colour: str, width: int = 2) -> None:
    """Draw rings thinly, on a wider line that sets them off from any ground; ``shape`` in pixels of the picture."""
    pen = ImageDraw.Draw(image)
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    lines = [[(x, y) for x, y in shapely.get_coordinates(ring)] for ring in rings]
    for line in lines:
        pen.line(line, fill=PAPER if colour == VERMILION else BLACK, width=width + 2, joint="curve")
    for line in lines:
        pen.line(line, fill=colour, width=width, joint="curve")


def framed(image: Image.Image) -> Image.Image:
    """The same picture with a thin grey edge, without which cloud runs out into the paper."""
    ImageDraw.Draw(image).rectangle((0, 0, image.width - 1, image.height - 1), outline=EDGE)
    return image


def north_angle(grid: GeoBox) -> float:
    """Degrees clockwise from up to true north at the grid's centre: meridians lean in a projection."""
    crs = str(grid.crs)
    col, row = grid.shape[1] / 2, grid.shape[0] / 2
    x, y = grid.transform * (col, row)
    longitude, latitude = shapely.get_coordinates(reproject(shapely.Point(x, y), crs, "EPSG:4326"))[0]
    east, north = shapely.get_coordinates(reproject(shapely.Point(longitude, latitude + 0.01), "EPSG:4326", crs))[0]
    return math.degrees(math.atan2(east - x, north - y))


def round_length(limit: float) -> float:
    """Longest of 1, 2, 5 x 10^n that is not over ``limit``."""
    power = 10.0 ** math.floor(math.log10(limit))
    return next(m * power for m in (5, 2, 1) if m * power <= limit * (1 + 1e-9))


def png(image: Image.Image) -> bytes:
    """PNG without any metadata."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


# ---------------------------------------------------------------- what all maps share
@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """An event that is drawn."""

    number: int
    """From 1, its place in the findings; the overview's key."""
    event: Event
    outline: shapely.MultiPolygon
    """In columns and rows of the grid."""

    @property
    def title(self) -> str:
        """Number and id, as the pictures print them."""
        return f"{self.number} · {words.clean(self.event.id)[:24]}"


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """What all maps of one report share: the looks, one way to draw every date, and the events by number."""

    cube: Cube
    findings: Findings
    composite: Composite
    limits: Stretch
    events: tuple[Mapped, ...]

    def look(self, index: int, side: int) -> Image.Image:
        """One look of the whole grid, thinned where it has over twice the pixels wanted."""
        step = max(1, max(self.cube.grid.shape) // (2 * side))
        return picture(self.cube.reflectance[index, self.composite.indices, ::step, ::step], self.limits)


def atlas(cube: Cube, findings: Findings) -> Atlas:
    """True colour with limits from up to 24 clear looks over the whole time; of the first 50 events, those on the grid."""
    composite = true_colour(cube.bands)
    clear = [index for index, look in enumerate(cube.looks) if look.clear >= SHEET_CLEAR] or list(range(len(cube.looks)))
    chosen = clear[:: math.ceil(len(clear) / 24)]
    step = max(1, max(cube.grid.shape) // 256)
    pixels = cube.reflectance[np.ix_(chosen, composite.indices)][..., ::step, ::step]
    usable = cube.clear[chosen, ::step, ::step] & cube.inside[::step, ::step]
    events = tuple(
        Mapped(number, event, to_pixels(event, cube.grid))
        for number, event in enumerate(findings.events[:MAX_EVENTS], 1)
        if pixels_in(cube.grid, event.geometry)[1].any()
    )
    return Atlas(cube, findings, composite, stretch(pixels, usable, common=True), events)
