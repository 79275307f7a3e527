"""What a date expression is read in, and the parts that its rules share."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims.lexicon import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.claims.calendars import Days
    from spadework.claims.lexicon import Lexicon
    from spadework.records import Anchor, Precision


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


def part_of(match: re.Match[str], name: str) -> str | None:
    """A named part of a match; None where the pattern has none."""
    return match.groupdict().get(name)


def unresolved() -> Read:
    """What a relative expression comes to without a dateline."""
    return Read(None, "dateline", "unresolved")


def on_day(context: Context, day: int, month: int, year: str | None) -> Read | None:
    """A day of a month, of a year or the nearest to the dateline."""
    if year:
        date = dt.date(int(year), month, day)
        return Read((date, date), "absolute", "day")
    if context.dateline is None:
        dt.date(2020, month, day)
        return unresolved()
    date = nearest(context, lambda number: dt.date(number, month, day))
    return Read((date, date), "dateline", "day")


def nearest(context: Context, make: Callable[[int], dt.date]) -> dt.date:
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


def third_of(match: re.Match[str], context: Context) -> str:
    """Which third of a month or a year a match asks for: "early", "mid", "late"; empty for the whole."""
    said = part_of(match, "part")
    return context.words.parts[folded(said)] if said else ""


def of_year(match: re.Match[str], context: Context) -> tuple[int, str] | None:
    """The year of a match and its anchor: as written, or beside the dateline's; None without a dateline."""
    if part_of(match, "y"):
        return int(match["y"]), "absolute"
    if context.dateline is None:
        return None
    return context.dateline.year - back_by(folded(part_of(match, "that") or ""), context), "dateline"


def back_by(which: str, context: Context) -> int:
    """How many units a word goes back: "last" one, "this" none, "next" one forth."""
    return 1 if which in context.words.last else -1 if which in context.words.next else 0


LONGEST: Final = {"day": 1, "week": 11, "month": 32, "year": 367}
"""Days of the longest date from which so many of a unit can be counted: "two days later" needs a day."""


def latest_of(context: Context, unit: str) -> Days | None:
    """The latest date of the story that is short enough to count a unit from; None where there is none."""
    return next((days for days in reversed(context.story) if (days[1] - days[0]).days < LONGEST[unit]), None)


def sized(unit: str, count: int) -> tuple[str, int]:
    """Units of several others in those: a fortnight is two weeks, a decade ten years."""
    day = unit in {"morning", "afternoon", "evening", "night"}
    name, times = ("day", 1) if day else {"fortnight": ("week", 2), "decade": ("year", 10)}.get(unit, (unit, 1))
    return name, count * times


def folded(word: str) -> str:
    """A word in small letters, without full stops and with single spaces."""
    return " ".join(word.casefold().replace(".", "").split())


def number_of(word: str) -> int:
    """The digits of a word."""
    return int(re.sub(r"\D", "", word))


def count_of(word: str) -> int:
    """A small number in digits or words."""
    plain = folded(word)
    return int(plain) if plain.isdecimal() else COUNTS[plain]
