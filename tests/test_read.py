"""Looks to the cube: parity with plain rasterio at awkward edges, masks first, mosaics, zone edges, and what goes wrong."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.transform import rowcol

from spadework.cube import MISSING, Change, Chip
from spadework.errors import SceneError, StorageError
from spadework.events.seeing import observability
from spadework.imagery.chips import fetch
from spadework.imagery.plan import plan_reading
from spadework.imagery.read import Fetch, Keep, Reading, read_cube
from spadework.imagery.search import HttpRule, kept_scene
from spadework.records import Asset, ClearRule, ImagerySource, MultiPolygon, Period, Scene, Site
from spadework.store.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

ZONE, NEXT = "EPSG:32637", "EPSG:32638"
NOON = dt.datetime(2020, 1, 5, 8, 30, tzinfo=dt.UTC)
STEP = dt.timedelta(days=5)
PERIOD = Period(dt.date(2020, 3, 1), dt.date(2020, 12, 31), dt.date(2020, 1, 1))
X0, Y0 = 500_000.0, 4_000_000.0
"""North-west corner of the images in ZONE."""


def write(path: Path, values: NDArray[Any], corner: tuple[float, float], pixel: float, crs: str = ZONE, block: int = 64) -> str:
    """One band as a tiled GeoTIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Affine(pixel, 0, corner[0], 0, -pixel, corner[1])
    tiled = {"tiled": True, "blockxsize": block, "blockysize": block} if min(values.shape) >= block else {}
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype, crs=crs, transform=place, **tiled
    ) as file:  # fmt: skip
        file.write(values, 1)
    return str(path)


def area(west: float, south: float, east: float, north: float, crs: str = ZONE) -> MultiPolygon:
    """A box of metres as an area of interest."""
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    xs, ys = back.transform([west, east, east, west, west], [south, south, north, north, south])
    return ((tuple(zip(xs, ys, strict=True)),),)


