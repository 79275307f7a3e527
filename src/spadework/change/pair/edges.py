"""Whether two images show the same edges, whatever their tone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def structure(before: NDArray[np.float32], after: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """(y, x), 0 = the same edges in the same directions, 1 = unrelated ones, 2 = reversed.

    1 less the local correlation of the gradient vectors of all bands, Gaussian derivatives of ``scale`` pixels gathered over
    twice that; a little noise is added to both, so that flat ground counts as the same.
    """
    cross = first = second = np.zeros(before.shape[1:], dtype=np.float32)
    for one, other in zip(before, after, strict=True):
        for order in ((0, 1), (1, 0)):
            edge = ndimage.gaussian_filter(one, scale, order=order, truncate=3.0)
            edge_after = ndimage.gaussian_filter(other, scale, order=order, truncate=3.0)
            cross, first, second = cross + edge * edge_after, first + edge**2, second + edge_after**2
    cross, first, second = (
        ndimage.gaussian_filter(plane, 2 * scale, mode="nearest", truncate=3.0) for plane in (cross, first, second)
    )
    noise = 0.02 / scale**2
    return np.asarray((first + second - 2 * cross) / (first + second + 2 * noise))
