"""What all passes share, what is kept of the pixels between the first pass and the last, and scratch and answers of the right size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from spadework.change import fit as model
from spadework.change import twins
from spadework.change.common import no_fit
from spadework.change.kept import Kept, kept_of
from spadework.change.settings import lag
from spadework.change.stand import ALONE, Stand, Watching
from spadework.cube import OUTSIDE_AOI, Change

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.settings import MonitorSettings
    from spadework.cube import Cube

NO_DAY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What all passes share."""

    cube: Cube
    settings: MonitorSettings
    basis: model.Basis
    places: NDArray[np.intp]
    """(pixel), flat places of the pixels inside the area, in order."""

    @property
    def times(self) -> int:
        """Looks."""
        return len(self.cube.looks)

    @property
    def bands(self) -> int:
        """Bands of each."""
        return len(self.cube.bands)

    @property
    def starts(self) -> NDArray[np.intp]:
        """(row + 1), running number of the first pixel of each row, and how many there are in all."""
        return np.append(0, np.cumsum(self.cube.inside.sum(axis=1)))


class Ring(NamedTuple):
    """What is kept of the pixels between the first pass and the last; a pixel's number is here its place in the ring."""

    fit: model.Fit
    """Pixels that fail to be whitened lose their method here ..."""
    method: NDArray[np.uint8]
    """... and keep it here: they may be twins all the same."""
    places: twins.Places
    unlike: NDArray[np.float64]
    """(pixel, way)."""
    twins: NDArray[np.int32]
    """(pixel, TWINS)."""
    known: NDArray[np.int32]
    """(pixel), look at which the first watch confirmed a change; as many as there are where it did not."""
    unknown: NDArray[np.int32]
    """(pixel), the same before any watch."""
    kept: Kept
    stand: Stand
    watching: Watching
    odd: NDArray[np.bool_]
    """(pixel, time watched), looks beyond the single-look threshold."""


def ring_of(site: Site, length: int) -> Ring:
    """Room for so many pixels."""
    watched, offsets = site.times - site.basis.history, twins.offsets()
    number = np.full(site.cube.inside.shape, -1, np.int32)
    number.reshape(-1)[site.places] = np.arange(len(site.places)) % length
    kept = kept_of(length, site.bands, lag(site.settings))
    places = twins.Places(np.zeros((length, 2), np.int32), number, offsets, *twins.ways(offsets))
    return Ring(
        fit=no_fit(length, site.bands, site.times),
        method=np.zeros(length, np.uint8),
        places=places,
        unlike=np.zeros((length, len(places.ways)), np.float64),
        twins=np.zeros((length, twins.TWINS), np.int32),
        known=np.zeros(length, np.int32),
        unknown=np.full(length, site.times, np.int32),
        kept=kept,
        stand=Stand(
            distance=np.zeros((3, length, watched, site.bands), np.int8),
            alike=kept.gauge.alike,
            factor=kept.gauge.noise[ALONE],
        ),
        watching=no_watching(length, site.bands),
        odd=np.zeros((length, watched), np.bool_),
    )


def no_watching(length: int, bands: int) -> Watching:
    """Room to remember so many pixels' watch in; ``watch.begin`` lets it begin."""
    return Watching(
        clear_looks=np.zeros(length, np.uint16),
        since=np.zeros(length, np.int32),
        best=np.zeros(length),
        first=np.zeros(length, np.int32),
        confirmed=np.zeros(length, np.int32),
        distance=np.zeros(length),
        after=np.zeros((length, bands), np.float32),
        calm=np.zeros(length, np.int32),
        calm_since=np.zeros(length, np.float32),
        recovered=np.zeros(length, np.bool_),
    )


def no_change(site: Site) -> Change:
    """Rasters that say of every pixel that it lies outside the area."""
    shape = site.cube.inside.shape

    def filled(kind: type[Any], value: float = 0) -> NDArray[Any]:
        return np.full(shape, value, kind)

    return Change(
        first_anomaly=filled(np.int32, NO_DAY),
        confirmed=filled(np.int32, NO_DAY),
        statistic=filled(np.float32, np.nan),
        clear_looks=filled(np.uint16),
        reason=filled(np.uint8, OUTSIDE_AOI),
        method=filled(np.uint8),
        recovered=filled(np.bool_),
        anomalous=np.zeros((site.times, *shape), np.bool_),
    )
