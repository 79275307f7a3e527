"""The command line: options in, one clear line out. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spadework.errors import SpadeworkError
    from spadework.imagery.search import HttpRule
    from spadework.run.site import Outcome
    from spadework.store.stamp import Stamp
    from spadework.store.verify import Verdict

app = typer.Typer(
    help="Watches places from orbit and shows its work.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

SiteFile = Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The dossier: a folder, made if absent.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for a program.")]


def main() -> None:
    """Run the command line; errors end as one line and an exit code."""
    from spadework.errors import SpadeworkError

    try:
        app(standalone_mode=True)
    except SpadeworkError as error:
        _fail(error)
    except KeyboardInterrupt:
        print("stopped; what was read is kept, run again to go on", file=sys.stderr)
        sys.exit(1)


def _fail(error: SpadeworkError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": str(error), "thing": error.thing, "mend": error.mend, "exit_code": error.exit_code}))
    print(f"spadework: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


@app.command()
def run(
    site_file: SiteFile,
    out: Out = Path("dossier"),
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what would be read and what each host learns, then stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All stages, from the site file to the report; does only what is new."""
    if plan:
        _print_plan(site_file, as_json)
        return
    from spadework.run.site import run_site

    with _progress() as on_step:
        outcome = run_site(site_file, out, _patience(), on_step)
    print(json.dumps(_outcome_json(outcome)) if as_json else _outcome_text(outcome))
    sys.exit(outcome.exit_code)


@app.command()
def sensitivity(site_file: SiteFile, out: Out = Path("dossier"), as_json: AsJson = False) -> None:
    """What could have been seen: plants known changes into the site's own looks, and counts which are confirmed."""
    from spadework.publish.seeing import detectable_text, planting
    from spadework.publish.tables import sensitivity_json
    from spadework.run.site import run_site

    with _progress() as on_step:
        outcome = run_site(site_file, out, _patience(), on_step, thorough=True)
    written = (outcome.out / "null_findings.json").resolve()
    if as_json:
        told = {"statement": detectable_text(outcome.sensitivity), "sensitivity": sensitivity_json(outcome.sensitivity)}
        print(json.dumps({**_outcome_json(outcome), **told, "null_findings": str(written)}))
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

    with _progress() as on_step:
        cases = run_demo(out, _patience(), on_step)
    if as_json:
        print(
            json.dumps(
                {case.name: _outcome_json(case.outcome) if case.outcome else {"missing": case.missing} for case in cases}
            )
        )
        return
    for case in cases:
        print(f"\n{_outcome_text(case.outcome)}" if case.outcome else f"\n{case.name}: skipped. {case.missing}")


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
    print(
        f"{path} written: edit the dates and the area, then\n  spadework run {path} --plan\n  spadework run {path} --out dossier"
    )


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or 'arid' for the embedded one.")],
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
    event: Annotated[str | None, typer.Argument(metavar="EVENT", help="Id of the event.")] = None,
    action: Annotated[str | None, typer.Argument(metavar="accept|reject")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is printed in the report.")] = "",
    note: Annotated[str, typer.Option("--note", help="Anything else worth keeping.")] = "",
    add: Annotated[Path | None, typer.Option("--add", metavar="POLYGON.geojson", help="Add an event by hand.")] = None,
) -> None:
    """Accept, reject or add an event by hand; survives re-runs."""
    from spadework.errors import UserError
    from spadework.run.mark import add_event, mark_event

    if add is not None and event is None:
        add_event(out, add, reason, note)
    elif event is not None and action in ("accept", "reject"):
        mark_event(out, event, "accept" if action == "accept" else "reject", reason, note)
    else:
        raise UserError(
            "mark", "needs an event with accept or reject, or --add", "spadework mark DIR EVENT reject --reason 'ploughing'"
        )
    print("noted in the ledger; `spadework run` shows it in the report")


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
    from spadework.store.stamp import add_stamp
    from spadework.store.verify import verify as check

    with _progress() as on_step:
        verdict = check(path, head, lambda done, total: on_step("verify", done, total))
    verdict, stamped = add_stamp(verdict, stamp, head, tsa_roots) if stamp else (verdict, None)
    print(json.dumps(_verdict_json(verdict, stamped)) if as_json else _verdict_text(path.name, verdict, stamped, head))
    sys.exit(0 if verdict.ok else 2)


# ---------------------------------------------------------------- what is printed
def _patience() -> HttpRule:
    """Patience with hosts, from SPADEWORK_HTTP_TIMEOUT_S, _RETRIES and _BACKOFF_S."""
    from spadework.errors import UserError
    from spadework.imagery.search import HttpRule

    usual = HttpRule()
    try:
        return HttpRule(
            float(os.environ.get("SPADEWORK_HTTP_TIMEOUT_S", usual.timeout_s)),
            int(os.environ.get("SPADEWORK_HTTP_RETRIES", usual.retries)),
            float(os.environ.get("SPADEWORK_HTTP_BACKOFF_S", usual.backoff_s)),
        )
    except ValueError as error:
        raise UserError("SPADEWORK_HTTP_*", str(error), "set a number or unset it") from error


