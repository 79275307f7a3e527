"""Dates, areas, places and sentences in plain English, each sentence with the ids of its evidence.

The law of this room: an onset is an interval bounded by named looks, a number is rounded to its uncertainty, and a
coordinate is never printed finer than the site's publication gate.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import shapely

from spadework.cube import METHODS, PAIRWISE, SEASON_FREE
from spadework.grid import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spadework.records import Bound, Event, Findings, Look, NullStatement, PhaseStep, Sensitivity, Site

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
METRES_PER_DEGREE: Final = 111_320.0
"""Of latitude, near enough for rounding (WGS 84: 110,574 to 111,694 m)."""
HECTARE: Final = 10_000.0
STATUS: Final = {
    "confirmed": "confirmed",
    "anomaly": "not yet confirmed",
    "recovered": "went back to normal",
    "rejected": "rejected by an analyst",
}
"""How a status is printed."""
FAMILY: Final = {"soil": "a change towards or away from bare soil", "grey": "the same step in every band"}
"""How a family of planted changes is printed."""
SHORT_HISTORY: Final = {
    METHODS[
        SEASON_FREE
    ]: "The history is too short to know a season here: looks were compared with its mean, and a turn of the season could "
    "look like this.",
    METHODS[PAIRWISE]: "The history holds under six clear looks here: each look was compared with the one nearest in season.",
}
"""What is said of an event by the method its history carried."""
USUAL: Final = (0.05, 0.10, 0.15, 0.03, 0.02)
"""Contrasts that the leading statement on sensitivity is made for, the first that reaches its probability."""
SURE: Final = 0.9
"""Probability that it is made for."""
FIRM: Final = 0.8
"""Lower end of its interval, where there is a choice."""

_YEAR: Final = re.compile(r"^(.*\S)\s+((?:19|20)\d\d)$")
"""A credit that ends in a year."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A statement and what it rests on."""

    text: str
    events: tuple[str, ...] = ()
    """Ids of events."""
    looks: tuple[str, ...] = ()
    """Ids of looks."""


def clean(text: str) -> str:
    """Text from outside on one line, without control or direction-changing characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def day(date: dt.date) -> str:
    """A day as printed: 12 May 2020."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def platform(name: str) -> str:
    """A platform as printed: sentinel-2a becomes Sentinel-2A."""
    if name == "unknown" or not name.islower():
        return "unknown platform" if name == "unknown" else clean(name)
    return "-".join(part.upper() if part[:1].isdigit() else part.capitalize() for part in clean(name).split("-"))


def share(value: float) -> str:
    """A share 0..1 in per cent; what is not quite all or nothing is never printed as all or nothing."""
    if 0 < value < 0.01:  # noqa: PLR2004 - one per cent is the printed unit
        return "under 1 %"
    return f"{min(math.floor(value * 100 + 0.5), 99) if value < 1 else 100} %"


def probability(value: float) -> str:
    """A probability as printed: .93; what is not certain is never printed as certain."""
    if value > 0.99:  # noqa: PLR2004 - the last printed place
        return "over .99"
    return "under .01" if value < 0.01 else f"{value:.2f}".lstrip("0")  # noqa: PLR2004 - the same


def points(contrast: float) -> str:
    """A contrast in points of reflectance: .05 is 5 points."""
    return f"{contrast * 100:g} {'point' if math.isclose(contrast, 0.01) else 'points'}"


def span(step: float) -> str:
    """A length in round words: 500 m, 5 km."""
    return f"{step / 1000:g} km" if step >= 1000 else f"{step:g} m"  # noqa: PLR2004 - metres in a kilometre


# ---------------------------------------------------------------- numbers and their uncertainty
def _step(low: float, high: float) -> float:
    """The unit of rounding: one significant digit of the half-width, two where it starts with 1."""
    half = max((high - low) / 2, 1e-9)
    power = 10.0 ** math.floor(math.log10(half))
    return power / 10 if half / power < 2 else power  # noqa: PLR2004 - "starts with 1"


