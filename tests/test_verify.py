"""Every changed, missing or added byte is found and named with its step; with a head, so is a chain cut short or written anew."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import material
import pytest
from conftest import STACK
from hypothesis import given, settings
from hypothesis import strategies as st
from test_scenes import chips_of, scene_of

from spadework.errors import OutsideError, UserError
from spadework.imagery.search import HttpRule
from spadework.run.mark import mark_event
from spadework.run.site import run_site
from spadework.store.chain import GENESIS, read_line, redacted, write_line
from spadework.store.dossier import Dossier
from spadework.store.files import sha256
from spadework.store.pack import write_pack
from spadework.store.stamp import stamp
from spadework.store.verify import Verdict, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ran


@dataclass(frozen=True, slots=True)
class Made:
    """A small dossier that was published twice, and what was told elsewhere."""

    root: Path
    redacted: Path
    plain: Path
    redacted_head: str
    plain_head: str
    early_head: str
    """Of the dossier's fifth line."""


def make(folder: Path) -> Made:
    root = folder / "dossier"
    dossier = Dossier(root)
    kept = dossier.keep(scene_of(), chips_of(scene_of()))
    dossier.finish_catalogue([kept])
    dossier.record("change", "k1", {"rasters/a.tif": b"1" * 50, "rasters/old.tif": b"2"}, {kept.id: str(kept.sha256)})
    dossier.record("report", "k1", {"report.html": b"<p>found</p>"}, {})
    early = sha256(dossier.ledger.lines()[4])
    dossier.record("change", "k2", {"rasters/a.tif": b"3" * 50}, {})
    dossier.close({"site": "here"})
    heads = []
    for hidden in (True, False):
        lines = dossier.ledger.lines()
        told = redacted(lines, dossier.salt) if hidden else lines
        files: dict[str, bytes | Path] = {"report.html": root / "report.html", "events.csv": b"id\n"}
        pack = write_pack(folder / f"{'redacted' if hidden else 'plain'}.zip", files, told, {"product": "P"})
        dossier.ledger.append("publish", pack.publish_facts(len(lines), redacted=hidden))
        heads.append(pack.head)
    return Made(root, folder / "redacted.zip", folder / "plain.zip", heads[0], heads[1], early)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make(tmp_path)


def check(path: Path, head: str | None = None) -> Verdict:
    return verify(path, head, lambda *_: None)


def refused(path: Path) -> bool:
    """Whether a problem is found, or it is no dossier and no export at all."""
    try:
        return not check(path).ok
    except UserError:
        return True


def problems(path: Path, head: str | None = None) -> list[tuple[str, str, str]]:
    return [(p.file, p.step, p.what) for p in check(path, head).problems]


# ---------------------------------------------------------------- what is whole
def test_a_dossier_and_its_exports_are_whole(pristine: Made) -> None:
    folder = check(pristine.root)
    assert (folder.ok, folder.what, folder.covered) == (True, "dossier", None)
    files = [p for p in pristine.root.rglob("*") if p.is_file()]
    assert (folder.files, folder.bytes) == (len(files), sum(p.stat().st_size for p in files))
    lines = (pristine.root / "ledger.jsonl").read_bytes().splitlines()
    assert (folder.lines, folder.head) == (len(lines), sha256(lines[-1]))
    for path, head in ((pristine.redacted, pristine.redacted_head), (pristine.plain, pristine.plain_head)):
        export = check(path)
        assert (export.ok, export.what, export.files, export.head) == (True, "export", 3, head)


def test_a_head_stands_for_the_lines_up_to_it(pristine: Made) -> None:
    whole = check(pristine.root)
    assert check(pristine.root, whole.head).covered == whole.lines
    assert check(pristine.root, pristine.early_head).covered == 5
    assert check(pristine.root, pristine.redacted_head).covered == whole.lines - 2
    assert check(pristine.root, pristine.plain_head).covered == whole.lines - 1
    assert check(pristine.plain, pristine.plain_head).covered == whole.lines


