"""STAC items become Scenes: which asset is which band, and how raw numbers become reflectance.

Pure decisions over the item's JSON; nothing here opens a file. Precedence is written as lists.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote, urljoin, urlsplit

import shapely

from spadework.errors import SceneError
from spadework.grid import rings_of
from spadework.records import BANDS, Asset, ImagerySource, Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, Any]
    Family = Literal["sentinel-2", "landsat", "generic"]

TABLES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "sentinel-2": {
        "blue": ("blue", "B02"), "green": ("green", "B03"), "red": ("red", "B04"),
        "nir": ("nir", "B08"), "swir16": ("swir16", "B11"), "swir22": ("swir22", "B12"),
    },
    "landsat": {
        "blue": ("blue",), "green": ("green",), "red": ("red",),
        "nir": ("nir08",), "swir16": ("swir16",), "swir22": ("swir22",),
    },
    "generic": {},
}  # fmt: skip
"""Asset keys of Earth Search and Planetary Computer; they break ties and stand in where an item names no bands."""

OFFSET_STARTS: Final = dt.datetime(2022, 1, 25, tzinfo=dt.UTC)
"""From this day on Sentinel-2 products carry an offset of -1000 (processing baseline 04.00)."""
PAID: Final = "requester-pays: reading it is billed to your AWS account"
"""The note of a Scene whose host charges the reader."""
_CREDIT: Final = {
    "sentinel-2": "Contains modified Copernicus Sentinel data {year}",
    "landsat": "Landsat image courtesy of the U.S. Geological Survey",
}
_LICENCE: Final = {"sentinel-2": "Copernicus Sentinel data terms (free, with credit)", "landsat": "Public domain (USGS)"}


def parse_item(item: Json, base: str, source: ImagerySource) -> Scene:
    """One STAC item, any version from 1.0.0-beta to 1.1, as a Scene.

    Args:
        item: the item's JSON.
        base: URL or absolute path of the item, for relative hrefs.
        source: the ``[[imagery]]`` table it was found by.

    Raises:
        SceneError: no datetime or geometry, two assets for one band, a Sentinel-2 offset that cannot be known.

    """
    properties: Json = item.get("properties") or {}
    name = str(item.get("id") or "unnamed item")
    acquired = _instant(name, properties)
    family = family_of(item)
    bands, notes = _bands(item, base, source, family, acquired)
    mask, mask_clear = _mask(item, base, source)
    if "spadework:notes" in properties and not urlsplit(base).scheme.startswith("http"):  # a stranger's notes are not ours
        notes = [str(note) for note in properties["spadework:notes"]]
    if _is_paid(item):
        notes.append(PAID)
    return Scene(
        id=name,
        collection=str(item.get("collection") or "unknown"),
        datetime=acquired,
        platform=str(properties.get("platform") or "unknown").lower().replace("_", "-"),
        bands=bands,
        mask=mask,
        footprint=_footprint(name, item),
        crs=next((asset.crs for _, asset in bands if asset.crs), mask[1].crs if mask else None),
        cloud=_number(properties.get("eo:cloud_cover")),
        gsd=_number(properties.get("gsd")),
        sun_elevation=_sun_elevation(properties),
        sun_azimuth=_number(properties.get("view:sun_azimuth", properties.get("s2:mean_solar_azimuth"))),
        off_nadir=_number(properties.get("view:off_nadir")),
        baseline=_baseline(properties),
        granule=_granule(properties),
        provider=str(properties.get("spadework:provider") or urlsplit(base).netloc or "local"),
        licence=source.licence
        or str(properties.get("spadework:licence") or properties.get("license") or _LICENCE.get(family, "unknown")),
        credit=source.credit
        or str(properties.get("spadework:credit") or _CREDIT.get(family, "unknown").format(year=acquired.year)),
        synthetic=bool(properties.get("spadework:synthetic", properties.get("platform") == "synthetic")),
        mask_clear=mask_clear,
        source=base,
        updated=properties.get("updated"),
        fingerprint=str(properties.get("spadework:fingerprint") or fingerprint(item, base)),
        notes=tuple(notes),
        sha256=properties.get("spadework:sha256"),
    )


def _bands(
    item: Json, base: str, source: ImagerySource, family: Family, acquired: dt.datetime
) -> tuple[tuple[tuple[str, Asset], ...], list[str]]:
    """(common name, asset) of the bands that the item has, and the decisions on the way."""
    bands, notes, name = [], [], str(item.get("id") or "unnamed item")
    for band in BANDS:
        picked = pick_asset(item, band, family, dict(source.assets).get(band))
        if picked is None:
            continue
        key, note = picked
        scale, offset, why = resolve_scale(name, item, key, family, acquired, source)
        notes += [text for text in (note, why) if text and text not in notes]
        bands.append((band, _asset(item, key, base, scale, offset, source.nodata)))
    return tuple(bands), notes


def family_of(item: Json) -> Family:
    """Which sensor's rules an item follows."""
    properties: Json = item.get("properties") or {}
    told = (
        " ".join(str(properties.get(key, "")) for key in ("constellation", "platform")) + " " + str(item.get("collection", ""))
    )
    told = told.lower().replace("_", "-").replace(" ", "-")
    if "sentinel-2" in told or "sentinel-s2" in told:
        return "sentinel-2"
    return "landsat" if "landsat" in told else "generic"


