"""Words without a place, an instant or a number of machines or people: what the gate does to text from outside and from analysts.

Text is first made plain (one spelling of digits, points and degree signs), then searched by the named patterns below. Every
repetition in them is bounded or possessive, so that the time is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHHELD: Final = "[withheld]"
"""Stands where text held a place, a tile, an orbit or a clock time."""
BINS: Final = ((5, "up to five"), (20, "six to twenty"))
"""(most, words) of a count; more is "over twenty"."""
_MORE: Final = "over twenty"
_BINNED: Final = (BINS[0][1], _MORE)
"""Bins that end in a number of their own."""
_PASSES: Final = 4
"""Of the patterns over a text, each over what the last one left; a text that still holds something is withheld whole."""

# ---------------------------------------------------------------- one spelling
_SAME: Final = {"\u00ba": "\u00b0", "\u02da": "\u00b0", "\u2070": "\u00b0", "\u066c": ",", "\u2212": "-", "\u00b2": "\u00b2", "\u00b3": "\u00b3"}  # fmt: skip
"""Degree signs, thousands and minus; a raised 2 or 3 is looked at where it stands."""
_UNSEEN: Final = re.compile("[\u034f\ufe00-\ufe0f\u115f\u1160\u3164\u2800]|(?<=[0-9.,])[\u0300-\u036f]")
_POINT: Final = re.compile("(?<=[0-9])[\u00b7\u066b\u2219\u22c5\u2027\u2022\u3002\u02d9](?=[0-9])")
_RAISED: Final = re.compile("(?<![A-Za-z])[\u00b2\u00b3]")


class _Plain(dict[int, str]):
    """NFKC of one character (of a whole text its time is quadratic), any digit as ASCII, nothing for what is not seen."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.decimal(char, None)
        plain = "" if unicodedata.category(char) == "Cf" else unicodedata.normalize("NFKC", char)
        self[code] = _SAME.get(char, plain if digit is None else str(digit))
        return self[code]


_PLAIN: Final = _Plain()


def _plain(text: str) -> str:
    if text.isascii():
        return text
    text = _POINT.sub(".", _UNSEEN.sub("", text.translate(_PLAIN)))
    return _RAISED.sub(lambda m: "2" if m[0] == "\u00b2" else "3", text)


