"""What was said: documents into claims, claims into origins, threads and checks. Pure: text and records in, records out."""

from spadework.claims.decisions import SlotError, apply_decisions, changed, slot_json
from spadework.claims.drift import drifts_of
from spadework.claims.extract import RULES, claims_of
from spadework.claims.grades import grades_of
from spadework.claims.origins import lineage_of
from spadework.claims.relate import relations_of
from spadework.claims.seeing import check_claims
from spadework.claims.threads import threads_of
from spadework.claims.verbatim import verbatim_claims

__all__ = [
    "RULES",
    "SlotError",
    "apply_decisions",
    "changed",
    "check_claims",
    "claims_of",
    "drifts_of",
    "grades_of",
    "lineage_of",
    "relations_of",
    "slot_json",
    "threads_of",
    "verbatim_claims",
]
