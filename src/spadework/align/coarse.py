"""Whole pixels first: where one image lies on the other, looked for over the whole overlap at a coarse scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy import fft

from spadework.align.features import features_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

COARSE_PX: Final = 320
"""Longer side of the reduced images."""
LEAST_OVERLAP: Final = 0.3
"""Share of the smaller image's valid pixels that must lie on valid pixels of the other."""


def coarse_shift(
    images: tuple[NDArray[np.float32], NDArray[np.float32]],
    valids: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    reach_px: float,
) -> tuple[int, int]:
    """Shift (x, y) in whole pixels that moves the second image onto the first, by masked normalised cross-correlation.

    Padfield 2012, "Masked object registration in the Fourier domain", on images reduced by averaging and normalised by
    their surroundings. Ties and unrelated images give a shift like any other: tiles must confirm it.

    Args:
        images: BEFORE and AFTER, (y, x).
        valids: True = data.
        reach_px: largest shift along either axis.

    """
    factor = max(1, -(-max(images[0].shape) // COARSE_PX))
    small = [_reduced(image, valid, factor) for image, valid in zip(images, valids, strict=True)]
    found = [features_of(*one) for one in small]
    score = _masked_correlation(*((one.normal, one.valid) for one in found))
    rows, cols = found[0].normal.shape
    down, right = np.indices(score.shape)
    down, right = down - (rows - 1), right - (cols - 1)
    most = max(1.0, reach_px / factor)
    score[(np.abs(down) > most) | (np.abs(right) > most)] = -1
    row, col = np.unravel_index(int(np.argmax(score)), score.shape)
    return int(right[row, col]) * factor, int(down[row, col]) * factor


def _reduced(
    image: NDArray[np.float32], valid: NDArray[np.bool_], factor: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    if factor == 1:
        return image, valid
    rows, cols = (n // factor for n in image.shape)
    cut = (slice(0, rows * factor), slice(0, cols * factor))
    weight = valid[cut].astype(np.float32)
    size = (cols, rows)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(np.where(valid[cut], image[cut], 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    whole = share >= 0.5  # noqa: PLR2004 - most of it
    return np.where(whole, mean / np.maximum(share, 1e-3), 0).astype(np.float32), whole


def _masked_correlation(
    one: tuple[NDArray[np.float32], NDArray[np.bool_]], other: tuple[NDArray[np.float32], NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Correlation of the overlap, (2 rows - 1, 2 cols - 1) of shifts -(rows - 1)..rows - 1; -1 where it is too small."""
    (a, seen_a), (b, seen_b) = one, other
    full = tuple(2 * n - 1 for n in a.shape)
    size = [fft.next_fast_len(n, real=True) for n in full]
    parts_a = [fft.rfft2(part.astype(np.float64), size) for part in (seen_a, a * seen_a, a * a * seen_a)]
    parts_b = [fft.rfft2(part[::-1, ::-1].astype(np.float64), size) for part in (seen_b, b * seen_b, b * b * seen_b)]

    def correlated(n: int, m: int) -> NDArray[np.float64]:
        return np.asarray(fft.irfft2(parts_a[n] * parts_b[m], size)[: full[0], : full[1]])

    overlap = np.maximum(np.rint(correlated(0, 0)), 1)
    sum_a, sum_b = correlated(1, 0), correlated(0, 1)
    shared = correlated(1, 1) - sum_a * sum_b / overlap
    spread_a = np.maximum(correlated(2, 0) - sum_a**2 / overlap, 1e-6)
    spread_b = np.maximum(correlated(0, 2) - sum_b**2 / overlap, 1e-6)
    enough = overlap >= LEAST_OVERLAP * min(np.count_nonzero(seen_a), np.count_nonzero(seen_b))
    return np.where(enough, shared / np.sqrt(spread_a * spread_b), -1)
