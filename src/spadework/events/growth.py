"""How much changed, look by look, and the words for it: started, grew, paused, stopped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.cube import PER_UNIT
from spadework.records import PhaseStep, SeriesRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.events.groups import Group
    from spadework.events.settings import EventSettings
    from spadework.records import Look, Phase

    Days = NDArray[np.int32]
    Mask = NDArray[np.bool_]

NEVER: Final = np.iinfo(np.int32).max
_CROSS: Final = ndimage.generate_binary_structure(2, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The day from which each piece of ground counts in an area; all sorted, days since 1970-01-01."""

    pixels: Days
    """Of the event: first anomaly."""
    inner: Days
    """Of the event's pixels with four neighbours in it: when the last of the five had changed."""
    quarters: Days
    """Quarter pixels of the outline grown by half a pixel, over event and fringe."""
    pixel_m2: float

    def at(self, day: int) -> tuple[float, float, float]:
        """Area, low and high (m2) changed on or before a day; low <= area <= high."""
        area, low, high = (int(np.searchsorted(a, day, side="right")) for a in (self.pixels, self.inner, self.quarters))
        return area * self.pixel_m2, low * self.pixel_m2, high * self.pixel_m2 / 4


def spread_of(group: Group, fringe_first: Days, pixel_m2: float) -> Spread:
    """When an event reached which ground.

    An outline of pixels grown by half a pixel (mitre join) is the union of two-by-two-pixel boxes around their
    centres: on half pixels, a 3 x 3 dilation. With days for True and a minimum for the dilation, one pass serves all
    looks. Low is the erosion by the four neighbours (a maximum); nothing of an unconfirmed anomaly is certain: 0.

    Args:
        group: pixels and fringe.
        fringe_first: (pixel of the fringe), days since 1970-01-01.
        pixel_m2: area of a pixel, m2.

    """
    rows = np.concatenate((group.rows, group.fringe[0]))
    cols = np.concatenate((group.cols, group.fringe[1]))
    top, left = int(rows.min()) - 1, int(cols.min()) - 1
    shape = (int(rows.max()) - top + 2, int(cols.max()) - left + 2)
    own = np.full(shape, NEVER, dtype=np.int32)
    own[group.rows - top, group.cols - left] = group.first
    reach = ndimage.maximum_filter(own, footprint=_CROSS, mode="constant", cval=NEVER)
    both = own.copy()
    both[group.fringe[0] - top, group.fringe[1] - left] = fringe_first
    halves = np.repeat(np.repeat(both, 2, axis=0), 2, axis=1)
    grown = ndimage.minimum_filter(halves, size=3, mode="constant", cval=NEVER)
    inner = reach[reach < NEVER] if group.status != "anomaly" else reach[:0, 0]
    return Spread(np.sort(group.first), np.sort(inner), np.sort(grown[grown < NEVER]), pixel_m2)


def series_of(cube: Cube, group: Group, seen: Mask, odd: Mask, spread: Spread, least: float) -> tuple[SeriesRow, ...]:
    """One row for each look that saw at least a part of the event clear.

    Args:
        cube: T looks.
        group: n pixels.
        seen: (time, pixel), clear.
        odd: (time, pixel), anomalous and clear.
        spread: areas.
        least: share of the event that must be clear for an area to be given, 0..1.

    """
    rows: list[SeriesRow] = []
    days = cube.days
    counts, odds = seen.sum(axis=1), odd.sum(axis=1)
    for time in np.flatnonzero(counts):
        look = cube.looks[time]
        share = float(counts[time] / seen.shape[1])
        area, low, high = spread.at(int(days[time])) if share >= least else (None, None, None)
        at = seen[time]
        values = cube.reflectance[time][:, group.rows[at], group.cols[at]]
        spectrum = tuple(float(v) for v in values.mean(axis=1) / PER_UNIT)
        rows.append(SeriesRow(look.id, look.datetime, share, float(odds[time] / counts[time]), area, low, high, spectrum))
    return tuple(rows)


def history_of(looks: list[Look], areas: list[float], since: Look | None, settings: EventSettings) -> tuple[PhaseStep, ...]:
    """The words of an event's history.

    ``started`` between the looks of the onset; ``grew`` while the area gains ``growth_share`` or more; quiet is a
    stretch without such growth over at least ``quiet_days`` and ``quiet_looks``: ``paused`` when growth follows,
    ``stopped`` when none follows until the last look.

    Args:
        looks: from the first that shows the event on, in time order.
        areas: m2 changed so far in each, not falling.
        since: last look before the event; None = before the history.
        settings: what growth and quiet are.

    """
    steps = [PhaseStep("started", since.id if since else None, looks[0].id, 0.0, areas[0])]
    last, here, end = 0, 0, len(looks) - 1
    factor = (1 + settings.growth_share) * (1 - 1e-9)  # growth by exactly the share is growth

    def grew(to: int) -> None:
        if to > last and areas[to] >= areas[last] * factor:
            steps.append(PhaseStep("grew", looks[last].id, looks[to].id, areas[last], areas[to]))

    while here <= end:
        until = max(int(np.searchsorted(areas, areas[here] * factor)) - 1, here)
        waited = looks[until].datetime - looks[here].datetime
        if waited < dt.timedelta(settings.quiet_days) or until - here < settings.quiet_looks:
            here += 1
            continue
        grew(here)
        word: Phase = "stopped" if until == end else "paused"
        steps.append(PhaseStep(word, looks[here].id, looks[until].id, areas[here], areas[until]))
        last = here = until
        if until == end:
            return tuple(steps)
    grew(end)
    return tuple(steps)
