"""Additions and multiplications of one pixel, counted from the shapes of the loops; comparisons, moves and roots are left out.

The count is the algorithm's, not the machine's: work that a kernel does on pixels or dates that do not count is its own loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spadework.change import gauge, regress, twins

ROUTES: Final = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one pixel's series."""

    bands: int
    history: float
    """Clear looks before the watch."""
    watched: float
    """Clear looks of the watch."""
    sizes: int
    """Lengths of window."""


def flops(s: Shape) -> dict[str, float]:
    """By step of ``monitor``."""
    looks, terms, b = s.history + s.watched, regress.TERMS, s.bands
    model, common = 2 * terms * b, 2 * b * (b + 1)
    normal = terms * (terms + 1) + terms + 2 * terms * b
    weights = 6 * b + 4
    triangle = b * (b + 1)
    whitened = triangle * looks
    noise = gauge.ROUNDS * s.history * (triangle + 2 * triangle + 2 * b)
    season = 2 * (model * looks) + 3 * (4 * b * looks)
    follow = looks * (11 * b + 12)
    return {
        "fit": regress.ROUNDS * s.history * (model + common + normal + weights) + looks * (model + common),
        "twins": len(twins.ways(twins.offsets())[0]) * s.history * 4 * b,
        "distances": 8 * b * s.history
        + 2 * (noise + whitened)
        + season
        + ROUTES * (follow + 3 * b * looks)
        + looks * terms * (terms + 1),
        "watch": s.watched * (ROUTES * b * 3 + s.sizes * b * 11 + s.sizes * 8),
    }
