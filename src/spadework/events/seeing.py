"""What could have been seen, told whether or not anything was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from spadework.cube import MISSING, OK, OUTSIDE_AOI, REASONS
from spadework.records import Observability, Season

if TYPE_CHECKING:
    import datetime as dt

    from spadework.cube import Change, Cube
    from spadework.records import Look, Period

CLEAR_LOOK: Final = 0.5
"""A look is clear when at least this share of the Site is, 0..1."""
SUSPECT: Final = 0.9
"""A mask is suspect where it calls cloud in more than this share of looks, 0..1."""
QUARTERS: Final[tuple[Literal["Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec"], ...]] = (
    "Jan-Mar",
    "Apr-Jun",
    "Jul-Sep",
    "Oct-Dec",
)


def _quarter(day: dt.date) -> int:
    """Quarters since the year 0."""
    return day.year * 4 + (day.month - 1) // 3


def seasons(looks: tuple[Look, ...], period: Period) -> tuple[Season, ...]:
    """Every quarter from the history's first day to the period's last, those without looks too."""
    all_looks = [_quarter(look.day) for look in looks]
    clear = [_quarter(look.day) for look in looks if look.clear >= CLEAR_LOOK]
    return tuple(
        Season(number // 4, QUARTERS[number % 4], all_looks.count(number), clear.count(number))
        for number in range(_quarter(period.history_start), _quarter(period.end) + 1)
    )


def longest_gap(looks: tuple[Look, ...], period: Period) -> tuple[dt.date, dt.date] | None:
    """The first of the longest stretches of the watched period between clear looks or its ends; None in a single day."""
    clear = sorted(look.day for look in looks if look.clear >= CLEAR_LOOK and period.start <= look.day <= period.end)
    gap = max(pairwise([period.start, *clear, period.end]), key=lambda ends: ends[1] - ends[0])
    return gap if gap[0] < gap[1] else None


def mask_suspect(cube: Cube) -> float:
    """Share of the Site's pixels called cloud (covered, neither clear nor snow) in over 9 of 10 looks that cover them.

    Bright ground is often mistaken for cloud; pixels that no look covers are in the Site, but not suspect.
    """
    covered, cloud = (np.zeros(cube.inside.shape, dtype=np.int32) for _ in range(2))
    for values, clear, snow in zip(cube.reflectance, cube.clear, cube.snow, strict=True):
        data = (values != MISSING).any(axis=0)
        covered += data
        cloud += data & ~clear & ~snow
    suspect = (cloud > SUSPECT * covered) & cube.inside
    return float(suspect.sum() / max(int(cube.inside.sum()), 1))


def observability(looks: tuple[Look, ...], cube: Cube, change: Change, period: Period, min_share: float) -> Observability:
    """What could have been seen at the Site.

    Args:
        looks: every look, also those too cloudy to use; those outside history and period are not counted.
        cube: the looks that were used.
        change: monitoring result on the cube's grid.
        period: history and watched period.
        min_share: looks with less than this share of the Site clear are lost, 0..1.

    """
    asked = tuple(look for look in looks if period.history_start <= look.day <= period.end)
    counts = np.bincount(change.reason[cube.inside], minlength=len(REASONS))
    counts[OUTSIDE_AOI] = 0
    reasons = [(REASONS[code], float(n * cube.pixel_m2)) for code, n in enumerate(counts) if n and code != OK]
    return Observability(
        seasons=seasons(asked, period),
        longest_gap=longest_gap(asked, period),
        assessed_m2=float(counts[OK] * cube.pixel_m2),
        not_assessed_m2=float(sum(area for _, area in reasons)),
        reasons=tuple(reasons),
        looks_lost=sum(look.clear < min_share for look in asked) / max(len(asked), 1),
        mask_suspect=mask_suspect(cube),
    )
