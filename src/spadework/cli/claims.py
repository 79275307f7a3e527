"""Commands on documents: what they claim, an analyst's word on a claim, and what all of it comes to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spadework.cli.app import AsJson, Out, SiteFile, app
from spadework.cli.terminal import progress

if TYPE_CHECKING:
    from spadework.records import Claim
    from spadework.run.read import Weighed

claims = typer.Typer(no_args_is_help=True, help="An analyst's word on the claims of a dossier.")
app.add_typer(claims, name="claims")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The dossier.")]
Names = Annotated[list[str], typer.Argument(metavar="CLAIM...", help="Ids of claims, or their beginnings.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: it stands in the ledger and on the page.")]


@app.command()
def read(
    documents: Annotated[list[Path], typer.Argument(metavar="DOCUMENT...", help="Text, HTML or PDF.")],
    published: Annotated[
        str, typer.Option("--published", metavar="DATE", help="YYYY-MM-DD; without it, relative dates stay unresolved.")
    ] = "",
    outlet: Annotated[str, typer.Option("--outlet", metavar="NAME", help="Who published it.")] = "unknown",
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="en; of fr, dates and quantities.")] = "en",
    model: Annotated[
        bool, typer.Option("--model", help="Ask the model of SPADEWORK_MODEL_URL as well; it sees the whole text.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What documents claim: who says it, how surely, when, how much, and whether an image could show it."""
    from spadework.intake.site import check_language
    from spadework.publish.claim_tables import claim_json
    from spadework.records import SourceFile
    from spadework.run.read import read_documents

    day = _day(published)
    check_language(language, "--language")
    files = tuple(SourceFile(str(path), outlet, day, language=language) for path in documents)
    with progress() as on_step:
        found = read_documents(files, on_step, model=model)
    if as_json:
        told = [
            {"text_sha256": one.document.source.text_sha256, "claims": [claim_json(claim) for claim in one.claims]}
            for one in found
        ]
        print(json.dumps(told[0] if len(told) == 1 else {"documents": told}, ensure_ascii=False))
    else:
        for one in found:
            print(f"\n{one.document.source.file}: {len(one.claims)} claims proposed")
            print("\n".join(map(_line, one.claims)))
    for one in found:
        for reason in one.refused:
            print(f"spadework: {one.document.source.file}: {reason}", file=sys.stderr)
    if day is None:
        print("spadework: no day of publication: relative dates stay unresolved; add --published YYYY-MM-DD", file=sys.stderr)


@app.command()
def assess(site_file: SiteFile, out: Out = Path("dossier"), as_json: AsJson = False) -> None:
    """Weighs the documents of a site file against each other and against what the dossier holds; reads no image."""
    from spadework.run.read import assess_site

    with progress() as on_step:
        told = assess_site(site_file, out, on_step)
    print(json.dumps(weighed_json(told)) if as_json else weighed_text(told))
    sys.exit(told.exit_code)


@claims.command("list")
def list_(out: Folder, as_json: AsJson = False) -> None:
    """The claims of a dossier, a line each."""
    from spadework.intake.ledgers import read_claims
    from spadework.publish.claim_tables import claim_json

    found = read_claims(out / "claims.jsonl")
    print(json.dumps([claim_json(claim) for claim in found], ensure_ascii=False) if as_json else "\n".join(map(_line, found)))


@claims.command()
def accept(out: Folder, names: Names, reason: Reason = "read against the document") -> None:
    """Accept claims: only accepted ones enter a judgement."""
    _decide(out, names, "accept", reason)


@claims.command()
def reject(out: Folder, names: Names, reason: Reason) -> None:
    """Reject claims: they stay listed, and weigh nothing."""
    _decide(out, names, "reject", reason)


@claims.command()
def edit(
    out: Folder,
    name: Annotated[str, typer.Argument(metavar="CLAIM", help="Id of a claim, or its beginning.")],
    reason: Reason,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="SLOT=VALUE",
            help="claim, place, type, polarity, observable, hedge, speaker, source_chain, time, time_role, quantity.",
        ),
    ],
) -> None:
    """Correct slots of a claim; what stood there before is kept."""
    from spadework.errors import UserError

    parts = [change.partition("=") for change in changes]
    for slot, equals, _ in parts:
        if not equals:
            raise UserError("--set", f"'{slot}' has no value", "write --set SLOT=VALUE, e.g. --set speaker='Jane Doe'")
    _decide(out, [name], "edit", reason, tuple((slot.strip(), value.strip()) for slot, _, value in parts))


def _decide(
    out: Path,
    names: list[str],
    action: Literal["accept", "reject", "edit"],
    reason: str,
    changes: tuple[tuple[str, str], ...] = (),
) -> None:
    from spadework.run.decide import Decision, decide

    done = decide(out, tuple(names), Decision(action, reason, changes))
    print(f"noted in the ledger: {action} {', '.join(done)}; `spadework assess` or `spadework run` takes it in")


# ---------------------------------------------------------------- as text
def _day(text: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - date | None, imported late
    import datetime as dt

    from spadework.errors import UserError

    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError("--published", f"'{text}' is no day", "write YYYY-MM-DD") from None


def _line(claim: Claim) -> str:
    """One claim on one line and its words on the next."""
    time = (
        f"{claim.time.start} to {claim.time.end}"
        if claim.time and claim.time.start != claim.time.end
        else f"{claim.time.start}"
        if claim.time
        else ""
    )
    time = "unresolved date" if claim.time and claim.time.start is None else time
    amount = f"{claim.quantity.text} ({claim.quantity.dimension})" if claim.quantity else ""
    facts = [
        claim.type,
        " < ".join(claim.source_chain),
        claim.hedge.level,
        time,
        amount,
        f"seen from orbit: {claim.observable}",
        claim.state,
    ]
    return f"  {claim.id}  {'; '.join(fact for fact in facts if fact)}\n      {' '.join(claim.evidence.split())}"


def weighed_json(told: Weighed) -> dict[str, object]:
    """How ``assess`` ended, for a program."""
    said = told.findings.said
    return {
        "report": str(told.report.resolve()),
        "sources": len(said.sources),
        "claims": len(said.claims),
        "accepted": sum(claim.state in {"accepted", "edited"} for claim in said.claims),
        "origins": said.lineage.count if said.lineage else 0,
        "independence": said.lineage.independence if said.lineage else None,
        "threads": len(said.threads),
        "contradictions": sum(relation.kind == "contradicts" for relation in said.relations),
        "judgements": [judgement.text for judgement in told.findings.assessment.judgements] if told.findings.assessment else [],
        "warnings": list(told.warnings),
    }


def weighed_text(told: Weighed) -> str:
    """The same, to read."""
    facts = weighed_json(told)
    lines = [
        told.findings.site.name,
        f"  documents {facts['sources']}, claims {facts['claims']} ({facts['accepted']} accepted), origins {facts['origins']} ({facts['independence']})",
        f"  contradictions {facts['contradictions']}, threads {facts['threads']}",
        *(f"  - {judgement.text}" for judgement in (told.findings.assessment.judgements if told.findings.assessment else ())),
        *(f"  warning: {warning}" for warning in told.warnings),
        *(f"  left out: {entry.thing}: {entry.reason}" for entry in told.findings.dropped),
        f"  report   {told.report.resolve()}",
    ]
    return "\n".join(lines)
