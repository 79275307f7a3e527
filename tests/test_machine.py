"""Machine code: compiled once, kept where it belongs, never run from a folder that somebody else could write to."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pkgutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from test_run import SPOIL, hashes, small

from spadework import change, objects
from spadework.errors import StorageError
from spadework.machine import Folder
from spadework.machine.compiled import folder_of
from spadework.machine.folders import FORGOTTEN_S, cache_home, folder_for
from spadework.run.demo import write_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

SPY = """
import json, sys
from numba.core import event
heard = event.RecordingListener()
event.register("numba:compile", heard)
{body}
print(json.dumps(sorted({{str(what.data["dispatcher"]) for _, what in heard.buffer}})))
"""
"""A program whose last line names all functions that it had to compile."""
MONITOR = """
import datetime as dt
import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from spadework.change.history import monitor
from spadework.cube import Cube
from spadework.records import Look

def cube(side, bands, times=40):
    day = dt.datetime(2020, 1, 1, 9, tzinfo=dt.UTC)
    looks = tuple(Look(str(n), day + dt.timedelta(days=20 * n), "test", (), 1.0) for n in range(times))
    values = np.random.default_rng(1).normal(2000, 40, (times, bands, side, side))
    values[30:, :, : side // 2] += 900
    clear = np.ones((times, side, side), np.bool_)
    grid = GeoBox((side, side), Affine(10, 0, 600_000, 0, -10, 4_000_000), "EPSG:32637")
    names = ("blue", "green", "red", "nir", "swir16", "swir22")[:bands]
    return Cube(values.astype(np.int16), clear, ~clear, looks, names, grid, clear[0])

START = dt.date(2021, 1, 1)
"""


def child(program: str | Sequence[str], home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A program, or a command of ours, in a process of its own that keeps code in ``home``."""
    command = ["-c", program] if isinstance(program, str) else ["-m", "spadework", *program]
    told = {**os.environ, "NUMBA_CACHE_DIR": "", "XDG_CACHE_HOME": str(home), **env}
    return subprocess.run([sys.executable, *command], env=told, check=False, capture_output=True, text=True, timeout=280)


def compiled_by(body: str, home: Path, **env: str) -> list[str]:
    done = child(SPY.format(body=body), home, **env)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a site, the cache folder ``home`` of a process that had to compile, and ``dossier``, made by it; workers of pytest-xdist share one."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fresh"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "dossier").exists():
            write_scenario(small((SPOIL,)), folder)
            done = child(["run", str(folder / "site.toml"), "--out", str(folder / "dossier"), "--no-pdf"], folder / "home")
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def warmed(fresh: Path) -> Path:
    """A cache folder after ``spadework warm``."""
    done = child(["warm", "--json"], fresh / "home")
    assert done.returncode == 0, done.stderr
    return fresh / "home"


# ---------------------------------------------------------------- spadework warm
def test_a_second_call_finds_all_there_and_says_where(warmed: Path) -> None:
    told = json.loads(child(["warm", "--json"], warmed).stdout)
    assert told["compiled"] == 0
    assert told["functions"] >= 6
    assert told["size"] == sum(path.stat().st_size for path in warmed.rglob("*") if path.is_file()) > 100_000
    assert {Path(folder).parent for folder in told["folders"]} == {warmed / "spadework"}
    text = child(["warm"], warmed).stdout
    assert "nothing to do" in text
    assert all(f"kept in  {folder}\n" in text for folder in told["folders"])


def test_warm_reaches_every_function_that_is_kept(warmed: Path) -> None:
    body = """
from spadework.machine import kept
from spadework.run.warm import warm
warm(lambda *_: None)
import spadework.run.compare, spadework.run.demo, spadework.run.measure, spadework.run.publish, spadework.run.claims
print([one.dispatcher for one in kept() if not one.ready])
"""
    done = child(body, warmed)
    assert done.stdout == "[]\n", done.stderr


def test_the_demo_compiles_nothing_after_warm(warmed: Path, tmp_path: Path) -> None:
    """Its portal: monitored, its sensitivity measured, its sub-metre scenes searched."""
    body = f"""
from spadework.cli import app
for command in (["simulate", "portal", "--out", "{tmp_path}"], ["run", "{tmp_path}/site.toml", "--out", "{tmp_path}/dossier", "--no-pdf"]):
    try:
        app(command)
    except SystemExit as end:
        assert end.code in (0, 3), end.code
"""
    assert compiled_by(body, warmed) == []
    assert json.loads((tmp_path / "dossier" / "dossier.json").read_text())["counts"]["events"]


