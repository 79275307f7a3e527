"""How a document names its sources: every short form led back to the fullest one that it uses."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.claims.speech import PERSON_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spadework.records import Grammar

_DEFINED: Final = re.compile(
    r"((?:[A-Z][\w\u2019'&.-]*|of|for|the|and|de|la)(?:\s+(?:[A-Z][\w\u2019'&.-]*|of|for|the|and|on|in|de|la)){0,8})\s+\(([A-Z][A-Za-z0-9-]{1,11})\)"
)
"""A name with its abbreviation in brackets."""
_SMALL: Final = frozenset(["of", "for", "the", "and", "on", "in", "de", "la"])
_POSSESSIVE: Final = re.compile(r"[\u2019']s?$")
_CALLED: Final = PERSON_WORDS | {
    "opposition",
    "mp",
    "mep",
    "former",
    "acting",
    "retired",
    "ex",
    "independent",
    "local",
    "veteran",
}
"""Words for what somebody is, before a given name."""
_CLOCK: Final = re.compile(r"^\d{1,2}[:.]\d\d\s+")
"""The hour that opens an entry of a live page."""
_LEAD: Final = re.compile(r"^(?:the|a|an|(?:its|their|his|her)(?:\s+own)?)\s+", re.IGNORECASE)
TITLES: Final = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Dr|Prof|Professor|Sir|Gen|Lt|Col|Maj|Capt|Brig|Adm|Sgt|Rear|Vice|Major|General|Colonel|Captain|Lieutenant|Admiral|"
    r"Brigadier|President|Minister|Governor|Mayor|Senator|Judge|Chief|King|Queen|Prince|Sheikh|Ambassador|Secretary|Commander|Inspector|"
    r"Commissioner|Chairman|Chairwoman|Director|Councillor|Cllr|Archbishop|Bishop|Father|Sister|Rev|Reverend|Imam|Lord|Lady|Congressman|Congresswoman|Representative|Premier|Chancellor|Marshal|Superintendent|Detective|(?:Foreign|Defence|Defense|Prime|Deputy|Interior|Energy|Finance|Health|Environment)(?=\s+(?:Minister|Secretary|Prime|Deputy))|Analyst|Journalist|Engineer)\.?\s+)+"
)
"""Words before a person's name that are no part of it."""


@dataclass(frozen=True, slots=True)
class Names:
    """The sources that a document may name."""

    full: Mapping[str, str]
    """Fullest form, by every short form, folded."""
    people: frozenset[str]
    """Fullest forms of persons."""
    groups: frozenset[str]
    """Fullest forms of organisations and places."""

    def canonical(self, name: str) -> str:
        """The fullest form that the document uses; the name itself, tidied, where it uses no other."""
        tidy = tidied(name)
        return self.full.get(tidy.casefold(), tidy)

    def is_person(self, name: str) -> bool:
        """Whether a canonical name is a person's."""
        return name in self.people


def tidied(name: str) -> str:
    """A name without article, title, possessive ending and outer marks."""
    bare = _LEAD.sub("", _CLOCK.sub("", " ".join(name.split())).strip(" ,.;:\u201c\u201d\"'"))
    words = TITLES.sub("", bare).split()
    while len(words) > 2 and words[1][:1].isupper() and words[0].casefold() in _CALLED:  # noqa: PLR2004 - a given name and a surname stay
        words.pop(0)
    return _POSSESSIVE.sub("", " ".join(words))


_PROPER: Final = re.compile(
    r"(?<![\w.])[A-Z][\w\u2019'-]+(?:\s+(?:(?:de|van|von|bin|el|del|da|al)\s+)?[A-Z][\w\u2019'-]+){1,3}"
)
"""Words in a row that each begin with a capital: a name, where a parser may have seen none."""
_OPENERS: Final = frozenset((
    "le", "la", "les", "un", "une", "des", "du", "au", "aux", "selon", "dans", "en", "par", "pour", "avec", "sur",
    "the", "a", "an", "in", "on", "at", "by", "from", "of", "for", "as", "and", "but", "when", "while", "after",
    "before", "since", "until", "according", "but", "however", "meanwhile", "last", "next", "this", "that", "these",
    "those", "his", "her", "its", "their", "our", "new", "north", "south", "east", "west", "northern", "southern",
    "eastern", "western", "central", "upper", "lower", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday",
    "friday", "saturday", "sunday", "satellite", "images", "imagery",
))  # fmt: skip
BODY_WORDS: Final = frozenset((
    "institute", "agency", "ministry", "group", "company", "corporation", "corp", "ltd", "inc", "plc", "llc",
    "gmbh", "council", "committee", "commission", "university", "college", "centre", "center", "bureau", "office",
    "department", "authority", "union", "association", "federation", "foundation", "fund", "bank", "court",
    "parliament", "senate", "congress", "army", "navy", "force", "forces", "guard", "command", "police", "party",
    "front", "movement", "council", "observatory", "network", "watch", "monitor", "project", "programme", "program",
    "initiative", "alliance", "coalition", "international", "technologies", "technology", "imaging", "imagery",
    "space", "satellite", "labs", "laboratory", "laboratories", "systems", "services", "mining", "minerals",
    "energy", "petroleum", "oil", "gas", "resources", "holdings", "partners", "industries", "times", "news", "post",
    "press", "herald", "tribune", "journal", "gazette", "radio", "television", "tv", "media", "magazine", "review",
    "daily", "weekly", "river", "lake", "valley", "mountain", "mountains", "base", "province", "district", "region",
    "county", "city", "town", "island", "islands", "sea", "bay", "gulf", "port", "dam", "road", "street", "bridge",
    "republic", "kingdom", "states", "nations", "government", "regime", "works", "society", "trust", "service",
    "marine", "maritime", "shipping", "lines", "logistics", "cargo", "freight", "aviation", "airlines", "motors", "steel",
    "cement", "construction", "engineering", "consulting", "advisory", "strategies", "solutions", "orbital", "optics",
    "aerospace", "dynamics", "robotics", "trading", "investments", "capital", "insurance", "ventures", "security",
    "hospital", "clinic", "church", "mosque", "station", "airport", "airfield", "airbase", "barracks", "camp", "quarry",
    "mine", "plant", "factory", "refinery", "terminal", "harbour", "reserve", "park", "forum", "archive", "bulletin",
    "board", "chamber", "club", "society", "geospatial", "earth", "analytics", "data",
))  # fmt: skip
"""Words that a person's name does not hold."""


