"""Two versions of the findings compared in words, and the sentences on who stands behind a product.

A later run never rewrites an earlier judgement: it stands in the dossier's history, and what became of it is told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shapely

from spadework.grid import shape_of
from spadework.publish import changes, said, scenes, seeing, words
from spadework.publish.lint import sentences_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from spadework.publish.evidence import Witness
    from spadework.records import Assessment, Claim, ClaimLedger, Event, Findings, Judgement, Lineage, Look

SAME: Final = 0.5
"""Two outlines are of the same event from this intersection over union on, as for an analyst's marks; two judgements are of the same
thing from this share of words in common on."""
WAS: Final = {
    "confirmed": "was confirmed",
    "anomaly": "was not yet confirmed",
    "recovered": "had gone back to normal",
    "rejected": "was rejected by an analyst",
}
"""A status of the earlier version."""
IS: Final = {
    "confirmed": "is now confirmed",
    "anomaly": "is not confirmed now",
    "recovered": "has gone back to normal",
    "rejected": "is now rejected by an analyst",
}
"""A status of the later version."""
DECIDED: Final = {"accepted": "accepted", "edited": "corrected by an analyst", "rejected": "rejected"}
"""What was done to a claim that is now in a state."""
NAMED: Final = 5
"""Claims named in a sentence; more are counted only."""
MANY: Final = 12
"""Changes told one by one in a log; the rest is counted."""


def difference(before: Findings, after: Findings) -> tuple[str, ...]:
    """What became of each judgement from one version to the next, a sentence each; empty = the same."""
    return tuple(_differences(before, after))


def _differences(before: Findings, after: Findings) -> Iterator[str]:
    """Judgements before events: of these there may be many, and a log that is cut short must not lose what they come to."""
    if before.site.period != after.site.period:
        old, new = before.site.period, after.site.period
        yield (
            f"The question went from {words.day(old.start)} to {words.day(old.end)} before, to {words.day(new.start)} to "
            f"{words.day(new.end)} now."
        )
    yield from _exchanged("look", *({look.id for look in told.looks} for told in (before, after)))
    yield from _said(before.said, after.said)
    yield from _judged(before.assessment, after.assessment)
    yield from _events(before, after)
    yield from _close(before, after)
    one, two = (seeing.detectable_text(told.sensitivity) for told in (before, after))
    if one != two:
        yield f"Of what could have been seen we said: {one} Now: {two}"


def _exchanged(thing: str, old: AbstractSet[str], new: AbstractSet[str]) -> Iterator[str]:
    """How many were added, and how many taken out."""
    for verb, more in (("added", new - old), ("taken out", old - new)):
        if more:
            yield f"{_were(len(more), thing)} {verb}."


def _were(number: int, thing: str) -> str:
    return f"{number} {thing} was" if number == 1 else f"{number} {thing}s were"


# ---------------------------------------------------------------- what was said, and what is judged of it
def _said(before: ClaimLedger, after: ClaimLedger) -> Iterator[str]:
    """What became of documents, claims and origins."""
    yield from _exchanged("document", *({source.id for source in told.sources} for told in (before, after)))
    old, new = ({claim.id: claim for claim in told.claims} for told in (before, after))
    for verb, names in _fates(old, new).items():
        if names:
            which = f": {', '.join(names)}" if len(names) <= NAMED else ""
            yield f"{_were(len(names), 'claim')} {verb}{which}."
    if before.lineage and after.lineage:
        yield from _origins(before, after, before.lineage, after.lineage)


def _fates(old: Mapping[str, Claim], new: Mapping[str, Claim]) -> dict[str, list[str]]:
    """Ids of claims by what was done to them, in the order of the documents."""
    kept = [(old[name], claim) for name, claim in new.items() if name in old]
    decided = {
        verb: [name for name, claim in new.items() if claim.state == state and _anew(old.get(name), claim)]
        for state, verb in DECIDED.items()
    }
    return {
        "taken in": [name for name in new if name not in old],
        **decided,
        "read in another way": [now.id for was, now in kept if was.state == now.state != "edited" and was != now],
        "taken out": [name for name in old if name not in new],
    }


def _anew(was: Claim | None, now: Claim) -> bool:
    """Whether an analyst's word on a claim is another than it was; a claim can be corrected more than once."""
    return was is None or was.state != now.state or (now.state == "edited" and was != now)


