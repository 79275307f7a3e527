"""AFTER resampled onto BEFORE: once, never in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import Alignment

ORDER: Final = 3
"""Cubic B-spline: exact on cubic ground, unlike cv2.warpAffine's cubic (a = -3/4) and its 1/32 px Lanczos."""
REACH_PX: Final = 2
"""Pixels this close to one without data are not valid after resampling: the kernel reaches there."""


def move(
    values: NDArray[np.float32], valid: NDArray[np.bool_], alignment: Alignment, shape: tuple[int, int] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Lay AFTER on BEFORE's grid.

    Args:
        values: (band, y, x), AFTER; not changed.
        valid: (y, x), True = data.
        alignment: where it lies; not failed.
        shape: rows, columns wanted (default: as ``values``).

    Returns:
        (band, y, x) float32, 0 where not valid; (y, x), True where every pixel that the kernel reaches had data.

    Raises:
        ValueError: the alignment failed.

    """
    if alignment.shift_px is None:
        msg = f"images that were not aligned cannot be laid on each other: {alignment.failed}"
        raise ValueError(msg)
    matrix, offset = _backwards(alignment.shift_px, alignment.affine)
    shape = shape or (valid.shape[0], valid.shape[1])
    if alignment.affine is None and not any(alignment.shift_px) and shape == valid.shape:
        return values * valid, valid.copy()
    sound = np.asarray(ndimage.binary_erosion(valid, np.ones((2 * REACH_PX + 1,) * 2, dtype=np.bool_)))
    seen = ndimage.affine_transform(sound.astype(np.uint8), matrix, offset, shape, order=0, cval=0, prefilter=False) > 0
    out = np.zeros((len(values), *shape), dtype=np.float32)
    for band, into in zip(values, out, strict=True):
        level = np.median(band[valid]) if valid.any() else 0
        filled = np.where(valid, band, level).astype(np.float32)
        into[seen] = ndimage.affine_transform(filled, matrix, offset, shape, order=ORDER, mode="nearest")[seen]
    return out, seen


def _backwards(
    shift: tuple[float, float], affine: tuple[float, float, float, float, float, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(row, col) of AFTER's pixel centres for (row, col) of BEFORE's: matrix and offset."""
    a, b, c, d, e, f = affine or (1.0, 0.0, shift[0], 0.0, 1.0, shift[1])
    back = np.linalg.inv(np.array([[a, b, c], [d, e, f], [0, 0, 1]]))
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    centres = np.linalg.inv(half) @ back @ half
    return np.ascontiguousarray(centres[1::-1, 1::-1]), np.ascontiguousarray(centres[1::-1, 2])
