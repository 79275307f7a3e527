"""Which pictures may be passed on: by an open licence, by an open archive, or by the publisher's own word."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spadework.publish import words

if TYPE_CHECKING:
    from spadework.publish.words import Credited
    from spadework.records import Figure, Findings, Look, VhrScene

OPEN_LICENCES: Final = re.compile(
    r"CC0(?:-1\.0)?|CC[- ]BY(?:-SA)?(?:[- ][1-4]\.0)?|PDDL(?:-1\.0)?|ODC-By(?:-1\.0)?|ODbL(?:-1\.0)?|OGL-UK-3\.0|etalab-2\.0"
    r"|public domain(?: \(USGS\))?|Copernicus Sentinel data terms(?:\W.*)?",
    re.IGNORECASE,
)
"""Whole names of licences that let a picture be passed on with its credit."""
OPEN_ARCHIVES: Final = re.compile(
    r"(?:Contains (?:modified )?)?Copernicus Sentinel(?:-\d)? data(?: \d{4})?(?:/ESA)?|Landsat image courtesy of the U\.S\. Geological Survey"
)
"""Whole credits of archives that let anyone pass pictures on."""
UNSAID: Final = ("proprietary", "other", "various")
"""What a STAC catalogue calls a licence that has no name in its list: it neither allows nor forbids."""
CHOSEN: Final = "Not shown: the publisher left all pictures out."


def licence_allows(look: Credited, allowed: tuple[str, ...]) -> bool:
    """Whether pictures of a look, or of a Scene, may be passed on.

    Args:
        look: with its credit and licence; those of several Scenes are joined by semicolons.
        allowed: licences, as printed, that the site file says may be passed on.

    """
    if look.licence in allowed:
        return True
    if look.licence in UNSAID:
        return all(OPEN_ARCHIVES.fullmatch(part.strip()) for part in look.credit.split(";"))
    return all(part.strip() in allowed or OPEN_LICENCES.fullmatch(part.strip()) for part in look.licence.split(";"))


def licensed(figures: tuple[Figure, ...], findings: Findings) -> tuple[Figure, ...]:
    """The figures; one that shows a Scene that may not be redistributed gives way to its description and the refusal."""
    looks = {look.id: look for look in findings.looks}
    scenes = {scene.id: scene for scene in findings.scenes}
    out = []
    for figure in figures:
        shown: list[Look | VhrScene] = [looks[name] for name in figure.looks if name in looks]
        shown += [scenes[name] for name in figure.scenes if name in scenes]
        barred = [look for look in shown if not licence_allows(look, findings.site.publish.redistribute)]
        out.append(without_picture(figure, _refusal(barred)) if barred else figure)
    return tuple(out)


def without_picture(figure: Figure, why: str) -> Figure:
    """A figure that leaves with its description only."""
    return replace(figure, data=b"", panels=None, withheld=why)


def _refusal(barred: list[Look | VhrScene]) -> str:
    days = sorted({image.datetime.date() for image in barred if image.datetime})
    when = " to ".join(words.day(day) for day in dict.fromkeys([*days[:1], *days[-1:]])) or "of an unknown day"
    licences = "; ".join(sorted({f"{image.credit}, licence: {image.licence}" for image in barred}))
    many = "1 look" if len(barred) == 1 else f"{len(barred)} looks"
    return f"Not shown: the licence of {many} ({when}) does not say that this picture may be passed on ({licences})."
