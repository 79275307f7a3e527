"""Words of time in English and French, and the patterns made of them: one a kind of expression, longest match first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4,
    "cinq": 5, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "couple of": 2, "dozen": 12,
}  # fmt: skip
"""Small numbers in words, of both languages ("six" is both)."""
_Y: Final = r"(?:1[89]\d\d|20\d\d)"
_DASH: Final = r"\s*[-\u2013\u2014]\s*"
_END: Final = r"(?![\w])"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words of time."""

    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    """Monday = 0."""
    seasons: Mapping[str, str]
    units: Mapping[str, str]
    parts: Mapping[str, str]
    """Words for "early", "mid", "late"."""
    near: Mapping[str, int]
    """Days from the dateline."""
    last: frozenset[str]
    next: frozenset[str]
    earlier: frozenset[str]
    ordinals: Mapping[str, int]
    quarters: frozenset[str]
    future: re.Pattern[str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    """(rule, pattern); the group "all" is the expression."""
    names: re.Pattern[str]
    """Before or after a month or a weekday: it is a person's or a thing's name."""
    verbs: re.Pattern[str]
    """After "May" or "March": it is a verb."""
    counted: re.Pattern[str]
    """After four digits: they count something."""
    will: re.Pattern[str]
    """A verb of the future that may follow a date which opens its sentence."""
    due: re.Pattern[str]
    """What may happen by the date that follows."""
    said: re.Pattern[str]
    """A verb of saying of the past right before a date: it is the day of the saying, whatever is planned in the clause before."""
    joiner: re.Pattern[str]
    """Between two dates: a range only where ``between`` opens it."""
    between: re.Pattern[str]

    def refuses(self, text: str, match: re.Match[str], rule: str) -> bool:
        """Whether what looks like a date is none: "May" the verb, "Mr Friday", "2020 people"."""
        start, end = match.span("all")
        before, after = text[max(0, start - 14) : start], text[end : end + 24]
        if rule in {"month", "weekday"} and self.names.search(f"{before}\0"):
            return True
        if (
            rule == "month"
            and match.groupdict().get("y") is None
            and not match.groupdict().get("which")
            and not match.groupdict().get("part")
        ):
            return self._no_month(match["m"], before, after)
        if rule in {"day range", "month range", "year range", "weekday range"} and self.joiner.search(match["all"]):
            return self.between.search(f"{text[max(0, start - 24) : start]}\0") is None
        if rule == "year":
            return bool(self.counted.match(after)) or (
                bool(re.search(r"[\w$\u20ac\u00a3.,/-]$|(?:[A-Z][\w]*|No\.?|n\u00b0)[ -]$", before))
                and not re.search(r"(?:[A-Z]\w* ?|[\s(,-])$", before[-1:] or " ")
            )
        return False

    def _no_month(self, word: str, before: str, after: str) -> bool:
        """A bare "May" or "March" is a month only after a word that leads one in; a bare "April" is none before a surname."""
        led = re.search(self._lead(), before, re.IGNORECASE) is not None
        if word in {"May", "March", "mars", "mai"}:
            return not led or bool(self.verbs.match(after))
        return not led and bool(re.match(r"\s+[A-Z][a-z]+", after))

    @staticmethod
    def _lead() -> str:
        return r"(?:\b(?:in|since|by|until|till|from|of|during|before|after|between|and|to|through|late|early|mid|throughout|around|for|as|en|depuis|de|d'|d\u2019|fin|avant|apr\u00e8s|jusqu'en|jusqu\u2019en|\u00e0|au mois de|entre|et|vers|dans)[ -]|['\u2019])$"


def _any(words: Mapping[str, object] | frozenset[str] | tuple[str, ...]) -> str:
    return "(?:" + "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)) + ")"


