"""What is asked: the Site and the tables of its file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spadework.records.place import MultiPolygon
from spadework.records.vhr import Identity, Point
from spadework.records.weighed import OriginRule

MeasureWord: TypeAlias = Literal["width", "length", "area", "shadow", "spoil", "excavation", "passage"]
"""What can be measured in a Scene: the word of the command and of the site file."""


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
class SceneFile:
    """One ``[[scene]]`` table: a very-high-resolution image, and what its file does not say itself."""

    id: str
    path: str
    """Absolute."""
    datetime: dt.datetime
    provider: str
    licence: str
    credit: str
    platform: str = "unknown"
    bands: tuple[tuple[str, int], ...] = ()
    """(common name or "pan", 1-based band); empty = as the file names them."""
    gsd_m: float | None = None
    off_nadir: float | None = None
    view_azimuth: float | None = None
    sun_elevation: float | None = None
    """None = computed from time and place."""
    sun_azimuth: float | None = None


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """One ``[[measure]]`` table: what an analyst measures, and where it was drawn."""

    id: str
    scene: str
    """Id of the SceneFile."""
    quantity: MeasureWord
    points: tuple[Point, ...] = ()
    """Map units of the Scene's CRS (pixels without one): the ends of a line, or the corners of a polygon."""
    label: str = ""
    along_m: float = 6.0
    """Of a width: length averaged along the opening."""
    slope_deg: float = 0.0
    """Of a shadow: rise of the ground from its foot to its tip."""
    height_m: float | None = None
    """Of spoil: a cap on its height; of a passage: clear height of the opening."""
    of: str | None = None
    """Id of the measurement that this one starts from: a passage from a width, an excavation from a spoil volume."""


@dataclass(frozen=True, slots=True)
class SightingRule:
    """One ``[[sighting]]`` table: what an analyst saw; held to the ceiling of its Scene like any other."""

    id: str
    scene: str
    label: str
    identity: Identity
    centre: Point
    length_m: float
    width_m: float
    angle_deg: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """One ``[[truth]]`` table: what a simulated place is known to hold."""

    what: str
    value: float
    unit: str
    result: str
    """What answers it: "measurement:ID", "shift_x", "shift_y", "sightings" or "changed_fraction"."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One ``[[source]]`` table: a document, and what its file does not say itself."""

    path: str
    """Absolute."""
    outlet: str
    published: dt.date | None = None
    """The day that "last week" counts from; None = not known, and such dates stay unresolved."""
    url: str | None = None
    language: str = "en"
    synthetic: bool = False
    """Written for an example: says so wherever it is shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """``[assess]``: what is to be judged."""

    text: str
    feature: str
    """Name of the template that the hypotheses come from."""
    terrain: str | None = None
    """What the analyst takes the ground at the place to be like, e.g. "flat": only for reasoning on a claim about terrain."""


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
    scenes: tuple[SceneFile, ...] = ()
    """Very-high-resolution images, in time order."""
    measures: tuple[MeasureRule, ...] = ()
    sightings: tuple[SightingRule, ...] = ()
    truths: tuple[Truth, ...] = ()
    """Only of a simulated place."""
    sources: tuple[SourceFile, ...] = ()
    """Documents, in the order of the file."""
    origins: tuple[OriginRule, ...] = ()
    question: Question | None = None
    """None = nothing is judged."""
    model: bool = False
    """Whether a language model is asked to propose claims as well: it sees the documents."""
