"""The sheet that a picture lies on: its title above; below it scale bar, north arrow, where it lies, and the facts.

The law of this sheet: days, never the time of day; the place never finer than the gate; no name of a Scene or a tile.
A picture is copied without its page, so it has to stand alone, and nobody can take it back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from spadework.publish import words
from spadework.publish.draw import BLACK, FAINT, INK, MARGIN, MIN_WIDTH, PAPER, TEXT, YELLOW, font, north_angle, round_length
from spadework.records import PublishRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odc.geo.geobox import GeoBox

    from spadework.records import Findings, Look, Site

MAX_LINES: Final = 8
"""Of one text in a picture."""
SMALL: Final = 17
"""Size of the lettering of the facts, pixels: on paper a picture is a quarter of its size on a screen."""
LINE: Final = 22
"""From one line of small lettering to the next, pixels."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """The facts that every picture carries."""

    title: str
    lines: tuple[str, ...]
    """Dates, platforms, place, credit and licence."""
    synthetic: bool
    metre_px: float | None = None
    """Picture pixels per metre; None = not a map."""
    map_px: int = 0
    """Width of one map on it, pixels."""
    north: float | None = 0.0
    """Degrees clockwise from up; None = not known, so no arrow."""
    sun: float | None = None
    """Where the sun stands, degrees clockwise from up; None = not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A picture with its facts around it."""

    image: Image.Image
    corner: tuple[int, int]
    """Left and top of the picture inside it, pixels."""


def imprint(
    findings: Findings, title: str, looks: Sequence[Look], *, grid: GeoBox | None = None, scale: float = 1.0, columns: int = 0
) -> Imprint:
    """The facts of a picture of these looks.

    Args:
        findings: for site and gate.
        title: of the picture.
        looks: that it shows.
        grid: of the map; None = not a map.
        scale: picture pixels per grid pixel.
        columns: of the grid that one map shows; 0 = all.

    """
    days = sorted({look.day for look in looks})
    platforms = sorted({words.platform(look.platform) for look in looks})
    count = f" ({len(looks)} looks)" if len(looks) > 1 else ""
    when = " to ".join(str(day) for day in dict.fromkeys([*days[:1], *days[-1:]])) + count if days else "no look"
    first = [when, ", ".join(platforms), f"pixel {words.span(findings.pixel_m)}", printed_place(findings.site)]
    owed = {(look.credit, look.licence): look for look in looks}
    lines = (" · ".join(part for part in first if part), *words.credits_of(owed.values()))
    facts = Imprint(words.clean(title), lines, findings.site.synthetic)
    if grid is None:
        return facts
    width = round((columns or grid.shape[1]) * scale)
    return replace(facts, metre_px=scale / findings.pixel_m, map_px=width, north=north_angle(grid))


def printed_place(site: Site) -> str:
    """Where the site lies, at the gate's precision; where that is exact, at the usual one: a page may be exact, a picture is not."""
    gate = site.publish if site.publish.coordinates_m > 0 else PublishRule()
    return words.site_place(replace(site, publish=gate))


def wrap(text: str, width: int, size: int, *, bold: bool = False) -> list[str]:
    """Lines of at most ``width`` pixels, at most eight; words longer than a line are cut."""
    lines, face = [""], font(size, bold=bold)
    for word in text.split(" "):
        if face.getlength(f"{lines[-1]} {word}".strip()) <= width:
            lines[-1] = f"{lines[-1]} {word}".strip()
            continue
        while face.getlength(word) > width:
            cut = max(1, int(len(word) * width / face.getlength(word)) - 1)
            while cut > 1 and face.getlength(word[:cut]) > width:
                cut -= 1  # its first letters are wider than its others
            lines.append(word[:cut])
            word = word[cut:]  # noqa: PLW2901 - the rest of it
        lines.append(word)
    full = [line for line in lines if line]
    return full if len(full) <= MAX_LINES else [*full[: MAX_LINES - 1], "... (in full in the report)"]


