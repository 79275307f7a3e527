"""How two claims bear on each other: the object first, then the role of their dates, then numbers, then yes and no. Proposed, with the reason."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims.amounts import inside, meet, slipped
from spadework.claims.objects import alike, set_apart, stems_of, things_of
from spadework.claims.origins import origin_by_claim
from spadework.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spadework.records import Claim, ClaimTime, Lineage, Origin, RelationKind

SCENE: Final = 0.30
"""Jaccard index of plain words from which two descriptions of an image may be of one scene."""
FACT: Final = 0.34
"""The same, from which two claims may state one fact."""
COMMON: Final = 60
"""Claims that may share a word before the word no longer brings a pair together."""
SHARED: Final = 2
"""Words that a pair must share to be looked at."""
MACHINES: Final = frozenset({"bulldozer", "excavator", "vehicle", "ship", "aircraft"})
PLACES: Final = frozenset({"opening", "road", "dam", "port", "spoil", "wall"})
"""Parts of a site that tell one scene from another."""
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY: Final = re.compile(r"\b(" + "|".join(DAYS) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A claim with what is compared of it."""

    claim: Claim
    stems: frozenset[str]
    things: frozenset[str]
    apart: bool
    origin: str | None
    """Id of its origin; None where that does not count."""


def relations_of(claims: tuple[Claim, ...], lineage: Lineage) -> tuple[Relation, ...]:
    """What claims of different documents, or of different speakers, are to each other; unrelated pairs are not listed."""
    origins = origin_by_claim(lineage)
    seen = [_seen(claim, origins) for claim in claims]
    out = []
    for first, second in _pairs(seen):
        found = relation_of(seen[first], seen[second])
        if found is not None:
            out.append(found)
    return tuple(out)


def _seen(claim: Claim, origins: Mapping[str, Origin]) -> Seen:
    origin = origins.get(claim.id)
    stems = stems_of(claim.evidence)
    return Seen(
        claim, stems, things_of(claim.evidence), set_apart(claim.evidence), origin.id if origin and origin.counts else None
    )


