"""Where a pixel stands at each look, what that is measured from, and what its watch goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.algebra import F32
    from spadework.change.fit import Basis, Left
    from spadework.change.state import Followed, Learnt
    from spadework.change.twins import Places

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
    restless_gain: float
    """Gain of one look on the restlessness."""
    small: F32
    """(history looks), by how much noise learnt from so few looks must grow."""


class Recent(NamedTuple):
    """Some looks of the pixels between the first pass and the last: those of a part, behind the last ones before it; filled in place.

    Pixel p is here at p modulo the length, a multiple of LANES. Slots hold usable looks in order, the first of the part in slot ``lag``.
    """

    look: NDArray[np.int16]
    """(slot, place), number of the look; NO_LOOK where there is none."""
    new: NDArray[np.int32]
    """(place), usable looks of the part."""
    distance: NDArray[np.int8]
    """(route, slot, band, place), as ``told`` in ``state.Followed``; any where there is no look."""


class Whitened(NamedTuple):
    """What distances are measured from; all pixels of the site."""

    learnt: Learnt
    followed: Followed
    """Both are filled in place."""
    left: Left
    """Of the history, from which is learnt, or of a part of the watched looks."""
    basis: Basis
    """Of all looks."""
    rule: WhitenRule
    typical: F32
    """(band), the scene's noise variance."""
    places: Places
    part: NDArray[np.int32]
    """(look), part of the year, 0..15."""
    left_out: NDArray[np.bool_]
    """(pixel), as in ``state.Watching``."""


class WatchRule(NamedTuple):
    """Parts of ``MonitorSettings`` as plain numbers; limits are squared distances."""

    window_limit: NDArray[np.float32]
    """(window - SHORTEST)."""
    agreeing: NDArray[np.int32]
    """(window - SHORTEST), looks that must agree."""
    support: NDArray[np.float32]
    """(0..8 neighbours that show the same), factor of the limit."""
    look_limit: float
    calm_limit: float
    gate: float
    agree_share: float
    support_share: float
    own_share: float
    field_factor: float
    recover_looks: int
    recover_days: float


class Watched(NamedTuple):
    """What the watch goes by; all pixels of the site."""

    learnt: Learnt
    left: Left
    """Of the part."""
    recent: Recent
    basis: Basis
    """Of all looks."""
    rule: WatchRule
    places: Places