def site(aoi: MultiPolygon, **clear: Any) -> Site:  # noqa: ANN401 - fields of a record or of JSON
    return Site("here", aoi, PERIOD, (ImagerySource(),), clear=ClearRule(**clear))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of a Scene are put."""

    root: Path
    corner: tuple[float, float] = (X0, Y0)
    crs: str = ZONE

    def scene(self, name: str, at: dt.datetime, bands: dict[str, NDArray[Any]], scl: NDArray[Any] | None, **more: Any) -> Scene:  # noqa: ANN401 - fields of a record or of JSON
        """A Scene of 10 m bands (raw uint16, nodata 0) and a 20 m SCL over the same ground."""
        rows, cols = next(iter(bands.values())).shape
        west, north = self.corner

        def asset(key: str, values: NDArray[Any], pixel: float, nodata: float | None) -> Asset:
            href = write(self.root / name / f"{key}.tif", values, self.corner, pixel, self.crs)
            place = (pixel, 0.0, west, 0.0, -pixel, north)
            shape = (int(values.shape[0]), int(values.shape[1]))
            return Asset(key, href, nodata=nodata, crs=self.crs, transform=place, shape=shape)

        told: dict[str, Any] = {
            "collection": "sentinel-2-l2a", "platform": "sentinel-2a", "crs": self.crs, "gsd": 10.0, "source": str(self.root / name),
            "footprint": area(west, north - rows * 10, west + cols * 10, north, self.crs), **more,
        }  # fmt: skip
        mask: tuple[Literal["scl"], Asset] | None = (
            None if scl is None else ("scl", replace(asset("SCL", scl, 20.0, None), scale=1.0))
        )
        return Scene(
            id=name, datetime=at, bands=tuple((b, asset(b, v, 10.0, 0.0)) for b, v in bands.items()), mask=mask, **told
        )


def keep_nothing(scene: Scene, chips: tuple[Chip, ...]) -> Scene:
    assert chips
    return scene


def read(here: Site, scenes: tuple[Scene, ...], get: Fetch | None = None, keep: Keep = keep_nothing) -> Reading:
    plan = plan_reading(here, scenes)
    get = get or partial(fetch_on, plan.grid)
    return read_cube(here, plan, get, keep, lambda _done, _all: None)


def fetch_on(grid: GeoBox, scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
    return fetch(scene, names, grid, HttpRule(timeout_s=1, retries=0), lambda _request: None)


def noise(rows: int, cols: int, seed: int = 1) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(1, 10_000, (rows, cols)).astype(np.uint16)


def clear_scl(rows: int, cols: int) -> NDArray[np.uint8]:
    return np.full((rows, cols), 4, dtype=np.uint8)


# ---------------------------------------------------------------- parity
ROWS, COLS = 260, 300
EAST, SOUTH = X0 + COLS * 10, Y0 - ROWS * 10


@pytest.mark.parametrize(
    ("west", "south", "east", "north"),
    [
        pytest.param(X0, Y0 - 330, X0 + 470, Y0, id="north-west corner"),
        pytest.param(EAST - 330, SOUTH, EAST, SOUTH + 210, id="south-east corner"),
        pytest.param(X0 - 150, Y0 - 200, X0 + 200, Y0 + 130, id="partly outside, north-west"),
        pytest.param(EAST - 200, SOUTH - 150, EAST + 150, SOUTH + 200, id="partly outside, south-east"),
        pytest.param(X0 + 640, Y0 - 1280, X0 + 1280, Y0 - 640, id="on the edges of blocks"),
        pytest.param(X0 + 630, Y0 - 1290, X0 + 1290, Y0 - 630, id="across the edges of blocks"),
        pytest.param(X0 + 613, Y0 - 777, X0 + 901, Y0 - 542, id="off the lattice"),
        pytest.param(X0 + 100, Y0 - 110, X0 + 110, Y0 - 100, id="one pixel"),
        pytest.param(X0 - 100, SOUTH - 100, EAST + 100, Y0 + 100, id="larger than the image"),
    ],
)
@pytest.mark.parametrize("shift", [(0, 0), (-10, 10), (10, -10), (-10, 0)])
def test_the_cube_holds_what_plain_rasterio_reads(
    tmp_path: Path, west: float, south: float, east: float, north: float, shift: tuple[float, float]
) -> None:
    """A 10 m band, and a 20 m band whose corner lies at an odd 10 m offset."""
    scene = Place(tmp_path).scene("s", NOON, {"red": noise(ROWS, COLS)}, None)
    corner = (X0 + shift[0], Y0 + shift[1])
    href = write(tmp_path / "s" / "swir16.tif", noise(140, 160, 2), corner, 20)
    swir = Asset("swir16", href, nodata=0.0, crs=ZONE, transform=(20, 0, corner[0], 0, -20, corner[1]), shape=(140, 160))
    reading = read(site(area(west, south, east, north)), (replace(scene, bands=(*scene.bands, ("swir16", swir))),))
    cube = reading.cube
    box = cube.grid.boundingbox
    with rasterio.open(scene.bands[0][1].href) as file:
        window = file.window(*box.bbox)
        red = file.read(1, window=window, boundless=True, fill_value=0).astype(int)
    rows, cols = np.mgrid[: cube.grid.shape[0], : cube.grid.shape[1]]
    x, y = cube.grid.transform * (cols.ravel() + 0.5, rows.ravel() + 0.5)
    with rasterio.open(href) as file:
        whole = np.pad(file.read(1), 1).astype(int)  # a frame of nodata
        row, col = (np.clip(at, -1, size) + 1 for at, size in zip(rowcol(file.transform, x, y), file.shape, strict=True))
    swir_values = whole[row, col].reshape(cube.grid.shape)
    seen = (red != 0) & (swir_values != 0)  # without a mask, a pixel is there when every band is
    assert cube.bands == ("red", "swir16")
    assert (cube.reflectance[0, 0] == np.where(seen, red, MISSING)).all()
    assert (cube.reflectance[0, 1] == np.where(seen, swir_values, MISSING)).all()
    assert (cube.clear[0] == seen).all()
    assert seen.any()
    assert not reading.dropped


@pytest.mark.parametrize(
    ("two", "one", "chip"),
    [
        ("uint8", "uint16", "uint16"),
        ("uint16", "int16", "int32"),
        ("uint16", "float32", "float32"),
        ("uint16", "uint16", "uint16"),
    ],
)
def test_files_of_one_grid_make_one_chip_whatever_their_numbers(tmp_path: Path, two: str, one: str, chip: str) -> None:
    """A file of two bands, whose order is not that of the Scene, and a file of one."""
    values, path = np.stack([noise(40, 50, n) % 200 for n in range(3)]), tmp_path / "two.tif"
    place = Affine(10, 0, X0, 0, -10, Y0)
    with rasterio.open(
        path, "w", driver="GTiff", height=40, width=50, count=2, dtype=two, crs=ZONE, transform=place, nodata=7
    ) as file:
        file.write(values[:2].astype(two))
    asset = Asset("red", str(path), nodata=None, crs=ZONE, transform=(10, 0, X0, 0, -10, Y0), shape=(40, 50))
    blue = replace(asset, key="blue", href=write(tmp_path / "blue.tif", values[2].astype(one), (X0, Y0), 10), nodata=3.0)
    bands = (("red", replace(asset, band=2)), ("blue", blue), ("green", replace(asset, key="green", band=1)))
    scene = replace(Place(tmp_path).scene("s", NOON, {"red": noise(40, 50)}, None), bands=bands)
    here = site(area(X0 + 100, Y0 - 300, X0 + 300, Y0 - 100))
    (found,) = fetch_on(plan_reading(here, (scene,)).grid, scene, ("red", "blue", "green"))
    column, row = (round(float(at)) for at in ~place * found.transform[2::3])
    assert found.values.dtype == chip
    for kept, of in zip(found.assets, found.values, strict=True):
        number = {"red": 1, "blue": 2, "green": 0}[kept.key]
        np.testing.assert_array_equal(of, values[number, row : row + of.shape[0], column : column + of.shape[1]])
        assert kept.nodata == (3.0 if kept.key == "blue" else 7.0)


def test_the_mask_of_20_m_is_dilated_on_its_own_grid_from_outside_the_area_too(tmp_path: Path) -> None:
    scl = clear_scl(20, 20)
    scl[4, 4] = 9  # cloud at 80-100 m; one pixel of 20 m grows around it
    scene = Place(tmp_path).scene("s", NOON, {"red": noise(40, 40)}, scl)
    cube = read(site(area(X0 + 100, Y0 - 300, X0 + 300, Y0 - 60)), (scene,)).cube
    expected = np.ones((24, 20), dtype=bool)
    expected[2:4, 0:2] = False  # 80-100 m from the top, 100-120 m from the left: the cross of one 20 m pixel
    assert (cube.clear[0] == expected).all()


# ---------------------------------------------------------------- masks first
def test_bands_are_read_only_of_looks_with_enough_clear_ground(tmp_path: Path) -> None:
    place = Place(tmp_path)
    scenes = []
    for n, share in enumerate((0.0, 0.04, 0.06, 1.0)):
        scl = np.full((50, 50), 9, dtype=np.uint8)
        scl.reshape(-1)[: round(share * 2500)] = 4
        scenes.append(place.scene(f"s{n}", NOON + n * STEP, {"red": noise(100, 100)}, scl))
    asked: Counter[tuple[str, tuple[str, ...]]] = Counter()
    here = site(area(X0, Y0 - 1000, X0 + 1000, Y0), dilate_m=0)
    plan = plan_reading(here, tuple(scenes))

    def counted(scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        asked[scene.id, names] += 1
        return fetch_on(plan.grid, scene, names)

    reading = read(here, tuple(scenes), counted)
    masks = {(f"s{n}", ("mask",)): 1 for n in range(4)}
    assert asked == masks | {("s2", ("red",)): 1, ("s3", ("red",)): 1}
    assert [look.clear for look in reading.looks] == [0.0, 0.04, 0.06, 1.0]
    assert [look.used for look in reading.looks] == [False, False, True, True]
    assert [look.scenes[0].id for look in reading.cube.looks] == ["s2", "s3"]
    assert [look.covered for look in reading.looks] == [1.0] * 4


def test_nothing_clear_is_never_read_even_when_no_share_is_asked_for(tmp_path: Path) -> None:
    scl = np.full((10, 10), 11, dtype=np.uint8)
    scene = Place(tmp_path).scene("s", NOON, {"red": noise(20, 20)}, scl)
    reading = read(site(area(X0, Y0 - 200, X0 + 200, Y0), min_share=0.0), (scene,))
    assert reading.cube.reflectance.shape == (0, 1, 20, 20)
    assert (reading.looks[0].clear, reading.looks[0].snow, reading.looks[0].used) == (0.0, 1.0, False)


def test_a_pixel_without_data_in_one_band_is_not_clear(tmp_path: Path) -> None:
    red, nir = noise(20, 20), noise(20, 20, 2)
    nir[3, 5] = 0
    scene = Place(tmp_path).scene("s", NOON, {"red": red, "nir": nir}, clear_scl(10, 10))
    cube = read(site(area(X0, Y0 - 200, X0 + 200, Y0)), (scene,)).cube
    assert np.argwhere(~cube.clear[0]).tolist() == [[3, 5]]
    assert cube.reflectance[0, 1, 3, 5] == MISSING
    assert cube.reflectance[0, 0, 3, 5] == red[3, 5]
    assert cube.looks[0].clear == 399 / 400


# ---------------------------------------------------------------- mosaics
def test_two_granules_of_one_pass_are_mosaicked_in_owner_order(tmp_path: Path) -> None:
    """The left granule covers more of the Site, so it wins where both have data; its nodata is filled by the other."""
    left_scl, right_scl = clear_scl(20, 20), clear_scl(20, 20)
    left_scl[:, 15:] = 0  # the left granule ends 100 m before its file does
    left = Place(tmp_path).scene("left", NOON, {"red": np.full((40, 40), 1000, np.uint16)}, left_scl, granule="37A")
    right = Place(tmp_path, (X0 + 200, Y0)).scene(
        "right", NOON + dt.timedelta(minutes=3), {"red": np.full((40, 40), 2000, np.uint16)}, right_scl, granule="37B"
    )
    reading = read(site(area(X0, Y0 - 400, X0 + 500, Y0)), (left, right))
    values = reading.cube.reflectance[0, 0]
    assert (values[:, :30] == 1000).all()
    assert (values[:, 30:] == 2000).all()
    assert reading.cube.clear.all()
    (look,) = reading.looks
    assert ([s.id for s in look.scenes], look.datetime, look.warped) == (["left", "right"], NOON, False)


def smooth(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ground truth everywhere: waves of about 400 m between 1500 and 4500."""
    return 3000 + 1500 * np.sin(lon * 1600) * np.cos(lat * 1500)


