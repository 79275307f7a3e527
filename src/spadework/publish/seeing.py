"""Sentences about what could have been seen, what is not known, and what pixels of this size cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.publish import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.publish.evidence import Witness
    from spadework.records import NullStatement, Sensitivity

FAMILY: Final = {"soil": "ground that turns to bare soil or away from it", "grey": "ground that only gets lighter or darker"}
"""How a family of planted changes is printed."""
USUAL: Final = (0.05, 0.10, 0.15, 0.03, 0.02)
"""Contrasts that the leading statement on sensitivity is made for, the first that reaches its probability."""
FIRM: Final = 0.8
"""Lower end of its interval, where there is a choice."""
CLEAR_LOOK: Final = 0.5
"""Share of the Site that makes a look a clear one, as in the table of seasons."""
SUSPECT: Final = 0.01
"""Share of the Site under a suspect mask that is worth a warning."""
OPENING_M: Final = 4.6
"""The opening that the founding article measured, as an example of what a pixel hides."""


# ---------------------------------------------------------------- sensitivity
def leading(told: Sensitivity) -> NullStatement | None:
    """The statement to tell first; None where no size and contrast tried reached .9.

    Of the first usual contrast for which it is reached through the first half of the watched period (else: at all), the
    smallest area whose interval lies above .8; where none does, the one whose interval begins highest.
    """
    sure = [s for s in told.statements if s.wanted == words.SURE and s.before is not None]
    for least in (told.middle, told.start):
        for contrast in USUAL:
            if like := [s for s in sure if s.contrast == contrast and s.before and s.before >= least]:
                firm = [s for s in like if s.chance.low >= FIRM]
                return min(firm, key=lambda s: s.area_m2) if firm else max(like, key=lambda s: s.chance.low)
    return None


def interval(statement: NullStatement) -> str:
    """A probability with its interval: .90 [.85, .94]."""
    at = statement.chance
    return f"{words.probability(at.probability)} [{words.probability(at.low)}, {words.probability(at.high)}]"


def detectable(w: Witness) -> str:
    """What could have been seen here; asks for the looks at both ends of the onsets that it holds for."""
    if not w.listing.sensitivity:
        return detectable_text(None)
    told = w.sensitivity
    best = leading(told)
    if best and best.before:
        watched = [look for look in w.all_looks() if told.start <= look.day <= best.before and look.used]
        if not watched:
            return ""
    return detectable_text(told)


def detectable_text(told: Sensitivity | None) -> str:
    """The same without its looks."""
    if told is None:
        return "How small or faint a change would have been missed has not been measured yet."
    if told.reason:
        return f"How small or faint a change would have been missed could not be measured: {told.reason}."
    best = leading(told)
    if best is None or best.before is None:
        return (
            f"No size and contrast tried ({_tried(told)}) reached a probability of {words.probability(words.SURE)} of being "
            "confirmed."
        )
    return (
        f"A disturbance of at least {words.plain_area(best.area_m2)} and at least {words.points(best.contrast)} that began before "
        f"{words.day(best.before)} would have been confirmed with probability {interval(best)}."
    )


def _tried(told: Sensitivity) -> str:
    sizes = [plant.pixels * told.pixel_m2 for plant in told.planted]
    contrasts = [plant.contrast for plant in told.planted]
    return (
        f"{words.plain_area(min(sizes))} to {words.plain_area(max(sizes))}, "
        f"{min(contrasts) * 100:.1f} to {max(contrasts) * 100:.0f} points"
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


def how_told(w: Witness) -> str:
    """How the leading statement is to be read."""
    told = w.sensitivity
    if not told.statements:
        return ""
    best = leading(told)
    harder = f" It is told for what is harder to see here: {FAMILY[best.chance.worse]}." if best else ""
    return (
        f"The brackets are a {words.share(told.level)} interval; 1 point is a change of reflectance by .01, averaged over the bands."
        f"{harder} What began later, or is smaller or fainter, may have been missed."
    )


def table_caption(w: Witness) -> str:
    """Above the table of contrasts by areas."""
    told = w.sensitivity
    return (
        "Disturbances of at least this area and contrast that began before this day would have been confirmed with a probability of "
        f"at least {words.probability(words.SURE)}; below each, that probability with its {words.share(told.level)} interval. Not "
        "reached: not even for a disturbance that began on the first watched day. Told for the harder kind of change, on the ground "
        f"that was assessed and shows no event, up to {words.plain_area(told.ground_m2)}."
    )


# ---------------------------------------------------------------- the null finding and the gaps
def null(w: Witness) -> str:
    """The null finding with its sensitivity; nothing where a change was confirmed."""
    if any(words.kind(w.event(name)) == "confirmed" for name in w.listing.events):
        return ""
    period = w.site.period
    span = f"between {words.day(period.start)} and {words.day(period.end)}"
    clear = [k for k in w.all_looks() if period.start <= k.day <= period.end and k.clear >= CLEAR_LOOK]
    if not clear:
        return f"No look {span} saw at least half of the site clear, so little or nothing can be said of that time. {detectable(w)}"
    looks = "1 clear look" if len(clear) == 1 else f"{len(clear)} clear looks"
    least = words.plain_area(w.site.min_pixels * w.grid.pixel_m**2)
    return (
        f"In {looks} {span}, over up to {words.plain_area(w.seen.assessed_m2)} of ground, no lasting change of at least {least} was "
        f"confirmed. This is not proof that nothing happened. {detectable(w)}"
    )


def assessed(w: Witness) -> str:
    """How much ground could be watched."""
    area, rest = words.plain_area(w.seen.assessed_m2), w.seen.not_assessed_m2
    if rest > 0:
        return f"Up to {area} of ground was assessed; up to {words.plain_area(rest)} could not be."
    return f"All of the ground that was asked for was assessed, up to {area}."


def gap(w: Witness) -> str:
    """The longest time without a clear look."""
    if w.seen.longest_gap is None:
        return "No gap between clear looks was computed."
    first, last = w.seen.longest_gap
    return (
        f"The longest gap without a clear look in the watched period ran from {words.day(first)} to {words.day(last)}, "
        f"{(last - first).days} days."
    )


def lost(w: Witness) -> str:
    """Looks that could not be used."""
    return (
        f"In {words.share(w.seen.looks_lost)} of the looks under {words.share(w.site.clear.min_share)} of the site was clear, for cloud, "
        "snow or missing data; they were not used."
    )


def suspect(w: Witness) -> str:
    """A warning where bright ground may be taken for cloud."""
    if w.seen.mask_suspect < SUSPECT:
        return ""
    return (
        f"{words.share(w.seen.mask_suspect)} of the site was called cloud in over nine of ten looks that cover it. Bright ground "
        "(sand, gypsum, roofs, fresh spoil) is often mistaken for cloud; changes there may have been missed."
    )


# ---------------------------------------------------------------- unknowns and limits
def missed(w: Witness) -> str:
    """What else may have been missed, where an image was read at all."""
    if not (w.listing.looks or w.listing.scenes):
        return ""
    if w.listing.sensitivity and not w.sensitivity.reason:
        return "Whether a smaller or fainter change than the sensitivity measured here, or a later one, was missed."
    return detectable(w)


def unjudged(w: Witness) -> str:
    """Said of an image's changes where none has a probability."""
    if not (w.listing.looks or w.listing.scenes) or any(w.event(name).p_real is not None for name in w.listing.events):
        return ""
    return "How often a listed change is a false alarm here: no probability has been computed."


