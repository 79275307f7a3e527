"""Alignment: known shifts on real texture, ours beside plain peers; then real pairs, where only plausibility can be told.

    python benchmarks/vhr/align.py known --part development    # other seed, other images: for tuning; not logged
    python benchmarks/vhr/align.py known --part acceptance     # adds a line to scorings.jsonl
    python benchmarks/vhr/align.py real                        # LEVIR and DSIFN pairs: stated or failed, repeatability; logged

A real image is moved by a known shift at full size (Fourier), then both are reduced by averaging, so that the shift of
the reduced images is a known fraction that no interpolation of theirs made. Everything that decides a score stands in
``align_settings.json``, here, or in the defaults of ``spadework.align``.
``SPADEWORK_SHARED`` names the folder with ``data`` (default: ``../shared`` beside the checkout).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import rasterio
from scipy import ndimage
from scoring import log, wilson

import spadework.align
from spadework.align import align
from spadework.intake.romania import romania_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from spadework.records import Alignment

SHARED: Final = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[3] / "shared"))
SETTINGS: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "align_settings.json").read_text())
CLOSE_PX: Final = 0.05
PLAUSIBLE_PX: Final = 5.0
"""A shift of a real, georeferenced pair larger than this would be wild."""
PEER_LOST_PX: Final = 1.0
"""An error of a peer beyond this is counted as lost."""


# ---------------------------------------------------------------- material
def full_image(name: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """A real image (y, x) by its name in the settings, a window of it where it is large."""
    kind, _, rest = name.partition(":")
    if kind == "romania":
        return romania_look(rest, rng)
    with rasterio.open(SHARED / "data" / ("spacenet" if kind == "pan" else "vhr_pairs") / rest) as file:
        image = file.read().astype(np.float32).mean(axis=0)
    side = SETTINGS["full_px"]
    row, col = (int(rng.integers(0, max(n - side, 0) + 1)) for n in image.shape)
    return np.asarray(image[row : row + side, col : col + side])


def romania_look(which: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Near infrared of one clear look of the stack, of the odd or the even ones."""
    clear = [chips[0].values[3] for _, chips in romania_scenes() if share_clear(chips) > 0.95]  # noqa: PLR2004 - nearly all
    own = clear[which == "odd" :: 2]
    return np.asarray(own[int(rng.integers(len(own)))]).astype(np.float32)


def share_clear(chips: Sequence[Any]) -> float:
    """Of a look of the stack."""
    return float(np.isin(chips[-1].values[-1], (4, 5, 6, 7)).mean())


@dataclass(frozen=True)
class Trial:
    """Two images and the shift between them."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    before_valid: NDArray[np.bool_]
    after_valid: NDArray[np.bool_]
    shift: NDArray[np.float64]
    """dx, dy that moves AFTER onto BEFORE."""


def make_trial(image: NDArray[np.float32], condition: Mapping[str, Sequence[float]], rng: np.random.Generator) -> Trial:
    """Move, reduce, and spoil."""

    def drawn(name: str, usual: float) -> float:
        return float(rng.uniform(condition[name][0], condition[name][1])) if name in condition else usual

    factor = SETTINGS["reduce"] if min(image.shape) >= 200 else 1  # noqa: PLR2004 - the Sentinel-2 looks stay as they are
    side = min(image.shape) / factor
    angle = rng.uniform(0, 2 * np.pi)
    far = drawn("reach", 0.0) * side
    shift = np.array([np.cos(angle), np.sin(angle)]) * far if far else rng.uniform(-1, 1, 2) * SETTINGS["shift_px"]
    rim = int(np.ceil(max(abs(shift)) * factor)) + 8
    moved = mirrored_shift(image, -shift * factor)
    before, after = (reduced(one[rim:-rim, rim:-rim], factor) for one in (image, moved))
    top = float(np.percentile(before, 99.5))
    after = (np.clip(after, 0, None) / top) ** drawn("gamma", 1.0) * top * drawn("gain", 1.0)
    paste(after, drawn("pasted", 0.0), top, rng)
    after = ndimage.gaussian_filter(after, drawn("blur_px", 0.0))
    noise = drawn("noise", 0.0) * top
    before, after = ((one + rng.normal(0, noise, one.shape)).astype(np.float32) for one in (before, after))
    valids = [np.ones(before.shape, dtype=np.bool_) for _ in range(2)]
    for valid in valids:
        cut_border(valid, drawn("border", 0.0), rng)
    before, after = (np.where(valid, one, 0).astype(np.float32) for one, valid in zip((before, after), valids, strict=True))
    return Trial(before, after, valids[0], valids[1], shift)


def mirrored_shift(image: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Content moved right and down, in Fourier space, the image continued by its mirror."""
    pad = 64
    wide = np.pad(image, pad, mode="reflect")
    moved = np.fft.ifft2(ndimage.fourier_shift(np.fft.fft2(wide), shift[::-1])).real
    return moved[pad:-pad, pad:-pad].astype(np.float32)


