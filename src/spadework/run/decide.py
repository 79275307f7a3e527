"""The analyst's word on a claim of a dossier, into its ledger; the next run, or ``assess``, takes it in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from spadework.claims import SlotError, changed, slot_json
from spadework.errors import UserError
from spadework.intake.ledgers import read_claims
from spadework.run.mark import check_told
from spadework.run.report import open_dossier

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Claim


@dataclass(frozen=True, slots=True)
class Decision:
    """What an analyst decides."""

    action: Literal["accept", "reject", "edit"]
    reason: str
    changes: tuple[tuple[str, str], ...] = ()
    """(slot, new value: JSON, or bare text)."""


def decide(out: Path, names: tuple[str, ...], decision: Decision) -> tuple[str, ...]:
    """Note a decision on claims; returns their ids.

    Args:
        out: the dossier.
        names: ids of claims, or the beginnings of ids that only one has.
        decision: what is decided, and why.

    Raises:
        UserError: no such dossier or claim, no reason, no such slot or value.

    """
    check_told(decision.reason, "")
    with open_dossier(out) as dossier:
        known = read_claims(out / "claims.jsonl")
        chosen = [_named(known, name) for name in names]
        for claim in chosen:
            changes = _checked(claim, decision)
            told = {"claim": claim.id, "action": decision.action, "reason": decision.reason, "changes": changes}
            dossier.ledger.append("claim", told)
    return tuple(claim.id for claim in chosen)


def _named(known: tuple[Claim, ...], name: str) -> Claim:
    found = [claim for claim in known if claim.id == name] or [claim for claim in known if claim.id.startswith(name)]
    if len(found) != 1:
        problem = "is no claim of this dossier" if not found else f"is the beginning of {len(found)} claims"
        raise UserError(name, problem, "`spadework claims list DIR` prints their ids")
    return found[0]


def _checked(claim: Claim, decision: Decision) -> list[list[str]]:
    """(slot, before, after) of an edit, as JSON."""
    if (decision.action == "edit") != bool(decision.changes):
        raise UserError("--set", "goes with edit, and edit with it", "spadework claims edit DIR CLAIM --set speaker='...'")
    out = []
    for slot, text in decision.changes:
        value = _value(text)
        try:
            after = changed(claim, slot, value)
            out.append([slot, slot_json(claim, slot), json.dumps(value, ensure_ascii=False)])
        except SlotError as error:
            raise UserError(f"--set {slot}", str(error), "spadework claims edit --help shows the slots") from error
        claim = after
    return out


def _value(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if found is None or isinstance(found, list) else text
