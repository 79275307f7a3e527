"""From the words that name a speaker to the speaker: a name, a description, or a pronoun that must be led back to one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.clauses import children_of, subtree
from spadework.claims.names import TITLES, Names, looks_like_a_person, tidied
from spadework.claims.speech import BODY, MEDIA, OUTLETS, PERSON_WORDS

if TYPE_CHECKING:
    from spadework.records import Named, Parsed

HE: Final = frozenset({"he", "she"})
IT: Final = frozenset({"it"})
THEY: Final = frozenset({"they", "we"})
PAPERS: Final = frozenset((
    "report", "statement", "study", "analysis", "assessment", "document", "letter", "email", "release", "post",
    "survey", "review", "paper", "brief", "bulletin", "communique", "tweet", "filing", "data", "datum", "record",
    "figure", "memo", "dossier", "audit", "log", "briefing", "notice", "message", "readout", "communiqué", "minute",
))  # fmt: skip
"""Things that say what their maker says."""
THINGS: Final = frozenset(
    {"estimate", "evidence", "sign", "result", "test", "sample", "event", "fact", "clue", "indication", "rumour", "rumor"}
)
"""What suggests something without being anybody."""
_NOBODY: Final = re.compile(r"(?:neither|no|none|nobody|nothing|nor)\b", re.IGNORECASE)
_ARTICLES: Final = frozenset({"the", "that", "this"})
_CUT: Final = frozenset({"relcl", "acl", "advcl", "appos", "punct", "parataxis"})
_PLURAL: Final = frozenset({"NNS", "NNPS"})
_OF_THEM: Final = re.compile(r"\bof\s+(?:them|those|these|whom|the\s+(?:two|three|men|women))\b")
_CLAUSE: Final = re.compile(r",?\s+(?:who|which|whose|that)\b")
SHORT: Final = 4
"""Words of a definite description that may stand for itself; a longer one leads back to somebody."""
BESIDE: Final = 9
"""Words after a description within which a name may stand beside it."""
REACH: Final = 2
"""Paragraphs over which a pronoun may be led back; a description, to the only body of the whole text so far."""

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
    media: set[str] = field(default_factory=set)
    """Names that were seen to report what others say."""

    def note(self, paragraph: int, voice: Voice, *, reports: bool = False) -> None:
        """Remember who spoke, and whether it was to report what others say."""
        if voice.name is not None:
            self.spoken.append((paragraph, voice))
            if reports:
                self.media.add(voice.name)

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
            and (voice.by_name or voice.kind == "person")
            and (media is None or (voice.name in self.media or is_media(str(voice.name))) == media)
        ]
        reach = 0 if "body" in kinds else paragraph - REACH + 1
        for since in (paragraph, paragraph - 1, reach):
            near = {name for at, name in fit if at >= max(since, reach)}
            if near:
                return near.pop() if len(near) == 1 else None
        return None

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
        tokens[i] for i in range(max(0, inside[0] - 4), inside[0]) if tokens[i].head in inside or tokens[i].dep == "compound"
    ]
    below = [token for token in tokens if token.dep == "appos" and token.head == top]
    above = [tokens[tokens[top].head]] if tokens[top].dep == "appos" and 0 <= tokens[top].head < len(tokens) else []
    return [*before, *below, *above]


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
    if token.pos == "PRON" or word in HE | IT | THEY:
        return _pronoun(word, memory, paragraph)
    children = children_of(sentence)
    named = _by_name(sentence, top, text, children, memory)
    if named is not None:
        return named
    phrase = phrase_of(sentence, top, text, children)
    if _OF_THEM.search(phrase):
        return Voice(None, "person", by_name=False)
    lemma = token.lemma.casefold()
    if any(token.dep == "conj" for token in (sentence.tokens[c] for c in children[top])):
        return Voice(tidied(phrase), "several")
    if lemma in PAPERS:
        made = _maker(sentence, top, text, children, memory, paragraph)
        return made if made.name is not None else _of_paper(phrase, memory, paragraph, plural=token.tag in _PLURAL)
    held = _holding(sentence, top)
    if held is not None and held.label in {"ORG", "GPE", "NORP", "FAC", "PERSON", "PRODUCT", "WORK_OF_ART", "LOC"}:
        return _named(memory.names.canonical(held.text), memory)
    if token.pos == "PROPN":
        return _named(memory.names.canonical(_whole_name(text, token.start) or phrase), memory)
    return _described(sentence, top, phrase, memory, paragraph)


def _by_name(sentence: Parsed, top: int, text: str, children: list[list[int]], memory: Memory) -> Voice | None:
    """The person that a phrase holds or stands beside, or the name put behind a description: "its owner, Brine Petroleum"."""
    tokens = sentence.tokens
    if tokens[top].tag in _PLURAL:
        return None  # "two employees of the firm, Sarn Works, said": the name is the firm's
    person = _entity(sentence, top, children, frozenset({"PERSON"}))
    name = memory.names.canonical(person.text) if person is not None else _put_beside(sentence, top, text, memory)
    if name is not None:
        return Voice(name, "person") if " " not in name else _named(name, memory)
    beside = next((c for c in children[top] if tokens[c].dep == "appos" and tokens[c].pos == "PROPN"), None)
    if beside is None or tokens[top].pos != "NOUN":
        return None
    return _named(memory.names.canonical(phrase_of(sentence, beside, text, children)), memory)


_HYPHENED: Final = re.compile(r"(?:[A-Z][\w\u2019']*(?:-[\w\u2019']+)*\s+)*[A-Z][\w\u2019']*-[\w\u2019'-]+")


def _whole_name(text: str, at: int) -> str | None:
    """The name with a hyphen that a word stands in: a parser cuts it there."""
    start = max(text.rfind(mark, 0, at) for mark in ",.;\u201c\n") + 1
    return next((m[0] for m in _HYPHENED.finditer(text, start, at + 60) if m.start() <= at < m.end()), None)


def _named(name: str, memory: Memory) -> Voice:
    """A name, of a person where the document or its own form says so."""
    return Voice(name, "person" if memory.names.is_person(name) or looks_like_a_person(name) else "body")


def _pronoun(word: str, memory: Memory, paragraph: int) -> Voice:
    if word in HE:
        return Voice(memory.latest(paragraph, frozenset({"person"})), "person", by_name=False)
    if word in IT:
        return Voice(memory.latest(paragraph, frozenset({"body"})), "body", by_name=False)
    if word == "they":
        return Voice(memory.latest(paragraph, frozenset({"several", "body"})), "several", by_name=False)
    return Voice(None, "thing")


def _entity(sentence: Parsed, top: int, children: list[list[int]], labels: frozenset[str]) -> Named | None:
    """An entity that holds the head of a phrase, or stands in apposition to it."""
    heads = [top, *(child for child in children[top] if sentence.tokens[child].dep == "appos")]
    for head in heads:
        start = sentence.tokens[head].start
        for named in sentence.named:
            if named.label in labels and named.span[0] <= start < named.span[1] and not TITLES.match(f"{named.text} "):
                return named
    return None


_NAME_BESIDE: Final = re.compile(r",\s+((?:[A-Z][\w.\u2019'-]*\s+){1,4}[A-Z][\w\u2019'-]+),")


def _put_beside(sentence: Parsed, top: int, text: str, memory: Memory) -> str | None:
    """The person named between commas right behind a description: "an analyst with the firm, Ruth Calder, said"."""
    tokens = sentence.tokens
    if tokens[top].lemma.casefold() not in PERSON_WORDS:
        return None
    mark = next((i for i in range(top + 1, min(len(tokens), top + BESIDE)) if tokens[i].text == ","), None)
    if mark is None or any(tokens[i].pos == "VERB" for i in range(top + 1, mark)):
        return None
    found = _NAME_BESIDE.match(text, tokens[mark].start)
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
    return _CLAUSE.split(whole)[0]


_RELEASED: Final = frozenset(
    {"release", "publish", "compile", "collect", "issue", "produce", "draw", "write", "prepare", "commission"}
)
"""What a maker does with a report or with data."""


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
        held = _holding(sentence, inner) if inner is not None else None
        if held is not None and held.label in {"ORG", "PERSON", "GPE"}:
            return Voice(memory.names.canonical(held.text), "person" if held.label == "PERSON" else "body")
        if inner is not None and inner != child and sentence.tokens[inner].lemma.casefold() in BODY | PERSON_WORDS:
            return voice_of(sentence, inner, text, memory, paragraph)
    return Voice(None, "thing")


TRADES: Final = frozenset({"firm", "company", "operator", "provider", "contractor", "developer"})
"""Descriptions of one that sells images, or anything else."""
SEVERAL_HAVE: Final = frozenset(
    {
        "government",
        "ministry",
        "army",
        "military",
        "police",
        "force",
        "council",
        "court",
        "regime",
        "party",
        "commission",
        "committee",
    }
)
"""Bodies of which a story may hold several: "the government" is led back only to a name that says so."""


FEW_HAVE: Final = frozenset(
    {
        "authority",
        "union",
        "association",
        "charity",
        "institute",
        "department",
        "board",
        "cooperative",
        "watchdog",
        "regulator",
        "utility",
        "chamber",
        "laboratory",
        "inquiry",
        "panel",
        "coalition",
        "federation",
        "cabinet",
        "navy",
        "coastguard",
    }
)
"""Bodies of which a story mostly holds one."""
_LOOSE_WORDS: Final = frozenset(
    {"same", "other", "new", "another", "own", "whole", "former", "such", "second", "first", "rival", "local"}
)
"""Words that tell no body from another."""


def _first_glimpse(words: list[str], paragraph: int) -> bool:
    """Whether a lead speaks of "an analyst" whom it names only later."""
    return paragraph == 0 and words[0].casefold() in {"a", "an", "one"}


def _described(sentence: Parsed, top: int, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """A description: itself where it brings somebody new in; led back where it says "the" of somebody known."""
    phrase = phrase.split(",", maxsplit=1)[0]
    token = sentence.tokens[top]
    lemma = token.lemma.casefold()
    words = phrase.split()
    plural = token.tag in _PLURAL
    if _NOBODY.match(phrase):
        return Voice(None, "thing")
    if lemma in PERSON_WORDS or token.text.casefold() in {"locals", "rebels"}:
        return _a_person(sentence, top, phrase, memory, paragraph)
    if lemma in BODY | MEDIA:
        return _a_body(lemma, phrase, memory, paragraph)
    if plural and token.pos == "NOUN":
        thing = lemma in PAPERS | THINGS or words[0].casefold() in _ARTICLES
        return Voice(None, "thing" if lemma in PAPERS | THINGS else "several") if thing else Voice(tidied(phrase), "several")
    if words[0].casefold() in {"a", "an", "one", "another"} and paragraph > 0 and lemma not in PAPERS | THINGS:
        return Voice(tidied(phrase), "person", by_name=False)
    return Voice(None, "thing")


def _of_paper(phrase: str, memory: Memory, paragraph: int, *, plural: bool) -> Voice:
    """A paper that names no maker: "the report" is that of the body that spoke last, "a report" and "documents" speak for themselves."""
    first = phrase.split(maxsplit=1)[0].casefold()
    if first in _ARTICLES:
        return Voice(memory.latest(paragraph, frozenset({"body", "provider"}), media=False), "body", by_name=False)
    alone = plural or (first in {"a", "an"} and paragraph > 0)
    return Voice(tidied(phrase) if alone else None, "body", by_name=False)


def _a_person(sentence: Parsed, top: int, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """A person by a description: "the mayor", "a ministry spokesman", "two officials"."""
    token = sentence.tokens[top]
    lemma, words, plural = token.lemma.casefold(), phrase.split(), token.tag in _PLURAL
    if words[0].casefold() in _ARTICLES and not plural:
        known = memory.called(lemma)
        if known is None and not memory.titles.get(lemma) and len(words) <= SHORT and "of" not in words:
            known = tidied(phrase)  # nobody in the document has a name with this title
        return Voice(known, "person", by_name=False)
    inner = next(
        (n for n in sentence.named if n.label == "ORG" and n.span[1] <= token.start and phrase.startswith(n.text)), None
    )
    if plural and lemma in {"analyst", "researcher"} and inner is not None:
        return Voice(memory.names.canonical(inner.text), "body")
    return Voice(None if _first_glimpse(words, paragraph) else tidied(phrase), "several" if plural else "person", by_name=False)


def _a_body(lemma: str, phrase: str, memory: Memory, paragraph: int) -> Voice:
    """An organisation by a description: "the firm", "the river authority", "a local charity"."""
    words = phrase.split()
    if words[0].casefold() not in _ARTICLES:
        return Voice(None if _first_glimpse(words, paragraph) else tidied(phrase), "body", by_name=False)
    bare = len(words) == 2  # noqa: PLR2004 - "the firm"
    if bare or (len(words) == 3 and words[1][:1].islower()):  # noqa: PLR2004 - "the imagery firm"
        kinds = frozenset({"body", "provider"}) if lemma in TRADES else frozenset({"body"})
        known = memory.called(lemma) or (
            None if lemma in SEVERAL_HAVE else memory.latest(paragraph, kinds, media=lemma in OUTLETS)
        )
        alone = not bare or lemma in FEW_HAVE
        if known is None and alone and not memory.titles.get(lemma):
            known = tidied(phrase)  # no name in the document holds the word
        return Voice(known, "body", by_name=False)
    return Voice(tidied(phrase), "body", by_name=False)
