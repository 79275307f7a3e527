"""Dates that are counted from the dateline or from the story: one rule a kind of expression."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from spadework.claims import calendars as cal
from spadework.claims.dated import (
    Read,
    back_by,
    count_of,
    folded,
    latest_of,
    number_of,
    of_year,
    part_of,
    sized,
    third_of,
    unresolved,
)

if TYPE_CHECKING:
    import re

    from spadework.claims.dated import Context


def read_weekday(match: re.Match[str], context: Context) -> Read | None:
    """A weekday: the latest on or before the dateline; with a verb of the future the next."""
    if context.dateline is None:
        return unresolved()
    wanted, line = context.words.weekdays[folded(match["w"])], context.dateline
    which = folded(part_of(match, "which") or part_of(match, "after") or "")
    behind = (line.weekday() - wanted) % 7
    if which in context.words.next or (context.future and which not in context.words.last):
        ahead = (wanted - line.weekday()) % 7
        day = line + cal.DAY * (ahead or (7 if which in context.words.next else 0))
    else:
        day = line - cal.DAY * (behind or (7 if which in context.words.last else 0))
    return Read((day, day), "dateline", "day")


def read_weekday_range(match: re.Match[str], context: Context) -> Read | None:
    """Two weekdays: "Monday to Thursday", the latest such days; with a verb of the future the next ones."""
    if context.dateline is None:
        return unresolved()
    first, last = (context.words.weekdays[folded(match[name])] for name in ("w1", "w2"))
    line, length = context.dateline, (last - first) % 7
    if context.future:
        start = line + cal.DAY * ((first - line.weekday()) % 7)
        return Read((start, start + cal.DAY * length), "dateline", "days")
    end = line - cal.DAY * ((line.weekday() - last) % 7)
    return Read((end - cal.DAY * length, end), "dateline", "days")


def read_weekday_of_week(match: re.Match[str], context: Context) -> Read | None:
    """A weekday of the week beside the dateline's: "Wednesday of last week"."""
    if context.dateline is None:
        return unresolved()
    week = cal.back(context.dateline, back_by(folded(match["which"]), context), "week")
    day = cal.week(week)[0] + cal.DAY * context.words.weekdays[folded(match["w"])]
    return Read((day, day), "dateline", "day")


def read_near_day(match: re.Match[str], context: Context) -> Read | None:
    """A day beside the dateline: "yesterday", "today", "this morning"."""
    if context.dateline is None:
        return unresolved()
    shift = context.words.near[folded(match["n"])]
    day = context.dateline + cal.DAY * shift
    return Read((day, day), "dateline", "day")