def reduced(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means of factor x factor pixels."""
    rows, cols = (n // factor * factor for n in image.shape)
    return np.asarray(image[:rows, :cols].reshape(rows // factor, factor, cols // factor, factor).mean(axis=(1, 3)))


def paste(image: NDArray[np.float32], share: float, top: float, rng: np.random.Generator) -> None:
    """Rectangles with texture of their own until about so much of the image is covered; in place."""
    covered, rows, cols = 0.0, *image.shape
    while covered < share * image.size:
        high, wide = (int(rng.uniform(0.04, 0.2) * n) + 2 for n in image.shape)
        row, col = int(rng.integers(0, rows - high)), int(rng.integers(0, cols - wide))
        texture = ndimage.gaussian_filter(rng.normal(size=(high, wide)), 1.0)
        image[row : row + high, col : col + wide] = top * (rng.uniform(0.2, 0.9) + 0.1 * texture / texture.std())
        covered += high * wide


def cut_border(valid: NDArray[np.bool_], share: float, rng: np.random.Generator) -> None:
    """No data beyond a slanting line on one side; in place."""
    if share:
        y, x = np.mgrid[: valid.shape[0], : valid.shape[1]] / max(valid.shape)
        angle = rng.uniform(0, 2 * np.pi)
        along = x * np.cos(angle) + y * np.sin(angle)
        valid &= along > np.quantile(along, share)


# ---------------------------------------------------------------- peers
def peer_phase(trial: Trial) -> NDArray[np.float64]:
    """cv2.phaseCorrelate of the whole images with a Hann window."""
    window = cv2.createHanningWindow(trial.before.shape[::-1], cv2.CV_32F)
    return np.array(cv2.phaseCorrelate(trial.after, trial.before, window)[0])


def peer_ecc(trial: Trial) -> NDArray[np.float64] | None:
    """One cv2.findTransformECC of the whole images, translation."""
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-6)
    try:
        _, warp = cv2.findTransformECC(trial.before, trial.after, np.eye(2, 3, dtype=np.float32), cv2.MOTION_TRANSLATION, rule)
    except cv2.error:
        return None
    return -warp[:, 2].astype(np.float64)


PEERS: Final[dict[str, Callable[[Trial], NDArray[np.float64] | None]]] = {"cv2.phaseCorrelate": peer_phase, "one ECC": peer_ecc}


# ---------------------------------------------------------------- known shifts
@dataclass(frozen=True)
class Run:
    """One trial of one condition."""

    image: str
    error: float | None
    """Of ours; None = failed."""
    radius: float | None
    failed: str | None
    seconds: float
    peers: tuple[float | None, ...]


def run_known(part: str, only: str, runs: int | None) -> dict[str, list[Run]]:
    """Every condition, its trials spread over the images."""
    own = SETTINGS[part]
    out: dict[str, list[Run]] = {}
    for number, (name, condition) in enumerate(SETTINGS["conditions"].items()):
        if only and only != name:
            continue
        out[name] = []
        for trial in range(runs or own["runs"]):
            rng = np.random.default_rng([own["seed"], number, trial])
            image = own["images"][trial % len(own["images"])]
            out[name].append(run_one(image, make_trial(full_image(image, rng), condition, rng)))
        print(name, json.dumps(figures(out[name])), flush=True)
    return out


def run_one(image: str, trial: Trial) -> Run:
    """Ours and the peers."""
    begun = time.perf_counter()
    ours = align(trial.before, trial.after, trial.before_valid, trial.after_valid)
    took = time.perf_counter() - begun
    peers = tuple(
        None if (found := peer(trial)) is None else float(np.hypot(*(found - trial.shift))) for peer in PEERS.values()
    )
    return Run(image, error_of(ours, trial), ours.radius_px, ours.failed, took, peers)


def error_of(ours: Alignment, trial: Trial) -> float | None:
    """Distance from the truth; of an affine, at the middle of the image (the truth is a shift)."""
    return None if ours.shift_px is None else float(np.hypot(*(np.array(ours.shift_px) - trial.shift)))


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Median and 90th percentile error, coverage with its Wilson interval, failures, and ratios to the peers."""
    stated = [run for run in runs if run.error is not None and run.radius is not None]
    errors, radii = (
        np.array(part, dtype=np.float64) for part in ([run.error for run in stated], [run.radius for run in stated])
    )
    if not stated:
        return {"runs": len(runs), "failed": len(runs)}
    covered = int((errors <= radii).sum())
    middle = float(np.median(errors))
    out: dict[str, Any] = {
        "runs": len(runs),
        "failed": len(runs) - len(stated),
        "median_px": round(middle, 4),
        "p90_px": round(float(np.quantile(errors, 0.9)), 4),
        "worst_px": round(float(errors.max()), 3),
        "radius_px": round(float(np.median(radii)), 4),
        "covered": round(covered / len(stated), 3),
        "covered_95": [round(edge, 3) for edge in wilson(covered, len(stated))],
        "seconds": round(float(np.median([run.seconds for run in runs])), 2),
    }
    for n, peer in enumerate(PEERS):
        own = np.array([np.inf if run.peers[n] is None else run.peers[n] for run in runs], dtype=np.float64)
        out[peer] = {
            "median_px": round(float(np.median(own)), 3),
            "lost": round(float((own > PEER_LOST_PX).mean()), 3),
            "times_ours": round(float(np.median(own)) / middle, 1),
        }
    return out


def by_image(found: Mapping[str, Sequence[Run]]) -> dict[str, dict[str, Any]]:
    """Error and coverage of each image over all conditions."""
    every: dict[str, list[Run]] = {}
    for runs in found.values():
        for run in runs:
            every.setdefault(run.image, []).append(run)
    wanted = ("runs", "failed", "median_px", "p90_px", "radius_px", "covered", "covered_95")
    return {name: {key: value for key, value in figures(runs).items() if key in wanted} for name, runs in every.items()}


# ---------------------------------------------------------------- real pairs
def real_pairs() -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    """LEVIR and DSIFN, grey; years apart, so a shift need not be findable."""
    for folder in ("levir", "dsifn"):
        for path in sorted((SHARED / "data" / "vhr_pairs" / folder / "A").glob("*.png")):
            pair = []
            for side in "AB":
                with rasterio.open(path.parent.parent / side / path.name) as file:
                    pair.append(file.read().astype(np.float32).mean(axis=0))
            rows, cols = np.minimum(pair[0].shape, pair[1].shape)
            yield f"{folder}/{path.stem}", pair[0][:rows, :cols], pair[1][:rows, :cols]


def run_real() -> dict[str, Any]:
    """Each pair: stated or failed, and how well a known extra shift of AFTER is found again."""
    rng, out = np.random.default_rng(77), {}
    for name, before, after in real_pairs():
        every = np.ones(before.shape, dtype=np.bool_)
        first = align(before, after, every, every)
        extra = rng.uniform(-2, 2, 2)
        second = align(before, mirrored_shift(after, extra), every, every)
        row: dict[str, Any] = {"failed": first.failed, "tiles": [first.tiles, first.tried]}
        if first.shift_px and first.radius_px:
            row |= {"shift": [round(part, 2) for part in first.shift_px], "radius": round(first.radius_px, 2)}
            row |= {"wild": bool(np.hypot(*first.shift_px) > PLAUSIBLE_PX), "affine": first.affine is not None}
            row["methods"] = [[method, round(dx, 2), round(dy, 2)] for method, dx, dy in first.methods]
            if second.shift_px:
                row["repeat_px"] = round(float(np.hypot(*(np.array(second.shift_px) - first.shift_px + extra))), 3)
        out[name] = row
        print(name, json.dumps(row), flush=True)
    return out


# ---------------------------------------------------------------- command
def version() -> str:
    """SHA-256 of everything that decides a score."""
    here = Path(__file__)
    files = [*sorted(Path(spadework.align.__file__).parent.glob("*.py")), here, here.parent / "align_settings.json"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


VERSION: Final = version()
"""Of the code as it is run, whatever happens to the files meanwhile."""


def main() -> None:
    """Run what was asked for, print it and, where it is scored, log it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("known", "real"))
    parser.add_argument("--part", choices=("development", "acceptance"), default="development")
    parser.add_argument("--only", default="", help="one condition")
    parser.add_argument("--runs", type=int, help="of each condition, in development")
    asked = parser.parse_args()
    if asked.what == "real":
        log("align: real pairs", " ".join(sys.argv), {"version": VERSION, "pairs": run_real()})
        return
    scored = asked.part == "acceptance"
    found = run_known(asked.part, "" if scored else asked.only, None if scored else asked.runs)
    told = {"conditions": {name: figures(runs) for name, runs in found.items()}, "images": by_image(found)}
    told["together"] = figures([run for runs in found.values() for run in runs])
    print(json.dumps({"images": told["images"], "together": told["together"]}, indent=1))
    if scored:
        log("align: known shifts on real texture", " ".join(sys.argv), {"version": VERSION, **told})


if __name__ == "__main__":
    main()
