"""Real looks: clearings planted into the Romania stack, ours against its peers, redraw by redraw.

    python benchmarks/change/romania.py --half tuning --redraws 40
    python benchmarks/change/romania.py --write-left-out            # the mask of real loss, once, before any method is run

Settings and seeds are in settings.json; every scored run adds a line to scorings.jsonl. The west half of the stack is
for tuning, the east half for the test. Clearings and donors lie in one half, and false alarms are counted there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import math
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from cubes import romania_cube
from ours import EVER, HERE, OURS, commit, engine_sha256, ever, read_settings, settings_with, watch
from pages import write_part, written_by
from peers import ask, missing_peers, peers
from planting import PlantRule, material, plant, real_loss

from spadework.evaluate.pixels import PixelScore, score_pixels
from spadework.intake.romania import ROMANIA_PERIOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from planting import Material, Planted

    from spadework.change.settings import MonitorSettings
    from spadework.cube import Cube

LEFT_OUT: Final = HERE / "romania_left_out.npy"
YEARS: Final = 3.0
FIGURES: Final = ("det", "det_60", "det_120", "early", "far", "delay_days")
FAR_ALL: Final = "far_all"
"""False alarms with the pixels of real loss counted too."""

LEGEND: Final = """\
Means over the redraws, each of 25 clearings planted with the series of bare ground of the same stack; columns as above, and *far_all*
with the pixels of real loss counted too. How it is planted and what is left out: `benchmarks/change/README.md`. The engine's
settings were chosen on the other half."""

Table = dict[str, dict[str, "NDArray[np.float64]"]]
"""Method -> figure -> one number a redraw."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Ours less a peer's, over redraws."""

    mean: float
    low: float
    """2.5 % of the bootstrapped mean."""
    high: float
    """97.5 %."""


# ---------------------------------------------------------------- settings
def rule_of(settings: Mapping[str, Any]) -> PlantRule:
    """The settings' planting part."""
    known: dict[str, Any] = {field.name: settings[field.name] for field in fields(PlantRule)}
    known["clearing_pixels"] = tuple(known["clearing_pixels"])
    for name in ("onset_first", "onset_last"):
        known[name] = dt.date.fromisoformat(known[name])
    return PlantRule(**known)


