"""The analyst's word: what stood before is kept, and only what was accepted counts."""

from __future__ import annotations

import json

import pytest
from claimed import claim_of, day_of

from spadework.claims import SlotError, apply_decisions, changed, slot_json
from spadework.records import Claim, ClaimDecision

CLAIM = claim_of("the structure is 15 feet wide", amount="15 feet wide", time=day_of("2020-05-12"))


def test_decisions_are_laid_over_in_order() -> None:
    other = claim_of("the road is closed")
    edit = ClaimDecision(CLAIM.id, "edit", "misread", (("speaker", '"x"', '"Jane Doe"'),))
    done = apply_decisions(
        (CLAIM, other), (edit, ClaimDecision(other.id, "reject", "no"), ClaimDecision("gone", "accept", "no"))
    )
    assert [(claim.state, claim.speaker) for claim in done] == [("edited", "Jane Doe"), ("rejected", other.speaker)]
    (again,) = apply_decisions((CLAIM,), (edit, ClaimDecision(CLAIM.id, "accept", "checked")))
    assert (again.state, again.source_chain) == ("edited", ("outlet", "Jane Doe"))
    (accepted,) = apply_decisions((CLAIM,), (ClaimDecision(CLAIM.id, "accept", "checked"),))
    assert accepted.state == "accepted"


@pytest.mark.parametrize(
    ("slot", "value", "held"),
    [
        ("type", "event", '"event"'),
        ("hedge", "alleged", "alleged"),
        ("polarity", "-", '"-"'),
        ("observable", "no", '"no"'),
        ("place", "Al-Bukamal", '"Al-Bukamal"'),
        ("claim", "it is wide", '"it is wide"'),
        ("source_chain", ["outlet", "N13", "Ann"], '["outlet", "N13", "Ann"]'),
        ("time", "2020-05-01/2020-05-03", "2020-05-03"),
        ("time_role", "event", '"event"'),
        ("quantity", "4 to 5 m", "5.0"),
    ],
)
def test_every_slot_can_be_corrected(slot: str, value: object, held: str) -> None:
    assert held in slot_json(changed(CLAIM, slot, value), slot)


def test_si_is_computed_and_the_dimension_stays() -> None:
    edited: Claim = changed(CLAIM, "quantity", "16 feet")
    assert edited.quantity is not None
    assert edited.quantity.si_value == pytest.approx(4.8768)
    assert edited.quantity.dimension == "width"
    assert changed(CLAIM, "quantity", None).quantity is None
    assert json.loads(slot_json(CLAIM, "quantity"))["value"] == 15


@pytest.mark.parametrize(
    ("slot", "value", "why"),
    [
        ("colour", "red", "no slot"), ("type", "rumour", "type is one of"), ("time", "12 May", "YYYY-MM-DD"), ("time", "2020-05-12/2020-05-01", "ends before"),
        ("source_chain", ["N13"], "starts with"), ("quantity", "wide", "one number"), ("quantity", "4 m and 5 m and 6 m wide and 3 trucks", "one number"), ("hedge", "sure", "hedge is one of"),
        ("place", " ", "is a text"), ("time_role", "seen", "time_role is one of"),
    ],
)  # fmt: skip
def test_what_a_slot_cannot_hold_is_refused_with_what_it_can(slot: str, value: object, why: str) -> None:
    with pytest.raises(SlotError, match=why):
        changed(CLAIM, slot, value)
