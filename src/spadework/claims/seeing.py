"""Could it be seen, and was it? Each claim against what its thing needs, and against what the dossier holds."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims.amounts import meet
from spadework.claims.features import feature_of
from spadework.records import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spadework.records import Claim, ClaimTime, Event, Feature, Findings, NullStatement, Verdict

NEVER: Final = (
    (r"underground (?:length|depth)|length of (?:the|a) .*tunnel|(?:significantly|very|not) long|how long|how deep|depth|\bdeep\b", "what lies below ground"),
    (r"purpose|fit to|suited to|used (?:as|for|to)|intended|designed to|capable of|could hold|might be utili[sz]ed", "a purpose or a use"),
    (r"inside|contents?|stored in|hidden|weapons? (?:are|were) (?:kept|stored)", "what a roof or the ground covers"),
    (r"owned|owner|ownership|controlled by|belongs? to|operated by|responsib\w+|carried out by|behind the", "who owns or did something"),
    (r"killed|died|deaths?|casualt\w+|wounded|injured|displaced|arrested", "what became of people"),
    (r"said|says|told|urged|called (?:for|on)|denied|warned|promised|vowed|agreed|talks|statement|will continue", "what somebody said or wants"),
    (r"cost|price|\$|contract|paid|budget|loan", "money"),
)  # fmt: skip
"""Words of what no image from orbit shows, and what they are words for."""
_NEVER: Final = tuple((re.compile(rf"\b(?:{words})", re.IGNORECASE), what) for words, what in NEVER)
_UNSEEN_TYPES: Final = {"intention": "a plan", "unknown": "what is said not to be known"}
_GROUND: Final = frozenset({"earthwork", "spoil", "clearing", "mine", "pipeline works", "building", "road", "runway", "dam"})
"""Things whose making breaks ground: an Event may be of them."""
REACH_DAYS: Final = 5
"""Days between a claim's date and a look that may still speak of it: the revisit of Sentinel-2."""
CLEAR: Final = 0.5
"""Share of the Site that makes a look a clear one."""
SURE: Final = 0.9
SENTINEL_M: Final = 10.0
"""Finest pixel of Sentinel-2, metres."""
WHOLE: Final = 8
"""Pixels of the least event that is listed."""


@dataclass(frozen=True, slots=True)
class Held:
    """Images of one time."""

    gsd_m: float | None
    """The finest; None = none."""
    records: tuple[str, ...]
    """Their ids, the finest first."""


def check_claims(claims: Iterable[Claim], findings: Findings) -> tuple[Check, ...]:
    """Each claim held against what imagery could show, and against the findings."""
    return tuple(check_claim(claim, findings) for claim in claims)


def check_claim(claim: Claim, findings: Findings) -> Check:
    """One claim."""
    feature = feature_of(claim)
    hidden = _hidden(claim)
    if hidden or feature is None:
        reason = f"No image from orbit shows {hidden or 'this'}."
        return Check(
            claim.id,
            feature.name if feature else None,
            "not observable from orbit",
            None,
            reason,
            perhaps=_around(claim, feature, findings),
        )
    needs = feature.measure_m if claim.quantity is not None and claim.quantity.si_unit == "m" else feature.detect_m
    held = _held(claim.time, findings)
    if held.gsd_m is None:
        reason = f"{_no_image(claim, findings)} {_article(feature.name)} {feature.name} needs pixels of {needs:.2g} m or finer{_light(feature)}.{_coarse(needs, findings)}"
        return Check(
            claim.id,
            feature.name,
            "not observable with these Scenes",
            needs,
            reason,
            held.records,
            None,
            _around(claim, feature, findings),
        )
    if held.gsd_m > needs:
        across = f"{feature.smallest_m:.3g} m is {feature.smallest_m / held.gsd_m:.2g} of a pixel of {held.gsd_m:.3g} m"
        reason = f"NOT OBSERVABLE: {across}; pixels of {needs:.2g} m or finer are needed{_light(feature)}."
        return Check(
            claim.id,
            feature.name,
            "not observable with these Scenes",
            needs,
            reason,
            held.records,
            held.gsd_m,
            _around(claim, feature, findings),
        )
    verdict, reason, evidence = _against(claim, feature, findings, held)
    return Check(claim.id, feature.name, verdict, needs, reason, evidence, held.gsd_m)


