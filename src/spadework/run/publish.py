"""An export of a dossier through the publication gate, and the second reader's word on it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from spadework.errors import SpadeworkError, UserError
from spadework.publish.embed import embedded
from spadework.publish.evidence import records_of
from spadework.publish.gate import Gated, through_gate
from spadework.publish.licences import CHOSEN, licence_allows, licensed, without_picture
from spadework.publish.lint import CHANGES, Known, lint
from spadework.publish.pdf import pdf_available, report_pdf
from spadework.publish.report import Edition, report_html
from spadework.publish.scenes import identities_of
from spadework.publish.scrub import hides
from spadework.publish.story import story_of
from spadework.publish.tables import observability_json
from spadework.records import Gate, Look, Product
from spadework.run.exports import as_json, event_files, said_files, scene_files
from spadework.run.report import PDF, open_dossier
from spadework.run.versions import corrections_of, count_of, published_of, sign_offs_of
from spadework.store.catalogue import safe_name
from spadework.store.chain import read_line, redacted
from spadework.store.dossier import SALT
from spadework.store.files import file_sha256, sha256, write_atomic
from spadework.store.findings import figures_json, findings_json, read_figures, read_findings
from spadework.store.pack import write_pack
from spadework.store.stamp import stamp
from spadework.store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Figure, Findings, VhrScene
    from spadework.store.dossier import Dossier

NAMES: Final = "gate/"
"""Folder of what the local names of each export stand for: stays in the dossier."""
FINEST_M: Final = 500.0
"""Coordinates rounded more finely than this are exact in all but name."""
PAPERS: Final = "sources/"
"""Folder of the documents: their words are quoted, they are not passed on."""
STAYS: Final = (SALT, "report.html", "report.pdf", "ledger.torn")
"""Files that an exact export leaves behind, or makes anew."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the publisher chose."""

    out: Path | None = None
    """Of the zip; None = beside the dossier, named by product and version."""
    exact: bool = False
    """Exact coordinates, and everything else in the dossier but its secrets."""
    reason: str = ""
    """Why exact; enters the ledger and stands on the page."""
    pictures: bool = True
    """False: every picture gives way to its description."""
    stamp_url: str | None = None
    """Of a time-stamping authority (RFC 3161); None = no time stamp."""
    stamp_timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Published:
    """How an export ended."""

    path: Path
    product: Product
    head: str
    """SHA-256 of the last line of its ledger: publish it in another place than the file."""
    sha256: str
    bytes: int
    refused: tuple[str, ...]
    """Pictures and chips that were left out, and why."""
    pdf: bool
    """False where WeasyPrint or pango is not installed."""
    stamp: Path | None
    unstamped: SpadeworkError | None = None
    """Why there is no time stamp, where one was asked for: the export is complete without."""

    @property
    def exit_code(self) -> int:
        """0 done, 3 done with something left out; that of the failed time stamp before either."""
        if self.unstamped is not None:
            return self.unstamped.exit_code
        return 3 if self.refused else 0


@dataclass(frozen=True, slots=True)
class _Files:
    """What goes into an export."""

    files: dict[str, bytes | Path]
    refused: tuple[str, ...]


def publish(out: Path, choice: Choice, today: dt.date) -> Published:
    """Pack a dossier for others: through the gate, or exactly, by choice and with a reason.

    Args:
        out: the dossier.
        choice: what the publisher chose.
        today: UTC; asked for the gate's delay only, nothing of it enters the export.

    Raises:
        UserError: something that may not leave: a dossier that was altered, a mark or a decision on a claim not taken in, a look
            too young, credit, licence or hash missing, words that the linter refuses, ``exact`` without a reason.
        StorageError: it cannot be written.

    """
    with open_dossier(out) as dossier:
        findings = _checked(dossier, choice, today)
        lines, product = _packed_lines(dossier, findings, choice)
        path = _target(dossier, choice, product)
        figures = licensed(read_figures(out), findings)
        if not choice.pictures:
            figures = tuple(without_picture(figure, CHOSEN) for figure in figures)
        _lint_page(findings, figures, product)
        gated = None if choice.exact else through_gate(findings, product, figures, dossier.salt)
        if gated is None:
            made, ledger = _exact_files(dossier, findings, figures, product), lines
        else:
            made, ledger = _gated_files(gated), redacted(lines, dossier.salt)
        packed = write_pack(path, made.files, ledger, {"product": product.id, "product_version": product.version})
        facts = {**_facts(product, choice), **packed.publish_facts(len(lines), redacted=not choice.exact)}
        if gated is None:
            dossier.ledger.append("publish", facts)
        else:
            name, data = f"{NAMES}names-v{product.version}.json", as_json(dict(gated.names))
            dossier.ledger.append("publish", {**facts, "outputs": {name: sha256(data)}})
            write_atomic(out / name, data, 0o600)
        token, unstamped = _stamped(path, packed.head, choice)
    return Published(path, product, packed.head, packed.sha256, packed.bytes, made.refused, PDF in made.files, token, unstamped)


