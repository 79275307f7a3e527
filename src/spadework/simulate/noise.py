"""Smooth random fields, made on coarse knots: one per look costs little even over large sites."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH: Final = 3.0
"""Standard deviations at which a knot's Gaussian ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """How knots become a field; made once per size, drawn from once per look."""

    rows: csr_array
    """(y, knot), weights whose squares sum to 1 in each row."""
    cols: csr_array
    """(x, knot), likewise."""

    def draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """(y, x) Gaussian field with expected mean 0 and variance 1 at every pixel; new with every call."""
        knots = rng.standard_normal((self.rows.shape[1], self.cols.shape[1]), dtype=np.float32)
        across = np.ascontiguousarray((self.cols @ np.ascontiguousarray(knots.T)).T)
        return np.asarray(self.rows @ across, dtype=np.float32)


def _weights(length: int, sigma_px: float) -> csr_array:
    """(pixel, knot) of one axis; knots ``sigma_px`` apart, also beyond both ends."""
    margin = math.ceil(REACH)
    knots = np.arange(-margin, math.ceil(length / sigma_px) + margin + 1) * sigma_px
    away = (np.arange(length)[:, None] - knots[None, :]) / sigma_px
    weights = np.where(np.abs(away) <= REACH, np.exp(-0.5 * away**2), 0)
    return csr_array((weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))).astype(np.float32))


def patches(shape: tuple[int, int], sigma_px: float) -> Patches:
    """Patches of white noise smoothed by a Gaussian of ``sigma_px`` (at least half a pixel).

    Two pixels d apart correlate by about exp(-d^2 / (4 sigma^2)), as under a convolution with that Gaussian; the sums
    run in one order on one thread, so the same draws give the same bytes.
    """
    sigma_px = max(sigma_px, 0.5)
    return Patches(_weights(shape[0], sigma_px), _weights(shape[1], sigma_px))


def ramp(field: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below ``low``, 1 above ``high``, straight between."""
    return np.asarray(np.clip((field - low) / (high - low), 0, 1), dtype=np.float32)
