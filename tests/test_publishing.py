"""From a finished dossier to an export that others verify: the gate, refusals, versions, readers, attacks on the place."""

from __future__ import annotations

import datetime as dt
import html
import json
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import material
import pytest
import servers
import shapely
from leaks import Secret, found

from spadework.errors import StorageError, UserError
from spadework.imagery.search import HttpRule
from spadework.run.history import told_history
from spadework.run.mark import mark_event
from spadework.run.publish import Choice, publish, sign_off
from spadework.run.report import write_pdf
from spadework.run.site import run_site
from spadework.store.findings import read_findings
from spadework.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ran

    from spadework.run.publish import Published

try:
    import weasyprint  # noqa: F401 - whether pango is there shows only so
except OSError:
    PANGO = False
else:
    PANGO = True
needs_pango = pytest.mark.skipif(not PANGO, reason="needs pango")
TODAY = dt.date(2026, 1, 1)
STACK = material.Stack()


def quiet(step: str, done: int, total: int | None) -> None:
    """No progress."""


def run(site: Path, out: Path) -> None:
    run_site(site, out, HttpRule(timeout_s=5, retries=0), quiet)


def whole(path: Path, head: str | None = None) -> bool:
    return verify(path, head, lambda _done, _total: None).ok


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site over tile 37SFA whose change is known, its images as an Earth Search catalogue has them."""
    root = tmp_path_factory.mktemp("published")
    material.write_cogs(STACK, root / "tiny")
    catalogue = material.write_static(STACK, root / "tiny")
    return material.write_site(root / "site.toml", STACK, str(catalogue))


@pytest.fixture(scope="module")
def ran(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ran") / "dossier"
    run(site, out)
    return out


@pytest.fixture
def dossier(ran: Path, tmp_path: Path) -> Path:
    shutil.copytree(ran, tmp_path / "dossier")
    return tmp_path / "dossier"


def export(dossier: Path, **choice: object) -> Published:
    return publish(dossier, replace(Choice(), **choice), TODAY)  # type: ignore[arg-type]  # field by field in each test


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as zipped:
        return set(zipped.namelist())


def read(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as zipped:
        return zipped.read(name)


def page_of(path: Path) -> str:
    return html.unescape(read(path, "report.html").decode())


def secret_of(dossier: Path) -> Secret:
    """All that an adversary would like to know, from the working copy."""
    findings = read_findings(dossier / "findings.json")
    areas = [findings.site.aoi, *(event.geometry for event in findings.events)]
    points = {point for area in areas for polygon in area for ring in polygon for point in ring}
    middles = [shapely.MultiPolygon([(p[0], p[1:]) for p in area]).centroid for area in areas]
    looks = findings.looks
    return Secret(
        points=(*points, *((middle.x, middle.y) for middle in middles)),
        crs=findings.crs,
        mgrs="37SFA",
        words=(
            *(look.id for look in looks),
            *(scene.id for look in looks for scene in look.scenes),
            *(scene.sha256 or "?" for look in looks for scene in look.scenes),
            *(f"{look.datetime:%H:%M:%S}" for look in looks),
            *(f"T{look.datetime:%H%M%S}" for look in looks),
            (dossier / "salt").read_text().strip(),
        ),
    )


# ---------------------------------------------------------------- the gate
def test_a_gated_export_leads_nowhere_however_it_is_decoded(dossier: Path) -> None:
    done = export(dossier)
    assert done.pdf == PANGO
    assert found(done.path, secret_of(dossier), 5000.0) == []
    held = names(done.path)
    assert not {name for name in held if name.endswith((".tif", ".gpkg", ".kml", ".qml"))}
    assert not {name for name in held if name.startswith(("catalog/", "rasters/", "smart/", "gate/", "history/"))}
    assert {
        "report.html",
        "events.geojson",
        "events.csv",
        "findings.json",
        "null_findings.json",
        "ledger.jsonl",
    } <= held
    assert all(feature["geometry"] is None for feature in json.loads(read(done.path, "events.geojson"))["features"])
    page = page_of(done.path)
    assert "WORKING COPY" not in page
    assert "went through the publication gate" in page
    assert "A picture can give a place away by itself" in page


def test_the_search_for_leaks_finds_them_where_they_are(dossier: Path) -> None:
    """The adversary's eye on an exact export: every form that it knows is there."""
    done = export(dossier, exact=True, reason="a test")
    told = "\n".join(found(done.path, secret_of(dossier), 5000.0))
    look = read_findings(dossier / "findings.json").looks[0].id
    for form in ("a TIFF", "MGRS 37SFA", "events.geojson: 40.", "08:", f"findings.json: {look}"):
        assert form in told, form
    assert {"catalog/catalog.json", "rasters/confirmed.tif", "events.gpkg", "ledger.jsonl"} <= names(done.path)
    assert not {"salt", "gate/names-v1.json"} & names(done.path)
    assert "Exact coordinates are published by choice. Reason given: a test" in page_of(done.path)