def _stamped(path: Path, head: str, choice: Choice) -> tuple[Path | None, SpadeworkError | None]:
    """The time stamp's file beside an export, where one was asked for; or why there is none, which the export does not wait for."""
    if not choice.stamp_url:
        return None, None
    token = path.with_name(f"{path.name}.tsr")
    try:
        write_atomic(token, stamp(head, choice.stamp_url, choice.stamp_timeout_s))
    except SpadeworkError as error:
        return None, error
    return token, None


def sign_off(out: Path, reader: str, note: str) -> int:
    """Record that a second reader stands behind the findings as they are now; returns their version.

    Raises:
        UserError: no such dossier, no name, the reader is who ran it or decided in it, words that the linter refuses, a dossier
            that was altered, or findings that do not hold yet what their analyst said.

    """
    if not reader.strip():
        raise UserError("--reader", "is empty", "name the second reader; a pseudonym will do")
    _refuse_faults("--note", note)
    with open_dossier(out) as dossier:
        own = {_same(line["operator"]) for kind in ("run", "mark", "claim") for line in dossier.ledger.entries(kind)}
        if _same(reader) in {*own, "unknown"}:
            raise UserError(
                "--reader", f"{reader} ran this dossier or decided in it", "a second reader is somebody else, with a name"
            )
        _refuse_unsettled(dossier)
        judgement = count_of(dossier)
        dossier.ledger.append("sign", {"reader": reader, "note": note, "judgement": judgement})
    return judgement


def _same(name: str) -> str:
    """A name as it is compared: nobody becomes a second reader by a space or a capital."""
    return " ".join(str(name).split()).casefold()


# ---------------------------------------------------------------- what may leave
def _checked(dossier: Dossier, choice: Choice, today: dt.date) -> Findings:
    """The findings of a dossier that may be published as it stands."""
    _refuse_unsettled(dossier)
    findings = read_findings(dossier.root / "findings.json")
    _check_gate(findings, choice)
    days = [look.day for look in findings.looks if look.used]
    newest = max([*days, *(scene.datetime.date() for scene in findings.scenes if scene.datetime)], default=None)
    wait = findings.site.publish.delay_days
    if newest and newest + dt.timedelta(wait) > today:
        raise UserError(
            f"publish.delay_days = {wait}",
            f"the newest look is of {newest}",
            f"publish on {newest + dt.timedelta(wait)} or later, or end the period earlier",
        )
    for look in findings.looks:
        if look.used and (missing := _missing(look)):
            raise UserError(look.id, f"has no {missing}", "name it under [[imagery]] in the site file and run again")
    for scene in findings.scenes:
        if missing := "date" if scene.datetime is None else _missing(scene):
            raise UserError(scene.id, f"has no {missing}", "name it under [[scene]] in the site file and run again")
    _refuse_faults("site.name", findings.site.name)
    if not choice.exact:
        _check_lettering(findings)
    return findings


