"""Area of an outline drawn on an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.errors import UserError
from spadework.measure.budget import refused, stated
from spadework.measure.drawn import Drawn, DrawnSettings, draw
from spadework.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.cube import Image
    from spadework.records import Point

SMALLEST_PX: Final = 4.0
"""Pixels; of a smaller outline, mixed pixels are all there is."""


def draw_outline(image: Image, outline: Sequence[Point], settings: DrawnSettings) -> Drawn:
    """A polygon as drawn, its last point not repeated.

    Args:
        image: or a window of it that holds the outline.
        outline: three corners or more, closed or not; map units (column, row of the file where it has no CRS).
        settings: how well points are placed.

    Raises:
        UserError: fewer than three corners, corners on one line, an outline that crosses itself, points outside the image.

    """
    corners = tuple(outline)
    if len(corners) > 1 and tuple(corners[0]) == tuple(corners[-1]):
        corners = corners[:-1]
    if len(corners) < 3:  # noqa: PLR2004 - a triangle
        raise UserError(image.scene.id, "an outline needs three corners or more", "give X1,Y1,X2,Y2,X3,Y3 and so on")
    drawn = draw(image, corners, settings)
    # Rounded, so that corners on one line are on it whatever the CRS is.
    shape = shapely.Polygon(np.round(drawn.ground.pixels(drawn.points), 6))
    if not shape.convex_hull.area > 0:
        raise UserError(image.scene.id, "the corners of the outline lie on one line", "draw around the area")
    if not shape.is_valid:
        raise UserError(image.scene.id, "the outline crosses or touches itself", "give its corners in order around the area")
    return drawn


def measure_area(image: Image, outline: Sequence[Point], settings: DrawnSettings | None = None) -> Measurement:
    """Area of a polygon as seen from above, by the shoelace formula.

    Corners: dA/dp of a corner is half the line between its neighbours, turned by 90 degrees. The whole outline too far out or
    in by ``outline_px``: that times the perimeter. Scale: twice its share.

    Args:
        image: or a window of it that holds the outline.
        outline: as for ``draw_outline``.
        settings: how well points and outlines are placed.

    Returns:
        Area in m2, 90 % interval; refused when it is smaller than SMALLEST_PX pixels.

    Raises:
        UserError: as of ``draw_outline``; no ground sample distance.

    """
    settings = settings or DrawnSettings()
    drawn = draw_outline(image, outline, settings)
    shape = shapely.Polygon(drawn.metres)
    value, ground = float(shape.area), drawn.ground
    blank = Measurement(
        id="area", quantity="area", unit="m2", value=None, low=None, high=None, scene=image.scene.id,
        method=f"Polygon of {len(drawn.points)} corners drawn on the image, as seen from above.",
        gsd_m=ground.gsd_m, where=drawn.points, warnings=drawn.warnings,
    )  # fmt: skip
    if value < SMALLEST_PX * ground.px_m2:
        return refused(blank, f"the outline holds {value / ground.px_m2:.1f} pixels: an area needs {SMALLEST_PX:g} or more")
    chord = np.roll(drawn.metres, -1, axis=0) - np.roll(drawn.metres, 1, axis=0)
    gradient = 0.5 * np.column_stack([chord[:, 1], -chord[:, 0]])
    outward = settings.outline_px * ground.px_m2**0.5 * shape.length
    return stated(
        blank, value, {**drawn.terms(gradient), "outline too far out or in": outward, "scale": 2 * settings.scale_share * value}
    )