def _hidden(claim: Claim) -> str:
    """What a claim is about that no image shows; empty where an image might."""
    if claim.type in _UNSEEN_TYPES:
        return _UNSEEN_TYPES[claim.type]
    words = claim.evidence if claim.type == "statement" else _without_speech(claim.evidence)
    found = next((what for pattern, what in _NEVER if pattern.search(words)), "")
    return found or ("a judgement" if claim.type == "assessment" and claim.quantity is None else "")


def _without_speech(words: str) -> str:
    """A claim without who says it, before or behind it: that somebody said it is not what an image would show."""
    behind = re.sub(
        r"(?<=\w),?\s+\b(?:the\s+)?\w+(?:\s+\w+){0,3}\s+(?:said|says|told|reported|announced)\b(?!.*\bthat\b)[^,]*$", "", words
    )
    return re.sub(
        r"^(?:[A-Z][\w\u2019'-]*\s+){1,5}(?:\([^)]*\)\s+)?(?:said|says|reported|announced)\s+(?:that\s+)?", "", behind
    )


def _article(name: str) -> str:
    return "An" if name[:1] in "aeiou" else "A"


def _light(feature: Feature) -> str:
    return f", with {feature.light}" if feature.light else ""


# ---------------------------------------------------------------- what is held
def _held(time: ClaimTime | None, findings: Findings) -> Held:
    """Images that could speak of a claim: near its days where it has any, else all."""
    looks = [look for look in findings.looks if look.used and look.clear >= CLEAR and _near(look.day, time)]
    close = [
        scene for scene in findings.scenes if scene.datetime is not None and scene.gsd_m and _near(scene.datetime.date(), time)
    ]
    found = [(look.gsd or findings.pixel_m, f"look:{look.id}") for look in looks]
    found += [(max(scene.gsd_m), f"vhr:{scene.id}") for scene in close if scene.gsd_m]
    found.sort()
    return Held(found[0][0] if found else None, tuple(name for _, name in found[:5]))


def _near(day: dt.date, time: ClaimTime | None) -> bool:
    if time is None or time.start is None or time.end is None:
        return True
    slack = dt.timedelta(REACH_DAYS)
    return time.start - slack <= day <= time.end + slack


def _no_image(claim: Claim, findings: Findings) -> str:
    if not findings.looks and not findings.scenes:
        return "No image was read."
    when = f" within {REACH_DAYS} days of {claim.time.start}" if claim.time and claim.time.start else ""
    return f"No clear image{when} is held."


def _coarse(needs: float, findings: Findings) -> str:
    """What Sentinel-2 could have shown, where no image was read."""
    if findings.looks or needs >= SENTINEL_M:
        return ""
    return f" Sentinel-2, with pixels of {SENTINEL_M:g} m, could not have shown it."


def _around(claim: Claim, feature: Feature | None, findings: Findings) -> str:
    """What of it may show in coarse pixels: broken ground, from a size that this site's own sensitivity gives."""
    if feature is None or feature.name not in {"opening", "earthwork", "spoil", "trench", "building"}:
        return ""
    least = _least(claim, findings)
    if least is not None:
        return f"the earthwork around it, from {least.area_m2:,.0f} m² at a contrast of {least.contrast * 100:.0f} points (probability {least.chance.probability:.2f})"
    pixel = findings.pixel_m or SENTINEL_M
    return f"the earthwork around it, from {WHOLE * pixel**2:,.0f} m² ({WHOLE} whole pixels of {pixel:g} m) if it is bright or dark enough: how much so was not measured here"


def _least(claim: Claim, findings: Findings) -> NullStatement | None:
    """The smallest area that this site's own planted changes say would have been confirmed, for a change of the claim's time."""
    if findings.sensitivity is None:
        return None
    when = claim.time.start if claim.time and claim.time.start else findings.sensitivity.start
    fit = [s for s in findings.sensitivity.statements if s.wanted >= SURE and s.before is not None and s.before >= when]
    return min(fit, key=lambda s: (s.area_m2, s.contrast), default=None)


# ---------------------------------------------------------------- against the dossier
def _against(claim: Claim, feature: Feature, findings: Findings, held: Held) -> tuple[Verdict, str, tuple[str, ...]]:
    for look in (_measured, _sighted, _event):
        found = look(claim, feature, findings)
        if found is not None:
            return found
    null = _null(claim, feature, findings)
    if null is not None:
        return null
    return "not contradicted", "The images held could show it, and nothing in them speaks for or against it.", held.records


