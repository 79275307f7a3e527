"""What pixels do beside the model: noise of the sensor and texture of each piece of ground, which neighbours share.

Texture seen through a Gaussian blur is correlated as exp(-d^2 / 2 l^2): a fit that takes its pixels for independent states
intervals that hold half of the time. Here it is weighed in: generalised least squares (Aitken 1935, Proc. R. Soc. Edinburgh 55).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.special import ndtr

from spadework.measure.opening import S1, S2, U1, U2, Pixels, normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.measure.patch import Patch

_LAGS: Final = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
_GRAIN_M: Final = (0.0, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9)
"""Lengths of ground texture tried, metres (standard deviation of the Gaussian that would smooth white noise to it)."""
_GRAIN_USUAL: Final = 0.3
_WHITE: Final = (0.06, 0.1, 0.17, 0.27, 0.4, 0.55, 0.7, 0.85, 0.97)
"""Shares of the variance tried that neighbours do not share. Never none: that would sharpen the image without limit."""
_WHITE_USUAL: Final = 0.15
STONE: Final = 3.5
"""Standard deviations beyond which a pixel is foreign to the ground..."""
STONE_RIM: Final = 2.0
"""...and its neighbours beyond this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """Noise and texture of the three pieces of ground of one patch."""

    sigma: NDArray[np.float64]
    """(3,), standard deviation left, inside, right; brightness."""
    reach_m: float
    """l: at this distance correlation has fallen to exp(-1/2)."""
    white: float
    """Share of the variance that neighbours do not share."""
    samples: NDArray[np.float64]
    """(3,), independent samples that each ``sigma`` rests on."""
    usual_m: float
    """``reach_m`` of usual ground under this blur."""

    def of(self, pixels: Pixels, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) standard deviation at each pixel."""
        return np.asarray(np.sqrt((shares(pixels, p) * self.sigma[:, None] ** 2).sum(axis=0)))

    def covariance(self, pixels: Pixels, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n) between pixels: texture of one piece of ground knows nothing of that of another."""
        shared = np.zeros((pixels.u.size, pixels.u.size))
        for share, sigma in zip(shares(pixels, p), self.sigma, strict=True):
            amplitude = np.sqrt(share) * sigma
            shared += np.outer(amplitude, amplitude)
        own = np.diagonal(shared).copy()
        du, dv = pixels.u[:, None] - pixels.u, pixels.v[:, None] - pixels.v
        shared *= (1 - self.white) * np.exp((du * du + dv * dv) * (-0.5 / self.reach_m**2))
        shared[np.diag_indices(own.size)] = own
        return shared


def shares(pixels: Pixels, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, n): what share of a pixel's texture comes from the left, the inside and the right.

    The variance of blurred texture falls off at an edge over the blur's square, which is narrower by the root of two.
    """
    x = normal(p, pixels)
    past1 = ndtr((x - p[U1]) / np.exp(p[S1]) * math.sqrt(2))
    past2 = ndtr((x - p[U2]) / np.exp(p[S2]) * math.sqrt(2))
    return np.asarray(np.clip([1 - past1, past1 - past2, past2], 0, 1))


def learn(
    patch: Patch, residual: NDArray[np.float64], p: NDArray[np.float64], blur_m: float
) -> tuple[Texture, NDArray[np.bool_]]:
    """Texture from what a fit leaves over, and which pixels are no stones.

    Args:
        patch: its pixels.
        residual: (n,) pixels minus model.
        p: (11,) the model.
        blur_m: standard deviation of the sensor's blur, metres.

    """
    part = shares(patch.pixels, p)
    area = abs(float(np.linalg.det(patch.per_px)))
    sigma = np.array([_spread(residual, share) for share in part])
    sigma = np.maximum(sigma, 1e-3 + 0.1 * sigma.max())
    kept = np.ones(residual.size, dtype=bool)
    for _ in range(2):
        z = residual / np.sqrt((part * sigma[:, None] ** 2).sum(axis=0))
        kept = ~_stones(patch, z)
        reach, white = _grain(patch, np.where(kept, z, np.nan), blur_m)
        sigma, samples = _sigmas(residual[kept], part[:, kept], (reach, white, area))
    return Texture(sigma, reach, white, samples, math.sqrt(2 * (blur_m**2 + _GRAIN_USUAL**2))), kept


def _spread(residual: NDArray[np.float64], share: NDArray[np.float64]) -> float:
    """Standard deviation of the pixels of one piece, by their median deviation."""
    mine = np.abs(residual[share > 0.5])  # noqa: PLR2004 - most of it
    return 1.4826 * float(np.median(mine)) if mine.size else 0.0


def _stones(patch: Patch, z: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels far off, with neighbours that are off too."""
    row, col = patch.row - patch.row.min(), patch.col - patch.col.min()
    grid = np.zeros((row.max() + 1, col.max() + 1), dtype=bool)
    grid[row, col] = np.abs(z) > STONE
    return np.asarray((maximum_filter(grid, 3)[row, col] & (np.abs(z) > STONE_RIM)) | grid[row, col])


