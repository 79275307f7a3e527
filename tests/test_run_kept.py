"""A state that is kept between runs changes no answer: whatever looks come, in whatever order."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_change_rows import DAYS, PAST, TIMES, same, scene, whole
from test_run import SPOIL, go, hashes, small

from spadework.change.history import monitor
from spadework.errors import StorageError, UserError
from spadework.grid import meet
from spadework.run import kept
from spadework.run.demo import write_scenario
from spadework.run.kept import check_file, monitor_on
from spadework.run.outcome import WentOn
from spadework.run.pipeline import MONITOR
from spadework.store.state import read_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.cube import Cube

START = DAYS[PAST]
ALL = range(TIMES)
ELSEWHERE = ((((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.0)),),)
"""An area of interest far from the cube's."""


@pytest.fixture(scope="module")
def cube() -> Cube:
    return scene(whole(14, 13), 3)


def some(cube: Cube, which: list[int] | range) -> Cube:
    """Those looks of a cube, in order of time."""
    at = sorted(set(which))
    return replace(
        cube, reflectance=cube.reflectance[at], clear=cube.clear[at], snow=cube.snow[at], looks=tuple(cube.looks[i] for i in at)
    )


def watch(cube: Cube, path: Path) -> WentOn:
    """Monitor, and hold the answer to that of a run that keeps nothing."""
    change, went = monitor_on(cube, START, path)
    assert same(change, monitor(cube, START))
    return went


@settings(max_examples=15)
@given(data=st.data())
def test_looks_in_any_order_some_of_them_twice_give_what_all_at_once_give(cube: Cube, data: st.DataObject) -> None:
    order = data.draw(st.permutations(list(ALL)) if data.draw(st.booleans()) else st.just(list(ALL)))
    cuts = data.draw(st.lists(st.integers(1, TIMES), max_size=4))
    with TemporaryDirectory() as folder:
        here: set[int] = set()
        for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), TIMES], strict=True):
            twice = data.draw(st.lists(st.sampled_from(sorted(here)), max_size=3)) if here else []
            before, here = here, here | {*order[first:end], *twice}
            went = watch(some(cube, list(here)), Path(folder) / "state.zip")
            in_order = not before or min(here - before, default=TIMES) > max(before)
            history = {look for look in here if look < PAST} == {look for look in before if look < PAST}
            if before and in_order and history:
                assert went == WentOn(len(before), len(here) - len(before), None)
            else:
                assert (went.known, went.new) == (0, len(here))
                assert (went.why is None) == (not before)


def test_new_looks_alone_are_followed(cube: Cube, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.zip"
    assert watch(some(cube, range(PAST + 9)), path) == WentOn(0, PAST + 9, None)
    assert watch(some(cube, range(PAST + 10)), path) == WentOn(PAST + 9, 1, None)
    before = path.read_bytes()
    assert watch(some(cube, range(PAST + 10)), path) == WentOn(PAST + 10, 0, None)
    assert path.read_bytes() == before
    assert watch(cube, path) == WentOn(PAST + 10, TIMES - PAST - 10, None)


def changed(cube: Cube) -> Cube:
    values = cube.reflectance.copy()
    values[PAST + 3, 1, 5, 5] += 1
    return replace(cube, reflectance=values)


def clouded(cube: Cube) -> Cube:
    clear = cube.clear.copy()
    clear[PAST + 3, 5, 5] ^= True
    return replace(cube, clear=clear)


def cut(cube: Cube) -> Cube:
    inside = cube.inside.copy()
    inside[0, 0] = False
    return replace(cube, inside=inside)


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (lambda cube: some(cube, [*range(PAST + 5), *range(PAST + 6, TIMES)]), "gone"),
        (lambda cube: some(cube, range(1, TIMES)), "history has other looks"),
        (changed, "changed"),
        (clouded, "changed"),
        (cut, "another area"),
        (lambda cube: replace(cube, bands=("b", "a")), "other bands"),
    ],
)
def test_where_anything_differs_all_is_learnt_anew(cube: Cube, tmp_path: Path, then: Callable[[Cube], Cube], why: str) -> None:
    watch(cube, tmp_path / "state.zip")
    went = watch(then(cube), tmp_path / "state.zip")
    assert went.known == 0
    assert why in str(went.why)
    assert watch(then(cube), tmp_path / "state.zip").why is None


