"""What no still image shows of a thing: that a machine is doing something, and what a place is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

# ---------------------------------------------------------------- words by family
_PLANT: Final = (
    "bulldozers?", "dozers?", "excavators?", "diggers?", "backhoes?", "dump trucks?", "trucks?", "lorr(?:y|ies)", "loaders?", "vehicles?",
    "machines?(?! learning)", "machinery", "heavy equipment", "cranes?", "graders?", "tractors?", "dumpers?", "earthmovers?", "rollers?",
    "(?:drill(?:ing)? )?rigs?", "convoys?", "cars?", "tankers?",
)  # fmt: skip
_ARMS: Final = (
    "tanks?", "launchers?", "guns?", "howitzers?", "artillery", "helicopters?", "drones?", "armou?r", "batter(?:y|ies)", "soldiers?", "troops", "fighters",
    "workers", "crews?",
)  # fmt: skip
_STORES: Final = (
    "weapons?", "missiles?", "rockets?", "ammunition", "munitions", "arms", "explosives", "warheads?", "shells", "drones?", "fuel",
)  # fmt: skip
_GOODS: Final = (
    *_STORES,
    "vehicles?",
    "trucks?",
    "lorries",
    "tanks",
    "launchers?",
    "troops",
    "soldiers",
    "fighters",
    "equipment",
    "personnel",
    "people",
)
_DOINGS: Final = (
    "operat(?:ing|es?|ed)", "at work", "in (?:operation|use|action)", "digging", "driving", "working(?! cop)", "excavating", "hauling", "pushing", "loading",
    "unloading", "moving", "active", "busy", "firing", "shooting", "launching", "patrolling", "carrying", "transporting", "tunnelling", "tunneling", "bulldozing",
)  # fmt: skip
_FINITE: Final = (
    "digs?",
    "carr(?:y|ies)",
    "excavates?",
    "transports?",
    "patrols?",
    "push(?:es)?",
    "bulldozes?",
    "removes?",
    "delivers?",
    "unloads?",
)
"""What a machine does, in forms that no noun of a picture shares."""
_DONE: Final = (
    "dug", "carried", "hauled", "hauls?", "pushed", "loads?", "loaded(?! with)", "worked", "works?", "drove", "drives?", "moves?", "fires?", "fired", "clears?",
    "levels?", "levelled", "excavated", "removed", "delivered", "transported", "patrolled", "bulldozed", "tows?", "towed", "spreads?", "scoops?", "lifts?", "flattens?", "c[ao]mes?", "go(?:es)?", "went",
)  # fmt: skip
"""The same, in forms that are a doing only right behind the machine."""
_PLACES: Final = (
    "pits?", "tunnels?", "shelters?", "sites?", "buildings?", "structures?", "caves?", "compounds?", "trench(?:es)?", "holes?", "cuts?", "cuttings?", "bunkers?",
    "halls?", "hangars?", "depots?", "revetments?", "berms?", "sheds?", "complex(?:es)?", "facilit(?:y|ies)", "silos?", "bases?", "camps?", "portals?",
    "entrances?", "garages?", "warehouses?", "excavations?", "openings?", "rooms?", "chambers?", "mounds?", "roofs?",
)  # fmt: skip
_ROLES: Final = (
    "silos?", "bunkers?", "shelters?", "depots?", "stores?", "storage", "warehouses?", "arsenals?", "magazines?", "armou?r(?:y|ies)", "barracks", "headquarters",
    "hideouts?", "hangars?", "garages?", "factor(?:y|ies)", "laborator(?:y|ies)", "prisons?", "camps?", "outposts?", "checkpoints?", "fortress(?:es)?", "decoys?",
)  # fmt: skip
"""Nouns that say what a place is for."""
_MILITARY: Final = (
    r"(?:missiles?|rockets?|weapons?|ammunition|munitions?|arms|military|nuclear|chemical weapons|command|launch|firing|smuggling|terror(?:ist)?|naval|air|army"
    r"|militia|insurgent|fuel)[ -](?:storage )?(?:silos?|bases?|sites?|facilit(?:y|ies)|complex(?:es)?|depots?|stores?|storage|dumps?|posts?|positions?|pads?"
    r"|tunnels?|shelters?|camps?|bunkers?|cent(?:re|er)s?|factor(?:y|ies)|plants?|warehouses?|installations?|compounds?)"
)
_KEEPS: Final = (
    "stor(?:es?|ing)",
    "hous(?:es?|ing)",
    "shelter(?:s|ing)?",
    "protect(?:s|ing)?",
    "accommodat(?:es?|ing)",
    "shield(?:s|ing)?",
)
_KEPT: Final = ("stored", "housed", "sheltered", "protected", "accommodated", "shielded")
_HIDES: Final = (
    "hid(?:es?|ing)?",
    "conceal(?:s|ed|ing)?",
    "camouflag(?:es?|ing)",
    "contain(?:s|ed)?",
    "h(?:olds?|eld)",
    "keeps?",
    "kept",
)
_AIMS: Final = (
    "hide", "conceal", "store", "house", "shelter", "protect", "shield", "smuggle", "launch", "fire", "attack", "deceive", "mislead", "camouflage", "stockpile",
)  # fmt: skip


def _any(*families: tuple[str, ...]) -> str:
    return "|".join(word for family in families for word in family)


# ---------------------------------------------------------------- what a machine does
_MACHINE: Final = rf"(?:{_any(_PLANT, _ARMS)})"
_AT_WORK: Final = rf"(?:{_any(_DOINGS)})"
_ADVERBS: Final = r"(?: (?:\w+ly|then|also|now|already|still|here|there|have|has|had|are|is|will|may|could)){0,3}"
_MACHINE_WORKS: Final = re.compile(
    rf"\b{_MACHINE}\b(?:{_ADVERBS} (?:{_any(_DONE)})\b|(?P<gap>(?:,? [\w'()-]+,?){{0,5}}?) (?:{_AT_WORK}|{_any(_FINITE)})\b)"
    rf"|(?<![\w-]){_AT_WORK}(?P<link>(?: [\w'-]+){{0,3}}?) {_MACHINE}\b"
    rf"|\b(?:dug|carried|hauled|pushed|moved|loaded|cleared|levelled|excavated|removed)(?: \w+){{0,2}} (?:by|with|using)(?: \w+){{0,2}}? {_MACHINE}\b",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(r"\b(?:whether|if|cannot|not|never|no|none|nothing|nobody|unknown|without)\b", re.IGNORECASE)
_DETERMINED: Final = re.compile(r"\b(?:the|an?|this|that|of|fresh|new|old|its|their|recent)$", re.IGNORECASE)
"""Before "digging": then it is a thing, not a doing."""


def doings(sentence: str) -> Iterator[str]:
    """Machines, weapons and crews that are said to do something, as written.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.

    """
    for match in _MACHINE_WORKS.finditer(sentence):
        gap = match["gap"] or ""
        before = sentence[max(0, match.start() - 60) : match.start()]
        if not (_UNSURE.search(before) or _UNSURE.search(gap) or _DETERMINED.search(gap)):
            yield match[0]


# ---------------------------------------------------------------- what a thing is called
_THING: Final = r"(?:it|this|that|they|these|those|(?:objects?|things?|shapes?|items?)(?: [\w-]+){0,4}?)"
_CALLED: Final = re.compile(
    rf"\b{_THING} (?:is|are|was|were)(?: (?:\w+ly|also|both|all))?(?: (?:an?|the|two|three|four|five|six|\d+))?(?: (?!not\b|no\b)[\w-]+)?? "
    rf"(?P<noun>{_MACHINE})(?![\w-])(?=$|[.,;:)!?]| (?:at|in|on|near|beside|by|of|and|or|with|that|which|from|to|under|behind|next|parked)\b)",
    re.IGNORECASE,
)
_SINGULAR: Final = re.compile(r"(?<=[a-z]{2})(?:ies|s)$")


def called(sentence: str, known: AbstractSet[str]) -> Iterator[str]:
    """Things that are said to be a machine, a weapon or a crew, where no record names one so.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.
        known: pairs "<identity> <class>" from records, in small letters.

    """
    classes = {_SINGULAR.sub("", pair.rpartition(" ")[2]) for pair in known}
    for match in _CALLED.finditer(sentence):
        if _SINGULAR.sub("", match["noun"].lower()) in classes:
            continue
        if not _UNSURE.search(sentence[max(0, match.start() - 60) : match.end()]):
            yield match[0]


# ---------------------------------------------------------------- what a place is for
_PLAIN: Final = r"(?!(?:of|near|to|in|at|on|by|and|or|with|from|for|the|an?|beside|behind|that|which|under|over|above|below|as|not|no)\b)[\w-]{1,30}"
_MAYBE: Final = r"(?: (?:\w+ly|very likely|now|also|still|thus|may|might|could|would|can|will))?"
_AIM: Final = (
    r"for use (?:as|by|in)", r"used (?:to(?! be\b)|for|as)", r"to be used", r"(?:intended|designed|meant) (?:to|for|as)", r"built as",
    r"built (?:to|for)(?! (?:the (?:north|south|east|west|left|right)|scale\b))", r"in order to", r"so as to", r"serv(?:es?|ed|ing) (?:as|to)",
    r"purpose(?: of [\w' -]{1,40}?)? (?:is|was|seems|appears|remains)(?! (?:not|unknown|unclear|uncertain|open|disputed|judged|weighed|told|beyond))",
    r"(?:fit|suitable|suited) (?:to|for)(?! the)", r"aimed at", r"(?:functions?|functioned|acts?|acted) as", r"hiding[ -]places?",
    r"for (?:the )?(?:storing|storage|hiding|concealing|concealment|sheltering|launching|smuggling|stockpiling|housing)",
    rf"(?:{_any(_PLACES)}) for(?: the)?(?: {_PLAIN}){{0,2}}? (?:{_any(_GOODS)})",
    rf"to (?:{_any(_AIMS)})(?: (?:an?|the|its|their|some))?(?: {_PLAIN}){{0,2}}? (?:{_any(_GOODS)})",
)  # fmt: skip
"""Ways of saying what somebody wants with a place."""
_IS: Final = r"(?:is|are|was|were|becomes?|became)(?: (?:\w+ly|very likely|now|also|still|thus))?(?: part of)?(?: (?:an?|the|two|three|some))?"
_ROLE: Final = (rf"{_IS}(?: {_PLAIN}){{0,3}}? (?:{_MILITARY}|{_any(_ROLES)})",)
_KEEPING: Final = (
    rf"(?:{_any(_PLACES)}){_MAYBE} (?:(?:{_any(_KEEPS)})|(?:{_any(_KEPT)})(?! (?:by|from|in|under|behind|with)\b)) [\w-]+",
    rf"(?:{_any(_PLACES)}){_MAYBE} (?:{_any(_HIDES)})(?: {_PLAIN}){{0,2}}? (?:{_any(_GOODS)})",
    rf"(?:{_any(_GOODS)}) (?:is|are|was|were|being) (?:{_any(_KEPT)}|kept|hidden|concealed)(?! by\b)",
    rf"(?:{_any(_KEEPS)})(?: {_PLAIN}){{0,2}}? (?:{_any(_STORES)})",
)
"""Ways of saying what a place keeps or hides."""
_PURPOSE: Final = re.compile(rf"\b(?:{_any(_AIM, _ROLE, _KEEPING)})\b", re.IGNORECASE)
_NAMED: Final = re.compile(rf"\b{_MILITARY}\b", re.IGNORECASE)
_LOCATED: Final = re.compile(
    r"\b(?:near|beside|from|of|to|at|by|around|outside|inside|in|on|no|other)(?: (?:the|an?|this|that|any))?(?: [\w-]+)? $",
    re.IGNORECASE,
)
"""Before a military place: it tells where something else is."""
_WEIGHED: Final = re.compile(r"\b(?:likely|unlikely|chance|certain|alternatives?|hypothes[ei]s)\b", re.IGNORECASE)
_ASKED: Final = re.compile(r"\b(?:what|how|whether|unknown|nothing|cannot|not|no)\b[^,;]*$", re.IGNORECASE)


def purposes(sentence: str) -> Iterator[str]:
    """What a thing is said to be for, as written.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.

    """
    found = [m[0] for m in _PURPOSE.finditer(sentence) if not _ASKED.search(sentence[max(0, m.start() - 60) : m.start()])]
    yield from found or (m[0] for m in _NAMED.finditer(sentence) if _asserted(sentence, m))


def _asserted(sentence: str, match: re.Match[str]) -> bool:
    """Whether a military place is said to be there: not weighed, not asked for, and not where something else lies."""
    before, after = sentence[max(0, match.start() - 60) : match.start()], sentence[match.end() : match.end() + 60]
    return not (_WEIGHED.search(before) or _WEIGHED.search(after) or _ASKED.search(before) or _LOCATED.search(before))
