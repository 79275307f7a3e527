"""Which pixels of the bench cubes have another day of confirmation than in the engine before, and which rule gave it to them.

    python benchmarks/change/explain.py [--pixels FILE.csv]

Engines go from that before decision 16 to that of the working tree, one rule (or as few as can be told apart) from each to the next: an
engine is a commit, some constants of which may be set otherwise. So a day that changes from one engine to the next changes by that
rule. Where a rule works by way of other pixels, it is also asked whether such a one could have done it. Nothing is compared with the truth.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from cubes import bench_cube, shared
from pages import write_part, written_by

from spadework.change.history import keep
from spadework.change.twins import NO_TWIN, there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Answers = Mapping[str, NDArray[np.int32]]

ROOT: Final = Path(__file__).parents[2]
CUBES: Final = ((128, 7), (128, 11), (96, 3), (96, 2001))
"""Side and seed."""
PART: Final = ("src/spadework/change/follow.py", "PART: Final = 16")


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine, and the rule by which it differs from the one before."""

    rule: str
    commit: str | None
    """None = the working tree."""
    constant: tuple[str, str, str] | None = None
    """File, what stands there, what stands there instead."""
    by_way_of: bool = False
    """The rule works by way of twins and neighbours, but for rounding."""


ENGINES: Final = (
    Engine("engine before decision 16", "b78bff2"),
    Engine("twins left out from the next look on, while their change stands; neighbours heard on their last eight looks; what is kept is rounded", "61928e9", (*PART, "PART: Final = 1"), by_way_of=True),
    Engine("twins left out from the next part of 16 looks on", "61928e9", by_way_of=True),
    Engine("nothing: made faster (decisions 17 and 18)", "2d54fb5"),
    Engine("changed ground lies as far as the farthest look (decision 19)", "5a738da"),
    Engine("level and restlessness learn from distances told (decision 19)", "35e35c0"),
    Engine("nothing: today's", None),
)  # fmt: skip

RUN: Final = """
import sys
from pathlib import Path
import numpy as np
import spadework
from cubes import bench_cube
from spadework.change.history import monitor
root, generator, out, *cubes = sys.argv[1:]
assert Path(spadework.__file__).is_relative_to(root), spadework.__file__
found = {}
for cube in cubes:
    case = bench_cube(Path(generator), *map(int, cube.split("_")))
    change = monitor(case.cube, case.start)
    found[cube] = np.stack([change.confirmed, change.recovered]).astype(np.int32)
np.savez(out, **found)
"""
"""Says of each cube (what, y, x): the day of confirmation, 0 or less without one, and whether a change was withdrawn."""


def check_out(engine: Engine, folder: Path) -> Path:
    """The engine's tree, laid out in a folder.

    Raises:
        ValueError: the constant is not where it is looked for.

    """
    if engine.commit is None:
        return ROOT
    packed = subprocess.run(["git", "-C", ROOT, "archive", engine.commit], check=True, capture_output=True).stdout  # noqa: S607
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    if engine.constant is not None:
        name, old, new = engine.constant
        text = (folder / name).read_text(encoding="utf-8")
        if text.count(old) != 1:
            msg = f"{engine.commit}: {old!r} is not in {name}"
            raise ValueError(msg)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def answers(engine: Engine, generator: Path) -> Answers:
    """What an engine says of each cube."""
    with tempfile.TemporaryDirectory() as place:
        root, out = check_out(engine, Path(place) / "tree"), Path(place) / "answers.npz"
        path = os.pathsep.join(str(root / part) for part in ("src", "benchmarks/change"))
        cubes = [f"{side}_{seed}" for side, seed in CUBES]
        subprocess.run(
            [sys.executable, "-c", RUN, root, generator, out, *cubes], check=True, env=os.environ | {"PYTHONPATH": path}
        )
        with np.load(out) as found:
            return {cube: found[cube] for cube in cubes}