# ---------------------------------------------------------------- places and instants
_S: Final = r"\s{0,3}"
_NOT_IN: Final = r"(?<![A-Za-z0-9])"
_DEGREE: Final = rf"(?:{_S}(?:\u00b0|&deg;|deg(?:ree)?s?\b\.?))"
_MINUTE: Final = r"(?:['\u2019\u2018\u2032\u02b9\u00b4`m]|min(?:ute)?s?\b\.?)"
_SECOND: Final = r"(?:[\"\u201d\u201c\u2033]|''|\u2032\u2032|\u2019\u2019|s(?:ec(?:ond)?s?)?\b\.?)"
_PART: Final = r"\d{1,2}(?:[.,]\d{1,9})?"
_COMPASS: Final = r"(?:north|south|east|west|[nsew])(?![A-Za-z])"
_ZONE: Final = r"(?:0?[1-9]|[1-5]\d|60)"
_UNIT: Final = r"(?:[ckm]?m[\u00b2\u00b32]?|ha|px|ft|t|kg|pixels?|(?:kilo)?met(?:re|er)s?|hectares?|feet|tons?|tonnes?|days?|years?|sq\w*|cubic)\b|%"
_SEPARATOR: Final = r"[^\w\u00b1%$\u20ac\u00a3]"
_LABEL: Final = rf"(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng|{_COMPASS}|deg(?:ree)?s?|and|by|m?[xyen]|m|[34]d)"
_BETWEEN: Final = rf"(?:{_SEPARATOR}{{1,6}}|{_SEPARATOR}{{0,6}}(?:{_LABEL}{_SEPARATOR}{{0,6}}){{1,3}})"
"""What may stand between the two numbers of a place: anything but a word, "to", a plus-minus or a currency."""
_DECIMAL: Final = r"(?<![\d.])\d{0,3}\.\d{2,}+(?!\.\d)"
_COMMA: Final = r"(?<![\d.,])\d{1,3},\d{2,}+(?![.,]\d)"
_APART: Final = rf"(?:{_SEPARATOR}{{0,4}}[;/|\s]{_SEPARATOR}{{0,4}}(?:{_LABEL}{_SEPARATOR}{{0,4}}){{0,2}})"
_THOUSANDS: Final = r"(?<![\d.,])(?:\d{3}[ ,'.]\d{3}|\d{1,2}(?:[ ,'.]\d{3}){2})(?:\.\d{1,9})?(?!\d)"
_METRES: Final = r"\d{6,8}+(?:\.\d{1,9}+)?+(?!\.\d)"
_DAY: Final = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
_TOLD: Final = r"(?:\s{0,3}(?:is|of|at|code|key|square|cell|number|no\.|ref(?:erence)?|locator|[:=,#\"'(])){0,4}\s{0,3}"
_CODE: Final = r"(?=[a-z]{0,7}\d)[a-z0-9]{4,15}\b"
_SQUARE: Final = r"(?:[\s_-]{0,3}(?:\d{3,5}[\s-]{1,3}\d{3,5}|\d{10}|\d{6})|\d{2,8})"
"""Digits within a grid square; two groups may be a year and a day where they are short."""
_PLUS: Final = "[23456789CFGHJMPQRVWX]"
_FRACTION: Final = r"(?:\.\d{2,}+|,\d{4,}+|,\d\d(?!\d))"
_MONTH: Final = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
_NO_DATE: Final = r"(?!(?i:(?:[012]?\d|3[01])[\s-]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[\s-]?(?:(?:19|20)?\d\d)?(?![A-Za-z0-9])))"
"""12MAY2020 is no grid square."""
_AXIS: Final = r"(?:lat(?:itude)?|lon(?:gitude)?|lng|eastings?|northings?)"

