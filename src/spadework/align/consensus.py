"""From the shifts of many tiles to one, with what it is worth: outliers out, a plane where the tiles carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import fdtrc, fdtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.align.settings import AlignSettings

LEVEL: Final = 0.9
"""Of the radius."""
FLOOR_PX: Final = 0.0065
"""Standard error per axis that interpolation leaves however well tiles and methods agree."""
OWN_PX: Final = 0.03
"""Estimators differ by this much for reasons of their own (windows, interpolation) where nothing is wrong; more counts in full."""
TILE_SHARE: Final = 0.5
"""Half-overlapping tiles hold about twice as much as the ground they cover divided by their size."""
WEIGHT_PX: Final = 0.01
"""An estimator whose tiles agree better than this gains no more weight."""
LEAST_SCATTER_PX: Final = 0.05
"""Tiles closer to each other than this are not told apart."""
RAYLEIGH: Final = 1.1774
"""Median distance from the centre of a round normal cloud, in standard deviations of one axis."""
TUKEY: Final = 4.685
"""Biweight of 95 % efficiency (Holland and Welsch 1977)."""
CUT: Final = 3.0
"""Tiles further off than so many robust standard deviations are outliers."""
AFFINE_TILES: Final = 12
"""Agreeing tiles without which no plane is fitted."""
AFFINE_P: Final = 0.001
"""A plane is kept where shifts without one would show as much less often than this."""
AFFINE_PX: Final = 0.15
"""A plane that adds less than this in any corner is left out."""
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
        scatter = max(LEAST_SCATTER_PX, float(np.median(off[inside])) / RAYLEIGH)
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


def weighed(agreed: tuple[Agreed, ...]) -> tuple[NDArray[np.float64], float]:
    """Mean of the estimators by weight of their scatter, and its 90 % radius.

    The radius of a round normal cloud whose variance is known from few tiles: R^2 = 2 F(.9; 2, freedom) s^2 (Hotelling 1931).
    s^2 per axis = half the scatter of the tiles' mean + spread between estimators over OWN_PX^2 + FLOOR_PX^2; the constants
    were chosen on the development part of benchmarks/vhr/align.py.
    """
    weights = np.array([1 / (one.variance.mean() + WEIGHT_PX**2) for one in agreed])
    weights /= weights.sum()
    shifts = np.array([one.shift for one in agreed])
    shift = weights @ shifts
    between = max(0.0, float(weights @ ((shifts - shift) ** 2).mean(axis=1)) - OWN_PX**2)
    within = TILE_SHARE * float(weights @ np.array([one.variance.mean() for one in agreed]))
    freedom = max(2.0, float(weights @ np.array([one.freedom for one in agreed])))
    return shift, float(np.sqrt(2 * fdtri(2, freedom, LEVEL) * (within + between + FLOOR_PX**2)))


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """How the shift changes over the image."""

    middle: NDArray[np.float64]
    """Column, row where the change is zero."""
    slope: NDArray[np.float64]
    """(2, 2): d(dx)/d(column), d(dx)/d(row); d(dy)/d(column), d(dy)/d(row)."""

    def bend_at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is added to the shift of the middle at (n, 2) columns and rows of BEFORE."""
        return (points - self.middle) @ self.slope.T

    def matrix(self, shift: tuple[float, float]) -> tuple[float, float, float, float, float, float]:
        """Affine from column, row in AFTER to BEFORE: q = p + shift + slope (q - middle), solved for q."""
        inverse = np.linalg.inv(np.eye(2) - self.slope)
        (c, f), ((a, b), (d, e)) = inverse @ (np.array(shift) - self.slope @ self.middle), inverse
        return float(a), float(b), float(c), float(d), float(e), float(f)


def plane_of(
    values: NDArray[np.float64], centres: NDArray[np.float64], shape: tuple[int, int], independent: float
) -> Plane | None:
    """The plane through tiles' shifts, where they spread over the image and an F test finds it (else None).

    Outliers lose their weight (Tukey's biweight); what is left of the plane's misfit is weighed against what a single shift leaves.

    Args:
        values: (tile, 2), dx, dy.
        centres: (tile, 2), column, row in BEFORE.
        shape: rows, columns of the image.
        independent: how many of the tiles count as independent.

    """
    size = np.array(shape[::-1], dtype=np.float64)
    weight = np.ones(len(values))
    middle = size / 2
    rows = np.column_stack([np.ones(len(values)), centres - middle])
    fit = np.zeros((3, 2))
    for _ in range(10):
        inside = weight > 0
        if np.count_nonzero(inside) < AFFINE_TILES or np.any(np.ptp(centres[inside], axis=0) < AFFINE_SPAN * size):
            return None
        root = np.sqrt(weight)[:, None]
        fit, *_ = np.linalg.lstsq(rows * root, values * root, rcond=None)
        off = np.hypot(*(values - rows @ fit).T)
        scale = max(LEAST_SCATTER_PX, float(np.median(off[inside])) / RAYLEIGH)
        weight = np.square(np.maximum(1 - np.square(off / (TUKEY * scale)), 0))
    whole = weight @ values / weight.sum()
    flat, left = (float(weight @ ((values - model) ** 2).sum(axis=1)) for model in (whole, rows @ fit))
    freedom = 2 * max(independent * float(weight.mean()) - 3, 1.0)
    ratio = ((flat - left) / 4) / max(left / freedom, 1e-12)
    bend = float(np.abs(fit[1:] * (size[:, None] / 2)).sum(axis=0).max())
    if fdtrc(4, freedom, ratio) > AFFINE_P or bend < AFFINE_PX:
        return None
    return Plane(middle, fit[1:].T)
