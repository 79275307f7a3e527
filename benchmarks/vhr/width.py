"""Width of an opening against known truth, beside threshold counting and an ordinary fit.

``width.py development`` and ``width.py acceptance`` print a table a cell, the refusals and the verdict; acceptance is run once a frozen
version and adds a line to scorings.jsonl. ``width.py walls`` measures buildings of the SpaceNet sample twice.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boxes
import numpy as np
import shapely
from scoring import log, wilson

from spadework.cube import Image
from spadework.imagery.vhr import open_image
from spadework.measure.edges import WidthSettings, lay, measure_width
from spadework.measure.ground import Ground
from spadework.measure.opening import U1, U2
from spadework.measure.opening import fit as fit_model
from spadework.measure.patch import patch_of
from spadework.measure.starts import prior_of
from spadework.records import Point, VhrScene
from spadework.simulate.opening import OpeningSettings, see_opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SETTINGS = json.loads((Path(__file__).parent / "width_settings.json").read_text())
MAP_SCALE = 0.9996
"""Of UTM on its central stripe, near which all scenes lie: map metres over metres on the ground."""


def scene(maker: str, changes: dict[str, Any], gsd: float, seed: int) -> tuple[Image, tuple[Point, Point], float, float]:
    """An image, the line, the truth on the ground in metres, metres to average along."""
    changes = dict(changes)
    along = changes.pop("along_m", 6.0)
    if "width_px" in changes:
        changes["width"] = changes.pop("width_px") * gsd
    if maker == "boxes":
        box = boxes.Box(gsd=gsd, **changes)
        dn, transform, line = boxes.shoot(box, seed)
        a, b, c, d, e, f = transform
        image = Image(dn[None], np.ones(dn.shape, bool), ("pan",), (a, b, c, d, e, f), VhrScene(f"{seed}", crs="EPSG:32637"))
        return image, (line[0], line[1]), box.width, along
    shot = see_opening(OpeningSettings(gsd=(gsd, gsd), **changes), seed)
    return shot.image, shot.line, OpeningSettings(**changes).width, along


def counted(image: Image, line: tuple[Point, Point], along: float) -> float:
    """Peer: Otsu's threshold on the patch, dark (or bright) pixels counted."""
    patch = patch_of(image, Ground.of(image), line, along)
    value = np.sort(patch.pixels.value)
    n = np.arange(1, value.size)
    total = np.cumsum(value)
    low, high = total[:-1] / n, (total[-1] - total[:-1]) / (value.size - n)
    cut = value[int((n * (value.size - n) * (low - high) ** 2).argmax())]
    dark = float((patch.pixels.value <= cut).mean())
    span = float(np.ptp(patch.pixels.u)) + patch.gsd_m
    return dark * span


def ordinary(image: Image, line: tuple[Point, Point], along: float, settings: WidthSettings) -> tuple[float, float] | None:
    """Peer: the same model by ordinary least squares, pixels taken for independent; width and half of its 90 % interval."""
    patch = patch_of(image, Ground.of(image), line, along)
    laid = lay(patch, settings)
    if laid is None:
        return None
    prior = prior_of(settings.blur_px * patch.gsd_m, settings.blur_share, settings.shoulder_m)
    sigma = float(np.std(patch.pixels.value - np.median(patch.pixels.value)))
    for _ in range(2):
        plain = fit_model(patch.pixels, laid.fitted.p, prior, partial(_divided, by=sigma))
        sigma = max(float(np.std(plain.residual)), 1e-6)
    c = plain.covariance
    return plain.width, 1.645 * math.sqrt(c[U1, U1] + c[U2, U2] - 2 * c[U1, U2])


