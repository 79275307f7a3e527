"""The command line as a stranger meets it: help, exit codes, one line that names the thing and the mend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from spadework.intake.scenario import builtin_scenario
from spadework.intake.site import read_site
from spadework.run.demo import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

CLI = [sys.executable, "-m", "spadework"]


def spadework(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *args], capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, **env}, timeout=240
    )


def stack(folder: Path, dates: int = 30, epsg: int = 32637, count: int = 4) -> None:
    """A tiny stack of local GeoTIFFs; the middle changes after the first third of the watched time."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(dates):
        year, month = 2021 + n // 12, n % 12 + 1
        ground = np.full((count, 24, 24), 2500.0) + rng.normal(0, 20, (count, 24, 24))
        if n >= 20:
            ground[:, 8:16, 8:16] += 1200
        with rasterio.open(
            folder / f"{year}{month:02d}15.tif", "w", driver="GTiff", height=24, width=24, count=count, dtype="uint16",
            crs=f"EPSG:{epsg}", transform=Affine(10, 0, 680000, 0, -10, 3810000), nodata=0,
        ) as file:  # fmt: skip
            file.write(ground.astype("uint16"))


_LON, _LAT = Transformer.from_crs("EPSG:32637", "EPSG:4326", always_xy=True).transform(
    [680_020, 680_220], [3_809_780, 3_809_980]
)
BBOX = f"{_LON[0]}, {_LAT[0]}, {_LON[1]}, {_LAT[1]}"

SITE = """\
[site]
name = "Stack"
bbox = [{bbox}]
[period]
history_start = 2021-01-01
start = {start}
end = 2023-12-31
[[imagery]]
files = "{files}"
bands = {bands}
"""


def site(folder: Path, **changes: str) -> Path:
    facts = {
        "bbox": BBOX, "start": "2022-03-01", "files": "stack/*.tif",
        "bands": "{ blue = 1, green = 2, red = 3, nir = 4 }",
    }  # fmt: skip
    path = folder / "site.toml"
    path.write_text(SITE.format(**{**facts, **changes}) + changes.get("more", ""))
    return path


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack")
    stack(folder / "stack")
    return folder


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nsys.argv = ['spadework', '--help']\nfrom spadework.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'rasterio', 'pystac', 'matplotlib', 'numba', 'scipy', 'rich'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip().endswith("[]")
    for command in ("run", "demo", "init", "simulate", "mark"):
        assert command in told


def test_local_files_run_end_to_end(here: Path) -> None:
    done = spadework("run", "site.toml", "--out", "dossier", "--json", cwd=site(here).parent)
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == told["exit_code"] == 0, done.stderr
    assert told["looks"] == 30
    event = next(e for e in told["events"] if e["status"] == "confirmed")
    assert event["onset_earliest"]["datetime"][:10] == "2022-08-15"
    assert event["onset_latest"]["datetime"][:10] == "2022-09-15"
    assert event["area_low_m2"] <= 6400 <= event["area_high_m2"]
    again = spadework("run", "site.toml", "--out", "dossier", cwd=here)
    assert "no work done" in again.stdout


CASES = [
    ("unknown key", {"more": "[publish]\ncoordinate = '5 km'\n"}, 2, "did you mean 'coordinates'"),
    ("outside every scene", {"bbox": "10.0, 50.0, 10.01, 50.01"}, 2, "covers the area"),
    ("no scene in the period", {"start": "2031-03-01"}, 2, "not in that order"),
    ("latitude first", {"bbox": "34.4075, 140.9626, 34.4088, 140.9644"}, 2, "latitude"),
    ("antimeridian", {"bbox": "-179.9, 10.0, 179.9, 10.1"}, 2, "antimeridian"),
    ("no file matches", {"files": "nowhere/*.tif"}, 2, "matches no file"),
    ("a band too many", {"bands": "{ blue = 1, nir = 9 }"}, 2, "band 9"),
    ("an unknown band", {"bands": "{ blau = 1 }"}, 2, "did you mean 'blue'"),
]


