"""What analysis-ready means: the nouns that hold arrays, and their checks.

The law of this room: no files, no network, no clock. Arrays are (time, band, y, x), y runs south, time runs forward,
``clear`` is True where a pixel is usable.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.grid import metres_per_px

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.records import Asset, Look, VhrScene

MISSING: Final = np.int16(-32768)
"""Reflectance where there is no data."""
PER_UNIT: Final = 10_000.0
"""Cube reflectance = physical reflectance x this."""
EPOCH: Final = dt.date(1970, 1, 1)

OK, TOO_FEW_LOOKS, SHORT_HISTORY, MODEL_FAILED, OUTSIDE_AOI = range(5)
"""Values of ``Change.reason``."""
REASONS: Final = ("ok", "too few looks", "short history", "model failed", "outside the area of interest")
NO_METHOD, TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE, PAIRWISE = range(5)
"""Values of ``Change.method``, from the most to the least that a history carries."""
METHODS: Final = ("none", "season of two harmonics", "season of one harmonic", "no season", "nearest look of the season")


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> dt.date:
    """The day so many days after 1970-01-01."""
    return EPOCH + dt.timedelta(days=int(number))


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """Raw numbers of one Scene at one resolution, on the asset's own grid: never resampled, scaled or masked."""

    assets: tuple[Asset, ...]
    """One per band, in band order, as the catalogue described them."""
    values: NDArray[np.generic]
    """(band, y, x), one integer or float dtype that holds every band exactly."""
    crs: str
    """``EPSG:n``, or WKT where there is no code."""
    transform: tuple[float, float, float, float, float, float]
    """Affine a, b, c, d, e, f of the chip."""


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Analysis-ready stack on one grid.

    Raises:
        ValueError: when shapes, dtypes or the order of time do not fit.

    """

    reflectance: NDArray[np.int16]
    """(time, band, y, x), reflectance x 10,000, MISSING without data. Values under cloud are kept: use ``clear``."""
    clear: NDArray[np.bool_]
    """(time, y, x), True = usable ground in every band; snow is not clear."""
    snow: NDArray[np.bool_]
    """(time, y, x), True = snow; never clear at the same time."""
    looks: tuple[Look, ...]
    """One per time step, in time order."""
    bands: tuple[str, ...]
    """STAC common names, in band order."""
    grid: GeoBox
    inside: NDArray[np.bool_]
    """(y, x), True where the pixel's centre lies in the area of interest."""
    days: NDArray[np.int32] = field(init=False)
    """(time), days since 1970-01-01."""

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        object.__setattr__(self, "days", np.array([day_number(look.day) for look in self.looks], dtype=np.int32))
        shape = (len(self.looks), len(self.bands), *self.grid.shape)
        flat = (shape[0], *shape[2:])
        if self.reflectance.shape != shape or self.reflectance.dtype != np.int16:
            msg = f"reflectance is {self.reflectance.dtype} {self.reflectance.shape}, expected int16 {shape}"
            raise ValueError(msg)
        for name, array in (("clear", self.clear), ("snow", self.snow)):
            if array.shape != flat or array.dtype != np.bool_:
                msg = f"{name} is {array.dtype} {array.shape}, expected bool {flat}"
                raise ValueError(msg)
        if self.inside.shape != flat[1:]:
            msg = f"inside is {self.inside.shape}, expected {flat[1:]}"
            raise ValueError(msg)
        if any(a.datetime > b.datetime for a, b in zip(self.looks, self.looks[1:], strict=False)):
            msg = "looks are not in time order"
            raise ValueError(msg)

    @property
    def pixel_m2(self) -> float:
        """Area of one pixel, m2."""
        return float(abs(self.grid.transform.a * self.grid.transform.e))


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Per-pixel result of monitoring, on the cube's grid and looks."""

    first_anomaly: NDArray[np.int32]
    """(y, x), days since 1970-01-01 of the earliest change not recovered; 0 = assessed, none; -1 = not assessable."""
    confirmed: NDArray[np.int32]
    """(y, x), day on which that change was confirmed; 0 and -1 as above."""
    statistic: NDArray[np.float32]
    """(y, x), whitened distance of the confirming window; where nothing was confirmed, the largest seen; NaN if not assessable."""
    clear_looks: NDArray[np.uint16]
    """(y, x), clear looks in the watched period."""
    reason: NDArray[np.uint8]
    """(y, x), index into REASONS."""
    method: NDArray[np.uint8]
    """(y, x), index into METHODS: what the pixel's history was long enough for."""
    recovered: NDArray[np.bool_]
    """(y, x), True where a confirmed change went back to normal (it is then not in ``confirmed``)."""
    anomalous: NDArray[np.bool_]
    """(time, y, x), True where a clear look of the watched period lies beyond the single-look threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One very-high-resolution image, or a window of it, on its own grid: raw numbers, never resampled or scaled.

    Raises:
        ValueError: when shapes or dtypes do not fit.

    """

    values: NDArray[np.float32]
    """(band, y, x), raw numbers; 0 where not valid."""
    valid: NDArray[np.bool_]
    """(y, x), True = data in every band."""
    bands: tuple[str, ...]
    """STAC common names, "pan" for a panchromatic one, "band1".. where unknown; in band order."""
    transform: tuple[float, float, float, float, float, float]
    """Affine a, b, c, d, e, f from column, row of this window (0, 0 = outer corner of its first pixel) to map units;
    without CRS to column, row of the whole file."""
    scene: VhrScene
    """What is known of it; ``scene.crs`` None = no georeference, ``scene.gsd_m`` None = unknown."""

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        shape = (len(self.bands), *self.valid.shape)
        if self.values.shape != shape or self.values.dtype != np.float32:
            msg = f"values are {self.values.dtype} {self.values.shape}, expected float32 {shape}"
            raise ValueError(msg)
        if self.valid.dtype != np.bool_ or self.valid.ndim != 2:  # noqa: PLR2004 - y and x
            msg = f"valid is {self.valid.dtype} {self.valid.shape}, expected bool (y, x)"
            raise ValueError(msg)

    @property
    def per_px_m(self) -> NDArray[np.float64] | None:
        """``grid.metres_per_px`` of the image; None without CRS: no direction on the ground is known."""
        rows, cols = self.valid.shape
        return None if self.scene.crs is None else metres_per_px(self.transform, self.scene.crs, (rows, cols))

    @property
    def px_m2(self) -> float | None:
        """Area of one pixel on the ground, m2: from the CRS, or else from the GSD; None where neither is known."""
        per_px, gsd = self.per_px_m, self.scene.gsd_m
        if per_px is not None:
            return float(abs(np.linalg.det(per_px)))
        return None if gsd is None else gsd[0] * gsd[1]

    def grey(self) -> Image:
        """The mean of all bands as one, called "pan"."""
        if self.bands == ("pan",):
            return self
        return replace(self, values=self.values.mean(axis=0, keepdims=True, dtype=np.float32), bands=("pan",))

    def only(self, bands: tuple[str, ...]) -> Image:
        """The same with these bands, in this order."""
        if bands == self.bands:
            return self
        return replace(self, values=self.values[[self.bands.index(name) for name in bands]], bands=bands)