def test_progress_counts_the_files(pristine: Made) -> None:
    seen: list[tuple[int, int]] = []
    verify(pristine.root, None, lambda done, total: seen.append((done, total)))
    assert seen == [(n, len(seen)) for n in range(1, len(seen) + 1)]


def test_an_opening_for_writing_and_half_written_files_are_no_content(made: Made) -> None:
    (made.root / ".lock").touch()
    (made.root / "rasters" / ".part-x1").write_bytes(b"half")
    assert check(made.root).ok


# ---------------------------------------------------------------- what is wrong with a dossier
def test_what_was_changed_lost_or_added_is_named_with_its_step(made: Made) -> None:
    (made.root / "rasters" / "a.tif").write_bytes(b"3" * 49 + b"4")
    (made.root / "report.html").unlink()
    (made.root / "rasters" / "old.tif").write_bytes(b"2")
    (made.root / "rasters" / "new.tif").write_bytes(b"")
    (made.root / "salt").unlink()
    chip = "catalog/sentinel-2-l2a/S2A_33XYZ/20m.tif"
    with (made.root / chip).open("ab") as file:
        file.write(b"\0")
    assert problems(made.root) == [
        (chip, "line 2, chip S2A_33XYZ", "was changed: it is not what that step wrote"),
        ("rasters/a.tif", "line 6, stage change", "was changed: it is not what that step wrote"),
        ("rasters/new.tif", "", "was added: no line of the ledger tells of it"),
        ("rasters/old.tif", "line 6, stage change", "is there, although that step removed it"),
        ("report.html", "line 5, stage report", "is missing"),
        ("salt", "line 1, salt", "is missing"),
    ]


def test_links_and_devices_are_named_and_nothing_outside_is_read(made: Made, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(made.root / "rasters", outside)
    (made.root / "rasters").symlink_to(outside)
    shutil.move(made.root / "report.html", tmp_path / "report.html")
    (made.root / "report.html").symlink_to(tmp_path / "report.html")
    os.mkfifo(made.root / "pipe")
    assert problems(made.root) == [
        ("pipe", "", "is no file"),
        ("rasters", "", "is a symbolic link: it was not followed"),
        ("rasters/a.tif", "line 6, stage change", "is missing"),
        ("report.html", "line 5, stage report", "is a symbolic link: it was not followed"),
    ]


def test_a_ledger_that_is_a_link_or_missing_says_nothing(made: Made, tmp_path: Path) -> None:
    shutil.move(made.root / "ledger.jsonl", tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"^dossier: is no dossier \(no ledger.jsonl\)"):
        check(made.root)
    (made.root / "ledger.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"is no dossier \(ledger.jsonl is a symbolic link: it was not followed\)"):
        check(made.root)


def test_names_that_would_write_on_a_terminal_are_spelt_out(made: Made) -> None:
    (made.root / "\x1b[2Jx").touch()
    Path(os.fsdecode(bytes(made.root) + b"/\xff")).touch()
    assert {p.file for p in check(made.root).problems} == {"'\\x1b[2Jx'", "'\\udcff'"}


ALTERED: list[tuple[str, Callable[[list[bytes]], list[bytes]], str, str]] = [
    ("a value", lambda ls: [*ls[:2], ls[2].replace(b"catalogue", b"katalogue"), *ls[3:]], "line 3", "is no line of a ledger, or was altered"),
    ("the last", lambda ls: [*ls[:-1], ls[-1].replace(b"P", b"Q", 1)], "line 9", "is no line of a ledger, or was altered"),
    ("a line gone", lambda ls: [*ls[:2], *ls[3:]], "line 3", "does not follow from the line before"),
    ("swapped", lambda ls: [ls[1], ls[0], *ls[2:]], "line 1", "does not follow from the line before"),
    ("rubbish", lambda ls: [*ls[:2], b"[" * 100_000, *ls[2:]], "line 3", "is no line of a ledger, or was altered"),
    ("an empty line", lambda ls: [*ls, b""], "line 10", "is no line of a ledger, or was altered"),
    ("nothing", lambda _: [b"{}"], "line 1", "is no line of a ledger, or was altered"),
]  # fmt: skip


@pytest.mark.parametrize(("alter", "step", "what"), [case[1:] for case in ALTERED], ids=[case[0] for case in ALTERED])
def test_an_altered_ledger_is_named_at_its_line(
    made: Made, alter: Callable[[list[bytes]], list[bytes]], step: str, what: str
) -> None:
    path = made.root / "ledger.jsonl"
    path.write_bytes(b"\n".join([*alter(path.read_bytes().splitlines()), b""]))
    assert ("ledger.jsonl", step, what) in problems(made.root)
    assert len([p for p in check(made.root).problems if p.file == "ledger.jsonl"]) == 1, "lines after it follow from it"


def test_a_line_cut_off_is_named(made: Made) -> None:
    path = made.root / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert ("ledger.jsonl", "line 9", "has its last line cut off") in problems(made.root)


# ---------------------------------------------------------------- the two attacks
def shorten(made: Made, count: int) -> None:
    """Cut the chain after some lines, and make the folder agree with it."""
    path = made.root / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:count]))
    for problem in check(made.root).problems:
        (made.root / problem.file).unlink()


