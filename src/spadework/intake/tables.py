"""The tables of a site file, as pydantic checks them: keys, types, ranges."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from spadework.records import ClearRule, Identity, MeasureWord

Language = Annotated[str, Field(pattern="^[a-z]{2}$")]
"""Code of a document's language, ISO 639-1."""


class Table(BaseModel):
    """A TOML table: no key that we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteTable(Table):
    """``[site]``: the place and the question."""

    name: Annotated[str, Field(min_length=1)]
    geometry: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    point: tuple[float, float] | None = None
    radius_m: Annotated[float, Field(gt=0)] | None = None
    base_rate_per_km2_year: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    synthetic: bool = False


class PeriodTable(Table):
    """``[period]``."""

    start: dt.date
    end: dt.date
    history_start: dt.date


class MaskTable(Table):
    """``mask`` of local files."""

    band: int | str
    clear: tuple[int, ...]


class ImageryTable(Table):
    """``[[imagery]]``: a catalogue, or local files."""

    stac: str | None = None
    collections: tuple[str, ...] = ()
    max_cloud: Annotated[float, Field(ge=0, le=100)] = 100.0
    assets: dict[str, str] = Field(default_factory=dict)
    files: str | None = None
    bands: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    mask: MaskTable | None = None
    datetime_pattern: str | None = None
    credit: str | None = None
    licence: str | None = None


class ClearTable(Table):
    """``[clear]``."""

    scl: tuple[Annotated[int, Field(ge=0, le=11)], ...] = ClearRule().scl
    dilate_m: Annotated[float, Field(ge=0, le=100)] = ClearRule().dilate_m
    min_share: Annotated[float, Field(ge=0, le=1)] = ClearRule().min_share


class EventsTable(Table):
    """``[events]``."""

    min_pixels: Annotated[int, Field(ge=1)] = 8


class SceneTable(Table):
    """``[[scene]]``: a very-high-resolution image."""

    path: str
    id: Annotated[str, Field(min_length=1)] | None = None
    datetime: dt.datetime
    provider: str
    licence: str
    credit: str
    platform: str = "unknown"
    bands: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    gsd_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    off_nadir_deg: Annotated[float, Field(ge=0, lt=90)] | None = None
    view_azimuth_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    sun_elevation_deg: Annotated[float, Field(ge=-90, le=90)] | None = None
    sun_azimuth_deg: Annotated[float, Field(ge=0, le=360)] | None = None


class MeasureTable(Table):
    """``[[measure]]``: what an analyst measures in a Scene."""

    id: Annotated[str, Field(min_length=1)] | None = None
    scene: str
    quantity: MeasureWord
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)] = ()
    label: str = ""
    along_m: Annotated[float, Field(gt=0, le=100)] = 6.0
    slope_deg: Annotated[float, Field(gt=-80, lt=80)] = 0.0
    height_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    of: str | None = None


class SightingTable(Table):
    """``[[sighting]]``: what an analyst saw in a Scene."""

    id: Annotated[str, Field(min_length=1)] | None = None
    scene: str
    label: Annotated[str, Field(min_length=1)]
    identity: Identity
    centre: tuple[float, float]
    length_m: Annotated[float, Field(gt=0, le=200)]
    width_m: Annotated[float, Field(gt=0, le=200)]
    angle_deg: Annotated[float, Field(ge=0, lt=180)] = 0.0
    evidence: Annotated[tuple[str, ...], Field(min_length=1)]


class TruthTable(Table):
    """``[[truth]]``: what a simulated place is known to hold, beside what was found there."""

    what: Annotated[str, Field(min_length=1)]
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    result: str


class SourceTable(Table):
    """``[[source]]``: a document."""

    path: str
    outlet: str
    published: dt.date | None = None
    url: str | None = None
    language: Language = "en"
    synthetic: bool = False


class OriginTable(Table):
    """``[[origin]]``: what an analyst says of who first observed or said something."""

    name: Annotated[str, Field(min_length=1)]
    letter: Literal["A", "B", "C", "D", "E", "F"] = "F"
    reason: str = ""
    independent_of: tuple[str, ...] = ()


class ClaimsTable(Table):
    """``[claims]``."""

    model: bool = False


class AssessTable(Table):
    """``[assess]``: what is to be judged."""

    question: Annotated[str, Field(min_length=1)]
    feature: str
    terrain: str | None = None


class PublishTable(Table):
    """``[publish]``: the gate."""

    coordinates: str = "5 km"
    delay_days: Annotated[int, Field(ge=0)] = 0
    redistribute: tuple[str, ...] = ()


class PrivacyTable(Table):
    """``[privacy]``."""

    query: Literal["tile", "aoi"] = "tile"


class SiteFile(Table):
    """The whole file."""

    site: SiteTable
    period: PeriodTable
    imagery: Annotated[tuple[ImageryTable, ...], Field(min_length=1)]
    clear: ClearTable = ClearTable()
    events: EventsTable = EventsTable()
    scene: tuple[SceneTable, ...] = ()
    measure: tuple[MeasureTable, ...] = ()
    sighting: tuple[SightingTable, ...] = ()
    truth: tuple[TruthTable, ...] = ()
    source: tuple[SourceTable, ...] = ()
    origin: tuple[OriginTable, ...] = ()
    claims: ClaimsTable = ClaimsTable()
    assess: AssessTable | None = None
    publish: PublishTable = PublishTable()
    privacy: PrivacyTable = PrivacyTable()
