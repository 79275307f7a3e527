"""Holds proposed Claims against a hand-made ledger, slot by slot. Nothing here knows how they were proposed.

A gold claim is held against the proposed claim whose span overlaps its own best (intersection over union). Dates and quantities are also held mention
by mention: a proposed mention that overlaps no gold one is listed as spurious and enters neither precision nor recall, as in the figures that this project started from.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spadework.records import Claim

GENERIC: Final = frozenset((
    "a", "an", "agency", "all", "analyst", "analysts", "another", "army", "authorities", "board", "broadcaster",
    "bureau", "campaign", "centre", "center", "commander", "company", "council", "department", "director", "expert",
    "experts", "firm", "force", "forces", "government", "governor", "group", "head", "imagery", "institute",
    "leader", "mayor", "media", "military", "minister", "ministry", "network", "newspaper", "ngo", "observer",
    "office", "officer", "official", "officials", "of", "operator", "organisation", "organization", "outlet",
    "paper", "police", "president", "report", "reports", "representative", "researcher", "researchers", "resident",
    "residents", "satellite", "secretary", "senior", "service", "source", "sources", "spokesman", "spokesperson",
    "spokeswoman", "state", "station", "the", "two", "three", "unit", "unnamed", "website", "witness",
))  # fmt: skip
"""Words that name nobody by themselves."""
_SMALL: Final = frozenset(
    {"the", "of", "in", "at", "near", "north", "south", "east", "west", "northern", "southern", "eastern", "western"}
)
LONG: Final = 3
"""Links of a chain that holds more than outlet and speaker."""


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w\u2019'&-]+", name.casefold().replace("'s", "").replace("\u2019s", "")))


def _forms(name: str) -> set[str]:
    """A name, without its brackets, and what stands in them."""
    bare = re.sub(r"\s*\(.*?\)", "", name)
    return {
        re.sub(r"^(the|a|an) ", "", form.casefold().strip())
        for form in (name, bare, *re.findall(r"\((.*?)\)", name))
        if form.strip()
    }


def same_name(proposed: str, gold: str, names: dict[str, list[str]]) -> bool:
    """Whether two names mean the same source: equal in one of their forms, or one's words hold the other's and more than generic words are shared."""
    special = {"outlet", "unknown", "unnamed reports"}
    if proposed in special or gold in special:
        return proposed == gold
    allowed = _forms(gold).union(*(_forms(short) for short in names.get(gold, ())))
    if _forms(proposed) & allowed:
        return True
    said = _words(proposed)
    return any((said <= _words(form) or _words(form) <= said) and bool((said & _words(form)) - GENERIC) for form in allowed)


def _overlap(a: Sequence[int], b: Sequence[int]) -> int:
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def _union(a: Sequence[int], b: Sequence[int]) -> int:
    return max(a[1], b[1]) - min(a[0], b[0])


def nearest(gold: dict[str, Any], proposed: Sequence[Claim]) -> Claim | None:
    """The proposed claim that covers a gold one best; None where none overlaps it."""
    best = max(proposed, key=lambda claim: _overlap(claim.span, gold["span"]) / _union(claim.span, gold["span"]), default=None)
    return best if best is not None and _overlap(best.span, gold["span"]) else None


@dataclass
class Tally:
    """Counts of one article or of many: they add up."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, slot: str, *, gold: bool, said: bool, right: bool) -> None:
        """One comparison: whether the ledger has the slot, whether the proposal has it, whether they agree."""
        self.counts[f"{slot} gold"] += gold
        self.counts[f"{slot} said"] += said
        self.counts[f"{slot} right"] += right


def _speaker(tally: Tally, gold: dict[str, Any], claim: Claim | None, names: dict[str, list[str]]) -> None:
    said = claim.speaker if claim is not None else "unknown"
    right = same_name(said, gold["speaker"], names)
    named = gold["speaker"] != "outlet"
    tally.counts["claims"] += 1
    tally.counts["missed"] += claim is None
    tally.counts["unknown"] += said == "unknown"
    tally.counts["wrong source"] += said != "unknown" and not right
    tally.counts["source right"] += right
    tally.add("speaker", gold=named, said=said not in {"outlet", "unknown"}, right=named and right)
    if said != "unknown" and not right:
        tally.errors.append(
            {"slot": "speaker", "id": gold["id"], "gold": gold["speaker"], "said": said, "evidence": gold["evidence"]}
        )
    chain = claim.source_chain if claim is not None else ()
    same = len(chain) == len(gold["source_chain"]) and all(
        same_name(a, b, names) for a, b in zip(chain, gold["source_chain"], strict=True)
    )
    long = len(gold["source_chain"]) >= LONG
    tally.add("chain", gold=long, said=len(chain) >= LONG, right=long and same)
    if long and not same:
        tally.errors.append(
            {"slot": "chain", "id": gold["id"], "gold": gold["source_chain"], "said": chain, "evidence": gold["evidence"]}
        )