def rewrite(lines: list[bytes], change: Callable[[dict[str, Any]], None]) -> list[bytes]:
    """A self-consistent chain in place of another."""
    out: list[bytes] = []
    for line in lines:
        entry = read_line(line)
        assert entry is not None
        change(entry)
        out.append(write_line({**entry, "prev": sha256(out[-1]) if out else GENESIS}))
    return out


def backdate(entry: dict[str, Any]) -> None:
    entry["time"] = "2020" + entry["time"][4:]


def test_a_dossier_cut_short_looks_right_until_its_head_is_asked_for(made: Made) -> None:
    whole = check(made.root).head
    dossier = Dossier(made.root)
    dossier.record("events", "k", {"events.geojson": b"what someone would rather not have found"}, {})
    later = check(made.root).head
    shorten(made, 9)
    assert check(made.root).ok
    assert check(made.root, whole).ok
    (problem,) = check(made.root, later).problems
    assert problem.file == "ledger.jsonl"
    assert problem.what.startswith("has no line that leads to the head asked for: it was cut short or written anew")


@pytest.mark.parametrize("forge_publish", [False, True])
def test_a_dossier_written_anew_looks_right_until_its_head_is_asked_for(made: Made, forge_publish: bool) -> None:
    path = made.root / "ledger.jsonl"
    lines = path.read_bytes().splitlines()
    was = sha256(lines[-1])
    kept = lines if forge_publish else lines[:7]
    path.write_bytes(b"".join(line + b"\n" for line in rewrite(kept, backdate)))
    assert check(made.root).ok
    assert not check(made.root, was).ok
    assert not check(made.root, made.early_head).ok
    for head, line in ((made.redacted_head, 8), (made.plain_head, 9)):
        (problem,) = check(made.root, head).problems
        if forge_publish:  # the publish line is still there, and no longer fits
            assert (problem.step, problem.what[:19]) == (f"line {line}, publish", f"begins with {line - 1} lines")
            assert "written anew" in problem.what
        else:
            assert problem.what.startswith("has no line that leads to the head asked for")


def repack(path: Path, out: Path, change: Callable[[dict[str, Any]], None], count: int | None = None) -> str:
    """An export made by a forger from another; returns its head."""
    with zipfile.ZipFile(path) as file:
        contents: dict[str, bytes | Path] = {name: file.read(name) for name in file.namelist()}
    ledger = contents.pop("ledger.jsonl")
    assert isinstance(ledger, bytes)
    return write_pack(out, contents, rewrite(ledger.splitlines()[:-1][:count], change), {"product": "P"}).head


@pytest.mark.parametrize("which", ["redacted", "plain"])
@pytest.mark.parametrize("count", [None, 4], ids=["written anew", "cut short"])
def test_a_forged_export_looks_right_until_its_head_is_asked_for(made: Made, which: str, count: int | None) -> None:
    told = getattr(made, f"{which}_head")
    forged = made.root.parent / "forged.zip"
    head = repack(getattr(made, which), forged, backdate if count is None else lambda _: None, count)
    assert check(forged).ok
    assert head != told
    (problem,) = check(forged, told).problems
    assert problem.what.startswith("is not the file that the head stands for")
    assert not check(made.root, head).ok


