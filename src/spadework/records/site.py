"""What is asked: the Site and the tables of its file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from spadework.records.place import MultiPolygon


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
    """The newest look must be at least so old before anything is published."""
    redistribute: tuple[str, ...] = ()
    """Licences, as the looks print them, whose pictures the publisher says may be passed on."""


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
    base_rate: float = 0.1
    """Real lasting changes expected a km2 and year: what the probability of an event supposes."""
    synthetic: bool = False
    """True when any imagery is simulated; then every page and figure says so."""
    unused: tuple[str, ...] = ()
    """Tables of the site file that are checked, and not used by this version."""
