"""An export: the same bytes for the same input, as other programs read it, and nothing in it that may not leave."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.errors import StorageError, UserError
from spadework.store import container
from spadework.store.chain import Chain, redacted
from spadework.store.container import ContainerError, Entry, layout, read_index, unsafe_names
from spadework.store.files import safe_path, sha256
from spadework.store.ledger import Ledger
from spadework.store.pack import Packed, write_pack
from spadework.store.verify import verify

FACTS = {"product": "P-1", "version": 2}


def lines(root: Path) -> list[bytes]:
    ledger = Ledger(root / "source" / "ledger.jsonl")
    ledger.append("intake", {"site": "here"})
    ledger.append("stage", {"stage": "report", "outputs": {"report.html": sha256(b"<p>")}})
    return ledger.lines()


def packed(root: Path, files: dict[str, bytes | Path] | None = None, name: str = "export.zip") -> tuple[Path, Packed]:
    path = root / name
    usual: dict[str, bytes | Path] = {"report.html": b"<p>", "figures/a.png": b"\x89PNG", "empty.txt": b""}
    return path, write_pack(path, usual if files is None else files, lines(root), FACTS)


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    told = lines(tmp_path)
    contents = {"b.txt": b"2" * 3_000_000, "a/z.txt": b"1", "a.txt": b""}
    for name, data in contents.items():
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_bytes(data)
        os.utime(tmp_path / "d" / name, (1, 1))
    one = write_pack(tmp_path / "one.zip", contents, told, FACTS)
    two = write_pack(tmp_path / "two.zip", {name: tmp_path / "d" / name for name in reversed(contents)}, told, FACTS)
    assert one == two
    data = (tmp_path / "one.zip").read_bytes()
    assert data == (tmp_path / "two.zip").read_bytes()
    assert (one.sha256, one.bytes, one.head) == (sha256(data), len(data), sha256(one.last))
    assert write_pack(tmp_path / "one.zip", contents, told, {**FACTS, "version": 3}).head != one.head


def test_others_read_it(tmp_path: Path) -> None:
    path, _ = packed(tmp_path, {"grün/ä b.txt": b"x" * 100, "report.html": b"<p>"})
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert file.namelist() == ["grün/ä b.txt", "ledger.jsonl", "report.html"]
        assert file.comment == b""
        for info in file.infolist():
            assert (info.date_time, info.compress_type, info.extra, info.comment) == ((1980, 1, 1, 0, 0, 0), 0, b"", b"")
            assert info.external_attr >> 16 == 0o100644
        assert file.read("grün/ä b.txt") == b"x" * 100


def test_its_ledger_ends_in_one_line_that_names_every_other_entry(tmp_path: Path) -> None:
    path, made = packed(tmp_path)
    with zipfile.ZipFile(path) as file:
        *before, last = file.read("ledger.jsonl").splitlines()
    assert before == Ledger(tmp_path / "source" / "ledger.jsonl").lines()
    assert last == made.last
    entry = json.loads(last)
    outputs = {"report.html": sha256(b"<p>"), "figures/a.png": sha256(b"\x89PNG"), "empty.txt": sha256(b"")}
    assert entry["data"] == {**FACTS, "outputs": outputs}
    assert (entry["kind"], entry["n"], entry["time"]) == ("pack", 3, json.loads(before[-1])["time"])
    assert "operator" not in entry
    chain = Chain()
    assert chain.extend([*before, last]) is None
    assert chain.head == made.head


def test_what_a_publish_line_says_is_what_verify_needs(tmp_path: Path) -> None:
    _, made = packed(tmp_path)
    told = made.publish_facts(2, redacted=True)
    assert told == {"head": made.head, "zip_sha256": made.sha256, "pack": made.last.decode(), "lines": 2, "redacted": True}


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a\\b", "a:b", "a//b", ".", "", "a\nb", "\ud800", "salt", "ledger.jsonl", "LEDGER.jsonl", "ledger.jsonl/x"],
)
def test_names_that_may_not_be_in_an_export_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError):
        packed(tmp_path, {name: b"", "ok": b""})
    assert not (tmp_path / "export.zip").exists()


def test_names_that_meet_on_another_system_are_refused() -> None:
    assert unsafe_names(["a", "b/a", "b/c"]) == []
    assert unsafe_names(["a", "A"]) == [("A", "is there twice")]
    assert unsafe_names(["a", "a/b"]) == [("a/b", "needs a folder where the file a is")]


@pytest.mark.parametrize("told", [[], [b"x"]])
def test_only_a_ledger_is_packed(tmp_path: Path, told: list[bytes]) -> None:
    with pytest.raises(ValueError, match="no line"):
        write_pack(tmp_path / "x.zip", {}, told, {})


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for missing in ("none", "link", "source"):
        with pytest.raises(StorageError, match=f"{missing}: cannot be read"):
            packed(tmp_path, {"x": tmp_path / missing})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real", "source"]


def test_a_file_that_changes_meanwhile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"before")
    real = container.layout

    def meanwhile(entries: list[Entry]) -> container.Layout:
        (tmp_path / "x").write_bytes(b"after!")
        return real(entries)

    monkeypatch.setattr("spadework.store.container.layout", meanwhile)
    with pytest.raises(StorageError, match="changed while it was packed"):
        packed(tmp_path, {"x": tmp_path / "x"})
    assert not (tmp_path / "export.zip").exists()


def test_a_redacted_ledger_packs_and_verifies_alone(tmp_path: Path) -> None:
    made = write_pack(tmp_path / "x.zip", {"a": b"1"}, redacted(lines(tmp_path), b"s" * 32), FACTS)
    verdict = verify(tmp_path / "x.zip", made.head, lambda *_: None)
    assert (verdict.ok, verdict.files, verdict.lines, verdict.covered) == (True, 2, 3, 3)


# ---------------------------------------------------------------- ZIP64
def test_so_many_files_that_the_count_needs_zip64(tmp_path: Path) -> None:
    path, made = packed(tmp_path, {f"{n:05d}": b"" for n in range(65_535)})
    with zipfile.ZipFile(path) as file:
        assert len(file.namelist()) == 65_536
    assert verify(path, made.head, lambda *_: None).ok


def test_sizes_and_offsets_that_need_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit at 1,000 bytes in place of 4 GB: the fields are where other programs look for them."""
    monkeypatch.setattr(container, "_FULL32", 1000)
    sizes = {"a": 999, "b": 1001, "c": 5000, "d": 1}
    entries = [Entry(name, size, 7) for name, size in sizes.items()]
    plan = layout(entries)
    assert [len(head) for _, head in plan.heads] == [31, 51, 51, 31]
    body = b"".join(head + b"x" * entry.bytes for entry, (_, head) in zip(entries, plan.heads, strict=True)) + plan.index
    as_others_mark_it = body.replace((1000).to_bytes(4, "little"), b"\xff" * 4)
    with zipfile.ZipFile(io.BytesIO(as_others_mark_it)) as file:
        assert [(info.filename, info.file_size, info.header_offset) for info in file.infolist()] == [
            (entry.name, entry.bytes, at) for entry, (at, _) in zip(entries, plan.heads, strict=True)
        ]
    (tmp_path / "x.zip").write_bytes(body)
    with (tmp_path / "x.zip").open("rb") as file:
        assert list(read_index(file)) == entries


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=300)
def test_no_bytes_bring_the_reader_down(tmp_path_factory: pytest.TempPathFactory, noise: bytes, ended: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.zip"
    path.write_bytes(noise + (b"PK\5\6" + noise[:18].ljust(18, b"\0") if ended else b""))
    with path.open("rb") as file:
        try:
            entries = read_index(file)
        except ContainerError as error:
            assert str(error)  # noqa: PT017 - either outcome is right
        else:
            assert sum(entry.bytes for entry in entries) <= path.stat().st_size


@given(st.text(max_size=8))
def test_a_safe_path_stays_below_its_folder(text: str) -> None:
    if safe_path(text):
        assert Path("/below", text).resolve().is_relative_to("/below/")
        assert text == str(Path(text))