def reached(generator: Path, side: int, seed: int, alarmed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(y, x): one of the twins of the pixel, or of a neighbour, or a neighbour itself, is ``alarmed``."""
    case = bench_cube(generator, side, seed)
    state = keep(case.cube, case.start)
    places, twins, out = state.site.places, state.pixels.learnt.twins, np.zeros((side, side), np.bool_)
    for p in range(state.site.pixels):
        for m in twins[p][twins[p] != NO_TWIN]:
            q = there(places, p, *places.offsets[m])
            out.flat[places.at[p]] |= alarmed.flat[places.at[q]]
    around = np.pad(out | alarmed, 1)
    return np.lib.stride_tricks.sliding_window_view(around, (3, 3)).any(axis=(2, 3)) | out


def _row(before: Answers, after: Answers, engine: Engine, generator: Path) -> str:
    counts = np.zeros(7, np.int64)
    for side, seed in CUBES:
        (old, was), (new, now) = before[f"{side}_{seed}"], after[f"{side}_{seed}"]
        moved, both = old.clip(0) != new.clip(0), (old > 0) & (new > 0)
        counts[:5] += [moved.sum(), (both & (new < old)).sum(), (both & (new > old)).sum(), (moved & (old <= 0)).sum(), (moved & (new <= 0)).sum()]  # fmt: skip
        if engine.by_way_of and moved.any():
            near = reached(generator, side, seed, (old > 0) | (new > 0) | (was > 0) | (now > 0))
            counts[5:] += [(near & moved).sum(), near.sum()]
    total = sum(side * side for side, _ in CUBES)
    way = f"{counts[5] / max(counts[0], 1):.1%} (of all pixels {counts[6] / total:.0%})" if counts[6] else "-"
    shares = " | ".join(f"{count:,}" for count in counts[1:5])
    return f"| {engine.rule} | {counts[0]:,} | {counts[0] / total:.2%} | {shares} | {way} |"


def write_pixels(path: Path, told: Sequence[Answers]) -> None:
    """A line for each pixel whose day is not the same in all engines: its day in each, days since 1970-01-01, 0 = none."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["cube", "y", "x", *(f"{number} {engine.commit or 'today'}" for number, engine in enumerate(ENGINES))])
        for side, seed in CUBES:
            days = np.stack([one[f"{side}_{seed}"][0].clip(0) for one in told])
            for y, x in np.argwhere((days != days[0]).any(axis=0)):
                out.writerow([f"{side} seed {seed}", y, x, *days[:, y, x]])


def main() -> None:
    """Run all engines; print the table and put it into the page."""
    parser: Any = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pixels", type=Path, help="write a line for each pixel there")
    given, folder = parser.parse_args(), shared()
    if folder is None:
        sys.exit("no shared folder: set SPADEWORK_SHARED to the folder that holds bench/")
    generator = folder / "bench" / "make_cube.py"
    told = []
    for engine in ENGINES:
        print(f"{engine.commit or 'today'}: {engine.rule}", flush=True)
        told.append(answers(engine, generator))
    lines = [
        "| from the engine before: | another day | of all | earlier | later | now confirmed | no longer | reached |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(before, after, engine, generator) for (before, after), engine in zip(pairwise(told), ENGINES[1:], strict=True)),
        _row(told[0], told[-1], Engine("all of them: today's and that before decision 16", None), generator),
    ]
    total = sum(side * side for side, _ in CUBES)
    cubes = ", ".join(f"{seed} ({side} x {side})" for side, seed in CUBES)
    said = "\n".join(lines)
    write_part(
        "explained",
        f"## Days that changed, rule by rule\n\n{written_by('explain.py')}\n\nBench cubes of seeds {cubes}, {total:,} pixels. *Reached*: of those with another day, how many have a twin, a neighbour, or a neighbour's twin that was "
        f"ever alarmed, by way of which the rule could work; the others are rounded otherwise. With `--pixels` it writes each pixel's day in every engine.\n\n{said}",
    )
    print(said)
    if given.pixels is not None:
        write_pixels(given.pixels, told)


if __name__ == "__main__":
    main()
