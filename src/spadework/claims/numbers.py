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


def any_of(words: Iterable[str]) -> str:
    """A pattern of any of some words, the longest first."""
    return "(?:" + "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)) + ")"


DIGITS: Final = {
    "en": r"(?:\d{1,3}(?:[,\u00a0\u202f\u2009]\d{3})+|\d+)(?:\.\d+)?",
    "fr": rf"(?:\d{{1,3}}(?:{SPACE}\d{{3}})+|\d+)(?:,\d+)?",
}
SPELT: Final = rf"(?:{any_of(LOOSE)}|half{SPACE}+an?(?={SPACE}+(?:hectare|acre|tonne|ton\b|metre|meter|kilogram|hour|day|year))|(?:half{SPACE}+a|a{SPACE}+half|one{SPACE}+and{SPACE}+a{SPACE}+half|a{SPACE}+quarter{SPACE}+of{SPACE}+a)(?={SPACE}+(?:million|billion|mile|kilomet))|{any_of(TENS)}(?:[- ]{any_of([w for w in ONES if ' ' not in w])})?|{any_of(FRACTIONS)}(?=\s+(?:of|the|its|their)\b)|{any_of(ONES)}|an?(?={SPACE}+(?:mile|kilomet|metre|meter|hectare|acre|tonne|ton\b))|a(?={SPACE}+(?:hundred|thousand|million|billion)))"
SPELT_FR: Final = rf"(?:{any_of([*LOOSE, *ABOUT_FR])}|{any_of(ONES_FR)})"


def value_of(words: str, language: str) -> float:
    """A number in digits or words."""
    plain = folded(words)
    if plain[0].isdigit():
        digits = re.sub(SPACE, "", words).replace(",", ".") if language == "fr" else re.sub(r"[,\u00a0\u202f\u2009]", "", words)
        return float(digits)
    if plain in {"a", "an"}:
        return 1.0
    for table in (LOOSE, FRACTIONS, ABOUT_FR, ONES_FR if language == "fr" else ONES, TENS):
        if plain in table:
            return float(table[plain])
    if "quarter" in plain:
        return 0.25
    if "half" in plain:
        return 1.5 if plain.startswith("one") else 0.5
    tens, _, ones = plain.replace("-", " ").partition(" ")
    return float(TENS.get(tens, 1) + ONES.get(ones, 0))


def folded(word: str) -> str:
    """Words in small letters with single spaces."""
    return re.sub(rf"(?:{SPACE}|\s)+", " ", word.casefold()).strip()
