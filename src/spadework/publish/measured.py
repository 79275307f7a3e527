"""Measured numbers in a sentence: which of them stand there without the interval that every measurement must carry.

A number with a unit passes as an end of an interval, beside its interval, as a bound ("at least 8 m") or as a setting
("pixels of 10 m"). Dates, counts, angles, years and clock times carry none of these units.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS: Final = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|"
    "thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million"
)
_FIGURE: Final = r"(?:\d{1,3}(?:[, ]\d{3}){1,5}+(?!\d)|\d++)(?:\.\d++)?+|\.\d++"
_NUMBER: Final = rf"(?:{_FIGURE}|(?i:\b(?:{_WORDS})(?:[ -](?:{_WORDS})){{0,6}}+\b))"
_UNIT: Final = (
    r"(?:(?:(?:km|cm|mm|m)(?:[²³23]|\^[23])?|ha|ft|yds?|mi|kg|(?:sq|cu)\.? ?(?:km|m|ft|mi|yd))(?![\w²³^])|(?i:(?:(?:square|cubic|sq\.?|cu\.?)[ -])?"
    r"(?:(?:kilo|centi|milli)?met(?:re|er)s?|hectares?|acres?|dunams?|miles?|yards?|feet|foot|inch(?:es)?|(?:kilo)?tonn?e?s?|kilogram(?:me)?s?|"
    r"lit(?:re|er)s?)\b))"
)
_PER_CENT: Final = r"(?:%|per ?cent\b)"
_ABOUT: Final = r"(?:about |around |some |roughly |nearly )?"
_END: Final = rf"{_ABOUT}[+-]?{_NUMBER}(?:[ -]?(?:{_UNIT}|{_PER_CENT}))?"

_CHANCE: Final = r"(?:probability|likelihood|chances?|odds)"
_RATIO: Final = rf"{_NUMBER}[ -](?:(?:times )?(?:in|out of)|to)[ -]{_NUMBER}"
_SIZE: Final = r"(?:size|area|length|width|depth|height|volume|extent)"
_BIG: Final = (
    r"(?:large|larger|big|bigger|wide|wider|long|longer|deep|deeper|high|higher|tall|taller|small|smaller|narrow|narrower)"
)
_GROWTHS: Final = (
    r"(?:doubled|tripled|trebled|quadrupled|halved|twofold|threefold|fourfold|tenfold)\b",
    rf"(?:twice|thrice|{_NUMBER} times) (?:as {_BIG}|(?:(?:the|its) )?(?:(?:old|former|original|previous) )?{_SIZE}|{_BIG})\b",
    rf"{_NUMBER} ?{_PER_CENT} {_BIG}\b",
    rf"by (?:half|a (?:third|quarter)|(?:a )?factor (?:of )?{_NUMBER})\b",
)
"""Growth as a factor: two measurements in one number."""
_FEET_MARK: Final = rf"(?:{_FIGURE})['\u2032](?: ?\d{{1,2}}[\"\u2033])?(?= (?:wide|long|high|deep|tall|thick|across|by|x)\b)"

_MEASURED: Final = re.compile(
    rf"(?<![\w.,$€£°])(?:{_FEET_MARK}|(?i:{'|'.join(_GROWTHS)})|(?i:{_RATIO} {_CHANCE}\b)|{_NUMBER}[ -]?{_UNIT}|{_NUMBER} ?{_PER_CENT} (?:likely|unlikely|probable|certain|sure|chance|probability|likelihood)\b"
    rf"|\b(?i:{_CHANCE})(?: (?:of|is|are))?(?: about)?:? (?:{_NUMBER} ?{_PER_CENT}|{_RATIO}))"
)
_ODDS: Final = re.compile(r"odds\b", re.IGNORECASE)
"""Before "9 to 1": a likelihood, no interval."""
_INTERVAL: Final = re.compile(
    rf"\b[Bb]etween {_END} and {_END}|(?<![\w.,:$€£]){_END} ?(?:to|-|\.\.) ?{_END}|[\[(]{_END}[,;] ?{_END}[\])]|(?:±|\+/?-|plus or minus) ?{_END}"
)
_YEARS: Final = re.compile(r"(?:[Bb]etween )?(?:19|20)\d\d ?(?:to|and|-) ?(?:(?:19|20)\d\d|\d\d)")
_MONTH_NEXT: Final = re.compile(r" (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")
_GREW: Final = re.compile(
    r"\b(?:gr[eo]wn?|grows|rose|rises?n?|widened|narrowed|lengthened|shr[aiu]nk|shrunken|fell|fallen|increased|decreased|expanded|extended|went|"
    r"deepened)(?: [\w-]+){0,3}? from $",
    re.IGNORECASE,
)
"""Before "800 m² to 1,200 m²": two measurements, no interval."""

_SHAPE: Final = r"(?:[ -](?:wide|long|high|deep|tall|thick|across|apart|of (?:bare )?ground|in (?:width|length|height|depth|area|diameter)))?"
_BESIDE: Final = re.compile(
    rf"{_SHAPE}(?: as seen from above)?(?P<rest>,? ?[\[(][^\[\]()]{{0,80}}[\])]|[,:]? (?:with )?(?:an? )?(?:\d\d ?{_PER_CENT} )?(?:interval (?:of |from )?)?"
    rf"(?:between {_END} and {_END}|{_END} ?(?:to|-) ?{_END})| ?(?:±|\+/?-|plus or minus) ?{_END})"
)
"""What may stand between a measurement and its interval, and the interval."""
_BEST: Final = re.compile(r" ?[(,;] ?(?:best|central|middle|most likely|about)[\w ]{0,20}$", re.IGNORECASE)

_BOUND: Final = re.compile(
    r"(?:\b(?:at (?:least|most)|under|up to|(?:less|more|fewer|smaller|larger|bigger|narrower|wider|shorter|longer|finer|coarser|taller|deeper|"
    r"thinner|thicker|nearer|closer|farther|further|greater|lower|higher) than|within|below|above|beyond|exceed(?:s|ed|ing)?|(?:minimum|maximum)(?: of)?|"
    r"rounded to|the nearest|every|per)(?: about)?|\bover|[≥≤<>]=?) ?$",
    re.IGNORECASE,
)
_BOUND_AFTER: Final = re.compile(
    rf"{_SHAPE} (?:or|and) (?:more|less|over|under|above|below|better|\w+er)\b|(?: [a-z]+){{0,5}},? at (?:the )?(?:most|least)\b",
    re.IGNORECASE,
)
_SET: Final = (
    r"(?:pixels?|GSD|ground sample distance|resolution|grid|rows|columns|cells?|tiles?|buffer|spacing|posting|sampling|precision|gate|scale bar|"
    r"residuals?|errors?|uncertainty|accuracy|margin|tolerance|RMSE|half-width|observable|assessed|dilat(?:ed|ion)|default)"
)
_SETTING: Final = re.compile(
    rf"\b{_SET}(?: (?:of|is|are|was|were|be|size|side|at|to|by|each|about|only|with))*[:=]? ?(?:[\d.]+,? (?:m,? )?(?:(?:or|and|to) )?){{0,4}}$",
    re.IGNORECASE,
)
_SETTING_AFTER: Final = re.compile(
    rf"(?:(?:,| and| or) {_NUMBER}[ -]?{_UNIT}){{0,3}}(?:[ -](?:wide|across|square))?(?: [\w-]+)? {_SET}\b"
    r"|(?: (?:of|the|was|were|is|are|that|could|can|not|be|ground)){0,6} assessed\b",
    re.IGNORECASE,
)
_PICTURE: Final = r"(?:images?|imagery|pictures?|photos?|photographs?|scenes?|frames?)"
_PICTURE_OF: Final = re.compile(rf"\b{_PICTURE} (?:of|at) $", re.IGNORECASE)
_OF_PICTURE: Final = re.compile(
    rf"[ -](?:(?:satellite|optical|colou?r|commercial|class|resolution) ){{0,2}}{_PICTURE}\b", re.IGNORECASE
)
_FINE: Final = re.compile(r"[ -]?(?:cm|centimet(?:re|er)s?)$", re.IGNORECASE)
"""Beside a picture, centimetres are the size of its pixels."""
_PLACED: Final = re.compile(r"\b(?:about|around|some|roughly|nearly|approximately) $", re.IGNORECASE)
_PLACED_AFTER: Final = re.compile(
    r" (?:away|from|(?:to the )?(?:north|south|east|west)(?:-?(?:east|west))?(?: of)?|up(?:stream|hill)|down(?:stream|hill)|off|beyond)\b(?! side to| edge to| end to)",
    re.IGNORECASE,
)
"""A round distance from something else says where a thing is, not how large."""
_LEVEL_AFTER: Final = re.compile(r" (?:above|below) (?:(?:mean )?sea level|the (?:sea|ellipsoid|geoid))\b", re.IGNORECASE)
_REACH: Final = 60
"""Characters that are read on either side of a number, and twice as many after it."""


def bare(sentence: str) -> Iterator[str]:
    """Measurements that stand without an interval, as written.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.

    """
    intervals = _intervals(sentence)
    place = 0
    for match in _MEASURED.finditer(sentence):
        while place < len(intervals) and intervals[place][1] <= match.start():
            place += 1
        inside = place < len(intervals) and intervals[place][0] < match.end() and not _ODDS.match(match[0])
        last = intervals[place - 1][1] if place else -1
        after_interval = 0 <= match.start() - last < _REACH // 2 and _BEST.match(sentence[last : match.start()])
        if not (inside or after_interval or _excused(sentence, match)):
            yield match[0]


def _intervals(sentence: str) -> list[tuple[int, int]]:
    """(start, end) of every interval of numbers, in order; days, years and growth from one size to another are none."""
    found = []
    for match in _INTERVAL.finditer(sentence):
        before = sentence[max(0, match.start() - _REACH) : match.start()]
        dated = _YEARS.fullmatch(match[0]) or _MONTH_NEXT.match(sentence, match.end())
        if not dated and not _GREW.search(before):
            found.append(match.span())
    return found


def _excused(sentence: str, match: re.Match[str]) -> bool:
    """Whether an interval follows, or the number is a bound or a setting."""
    before = sentence[max(0, match.start() - _REACH) : match.start()]
    after = sentence[match.end() : match.end() + 2 * _REACH]
    beside = _BESIDE.match(after)
    return bool(
        (beside and _intervals(beside["rest"]))
        or _BOUND.search(before)
        or _BOUND_AFTER.match(after)
        or _SETTING.search(before)
        or _SETTING_AFTER.match(after)
        or _places(before, match[0], after)
    )


def _places(before: str, number: str, after: str) -> bool:
    """Whether a number tells where a thing lies, or how fine a picture is, and not how large a thing is."""
    pixel = _FINE.search(number) and (_PICTURE_OF.search(before) or _OF_PICTURE.match(after))
    return bool(pixel or _LEVEL_AFTER.match(after) or (_PLACED.search(before) and _PLACED_AFTER.match(after)))
