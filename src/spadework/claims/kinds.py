"""What kind of claim it is, whether it affirms, and whether an image from orbit could in principle show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.records import OUTLET

if TYPE_CHECKING:
    from spadework.records import ClaimQuantity, ClaimType, Hedge, Observable, Polarity

_NEGATED: Final = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|n[o\u2019']t|nobody|nothing|cannot|lacks?|absence\s+of)\b|n[\u2019']t\b",
    re.IGNORECASE,
)
_PLANNED: Final = re.compile(
    r"\b(?:will|would|shall|plans?\s+to|planned|planning|intends?|intended|scheduled|due\s+to|aims?\s+to|vow(?:s|ed)?|pledge[sd]?|promise[sd]?|expected\s+to|to\s+begin|announced?)\b",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(
    r"\b(?:imagery|images?|pictures?|photo(?:graph)?s?|satellites?|footage|radar|drone|scenes?)\b", re.IGNORECASE
)
_PAST: Final = re.compile(
    r"\b(?:founded|formed|established|once|formerly|home\s+to|since|historically|built\s+in|opened\s+in|independence|population|is\s+the|are\s+the|was\s+the|were\s+the|known\s+as|located|lies|accounts\s+for|(?:in|by|since)\s+(?:1[89]\d\d|20[01]\d)|majority)\b",
    re.IGNORECASE,
)
_URGED: Final = re.compile(
    r"\b(?:urged?|called\s+(?:for|on)|demand(?:ed|s)?|warn(?:ed|s)?|asked|appealed|insist(?:ed|s)?|welcomed|condemned|thanked|praised|criticised|criticized)\b",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile('[\u201c\u201d"]')
_SEEN: Final = re.compile(
    r"\b(?:airfields?|barges?|breakwaters?|jett(?:y|ies)|strips?|car\s+parks?|mangroves?|marsh(?:es)?|woodlands?|crests?|embankments?|launchers?|convoys?|jets?|filling|impound\w*|felled|felling|dug|dig(?:ging)?|cleared|flares?|flared|paved|widen\w+|lengthen\w+|"
    r"bulldozers?|excavators?|diggers?|trucks?|vehicles?|machines?|cranes?|dredgers?|construction|building(?:s)?|built|structures?|hangars?|bunkers?|roofs?|roads?|tracks?|runways?|"
    r"bridges?|walls?|fences?|berms?|trench(?:es)?|tunnels?|entrances?|portals?|pits?|mines?|mining|quarr(?:y|ies)|spoil|tailings|earthworks?|excavat\w+|cleared|clearings?|clearance|deforest\w+|logged|"
    r"logging|forests?|trees?|fields?|crops?|burn(?:t|ed|ing)?|fires?|smoke|scars?|craters?|damage[d]?|destroyed|collapsed|rubble|flood(?:s|ed|ing)?|reservoirs?|lakes?|rivers?|water|dams?|shoreline|"
    r"coast|ships?|vessels?|boats?|tankers?|port|piers?|docks?|aircraft|planes?|helicopters?|tents?|camps?|shelters?|settlements?|villages?|houses|pipelines?|slicks?|spills?|islands?|airstrip|"
    r"solar|turbines?|towers?|tanks|silos?|warehouses?|containers?|launchers?)\b",
    re.IGNORECASE,
)
_UNSEEN: Final = re.compile(
    r"\b(?:killed|died|deaths?|wounded|injured|arrested|detained|agreed|talks|negotiat\w+|contracts?|permits?|licen[cs]e[sd]?|law|court|sanctions?|price[sd]?|cost[s]?|shares?|revenue|profit|"
    r"loan|fund(?:s|ed|ing)?|ownership|owned|purpose|intend(?:s|ed)?|denied|blamed|accused|underground\s+length|secret|consult\w+|warn(?:ed|s)?|urged?|approved|statement|comment(?:ed)?|respond(?:ed)?|written|inspected|meant\s+to|permit|approv\w+|documents?|depth|deep|percent|per\s+cent)\b",
    re.IGNORECASE,
)
_HALF: Final = re.compile(
    r"\b(?:strikes?|airstrikes?|attack(?:s|ed)?|shell(?:ed|ing)|bomb(?:ed|ing)|troops|forces|soldiers|moved|displaced|leak(?:ed|s)?|contaminat\w+|volume|tonnes|tons)\b",
    re.IGNORECASE,
)


_CHARGED: Final = re.compile(r"\b(?:accus(?:e|es|ed|ing)|blam(?:e|es|ed|ing))\b", re.IGNORECASE)
_SILENT: Final = re.compile(
    r"\b(?:declined\s+to|(?:did|has|have|had)\s+not\s+(?:yet\s+|immediately\s+)?(?:respond|repli|reply|answer|comment)\w*)",
    re.IGNORECASE,
)
"""Somebody would not say it."""
_OBSERVED: Final = re.compile(
    r"\b(?:saw|seen|heard|measured|counted|recorded|visible|observed|spotted|noticed|watched|filmed|photographed|covers?|covered|stands?|stood|shows?)\b",
    re.IGNORECASE,
)
_HEARD: Final = re.compile(r"\b(?:heard|hear|sounds?|smell\w*|felt)\b", re.IGNORECASE)
MEASURED: Final = frozenset({"length", "width", "height", "depth", "area", "diameter", "volume"})
"""Dimensions of what somebody saw."""
_NO_NEGATION: Final = re.compile(
    r"\b(?:no|not)\s+(?:more|less|fewer|later|only|just|least)\b|\bnot\s+deny\b|\bwithout\s+(?:warning|notice|permission|permits?)\b",
    re.IGNORECASE,
)
"""Negating words that bound a number or a manner, and negate nothing."""


def polarity_of(words: str, hedge: Hedge) -> Polarity:
    """Affirmed, negated or denied, not known."""
    if hedge.level == "unknown":
        return "0"
    return "-" if hedge.level == "denied" or _NEGATED.search(_NO_NEGATION.sub("", words)) else "+"


@dataclass(frozen=True, slots=True)
class Told:
    """What the kind of a claim depends on, besides its words."""

    hedge: Hedge
    speaker: str
    imagery: bool
    """Whether images are said to show it."""
    aside: bool
    """Told besides, by the outlet."""
    quantity: ClaimQuantity | None
    fresh: bool
    """Whether it has a date that ends within ``FRESH_DAYS`` of the document's."""


