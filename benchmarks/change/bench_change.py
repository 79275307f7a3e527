"""Monitoring side by side with its peers, in one run and one table: generated cubes, simulated worlds, an oracle, real pixels.

python benchmarks/change/bench_change.py                         # the seeds of settings.json; writes docs/change_benchmark.md
python benchmarks/change/bench_change.py --pixels                # the real series of a fire and of logging
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from cubes import bench_cube, cut_out, pixel_cube, shared
from oracle import ORACLE, oracle
from ours import EVER, OURS, alone, ever, read_settings, settings_with, watch
from pages import write_part, written_by
from peers import ask, missing_peers, peers
from worlds import ALL, world_case

from spadework.change.history import monitor
from spadework.cube import day_number, day_of
from spadework.evaluate.pixels import PixelScore, score_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cubes import Case

    from spadework.change.settings import MonitorSettings
    from spadework.cube import Cube

SAMPLE_SEED: Final = 20260
YEARS_BACK: Final = (1, 2)
"""Years before the date from which the real pixels are watched."""
LEGEND: Final = """\
Pixel figures. *det*: changed pixels confirmed on or after the first day of their place; *early*: before it, which is a
miss; *FAR*: confirmations per unchanged pixel-year; *passing alarmed*: share with
an alarm of those that something passed over (fire, flood, plough, new irrigation); *det_60*: within 60 days; *delay*: median
days to confirmation. "Recovered
counted too" keeps the alarms on unchanged pixels that ours took back: peers take none back. Peers are asked about a fixed random sample of pixels; the line "peers' pixels" scores ours on the same. The oracle knows
each pixel's undisturbed mean at every look. Bench cubes are a regression floor, not proof. Seeds of 1000 and more were
looked at in this run only."""


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one case."""

    case: str
    method: str
    pixels: int
    score: PixelScore
    px_per_s: float
    """NaN where it is not measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the cases are run."""

    sample: int
    """Pixels of each case that the peers are asked about."""
    with_peers: bool
    engine: MonitorSettings
    cache: Path


def rows_of(case: Case, plan: Plan) -> list[Row]:
    """Ours on the whole cube (and on the peers' pixels), the oracle, and the peers on a fixed random sample."""
    rng = np.random.default_rng(SAMPLE_SEED)
    pixels = case.cube.inside.size
    where = np.sort(rng.choice(pixels, min(plan.sample, pixels), replace=False))
    watch(cut_out(case.cube, where[:200]), case.start, plan.engine)  # compiles
    found, seconds = watch(case.cube, case.start, plan.engine)
    confirmed = found.confirmed
    rows = [Row(case.name, OURS, pixels, score_pixels(confirmed, case.truth, case.years), pixels / seconds)]
    kept = ever(found, case.truth, case.start)
    rows.append(Row(case.name, EVER, pixels, score_pixels(kept, case.truth, case.years), math.nan))
    part = case.truth.at(where)
    rows.append(
        Row(case.name, f"{OURS}, peers' pixels", len(where), score_pixels(confirmed.ravel()[where], part, case.years), math.nan)
    )
    if case.calm_mean is not None:
        known = oracle(case.cube, case.start, case.calm_mean)
        rows.append(Row(case.name, ORACLE, pixels, score_pixels(known, case.truth, case.years), math.nan))
    for name, method in peers(case.cube).items() if plan.with_peers else ():
        answer = ask(name, method, case.cube, case.start, where, plan.cache)
        score = score_pixels(answer.confirmed, part, case.years)
        rows.append(Row(case.name, name, len(where), score, len(where) / answer.seconds))
        print(f"  {case.name}: {name} done", flush=True)
    return rows


