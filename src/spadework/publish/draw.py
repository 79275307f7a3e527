"""Parts of every picture: the stretch, the scale bar, the north arrow, outlines, and the strip of facts below.

The law of this room: no files but the bundled DejaVu font, no clock, no random numbers; the same findings give the
same bytes.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image, ImageDraw, ImageFont

from spadework.cube import MISSING
from spadework.grid import reproject, shape_of
from spadework.publish import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure as Plot
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.records import Event, Findings, Look

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
)  # fmt: skip
"""Okabe and Ito (2008), "Color Universal Design": told apart by people with any common colour vision."""
STATUS_COLOUR: Final = {"confirmed": VERMILION, "anomaly": YELLOW, "recovered": SKY, "rejected": "#d0d0d0"}
INK, PAPER, FAINT, NO_DATA = "#1a1a1a", "#ffffff", "#5a5a5a", (205, 205, 205)
MARGIN: Final = 14
"""Pixels around and between the parts of a picture."""
TEXT: Final = 16
"""Size of ordinary lettering, pixels."""
MAX_LINES: Final = 8
"""Of one text in a picture."""
PLOT_COLOURS: Final = 96
"""A plot in so many colours takes a third of the bytes, and nobody sees it."""
MIN_WIDTH: Final = 620
"""Narrowest picture, so that the lines below it fit, pixels."""


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


def outline(
    image: Image.Image, shape: shapely.Geometry, scale: float, colour: str, origin: tuple[float, float] = (0, 0)
) -> None:
    """Draw rings thinly, on a wider line that sets them off from any ground.

    Args:
        image: drawn on.
        shape: polygons, columns and rows of the grid.
        scale: picture pixels per grid pixel.
        colour: of the line.
        origin: column and row of the picture's corner.

    """
    pen = ImageDraw.Draw(image)
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            line = [((x - origin[0]) * scale, (y - origin[1]) * scale) for x, y in shapely.get_coordinates(ring)]
            pen.line(line, fill=PAPER if colour == VERMILION else BLACK, width=4, joint="curve")
            pen.line(line, fill=colour, width=2, joint="curve")


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


def tag(image: Image.Image, text: str, xy: tuple[float, float], size: int = TEXT) -> None:
    """Lettering on a dark plate, on the picture."""
    pen = ImageDraw.Draw(image)
    box = pen.textbbox(xy, text, font=font(size), anchor="la")
    pen.rectangle((box[0] - 5, box[1] - 4, box[2] + 5, box[3] + 4), fill="#111111")
    pen.text(xy, text, font=font(size), fill="#ffffff", anchor="la")


# ---------------------------------------------------------------- the strip below
@dataclass(frozen=True, slots=True)
class Imprint:
    """The facts that every picture carries."""

    title: str
    lines: tuple[str, ...]
    """Dates, platforms, place, credit and licence."""
    synthetic: bool
    metre_px: float | None = None
    """Picture pixels per metre; None = not a map."""
    north: float = 0.0
    """Degrees clockwise from up."""


def imprint(
    findings: Findings, title: str, looks: Sequence[Look], *, grid: GeoBox | None = None, scale: float = 1.0
) -> Imprint:
    """The facts of a picture of these looks.

    Args:
        findings: for site and gate.
        title: of the picture.
        looks: that it shows.
        grid: of the map; None = not a map.
        scale: picture pixels per grid pixel.

    """
    days = [look.day for look in looks]
    platforms = sorted({words.platform(look.platform) for look in looks})
    when = f"{min(days)}" if len(set(days)) == 1 else f"{min(days)} to {max(days)} ({len(looks)} looks)" if days else "no look"
    place = f" · {words.site_place(findings.site)}" if grid is not None else ""
    lines = [f"{when} · {', '.join(platforms)} · pixel {words.span(findings.pixel_m)}{place}"]
    lines += words.credits_of(looks)
    if grid is None:
        return Imprint(words.clean(title), tuple(lines), findings.site.synthetic)
    return Imprint(words.clean(title), tuple(lines), findings.site.synthetic, scale / findings.pixel_m, north_angle(grid))


def wrap(text: str, width: int, size: int, *, bold: bool = False) -> list[str]:
    """Lines of at most ``width`` pixels, at most eight; words longer than a line are cut."""
    lines, face = [""], font(size, bold=bold)
    for word in text.split(" "):
        if face.getlength(f"{lines[-1]} {word}".strip()) <= width:
            lines[-1] = f"{lines[-1]} {word}".strip()
            continue
        while face.getlength(word) > width:
            cut = max(1, int(len(word) * width / face.getlength(word)) - 1)
            lines.append(word[:cut])
            word = word[cut:]  # noqa: PLW2901 - the rest of it
        lines.append(word)
    full = [line for line in lines if line]
    return full if len(full) <= MAX_LINES else [*full[: MAX_LINES - 1], "... (in full in the report)"]


def plate(body: Image.Image, facts: Imprint) -> Image.Image:
    """A picture with its title above and its facts below."""
    width = max(body.width, MIN_WIDTH) + 2 * MARGIN
    inner = width - 2 * MARGIN
    title = wrap(facts.title, inner, TEXT + 3, bold=True)
    small = [line for text in facts.lines for line in wrap(text, inner, TEXT - 2)]
    band, ruler = (34 if facts.synthetic else 0), (58 if facts.metre_px else 0)
    top = band + MARGIN + 26 * len(title)
    height = top + body.height + ruler + 21 * len(small) + 2 * MARGIN
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    if facts.synthetic:
        pen.rectangle((0, 0, width, band), fill=YELLOW)
        text = "SYNTHETIC - simulated, not a real place"
        pen.text((width / 2, band / 2), text, font=font(TEXT + 2, bold=True), fill=BLACK, anchor="mm")
    for index, line in enumerate(title):
        pen.text((MARGIN, band + 10 + 26 * index), line, font=font(TEXT + 3, bold=True), fill=INK)
    sheet.paste(body, (MARGIN, top))
    below = top + body.height + 8
    if facts.metre_px:
        _ruler(pen, facts.metre_px, MARGIN, below, body.width)
        _arrow(pen, facts.north, (width - MARGIN - 24, below + 25))
    for index, line in enumerate(small):
        pen.text((MARGIN, below + ruler + 21 * index), line, font=font(TEXT - 2), fill=FAINT)
    return sheet


def _ruler(pen: ImageDraw.ImageDraw, metre_px: float, x: float, y: float, width: int) -> None:
    """Scale bar of a round length, at most a third of the map."""
    metres = round_length(max(width, 120) / 3 / metre_px)
    end = x + metres * metre_px
    middle = (x + end) / 2
    pen.rectangle((x, y + 10, end, y + 18), fill=PAPER, outline=INK)
    pen.rectangle((x, y + 10, middle, y + 18), fill=INK)
    pen.text((x, y + 23), "0", font=font(TEXT - 2), fill=INK)
    pen.text(
        (max(end, x + 40), y + 23), words.span(metres), font=font(TEXT - 2), fill=INK, anchor="ma" if end > x + 60 else "la"
    )


def _arrow(pen: ImageDraw.ImageDraw, north: float, centre: tuple[float, float]) -> None:
    """North arrow turned to true north, with its letter beside it."""
    angle = math.radians(north)
    right, up = (math.cos(angle), math.sin(angle)), (math.sin(angle), -math.cos(angle))

    def at(along: float, across: float) -> tuple[float, float]:
        return centre[0] + along * up[0] + across * right[0], centre[1] + along * up[1] + across * right[1]

    pen.polygon([at(22, 0), at(-16, 9), at(-9, 0)], fill=INK)
    pen.polygon([at(22, 0), at(-16, -9), at(-9, 0)], fill=PAPER, outline=INK)
    pen.text((centre[0] - 26, centre[1]), "N", font=font(TEXT, bold=True), fill=INK, anchor="mm")


def plot_png(plot: Plot, facts: Imprint) -> bytes:
    """A plot on its plate, as PNG in few colours."""
    canvas: Any = FigureCanvasAgg(plot)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return png(plate(image, facts).quantize(PLOT_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))


def png(image: Image.Image) -> bytes:
    """PNG without any metadata."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()
