"""Date expressions of a text, each resolved to its first and last day; what cannot be resolved says so, and nothing is invented."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims import calendars as cal
from spadework.claims.lexicon import COUNTS, ENGLISH, FRENCH, Lexicon
from spadework.records import ClaimTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.claims.calendars import Days
    from spadework.records import Anchor, Precision

LOOK_BACK: Final = 70
"""Characters before a date in which a verb of the future is looked for."""
OPENING: Final = 2
"""Words before a date that opens its sentence: "And on Friday"."""
_STOP: Final = re.compile(r"[.;!?\u201d\n]")
NO_SUCH_DAY: Final = frozenset({"iso", "day"})
"""Rules whose failure means that there is no such day: "31 June" is not June."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a match is read in."""

    dateline: dt.date | None
    future: bool
    """A verb of the future stands before it."""
    words: Lexicon
    story: tuple[Days, ...]
    """Dates before it that were resolved, in order."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a match comes to."""

    days: Days | None
    """None = unresolved."""
    anchor: Anchor
    precision: Precision


def find_dates(text: str, dateline: dt.date | None, language: str = "en") -> tuple[ClaimTime, ...]:
    """Every date expression, in order, none overlapping another; roles are left "event".

    Args:
        text: the document.
        dateline: the day that "last week" counts from; None leaves such words unresolved.
        language: "en" or "fr"; other languages get ISO dates only.

    """
    words = {"en": ENGLISH, "fr": FRENCH}.get(language)
    if words is None:
        return ()
    matches = [
        (match, rule)
        for rule, pattern in words.patterns
        for match in pattern.finditer(text)
        if not words.refuses(text, match, rule)
    ]
    matches.sort(key=lambda found: (found[0].start("all"), -(found[0].end("all") - found[0].start("all"))))
    out: list[ClaimTime] = []
    story: tuple[Days, ...] = ()
    taken = 0
    for match, rule in matches:
        if match.start("all") < taken:
            continue
        read = _read(match, rule, Context(dateline, _future(text, *match.span("all"), words), words, story))
        if read is None:
            taken = match.end("all") if rule in NO_SUCH_DAY else taken
            continue
        taken = match.end("all")
        story = (*story, read.days) if read.days is not None else story
        start, end = read.days or (None, None)
        span = (match.start("all"), match.end("all"))
        out.append(ClaimTime(match["all"], span, start, end, "event", read.anchor, read.precision))
    return tuple(out)


def _future(text: str, start: int, end: int, words: Lexicon) -> bool:
    """Whether a date belongs to what is planned: a verb of the future before it, or after a date that opens the sentence."""
    before = text[max(0, start - LOOK_BACK) : start]
    stops = [match.end() for match in _STOP.finditer(before)]
    clause = before[stops[-1] :] if stops else before
    planned = words.future.search(clause) or words.due.search(clause)
    if planned is None and len(clause.split()) <= OPENING:
        after = text[end : end + LOOK_BACK]
        stop = _STOP.search(after)
        return bool(words.will.search(after[: stop.start()] if stop else after))
    return planned is not None and words.said.search(clause, planned.end()) is None


def _read(match: re.Match[str], rule: str, context: Context) -> Read | None:
    try:
        return _RULES[rule](match, context)
    except ValueError:
        return None  # 31 June


def _part(match: re.Match[str], name: str) -> str | None:
    return match.groupdict().get(name)


def _unresolved() -> Read:
    return Read(None, "dateline", "unresolved")


# ---------------------------------------------------------------- one rule a kind of expression
def _iso(match: re.Match[str], _: Context) -> Read | None:
    day = dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
    return Read((day, day), "absolute", "day")


def _slashes(match: re.Match[str], _: Context) -> Read | None:
    """12/05/2020 is read only where one of both cannot be a month."""
    a, b, year = int(match["a"]), int(match["b"]), int(match["y"])
    year += 2000 if year < 100 else 0  # noqa: PLR2004 - two digits
    if "." in match["all"] or a > 12:  # noqa: PLR2004 - months
        day = dt.date(year, b, a)
    elif b > 12 or a == b:  # noqa: PLR2004 - months
        day = dt.date(year, a, b)
    else:
        return _unresolved()
    return Read((day, day), "absolute", "day")


