"""The whole assessment of a question: evidence, matrix, ranking, judgements, unknowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spadework.assess.evidence import ACCEPTED, evidence_of
from spadework.assess.judge import judgements_of
from spadework.assess.matrix import diagnosticity_of, matrix_of, ranking_of
from spadework.assess.templates import FEATURES, TEMPLATES
from spadework.errors import UserError
from spadework.records import Assessment

if TYPE_CHECKING:
    from spadework.records import Findings, Question


def assess(question: Question, findings: Findings) -> Assessment:
    """Weigh the hypotheses of a question's feature against the findings; ``findings.said`` holds the claims, weighed.

    Raises:
        UserError: there is no template for the feature.

    """
    template = TEMPLATES.get(question.feature)
    if template is None:
        raise UserError("[assess] feature", f"there is no template '{question.feature}'", f"there are: {', '.join(FEATURES)}")
    signed = evidence_of(findings)
    cells = matrix_of(template, signed)
    hypotheses = tuple(branch.hypothesis for branch in template.branches)
    weights = {one.item.id: one.item.weight for one in signed}
    ranking = ranking_of(tuple(h.id for h in hypotheses), cells, weights)
    accepted = any(claim.state in ACCEPTED for claim in findings.said.claims)
    return Assessment(
        question=question.text,
        feature=question.feature,
        hypotheses=hypotheses,
        evidence=tuple(one.item for one in signed),
        matrix=cells,
        ranking=ranking,
        diagnosticity=diagnosticity_of(cells),
        judgements=judgements_of(question, findings, ranking, hypotheses),
        unknowns=(*template.unknowns, *_unknowns(findings)),
        proposed=not accepted,
        notes=()
        if accepted or not findings.said.claims
        else ("No claim has been accepted by an analyst yet: none enters this assessment.",),
    )


def _unknowns(findings: Findings) -> tuple[str, ...]:
    """What the documents themselves say is not known."""
    said = findings.said
    return tuple(
        dict.fromkeys(
            f"according to a document, unknown: {c.claim}"
            for c in said.claims
            if c.state in ACCEPTED and c.hedge.level == "unknown"
        )
    )[:5]
