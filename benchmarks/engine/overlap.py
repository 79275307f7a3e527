"""Reading and monitoring a site from local COGs: each alone, one after the other as a run does it, and the same with little memory.

Usage: ``taskset -c 0,1 python benchmarks/engine/overlap.py [--side 1000] [--folder DIR] [--keep]``. The bench cube's first three
years, laid side by side, are written once as COGs: six bands of 10 m and a scene classification of 20 m a date. ``--keep`` puts
the table into ``docs/engine.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "change"))  # the page is written as that of the accuracy benchmark is
from engine import tiled  # noqa: E402 - see above
from pages import put_between, written_by  # noqa: E402 - see above

from spadework.change.history import monitor  # noqa: E402 - see above
from spadework.imagery.chips import fetch  # noqa: E402 - see above
from spadework.imagery.plan import plan_reading  # noqa: E402 - see above
from spadework.imagery.read import read_cube  # noqa: E402 - see above
from spadework.imagery.scenes import parse_item  # noqa: E402 - see above
from spadework.imagery.search import HttpRule  # noqa: E402 - see above
from spadework.machine.memory import GB, MEMORY_GB, VARIABLE  # noqa: E402 - see above
from spadework.records import ClearRule, ImagerySource, Period, Site  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from spadework.cube import Chip, Cube
    from spadework.records import Scene

Result = TypeVar("Result")
YEARS: Final = 3
LITTLE_GB: Final = 1.0
"""Of memory, less than half of the cube."""
EAST, NORTH, CRS = 300_000, 3_900_000, "EPSG:32637"
GROUND, CLOUD = 5, 9
"""Classes of Sen2Cor's scene classification."""
PAGE: Final = HERE.parents[1] / "docs" / "engine.md"
HTTP: Final = HttpRule(timeout_s=30, retries=2, backoff_s=0.1)


# ---------------------------------------------------------------- material
def _write(path: Path, values: NDArray[Any], pixel: float) -> None:
    rows, cols = values.shape
    profile = {
        "driver": "COG", "width": cols, "height": rows, "count": 1, "dtype": values.dtype, "crs": CRS, "nodata": 0,
        "transform": Affine(pixel, 0, EAST, 0, -pixel, NORTH), "compress": "deflate", "predictor": 2, "blocksize": 512,
    }  # fmt: skip
    part = path.with_suffix(".part")
    with rasterio.open(part, "w", **profile) as file:
        file.write(values, 1)
    part.rename(path)


def make(folder: Path, cube: Cube) -> None:
    """Write the COGs that are not there yet."""

    def one(t: int) -> None:
        for n, band in enumerate(cube.bands):
            path = folder / f"{t:03d}_{band}.tif"
            if not path.exists():
                _write(path, cube.reflectance[t, n].clip(1).astype(np.uint16), 10)
        path = folder / f"{t:03d}_scl.tif"
        if not path.exists():
            _write(path, np.where(cube.clear[t, ::2, ::2], GROUND, CLOUD).astype(np.uint8), 20)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, range(len(cube.looks))))


def item(folder: Path, cube: Cube, t: int) -> dict[str, Any]:
    """A STAC item of one date."""
    rows, cols = cube.inside.shape
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    xs, ys = back.transform([EAST, EAST + cols * 10], [NORTH - rows * 10, NORTH])
    ring = [[xs[0], ys[0]], [xs[1], ys[0]], [xs[1], ys[1]], [xs[0], ys[1]], [xs[0], ys[0]]]

    def asset(band: str, pixel: int) -> dict[str, Any]:
        shape = [-(-rows * 10 // pixel), -(-cols * 10 // pixel)]
        return {
            "href": str(folder / f"{t:03d}_{band}.tif"), "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "eo:bands": [{"name": band, "common_name": band}], "proj:shape": shape,
            "proj:transform": [pixel, 0, EAST, 0, -pixel, NORTH], "raster:bands": [{"nodata": 0, "scale": 1e-4}],
        }  # fmt: skip

    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"scene-{t:03d}", "collection": "bench", "links": [],
        "bbox": [xs[0], ys[0], xs[1], ys[1]], "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": cube.looks[t].datetime.isoformat(), "platform": "bench-1", "proj:epsg": 32637, "gsd": 10},
        "assets": {band: asset(band, 10) for band in cube.bands} | {"scl": asset("scl", 20)},
    }  # fmt: skip


