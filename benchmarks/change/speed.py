"""Pixels a second and core, ours beside the fastest peers: by processor time, which other work on the machine lengthens little.

taskset -c 0 python benchmarks/change/speed.py
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from cubes import bench_cube, cut_out, shared
from ours import OURS, read_settings
from pages import write_part, written_by
from peers import peers

from spadework.change.history import monitor
from spadework.intake.scenario import builtin_scenario
from spadework.simulate import NUISANCE_X1, cube_of, null

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from spadework.cube import Cube

PEERS: Final = ("zeit sccd (default)", "zeit ccdc conse 6 (default)", "COLD conse 6 (default)", "S-CCD conse 6 (default)")
SAMPLE: Final = 400
"""Pixels that a peer is asked about."""
ROUNDS: Final = 3
"""Times that each is run; the fastest counts."""
LEGEND: Final = """\
One core. px/s by the processor's time over all threads, and by the clock; the fastest of {rounds} rounds each, compiled before; {load} processes
wanted a core when it began. Peers are asked about {sample} pixels and their rate is taken for the rest: they see each pixel alone.
Looks: clear ones a pixel, history and watched period together."""


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Least seconds of the processor, and of the clock, over the rounds."""
    spent = []
    for _ in range(ROUNDS):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        spent.append((time.process_time() - processor, time.perf_counter() - clock))
    return min(one for one, _ in spent), min(one for _, one in spent)


def _lines(name: str, cube: Cube, start: dt.date) -> Iterator[str]:
    """Ours on the whole cube, each peer on a sample of it."""
    pixels, looks = cube.inside.size, float(cube.clear.sum(axis=0).mean())
    where = np.sort(np.random.default_rng(0).choice(pixels, SAMPLE, replace=False))
    monitor(cut_out(cube, where), start)  # compiles
    jobs: list[tuple[str, int, Callable[[], object]]] = [(OURS, pixels, lambda: monitor(cube, start))]
    known = peers(cube)
    jobs += [(one, SAMPLE, partial(known[one], cube, start, where)) for one in PEERS if one in known]
    for method, asked, work in jobs:
        if method != OURS:
            known[method](cube, start, where[:2])  # imports and compiles
        processor, clock = _timed(work)
        yield f"| {name} | {looks:.0f} | {method} | {asked:,} | {asked / processor:,.0f} | {asked / clock:,.0f} |"


def main() -> None:
    """Time them and write the page's part."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "").parse_args()
    root = shared()
    if root is None or len(os.sched_getaffinity(0)) != 1:
        sys.exit("needs SPADEWORK_SHARED, and a single core: taskset -c 0 python benchmarks/change/speed.py")
    plan, load = read_settings()["speed"], os.getloadavg()[0]
    side = plan["side"]
    case = bench_cube(root / "bench" / "make_cube.py", side, plan["seed"])
    calm = null(replace(builtin_scenario("mixed"), seed=plan["null_seed"], rows=side, cols=side, nuisance=NUISANCE_X1))
    lines = [
        "| case | looks | method | px | px/s, processor | px/s, clock |",
        "|---" * 6 + "|",
        *_lines(case.name, case.cube, case.start),
    ]
    lines += _lines(f"null world mixed, all x1, seed {plan['null_seed']}", cube_of(calm)[0], calm.watch_from)
    said = "\n".join(lines)
    print(said)
    legend = LEGEND.format(rounds=ROUNDS, load=f"{load:.1f}", sample=SAMPLE)
    write_part("speed", f"## Speed\n\n{written_by('speed.py')}\n\n{legend}\n\n{said}")


if __name__ == "__main__":
    main()
