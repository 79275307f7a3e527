"""What was seen with: Scenes, their assets, looks, and requests to the outside."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from spadework.records.place import MultiPolygon

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
"""The bands that Spadework monitors where the imagery has them: STAC common names, in cube order."""


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

    @property
    def origin(self) -> str:
        """The address of the item, or its file's name where that is local: a dossier never tells whose folders it came from."""
        return self.source if "://" in self.source else self.source.replace("\\", "/").rpartition("/")[2]

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


@dataclass(frozen=True, slots=True)
class Request:
    """One approach to the outside world, for the ledger."""

    method: str
    url: str
    learns: str
    """What the host learns from it."""
    bytes: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
