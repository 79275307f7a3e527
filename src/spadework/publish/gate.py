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
from spadework.publish.licences import without_picture
from spadework.publish.said_gate import Names, gated_assessment, gated_said
from spadework.publish.scrub import binned, withhold
from spadework.records import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spadework.records import (
        Bound,
        Comparison,
        Event,
        Figure,
        Findings,
        Look,
        Mark,
        Measurement,
        MultiPolygon,
        Product,
        SceneRef,
        SeriesRow,
        Sighting,
        Site,
        Truth,
        VhrScene,
    )

ASKED: Final = "stands in the dossier's ledger"
"""Of what a host learnt: a search box is a place."""
LOCAL_GRID: Final = "a grid of its own"
"""Of a CRS that is no number of the EPSG: its text may hold the place as its origin."""
OCCUPIED: Final = "Not shown: it would tell how many vehicles or machines stood there."
"""Why a picture of a Scene with Sightings stays."""
NOWHERE: Final = (0.0, 0.0)
"""Of a Sighting whose place is withheld."""
SUN_STEP: Final = 10.0
"""Degrees: a series of the sun's height on known days gives the latitude back, a tenth of a degree to a kilometre or two."""
SHIFT_STEP: Final = 5.0
"""Shifts of looks are told in such steps, metres: a list of finer ones names the tile that they belong to."""


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
    close = {scene.id: f"V{n}" for n, scene in enumerate(findings.scenes, 1)}
    results = {result.id: f"M{n}" for n, result in enumerate(findings.measurements, 1)}
    told = {there: here for there, here in close.items() if any(map(str.isdigit, there))}  # one without is a word like another
    local = _Local(left_out | looks | scenes | told, salt, close, results, frozenset(s.scene for s in findings.sightings))
    known = {f"look:{there}": f"look:{here}" for there, here in looks.items()}
    known |= {f"vhr:{there}": f"vhr:{here}" for there, here in close.items()}
    known |= {f"measurement:{there}": f"measurement:{here}" for there, here in results.items()}
    spoken = Names(known, local.text, local.commitment)
    said, papers = gated_said(findings.said, spoken)
    gated = replace(
        findings,
        site=replace(_site(findings.site, local.text), truths=tuple(map(local.truth, findings.site.truths))),
        crs=_crs(findings.crs),
        looks=tuple(local.look(look) for look in findings.looks),
        events=tuple(local.event(event) for event in findings.events),
        scenes=tuple(map(local.vhr, findings.scenes)),
        comparisons=tuple(map(local.comparison, findings.comparisons)),
        sightings=tuple(local.sightings(findings.sightings)),
        measurements=tuple(map(local.measurement, findings.measurements)),
        said=said,
        assessment=gated_assessment(findings.assessment, spoken, papers),
        dropped=tuple(Dropped(local.text(entry.thing), local.text(entry.reason)) for entry in findings.dropped),
        warnings=tuple(local.text(text) for text in findings.warnings),
        hosts=tuple((local.text(host), ASKED) for host, _ in findings.hosts),
    )
    names = tuple((here, there) for there, here in {**local.names, **close, **results, **papers}.items())
    claims = {claim.id: papers[claim.id] for claim in findings.said.claims if claim.id in papers}
    return Gated(gated, replace(local, names=local.names | claims).product(product), tuple(map(local.figure, figures)), names)


def _site(site: Site, text: Callable[[str], str]) -> Site:
    """The Site on a cell of the gate's lattice in place of its outline; its corners are multiples of the rounding step."""
    centre = shapely.centroid(shape_of(site.aoi))
    gate = site.publish.coordinates_m
    north = words.degree_step(gate)
    east = words.degree_step(gate / max(math.cos(math.radians(centre.y)), 0.05))
    x, y = round(centre.x / east) * east, round(centre.y / north) * north
    west, south, high_x, high_y = max(x - east, -180.0), max(y - north, -90.0), min(x + east, 180.0), min(y + north, 90.0)
    cell: MultiPolygon = rings_of(shapely.transform(shapely.box(west, south, high_x, high_y), lambda xy: xy.round(6)))
    return replace(
        site, name=text(site.name), aoi=cell, imagery=(), scenes=(), measures=(), sightings=(), sources=(), origins=()
    )


def _crs(crs: str) -> str:
    return crs if re.fullmatch(r"EPSG:\d+", crs) else LOCAL_GRID


