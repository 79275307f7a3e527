"""Claims about one fact of one object, wherever they were printed: how many documents, how many origins, and what their numbers allow together."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from spadework.claims.amounts import meet
from spadework.claims.origins import Clusters, part_of
from spadework.records import Reconciled, Thread

if TYPE_CHECKING:
    from spadework.records import Claim, Lineage, Relation

JOINS = frozenset({"supports", "contradicts", "refines"})
"""Relations of claims about one fact."""


def threads_of(claims: tuple[Claim, ...], relations: tuple[Relation, ...], lineage: Lineage) -> tuple[Thread, ...]:
    """Threads of two claims and more, in the order of their first claim; a claim that nothing joins is no thread."""
    joined = Clusters()
    for relation in relations:
        if relation.kind in JOINS:
            joined.join(relation.first, relation.second)
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[joined.top(claim.id)].append(claim)
    whole = [group for group in groups.values() if len(group) > 1]
    return tuple(
        Thread(
            id=f"T{number}",
            about=group[0].claim,
            claims=tuple(claim.id for claim in group),
            lineage=part_of(lineage, group),
            quantities=reconciled(group),
        )
        for number, group in enumerate(whole, 1)
    )


def reconciled(claims: list[Claim]) -> tuple[Reconciled, ...]:
    """What the quantities of some claims allow together, by dimension; those that fit with none of the others stand apart."""
    kinds: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.quantity is not None:
            kinds[claim.quantity.dimension, claim.quantity.si_unit].append(claim)
    return tuple(_reconciled(group) for group in kinds.values() if len(group) > 1)


def _reconciled(group: list[Claim]) -> Reconciled:
    """The largest set of intervals that all have a value in common; the widest that they allow."""
    spans = {claim.id: claim.quantity.interval for claim in group if claim.quantity is not None}
    ends = sorted({end for span in spans.values() for end in span})
    points = [*ends, *((a + b) / 2 for a, b in pairwise(ends) if b - a < float("inf"))]
    best = max(points, key=lambda at: (sum(low <= at <= high for low, high in spans.values()), -abs(at)))
    fit = [claim for claim in group if meet(spans[claim.id], (best, best))]
    odd = [claim for claim in group if claim not in fit]
    first = group[0].quantity
    if first is None:
        raise ValueError("a group of quantities holds a claim without one")
    finite = [spans[claim.id] for claim in fit if max(map(abs, spans[claim.id])) < float("inf")] or [
        spans[claim.id] for claim in fit
    ]
    words = ", ".join(f"\u201c{claim.quantity.text}\u201d" for claim in odd if claim.quantity is not None)
    return Reconciled(
        dimension=first.dimension,
        low=min(low for low, _ in finite),
        high=max(high for _, high in finite),
        si_unit=first.si_unit,
        claims=tuple(claim.id for claim in fit),
        outliers=tuple(claim.id for claim in odd),
        note=f"{words} does not fit beside the others" if odd else "",
    )
