"""The publication gate: Findings in, Findings out, without what could lead to the place or hurt those in it.

The law of this room: everything that leaves is made from what ``through_gate`` returns, never from what went in. So a page,
a table or a figure cannot leak what it was never given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import shapely

from spadework.grid import rings_of, shape_of
from spadework.publish import words
from spadework.publish.scrub import withhold
from spadework.records import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.records import Bound, Event, Figure, Findings, Look, Mark, MultiPolygon, SceneRef, Site

OPEN_CREDITS: Final = ("Copernicus Sentinel data", "U.S. Geological Survey", "USGS", "NASA")
"""Whose images anyone may pass on with this credit, whatever the catalogue calls their licence."""
OPEN_LICENCES: Final = re.compile(
    r"^\s*(?:cc0|cc[- ]by(?:-sa)?(?!-n)|pddl|odc-by|odbl|ogl|etalab|public domain|copernicus)\b", re.IGNORECASE
)
"""Licences that let a picture be passed on with its credit."""


@dataclass(frozen=True, slots=True)
class Gated:
    """What may leave, and the names that stay."""

    findings: Findings
    names: tuple[tuple[str, str], ...]
    """(name in the export, name in the dossier) of looks, Scenes and dropped things: stays in the dossier."""


def through_gate(findings: Findings, salt: bytes) -> Gated:
    """The same findings with local names, days for instants, no outline, and coordinates at the gate's precision.

    Args:
        findings: of the working copy; ``site.publish.coordinates_m`` must be over 0.
        salt: secret of the dossier; hashes become commitments with it.

    """
    looks = {look.id: f"L{n}" for n, look in enumerate(findings.looks, 1)}
    scenes = {s.id: f"S{n}" for n, s in enumerate(dict.fromkeys(s for k in findings.looks for s in k.scenes), 1)}
    left_out = {entry.thing: f"D{n}" for n, entry in enumerate(findings.dropped, 1) if entry.thing not in looks | scenes}
    local = _Local(left_out | looks | scenes, salt)
    gated = replace(
        findings,
        site=_site(findings.site, local.text),
        looks=tuple(local.look(look) for look in findings.looks),
        events=tuple(local.event(event) for event in findings.events),
        dropped=tuple(Dropped(local.text(entry.thing), local.text(entry.reason)) for entry in findings.dropped),
        warnings=tuple(local.text(text) for text in findings.warnings),
        hosts=tuple((local.text(host), local.text(learnt)) for host, learnt in findings.hosts),
    )
    return Gated(gated, tuple((here, there) for there, here in local.names.items()))


def gated_figures(figures: tuple[Figure, ...], gated: Gated) -> tuple[Figure, ...]:
    """The figures under local names; the pictures hold no place finer than the gate, as they were drawn for it."""
    here = {there: name for name, there in gated.names}
    return tuple(
        replace(
            figure,
            looks=tuple(here[name] for name in figure.looks if name in here),
            caption=withhold(figure.caption, {}),
            alt=withhold(figure.alt, {}),
        )
        for figure in figures
    )


def licensed(figures: tuple[Figure, ...], findings: Findings) -> tuple[Figure, ...]:
    """The figures; one that shows a Scene that may not be redistributed gives way to its description and the refusal."""
    looks = {look.id: look for look in findings.looks}
    out = []
    for figure in figures:
        shown = [looks[name] for name in figure.looks if name in looks]
        barred = [look for look in shown if not licence_allows(look, findings.site.publish.redistribute)]
        out.append(replace(figure, data=b"", panels=None, withheld=_refusal(barred)) if barred else figure)
    return tuple(out)


def _refusal(barred: list[Look]) -> str:
    days = sorted({look.day for look in barred})
    when = words.day(days[0]) if len(days) == 1 else f"{words.day(days[0])} to {words.day(days[-1])}"
    licences = "; ".join(sorted({f"{look.credit}, licence: {look.licence}" for look in barred}))
    many = "1 look" if len(barred) == 1 else f"{len(barred)} looks"
    return f"Not shown: the licence of {many} ({when}) does not say that this picture may be passed on ({licences})."


def licence_allows(look: Look, allowed: tuple[str, ...]) -> bool:
    """Whether pictures of a look may be passed on: an open licence, an open archive, or the publisher's own word.

    Args:
        look: with its credit and licence; those of several Scenes are joined by semicolons.
        allowed: licences, as printed, that the site file says may be passed on.

    """
    licences = [part.strip() for part in look.licence.split(";")]
    if all(part in allowed or OPEN_LICENCES.match(part) for part in licences):
        return True
    return any(owner in look.credit for owner in OPEN_CREDITS) and ";" not in look.credit


def _site(site: Site, text: Callable[[str], str]) -> Site:
    """The Site on a cell of the gate's lattice in place of its outline; its corners are multiples of the rounding step."""
    centre = shapely.centroid(shape_of(site.aoi))
    gate = site.publish.coordinates_m
    north = words.degree_step(gate)
    east = words.degree_step(gate / max(math.cos(math.radians(centre.y)), 0.05))
    x, y = round(centre.x / east) * east, round(centre.y / north) * north
    cell: MultiPolygon = rings_of(
        shapely.transform(shapely.box(x - east, y - north, x + east, y + north), lambda xy: xy.round(6))
    )
    return replace(site, name=text(site.name), aoi=cell, imagery=(), unused=())