def _day(match: re.Match[str], context: Context) -> Read | None:
    month, said = context.words.months[_plain(match["m"])], _of_year(match, context) if _part(match, "that") else None
    if said is not None:
        date = dt.date(said[0], month, _number(match["d"]))
        return Read((date, date), "dateline", "day")
    return _at(context, _number(match["d"]), month, _part(match, "y"))


def _at(context: Context, day: int, month: int, year: str | None) -> Read | None:
    if year:
        date = dt.date(int(year), month, day)
        return Read((date, date), "absolute", "day")
    if context.dateline is None:
        dt.date(2020, month, day)
        return _unresolved()
    date = _nearest(context, lambda number: dt.date(number, month, day))
    return Read((date, date), "dateline", "day")


def _nearest(context: Context, make: Callable[[int], dt.date]) -> dt.date:
    """The latest that is not after the dateline; with a verb of the future, the next one not before it."""
    line = context.dateline or dt.date.min
    years = (line.year + 1, line.year, line.year - 1) if not context.future else (line.year, line.year + 1)
    for year in years:
        try:
            date = make(year)
        except ValueError:
            continue  # 29 February
        if (date >= line) if context.future else (date <= line):
            return date
    return make(line.year - 4 + line.year % 4)


def _day_range(match: re.Match[str], context: Context) -> Read | None:
    """Two days: "27 June to 12 July", "April 1-12"."""
    months = context.words.months
    last_month = months[_plain(match["m2"] or match["m1"])]
    first_month = months[_plain(match["m1"] or match["m2"])]
    last_year = _part(match, "y2") or _part(match, "y1")
    last = _at(context, _number(match["d2"]), last_month, last_year)
    if last is None or last.days is None:
        return last and _unresolved()
    end = last.days[1]
    year = int(
        _part(match, "y1") or (end.year if (first_month, _number(match["d1"])) <= (end.month, end.day) else end.year - 1)
    )
    first = dt.date(year, first_month, _number(match["d1"]))
    return Read((first, end), last.anchor, "days") if first <= end else None


def _month(match: re.Match[str], context: Context) -> Read | None:
    """A month, a third of one, "last March"."""
    number, part, which = context.words.months[_plain(match["m"])], _third(match, context), _plain(_part(match, "which") or "")
    if _part(match, "y"):
        days, anchor = cal.month(int(match["y"]), number), "absolute"
    elif context.dateline is None:
        return _unresolved()
    elif (said := _of_year(match, context) if _part(match, "that") else None) is not None:
        days, anchor = cal.month(said[0], number), "dateline"
    else:
        line = context.dateline
        back = which in context.words.last
        year = line.year + (1 if which in context.words.next and number <= line.month else 0)
        if not which or back:
            first = _nearest(
                context, lambda y: cal.month(y, number)[0] if not context.future or back else cal.month(y, number)[1]
            )
            year = first.year - (1 if back and (first.year, number) == (line.year, line.month) else 0)
        days, anchor = cal.month(year, number), "dateline"
    return Read(cal.third_of_month(days, part) if part else days, anchor, "days" if part else "month")  # type: ignore[arg-type]  # one of two words


def _third(match: re.Match[str], context: Context) -> str:
    said = _part(match, "part")
    return context.words.parts[_plain(said)] if said else ""


def _week_of_month(match: re.Match[str], context: Context) -> Read | None:
    """A part of a month by its turn: "the first week of June" is days 1 to 7, "the last" its last seven; "the first half" days 1 to 15."""
    whole = _month(match, context)
    if whole is None or whole.days is None:
        return whole
    first, last = whole.days
    turn, piece = context.words.ordinals.get(_plain(match["turn"]), 1), _plain(match["piece"])
    size = {"week": 7, "fortnight": 14, "half": 15}[piece]
    if turn < 0 or (piece == "half" and turn > 1):
        start = first + size * cal.DAY if piece == "half" else last - (size - 1) * cal.DAY
        return Read((start, last), whole.anchor, "week" if piece == "week" else "days")
    start = first + (turn - 1) * size * cal.DAY
    end = start + (size - 1) * cal.DAY
    return Read((start, end), whole.anchor, "week" if piece == "week" else "days") if end <= last else None