@dataclass(frozen=True, slots=True, eq=False)
class Dem:
    """An elevation model, or a window of it, on its own grid.

    Raises:
        ValueError: when shape or dtype do not fit.

    """

    heights: NDArray[np.float32]
    """(y, x), metres above the model's own zero; NaN without data."""
    transform: tuple[float, float, float, float, float, float]
    """Affine a, b, c, d, e, f from column, row of this window (0, 0 = outer corner of its first pixel) to map units."""
    crs: str
    """``EPSG:n`` or WKT."""
    name: str
    """Of the file."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the array."""
        if self.heights.ndim != 2 or self.heights.dtype != np.float32:  # noqa: PLR2004 - y and x
            msg = f"heights are {self.heights.dtype} {self.heights.shape}, expected float32 (y, x)"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPair:
    """Two images on one grid, and where a person says that the ground changed between them."""

    id: str
    before: Image
    after: Image
    changed: NDArray[np.bool_]
    """(y, x), True = changed."""
    sha256: str
    """Over the bytes of its three files, in the order before, after, label."""


def on_common_bands(one: Image, other: Image) -> tuple[Image, Image]:
    """Two images with the bands that both have, in the first one's order; where they share none, the mean of each."""
    both = tuple(name for name in one.bands if name in other.bands)
    return (one.only(both), other.only(both)) if both else (one.grey(), other.grey())
