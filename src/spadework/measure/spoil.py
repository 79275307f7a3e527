"""Bounds on the volume of a heap of spoil from its outline.

Loose material stands no steeper than its angle of repose, so a heap on level ground lies under a roof that rises from its outline:
``z <= min(tan(phi) d, H)`` with d the distance to the outline and H its height where known. Where a crest of height h is known, the
same rule makes it hold at least the cone under that crest: ``pi h^3 / (3 tan^2(phi))``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.errors import UserError
from spadework.measure.area import SMALLEST_PX, draw_outline
from spadework.measure.budget import refused, shares
from spadework.measure.drawn import DrawnSettings
from spadework.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Point

POINTS: Final = 8000
"""Points at which the roof over an outline is looked at: a cone comes out right to .2 %."""
LEVEL: Final = "the ground under the heap is taken as level; on a slope or over a pit it may hold more"
HAULED: Final = "spoil can be hauled away or used elsewhere: what lies here may be less than what was dug"


@dataclass(frozen=True, slots=True)
class SpoilSettings:
    """What is known of the heap besides its outline."""

    repose_deg: tuple[float, float, float] = (25.0, 33.0, 40.0)
    """Angle of repose of loose spoil: flattest, usual, steepest; drawn evenly between the first and the last."""
    height_m: float | None = None
    """Of its crest, metres, from a shadow or a surface model; None = not known."""
    height_u_m: float = 0.5
    """Standard uncertainty of that height."""
    outline_px: float = 0.5
    """Of the whole outline too far out or in, pixels."""
    scale_share: float = 0.005
    """Of the ground sample distance."""
    draws: int = 4000
    seed: int = 33


def measure_spoil(image: Image, outline: Sequence[Point], settings: SpoilSettings | None = None) -> Measurement:
    """Volume of a heap, as bounds.

    The outline alone gives an upper bound (``kind`` "at most": ``value`` is the roof at the usual angle, ``high`` the 95th
    percentile over angle, outline and scale). A height gives an interval: from the 5th percentile of the cone under the crest to
    the 95th of the roof cut off at that height; ``value`` is the cut roof, the shape of a heap tipped to one level.

    Args:
        image: or a window of it that holds the outline.
        outline: of the foot of the heap; as for ``area.draw_outline``.
        settings: angle of repose, height, uncertainties.

    Returns:
        Volume in m3; its budget holds shares of the variance of the upper bound. Refused under SMALLEST_PX pixels.

    Raises:
        UserError: as of ``area.draw_outline``; angles or a height that no heap has.

    """
    settings = settings or SpoilSettings()
    _check(settings)
    drawn = draw_outline(image, outline, DrawnSettings(scale_share=settings.scale_share))
    shape, ground = shapely.Polygon(drawn.metres), drawn.ground
    method = f"Roof at {settings.repose_deg[0]:g} to {settings.repose_deg[2]:g} degrees of repose over the outline"
    blank = Measurement(
        id="spoil", quantity="spoil volume", unit="m3", value=None, low=None, high=None, scene=image.scene.id,
        method=f"{method}." if settings.height_m is None else f"{method}, cut off at {settings.height_m:g} m; cone under the crest.",
        kind="at most" if settings.height_m is None else "interval", shares=True,
        gsd_m=ground.gsd_m, where=drawn.points, warnings=(LEVEL, HAULED),
    )  # fmt: skip
    if shape.area < SMALLEST_PX * ground.px_m2:
        return refused(blank, f"the outline holds {shape.area / ground.px_m2:.1f} pixels: a heap needs {SMALLEST_PX:g} or more")
    return _bounded(blank, shape, settings, settings.outline_px * math.sqrt(ground.px_m2))


def _check(settings: SpoilSettings) -> None:
    flat, usual, steep = settings.repose_deg
    if not 0 < flat <= usual <= steep < 90:  # noqa: PLR2004 - degrees
        raise UserError(f"angles of repose {flat:g}, {usual:g}, {steep:g}", "are not flattest, usual, steepest", "give degrees")
    if settings.height_m is not None and not (settings.height_m > 0 and settings.height_u_m >= 0):
        raise UserError(f"height {settings.height_m:g} m", "is none of a heap", "give metres above the ground around it")


def roof_distances(shape: shapely.Polygon) -> tuple[NDArray[np.float64], float]:
    """Distances to the outline, metres, ascending, of about POINTS points spread evenly in it; and the area of each, m2.

    The points follow the R2 sequence (Roberts 2018), which fills any shape evenly, where a lattice favours some edges.
    """
    west, south, east, north = shape.bounds
    box = (east - west) * (north - south)
    n = np.arange(1, min(POINTS * box / shape.area, 50 * POINTS))
    x = west + (east - west) * ((0.5 + 0.7548776662466927 * n) % 1.0)
    y = south + (north - south) * ((0.5 + 0.5698402909980532 * n) % 1.0)
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, x, y)
    distances = np.sort(shapely.distance(shapely.points(x[inside], y[inside]), shape.exterior))
    return distances, float(shape.area) / distances.size


def roof_volume(
    distances: NDArray[np.float64], cell_m2: float, tangent: NDArray[np.float64], height_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Volume under ``min(tangent * distance, height_m)``, m3, for each pair of tangent and height (n); height may be infinite."""
    reach = np.searchsorted(distances, height_m / tangent)
    below = np.concatenate([[0.0], np.cumsum(distances)])[reach]
    above = np.where(reach < distances.size, height_m, 0.0) * (distances.size - reach)
    return np.asarray((tangent * below + above) * cell_m2)


def _bounded(blank: Measurement, shape: shapely.Polygon, settings: SpoilSettings, outline_m: float) -> Measurement:
    distances, cell = roof_distances(shape)
    rng = np.random.default_rng(settings.seed)
    n = settings.draws
    tangent = np.tan(np.radians(rng.uniform(settings.repose_deg[0], settings.repose_deg[2], n)))
    outward = outline_m * rng.standard_normal(n)
    scale = 1 + settings.scale_share * rng.standard_normal(n)
    height = np.full(n, np.inf)
    if settings.height_m is not None:
        height = np.maximum(settings.height_m + settings.height_u_m * rng.standard_normal(n), 0.0)
    # A roof whose outline lies w further out is the same roof, w tan(phi) higher, and its ring.
    lifted = np.maximum(height - tangent * outward, 0.0)
    upper = roof_volume(distances, cell, tangent, lifted) + np.minimum(tangent * outward, height) * shape.area
    upper = np.maximum(upper, 0.0) * scale**3
    usual = np.tan(np.radians(np.array([settings.repose_deg[1]])))
    value = float(roof_volume(distances, cell, usual, np.array([settings.height_m or np.inf]))[0])
    inputs = {"angle of repose": tangent, "outline too far out or in": outward, "scale": scale}
    if settings.height_m is None:
        return replace(blank, value=value, high=float(np.quantile(upper, 0.95)), budget=shares(inputs, upper))
    peak = tangent * (distances[-1] + outward)
    crest = np.minimum(height, np.maximum(peak, 0.0))
    cone = math.pi * crest**3 / (3 * tangent**2)
    warnings = blank.warnings
    tallest = float(np.tan(np.radians(settings.repose_deg[2])) * distances[-1])
    if settings.height_m > tallest:
        warnings = (*warnings, f"loose spoil stands at most {tallest:.1f} m high on this outline: part of the height is ground")
    return replace(
        blank, value=value, low=float(np.quantile(cone, 0.05)), high=max(float(np.quantile(upper, 0.95)), value),
        budget=shares({**inputs, "height": height}, upper), warnings=warnings,
    )  # fmt: skip