def _month_range(match: re.Match[str], context: Context) -> Read | None:
    first, last = (context.words.months[_plain(match[name])] for name in ("m1", "m2"))
    year, said = _part(match, "y2"), _of_year(match, context) if _part(match, "that") else None
    if year is None and context.dateline is None:
        return _unresolved()
    if said is not None:
        return Read((cal.month(said[0], first)[0], cal.month(said[0], last)[1]), "dateline", "month") if first <= last else None
    end_year = int(year) if year else _nearest(context, lambda y: cal.month(y, last)[0]).year
    start_year = int(_part(match, "y1") or (end_year if first <= last else end_year - 1))
    return Read((cal.month(start_year, first)[0], cal.month(end_year, last)[1]), "absolute" if year else "dateline", "month")


def _year(match: re.Match[str], context: Context) -> Read | None:
    number, part = int(match["y"]), _third(match, context)
    return Read(cal.third_of_year(number, part) if part else cal.year(number), "absolute", "month" if part else "year")


def _year_range(match: re.Match[str], _: Context) -> Read | None:
    first, last = int(match["y1"]), int(_part(match, "y2") or match["y2s"])
    last += first // 100 * 100 if last < 100 else 0  # noqa: PLR2004 - two digits
    return Read((cal.year(first)[0], cal.year(last)[1]), "absolute", "year") if first < last else None


def _decade(match: re.Match[str], _: Context) -> Read | None:
    first = int(match["y"])
    return Read((cal.year(first)[0], cal.year(first + 9)[1]), "absolute", "decade")


def _span_of_year(match: re.Match[str], context: Context) -> Read | None:
    """A part of a year: "the first four months of 2020", "second quarter of 2021", "first half of the year"."""
    year = _of_year(match, context)
    if year is None:
        return _unresolved()
    number, anchor = year
    said = context.words
    if _part(match, "n"):
        count = _count(match["n"])
        first = 13 - count if _plain(match["which"]) in said.last else 1
        return Read(cal.months(number, first, first + count - 1), anchor, "month")  # type: ignore[arg-type]  # one of two words
    size = 3 if _plain(match["piece"]) in said.quarters or _plain(match["which"]).startswith("q") else 6
    turn = said.ordinals[_plain(match["which"])]
    turn = 12 // size if turn < 0 else turn
    first = 1 + (turn - 1) * size
    return Read(cal.months(number, first, first + size - 1), anchor, "season" if size == 3 else "month")  # type: ignore[arg-type]  # noqa: PLR2004 - a quarter


def _of_year(match: re.Match[str], context: Context) -> tuple[int, str] | None:
    if _part(match, "y"):
        return int(match["y"]), "absolute"
    if context.dateline is None:
        return None
    which = _plain(_part(match, "that") or "")
    shift = -1 if which in context.words.last else 1 if which in context.words.next else 0
    return context.dateline.year + shift, "dateline"


def _season(match: re.Match[str], context: Context) -> Read | None:
    name, which = context.words.seasons[_plain(match["s"])], _plain(_part(match, "which") or "")
    if _part(match, "y"):
        return Read(cal.season(int(match["y"]), name), "absolute", "season")
    if context.dateline is None:
        return _unresolved()
    line = context.dateline
    starts = [cal.season(line.year + shift, name) for shift in (1, 0, -1, -2)]
    past = [days for days in starts if days[0] <= line]
    held = past[0][1] >= line
    if which in context.words.next or (context.future and not held):
        days = next(days for days in reversed(starts) if days[0] > line)
    else:
        days = past[1] if which in context.words.last and held else past[0]
    return Read(days, "dateline", "season")


def _weekday(match: re.Match[str], context: Context) -> Read | None:
    if context.dateline is None:
        return _unresolved()
    wanted, line = context.words.weekdays[_plain(match["w"])], context.dateline
    which = _plain(_part(match, "which") or _part(match, "after") or "")
    behind = (line.weekday() - wanted) % 7
    if which in context.words.next or (context.future and which not in context.words.last):
        ahead = (wanted - line.weekday()) % 7
        day = line + cal.DAY * (ahead or (7 if which in context.words.next else 0))
    else:
        day = line - cal.DAY * (behind or (7 if which in context.words.last else 0))
    return Read((day, day), "dateline", "day")