def left_out(settings: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The committed mask of real loss, (y, x).

    Raises:
        SystemExit: when the file is not the one that the settings name by hash.

    """
    found = hashlib.sha256(LEFT_OUT.read_bytes()).hexdigest()
    if found != settings["left_out_sha256"]:
        sys.exit(f"{LEFT_OUT} has SHA-256 {found}, settings.json names {settings['left_out_sha256']}")
    return np.asarray(np.load(LEFT_OUT), np.bool_)


# ---------------------------------------------------------------- runs
def _figures(confirmed: NDArray[np.int32], planted: Planted, half: NDArray[np.bool_]) -> tuple[PixelScore, float]:
    """Scores over one half, and false alarms there with nothing left out."""
    here = np.flatnonzero(half)
    truth = planted.truth.at(here)
    score = score_pixels(confirmed.ravel()[here], truth, YEARS)
    calm = truth.onset == 0
    return score, float((confirmed.ravel()[here][calm] > 0).mean()) / YEARS


def answers_of(
    planted: Planted, bare: Mapping[str, NDArray[np.int32]], engine: MonitorSettings, cache: Path
) -> dict[str, NDArray[np.int32]]:
    """(y, x) days of confirmation of each method: peers are asked about planted pixels only, the others keep their answer."""
    shape = planted.cube.inside.shape
    found, _ = watch(planted.cube, ROMANIA_PERIOD.start, engine)
    out = {OURS: found.confirmed, EVER: ever(found, planted.truth, ROMANIA_PERIOD.start)}
    for name, method in peers(planted.cube).items():
        whole = bare[name].copy()
        whole[planted.where] = ask(name, method, planted.cube, ROMANIA_PERIOD.start, planted.where, cache).confirmed
        out[name] = whole.reshape(shape)
    return out


def undisturbed(cube: Cube, cache: Path) -> dict[str, NDArray[np.int32]]:
    """(pixel) answers of the peers on the stack as it is."""
    every = np.arange(cube.inside.size)
    out = {}
    for name, method in peers(cube).items():
        answer = ask(name, method, cube, ROMANIA_PERIOD.start, every, cache)
        print(f"  {name}: {len(every) / answer.seconds:,.0f} px/s", flush=True)
        out[name] = answer.confirmed
    return out


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for."""

    half: str
    """"tuning" or "test"."""
    redraws: int
    engine: MonitorSettings
    changes: tuple[str, ...]
    """Settings of the engine that are not the default."""
    cache: Path


def run(stack: Material, job: Job) -> tuple[Table, dict[str, dict[str, list[float]]]]:
    """Score every method on every redraw; also the detection by size of the clearing."""
    settings = read_settings()
    rule, east = rule_of(settings), np.arange(stack.cube.inside.shape[1]) >= settings["half_column"]
    inside = np.broadcast_to(east if job.half == "test" else ~east, stack.cube.inside.shape)
    bare = undisturbed(stack.cube, job.cache)
    rows: dict[str, list[list[float]]] = {}
    sizes: dict[str, dict[str, list[float]]] = {}
    for number in range(job.redraws):
        began = time.perf_counter()
        planted = plant(stack, inside, rule, (settings["seeds"][job.half], number))
        for name, confirmed in answers_of(planted, bare, job.engine, job.cache).items():
            score, far_all = _figures(confirmed, planted, inside)
            rows.setdefault(name, []).append([*(getattr(score, figure) for figure in FIGURES), far_all])
            for kind, det in score.det_by_kind:
                sizes.setdefault(name, {}).setdefault(kind, []).append(det)
        print(f"  redraw {number}: {len(planted.where)} pixels, {time.perf_counter() - began:.1f} s", flush=True)
    table = {name: dict(zip((*FIGURES, FAR_ALL), np.array(of).T, strict=True)) for name, of in rows.items()}
    return table, sizes


def paired(ours: NDArray[np.float64], theirs: NDArray[np.float64], draws: int, seed: int) -> Paired:
    """Mean of ours less theirs with its 95 % percentile bootstrap interval (Efron 1979, Ann. Stat. 7, 1-26); redraws are the units."""
    gap = ours - theirs
    gap = gap[np.isfinite(gap)]
    if not len(gap):
        return Paired(math.nan, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    means = gap[rng.integers(len(gap), size=(draws, len(gap)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Paired(float(gap.mean()), float(low), float(high))


# ---------------------------------------------------------------- words
def tables(table: Table, sizes: Mapping[str, Mapping[str, Sequence[float]]], settings: Mapping[str, Any]) -> str:
    """Means over redraws, paired differences, and detection by size, as Markdown."""
    head = (*FIGURES, FAR_ALL)
    lines = ["| method | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    for name, figures in table.items():
        cells = (f"{np.nanmean(figures[f]):.1f}" if f == "delay_days" else f"{np.nanmean(figures[f]):.4f}" for f in head)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    shown = ("det", "early", "far", FAR_ALL, "delay_days")
    lines += ["", "Ours less the peer, mean and 95 % interval over redraws:", ""]
    lines += ["| peer | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name in table:
        if name not in {OURS, EVER}:
            gaps = (paired(table[OURS][f], table[name][f], settings["bootstrap"], settings["bootstrap_seed"]) for f in shown)
            lines.append(f"| {name} | " + " | ".join(f"{g.mean:+.4g} [{g.low:+.4g}, {g.high:+.4g}]" for g in gaps) + " |")
    kinds = list(next(iter(sizes.values())))
    lines += ["", "Detection by size of the clearing:", ""]
    lines += ["| method | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(f"{np.mean(of[k]):.3f}" for k in kinds) + " |" for name, of in sizes.items()]
    return "\n".join(lines) + "\n"


def log_scoring(job: Job, table: Table) -> None:
    """Add this run to scorings.jsonl."""
    text = (HERE / "settings.json").read_bytes()
    line = {
        "date": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"), "commit": commit(),
        "engine_sha256": engine_sha256(),
        "settings_sha256": hashlib.sha256(text).hexdigest(), "half": job.half, "redraws": job.redraws, "changed": job.changes,
        "figures": {name: {f: round(float(np.nanmean(v)), 5) for f, v in of.items()} for name, of in table.items()},
    }  # fmt: skip
    with (HERE / "scorings.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def main() -> None:
    """Write the mask, or score one half, log it and, for the test half, write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--half", choices=("tuning", "test"), default="tuning")
    parser.add_argument("--redraws", type=int, default=40)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/benchcache"))  # noqa: S108 - only a cache
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the engine; tuning half only"
    )
    parser.add_argument("--write-left-out", action="store_true")
    given = parser.parse_args()
    settings = read_settings()
    cube = romania_cube()
    if given.write_left_out:
        np.save(LEFT_OUT, real_loss(cube, rule_of(settings)))
        print(hashlib.sha256(LEFT_OUT.read_bytes()).hexdigest())
        return
    stack = material(cube, left_out(settings), rule_of(settings))
    for package in missing_peers():
        print(f"left out: {package} is not installed")
    if given.set and given.half == "test":
        sys.exit("the test half is scored at the default setting only")
    job = Job(given.half, given.redraws, settings_with(given.set), tuple(given.set), given.cache)
    table, sizes = run(stack, job)
    log_scoring(job, table)
    said = tables(table, sizes, settings)
    print(
        f"\n{job.half} half, {job.redraws} redraws, {' '.join(job.changes) or 'default setting'}, commit {commit()}\n\n{said}"
    )
    if given.half == "test":
        write_part("real-looks", f"## Clearings in real looks, test half\n\n{written_by('romania.py')}\n\n{LEGEND}\n\n{said}")


if __name__ == "__main__":
    main()
