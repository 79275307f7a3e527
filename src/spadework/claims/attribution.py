"""Who says what in one sentence: each rule looks for one way in which newsrooms attribute, and says what it covers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from spadework.claims.clauses import says_so, subtree
from spadework.claims.found import Found
from spadework.claims.pictures import imagery, provider_of
from spadework.claims.speech import IMAGES, JUDGE, MEDIA, NOUNS, ONLY_WITH_CLAUSE, OUTLETS, REPORT, SAY, SHOW
from spadework.claims.voices import PAPERS, Voice, is_media, phrase_of
from spadework.records import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.claims.found import Sentence

_PAPERS_SHOW: Final = re.compile(
    r",\s+((?:\w+\s+){0,3}?(?:documents|records|files|emails|e-mails|minutes|papers|messages|filings)\b[^,.;]{0,60}?)\s+(?:show|shows|reveal|suggest|indicate)\.?$",
    re.IGNORECASE,
)
HEDGED: Final = frozenset(
    {"estimate", "put", "assess", "judge", "believe", "reckon", "think", "suspect", "conclude", "expect", "calculate"}
)
"""Verbs whose whole clause is somebody's judgement."""
ASIDE: Final = 6
"""Words between a verb of saying and the comma that closes its aside."""
NEAR: Final = 4
"""Words between a subject and its verb after a quotation."""
_SUBJECTS: Final = frozenset({"nsubj", "nsubjpass"})
_SENT: Final = frozenset({"interview", "email", "statement", "comment", "remark", "letter", "message", "briefing"})
"""What is given to a medium."""
_NOT_MEDIA: Final = frozenset((
    "parliament", "council", "committee", "conference", "court", "lawmakers", "reporters", "journalists", "senate",
    "congress", "assembly", "hearing", "inquiry",
))  # fmt: skip


def _told(s: Sentence, verb: int) -> tuple[str, ...]:
    """Media to which something was told or that carried it: "told Reuters", "in an interview with the BBC", "in a statement carried by RTV"."""
    out = []
    spoke = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "advcl" and s.parsed.tokens[c].lemma in {"speak", "talk"}]
    for child in (*s.children[verb], *(grand for aside in spoke for grand in s.children[aside])):
        token = s.parsed.tokens[child]
        told = token.dep in {"dobj", "dative", "iobj"} and s.parsed.tokens[verb].lemma == "tell"
        leads = token.text.casefold() in {"to", "in", "with"}
        below = subtree(child, s.children) if told or leads else []
        sent = told or token.head in spoke or any(s.parsed.tokens[i].lemma in _SENT for i in below)
        names = [child] if told and token.pos == "PROPN" else [i for i in below if s.parsed.tokens[i].dep in {"pobj", "appos"}]
        medium = next((name for i in names if (name := _medium(s, i, told=sent)) is not None), None)
        if medium is None and told and token.lemma.casefold() in OUTLETS:
            medium = s.memory.latest(s.paragraph, frozenset({"body"}), media=True)  # "told the channel"
        if medium is not None:
            out.append(medium)
    return tuple(out)


def _medium(s: Sentence, target: int, *, told: bool) -> str | None:
    """A medium's name, where a noun is one: by its own words, by the word before it, or because it was told."""
    if s.parsed.tokens[target].pos != "PROPN":
        return None
    phrase = phrase_of(s.parsed, target, s.text, s.children)
    held = next((n for n in s.parsed.named if n.span[0] <= s.parsed.tokens[target].start < n.span[1]), None)
    above = s.parsed.tokens[target].head
    kind = phrase_of(s.parsed, above, s.text, s.children) if s.parsed.tokens[target].dep == "appos" else ""
    words = {word.casefold() for word in f"{kind} {phrase}".split()}
    if words & _NOT_MEDIA or (held is not None and held.label in {"DATE", "TIME", "GPE", "NORP", "LOC"}):
        return None
    named = " ".join(word for word in phrase.split() if word[:1].isupper() and word not in {"The", "A", "An"})
    known = s.memory.names.canonical(held.text if held is not None else named)
    medium = bool(words & (MEDIA | OUTLETS)) or known in s.memory.media
    return known if medium or (told and not s.memory.names.is_person(known)) else None


