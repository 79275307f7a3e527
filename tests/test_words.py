"""What is said: dates, areas and places, sentences about events and about what could have been seen."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from findings import LOOKS, bound_of, event_of, findings_of, patch, sensitivity_of
from hypothesis import given
from hypothesis import strategies as st

from spadework.publish import changes, seeing, words
from spadework.publish.evidence import Sentence, records_of, say
from spadework.records import Chance, Event, Findings, Mark, Product

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.publish.evidence import Witness


def told(findings: Findings, tell: Callable[[Witness], str]) -> Sentence:
    """What a teller says of findings; it must say something."""
    sentence = say(records_of(findings, (), Product(1)), "key", tell)
    assert sentence is not None
    return sentence


def finding(findings: Findings) -> Sentence:
    return told(findings, lambda w: changes.finding(w, findings.events[0].id))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((12_345.0, 9_000.0, 15_000.0), "about 1.2 ha (0.9 to 1.5 ha)"),
        ((1_234.0, 1_000.0, 1_500.0), "about 1,200 m² (1,000 to 1,500 m²)"),
        ((800.0, 400.0, 1_200.0), "about 800 m² (400 to 1,200 m²)"),
        ((0.0, 0.0, 0.0), "about 0 m² (0 to 0 m²)"),
        ((2_340_000.0, 2_100_000.0, 2_700_000.0), "about 230 ha (210 to 270 ha)"),
    ],
)
def test_areas_are_rounded_to_their_uncertainty(numbers: tuple[float, float, float], expected: str) -> None:
    assert words.area(*numbers) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "0 %"), (0.004, "under 1 %"), (0.5, "50 %"), (0.999, "99 %"), (1.0, "100 %")]
)
def test_shares(value: float, expected: str) -> None:
    assert words.share(value) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("sentinel-2a", "Sentinel-2A"), ("landsat-8", "Landsat-8"), ("PlanetScope", "PlanetScope")]
)
def test_platforms(name: str, expected: str) -> None:
    assert words.platform(name) == expected


@given(st.floats(-180, 180), st.floats(-85, 85), st.sampled_from([100.0, 1000.0, 5000.0, 20_000.0, 150_000.0]))
def test_places_are_never_finer_than_the_gate(longitude: float, latitude: float, gate: float) -> None:
    numbers = re.findall(r"(\d+(?:\.\d+)?)° ([NSEW])", words.place(longitude, latitude, gate))
    assert [letter in "NS" for _, letter in numbers] == [True, False]
    metres = 111_320 * np.array([1.0, max(np.cos(np.radians(latitude)), 0.05)])
    for (text, _), scale, exact in zip(numbers, metres, (latitude, longitude), strict=True):
        digit = 10.0 ** -(len(text.partition(".")[2]))  # the last printed place
        step = words.degree_step(gate / scale * 111_320)
        assert step * scale >= gate * (1 - 1e-6)
        assert digit == 1 or digit * 10 > step  # no place more than the step needs
        assert float(text) / step == pytest.approx(round(float(text) / step), abs=1e-6)
        assert abs(float(text) - abs(exact)) <= step / 2 * 1.001


def test_a_place_is_exact_only_when_chosen() -> None:
    assert words.place(40.951234, 34.456789, 5000.0) == "near 34.45° N, 41.0° E (rounded to 5 km or coarser)"
    assert words.place(-40.951234, -34.456789, 0.0) == "34.45679° S, 40.95123° W"


def test_the_finding_is_one_sentence_with_its_evidence() -> None:
    said = finding(findings_of(event_of()))
    assert said.text == (
        "Ground changed between 12 May 2020 (Sentinel-2A) and 17 May 2020 (Sentinel-2A), over about 1,200 m² (200 to 1,500 m²)."
    )
    looks = [name for k in (LOOKS[4], LOOKS[5]) for name in (f"look:{k.id}", f"scene:{k.scenes[0].id}")]
    assert said.records == ("event:E20200517-0008-0010", *looks)


def test_an_unbounded_start_is_told() -> None:
    assert "at an unknown time before 17 May 2020" in finding(findings_of(event_of(onset_earliest=None))).text
    added = finding(findings_of(event_of(onset_earliest=None, onset_latest=None))).text
    assert "when it began was not measured" in added


def test_headlines() -> None:
    rejected = event_of("E2", status="rejected")
    assert (
        told(findings_of(), changes.headline).text
        == "No lasting change was confirmed between 1 January 2020 and 31 December 2020."
    )
    assert told(findings_of(event_of(), rejected), changes.headline).text == (
        "One confirmed change of the ground between 1 January 2020 and 31 December 2020; one rejected by an analyst."
    )


def test_what_could_have_been_seen_is_one_sentence_with_its_evidence() -> None:
    said = told(dataclasses.replace(findings_of(), sensitivity=sensitivity_of()), seeing.detectable)
    assert said.text == (
        "A disturbance of at least 2,000 m² and at least 5 points that began before 1 September 2020 would have been confirmed "
        "with probability .90 [.85, over .99]."
    )
    assert said.records[:2] == ("listing", "sensitivity")
    assert {f"look:{k.id}" for k in LOOKS} <= set(said.records)


def test_a_probability_never_reached_is_told() -> None:
    said = seeing.detectable_text(sensitivity_of(before=None))
    assert (
        said
        == "No size and contrast tried (800 m² to 2,000 m², 2.0 to 6 points) reached a probability of .90 of being confirmed."
    )
    assert "could not be measured: no room" in seeing.detectable_text(sensitivity_of(statements=(), reason="no room"))
    assert "not been measured yet" in seeing.detectable_text(None)
    assert "300 were wanted" in seeing.planting(sensitivity_of())


def test_the_leading_statement_holds_for_half_of_the_period_where_one_does() -> None:
    late, early = sensitivity_of().statements[1], sensitivity_of(dt.date(2020, 2, 1)).statements[1]
    small = dataclasses.replace(early, area_m2=800.0)
    assert seeing.leading(sensitivity_of(statements=(small, late))) == late
    assert seeing.leading(sensitivity_of(statements=(early, small))) == small
    strong = dataclasses.replace(late, area_m2=800.0, contrast=0.1)
    assert seeing.leading(sensitivity_of(statements=(small, strong))) == strong
    unsure = dataclasses.replace(late, area_m2=800.0, chance=Chance(0.91, 0.4, 0.99, "grey"))
    assert seeing.leading(sensitivity_of(statements=(unsure, late))) == late
    assert seeing.leading(sensitivity_of(statements=(unsure,))) == unsure


@pytest.mark.parametrize(
    ("value", "expected"), [(0.934, ".93"), (0.9, ".90"), (0.99, ".99"), (0.9999, "over .99"), (1.0, "over .99"), (0.004, "under .01")]
)  # fmt: skip
def test_probabilities_are_never_certain(value: float, expected: str) -> None:
    assert words.probability(value) == expected


@pytest.mark.parametrize(
    ("p_real", "expected"),
    [
        (0.934, "It is very likely (80 to 95 per cent, ICD 203) that this is a real lasting change"),
        (0.5, "There is a roughly even chance (45 to 55 per cent, ICD 203) that this is a real lasting change"),
        (0.03, "There is almost no chance (1 to 5 per cent, ICD 203) that this is a real lasting change"),
        (0.0002, "There is almost no chance (at most 5 per cent, ICD 203) that this is a real lasting change"),
        (0.9999, "It is almost certain (at least 95 per cent, ICD 203) that this is a real lasting change"),
    ],
)
def test_the_chance_of_an_event_is_a_word_with_its_interval_and_base_rate(p_real: float, expected: str) -> None:
    findings = findings_of(event_of(p_real=p_real), base_rate=0.5)
    said = told(findings, lambda w: changes.chance(w, findings.events[0].id)).text
    assert said == f"{expected}, if such events occur 0.5 times per km² and year here."


def test_a_chance_is_told_only_where_it_was_computed_and_at_its_own_rate() -> None:
    none = say(records_of(findings_of(event_of()), (), Product(1)), "key", lambda w: changes.chance(w, event_of().id))
    assert none is None
    findings = findings_of(event_of(p_real=0.5, base_rate=2.0))
    assert "occur 2 times" in told(findings, lambda w: changes.chance(w, event_of().id)).text


@given(st.lists(st.sampled_from(["site", "seen", "grid", "listing", "product"]), max_size=6))
def test_a_witness_names_what_it_was_asked_for_once_and_in_order(names: list[str]) -> None:
    records = records_of(findings_of(), (), Product(1))
    said = say(records, "key", lambda w: "".join(str(w.ask(name)) for name in names))
    assert (said.records if said else ()) == tuple(dict.fromkeys(names))


def test_what_is_not_on_record_is_not_said() -> None:
    records = records_of(findings_of(event_of()), (), Product(1))
    del records[f"look:{LOOKS[4].id}"]
    assert say(records, "key", lambda w: changes.finding(w, event_of().id)) is None


def test_the_headline_says_how_likely_the_confirmed_ones_are_and_how_large_the_largest() -> None:
    findings = findings_of(
        event_of(p_real=0.93), event_of("E2", p_real=0.5, onset_earliest=bound_of(1), area_m2=900.0), event_of("E3", status="anomaly", p_real=0.1)
    )  # fmt: skip
    assert told(findings, changes.headline).text == (
        "Two confirmed changes of the ground between 1 January 2020 and 31 December 2020 (real and lasting: 1 very likely, 1 roughly even "
        "chance); one not yet confirmed."
    )
    assert told(findings, changes.largest).text == (
        "The largest covers about 1,200 m² (200 to 1,500 m²) and began between 12 May 2020 (Sentinel-2A) and 17 May 2020 (Sentinel-2A). "
        "One may have begun before 1 January 2020."
    )


def test_what_an_analyst_drew_is_no_confirmed_change() -> None:
    drawn = event_of(
        "A1", mark=Mark("add", "seen in another image", "", patch(1, 1, 2, 2)), onset_earliest=None, onset_latest=None
    )
    assert told(findings_of(drawn), changes.headline).text == (
        "No lasting change was confirmed between 1 January 2020 and 31 December 2020; one drawn by an analyst."
    )
    assert "no lasting change of at least 800 m² was confirmed" in told(findings_of(drawn), seeing.null).text


def test_a_time_without_a_clear_look_is_no_null_finding() -> None:
    blind = dataclasses.replace(
        findings_of(), looks=tuple(dataclasses.replace(k, used=False, clear=0.0) for k in LOOKS if k.day.year == 2020)
    )
    assert told(blind, changes.headline).text.startswith("Nothing can be said about the time between 1 January 2020")
    assert "little or nothing can be said" in told(blind, seeing.null).text


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (event_of(), "It was still growing in the last look that saw it."),
        (event_of(phase="stopped"), "It grew until 9 June 2020; no growth has been seen since."),
        (event_of(phase="stopped", history=event_of().history[:1]), "It has not grown since it was first seen."),
    ],
)
def test_how_an_event_went_on(event: Event, expected: str) -> None:
    assert told(findings_of(event), lambda w: changes.latest(w, event.id)).text == expected
