"""A Measurement on the pixels that it rests on: what was drawn, what was fitted, and for a width the profile beside it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import PIL.Image
import shapely
from PIL import ImageDraw
from scipy.special import ndtr

from spadework.publish import draw, plot, view, words
from spadework.publish.plate import plate, wrap
from spadework.publish.scenes import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Measurement

PANEL: Final = 440
"""Side of a close-up, pixels."""
ALONG_M: Final = 6.0
"""Length averaged along an opening where the record does not say."""
STEP_PX: Final = 0.5
"""Width of a bin of the profile, image pixels."""
OUTLINES: Final = ("area", "spoil volume")
MARGIN: Final = 2.2
"""A close-up shows so many times what was drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """The line across an opening on its image, and what was fitted to it."""

    middle: NDArray[np.float64]
    """(2) column, row of the window of the line's middle."""
    along: NDArray[np.float64]
    """(2) columns, rows of one metre along the line."""
    across: NDArray[np.float64]
    """(2) columns, rows of one metre across the line, towards its left on the ground."""
    half_m: float
    """Half the length of the line."""
    patch_m: float
    """Length averaged along the opening."""
    model: dict[str, float]

    def normal(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres along the normal of the edges, of points ``u`` along and ``v`` across the line."""
        turn = self.model.get("turn, rad", 0.0)
        return np.asarray(u * math.cos(turn) + v * math.sin(turn))


def measurement_figure(measurement: Measurement, image: Image) -> bytes:
    """What was measured, on its pixels, as PNG; a line or outline has to be on record.

    Args:
        measurement: with ``where``; of a width, ``model`` may hold the edges (u1, u2: metres along the line from its middle).
        image: of its Scene, or a window of it.

    """
    return draw_measurement(measurement, image)


def draw_measurement(measurement: Measurement, image: Image, place: str = "") -> bytes:
    """The same; ``place`` no finer than the gate."""
    seen = view.around(image, measurement.where, PANEL, margin=MARGIN)
    panel = seen.picture(view.stretch_of(image, seen.rows, seen.cols))
    opening = _opening(measurement, image) if measurement.quantity == "width" and len(measurement.where) > 1 else None
    if opening is None:
        _drawn(panel, measurement, seen)
        body = panel
    else:
        _edges(panel, opening, seen)
        profile = _profile(opening, image)
        body = PIL.Image.new("RGB", (2 * PANEL + draw.MARGIN, max(panel.height, PANEL)), draw.PAPER)
        body.paste(draw.framed(panel), (0, 0))
        body.paste(_plot(opening, profile), (PANEL + draw.MARGIN, 0))
    facts = view.facts(seen, name_of(measurement), [image.scene], place)
    return draw.png(
        plate(_told(draw.framed(body) if opening is None else body, measurement), replace(facts, map_px=panel.width)).image
    )


def _told(body: PIL.Image.Image, measurement: Measurement) -> PIL.Image.Image:
    """The picture, and below it the value with its interval, or why there is none."""
    told = words.with_level(measurement) or f"Not stated: {measurement.refused or 'it has no interval'}"
    width = max(body.width, draw.MIN_WIDTH)
    lines = wrap(words.clean(told), width, 18, bold=True)
    notes = [line for text in measurement.warnings for line in wrap(words.clean(f"Note: {text}"), width, 14)]
    sheet = PIL.Image.new("RGB", (width, body.height + 14 + 26 * len(lines) + 18 * len(notes)), draw.PAPER)
    sheet.paste(body, (0, 0))
    pen, y = ImageDraw.Draw(sheet), body.height + 8
    for line in lines:
        pen.text((0, y), line, font=draw.font(18, bold=True), fill=draw.INK)
        y += 26
    for line in notes:
        pen.text((0, y), line, font=draw.font(14), fill=draw.FAINT)
        y += 18
    return sheet


# ---------------------------------------------------------------- on the pixels
def _stroke(panel: PIL.Image.Image, points: Sequence[tuple[float, float]], colour: str, width: int = 2) -> None:
    pen = ImageDraw.Draw(panel)
    pen.line(points, fill=draw.BLACK, width=width + 2)
    pen.line(points, fill=colour, width=width)


def _drawn(panel: PIL.Image.Image, measurement: Measurement, seen: view.View) -> None:
    """The line with its ends, or the outline, as drawn."""
    at = [(x, y) for x, y in seen.at(measurement.where).tolist()]
    if measurement.quantity in OUTLINES and len(at) > 2:  # noqa: PLR2004 - a polygon
        draw.outline(panel, shapely.MultiPolygon([shapely.Polygon(at)]), draw.YELLOW)
        return
    if len(at) > 1:
        _stroke(panel, at, draw.YELLOW)
    pen = ImageDraw.Draw(panel)
    for x, y in at:
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=draw.YELLOW, outline=draw.BLACK)


def _opening(measurement: Measurement, image: Image) -> Opening | None:
    """The frame of a width on its image; None where the size of a pixel is not known."""
    step = view.ground_of(image)
    if step is None:
        return None
    whole = view.View(image, slice(0, image.valid.shape[0]), slice(0, image.valid.shape[1]), 1.0)
    first, last = whole.at(measurement.where[:2])
    metres = step @ (last - first)
    length = float(np.hypot(*metres))
    if not length:
        return None
    unit = metres / length
    side = np.array([-unit[1], unit[0]])
    back = np.linalg.inv(step)
    model = dict(measurement.model)
    return Opening((first + last) / 2, back @ unit, back @ side, length / 2, model.get("along, m", ALONG_M), model)


def _edges(panel: PIL.Image.Image, opening: Opening, seen: view.View) -> None:
    """The line as drawn, the window that was averaged, and both edges as fitted."""

    def at(u: float, v: float) -> tuple[float, float]:
        col, row = opening.middle + u * opening.along + v * opening.across
        return (col - seen.cols.start) * seen.scale, (row - seen.rows.start) * seen.scale

    half, v = opening.half_m, opening.patch_m / 2
    window = [at(-half, -v), at(half, -v), at(half, v), at(-half, v), at(-half, -v)]
    pen = ImageDraw.Draw(panel)
    for start, end in itertools.pairwise(window):
        _dashed(pen, start, end)
    _stroke(panel, [at(-half, 0), at(half, 0)], draw.YELLOW, 1)
    turn = opening.model.get("turn, rad", 0.0)
    for name in ("u1, m", "u2, m"):
        if name in opening.model:
            # on the edge: u cos(t) + v sin(t) = u_i
            ends = [at((opening.model[name] - w * math.sin(turn)) / math.cos(turn), w) for w in (-v, v)]
            _stroke(panel, ends, draw.VERMILION)


def _dashed(pen: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float]) -> None:
    length = math.dist(start, end)
    for at in np.arange(0, length, 10):
        points = [tuple(np.add(start, np.subtract(end, start) * min(t / length, 1.0)).tolist()) for t in (at, at + 6)]
        pen.line(points, fill=draw.BLACK, width=3)
        pen.line(points, fill=draw.PAPER, width=1)


# ---------------------------------------------------------------- the profile
def _profile(opening: Opening, image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n) metres along the edges' normal, (n) mean brightness there, of bins that hold two pixels of the window or more."""
    rows, cols = image.valid.shape
    frame = np.column_stack([opening.along, opening.across])
    reach = (opening.half_m + opening.patch_m) / float(np.abs(np.linalg.det(np.linalg.inv(frame)))) ** 0.5
    (col, row), wide = opening.middle, math.ceil(reach) + 2
    window = (
        slice(max(int(row) - wide, 0), min(int(row) + wide, rows)),
        slice(max(int(col) - wide, 0), min(int(col) + wide, cols)),
    )
    down, right = np.mgrid[window]
    u, v = np.linalg.solve(frame, np.stack([right + 0.5 - col, down + 0.5 - row]).reshape(2, -1))
    inside = (np.abs(u) <= opening.half_m) & (np.abs(v) <= opening.patch_m / 2) & image.valid[window].ravel()
    light = image.values[(slice(None), *window)].mean(axis=0).ravel().astype(np.float64)
    bin_m = STEP_PX / float(np.hypot(*opening.along))
    at = opening.normal(u[inside], v[inside])
    slot = np.floor((at + opening.half_m * 1.5) / bin_m).astype(int)
    count = np.bincount(slot)
    mean = np.bincount(slot, light[inside]) / np.maximum(count, 1)
    middle = (np.arange(count.size) + 0.5) * bin_m - opening.half_m * 1.5
    told = (count > 1) & (np.abs(middle) <= opening.half_m)
    return middle[told], np.asarray(mean[told], dtype=np.float64)


def fitted(opening: Opening, at: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(n) the fitted opening along the profile: two blurred edges, the three levels laid on the profile by least squares."""
    if not {"u1, m", "u2, m"} <= opening.model.keys():
        return None
    blur = [max(opening.model.get(f"blur {n}, m", 0.0), 1e-3) for n in (1, 2)]
    first, second = (ndtr((at - opening.model[f"u{n}, m"]) / blur[n - 1]) for n in (1, 2))
    shapes = np.column_stack([1 - first, first * (1 - second), second])
    levels, *_ = np.linalg.lstsq(shapes, light, rcond=None)
    return np.asarray(shapes @ levels)


def _plot(opening: Opening, profile: tuple[NDArray[np.float64], NDArray[np.float64]]) -> PIL.Image.Image:
    """Brightness against metres, with the fitted curve and its edges."""
    at, light = profile
    on = plot.Canvas.blank(PANEL, PANEL)
    panel = plot.Panel(
        on, (58, 34, PANEL - 8, PANEL - 96), plot.value_axis([-opening.half_m, opening.half_m]), plot.value_axis(light.tolist())
    )
    on.text((0, 8), "Brightness, raw numbers", bold=True)
    panel.frame()
    on.text((PANEL - 8, PANEL - 66), "metres along the line, from its middle", "ra", colour=draw.FAINT)
    entries: list[tuple[plot.Sign, str]] = [(("circle", draw.INK), "mean of the window")]
    panel.marks(at, light, "circle", draw.INK, 2.6)
    curve = fitted(opening, at, light)
    if curve is not None and at.size:
        fine = np.linspace(float(at.min()), float(at.max()), 400)
        smooth = np.interp(fine, at, curve)
        panel.line(fine, smooth, draw.BLUE, 2.2)
        for name in ("u1, m", "u2, m"):
            panel.rule(opening.model[name], draw.VERMILION, 2.0)
        entries += [(("rule", draw.BLUE), "fitted opening"), (("rule", draw.VERMILION), "its edges")]
    plot.key(on, (0, PANEL - 40), PANEL, entries)
    return on.finished()