# ---------------------------------------------------------------- which asset
@dataclass(frozen=True, slots=True)
class _Candidate:
    key: str
    gsd: float


def pick_asset(item: Json, band: str, family: Family, told: str | None) -> tuple[str, str | None] | None:
    """The asset key that answers for a band, and a note where it goes by another name; None where there is none.

    In this order: the site file's word; the only asset of that common name, finest GSD; the tables of Earth Search and
    Planetary Computer; for nir, nir08.

    Raises:
        SceneError: two assets answer and no table decides, or the site file names one that is not there.

    """
    assets: Json = item.get("assets") or {}
    if told is not None:
        if told in assets:
            return told, None
        raise SceneError(str(item.get("id")), f"has no asset '{told}' for {band}", f"it has: {', '.join(sorted(assets))}")
    keys = TABLES[family].get(band, ())
    for name in (band, "nir08") if band == "nir" else (band,):
        found = [_Candidate(key, _gsd(item, key)) for key in assets if _is_band(assets[key], name)]
        finest = [c for c in found if c.gsd == min(c.gsd for c in found)]
        tabled = [c for c in finest if c.key in keys]
        chosen = tabled if len(finest) > 1 and tabled else finest
        if len(chosen) > 1:
            both = " and ".join(f"'{c.key}'" for c in chosen)
            raise SceneError(
                str(item.get("id")),
                f"{both} both answer for {band}",
                f'choose one in the site file: assets = {{ {band} = "{chosen[0].key}" }}',
            )
        if chosen:
            return chosen[0].key, None if name == band else f"{band} answered by {name} (asset {chosen[0].key})"
    for key in keys:
        if key in assets and _is_raster(assets[key]) and not _described(assets[key]):
            return key, f"{band} taken from asset {key} by its key: the item names no bands"
    return None


def _described(asset: Json) -> list[Json]:
    return list(asset.get("eo:bands") or asset.get("bands") or [])


def _is_raster(asset: Json) -> bool:
    media = str(asset.get("type") or "").lower()
    roles = asset.get("roles") or []
    tiff = (
        "geotiff" in media
        or "image/tiff" in media
        or (not media and str(asset.get("href", "")).lower().endswith((".tif", ".tiff")))
    )
    return tiff and (not roles or "data" in roles)


def _is_band(asset: Json, name: str) -> bool:
    bands = _described(asset)
    if not _is_raster(asset) or len(bands) != 1:
        return False
    return name in (bands[0].get("eo:common_name"), bands[0].get("common_name"))


def _gsd(item: Json, key: str) -> float:
    asset = item["assets"][key]
    band = (_described(asset) or [{}])[0]
    raster = (asset.get("raster:bands") or [{}])[0]
    transform = asset.get("proj:transform") or (item.get("properties") or {}).get("proj:transform") or [None]
    for value in (asset.get("gsd"), band.get("gsd"), raster.get("spatial_resolution"), transform[0]):
        if value is not None:
            return abs(float(value))
    return float((item.get("properties") or {}).get("gsd") or 0.0)


