"""Sentences about what documents say, and what is judged of it: counts of origins, contradictions, judgements with their confidence apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spadework.publish import words

if TYPE_CHECKING:
    from spadework.publish.evidence import Witness
    from spadework.records import Lineage

COUNTED = frozenset({"accepted", "edited"})
"""States of claims that enter a judgement."""


def listed(w: Witness) -> str:
    """How many documents, claims and origins there are."""
    said = w.listing
    if not said.sources:
        return ""
    claims = [w.claim(name) for name in said.claims]
    accepted = sum(claim.state in COUNTED for claim in claims)
    documents = _many(len(said.sources), "document")
    entered = (
        f"{words.count(accepted)} of them accepted by an analyst" if accepted else "none of them accepted by an analyst yet"
    )
    return f"{documents[:1].upper()}{documents[1:]} {'holds' if len(said.sources) == 1 else 'hold'} {_many(len(claims), 'claim')}, {entered}."


def origins(w: Witness) -> str:
    """How far repeats reach: threads that go back to one origin."""
    lineages = [w.thread(name).lineage for name in w.listing.threads]
    repeated = [lineage for lineage in lineages if lineage.hits > 1]
    if not repeated:
        return ""
    single = [lineage for lineage in repeated if lineage.independence == "one origin"]
    return (
        f"{_capital(_many(len(repeated), 'fact'))} {'stands' if len(repeated) == 1 else 'stand'} in more than one document; "
        f"of these, {words.count(len(single))} {'goes' if len(single) == 1 else 'go'} back to one origin, which repeats do not confirm."
    )


def thread(w: Witness, name: str) -> str:
    """One fact: how many documents and origins, and what its numbers allow together."""
    told = w.thread(name)
    text = f"{_capital(_many(told.lineage.hits, 'document'))}, {counted(told.lineage)}."
    for found in told.quantities:
        unit = {"m2": "m²", "m3": "m³", "count": "", "1": ""}.get(found.si_unit, found.si_unit)
        scale = 100 if found.si_unit == "1" else 1
        text += f" What they say of its {found.dimension} allows {found.low * scale:.3g} to {found.high * scale:.3g}{' per cent' if scale > 1 else f' {unit}' if unit else ''} together."
        if found.outliers:
            text += f" {_capital(_many(len(found.outliers), 'figure'))} {'does' if len(found.outliers) == 1 else 'do'} not fit beside the others."
    return text


def counted(lineage: Lineage) -> str:
    """Origins in words: "one origin", "two origins, independence not established"."""
    if lineage.independence == "no known origin":
        return "no known origin"
    many = _many(lineage.count, "origin")
    return many if lineage.count == 1 else f"{many}, {lineage.independence}"


def conflict(w: Witness, first: str, second: str) -> str:
    """Two claims that cannot both hold."""
    a, b = w.claim(first), w.claim(second)
    relation = w.relation(first, second)
    papers = (
        f"{w.source(a.source).outlet} and {w.source(b.source).outlet}" if a.source != b.source else w.source(a.source).outlet
    )
    what = {
        "time": "date one image two ways",
        "quantity": "give numbers that have no value in common",
        "polarity": "affirm and deny one thing",
    }
    text = f"{papers} {what.get(relation.slot, 'contradict each other')}"
    return f"{text}; {relation.resolved}." if relation.resolved else f"{text}, and nothing in them decides which is right."


def checked(w: Witness) -> str:
    """How many claims an image could check, and what came of it."""
    checks = [w.check(name) for name in w.listing.checks]
    if not checks:
        return ""
    never = sum(check.verdict == "not observable from orbit" for check in checks)
    absent = sum(check.verdict == "not observable with these Scenes" for check in checks)
    borne, against = (sum(check.verdict == verdict for check in checks) for verdict in ("borne out", "contradicted"))
    seen = f"{words.count(borne) if borne else 'none'} {'are' if borne > 1 else 'is'} borne out"
    denied = f"{words.count(against) if against else 'none'} contradicted"
    return (
        f"Of {_many(len(checks), 'claim')}, {words.count(never)} could not be checked by any image from orbit and {words.count(absent)} "
        f"not with the Scenes held; {seen} and {denied} by them."
    )


def judgement(w: Witness, number: int) -> str:
    """One judgement, as the assessment words it."""
    return w.judgement(number).text


def confidence(w: Witness, number: int) -> str:
    """How good its grounds are, in a sentence of its own."""
    told = w.judgement(number)
    because = told.because.rstrip(".")
    return f"Confidence in this is {told.confidence}: {because[:1].lower()}{because[1:]}."


def _many(number: int, word: str) -> str:
    return f"{words.count(number)} {word}{'' if number == 1 else 's'}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
