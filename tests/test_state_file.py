"""The file that keeps arrays between runs: what went in comes out, or an error says which part did not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spadework.errors import StorageError
from spadework.store import state
from spadework.store.container import layout
from spadework.store.files import PART, clear_leftovers
from spadework.store.state import FORMAT, read_arrays, write_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

KINDS = [
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.byte_string_dtypes(min_len=1, max_len=5),
    hnp.unicode_string_dtypes(min_len=1, max_len=5),
]
FEW = {
    "coef": np.arange(30, dtype=np.float32).reshape(2, 3, 5),
    "usable": np.array([[True, False, True]]),
    "left": np.arange(-3, 3, dtype=np.int8),
    "none": np.zeros((4, 0), np.int16),
}
FACTS: dict[str, Any] = {
    "looks": 12,
    "last": "2024-05-01",
    "share": 0.1,
    "bands": ["red", "nir"],
    "seen": {"a": None, "b": True},
}


@st.composite
def arrays(draw: st.DrawFn) -> NDArray[Any]:
    array = draw(hnp.arrays(draw(st.one_of(KINDS)), hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
    return np.asfortranarray(array) if draw(st.booleans()) else array


def same(a: Mapping[str, NDArray[Any]], b: Mapping[str, NDArray[Any]]) -> bool:
    def known(array: NDArray[Any]) -> tuple[Any, ...]:
        return array.dtype.str, array.shape, array.flags.c_contiguous, array.flags.f_contiguous, array.tobytes("A")

    return {name: known(array) for name, array in a.items()} == {name: known(array) for name, array in b.items()}


def damaged(path: Path, data: bytes) -> str:
    """What reading says of these bytes."""
    path.write_bytes(data)
    with pytest.raises(StorageError) as caught:
        read_arrays(path)
    assert caught.value.thing == str(path)
    assert caught.value.mend
    return caught.value.problem


@pytest.fixture
def few(tmp_path: Path) -> Path:
    path = tmp_path / "a" / "kept.npz"
    write_arrays(path, FEW, FACTS)
    return path


# ---------------------------------------------------------------- what goes in comes out
@settings(deadline=None)
@given(st.dictionaries(st.text("abcxyz_09", min_size=1, max_size=9), arrays(), max_size=4))
def test_any_arrays_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, kept: dict[str, NDArray[Any]]) -> None:
    path = tmp_path_factory.mktemp("kept") / "x"
    write_arrays(path, kept, {})
    back, facts = read_arrays(path)
    assert same(back, kept)
    assert list(back) == sorted(kept)
    assert facts == {}
    assert all(array.flags.writeable and array.flags.aligned for array in back.values())


def test_facts_come_back_as_they_were(few: Path) -> None:
    assert read_arrays(few)[1] == FACTS


@pytest.mark.parametrize("block", [1, 7, 64])
def test_arrays_longer_than_a_block_and_views_with_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(state, "BLOCK", block)
    whole = np.arange(600, dtype=np.int32).reshape(10, 12, 5)
    views = {
        "gaps": whole[::2, ::-1, 1:],
        "turned": whole.transpose(1, 0, 2),
        "fortran": whole.T,
        "back": whole[0, 0, ::-2],
        "one": np.broadcast_to(whole, (2, 10, 12, 5)),
    }
    write_arrays(tmp_path / "x", views, FACTS)
    back, facts = read_arrays(tmp_path / "x")
    for name, view in views.items():
        np.testing.assert_array_equal(back[name], view, strict=True)
    assert back["fortran"].flags.f_contiguous
    assert facts == FACTS


def test_same_content_same_bytes_whatever_order_it_is_given_in(few: Path, tmp_path: Path) -> None:
    write_arrays(tmp_path / "again", dict(reversed(FEW.items())), dict(reversed(FACTS.items())))
    assert (tmp_path / "again").read_bytes() == few.read_bytes()
    assert few.stat().st_mode & 0o777 == 0o644


def test_numpy_and_unzip_open_it(few: Path) -> None:
    with np.load(few, allow_pickle=False) as file:
        assert same({name: file[name] for name in FEW}, FEW)
        assert json.loads(file["facts.json"]) == {"format": FORMAT, "facts": FACTS}
    with zipfile.ZipFile(few) as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == ["facts.json", *(f"{name}.npy" for name in sorted(FEW))]


REFUSED: list[tuple[dict[str, NDArray[Any]], dict[str, Any]]] = [
    ({"x": np.array([None])}, {}),
    ({"x": np.zeros(2, [("a", "i4"), ("b", "O")])}, {}),
    ({"../x": np.zeros(1)}, {}),
    ({"x": np.zeros(1), "X": np.zeros(1)}, {}),
    ({}, {"pair": (1, 2)}),
    ({}, {"far": float("inf")}),
    ({}, {"by": {1: "one"}}),
]


@pytest.mark.parametrize(("kept", "facts"), REFUSED)
def test_what_would_not_come_back_is_refused_and_nothing_is_written(
    tmp_path: Path, kept: dict[str, NDArray[Any]], facts: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        write_arrays(tmp_path / "x", kept, facts)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- damage
def test_any_flipped_byte_is_noticed_and_one_in_an_array_names_it(few: Path) -> None:
    whole = few.read_bytes()
    with zipfile.ZipFile(few) as zipped:
        starts = {info.header_offset: info.filename.removesuffix(".npy") for info in zipped.infolist()}
    index = whole.index(b"PK\1\2")
    for at in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            problem = damaged(few, whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            if at < index:
                name = starts[max(start for start in starts if start <= at)]
                assert ("its facts are" if name == "facts.json" else f"its array '{name}' is") in problem, (at, problem)


def test_any_cut_is_noticed(few: Path) -> None:
    whole = few.read_bytes()
    for length in range(len(whole)):
        assert damaged(few, whole[:length])
    assert damaged(few, whole + b"\0")
    assert damaged(few, b"\0" + whole)


def test_an_array_put_in_place_of_another_is_noticed(few: Path, tmp_path: Path) -> None:
    """All checksums of its content are right."""
    write_arrays(tmp_path / "other", {**FEW, "left": FEW["left"][::-1]}, FACTS)
    a, b = few.read_bytes(), (tmp_path / "other").read_bytes()
    cut = a.index(b"PK\1\2")
    assert "its array 'left' is" in damaged(few, b[:cut] + a[cut:])


def test_another_format_is_one_clear_error(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "FORMAT", FORMAT + 1)
    write_arrays(few, FEW, FACTS)
    monkeypatch.undo()
    with pytest.raises(StorageError) as caught:
        read_arrays(few)
    said = f"is of format {FORMAT + 1}, and this Spadework reads format {FORMAT}. delete that one file and run again"
    assert str(caught.value).startswith(f"{few}: {said}")


def foreign(path: Path, entries: dict[str, bytes]) -> None:
    """A zip that is whole, of other things."""
    parts = [state._entry(name, [memoryview(data)]) for name, data in entries.items()]  # noqa: SLF001 - to write what never is written
    plan = layout(parts)
    heads = [head for _, head in plan.heads]
    path.write_bytes(b"".join(head + data for head, data in zip(heads, entries.values(), strict=True)) + plan.index)


FOREIGN: list[dict[str, bytes]] = [
    {},
    {"a.txt": b"a"},
    {"facts.json": b"{"},
    {"facts.json": b"[1]"},
    {"facts.json": b"{}"},
    {"facts.json": b"\xff"},
    {"facts.json": b"[" * 100_000},
    {"facts.json": b'{"format": 1, "facts": {}}', "x.npy": b"no array"},
    {"facts.json": b'{"format": 1, "facts": {}}', "x.npy": next(iter(state._npy(np.zeros(3)))).tobytes()},  # noqa: SLF001
]


@pytest.mark.parametrize("entries", FOREIGN)
def test_a_whole_zip_of_other_things_is_no_file_of_arrays(tmp_path: Path, entries: dict[str, bytes]) -> None:
    foreign(tmp_path / "x", entries)
    with pytest.raises(StorageError, match="is not a file of arrays"):
        read_arrays(tmp_path / "x")


def test_a_pickled_array_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}]), allow_pickle=True)
    foreign(tmp_path / "x", {"facts.json": b'{"format": 1, "facts": {}}', "x.npy": (tmp_path / "x.npy").read_bytes()})
    with pytest.raises(StorageError, match=r"is not a file of arrays: 'x.npy' is none"):
        read_arrays(tmp_path / "x")


def test_no_file_or_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(StorageError, match=f"^{path}: cannot be read"):
            read_arrays(path)


# ---------------------------------------------------------------- whole or not at all
def child(path: Path, before: str, rows: int = 1 << 16) -> list[str]:
    """Command line of a process that does something and writes so many rows of 4 kB, which cost it no memory."""
    code = f"""
