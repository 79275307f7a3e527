"""The bench cubes, end to end through the command line: a regression floor, beside COLD's figures on the same cubes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[2] / ".." / "shared"))
FLOORS = {7: (0.88, 0.03, 0.015), 11: (0.85, 0.035, 0.02)}
"""Seed: (detected at least, detected early at most, false alarms a pixel-year at most). COLD: .71 / .04 / .070, .66 / - / .123."""


@pytest.mark.skipif(not (SHARED / "bench").is_dir(), reason="../shared is absent")
@pytest.mark.parametrize("seed", FLOORS)
def test_a_bench_cube_is_scored_at_its_floor_or_better(tmp_path: Path, seed: int) -> None:
    def run(*command: str) -> str:
        return subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True, cwd=tmp_path).stdout

    bench = (SHARED / "bench").resolve()
    run(str(bench / "make_cube.py"), "128", "128", str(seed), "cube.npz")
    run(str(bench / "cube_to_stac.py"), "cube.npz", "cube")
    run("-m", "spadework", "run", "cube/site.toml", "--out", "dossier", "--no-pdf", "--json")
    score = json.loads(run(str(bench / "score_change.py"), "dossier", "cube/truth.npz"))
    detected, early, false_alarms = FLOORS[seed]
    assert score["det"] >= detected, score
    assert score["early"] <= early, score
    assert score["far"] <= false_alarms, score
    assert score["not_assessed"] <= 0.01
