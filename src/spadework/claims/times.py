"""What a date of a document is the date of: an image, an event, the saying of it, its printing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.claims.speech import IMAGES, JUDGE, REPORT, SAY, SHOW

if TYPE_CHECKING:
    from spadework.records import ClaimTime, Parsed, TimeRole

TAKEN: Final = frozenset(
    {
        "take",
        "capture",
        "acquire",
        "collect",
        "record",
        "shoot",
        "gather",
        "see",
        "spot",
        "observe",
        "photograph",
        "image",
        "snap",
    }
)
"""Verbs of an image or a sighting."""
FOUND_OUT: Final = frozenset(
    {"count", "measure", "find", "identify", "date", "put", "determine", "call", "ask", "hope", "fear", "doubt", "expect"}
)
"""Verbs of a judgement whose date is that of what was judged, or of nothing said."""
PRINTED: Final = frozenset({"publish", "print", "release", "post", "issue"})


def role_of(sentence: Parsed, date: ClaimTime) -> TimeRole:
    """The role of a date, by the first verb or word for images above it; "event" where nothing says otherwise."""
    tokens = sentence.tokens
    index = next((i for i, token in enumerate(tokens) if token.start <= date.span[0] < token.end), None)
    for _ in tokens if index is not None else ():
        if index is None:
            break
        token = tokens[index]
        lemma = token.lemma.casefold()
        if lemma in IMAGES and token.pos in {"NOUN", "PROPN"}:
            return "observed"
        if token.pos in {"VERB", "AUX"}:
            if lemma == "take" and not any(t.lemma.casefold() in IMAGES for t in tokens):
                return "event"  # "took over in January"
            return _by_verb(lemma, shown=any(t.lemma.casefold() in IMAGES and t.head == index for t in tokens))
        index = token.head if 0 <= token.head < len(tokens) and token.head != index else None
    return "event"


def _by_verb(lemma: str, *, shown: bool) -> TimeRole:
    if lemma in TAKEN or (lemma in SHOW and shown):
        return "observed"
    if lemma in PRINTED:
        return "published"
    return "said" if lemma in (SAY | JUDGE | REPORT) - FOUND_OUT else "event"
