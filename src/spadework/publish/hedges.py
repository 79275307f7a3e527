"""Hedges in a sentence: how surely a thing is named, how likely it is called, and how good the grounds are.

An identity word (possible, probable, confirmed and their kin) before a class of object needs a record of that very
pair. Weather, ground cover, tillage and faults of an image are no objects: whoever looks at images must name them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.records import TERMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

# ---------------------------------------------------------------- words by family
_WEATHER: Final = (
    "clouds?", "cirrus", "haze", "haz(?:e|y) spells?", "fog", "mist", "dust(?: storms?)?", "sand ?storms?", "smoke", "snow", "frost", "ice", "rain(?:fall)?",
    "storms?", "floods?", "flooding", "drought", "wind", "erosion", "landslides?", "rockfalls?", "fires?", "burns?", "burn scars?",
)  # fmt: skip
_LIGHT: Final = (
    "shadows?", "shade", "shading", "glints?", "glare", "reflections?", "illumination", "parallax", "noise", "striping", "stripes?", "artefacts?",
    "artifacts?", "blur", "saturation", "misregistration", "shifts?", "residuals?", "mask", "seams?", "gaps?", "edge effects?",
)  # fmt: skip
_GROUND: Final = (
    "vegetation", "grass(?:land)?", "crops?", "stubble", "fields?", "farmland", "orchards?", "fallow", "pasture", "trees?", "leaves", "water", "moisture",
    "ground", "field tracks?", "changes? (?:of|in) (?:crops?|colou?r|season|light|moisture|vegetation)", "(?:seasonal|crop|colou?r) changes?", "soil", "sand", "dunes?", "gravel", "mud", "silt", "growth", "regrowth", "greening", "drying", "wetting", "wetness",
)  # fmt: skip
_TILLAGE: Final = (
    "ploughing", "plowing", "tillage", "tilling", "harrowing", "sowing", "planting", "harvest(?:s|ing)?", "mowing", "grazing", "irrigation", "burning",
    "farming", "felling", "rotations?",
)  # fmt: skip
_FAILINGS: Final = (
    "alarms?", "positives?", "negatives?", "mistakes?", "errors?", "confusion", "mix-ups?", "duplicates?", "coincidences?", "effects?",
    "explanations?", "reasons?", "causes?", "alternatives?", "exceptions?", "extents?", "colou?rs?", "sizes?", "motion", "reflectance", "brightness",
    "outcomes?", "contrast", "pixels?", "leaf fall",
)  # fmt: skip
_MANNERS: Final = (
    "false", "mixed", "thin", "thick", "light", "dark", "bright", "faint", "small", "large", "wide", "seasonal", "annual", "yearly", "early", "late", "old", "recent",
    "fresh", "natural", "local", "wet", "dry", "bare", "wild", "sun", "sensor", "image", "mask(?:ing)?", "winter", "spring", "summer", "autumn", "maize",
    "wheat", "cotton", "barley", "olive", "heavy", "low", "high",
)  # fmt: skip
_IDENTITIES: Final = (
    "possible", "potential", "probable", "confirmed", "unconfirmed", "verified", "suspected", "apparent", "alleged", "presumed", "purported", "supposed",
    "likely",
)  # fmt: skip
_PARTICIPLES: Final = frozenset({"confirmed", "verified", "suspected", "alleged", "presumed", "supposed", "likely"})
"""Identity words that are such only where they describe the noun."""
_NO_NOUNS: Final = (
    "a", "about", "above", "after", "again", "all", "already", "also", "an", "and", "any", "are", "around", "as", "at", "be", "because", "been", "before",
    "beside", "between", "both", "but", "by", "can", "could", "did", "do", "does", "during", "each", "either", "every", "for", "from", "given", "had", "has",
    "have", "he", "her", "here", "his", "how", "if", "in", "inside", "into", "is", "it", "its", "later", "may", "might", "must", "near", "no", "nor", "not",
    "now", "of", "on", "once", "only", "or", "our", "out", "outside", "over", "per", "she", "since", "so", "some", "than", "that", "the", "their", "them",
    "then", "there", "they", "this", "those", "these", "through", "to", "today", "too", "twice", "under", "unless", "until", "us", "was", "we", "were",
    "what", "when", "where", "whether", "which", "while", "who", "why", "will", "with", "within", "without", "would", "yet", "you",
    "last", "next", "soon", "yesterday", "independent", "moved", "caused", "made", "makes", "seen", "hides?", "hid", "covers?", "covered", "explains?",
)  # fmt: skip
"""After an identity word: then it stands before no noun; after a noun: then the noun has ended."""
_QUALITIES: Final = (
    "due", "caused", "seasonal", "natural", "agricultural", "harmless", "benign", "real", "wrong", "true", "false", "older", "newer", "unrelated", "dry", "wet",
    "harvested", "ploughed", "plowed", "mown", "flooded", "irrigated", "burnt", "burned", "fallow",
)  # fmt: skip
"""After "likely" at the head of a sentence: what a thing is like, not what it is."""
_LY_NOUNS: Final = frozenset({"ally", "anomaly", "assembly", "family", "gully", "supply"})
_FINDINGS: Final = (
    "changes?", "events?", "it", "they", "this", "that", "these", "those", "which", "who", "what", "both", "none", "nothing", "all", "one", "two", "three",
    "some", "many", "others?", "findings?", "dates?", "days?", "times?", "areas?", "onset", "ends?", "outlines?", "disturbances?", "anomal(?:y|ies)",
    "growth", "reports?", "claims?", "places?", "sites?", "locations?", "ownership", "permits?", "reading", "judgements?",
)  # fmt: skip
"""Of these one may say that they were confirmed."""


def _any(*families: Iterable[str]) -> str:
    return "|".join(word for family in families for word in family)


# ---------------------------------------------------------------- identity: an identity word + a class of object
_IDENTITY: Final = re.compile(rf"\b({_any(_IDENTITIES)})[\"']?[ -][\"']?([^\W\d][\w'-]*+)", re.IGNORECASE)
_NO_NOUN: Final = re.compile(_any(_NO_NOUNS), re.IGNORECASE)
_HARMLESS: Final = _any(_WEATHER, _LIGHT, _GROUND, _TILLAGE, _FAILINGS)
_NOUN_ENDS: Final = rf"(?![\w'-])(?! (?!(?:{_any(_NO_NOUNS)})\b)[^\W\d])"
_QUALITY: Final = re.compile(rf"(?:{_any(_QUALITIES)}){_NOUN_ENDS}", re.IGNORECASE)
_NO_OBJECT: Final = re.compile(rf"(?:(?:{_any(_MANNERS)}|{_HARMLESS})[ -]){{0,3}}(?:{_HARMLESS}){_NOUN_ENDS}", re.IGNORECASE)
"""Weather, ground cover, tillage or a fault of an image, with no further noun behind."""
_ADJECTIVE_AFTER: Final = re.compile(
    r"(?:^|[^\w'\s]|\b(?:\d+|an?|the|this|these|those|one|two|three|four|five|six|seven|eight|nine|ten|several|many|some|any|all|each|every|no|its|"
    r"their|our|of|in|on|at|for|with|by|from|to|as|than|near|beside|and|or|new|other|more|first|are|were|"
    r"(?:show|reveal|display|depict|detect|contain|spot|count|see)(?:s|ed|n|ing)?|saw|found|finds?))$",
    re.IGNORECASE,
)
"""Before a participle: then it describes the noun; after any other word it is a verb."""
_LIKELY_AFTER: Final = re.compile(
    r"(?:^|[\"(:;]|\b(?:an?|the|this|these|those|one|two|three|four|five|several|many|some|very|most))$", re.IGNORECASE
)
_PREDICATE: Final = re.compile(r"\b(?:is|are|was|were|be|been|it's) (?:very|most)$", re.IGNORECASE)
_IDIOM: Final = re.compile(r"\b(?:best|worst|every|earliest|latest|largest|smallest|no)$", re.IGNORECASE)
_PAIR: Final = re.compile(r"[\w'-]+(?: [\w'-]+){0,5}")
_CERTAINLY: Final = re.compile(
    r"(?<!almost )(?<!nearly )(?<!virtually )(?<!not )(?<!how )\b(?:certainly|definitely|undoubtedly|unquestionably|unmistakably|doubtless|surely|obviously|"
    r"clearly|evidently|without (?:a )?doubt|no doubt|confirmed as),? (?:an?|the|two|three|several) (?!same\b|only\b|first\b|last\b)(?P<thing>[^\W\d][\w'-]*+)",
    re.IGNORECASE,
)
_WAS_CONFIRMED: Final = re.compile(
    r"(?:^|[\"(:;,] ?|\b(?:an?|the|this|that|these|those|one|two|three|four|five|several|many|some|all|both) )(?:[a-z-]{2,20} ){0,2}?"
    r"(?P<subject>[a-z-]{3,20}) (?:is|are|was|were|(?:has|have|had) been) (?:now |thus |since )?confirmed\b",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(r"\b(?:no|none|not|never|nothing|whether|if|would|could|should|cannot)\b", re.IGNORECASE)
_CONFIRMABLE: Final = re.compile(_any(_FINDINGS, (_HARMLESS,)), re.IGNORECASE)


def identities(sentence: str, known: AbstractSet[str]) -> Iterator[str]:
    """Objects that are named more or less surely, where no record holds the pair.

    Args:
        sentence: one sentence on one line, dashes as hyphens, single spaces.
        known: pairs "<identity> <class>" from records, in small letters.

    """
    for match in _IDENTITY.finditer(sentence):
        pair = _PAIR.match(sentence[match.start() : match.start() + 90].replace("-", " "))
        words = pair[0].lower().split() if pair else []
        on_record = any(" ".join(words[:count]) in known for count in range(2, len(words) + 1))
        if _named(sentence, match) and not on_record:
            yield match[0]
    for match in _CERTAINLY.finditer(sentence):
        if not _NO_OBJECT.match(sentence, match.start("thing")):
            yield match[0]
    for match in _WAS_CONFIRMED.finditer(sentence):
        subject = match["subject"].lower()
        denied = _DENIED.search(sentence[max(0, match.start() - 40) : match.end()])
        if not denied and not _CONFIRMABLE.fullmatch(subject) and f"confirmed {subject}" not in known:
            yield match[0]


def _named(sentence: str, match: re.Match[str]) -> bool:
    """Whether an identity word stands before the class of object that it says how sure one is of."""
    word, noun = match[1].lower(), match[2].lower()
    if (
        _NO_NOUN.fullmatch(noun)
        or (noun.endswith("ly") and noun not in _LY_NOUNS)
        or _NO_OBJECT.match(sentence, match.start(2))
    ):
        return False
    before = sentence[max(0, match.start() - 20) : match.start()].rstrip()
    if word == "likely":
        predicate = _PREDICATE.search(before) or _QUALITY.match(sentence, match.start(2))
        return bool(_LIKELY_AFTER.search(before)) and not predicate
    if word in _PARTICIPLES:
        return bool(_ADJECTIVE_AFTER.search(before))
    return word == "probable" or not _IDIOM.search(before)


# ---------------------------------------------------------------- likelihood
_OTHER_SCALES: Final = {
    "highly likely": "very likely",
    "highly unlikely": "very unlikely",
    "realistic possibility": "roughly even chance",
    "virtually certain": "almost certain",
}
"""Of the British yardstick and the IPCC's scale: other numbers, or a half from each row; and the word of row A."""
_INSTEAD: Final = {**{term.other: term.text for term in TERMS}, **_OTHER_SCALES}