_ANYWHERE: Final = tuple(
    (name, re.compile(pattern, flags))
    for name, pattern, flags in (
        ("degrees, minutes", rf"{_NOT_IN}\d{{1,3}}(?:[.,]\d{{1,9}})?(?:{_DEGREE}{_S}|d){_PART}(?:{_S}{_MINUTE}(?:{_S}{_PART}(?:{_S}{_SECOND})?)?)?(?:{_S}{_COMPASS})?", re.IGNORECASE),
        ("minutes, seconds", rf"(?<!\d)\d{{1,3}}[\s:-]{{1,3}}{_PART}{_S}['\u2019\u2032](?:{_S}{_PART}(?:{_S}{_SECOND})?)?(?:{_S}{_COMPASS})?", re.IGNORECASE),
        ("spaced degrees", rf"(?<![\d-])\d{{1,3}}[\s:]{{1,2}}{_PART}(?:[\s:]{{1,2}}{_PART})?{_S}(?:[NSEW]\b|(?i:north|south|east|west)\b)", 0),
        ("spaced degrees in lower case", rf"(?<![\d-])\d{{1,3}}(?:[\s:]{{1,2}}{_PART}){{2}}{_S}[nsew]\b", 0),
        ("hyphened degrees", r"(?<![\d-])\d{1,3}-\d{1,2}(?:-\d{1,2})?(?:\.\d{1,9})?\s?[NSEW]\b", re.IGNORECASE),
        ("compass first", rf"(?<![A-Za-z])[NSEW]{_S}\d{{1,3}}(?:[\s:-]{{1,2}}{_PART}){{2}}", re.IGNORECASE),
        ("six spaced numbers", rf"(?<![\d.-])\d{{1,3}}(?: {_PART}){{2}}[,;/ ]{{1,3}}\d{{1,3}}(?: {_PART}){{2}}(?!\d)", 0),
        ("run together", rf"(?<!\d)\d{{4,7}}(?:\.\d{{1,9}})?[,\s]{{0,2}}[NS]{_SEPARATOR}{{0,3}}\d{{5,7}}(?:\.\d{{1,9}})?[,\s]{{0,2}}[EW]", re.IGNORECASE),
        ("ISO 6709", r"[-+]\d{4,6}(?:\.\d{1,9})?\+\d{5,7}(?:\.\d{1,9})?|\+\d{4,6}(?:\.\d{1,9})?-\d{5,7}(?:\.\d{1,9})?", 0),
        ("compass and decimal", rf"(?<![A-Za-z])[NSEW][\s:=]{{0,3}}[-+]?\d{{1,3}}{_FRACTION}", 0),
        ("decimal and compass", rf"(?<![\d.])[-+]?\d{{1,3}}{_FRACTION}(?:{_DEGREE}(?:{_S}{_COMPASS})?|{_S}(?:[NSEW]|(?i:north|south|east|west))\b)", 0),
        ("comma pair", rf"[-+]?{_COMMA}(?:{_APART}[-+]?{_COMMA})+(?!{_S}(?:{_UNIT}))", re.IGNORECASE),
        ("announced axis", rf"\b{_AXIS}\b{_TOLD}[-+]?\d{{1,8}}[.,\s]\d+(?:[.,\s']\d+)?|\b(?:{_AXIS}|long|[xy]){_S}[=:]{_S}[-+]?\d{{3,}}+(?:\.\d+)?", re.IGNORECASE),
        ("grid", rf"{_NOT_IN}{_NO_DATE}T?{_ZONE}[C-HJ-NP-X][A-HJ-NP-Z]{{2}}{_SQUARE}?(?![A-Za-z0-9])", 0),
        ("grid, apart", rf"{_NOT_IN}{_NO_DATE}{_ZONE}[\s/_-]{{0,3}}[C-HJ-NP-X][\s/_-]{{0,3}}[A-HJ-NP-Z]{{2}}{_SQUARE}(?![A-Za-z0-9])", 0),
        ("grid, no digits", rf"{_NOT_IN}{_ZONE}[\s/_-]{{0,3}}[C-HJ-NP-X][\s/_-]{{1,3}}[A-HJ-NP-Z]{{2}}(?![A-Za-z])", 0),
        ("grid, lower case", rf"{_NOT_IN}{_NO_DATE}t?{_ZONE}(?:[c-hj-np-x][\s-]{{0,2}}|[\s-]{{1,2}}[c-hj-np-x][\s-]{{1,2}})(?!(?:to|by|at|up|as|an|vs)\b)[a-hj-np-z]{{2}}{_SQUARE}(?!\d)", re.IGNORECASE),
        ("grid, announced", rf"\b(?:tile|mgrs|grid square){_TOLD}t?{_ZONE}[\s-]?[c-hj-np-x][\s-]?[a-hj-np-z]{{2}}\b|\bt[0-6]\d[c-hj-np-x][a-hj-np-z]{{2}}(?![A-Za-z0-9])", re.IGNORECASE),
        ("grid, square or pole", rf"{_NOT_IN}[ABYZ]?[\s-]?[A-HJ-NP-Z]{{2}}[\s-]?(?:\d{{5}}[\s-]?\d{{5}}|(?!{_DAY})\d{{8}})(?!\d)|{_NOT_IN}[ABYZ][\s-]?[A-HJ-NP-Z]{{2}}[\s-]?(?:\d{{6}}|\d{{3}}[\s-]\d{{3}})(?!\d)|{_NOT_IN}(?i:[abyz]?[a-hj-np-z]{{2}}\d{{10}}(?!\d))", 0),
        ("metres, with thousands", rf"[-+]?{_THOUSANDS}{_BETWEEN}[-+]?{_THOUSANDS}(?!{_S}(?:{_UNIT}))(?:{_S}m?{_S}{_COMPASS})?", re.IGNORECASE),
        ("metres and compass", rf"[-+]?{_THOUSANDS}{_S}(?:m{_S})?(?:[EN]\b|(?i:east|north)\b)", 0),
        ("pair of metres", rf"(?<![\d.])[-+]?(?!{_DAY}){_METRES}{_BETWEEN}[-+]?(?!{_DAY}){_METRES}(?![\d-])", re.IGNORECASE),
        ("map tile", r"(?<!\d)\d{1,2}/\d{3,8}/\d{3,8}(?!\d)|\btile\W{1,3}\d{1,2}[\s/_-]{1,3}\d{2,8}[\s/_-]{1,3}\d{2,8}", re.IGNORECASE),
        ("named map tile", r"\bz(?:oom)?[\s=:]{0,3}\d{1,2}\W{1,3}x[\s=:]{0,3}\d+\W{1,3}y[\s=:]{0,3}-?\d+", re.IGNORECASE),
        ("quadkey", rf"\bquad-?key{_TOLD}[0-3]{{4,24}}|(?<!\w)[0-3]{{12,24}}(?!\w)", re.IGNORECASE),
        ("plus code", rf"{_NOT_IN}{_PLUS}{{4,8}}\+{_PLUS}{{2,4}}\b", re.IGNORECASE),
        ("claim", rf"{_NOT_IN}S[0-9a-f]{{8}}-[0-9a-f]{{8}}(?![A-Za-z0-9])", 0),
        ("geohash", rf"\bgeo-?hash{_TOLD}[0-9b-hjkmnp-z]{{4,12}}\b", re.IGNORECASE),
        ("lettered grid", rf"\b(?:maidenhead|qth|gars|georef|grid (?:square|locator)){_TOLD}{_CODE}", re.IGNORECASE),
        ("three words", rf"///\s?[^\W\d]{{1,40}}\.[^\W\d]{{1,40}}\.[^\W\d]{{1,40}}|\b(?:what3words|w3w){_TOLD}/{{0,3}}[^\W\d]{{1,40}}\.[^\W\d]{{1,40}}\.[^\W\d]{{1,40}}", re.IGNORECASE),
        ("orbit", r"(?<![A-Za-z0-9])R\d{3}(?![A-Za-z0-9])|(?i:\borbit(?: number| no\.?)?[\s:=#]{1,3}\d{1,6}\b)", 0),
        ("path and row", r"\bpath\W{0,3}\d{1,3}\W{1,3}(?:and )?row\W{0,3}\d{1,3}|\b(?:path\W{1,3}row|wrs-?[12]?)\W{1,3}\d{1,3}\W{1,3}\d{1,3}|\bp\d{3}r\d{2,3}\b|\bL[COETM]\d{14,16}[A-Z]{3}\d\d", re.IGNORECASE),
        ("instant", r"(?<=\d)T\d\d:?\d\d(?::?\d\d(?:\.\d{1,9})?)?(?:Z|[-+]\d\d:?\d\d)?|(?<!\d)(?:19|20)\d{12}(?!\d)", 0),
    )
)  # fmt: skip
"""(name, pattern) of places and instants that are withheld in text and in links; and ids of claims, which are hashes of documents and of words."""
_IN_TEXT: Final = tuple(
    (name, re.compile(pattern, flags))
    for name, pattern, flags in (
        ("long decimal", r"(?<![\d.])[-+]?(?!0+\.)(?!(?:0?[1-9]|1[0-2])\.(?:19|20)\d\d(?!\d))\d{1,3}\.\d{4,}+(?!\.\d)|(?<![\d.])[-+]?\d{1,3},(?!(?:19|20)\d\d(?!\d))\d{4,}+", 0),
        ("decimal", rf"(?<![\d.,])[-+]?[1-9]\d{{1,2}}\.\d{{3}}(?!\d|\.\d)(?!(?:\s?(?:to|and|-|\u2013|\u00b1)\s?[\d.]{{1,9}})?{_S}(?:{_UNIT}))", re.IGNORECASE),
        ("metres", rf"(?:(?<![A-Za-z0-9.])[-+]|(?<![A-Za-z0-9.-]))(?:[NE]\s?)?(?!{_DAY}){_METRES}(?!-?\d|{_S}(?:m[\u00b2\u00b32]|sq\b|square|cubic|km|ha\b|hectares?|pixels?|px|ton|people))(?:{_S}m?{_S}[EN]|m)?(?![A-Za-z0-9])", 0),
        ("clock", r"(?<![\d:])(?:[01]?\d|2[0-4]):[0-5]\d(?!\d|[,\s]?000)(?::\d\d(?:\.\d{1,9})?)?(?:\s?(?:Z|UTC|GMT|[ap]\.?m\b\.?))?|\b\d{1,3}:\d\d:\d\d(?:\.\d{1,9})?Z?", re.IGNORECASE),
        ("clock, named", r"(?<![\d.])(?:[01]?\d|2[0-4])[.h]?[0-5]\d(?:[.:]?[0-5]\d)?\s?(?:Z|UTC|GMT|local time|[ap]\.?m)\b|(?<![\d.])(?:[01]\d|2[0-4])[0-5]\d\s?hrs?\b|(?<![\d.])(?:1[0-2]|0?\d)\s?[ap]\.?m\b|\b\d{1,2}h\d\d\b", re.IGNORECASE),
        ("seconds of Unix", r"(?<![\w.])1\d{9}(?:\d{3})?(?!\w)", 0),
    )
)  # fmt: skip
"""(name, pattern) of what is withheld in text only: in a link such numbers are those of articles."""
_PAIR: Final = re.compile(rf"[-+]?{_DECIMAL}(?:{_BETWEEN}[-+]?{_DECIMAL})+(?!{_S}(?:{_UNIT}))", re.IGNORECASE)
"""Two or more decimals in a row."""
_ONE: Final = re.compile(rf"[-+]?{_DECIMAL}")
_FIGURE: Final = re.compile(r"\d")
_WORDS_ALONE: Final = ("claim", "geohash", "three words")
"""Patterns that match without any figure."""
_LAT, _LON = 90, 180

