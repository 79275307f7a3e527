"""A bare hillside: fractal relief with a steep, gullied face above a foot slope and a plain; soil, rock, shrubs and boulders.

Lengths are metres east and south of the north-west corner of the image, or metres into the hill and to its right from the portal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOOT_M: Final = -24.0
"""Where the foot slope begins, metres into the hill; the steep face begins at 0."""
_SLOPES: Final = (
    (-400.0, 0.02),
    (FOOT_M - 6, 0.02),
    (FOOT_M + 6, 0.16),
    (-3.0, 0.19),
    (5.0, 0.85),
    (42.0, 0.8),
    (60.0, 0.25),
    (400.0, 0.12),
)
"""(metres into the hill, rise over run) of the smooth hill; a face of 40 degrees, 33 m high."""
SHRUB, BOULDER = 1, 2
"""Things that stand on the bare ground: numbers in ``Surface.things``."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The cells that a scene is painted in, wider than the image by a margin for what leans or throws shadows into it."""

    side_m: float
    cell_m: float
    margin_m: float
    portal: tuple[float, float]
    """Metres east and south."""
    inward: float
    """Azimuth into the hill, degrees."""

    @property
    def size(self) -> int:
        """Cells along a side."""
        return round((self.side_m + 2 * self.margin_m) / self.cell_m)

    def at(self, inward: float, right: float) -> tuple[float, float]:
        """Metres east and south of a place so far into the hill from the portal and to its right."""
        sin, cos = math.sin(math.radians(self.inward)), math.cos(math.radians(self.inward))
        return self.portal[0] + inward * sin + right * cos, self.portal[1] - inward * cos + right * sin

    def cells(self, points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        """(n, 2) column, row, 0 = middle of the first cell."""
        return (np.array(points, dtype=np.float64) + self.margin_m) / self.cell_m - 0.5

    def inland(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(y, x) twice: metres into the hill and to its right, of every cell."""
        sin, cos = math.sin(math.radians(self.inward)), math.cos(math.radians(self.inward))
        line = (np.arange(self.size, dtype=np.float32) + 0.5) * self.cell_m - self.margin_m
        east, south = (line - self.portal[0])[None, :], (line - self.portal[1])[:, None]
        return (east * sin - south * cos).astype(np.float32), (east * cos + south * sin).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Ground, and what stands on it."""

    heights: NDArray[np.float32]
    """(y, x), metres, with what stands there."""
    bare: NDArray[np.float32]
    """(y, x), metres, without."""
    layers: tuple[tuple[NDArray[np.float32], str], ...]
    """((y, x) cover 0..1, material), the later over the earlier, over soil."""
    things: NDArray[np.uint8]
    """(y, x), what stands there: an index into a palette; 0 = nothing."""
    tone: NDArray[np.float32]
    """(y, x), relative brightness of the ground's texture, mean 1."""


def rough(size: int, extent_m: float, waves: tuple[float, float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """(y, x), a fractal field of mean 0 and deviation about 1.

    Args:
        size: cells along a side.
        extent_m: of the side; knots are laid in metres, so the same seed gives the same ground under any cells.
        waves: longest and shortest wavelength, metres, and the power by which amplitude falls with wavelength.
        rng: drawn from.

    """
    import cv2  # noqa: PLC0415 - slow to import

    longest, shortest, power = waves
    total, squares = np.zeros((size, size), dtype=np.float32), 0.0
    for octave in range(math.floor(math.log2(longest / shortest)) + 1):
        knots = max(round(extent_m / longest * 2**octave * 2), 4)
        weight = 2.0 ** (-power * octave)
        field = rng.standard_normal((knots, knots), dtype=np.float32)
        total += np.float32(weight) * cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC)
        squares += weight**2
    return np.asarray(total * np.float32(1.25 / math.sqrt(squares)), dtype=np.float32)


def _stretched(
    inland: tuple[NDArray[np.float32], NDArray[np.float32]], waves: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """(y, x), a smooth field with its own wavelengths into the hill and along it, metres; deviation about 1."""
    import cv2  # noqa: PLC0415 - slow to import

    knots = tuple(math.ceil(1000 / wave * 2) for wave in waves)
    field = rng.standard_normal((knots[0], knots[1]), dtype=np.float32)
    rows, cols = (np.asarray((part + 500) * (2 / wave), dtype=np.float32) for part, wave in zip(inland, waves, strict=True))
    return np.asarray(cv2.remap(field, cols, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), dtype=np.float32)


def step(field: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 up to ``low``, 1 from ``high`` on, smooth between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def smooth_hill(inward: NDArray[np.float32]) -> NDArray[np.float32]:
    """Metres of the hill without gullies and roughness, 0 at the edge of the foot slope."""
    places, slopes = zip(*_SLOPES, strict=True)
    table = np.arange(-400.0, 400.0, 0.25)
    rise = np.cumsum(np.interp(table, places, slopes)) * 0.25
    rise -= np.interp(FOOT_M, table, rise)
    return np.interp(inward, table, rise).astype(np.float32)


def hillside(plot: Plot, texture: float, rng: np.random.Generator) -> Surface:
    """The hill as nobody has touched it.

    Args:
        plot: where it is painted.
        texture: one standard deviation of the ground's brightness.
        rng: drawn from.

    """
    inland = plot.inland()
    inward, right = inland
    extent = plot.side_m + 2 * plot.margin_m
    aside = step(np.abs(right), 5, 22)
    face = step(inward, -8, 14)
    bent = inward + 3.5 * aside * _stretched(inland, (160, 55), rng)
    gullies = np.abs(_stretched(inland, (110, 26), rng)) + 0.5 * np.abs(_stretched(inland, (50, 11), rng))
    height = smooth_hill(bent) + (0.25 + 0.75 * aside) * face * (2.6 * gullies - 2.6)
    height += rough(plot.size, extent, (40, 0.5, 1.1), rng) * (0.12 + 0.55 * face)
    strata = np.interp(height, np.arange(-20, 80, 0.45), rng.standard_normal(223)).astype(np.float32)
    tone = 1 + texture * (rough(plot.size, extent, (14, 0.33, 0.25), rng) + (0.3 + 1.5 * face) * strata)
    streaks = _stretched(inland, (240, 18), rng) * (1 - face)
    rock = np.clip(0.8 * face + 0.35 * face * rough(plot.size, extent, (14, 0.7, 0.5), rng), 0, 1)
    layers = ((step(streaks, 0.2, 1.6) * np.float32(0.55), "wash"), (rock.astype(np.float32), "rock"))
    bare = np.asarray(height, dtype=np.float32)
    surface = Surface(bare.copy(), bare, layers, np.zeros(bare.shape, dtype=np.uint8), np.maximum(tone, 0.3).astype(np.float32))
    _grow(plot, surface, rng)
    return surface


def _grow(plot: Plot, surface: Surface, rng: np.random.Generator) -> None:
    """Shrubs on the plain and along the foot, boulders under the face, drawn into the surface."""
    hectares = (plot.side_m + 2 * plot.margin_m) ** 2 / 1e4
    for thing, per_ha, sizes, tall in ((SHRUB, 24, (0.5, 1.7), 0.4), (BOULDER, 36, (0.3, 1.2), 0.4)):
        many = round(per_ha * hectares)
        spread = rng.uniform(-plot.margin_m, plot.side_m + plot.margin_m, (many, 2))
        wide = sizes[0] + (sizes[1] - sizes[0]) * rng.random(many) ** 2.5
        squeeze, turn = rng.uniform(0.6, 1, many), rng.uniform(0, 180, many)
        for (east, south), w, thin, angle in zip(spread, wide, squeeze, turn, strict=True):
            blob(
                plot, surface, ((float(east), float(south)), float(w), float(w * thin), float(angle)), (thing, float(w * tall))
            )


def blob(
    plot: Plot, surface: Surface, ellipse: tuple[tuple[float, float], float, float, float], thing: tuple[int, float]
) -> None:
    """Stand a rounded thing on the ground: (centre, length, width, angle), (number, height)."""
    import cv2  # noqa: PLC0415 - slow to import

    (centre, length, width, angle), (number, tall) = ellipse, thing
    col, row = plot.cells([centre])[0]
    reach = math.ceil(length / plot.cell_m) + 1
    left, top = max(round(col) - reach, 0), max(round(row) - reach, 0)
    window = (slice(top, max(round(row) + reach + 1, 0)), slice(left, max(round(col) + reach + 1, 0)))
    mask = np.zeros(surface.things[window].shape, dtype=np.uint8)
    if not mask.size:
        return
    axes = (max(round(length / plot.cell_m * 8), 1), max(round(width / plot.cell_m * 8), 1))
    cv2.ellipse(mask, (round((col - left) * 16), round((row - top) * 16)), axes, angle, 0, 360, 1, -1, cv2.LINE_8, 4)
    surface.things[window][mask > 0] = number
    surface.heights[window][mask > 0] += tall
