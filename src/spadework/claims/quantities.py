"""Numbers with their units, as written and in SI: bounds kept, ranges kept, dates and model numbers left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.numbers import (
    ABOUT_FR,
    DIGITS,
    FRACTIONS,
    LOOSE,
    MAGNITUDE,
    MAGNITUDES,
    SPACE,
    SPELT,
    SPELT_FR,
    any_of,
    folded,
    value_of,
)
from spadework.claims.units import MONEY, RATES, UNITS, Unit
from spadework.records import ClaimQuantity

if TYPE_CHECKING:
    from spadework.records import Amount, ClaimTime, Dimension, Span

_MILLIONS: Final = (
    r"people|residents|tonnes|tons|barrels|cubic|square|hectares|acres|litres|liters|gallons|trees|euros|dollars|pounds|head"
)
BOUNDS: Final[dict[str, Amount | Literal["nearly"]]] = {
    "at least": "min", "more than": "min", "over": "min", "no fewer than": "min", "no less than": "min", "not less than": "min", "upwards of": "min", "in excess of": "min", "above": "min", "exceeding": "min", "a minimum of": "min", "well over": "min",
    "just over": "min", "up to": "max", "less than": "max", "fewer than": "max", "under": "max", "below": "max", "no more than": "max", "not more than": "max", "at most": "max", "as much as": "max", "as many as": "max", "just under": "max", "a maximum of": "max",
    "about": "approx", "around": "approx", "roughly": "approx", "approximately": "approx", "some": "approx", "an estimated": "approx", "estimated": "approx", "close to": "approx", "nearly": "nearly", "almost": "nearly", "approaching": "nearly", "circa": "approx", "ca.": "approx", "~": "approx",
    "plus de": "min", "au moins": "min", "plus d'": "min", "plus d\u2019": "min", "moins de": "max", "jusqu'\u00e0": "max", "jusqu\u2019\u00e0": "max", "pr\u00e8s de": "nearly", "pr\u00e8s d'": "nearly", "environ": "approx", "quelque": "approx", "quelques": "approx", "presque": "nearly", "au plus": "max", "autour de": "approx",
}  # fmt: skip
"""Words before a number, and how they bound it; "nearly" bounds a length from above and rounds a count."""
_UNIT_WORDS: Final = any_of(UNITS)
_BOUND: Final = any_of(BOUNDS)
_RATE: Final = (
    r"(?:\s*(?:/|\bper\b|\ba\b|\ban\b|\beach\b|\bpar\b)\s*(?P<rate>second|hour|day|week|month|year|s|h|jour|heure|an)\b)"
)
_TO: Final = r"(?:\s*[-\u2013\u2014]\s*|\s+to\s+|\s+or\s+|\s+and\s+|\s+\u00e0\s+|\s+ou\s+|\s+et\s+)"


@dataclass(frozen=True, slots=True)
class _Patterns:
    number: re.Pattern[str]
    by: re.Pattern[str]
    """ "122-by-43-metre"."""


@cache
def _patterns_of(language: str) -> _Patterns:
    """Made when first asked for: that takes a tenth of a second, and most processes read no document."""
    spelt = SPELT_FR if language == "fr" else SPELT
    number = rf"(?:{DIGITS[language]}|\b{spelt}\b)"
    magnitude = (
        rf"(?:{SPACE}?-?(?P<mag{{n}}>{any_of(MAGNITUDES)}|(?(money)[mk]|[mk](?={SPACE}(?:{_MILLIONS})\b)))\b(?:{SPACE}de\b)?)"
    )
    unit = rf"(?:[\s-]*(?:d['\u2019]|de\s+|of\s+(?=[a-z]{{4}}))?(?P<unit>{_UNIT_WORDS})(?![\w\u00b2\u00b3]|-\d))"
    money = rf"(?P<money>{any_of([word for word in MONEY if not word[-1].isalpha()])})"
    after = rf"(?:{SPACE}(?:de{SPACE}|d['\u2019])?(?P<coin>{any_of([word for word in MONEY if word[-1].isalpha()])})\b)"
    low = rf"(?P<low>{number}){magnitude.format(n=1)}?"
    lead = r"(?:(?P<between>between\s+|entre\s+)|from\s+|de\s+)?"
    high = rf"(?:(?:[\s-]*(?-i:(?P<unit1>{_UNIT_WORDS}))(?![\w]))?{_TO}(?:{any_of([w for w in MONEY if not w[-1].isalpha()])})?(?P<high>{number}){magnitude.format(n=2)}?)"
    whole = rf"(?<![\w.,:$\u20ac\u00a3-])(?P<all>(?:(?P<bound>{_BOUND})\s*)?(?:{money}{SPACE}?)?(?:{lead}(?=.{{0,40}}?{_TO}))?{low}(?:{high}(?(money)|(?=[\s-]*(?:{_UNIT_WORDS}|{any_of(MAGNITUDES)}|[a-z]{{3,}})|(?(between)(?=[.,;])|(?!)))))?(?:{unit}(?P<half>\s+and\s+a\s+half\b)?{_RATE}?|{after})?(?P<plus>\+|-plus\b|-odd\b)?(?:\s+or\s+(?:so|more|less)\b)?)"
    by = rf"(?<![\w.,])(?P<a>{DIGITS[language]})[\s-]*(?P<unit1>{_UNIT_WORDS})?[\s-]*(?:by|x|\u00d7|sur)[\s-]*(?P<b>{DIGITS[language]})[\s-]*(?P<unit>{_UNIT_WORDS})(?!\w)"
    return _Patterns(re.compile(whole, re.IGNORECASE), re.compile(by, re.IGNORECASE))


_NAMED: Final = re.compile(
    r"(?:[A-Z][\w]*-|\b(?:No\.?|(?<!could )(?<!may )(?<!might )(?<!would )(?<!to )number|num\u00e9ro|n\u00b0|Highway|Route|Unit|Block|Phase|Article|Section|Chapter|Resolution|Sentinel|Landsat|Figure|Table|Page|Type|Mark|Area|Zone|Sector|Tunnel|Camp|Room|Flight|Building|Level|Tier|Class|Gate|Pier|Group|G|C\u00f4te|rue))[\s-]?$"
)
_AFTER: Final = re.compile(
    r"^(?:st|nd|rd|th)\b|^:\d|^\s?(?:a\.?m\.?|p\.?m\.?|o['\u2019]clock|GMT|UTC|h\d\d)\b|^['\u2019]s\b|^-year-old|^-old\b|^[\s-]years?[\s-]old|^\s+(?:earlier|later|ago|before|auparavant|plus\s+t(?:\u00f4t|ard))\b|^[A-Za-z]*\d",
    re.IGNORECASE,
)
_TALLY: Final = re.compile(
    r"\b(?:number|toll|total|count|tally|figure|workforce|headcount|garrison|population|crew|membership)\b[^.;\u201c\u201d]{0,60}\b(?:at|to|was|is|reached|from)\s+(?:\w+\s+){0,2}$|"
    r"\b(?:fell|fallen|rose|risen|grew|grown|dropped|climbed|doubled|tripled|trebled|quadrupled|swelled|shrank|shrunk|cut|increased|decreased)\s+(?:from\s+[\d,.]+\s+)?to\s+(?:\w+\s+){0,2}$|"
    r"\b(?:crowd|population|fleet|force|garrison|convoy|team|crew|total)\s+of\s+(?:\w+\s+){0,2}$|"
    r"\b(?:count(?:s|ed)?|says?|said|puts?\s+it\s+at|(?:up|down)\s+from|compared\s+with|found|recorded|listed|identified|logged|reached)\s+(?:only\s+|just\s+|some\s+|about\s+)?$",
    re.IGNORECASE,
)
"""Before a bare number that says how many there are of what was named before."""
_COUNTED: Final = re.compile(
    r"^(?:\s+of\s+(?:(?:the|its|their|his|her|our)\s+(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)|\d[\d,]*|the|its|their|those|them|these)\b|\s+d(?:e(?=\s)|['\u2019]))?\s*((?:[\w\u2019'-]+[,.;:]?\s*){1,5})"
)
PLURALS: Final = frozenset(
    {"people", "men", "women", "children", "police", "cattle", "personnel", "troops", "aircraft", "sheep"}
)
_COSTS: Final = re.compile(
    r"\b(?:cost(?:s|ing)?|paid|pays?|payments?|worth|price[sd]?|budget|fine[sd]?|loans?|grants?|revenues?|spen[dt]\w*|fund\w*|invest\w*|compensation|debts?|earn\w*|deal|contract)\b[^.;]{0,60}$",
    re.IGNORECASE,
)
"""Before an amount of money in a coin of no known name."""
MASSES: Final = frozenset({"fish", "head", "livestock", "poultry", "salmon", "timber", "fruit", "votes", "grain", "oil", "gas"})
"""Words without an ending that are counted in millions all the same."""
_NO_THING: Final = frozenset((
    "of", "the", "a", "an", "and", "or", "in", "on", "at", "to", "for", "from", "by", "with", "that", "which",
    "who", "were", "was", "is", "are", "had", "has", "have", "been", "other", "more", "such", "so", "them", "those",
    "these", "this", "its", "their", "his", "her", "de", "des", "du", "la", "le", "les", "qui", "que", "et", "ou",
    "dans", "sur", "par", "pour", "ont", "a", "est", "sont", "été", "en", "times", "percent", "per",
))  # fmt: skip
_PASSED_OVER: Final = frozenset({"such", "other", "more", "of"})
"""Words between a number and what it counts: "47 such clips"."""
_WORDS_OF: Final[tuple[tuple[Dimension, str], ...]] = (
    ("width", r"wide|width|across|broad|breadth|large(?:ur)? de|de large|largeur"),
    ("length", r"long|length|longueur|de long|stretch(?:es|ing|ed)?|runs?|section|segment"),
    ("height", r"high|height|tall|de haut|hauteur|altitude|above sea level"),
    ("depth", r"deep|depth|profondeur|de profondeur|below (?:ground|the surface)"),
    ("diameter", r"diameter|in diameter|diam\u00e8tre"),
    ("distance", r"away|from|north|south|east|west|off|distance|upstream|downstream|inland|outside|of the border|de la fronti\u00e8re|radius"),
)  # fmt: skip
_DIMENSIONS: Final = tuple((name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _WORDS_OF)


def find_quantities(text: str, language: str = "en", dates: tuple[ClaimTime, ...] = ()) -> tuple[ClaimQuantity, ...]:
    """Every quantity outside the dates, in order, none overlapping another.

    Args:
        text: the document.
        language: "en" or "fr".
        dates: date expressions, whose numbers are no quantities.

    """
    if language not in DIGITS:
        return ()
    patterns = _patterns_of(language)
    taken = [date.span for date in dates]
    out: list[ClaimQuantity] = []
    for match in patterns.by.finditer(text):
        out += _sides(text, match, language)
    out += [_feet_and_inches(text, match) for match in _FEET_INCHES.finditer(text)]
    out += [_in_so_many(text, match) for match in _IN_SO_MANY.finditer(text) if language == "en"]
    taken += [quantity.span for quantity in out]
    for match in patterns.number.finditer(text):
        if any(match.start("low") < end and start < match.end("all") for start, end in taken):
            continue
        found = _in_the_same(text, match, out, language) or _quantity(text, match, language)
        if found is not None:
            out.append(found)
    return tuple(sorted(out, key=lambda quantity: quantity.span))


_FEET_INCHES: Final = re.compile(
    r"(?<![\w.,])(?P<ft>\d+)[\s-]?(?:ft|feet|foot)[\s-]?(?P<in>\d+(?:\.\d+)?)[\s-]?(?:in|inch|inches)\b", re.IGNORECASE
)


def _feet_and_inches(text: str, match: re.Match[str]) -> ClaimQuantity:
    """One length in two units: "6ft 2in"."""
    foot = UNITS["ft"]
    value = float(match["ft"]) + float(match["in"]) / 12
    dimension = _dimension(text, foot, match.span())
    return ClaimQuantity(match[0], match.span(), value, foot.short, value * foot.factor, foot.si, "exact", dimension)


_COUNT: Final = r"one|two|three|four|five|six|seven|eight|nine|ten|twenty|\d{1,3}(?!\d)"
_IN_SO_MANY: Final = re.compile(
    rf"\b(?P<a>{_COUNT})\s+(?:in|out\s+of)\s+(?:every\s+)?(?P<b>{_COUNT})\b(?!\s*(?:[%,.]\d|(?:second|minute|hour|day|week|month|year|metre|meter|feet|foot|km|kilomet|hectare|percent|per\s+cent)))",
    re.IGNORECASE,
)


def _in_so_many(text: str, match: re.Match[str]) -> ClaimQuantity:
    """A share of a count: "one in five"."""
    share = value_of(match["a"], "en") / value_of(match["b"], "en")
    return ClaimQuantity(text[match.start() : match.end()], match.span(), share, "%", share, "1", "exact", "share")


def _sides(text: str, match: re.Match[str], language: str) -> list[ClaimQuantity]:
    """The two sides of "122-by-43-metre"."""
    unit = UNITS[folded(match["unit"])]
    out = []
    sides: tuple[tuple[str, Dimension], ...] = (("a", "length"), ("b", "width"))
    for name, dimension in sides:
        value = value_of(match[name], language)
        span = match.span(name) if name == "a" else (match.start("b"), match.end("unit"))
        out.append(
            ClaimQuantity(text[span[0] : span[1]], span, value, unit.short, value * unit.factor, unit.si, "exact", dimension)
        )
    return out


def _is_bare(match: re.Match[str]) -> bool:
    """Whether a number stands without a unit and a currency."""
    return match["unit"] is None and match["money"] is None and match["coin"] is None


def _quantity(text: str, match: re.Match[str], language: str) -> ClaimQuantity | None:
    """One match, or None where its number is none that counts."""
    before, after = text[max(0, match.start("low") - 14) : match.start("low")], text[match.end("all") : match.end("all") + 60]
    bare = _is_bare(match)
    if (
        _AFTER.match(after)
        or (bare and _NAMED.search(before))
        or (match["low"][:1].isdigit() and before[-1:] == "-" and before[-2:-1].isalpha())
    ):
        return None
    if folded(match["low"]) in {"a", "an"} and _PRICED.search(before):
        return None  # "$9,870 a tonne"
    low, loose = _number(match, "low", language), folded(match["low"]) in LOOSE
    if low is None or match["low"] == "000":
        return None
    if match["half"] and low is not None:
        low += 0.5  # "a metre and a half"
    high = _number(match, "high", language)
    high = high if high is not None and high > low else None
    if high is not None and match["mag2"] and not match["mag1"]:
        low *= MAGNITUDE[folded(match["mag2"])]
    lead = text[max(0, match.start("all") - 80) : match.start("low")]
    unit, thing = _unit(match, lead, after)
    if unit is None or (bare and not _counts(match, thing, after) and not _tallied(match, lead, after)):
        return None
    span = _span(text, match, high)
    if unit.dimension == "money" and thing:
        span = (span[0], text.index(thing, span[1]) + len(thing))
    dimension = _dimension(text, unit, span)
    bound: Amount = "range" if high is not None else "min" if loose else _bound(match, unit)
    si = [(value + unit.offset) * unit.factor for value in (low, high) if value is not None]
    return ClaimQuantity(
        text[span[0] : span[1]],
        span,
        low,
        unit.short,
        si[0],
        unit.si,
        bound,
        dimension,
        high,
        si[1] if high is not None else None,
    )


_AGAINST: Final = re.compile(
    r"\b(?:against|versus|(?:up|down)\s+from|compared\s+(?:with|to)|(?:in|on|last)\s+[^,;]{1,20}\s+to)\s+$"
)


def _in_the_same(text: str, match: re.Match[str], before: list[ClaimQuantity], language: str) -> ClaimQuantity | None:
    """A bare number held against the one before it in the sentence: "310 cubic metres a second, against 655 in 2022"."""
    last = max((one for one in before if one.span[1] <= match.start()), key=lambda one: one.span, default=None)
    if last is None or not _is_bare(match) or match["high"] is not None or last.si_unit in {"count", "degC"} or not last.value:
        return None
    start = match.start("bound" if match["bound"] else "low")
    lead, after = text[last.span[1] : start], text[match.end("all") : match.end("all") + 60]
    value = _number(match, "low", language)
    if value is None or re.search(r"[.;!?]\s+[A-Z]|\n", lead) or not _AGAINST.search(lead) or not _BARE.match(after):
        return None
    span = (start, match.end("mag1" if match["mag1"] else "low"))
    return replace(
        last, text=text[span[0] : span[1]], span=span, value=value, si_value=value * last.si_value / last.value,
        bound=_bound(match, UNITS["m"]), high=None, si_high=None,
    )  # fmt: skip


_PRICED: Final = re.compile(r"(?:\d|million|billion|bn|[mk])\s*$")


def _span(text: str, match: re.Match[str], high: float | None) -> Span:
    """Of the whole expression; without a second number that is no upper end."""
    start, end = match.span("all")
    if match["high"] is None:
        start = min(match.start(name) for name in ("bound", "money", "low") if match[name] is not None)
    elif high is None:
        end = match.end("mag1") if match["mag1"] else match.end("low")
    while text[end - 1].isspace():
        end -= 1
    return start, end


def _number(match: re.Match[str], name: str, language: str) -> float | None:
    if match[name] is None:
        return None
    value = value_of(match[name], language)
    magnitude = match["mag1" if name == "low" else "mag2"]
    return value * MAGNITUDE[folded(magnitude)] if magnitude else value


def _unit(match: re.Match[str], lead: str, after: str) -> tuple[Unit | None, str]:
    """The unit, a currency, or the thing that is counted."""
    money = match["money"] or match["coin"]
    if money:
        coin = MONEY[folded(money)]
        return Unit(coin, 1.0, coin, "money"), ""
    if match["unit"]:
        unit = UNITS[folded(match["unit"])]
        if match["rate"] and unit.si in {"m3", "kg", "m"}:
            per = {"jour": "day", "heure": "hour", "an": "year", "second": "s"}.get(
                folded(match["rate"]), folded(match["rate"])
            )
            si = {"m3": "m3/s", "kg": "kg/s", "m": "m/s"}[unit.si]
            return Unit(f"{unit.short}/{per}", unit.factor / RATES[per], si, "flow" if unit.si != "m" else "speed"), ""
        return unit, ""
    if folded(match["low"]) in FRACTIONS:
        return Unit("%", 1.0, "1", "share"), ""
    thing = _thing(after)
    if match["mag1"] and _is_coin(thing, lead, after):
        return Unit(_singular(thing), 1.0, _singular(thing), "money"), thing
    return Unit(_singular(thing) or "count", 1.0, "count", "count"), thing


def _is_coin(thing: str, lead: str, after: str) -> bool:
    """Whether what stands behind millions is a coin of no known name: "cost 3.6 billion dalins"; "3.1 billion sorro", as what is counted stands in the plural."""
    if not thing or thing in PLURALS | MASSES or not re.match(rf"\s+{re.escape(thing)}\b", after):
        return False
    return not thing.endswith(("s", "aux")) or _COSTS.search(lead) is not None


def _thing(after: str) -> str:
    """What is counted: the first plural among the next words, before any word that ends the phrase."""
    found = _COUNTED.match(after)
    if found is None:
        return ""
    words = []
    for word in found[1].split():
        plain = word.strip(",.;:\u201d\"')").casefold()
        if plain in _PASSED_OVER:
            continue
        if plain in _NO_THING or not plain[:1].isalpha():
            break
        words.append(plain)
        if (plain.endswith(("s", "aux")) and not plain.endswith(("ss", "ous"))) or plain in PLURALS:
            return plain
        if word[-1] in ",.;:":
            break
    return words[0] if words else ""


def _singular(word: str) -> str:
    plain = word.casefold()
    if plain in {"sorties", "calories", "movies", "zombies"}:
        return plain[:-1]
    if plain in {"species", "series"} or plain.endswith("us"):
        return plain
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("s", "")):
        if plain.endswith(ending) and not plain.endswith("ss"):
            return plain[: -len(ending)] + instead
    return plain


def _counts(match: re.Match[str], thing: str, after: str) -> bool:
    """Whether a bare number counts something: "one of them" and "two" alone do not."""
    word = folded(match["low"])
    if word in FRACTIONS:
        return True
    if word in {"one", "zero", "un", "a"} and not match["mag1"]:
        return word == "one" and match["bound"] is not None and bool(thing)
    large = bool(match["mag1"] or match["bound"] or word in LOOSE or word in ABOUT_FR)
    return (bool(thing) and (large or (thing.endswith(("s", "aux")) or thing in PLURALS))) or (
        large and bool(re.match(r"\s*[,.;]|\s+(?:of|in|people|had|have|were|are|remain(?:ed)?|died|fled)\b", after))
    )


_BARE: Final = re.compile(
    r"^\s*(?:[,.;:\u201d]|$)|^\s+(?:on|at|in|by|from|of\s+them|and|but|over|during|a\s+day|an?\s+(?:day|week|month|year)\s+(?:earlier|before|ago)|the\s+(?:day|week|month|year)\s+before|last\s+\w+)\b"
)


def _tallied(match: re.Match[str], lead: str, after: str) -> bool:
    """Whether a number without a thing says how many there are of what was named before: "put the number of launchers at eight"."""
    of_them = re.match(r"\s+of\s+(?:them|these|those)\b", after) is not None
    whole = float(_number(match, "low", "en") or 0) > 1
    return whole and (of_them or (_TALLY.search(lead) is not None and _BARE.match(after) is not None))


def _bound(match: re.Match[str], unit: Unit) -> Amount:
    said = match["bound"]
    word = folded(match["low"])
    if said is None and match["plus"]:
        return "approx" if match["plus"] == "-odd" else "min"
    if said is None:
        tail = re.search(r"or\s+(so|more|less)\b$", match["all"], re.IGNORECASE)
        if tail:
            return {"so": "approx", "more": "min", "less": "max"}[tail[1].casefold()]  # type: ignore[return-value]  # three of its words
        return "approx" if word in ABOUT_FR or unit.short == "pitch" else "exact"
    bound = BOUNDS[" ".join(said.casefold().split())]
    if bound == "nearly":
        return "max" if unit.si == "m" else "approx"
    return bound


def _dimension(text: str, unit: Unit, span: Span) -> Dimension:
    """Of a length: what the words beside it say; the ones right after it first."""
    if unit.si != "m" or unit.dimension != "distance":
        return unit.dimension
    after, before = text[span[1] : span[1] + 26], text[max(0, span[0] - 40) : span[0]]
    clause = re.split(r"[,;.:(]|\band\b|\bby\b", after)[0]
    for name, pattern in _DIMENSIONS:
        if pattern.search(clause):
            return name
    lead = re.split(r"[,;.:(]|\band\b", before)[-1]
    for name, pattern in _DIMENSIONS[:5]:
        if pattern.search(lead):
            return name
    return "distance"
