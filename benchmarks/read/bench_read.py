"""512 x 512 x 40 dates x 4 bands from COGs: a floor, plain rasterio, odc-stac and Spadework, side by side in one run.

The floor decodes exactly the blocks that the window touches (pread of the compressed bytes, inflate, undo predictor 2,
by GDAL) from datasets opened beforehand, on as many threads as there are cores, and keeps nothing. Whoever has to open
files, to place pixels on a grid and to keep them cannot be faster. Over HTTP the floor is the same, and local.

    python benchmarks/read/bench_read.py [--folder DIR] [--repetitions N] [--skip-http]
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pystac
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.windows import Window
from scipy import ndimage

from spadework.imagery.chips import fetch
from spadework.imagery.plan import plan_reading
from spadework.imagery.read import read_cube
from spadework.imagery.scenes import parse_item
from spadework.imagery.search import HttpRule
from spadework.records import ClearRule, ImagerySource, Period, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from spadework.cube import Chip
    from spadework.records import Scene

DATES, SIDE, BLOCK, AOI = 40, 2048, 512, 512
BANDS: Final = ("blue", "green", "red", "nir")
CRS: Final = "EPSG:32637"
EAST, NORTH = 300_000, 3_900_000
COL, ROW = 700, 900
"""First pixel of the window: in the middle of blocks, so that it touches four."""
CORES: Final = 2
SERVERS: Final = Path(__file__).parents[2] / "tests" / "servers.py"
HTTP: Final = HttpRule(timeout_s=30, retries=2, backoff_s=0.1)


# ---------------------------------------------------------------- material
def make(root: Path) -> None:
    """Write the COGs that are not there yet."""
    rng = np.random.default_rng(1)
    coarse = ndimage.zoom(rng.normal(0, 1, (SIDE // 32, SIDE // 32)), 32, order=1)
    fine = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), 1.5)
    texture = 300 * coarse + 400 * fine
    for date in range(DATES):
        for n, band in enumerate(BANDS):
            path = root / f"{date:02d}_{band}.tif"
            if not path.exists():
                noise = np.random.default_rng([date, n]).normal(0, 12, (SIDE, SIDE))
                _write(path, np.clip(1500 + 400 * n + texture + noise, 1, 10_000).astype(np.uint16))


def _write(path: Path, values: NDArray[np.uint16]) -> None:
    profile = {
        "driver": "COG", "width": SIDE, "height": SIDE, "count": 1, "dtype": "uint16", "crs": CRS, "nodata": 0,
        "transform": Affine(10, 0, EAST, 0, -10, NORTH), "compress": "deflate", "predictor": 2, "blocksize": BLOCK,
        "overviews": "auto", "num_threads": CORES,
    }  # fmt: skip
    part = path.with_suffix(".part")
    with rasterio.open(part, "w", **profile) as file:
        file.write(values, 1)
    part.rename(path)


def item(date: int, base: str) -> dict[str, Any]:
    """A STAC item of one date, with all that readers like to know beforehand."""
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    xs, ys = back.transform([EAST, EAST + SIDE * 10], [NORTH - SIDE * 10, NORTH])
    ring = [[xs[0], ys[0]], [xs[1], ys[0]], [xs[1], ys[1]], [xs[0], ys[1]], [xs[0], ys[0]]]
    assets = {
        band: {
            "href": f"{base}/{date:02d}_{band}.tif", "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"], "eo:bands": [{"name": band, "common_name": band}], "proj:shape": [SIDE, SIDE],
            "proj:transform": [10, 0, EAST, 0, -10, NORTH], "raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 1e-4}],
        }
        for band in BANDS
    }  # fmt: skip
    day = f"2020-{1 + date // 4:02d}-{1 + 7 * (date % 4):02d}T08:00:00Z"
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"scene-{date:02d}", "collection": "bench", "links": [],
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
        ],
        "bbox": [xs[0], ys[0], xs[1], ys[1]], "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": day, "platform": "bench-1", "proj:epsg": 32637, "gsd": 10}, "assets": assets,
    }  # fmt: skip


# ---------------------------------------------------------------- readers
def floor(root: Path) -> Callable[[], None]:
    """Decode the touched blocks, nothing else; the files are open already."""
    files = [[rasterio.open(root / f"{d:02d}_{b}.tif") for b in BANDS] for d in range(DATES)]
    blocks = [
        Window(col * BLOCK, row * BLOCK, BLOCK, BLOCK)
        for row in range(ROW // BLOCK, (ROW + AOI - 1) // BLOCK + 1)
        for col in range(COL // BLOCK, (COL + AOI - 1) // BLOCK + 1)
    ]

    def decode(group: list[Any]) -> None:
        for file in group:
            for window in blocks:
                file.read(1, window=window)

    def read() -> None:
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(decode, files))

    return read


def plain(base: str) -> Callable[[], NDArray[np.uint16]]:
    """Open and read the window of every file, 8 threads: no grid, no scale, no mask."""
    window = Window(COL, ROW, AOI, AOI)

    def read() -> NDArray[np.uint16]:
        out = np.empty((DATES, len(BANDS), AOI, AOI), dtype=np.uint16)

        def one(place: tuple[int, int]) -> None:
            with rasterio.open(f"{base}/{place[0]:02d}_{BANDS[place[1]]}.tif") as file:
                file.read(1, window=window, out=out[place])

        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), ThreadPoolExecutor(8) as pool:
            list(pool.map(one, [(d, b) for d in range(DATES) for b in range(len(BANDS))]))
        return out

    return read


def peer(base: str) -> Callable[[], NDArray[np.uint16]]:
    """``odc.stac.load`` with 8 threads on the same grid."""
    import odc.stac  # noqa: PLC0415 - the extra "bench"; without it the other rows still run

    items = [pystac.Item.from_dict(item(date, base)) for date in range(DATES)]
    grid = _grid()

    def read() -> NDArray[np.uint16]:
        data = odc.stac.load(items, bands=list(BANDS), geobox=grid, pool=8, progress=None)
        return np.stack([data[band].to_numpy() for band in BANDS], axis=1)

    return read


def ours(base: str) -> Callable[[], NDArray[np.int16]]:
    """``fetch`` and ``read_cube``: chips, scale, nodata as mask, cube; the chips are not written anywhere."""
    source = ImagerySource(stac=base, collections=("bench",))
    root = f"{base}/item.json" if base.startswith("http") else str(Path(base) / "item.json")
    scenes = tuple(parse_item(item(date, base), root, source) for date in range(DATES))
    site = _site(source)
    plan = plan_reading(site, scenes)
    if plan.grid.shape != (AOI, AOI):
        sys.exit(f"the grid is {plan.grid.shape}: the comparison would not be fair")

    def get(scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        return fetch(scene, names, plan.grid, HTTP, lambda _: None)

    def read() -> NDArray[np.int16]:
        cube = read_cube(site, plan, get, lambda scene, _: scene, lambda _done, _total: None).cube
        return cube.reflectance

    return read


def _grid() -> GeoBox:
    return GeoBox((AOI, AOI), Affine(10, 0, EAST + 10 * COL, 0, -10, NORTH - 10 * ROW), CRS)


def _site(source: ImagerySource) -> Site:
    """The window as an area of interest: the four corners, so that its bounding box in the CRS is the window."""
    west, south, east, north = _grid().boundingbox.bbox
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    ring = tuple(
        (float(x), float(y))
        for x, y in (back.transform(*p) for p in ((west, south), (east, south), (east, north), (west, north), (west, south)))
    )
    period = Period(dt.date(2020, 6, 1), dt.date(2020, 12, 31), dt.date(2020, 1, 1))
    return Site("bench", ((ring,),), period, (source,), clear=ClearRule(dilate_m=0))


# ---------------------------------------------------------------- the run
@dataclass(frozen=True, slots=True)
class Row:
    """One way of reading and its times."""

    name: str
    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]


def sweep(readers: dict[str, Callable[[], Any]], repetitions: int) -> list[Row]:
    """Each reader once to warm up, then all in turn, so that noise of the machine meets them alike."""
    for read in readers.values():
        read()
    wall: dict[str, list[float]] = {name: [] for name in readers}
    cpu: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(repetitions):
        for name, read in readers.items():
            used, began = _cpu(), time.perf_counter()
            read()
            wall[name].append(time.perf_counter() - began)
            cpu[name].append(_cpu() - used)
    return [Row(name, tuple(wall[name]), tuple(cpu[name])) for name in readers]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def show(rows: list[Row]) -> None:
    """A table with ratios to the floor."""
    floor_min, floor_median = min(rows[0].wall_s), statistics.median(rows[0].wall_s)
    print(f"\n{'':28}{'wall min':>9}{'median':>9}{'cpu min':>9}{'median':>9}{'x floor (min)':>15}{'(median)':>10}")
    for row in rows:
        low, mid = min(row.wall_s), statistics.median(row.wall_s)
        times = f"{low:9.2f}{mid:9.2f}{min(row.cpu_s):9.2f}{statistics.median(row.cpu_s):9.2f}"
        print(f"{row.name:28}{times}{low / floor_min:15.2f}{mid / floor_median:10.2f}")


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The folder over HTTP, from a process of its own."""
    command = [sys.executable, str(SERVERS), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip() if process.stdout else ""
        process.terminate()


def check(readers: dict[str, Callable[[], Any]]) -> None:
    """All readers must agree on every number before any is timed."""
    wanted = readers["plain rasterio, local"]()
    for name, read in readers.items():
        if not name.startswith("floor"):
            got = read()
            if not np.array_equal(got, wanted):
                sys.exit(f"{name} reads other numbers than plain rasterio")


def main() -> None:
    """Make the material, check, time, print."""
    os.environ["GDAL_CACHEMAX"] = "64"  # MB: no decoded block of one round lives to see the next
    os.environ["CPL_VSIL_CURL_NON_CACHED"] = "/vsicurl/"  # nor any header: everyone meets each file for the first time
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "spadework-bench-read")
    options.add_argument("--repetitions", type=int, default=7)
    options.add_argument("--skip-http", action="store_true")
    told = options.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    make(told.folder)
    stored = sum(path.stat().st_size for path in told.folder.glob("*.tif"))
    print(f"{DATES * len(BANDS)} COGs, {stored / 1e6:.0f} MB; cores {os.cpu_count()}, GDAL {rasterio.__gdal_version__}")
    local = str(told.folder)
    readers: dict[str, Callable[[], Any]] = {
        "floor: decode, 2 threads": floor(told.folder),
        "plain rasterio, local": plain(local),
        "Spadework, local": ours(local),
    }
    has_peer = importlib.util.find_spec("odc.stac") is not None
    if has_peer:
        readers["odc-stac, local"] = peer(local)
    else:
        print("odc-stac is not installed (extra: bench): its rows are left out")
    with served(told.folder) as url:
        if not told.skip_http:
            readers |= {"plain rasterio, HTTP": plain(url), "Spadework, HTTP": ours(url)}
            readers |= {"odc-stac, HTTP": peer(url)} if has_peer else {}
        check(readers)
        rows = sweep(readers, told.repetitions)
    show(rows)
    print(json.dumps({row.name: [round(v, 3) for v in row.wall_s] for row in rows}))


if __name__ == "__main__":
    main()
