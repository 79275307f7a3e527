"""Two versions of the findings in words: what became of every judgement."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, Literal

import pytest
from claimed import claim_of, source_of
from findings import LOOKS, bound_of, event_of, findings_of, patch, sensitivity_of
from hypothesis import given
from hypothesis import strategies as st

from spadework.publish.lint import CHANGES, Known, lint
from spadework.publish.versions import difference
from spadework.records import (
    Assessment,
    Claim,
    ClaimLedger,
    ClaimState,
    Confidence,
    Event,
    Findings,
    Grade,
    Judgement,
    Lineage,
    Mark,
    Origin,
    Period,
    Ranked,
)

NAME = "E20200517-0008-0010"


def told(before: Event, after: Event) -> list[str]:
    return list(difference(findings_of(before), findings_of(after)))


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        ((0, 6), (4, 5), "narrowed"), ((2, 5), (4, 5), "narrowed"), ((None, 5), (4, 5), "narrowed"), ((4, 5), (2, 6), "widened"),
        ((4, 5), (None, 5), "widened"), ((2, 4), (5, 6), "moved"), ((2, 5), (4, 6), "moved"),
    ],
)  # fmt: skip
def test_an_onset_narrows_widens_or_moves(before: tuple[int | None, int], after: tuple[int | None, int], verb: str) -> None:
    old, new = (
        event_of(onset_earliest=None if low is None else bound_of(low), onset_latest=bound_of(high))
        for low, high in (before, after)
    )
    (line,) = told(old, new)
    assert line.startswith(f"{NAME}: onset {verb} from ")


def test_a_narrowed_onset_names_all_four_looks() -> None:
    (line,) = told(event_of(onset_earliest=bound_of(0), onset_latest=bound_of(6)), event_of())
    assert line == (
        f"{NAME}: onset narrowed from between 1 March 2019 (Sentinel-2A) and 9 June 2020 (Sentinel-2A) "
        "to between 12 May 2020 (Sentinel-2A) and 17 May 2020 (Sentinel-2A)."
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ({"status": "anomaly"}, {}, "was not yet confirmed and is now confirmed."),
        ({}, {"status": "recovered", "recovered": True}, "was confirmed and has gone back to normal."),
        ({}, {"area_m2": 2400.0, "area_high_m2": 3000.0}, ": area went from about 1,200 m² (200 to 1,500 m²) to about 2,400 m² (200 to 3,000 m²)."),
        ({"p_real": 0.6}, {"p_real": 0.97},
         ": that it is a real lasting change was likely (55 to 80 per cent, ICD 203) and is now almost certain (95 to 99 per cent, ICD 203)."),
    ],
)  # fmt: skip
def test_one_change_is_one_line(old: dict[str, Any], new: dict[str, Any], line: str) -> None:
    assert told(event_of(**old), event_of(**new)) == [f"{NAME}{line}" if line.startswith(":") else f"{NAME} {line}"]


def test_events_come_go_and_are_renamed_where_they_lie_on_each_other() -> None:
    before = findings_of(event_of("E1"), event_of("E2", geometry=patch(1, 1, 2, 2)))
    after = findings_of(event_of("E7", geometry=patch(10, 8, 4, 2)), event_of("E8", geometry=patch(20, 15, 3, 3)))
    assert list(difference(before, after)) == [
        "E1 is now called E7.",
        "E2 is no longer found; it was confirmed, about 1,200 m² (200 to 1,500 m²).",
        (
            "E8 is new; it is now confirmed, about 1,200 m² (200 to 1,500 m²), begun between 12 May 2020 (Sentinel-2A) and 17 May 2020 (Sentinel-2A)."
        ),
    ]


def test_an_analysts_decision_is_told_with_its_reason() -> None:
    mark = Mark("reject", "a harvest", "", patch(10, 8, 4, 3), operator="E. Analyst")
    assert told(event_of(), event_of(status="rejected", mark=mark)) == [
        f"{NAME} was confirmed and is now rejected by an analyst.",
        f"{NAME}: E. Analyst rejected it: a harvest",
    ]


def test_the_question_the_looks_and_what_could_be_seen() -> None:
    old = findings_of()
    new = dataclasses.replace(
        old,
        looks=LOOKS[1:],
        site=dataclasses.replace(old.site, period=Period(dt.date(2020, 1, 1), dt.date(2021, 6, 30), dt.date(2019, 1, 1))),
        sensitivity=sensitivity_of(),
    )
    lines = difference(old, new)
    assert lines[0] == (
        "The question went from 1 January 2020 to 31 December 2020 before, to 1 January 2020 to 30 June 2021 now."
    )
    assert lines[1] == "1 look was taken out."
    assert lines[2].startswith("Of what could have been seen we said: ")


# ---------------------------------------------------------------- what was said
CLAIMS = tuple(claim_of(f"Works were seen on day {n}.") for n in range(60))
"""All proposed."""
ONE, TWO, THREE, FOUR = (claim.id for claim in CLAIMS[:4])


def heard(*claims: Claim, **said: object) -> Findings:
    """What one document says."""
    told = dataclasses.replace(ClaimLedger((source_of(),), claims), **said)  # type: ignore[arg-type]  # field by field in each test
    return dataclasses.replace(findings_of(), said=told)


def decided(state: ClaimState, *claims: Claim, **changes: object) -> tuple[Claim, ...]:
    return tuple(dataclasses.replace(claim, state=state, **changes) for claim in claims)  # type: ignore[arg-type]  # the same


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (CLAIMS[:1], CLAIMS[:3], [f"2 claims were taken in: {TWO}, {THREE}."]),
        (CLAIMS[:2], CLAIMS[1:2], [f"1 claim was taken out: {ONE}."]),
        (CLAIMS[:2], (*decided("accepted", CLAIMS[0]), CLAIMS[1]), [f"1 claim was accepted: {ONE}."]),
        (decided("accepted", *CLAIMS[:2]), decided("rejected", *CLAIMS[:2]), [f"2 claims were rejected: {ONE}, {TWO}."]),
        (CLAIMS[:1], decided("edited", CLAIMS[0], speaker="Jane Doe"), [f"1 claim was corrected by an analyst: {ONE}."]),
        (
            decided("edited", CLAIMS[0], speaker="Jane Doe"),
            decided("edited", CLAIMS[0], speaker="John Doe"),
            [f"1 claim was corrected by an analyst: {ONE}."],
        ),
        (decided("accepted", CLAIMS[0]), decided("accepted", CLAIMS[0], place="the gate"), [f"1 claim was read in another way: {ONE}."]),
        (
            CLAIMS[:1],
            (*CLAIMS[:1], *decided("accepted", CLAIMS[1])),
            [f"1 claim was taken in: {TWO}.", f"1 claim was accepted: {TWO}."],
        ),
        (
            CLAIMS[:4],
            (*decided("rejected", CLAIMS[0]), *decided("accepted", *CLAIMS[1:3]), *decided("edited", CLAIMS[3])),
            [f"2 claims were accepted: {TWO}, {THREE}.", f"1 claim was corrected by an analyst: {FOUR}.", f"1 claim was rejected: {ONE}."],
        ),
        (CLAIMS, decided("accepted", *CLAIMS), ["60 claims were accepted."]),
    ],
)  # fmt: skip
def test_claims_are_told_by_what_was_done_to_them(old: tuple[Claim, ...], new: tuple[Claim, ...], lines: list[str]) -> None:
    assert list(difference(heard(*old), heard(*new))) == lines


def test_documents_and_origins_are_counted_and_letters_told() -> None:
    def origin(place: int, name: str) -> Origin:
        return Origin(f"O{place}", name, (ONE,), ("S",), ())

    def grade(place: int, letter: Literal["A", "B", "F"]) -> Grade:
        return Grade(f"O{place}", "observation", letter, 3, "", ("", ""))

    one = heard(lineage=Lineage((origin(1, "ISI"),), "one origin", 1), grades=(grade(1, "F"),))
    two = heard(
        sources=(source_of(), source_of("b")),
        lineage=Lineage((origin(1, "Reuters"), origin(2, "ISI")), "independence not established", 2),
        grades=(grade(1, "F"), grade(2, "B")),
    )
    other = heard(lineage=Lineage((origin(1, "AFP"),), "one origin", 1), grades=(grade(1, "A"),))
    assert list(difference(one, two)) == [
        "1 document was added.",
        "Of who first said it we said: one origin. Now: two origins, independence not established.",
        "The grade of origin O2 was F and is now B.",
    ]
    assert lint(" ".join(difference(one, two)), Known(CHANGES, beside_row_a=True)) == ()
    assert list(difference(one, other)) == ["1 origin was added.", "1 origin was taken out."]


# ---------------------------------------------------------------- what is judged
LEVEL = "The evidence does not tell the 3 explanations apart: none is contradicted more than another."
LEAST = "Of the 3 explanations, H2 is contradicted least; H1 and H3 more."
WIDTH = "According to the documents, the opening is 4.0 to 5.0 m wide, rounding and units included."
BEGAN = "According to the dated images that documents describe, works began before or on 1 April 2020; no dated image bounds their start from below."
LIKELY = "It is likely (55 to 80 per cent, ICD 203) that works began before or on 1 April 2020; no dated image bounds their start from below."
FIT = "According to ISI, the structure is fit for such a use; this is a capability, and carries no probability that it will be used so."


def judged(text: str, confidence: Confidence = "low", *records: str) -> Judgement:
    return Judgement(text, None, None, "ICD 203", confidence, "", records or ("claim:C1",))


def weighed(last: str, ranks: tuple[int, int, int], *judgements: Judgement, **changes: object) -> Findings:
    """Three explanations in ranks, and judgements of which the last is on them."""
    ranking = tuple(Ranked(f"H{n}", float(rank), rank) for n, rank in enumerate(ranks, 1))
    made = Assessment("What is it?", "generic change", (), (), (), ranking, (), (*judgements, judged(last)), ())
    made = dataclasses.replace(made, **changes)  # type: ignore[arg-type]  # field by field in each test
    return dataclasses.replace(findings_of(), assessment=made)


def test_the_ranking_and_the_judgement_on_it_are_told_from_what_to_what() -> None:
    assert list(difference(weighed(LEVEL, (1, 1, 1)), weighed(LEAST, (2, 1, 3), judged(WIDTH)))) == [
        f"We judged: {LEVEL} Now: {LEAST}",
        "Of the 3 explanations, two changed rank: H1 from 1 to 2, H3 from 1 to 3.",
        f"Newly judged: {WIDTH}",
    ]
    assert list(difference(weighed(LEAST, (2, 1, 3), judged(WIDTH)), weighed(LEAST, (2, 1, 3)))) == [
        f"No longer judged: {WIDTH}"
    ]


def test_a_judgement_keeps_its_words_beside_the_new_ones_and_apart_from_its_confidence() -> None:
    old = weighed(LEAST, (2, 1, 3), judged(BEGAN), judged(WIDTH), judged(FIT))
    new = weighed(LEAST, (2, 1, 3), judged(LIKELY, "moderate"), judged(WIDTH, "high"), judged(FIT))
    assert list(difference(old, new)) == [
        f"We judged: {BEGAN} Now: {LIKELY} Confidence in this was low and is now moderate.",
        f"We judge as before: {WIDTH} Confidence in this was low and is now high.",
    ]


def test_of_reasons_only_those_are_told_that_came_or_went() -> None:
    old = weighed(LEAST, (2, 1, 3), judged(f"{FIT} No model was held. The ground is flat."))
    new = weighed(LEAST, (2, 1, 3), judged(f"{FIT} The ground is flat. One text speaks of sand."))
    assert list(difference(old, new)) == [
        f"We judge as before: {FIT} No longer said of it: No model was held. Now said of it: One text speaks of sand."
    ]


def test_judgements_that_rest_on_nothing_in_common_are_two() -> None:
    first, second = (
        judged(f"It is likely (55 to 80 per cent, ICD 203) that a lasting change of the ground began after {day} May 2020.", "low", event)
        for day, event in ((3, "event:E1"), (9, "event:E2"))
    )  # fmt: skip
    assert list(difference(weighed(LEAST, (2, 1, 3), first), weighed(LEAST, (2, 1, 3), second))) == [
        f"Newly judged: {second.text}",
        f"No longer judged: {first.text}",
    ]


def test_a_question_comes_goes_and_is_put_in_another_way() -> None:
    nothing, asked = findings_of(), weighed(LEVEL, (1, 1, 1))
    assert list(difference(nothing, asked)) == [f"Newly judged: {LEVEL}"]
    assert list(difference(asked, nothing)) == [f"No longer judged: {LEVEL}"]
    other = weighed(LEVEL, (2, 1, 1), question="Whose is it?", feature="mine or quarry")
    assert list(difference(asked, other)) == [
        "The question that is judged is worded in another way.",
        "The explanations weighed were those of generic change and are now those of mine or quarry.",
    ]


# ---------------------------------------------------------------- whatever changed
STATES: tuple[ClaimState, ...] = ("proposed", "accepted", "edited", "rejected")
SURE: tuple[Confidence, ...] = ("low", "moderate", "high")


@st.composite
def versions(draw: st.DrawFn) -> Findings:
    """Up to four events, each of one of three places, states and onsets; up to three claims; three judgements at most."""
    names = draw(st.lists(st.sampled_from(["E1", "E2", "E3", "E4"]), unique=True, max_size=4))
    claims = draw(st.lists(st.sampled_from(CLAIMS[:3]), unique=True))
    said = heard(*(decided(draw(st.sampled_from(STATES)), c)[0] for c in claims)).said
    texts = draw(st.lists(st.sampled_from([WIDTH, BEGAN, LIKELY, FIT]), max_size=2))
    sure = st.sampled_from(SURE)
    assessed = weighed(
        draw(st.sampled_from([LEVEL, LEAST])),
        draw(st.tuples(*3 * [st.integers(1, 3)])),
        *(judged(text, draw(sure)) for text in texts),
    )
    seen = findings_of(
        *(
            event_of(
                name,
                geometry=patch(*draw(st.sampled_from([(1, 1, 2, 2), (10, 8, 4, 3), (20, 15, 3, 3)]))),
                status=draw(st.sampled_from(["confirmed", "anomaly"])),
                onset_earliest=draw(st.sampled_from([None, bound_of(2), bound_of(4)])),
                p_real=draw(st.sampled_from([None, 0.3, 0.9])),
            )
            for name in names
        )
    )
    return dataclasses.replace(seen, said=said, assessment=draw(st.sampled_from([None, assessed.assessment])))


@given(versions())
def test_nothing_is_said_of_what_did_not_change(findings: Findings) -> None:
    assert difference(findings, findings) == ()


@given(versions(), versions())
def test_every_line_passes_the_linter_and_every_lost_event_is_named(before: Findings, after: Findings) -> None:
    lines = difference(before, after)
    assert lint(" ".join(lines), Known(CHANGES, beside_row_a=True)) == ()
    kept = {event.id for event in after.events}
    for event in before.events:
        if event.id not in kept:
            assert any(event.id in line for line in lines)
