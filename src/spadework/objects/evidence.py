"""What in the pixels speaks for a box being an upright vehicle, besides the detector's own word: its size, and a shadow where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import CRS
from scipy.ndimage import map_coordinates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

SIZE_FITS: Final = "the size of a vehicle"
SHADOW_FITS: Final = "a darker strip on the side away from the sun"
_LENGTH_M: Final = (3.0, 14.0)
_WIDTH_M: Final = (1.5, 4.5)
"""From a small car to a low loader or a large hauler (tradecraft 2.9); longer ones are trains of vehicles."""


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """How a shadow is looked for beside a box."""

    reach_m: tuple[float, float] = (0.25, 2.0)
    """Distances from the box's edge, along the sun's direction, between which the strips lie, metres."""
    least: float = 1.0
    """The far strip is darker than the sunlit one by so many times the spread of the ground around the box."""


def fits_a_vehicle(length_m: float, width_m: float) -> bool:
    """Whether a box, metres, has the size of a vehicle."""
    return _LENGTH_M[0] <= length_m <= _LENGTH_M[1] and _WIDTH_M[0] <= width_m <= _WIDTH_M[1]


def sun_in_image(image: Image) -> tuple[float, float] | None:
    """Unit vector (column, row) on the ground from an object towards the sun; None where sun or north are unknown.

    North is that of the CRS: a projected grid's differs from the true one by up to 3 degrees, which matters to no strip here.
    """
    scene = image.scene
    if scene.sun_azimuth is None or scene.crs is None:
        return None
    a, b, _, d, e, f = image.transform
    east, north = np.sin(np.radians(scene.sun_azimuth)), np.cos(np.radians(scene.sun_azimuth))
    if CRS.from_user_input(scene.crs).is_geographic:
        east /= np.cos(np.radians(f + e * image.valid.shape[0] / 2))
    col, row = np.linalg.solve(np.array([[a, b], [d, e]]), np.array([east, north]))
    long = float(np.hypot(col, row))
    return float(col) / long, float(row) / long


def light(image: Image) -> NDArray[np.float32]:
    """(y, x), mean of the bands, each in units of its own spread: one plane for images of any depth."""
    spread = np.array([np.std(band[image.valid]) if image.valid.any() else 1.0 for band in image.values])
    return np.asarray((image.values / np.maximum(spread, 1e-6)[:, None, None]).mean(axis=0), dtype=np.float32)


def shadow_contrast(
    plane: NDArray[np.float32], boxes: NDArray[np.float64], sun: tuple[float, float], reach_px: tuple[float, float]
) -> NDArray[np.float64]:
    """How much darker the strip beyond a box is than the strip before it, seen from the sun.

    Args:
        plane: (y, x) brightness, any units.
        boxes: (n, 5), centre, length, width in pixels, angle in degrees.
        sun: unit vector (column, row) towards the sun.
        reach_px: first and last distance of the strips from the box's edge, pixels.

    Returns:
        (n), difference of the strips' means over the spread of the ring around the box.

    """
    cx, cy, length, width, angle = boxes.T
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))

    def half(ux: float, uy: float) -> NDArray[np.float64]:
        """Half the box's extent along a direction."""
        return np.asarray((length * np.abs(ux * cos + uy * sin) + width * np.abs(uy * cos - ux * sin)) / 2)

    along = half(*sun)[:, None] + np.linspace(*reach_px, 4)  # (n, 4)
    beside = half(-sun[1], sun[0])[:, None] * np.linspace(-0.6, 0.6, 5)  # (n, 5), inside the box's own breadth

    def strip(side: float) -> NDArray[np.float64]:
        out, over = side * along[:, :, None], beside[:, None, :]
        return _sampled(
            plane, cx[:, None, None] + out * sun[0] - over * sun[1], cy[:, None, None] + out * sun[1] + over * sun[0]
        )

    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    far = (np.hypot(length, width) / 2)[:, None] * 1.3 + reach_px[1]
    ring = _sampled(plane, cx[:, None] + far * np.cos(turn), cy[:, None] + far * np.sin(turn))
    middle = np.median(ring, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(ring - middle), axis=1)
    return np.asarray((strip(1.0).mean(axis=(1, 2)) - strip(-1.0).mean(axis=(1, 2))) / np.maximum(spread, 1e-6))


def _sampled(plane: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.stack([y - 0.5, x - 0.5])  # pixel centres are whole numbers there
    return np.asarray(map_coordinates(plane, at, order=1, mode="nearest", output=np.float64))