def area(value: float, low: float, high: float) -> str:
    """An area with its interval, rounded to its uncertainty: "about 1.2 ha (0.9 to 1.5 ha)".

    Args:
        value: m2.
        low: lower end, m2.
        high: upper end, m2.

    """
    unit, scale, finest = ("ha", HECTARE, 0.01) if max(value, high) >= HECTARE else ("m²", 1.0, 1.0)
    step = max(_step(low / scale, high / scale), finest)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    one, two, three = (f"{round(v / scale / step) * step:,.{places}f}" for v in (value, low, high))
    return f"about {one} {unit} ({two} to {three} {unit})"


def plain_area(value: float) -> str:
    """An area without an interval (a sum of pixels), three significant digits at most."""
    if value >= 1e6:  # noqa: PLR2004 - m2 in a km2
        return f"{value / 1e6:.3g} km²" if value < 1e9 else f"{value / 1e6:,.0f} km²"  # noqa: PLR2004 - a thousand km2
    return f"{value / HECTARE:.3g} ha" if value >= HECTARE else f"{value:,.0f} m²"


# ---------------------------------------------------------------- places
def degree_step(metres: float) -> float:
    """Smallest of 1, 2, 5 x 10^n degrees that is at least so many metres of latitude."""
    want = metres / METRES_PER_DEGREE
    power = 10.0 ** math.floor(math.log10(want))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= want * (1 - 1e-9))


def place(longitude: float, latitude: float, gate_m: float) -> str:
    """Coordinates rounded to the publication gate, latitude first.

    Args:
        longitude: degrees.
        latitude: degrees.
        gate_m: metres; 0 = exact, printed to 5 decimals (1 m).

    """
    if gate_m <= 0:
        return f"{abs(latitude):.5f}° {'N' if latitude >= 0 else 'S'}, {abs(longitude):.5f}° {'E' if longitude >= 0 else 'W'}"
    north = _coarse(latitude, degree_step(gate_m), "NS")
    shrink = max(math.cos(math.radians(latitude)), 0.05)
    return f"near {north}, {_coarse(longitude, degree_step(gate_m / shrink), 'EW')} (rounded to {span(gate_m)} or coarser)"


def _coarse(value: float, step: float, letters: str) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    value = round(value / step) * step
    return f"{abs(value):.{places}f}° {letters[0] if value >= 0 else letters[1]}"


def site_place(site: Site) -> str:
    """Centre of the area of interest, rounded to the gate."""
    centre = shapely.centroid(shape_of(site.aoi))
    return place(centre.x, centre.y, site.publish.coordinates_m)


# ---------------------------------------------------------------- sentences about events
def look_name(look: Look) -> str:
    """A look as printed: 12 May 2020 (Sentinel-2A look, 09:21 UTC); what is not known is left out.

    Midnight to the second is how catalogues write a day whose time they do not know.
    """
    sensor = [] if look.platform == "unknown" else [f"{platform(look.platform)} look"]
    clock = [] if look.datetime.time() == dt.time() else [f"{look.datetime:%H:%M} UTC"]
    return f"{day(look.day)} ({', '.join([*sensor, *clock])})" if sensor or clock else day(look.day)


def credits_of(looks: Iterable[Look]) -> list[str]:
    """Credit and licence lines of some looks; credits that differ by their year only become one line."""
    years: dict[tuple[str, str], set[int]] = {}
    for look in looks:
        dated = _YEAR.match(look.credit)
        text = dated[1] if dated else look.credit
        years.setdefault((clean(text), clean(look.licence)), set()).update([int(dated[2])] if dated else [])
    return [
        f"Credit: {' '.join([text, _runs(seen)]).strip()} · Licence: {licence}"
        for (text, licence), seen in sorted(years.items())
    ]


def _runs(years: set[int]) -> str:
    """Years in words: 2015-2018, 2020."""
    starts = sorted(year for year in years if year - 1 not in years)
    ends = sorted(year for year in years if year + 1 not in years)
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def _at(bound: Bound, looks: dict[str, Look]) -> str:
    if bound.look in looks:
        return look_name(looks[bound.look])
    return f"{day(bound.datetime.date())} (look {clean(bound.look)}, {bound.datetime:%H:%M} UTC)"