# ---------------------------------------------------------------- links
_MAPS: Final = (
    r"(?:google\.[a-z.]{2,6}/maps|maps\.google\.[a-z.]{2,6}|earth\.google\.com|goo\.gl|(?:openstreetmap|osm)\.org(?!/copyright)|"
    r"bing\.com/maps|maps\.apple\.com|wikimapia\.org|yandex\.[a-z]{2,3}/maps|mapy\.c(?:z|om)|wego\.here\.com|maps\.me|w3w\.co|"
    r"what3words\.com|zoom\.earth|plus\.codes|geohash\.org|map\.baidu\.com|amap\.com|waze\.com|geohack\.toolforge\.org|suncalc\.org|"
    r"apps\.sentinel-hub\.com|browser\.dataspace\.copernicus\.eu|worldview\.earthdata\.nasa\.gov|satellites\.pro)"
)
"""Hosts whose links are places."""
_MAP: Final = re.compile(rf"(?:^|[/.]){_MAPS}", re.IGNORECASE)
_END: Final = r"[^\s<>\"]*[^\s<>\".,;:!?)\]]"
_LINK: Final = re.compile(
    rf"((?:https?://|\bwww\.){_END}|\bdoi:\s?10\.\d{{4,9}}/{_END}|(?<![\d.+/=-])10\.\d{{4,9}}/(?![-+]?\d{{1,3}}[.,]\d{{2,}}+(?![.\w])){_END}|(?<![\w.-])(?:[\w-]{{1,63}}\.){{0,4}}{_MAPS}(?:/{_END})?)",
    re.IGNORECASE,
)
_DOI: Final = re.compile(r"(?:doi\.org/|^doi:\s?|^)10\.\d{4,9}/", re.IGNORECASE)
"""Head of a DOI, which looks like a latitude; without its name, and before a decimal, it is one."""