def _origins(before: ClaimLedger, after: ClaimLedger, old: Lineage, new: Lineage) -> Iterator[str]:
    """Who first said it: how many, whether they count as independent, and an analyst's letters for them."""
    one, two = said.counted(old), said.counted(new)
    if one != two:
        yield f"Of who first said it we said: {one}. Now: {two}."
    else:
        yield from _exchanged("origin", *({origin.name for origin in told.origins if origin.counts} for told in (old, new)))
    was, now = (_letters(told, lineage) for told, lineage in ((before, old), (after, new)))
    for origin in new.origins:
        if origin.name in was.keys() & now.keys() and was[origin.name] != now[origin.name]:
            yield f"The grade of origin {origin.id} was {was[origin.name]} and is now {now[origin.name]}."


def _letters(told: ClaimLedger, lineage: Lineage) -> dict[str, str]:
    """Letter by the name of the origin: its id tells its place among others only."""
    names = {origin.id: origin.name for origin in lineage.origins}
    return {names[grade.origin]: grade.letter for grade in told.grades if grade.origin in names}


def _judged(before: Assessment | None, after: Assessment | None) -> Iterator[str]:
    """What became of the ranking of explanations, and of each judgement."""
    if before is None or after is None:
        for lead, told in (("No longer judged", before), ("Newly judged", after)):
            yield from (f"{lead}: {statement}" for statement in _by_statement(told.judgements if told else ()))
        return
    if before.question != after.question:
        yield "The question that is judged is worded in another way."
    yield from _reworded(before.judgements[-1:], after.judgements[-1:])
    yield from _ranked(before, after)
    old, new = (_by_statement(told.judgements[:-1]) for told in (before, after))
    gone = {statement: same for statement, same in old.items() if statement not in new}
    for statement, same in new.items():
        known = statement if statement in old else _counterpart(same[0], gone)
        if known is None:
            yield f"Newly judged: {statement}"
        else:
            gone.pop(known, None)
            yield from _reworded(old[known], same)
    yield from (f"No longer judged: {statement}" for statement in gone)


def _ranked(before: Assessment, after: Assessment) -> Iterator[str]:
    """Explanations by their ids: what they say of a purpose stands in the table of explanations only."""
    if before.feature != after.feature:
        yield f"The explanations weighed were those of {before.feature} and are now those of {after.feature}."
        return
    was, now = ({ranked.hypothesis: ranked.rank for ranked in told.ranking} for told in (before, after))
    moved = [f"{name} from {was[name]} to {now[name]}" for name in sorted(was.keys() & now.keys()) if was[name] != now[name]]
    if moved:
        yield f"Of the {len(now)} explanations, {words.count(len(moved))} changed rank: {', '.join(moved)}."


def _by_statement(judgements: tuple[Judgement, ...]) -> dict[str, tuple[Judgement, ...]]:
    """Judgements by their first sentence, which is what they state; the later ones are its reasons."""
    out: dict[str, tuple[Judgement, ...]] = {}
    for judgement in judgements:
        statement = sentences_of(judgement.text)[0]
        out[statement] = (*out.get(statement, ()), judgement)
    return out


def _counterpart(now: Judgement, others: Mapping[str, tuple[Judgement, ...]]) -> str | None:
    """The statement on the same thing among those that are no longer made in these words."""
    best = max(others, key=lambda statement: _alike(others[statement][0], now), default=None)
    return best if best is not None and _alike(others[best][0], now) >= SAME else None


def _alike(one: Judgement, other: Judgement) -> float:
    """Share of words in common, 0..1; 0 where no record is."""
    if not set(one.records) & set(other.records):
        return 0.0
    a, b = (set(sentences_of(told.text)[0].split()) for told in (one, other))
    return 2 * len(a & b) / (len(a) + len(b))