def test_arrays_of_every_make_compile_nothing_after_warm(warmed: Path, tmp_path: Path) -> None:
    every = f"""
import dataclasses
for side, bands in ((1, 1), (4, 6), (16, 6), (1, 6), (16, 3)):
    monitor(cube(side, bands), START)
    monitor(cube(side, bands), dt.date(2019, 1, 1))
    monitor(cube(side, bands), dt.date(2030, 1, 1))
given = cube(16, 6)
expected = monitor(given, START).confirmed.tobytes()
np.save("{tmp_path}/values.npy", given.reflectance)
fixed = given.reflectance.copy()
fixed.flags.writeable = False
for values in (np.asfortranarray(fixed), fixed, np.load("{tmp_path}/values.npy", mmap_mode="r"), np.repeat(fixed, 2, axis=3)[..., ::2]):
    for clear in (given.clear, np.asfortranarray(given.clear)):
        assert monitor(dataclasses.replace(given, reflectance=values, clear=clear), START).confirmed.tobytes() == expected
"""
    assert compiled_by(MONITOR + every, warmed) == []


def test_code_fresh_from_the_compiler_and_from_the_cache_give_the_same_bytes(fresh: Path, tmp_path: Path) -> None:
    assert list((fresh / "home").rglob("*.nbc"))
    done = child(["run", str(fresh / "site.toml"), "--out", str(tmp_path), "--no-pdf"], fresh / "home")
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "rasters") == hashes(fresh / "dossier" / "rasters")


def test_a_command_that_must_compile_says_so(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (96, 96), np.uint8)).save(picture)
    command = ["objects", str(picture), "--gsd", "0.5", "--json"]
    cold = child(command, tmp_path / "home", FORCE_COLOR="1")
    assert cold.returncode == 0, cold.stderr
    assert "compiling for this machine, once" in cold.stderr
    warm = child(command, tmp_path / "home", FORCE_COLOR="1")
    assert "compiling" not in warm.stderr
    assert warm.stdout == cold.stdout


# ---------------------------------------------------------------- several processes at once
ROOM = """
from spadework.machine import keeper
kept = keeper("quarry")

@kept
def dig(x):
    total = x - x
    for n in range(100):
        total += x * n
    return total

@kept
def back(n):
    return 1 if n < 1 else n * back(n - 1)
"""


def room(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "quarry").mkdir()
    (tmp_path / "quarry" / "__init__.py").write_text("")
    (tmp_path / "quarry" / "pit.py").write_text(ROOM)
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}


def test_processes_that_meet_compile_once_and_never_take_each_others_code(tmp_path: Path) -> None:
    env = room(tmp_path)
    wait = f"""
from quarry.pit import dig
import os, pathlib, time
pathlib.Path("{tmp_path}/ready-" + str(os.getpid())).touch()
while len(list(pathlib.Path("{tmp_path}").glob("ready-*"))) < 4:
    time.sleep(0.001)
"""
    told = {**os.environ, **env, "NUMBA_CACHE_DIR": "", "XDG_CACHE_HOME": str(tmp_path / "home")}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SPY.format(body=f"{wait}assert dig({x}) == 4950 * {x}")], env=told, stdout=-1, text=True
        )
        for x in ("2", "3", "2.5", "3.5")
    ]
    done = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sum(map(len, done)) == 2  # one for whole numbers, one for others
    check = "from quarry.pit import dig\nassert (dig(2), dig(2.5), type(dig(2)), type(dig(2.5))) == (9900, 12375.0, int, float)"
    assert compiled_by(check, tmp_path / "home", **env) == []


def test_a_function_that_calls_itself_does_not_wait_for_itself(tmp_path: Path) -> None:
    assert compiled_by("from quarry.pit import back\nassert back(5) == 120", tmp_path / "home", **room(tmp_path))


