"""What was seen with very-high-resolution images: Scenes, alignment, comparison, Sightings, Measurements."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spadework.records.place import MultiPolygon

Point: TypeAlias = tuple[float, float]
"""x, y in map units of the image's CRS; column, row (outer corner of the first pixel is 0, 0) where it has none."""
Identity: TypeAlias = Literal["possible", "probable", "confirmed"]
"""How sure the class of an object is: the only use of these three words."""
IDENTITIES: Final[tuple[Identity, ...]] = ("possible", "probable", "confirmed")
VEHICLE_SIZE: Final = "vehicle-size object"
HEAVY: Final = "heavy vehicle"
_BROAD: Final = (HEAVY, VEHICLE_SIZE)
"""Names without a class, the narrower first."""
ANALYST: Final = "an analyst"
"""What a Sighting by a person names as its detector: only a person confirms."""
_AT_WORK: Final = re.compile(
    r"\b(operat|work|runn|mov|driv|dig|load|excavating|activ)\w*ing\b|\bin (use|operation|motion)\b|\bactive\b", re.IGNORECASE
)
"""What a still never shows."""


@dataclass(frozen=True, slots=True)
class VhrScene:
    """One very-high-resolution image, as far as is known; None and "unknown" where it is not."""

    id: str
    """Stable and readable, e.g. the file's stem."""
    sha256: str | None = None
    """Of the file, or of the evidence chip once kept."""
    datetime: dt.datetime | None = None
    """UTC; midnight to the second where only the day is known."""
    platform: str = "unknown"
    provider: str = "unknown"
    licence: str = "unknown"
    credit: str = "unknown"
    gsd_m: tuple[float, float] | None = None
    """Ground sample distance along rows (x, or across-track) and along columns (y, or along-track), metres."""
    off_nadir: float | None = None
    """Degrees from the vertical at the ground."""
    view_azimuth: float | None = None
    """Degrees from north, clockwise, from the ground towards the sensor."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees from north, clockwise, from the ground towards the sun."""
    crs: str | None = None
    """``EPSG:n`` or WKT; None = no georeference."""
    footprint: MultiPolygon = ()
    """WGS 84; empty without georeference."""
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    @property
    def instant(self) -> dt.datetime | None:
        """When it was taken, where a time of day is known: the sun is never reckoned from a day alone."""
        return self.datetime if self.datetime is not None and self.datetime.time() != dt.time.min else None


@dataclass(frozen=True, slots=True)
class Alignment:
    """How one image lies on another: the shift moves AFTER onto BEFORE."""

    shift_px: tuple[float, float] | None
    """+x right, +y down, in BEFORE pixels; None = failed."""
    radius_px: float | None
    """90 % radius of the shift, from the spread between tiles and between methods; None = failed."""
    tiles: int = 0
    """Tiles that agreed."""
    tried: int = 0
    """Tiles that held enough valid texture to try."""
    methods: tuple[tuple[str, float, float], ...] = ()
    """(estimator, dx, dy): each one's own consensus."""
    affine: tuple[float, float, float, float, float, float] | None = None
    """a, b, c, d, e, f: column, row in BEFORE of a column, row in AFTER; None = the shift alone."""
    failed: str | None = None
    """Why no shift is stated; None = aligned."""


@dataclass(frozen=True, slots=True)
class ChangedPatch:
    """Neighbouring pixels of a pair that probably changed."""

    geometry: tuple[tuple[Point, ...], ...]
    """Rings in map units of BEFORE (pixels without CRS), the first is the outline."""
    area_m2: float | None
    probability: float
    """Mean over its pixels, 0..1."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two aligned images, by which method, and what that is worth."""

    before: str
    """Id of the VhrScene."""
    after: str
    alignment: Alignment
    changed_fraction: float | None
    """Share of comparable pixels with probability >= 1/2; None = not compared."""
    comparable_fraction: float = 0.0
    """Share of BEFORE's valid pixels that could be compared: in both images, not in shadow."""
    patches: tuple[ChangedPatch, ...] = ()
    detector: str = "none"
    confidence: Literal["low", "moderate"] = "low"
    limits: tuple[str, ...] = ()
    """What the reader must know of the method here, e.g. that it is near chance on pairs years apart."""


class CeilingError(ValueError):
    """A Sighting claims more than its pixels can carry."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that may be said of a machine at one ground sample distance (design, rules of evidence, 5)."""

    below_m: float
    """Holds for a GSD under this many metres (the last one: up to and with it)."""
    label: str | None
    """The most specific name allowed; None = the detector's class."""
    identity: Identity

    def allows(self, label: str) -> bool:
        """Whether an object may be called so."""
        return self.label is None or label in _BROAD[_BROAD.index(self.label) :]


