"""The change engine beside the machine's limits and its peers: one table, a roofline picture, the README's section on speed.

Usage: ``python benchmarks/engine/engine.py [--side 1024] [--sample 400] [--keep]``. Each part runs in a process of its own, one after
another, kept to its cores, in one process tree; every figure of the table is from one run. ``--keep`` writes ``engine.json``,
``docs/engine.md``, the picture and the README's section; without it the table is only printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "change"))  # cubes and peers are those of the accuracy benchmark

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from spadework.cube import Cube

TILE, SEED = 128, 7
"""Pixels a side of the bench cube that is laid side by side, and its seed."""
SMALL: Final = 32
"""Pixels a side of the cube whose first answer is waited for."""
ROUNDS: Final = 3
WATCHED, LOOKS = 24, 9
"""Watched looks gone through before those that are timed one by one, and how many these are: one part and a look."""
PEERS: Final = (
    "zeit sccd (default)",
    "zeit ccdc conse 6 (default)",
    "COLD conse 6 (default)",
    "S-CCD conse 6 (default)",
    "nrt CCDC",
)


# ---------------------------------------------------------------- what is measured
def tiled(side: int) -> tuple[Cube, dt.date]:
    """The bench cube laid side by side to ``side`` x ``side`` pixels, and the day from which it is watched."""
    from cubes import bench_cube, plain_cube, shared  # noqa: PLC0415 - children only: the parent measures nothing

    root = shared()
    if root is None:
        sys.exit("needs SPADEWORK_SHARED, the folder that holds bench/make_cube.py")
    case = bench_cube(root / "bench" / "make_cube.py", min(side, TILE), SEED)
    times = -(-side // TILE)
    days = [look.datetime.date() for look in case.cube.looks]
    values = np.tile(case.cube.reflectance, (1, 1, times, times))[:, :, :side, :side]
    clear = np.tile(case.cube.clear, (1, times, times))[:, :side, :side]
    return plain_cube(np.ascontiguousarray(values), np.ascontiguousarray(clear), days, case.cube.bands), case.start


def limits(_: argparse.Namespace) -> dict[str, Any]:
    """The machine's."""
    from limits import read_gbs, sgemm_gflops, triad_gbs  # noqa: PLC0415 - compiles

    return {"sgemm_gflops": sgemm_gflops(), "triad_gbs": triad_gbs(), "read_gbs": read_gbs()}


