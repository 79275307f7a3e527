"""One nuisance at a time, at half, once and twice its amplitude in nature: our engine before and after a rewrite.

    PYTHONPATH=OLD/src python benchmarks/change/nuisances.py --answers before.json    # OLD: a checkout of the earlier engine
    python benchmarks/change/nuisances.py --answers after.json
    python benchmarks/change/nuisances.py --page before.json after.json

The generator must be the same in both checkouts: the answers hold a hash of every cube, and a page is refused where they
differ. Cousins are nuisances in patches smaller than the generator's own, so that pixels near each other share less of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from cubes import cut_out
from ours import commit, engine_sha256, ever, read_settings, watch
from pages import write_part, written_by
from scipy import ndimage
from worlds import ALL, PATCHES, TIDY, cousin_case, world, world_case

from spadework.change.settings import MonitorSettings
from spadework.evaluate.pixels import score_pixels
from spadework.intake.scenario import Nuisance
from spadework.simulate import NUISANCE_X1

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cubes import Case

    Answers = dict[str, Any]

SHARED: Final = (
    "scene_gain",
    "patchy_wetness",
    "haze",
    "dust",
    "cirrus",
    "sensor_step",
    "drift",
    "jitter_days",
    "jitter_gain",
    "brdf",
)
"""What falls on neighbours alike in the generator, wholly or for the most part: what twins take off."""
COUSIN_FACTORS: Final = (1.0, 2.0)
LEGEND: Final = """\
World *{world}*, seed {seed}, {side} x {side} pixels, 15 % of them planted: the tidy world with one nuisance added at x0.5, x1 and x2 of
its amplitude in `spadework.simulate.amplitudes`. Before: commit {before}; after: commit {after}. The same cubes, byte for byte, and the
default setting of each. One seed has {plants} plants, so det moves by .02 or .03 by chance; differences in FAR below .002 are none. *apart*: FAR without
the pixels that touch a plant, which a shifted look shows in part; *taken back*: FAR
with the alarms on unchanged pixels counted that were taken back as recovered. *passing*: share alarmed of the pixels that something passed over.

