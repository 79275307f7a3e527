"""A text as a parser reads it: what the rules on attribution look at. Nothing here knows which parser it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from spadework.records.claims import Span


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark."""

    text: str
    start: int
    """Character offset into the whole text."""
    lemma: str
    pos: str
    """Universal part of speech, e.g. "VERB"."""
    tag: str
    """Fine part of speech of the Penn Treebank, e.g. "VBD"."""
    dep: str
    """Label of the arc to its head (ClearNLP labels), "ROOT" at the top."""
    head: int
    """Index of its head in the sentence's tokens; its own at the top."""

    @property
    def end(self) -> int:
        """Offset just past it."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Named:
    """A named entity."""

    span: Span
    text: str
    label: str
    """OntoNotes label: "PERSON", "ORG", "GPE", "NORP", "FAC", "LOC" ..."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One sentence."""

    span: Span
    tokens: tuple[Token, ...]
    named: tuple[Named, ...]


Grammar: TypeAlias = tuple[Parsed, ...]
"""A text, sentence by sentence, in order."""
