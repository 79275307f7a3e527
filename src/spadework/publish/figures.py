"""The pictures of a report: contact sheet, timelapse and overview here, then what could be seen, and event by event.

Maps are drawn on the cube's north-up grid with one stretch across all dates, so that a change of tone is a change of
the ground, the air or the sensor, never of the drawing.
"""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from spadework.publish import draw, words
from spadework.publish.closeup import before_after
from spadework.publish.detection import detection_figure
from spadework.publish.labels import PLATE, Label, arrange, letter
from spadework.publish.plate import imprint, plate
from spadework.publish.series import series_figure
from spadework.records import Figure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from spadework.cube import Cube
    from spadework.records import Findings, Look

FILM_CLEAR: Final = 0.8
"""Looks with at least this share of the Site clear are in the timelapse."""
FILM_LOOKS: Final = 40
VERY_CLEAR: Final = 0.95
THUMB, SMALL_THUMB = 150, 112
"""Side of a thumbnail, and of one among many, pixels."""
SHEET_COLUMNS: Final = ((4, 12), (6, 48), (12, 240), (16, math.inf))
"""(columns of the contact sheet, most looks on it)."""
FILM, OVERVIEW = 600, 880
"""Longest side of a frame of the timelapse, and of the overview's map, pixels."""


def draw_all(cube: Cube, findings: Findings) -> tuple[Figure, ...]:
    """Every picture of the report, in a fixed order.

    Args:
        cube: looks that were read, on the Site's grid.
        findings: what was found; figures are made for its first 50 events, as far as they touch the grid.

    Returns:
        ``figures/looks.png``, ``timelapse.webp`` and ``overview.png`` as far as there are clear looks for them,
        ``sensitivity.png`` where it was measured, then ``<event>-before-after.png`` and ``<event>-series.png`` event by event. The same input gives the same bytes.

    """
    if not cube.looks:
        return ()
    atlas = draw.atlas(cube, findings)
    with ThreadPoolExecutor() as pool:  # encoders release the interpreter's lock
        made = [pool.submit(draw_it, atlas) for draw_it in (_contact_sheet, _timelapse, _overview)]
        made.append(pool.submit(detection_figure, findings))
        for mapped in atlas.events:
            made += [pool.submit(before_after, atlas, mapped), pool.submit(series_figure, atlas, mapped)]
        return tuple(figure for future in made if (figure := future.result()) is not None)


def _thumbnail(atlas: draw.Atlas, index: int, side: int) -> Image.Image:
    """One look, its longer side exactly as long as a thumbnail."""
    image, shape = atlas.look(index, side), atlas.cube.grid.shape
    scale = side / max(shape)
    size = (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))
    return image.resize(size, Image.Resampling.BICUBIC if image.width < size[0] else Image.Resampling.BOX)


def _layout(count: int) -> tuple[int, int]:
    """Columns of a contact sheet, and the side of a thumbnail."""
    columns = next(columns for columns, most in SHEET_COLUMNS if count <= most)
    return columns, THUMB if columns <= 6 else SMALL_THUMB  # noqa: PLR2004 - more do not fit beside each other


