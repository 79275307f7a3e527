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

    from spadework.records import Bound, Event, Figure, Findings, Look, Mark, MultiPolygon, Product, SceneRef, SeriesRow, Site

ASKED: Final = "stands in the dossier's ledger"
"""Of what a host learnt: a search box is a place."""
LOCAL_GRID: Final = "a grid of its own"
"""Of a CRS that is no number of the EPSG: its text may hold the place as its origin."""
SUN_STEP: Final = 10.0
"""Degrees: a series of the sun's height on known days gives the latitude back, a tenth of a degree to a kilometre or two."""


@dataclass(frozen=True, slots=True)
class Gated:
    """What may leave, and the names that stay."""

    findings: Findings
    product: Product
    figures: tuple[Figure, ...]
    names: tuple[tuple[str, str], ...]
    """(name in the export, name in the dossier) of looks, Scenes and dropped things: stays in the dossier."""


def through_gate(findings: Findings, product: Product, figures: tuple[Figure, ...], salt: bytes) -> Gated:
    """The same findings with local names, days for instants, no outline, and coordinates at the gate's precision.

    Args:
        findings: of the working copy; ``site.publish.coordinates_m`` must be over 0.
        product: version, readers and corrections.
        figures: their pictures hold no place finer than the gate, as they were drawn for it.
        salt: secret of the dossier; hashes become commitments with it.

    """
    looks = {look.id: f"L{n}" for n, look in enumerate(findings.looks, 1)}
    scenes = {s.id: f"S{n}" for n, s in enumerate(dict.fromkeys(s for k in findings.looks for s in k.scenes), 1)}
    left_out = {entry.thing: f"D{n}" for n, entry in enumerate(findings.dropped, 1) if entry.thing not in looks | scenes}
    local = _Local(left_out | looks | scenes, salt)
    gated = replace(
        findings,
        site=_site(findings.site, local.text),
        crs=findings.crs if re.fullmatch(r"EPSG:\d+", findings.crs) else LOCAL_GRID,
        looks=tuple(local.look(look) for look in findings.looks),
        events=tuple(local.event(event) for event in findings.events),
        dropped=tuple(Dropped(local.text(entry.thing), local.text(entry.reason)) for entry in findings.dropped),
        warnings=tuple(local.text(text) for text in findings.warnings),
        hosts=tuple((local.text(host), ASKED) for host, _ in findings.hosts),
    )
    names = tuple((here, there) for there, here in local.names.items())
    return Gated(gated, local.product(product), tuple(map(local.figure, figures)), names)


def _site(site: Site, text: Callable[[str], str]) -> Site:
    """The Site on a cell of the gate's lattice in place of its outline; its corners are multiples of the rounding step."""
    centre = shapely.centroid(shape_of(site.aoi))
    gate = site.publish.coordinates_m
    north = words.degree_step(gate)
    east = words.degree_step(gate / max(math.cos(math.radians(centre.y)), 0.05))
    x, y = round(centre.x / east) * east, round(centre.y / north) * north
    west, south, high_x, high_y = max(x - east, -180.0), max(y - north, -90.0), min(x + east, 180.0), min(y + north, 90.0)
    cell: MultiPolygon = rings_of(shapely.transform(shapely.box(west, south, high_x, high_y), lambda xy: xy.round(6)))
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
        """A look on its day; the sun in steps, no direction, no view, shares in whole per cent: each is a line on the map."""
        return replace(
            look,
            id=self.names[look.id],
            datetime=_midnight(look.datetime),
            scenes=tuple(self.scene(scene) for scene in look.scenes),
            clear=round(look.clear, 2),
            snow=round(look.snow, 2),
            covered=round(look.covered, 2),
            sun_elevation=None if look.sun_elevation is None else SUN_STEP * round(look.sun_elevation / SUN_STEP),
            sun_azimuth=None,
            off_nadir=None,
            credit=self.text(look.credit),
            licence=self.text(look.licence),
            notes=tuple(self.text(note) for note in look.notes),
        )

    def figure(self, figure: Figure) -> Figure:
        """A figure under local names."""
        return replace(
            figure,
            looks=tuple(self.names[name] for name in figure.looks if name in self.names),
            caption=self.text(figure.caption),
            alt=self.text(figure.alt),
            withheld=self.text(figure.withheld),
        )

    def product(self, product: Product) -> Product:
        """Readers' and earlier versions' words through the same gate."""
        return replace(
            product,
            sign_offs=tuple(replace(s, reader=self.text(s.reader), note=self.text(s.note)) for s in product.sign_offs),
            corrections=tuple(
                replace(entry, changes=tuple(self.text(text) for text in entry.changes)) for entry in product.corrections
            ),
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
            series=tuple(self.row(row) for row in event.series),
            mark=self.mark(event.mark),
        )

    def row(self, row: SeriesRow) -> SeriesRow:
        """A row of a series without its spectrum: four of them find the place in a public archive."""
        return replace(
            row,
            look=self.names[row.look],
            datetime=_midnight(row.datetime),
            share_clear=round(row.share_clear, 2),
            share_anomalous=round(row.share_anomalous, 2),
            spectrum=(),
        )

    def mark(self, mark: Mark | None) -> Mark | None:
        if mark is None:
            return None
        return replace(
            mark,
            reason=self.text(mark.reason),
            note=self.text(mark.note),
            operator=self.text(mark.operator),
            geometry=(),
            event=None,
            time=mark.time and _midnight(mark.time),
        )


def _midnight(moment: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(moment.date(), dt.time(), moment.tzinfo)
