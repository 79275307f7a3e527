"""What was found: Events, what could have been seen, and all that a report may say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spadework.records.assessment import Assessment
from spadework.records.imagery import Dropped, Look, SceneRef
from spadework.records.place import MultiPolygon
from spadework.records.site import Site
from spadework.records.vhr import Comparison, Measurement, Sighting, VhrScene
from spadework.records.weighed import NOTHING_SAID, ClaimLedger

Status: TypeAlias = Literal["anomaly", "confirmed", "recovered", "rejected"]
Phase: TypeAlias = Literal["started", "grew", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of an onset interval: the look and the Scenes that bound it."""

    look: str
    datetime: dt.datetime
    scenes: tuple[SceneRef, ...]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """An event as one look that saw at least a part of it clear saw it."""

    look: str
    datetime: dt.datetime
    share_clear: float
    """Share of the event's pixels that were clear, 0..1."""
    share_anomalous: float
    """Share of those that were anomalous, 0..1; 0 before the watched period."""
    area_m2: float | None
    """Area changed so far; None where under half of the event was clear."""
    area_low_m2: float | None
    area_high_m2: float | None
    spectrum: tuple[float, ...]
    """Mean reflectance of the event's clear pixels, 0..1, in the cube's band order."""


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """One word of an event's history, between two looks."""

    phase: Phase
    since: str | None
    """Id of the last look before it; None = before the history."""
    until: str
    """Id of the first look that shows it."""
    from_m2: float
    to_m2: float


@dataclass(frozen=True, slots=True)
class Mark:
    """An analyst's decision; lives in the ledger and survives re-runs."""

    action: Literal["accept", "reject", "add"]
    reason: str
    note: str
    geometry: MultiPolygon
    """The event's polygon when it was marked, WGS 84."""
    event: str | None = None
    """Its id then; None for an added one."""
    operator: str = "unknown"
    time: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A Change grouped in space and time."""

    id: str
    """Stable name from place and first day, e.g. "E20200612-0041-0107"."""
    status: Status
    geometry: MultiPolygon
    """Outline of the event's pixels, WGS 84."""
    onset_earliest: Bound | None
    """Last earlier look with most of the core clear and unchanged; None = before history."""
    onset_latest: Bound | None
    """First look that shows most of the core changed; None for an event added by hand."""
    first_anomaly: dt.date | None
    confirmed_on: dt.date | None
    area_m2: float
    area_low_m2: float
    """Confirmed pixels whose four neighbours are confirmed; 0 while no pixel is confirmed."""
    area_high_m2: float
    """Confirmed or anomalous pixels, plus half a pixel."""
    pixels: int
    statistic: float
    """Median whitened distance of the event's pixels, for ranking."""
    phase: Phase | None
    """Latest word of its history."""
    recovered: bool
    scenes: tuple[SceneRef, ...]
    """Evidence: bounds, first anomaly, confirmation."""
    history: tuple[PhaseStep, ...] = ()
    series: tuple[SeriesRow, ...] = ()
    area_level: float | None = None
    """Level of the area interval; None until calibrated."""
    p_real: float | None = None
    """Probability that it is a real lasting change, 0..1, at ``base_rate``; None = not computed."""
    base_rate: float | None = None
    """Events a km2 and year that ``p_real`` supposes."""
    mark: Mark | None = None
    method: str | None = None
    """What most of its pixels were compared with, one of ``cube.METHODS``; None for an event added by hand."""


@dataclass(frozen=True, slots=True)
class Season:
    """Clear looks in one quarter of a year."""

    year: int
    quarter: Literal["Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec"]
    looks: int
    clear_looks: int
    """Looks with at least half of the Site clear."""


@dataclass(frozen=True, slots=True)
class Observability:
    """What could have been seen, told whether or not anything was."""

    seasons: tuple[Season, ...]
    longest_gap: tuple[dt.date, dt.date] | None
    """The longest stretch of the watched period between two clear looks (or its ends)."""
    assessed_m2: float
    not_assessed_m2: float
    reasons: tuple[tuple[str, float], ...] = ()
    """(reason, area in m2) of what could not be assessed."""
    looks_lost: float = 0.0
    """Share of looks with under ``min_share`` clear."""
    mask_suspect: float = 0.0
    """Share of the Site called cloud in over 9 of 10 looks that cover it: bright ground is often mistaken for cloud."""


