"""Documents read by themselves: their claims, and a dossier of documents alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spadework.claims import claims_of, verbatim_claims
from spadework.errors import UserError
from spadework.intake.documents import Document, open_document
from spadework.intake.endpoint import ask_model, endpoint_of_environment
from spadework.intake.grammar import load_grammar
from spadework.intake.site import read_site
from spadework.publish.embed import embedded
from spadework.publish.report import Edition, report_html
from spadework.records import Findings, Observability
from spadework.run.claims import ClaimsOfSite, decision_of
from spadework.run.exports import map_files, said_files
from spadework.run.outcome import not_yet, software
from spadework.run.report import PDF_STAGE, drop_stale_pdf, renew_pdf
from spadework.run.stages import key_of
from spadework.run.versions import keep_judgement, working_copy
from spadework.store.dossier import Dossier
from spadework.store.files import code_version, only_run
from spadework.store.findings import figures_json, findings_json, read_figures, read_findings

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Claim, Figure, Request, Site, SourceFile
    from spadework.run.plan import OnStep


@dataclass(frozen=True, slots=True)
class Reading:
    """One document and what it claims."""

    document: Document
    claims: tuple[Claim, ...]
    refused: tuple[str, ...] = ()
    """Why proposals of a model were dropped."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """How ``assess`` ended."""

    out: Path
    findings: Findings
    warnings: tuple[str, ...]

    @property
    def report(self) -> Path:
        """The page to open."""
        return self.out / "report.html"

    @property
    def exit_code(self) -> int:
        """0 done, 3 done with something left out."""
        return 3 if self.warnings or self.findings.dropped else 0


def read_documents(files: tuple[SourceFile, ...], on_step: OnStep, *, model: bool = False) -> tuple[Reading, ...]:
    """The claims of some documents, proposed by rules and, where asked, by a model as well.

    Raises:
        UserError: a document cannot be read.
        MissingExtraError: the extra ``text`` is not installed.
        OutsideError: the model's server does not answer.

    """
    out = []
    for n, file in enumerate(files):
        on_step("documents", n, len(files))
        document = open_document(file, dt.datetime.now(dt.UTC))
        claims = claims_of(document.source, document.text, load_grammar(document.source.language)(document.text))
        refused: tuple[str, ...] = ()
        if model:
            answer = ask_model(document.text, endpoint_of_environment(), _say_nothing)
            more, refused = verbatim_claims(document.source, document.text, answer)
            claims = tuple({claim.id: claim for claim in (*claims, *more)}.values())
        out.append(Reading(document, claims, refused))
    return tuple(out)


def _say_nothing(_: Request) -> None:
    """There is no ledger outside a dossier."""


def assess_site(site_file: Path, out: Path, on_step: OnStep) -> Weighed:
    """Read a site's documents and weigh them, without reading an image: against what the dossier holds, where it holds anything.

    Raises:
        UserError: no document in the site file, or one of its tables is wrong.
        StorageError: the dossier is damaged or cannot be written.

    """
    site = read_site(site_file)
    if not site.sources:
        raise UserError(str(site_file), "names no document", "add a [[source]] with path, outlet and published")
    with only_run(out):
        dossier = Dossier(out)
        return _weigh(site, dossier, on_step)


def _weigh(site: Site, dossier: Dossier, on_step: OnStep) -> Weighed:
    code = code_version()
    decisions = tuple(decision_of(entry) for entry in dossier.ledger.entries("claim"))

    def tell(request: Request) -> None:
        dossier.ledger.append("request", {"method": request.method, "url": request.url, "learns": request.learns})

    said = ClaimsOfSite(site, dossier.root, decisions, tell, on_step)
    seen = _seen(dossier, site)
    told = said.weighed(seen)
    told = replace(
        told,
        dropped=tuple(dict.fromkeys((*seen.dropped, *said.dropped))),
        warnings=tuple(dict.fromkeys((*seen.warnings, *said.warnings))),
    )
    figures = read_figures(dossier.root) if (dossier.root / "figures" / "figures.json").is_file() else ()
    sources = {document.source.id: document.source.sha256 for document in said.documents}
    dossier.record("claims", key_of("claims", code, said.facts), said.paper_files(), sources)
    dossier.record("assess", key_of("assess", code, told.said, site.question), said_files(told), sources)
    on_step("report", 0, None)
    _write_page(dossier, told, figures)
    return Weighed(dossier.root, told, said.warnings)


def _seen(dossier: Dossier, site: Site) -> Findings:
    """What the dossier holds of images; nothing where no run was made."""
    path = dossier.root / "findings.json"
    if path.is_file() and (kept := read_findings(path)).looks:
        return replace(kept, site=replace(kept.site, sources=site.sources, question=site.question, origins=site.origins))
    nothing = Observability((), None, 0.0, 0.0)
    return Findings(site, "none", 0.0, (0, 0), (), (), (), nothing, versions=software(), not_yet=not_yet())


def _write_page(dossier: Dossier, told: Findings, figures: tuple[Figure, ...]) -> None:
    edition = Edition(told, working_copy(dossier, keep_judgement(dossier, told)))
    files = {
        **{figure.name: figure.data for figure in figures},
        **(map_files(told) if told.looks else {}),
        "figures/figures.json": figures_json(figures),
        "findings.json": findings_json(told),
        "report.html": report_html(edition, embedded(figures, "screen")).encode(),
    }
    dossier.record("report", key_of("assessed", findings_json(told).decode()), files, {})
    if dossier.stage(PDF_STAGE).get("files"):
        drop_stale_pdf(dossier)
        renew_pdf(dossier)
    facts = {name: value for name, value in dossier.index.items() if name not in ("schema", "spadework", "stages")}
    site = {"name": told.site.name, "synthetic": told.site.synthetic}
    empty = {"looks": 0, "used_looks": 0, "events": 0}
    counts = {**empty, **facts.get("counts", {}), "sources": len(told.said.sources), "claims": len(told.said.claims)}
    dossier.close({"working_copy": True, "site": site, **facts, "counts": counts, "not_yet": list(told.not_yet)})