def test_another_day_from_which_is_watched_is_another_history(cube: Cube, tmp_path: Path) -> None:
    watch(cube, tmp_path / "state.zip")
    change, went = monitor_on(cube, DAYS[PAST - 1], tmp_path / "state.zip")
    assert same(change, monitor(cube, DAYS[PAST - 1]))
    assert "history" in str(went.why)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("code_version", lambda: "other", "version"), ("MONITOR", replace(MONITOR, floor=0.005), "settings")],
)
def test_of_another_version_or_other_settings_nothing_is_taken(
    cube: Cube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object, why: str
) -> None:
    watch(cube, tmp_path / "state.zip")
    monkeypatch.setattr(kept, name, value)
    _, went = monitor_on(cube, START, tmp_path / "state.zip")
    assert why in str(went.why)


def test_a_damaged_file_is_told_of_and_made_anew(cube: Cube, tmp_path: Path) -> None:
    path = tmp_path / "state.zip"
    watch(cube, path)
    whole_file, ground = path.read_bytes(), read_facts(path)["ground"]
    for damaged in (whole_file[: len(whole_file) // 2], whole_file[:9000] + b"?" + whole_file[9001:]):
        path.write_bytes(damaged)
        check_file(path, ground)
        assert str(watch(cube, path).why).startswith("it ")
        assert path.read_bytes() == whole_file


def test_what_is_not_ours_stays_as_it_is(tmp_path: Path) -> None:
    for content in (b"", b"II*\0 an image", b"PK\3\4" + bytes(60)):
        path = tmp_path / "image.tif"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"image\.tif.*--state"):
            check_file(path, ELSEWHERE)
        assert path.read_bytes() == content
    with pytest.raises(UserError, match="--state"):
        check_file(tmp_path, ELSEWHERE)
    check_file(tmp_path / "none.zip", ELSEWHERE)
    assert [path.name for path in tmp_path.iterdir()] == ["image.tif"]


def test_the_state_of_another_area_stays_as_it_is(cube: Cube, tmp_path: Path) -> None:
    path = tmp_path / "state.zip"
    watch(cube, path)
    before, ground = path.read_bytes(), read_facts(path)["ground"]
    assert not meet(ground, ELSEWHERE)
    with pytest.raises(UserError, match=r"state\.zip: keeps the state of another area.*--state"):
        check_file(path, ELSEWHERE)
    check_file(path, ground)
    assert path.read_bytes() == before


def test_where_it_cannot_be_written_what_was_there_stays(cube: Cube, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    with pytest.raises(StorageError, match=r"state\.zip.*--state"):
        monitor_on(cube, START, tmp_path / "file" / "state.zip")
    with pytest.raises(StorageError, match=r"state\.zip.*--state"):
        check_file(tmp_path / "file" / "state.zip", ELSEWHERE)


def test_a_run_says_at_once_that_it_could_not_keep_its_state(tmp_path: Path) -> None:
    world, out = tmp_path / "world", tmp_path / "out"
    write_scenario(small((SPOIL,)), world)
    (tmp_path / "file").write_text("a file, not a folder")
    arguments = ["run", str(world / "site.toml"), "--out", str(out), "--state", str(tmp_path / "file" / "state.zip")]
    done = subprocess.run([sys.executable, "-m", "spadework", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode not in (0, 3)
    assert "--state" in done.stderr
    assert not out.exists()


def test_a_run_goes_on_from_its_file(tmp_path: Path) -> None:
    world, out, state = tmp_path / "world", tmp_path / "out", tmp_path / "state.zip"
    write_scenario(small((SPOIL,)), world)
    collection = next((world / "catalog").glob("*/collection.json"))
    links = json.loads(collection.read_text())

    def run(*more: str) -> str:
        arguments = ["run", str(world / "site.toml"), "--out", str(out), "--no-pdf", "--state", str(state), *more]
        done = subprocess.run([sys.executable, "-m", "spadework", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), done.stderr
        return done.stdout

    collection.write_text(json.dumps({**links, "links": links["links"][:-1]}))
    first = json.loads(run("--json"))["state"]
    assert first["known"] == 0
    assert first["why"] is None
    collection.write_text(json.dumps(links))
    assert f"{first['new']} looks were known, 1 gone through" in run()
    assert json.loads(run("--json"))["state"] is None
    shutil.copytree(world, tmp_path / "again")
    assert hashes(out / "rasters") == hashes(go(tmp_path / "again" / "site.toml", tmp_path / "fresh").out / "rasters")
