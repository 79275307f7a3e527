"""Which changed pixels belong together: groups linked in space and time.

Linking is connected-component labelling of the graph whose nodes are changed pixels and whose edges join 8-neighbours
with first anomalies at most ``link_days`` apart (``scipy.sparse.csgraph.connected_components``; Tarjan 1972).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage, sparse

from spadework.cube import OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.cube import Change, Cube
    from spadework.events.settings import EventSettings
    from spadework.records import Status

    Days = NDArray[np.int32]
    Mask = NDArray[np.bool_]
    Index = NDArray[np.intp]

_AHEAD: Final = ((0, 1), (1, 0), (1, 1), (1, -1))
"""(rows, columns) to four of the eight neighbours; the other four see the pair from the far side."""
_EIGHT: Final = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The pixels of one event, in row-major order, and the doubtful ones around it."""

    status: Status
    rows: Index
    """(pixel)"""
    cols: Index
    """(pixel)"""
    first: Days
    """(pixel), days since 1970-01-01 of the first anomaly."""
    fringe: tuple[Index, Index]
    """Rows, columns of pixels not confirmed that touch the group and were lately anomalous in most clear looks."""


def link(mask: Mask, first: Days, link_days: int) -> NDArray[np.int32]:
    """Label pixels that are 8-neighbours with first anomalies at most ``link_days`` apart.

    Args:
        mask: (y, x), True = a node.
        first: (y, x), days.
        link_days: days.

    Returns:
        (y, x), -1 outside ``mask``, else the number of the component, from 0 in row-major order of its first pixel.

    """
    count = int(mask.sum())
    node = np.full(mask.shape, -1, dtype=np.int32)
    node[mask] = np.arange(count, dtype=np.int32)
    ends: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
    height, width = mask.shape
    for down, right in _AHEAD:
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        joined = mask[here] & mask[there] & (np.abs(first[here] - first[there]) <= link_days)
        ends.append((node[here][joined], node[there][joined]))
    a, b = (np.concatenate(side) for side in zip(*ends, strict=True))
    graph = sparse.coo_array((np.ones(a.size, dtype=bool), (a, b)), shape=(count, count))
    label = np.full(mask.shape, -1, dtype=np.int32)
    if count:
        label[mask] = sparse.csgraph.connected_components(graph, directed=False)[1]
    return label


def ended_run(clear: Mask, anomalous: Mask) -> Index:
    """The look at which a pixel's longest anomaly that ended began.

    A run is a stretch of clear looks that are all anomalous; looks that are not clear neither lengthen nor end it. It
    has ended when a clear look without anomaly follows. Where no run has ended, the last run counts.

    Args:
        clear: (time, pixel).
        anomalous: (time, pixel).

    Returns:
        (pixel), index into time; -1 without any anomaly.

    """
    pixels = clear.shape[1]
    run, began, longest = (np.zeros(pixels, dtype=np.int32) for _ in range(3))
    best = np.full(pixels, -1, dtype=np.intp)
    for time, (seen, odd) in enumerate(zip(clear, anomalous & clear, strict=True)):
        began[odd & (run == 0)] = time
        ends = seen & ~odd
        better = ends & (run > longest)
        best[better], longest[better] = began[better], run[better]
        run[odd] += 1
        run[ends] = 0
    return np.where((best < 0) & (run > 0), began, best)


def pending_run(clear: Mask, anomalous: Mask) -> tuple[Index, Index]:
    """The anomaly that lasts until now: (pixel) its number of clear looks, and the look at which it began.

    Args:
        clear: (time, pixel).
        anomalous: (time, pixel).

    """
    pixels = clear.shape[1]
    looks, began = np.zeros(pixels, dtype=np.intp), np.full(pixels, -1, dtype=np.intp)
    lasts = np.ones(pixels, dtype=bool)
    for time in range(len(clear) - 1, -1, -1):
        lasts &= anomalous[time] | ~clear[time]
        odd = lasts & anomalous[time] & clear[time]
        looks[odd] += 1
        began[odd] = time
        if not lasts.any():
            break
    return looks, began


def lately_anomalous(clear: Mask, anomalous: Mask, looks: int) -> Mask:
    """(pixel), True where more than half of the last ``looks`` clear looks are anomalous.

    Args:
        clear: (time, pixel).
        anomalous: (time, pixel).
        looks: how many clear looks are asked, from the end; all there are where there are fewer.

    """
    seen, odd = (np.zeros(clear.shape[1], dtype=np.int32) for _ in range(2))
    for time in range(len(clear) - 1, -1, -1):
        asked = clear[time] & (seen < looks)
        seen += asked
        odd += asked & anomalous[time]
        if (seen >= looks).all():
            break
    return 2 * odd > seen


