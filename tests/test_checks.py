"""Could it be seen? A verdict for each kind of claim, against nothing, against 10 m pixels, against half a metre."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import findings as made
import pytest
from claimed import claim_of, day_of

from spadework.claims import check_claims
from spadework.claims.features import FEATURES, feature_of
from spadework.claims.seeing import check_claim
from spadework.publish.evidence import records_of
from spadework.records import Claim, Findings, Measurement, Observability, Product, Sighting, VhrScene

WIDTH = claim_of("a 15-foot-wide structure at the base", amount="15-foot-wide", time=day_of("2020-05-12"))
DOZERS = claim_of("bulldozers at the entrance of a structure", time=day_of("2020-05-12"))
WORKS = claim_of("an earthwork was begun beside the road", type="event", time=day_of("2020-05-10/2020-05-20", "event"))


def nothing() -> Findings:
    """A Site whose images were never read."""
    return dataclasses.replace(made.findings_of(), looks=(), pixel_m=0.0, observability=Observability((), None, 0.0, 0.0))


def close(**changes: object) -> Findings:
    """With a Scene of half a metre on 12 May."""
    scene = VhrScene(
        "may",
        datetime=dt.datetime(2020, 5, 12, 8, tzinfo=dt.UTC),
        gsd_m=(0.5, 0.5),
        provider="P",
        licence="L",
        credit="C",
        sha256="0" * 64,
    )
    return dataclasses.replace(made.findings_of(), scenes=(scene,), **changes)  # type: ignore[arg-type]  # field by field


def width(low: float, high: float) -> Measurement:
    return Measurement("portal", "width", "m", (low + high) / 2, low, high, "may", "edges", gsd_m=0.5)


def test_a_width_of_15_feet_is_not_observable_at_10_m_but_the_earthwork_around_it_may_be() -> None:
    check = check_claim(WIDTH, made.findings_of())
    assert check.verdict == "not observable with these Scenes"
    assert "NOT OBSERVABLE: 4.57 m is 0.46 of a pixel of 10 m" in check.reason
    assert check.needs_gsd_m == pytest.approx(4.572 / 5)
    assert check.held_gsd_m == 10
    assert "from 800 m²" in check.perhaps
    assert "was not measured here" in check.perhaps


def test_with_measured_sensitivity_the_size_is_this_sites_own() -> None:
    seen = dataclasses.replace(made.findings_of(), sensitivity=made.sensitivity_of())
    assert "from 2,000 m² at a contrast of 5 points (probability 0.90)" in check_claim(WIDTH, seen).perhaps


def test_without_any_image_it_says_what_would_be_needed() -> None:
    check = check_claim(WIDTH, nothing())
    assert check.verdict == "not observable with these Scenes"
    assert check.held_gsd_m is None
    assert "Sentinel-2, with pixels of 10 m, could not have shown it" in check.reason


@pytest.mark.parametrize(("low", "high", "verdict"), [(4.4, 4.7, "borne out"), (6.0, 6.4, "contradicted")])
def test_a_measurement_bears_a_width_out_or_not(low: float, high: float, verdict: str) -> None:
    check = check_claim(WIDTH, close(measurements=(width(low, high),)))
    assert check.verdict == verdict
    assert check.evidence == ("measurement:portal", "vhr:may")


def test_an_event_does_not_bear_an_opening_out_and_a_measured_one_does() -> None:
    assert check_claim(DOZERS, close(events=(made.event_of(),))).verdict == "not contradicted"
    check = check_claim(DOZERS, close(measurements=(width(4.4, 4.7),)))
    assert (check.verdict, check.reason) == ("borne out", "An opening 4.40 to 4.70 m wide was measured in may.")


def test_who_says_it_is_not_what_an_image_would_show() -> None:
    said = claim_of(
        "An earthwork was begun in May, Orbis Imaging said",
        type="assessment",
        amount="1,500 square metres",
        time=day_of("2020-05-15", "event"),
    )
    assert check_claim(said, made.findings_of()).verdict == "not contradicted"


def test_a_sighting_bears_vehicles_out_within_its_identity() -> None:
    dozer = Sighting("O1", "may", "bulldozer", "probable", (0, 0), 6, 3, 0, 0.5, 0.9, "an analyst", evidence=("blade",))
    machines = dataclasses.replace(DOZERS, evidence="bulldozers stand on the ground")
    check = check_claim(machines, close(sightings=(dozer,)))
    assert (check.verdict, check.reason) == ("borne out", "A probable bulldozer was sighted in may.")
    assert check_claim(machines, close()).verdict == "not contradicted"


def test_a_scene_of_another_month_does_not_speak_of_the_day() -> None:
    april = dataclasses.replace(DOZERS, time=day_of("2020-04-10"))
    check = check_claim(april, close())
    assert check.verdict == "not observable with these Scenes"
    assert "No clear image within 5 days of 2020-04-10 is held" in check.reason


def test_an_event_bears_works_out_and_says_what_it_does_not_tell() -> None:
    check = check_claim(WORKS, made.findings_of(made.event_of()))
    assert check.verdict == "borne out"
    assert check.evidence[0] == "event:E20200517-0008-0010"
    assert "what it is, these pixels do not tell" in check.reason
    denied = dataclasses.replace(WORKS, polarity="-")
    assert check_claim(denied, made.findings_of(made.event_of())).verdict == "contradicted"


def test_a_null_finding_contradicts_only_what_it_would_have_shown() -> None:
    seen = dataclasses.replace(made.findings_of(), sensitivity=made.sensitivity_of())
    time = day_of("2020-05-15", "event")
    assert (
        check_claim(claim_of("an earthwork of 3,000 square metres", amount="3,000 square metres", time=time), seen).verdict
        == "contradicted"
    )
    assert (
        check_claim(claim_of("an earthwork of 500 square metres", amount="500 square metres", time=time), seen).verdict
        == "not contradicted"
    )


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("the length of the tunnel remains unknown", {"type": "unknown"}),
        ("the tunnel is fit to be used as a store for vehicles", {"type": "assessment"}),
        ("the structure will not be significantly long", {"type": "assessment"}),
        ("the strikes will continue", {"type": "statement"}),
        ("forty people were killed at the camp", {"type": "event"}),
        ("the base is owned by the guard", {"type": "background"}),
        ("work will begin in July", {"type": "intention"}),
        ("the group was formed in 1984", {"type": "background"}),
        ("Western sources told Fox News that an earlier tunnel is 400 feet long and 13 feet deep", {"type": "assessment"}),
    ],
)
def test_what_no_image_shows_is_said_to_be_so(words: str, changes: dict[str, str]) -> None:
    check = check_claim(dataclasses.replace(claim_of(words), **changes), close())  # type: ignore[arg-type]  # field by field
    assert (check.verdict, check.needs_gsd_m) == ("not observable from orbit", None)


def test_evidence_names_records_that_are_there() -> None:
    seen = close(measurements=(width(4, 5),), events=(made.event_of(),), sensitivity=made.sensitivity_of())
    records = records_of(seen, (), Product(1))
    words = (
        "an opening",
        "bulldozers",
        "a heap of spoil",
        "a road",
        "a lake",
        "forest was cleared",
        "a dam",
        "a ship",
        "a fire burnt",
    )
    claims: tuple[Claim, ...] = (WIDTH, DOZERS, WORKS, *(claim_of(text, time=day_of("2020-05-12")) for text in words))
    for check in check_claims(claims, seen):
        assert set(check.evidence) <= set(records)


def test_the_table_of_features_is_the_documents() -> None:
    text = (Path(__file__).parent.parent / "docs" / "claims.md").read_text()
    for feature in FEATURES:
        row = f"| {feature.name} | {feature.smallest_m:g} | {feature.detect_m:g} | {feature.recognise_m:g} | {feature.measure_m:g} | {feature.light or 'any'} | {feature.source} |"
        assert row in text
        assert feature.detect_m >= feature.recognise_m >= feature.measure_m
    assert not re.search(r"\bpers(?:on|ons)\b|people", " ".join(feature.name for feature in FEATURES))


def test_a_claims_own_size_goes_before_the_usual_one() -> None:
    feature = feature_of(WIDTH)
    assert feature is not None
    assert feature.name == "opening"
    assert feature.smallest_m == pytest.approx(4.572)
