"""A speaker who is only described: "a ministry spokesman", "the firm", "two officials", "the report"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.memory import Voice
from spadework.claims.names import tidied
from spadework.claims.speech import ANY_BODY, BODY, FEW_HAVE, MEDIA, OUTLETS, PAPERS, PERSON_WORDS, SEVERAL_HAVE, THINGS, TRADES

if TYPE_CHECKING:
    from spadework.claims.memory import Memory
    from spadework.records import Parsed

_NOBODY: Final = re.compile(r"(?:neither|no|none|nobody|nothing|nor)\b", re.IGNORECASE)
_ARTICLES: Final = frozenset({"the", "that", "this"})
PLURAL: Final = frozenset({"NNS", "NNPS"})
_DOES: Final = re.compile(r"(?:man|woman|person|ist|ian|[^st]er|[st]or|eer)$")
"""Endings of words for somebody by what he does."""
SHORT: Final = 4
"""Words of a definite description that may stand for itself; a longer one leads back to somebody."""


def described(sentence: Parsed, top: int, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """A description: itself where it brings somebody new in; led back where it says "the" of somebody known."""
    phrase = phrase.split(",", maxsplit=1)[0].strip() or phrase
    token = sentence.tokens[top]
    lemma = token.lemma.casefold()
    words = phrase.split()
    plural = token.tag in PLURAL
    theirs = words[0].casefold() in {"its", "their", "his", "her"} and lemma not in PERSON_WORDS | BODY
    if theirs or _NOBODY.match(phrase):  # "their patrol found": somebody's, who is not named here
        return Voice(None, "body" if theirs else "thing", by_name=False)
    if (
        lemma in PERSON_WORDS
        or (_DOES.search(lemma) and lemma not in BODY | MEDIA | PAPERS)
        or token.text.casefold() in {"locals", "rebels"}
    ):
        return _a_person(sentence, top, phrase, memory, paragraph)
    if lemma in BODY | MEDIA:
        return _a_body(lemma, phrase, memory, paragraph)
    if plural and token.pos == "NOUN":
        thing = lemma in PAPERS | THINGS or words[0].casefold() in _ARTICLES
        return Voice(None, "thing" if lemma in PAPERS | THINGS else "several") if thing else Voice(tidied(phrase), "several")
    if words[0].casefold() in {"a", "an", "one", "another"} and paragraph > 0 and lemma not in PAPERS | THINGS:
        return Voice(tidied(phrase), "thing", by_name=False)
    return Voice(None, "thing")


def of_paper(phrase: str, memory: Memory, paragraph: int, *, plural: bool) -> Voice:
    """A paper that names no maker: "the report" is that of the body that spoke last, "a report" and "documents" speak for themselves."""
    first = phrase.split(maxsplit=1)[0].casefold()
    if first in _ARTICLES:
        last = phrase.rsplit(maxsplit=1)[-1].casefold()
        known = next((v for _, v in reversed(memory.spoken) if not v.by_name and str(v.name).casefold().endswith(last)), None)
        if known is not None:
            return known
        return Voice(memory.latest(paragraph, frozenset({"body", "provider"}), media=False), "body", by_name=False)
    alone = plural or (first in {"a", "an"} and paragraph > 0)
    return Voice(tidied(phrase) if alone else None, "body", by_name=False)


def _a_person(sentence: Parsed, top: int, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """A person by a description: "the mayor", "a ministry spokesman", "two officials"."""
    token = sentence.tokens[top]
    lemma, words, plural = token.lemma.casefold(), phrase.split(), token.tag in PLURAL
    if words[0].casefold() in _ARTICLES and not plural:
        known = memory.called(lemma)
        if known is None and not memory.titles.get(lemma) and _stands_alone(words):
            before = memory.described(words[-1]) if len(words) == 2 else None  # noqa: PLR2004 - "the mayor"
            known = before or tidied(phrase)  # nobody in the document has a name with this title
        return Voice(known, "person", by_name=False)
    again = plural and len(words) == 2 and words[0].casefold() in _ARTICLES  # noqa: PLR2004 - "the officials"
    before = memory.described(words[-1]) if again else None
    if before is not None:
        return Voice(before, "several", by_name=False)
    inner = next(
        (n for n in sentence.named if n.label == "ORG" and n.span[1] <= token.start and phrase.startswith(n.text)), None
    )
    if plural and lemma in {"analyst", "researcher"} and inner is not None:
        return Voice(memory.names.canonical(inner.text), "body")
    return Voice(None if _first_glimpse(words, paragraph) else tidied(phrase), "several" if plural else "person", by_name=False)


def _stands_alone(words: list[str]) -> bool:
    """Whether a definite description says by itself whom it means: "the regional governor", "the mayor of Santa Ruda"."""
    if "of" in words:
        behind = [word for word in words[words.index("of") + 1 :] if word.casefold() not in _ARTICLES]
        return bool(behind) and behind[0][:1].isupper()
    return len(words) <= SHORT


def _a_body(lemma: str, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """An organisation by a description: "the firm", "the river authority", "a local charity", "her office"."""
    words = phrase.split()
    if words[0].casefold() in {"his", "her"}:
        whose = memory.latest(paragraph, frozenset({"person"}))
        return Voice(f"{whose}'s {' '.join(words[1:])}" if whose is not None else None, "body", by_name=False)
    if words[0].casefold() not in _ARTICLES:
        return Voice(None if _first_glimpse(words, paragraph) else tidied(phrase), "body", by_name=False)
    bare = len(words) == 2  # noqa: PLR2004 - "the firm"
    if bare or (len(words) == 3 and words[1][:1].islower()):  # noqa: PLR2004 - "the imagery firm"
        kinds = frozenset({"body", "provider"}) if lemma in TRADES else frozenset({"body"})
        known = memory.called(lemma)
        if known is None and lemma in ANY_BODY:
            known = memory.medium(paragraph) if lemma in OUTLETS else memory.latest(paragraph, kinds, media=False)
        if known is None and lemma in SEVERAL_HAVE:
            known = memory.named_so(lemma)
        alone = not bare or lemma in FEW_HAVE | {"army", "police", "military", "court", "council", "commission", "committee"}
        if known is None and alone and not memory.titles.get(lemma):
            known = tidied(phrase)  # no name in the document holds the word
        return Voice(known, "body", by_name=False)
    return Voice(tidied(phrase), "body", by_name=False)


def _first_glimpse(words: list[str], paragraph: int) -> bool:
    """Whether a lead speaks of "an analyst" whom it names only later."""
    return paragraph == 0 and words[0].casefold() in {"a", "an", "one"}