@pytest.mark.parametrize(("name", "changes", "code", "words"), CASES, ids=[case[0] for case in CASES])
def test_bad_input_is_one_line_with_a_mend(
    here: Path, tmp_path: Path, name: str, changes: dict[str, str], code: int, words: str
) -> None:
    (tmp_path / "stack").symlink_to(here / "stack")
    done = spadework("run", str(site(tmp_path, **changes)), "--out", str(tmp_path / "out"))
    assert done.returncode == code, (name, done.stderr)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_period_without_scenes_says_what_there_is(here: Path) -> None:
    path = site(here)
    other = path.with_name("late.toml")
    other.write_text(
        path.read_text()
        .replace("2021-01-01", "2031-01-01")
        .replace("2022-03-01", "2032-03-01")
        .replace("2023-12-31", "2033-12-31")
    )
    done = spadework("run", str(other), "--out", str(here / "late"))
    assert done.returncode == 2
    assert "2021-01-15 to 2023-06-15" in done.stderr


def test_mixed_crs_inside_one_set_names_both(here: Path, tmp_path: Path) -> None:
    stack(tmp_path / "stack", dates=2)
    stack(tmp_path / "other", dates=1, epsg=32638)
    (tmp_path / "other" / "20210115.tif").rename(tmp_path / "stack" / "20200115.tif")
    done = spadework("run", str(site(tmp_path)), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "EPSG:32637" in done.stderr
    assert "EPSG:32638" in done.stderr


def test_a_truncated_file_costs_one_look_and_is_named(here: Path, tmp_path: Path) -> None:
    stack(tmp_path / "stack")
    victim = tmp_path / "stack" / "20220515.tif"
    victim.write_bytes(victim.read_bytes()[:3000])
    done = spadework("run", str(site(tmp_path)), "--out", str(tmp_path / "out"), "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 3
    assert "20220515" in json.dumps(told["dropped"])
    assert told["looks"] == 29
    assert [e["status"] for e in told["events"]] == ["confirmed"]
    assert "20220515" in (tmp_path / "out" / "report.html").read_text()
    told_in = [p for p in (tmp_path / "out").rglob("*") if p.suffix in (".json", ".jsonl", ".geojson", ".html", ".csv")]
    assert len(told_in) > 30
    assert [p for p in told_in if str(tmp_path) in p.read_text()] == [], "a dossier tells the folders of who made it"


def test_no_permission_is_said_before_anything_is_lost(here: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = spadework("run", str(site(here)), "--out", str(blocked / "dossier"))
    assert done.returncode == 1
    assert str(blocked) in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_disk_space_stops_with_one_line_and_goes_on_later(here: Path, tmp_path: Path) -> None:
    full = tmp_path / "small-disk"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(full)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        done = spadework("run", str(site(here)), "--out", str(full / "dossier"))
        assert done.returncode == 1, done.stdout
        assert "no space left" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list(full.rglob(".part-*"))
        kept = len(list(full.rglob("*.json")))
        subprocess.run(["mount", "-o", "remount,size=100m", str(full)], check=True)
        told = json.loads(spadework("run", str(site(here)), "--out", str(full / "dossier"), "--json").stdout)
        assert kept > 0
        assert told["read"] < told["looks"]
    finally:
        subprocess.run(["umount", str(full)], check=True)


def test_mark_asks_for_what_it_needs(here: Path, tmp_path: Path) -> None:
    assert spadework("mark", str(tmp_path), "E1", "reject", "--reason", "x").returncode == 2
    done = spadework("mark", str(here / "dossier"))
    assert done.returncode == 2
    assert "--reason" in done.stderr


def test_plan_prints_scenes_grid_bytes_and_hosts_and_stops(here: Path, tmp_path: Path) -> None:
    path = site(here)
    done = spadework("run", str(path), "--plan", "--out", str(tmp_path / "never"))
    assert done.returncode == 0
    for words in ("EPSG:32637", "to read", "this machine", "20210115"):
        assert words in done.stdout
    assert not (tmp_path / "never").exists()
    assert json.loads(spadework("run", str(path), "--plan", "--json").stdout)["bytes"] > 0


def test_init_writes_a_site_file_that_is_valid_and_never_overwrites(tmp_path: Path) -> None:
    done = spadework("init", "mine.toml", "--point", "26.1", "44.4", "--name", "Lake", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = read_site(tmp_path / "mine.toml")
    assert made.name == "Lake"
    assert made.imagery[0].collections == ("sentinel-2-l2a",)
    assert spadework("init", "mine.toml", cwd=tmp_path).returncode == 2


def test_simulate_writes_a_site_that_says_it_is_synthetic(tmp_path: Path) -> None:
    assert write_scenario(builtin_scenario("arid"), tmp_path) > 200
    assert "synthetic = true" in (tmp_path / "site.toml").read_text()
    assert (tmp_path / "truth" / "start_day.tif").is_file()
    assert spadework("simulate", "nowhere.toml").returncode == 2
