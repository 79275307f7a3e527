"""The Admiralty code: a letter for the origin, which only an analyst sets, and a number for what it says, proposed from independent origins."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.origins import forms_of
from spadework.records import Grade

if TYPE_CHECKING:
    from spadework.records import Claim, Lineage, Origin, OriginRule, Relation, Thread

LETTER_TAG: Final = 'admiralty-scale:source-reliability="{}"'
NUMBER_TAG: Final = 'admiralty-scale:information-credibility="{}"'
"""Machine tags of the MISP taxonomy admiralty-scale."""
Number = Literal[1, 2, 3, 4, 5, 6]


def grades_of(
    claims: tuple[Claim, ...],
    lineage: Lineage,
    weighed: tuple[tuple[Thread, ...], tuple[Relation, ...]],
    rules: tuple[OriginRule, ...],
) -> tuple[Grade, ...]:
    """A grade for each origin and type of claim.

    Args:
        claims: all that count.
        lineage: their origins.
        weighed: threads, and how claims bear on each other.
        rules: letters that an analyst set; without one the letter is F, cannot be judged.

    """
    kinds = {claim.id: claim.type for claim in claims}
    letters = {form: rule for rule in rules for form in forms_of(rule.name)}
    out = []
    for origin in lineage.origins:
        held: dict[str, list[str]] = defaultdict(list)
        for name in origin.claims:
            held[kinds[name]].append(name)
        rule = next((letters[form] for form in sorted(forms_of(origin.name)) if form in letters), None)
        for kind, names in held.items():
            number, reason = _number(origin, frozenset(names), *weighed)
            letter = rule.letter if rule is not None and origin.counts else "F"
            tags = (LETTER_TAG.format(letter.lower()), NUMBER_TAG.format(number))
            out.append(Grade(origin.id, kind, letter, number, reason, tags, "analyst" if rule is not None else None))  # type: ignore[arg-type]  # a claim's own type
    return tuple(out)


def _number(  # noqa: PLR0911 - one row of the scale after another
    origin: Origin, names: frozenset[str], threads: tuple[Thread, ...], relations: tuple[Relation, ...]
) -> tuple[Number, str]:
    """Credibility, and why; repeats of one origin never make it better."""
    if not origin.counts:
        return 6, "no document says who first said it"
    touching = [r for r in relations if (r.first in names) != (r.second in names) or {r.first, r.second} <= names]
    others = [r for r in touching if not r.same_origin]
    if any(r.kind == "contradicts" and not r.resolved for r in others):
        return 4, "another origin contradicts it"
    backed = [
        thread
        for thread in threads
        if names & set(thread.claims) and thread.lineage.independence == "independent" and thread.lineage.count > 1
    ]
    if backed and any(r.kind == "supports" for r in others):
        return 1, "an origin that an analyst says is independent supports it"
    if backed:
        return 2, "an independent origin speaks of the same fact, and agrees in part"
    if any(r.kind == "contradicts" and not r.resolved for r in touching):
        return 4, "documents that repeat this origin contradict each other"
    if any(r.kind in {"supports", "refines"} for r in others):
        return 3, "another origin agrees, but nothing shows that it did not learn it from this one"
    return 3, "one origin: repeats are not confirmation"
