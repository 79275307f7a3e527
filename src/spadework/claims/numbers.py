"""Numbers in digits and words, English and French: the words, the patterns made of them, and their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SPACE: Final = "[ \u00a0\u202f\u2009]"
ONES: Final = {
    word: n for n, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])
} | {"a dozen": 12, "half a dozen": 6, "two dozen": 24, "three dozen": 36, "a score": 20}  # fmt: skip
FRACTIONS: Final = {
    "two fifths": 0.4,
    "two-fifths": 0.4,
    "three fifths": 0.6,
    "three-fifths": 0.6,
    "four fifths": 0.8,
    "four-fifths": 0.8,
    "nine tenths": 0.9,
    "nine-tenths": 0.9,
    "one fifth": 0.2,
    "one quarter": 0.25,
    "one tenth": 0.1,
    "a third": 1 / 3,
    "one third": 1 / 3,
    "two thirds": 2 / 3,
    "two-thirds": 2 / 3,
    "a quarter": 0.25,
    "three quarters": 0.75,
    "three-quarters": 0.75,
    "half": 0.5,
    "a fifth": 0.2,
    "a tenth": 0.1,
    "one-third": 1 / 3,
}
"""Before "of" or, without it, "the": a share."""
TENS: Final = {
    word: 10 * n for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
LOOSE: Final = {
    "dozens": 24,
    "scores": 40,
    "hundreds": 200,
    "thousands": 2000,
    "tens of thousands": 20000,
    "hundreds of thousands": 200000,
    "millions": 2_000_000,
    "des dizaines": 20,
    "des centaines": 200,
    "des milliers": 2000,
}
"""Plurals that give a least number only."""
ONES_FR: Final = {
    word: n
    for n, word in enumerate(
        [
            "zéro",
            "un",
            "deux",
            "trois",
            "quatre",
            "cinq",
            "six",
            "sept",
            "huit",
            "neuf",
            "dix",
            "onze",
            "douze",
            "treize",
            "quatorze",
            "quinze",
            "seize",
        ]
    )
    if n > 1
} | {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "cent": 100}
ABOUT_FR: Final = {
    "une dizaine": 10,
    "une douzaine": 12,
    "une quinzaine": 15,
    "une vingtaine": 20,
    "une trentaine": 30,
    "une quarantaine": 40,
    "une cinquantaine": 50,
    "une soixantaine": 60,
    "une centaine": 100,
    "un millier": 1000,
}
SHORT: Final = {"m": 1e6, "k": 1e3}
"""Magnitudes after a currency sign, or before what is counted in millions: elsewhere "m" is a metre."""
MAGNITUDES: Final = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "millions": 1e6,
    "milliard": 1e9,
    "milliards": 1e9,
    "mille": 1e3,
}
MAGNITUDE: Final = MAGNITUDES | SHORT


VULGAR: Final = {"\u00bc": 0.25, "\u00bd": 0.5, "\u00be": 0.75}
"""Fractions of one sign."""


def any_of(words: Iterable[str]) -> str:
    """A pattern of any of some words, the longest first."""
    return "(?:" + "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)) + ")"


DIGITS: Final = {
    "en": r"(?:\d{1,3}(?:[,\u00a0\u202f\u2009]\d{3})+|\d+)(?:\.\d+)?[\u00bc-\u00be]?",
    "fr": rf"(?:\d{{1,3}}(?:{SPACE}\d{{3}})+|\d+)(?:,\d+)?",
}
_ONE: Final = any_of([word for word in ONES if " " not in word])
_TO_99: Final = rf"(?:{any_of(TENS)}(?:[- ]{_ONE})?|{_ONE})"
SPELT: Final = rf"(?:{any_of(LOOSE)}|(?:{_ONE}|a){SPACE}hundred{SPACE}and{SPACE}{_TO_99}|{_ONE}{SPACE}and{SPACE}a{SPACE}half|half{SPACE}+an?(?={SPACE}+(?:hectare|acre|tonne|ton\b|metre|meter|kilogram|hour|day|year))|(?:half{SPACE}+a|a{SPACE}+half|one{SPACE}+and{SPACE}+a{SPACE}+half|a{SPACE}+quarter{SPACE}+of{SPACE}+a)(?={SPACE}+(?:million|billion|mile|kilomet))|{any_of(TENS)}(?:[- ]{any_of([w for w in ONES if ' ' not in w])})?|{any_of(FRACTIONS)}(?=\s+(?:of|the|its|their)\b)|{any_of(ONES)}|an?(?={SPACE}+(?:mile|kilomet|metre|meter|hectare|acre|tonne|ton\b))|a(?={SPACE}+(?:hundred|thousand|million|billion)))"
SPELT_FR: Final = rf"(?:{any_of([*LOOSE, *ABOUT_FR])}|{any_of(ONES_FR)})"


def value_of(words: str, language: str) -> float:
    """A number in digits or words."""
    plain = folded(words)
    if plain[-1] in VULGAR:
        return value_of(words[:-1], language) + VULGAR[plain[-1]]
    if plain[0].isdigit():
        digits = re.sub(SPACE, "", words).replace(",", ".") if language == "fr" else re.sub(r"[,\u00a0\u202f\u2009]", "", words)
        return float(digits)
    for table in (LOOSE, FRACTIONS, ABOUT_FR, ONES_FR if language == "fr" else ONES, TENS, _PARTS):
        if plain in table:
            return float(table[plain])
    return _composed(plain, language)


_PARTS: Final = {"a": 1, "an": 1, "a quarter of a": 0.25, "half a": 0.5, "half an": 0.5, "a half": 0.5}
"""What stands for a number before a unit or a magnitude."""


def _composed(plain: str, language: str) -> float:
    """A number of several words: "a hundred and fifty", "two and a half", "twenty-five"."""
    hundreds, joined, rest = plain.partition(" hundred and ")
    if joined:
        return 100.0 * value_of(hundreds, language) + value_of(rest, language)
    whole, joined, _ = plain.partition(" and a half")
    if joined:
        return value_of(whole, language) + 0.5
    tens, _, ones = plain.replace("-", " ").partition(" ")
    return float(TENS.get(tens, 1) + ONES.get(ones, 0))


def folded(word: str) -> str:
    """Words in small letters with single spaces."""
    return re.sub(rf"(?:{SPACE}|\s)+", " ", word.casefold()).strip()
