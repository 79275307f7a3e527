"""Numbers with units to SI, by hand: a foot is 0.3048 m, a mile 1,609.344 m, a hectare 10,000 m2."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spadework.claims.dates import find_dates
from spadework.claims.quantities import find_quantities
from spadework.claims.units import UNITS

TABLE = [
    ("a 15-foot-wide structure", "15-foot", 15, None, "m", 4.572, "exact", "width"),
    ("roughly 15 feet wide", "roughly 15 feet", 15, None, "m", 4.572, "approx", "width"),
    ("4 to 5 metres wide", "4 to 5 metres", 4, 5, "m", 4.0, "range", "width"),
    ("4-5 m wide", "4-5 m", 4, 5, "m", 4.0, "range", "width"),
    ("four or five feet high", "four or five feet", 4, 5, "m", 1.2192, "range", "height"),
    ("nearly 400 feet long", "nearly 400 feet", 400, None, "m", 121.92, "max", "length"),
    ("13 feet deep", "13 feet", 13, None, "m", 3.9624, "exact", "depth"),
    ("two miles away", "two miles", 2, None, "m", 3218.688, "exact", "distance"),
    ("covered 255 square kilometers", "255 square kilometers", 255, None, "m2", 2.55e8, "exact", "area"),
    ("more than 5 billion cubic meters", "more than 5 billion cubic meters", 5e9, None, "m3", 5e9, "min", "volume"),
    (
        "about 160 million cubic meters a day",
        "about 160 million cubic meters a day",
        1.6e8,
        None,
        "m3/s",
        1851.8518,
        "approx",
        "flow",
    ),
    ("$4.6 billion", "$4.6 billion", 4.6e9, None, "USD", 4.6e9, "exact", "money"),
    ("at least five major strikes", "at least five", 5, None, "count", 5, "min", "count"),
    ("dozens of soldiers", "dozens", 24, None, "count", 24, "min", "count"),
    ("1,200.5 tonnes", "1,200.5 tonnes", 1200.5, None, "kg", 1_200_500, "exact", "mass"),
    ("35 per cent", "35 per cent", 35, None, "1", 0.35, "exact", "share"),
    ("between 20 and 30 hectares", "between 20 and 30 hectares", 20, 30, "m2", 200_000, "range", "area"),
    ("up to 60 km/h", "up to 60 km/h", 60, None, "m/s", 16.6667, "max", "speed"),
    ("41 degrees Celsius", "41 degrees Celsius", 41, None, "degC", 41, "exact", "temperature"),
    ("50 degrees Fahrenheit", "50 degrees Fahrenheit", 50, None, "degC", 10, "exact", "temperature"),
    ("some 3.5 million people", "some 3.5 million", 3.5e6, None, "count", 3.5e6, "approx", "count"),
    ("twenty-five trucks", "twenty-five", 25, None, "count", 25, "exact", "count"),
    ("a hundred and fifty metres long", "a hundred and fifty metres", 150, None, "m", 150, "exact", "length"),
    ("two and a half metres wide", "two and a half metres", 2.5, None, "m", 2.5, "exact", "width"),
    ("a mile and a half long", "a mile and a half", 1.5, None, "m", 2414.016, "exact", "length"),
    ("2\u00bd miles away", "2\u00bd miles", 2.5, None, "m", 4023.36, "exact", "distance"),
    ("30-plus trucks", "30-plus", 30, None, "count", 30, "min", "count"),
    ("a quarter of a million people", "a quarter of a million", 250000, None, "count", 250000, "exact", "count"),
    ("half an acre", "half an acre", 0.5, None, "m2", 2023.4363, "exact", "area"),
    ("tens of thousands of hectares", "tens of thousands of hectares", 20000, None, "m2", 2e8, "min", "area"),
    ("12 T-72 tanks", "12", 12, None, "count", 12, "exact", "count"),
    ("pumped 500,000 b/d", "500,000 b/d", 500000, None, "m3/s", 0.920065, "exact", "flow"),
    ("at least seven of them", "at least seven", 7, None, "count", 7, "min", "count"),
    ("had 3.1 billion sorro left", "3.1 billion sorro", 3.1e9, None, "sorro", 3.1e9, "exact", "money"),
    ("put the workforce at 140", "140", 140, None, "count", 140, "exact", "count"),
    ("at least 36 had been stored", "at least 36", 36, None, "count", 36, "min", "count"),
    ("it had cost 3.6 billion dalins", "3.6 billion dalins", 3.6e9, None, "dalin", 3.6e9, "exact", "money"),
    ("could number 1,800 to 2,500 men", "1,800 to 2,500", 1800, 2500, "count", 1800, "range", "count"),
    ("put their number at between 180 and 220.", "between 180 and 220", 180, 220, "count", 180, "range", "count"),
    ("200-odd trucks", "200-odd", 200, None, "count", 200, "approx", "count"),
    ("the fleet fell to 12 in May", "12", 12, None, "count", 12, "exact", "count"),
    ("a crowd of 5,000.", "5,000", 5000, None, "count", 5000, "exact", "count"),
    ("3 million fish died", "3 million", 3e6, None, "count", 3e6, "exact", "count"),
    ("up from 74 over the year", "74", 74, None, "count", 74, "exact", "count"),
    ("$40m-$55m a quarter", "$40m-$55m", 4e7, 5.5e7, "USD", 4e7, "range", "money"),
    ("3.5m people", "3.5m", 3.5e6, None, "count", 3.5e6, "exact", "count"),
    ("2m cubic metres", "2m cubic metres", 2e6, None, "m3", 2e6, "exact", "volume"),
    ("he is 6ft 2in tall", "6ft 2in", 6 + 2 / 12, None, "m", 1.8796, "exact", "height"),
    ("one in five villages", "one in five", 0.2, None, "1", 0.2, "exact", "share"),
    ("two-fifths of the forest", "two-fifths", 0.4, None, "1", 0.4, "exact", "share"),
    ("put the number of launchers at eight.", "eight", 8, None, "count", 8, "exact", "count"),
    ("counted four on a picture", "four", 4, None, "count", 4, "exact", "count"),
    ("400 of them marched", "400", 400, None, "count", 400, "exact", "count"),
    ("half a million people", "half a million", 5e5, None, "count", 5e5, "exact", "count"),
]
FRENCH = [
    ("environ 4,5 mètres de large", "environ 4,5 mètres", 4.5, None, "m", 4.5, "approx", "width"),
    ("plus de 1\u202f200 hectares", "plus de 1\u202f200 hectares", 1200, None, "m2", 1.2e7, "min", "area"),
    ("quatre à cinq mètres", "quatre à cinq mètres", 4, 5, "m", 4, "range", "distance"),
    ("une trentaine de camions", "une trentaine", 30, None, "count", 30, "approx", "count"),
    ("12 % de la forêt", "12 %", 12, None, "1", 0.12, "exact", "share"),
]


@pytest.mark.parametrize(
    ("language", "text", "words", "value", "high", "unit", "si", "bound", "dimension"),
    [("en", *row) for row in TABLE] + [("fr", *row) for row in FRENCH],
)
def test_a_quantity_is_this_in_si(
    language: str, text: str, words: str, value: float, high: float | None, unit: str, si: float, bound: str, dimension: str
) -> None:
    (found,) = find_quantities(text, language)
    assert found.text == words
    assert (found.value, found.high, found.si_unit, found.bound, found.dimension) == (value, high, unit, bound, dimension)
    assert found.si_value == pytest.approx(si, rel=1e-5)


def test_two_in_one_clause_keep_their_own_dimension() -> None:
    wide, long = find_quantities("It is 200 feet wide and nearly 1.4 miles long.")
    assert (wide.dimension, long.dimension) == ("width", "length")
    assert wide.si_value == pytest.approx(60.96)
    a, b = find_quantities("a 122-by-43-metre hall")
    assert (a.si_value, b.si_value) == (122, 43)


@pytest.mark.parametrize(
    "text",
    [
        "One of them said so.",
        "Sentinel-2 passed",
        "the F-16 flew",
        "at 2 a.m.",
        "No. 10",
        "Flight 370",
        "N13 reported",
        "the 5th division",
        "on the one hand",
        "a 43-year-old woman",
        "MiG-29s flew",
    ],
)
def test_what_counts_nothing_is_left_alone(text: str) -> None:
    assert find_quantities(text) == ()


def test_numbers_of_dates_are_no_quantities() -> None:
    text = "On 12 May 2020, 15 trucks; over the past nine months, 3 strikes."
    dates = find_dates(text, dt.date(2020, 5, 14))
    assert [q.text for q in find_quantities(text, "en", dates)] == ["15", "3"]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("15 feet wide", 4.4196, 4.7244),
        ("4.5 m wide", 4.45, 4.55),
        ("4 to 5 m", 4, 5),
        ("about 100 m", 90, 110),
        ("at least 30 m", 30, float("inf")),
        ("up to 30 m", 0, 30),
    ],
)
def test_as_written_it_allows_these(text: str, low: float, high: float) -> None:
    (found,) = find_quantities(text)
    assert found.interval == pytest.approx((low, high))


def test_units_are_exact_where_the_standard_is() -> None:
    assert UNITS["acre"].factor == pytest.approx(43560 * 0.3048**2, rel=1e-5)
    assert UNITS["gallon"].factor == pytest.approx(231 * 0.0254**3)
    assert UNITS["pounds"].factor * 2000 == pytest.approx(UNITS["short tons"].factor)


@given(st.text(max_size=200), st.sampled_from(["en", "fr", "de"]))
def test_any_text_gives_verbatim_spans_in_order(text: str, language: str) -> None:
    found = find_quantities(text, language)
    assert all(text[slice(*q.span)] == q.text for q in found)
    assert all(a.span[1] <= b.span[0] for a, b in itertools.pairwise(found))


@given(st.integers(2, 9999), st.sampled_from(["km", "feet", "hectares", "tonnes", "miles", "acres"]))
def test_si_and_back(value: int, unit: str) -> None:
    (found,) = find_quantities(f"It measures {value} {unit}.")
    assert found.si_value / UNITS[unit].factor == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "si_value", "si_unit"),
    [
        ("a flow of 12 m3/s in May, against 30 in June", 30.0, "m3/s"),
        ("$12 million, compared with 8 million in May", 8e6, "USD"),
        ("12 hectares, up from 9 in May", 90_000.0, "m2"),
        ("payments had risen from 210 million dalins in 2018 to about 740 million in 2022", 7.4e8, "dalin"),
    ],
)
def test_a_bare_number_held_against_another_has_its_unit(text: str, si_value: float, si_unit: str) -> None:
    second = find_quantities(text)[1]
    assert (second.si_value, second.si_unit) == (si_value, si_unit)


def test_a_part_of_a_count_is_a_count() -> None:
    assert [quantity.si_value for quantity in find_quantities("five of the 12 shelters")] == [5.0, 12.0]


def test_a_bare_number_of_the_next_sentence_has_no_unit() -> None:
    assert len(find_quantities("It was 12 metres. Against 30 in May, that is little.")) == 1
