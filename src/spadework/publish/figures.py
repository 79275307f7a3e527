"""The pictures of a report: contact sheet, timelapse, overview, and for each event a before/after pair and its series.

Maps are drawn on the cube's north-up grid with one stretch across all dates, so that a change of tone is a change of
the ground, the air or the sensor, never of the drawing.
"""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure as Plot
from PIL import Image, ImageDraw

from spadework.grid import pixels_in
from spadework.publish import draw, words
from spadework.publish.pairs import choose_pair
from spadework.publish.series import series_figure
from spadework.records import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.cube import Cube
    from spadework.records import Event, Family, Findings, Sensitivity

SHEET_CLEAR: Final = 0.5
"""Looks with at least this share of the Site clear are on the contact sheet."""
FILM_CLEAR: Final = 0.8
"""The same for the timelapse."""
FILM_LOOKS: Final = 40
VERY_CLEAR: Final = 0.95
MAX_EVENTS: Final = 50
"""Events that get figures of their own."""
THUMB: Final = 150
"""Side of a thumbnail, pixels."""
CLOSE_UP: Final = (3, 60)
"""A close-up is this many times the event's box, and at least so many pixels wide."""


@dataclass(frozen=True, slots=True, eq=False)
class _Palette:
    """One way to draw every date."""

    composite: draw.Composite
    limits: draw.Stretch


def draw_all(cube: Cube, findings: Findings) -> tuple[Figure, ...]:
    """Every picture of the report, in a fixed order.

    Args:
        cube: looks that were read, on the Site's grid.
        findings: what was found; figures are made for its first 50 events that touch the grid.

    Returns:
        ``figures/looks.png``, ``timelapse.webp`` and ``overview.png`` as far as there are clear looks for them,
        ``sensitivity.png`` where it was measured, then ``<event>-before-after.png`` and ``<event>-series.png`` event by event. The same input gives the same bytes.

    """
    if not cube.looks:
        return ()
    palette = _site_palette(cube)
    events = [event for event in findings.events[:MAX_EVENTS] if pixels_in(cube.grid, event.geometry)[1].any()]
    with ThreadPoolExecutor(1) as pool:  # pictures beside plots: their encoders release the interpreter's lock
        site = [pool.submit(draw_it, cube, findings, palette) for draw_it in (_contact_sheet, _timelapse, _overview)]
        pairs = [pool.submit(_before_after, cube, findings, event) for event in events]
        plots = [series_figure(cube, findings, event) for event in events]
        made = [*(future.result() for future in site), _sensitivity(findings)]
        for pair, plot in zip(pairs, plots, strict=True):
            made += [pair.result(), plot]
    return tuple(figure for figure in made if figure is not None)


