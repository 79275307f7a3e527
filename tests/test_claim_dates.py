"""Dates to first and last day, worked out with a calendar; 14 May 2020 was a Thursday."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spadework.claims.dates import find_dates

THURSDAY = dt.date(2020, 5, 14)
ENGLISH = [
    ("captured May 12 by ISI", "May 12", "2020-05-12", "2020-05-12"),
    ("on 12 May", "12 May", "2020-05-12", "2020-05-12"),
    ("on the 12th of May 2019", "12th of May 2019", "2019-05-12", "2019-05-12"),
    ("on Tuesday, May 12, it", "Tuesday, May 12", "2020-05-12", "2020-05-12"),
    ("Sept. 24", "Sept. 24", "2019-09-24", "2019-09-24"),
    ("on 20 May", "20 May", "2019-05-20", "2019-05-20"),
    ("will open on 20 May", "20 May", "2020-05-20", "2020-05-20"),
    ("dated 2020-04-01", "2020-04-01", "2020-04-01", "2020-04-01"),
    ("of 12.05.2020", "12.05.2020", "2020-05-12", "2020-05-12"),
    ("of 13/05/2020", "13/05/2020", "2020-05-13", "2020-05-13"),
    ("of 05/13/2020", "05/13/2020", "2020-05-13", "2020-05-13"),
    ("on Wednesday", "Wednesday", "2020-05-13", "2020-05-13"),
    ("on Thursday", "Thursday", "2020-05-14", "2020-05-14"),
    ("last Thursday", "last Thursday", "2020-05-07", "2020-05-07"),
    ("next Thursday", "next Thursday", "2020-05-21", "2020-05-21"),
    ("will meet on Friday", "Friday", "2020-05-15", "2020-05-15"),
    ("yesterday", "yesterday", "2020-05-13", "2020-05-13"),
    ("this morning", "this morning", "2020-05-14", "2020-05-14"),
    ("said last week that", "last week", "2020-05-04", "2020-05-10"),
    ("this month", "this month", "2020-05-01", "2020-05-31"),
    ("next year", "next year", "2021-01-01", "2021-12-31"),
    ("the last two weeks", "the last two weeks", "2020-04-30", "2020-05-14"),
    ("the past nine months", "the past nine months", "2019-08-14", "2020-05-14"),
    ("three days ago", "three days ago", "2020-05-11", "2020-05-11"),
    ("two weeks ago", "two weeks ago", "2020-04-27", "2020-05-03"),
    ("three months ago", "three months ago", "2020-02-01", "2020-02-29"),
    ("two years ago", "two years ago", "2018-01-01", "2018-12-31"),
    ("in March", "March", "2020-03-01", "2020-03-31"),
    ("in June", "June", "2019-06-01", "2019-06-30"),
    ("due to open in June", "June", "2020-06-01", "2020-06-30"),
    ("last September", "last September", "2019-09-01", "2019-09-30"),
    ("in March last year", "March last year", "2019-03-01", "2019-03-31"),
    ("on 3 June last year", "3 June last year", "2019-06-03", "2019-06-03"),
    ("In May, they", "May", "2020-05-01", "2020-05-31"),
    ("in the first week of April", "the first week of April", "2020-04-01", "2020-04-07"),
    ("in the last week of April", "the last week of April", "2020-04-24", "2020-04-30"),
    ("the second half of April", "the second half of April", "2020-04-16", "2020-04-30"),
    ("in H1 2019", "H1 2019", "2019-01-01", "2019-06-30"),
    ("between January and March this year", "January and March this year", "2020-01-01", "2020-03-31"),
    ("in the week of 4 May", "the week of 4 May", "2020-05-04", "2020-05-10"),
    ("in the last quarter", "last quarter", "2020-01-01", "2020-03-31"),
    ("no later than 1 July", "1 July", "2020-07-01", "2020-07-01"),
    ("on New Year's Eve", "New Year's Eve", "2019-12-31", "2019-12-31"),
    ("since the autumn", "autumn", "2019-09-01", "2019-11-30"),
    ("between Monday and Wednesday", "Monday and Wednesday", "2020-05-11", "2020-05-13"),
    ("will run from Monday to Friday", "Monday to Friday", "2020-05-18", "2020-05-22"),
    ("over the weekend", "the weekend", "2020-05-09", "2020-05-10"),
    ("the year before last", "the year before last", "2018-01-01", "2018-12-31"),
    ("the next two weeks", "the next two weeks", "2020-05-14", "2020-05-28"),
    ("over the past fortnight", "the past fortnight", "2020-04-30", "2020-05-14"),
    ("the past decade", "the past decade", "2010-05-14", "2020-05-14"),
    ("On Friday the court will decide", "Friday", "2020-05-15", "2020-05-15"),
    ("The work would continue, the ministry said on Tuesday", "Tuesday", "2020-05-12", "2020-05-12"),
    ("in early July 2021", "early July 2021", "2021-07-01", "2021-07-10"),
    ("scheduled for mid-July", "mid-July", "2020-07-11", "2020-07-20"),
    ("late February", "late February", "2020-02-21", "2020-02-29"),
    ("at the end of March", "the end of March", "2020-03-21", "2020-03-31"),
    ("in 2017", "2017", "2017-01-01", "2017-12-31"),
    ("in late 2019", "late 2019", "2019-09-01", "2019-12-31"),
    ("the 1990s", "the 1990s", "1990-01-01", "1999-12-31"),
    ("the first four months of 2020", "the first four months of 2020", "2020-01-01", "2020-04-30"),
    ("the second quarter of 2021", "the second quarter of 2021", "2021-04-01", "2021-06-30"),
    ("spring 2021", "spring 2021", "2021-03-01", "2021-05-31"),
    ("winter 2021", "winter 2021", "2021-12-01", "2022-02-28"),
    ("from 27 June to 12 July 2019", "27 June to 12 July 2019", "2019-06-27", "2019-07-12"),
    ("between 1 April and 12 May", "1 April and 12 May", "2020-04-01", "2020-05-12"),
    ("April 1-12", "April 1-12", "2020-04-01", "2020-04-12"),
    ("from December to February", "December to February", "2019-12-01", "2020-02-29"),
    ("2017-2019", "2017-2019", "2017-01-01", "2019-12-31"),
    ("seen on 1 April; two days later it was gone", "two days later", "2020-04-03", "2020-04-03"),
    ("pictures of May 1 and from the previous month", "the previous month", "2020-04-01", "2020-04-30"),
    ("this past Tuesday", "this past Tuesday", "2020-05-12", "2020-05-12"),
    ("on Wednesday of last week", "Wednesday of last week", "2020-05-06", "2020-05-06"),
    ("on Tuesday last week", "Tuesday last week", "2020-05-05", "2020-05-05"),
    ("from Sunday night to Monday morning", "Sunday night to Monday morning", "2020-05-10", "2020-05-11"),
    ("on the first Monday of March", "the first Monday of March", "2020-03-02", "2020-03-02"),
    ("on the last Friday of March", "the last Friday of March", "2020-03-27", "2020-03-27"),
    ("the last three days of April", "the last three days of April", "2020-04-28", "2020-04-30"),
    ("the first ten days of April", "the first ten days of April", "2020-04-01", "2020-04-10"),
    ("in the latter half of 2019", "the latter half of 2019", "2019-07-01", "2019-12-31"),
    ("in the spring of last year", "the spring of last year", "2019-03-01", "2019-05-31"),
    ("in the winter of 2018-19", "the winter of 2018-19", "2018-12-01", "2019-02-28"),
    ("the season of 2018/19", "2018/19", "2018-01-01", "2019-12-31"),
    ("on Christmas Day 2018", "Christmas Day 2018", "2018-12-25", "2018-12-25"),
    ("stopped in the winter of 2018 and resumed the following spring", "the following spring", "2019-03-01", "2019-05-31"),
    ("in the summer of 2018; the previous spring", "the previous spring", "2018-03-01", "2018-05-31"),
    ("could number 1,800 men by the autumn", "autumn", "2020-09-01", "2020-11-30"),
    ("on 28 or 29 April", "28", "2020-04-28", "2020-04-28"),
    ("310 on 9 May, against 655 on the same day in 2018", "the same day in 2018", "2018-05-09", "2018-05-09"),
    ("it stood in January 2019; the previous winter it had not", "the previous winter", "2017-12-01", "2018-02-28"),
    (
        "none in April; twelve in the same month of the previous year",
        "the same month of the previous year",
        "2019-04-01",
        "2019-04-30",
    ),
    ("none in April; twelve in the same month last year", "the same month last year", "2019-04-01", "2019-04-30"),
    ("two on 3 April; by the 14th there were nine", "the 14th", "2020-04-14", "2020-04-14"),
]
FRENCH = [
    ("le 12 mai", "12 mai", "2020-05-12", "2020-05-12"),
    ("le 1er avril 2019", "1er avril 2019", "2019-04-01", "2019-04-01"),
    ("depuis mars", "mars", "2020-03-01", "2020-03-31"),
    ("mi-mars", "mi-mars", "2020-03-11", "2020-03-20"),
    ("fin mars", "fin mars", "2020-03-21", "2020-03-31"),
    ("la semaine dernière", "la semaine dernière", "2020-05-04", "2020-05-10"),
    ("il y a trois jours", "il y a trois jours", "2020-05-11", "2020-05-11"),
    ("mardi", "mardi", "2020-05-12", "2020-05-12"),
    ("hier", "hier", "2020-05-13", "2020-05-13"),
    ("entre le 1er avril et le 12 mai", "1er avril et le 12 mai", "2020-04-01", "2020-05-12"),
    ("au premier trimestre 2021", "premier trimestre 2021", "2021-01-01", "2021-03-31"),
    ("ces neuf derniers mois", "ces neuf derniers mois", "2019-08-14", "2020-05-14"),
    ("en 2017", "2017", "2017-01-01", "2017-12-31"),
]


@pytest.mark.parametrize(
    ("language", "text", "words", "start", "end"), [("en", *row) for row in ENGLISH] + [("fr", *row) for row in FRENCH]
)
def test_an_expression_is_these_days(language: str, text: str, words: str, start: str, end: str) -> None:
    found = {date.text: date for date in find_dates(text, THURSDAY, language)}
    assert words in found, list(found)
    assert (found[words].start, found[words].end) == (dt.date.fromisoformat(start), dt.date.fromisoformat(end))


@pytest.mark.parametrize(
    "text",
    [
        "they may be used", "May be so", "troops March on the town", "Mr Friday said", "2020 people", "some 2,020 tonnes", "$2020", "the Sun reported",
        "a 1,900-metre runway", "recently", "in recent weeks", "31 June", "Black Friday", "by the 14th", "on the 38th parallel",
    ],
)  # fmt: skip
def test_what_is_no_date_is_left_alone(text: str) -> None:
    assert find_dates(text, THURSDAY) == ()


def test_without_a_dateline_relative_dates_stay_unresolved_and_absolute_ones_do_not() -> None:
    found = find_dates("Last week and on Tuesday; on 12 May 2020 and in 2017.", None)
    assert [(date.start, date.precision) for date in found[:2]] == [(None, "unresolved")] * 2
    assert [date.anchor for date in found[2:]] == ["absolute", "absolute"]
    assert found[2].start == dt.date(2020, 5, 12)


def test_an_ambiguous_day_and_month_is_not_guessed() -> None:
    (date,) = find_dates("on 05/06/2020", THURSDAY)
    assert date.start is None


def test_a_year_is_crossed_at_midnight() -> None:
    new_year = dt.date(2022, 1, 1)
    found = {
        d.text: (d.start, d.end) for d in find_dates("yesterday; last year; next month; on Friday; the past 48 hours", new_year)
    }
    assert found["yesterday"] == (dt.date(2021, 12, 31),) * 2
    assert found["last year"] == (dt.date(2021, 1, 1), dt.date(2021, 12, 31))
    assert found["next month"] == (dt.date(2022, 2, 1), dt.date(2022, 2, 28))
    assert found["Friday"] == (dt.date(2021, 12, 31),) * 2
    assert found["the past 48 hours"] == (dt.date(2021, 12, 30), new_year)


@given(
    st.text(max_size=200),
    st.sampled_from(["en", "fr", "de"]),
    st.one_of(st.none(), st.dates(dt.date(1950, 1, 1), dt.date(2080, 1, 1))),
)
def test_any_text_gives_verbatim_spans_in_order(text: str, language: str, dateline: dt.date | None) -> None:
    found = find_dates(text, dateline, language)
    for date in found:
        assert text[slice(*date.span)] == date.text
        assert date.start is None or (date.end is not None and date.start <= date.end)
    assert all(a.span[1] <= b.span[0] for a, b in itertools.pairwise(found))


@given(
    st.dates(dt.date(1950, 1, 1), dt.date(2080, 1, 1)),
    st.sampled_from(["on Monday", "last Friday", "next Sunday", "yesterday", "last week"]),
)
def test_a_week_later_everything_is_a_week_later(dateline: dt.date, words: str) -> None:
    (before,), (after,) = find_dates(words, dateline), find_dates(words, dateline + dt.timedelta(7))
    assert before.start is not None
    assert after.start == before.start + dt.timedelta(7)