def seen_from(crs: str, corner: tuple[float, float], pixel: float, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, cols = np.mgrid[:n, :n]
    x, y = Affine(pixel, 0, corner[0], 0, -pixel, corner[1]) * (cols.ravel() + 0.5, rows.ravel() + 0.5)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return lon.reshape(n, n), lat.reshape(n, n)


def edge_scene(root: Path, name: str, at: dt.datetime, crs: str, n: int = 200) -> Scene:
    """An image around 42 E 34 N, where zone 37 meets zone 38; cloud east of 42.004 E."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(42.0, 34.0)
    corner = (round(x / 20) * 20 - n * 5.0, round(y / 20) * 20 + n * 5.0)
    red = np.rint(smooth(*seen_from(crs, corner, 10, n))).astype(np.uint16)
    lon, _ = seen_from(crs, corner, 20, n // 2)
    scl = np.where(lon > 42.004, 9, 5).astype(np.uint8)
    return Place(root, corner, crs).scene(name, at, {"red": red}, scl, granule=name)


def test_a_granule_of_the_next_zone_is_warped_cubic_and_its_mask_nearest(tmp_path: Path) -> None:
    scenes = (
        *(edge_scene(tmp_path, f"own{n}", NOON + n * STEP, ZONE) for n in range(2)),
        edge_scene(tmp_path, "next", NOON + 2 * STEP, NEXT),
    )
    x, y = Transformer.from_crs("EPSG:4326", ZONE, always_xy=True).transform(42.0, 34.0)
    reading = read(site(area(x - 500, y - 500, x + 500, y + 500)), scenes)
    cube = reading.cube
    assert str(cube.grid.crs) == ZONE
    assert [look.warped for look in reading.looks] == [False, False, True]
    lon, lat = seen_from(ZONE, (cube.grid.transform.c, cube.grid.transform.f), 10, max(cube.grid.shape))
    rows, cols = cube.grid.shape
    lon, lat = lon[:rows, :cols], lat[:rows, :cols]
    for step in range(3):
        off = np.abs(cube.reflectance[step, 0] - smooth(lon, lat)) / smooth(lon, lat)
        assert off.max() < (0.03 if step == 2 else 0.001)
        assert np.median(off) < 0.005
        sure = np.abs(lon - 42.004) > 0.0008  # 74 m: the mask's pixel and its dilation
        assert (cube.clear[step] == (lon < 42.004))[sure].all()
    nearest = np.abs(cube.reflectance[2, 0] - smooth(lon + 5e-5, lat)) / smooth(lon, lat)
    assert nearest.max() > 0.03  # the tolerance above can tell half a pixel


# ---------------------------------------------------------------- bright ground
def nothing_found(reading: Reading) -> Change:
    shape = reading.cube.inside.shape
    dates = np.zeros(shape, dtype=np.int32)
    return Change(
        first_anomaly=dates, confirmed=dates, statistic=np.zeros(shape, np.float32), clear_looks=np.full(shape, 9, np.uint16),
        reason=np.zeros(shape, np.uint8), method=np.ones(shape, np.uint8), recovered=np.zeros(shape, bool), anomalous=np.zeros(reading.cube.clear.shape, bool),
    )  # fmt: skip


def test_bright_desert_called_cloud_is_told(tmp_path: Path) -> None:
    """SCL 8 on a bright strip in every look; three of ten looks are overcast altogether."""
    place, scenes = Place(tmp_path), []
    for n in range(10):
        scl = np.full((10, 10), 9 if n in (2, 5, 7) else 5, dtype=np.uint8)
        scl[:, :3] = 8
        scenes.append(place.scene(f"s{n}", NOON + n * STEP, {"red": noise(20, 20, n)}, scl))
    here = site(area(X0, Y0 - 200, X0 + 200, Y0), dilate_m=0)
    reading = read(here, tuple(scenes))
    told = observability(reading.looks, reading.cube, nothing_found(reading), PERIOD, here.clear.min_share)
    assert told.looks_lost == 0.3
    assert told.mask_suspect == 0.3
    assert [look.used for look in reading.looks].count(True) == 7


def test_where_all_of_it_is_called_cloud_every_look_is_lost(tmp_path: Path) -> None:
    place = Place(tmp_path)
    scenes = tuple(
        place.scene(f"s{n}", NOON + n * STEP, {"red": noise(20, 20)}, np.full((10, 10), 8, np.uint8)) for n in range(3)
    )
    reading = read(site(area(X0, Y0 - 200, X0 + 200, Y0)), scenes)
    told = observability(reading.looks, reading.cube, nothing_found(reading), PERIOD, 0.05)
    assert (told.looks_lost, len(reading.cube.looks), len(reading.looks)) == (1.0, 0, 3)


# ---------------------------------------------------------------- what goes wrong
def test_a_cube_beyond_the_memory_lies_in_a_file_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    scenes = tuple(place.scene(f"s{n}", NOON + n * STEP, {"red": noise(20, 20, n)}, clear_scl(10, 10)) for n in range(4))
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    in_memory = read(here, scenes).cube
    monkeypatch.setattr("spadework.machine.memory.SMALL", 1)
    monkeypatch.setenv("SPADEWORK_MEMORY_GB", "0")
    in_file = read(here, scenes).cube
    for name in ("reflectance", "clear", "snow"):
        np.testing.assert_array_equal(getattr(in_file, name), getattr(in_memory, name))
    assert in_file.looks == in_memory.looks


def test_a_cube_that_fits_neither_memory_nor_disk_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Place(tmp_path).scene("s", NOON, {"red": noise(200, 200)}, clear_scl(100, 100))
    monkeypatch.setattr("spadework.machine.memory.SMALL", 1)
    monkeypatch.setenv("SPADEWORK_MEMORY_GB", "0")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="TMPDIR"):
        read(site(area(X0, Y0 - 2000, X0 + 2000, Y0)), (scene,))


@pytest.mark.parametrize("stage", ["mask", "red"])
def test_a_scene_error_drops_that_look_by_name_and_nothing_else(tmp_path: Path, stage: str) -> None:
    place = Place(tmp_path)
    scenes = tuple(place.scene(f"s{n}", NOON + n * STEP, {"red": noise(20, 20, n)}, clear_scl(10, 10)) for n in range(4))
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    plan = plan_reading(here, scenes)

    def broken(scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        if scene.id == "s2" and stage in names:
            raise SceneError(scene.id, "B04.tif cannot be read", "run again")
        return fetch_on(plan.grid, scene, names)

    whole, reading = read(here, scenes), read(here, scenes, broken)
    assert [(d.thing, "s2: B04.tif cannot be read" in d.reason) for d in reading.dropped] == [
        (f"look {plan.looks[2].id}", True)
    ]
    assert [look.scenes[0].id for look in reading.looks] == ["s0", "s1", "s3"]
    assert (reading.cube.reflectance == whole.cube.reflectance[[0, 1, 3]]).all()


@pytest.mark.parametrize("damage", ["truncated", "gone", "text"])
def test_a_damaged_file_drops_its_look(tmp_path: Path, damage: str) -> None:
    place = Place(tmp_path)
    good = place.scene("good", NOON, {"red": noise(200, 200)}, clear_scl(100, 100))
    bad = place.scene("bad", NOON + STEP, {"red": noise(200, 200)}, clear_scl(100, 100))
    path = tmp_path / "bad" / "red.tif"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:9000] if damage == "truncated" else b"<html>not found</html>")
    reading = read(site(area(X0, Y0 - 2000, X0 + 2000, Y0)), (good, bad))
    assert [look.scenes[0].id for look in reading.looks] == ["good"]
    (dropped,) = reading.dropped
    assert "bad: red.tif cannot be read" in dropped.reason
    assert "\n" not in dropped.reason


def test_an_error_that_is_no_scene_error_ends_the_run(tmp_path: Path) -> None:
    scene = Place(tmp_path).scene("s", NOON, {"red": noise(20, 20)}, clear_scl(10, 10))

    def out_of_memory(_scene: Scene, _names: tuple[str, ...]) -> tuple[Chip, ...]:
        raise MemoryError

    with pytest.raises(MemoryError):
        read(site(area(X0, Y0 - 200, X0 + 200, Y0)), (scene,), out_of_memory)


# ---------------------------------------------------------------- kept chips
def test_the_cube_of_kept_chips_is_byte_equal_to_that_of_the_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    place, scenes = Place(tmp_path / "source"), []
    for n in range(4):
        scl = rng.choice([4, 5, 8, 11, 0], (60, 60), p=[0.5, 0.3, 0.1, 0.05, 0.05]).astype(np.uint8)
        scl[:] = 9 if n == 2 else scl
        scene = place.scene(f"s{n}", NOON + n * STEP, {"red": noise(120, 120, n), "nir": noise(120, 120, n + 9)}, scl)
        swir = write(tmp_path / "source" / f"s{n}" / "swir16.tif", noise(60, 60, n), (X0 - 10, Y0 + 10), 20)
        odd = Asset(
            "swir16", swir, offset=-0.1, nodata=0.0, crs=ZONE, transform=(20, 0, X0 - 10, 0, -20, Y0 + 10), shape=(60, 60)
        )
        scenes.append(replace(scene, bands=(*scene.bands, ("swir16", odd)), notes=("a decision",)))
    here = site(area(X0 + 233, Y0 - 917, X0 + 811, Y0 - 305))
    catalogue = Catalogue(tmp_path / "catalog", "test")
    first = read(here, tuple(scenes), keep=catalogue.keep)
    kept = tuple(scene for scene in (kept_scene(catalogue.item_path(s)) for s in scenes) if scene)
    assert len(kept) == 4
    assert kept[2].bands == ()  # too cloudy: its mask alone is evidence
    for path in sorted((tmp_path / "source").rglob("*.tif")):
        path.unlink()
    again = read(here, kept)
    for name in ("reflectance", "clear", "snow", "inside"):
        one, two = getattr(first.cube, name), getattr(again.cube, name)
        assert (one.dtype, one.tobytes()) == (two.dtype, two.tobytes())
    assert first.cube.grid == again.cube.grid
    assert first.looks == again.looks
    assert first.cube.looks == again.cube.looks


# ---------------------------------------------------------------- metadata against pixels
def told_series(root: Path, raws: dict[int, int], looks: int = 7) -> tuple[Scene, ...]:
    """Dark ground seen ``looks`` times; ``raws`` adds to the raw numbers of some of them. All items say: offset none."""
    place, ground = Place(root), np.random.default_rng(5).integers(300, 420, (20, 20))
    scenes = []
    for n in range(looks):
        bands = {
            name: (ground + level + n + raws.get(n, 0)).astype(np.uint16)
            for name, level in (("blue", 0), ("red", 150), ("nir", 2500))
        }
        scene = place.scene(
            f"s{n}", NOON + n * STEP, bands, clear_scl(10, 10), notes=("offset: none (acquired before 2022-01-25)",)
        )
        scenes.append(scene)
    return tuple(scenes)


def with_offset(scenes: tuple[Scene, ...], which: tuple[int, ...]) -> tuple[Scene, ...]:
    """Some of the items say instead that their numbers carry the offset of -1000."""

    def said(scene: Scene) -> Scene:
        return replace(
            scene, bands=tuple((b, replace(a, offset=-0.1)) for b, a in scene.bands), notes=("offset: -0.1 (raster:offset)",)
        )

    return tuple(said(scene) if n in which else scene for n, scene in enumerate(scenes))


def test_a_look_whose_item_wrongly_claims_the_offset_is_corrected_and_named(tmp_path: Path) -> None:
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    good = told_series(tmp_path, {})
    truth, reading = read(here, good), read(here, with_offset(good, (3,)))
    wrong = reading.looks[3]
    assert [d.thing for d in reading.dropped] == [f"look {wrong.id}"]
    assert reading.dropped[0].reason.startswith("corrected: ")
    assert (reading.cube.reflectance == truth.cube.reflectance).all()
    assert any("offset contradicts the pixels" in note for note in wrong.notes)
    assert all(look.used for look in reading.looks)


def test_a_run_of_such_looks_is_corrected_look_by_look(tmp_path: Path) -> None:
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    good = told_series(tmp_path, {})
    truth, reading = read(here, good), read(here, with_offset(good, (2, 3, 4)))
    assert [d.reason.split(":")[0] for d in reading.dropped] == ["corrected"] * 3
    assert (reading.cube.reflectance == truth.cube.reflectance).all()


def test_a_look_whose_numbers_carry_an_offset_that_its_item_denies_is_corrected(tmp_path: Path) -> None:
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    truth, reading = read(here, told_series(tmp_path / "a", {})), read(here, told_series(tmp_path / "b", {3: 1000}))
    assert [d.thing for d in reading.dropped] == [f"look {reading.looks[3].id}"]
    assert (reading.cube.reflectance == truth.cube.reflectance).all()


def test_a_look_that_no_offset_mends_is_dropped_by_name_and_its_neighbours_stay(tmp_path: Path) -> None:
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    reading = read(here, with_offset(told_series(tmp_path, {3: 450}), (3,)))
    wrong = reading.looks[3]
    assert [(d.thing, d.reason.split(":")[0]) for d in reading.dropped] == [(f"look {wrong.id}", "dropped")]
    assert [look.used for look in reading.looks] == [True, True, True, False, True, True, True]
    assert [look.id for look in reading.cube.looks] == [look.id for look in reading.looks if look.used]
    assert reading.cube.reflectance.shape[0] == 6


def test_other_sensors_are_not_judged_by_the_rule_of_sentinel_2(tmp_path: Path) -> None:
    here = site(area(X0, Y0 - 200, X0 + 200, Y0))
    scenes = tuple(replace(scene, notes=(), platform="landsat-8") for scene in with_offset(told_series(tmp_path, {}), (3,)))
    reading = read(here, scenes)
    assert not reading.dropped
    assert (reading.cube.reflectance[3, 0] < 0).all()


# ---------------------------------------------------------------- no ground
@pytest.mark.parametrize("number", [1, 2000])
def test_a_look_of_one_number_shows_no_ground_and_is_dropped_by_name(tmp_path: Path, number: int) -> None:
    here, place = site(area(X0, Y0 - 200, X0 + 200, Y0)), Place(tmp_path)
    blank = np.full((20, 20), number, np.uint16)
    scenes = tuple(
        place.scene(f"S{n}", NOON + n * STEP, {"red": blank if n == 1 else noise(20, 20, n), "nir": blank if n == 1 else noise(20, 20, n + 9)}, clear_scl(10, 10))
        for n in range(3)
    )  # fmt: skip
    reading = read(here, scenes)
    assert [look.used for look in reading.looks] == [True, False, True]
    assert [(entry.thing, "shows no ground" in entry.reason) for entry in reading.dropped] == [
        (f"look {reading.looks[1].id}", True)
    ]
    assert any("shows no ground" in note for note in reading.looks[1].notes)
    assert [look.id for look in reading.cube.looks] == [look.id for look in reading.looks if look.used]
