"""What documents say, row by row: claims with what could be seen of them, origins, changes on the way, the matrix."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from spadework.publish import words
from spadework.publish.said import counted

if TYPE_CHECKING:
    from spadework.records import Assessment, Check, Claim, ClaimLedger, ClaimQuantity, ClaimTime, Drift, Source

FOOT: Final = 0.3048
VERDICTS: Final = {
    "borne out": "borne out by an image",
    "contradicted": "contradicted by an image",
    "not contradicted": "an image could show it; none speaks against it",
    "not observable with these Scenes": "NOT OBSERVABLE with the Scenes held",
    "not observable from orbit": "not observable from orbit",
}
"""How a verdict is printed."""
STATES: Final = {
    "proposed": "proposed by a program",
    "accepted": "accepted",
    "edited": "corrected by an analyst",
    "rejected": "rejected",
}


def said_rows(said: ClaimLedger, assessment: Assessment | None) -> dict[str, Any]:
    """Everything that the page's tables on documents show."""
    number = {claim.id: place for place, claim in enumerate(said.claims, 1)}
    sources = {source.id: place for place, source in enumerate(said.sources, 1)}
    checks = {check.claim: check for check in said.checks}
    return {
        "sources": [_source(source, place) for place, source in enumerate(said.sources, 1)],
        "claims": [_claim(claim, place, sources, checks.get(claim.id)) for place, claim in enumerate(said.claims, 1)],
        "origins": _origins(said),
        "threads": [
            {
                "id": t.id,
                "claims": [number[c] for c in t.claims if c in number],
                "lineage": counted(t.lineage),
                "about": _short(t.about),
            }
            for t in said.threads
        ],
        "drifts": [_drift(drift, number) for drift in said.drifts if drift.first in number and drift.second in number],
        "matrix": _matrix(assessment, number) if assessment else None,
    }


def _source(source: Source, place: int) -> dict[str, Any]:
    return {
        "place": place,
        "outlet": source.outlet,
        "published": words.day(source.published) if source.published else "day unknown: relative dates stay unresolved",
        "taken": words.day(source.retrieved.date()),
        "file": source.file,
        "sha": source.sha256[:12],
        "url": source.url or "",
        "synthetic": source.synthetic,
    }


def _claim(claim: Claim, place: int, sources: dict[str, int], check: Check | None) -> dict[str, Any]:
    chain = [*reversed(claim.source_chain[1:]), f"document {sources.get(claim.source, 0)}"]
    return {
        "place": place,
        "source": sources.get(claim.source, 0),
        "words": " ".join(claim.evidence.split()),
        "who": " \u2192 ".join(chain),
        "hedge": f"{claim.hedge.level}{' (' + ', '.join(claim.hedge.cues) + ')' if claim.hedge.cues else ''}",
        "polarity": {"+": "", "-": "negated", "0": "not known"}[claim.polarity],
        "when": when(claim.time) if claim.time else "",
        "amount": amount(claim.quantity) if claim.quantity else "",
        "verdict": VERDICTS[check.verdict] if check else "not checked: rejected",
        "class": "unseen" if check is None or check.verdict.startswith("not observable") else "seen",
        "reason": check.reason if check else "",
        "perhaps": check.perhaps if check else "",
        "state": STATES[claim.state],
    }


def when(time: ClaimTime) -> str:
    """A claim's date: the words, the days, and what it is the date of."""
    role = {"observed": "image", "event": "event", "said": "said", "published": "published", "reference": "mentioned"}[
        time.role
    ]
    if time.start is None or time.end is None:
        return f"\u201c{time.text}\u201d: unresolved ({role})"
    days = words.day(time.start) if time.start == time.end else f"{words.day(time.start)} to {words.day(time.end)}"
    return f"{days} ({role})"


def amount(quantity: ClaimQuantity) -> str:
    """A quantity: the words, and what they allow in SI; in feet as well where the document used feet."""
    low, high = quantity.interval
    said = f"\u201c{quantity.text}\u201d"
    if quantity.si_unit in {"count", "1"} or quantity.dimension == "money":
        return said
    unit = {"m2": "m\u00b2", "m3": "m\u00b3", "m3/s": "m\u00b3/s", "degC": "\u00b0C"}.get(quantity.si_unit, quantity.si_unit)
    told = f"{said}: {_ends(low, high)} {unit}"
    if quantity.unit == "ft":
        told += f" ({_ends(low / FOOT, high / FOOT)} ft)"
    return told


def _ends(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {low:,.4g}"
    if math.isinf(low) or low == 0:
        return f"at most {high:,.4g}"
    return f"{low:,.3g} to {high:,.3g}" if low != high else f"{low:,.4g}"


def _origins(said: ClaimLedger) -> list[dict[str, Any]]:
    grades: dict[str, list[str]] = {}
    for grade in said.grades:
        text = f"{grade.letter}{grade.number} for {grade.claim_type}: {grade.reason}"
        grades.setdefault(grade.origin, []).append(text)
    return [
        {
            "id": origin.id,
            "name": origin.name if origin.counts else "lineage unknown: counts as no origin",
            "claims": len(origin.claims),
            "documents": len(origin.sources),
            "why": origin.why,
            "grades": grades.get(origin.id, []),
        }
        for origin in (said.lineage.origins if said.lineage else ())
    ]


def _drift(drift: Drift, number: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": drift.kind,
        "first": number[drift.first],
        "second": number[drift.second],
        "before": drift.before,
        "after": drift.after,
        "note": drift.note,
    }


def _matrix(assessment: Assessment, number: dict[str, int]) -> dict[str, Any]:
    cells = {(cell.item, cell.hypothesis): cell for cell in assessment.matrix}
    weight = dict(assessment.diagnosticity)
    ranked = {entry.hypothesis: entry for entry in assessment.ranking}
    return {
        "hypotheses": [
            {
                "id": h.id,
                "text": h.text,
                "kind": {"main": "", "alternative": "", "benign": "benign", "deception": "deception"}[h.kind],
                "rank": ranked[h.id].rank,
                "score": f"{ranked[h.id].inconsistency:.2f}",
                "critical": ", ".join(ranked[h.id].critical),
                "indicators": h.indicators,
            }
            for h in assessment.hypotheses
        ],
        "rows": [
            {
                "id": item.id,
                "text": " ".join(item.text.split()),
                "rests": [
                    number[name.removeprefix("claim:")] for name in item.records if name.removeprefix("claim:") in number
                ],
                "kind": item.kind,
                "weight": f"{item.weight:.2f}",
                "diagnosticity": f"{weight.get(item.id, 0.0):.2f}",
                "cells": [cells[item.id, h.id] for h in assessment.hypotheses],
            }
            for item in assessment.evidence
        ],
    }


def _short(text: str, most: int = 110) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rsplit(" ", 1)[0] + " \u2026"
