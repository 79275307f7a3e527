"""Where a text quotes: spans between quotation marks, and those that run on over a paragraph's end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spadework.records import Span

_PARAGRAPH: Final = re.compile(r"\S.*?(?=\n\s*\n|\s*\Z)", re.DOTALL)
_CLOSES: Final = {"\u201c": "\u201d", "\u00ab": "\u00bb", '"': '"'}


@dataclass(frozen=True, slots=True)
class Quoted:
    """One stretch of quoted words, marks included."""

    span: Span
    runs_on: bool
    """The paragraph ends before the quotation does: it goes on in the next, if that opens with a mark."""


def paragraphs_of(text: str) -> tuple[Span, ...]:
    """Spans of the paragraphs."""
    return tuple((part.start(), part.end()) for part in _PARAGRAPH.finditer(text))


def quoted_parts(text: str) -> tuple[Quoted, ...]:
    """Every quoted stretch, in order; a mark that is never closed quotes to the end of its paragraph."""
    out = []
    for start, end in paragraphs_of(text):
        at = start
        while at < end:
            if text[at] not in _CLOSES:
                at += 1
                continue
            close = text.find(_CLOSES[text[at]], at + 1, end)
            out.append(Quoted((at, close + 1 if close >= 0 else end), close < 0))
            at = close + 1 if close >= 0 else end
    return tuple(out)


def share_quoted(span: Span, quoted: tuple[Quoted, ...]) -> float:
    """How much of a span lies within quotations, 0..1."""
    inside = sum(max(0, min(span[1], part.span[1]) - max(span[0], part.span[0])) for part in quoted)
    return inside / max(1, span[1] - span[0])
