"""One sentence made ready for the rules, and what a rule finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spadework.claims.clauses import BACKGROUND, children_of, subtree
from spadework.claims.speech import JUDGE, SAY
from spadework.claims.voices import voice_of

if TYPE_CHECKING:
    from spadework.claims.memory import Memory, Voice
    from spadework.claims.quotes import Quoted
    from spadework.records import Parsed


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a rule looks at."""

    parsed: Parsed
    text: str
    """Of the whole document."""
    paragraph: int
    memory: Memory
    children: list[list[int]]
    quoted: tuple[Quoted, ...]

    def is_quoted(self, index: int) -> bool:
        """Whether a token stands between quotation marks: what is said there is not said by the writer."""
        at = self.parsed.tokens[index].start
        return any(part.span[0] < at < part.span[1] for part in self.quoted)

    def covered(self, top: int) -> frozenset[int]:
        """Tokens below one, without clauses that are the writer's own."""
        out = set(subtree(top, self.children))
        for index in list(out):
            token = self.parsed.tokens[index]
            if index != top and token.dep == "advcl":
                marks = {
                    self.parsed.tokens[c].text.casefold()
                    for c in self.children[index]
                    if self.parsed.tokens[c].dep in {"mark", "advmod"}
                }
                same = any(
                    self.parsed.tokens[c].dep == "nsubj" and self.parsed.tokens[c].pos == "PRON" for c in self.children[index]
                )
                if marks & BACKGROUND and token.head == top and not (same and token.lemma in SAY | JUDGE):
                    out -= set(subtree(index, self.children))
            if token.dep == "conj" and token.head == top and token.pos in {"VERB", "AUX"} and token.lemma not in SAY | JUDGE:
                out -= set(
                    subtree(index, self.children)
                )  # "has called it a smear and is suing the paper": he does, the writer says
        return frozenset(out)

    def object_of(self, preposition: int) -> int | None:
        """The noun that a preposition leads."""
        return next((c for c in self.children[preposition] if self.parsed.tokens[c].dep == "pobj"), None)

    def voice(self, top: int) -> Voice:
        """The speaker that a noun phrase names."""
        return voice_of(self.parsed, top, self.text, self.memory, self.paragraph)


@dataclass(frozen=True, slots=True)
class Found:
    """One attribution."""

    rule: str
    at: int
    """Index of the word that attributes."""
    voice: Voice
    kind: Literal["say", "judge", "report", "show", "according", "citing", "passive"]
    cover: frozenset[int]
    """Indices of the tokens that it covers."""
    via: tuple[str, ...] = ()
    """Media that passed it on, outermost first."""
    provider: str | None = None
    """Of images."""
    cue: str = ""
    """The verb, where all that it covers is somebody's judgement."""


def sentence_of(parsed: Parsed, text: str, paragraph: int, memory: Memory, quoted: tuple[Quoted, ...]) -> Sentence:
    """A sentence made ready for the rules."""
    return Sentence(parsed, text, paragraph, memory, children_of(parsed), quoted)
