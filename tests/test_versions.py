"""Two versions of the findings in words: what became of every judgement."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from findings import LOOKS, bound_of, event_of, findings_of, patch, sensitivity_of
from hypothesis import given
from hypothesis import strategies as st

from spadework.publish.lint import CHANGES, Known, lint
from spadework.publish.versions import difference
from spadework.records import Event, Findings, Mark, Period

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


@st.composite
def versions(draw: st.DrawFn) -> Findings:
    """Up to four events, each of one of three places, states and onsets."""
    names = draw(st.lists(st.sampled_from(["E1", "E2", "E3", "E4"]), unique=True, max_size=4))
    return findings_of(
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