# ---------------------------------------------------------------- raw numbers to reflectance
def resolve_scale(
    name: str, item: Json, key: str, family: Family, acquired: dt.datetime, source: ImagerySource
) -> tuple[float, float, str | None]:
    """Scale and offset of an asset (reflectance = raw * scale + offset) and the rule that gave the offset.

    The site file's word comes first. Sentinel-2 then, in this order: ``earthsearch:boa_offset_applied`` true -> none;
    ``raster:bands`` / ``raster:offset``; ``s2:processing_baseline`` >= 04.00 -> -1000; acquired before 2022-01-25 -> none;
    else refused.

    Raises:
        SceneError: a Sentinel-2 item that does not say whether it carries the offset.

    """
    asset = item["assets"][key]
    described = [*(asset.get("raster:bands") or []), *(asset.get("bands") or []), asset]
    scale = _first(described, "scale", source.scale)
    offset = _first(described, "offset", source.offset)
    if family == "landsat":
        return scale or 2.75e-5, -0.2 if offset is None else offset, None
    if family == "generic":
        note = None if scale is not None else "no scale given: raw numbers taken as reflectance x 10,000"
        return scale or 1e-4, offset or 0.0, note
    if source.offset is not None:
        return scale or 1e-4, source.offset, f"offset: {source.offset:g} (site file)"
    offset, why = _sentinel_offset(name, item, offset, acquired)
    return scale or 1e-4, offset, f"offset: {why}"


def _sentinel_offset(name: str, item: Json, stated: float | None, acquired: dt.datetime) -> tuple[float, str]:
    properties: Json = item.get("properties") or {}
    for applied in ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied"):
        if properties.get(applied) is True:
            return 0.0, f"already applied ({applied})"
    if stated is not None:
        return stated, f"{stated:g} (raster:offset)"
    baseline = _baseline(properties)
    if baseline is not None and re.match(r"^\d+(\.\d+)?$", baseline) and float(baseline) >= 4.0:  # noqa: PLR2004 - the number says itself here
        return -0.1, f"-0.1 (processing baseline {baseline})"
    if acquired < OFFSET_STARTS:
        return 0.0, "none (acquired before 2022-01-25)"
    raise SceneError(
        name, "does not say whether its numbers carry the Sentinel-2 offset of -1000", "set offset in its [[imagery]] table"
    )


def _first(described: list[Json], field: str, told: float | None) -> float | None:
    if told is not None:
        return told
    for table in described:
        for key in (f"raster:{field}", field):
            if isinstance(table.get(key), int | float):
                return float(table[key])
    return None


# ---------------------------------------------------------------- the rest of an item
def _asset(item: Json, key: str, base: str, scale: float, offset: float, nodata: float | None) -> Asset:
    asset, properties = item["assets"][key], item.get("properties") or {}
    code = asset.get("proj:code") or properties.get("proj:code")
    epsg = asset.get("proj:epsg") or properties.get("proj:epsg")
    transform = asset.get("proj:transform") or (None if asset.get("proj:shape") else properties.get("proj:transform"))
    shape = asset.get("proj:shape") or properties.get("proj:shape")
    described = [*(asset.get("raster:bands") or []), *(asset.get("bands") or []), asset]
    a, b, c, d, e, f = (transform or [0.0] * 6)[:6]
    return Asset(
        key=key,
        href=resolve_href(str(item.get("id")), str(asset["href"]), base),
        band=int(asset.get("spadework:band", 1)),
        scale=scale,
        offset=offset,
        nodata=nodata if nodata is not None else _nodata(described),
        crs=str(code) if code else f"EPSG:{epsg}" if epsg else None,
        transform=(float(a), float(b), float(c), float(d), float(e), float(f)) if transform else None,
        shape=(int(shape[0]), int(shape[1])) if shape else None,
    )


def _nodata(described: list[Json]) -> float | None:
    """The first value without data; STAC writes those that JSON cannot hold as "nan", "inf" and "-inf"."""
    told = [table[key] for table in described for key in ("raster:nodata", "nodata") if table.get(key) is not None]
    return next((float(value) for value in told if not isinstance(value, str) or value in ("nan", "inf", "-inf")), None)


