"""The linter of words: what no sentence of a report may say, whether a program or a person wrote it.

It reads sentence by sentence with patterns that look a bounded way ahead and behind, so its time grows with the length
of the text and no text can stall it. It is for what Spadework and its analysts say; what a source said stands
between quotation marks in a column of its own and is not read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.publish import hedges, measured, onsets, uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Known:
    """What the records hold that a sentence may rest on."""

    identities: frozenset[str] = frozenset()
    """Pairs "<identity> <class>" from records, in small letters: "probable excavator", "confirmed change"."""
    alternatives: int = 0
    """Alternatives weighed for the purpose that is judged; 0 = none."""
    beside_row_a: bool = False
    """The text will stand on a page of Spadework, whose words of likelihood are of row A."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Words that may not stand."""

    rule: str
    """Id of the rule."""
    words: str
    """The offending words, as written but for spaces, dashes and quotation marks."""
    mend: str
    """What to write instead, one sentence or two."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that no sentence may do."""

    id: str
    why: str
    """One sentence."""
    mend: str
    """One sentence."""
    refused: str
    """An example that is refused."""
    passes: str
    """An example beside it that passes."""
    find: Callable[[Sequence[str], Known], Iterator[str]]
    """Offending words in the sentences of a text."""
    instead: Callable[[str], str] = lambda _: ""
    """For some words what to write for them, one sentence; else empty."""


CHANGES: Final = frozenset({"confirmed change", "confirmed changes", "confirmed event", "confirmed events"})
"""Identities that the status of an Event gives to every report."""
NOTHING: Final = Known()
"""No record, no alternative weighed."""
WEIGHED: Final = 2
"""Alternatives that must have been weighed before a purpose may be named."""


def lint(text: str, known: Known = NOTHING) -> tuple[Fault, ...]:
    """Faults of a text of any length, in the order of the rules; the same words are told once a rule."""
    sentences = sentences_of(text)
    return tuple(
        Fault(rule.id, words, f"{rule.instead(words)} {rule.mend}".lstrip())
        for rule in RULES
        for words in dict.fromkeys(rule.find(sentences, known))
        if words
    )


def rules_table() -> str:
    """The rules as a Markdown table, for the documentation."""
    rows = [f"| `{rule.id}` | {rule.why} | {rule.refused} | {rule.passes} | {rule.mend} |" for rule in RULES]
    return "\n".join(["| rule | why | refused | passes | mend |", "|---|---|---|---|---|", *rows])


# ---------------------------------------------------------------- sentences
_PLAIN: Final = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]),
}
"""One sign for each dash and quotation mark, none for what cannot be seen."""
_END: Final = re.compile(r"[.!?][\"')\]]{0,3} (?![a-z])")
_SHORT: Final = re.compile(
    r"\b(?:e\.g|i\.e|approx|ca|cf|vs|Figs?|St|Dr|Mrs?|Ms|Prof|Gen|Col|Lt|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec|[A-Z])\.$|\bNo\.$(?=\d)"
)
"""An abbreviation, whose full stop ends no sentence."""


def sentences_of(text: str) -> list[str]:
    """Sentences of a text, each on one line; a blank line or a bullet ends one, too."""
    paragraphs: list[list[str]] = [[]]
    for line in text.translate(_PLAIN).splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith(("- ", "* ", "• ")):
            paragraphs.append([])
        paragraphs[-1].extend(stripped.split())
    return [sentence for paragraph in paragraphs for sentence in _split(" ".join(paragraph))]


