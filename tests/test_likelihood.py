"""The words of likelihood: one scale, its numbers, and which side of a boundary wins."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spadework.records import TERMS, term_of

TABLE = [
    ("almost no chance", "remote", 1, 5),
    ("very unlikely", "highly improbable", 5, 20),
    ("unlikely", "improbable", 20, 45),
    ("roughly even chance", "roughly even odds", 45, 55),
    ("likely", "probable", 55, 80),
    ("very likely", "highly probable", 80, 95),
    ("almost certain", "nearly certain", 95, 99),
]


def test_the_table_is_that_of_the_directive() -> None:
    assert [(t.text, t.other, round(t.low * 100), round(t.high * 100)) for t in TERMS] == TABLE
    assert {t.scale for t in TERMS} == {"ICD 203"}


def test_the_ranges_touch_and_leave_no_gap() -> None:
    assert all(lower.high == upper.low for lower, upper in itertools.pairwise(TERMS))


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (0, "almost no chance"), (1, "almost no chance"), (4.9, "almost no chance"), (5, "very unlikely"),
        (19.9, "very unlikely"), (20, "unlikely"), (44.9, "unlikely"), (45, "roughly even chance"),
        (50, "roughly even chance"), (55, "roughly even chance"), (55.1, "likely"), (80, "likely"), (80.1, "very likely"),
        (95, "very likely"), (95.1, "almost certain"), (99, "almost certain"), (100, "almost certain"),
    ],
)  # fmt: skip
def test_on_a_boundary_the_term_nearer_to_even_chance_wins(percent: float, text: str) -> None:
    assert term_of(percent / 100).text == text


@given(st.floats(0.01, 0.99))
def test_the_term_holds_the_probability_that_it_is_for(probability: float) -> None:
    term = term_of(probability)
    assert term.low <= probability <= term.high


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_never_takes_a_lower_word(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert TERMS.index(term_of(low)) <= TERMS.index(term_of(high))


@given(st.integers(0, 1000))
def test_the_scale_is_the_same_seen_from_the_other_end(permille: int) -> None:
    assert TERMS.index(term_of(permille / 1000)) == 6 - TERMS.index(term_of((1000 - permille) / 1000))


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"within 0\.\.1"):
        term_of(wrong)


def test_a_term_is_frozen_and_says_its_interval_and_machine_tag() -> None:
    term = term_of(0.6)
    assert term.interval == "55 to 80 per cent"
    assert term.tag == 'estimative-language:likelihood-probability="likely"'
    assert term_of(0.03).tag == 'estimative-language:likelihood-probability="almost-no-chance"'
    with pytest.raises(dataclasses.FrozenInstanceError):
        term.low = 0.0  # type: ignore[misc]
