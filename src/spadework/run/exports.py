"""The events, sightings and measurements as files that other programs open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spadework.publish.claim_tables import assessment_json, claims_jsonl, origins_json
from spadework.publish.maps import about, events_kml, qgis_style
from spadework.publish.scene_tables import (
    comparisons_json,
    measurements_csv,
    measurements_json,
    sightings_csv,
    sightings_geojson,
)
from spadework.publish.tables import event_shapes, event_table, events_csv, events_geojson, series_csv
from spadework.store.vectors import geopackage, vectors_available

if TYPE_CHECKING:
    from spadework.records import Event, Findings


def event_files(findings: Findings) -> dict[str, bytes]:
    """Tables of the events and their series, by path below the dossier; outlines as far as the findings hold them."""
    return {
        "events.geojson": as_json(events_geojson(findings)),
        "events.csv": events_csv(findings).encode(),
        **{f"series/{event.id}.csv": series_csv(event, _told(event, findings.bands)).encode() for event in findings.events},
    }


def scene_files(findings: Findings) -> dict[str, bytes]:
    """What very-high-resolution Scenes showed; nothing where there is none."""
    if not findings.scenes:
        return {}
    return {
        "comparisons.json": as_json(comparisons_json(findings)),
        "sightings.geojson": as_json(sightings_geojson(findings)),
        "sightings.csv": sightings_csv(findings).encode(),
        "measurements.json": as_json(measurements_json(findings)),
        "measurements.csv": measurements_csv(findings).encode(),
    }


def said_files(findings: Findings) -> dict[str, bytes]:
    """What documents say, and what is judged of it; nothing where there is neither."""
    files: dict[str, bytes] = {}
    if findings.said.sources:
        files |= {"claims.jsonl": claims_jsonl(findings.said), "origins.json": as_json(origins_json(findings.said))}
    if findings.assessment is not None:
        files["assessment.json"] = as_json(assessment_json(findings.assessment))
    return files


def _told(event: Event, bands: tuple[str, ...]) -> tuple[str, ...]:
    """The bands of a series: none where the gate left its spectra out."""
    return bands if any(row.spectrum for row in event.series) else ()


def map_files(findings: Findings) -> dict[str, bytes]:
    """The outlines for maps: KML, a QGIS style, and a GeoPackage where pyogrio is installed."""
    files = {"events.kml": events_kml(findings).encode(), "events.qml": qgis_style().encode()}
    if vectors_available():
        table, shapes = event_table(findings), event_shapes(findings)
        files["events.gpkg"] = geopackage("events", table, shapes, about(findings))
    return files


def as_json(value: object) -> bytes:
    """JSON as all files of a dossier have it."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
