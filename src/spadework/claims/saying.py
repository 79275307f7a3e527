"""Rules for who says or judges something by a verb, a participle or a noun: "X said that ..."; "insisting that ..."; "X's claim that ..."."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.clauses import subtree
from spadework.claims.found import Found
from spadework.claims.memory import Voice
from spadework.claims.reach import between_commas, claimed, main_of, stretch, trailing
from spadework.claims.speech import IMAGES, JUDGE, NOUNS, ONLY_WITH_CLAUSE, PAPERS, REPORT, SAY, SHOW
from spadework.claims.telling import told
from spadework.records import UNKNOWN

if TYPE_CHECKING:
    from spadework.claims.found import Sentence

HEDGED: Final = frozenset(
    {"estimate", "put", "assess", "judge", "believe", "reckon", "think", "suspect", "conclude", "expect", "calculate"}
)
"""Verbs whose whole clause is somebody's judgement."""
GIVES: Final = frozenset({"give", "list", "mention", "contain"})
"""Verbs of a paper that says something."""
OF_MINDS: Final = frozenset(
    {"estimate", "assess", "judge", "believe", "reckon", "think", "suspect", "conclude", "fear", "hope", "expect", "doubt"}
)
"""Verbs of a judgement that only somebody can pass: who that is may be unknown, but it is not the outlet."""
NEAR: Final = 4
"""Words between a subject and its verb after a quotation."""
AGAINST: Final = frozenset({"deny", "reject", "dismiss", "refute", "rebut", "dispute"})
"""Verbs of somebody who does not pass on what he speaks of."""
_OURSELVES: Final = frozenset({"i", "we", "you", "me", "us"})
_GIVEN: Final = frozenset({"in", "by"})


def speech(s: Sentence) -> list[Found]:
    """Speech: "X said that ..."; ", X said"; "said X"; "X, who said that ..."."""
    out = []
    for verb, token in enumerate(s.parsed.tokens):
        lemma = token.lemma.casefold()
        subjects = _subjects_of(s, verb)
        paper = lemma in SHOW | JUDGE | GIVES and any(s.parsed.tokens[c].lemma.casefold() in PAPERS for c in subjects)
        spoke = lemma in SAY | JUDGE or paper or (lemma not in REPORT and _after_quotation(s, verb))
        asks = token.dep == "relcl" and lemma == "ask"  # "who asked not to be named"
        if not spoke or asks or not _is_verb(s, verb) or _refused(s, verb):
            continue
        if (s.is_quoted(verb) and not _told_of(s, verb, subjects)) or _of_himself(s, verb, subjects):
            continue
        before = None if subjects or lemma not in SAY else _right_beside(s, verb)
        main = main_of(s, verb)
        disputes = token.dep == "relcl" and s.parsed.tokens[token.head].lemma.casefold() in NOUNS
        whole = bool(main) or paper or disputes or between_commas(s, verb)
        needy = not whole and (lemma in ONLY_WITH_CLAUSE | JUDGE or token.dep == "relcl")
        if (not subjects and before is None) or (needy and not _has_content(s, verb)):
            continue
        if subjects and _is_picture(s, subjects[0]):
            continue
        voice = _speaker(s, verb, subjects[0]) if subjects else before or Voice(None, "thing")
        if voice.name is None and voice.kind in {"thing", "several"} and lemma in ONLY_WITH_CLAUSE | (JUDGE - OF_MINDS):
            continue
        cover = s.covered(verb) | main
        if trailing(s, verb):
            cover |= frozenset(range(len(s.parsed.tokens) if between_commas(s, verb) else verb))
        cover &= stretch(s, verb)
        if lemma in AGAINST:
            cover -= claimed(s, cover)
        kind: Literal["say", "judge"] = "judge" if lemma in JUDGE else "say"
        cue = token.text if lemma in HEDGED else ""
        out.append(Found("speech", verb, voice, kind, cover, told(s, verb), cue=cue))
    return out


def _has_content(s: Sentence, verb: int) -> bool:
    """Whether a verb of saying has a clause, a quotation or a figure with it."""
    kinds = {s.parsed.tokens[child].dep for child in s.children[verb]}
    below = subtree(verb, s.children)
    called = s.parsed.tokens[verb].lemma in {"call", "ask"} and any(
        s.parsed.tokens[c].text in {"for", "on"} for c in s.children[verb]
    )
    return (
        called
        or bool(kinds & {"ccomp", "parataxis", "xcomp", "oprd"})
        or any(s.parsed.tokens[i].text in {"\u201c", '"'} for i in below)
        or (s.parsed.tokens[verb].lemma in JUDGE and any(s.parsed.tokens[i].pos == "NUM" for i in below))
    )