# ---------------------------------------------------------------- machines and people
_ONES: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
    "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES: Final = (
    {word: n for n, word in enumerate(_ONES, 1)}
    | {word: 10 * n for n, word in enumerate(_TENS, 2)}
    | {"a": 1, "half": 0, "couple": 2, "dozen": 12, "score": 20}
    | dict.fromkeys(("dozens", "scores", "hundred", "hundreds", "thousand", "thousands"), 100)
)
"""What a word of a number counts."""
_PLURALS: Final = {
    "lorry": "lorries", "aircraft": "aircraft", "bus": "buses", "family": "families", "man": "men", "woman": "women", "child": "children",
    "person": "people",
} | {
    noun: f"{noun}s"
    for noun in (
        "vehicle", "truck", "car", "bulldozer", "excavator", "dozer", "loader", "digger", "tank", "plane", "helicopter", "launcher", "machine",
        "tent", "boat", "ship", "pickup", "jeep", "tanker", "apc", "howitzer", "gun", "jet", "drone", "crane", "van", "motorbike", "tractor",
        "trailer", "container", "soldier", "guard", "worker",
    )
}  # fmt: skip
"""Plural of every noun whose number is told in a bin."""
_WORD: Final = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES[:9])}))?|{'|'.join(reversed(_ONES))})"
_NUMBER: Final = (
    rf"(?:\d{{1,3}}(?:[,. ]\d{{3}})+|(?!(?:19|20)\d\d\b)\d+|(?:half )?an? (?:dozen|score|couple|hundred|thousand)(?: and {_WORD})?|"
    rf"(?:{_WORD}\s)?(?:dozens?|scores?|hundreds?|thousands?)(?: and {_WORD})?|{_WORD})"
)
_RANGE: Final = rf"(?P<low>{_NUMBER})(?:\s?(?:-|\u2013|to|or|and)\s?(?P<high>{_NUMBER}))?"
_BEFORE: Final = r"(?=[\dadefhnost])(?<![\w,.-])"
_ADJECTIVE: Final = (
    rf"(?:(?!{_MONTH}|(?:in|on|at|to|of|or|and|by|per|for|with|the|an?|m|km|cm|mm|ha|px|then|when|where|while|but|from|near|saw|show|had|have|"
    rf"were|are|that|after|before|{_WORD}|\d+)\b)[\w-]{{0,20}}[a-rt-z0-9],?\s)"
)
"""A word that may stand between a number and its noun; none ends in s, as "looks" and "days" do."""
_ONE_OF: Final = "|".join(sorted(_PLURALS, key=len, reverse=True))
_MANY: Final = "|".join(sorted({*_PLURALS.values(), "persons"}, key=len, reverse=True))
_SITES: Final = r"(?!\s(?:park|stop|wash|yard|depot|lane|bay|driver|shed|shop|port|station|at a time)\b)"
_COUNTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_BEFORE}{_RANGE}(?: ?[x\u00d7])?(?:\sof(?!\sthe))?(?P<gap>\s{{1,3}}(?:of the )?{_ADJECTIVE}{{0,2}}?)(?P<noun>(?:{_MANY})\b|(?:{_ONE_OF})(?=\s{{0,3}}(?:[.,;:)]|$)))",
        rf"{_BEFORE}(?P<low>one|1)(?P<gap>\s{{1,3}}{_ADJECTIVE}{{0,2}}?)(?P<noun>{_ONE_OF})\b{_SITES}",
        rf"{_BEFORE}{_RANGE}-?(?P<kept>(?:{_ONE_OF}|{_MANY})\b)",
        rf"(?P<head>\b(?:{_MANY})\s?(?:[:=(]|number(?:ed|ing)?|counted:?)\s?|\b(?:convoy|fleet|crowd|squad|flotilla|motorcade|team|crew) of ){_RANGE}(?!\w|[-/.,:]\d|\s?-?{_MONTH}|\s?(?:{_UNIT}))",
    )
)  # fmt: skip
"""A number of machines, vehicles or people: before its noun, one of them, joined by a hyphen, after it."""