def _pairs(seen: list[Seen]) -> Iterator[tuple[int, int]]:
    """Pairs that share enough uncommon words to be worth a look."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(seen):
        for stem in one.stems:
            holders[stem].append(index)
    pairs = set(_measured_alike(seen))
    for found in holders.values():
        if len(found) <= max(COMMON, len(seen) // 50):
            pairs |= {(first, second) for n, first in enumerate(found) for second in found[n + 1 :]}
    for first, second in sorted(pairs):
        a, b = seen[first], seen[second]
        told_apart = a.claim.source != b.claim.source or a.claim.speaker != b.claim.speaker
        measured = a.claim.quantity is not None and b.claim.quantity is not None and bool(a.things & b.things)
        if told_apart and (measured or len(a.stems & b.stems) >= SHARED):
            yield first, second


def _measured_alike(seen: list[Seen]) -> Iterator[tuple[int, int]]:
    """Pairs that give the same dimension of the same thing."""
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, one in enumerate(seen):
        if one.claim.quantity is not None and one.claim.quantity.si_unit != "count":
            for thing in one.things:
                holders[one.claim.quantity.dimension, thing].append(index)
    for found in holders.values():
        if len(found) <= max(COMMON, len(seen) // 50):
            for n, first in enumerate(found):
                for second in found[n + 1 :]:
                    yield first, second


def relation_of(a: Seen, b: Seen) -> Relation | None:
    """What two claims are to each other; None where they have nothing to do with each other."""
    likeness = alike(a.stems, b.stems)
    same = a.origin is not None and a.origin == b.origin
    for rule in (_object, _scene, _number, _yes_or_no, _whole):
        found = rule(a, b, likeness)
        if found is not None:
            kind, slot, reason, resolved, flags = found
            return Relation(a.claim.id, b.claim.id, kind, slot, reason, same, resolved, flags)  # type: ignore[arg-type]  # words of the rules
    return None


_Found = tuple["RelationKind", str, str, str, tuple[str, ...]]


def _object(a: Seen, b: Seen, likeness: float) -> _Found | None:
    """One speaks of another thing: "an earlier tunnel"."""
    shared = a.things & b.things
    if shared and a.apart != b.apart and (likeness >= FACT or _dimension(a, b)):
        odd = a if a.apart else b
        words = f"one speaks of another {min(shared)} than the story's"
        return "different object", "object", f"{words}: \u201c{_short(odd.claim.evidence)}\u201d", "", ()
    return None


def _scene(a: Seen, b: Seen, likeness: float) -> _Found | None:
    """Images of one scene, dated twice."""
    first, second = a.claim.time, b.claim.time
    if first is None or second is None or first.start is None or second.start is None:
        return None
    if first.role != "observed" or second.role != "observed" or (a.origin != b.origin and None not in {a.origin, b.origin}):
        return None
    machines, places = (a.things & MACHINES, b.things & MACHINES), (a.things & PLACES, b.things & PLACES)
    described = machines[0] == machines[1] and places[0] == places[1] and bool(machines[0] | places[0])
    if not described or (likeness < SCENE and len(a.things & b.things) < SHARED):
        return None
    spans = (_days(first), _days(second))
    if spans[0] == spans[1]:
        return "supports", "time", "the same scene on the same days", "", ()
    if meet(*spans):
        return "refines", "time", "the same scene, dated more narrowly by one", "", ()
    reason = (
        f"one scene ({', '.join(sorted(a.things & b.things))}), dated {_told(first)} by one and {_told(second)} by the other"
    )
    return "contradicts", "time", reason, _by_weekday(a.claim, b.claim), ("image dated two ways",)


def _number(a: Seen, b: Seen, likeness: float) -> _Found | None:
    """The same dimension of the same thing."""
    first, second = a.claim.quantity, b.claim.quantity
    if first is None or second is None or not _dimension(a, b):
        return None
    if not (a.things & b.things) and likeness < FACT:
        return None
    if first.si_unit == "count" and first.unit != second.unit:
        return None
    one, two = first.interval, second.interval
    words = f"\u201c{first.text}\u201d and \u201c{second.text}\u201d"
    if not meet(one, two):
        slip = slipped(second, one) or slipped(first, two)
        flags = (
            ("implausible beside the others: reads like another unit",)
            if (slip and first.unit != second.unit) or _feet_as_metres(first, second)
            else ()
        )
        return "contradicts", "quantity", f"{words} have no value in common", "", flags
    if inside(one, two) or inside(two, one):
        return "refines", "quantity", f"{words} agree, one more narrowly", "", ()
    return "supports", "quantity", f"{words} agree as written", "", ()


def _feet_as_metres(first: object, second: object) -> bool:
    """Two numbers that would agree if their units were one: "four or five feet" beside "4 to 5 metres"."""
    a, b = first, second
    low = max(a.value, b.value)  # type: ignore[attr-defined]  # ClaimQuantity
    high = min(a.high or a.value, b.high or b.value)  # type: ignore[attr-defined]  # the same
    return bool(a.unit != b.unit and low <= high)  # type: ignore[attr-defined]  # the same


def _yes_or_no(a: Seen, b: Seen, likeness: float) -> _Found | None:
    """One affirms what the other denies."""
    signs = {a.claim.polarity, b.claim.polarity}
    if likeness >= FACT and signs == {"+", "-"}:
        return "contradicts", "polarity", "one affirms what the other denies", "", ()
    if likeness >= FACT and "0" in signs and len(signs) == 2:  # noqa: PLR2004 - one of them
        return "refines", "whole", "one says that it is not known", "", ()
    return None


def _whole(a: Seen, b: Seen, likeness: float) -> _Found | None:
    """The same fact in much the same words; dates of one role must meet."""
    if likeness < FACT:
        return None
    first, second = a.claim.time, b.claim.time
    if (
        first
        and second
        and first.start
        and second.start
        and first.role == second.role
        and not meet(_days(first), _days(second))
    ):
        return None
    if a.claim.quantity and b.claim.quantity and _dimension(a, b) and a.claim.quantity.unit == b.claim.quantity.unit:
        return None
    return "supports", "whole", f"{likeness:.2f} of their plain words are the same", "", ()


# ---------------------------------------------------------------- parts
def _dimension(a: Seen, b: Seen) -> bool:
    first, second = a.claim.quantity, b.claim.quantity
    if first is None or second is None or first.si_unit != second.si_unit:
        return False
    return first.dimension == second.dimension or "other" in {first.dimension, second.dimension}


def _days(time: ClaimTime) -> tuple[float, float]:
    start = time.start or dt.date.min
    return float(start.toordinal()), float((time.end or start).toordinal())


def _told(time: ClaimTime) -> str:
    if time.start == time.end or time.end is None:
        return f"{time.start}"
    return f"{time.start} to {time.end}"


def _by_weekday(a: Claim, b: Claim) -> str:
    """What a weekday beside one of two dates decides; empty where it decides nothing."""
    for claim, other in ((a, b), (b, a)):
        for match in _DAY.finditer(claim.evidence):
            weekday = DAYS.index(match[1].casefold())
            fits = [
                c
                for c in (claim, other)
                if c.time and c.time.start and c.time.start == c.time.end and c.time.start.weekday() == weekday
            ]
            if len(fits) == 1 and fits[0].time is not None:
                return f"{match[1]} fits {fits[0].time.start} only"
    return ""


def _short(words: str, most: int = 80) -> str:
    return words if len(words) <= most else words[: most - 1].rsplit(" ", 1)[0] + " \u2026"
