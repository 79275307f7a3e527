"""From what each sentence's rules found to one chain of sources a unit: outlet, media in between, speaker; or "unknown"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from spadework.claims.memory import is_media
from spadework.claims.quotes import Quoted, share_quoted
from spadework.claims.speech import IMAGES, PAPERS
from spadework.records import OUTLET, UNKNOWN, UNNAMED, Roles

if TYPE_CHECKING:
    from spadework.claims.clauses import Unit
    from spadework.claims.found import Found, Sentence
    from spadework.claims.memory import Memory, Voice

_OUTER: Final = {"report": 0, "according": 1, "citing": 2, "say": 3, "judge": 4, "passive": 5, "show": 6}
"""Who stands outside whom, where a sentence attributes twice."""
_PLAINLY_OWN: Final = re.compile(
    r"^(?:It|That)\s+(?:is|was|remains?|has\s+not\s+been)\s+(?:not\s+)?(?:un)?(?:clear|known|certain|confirmed|possible\s+to)\b|\bremains?\s+(?:un\w+)$|\b(?:did|has|have|had|could|would)\s+not\s+(?:immediately\s+)?"
    r"(?:respond(?:ed)?|repl(?:y|ied)|comment(?:ed)?|answer(?:ed)?|confirm(?:ed)?|be\s+reached|return(?:ed)?\s+calls?)\b|\bdeclined\s+to\s+(?:comment|say|answer|discuss)\b",
    re.IGNORECASE,
)
"""What only the writer says: that something is not known, that somebody did not answer."""
_SHOWN: Final = re.compile(
    r"(?:They|It|These|Those|Others|Both|None)\s+(?:\w+ly\s+|also\s+|do\s+)?(?:shows?|reveals?|indicates?|suggests?|depicts?|showed)\b"
)
"""Images that were named in the sentence before go on to show something."""
_BULLETS: Final = "\u2022\u25aa\u25cf*-\u2013"
"""Marks of a list, whose items belong to whoever brought it in."""
QUOTED: Final = 0.5
"""Share of a unit between quotation marks from which it is a quotation."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who says a unit."""

    chain: tuple[str, ...]
    roles: Roles
    rule: str
    """The rule that decided."""
    imagery: bool = False
    """Whether images are said to show it."""
    cue: str = ""
    """A verb of judgement that covers it."""


@dataclass
class Course:
    """What is carried from sentence to sentence while a document is read."""

    memory: Memory
    rules: frozenset[str]
    quoted: tuple[Quoted, ...]
    own: frozenset[str]
    """What the outlet calls itself, folded: no link of its own."""
    last: Said | None = None
    """Of the latest attributed unit."""
    paragraph: int = -1
    """Of that unit."""
    chains: dict[str, Said] = field(default_factory=dict)
    """Latest chain of each speaker."""


UNSETTLED: Final = Said((OUTLET, UNKNOWN), Roles(), "unknown")
OWN: Final = Said((OUTLET,), Roles(), "outlet")


def resolve(s: Sentence, units: tuple[Unit, ...], found: list[Found], course: Course) -> list[Said]:
    """Who says each unit of a sentence; remembers it for the next."""
    out = []
    for unit in units:
        covering = [one for one in found if _covers(one, unit)]
        said = _chained(s, covering, course) if covering else _uncovered(s, unit, _outside(found, units), course)
        if said.rule != "outlet" and said.chain[-1] not in {UNKNOWN, UNNAMED, OUTLET}:
            course.last, course.paragraph = said, s.paragraph
            if UNKNOWN not in said.chain:
                course.chains[said.chain[-1]] = said
        elif said.rule == "outlet" and not unit.background:
            course.last = None
        out.append(said)
    for name in mentioned(s):
        course.memory.note(s.paragraph, name)
    for one in found:
        alone = one.kind == "according" and " " not in str(one.voice.name)
        body = one.voice.kind == "person" and (one.kind == "report" or alone)
        voice = replace(one.voice, kind="body") if body else one.voice
        if one.kind == "show":
            voice = replace(voice, kind="person" if course.memory.names.is_person(str(voice.name)) else "provider")
        course.memory.note(s.paragraph, voice, reports=one.kind == "report")
        course.memory.carry(s.paragraph, one.via)
    return out