def _weekday_range(match: re.Match[str], context: Context) -> Read | None:
    """Two weekdays: "Monday to Thursday", the latest such days; with a verb of the future the next ones."""
    if context.dateline is None:
        return _unresolved()
    first, last = (context.words.weekdays[_plain(match[name])] for name in ("w1", "w2"))
    line, length = context.dateline, (last - first) % 7
    if context.future:
        start = line + cal.DAY * ((first - line.weekday()) % 7)
        return Read((start, start + cal.DAY * length), "dateline", "days")
    end = line - cal.DAY * ((line.weekday() - last) % 7)
    return Read((end - cal.DAY * length, end), "dateline", "days")


def _near_day(match: re.Match[str], context: Context) -> Read | None:
    """A day beside the dateline: "yesterday", "today", "this morning"."""
    if context.dateline is None:
        return _unresolved()
    shift = context.words.near[_plain(match["n"])]
    day = context.dateline + cal.DAY * shift
    return Read((day, day), "dateline", "day")


def _unit(match: re.Match[str], context: Context) -> Read | None:
    """A unit beside the dateline's: "last week", "this month", "next year", "the end of the year"."""
    if context.dateline is None:
        return _unresolved()
    unit, which = context.words.units[_plain(match["u"])], _plain(match["which"])
    if unit == "weekend":
        return _weekend(which, context)
    shift = 1 if which in context.words.last else -1 if which in context.words.next else 0
    days = cal.unit_of(cal.back(context.dateline, shift, unit), unit)
    part = _third(match, context)
    if part and unit == "month":
        return Read(cal.third_of_month(days, part), "dateline", "days")
    if part and unit == "year":
        return Read(cal.third_of_year(days[0].year, part), "dateline", "month")
    return Read(days, "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def _weekend(which: str, context: Context) -> Read:
    line = context.dateline or dt.date.min
    saturday = cal.week(line)[0] + 5 * cal.DAY
    saturday -= (
        7 * cal.DAY
        if which in context.words.last or (saturday > line and which not in context.words.next and not context.future)
        else 0 * cal.DAY
    )
    return Read((saturday, saturday + cal.DAY), "dateline", "days")


def _lasting(match: re.Match[str], context: Context) -> Read | None:
    """A time that ends with the dateline: "the past nine months"."""
    if context.dateline is None:
        return _unresolved()
    unit, count = _sized(context.words.units[_plain(match["u"])], _count(_part(match, "n") or "one"))
    hours = unit == "hour"
    first = cal.back(context.dateline, -(-count // 24) if hours else count, "day" if hours else unit)
    return Read((first, context.dateline), "dateline", "days" if hours or unit == "day" else unit)  # type: ignore[arg-type]  # a precision by its own name


def _quarter(match: re.Match[str], context: Context) -> Read | None:
    """A quarter without a year: the latest that has begun, with a verb of the future the next."""
    if context.dateline is None:
        return _unresolved()
    line, which = context.dateline, _plain(match["which"])
    turn = context.words.ordinals.get(which, 0)
    if turn <= 0:
        shift = {"this": 0, "next": 1}.get(which, -1)
        first = 3 * ((line.month - 1) // 3 + shift) + 1  # of this year; month() runs on into others
        return Read((cal.month(line.year, first)[0], cal.month(line.year, first + 2)[1]), "dateline", "season")
    days = cal.months(line.year, 3 * turn - 2, 3 * turn)
    if days[0] > line and not context.future:
        days = cal.months(line.year - 1, 3 * turn - 2, 3 * turn)
    return Read(days, "dateline", "season")


def _week_of_day(match: re.Match[str], context: Context) -> Read | None:
    """The week that a day lies in: "the week of 2 June"."""
    day, month = match["d"] or match["da"], match["m"] or match["ma"]
    found = _at(context, _number(day), context.words.months[_plain(month)], _part(match, "y"))
    if found is None or found.days is None:
        return found
    return Read(cal.week(found.days[0]), found.anchor, "week")


FEASTS: Final = {"day": {"new": (1, 1), "chr": (12, 25)}, "eve": {"new": (12, 31), "chr": (12, 24)}}
"""Month and day of feasts that have one."""


def _feast(match: re.Match[str], context: Context) -> Read | None:
    """A feast with a day of its own: "New Year's Eve"."""
    plain = _plain(match["feast"])
    month, day = FEASTS[plain[-3:]][plain[:3]]
    return _at(context, day, month, None)


def _lasting_ahead(match: re.Match[str], context: Context) -> Read | None:
    """A time that starts with the dateline: "the next two weeks"."""
    if context.dateline is None:
        return _unresolved()
    unit = context.words.units[_plain(match["u"])]
    end = cal.back(context.dateline, -_count(match["n"]), unit)
    return Read((context.dateline, end), "dateline", "days" if unit == "day" else unit)  # type: ignore[arg-type]  # a precision by its own name


def _before_last(match: re.Match[str], context: Context) -> Read | None:
    """The unit before the last: "the year before last"."""
    if context.dateline is None:
        return _unresolved()
    unit = context.words.units[_plain(match["u"])]
    return Read(cal.unit_of(cal.back(context.dateline, 2, unit), unit), "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def _ago(match: re.Match[str], context: Context) -> Read | None:
    if context.dateline is None:
        return _unresolved()
    unit, count = _sized(context.words.units[_plain(match["u"])], _count(match["n"]))
    if unit == "hour":
        return None
    day = cal.back(context.dateline, count, unit)
    return Read(cal.unit_of(day, unit), "dateline", unit)  # type: ignore[arg-type]  # a precision by its own name


def _weekday_from_story(match: re.Match[str], context: Context) -> Read | None:
    """A weekday counted from a day of the story: "the following Tuesday"."""
    start = next((days for days in reversed(context.story) if days[0] == days[1]), None)
    if start is None:
        return None
    wanted, day = context.words.weekdays[_plain(match["w"])], start[0]
    behind = (day.weekday() - wanted) % 7 or 7
    found = day - cal.DAY * behind if _plain(match["which"]) in context.words.earlier else day + cal.DAY * (7 - behind or 7)
    return Read((found, found), "story", "day")


LONGEST: Final = {"day": 1, "week": 11, "month": 32, "year": 367}
"""Days of the longest date from which so many of a unit can be counted: "two days later" needs a day."""


def _from_story(match: re.Match[str], context: Context) -> Read | None:
    """A time counted from the date before it in the story: "two days later", "a month earlier", "the previous month"."""
    unit, which = _sized(context.words.units[_plain(match["u"])], 1)[0], _plain(match["which"])
    if unit in {"hour", "weekend"}:
        return None
    start = next((days for days in reversed(context.story) if (days[1] - days[0]).days < LONGEST[unit]), None)
    if start is None:
        return None
    if which.endswith(("same", "that")):
        return Read(cal.unit_of(start[0], unit), "story", unit)  # type: ignore[arg-type]  # a precision by its own name
    count = _count(_part(match, "n") or "one")
    earlier = which in context.words.earlier
    day = cal.back(start[0] if earlier else start[1], count if earlier else -count, unit)
    return Read(cal.unit_of(day, unit), "story", unit)  # type: ignore[arg-type]  # a precision by its own name


_RULES: Final[dict[str, Callable[[re.Match[str], Context], Read | None]]] = {
    "iso": _iso, "slashes": _slashes, "day": _day, "day range": _day_range, "month": _month, "month range": _month_range, "year": _year,
    "year range": _year_range, "decade": _decade, "span of year": _span_of_year, "season": _season, "weekday": _weekday, "near day": _near_day,
    "unit": _unit, "lasting": _lasting, "ago": _ago, "from story": _from_story, "week of month": _week_of_month, "weekday range": _weekday_range,
    "lasting ahead": _lasting_ahead, "before last": _before_last, "quarter": _quarter, "week of day": _week_of_day, "listed day": _day, "weekday from story": _weekday_from_story, "feast": _feast,
}  # fmt: skip


# ---------------------------------------------------------------- parts
def _sized(unit: str, count: int) -> tuple[str, int]:
    """Units of several others in those: a fortnight is two weeks, a decade ten years."""
    day = unit in {"morning", "afternoon", "evening", "night"}
    name, times = ("day", 1) if day else {"fortnight": ("week", 2), "decade": ("year", 10)}.get(unit, (unit, 1))
    return name, count * times


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace(".", "").split())


def _number(word: str) -> int:
    return int(re.sub(r"\D", "", word))


def _count(word: str) -> int:
    plain = _plain(word)
    return int(plain) if plain.isdecimal() else COUNTS[plain]
