"""Date expressions of a text, each resolved to its first and last day; what cannot be resolved says so, and nothing is invented."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims import counted_dates, written_dates
from spadework.claims.dated import Context, Read
from spadework.claims.lexicon import ENGLISH, FRENCH, Lexicon
from spadework.records import ClaimTime

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from spadework.claims.calendars import Days

LOOK_BACK: Final = 70
"""Characters before a date in which a verb of the future is looked for."""
OPENING: Final = 2
"""Words before a date that opens its sentence: "And on Friday"."""
_STOP: Final = re.compile(r"[.;!?\u201d\n]")
NO_SUCH_DAY: Final = frozenset({"iso", "day"})
"""Rules whose failure means that there is no such day: "31 June" is not June."""
_RULES: Final[dict[str, Callable[[re.Match[str], Context], Read | None]]] = {
    "iso": written_dates.read_iso, "slashes": written_dates.read_slashes, "day": written_dates.read_day, "day range": written_dates.read_day_range, "month": written_dates.read_month, "month range": written_dates.read_month_range, "year": written_dates.read_year,
    "year range": written_dates.read_year_range, "decade": written_dates.read_decade, "span of year": written_dates.read_span_of_year, "season": written_dates.read_season, "weekday": counted_dates.read_weekday, "near day": counted_dates.read_near_day,
    "unit": counted_dates.read_unit, "lasting": counted_dates.read_lasting, "ago": counted_dates.read_ago, "from story": counted_dates.read_from_story, "week of month": written_dates.read_week_of_month, "weekday range": counted_dates.read_weekday_range,
    "lasting ahead": counted_dates.read_lasting_ahead, "before last": counted_dates.read_before_last, "quarter": written_dates.read_quarter, "week of day": written_dates.read_week_of_day, "listed day": written_dates.read_day, "weekday from story": counted_dates.read_weekday_from_story, "feast": written_dates.read_feast,
    "weekday of week": counted_dates.read_weekday_of_week, "weekday of month": written_dates.read_weekday_of_month, "days of month": written_dates.read_days_of_month, "season from story": counted_dates.read_season_from_story, "same in year": counted_dates.read_same_in_year, "day of story": counted_dates.read_day_of_story,
}  # fmt: skip


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
