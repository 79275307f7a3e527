"""From the words that name a speaker to the speaker: a name, a description, or a pronoun that must be led back to one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.clauses import children_of, subtree
from spadework.claims.described import PLURAL, described, of_paper
from spadework.claims.memory import Voice
from spadework.claims.names import TITLES, looks_like_a_person, tidied
from spadework.claims.speech import BODY, JUDGE, NOUNS, PAPERS, PERSON_WORDS, SAY
from spadework.records import OUTLET

if TYPE_CHECKING:
    from spadework.claims.memory import Memory
    from spadework.records import Named, Parsed

HE: Final = frozenset({"he", "she", "him", "her"})
IT: Final = frozenset({"it"})
THEY: Final = frozenset({"they", "them"})
_CUT: Final = frozenset({"relcl", "acl", "advcl", "appos", "punct", "parataxis"})
_OF_THEM: Final = re.compile(r"\bof\s+(?:them|those|these|whom|the\s+(?:two|three|men|women))\b")
_CLAUSE: Final = re.compile(r",?\s+(?:who|which|whose|that)\b")
_HANGING: Final = re.compile(r"\s+(?:at|in|of|with|from|for|by|to)$")
BESIDE: Final = 12
"""Words after a description within which a name may stand beside it."""
_HYPHENED: Final = re.compile(r"(?:[A-Z][\w\u2019']*(?:-[\w\u2019']+)*\s+)*[A-Z][\w\u2019']*-[\w\u2019'-]+")
_NAME_BESIDE: Final = re.compile(
    r",\s+((?:[A-Z][\w.\u2019'-]*\s+){1,4}[A-Z][\w\u2019'-]+)(?:\s+(?:of|from|at|with)\s+[^,]{2,50})?,"
)
_RELEASED: Final = frozenset(
    {
        "keep",
        "hold",
        "maintain",
        "file",
        "release",
        "publish",
        "compile",
        "collect",
        "issue",
        "produce",
        "draw",
        "write",
        "prepare",
        "commission",
    }
)
"""What a maker does with a report or with data."""


def voice_of(sentence: Parsed, top: int, text: str, memory: Memory, paragraph: int) -> Voice:  # noqa: PLR0911 - one kind of word after another
    """The speaker that a subject or an agent names.

    Args:
        sentence: as parsed.
        top: index of the head of the noun phrase.
        text: the whole text.
        memory: who has spoken before.
        paragraph: number of the paragraph, for what may be led back.

    """
    token = sentence.tokens[top]
    word = token.text.casefold()
    if word == "we":
        return Voice(OUTLET, "thing")
    if token.pos == "PRON" or word in HE | IT | THEY:
        return _pronoun(word, memory, paragraph)
    children = children_of(sentence)
    named = _by_name(sentence, top, text, children, memory)
    if named is not None:
        return named
    if word in ONE_OF:
        return _one_of_them(sentence, top, text, memory, paragraph)
    phrase = phrase_of(sentence, top, text, children)
    if _OF_THEM.search(phrase):
        return Voice(None, "person", by_name=False)
    lemma = token.lemma.casefold()
    if any(token.dep == "conj" for token in (sentence.tokens[c] for c in children[top])):
        return Voice(tidied(phrase), "several")
    if lemma in PAPERS | NOUNS:
        made = _maker(sentence, top, text, children, memory, paragraph)
        return made if made.name is not None else of_paper(phrase, memory, paragraph, plural=token.tag in PLURAL)
    held = _holding(sentence, top)
    if held is not None and held.label in {"ORG", "GPE", "NORP", "FAC", "PERSON", "PRODUCT", "WORK_OF_ART", "LOC"}:
        return _named(memory.names.canonical(held.text), memory)
    if token.pos == "PROPN" or (token.text[:1].isupper() and token.text.casefold() in memory.names.full):
        return _named(memory.names.canonical(_whole_name(text, token.start) or phrase), memory)
    return described(sentence, top, phrase, memory, paragraph)


def _by_name(sentence: Parsed, top: int, text: str, children: list[list[int]], memory: Memory) -> Voice | None:
    """The person that a phrase holds or stands beside, or the name put behind a description: "its owner, Brine Petroleum"."""
    tokens = sentence.tokens
    if tokens[top].tag in PLURAL:
        return None  # "two employees of the firm, Sarn Works, said": the name is the firm's
    apposed = _apposed(sentence, top, text, children)
    if apposed is not None:
        return _named(memory.names.canonical(apposed), memory)
    person = _entity(sentence, top, children, frozenset({"PERSON"}))
    name = memory.names.canonical(person.text) if person is not None else _put_beside(sentence, top, text, memory)
    if name is not None:
        return Voice(name, "person") if " " not in name else _named(name, memory)
    beside = next((c for c in children[top] if tokens[c].dep == "appos" and tokens[c].pos == "PROPN"), None)
    if beside is None or tokens[top].pos not in {"NOUN", "NUM"}:
        return None
    return _named(memory.names.canonical(phrase_of(sentence, beside, text, children)), memory)


_BRACKETED: Final = re.compile(r"\s*(?:\([A-Z][\w-]*\)\s*)?,\s*")


def _apposed(sentence: Parsed, top: int, text: str, children: list[list[int]]) -> str | None:
    """The name before the comma, where a parser took what stands beside it for the subject: "the Basin Collective (BC), a lawyers' group, counted"."""
    words = (token for i in subtree(top, children) if (token := sentence.tokens[i]).pos != "PUNCT")
    first = next(words, sentence.tokens[top])
    behind = sentence.tokens[top + 1].text if top + 1 < len(sentence.tokens) else ""
    if first.text.casefold() not in {"a", "an"} or behind != ",":
        return None
    before = (n for n in sentence.named if n.label in {"ORG", "PERSON", "FAC"} and n.span[1] <= first.start)
    return next((n.text for n in before if _BRACKETED.fullmatch(text, n.span[1], first.start)), None)


def _whole_name(text: str, at: int) -> str | None:
    """The name with a hyphen that a word stands in: a parser cuts it there."""
    start = max(text.rfind(mark, 0, at) for mark in ",.;\u201c\n") + 1
    return next((m[0] for m in _HYPHENED.finditer(text, start, at + 60) if m.start() <= at < m.end()), None)


def _named(name: str, memory: Memory) -> Voice:
    """A name, of a person where the document or its own form says so."""
    return Voice(name, "person" if memory.names.is_person(name) or looks_like_a_person(name) else "body")


ONE_OF: Final = frozenset({"one", "other", "another", "second", "third", "both", "neither"})
_MANY: Final = re.compile(r"^(?:one|an?|two|three|four|five|six|several|some|a few|dozens of|\d+)\s+", re.IGNORECASE)
"""How many a description counts."""


def _one_of_them(sentence: Parsed, top: int, text: str, memory: Memory, paragraph: int) -> Voice:
    """One of several who were described before: "one said ...; the other ..."; None where it is not settled whose they are."""
    phrase, word = phrase_of(sentence, top, text, children_of(sentence)), sentence.tokens[top].text.casefold()
    apposed = next((c for c in children_of(sentence)[top] if sentence.tokens[c].dep == "appos"), None)
    if apposed is not None and _OF_THEM.search(phrase):  # "one of them, a 24-year-old roofer, says"
        return Voice(tidied(phrase_of(sentence, apposed, text, children_of(sentence))), "person", by_name=False)
    if " of " in phrase:
        return Voice(None if _OF_THEM.search(phrase) else phrase, "person", by_name=False)
    known = memory.latest(paragraph, frozenset({"several"}))
    before = memory.latest(paragraph, frozenset({"person"})) or ""
    if known is None and word != "one" and re.search(r"\s[a-z]", before):
        return Voice(f"{phrase} {_MANY.sub('', before)}", "person", by_name=False)  # "one Western official ...; a second said"
    if known is None:
        return Voice(None, "person", by_name=False)
    them = _MANY.sub("", known)
    if word in {"both", "neither"}:
        return Voice(known if word == "both" else None, "several", by_name=False)
    return Voice(f"one of the {them}" if word == "one" else f"{phrase} of the {them}", "person", by_name=False)


def _pronoun(word: str, memory: Memory, paragraph: int) -> Voice:
    if word in HE:
        return Voice(memory.latest(paragraph, frozenset({"person"})), "person", by_name=False)
    if word in IT:
        return Voice(memory.latest(paragraph, frozenset({"body"})), "body", by_name=False)
    if word in THEY:
        return Voice(memory.latest(paragraph, frozenset({"several", "body"})), "several", by_name=False)
    return Voice(None, "thing")


def _entity(sentence: Parsed, top: int, children: list[list[int]], labels: frozenset[str]) -> Named | None:
    """An entity that holds the head of a phrase, or stands in apposition to it."""
    beside = [child for child in children[top] if sentence.tokens[child].dep in {"appos", "conj"}]
    beside += [grand for child in beside for grand in children[child] if sentence.tokens[grand].dep == "appos"]
    heads = [top, *(child for child in beside if sentence.tokens[child].dep == "appos")]
    for head in heads:
        start = sentence.tokens[head].start
        for named in sentence.named:
            if named.label in labels and named.span[0] <= start < named.span[1] and not TITLES.match(f"{named.text} "):
                return named
    return None


def _put_beside(sentence: Parsed, top: int, text: str, memory: Memory) -> str | None:
    """The person named between commas right behind a description: "an analyst with the firm, Ruth Calder, said"."""
    tokens = sentence.tokens
    if tokens[top].lemma.casefold() not in PERSON_WORDS:
        return None
    mark = next((i for i in range(top + 1, min(len(tokens), top + BESIDE)) if tokens[i].text == ","), None)
    found = _NAME_BESIDE.match(text, tokens[mark].start) if mark is not None else None
    behind = [token for token in tokens if found is not None and token.start >= found.end()][:4]
    if not any(token.lemma.casefold() in SAY | JUDGE or token.pos == "VERB" for token in behind):
        return None
    name = memory.names.canonical(found[1]) if found is not None else ""
    return name if memory.names.is_person(name) or looks_like_a_person(name) else None


def _holding(sentence: Parsed, top: int) -> Named | None:
    start = sentence.tokens[top].start
    return next((named for named in sentence.named if named.span[0] <= start < named.span[1]), None)


def phrase_of(sentence: Parsed, top: int, text: str, children: list[list[int]]) -> str:
    """The words of a noun phrase without relative clauses and appositions."""
    keep: list[int] = [top]
    todo = [child for child in children[top] if sentence.tokens[child].dep not in _CUT]
    for child in todo:
        keep += subtree(child, children)
    keep.sort()
    run = [top]
    for index in reversed([i for i in keep if i < top]):
        if run[0] - index > 1:
            break
        run.insert(0, index)
    for index in (i for i in keep if i > top):
        if index - run[-1] > 1:
            break
        run.append(index)
    whole = text[sentence.tokens[run[0]].start : sentence.tokens[run[-1]].end]
    return _HANGING.sub("", _CLAUSE.split(whole)[0])


def _maker(sentence: Parsed, top: int, text: str, children: list[list[int]], memory: Memory, paragraph: int) -> Voice:
    """Who made a report or a statement: its possessor, or whom it is "by", "from" or "of", or "released by"."""
    released = [c for c in children[top] if sentence.tokens[c].dep == "acl" and sentence.tokens[c].lemma in _RELEASED]
    beyond = [grand for child in children[top] for grand in subtree(child, children) if sentence.tokens[child].text == "of"]
    for child in (*children[top], *(grand for verb in released for grand in children[verb]), *beyond):
        token = sentence.tokens[child]
        inner = (
            child
            if token.dep in {"poss", "compound", "nmod"}
            else next(
                (
                    g
                    for g in children[child]
                    if token.text.casefold() in {"by", "from", "of"} and sentence.tokens[g].dep == "pobj"
                ),
                None,
            )
        )
        if inner is not None and sentence.tokens[inner].text.casefold() == "our":
            return Voice(OUTLET, "thing")
        held = _holding(sentence, inner) if inner is not None else None
        if held is not None and held.label in {"ORG", "PERSON", "GPE"}:
            return Voice(memory.names.canonical(held.text), "person" if held.label == "PERSON" else "body")
        if inner is not None and inner != child and sentence.tokens[inner].lemma.casefold() in BODY | PERSON_WORDS:
            return voice_of(sentence, inner, text, memory, paragraph)
    return Voice(None, "thing")
