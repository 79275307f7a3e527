"""The reason behind "it will not be long": what of it could be tested, and what stated ground would allow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spadework.records import Claim, Findings

FLAT_SLOPE: Final = 0.01
"""Rise of ground that a document calls flat, metres a metre: 0 to 1 %."""
DRIVE_M: Final = (30.0, 120.0)
"""Lengths of a drive that the reasoning is told for, metres: two spoil-sized examples."""
_LENGTH: Final = re.compile(r"\b(?:long|short|length)\b", re.IGNORECASE)
_GROUND: Final = re.compile(r"\b(?:terrain|ground|rock\w*|soil|sand\w*|dunes?|flat|relief|slope)\b", re.IGNORECASE)
_HARD: Final = re.compile(r"\b(?:rigid|hard|rock\w*|solid)\b", re.IGNORECASE)
_SOFT: Final = re.compile(r"\b(?:dunes?|sand\w*|soft|loose)\b", re.IGNORECASE)


def is_length_caveat(claim: Claim) -> bool:
    """Whether a claim judges a length by the ground."""
    return bool(_LENGTH.search(claim.evidence) and _GROUND.search(claim.evidence))


def examine_reason(claim: Claim, terrain: str | None, findings: Findings) -> tuple[str, ...]:
    """What of a reason from terrain could be tested, and what it comes to; sentences for the page."""
    out = []
    if _HARD.search(claim.evidence):
        out.append("How hard the rock is cannot be told from any optical image, so this part of the reason stays unexamined.")
    measured = next(
        (m for m in findings.measurements if m.quantity in ("slope", "cover") and m.low is not None and m.high is not None),
        None,
    )
    if measured is not None:
        out.append(
            f"The elevation model gives {measured.label or 'its value'} between {measured.low:.1f} and {measured.high:.1f} {measured.unit}."
        )
    else:
        out.append(
            "No elevation model was held here; a global one would show relief at the scale of a hillside, and would miss a low bank."
        )
        if terrain and "flat" in terrain.casefold():
            short, long = (FLAT_SLOPE * metres for metres in DRIVE_M)
            out.append(
                f"Supposing flat ground, with a rise of at most 1 in 100, a level drive of up to {DRIVE_M[0]:.0f} m gains at most {short:.1f} m of cover, and one of up to {DRIVE_M[1]:.0f} m at most {long:.1f} m."
            )
            out.append(
                "A ramp down, or a cut that is covered again, needs no rise: so flat ground makes a short drive plausible and does not make it certain."
            )
    if _disagree(findings):
        out.append("The documents disagree on this ground: some call it rigid or flat, others speak of sand or dunes.")
    return tuple(out)


def _disagree(findings: Findings) -> bool:
    words = [claim.evidence for claim in findings.said.claims if claim.state != "rejected" and _GROUND.search(claim.evidence)]
    return any(_HARD.search(text) for text in words) and any(_SOFT.search(text) for text in words)
