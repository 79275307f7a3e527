"""How sure the words of a claim are: the strongest cue of a small lexicon, within the claim's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.records import Hedge

if TYPE_CHECKING:
    from spadework.records import HedgeLevel


def _cues(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


LEXICON: Final[tuple[tuple[HedgeLevel, re.Pattern[str]], ...]] = (
    (
        "unknown",
        _cues(
            r"(?:remains?|remained|is|are|was|were|still)\s+(?:unknown|unclear|uncertain|unexplained|undetermined|unresolved)",
            r"(?:is|was|are|were|isn[\u2019']t|wasn[\u2019']t)\s+(?:not\s+)?(?:immediately\s+|yet\s+)?(?:not\s+)?(?:immediately\s+)?(?:clear|known)\s+(?:whether|how|who|what|why|when|if|where)",
            r"(?:is|was|are|were)\s+not\s+(?:yet\s+|immediately\s+|publicly\s+)?(?:clear|known)",
            r"it\s+is\s+unclear", r"no\s+one\s+knows", r"nobody\s+knows", r"could\s+not\s+be\s+(?:independently\s+)?(?:verified|confirmed|established|determined)",
            r"(?:could|can)(?:\s*not|n[\u2019']t)\s+(?:yet\s+|immediately\s+|independently\s+)*(?:confirm|verify|establish|determine|corroborate)", r"neither\s+(?:confirm|den)\w*\s+(?:n?or)\s+(?:den|confirm)\w*", r"(?:do|does|did)\s+not\s+know", r"(?:could|can)\s*not\s+say",
            r"(?:not|im)\s*possible\s+to\s+(?:independently\s+)?(?:verify|confirm|establish|determine|say|know|tell)",
            r"any(?:one|body)[\u2019']s\s+guess", r"remains?\s+to\s+be\s+seen", r"(?:has|have|had)\s+not\s+(?:yet\s+)?been\s+(?:independently\s+)?(?:established|determined|identified|verified|confirmed)",
            r"(?:no\s*(?:body|\s+one))\s+(?:could|can)\s+say", r"unknown", r"unclear",
            r"(?:was|were|is|are|been)\s+unable\s+to\s+(?:independently\s+)?(?:confirm|verify|establish|determine|say|tell)", r"not\s+(?:yet\s+|entirely\s+)?(?:certain|sure)", r"yet\s+to\s+be\s+(?:independently\s+)?(?:established|determined|confirmed|verified|identified|explained)",
            r"no\s+way\s+of\s+knowing", r"can(?:\s*not|[\u2019']t)\s+be\s+(?:independently\s+)?(?:known|verified|confirmed|established|determined)", r"(?:can|could)(?:\s*not|n[\u2019']t)\s+(?:tell|be\s+sure)",
        ),
    ),
    (
        "denied",
        _cues(
            r"(?<!not )(?<!nor )(?<!never )(?:(?<!been )(?<!was )(?<!were )(?<!being )den(?:y|ies|ied|ying)|denied(?=\s+by\b))", r"reject(?:s|ed|ing)?", r"dismiss(?:es|ed|ing)?", r"refut(?:es|ed|e|ing)",
            r"disput(?:es|ed)\s+(?:that|the|this|those|any|claims)", r"rebutt?(?:s|ed)", r"denial", r"no\s+such", r"not\s+true", r"untrue", r"baseless", r"groundless", r"unfounded", r"fabricat(?:ed|ion|ions)",
            r"nonsense", r"a\s+lie", r"(?:call|brand|label)(?:ed|s|ing)\s+(?:[\w\u2019'-]+\s+){1,4}(?:an?\s+)?[\u201c\"]?(?:false|fake|lies|propaganda|fiction|fabrications?|slander|absurd|ridiculous)", r"(?<=[\u201c\"])(?:pure\s+|an?\s+)?(?:fiction|fantasy|inventions?|propaganda|lies|slander|smear)", r"no\s+basis", r"(?:is|was|are|were|simply|entirely|completely|utterly|as)\s+[\u201c\"\u2018']?false",
        ),
    ),
    (
        "alleged",
        _cues(r"alleg(?:ed|edly|es|e|ing|ation|ations)", r"accus(?:ed|es|e|ing|ation|ations)", r"blam(?:ed|es|e|ing)", r"(?:widely\s+)?attributed\s+to", r"purported(?:ly)?", r"claim(?:s|ed)\s+(?:that\s+)?responsibility"),
    ),
    (
        "possible",
        _cues(
            r"(?-i:may)", r"might", r"could(?!\s+(?:not|only|never|no|see|hear|be\s+(?:seen|heard|felt))\b|n[\u2019']t)", r"possibl[ey]", r"likely", r"unlikely", r"probabl[ey]", r"appear(?:s|ed)?(?!\s+(?:in|on|at|by|before|between|beside)\b)(?:\s+to)?", r"seem(?:s|ed)?(?:\s+to)?",
            r"apparent(?:ly)?", r"perhaps", r"potentially", r"suspected", r"presum(?:abl[ey]|ed)", r"conceivabl[ey]", r"seemingly", r"supposedly", r"ostensibly", r"possibilit(?:y|ies)", r"potential", r"in\s+all\s+likelihood", r"as\s+far\s+as\s+(?:one|anyone|we|they)\s+can\s+(?:tell|see|judge)", r"speculat(?:es?|ed|ing|ion)", r"chances?\s+that", r"suggest(?:s|ed|ing)?",
            r"consistent\s+with", r"would\s+be\s+able", r"(?:not|cannot)\s+(?:be\s+)?(?:rule|ruled|ruling|exclude|excluded)(?:\s+out)?", r"look(?:s|ed)?\s+(?:like|as\s+(?:if|though))", r"maybe", r"plausibl[ey]", r"hint(?:s|ed)?\s+(?:at|that)", r"point(?:s|ed)?\s+to(?:ward|wards)?",
        ),
    ),
    (
        "reported",
        _cues(
            r"reportedly", r"(?:was|were|been|is|are)\s+(?:recently\s+|widely\s+|first\s+)?reported", r"unconfirmed\s+reports?", r"rumou?red", r"rumou?rs", r"by\s+some\s+accounts", r"(?:some|media|press|local|unconfirmed|several)\s+reports", r"(?:is|are|was|were)\s+said\s+to",
            r"(?:is|are|was|were)\s+understood\s+to", r"reports\s+(?:say|of|that)", r"according\s+to\s+(?:media\s+|local\s+|unconfirmed\s+)?reports",
        ),
    ),
    (
        "assessed",
        _cues(
            r"assess(?:es|ed|ing|ment)?", r"estimat(?:es?|ed|ing)", r"judg(?:es?|ed|ing)", r"believ(?:es?|ed|ing)", r"conclud(?:es?|ed|ing)", r"reckon(?:s|ed|ings?)?",
            r"calculat(?:es?|ed)", r"in\s+(?:his|her|its|their|our|my)\s+(?:view|judgement|judgment|opinion|assessment)", r"think(?:s|ing)?", r"thought\s+to", r"deem(?:s|ed)?", r"assum(?:es?|ed|ing)", r"predict(?:s|ed|ing)?", r"guess(?:es|ed)",
            r"project(?:s|ed)\s+(?:that|to)", r"forecasts?", r"suspects?", r"(?:is|are|was|were)\s+(?:widely\s+)?expected\s+to", r"put(?:s|ting)?\s+(?:it\s+)?(?:down\s+to|(?:[\w\u2019'-]+\s+){0,8}?at)", r"suited\s+to", r"fit\s+to", r"expects?",
            r"(?:high|moderate|medium|low)\s+confidence", r"cannot\s+have",
        ),
    ),
)  # fmt: skip
"""Levels from the strongest claim on the reader to the weakest; the first that has a cue decides. "May" is the month, "may" the verb."""
ROUND: Final = _cues(
    r"about",
    r"approximately",
    r"roughly",
    r"around",
    r"some",
    r"nearly",
    r"almost",
    r"an?\s+estimated",
    r"close\s+to",
    r"approaching",
)
"""Words before a number that make it the estimate of whoever gives it."""


_FLAT: Final = re.compile(
    r"[\u201c\"]?(?:None\s+of\s+(?:our|the|these|those|us)|(?:Nobody|No\s+one)\s+(?:[\w\u2019'-]+\s+){0,4}?(?:has|had|is|was|were)|Not\s+(?:one|a\s+single))\b(?!\s+(?:knows?|can|could|will|would|is\s+sure)\b)|"
    r"[\u201c\"]?There\s+(?:is|are|was|were|has\s+been|have\s+been|never\s+was)\s+(?:no|never|not)\b"
    r"(?!\s+(?:\w+\s+)?(?:reason|doubt|evidence|sign|signs|way|question|proof|need|point|excuse|trace|word|choice|hope|time|official|announcement))"
)
"""Words of somebody that flatly deny without a verb of denying."""


_ASIDE: Final = re.compile(
    r"\b(?:may|might|appears?|appeared|seems?|seemed|likely|reportedly)\b.*\b(?:an?|the|any|this|that)\s+alleged\s", re.DOTALL
)
"""A noun called alleged behind a verb that is hedged itself: "appear to show new patches, days after an alleged strike"."""


def hedge_of(words: str, quantity: str = "", cue: str = "", *, said: bool = False) -> Hedge:
    """The hedge of a claim.

    Args:
        words: its evidence.
        quantity: the words of the quantity that somebody other than the outlet gives; "roughly 15 feet" is then an estimate.
        cue: a verb of judgement that covers it, wherever that stands.
        said: whether they are somebody's other than the outlet.

    """
    flat = said and _FLAT.match(words)
    for level, cues in LEXICON:
        found = [match[0] for match in cues.finditer(words)]
        if level == "alleged" and _ASIDE.search(words) and all(word.casefold() == "alleged" for word in found):
            found = []
        if found:
            return Hedge(level, tuple(dict.fromkeys(found)))
        if level == "denied" and flat:
            return Hedge(level)
    if cue:
        return Hedge("assessed", (cue,))
    rounded = ROUND.match(quantity)
    return Hedge("assessed", (rounded[0],)) if rounded else Hedge("asserted")
