"""Where a pixel stands at each look, what that is measured by, and how far its level and restlessness have been followed."""

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


class Gauge(NamedTuple):
    """What the distances of pixels are measured by, learnt from their histories alone; filled in place."""

    agreement: F32
    """(pixel), how much of what its twins share a pixel shows itself, 0..1."""
    noise: F32
    """(BESIDE or ALONE, band, band, pixel), lower Cholesky factor of the noise."""
    model: F32
    """(term, term, pixel), lower Cholesky factor of the model's normal matrix, one over its diagonal on the diagonal; there 0 for
    terms that the model has not."""
    single: F32
    """(pixel), 1 where looks are compared with one look, whose own noise adds to theirs, else 0."""
    season: F32
    """(term, band, pixel), coefficients of the season over the noise alone; 0 for the mean."""
    forgiven: F32
    """(pixel), share of the season's jitter that a field is forgiven, 0..1: flat pixels keep their sharpness."""
    calm: F32
    """(route, part of the year, pixel), one over how restless the history was, 0..1."""
    alike: F32
    """(route, pixel), correlation of one look with the next over the history, 0..0.9."""


class Followed(NamedTuple):
    """How far level and restlessness were followed along each route; filled in place. All zero but ``spread`` before the first look."""

    level: F32
    """(route, band, pixel), noise = 1."""
    spread: F32
    """(route, pixel), mean squared distance a band; begins with 1."""
    since: NDArray[np.int32]
    """(route, pixel), 1 + day of the last look that moved them, or of the first; 0 before any."""
    near: F32
    """(route, lag, band, pixel), distances, level and restlessness not taken off, of the looks that have not moved them yet."""
    far: F32
    """(route, lag, pixel), their squared distances, level and restlessness taken off."""
    day: NDArray[np.int32]
    """(lag, pixel), 1 + day of each; 0 where there was no such look."""


class Stand(NamedTuple):
    """Where each pixel stands at each watched look; filled in place."""

    distance: NDArray[np.int8]
    """(route, pixel, time watched, band), whitened departure in 1/16 of the noise, its length capped."""
    alike: F32
    """(route, pixel), as in ``Gauge``."""
    factor: F32
    """(band, band, pixel), lower Cholesky factor of the pixel's noise on its own."""
