"""The tables of a site file about very-high-resolution images: ``[[scene]]``, ``[[measure]]``, ``[[sighting]]``, ``[[truth]]``."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import TYPE_CHECKING, Final, TypedDict

from spadework.errors import SiteFileError
from spadework.records import MeasureRule, SceneFile, SightingRule, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spadework.intake.tables import MeasureTable, SceneTable, SiteFile

_POINTS: Final = {
    "width": (2, 2),
    "shadow": (2, 2),
    "length": (2, 1000),
    "area": (3, 1000),
    "spoil": (3, 1000),
    "excavation": (0, 0),
    "passage": (0, 0),
}
"""Fewest and most points of a quantity."""
_OF: Final = {"passage": ("width", "length"), "excavation": ("spoil",)}
"""What a quantity starts from."""
RESULTS: Final = ("shift_x", "shift_y", "sightings", "changed_fraction")
"""What a truth may name besides a measurement."""


class SceneTables(TypedDict):
    """The fields of a ``Site`` that these tables fill."""

    scenes: tuple[SceneFile, ...]
    measures: tuple[MeasureRule, ...]
    sightings: tuple[SightingRule, ...]
    truths: tuple[Truth, ...]


def scene_tables(path: Path, table: SiteFile) -> SceneTables:
    """The tables about very-high-resolution images, checked against each other.

    Args:
        path: of the site file.
        table: all of it.

    Raises:
        SiteFileError: an id used twice, a Scene or measurement that is not there, the wrong number of points.

    """
    folder = path.resolve().parent
    scenes = tuple(sorted((_scene(folder, entry) for entry in table.scene), key=lambda scene: (scene.datetime, scene.id)))
    ids = {scene.path: scene.id for scene in scenes} | {scene.id: scene.id for scene in scenes}

    def scene_of(thing: str, named: str) -> str:
        known = ids.get(named) or ids.get(str(folder / named))
        if known is None:
            raise SiteFileError(f"{path}: {thing}", f"no [[scene]] is '{named}'", _meant(named, [scene.id for scene in scenes]))
        return known

    measures = tuple(_measure(path, n, entry, scene_of) for n, entry in enumerate(table.measure, 1))
    sightings = tuple(
        SightingRule(
            id=entry.id or f"A{n}",
            scene=scene_of(f"[[sighting]] {n}", entry.scene),
            label=entry.label,
            identity=entry.identity,
            centre=entry.centre,
            length_m=max(entry.length_m, entry.width_m),
            width_m=min(entry.length_m, entry.width_m),
            angle_deg=entry.angle_deg,
            evidence=entry.evidence,
        )
        for n, entry in enumerate(table.sighting, 1)
    )
    for name, told in (("scene", scenes), ("measure", measures), ("sighting", sightings)):
        _once(f"{path}: [[{name}]]", [entry.id for entry in told])
    for rule in measures:
        _check_of(path, rule, measures)
    truths = tuple(Truth(entry.what, entry.value, entry.unit, entry.result) for entry in table.truth)
    _check_truths(path, truths, measures, synthetic=table.site.synthetic)
    return {"scenes": scenes, "measures": measures, "sightings": sightings, "truths": truths}


def _scene(folder: Path, entry: SceneTable) -> SceneFile:
    instant = entry.datetime
    file = folder / entry.path
    return SceneFile(
        id=entry.id or file.stem,
        path=str(file),
        datetime=instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC),
        provider=entry.provider,
        licence=entry.licence,
        credit=entry.credit,
        platform=entry.platform,
        bands=tuple(entry.bands.items()),
        gsd_m=entry.gsd_m,
        off_nadir=entry.off_nadir_deg,
        view_azimuth=entry.view_azimuth_deg,
        sun_elevation=entry.sun_elevation_deg,
        sun_azimuth=entry.sun_azimuth_deg,
    )


def _measure(path: Path, n: int, entry: MeasureTable, scene_of: Callable[[str, str], str]) -> MeasureRule:
    fewest, most = _POINTS[entry.quantity]
    if not fewest <= len(entry.points) <= most:
        wanted = f"{fewest} points" if fewest == most else f"{fewest} points or more"
        raise SiteFileError(
            f"{path}: [[measure]] {n}", f"a {entry.quantity} needs {wanted}, here are {len(entry.points)}",
            "write points = [[x, y], ...] in map units of the scene, in pixels where it has no CRS",
        )  # fmt: skip
    return MeasureRule(
        id=entry.id or f"{entry.quantity}-{n}",
        scene=scene_of(f"[[measure]] {n}", entry.scene),
        quantity=entry.quantity,
        points=entry.points,
        label=entry.label,
        along_m=entry.along_m,
        slope_deg=entry.slope_deg,
        height_m=entry.height_m,
        of=entry.of,
    )


def _once(thing: str, ids: Sequence[str]) -> None:
    for n, name in enumerate(ids):
        if name in ids[:n]:
            raise SiteFileError(thing, f"two have the id '{name}'", 'give each an id of its own: id = "..."')


def _check_of(path: Path, rule: MeasureRule, measures: tuple[MeasureRule, ...]) -> None:
    thing = f"{path}: [[measure]] '{rule.id}'"
    wanted = _OF.get(rule.quantity)
    if wanted is None:
        if rule.of is not None:
            raise SiteFileError(thing, f"a {rule.quantity} starts from no other measurement", "leave `of` out")
        return
    starts = {other.id: other for other in measures if other.quantity in wanted and other.scene == rule.scene}
    if rule.of not in starts:
        problem = f"a {rule.quantity} starts from a {' or '.join(wanted)} in the same scene; `of` names {rule.of or 'nothing'}"
        raise SiteFileError(thing, problem, f"known here: {', '.join(starts) or 'none'}")


def _check_truths(path: Path, truths: tuple[Truth, ...], measures: tuple[MeasureRule, ...], *, synthetic: bool) -> None:
    if truths and not synthetic:
        raise SiteFileError(
            f"{path}: [[truth]]", "only a simulated place has a known truth", "leave it out, or say synthetic = true"
        )
    known = [*RESULTS, *(f"measurement:{rule.id}" for rule in measures)]
    for truth in truths:
        if truth.result not in known:
            raise SiteFileError(
                f"{path}: [[truth]] '{truth.what}'", f"nothing is called '{truth.result}'", _meant(truth.result, known)
            )


def _meant(named: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(named, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known) or 'none'}"
