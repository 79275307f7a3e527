"""Every measurement but the width against a known truth: error, and how often the 90 % interval holds it.

    python benchmarks/vhr/measures.py                       # few runs, seeds for development; writes nothing
    python benchmarks/vhr/measures.py --part acceptance     # the seeds that count; adds a line to scorings.jsonl

Settings, seeds and generators (measured_truth.py) were committed before the first acceptance run. ``--only shadow`` runs one table.
A row: runs, refused, bias and RMSE of the value (where no mere bound is claimed), mean half-width, share held by the interval with its
95 % Wilson interval.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from affine import Affine
from measured_truth import (
    GEOD,
    MIDDLE,
    Shadow,
    almanac_sun,
    degrees,
    heap,
    hill,
    jitter,
    leans,
    place,
    shadow_line,
    with_errors,
)
from pyproj import Transformer
from scipy import ndimage
from scoring import LOG, log, wilson

from spadework.cube import Image
from spadework.measure.area import measure_area
from spadework.measure.excavation import measure_excavation
from spadework.measure.length import measure_length
from spadework.measure.machines import MACHINES
from spadework.measure.passage import measure_passage, verdict
from spadework.measure.shadow import ShadowSettings, measure_height
from spadework.measure.spoil import SpoilSettings, measure_spoil
from spadework.measure.terrain import TerrainSettings, horn_slope, measure_terrain
from spadework.records import Measurement, VhrScene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE: Final = Path(__file__).parent
DOCS: Final = HERE.parents[1] / "docs" / "vhr-measure.md"
Z90: Final = 1.6448536269514722


@dataclass
class Row:
    """Runs of one kind."""

    name: str
    pairs: list[tuple[Measurement, float]]

    def figures(self) -> dict[str, Any]:
        """What the table prints."""
        done = [(m, truth) for m, truth in self.pairs if m.refused is None]
        errors = np.array([(m.value or 0.0) - truth for m, truth in done if math.isfinite(truth) and m.kind != "at least"])
        two_sided = [(m.low, m.high) for m, _ in done if m.low is not None and m.high is not None]
        held = sum((m.low is None or m.low <= truth) and (m.high is None or truth <= m.high) for m, truth in done)
        low, high = wilson(held, len(done)) if done else (0.0, 0.0)
        return {
            "row": self.name, "runs": len(self.pairs), "refused": len(self.pairs) - len(done),
            "bias": round(float(errors.mean()), 3) if done else None, "rmse": round(float(np.sqrt((errors**2).mean())), 3) if done else None,
            "half": round(float(np.mean([(b - a) / 2 for a, b in two_sided])), 3) if two_sided else None,
            "held": round(held / len(done), 3) if done else None, "wilson": [round(low, 3), round(high, 3)],
        }  # fmt: skip


def lengths(rng: np.random.Generator, runs: int, known: dict[str, Any], kind: str) -> Iterator[Row]:
    """Polylines and polygons with the errors of a hand, in several CRSs; truth on the ellipsoid."""
    for crs in known["crs"]:
        for gsd in known["gsd"]:
            pairs = []
            for _ in range(runs):
                tilt: dict[str, Any] = {"off_nadir": float(rng.uniform(0, 30)), "view_azimuth": float(rng.uniform(0, 360))}
                at = place(rng, crs, gsd, float(rng.uniform(*known["lat"])), **tilt)
                n = known["corners"]
                turns = np.sort(rng.uniform(0, 2 * math.pi, n)) if kind == "area" else rng.uniform(0, 2 * math.pi, n)
                reach = rng.uniform(40, 200, n)
                if kind == "area":
                    turns = 2 * math.pi * (np.arange(n) + rng.uniform(-0.3, 0.3, n)) / n
                exact = MIDDLE + reach[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
                lon, lat = degrees(at, [at.fit * tuple(p) for p in exact])
                drawn = exact + jitter(rng, n, 0.5) + leans(rng, at, n, 0.3)
                if kind == "area":
                    truth = abs(GEOD.polygon_area_perimeter(lon, lat)[0])
                    outward = exact - MIDDLE
                    drawn += 0.25 * rng.standard_normal() * outward / np.hypot(*outward.T)[:, None] / math.cos(math.pi / n)
                    got = measure_area(at.image, [at.fit * tuple(p) for p in drawn])
                else:
                    truth = GEOD.line_length(lon, lat)
                    got = measure_length(at.image, [at.fit * tuple(p) for p in drawn])
                error = 1 + 0.005 * rng.standard_normal()
                pairs.append((_scaled(got, error if kind == "length" else error**2), truth))
            yield Row(f"{kind} {crs} {gsd:g} m", pairs)


def _scaled(got: Measurement, by: float) -> Measurement:
    """The same measurement on an image whose ground sample distance errs."""
    if got.value is None or got.low is None or got.high is None:
        return got
    return replace(got, value=got.value * by, low=got.low * by, high=got.high * by)


def shadows(rng: np.random.Generator, runs: int, known: dict[str, Any]) -> Iterator[Row]:
    """Walls whose shadow is painted ray by ray; the true slope, time, and heights differ from what is stated."""
    for elevation in known["elevation"]:
        for gsd in known["gsd"]:
            pairs: list[tuple[Measurement, float]] = []
            while len(pairs) < runs:
                when = dt.datetime(2012, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=float(rng.uniform(0, 10 * 525_960)))
                late = dt.timedelta(seconds=60 * float(rng.standard_normal()))
                tilt: dict[str, Any] = {"off_nadir": float(rng.uniform(0, 28)), "view_azimuth": float(rng.uniform(0, 360))}
                at = place(rng, "UTM", gsd, float(rng.uniform(-50, 60)), datetime=when, **tilt)
                lon, lat = degrees(at, [at.fit * MIDDLE])
                sun, azimuth = almanac_sun(when + late, float(lon[0]), float(lat[0]))
                stated = float(rng.uniform(*known["slope"]))
                wall = Shadow(float(rng.uniform(*known["height"])), sun, stated + 2.0 * float(rng.standard_normal()), gsd)
                if abs(sun - elevation) > known["elevation_within"] or sun + wall.slope < known["least_over_slope"]:
                    continue
                foot, tip = shadow_line(rng, wall, 0.25)
                x, y, _ = GEOD.fwd(lon[[0, 0]], lat[[0, 0]], [azimuth + 180] * 2, [foot, tip])
                onto = Transformer.from_crs("EPSG:4326", str(at.image.scene.crs), always_xy=True)
                ends = np.column_stack(onto.transform(x, y))
                off = np.column_stack(~at.fit * tuple(ends.T)) + leans(rng, at, 2, 0.1)
                # Across the shadow the hand errs as well.
                off += jitter(rng, 2, 0.25)[:, :1] * np.array(
                    [[math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))]]
                )
                line = [at.fit * tuple(p) for p in off]
                pairs.append((measure_height(at.image, line, ShadowSettings(slope_deg=stated)), wall.height))
            yield Row(f"shadow, sun {elevation} deg {gsd:g} m", pairs)


def spoils(rng: np.random.Generator, runs: int, known: dict[str, Any]) -> Iterator[Row]:
    """Heaps of cones; from the outline alone, and with a height."""
    gsd = known["gsd"]
    scene = VhrScene("truth", gsd_m=(gsd, gsd), off_nadir=0.0)
    empty = np.zeros((1, 400, 400), np.float32)
    image = Image(empty, empty[0] == 0, ("pan",), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), scene)
    alone, with_height = [], []
    for _ in range(runs):
        z, outline, crest = heap(rng)
        truth = float(z.sum()) * 0.25**2
        pixels = 200 + outline / gsd
        corners = [(float(x), float(y)) for x, y in pixels + 0.3 * rng.standard_normal(2)]
        alone.append((measure_spoil(image, corners), truth))
        stated = max(crest + known["height_u_m"] * float(rng.standard_normal()), 0.2)
        tall = SpoilSettings(height_m=stated, height_u_m=known["height_u_m"])
        with_height.append((measure_spoil(image, corners, tall), truth))
    yield Row("spoil, outline alone: at most", alone)
    yield Row("spoil, outline and height", with_height)


def excavations(rng: np.random.Generator, runs: int, known: dict[str, Any]) -> Iterator[Row]:
    """Tunnels of known length; the volume of their spoil is estimated to a quarter."""
    pairs = []
    sigma = math.sqrt(math.log(1 + known["volume_share"] ** 2))
    for _ in range(runs):
        length, wide, tall = (float(rng.uniform(*pair)) for pair in (known["length"], known["width"], (4.0, 5.5)))
        walls = tall - wide / 2
        section = wide * walls + math.pi * wide**2 / 8
        spoil = length * section * float(rng.uniform(1.05, 1.25)) * float(rng.uniform(1.3, 1.8))
        seen = spoil * math.exp(sigma * float(rng.standard_normal()))
        volume = Measurement(
            "V", "spoil volume", "m3", seen, seen * math.exp(-Z90 * sigma), seen * math.exp(Z90 * sigma), "truth", "drawn"
        )
        measured = wide + 0.15 * float(rng.standard_normal())
        width = Measurement("W", "width", "m", measured, measured - Z90 * 0.15, measured + Z90 * 0.15, "truth", "drawn")
        pairs.append((measure_excavation(volume, width), length))
    yield Row("excavation, volume known to 25 %", pairs)


def passages(rng: np.random.Generator, runs: int, known: dict[str, Any]) -> dict[str, Any]:
    """Openings of known width: how often what was said to pass, not to pass or to be too close, does."""
    count = {word: [0, 0] for word in ("passes", "does not pass", "too close to call")}
    squared, n = 0.0, 0
    for _ in range(runs):
        wide, half = float(rng.uniform(*known["width"])), float(rng.uniform(*known["half"]))
        measured = wide + half / Z90 * float(rng.standard_normal())
        width = Measurement("W", "width", "m", measured, measured - half, measured + half, "truth", "drawn")
        for machine, got in zip(MACHINES, measure_passage(width), strict=True):
            really = machine.width_m + 0.05 * float(rng.standard_normal()) + 0.5 < wide
            value = got.value or 0.0
            squared, n = squared + (value - really) ** 2, n + 1
            word = count[verdict(value)]
            word[0] += really
            word[1] += 1
    return {"passages": n, "brier": round(squared / n, 4), "passed of": {word: tuple(pair) for word, pair in count.items()}}


def terrains(rng: np.random.Generator, runs: int, known: dict[str, Any]) -> Iterator[Row]:
    """Ridges with spurs on 10 m posts, seen by a 30 m model with errors; correlation as stated, shorter, and longer."""
    for correlation in known["correlation_m"]:
        rows: dict[str, list[tuple[Measurement, float]]] = {"slope": [], "cover": [], "daylight": []}
        for _ in range(runs):
            ground, exact = hill(rng)
            model = with_errors(rng, exact, known["error_m"], correlation)
            bearing, grade = float(rng.uniform(60, 120)), float(rng.uniform(*known["grade"]))
            portal = (500_000 - float(rng.uniform(600, 1100)) * 0.9996, 3_730_000 + float(rng.uniform(-300, 300)))
            got = measure_terrain(model, portal, bearing, TerrainSettings(grade=grade, error_m=known["error_m"]))
            col, row = ~Affine(*model.transform) * portal
            flat = horn_slope(replace(model, heights=exact.astype(np.float32)))
            rows["slope"].append((got[0], float(flat[int(row), int(col)])))
            cover, daylight = _driven(ground, (col * 3 - 0.5, row * 3 - 0.5), bearing, grade)
            if cover is not None:
                rows["cover"].append((got[1], cover))
                rows["daylight"].append((got[2], daylight))
        for name, pairs in rows.items():
            yield Row(f"terrain, {name}, errors over {correlation} m", pairs)


def _driven(
    ground: np.ndarray[Any, np.dtype[np.float64]], start: tuple[float, float], bearing: float, grade: float
) -> tuple[float | None, float]:
    """Most cover and daylight of the true ground on its 10 m posts; cover None where it never rises 5 m over the floor."""
    s = np.arange(0.0, 7000.0, 2.0)
    turn = math.radians(bearing)
    z = ndimage.map_coordinates(
        ground, [start[1] - s * math.cos(turn) / 10, start[0] + s * math.sin(turn) / 10], order=1, mode="constant", cval=np.nan
    )
    cover = z - z[0] - grade * s
    cover = cover[: int(np.argmax(np.isnan(cover))) or None] if np.isnan(cover).any() else cover
    under = np.maximum.accumulate(cover > TerrainSettings().enter_m)
    if not under.any():
        return None, math.inf
    out = np.flatnonzero(under & (cover <= 0))
    last = int(out[0]) if out.size else cover.size
    return float(cover[:last].max()), float(s[out[0]]) if out.size else math.inf


HEAD: Final = "| | runs | refused | bias | RMSE | half-width | held | 95 % |\n|---|---|---|---|---|---|---|---|\n"


def line_of(found: dict[str, Any]) -> str:
    """One row of the table."""
    return "| " + " | ".join("-" if value is None else str(value) for value in found.values()) + " |"


def write_page() -> None:
    """The last acceptance run of the log into docs/vhr-measure.md."""
    runs = [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]
    last = [run for run in runs if run["what"] == "measures"][-1]
    rows = [line_of(found) for name, table in last["figures"].items() if name != "passage" for found in table]
    passed = last["figures"]["passage"]
    words = ", ".join(f"{word} {hits} of {n}" for word, (hits, n) in passed["passed of"].items())
    block = f"{last['date']}, commit {last['commit']}.\n\n{HEAD}" + "\n".join(rows)
    block += (
        f"\n\nPassage: of {passed['passages']} (Brier score {passed['brier']}), passed in truth when the words were: {words}.\n"
    )
    text = DOCS.read_text(encoding="utf-8")
    before, rest = text.split("<!-- measures -->")
    DOCS.write_text(
        f"{before}<!-- measures -->\n{block}<!-- /measures -->{rest.split('<!-- /measures -->')[1]}", encoding="utf-8"
    )


def main() -> None:
    """Run the tables that are asked for."""
    given = argparse.ArgumentParser(description="Measurements against truth")
    given.add_argument("--part", choices=["tuning", "acceptance"], default="tuning")
    given.add_argument("--only", nargs="*")
    given.add_argument("--runs", type=int, help="in place of the settings' (not for acceptance)")
    asked = given.parse_args()
    settings = json.loads((HERE / "measures_settings.json").read_text(encoding="utf-8"))
    seed, runs = settings[asked.part]["seed"], settings[asked.part]["runs"]
    if asked.runs and asked.part == "tuning":
        runs = asked.runs
    tables: dict[str, Callable[[np.random.Generator, dict[str, Any]], Iterator[Row]]] = {
        "length": lambda rng, known: lengths(rng, runs, known, "length"),
        "area": lambda rng, known: lengths(rng, runs, known, "area"),
        "shadow": lambda rng, known: shadows(rng, runs, known),
        "spoil": lambda rng, known: spoils(rng, runs, known),
        "excavation": lambda rng, known: excavations(rng, runs, known),
        "terrain": lambda rng, known: terrains(rng, runs, known),
    }
    figures: dict[str, Any] = {}
    print(HEAD, end="")
    for n, (name, table) in enumerate(tables.items()):
        if asked.only and name not in asked.only:
            continue
        figures[name] = []
        for row in table(np.random.default_rng([seed, n]), settings[name]):
            found = row.figures()
            figures[name].append(found)
            print(line_of(found), flush=True)
    if not asked.only or "passage" in asked.only:
        figures["passage"] = passages(np.random.default_rng([seed, 99]), runs, settings["passage"])
        print(f"\nPassage: {figures['passage']}")
    if asked.part == "acceptance":
        only = f" --only {' '.join(asked.only)}" if asked.only else ""
        log("measures", f"python benchmarks/vhr/measures.py --part acceptance{only}", figures)
        if not asked.only:
            write_page()


if __name__ == "__main__":
    main()
