"""Items to Scenes: which asset is which band, and how raw numbers become reflectance."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from spadework.cube import Chip
from spadework.errors import SceneError
from spadework.imagery.scenes import PAID, family_of, parse_item, pick_asset, resolve_href, resolve_scale
from spadework.imagery.search import kept_scene
from spadework.records import BANDS, Asset, ImagerySource, Scene
from spadework.store.catalogue import Catalogue

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
SQUARE = {"type": "Polygon", "coordinates": [[[1.0, 2.0], [1.5, 2.0], [1.5, 2.5], [1.0, 2.5], [1.0, 2.0]]]}
ANY = ImagerySource()
REMOTE = "https://example.org/stac/items/one.json"


def asset(band: str | None = None, gsd: float = 10, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a record or of JSON
    bands = [{"name": "x", "common_name": band}] if band else []
    return {"href": "x.tif", "type": COG, "roles": ["data"], "eo:bands": bands, "gsd": gsd, **more}


def item(assets: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a record or of JSON
    told = {"datetime": "2020-05-12T08:31:00Z", "platform": "sentinel-2a", **properties}
    return {"id": "one", "collection": "c", "geometry": SQUARE, "properties": told, "assets": assets}


def shared(name: str) -> list[dict[str, Any]]:
    root = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[2] / "shared"))
    path = root / "data" / "stac_items" / name
    if not path.is_file():
        pytest.skip(f"{name} is not in ../shared (SPADEWORK_SHARED)")
    answer = json.loads(path.read_text(encoding="utf-8"))
    return list(answer) if isinstance(answer, list) else list(answer.get("features", [answer]))


# ---------------------------------------------------------------- which asset
@pytest.mark.parametrize(
    ("assets", "chosen"),
    [
        pytest.param({"a": asset("red")}, "a", id="the only one"),
        pytest.param({"r60": asset("red", 60), "r10": asset("red", 10), "r20": asset("red", 20)}, "r10", id="finest GSD"),
        pytest.param({"zz": asset("red"), "B04": asset("red")}, "B04", id="a tie goes to Planetary Computer's table"),
        pytest.param({"zz": asset("red"), "red": asset("red")}, "red", id="a tie goes to Earth Search's table"),
        pytest.param({"B04": asset("red", 20), "zz": asset("red", 10)}, "zz", id="the tables break ties only"),
        pytest.param({"jp2": asset("red", type="image/jp2"), "t": asset("red", 20)}, "t", id="never a jp2 twin"),
        pytest.param({"t": asset("red", roles=["thumbnail"]), "d": asset("red", 20)}, "d", id="never a thumbnail"),
        pytest.param({"o": asset("red", roles=["overview"]), "d": asset("red", 20)}, "d", id="never an overview"),
        pytest.param({"n": {**asset("red"), "roles": []}}, "n", id="no role is a candidate"),
        pytest.param({"n": {**asset("red", href="x.tif"), "type": None}}, "n", id="no media type: by its ending"),
        pytest.param({"n": {**asset("red", href="x.jp2"), "type": None}}, None, id="no media type and no TIFF"),
        pytest.param({"v": {**asset(), "eo:bands": [{"common_name": b} for b in ("red", "green", "blue")]}}, None, id="visual"),
        pytest.param({"n": {**asset(), "eo:bands": [], "bands": [{"eo:common_name": "red"}]}}, "n", id="STAC 1.1"),
        pytest.param({"B04": asset()}, "B04", id="an item that names no bands: by its key"),
        pytest.param({"B04": asset("coastal")}, None, id="a key does not overrule a name"),
        pytest.param({"red-jp2": asset("red", type="image/jp2")}, None, id="nothing to read"),
    ],
)
def test_one_asset_answers_for_red(assets: dict[str, Any], chosen: str | None) -> None:
    picked = pick_asset(item(assets), "red", "sentinel-2", None)
    assert (picked and picked[0]) == chosen


def test_two_assets_that_no_table_tells_apart_are_both_named() -> None:
    with pytest.raises(SceneError, match=r"'left' and 'right' both answer for red.*assets = \{ red = \"left\" \}"):
        pick_asset(item({"left": asset("red"), "right": asset("red")}), "red", "generic", None)


def test_the_site_file_overrules_and_a_misnamed_asset_is_refused_with_what_there_is() -> None:
    both = item({"left": asset("red"), "right": asset("red")})
    assert pick_asset(both, "red", "generic", "right") == ("right", None)
    scene = parse_item(both, REMOTE, ImagerySource(assets=(("red", "right"),), scale=1e-4, offset=0.0))
    assert [(name, a.key) for name, a in scene.bands] == [("red", "right")]
    with pytest.raises(SceneError, match=r"no asset 'middle' for red.*left, right"):
        pick_asset(both, "red", "generic", "middle")


def test_nir08_answers_for_nir_only_where_there_is_no_nir_and_a_note_says_so() -> None:
    assert pick_asset(item({"nir": asset("nir"), "nir08": asset("nir08", 20)}), "nir", "sentinel-2", None) == ("nir", None)
    picked = pick_asset(item({"nir08": asset("nir08", 30)}), "nir", "landsat", None)
    assert picked == ("nir08", "nir answered by nir08 (asset nir08)")


# ---------------------------------------------------------------- raw numbers to reflectance
@pytest.mark.parametrize(
    ("properties", "more", "offset", "why"),
    [
        ({"earthsearch:boa_offset_applied": True, "s2:processing_baseline": "05.00"}, {"raster:bands": [{"offset": -0.1}]}, 0.0, "already applied"),
        ({"sentinel:boa_offset_applied": True, "s2:processing_baseline": "04.00"}, {}, 0.0, "already applied"),
        ({"earthsearch:boa_offset_applied": False, "s2:processing_baseline": "02.14"}, {"raster:bands": [{"offset": -0.1}]}, -0.1, "raster:offset"),
        ({"s2:processing_baseline": "05.10"}, {"raster:bands": [{"offset": 0}]}, 0.0, "raster:offset"),
        ({"s2:processing_baseline": "05.10"}, {"bands": [{"eo:common_name": "red", "raster:offset": -0.1}], "eo:bands": []}, -0.1, "raster:offset"),
        ({"s2:processing_baseline": "04.00", "datetime": "2022-02-01T00:00:00Z"}, {}, -0.1, "processing baseline 04.00"),
        ({"s2:processing_baseline": "05.00", "datetime": "2018-02-01T00:00:00Z"}, {}, -0.1, "processing baseline 05.00"),
        ({"s2:processing_baseline": "03.01"}, {}, 0.0, "before 2022-01-25"),
        ({"datetime": "2022-01-24T23:59:59Z"}, {}, 0.0, "before 2022-01-25"),
    ],
)  # fmt: skip
def test_the_sentinel_2_offset_in_its_order(properties: dict[str, Any], more: dict[str, Any], offset: float, why: str) -> None:
    scene = parse_item(item({"B04": asset("red", **more)}, **properties), REMOTE, ANY)
    red = dict(scene.bands)["red"]
    assert (red.scale, red.offset) == (1e-4, offset)
    assert len(scene.notes) == 1
    assert scene.notes[0].startswith("offset: ")
    assert why in scene.notes[0]


@pytest.mark.parametrize("baseline", [None, "Collection-1", "03.01"])
def test_a_sentinel_2_item_that_leaves_its_offset_open_is_refused_by_name(baseline: str | None) -> None:
    properties = {"datetime": "2022-01-25T00:00:00Z"} | ({"s2:processing_baseline": baseline} if baseline else {})
    with pytest.raises(SceneError, match=r"^one: does not say whether.*set offset in its \[\[imagery\]\] table"):
        parse_item(item({"B04": asset("red")}, **properties), REMOTE, ANY)


def test_the_offset_of_the_site_file_mends_that_and_overrules_the_catalogue() -> None:
    source = ImagerySource(offset=-0.1)
    late = item({"B04": asset("red")}, datetime="2023-01-01T00:00:00Z")
    assert dict(parse_item(late, REMOTE, source).bands)["red"].offset == -0.1
    applied = item({"B04": asset("red")}, **{"earthsearch:boa_offset_applied": True})
    scene = parse_item(applied, REMOTE, source)
    assert dict(scene.bands)["red"].offset == -0.1
    assert scene.notes == ("offset: -0.1 (site file)",)


@pytest.mark.parametrize(
    ("family", "more", "scale", "offset"),
    [
        ("landsat", {}, 2.75e-5, -0.2),
        ("landsat", {"raster:bands": [{"scale": 2e-5, "offset": -0.1}]}, 2e-5, -0.1),
        ("landsat", {"raster:scale": 3e-5, "raster:offset": 0.0}, 3e-5, 0.0),
        ("generic", {"raster:bands": [{"scale": 0.01, "offset": 0.5}]}, 0.01, 0.5),
        ("generic", {}, 1e-4, 0.0),
    ],
)
def test_scale_and_offset_of_other_sensors(
    family: Literal["landsat", "generic"], more: dict[str, Any], scale: float, offset: float
) -> None:
    got = resolve_scale("one", item({"a": asset("red", **more)}), "a", family, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), ANY)
    assert got[:2] == (scale, offset)


@pytest.mark.parametrize(
    ("told", "family"),
    [
        ({"platform": "sentinel-2a"}, "sentinel-2"),
        ({"platform": "Sentinel-2B", "constellation": "Sentinel 2"}, "sentinel-2"),
        ({"platform": "LANDSAT_8"}, "landsat"),
        ({"platform": "landsat-9"}, "landsat"),
        ({"platform": "planetscope"}, "generic"),
        ({}, "generic"),
    ],
)
def test_family_of_an_item(told: dict[str, Any], family: str) -> None:
    assert family_of({"properties": told, "collection": "c"}) == family


def test_nodata_as_a_number_as_a_word_and_from_the_site_file() -> None:
    def nodata(told: object, source: ImagerySource = ANY) -> float | None:
        return dict(parse_item(item({"B04": {**asset("red"), "raster:bands": [{"nodata": told}]}}), REMOTE, source).bands)[
            "red"
        ].nodata

    assert nodata(0) == 0.0
    assert nodata(None) is None
    assert np.isnan(nodata("nan") or 0.0)
    assert nodata(0, ImagerySource(nodata=-9999.0)) == -9999.0


# ---------------------------------------------------------------- addresses
@pytest.mark.parametrize(
    ("href", "base", "opened"),
    [
        ("B04.tif", REMOTE, "https://example.org/stac/items/B04.tif"),
        ("../B04.tif", REMOTE, "https://example.org/stac/B04.tif"),
        ("https://cdn.example/B04.tif?sig=1", REMOTE, "https://cdn.example/B04.tif?sig=1"),
        ("s3://bucket/B04.tif", REMOTE, "s3://bucket/B04.tif"),
        ("./B04.tif", "/data/items/one.json", "/data/items/B04.tif"),
        ("../B04.tif", "/data/items/one.json", "/data/B04.tif"),
        ("/elsewhere/B04.tif", "/data/items/one.json", "/elsewhere/B04.tif"),
        ("file:///else%20where/B04.tif", "/data/items/one.json", "/else where/B04.tif"),
    ],
)
def test_an_address_is_joined_to_where_it_was_read(href: str, base: str, opened: str) -> None:
    assert resolve_href("one", href, base) == opened


@pytest.mark.parametrize("href", ["/etc/passwd", "file:///etc/passwd", "FILE:///etc/passwd", "/vsizip/x.zip", "vsicurl/x", "\\\\host\\x.tif"])  # fmt: skip
def test_a_catalogue_on_the_network_cannot_point_into_this_machine(href: str) -> None:
    with pytest.raises(SceneError, match="a file of this machine"):
        resolve_href("one", href, REMOTE)


@pytest.mark.parametrize("href", ["ftp://host/x.tif", "gs://bucket/x.tif", "vsicurl:http://x"])
def test_other_schemes_are_refused(href: str) -> None:
    with pytest.raises(SceneError, match="only http, https, s3 and local"):
        resolve_href("one", href, REMOTE)


# ---------------------------------------------------------------- items that cannot be Scenes
@pytest.mark.parametrize(
    ("broken", "match"),
    [
        ({"properties": {}}, "its datetime is None"),
        ({"properties": {"datetime": "yesterday"}}, "'yesterday'"),
        ({"geometry": None}, "has no geometry"),
        ({"geometry": {"type": "Polygon", "coordinates": "no"}}, "has no geometry"),
    ],
)
def test_a_broken_item_is_refused_by_name(broken: dict[str, Any], match: str) -> None:
    with pytest.raises(SceneError, match=match) as caught:
        parse_item({**item({}), **broken}, REMOTE, ANY)
    assert caught.value.thing == "one"


def test_an_item_without_a_datetime_uses_its_start() -> None:
    assert parse_item(item({}, datetime=None, start_datetime="2020-01-01T01:00:00+01:00"), REMOTE, ANY).datetime == dt.datetime(
        2020, 1, 1, tzinfo=dt.UTC
    )


# ---------------------------------------------------------------- real answers
PC_S2 = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11", "swir22": "B12"}
LANDSAT = {"blue": "blue", "green": "green", "red": "red", "nir": "nir08", "swir16": "swir16", "swir22": "swir22"}
S2_GSD = (10.0, 10.0, 10.0, 10.0, 20.0, 20.0)


@pytest.mark.parametrize(
    ("name", "keys", "kind", "gsds", "platforms"),
    [
        ("pc_sentinel-2-l2a.json", PC_S2, ("scl", "SCL"), S2_GSD, {"sentinel-2a", "sentinel-2b"}),
        ("pc_S2B_MSIL2A_20190629T212529_R043_T06VVN.json", PC_S2, ("scl", "SCL"), S2_GSD, {"sentinel-2b"}),
        ("earthsearch_or_odc_site2-2020_jun_jul-35MNM.geojson", PC_S2, ("scl", "SCL"), S2_GSD, {"sentinel-2a", "sentinel-2b"}),
        ("site1-20200606-tall-strip-africa.geojson", PC_S2, ("scl", "SCL"), S2_GSD, {"sentinel-2a", "sentinel-2b"}),
        ("S2A_28QCH_20200714_0_L2A.json", PC_S2, ("scl", "SCL"), S2_GSD, {"sentinel-2a"}),
        ("pc_landsat-c2-l2.json", LANDSAT, ("qa_pixel", "qa_pixel"), (30.0,) * 6, {"landsat-8", "landsat-9", "landsat-7", "landsat-5"}),
        ("LC08_L2SP_028030_20200114.json", LANDSAT, ("qa_pixel", "qa_pixel"), (30.0,) * 6, {"landsat-8"}),
    ],
)  # fmt: skip
def test_every_real_item_gives_six_bands_and_its_mask(
    name: str, keys: dict[str, str], kind: tuple[str, str], gsds: tuple[float, ...], platforms: set[str]
) -> None:
    for one in shared(name):
        scene = parse_item(one, REMOTE, ANY)
        assert {band: a.key for band, a in scene.bands} == keys, one["id"]
        assert tuple(band for band, _ in scene.bands) == BANDS
        assert tuple(a.pixel_m for _, a in scene.bands) == gsds
        assert scene.mask is not None
        assert (scene.mask[0], scene.mask[1].key) == kind
        assert scene.platform in platforms
        assert scene.crs == f"EPSG:{one['properties']['proj:epsg']}"
        assert all(a.crs == scene.crs and a.shape for _, a in scene.bands)
        assert scene.granule is not None
        assert scene.cloud == one["properties"]["eo:cloud_cover"]
        assert "unknown" not in (scene.credit, scene.licence)


def test_real_offsets_and_scales() -> None:
    for one in shared("pc_sentinel-2-l2a.json"):
        late = one["properties"]["datetime"] >= "2022-01-25"
        scene = parse_item(one, REMOTE, ANY)
        assert {(a.scale, a.offset) for _, a in scene.bands} == {(1e-4, -0.1 if late else 0.0)}
    for one in (*shared("pc_landsat-c2-l2.json"), *shared("LC08_L2SP_028030_20200114.json")):
        scene = parse_item(one, REMOTE, ANY)
        assert {(a.scale, a.offset) for _, a in scene.bands} == {(2.75e-5, -0.2)}
        assert "nir answered by nir08 (asset nir08)" in scene.notes


def test_the_old_earth_search_item_says_that_its_bands_were_taken_by_key() -> None:
    (one,) = shared("S2A_28QCH_20200714_0_L2A.json")
    notes = parse_item(one, REMOTE, ANY).notes
    assert [note for note in notes if "by its key" in note] == [f"{b} taken from asset {k} by its key: the item names no bands" for b, k in PC_S2.items()]  # fmt: skip


def test_requester_pays_is_named() -> None:
    (one,) = shared("LC08_L2SP_028030_20200114.json")
    paying = json.loads(json.dumps(one))
    for entry in paying["assets"].values():
        entry["href"] = "s3://usgs-landsat/collection02/x.tif"
    assert PAID in parse_item(paying, REMOTE, ANY).notes
    assert PAID in parse_item(item({"B04": asset("red")}, **{"storage:requester_pays": True}), REMOTE, ANY).notes
    assert PAID not in parse_item(item({"B04": asset("red")}), REMOTE, ANY).notes


# ---------------------------------------------------------------- a kept item is the same Scene
ODD = 0.1 + 0.2
FOOTPRINT = ((((ODD, 1 / 3), (1.1, 1 / 3), (1.1, 0.9), (ODD, 0.9), (ODD, 1 / 3)),),)


def scene_of(**more: Any) -> Scene:  # noqa: ANN401 - fields of a record or of JSON
    def one(key: str, **told: Any) -> Asset:  # noqa: ANN401 - fields of a record or of JSON
        return Asset(
            key, f"https://example.org/{key}.tif", 1, crs="EPSG:32633", **{"scale": 1e-4, "offset": -0.1, "nodata": 0.0, **told}
        )

    bands = (("blue", one("B02")), ("red", one("B04")), ("nir", one("nir08", scale=2.75e-5)), ("swir16", one("B11")))
    told = Scene(
        id="S2A_33XYZ", collection="sentinel-2-l2a", datetime=dt.datetime(2022, 3, 1, 10, 1, 2, 345000, dt.UTC), platform="sentinel-2a",
        bands=bands, mask=("scl", one("SCL", scale=1.0, offset=0.0, nodata=None)), footprint=FOOTPRINT, crs="EPSG:32633", cloud=12.5,
        gsd=10.0, sun_elevation=41.123456789, sun_azimuth=160.1, off_nadir=3.2, baseline="04.00", granule="33XYZ", provider="example.org",
        licence="Copernicus Sentinel data terms (free, with credit)", credit="Contains modified Copernicus Sentinel data 2022",
        source="https://example.org/items/one", updated="2022-03-02T00:00:00Z", fingerprint="ab" * 32,
        notes=("offset: -0.1 (processing baseline 04.00)", "nir answered by nir08 (asset nir08)"),
    )  # fmt: skip
    return replace(told, **more)


def chips_of(scene: Scene, crs: str = "EPSG:32633") -> tuple[Chip, ...]:
    fine = tuple(a for name, a in scene.bands if name != "swir16")
    coarse = (*(a for name, a in scene.bands if name == "swir16"), *([scene.mask[1]] if scene.mask else []))
    ten = np.arange(len(fine) * 16, dtype=np.uint16).reshape(len(fine), 4, 4)
    twenty = np.arange(len(coarse) * 4, dtype=np.uint16).reshape(len(coarse), 2, 2)
    return (Chip(fine, ten, crs, (10.0, 0, 500000, 0, -10.0, 40)), Chip(coarse, twenty, crs, (20.0, 0, 500000, 0, -20.0, 40)))


def alike(scene: Scene) -> dict[str, Any]:
    """All that must survive: everything but where the files are and what their grid is."""
    told = {
        name: getattr(scene, name) for name in Scene.__dataclass_fields__ if name not in ("bands", "mask", "source", "sha256")
    }
    told["bands"] = [(name, a.key, a.scale, a.offset, a.nodata) for name, a in scene.bands]
    told["mask"] = scene.mask and (scene.mask[0], scene.mask[1].key, scene.mask[1].nodata)
    return told


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="Sentinel-2"),
        pytest.param({"synthetic": True, "platform": "synthetic", "notes": ()}, id="synthetic, no notes"),
        pytest.param({"notes": (), "platform": "landsat-8", "baseline": None}, id="Landsat, no notes"),
        pytest.param({"cloud": None, "gsd": None, "off_nadir": None, "updated": None, "granule": None}, id="what is unknown stays so"),
        pytest.param({"footprint": (FOOTPRINT[0], (((3.0, 3.0), (4.0, 3.0), (4.0, 4.0), (3.0, 3.0)),))}, id="two parts"),
        pytest.param({"platform": "unknown", "collection": "files-stack", "notes": ("no scale given",)}, id="a local file"),
        pytest.param({"credit": "Zoë, 東京", "licence": "a licence in words"}, id="any letters"),
        pytest.param({"mask": None}, id="no mask"),
    ],
)  # fmt: skip
def test_a_kept_item_gives_the_same_scene(tmp_path: Path, more: dict[str, Any]) -> None:
    scene = scene_of(**more)
    catalogue = Catalogue(tmp_path, "test")
    kept = catalogue.keep(scene, chips_of(scene))
    again = kept_scene(catalogue.item_path(scene))
    assert again is not None
    assert alike(again) == alike(kept) == alike(scene)
    assert (again.bands, again.mask, again.sha256) == (kept.bands, kept.mask, kept.sha256)
    assert all(Path(a.href).parent == catalogue.item_path(scene).parent for _, a in again.bands)


def test_a_values_mask_and_its_values_survive(tmp_path: Path) -> None:
    scene = scene_of(
        mask=("values", Asset("mask", "/x.tif", 5, 1.0, 0.0)), mask_clear=(1, 3), collection="files-x", platform="unknown"
    )
    catalogue = Catalogue(tmp_path, "test")
    catalogue.keep(scene, chips_of(scene))
    again = kept_scene(catalogue.item_path(scene))
    assert again is not None
    assert again.mask is not None
    assert (again.mask[0], again.mask[1].key, again.mask_clear) == ("values", "mask", (1, 3))


def test_nodata_that_json_or_the_dtype_cannot_hold_is_kept_in_the_item(tmp_path: Path) -> None:
    for nodata in (float("nan"), -9999.0, 0.5):
        base = scene_of(mask=None)
        scene = replace(base, bands=tuple((name, replace(a, nodata=nodata)) for name, a in base.bands))
        catalogue = Catalogue(tmp_path / str(nodata), "test")
        catalogue.keep(scene, chips_of(scene))
        again = kept_scene(catalogue.item_path(scene))
        assert again is not None
        assert [repr(a.nodata) for _, a in again.bands] == [repr(nodata)] * 4


def test_a_damaged_kept_item_is_no_scene(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    assert kept_scene(path) is None
    path.write_text('{"half', encoding="utf-8")
    assert kept_scene(path) is None
    path.write_text("[1]", encoding="utf-8")
    assert kept_scene(path) is None
