"""The command line as a stranger meets it: help, exit codes, one line that names the thing and the mend."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

import spadework as package
from spadework.cli.printed import published_text
from spadework.intake.scenario import builtin_scenario
from spadework.intake.site import read_site
from spadework.publish.lint import CHANGES, Known, lint
from spadework.records import Gate, Look, Period, Product, SignOff
from spadework.run.demo import write_scenario
from spadework.run.plan import told_too_little
from spadework.run.publish import Published

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
    typo = spadework("mark", str(here / "dossier"), "E1", "rejct", "--reason", "ploughing")
    assert (typo.returncode, typo.stderr.count("\n")) == (2, 1)
    assert "did you mean 'reject'?" in typo.stderr
    short = spadework("mark", str(here / "dossier"), "1", "reject", "--reason", "x.")
    assert (short.returncode, "'x.' tells the reader nothing" in short.stderr) == (2, True)
    both = spadework("mark", str(here / "dossier"), "E1", "reject", "--add", "nope.geojson", "--reason", "seen on foot")
    assert (both.returncode, "takes an event or --add, not both" in both.stderr) == (2, True)
    absent = spadework("mark", str(here / "dossier"), "--add", "nope.geojson", "--reason", "seen on foot")
    assert absent.returncode == 2
    assert absent.stderr.startswith("spadework: nope.geojson: cannot be read")
    assert "site.geometry" not in absent.stderr


def test_mark_takes_the_number_of_an_event_on_the_page_and_warns_of_an_unknown_name(here: Path, tmp_path: Path) -> None:
    spadework("run", str(site(here)), "--out", str(tmp_path))
    ids = [feature["properties"]["id"] for feature in json.loads((tmp_path / "events.geojson").read_text())["features"]]
    done = spadework("mark", str(tmp_path), str(len(ids)), "accept", "--reason", "seen on foot", SPADEWORK_OPERATOR="")
    assert (done.returncode, done.stderr) == (0, "your name will read 'unknown': set SPADEWORK_OPERATOR\n")
    last = json.loads((tmp_path / "ledger.jsonl").read_text().splitlines()[-1])
    assert last["data"]["event"] == ids[-1]
    named = spadework("mark", str(tmp_path), ids[0], "accept", "--reason", "seen on foot", SPADEWORK_OPERATOR="Ada")
    assert (named.returncode, named.stderr) == (0, "")
    beyond = spadework("mark", str(tmp_path), "99", "accept", "--reason", "seen on foot")
    assert (beyond.returncode, f"its events: {ids[0]}" in beyond.stderr) == (2, True)


def test_a_file_in_place_of_a_dossier_is_the_users_error(here: Path) -> None:
    path = str(site(here))
    for command in (["report", path], ["publish", path], ["run", path, "--out", path]):
        done = spadework(*command)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f"{path}: is a file, no dossier" in done.stderr


def test_another_area_does_not_enter_the_same_dossier_and_a_moved_one_does(here: Path, tmp_path: Path) -> None:
    (tmp_path / "stack").symlink_to(here / "stack")
    west, south, east, north = map(float, BBOX.split(", "))

    def run(*shift: float) -> subprocess.CompletedProcess[str]:
        dx, dy = shift
        path = site(tmp_path, bbox=f"{west + dx}, {south + dy}, {east + dx}, {north + dy}")
        return spadework("run", str(path), "--out", str(tmp_path / "dossier"), "--no-pdf")

    assert run(0, 0).returncode == 0
    assert run(-0.0002, 0).returncode == 0
    lines = (tmp_path / "dossier" / "ledger.jsonl").read_bytes()
    other = run(-0.5, 0)
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert "is the dossier of another area (Stack)" in other.stderr
    assert "name another folder with --out" in other.stderr
    assert (tmp_path / "dossier" / "ledger.jsonl").read_bytes() == lines


def test_a_short_history_is_said_and_ends_with_3(here: Path, tmp_path: Path) -> None:
    (tmp_path / "stack").symlink_to(here / "stack")
    done = spadework("run", str(site(tmp_path, start="2021-05-01")), "--out", str(tmp_path / "out"), "--no-pdf", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (3, 3)
    assert told["warnings"] == [
        "the history is 120 days long: under a year, a season looks like a change",
        "the history has 4 clear looks: too few to know what is normal",
    ]
    assert "too few to know what is normal" in (tmp_path / "out" / "report.html").read_text()


def _looks(*days: str) -> list[Look]:
    return [Look(day, dt.datetime.fromisoformat(f"{day}T10:00:00+00:00"), "A", (), 1.0) for day in days]


def test_what_the_looks_leave_unsaid_of_a_period_is_told_in_words_that_a_report_may_print() -> None:
    start, end = dt.date(2020, 1, 1), dt.date(2020, 6, 1)
    enough = _looks(*(f"2019-{month:02d}-15" for month in range(7, 13)), "2020-02-01")
    assert told_too_little(enough, Period(start, end, start - dt.timedelta(days=366))) == []
    period = Period(start, end, dt.date(2019, 6, 1))
    told = told_too_little(_looks("2019-07-01"), period)
    assert told == [
        "no clear look between 2020-01-01 and 2020-06-01: nothing can be said of that time",
        "the history is 214 days long: under a year, a season looks like a change",
        "the history has 1 clear look: too few to know what is normal",
    ]
    assert not any(lint(text, Known(CHANGES, beside_row_a=True)) for text in told)


def test_an_export_tells_the_whole_command_that_checks_it_and_who_read_it(tmp_path: Path) -> None:
    time = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    words = (SignOff("Ada", "", 1, time), SignOff("Bo", "", 2, time))
    made = Published(tmp_path / "a b.zip", Product(1, words[1:], "SPW-1", 3, time, Gate(5000.0, 0, "")), "ab" * 32, "c", 9, (), True, None)  # fmt: skip
    assert f"    spadework verify 'a b.zip' --head {'ab' * 32}" in published_text(made).splitlines()
    assert "  readers  none: nobody has signed this version of the findings" in published_text(made).splitlines()
    signed = replace(made, product=replace(made.product, sign_offs=words))
    assert "  readers  Ada" in published_text(signed).splitlines()


@pytest.mark.parametrize("text", ["{", "[]", "{}", "[" * 100_000])
def test_a_damaged_sidecar_costs_its_look_and_is_named(tmp_path: Path, text: str) -> None:
    stack(tmp_path / "stack", dates=3)
    (tmp_path / "stack" / "20210215.json").write_text(text)
    done = spadework("run", str(site(tmp_path)), "--plan", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert "20210215.tif: is no STAC item with a datetime" in done.stdout


def test_the_demo_wants_a_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    done = spadework("demo", "--out", str(tmp_path / "demo"))
    assert (done.returncode, done.stderr) == (2, f"spadework: {tmp_path / 'demo'}: is a file. name a folder with --out\n")


def test_ctrl_c_stops_with_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        path = site(tmp_path)
        stac = f'stac = "http://127.0.0.1:{silent.getsockname()[1]}/"\ncollections = ["c"]\n'
        path.write_text(path.read_text().split("files =")[0] + stac)
        running = subprocess.Popen([*CLI, "run", str(path)], cwd=tmp_path, stdout=-1, stderr=-1, text=True)
        peer, _ = silent.accept()
        with peer:
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (1, "", "stopped; what was read is kept, run again to go on\n")


def test_ctrl_c_while_libraries_are_imported_stops_with_the_same_line(here: Path, tmp_path: Path) -> None:
    """Code written in C that imports another library makes an ImportError of whatever is raised there."""
    program = """