_COUNT_EN: Final = r"(?:\d{1,3}|[Aa]n?|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|[Tt]welve|[Aa]\s+couple\s+of|couple\s+of|dozen)"
_COUNT_FR: Final = r"(?:\d{1,3}|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze)"
_MONTHS_EN: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_WEEK_EN: Final = {
    name: n for n, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
}
_M: Final = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.|Feb\.|Mar\.|Apr\.|Jun\.|Jul\.|Aug\.|Sept\.|Sep\.|Oct\.|Nov\.|Dec\.|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)"
_W: Final = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_D: Final = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_HOURS_EN: Final = r"(?:morning|afternoon|evening|night)"
_TO_EN: Final = rf"(?:\s+(?:to|and|until|till|through)\s+|{_DASH})"
_UNITS_EN: Final = {
    name: unit
    for unit in (
        "hour",
        "day",
        "morning",
        "afternoon",
        "evening",
        "night",
        "week",
        "fortnight",
        "month",
        "year",
        "decade",
        "weekend",
    )
    for name in (unit, f"{unit}s")
}
_PARTS_EN: Final = {
    "early": "early", "mid": "mid", "middle of": "mid", "the middle of": "mid", "late": "late", "the beginning of": "early", "beginning of": "early", "the start of": "early", "start of": "early",
    "the end of": "late", "end of": "late", "the first days of": "early", "the last days of": "late", "the close of": "late",
}  # fmt: skip
_P_EN: Final = (
    r"(?:[Ee]arly|[Mm]id|[Ll]ate|(?:[Tt]he\s+)?(?:beginning|start|middle|end|close)\s+of|the\s+(?:first|last)\s+days\s+of)"
)
_NEAR_EN: Final = {
    "yesterday": -1, "today": 0, "tomorrow": 1, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0, "last night": -1, "yesterday morning": -1, "yesterday evening": -1,
    "yesterday afternoon": -1, "the day before yesterday": -2, "earlier today": 0,
}  # fmt: skip
_ORDINALS_EN: Final = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "last": -1,
    "final": -1,
    "h1": 1,
    "h2": 2,
    "q1": 1,
    "q2": 2,
    "q3": 3,
    "q4": 4,
    "opening": 1,
    "closing": -1,
    "former": 1,
    "latter": 2,
}


def _p(rule: str, pattern: str) -> tuple[str, re.Pattern[str]]:
    return rule, re.compile(rf"(?<![\w.,/$\u20ac\u00a3])(?P<all>{pattern}){_END}")


