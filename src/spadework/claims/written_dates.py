"""Dates that name their day, month, season or year: one rule a kind of expression."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from spadework.claims import calendars as cal
from spadework.claims.dated import Read, count_of, folded, nearest, number_of, of_year, on_day, part_of, third_of, unresolved

if TYPE_CHECKING:
    import re

    from spadework.claims.dated import Context


def read_iso(match: re.Match[str], _: Context) -> Read | None:
    """Year, month and day: "2020-05-12"."""
    day = dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
    return Read((day, day), "absolute", "day")


def read_slashes(match: re.Match[str], _: Context) -> Read | None:
    """12/05/2020 is read only where one of both cannot be a month."""
    a, b, year = int(match["a"]), int(match["b"]), int(match["y"])
    year += 2000 if year < 100 else 0  # noqa: PLR2004 - two digits
    if "." in match["all"] or a > 12:  # noqa: PLR2004 - months
        day = dt.date(year, b, a)
    elif b > 12 or a == b:  # noqa: PLR2004 - months
        day = dt.date(year, a, b)
    else:
        return unresolved()
    return Read((day, day), "absolute", "day")


def read_day(match: re.Match[str], context: Context) -> Read | None:
    """A day of a month, with or without its year: "12 May", "3 June last year"."""
    month, said = context.words.months[folded(match["m"])], of_year(match, context) if part_of(match, "that") else None
    if said is not None:
        date = dt.date(said[0], month, number_of(match["d"]))
        return Read((date, date), "dateline", "day")
    return on_day(context, number_of(match["d"]), month, part_of(match, "y"))


def read_day_range(match: re.Match[str], context: Context) -> Read | None:
    """Two days: "27 June to 12 July", "April 1-12"."""
    months = context.words.months
    last_month = months[folded(match["m2"] or match["m1"])]
    first_month = months[folded(match["m1"] or match["m2"])]
    last_year = part_of(match, "y2") or part_of(match, "y1")
    last = on_day(context, number_of(match["d2"]), last_month, last_year)
    if last is None or last.days is None:
        return last and unresolved()
    end = last.days[1]
    year = int(
        part_of(match, "y1") or (end.year if (first_month, number_of(match["d1"])) <= (end.month, end.day) else end.year - 1)
    )
    first = dt.date(year, first_month, number_of(match["d1"]))
    return Read((first, end), last.anchor, "days") if first <= end else None


def read_month(match: re.Match[str], context: Context) -> Read | None:
    """A month, a third of one, "last March"."""
    number, part, which = (
        context.words.months[folded(match["m"])],
        third_of(match, context),
        folded(part_of(match, "which") or ""),
    )
    if part_of(match, "y"):
        days, anchor = cal.month(int(match["y"]), number), "absolute"
    elif context.dateline is None:
        return unresolved()
    elif (said := of_year(match, context) if part_of(match, "that") else None) is not None:
        days, anchor = cal.month(said[0], number), "dateline"
    else:
        line = context.dateline
        back = which in context.words.last
        year = line.year + (1 if which in context.words.next and number <= line.month else 0)
        if not which or back:
            first = nearest(
                context, lambda y: cal.month(y, number)[0] if not context.future or back else cal.month(y, number)[1]
            )
            year = first.year - (1 if back and (first.year, number) == (line.year, line.month) else 0)
        days, anchor = cal.month(year, number), "dateline"
    return Read(cal.third_of_month(days, part) if part else days, anchor, "days" if part else "month")  # type: ignore[arg-type]  # one of two words


def read_week_of_month(match: re.Match[str], context: Context) -> Read | None:
    """A part of a month by its turn: "the first week of June" is days 1 to 7, "the last" its last seven; "the first half" days 1 to 15."""
    whole = read_month(match, context)
    if whole is None or whole.days is None:
        return whole
    first, last = whole.days
    turn, piece = context.words.ordinals.get(folded(match["turn"]), 1), folded(match["piece"])
    size = {"week": 7, "fortnight": 14, "half": 15}[piece]
    if turn < 0 or (piece == "half" and turn > 1):
        start = first + size * cal.DAY if piece == "half" else last - (size - 1) * cal.DAY
        return Read((start, last), whole.anchor, "week" if piece == "week" else "days")
    start = first + (turn - 1) * size * cal.DAY
    end = start + (size - 1) * cal.DAY
    return Read((start, end), whole.anchor, "week" if piece == "week" else "days") if end <= last else None


def read_days_of_month(match: re.Match[str], context: Context) -> Read | None:
    """So many days at one end of a month: "the last three days of May"."""
    whole = read_month(match, context)
    if whole is None or whole.days is None:
        return whole
    (first, last), more = whole.days, (count_of(match["n"]) - 1) * cal.DAY
    days = (last - more, last) if context.words.ordinals[folded(match["turn"])] < 0 else (first, first + more)
    return Read(days, whole.anchor, "days")


def read_weekday_of_month(match: re.Match[str], context: Context) -> Read | None:
    """A weekday by its turn in a month: "the first Monday of March"."""
    whole = read_month(match, context)
    if whole is None or whole.days is None:
        return whole
    first, last = whole.days
    wanted, turn = context.words.weekdays[folded(match["w"])], context.words.ordinals[folded(match["turn"])]
    day = first + cal.DAY * ((wanted - first.weekday()) % 7 + 7 * (turn - 1))
    day = last - cal.DAY * ((last.weekday() - wanted) % 7) if turn < 0 else day
    return Read((day, day), whole.anchor, "day")


def read_month_range(match: re.Match[str], context: Context) -> Read | None:
    """Two months: "January to March"."""
    first, last = (context.words.months[folded(match[name])] for name in ("m1", "m2"))
    year, said = part_of(match, "y2"), of_year(match, context) if part_of(match, "that") else None
    if year is None and context.dateline is None:
        return unresolved()
    if said is not None:
        return Read((cal.month(said[0], first)[0], cal.month(said[0], last)[1]), "dateline", "month") if first <= last else None
    end_year = int(year) if year else nearest(context, lambda y: cal.month(y, last)[0]).year
    start_year = int(part_of(match, "y1") or (end_year if first <= last else end_year - 1))
    return Read((cal.month(start_year, first)[0], cal.month(end_year, last)[1]), "absolute" if year else "dateline", "month")


def read_year(match: re.Match[str], context: Context) -> Read | None:
    """A year, or a third of one: "late 2019"."""
    number, part = int(match["y"]), third_of(match, context)
    return Read(cal.third_of_year(number, part) if part else cal.year(number), "absolute", "month" if part else "year")


def read_year_range(match: re.Match[str], _: Context) -> Read | None:
    """Two years: "2019-21"."""
    first, last = int(match["y1"]), int(part_of(match, "y2") or match["y2s"])
    last += first // 100 * 100 if last < 100 else 0  # noqa: PLR2004 - two digits
    return Read((cal.year(first)[0], cal.year(last)[1]), "absolute", "year") if first < last else None


def read_decade(match: re.Match[str], _: Context) -> Read | None:
    """Ten years: "the 1990s"."""
    first = int(match["y"])
    return Read((cal.year(first)[0], cal.year(first + 9)[1]), "absolute", "decade")


def read_span_of_year(match: re.Match[str], context: Context) -> Read | None:
    """A part of a year: "the first four months of 2020", "second quarter of 2021", "first half of the year"."""
    year = of_year(match, context)
    if year is None:
        return unresolved()
    number, anchor = year
    said = context.words
    if part_of(match, "n"):
        count = count_of(match["n"])
        first = 13 - count if folded(match["which"]) in said.last else 1
        return Read(cal.months(number, first, first + count - 1), anchor, "month")  # type: ignore[arg-type]  # one of two words
    size = 3 if folded(match["piece"]) in said.quarters or folded(match["which"]).startswith("q") else 6
    turn = said.ordinals[folded(match["which"])]
    turn = 12 // size if turn < 0 else turn
    first = 1 + (turn - 1) * size
    return Read(cal.months(number, first, first + size - 1), anchor, "season" if size == 3 else "month")  # type: ignore[arg-type]  # noqa: PLR2004 - a quarter


def read_season(match: re.Match[str], context: Context) -> Read | None:
    """A season, of a year or beside the dateline: "last spring"."""
    name, which = context.words.seasons[folded(match["s"])], folded(part_of(match, "which") or "")
    if part_of(match, "y") or part_of(match, "that"):
        year = of_year(match, context)
        return Read(cal.season(year[0], name), year[1], "season") if year is not None else unresolved()  # type: ignore[arg-type]  # one of two words
    if context.dateline is None:
        return unresolved()
    line = context.dateline
    starts = [cal.season(line.year + shift, name) for shift in (1, 0, -1, -2)]
    past = [days for days in starts if days[0] <= line]
    held = past[0][1] >= line
    if which in context.words.next or (context.future and not held):
        days = next(days for days in reversed(starts) if days[0] > line)
    else:
        days = past[1] if which in context.words.last and held else past[0]
    return Read(days, "dateline", "season")


def read_quarter(match: re.Match[str], context: Context) -> Read | None:
    """A quarter without a year: the latest that has begun, with a verb of the future the next."""
    if context.dateline is None:
        return unresolved()
    line, which = context.dateline, folded(match["which"])
    turn = context.words.ordinals.get(which, 0)
    if turn <= 0:
        shift = {"this": 0, "next": 1}.get(which, -1)
        first = 3 * ((line.month - 1) // 3 + shift) + 1  # of this year; month() runs on into others
        return Read((cal.month(line.year, first)[0], cal.month(line.year, first + 2)[1]), "dateline", "season")
    days = cal.months(line.year, 3 * turn - 2, 3 * turn)
    if days[0] > line and not context.future:
        days = cal.months(line.year - 1, 3 * turn - 2, 3 * turn)
    return Read(days, "dateline", "season")


def read_week_of_day(match: re.Match[str], context: Context) -> Read | None:
    """The week that a day lies in: "the week of 2 June"."""
    day, month = match["d"] or match["da"], match["m"] or match["ma"]
    found = on_day(context, number_of(day), context.words.months[folded(month)], part_of(match, "y"))
    if found is None or found.days is None:
        return found
    return Read(cal.week(found.days[0]), found.anchor, "week")


FEASTS: Final = {"day": {"new": (1, 1), "chr": (12, 25)}, "eve": {"new": (12, 31), "chr": (12, 24)}}
"""Month and day of feasts that have one."""


def read_feast(match: re.Match[str], context: Context) -> Read | None:
    """A feast with a day of its own: "New Year's Eve"."""
    plain = folded(match["feast"])
    month, day = FEASTS[plain[-3:]][plain[:3]]
    return on_day(context, day, month, part_of(match, "y"))
