"""Judgement: a matrix worked out on paper, words that the page may print, claims that nobody accepted left out."""

from __future__ import annotations

import ast
import dataclasses
from itertools import permutations
from pathlib import Path

import findings as made
import pytest
from claimed import claim_of, day_of, source_of

from spadework.assess import FEATURES, assess
from spadework.assess.matrix import diagnosticity_of, ranking_of
from spadework.assess.templates import TEMPLATES
from spadework.claims import check_claims, grades_of, lineage_of, relations_of, threads_of
from spadework.errors import UserError
from spadework.publish.lint import CHANGES, Known, lint
from spadework.records import Cell, Claim, ClaimLedger, Consistency, Findings, OriginRule, Question

PAPER = source_of()
STATED: tuple[Claim, ...] = (
    claim_of("bulldozers at the entrance of a structure", time=day_of("2020-05-12"), state="accepted"),
    claim_of("an excavator and bulldozers near the construction site", time=day_of("2020-04-01"), state="accepted"),
    claim_of(
        "the structure will not be significantly long due to the rigid terrain",
        type="assessment",
        state="accepted",
        polarity="-",
    ),
    claim_of("the tunnel is fit to be used as a storage facility for vehicles", type="assessment", state="accepted"),
    claim_of("the area is known for its dunes", state="proposed"),
)


def told(claims: tuple[Claim, ...] = STATED, base: Findings | None = None, *rules: OriginRule) -> Findings:
    """Findings with some claims, weighed."""
    seen = base or dataclasses.replace(made.findings_of(), looks=())
    lineage = lineage_of((PAPER,), claims, rules)
    relations = relations_of(claims, lineage)
    threads = threads_of(claims, relations, lineage)
    said = ClaimLedger(
        (PAPER,),
        claims,
        (),
        lineage,
        threads,
        relations,
        (),
        check_claims(claims, seen),
        grades_of(claims, lineage, (threads, relations), rules),
    )
    return dataclasses.replace(seen, said=said)


QUESTION = Question("What is it?", "underground facility", "flat")


def cells(*rows: tuple[str, str]) -> tuple[Cell, ...]:
    """(item, consistencies of H1, H2, H3 with spaces between)."""
    kinds: dict[str, Consistency] = {"CC": "CC", "C": "C", "N": "N", "I": "I", "II": "II", "NA": "NA"}
    return tuple(Cell(item, f"H{n}", kinds[word], "") for item, words in rows for n, word in enumerate(words.split(), 1))


def test_a_matrix_by_hand() -> None:
    """H1: 1 x .5 = .5; H2: 2 x 1 + 1 x .5 = 2.5; H3: 0. Without E2, H1 rises level with H3; without E1, H2 rises level with H1."""
    matrix = cells(("E1", "C II C"), ("E2", "I I C"), ("E3", "C C C"))
    weights = {"E1": 1.0, "E2": 0.5, "E3": 1.0}
    ranking = ranking_of(("H1", "H2", "H3"), matrix, weights)
    assert [(r.hypothesis, r.inconsistency, r.rank) for r in ranking] == [("H3", 0.0, 1), ("H1", 0.5, 2), ("H2", 2.5, 3)]
    assert {r.hypothesis: r.critical for r in ranking} == {"H3": (), "H1": ("E2",), "H2": ("E1",)}
    assert diagnosticity_of(matrix) == (("E1", 0.75), ("E2", 0.5), ("E3", 0.0))


def test_the_order_of_the_items_changes_no_rank() -> None:
    rows = (("E1", "C II N"), ("E2", "I I C"), ("E3", "N C II"))
    weights = {"E1": 1.0, "E2": 0.5, "E3": 0.3}
    ranks = {
        tuple((r.hypothesis, r.rank) for r in ranking_of(("H1", "H2", "H3"), cells(*order), weights))
        for order in permutations(rows)
    }
    assert len(ranks) == 1


@pytest.mark.parametrize("feature", FEATURES)
def test_every_template_holds_a_benign_and_a_deception_and_one_more(feature: str) -> None:
    kinds = [branch.hypothesis.kind for branch in TEMPLATES[feature].branches]
    assert kinds.count("benign") >= 1
    assert kinds.count("deception") == 1
    assert len(kinds) >= 4
    assert all(branch.hypothesis.indicators for branch in TEMPLATES[feature].branches)
    assert TEMPLATES[feature].unknowns


def test_an_unknown_feature_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="underground facility, clearing"):
        assess(Question("?", "castle"), told())