def _resident(name: str) -> int:
    """Bytes of this process in memory: ``VmRSS`` now, ``VmHWM`` at most since the mark was reset."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def ours(told: argparse.Namespace) -> dict[str, Any]:
    """Pixels a second of ``monitor`` as users call it, its steps, and the memory that it takes beside its input."""
    from spadework.change import follow, history, learn  # noqa: PLC0415 - children only

    warm, start = tiled(SMALL)
    history.monitor(warm, start)
    cube, start = tiled(told.side)
    steps: dict[str, float] = {}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:  # noqa: ANN401 - handed on
            began = time.perf_counter()
            done = work(*given)
            steps[name] = steps.get(name, 0.0) + time.perf_counter() - began
            return done

        return run

    vars(learn)["fit_site"] = timed("fit", learn.fit_site)
    vars(history)["change_of"] = timed("answers", history.change_of)
    for room, when in ((learn, "history"), (follow, "watched")):
        vars(room)["PASSES"] = tuple(one._replace(work=timed(f"{when}: {one.name}", one.work)) for one in room.PASSES)
    Path("/proc/self/clear_refs").write_text("5")
    before, best = _resident("VmRSS"), float("inf")
    for _ in range(ROUNDS if told.side <= 2 * TILE else 1):
        steps.clear()
        began = time.perf_counter()
        history.monitor(cube, start)
        best = min(best, time.perf_counter() - began)
    pixels, given = cube.inside.size, cube.reflectance.nbytes + cube.clear.nbytes
    past = int(np.searchsorted(cube.days, np.datetime64(start, "D").astype(int)))
    return {
        "pixels": pixels,
        "px_s": pixels / best,
        "us_px": {name: spent / pixels * 1e6 for name, spent in steps.items()},
        "memory_share": (_resident("VmHWM") - before) / given,
        "bytes_px": given / pixels,
        "looks": [float(cube.clear[:past].sum(axis=0).mean()), float(cube.clear[past:].sum(axis=0).mean())],
        "bands": len(cube.bands),
    }


def date(told: argparse.Namespace) -> dict[str, Any]:
    """One new look from what is kept of those before: in memory on one core, and from file to file on all."""
    from limits import least_seconds  # noqa: PLC0415 - compiles

    from spadework.change import history, packed  # noqa: PLC0415 - children only
    from spadework.store.state import read_arrays, write_arrays  # noqa: PLC0415 - children only

    cube, start = tiled(told.side)
    past, cores = int(np.searchsorted(cube.days, np.datetime64(start, "D").astype(int))), os.sched_getaffinity(0)
    state = history.learn(history.looks_of(cube, slice(past)))
    state = history.follow(state, history.looks_of(cube, slice(past, past + WATCHED)))
    kept = sum(array.nbytes for part in state.pixels for array in part)
    stream = np.ones(kept // 4, np.float32)
    os.sched_setaffinity(0, {min(cores)})
    stream_s = least_seconds(lambda: np.add(stream, 1.0, out=stream), ROUNDS)
    spent = []
    for look in range(past + WATCHED, past + WATCHED + LOOKS):
        began = time.perf_counter()
        state = history.follow(state, history.looks_of(cube, slice(look, look + 1)))
        spent.append(time.perf_counter() - began)
    os.sched_setaffinity(0, cores)
    with tempfile.TemporaryDirectory() as folder:
        file, steps = Path(folder, "state.npz"), []
        write_arrays(file, packed.arrays_of(state), {})
        for look in range(past + WATCHED + LOOKS, past + WATCHED + LOOKS + ROUNDS):
            began = time.perf_counter()
            state = packed.state_of(read_arrays(file)[0], state.site.settings)
            loaded = time.perf_counter()
            state = history.follow(state, history.looks_of(cube, slice(look, look + 1)))
            followed = time.perf_counter()
            write_arrays(file, packed.arrays_of(state), {})
            steps.append((loaded - began, followed - loaded, time.perf_counter() - followed))
        on_disk = file.stat().st_size
    pixels = state.site.pixels
    return {
        "pixels": pixels,
        "state_px": kept / pixels,
        "disk_px": on_disk / pixels,
        "stream_px_s": pixels / stream_s,
        "px_s": pixels / float(np.median(spent)),
        "file_s": min(steps, key=sum),
    }


def peers(told: argparse.Namespace) -> dict[str, Any]:
    """Pixels a second of those peers that are installed, on a sample."""
    from limits import least_seconds  # noqa: PLC0415 - compiles
    from peers import peers as known_peers  # noqa: PLC0415 - heavy

    cube, start = tiled(TILE)
    where = np.sort(np.random.default_rng(0).choice(cube.inside.size, told.sample, replace=False))
    found = known_peers(cube)
    asked = [name for name in found if any(name.startswith(peer) for peer in PEERS)]
    return {name: told.sample / least_seconds(partial(found[name], cube, start, where), ROUNDS) for name in asked}


FIRST: Final = """
import datetime as dt, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from cubes import plain_cube
from spadework.change.history import monitor
kept = np.load(sys.argv[2])
days = [dt.date.fromisoformat(day) for day in kept["days"]]
monitor(plain_cube(kept["values"], kept["clear"], days, kept["bands"].tolist()), dt.date.fromisoformat(str(kept["start"])))
"""
"""What a new process does: imports, reads a small cube, monitors it."""


def first(_: argparse.Namespace) -> dict[str, Any]:
    """Seconds from the start of a process to its end, with the answer for a small cube; code compiled before."""
    from limits import least_seconds  # noqa: PLC0415 - compiles

    cube, start = tiled(SMALL)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cube.npz")
        days = [look.datetime.date().isoformat() for look in cube.looks]
        np.savez(file, values=cube.reflectance, clear=cube.clear, days=days, bands=cube.bands, start=start.isoformat())
        run = [sys.executable, "-c", FIRST, str(HERE.parent / "change"), str(file)]
        return {"first_s": least_seconds(lambda: subprocess.run(run, check=True), ROUNDS)}


PARTS: Final = {"limits": limits, "one": ours, "two": ours, "date": date, "peers": peers, "first": first}


# ---------------------------------------------------------------- one run
def _run(part: str, told: argparse.Namespace) -> dict[str, Any]:
    """A part in a process of its own, kept to one core, or to two where it is asked for two."""
    cores = sorted(os.sched_getaffinity(0))[: 2 if part in {"two", "date"} else 1]
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--part", part, "--side", str(told.side), "--sample", str(told.sample)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **alone},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.part:
        print(json.dumps(PARTS[told.part](told)))
        return
    from told import keep, table  # noqa: PLC0415 - parent only

    load = os.getloadavg()[0]
    found = {part: _run(part, told) for part in PARTS} | {"side": told.side, "sample": told.sample, "load": load}
    print(table(found))
    if told.keep:
        keep(found)


if __name__ == "__main__":
    main()
