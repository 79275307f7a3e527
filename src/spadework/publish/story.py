"""All that a page says, sentence by sentence, each with its evidence: the one place that decides what is told and where."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from spadework.publish import changes, methods, said, scenes, seeing, versions
from spadework.publish.evidence import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from spadework.publish.evidence import Listing, Records, Witness
    from spadework.records import Correction, Event, Figure


@dataclass(frozen=True, slots=True)
class EventStory:
    """What is told of one event; None where there is nothing to say, or nothing to say it from."""

    event: str
    """Its id."""
    number: int
    """Its place in the list, from 1."""
    status: str
    finding: Sentence | None
    latest: Sentence | None
    chance: Sentence | None
    short_history: Sentence | None
    mark: Sentence | None


@dataclass(frozen=True, slots=True)
class PairStory:
    """What is told of one comparison."""

    pair: str
    """Its name."""
    aligned: Sentence | None
    differs: Sentence | None
    worth: Sentence | None


@dataclass(frozen=True, slots=True)
class SceneStory:
    """What is told of very-high-resolution Scenes."""

    listed: Sentence | None
    pairs: tuple[PairStory, ...]
    sighted: tuple[Sentence, ...]
    """One a Scene."""
    measured: tuple[Sentence, ...]
    """One a Measurement that is no passage."""
    passages: tuple[Sentence, ...]
    """One a class of vehicle."""


@dataclass(frozen=True, slots=True)
class JudgedStory:
    """One judgement and, apart from it, the confidence in it."""

    number: int
    judgement: Sentence | None
    confidence: Sentence | None


@dataclass(frozen=True, slots=True)
class SaidStory:
    """What is told of documents."""

    listed: Sentence | None
    origins: Sentence | None
    checked: Sentence | None
    threads: tuple[tuple[str, Sentence], ...]
    """(id of the thread, sentence)."""
    conflicts: tuple[Sentence, ...]
    judged: tuple[JudgedStory, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What a page says, in the order in which it says it."""

    headline: Sentence | None
    largest: Sentence | None
    about: Sentence | None
    null: Sentence | None
    """Only where no change was confirmed."""
    events: tuple[EventStory, ...]
    warnings: tuple[Sentence, ...]
    scenes: SceneStory
    said: SaidStory
    chronology: tuple[tuple[str, Sentence], ...]
    """(event id, step), by the look that first shows the step."""
    captions: tuple[tuple[str, Sentence], ...]
    """(name of the figure, caption)."""
    seen: tuple[Sentence, ...]
    detectable: Sentence | None
    how_told: Sentence | None
    planting: Sentence | None
    table_caption: Sentence | None
    suspect: Sentence | None
    unknowns: tuple[Sentence, ...]
    limits: tuple[Sentence, ...]
    looks_listed: Sentence | None
    methods: tuple[Sentence, ...]
    product: tuple[Sentence, ...]
    corrections: tuple[Sentence, ...]

    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence, once each, in the order of the page."""
        return tuple(dict.fromkeys(_sentences(self)))


def _sentences(told: Any) -> Iterator[Sentence]:  # noqa: ANN401 - walks fields and tuples of all kinds
    if isinstance(told, Sentence):
        yield told
    elif isinstance(told, tuple):
        for part in told:
            yield from _sentences(part)
    elif is_dataclass(told):
        for field in fields(told):
            yield from _sentences(getattr(told, field.name))


def story_of(records: Records) -> Story:
    """Everything that can be said from these records."""
    listing: Listing = records["listing"]
    known = [(n, name) for n, name in enumerate(listing.events, 1) if f"event:{name}" in records]

    def one(key: str, tell: Callable[[Witness], str]) -> Sentence | None:
        return say(records, key, tell)

    def some(key: str, tellers: Iterable[Callable[[Witness], str]]) -> tuple[Sentence, ...]:
        made = (say(records, f"{key}:{n}", tell) for n, tell in enumerate(tellers, 1))
        return tuple(sentence for sentence in made if sentence)

    return Story(
        headline=one("headline", changes.headline),
        largest=one("largest", changes.largest),
        about=one("about", methods.about),
        null=one("null", seeing.null),
        events=tuple(_event(records, n, name) for n, name in known),
        warnings=some("warning", [partial(_warning, n=n) for n in range(1, listing.warnings + 1)]),
        scenes=_scenes(records),
        said=_said(records),
        chronology=_chronology(records, [name for _, name in known]),
        captions=tuple(
            (name, caption) for name in listing.figures if (caption := one(f"caption:{name}", partial(_caption, name=name)))
        ),
        seen=some("seen", (seeing.assessed, seeing.gap, seeing.lost)),
        detectable=one("detectable", seeing.detectable),
        how_told=one("how-told", seeing.how_told),
        planting=one("planting", lambda w: seeing.planting(w.sensitivity)),
        table_caption=one("table", seeing.table_caption),
        suspect=one("suspect", seeing.suspect),
        unknowns=some("unknown", seeing.UNKNOWNS),
        limits=some("limit", seeing.LIMITS),
        looks_listed=one("looks", methods.looks_listed),
        methods=some("method", (methods.clear_rule, methods.grid)),
        product=some("product", (versions.identity, versions.passed, versions.readers)),
        corrections=some("correction", [partial(versions.corrected, place=n) for n in range(len(_corrections(records)))]),
    )


def _said(records: Records) -> SaidStory:
    listing: Listing = records["listing"]

    def one(key: str, tell: Callable[[Witness], str]) -> Sentence | None:
        return say(records, key, tell)

    return SaidStory(
        listed=one("said", said.listed),
        origins=one("origins", said.origins),
        checked=one("checked", said.checked),
        threads=tuple(
            (name, told)
            for name in listing.threads
            if (told := one(f"thread:{name}", partial(said.thread, name=name))) is not None
        ),
        conflicts=tuple(
            told
            for first, second in listing.conflicts
            if (told := one(f"conflict:{first}:{second}", partial(said.conflict, first=first, second=second))) is not None
        ),
        judged=tuple(
            JudgedStory(
                number,
                one(f"judgement:{number}", partial(said.judgement, number=number)),
                one(f"confidence:{number}", partial(said.confidence, number=number)),
            )
            for number in range(1, listing.judgements + 1)
        ),
    )


def _event(records: Records, number: int, name: str) -> EventStory:
    def of(part: str, tell: Callable[[Witness, str], str]) -> Sentence | None:
        return say(records, f"{part}:{name}", lambda w: tell(w, name))

    return EventStory(
        event=name,
        number=number,
        status=records[f"event:{name}"].status,
        finding=of("finding", changes.finding),
        latest=of("latest", changes.latest),
        chance=of("chance", changes.chance),
        short_history=of("short-history", changes.short_history),
        mark=of("mark", changes.marked),
    )


def _scenes(records: Records) -> SceneStory:
    listing: Listing = records["listing"]
    known = [name for name in listing.measurements if f"measurement:{name}" in records]
    passages = [name for name in known if records[f"measurement:{name}"].quantity == "passage"]

    def each(part: str, names: Iterable[str], tell: Callable[[Witness, str], str]) -> tuple[Sentence, ...]:
        made = (_of(records, part, name, tell) for name in names)
        return tuple(sentence for sentence in made if sentence)

    return SceneStory(
        listed=say(records, "scenes", scenes.listed),
        pairs=tuple(
            PairStory(
                name,
                _of(records, "aligned", name, scenes.aligned),
                _of(records, "differs", name, scenes.differs),
                _of(records, "worth", name, scenes.worth),
            )
            for name in listing.comparisons
        ),
        sighted=each("sighted", listing.scenes, scenes.sighted),
        measured=each("measured", [name for name in listing.measurements if name not in passages], scenes.measured),
        passages=each("measured", passages, scenes.measured),
    )


def _of(records: Records, part: str, name: str, tell: Callable[[Witness, str], str]) -> Sentence | None:
    """A sentence on one record."""
    return say(records, f"{part}:{name}", lambda w: tell(w, name))


def _chronology(records: Records, names: list[str]) -> tuple[tuple[str, Sentence], ...]:
    """Every step of every event that stands, by the look that first shows it."""
    steps: list[tuple[Any, str, Sentence]] = []
    for name in names:
        event: Event = records[f"event:{name}"]
        if event.status == "rejected":
            continue
        told = [
            (step.until, say(records, f"phase:{name}:{n}", partial(changes.phase, name=name, place=n)))
            for n, step in enumerate(event.history)
        ]
        if not told and event.onset_latest:
            told = [(event.onset_latest.look, say(records, f"finding:{name}", partial(changes.finding, name=name)))]
        steps += [(records[f"look:{look}"].datetime, name, sentence) for look, sentence in told if sentence]
    return tuple((name, sentence) for _, name, sentence in sorted(steps, key=lambda step: step[:2]))


def _caption(w: Witness, name: str) -> str:
    figure: Figure = w.figure(name)
    return figure.caption


def _warning(w: Witness, n: int) -> str:
    return str(w.ask(f"warning:{n}"))


def _corrections(records: Records) -> tuple[Correction, ...]:
    return records["product"].corrections if "product" in records else ()
