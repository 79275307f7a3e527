"""A sentence cut where a ledger cuts it: one unit for each clause that asserts something of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims.speech import IMAGES, JUDGE, NOUNS, REPORT, SAY

if TYPE_CHECKING:
    from spadework.records import Parsed, Span

BACKGROUND: Final = frozenset({"as", "while", "although", "though", "whereas", "after", "before", "since", "when"})
"""Words that open a clause which is the writer's, not the speaker's."""
WHEN: Final = frozenset({"after", "before", "since", "when"})
"""Those that tell the time of what is said, and belong to it."""
_SUBJECTS: Final = frozenset({"nsubj", "nsubjpass", "expl", "csubj"})
_RELATIVE: Final = frozenset({"who", "which", "whose", "where"})
_AUXILIARY: Final = frozenset({"aux", "auxpass"})
_VERBS: Final = frozenset({"VERB", "AUX"})
_LOOSE: Final = " ,;:\n\t\u2013\u2014-"
_JOINERS: Final = frozenset({"and", "but", "or", "that", "so", "yet", "while", "as", "with"})
_QUOTES: Final = frozenset({"\u201c", '"', "\u00ab"})
_CLOSING: Final = re.compile(r"[,.!?]?[\u201d\u00bb\"]")
FEWEST: Final = 3
"""Words of a unit that can stand alone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a sentence that asserts one thing."""

    head: int
    """Index of its verb among the sentence's tokens."""
    span: Span
    tokens: tuple[int, ...]
    background: bool = False
    """Opened by "as", "while" and their like."""


def children_of(sentence: Parsed) -> list[list[int]]:
    """Indices of the children of each token."""
    out: list[list[int]] = [[] for _ in sentence.tokens]
    for index, token in enumerate(sentence.tokens):
        if token.head != index and 0 <= token.head < len(out):
            out[token.head].append(index)
    return out


def subtree(top: int, children: list[list[int]]) -> list[int]:
    """Indices of a token and all below it, in order."""
    out, todo = [], [top]
    while todo:
        index = todo.pop()
        out.append(index)
        todo += children[index]
    return sorted(out)


def units_of(sentence: Parsed, text: str, marks: tuple[Span, ...] = ()) -> tuple[Unit, ...]:
    """The units of a sentence, in order; the whole sentence where its grammar says nothing.

    Args:
        sentence: as parsed.
        text: the whole text.
        marks: dates and quantities: a relative clause that holds one, beside another in the sentence, is a unit of its own.

    """
    tokens = sentence.tokens
    if not any(token.pos in _VERBS for token in tokens):
        return (Unit(0, _trim(text, sentence.span), tuple(range(len(tokens)))),)
    children = children_of(sentence)
    heads = _heads(sentence, children)
    heads |= {index: False for index, token in enumerate(tokens) if _claimed(sentence, index, token.dep, children)}
    heads |= _disputed(sentence, children)
    heads |= _appositions(sentence, children, marks)
    _asides(sentence, children, heads)
    _add_marked(sentence, children, marks, heads)
    owner = [_owner(sentence, index, heads) for index in range(len(tokens))]
    units = []
    for head, background in heads.items():
        own = tuple(index for index, top in enumerate(owner) if top == head)
        words = [index for index in own if tokens[index].pos not in {"PUNCT", "SPACE", "CCONJ"}]
        if len(words) < FEWEST:
            continue
        span = _trim(text, (tokens[_opened(sentence, words[0])].start, _closed(text, tokens[words[-1]].end)))
        units.append(Unit(head, span, own, background))
    whole = _trim(text, sentence.span)
    if not units:
        return (Unit(next(iter(heads)), whole, tuple(range(len(tokens)))),)
    if len(units) == 1:
        return (Unit(units[0].head, whole, tuple(range(len(tokens))), units[0].background),)
    return tuple(sorted(units, key=lambda unit: unit.span))


def _opened(sentence: Parsed, first: int) -> int:
    """The first word of a unit, or the mark of quotation before it."""
    return first - 1 if first and sentence.tokens[first - 1].text in _QUOTES else first


def _closed(text: str, end: int) -> int:
    """The end of a unit, with the marks that close a quotation there."""
    match = _CLOSING.match(text, end)
    return match.end() if match else end


