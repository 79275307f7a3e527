"""The nouns, frozen. Each field says its unit, axis order or polarity.

Days are ``datetime.date`` in UTC, instants are aware ``datetime.datetime`` in UTC. Lengths are metres, areas
square metres, angles degrees, coordinates WGS 84 longitude, latitude. The nouns that hold arrays live in ``cube``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import datetime as dt

Ring: TypeAlias = tuple[tuple[float, float], ...]
"""Closed ring of (longitude, latitude)."""
Polygon: TypeAlias = tuple[Ring, ...]
"""Outer ring, then holes."""
MultiPolygon: TypeAlias = tuple[Polygon, ...]

Status: TypeAlias = Literal["anomaly", "confirmed", "recovered", "rejected"]
Phase: TypeAlias = Literal["started", "grew", "paused", "stopped"]

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
"""The bands that Spadework monitors where the imagery has them: STAC common names, in cube order."""


# ---------------------------------------------------------------- the site file
@dataclass(frozen=True, slots=True)
class Period:
    """The question, and what "normal" is learnt from."""

    start: dt.date
    """First day asked about, inclusive."""
    end: dt.date
    """Last day asked about, inclusive."""
    history_start: dt.date
    """First day of the history, which ends the day before ``start``."""


@dataclass(frozen=True, slots=True)
class MaskRule:
    """How a mask band becomes clear / not clear."""

    band: int | str
    """1-based band of a local file, or an asset key."""
    clear: tuple[int, ...]
    """Values that are usable ground."""


@dataclass(frozen=True, slots=True)
class ImagerySource:
    """One ``[[imagery]]`` table: a STAC catalogue or a set of local files."""

    stac: str | None = None
    """URL of an API or of a catalog.json, or an absolute path."""
    collections: tuple[str, ...] = ()
    max_cloud: float = 100.0
    """Per cent of the scene, from ``eo:cloud_cover``."""
    assets: tuple[tuple[str, str], ...] = ()
    """(common name, asset key) pairs that overrule the search for an asset."""
    files: str | None = None
    """Absolute glob of local GeoTIFFs, one file a date."""
    bands: tuple[tuple[str, int], ...] = ()
    """(common name, 1-based band) of local files."""
    scale: float | None = None
    """Reflectance = raw * scale + offset."""
    offset: float | None = None
    nodata: float | None = None
    mask: MaskRule | None = None
    datetime_pattern: str | None = None
    """strptime pattern searched for in the names of local files."""
    credit: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class ClearRule:
    """What counts as a clear pixel (``[clear]``)."""

    scl: tuple[int, ...] = (4, 5, 6, 7)
    """Sentinel-2 scene classes that are usable ground; 11 is snow and keeps its own flag."""
    dilate_m: float = 20.0
    """Everything not clear grows by this many metres."""
    min_share: float = 0.05
    """Bands of a look are not read when less than this share of the Site is clear."""


@dataclass(frozen=True, slots=True)
class PublishRule:
    """The publication gate (``[publish]``)."""

    coordinates_m: float = 5000.0
    """Printed coordinates are rounded to this many metres; 0 = exact, which must be chosen."""
    delay_days: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """A named polygon with a question period and a history period."""

    name: str
    aoi: MultiPolygon
    period: Period
    imagery: tuple[ImagerySource, ...]
    clear: ClearRule = ClearRule()
    publish: PublishRule = PublishRule()
    query: Literal["tile", "aoi"] = "tile"
    """Whether a catalogue learns whole degrees or the exact area."""
    min_pixels: int = 8
    """Smallest event that is listed, pixels."""
    synthetic: bool = False
    """True when any imagery is simulated; then every page and figure says so."""


# ---------------------------------------------------------------- imagery
@dataclass(frozen=True, slots=True)
class Asset:
    """One band of one Scene, as its catalogue describes it."""

    key: str
    """Asset key in the item, kept through the dossier."""
    href: str
    """URL or absolute path."""
    band: int = 1
    """1-based band inside the file."""
    scale: float = 1e-4
    """Reflectance = raw * scale + offset."""
    offset: float = 0.0
    nodata: float | None = None
    """Raw value without data; None = what the file says."""
    crs: str | None = None
    """``EPSG:n`` where the catalogue says so."""
    transform: tuple[float, float, float, float, float, float] | None = None
    """Affine a, b, c, d, e, f of the whole file."""
    shape: tuple[int, int] | None = None
    """Rows, columns of the whole file."""

    @property
    def pixel_m(self) -> float | None:
        """Pixel width in units of the CRS, where the catalogue gives it."""
        return abs(self.transform[0]) if self.transform else None


@dataclass(frozen=True, slots=True)
class Scene:
    """One image, in our words: the outside's vocabulary ends here."""

    id: str
    collection: str
    datetime: dt.datetime
    platform: str
    """"unknown" where the catalogue does not say."""
    bands: tuple[tuple[str, Asset], ...]
    """(common name, asset) of the reflectance bands."""
    mask: tuple[Literal["scl", "qa_pixel", "values"], Asset] | None
    """Kind and asset of the quality mask; None = nodata only."""
    footprint: MultiPolygon
    crs: str | None
    """``EPSG:n`` of the bands; None until a header was read."""
    cloud: float | None = None
    """Per cent of the whole scene."""
    gsd: float | None = None
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    off_nadir: float | None = None
    baseline: str | None = None
    """Processing baseline, e.g. "05.10"."""
    granule: str | None = None
    """Tile of the provider's grid, e.g. "37SFA"."""
    provider: str = "unknown"
    licence: str = "unknown"
    credit: str = "unknown"
    synthetic: bool = False
    mask_clear: tuple[int, ...] = ()
    """For a "values" mask: the usable values."""
    source: str = ""
    """Address of the item, or path."""
    updated: str | None = None
    """``updated`` of the item."""
    fingerprint: str = ""
    """SHA-256 of what the catalogue said; changes when the item changes."""
    notes: tuple[str, ...] = ()
    """Decisions a reader should know, e.g. "nir answered by nir08"."""
    sha256: str | None = None
    """Of the evidence chip, once kept; several chips: of their hashes in order."""

    def asset(self, name: str) -> Asset | None:
        """The asset of a common name, or None."""
        return dict(self.bands).get(name)


