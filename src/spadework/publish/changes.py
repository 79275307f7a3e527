"""Sentences about Events: what changed, when, how it went on, how likely it is real, what an analyst decided.

The law of this room: a sentence reads records through its Witness and nothing else; an onset is an interval between named
looks; a likelihood is a word of one scale with its interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.cube import METHODS, PAIRWISE, SEASON_FREE
from spadework.publish import words
from spadework.records.likelihood import TERMS, term_of

if TYPE_CHECKING:
    from spadework.publish.evidence import Witness
    from spadework.records import Event, PhaseStep

SHORT_HISTORY: Final = {
    METHODS[
        SEASON_FREE
    ]: "The history is too short to know a season here: looks were compared with its mean, and a turn of the season could "
    "look like this.",
    METHODS[PAIRWISE]: "The history holds under six clear looks here: each look was compared with the one nearest in season.",
}
"""What is said of an event by the method its history carried."""
LATEST: Final = {
    "started": "Too little has been seen since to say whether it grows.",
    "grew": "It was still growing in the last look that saw it.",
    "paused": "It stopped growing for a time.",
    "stopped": "It has not grown since it was first seen.",
}
"""How the last word of a history is printed."""
DECIDED: Final = {"accept": "accepted", "reject": "rejected", "add": "added"}
"""What an analyst did, as printed."""


def headline(w: Witness) -> str:
    """What the whole report says, in one line."""
    events = [w.event(name) for name in w.listing.events]
    counts = {name: sum(words.kind(event) == name for event in events) for name in words.KIND}
    if not w.listing.looks and not w.listing.scenes:
        return "No image was read for this page: it weighs what documents say."
    start, end = w.site.period.start, w.site.period.end
    period = f"between {words.day(start)} and {words.day(end)}"
    if not events and not any(look.used and start <= look.day <= end for look in w.all_looks()):
        return f"Nothing can be said about the time {period}: no clear look saw the ground."
    first = f"No lasting change was confirmed {period}"
    if number := counts["confirmed"]:
        many = words.count(number)
        first = f"{many[:1].upper()}{many[1:]} confirmed {'change' if number == 1 else 'changes'} of the ground {period}"
        first += _how_likely([event for event in events if words.kind(event) == "confirmed"])
    rest = [f"{words.count(n)} {words.KIND[name]}" for name, n in counts.items() if n and name != "confirmed"]
    return "; ".join([first, *rest]) + "."


def _how_likely(events: list[Event]) -> str:
    """How many of them are how likely real, the likeliest first; nothing where that was not computed."""
    told = [term_of(event.p_real) for event in events if event.p_real is not None]
    if len(told) < len(events):
        return ""
    parts = [f"{n} {term.text}" for term in reversed(TERMS) if (n := told.count(term))]
    return f" (real and lasting: {', '.join(parts)})"


def largest(w: Witness) -> str:
    """Size and time of the largest confirmed change, and how many may be older than the question; nothing where there is none."""
    confirmed = [event for name in w.listing.events if words.kind(event := w.event(name)) == "confirmed" and event.onset_latest]
    if not confirmed:
        return ""
    biggest = max(confirmed, key=lambda event: (event.area_m2, event.id))
    text = f"The largest covers {size(biggest)} and began {words.onset(biggest, w)}."
    if len(confirmed) == 1:
        text = f"It covers {size(biggest)} and began {words.onset(biggest, w)}."
    start = w.site.period.start
    older = sum(event.onset_earliest is None or event.onset_earliest.datetime.date() < start for event in confirmed)
    return text + (f" {words.count(older).capitalize()} may have begun before {words.day(start)}." if older else "")


def size(event: Event) -> str:
    """Area of an event with its interval."""
    return words.area(event.area_m2, event.area_low_m2, event.area_high_m2)


def finding(w: Witness, name: str) -> str:
    """The one sentence that says what was seen."""
    event = w.event(name)
    if event.onset_latest is None:
        return f"An analyst outlined {size(event)} by hand; when it began was not measured."
    when = words.onset(event, w)
    if event.status == "anomaly":
        return f"Ground began to look unlike its past {when}, over {size(event)}; later looks have not yet confirmed it."
    if event.status == "recovered" or event.recovered:
        return f"Ground changed {when}, over {size(event)}, and later looked like its past again."
    return f"Ground changed {when}, over {size(event)}."


def latest(w: Witness, name: str) -> str:
    """How it went on; nothing of a rejected event, or of one that is gone again."""
    event = w.event(name)
    if event.phase is None or event.status not in ("confirmed", "anomaly"):
        return ""
    grew = [step for step in event.history if step.phase == "grew"]
    if event.phase == "stopped" and grew:
        return f"It grew until {words.day(w[grew[-1].until].day)}; no growth has been seen since."
    return LATEST[event.phase]


def chance(w: Witness, name: str) -> str:
    """How likely an event is real, with the base rate that this supposes; nothing where it was not computed."""
    event = w.event(name)
    if event.p_real is None:
        return ""
    rate = event.base_rate or w.site.base_rate
    supposed = f"that this is a real lasting change, if such events occur {rate:g} times per km² and year here."
    told = likelihood(event.p_real)
    if "chance" in told:
        return f"There is {'a ' if told.startswith('roughly') else ''}{told} {supposed}"
    return f"It is {told} {supposed}"


def likelihood(probability: float) -> str:
    """A probability as a term of ICD 203 with its interval: very likely (80 to 95 per cent, ICD 203)."""
    term = term_of(probability)
    if probability < term.low:
        return f"{term.text} (at most {term.high * 100:.0f} per cent, {term.scale})"
    if probability > term.high:
        return f"{term.text} (at least {term.low * 100:.0f} per cent, {term.scale})"
    return f"{term.text} ({term.interval}, {term.scale})"


def short_history(w: Witness, name: str) -> str:
    """What a short history means for an event; nothing where its season was known."""
    return SHORT_HISTORY.get(w.event(name).method or "", "")


def marked(w: Witness, name: str) -> str:
    """What an analyst decided, and why; nothing where none did."""
    mark = w.event(name).mark
    if mark is None:
        return ""
    note = f" ({mark.note})" if mark.note else ""
    return f"{mark.operator} {DECIDED[mark.action]} it: {mark.reason}{note}"


def phase(w: Witness, name: str, place: int) -> str:
    """One step of an event's history, between two looks."""
    event = w.event(name)
    step = event.history[place]
    until = words.look_name(w[step.until])
    when = f"between {words.look_name(w[step.since])} and {until}" if step.since else f"at an unknown time before {until}"
    if step.phase == "grew":
        return f"Grew from {_area_before(event, step)} to {_area_after(event, step)} {when}."
    if step.phase == "started":
        return f"Started {when}; the first look that shows it has {_area_after(event, step)}."
    return f"{step.phase.capitalize()} at {_area_after(event, step)}: no further growth seen {when}."


def _area_before(event: Event, step: PhaseStep) -> str:
    return _area_at(event, step.since, step.from_m2)


def _area_after(event: Event, step: PhaseStep) -> str:
    return _area_at(event, step.until, step.to_m2)


def _area_at(event: Event, look: str | None, area_m2: float) -> str:
    """Area in a look: with the interval of that look, else with the event's own, moved."""
    for row in event.series:
        if row.look == look and row.area_m2 is not None and row.area_low_m2 is not None and row.area_high_m2 is not None:
            return words.area(row.area_m2, row.area_low_m2, row.area_high_m2)
    low, high = event.area_m2 - event.area_low_m2, event.area_high_m2 - event.area_m2
    return words.area(area_m2, max(area_m2 - low, 0.0), area_m2 + high)