def resolve_href(name: str, href: str, base: str) -> str:
    """An asset's address as something to open: a URL or an absolute path.

    Raises:
        SceneError: a catalogue on the network that points into this machine, or a scheme that we do not read.

    """
    remote = urlsplit(base).scheme in ("http", "https")
    scheme = urlsplit(href).scheme.lower()
    if scheme in ("http", "https", "s3"):
        return href
    if scheme and len(scheme) > 1 and scheme != "file":
        raise SceneError(name, f"its asset is at a '{scheme}:' address", "only http, https, s3 and local files are read")
    if remote:
        if scheme == "file" or href.startswith(("/", "\\")) or href.lower().startswith("vsi"):
            raise SceneError(
                name, "its asset points at a file of this machine", "the catalogue is broken or hostile; leave the item out"
            )
        return urljoin(base, href)
    local = unquote(urlsplit(href).path) if scheme == "file" else href
    return str((Path(base).parent / local).resolve())


def _mask(item: Json, base: str, source: ImagerySource) -> tuple[tuple[Any, Asset] | None, tuple[int, ...]]:
    assets: Json = item.get("assets") or {}
    if source.mask is not None:
        key = str(source.mask.band)
        return (("values", _asset(item, key, base, 1.0, 0.0, None)), source.mask.clear) if key in assets else (None, ())
    for key, asset in assets.items():
        if rule := asset.get("spadework:mask"):
            return (str(rule["kind"]), _asset(item, key, base, 1.0, 0.0, None)), tuple(int(v) for v in rule["clear"])
    for kind in ("scl", "qa_pixel"):
        for key in assets:
            if key.lower() == kind and _media_is_tiff(assets[key]):
                return (kind, _asset(item, key, base, 1.0, 0.0, None)), ()
    return None, ()


def _media_is_tiff(asset: Json) -> bool:
    return "tiff" in str(asset.get("type") or "image/tiff").lower()


def _instant(name: str, properties: Json) -> dt.datetime:
    text = properties.get("datetime") or properties.get("start_datetime")
    try:
        instant = dt.datetime.fromisoformat(str(text))
    except ValueError as error:
        raise SceneError(name, f"its datetime is {text!r}", "the catalogue must give RFC 3339 instants") from error
    return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)


def _footprint(name: str, item: Json) -> Any:  # noqa: ANN401 - an untyped library, or any JSON
    geometry = item.get("geometry")
    try:
        shape = shapely.from_geojson(json.dumps(geometry)) if geometry else shapely.box(*item["bbox"])
        return rings_of(shape if shape.is_valid else shapely.make_valid(shape))
    except (shapely.errors.GEOSException, KeyError, TypeError, ValueError) as error:
        raise SceneError(name, "has no geometry", "the catalogue must give one") from error


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _sun_elevation(properties: Json) -> float | None:
    zenith = _number(properties.get("s2:mean_solar_zenith"))
    return _number(properties.get("view:sun_elevation")) if zenith is None else 90.0 - zenith


def _baseline(properties: Json) -> str | None:
    told = properties.get("s2:processing_baseline", properties.get("sentinel:processing_baseline"))
    return None if told is None else str(told)


def _granule(properties: Json) -> str | None:
    told = properties.get("s2:mgrs_tile") or properties.get("grid:code")
    if told is None and "sentinel:grid_square" in properties:
        zone = f"{properties.get('sentinel:utm_zone', '')}{properties.get('sentinel:latitude_band', '')}"
        told = f"{zone}{properties['sentinel:grid_square']}"
    if told is None and "landsat:wrs_path" in properties:
        told = f"{properties['landsat:wrs_path']}{properties.get('landsat:wrs_row', '')}"
    return str(told).removeprefix("MGRS-").removeprefix("WRS2-") if told else None


def _is_paid(item: Json) -> bool:
    properties: Json = item.get("properties") or {}
    return bool(properties.get("storage:requester_pays")) or any(
        asset.get("storage:requester_pays") or str(asset.get("href", "")).startswith("s3://usgs-landsat")
        for asset in (item.get("assets") or {}).values()
    )


def fingerprint(item: Json, base: str) -> str:
    """SHA-256 of what a catalogue says of an item; local files add their length and modification time."""
    facts: list[object] = [
        item.get("id"),
        item.get("properties"),
        {key: urlsplit(str(a.get("href"))).path for key, a in (item.get("assets") or {}).items()},
    ]
    if not urlsplit(base).scheme.startswith("http"):
        for asset in (item.get("assets") or {}).values():
            path = Path(base).parent / str(asset.get("href"))
            if path.is_file():
                facts.append([path.stat().st_size, path.stat().st_mtime_ns])
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