def test_a_function_that_makes_an_array_does_not_compile(tmp_path: Path) -> None:
    env = room(tmp_path)
    pit = tmp_path / "quarry" / "pit.py"
    pit.write_text(f"import numpy as np\n{ROOM}\n@kept\ndef heap(n):\n    return np.zeros(n)[0]\n")
    body = "from quarry.pit import heap\nfrom numba.core.errors import NumbaError\ntry:\n    heap(3)\nexcept NumbaError:\n    pass\nelse:\n    raise SystemExit(1)"
    compiled_by(body, tmp_path / "home", **env)


def test_memory_that_is_fetched_ahead_is_as_it_was_wherever_it_lies(tmp_path: Path) -> None:
    env = room(tmp_path)
    pit = tmp_path / "quarry" / "pit.py"
    pit.write_text(
        f"from spadework.machine import prefetch\n{ROOM}\n@kept\ndef look(rows, i):\n    prefetch(rows, i, 5)\n    return rows[0, 1]\n"
    )
    body = "from quarry.pit import look\nimport numpy as np\nrows = np.arange(12.0).reshape(3, 4)\n"
    body += "assert [look(rows, i) for i in (0, 2, 3, -1, 10**9)] == [1.0] * 5\nassert (rows.ravel() == range(12)).all()"
    assert compiled_by(body, tmp_path / "home", **env)


def test_without_the_compiler_functions_stay_python(tmp_path: Path) -> None:
    body = "from quarry.pit import dig\nimport types\nassert isinstance(dig, types.FunctionType)"
    assert compiled_by(body, tmp_path / "home", NUMBA_DISABLE_JIT="1", **room(tmp_path)) == []


def test_a_file_system_without_locks_is_good_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with Folder(tmp_path).alone("dig"):
        pass


# ---------------------------------------------------------------- which folder
def test_an_edit_of_any_source_of_the_room_gives_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names, before, real = {folder_of(change.__name__)}, folder_of(change.__name__), pkgutil.get_data
    sources = ("algebra", "compiled", "fit", "folders", "stand", "twins", "watch", "whiten")
    for edited in sources:

        def get_data(package: str, resource: str, edited: str = edited) -> bytes | None:
            data = real(package, resource)
            return (data or b"") + b"# edited\n" if resource == f"{edited}.py" else data

        monkeypatch.setattr(pkgutil, "get_data", get_data)
        names.add(folder_of(change.__name__))
    monkeypatch.undo()
    assert len(names) == 1 + len(sources)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder_of(change.__name__) == before


def test_an_edited_room_is_compiled_again(tmp_path: Path) -> None:
    env = room(tmp_path)
    assert compiled_by("from quarry.pit import dig\nassert dig(2) == 9900", tmp_path / "home", **env)
    pit = tmp_path / "quarry" / "pit.py"
    pit.write_text(ROOM.replace("range(100)", "range(10)"))
    assert compiled_by("from quarry.pit import dig\nassert dig(2) == 90", tmp_path / "home", **env)
    assert len(list((tmp_path / "home" / "spadework").iterdir())) == 2


def test_a_folder_is_named_by_version_room_sources_and_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    here = folder_of(change.__name__).path
    assert here.parent == tmp_path / "spadework"
    assert here.name.startswith("0.1.0-change-")
    assert here.name != folder_of(objects.__name__).path.name
    program = """
from spadework import change
from spadework.machine.compiled import folder_of
print(folder_of(change.__name__).path.name)
"""
    assert child(program, tmp_path).stdout.strip() == here.name
    plain = child(program, tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="").stdout.strip()
    assert plain.startswith("0.1.0-change-")
    assert "-generic-" in plain


