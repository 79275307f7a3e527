"""Rules for who is cited or reported: "according to X"; "X reported that ..."; "citing X"; "reportedly"; ", documents show"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.clauses import subtree
from spadework.claims.found import Found
from spadework.claims.memory import Voice, is_media
from spadework.claims.pictures import provider_of
from spadework.claims.reach import main_of, stretch, trailing
from spadework.claims.speech import IMAGES, JUDGE, REPORT, SAY
from spadework.claims.telling import cited_by
from spadework.records import UNKNOWN, UNNAMED

if TYPE_CHECKING:
    from spadework.claims.found import Sentence

_CHARGES: Final = frozenset({"accuse", "blame"})
_QUOTES: Final = frozenset({"quote", "cite"})
_PAPERS_SHOW: Final = re.compile(
    r",\s+((?:\w+\s+){0,3}?(?:documents|records|files|emails|e-mails|minutes|papers|messages|filings)\b[^,.;]{0,60}?)\s+(?:show|shows|reveal|suggest|indicate)\.?$",
    re.IGNORECASE,
)


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
        top = s.object_of(to) if to is not None else None
        if top is None:
            continue
        pictures = s.parsed.tokens[top].lemma.casefold() in IMAGES
        voice = Voice(provider_of(s, top, len(s.parsed.tokens) - 1), "body") if pictures else s.voice(top)
        via = cited_by(s, top)
        head = s.parsed.tokens[index].head
        cover = s.covered(head) if 0 <= head < len(s.parsed.tokens) else frozenset(range(len(s.parsed.tokens)))
        out.append(Found("according", index, voice, "according", cover & stretch(s, index), via))
    return out


def report(s: Sentence) -> list[Found]:
    """Reporting: "X reported that ..."; ", X reported"."""
    out = []
    for verb, token in enumerate(s.parsed.tokens):
        to_come = token.tag == "VB" and any(s.parsed.tokens[c].tag == "TO" for c in s.children[verb])
        if token.lemma.casefold() != "report" or token.pos != "VERB" or s.is_quoted(verb) or to_come:
            continue
        subjects = [c for c in s.children[verb] if s.parsed.tokens[c].dep == "nsubj"]
        if (
            not subjects
            or _within_speech(s, verb, subjects[0])
            or not (trailing(s, verb) or main_of(s, verb) or _has_object(s, verb))
        ):
            continue
        cover = s.covered(verb) | main_of(s, verb)
        if trailing(s, verb):
            cover = (cover | frozenset(range(verb))) & stretch(s, verb)
        voice = s.voice(subjects[0])
        person = not voice.by_name and voice.kind in {"person", "several"} and not is_media(str(voice.name))
        out.append(Found("report", verb, voice, "say" if person else "report", cover))
    return out


def _within_speech(s: Sentence, verb: int, subject: int) -> bool:
    """Whether a pronoun reports within somebody's own words: "he said he had reported it three times"."""
    above = s.parsed.tokens[verb].head
    pronoun = s.parsed.tokens[subject].text.casefold() in {"he", "she", "it", "they"}
    return pronoun and 0 <= above < len(s.parsed.tokens) and s.parsed.tokens[above].lemma in SAY | JUDGE


def _has_object(s: Sentence, verb: int) -> bool:
    """Whether something is reported: "until the inspector reports in November" reports nothing."""
    return any(s.parsed.tokens[c].dep in {"ccomp", "dobj", "xcomp", "parataxis"} for c in s.children[verb])


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
        if s.parsed.tokens[head].dep == "nsubj" and 0 <= s.parsed.tokens[head].head < len(s.parsed.tokens):
            head = s.parsed.tokens[head].head  # "An official, citing a report, said": it belongs to the saying
        subject = next((c for c in s.children[head] if s.parsed.tokens[c].dep == "nsubj"), None)
        via: tuple[str, ...] = ()
        if subject is not None and subject < index and s.parsed.tokens[head].lemma.casefold() not in SAY | JUDGE | REPORT:
            voice = s.voice(subject)
            via = (voice.name or UNKNOWN,) if voice.kind == "body" else ()
        further = _quoted_in_turn(s, top)
        if further is not None:
            via = (*via, s.voice(top).name or UNKNOWN)
        out.append(Found("citing", index, s.voice(top if further is None else further), "citing", s.covered(head), via))
    return out


