"""The pixels under a line drawn across something, turned so that the line is one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.errors import UserError
from spadework.measure.opening import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.measure.ground import Ground
    from spadework.records import Point

BEYOND_PX: Final = 1.5
"""Ground taken beyond both ends of the line, pixels."""
MOST_PX: Final = 200_000
"""Pixels in the box around a patch; more is no opening."""
_VISIBLE: Final = ("red", "green", "blue")
_CEILINGS: Final = tuple(2.0**bits - 1 for bits in (8, 10, 11, 12, 14, 15, 16))


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Pixels whose centres lie near the line, with where they came from."""

    pixels: Pixels
    row: NDArray[np.intp]
    """(n,) in the image's window."""
    col: NDArray[np.intp]
    missing: float
    """Share of the patch that is outside the image or holds no data."""
    saturated: float
    """Share of its pixels at the top number of a common bit depth."""
    length_m: float
    """Of the line."""
    gsd_m: float
    """Ground sample distance along the line, metres."""
    per_px: NDArray[np.float64]
    """(2, 2), metres along the line and across it, of one column and one row."""
    scale: float
    """Raw numbers of one unit of brightness."""
    zero: float
    """Raw number of brightness 0."""
    band: str
    """What the brightness is."""

    def between(self, low: float, high: float) -> Patch:
        """Its part from ``low`` to ``high`` metres across the line."""
        kept = (self.pixels.v >= low) & (self.pixels.v <= high)
        return replace(self, pixels=self.pixels.only(kept), row=self.row[kept], col=self.col[kept])


def brightness(image: Image) -> tuple[NDArray[np.float32], str]:
    """One number a pixel (y, x) and what it is: pan, else the mean of visible bands, else of all."""
    if "pan" in image.bands:
        return image.values[image.bands.index("pan")], "pan"
    seen = [image.bands.index(name) for name in _VISIBLE if name in image.bands]
    if len(seen) == len(_VISIBLE):
        return image.values[seen].mean(axis=0), "the mean of red, green and blue"
    if len(image.bands) == 1:
        return image.values[0], image.bands[0]
    return image.values.mean(axis=0), f"the mean of {len(image.bands)} bands"


def patch_of(image: Image, ground: Ground, line: tuple[Point, Point], along_m: float) -> Patch:
    """The patch around a line.

    Args:
        image: or a window of it that holds the patch.
        ground: under it.
        line: map units; column, row of the file without CRS.
        along_m: metres across the line that are averaged.

    Raises:
        UserError: the line has no length, is no number, or is longer than any opening.

    """
    ends = ground.pixels(line)
    if not np.isfinite(ends).all():
        raise UserError(image.scene.id, "a coordinate of the line is no number", "give --line X1,Y1,X2,Y2")
    step = ground.per_px @ (ends[1] - ends[0])
    length = float(np.hypot(*step))
    if length < 1e-9:  # noqa: PLR2004 - a dot
        raise UserError(image.scene.id, "both ends of the line are the same point", "draw it across the opening")
    unit = step / length
    turned = np.array([unit, [-unit[1], unit[0]]]) @ ground.per_px
    gsd = float(np.hypot(*turned[0]))
    half_u, half_v = 0.5 * length + BEYOND_PX * gsd, 0.5 * along_m
    middle = ends.mean(axis=0)
    corners = np.linalg.solve(turned, np.array([[half_u, half_u], [half_v, -half_v]]))
    reach = np.abs(corners).max(axis=1)
    if np.prod(2 * reach) > MOST_PX:
        raise UserError(
            image.scene.id, f"a line of {length:.0f} m is too long for an opening", "draw it across the opening alone"
        )
    u, v, col, row = _within(turned, middle, reach, (half_u, half_v))
    inside = _held(image, row, col)
    asked = inside[np.abs(u) <= 0.5 * length]
    missing = 1 - float(asked.mean()) if asked.size else 1.0
    u, v, col, row = u[inside], v[inside], col[inside], row[inside]
    values, band = brightness(image)
    raw = values[row, col].astype(np.float64)
    zero, scale = _span(raw)
    return Patch(
        pixels=Pixels(u, v, (raw - zero) / scale), row=row, col=col,
        missing=missing,
        saturated=max((float((raw == top).mean()) for top in _CEILINGS), default=0.0) if raw.size else 0.0,
        length_m=length, gsd_m=gsd, per_px=turned, scale=scale, zero=zero, band=band,
    )  # fmt: skip


def _within(
    turned: NDArray[np.float64], middle: NDArray[np.float64], reach: NDArray[np.float64], halves: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """u, v, column, row (n,) of the pixels whose centres lie in the turned rectangle, also beyond the image."""
    low, high = np.floor(middle - reach).astype(int), np.ceil(middle + reach).astype(int)
    col, row = (a.ravel() for a in np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)))
    u, v = turned @ (np.vstack([col, row]) + 0.5 - middle[:, None])
    near = (np.abs(u) <= halves[0]) & (np.abs(v) <= halves[1])
    return u[near], v[near], col[near], row[near]


def _held(image: Image, row: NDArray[np.intp], col: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(n,) whether the image holds data there."""
    rows, cols = image.valid.shape
    inside = (col >= 0) & (row >= 0) & (col < cols) & (row < rows)
    inside[inside] = image.valid[row[inside], col[inside]]
    return np.asarray(inside)


def _span(raw: NDArray[np.float64]) -> tuple[float, float]:
    """Zero and unit of brightness: most of the patch spans 0..1."""
    if raw.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(raw, [5, 95])
    if high - low <= 1e-9 * max(abs(high), abs(low), 1.0):
        low, high = raw.min(), raw.max()
    unit = float(high - low)
    return float(low), unit if unit > 0 and math.isfinite(unit) else 1.0