import os, signal, sys
class Press:
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
sys.argv[0] = "spadework"
from spadework.cli import main
main()
"""
    command = [sys.executable, "-c", program, "sensitivity", str(site(here)), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "stopped; what was read is kept, run again to go on\n")


def test_the_version_is_told() -> None:
    assert spadework("--version").stdout == f"spadework {package.__version__}\n"


def test_plan_prints_scenes_grid_bytes_and_hosts_and_stops(here: Path, tmp_path: Path) -> None:
    path = site(here)
    done = spadework("run", str(path), "--plan", "--out", str(tmp_path / "never"))
    assert done.returncode == 0
    order = (
        "EPSG:32637",
        "30 of 30 scenes, 16 of them between 2022-03-01 and 2023-12-31",
        "to read",
        "this machine",
        "20210115",
    )
    at = [done.stdout.index(words) for words in order]
    assert at == sorted(at), "totals and hosts come before the scenes"
    assert not (tmp_path / "never").exists()
    assert json.loads(spadework("run", str(path), "--plan", "--json").stdout)["bytes"] > 0


def test_a_plan_names_the_images_that_a_run_will_leave_out(here: Path, tmp_path: Path) -> None:
    (tmp_path / "stack").symlink_to(here / "stack")
    (tmp_path / "text.tif").write_text("no image")
    scene = '[[scene]]\npath = "{}.tif"\ndatetime = 2022-05-12T08:31:00Z\nprovider = "p"\nlicence = "l"\ncredit = "c"\n'
    path = site(tmp_path, more="".join(scene.format(name) for name in ("gone", "text", "stack/20220515")))
    done = spadework("run", str(path), "--plan")
    assert done.returncode == 3
    assert [line for line in done.stdout.splitlines() if line.startswith("  left out gone")] == [
        "  left out gone: is no file. check the path"
    ]
    told = spadework("run", str(path), "--plan", "--json")
    assert told.returncode == 3
    assert [entry["thing"] for entry in json.loads(told.stdout)["dropped"]] == ["gone", "text"]


def test_init_writes_a_site_file_that_is_valid_and_never_overwrites(tmp_path: Path) -> None:
    done = spadework("init", "mine.toml", "--point", "26.1", "44.4", "--name", "Lake", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = read_site(tmp_path / "mine.toml")
    assert made.name == "Lake"
    assert made.imagery[0].collections == ("sentinel-2-l2a",)
    assert spadework("init", "mine.toml", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--point", "26", "99"], "--point: latitude 99.0 is beyond 90"),
        (["--point", "26", "44", "--radius-m", "0"], "--radius-m: 0 is no radius"),
        (["--point", "26", "44", "--name", " "], "--name: is empty"),
    ],
)
def test_init_writes_no_site_that_is_nowhere_or_has_no_name(tmp_path: Path, options: list[str], words: str) -> None:
    done = spadework("init", "mine.toml", *options, cwd=tmp_path)
    assert (done.returncode, words in done.stderr) == (2, True)
    assert not (tmp_path / "mine.toml").exists()


def test_init_without_a_place_says_that_the_place_is_an_example(tmp_path: Path) -> None:
    done = spadework("init", "mine.toml", cwd=tmp_path)
    assert (done.returncode, "put your own there" in done.stderr) == (0, True)
    assert "AN EXAMPLE" in (tmp_path / "mine.toml").read_text()
    assert read_site(tmp_path / "mine.toml").name == "My site"


def test_history_wants_the_earlier_version_first(here: Path, tmp_path: Path) -> None:
    spadework("run", str(site(here)), "--out", str(tmp_path), "--no-pdf")
    event = json.loads((tmp_path / "events.geojson").read_text())["features"][0]["properties"]["id"]
    spadework("mark", str(tmp_path), event, "reject", "--reason", "ploughing")
    spadework("run", str(site(here)), "--out", str(tmp_path), "--no-pdf")
    assert spadework("history", str(tmp_path), "1", "2").returncode == 0
    done = spadework("history", str(tmp_path), "2", "1")
    assert (done.returncode, "version 2 is not before version 1" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--reason", "open ground"], "--reason: is the reason for --exact, which is not there"),
        (["--stamp", "notaurl"], "--stamp: 'notaurl' is no address"),
    ],
)
def test_publish_refuses_an_option_that_means_nothing(here: Path, options: list[str], words: str) -> None:
    done = spadework("publish", str(here / "dossier"), *options)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert words in done.stderr


def test_simulate_writes_a_site_that_says_it_is_synthetic(tmp_path: Path) -> None:
    assert write_scenario(builtin_scenario("arid"), tmp_path) > 200
    assert "synthetic = true" in (tmp_path / "site.toml").read_text()
    assert (tmp_path / "truth" / "start_day.tif").is_file()
    assert spadework("simulate", "nowhere.toml").returncode == 2