@dataclass(frozen=True, slots=True)
class _Local:
    """Records under local names."""

    names: dict[str, str]
    """Local name by the dossier's own."""
    salt: bytes

    def text(self, text: str) -> str:
        return withhold(text, self.names)

    def scene(self, scene: SceneRef) -> SceneRef:
        """A Scene whose hash is a commitment: who holds dossier and salt can open it, nobody can guess it."""
        told = None if scene.sha256 is None else hmac.new(self.salt, scene.sha256.encode(), hashlib.sha256).hexdigest()
        return replace(scene, id=self.names[scene.id], datetime=_midnight(scene.datetime), sha256=told)

    def look(self, look: Look) -> Look:
        """A look on its day; whole degrees of sun and view, since a tenth of a degree is a line across the swath."""
        return replace(
            look,
            id=self.names[look.id],
            datetime=_midnight(look.datetime),
            scenes=tuple(self.scene(scene) for scene in look.scenes),
            sun_elevation=_whole(look.sun_elevation),
            sun_azimuth=_whole(look.sun_azimuth),
            off_nadir=_whole(look.off_nadir),
            credit=self.text(look.credit),
            licence=self.text(look.licence),
            notes=tuple(self.text(note) for note in look.notes),
        )

    def bound(self, bound: Bound | None) -> Bound | None:
        if bound is None:
            return None
        scenes = tuple(self.scene(scene) for scene in bound.scenes)
        return replace(bound, look=self.names[bound.look], datetime=_midnight(bound.datetime), scenes=scenes)

    def event(self, event: Event) -> Event:
        names = self.names
        return replace(
            event,
            geometry=(),
            onset_earliest=self.bound(event.onset_earliest),
            onset_latest=self.bound(event.onset_latest),
            scenes=tuple(self.scene(scene) for scene in event.scenes),
            history=tuple(replace(s, since=names[s.since] if s.since else None, until=names[s.until]) for s in event.history),
            series=tuple(replace(row, look=names[row.look], datetime=_midnight(row.datetime)) for row in event.series),
            mark=self.mark(event.mark),
        )

    def mark(self, mark: Mark | None) -> Mark | None:
        if mark is None:
            return None
        reason, note = self.text(mark.reason), self.text(mark.note)
        return replace(mark, reason=reason, note=note, geometry=(), event=None, time=mark.time and _midnight(mark.time))


def _midnight(moment: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(moment.date(), dt.time(), moment.tzinfo)


def _whole(angle: float | None) -> float | None:
    return None if angle is None else float(round(angle))
