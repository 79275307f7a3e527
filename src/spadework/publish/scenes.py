"""Sentences about very-high-resolution Scenes: how they lie on each other, what differs, what was sighted, what was measured.

The law of this room is that of ``changes``, and one more: what a machine may be called is what its Sighting says, no more; what
pixels cannot show is told as not observable, with the pixels that it would take.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spadework.publish import words
from spadework.records import CEILINGS, IDENTITIES, Quantity, ceiling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spadework.publish.evidence import Witness
    from spadework.records import Measurement, Sighting, VhrScene

QUANTITY: Final[dict[Quantity, str]] = {
    "width": "Width of the opening as seen from above",
    "length": "Length as seen from above",
    "area": "Area as seen from above",
    "height": "Height, from the length of a shadow",
    "spoil volume": "Volume of spoil",
    "excavation length": "Length of excavation that the spoil would fill",
    "passage": "Passage",
    "slope": "Slope of the ground",
    "cover": "Greatest cover over a drive",
    "daylight": "Length of a drive to daylight",
}
"""How a measured quantity is printed."""
WIDTH_ONLY: Final = "width only"
"""How a warning of a passage begins whose height is not known."""
STILL: Final = "A still image shows where things stand, not what they do."


def pixels(scene: VhrScene) -> str:
    """The ground sample distance as printed; both where they differ by over a hundredth."""
    if scene.gsd_m is None:
        return "pixels of unknown size"
    one, two = scene.gsd_m
    even = abs(one - two) <= 0.01 * max(one, two)
    return f"pixels of {one:.2g} m" if even else f"pixels of {one:.2g} by {two:.2g} m"


def listed(w: Witness) -> str:
    """Which Scenes there are; nothing where there is none."""
    scenes = [w.scene(name) for name in w.listing.scenes]
    if not scenes:
        return ""
    told = "; ".join(f"{words.scene_name(scene)}, {pixels(scene)}" for scene in scenes)
    many = words.count(len(scenes)).capitalize()
    return f"{many} very-high-resolution {'scene' if len(scenes) == 1 else 'scenes'}: {told}."


# ---------------------------------------------------------------- comparisons
def aligned(w: Witness, name: str) -> str:
    """How two Scenes lie on each other."""
    pair = w.comparison(name)
    before, after, how = words.scene_name(w.scene(pair.before)), words.scene_name(w.scene(pair.after)), pair.alignment
    if how.shift_px is None or how.radius_px is None:
        return f"The scenes of {before} and {after} could not be laid on each other and were not compared: {how.failed or 'unknown'}."
    x, y = how.shift_px
    return (
        f"The scene of {after} was moved onto that of {before} by {x:+.2f} pixels to the right and {y:+.2f} down; the true shift "
        f"lies within {how.radius_px:.2f} pixels of that in nine cases of ten ({how.tiles} of {how.tried} tiles agreed)."
    )


def differs(w: Witness, name: str) -> str:
    """What differs between two Scenes, in share and number."""
    pair = w.comparison(name)
    if pair.changed_fraction is None:
        return ""
    between = f"between {words.scene_name(w.scene(pair.before))} and {words.scene_name(w.scene(pair.after))}"
    count = len(pair.patches)
    many = f"{words.count(count)} {'patch' if count == 1 else 'patches'}"
    return (
        f"{words.share(pair.changed_fraction)} of the ground that could be compared looks different {between}, in {many}; "
        f"{words.share(pair.comparable_fraction)} could be compared, the rest lies in shadow or in one scene only."
    )


def worth(w: Witness, name: str) -> str:
    """How good the grounds of a comparison are, and what limits it: never in one sentence with a probability."""
    pair = w.comparison(name)
    if pair.changed_fraction is None:
        return ""
    limits = " ".join(limit if limit.endswith(".") else f"{limit}." for limit in pair.limits)
    return f"Our confidence in this comparison is {pair.confidence} (method: {pair.detector}). {limits}".strip()


# ---------------------------------------------------------------- sightings
def sighted(w: Witness, name: str) -> str:
    """What was sighted in one Scene, in numbers by name; or that nothing is on record, and what such pixels can show."""
    scene = w.scene(name)
    found = [w.sighting(entry.id) for entry in w.listing.sightings if entry.scene == name]
    at = f"the scene of {words.scene_name(scene)}, with {pixels(scene)}"
    if found:
        return f"In {at}: {counted(found)}. {STILL}"
    if scene.gsd_m is None:
        return f"Vehicles and machines in {at}: nothing can be said of them, as the size of a pixel is not known."
    coarse = max(scene.gsd_m)
    most = ceiling(coarse)
    if most is None:
        need = CEILINGS[-1].below_m
        return f"Vehicles and machines in {at}: NOT OBSERVABLE. Pixels of at most {need:g} m would be needed."
    best = most.label or "a vehicle by its class"
    return (
        f"No vehicle and no machine is on record for {at}, which show at most {best}. None found is not none there: how "
        "many would have been missed was not measured for this scene."
    )


def counted(found: list[Sighting]) -> str:
    """Numbers of Sightings by identity and label, the surest first; a number in a bin where the gate left only that; empty of none."""
    kinds = sorted(
        {(sighting.identity, sighting.label) for sighting in found}, key=lambda kind: (-IDENTITIES.index(kind[0]), kind[1])
    )
    told = []
    for identity, label in kinds:
        same = [sighting for sighting in found if (sighting.identity, sighting.label) == (identity, label)]
        bins = [sighting.many for sighting in same if sighting.many]
        one = len(same) == 1 and not bins
        told.append(f"{bins[0] if bins else words.count(len(same))} {identity} {label if one else plural(label)}")
    return ", ".join(told)


def plural(label: str) -> str:
    """A class of object in the plural."""
    return label if label.endswith("s") else f"{re.sub('(?<![aeiou])y$', 'ie', label)}s"


def identities_of(found: Iterable[Sighting]) -> frozenset[str]:
    """Pairs "<identity> <class>" that Sightings give to a report, in the singular and the plural, for ``lint.Known``."""
    pairs = {(sighting.identity, label) for sighting in found for label in (sighting.label, plural(sighting.label))}
    return frozenset(f"{identity} {label}".lower().replace("-", " ") for identity, label in pairs)


# ---------------------------------------------------------------- measurements
def name_of(result: Measurement) -> str:
    """What was measured, with its label: Length as seen from above (haul road); of a passage the class, without maker and model."""
    if result.quantity == "passage":
        return f"Passage of {result.label.partition(', as ')[0] or 'a machine'}"
    return QUANTITY[result.quantity] + (f" ({result.label})" if result.label else "")


def measured(w: Witness, name: str) -> str:
    """A measured value with its interval, or why none is stated."""
    result = w.measurement(name)
    what = name_of(result)
    where = f"the scene of {words.scene_name(w.scene(result.scene))}" if result.scene in w.listing.scenes else result.scene
    if not words.measured(result):
        return f"{what}: not stated from {where}, because {result.refused or 'it has no interval'}."
    if result.quantity == "passage":
        alone = any(warning.startswith(WIDTH_ONLY) for warning in result.warnings)
        on = "on width alone, as the height is not known" if alone else "on width and height"
        told = words.measured(result)
        room = (
            "the brackets run from the most to the least room to spare"
            if "[" in told
            else "with the most room to spare and with the least"
        )
        return f"{what}: probability {told}, {on}; {room}."
    return f"{what}: {words.with_level(result)}, from {where}."