def _refuse_unsettled(dossier: Dossier) -> None:
    """What somebody else may read or sign is a whole dossier, every word of its analyst taken in.

    Raises:
        UserError: the dossier was altered, or has no findings, or they do not hold a mark or a decision on a claim yet.

    """
    problems = verify(dossier.root, None, lambda _done, _total: None).problems
    wrong = [problem for problem in problems if not problem.file.startswith(NAMES)]  # no export holds these: they are made anew
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise UserError(
            str(dossier.root / wrong[0].file),
            f"{wrong[0].what}{more}",
            "run the site file again: it makes anew what it can; restore the rest from a copy, move away what is not its own",
        )
    ledger, root = dossier.ledger, str(dossier.root)
    if "report" not in dossier.index["stages"] or "findings.json" not in ledger.files:
        raise UserError(root, "has no findings to publish", "run the site file again")
    ran = max((line["n"] for line in ledger.entries("run")), default=0)
    weighed = max((line["n"] for line in ledger.entries("stage") if line["data"]["stage"] == "assess"), default=0)
    if any(line["n"] > ran for line in ledger.entries("mark")):
        raise UserError(root, "holds a mark that no run has taken in", "run the site file again first")
    if any(line["n"] > max(ran, weighed) for line in ledger.entries("claim")):
        raise UserError(
            root, "holds a decision on a claim that nothing has taken in", "run or assess the site file again first"
        )


def _check_lettering(findings: Findings) -> None:
    """Pictures carry the site's name, credits and licences: what the gate would withhold of these is drawn already."""
    drawn = {"site.name": findings.site.name}
    drawn |= {f"credit of {look.id}": look.credit for look in findings.looks if look.used}
    drawn |= {f"licence of {look.id}": look.licence for look in findings.looks if look.used}
    drawn |= {f"credit of {scene.id}": scene.credit for scene in findings.scenes}
    drawn |= {f"licence of {scene.id}": scene.licence for scene in findings.scenes}
    drawn |= {f"label of {result.id}": result.label for result in findings.measurements}
    for thing, text in drawn.items():
        if hides(text):
            raise UserError(
                thing, f"'{text}' may tell the place, and every picture carries it", "change it in the site file and run again"
            )


def _check_gate(findings: Findings, choice: Choice) -> None:
    if choice.exact and not choice.reason.strip():
        raise UserError("--exact", "needs a reason", "--reason 'why exact coordinates hurt nobody': it stands on the page")
    metres = findings.site.publish.coordinates_m
    if not choice.exact and 0 < metres < FINEST_M:
        raise UserError(
            f"publish.coordinates = {metres:g} m",
            f"is finer than {FINEST_M:g} m",
            "set a longer distance, or add --exact --reason '...'",
        )
    if not choice.exact and metres <= 0:
        raise UserError(
            'publish.coordinates = "exact"', "is not enough to publish exactly", "add --exact --reason '...', or set a distance"
        )
    if choice.exact:
        _refuse_faults("--reason", choice.reason)


def _lint_page(findings: Findings, figures: tuple[Figure, ...], product: Product) -> None:
    """Every sentence of the page, before the gate withholds a word of it."""
    named = identities_of(findings.sightings)
    for sentence in story_of(records_of(findings, figures, product)).sentences():
        _refuse_faults(f"the report ({sentence.key})", sentence.text, named)


def _target(dossier: Dossier, choice: Choice, product: Product) -> Path:
    """Where the zip goes: never into the dossier, never over a file that is no export of it."""
    root = dossier.root.resolve()
    name = f"{product.id}-v{product.version}{'-exact' if choice.exact else ''}.zip"
    path = (choice.out or root.parent / name).resolve()
    if path.is_relative_to(root):
        raise UserError(str(path), "lies inside the dossier", "name a file elsewhere with --out")
    made = {line["data"]["zip_sha256"] for line in dossier.ledger.entries("publish")}
    if path.exists() and file_sha256(path) not in made:
        raise UserError(str(path), "is there already and is no export of this dossier", "name another file with --out")
    return path


def _missing(look: Look | VhrScene) -> str:
    """What a look, or a Scene, lacks for an export."""
    if look.credit in ("", "unknown"):
        return "credit"
    if look.licence in ("", "unknown"):
        return "licence"
    hashes = [scene.sha256 for scene in look.scenes] if isinstance(look, Look) else [look.sha256]
    return "" if all(hashes) else "hash of its evidence"


def _refuse_faults(thing: str, text: str, named: frozenset[str] = frozenset()) -> None:
    """Refuse words that the linter does; ``named`` = identities that Sightings on record give."""
    for fault in lint(text, Known(CHANGES | named, beside_row_a=True)):
        raise UserError(thing, f"'{fault.words}' ({fault.rule})", fault.mend)


