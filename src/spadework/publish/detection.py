"""What could have been seen: the probability of detection against contrast, by family and area of planted changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.publish import draw, plot, words
from spadework.publish.plate import imprint, plate
from spadework.records import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.records import Curve, Family, Findings, Planted, Sensitivity

FAMILIES: Final[dict[Family, str]] = {"soil": "Towards or away from bare soil", "grey": "The same step in every band"}
WIDTH, HEIGHT, LEFT, RIGHT, GAP = 900, 170, 34, 10, 18
"""Of the plot, of one panel; left and right of the panels, and between them; pixels."""
HEAD, FOOT = 50, 28
"""Above and below a row of panels, pixels."""
STEPS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
"""Ticks of contrast, points of reflectance."""


def detection_figure(findings: Findings) -> Figure | None:
    """One panel a family and area; None where nothing was measured."""
    told = findings.sensitivity
    if told is None or not told.curves:
        return None
    rows = [(f, sorted((c for c in told.curves if c.family == f), key=lambda c: c.area_m2)) for f in FAMILIES]
    rows = [(family, curves) for family, curves in rows if curves]
    columns = max(len(curves) for _, curves in rows)
    wide = (WIDTH - LEFT - RIGHT - GAP * (columns - 1)) / columns
    pitch = HEAD + HEIGHT + FOOT
    on = plot.Canvas.blank(WIDTH, len(rows) * pitch + 54)
    contrast = _contrast(told)
    for row, (family, curves) in enumerate(rows):
        top = HEAD + row * pitch
        on.text((0, top - HEAD + 4), FAMILIES[family], bold=True)
        for column, curve in enumerate(curves):
            left = LEFT + column * (wide + GAP)
            panel = plot.Panel(on, (left, top, left + wide, top + HEIGHT), contrast, _chances())
            on.text((left, top - 21), f"area {words.plain_area(curve.area_m2)}")
            _panel(panel, curve, _like(told, curve, curves), left=column == 0)
    bottom = len(rows) * pitch + 28
    on.text((WIDTH - RIGHT, bottom - 28), "contrast, points of reflectance", "ra", colour=draw.FAINT)
    plot.key(on, (0, bottom), WIDTH, _entries(told))
    return _figure(on, findings, told)


def _chances() -> plot.Axis:
    """Probability, with room above and below for the plants."""
    return plot.Axis(-0.13, 1.13, ((0, "0"), (0.5, ".5"), (1, "1")))


def _contrast(told: Sensitivity) -> plot.Axis:
    """Points of reflectance, logarithmic, over all curves and plants."""
    at = [c for curve in told.curves for c in curve.contrast] + [plant.contrast for plant in told.planted if plant.contrast > 0]
    low, high = min(at) * 100 * 0.93, max(at) * 100 * 1.07
    return plot.Axis(low, high, tuple((step, f"{step:g}") for step in STEPS if low <= step <= high), log=True)


def _like(told: Sensitivity, curve: Curve, curves: Sequence[Curve]) -> list[Planted]:
    """Plants of its family whose area lies nearest to a curve's, by ratio."""

    def nearest(plant: Planted) -> float:
        return min((c.area_m2 for c in curves), key=lambda area: abs(math.log(area / (plant.pixels * told.pixel_m2))))

    return [p for p in told.planted if p.family == curve.family and p.contrast > 0 and nearest(p) == curve.area_m2]


def _panel(panel: plot.Panel, curve: Curve, plants: Sequence[Planted], *, left: bool) -> None:
    at = np.array(curve.contrast) * 100
    panel.band(at, curve.low, curve.high, plot.PALE[draw.BLUE])
    panel.frame(left=left)
    panel.on.line(panel.at([panel.x.low, panel.x.high], [words.SURE, words.SURE]), draw.FAINT, 1.2, 3.0)
    panel.line(at, curve.probability, draw.BLUE, 2.2)
    for found, height, colour in ((True, 1.075, draw.INK), (False, -0.065, draw.VERMILION)):
        shown = [plant.contrast * 100 for plant in plants if plant.found == found]
        panel.marks(shown, np.full(len(shown), height), "tick", colour, 3.0)


def _entries(told: Sensitivity) -> list[tuple[plot.Sign, str]]:
    return [
        (("rule", draw.BLUE), "probability of being confirmed"),
        (("block", plot.PALE[draw.BLUE]), f"its {words.share(told.level)} interval"),
        (("dots", draw.FAINT), f"probability {words.probability(words.SURE)}"),
        (("tick", draw.INK), "planted, confirmed"),
        (("tick", draw.VERMILION), "planted, missed"),
    ]


def _figure(on: plot.Canvas, findings: Findings, told: Sensitivity) -> Figure:
    watched = [look for look in findings.looks if told.start <= look.day <= told.end]
    facts = imprint(findings, f"{findings.site.name}: what could have been seen", watched)
    caption = (
        f"Fitted probability that a change of this area and contrast that came in the middle of the watched period "
        f"({words.day(told.middle)}) was confirmed, with its {words.share(told.level)} interval; above, changes along the line between the ground and bare "
        f"soil; below, the same step in every band. Ticks: the {len(told.planted)} planted changes, of all onsets, each in the panel of the "
        "area nearest to its own, confirmed (above) or missed (below)."
    )
    alt = f"Plots of the probability of detection against contrast, rising, from {len(told.planted)} planted changes."
    sheet = plate(on.finished(), facts).image
    return Figure("figures/sensitivity.png", plot.png(sheet), caption, alt, tuple(look.id for look in watched))
