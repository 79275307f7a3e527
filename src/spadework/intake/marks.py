"""An analyst's decision on its way in: from the command line to the ledger's line, and back to a record."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import shapely

from spadework.errors import StorageError, UserError
from spadework.grid import rings_of
from spadework.records import Mark

if TYPE_CHECKING:
    from pathlib import Path


def event_geometry(dossier: Path, event: str) -> list[Any]:
    """The polygon of an event in a dossier, as JSON coordinates of a MultiPolygon.

    Raises:
        UserError: no such event.
        StorageError: ``events.geojson`` is missing or damaged.

    """
    path = dossier / "events.geojson"
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(str(path), "is missing or damaged", "run the site file again: it makes it anew") from error
    for feature in features:
        if feature["properties"]["id"] == event:
            shape = shapely.from_geojson(json.dumps(feature["geometry"]))
            return [[[list(point) for point in ring] for ring in rings] for rings in rings_of(shape)]
    known = ", ".join(feature["properties"]["id"] for feature in features) or "none"
    raise UserError(event, f"is no event of {dossier}", f"its events: {known}")


def mark_of(entry: dict[str, Any]) -> Mark:
    """A line of the ledger as a Mark."""
    data = entry["data"]
    return Mark(
        action=data["action"],
        reason=data["reason"],
        note=data.get("note", ""),
        geometry=tuple(tuple(tuple((float(x), float(y)) for x, y in ring) for ring in rings) for rings in data["geometry"]),
        event=data.get("event"),
        operator=entry["operator"],
        time=dt.datetime.fromisoformat(entry["time"]),
    )