def withhold(text: str, names: Mapping[str, str]) -> str:
    """Text from outside or from an analyst with names made local, places and instants withheld, and machines and people binned.

    A text that holds none of these is returned as it is; any other in plain spelling.
    """
    if text in names:
        return names[text]
    told = plain = _plain(text)
    local = {_plain(there): here for there, here in names.items() if len(there) > 2}  # noqa: PLR2004 - shorter ones are words and numbers
    if local:
        either = "|".join(map(re.escape, sorted(local, key=len, reverse=True)))
        told = re.sub(rf"(?<!\w)(?:{either})(?!\w)", lambda m: local[m[0]], told)
    for _ in range(_PASSES):
        before, told = told, _scrub(told)
        if told == before:
            return text if told == plain else told
    return told if _scrub(told) == told else WITHHELD


def hides(text: str) -> bool:
    """Whether a text holds a place, an instant or a count that ``withhold`` would take out."""
    return withhold(text, {}) != text


def binned(count: int) -> str:
    """A count of machines, vehicles or people as a bin."""
    return next((told for most, told in BINS if count <= most), _MORE)


def _scrub(text: str) -> str:
    parts = _LINK.split(_plain(text))
    return "".join(_link(part) if n % 2 else _text(part) for n, part in enumerate(parts))