def _has_content(s: Sentence, verb: int) -> bool:
    """Whether a verb of saying has a clause, a quotation or a figure with it."""
    kinds = {s.parsed.tokens[child].dep for child in s.children[verb]}
    below = subtree(verb, s.children)
    called = s.parsed.tokens[verb].lemma in {"call", "ask"} and any(
        s.parsed.tokens[c].text in {"for", "on"} for c in s.children[verb]
    )
    return (
        called
        or bool(kinds & {"ccomp", "parataxis", "xcomp"})
        or any(s.parsed.tokens[i].text in {"\u201c", '"'} or s.parsed.tokens[i].pos == "NUM" for i in below)
    )


def _trailing(s: Sentence, verb: int) -> bool:
    """Whether what was said stands before the verb: ", the agency said"."""
    tokens = s.parsed.tokens
    subjects = [c for c in s.children[verb] if tokens[c].dep in _SUBJECTS]
    nearest = min(subjects, key=lambda c: abs(c - verb), default=verb)
    first = min(verb, *subtree(nearest, s.children))
    return first > 1 and tokens[first - 1].text in {",", "\u201d", '"', "\u2014", "\u2013", "-"}


def speech(s: Sentence) -> list[Found]:
    """Speech: "X said that ..."; ", X said"; "said X"; "X, who said that ..."."""
    out = []
    for verb, token in enumerate(s.parsed.tokens):
        lemma = token.lemma.casefold()
        subjects = _subjects_of(s, verb)
        paper = lemma in SHOW and any(s.parsed.tokens[c].lemma.casefold() in PAPERS for c in subjects)
        spoke = lemma in SAY | JUDGE or paper or (lemma not in REPORT and _after_quotation(s, verb))
        if token.pos not in {"VERB", "AUX"} or not spoke or _refused(s, verb):
            continue
        if s.is_quoted(verb) and not _told_of(s, verb, subjects):
            continue
        before = None if subjects or lemma not in SAY else _right_before(s, verb)
        main = _main_of(s, verb)
        needy = not main and not _between_commas(s, verb) and (lemma in ONLY_WITH_CLAUSE | JUDGE or token.dep == "relcl")
        if (not subjects and before is None) or (needy and not _has_content(s, verb)):
            continue
        if subjects and _is_picture(s, subjects[0]):
            continue
        voice = _speaker(s, verb, subjects[0]) if subjects else before or Voice(None, "thing")
        if voice.name is None and voice.kind in {"thing", "several"} and lemma in ONLY_WITH_CLAUSE | JUDGE:
            continue
        cover = s.covered(verb) | main
        if _trailing(s, verb):
            cover |= frozenset(range(len(s.parsed.tokens) if _between_commas(s, verb) else verb))
        cover &= _stretch(s, verb)
        if lemma in AGAINST:
            cover -= _claimed(s, cover)
        kind: Literal["say", "judge"] = "judge" if lemma in JUDGE else "say"
        cue = token.text if lemma in HEDGED else ""
        out.append(Found("speech", verb, voice, kind, cover, _told(s, verb), cue=cue))
    return out


def _is_picture(s: Sentence, subject: int) -> bool:
    """Whether a subject is an image, of which another rule tells; data that somebody released speak for their maker."""
    token = s.parsed.tokens[subject]
    return token.lemma.casefold() in IMAGES and token.lemma.casefold() not in PAPERS and token.pos != "PROPN"


def _between_commas(s: Sentence, verb: int) -> bool:
    """Whether an attribution stands within what it attributes: "The wall, engineers concluded in May, was built on sand"."""
    tokens = s.parsed.tokens
    after = next(
        (i for i in range(verb + 1, min(len(tokens), verb + 1 + ASIDE)) if tokens[i].text in {",", ".", "\u201d"}), None
    )
    return (
        _trailing(s, verb)
        and after is not None
        and tokens[after].text == ","
        and not any(tokens[i].text in {"that", "and", "but"} or tokens[i].pos == "VERB" for i in range(verb + 1, after))
    )


