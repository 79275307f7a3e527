"""The ledger: a chain that shows every alteration, and knows every file of its dossier."""

from __future__ import annotations

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from spadework.errors import StorageError
from spadework.store.chain import GENESIS
from spadework.store.files import sha256
from spadework.store.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


def three(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    for n in range(3):
        ledger.append("k", {"n": n})
    return path


@pytest.mark.parametrize(
    ("alter", "line"),
    [
        pytest.param(lambda lines: [lines[0].replace(b'"n": 0', b'"n": 7'), *lines[1:]], 2, id="a value"),
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
    with pytest.raises(StorageError, match=f"line {line} does not follow") as caught:
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
