"""How a sentence changed on its way from document to document of one origin: shown side by side, word for word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.records import Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spadework.records import Claim, ClaimTime, Relation, Source

RANK: Final = {"possible": 0, "unknown": 0, "alleged": 1, "reported": 1, "assessed": 2, "denied": 2, "asserted": 3}
"""How hard a hedge level is: a claim that climbs lost its hedge."""
QUALIFIERS: Final = frozenset((
    "significantly", "partly", "partially", "mostly", "largely", "roughly", "about", "approximately", "nearly",
    "almost", "possibly", "probably", "apparently", "initially", "preliminary", "temporarily", "particularly",
    "especially", "exactly", "very", "some", "several", "least", "most", "only", "up", "around", "perhaps",
    "potentially", "seemingly", "reportedly", "allegedly", "substantially", "considerably", "slightly",
))  # fmt: skip
"""Words whose loss changes what a sentence claims."""
GENERAL: Final = frozenset((
    "vehicle", "vehicles", "truck", "trucks", "equipment", "weapon", "weapons", "material", "materials", "items",
    "goods", "supplies", "personnel", "storage",
))  # fmt: skip
NARROW: Final = frozenset((
    "missile", "missiles", "launcher", "launchers", "rocket", "rockets", "warhead", "warheads", "drone", "drones",
    "centrifuge", "centrifuges", "uranium", "nuclear", "chemical", "tank", "tanks", "artillery", "ammunition",
    "explosives",
))  # fmt: skip
NOT_BEFORE: Final = 2
"""Words before a qualifier in which a "not" belongs to it."""
_PURPOSE: Final = re.compile(
    r"\b(?:stor\w*|shelter\w*|hous\w*|hid\w*|hold\w*|us(?:e|ed|es)|serv\w*|protect\w*|for|fit)\b", re.IGNORECASE
)
_WORD: Final = re.compile(r"\w+(?:[-'\u2019]\w+)*")


def drifts_of(sources: tuple[Source, ...], claims: tuple[Claim, ...], relations: tuple[Relation, ...]) -> tuple[Drift, ...]:
    """What was lost or changed between claims of one origin about one fact; the nearer to the origin, or the older, comes first."""
    by_id = {claim.id: claim for claim in claims}
    days = {source.id: source.published.isoformat() if source.published else "9999" for source in sources}
    order = {source.id: n for n, source in enumerate(sources)}
    out: dict[tuple[str, ...], Drift] = {}
    for relation in relations:
        if not relation.same_origin or relation.kind in {"different object", "unrelated"}:
            continue
        pair = (by_id[relation.first], by_id[relation.second])
        if pair[0].source == pair[1].source:
            continue
        first, second = sorted(pair, key=lambda c: (days[c.source], len(c.source_chain), order[c.source]))
        for drift in _drifts(first, second):
            out.setdefault((first.source, second.source, drift.kind, drift.before, drift.after), drift)
    return tuple(out.values())


def _drifts(first: Claim, second: Claim) -> Iterator[Drift]:
    yield from _number(first, second)
    yield from _date(first.time, second.time, (first.id, second.id))
    yield from _hedge(first, second)
    yield from _qualifier(first, second)
    yield from _purpose(first, second)


def _number(first: Claim, second: Claim) -> Iterator[Drift]:
    a, b = first.quantity, second.quantity
    if (
        a is None
        or b is None
        or a.si_unit != b.si_unit
        or (a.dimension != b.dimension and "other" not in {a.dimension, b.dimension})
    ):
        return
    if a.unit != b.unit:
        note = f"{_si(a.si_value, a.si_high)} {a.si_unit} became {_si(b.si_value, b.si_high)} {b.si_unit}"
        yield Drift(first.id, second.id, "converted unit", a.text, b.text, note)
    elif (a.value, a.high, a.bound) != (b.value, b.high, b.bound):
        yield Drift(first.id, second.id, "changed number", a.text, b.text)


def _si(low: float, high: float | None) -> str:
    return f"{low:.4g}" if high is None else f"{low:.4g} to {high:.4g}"


def _date(a: ClaimTime | None, b: ClaimTime | None, names: tuple[str, str]) -> Iterator[Drift]:
    if a is None or b is None or a.role != b.role or None in {a.start, b.start} or (a.start, a.end) == (b.start, b.end):
        return
    if a.start is not None and b.start is not None:
        days = abs((b.start - a.start).days)
        yield Drift(
            *names,
            "changed date",
            a.text,
            b.text,
            f"{days} {'day' if days == 1 else 'days'} apart at their start" if days else "",
        )


def _hedge(first: Claim, second: Claim) -> Iterator[Drift]:
    if RANK[first.hedge.level] >= RANK[second.hedge.level] or not first.hedge.cues:
        return
    cue = first.hedge.cues[0]
    after = second.hedge.cues[0] if second.hedge.cues else _verb_after(first, second, cue)
    kind = "harder verb" if after else "dropped hedge"
    yield Drift(first.id, second.id, kind, cue, after, f"{first.hedge.level} became {second.hedge.level}")  # type: ignore[arg-type]  # one of two words


def _verb_after(first: Claim, second: Claim, cue: str) -> str:
    """What stands in the second where the first had its cue: "is" for "might be"; empty where nothing of the kind does."""
    told = re.search(rf"{re.escape(cue)}\s+(\w+)\s+(\w+)", first.evidence, re.IGNORECASE)
    if told is None:
        return ""
    verb = told[2] if told[1].casefold() in {"be", "have", "been"} else told[1]
    found = re.search(rf"\b(?:is|are|was|were|will\s+be|has\s+been)\s+{re.escape(verb)}", second.evidence, re.IGNORECASE)
    return found[0] if found else ""


def _qualifier(first: Claim, second: Claim) -> Iterator[Drift]:
    """A qualifier that is gone although the word it qualified is still there; shown with the "not" before it."""
    before, after = ([w.casefold() for w in _WORD.findall(claim.evidence)] for claim in (first, second))
    for n, word in enumerate(before[:-1]):
        if word in QUALIFIERS and word not in after and before[n + 1] in after:
            lead = next((before[k:n] for k in range(max(0, n - NOT_BEFORE), n) if before[k] == "not"), [])
            kept = _verbatim(first.evidence, [*lead, word, before[n + 1]])
            left = _verbatim(second.evidence, [*lead, before[n + 1]]) or before[n + 1]
            yield Drift(first.id, second.id, "dropped word", kept, left, f"\u201c{word}\u201d is gone")


def _verbatim(text: str, words: list[str]) -> str:
    found = re.search(r"\W+".join(map(re.escape, words)), text, re.IGNORECASE)
    return found[0] if found else ""


def _purpose(first: Claim, second: Claim) -> Iterator[Drift]:
    """A general purpose that became a narrow one."""
    if not (_PURPOSE.search(first.evidence) and _PURPOSE.search(second.evidence)):
        return
    before, after = ({w.casefold() for w in _WORD.findall(claim.evidence)} for claim in (first, second))
    gone, new = GENERAL & before - after, NARROW & after - before
    if gone and new:
        yield Drift(
            first.id, second.id, "narrowed purpose", _verbatim(first.evidence, [min(gone)]), _verbatim(second.evidence, [min(new)])
        )  # fmt: skip