@pytest.mark.parametrize(("day", "told"), [(dt.datetime.now(dt.UTC).date(), False), (dt.date(2020, 4, 6), True)])
def test_the_search_for_leaks_takes_no_instant_of_the_run_for_a_place(tmp_path: Path, day: dt.date, told: bool) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as zipped:
        zipped.writestr("ledger.jsonl", f'{{"time": "{day}T08:16:34.399Z"}}')
    secret = Secret(points=((40.9, 34.4),), crs="EPSG:32637", mgrs="37SFA", words=("08:16:34",))
    assert bool(found(tmp_path / "export.zip", secret, 5000.0)) is told


def test_an_analysts_words_pass_the_gate_too(dossier: Path, site: Path) -> None:
    event = read_findings(dossier / "findings.json").events[0].id
    mark_event(dossier, event, "accept", "seen from the road at 34.39912, 40.90021", "12 trucks stood there, tile 37SFA")
    run(site, dossier)
    done = export(dossier)
    page = page_of(done.path)
    assert "seen from the road at [withheld], [withheld] (six to twenty trucks stood there, tile [withheld])" in page
    assert found(done.path, secret_of(dossier), 5000.0) == []


def test_local_names_stay_in_the_dossier(dossier: Path) -> None:
    export(dossier)
    kept = json.loads((dossier / "gate" / "names-v1.json").read_text())
    assert kept["L1"] == read_findings(dossier / "findings.json").looks[0].id
    assert whole(dossier)


# ---------------------------------------------------------------- verifying
def test_the_same_dossier_gives_the_same_bytes_and_the_head_stands_for_them(dossier: Path, tmp_path: Path) -> None:
    shutil.copytree(dossier, tmp_path / "copy")
    one, two, again = (
        export(dossier),
        export(tmp_path / "copy", out=tmp_path / "b.zip"),
        export(dossier, out=tmp_path / "c.zip"),
    )
    assert one.path.read_bytes() == two.path.read_bytes() == again.path.read_bytes()
    assert one.head == two.head == again.head
    assert (one.product.version, again.product.version) == (1, 1)
    assert whole(one.path, one.head)
    assert whole(dossier, one.head)
    assert not whole(one.path, "0" * 64)


def test_what_the_zip_holds_opens_one_line_without_the_others(dossier: Path) -> None:
    from spadework.store.chain import line_salt, opens  # noqa: PLC0415 - of this test only

    done = export(dossier)
    public = read(done.path, "ledger.jsonl").splitlines()
    private = (dossier / "ledger.jsonl").read_bytes().splitlines()
    salt = bytes.fromhex((dossier / "salt").read_text())
    assert b"sentinel" not in b"".join(public)
    assert opens(public[3], private[3], line_salt(salt, 4))
    assert not opens(public[3], private[4], line_salt(salt, 4))
    assert not opens(public[3], private[3], line_salt(salt, 5))


def test_an_altered_dossier_is_not_published(dossier: Path) -> None:
    figure = next((dossier / "figures").glob("*.png"))
    figure.write_bytes(figure.read_bytes() + b"x")
    with pytest.raises(UserError, match=figure.name):
        export(dossier)


@pytest.mark.parametrize("name", ["events.csv", "history/0001.json", "catalog/sentinel-2-l2a", "salt", "extra.txt"])
def test_no_altered_added_or_missing_file_is_published(dossier: Path, name: str) -> None:
    path = dossier / name
    if path.is_dir():
        path = next(path.rglob("*.tif"))
    if name == "salt":
        path.unlink()
    else:
        path.write_bytes((path.read_bytes() if path.exists() else b"") + b" ")
    with pytest.raises(StorageError if name == "salt" else UserError, match=path.name):
        export(dossier, exact=True, reason="a test")