@dataclass(frozen=True, slots=True)
class SceneRef:
    """What a finding cites: a Scene by name, instant and the hash of its evidence."""

    id: str
    datetime: dt.datetime
    sha256: str | None
    """Of the evidence chip; several chips: of their hashes in order."""


@dataclass(frozen=True, slots=True)
class Look:
    """All Scenes of one platform and pass (at most 10 minutes apart) over the Site."""

    id: str
    datetime: dt.datetime
    """Of the earliest Scene."""
    platform: str
    scenes: tuple[SceneRef, ...]
    clear: float
    """Share of the Site's pixels that are clear, 0..1."""
    snow: float = 0.0
    """Share that is snow."""
    covered: float = 1.0
    """Share that the Scenes have data for."""
    gsd: float | None = None
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    off_nadir: float | None = None
    credit: str = "unknown"
    licence: str = "unknown"
    warped: bool = False
    """True when a Scene came in another CRS and was resampled (cubic; masks nearest)."""
    shift_m: tuple[float, float] | None = None
    """Shift applied (east, north); None = not estimated."""
    residual_m: float | None = None
    """Registration residual; None = not estimated."""
    notes: tuple[str, ...] = ()
    used: bool = True
    """False when it is not in the cube: too little clear ground, or dropped (see notes)."""

    @property
    def day(self) -> dt.date:
        """UTC day of the look."""
        return self.datetime.date()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A Scene or look that was not used, and why: nothing goes missing silently."""

    thing: str
    reason: str


# ---------------------------------------------------------------- findings
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
    since: dt.datetime | None
    """Last look before it; None = before the history."""
    until: dt.datetime
    """First look that shows it."""
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
    """Confirmed pixels whose four neighbours are confirmed; 0 for an anomaly not yet confirmed."""
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
    base_rate: float | None = None
    mark: Mark | None = None


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
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    """(host, what it learnt)."""
    versions: tuple[tuple[str, str], ...] = ()
    """(software, version)."""
    not_yet: tuple[str, ...] = ()
    """Parts of a dossier that this version does not make."""


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


@dataclass(frozen=True, slots=True)
class Request:
    """One approach to the outside world, for the ledger."""

    method: str
    url: str
    learns: str
    """What the host learns from it."""
    bytes: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