def _forms(terms: Iterable[str]) -> str:
    """A pattern for terms and their adverbs, the longest first."""
    forms = (re.sub("ble$", "bl[ey]", re.sub("certain$", "certain(?:ly)?", term)) for term in terms)
    return "|".join(sorted(forms, key=len, reverse=True))


_LIKELY: Final = re.compile(
    rf"\b(?:(?P<other>{_forms(_OTHER_SCALES)})|(?P<a>{_forms(term.text for term in TERMS)})"
    rf"|(?P<b>{_forms(term.other for term in TERMS if term.other != 'remote')}"
    r"|remote (?:chance|possibility|probability|likelihood|prospect)|(?:chances?|odds|possibility|likelihood) (?:is|are|was|seems?) remote))\b",
    re.IGNORECASE,
)
"""Words of likelihood by row; remote is one only beside a chance."""
_LISTED: Final = re.compile(r"possible,? (?:and |or )?$", re.IGNORECASE)


def _likelihoods(sentence: str) -> Iterator[tuple[str, str]]:
    """(row, words) of each term of likelihood; "probable" before a noun, or listed as an identity, is none."""
    for match in _LIKELY.finditer(sentence):
        if match[0].lower() != "probable" or not _is_identity(sentence, match):
            yield match.lastgroup or "", match[0]


