"""Commands on a dossier: its pages, its history, its readers, its exports, and whether all of it is whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from spadework.cli.app import AsJson, app
from spadework.cli.printed import published_json, published_text, verdict_json, verdict_text
from spadework.cli.terminal import patience, progress

Dossier = Annotated[Path, typer.Argument(metavar="DIR", help="The dossier.")]


@app.command()
def report(out: Dossier, as_json: AsJson = False) -> None:
    """The report on paper: writes report.pdf beside report.html, without reading a pixel."""
    from spadework.run.report import write_pdf

    path = write_pdf(out)
    print(json.dumps({"report": str(path.resolve())}) if as_json else f"  report   {path.resolve()}")


@app.command()
def history(
    out: Dossier,
    before: Annotated[
        int | None, typer.Argument(metavar="FROM", help="Number of a version; without: the last but one.")
    ] = None,
    after: Annotated[int | None, typer.Argument(metavar="TO", help="Number of a later one; without: the last.")] = None,
    as_json: AsJson = False,
) -> None:
    """What became of every judgement from one version of the findings to another, in words."""
    from spadework.run.history import told_history

    told = told_history(out, before, after)
    if as_json:
        print(json.dumps({"versions": told.versions, "from": told.before, "to": told.after, "changes": list(told.changes)}))
        return
    print(f"{out}: {told.versions} {'version' if told.versions == 1 else 'versions'} of the findings")
    if told.versions > 1:
        print(f"  from version {told.before} to version {told.after}:")
        print("\n".join(f"  {line}" for line in told.changes) or "  the findings are the same")


@app.command()
def sign(
    out: Dossier,
    reader: Annotated[str, typer.Option("--reader", help="Who read it again: a name or a pseudonym, printed in the report.")],
    note: Annotated[str, typer.Option("--note", help="Anything worth keeping.")] = "",
) -> None:
    """A second reader's sign-off on the findings as they are now; lapses when they change."""
    from spadework.run.publish import sign_off

    judgement = sign_off(out, reader, note)
    print(f"noted in the ledger: {reader} signed off version {judgement} of the findings")


@app.command()
def publish(
    out: Dossier,
    to: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.zip", help="The export; without: beside the dossier, by product and version."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Exact coordinates and all files, past the gate; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why exact coordinates hurt nobody; printed in the report.")] = "",
    pictures: Annotated[bool, typer.Option(help="Carry the pictures; without them their descriptions stand.")] = True,
    stamp: Annotated[
        str | None,
        typer.Option("--stamp", metavar="URL", help="A time-stamping authority (RFC 3161) to ask about the head hash."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The gated export: one zip that others can verify, without what could lead to the place."""
    import datetime as dt

    from spadework.errors import UserError
    from spadework.run.publish import Choice
    from spadework.run.publish import publish as export
    from spadework.store.stamp import check_address

    if reason and not exact:
        raise UserError("--reason", "is the reason for --exact, which is not there", "add --exact, or leave --reason out")
    if stamp:
        check_address(stamp)
    choice = Choice(to, exact, reason, pictures, stamp, patience().timeout_s)
    with progress() as on_step:
        on_step("publish", 0, None)
        done = export(out, choice, dt.datetime.now(dt.UTC).date())
    print(json.dumps(published_json(done)) if as_json else published_text(done))
    if done.unstamped is not None:
        print(f"spadework: {done.unstamped}", file=sys.stderr)
    sys.exit(done.exit_code)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="DOSSIER|EXPORT.zip", help="A dossier's folder, or an export by itself.")],
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="HASH", help="The head that was told elsewhere: finds a chain cut short or written anew."
        ),
    ] = None,
    stamp: Annotated[
        Path | None, typer.Option("--stamp", metavar="FILE.tsr", help="A time-stamping authority's answer, for that head.")
    ] = None,
    tsa_roots: Annotated[
        Path | None, typer.Option("--tsa-roots", metavar="PEM", help="Certificates to trust for --stamp.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether every byte is what the ledger says; names what was changed, lost or added, and the step that made it."""
    from spadework.errors import UserError
    from spadework.store.stamp import add_stamp
    from spadework.store.verify import verify as check

    if tsa_roots and not stamp:
        raise UserError("--tsa-roots", "are for --stamp, which is not there", "add --stamp FILE.tsr, or leave --tsa-roots out")
    head = head.strip().lower() if head is not None else None
    with progress() as on_step:
        verdict = check(path, head, lambda done, total: on_step("verify", done, total))
    verdict, stamped = add_stamp(verdict, stamp, head, tsa_roots) if stamp else (verdict, None)
    print(json.dumps(verdict_json(verdict, stamped)) if as_json else verdict_text(path.resolve().name, verdict, stamped, head))
    sys.exit(0 if verdict.ok else 2)
