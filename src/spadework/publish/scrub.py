"""Words without a place, an instant or a number of machines: what the gate does to text from outside and from analysts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHHELD: Final = "[withheld]"
"""Stands where text held a place, a tile or a clock time."""
_HEMISPHERE: Final = r"\s*°?\s*[NSEWnsew]?\b"
_MINUTE, _SECOND = "['\u2019\u2032]", "(?:[\"\u201d\u2033]|'')"
_MINUS: Final = "[-+\u2212]?"
_PLACES: Final = (
    re.compile(rf"\d{{1,3}}\s*[°º]\s*\d{{1,2}}(?:[.,]\d+)?\s*{_MINUTE}\s*(?:\d{{1,2}}(?:[.,]\d+)?\s*{_SECOND}?)?{_HEMISPHERE}"),
    re.compile(rf"{_MINUS}\d{{1,3}}[.,]\d{{2,}}\s*[°º]{_HEMISPHERE}"),
    re.compile(rf"{_MINUS}\b\d{{1,3}}\.\d{{3,}}{_HEMISPHERE}"),
    re.compile(r"(?<![A-Za-z0-9])T?\d{1,2}[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}(?:\s?\d{1,5}\s?\d{1,5})?(?![a-z])"),
    re.compile(r"(?<![\d-])\d{6,7}(?:\.\d+)?\s*(?:m\s?)?[NEne]?\b(?![\d-])"),
    re.compile(r"\b\d{1,2}/\d{3,}/\d{3,}\b"),
    re.compile(r"\b\d{1,2}:\d{2}:\d{2}(?:\.\d+)?Z?"),
    re.compile(r"\b\d{8}T\d{4,6}Z?"),
    re.compile(r"\b\d{4}-\d{2}-\d{2}T[\d:.]+Z?"),
)
"""Degrees in every common form, MGRS squares and tiles, eastings and northings, map tiles, and instants."""
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MACHINES: Final = (
    "vehicle", "truck", "lorry", "car", "bulldozer", "excavator", "dozer", "loader", "digger", "tank", "aircraft", "plane",
    "helicopter", "launcher", "machine", "tent", "boat", "ship",
)  # fmt: skip
_COUNT: Final = re.compile(
    rf"\b(\d+|{'|'.join(_NUMBERS)})\s+((?:[a-z-]+\s+){{0,2}}?)({'|'.join(_MACHINES)}|lorrie)(s?)\b", re.IGNORECASE
)
"""A number of machines or vehicles."""
BINS: Final = ((5, "up to five"), (20, "six to twenty"))
"""(most, words) of a count; more is "over twenty"."""


def withhold(text: str, names: Mapping[str, str]) -> str:
    """Text from outside or from an analyst with names made local, places and instants withheld, and counts of machines binned."""
    for there in sorted(names, key=len, reverse=True):
        text = text.replace(there, names[there])
    return _scrub(text)


def _scrub(text: str) -> str:
    for pattern in _PLACES:
        text = pattern.sub(WITHHELD, text)
    return _COUNT.sub(lambda m: f"{binned(_number(m[1]))} {m[2]}{_plural(m[3])}", text)


def binned(count: int) -> str:
    """A count of machines or vehicles as a bin."""
    return next((told for most, told in BINS if count <= most), "over twenty")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _NUMBERS.index(text.lower()) + 1


def _plural(noun: str) -> str:
    if noun.lower() == "aircraft":
        return noun
    return "lorries" if noun.lower() in ("lorry", "lorrie") else f"{noun}s"
