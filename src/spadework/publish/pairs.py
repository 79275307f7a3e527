"""Which two looks show an event before and after, and why those."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.grid import pixels_in, reproject
from spadework.publish import words

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.records import Event, Look

LIKE_DAYS: Final = 30
"""Looks at most so many days of year apart have a like season and sun."""
TOLD_DAYS: Final = 15
"""More days of year between them than this are told."""
CLEAR_EVENT: Final = 0.9
"""Share of the event's pixels that must be clear in both."""
CLEAR_SITE: Final = (0.95, 0.8)
"""Shares of the Site that should be clear in both, the better first: near cloud there is haze and shadow."""
LEAP: Final = 2000
"""A year that has every day, so that days of two years compare by month and day."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two time steps of the cube and the reason for the choice, a sentence."""

    before: int
    after: int
    reason: str


def clear_share(cube: Cube, event: Event) -> NDArray[np.float64]:
    """(time), share of the event's pixels that are clear, 0..1; the event must touch the grid."""
    (rows, cols), member = pixels_in(cube.grid, event.geometry)
    return np.asarray(cube.clear[:, rows, cols][:, member].mean(axis=1), dtype=np.float64)


def days_of_year_apart(one: dt.date, other: dt.date) -> int:
    """Days between two days of the year, round the year's end: 25 December and 4 January are 10 apart."""
    return _round_the_year(_day_of_year(one), _day_of_year(other))


def _day_of_year(date: dt.date) -> int:
    return date.replace(year=LEAP).timetuple().tm_yday


def _round_the_year(one: int, other: int) -> int:
    return min(abs(one - other), 366 - abs(one - other))


def choose_pair(cube: Cube, event: Event) -> Pair | None:
    """A pair of looks, one before and one after the onset, both clear over the event, of like season and under a high sun.

    Looks that are clear over nearly all of the site go first, then over most of it, then pairs within 30 days of year of
    each other, then those with the sun highest (in steps of 10 degrees: low sun and its shadows hide the ground), then the
    earliest look after and the latest before: the further apart they are, the more else has changed. Where no pair lies
    within 30 days of year, the pair of nearest season. The look after is one in which most of the event differs from its
    past, as far as there is one: not the first step of its growth, and not after it went back to normal. Where the start is
    not bounded, the pair that spans most time.

    Args:
        cube: looks that were read.
        event: touches the cube's grid.

    Returns:
        None when fewer than two looks are clear over the event, or none before or after the onset.

    """
    clear = [int(index) for index in np.flatnonzero(clear_share(cube, event) >= CLEAR_EVENT)]
    grades = [[index for index in clear if cube.looks[index].clear >= least] for least in CLEAR_SITE]
    bounded = event.onset_earliest is not None and event.onset_latest is not None
    sun, year = _sun(cube), [_day_of_year(look.day) for look in cube.looks]
    best: tuple[int, int, int] | None = None
    for chosen in (*grades, clear):
        pairs = [(_round_the_year(year[b], year[a]), a, b) for b, a in _candidates(cube, event, chosen)]
        like = [pair for pair in pairs if pair[0] <= LIKE_DAYS]
        if like:
            near = 1 if bounded else -1
            best = max(like, key=lambda pair: (min(sun[pair[1]], sun[pair[2]]), -near * pair[1], near * pair[2]))
            break
        best = best or min(pairs, key=lambda pair: (pair[0], pair[1], -pair[2]), default=None)
    if best is None:
        return None
    why = "" if bounded else "The start is not bounded by an earlier look, so the pair spans the time seen. "
    return Pair(best[2], best[1], why + _reason(cube, best[2], best[1], best[0]))


def _candidates(cube: Cube, event: Event, chosen: list[int]) -> list[tuple[int, int]]:
    """(before, after) among the chosen time steps, as far as the onset is bounded."""
    early, late = event.onset_earliest, event.onset_latest
    before = [i for i in chosen if early is None or cube.looks[i].datetime <= early.datetime]
    after = [i for i in chosen if late is None or cube.looks[i].datetime >= late.datetime]
    there = {row.look for row in event.series if row.share_anomalous >= 0.5}  # noqa: PLR2004 - most of it
    gone = event.recovered or event.status == "recovered"
    after = [i for i in after if cube.looks[i].id in there] or (after[:1] if gone else after)
    if early is None and late is not None:
        before = [i for i in before if cube.looks[i].datetime < late.datetime]
    return [(b, a) for b in before for a in after if b < a]


def _sun(cube: Cube) -> list[int]:
    """(time), height of the sun in steps of 10 degrees: as the catalogue says, else at noon of the day.

    Noon elevation = 90 - |latitude - declination|, declination = 23.45 sin(360 (284 + day of year) / 365) (Cooper 1969).
    """
    x, y = cube.grid.transform * (cube.grid.shape[1] / 2, cube.grid.shape[0] / 2)
    latitude = float(shapely.get_y(reproject(shapely.Point(x, y), str(cube.grid.crs), "EPSG:4326")))

    def elevation(look: Look) -> float:
        if look.sun_elevation is not None:
            return look.sun_elevation
        declination = 23.45 * math.sin(math.radians(360 * (284 + look.day.timetuple().tm_yday) / 365))
        return 90.0 - abs(latitude - declination)

    return [int(elevation(look) // 10) for look in cube.looks]


def _part(date: dt.date) -> str:
    """Early, mid or late in the month: a third of a month each."""
    return f"{('early', 'mid', 'late')[min((date.day - 1) // 10, 2)]} {words.MONTHS[date.month - 1]}"


def _reason(cube: Cube, first: int, last: int, apart: int) -> str:
    if apart > LIKE_DAYS:
        return (
            f"No pair of looks clear over the event lies within {LIKE_DAYS} days of year of each other; these are the nearest, "
            f"{apart} days of year apart, so season and sun differ."
        )
    one, two = cube.looks[first].day, cube.looks[last].day
    told = [_part(day) for day in (one, two)]
    when = (
        f"Both in {words.MONTHS[one.month - 1]}"
        if one.month == two.month
        else f"{told[0][0].upper()}{told[0][1:]} and {told[1]}"
    )
    far = f", {apart} days of year apart" if apart > TOLD_DAYS else ""
    return f"{when}{far}, so that season and sun are alike."
