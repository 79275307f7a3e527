"""A tiny Sentinel-2 with known truth: single-band COGs and items shaped like Earth Search v1.

Bare ground with noise, a season and passing cloud. A rectangle of it brightens in every band on a known day.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CRS: Final = "EPSG:32637"
KEYS: Final = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11", "swir22": "B12"}
_LEVEL: Final = {"blue": 1300, "green": 1700, "red": 2300, "nir": 2900, "swir16": 3500, "swir22": 3100}
BRIGHTER: Final = 1200
"""What the change adds to every band, reflectance x 10,000."""
COLLECTION: Final = "sentinel-2-l2a"
COG_TYPE: Final = "image/tiff; application=geotiff; profile=cloud-optimized"


@dataclass(frozen=True, slots=True)
class Stack:
    """A set of dates over one place."""

    lon: float = 40.9
    lat: float = 34.4
    """Centre, degrees."""
    pixels: int = 96
    """Rows and columns of the 10 m files; even."""
    first: dt.date = dt.date(2018, 1, 4)
    step_days: int = 15
    dates: int = 60
    changed_on: dt.date = dt.date(2020, 3, 1)
    """From this day on the rectangle is bright."""
    rectangle: tuple[int, int, int, int] = (40, 40, 52, 56)
    """Row and column of its first pixel, row and column after its last."""
    cloudy_every: int = 10
    """Each so many-th date is overcast (cloud cover 96 %, SCL 9); the others have one small cloud (4 %)."""

    @property
    def corner(self) -> tuple[float, float]:
        """Easting and northing of the north-west corner, on the 20 m grid."""
        x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(self.lon, self.lat)
        return round(x / 20) * 20 - self.pixels * 5, round(y / 20) * 20 + self.pixels * 5

    def box(self, margin_px: int = 16) -> tuple[float, float, float, float]:
        """West, south, east, north inside the files, degrees, rounded to 6 decimals."""
        x, y = self.corner
        inset, span = margin_px * 10, self.pixels * 10
        back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
        xs, ys = back.transform([x + inset, x + span - inset], [y - span + inset, y - inset])
        return round(xs[0], 6), round(ys[0], 6), round(xs[1], 6), round(ys[1], 6)

    def days(self) -> list[dt.date]:
        """The dates, in order."""
        return [self.first + dt.timedelta(days=n * self.step_days) for n in range(self.dates)]

    def name(self, day: dt.date) -> str:
        """Id of the item of a day."""
        return f"S2A_37SFA_{day:%Y%m%d}_0_L2A"


def overcast(stack: Stack, n: int) -> bool:
    """Whether the n-th date shows cloud only."""
    return n % stack.cloudy_every == stack.cloudy_every - 1


def write_cogs(stack: Stack, root: Path) -> None:
    """``root/ITEM/B02.tif`` .. ``SCL.tif`` for every date."""
    for n, day in enumerate(stack.days()):
        folder = root / stack.name(day)
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([n, 7])
        for band, file in KEYS.items():
            step = 1 if file in ("B02", "B03", "B04", "B08") else 2
            _write(folder / f"{file}.tif", _ground(stack, n, day, band, step, rng), stack, 10 * step)
        _write(folder / "SCL.tif", _scl(stack, n), stack, 20)


def _ground(stack: Stack, n: int, day: dt.date, band: str, step: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    size = stack.pixels // step
    season = 60 * np.cos(2 * np.pi * day.timetuple().tm_yday / 365.25)
    values = _LEVEL[band] + season + np.rint(rng.normal(0, 25, (size, size)) / 5) * 5
    if day >= stack.changed_on:
        top, left, bottom, right = (v // step for v in stack.rectangle)
        values[top:bottom, left:right] += BRIGHTER
    values[: 6 // step, : 6 // step] = 7000
    return np.asarray(np.full((size, size), 8000) if overcast(stack, n) else values).astype(np.uint16)


def _scl(stack: Stack, n: int) -> NDArray[np.uint8]:
    classes = np.full((stack.pixels // 2, stack.pixels // 2), 9 if overcast(stack, n) else 5, dtype=np.uint8)
    classes[:3, :3] = 9
    return classes


def _write(path: Path, values: NDArray[np.generic], stack: Stack, pixel_m: int) -> None:
    x, y = stack.corner
    profile = {
        "driver": "COG", "width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype, "crs": CRS,
        "transform": Affine(pixel_m, 0, x, 0, -pixel_m, y), "nodata": 0, "compress": "deflate", "blocksize": 128,
    }  # fmt: skip
    if values.dtype == np.uint16:
        profile["predictor"] = 2
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)


# ---------------------------------------------------------------- items
def items(stack: Stack, base: str) -> list[dict[str, Any]]:
    """Items of all dates; hrefs begin with ``base`` (a URL, or "." for files beside the item)."""
    return [_item(stack, n, day, base) for n, day in enumerate(stack.days())]


def _item(stack: Stack, n: int, day: dt.date, base: str) -> dict[str, Any]:
    name = stack.name(day)
    west, south, east, north = stack.box(0)
    here = base if base == "." else f"{base}/{name}"
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": COLLECTION, "links": [],
        "bbox": [west, south, east, north], "geometry": {"type": "Polygon", "coordinates": [ring]},
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "properties": {
            "datetime": f"{day}T08:{n % 60:02d}:21.024000Z", "created": f"{day}T15:00:00Z", "updated": f"{day}T15:00:00Z",
            "platform": "sentinel-2a", "constellation": "sentinel-2", "instruments": ["msi"], "gsd": 10,
            "eo:cloud_cover": 96.0 if overcast(stack, n) else 4.0, "proj:epsg": 32637, "grid:code": "MGRS-37SFA",
            "mgrs:utm_zone": 37, "mgrs:latitude_band": "S", "mgrs:grid_square": "FA", "view:sun_elevation": 50.5,
            "view:sun_azimuth": 150.25, "s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": True,
        },
        "assets": _assets(stack, here),
    }  # fmt: skip


def _assets(stack: Stack, here: str) -> dict[str, Any]:
    out = {band: _band(stack, f"{here}/{file}.tif", band) for band, file in KEYS.items()}
    out["scl"] = {
        "href": f"{here}/SCL.tif", "type": COG_TYPE, "title": "Scene classification map (SCL)", "roles": ["data", "reflectance"],
        "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": 20}], **_place(stack, 20),
    }  # fmt: skip
    twins = {
        f"{band}-jp2": {**out[band], "href": f"s3://sentinel-s2-l2a/{file}.jp2", "type": "image/jp2"}
        for band, file in KEYS.items()
    }
    colours = [{"name": name, "common_name": name} for name in ("red", "green", "blue")]
    decoys = {
        "visual": {"href": f"{here}/TCI.tif", "type": COG_TYPE, "eo:bands": colours, "roles": ["visual"], **_place(stack, 10)},
        "aot": {"href": f"{here}/AOT.tif", "type": COG_TYPE, "roles": ["data", "reflectance"], **_place(stack, 20)},
        "nir08": {**_band(stack, f"{here}/B8A.tif", "nir08"), "gsd": 20, **_place(stack, 20)},
        "thumbnail": {"href": f"{here}/thumbnail.jpg", "type": "image/jpeg", "roles": ["thumbnail"]},
    }
    return {"aot": decoys.pop("aot"), **out, **decoys, **twins}


def _band(stack: Stack, href: str, band: str) -> dict[str, Any]:
    pixel = 20 if band.startswith("swir") else 10
    raster = {
        "nodata": 0, "data_type": "uint16", "bits_per_sample": 15, "spatial_resolution": pixel, "scale": 0.0001, "offset": -0.1,
    }  # fmt: skip
    return {
        "href": href, "type": COG_TYPE, "title": f"{band} - {pixel}m", "eo:bands": [{"name": band, "common_name": band}],
        "gsd": pixel, "raster:bands": [raster], "roles": ["data", "reflectance"], **_place(stack, pixel),
    }  # fmt: skip


def _place(stack: Stack, pixel_m: int) -> dict[str, Any]:
    x, y = stack.corner
    size = stack.pixels * 10 // pixel_m
    return {"proj:shape": [size, size], "proj:transform": [pixel_m, 0, x, 0, -pixel_m, y]}


def write_static(stack: Stack, root: Path) -> Path:
    """A static catalogue beside the COGs of ``write_cogs``, all links relative; returns catalog.json."""
    for item in items(stack, "."):
        (root / item["id"] / "item.json").write_text(json.dumps(item), encoding="utf-8")
    links = [{"rel": "item", "href": f"./{stack.name(day)}/item.json", "type": "application/geo+json"} for day in stack.days()]
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
    collection = {
        "type": "Collection", "stac_version": "1.0.0", "id": COLLECTION, "description": "tiny", "license": "proprietary",
        "extent": extent, "links": links,
    }  # fmt: skip
    (root / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    child = {"rel": "child", "href": "./collection.json", "type": "application/json"}
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "tiny", "description": "tiny", "links": [child]}
    (root / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    return root / "catalog.json"


def write_items(found: list[dict[str, Any]], path: Path) -> Path:
    """An item collection, as rustac loads it."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}), encoding="utf-8")
    return path


def pages_of_items(stack: Stack, base: str, more: int) -> list[dict[str, Any]]:
    """``items`` with their first dates given again under ``more`` other places: a catalogue of more than one page."""
    here = items(stack, base)
    x, y = 3.0, 0.0
    there = items(replace(stack, lon=stack.lon + x, lat=stack.lat + y, dates=more, step_days=2), base)
    return [*here, *({**item, "id": f"{item['id']}-{n}"} for n, item in enumerate(there))]


SITE_FILE: Final = """\
[site]
name = "Tiny"
bbox = [{west}, {south}, {east}, {north}]

[period]
history_start = 2018-01-01
start = 2020-01-01
end = 2020-06-30

[[imagery]]
stac = "{stac}"
collections = ["sentinel-2-l2a"]
max_cloud = {max_cloud:g}

[privacy]
query = "{query}"
"""


def write_site(path: Path, stack: Stack, stac: str, max_cloud: float = 100.0, query: str = "tile") -> Path:
    """A site file over the middle of the stack."""
    west, south, east, north = stack.box()
    text = SITE_FILE.format(west=west, south=south, east=east, north=north, stac=stac, max_cloud=max_cloud, query=query)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
