"""A site's very-high-resolution Scenes through the run: evidence kept, pairs compared, faults named while all else goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import rasterio
import shapely
from affine import Affine
from findings import findings_of

from spadework.grid import reproject, rings_of
from spadework.records import ANALYST, MeasureRule, Scene, SceneFile, SightingRule, Site
from spadework.run.scenes import ScenesOfSite
from spadework.simulate.portal import PortalPair, PortalSettings, portal_pair

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.cube import Chip, Image

SIDE_M = 200.0


@cache
def _pair() -> PortalPair:
    return portal_pair(PortalSettings(side_m=SIDE_M))


def _written(root: Path, image: Image, name: str, **other: object) -> SceneFile:
    path = root / f"{name}.tif"
    profile = {
        "driver": "GTiff", "count": 1, "dtype": "uint16", "crs": image.scene.crs, "transform": Affine(*image.transform),
        "height": image.valid.shape[0], "width": image.valid.shape[1],
    }  # fmt: skip
    with rasterio.open(path, "w", **{**profile, **other}) as file:
        file.write(image.values.astype(np.uint16))
    when = image.scene.datetime or dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return SceneFile(
        name, str(path), when, "p", "l", "c", sun_elevation=image.scene.sun_elevation, sun_azimuth=image.scene.sun_azimuth
    )


def _job(root: Path, **more: object) -> tuple[ScenesOfSite, list[tuple[Scene, tuple[Chip, ...]]]]:
    pair = _pair()
    a, _, c, _, e, f = pair.before.transform
    box = shapely.box(c, f + e * pair.before.valid.shape[0], c + a * pair.before.valid.shape[1], f)
    place = rings_of(reproject(box, str(pair.before.scene.crs), "EPSG:4326"))
    scenes = (_written(root, pair.before, "april"), _written(root, pair.after, "may"))
    site: Site = replace(findings_of().site, aoi=place, scenes=scenes, synthetic=True)
    site = replace(site, **more)  # type: ignore[arg-type]  # fields of a Site
    kept: list[tuple[Scene, tuple[Chip, ...]]] = []

    def keep(scene: Scene, chips: tuple[Chip, ...]) -> Scene:
        kept.append((scene, chips))
        return replace(scene, sha256="0" * 64)

    return ScenesOfSite(site, keep, lambda *_: None), kept


def test_evidence_holds_the_raw_numbers_and_findings_name_its_hash(tmp_path: Path) -> None:
    job, kept = _job(tmp_path)
    assert [scene.sha256 for scene in job.scenes] == ["0" * 64] * 2
    scene, (chip,) = kept[0]
    assert scene.collection == "very-high-resolution"
    assert chip.values.dtype == np.uint16
    np.testing.assert_array_equal(chip.values, _pair().before.values.astype(np.uint16))


def test_scenes_are_compared_with_the_one_before_and_the_shift_is_found(tmp_path: Path) -> None:
    job, _ = _job(tmp_path)
    (pair,) = job.comparisons
    assert (pair.before, pair.after) == ("april", "may")
    assert pair.alignment.shift_px is not None
    np.testing.assert_allclose(pair.alignment.shift_px, _pair().truth.shift_px, atol=0.3)


def test_the_cut_is_measured_and_what_it_lets_through_comes_after_it(tmp_path: Path) -> None:
    truth = _pair().truth
    rules = (MeasureRule("through", "may", "passage", of="cut"), MeasureRule("cut", "may", "width", truth.opening_line))
    job, _ = _job(tmp_path, measures=rules)
    cut, *through = job.measurements
    assert cut.id == "cut"
    assert cut.value is not None
    assert abs(cut.value - truth.width_m) < 0.3
    assert through
    assert all(one.id.startswith("through-") and one.unit == "probability" for one in through)


def test_a_claim_over_the_ceiling_is_left_out_by_name_and_the_rest_goes_on(tmp_path: Path) -> None:
    x, y = _pair().truth.machines[0].centre
    good = SightingRule("A1", "may", "excavator", "probable", (x, y), 8.0, 3.0, 0.0, ("boom seen",))
    sure = replace(good, id="A2", identity="confirmed")
    away = replace(good, id="A3", centre=(0.0, 0.0))
    job, _ = _job(tmp_path, sightings=(good, sure, away))
    assert [sighting.id for sighting in job.sightings if sighting.detector == ANALYST] == ["A1"]
    gone = {entry.thing: entry.reason for entry in job.dropped}
    assert "at most 'probable'" in gone["sighting A2"]
    assert "outside" in gone["sighting A3"]


def test_a_file_that_is_missing_or_cut_off_is_left_out_by_name_and_the_rest_goes_on(tmp_path: Path) -> None:
    job, _ = _job(tmp_path)
    first, second = job.site.scenes
    half = tmp_path / "half.tif"
    data = (tmp_path / "may.tif").read_bytes()
    half.write_bytes(data[: len(data) // 2])
    broken = replace(second, id="half", path=str(half))
    absent = replace(second, id="absent", path=str(tmp_path / "absent.tif"))
    rule = MeasureRule("w", "absent", "width", ((0, 0), (1, 1)))
    site = replace(job.site, scenes=(first, broken, absent), measures=(rule,))
    job = ScenesOfSite(site, lambda scene, _: scene, lambda *_: None)
    assert list(job.images) == ["april"]
    gone = {entry.thing: entry.reason for entry in job.dropped}
    assert set(gone) == {"half", "absent", "measurement w"}
    assert "no file" in gone["absent"]


def test_the_same_image_twice_is_not_compared(tmp_path: Path) -> None:
    job, _ = _job(tmp_path)
    first, second = job.site.scenes
    site = replace(job.site, scenes=(first, replace(second, path=first.path)))
    job = ScenesOfSite(site, lambda scene, _: scene, lambda *_: None)
    assert job.comparisons == ()
    assert any("the same image" in entry.reason for entry in job.dropped)