def unseen_time(w: Witness) -> str:
    """What the longest gap hides."""
    if w.seen.longest_gap is None:
        return ""
    first, last = w.seen.longest_gap
    return f"What happened between {words.day(first)} and {words.day(last)}: {(last - first).days} days without a clear look."


def unseen_ground(w: Witness) -> str:
    """Ground that could not be assessed."""
    rest = w.seen.not_assessed_m2
    return f"What happened on up to {words.plain_area(rest)} of ground that could not be assessed." if rest > 0 else ""


def unbounded(w: Witness) -> str:
    """Events whose beginning no look bounds."""
    events = [w.event(name) for name in w.listing.events]
    names = [event.id for event in events if event.onset_latest and event.onset_earliest is None]
    return f"When {', '.join(names)} began: no earlier clear look bounds the start." if names else ""


def pixel(w: Witness) -> str:
    """What one pixel hides."""
    wide = f"{w.grid.pixel_m:g} m"
    return f"One pixel is {wide} wide. Nothing under about {wide} across shows as itself; it only tints a pixel."


def smallest(w: Witness) -> str:
    """The smallest event that is listed."""
    number = w.site.min_pixels
    return f"No change of under {number} pixels (less than {words.plain_area(number * w.grid.pixel_m**2)}) is listed."


def opening(w: Witness) -> str:
    """A tunnel mouth, as the example; to recognise a thing takes three to five pixels across it (Hall 1997)."""
    if w.grid.pixel_m * 3 <= OPENING_M:
        return ""
    return (
        f"An opening of up to {OPENING_M} m across: NOT OBSERVABLE in the looks. To recognise one takes three to five pixels "
        f"across it, so pixels of {OPENING_M / 5:.1f} to {OPENING_M / 3:.1f} m."
    )


def machines(w: Witness) -> str:
    """The ceiling on machines (rules of evidence, 5)."""
    size = w.grid.pixel_m
    if size > 3:  # noqa: PLR2004 - metres, from the ceiling
        return (
            f"Vehicles and machines: NOT OBSERVABLE in pixels of {size:g} m. No statement about them is made from these; pixels of at "
            "most 3 m would be needed."
        )
    return f"Vehicles and machines: no detector has been run on these pixels of {size:g} m, so no statement about them is made."


UNKNOWNS: Final[tuple[Callable[[Witness], str], ...]] = (missed, unjudged, unseen_time, unseen_ground, unbounded)
"""Of the required section, after the cause and the purpose of every change."""
LIMITS: Final[tuple[Callable[[Witness], str], ...]] = (pixel, smallest, opening, machines)
"""Of what this imagery cannot show, before what no imagery shows."""