def read_unit(match: re.Match[str], context: Context) -> Read | None:
    """A unit beside the dateline's: "last week", "this month", "next year", "the end of the year"."""
    if context.dateline is None:
        return unresolved()
    unit, which = context.words.units[folded(match["u"])], folded(match["which"])
    if unit == "weekend":
        return read_weekend(which, context)
    days = cal.unit_of(cal.back(context.dateline, back_by(which, context), unit), unit)
    part = third_of(match, context)
    if part and unit == "month":
        return Read(cal.third_of_month(days, part), "dateline", "days")
    if part and unit == "year":
        return Read(cal.third_of_year(days[0].year, part), "dateline", "month")
    return Read(days, "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def read_weekend(which: str, context: Context) -> Read:
    """The weekend beside the dateline: Saturday and Sunday."""
    line = context.dateline or dt.date.min
    saturday = cal.week(line)[0] + 5 * cal.DAY
    saturday -= (
        7 * cal.DAY
        if which in context.words.last or (saturday > line and which not in context.words.next and not context.future)
        else 0 * cal.DAY
    )
    return Read((saturday, saturday + cal.DAY), "dateline", "days")


def read_lasting(match: re.Match[str], context: Context) -> Read | None:
    """A time that ends with the dateline: "the past nine months"."""
    if context.dateline is None:
        return unresolved()
    unit, count = sized(context.words.units[folded(match["u"])], count_of(part_of(match, "n") or "one"))
    hours = unit == "hour"
    first = cal.back(context.dateline, -(-count // 24) if hours else count, "day" if hours else unit)
    return Read((first, context.dateline), "dateline", "days" if hours or unit == "day" else unit)  # type: ignore[arg-type]  # a precision by its own name


def read_lasting_ahead(match: re.Match[str], context: Context) -> Read | None:
    """A time that starts with the dateline: "the next two weeks"."""
    if context.dateline is None:
        return unresolved()
    unit = context.words.units[folded(match["u"])]
    end = cal.back(context.dateline, -count_of(match["n"]), unit)
    return Read((context.dateline, end), "dateline", "days" if unit == "day" else unit)  # type: ignore[arg-type]  # a precision by its own name


def read_before_last(match: re.Match[str], context: Context) -> Read | None:
    """The unit before the last: "the year before last"."""
    if context.dateline is None:
        return unresolved()
    unit = context.words.units[folded(match["u"])]
    return Read(cal.unit_of(cal.back(context.dateline, 2, unit), unit), "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def read_ago(match: re.Match[str], context: Context) -> Read | None:
    """A unit so many units before the dateline: "three weeks ago" is that week."""
    if context.dateline is None:
        return unresolved()
    unit, count = sized(context.words.units[folded(match["u"])], count_of(match["n"]))
    if unit == "hour":
        return None
    day = cal.back(context.dateline, count, unit)
    return Read(cal.unit_of(day, unit), "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def read_weekday_from_story(match: re.Match[str], context: Context) -> Read | None:
    """A weekday counted from a day of the story: "the following Tuesday"."""
    start = latest_of(context, "day")
    if start is None:
        return None
    wanted, day = context.words.weekdays[folded(match["w"])], start[0]
    behind = (day.weekday() - wanted) % 7 or 7
    found = day - cal.DAY * behind if folded(match["which"]) in context.words.earlier else day + cal.DAY * (7 - behind or 7)
    return Read((found, found), "story", "day")


def read_from_story(match: re.Match[str], context: Context) -> Read | None:
    """A time counted from the date before it in the story: "two days later", "a month earlier", "the previous month"."""
    unit, which = sized(context.words.units[folded(match["u"])], 1)[0], folded(match["which"])
    if unit in {"hour", "weekend"}:
        return None
    start = latest_of(context, unit)
    if start is None:
        return None
    if which.endswith(("same", "that")):
        return Read(cal.unit_of(start[0], unit), "story", unit)  # type: ignore[arg-type]  # a precision by its own name
    count = count_of(part_of(match, "n") or "one")
    earlier = which in context.words.earlier
    day = cal.back(start[0] if earlier else start[1], count if earlier else -count, unit)
    return Read(cal.unit_of(day, unit), "story", unit)  # type: ignore[arg-type]  # a precision by its own name


def read_same_in_year(match: re.Match[str], context: Context) -> Read | None:
    """What the date before it in the story is in another year: "the same day in 2022", "the same period last year"."""
    unit, year = folded(match["u"]), of_year(match, context)
    start = latest_of(context, {"date": "day", "period": "year", "time": "month"}.get(unit, unit))
    if start is None or year is None:
        return None
    shift = start[0].year - year[0]
    days = (cal.back(start[0], shift, "year"), cal.back(start[1], shift, "year"))
    return Read(cal.week(days[0]) if unit == "week" else days, "story", "day" if days[0] == days[1] else "days")


def read_day_of_story(match: re.Match[str], context: Context) -> Read | None:
    """A day of the month that the story is in: "On 3 May there were two; by the 14th there were nine"."""
    start = latest_of(context, "month")
    if start is None:
        return None
    day = start[0].replace(day=number_of(match["d"]))
    return Read((day, day), "story", "day")


def read_season_from_story(match: re.Match[str], context: Context) -> Read | None:
    """The season after or before the date before it in the story: "stopped in the winter of 2021 and resumed the following spring"."""
    start = latest_of(context, "year")
    if start is None:
        return None
    seasons = [cal.season(start[0].year + shift, context.words.seasons[folded(match["s"])]) for shift in (-2, -1, 0, 1)]
    if folded(match["which"]) in context.words.earlier:
        return Read([days for days in seasons if days[1] < start[0]][-1], "story", "season")
    return Read(next(days for days in seasons if days[0] > start[0]), "story", "season")
