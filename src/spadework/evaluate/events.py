"""Event scores against known truth: which events are true, how many are not, and whether their intervals hold.

A user reads events, not pixels, so these numbers decide; ``pixels`` holds the diagnostics. The law of this room: no files,
no network; records and arrays in, numbers out.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import day_number
from spadework.events.outline import pixels_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.records import Event

SITE_KM2: Final = 25.0
"""A site-year is so many km2 watched for a year."""
YEAR: Final = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class EventTruth:
    """What happened on the cube's grid.

    Raises:
        ValueError: when shapes differ.

    """

    start_day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 on which a pixel changed for good; 0 = never."""
    plant_id: NDArray[np.integer]
    """(y, x), number of the planted change, from 1; 0 = none."""
    aside_day: NDArray[np.int32]
    """(y, x), day from which another lasting change, such as irrigation, makes an event here neither true nor false; 0 = none."""

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        if not self.start_day.shape == self.plant_id.shape == self.aside_day.shape:
            msg = f"shapes are {self.start_day.shape}, {self.plant_id.shape} and {self.aside_day.shape}, expected one"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class EventRule:
    """What counts."""

    overlap: float = 0.3
    """An event is true when at least this share of its pixels changed before its confirmation, 0..1."""
    min_pixels: int = 8
    """Smaller events and smaller plants are left out."""
    top: int = 20
    """So many first-ranked events make ``precision_top``."""
    clear_share: float = 0.5
    """A look speaks for an event when at least this share of its pixels is clear, 0..1."""


@dataclass(frozen=True, slots=True)
class EventMatch:
    """One confirmed event beside the truth; the last four are None unless it is true, and where they cannot be told."""

    event: str
    rank: float
    """``p_real`` where given, else the statistic: larger is surer."""
    p_real: float | None
    true: bool
    aside: bool
    """Neither true nor false: another lasting change."""
    share: float
    """Share of its pixels that are planted and changed no later than its confirmation, 0..1."""
    plant: int
    """The plant most of these belong to; 0 = none."""
    onset_holds: bool | None = None
    """Whether the first day of the plant lies after ``onset_earliest`` and no later than ``onset_latest``."""
    width_days: float | None = None
    """Length of the onset interval, days; None also where it is open."""
    gap_days: float | None = None
    """Days between the two clear looks around the first day: the shortest interval that could be told."""
    area_holds: bool | None = None
    """Whether the plant's area on the last look lies in the event's area interval."""


@dataclass(frozen=True, slots=True)
class EventScore:
    """Shares 0..1, NaN where there is nothing to take a share of. Only confirmed events count."""

    true: int
    false: int
    aside: int
    """Events on another lasting change, such as irrigation."""
    site_years: float
    """Site-years of 25 km2."""
    false_per_site_year: float
    precision: float
    """True of true and false."""
    precision_top: float
    """The same of the first-ranked."""
    plants: int
    """Plants of at least ``min_pixels`` on the last look."""
    found: int
    """Those that a true event belongs to."""
    onset_holds: float
    """True events whose onset interval contains the plant's first day."""
    width_over_gap: float
    """Median of onset interval over local gap between clear looks."""
    area_holds: float
    """True events whose area interval contains the plant's area."""
    matches: tuple[EventMatch, ...]
    """By rank, surest first."""


def _gap(cube: Cube, place: tuple[NDArray[np.intp], NDArray[np.intp]], first: int, share: float) -> float | None:
    """Days between the last clear look before a day and the first on or after it; None without either."""
    clear = cube.clear[:, place[0], place[1]].mean(axis=1) >= share
    before, after = cube.days[clear & (cube.days < first)], cube.days[clear & (cube.days >= first)]
    return float(after[0] - before[-1]) if before.size and after.size else None


def _days_of(event: Event) -> tuple[int | None, int | None]:
    """Days of ``onset_earliest`` and ``onset_latest``; None where they are."""
    early, late = event.onset_earliest, event.onset_latest
    return (day_number(early.datetime.date()) if early else None, day_number(late.datetime.date()) if late else None)