def onset(event: Event, looks: dict[str, Look]) -> str:
    """When an event began, as an interval between named looks."""
    early, late = event.onset_earliest, event.onset_latest
    if late is None:
        return "at a time that was not measured"
    if early is None:
        return f"at an unknown time before {_at(late, looks)}, the first look that shows it"
    return f"between {_at(early, looks)} and {_at(late, looks)}"


def evidence(event: Event) -> tuple[str, ...]:
    """Looks that bound an event."""
    return tuple(bound.look for bound in (event.onset_earliest, event.onset_latest) if bound)


def finding(event: Event, findings: Findings) -> Sentence:
    """The one sentence that says what was seen."""
    looks = {look.id: look for look in findings.looks}
    size, when = area(event.area_m2, event.area_low_m2, event.area_high_m2), onset(event, looks)
    if event.onset_latest is None:
        text = f"An analyst outlined {size} by hand; when it began was not measured."
    elif event.status == "anomaly":
        text = f"Ground began to look unlike its past {when}, over {size}; later looks have not yet confirmed it."
    elif event.status == "recovered" or event.recovered:
        text = f"Ground changed {when}, over {size}, and later looked like its past again."
    else:
        text = f"Ground changed {when}, over {size}."
    return Sentence(text, (event.id,), evidence(event))


def marked(event: Event) -> str:
    """What an analyst decided, and why; empty where none did."""
    if event.mark is None:
        return ""
    verb = {"accept": "accepted", "reject": "rejected", "add": "added"}[event.mark.action]
    note = f" ({event.mark.note})" if event.mark.note else ""
    return f"{event.mark.operator} {verb} it: {event.mark.reason}{note}"


def phase(step: PhaseStep, event: Event, findings: Findings) -> Sentence:
    """One step of an event's history, between two looks."""
    by_time = {look.datetime: look for look in findings.looks}
    since = by_time.get(step.since) if step.since else None
    until = by_time.get(step.until)
    ends = tuple(_instant(t, by_time.get(t)) for t in (step.since, step.until) if t is not None)
    when = f"between {ends[0]} and {ends[1]}" if step.since else f"at an unknown time before {ends[0]}"
    size = _area_at(event, step)
    if step.phase == "grew":
        base = area(
            step.from_m2, step.from_m2 - (event.area_m2 - event.area_low_m2), step.from_m2 + event.area_high_m2 - event.area_m2
        )
        text = f"Grew from {base.split(' (', maxsplit=1)[0]} to {size} {when}."
    elif step.phase == "started":
        text = f"Started {when}; the first look that shows it has {size}."
    else:
        text = f"{step.phase.capitalize()} at {size}: no further growth seen {when}."
    return Sentence(text, (event.id,), tuple(look.id for look in (since, until) if look))


def _instant(instant: dt.datetime, look: Look | None) -> str:
    return look_name(look) if look else f"{day(instant.date())} ({instant:%H:%M} UTC)"


def _area_at(event: Event, step: PhaseStep) -> str:
    """Area at the end of a step: with the interval of its own look, else with the event's."""
    for row in event.series:
        if (
            row.datetime == step.until
            and row.area_m2 is not None
            and row.area_low_m2 is not None
            and row.area_high_m2 is not None
        ):
            return area(row.area_m2, row.area_low_m2, row.area_high_m2)
    low, high = event.area_m2 - event.area_low_m2, event.area_high_m2 - event.area_m2
    return area(step.to_m2, max(step.to_m2 - low, 0.0), step.to_m2 + high)


