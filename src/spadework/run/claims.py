"""The documents of a Site: read, their claims proposed, decided on, weighed against each other and against what was seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spadework.assess import assess
from spadework.claims import (
    apply_decisions,
    check_claims,
    claims_of,
    drifts_of,
    grades_of,
    lineage_of,
    relations_of,
    threads_of,
    verbatim_claims,
)
from spadework.errors import SpadeworkError
from spadework.intake.documents import Document, open_document
from spadework.intake.endpoint import ask_model, endpoint_of_environment
from spadework.intake.grammar import load_grammar
from spadework.records import NOTHING_SAID, ClaimDecision, ClaimLedger, Dropped
from spadework.store.papers import answer_file, first_taken, kept_answer, paper_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spadework.records import Claim, Findings, Request, Site
    from spadework.run.plan import OnStep


def decision_of(entry: dict[str, Any]) -> ClaimDecision:
    """A line of the ledger as a decision."""
    data = entry["data"]
    return ClaimDecision(
        claim=data["claim"],
        action=data["action"],
        reason=data["reason"],
        changes=tuple((slot, before, after) for slot, before, after in data["changes"]),
        operator=entry["operator"],
        time=dt.datetime.fromisoformat(entry["time"]),
    )


@dataclass(eq=False)
class ClaimsOfSite:
    """What documents say. Each value is computed at most once, and only when it is asked for."""

    site: Site
    root: Path
    """The dossier: where documents read before lie."""
    decisions: tuple[ClaimDecision, ...]
    tell: Callable[[Request], None]
    """Told of each request to a language model, before it is made."""
    on_step: OnStep

    # ------------------------------------------------------------ read
    @cached_property
    def _read(self) -> tuple[tuple[Document, ...], tuple[Dropped, ...]]:
        documents, dropped = [], []
        for n, file in enumerate(self.site.sources):
            self.on_step("documents", n, len(self.site.sources))
            try:
                document = open_document(file, dt.datetime.now(dt.UTC))
            except SpadeworkError as error:
                dropped.append(Dropped(file.path.rsplit("/", 1)[-1], f"{error.problem}. {error.mend}"))
                continue
            documents.append(self._as_before(document))
        return tuple(documents), tuple(dropped)

    def _as_before(self, document: Document) -> Document:
        """With the time at which these very bytes were first taken in."""
        return replace(document, source=replace(document.source, retrieved=first_taken(self.root, document.source)))

    @property
    def documents(self) -> tuple[Document, ...]:
        """In the order of the site file."""
        return self._read[0]

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What could not be read, and what a model said that the text does not."""
        return (*self._read[1], *self._proposed[1])

    @property
    def warnings(self) -> tuple[str, ...]:
        """Documents without a day."""
        undated = [document.source.file for document in self.documents if document.source.published is None]
        mend = "relative dates stay unresolved: add published = YYYY-MM-DD under [[source]]"
        return tuple(f"{name} has no day of publication; {mend}" for name in undated)

    # ------------------------------------------------------------ propose
    @cached_property
    def _proposed(self) -> tuple[tuple[Claim, ...], tuple[Dropped, ...], dict[str, bytes]]:
        """Claims by rules and, where it is asked, by a model; what was dropped; what the model answered, by file."""
        claims: list[Claim] = []
        dropped: list[Dropped] = []
        answers: dict[str, bytes] = {}
        for document in self.documents:
            try:
                grammar = load_grammar(document.source.language)(document.text)
                found = claims_of(document.source, document.text, grammar)
                if self.site.model:
                    answers[answer_file(document.source.id)] = answer = self._answer(document)
                    kept, refused = verbatim_claims(document.source, document.text, answer)
                    found = tuple({claim.id: claim for claim in (*found, *kept)}.values())
                    dropped += [Dropped(document.source.file, reason) for reason in refused]
            except SpadeworkError as error:
                dropped.append(Dropped(document.source.file, f"{error.problem}. {error.mend}"))
                continue
            claims += found
        return tuple(claims), tuple(dropped), answers

    def _answer(self, document: Document) -> bytes:
        """What the model says of a document: as kept from an earlier run, else asked."""
        kept = kept_answer(self.root, document.source.id)
        if kept is not None:
            return kept
        self.on_step("model", 0, None)
        return ask_model(document.text, endpoint_of_environment(), self.tell)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """With the analyst's decisions laid over them."""
        return apply_decisions(self._proposed[0], self.decisions)

    # ------------------------------------------------------------ weigh
    @cached_property
    def _weighed(self) -> ClaimLedger:
        """Against each other; rejected claims weigh nothing."""
        if not self.documents:
            return NOTHING_SAID
        sources = tuple(document.source for document in self.documents)
        standing = tuple(claim for claim in self.claims if claim.state != "rejected")
        lineage = lineage_of(sources, standing, self.site.origins)
        relations = relations_of(standing, lineage)
        threads = threads_of(standing, relations, lineage)
        return ClaimLedger(
            sources=sources,
            claims=self.claims,
            decisions=self.decisions,
            lineage=lineage,
            threads=threads,
            relations=relations,
            drifts=drifts_of(sources, standing, relations),
            grades=grades_of(standing, lineage, (threads, relations), self.site.origins),
        )

    def said(self, findings: Findings) -> ClaimLedger:
        """Weighed against each other and against what was seen."""
        standing = tuple(claim for claim in self.claims if claim.state != "rejected")
        return replace(self._weighed, checks=check_claims(standing, findings))

    def weighed(self, findings: Findings) -> Findings:
        """The findings with what was said, and judged where the site file asks for it."""
        told = replace(findings, said=self.said(findings))
        return told if self.site.question is None else replace(told, assessment=assess(self.site.question, told))

    # ------------------------------------------------------------ files
    @property
    def facts(self) -> list[Any]:
        """What the claims depend on."""
        return [
            [[d.source.id, d.source.outlet, d.source.published, d.source.url, d.source.language] for d in self.documents],
            self.decisions,
            self.site.origins,
            self.site.model,
        ]

    def paper_files(self) -> dict[str, bytes]:
        """Documents as they came, their texts, and what a model answered; nothing where there is no document."""
        files = dict(self._proposed[2])
        for document in self.documents:
            files |= paper_files(document.source, document.text, document.original)
        return files
