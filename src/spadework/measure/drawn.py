"""Points that an analyst drew on an image: where they lie on the ground, and how well each one is placed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.errors import UserError
from spadework.measure.ground import USUAL_OFF_NADIR, Ground, relief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Point, VhrScene

SAME_PX: Final = 1e-6
"""Points nearer than this are one point."""
TILTED: Final = 10.0
"""Degrees off nadir from which the pixels of a raw image are clearly longer one way: 1 / cos of it."""


@dataclass(frozen=True, slots=True)
class DrawnSettings:
    """How well points are placed; each a standard uncertainty."""

    pointing_px: float = 0.5
    """Of each point in each direction, pixels."""
    outline_px: float = 0.25
    """Of a whole outline drawn too far out or in, pixels: blur and habit push all of it one way."""
    scale_share: float = 0.005
    """Of the ground sample distance, as a share of it."""
    height_m: float = 0.3
    """Of the height of each point against the level that the image was laid on, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Points on the ground, with the covariance of each."""

    points: tuple[Point, ...]
    """As drawn."""
    ground: Ground
    metres: NDArray[np.float64]
    """(n, 2), local east and north."""
    pointing: NDArray[np.float64]
    """(2, 2), covariance of one point from placing it, m2."""
    leaning: NDArray[np.float64]
    """(2, 2), covariance of one point from its height under a tilted view, m2."""
    warnings: tuple[str, ...]

    def terms(self, gradient: NDArray[np.float64]) -> dict[str, float]:
        """Standard uncertainties of a quantity from its derivative to each point.

        Args:
            gradient: (n, 2), change of the quantity a metre east and north of each point.

        """
        return {
            name: math.sqrt(max(float(np.einsum("ni,ij,nj->", gradient, covariance, gradient)), 0.0))
            for name, covariance in (("pointing", self.pointing), ("heights under a tilted view", self.leaning))
        }


def draw(image: Image, points: Sequence[Point], settings: DrawnSettings) -> Drawn:
    """Points as drawn, checked and laid on the ground.

    Args:
        image: under them, or a window of it that holds them all.
        points: in map units of its CRS; column, row of the whole file where it has none.
        settings: how well points are placed.

    Raises:
        UserError: a coordinate is no number, a point lies outside the image, or two neighbours are the same.

    """
    ground = Ground.of(image)
    at = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(at).all():
        raise UserError(image.scene.id, "a coordinate of the drawing is no number", "give X,Y pairs")
    pixels = ground.pixels(at)
    limits = np.array([image.valid.shape[1], image.valid.shape[0]])
    outside = ((pixels < -SAME_PX) | (pixels > limits + SAME_PX)).any(axis=1)
    if outside.any():
        x, y = at[int(outside.argmax())]
        unit = "map units of its CRS" if image.scene.crs else "column,row"
        raise UserError(image.scene.id, f"the point {x:.10g},{y:.10g} lies outside the image", f"give points in {unit}")
    if len(pixels) > 1 and not (np.abs(np.diff(pixels, axis=0)).max(axis=1) > SAME_PX).all():
        raise UserError(image.scene.id, "two points of the drawing are the same", "leave one of them out")
    scene = image.scene
    row, col = np.minimum(pixels.astype(int), limits - 1).T[::-1]
    warnings = _view_warnings(scene)
    if not image.valid[row, col].all():
        warnings = (*warnings, "a point lies where the image holds no data")
    return Drawn(
        points=tuple((float(x), float(y)) for x, y in at),
        ground=ground,
        metres=ground.metres(at),
        pointing=settings.pointing_px**2 * ground.per_px @ ground.per_px.T,
        leaning=_leaning(scene, ground, settings.height_m),
        warnings=warnings,
    )


def _view_warnings(scene: VhrScene) -> tuple[str, ...]:
    if scene.off_nadir is None:
        return (f"the view angle is not known: {USUAL_OFF_NADIR:g} degrees off nadir are taken",)
    if scene.crs is None and scene.gsd_m and scene.gsd_m[0] == scene.gsd_m[1] and scene.off_nadir > TILTED:
        share = 1 / math.cos(math.radians(scene.off_nadir)) - 1
        return (
            f"one ground sample distance for a tilted view: along the tilt a raw pixel is {share:.0%} longer than across it",
        )
    return ()


def _leaning(scene: VhrScene, ground: Ground, height_m: float) -> NDArray[np.float64]:
    """Covariance of a point whose height is uncertain: along the view where it is known, else in every direction, m2."""
    whole = relief(scene, ground, height_m)
    if scene.view_azimuth is None or not ground.oriented:
        return whole**2 * np.eye(2)
    azimuth = math.radians(scene.view_azimuth)
    away = np.array([math.sin(azimuth), math.cos(azimuth)])
    return whole**2 * np.outer(away, away)
