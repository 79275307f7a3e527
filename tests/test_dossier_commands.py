"""Commands on a dossier that is half made, damaged or not to be written: one line that names the file and a mend that mends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from findings import event_of, findings_of

from spadework.run.versions import keep_judgement
from spadework.store.dossier import Dossier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ran

RING = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
EVENTS = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"id": "E1"}, "geometry": {"type": "Polygon", "coordinates": [RING]}},
    ],
}
MARK = ("accept", "--reason", "seen on foot")


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    """A dossier with one event, as a run leaves it; no page."""
    made = Dossier(tmp_path / "d")
    made.record("events", "k", {"events.geojson": json.dumps(EVENTS).encode()}, {})
    made.close({"site": {"name": "here"}, "events": [{"id": "E1"}]})
    return made.root


def one_line(ran: Ran) -> str:
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


@pytest.mark.parametrize("text", ["{", "{}", "[]", ""])
def test_a_damaged_index_is_named_with_its_mend_by_every_command_that_needs_it(
    text: str, dossier: Path, spadework: Callable[..., Ran]
) -> None:
    (dossier / "dossier.json").write_text(text)
    for command in (("report", dossier), ("publish", dossier), ("mark", dossier, "1", *MARK), ("mark", dossier, "E1", *MARK)):
        ran = spadework(*command)
        assert ran.code == 1
        assert f"{dossier / 'dossier.json'}: is damaged, or older than its ledger. run the site file again" in one_line(ran)


def test_a_half_made_dossier_is_told_apart_from_a_folder_that_is_none(
    dossier: Path, tmp_path: Path, spadework: Callable[..., Ran]
) -> None:
    (dossier / "dossier.json").unlink()  # a run that was killed had not written it yet
    (tmp_path / "other").mkdir()
    for command in (("report",), ("history",), ("publish",), ("sign", "--reader", "B. Reader"), ("mark", "E1", *MARK)):
        name, *rest = command
        half, none = spadework(name, dossier, *rest), spadework(name, tmp_path / "other", *rest)
        assert (half.code, none.code) == (2, 2)
        assert "is half made: it has no dossier.json, which a run writes last. run the site file again" in one_line(half)
        assert "is no dossier. name the folder" in one_line(none)


def test_an_event_is_marked_by_its_number_or_its_id(dossier: Path, spadework: Callable[..., Ran]) -> None:
    assert [spadework("mark", dossier, event, *MARK).code for event in ("1", "E1")] == [0, 0]
    assert [line["data"]["event"] for line in Dossier(dossier).ledger.entries("mark")] == ["E1", "E1"]
    assert "2: is no event of" in one_line(spadework("mark", dossier, "2", *MARK))


@pytest.mark.parametrize("text", ["", "{", "[]", pytest.param("[" * 100_000, id="nested too deeply"), None])
def test_lost_events_are_made_anew_by_a_run(text: str | None, dossier: Path, spadework: Callable[..., Ran]) -> None:
    (dossier / "events.geojson").unlink()
    if text is not None:
        (dossier / "events.geojson").write_text(text)
    ran = spadework("mark", dossier, "1", *MARK)
    assert ran.code == 1
    assert "events.geojson: is missing or damaged. run the site file again" in one_line(ran)


def test_history_writes_nothing_not_even_a_lock(dossier: Path, spadework: Callable[..., Ran]) -> None:
    held = Dossier(dossier)
    for event in (event_of("E1"), event_of("E2")):
        keep_judgement(held, findings_of(event))
    with (dossier / "ledger.jsonl").open("ab") as file:
        file.write(b'{"n": 9, "cut off')
    before = {path: path.read_bytes() for path in dossier.rglob("*") if path.is_file()}
    ran = spadework("history", dossier)
    assert (ran.code, ran.err) == (0, "")
    assert "2 versions of the findings" in ran.out
    assert "E1 is now called E2" in ran.out
    assert {path: path.read_bytes() for path in dossier.rglob("*") if path.is_file()} == before


def test_history_of_an_altered_ledger_is_refused(dossier: Path, spadework: Callable[..., Ran]) -> None:
    ledger = dossier / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"events", b"evenly", 1))
    ran = spadework("history", dossier)
    assert ran.code == 1
    assert "restore the ledger from a copy" in one_line(ran)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_lost_version_is_told_to_be_restored_for_no_run_makes_it_anew(
    text: str | None, dossier: Path, spadework: Callable[..., Ran]
) -> None:
    held = Dossier(dossier)
    for event in (event_of("E1"), event_of("E2")):
        keep_judgement(held, findings_of(event))
    lost = dossier / "history" / "0002.json"
    copy = lost.read_bytes()
    lost.unlink()
    if text is not None:
        lost.write_text(text)
    for command, code in (("history", 1), ("publish", 2)):
        ran = spadework(command, dossier)
        assert ran.code == code
        line = one_line(ran)
        assert str(lost) in line
        assert "from a copy" in line
    lost.write_bytes(copy)
    assert "E1 is now called E2" in spadework("history", dossier).out
