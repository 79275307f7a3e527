"""The door out: whole files or none, a chain that shows every alteration, COGs, and a catalogue that others can read."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pystac
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from rio_cogeo.cogeo import cog_validate
from test_scenes import chips_of, scene_of

from spadework.cube import Change
from spadework.errors import StorageError
from spadework.imagery.search import kept_scene
from spadework.store.catalogue import Catalogue, intact, safe_name
from spadework.store.dossier import Dossier, write_texts
from spadework.store.files import clear_leftovers, code_version, file_sha256, only_run, sha256, write_atomic
from spadework.store.rasters import change_rasters, cog

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = hashlib.sha256(b"").hexdigest()


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


# ---------------------------------------------------------------- whole or not at all
def test_a_file_is_written_with_its_folders_and_its_hash_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.bin"
    assert write_atomic(path, b"") == EMPTY == file_sha256(path)
    assert write_atomic(path, b"abc") == sha256(b"abc") == file_sha256(path)
    assert path.read_bytes() == b"abc"
    assert path.stat().st_mode & 0o777 == 0o644
    assert everything(tmp_path) == ["a/b/c.bin"]
    assert file_sha256(tmp_path / "none") is None


FAILURES = [
    (errno.ENOSPC, "no space left on the disk", "run again"),
    (errno.EACCES, "no permission to write", "mend the permissions"),
    (errno.EPERM, "no permission to write", "mend the permissions"),
    (errno.EROFS, "no permission to write", "mend the permissions"),
    (errno.EIO, "cannot be written", "check the path"),
]


@pytest.mark.parametrize("stage", ["write", "move"])
@pytest.mark.parametrize(("number", "problem", "mend"), FAILURES)
def test_a_failed_write_leaves_what_was_there_and_names_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, number: int, problem: str, mend: str
) -> None:
    path = tmp_path / "x.json"
    write_atomic(path, b"before")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    if stage == "move":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        real = os.fdopen

        def broken(handle: int, mode: str) -> _Full:
            return _Full(real(handle, mode), fail)

        monkeypatch.setattr("spadework.store.files.os.fdopen", broken)
    with pytest.raises(StorageError, match=problem) as caught:
        write_atomic(path, b"after")
    assert caught.value.thing == str(path)
    assert mend in caught.value.mend
    assert caught.value.exit_code == 1
    assert path.read_bytes() == b"before"
    assert everything(tmp_path) == ["x.json"]


class _Full:
    """A file on a full disk."""

    def __init__(self, file: Any, fail: Callable[..., None]) -> None:  # noqa: ANN401 - any open file
        self.file, self.write = file, fail

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "x", b"data")
    assert everything(tmp_path) == []


def test_a_path_below_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError, match=r"^.*file/x: cannot be written \(.*\)\. check the path"):
        write_atomic(tmp_path / "file" / "x", b"")


def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write anywhere; nobody may not
    try:
        with pytest.raises(StorageError, match="no permission"):
            write_atomic(tmp_path / "x", b"")
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
    assert everything(tmp_path) == []


def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(tmp_path: Path) -> None:
    write_texts(tmp_path, {"a/.part-abc": "half", ".part-x": "half", "a/part-of.txt": "whole"})
    clear_leftovers(tmp_path)
    assert everything(tmp_path) == ["a/part-of.txt"]


def test_the_code_version_is_stable() -> None:
    assert code_version() == code_version()
    assert len(code_version()) == 16


SECOND = (
    "import sys, pathlib; from spadework.store.files import only_run\nwith only_run(pathlib.Path(sys.argv[1])): print('in')"
)


def second_run(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SECOND, str(root)], capture_output=True, text=True, check=False, timeout=60)


def test_one_process_at_a_time_writes_to_a_dossier(tmp_path: Path) -> None:
    with only_run(tmp_path / "d"):
        second = second_run(tmp_path / "d")
        assert second.returncode != 0
        assert "another run is writing to it" in second.stderr
        with pytest.raises(StorageError, match="another run"), only_run(tmp_path / "d"):
            pytest.fail("a second run got in")
    after = second_run(tmp_path / "d")
    assert (after.returncode, after.stdout) == (0, "in\n")


# ---------------------------------------------------------------- rasters
PLACE = (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_000_000.0)


@pytest.mark.parametrize("shape", [(1, 1), (40, 60), (512, 512), (700, 1100)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_rasters_are_valid_cogs_and_hold_the_numbers(tmp_path: Path, shape: tuple[int, int], dtype: str) -> None:
    values = np.random.default_rng(1).integers(0, 200, (2, *shape)).astype(dtype)
    data = cog(values, "EPSG:32637", PLACE, 7, ("one", "two"), {"K": "v"})
    assert cog(values, "EPSG:32637", PLACE, 7, ("one", "two"), {"K": "v"}) == data  # the same bytes for the same numbers
    path = tmp_path / "x.tif"
    path.write_bytes(data)
    assert cog_validate(str(path), strict=True) == (True, [], [])
    with rasterio.open(path) as file:
        assert (file.read() == values).all()
        assert (str(file.crs), tuple(file.transform)[:6], file.nodata) == ("EPSG:32637", PLACE, 7)
        assert (file.descriptions, file.tags()["K"]) == (("one", "two"), "v")


def test_the_rasters_of_a_dossier_say_what_their_numbers_mean(tmp_path: Path) -> None:
    grid = GeoBox((2, 2), Affine(*PLACE), "EPSG:32637")
    change = Change(
        first_anomaly=np.array([[18_000, 0], [-1, -1]], np.int32), confirmed=np.array([[18_005, 0], [-1, -1]], np.int32),
        statistic=np.array([[9, 1], [np.nan, np.nan]], np.float32), clear_looks=np.array([[20, 20], [2, 0]], np.uint16),
        reason=np.array([[0, 0], [1, 4]], np.uint8), method=np.array([[1, 1], [0, 0]], np.uint8),
        recovered=np.array([[False, True], [False, False]]), anomalous=np.zeros((1, 2, 2), bool),
    )  # fmt: skip
    files = change_rasters(change, grid, synthetic=True)
    expected = {
        "first_anomaly": ("int32", -1), "confirmed": ("int32", -1), "reason": ("uint8", None),
        "recovered": ("uint8", None), "statistic": ("float32", "nan"), "clear_looks": ("uint16", None),
    }  # fmt: skip
    assert set(files) == {f"rasters/{name}.tif" for name in expected}
    for name, (dtype, nodata) in expected.items():
        path = tmp_path / f"{name}.tif"
        path.write_bytes(files[f"rasters/{name}.tif"])
        with rasterio.open(path) as file:
            assert file.dtypes == (dtype,)
            assert str(file.nodata) == str(float(nodata) if nodata is not None else None)
            assert np.array_equal(file.read(1), getattr(change, name), equal_nan=dtype == "float32")
            assert "synthetic" in file.tags()["SPADEWORK_SYNTHETIC"]


# ---------------------------------------------------------------- the catalogue of evidence
@pytest.mark.parametrize(
    "text",
    [
        "../../x",
        "..",
        ".",
        "",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a\x00b",
        ".hidden",
        "x" * 300,
        "été",
        "collection.json",
        "10m.tif",
    ],
)
def test_a_changed_name_stays_in_its_folder_and_is_shared_by_no_other(tmp_path: Path, text: str) -> None:
    name = safe_name(text)
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    assert name != text
    assert len(name) < 140
    assert safe_name(text) == name
    assert safe_name(name) == name
    assert safe_name(text + "'") != name
    assert not name.startswith(".")


@pytest.mark.parametrize("text", ["S2A_37SFA_20200512_0_L2A", "sentinel-2-l2a", "a.b-c_d"])
def test_a_usual_name_is_kept(text: str) -> None:
    assert safe_name(text) == text


def test_two_ids_that_look_alike_as_file_names_do_not_overwrite_each_other(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, "t")
    paths = {catalogue.item_path(scene_of(id=name)) for name in ("a/b", "a_b", "a:b", "../a/b")}
    assert len(paths) == 4


def test_a_hostile_id_and_collection_stay_below_the_catalogue(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "catalog"
    scene = scene_of(id="../../../x", collection="../../y")
    catalogue = Catalogue(root, "t")
    catalogue.keep(scene, chips_of(scene))
    catalogue.finish([scene])
    assert all(name.startswith("deep/catalog/") for name in everything(tmp_path))
    (item,) = pystac.Catalog.from_file(str(root / "catalog.json")).get_items(recursive=True)
    assert item.id == "../../../x"


def test_others_can_read_the_catalogue(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, "Evidence")
    scenes = [scene_of(id=f"s{n}", collection=c) for n, c in enumerate(("one", "one", "two"))]
    kept = [catalogue.keep(scene, chips_of(scene)) for scene in scenes]
    catalogue.finish([*kept, scene_of(id="never kept")])
    root = pystac.Catalog.from_file(str(tmp_path / "catalog.json"))
    assert [c.id for c in root.get_children()] == ["one", "two"]
    items = {item.id: item for item in root.get_items(recursive=True)}
    assert sorted(items) == ["s0", "s1", "s2"]
    for scene in kept:
        item = items[scene.id]
        assert item.datetime == scene.datetime
        assert (item.collection_id, item.get_parent() and item.get_parent().id) == (scene.collection, scene.collection)  # type: ignore[union-attr]  # the line says it
        assert sorted(item.assets) == ["B02", "B04", "B11", "SCL", "nir08"]
        (derived,) = item.get_links("derived_from")
        assert (derived.href, derived.extra_fields["updated"]) == (scene.source, scene.updated)
        for asset in item.assets.values():
            href = asset.get_absolute_href() or ""
            assert asset.extra_fields["file:checksum"] == f"1220{file_sha256(Path(href))}"
            assert asset.extra_fields["file:size"] == Path(href).stat().st_size
            assert cog_validate(href)[0]
    extents = [c.extent for c in root.get_children() if isinstance(c, pystac.Collection)]
    assert all(extent.temporal.intervals[0][0] == kept[0].datetime for extent in extents)


def test_keeping_again_gives_the_same_bytes(tmp_path: Path) -> None:
    scene = scene_of()
    for name in ("a", "b"):
        catalogue = Catalogue(tmp_path / name, "t")
        kept = catalogue.keep(scene, chips_of(scene))
        catalogue.finish([kept])
    one, two = ({path: (tmp_path / name / path).read_bytes() for path in everything(tmp_path / name)} for name in ("a", "b"))
    assert one == two
    assert sorted(one) == ["catalog.json", "sentinel-2-l2a/S2A_33XYZ/10m.tif", "sentinel-2-l2a/S2A_33XYZ/20m.tif", "sentinel-2-l2a/S2A_33XYZ/S2A_33XYZ.json", "sentinel-2-l2a/collection.json"]  # fmt: skip


def test_an_item_exists_only_after_its_chips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, catalogue = scene_of(), Catalogue(tmp_path, "t")
    real, calls = Path.replace, []

    def third_fails(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", third_fails)
    with pytest.raises(StorageError, match="no space"):
        catalogue.keep(scene, chips_of(scene))
    assert [path.name for path in calls] == ["10m.tif", "20m.tif", "S2A_33XYZ.json"]
    assert not catalogue.item_path(scene).exists()
    assert kept_scene(catalogue.item_path(scene)) is None


def test_a_chip_is_intact_byte_for_byte_or_not(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, "t")
    kept = catalogue.keep(scene_of(), chips_of(scene_of()))
    assert intact(kept)
    assert not intact(scene_of())
    chip = catalogue.item_path(kept).parent / "20m.tif"
    data = chip.read_bytes()
    chip.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert not intact(kept)
    chip.write_bytes(data)
    assert intact(kept)
    for text in ('{"assets": {"B02": {}}}', "[" * 100_000):
        catalogue.item_path(kept).write_text(text, encoding="utf-8")
        assert not intact(kept)
        assert kept_scene(catalogue.item_path(kept)) is None
    catalogue.item_path(kept).unlink()
    assert not intact(kept)


# ---------------------------------------------------------------- the dossier
def test_a_stage_is_current_while_its_key_and_files_are_the_same(tmp_path: Path) -> None:
    dossier = Dossier(tmp_path)
    assert not dossier.is_current("change", "k1")
    dossier.record("change", "k1", {"rasters/a.tif": b"1", "rasters/b.tif": b"2"}, {})
    dossier.record_key("imagery", "k9")
    dossier.close({"site": "here"})
    again = Dossier(tmp_path)
    assert again.index["site"] == "here"
    assert again.is_current("change", "k1")
    assert again.is_current("imagery", "k9")
    assert not again.is_current("change", "k2")
    (tmp_path / "rasters" / "a.tif").write_bytes(b"9")
    assert not again.is_current("change", "k1")
    again.record("change", "k2", {"rasters/a.tif": b"3"}, {"S1": EMPTY})
    assert [n for n in everything(tmp_path) if n.startswith("rasters")] == ["rasters/a.tif"]
    assert [e["data"]["key"] for e in again.ledger.entries("stage")] == ["k1", "k2"]


def test_closing_without_a_change_writes_nothing(tmp_path: Path) -> None:
    Dossier(tmp_path).close({"site": "here"})
    before = (tmp_path / "dossier.json").stat().st_mtime_ns, (tmp_path / "dossier.json").stat().st_ino
    Dossier(tmp_path).close({"site": "here"})
    assert ((tmp_path / "dossier.json").stat().st_mtime_ns, (tmp_path / "dossier.json").stat().st_ino) == before


@pytest.mark.parametrize("text", ['{"half', "[1, 2]", "7", "", pytest.param("[" * 100_000, id="nested too deeply")])
def test_a_damaged_index_is_named_with_its_mend(tmp_path: Path, text: str) -> None:
    (tmp_path / "dossier.json").write_text(text, encoding="utf-8")
    with pytest.raises(StorageError, match=r"is damaged.*delete that one file and run again"):
        Dossier(tmp_path)


def test_an_index_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dossier.json").write_text('{"schema": "spadework-dossier-99"}', encoding="utf-8")
    with pytest.raises(StorageError, match=r"spadework-dossier-99.*work in another folder"):
        Dossier(tmp_path)
