"""Sun and view over a surface of heights: what is lit, how brightly, and what of it a tilted view shows where.

Shadow and view are the same question: what does a ray meet first? The surface is turned so that rays run along its rows, and a running
maximum answers it in one pass. Left out: light thrown from slope to slope, and the sun's own width.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUNLIGHT: Final = 0.85
SKYLIGHT: Final = 0.18
"""Light on level ground under a sun in the zenith, and from the whole sky; arbitrary units of which both sum to about 1."""
_SOFT: Final = 0.5
"""Cells over which a shadow ends."""
_EDGE: Final = 0.75
"""Cells that a shadow reaches further than from the middle of the last cell that throws it: half a cell, and half of ``_SOFT``."""


class _Turned:
    """A square field turned so that its rows run towards an azimuth, and back."""

    def __init__(self, size: int, azimuth: float) -> None:
        angle = math.radians(azimuth)
        east, south = math.sin(angle), -math.cos(angle)
        self.wide = math.ceil(size * (abs(east) + abs(south))) + 2
        middle, new = (size - 1) / 2, (self.wide - 1) / 2
        turn = np.array([[east, south], [-south, east]])
        self.matrix = np.column_stack([turn, new - turn @ [middle, middle]])
        self.size = size

    def there(self, field: NDArray[np.float32], *, sharp: bool) -> NDArray[np.float32]:
        """(y, x) to (ray, along), walls kept upright where ``sharp``; corners hold the nearest edge."""
        import cv2  # noqa: PLC0415 - slow to import

        how = cv2.INTER_NEAREST if sharp else cv2.INTER_LINEAR
        to = cv2.warpAffine(field, self.matrix, (self.wide, self.wide), flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(to, dtype=np.float32)

    def back(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        """(ray, along) to (y, x)."""
        import cv2  # noqa: PLC0415 - slow to import

        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(field, self.matrix, (self.size, self.size), flags=flags), dtype=np.float32)


def lit(heights: NDArray[np.float32], cell_m: float, sun: tuple[float, float]) -> NDArray[np.float32]:
    """(y, x), 1 = the sun reaches it, 0 = shadow thrown by what stands between, or ground that falls away from the sun.

    A point in the way by less than half a cell's worth of sunshine is in half shadow.

    Args:
        heights: (y, x) metres, y south, square.
        cell_m: side of a cell.
        sun: elevation and azimuth, degrees, the azimuth from north, clockwise.

    """
    turned, tangent = _Turned(heights.shape[0], sun[1] + 180), math.tan(math.radians(sun[0]))
    level = turned.there(heights, sharp=True)
    level += np.float32(cell_m * tangent) * np.arange(turned.wide, dtype=np.float32)
    below = np.maximum.accumulate(level, axis=1)
    below -= level
    below *= np.float32(-1 / (_SOFT * cell_m * tangent))
    below += 1
    np.clip(below, 0, 1, out=below)
    below[:, 1:] -= np.float32(_EDGE) * np.maximum(np.diff(below, axis=1), 0)
    return turned.back(below)


def illumination(heights: NDArray[np.float32], cell_m: float, sun: tuple[float, float]) -> NDArray[np.float32]:
    """(y, x), light on the ground: Lambert's cosine law for the sun where it reaches, and the part of the sky in view.

    The open part of the sky falls with the depth under the ground around, 8 m wide: a rule of thumb that makes pits dark.
    Arguments as of ``lit``.
    """
    import cv2  # noqa: PLC0415 - slow to import

    elevation, azimuth = math.radians(sun[0]), math.radians(sun[1])
    south, east = _slope(heights, 0, cell_m), _slope(heights, 1, cell_m)
    cosine = math.sin(elevation) - math.cos(elevation) * (math.sin(azimuth) * east - math.cos(azimuth) * south)
    cosine /= np.sqrt(1 + east**2 + south**2)
    wide = 2 * round(4 / cell_m) + 1
    around = cv2.blur(heights, (wide, wide))
    sky = np.clip(1 - (around - heights) / 6, 0.25, 1)
    return np.asarray(SUNLIGHT * np.maximum(cosine, 0) * lit(heights, cell_m, sun) + SKYLIGHT * sky, dtype=np.float32)


def _slope(heights: NDArray[np.float32], axis: int, cell_m: float) -> NDArray[np.float32]:
    """(y, x), rise over run along an axis: the gentler of both sides, so that ground beside a wall lies as it lies, not as the wall."""
    edge = np.take(heights, [-1], axis)
    ahead = np.diff(heights, axis=axis, append=edge) / np.float32(cell_m)
    behind = np.roll(ahead, 1, axis)
    return np.where(np.abs(ahead) < np.abs(behind), ahead, behind)


def seen(relative: NDArray[np.float32], cell_m: float, view: tuple[float, float]) -> NDArray[np.float32]:
    """(2, y, x), column and row of the surface's cell that a tilted view shows at each cell of the map.

    A point ``dz`` above the surface that the image was laid on is shown ``dz tan(off-nadir)`` further from the sensor. Of two points
    shown at one place the one nearer to the sensor hides the other; a wall that faces it is shown between its foot and its top.

    Args:
        relative: (y, x) metres above the surface that the image is laid on.
        cell_m: side of a cell.
        view: off-nadir angle and azimuth from the ground to the sensor, degrees.

    """
    size, tangent = relative.shape[0], math.tan(math.radians(view[0]))
    rows, cols = np.mgrid[:size, :size].astype(np.float32)
    if tangent == 0:
        return np.stack([cols, rows])
    turned = _Turned(size, view[1] + 180)
    away = turned.back(_behind(turned.there(relative, sharp=False) * np.float32(tangent / cell_m)))
    angle = math.radians(view[1] + 180)
    return np.stack([cols - away * np.float32(math.sin(angle)), rows + away * np.float32(math.cos(angle))])


def _behind(lean: NDArray[np.float32]) -> NDArray[np.float32]:
    """(ray, along), cells towards the sensor to what is seen at each cell, where a cell is shown ``lean`` (ray, along) further on.

    Up to each cell the furthest place that anything is shown at is known; what is seen at a place is the first cell that reaches it.
    How many cells fall short of each place is counted, not searched for.
    """
    rays, wide = lean.shape
    along = np.arange(wide, dtype=np.float32)
    shown = np.maximum.accumulate(lean + along, axis=1)
    place = np.ceil(np.clip(shown, 0, wide)).astype(np.int32)
    place += (np.arange(rays, dtype=np.int32) * (wide + 1))[:, None]
    count = np.bincount(place.ravel(), minlength=rays * (wide + 1)).reshape(rays, wide + 1)[:, :wide]
    # Cells shown at or before a place number the first one beyond it; of that one and the one before, what is between them is seen.
    beyond = np.clip(np.cumsum(count, axis=1, dtype=np.int32), 1, wide - 1)
    low, high = np.take_along_axis(shown, beyond - 1, axis=1), np.take_along_axis(shown, beyond, axis=1)
    share = np.clip((along - low) / np.maximum(high - low, 1e-6), 0, 1)
    return np.asarray(along - (beyond - 1 + share), dtype=np.float32)
