"""The gate for documents: accepted claims alone leave, under local names, with commitments for hashes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spadework.records import NOTHING_SAID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from spadework.records import (
        Assessment,
        Claim,
        ClaimDecision,
        ClaimLedger,
        Lineage,
        Source,
        Thread,
    )

LEAVES = frozenset({"accepted", "edited"})
"""States of claims that leave: what a program proposed and nobody read stays."""

OCCUPANCY = "sighting:"
"""Records that the gate puts into bins: no check may name one of them."""


@dataclass(frozen=True, slots=True)
class Names:
    """Local names, and what is done to words and hashes."""

    records: Mapping[str, str]
    """Local name of a record other than a claim or a document, as footnotes name it, by the dossier's own."""
    text: Callable[[str], str]
    commitment: Callable[[str | None], str | None]


def gated_said(said: ClaimLedger, names: Names) -> tuple[ClaimLedger, dict[str, str]]:
    """What documents say, as far as it may leave; and local names of claims and documents, by the dossier's own."""
    kept = [claim for claim in said.claims if claim.state in LEAVES]
    if not said.sources:
        return NOTHING_SAID, {}
    sources = {source.id: f"D{n}" for n, source in enumerate(said.sources, 1)}
    claims = {claim.id: f"C{n}" for n, claim in enumerate(kept, 1)}
    local = _Said(names, sources, claims)
    ledger = replace(
        said,
        sources=tuple(map(local.source, said.sources)),
        claims=tuple(map(local.claim, kept)),
        decisions=tuple(local.decision(d) for d in said.decisions if d.claim in claims),
        lineage=said.lineage and local.lineage(said.lineage),
        threads=tuple(local.thread(thread) for thread in said.threads if set(thread.claims) & set(claims)),
        relations=tuple(
            replace(
                r, first=claims[r.first], second=claims[r.second], reason=names.text(r.reason), resolved=names.text(r.resolved)
            )
            for r in said.relations
            if r.first in claims and r.second in claims
        ),
        drifts=tuple(
            replace(d, first=claims[d.first], second=claims[d.second], before=names.text(d.before), after=names.text(d.after))
            for d in said.drifts
            if d.first in claims and d.second in claims
        ),
        checks=tuple(
            replace(
                c,
                claim=claims[c.claim],
                reason=names.text(c.reason),
                evidence=tuple(local.record(name) for name in c.evidence if not name.startswith(OCCUPANCY)),
            )
            for c in said.checks
            if c.claim in claims
        ),
    )
    return ledger, {**sources, **claims}


def gated_assessment(assessment: Assessment | None, names: Names, local: Mapping[str, str]) -> Assessment | None:
    """An assessment with its records under local names."""
    if assessment is None:
        return None
    said = _Said(names, local, local)
    return replace(
        assessment,
        question=names.text(assessment.question),
        evidence=tuple(
            replace(item, text=names.text(item.text), records=tuple(map(said.record, item.records)))
            for item in assessment.evidence
        ),
        judgements=tuple(
            replace(j, text=names.text(j.text), because=names.text(j.because), records=tuple(map(said.record, j.records)))
            for j in assessment.judgements
        ),
        unknowns=tuple(map(names.text, assessment.unknowns)),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """Records of documents under local names."""

    names: Names
    sources: Mapping[str, str]
    claims: Mapping[str, str]

    def record(self, name: str) -> str:
        """A record as footnotes name it."""
        kind, _, own = name.partition(":")
        if kind in {"claim", "check"}:
            return f"{kind}:{self.claims[own]}"
        return self.names.records.get(name, name)

    def source(self, source: Source) -> Source:
        """A document without its file name; its hashes are commitments."""
        return replace(
            source,
            id=self.sources[source.id],
            sha256=self.names.commitment(source.sha256) or "",
            text_sha256=self.names.commitment(source.text_sha256) or "",
            file="withheld",
            outlet=self.names.text(source.outlet),
            retrieved=dt.datetime.combine(source.retrieved.date(), dt.time(), source.retrieved.tzinfo),
            url=source.url and self.names.text(source.url),
            title=source.title and self.names.text(source.title),
        )

    def claim(self, claim: Claim) -> Claim:
        """A claim's words through the same gate as all others; offsets would say how long what was withheld is."""
        text = self.names.text
        return replace(
            claim,
            id=self.claims[claim.id],
            source=self.sources[claim.source],
            span=(0, 0),
            evidence=text(claim.evidence),
            claim=text(claim.claim),
            source_chain=tuple(map(text, claim.source_chain)),
            speaker=text(claim.speaker),
            place=claim.place and text(claim.place),
            time=claim.time and replace(claim.time, span=(0, 0)),
            quantity=claim.quantity and replace(claim.quantity, span=(0, 0)),
        )

    def decision(self, decision: ClaimDecision) -> ClaimDecision:
        text = self.names.text
        return replace(
            decision,
            claim=self.claims[decision.claim],
            reason=text(decision.reason),
            changes=tuple((slot, text(before), text(after)) for slot, before, after in decision.changes),
            operator=text(decision.operator),
            time=decision.time and dt.datetime.combine(decision.time.date(), dt.time(), decision.time.tzinfo),
        )

    def lineage(self, lineage: Lineage) -> Lineage:
        """Origins with the claims that leave; how many documents there were stays as it was."""
        return replace(
            lineage,
            origins=tuple(
                replace(
                    origin,
                    name=self.names.text(origin.name),
                    claims=self._known(origin.claims, self.claims),
                    sources=self._known(origin.sources, self.sources),
                    why=tuple(map(self.names.text, origin.why)),
                )
                for origin in lineage.origins
            ),
        )

    def thread(self, thread: Thread) -> Thread:
        return replace(
            thread,
            about=self.names.text(thread.about),
            claims=self._known(thread.claims, self.claims),
            lineage=self.lineage(thread.lineage),
            quantities=tuple(
                replace(
                    q,
                    claims=self._known(q.claims, self.claims),
                    outliers=self._known(q.outliers, self.claims),
                    note=self.names.text(q.note),
                )
                for q in thread.quantities
            ),
        )

    @staticmethod
    def _known(ids: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(known[name] for name in ids if name in known)