class _Ground:
    """The watched looks of a Cube and its Change, asked where a change may be."""

    def __init__(self, cube: Cube, change: Change, start: int, settings: EventSettings) -> None:
        self.settings = settings
        self.cube, self.change = cube, change
        self.began = int(np.searchsorted(cube.days, start))
        self.confirmed = cube.inside & (change.confirmed > 0)
        """(y, x)"""
        self.doubtful = cube.inside & (change.reason == OK) & ~self.confirmed & change.anomalous[self.began :].any(axis=0)
        """(y, x), assessed, not confirmed, anomalous at least once."""
        self.doubts = self.watched(self.doubtful)
        fringe = np.zeros_like(self.doubtful)
        fringe[self.doubtful] = lately_anomalous(*self.doubts, settings.fringe_looks)
        labels, parts = ndimage.label(fringe, structure=_EIGHT)
        self.fringe: NDArray[np.int32] = np.asarray(labels, dtype=np.int32)
        """(y, x), 0 = none, else the number of a connected piece."""
        order = np.argsort(self.fringe, axis=None, kind="stable")
        cuts = np.searchsorted(self.fringe.ravel()[order], np.arange(1, parts + 2))
        self.pieces = [order[a:b] for a, b in pairwise(cuts)]
        """Flat pixel numbers of each piece."""

    def watched(self, mask: Mask) -> tuple[Mask, Mask]:
        """Clear and anomalous of the watched looks, (time, pixel), of the pixels in ``mask``."""
        flat, ground = np.flatnonzero(mask), (len(self.cube.looks) - self.began, mask.size)
        clear, anomalous = (a[self.began :].reshape(ground) for a in (self.cube.clear, self.change.anomalous))
        return clear.take(flat, axis=1), anomalous.take(flat, axis=1)

    def days_at(self, mask: Mask, looks: Index) -> Days:
        """(y, x), the day of each pixel's look (an index into the watched looks), 0 outside ``mask``."""
        out = np.zeros(mask.shape, dtype=np.int32)
        out[mask] = self.cube.days[self.began :][looks]
        return out

    def around(self, rows: Index, cols: Index) -> tuple[Index, Index]:
        """Rows, columns of the fringe that touches these pixels, without the pixels themselves."""
        top, left = max(int(rows.min()) - 1, 0), max(int(cols.min()) - 1, 0)
        near = self.fringe[top : int(rows.max()) + 2, left : int(cols.max()) + 2]
        own = np.zeros(near.shape, dtype=bool)
        own[rows - top, cols - left] = True
        touched = np.unique(near[ndimage.binary_dilation(own, structure=_EIGHT)])
        pieces = [self.pieces[number - 1] for number in touched if number]
        flat = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.intp)
        flat = flat[~np.isin(flat, np.ravel_multi_index((rows, cols), self.fringe.shape))]
        down, right = np.unravel_index(flat, self.fringe.shape)
        return down, right

    def groups(self, label: NDArray[np.int32], first: Days, status: Status) -> Iterator[Group]:
        """The components of at least ``min_pixels`` pixels."""
        order = np.argsort(label, axis=None, kind="stable")
        ranked = label.ravel()[order]
        cuts = np.searchsorted(ranked, np.arange(int(ranked[-1]) + 2))
        for a, b in pairwise(cuts):
            if b - a >= self.settings.min_pixels:
                rows, cols = np.unravel_index(order[a:b], label.shape)
                yield Group(status, rows, cols, first[rows, cols], self.around(rows, cols))


def _confirmed(ground: _Ground) -> list[Group]:
    first = ground.change.first_anomaly
    return list(ground.groups(link(ground.confirmed, first, ground.settings.link_days), first, "confirmed"))


def _pending(ground: _Ground, listed: list[Group]) -> list[Group]:
    """Pending anomalies that are not linked to a listed event: those are its growth, and count in its high area."""
    looks, began = pending_run(*ground.doubts)
    pending = np.zeros(ground.doubtful.shape, dtype=bool)
    pending[ground.doubtful] = looks >= ground.settings.anomaly_looks
    first = ground.days_at(pending, began[looks >= ground.settings.anomaly_looks])
    known = np.zeros_like(pending)
    for group in listed:
        known[group.rows, group.cols] = True
        first[group.rows, group.cols] = group.first
    label = link(pending | known, first, ground.settings.link_days)
    label[np.isin(label, np.unique(label[known]))] = -1
    return list(ground.groups(label, first, "anomaly"))


def _recovered(ground: _Ground) -> list[Group]:
    """Recovered pixels, but not where a later change is confirmed: that one is told."""
    mask = ground.cube.inside & ground.change.recovered & ~ground.confirmed
    began = ended_run(*ground.watched(mask))
    mask[mask] = began >= 0
    first = ground.days_at(mask, began[began >= 0])
    return list(ground.groups(link(mask, first, ground.settings.link_days), first, "recovered"))


def groups_of(cube: Cube, change: Change, start: int, settings: EventSettings) -> list[Group]:
    """All groups of confirmed, pending and recovered pixels inside the area of interest.

    Args:
        cube: T looks on (y, x).
        change: on the same grid and looks.
        start: first watched day, days since 1970-01-01.
        settings: sizes and links.

    """
    ground = _Ground(cube, change, start, settings)
    confirmed = _confirmed(ground)
    return [*confirmed, *_pending(ground, confirmed), *_recovered(ground)]
