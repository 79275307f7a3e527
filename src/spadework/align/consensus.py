"""From the shifts of many tiles to one, with what it is worth: outliers out, a plane where the tiles carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.align.settings import AlignSettings

LEAST_SCATTER_PX: Final = 0.05
"""Tiles closer to each other than this are not told apart."""
CUT: Final = 3.0
"""Tiles further off than so many robust standard deviations are outliers."""
AFFINE_TILES: Final = 12
"""Agreeing tiles without which no plane is fitted."""
AFFINE_P: Final = 0.001
"""A plane is kept where shifts without one would show as much less often than this."""
AFFINE_PX: Final = 0.15
"""A plane that bends the image by less than this from corner to corner's middle is left out."""
AFFINE_SPAN: Final = 0.5
"""The tiles must spread over so much of the image along both axes."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """What tiles agree on."""

    shift: NDArray[np.float64]
    """dx, dy."""
    inside: NDArray[np.bool_]
    """(tile), True = agreed."""
    variance: NDArray[np.float64]
    """Of dx and of dy, px2: scatter of the tiles over the number of independent ones."""
    freedom: float
    """Independent tiles less one."""


def densest(values: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
    """(tile), True for the largest set of shifts within a radius of one of them."""
    apart = np.hypot(*(values[:, None, :] - values[None, :, :]).transpose(2, 0, 1))
    near = apart <= radius
    return np.asarray(near[int(np.argmax(near.sum(axis=1)))])


def agree(values: NDArray[np.float64], independent: float, settings: AlignSettings) -> Agreed | None:
    """Mean of the tiles that agree; None where too few do.

    Args:
        values: (tile, 2), dx, dy; NaN = refused.
        independent: how many of the tiles, where all agree, count as independent (they may overlap).
        settings: what is enough.

    """
    known = np.isfinite(values[:, 0])
    if np.count_nonzero(known) < settings.least_tiles:
        return None
    inside = known.copy()
    inside[known] = densest(values[known], settings.agree_px)
    for _ in range(10):
        if np.count_nonzero(inside) < settings.least_tiles:
            return None
        centre = np.median(values[inside], axis=0)
        off = np.hypot(*(values - centre).T)
        scatter = max(LEAST_SCATTER_PX, float(np.median(off[inside])) / 1.1774)
        now = known & (off <= min(CUT * scatter, settings.agree_px))
        if np.array_equal(now, inside):
            break
        inside = now
    n = np.count_nonzero(inside)
    if n < max(settings.least_tiles, settings.least_share * len(values)):
        return None
    count = max(2.0, independent * n / len(values))
    chosen = values[inside]
    return Agreed(chosen.mean(axis=0), inside, chosen.var(axis=0, ddof=1) / count, count - 1)


@dataclass(frozen=True, slots=True)
class Plane:
    """Shift that changes over the image: d = shift + slope (p - middle)."""

    middle: tuple[float, float]
    shift: tuple[float, float]
    slope: tuple[tuple[float, float], tuple[float, float]]
    """d(dx)/dx, d(dx)/dy; d(dy)/dx, d(dy)/dy."""


def plane_of(
    values: NDArray[np.float64], centres: NDArray[np.float64], shape: tuple[int, int], independent: float
) -> Plane | None:
    """The plane through tiles' shifts, where they spread over the image and an F test finds it (else None).

    Args:
        values: (tile, 2), dx, dy of tiles that agree.
        centres: (tile, 2), column, row.
        shape: rows, columns of the image.
        independent: how many of the tiles count as independent.

    """
    n = len(values)
    spans = np.ptp(centres, axis=0) if n else np.zeros(2)
    if n < AFFINE_TILES or np.any(spans < AFFINE_SPAN * np.array(shape[::-1])):
        return None
    middle = np.array(shape[::-1]) / 2
    rows = np.column_stack([np.ones(n), centres - middle])
    fit, *_ = np.linalg.lstsq(rows, values, rcond=None)
    flat = float(np.sum((values - values.mean(axis=0)) ** 2))
    left = float(np.sum((values - rows @ fit) ** 2))
    freedom = 2 * max(independent - 3, 1.0)
    ratio = ((flat - left) / 4) / max(left / freedom, 1e-12)
    bend = float(np.abs(fit[1:] * (np.array(shape[::-1])[:, None] / 2)).sum(axis=0).max())
    if stats.f.sf(ratio, 4, freedom) > AFFINE_P or bend < AFFINE_PX:
        return None
    return Plane(
        (float(middle[0]), float(middle[1])),
        (float(fit[0, 0]), float(fit[0, 1])),
        ((float(fit[1, 0]), float(fit[2, 0])), (float(fit[1, 1]), float(fit[2, 1]))),
    )
