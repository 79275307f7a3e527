"""From terms of uncertainty to a stated Measurement (GUM, JCGM 100:2008: independent terms add in squares)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from spadework.records import Measurement

Z90: Final = 1.6448536269514722
"""Half-width of a 90 % interval in standard uncertainties."""


def combined(terms: Mapping[str, float]) -> float:
    """One standard uncertainty from independent terms."""
    return math.hypot(*terms.values())


def stated(blank: Measurement, value: float, terms: Mapping[str, float]) -> Measurement:
    """A Measurement with its value and the 90 % interval of a normal error; nothing we measure so is under 0.

    Args:
        blank: everything but value, interval and budget.
        value: in the unit of ``blank``.
        terms: standard uncertainties in the same unit.

    """
    half = Z90 * combined(terms)
    return replace(blank, value=value, low=max(value - half, 0.0), high=value + half, budget=tuple(terms.items()))


def refused(blank: Measurement, why: str) -> Measurement:
    """A Measurement that states no value, and why."""
    return replace(blank, value=None, low=None, high=None, budget=(), refused=why)


def standard(measured: Measurement) -> float | None:
    """The standard uncertainty behind a stated interval; None where a side of it is open or nothing is stated."""
    if measured.low is None or measured.high is None or measured.kind != "interval":
        return None
    return (measured.high - measured.low) / (2 * Z90)


def shares(inputs: Mapping[str, NDArray[np.float64]], output: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    """Share of the variance of a Monte Carlo's output that each of its independent inputs explains; together 1.

    Squared correlation, which is the first-order Sobol index where the output is linear in its inputs (Saltelli et al., Global
    Sensitivity Analysis, 2008, ch. 1): hand in logarithms of factors.

    Args:
        inputs: by name, (n) draws each.
        output: (n).

    """
    centred = output - output.mean()
    explained = {}
    for name, draws in inputs.items():
        varied = draws - draws.mean()
        scale = float(varied @ varied) * float(centred @ centred)
        explained[name] = float(varied @ centred) ** 2 / scale if scale > 0 else 0.0
    whole = sum(explained.values())
    return tuple((name, share / whole if whole > 0 else 0.0) for name, share in explained.items())