AGAINST: Final = frozenset({"deny", "reject", "dismiss", "refute", "rebut", "dispute"})
"""Verbs of somebody who does not pass on what he speaks of."""


def _claimed(s: Sentence, cover: frozenset[int]) -> frozenset[int]:
    """Clauses that say what somebody else claims: "rejected a claim by X that ..."."""
    tokens = s.parsed.tokens
    tops = [i for i in cover if tokens[i].dep == "acl" and tokens[tokens[i].head].lemma.casefold() in NOUNS]
    return frozenset(inner for top in tops for inner in subtree(top, s.children))


_OURSELVES: Final = frozenset({"i", "we", "you", "me", "us"})


def _stretch(s: Sentence, verb: int) -> frozenset[int]:
    """The words between the semicolons around a verb: what stands beyond one may be somebody else's."""
    marks = [i for i, token in enumerate(s.parsed.tokens) if token.text == ";"]
    start = max((i for i in marks if i < verb), default=-1)
    end = min((i for i in marks if i > verb), default=len(s.parsed.tokens))
    return frozenset(range(start + 1, end))


def _told_of(s: Sentence, verb: int, subjects: list[int]) -> bool:
    """Whether words in quotation marks tell what somebody else said: “The contractor told us ...”; the surveyor “told them that ...”."""
    clause = any(s.parsed.tokens[c].dep == "ccomp" for c in s.children[verb])
    return clause and bool(subjects) and s.parsed.tokens[subjects[0]].text.casefold() not in _OURSELVES


def _speaker(s: Sentence, verb: int, subject: int) -> Voice:
    """The voice of a subject; of "who" and "which", that of the noun before; within a quotation no pronoun is led back."""
    token = s.parsed.tokens[subject]
    if token.tag in {"WP", "WDT"} and s.parsed.tokens[verb].dep == "relcl":
        return s.voice(s.parsed.tokens[verb].head)
    return Voice(None, "thing") if s.is_quoted(subject) and token.pos == "PRON" else s.voice(subject)


def _main_of(s: Sentence, verb: int) -> frozenset[int]:
    """What stands under the clause that "as the agency reported" belongs to; nothing of any other clause."""
    above = s.parsed.tokens[verb].head
    if s.parsed.tokens[verb].dep != "advcl" or not says_so(s.parsed, verb, s.children) or not 0 <= above < len(s.parsed.tokens):
        return frozenset()
    return s.covered(above)


def _subjects_of(s: Sentence, verb: int) -> list[int]:
    """The subjects of a verb, the nearest first; of one that is joined to another by "and", the other's: "X came and said"."""
    tokens = s.parsed.tokens
    for _ in tokens:
        found = sorted((c for c in s.children[verb] if tokens[c].dep == "nsubj"), key=lambda c: abs(c - verb))
        if found or tokens[verb].dep != "conj" or not 0 <= tokens[verb].head < len(tokens) or tokens[verb].tag in {"VB", "VBN"}:
            return found
        verb = tokens[verb].head
        above = tokens[verb].head
        if tokens[verb].dep == "ccomp" and 0 <= above < len(tokens) and tokens[above].lemma in SAY | JUDGE:
            verb = above  # "X denied that it was illegal and said ...": the parser joins "said" to "was"
    return []


def _right_before(s: Sentence, verb: int) -> Voice | None:
    """A name right before a verb whose subject the parser did not see: "the head of the firm, Jane Doe, wrote"."""
    start = s.parsed.tokens[verb].start
    held = next((n for n in s.parsed.named if n.label in {"PERSON", "ORG"} and 0 < start - n.span[1] <= NEAR - 1), None)
    if held is None:
        return None
    top = next((i for i, t in enumerate(s.parsed.tokens) if t.end == held.span[1]), None)
    return s.voice(top) if top is not None else None