ENGLISH: Final = Lexicon(
    months=_MONTHS_EN,
    weekdays=_WEEK_EN,
    seasons={name: name for name in ("spring", "summer", "autumn", "fall", "winter")},
    units=_UNITS_EN,
    parts=_PARTS_EN,
    near=_NEAR_EN,
    last=frozenset({"last", "previous", "past", "this past", "final", "closing"}),
    next=frozenset({"next", "coming", "the coming", "following"}),
    earlier=frozenset({"earlier", "before", "previous", "the previous", "prior", "preceding", "the preceding"}),
    ordinals=_ORDINALS_EN,
    quarters=frozenset({"quarter", "q"}),
    future=re.compile(
        r"\b(?:will|shall|would|due|scheduled|expected|expects?|plans?\s+to|planned|slated|set\s+to|to\s+(?:begin|open|start|finish|resume|visit|meet|end|complete|reopen|vote|decide|publish)|deadline|expires?|begins?\s+on|"
        r"starts?\s+on|opens?\s+on|aims?\s+to|hopes?\s+to|intends?\s+to|wants?\s+to|seeks?\s+to|(?:is|are)\s+to|no\s+later\s+than|(?-i:may|might)\s+(?!have\b)\w+)\b",
        re.IGNORECASE,
    ),
    due=re.compile(r"\b(?:could|can|should|must|has\s+to|have\s+to|need(?:s|ed)?\s+to|want(?:s|ed)?\s+to|ask(?:s|ed)?|urge[sd]?|demand(?:s|ed)?)\b.*\b(?:by|before|until|from|as\s+early\s+as)\s+(?:the\s+)?$", re.IGNORECASE),
    will=re.compile(r"\b(?:will|shall)\b", re.IGNORECASE),
    said=re.compile(
        r"\b(?:said|told|added|announced|reported|wrote|warned|confirmed|denied|stated|insisted|acknowledged|posted|published)\b[^,;.\u201d]{0,40}$"
    ),
    joiner=re.compile(r"\sand\s"),
    between=re.compile(r"\b[Bb]etween\s+(?:\w+,?\s+)?\0"),
    patterns=(
        _p("iso", rf"(?P<y>{_Y})-(?P<m>0[1-9]|1[0-2])-(?P<d>[0-2]\d|3[01])"),
        _p("slashes", r"(?P<a>[0-3]?\d)[/.](?P<b>[0-3]?\d)[/.](?P<y>(?:19|20)\d\d)"),
        _p("day range", rf"(?:{_W},?\s+)?(?P<d1>{_D})(?:\s+(?P<m1>{_M}))?(?:,?\s+(?P<y1>{_Y}))?{_TO_EN}(?:{_W},?\s+)?(?:the\s+)?(?P<d2>{_D})\s+(?:of\s+)?(?P<m2>{_M})(?:,?\s+(?P<y2>{_Y}))?"),
        _p("day range", rf"(?:{_W},?\s+)?(?P<m1>{_M})\s+(?P<d1>{_D})(?:,\s+(?P<y1>{_Y}))?{_TO_EN}(?:{_W},?\s+)?(?:(?P<m2>{_M})\s+)?(?P<d2>{_D})(?:,\s+(?P<y2>{_Y}))?"),
        _p("day", rf"(?:{_W},?\s+(?:the\s+)?)?(?P<d>{_D})\s+(?:of\s+)?(?P<m>{_M})(?:,?\s+(?P<y>{_Y})|\s+(?P<that>last|this|next)\s+year)?"),
        _p("day", rf"(?:{_W},?\s+)?(?P<m>{_M})\s+(?P<d>{_D})(?!,\d|\.\d|\s*(?:%|per\s?cent|people|million|billion|km|metres|meters|feet|hectares|tonnes))(?:,?\s+(?P<y>{_Y}))?"),
        _p("month range", rf"(?P<m1>{_M})(?:\s+(?P<y1>{_Y}))?{_TO_EN}(?P<m2>{_M})(?:\s+(?P<y2>{_Y})|\s+(?:of\s+)?(?P<that>last|this|next)\s+year)?"),
        _p("month", rf"(?:(?P<part>{_P_EN})[\s-]+)?(?:(?P<which>[Ll]ast|[Tt]his|[Nn]ext|[Pp]ast)\s+)?(?P<m>{_M})(?:,?\s+(?:of\s+)?(?P<y>{_Y})|\s+(?:of\s+)?(?P<that>last|this|next)\s+year)?"),
        _p("week of month", rf"(?:[Tt]he\s+)?(?P<turn>first|second|third|fourth|last|final|opening|closing|former|latter)\s+(?P<piece>week|half|fortnight)\s+of\s+(?P<m>{_M})(?:\s+(?P<y>{_Y}))?"),
        _p("days of month", rf"(?:[Tt]he\s+)?(?P<turn>first|last|final)\s+(?P<n>{_COUNT_EN})\s+days\s+of\s+(?P<m>{_M})(?:\s+(?P<y>{_Y}))?"),
        _p("span of year", rf"(?:[Tt]he\s+)?(?P<which>first|last|final|opening|closing)\s+(?P<n>{_COUNT_EN})\s+months\s+of\s+(?:(?P<y>{_Y})|(?P<that>the|this|last)\s+year)"),
        _p("span of year", rf"(?:[Tt]he\s+)?(?P<which>first|second|third|fourth|last|final|former|latter)\s+(?P<piece>quarter|half)(?:\s+of)?\s+(?:(?P<y>{_Y})|(?P<that>the|this|last|next)\s+year)"),
        _p("span of year", rf"(?P<which>Q[1-4]|H[12])(?P<piece>)(?:\s+of)?\s+(?P<y>{_Y})"),
        _p("quarter", r"(?:(?<=[Ii]n the )|(?<=for the )|(?<=during the )|(?<=since the )|(?<=by the ))(?P<which>first|second|third|fourth|last)\s+quarter(?!\s+(?:of|that))"),
        _p("quarter", r"(?P<which>[Ll]ast|[Tt]his|[Nn]ext)\s+quarter(?!\s+(?:of|that))"),
        _p("week of day", rf"(?:[Tt]he\s+)?week\s+(?:of|beginning|starting|ending)\s+(?:{_W},?\s+)?(?:(?P<d>{_D})\s+(?P<m>{_M})|(?P<ma>{_M})\s+(?P<da>{_D}))(?:,?\s+(?P<y>{_Y}))?"),
        _p("listed day", rf"(?P<d>{_D})(?=(?:,\s*{_D})*\s+(?:and|or)\s+{_D}\s+(?P<m>{_M}))"),
        _p("feast", r"(?P<feast>New\s+Year['\u2019]s\s+(?:Day|Eve)|Christmas\s+(?:Day|Eve))(?:,?\s+(?:of\s+)?(?P<y>(?:19|20)\d\d))?"),
        _p("year range", rf"(?P<y1>{_Y})(?:(?:\s+to\s+|\s+and\s+|{_DASH})(?P<y2>{_Y})|(?:{_DASH}|/)(?P<y2s>\d\d))(?![-/])"),
        _p("decade", r"(?:[Tt]he\s+)?(?P<y>(?:18|19|20)\d0)s"),
        _p("year", rf"(?:(?P<part>{_P_EN})[\s-]+)?(?P<y>{_Y})"),
        _p("season from story", r"(?P<which>[Tt]he\s+(?:following|next|previous|preceding))\s+(?P<s>spring|summer|autumn|winter)"),
        _p("season", r"(?:(?:[Tt]he\s+)?(?P<which>[Ll]ast|[Tt]his|[Nn]ext|[Pp]revious|[Pp]ast)\s+)(?P<s>spring|summer|autumn|fall|winter)"),
        _p("season", rf"(?:[Tt]he\s+)?(?P<s>[Ss]pring|[Ss]ummer|[Aa]utumn|[Ff]all|[Ww]inter)\s+(?:of\s+)?(?P<y>{_Y})(?:(?:/|{_DASH})(?:\d\d){{1,2}}(?!\d))?"),
        _p("season", r"(?:[Tt]he\s+)?(?P<s>[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter)\s+(?:of\s+)?(?P<that>last|this|next)\s+year"),
        _p("season", r"(?:(?<=[Ii]n )|(?<=since )|(?<=until )|(?<=by )|(?<=during )|(?<=in the )|(?<=since the )|(?<=until the )|(?<=by the )|(?<=during the )|(?<=over the )|(?<=before the )|(?<=after the ))(?P<s>spring|summer|autumn|winter)(?!\s+(?:of\s+)?\d)"),
        _p("weekday range", rf"(?P<w1>{_W})(?:\s+{_HOURS_EN})?{_TO_EN}(?P<w2>{_W})(?:\s+{_HOURS_EN})?"),
        _p("weekday of week", rf"(?P<w>{_W})(?:\s+{_HOURS_EN})?(?:,?\s+of)?\s+(?P<which>last|this|next)\s+week"),
        _p("weekday of month", rf"(?:[Tt]he\s+)?(?P<turn>first|second|third|fourth|last)\s+(?P<w>{_W})\s+(?:of|in)\s+(?P<m>{_M})(?:,?\s+(?P<y>{_Y}))?"),
        _p("weekday", rf"(?:(?P<which>[Tt]his\s+past|[Ll]ast|[Nn]ext|[Tt]his|[Pp]ast|[Cc]oming)\s+)?(?P<w>{_W})(?:\s+{_HOURS_EN})?(?P<after>)"),
        _p("near day", r"(?P<n>[Tt]he\s+day\s+before\s+yesterday|[Yy]esterday(?:\s+(?:morning|evening|afternoon))?|[Tt]oday|[Tt]omorrow|[Tt]onight|[Tt]his\s+(?:morning|afternoon|evening)|[Ll]ast\s+night)"),
        _p("unit", rf"(?:(?P<part>{_P_EN})\s+)?(?P<which>[Ll]ast|[Tt]his|[Nn]ext|the\s+coming)\s+(?P<u>weekend|week|month|year)(?!\s+of\b)"),
        _p("unit", r"(?P<which>(?:(?<=at )|(?<=over )|(?<=on ))the)\s+(?P<u>weekend)(?!\s+of\b)"),
        _p("before last", r"[Tt]he\s+(?P<u>year|month|week)\s+before\s+last"),
        _p("unit", r"(?P<part>[Tt]he\s+(?:beginning|start|middle|end)\s+of)\s+(?P<which>the)\s+(?P<u>month|year)"),
        _p("lasting", rf"(?:[Tt]he\s+|[Tt]hese\s+)?(?:past|last|previous)\s+(?:(?P<n>{_COUNT_EN})\s+)(?P<u>hours?|days?|weeks?|months?|years?)"),
        _p("lasting", r"[Tt]he\s+(?:past|last)\s+(?P<u>day|week|fortnight|month|year|decade)"),
        _p("lasting ahead", rf"(?:[Tt]he\s+)?(?:next|coming)\s+(?P<n>{_COUNT_EN})\s+(?P<u>days?|weeks?|months?|years?)"),
        _p("ago", rf"(?<!half )(?P<n>{_COUNT_EN})\s+(?P<u>days?|weeks?|fortnight|months?|years?|decades?)\s+ago"),
        _p("same in year", rf"(?:[Tt]he|[Tt]hat)\s+same\s+(?P<u>day|date|week|month|period|time)\s+(?:(?:in|of)\s+(?P<y>{_Y})|(?:of\s+)?(?:the\s+)?(?P<that>last|previous)\s+year)"),
        _p("day of story", r"(?:(?<=[Oo]n )|(?<=[Bb]y )|(?<=[Ss]ince )|(?<=[Uu]ntil ))the\s+(?P<d>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)(?!\s+(?:of\b|[A-Z]|(?:floor|century|day|week|month|year|time|attempt|anniversary|brigade|division|battalion|parallel|hole|street|round|place|\w+ist|\w+s)\b))"),
        _p("from story", rf"(?P<n>{_COUNT_EN})\s+(?P<u>days?|weeks?|months?|years?)\s+(?P<which>earlier|later|(?:before|afterwards|after)(?=\s*[,.;]))"),
        _p("from story", r"(?P<which>[Tt]he\s+same|[Tt]hat\s+same|[Tt]hat)\s+(?P<u>day|morning|afternoon|evening|night|week|month|year)"),
        _p("weekday from story", rf"(?P<which>[Tt]he\s+(?:previous|preceding|following|next))\s+(?P<w>{_W})"),
        _p("from story", r"[Tt]he\s+(?P<u>day|week|month)\s+(?P<which>before|after)(?=\s*[,.;])"),
        _p("from story", r"(?P<which>[Tt]he\s+previous|[Tt]he\s+following|[Tt]he\s+preceding|[Tt]he\s+next)\s+(?P<u>day|morning|afternoon|evening|night|week|month|year)"),
    ),
    names=re.compile(r"(?:\b(?:[Ee]very|[Ee]ach|Mr|Mrs|Ms|Miss|Dr|Black|Bloody|Good|Ash|Palm|Easter|Girl|Theresa|Brian)\.?\s+)\0"),
    verbs=re.compile(r"\s+(?:be|have|also|not|yet|never|well|still|soon|only|even|on|through|into|past|in|against|toward|towards|for\s+justice)\b"),
    counted=re.compile(r"\s*(?:%|per\s?cent|people|residents|households?|homes|houses|families|soldiers|troops|workers|jobs|hectares|ha\b|acres|km\b|kilomet|metres|meters|m\b|feet|ft\b|foot|miles|tonnes|tons|t\b|MW|barrels|square|cubic|cattle|trees|tents|dollars|euros|UTC|GMT|hours|local\s+time)"),
)  # fmt: skip

