"""The ledger: a chain that shows every alteration, and knows every file of its dossier."""

from __future__ import annotations

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scenes import chips_of, scene_of

from spadework.errors import StorageError
from spadework.run.history import told_history
from spadework.store.chain import GENESIS, Chain, commitment, line_salt, opens, read_line, redacted, write_line
from spadework.store.dossier import Dossier
from spadework.store.files import safe_path, sha256
from spadework.store.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable


def test_each_line_holds_the_hash_of_the_line_before(tmp_path: Path) -> None:
    path = tmp_path / "d" / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append("one", {"a": 1})
    ledger.append("two", {"text": "naïve\nline\u2028"})
    Ledger(path).append("one", {"a": 2})
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    entries = [json.loads(line) for line in lines]
    assert [e["n"] for e in entries] == [1, 2, 3]
    assert [e["prev"] for e in entries] == [GENESIS, sha256(lines[0]), sha256(lines[1])]
    assert all(e["time"].endswith("Z") and e["operator"] and e["version"] for e in entries)
    assert [e["data"] for e in Ledger(path).entries("one")] == [{"a": 1}, {"a": 2}]
    assert Ledger(tmp_path / "none").entries("one") == []


def rewritten(line: bytes) -> bytes:
    entry = read_line(line)
    assert entry is not None
    return write_line({**entry, "time": "2020-01-01T00:00:00.000Z"})