def _other_slots(tally: Tally, gold: dict[str, Any], claim: Claim | None) -> None:
    level = claim.hedge.level if claim is not None else "asserted"
    wanted = gold["hedge"]["level"]
    tally.add("hedge", gold=wanted != "asserted", said=level != "asserted", right=wanted != "asserted" and level == wanted)
    tally.counts["hedge equal"] += level == wanted
    if level != wanted:
        tally.errors.append({"slot": "hedge", "id": gold["id"], "gold": wanted, "said": level, "evidence": gold["evidence"]})
    for slot in ("type", "polarity", "observable"):
        tally.counts[f"{slot} equal"] += claim is not None and getattr(claim, slot) == gold[slot]
    at, time = gold["time"], claim.time if claim is not None else None
    same = at is not None and time is not None and _days(time) == (at["start"], at["end"])
    tally.add("date of the claim", gold=at is not None, said=time is not None, right=same)
    tally.counts["role asked"] += same
    tally.counts["role equal"] += same and time is not None and at is not None and time.role == at["role"]
    where, place = gold["place"], claim.place if claim is not None else None
    tally.add(
        "place",
        gold=where is not None,
        said=place is not None,
        right=bool(where and place and _words(where) & _words(place) - GENERIC - _SMALL),
    )
    number, quantity = gold["quantity"], claim.quantity if claim is not None else None
    tally.add(
        "quantity of the claim",
        gold=number is not None,
        said=quantity is not None,
        right=number is not None and quantity is not None and _same_quantity(quantity, number),
    )


def _days(time: Any) -> tuple[str | None, str | None]:  # noqa: ANN401 - a ClaimTime
    return (time.start.isoformat() if time.start else None, time.end.isoformat() if time.end else None)


def _close(a: float | None, b: float | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or abs(a - b) <= 2e-3 * max(abs(a), abs(b), 1e-9))


def _same_quantity(said: Any, gold: dict[str, Any]) -> bool:  # noqa: ANN401 - a ClaimQuantity
    return (
        said.si_unit == gold["si_unit"]
        and _close(said.si_value, gold["si_value"])
        and _close(said.si_high, gold.get("si_high"))
    )


def _mentions(
    tally: Tally, slot: str, gold: list[dict[str, Any]], said: list[Any], same: Callable[[Any, dict[str, Any]], bool]
) -> None:
    """Mention by mention; ``said`` and ``gold`` hold each span once."""
    met = [(one, [other for other in said if _overlap(other.span, one["span"])]) for one in gold]
    touched = {other.span for _, others in met for other in others}
    tally.counts[f"{slot} gold"] += len(gold)
    tally.counts[f"{slot} said"] += len(touched)
    tally.counts[f"{slot} spurious"] += len({other.span for other in said} - touched)
    for one, others in met:
        right = any(same(other, one) for other in others)
        tally.counts[f"{slot} right"] += right
        if slot == "quantity" and right:
            hit = next(other for other in others if same(other, one))
            tally.counts["dimension asked"] += "dimension" in one
            tally.counts["dimension equal"] += one.get("dimension") == hit.dimension
            tally.counts["bound equal"] += one["bound"] == hit.bound
        if not right:
            tally.errors.append({"slot": slot, "gold": one, "said": [repr(other) for other in others]})


def compare(ledger: dict[str, Any], proposed: Sequence[Claim]) -> Tally:
    """One article."""
    tally = Tally()
    names = ledger.get("names", {})
    for gold in ledger["claims"]:
        claim = nearest(gold, proposed)
        _speaker(tally, gold, claim, names)
        _other_slots(tally, gold, claim)
    for slot, key, same in (
        ("date", "time", lambda a, b: _days(a) == (b["start"], b["end"])),
        ("quantity", "quantity", _same_quantity),
    ):
        gold_ones = list({tuple(c[key]["span"]): c[key] for c in ledger["claims"] if c[key] is not None}.values())
        said_ones = list({value.span: value for claim in proposed if (value := getattr(claim, key)) is not None}.values())
        _mentions(tally, slot, gold_ones, said_ones, same)
    tally.counts["proposed"] += len(proposed)
    return tally


def merged(tallies: Sequence[Tally]) -> Counter[str]:
    """Counts of several articles."""
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally.counts)
    return total


def f1(counts: Counter[str], slot: str) -> tuple[float, float, float]:
    """Precision, recall, F1 of a slot; nan where there is nothing to divide by."""
    gold, said, right = (counts[f"{slot} {word}"] for word in ("gold", "said", "right"))
    precision = right / said if said else float("nan")
    recall = right / gold if gold else float("nan")
    return precision, recall, (2 * right / (gold + said) if gold + said else float("nan"))


def figures(counts: Counter[str]) -> dict[str, float]:
    """The figures of the issue, from counts."""
    claims = counts["claims"] or 1
    out = {
        "wrong source": counts["wrong source"] / claims,
        "unknown": counts["unknown"] / claims,
        "source right": counts["source right"] / claims,
    }
    for slot in ("speaker", "chain", "hedge", "date", "quantity", "date of the claim", "quantity of the claim", "place"):
        out |= {f"{slot} {word}": value for word, value in zip(("P", "R", "F1"), f1(counts, slot), strict=True)}
    for slot in ("hedge", "type", "polarity", "observable"):
        out[f"{slot} accuracy"] = counts[f"{slot} equal"] / claims
    for slot, asked in (("role", "role asked"), ("dimension", "dimension asked"), ("bound", "quantity right")):
        out[f"{slot} accuracy"] = counts[f"{slot} equal"] / counts[asked] if counts[asked] else float("nan")
    return out
