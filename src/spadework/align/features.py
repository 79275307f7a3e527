"""What tone, gain and haze leave alone: images normalised by their surroundings, and the strength of their edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMOOTH_PX: Final = 0.8
"""Sigma of the first smoothing: takes out noise that interpolation would otherwise fold into the shift."""
AROUND_PX: Final = 8.0
"""Sigma of the surroundings whose mean and scatter are taken out."""
LEAST_WEIGHT: Final = np.float32(1e-3)
CLIP: Final = np.float32(4)
"""Glints and deep shadows count no more than so many scatters."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """One image, ready to be laid on another. All arrays are (y, x)."""

    normal: NDArray[np.float32]
    """Local mean taken out, over local scatter; 0 where not valid."""
    edges: NDArray[np.float32]
    """Length of the gradient of ``normal``; 0 where not valid."""
    valid: NDArray[np.bool_]
    """True where both are free of pixels without data."""
    texture: NDArray[np.float32]
    """Local scatter of the smoothed image over what its noise leaves there: 1 = noise alone."""


def features_of(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> Features:
    """Normalise an image (y, x) by its surroundings: (I - local mean) / local scatter.

    Args:
        image: (y, x), any units.
        valid: (y, x), True = data.

    """
    valid = valid & np.isfinite(image)
    weight = valid.astype(np.float32)
    level = np.float32(np.median(image[valid])) if valid.any() else np.float32(0)
    filled = np.where(valid, image - level, np.float32(0)).astype(np.float32)
    sigma = _noise(filled, valid)
    share = _blur(weight, SMOOTH_PX)
    smooth = (_blur(filled, SMOOTH_PX) / np.maximum(share, LEAST_WEIGHT)).astype(np.float32)
    around = np.maximum(_blur(weight, AROUND_PX), LEAST_WEIGHT).astype(np.float32)
    high = (smooth - _blur(smooth * weight, AROUND_PX) / around).astype(np.float32) * weight
    variance = _blur(high * high, AROUND_PX) / around
    usual = float(np.median(variance[valid])) if valid.any() else 0.0
    left = sigma * sigma / (4 * np.pi * SMOOTH_PX**2)
    scatter = np.sqrt(variance + np.float32(0.25 * usual + left + 1e-12))
    clean = cv2.erode(weight, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_REPLICATE) > 0
    normal = np.where(clean, np.clip(high / scatter, -CLIP, CLIP), np.float32(0)).astype(np.float32)
    gx, gy = (cv2.Sobel(normal, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0))
    edges = np.where(clean, cv2.magnitude(gx, gy), 0).astype(np.float32)
    texture = np.sqrt(np.maximum(variance, 0) / (left + 1e-12)).astype(np.float32)
    return Features(normal, edges, clean, texture)


def _blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _noise(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> float:
    """Standard deviation of white noise (Immerkaer 1996: the response to a mask blind to plane and parabolic ground).

    A low quantile over blocks stands for ground without texture of its own.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = np.abs(cv2.filter2D(image, cv2.CV_32F, mask, borderType=cv2.BORDER_REFLECT))
    rows, cols = (n // 16 * 16 for n in image.shape)
    if not rows or not cols:
        return 0.0
    blocks = response[:rows, :cols].reshape(rows // 16, 16, cols // 16, 16).mean(axis=(1, 3))
    whole = valid[:rows, :cols].reshape(rows // 16, 16, cols // 16, 16).all(axis=(1, 3))
    return float(np.sqrt(np.pi / 2) / 6 * np.quantile(blocks[whole], 0.1)) if whole.any() else 0.0
