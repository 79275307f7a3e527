"""Sentences about Events: what changed, when, how it went on, how likely it is real, what an analyst decided.

The law of this room: a sentence reads records through its Witness and nothing else; an onset is an interval between named
looks; a likelihood is a word of one scale with its interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.cube import METHODS, PAIRWISE, SEASON_FREE
from spadework.publish import words
from spadework.records.likelihood import term_of

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
    "stopped": "No further growth has been seen.",
}
"""How the last word of a history is printed."""
DECIDED: Final = {"accept": "accepted", "reject": "rejected", "add": "added"}
"""What an analyst did, as printed."""


def headline(w: Witness) -> str:
    """What the whole report says, in one line."""
    statuses = [str(w.event(name).status) for name in w.listing.events]
    count = {status: statuses.count(status) for status in words.STATUS}
    period = f"between {words.day(w.site.period.start)} and {words.day(w.site.period.end)}"
    if number := count["confirmed"]:
        many = words.NUMBERS[number] if number < len(words.NUMBERS) else str(number)
        first = f"{many} confirmed {'change' if number == 1 else 'changes'} of the ground {period}"
    else:
        first = f"No lasting change was confirmed {period}"
    rest = [f"{count[status]} {words.STATUS[status]}" for status in ("anomaly", "recovered", "rejected") if count[status]]
    return "; ".join([first, *rest]) + "."


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
    """The last word of an event's history; nothing of a rejected one, or of one that is gone again."""
    event = w.event(name)
    return LATEST[event.phase] if event.phase and event.status in ("confirmed", "anomaly") else ""


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