# ---------------------------------------------------------------- words
def _cell(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def table(rows: Sequence[Row]) -> str:
    """One line a method: figures, then detection by kind and false alarms by cover."""
    kinds = list(dict.fromkeys(name for row in rows for name, _ in row.score.det_by_kind))
    covers = list(dict.fromkeys(name for row in rows for name, _ in row.score.far_by_cover))
    head = [
        "method",
        "px",
        "det",
        "early",
        "FAR",
        "passing alarmed",
        "det_60",
        "delay d",
        "px/s",
        *kinds,
        *(f"FAR {name}" for name in covers),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        s, by_kind, by_cover = row.score, dict(row.score.det_by_kind), dict(row.score.far_by_cover)
        cells = [
            row.method, f"{row.pixels:,}", _cell(s.det, ".3f"), _cell(s.early, ".3f"), _cell(s.far, ".4f"), _cell(s.uncounted_alarmed, ".3f"), _cell(s.det_60, ".3f"),
            _cell(s.delay_days, ".0f"), _cell(row.px_per_s, ",.0f"),
            *(_cell(by_kind.get(name, math.nan), ".2f") for name in kinds),
            *(_cell(by_cover.get(name, math.nan), ".4f") for name in covers),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def part(rows: Sequence[Row], pixels: str) -> str:
    """Its part of the documentation page."""
    said = ["## Side by side", written_by("bench_change.py"), LEGEND]
    for case in dict.fromkeys(row.case for row in rows):
        said += [f"### {case[0].upper()}{case[1:]}", table([row for row in rows if row.case == case])]
    return "\n\n".join([*said, "### Real pixels", pixels])


# ---------------------------------------------------------------- real pixels
def _onset(cube: Cube, day: int) -> tuple[dt.date, dt.date]:
    """The last clear look before the first anomaly, and the first anomaly."""
    clear = cube.days[cube.clear[:, 0, 0]]
    return day_of(int(clear[clear < day].max())), day_of(day)


def real_pixels(root: Path, engine: MonitorSettings, cache: Path) -> str:
    """The fire and the logging series, watched from one and from two years before."""
    lines = [
        "| series | watched from | method | first anomaly | confirmed | onset between | holds the date |",
        "|---" * 7 + "|",
    ]
    folder = root / "data" / "pixel_series"
    series = (
        ("fire 2024-03-23", dt.date(2024, 3, 23), pixel_cube(folder / "1_hls_sc.csv")),
        (
            "logging 2024-04-08",
            dt.date(2024, 4, 8),
            pixel_cube(folder / "7_logging_hls_w0.csv", [folder / "7_logging_hls_w12.csv"]),
        ),
    )
    for name, truth, cube in series:
        for back in YEARS_BACK:
            start = truth.replace(year=truth.year - back)
            found = monitor(cube, start, alone(engine))
            first, confirmed = int(found.first_anomaly[0, 0]), int(found.confirmed[0, 0])
            if confirmed > 0:
                low, high = _onset(cube, first)
                said = f"{high} | {day_of(confirmed)} | {low} .. {high} | {'yes' if low < truth <= high else 'no'}"
            else:
                odd = cube.days[found.anomalous[:, 0, 0]]
                seen = ", ".join(str(day_of(int(day))) for day in odd[-3:]) or "none"
                after = int(np.count_nonzero(cube.days[cube.clear[:, 0, 0]] >= day_number(truth)))
                said = f"- | none: the series has {after} clear looks from that day on; last odd looks {seen} | - | -"
            lines.append(f"| {name} | {start} | {OURS}, no neighbours asked | {said} |")
            lines += [
                f"| {name} | {start} | {peer} | - | {day_of(day) if (day := int(ask(peer, method, cube, start, np.arange(1), cache).confirmed[0])) > 0 else 'none'} | - | - |"
                for peer, method in (peers(cube).items() if back == YEARS_BACK[-1] else ())
            ]
    return "\n".join(lines)


def cases(root: Path, given: argparse.Namespace) -> Iterator[Case]:
    """The bench cubes and worlds asked for, one held at a time."""
    for seed in given.seeds:
        yield bench_cube(root / "bench" / "make_cube.py", given.side, seed)
    for name, nuisance, factor, seed in itertools.product(given.worlds, given.nuisance, given.factor, given.world_seeds):
        yield world_case(name, nuisance, factor, seed, given.side)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    plan = read_settings()["side_by_side"]
    parser.add_argument("--seeds", type=int, nargs="*", default=plan["seeds"])
    parser.add_argument("--side", type=int, default=plan["side"])
    parser.add_argument("--sample", type=int, default=plan["sample"])
    parser.add_argument("--skip-peers", action="store_true")
    parser.add_argument("--pixels", action="store_true", help="only the real pixels")
    parser.add_argument(
        "--worlds", nargs="*", default=plan["worlds"], metavar="NAME", help="built-in scenarios: arid, fields, forest, mixed"
    )
    parser.add_argument("--nuisance", nargs="*", default=[ALL], help="all, or single ones added to the tidy world")
    parser.add_argument("--factor", type=float, nargs="*", default=[1.0], help="times the amplitude found in nature")
    parser.add_argument("--world-seeds", type=int, nargs="*", default=plan["world_seeds"])
    parser.add_argument("--no-page", action="store_true", help="print only")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the engine; writes no page"
    )
    parser.add_argument("--cache", type=Path, default=Path("/tmp/benchcache"))  # noqa: S108 - only a cache
    return parser.parse_args()


def main() -> None:
    """Run what is asked for; write the page when it was run with peers at the default setting."""
    given = _given()
    root = shared()
    if root is None:
        sys.exit("skipped: the bench cubes and pixel series; set SPADEWORK_SHARED to the folder that holds bench/ and data/")
    for package in missing_peers():
        print(f"left out: {package} is not installed")
    plan = Plan(given.sample, not given.skip_peers, settings_with(given.set), given.cache)
    pixels = real_pixels(root, plan.engine, plan.cache)
    print(pixels)
    if given.pixels:
        return
    rows: list[Row] = []
    for case in cases(root, given):
        found = rows_of(case, plan)
        print(f"\n{case.name}\n\n{table(found)}\n", flush=True)
        rows += found
    if plan.with_peers and not given.set and not given.no_page:
        write_part("side-by-side", part(rows, pixels))


if __name__ == "__main__":
    main()