_WORDS = {
    "search": "searching the catalogue", "convert": "converting the real stack", "simulate": "simulating", "read": "reading looks",
    "fit": "fitting pixels", "events": "grouping events", "sensitivity": "planting known changes", "report": "drawing the report",
    "verify": "hashing files",
}  # fmt: skip


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Progress bars on standard error, one a step, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def on_step(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_WORDS.get(step, step), total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield on_step


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "site": outcome.site,
        "synthetic": outcome.synthetic,
        "looks": outcome.looks,
        "used_looks": outcome.used_looks,
        "read": outcome.read,
        "did": list(outcome.did),
        "events": list(outcome.events),
        "dropped": [{"thing": entry.thing, "reason": entry.reason} for entry in outcome.dropped],
        "warnings": list(outcome.warnings),
        "report": str(outcome.report.resolve()),
        "exit_code": outcome.exit_code,
    }


def _outcome_text(outcome: Outcome) -> str:
    lines = [outcome.site, f"  looks    {outcome.looks}, {outcome.used_looks} with enough clear ground"]
    lines += [_event_line(event) for event in outcome.events] or ["  events   none: the report says what could have been seen"]
    lines += [f"  left out {entry.thing}: {entry.reason}" for entry in outcome.dropped[:5]]
    if len(outcome.dropped) > 5:  # noqa: PLR2004 - the number says itself here
        lines.append(f"  left out {len(outcome.dropped) - 5} more, named in the report")
    lines += [f"  warning  {text}" for text in outcome.warnings]
    if not outcome.did:
        lines.append("  nothing new since the last run: no work done")
    return "\n".join([*lines, f"  report   {outcome.report.resolve()}"])


def _verdict_json(verdict: Verdict, stamped: Stamp | None) -> dict[str, Any]:
    return {
        **asdict(verdict),
        "ok": verdict.ok,
        "stamp": {**asdict(stamped), "time": stamped.time.isoformat()} if stamped else None,
        "exit_code": 0 if verdict.ok else 2,
    }


def _verdict_text(name: str, verdict: Verdict, stamped: Stamp | None, head: str | None) -> str:
    lines = [f"{name}: {verdict.what}, {verdict.files} files, {verdict.bytes / 1e6:,.1f} MB, ledger of {verdict.lines} lines"]
    lines.append(f"  head     {verdict.head}")
    if verdict.covered:
        lines.append(f"  covered  the head asked for stands for line 1 to {verdict.covered} of {verdict.lines}")
    if head is None:
        lines.append("  without  --head: a ledger cut short, or written anew as a whole, would look right")
    if stamped:
        signed = "signed under your roots" if stamped.trusted else "signature NOT checked: give --tsa-roots"
        lines.append(f"  stamped  {stamped.time:%Y-%m-%d %H:%M:%S} UTC by {stamped.authority}, {signed}")
    lines += [f"  wrong    {p.file} {p.what}" + (f" ({p.step})" if p.step else "") for p in verdict.problems[:50]]
    if len(verdict.problems) > 50:  # noqa: PLR2004 - the number says itself here
        lines.append(f"  wrong    and {len(verdict.problems) - 50} more: --json names all")
    end = "whole: every byte is what the ledger says" if verdict.ok else "NOT what it says it is"
    return "\n".join([*lines, f"  {end}"])


def _event_line(event: dict[str, Any]) -> str:
    def day(bound: dict[str, Any] | None) -> str:
        return bound["datetime"][:10] if bound else "before the history"

    began = (
        f"began between {day(event['onset_earliest'])} and {day(event['onset_latest'])}"
        if event["onset_latest"]
        else "added by hand"
    )
    area = f"{event['area_m2'] / 1e4:.2f} ha ({event['area_low_m2'] / 1e4:.2f} to {event['area_high_m2'] / 1e4:.2f})"
    return f"  event    {event['id']}  {event['status']:<9} {began}, {area}"


def _print_plan(site_file: Path, as_json: bool) -> None:
    from spadework.run.site import plan_site

    with _progress() as on_step:
        site, found, plan, asked = plan_site(site_file, _patience(), on_step)
    grid = {
        "crs": str(plan.grid.crs),
        "transform": list(plan.grid.transform)[:6],
        "rows": plan.grid.shape[0],
        "columns": plan.grid.shape[1],
    }
    hosts = [{"host": host, "learns": what} for host, what in (*found.hosts, *plan.hosts)]
    scenes = [{"id": s.id, "look": look.id, "cloud": s.cloud, "source": s.source} for look in plan.looks for s in look.scenes]
    if as_json:
        facts = {
            "site": site.name,
            "grid": grid,
            "bands": list(plan.bands),
            "looks": len(plan.looks),
            "scenes": scenes,
            "bytes": plan.bytes,
        }
        print(json.dumps({**facts, "hosts": hosts, "paid": list(plan.paid), "requests": [request.url for request in asked]}))
        return
    print(
        f"{site.name}\n  grid     {grid['crs']}, {grid['rows']} rows x {grid['columns']} columns of {abs(plan.grid.transform.a):g} m"
    )
    print(f"  bands    {', '.join(plan.bands)}\n  looks    {len(plan.looks)} of {len(scenes)} scenes")
    for scene in scenes:
        cloud = "cloud unknown" if scene["cloud"] is None else f"cloud {scene['cloud']:.0f} %"
        print(f"    {scene['look']}  {scene['id']}  {cloud}")
    print(f"  to read  at most {plan.bytes / 1e6:.1f} MB of pixels before compression")
    for host in hosts:
        print(f"  host     {host['host']} learns {host['learns']}")
    for name in plan.paid:
        print(f"  paid     {name}: requester-pays, billed to you")
    print(f"  asked    {len(asked)} requests were made for this plan; nothing was read or written")


if __name__ == "__main__":
    main()
