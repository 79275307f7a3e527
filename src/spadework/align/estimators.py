"""The shift of one tile, by four estimators that fail in different ways.

Each takes two tiles of one shape whose shift is already under two pixels or so, and returns (dx, dy) that moves the
second onto the first, +x right, +y down; None where it finds none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.align.features import Features

FRAME_PX: Final = 4
"""Outermost pixels of a tile, which interpolation reaches into from outside, are not compared."""
FAR_PX: Final = 3.0
"""A tile that walks further than this from where it started has lost its way."""
STEPS: Final = 12
CLOSE_PX: Final = 2e-3
"""Steps smaller than this end the search."""
LEAST_SCALE: Final = 0.02
"""Residuals of less than this, in units of local scatter, are no outliers in the calmest of tiles."""
LEAST_GAIN: Final = 0.05
"""A moving tile that must be multiplied by less than this to look like the fixed one does not match it."""
SAMPLE: Final = 6000
"""Residuals enough for their median."""
TUKEY: Final = 4.685
"""Biweight of 95 % efficiency (Holland and Welsch 1977)."""


Estimator: TypeAlias = "Callable[[Features, Features, NDArray[np.bool_]], tuple[float, float] | None]"
"""(fixed, moving, pixels that count) -> (dx, dy)."""


def least_squares(fixed: Features, moving: Features, counts: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Robust Lucas-Kanade: shift, gain and offset by reweighted least squares (Baker and Matthews 2004; Tukey's biweight).

    What changed on the ground differs by more than the rest and loses its weight.
    """
    return fit_shift(fixed.normal, moving.normal, counts)


def fit_shift(
    fixed: NDArray[np.float32],
    moving: NDArray[np.float32],
    counts: NDArray[np.bool_],
    begin: tuple[float, float] = (0.0, 0.0),
    close_px: float = CLOSE_PX,
) -> tuple[float, float] | None:
    """The same for two plain arrays (y, x) of local normalised values or edges, from a first guess, to a closeness."""
    shift, target = np.array(begin), fixed.ravel()
    counted = counts.ravel().astype(np.float32)
    weight = counted
    for _ in range(STEPS):
        rows = rows_of(moved_by(moving, shift[0], shift[1])).reshape(4, -1)
        found = _solved(rows, target, weight)
        if found[2] < LEAST_GAIN:
            return None
        weight = biweight(target - found.astype(np.float32) @ rows, counted)
        step = found[:2] / found[2]
        length = float(np.hypot(*step))
        shift = shift + step * min(1.0, 1.0 / max(length, 1e-9))
        if np.hypot(*shift) > FAR_PX:
            return None
        if length < close_px:
            break
    return float(shift[0]), float(shift[1])


def rows_of(warped: NDArray[np.float32]) -> NDArray[np.float32]:
    """(4, y, x): what a small shift right, a small shift down, gain and offset add to an image (y, x)."""
    gx, gy = slopes(warped)
    return np.stack([-gx, -gy, warped, np.ones_like(warped)])