def _split(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        head = paragraph[max(start, end.start() - 8) : end.start() + 1]
        numbered = head.endswith(" No.") and paragraph[end.end() : end.end() + 1].isdigit()
        if not numbered and not _SHORT.search(head):
            yield paragraph[start : end.end() - 1]
            start = end.end()
    yield paragraph[start:]


_CLAUSE: Final = re.compile(r"; |, (?:and|but|while|yet) | - |(?<=\w): ")
_SPEAKER: Final = (
    r"(?!(?:i|we|it|us|our|is|are|was|were|be|been|being|images?|imagery|looks?|scenes?|pictures?|data|analysis|analysts?|not|never|nobody|as|that|some|many|"
    r"sources?|people|who|ours|experts?|having)\b)(?<![\w'-])[\w'-]{1,30}"
)
"""Whoever may be named as the origin of a claim: not the reader of the images, and nobody in particular."""
_SAYS: Final = re.compile(
    rf"\baccording to (?:(?:the|an?|its|their|his|her|this) )?{_SPEAKER}|\b(?:said|reported|stated|announced) by (?:(?:the|an?|its|their) )?{_SPEAKER}"
    rf"|\b{_SPEAKER} (?:(?:has|have|had|also|later) )?(?:said|says|say|reported|stated|announced|claimed|wrote|writes|told)\b",
    re.IGNORECASE,
)


def own_words(sentence: str) -> str:
    """A sentence without the clauses that are told as somebody else's; a clause ends at a semicolon, a dash or ", and"."""
    if not _SAYS.search(sentence):
        return sentence
    return "; ".join(clause for clause in _CLAUSE.split(sentence) if not _SAYS.search(clause))


# ---------------------------------------------------------------- the rules, each over its family of words
def _mixed_scale(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """Terms of both rows anywhere in the text, or a term of another scale."""
    yield from hedges.mixed(sentences, beside_row_a=known.beside_row_a)


def _with_confidence(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A likelihood and a confidence in one sentence."""
    yield from map(hedges.with_confidence, sentences)


def _bare_number(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A measurement, a growth or a likelihood in numbers that is neither an interval nor beside one, no bound and no setting."""
    for sentence in sentences:
        yield from measured.bare(sentence)


def _bare_onset(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A beginning on a day, or in a month, a season or a year, without a look on either side."""
    for sentence in sentences:
        yield from onsets.bare(own_words(sentence))


def _operating(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A machine said to be doing something."""
    for sentence in sentences:
        yield from uses.doings(own_words(sentence))


def _purpose(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """What a thing is for, before two alternatives have been weighed."""
    for sentence in sentences if known.alternatives < WEIGHED else ():
        yield from uses.purposes(own_words(sentence))


def _identity(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """An object named more or less surely where no record holds the pair, or a machine named flatly where none holds its class."""
    for sentence in sentences:
        yield from hedges.identities(sentence, known.identities)
        yield from uses.called(own_words(sentence), known.identities)


RULES: Final = (
    Rule(
        "mixed-scale",
        "The two rows of ICD 203 name the same degrees twice, so a reader of both looks for a difference that is not there.",
        "Take every word of likelihood from the first row: almost no chance, very unlikely, unlikely, roughly even chance, likely, "
        "very likely, almost certain.",
        "A quarry is likely. A shelter is improbable.",
        "A quarry is likely. A shelter is unlikely.",
        _mixed_scale,
        hedges.of_row_a,
    ),
    Rule(
        "likelihood-with-confidence",
        "How likely a thing is and how good the grounds are for saying so are two statements, and in one sentence each blurs the other.",
        "Tell the likelihood in one sentence and the confidence in the next.",
        "We judge with low confidence that it is likely a quarry.",
        "It is likely a quarry. Our confidence is low.",
        _with_confidence,
    ),
    Rule(
        "number-without-interval",
        "A measurement is known only to within something, and without that a reader takes it as exact.",
        "Put the interval beside the number, as in 4.6 m (3.9 to 5.2 m), or say a bound, as in at least 4 m.",
        "The opening is 4.6 m wide.",
        "The opening is 4.6 m wide (3.9 to 5.2 m).",
        _bare_number,
    ),
    Rule(
        "bare-onset",
        "Images see a place at moments, so a beginning lies between the last look without it and the first with it.",
        "Say between which two looks it began, or before or after which look.",
        "Digging began on 12 May 2020.",
        "Digging began between 1 April and 12 May 2020.",
        _bare_onset,
    ),
    Rule(
        "operating",
        "A still image shows where a machine stands, never what it does.",
        "Say where the machine stands, as in an excavator stands beside the pit.",
        "An excavator is digging at the entrance.",
        "An excavator stands at the entrance.",
        _operating,
    ),
    Rule(
        "purpose",
        "What a thing is for is not to be seen from above, so it is a judgement, and one that was never tested against another.",
        "Say only what is seen, or weigh at least two alternatives first, one of them benign.",
        "The pit is intended for vehicles.",
        "What the pit is for is unknown.",
        _purpose,
    ),
    Rule(
        "identity",
        "Possible, probable and confirmed say how surely a record names an object; without the record they are guesses dressed as findings.",
        "Say what is seen, or use the identity and class of a sighting on record.",
        "A probable excavator stands there.",
        "An object of the size of a vehicle stands there.",
        _identity,
    ),
)
"""Every rule, in the order in which faults are told."""