def papers(s: Sentence) -> list[Found]:
    """Papers: ", documents obtained by X show"."""
    found = _PAPERS_SHOW.search(s.text[s.parsed.span[0] : s.parsed.span[1]])
    if found is None:
        return []
    at = next((i for i, t in enumerate(s.parsed.tokens) if t.start >= s.parsed.span[0] + found.start(1)), 0)
    return [Found("papers", at, Voice(found[1], "body", by_name=False), "say", frozenset(range(len(s.parsed.tokens))))]


def _after_quotation(s: Sentence, verb: int) -> bool:
    """Whether a verb of any kind follows a quotation with its subject: "...,” he fumed"."""
    subjects = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj"]
    first = min([verb, *(min(subtree(c, s.children)) for c in subjects)]) if subjects else 0
    return first > 1 and s.parsed.tokens[first - 1].text in {"”", '"'} and abs(subjects[0] - verb) <= NEAR


def participle(s: Sentence) -> list[Found]:
    """A participle: "X hit back, insisting that ..."."""
    out = []
    tokens = s.parsed.tokens
    for index, token in enumerate(tokens):
        lemma = token.lemma.casefold()
        if token.tag != "VBG" or lemma not in SAY | JUDGE or s.is_quoted(index) or not _has_content(s, index):
            continue
        head = token.head if 0 <= token.head < len(tokens) else index
        subject = next((c for c in s.children[head] if tokens[c].dep == "nsubj"), None)
        if subject is None or token.dep not in {"advcl", "xcomp", "conj"} or tokens[head].lemma in SAY | JUDGE:
            continue
        voice = s.voice(subject)
        if voice.name is not None:
            out.append(Found("participle", index, voice, "say", s.covered(head)))
    return out


def _refused(s: Sentence, verb: int) -> bool:
    """Whether nobody says anything: "did not respond", "has not confirmed"."""
    negated = any(s.parsed.tokens[c].dep == "neg" for c in s.children[verb])
    return negated or s.parsed.tokens[verb].dep == "xcomp"


def according(s: Sentence) -> list[Found]:
    """According to X."""
    out = []
    for index, token in enumerate(s.parsed.tokens):
        if token.text.casefold() != "according":
            continue
        to = next(
            (
                c
                for c in (*s.children[index], index + 1)
                if c < len(s.parsed.tokens) and s.parsed.tokens[c].text.casefold() == "to"
            ),
            None,
        )
        top = next((c for c in s.children[to] if s.parsed.tokens[c].dep == "pobj"), None) if to is not None else None
        if top is None:
            continue
        pictures = s.parsed.tokens[top].lemma.casefold() in IMAGES
        voice = Voice(provider_of(s, top, len(s.parsed.tokens) - 1), "body") if pictures else s.voice(top)
        via = _cited_by(s, top)
        head = s.parsed.tokens[index].head
        cover = s.covered(head) if 0 <= head < len(s.parsed.tokens) else frozenset(range(len(s.parsed.tokens)))
        out.append(Found("according", index, voice, "according", cover & _stretch(s, index), via))
    return out


def _cited_by(s: Sentence, top: int) -> tuple[str, ...]:
    """Who cited the one that is named: "an expert cited by the broadcaster"."""
    for child in s.children[top]:
        if s.parsed.tokens[child].lemma in {"cite", "quote", "interview", "publish"}:
            for by in s.children[child]:
                inner = next((g for g in s.children[by] if s.parsed.tokens[g].dep == "pobj"), None)
                if s.parsed.tokens[by].dep == "agent" and inner is not None:
                    name = s.voice(inner).name
                    return (name,) if name is not None else ("unknown",)
    return ()


def report(s: Sentence) -> list[Found]:
    """Reporting: "X reported that ..."; ", X reported"."""
    out = []
    for verb, token in enumerate(s.parsed.tokens):
        if token.lemma.casefold() != "report" or token.pos != "VERB" or s.is_quoted(verb):
            continue
        subjects = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj"]
        if not subjects:
            continue
        cover = s.covered(verb) | _main_of(s, verb)
        if _trailing(s, verb):
            cover = (cover | frozenset(range(verb))) & _stretch(s, verb)
        voice = s.voice(subjects[0])
        person = not voice.by_name and voice.kind in {"person", "several"} and not is_media(str(voice.name))
        out.append(Found("report", verb, voice, "say" if person else "report", cover))
    return out


