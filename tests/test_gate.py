"""The publication gate: what goes in exactly comes out coarse, and nothing that leaves leads to the place."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math

import pytest
from claimed import claim_of, source_of
from findings import LOOKS, event_of, findings_of, patch, sensitivity_of
from hypothesis import given
from hypothesis import strategies as st

from spadework.publish.gate import ASKED, LOCAL_GRID, Gated, through_gate
from spadework.publish.licences import licence_allows, licensed
from spadework.publish.scrub import WITHHELD
from spadework.publish.words import degree_step, site_place
from spadework.records import ClaimLedger, Correction, Dropped, Figure, Findings, Mark, MultiPolygon, Product, SignOff
from spadework.store.findings import findings_json

SALT = bytes(range(32))
PRODUCT = Product(1)


def passed(findings: Findings, salt: bytes = SALT, product: Product = PRODUCT, figures: tuple[Figure, ...] = ()) -> Gated:
    return through_gate(findings, product, figures, salt)


@given(st.floats(-179, 179), st.floats(-75, 75), st.sampled_from([1000.0, 5000.0, 20_000.0]))
def test_the_area_becomes_a_cell_of_the_gates_lattice(lon: float, lat: float, gate: float) -> None:
    area: MultiPolygon = ((((lon, lat), (lon + 0.01, lat), (lon + 0.01, lat + 0.01), (lon, lat)),),)
    before = findings_of(aoi=area)
    before = dataclasses.replace(
        before, site=dataclasses.replace(before.site, publish=dataclasses.replace(before.site.publish, coordinates_m=gate))
    )
    site = passed(before).findings.site
    step = degree_step(gate)
    for x, y in site.aoi[0][0]:
        assert y / step == pytest.approx(round(y / step), abs=1e-6)
        assert len(f"{x:g}".partition(".")[2]) <= max(0, math.ceil(-math.log10(step)))
    assert site_place(site) == site_place(before.site)


def test_what_leaves_names_nothing_by_its_own_name() -> None:
    mark = Mark(
        "reject",
        f"see {LOOKS[2].id}, {LOOKS[2].scenes[0].id}",
        "at 34.45123, 40.91",
        patch(1, 1, 2, 2),
        event="E1",
        operator="A. Nalyst",
    )
    looks = tuple(
        dataclasses.replace(k, sun_elevation=63.412, sun_azimuth=147.3, off_nadir=4.37, notes=("tile 37SFA first",))
        for k in LOOKS
    )
    before = dataclasses.replace(
        findings_of(event_of("E1", mark=mark)), looks=looks, sensitivity=sensitivity_of(),
        dropped=(Dropped("S2B_37SFA_20200101_0_L2A", f"same pass as {LOOKS[1].id}"),), hosts=(("example.org", "the box 40.91234,34.45123"),),
    )  # fmt: skip
    gated = passed(before)
    text = findings_json(gated.findings).decode()
    for look in LOOKS:
        for secret in (look.id, look.scenes[0].id, look.scenes[0].sha256 or "", "08:21:09", "T08:21"):
            assert secret not in text, secret
    assert "37SFA" not in text
    assert gated.findings.events[0].geometry == ()
    assert gated.findings.events[0].mark == dataclasses.replace(
        mark,
        reason="see L3, S3",
        note=f"at {WITHHELD}, {WITHHELD}",
        geometry=(),
        event=None,
    )
    assert {(k.sun_elevation, k.sun_azimuth, k.off_nadir) for k in gated.findings.looks} == {(60.0, None, None)}
    assert gated.findings.hosts == (("example.org", ASKED),)
    assert {row.spectrum for row in gated.findings.events[0].series} == {()}
    assert dict(gated.names)["L1"] == LOOKS[0].id
    assert dict(gated.names)["D1"] == "S2B_37SFA_20200101_0_L2A"
    assert json.loads(text)["dropped"][0]["thing"] == "D1"


def test_hashes_become_commitments_that_only_the_salt_opens() -> None:
    one, two = (passed(findings_of(event_of()), salt).findings for salt in (SALT, SALT[::-1]))
    hashes = [[scene.sha256 for look in told.looks for scene in look.scenes] for told in (one, two)]
    assert len({*hashes[0], *hashes[1]}) == 2 * len(LOOKS)
    assert one.events[0].scenes[0].sha256 == one.looks[4].scenes[0].sha256
    assert passed(findings_of(event_of())).findings == one


@pytest.mark.parametrize(
    ("credit", "licence", "allowed"),
    [
        ("Contains modified Copernicus Sentinel data 2020", "proprietary", True),
        ("Contains modified Copernicus Sentinel data 2020", "Copernicus Sentinel data terms (free, with credit)", True),
        ("Landsat image courtesy of the U.S. Geological Survey", "Public domain (USGS)", True),
        ("Airbus DS", "Copernicus Contributing Missions licence: no redistribution", False),
        ("Planet Labs PBC, via the NASA CSDA Program", "NASA CSDA EULA: U.S. Government use only", False),
        ("(c) Maxar Technologies, USGS CRSSP", "proprietary", False),
        ("Copernicus Sentinel data 2020", "all rights reserved", False),
        ("Example Imaging", "CC BY NC 4.0", False),
        ("Example Imaging", "CC0 for metadata, imagery proprietary", False),
        ("Example Imaging", "CC BY 4.0", True),
        ("Example Imaging", "CC-BY-4.0", True),
        ("Example Imaging", "CC-BY-ND-4.0", False),
        ("Example Imaging", "CC-BY-NC-4.0", False),
        ("Example Imaging", "CC-BY-SA-4.0", True),
        ("Example Imaging", "proprietary", False),
        ("Example Imaging", "EULA 7", True),
        ("Contains modified Copernicus Sentinel data 2020; Example Imaging", "proprietary", False),
        ("Example Imaging", "CC0-1.0; proprietary", False),
    ],
)
def test_only_what_a_licence_or_the_publisher_allows_is_passed_on(credit: str, licence: str, allowed: bool) -> None:
    look = dataclasses.replace(LOOKS[0], credit=credit, licence=licence)
    assert licence_allows(look, ("EULA 7",)) == allowed


def test_a_picture_of_a_barred_look_gives_way_to_its_description_and_the_refusal_is_named() -> None:
    looks = (dataclasses.replace(LOOKS[0], credit="Example Imaging", licence="proprietary"), *LOOKS[1:])
    findings = dataclasses.replace(findings_of(event_of()), looks=looks)
    made = tuple(Figure(f"figures/{n}.png", b"data", f"On {k.day}.", "alt", (k.id,)) for n, k in enumerate(looks[:2]))
    barred, free = passed(findings, figures=licensed(made, findings)).figures
    assert (barred.data, free.data) == (b"", b"data")
    assert barred.withheld == (
        "Not shown: the licence of 1 look (1 March 2019) does not say that this picture may be passed on "
        "(Example Imaging, licence: proprietary)."
    )
    assert (barred.looks, free.looks) == (("L1",), ("L2",))


def test_a_grid_that_is_centred_on_the_site_keeps_its_name_to_itself() -> None:
    drone = "+proj=tmerc +lat_0=34.39912 +lon_0=40.90021 +datum=WGS84"
    assert passed(dataclasses.replace(findings_of(), crs=drone)).findings.crs == LOCAL_GRID
    assert passed(findings_of()).findings.crs == "EPSG:32637"


def test_readers_and_corrections_pass_the_gate_too() -> None:
    when = dt.datetime(2021, 1, 5, tzinfo=dt.UTC)
    product = Product(
        1,
        (SignOff("B. Reader", f"checked {LOOKS[2].id} at 34.39912, 40.90021", 1, when),),
        corrections=(Correction(2, when.date(), ("E1: E. Analyst rejected it: a pit at 34.39912, 40.90021",)),),
    )
    gated = passed(findings_of(), product=product).product
    assert gated.sign_offs[0].note == f"checked L3 at {WITHHELD}, {WITHHELD}" or WITHHELD in gated.sign_offs[0].note
    assert "34.39" not in gated.sign_offs[0].note + gated.corrections[0].changes[0]
    assert LOOKS[2].id not in gated.sign_offs[0].note


def test_a_claim_that_stays_is_counted_in_the_corrections_and_not_named() -> None:
    kept, stays = claim_of("Works were seen.", state="accepted"), claim_of("Nobody read this.")
    gone = claim_of("This was said once.", source_of("b"))
    findings = dataclasses.replace(findings_of(), said=ClaimLedger(sources=(source_of(),), claims=(stays, kept)))
    told = f"3 claims were taken in: {stays.id}, {kept.id}, {gone.id}."
    product = Product(1, corrections=(Correction(2, dt.date(2021, 1, 5), (told,)),))
    (entry,) = passed(findings, product=product).product.corrections
    assert entry.changes == (f"3 claims were taken in: {WITHHELD}, C1, {WITHHELD}.",)


def test_captions_go_under_local_names() -> None:
    figure = Figure("figures/1.png", b"data", f"Look {LOOKS[0].id}.", f"of {LOOKS[0].scenes[0].id}", (LOOKS[0].id,))
    (made,) = passed(findings_of(), figures=(figure,)).figures
    assert (made.caption, made.alt, made.looks, made.data) == ("Look L1.", "of S1", ("L1",), b"data")