def _reworded(old: tuple[Judgement, ...], new: tuple[Judgement, ...]) -> Iterator[str]:
    """What became of a statement and its reasons; its confidence is told in a sentence of its own."""
    (was, *_), (now, *_) = (sentences_of(told[0].text) for told in (old, new))
    before, after = ([text for judgement in told for text in sentences_of(judgement.text)[1:]] for told in (old, new))
    parts = [f"We judged: {was} Now: {now}" if was != now else f"We judge as before: {now}"]
    for lead, reasons, others in (("No longer said of it", before, after), ("Now said of it", after, before)):
        if more := [text for text in dict.fromkeys(reasons) if text not in others]:
            parts.append(f"{lead}: {' '.join(more)}")
    if old[0].confidence != new[0].confidence:
        parts.append(f"Confidence in this was {old[0].confidence} and is now {new[0].confidence}.")
    if was != now or len(parts) > 1:
        yield " ".join(parts)


# ---------------------------------------------------------------- what was seen
def _events(before: Findings, after: Findings) -> Iterator[str]:
    """What became of each event."""
    old_looks, new_looks = ({look.id: look for look in told.looks} for told in (before, after))
    pairs = _pairs(before.events, after.events)
    for event in before.events:
        if (later := pairs.get(event.id)) is None:
            yield f"{event.id} is no longer found; it {WAS[event.status]}, {changes.size(event)}."
        else:
            yield from _event(event, later, old_looks, new_looks)
    known = {event.id for event in pairs.values()}
    for event in after.events:
        if event.id not in known:
            yield f"{event.id} is new; it {IS[event.status]}, {changes.size(event)}, {_when(event, new_looks)}."


def _close(before: Findings, after: Findings) -> Iterator[str]:
    """What became of very-high-resolution Scenes, and of what was said of them."""
    old, new = ({scene.id: scene for scene in told.scenes} for told in (before, after))
    yield from _exchanged("very-high-resolution scene", old.keys(), new.keys())
    for scene in after.scenes:
        was, now = (scenes.counted([s for s in told.sightings if s.scene == scene.id]) for told in (before, after))
        if scene.id in old and was != now:
            yield f"Sighted in the scene of {words.scene_name(scene)}: {was or 'nothing'} before, {now or 'nothing'} now."
    yield from _measured(before, after)
    shares = {(pair.before, pair.after): pair.changed_fraction for pair in before.comparisons}
    for pair in after.comparisons:
        share = shares.get((pair.before, pair.after), pair.changed_fraction)
        one, two = ("not compared" if told is None else words.share(told) for told in (share, pair.changed_fraction))
        if one != two:
            ends = " and ".join(words.scene_name(new[name]) for name in (pair.before, pair.after))
            yield f"What looks different between {ends}: {one} before, {two} now."


def _measured(before: Findings, after: Findings) -> Iterator[str]:
    """What became of each Measurement."""
    old, new = ({result.id: result for result in told.measurements} for told in (before, after))
    for name, result in new.items():
        now = words.measured(result) or "not stated"
        if name not in old:
            yield f"{scenes.name_of(result)} is new: {now}."
        elif (was := words.measured(old[name]) or "not stated") != now:
            yield f"{scenes.name_of(result)}: {was} before, {now} now."
    for result in before.measurements:
        if result.id not in new:
            yield f"{scenes.name_of(result)} is no longer told; it was {words.measured(result) or 'not stated'}."


def _pairs(before: tuple[Event, ...], after: tuple[Event, ...]) -> dict[str, Event]:
    """Later event by the id of the earlier: the same id, else the best overlap of at least half."""
    by_id = {event.id: event for event in after}
    pairs = {event.id: by_id[event.id] for event in before if event.id in by_id}
    left = [event for event in after if event.id not in pairs]
    for event in before:
        if event.id in pairs or not event.geometry:
            continue
        best = max(left, key=lambda other: _overlap(event, other), default=None)
        if best is not None and _overlap(event, best) >= SAME:
            pairs[event.id] = best
            left.remove(best)
    return pairs


def _overlap(one: Event, other: Event) -> float:
    """Intersection over union, 0..1."""
    a, b = shape_of(one.geometry), shape_of(other.geometry)
    united = shapely.area(shapely.union(a, b))
    return float(shapely.area(shapely.intersection(a, b)) / united) if united > 0 else 0.0


