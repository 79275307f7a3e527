"""Media to which something was told, or that carried it: links between the outlet and the speaker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.clauses import subtree
from spadework.claims.speech import MEDIA, OUTLETS
from spadework.claims.voices import phrase_of
from spadework.records import UNKNOWN

if TYPE_CHECKING:
    from spadework.claims.found import Sentence

_SENT: Final = frozenset({"interview", "email", "statement", "comment", "remark", "letter", "message", "briefing"})
"""What is given to a medium."""
_NOT_MEDIA: Final = frozenset((
    "parliament", "council", "committee", "conference", "court", "lawmakers", "reporters", "journalists", "senate",
    "congress", "assembly", "hearing", "inquiry",
))  # fmt: skip


def told(s: Sentence, verb: int) -> tuple[str, ...]:
    """Media to which something was told or that carried it: "told Reuters", "in an interview with the BBC", "in a statement carried by RTV"."""
    out = []
    subjects = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj"]
    asides = (*s.children[verb], *(grand for c in subjects for grand in s.children[c]))
    spoke = [c for c in asides if s.parsed.tokens[c].dep in {"advcl", "acl"} and s.parsed.tokens[c].lemma in {"speak", "talk"}]
    for child in (*s.children[verb], *(grand for aside in spoke for grand in s.children[aside])):
        token = s.parsed.tokens[child]
        told = token.dep in {"dobj", "dative", "iobj"} and s.parsed.tokens[verb].lemma == "tell"
        leads = token.text.casefold() in {"to", "in", "with"}
        below = subtree(child, s.children) if told or leads else []
        sent = told or token.head in spoke or any(s.parsed.tokens[i].lemma in _SENT for i in below)
        named = _is_name(s, child)
        names = [child] if told and named else [i for i in below if s.parsed.tokens[i].dep in {"pobj", "appos"}]
        medium = next((name for i in names if (name := _medium(s, i, told=sent)) is not None), None)
        if medium is None and told and token.lemma.casefold() in OUTLETS:
            medium = s.memory.medium(s.paragraph)  # "told the channel"
        if medium is not None:
            out.append(medium)
    if not out and (carried := _carried(s, verb)) is not None:
        out.append(carried)
    return (*out, *(name for subject in subjects for name in cited_by(s, subject)))


_CARRIED: Final = re.compile(
    r"\b(?:statement|letter|interview|comment|video|remarks|message|column|essay|post)\s+(?:\w+\s+)?(?:carried|published|aired|broadcast|printed|posted|released)\s+"
    r"(?:on\s+\w+day\s+)?(?:by|in|on)\s+(?:the\s+)?((?:[a-z-]+\s+){0,4})((?:[A-Z][\w\u2019'-]*)(?:\s+[A-Z][\w\u2019'-]*){0,3})"
)
"""A medium by its kind or its name, in the words before a verb, where a parser may hang it on anything."""


def _carried(s: Sentence, verb: int) -> str | None:
    """The medium that carried what somebody gave it: "in an open letter published by the news site Fieldnotes"."""
    found = _CARRIED.search(s.text, s.parsed.span[0], s.parsed.span[1])
    if found is None or found.end() > s.parsed.tokens[verb].start:
        return None
    kinds = {word.casefold() for word in f"{found[1]} {found[2]}".split()}
    return s.memory.names.canonical(found[2]) if kinds & (MEDIA | OUTLETS) else None


def cited_by(s: Sentence, top: int) -> tuple[str, ...]:
    """Who cited the one that is named: "an expert cited by the broadcaster"; "villagers, quoted by Rupress, said"."""
    for child in s.children[top]:
        if s.parsed.tokens[child].lemma in {"cite", "quote", "interview", "publish"}:
            for by in s.children[child]:
                inner = s.object_of(by)
                if s.parsed.tokens[by].dep == "agent" and inner is not None:
                    name = s.voice(inner).name
                    return (name,) if name is not None else (UNKNOWN,)
    return ()


def _is_name(s: Sentence, index: int) -> bool:
    """Whether a word is written or was parsed as a name."""
    token = s.parsed.tokens[index]
    written = token.pos == "PROPN" or token.text[:1].isupper()
    return written or any(n.label == "ORG" and n.span[0] == token.start for n in s.parsed.named)


def _medium(s: Sentence, target: int, *, told: bool) -> str | None:
    """A medium's name, where a noun is one: by its own words, by the word before it, or because it was told."""
    if not _is_name(s, target):
        return None
    phrase = phrase_of(s.parsed, target, s.text, s.children)
    held = next((n for n in s.parsed.named if n.span[0] <= s.parsed.tokens[target].start < n.span[1]), None)
    above = s.parsed.tokens[target].head
    kind = phrase_of(s.parsed, above, s.text, s.children) if s.parsed.tokens[target].dep == "appos" else ""
    words = {word.casefold() for word in f"{kind} {phrase}".split()}
    place = held is not None and held.label in {"GPE", "NORP", "LOC"} and not words & (MEDIA | OUTLETS)
    if words & _NOT_MEDIA or place or (held is not None and held.label in {"DATE", "TIME"}):
        return None
    named = " ".join(word for word in phrase.split() if word[:1].isupper() and word not in {"The", "A", "An"})
    known = s.memory.names.canonical(held.text if held is not None else named)
    medium = bool(words & (MEDIA | OUTLETS)) or known in s.memory.media
    return known if medium or (told and not s.memory.names.is_person(known)) else None