def _quoted_in_turn(s: Sentence, top: int) -> int | None:
    """Whom the one that is cited cites: "citing the daily, which in turn quoted a commander"."""
    clause = next(
        (c for c in s.children[top] if s.parsed.tokens[c].dep == "relcl" and s.parsed.tokens[c].lemma in _QUOTES), None
    )
    return next((c for c in s.children[clause] if s.parsed.tokens[c].dep == "dobj"), None) if clause is not None else None


def _quoter(s: Sentence, outer: int) -> str | None:
    """Who quotes; "it" is the medium that was named last."""
    if s.parsed.tokens[outer].text.casefold() == "it":
        before = [n.text for n in s.parsed.named if n.span[1] <= s.parsed.tokens[outer].start and is_media(n.text)]
        if before:
            return s.memory.names.canonical(before[-1])  # "The Daily Lantern tells a different story: on Wednesday it quoted"
        return s.memory.latest(s.paragraph, frozenset({"body"}), media=True)
    return s.voice(outer).name


def _is_cited(s: Sentence, index: int) -> bool:
    """Whether a word is what somebody cites: who that quotes in turn is found with it."""
    above = s.parsed.tokens[index].head if 0 <= index < len(s.parsed.tokens) else -1
    return 0 <= above < len(s.parsed.tokens) and s.parsed.tokens[above].text.casefold() in {"citing", "quoting"}


def _agent(s: Sentence, verb: int) -> int | None:
    """By whom something is done: "quoted by the agency as saying", "quoted as saying by the agency"."""
    below = (i for i in subtree(verb, s.children) if i > verb and s.parsed.tokens[i].text.casefold() == "by")
    return next((found for by in below if (found := s.object_of(by)) is not None), None)


def quoting(s: Sentence) -> list[Found]:
    """Quoting: "X quoted Y as saying"; "Y was quoted by X as saying"."""
    out = []
    tokens = s.parsed.tokens
    for verb, token in enumerate(tokens):
        if (
            token.lemma not in _QUOTES
            or token.pos != "VERB"
            or token.text.casefold().endswith("ing")
            or s.is_quoted(verb)
            or _is_cited(s, token.head)
        ):
            continue
        by_dep = {tokens[c].dep: c for c in s.children[verb]}
        agent = _agent(s, verb)
        outer, inner = (by_dep.get("nsubj"), by_dep.get("dobj")) if "nsubj" in by_dep else (agent, by_dep.get("nsubjpass"))
        if inner is None:
            continue
        via = (_quoter(s, outer) or UNKNOWN,) if outer is not None else (UNKNOWN,)
        behind = "nsubjpass" in by_dep and trailing(s, verb)  # “...,” the general was quoted as saying
        cover = s.covered(verb) | (frozenset(range(verb)) & stretch(s, verb) if behind else frozenset())
        out.append(Found("quoting", verb, s.voice(inner), "citing", cover, via))
    return out


def hearsay(s: Sentence) -> list[Found]:
    """Hearsay: "X had been told by Y that"; "X heard from Y that"; "X is accused by Y of"."""
    out = []
    tokens = s.parsed.tokens
    for verb, token in enumerate(tokens):
        by_dep = {tokens[c].dep: c for c in s.children[verb]}
        told, charged = token.lemma == "tell" and "auxpass" in by_dep, token.lemma in _CHARGES and "auxpass" in by_dep
        heard = token.lemma in {"hear", "learn"} and token.pos == "VERB"
        by = next((c for c in s.children[verb] if tokens[c].text.casefold() == ("from" if heard else "by")), None)
        who = s.object_of(by) if by is not None else None
        that = any(tokens[i].text.casefold() == "that" for i in subtree(verb, s.children) if who is not None and i > who)
        if who is None or s.is_quoted(verb) or not (charged or ((told or heard) and that)):
            continue
        subject = by_dep.get("nsubj", by_dep.get("nsubjpass"))
        via = (s.voice(subject).name or UNKNOWN,) if subject is not None and not charged else ()
        out.append(Found("hearsay", verb, s.voice(who), "say" if charged else "citing", s.covered(verb), via))
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


def papers(s: Sentence) -> list[Found]:
    """Papers: ", documents obtained by X show"."""
    found = _PAPERS_SHOW.search(s.text[s.parsed.span[0] : s.parsed.span[1]])
    if found is None:
        return []
    at = next((i for i, t in enumerate(s.parsed.tokens) if t.start >= s.parsed.span[0] + found.start(1)), 0)
    return [Found("papers", at, Voice(found[1], "body", by_name=False), "say", frozenset(range(len(s.parsed.tokens))))]
