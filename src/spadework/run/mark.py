"""The analyst's word on an event, into the ledger of its dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from spadework.errors import UserError
from spadework.intake.marks import event_geometry
from spadework.intake.site import check_area, read_geojson
from spadework.publish.lint import CHANGES, Known, lint
from spadework.store.dossier import Dossier
from spadework.store.files import only_run

if TYPE_CHECKING:
    from pathlib import Path


def mark_event(out: Path, event: str, action: Literal["accept", "reject"], reason: str, note: str) -> None:
    """Accept or reject an event of a dossier.

    Raises:
        UserError: no such dossier or event, no reason given, or words that no report may print.

    """
    geometry = event_geometry(out, event)
    _append(out, {"action": action, "event": event, "reason": reason, "note": note, "geometry": geometry})


def add_event(out: Path, polygon: Path, reason: str, note: str) -> None:
    """Add an event by hand.

    Raises:
        UserError: no such dossier, no polygon, no reason given, or words that no report may print.

    """
    area = check_area(read_geojson(polygon), str(polygon))
    geometry = [[[list(point) for point in ring] for ring in rings] for rings in area]
    _append(out, {"action": "add", "event": None, "reason": reason, "note": note, "geometry": geometry})


def _append(out: Path, data: dict[str, Any]) -> None:
    if not (out / "dossier.json").is_file():
        raise UserError(str(out), "is no dossier", "name the folder that `spadework run --out` wrote")
    if not data["reason"].strip():
        raise UserError("--reason", "is empty", "say why, for the reader of the report")
    for option in ("reason", "note"):
        _check_words(f"--{option}", data[option])
    with only_run(out):
        Dossier(out).ledger.append("mark", data)


def _check_words(option: str, text: str) -> None:
    """Hold the analyst's words to the rules of the report that will print them."""
    faults = lint(text, Known(CHANGES, beside_row_a=True))
    if faults:
        words = "; ".join(f'"{fault.words}" ({fault.rule})' for fault in faults)
        raise UserError(option, f"says {words}", " ".join(dict.fromkeys(fault.mend for fault in faults)))
