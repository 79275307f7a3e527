"""What images can show: one table of things, their size, and the ground sample distance that shows, names and measures them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spadework.records import Feature

if TYPE_CHECKING:
    from spadework.records import Claim

HALL: Final = "recognition needs pixels a third to a fifth of the thing (Hall 1997)"
STANAG: Final = "STANAG 3769 as printed by ISPRS 2004"
CEILING: Final = "Spadework's ceiling on machines (records.CEILINGS)"
EIGHT: Final = "8 whole pixels inside the outline (JRC study of small parcels)"
NIIRS: Final = "civil NIIRS guide of the FAS"
MEASURE: Final = 5.0
"""Pixels across that a width measured to about a fifth needs: an edge is placed to half a pixel on each side."""
RECOGNISE: Final = 3.0
"""Pixels across that naming a thing needs (Hall 1997)."""
_SUN: Final = "sun 15 degrees and higher"
_GREEN: Final = "growing season, before and after"


def _row(name: str, smallest: float, gsd: tuple[float, float, float], light: str, source: str) -> Feature:
    return Feature(name, smallest, *gsd, light, source)


FEATURES: Final = (
    _row("opening", 4.0, (2.0, 1.3, 0.8), "face lit or in an even shadow", HALL),
    _row("vehicle", 2.5, (1.5, 0.8, 0.35), _SUN, CEILING),
    _row("earthwork", 28.0, (10.0, 5.0, 3.0), "dry ground, no snow", EIGHT),
    _row("spoil", 15.0, (5.0, 2.0, 1.0), "dry ground, sun under 60 degrees", EIGHT),
    _row("building", 8.0, (5.0, 2.5, 1.5), _SUN, NIIRS),
    _row("road", 5.0, (6.0, 4.5, 1.5), "", STANAG),
    _row("bridge", 6.0, (6.0, 4.5, 1.5), "", STANAG),
    _row("runway", 20.0, (10.0, 4.5, 3.0), "", STANAG),
    _row("wall or fence", 1.0, (1.0, 0.5, 0.3), "sun under 45 degrees", HALL),
    _row("trench", 2.0, (1.5, 0.8, 0.4), "sun under 60 degrees", HALL),
    _row("pipeline works", 15.0, (10.0, 5.0, 3.0), "dry ground, no snow", EIGHT),
    _row("crater or damage", 5.0, (2.0, 1.0, 0.5), "before and after", NIIRS),
    _row("aircraft", 10.0, (4.5, 2.5, 1.0), "", NIIRS),
    _row("ship", 15.0, (10.0, 4.5, 1.5), "calm water, no glint", NIIRS),
    _row("camp or tents", 4.0, (2.0, 1.0, 0.5), "", HALL),
    _row("clearing", 28.0, (10.0, 5.0, 3.0), _GREEN, EIGHT),
    _row("mine", 60.0, (20.0, 10.0, 5.0), "", EIGHT),
    _row("burn scar", 90.0, (30.0, 20.0, 10.0), "within weeks, no smoke", EIGHT),
    _row("water surface", 60.0, (20.0, 10.0, 10.0), "no ice", EIGHT),
    _row("dam", 15.0, (10.0, 4.5, 3.0), "", NIIRS),
    _row("oil slick", 90.0, (30.0, 20.0, 10.0), "wind 2 to 10 m/s, glint or radar", EIGHT),
)
"""Smallest usual plan dimension; coarsest pixel that shows that something is there, what it is, and how wide to about a fifth; metres."""
BY_NAME: Final = {feature.name: feature for feature in FEATURES}
_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("opening", r"entrances?|openings?|portals?|mouth|adits?|\d+[- ]?(?:foot|feet|ft|m|met(?:er|re)s?)[- ]wide structure|structure roughly"),
    ("vehicle", r"bulldozers?|excavators?|diggers?|trucks?|lorr(?:y|ies)|vehicles?|machines?|machinery|tanks?|launchers?|cranes?|dumpers?"),
    ("spoil", r"spoil|tailings|heaps?|slag"),
    ("runway", r"runways?|airstrips?"),
    ("aircraft", r"aircraft|planes?|jets?|helicopters?|bombers?"),
    ("ship", r"ships?|vessels?|boats?|tankers?|barges?|dredgers?|frigates?"),
    ("crater or damage", r"craters?|damaged?|destroyed|destruction|collapsed?|rubble|strikes?|airstrikes?|shelling|bomb(?:ed|ing)"),
    ("oil slick", r"slicks?|oil spill|spill"),
    ("burn scar", r"burn(?:t|ed|ing)?|fires?|blaze|scorched"),
    ("clearing", r"clear(?:ed|ing|ings|ance|-cut\w*)|deforest\w+|logg\w+|felled|forests?|trees|vegetation"),
    ("pipeline works", r"pipelines?"),
    ("dam", r"dams?|barrages?"),
    ("water surface", r"reservoirs?|lakes?|flood\w*|inundat\w+|water level|shoreline|filling"),
    ("mine", r"mines?|mining|quarr(?:y|ies)|open-pit|pits?"),
    ("earthwork", r"earthworks?|excavat\w+|digging|dug|tunnels?|construction|being built|building works?|berms?|embankments?|groundworks?|foundations?"),
    ("bridge", r"bridges?"),
    ("road", r"roads?|tracks?|highways?"),
    ("trench", r"trench(?:es)?|ditch(?:es)?"),
    ("wall or fence", r"walls?|fences?|barriers?"),
    ("camp or tents", r"tents?|camps?|shelters?"),
    ("building", r"buildings?|hangars?|warehouses?|bunkers?|houses?|structures?|facilit(?:y|ies)|factor(?:y|ies)|plant"),
)  # fmt: skip
"""Words for a thing; the first row that fits decides."""
_PATTERNS: Final = tuple((name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _WORDS)
_SIZES: Final = frozenset({"width", "length", "diameter"})


def feature_of(claim: Claim) -> Feature | None:
    """The thing that a claim is about, with the claim's own width or length in place of the usual one; None = nothing that an image shows."""
    name = next((name for name, pattern in _PATTERNS if pattern.search(claim.evidence)), None)
    if name is None:
        return None
    feature = BY_NAME[name]
    own = claim.quantity
    if own is None or own.dimension not in _SIZES or own.si_unit != "m" or not own.si_value > 0:
        return feature
    across = own.si_value
    return replace(
        feature,
        smallest_m=across,
        detect_m=max(across / 2, 0.1),
        recognise_m=max(across / RECOGNISE, 0.1),
        measure_m=max(across / MEASURE, 0.1),
    )
