"""How well changed pixels were found, with intervals over pairs: pixels of one pair are no independent trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_DRAWS: Final = 4000
_SEED: Final = 20_240_601


@dataclass(frozen=True, slots=True)
class PairCount:
    """Pixels of one labelled pair."""

    id: str
    hit: int
    """Changed, and found."""
    false: int
    """Found, not changed."""
    missed: int
    """Changed, not found."""
    quiet: int
    """Neither."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure over all pairs together, and its 90 % interval by bootstrap over pairs (Efron 1979)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """F1 = 2 hit / (2 hit + false + missed), IoU = hit / (hit + false + missed), of all pixels of all pairs together."""

    f1: Ratio
    iou: Ratio
    precision: Ratio
    recall: Ratio
    pairs: tuple[PairCount, ...]


def count(name: str, probability: NDArray[np.float32], changed: NDArray[np.bool_], threshold: float) -> PairCount:
    """Count one pair; what could not be compared (NaN) was not found."""
    found = probability >= threshold
    hit, false = int((found & changed).sum()), int((found & ~changed).sum())
    missed = int(changed.sum()) - hit
    return PairCount(name, hit, false, missed, changed.size - hit - false - missed)


def scores_of(pairs: Sequence[PairCount]) -> Scores:
    """Figures over pairs. With few pairs the intervals are too narrow: they know only the pairs that are there.

    Raises:
        ValueError: no pairs.

    """
    if not pairs:
        msg = "no labelled pairs to score"
        raise ValueError(msg)
    table = np.array([(pair.hit, pair.false, pair.missed) for pair in pairs], dtype=np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, len(pairs), (_DRAWS, len(pairs)))
    values, spread = _figures(table.sum(axis=0)), _figures(table[drawn].sum(axis=1))
    low, high = np.quantile(spread, (0.05, 0.95), axis=0)
    f1, iou, precision, recall = (Ratio(*map(float, row)) for row in zip(values, low, high, strict=True))
    return Scores(f1, iou, precision, recall, tuple(pairs))


def _figures(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(.., figure) of (.., hit, false, missed), in the order of ``Scores``; 0 where nothing was found or nothing was there."""
    hit, false, missed = np.moveaxis(sums, -1, 0)
    either = hit + false + missed
    parts = ((2 * hit, hit + either), (hit, either), (hit, hit + false), (hit, hit + missed))
    return np.stack([over / np.maximum(under, 1) for over, under in parts], axis=-1)