def _contact_sheet(atlas: draw.Atlas) -> Figure | None:
    """Every look that is clear over the Site, in time order."""
    cube, findings = atlas.cube, atlas.findings
    chosen = [index for index, look in enumerate(cube.looks) if look.clear >= draw.SHEET_CLEAR]
    if not chosen:
        return None
    most, side = _layout(len(chosen))
    thumbs = [_thumbnail(atlas, index, side) for index in chosen]
    columns, (width, height) = min(most, len(chosen)), thumbs[0].size
    cell, row = max(width, side) + 10, height + 46
    body = Image.new("RGB", (columns * cell - 10, math.ceil(len(chosen) / columns) * row), draw.PAPER)
    pen = ImageDraw.Draw(body)
    for place, (index, thumb) in enumerate(zip(chosen, thumbs, strict=True)):
        x, y = place % columns * cell, place // columns * row
        look = cube.looks[index]
        body.paste(draw.framed(thumb), (x, y))
        pen.text((x, y + height + 3), f"{look.day}", font=draw.font(13, bold=True), fill=draw.INK)
        pen.text((x, y + height + 20), _clear(look, side), font=draw.font(12), fill=draw.FAINT)
    looks = [cube.looks[index] for index in chosen]
    facts = imprint(
        findings, f"{findings.site.name}: every clear look", looks, grid=cube.grid, scale=width / cube.grid.shape[1]
    )
    caption = (
        f"Every look with at least half of the site clear: {len(chosen)} of {len(findings.looks)}, in "
        f"{atlas.composite.words}, one stretch across all dates. Under each: day (UTC), share of the site that is clear, platform."
    )
    alt = f"Contact sheet of {len(chosen)} small satellite images from {looks[0].day} to {looks[-1].day}."
    return Figure("figures/looks.png", draw.png(plate(body, facts).image), caption, alt, tuple(look.id for look in looks))


def _clear(look: Look, width: int) -> str:
    """Share of the Site that is clear, and the platform as far as it fits under a thumbnail."""
    text, face = f"{words.share(look.clear)} {words.platform(look.platform)}", draw.font(12)
    while face.getlength(text) > width + 6:
        text = text[:-1]
    return text


def _film_looks(looks: Sequence[Look]) -> list[int]:
    """Clear looks for the timelapse; of more than 40, the clearest of 40 equal parts of them."""
    for least in (FILM_CLEAR, draw.SHEET_CLEAR):
        chosen = [index for index, look in enumerate(looks) if look.clear >= least]
        if len(chosen) > 1:
            parts = np.array_split(chosen, min(FILM_LOOKS, len(chosen)))
            return [int(max(part, key=lambda index: (looks[index].clear, index))) for part in parts]
    return []


def _timelapse(atlas: draw.Atlas) -> Figure | None:
    """Animated WebP of clear looks, the date burnt in."""
    cube, findings = atlas.cube, atlas.findings
    chosen = _film_looks(cube.looks)
    if not chosen:
        return None
    looks = [cube.looks[index] for index in chosen]
    views = [draw.fit(atlas.look(index, FILM), FILM, FILM) for index in chosen]
    scale = views[0].width / cube.grid.shape[1]
    sheet = plate(views[0], imprint(findings, f"{findings.site.name}: timelapse", looks, grid=cube.grid, scale=scale))
    frames = []
    for view, look in zip(views, looks, strict=True):
        _date(draw.framed(view), look, (looks[0].day, looks[-1].day))
        frames.append(sheet.image.copy())
        frames[-1].paste(view, sheet.corner)
    out = io.BytesIO()
    pauses = [450] * (len(frames) - 1) + [2000]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=pauses, loop=0, quality=72, method=1)
    caption = f"Timelapse of {len(frames)} clear looks, {atlas.composite.words}, one stretch across all dates; the date stands in each frame."
    alt = f"Animation of {len(frames)} satellite images from {looks[0].day} to {looks[-1].day}."
    return Figure("figures/timelapse.webp", out.getvalue(), caption, alt, tuple(look.id for look in looks))


def _date(view: Image.Image, look: Look, ends: tuple[dt.date, dt.date]) -> None:
    """The day on a dark plate in the corner, and along the lower edge how much of the time has gone."""
    pen, face = ImageDraw.Draw(view), draw.font(22, bold=True)
    text, sensor = f"{look.day}", f"  {words.platform(look.platform)[:20]}"
    first = face.getlength(text)
    pen.rectangle((0, 0, 22 + first + draw.font(16).getlength(sensor), 38), fill=PLATE)
    pen.text((11, 28), text, font=face, fill=draw.PAPER, anchor="ls")
    pen.text((11 + first, 28), sensor, font=draw.font(16), fill=draw.PAPER, anchor="ls")
    gone = (look.day - ends[0]).days / max((ends[1] - ends[0]).days, 1)
    pen.rectangle((0, view.height - 6, view.width, view.height), fill=PLATE)
    pen.rectangle((0, view.height - 6, gone * view.width, view.height), fill=draw.YELLOW)