# ---------------------------------------------------------------- which version this is
def _packed_lines(dossier: Dossier, findings: Findings, choice: Choice) -> tuple[list[bytes], Product]:
    """The ledger up to the last line before this export, and the product that it makes.

    Lines of exports at the very end are left behind: publishing twice what has not changed gives the same bytes.
    """
    lines = dossier.ledger.lines()
    entries = [read_line(line) or {} for line in lines]
    while entries[-1]["kind"] == "publish":
        entries.pop()
    made = dt.datetime.fromisoformat(entries[-1]["time"])
    before = published_of([entry for entry in entries if entry["kind"] == "publish"])
    judgement = count_of(dossier)
    number = max((version for version, _, _ in before), default=0) + 1
    product = Product(
        judgement,
        sign_offs_of(dossier),
        id=f"SPW-{hashlib.sha256(b'product' + dossier.salt).hexdigest()[:10]}",
        version=number,
        made=made,
        gate=Gate(
            0.0 if choice.exact else findings.site.publish.coordinates_m, findings.site.publish.delay_days, choice.reason
        ),
        corrections=corrections_of(dossier, [*before, (number, made.date(), judgement)]),
    )
    return lines[: len(entries)], product


def _facts(product: Product, choice: Choice) -> dict[str, Any]:
    """What the ledger keeps of an export for the next one."""
    made = product.made.isoformat() if product.made else None
    told = {"product": product.id, "version": product.version, "judgement": product.judgement, "made": made}
    return {**told, "gate": asdict(product.gate) if product.gate else None, "exact": choice.exact}


# ---------------------------------------------------------------- what goes in
def _gated_files(gated: Gated) -> _Files:
    """Everything made anew from what went through the gate."""
    told = gated.findings
    tables = {
        **event_files(told),
        **scene_files(told),
        **said_files(told),
        "null_findings.json": as_json(observability_json(told)),
        "findings.json": findings_json(told),
    }
    pages_ = _pages(Edition(told, gated.product), gated.figures)
    return _Files({**tables, **pages_}, _refused(gated.figures))


def _refused(figures: tuple[Figure, ...]) -> tuple[str, ...]:
    return tuple(f"{figure.name}: {figure.withheld}" for figure in figures if figure.withheld not in ("", CHOSEN))


def _exact_files(dossier: Dossier, findings: Findings, figures: tuple[Figure, ...], product: Product) -> _Files:
    """The dossier as it stands, without its secrets and what its licences forbid, and the pages of this version."""
    allowed = findings.site.publish.redistribute
    barred = {scene.id for look in findings.looks if not licence_allows(look, allowed) for scene in look.scenes}
    barred |= {scene.id for scene in findings.scenes if not licence_allows(scene, allowed)}
    folders = {safe_name(name): name for name in barred}
    whole = {path for path, known in dossier.ledger.files.items() if known.sha256 and path not in STAYS}
    whole = {path for path in whole if not path.startswith(NAMES)} - {figure.name for figure in figures}
    papers = {path for path in whole if path.startswith(PAPERS)}
    whole -= papers
    left = {
        path: folders[name] for path in whole if path.endswith(".tif") and (name := PurePosixPath(path).parent.name) in folders
    }
    exact = replace(findings, site=replace(findings.site, publish=replace(findings.site.publish, coordinates_m=0.0)))
    refused = (f"{path}: the licence of {left[path]} does not say that it may be passed on" for path in sorted(left))
    kept: dict[str, bytes | Path] = {path: dossier.root / path for path in whole.difference(left)}
    held = ("the documents themselves: they are their publishers'",) if papers else ()
    return _Files({**kept, **_pages(Edition(exact, product), figures)}, (*_refused(figures), *refused, *held))


def _pages(edition: Edition, figures: tuple[Figure, ...]) -> dict[str, bytes]:
    """The report with its figures as files, and as PDF where that can be made."""
    files = {figure.name: figure.data for figure in figures if not figure.withheld}
    page = report_html(edition, embedded(figures, "screen"))
    files |= {"report.html": page.encode(), "figures/figures.json": figures_json(figures)}
    if pdf_available():
        files[PDF] = report_pdf(report_html(edition, embedded(figures, "paper")))
    return files