def citing(s: Sentence) -> list[Found]:
    """Citing: "X, citing Y, said"; "quoting Y"."""
    out = []
    for index, token in enumerate(s.parsed.tokens):
        if token.text.casefold() not in {"citing", "quoting"}:
            continue
        top = next((c for c in s.children[index] if s.parsed.tokens[c].dep in {"dobj", "pobj"}), None)
        if top is None:
            continue
        head = token.head if 0 <= token.head < len(s.parsed.tokens) else index
        subject = next((c for c in s.children[head] if s.parsed.tokens[c].dep == "nsubj"), None)
        via: tuple[str, ...] = ()
        if subject is not None and s.parsed.tokens[head].lemma.casefold() not in SAY | JUDGE | REPORT:
            voice = s.voice(subject)
            via = (voice.name or "unknown",) if voice.kind == "body" else ()
        out.append(Found("citing", index, s.voice(top), "citing", s.covered(head), via))
    return out


def quoting(s: Sentence) -> list[Found]:
    """Quoting: "X quoted Y as saying"; "Y was quoted by X as saying"."""
    out = []
    tokens = s.parsed.tokens
    for verb, token in enumerate(tokens):
        if (
            token.lemma not in {"quote", "cite"}
            or token.pos != "VERB"
            or token.text.casefold().endswith("ing")
            or s.is_quoted(verb)
        ):
            continue
        by_dep = {tokens[c].dep: c for c in s.children[verb]}
        agent = next((c for c in s.children[by_dep["agent"]] if tokens[c].dep == "pobj"), None) if "agent" in by_dep else None
        outer, inner = (by_dep.get("nsubj"), by_dep.get("dobj")) if "nsubj" in by_dep else (agent, by_dep.get("nsubjpass"))
        if inner is None:
            continue
        via = (s.voice(outer).name or "unknown",) if outer is not None else ("unknown",)
        out.append(Found("quoting", verb, s.voice(inner), "citing", s.covered(verb), via))
    return out


def passive(s: Sentence) -> list[Found]:
    """Nobody in particular: "it was reported"; "reportedly"; "is said to"."""
    out = []
    for index, token in enumerate(s.parsed.tokens):
        word = token.text.casefold()
        told = token.tag == "VBN" and word in {"reported", "said", "understood", "thought", "believed", "rumoured", "rumored"}
        agent = any(s.parsed.tokens[c].dep == "agent" for c in s.children[index])
        if word == "reportedly" or (told and not agent and any(s.parsed.tokens[c].dep == "auxpass" for c in s.children[index])):
            top = token.head if word == "reportedly" and 0 <= token.head < len(s.parsed.tokens) else index
            out.append(Found("passive", index, Voice(UNNAMED, "thing"), "passive", s.covered(top)))
    return out


_GIVEN: Final = frozenset({"in", "by", "on", "from"})


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
            out.append(Found("nominal", clause, voice, "say", frozenset(subtree(clause, s.children))))
        elif voice.name is not None:
            out.append(Found("nominal", index, voice, "say", s.covered(top)))
    return out


def _made_by(s: Sentence, noun: int) -> int | None:
    """Index of whose view or claim it is: the possessor, or whom it is "of", "by" or "from"."""
    tokens = s.parsed.tokens
    for child in s.children[noun]:
        if tokens[child].dep == "poss":
            return child
        if tokens[child].text.casefold() in {"of", "by", "from"}:
            inner = next((g for g in s.children[child] if tokens[g].dep == "pobj"), None)
            if inner is not None:
                return inner
    return None


FINDERS: Final[dict[str, Callable[[Sentence], list[Found]]]] = {
    "speech": speech,
    "papers": papers,
    "participle": participle,
    "according": according,
    "nominal": nominal,
    "report": report,
    "citing": citing,
    "quoting": quoting,
    "imagery": imagery,
    "passive": passive,
}
"""One rule a way of attributing."""