def mentioned(s: Sentence) -> list[Voice]:
    """Persons by name that are the subject of any verb: whom "he" may mean next, besides those who spoke."""
    out = []
    for index, token in enumerate(s.parsed.tokens):
        if token.dep in {"nsubj", "nsubjpass"} and token.pos in {"PROPN", "NOUN"} and not s.is_quoted(index):
            voice = s.voice(index)
            if voice.kind == "person" and voice.by_name:
                out.append(voice)
    return out


def _covers(one: Found, unit: Unit) -> bool:
    return one.at in unit.tokens or (unit.head in one.cover and not unit.background)


def _chained(s: Sentence, covering: list[Found], course: Course) -> Said:
    """The chain of several attributions, outermost first."""
    ordered = sorted(covering, key=lambda one: (_is_last(one, covering), _depth(one, covering), _OUTER[one.kind], one.at))
    shows = [one for one in ordered if one.kind == "show"]
    shown = next((one for one in shows if one.voice.name is not None), shows[0] if shows else None)
    links: list[str | None] = []
    for one in ordered:
        if (
            one.kind == "show"
            and len(ordered) > 1
            and (one.voice.name is None or ordered[-2].kind not in {"report", "passive"})
        ):
            continue
        if one.kind == "according" and len(ordered) > 1 and _is_paper(one.voice):
            continue  # "has asked for a drill, according to a letter"
        if one.voice.name is None and one.voice.kind == "thing" and len(ordered) > 1:
            continue
        if one.kind == "passive" and any(other.kind in {"say", "judge", "report", "according"} for other in ordered):
            continue  # "said that they were believed safe": by whoever says so
        links += [*(link for link in one.via if link != UNKNOWN or len(ordered) == 1), one.voice.name]
    if shown is not None and shown.voice.name is not None and links and links[-1] is None:
        links[-1] = shown.voice.name
    named = [link or UNKNOWN for link in links or [shown.voice.name if shown else None]]
    chain = [OUTLET]
    for link in named:
        if link not in chain and link.casefold() not in course.own:
            chain.append(link)
    speaker = chain[-1]
    known = course.chains.get(speaker)
    if known is not None and len(chain) == 2 and len(known.chain) > 2 and "same chain" in course.rules and _goes_on(s, ordered):  # noqa: PLR2004 - outlet and speaker
        chain = list(known.chain)
    kinds = {one.kind for one in ordered}
    roles = Roles(
        provider=shown.provider if shown is not None else None,
        analyst=speaker
        if speaker != UNKNOWN and ("judge" in kinds or (shown is not None and shown.provider != speaker))
        else None,
        speaker=speaker if speaker not in {UNKNOWN, OUTLET} else None,
        reporter=tuple(chain[1:-1]),
    )
    return Said(tuple(chain), roles, ordered[-1].rule, shown is not None, next((one.cue for one in ordered if one.cue), ""))


_LAST: Final = frozenset({"citing", "passive", "show"})
"""Kinds that stand innermost wherever they are in the sentence."""


def _is_last(one: Found, covering: list[Found]) -> bool:
    """Whether an attribution stands innermost; not a medium that is cited for what somebody else says: "X, citing the agency, reported that he had said"."""
    passes_on = one.rule == "citing" and is_media(str(one.voice.name)) and any(other.kind == "say" for other in covering)
    return one.kind in _LAST and not passes_on


