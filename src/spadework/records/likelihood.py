"""The seven words of likelihood of Intelligence Community Directive 203, each with the interval that it stands for.

The same word means another number on another scale (the British yardstick, the IPCC's), so the scale's id goes with it.
Row A is what Spadework prints; row B is known so that a mixture can be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Term:
    """One degree of likelihood."""

    text: str
    """Row A, as printed."""
    other: str
    """Row B, never printed beside row A."""
    low: float
    """Probability, 0..1."""
    high: float
    """Probability, 0..1."""
    tag: str
    """Machine tag of the MISP taxonomy estimative-language, version 1."""
    scale: str = "ICD 203"

    @property
    def interval(self) -> str:
        """As printed: "55 to 80 per cent"."""
        return f"{self.low * 100:.0f} to {self.high * 100:.0f} per cent"


def _term(text: str, other: str, low: float, high: float) -> Term:
    return Term(text, other, low, high, f'estimative-language:likelihood-probability="{text.replace(" ", "-")}"')


TERMS: Final = (
    _term("almost no chance", "remote", 0.01, 0.05),
    _term("very unlikely", "highly improbable", 0.05, 0.20),
    _term("unlikely", "improbable", 0.20, 0.45),
    _term("roughly even chance", "roughly even odds", 0.45, 0.55),
    _term("likely", "probable", 0.55, 0.80),
    _term("very likely", "highly probable", 0.80, 0.95),
    _term("almost certain", "nearly certain", 0.95, 0.99),
)
"""From the least likely to the most (ICD 203 of 2 January 2015, Analytic Standards)."""

_EVEN: Final = 3
"""Place of the term round one half."""


def term_of(probability: float) -> Term:
    """The term for a probability.

    The ranges touch; a probability on a boundary takes the term nearer to even chance, so the word never says more than
    the number: .05 is very unlikely, .45 and .55 are a roughly even chance, .95 is very likely. The scale ends at .01 and .99;
    beyond them the outermost term stands, and the number beside it says the rest.

    Args:
        probability: 0..1.

    Raises:
        ValueError: not within 0..1.

    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability lies within 0..1, not {probability}")
    low = next((term for term in TERMS[:_EVEN] if probability < term.high), None)
    return low or next((term for term in TERMS[_EVEN:] if probability <= term.high), TERMS[-1])