def test_only_accepted_claims_enter() -> None:
    done = assess(QUESTION, told())
    entered = {name for item in done.evidence for name in item.records} | {name for j in done.judgements for name in j.records}
    assert f"claim:{STATED[0].id}" in entered
    assert f"claim:{STATED[4].id}" not in entered
    waiting = tuple(dataclasses.replace(claim, state="proposed") for claim in STATED)
    alone = assess(QUESTION, told(waiting))
    assert alone.evidence == ()
    assert alone.proposed
    assert "No claim has been accepted" in alone.notes[0]
    assert len({ranked.rank for ranked in alone.ranking}) == 1


@pytest.mark.parametrize("feature", FEATURES)
def test_every_sentence_passes_the_linter_of_the_page(feature: str) -> None:
    seen = made.findings_of(made.event_of(p_real=0.83, base_rate=0.1))
    for findings in (
        told(),
        told(base=seen),
        told((), seen),
        told(STATED, seen, OriginRule(STATED[0].speaker, "B", "publishes its images")),
    ):
        for judgement in assess(dataclasses.replace(QUESTION, feature=feature), findings).judgements:
            because = judgement.because.rstrip(".")
            for text in (judgement.text, f"Confidence in this is {judgement.confidence}: {because[:1].lower()}{because[1:]}."):
                assert lint(text, Known(CHANGES)) == (), text


def test_what_one_origin_is_repeated_to_have_said_enters_once() -> None:
    again = claim_of("bulldozers at the mouth of a structure", source_of("b"), time=day_of("2020-05-12"), state="accepted")
    alone, both = assess(QUESTION, told()), assess(QUESTION, told((*STATED, again)))
    assert [item.weight for item in both.evidence] == [item.weight for item in alone.evidence]
    assert f"claim:{again.id}" in {name for item in both.evidence for name in item.records}
    assert both.ranking == alone.ranking


def test_capability_has_no_probability_and_the_length_is_an_assessment_examined() -> None:
    done = assess(QUESTION, told())
    (capability,) = [j for j in done.judgements if "capability" in j.text]
    assert (capability.term, capability.interval) == (None, None)
    (length,) = [j for j in done.judgements if "assessment" in j.text]
    assert "How hard the rock is cannot be told" in length.text
    assert "at most 1 in 100" in length.text
    assert "does not make it certain" in length.text
    assert length.confidence == "low"


def test_dates_of_images_bound_the_start() -> None:
    done = assess(QUESTION, told())
    texts = [judgement.text for judgement in done.judgements]
    assert any("works began before or on 1 April 2020" in text for text in texts)
    assert any("described in the image of 12 May 2020 and not in that of 1 April 2020" in text for text in texts)


def test_a_likelihood_needs_a_trusted_origin_and_stands_apart_from_confidence() -> None:
    onset = assess(QUESTION, told()).judgements[0]
    assert onset.term is None
    rule = OriginRule(STATED[0].speaker, "B", "publishes its images")
    onset = assess(QUESTION, told(STATED, None, rule)).judgements[0]
    assert onset.term == "likely"
    assert "likely (55 to 80 per cent, ICD 203)" in onset.text
    assert onset.interval == (0.55, 0.8)
    assert "confidence" not in onset.text.lower()


def test_an_own_image_gives_a_likelihood_with_its_interval() -> None:
    seen = made.findings_of(made.event_of(p_real=0.83, base_rate=0.1))
    onset = assess(QUESTION, told((), seen)).judgements[0]
    assert onset.text.startswith("It is very likely (80 to 95 per cent, ICD 203)")
    assert onset.records == ("event:E20200517-0008-0010",)


def test_confidence_of_one_origin_without_images_is_low() -> None:
    done = assess(QUESTION, told())
    assert {judgement.confidence for judgement in done.judgements} == {"low"}
    assert "all that was said of it goes back to one origin" in done.judgements[0].because.lower()
    assert done.unknowns


def test_the_room_knows_records_and_the_standard_library_only() -> None:
    room = Path(__file__).parent.parent / "src" / "spadework" / "assess"
    for path in room.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                own = name.startswith(("spadework.assess", "spadework.records", "spadework.errors"))
                assert own or name.split(".")[0] in {
                    "__future__",
                    "collections",
                    "dataclasses",
                    "datetime",
                    "itertools",
                    "re",
                    "typing",
                }, (
                    path.name,
                    name,
                )
