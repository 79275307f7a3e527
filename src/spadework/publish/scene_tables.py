"""What very-high-resolution Scenes showed, as data: Sightings as GeoJSON and CSV, Measurements as JSON and CSV, comparisons as JSON.

As in ``tables``: coordinates are exact, days YYYY-MM-DD, instants RFC 3339 with Z; null is what was not computed, or withheld.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from spadework.publish.tables import cell, geometry, instant, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spadework.records import Comparison, Findings, Measurement, Sighting, VhrScene


def sightings_geojson(findings: Findings) -> dict[str, Any]:
    """The Sightings as a GeoJSON FeatureCollection (RFC 7946), outlines in WGS 84, in the order of the findings.

    ``many`` is null, or how many objects a feature stands for where the gate left a bin only; lengths are those of the detector's
    box, metres, without interval.
    """
    scenes = {scene.id: scene for scene in findings.scenes}
    features = [
        {
            "type": "Feature",
            "id": sighting.id,
            "geometry": geometry(sighting.geometry),
            "properties": _sighting(sighting, scenes.get(sighting.scene)),
        }
        for sighting in findings.sightings
    ]
    return {"type": "FeatureCollection", "features": features}


def _sighting(sighting: Sighting, scene: VhrScene | None) -> dict[str, Any]:
    whole = not sighting.many
    return {
        "id": sighting.id,
        "scene": sighting.scene,
        "datetime": instant(scene.datetime) if scene and scene.datetime else None,
        "sha256": scene.sha256 if scene else None,
        "label": sighting.label,
        "identity": sighting.identity,
        "many": sighting.many or None,
        "length_m": sighting.length_m if whole else None,
        "width_m": sighting.width_m if whole else None,
        "angle_deg": sighting.angle_deg if whole else None,
        "gsd_m": sighting.gsd_m,
        "score": sighting.score if whole else None,
        "detector": sighting.detector,
        "evidence": list(sighting.evidence),
    }


def measurements_json(findings: Findings) -> list[dict[str, Any]]:
    """The Measurements with interval, level and budget, in the order of the findings; ``value`` null where it was refused."""
    scenes = {scene.id: scene for scene in findings.scenes}
    return [_measurement(result, scenes.get(result.scene)) for result in findings.measurements]


def _measurement(result: Measurement, scene: VhrScene | None) -> dict[str, Any]:
    return {
        "id": result.id,
        "quantity": result.quantity,
        "label": result.label or None,
        "unit": result.unit,
        "value": result.value,
        "interval": [result.low, result.high],
        "level": result.level,
        "kind": result.kind,
        "refused": result.refused,
        "scene": result.scene,
        "datetime": instant(scene.datetime) if scene and scene.datetime else None,
        "sha256": scene.sha256 if scene else None,
        "gsd_m": result.gsd_m,
        "method": result.method,
        "budget": dict(result.budget),
        "budget_holds": "shares of the variance" if result.shares else "standard uncertainties",
        "where": [list(point) for point in result.where] or None,
        "model": dict(result.model) or None,
        "warnings": list(result.warnings),
    }


def comparisons_json(findings: Findings) -> list[dict[str, Any]]:
    """The comparisons with their alignment and the areas of their patches; outlines are in map units of ``before``."""
    return [_comparison(pair) for pair in findings.comparisons]


def _comparison(pair: Comparison) -> dict[str, Any]:
    how = pair.alignment
    return {
        "before": pair.before,
        "after": pair.after,
        "shift_px": how.shift_px,
        "shift_u_px": how.radius_px,
        "aligned": how.shift_px is not None,
        "failed": how.failed,
        "tiles": how.tiles,
        "tried": how.tried,
        "methods": [{"method": name, "shift_px": [dx, dy]} for name, dx, dy in how.methods],
        "changed_fraction": pair.changed_fraction,
        "comparable_fraction": pair.comparable_fraction,
        "detector": pair.detector,
        "confidence": pair.confidence,
        "limits": list(pair.limits),
        "patches": [
            {
                "area_m2": patch.area_m2,
                "probability": patch.probability,
                "outline": [list(ring) for ring in patch.geometry] or None,
            }
            for patch in pair.patches
        ],
    }


# ---------------------------------------------------------------- flat
def sightings_csv(findings: Findings) -> str:
    r"""The Sightings as CSV: a header, ``\n`` line ends, empty where null; no outline."""
    return _csv([feature["properties"] for feature in sightings_geojson(findings)["features"]], _SIGHTING)


def measurements_csv(findings: Findings) -> str:
    r"""The Measurements as CSV: a header, ``\n`` line ends, empty where null; budget as "term value; ...", no positions."""
    rows = []
    for row in measurements_json(findings):
        low, high = row.pop("interval")
        budget = "; ".join(f"{term} {value:.4g}" for term, value in row.pop("budget").items())
        rows.append({**row, "low": low, "high": high, "budget": budget, "warnings": "; ".join(row["warnings"])})
    return _csv(rows, _RESULT)


_SIGHTING = (
    "id", "scene", "datetime", "sha256", "label", "identity", "many", "length_m", "width_m", "angle_deg", "gsd_m", "score", "detector", "evidence",
)  # fmt: skip
_RESULT = (
    "id", "quantity", "label", "unit", "value", "low", "high", "level", "kind", "refused", "scene", "datetime", "sha256", "gsd_m", "method",
    "budget", "budget_holds", "warnings",
)  # fmt: skip


def _csv(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = ("; ".join(row[name]) if isinstance(row[name], list) else row[name] for name in columns)
        writer.writerow(cell(value) if isinstance(value, str) else plain(value) for value in values)
    return text.getvalue()