def _event(old: Event, new: Event, old_looks: dict[str, Look], new_looks: dict[str, Look]) -> Iterator[str]:
    """What became of one event."""
    name = new.id if new.id == old.id else f"{new.id} (formerly {old.id})"
    if new.id != old.id:
        yield f"{old.id} is now called {new.id}."
    if old.status != new.status:
        yield f"{name} {WAS[old.status]} and {IS[new.status]}."
    was, now = _when(old, old_looks), _when(new, new_looks)
    if was != now:
        yield f"{name}: onset {_moved(old, new)} from {was.removeprefix('begun ')} to {now.removeprefix('begun ')}."
    if changes.size(old) != changes.size(new):
        yield f"{name}: area went from {changes.size(old)} to {changes.size(new)}."
    if old.p_real is not None and new.p_real is not None:
        one, two = changes.likelihood(old.p_real), changes.likelihood(new.p_real)
        if one != two:
            yield f"{name}: that it is a real lasting change was {one} and is now {two}."
    if new.mark is not None and new.mark != old.mark:
        yield f"{name}: {new.mark.operator} {changes.DECIDED[new.mark.action]} it: {new.mark.reason}"


def _when(event: Event, looks: dict[str, Look]) -> str:
    try:
        return f"begun {words.onset(event, looks)}"
    except KeyError:
        return "begun between looks that are not in the report"


def _moved(old: Event, new: Event) -> str:
    """Narrowed, widened or moved: what an onset interval did; an unbounded start counts as long ago."""
    ends = [
        (event.onset_earliest.datetime.timestamp() if event.onset_earliest else 0.0, event.onset_latest.datetime.timestamp())
        for event in (old, new)
        if event.onset_latest is not None
    ]
    if len(ends) != 2:  # noqa: PLR2004 - both ends of both
        return "changed"
    (a, b), (c, d) = ends
    if a <= c and d <= b:
        return "narrowed"
    return "widened" if c <= a and b <= d else "moved"


# ---------------------------------------------------------------- who stands behind it
def identity(w: Witness) -> str:
    """Name, version and date of the product."""
    product = w.product
    if product.id is None:
        return "This is a working copy: it has no product id and no version. An export gets both."
    made = f", of {words.day(product.made.date())} (UTC)" if product.made else ""
    return f"Product {product.id}, version {product.version}{made}; it holds version {product.judgement} of the findings."


def readers(w: Witness) -> str:
    """Whether a second reader signed off these very findings."""
    product = w.product
    now = [sign for sign in product.sign_offs if sign.judgement == product.judgement]
    if now:
        signs = "; ".join(
            f"{sign.reader} on {words.day(sign.time.date())}{f' ({sign.note})' if sign.note else ''}" for sign in now
        )
        return f"Second reader's sign-off: {signs}."
    if product.sign_offs:
        last = product.sign_offs[-1]
        return f"{last.reader} signed off version {last.judgement} of the findings, not this one: no second reader has seen it."
    return "No second reader has signed off these findings."


def passed(w: Witness) -> str:
    """What the gate did; nothing in a working copy."""
    gate = w.product.gate
    if gate is None:
        return ""
    if gate.coordinates_m <= 0:
        return f"Exact coordinates are published by choice. Reason given: {gate.reason}"
    wait = f"; the newest look had to be at least {gate.delay_days} days old" if gate.delay_days else ""
    return (
        f"This export went through the publication gate: coordinates are rounded to {words.span(gate.coordinates_m)} or coarser, outlines, "
        f"tiles, Scene ids, clock times, spectra and angles of view are left out, and hashes of images are salted commitments{wait}."
    )


def corrected(w: Witness, place: int) -> str:
    """One version of the corrections log, a change a line."""
    entry = w.product.corrections[place]
    told = entry.changes[:MANY] or ("The findings are the same.",)
    more = len(entry.changes) - MANY
    rest = (f"{more} more {'change' if more == 1 else 'changes'}.",) if more > 0 else ()
    lines = "\n".join((*told, *rest))
    return f"Version {entry.version}, {words.day(entry.day)}: {lines}"
