"""Findings as data: the events as GeoJSON, as a flat table and as CSV, their series as CSV, what could have been seen as JSON.

Coordinates are exact here: these are files of the working copy, and only ``publish`` exports. Days are YYYY-MM-DD,
instants RFC 3339 with Z.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from spadework.grid import shape_of
from spadework.publish import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import Bound, Event, Findings, Mark, MultiPolygon, NullStatement, SceneRef, Sensitivity

EVENT_COLUMNS: Final = {
    "id": "O", "status": "O", "p_real": "f8", "base_rate": "f8",
    "onset_earliest": "M8[us]", "onset_earliest_look": "O", "onset_latest": "M8[us]", "onset_latest_look": "O",
    "first_anomaly": "M8[D]", "confirmed_on": "M8[D]",
    "area_m2": "f8", "area_low_m2": "f8", "area_high_m2": "f8", "area_level": "f8",
    "phase": "O", "recovered": "?", "method": "O", "mark_action": "O", "mark_reason": "O", "mark_operator": "O", "scenes": "O",
}  # fmt: skip
"""Columns of the flat table of events, and what numpy keeps them in: texts, numbers, UTC instants, days, yes or no."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters, half and full width, that make a spreadsheet take a text for a formula."""


def instant(moment: dt.datetime) -> str:
    """RFC 3339 in UTC with Z: 2020-05-12T08:21:09Z; microseconds only where there are any."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def events_geojson(findings: Findings) -> dict[str, Any]:
    """The Events as a GeoJSON FeatureCollection (RFC 7946), exact coordinates, in the order of the findings.

    Every property of the dossier's contract is present, null where it was not computed; ``mark`` only where an
    analyst decided.
    """
    rate = findings.site.base_rate
    return {"type": "FeatureCollection", "features": [_feature(event, rate) for event in findings.events]}


def _feature(event: Event, base_rate: float) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": event.id,
        "status": event.status,
        "p_real": event.p_real,
        "base_rate": _rate(event, base_rate),
        "onset_earliest": _bound(event.onset_earliest),
        "onset_latest": _bound(event.onset_latest),
        "first_anomaly": _day(event.first_anomaly),
        "confirmed_on": _day(event.confirmed_on),
        "area_m2": event.area_m2,
        "area_low_m2": event.area_low_m2,
        "area_high_m2": event.area_high_m2,
        "area_level": event.area_level,
        "phase": event.phase,
        "method": event.method,
        "recovered": event.recovered,
        "scenes": [_scene(scene) for scene in event.scenes],
    }
    if event.mark is not None:
        properties["mark"] = _mark(event.mark)
    return {"type": "Feature", "id": event.id, "geometry": geometry(event.geometry), "properties": properties}


def _rate(event: Event, base_rate: float) -> float | None:
    """Events a km2 and year that its probability supposes; None where that was not computed."""
    return None if event.p_real is None else event.base_rate or base_rate


def outlined(area: MultiPolygon) -> shapely.MultiPolygon | None:
    """An outline with outer rings anticlockwise, holes clockwise (RFC 7946, section 3.1.6); None where it is withheld."""
    parts = [shapely.geometry.polygon.orient(part) for part in shape_of(area).geoms]
    return shapely.MultiPolygon(parts) if parts else None


def geometry(area: MultiPolygon) -> dict[str, Any] | None:
    """An outline as GeoJSON; None where it is withheld."""
    shape = outlined(area)
    if shape is None:
        return None
    rings = [[part.exterior, *part.interiors] for part in shape.geoms]
    return {"type": "MultiPolygon", "coordinates": [[shapely.get_coordinates(r).tolist() for r in part] for part in rings]}


def _day(date: dt.date | None) -> str | None:
    return date.isoformat() if date else None


def _scene(scene: SceneRef) -> dict[str, Any]:
    return {"id": scene.id, "datetime": instant(scene.datetime), "sha256": scene.sha256}


def _bound(bound: Bound | None) -> dict[str, Any] | None:
    if bound is None:
        return None
    return {"look": bound.look, "datetime": instant(bound.datetime), "scenes": [_scene(scene) for scene in bound.scenes]}


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "action": mark.action,
        "reason": mark.reason,
        "note": mark.note,
        "operator": mark.operator,
        "time": instant(mark.time) if mark.time else None,
    }


# ---------------------------------------------------------------- the flat table of events
def event_table(findings: Findings) -> dict[str, NDArray[Any]]:
    """The Events as columns of ``EVENT_COLUMNS``, one value an event, in the order of the findings.

    Null is None, NaN or NaT. Texts are on one line, without control characters, null where nothing is left; ``scenes`` are "id sha256; ...". The
    outlines are not in it: ``event_shapes`` gives them, in the same order.
    """
    rows = [_row(event, findings.site.base_rate) for event in findings.events]
    return {name: np.array([row[name] for row in rows], dtype=kind) for name, kind in EVENT_COLUMNS.items()}


def event_shapes(findings: Findings) -> tuple[shapely.MultiPolygon | None, ...]:
    """The outlines of the Events, WGS 84, outer rings anticlockwise; None where one is withheld."""
    return tuple(outlined(event.geometry) for event in findings.events)


def _row(event: Event, base_rate: float) -> dict[str, Any]:
    early, late, mark = event.onset_earliest, event.onset_latest, event.mark
    return {
        "id": _text(event.id),
        "status": event.status,
        "p_real": event.p_real,
        "base_rate": _rate(event, base_rate),
        "onset_earliest": _utc(early),
        "onset_earliest_look": _text(early.look) if early else None,
        "onset_latest": _utc(late),
        "onset_latest_look": _text(late.look) if late else None,
        "first_anomaly": event.first_anomaly,
        "confirmed_on": event.confirmed_on,
        "area_m2": event.area_m2,
        "area_low_m2": event.area_low_m2,
        "area_high_m2": event.area_high_m2,
        "area_level": event.area_level,
        "phase": event.phase,
        "recovered": event.recovered,
        "method": event.method,
        "mark_action": mark.action if mark else None,
        "mark_reason": _text(mark.reason) if mark else None,
        "mark_operator": _text(mark.operator) if mark else None,
        "scenes": _text("; ".join(f"{scene.id} {scene.sha256 or ''}".strip() for scene in event.scenes)),
    }


def _text(text: str) -> str | None:
    return words.clean(text).strip() or None


def _utc(bound: Bound | None) -> dt.datetime | None:
    """Without a time zone, as numpy wants it."""
    return bound.datetime.astimezone(dt.UTC).replace(tzinfo=None) if bound else None


def events_csv(findings: Findings) -> str:
    r"""The flat table of Events as CSV, then the outline as ``wkt`` (WGS 84): QGIS opens it as delimited text.

    Returns:
        Text with a header and ``\n`` line ends; numbers in full, empty where null. A text that a spreadsheet would take
        for a formula gets a leading apostrophe.

    """
    columns = [column.tolist() for column in event_table(findings).values()]
    outlines = ["" if shape is None else shapely.to_wkt(shape, rounding_precision=-1) for shape in event_shapes(findings)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*EVENT_COLUMNS, "wkt"))
    for *row, outline in zip(*columns, outlines, strict=True):
        writer.writerow((*(cell(value) if isinstance(value, str) else plain(value) for value in row), outline))
    return text.getvalue()


def plain(value: str | float | dt.date | None) -> str:
    """One value of the flat table as text; empty for null."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return instant(value.replace(tzinfo=dt.UTC))
    return str(value)


