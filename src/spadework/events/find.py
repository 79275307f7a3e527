"""From pixels to Events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import METHODS, day_number, day_of
from spadework.events.groups import groups_of
from spadework.events.growth import Spread, history_of, series_of, spread_of
from spadework.events.onset import core_of, event_start, onset_looks
from spadework.events.outline import outline, to_wgs84
from spadework.events.settings import DEFAULT, EventSettings
from spadework.records import Bound, Event

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from spadework.cube import Change, Cube
    from spadework.events.groups import Group
    from spadework.records import Look, PhaseStep, SceneRef

    Mask = NDArray[np.bool_]

ORDER: Final = ("confirmed", "anomaly", "recovered", "rejected")
"""Of the statuses in a list of Events."""


def in_order(events: list[Event]) -> tuple[Event, ...]:
    """Events by status, then onset (those without one last), then id; a repeated id gets ``-2``, ``-3`` ..."""

    def key(event: Event) -> tuple[int, bool, float, str]:
        onset = event.onset_latest
        return ORDER.index(event.status), onset is None, onset.datetime.timestamp() if onset else 0.0, event.id

    used: dict[str, int] = {}
    out: list[Event] = []
    for event in sorted(events, key=key):
        used[event.id] = used.get(event.id, 0) + 1
        out.append(event if used[event.id] == 1 else replace(event, id=f"{event.id}-{used[event.id]}"))
    return tuple(out)


def _bound(look: Look) -> Bound:
    return Bound(look.id, look.datetime, look.scenes)


def _name(group: Group, core: Mask, start: int) -> str:
    """Day and pixel (row, column) nearest the middle of the core, which stays where it is when the event grows."""
    rows, cols = group.rows[core], group.cols[core]
    at = int(np.argmin((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2))
    return f"E{day_of(start):%Y%m%d}-{rows[at]:04d}-{cols[at]:04d}"


def _confirmed_on(confirmed: NDArray[np.int32]) -> int | None:
    """The day by which half of the core was confirmed; None when it never was."""
    half = (confirmed.size + 1) // 2
    done = np.sort(confirmed[confirmed > 0])
    return int(done[half - 1]) if done.size >= half else None


def _evidence(cube: Cube, bounds: list[int], days: list[int], seen: Mask) -> tuple[SceneRef, ...]:
    """Scenes of the bounding looks and of the looks of these days that saw the event, in time order, once each."""
    named = set(bounds) | {int(t) for t in np.flatnonzero(np.isin(cube.days, days) & seen.any(axis=1))}
    return tuple(dict.fromkeys(scene for time in sorted(named) for scene in cube.looks[time].scenes))


def _history(
    cube: Cube, spread: Spread, seen: Mask, onset: tuple[int | None, int], settings: EventSettings
) -> tuple[PhaseStep, ...]:
    """The words, told over the look of the onset and all later ones that saw enough of the event."""
    earliest, latest = onset
    told = seen.mean(axis=1) >= settings.clear_share
    told[: latest + 1] = False
    told[latest] = True
    times = np.flatnonzero(told)
    areas = [spread.at(int(cube.days[t]))[0] for t in times]
    since = cube.looks[earliest] if earliest is not None else None
    return history_of([cube.looks[t] for t in times], areas, since, settings)


def _event(cube: Cube, change: Change, group: Group, settings: EventSettings) -> Event:
    seen = cube.clear[:, group.rows, group.cols]
    odd = change.anomalous[:, group.rows, group.cols] & seen
    core = core_of(group.first, settings)
    start = event_start(group.first, settings)
    earliest, latest = onset_looks(seen[:, core], odd[:, core], group.first[core], cube.days, settings)
    spread = spread_of(group, _fringe_first(cube, change, group, start), cube.pixel_m2)
    area, low, high = spread.at(int(np.iinfo(np.int32).max) - 1)
    history = _history(cube, spread, seen, (earliest, latest), settings)
    confirmed = _confirmed_on(change.confirmed[group.rows, group.cols][core]) if group.status == "confirmed" else None
    statistic = change.statistic[group.rows, group.cols]
    bounds = [latest] if earliest is None else [earliest, latest]
    return Event(
        id=_name(group, core, start),
        status=group.status,
        geometry=to_wgs84(outline(group.rows, group.cols, cube.grid), str(cube.grid.crs)),
        onset_earliest=_bound(cube.looks[earliest]) if earliest is not None else None,
        onset_latest=_bound(cube.looks[latest]),
        first_anomaly=day_of(start),
        confirmed_on=day_of(confirmed) if confirmed is not None else None,
        area_m2=area,
        area_low_m2=low,
        area_high_m2=high,
        pixels=group.first.size,
        statistic=float(np.nanmedian(statistic)) if np.isfinite(statistic).any() else 0.0,
        phase=history[-1].phase,
        recovered=group.status == "recovered",
        scenes=_evidence(cube, bounds, [start] if confirmed is None else [start, confirmed], seen),
        history=history,
        method=METHODS[int(np.median(change.method[group.rows, group.cols]))],
        series=series_of(cube, group, seen, odd, spread, settings.clear_share),
    )


def _fringe_first(cube: Cube, change: Change, group: Group, start: int) -> NDArray[np.int32]:
    """(pixel of the fringe), the first anomaly since the event started: the high area counts it from there on."""
    since = int(np.searchsorted(cube.days, start))
    odd = change.anomalous[since:, group.fringe[0], group.fringe[1]]
    return cube.days[since:][odd.argmax(axis=0)] if odd.size else np.empty(0, dtype=np.int32)


def find_events(cube: Cube, change: Change, start: dt.date, settings: EventSettings = DEFAULT) -> tuple[Event, ...]:
    """Group changed pixels into Events, each with onset interval, area interval, series and history.

    Args:
        cube: T looks on (y, x); ``clear`` True = usable.
        change: monitoring result on the same grid and looks.
        start: first day of the watched period, UTC; anomalies of earlier looks are not asked.
        settings: what counts as one event, its beginning and its growth.

    Returns:
        Events by status (confirmed, anomaly, recovered), then onset. Groups below ``min_pixels`` are not listed.

    """
    groups = groups_of(cube, change, day_number(start), settings)
    return in_order([_event(cube, change, group, settings) for group in groups])
