"""What commands print: for people, and as JSON for programs."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spadework.cli.terminal import patience, progress

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.imagery.plan import ReadPlan
    from spadework.records import Dropped, Product, Site
    from spadework.run.outcome import Outcome
    from spadework.run.publish import Published
    from spadework.store.stamp import Stamp
    from spadework.store.verify import Verdict


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """A run for a program."""
    return {
        "site": outcome.site,
        "synthetic": outcome.synthetic,
        "looks": outcome.looks,
        "used_looks": outcome.used_looks,
        "read": outcome.read,
        "did": list(outcome.did),
        "events": list(outcome.events),
        "dropped": [asdict(entry) for entry in outcome.dropped],
        "warnings": list(outcome.warnings),
        "state": asdict(outcome.went_on) if outcome.went_on is not None else None,
        "report": str(outcome.report.resolve()),
        "exit_code": outcome.exit_code,
    }


def outcome_text(outcome: Outcome) -> str:
    """A run for a person."""
    lines = [outcome.site, f"  looks    {outcome.looks}, {outcome.used_looks} with enough clear ground"]
    lines += [_event_line(event) for event in outcome.events] or ["  events   none: the report says what could have been seen"]
    lines += _left_out(outcome.dropped, "named in the report")
    lines += [f"  warning  {text}" for text in outcome.warnings]
    if outcome.went_on is not None:
        anew = f"; all learnt anew, for {outcome.went_on.why}" if outcome.went_on.why else ""
        lines.append(f"  state    {outcome.went_on.known} looks were known, {outcome.went_on.new} gone through{anew}")
    if not outcome.did:
        lines.append("  nothing new since the last run: no work done")
    return "\n".join([*lines, f"  report   {outcome.report.resolve()}"])


def _left_out(dropped: tuple[Dropped, ...], rest: str) -> list[str]:
    """The first five things that are left out, and where the rest is told."""
    lines = [f"  left out {entry.thing}: {entry.reason}" for entry in dropped[:5]]
    return [*lines, f"  left out {len(dropped) - 5} more, {rest}"] if len(dropped) > 5 else lines  # noqa: PLR2004 - the number says itself here


def published_json(done: Published) -> dict[str, Any]:
    """An export for a program."""
    return {
        "export": str(done.path.resolve()),
        "product": done.product.id,
        "version": done.product.version,
        "head": done.head,
        "sha256": done.sha256,
        "bytes": done.bytes,
        "pdf": done.pdf,
        "refused": list(done.refused),
        "stamp": str(done.stamp.resolve()) if done.stamp else None,
        "error": str(done.unstamped) if done.unstamped else None,
        "exit_code": done.exit_code,
    }


def published_text(done: Published) -> str:
    """An export for a person."""
    gate = done.product.gate
    how = "through the gate" if gate and gate.coordinates_m > 0 else "with exact coordinates, by choice"
    lines = [
        f"{done.product.id}, version {done.product.version}, {how}",
        f"  export   {done.path.resolve()}  {done.bytes / 1e6:.1f} MB",
    ]
    lines += [f"  left out {text}" for text in done.refused]
    if not done.pdf:
        lines.append("  left out report.pdf: pip install 'spadework[pdf]', and libpango from your system")
    if done.stamp:
        lines.append(f"  stamped  {done.stamp.resolve()}")
    lines += [f"  readers  {_readers(done.product)}", f"  head     {done.head}"]
    lines.append("  publish the head in another place than the file; anyone then checks both:")
    lines.append(f"    spadework verify {shlex.quote(done.path.name)} --head {done.head}")
    return "\n".join(lines)


def _readers(product: Product) -> str:
    """Who signed the version of the findings that is exported."""
    names = dict.fromkeys(word.reader for word in product.sign_offs if word.judgement == product.judgement)
    return ", ".join(names) or "none: nobody has signed this version of the findings"


def verdict_json(verdict: Verdict, stamped: Stamp | None) -> dict[str, Any]:
    """A verification for a program."""
    return {
        **asdict(verdict),
        "ok": verdict.ok,
        "stamp": {**asdict(stamped), "time": stamped.time.isoformat()} if stamped else None,
        "exit_code": 0 if verdict.ok else 2,
    }


def verdict_text(name: str, verdict: Verdict, stamped: Stamp | None, head: str | None) -> str:
    """A verification for a person."""
    lines = [f"{name}: {verdict.what}, {verdict.files} files, {verdict.bytes / 1e6:,.1f} MB, ledger of {verdict.lines} lines"]
    if verdict.lines:
        lines.append(f"  head     {verdict.head}")
    if verdict.covered:
        lines.append(f"  covered  the head asked for stands for line 1 to {verdict.covered} of {verdict.lines}")
    if head is None and verdict.lines:
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


def print_plan(site_file: Path, as_json: bool) -> int:
    """Print what a run would read and leave out, and what each host would learn; returns the exit code."""
    from spadework.run.plan import plan_site

    with progress() as on_step:
        site, found, plan, asked = plan_site(site_file, patience(), on_step)
    grid = {
        "crs": str(plan.grid.crs),
        "transform": list(plan.grid.transform)[:6],
        "rows": plan.grid.shape[0],
        "columns": plan.grid.shape[1],
    }
    hosts = [{"host": host, "learns": what} for host, what in (*found.hosts, *plan.hosts)]
    code = 3 if plan.dropped else 0
    scenes = [{"id": s.id, "look": look.id, "cloud": s.cloud, "source": s.source} for look in plan.looks for s in look.scenes]
    if as_json:
        facts = {
            "site": site.name,
            "grid": grid,
            "bands": list(plan.bands),
            "looks": len(plan.looks),
            "scenes": scenes,
            "dropped": [asdict(entry) for entry in plan.dropped],
            "bytes": plan.bytes,
        }
        print(json.dumps({**facts, "hosts": hosts, "paid": list(plan.paid), "requests": [request.url for request in asked]}))
        return code
    told = [f"  host     {host['host']} learns {host['learns']}" for host in hosts]
    print("\n".join([*_plan_totals(site, plan), *_left_out(plan.dropped, "named by --json"), *told]))
    for name in plan.paid:
        print(f"  paid     {name}: requester-pays, billed to you")
    print(f"  asked    {len(asked)} requests were made for this plan; nothing was read or written\n  scenes")
    for scene in scenes:
        cloud = "cloud unknown" if scene["cloud"] is None else f"cloud {scene['cloud']:.0f} %"
        print(f"    {scene['look']}  {scene['id']}  {cloud}")
    return code


def _plan_totals(site: Site, plan: ReadPlan) -> list[str]:
    rows, columns = plan.grid.shape
    period, scenes = site.period, sum(len(look.scenes) for look in plan.looks)
    days = [min(scene.datetime for scene in look.scenes).date() for look in plan.looks]
    watched = sum(period.start <= day <= period.end for day in days)
    return [
        site.name,
        f"  grid     {plan.grid.crs}, {rows} rows x {columns} columns of {abs(plan.grid.transform.a):g} m",
        f"  bands    {', '.join(plan.bands)}",
        f"  looks    {len(plan.looks)} of {scenes} scenes, {watched} of them between {period.start} and {period.end}",
        f"  to read  at most {plan.bytes / 1e6:.1f} MB of pixels before compression",
    ]