# ---------------------------------------------------------------- an event's series
def series_csv(event: Event, bands: tuple[str, ...]) -> str:
    r"""An event's series as CSV: one row per look that saw at least a part of it clear.

    Args:
        event: the event.
        bands: names of the spectrum's columns, in the cube's band order; reflectance 0..1.

    Returns:
        Text with a header and ``\n`` line ends; empty cells where nothing was computed. A text that a spreadsheet
        would take for a formula gets a leading apostrophe.

    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("look", "datetime", "share_clear", "share_anomalous", "area_m2", "area_low_m2", "area_high_m2", *map(cell, bands)),
    )
    for row in event.series:
        numbers = (row.share_clear, row.share_anomalous, row.area_m2, row.area_low_m2, row.area_high_m2, *row.spectrum)
        writer.writerow((cell(row.look), instant(row.datetime), *(_number(value) for value in numbers)))
    return text.getvalue()


def cell(text: str) -> str:
    """A text as a cell of CSV; what a spreadsheet would take for a formula gets a leading apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: float | None) -> str:
    """Six significant digits; empty for what was not computed."""
    return "" if value is None or value != value else f"{value:.6g}" if abs(value) < 1e5 else f"{value:.1f}"  # noqa: PLR0124, PLR2004 - NaN; long areas