def _divided(rows: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    return rows / by


def run_cell(maker: str, changes: dict[str, Any], gsd: float, runs: range, peers: int) -> dict[str, Any]:
    """Figures of one cell."""
    errors, held, halves, refused = [], 0, [], []
    others: dict[str, list[float]] = {"count": [], "ordinary": [], "ordinary holds": []}
    for i, seed in enumerate(runs):
        image, line, truth, along = scene(maker, changes, gsd, seed)
        truth /= MAP_SCALE
        settings = WidthSettings(along_m=along)
        measured = measure_width(image, line, settings)
        if measured.value is None or measured.low is None or measured.high is None:
            refused.append(str(measured.refused))
        else:
            errors.append(measured.value - truth)
            halves.append((measured.high - measured.low) / 2)
            held += measured.low <= truth <= measured.high
        if i < peers:
            others["count"].append(counted(image, line, along) - truth)
            plain = ordinary(image, line, along, settings)
            if plain is not None:
                others["ordinary"].append(plain[0] - truth)
                others["ordinary holds"].append(abs(plain[0] - truth) <= plain[1])
    e, n = np.array(errors), len(errors)
    low, high = wilson(held, n) if n else (0.0, 1.0)

    def rms(x: Sequence[float] | NDArray[np.float64]) -> float:
        return float(np.sqrt(np.mean(np.square(x)))) if len(x) else math.nan

    return {
        "n": n, "refused": len(refused), "bias": float(e.mean()) if n else math.nan, "rmse": rms(e), "worst": float(np.abs(e).max()) if n else math.nan,
        "coverage": held / max(n, 1), "wilson": [low, high], "half": float(np.median(halves)) if n else math.nan,
        "why": sorted({w[:60] for w in refused}),
        "count_rmse": rms(others["count"]), "ordinary_rmse": rms(others["ordinary"]),
        "ordinary_coverage": float(np.mean(others["ordinary holds"])) if others["ordinary holds"] else math.nan,
    }  # fmt: skip


def grid(which: str, gsds: list[float]) -> dict[str, Any]:
    """All cells and all refusals of one set of settings."""
    chosen, targets = SETTINGS[which], SETTINGS["targets"]
    n, seed, began = chosen["runs"], chosen["seed"], time.time()
    cells, accepted = {}, {}
    print(f"{'cell':32} gsd    n  ref    bias   rmse  worst  cover  [Wilson 95 %]  half | count rmse, ordinary rmse, cover")
    order = [(k, g) for g in range(len(gsds)) for k in range(len(chosen["cells"]))]
    for k, g in order:
        name, (maker, changes) = list(chosen["cells"].items())[k]
        gsd = gsds[g]
        first = seed + 1000 * (100 * SETTINGS["gsd"].index(gsd) + k)
        c = cells[f"{name} @ {gsd}"] = run_cell(maker, changes, gsd, range(first, first + n), chosen["peers"])
        print(
            f"{name:32} {gsd:.1f} {c['n']:4} {c['refused']:4} {c['bias']:+.3f}  {c['rmse']:.3f}  {c['worst']:.2f}  {c['coverage']:.3f}"
            f"  [{c['wilson'][0]:.3f} {c['wilson'][1]:.3f}]  {c['half']:.3f} | {c['count_rmse']:.2f} {c['ordinary_rmse']:.3f} "
            f"{c['ordinary_coverage']:.2f} {'; '.join(c['why'])}",
            flush=True,
        )
    print("\nno openings: share that was measured all the same")
    for k, (name, (maker, changes)) in enumerate(SETTINGS["refusals"].items()):
        told = []
        for gsd in gsds:
            first = seed + 500_000 + 1000 * (100 * SETTINGS["gsd"].index(gsd) + k)
            found = 0
            for s in range(first, first + chosen["refusal_runs"]):
                image, line, _, along = scene(maker, changes, gsd, s)
                found += measure_width(image, line, WidthSettings(along_m=along)).value is not None
            told.append(found / chosen["refusal_runs"])
            accepted[f"{name} @ {gsd}"] = told[-1]
        print(f"{name:32} " + "  ".join(f"{gsd}: {share:.2f}" for gsd, share in zip(gsds, told, strict=True)), flush=True)
    return verdict(cells, accepted, targets, gsds) | {
        "cells": cells,
        "accepted": accepted,
        "seconds": round(time.time() - began),
    }


def verdict(cells: dict[str, Any], accepted: dict[str, Any], targets: dict[str, Any], gsds: list[float]) -> dict[str, Any]:
    """Held against the targets, one line each."""
    low, high = targets["coverage"]
    pooled = {}
    for gsd in gsds:
        mine = [c for name, c in cells.items() if name.endswith(f"@ {gsd}")]
        total = sum(c["n"] for c in mine)
        pooled[str(gsd)] = math.sqrt(sum(c["n"] * c["rmse"] ** 2 for c in mine) / total)
        print(f"pooled RMSE at {gsd}: {pooled[str(gsd)]:.3f} (target {targets['rmse'][str(gsd)]})")
    failing = [name for name, c in cells.items() if c["wilson"][1] < low or c["wilson"][0] > high]
    half_m = [c for name, c in cells.items() if name.endswith("@ 0.5")]
    out = {"pooled_rmse": pooled, "failing": failing, "failing_share": len(failing) / len(cells)}
    if half_m:
        out |= {
            "worst_rmse_0.5": max(c["rmse"] for c in half_m),
            "median_half_0.5": float(np.median([c["half"] for c in half_m])),
        }
    held, n = sum(c["coverage"] * c["n"] for c in cells.values()), sum(c["n"] for c in cells.values())
    out["coverage"] = held / n
    out["refused_share_worst"] = max(c["refused"] / (c["refused"] + c["n"]) for c in cells.values())
    out["accepted_share"] = float(np.mean(list(accepted.values())))
    print(json.dumps({k: v for k, v in out.items() if k != "pooled_rmse"}, indent=1))
    return out


REACH_M = 2.5
"""Ground on lines over buildings."""


def walls(shared: Path, tries: int = 6) -> dict[str, Any]:
    """Buildings of the SpaceNet sample, each across its shorter side by two lines drawn apart: what is between them, what was stated.

    Roofs stand above the ground and the labels are off in places, so this shows repeatability, not truth.
    """
    folder = shared / "data" / "spacenet"
    image = open_image(folder / "sample_geotiff.tif")
    features = json.loads((folder / "geotiff_labels.geojson").read_text())["features"]
    rng = np.random.default_rng(11)
    apart: list[float] = []
    stated: list[float] = []
    refused: dict[str, int] = {}
    held = lines = buildings = 0
    for feature in features:
        corners = shapely.get_coordinates(shapely.geometry.shape(feature["geometry"]).minimum_rotated_rectangle)[:4]
        sides = np.array([corners[1] - corners[0], corners[2] - corners[1]])
        if np.hypot(*sides[0]) > np.hypot(*sides[1]):
            sides = sides[::-1]
        across, long = (np.hypot(*side) for side in sides)
        if across < 5:  # noqa: PLR2004 - metres: ten pixels
            continue
        buildings += 1
        for _ in range(tries):
            pair = []
            for _ in range(2):
                turn = math.atan2(sides[0][1], sides[0][0]) + math.radians(rng.normal(0, 3))
                unit = np.array([math.cos(turn), math.sin(turn)])
                middle = corners.mean(axis=0) + sides[1] / long * rng.uniform(-1, 1) + sides[0] / across * rng.uniform(-1, 1)
                ends = [tuple(middle + sign * unit * (across / 2 + REACH_M)) for sign in (-1, 1)]
                pair.append(measure_width(image, (ends[0], ends[1])))
                lines += 1
                if pair[-1].value is None:
                    why = re.sub(r"[\d.%+-]+", "", str(pair[-1].refused).split(":")[0])[:40].strip()
                    refused[why] = refused.get(why, 0) + 1
            told = [(one.low, one.value, one.high) for one in pair]
            if all(value is not None for one in told for value in one):
                ends_of = np.array(told, dtype=np.float64)
                apart.append(float(ends_of[0, 1] - ends_of[1, 1]))
                half = float(np.hypot(*(ends_of[:, 2] - ends_of[:, 0]) / 2))
                stated.append(half)
                held += abs(apart[-1]) <= half
    close = np.abs(apart) < 2  # noqa: PLR2004 - metres: beyond, two lines found two things
    figures = {
        "buildings": buildings, "lines": lines, "refused": refused, "pairs": len(apart),
        "pairs on the same edges": int(close.sum()), "rms difference of those": float(np.sqrt(np.mean(np.square(np.array(apart)[close])))),
        "median difference": float(np.median(np.abs(apart))),
        "median stated half-width of a difference": float(np.median(stated)), "within it": held / max(len(apart), 1),
    }  # fmt: skip
    print(json.dumps(figures, indent=1))
    return figures


if __name__ == "__main__":
    which = sys.argv[1] if len(sys.argv) > 1 else "development"
    words = f"benchmarks/vhr/width.py {' '.join(sys.argv[1:])}"
    if which == "walls":
        log("width: two lines over one building", words, walls(Path(os.environ.get("SPADEWORK_SHARED", "../shared"))))
        sys.exit()
    sizes = [float(x) for x in sys.argv[2].split(",")] if len(sys.argv) > 2 else SETTINGS["gsd"]  # noqa: PLR2004 - a word and a list
    result = grid(which, sizes)
    if which == "acceptance":
        log("width: acceptance grid", words, result)
