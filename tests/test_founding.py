"""The founding case, whole: two documents, one origin, an image dated two ways, and what could have been seen; through every door that users take."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from spadework.cli import app
from spadework.errors import UserError
from spadework.intake.founding import founding_folder
from spadework.run.decide import Decision, decide
from spadework.run.founding import assess_founding
from spadework.run.publish import Choice, publish, sign_off
from spadework.run.read import Weighed, assess_site

pytest.importorskip("spacy", reason="spadework[text] is not installed")
ROOT = Path(__file__).parent.parent
FILES = ("claims.jsonl", "origins.json", "assessment.json")


def quiet(*_: object) -> None:
    return


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Weighed:
    return assess_founding(tmp_path_factory.mktemp("founding") / "dossier", quiet)


def timeless(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON without the times at which something was done."""
    if isinstance(value, dict):
        return {
            key: timeless(part) for key, part in value.items() if key not in {"retrieved", "time"} or isinstance(part, dict)
        }
    return [timeless(part) for part in value] if isinstance(value, list) else value


def read(path: Path) -> Any:  # noqa: ANN401 - JSON
    text = path.read_text()
    return timeless([json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text))


@pytest.mark.parametrize("name", FILES)
def test_the_kept_ledger_and_assessment_come_out_again(weighed: Weighed, name: str) -> None:
    expected = founding_folder() / "expected" / name
    if os.environ.get("SPADEWORK_REGENERATE"):
        made = read(weighed.out / name)
        text = (
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in made)
            if name.endswith("l")
            else json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        )
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(text)
    assert read(weighed.out / name) == read(expected)


def test_it_shows_one_origin_a_width_and_a_date_in_doubt(weighed: Weighed) -> None:
    said = weighed.findings.said
    by_id = {claim.id: claim for claim in said.claims}
    works = next(thread for thread in said.threads if "bulldozers at the entrance" in thread.about)
    assert (works.lineage.hits, works.lineage.count, works.lineage.independence) == (2, 1, "one origin")
    width = next(found for thread in said.threads for found in thread.quantities)
    assert (width.dimension, width.low, width.high) == ("width", 4.0, 5.0)
    conflict = next(r for r in said.relations if r.kind == "contradicts")
    days = {str(by_id[name].time.start) for name in (conflict.first, conflict.second) if by_id[name].time}  # type: ignore[union-attr]  # it has a date
    assert days == {"2020-05-12", "2020-05-01"}
    assert not conflict.resolved


def test_it_shows_how_sentences_changed(weighed: Weighed) -> None:
    found = {drift.kind: (drift.before, drift.after) for drift in weighed.findings.said.drifts}
    assert found["dropped word"] == ("not be significantly long", "not be long")
    assert found["harder verb"] == ("could", "is used")
    assert found["changed date"] == ("May 12", "May 1")
    assert found["converted unit"] == ("15-foot", "4 to 5 metres")
    assert found["narrowed purpose"][1] == "missiles"


def test_it_shows_what_could_not_have_been_seen_and_judges_no_purpose(weighed: Weighed) -> None:
    checks = {check.claim: check for check in weighed.findings.said.checks}
    opening = next(check for check in checks.values() if check.feature == "opening")
    assert opening.verdict == "not observable with these Scenes"
    assert "Sentinel-2, with pixels of 10 m, could not have shown it" in opening.reason
    assert "the earthwork around it" in opening.perhaps
    assert weighed.findings.assessment is not None
    texts = [judgement.text for judgement in weighed.findings.assessment.judgements]
    assert any("this is a capability" in text for text in texts)
    assert any("before or on 1 April 2020" in text for text in texts)
    assert any("flat ground makes a short drive plausible and does not make it certain" in text for text in texts)
    assert all(judgement.term is None for judgement in weighed.findings.assessment.judgements)


def test_the_page_tells_all_of_it_and_marks_what_was_written_for_an_example(weighed: Weighed) -> None:
    page = weighed.report.read_text()
    for words in (
        "written for an example, no reporting",
        "What was said",
        "What is judged",
        "date one image two ways",
        "NOT OBSERVABLE",
        "one origin",
        "How sentences changed on their way",
    ):
        assert words in page
    for words in ("Grid:", "The images show", "false alarm", "normal is learnt", "no are"):
        assert words not in page  # nothing of images is told of a page for which none was read
    assert "What the ground shows. No image was read" in page
    assert "none is borne out and none contradicted" in page
    assert "Nothing can be said about the time" not in page
    assert 'id="chronology"' not in page  # no image was read: its sections are left out
    assert not re.search(r'(?:src|href)="https?:', page)
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_a_second_run_changes_nothing_and_keeps_the_time_of_the_first(weighed: Weighed) -> None:
    before = {name: (weighed.out / name).read_bytes() for name in FILES}
    again = assess_founding(weighed.out, quiet)
    assert {name: (again.out / name).read_bytes() for name in FILES} == before
    source = weighed.findings.said.sources[0]
    assert (weighed.out / "sources" / source.id / "original" / "report_a.txt").read_bytes() == (
        founding_folder() / "report_a.txt"
    ).read_bytes()