@pytest.mark.parametrize(
    ("chosen", "platform", "env", "expected"),
    [
        ("/chosen", "linux", {"XDG_CACHE_HOME": "/xdg"}, "/chosen"),
        ("", "linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg"),
        ("", "linux", {"XDG_CACHE_HOME": "relative"}, "/home/her/.cache"),  # not valid, says the XDG specification
        ("", "linux", {"XDG_CACHE_HOME": ""}, "/home/her/.cache"),
        ("", "darwin", {"XDG_CACHE_HOME": "/xdg"}, "/xdg"),
        ("", "darwin", {}, "/home/her/Library/Caches"),
        ("", "win32", {"LOCALAPPDATA": "/local", "XDG_CACHE_HOME": "/xdg"}, "/local"),
    ],
)
def test_the_users_cache_folder(
    chosen: str, platform: str, env: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/her")
    monkeypatch.setattr(sys, "platform", platform)
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    assert cache_home(chosen) == Path(expected)


# ---------------------------------------------------------------- where nothing can be written
@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that cannot be: a file stands in its place (permissions do not bind root). Returns where temporary files go."""
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def test_code_goes_to_a_folder_of_the_users_own_among_temporary_files(no_cache: Path) -> None:
    own = no_cache / f"spadework-{os.getuid()}"
    for _ in range(2):
        assert folder_for("name", "").path == own / "name"
    assert own.stat().st_mode & 0o777 == 0o700


def test_so_it_does_for_a_user_without_a_home(no_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", home)
    assert folder_for("name", "").path == no_cache / f"spadework-{os.getuid()}" / "name"


@pytest.mark.parametrize("kind", ["foreign", "open", "link", "file"])
def test_code_that_somebody_else_could_have_put_there_is_not_run(
    no_cache: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = os.getuid()
    if kind == "foreign":  # for another user than who made it
        monkeypatch.setattr("os.getuid", lambda: uid + 1)
    own = no_cache / f"spadework-{os.getuid()}"
    if kind == "file":
        own.write_text("")
    elif kind == "link":
        (no_cache / "elsewhere").mkdir(mode=0o700)
        own.symlink_to(no_cache / "elsewhere")
    else:
        own.mkdir(mode=0o700)
    if kind == "open":
        own.chmod(0o777)
    with pytest.raises(StorageError, match=f"spadework-{os.getuid()}.*NUMBA_CACHE_DIR"):
        folder_for("name", "")


def test_a_command_without_any_folder_ends_in_one_line(no_cache: Path) -> None:
    (no_cache / f"spadework-{os.getuid()}").write_text("")
    done = child(["warm"], Path(os.environ["XDG_CACHE_HOME"]), TMPDIR=str(no_cache))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "NUMBA_CACHE_DIR" in done.stderr


def test_a_real_monitor_keeps_its_code_among_temporary_files(no_cache: Path, tmp_path: Path) -> None:
    env = {**room(tmp_path), "TMPDIR": str(no_cache)}
    body = "from quarry.pit import dig\nassert dig(2) == 9900"
    assert compiled_by(body, Path(os.environ["XDG_CACHE_HOME"]), **env)
    assert compiled_by(body, Path(os.environ["XDG_CACHE_HOME"]), **env) == []
    assert list((no_cache / f"spadework-{os.getuid()}").rglob("*.nbc"))


def test_a_full_disk_ends_in_one_line(tmp_path: Path) -> None:
    """No file may grow beyond 100 bytes."""
    body = """
import resource
from quarry.pit import dig
from spadework.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    dig(2)
except StorageError as error:
    assert "NUMBA_CACHE_DIR" in str(error), error
else:
    raise AssertionError
"""
    assert compiled_by(body, tmp_path / "home", **room(tmp_path))


def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    body = f"""
import shutil
from quarry.pit import dig
shutil.rmtree("{tmp_path}/home")
assert dig(2) == 9900
"""
    env = room(tmp_path)
    assert compiled_by(body, tmp_path / "home", **env)
    assert compiled_by("from quarry.pit import dig\nassert dig(2) == 9900", tmp_path / "home", **env) == []


# ---------------------------------------------------------------- old code
def test_code_that_nobody_asked_for_in_90_days_is_removed(tmp_path: Path) -> None:
    def made(name: str, age: float) -> Folder:
        folder = Folder(tmp_path / name)
        (folder.path / "change_1234").mkdir(parents=True)
        (folder.path / "change_1234" / "fit.nbc").write_bytes(b"code")
        with folder.alone("fit"):
            pass
        os.utime(folder.path / "fit.lock", (time.time() - age,) * 2)
        return folder

    ours, old, used = made("ours", 0), made("old", FORGOTTEN_S + 60), made("used", FORGOTTEN_S - 60)
    (tmp_path / "not-code").mkdir()
    assert ours.forget_old() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["not-code", "ours", "used"]
    assert not old.path.exists()
    with used.alone("fit"):
        pass
    assert time.time() - (used.path / "fit.lock").stat().st_mtime < 60