@dataclass(frozen=True, slots=True)
class _Local:
    """Records under local names."""

    names: dict[str, str]
    """Local name by the dossier's own, of what texts may name."""
    salt: bytes
    close: dict[str, str]
    """The same of very-high-resolution Scenes."""
    results: dict[str, str]
    """The same of Measurements."""
    occupied: frozenset[str]
    """Ids of the Scenes with Sightings."""

    def text(self, text: str) -> str:
        return withhold(text, self.names)

    def scene(self, scene: SceneRef) -> SceneRef:
        """A Scene whose hash is a commitment: who holds dossier and salt can open it, nobody can guess it."""
        return replace(scene, id=self.names[scene.id], datetime=_midnight(scene.datetime), sha256=self.commitment(scene.sha256))

    def commitment(self, digest: str | None) -> str | None:
        return None if digest is None else hmac.new(self.salt, digest.encode(), hashlib.sha256).hexdigest()

    def look(self, look: Look) -> Look:
        """A look on its day; the sun and its shift in steps, no direction, no view, whole per cents: each is a line on the map."""
        return replace(
            look,
            id=self.names[look.id],
            datetime=_midnight(look.datetime),
            scenes=tuple(self.scene(scene) for scene in look.scenes),
            clear=round(look.clear, 2),
            snow=round(look.snow, 2),
            covered=round(look.covered, 2),
            sun_elevation=_stepped(look.sun_elevation),
            sun_azimuth=None,
            off_nadir=None,
            credit=self.text(look.credit),
            licence=self.text(look.licence),
            shift_m=None if look.shift_m is None else (_coarse(look.shift_m[0]), _coarse(look.shift_m[1])),
            residual_m=None if look.residual_m is None else float(round(look.residual_m)),
            notes=tuple(self.text(note) for note in look.notes),
        )

    def figure(self, figure: Figure) -> Figure:
        """A figure under local names; without its picture where that shows what stood in a Scene."""
        shown = figure
        if self.occupied.intersection(figure.scenes) and not figure.withheld:
            shown = without_picture(figure, OCCUPIED)
        return replace(
            shown,
            scenes=tuple(self.close[name] for name in figure.scenes if name in self.close),
            looks=tuple(self.names[name] for name in figure.looks if name in self.names),
            caption=self.text(figure.caption),
            alt=self.text(figure.alt),
            withheld=self.text(shown.withheld),
        )

    # ------------------------------------------------------------ very-high-resolution Scenes
    def vhr(self, scene: VhrScene) -> VhrScene:
        """A Scene on its day, without footprint, view and direction of the sun."""
        return replace(
            scene,
            id=self.close[scene.id],
            sha256=self.commitment(scene.sha256),
            datetime=scene.datetime and _midnight(scene.datetime),
            provider=self.text(scene.provider),
            licence=self.text(scene.licence),
            credit=self.text(scene.credit),
            off_nadir=None,
            view_azimuth=None,
            sun_elevation=_stepped(scene.sun_elevation),
            sun_azimuth=None,
            crs=scene.crs and _crs(scene.crs),
            footprint=(),
            notes=tuple(map(self.text, scene.notes)),
        )

    def comparison(self, pair: Comparison) -> Comparison:
        """A comparison whose patches keep their areas and lose their outlines."""
        return replace(
            pair,
            before=self.close[pair.before],
            after=self.close[pair.after],
            alignment=replace(pair.alignment, affine=None, failed=pair.alignment.failed and self.text(pair.alignment.failed)),
            patches=tuple(replace(patch, geometry=()) for patch in pair.patches),
            detector=self.text(pair.detector),
            limits=tuple(map(self.text, pair.limits)),
        )

    def sightings(self, found: tuple[Sighting, ...]) -> Iterator[Sighting]:
        """One Sighting a Scene, identity and label, with how many it stands for in a bin; no place, no size, no score."""
        kinds: dict[tuple[str, str, str], list[Sighting]] = {}
        for sighting in found:
            kinds.setdefault((sighting.scene, sighting.identity, sighting.label), []).append(sighting)
        for number, same in enumerate(kinds.values(), 1):
            first = same[0]
            yield replace(
                first,
                id=f"O{number}",
                scene=self.close[first.scene],
                label=self.text(first.label),
                centre=NOWHERE,
                length_m=0.0,
                width_m=0.0,
                angle_deg=0.0,
                score=0.0,
                detector=self.text(first.detector),
                geometry=(),
                evidence=(),
                many=binned(len(same)),
            )

    def measurement(self, result: Measurement) -> Measurement:
        """A value with its interval and its budget, without the line that it was measured on."""
        return replace(
            result,
            id=self.results[result.id],
            scene=self.close.get(result.scene, self.text(result.scene)),
            method=self.text(result.method),
            label=self.text(result.label),
            where=(),
            refused=result.refused and self.text(result.refused),
            warnings=tuple(map(self.text, result.warnings)),
            model=(),
        )

    def truth(self, truth: Truth) -> Truth:
        kind, _, name = truth.result.partition(":")
        result = f"{kind}:{self.results[name]}" if name in self.results else truth.result
        return replace(truth, what=self.text(truth.what), result=result)

    # ------------------------------------------------------------ words of people
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


def _stepped(elevation: float | None) -> float | None:
    return None if elevation is None else SUN_STEP * round(elevation / SUN_STEP)


def _coarse(metres: float) -> float:
    return SHIFT_STEP * round(metres / SHIFT_STEP) + 0.0


def _midnight(moment: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(moment.date(), dt.time(), moment.tzinfo)
