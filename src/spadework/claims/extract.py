"""A document's claims, proposed by rules: units, who says them, how surely, when and how much."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from spadework.claims.attribution import FINDERS
from spadework.claims.chains import UNSETTLED, Course, Said, resolve
from spadework.claims.clauses import Unit, units_of
from spadework.claims.dates import find_dates
from spadework.claims.found import sentence_of
from spadework.claims.french import said_in_french
from spadework.claims.hedges import hedge_of
from spadework.claims.kinds import FRESH_DAYS, Told, observable_of, polarity_of, type_of
from spadework.claims.memory import Memory, titles_of
from spadework.claims.names import names_of, tidied
from spadework.claims.places import place_of
from spadework.claims.quantities import find_quantities
from spadework.claims.quotes import paragraphs_of, quoted_parts
from spadework.claims.speech import PERSON_WORDS
from spadework.claims.times import role_of
from spadework.records import OUTLET, UNKNOWN, Claim

if TYPE_CHECKING:
    from spadework.records import ClaimQuantity, ClaimTime, Grammar, Parsed, Source, Span

EXTRACTOR: Final = "rules 1"
CARRIED: Final = ("quote goes on", "quote before", "same chain", "outlet")
"""Rules that go beyond one sentence; see ``chains``."""
RULES: Final = frozenset({*FINDERS, *CARRIED})
"""Every rule of attribution: each can be switched off, to measure what it is worth."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit with all that is known of it."""

    span: Span
    said: Said
    place: str | None
    time: ClaimTime | None
    quantity: ClaimQuantity | None
    aside: bool
    """Told besides, by the outlet."""


def claims_of(source: Source, text: str, grammar: Grammar, rules: frozenset[str] = RULES) -> tuple[Claim, ...]:
    """The claims of a document, in its order, each "proposed".

    Args:
        source: the document; its day is what relative dates count from.
        text: what spans point into.
        grammar: the text as parsed.
        rules: names out of ``RULES`` that may be used.

    """
    begins = _behind_dateline(text)
    dates = tuple(date for date in find_dates(text, source.published, source.language) if date.span[0] >= begins)
    numbers = find_quantities(text, source.language, dates)
    marks = (*(date.span for date in dates), *(number.span for number in numbers))
    spoken = [one.behind(begins).behind_clock(text) for one in _spoken(text, grammar, marks, _own(source), rules)]
    pieces = [
        _lent([piece for one in told for piece in _pieces(text, one, dates, numbers)], told, dates)
        for told in _by_sentence(spoken)
    ]
    return _claims(source, text, [piece for sentence in pieces for piece in sentence])


def _by_sentence(spoken: list[Spoken]) -> list[list[Spoken]]:
    """Units by their sentence, in order."""
    return [list(group) for _, group in groupby(spoken, key=lambda one: one.parsed.span)]


def _lent(pieces: list[Piece], told: list[Spoken], dates: tuple[ClaimTime, ...]) -> list[Piece]:
    """The pieces of a sentence; those without a date have the day on which the same speaker is said to have spoken."""
    for one in told:
        said = next((date for date in one.own(dates) if date.role == "said"), None)
        for n, piece in enumerate(pieces):
            if said is not None and piece.time is None and piece.said.chain == one.said.chain:
                pieces[n] = replace(piece, time=said)
    return pieces


_DATELINE: Final = re.compile(
    r"\s*[A-Z][\w'\u2019.-]*(?:[ /][A-Z][\w'\u2019.-]*){0,4}(?:,[^\n\u2014\u2013]{1,40}?)?\s*(?:\((?:[A-Z][\w ]{1,20})\))?\s+[\u2014\u2013-]{1,2}\s+(?=[A-Z\u201c\"])"
)
"""Place, day and agency before the first sentence: "KARUN PASS, Feb. 11 (Reuters) - "."""


_HOUR: Final = re.compile(r"\d{1,2}[:.]\d\d(?:\s?(?:am|pm|a\.m\.|p\.m\.|GMT))?\s+(?=[A-Z\u201c\"])")


def _behind_dateline(text: str) -> int:
    """Where a document's first sentence begins; 0 without a dateline in its text."""
    found = _DATELINE.match(text)
    return found.end() if found is not None and found[0].split()[0].rstrip(",").isupper() else 0


def _own(source: Source) -> frozenset[str]:
    """What an outlet is called in its own pages, folded and without article."""
    name = tidied(source.outlet).casefold()
    return frozenset({name, *OURS})