import os, resource, sys
from pathlib import Path
import numpy as np
from spadework.errors import StorageError
from spadework.store.state import write_arrays
{before}
try:
    write_arrays(Path({str(path)!r}), {{"much": np.broadcast_to(np.uint8(1), ({rows}, 1 << 12))}}, {{}})
except StorageError as error:
    sys.exit(str(error))
"""
    return [sys.executable, "-c", code]


@pytest.fixture
def clean(few: Path) -> Iterator[Path]:
    """The file of a few arrays, which must be as it was, and alone once leftovers are removed."""
    yield few
    assert same(read_arrays(few)[0], FEW)
    clear_leftovers(few.parent)
    assert list(few.parent.iterdir()) == [few]


def leftovers(path: Path) -> list[Path]:
    return list(path.parent.glob(f"{PART}*"))


def test_a_kill_half_way_leaves_the_old_file(clean: Path) -> None:
    with subprocess.Popen(child(clean, "", 1 << 18)) as process:
        while process.poll() is None and not any(part.stat().st_size > 1 << 20 for part in leftovers(clean)):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert 1 << 20 < leftovers(clean)[0].stat().st_size < 1 << 30


def test_a_kill_before_it_is_on_the_disk_leaves_the_old_file(clean: Path) -> None:
    """All is written when the file is synced, and nothing moved yet."""
    done = subprocess.run(child(clean, f"os.fsync = lambda _: os.kill(os.getpid(), {int(signal.SIGKILL)})"), check=False)
    assert done.returncode == -signal.SIGKILL
    assert leftovers(clean)[0].stat().st_size > 1 << 28


def test_no_room_leaves_the_old_file_and_no_other(clean: Path) -> None:
    """The system itself stops the file at 10 MB, as a full disk does."""
    done = subprocess.run(
        child(clean, "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))"),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{clean}: cannot be written (File too large)")
    assert leftovers(clean) == []


def test_a_folder_without_permission(clean: Path) -> None:
    clean.parent.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write anywhere; nobody may not
    try:
        with pytest.raises(StorageError, match="no permission"):
            write_arrays(clean, {}, {})
    finally:
        if root:
            os.seteuid(0)
        clean.parent.chmod(0o700)


def test_writing_copies_no_array(tmp_path: Path) -> None:
    """A quarter of a gigabyte is written in 128 MB more than the process has before."""
    limit = "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize() + (1 << 27)"
    done = subprocess.run(
        child(tmp_path / "x", f"{limit}\nresource.setrlimit(resource.RLIMIT_AS, (size, size))"),
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert read_arrays(tmp_path / "x")[0]["much"].sum() == 1 << 28
