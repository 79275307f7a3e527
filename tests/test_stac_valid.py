"""The catalogue of evidence is STAC by pystac's own validator, and its links and assets are where they say.

The core schemas (1.1.0) come with pystac. Those of extensions lie on the network and are not asked: what stands here
instead is that each declared extension is used, each used one declared, and that its values lie in its ranges.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import material
import pystac
import pytest
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from test_scenes import FOOTPRINT, chips_of, scene_of

from spadework.imagery.chips import fetch
from spadework.imagery.plan import plan_reading
from spadework.imagery.read import read_cube
from spadework.imagery.search import HttpRule, find_scenes
from spadework.intake.scenario import builtin_scenario
from spadework.intake.site import read_site
from spadework.simulate import make_world
from spadework.store.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.records import Scene

HTTP: Final = HttpRule(timeout_s=5, retries=0)
EXTENSIONS: Final = {
    "proj": "projection", "file": "file", "eo": "eo", "raster": "raster", "view": "view", "grid": "grid", "s2": "sentinel-2",
}  # fmt: skip
"""Extensions by the prefix of their fields."""
FIELDS: Final[dict[str, Callable[[Any], object]]] = {
    "proj:code": lambda v: v is None or re.fullmatch(r"[A-Z]+:\d+", v),
    "proj:wkt2": lambda v: isinstance(v, str),
    "proj:shape": lambda v: len(v) == 2 and all(isinstance(n, int) for n in v),
    "proj:transform": lambda v: len(v) in (6, 9) and all(isinstance(n, int | float) for n in v),
    "file:checksum": lambda v: re.fullmatch(r"1220[0-9a-f]{64}", v),
    "file:size": lambda v: isinstance(v, int) and v > 0,
    "eo:cloud_cover": lambda v: 0 <= v <= 100,
    "eo:common_name": lambda v: v in {"blue", "green", "red", "nir", "swir16", "swir22"},
    "raster:scale": lambda v: isinstance(v, int | float),
    "raster:offset": lambda v: isinstance(v, int | float),
    "view:off_nadir": lambda v: 0 <= v <= 90,
    "view:sun_elevation": lambda v: -90 <= v <= 90,
    "view:sun_azimuth": lambda v: 0 <= v <= 360,
    "grid:code": lambda v: re.fullmatch(r"[A-Z0-9]+-[-_.A-Za-z0-9]+", v),
    "s2:processing_baseline": lambda v: re.fullmatch(r"\d\d\.\d\d", v),
}
"""What the extensions' texts allow, by field."""


def from_sentinel_2(root: Path, folder: Path) -> Catalogue:
    """Eight dates of the tiny stack, read as a run reads them."""
    stack = material.Stack(dates=8)
    material.write_cogs(stack, folder)
    site = read_site(material.write_site(folder / "site.toml", stack, str(material.write_static(stack, folder))))
    plan = plan_reading(site, find_scenes(site, HTTP, lambda _: None, lambda *_: None).scenes)
    catalogue, kept = Catalogue(root, site.name), []

    def keep(scene: Scene, chips: Any) -> Scene:  # noqa: ANN401 - chips, as the door hands them on
        kept.append(catalogue.keep(scene, chips))
        return kept[-1]

    read_cube(site, plan, lambda scene, names: fetch(scene, names, plan.grid, HTTP, lambda _: None), keep, lambda *_: None)
    catalogue.finish(sorted(kept, key=lambda scene: scene.id))
    return catalogue


def from_simulation(root: Path, _folder: Path) -> Catalogue:
    scenario = dataclasses.replace(
        builtin_scenario("arid"), rows=24, cols=24, start=dt.date(2024, 1, 1), watch_from=dt.date(2024, 2, 1),
        end=dt.date(2024, 3, 1), plants=(),
    )  # fmt: skip
    catalogue = Catalogue(root, "Synthetic data, known truth: arid")
    catalogue.finish([catalogue.keep(scene, chips) for scene, chips in make_world(scenario).scenes])
    return catalogue


ODD: Final[dict[str, dict[str, Any]]] = {
    "unknown": dict.fromkeys(("cloud", "gsd", "off_nadir", "sun_elevation", "sun_azimuth", "updated", "granule", "baseline")),
    "landsat": {"collection": "landsat-c2-l2", "platform": "landsat-8", "granule": "171035", "baseline": None},
    "file": {"collection": "files-stack", "source": "/home/someone/stack/a b.tif", "updated": None, "mask": None},
    "made": {"source": "", "updated": None},
    "parts": {"footprint": (FOOTPRINT[0], (((3.0, 3.0), (4.0, 3.0), (4.0, 4.0), (3.0, 3.0)),))},
    "licence": {"licence": "CC-BY-4.0"},
    "no licence": {"licence": ""},
    "../../hostile id": {"collection": "../hostile collection"},
    "badly dated": {"updated": "yesterday"},
}  # fmt: skip