def _heads(sentence: Parsed, children: list[list[int]]) -> dict[int, bool]:
    """Index of the head of each unit: whether it is background."""
    tokens = sentence.tokens
    root = next((i for i, token in enumerate(tokens) if token.head == i), 0)
    heads = {root: False}
    todo = [root]
    while todo:
        top = todo.pop(0)
        for child in children[top]:
            token = tokens[child]
            if token.pos not in _VERBS and not (token.pos == "ADJ" and token.dep in {"conj", "ccomp"}):
                continue
            own = any(tokens[grand].dep in _SUBJECTS for grand in children[child])
            bare = (
                token.tag == "VBN" and tokens[top].tag == "VBN" and not any(tokens[c].dep in _AUXILIARY for c in children[top])
            )
            nor = any(tokens[grand].text.casefold() == "nor" for grand in children[top])  # "neither confirmed nor denied"
            if token.dep == "conj" and not nor and not (bare and not own) and (own or token.pos in _VERBS):
                heads[child] = False
                todo.append(child)
            elif (
                token.dep == "advcl"
                and own
                and _mark(sentence, child, children) in BACKGROUND
                and not says_so(sentence, child, children)
                and not (_mark(sentence, child, children) in WHEN and _is_said(sentence, top))
            ):
                heads[child] = not _of_the_same(sentence, child, children)
                todo.append(child)
            elif token.dep in {"ccomp", "parataxis", "pcomp"} or (token.dep == "advcl" and token.lemma in SAY | JUDGE):
                adds = token.dep == "advcl" and token.tag == "VBG" and any(tokens[c].dep == "ccomp" for c in children[child])
                if adds or (own and any(between.text in {";", ":"} for between in tokens[min(top, child) : max(top, child)])):
                    heads[child] = False
                todo.append(child)
        for inner in _with_clauses(sentence, top, children):
            heads[inner] = False
            todo.append(inner)
    return heads


def says_so(sentence: Parsed, verb: int, children: list[list[int]]) -> bool:
    """Whether a clause says whose the clause above it is: ", as the agency reported"."""
    return sentence.tokens[verb].lemma in SAY | JUDGE | REPORT and _mark(sentence, verb, children) == "as"


def _is_said(sentence: Parsed, verb: int) -> bool:
    """Whether a verb stands in what somebody says: "explained that the beach gives off gas when it dries"."""
    tokens = sentence.tokens
    while tokens[verb].dep == "conj" and tokens[verb].head != verb:
        verb = tokens[verb].head
    above = tokens[verb].head
    return tokens[verb].dep == "ccomp" and 0 <= above < len(tokens) and tokens[above].lemma in SAY | JUDGE | REPORT


def _of_the_same(sentence: Parsed, verb: int, children: list[list[int]]) -> bool:
    """Whether a clause goes on with who speaks already: ", though it warns that ..."."""
    tokens = sentence.tokens
    return tokens[verb].lemma in SAY | JUDGE and any(
        tokens[c].dep in _SUBJECTS and tokens[c].pos == "PRON" for c in children[verb]
    )


def _claimed(sentence: Parsed, verb: int, dep: str, children: list[list[int]]) -> bool:
    """Whether a clause says what a noun before it claims: "a warning by X that the dam leaks"."""
    says = sentence.tokens[sentence.tokens[verb].head].lemma.casefold() in NOUNS
    return dep == "acl" and says and sentence.tokens[verb].pos in _VERBS and _mark(sentence, verb, children) == "that"


def _disputed(sentence: Parsed, children: list[list[int]]) -> dict[int, bool]:
    """What somebody else says of the clause before: ", a charge the government has called baseless"; by its noun, and background to who says the rest."""
    tokens = sentence.tokens
    found = {}
    for token in tokens:
        if token.dep != "relcl" or token.lemma not in SAY or not 0 <= token.head < len(tokens):
            continue
        first = subtree(token.head, children)[0]
        if tokens[token.head].lemma.casefold() in NOUNS and first and tokens[first - 1].text in {",", "\u2013", "\u2014", "-"}:
            found[token.head] = True
    return found


