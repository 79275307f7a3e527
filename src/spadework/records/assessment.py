"""What is judged: hypotheses, the matrix of evidence, judgements in calibrated words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Consistency: TypeAlias = Literal["CC", "C", "N", "I", "II", "NA"]
"""Very consistent, consistent, neutral, inconsistent, very inconsistent, not applicable (Heuer, Psychology of Intelligence Analysis, ch. 8)."""
Confidence: TypeAlias = Literal["low", "moderate", "high"]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation among others."""

    id: str
    """"H1" ..."""
    text: str
    kind: Literal["main", "alternative", "benign", "deception"]
    indicators: tuple[str, ...] = ()
    """What would be seen later if it held, and not otherwise: what to watch."""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One row of the matrix."""

    id: str
    """"E1" ..."""
    text: str
    kind: Literal["observed", "claimed", "absent", "assumed"]
    """"absent": something expected that was looked for and not found."""
    records: tuple[str, ...]
    """Ids of the records it rests on: "claim:C", "event:E", "measurement:M"; never empty."""
    weight: float = 1.0
    """0..1: credibility of what it rests on; a claim of one origin weighs less than an observation."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one item says of one hypothesis."""

    item: str
    hypothesis: str
    consistency: Consistency
    reason: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hypothesis in the order of least inconsistency."""

    hypothesis: str
    inconsistency: float
    """Weighted sum over inconsistent cells; less is better."""
    rank: int
    """From 1; equal scores share a rank."""
    critical: tuple[str, ...] = ()
    """Items without which it would stand at another rank."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A statement with its likelihood in one sentence and confidence in another."""

    text: str
    term: str | None
    """ICD 203 word, row A; None = capability or no basis: no probability is stated."""
    interval: tuple[float, float] | None
    """Probability, 0..1."""
    scale: str
    confidence: Confidence
    because: str
    """Why no more confidence, and no less."""
    records: tuple[str, ...]
    change_mind: tuple[str, ...] = ()
    """What would change it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Hypotheses weighed."""

    question: str
    feature: str
    """Template that the hypotheses come from: "underground facility", "dam", "clearing" ..."""
    hypotheses: tuple[Hypothesis, ...]
    evidence: tuple[EvidenceItem, ...]
    matrix: tuple[Cell, ...]
    ranking: tuple[Ranked, ...]
    diagnosticity: tuple[tuple[str, float], ...]
    """(item, 0..1): 0 = says the same of all hypotheses."""
    judgements: tuple[Judgement, ...]
    """In the order of the page; the last, which is always there, says which explanation is left."""
    unknowns: tuple[str, ...]
    proposed: bool = True
    """True until an analyst accepted the Claims that it rests on."""
    notes: tuple[str, ...] = ()
