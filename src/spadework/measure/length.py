"""Length of a line drawn on an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.errors import UserError
from spadework.measure.budget import refused, stated
from spadework.measure.drawn import DrawnSettings, draw
from spadework.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.cube import Image
    from spadework.records import Point

SHORTEST_PX: Final = 1.0
"""A line under this many pixels is a dot."""
SHORT_PX: Final = 4.0
"""Segments under this many pixels are lengthened by the jitter of their ends: by u^2 / length each."""


def measure_length(image: Image, line: Sequence[Point], settings: DrawnSettings | None = None) -> Measurement:
    """Length of a polyline as seen from above; a slope makes the way on the ground longer.

    The derivative to a point is the difference of the unit vectors of its two segments, so a point in the middle of a straight
    line adds nothing. Scale: a share of the length. A tilted view displaces each point by dz tan(theta), not by 1 / cos(theta).

    Args:
        image: or a window of it that holds the line.
        line: two points or more, map units (column, row of the file where it has no CRS).
        settings: how well points are placed.

    Returns:
        Length in metres, 90 % interval; refused when it is shorter than a pixel.

    Raises:
        UserError: fewer than two points, points outside the image, no ground sample distance.

    """
    settings = settings or DrawnSettings()
    if len(line) < 2:  # noqa: PLR2004 - a line
        raise UserError(image.scene.id, "a length needs two points or more", "give --line X1,Y1,X2,Y2")
    drawn = draw(image, line, settings)
    steps = np.diff(drawn.metres, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    spans_px = np.hypot(*np.diff(drawn.ground.pixels(drawn.points), axis=0).T)
    units = steps / lengths[:, None]
    gradient = np.zeros_like(drawn.metres)
    gradient[1:] += units
    gradient[:-1] -= units
    value = float(lengths.sum())
    short = "segments under 4 pixels come out too long: their ends jitter" if spans_px.min() < SHORT_PX else ""
    blank = Measurement(
        id="length", quantity="length", unit="m", value=None, low=None, high=None, scene=image.scene.id,
        method=f"Sum of {len(steps)} straight segments drawn on the image, as seen from above.",
        gsd_m=drawn.ground.gsd_m, where=drawn.points, warnings=(*drawn.warnings, *filter(None, [short])),
    )  # fmt: skip
    if spans_px.sum() < SHORTEST_PX:
        return refused(blank, f"the line is {spans_px.sum():.1f} pixels long: a length needs {SHORTEST_PX:g} or more")
    return stated(blank, value, {**drawn.terms(gradient), "scale": settings.scale_share * value})
