"""Where a claim is about: the place that its own words name; nothing is carried over from other sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from spadework.claims.names import Names
    from spadework.records import Parsed

AT: Final = frozenset(
    {"in", "at", "near", "outside", "around", "inside", "beside", "above", "below", "across", "from", "to", "on", "of"}
)
"""Prepositions before a place."""
WITHIN: Final = frozenset({"in", "near", "outside", "around", "inside"})
"""Those before which a name is a place whatever a parser took it for."""
PLACES: Final = {"FAC": 0, "LOC": 1, "GPE": 2}
"""Labels of places, the narrowest first."""
_NEVER: Final = frozenset({"DATE", "TIME", "CARDINAL", "ORDINAL", "QUANTITY", "MONEY", "PERCENT", "NORP", "LANGUAGE", "LAW"})


def place_of(sentence: Parsed, tokens: Collection[int], names: Names, sources: Collection[str]) -> str | None:
    """The narrowest place that some words of a sentence name after a preposition, by its fullest name in the document; None where they name none.

    Args:
        sentence: as parsed.
        tokens: indices of the words.
        names: of the document.
        sources: who says it; none of them is where it happened.

    """
    found: list[tuple[int, int, str]] = []
    for named in sentence.named:
        name = names.canonical(named.text)
        held = [i for i in tokens if named.span[0] <= sentence.tokens[i].start < named.span[1]]
        if not held or named.label in _NEVER or name in sources or names.is_person(name):
            continue
        led = _led_by(sentence, min(held))
        if led in WITHIN or (led in AT and named.label in PLACES):
            found.append((PLACES.get(named.label, PLACES["GPE"]), named.span[0], name))
    return min(found)[2] if found else None


def _led_by(sentence: Parsed, first: int) -> str:
    """The preposition before a noun phrase, beyond its article and adjectives; empty where there is none."""
    for index in range(first - 1, max(-1, first - 5), -1):
        token = sentence.tokens[index]
        if token.pos == "ADP":
            return token.text.casefold()
        if token.pos not in {"DET", "ADJ", "NOUN", "PROPN", "PRON"}:
            return ""
    return ""