def three(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    for n in range(3):
        ledger.append("k", {"n": n})
    return path


@pytest.mark.parametrize(
    ("alter", "line"),
    [
        pytest.param(lambda lines: [lines[0].replace(b'"n": 0', b'"n": 7'), *lines[1:]], 1, id="a value"),
        pytest.param(lambda lines: [*lines[:2], lines[2].replace(b'"k"', b'"l"')], 3, id="a value of the last"),
        pytest.param(lambda lines: [rewritten(lines[0]), *lines[1:]], 2, id="a line written anew"),
        pytest.param(lambda lines: [lines[0], lines[2]], 2, id="a line gone"),
        pytest.param(lambda lines: lines[1:], 1, id="the first gone"),
        pytest.param(lambda lines: [lines[0], lines[2], lines[1]], 2, id="swapped"),
        pytest.param(lambda lines: [lines[0], lines[0], *lines[1:]], 2, id="twice"),
        pytest.param(lambda lines: [lines[0], b"not json", lines[2]], 2, id="no JSON"),
        pytest.param(lambda lines: [lines[0], b'["prev"]', lines[2]], 2, id="no object"),
        pytest.param(lambda lines: [lines[0], b"", *lines[1:]], 2, id="an empty line"),
    ],
)
def test_an_altered_ledger_is_detected_at_its_line(
    tmp_path: Path, alter: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    path = three(tmp_path)
    path.write_bytes(b"\n".join(alter(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(StorageError, match=f"line {line} ") as caught:
        Ledger(path)
    assert caught.value.thing == str(path)


def test_a_torn_last_line_is_set_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = three(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n": 4, "pre')
    Ledger(path).append("k", {"n": 3})
    assert path.with_suffix(".torn").read_bytes() == b'{"n": 4, "pre'
    assert path.read_bytes().startswith(whole)
    assert [e["data"]["n"] for e in Ledger(path).entries("k")] == [0, 1, 2, 3]


def test_a_line_that_does_not_fit_the_disk_is_not_half_written(tmp_path: Path) -> None:
    path = three(tmp_path)
    ledger, before = Ledger(path), path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(StorageError, match="no space left"):
            ledger.append("k", {"n": 3})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    ledger.append("k", {"n": 3})
    assert len(Ledger(path).entries("k")) == 4


def test_threads_append_whole_lines_to_one_chain(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.append("k", {"n": n, "pad": "x" * 500}), range(200)))
    again = Ledger(tmp_path / "ledger.jsonl")
    assert sorted(e["data"]["n"] for e in again.entries("k")) == list(range(200))


def test_a_line_is_sealed_by_its_own_hash() -> None:
    entry = {"n": 1, "prev": GENESIS, "time": "t", "version": "v", "operator": "o", "kind": "k", "data": {"é": [1.5, None]}}
    line = write_line(entry)
    body, own = line.rsplit(b', "own": "', 1)
    assert json.loads(body + b"}") == entry == read_line(line)
    assert own == sha256(body + b"}").encode() + b'"}'
    assert read_line(body + b"}") == entry, "lines of Spadework 0.1 have no seal"


@given(st.data())
def test_every_single_byte_of_a_line_counts(data: st.DataObject) -> None:
    line = write_line(
        {"n": 1, "prev": GENESIS, "time": "t", "version": "v", "operator": "o", "kind": "k", "data": {"a": "b c"}}
    )
    at = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != line[at]))
    how = data.draw(st.sampled_from(("flip", "insert", "delete")))
    put, drop = {"flip": (bytes([other]), 1), "insert": (bytes([other]), 0), "delete": (b"", 1)}[how]
    assert read_line(line[:at] + put + line[at + drop :]) is None


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../b", "a//b", "a/", "", ".", "a/./b", "a\\b", "C:x", "a\nb", "a\x00", "\ud800", "x" * 1001],
)
def test_a_file_is_named_by_a_path_below_the_dossier_or_not_at_all(tmp_path: Path, path: str) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert not safe_path(path)
    with pytest.raises((ValueError, UnicodeEncodeError)):
        ledger.append("k", {"outputs": {path: None}})
    assert not (tmp_path / "ledger.jsonl").exists()


@pytest.mark.parametrize("outputs", [7, ["a"], {"a": "short"}, {"a": 7}, {"a": "G" * 64}])
def test_outputs_are_hashes_or_refused(tmp_path: Path, outputs: object) -> None:
    with pytest.raises(ValueError, match="names a file by no path or no hash"):
        Ledger(tmp_path / "ledger.jsonl").append("k", {"outputs": outputs})


# ---------------------------------------------------------------- what it knows
def known(root: Path) -> dict[str, str]:
    files = Ledger(root / "ledger.jsonl").files
    return {path: told.sha256 for path, told in sorted(files.items()) if told.sha256}


def there(root: Path) -> dict[str, str]:
    files = (p for p in root.rglob("*") if p.is_file() and p.name != "ledger.jsonl")
    return {str(p.relative_to(root)): sha256(p.read_bytes()) for p in sorted(files)}


def filled(root: Path) -> Dossier:
    dossier = Dossier(root)
    kept = dossier.keep(scene_of(), chips_of(scene_of()))
    dossier.finish_catalogue([kept])
    dossier.record("change", "k1", {"rasters/a.tif": b"1", "rasters/b.tif": b"2"}, {kept.id: str(kept.sha256)})
    dossier.close({"site": "here"})
    return dossier


def test_every_file_of_a_dossier_is_known_with_the_step_that_made_it(tmp_path: Path) -> None:
    filled(tmp_path)
    assert known(tmp_path) == there(tmp_path)
    steps = {path: told.told for path, told in Ledger(tmp_path / "ledger.jsonl").files.items()}
    assert steps == {
        "salt": "line 1, salt",
        "catalog/sentinel-2-l2a/S2A_33XYZ/10m.tif": "line 2, chip S2A_33XYZ",
        "catalog/sentinel-2-l2a/S2A_33XYZ/20m.tif": "line 2, chip S2A_33XYZ",
        "catalog/sentinel-2-l2a/S2A_33XYZ/S2A_33XYZ.json": "line 2, chip S2A_33XYZ",
        "catalog/sentinel-2-l2a/collection.json": "line 3, catalogue",
        "catalog/catalog.json": "line 3, catalogue",
        "rasters/a.tif": "line 4, stage change",
        "rasters/b.tif": "line 4, stage change",
        "dossier.json": "line 5, dossier",
    }
    (stage,) = Ledger(tmp_path / "ledger.jsonl").entries("stage")
    assert list(stage["data"]["inputs"]) == ["S2A_33XYZ"]


def test_what_a_stage_no_longer_makes_is_told_as_removed(tmp_path: Path) -> None:
    filled(tmp_path).record("change", "k2", {"rasters/a.tif": b"1"}, {})
    assert Ledger(tmp_path / "ledger.jsonl").entries("stage")[-1]["data"]["outputs"] == {
        "rasters/a.tif": sha256(b"1"), "rasters/b.tif": None,
    }  # fmt: skip
    assert known(tmp_path) == there(tmp_path)


def test_the_same_bytes_again_need_no_line(tmp_path: Path) -> None:
    kept = filled(tmp_path).keep(scene_of(), chips_of(scene_of()))
    before = len(Ledger(tmp_path / "ledger.jsonl").lines())
    again = Dossier(tmp_path)
    again.finish_catalogue([kept])
    again.close({"site": "here"})
    assert len(again.ledger.lines()) == before


@pytest.mark.parametrize("call", ["keep", "finish_catalogue", "record", "close"])
def test_a_file_is_told_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A run killed between the two leaves a ledger that names what is not there yet; the same call again mends it."""
    dossier = Dossier(tmp_path)
    scene = scene_of()
    calls: dict[str, Callable[[Dossier], object]] = {
        "keep": lambda d: d.keep(scene, chips_of(scene)), "finish_catalogue": lambda d: d.finish_catalogue([]),
        "record": lambda d: d.record("change", "k", {"a.tif": b"1"}, {}), "close": lambda d: d.close({}),
    }  # fmt: skip

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            calls[call](dossier)
    assert known(tmp_path).keys() > there(tmp_path).keys()
    calls[call](Dossier(tmp_path))
    assert known(tmp_path) == there(tmp_path)


def test_evidence_that_an_older_version_kept_is_taken_in_with_one_line(tmp_path: Path) -> None:
    dossier = Dossier(tmp_path)
    kept = [dossier.catalogue.keep(scene_of(id=name), chips_of(scene_of())) for name in ("a", "b")]
    assert known(tmp_path) != there(tmp_path)
    before = len(dossier.ledger.lines())
    dossier.finish_catalogue(kept)
    assert known(tmp_path) == there(tmp_path)
    assert len(dossier.ledger.lines()) == before + 1


def test_an_item_that_is_not_as_the_ledger_knows_it_is_no_evidence(tmp_path: Path) -> None:
    dossier = Dossier(tmp_path)
    kept = dossier.keep(scene_of(), chips_of(scene_of()))
    assert dossier.intact(kept)
    item = dossier.catalogue.item_path(kept)
    item.write_text(item.read_text().replace("2022", "2021"))
    assert not dossier.intact(kept)


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_ledger_that_is_gone_is_not_begun_again(tmp_path: Path, lose: Callable[[Path], None]) -> None:
    dossier = Dossier(tmp_path)
    dossier.record("report", "key", {"report.html": b"page"}, {})
    dossier.close({})
    lose(tmp_path / "ledger.jsonl")
    with pytest.raises(StorageError, match=r"ledger\.jsonl: is missing or empty.*from a copy"):
        Dossier(tmp_path)
    with pytest.raises(StorageError, match="is missing or empty"):
        told_history(tmp_path, None, None)
    assert not (tmp_path / "ledger.jsonl").exists() or not (tmp_path / "ledger.jsonl").read_bytes()


def test_an_altered_index_is_made_again(tmp_path: Path) -> None:
    filled(tmp_path)
    assert Dossier(tmp_path).is_current("change", "k1")
    (tmp_path / "dossier.json").write_text((tmp_path / "dossier.json").read_text().replace("here", "there"))
    assert not Dossier(tmp_path).is_current("change", "k1")


def test_a_torn_line_is_known_too(tmp_path: Path) -> None:
    filled(tmp_path)
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"n": 6, "pr')
    again = Dossier(tmp_path)
    assert known(tmp_path) == there(tmp_path)
    assert again.ledger.files["ledger.torn"].told == "line 6, torn"
    assert Dossier(tmp_path).ledger.lines() == again.ledger.lines()


# ---------------------------------------------------------------- the salt and redaction
def test_a_dossier_keeps_its_salt_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    salt = Dossier(tmp_path).salt
    assert len(salt) == 32
    assert Dossier(tmp_path).salt == salt
    assert (tmp_path / "salt").read_text() == f"{salt.hex()}\n"
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600
    assert Dossier(tmp_path / "other").salt != salt


def test_a_dossier_gets_a_salt_once_and_a_lost_or_damaged_one_is_named(tmp_path: Path) -> None:
    first = Dossier(tmp_path).salt
    assert known(tmp_path) == there(tmp_path)
    (tmp_path / "ledger.jsonl").unlink()  # a lost ledger does not cost the salt
    assert Dossier(tmp_path).salt == first
    assert known(tmp_path) == there(tmp_path)
    (tmp_path / "salt").write_text(f"{'ab' * 32}\n")
    with pytest.raises(StorageError, match="not the salt that the ledger knows"):
        Dossier(tmp_path)
    (tmp_path / "salt").unlink()
    with pytest.raises(StorageError, match="salt: is missing"):
        Dossier(tmp_path)
    (tmp_path / "salt").write_text("abc")
    with pytest.raises(StorageError, match=r"salt: is damaged.*redacted exports"):
        Dossier(tmp_path)


def test_a_redacted_chain_verifies_alone_and_says_when_and_what_kind_only(tmp_path: Path) -> None:
    lines = filled(tmp_path).ledger.lines()
    out = redacted(lines, b"s" * 32)
    chain = Chain()
    assert chain.extend(out) is None
    assert (chain.count, chain.files) == (len(lines), {})
    for public, private in zip(map(json.loads, out), map(json.loads, lines), strict=True):
        assert public.keys() == {"n", "prev", "time", "version", "kind", "commitment", "own"}
        assert all(public[key] == private[key] for key in ("n", "time", "version", "kind"))
    assert b"S2A" not in b"".join(out)
    assert redacted(lines, b"s" * 32) == out != redacted(lines, b"t" * 32)


def test_its_owner_opens_one_line_and_no_other(tmp_path: Path) -> None:
    lines = filled(tmp_path).ledger.lines()
    out = redacted(lines, b"s" * 32)
    opening = line_salt(b"s" * 32, 2)
    assert opens(out[1], lines[1], opening)
    assert not any(
        opens(public, private, opening) for n, (public, private) in enumerate(zip(out, lines, strict=True)) if n != 1
    )
    assert not opens(out[1], rewritten(lines[1]), opening)
    assert not opens(b"{", lines[1], opening)
    forged = rewritten(lines[1])
    lied = write_line({**(read_line(out[1]) or {}), "commitment": commitment(forged, opening)})
    assert not opens(lied, forged, opening), "the time in the open is not that of the original"


def test_only_lines_are_redacted() -> None:
    with pytest.raises(ValueError, match="line 1 is no line"):
        redacted([b"x"], b"s" * 32)