def _is_picture(s: Sentence, subject: int) -> bool:
    """Whether a subject is an image, of which another rule tells; data that somebody released speak for their maker."""
    token = s.parsed.tokens[subject]
    return token.lemma.casefold() in IMAGES and token.lemma.casefold() not in PAPERS and token.pos != "PROPN"


_HIMSELF: Final = frozenset({"he", "she", "it", "they"})


def _of_himself(s: Sentence, verb: int, subjects: list[int]) -> bool:
    """Whether a pronoun below somebody's own words means that somebody: "Salim said he had counted nine"."""
    tokens = s.parsed.tokens
    if not subjects or tokens[subjects[0]].text.casefold() not in _HIMSELF:
        return False
    above = verb
    for _ in tokens:
        if tokens[above].head == above or not 0 <= tokens[above].head < len(tokens):
            return False
        above = tokens[above].head
        if tokens[above].lemma.casefold() in SAY | JUDGE:
            return any(tokens[c].text.casefold() not in _HIMSELF for c in _subjects_of(s, above))
    return False


def _told_of(s: Sentence, verb: int, subjects: list[int]) -> bool:
    """Whether words in quotation marks tell what somebody else said: “The contractor told us ...”; the surveyor “told them that ...”."""
    clause = any(s.parsed.tokens[c].dep == "ccomp" for c in s.children[verb])
    return clause and bool(subjects) and s.parsed.tokens[subjects[0]].text.casefold() not in _OURSELVES


def _speaker(s: Sentence, verb: int, subject: int) -> Voice:
    """The voice of a subject; of "who" and "which", that of the noun before; within a quotation no pronoun is led back."""
    token = s.parsed.tokens[subject]
    if token.text.casefold() in {"he", "she"} and s.parsed.tokens[s.parsed.tokens[verb].head].lemma in NOUNS:
        return _only_person(s)
    if token.tag in {"WP", "WDT"} and s.parsed.tokens[verb].dep == "relcl":
        return s.voice(s.parsed.tokens[verb].head)
    return Voice(None, "thing") if s.is_quoted(subject) and token.pos == "PRON" else s.voice(subject)


def _only_person(s: Sentence) -> Voice:
    """The only person that a sentence names: whom "a claim she rejects" means."""
    names = {s.memory.names.canonical(named.text) for named in s.parsed.named if named.label == "PERSON"}
    return Voice(names.pop() if len(names) == 1 else None, "person", by_name=False)


def _before_aside(s: Sentence, verb: int) -> list[int]:
    """The subject that a parser gave to an aside: "X, shown the images, said ..."."""
    tokens = s.parsed.tokens
    aside = next((c for c in s.children[verb] if tokens[c].dep == "ccomp" and c < verb and tokens[verb - 1].text == ","), None)
    if aside is None or tokens[aside].tag not in {"VBD", "VBN"}:
        return []
    return [c for c in s.children[aside] if tokens[c].dep == "nsubj" and tokens[c].pos == "PROPN" and tokens[c + 1].text == ","]


def _subjects_of(s: Sentence, verb: int) -> list[int]:
    """The subjects of a verb, the nearest first; of one that is joined to another by "and", the other's: "X came and said"."""
    tokens = s.parsed.tokens
    for _ in tokens:
        found = sorted((c for c in s.children[verb] if tokens[c].dep == "nsubj"), key=lambda c: abs(c - verb))
        joined = tokens[verb].dep == "conj" and tokens[verb - 1].text in {"and", "but"}
        if joined and found and min(found) > verb:
            found = []  # "did not dispute the time but said the charge was small": the charge says nothing
        if found or tokens[verb].dep != "conj" or not 0 <= tokens[verb].head < len(tokens) or tokens[verb].tag in {"VB", "VBN"}:
            return found or _before_aside(s, verb)
        verb = tokens[verb].head
        above = tokens[verb].head
        if tokens[verb].dep == "ccomp" and 0 <= above < len(tokens) and tokens[above].lemma in SAY | JUDGE:
            verb = above  # "X denied that it was illegal and said ...": the parser joins "said" to "was"
    return []


def _right_beside(s: Sentence, verb: int) -> Voice | None:
    """A name right beside a verb whose subject the parser did not see: "the head of the firm, Jane Doe, wrote"; "..., says Jane Doe"."""
    start, end = s.parsed.tokens[verb].start, s.parsed.tokens[verb].end
    named = [n for n in s.parsed.named if n.label in {"PERSON", "ORG"}]
    held = next((n for n in named if 0 < start - n.span[1] <= NEAR - 1 or n.span[0] == end + 1), None)
    if held is None or (held.span[0] > end and s.parsed.tokens[verb - 1].text not in {",", "\u201d", "\u2014"}):
        return None
    top = next((i for i, t in enumerate(s.parsed.tokens) if t.end == held.span[1]), None)
    return s.voice(top) if top is not None else None