def _site_palette(cube: Cube) -> _Palette:
    """True colour with limits from up to 24 clear looks over the whole time."""
    composite = draw.true_colour(cube.bands)
    clear = [index for index, look in enumerate(cube.looks) if look.clear >= SHEET_CLEAR] or list(range(len(cube.looks)))
    chosen = clear[:: math.ceil(len(clear) / 24)]
    step = max(1, max(cube.grid.shape) // 256)
    pixels = cube.reflectance[np.ix_(chosen, composite.indices)][..., ::step, ::step]
    usable = (cube.clear & cube.inside)[chosen][..., ::step, ::step]
    return _Palette(composite, draw.stretch(pixels, usable, common=True))


def _drawn(cube: Cube, index: int, palette: _Palette, side: int) -> Image.Image:
    """One look, thinned before it is drawn where it has over twice the pixels wanted."""
    step = max(1, max(cube.grid.shape) // (2 * side))
    pixels = cube.reflectance[index, palette.composite.indices, ::step, ::step]
    return draw.picture(pixels, palette.limits)


def _thumbnail(cube: Cube, index: int, palette: _Palette) -> Image.Image:
    """One look, its longer side exactly as long as a thumbnail."""
    image = _drawn(cube, index, palette, THUMB)
    scale = THUMB / max(cube.grid.shape)
    size = (max(1, round(cube.grid.shape[1] * scale)), max(1, round(cube.grid.shape[0] * scale)))
    return image.resize(size, Image.Resampling.BICUBIC if image.width < size[0] else Image.Resampling.BOX)


def _columns(count: int) -> int:
    return next(columns for columns, most in ((4, 12), (6, 60), (8, 240), (12, count)) if count <= most)


def _contact_sheet(cube: Cube, findings: Findings, palette: _Palette) -> Figure | None:
    """Every look that is clear over the Site, in time order."""
    chosen = [index for index, look in enumerate(cube.looks) if look.clear >= SHEET_CLEAR]
    if not chosen:
        return None
    thumbs = [_thumbnail(cube, index, palette) for index in chosen]
    columns, (width, height) = min(_columns(len(chosen)), len(chosen)), thumbs[0].size
    cell, row = max(width, THUMB) + 10, height + 46
    body = Image.new("RGB", (columns * cell, math.ceil(len(chosen) / columns) * row), draw.PAPER)
    pen = ImageDraw.Draw(body)
    for place, (index, thumb) in enumerate(zip(chosen, thumbs, strict=True)):
        x, y = place % columns * cell, place // columns * row
        look = cube.looks[index]
        body.paste(thumb, (x, y))
        pen.text((x, y + height + 3), f"{look.day}  {words.share(look.clear)}", font=draw.font(14, bold=True), fill=draw.INK)
        pen.text((x, y + height + 21), words.platform(look.platform)[:18], font=draw.font(13), fill=draw.FAINT)
    looks = [cube.looks[index] for index in chosen]
    facts = draw.imprint(
        findings, f"{findings.site.name}: every clear look", looks, grid=cube.grid, scale=width / cube.grid.shape[1]
    )
    caption = (
        f"Every look with at least half of the site clear: {len(chosen)} of {len(findings.looks)}, in "
        f"{palette.composite.words}, one stretch across all dates. Under each: day (UTC), share of the site that is clear, platform."
    )
    alt = f"Contact sheet of {len(chosen)} small satellite images from {looks[0].day} to {looks[-1].day}."
    return Figure("figures/looks.png", draw.png(draw.plate(body, facts)), caption, alt, tuple(look.id for look in looks))


def _film_looks(cube: Cube) -> list[int]:
    """Clear looks for the timelapse; of more than 40, the clearest of 40 equal parts of them."""
    for least in (FILM_CLEAR, SHEET_CLEAR):
        chosen = [index for index, look in enumerate(cube.looks) if look.clear >= least]
        if len(chosen) > 1:
            parts = np.array_split(chosen, min(FILM_LOOKS, len(chosen)))
            return [int(max(part, key=lambda index: (cube.looks[index].clear, index))) for part in parts]
    return []


def _timelapse(cube: Cube, findings: Findings, palette: _Palette) -> Figure | None:
    """Animated WebP of clear looks, the date burnt in."""
    chosen = _film_looks(cube)
    if not chosen:
        return None
    looks = [cube.looks[index] for index in chosen]
    frames = []
    for index in chosen:
        frame = draw.fit(_drawn(cube, index, palette, 600), 600, 600)
        facts = draw.imprint(findings, findings.site.name, looks, grid=cube.grid, scale=frame.width / cube.grid.shape[1])
        draw.tag(frame, f"{cube.looks[index].day}  {words.platform(cube.looks[index].platform)}", (12, 12), 20)
        frames.append(draw.plate(frame, facts))
    out = io.BytesIO()
    pauses = [450] * (len(frames) - 1) + [2000]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=pauses, loop=0, quality=72, method=1)
    caption = f"Timelapse of {len(frames)} clear looks, {palette.composite.words}, one stretch across all dates; the date stands in each frame."
    alt = f"Animation of {len(frames)} satellite images from {looks[0].day} to {looks[-1].day}."
    return Figure("figures/timelapse.webp", out.getvalue(), caption, alt, tuple(look.id for look in looks))


def _overview(cube: Cube, findings: Findings, palette: _Palette) -> Figure:
    """The last very clear look, with numbered outlines and the ids they stand for."""
    best = max(look.clear for look in cube.looks)
    index = max(i for i, look in enumerate(cube.looks) if look.clear >= min(VERY_CLEAR, best))
    look = cube.looks[index]
    body = draw.fit(_drawn(cube, index, palette, 880), 880, 880)
    scale = body.width / cube.grid.shape[1]
    events = findings.events[:MAX_EVENTS]
    for event in events:
        draw.outline(body, draw.to_pixels(event, cube.grid), scale, draw.STATUS_COLOUR[event.status])
    _numbers(body, cube, events, scale)
    sheet = _with_key(body, events)
    facts = draw.imprint(
        findings, f"{findings.site.name}: events on the look of {look.day}", [look], grid=cube.grid, scale=scale
    )
    caption = f"Overview: look of {words.look_name(look)}, {words.share(look.clear)} clear, {palette.composite.words}."
    listed = "; ".join(f"{place} = {event.id}" for place, event in enumerate(events, 1))
    caption += f" Outlines: {listed}." if events else " No event was found, so nothing is outlined."
    alt = f"Satellite image of the site on {look.day} with {len(events)} outlined events."
    return Figure("figures/overview.png", draw.png(draw.plate(sheet, facts)), caption, alt, (look.id,))


def _numbers(body: Image.Image, cube: Cube, events: Sequence[Event], scale: float) -> None:
    """A number beside each outline, moved round it until it covers no other outline or number."""
    boxes = [tuple(value * scale for value in draw.to_pixels(event, cube.grid).bounds) for event in events]
    taken: list[tuple[float, ...]] = []
    pen = ImageDraw.Draw(body)
    for place, box in enumerate(boxes, 1):
        size = 12 + 11 * len(str(place)), 22
        others = [other for other in boxes if other != box]
        spots = [_kept_in(spot, size, body.size) for spot in _spots(box, size)]
        free = [spot for spot in spots if not _covers(spot, size, taken + others)]
        x, y = (free or [spot for spot in spots if not _covers(spot, size, taken)] or spots)[0]
        middle = x + size[0] / 2, y + size[1] / 2
        near = min(max(middle[0], box[0]), box[2]), min(max(middle[1], box[1]), box[3])
        if math.dist(middle, near) > 2 * size[1]:
            pen.line([middle, near], fill=draw.PAPER, width=2)
        taken.append((x, y, x + size[0], y + size[1]))
        pen.rectangle(taken[-1], fill="#111111")
        pen.text(middle, str(place), font=draw.font(16, bold=True), fill="#ffffff", anchor="mm")


def _spots(box: tuple[float, ...], size: tuple[int, int]) -> list[tuple[float, float]]:
    """Corners of a label of ``size`` round a box (west, north, east, south), the near ones first."""
    (west, north, east, south), (width, height) = box, size
    return [
        spot
        for far in (4, 24, 48, 72, 96)
        for spot in (
            (east + far, north), (west - far - width, north), (west, north - far - height), (west, south + far),
            (east + far, south - height), (west - far - width, south - height), (east + far, south + far),
            (west - far - width, north - far - height),
        )
    ]  # fmt: skip


def _kept_in(spot: tuple[float, float], size: tuple[int, int], picture: tuple[int, int]) -> tuple[float, float]:
    return min(max(spot[0], 0), picture[0] - size[0]), min(max(spot[1], 0), picture[1] - size[1])


def _covers(spot: tuple[float, float], size: tuple[int, int], boxes: Sequence[tuple[float, ...]]) -> bool:
    x, y = spot
    return any(x + size[0] >= west and x <= east and y + size[1] >= north and y <= south for west, north, east, south in boxes)


def _with_key(body: Image.Image, events: Sequence[Event]) -> Image.Image:
    """The map with the numbers' ids and the colours' meaning below it."""
    width = max(body.width, draw.MIN_WIDTH)
    columns = max(1, width // 400)
    rows = math.ceil(len(events) / columns)
    sheet = Image.new("RGB", (width, body.height + rows * 24 + (10 if rows else 0)), draw.PAPER)
    sheet.paste(body, (0, 0))
    pen = ImageDraw.Draw(sheet)
    for place, event in enumerate(events):
        x, y = place % columns * (width // columns), body.height + 10 + place // columns * 24
        pen.rectangle((x, y + 3, x + 14, y + 15), fill=draw.STATUS_COLOUR[event.status], outline=draw.BLACK)
        text = f"{place + 1}  {words.clean(event.id)[:24]}  {words.STATUS[event.status]}"
        pen.text((x + 22, y), text, font=draw.font(14), fill=draw.INK)
    return sheet


# ---------------------------------------------------------------- what could have been seen
def _sensitivity(findings: Findings) -> Figure | None:
    """Probability of detection against contrast, one panel a family; ticks are plants confirmed (top) and not (bottom)."""
    told = findings.sensitivity
    if told is None or not told.curves:
        return None
    plot = Plot(figsize=(9.2, 4.4), dpi=100)
    axes = plot.subplots(1, 2, sharey=True)
    plot.subplots_adjust(left=0.075, right=0.985, top=0.92, bottom=0.13, wspace=0.06)
    _pod(axes[0], told, "soil")
    _pod(axes[1], told, "grey")
    axes[0].set_ylabel("probability of being confirmed", size=12)
    watched = [look for look in findings.looks if told.start <= look.day <= told.end]
    facts = draw.imprint(findings, f"{findings.site.name}: what could have been seen", watched)
    caption = (
        f"Fitted probability that a change of this area and contrast that began on {words.day(told.middle)}, the middle of the watched "
        f"period, was confirmed, with its {words.share(told.level)} interval; left, changes along the line between the ground and bare "
        f"soil; right, the same step in every band. Ticks: the {len(told.planted)} planted changes, of all areas and onsets, confirmed "
        "(above) or not (below)."
    )
    alt = f"Two plots of the probability of detection against contrast, rising, from {len(told.planted)} planted changes."
    return Figure("figures/sensitivity.png", draw.plot_png(plot, facts), caption, alt, tuple(look.id for look in watched))


def _pod(axis: Any, told: Sensitivity, family: Family) -> None:  # noqa: ANN401 - untyped matplotlib
    curves = [curve for curve in told.curves if curve.family == family]
    for curve, colour, dash in zip(curves, (draw.VERMILION, draw.PURPLE, draw.BLUE), (":", "--", "-"), strict=False):
        at = np.array(curve.contrast) * 100
        axis.fill_between(at, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
        axis.plot(at, curve.probability, color=colour, ls=dash, lw=2, label=words.plain_area(curve.area_m2))
    for found, height in ((True, 1.045), (False, -0.045)):
        at = np.array([p.contrast * 100 for p in told.planted if p.family == family and p.found == found])
        axis.plot(at, np.full(at.size, height), ls="", marker="|", color=draw.FAINT, ms=7, mew=0.8)
    axis.axhline(words.SURE, color=draw.FAINT, lw=1, ls=":")
    axis.set(xscale="log", ylim=(-0.09, 1.09), xlabel="contrast, points of reflectance")
    axis.set_title({"soil": "towards or away from bare soil", "grey": "the same step in every band"}[family], size=12)
    steps = [n for n in (1, 2, 5, 10, 20) if min(c.contrast[0] for c in curves) * 95 <= n <= curves[0].contrast[-1] * 105]
    axis.set_xticks(steps, [str(n) for n in steps])
    axis.minorticks_off()
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="#e4e4e4", lw=0.6)
    axis.legend(loc="lower right", frameon=False, fontsize=11, bbox_to_anchor=(1.0, 0.07))


# ---------------------------------------------------------------- one event
def _window(cube: Cube, event: Event) -> tuple[slice, slice]:
    """Rows and columns of the close-up, inside the grid."""
    times, least = CLOSE_UP
    west, north, east, south = draw.to_pixels(event, cube.grid).bounds
    side = max(times * (east - west), times * (south - north), least)
    spans = []
    for low, high, size in ((north, south, cube.grid.shape[0]), (west, east, cube.grid.shape[1])):
        length = min(math.ceil(side), size)
        first = min(max(round((low + high) / 2 - length / 2), 0), size - length)
        spans.append(slice(first, first + length))
    return spans[0], spans[1]


def _before_after(cube: Cube, findings: Findings, event: Event) -> Figure | None:
    """Two looks beside each other, in true and in false colour."""
    pair = choose_pair(cube, event)
    if pair is None:
        return None
    rows, cols = _window(cube, event)
    shown = [cube.looks[pair.before], cube.looks[pair.after]]
    composites = [draw.true_colour(cube.bands), draw.false_colour(cube.bands)]
    strips = [_strip(cube, event, (pair.before, pair.after), c, (rows, cols)) for c in composites if c is not None]
    body = Image.new("RGB", (strips[0].width, sum(strip.height for strip in strips)), draw.PAPER)
    for place, strip in enumerate(strips):
        body.paste(strip, (0, place * strips[0].height))
    scale = (body.width - draw.MARGIN) / 2 / (cols.stop - cols.start)
    facts = draw.imprint(findings, f"{event.id}: before and after", shown, grid=cube.grid, scale=scale)
    kinds = "; ".join(c.words for c in composites if c is not None)
    caption = (
        f"{event.id}, before: {words.look_name(shown[0])}; after: {words.look_name(shown[1])}. {pair.reason} "
        f"Shown in {kinds}; the same stretch before and after; the line is the event's outline; the squares are the pixels."
    )
    alt = f"Close-up of event {event.id} on {shown[0].day} and on {shown[1].day}, outlined."
    return Figure(
        f"figures/{event.id}-before-after.png", draw.png(draw.plate(body, facts)), caption, alt, tuple(k.id for k in shown)
    )


def _strip(
    cube: Cube, event: Event, pair: tuple[int, int], composite: draw.Composite, window: tuple[slice, slice]
) -> Image.Image:
    """Before and after in one composite, with one stretch, lettered."""
    rows, cols = window
    pixels = np.stack([cube.reflectance[index, composite.indices, rows, cols] for index in pair])
    usable = np.stack([cube.clear[index, rows, cols] for index in pair])
    limits = draw.stretch(pixels, usable, common=composite == draw.true_colour(cube.bands))
    panels = [draw.fit(draw.picture(part, limits), 440, 440) for part in pixels]
    width, height = panels[0].size
    strip = Image.new("RGB", (2 * width + draw.MARGIN, height + 54), draw.PAPER)
    pen = ImageDraw.Draw(strip)
    pen.text((0, 4), composite.words[:1].upper() + composite.words[1:], font=draw.font(15), fill=draw.FAINT)
    for place, (index, panel) in enumerate(zip(pair, panels, strict=True)):
        scale = width / (cols.stop - cols.start)
        draw.outline(panel, draw.to_pixels(event, cube.grid), scale, draw.STATUS_COLOUR[event.status], (cols.start, rows.start))
        x, look = place * (width + draw.MARGIN), cube.looks[index]
        strip.paste(panel, (x, 48))
        label = f"{('Before', 'After')[place]}  {look.day}  {words.platform(look.platform)[:16]}"
        pen.text((x, 26), label, font=draw.font(16, bold=True), fill=draw.INK)
    return strip