def from_odd_scenes(root: Path, _folder: Path) -> Catalogue:
    catalogue = Catalogue(root, "Odd scenes")
    scenes = [scene_of(id=name, **more) for name, more in ODD.items()]
    catalogue.finish([catalogue.keep(scene, chips_of(scene)) for scene in scenes])
    return catalogue


@pytest.fixture(scope="module", params=[from_sentinel_2, from_simulation, from_odd_scenes])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a catalog.json."""
    made: Catalogue = request.param(tmp_path_factory.mktemp("dossier") / "catalog", tmp_path_factory.mktemp("source"))
    return made.root


def texts(root: Path) -> dict[Path, dict[str, Any]]:
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.json"))}


KINDS: Final = {
    "Feature": pystac.STACObjectType.ITEM,
    "Collection": pystac.STACObjectType.COLLECTION,
    "Catalog": pystac.STACObjectType.CATALOG,
}


def test_every_text_is_valid_by_the_core_schemas(root: Path) -> None:
    validator, wrong = JsonSchemaSTACValidator(), []
    for path, text in texts(root).items():
        assert text["stac_version"] == pystac.get_stac_version()
        try:
            validator.validate_core(text, KINDS[text["type"]], text["stac_version"], str(path))
        except pystac.STACValidationError as error:
            wrong.append(f"{path.relative_to(root)}: {str(error).splitlines()[1]}")
    assert wrong == []


def fields(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """(name, value) of every prefixed field, however deep."""
    if isinstance(value, list):
        return [pair for one in value for pair in fields(one)]
    if not isinstance(value, dict):
        return []
    here = [(name, one) for name, one in value.items() if re.fullmatch(r"[a-z0-9]+:\w+", name)]
    return here + [pair for one in value.values() for pair in fields(one)]


def test_an_extension_is_declared_where_it_is_used_and_only_there(root: Path) -> None:
    wrong = []
    for path, text in texts(root).items():
        used = fields({name: text[name] for name in ("properties", "assets") if name in text})
        prefixes = {name.partition(":")[0] for name, _ in used} - {"spadework"}
        declared = {url.split("/")[3] for url in text.get("stac_extensions", [])}
        if declared != {EXTENSIONS[prefix] for prefix in prefixes}:
            wrong.append(f"{path.relative_to(root)}: declares {sorted(declared)}, uses {sorted(prefixes)}")
        wrong += [
            f"{path.relative_to(root)}: {name} = {value!r}"
            for name, value in used
            if not name.startswith("spadework:") and not FIELDS[name](value)
        ]
    assert wrong == []


def test_every_link_inside_leads_to_its_file_and_back(root: Path) -> None:
    found = texts(root)
    reached = {root / "catalog.json"}
    for path, text in found.items():
        for link in text["links"]:
            if link["rel"] not in ("root", "parent", "collection", "child", "item"):
                continue
            assert not Path(link["href"]).is_absolute()
            target = (path.parent / link["href"]).resolve()
            assert target in found, (path, link)
            if link["rel"] in ("child", "item"):
                (back,) = (one for one in found[target]["links"] if one["rel"] == "parent")
                assert (target.parent / back["href"]).resolve() == path
                reached.add(target)
            if link["rel"] == "root":
                assert target == root / "catalog.json"
            if link["rel"] == "collection":
                assert found[target]["id"] == text["collection"]
    assert reached == set(found)


def test_every_asset_is_there_with_its_length_and_hash(root: Path) -> None:
    named = set()
    for path, text in texts(root).items():
        for asset in text.get("assets", {}).values():
            file = (path.parent / asset["href"]).resolve()
            data = file.read_bytes()
            assert asset["file:size"] == len(data)
            assert asset["file:checksum"] == f"1220{hashlib.sha256(data).hexdigest()}"
            named.add(file)
    assert named == set(root.rglob("*.tif"))


def test_pystac_walks_the_catalogue_and_copies_it_whole(root: Path) -> None:
    catalogue = pystac.Catalog.from_file(str(root / "catalog.json"))
    items = {item.id for _, _, found in catalogue.walk() for item in found}
    assert len(items) == sum(text["type"] == "Feature" for text in texts(root).values())
    assert {item.id for item in catalogue.full_copy().get_items(recursive=True)} == items
    for collection in catalogue.get_children():
        assert isinstance(collection, pystac.Collection)
        instants = [item.datetime for item in collection.get_items() if item.datetime]
        assert collection.extent.temporal.intervals == [[min(instants), max(instants)]]


def test_no_text_tells_whose_folders_it_was_made_in(root: Path) -> None:
    for path, text in texts(root).items():
        told = json.dumps(text)
        assert str(root.parent.parent) not in told, path
        assert "/home/" not in told, path
