"""What could be reached by whoever knew each pixel's undisturbed mean at every look: a bound to print beside the methods.

Its noise is that of the bench generator, known too: a common gain error and independent noise per band. What is left to
it are clouds and shadows that leak through the mask, and the number of looks that it takes to be sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import chi2

from spadework.cube import day_number

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from spadework.cube import Cube

ORACLE: Final = "oracle"
NOISE: Final = np.array([45.0, 45.0, 45.0, 60.0, 60.0, 60.0])
"""Standard deviation per band, reflectance x 10,000."""
GAIN: Final = 0.008
"""Standard deviation of the gain that all bands of a pixel share at one look."""
WINDOW, NEED = 6, 4
ODD: Final = 0.01
"""Chance that one undisturbed look without a leak counts as odd."""
FAR_OUT: Final = 1e-9
"""Chance that the mean of the odd looks of an undisturbed window is so far out."""


def _whitened(cube: Cube, mean: NDArray[np.float32], rows: slice) -> NDArray[np.float64]:
    """(time, band, y, x) residuals with unit covariance under no change.

    The covariance is D + u u' with D the band noise and u the gain error times the mean; its inverse root by the
    eigenvector of the whitened u (Sherman and Morrison 1950, Ann. Math. Stat. 21, 124-127, in square-root form).
    """
    unit = NOISE[:, None, None]
    left = (cube.reflectance[:, :, rows] - mean[:, :, rows].astype(np.float64)) / unit
    u = GAIN * mean[:, :, rows] / unit
    square = (u**2).sum(axis=1, keepdims=True)
    shrink = (1.0 - 1.0 / np.sqrt(1.0 + square)) / square
    return np.asarray(left - shrink * u * (u * left).sum(axis=1, keepdims=True))


def _confirm(white: NDArray[np.float64], days: NDArray[np.int32]) -> int:
    """Day of confirmation from the whitened clear looks (look, band) of one pixel, 0 = none."""
    bands = white.shape[1]
    odd = (white**2).sum(axis=1) > chi2.isf(ODD, bands)
    limit = chi2.isf(FAR_OUT, bands)
    capped = white / np.maximum(1.0, np.sqrt((white**2).sum(axis=1, keepdims=True) / (4.0 * bands)))
    for last in np.flatnonzero(odd):
        window = slice(max(0, last - WINDOW + 1), last + 1)
        which = odd[window]
        if which.sum() >= NEED:
            total = capped[window][which].mean(axis=0)
            if which.sum() * (total @ total) > limit:
                return int(days[last])
    return 0


def oracle(cube: Cube, start: dt.date, mean: NDArray[np.float32]) -> NDArray[np.int32]:
    """Days of confirmation (y, x), 0 = none: four odd looks of the last six, and their capped mean far out.

    Args:
        cube: a bench cube.
        start: first day watched.
        mean: (time, band, y, x), what each pixel shows undisturbed, reflectance x 10,000.

    """
    watched = cube.days >= day_number(start)
    height, width = cube.inside.shape
    out = np.zeros((height, width), np.int32)
    for row in range(height):
        white = _whitened(cube, mean, slice(row, row + 1))[:, :, 0]
        for col in range(width):
            looks = watched & cube.clear[:, row, col]
            out[row, col] = _confirm(white[looks, :, col], cube.days[looks])
    return out
