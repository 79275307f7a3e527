"""From a difference in units of its scatter to a probability of change, against the scene's own unchanged ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPREADS: Final = ((0.1587, 1.0), (0.05, 1.6449))
"""(quantile, standard deviations below the middle) of a normal distribution."""
_BEYOND: Final = (3.0, 3.5, 4.0)
"""Standard deviations over the middle from where more pixels than expected are counted as changed."""
_TINY: Final = 1e-12
_SOME: Final = 1e-3
_NARROWEST: Final = 0.05
"""Standard deviation of the logarithm; a pair of identical images has none."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Two groups of pixels (Efron 2004): unchanged, and changed."""

    middle: float
    """Of the logarithm of the statistic on unchanged ground."""
    spread: float
    """Its standard deviation."""
    changed: float
    """Share of changed pixels."""
    start: float
    """Logarithm from where change can be seen at all."""
    end: float
    """Logarithm up to where changed ground is spread evenly."""

    def probability(self, statistic: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 less the local false discovery rate; never falls as the statistic rises."""
        if not self.changed:
            return np.zeros(statistic.shape, dtype=np.float32)
        log = np.log(np.maximum(statistic, _TINY))
        off = (log - self.middle) / self.spread
        unchanged = (1 - self.changed) * np.exp(-0.5 * off**2) / (self.spread * np.sqrt(2 * np.pi))
        changed = self.changed * np.clip((log - self.start) / (0.5 * self.spread), 0, 1) / (self.end - self.start)
        return np.asarray(changed / np.maximum(changed + unchanged, 1e-30), dtype=np.float32)

    def visible(self) -> float:
        """The least statistic that would count as changed (probability 1/2), were a thousandth of the ground changed."""
        some = replace(self, changed=max(self.changed, _SOME))
        logs = np.linspace(self.start, self.end + 3 * self.spread, 2000)
        return float(np.exp(logs[int(np.argmax(some.probability(np.exp(logs).astype(np.float32)) >= 0.5))]))  # noqa: PLR2004 - as said


def odds_of(statistic: NDArray[np.float32]) -> Odds:
    """The two groups, from the scene alone.

    The lower half of the logarithm, which change hardly touches, gives the unchanged group's spread; an upper half that is
    wider than that widens it (a rest of misalignment, relief), so that a pair without change shows none. What lies beyond
    and is not expected there is the share of changed pixels.

    Args:
        statistic: (pixel), a sample, about 1 where nothing changed.

    """
    log = np.sort(np.log(np.maximum(statistic, _TINY)))
    changed, middle, spread = 0.0, 0.0, 1.0
    for _ in range(20):
        middle, spread = _unchanged(log, 1 - changed)
        before, changed = changed, _excess(log, middle, spread, 1 - changed)
        if abs(changed - before) < 1e-5:  # noqa: PLR2004 - far under what a scene holds
            break
    start = max(middle + 2.5 * spread, float(np.log(4.0)))  # under twice the noise nothing is called a change
    end = max(float(np.quantile(log, 0.9999)), start + 3 * spread)
    return Odds(middle, spread, changed, start, end)


def _unchanged(log: NDArray[np.float32], share: float) -> tuple[float, float]:
    middle = float(np.quantile(log, 0.5 * share))
    below = [(middle - float(np.quantile(log, at * share))) / off for at, off in _SPREADS]
    above = [(float(np.quantile(log, at * share)) - middle) / off for at, off in ((0.75, 0.6745), (0.9, 1.2816))]
    return middle, max(*below, *above, _NARROWEST)


def _excess(log: NDArray[np.float32], middle: float, spread: float, share: float) -> float:
    """Pixels beyond what the unchanged group explains."""
    beyond = [1 - float(np.searchsorted(log, middle + off * spread, side="right")) / log.size for off in _BEYOND]
    expected = [share * float(special.ndtr(-off)) for off in _BEYOND]
    return max(0.0, *(found - due for found, due in zip(beyond, expected, strict=True)))
