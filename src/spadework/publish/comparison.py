"""A pair of Scenes before and after, the probability of change beside them, and on the picture what that is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import PIL.Image
import shapely
from PIL import ImageDraw

from spadework.publish import draw, view, words
from spadework.publish.plate import plate, sun_arrow, wrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Comparison
    from spadework.records.findings import Box

PANEL: Final = 440
"""Longer side of a panel, pixels."""
HEAD: Final = 34
"""Height of the words above a panel, pixels."""
PATCHES: Final = 40
"""Patches that are outlined, the largest."""
RAMP: Final = ((0.0, "#ffffff"), (0.25, "#fde0b0"), (0.5, "#f0a040"), (0.75, "#c04a00"), (1.0, "#4a1000"))
"""Colours of a probability: lightness falls all the way, so that it reads in grey and with any colour vision."""
SMALL: Final = 14
"""Lettering of the words beside the map, pixels."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of a pair, and where its two panels lie."""

    data: bytes
    panels: tuple[Box, Box]


def comparison_figure(comparison: Comparison, before: Image, after: Image, probability: NDArray[np.float32]) -> bytes:
    """Before, after, and the probability of change, with alignment, confidence and limits in words, as PNG.

    Args:
        comparison: what is told of the pair.
        before: the earlier image.
        after: the later one on the grid of ``before``.
        probability: (y, x) on that grid, 0..1, NaN where not comparable.

    """
    return draw_comparison(comparison, before, after, probability).data


def draw_comparison(
    comparison: Comparison, before: Image, after: Image, probability: NDArray[np.float32], place: str = ""
) -> Drawn:
    """The same, with the place of its panels; ``place`` no finer than the gate."""
    seen = view.whole(before, PANEL)
    width, height = seen.size
    one, two, common = view.stretch_of_pair(before, after)
    later = view.View(after, seen.rows, seen.cols, seen.scale)
    told = _words(comparison, common=common)
    below = max(HEAD + height + 44, told[-1][0] + 30)
    body = PIL.Image.new("RGB", (2 * PANEL + draw.MARGIN, HEAD + height + below), draw.PAPER)
    pen = ImageDraw.Draw(body)
    outlines = _outlines(comparison, seen)
    right = PANEL + draw.MARGIN
    for x, name, shown, limits in ((0, "Before", seen, one), (right, "After", later, two)):
        panel = shown.picture(limits)
        draw.outline(panel, outlines, draw.VERMILION, 1)
        body.paste(draw.framed(panel), (x, HEAD))
        _head(pen, x, name, shown)
    top = 2 * HEAD + height
    body.paste(draw.framed(_shaded(probability, seen)), (0, top))
    pen.text((0, top - 26), "Probability that the ground looks different", font=draw.font(16, bold=True), fill=draw.INK)
    _ramp(pen, (0, top + height + 8), width)
    for down, line, bold in told:
        pen.text((right, top - 26 + down), line, font=draw.font(SMALL + bold, bold=bold), fill=draw.INK)
    facts = view.facts(seen, "Before and after", [before.scene, after.scene], place)
    sheet = plate(body, replace(facts, sun=None))  # each panel has its own
    left, head = sheet.corner
    boxes = [(left + x, head + HEAD, left + x + width, head + HEAD + height) for x in (0, right)]
    return Drawn(draw.png(sheet.image), (boxes[0], boxes[1]))


def _head(pen: ImageDraw.ImageDraw, x: int, name: str, shown: view.View) -> None:
    """Which image, of which day, and where its sun stood: shadows of the two may fall elsewhere."""
    bold, scene = draw.font(17, bold=True), shown.image.scene
    pen.text((x, 8), name, font=bold, fill=draw.INK)
    sun, left = shown.direction(scene.sun_azimuth), bold.getlength(f"{name}  ")
    text = f"{view.day_of(scene)}  {words.platform(scene.platform)}"
    while left + draw.font(17).getlength(text) > PANEL - (84 if sun is not None else 0):
        text = text[:-1]
    pen.text((x + left, 8), text, font=draw.font(17), fill=draw.INK)
    if sun is not None:
        pen.text((x + PANEL - 44, 16), "sun", font=draw.font(SMALL), fill=draw.INK, anchor="rm")
        sun_arrow(pen, sun, (x + PANEL - 18, 16), 0.8)


