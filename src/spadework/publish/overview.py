"""A Scene with what was sighted and measured in it: numbered callouts on all of it, and each Sighting close up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import PIL.Image
import shapely
from PIL import ImageDraw

from spadework.publish import draw, view, words
from spadework.publish.labels import Label, arrange, letter
from spadework.publish.plate import plate, wrap
from spadework.publish.scenes import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Identity, Measurement, Sighting

SIDE: Final = 880
"""Longer side of the map, pixels."""
MOST: Final = 60
"""Sightings that are numbered; the others are drawn without."""
IDENTITY_COLOUR: Final[dict[Identity, str]] = {"possible": draw.SKY, "probable": draw.ORANGE, "confirmed": draw.VERMILION}
MEASURED_COLOUR: Final = draw.YELLOW
ON_THE_GROUND: Final = ("width", "length", "area", "height", "spoil volume")
"""Quantities that are drawn: each has its own line or outline on the Scene."""
CHIP, COLUMNS, AROUND_M = 168, 5, 24.0
"""Side of a close-up of a Sighting, pixels; how many stand beside each other; and the ground that it shows, metres."""
SMALL: Final = 13


def overview_figure(
    image: Image, sightings: Sequence[Sighting], measured: Sequence[tuple[int, Measurement]], place: str = ""
) -> bytes:
    """All of a Scene with numbered boxes and lines, and what they stand for below, as PNG.

    Args:
        image: of the Scene.
        sightings: in it.
        measured: number and record of what was measured in it.
        place: no finer than the gate.

    """
    seen = view.whole(image, SIDE)
    body = seen.picture(view.stretch_of(image))
    labels = [
        Label(str(number), draw.clipped(shape, body.size), IDENTITY_COLOUR[sighting.identity])
        for number, sighting in enumerate(sightings, 1)
        if not shapely.is_empty(shape := box_on(seen, sighting))
    ]
    drawn = [(number, result) for number, result in measured if result.quantity in ON_THE_GROUND and result.where]
    labels += [Label(f"M{number}", draw.clipped(line_on(seen, result), body.size), MEASURED_COLOUR) for number, result in drawn]
    labels = [label for label in labels if not shapely.is_empty(label.shape)]
    for label in labels:
        draw.outline(body, label.shape, label.colour, 2)
    named = [label for label in labels if label.text.startswith("M") or int(label.text) <= MOST]
    letter(body, named, arrange(named, body.size, SMALL, near=6), SMALL)
    title = f"Scene of {view.day_of(image.scene)}: what was sighted and measured"
    return draw.png(plate(_keyed(body, sightings, drawn), view.facts(seen, title, [image.scene], place)).image)


def box_on(seen: view.View, sighting: Sighting) -> shapely.Polygon:
    """The box of a Sighting on a picture; empty where the size of a pixel is not known."""
    scale = seen.metre_px
    if scale is None:
        return shapely.Polygon()
    (x, y), angle = seen.at([sighting.centre])[0], math.radians(sighting.angle_deg)
    along = np.array([math.cos(angle), math.sin(angle)]) * sighting.length_m * scale / 2
    across = np.array([-math.sin(angle), math.cos(angle)]) * sighting.width_m * scale / 2
    middle = np.array([x, y])
    return shapely.Polygon([middle + along + across, middle + along - across, middle - along - across, middle - along + across])


def line_on(seen: view.View, result: Measurement) -> shapely.Geometry:
    """What was measured on a picture, as thin ground: an outline as it is, a line three pixels wide."""
    at: NDArray[np.float64] = seen.at(result.where)
    if result.quantity in ("area", "spoil volume"):
        return shapely.Polygon(at)
    return shapely.buffer(shapely.LineString(at) if len(at) > 1 else shapely.Point(at[0]), 1.5, cap_style="flat")


def _keyed(body: PIL.Image.Image, sightings: Sequence[Sighting], drawn: Sequence[tuple[int, Measurement]]) -> PIL.Image.Image:
    """The map, and below it what its numbers stand for."""
    width = max(body.width, draw.MIN_WIDTH)
    entries = [
        (IDENTITY_COLOUR[sighting.identity], f"{number}  {sighting.identity} {sighting.label}")
        for number, sighting in enumerate(sightings[:MOST], 1)
    ]
    wide = [
        (MEASURED_COLOUR, f"M{number}  {name_of(result)}: {words.measured(result) or 'not stated'}") for number, result in drawn
    ]
    columns = 3
    rows = math.ceil(len(entries) / columns)
    lines = [(colour, wrap(words.clean(text), width - 24, SMALL + 1)) for colour, text in wide]
    more = len(sightings) - len(entries)
    height = 10 + 22 * rows + sum(20 * len(text) for _, text in lines) + 22 * bool(more)
    sheet = PIL.Image.new("RGB", (width, body.height + height), draw.PAPER)
    sheet.paste(draw.framed(body), (0, 0))
    pen, top = ImageDraw.Draw(sheet), body.height + 8
    for place, (colour, named) in enumerate(entries):
        x, y = place // rows * width // columns, top + place % rows * 22
        _entry(pen, (x, y), colour, named)
    y = top + 22 * rows
    if more:
        pen.text((0, y), f"{more} more are drawn without a number.", font=draw.font(SMALL), fill=draw.FAINT)
        y += 22
    for colour, text in lines:
        for n, line in enumerate(text):
            _entry(pen, (0, y), colour if n == 0 else "", line)
            y += 20
    return sheet


def _entry(pen: ImageDraw.ImageDraw, corner: tuple[float, float], colour: str, text: str) -> None:
    x, y = corner
    if colour:
        pen.rectangle((x, y + 3, x + 12, y + 14), fill=colour, outline=draw.INK)
    pen.text((x + 20, y), text, font=draw.font(SMALL + 1), fill=draw.INK)


# ---------------------------------------------------------------- close up
def sightings_figure(image: Image, sightings: Sequence[Sighting], place: str = "") -> bytes:
    """Each Sighting close up, numbered as on the overview, with its box, as PNG."""
    shown = sightings[:MOST]
    step = view.ground_of(image)
    per_px = 1.0 if step is None else float(np.hypot(*step[:, 0]))
    limits = view.stretch_of(image)
    pixels = max(math.ceil(AROUND_M / per_px), 8)
    columns = min(COLUMNS, max(len(shown), 1))
    cell = CHIP + 10
    body = PIL.Image.new("RGB", (columns * cell - 10, math.ceil(len(shown) / columns) * (CHIP + 44)), draw.PAPER)
    pen = ImageDraw.Draw(body)
    seen = view.whole(image, SIDE)
    for place_, sighting in enumerate(shown):
        x, y = place_ % columns * cell, place_ // columns * (CHIP + 44)
        near = view.around(image, [sighting.centre], CHIP, least_px=pixels)
        seen = replace(near, scale=CHIP / max(near.rows.stop - near.rows.start, near.cols.stop - near.cols.start))
        chip = seen.picture(limits)
        draw.outline(chip, shapely.MultiPolygon([box_on(seen, sighting)]), IDENTITY_COLOUR[sighting.identity])
        body.paste(draw.framed(chip), (x, y))
        pen.text((x, y + CHIP + 3), f"{place_ + 1}  {sighting.identity}", font=draw.font(SMALL, bold=True), fill=draw.INK)
        pen.text((x, y + CHIP + 20), wrap(words.clean(sighting.label), CHIP, SMALL)[0], font=draw.font(SMALL), fill=draw.INK)
    title = f"Scene of {view.day_of(image.scene)}: each sighting close up"
    return draw.png(plate(body, view.facts(seen, title, [image.scene], place)).image)
