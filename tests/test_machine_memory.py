"""Large arrays beyond what memory is allowed lie in files, and nothing else changes."""

from __future__ import annotations

import datetime as dt
import gc
import mmap
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spadework.change.history import keep, monitor
from spadework.change.packed import arrays_of
from spadework.cube import Change
from spadework.errors import UserError
from spadework.intake.scenario import builtin_scenario
from spadework.machine import room
from spadework.machine.memory import SMALL, VARIABLE
from spadework.run.pipeline import MONITOR
from spadework.simulate.cube import cube_of

if TYPE_CHECKING:
    from pathlib import Path

GB = 1 << 30
LARGE = 3 * SMALL
ONE = LARGE / GB
"""GB that hold one large array."""


def in_file(array: np.ndarray) -> bool:
    return isinstance(array.base, mmap.mmap)


@pytest.fixture(autouse=True)
def no_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No large arrays of other tests are counted, and files go where this one may look."""
    gc.collect()
    monkeypatch.setattr("spadework.machine.memory._HELD.count", 0)
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.mark.parametrize("fill", [0, 7])
@pytest.mark.parametrize("most", ["0", "8"])
def test_room_is_of_one_number_and_can_be_written_to_wherever_it_is(
    most: str, fill: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, most)
    array = room((3, SMALL // 4), np.int32, fill)
    assert in_file(array) == (most == "0")
    assert array.dtype == np.int32
    assert array.shape == (3, SMALL // 4)
    assert array.flags.c_contiguous
    assert (array == fill).all()
    array[1] = np.arange(SMALL // 4)
    assert array[1, -1] == SMALL // 4 - 1
    assert (array[[0, 2]] == fill).all()
    assert list(tmp_path.iterdir()) == []  # no name that could be left behind


def test_what_is_gone_is_not_counted_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(ONE * 1.5))
    first = room(LARGE, np.uint8)
    rows = first.reshape(3, -1)[1:]
    assert not in_file(first)
    assert in_file(room(LARGE, np.uint8))
    del first
    assert in_file(room(LARGE, np.uint8))  # still seen through its rows
    del rows
    gc.collect()
    assert not in_file(room(LARGE, np.uint8))


def test_small_arrays_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0")
    assert not in_file(room(SMALL - 1, np.uint8))
    assert room((0, 5), np.uint8).shape == (0, 5)


@pytest.mark.parametrize("told", ["much", "", "-1", "nan"])
def test_what_is_allowed_is_a_number(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, told)
    with pytest.raises(UserError, match=VARIABLE):
        room(LARGE, np.uint8)


@pytest.mark.parametrize(
    ("folder", "limit"), [pytest.param("there", SMALL, id="a file limit"), pytest.param("gone", None, id="no such folder")]
)
def test_no_space_is_told_before_anything_is_written(folder: str, limit: int | None, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    code = f"""
import resource, numpy as np
from spadework.errors import StorageError
from spadework.machine import room
if {limit}: resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    room({4 * SMALL}, np.uint8)
except StorageError as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={VARIABLE: "0", "TMPDIR": str(tmp_path / folder), "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert "TMPDIR" in told.stdout, told
    assert str(tmp_path / folder) in told.stdout


def test_monitoring_says_the_same_to_the_byte_and_keeps_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = builtin_scenario("arid")
    cube, _ = cube_of(made)
    monkeypatch.setattr("spadework.machine.memory.SMALL", 1)
    told: list[tuple[Change, dict[str, bytes], bool]] = []
    for most in ("8", "0"):
        monkeypatch.setenv(VARIABLE, most)
        state = keep(cube, made.watch_from, MONITOR)
        kept = {name: array.tobytes() for name, array in arrays_of(state).items()}
        told.append((monitor(cube, made.watch_from, MONITOR), kept, in_file(state.pixels.learnt.coef)))
    (here, kept, in_memory), (there, kept_there, lies_in_file) = told
    assert (in_memory, lies_in_file) == (False, True)
    assert kept == kept_there
    assert all(getattr(here, name).tobytes() == getattr(there, name).tobytes() for name in Change.__slots__)
    assert here.confirmed.max() > (dt.date(2016, 1, 1) - dt.date(1970, 1, 1)).days


HEAVY = """
import resource, sys
import numpy as np
from spadework.machine import room
held = int(next(line for line in open("/proc/self/status") if line.startswith("VmData")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (held + {data}, held + {data}))
arrays = []
for n in range(8):
    arrays.append(room({each}, np.uint8, n))
print(sum(int(array[-1]) for array in arrays))
"""


@pytest.mark.parametrize(("most", "fits"), [("0.06", True), ("8", False)])
def test_memory_of_the_process_stays_bounded_by_the_setting(most: str, *, fits: bool, tmp_path: Path) -> None:
    """Eight arrays of 32 MB, where the system allows 128 MB beyond the interpreter's own."""
    code = HEAVY.format(data=128 << 20, each=32 << 20)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={VARIABLE: most, "TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert (done.returncode == 0) == fits, done.stderr
    assert done.stdout.strip() == ("28" if fits else "")
    assert fits or "MemoryError" in done.stderr