def _appositions(sentence: Parsed, children: list[list[int]], marks: tuple[Span, ...]) -> dict[int, bool]:
    """What is put behind a noun between commas, where it asserts something: ", a village 7 miles east of the strip"; background."""
    tokens = sentence.tokens
    found = {}
    for index, token in enumerate(tokens):
        below = subtree(index, children) if token.dep == "appos" and token.pos == "NOUN" else []
        told_of = {i for i in below if tokens[i].dep == "relcl" for i in subtree(i, children)}
        words = [i for i in below if tokens[i].pos not in {"PUNCT", "SPACE"} and i not in told_of]
        if len(words) <= FEWEST or not below[0] or tokens[below[0] - 1].text not in {",", "\u2013", "\u2014"}:
            continue
        if tokens[below[0]].text.casefold() not in {"a", "an", "the", "one"}:
            continue  # "some of them 12 m wide" goes on with what is said
        told = any(tokens[i].dep == "relcl" and tokens[i].pos in _VERBS for i in below)
        marked = any(tokens[below[0]].start <= mark[0] < tokens[below[-1]].end for mark in marks)
        if told or marked:
            found[index] = True
    return found


def _asides(sentence: Parsed, children: list[list[int]], heads: dict[int, bool]) -> None:
    """Relative clauses between commas that tell something besides: background, where they assert enough to stand alone."""
    tokens = sentence.tokens
    for index, token in enumerate(tokens):
        if index in heads or token.dep != "relcl" or token.pos not in _VERBS:
            continue
        below = subtree(index, children)
        first = below[0]
        words = [i for i in below if tokens[i].pos not in {"PUNCT", "SPACE"}]
        if first and tokens[first - 1].text == "," and tokens[first].text.casefold() in _RELATIVE and len(words) > FEWEST:
            heads[index] = True


def _add_marked(sentence: Parsed, children: list[list[int]], marks: tuple[Span, ...], heads: dict[int, bool]) -> None:
    """Relative clauses and participles with a date or a quantity of their own; what tells of the speaker is background."""
    tokens = sentence.tokens
    inside = [mark for mark in marks if sentence.span[0] <= mark[0] < sentence.span[1]]
    for index, token in enumerate(tokens):
        if len(inside) < 2 or token.dep not in {"relcl", "acl"} or token.pos not in _VERBS or not 0 <= token.head < len(tokens):  # noqa: PLR2004 - one stays outside
            continue
        if tokens[token.head].lemma.casefold() in IMAGES:
            continue  # "pictures taken on 1 May": the date of what they show
        below = subtree(index, children)
        held = [mark for mark in inside if tokens[below[0]].start <= mark[0] < tokens[below[-1]].end]
        if held and len(held) < len(inside) and index not in heads and tokens[below[0]].start > sentence.span[0]:
            top = tokens[token.head]
            said = 0 <= top.head < len(tokens) and tokens[top.head].lemma in SAY | JUDGE and top.dep in _SUBJECTS
            heads[index] = said


def _with_clauses(sentence: Parsed, top: int, children: list[list[int]]) -> list[int]:
    """Heads of "with X assessing that ..." below a verb."""
    leads = [child for child in children[top] if sentence.tokens[child].text.casefold() == "with"]
    return [
        inner
        for lead in leads
        for inner in children[lead]
        if sentence.tokens[inner].dep == "pcomp" and any(sentence.tokens[x].dep in _SUBJECTS for x in children[inner])
    ]


def _mark(sentence: Parsed, verb: int, children: list[list[int]]) -> str:
    return next(
        (
            sentence.tokens[child].text.casefold()
            for child in children[verb]
            if sentence.tokens[child].dep in {"mark", "advmod"}
        ),
        "",
    )


def _owner(sentence: Parsed, index: int, heads: dict[int, bool]) -> int:
    """The nearest head above a token."""
    for _ in sentence.tokens:
        if index in heads:
            return index
        above = sentence.tokens[index].head
        if above == index or not 0 <= above < len(sentence.tokens):
            break
        index = above
    return next(iter(heads))


def _trim(text: str, span: Span) -> Span:
    """A span without joining words and marks at its ends."""
    start, end = span
    while start < end and text[start] in _LOOSE:
        start += 1
    for word in _JOINERS:
        if text[start:end].casefold().startswith(f"{word} ") and not text.startswith("That ", start):
            start += len(word) + 1
            break
    while end > start and text[end - 1] in _LOOSE + ".":
        end -= 1
    return (start, end)
