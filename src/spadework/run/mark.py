"""The analyst's word on an event, into the ledger of its dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from spadework.errors import UserError
from spadework.intake.marks import event_geometry
from spadework.intake.site import check_area, read_geojson
from spadework.publish.lint import CHANGES, Known, lint
from spadework.run.report import open_dossier

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.store.dossier import Dossier

FEWEST_LETTERS: Final = 2
"""Of a reason: "x" is none."""


def mark_event(out: Path, event: str, action: Literal["accept", "reject"], reason: str, note: str) -> None:
    """Accept or reject an event of a dossier, by its id or its number on the page.

    Raises:
        UserError: no such dossier or event, no reason given, or words that no report may print.
        StorageError: the dossier is damaged or cannot be written.

    """
    check_told(reason, note)
    with open_dossier(out) as dossier:
        known = _named(dossier, event)
        told = {"action": action, "event": known, "reason": reason, "note": note, "geometry": event_geometry(out, known)}
        dossier.ledger.append("mark", told)


def add_event(out: Path, polygon: Path, reason: str, note: str) -> None:
    """Add an event by hand.

    Raises:
        UserError: no such dossier, no polygon, no reason given, or words that no report may print.
        StorageError: the dossier is damaged or cannot be written.

    """
    check_told(reason, note)
    area = check_area(read_geojson(polygon), str(polygon))
    geometry = [[[list(point) for point in ring] for ring in rings] for rings in area]
    with open_dossier(out) as dossier:
        told = {"action": "add", "event": None, "reason": reason, "note": note, "geometry": geometry}
        dossier.ledger.append("mark", told)


def _named(dossier: Dossier, event: str) -> str:
    """The id of the event with this number on the page, which counts them in the order of ``events.geojson``; else as given."""
    if not event.isdecimal():
        return event
    ids = [known["id"] for known in dossier.index.get("events", [])]
    return ids[int(event) - 1] if 1 <= int(event) <= len(ids) else event


def check_told(reason: str, note: str) -> None:
    """Hold an analyst's reason and note to the rules of the page that prints them.

    Raises:
        UserError: a reason that tells nothing, or words that no report may print.

    """
    if sum(letter.isalpha() for letter in reason) < FEWEST_LETTERS:
        problem = f"'{reason.strip()}' tells the reader nothing" if reason.strip() else "is empty"
        raise UserError("--reason", problem, "say why, for the reader of the report")
    _check_words("--reason", reason)
    _check_words("--note", note)


def _check_words(option: str, text: str) -> None:
    """Hold the analyst's words to the rules of the report that will print them."""
    faults = lint(text, Known(CHANGES, beside_row_a=True))
    if faults:
        words = "; ".join(f'"{fault.words}" ({fault.rule})' for fault in faults)
        raise UserError(option, f"says {words}", " ".join(dict.fromkeys(fault.mend for fault in faults)))