_MONTHS_FR: Final = {
    name: n
    for n, names in enumerate(
        (
            "janvier janv",
            "f\u00e9vrier f\u00e9vr",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet juil",
            "ao\u00fbt aout",
            "septembre sept",
            "octobre oct",
            "novembre nov",
            "d\u00e9cembre d\u00e9c",
        ),
        1,
    )
    for name in names.split()
}
_MF: Final = r"(?:janvier|f\u00e9vrier|mars|avril|mai|juin|juillet|ao\u00fbt|aout|septembre|octobre|novembre|d\u00e9cembre|janv\.|f\u00e9vr\.|juil\.|sept\.|oct\.|nov\.|d\u00e9c\.)"
_WF: Final = r"(?:[Ll]undi|[Mm]ardi|[Mm]ercredi|[Jj]eudi|[Vv]endredi|[Ss]amedi|[Dd]imanche)"
_DF: Final = r"(?:1er|[12]\d|3[01]|0?[1-9])"
_TO_FR: Final = rf"(?:\s+(?:au|et(?:\s+le)?|\u00e0|jusqu['\u2019]au)\s+|{_DASH})"
_PF: Final = r"(?:[Dd]\u00e9but|[Mm]i|[Ff]in|[Aa]u\s+d\u00e9but\s+(?:de|du\s+mois\s+de)|[\u00c0\u00e0]\s+la\s+fin\s+(?:de|du\s+mois\s+de)|la\s+fin\s+de|le\s+d\u00e9but\s+de)"
_ORDINALS_FR: Final = {
    "premier": 1,
    "premi\u00e8re": 1,
    "1er": 1,
    "deuxi\u00e8me": 2,
    "second": 2,
    "seconde": 2,
    "troisi\u00e8me": 3,
    "quatri\u00e8me": 4,
    "dernier": -1,
    "derni\u00e8re": -1,
}
FRENCH: Final = Lexicon(
    months=_MONTHS_FR,
    weekdays={name: n for n, name in enumerate(["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"])},
    seasons={"printemps": "spring", "\u00e9t\u00e9": "summer", "automne": "autumn", "hiver": "winter"},
    units={"heure": "hour", "heures": "hour", "jour": "day", "jours": "day", "semaine": "week", "semaines": "week", "mois": "month", "an": "year", "ans": "year", "ann\u00e9e": "year", "ann\u00e9es": "year", "week-end": "weekend"},
    parts={"d\u00e9but": "early", "mi": "mid", "fin": "late", "au d\u00e9but de": "early", "au d\u00e9but du mois de": "early", "\u00e0 la fin de": "late", "\u00e0 la fin du mois de": "late", "la fin de": "late", "le d\u00e9but de": "early", "le d\u00e9but": "early", "au d\u00e9but": "early", "la fin": "late"},
    near={"hier": -1, "avant-hier": -2, "aujourd'hui": 0, "aujourd\u2019hui": 0, "demain": 1, "ce matin": 0, "ce soir": 0, "cet apr\u00e8s-midi": 0, "hier soir": -1, "hier matin": -1},
    last=frozenset({"dernier", "derni\u00e8re", "derniers", "derni\u00e8res", "pass\u00e9", "pass\u00e9e", "pr\u00e9c\u00e9dent", "pr\u00e9c\u00e9dente"}),
    next=frozenset({"prochain", "prochaine", "prochains"}),
    earlier=frozenset({"plus t\u00f4t", "auparavant", "avant", "pr\u00e9c\u00e9dent", "pr\u00e9c\u00e9dente"}),
    ordinals=_ORDINALS_FR,
    quarters=frozenset({"trimestre"}),
    future=re.compile(r"\b(?:devrai(?:t|ent)|doit|doivent|pr\u00e9vue?s?|sera|seront|d\u00e9butera|commencera|reprendra|s['\u2019]ach\u00e8vera|aura|auront|compte|attendue?s?|d['\u2019]ici|\w+er(?:a|ont))\b", re.IGNORECASE),
    due=re.compile(r"\b(?:pourrai(?:t|ent)|peut|peuvent)\b.*\b(?:avant|d['\u2019]ici|dès)\s+$", re.IGNORECASE),
    will=re.compile(r"\b(?:sera|seront|\w+er(?:a|ont))\b", re.IGNORECASE),
    said=re.compile(r"\b(?:dit|d\u00e9clar\u00e9|annonc\u00e9|affirm\u00e9|indiqu\u00e9|pr\u00e9cis\u00e9|ajout\u00e9|expliqu\u00e9|confirm\u00e9|d\u00e9menti)\b[^,;.\u00bb]{0,40}$"),
    joiner=re.compile(r"\set\s"),
    between=re.compile(r"\b[Ee]ntre\s+(?:\w+\s+){0,2}\0"),
    patterns=(
        _p("iso", rf"(?P<y>{_Y})-(?P<m>0[1-9]|1[0-2])-(?P<d>[0-2]\d|3[01])"),
        _p("slashes", r"(?P<a>[0-3]?\d)[/.](?P<b>[0-3]?\d)[/.](?P<y>(?:19|20)\d\d)"),
        _p("day range", rf"(?:{_WF}\s+)?(?P<d1>{_DF})(?:\s+(?P<m1>{_MF}))?(?:\s+(?P<y1>{_Y}))?{_TO_FR}(?:{_WF}\s+)?(?P<d2>{_DF})\s+(?P<m2>{_MF})(?:\s+(?P<y2>{_Y}))?"),
        _p("day", rf"(?:{_WF},?\s+(?:le\s+)?)?(?P<d>{_DF})\s+(?P<m>{_MF})(?:\s+(?P<y>{_Y}))?"),
        _p("month range", rf"(?P<m1>{_MF})(?:\s+(?P<y1>{_Y}))?(?:\s+(?:\u00e0|et)\s+|{_DASH})(?P<m2>{_MF})(?:\s+(?P<y2>{_Y}))?"),
        _p("month", rf"(?:(?P<part>{_PF})[\s-]+)?(?P<m>{_MF})(?:\s+(?P<which>dernier|prochain))?(?:\s+(?P<y>{_Y}))?"),
        _p("span of year", rf"(?P<which>premier|deuxi\u00e8me|second|troisi\u00e8me|quatri\u00e8me|dernier|1er)\s+(?P<piece>trimestre|semestre)(?:\s+(?:de\s+)?(?:(?P<y>{_Y})|(?:l['\u2019]ann\u00e9e)))"),
        _p("span of year", rf"(?:[Ll]es\s+)?(?P<n>{_COUNT_FR})\s+(?P<which>premiers|derniers)\s+mois\s+de\s+(?P<y>{_Y})"),
        _p("year range", rf"(?P<y1>{_Y})(?:\s+\u00e0\s+|\s+et\s+|{_DASH})(?P<y2>{_Y})"),
        _p("decade", r"(?:les\s+)?ann\u00e9es\s+(?P<y>(?:18|19|20)\d0)"),
        _p("year", rf"(?:(?P<part>{_PF})[\s-]+)?(?P<y>{_Y})"),
        _p("season", rf"(?P<s>printemps|\u00e9t\u00e9|automne|hiver)\s+(?:(?P<which>dernier|prochain|pass\u00e9)|(?:de\s+)?(?P<y>{_Y}))"),
        _p("weekday range", rf"(?P<w1>{_WF})(?:\s+(?:\u00e0|au)\s+)(?P<w2>{_WF})"),
        _p("weekday", rf"(?P<w>{_WF})(?:\s+(?P<which>dernier|prochain|pass\u00e9))?"),
        _p("near day", r"(?P<n>[Aa]vant-hier|[Hh]ier\s+(?:soir|matin)|[Hh]ier|[Aa]ujourd['\u2019]hui|[Dd]emain|[Cc]e\s+matin|[Cc]e\s+soir|[Cc]et\s+apr\u00e8s-midi)"),
        _p("unit", r"(?:[Ll]a\s+|[Ll]e\s+|[Ll]['\u2019])?(?P<u>semaine|mois|ann\u00e9e|an|week-end)\s+(?P<which>derni\u00e8re?|pass\u00e9e?|prochaine?)"),
        _p("unit", r"(?P<part>(?:[Ll]e\s+|[Aa]u\s+)?d\u00e9but|(?:[Ll]a\s+)?fin)\s+de\s+(?P<which>l['\u2019])(?P<u>ann\u00e9e)"),
        _p("unit", r"(?P<which>[Cc]ette|[Cc]e)\s+(?P<u>semaine|mois|ann\u00e9e|week-end)"),
        _p("lasting", rf"(?:[LlCcDd]es\s+)?(?P<n>{_COUNT_FR})\s+derni(?:ers|\u00e8res)\s+(?P<u>heures|jours|semaines|mois|ans|ann\u00e9es)"),
        _p("ago", rf"[Ii]l\s+y\s+a\s+(?P<n>{_COUNT_FR})\s+(?P<u>jours?|semaines?|mois|ans?)"),
        _p("from story", rf"(?P<n>{_COUNT_FR})\s+(?P<u>jours?|semaines?|mois|ans?)\s+(?P<which>plus\s+t\u00f4t|plus\s+tard|auparavant|apr\u00e8s|avant)"),
        _p("from story", r"(?:[Ll]e\s+|[Ll]a\s+|[Ll]['\u2019])(?P<u>jour|semaine|mois|ann\u00e9e)\s+(?P<which>pr\u00e9c\u00e9dente?|suivante?)"),
    ),
    names=re.compile(r"\b(?:M\.|Mme|Champ\s+de)\s+\0"),
    verbs=re.compile(r"(?!)"),
    counted=re.compile(r"\s*(?:%|personnes|habitants|maisons|hectares|ha\b|km\b|m\b|m\u00e8tres|tonnes|t\b|soldats|familles|euros|arbres)"),
)  # fmt: skip