def test_the_export_holds_accepted_claims_alone_and_no_document(weighed: Weighed, tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(app, ["verify", str(weighed.out)]).exit_code == 0
    assert run(app, ["publish", str(weighed.out), "--out", str(tmp_path / "out.zip")]).exit_code == 0
    with ZipFile(tmp_path / "out.zip") as file:
        names = file.namelist()
        claims = [json.loads(line) for line in file.read("claims.jsonl").splitlines()]
        everything = b"".join(file.read(name) for name in names)
    assert not any(name.startswith("sources/") for name in names)
    assert [claim["id"] for claim in claims] == [f"C{n}" for n in range(1, 9)]
    assert {claim["state"] for claim in claims} == {"accepted"}
    assert b"report_a.txt" not in everything
    for source in weighed.findings.said.sources:
        assert source.sha256.encode() not in everything
        assert source.id.encode() not in everything
    assert run(app, ["verify", str(tmp_path / "out.zip")]).exit_code == 0


def test_what_was_decided_and_judged_since_is_told_and_names_no_claim_that_stays(tmp_path: Path) -> None:
    run, out, site = CliRunner().invoke, tmp_path / "dossier", founding_folder() / "site.toml"
    claims = [claim.id for claim in assess_site(site, out, quiet).findings.said.claims]
    assert run(app, ["publish", str(out), "--out", str(tmp_path / "one.zip")]).exit_code == 0
    decide(out, tuple(claims[2:]), Decision("accept", "read against the document"))
    decide(out, tuple(claims[:2]), Decision("reject", "not of this place"))
    assess_site(site, out, quiet)
    told = run(app, ["history", str(out)]).stdout.splitlines()
    assert told[2:4] == ["  13 claims were accepted.", f"  2 claims were rejected: {claims[0]}, {claims[1]}."]
    assert told[4].startswith(
        "  We judged: The evidence does not tell the 6 explanations apart: none is contradicted more than another. Now: Of the 6"
    )
    assert re.fullmatch(r"  Of the 6 explanations, \w+ changed rank: (H\d from 1 to \d(, )?)+\.", told[5])
    assert all(line.startswith("  Newly judged: ") for line in told[6:])
    assert len(told) > 6
    assert run(app, ["publish", str(out), "--out", str(tmp_path / "two.zip")]).exit_code == 0
    with ZipFile(tmp_path / "two.zip") as file:
        everything = b"".join(file.read(name) for name in file.namelist())
        page = file.read("report.html").decode()
    assert "13 claims were accepted.\n2 claims were rejected: [withheld], [withheld].\nWe judged: " in page
    assert not any(part.encode() in everything for name in claims for part in name.split("-"))


# ---------------------------------------------------------------- the command line
def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-m", "spadework", *words], capture_output=True, text=True, check=False, env=environ)


def test_read_keeps_its_contract(tmp_path: Path) -> None:
    document = tmp_path / "report.txt"
    document.write_text(
        "Images captured on May 12 by ImageSat International (ISI) show a 15-foot-wide structure, the firm said."
    )
    done = command("read", str(document), "--published", "2020-05-14", "--outlet", "The Example", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"text_sha256", "claims"}
    claim = told["claims"][0]
    for key in (
        "span",
        "evidence",
        "claim",
        "type",
        "source_chain",
        "speaker",
        "hedge",
        "polarity",
        "time",
        "place",
        "quantity",
        "observable",
        "roles",
    ):
        assert key in claim
    assert claim["time"] == {
        "text": "May 12", "span": [19, 25], "start": "2020-05-12", "end": "2020-05-12", "role": "observed", "anchor": "dateline", "precision": "day",
    }  # fmt: skip
    assert told["claims"][1]["evidence"] == "a 15-foot-wide structure"
    assert told["claims"][1]["quantity"]["si_value"] == pytest.approx(4.572)
    assert claim["roles"]["provider"] == "ImageSat International (ISI)"


def test_wrong_guesses_get_one_clear_line(tmp_path: Path) -> None:
    document = tmp_path / "report.txt"
    document.write_text("It rained last week.")
    undated = command("read", str(document))
    assert undated.returncode == 0
    assert "relative dates stay unresolved" in undated.stderr
    assert "unresolved date" in undated.stdout
    for words, fault in (
        (("read", str(tmp_path / "none.txt")), "cannot be read"),
        (("read", str(document), "--published", "May"), "write YYYY-MM-DD"),
        (
            ("read", str(document), "--language", "en-GB"),
            "--language: String should match pattern '^[a-z]{2}$' (got 'en-GB'). write two small letters",
        ),
        (("read", str(document), "--model"), "SPADEWORK_MODEL_URL"),
        (("claims", "list", str(tmp_path)), "is not there"),
        (("claims", "accept", str(tmp_path), "C1"), "is no dossier"),
    ):
        done = command(*words, SPADEWORK_MODEL_URL="")
        assert done.returncode == 2, words
        assert fault in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_decisions_by_command_enter_the_next_assessment(tmp_path: Path) -> None:
    out = tmp_path / "dossier"
    site = founding_folder() / "site.toml"
    assess_site(site, out, quiet)
    listed = CliRunner().invoke(app, ["claims", "list", str(out), "--json"])
    first = json.loads(listed.stdout)[0]["id"]
    run = CliRunner().invoke
    assert (
        run(
            app,
            [
                "claims",
                "edit",
                str(out),
                first,
                "--reason",
                "misread",
                "--set",
                "speaker=ISI",
                "--set",
                "time=2020-05-11/2020-05-12",
            ],
        ).exit_code
        == 0
    )
    told = assess_site(site, out, quiet)
    claim = told.findings.said.claims[0]
    assert (claim.state, claim.speaker, str(claim.time and claim.time.start)) == ("edited", "ISI", "2020-05-11")
    (decision,) = told.findings.said.decisions
    assert decision.changes[0] == ("speaker", '"ImageSat International (ISI)"', '"ISI"')
    decide(out, (first,), Decision("reject", "not this one"))
    told = assess_site(site, out, quiet)
    assert told.findings.said.claims[0].state == "rejected"
    assert all(first not in thread.claims for thread in told.findings.said.threads)
    wrong = run(app, ["claims", "edit", str(out), first, "--reason", "misread", "--set", "speaker"])
    assert "has no value" in str(wrong.exception)
    assert "is no claim" in str(run(app, ["claims", "accept", str(out), "nothing"]).exception)


def test_a_decision_not_taken_in_waits_and_its_analyst_is_no_second_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, site = tmp_path / "dossier", founding_folder() / "site.toml"
    monkeypatch.setenv("SPADEWORK_OPERATOR", "Ann")
    first = assess_site(site, out, quiet).findings.said.claims[0].id
    decide(out, (first,), Decision("accept", "read against the document"))
    for act in (lambda: sign_off(out, "B. Reader", ""), lambda: publish(out, Choice(), dt.date(2026, 11, 28))):
        with pytest.raises(UserError, match="a decision on a claim that nothing has taken in"):
            act()
    assess_site(site, out, quiet)
    with pytest.raises(UserError, match="somebody else"):
        sign_off(out, "ann", "")
    assert sign_off(out, "B. Reader", "") == 2
    assert publish(out, Choice(), dt.date(2026, 11, 28)).product.version == 1


def test_a_site_file_says_what_is_wrong_with_its_documents(tmp_path: Path) -> None:
    site = (founding_folder() / "site.toml").read_text()
    (tmp_path / "site.toml").write_text(site)
    told = assess_site(tmp_path / "site.toml", tmp_path / "dossier", quiet)
    assert told.exit_code == 3
    assert [entry.thing for entry in told.findings.dropped] == ["report_a.txt", "report_b.txt"]
    assert CliRunner().invoke(app, ["assess", str(tmp_path / "site.toml"), "--out", str(tmp_path / "dossier")]).exit_code == 3
    (tmp_path / "site.toml").write_text(site + '\n[[origin]]\nname = "ISI"\nletter = "B"\n')
    assert "without a reason" in str(CliRunner().invoke(app, ["assess", str(tmp_path / "site.toml")]).exception)
    (tmp_path / "site.toml").write_text(site.split("[[source]]")[0])
    assert "names no document" in str(
        CliRunner().invoke(app, ["assess", str(tmp_path / "site.toml"), "--out", str(tmp_path / "d")]).exception
    )
