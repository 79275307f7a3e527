"""Which pixels of the bench cubes have another day of confirmation than in the engine before, and which rule gave it to them.

    python benchmarks/change/explain.py

Engines go from that before decision 16 to that of the working tree, one rule (or as few as can be told apart) from each to the next: an
engine is a commit, some constants of which may be set otherwise. So a day that changes from one engine to the next changes by that
rule: explained.csv has a line for each such pixel, the page a table. Nothing is compared with the truth.
"""

from __future__ import annotations

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
from typing import TYPE_CHECKING, Final

import numpy as np
from cubes import shared
from pages import write_part, written_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Answers = Mapping[str, NDArray[np.int32]]

ROOT: Final = Path(__file__).parents[2]
PIXELS: Final = Path(__file__).with_name("explained.csv")
CUBES: Final = ((128, 7), (128, 11), (96, 3), (96, 2001))
"""Side and seed."""
TOTAL: Final = sum(side * side for side, _ in CUBES)
"""Pixels."""
EACH_LOOK: Final = ("src/spadework/change/follow.py", "PART: Final = 16", "PART: Final = 1")
FINER: Final = (
    ("src/spadework/change/state.py", "NOISE_UNIT, MODEL_UNIT = np.float32(4.0), np.float32(512.0)", "NOISE_UNIT, MODEL_UNIT = np.float32(32.0), np.float32(2048.0)"),
    ("src/spadework/change/state.py", "LEVEL_UNIT, NEAR_UNIT, SHARE_UNIT = np.float32(512.0)", "LEVEL_UNIT, NEAR_UNIT, SHARE_UNIT = np.float32(4096.0)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine, and the rule by which it differs from the one before."""

    rule: str
    commit: str | None
    """None = the working tree."""
    constants: tuple[tuple[str, str, str], ...] = ()
    """File, what stands there, what stands there instead."""


ENGINES: Final = (
    Engine("engine before decision 16", "b78bff2"),
    Engine("twins left out from the next look on, while their change stands; neighbours heard on their last eight looks; distances and shares rounded", "61928e9", (EACH_LOOK, *FINER)),
    Engine("noise and level rounded eight times as coarsely, the model four times", "61928e9", (EACH_LOOK,)),
    Engine("twins left out from the next part of 16 looks on", "61928e9"),
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
    found[cube] = change.confirmed.clip(0)
np.savez(out, **found)
"""
"""Says of each cube (y, x) the day of confirmation, days since 1970-01-01; 0 = none."""


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
    for name, old, new in engine.constants:
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


def _row(before: Answers, after: Answers, rule: str) -> str:
    counts = np.zeros(5, np.int64)
    for cube, old in before.items():
        new = after[cube]
        moved, both = old != new, (old > 0) & (new > 0)
        counts += [moved.sum(), (both & (new < old)).sum(), (both & (new > old)).sum(), (moved & (old == 0)).sum(), (moved & (new == 0)).sum()]  # fmt: skip
    shares = " | ".join(f"{count:,}" for count in counts[1:])
    return f"| {rule} | {counts[0]:,} | {counts[0] / TOTAL:.2%} | {shares} |"


def write_pixels(told: Sequence[Answers]) -> None:
    """A line for each pixel whose day is not the same in all engines: its day in each, days since 1970-01-01, 0 = none."""
    with PIXELS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["cube", "y", "x", *(f"{number} {engine.commit or 'today'}" for number, engine in enumerate(ENGINES))])
        for side, seed in CUBES:
            days = np.stack([one[f"{side}_{seed}"] for one in told])
            for y, x in np.argwhere((days != days[0]).any(axis=0)):
                out.writerow([f"{side} seed {seed}", y, x, *days[:, y, x]])


def main() -> None:
    """Run all engines; print the table and put it into the page, and write down each pixel."""
    folder = shared()
    if folder is None:
        sys.exit("no shared folder: set SPADEWORK_SHARED to the folder that holds bench/")
    generator = folder / "bench" / "make_cube.py"
    told = []
    for engine in ENGINES:
        print(f"{engine.commit or 'today'}: {engine.rule}", flush=True)
        told.append(answers(engine, generator))
    lines = [
        "| from each engine to the next | another day | of all | earlier | later | now confirmed | no longer |",
        "|---|---|---|---|---|---|---|",
        *(_row(before, after, engine.rule) for (before, after), engine in zip(pairwise(told), ENGINES[1:], strict=True)),
        _row(told[0], told[-1], "all of them: from that before decision 16 to today's"),
    ]
    cubes = ", ".join(f"{seed} ({side} x {side})" for side, seed in CUBES)
    said = "\n".join(lines)
    write_part(
        "explained",
        f"## Days that changed, rule by rule\n\n{written_by('explain.py')}\n\nBench cubes of seeds {cubes}, {TOTAL:,} pixels. What a rule does is what changes when it alone is put in. Each pixel with "
        f"another day, and its day in every engine: `benchmarks/change/explained.csv`.\n\n{said}",
    )
    print(said)
    write_pixels(told)


if __name__ == "__main__":
    main()