def _after_quotation(s: Sentence, verb: int) -> bool:
    """Whether a verb of any kind follows a quotation with its subject: "...,” he fumed"."""
    subjects = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj"]
    first = min([verb, *(min(subtree(c, s.children)) for c in subjects)]) if subjects else 0
    return first > 1 and s.parsed.tokens[first - 1].text in {"”", '"'} and abs(subjects[0] - verb) <= NEAR


def _is_verb(s: Sentence, index: int) -> bool:
    """Whether a word is a verb, or was taken for a noun though it has a subject and a clause: "brokers estimate that ..."."""
    kinds = {s.parsed.tokens[c].dep for c in s.children[index]}
    return s.parsed.tokens[index].pos in {"VERB", "AUX"} or {"nsubj", "ccomp"} <= kinds


def _refused(s: Sentence, verb: int) -> bool:
    """Whether nobody says anything: "did not respond", "has not confirmed", "expected to report"."""
    negated = any(s.parsed.tokens[c].dep == "neg" for c in s.children[verb])
    to_come = s.parsed.tokens[verb].tag == "VB" and any(s.parsed.tokens[c].tag == "TO" for c in s.children[verb])
    return negated or to_come or s.parsed.tokens[verb].dep == "xcomp"


def participle(s: Sentence) -> list[Found]:
    """A participle: "X hit back, insisting that ..."."""
    out = []
    tokens = s.parsed.tokens
    for index, token in enumerate(tokens):
        lemma = token.lemma.casefold()
        if token.tag != "VBG" or lemma not in SAY | JUDGE or s.is_quoted(index) or not _has_content(s, index):
            continue
        head = token.head if 0 <= token.head < len(tokens) else index
        subject = next(iter(_subjects_of(s, head)), None)
        if subject is None or token.dep not in {"advcl", "xcomp", "conj"} or tokens[head].lemma in SAY | JUDGE:
            continue
        voice = s.voice(subject)
        if voice.name is not None:
            out.append(Found("participle", index, voice, "say", s.covered(head)))
    return out


def nominal(s: Sentence) -> list[Found]:
    """Nouns: "in X's view"; "by the estimate of X"; "X's claim that ..."; "a warning from X that ..."."""
    out = []
    tokens = s.parsed.tokens
    for index, token in enumerate(tokens):
        if token.lemma.casefold() not in NOUNS or token.pos != "NOUN" or s.is_quoted(index):
            continue
        clause = next(
            (c for c in s.children[index] if tokens[c].dep == "acl" and any(tokens[g].text == "that" for g in s.children[c])),
            None,
        )
        led = token.dep == "pobj" and 0 <= token.head < len(tokens) and tokens[token.head].text.casefold() in _GIVEN
        maker = _made_by(s, index)
        if maker is None or (clause is None and not led):
            continue
        top = clause if clause is not None else tokens[token.head].head
        if not 0 <= top < len(tokens):
            continue
        voice = s.voice(maker)
        if clause is not None:
            via, cover = _passed_on(s, token.head), frozenset(subtree(clause, s.children))
            out.append(Found("nominal", clause, voice, "say", cover | (s.covered(token.head) if via else cover), via))
        elif voice.name is not None or tokens[maker].tag == "PRP$":
            out.append(Found("nominal", index, voice, "say", s.covered(top)))
    return out


_PASSES_ON: Final = frozenset({"pass", "relay", "repeat", "share", "cite", "quote", "convey"})


def _passed_on(s: Sentence, verb: int) -> tuple[str, ...]:
    """Who passes on what somebody else says: "two diplomats pass on an estimate by the service that ..."."""
    if not 0 <= verb < len(s.parsed.tokens) or s.parsed.tokens[verb].lemma not in _PASSES_ON:
        return ()
    return tuple(s.voice(c).name or UNKNOWN for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj")


def _made_by(s: Sentence, noun: int) -> int | None:
    """Index of whose view or claim it is: the possessor, or whom it is "of", "by" or "from"."""
    tokens = s.parsed.tokens
    for child in s.children[noun]:
        if tokens[child].dep == "poss":
            return child
        if tokens[child].text.casefold() in {"of", "by", "from"}:
            inner = s.object_of(child)
            if inner is not None:
                return inner
    return None