def _measured(claim: Claim, feature: Feature, findings: Findings) -> tuple[Verdict, str, tuple[str, ...]] | None:
    """A measurement of the same dimension, in a Scene near the claim's days."""
    amount = claim.quantity
    if amount is None and feature.name == "opening":
        return _opening(claim, findings)
    if amount is None or feature.name not in {"opening", "building", "road", "trench", "runway", "bridge"}:
        return None
    near = {s.id for s in findings.scenes if s.datetime is not None and _near(s.datetime.date(), claim.time)}
    for result in findings.measurements:
        if (
            result.quantity != amount.dimension
            or result.value is None
            or result.low is None
            or result.high is None
            or result.scene not in near
        ):
            continue
        fits = meet(amount.interval, (result.low, result.high))
        told = f"{result.low:.2f} to {result.high:.2f} {result.unit} was measured, {amount.text} is claimed"
        return ("borne out" if fits else "contradicted"), f"{told}.", (f"measurement:{result.id}", f"vhr:{result.scene}")
    return None


def _opening(claim: Claim, findings: Findings) -> tuple[Verdict, str, tuple[str, ...]] | None:
    """An opening whose width was measured in a Scene near the claim's days is one that was seen."""
    near = {s.id for s in findings.scenes if s.datetime is not None and _near(s.datetime.date(), claim.time)}
    found = next((m for m in findings.measurements if m.quantity == "width" and m.value is not None and m.scene in near), None)
    if found is None or found.low is None or found.high is None or claim.polarity != "+":
        return None
    reason = f"An opening {found.low:.2f} to {found.high:.2f} m wide was measured in {found.scene}."
    return "borne out", reason, (f"measurement:{found.id}", f"vhr:{found.scene}")


def _sighted(claim: Claim, feature: Feature, findings: Findings) -> tuple[Verdict, str, tuple[str, ...]] | None:
    """A Sighting of a vehicle in a Scene near the claim's days."""
    if feature.name != "vehicle":
        return None
    near = {s.id for s in findings.scenes if s.datetime is not None and _near(s.datetime.date(), claim.time)}
    found = [sighting for sighting in findings.sightings if sighting.scene in near]
    if not found or claim.polarity != "+":
        return None
    best = found[0]
    return (
        "borne out",
        f"A {best.identity} {best.label} was sighted in {best.scene}.",
        tuple(f"sighting:{s.id}" for s in found[:3]),
    )


def _event(claim: Claim, feature: Feature, findings: Findings) -> tuple[Verdict, str, tuple[str, ...]] | None:
    """A confirmed Event whose onset meets the claim's days, or lies before them where the claim says that it was there."""
    if feature.name not in _GROUND | {"crater or damage", "burn scar", "water surface"} or claim.quantity is not None:
        return None
    for event in findings.events:
        if event.status == "confirmed" and _meets(event, claim):
            first = event.onset_latest.datetime.date() if event.onset_latest else event.first_anomaly
            names = tuple(f"look:{bound.look}" for bound in (event.onset_earliest, event.onset_latest) if bound)
            verdict: Verdict = "borne out" if claim.polarity == "+" else "contradicted"
            return (
                verdict,
                f"Ground changed here, first shown by the look of {first}; what it is, these pixels do not tell.",
                (f"event:{event.id}", *names),
            )
    return None


def _meets(event: Event, claim: Claim) -> bool:
    if event.onset_latest is None:
        return False
    first = event.onset_earliest.datetime.date() if event.onset_earliest else dt.date.min
    last = event.onset_latest.datetime.date()
    time = claim.time
    if time is None or time.start is None or time.end is None:
        return True
    return last <= time.end + dt.timedelta(REACH_DAYS) if time.role == "observed" else first <= time.end and time.start <= last


def _null(claim: Claim, feature: Feature, findings: Findings) -> tuple[Verdict, str, tuple[str, ...]] | None:
    """No Event where one of this size would have been confirmed."""
    least = _least(claim, findings)
    if least is None or feature.name not in _GROUND or claim.polarity != "+" or claim.time is None or claim.time.start is None:
        return None
    area = claim.quantity.si_value if claim.quantity is not None and claim.quantity.si_unit == "m2" else None
    if area is None or area < least.area_m2 or claim.time.role != "event":
        return None
    reason = (
        f"Nothing was confirmed here then; a change of {least.area_m2:,.0f} m² and {least.contrast * 100:.0f} points would have been, "
        f"with probability {least.chance.probability:.2f}."
    )
    return "contradicted", reason, ("sensitivity", "seen")
