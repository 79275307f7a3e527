"""Intervals of days: weeks, months, seasons, thirds of a month or a year; all ends inclusive."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final

Days = tuple[dt.date, dt.date]
DAY: Final = dt.timedelta(1)
SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of a season, in the north; winter runs into the next year."""


def month(year: int, number: int) -> Days:
    """A calendar month; numbers beyond 1 to 12 run into other years."""
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    return dt.date(year, number, 1), dt.date(year, number, calendar.monthrange(year, number)[1])


def year(number: int) -> Days:
    """A calendar year."""
    return dt.date(number, 1, 1), dt.date(number, 12, 31)


def months(year_: int, first: int, last: int) -> Days:
    """From the first day of one month to the last of another; ``last`` may run into the next year."""
    return month(year_, first)[0], month(year_, last)[1]


def season(year_: int, name: str) -> Days:
    """Three months of a season."""
    first = SEASONS[name]
    return months(year_, first, first + 2)


def week(day: dt.date) -> Days:
    """Monday to Sunday of a day."""
    monday = day - DAY * day.weekday()
    return monday, monday + 6 * DAY


def third_of_month(days: Days, part: str) -> Days:
    """Days 1 to 10, 11 to 20, or 21 to the end."""
    first, last = days
    bounds = {
        "early": (first, first.replace(day=10)),
        "mid": (first.replace(day=11), first.replace(day=20)),
        "late": (first.replace(day=21), last),
    }
    return bounds[part]


def third_of_year(number: int, part: str) -> Days:
    """January to April, May to August, or September to December."""
    first = {"early": 1, "mid": 5, "late": 9}[part]
    return months(number, first, first + 3)


def back(day: dt.date, count: int, unit: str) -> dt.date:
    """A day so many days, weeks, months or years earlier (later where negative); the last of a month where there is no such day."""
    if unit in {"day", "week"}:
        return day - DAY * (count if unit == "day" else 7 * count)
    number = day.month - 1 - (count if unit == "month" else 12 * count)
    year_, month_ = day.year + number // 12, number % 12 + 1
    return dt.date(year_, month_, min(day.day, calendar.monthrange(year_, month_)[1]))


def unit_of(day: dt.date, unit: str) -> Days:
    """The day, week, month or year that a day lies in."""
    if unit == "day":
        return day, day
    return week(day) if unit == "week" else month(day.year, day.month) if unit == "month" else year(day.year)
