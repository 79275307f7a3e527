"""A second simulator of openings, written from the issue's words alone: it shares no line with the product's.

A scene is painted on sub-pixels an eighth of a pixel wide, blurred by scipy's Gaussian, averaged in boxes of 8 x 8, and given noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FINE = 8
MARGIN_M = 2.0


@dataclass(frozen=True)
class Box:
    """One scene: lengths in metres, levels in reflectance, angles in degrees."""

    width: float = 4.57
    gsd: float = 0.5
    left: float = 0.25
    inside: float = 0.06
    right: float = 0.25
    texture: float = 0.12
    texture_m: float = 0.3
    mtf: float = 0.10
    """Of Gaussian blur and pixel box together, at Nyquist."""
    snr: float = 50.0
    ramp: float = 0.0
    """Share of the contrast by which the inside rises from left to right."""
    soft_m: float = 0.0
    """The ground falls off over this length at both edges, straight, around the edge."""
    stones: int = 0
    edge_m: float = 40.0
    """Length of the opening along its edges; closed by ground beyond."""
    off_m: float = 0.0
    """The line lies this far off, along itself and along the edges, to random sides."""
    off_deg: float = 0.0
    bits: int = 12
    kind: str = "opening"
    reach_m: float = 3.0
    """Ground on the line at both sides of the opening."""


def paint(box: Box, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Reflectance without texture at u across and v along the opening, from its middle."""
    half, left, inside = box.width / 2, box.left, box.inside
    fade = inside + (left - inside) * np.clip((u + half) / box.width, 0, 1)
    made: dict[str, Callable[[], NDArray[np.float64]]] = {
        "one edge": lambda: np.where(u < 0, left, inside),
        "no contrast": lambda: np.full_like(u, left),
        "steps": lambda: np.select([u < -half, u < 0, u < half], [left, (left + inside) / 2, inside], inside * 0.4),
        "three bands": lambda: np.where(np.abs(np.abs(u) - half) < half * 0.45, inside, left),
        "wall": lambda: np.select([u < -half - 0.5, u < -half, u < half], [left, min(1.6 * left, 0.9), inside], left),
        "fading shadow": lambda: np.select([u < -half, u < half], [left, fade], box.right),
        "mid wall": lambda: np.select([u < -half - 1, u < -half, u < half], [left, (left + inside) / 2, inside], box.right),
    }
    if box.kind in made:
        return np.asarray(made[box.kind]())
    sides: NDArray[np.float64] | float = half + 0.35 * v if box.kind == "wedge" else half
    inner = inside + box.ramp * (0.5 * (left + box.right) - inside) * u / box.width
    soft = max(box.soft_m, 1e-6)
    past, before = np.clip((u - sides) / soft + 0.5, 0, 1), np.clip((-sides - u) / soft + 0.5, 0, 1)
    scene = before * left + past * box.right + (1 - before - past) * inner
    return np.where(np.abs(v) > box.edge_m / 2, np.where(u < 0, left, box.right), scene)


def shoot(box: Box, seed: int) -> tuple[np.ndarray, tuple[float, ...], tuple[tuple[float, float], ...]]:
    """DN (y, x), affine a..f with metres as map units, and the line x1, y1, x2, y2."""
    rng = np.random.default_rng(seed)
    size = math.ceil((box.width + 2 * (box.reach_m + MARGIN_M)) * 1.25 / box.gsd)
    n, sub = size * FINE, box.gsd / FINE
    turn = rng.uniform(0, 2 * math.pi)
    centre = (size / 2 + rng.uniform(-0.5, 0.5, 2)) * box.gsd
    y, x = (np.mgrid[:n, :n] + 0.5) * sub
    u = (x - centre[0]) * math.cos(turn) + (y - centre[1]) * math.sin(turn)
    v = (y - centre[1]) * math.cos(turn) - (x - centre[0]) * math.sin(turn)
    scene = paint(box, u, v)
    if box.texture:
        cloth = gaussian_filter(rng.standard_normal((n, n)), box.texture_m / sub, mode="wrap", truncate=3)
        scene = scene * (1 + box.texture * cloth / cloth.std())
    for _ in range(box.stones):
        at = rng.uniform(-0.5 * box.width - 1.5, 0.5 * box.width + 1.5), rng.uniform(-3, 3)
        radius, tone = rng.uniform(0.15, 0.4), rng.choice([0.5, 1.7])
        scene = np.where(np.hypot(u - at[0], v - at[1]) < radius, box.left * tone, scene)
    nyquist_box = math.sin(math.pi / 2) / (math.pi / 2)
    sigma = math.sqrt(2 * math.log(nyquist_box / box.mtf)) / math.pi
    scene = gaussian_filter(scene, sigma * FINE, mode="nearest", truncate=4)
    image = scene.reshape(size, FINE, size, FINE).mean(axis=(1, 3))
    image = image + rng.standard_normal(image.shape) * box.left / box.snr
    top = 2**box.bits - 1
    dn = np.clip(np.rint(image / 0.6 * top), 1, top)
    lean = turn + math.radians(rng.choice([-1, 1]) * box.off_deg)
    across, along = rng.choice([-1, 1], 2) * box.off_m
    mid = centre + across * np.array([math.cos(turn), math.sin(turn)]) + along * np.array([-math.sin(turn), math.cos(turn)])
    reach = (0.5 * box.width + box.reach_m) * np.array([math.cos(lean), math.sin(lean)])
    east, north = 680_000.0, 3_810_000.0
    ends = np.array([mid - reach, mid + reach]) * [1, -1] + [east, north]
    return dn.astype(np.float32), (box.gsd, 0.0, east, 0.0, -box.gsd, north), tuple(map(tuple, ends.tolist()))