# ---------------------------------------------------------------- work
def reader(folder: Path, cube: Cube, start: dt.date) -> Callable[[], Cube]:
    """What reads the site's looks, as a run does."""
    source = ImagerySource(stac=str(folder), collections=("bench",))
    scenes = tuple(parse_item(item(folder, cube, t), str(folder / "item.json"), source) for t in range(len(cube.looks)))
    west, south, east, north = cube.grid.boundingbox.bbox
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = tuple((float(x), float(y)) for x, y in (back.transform(*corner) for corner in corners))
    first, last = (cube.looks[t].datetime.date() for t in (0, -1))
    site = Site("bench", ((ring,),), Period(start, last, first), (source,), clear=ClearRule(dilate_m=0))
    plan = plan_reading(site, scenes)

    def get(scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        return fetch(scene, names, plan.grid, HTTP, lambda _: None)

    return lambda: read_cube(site, plan, get, lambda scene, _: scene, lambda _done, _total: None).cube


def timed(work: Callable[[], Result]) -> tuple[float, float, Result]:
    """Seconds by the clock, seconds of processors, and what came out."""

    def used() -> float:
        spent = resource.getrusage(resource.RUSAGE_SELF)
        return spent.ru_utime + spent.ru_stime

    before, began = used(), time.perf_counter()
    out = work()
    return time.perf_counter() - began, used() - before, out


@contextmanager
def memory_watched() -> Iterator[list[int]]:
    """Bytes that lie in memory and in no file, asked for twenty times a second until the end."""
    done, seen = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.05):
            line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
            seen.append(int(line.split()[1]) * 1024)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def work(told: argparse.Namespace) -> dict[str, Any]:
    """Both, in this process, with as much memory as it is allowed."""
    cube, _ = tiled(told.side)
    stop = int(np.searchsorted(cube.days, cube.days[0] + round(YEARS * 365.25)))
    start = cube.looks[0].datetime.date() + dt.timedelta(days=round((YEARS - 1) * 365.25))
    cube = replace(
        cube, reflectance=cube.reflectance[:stop], clear=cube.clear[:stop], snow=cube.snow[:stop], looks=cube.looks[:stop]
    )
    folder = told.folder or Path(tempfile.gettempdir(), f"spadework-bench-overlap-{told.side}")
    folder.mkdir(parents=True, exist_ok=True)
    make(folder, cube)
    read = reader(folder, cube, start)
    del cube
    with memory_watched() as memory:
        *reading, cube = timed(read)
        *monitoring, change = timed(lambda: monitor(cube, start))
    digest = hashlib.sha256(change.confirmed.tobytes() + change.statistic.tobytes()).hexdigest()
    return {"read": reading, "monitor": monitoring, "memory": max(memory), "shape": cube.reflectance.shape, "said": digest}


def in_child(allowed: str) -> dict[str, Any]:
    """The same in a process of its own that is allowed so much memory."""
    done = subprocess.run(
        [sys.executable, __file__, *sys.argv[1:], "--part"], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, VARIABLE: allowed},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Make the files, read, monitor, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1000, help="pixels of 10 m")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.part:
        print(json.dumps(work(told)))
        return
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    found, bounded = in_child(f"{MEMORY_GB:g}"), in_child(f"{LITTLE_GB:g}")
    if found["said"] != bounded["said"]:
        sys.exit("with little memory the answer is another one")
    (read_s, read_cpu), (monitor_s, monitor_cpu) = found["read"], found["monitor"]
    both, larger, least = read_s + monitor_s, max(read_s, monitor_s), (read_cpu + monitor_cpu) / cores
    looks, bands, rows, cols = found["shape"]
    text = f"""{written_by("overlap.py", "engine")} {load:.1f} processes wanted a core when it began.

{rows} x {cols} pixels, {looks} looks in {YEARS} years, {bands} bands, from {looks * (bands + 1):,} local COGs, on {cores} cores.

| | by the clock | of processors |
|---|---|---|
| read and place | {read_s:.1f} s | {read_cpu:.1f} s |
| monitor | {monitor_s:.1f} s | {monitor_cpu:.1f} s |
| one after the other | {both:.1f} s, {both / larger:.2f} times the larger | {read_cpu + monitor_cpu:.1f} s |
| if both shared all cores without a gap | {least:.1f} s, {least / larger:.2f} times the larger | |
| both, with {VARIABLE}={LITTLE_GB:g} | {bounded["read"][0] + bounded["monitor"][0]:.1f} s; at most {bounded["memory"] / GB:.1f} GB in memory and no file, {found["memory"] / GB:.1f} GB before; same answers | {bounded["read"][1] + bounded["monitor"][1]:.1f} s |"""
    print(text)
    if told.keep:
        whole = put_between(PAGE.read_text(encoding="utf-8"), "overlap", text)
        if whole is None:
            sys.exit(f"{PAGE} has no marks of overlap")
        PAGE.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