def _link(link: str) -> str:
    """A link as it is, or withheld whole when it leads to a map or holds a place."""
    if _MAP.search(link):
        return WITHHELD
    path = _DOI.sub("", unquote(link))
    place = _PAIR.sub(_pair, path) != path or any(pattern.search(path) for _, pattern in _ANYWHERE)
    return WITHHELD if place else link


def _text(text: str) -> str:
    figures = _FIGURE.search(text) is not None
    if figures:
        text = _PAIR.sub(_pair, text)
    for name, pattern in (*_ANYWHERE, *_IN_TEXT):
        if figures or name in _WORDS_ALONE:
            text = pattern.sub(WITHHELD, text)
    for pattern in _COUNTS:
        text = pattern.sub(_count, text)
    return text


def _pair(match: re.Match[str]) -> str:
    """The numbers of a run withheld, unless no two of them are a latitude and a longitude; all under one are shares or indices."""
    whole = [int(number[0].lstrip("-+").partition(".")[0] or 0) for number in _ONE.finditer(match[0])]
    near = [number for number in whole if number <= _LON]
    if len(near) < 2 or max(near) == 0 or min(near) > _LAT:  # noqa: PLR2004 - a pair
        return match[0]
    return _ONE.sub(WITHHELD, match[0])


def _count(match: re.Match[str]) -> str:
    """A count in its bin, with its noun in the plural; words that are a bin already stay."""
    told = match.groupdict()
    if match.string[max(match.start("low") - 6, 0) : match.end("low")].lower().endswith(_BINNED):
        return match[0]
    bins = dict.fromkeys(binned(_number(told[end])) for end in ("low", "high") if told.get(end))
    noun = f" {told['kept']}" if told.get("kept") else _plural(told.get("noun") or "")
    return f"{told.get('head') or ''}{', or '.join(bins)}{told.get('gap') or ''}{noun}"


def _number(text: str) -> int:
    """The value of a number in figures or words; any hundred is many."""
    if text[0].isdecimal():
        return int(re.sub("[,. ]", "", text)[:9])
    words = [_VALUES[word] for word in re.split(r"[\s-]", text.lower()) if word != "and"]
    if len(words) > 1 and words[-1] in (2, 12, 20) and max(words[:-1]) < _VALUES["twenty"]:
        return words[0] * words[-1] or 6
    return sum(words)


def _plural(noun: str) -> str:
    plural = _PLURALS.get(noun.lower(), noun)
    return f"{noun}s" if plural == f"{noun.lower()}s" else plural
