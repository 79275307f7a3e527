"""The analyst's word on a proposed Claim: accepted, rejected, or edited slot by slot, with what stood there before."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, get_args

from spadework.claims.quantities import find_quantities
from spadework.records import ClaimTime, ClaimType, Hedge, HedgeLevel, Observable, Polarity, TimeRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spadework.records import Claim, ClaimDecision

STATES: Final = {"accept": "accepted", "reject": "rejected", "edit": "edited"}
"""State of a Claim after an action."""
COUNTED: Final = frozenset({"accepted", "edited"})
"""States that enter a judgement."""


class SlotError(ValueError):
    """An edit names no slot, or a value that the slot cannot hold; the message says what it can."""


def apply_decisions(claims: Iterable[Claim], decisions: Iterable[ClaimDecision]) -> tuple[Claim, ...]:
    """The Claims with every decision laid over them in order; a decision on a Claim that is gone changes nothing.

    A later "accept" of an edited Claim keeps the edit.
    """
    by_id = {claim.id: claim for claim in claims}
    for decision in decisions:
        claim = by_id.get(decision.claim)
        if claim is None:
            continue
        for slot, _, after in decision.changes:
            claim = changed(claim, slot, json.loads(after))
        edited = decision.action == "accept" and claim.state == "edited"
        by_id[claim.id] = claim if edited else replace(claim, state=STATES[decision.action])  # type: ignore[arg-type]  # words of the table
    return tuple(by_id.values())


def changed(claim: Claim, slot: str, value: Any) -> Claim:  # noqa: ANN401 - JSON
    """A Claim with one slot changed.

    Args:
        claim: as it stands.
        slot: one of ``SLOTS``.
        value: text, a list of texts for "source_chain", or None. A time is a day or "FIRST/LAST"; a quantity is written as in a
            document ("4 to 5 m"), and its SI value is computed.

    Raises:
        SlotError: no such slot, or no such value.

    """
    if slot not in SLOTS:
        raise SlotError(f"no slot {slot!r}; there are {', '.join(sorted(SLOTS))}")
    return SLOTS[slot](claim, value)


def slot_json(claim: Claim, slot: str) -> str:
    """What a slot holds, as JSON: what an edit keeps as "before"."""
    told = asdict(claim)
    held = (told["time"] or {}).get("role") if slot == "time_role" else told[slot]
    return json.dumps(held, ensure_ascii=False, default=str)


def _one_of(slot: str, words: Any) -> Callable[[Claim, Any], Claim]:  # noqa: ANN401 - a Literal
    def change(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
        if value not in get_args(words):
            raise SlotError(f"{slot} is one of {', '.join(get_args(words))}, not {value!r}")
        return replace(claim, **{slot: value})

    return change


def _text(slot: str) -> Callable[[Claim, Any], Claim]:
    def change(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise SlotError(f"{slot} is a text, not {value!r}")
        return replace(claim, **{slot: value})  # type: ignore[arg-type]  # of the slot's own kind

    return change


def _speaker(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    return _chain(claim, [*claim.source_chain[:-1], value] if len(claim.source_chain) > 1 else ["outlet", value])


def _chain(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    if not (
        isinstance(value, list) and value and value[0] == "outlet" and all(isinstance(link, str) and link for link in value)
    ):
        raise SlotError(f'source_chain is a list that starts with "outlet", not {value!r}')
    return replace(claim, source_chain=tuple(value), speaker=value[-1])


def _hedge(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    if value not in get_args(HedgeLevel):
        raise SlotError(f"hedge is one of {', '.join(get_args(HedgeLevel))}, not {value!r}")
    return replace(claim, hedge=Hedge(value, claim.hedge.cues))


def _time(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    if value is None:
        return replace(claim, time=None)
    try:
        first, _, last = str(value).partition("/")
        start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
    except ValueError:
        raise SlotError(f"time is YYYY-MM-DD, or two of them with a slash between, not {value!r}") from None
    if end < start:
        raise SlotError(f"time {value!r} ends before it starts")
    known = claim.time or ClaimTime("", (claim.span[0], claim.span[0]), None, None)
    return replace(claim, time=replace(known, start=start, end=end, precision="day" if start == end else "days"))


def _role(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    if claim.time is None or value not in get_args(TimeRole):
        raise SlotError(f"time_role is one of {', '.join(get_args(TimeRole))}, of a claim with a time")
    return replace(claim, time=replace(claim.time, role=value))


def _quantity(claim: Claim, value: Any) -> Claim:  # noqa: ANN401 - JSON
    if value is None:
        return replace(claim, quantity=None)
    found = find_quantities(str(value))
    if len(found) != 1:
        raise SlotError(f"quantity is one number with a unit, as a document would write it, not {value!r}")
    span = claim.quantity.span if claim.quantity else (claim.span[0], claim.span[0])
    unsaid = found[0].dimension in {"other", "distance"}
    kept = claim.quantity.dimension if unsaid and claim.quantity else found[0].dimension
    return replace(claim, quantity=replace(found[0], span=span, dimension=kept))


SLOTS: Final[dict[str, Callable[[Claim, Any], Claim]]] = {
    "claim": _text("claim"),
    "place": _text("place"),
    "type": _one_of("type", ClaimType),
    "polarity": _one_of("polarity", Polarity),
    "observable": _one_of("observable", Observable),
    "hedge": _hedge,
    "speaker": _speaker,
    "source_chain": _chain,
    "time": _time,
    "time_role": _role,
    "quantity": _quantity,
}
"""What an analyst may change, and how."""
