"""The matrix of evidence (Heuer, Psychology of Intelligence Analysis, 1999, ch. 8): what is least inconsistent stands first, and which item decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.records import Cell, Ranked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spadework.assess.evidence import Signed
    from spadework.assess.templates import Template
    from spadework.records import Consistency

AGAINST: Final[dict[Consistency, float]] = {"I": 1.0, "II": 2.0}
"""What a cell adds to the inconsistency of its hypothesis, times the item's weight; what speaks for one adds nothing (Heuer, step 5)."""
VALUE: Final[dict[Consistency, float]] = {"CC": 2.0, "C": 1.0, "N": 0.0, "I": -1.0, "II": -2.0, "NA": 0.0}
SPAN: Final = 4.0
"""From II to CC."""
SILENT: Final[tuple[Consistency, str]] = ("N", "says nothing for or against")


def matrix_of(template: Template, items: Iterable[Signed]) -> tuple[Cell, ...]:
    """One cell for each item and hypothesis, with its reason."""
    return tuple(
        Cell(signed.item.id, branch.hypothesis.id, *branch.signs.get(signed.sign, SILENT))
        for signed in items
        for branch in template.branches
    )


def scores(hypotheses: Iterable[str], cells: Iterable[Cell], weights: dict[str, float]) -> dict[str, float]:
    """Weighted inconsistency of each hypothesis."""
    out = dict.fromkeys(hypotheses, 0.0)
    for cell in cells:
        out[cell.hypothesis] += weights[cell.item] * AGAINST.get(cell.consistency, 0.0)
    return {name: round(score, 6) for name, score in out.items()}


def ranking_of(hypotheses: tuple[str, ...], cells: tuple[Cell, ...], weights: dict[str, float]) -> tuple[Ranked, ...]:
    """Hypotheses, the least inconsistent first; equal scores share a rank. An item is critical where leaving it out changes a rank.

    Args:
        hypotheses: ids in the order of the template, which breaks ties of place, not of rank.
        cells: the matrix.
        weights: of the items, 0..1.

    """
    ranks, totals = _ranks(hypotheses, cells, weights)
    critical: dict[str, list[str]] = {name: [] for name in hypotheses}
    for item in weights:
        without, _ = _ranks(hypotheses, tuple(cell for cell in cells if cell.item != item), weights)
        for name in hypotheses:
            if without[name] != ranks[name]:
                critical[name].append(item)
    order = sorted(hypotheses, key=lambda name: (ranks[name], hypotheses.index(name)))
    return tuple(Ranked(name, totals[name], ranks[name], tuple(critical[name])) for name in order)


def _ranks(
    hypotheses: tuple[str, ...], cells: tuple[Cell, ...], weights: dict[str, float]
) -> tuple[dict[str, int], dict[str, float]]:
    totals = scores(hypotheses, cells, weights)
    return {name: 1 + sum(other < totals[name] for other in totals.values()) for name in hypotheses}, totals


def diagnosticity_of(cells: Iterable[Cell]) -> tuple[tuple[str, float], ...]:
    """(item, 0..1): the range of its values over the hypotheses, as a share of the widest there can be; 0 = it says the same of all."""
    values: dict[str, list[float]] = {}
    for cell in cells:
        if cell.consistency != "NA":
            values.setdefault(cell.item, []).append(VALUE[cell.consistency])
    return tuple((item, (max(held) - min(held)) / SPAN) for item, held in values.items())