def test_an_export_never_lands_on_another_file(dossier: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.zip"
    thesis.write_bytes(b"years of work")
    for target in (dossier / "ledger.jsonl", dossier / "new.zip", thesis):
        with pytest.raises(UserError):
            export(dossier, out=target)
    assert thesis.read_bytes() == b"years of work"
    assert whole(dossier)
    first = export(dossier, out=tmp_path / "a.zip")
    assert export(dossier, out=tmp_path / "a.zip").sha256 == first.sha256


def test_pictures_can_be_left_out_by_choice(dossier: Path) -> None:
    done = export(dossier, pictures=False)
    assert not {name for name in names(done.path) if name.endswith((".png", ".webp"))}
    assert "data:image" not in page_of(done.path)
    assert "the publisher left all pictures out" in page_of(done.path)
    assert done.refused == ()


# ---------------------------------------------------------------- refusals
def test_exact_needs_a_flag_and_a_reason(dossier: Path) -> None:
    with pytest.raises(UserError, match="needs a reason"):
        export(dossier, exact=True)
    with pytest.raises(UserError, match="bare-onset"):
        export(dossier, exact=True, reason="Digging began on 12 May 2020.")


def with_site(ran: Path, site: Path, tmp_path: Path, more: str) -> Path:
    """The same site under another ``[publish]`` table, run in a copy of the dossier."""
    other = tmp_path / "other.toml"
    other.write_text(f"{site.read_text()}\n[publish]\n{more}\n")
    shutil.copytree(ran, tmp_path / "other")
    run(other, tmp_path / "other")
    return tmp_path / "other"


def test_exact_in_the_site_file_alone_publishes_nothing(ran: Path, site: Path, tmp_path: Path) -> None:
    out = with_site(ran, site, tmp_path, 'coordinates = "exact"')
    with pytest.raises(UserError, match="is not enough"):
        export(out)
    assert export(out, exact=True, reason="an open quarry with a sign at its gate").path.exists()


def test_a_distance_that_is_exact_in_all_but_name_is_refused(ran: Path, site: Path, tmp_path: Path) -> None:
    out = with_site(ran, site, tmp_path, 'coordinates = "20 m"')
    with pytest.raises(UserError, match="finer than 500 m"):
        export(out)


def test_a_site_named_by_its_place_is_not_published(ran: Path, site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(site.read_text().replace('"Tiny"', '"Pit at 34.39912, 40.90021"'))
    shutil.copytree(ran, tmp_path / "other")
    run(other, tmp_path / "other")
    with pytest.raises(UserError, match="every picture carries it"):
        export(tmp_path / "other")


def test_a_credit_that_tells_the_place_is_not_published(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "site.toml"
    other.write_text(
        site.read_text().replace("max_cloud", 'credit = "A. Photographer, 34.39912, 40.90021"\nlicence = "CC0-1.0"\nmax_cloud')
    )
    run(other, tmp_path / "dossier")
    with pytest.raises(UserError, match=r"credit of .*every picture carries it"):
        export(tmp_path / "dossier")


def test_an_export_killed_before_it_noted_its_names_is_published_again(dossier: Path) -> None:
    first = export(dossier)
    (dossier / "gate" / "names-v1.json").unlink()
    assert not whole(dossier)
    assert export(dossier).sha256 == first.sha256
    assert whole(dossier)


def test_a_delay_holds_young_looks_back(ran: Path, site: Path, tmp_path: Path) -> None:
    out = with_site(ran, site, tmp_path, "delay_days = 30")
    newest = max(look.day for look in read_findings(out / "findings.json").looks if look.used)
    with pytest.raises(UserError, match=str(newest + dt.timedelta(30))):
        publish(out, Choice(), newest + dt.timedelta(29))
    done = publish(out, Choice(), newest + dt.timedelta(30))
    assert "the newest look had to be at least 30 days old" in page_of(done.path)


def test_pictures_without_a_licence_are_described_and_the_refusal_is_named(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "site.toml"
    text = site.read_text().replace("max_cloud", 'credit = "Example Imaging"\nlicence = "All rights reserved"\nmax_cloud')
    other.write_text(text)
    run(other, tmp_path / "dossier")
    done = export(tmp_path / "dossier")
    assert done.refused
    assert not {name for name in names(done.path) if name.endswith((".png", ".webp"))}
    page = page_of(done.path)
    assert "data:image" not in page
    assert "Example Imaging, licence: All rights reserved" in page
    exact = export(tmp_path / "dossier", exact=True, reason="a test")
    assert not {name for name in names(exact.path) if name.startswith("catalog/") and name.endswith(".tif")}
    other.write_text(f'{text}\n[publish]\nredistribute = ["All rights reserved"]\n')
    run(other, tmp_path / "dossier")
    assert export(tmp_path / "dossier").refused == ()


def test_no_credit_no_export(dossier: Path, site: Path, tmp_path: Path) -> None:
    other = tmp_path / "site.toml"
    other.write_text(site.read_text().replace("max_cloud", 'credit = "unknown"\nmax_cloud'))
    run(other, dossier)
    with pytest.raises(UserError, match="has no credit"):
        export(dossier)


def test_a_mark_that_no_run_has_taken_in_waits(dossier: Path) -> None:
    mark_event(dossier, read_findings(dossier / "findings.json").events[0].id, "reject", "ploughed every spring", "")
    with pytest.raises(UserError, match="no run has taken in"):
        export(dossier)
    with pytest.raises(UserError, match="no run has taken in"):
        sign_off(dossier, "B. Reader", "")


# ---------------------------------------------------------------- versions and readers
def test_a_rejected_event_is_a_correction_of_what_was_published(dossier: Path, site: Path) -> None:
    first = export(dossier)
    sign_off(dossier, "B. Reader", "")
    event = read_findings(dossier / "findings.json").events[0].id
    mark_event(dossier, event, "reject", "ploughed every spring", "")
    run(site, dossier)
    second = export(dossier)
    assert (first.product.version, second.product.version) == (1, 2)
    assert first.product.id == second.product.id
    page = page_of(second.path)
    assert f"{event} was confirmed and is now rejected by an analyst." in page
    assert "B. Reader signed off version 1 of the findings, not this one" in page
    told = told_history(dossier, None, None)
    assert (told.versions, told.before, told.after) == (2, 1, 2)
    assert f"{event} was confirmed and is now rejected by an analyst." in told.changes
    assert json.loads((dossier / "history" / "0001.json").read_text())["events"][0]["status"] == "confirmed"
    assert whole(dossier, first.head)
    assert whole(dossier, second.head)


def test_a_second_reader_is_somebody_else(dossier: Path) -> None:
    assert sign_off(dossier, "B. Reader", "read twice") == 1
    for own in ("unknown", " Unknown "):
        with pytest.raises(UserError, match="is somebody else"):
            sign_off(dossier, own, "")
    with pytest.raises(UserError, match="likelihood-with-confidence"):
        sign_off(dossier, "B. Reader", "It is very likely real, with high confidence.")
    assert "Second reader's sign-off: B. Reader on" in page_of(export(dossier).path)


@pytest.mark.parametrize("name", ["report.html", "findings.json", "ledger.jsonl"])
def test_nobody_signs_what_was_altered(dossier: Path, name: str) -> None:
    file = dossier / name
    whole_file = file.read_bytes()
    file.write_bytes(whole_file[:90] + b"?" + whole_file[91:])
    with pytest.raises(StorageError if name == "ledger.jsonl" else UserError, match=name):
        sign_off(dossier, "B. Reader", "")


@needs_pango
def test_the_pdf_belongs_to_its_page(dossier: Path, site: Path) -> None:
    pdf = write_pdf(dossier)
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert whole(dossier)
    mark_event(dossier, read_findings(dossier / "findings.json").events[0].id, "reject", "ploughed every spring", "")
    run(site, dossier)
    assert not pdf.exists()
    assert whole(dossier)


# ---------------------------------------------------------------- by the command line
def test_commands_say_what_they_did(dossier: Path, spadework: Callable[..., Ran]) -> None:
    done = spadework("publish", dossier, "--json").json
    assert done["exit_code"] == 0
    assert done["version"] == 1
    assert spadework("verify", done["export"], "--head", done["head"]).code == 0
    assert done["head"] in spadework("publish", dossier).out
    assert spadework("sign", dossier, "--reader", "B. Reader").code == 0
    assert "1 version of the findings" in spadework("history", dossier).out
    if PANGO:
        assert spadework("report", dossier, "--json").json["report"].endswith("report.pdf")
    wrong = spadework("publish", dossier, "--exact")
    assert (wrong.code, "needs a reason" in wrong.err) == (2, True)
    nowhere = spadework("publish", dossier / "figures")
    assert (nowhere.code, "is no dossier" in nowhere.err) == (2, True)
    assert spadework("history", dossier, 1, 7).code == 2
    assert spadework("publish", dossier.parent / "mistyped").code == 2
    assert not (dossier.parent / "mistyped").exists()


def test_a_time_stamp_that_fails_leaves_the_export(dossier: Path, spadework: Callable[..., Ran]) -> None:
    nobody = f"http://127.0.0.1:{servers.free_port()}/nobody"
    failed = spadework("publish", dossier, "--stamp", nobody)
    assert failed.code == 1
    assert failed.err.startswith(f"spadework: {nobody}: could not be asked for a time stamp")
    (path,) = dossier.parent.glob("*.zip")
    assert whole(path)
    assert whole(dossier)
    told = spadework("publish", dossier, "--stamp", nobody, "--json")
    assert (told.code, told.err) == (1, failed.err)
    assert (told.json["export"], told.json["stamp"], told.json["exit_code"]) == (str(path), None, 1)
    assert f"spadework: {told.json['error']}\n" == failed.err
    assert f"  export   {path}" in failed.out
    assert f"  head     {told.json['head']}" in failed.out
    assert spadework("verify", path, "--head", told.json["head"]).code == 0
