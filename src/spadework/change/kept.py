"""What is kept of pixels to judge more looks by, and how the lanes come by it, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.algebra import F32, LANES, ONE, ZERO
from spadework.change.compiled import step
from spadework.change.gauge import Gauge, no_gauge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.looks import Rows


class Followed(NamedTuple):
    """How far level and restlessness were followed along each route; filled in place."""

    level: F32
    """(route, band, pixel), noise = 1."""
    spread: F32
    """(route, pixel), mean squared distance a band."""
    since: NDArray[np.int32]
    """(route, pixel), 1 + day of the last look that moved them, or of the first; 0 before any."""
    near: F32
    """(route, lag, band, pixel), distances, level and restlessness not taken off, of the looks that have not moved them yet."""
    far: F32
    """(route, lag, pixel), their squared distances, level and restlessness taken off."""
    day: NDArray[np.int32]
    """(lag, pixel), 1 + day of each; 0 where there was no such look."""


class Kept(NamedTuple):
    """What some pixels are measured by, and how far they were followed; filled in place."""

    gauge: Gauge
    followed: Followed
    """To the look before the watched ones, or to the last of a turn that says so."""


def unfollowed(pixels: int, bands: int, lag: int) -> Followed:
    """Before the first look; level and restlessness stay ``lag`` looks behind."""
    return Followed(
        level=np.zeros((3, bands, pixels), np.float32),
        spread=np.ones((3, pixels), np.float32),
        since=np.zeros((3, pixels), np.int32),
        near=np.zeros((3, lag, bands, pixels), np.float32),
        far=np.zeros((3, lag, pixels), np.float32),
        day=np.zeros((lag, pixels), np.int32),
    )


def kept_of(pixels: int, bands: int, lag: int) -> Kept:
    """Room for what is kept of so many pixels."""
    return Kept(no_gauge(pixels, bands), unfollowed(pixels, bands, lag))


@step
def forget(followed: Followed) -> None:
    """Begin to follow anew."""
    followed.level[:] = ZERO
    followed.spread[:] = ONE
    followed.since[:] = 0
    followed.near[:] = ZERO
    followed.far[:] = ZERO
    followed.day[:] = 0


@step
def take_up(rows: Rows, followed: Followed) -> None:
    """Lay the looks that have not moved level and restlessness yet ahead of the rows."""
    for i in range(len(followed.day)):
        for lane in range(LANES):
            j = i * LANES + lane
            rows.day[j] = followed.day[i, lane]
            for route in range(3):
                rows.far[route, j] = followed.far[route, i, lane]
                for b in range(followed.near.shape[2]):
                    rows.near[route, b, j] = followed.near[route, i, b, lane]


@step
def leave_off(rows: Rows, followed: Followed) -> None:
    """Keep each lane's last looks, which have not moved level and restlessness yet."""
    for i in range(len(followed.day)):
        for lane in range(LANES):
            j = (rows.looks[lane] + i) * LANES + lane
            followed.day[i, lane] = rows.day[j]
            for route in range(3):
                followed.far[route, i, lane] = rows.far[route, j]
                for b in range(followed.near.shape[2]):
                    followed.near[route, i, b, lane] = rows.near[route, b, j]


@step
def _copy(source: NDArray[Any], come: NDArray[np.int32], target: NDArray[Any], go: NDArray[np.int32]) -> None:
    """Copy pixels ``come`` of (row, pixel) to pixels ``go`` of another."""
    for k in range(len(source)):
        for i in range(len(come)):
            target[k, go[i]] = source[k, come[i]]


@step
def _flat(a: NDArray[Any]) -> NDArray[Any]:
    """(row, pixel)."""
    return a.reshape((-1, a.shape[-1]))


@step
def hand_on(source: Kept, come: NDArray[np.int32], target: Kept, go: NDArray[np.int32]) -> None:
    """Copy pixels ``come`` of what is kept to pixels ``go`` of another."""
    one, other, behind, before = source.gauge, target.gauge, source.followed, target.followed
    _copy(_flat(one.agreement), come, _flat(other.agreement), go)
    _copy(_flat(one.noise), come, _flat(other.noise), go)
    _copy(_flat(one.model), come, _flat(other.model), go)
    _copy(_flat(one.single), come, _flat(other.single), go)
    _copy(_flat(one.season), come, _flat(other.season), go)
    _copy(_flat(one.forgiven), come, _flat(other.forgiven), go)
    _copy(_flat(one.calm), come, _flat(other.calm), go)
    _copy(_flat(one.alike), come, _flat(other.alike), go)
    _copy(_flat(behind.level), come, _flat(before.level), go)
    _copy(_flat(behind.spread), come, _flat(before.spread), go)
    _copy(_flat(behind.since), come, _flat(before.since), go)
    _copy(_flat(behind.near), come, _flat(before.near), go)
    _copy(_flat(behind.far), come, _flat(before.far), go)
    _copy(_flat(behind.day), come, _flat(before.day), go)