def _solved(rows: NDArray[np.float32], target: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Weighted least squares of target = rows.T p; p is shift x, shift y (both times gain), gain, offset."""
    weighted = rows * weight
    normal = (weighted @ rows.T).astype(np.float64)
    normal[np.diag_indices(len(rows))] += 1e-6 * np.trace(normal) + 1e-12
    return np.asarray(np.linalg.solve(normal, (weighted @ target).astype(np.float64)))


def biweight(left: NDArray[np.float32], counted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights that forget outliers: 1 at a residual of 0, 0 from TUKEY robust standard deviations on.

    Args:
        left: (pixel,) residuals.
        counted: (pixel,) 1 = counts, 0 = does not and gets no weight.

    """
    known = np.abs(left[counted > 0])
    known = known[:: max(1, known.size // SAMPLE)]
    scale = max(1.4826 * float(np.median(known)) if known.size else 0.0, LEAST_SCALE)
    near = np.maximum(1 - np.square(left * np.float32(1 / (TUKEY * scale))), 0)
    return np.asarray(near * near * counted, dtype=np.float32)


def moved_by(image: NDArray[np.float32], dx: float, dy: float) -> NDArray[np.float32]:
    """An image (y, x) moved right and down by a few pixels: cubic convolution (Keys 1981, a = -1/2), edges repeated.

    cv2.warpAffine is not used: its cubic kernel (a = -3/4) misplaces smooth ground by up to 0.04 px and its Lanczos
    kernel moves in 1/32 px.
    """
    whole = (int(np.floor(dx)), int(np.floor(dy)))
    kernels = [_keys(part - n) for part, n in zip((dx, dy), whole, strict=True)]
    reach = max(abs(whole[0]), abs(whole[1])) + 3
    taps = []
    for kernel, n in zip(kernels, whole, strict=True):
        full = np.zeros(2 * reach + 1)
        full[reach - n - 2 : reach - n + 2] = kernel
        taps.append(full)
    return np.asarray(cv2.sepFilter2D(image, cv2.CV_32F, taps[0], taps[1], borderType=cv2.BORDER_REPLICATE), dtype=np.float32)


def _keys(part: float) -> NDArray[np.float64]:
    """Weights of the pixels at -2, -1, 0, +1 for a value at -part, 0 <= part < 1."""
    at = np.abs(np.array([-2.0, -1.0, 0.0, 1.0]) + part)
    near = 1.5 * at**3 - 2.5 * at**2 + 1
    far = -0.5 * at**3 + 2.5 * at**2 - 4 * at + 2
    return np.asarray(np.where(at <= 1, near, np.where(at < 2, far, 0)))  # noqa: PLR2004 - reach of the kernel


def slopes(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """d/dx and d/dy by central differences."""
    tap, one = np.array([-0.5, 0, 0.5]), np.array([1.0])
    gx = cv2.sepFilter2D(image, cv2.CV_32F, tap, one, borderType=cv2.BORDER_REPLICATE)
    gy = cv2.sepFilter2D(image, cv2.CV_32F, one, tap, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(gx, dtype=np.float32), np.asarray(gy, dtype=np.float32)


def enhanced_correlation(fixed: Features, moving: Features, counts: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Enhanced correlation coefficient (Evangelidis and Psarakis 2008), OpenCV's, of a pure shift."""
    return _ecc(fixed.normal, moving.normal, counts)


def edge_correlation(fixed: Features, moving: Features, counts: NDArray[np.bool_]) -> tuple[float, float] | None:
    """The same on the strength of edges."""
    return _ecc(fixed.edges, moving.edges, counts)


def _ecc(fixed: NDArray[np.float32], moving: NDArray[np.float32], counts: NDArray[np.bool_]) -> tuple[float, float] | None:
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-5)
    try:
        _, warp = cv2.findTransformECC(
            fixed, moving, np.eye(2, 3, dtype=np.float32), cv2.MOTION_TRANSLATION, rule, counts.astype(np.uint8), 1
        )
    except cv2.error:
        return None
    dx, dy = -float(warp[0, 2]), -float(warp[1, 2])
    return (dx, dy) if np.hypot(dx, dy) <= FAR_PX else None


def phase_correlation(fixed: Features, moving: Features, counts: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Cross-correlation under a Hann window; the peak refined by a matrix product (Guizar-Sicairos et al. 2008)."""
    rows, cols = fixed.normal.shape
    window = np.outer(np.hanning(rows), np.hanning(cols)) * counts
    power = np.fft.fft2(fixed.normal * window) * np.conj(np.fft.fft2(moving.normal * window))
    power /= np.sqrt(np.abs(power)) + 1e-9
    surface = np.fft.ifft2(power).real
    y, x = np.unravel_index(int(np.argmax(surface)), surface.shape)
    centre = np.array([x - cols if x > cols // 2 else x, y - rows if y > rows // 2 else y], dtype=np.float64)
    for step in (0.1, 0.01):
        centre = _finer(power, centre, step)
    return (float(centre[0]), float(centre[1])) if np.hypot(*centre) <= FAR_PX else None


def _finer(power: NDArray[np.complex128], centre: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    rows, cols = power.shape
    offsets = np.arange(-10, 11) * step
    fy, fx = np.fft.fftfreq(rows), np.fft.fftfreq(cols)
    down = np.exp(2j * np.pi * np.outer(centre[1] + offsets, fy))
    right = np.exp(2j * np.pi * np.outer(fx, centre[0] + offsets))
    surface = (down @ power @ right).real
    y, x = np.unravel_index(int(np.argmax(surface)), surface.shape)
    return np.asarray(centre + np.array([offsets[x], offsets[y]]))


ESTIMATORS: Final[tuple[tuple[str, Estimator], ...]] = (
    ("robust least squares", least_squares),
    ("ECC", enhanced_correlation),
    ("ECC on edges", edge_correlation),
    ("phase correlation", phase_correlation),
)
