"""An event before and after: two looks side by side, its outline lettered, and where on the site it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from PIL import Image, ImageDraw

from spadework.grid import pixels_in
from spadework.publish import draw, words
from spadework.publish.labels import Label, arrange, letter
from spadework.publish.pairs import choose_pair
from spadework.publish.plate import imprint, plate
from spadework.records import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.publish.pairs import Pair
    from spadework.records import Look

WIDE: Final = (3, 60)
"""A close-up is this many times the event's box, and at least so many pixels of the grid wide."""
PANEL: Final = 440
"""Side of a panel, pixels; a panel of square grid pixels may be a little smaller."""
HEAD: Final = 62
"""Height of the words above a strip of two panels, pixels."""
LETTERS, AWAY = 16, 26
"""Size of the callout, and its distance from the outline, so that it hides nothing near the event; pixels."""
FULL: Final = 10_000
"""The cube's number for a reflectance of 1."""
SEEN: Final = 0.01
"""Mean reflectance that differs by less is not called brighter or darker."""
INSET: Final = (210, 150)
"""Most width and height of the small map of the site, pixels."""
INSET_COLOURS: Final = 48
"""In so many colours it takes a third of the bytes."""


@dataclass(frozen=True, slots=True)
class _View:
    """What one close-up shows, and how big."""

    mapped: draw.Mapped
    pair: Pair
    rows: slice
    cols: slice
    scale: float
    """Picture pixels per grid pixel."""

    @property
    def shape(self) -> shapely.Geometry:
        """The event's outline in pixels of a panel."""
        return draw.on_picture(self.mapped.outline, self.scale, (self.cols.start, self.rows.start))


def before_after(atlas: draw.Atlas, mapped: draw.Mapped) -> Figure | None:
    """Two looks beside each other, in true and in false colour; None where no two looks show the event."""
    pair = choose_pair(atlas.cube, mapped.event)
    if pair is None:
        return None
    view = _view(atlas, mapped, pair)
    composites = [c for c in (atlas.composite, draw.false_colour(atlas.cube.bands)) if c is not None]
    strips = [_strip(atlas, view, composite) for composite in composites]
    body = Image.new("RGB", (strips[0].width, sum(strip.height for strip in strips)), draw.PAPER)
    for place, strip in enumerate(strips):
        body.paste(strip, (0, place * strips[0].height))
    shown = [atlas.cube.looks[pair.before], atlas.cube.looks[pair.after]]
    title, columns = f"{mapped.title}: before and after", view.cols.stop - view.cols.start
    facts = imprint(atlas.findings, title, shown, grid=atlas.cube.grid, scale=view.scale, columns=columns)
    small = "Small map: the whole site on the look after; the box is this close-up."
    facts = replace(facts, lines=(small, f"{registered(shown)}.", *facts.lines))
    sheet = plate(body, facts, _inset(atlas, view))
    width, height = (strips[0].width - draw.MARGIN) // 2, strips[0].height - HEAD
    left, top = sheet.corner[0], sheet.corner[1] + HEAD
    panels = tuple((x, top, x + width, top + height) for x in (left, left + width + draw.MARGIN))
    caption = _caption(view, composites, shown)
    alt = f"Close-up of event {mapped.event.id} on {shown[0].day} and on {shown[1].day}, outlined, with its place on the site."
    alt += _difference(atlas, view)
    name = f"figures/{mapped.event.id}-before-after.png"
    return Figure(name, draw.png(sheet.image), caption, alt, tuple(look.id for look in shown), panels=(panels[0], panels[1]))


def registered(shown: Sequence[Look]) -> str:
    """How far either look may lie from the others."""
    before, after = (words.residual(look) for look in shown)
    return f"Registration (90 % radius): residual {before} before, residual {after} after"