def _grain(patch: Patch, z: NDArray[np.float64], blur_m: float) -> tuple[float, float]:
    """Reach and white share whose correlations come nearest to those of z, (n,) standardised residuals, NaN = stone."""
    row, col = patch.row - patch.row.min(), patch.col - patch.col.min()
    grid = np.full((row.max() + 3, col.max() + 5), np.nan)
    grid[row, col + 2] = z
    power = float(np.nanmean(z * z))
    seen, count, away = [], [], []
    inner = grid[:-2, 2:-2]
    for down, across in _LAGS:
        shifted = grid[down : down + inner.shape[0], 2 + across : 2 + across + inner.shape[1]]
        product = inner * shifted
        found = np.isfinite(product)
        seen.append(float(product[found].mean()) / power if found.any() else 0.0)
        count.append(found.sum())
        away.append(float(np.hypot(*(patch.per_px @ [across, down]))))
    squared = np.square(away)
    reaches = np.sqrt(2 * (blur_m**2 + np.square(_GRAIN_M)))
    model = np.exp(-0.5 * squared / reaches[:, None] ** 2)[:, None, :] * (1 - np.array(_WHITE))[None, :, None]
    area = abs(float(np.linalg.det(patch.per_px)))
    independent = np.array(count) / (1 + math.pi * reaches[:, None] ** 2 / area)
    bias = 6 * 2 * math.pi * reaches**2 / area / max(np.isfinite(z).sum(), 1)
    misfit = ((np.array(seen) + np.minimum(bias, 0.5)[:, None, None] * model - model) ** 2 * independent[:, None, :]).sum(
        axis=2
    )
    belief = np.square(np.log((np.array(_GRAIN_M) + 0.1) / (_GRAIN_USUAL + 0.1)) / 0.7)
    odds = np.log(np.array(_WHITE) / (1 - np.array(_WHITE))) - math.log(_WHITE_USUAL / (1 - _WHITE_USUAL))
    best = np.argmin(misfit + belief[:, None] + np.square(odds / 1.2))
    i, j = divmod(int(best), len(_WHITE))
    return float(reaches[i]), float(_WHITE[j])


def _sigmas(
    residual: NDArray[np.float64], part: NDArray[np.float64], grain: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviation of each piece and the independent samples it rests on, drawn towards the mean of all."""
    reach, white, area = grain
    weight = part.sum(axis=1) + 1e-9
    crowd = 1 + (1 - white) ** 2 * math.pi * reach**2 / area
    taken = 1.5 * (1 + (1 - white) * 2 * math.pi * reach**2 / area)
    square = (part * residual**2).sum(axis=1) / np.maximum(weight - taken, 0.35 * weight)
    samples = np.maximum(weight - taken, 0.35 * weight) / crowd
    ground = float((square * samples)[[0, 2]].sum() / samples[[0, 2]].sum())
    prior = np.array([ground, float((square * samples).sum() / samples.sum()), ground])
    belief = np.array([1.0, 1.0, 1.0])
    square = (square * samples + prior * belief) / (samples + belief)
    return np.sqrt(square + 1e-8), samples + belief
