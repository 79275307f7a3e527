"""What a page, a table and an export say of very-high-resolution Scenes, and what the gate keeps."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
import shapely
from findings import HOSTILE, SCENES, VHR_CORNER, event_of, image_of, measurement_of, probability_of, sighting_of, vhr_findings
from leaks import Secret, places
from pyproj import Transformer

from spadework.publish import embed, words
from spadework.publish.evidence import records_of
from spadework.publish.gate import OCCUPIED, Gated, through_gate
from spadework.publish.licences import licensed
from spadework.publish.lint import CHANGES, Known, lint
from spadework.publish.report import Edition, report_html, swipe_script
from spadework.publish.scene_rows import scene_rows
from spadework.publish.scenes import identities_of, plural
from spadework.publish.story import story_of
from spadework.publish.versions import difference
from spadework.publish.vhr import vhr_figures
from spadework.records import ANALYST, Alignment, Figure, Findings, Gate, Product, Truth
from spadework.run.exports import scene_files
from spadework.store.findings import findings_json, read_findings

if TYPE_CHECKING:
    from pathlib import Path

SALT = bytes(range(32))
PAIR = (SCENES[0].id, SCENES[1].id)
GATED = Product(1, id="SPW-1", gate=Gate(5000.0, 0))


def figures_of(findings: Findings) -> tuple[Figure, ...]:
    return vhr_figures(findings, {scene.id: image_of(n) for n, scene in enumerate(SCENES)}, {PAIR: probability_of()})


def html_of(findings: Findings, figures: tuple[Figure, ...] = (), product: Product = Product(1)) -> str:  # noqa: B008 - frozen
    return report_html(Edition(findings, product), embed.embedded(figures, "screen"))


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<sup.*?</sup>|<[^<>]*>", "", html))


def said(findings: Findings) -> dict[str, str]:
    return {s.key: s.text for s in story_of(records_of(findings, (), Product(1))).sentences()}


@pytest.fixture(scope="module")
def told() -> Findings:
    return vhr_findings(event_of())


@pytest.fixture(scope="module")
def page(told: Findings) -> str:
    return html_of(told, figures_of(told))


# ---------------------------------------------------------------- the page
def test_the_page_tells_scenes_pairs_sightings_measurements_and_truth(page: str) -> None:
    text = text_of(page)
    for part in (
        "Two very-high-resolution scenes: 1 April 2020 (Examplesat-2), pixels of 0.5 m", "2020-05-12 08:21", "52° high, from 142°", "12.2°",
        "moved onto that of 1 April 2020 (Examplesat-2) by +1.25 pixels to the right and -0.40 down", "0.06 pixels of that in nine cases of ten",
        "4 % of the ground that could be compared looks different between 1 April 2020", "Our confidence in this comparison is moderate",
        "one probable excavator, one possible vehicle-size object. A still image shows where things stand, not what they do.",
        "No vehicle and no machine is on record for the scene of 1 April 2020", "None found is not none there",
        "Width of the opening as seen from above (cut, east face): 4.62 m (4.45 to 4.79 m; 90 % interval)", "Volume of spoil: at most 420 m³",
        "Passage of wheel loader: probability .85 [.60, .96], on width alone, as the height is not known", "Passage of wheel loader, as Maker X",
        "not stated from the scene of 12 May 2020 (Examplesat-2), because the shadow is 2.1 pixels long",
        "noise 0.08 m; GSD 0.06 m", "angle of repose 90 %; scale 10 %",
        "Truth (simulated)", "4.6 m", "inside the interval", "1.4 px", "outside the interval",
        "sighting O1", "measurement portal", "comparison EX2",
    ):  # fmt: skip
        assert part in text, part
    assert page.count("<figure") == 7
    assert "operating" not in text


def test_a_page_without_scenes_has_no_section_for_them(told: Findings) -> None:
    bare = dataclasses.replace(told, scenes=(), comparisons=(), sightings=(), measurements=())
    assert "ery-high-resolution" not in html_of(bare)
    assert 'href="#scenes"' not in html_of(bare)


def test_hostile_text_of_scenes_is_data(told: Findings) -> None:
    scenes = tuple(
        dataclasses.replace(s, platform=HOSTILE, credit=HOSTILE, licence=HOSTILE, notes=(HOSTILE,)) for s in told.scenes
    )
    found = tuple(dataclasses.replace(s, label=HOSTILE, detector=HOSTILE, evidence=(HOSTILE,)) for s in told.sightings)
    results = tuple(dataclasses.replace(m, label=HOSTILE, method=HOSTILE, warnings=(HOSTILE,)) for m in told.measurements)
    pair = dataclasses.replace(told.comparisons[0], detector=HOSTILE, limits=(HOSTILE,))
    findings = dataclasses.replace(told, scenes=scenes, sightings=found, measurements=results, comparisons=(pair,))
    html = html_of(findings, figures_of(findings))
    assert re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) == [swipe_script()]
    assert "<img src=https" not in html


def test_scenes_that_could_not_be_laid_on_each_other_are_not_compared(told: Findings) -> None:
    pair = dataclasses.replace(
        told.comparisons[0], alignment=Alignment(None, None, failed="the tiles disagree"), changed_fraction=None
    )
    text = said(dataclasses.replace(told, comparisons=(pair,)))
    name = f"{PAIR[0]} and {PAIR[1]}"
    assert "were not compared: the tiles disagree." in text[f"aligned:{name}"]
    assert f"differs:{name}" not in text
    assert f"worth:{name}" not in text


@pytest.mark.parametrize(
    ("gsd", "words_"),
    [
        ((10.0, 10.0), "NOT OBSERVABLE. Pixels of at most 3 m would be needed."),
        ((2.0, 2.0), "show at most vehicle-size object"),
        ((0.5, 1.2), "pixels of 0.5 by 1.2 m, which show at most heavy vehicle"),
        (None, "nothing can be said of them, as the size of a pixel is not known"),
    ],
)
def test_what_was_not_sighted_is_told_by_what_such_pixels_can_show(
    told: Findings, gsd: tuple[float, float] | None, words_: str
) -> None:
    scene = dataclasses.replace(SCENES[0], gsd_m=gsd)
    assert words_ in said(dataclasses.replace(told, scenes=(scene, SCENES[1])))[f"sighted:{scene.id}"]


def test_sightings_are_counted_the_surest_first_and_their_words_pass_the_linter(told: Findings) -> None:
    found = (
        *(sighting_of(f"A{n}", identity="possible", label="lorry") for n in range(3)),
        *(sighting_of(f"B{n}") for n in range(11)),
        sighting_of("C", identity="confirmed", label="bulldozer", gsd_m=0.3, detector=ANALYST),
    )
    text = said(dataclasses.replace(told, sightings=found))[f"sighted:{SCENES[1].id}"]
    assert ": one confirmed bulldozer, 11 probable excavators, three possible lorries." in text
    assert lint(text, Known(CHANGES | identities_of(found), beside_row_a=True)) == ()
    assert {fault.rule for fault in lint(text, Known(CHANGES, beside_row_a=True))} == {"identity"}
    assert [plural(word) for word in ("bus", "tray", "lorry")] == ["bus", "trays", "lorries"]


# ---------------------------------------------------------------- numbers in words
@pytest.mark.parametrize(
    ("changes", "told_"),
    [
        ({}, "4.62 m (4.45 to 4.79 m)"),
        ({"value": 123.4, "low": 101.0, "high": 150.0}, "120 m (100 to 150 m)"),
        ({"unit": "m2", "value": 1234.0, "low": 1200.0, "high": 1270.0}, "1,230 m² (1,200 to 1,270 m²)"),
        ({"unit": "deg", "value": 12.34, "low": 11.0, "high": 13.6}, "12.3° (11.0 to 13.6°)"),
        ({"unit": "probability", "value": 0.999, "low": 0.98, "high": 1.0}, "over .99 [.98, over .99]"),
        ({"unit": "probability", "value": 0.999, "low": 0.998, "high": 1.0}, "over .99"),
        ({"kind": "at most", "high": 1201.0, "low": None, "unit": "m3"}, "at most 1,300 m³"),
        ({"kind": "at least", "low": 54.3, "high": None}, "at least 54 m"),
        ({"kind": "at least", "low": None, "high": None}, ""),
        ({"low": None}, ""),
        ({"refused": "one edge only"}, ""),
    ],
)
def test_a_value_never_stands_without_its_interval(changes: dict[str, object], told_: str) -> None:
    result = measurement_of(**changes)
    assert words.measured(result) == told_
    assert lint(f"Width: {words.with_level(result)}.") == ()


def test_truth_that_nothing_answers_is_left_out_and_a_bound_holds_on_its_side(told: Findings) -> None:
    rows = scene_rows(told, gated=False)["truths"]
    assert [(row["told"], row["holds"]) for row in rows] == [
        ("4.62 m (4.45 to 4.79 m)", "inside the interval"), ("+1.25 px (radius 0.06 px)", "outside the interval"), ("one probable excavator, one possible vehicle-size object", ""), ("4 %", ""),
    ]  # fmt: skip
    truths = tuple(Truth("spoil", value, "m3", "measurement:heap") for value in (400.0, 413.0))
    bounds = dataclasses.replace(told, site=dataclasses.replace(told.site, truths=truths))
    assert [row["holds"] for row in scene_rows(bounds, gated=False)["truths"]] == [
        "inside the interval",
        "outside the interval",
    ]
    alone = dataclasses.replace(told, measurements=(), comparisons=())
    assert [row["what"] for row in scene_rows(alone, gated=False)["truths"]] == ["machines"]


def test_what_became_of_sightings_and_measurements_is_told_from_version_to_version(told: Findings) -> None:
    assert difference(told, told) == ()
    pair = dataclasses.replace(told.comparisons[0], changed_fraction=None)
    later = dataclasses.replace(
        told, scenes=(*told.scenes, dataclasses.replace(SCENES[0], id="third")), comparisons=(pair,), sightings=told.sightings[:1],
        measurements=(measurement_of(value=4.4, low=4.1, high=4.7), *told.measurements[2:], measurement_of("new", label="other cut")),
    )  # fmt: skip
    changes, both = difference(told, later), "one probable excavator, one possible vehicle-size object"
    assert changes == (
        "1 very-high-resolution scene was added.",
        f"Sighted in the scene of 12 May 2020 (Examplesat-2): {both} before, one probable excavator now.",
        "Width of the opening as seen from above (cut, east face): 4.62 m (4.45 to 4.79 m) before, 4.4 m (4.1 to 4.7 m) now.",
        "Width of the opening as seen from above (other cut) is new: 4.62 m (4.45 to 4.79 m).",
        "Volume of spoil is no longer told; it was at most 420 m³.",
        "What looks different between 1 April 2020 (Examplesat-2) and 12 May 2020 (Examplesat-2): 4 % before, not compared now.",
    )
    known = Known(CHANGES | identities_of(told.sightings), beside_row_a=True)
    assert [lint(change, known) for change in changes] == [()] * len(changes)


# ---------------------------------------------------------------- tables
def test_tables_hold_every_sighting_and_measurement_with_what_it_rests_on(told: Findings) -> None:
    files = scene_files(told)
    features = json.loads(files["sightings.geojson"])["features"]
    assert [feature["id"] for feature in features] == ["O1", "O2"]
    box = shapely.Polygon(sighting_of().geometry[0][0])
    assert shapely.from_geojson(json.dumps(features[0]["geometry"])).equals(shapely.MultiPolygon([box]))
    assert features[0]["properties"]["sha256"] == SCENES[1].sha256
    results = json.loads(files["measurements.json"])
    assert results[0]["interval"] == [4.45, 4.79]
    assert results[0]["budget"] == {"noise": 0.08, "GSD": 0.06}
    assert results[1]["budget_holds"] == "shares of the variance"
    assert results[3]["value"] is None
    assert results[3]["refused"] == "the shadow is 2.1 pixels long"
    pair = json.loads(files["comparisons.json"])[0]
    assert (pair["shift_px"], pair["shift_u_px"], pair["aligned"]) == ([1.25, -0.4], 0.06, True)
    for name, count in (("sightings.csv", 2), ("measurements.csv", 4)):
        rows = list(csv.DictReader(io.StringIO(files[name].decode())))
        assert len(rows) == count
        assert all(None not in row.values() and None not in row for row in rows)
    assert scene_files(dataclasses.replace(told, scenes=())) == {}


def test_a_label_that_a_spreadsheet_would_run_is_a_text(told: Findings) -> None:
    results = (measurement_of(label="=1+1"),)
    row = next(
        csv.DictReader(io.StringIO(scene_files(dataclasses.replace(told, measurements=results))["measurements.csv"].decode()))
    )
    assert row["label"] == "'=1+1"


def test_findings_with_scenes_come_back_as_they_went(told: Findings, tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    path.write_bytes(findings_json(told))
    assert read_findings(path) == told


# ---------------------------------------------------------------- the gate
def passed(findings: Findings, figures: tuple[Figure, ...] = ()) -> Gated:
    return through_gate(findings, GATED, figures, SALT)


def secret_of(findings: Findings) -> Secret:
    """Where the Scenes lie and what they are called, with every angle that gives an orbit or a latitude."""
    to = Transformer.from_crs("EPSG:32637", "EPSG:4326", always_xy=True)
    drawn = [point for result in findings.measurements for point in result.where]
    drawn += [sighting.centre for sighting in findings.sightings] + [VHR_CORNER]
    return Secret(
        points=tuple(to.transform(*point) for point in drawn),
        crs="EPSG:32637",
        mgrs="37SFA",
        words=(
            *(scene.id for scene in SCENES),
            *(scene.sha256 or "?" for scene in SCENES),
            "08:21:09", "T082109", "201.5", "12.25", "51.75", "141.5", "136.5", "portal",
        ),
    )  # fmt: skip


def everything(findings: Findings, figures: tuple[Figure, ...], product: Product) -> bytes:
    page = re.sub(r"base64,[A-Za-z0-9+/=]+", "", html_of(findings, figures, product))
    captions = "\n".join(f"{figure.name} {figure.caption} {figure.alt} {figure.withheld}" for figure in figures)
    return b"\n".join([findings_json(findings), *scene_files(findings).values(), page.encode(), captions.encode()])


def test_nothing_of_a_scene_that_leaves_leads_to_its_place(told: Findings) -> None:
    figures, secret = figures_of(told), secret_of(told)
    gated = passed(told, figures)
    left = everything(gated.findings, gated.figures, gated.product)
    assert list(places(left, secret, 1000.0)) == []
    assert [word for word in secret.words if word.encode() in left] == []
    # the same eye finds all of it in the working copy
    exact = everything(told, figures, Product(1))
    assert [word for word in secret.words if word.encode() not in exact] == []
    assert len(list(places(exact, secret, 1000.0))) > len(secret.points)


def test_scenes_pass_the_gate_under_local_names_on_their_day(told: Findings) -> None:
    gated = passed(told)
    assert [scene.id for scene in gated.findings.scenes] == ["V1", "V2"]
    scene = gated.findings.scenes[1]
    assert scene.datetime == dt.datetime(2020, 5, 12, tzinfo=dt.UTC)
    assert (scene.sun_elevation, scene.sun_azimuth, scene.off_nadir, scene.view_azimuth) == (50.0, None, None, None)
    assert (scene.footprint, scene.gsd_m) == ((), (0.5, 0.5))
    assert scene.sha256 not in (None, SCENES[1].sha256)
    pair = gated.findings.comparisons[0]
    assert (pair.before, pair.after, pair.alignment.affine) == ("V1", "V2", None)
    assert [(patch.geometry, patch.area_m2) for patch in pair.patches] == [((), 100.0)]
    assert dict(gated.names)["V1"] == SCENES[0].id
    assert dict(gated.names)["M1"] == "portal"
    assert (gated.findings.site.scenes, gated.findings.site.measures, gated.findings.site.sightings) == ((), (), ())


def test_a_measurement_keeps_value_and_interval_and_loses_its_line(told: Findings) -> None:
    result = passed(told).findings.measurements[0]
    assert (result.id, result.scene, result.value, result.low, result.high) == ("M1", "V2", 4.62, 4.45, 4.79)
    assert result.budget == measurement_of().budget
    assert (result.where, result.model) == ((), ())
    assert passed(told).findings.site.truths[0].result == "measurement:M1"


@pytest.mark.parametrize(("count", "told_"), [(1, "up to five"), (5, "up to five"), (6, "six to twenty"), (21, "over twenty")])
def test_what_stood_in_a_scene_leaves_as_a_bin_without_places(told: Findings, count: int, told_: str) -> None:
    found = (*(sighting_of(f"X{n}") for n in range(count)), sighting_of("Y", label="vehicle-size object", identity="possible"))
    gated = passed(dataclasses.replace(told, sightings=found)).findings
    assert [(s.id, s.many) for s in gated.sightings] == [("O1", told_), ("O2", "up to five")]
    for sighting in gated.sightings:
        assert (sighting.centre, sighting.geometry, sighting.length_m, sighting.score) == ((0.0, 0.0), (), 0.0, 0.0)
    assert f"{told_} probable excavators, up to five possible vehicle-size objects" in said(gated)["sighted:V2"]
    feature = json.loads(scene_files(gated)["sightings.geojson"])["features"][0]
    assert feature["geometry"] is None
    assert feature["properties"]["many"] == told_
    assert feature["properties"]["score"] is None


def test_pictures_of_a_scene_with_sightings_stay_and_say_why(told: Findings) -> None:
    gated = passed(told, figures_of(told))
    shown = {figure.name: figure for figure in gated.figures}
    assert shown["figures/scene-1.png"].data
    assert shown["figures/scene-1.png"].scenes == ("V1",)
    for name in ("pair-1", "scene-2", "scene-2-sightings", "measurement-1"):
        assert (shown[f"figures/{name}.png"].data, shown[f"figures/{name}.png"].withheld) == (b"", OCCUPIED)
    empty = passed(dataclasses.replace(told, sightings=()), figures_of(told))
    assert all(figure.data for figure in empty.figures)


def test_a_scene_whose_licence_bars_it_is_not_shown(told: Findings) -> None:
    barred = tuple(dataclasses.replace(scene, licence="proprietary") for scene in told.scenes[1:])
    findings = dataclasses.replace(told, scenes=(told.scenes[0], *barred), sightings=())
    made = licensed(figures_of(findings), findings)
    assert [bool(figure.data) for figure in made] == [figure.scenes == (SCENES[0].id,) for figure in made]
    assert "licence of 1 look (12 May 2020) does not say" in made[0].withheld


def test_a_scene_named_by_a_common_word_leaves_the_words_of_others_alone(told: Findings) -> None:
    scenes = (dataclasses.replace(SCENES[0], id="before"), SCENES[1])
    findings = dataclasses.replace(told, scenes=scenes, comparisons=(), warnings=("a fence stood there before",))
    gated = passed(findings).findings
    assert gated.scenes[0].id == "V1"
    assert gated.warnings == ("a fence stood there before",)
