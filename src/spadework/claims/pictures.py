"""Images that are said to show something, and whose they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.claims.found import Found
from spadework.claims.memory import Voice
from spadework.claims.speech import IMAGES, SAY, SHOW

if TYPE_CHECKING:
    from spadework.claims.found import Sentence


def imagery(s: Sentence) -> list[Found]:
    """Images: "images captured by X show"; "X imagery shows"; ", satellite pictures show"."""
    words = [token.lemma.casefold() for token in s.parsed.tokens]
    out: list[Found] = []
    for index, token in enumerate(s.parsed.tokens):
        if words[index] not in SHOW or token.text.casefold().endswith("ing") or (token.tag == "VBN" and token.dep == "acl"):
            continue
        noun = next(
            (
                i
                for i in range(index - 1, -1, -1)
                if words[i] in IMAGES
                and s.parsed.tokens[i].tag.startswith("NN")
                and s.parsed.tokens[i].dep != "compound"
                and i + 1 > index - 24
            ),
            None,
        )
        between = s.parsed.tokens[noun + 1 : index] if noun is not None else ()
        if noun is None or any(t.pos == "VERB" and t.lemma.casefold() in SAY for t in between):
            continue
        provider = provider_of(s, noun, index)
        seen = any(word in SENSED for word in words[max(0, noun - 3) : noun + 1])
        if words[noun] in {"data", "datum"} and provider is None and not seen:
            continue  # "data from the agency show": figures
        out = [] if provider is not None else out
        cover = (
            frozenset(range(index, len(words))) | frozenset(range(noun, index))
            if not _ends(s, index)
            else frozenset(range(index + 1))
        )
        out.append(
            Found(
                "imagery",
                index,
                Voice(_reader(s, noun, index) or provider, "body"),
                "show",
                cover,
                _passed_to(s, noun, index),
                provider,
            )
        )
    return out


SELLERS: Final = frozenset(
    {
        "Planet",
        "Maxar",
        "Vantor",
        "Airbus",
        "BlackSky",
        "Capella",
        "ICEYE",
        "Umbra",
        "Satellogic",
        "ImageSat",
        "Sentinel-1",
        "Sentinel-2",
        "Landsat",
    }
)
"""Whose name a parser may take for a common word at a sentence's start."""
SENSED: Final = frozenset(
    {"satellite", "radar", "thermal", "optical", "imagery", "image", "sentinel-1", "sentinel-2", "landsat", "infrared"}
)
"""Words that make data those of a sensor."""
_PASSED: Final = re.compile(
    r"\b(?:passed|given|handed|provided|supplied|shared|released|sent|shown)\s+(?:to|with)\s+|\bobtained\s+by\s+",
    re.IGNORECASE,
)


def _passed_to(s: Sentence, noun: int, verb: int) -> tuple[str, ...]:
    """Media that the images went through: "passed to Fox News"."""
    tokens = s.parsed.tokens
    stretch = s.text[tokens[noun].start : tokens[verb].start]
    ends = [tokens[noun].start + match.end() for match in _PASSED.finditer(stretch)]
    near = [n for n in s.parsed.named if n.label not in _ADJECTIVE and any(0 <= n.span[0] - end <= 4 for end in ends)]  # noqa: PLR2004 - "the "
    return tuple(s.memory.names.canonical(named.text) for named in near[:1])


def _ends(s: Sentence, index: int) -> bool:
    return all(token.pos == "PUNCT" for token in s.parsed.tokens[index + 1 :]) or s.parsed.tokens[index + 1].text in {",", "."}


_NO_NAME: Final = (
    r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December|\w+day|The|A|An|New|Newly|Recent|Satellite|High|High-resolution|Commercial|"
    r"Fresh|Earlier|Radar|Drone|Aerial|Optical|Thermal|Imagery|Images?|Photos?|Photographs|Pictures|Other|Separate|More|Two|Three|Several|Archive|Archived|Publicly|Open|"
    r"Google|Social|Video|Later|Previous|Subsequent|Older|These|Those|Its|Their|His|Her|Our|But|And|In|On|By|From|Of|At|For|As)\b)"
)
_NAME: Final = rf"((?:{_NO_NAME}[A-Z][\w&\u2019'-]*\s?){{1,5}})"
_NAMED: Final = re.compile(_NAME)
_BEHIND: Final = re.compile(
    r"[\w-]+,?(?:\s+\w+){0,9}?\s+(?:by|from)\s+([^,;]{1,80}?)(?=,|;|\s+(?:and|on|in|of|that|which|dated|taken|captured|last|this|earlier)\s|\s*$)"
)
"""What stands behind "by" or "from" after the word for images: "images taken by the firm Planet Labs"."""
_BEFORE: Final = re.compile(rf"{_NAME}(?:['\u2019]s\s+)?(?:[a-z0-9-]+\s+){{0,3}}$")
"""A name before it: "Planet Labs satellite"."""
_ADJECTIVE: Final = frozenset({"NORP", "GPE", "LOC", "DATE", "CARDINAL", "TIME", "ORDINAL"})
"""Entities that own no images: "Syrian satellite images"."""


_READ: Final = re.compile(
    rf"\b(?:analy[sz]ed|reviewed|examined|studied|interpreted|verified)\s+by\s+(?:the\s+)?(?:[a-z]+\s+){{0,3}}{_NAME}"
)


def _reader(s: Sentence, noun: int, verb: int) -> str | None:
    """Who read the images: "analysed by X"; it is X who says what they show, whoever took them."""
    tokens = s.parsed.tokens
    found = _READ.search(s.text[tokens[noun].start : tokens[verb].start])
    return s.memory.names.canonical(found[1].strip()) if found else None


def provider_of(s: Sentence, noun: int, verb: int) -> str | None:
    """Whose images: the name behind "taken by" and its like, or right before the word for images."""
    tokens = s.parsed.tokens
    first = tokens[noun]
    behind = _BEHIND.match(s.text[first.start : tokens[verb].start])
    if behind is not None:
        found = [m for m in _NAMED.finditer(behind[1]) if _owns(s, first.start + behind.start(1) + m.start(), place=True)]
        if found:
            return s.memory.names.canonical(found[-1][0].strip())
    start = s.parsed.span[0]
    before = _BEFORE.search(s.text[start : first.start])
    if before is not None and _owns(s, start + before.start(1), place=False):
        return s.memory.names.canonical(before[1].strip())
    return None


def _owns(s: Sentence, at: int, *, place: bool) -> bool:
    """Whether a capitalised word may be an owner of images: no adjective of a people, no date, and no opener of the sentence."""
    held = next((n.label for n in s.parsed.named if n.span[0] <= at < n.span[1]), "")
    token = next((t for t in s.parsed.tokens if t.start == at), None)
    if token is not None and token.text in SELLERS:
        return True
    if token is None or (at == s.parsed.span[0] and token.pos != "PROPN"):
        return False
    alone = token.dep in {"pobj", "appos"} and held in {"GPE", "NORP", "LOC"}
    return held not in _ADJECTIVE or (place and (alone or held == "GPE"))