def test_a_redacted_export_cannot_be_followed_home_without_the_salt(made: Made) -> None:
    (made.root / "salt").unlink()
    assert "salt is gone or damaged" in check(made.root, made.redacted_head).problems[-1].what
    (made.root / "salt").write_text("x")
    assert "salt is gone or damaged" in check(made.root, made.redacted_head).problems[-1].what
    (made.root / "salt").write_text("00" * 32 + "\n")
    assert "written anew" in check(made.root, made.redacted_head).problems[-1].what
    assert "salt" not in str(check(made.root, made.plain_head).problems[1:]), "an export that was not redacted needs none"


@pytest.mark.parametrize(
    "told", [{}, {"lines": 7}, {"lines": 99, "pack": "x"}, {"lines": True, "pack": 7}, {"lines": 7, "pack": "{"}]
)
def test_a_publish_line_that_says_nothing_proves_nothing(made: Made, told: dict[str, Any]) -> None:
    Dossier(made.root).ledger.append("publish", {"head": "ab" * 32, **told})
    assert len(check(made.root, "ab" * 32).problems) == 1


# ---------------------------------------------------------------- what is wrong with an export
def test_a_changed_lost_or_added_entry_is_named_with_its_step(made: Made) -> None:
    with zipfile.ZipFile(made.plain) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    del contents["events.csv"]
    contents |= {"report.html": b"<p>nothing</p>", "extra.txt": b"x"}
    canonical(made.plain, contents)
    assert problems(made.plain) == [
        ("events.csv", "line 9, pack", "is missing"),
        ("extra.txt", "", "was added: no line of the ledger tells of it"),
        ("report.html", "line 5, stage report", "was changed: it is not what that step wrote"),
    ]


def canonical(path: Path, contents: dict[str, bytes], order: list[str] | None = None) -> None:
    """A zip as ``pack`` would lay it out, of anything."""
    from zlib import crc32  # noqa: PLC0415 - of this helper only

    from spadework.store.container import Entry, layout  # noqa: PLC0415 - the same

    names = order or sorted(contents)
    plan = layout([Entry(name, len(contents[name]), crc32(contents[name])) for name in names])
    heads = (head + contents[name] for name, (_, head) in zip(names, plan.heads, strict=True))
    path.write_bytes(b"".join(heads) + plan.index)


def read_all(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_another_order_of_entries_is_named(made: Made) -> None:
    canonical(made.plain, read_all(made.plain), ["report.html", "ledger.jsonl", "events.csv"])
    assert problems(made.plain) == [("plain.zip", "", "holds its entries in another order than an export has")]


def test_a_zip_by_another_program_is_no_export_although_it_holds_the_same(made: Made) -> None:
    contents = read_all(made.plain)
    with zipfile.ZipFile(made.plain, "w", zipfile.ZIP_STORED) as file:
        for name, data in sorted(contents.items()):
            file.writestr(name, data)
    assert any("has an index that" in problem for _, _, problem in problems(made.plain))


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "C:\\x", "a\x00b", "REPORT.html", "report.html/x"])
def test_names_that_leave_the_folder_are_named_and_nothing_is_unpacked(made: Made, name: str) -> None:
    canonical(made.plain, {**read_all(made.plain), name: b"x"})
    (problem,) = problems(made.plain)
    assert problem[0] == "plain.zip"
    assert "which is no plain path" in problem[2] or "twice" in problem[2] or "needs a folder" in problem[2]
    assert not (made.root.parent.parent / "evil").exists()


def test_an_entry_that_is_there_twice_is_named(made: Made) -> None:
    contents = read_all(made.plain)
    canonical(made.plain, contents, ["events.csv", "ledger.jsonl", "report.html", "report.html"])
    assert problems(made.plain) == [("plain.zip", "", "holds report.html, which is there twice")]


