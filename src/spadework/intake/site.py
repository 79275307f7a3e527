"""The site file: TOML to ``records.Site``, every unknown key refused by name."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import shapely
from pydantic import TypeAdapter, ValidationError
from pyproj import Transformer

from spadework.errors import GeometryError, SiteFileError, UserError
from spadework.grid import rings_of
from spadework.intake import tables
from spadework.intake.scenes import scene_tables
from spadework.records import (
    BANDS,
    ClearRule,
    ImagerySource,
    MaskRule,
    OriginRule,
    Period,
    PublishRule,
    Question,
    Site,
    SourceFile,
)

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import MultiPolygon

_SPAN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(km|m)\s*$")
_URL = re.compile(r"^https?://", re.IGNORECASE)


def read_site(path: Path) -> Site:
    """Read and check a site file.

    Raises:
        SiteFileError: unreadable, not TOML, an unknown key (with the nearest known one), a value out of range.
        GeometryError: no area, a self-crossing one, one over the antimeridian.

    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a mark before UTF-8
    except OSError as error:
        raise SiteFileError(
            str(path), f"cannot be read ({error.strerror})", "check the path; `spadework init` writes one"
        ) from error
    except UnicodeDecodeError as error:
        raise SiteFileError(str(path), "is not UTF-8 text", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError(str(path), f"is not valid TOML: {error}", "mend that line") from error
    except RecursionError as error:
        raise SiteFileError(str(path), "is nested too deeply", "write it as `spadework init` does") from error
    try:
        table = tables.SiteFile.model_validate(raw)
    except ValidationError as error:
        raise _explain(path, error) from error
    folder = path.resolve().parent
    period = Period(table.period.start, table.period.end, table.period.history_start)
    if not period.history_start < period.start <= period.end:
        raise SiteFileError(
            f"{path}: [period]",
            f"history_start {period.history_start}, start {period.start}, end {period.end} are not in that order",
            "the history comes first and ends the day before start",
        )
    return Site(
        name=table.site.name,
        aoi=_area(path, folder, table.site),
        period=period,
        imagery=tuple(_imagery(f"{path}: [[imagery]] {n}", folder, entry) for n, entry in enumerate(table.imagery, 1)),
        clear=ClearRule(table.clear.scl, table.clear.dilate_m, table.clear.min_share),
        publish=PublishRule(_metres(path, table.publish.coordinates), table.publish.delay_days, table.publish.redistribute),
        query=table.privacy.query,
        min_pixels=table.events.min_pixels,
        base_rate=table.site.base_rate_per_km2_year,
        synthetic=table.site.synthetic,
        **scene_tables(path, table),
        sources=tuple(SourceFile(**entry.model_dump() | {"path": str(folder / entry.path)}) for entry in table.source),
        origins=tuple(_origin(path, entry) for entry in table.origin),
        question=Question(table.assess.question, table.assess.feature, table.assess.terrain) if table.assess else None,
        model=table.claims.model,
    )


def check_language(code: str, thing: str) -> None:
    """Refuse what a ``[[source]]`` table would refuse as the language of a document.

    Raises:
        UserError: no two small letters.

    """
    try:
        TypeAdapter(tables.Language).validate_python(code)
    except ValidationError as error:
        (fault,) = error.errors(include_url=False)
        raise UserError(thing, _fault(fault["msg"], code), "write two small letters, as en or fr") from error


def _fault(message: str, got: object) -> str:
    return f"{message} (got {got!r})"


def _explain(path: Path, error: ValidationError) -> SiteFileError:
    """The first fault; an unknown key before a missing one, which it may be meant for."""
    first = min(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"])
    thing = f"{path}: {where}"
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        mend = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(sorted(known))}"
        return SiteFileError(thing, "unknown key", mend)
    if first["type"] == "missing":
        return SiteFileError(thing, "is missing", "add it; `spadework init` writes an example")
    if first["type"] == "tuple_type" and _is_list(first["loc"]):
        table, value = isinstance(first["input"], dict), json.dumps([first["input"]], default=str, ensure_ascii=False)
        return SiteFileError(thing, "takes a list", f"write [[{where}]] with two brackets" if table else f"write {value}")
    return SiteFileError(thing, _fault(first["msg"], first["input"]), "correct the value")


def _is_list(loc: tuple[int | str, ...]) -> bool:
    """Whether a key holds any number of values, not a fixed one."""
    *table, key = loc
    return isinstance(key, str) and ", ...]" in str(_model(tuple(table)).model_fields[key].annotation)


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    return list(_model(loc).model_fields)


def _model(loc: tuple[int | str, ...]) -> Any:  # noqa: ANN401 - a class of tables, by what pydantic says of it
    """The table at some place of the file."""
    model: Any = tables.SiteFile
    for part in loc:
        if isinstance(part, int):
            continue
        for name in re.findall(r"\w+Table", str(model.model_fields[part].annotation)):
            model = getattr(tables, name)
    return model


def _metres(path: Path, text: str) -> float:
    if text == "exact":
        return 0.0
    match = _SPAN.match(text)
    if not match or float(match[1]) <= 0:
        raise SiteFileError(f"{path}: publish.coordinates", f"{text!r} is no distance", 'write "5 km", "500 m" or "exact"')
    return float(match[1]) * (1000.0 if match[2] == "km" else 1.0)


def _imagery(thing: str, folder: Path, entry: tables.ImageryTable) -> ImagerySource:
    if (entry.stac is None) == (entry.files is None):
        raise SiteFileError(thing, "needs either stac or files", "give one of the two")
    if entry.files is not None and not entry.bands:
        raise SiteFileError(thing, "files without bands", "say which band is which: bands = { red = 1, nir = 2 }")
    if entry.stac is not None and not entry.collections:
        raise SiteFileError(thing, "stac without collections", 'name them: collections = ["sentinel-2-l2a"]')
    for name in [*entry.bands, *entry.assets]:
        if name not in BANDS:
            near = difflib.get_close_matches(name, BANDS, n=1)
            raise SiteFileError(
                thing, f"unknown band '{name}'", f"did you mean '{near[0]}'?" if near else f"known: {', '.join(BANDS)}"
            )
    if entry.files is not None and entry.mask is not None and not isinstance(entry.mask.band, int):
        raise SiteFileError(thing, "mask.band of local files is a number", "give the 1-based band")
    stac = entry.stac if entry.stac is None or _URL.match(entry.stac) else str((folder / entry.stac).resolve())
    return ImagerySource(
        stac=stac,
        collections=entry.collections,
        max_cloud=entry.max_cloud,
        assets=tuple(entry.assets.items()),
        files=str(folder / entry.files) if entry.files else None,
        bands=tuple(entry.bands.items()),
        scale=entry.scale,
        offset=entry.offset,
        nodata=entry.nodata,
        mask=MaskRule(entry.mask.band, entry.mask.clear) if entry.mask else None,
        datetime_pattern=entry.datetime_pattern,
        credit=entry.credit,
        licence=entry.licence,
    )


def _origin(path: Path, entry: tables.OriginTable) -> OriginRule:
    """What is said of an origin counts only with a reason: the page prints it."""
    if (entry.independent_of or entry.letter != "F") and not entry.reason.strip():
        raise SiteFileError(f"{path}: [[origin]] {entry.name}", "is judged without a reason", "say why: reason = '...'")
    return OriginRule(entry.name, entry.letter, entry.reason, entry.independent_of)


# ---------------------------------------------------------------- the area
def _area(path: Path, folder: Path, table: tables.SiteTable) -> MultiPolygon:
    ways = [table.geometry is not None, table.bbox is not None, table.point is not None]
    if sum(ways) != 1 or (table.point is None) != (table.radius_m is None):
        raise SiteFileError(f"{path}: [site]", "needs exactly one area", "give geometry, or bbox, or point with radius_m")
    if table.geometry is not None:
        thing = str(folder / table.geometry)
        return check_area(read_geojson(folder / table.geometry), thing)
    if table.bbox is not None:
        thing, (west, south, east, north) = f"{path}: site.bbox", table.bbox
        if west >= east or south >= north:
            raise GeometryError(thing, f"{list(table.bbox)} is not west, south, east, north", "west < east and south < north")
        return check_area(shapely.box(west, south, east, north), thing)
    thing, (lon, lat) = f"{path}: site.point", table.point or (0.0, 0.0)
    check_point((lon, lat), thing)
    out = Transformer.from_crs(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84", "EPSG:4326", always_xy=True)
    circle = shapely.get_coordinates(shapely.Point(0, 0).buffer(table.radius_m or 0.0, quad_segs=16))
    x, y = out.transform(circle[:, 0], circle[:, 1])
    return check_area(shapely.Polygon(list(zip(x, y, strict=True))), thing)


def read_geojson(path: Path) -> shapely.Geometry:
    """The union of the polygons in a GeoJSON file.

    Raises:
        GeometryError: unreadable, or no polygon in it.

    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
        parts = raw["features"] if raw.get("type") == "FeatureCollection" else [raw]
        shapes = [shapely.from_geojson(json.dumps(part.get("geometry", part))) for part in parts]
    except OSError as error:
        raise GeometryError(
            str(path), f"cannot be read ({error.strerror})", "check the path; in a site file it is relative to that file"
        ) from error
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError, shapely.errors.GEOSException) as error:
        raise GeometryError(str(path), "is not GeoJSON", "save a Polygon or MultiPolygon as GeoJSON (EPSG:4326)") from error
    polygons = [shape for shape in shapely.get_parts(shapes) if shape.geom_type == "Polygon" and not shape.is_empty]
    if not polygons:
        raise GeometryError(str(path), "holds no polygon", "draw the area as a Polygon, not as points or lines")
    for polygon in polygons:
        _check_valid(polygon, str(path))
    return shapely.union_all(polygons)


def check_area(shape: shapely.Geometry, thing: str) -> MultiPolygon:
    """A usable area of interest, or the reason why not.

    Raises:
        GeometryError: empty, self-crossing, out of range, or over the antimeridian.

    """
    _check_range(tuple(shapely.bounds(shape)), thing)
    _check_valid(shape, thing)
    return rings_of(shape)


def check_point(point: tuple[float, float], thing: str) -> None:
    """Refuse a point (longitude, latitude, degrees) that is nowhere on Earth.

    Raises:
        GeometryError: out of range.

    """
    _check_range((*point, *point), thing)


def _check_valid(shape: shapely.Geometry, thing: str) -> None:
    if shapely.area(shapely.convex_hull(shape)) == 0:  # that of a bow tie may be nothing by itself
        raise GeometryError(thing, "the area is empty", "draw a polygon with an area")
    if not shapely.is_valid(shape):
        raise GeometryError(
            thing, f"the polygon crosses itself ({shapely.is_valid_reason(shape)})", "redraw it so that no edge crosses another"
        )


def _check_range(bounds: tuple[float, ...], thing: str) -> None:
    west, south, east, north = bounds
    if max(abs(south), abs(north)) > 90:  # noqa: PLR2004 - the number says itself here
        raise GeometryError(
            thing,
            f"latitude {max(south, north, key=abs)} is beyond 90",
            "coordinates are longitude, latitude in degrees (EPSG:4326)",
        )
    if max(abs(west), abs(east)) > 180 or east - west > 180:  # noqa: PLR2004 - the number says itself here
        raise GeometryError(
            thing, f"it reaches over the antimeridian ({west} to {east})", "cut it in two at 180 degrees and make two sites"
        )
