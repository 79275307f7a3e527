"""The candidate finder on yards of known truth, beside plain blob detection, and on the SpaceNet chips.

    python benchmarks/vhr/find.py                       # development seeds; writes nothing
    python benchmarks/vhr/find.py --part acceptance     # the seeds that count; adds a line to scorings.jsonl
    python benchmarks/vhr/find.py --chips DIR           # counts on real images (no truth), adds a line; --pictures OUT draws them

Seeds, yards and margins stand in find_settings.json, committed with the finder's own settings before the first acceptance run.

A machine is found when a box has its centre in the machine's own box, grown by 1 m on each side; each box finds one machine, each other
box is an error, also a second one on the same machine. Rows: recall at the finder's default threshold with its errors per hectare, then
recall where 2, 5 and 10 errors per hectare are allowed. The sun's elevation goes round 25, 45, 65 degrees from yard to yard.

The peer is the scale-normalised Laplacian of Gaussian (Lindeberg 1998, IJCV 30(2)), as most toolboxes have it: local extremes over place and
scale of its size, bright and dark, in units of the image's own spread. It has no threshold of its own here: only the allowed errors count.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
from scipy import ndimage
from scoring import log, wilson

from spadework.cube import Image
from spadework.objects import candidate_finder, find
from spadework.objects.evidence import light
from spadework.records import VhrScene
from spadework.simulate.yard import MACHINES, Standing, Yard, make_yard

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE: Final = Path(__file__).parent
SETTINGS: Final = json.loads((HERE / "find_settings.json").read_text(encoding="utf-8"))


@dataclass
class Tally:
    """What one method did in one cell of the table."""

    machines: int = 0
    hectares: float = 0.0
    scores: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def add(
        self, centres: NDArray[np.float64], scores: list[float], stands: tuple[Standing, ...], hectares: float
    ) -> NDArray[np.bool_]:
        """One yard; tells which boxes found a machine."""
        used = hits(centres, np.array(scores), stands)
        self.machines += sum(one.kind in MACHINES for one in stands)
        self.hectares += hectares
        self.scores += scores
        self.true += used.tolist()
        return used

    def recall_at(self, per_ha: float) -> float:
        """Largest recall with at most so many errors per hectare."""
        order = np.argsort(-np.array(self.scores), kind="stable")
        true = np.array(self.true)[order]
        allowed = np.cumsum(~true) <= per_ha * self.hectares
        return float(true[allowed].sum() / self.machines)


def within(centres: NDArray[np.float64], one: Standing, margin: float) -> NDArray[np.bool_]:
    """Which points lie in the box of a thing, grown by a margin."""
    away = (centres - one.centre) * (1, -1)
    cos, sin = np.cos(np.radians(one.angle_deg)), np.sin(np.radians(one.angle_deg))
    along, across = np.abs(away @ [cos, sin]), np.abs(away @ [-sin, cos])
    return np.asarray((along < one.length_m / 2 + margin) & (across < one.width_m / 2 + margin))


def hits(centres: NDArray[np.float64], scores: NDArray[np.float64], stands: tuple[Standing, ...]) -> NDArray[np.bool_]:
    """(n), the boxes that found a machine: the best-scored one on each."""
    used = np.zeros(len(centres), dtype=bool)
    for one in stands:
        if one.kind in MACHINES and len(centres):
            on = within(centres, one, SETTINGS["hit_margin_m"]) & ~used
            if on.any():
                used[np.argmax(np.where(on, scores, -np.inf))] = True
    return used


def error_on(centre: NDArray[np.float64], stands: tuple[Standing, ...]) -> str:
    """What an error lies on or beside."""
    for named, margin in SETTINGS["error_margin_m"].items():
        kinds = MACHINES if "machine" in named else (named,)
        if any(one.kind in kinds and within(centre[None], one, margin)[0] for one in stands):
            return str(named)
    return "ground"


def blobs(image: Image) -> tuple[NDArray[np.float64], list[float]]:
    """The peer: centres in map units and strengths of Laplacian-of-Gaussian extremes of vehicle size."""
    gsd, peer = abs(image.transform[0]), SETTINGS["peer"]
    plane = light(image)
    sigmas = [diameter / gsd / 2 / np.sqrt(2) for diameter in peer["diameters_m"]]
    response = np.stack([np.abs(sigma**2 * ndimage.gaussian_laplace(plane, sigma)) for sigma in sigmas])
    apart = 2 * round(peer["apart_m"] / gsd / 2) + 1
    peaks = response == ndimage.maximum_filter(response, size=(len(sigmas), apart, apart))
    spread = 1.4826 * np.median(np.abs(response - np.median(response)))
    _, rows, cols = np.nonzero(peaks & (response > 3 * spread))
    strengths = response.max(axis=0)[rows, cols] / spread
    a, b, c, d, e, f = image.transform
    x, y = cols + 0.5, rows + 0.5
    return np.column_stack([a * x + b * y + c, d * x + e * y + f]), strengths.tolist()


def yards(part: str) -> dict[str, Any]:
    """The whole table."""
    chosen, table = SETTINGS[part], {}
    for gsd in SETTINGS["gsd_m"]:
        for contrast in SETTINGS["contrast"]:
            ours, peer = Tally(), Tally()
            for number in range(chosen["yards"]):
                suns = SETTINGS["sun_elevation"]
                yard = Yard(gsd_m=gsd, contrast=contrast, sun_elevation=suns[number % len(suns)])
                image, stands = make_yard(yard, chosen["first_seed"] + number)
                seen = find(image, candidate_finder())
                hectares = yard.side_m**2 / 1e4
                centres = np.array([one.centre for one in seen]).reshape(-1, 2)
                used = ours.add(centres, [one.score for one in seen], stands, hectares)
                ours.errors.update(error_on(centre, stands) for centre in centres[~used])
                peer.add(*blobs(image), stands, hectares)
            table[f"{gsd:g} m, contrast {contrast:g}"] = row(ours, peer)
            print(f"{gsd:4g} {contrast:5g}  {told(table[f'{gsd:g} m, contrast {contrast:g}'])}", flush=True)
    return table


def row(ours: Tally, peer: Tally) -> dict[str, Any]:
    """Figures of one cell."""
    found = sum(ours.true)
    low, high = wilson(found, ours.machines)
    return {
        "machines": ours.machines,
        "hectares": ours.hectares,
        "recall": round(found / ours.machines, 3),
        "wilson95": [round(low, 3), round(high, 3)],
        "errors_per_ha": round((len(ours.true) - found) / ours.hectares, 2),
        "on": {kind: round(many / ours.hectares, 2) for kind, many in ours.errors.most_common()},
        "recall_at": {str(at): round(ours.recall_at(at), 3) for at in SETTINGS["at_per_ha"]},
        "peer_recall_at": {str(at): round(peer.recall_at(at), 3) for at in SETTINGS["at_per_ha"]},
    }


def told(cell: dict[str, Any]) -> str:
    """One line of the printed table."""
    at = "  ".join(f"{key}: {cell['recall_at'][key]:.2f} (LoG {cell['peer_recall_at'][key]:.2f})" for key in cell["recall_at"])
    low, high = cell["wilson95"]
    return f"recall {cell['recall']:.2f} [{low:.2f}, {high:.2f}] at {cell['errors_per_ha']:4.1f} errors/ha | at {at} | {cell['on']}"


# ---------------------------------------------------------------- real chips
def read(path: Path) -> Image:
    """A chip, as it is; degrees count as metres on the sphere at its latitude."""
    with rasterio.open(path) as file:
        values = file.read().astype(np.float32)
        valid = np.all(values != (file.nodata or 0), axis=0)
        fit, crs = file.transform, file.crs
    bands = ("pan",) if len(values) == 1 else tuple(f"band{n}" for n in range(1, len(values) + 1))
    scene = VhrScene(path.stem, gsd_m=(abs(fit.a), abs(fit.e)), crs=str(crs))
    return Image(values * valid, valid, bands, tuple(fit)[:6], scene)


def chips(folder: Path, pictures: Path | None) -> dict[str, Any]:
    """Counts per hectare on every optical chip of a folder and those below it."""
    table = {}
    for path in sorted(folder.rglob("*.tif")):
        if path.stem.startswith(("sar", "rgb")):
            continue
        image = read(path)
        seen = find(image, candidate_finder())
        hectares = float(image.valid.sum()) * abs(image.transform[0] * image.transform[4]) / 1e4
        table[path.stem] = {"hectares": round(hectares, 1), "objects": len(seen), "per_ha": round(len(seen) / hectares, 2)}
        print(f"{path.stem:16} {hectares:5.1f} ha  {len(seen):4d} objects  {len(seen) / hectares:.2f} per ha", flush=True)
        if pictures is not None:
            draw(image, seen, pictures / f"{path.stem}.png")
    return table


def draw(image: Image, seen: Any, path: Path) -> None:  # noqa: ANN401 - Sightings
    """The chip with its boxes."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - only for pictures

    a, _, c, _, e, f = image.transform
    plane = image.values.mean(axis=0)
    low, high = np.percentile(plane[image.valid], (0.5, 99.5))
    figure, axes = plt.subplots(figsize=(16, 16 * plane.shape[0] / plane.shape[1]))
    axes.imshow(plane, cmap="gray", vmin=low, vmax=high, extent=(c, c + a * plane.shape[1], f + e * plane.shape[0], f))
    for one in seen:
        turn = np.radians(one.angle_deg)
        along, across = np.array([np.cos(turn), -np.sin(turn)]), np.array([-np.sin(turn), -np.cos(turn)])
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) / 2
        ring = np.array(one.centre) + signs[:, :1] * one.length_m * along + signs[:, 1:] * one.width_m * across
        axes.plot(ring[:, 0], ring[:, 1], color="yellow" if one.score > 1 / 2 else "red", linewidth=1)
    axes.set_axis_off()
    figure.savefig(path, bbox_inches="tight", dpi=80)
    plt.close(figure)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--part", choices=("development", "acceptance"), default="development")
    parser.add_argument("--chips", type=Path)
    parser.add_argument("--pictures", type=Path)
    chosen = parser.parse_args()
    command = " ".join(["benchmarks/vhr/find.py", *sys.argv[1:]])
    if chosen.chips is not None:
        log(
            "find: SpaceNet chips, counts without truth",
            "benchmarks/vhr/find.py --chips DIR",
            chips(chosen.chips, chosen.pictures),
        )
        return
    table = yards(chosen.part)
    if chosen.part == "acceptance":
        log("find: candidate finder on yards", command, table)


if __name__ == "__main__":
    main()
