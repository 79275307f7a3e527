"""What documents say, for other programs: claims.jsonl, origins.json, assessment.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spadework.records import Assessment, Claim, ClaimLedger


def claim_json(claim: Claim) -> dict[str, Any]:
    """A Claim in the shape that hand-made ledgers have; days as ISO 8601, null where there is none."""
    told = asdict(claim)
    if claim.quantity is not None and claim.quantity.high is None:
        del told["quantity"]["high"], told["quantity"]["si_high"]
    return dict(json.loads(json.dumps(told, default=str)))


def claims_jsonl(said: ClaimLedger) -> bytes:
    """One Claim a line, in the order of the documents."""
    return "".join(json.dumps(claim_json(claim), ensure_ascii=False) + "\n" for claim in said.claims).encode()


def origins_json(said: ClaimLedger) -> dict[str, Any]:
    """Documents, origins, threads, and how claims bear on each other."""
    told = asdict(said)
    del told["claims"]
    told["count"] = said.lineage.count if said.lineage is not None else 0
    return dict(json.loads(json.dumps(told, default=str)))


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    """Hypotheses, matrix and judgements."""
    return asdict(assessment)
