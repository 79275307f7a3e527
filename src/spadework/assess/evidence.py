"""What an assessment rests on: accepted claims, events, measurements, sightings and absences that had a chance to be seen; each with the sign that it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.records import EvidenceItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spadework.records import Check, Claim, Event, Findings, Grade, Lineage, Measurement

ACCEPTED: Final = frozenset({"accepted", "edited"})
OWN_IMAGES: Final = 1.0
"""Weight of what this dossier's own images show."""
BY_NUMBER: Final = {1: 0.8, 2: 0.65, 3: 0.5, 4: 0.25, 5: 0.1, 6: 0.2}
"""Weight of an accepted claim, by the number of its grade: one origin weighs half of an image."""
CAPABILITY: Final = 0.2
"""Weight of "fit to", "could": a capability is no sign of use."""
VEHICLE_M: Final = 3.0
"""Width from which an opening lets vehicles pass: most trucks are 2.5 m wide."""
LONGEST: Final = 160
"""Characters of a claim's gist in a list."""
SIGNS: Final[tuple[tuple[str, str], ...]] = (
    ("vehicles said", r"(?:fit|suited|used|able) .*(?:vehicle|truck|launcher)|(?:stor|shelter|hous|hid)\w* .*vehicle|vehicles? .*(?:stor|shelter)"),
    ("short", r"not (?:be )?(?:significantly |very )?long|short (?:tunnel|drive|structure)"),
    ("second portal", r"(?:second|another|two) (?:portal|entrance|opening)s?"),
    ("roof", r"roof\w*|covered (?:over|entrance)|canopy|shed (?:over|at)"),
    ("spoil beyond cut", r"spoil|heaps? of (?:rock|earth)|tailings"),
    ("machines", r"bulldozers?|excavators?|diggers?|dump trucks?|earth-?moving|machinery|machines"),
    ("opening", r"entrances?|openings?|portals?|mouth|adits?|structure"),
    ("burnt", r"burn\w*|fires?|blaze|scorched|smoke"),
    ("damage", r"damage\w*|destroyed|crater\w*|collapsed?|rubble"),
    ("strike said", r"strikes?|airstrikes?|bomb\w*|shell(?:ed|ing)|attack\w*|explosion"),
    ("vegetation loss", r"clear(?:ed|ing|ance)|deforest\w*|fell(?:ed|ing)|logg\w+|trees"),
    ("fields", r"fields?|crops?|plough\w*|planted"),
    ("water rise", r"(?:water|reservoir|lake|level)\b.*\b(?:ris|swell|collect|fill|cover|higher)\w*|flood\w*|impound\w*|filling"),
    ("season", r"season\w*|rain\w*|earlier years|every year"),
    ("wall", r"walls?|fences?|perimeter|berms?"),
    ("buildings", r"buildings?|hangars?|houses|foundations?|warehouses?|barracks"),
    ("road", r"roads?|tracks?"),
    ("abandoned", r"abandon\w*|stopped work|dormant|halted|left unfinished"),
    ("dismantled", r"dismantl\w*|removed|filled in"),
    ("broken ground", r"construction|being built|earthworks?|excavat\w*|dug|digging|trench\w*|pit|quarry\w*|mine|mining|ground"),
)  # fmt: skip
"""Signs by the words of a claim; the first that fits decides."""
_SIGNS: Final = tuple((name, re.compile(rf"\b(?:{words})", re.IGNORECASE)) for name, words in SIGNS)
_CAPABLE: Final = re.compile(r"\b(?:fit to|suited to|able to|capable of|could|might be|may be|can be)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signed:
    """An item of evidence and the sign that it is."""

    item: EvidenceItem
    sign: str


def is_capability(claim: Claim) -> bool:
    """Whether a claim says what something is fit for, which carries no probability."""
    return bool(_CAPABLE.search(claim.evidence))


def evidence_of(findings: Findings) -> tuple[Signed, ...]:
    """Everything that may be weighed: images first, then accepted claims, then absences."""
    found = [*_events(findings), *_measurements(findings), *_sightings(findings), *_claims(findings), *_absences(findings)]
    return tuple(
        Signed(EvidenceItem(f"E{n}", text, kind, records, weight), sign)  # type: ignore[arg-type]  # kinds of the generators
        for n, (text, kind, records, weight, sign) in enumerate(found, 1)
    )


_Row = tuple[str, str, tuple[str, ...], float, str]


def _events(findings: Findings) -> Iterator[_Row]:
    for event in findings.events:
        if event.status not in {"confirmed", "recovered"}:
            continue
        sign = "recovered" if event.recovered else "growth" if _grew(event) else "broken ground"
        what = "changed and went back" if event.recovered else "changed and grew look by look" if _grew(event) else "changed"
        yield (
            f"The ground {what} in Sentinel-2 images",
            "observed",
            (f"event:{event.id}",),
            OWN_IMAGES * (event.p_real or 1.0),
            sign,
        )


def _grew(event: Event) -> bool:
    return sum(step.phase == "grew" for step in event.history) > 1


def _measurements(findings: Findings) -> Iterator[_Row]:
    for result in findings.measurements:
        if result.quantity == "width" and result.low is not None and result.high is not None:
            sign = "wide opening" if result.low >= VEHICLE_M else "narrow opening" if result.high < VEHICLE_M else "opening"
            yield _width(result), "observed", (f"measurement:{result.id}",), OWN_IMAGES, sign


def _width(result: Measurement) -> str:
    return f"An opening {result.low:.1f} to {result.high:.1f} m wide was measured from above"


def _sightings(findings: Findings) -> Iterator[_Row]:
    by_scene: dict[str, list[str]] = {}
    for sighting in findings.sightings:
        by_scene.setdefault(sighting.scene, []).append(f"sighting:{sighting.id}")
    for scene, names in by_scene.items():
        yield f"Objects of vehicle size stand in the Scene {scene}", "observed", tuple(names[:5]), OWN_IMAGES / 2, "machines"


def _claims(findings: Findings) -> Iterator[_Row]:
    """Accepted claims; what one origin is repeated to have said of one fact enters once."""
    said = findings.said
    checks = {check.claim: check for check in said.checks}
    facts = {claim: thread.id for thread in said.threads for claim in thread.claims}
    origins = {claim: origin.id for origin in (said.lineage.origins if said.lineage else ()) for claim in origin.claims}
    groups: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in said.claims:
        if (
            claim.state in ACCEPTED
            and claim.polarity != "0"
            and claim.hedge.level != "unknown"
            and (sign := _sign(claim, checks.get(claim.id)))
        ):
            key = (facts.get(claim.id, claim.id), origins.get(claim.id, ""), sign)
            groups.setdefault(key, []).append(claim)
    for (_, _, sign), claims in groups.items():
        first = claims[0]
        weight = CAPABILITY if is_capability(first) else BY_NUMBER[grade_number(first, said.grades, said.lineage)]
        yield f"{speaker_text(first)}: {_gist(first)}", "claimed", tuple(f"claim:{claim.id}" for claim in claims), weight, sign


def grade_number(claim: Claim, grades: tuple[Grade, ...], lineage: Lineage | None) -> int:
    """The number that a claim's origin has for claims of its type; 6 where nobody knows."""
    origins = {name: origin.id for origin in (lineage.origins if lineage else ()) for name in origin.claims}
    held = next((g.number for g in grades if g.origin == origins.get(claim.id) and g.claim_type == claim.type), None)
    return held or 6


def speaker_text(claim: Claim) -> str:
    """Who says a claim, for a list."""
    return {"outlet": "The document itself", "unknown": "An unnamed source"}.get(
        claim.speaker, claim.speaker[:1].upper() + claim.speaker[1:]
    )


def _gist(claim: Claim) -> str:
    words = claim.claim
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rsplit(" ", 1)[0] + " \u2026"


def _sign(claim: Claim, check: Check | None) -> str:
    if check is not None and check.verdict == "contradicted":
        return "contradicted"
    if claim.hedge.level == "denied":
        return "denied"
    if claim.quantity is not None and claim.quantity.dimension == "width" and claim.quantity.si_unit == "m":
        high = claim.quantity.si_high or claim.quantity.si_value
        return "wide opening" if claim.quantity.si_value >= VEHICLE_M else "narrow opening" if high < VEHICLE_M else "opening"
    return next((name for name, pattern in _SIGNS if pattern.search(claim.evidence)), "")


def _absences(findings: Findings) -> Iterator[_Row]:
    """What was looked for, could have been seen, and was not: only with a measured sensitivity."""
    if findings.sensitivity is None or findings.sensitivity.reason or any(e.status == "confirmed" for e in findings.events):
        return
    if any(s.wanted >= 0.9 and s.before is not None for s in findings.sensitivity.statements):  # noqa: PLR2004 - the probability of a null finding
        yield "No ground changed that these images would have shown", "absent", ("sensitivity", "seen"), OWN_IMAGES, "no spoil"