def plate(body: Image.Image, facts: Imprint, inset: Image.Image | None = None) -> Plate:
    """A picture with its title above and its facts below.

    Args:
        body: the picture.
        facts: what is lettered around it.
        inset: a small map of where the picture lies, set at the left of the facts.

    """
    width = max(body.width, MIN_WIDTH)
    side = inset.width + MARGIN + 4 if inset else 0
    title = wrap(facts.title, width, TEXT + 3, bold=True)
    small = [line for text in facts.lines for line in wrap(text, width - side, SMALL)]
    band, ruler = (34 if facts.synthetic else 0), (52 if facts.metre_px else 0)
    top = band + 12 + 26 * len(title)
    below = top + body.height + 12
    height = below + max(ruler + LINE * len(small), inset.height if inset else 0) + MARGIN
    sheet = Image.new("RGB", (width + 2 * MARGIN, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    if facts.synthetic:
        pen.rectangle((0, 0, sheet.width, band), fill=YELLOW)
        text = "SYNTHETIC - simulated, not a real place"
        pen.text((sheet.width / 2, band / 2), text, font=font(TEXT + 2, bold=True), fill=BLACK, anchor="mm")
    for index, line in enumerate(title):
        pen.text((MARGIN, band + 8 + 26 * index), line, font=font(TEXT + 3, bold=True), fill=INK)
    sheet.paste(body, (MARGIN, top))
    if inset:
        sheet.paste(inset, (MARGIN, below))
    if facts.metre_px:
        _ruler(pen, facts.metre_px, (MARGIN + side, below), facts.map_px)
        if facts.north is not None:
            _arrow(pen, facts.north, (MARGIN + width - 12, below + 20))
        if facts.sun is not None:
            sun_arrow(pen, facts.sun, (MARGIN + width - 84, below + 20))
            pen.text((MARGIN + width - 110, below + 20), "sun", font=font(TEXT), fill=INK, anchor="rm")
    for index, line in enumerate(small):
        pen.text((MARGIN + side, below + ruler + LINE * index), line, font=font(SMALL), fill=FAINT)
    return Plate(sheet, (MARGIN, top))


def _ruler(pen: ImageDraw.ImageDraw, metre_px: float, corner: tuple[float, float], width: float) -> None:
    """Scale bar of a round length, at most a third of the map, of a small one at most 60 pixels."""
    metres = round_length(max(width / 3, 60) / metre_px)
    (x, y), face = corner, font(SMALL)
    end = x + metres * metre_px
    pen.rectangle((x, y + 2, end, y + 9), fill=PAPER, outline=INK)
    pen.rectangle((x, y + 2, (x + end) / 2, y + 9), fill=INK)
    pen.text((x, y + 15), "0", font=face, fill=INK)
    label = words.span(metres)
    pen.text((max(end - face.getlength(label) / 2, x + 24), y + 15), label, font=face, fill=INK)


def _arrow(pen: ImageDraw.ImageDraw, north: float, centre: tuple[float, float]) -> None:
    """North arrow turned to true north, with its letter beside it."""
    angle = math.radians(north)
    right, up = (math.cos(angle), math.sin(angle)), (math.sin(angle), -math.cos(angle))

    def at(along: float, across: float) -> tuple[float, float]:
        return centre[0] + along * up[0] + across * right[0], centre[1] + along * up[1] + across * right[1]

    pen.polygon([at(20, 0), at(-16, 9), at(-9, 0)], fill=INK)
    pen.polygon([at(20, 0), at(-16, -9), at(-9, 0)], fill=PAPER, outline=INK)
    pen.text((centre[0] - 24, centre[1]), "N", font=font(TEXT, bold=True), fill=INK, anchor="mm")


def sun_arrow(pen: ImageDraw.ImageDraw, sun: float, centre: tuple[float, float], size: float = 1.0) -> None:
    """An arrow that comes from a disc where the sun stands, degrees clockwise from up, in the direction of the shadows.

    Args:
        pen: of the picture.
        sun: degrees clockwise from up.
        centre: of the arrow, pixels.
        size: 1 = 37 pixels long.

    """
    angle = math.radians(sun)
    right, up = (math.cos(angle), math.sin(angle)), (math.sin(angle), -math.cos(angle))

    def at(along: float, across: float) -> tuple[float, float]:
        return centre[0] + size * (along * up[0] + across * right[0]), centre[1] + size * (along * up[1] + across * right[1])

    (x, y), disc = at(13, 0), 6 * size
    pen.line([(x, y), at(-18, 0)], fill=INK, width=2)
    pen.polygon([at(-18, 0), at(-10, 4), at(-10, -4)], fill=INK)
    pen.ellipse((x - disc, y - disc, x + disc, y + disc), fill=YELLOW, outline=INK)
