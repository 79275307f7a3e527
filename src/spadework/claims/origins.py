"""Who first observed or said it: claims joined by innermost provider or analyst, by image, by near-copy text. Outlets repeat, origins count."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from spadework.claims.memory import is_media
from spadework.claims.shingles import near_copies
from spadework.records import OUTLET, UNKNOWN, UNNAMED, Lineage, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spadework.records import Claim, Independence, OriginRule, Source

NOBODY: Final = frozenset({OUTLET, UNKNOWN, UNNAMED})
"""Speakers that are no origin: lineage unknown."""
_BRACKETS: Final = re.compile(r"\s*\(([^)]*)\)")
_ARTICLE: Final = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)


class Clusters:
    """Things joined in pairs: which belong together."""

    def __init__(self) -> None:
        """Nothing is joined."""
        self._above: dict[str, str] = {}

    def top(self, name: str) -> str:
        """The one that stands for all it is joined with."""
        above = self._above.setdefault(name, name)
        while above != self._above[above]:
            self._above[above] = self._above[self._above[above]]
            above = self._above[above]
        self._above[name] = above
        return above

    def join(self, a: str, b: str) -> None:
        """Two belong together; the smaller in sort order stands for them, whatever the order of joining."""
        first, second = sorted((self.top(a), self.top(b)))
        self._above[second] = first


def forms_of(name: str) -> frozenset[str]:
    """A name folded: whole, without brackets, and what stands in them."""
    bare = _BRACKETS.sub("", name)
    return frozenset(
        _ARTICLE.sub("", form).casefold().strip() for form in (name, bare, *_BRACKETS.findall(name)) if form.strip()
    )


def origin_name(claim: Claim) -> str | None:
    """Who first observed or said a claim, as its document names it; None where it does not say, or names only who passed it on."""
    for name in (claim.roles.provider, claim.roles.analyst, claim.speaker):
        if name and name not in NOBODY and not is_media(name):
            return name
    return None


def lineage_of(sources: tuple[Source, ...], claims: tuple[Claim, ...], rules: tuple[OriginRule, ...] = ()) -> Lineage:
    """Origins of some claims, and whether they are independent of each other.

    Args:
        sources: the documents.
        claims: all that count.
        rules: what an analyst says of origins; two are independent only where one of them says so with a reason.

    """
    names = {claim.id: origin_name(claim) for claim in claims}
    joined = _joined_names(name for name in names.values() if name)
    keys: dict[str, str] = {claim: joined.top(min(forms_of(name))) for claim, name in names.items() if name}
    why: dict[str, dict[str, None]] = defaultdict(dict)
    for claim in claims:
        if claim.id in keys:
            why[keys[claim.id]][_reason(claim)] = None
    for first, second, share in near_copies([claim.evidence for claim in claims]):
        a, b = claims[first], claims[second]
        if a.source != b.source and (a.id in keys) != (b.id in keys):
            key = keys.get(a.id) or keys[b.id]
            keys[a.id] = keys[b.id] = key
            why[key][f"near-copy text, {share:.2f} of its five-word runs"] = None
    return _told(sources, claims, (keys, {k: tuple(v) for k, v in why.items()}, names), rules)


def _joined_names(names: Iterable[str]) -> Clusters:
    """Names of one origin over all documents: equal in one of their forms."""
    joined = Clusters()
    for name in sorted(set(names)):
        first, *more = sorted(forms_of(name))
        joined.top(first)
        for form in more:
            joined.join(first, form)
    return joined


def _reason(claim: Claim) -> str:
    """What joins a claim to its origin."""
    if claim.roles.provider and claim.roles.provider not in NOBODY:
        if claim.time is not None and claim.time.role == "observed" and claim.time.start is not None:
            return f"same image: {claim.roles.provider}, {claim.time.start.isoformat()}"
        return f"same provider: {claim.roles.provider}"
    return f"same {'analyst' if claim.roles.analyst else 'speaker'}: {origin_name(claim)}"


def _told(
    sources: tuple[Source, ...],
    claims: tuple[Claim, ...],
    found: tuple[dict[str, str], dict[str, tuple[str, ...]], Mapping[str, str | None]],
    rules: tuple[OriginRule, ...],
) -> Lineage:
    keys, why, names = found
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[keys.get(claim.id, UNKNOWN)].append(claim)
    known = sorted((key for key in groups if key != UNKNOWN), key=lambda key: (-len({c.source for c in groups[key]}), key))
    order = {source.id: n for n, source in enumerate(sources)}
    origins = []
    for number, key in enumerate([*known, *([UNKNOWN] if UNKNOWN in groups else [])], 1):
        held = groups[key]
        said = [str(names[claim.id]) for claim in held if names[claim.id]]
        origins.append(
            Origin(
                id=f"O{number}",
                name=max(sorted(set(said)), key=len, default=UNKNOWN),
                claims=tuple(claim.id for claim in held),
                sources=tuple(sorted({claim.source for claim in held}, key=lambda name: order.get(name, 0))),
                why=why.get(key, ("no document says who first said it",)),
                counts=key != UNKNOWN,
            )
        )
    apart = _apart(origins, rules)
    return Lineage(tuple(origins), independence_of(origins, apart), len({claim.source for claim in claims}), apart)


def _apart(origins: list[Origin], rules: tuple[OriginRule, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of origins that an analyst says, with a reason, did not learn from each other."""
    said = {
        frozenset((a, b))
        for rule in rules
        if rule.reason.strip()
        for a in forms_of(rule.name)
        for other in rule.independent_of
        for b in forms_of(other)
    }
    return tuple(
        (first.id, second.id)
        for first, second in combinations(origins, 2)
        if any(frozenset((a, b)) in said for a in forms_of(first.name) for b in forms_of(second.name))
    )


def independence_of(origins: Iterable[Origin], apart: tuple[tuple[str, str], ...]) -> Independence:
    """Whether origins are independent: only pairs that an analyst set apart are."""
    named = [origin for origin in origins if origin.counts]
    if not named:
        return "no known origin"
    if len(named) == 1:
        return "one origin"
    pairs = {frozenset(pair) for pair in apart}
    every = all(frozenset((first.id, second.id)) in pairs for first, second in combinations(named, 2))
    return "independent" if every else "independence not established"


def part_of(lineage: Lineage, claims: Iterable[Claim]) -> Lineage:
    """The same lineage, of some of its claims alone."""
    wanted = {claim.id: claim.source for claim in claims}
    origins = []
    for origin in lineage.origins:
        held = tuple(name for name in origin.claims if name in wanted)
        if held:
            origins.append(replace(origin, claims=held, sources=tuple(dict.fromkeys(wanted[name] for name in held))))
    return Lineage(tuple(origins), independence_of(origins, lineage.apart), len(set(wanted.values())), lineage.apart)


def origin_by_claim(lineage: Lineage) -> dict[str, Origin]:
    """The origin of each claim."""
    return {claim: origin for origin in lineage.origins for claim in origin.claims}
