"""Local GeoTIFFs as Scenes, one file a date."""

from __future__ import annotations

import calendar
import datetime as dt
import glob
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rasterio
import shapely
from rasterio.errors import RasterioIOError

from spadework.errors import NoImageryError, SceneError, SiteFileError
from spadework.grid import reproject, rings_of
from spadework.imagery.scenes import fingerprint
from spadework.records import Asset, Dropped, ImagerySource, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = re.compile(r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?:[T_-]?(\d{2})[-:]?(\d{2})[-:]?(\d{2}))?(?!\d)")
_TAGS: Final = ("datetime", "DATETIME", "ACQUISITIONDATETIME", "ACQUISITION_DATE", "TIFFTAG_DATETIME")


def local_scenes(source: ImagerySource) -> Iterator[Scene | Dropped]:
    """The Scenes of a ``files`` set, in the order of their names; a file that cannot be one comes as Dropped.

    Raises:
        NoImageryError: no file matches.
        SiteFileError: files of two CRS.

    """
    paths = sorted(glob.glob(source.files or "", recursive=True))  # noqa: PTH207 - an absolute pattern of the user
    if not paths:
        raise NoImageryError(str(source.files), "matches no file", "check files; it is relative to the site file")
    first: Scene | None = None
    for path in paths:
        try:
            scene = _file_scene(Path(path), source)
        except (RasterioIOError, SceneError) as error:
            problem = (
                error.problem if isinstance(error, SceneError) else f"cannot be opened ({error})".replace(path, Path(path).name)
            )
            yield Dropped(Path(path).name, problem)
            continue
        first = first or scene
        if scene.crs != first.crs:
            raise SiteFileError(
                str(source.files),
                f"mixes {first.crs} ({Path(first.source).name}) and {scene.crs} ({Path(path).name})",
                "one files set has one CRS: make an [[imagery]] table for each",
            )
        yield scene


def _file_scene(path: Path, source: ImagerySource) -> Scene:
    with rasterio.open(path) as file:
        tags, crs, count = file.tags(), file.crs, file.count
        transform, shape, bounds = tuple(file.transform)[:6], file.shape, file.bounds
    needed = [number for _, number in source.bands] + ([int(source.mask.band)] if source.mask else [])
    if crs is None:
        raise SceneError(str(path), "has no CRS", "georeference it first (gdal_edit -a_srs)")
    if needed and max(needed) > count:
        raise SceneError(str(path), f"has {count} bands, the site file asks for band {max(needed)}", "correct bands or mask")
    code = f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.to_wkt()
    notes = [] if source.scale is not None else ["no scale given: raw numbers taken as reflectance x 10,000"]

    def asset(key: str, band: int) -> Asset:
        return Asset(
            key, str(path.resolve()), band, source.scale or 1e-4, source.offset or 0.0, source.nodata, code, transform, shape
        )

    box = reproject(shapely.box(*bounds), code, "EPSG:4326")
    return Scene(
        id=path.stem,
        collection="files-" + re.sub(r"[^a-z0-9]+", "-", path.parent.name.lower()).strip("-"),
        datetime=file_datetime(path, tags, source.datetime_pattern),
        platform="unknown",
        bands=tuple((name, asset(name, number)) for name, number in source.bands),
        mask=("values", replace(asset("mask", int(source.mask.band)), nodata=None, scale=1.0)) if source.mask else None,
        footprint=rings_of(box),
        crs=code,
        gsd=abs(transform[0]),
        provider="local file",
        licence=source.licence or "unknown",
        credit=source.credit or "unknown",
        mask_clear=source.mask.clear if source.mask else (),
        source=str(path.resolve()),
        fingerprint=fingerprint({"id": path.stem, "assets": {"file": {"href": str(path.resolve())}}}, str(path.resolve())),
        notes=tuple(notes),
    )


def _told_by(sidecar: Path) -> str | None:
    try:
        told: str | None = json.loads(sidecar.read_text(encoding="utf-8-sig"))["properties"]["datetime"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SceneError(str(sidecar), "is no STAC item with a datetime", "mend that file, or remove it") from error
    return told


def file_datetime(path: Path, tags: dict[str, str], pattern: str | None) -> dt.datetime:
    """From a STAC sidecar (same name, .json), a tag of the file, or its name, in this order."""
    sidecar = path.with_suffix(".json")
    told = _told_by(sidecar) if sidecar.is_file() else None
    told = told or next((tags[tag].replace(":", "-", 2) for tag in _TAGS if tag in tags), None)
    if told:
        instant = dt.datetime.fromisoformat(str(told))
        return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)
    if pattern:
        for start in range(len(path.stem)):
            for end in range(len(path.stem), start, -1):
                try:
                    parsed = time.strptime(path.stem[start:end], pattern)
                except ValueError:
                    continue
                return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC)
    if match := _DAY.search(path.stem):
        year, month, day, hour, minute, second = (int(part) if part else 0 for part in match.groups())
        try:
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        except ValueError:
            pass
    raise SceneError(
        str(path), "has no date in a sidecar, a tag or its name", "name it like 20200512.tif, or set datetime_pattern"
    )
