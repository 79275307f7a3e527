"""Material to run on without a network: simulated scenarios and the real stack, written as catalogues with a site file."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.errors import MissingExtraError, UserError
from spadework.intake.founding import FOUNDING
from spadework.intake.romania import ROMANIA_PERIOD, romania_scenes
from spadework.intake.scenario import Scenario, builtin_scenario
from spadework.run.founding import assess_founding
from spadework.run.portal import PORTAL, write_portal
from spadework.run.site import run_site
from spadework.simulate import make_world
from spadework.store.catalogue import Catalogue
from spadework.store.dossier import write_texts
from spadework.store.files import write_atomic
from spadework.store.rasters import cog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from spadework.cube import Chip
    from spadework.imagery.search import HttpRule
    from spadework.records import MultiPolygon, Period, Scene
    from spadework.run.outcome import Outcome
    from spadework.run.plan import OnStep
    from spadework.run.read import Weighed

_SITE: Final = """\
# Written by Spadework. {about}
[site]
name = {name}
geometry = "aoi.geojson"
synthetic = {synthetic}
base_rate_per_km2_year = {rate:g}   # real changes to expect: what the probability of an event supposes

[period]
history_start = {history_start}   # what "normal" is learnt from
start = {start}           # what is asked about
end = {end}

[[imagery]]
stac = "catalog/catalog.json"
collections = {collections}

[publish]
coordinates = "5 km"
"""
RARE: Final = 0.1
"""Real changes a km2 and year where nothing is known of the place: the site file's own default."""
FELLED: Final = 10.0
"""Real changes a km2 and year in the Romania stack: a worked forest, where patches are cut every year."""


@dataclass(frozen=True, slots=True)
class Case:
    """One example of the demo."""

    name: str
    outcome: Outcome | None = None
    """Of an example with images."""
    weighed: Weighed | None = None
    """Of an example of documents alone."""
    missing: str = ""
    """What is missing where it could not run."""


def run_demo(out: Path, http: HttpRule, on_step: OnStep) -> tuple[Case, ...]:
    """The founding case from its documents, then the real stack and two simulated sites, each from its catalogue to its report.

    Raises:
        UserError: ``out`` is a file.
        SpadeworkError: the disk failed.

    """
    if out.is_file():
        raise UserError(str(out), "is a file", "name a folder with --out")
    real = out / "romania"
    try:
        if not (real / "site.toml").exists():
            on_step("convert", 0, None)
            _write_romania(real)
        first = Case("romania", run_site(real / "site.toml", real / "dossier", http, on_step))
    except MissingExtraError as error:
        first = Case("romania", missing=str(error))
    return _founding(out, on_step), first, *(_simulated(name, out, http, on_step) for name in ("arid", PORTAL))


def _founding(out: Path, on_step: OnStep) -> Case:
    """Documents about one place, weighed without an image."""
    try:
        return Case(FOUNDING, weighed=assess_founding(out / FOUNDING / "dossier", on_step))
    except MissingExtraError as error:
        return Case(FOUNDING, missing=str(error))


def _simulated(name: str, out: Path, http: HttpRule, on_step: OnStep) -> Case:
    """A built-in scenario from its simulation to its report."""
    folder = out / f"synthetic-{name}"
    if not (folder / "site.toml").exists():
        on_step("simulate", 0, None)
        write_scenario(builtin_scenario(name), folder)
    return Case(f"synthetic-{name}", run_site(folder / "site.toml", folder / "dossier", http, on_step))


def write_scenario(scenario: Scenario, out: Path) -> int:
    """Simulate a scenario into a catalogue, a site file and its truth; returns the number of Scenes.

    The scenario called "portal" gets its sub-metre pair as well, with what is measured on it and what is known of it.

    Raises:
        StorageError: the disk failed.

    """
    world = make_world(scenario)
    scenes = write_catalogue(out / "catalog", f"Synthetic data, known truth: {scenario.name}", world.scenes)
    first = scenes[0]
    asset = first.bands[0][1]
    tags = {"SPADEWORK_SYNTHETIC": "known truth of synthetic data, not a real place"}
    place = (str(asset.crs), asset.transform or ())
    write_atomic(
        out / "truth" / "start_day.tif",
        cog(world.truth.start_day, *place, None, ("first day changed, days since 1970-01-01; 0 = never",), tags),
    )
    write_atomic(
        out / "truth" / "plant_id.tif", cog(world.truth.plant_id, *place, None, ("number of the plant; 0 = none",), tags)
    )
    period = (scenario.start, scenario.watch_from, scenario.end)
    texts = {"truth/truth.json": json.dumps(world.truth.description, indent=1) + "\n"}
    name = f"Synthetic: {scenario.name} (simulated, not a real place)"
    texts |= _site_texts(name, "Simulated data with known truth: not a real place.", period, scenes)
    if scenario.name == PORTAL:
        texts["site.toml"] += write_portal(out)
    write_texts(out, texts)
    return len(scenes)


def _write_romania(out: Path) -> None:
    scenes = write_catalogue(out / "catalog", "Sentinel-2 over Romania, from the PyPI package nrt 0.2.0", romania_scenes())
    period: Period = ROMANIA_PERIOD
    days = (period.history_start, period.start, period.end)
    write_texts(
        out,
        _site_texts(
            "Forest in Romania", "Real Sentinel-2 data; the catalogue beside it was made from the nrt wheel.", days, scenes
        ),
    )


def write_catalogue(root: Path, title: str, scenes: Iterable[tuple[Scene, tuple[Chip, ...]]]) -> tuple[Scene, ...]:
    """Write Scenes and their raw numbers as a static catalogue of COGs.

    Raises:
        StorageError: the disk failed.

    """
    catalogue = Catalogue(root, title)
    with ThreadPoolExecutor() as pool:
        kept = tuple(pool.map(lambda made: catalogue.keep(*made), scenes))
    catalogue.finish(kept)
    return kept


def _site_texts(name: str, about: str, days: Sequence[object], scenes: tuple[Scene, ...]) -> dict[str, str]:
    area: MultiPolygon = scenes[0].footprint
    geometry = {"type": "Polygon", "coordinates": area[0]}
    synthetic = any(scene.synthetic for scene in scenes)
    site = _SITE.format(
        about=about,
        name=json.dumps(name),
        synthetic=json.dumps(synthetic),
        rate=RARE if synthetic else FELLED,
        history_start=days[0],
        start=days[1],
        end=days[2],
        collections=json.dumps(sorted({scene.collection for scene in scenes})),
    )
    return {"aoi.geojson": json.dumps(geometry) + "\n", "site.toml": site}