def _overview(atlas: draw.Atlas) -> Figure:
    """The last very clear look, with numbered outlines and the ids they stand for."""
    cube, findings = atlas.cube, atlas.findings
    best = max(look.clear for look in cube.looks)
    index = max(i for i, look in enumerate(cube.looks) if look.clear >= min(VERY_CLEAR, best))
    look = cube.looks[index]
    body = draw.fit(atlas.look(index, OVERVIEW), OVERVIEW, OVERVIEW)
    scale = body.width / cube.grid.shape[1]
    labels = []
    for mapped in atlas.events:
        shape, colour = draw.on_picture(mapped.outline, scale), draw.STATUS_COLOUR[mapped.event.status]
        draw.outline(body, shape, colour)
        labels.append(Label(str(mapped.number), draw.clipped(shape, body.size), colour))
    letter(body, labels, arrange(labels, body.size, 14), 14)
    title = f"{findings.site.name}: events on the look of {look.day}"
    facts = imprint(findings, title, [look], grid=cube.grid, scale=scale)
    sheet = plate(_with_key(body, atlas), facts).image
    caption = f"Overview: look of {words.look_name(look)}, {words.share(look.clear)} clear, {atlas.composite.words}."
    caption += (
        " The outlines are numbered as the findings are."
        if atlas.events
        else " No event was found here, so nothing is outlined."
    )
    if undrawn := len(findings.events) - len(atlas.events):
        caption += f" Not drawn: {undrawn} more, listed in the report."
    many = len(atlas.events) or "no"
    alt = f"Satellite image of the site on {look.day} with {many} outlined {'event' if len(atlas.events) == 1 else 'events'}."
    return Figure("figures/overview.png", draw.png(sheet), caption, alt, (look.id,))


def _with_key(body: Image.Image, atlas: draw.Atlas) -> Image.Image:
    """The map, and below it the ids that the numbers stand for, by status."""
    width, face = max(body.width, draw.MIN_WIDTH), draw.font(13)
    groups = [(status, [m for m in atlas.events if m.event.status == status]) for status in words.STATUS]
    groups = [(status, members) for status, members in groups if members]
    cell = max([face.getlength(mapped.title) for mapped in atlas.events], default=0) + 20
    columns = max(1, int((width + 20) // max(cell, 1)))
    rows = sum(math.ceil(len(members) / columns) for _, members in groups)
    more = len(atlas.findings.events) - len(atlas.events)
    sheet = Image.new("RGB", (width, body.height + 27 * len(groups) + 20 * rows + 10 + 22 * bool(more)), draw.PAPER)
    sheet.paste(draw.framed(body), (0, 0))
    pen, y = ImageDraw.Draw(sheet), body.height + 6
    for status, members in groups:
        pen.rectangle((0, y + 5, 14, y + 17), fill=draw.STATUS_COLOUR[status], outline=draw.INK)
        name = words.STATUS[status]
        pen.text((22, y + 3), f"{name[:1].upper()}{name[1:]} ({len(members)})", font=draw.font(14, bold=True), fill=draw.INK)
        for place, mapped in enumerate(members):
            at = (place % columns * width // columns, y + 26 + place // columns * 20)
            pen.text(at, mapped.title, font=face, fill=draw.INK)
        y += 27 + 20 * math.ceil(len(members) / columns)
    if more:
        pen.text((0, y + 6), f"{more} more events are listed in the report and not drawn.", font=face, fill=draw.FAINT)
    return sheet