FRESH_DAYS: Final = 60
"""What an outlet tells of longer ago is background to its story."""


def type_of(words: str, told: Told) -> ClaimType:  # noqa: PLR0911 - one kind after another
    """The kind of a claim, from its words, its hedge and who says it."""
    level, own = told.hedge.level, told.speaker == OUTLET
    if level == "unknown":
        return "unknown"
    if level == "denied":
        return "denial"
    if _CHARGED.search(words) or (own and _SILENT.search(words)):
        return "statement"
    if told.imagery or _IMAGE.search(words):
        return "observation"
    if level == "assessed" or (level == "possible" and not own):
        return "assessment"
    if _PLANNED.search(words):
        return "intention"
    measured = told.quantity is not None and told.quantity.dimension in MEASURED
    if not own and (_OBSERVED.search(words) or measured):
        return "observation"
    if not own and (_URGED.search(words) or _QUOTED.search(words)):
        return "statement"
    return "background" if own and (told.aside or not told.fresh or _PAST.search(words)) else "event"


ON_THE_GROUND: Final = frozenset({"length", "width", "area", "diameter"})
"""Dimensions that an image shows from above."""


def observable_of(words: str, kind: ClaimType, quantity: ClaimQuantity | None = None) -> tuple[Observable, str]:
    """Whether an image from orbit could in principle show it, and why."""
    seen, unseen, half = (bool(pattern.search(words)) for pattern in (_SEEN, _UNSEEN, _HALF))
    measured = quantity is not None and quantity.dimension in ON_THE_GROUND
    heard = _HEARD.search(words) is not None
    deep = quantity is not None and quantity.dimension == "depth"
    shown = kind == "observation" and not heard and not deep
    if kind in {"unknown", "statement", "denial"} or heard or not (seen or half or measured or shown):
        return "no", "words, plans, sounds or what lies below ground leave no trace of their own"
    if not measured and not shown and (unseen or half or kind != "event"):
        return "partly", "traces on the ground could show, not who or why"
    return "yes", ""