def _depth(one: Found, covering: list[Found]) -> int:
    """How many of the others hold this one without being held by it: ", their lawyers said" holds "both men denied"."""
    others = [other for other in covering if other is not one and other.kind not in _LAST]
    return sum(one.at in other.cover and other.at not in one.cover for other in others)


def _goes_on(s: Sentence, ordered: list[Found]) -> bool:
    """Whether a speaker plainly goes on: a pronoun, "added", or the same or the next paragraph."""
    one = ordered[-1]
    return not one.voice.by_name or s.parsed.tokens[one.at].lemma in {"add", "continue"} or len(ordered) == 1


def _is_paper(voice: Voice) -> bool:
    """Whether a voice is a paper that names no maker."""
    return not voice.by_name and str(voice.name).split()[-1].casefold().rstrip("s") in PAPERS


def _outside(found: list[Found], units: tuple[Unit, ...]) -> list[Found]:
    """Attributions that stand in no background clause: those bear on nothing beyond it."""
    inside = [unit.tokens for unit in units if unit.background]
    return [one for one in found if one.rule != "participle" and not any(one.at in tokens for tokens in inside)]


def _uncovered(s: Sentence, unit: Unit, found: list[Found], course: Course) -> Said:
    """A unit that no rule of its own sentence covers."""
    if share_quoted(unit.span, course.quoted) >= QUOTED:
        return _goes_on_quoting(s, course)
    if _SHOWN.match(s.text, unit.span[0]):
        shown = course.last is not None and course.last.imagery and course.paragraph >= s.paragraph - 1
        return course.last if course.last is not None and shown else UNSETTLED
    told = s.text[unit.span[0] : unit.span[1]]
    if unit.background or "outlet" not in course.rules or _PLAINLY_OWN.search(told) or _is_of_the_outlet(s, unit, course):
        return OWN
    pictured = not found and any(token.lemma.casefold() in IMAGES for token in s.parsed.tokens)
    going_on = course.last is not None and course.paragraph == s.paragraph
    somebody = pictured or bool(found) or _says_something(s, unit) or going_on or s.text[s.parsed.span[0]] in _BULLETS
    return UNSETTLED if somebody else OWN


PLAIN: Final = frozenset((
    "say", "tell", "add", "claim", "believe", "estimate", "report", "allege", "warn", "show", "suggest", "insist", "argue",
    "deny", "confirm", "announce", "accuse", "blame", "assess", "conclude", "think", "suspect", "describe", "maintain",
    "acknowledge", "admit", "explain", "note", "reveal", "indicate", "accord",
))  # fmt: skip
"""Verbs that nobody uses without somebody who says or thinks so."""


def _is_of_the_outlet(s: Sentence, unit: Unit, course: Course) -> bool:
    """Whether the outlet itself is what a unit tells of: "The Courier compared the images"."""
    subjects = [i for i in s.children[unit.head] if s.parsed.tokens[i].dep == "nsubj"]
    return any(str(s.voice(i).name).casefold() in course.own | {OUTLET} for i in subjects)


def _says_something(s: Sentence, unit: Unit) -> bool:
    """Whether somebody says something there after all, whom no rule could name."""
    return any(s.parsed.tokens[i].lemma.casefold() in PLAIN and s.parsed.tokens[i].pos == "VERB" for i in unit.tokens)


def _goes_on_quoting(s: Sentence, course: Course) -> Said:
    """Whose a quotation is that no rule covers: the last speaker's in the same paragraph, or where it was left open before."""
    if course.last is None or "quote goes on" not in course.rules:
        return UNSETTLED
    same = course.paragraph == s.paragraph
    runs = course.paragraph == s.paragraph - 1 and _runs_on(s, course)
    return course.last if same or runs else UNSETTLED


def _runs_on(s: Sentence, course: Course) -> bool:
    """Whether a quotation of the paragraph before was left open and this one opens with a mark."""
    before = [part for part in course.quoted if part.span[1] <= s.parsed.span[0]]
    return bool(before) and before[-1].runs_on