def _view(atlas: draw.Atlas, mapped: draw.Mapped, pair: Pair) -> _View:
    """The window round the event, inside the grid, grown until its squares fill the panel."""
    times, least = WIDE
    west, north, east, south = mapped.outline.bounds
    side = math.ceil(max(times * (east - west), times * (south - north), least))
    side = PANEL // max(PANEL // side, 1) if side <= PANEL else side
    spans = []
    for low, high, size in ((north, south, atlas.cube.grid.shape[0]), (west, east, atlas.cube.grid.shape[1])):
        length = min(side, size)
        first = min(max(round((low + high) / 2 - length / 2), 0), size - length)
        spans.append(slice(first, first + length))
    rows, cols = spans
    longest = max(rows.stop - rows.start, cols.stop - cols.start)
    return _View(mapped, pair, rows, cols, PANEL // longest if longest <= PANEL else PANEL / longest)


def _strip(atlas: draw.Atlas, view: _View, composite: draw.Composite) -> Image.Image:
    """Before and after in one composite, with one stretch, lettered."""
    cube, steps = atlas.cube, (view.pair.before, view.pair.after)
    pixels = np.stack([cube.reflectance[index, composite.indices, view.rows, view.cols] for index in steps])
    limits = atlas.limits
    if composite != atlas.composite:
        limits = draw.stretch(pixels, np.stack([cube.clear[index, view.rows, view.cols] for index in steps]), common=False)
    panels = [draw.fit(draw.picture(part, limits), PANEL, PANEL) for part in pixels]
    width, height = panels[0].size
    strip = Image.new("RGB", (2 * width + draw.MARGIN, height + HEAD), draw.PAPER)
    pen = ImageDraw.Draw(strip)
    pen.text((0, 8), composite.words[:1].upper() + composite.words[1:], font=draw.font(17), fill=draw.FAINT)
    event = view.mapped.event
    callout = Label(view.mapped.title, draw.clipped(view.shape, panels[0].size), draw.STATUS_COLOUR[event.status])
    spots = arrange([callout], panels[0].size, LETTERS, AWAY)
    for place, (index, panel) in enumerate(zip(steps, panels, strict=True)):
        x, look = place * (width + draw.MARGIN), cube.looks[index]
        draw.outline(panel, callout.shape, callout.colour)
        letter(panel, [callout], spots, LETTERS)
        strip.paste(draw.framed(panel), (x, HEAD))
        name, bold = ("Before  ", "After  ")[place], draw.font(18, bold=True)
        pen.text((x, 33), name, font=bold, fill=draw.INK)
        text = f"{look.day}  {words.platform(look.platform)[:20]}"
        pen.text((x + bold.getlength(name), 33), text, font=draw.font(18), fill=draw.INK)
    return strip


def _inset(atlas: draw.Atlas, view: _View) -> Image.Image:
    """The whole site on the look after, with a box where the close-up lies."""
    shape = atlas.cube.grid.shape
    image = atlas.look(view.pair.after, max(INSET))
    scale = min(INSET[0] / shape[1], INSET[1] / shape[0])
    size = max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))
    image = image.resize(size, Image.Resampling.BICUBIC)
    image = image.quantize(INSET_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).convert("RGB")
    box = shapely.box(*(edge * scale for edge in (view.cols.start, view.rows.start, view.cols.stop, view.rows.stop)))
    inside = shapely.box(2, 2, image.width - 3, image.height - 3)
    draw.outline(draw.framed(image), shapely.MultiPolygon([box.intersection(inside)]), draw.PAPER)
    return image


def _difference(atlas: draw.Atlas, view: _View) -> str:
    """What the eye sees inside the outline: how bright its clear pixels are before and after, in the first composite."""
    cube, bands = atlas.cube, list(atlas.composite.indices)
    (rows, cols), member = pixels_in(cube.grid, view.mapped.event.geometry)
    before, after = (
        float(cube.reflectance[step, bands, rows, cols][:, member & cube.clear[step, rows, cols]].mean()) / FULL
        for step in (view.pair.before, view.pair.after)
    )
    if abs(after - before) < SEEN:
        return " Inside the outline the brightness hardly differs; colour or other bands may."
    return f" Inside the outline the ground is {'brighter' if after > before else 'darker'} after than before."


def _caption(view: _View, composites: list[draw.Composite], shown: list[Look]) -> str:
    event, kinds = view.mapped.event, "; ".join(composite.words for composite in composites)
    squares = "the squares are the pixels" if view.scale >= 2 else "pixels are smoothed"  # noqa: PLR2004 - fit enlarges from 2 on
    return (
        f"{event.id} (number {view.mapped.number} on the overview), before: {words.look_name(shown[0])}; after: {words.look_name(shown[1])}. "
        f"{view.pair.reason} Shown in {kinds}; the same stretch before and after; the line is the event's outline; "
        f"{squares}. {registered(shown)}. Small map: the whole site on the look after, with a box where this lies."
    )