# ---------------------------------------------------------------- what could have been seen
def observability_json(findings: Findings) -> dict[str, Any]:
    """What could have been seen, told whether or not anything was; ``sensitivity`` is null where it was not measured.

    Contrasts are mean absolute reflectance changes over bands (.05 = 5 points). ``statements`` hold for a disturbance of at
    least that area and contrast that began before that day, in the worse of the two families of plants.
    """
    seen = findings.observability
    gap = seen.longest_gap
    return {
        "period": {"start": _day(findings.site.period.start), "end": _day(findings.site.period.end)},
        "pixel_m": findings.pixel_m,
        "min_area_m2": findings.site.min_pixels * findings.pixel_m**2,
        "seasons": [
            {"year": s.year, "quarter": s.quarter, "looks": s.looks, "clear_looks": s.clear_looks} for s in seen.seasons
        ],
        "longest_gap": None if gap is None else {"from": _day(gap[0]), "to": _day(gap[1]), "days": (gap[1] - gap[0]).days},
        "assessed_m2": seen.assessed_m2,
        "not_assessed_m2": seen.not_assessed_m2,
        "reasons": [{"reason": reason, "area_m2": area} for reason, area in seen.reasons],
        "looks_lost": seen.looks_lost,
        "mask_suspect": seen.mask_suspect,
        "sensitivity": None if findings.sensitivity is None else sensitivity_json(findings.sensitivity),
    }


def sensitivity_json(told: Sensitivity) -> dict[str, Any]:
    """What the site's own looks could have seen: plants, statements by area and contrast, and limits, each with its interval."""
    families = {family: [p.found for p in told.planted if p.family == family] for family in ("soil", "grey")}
    return {
        "plants": len(told.planted),
        "plants_wanted": told.wanted,
        "confirmed": sum(plant.found for plant in told.planted),
        "families": {name: {"plants": len(found), "confirmed": sum(found)} for name, found in families.items()},
        "watched": {"from": _day(told.start), "to": _day(told.end)},
        "ground_m2": told.ground_m2,
        "interval_level": told.level,
        "reason": told.reason or None,
        "statements": [_statement(statement) for statement in told.statements],
        "limits": {
            "onset_before": _day(told.middle),
            "smallest": [
                {
                    "probability": limit.wanted,
                    ("area_m2" if limit.given == "area" else "contrast"): limit.at,
                    ("min_contrast" if limit.given == "area" else "min_area_m2"): limit.value,
                    "interval": [limit.low, limit.high],
                }
                for limit in told.smallest
            ],
        },
        "planted": [
            {
                "family": plant.family,
                "sign": plant.sign,
                "area_m2": plant.pixels * told.pixel_m2,
                "contrast": plant.contrast,
                "onset": _day(plant.onset),
                "clear_looks_left": plant.looks_left,
                "confirmed": plant.found,
            }
            for plant in told.planted
        ],
    }


def _statement(statement: NullStatement) -> dict[str, Any]:
    return {
        "area_m2": statement.area_m2,
        "contrast": statement.contrast,
        "probability_wanted": statement.wanted,
        "reached": statement.before is not None,
        "onset_before": _day(statement.before),
        "probability": statement.chance.probability,
        "interval": [statement.chance.low, statement.chance.high],
        "worse_family": statement.chance.worse,
        "plants_like_it": statement.planted,
        "of_these_confirmed": statement.found,
    }