def test_an_export_without_a_ledger_or_with_a_dossiers_is_none(made: Made) -> None:
    contents = read_all(made.plain)
    canonical(made.plain, {"report.html": contents["report.html"]})
    with pytest.raises(UserError, match=r"^plain.zip: is no Spadework export \(no ledger.jsonl\)"):
        check(made.plain)
    canonical(made.plain, {"ledger.jsonl": (made.root / "ledger.jsonl").read_bytes()})
    assert problems(made.plain) == [("ledger.jsonl", "line 9", "is not the line that an export ends in")]
    canonical(made.plain, {"ledger.jsonl": b""})
    assert ("ledger.jsonl", "", "holds no line") in problems(made.plain)


END = struct.Struct("<4s4H2LH")


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut in half"),
        pytest.param(lambda data: data[:-1], id="cut by a byte"),
        pytest.param(lambda data: data + b"\0", id="a byte after its end"),
        pytest.param(lambda data: data[:-2] + b"\5\0hello", id="a comment"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"<!DOCTYPE html>", id="a page"),
        pytest.param(lambda _: b"PK\3\4" * 50, id="a head only"),
        pytest.param(
            lambda data: data[:-22] + END.pack(b"PK\5\6", 0, 0, 65_000, 65_000, 2**32 - 2, 0, 0), id="an index of 4 GB"
        ),
        pytest.param(lambda data: data[:-22] + END.pack(b"PK\5\6", 0, 0, 65_000, 65_000, 100, 0, 0), id="so many entries"),
        pytest.param(lambda data: data[:-22] + END.pack(b"PK\5\6", 0, 0, 65_535, 65_535, 2**32 - 1, 0, 0), id="ZIP64 or not"),
        pytest.param(lambda data: data.replace(struct.pack("<L", 3) * 2, b"\xfe\xff\xff\xff" * 2), id="an entry of 4 GB"),
    ],
)
def test_what_is_no_whole_zip_is_one_clear_line(
    made: Made, alter: Callable[[bytes], bytes], spadework: Callable[..., Ran]
) -> None:
    made.plain.write_bytes(alter(made.plain.read_bytes()))
    ran = spadework("verify", made.plain)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("spadework: plain.zip: is no Spadework export (it ")