**What the generator shares with the method.** Worlds marked * change pixels near each other alike, in patches of 60 m to
1.5 km or over the whole scene, which is just what twins (like pixels 40 to 220 m away) take off: those rows say that the term works as meant,
not that nature is so kind. Their cousins below have the same amplitude in patches of {cousins} (smoothing length), smaller than
the twins' distance, so that twins share little of it. A step of the sensor is the same for all pixels and has no such cousin here. Leaks, misregistration,
tracks, snow, ploughing, floods and burns fall on single pixels or patches and are nothing that twins share."""


def names() -> tuple[str, ...]:
    """Nuisances whose amplitude found in nature is not that of the tidy world."""
    tidy = Nuisance()
    return tuple(spec.name for spec in fields(Nuisance) if getattr(tidy, spec.name) != getattr(NUISANCE_X1, spec.name))


def cases(plan: dict[str, Any]) -> Iterator[tuple[str, float, float, Case]]:
    """Nuisance, factor, smoothing length of its patches (0 = the generator's own), and the case."""
    place = plan["world"], plan["seed"], plan["side"]
    for nuisance in (TIDY, *names(), ALL):
        for factor in plan["factors"] if nuisance != TIDY else (1.0,):
            yield nuisance, factor, 0.0, world_case(place[0], nuisance, factor, *place[1:])
    for nuisance in PATCHES:
        for metres in plan["cousin_m"]:
            for factor in COUSIN_FACTORS:
                yield nuisance, factor, metres, cousin_case(place[0], nuisance, factor, *place[1:], metres)


def _sha256(case: Case) -> str:
    whole = hashlib.sha256(np.ascontiguousarray(case.cube.reflectance).tobytes())
    whole.update(np.ascontiguousarray(case.cube.clear).tobytes())
    return whole.hexdigest()


def _score(case: Case) -> dict[str, float]:
    """Figures of the engine that is imported, at its default setting."""
    found, seconds = watch(case.cube, case.start, MonitorSettings())
    score = score_pixels(found.confirmed, case.truth, case.years)
    kept = score_pixels(ever(found, case.truth, case.start), case.truth, case.years)
    rim = ndimage.binary_dilation(case.truth.onset > 0, structure=np.ones((3, 3), np.bool_))
    apart = score_pixels(found.confirmed, replace(case.truth, counted=case.truth.counted & ~rim), case.years)
    return {
        "det": score.det, "early": score.early, "far": score.far, "delay": score.delay_days, "far_ever": kept.far,
        "far_apart": apart.far,
        "passing": score.uncounted_alarmed, "px_per_s": case.cube.inside.size / seconds,
    }  # fmt: skip


def answers() -> Answers:
    """Every case scored with the engine that is imported."""
    plan, rows = read_settings()["nuisances"], []
    for number, (nuisance, factor, metres, case) in enumerate(cases(plan)):
        if number == 0:
            watch(cut_out(case.cube, np.arange(200)), case.start, MonitorSettings())  # compiles
        rows.append({"nuisance": nuisance, "factor": factor, "patch_m": metres, "cube_sha256": _sha256(case)} | _score(case))
        print(f"  {case.name}: det {rows[-1]['det']:.3f} FAR {rows[-1]['far']:.4f}", flush=True)
    return {"commit": commit(), "engine_sha256": engine_sha256(), "rows": rows}


def _figures(row: dict[str, Any]) -> list[str]:
    forms = {
        "det": ".3f",
        "early": ".3f",
        "far": ".4f",
        "far_apart": ".4f",
        "far_ever": ".4f",
        "delay": ".0f",
        "passing": ".2f",
    }
    return ["-" if math.isnan(row[name]) else format(row[name], form) for name, form in forms.items()]


def table(before: Answers, after: Answers) -> str:
    """One line a world, before and after side by side.

    Raises:
        SystemExit: the two were not asked about the same cubes.

    """
    shown = ("det", "early", "FAR", "apart", "taken back", "delay d", "passing")
    head = ["nuisance", "x", *(f"{name} before" for name in shown), *(f"{name} after" for name in shown)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for old, new in zip(before["rows"], after["rows"], strict=True):
        if old["cube_sha256"] != new["cube_sha256"]:
            sys.exit(f"{old['nuisance']} x{old['factor']}: the two answers are about different cubes")
        mark = f", patches of {new['patch_m']:g} m" if new["patch_m"] else " *" if new["nuisance"] in SHARED else ""
        lines.append(
            "| " + " | ".join([f"{new['nuisance']}{mark}", f"{new['factor']:g}", *_figures(old), *_figures(new)]) + " |"
        )
    return "\n".join(lines)


def part(before: Answers, after: Answers) -> str:
    """Its part of the documentation page."""
    plan = read_settings()["nuisances"]
    told = [f"{one['commit']}, engine {one['engine_sha256'][:12]}" for one in (before, after)]
    plants = len(world(plan["world"], TIDY, 1.0, plan["seed"], plan["side"]).plants)
    cousins = " and ".join(f"{metres:g}" for metres in plan["cousin_m"]) + " m"
    legend = LEGEND.format(**plan, before=told[0], after=told[1], plants=plants, cousins=cousins)
    return f"## Nuisance by nuisance, before and after\n\n{written_by('nuisances.py')}\n\n{legend}\n\n{table(before, after)}"


def main() -> None:
    """Ask the engine that is imported, or write the page from two answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--answers", type=Path, help="write the engine's answers here")
    parser.add_argument("--page", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="write the page from these answers")
    given = parser.parse_args()
    if given.answers:
        given.answers.write_text(json.dumps(answers(), indent=1), encoding="utf-8")
    if given.page:
        before, after = (json.loads(path.read_text(encoding="utf-8")) for path in given.page)
        write_part("nuisances", part(before, after))


if __name__ == "__main__":
    main()