def _outlines(comparison: Comparison, seen: view.View) -> shapely.MultiPolygon:
    """The largest patches in pixels of a panel."""
    largest = sorted(comparison.patches, key=lambda patch: -(patch.area_m2 or 0))[:PATCHES]
    rings = [[seen.at(ring) for ring in patch.geometry] for patch in largest if patch.geometry]
    return draw.clipped(shapely.union_all([shapely.Polygon(ring[0], ring[1:]) for ring in rings]), seen.size)


def _shaded(probability: NDArray[np.float32], seen: view.View) -> PIL.Image.Image:
    """Probability as colour, the mean of each picture pixel; grey where nothing could be compared."""
    known = np.isfinite(probability)
    filled = PIL.Image.fromarray(np.where(known, probability, 0).astype(np.float32))
    weight = PIL.Image.fromarray(known.astype(np.float32))
    how = PIL.Image.Resampling.NEAREST if seen.scale >= 1 else PIL.Image.Resampling.BOX
    total, share = (np.asarray(part.resize(seen.size, how)) for part in (filled, weight))
    level = total / np.maximum(share, 1e-6)
    rgb = np.where((share > 0.5)[..., None], coloured(level), np.array(draw.NO_DATA, dtype=np.uint8))  # noqa: PLR2004 - most of it
    return PIL.Image.fromarray(np.ascontiguousarray(rgb.astype(np.uint8)))


def coloured(level: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(y, x, 3), the colour of each probability 0..1."""
    stops = np.array([at for at, _ in RAMP])
    colours = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for _, colour in RAMP])
    channels = [np.interp(level, stops, colours[:, n]) for n in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _ramp(pen: ImageDraw.ImageDraw, corner: tuple[int, int], width: int) -> None:
    """The colours and their probabilities, and the grey of what was not compared."""
    x, y = corner
    long = min(200, width // 2)
    for step, colour in enumerate(coloured(np.linspace(0, 1, long)[None])[0].tolist()):
        pen.line((x + step, y, x + step, y + 12), fill=tuple(colour))
    pen.rectangle((x, y, x + long, y + 12), outline=draw.EDGE)
    for share, text, anchor in ((0.0, "0", "la"), (0.5, ".5", "ma"), (1.0, "1", "ra")):
        pen.text((x + share * long, y + 16), text, font=draw.font(SMALL), fill=draw.INK, anchor=anchor)
    pen.rectangle((x + long + 18, y, x + long + 32, y + 12), fill=draw.NO_DATA, outline=draw.EDGE)
    pen.text((x + long + 38, y - 2), "not compared", font=draw.font(SMALL), fill=draw.INK)


def _words(pair: Comparison, *, common: bool) -> list[tuple[int, str, bool]]:
    """(height below the top, line, bold): how the pair was aligned, what it shows, and what that is worth."""
    how = pair.alignment
    if how.shift_px is None or how.radius_px is None:
        moved = f"Not aligned, so not compared: {how.failed or 'unknown'}"
    else:
        right, down = how.shift_px
        moved = (
            f"Later image moved by {right:+.2f} px right, {down:+.2f} px down; 90 % radius {how.radius_px:.2f} px; "
            f"{how.tiles} of {how.tried} tiles agreed"
        )
    shown = "No share of change is stated."
    if pair.changed_fraction is not None:
        shown = (
            f"{words.share(pair.changed_fraction)} of what could be compared looks different (probability of at least one half)"
        )
    tone = "One stretch for both images." if common else "Each image has its own stretch: their numbers are not alike."
    blocks = (
        ("Alignment", (moved,)),
        ("What differs", (shown,)),
        (f"Confidence: {pair.confidence}", (f"Method: {pair.detector}",)),
        ("Limits", pair.limits or ("none named",)),
        ("Tone", (tone,)),
    )
    lines, y = [], 0
    for head, texts in blocks:
        lines.append((y, head, True))
        y += 20
        for text in texts:
            for line in wrap(words.clean(text), PANEL, SMALL):
                lines.append((y, line, False))
                y += 18
            y += 3
        y += 5
    return lines
