"""Who has spoken in a document so far, and what each is called besides: whom "he", "the firm" and "the governor" may mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.speech import BODY, FEW_HAVE, MEDIA, PERSON_WORDS, SEVERAL_HAVE
from spadework.records import OUTLET, UNKNOWN

if TYPE_CHECKING:
    from spadework.claims.names import Names
    from spadework.records import Named, Parsed

REACH: Final = 2
"""Paragraphs over which a pronoun may be led back; a description, to the only body of the whole text so far."""
_LOOSE_WORDS: Final = frozenset(
    {"same", "other", "new", "another", "own", "whole", "former", "such", "second", "first", "rival", "local"}
)
"""Words that tell no body from another."""
Kind = Literal["person", "body", "provider", "several", "thing"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker, or the lack of one."""

    name: str | None
    """Canonical; None = the words do not settle it."""
    kind: Kind
    by_name: bool = True
    """False: led back from a pronoun or a description."""


@dataclass
class Memory:
    """Who has spoken so far, and what each is called besides."""

    names: Names
    titles: dict[str, set[str]]
    """Canonical names by a word that stands in apposition to them."""
    spoken: list[tuple[int, Voice]] = field(default_factory=list)
    """(paragraph, voice), in order."""
    media: dict[str, int] = field(default_factory=dict)
    """Names that were seen to report or to carry what others say, and the latest paragraph of each."""

    def note(self, paragraph: int, voice: Voice, *, reports: bool = False) -> None:
        """Remember who spoke, and whether it was to report what others say."""
        if voice.name is not None and voice.name != OUTLET:
            self.spoken.append((paragraph, voice))
            if reports:
                self.media[voice.name] = paragraph

    def carry(self, paragraph: int, media: tuple[str, ...]) -> None:
        """Remember who passed something on, if he does not speak for himself elsewhere."""
        speak = {voice.name for _, voice in self.spoken}
        self.media.update({name: paragraph for name in media if name != UNKNOWN and name not in speak})

    def latest(self, paragraph: int, kinds: frozenset[str], *, media: bool | None = None) -> str | None:
        """The only named speaker of some kinds within reach; None where there are two or none.

        Args:
            paragraph: of the word that is led back.
            kinds: of speaker that it may stand for.
            media: only those that pass on what others say (True), only others (False), or both.

        """
        fit = [
            (at, voice.name)
            for at, voice in self.spoken
            if voice.kind in kinds
            and (voice.by_name or voice.kind in {"person", "several"})
            and (media is None or (voice.name in self.media or is_media(str(voice.name))) == media)
        ]
        reach = 0 if "body" in kinds else paragraph - REACH + 1
        for since in (paragraph, paragraph - 1, reach):
            near = {name for at, name in fit if at >= max(since, reach)}
            if near:
                return near.pop() if len(near) == 1 else None
        return None

    def named_so(self, word: str) -> str | None:
        """The only body that has spoken so far and has a word in its name: "the ministry" is the Dorvanian Defense Ministry; None of two or none."""
        bodies = [voice for _, voice in self.spoken if voice.kind == "body"]
        found = {str(voice.name) for voice in bodies if word in str(voice.name).casefold().split()}
        return found.pop() if len(found) == 1 else None

    def medium(self, paragraph: int) -> str | None:
        """The only medium of this paragraph, or of the nearest one before that has any: whom "the channel" means; None of two or none."""
        known = self.latest(paragraph, frozenset({"body"}), media=True)
        last = max(self.media.values(), default=0)
        near = [name for name, at in self.media.items() if at == last]
        return known or (near[0] if len(near) == 1 else None)

    def described(self, word: str) -> str | None:
        """The only speaker described by a word so far, by the fullest description: "the mayor" is "the mayor of Santa Ruda"; None of two or none."""
        found = {
            str(voice.name)
            for _, voice in self.spoken
            if voice.kind in {"person", "several"} and word in str(voice.name).split()
        }
        longer = {name for name in found if " " in name and name.casefold() != word.casefold()}
        return longer.pop() if len(longer) == 1 else None

    def called(self, word: str) -> str | None:
        """The only name that a word stands for in this document."""
        found = self.titles.get(word, set())
        return next(iter(found)) if len(found) == 1 else None


def is_media(name: str) -> bool:
    """Whether a name is of those that pass on what others say."""
    return bool({word.casefold() for word in re.findall(r"\w+", name)} & MEDIA)


def titles_of(grammar: tuple[Parsed, ...], names: Names) -> dict[str, set[str]]:
    """What each named person or body is called besides: titles before it, appositions, the nouns inside its name."""
    out: dict[str, set[str]] = {}
    for sentence in grammar:
        for named in sentence.named:
            if named.label not in {"PERSON", "ORG"}:
                continue
            name = names.canonical(named.text)
            inside = [token for token in sentence.tokens if named.span[0] <= token.start < named.span[1]]
            words = {token.lemma.casefold() for token in inside} if named.label == "ORG" else set()
            words |= {token.lemma.casefold() for token in _beside(sentence, named)}
            for word in words & (BODY | PERSON_WORDS):
                out.setdefault(word, set()).add(name)
        for word, phrase in _qualified(sentence):
            out.setdefault(word, set()).add(phrase)
    return out


def _qualified(sentence: Parsed) -> list[tuple[str, str]]:
    """Bodies that are named by their kind alone: "the mining ministry", so that "the ministry" may lead back to it."""
    out = []
    for index, token in enumerate(sentence.tokens):
        lemma = token.lemma.casefold()
        if lemma not in SEVERAL_HAVE | FEW_HAVE or token.pos != "NOUN":
            continue
        before = sentence.tokens[index - 1] if index else None
        if (
            before is not None
            and before.head == index
            and before.dep in {"compound", "amod"}
            and before.pos in {"NOUN", "ADJ", "PROPN"}
            and before.lemma.casefold() not in _LOOSE_WORDS
        ):
            out.append((lemma, f"{before.text} {token.text}"))
    return out


def _beside(sentence: Parsed, named: Named) -> list:  # type: ignore[type-arg]  # of Token
    tokens = sentence.tokens
    inside = [i for i, token in enumerate(tokens) if named.span[0] <= token.start < named.span[1]]
    if not inside:
        return []
    top = next((i for i in inside if tokens[i].head not in inside), inside[-1])
    before = [
        tokens[i]
        for i in range(max(0, inside[0] - 4), inside[0])
        if tokens[i].head in inside or (tokens[i].dep == "compound" and tokens[tokens[i].head].head in inside)
    ]
    below = [token for token in tokens if token.dep == "appos" and token.head == top]
    above = [tokens[tokens[top].head]] if tokens[top].dep == "appos" and 0 <= tokens[top].head < len(tokens) else []
    return [*before, *below, *above]
