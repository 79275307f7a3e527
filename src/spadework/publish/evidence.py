"""What a sentence rests on: it may only read records through a Witness, which notes each one that is asked for.

The law of the page: a sentence that asks for a record which is not there cannot be said, so it does not print; and it
cannot change with a record that it did not ask for, because it has never seen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from spadework.publish import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spadework.records import (
        Check,
        Claim,
        Comparison,
        Event,
        Figure,
        Findings,
        Judgement,
        Look,
        Measurement,
        Observability,
        Product,
        Relation,
        SceneRef,
        Sensitivity,
        Sighting,
        Site,
        Source,
        Thread,
        VhrScene,
    )

    Records: TypeAlias = Mapping[str, Any]
    """All that may be said, by id: "event:E1", "look:L", "scene:S", "vhr:S", "comparison:A and B", "sighting:O", "measurement:M",
    "source:D", "claim:C", "thread:T", "check:C", "relation:C and C", "judgement:1", "figure:N", "warning:1", and the singular ones."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What the images are, without their pixels."""

    crs: str
    pixel_m: float
    shape: tuple[int, int]
    """Rows, columns."""
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighted:
    """A Sighting as the listing has it."""

    id: str
    scene: str
    """Id of its Scene: what was sighted in one rests on no Sighting of another."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which records there are: a sentence that counts them misses one that is gone."""

    events: tuple[str, ...]
    looks: tuple[str, ...]
    """In time order."""
    figures: tuple[str, ...]
    warnings: int
    sensitivity: bool
    """Whether sensitivity was measured."""
    scenes: tuple[str, ...] = ()
    """Very-high-resolution ones, in time order."""
    comparisons: tuple[str, ...] = ()
    sightings: tuple[Sighted, ...] = ()
    measurements: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """Claims that were checked."""
    conflicts: tuple[tuple[str, str], ...] = ()
    """Pairs of claims that contradict each other."""
    judgements: int = 0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A statement and the ids of the records that it rests on."""

    key: str
    """Which statement of the page: stays the same while its value changes."""
    text: str
    records: tuple[str, ...]


class NotOnRecord(LookupError):  # noqa: N818 - a finding about the dossier, not a failure
    """A sentence asked for a record that is not there."""


def records_of(findings: Findings, figures: tuple[Figure, ...], product: Product) -> dict[str, Any]:
    """The Findings taken apart into records by id; sensitivity only where it was measured."""
    out: dict[str, Any] = {
        "site": findings.site,
        "grid": Grid(findings.crs, findings.pixel_m, findings.shape, findings.bands),
        "listing": Listing(
            tuple(event.id for event in findings.events),
            tuple(look.id for look in findings.looks),
            tuple(figure.name for figure in figures),
            len(findings.warnings),
            findings.sensitivity is not None,
            tuple(scene.id for scene in findings.scenes),
            tuple(pair_name(pair) for pair in findings.comparisons),
            tuple(Sighted(sighting.id, sighting.scene) for sighting in findings.sightings),
            tuple(measured.id for measured in findings.measurements),
            tuple(source.id for source in findings.said.sources),
            tuple(claim.id for claim in findings.said.claims),
            tuple(thread.id for thread in findings.said.threads),
            tuple(check.claim for check in findings.said.checks),
            tuple((r.first, r.second) for r in findings.said.relations if r.kind == "contradicts"),
            len(findings.assessment.judgements) if findings.assessment else 0,
        ),
        "seen": findings.observability,
        "product": product,
    }
    if findings.sensitivity is not None:
        out["sensitivity"] = findings.sensitivity
    out |= {f"event:{event.id}": event for event in findings.events}
    out |= {f"look:{look.id}": look for look in findings.looks}
    out |= {f"scene:{scene.id}": scene for look in findings.looks for scene in look.scenes}
    out |= {f"vhr:{scene.id}": scene for scene in findings.scenes}
    out |= {f"comparison:{pair_name(pair)}": pair for pair in findings.comparisons}
    out |= {f"sighting:{sighting.id}": sighting for sighting in findings.sightings}
    out |= {f"measurement:{measured.id}": measured for measured in findings.measurements}
    out |= _said_records(findings)
    out |= {f"figure:{figure.name}": figure for figure in figures}
    return out | {f"warning:{n}": text for n, text in enumerate(findings.warnings, 1)}


def _said_records(findings: Findings) -> dict[str, Any]:
    """What documents say, and what is judged."""
    said = findings.said
    out: dict[str, Any] = {f"source:{source.id}": source for source in said.sources}
    out |= {f"claim:{claim.id}": claim for claim in said.claims}
    out |= {f"thread:{thread.id}": thread for thread in said.threads}
    out |= {f"check:{check.claim}": check for check in said.checks}
    out |= {f"relation:{relation.first} and {relation.second}": relation for relation in said.relations}
    judged = findings.assessment.judgements if findings.assessment else ()
    return out | {f"judgement:{number}": judgement for number, judgement in enumerate(judged, 1)}


def pair_name(pair: Comparison) -> str:
    """How a comparison is called: by its two Scenes."""
    return f"{pair.before} and {pair.after}"


class Witness:
    """Hands out records, and notes which were asked for."""

    def __init__(self, records: Records) -> None:
        """Begin a sentence; nothing was asked yet."""
        self._records = records
        self._called: dict[str, None] = {}

    @property
    def called(self) -> tuple[str, ...]:
        """Ids of the records that were asked for, in order, once each."""
        return tuple(self._called)

    def ask(self, name: str) -> Any:  # noqa: ANN401 - records of all kinds
        """A record by its id.

        Raises:
            NotOnRecord: it is not there.

        """
        if name not in self._records:
            raise NotOnRecord(name)
        self._called[name] = None
        return self._records[name]

    def event(self, name: str) -> Event:
        """An event."""
        return cast("Event", self.ask(f"event:{name}"))

    def __getitem__(self, name: str) -> Look:
        """A look; its Scenes are asked for with it."""
        look = cast("Look", self.ask(f"look:{name}"))
        for scene in look.scenes:
            self.ask(f"scene:{scene.id}")
        return look

    def all_looks(self) -> list[Look]:
        """Every look, in time order."""
        return [self[name] for name in self.listing.looks]

    def scene(self, name: str) -> VhrScene:
        """A very-high-resolution Scene."""
        return cast("VhrScene", self.ask(f"vhr:{name}"))

    def comparison(self, name: str) -> Comparison:
        """A comparison; its Scenes are asked for with it."""
        pair = cast("Comparison", self.ask(f"comparison:{name}"))
        _ = self.scene(pair.before), self.scene(pair.after)
        return pair

    def sighting(self, name: str) -> Sighting:
        """A Sighting; its Scene is asked for with it."""
        sighting = cast("Sighting", self.ask(f"sighting:{name}"))
        self.scene(sighting.scene)
        return sighting

    def measurement(self, name: str) -> Measurement:
        """A Measurement."""
        return cast("Measurement", self.ask(f"measurement:{name}"))

    def source(self, name: str) -> Source:
        """A document."""
        return cast("Source", self.ask(f"source:{name}"))

    def claim(self, name: str) -> Claim:
        """A claim; its document is asked for with it."""
        claim = cast("Claim", self.ask(f"claim:{name}"))
        self.source(claim.source)
        return claim

    def thread(self, name: str) -> Thread:
        """Claims about one fact; they are asked for with it."""
        thread = cast("Thread", self.ask(f"thread:{name}"))
        for claim in thread.claims:
            self.claim(claim)
        return thread

    def check(self, name: str) -> Check:
        """A claim held against images."""
        return cast("Check", self.ask(f"check:{name}"))

    def relation(self, first: str, second: str) -> Relation:
        """How two claims bear on each other."""
        return cast("Relation", self.ask(f"relation:{first} and {second}"))

    def judgement(self, number: int) -> Judgement:
        """A judgement, by its place; all that it rests on is asked for with it."""
        judgement = cast("Judgement", self.ask(f"judgement:{number}"))
        for name in judgement.records:
            self.ask(name)
        return judgement

    def figure(self, name: str) -> Figure:
        """A figure; its looks and Scenes are asked for with it."""
        figure = cast("Figure", self.ask(f"figure:{name}"))
        for look in figure.looks:
            _ = self[look]
        for scene in figure.scenes:
            self.scene(scene)
        return figure

    @property
    def site(self) -> Site:
        """The question."""
        return cast("Site", self.ask("site"))

    @property
    def grid(self) -> Grid:
        """What the images are."""
        return cast("Grid", self.ask("grid"))

    @property
    def listing(self) -> Listing:
        """Which records there are."""
        return cast("Listing", self.ask("listing"))

    @property
    def seen(self) -> Observability:
        """What could have been seen."""
        return cast("Observability", self.ask("seen"))

    @property
    def sensitivity(self) -> Sensitivity:
        """What planted changes showed."""
        return cast("Sensitivity", self.ask("sensitivity"))

    @property
    def product(self) -> Product:
        """Version, readers and gate."""
        return cast("Product", self.ask("product"))


def say(records: Records, key: str, tell: Callable[[Witness], str]) -> Sentence | None:
    """A sentence with its evidence; None where a record is missing or there is nothing to say."""
    witness = Witness(records)
    try:
        text = tell(witness)
    except NotOnRecord:
        return None
    return Sentence(key, text, witness.called) if text else None


# ---------------------------------------------------------------- what a footnote says of a record
@dataclass(frozen=True, slots=True)
class Cited:
    """A record as a footnote names it."""

    kind: str
    """The part of its id before the colon."""
    name: str
    detail: str
    """What it says, in short; for a Scene the hash of its evidence."""


SINGULAR: Final = {
    "site": "the site file",
    "grid": "the grid of the images",
    "listing": "the list of what there is",
    "seen": "what could have been seen (null_findings.json)",
    "sensitivity": "planted changes (null_findings.json)",
    "product": "the ledger (ledger.jsonl)",
}
"""How records that exist once are named."""


def cited(records: Records, name: str) -> Cited:
    """One record of a footnote."""
    kind, _, own = name.partition(":")
    record = records[name]
    if kind == "look":
        look = cast("Look", record)
        return Cited(kind, own, f"{words.instant(look.datetime)}, {words.platform(look.platform)}")
    if kind == "scene":
        scene = cast("SceneRef", record)
        return Cited(kind, own, scene.sha256 or "not hashed")
    if kind == "vhr":
        image = cast("VhrScene", record)
        when = words.instant(image.datetime) if image.datetime else "unknown time"
        return Cited(kind, own, f"{when}, {words.platform(image.platform)}, {image.sha256 or 'not hashed'}")
    if kind == "source":
        paper = cast("Source", record)
        return Cited(kind, paper.outlet, paper.sha256)
    return Cited(kind, own or SINGULAR.get(kind, kind), "")
