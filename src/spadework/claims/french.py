"""Who says what in French, as far as a few safe patterns go; everything else is unknown: without a parser nothing tells the outlet's own words apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.chains import UNSETTLED, Said
from spadework.records import OUTLET, Roles

if TYPE_CHECKING:
    from spadework.claims.names import Names

_SAID: Final = (
    "d\u00e9clar\u00e9|indiqu\u00e9|affirm\u00e9|annonc\u00e9|expliqu\u00e9|assur\u00e9|pr\u00e9cis\u00e9|estim\u00e9|ajout\u00e9|soulign\u00e9|rappel\u00e9|reconnu|d\u00e9menti|d\u00e9nonc\u00e9|averti|confi\u00e9|dit|"
    "r\u00e9pondu|racont\u00e9|fait\\s+savoir|t\u00e9moign\u00e9|insist\u00e9|regrett\u00e9|conclu|relev\u00e9|rapport\u00e9|\u00e9crit"
)
_WHO: Final = r"((?:(?:le|la|les|un|une|l['\u2019]|M\.|Mme|plusieurs|des)\s*)?[^,.;:\u00ab\u00bb()]{2,70}?)"
_ACCORDING: Final = re.compile(rf"\b(?:[Ss]elon|[Dd]['\u2019]apr\u00e8s|[Pp]our)\s+{_WHO}(?=\s*[,.;:(\u00ab]|$)")
_BEFORE: Final = re.compile(rf"^{_WHO}\s+(?:a|ont|avait|avaient)\s+(?:\w+ment\s+)?(?:{_SAID})\b", re.IGNORECASE)
_AFTER: Final = re.compile(
    rf"[\u00bb\u201d]\s*,?\s*(?:a|ont|avait|avaient)\s+(?:\w+ment\s+)?(?:{_SAID})\s+(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier)\s+)?{_WHO}(?=\s*[,.;:(]|$)"
)
_ARTICLE: Final = re.compile(r"^(?:le|la|les|un|une|l['\u2019]|des|M\.|Mme)\s*", re.IGNORECASE)
_NOBODY: Final = re.compile(
    r"^(?:il|elle|ils|elles|on|que|qu['\u2019].*|celui-ci|celle-ci|(?:ce|le)\s+dernier|(?:ce|cette|ces)\b.*|l['\u2019]heure|l['\u2019]instant|cela|ce)$",
    re.IGNORECASE,
)
_PROPER: Final = re.compile(r"(?<![\w])[A-Z\u00c0-\u00dd][\w-]+")
"""A name, or initials: "le maire" alone may be named elsewhere in the sentence."""
LONGEST: Final = 8
"""Words of a speaker."""


def said_in_french(sentence: str, names: Names) -> Said:
    """Who says a sentence: by "selon X", "X a d\u00e9clar\u00e9", "a d\u00e9clar\u00e9 X"; else unknown."""
    found = _ACCORDING.search(sentence) or _AFTER.search(sentence) or _BEFORE.search(sentence)
    who = _ARTICLE.sub("", found[1].strip()) if found else ""
    if who and _PROPER.search(who) and not _NOBODY.match(who) and len(who.split()) <= LONGEST:
        name = names.canonical(who)
        return Said((OUTLET, name), Roles(speaker=name), "french")
    return UNSETTLED
