"""Where a pixel stands at each look, what that is measured from, and what its watch remembers."""

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


class Watching(NamedTuple):
    """What the watch remembers of each pixel from one look to the next, beside its last distances; filled in place.

    A change stands while ``confirmed`` is not -1. Numbers of looks are watched time indices.
    """

    clear_looks: NDArray[np.uint16]
    """(pixel), usable looks gone through."""
    since: NDArray[np.int32]
    """(pixel), those since the watch began, or began again behind a withdrawal, counted to the longest window; 0 while a change stands."""
    best: NDArray[np.float64]
    """(pixel), largest squared distance of a window, but for that of the change that stands."""
    first: NDArray[np.int32]
    """(pixel), first look of the change that stands; -1 = none."""
    confirmed: NDArray[np.int32]
    """(pixel), look that confirmed it; -1 = none."""
    distance: NDArray[np.float64]
    """(pixel), squared distance of the window that did."""
    after: F32
    """(pixel, band), spectrum of the changed ground, without the common mode, reflectance x 10,000."""
    calm: NDArray[np.int32]
    """(pixel), looks in a row that say that the change is gone ..."""
    calm_since: F32
    """(pixel), ... and the day of the first of them, as in ``Basis.days``."""
    recovered: NDArray[np.bool_]
    """(pixel), the last change that was confirmed has been withdrawn."""