def looks_like_a_person(name: str) -> bool:
    """Whether a name has two or three words, none of which a body's or a place's name would end with."""
    words = name.split()
    return 2 <= len(words) <= 3 and not {word.casefold().rstrip("s") for word in words} & {w.rstrip("s") for w in BODY_WORDS}  # noqa: PLR2004 - given name and surname


def names_of(text: str, grammar: Grammar) -> Names:
    """Every person, organisation and place of a document, with the short forms that lead to them."""
    seen = _counted(name.text for sentence in grammar for name in sentence.named if name.label == "PERSON")
    people = Counter({name: count for name, count in seen.items() if len(name.split()) == 1 or looks_like_a_person(name)})
    groups = _counted(
        name.text for sentence in grammar for name in sentence.named if name.label in {"ORG", "GPE", "NORP", "FAC"}
    )
    written = _counted(_without_opener(match[0]) for match in _PROPER.finditer(text))
    people |= Counter(name for name in written if looks_like_a_person(name) and (name not in groups or _introduced(name, text)))
    full: dict[str, str] = {}
    for phrase, short in _DEFINED.findall(text):
        whole = _defined(phrase, short)
        if whole:
            name = f"{whole} ({short})"
            full |= {whole.casefold(): name, short.casefold(): name, name.casefold(): name}
    _shorten_people(people, full)
    _shorten_groups(groups, full)
    known = frozenset(full.values())
    persons = frozenset(full.get(name.casefold(), name) for name in people if len(name.split()) > 1)
    return Names(full, persons, (known | frozenset(groups)) - persons)


def _introduced(name: str, text: str) -> bool:
    """Whether a name is followed by what its person is: "Teo Ulama, a community elder"."""
    found = re.search(rf"{re.escape(name)},\s+(?:an?|the)\s+([^,.]{{1,60}})", text)
    return found is not None and any(word.rstrip("s") in PERSON_WORDS for word in found[1].casefold().split())


def _without_opener(words: str) -> str:
    """A row of capitalised words without what only opens a sentence."""
    parts = words.split()
    while parts and parts[0].casefold() in _OPENERS:
        parts.pop(0)
    return TITLES.sub("", " ".join(parts)) if len(parts) > 1 else ""


def _counted(names: Iterable[str]) -> Counter[str]:
    return Counter(name for name in map(tidied, names) if name)


def _defined(phrase: str, short: str) -> str:
    """The words of a phrase that an abbreviation stands for: from the first whose initial it begins with; empty where none fits."""
    words = phrase.split()
    initials = short.upper()
    for start, word in enumerate(words):
        rest = [w for w in words[start:] if w.casefold() not in _SMALL]
        made = "".join(w[0] for w in rest).upper()
        spread = "".join(part[0] for w in rest for part in re.split(r"(?<=[a-z])(?=[A-Z])|-", w) if part).upper()
        if word.casefold() not in _SMALL and rest and (initials in (made, spread) or _is_within(initials, made, rest)):
            return " ".join(words[start:])
    return ""


def _is_within(initials: str, made: str, words: list[str]) -> bool:
    """Whether letters of the words spell the abbreviation, each word giving at least its first: "ImageSat International" gives ISI."""
    rest = initials
    for word in words:
        if not rest or word[0].upper() != rest[0]:
            return False
        taken = 1
        capitals = [letter for letter in word[1:] if letter.isupper()]
        for letter in capitals:
            if taken < len(rest) and rest[taken] == letter:
                taken += 1
        rest = rest[taken:]
    return not rest and bool(made)


def _shorten_people(people: Counter[str], full: dict[str, str]) -> None:
    """Surnames lead to the only full name that ends with them."""
    whole = [name for name in people if len(name.split()) > 1]
    surnames = Counter(name.split()[-1].casefold() for name in whole)
    for name in whole:
        full.setdefault(name.casefold(), name)
        if surnames[name.split()[-1].casefold()] == 1:
            full.setdefault(name.split()[-1].casefold(), name)


def _shorten_groups(groups: Counter[str], full: dict[str, str]) -> None:
    """First words and initials lead to the only longer name that has them."""
    whole = [name for name in groups if len(name.split()) > 1]
    heads = Counter(name.split()[0].casefold() for name in whole)
    for name in whole:
        full.setdefault(name.casefold(), name)
        first = name.split()[0]
        if heads[first.casefold()] == 1 and any(other.casefold() == first.casefold() for other in groups):
            full.setdefault(first.casefold(), full[name.casefold()])
        initials = "".join(word[0] for word in name.split() if word[0].isupper())
        if len(initials) > 1 and initials in groups:
            full.setdefault(initials.casefold(), full[name.casefold()])