def _is_identity(sentence: str, probable: re.Match[str]) -> bool:
    """Whether "probable" is an identity: before a noun, or in a list of identities."""
    named = _IDENTITY.match(sentence, probable.start())
    before, after = sentence[max(0, probable.start() - 16) : probable.start()], sentence[probable.end() : probable.end() + 8]
    describes = (
        named is not None
        and not _NO_NOUN.fullmatch(named[2])
        and (_NO_OBJECT.match(sentence, named.start(2)) or _named(sentence, named))
    )
    return bool(describes or _LISTED.search(before) or after.lower().startswith((" or conf", ", conf")))


def mixed(sentences: Sequence[str], *, beside_row_a: bool) -> Iterator[str]:
    """Terms of both rows anywhere in the text, or a term of another scale."""
    first: dict[str, str] = {}
    for sentence in sentences:
        for row, words in _likelihoods(sentence):
            first.setdefault(row, words)
    yield first.get("other", "")
    if "b" in first and (beside_row_a or "a" in first):
        yield f"{first['a']} ... {first['b']}" if "a" in first else first["b"]


def of_row_a(words: str) -> str:
    """Which word of row A to write for those words, one sentence; empty for words of row A."""
    term = words.rpartition(" ... ")[2].lower()
    root = "remote" if "remote" in term else re.sub("bly$", "ble", term.replace("certainly", "certain"))
    instead = _INSTEAD.get(root, "")
    adverb = re.sub("certain$", "certainly", instead) if term.endswith("certainly") else instead
    return f'Write "{adverb}" for "{term}".' if instead else ""


# ---------------------------------------------------------------- confidence
_NUMBERED: Final = re.compile(r"\b(?:probability|likelihood|chance)(?: (?:of|is))?:? [.\d]", re.IGNORECASE)
_CONFIDENCE: Final = re.compile(
    r"\b(?:(?<!\bin )confidence(?! (?:intervals?|limits?|bands?|regions?|bounds?|levels? of \d))(?!-building)|confident(?:ly)?"
    r"|(?:are|am|is|feel|be|quite|very|fairly|pretty|absolutely) (?:sure|convinced)|(?:we|i) (?:are|am|feel) (?:quite |very |absolutely )?certain"
    r"|(?:beyond|without|no) (?:a |any |all |reasonable )?doubt)\b",
    re.IGNORECASE,
)


def with_confidence(sentence: str) -> str:
    """A likelihood and a confidence in one sentence, as "likely ... confidence"; empty where they do not meet."""
    sure = _CONFIDENCE.search(sentence)
    if not sure:
        return ""
    numbered = _NUMBERED.search(sentence)
    likely = next((words for _, words in _likelihoods(sentence)), numbered[0].rstrip(" .0123456789") if numbered else "")
    return f"{likely} ... {sure[0]}" if likely else ""