OURS: Final = frozenset(
    f"{this} {word}"
    for this in ("this", "our")
    for word in (
        "newspaper",
        "paper",
        "publication",
        "news agency",
        "agency",
        "magazine",
        "website",
        "broadcaster",
        "programme",
        "reporter",
        "correspondent",
    )
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A unit, its sentence, and who says it."""

    parsed: Parsed
    unit: Unit
    said: Said
    place: str | None

    def behind(self, begins: int) -> Spoken:
        """The same without a dateline that ends at ``begins``."""
        start, end = self.unit.span
        return self if start >= begins else replace(self, unit=replace(self.unit, span=(min(begins, end), end)))

    def behind_clock(self, text: str) -> Spoken:
        """The same without the hour that opens an entry of a live page."""
        start, end = self.unit.span
        hour = _HOUR.match(text, start, end)
        return self if hour is None else replace(self, unit=replace(self.unit, span=(hour.end(), end)))

    def holds(self, span: Span) -> bool:
        """Whether a date or a quantity is this unit's own, and not that of one inside it."""
        if not self.unit.span[0] <= span[0] < self.unit.span[1]:
            return False
        index = next((i for i, token in enumerate(self.parsed.tokens) if token.start <= span[0] < token.end), None)
        return index is None or index in self.unit.tokens

    def own(self, dates: tuple[ClaimTime, ...]) -> list[ClaimTime]:
        """Those of the dates that are this unit's own, with their roles in its sentence."""
        return [replace(date, role=role_of(self.parsed, date)) for date in dates if self.holds(date.span)]


def _spoken(text: str, grammar: Grammar, marks: tuple[Span, ...], own: frozenset[str], rules: frozenset[str]) -> list[Spoken]:
    """Every unit of the document and who says it."""
    names = names_of(text, grammar)
    course = Course(Memory(names, titles_of(grammar, names)), rules, quoted_parts(text), own)
    bounds = paragraphs_of(text)
    out: list[Spoken] = []
    for parsed in grammar:
        paragraph = next((n for n, (_, end) in enumerate(bounds) if parsed.span[0] < end), len(bounds))
        sentence = sentence_of(parsed, text, paragraph, course.memory, course.quoted)
        units = units_of(parsed, text, marks)
        found = [one for name, finder in FINDERS.items() if name in rules for one in finder(sentence)]
        if any(token.pos != NO_GRAMMAR for token in parsed.tokens):
            told = resolve(sentence, units, found, course)
        else:
            told = [said_in_french(text[unit.span[0] : unit.span[1]], names) for unit in units]
        out += [
            Spoken(parsed, unit, said, place_of(parsed, unit.tokens, names, said.chain))
            for unit, said in zip(units, told, strict=True)
        ]
    return _led_back(out, text) if "quote before" in rules else out


def _led_back(spoken: list[Spoken], text: str) -> list[Spoken]:
    """Quotations before the sentence of the same paragraph that says whose they are."""
    out = list(spoken)
    for n in range(len(out) - 2, -1, -1):
        one, follower = out[n], out[n + 1]
        start, end = one.unit.span
        gap = text[end : follower.unit.span[0]]
        opened = text[start] in '\u201c"\u00ab' and "\u201d" not in text[start:end]
        if one.said is UNSETTLED and opened and "\n" not in gap and follower.said.chain[-1] not in {UNKNOWN, OUTLET}:
            out[n] = replace(one, said=replace(follower.said, rule="quote before"))
    return out


NO_GRAMMAR: Final = "X"
"""Part of speech of every word of a language without a parser."""
ORDER: Final = {"observed": 0, "event": 1, "said": 2, "published": 3, "reference": 4}
"""Which date of a unit is its claim's: what was seen or happened goes before when it was said."""


def _counts_sources(number: ClaimQuantity, said: Said) -> bool:
    """Whether a number only says how many speak: "two officials said"."""
    words = f"{number.text} ".casefold()
    return number.si_unit == "count" and any(link.casefold().startswith(words) for link in said.chain)


def _pieces(text: str, one: Spoken, dates: tuple[ClaimTime, ...], numbers: tuple[ClaimQuantity, ...]) -> list[Piece]:
    """A unit, and one more piece for each quantity and each date of the same kind beyond its first."""
    times = one.own(dates)
    times.sort(key=lambda time: (ORDER[time.role], time.span))
    amounts = [number for number in numbers if one.holds(number.span) and not _counts_sources(number, one.said)]
    first = times[0] if times else None
    aside = one.unit.background and one.said.chain == (OUTLET,)
    main = amounts[0] if amounts and not _beside(text, amounts[0], one.unit.span) else None
    out = [Piece(one.unit.span, one.said, one.place, first, main, aside)]
    for number in (number for number in amounts if number is not main):
        span = _phrase_of(text, number.span, one.unit.span)
        own = next((time for time in times if span[0] <= time.span[0] < span[1]), first)
        out.append(Piece(span, one.said, one.place, own, number, aside))
    for time in times[1:]:
        around = _phrase_around(text, time.span, one.unit.span)
        short = len(text[around[0] : around[1]].split()) < FEWEST_WORDS
        if not short or time.role != "said":
            out.append(Piece(one.unit.span if short else around, one.said, one.place, time, None, aside))
    return out


FEWEST_WORDS: Final = 4
"""Of a piece that is made for a second date."""
_SIZED: Final = re.compile(r"[\s-]*(?:wide|long|high|deep|tall|thick|away)\b", re.IGNORECASE)
_TELLS: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|measur\w+|put\w*|estimat\w+|stretch\w*|runs?|ran|about|at)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_LEAD: Final = re.compile(r"\b(?:an?|the|one)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_ENDS: Final = re.compile(r"[,;:.\u201d\"()]|\s(?:and|or|but|which|that|who|with|while|as|to|at|from|along|in|on)\s")
_BOUNDS: Final = re.compile(r"[,;:\u201c\u201d\"()]|\b(?:and|but|which|that|who|where|when|while|after|before)\b")


def _beside(text: str, number: ClaimQuantity, within: Span) -> bool:
    """Whether a size only describes a thing that the claim is about otherwise: "bulldozers at a 15-foot-wide structure"."""
    described = _SIZED.match(text, number.span[1]) is not None
    told = _TELLS.search(text, within[0], number.span[0]) is not None
    return described and not told and len(text[within[0] : number.span[0]].split()) >= FEWEST_WORDS


def _phrase_of(text: str, span: Span, within: Span) -> Span:
    """The noun phrase of a quantity: from the article before it to the end of the phrase; of a bare number, the words around it."""
    stop = _ENDS.search(text, span[1], within[1])
    lead = _LEAD.search(text, within[0], span[0])
    phrase = (lead.start() if lead else span[0], stop.start() if stop else within[1])
    bare = not any(letter.isalpha() for letter in text[phrase[0] : phrase[1]])
    return _phrase_around(text, span, within) if bare else phrase


def _phrase_around(text: str, span: Span, within: Span) -> Span:
    """The words around a date between the marks and joining words beside it."""
    before = [match.end() for match in _BOUNDS.finditer(text, within[0], span[0])]
    after = _BOUNDS.search(text, span[1], within[1])
    start, end = before[-1] if before else within[0], after.start() if after else within[1]
    while start < span[0] and text[start].isspace():
        start += 1
    while end > span[1] and text[end - 1].isspace():
        end -= 1
    return (start, end)


def _is_named(speaker: str) -> bool:
    """Whether a source has a name: a description has words in small letters; neither the outlet nor an unknown source has one."""
    words = [word for word in speaker.split() if word not in {"of", "the", "for", "and", "de", "al", "el", "la", "on", "in"}]
    described = bool(words) and words[0].casefold().rstrip("s") in PERSON_WORDS  # "Residents of Ulmek"
    return speaker not in {OUTLET, UNKNOWN} and not described and all(not word[:1].islower() for word in words)


def _is_fresh(source: Source, time: ClaimTime | None) -> bool:
    """Whether a date ends at most ``FRESH_DAYS`` before the document's."""
    if time is None or time.end is None or source.published is None:
        return False
    return (source.published - time.end).days <= FRESH_DAYS


def _claims(source: Source, text: str, pieces: list[Piece]) -> tuple[Claim, ...]:
    out: list[Claim] = []
    used: set[str] = set()
    for piece in pieces:
        evidence = text[piece.span[0] : piece.span[1]]
        if not any(letter.isalpha() for letter in evidence):
            continue
        speaker = piece.said.chain[-1]
        given = piece.quantity.text if piece.quantity is not None and _is_named(speaker) else ""
        hedge = hedge_of(evidence, given, piece.said.cue, said=speaker != OUTLET)
        fresh = _is_fresh(source, piece.time)
        kind = type_of(evidence, Told(hedge, speaker, piece.said.imagery, piece.aside, piece.quantity, fresh))
        observable, note = observable_of(evidence, kind, piece.quantity)
        name = f"{source.id}-{hashlib.sha256(evidence.encode()).hexdigest()[:8]}"
        unique = next(n for k in range(1, len(pieces) + 2) if (n := name if k == 1 else f"{name}-{k}") not in used)
        used.add(unique)
        out.append(
            Claim(
                unique,
                source.id,
                piece.span,
                evidence,
                evidence,
                kind,
                piece.said.chain,
                speaker,
                piece.said.roles,
                hedge,
                polarity_of(evidence, hedge),
                piece.time,
                piece.place,
                piece.quantity,
                observable,
                note,
                extractor=EXTRACTOR,
            )
        )
    return tuple(out)