def test_a_zip_bomb_is_not_blown_up(made: Made) -> None:
    with zipfile.ZipFile(made.plain, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ledger.jsonl", b"\0" * 50_000_000)
    with pytest.raises(UserError, match=r"holds 'ledger\.jsonl' compressed, which an export never does"):
        check(made.plain)


def test_bytes_between_entries_are_found_and_the_place_named(made: Made) -> None:
    data = made.plain.read_bytes()
    at = data.index(b"PK\3\4", 4)
    made.plain.write_bytes(data[:at] + b"hidden" + data[at:])
    assert problems(made.plain) == [
        ("plain.zip", "", "is 6 bytes longer than its index says"),
        ("ledger.jsonl", "", "is not headed in the zip as its index says"),
    ]
    made.plain.write_bytes(data[: at - 2] + b"hidden" + data[at - 2 :])
    assert problems(made.plain)[1] == ("events.csv", "", "is not what the index of the zip says")


# ---------------------------------------------------------------- any byte
EDITS = st.tuples(st.sampled_from(("flip", "insert", "delete")), st.integers(0, 2**31), st.integers(1, 255))


def edited(data: bytes, edit: tuple[str, int, int]) -> bytes:
    how, at, by = edit
    if how == "insert" or not data:
        at %= len(data) + 1
        return data[:at] + bytes([by]) + data[at:]
    at %= len(data)
    return data[:at] + (bytes([data[at] ^ by]) if how == "flip" else b"") + data[at + 1 :]


@given(which=st.sampled_from(("redacted", "plain")), edit=EDITS)
@settings(max_examples=600, deadline=None)
def test_any_byte_of_an_export_is_found(
    pristine: Made, tmp_path_factory: pytest.TempPathFactory, which: str, edit: tuple[str, int, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.zip"
    data = getattr(pristine, which).read_bytes()
    path.write_bytes(edited(data, edit))
    assert path.read_bytes() == data or refused(path)


def test_every_byte_of_the_zips_frame_is_found(pristine: Made, tmp_path: Path) -> None:
    """Not a sample: each byte that is not of the ledger, flipped, doubled and dropped."""
    data, path = pristine.redacted.read_bytes(), tmp_path / "x.zip"
    start = data.index(b'{"commitment"')
    end = data.rindex(b'"}\n')
    for at in [*range(start), *range(end, len(data))]:
        for put, drop in ((bytes([data[at] ^ 1]), 1), (bytes([data[at] ^ 0x80]), 1), (data[at : at + 1] * 2, 1), (b"", 1)):
            path.write_bytes(data[:at] + put + data[at + drop :])
            assert refused(path), at


@given(data=st.data(), edit=EDITS)
@settings(max_examples=300, deadline=None)
def test_any_byte_of_a_dossier_is_found_and_its_file_named(
    pristine: Made, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, edit: tuple[str, int, int]
) -> None:
    names = sorted(str(p.relative_to(pristine.root)) for p in pristine.root.rglob("*") if p.is_file())
    root = tmp_path_factory.getbasetemp() / "any"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(pristine.root, root)
    name = data.draw(st.sampled_from(names))
    before = (root / name).read_bytes()
    (root / name).write_bytes(edited(before, edit))
    assert (root / name).read_bytes() == before or name in {problem.file for problem in check(root).problems}


# ---------------------------------------------------------------- a real run
def test_a_run_a_mark_and_a_second_run_leave_a_whole_dossier(tiny: Path, tmp_path: Path) -> None:
    site = material.write_site(tmp_path / "site.toml", STACK, str(tiny / "catalog.json"))
    out = tmp_path / "dossier"
    http = HttpRule(timeout_s=5, retries=0)
    first = run_site(site, out, http, lambda *_: None)
    assert problems(out) == []
    before = check(out)
    lines = [read_line(line) or {} for line in (out / "ledger.jsonl").read_bytes().splitlines()]
    stages = {line["data"]["stage"]: line["data"] for line in lines if line["kind"] == "stage"}
    scenes = {line["data"]["scene"]: line["data"]["sha256"] for line in lines if line["kind"] == "chip"}
    assert stages["change"]["inputs"] == scenes
    assert stages["events"]["inputs"] == {**scenes, **stages["change"]["outputs"]}
    assert run_site(site, out, http, lambda *_: None).did == ()
    assert problems(out, before.head) == []
    again = [read_line(line) or {} for line in (out / "ledger.jsonl").read_bytes().splitlines()[before.lines :]]
    assert {line["kind"] for line in again} <= {"intake", "request", "run"}
    mark_event(out, first.events[0]["id"], "reject", "ploughing", "")
    run_site(site, out, http, lambda *_: None)
    assert problems(out, before.head) == []


# ---------------------------------------------------------------- the command
def test_the_command_says_what_was_checked(made: Made, spadework: Callable[..., Ran]) -> None:
    ran = spadework("verify", made.root)
    assert ran.code == 0
    assert "dossier: dossier, 10 files" in ran.out
    assert "--head: a ledger cut short, or written anew as a whole, would look right" in ran.out
    assert ran.out.endswith("whole: every byte is what the ledger says\n")
    ran = spadework("verify", made.plain, "--head", made.plain_head)
    assert (ran.code, made.plain_head in ran.out, "stands for line 1 to 9 of 9" in ran.out) == (0, True, True)


def test_the_command_names_each_problem_with_file_and_step(made: Made, spadework: Callable[..., Ran]) -> None:
    (made.root / "report.html").write_bytes(b"")
    ran = spadework("verify", made.root)
    assert ran.code == 2
    assert "  wrong    report.html was changed: it is not what that step wrote (line 5, stage report)\n" in ran.out
    assert ran.out.endswith("NOT what it says it is\n")
    told = spadework("verify", made.root, "--json", "--head", "ab" * 32)
    assert (told.code, told.json["ok"], told.json["what"], told.json["exit_code"]) == (2, False, "dossier", 2)
    assert told.json["problems"][0] == {
        "file": "report.html", "step": "line 5, stage report", "what": "was changed: it is not what that step wrote",
    }  # fmt: skip
    assert len(told.json["problems"]) == 2


@pytest.mark.parametrize("head", ["", "abc", "g" * 64])
def test_a_head_that_is_none_is_refused(pristine: Made, head: str) -> None:
    with pytest.raises(UserError, match="is no SHA-256"):
        check(pristine.root, head)


def test_what_is_not_there_is_one_line(tmp_path: Path, spadework: Callable[..., Ran]) -> None:
    ran = spadework("verify", tmp_path / "none")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "cannot be read" in ran.err
    assert spadework("verify", "/dev/null").code == 2


def test_what_is_no_export_and_no_dossier_gets_no_head_and_no_lecture(tmp_path: Path, spadework: Callable[..., Ran]) -> None:
    (tmp_path / "site.toml").write_text("[site]\n")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("a.jpg", b"1")
    for name, words in (
        ("site.toml", "is no Spadework export"),
        ("photos.zip", "is no Spadework export (no ledger.jsonl)"),
        ("", "is no dossier (no ledger.jsonl)"),
    ):
        ran = spadework("verify", tmp_path / name)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert words in ran.err
        assert "--head" not in ran.err


def test_a_folder_is_called_by_its_own_name(made: Made, spadework: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.root)
    assert spadework("verify", ".").out.startswith("dossier: dossier, ")


def test_a_head_in_capitals_is_the_same_and_a_wrong_one_is_told_in_plain_words(
    pristine: Made, spadework: Callable[..., Ran]
) -> None:
    assert spadework("verify", pristine.plain, "--head", pristine.plain_head.upper()).code == 0
    ran = spadework("verify", pristine.plain, "--head", "ab" * 32)
    assert ran.code == 2
    told = "is not the file that the head stands for: it was changed, or the head is of another version"
    assert f"  wrong    plain.zip {told}\n" in ran.out


def test_options_that_need_another_or_a_file_are_refused_by_name(
    pristine: Made, tmp_path: Path, spadework: Callable[..., Ran]
) -> None:
    for option, value in (("--stamp", tmp_path / "nope.tsr"), ("--tsa-roots", tmp_path / "roots.pem")):
        ran = spadework("verify", pristine.plain, option, value)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert ran.err.startswith(f"spadework: {option}: ")


def test_many_problems_are_cut_on_screen_only(made: Made, spadework: Callable[..., Ran]) -> None:
    for n in range(60):
        (made.root / f"x{n}").touch()
    assert "and 10 more: --json names all" in spadework("verify", made.root).out
    assert len(json.loads(spadework("verify", made.root, "--json").out)["problems"]) == 60


def test_an_export_of_altered_evidence_contradicts_its_own_ledger(made: Made, tmp_path: Path) -> None:
    lines = (made.root / "ledger.jsonl").read_bytes().splitlines()
    honest: dict[str, bytes | Path] = {"rasters/a.tif": made.root / "rasters" / "a.tif", "report.html": b"<p>this version</p>"}
    write_pack(tmp_path / "honest.zip", honest, lines, {})
    write_pack(tmp_path / "forged.zip", {**honest, "rasters/a.tif": b"forged"}, lines, {})
    assert check(tmp_path / "honest.zip").ok
    ((file, step, what),) = problems(tmp_path / "forged.zip")
    assert (file, what) == ("rasters/a.tif", "is not what an earlier line of the same ledger says it was")
    assert step.endswith("pack")


def test_an_authority_that_cannot_be_reached_is_told_without_the_names_of_a_library() -> None:
    with pytest.raises(OutsideError, match=r"\(no such host, or it does not answer\)") as caught:
        stamp("ab" * 32, "http://127.0.0.1:9/", 1)
    assert "Error" not in str(caught.value)
