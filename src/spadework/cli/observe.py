"""Commands on a site file: from it to its dossier, and an analyst's word on what was found."""

from __future__ import annotations

import difflib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spadework.cli.app import AsJson, Out, SiteFile, app
from spadework.cli.printed import outcome_json, outcome_text, print_plan
from spadework.cli.terminal import patience, progress

if TYPE_CHECKING:
    from spadework.run.demo import Case

ACTIONS = ("accept", "reject")


@app.command()
def run(
    site_file: SiteFile,
    out: Out = Path("dossier"),
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what would be read and what each host learns, then stop.")
    ] = False,
    pdf: Annotated[bool, typer.Option(help="Also write report.pdf, where it can be made.")] = True,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep here what monitoring must know to go on with new looks alone.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """All stages, from the site file to the report; does only what is new."""
    if plan:
        sys.exit(print_plan(site_file, as_json))
    from spadework.run.site import run_site

    with progress() as on_step:
        outcome = run_site(site_file, out, patience(), on_step, state=state, pdf=pdf)
    print(json.dumps(outcome_json(outcome)) if as_json else outcome_text(outcome))
    sys.exit(outcome.exit_code)


@app.command()
def sensitivity(site_file: SiteFile, out: Out = Path("dossier"), as_json: AsJson = False) -> None:
    """What could have been seen: plants known changes into the site's own looks, and counts which are confirmed."""
    from spadework.publish.seeing import detectable_text, planting
    from spadework.publish.tables import sensitivity_json
    from spadework.run.site import run_site

    with progress() as on_step:
        outcome = run_site(site_file, out, patience(), on_step, pdf=True, thorough=True)
    written = (outcome.out / "null_findings.json").resolve()
    if as_json:
        told = {"statement": detectable_text(outcome.sensitivity), "sensitivity": sensitivity_json(outcome.sensitivity)}
        print(json.dumps({**outcome_json(outcome), **told, "null_findings": str(written)}))
    else:
        lines = [outcome.site, f"  {detectable_text(outcome.sensitivity)}", f"  {planting(outcome.sensitivity)}"]
        print("\n".join([*lines, f"  written  {written}", f"  report   {outcome.report.resolve()}"]))
    sys.exit(outcome.exit_code)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the examples go.")] = Path("spadework-demo"),
    as_json: AsJson = False,
) -> None:
    """The whole chain on the embedded examples, offline."""
    from spadework.run.demo import run_demo

    with progress() as on_step:
        cases = run_demo(out, patience(), on_step)
    if as_json:
        print(json.dumps({case.name: _case_json(case) for case in cases}))
        return
    for case in cases:
        print(f"\n{_case_text(case)}")


def _case_json(case: Case) -> dict[str, Any]:
    from spadework.cli.claims import weighed_json

    if case.outcome is not None:
        return outcome_json(case.outcome)
    return weighed_json(case.weighed) if case.weighed is not None else {"missing": case.missing}


def _case_text(case: Case) -> str:
    from spadework.cli.claims import weighed_text

    if case.outcome is not None:
        return outcome_text(case.outcome)
    return weighed_text(case.weighed) if case.weighed is not None else f"{case.name}: skipped. {case.missing}"


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="SITE.toml", help="Where to write it.")] = Path("site.toml"),
    point: Annotated[
        tuple[float, float] | None, typer.Option("--point", metavar="LON LAT", help="Centre of the site, degrees.")
    ] = None,
    radius_m: Annotated[float, typer.Option("--radius-m", help="Radius around the point, metres.")] = 1000.0,
    name: Annotated[str, typer.Option("--name", help="Name of the site.")] = "My site",
) -> None:
    """Write a site file with comments."""
    from spadework.run.init import write_site_file

    write_site_file(path, name, point, radius_m)
    if point is None:
        print("no --point was given, so the file holds an example of a place: put your own there", file=sys.stderr)
    print(
        f"{path} written: edit the dates and the area, then\n  spadework run {path} --plan\n  spadework run {path} --out dossier"
    )


@app.command()
def simulate(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A scenario file, or an embedded one: arid, fields, forest, mixed, portal."),
    ],
    out: Out = Path("simulated"),
) -> None:
    """Truth-known scenes as COG and STAC, with a site file to run on them."""
    from spadework.intake.scenario import builtin_scenario, read_scenario
    from spadework.run.demo import write_scenario

    made = write_scenario(read_scenario(Path(scenario)) if scenario.endswith(".toml") else builtin_scenario(scenario), out)
    print(f"{made} synthetic scenes with known truth in {out}\n  spadework run {out / 'site.toml'} --out dossier")


@app.command()
def mark(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="The dossier.")],
    event: Annotated[str | None, typer.Argument(metavar="EVENT", help="Id of the event, or its number on the page.")] = None,
    action: Annotated[str | None, typer.Argument(metavar="accept|reject")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is printed in the report.")] = "",
    note: Annotated[str, typer.Option("--note", help="Anything else worth keeping.")] = "",
    add: Annotated[Path | None, typer.Option("--add", metavar="POLYGON.geojson", help="Add an event by hand.")] = None,
) -> None:
    """Accept, reject or add an event by hand; survives re-runs."""
    from spadework.errors import UserError
    from spadework.run.mark import add_event, mark_event

    if event is not None and action not in (None, *ACTIONS):
        near = difflib.get_close_matches(str(action).lower(), ACTIONS, n=1)
        raise UserError(
            "mark", f"'{action}' is no decision", f"did you mean '{near[0]}'?" if near else "it is accept or reject"
        )
    if add is not None and event is not None:
        raise UserError("mark", "takes an event or --add, not both", "mark one, then the other")
    if add is not None:
        add_event(out, add, reason, note)
    elif event is not None and action in ACTIONS:
        mark_event(out, event, "accept" if action == "accept" else "reject", reason, note)
    else:
        raise UserError(
            "mark", "needs an event with accept or reject, or --add", "spadework mark DIR EVENT reject --reason 'ploughing'"
        )
    if not os.environ.get("SPADEWORK_OPERATOR"):
        print("your name will read 'unknown': set SPADEWORK_OPERATOR", file=sys.stderr)
    print("noted in the ledger; `spadework run` shows it in the report")