CEILINGS: Final = (
    Ceiling(0.35, None, "confirmed"),
    Ceiling(0.8, None, "probable"),
    Ceiling(1.5, HEAVY, "probable"),
    Ceiling(3.0, VEHICLE_SIZE, "possible"),
)
"""Finest first. An image exactly on a boundary gets the stricter row, but 3 m itself is not yet over 3 m."""


def ceiling(gsd_m: float) -> Ceiling | None:
    """What may be said at this ground sample distance; None = nothing of machines.

    Raises:
        CeilingError: the GSD is no positive number.

    """
    if not gsd_m > 0:
        msg = f"a ground sample distance of {gsd_m} m says nothing of what could be seen"
        raise CeilingError(msg)
    for row in CEILINGS:
        if gsd_m < row.below_m or (row is CEILINGS[-1] and gsd_m <= row.below_m):
            return row
    return None


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object seen in one VHR Scene. One that claims more than its pixels carry cannot be made.

    Raises:
        CeilingError: on construction, when label or identity go over the ceiling of the GSD.

    """

    id: str
    scene: str
    """Id of the VhrScene."""
    label: str
    """Class, e.g. "excavator"; VEHICLE_SIZE or HEAVY where no more may be said."""
    identity: Identity
    centre: Point
    length_m: float
    width_m: float
    angle_deg: float
    """Of the long side, from the image's +x towards +y (clockwise on screen), [0, 180)."""
    gsd_m: float
    """The coarser of both directions."""
    score: float
    """Of the detector, 0..1; no probability unless the detector says so."""
    detector: str
    """Name, version and licence of what found it."""
    geometry: MultiPolygon = ()
    """WGS 84 outline of the box; empty without georeference."""
    evidence: tuple[str, ...] = ()
    """What speaks for it, e.g. "shadow away from the sun"."""
    many: str = ""
    """Of an export: this one stands for so many of its scene, identity and label, as a bin ("up to five"); empty = for itself."""

    def __post_init__(self) -> None:
        """Hold the claim to the ceiling."""
        most = ceiling(self.gsd_m)
        if most is None:
            msg = f"no machine can be claimed at {self.gsd_m:g} m a pixel; the ceiling is {CEILINGS[-1].below_m:g} m"
            raise CeilingError(msg)
        if not most.allows(self.label):
            msg = f"'{self.label}' cannot be told at {self.gsd_m:g} m a pixel, only '{most.label}'"
            raise CeilingError(msg)
        if _AT_WORK.search(self.label):
            msg = f"'{self.label}': a still never shows whether a machine works or moves"
            raise CeilingError(msg)
        if self.identity == "confirmed" and self.detector != ANALYST:
            msg = f"{self.detector} cannot confirm what it found; only a person can"
            raise CeilingError(msg)
        if not ((self.many or (self.length_m > 0 and self.width_m > 0)) and 0 <= self.score <= 1):
            msg = f"a box of {self.length_m:g} x {self.width_m:g} m with a score of {self.score:g} is none"
            raise CeilingError(msg)
        if IDENTITIES.index(self.identity) > IDENTITIES.index(most.identity):
            msg = f"'{self.identity}' cannot be said at {self.gsd_m:g} m a pixel, at most '{most.identity}'"
            raise CeilingError(msg)


Quantity: TypeAlias = Literal[
    "width", "length", "area", "height", "spoil volume", "excavation length", "passage", "slope", "cover", "daylight"
]
Unit: TypeAlias = Literal["m", "m2", "m3", "deg", "probability"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with its interval and where it comes from, or the reason why none is stated."""

    id: str
    quantity: Quantity
    unit: Unit
    value: float | None
    """None = refused."""
    low: float | None
    high: float | None
    scene: str
    """Id of the VhrScene, or the name of the file."""
    method: str
    """How, in one sentence."""
    level: float = 0.9
    """Of the interval."""
    kind: Literal["interval", "at most", "at least"] = "interval"
    """"at most": only ``high`` is claimed; "at least": only ``low``."""
    budget: tuple[tuple[str, float], ...] = ()
    """(term, one standard uncertainty in ``unit`` that it contributes); of a Monte Carlo, shares of its variance, as ``shares`` says."""
    shares: bool = False
    """True when the budget holds shares of the variance (sum 1) in place of standard uncertainties."""
    gsd_m: float | None = None
    label: str = ""
    """What was measured, e.g. "portal, east face", or which class of vehicle."""
    where: tuple[Point, ...] = ()
    """Line or polygon as drawn, map units (pixels without CRS)."""
    refused: str | None = None
    """Why no value is stated."""
    warnings: tuple[str, ...] = ()
    model: tuple[tuple[str, float], ...] = ()
    """(parameter, value) of the fitted model, for the figure: positions in the units of ``where``."""
