"""The founding case: two documents about one place, read, decided on as an analyst did for the example, and weighed; offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spadework.intake.founding import founding_decisions, founding_folder
from spadework.intake.ledgers import read_claims
from spadework.run.decide import Decision, decide
from spadework.run.read import Weighed, assess_site

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.run.plan import OnStep


def assess_founding(out: Path, on_step: OnStep) -> Weighed:
    """Read its documents, take in the decisions of ``decisions.toml``, and weigh what was accepted.

    Raises:
        MissingExtraError: the extra ``text`` is not installed.
        StorageError: the disk failed.

    """
    site = founding_folder() / "site.toml"
    told = assess_site(site, out, on_step)
    waiting = [claim for claim in read_claims(out / "claims.jsonl") if claim.state == "proposed"]
    chosen = [
        (claim.id, reason) for begins, reason in founding_decisions() for claim in waiting if claim.evidence.startswith(begins)
    ]
    for name, reason in chosen:
        decide(out, (name,), Decision("accept", reason))
    return assess_site(site, out, on_step) if chosen else told
