"""``compare --train``, ``objects`` and ``models`` through the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image as Picture
from typer.testing import CliRunner

from spadework.cli import app
from spadework.errors import UserError
from spadework.simulate.yard import Yard, make_yard

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def labels(root: Path) -> Path:
    rng = np.random.default_rng(3)
    for n in range(4):
        ground = np.kron(rng.normal(110, 18, (24, 24)), np.ones((4, 4)))
        row, col = rng.integers(10, 60, 2)
        later = ground.copy()
        later[row : row + 24, col : col + 24] = 230
        changed = np.zeros(ground.shape, np.uint8)
        changed[row : row + 24, col : col + 24] = 255
        for part, values in (("A", ground), ("B", later), ("label", changed)):
            (root / part).mkdir(parents=True, exist_ok=True)
            noisy = values if part == "label" else values + rng.normal(0, 2, values.shape)
            plane = np.clip(noisy, 0, 255).astype(np.uint8)
            Picture.fromarray(plane if part == "label" else np.stack([plane] * 3, axis=-1)).save(root / part / f"p{n}.png")
    return root


def test_training_prints_the_score_of_pairs_left_out_and_the_model_compares(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    folder = labels(tmp_path / "labels")
    told = json.loads(run("compare", "--train", folder, "--out", tmp_path / "model", "--json"))
    assert told["pairs"] == 4
    value, low, high = told["f1"]
    assert low <= value <= high
    assert value > 0.6
    pair = [folder / "A" / "p0.png", folder / "B" / "p0.png"]
    done = json.loads(run("compare", *pair, "--model", told["model"], "--out", tmp_path / "out", "--gsd", "0.5", "--json"))
    assert "trained" in done["detector"]
    assert done["changed_fraction"] > 0.02
    with pytest.raises(UserError, match="needs two images"):
        run("compare", pair[0])


def test_objects_are_told_with_what_the_pixels_can_say(tmp_path: Path) -> None:
    image, _ = make_yard(Yard(gsd_m=0.5, side_m=120, machines=4, contrast=0.5, shrubs_per_ha=0), 4)
    path = tmp_path / "yard_20200512.tif"
    settings = {
        "driver": "GTiff",
        "count": 1,
        "height": image.valid.shape[0],
        "width": image.valid.shape[1],
        "dtype": "float32",
    }
    place = Affine(0.5, 0, 500_000, 0, -0.5, 3_730_000)
    with rasterio.open(path, "w", **settings, crs="EPSG:32639", transform=place) as file:
        file.write(image.values[:1])
    told = json.loads(run("objects", path, "--json"))
    assert told["count"] == len(told["sightings"]) >= 2  # of four machines
    assert {one["label"] for one in told["sightings"]} == {"vehicle-size object"}
    assert "still never shows" in told["statement"]
    assert "found" in run("objects", path)
    with rasterio.open(path, "r+") as file:
        file.transform = Affine(5, 0, 500_000, 0, -5, 3_730_000)
    coarse = json.loads(run("objects", path, "--json"))
    assert coarse["count"] == 0
    assert coarse["statement"].startswith("NOT OBSERVABLE")


def test_models_are_listed_and_a_wrong_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_MODELS", str(tmp_path / "shelf"))
    assert "0" in run("models", "list")
    with pytest.raises(UserError):
        run("models", "add", tmp_path / "none.toml")
    with pytest.raises(UserError, match="is no model of yours"):
        run("compare", *_two(tmp_path), "--model", "nobody", "--out", tmp_path / "out")


def _two(root: Path) -> tuple[Path, Path]:
    folder = labels(root / "pairs")
    return folder / "A" / "p0.png", folder / "B" / "p0.png"
