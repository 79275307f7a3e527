"""Intervals beside each other: whether they meet, lie inside one another, or would with another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spadework.records import ClaimQuantity

FOOT: Final = 0.3048
"""Metres (NIST SP 811)."""
SLIPS: Final = (FOOT, 1 / FOOT, 1000.0, 0.001, 1609.344 / 1000, 1000 / 1609.344)
"""Factors of a unit mistaken for another: feet and metres, kilo and one, miles and kilometres."""


def meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether two intervals have a value in common."""
    return a[0] <= b[1] and b[0] <= a[1]


def inside(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether the first lies within the second and is narrower."""
    return b[0] <= a[0] and a[1] <= b[1] and a != b


def slipped(odd: ClaimQuantity, others: tuple[float, float]) -> bool:
    """Whether a quantity that does not fit would fit with another unit: metres written as feet."""
    low, high = odd.interval
    return any(meet((low * factor, high * factor), others) for factor in SLIPS)