Family: TypeAlias = Literal["soil", "grey"]
"""Of planted changes: along the line between the pixel and the site's bare soil, or the same step in every band."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A change planted into the site's own looks, and whether its own pipeline confirmed it."""

    family: Family
    sign: int
    """+1 towards bare soil, or brighter; -1 away from it, or darker."""
    pixels: int
    contrast: float
    """Mean absolute reflectance change over bands, as shown after clipping."""
    onset: dt.date
    """First day that shows it."""
    looks_left: float
    """Clear looks at or after the onset, median over its pixels."""
    found: bool


@dataclass(frozen=True, slots=True)
class Chance:
    """The probability of detection of one kind of change."""

    probability: float
    """0..1, of the worse family."""
    low: float
    """Lower end of its interval, at the level of ``Sensitivity.level``."""
    high: float
    worse: Family


@dataclass(frozen=True, slots=True)
class NullStatement:
    """What at least this size and contrast, begun before a day, would have been confirmed with a probability."""

    area_m2: float
    contrast: float
    """Mean absolute reflectance change over bands: .05 = 5 points."""
    wanted: float
    """Probability asked for, 0..1."""
    before: dt.date | None
    """Latest onset for which it is reached; None = not even on the first watched day."""
    chance: Chance
    """For an onset on that day; on the first watched day where it is not reached."""
    planted: int
    """Plants at least as big and strong, begun no later: what the statement rests on directly."""
    found: int
    """How many of these were confirmed."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest area at a contrast, or the faintest contrast at an area, that reaches a probability."""

    wanted: float
    """Probability, 0..1."""
    given: Literal["area", "contrast"]
    at: float
    """The given value: m2, or reflectance."""
    value: float | None
    """The other one, reflectance or m2; None = not reached within what was tried."""
    low: float | None
    """Interval; None = beyond all that was tried."""
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of detection against contrast, for one family, area and onset."""

    family: Family
    area_m2: float
    contrast: tuple[float, ...]
    probability: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What this site's own looks and pipeline could have seen, from planted changes."""

    planted: tuple[Planted, ...]
    wanted: int
    """Plants asked for; fewer where the site is small."""
    rounds: int
    """Runs of the pipeline allowed for them."""
    level: float
    """Of all intervals, 0..1."""
    start: dt.date
    """First watched day."""
    end: dt.date
    """Last watched day."""
    middle: dt.date
    """Onset that ``smallest`` and ``curves`` hold for: the middle of the watched period."""
    pixel_m2: float
    ground_m2: float
    """Ground on which plants could stand: inside, assessed, and without an event of its own."""
    statements: tuple[NullStatement, ...] = ()
    smallest: tuple[Smallest, ...] = ()
    curves: tuple[Curve, ...] = ()
    reason: str = ""
    """Why nothing could be said; empty where it could."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report may say: every sentence of it points into this."""

    site: Site
    crs: str
    """Of the grid, ``EPSG:n``."""
    pixel_m: float
    shape: tuple[int, int]
    """Rows, columns of the grid."""
    bands: tuple[str, ...]
    looks: tuple[Look, ...]
    """Every look, also those too cloudy to use, in time order."""
    events: tuple[Event, ...]
    """By status, then onset."""
    observability: Observability
    sensitivity: Sensitivity | None = None
    """None = not measured."""
    scenes: tuple[VhrScene, ...] = ()
    """Very-high-resolution images, in time order."""
    comparisons: tuple[Comparison, ...] = ()
    """Of Scenes that follow each other."""
    sightings: tuple[Sighting, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    said: ClaimLedger = NOTHING_SAID
    """What documents say."""
    assessment: Assessment | None = None
    """None = nothing was asked."""
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    """(host, what it learnt)."""
    versions: tuple[tuple[str, str], ...] = ()
    """(software, version)."""
    not_yet: tuple[str, ...] = ()
    """Parts of a dossier that this version does not make."""


Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of a picture; right and bottom lie just outside."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of the report."""

    name: str
    """Path below the dossier, e.g. "figures/E1-before-after.png"."""
    data: bytes
    caption: str
    alt: str
    looks: tuple[str, ...]
    """Ids of the looks it shows."""
    panels: tuple[Box, Box] | None = None
    """Where the true-colour "before" and "after" lie in the picture as drawn: of equal size, on the same ground and stretch; None = it is no pair."""
    withheld: str = ""
    """Why the picture may not be shown; empty where it may."""
    scenes: tuple[str, ...] = ()
    """Ids of the very-high-resolution Scenes it shows."""
