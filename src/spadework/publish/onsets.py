"""Beginnings in a sentence: which of them are put on a day, a month, a season or a year without a look on either side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGINNINGS: Final = (
    "began", "begun", "beg[ai]ns?", "start(?:ed|s)?", "commenced?s?", "onset", "initiated", "resumed?s?", "kicked off", "set in", "g[oe]ts?(?: \\w+)? under ?way", "br(?:oke|oken|eaking) ground",
    "launched",
)  # fmt: skip
_WORKS: Final = (
    "dug",
    "built",
    "constructed",
    "excavated",
    "erected",
    "installed",
    "established",
    "created",
    "changed(?! back)",
)
_EMERGENCES: Final = ("appear(?:ed|s)", "emerge[ds]?", "sprang up", "came into being")
"""Verbs that are beginnings only right before the day: ground may appear bright on a day."""
_DATINGS: Final = ("dat(?:es?|ed|ing)(?: back)? (?:from|to)", "under ?way (?:from|since)")

_MONTH: Final = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY: Final = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?: \d{{4}})?|(?:(?:early|mid|late)[ -])?{_MONTH}(?: \d{{1,2}}\b(?:st|nd|rd|th)?,?)?(?: \d{{4}})?"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    r"|(?:(?:early|mid|late)[ -])?(?:[Ss]pring|[Ss]ummer|[Aa]utumn|[Ff]all|[Ww]inter),?(?: of)? (?:19|20)\d\d)(?!\w)"
)
_YEAR: Final = r"(?:(?:early|mid|late)[ -])?(?:19|20)\d\d(?!\w|[.,]\d)(?! ?(?:m|m²|ha|km|pixels?|places|cells|looks)\b)"
_WHEN: Final = rf"(?:{_DAY}|{_YEAR})"

_BEGAN: Final = re.compile(
    rf"\b(?:(?P<dated>{'|'.join(_DATINGS)})|(?P<emerged>{'|'.join(_EMERGENCES)})|{'|'.join((*_BEGINNINGS, *_WORKS))})\b",
    re.IGNORECASE,
)
_ON_DAY: Final = re.compile(
    rf"(?P<gap>(?: [\w',()/-]+){{0,8}}?),? (?:on|in|since|by|around|about)(?: or about| about| around)?(?: the)? {_WHEN}|,? (?P<bare>{_DAY})"
)
_OF_DAY: Final = re.compile(rf"(?: about| around)?(?: the)? {_WHEN}")
_DAY_FIRST: Final = re.compile(
    rf"\b(?:[Oo]n|[Ii]n|[Ss]ince|[Bb]y) {_WHEN},?(?P<gap>(?: [\w',()/-]+){{1,6}}?) "
    r"(?:began|begun|started|commenced|broke ground|got under ?way|appeared|emerged|(?:was|were) (?:dug|built|constructed|excavated|erected))\b"
)
_BOUNDED: Final = re.compile(
    r"\b(?:between|before|after|until|earlier|later|within|not|never|looks?|image[sd]?|imagery|scenes?|seen|shown|shows?|taken|acquired|"
    r"published|reported|confirmed|dated|issued|his|her|my|our)\b",
    re.IGNORECASE,
)
"""Between the verb and the day: the day bounds the onset, or is that of something else."""
_BOUNDED_AFTER: Final = re.compile(
    rf" (?:to|until|or (?:later|earlier|before|after)|at the (?:latest|earliest)|- ?{_DAY})\b|-(?:(?:19|20)\d\d|\d\d)\b"
)
_SETTING: Final = re.compile(
    r"\b(?:period|history|run|watch(?:ing)?|record|archive|mission|monitoring|series|satellites?|imagery|images|looks|data|coverage|Sentinel-\d\w?|Landsat(?:[ -]\d)?)"
    r"(?: (?:was|is|that|has))?$"
)
"""Before the verb: what began is ours, and its day is known."""
_PICTURE: Final = re.compile(
    r"\b(?:looks?|images?|imagery|scenes?|pictures?|photos?|photographs?|figures?|frames?|maps?|reports?|articles?|videos?|posts?|data|records?|clouds?|"
    r"haze|shadows?|snow|smoke|dust|glint|water)(?: that| which)?$",
    re.IGNORECASE,
)
"""Before a verb of dating or emerging: a picture has its day, and weather comes and goes."""
_STATE: Final = re.compile(r"\b(?:was|were|is|are|had|has|have) (?:already|still)(?: been)? $", re.IGNORECASE)
"""Before the verb: the day is that of a look which shows what had been done before."""
_HABIT: Final = re.compile(
    r"\b(?:(?:every|each) (?:year|spring|summer|autumn|winter|season|january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|yearly|annually|seasonal(?:ly)?|usually|as a rule|year after year)\b",
    re.IGNORECASE,
)
_DATED: Final = re.compile(r"(?:19|20)\d\d")


def bare(sentence: str) -> Iterator[str]:
    """Beginnings on a day, in a month, a season or a year that no look bounds, as written.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.

    """
    habit = _HABIT.search(sentence)
    for verb in _BEGAN.finditer(sentence):
        day = _day_of(sentence, verb)
        if day and not (habit and not _DATED.search(day)):
            yield verb[0] + day
    for first in _DAY_FIRST.finditer(sentence):
        if not (_BOUNDED.search(first["gap"]) or _STATE.search(f"{first['gap']} ") or (habit and not _DATED.search(first[0]))):
            yield first[0]


def _day_of(sentence: str, verb: re.Match[str]) -> str:
    """The bare day that a verb of beginning is put on, with the words between; empty for none."""
    before, after = sentence[max(0, verb.start() - 40) : verb.start()], sentence[verb.end() : verb.end() + 110]
    day = (_OF_DAY if verb["dated"] else _ON_DAY).match(after)
    if not day or _BOUNDED_AFTER.match(after[day.end() :]):
        return ""
    gap = "" if verb["dated"] else day["gap"] or ""
    own_day = _PICTURE.search(before.rstrip()) if verb["dated"] or verb["emerged"] else _SETTING.search(before.rstrip())
    elsewhere = verb["emerged"] and gap
    return "" if _BOUNDED.search(gap) or own_day or elsewhere or _STATE.search(before) else day[0]