def headline(findings: Findings) -> str:
    """What the whole report says, in one line."""
    count = {status: sum(e.status == status for e in findings.events) for status in STATUS}
    period = f"between {day(findings.site.period.start)} and {day(findings.site.period.end)}"
    if not count["confirmed"]:
        first = f"No lasting change was confirmed {period}"
    else:
        number = count["confirmed"]
        many = NUMBERS[number] if number < len(NUMBERS) else str(number)
        first = f"{many} confirmed {'change' if number == 1 else 'changes'} of the ground {period}"
    rest = [f"{count[status]} {STATUS[status]}" for status in ("anomaly", "recovered", "rejected") if count[status]]
    return "; ".join([first, *rest]) + "."


def chance(event: Event, findings: Findings) -> str:
    """How likely an event is real, with the base rate that this supposes; empty where it was not computed."""
    if event.p_real is None:
        return ""
    rate = event.base_rate or findings.site.base_rate
    return (
        f"Probability that this is a real lasting change: {probability(event.p_real)}, "
        f"if such events occur {rate:g} times per km² and year here."
    )


def short_history(event: Event) -> str:
    """What a short history means for an event; empty where its season was known."""
    return SHORT_HISTORY.get(event.method or "", "")


# ---------------------------------------------------------------- sentences about what could have been seen
def leading(told: Sensitivity) -> NullStatement | None:
    """The statement to tell first; None where no size and contrast tried reached .9.

    Of the first usual contrast for which it is reached through the first half of the watched period (else: at all), the
    smallest area whose interval lies above .8; where none does, the one whose interval begins highest.
    """
    sure = [s for s in told.statements if s.wanted == SURE and s.before is not None]
    for least in (told.middle, told.start):
        for contrast in USUAL:
            if like := [s for s in sure if s.contrast == contrast and s.before and s.before >= least]:
                firm = [s for s in like if s.chance.low >= FIRM]
                return min(firm, key=lambda s: s.area_m2) if firm else max(like, key=lambda s: s.chance.low)
    return None


def interval(statement: NullStatement) -> str:
    """A probability with its interval: .90 [.85, .94]."""
    at = statement.chance
    return f"{probability(at.probability)} [{probability(at.low)}, {probability(at.high)}]"


def detectable(findings: Findings) -> Sentence:
    """What could have been seen here; cites the looks at both ends of the onsets that it holds for."""
    told = findings.sensitivity
    if told is None or not told.statements:
        return Sentence(detectable_text(told))
    best = leading(told)
    last = best.before if best and best.before else told.end
    looks = [look.id for look in findings.looks if told.start <= look.day <= last and look.used]
    return Sentence(detectable_text(told), (), tuple(dict.fromkeys((*looks[:1], *looks[-1:]))))


def detectable_text(told: Sensitivity | None) -> str:
    """The same without its evidence."""
    if told is None:
        return "How small or faint a change would have been missed has not been measured yet."
    if told.reason:
        return f"How small or faint a change would have been missed could not be measured: {told.reason}."
    best = leading(told)
    if best is None or best.before is None:
        return f"No size and contrast tried ({_tried(told)}) reached a probability of {probability(SURE)} of being confirmed."
    return (
        f"A disturbance of at least {plain_area(best.area_m2)} and at least {points(best.contrast)} that began before "
        f"{day(best.before)} would have been confirmed with probability {interval(best)}."
    )


def _tried(told: Sensitivity) -> str:
    sizes = [plant.pixels * told.pixel_m2 for plant in told.planted]
    contrasts = [plant.contrast for plant in told.planted]
    return (
        f"{plain_area(min(sizes))} to {plain_area(max(sizes))}, {min(contrasts) * 100:.1f} to {max(contrasts) * 100:.0f} points"
    )


def planting(told: Sensitivity) -> str:
    """What was planted, and how many of it were confirmed."""
    if not told.planted:
        return "No change could be planted into this site's looks."
    found = sum(plant.found for plant in told.planted)
    text = (
        f"{len(told.planted)} changes ({_tried(told)}) were planted into this site's own looks, where it shows no event by itself, on "
        f"days all over the watched period, and went through the same masks, monitoring and smallest event; {found} were confirmed."
    )
    if len(told.planted) < told.wanted:
        text += f" {told.wanted} were wanted; the site holds no more in {told.rounds} runs, so the intervals are wider."
    return text