def match_event(event: Event, cube: Cube, truth: EventTruth, rule: EventRule) -> EventMatch:
    """Hold one confirmed event against the truth."""
    place = pixels_of(event.geometry, cube.grid)
    confirmed = day_number(event.confirmed_on or dt.date.max)
    start, aside = truth.start_day[place], truth.aside_day[place]
    changed = (start > 0) & (start <= confirmed)
    other = (aside > 0) & (aside <= confirmed) & ~changed
    share = float(changed.mean()) if changed.size else 0.0
    true = share >= rule.overlap
    rank = event.statistic if event.p_real is None else event.p_real
    plant = int(np.bincount(truth.plant_id[place][changed]).argmax()) if changed.any() else 0
    if not true:
        left_out = bool(other.size) and float((changed | other).mean()) >= rule.overlap
        return EventMatch(event.id, rank, event.p_real, true=False, aside=left_out, share=share, plant=plant)
    days = truth.start_day[truth.plant_id == plant]
    first, (early, late) = int(days.min()), _days_of(event)
    area = np.count_nonzero(days <= cube.days[-1]) * cube.pixel_m2
    return EventMatch(
        event.id,
        rank,
        event.p_real,
        true=True,
        aside=False,
        share=share,
        plant=plant,
        onset_holds=None if late is None else (early is None or early < first) and first <= late,
        width_days=None if early is None or late is None else float(late - early),
        gap_days=_gap(cube, place, first, rule.clear_share),
        area_holds=bool(event.area_low_m2 <= area <= event.area_high_m2),
    )


def _mean(values: Iterable[bool | None]) -> float:
    told = [value for value in values if value is not None]
    return sum(told) / len(told) if told else math.nan


def _shown(truth: EventTruth, cube: Cube, rule: EventRule) -> set[int]:
    """Plants that are large enough on the last look."""
    done = truth.plant_id[(truth.start_day > 0) & (truth.start_day <= (cube.days[-1] if cube.days.size else 0))]
    return set(np.flatnonzero(np.bincount(done.astype(np.int64)) >= rule.min_pixels).tolist()) - {0}


def _site_years(cube: Cube, truth: EventTruth, watched: tuple[dt.date, dt.date]) -> float:
    """Site-years of 25 km2; raises ValueError when the truth does not fit or there is no time."""
    years = (watched[1] - watched[0]).days / YEAR
    if truth.start_day.shape != cube.inside.shape or years <= 0:
        msg = f"truth is {truth.start_day.shape} over {years:g} years, expected {cube.inside.shape} over more than 0"
        raise ValueError(msg)
    return float(np.count_nonzero(cube.inside) * cube.pixel_m2 / 1e6 / SITE_KM2 * years)


def score_events(
    events: Sequence[Event], cube: Cube, truth: EventTruth, watched: tuple[dt.date, dt.date], rule: EventRule | None = None
) -> EventScore:
    """Score what a pipeline found in a cube whose truth is known.

    Args:
        events: as ``find_events`` gives them; those not confirmed, rejected by hand or small are left out.
        cube: what they were found in.
        truth: on the cube's grid.
        watched: first and last day of the watched period.
        rule: what counts; None = the defaults.

    Raises:
        ValueError: when the truth lies on another grid, or the period has no length.

    """
    rule = rule or EventRule()
    site_years = _site_years(cube, truth, watched)
    counted = [event for event in events if event.status == "confirmed" and event.pixels >= rule.min_pixels]
    found = sorted((match_event(event, cube, truth, rule) for event in counted), key=lambda match: (-match.rank, match.event))
    judged = [match for match in found if not match.aside]
    right = [match for match in judged if match.true]
    ratios = [match.width_days / match.gap_days for match in right if match.width_days is not None and match.gap_days]
    shown = _shown(truth, cube, rule)
    return EventScore(
        true=len(right),
        false=len(judged) - len(right),
        aside=len(found) - len(judged),
        site_years=site_years,
        false_per_site_year=(len(judged) - len(right)) / site_years if site_years else math.nan,
        precision=_mean(match.true for match in judged),
        precision_top=_mean(match.true for match in judged[: rule.top]),
        plants=len(shown),
        found=len({match.plant for match in right} & shown),
        onset_holds=_mean(match.onset_holds for match in right),
        width_over_gap=float(np.median(ratios)) if ratios else math.nan,
        area_holds=_mean(match.area_holds for match in right),
        matches=tuple(found),
    )
