"""Where a pixel stands at each look, and what that is measured from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.algebra import F32
    from spadework.change.fit import Basis, Fit

BESIDE, ALONE, FIELD = range(3)
"""The routes."""
UNIT = np.float32(16.0)
"""Distances are kept in 1/16 of the noise."""


class WhitenRule(NamedTuple):
    """Parts of ``MonitorSettings`` as plain numbers, reflectance x 10,000."""

    floor: float
    floor_share: float
    floor_least: float
    phase_days: float
    amplitude: float
    gain: F32
    """(days), gain of one look on the level so many days after the one before; the last number holds for more."""
    small: F32
    """(history looks), by how much noise learnt from so few looks must grow."""


class Whitened(NamedTuple):
    """What distances are measured from; all pixels of the site."""

    fit: Fit
    basis: Basis
    rule: WhitenRule
    typical: F32
    """(band), the scene's noise variance."""
    twins: NDArray[np.int32]
    """(pixel, TWINS), -1 = none."""
    part: NDArray[np.int32]
    """(time), part of the year, 0..15."""
    known: NDArray[np.int32]
    """(pixel), look at which it was confirmed to have changed: from there on it is nobody's twin."""


class Stand(NamedTuple):
    """Where each pixel stands at each watched look; filled in place."""

    distance: NDArray[np.int8]
    """(route, pixel, time watched, band), whitened departure in 1/16 of the noise, its length capped."""
    alike: F32
    """(route, pixel), as in ``gauge.Gauge``."""
    factor: F32
    """(band, band, pixel), lower Cholesky factor of the pixel's noise on its own."""
