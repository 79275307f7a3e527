"""What does not change from look to look: which pixels a site has, where they lie, and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spadework.change import twins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.settings import MonitorSettings


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Pixels have running numbers, row by row."""

    inside: NDArray[np.bool_]
    """(y, x), True = monitored."""
    bands: int
    settings: MonitorSettings
    places: twins.Places

    @property
    def pixels(self) -> int:
        """How many are monitored."""
        return len(self.places.at)

    @property
    def starts(self) -> NDArray[np.intp]:
        """(row + 1), running number of the first pixel of each row, and how many there are in all."""
        return np.append(0, np.cumsum(self.inside.sum(axis=1)))


def site_of(inside: NDArray[np.bool_], bands: int, settings: MonitorSettings) -> Site:
    """A site of those pixels."""
    at, number, offsets = np.flatnonzero(inside).astype(np.int32), np.full(inside.shape, -1, np.int32), twins.offsets()
    number.reshape(-1)[at] = np.arange(len(at), dtype=np.int32)
    return Site(inside, bands, settings, twins.Places(at, number, offsets, *twins.ways(offsets)))
