"""Openings of known width between two pieces of ground, seen straight down: what a width is measured on where the truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from affine import Affine
from scipy.special import expit

from spadework.cube import Image
from spadework.records import Point, VhrScene
from spadework.simulate.noise import patches
from spadework.simulate.optics import Camera, numbers, sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind: TypeAlias = Literal[
    "opening", "one edge", "nothing", "staircase", "two openings", "wall and shadow", "fading shadow", "wedge"
]
KINDS: Final[tuple[Kind, ...]] = (
    "opening",
    "one edge",
    "nothing",
    "staircase",
    "two openings",
    "wall and shadow",
    "fading shadow",
    "wedge",
)
CELLS: Final = 6
"""Cells along the side of a pixel."""
BEYOND_M: Final = 3.0
"""Ground painted beyond the ends of the line, metres."""
WALL_M: Final = 0.6
"""Breadth of the lit top of a wall."""
WEDGE: Final = 0.3
"""By how much each edge of a wedge leans, rise over run."""


@dataclass(frozen=True, slots=True)
class OpeningSettings:
    """One opening and how it is seen; lengths in metres on the ground, light as reflectance."""

    kind: Kind = "opening"
    width: float = 4.5
    gsd: tuple[float, float] = (0.5, 0.5)
    """Of columns and of rows."""
    light: tuple[float, float, float] = (0.25, 0.06, 0.25)
    """Left, inside, right."""
    texture: float = 0.1
    """Standard deviation of the ground, as a share of its light, before it is seen."""
    grain: float = 0.3
    """Size of the texture: standard deviation of the Gaussian that smooths it."""
    ramp: float = 0.0
    """By how much the inside rises from left to right, as a share of the contrast."""
    shoulder: float = 0.0
    """Scale of soft edges: the logistic function's."""
    wobble: float = 0.0
    """Standard deviation of both edges about straight lines, over about a metre."""
    stones: float = 0.0
    """A square metre, bright and dark, .2 to .8 m across."""
    edge: float = 60.0
    """Length of the opening along its edges."""
    off_m: float = 0.0
    """By which the line misses the middle of the opening, along it and along the edges."""
    off_deg: float = 0.0
    """By which the line is off square."""
    ground: float = 3.0
    """On the line at both sides."""
    camera: Camera = field(default_factory=Camera)


@dataclass(frozen=True, slots=True, eq=False)
class OpeningSeen:
    """An image of an opening, the line that an analyst draws, and the truth."""

    image: Image
    line: tuple[Point, Point]
    width: float | None
    """Metres in map units; None where there is no opening."""


def see_opening(settings: OpeningSettings, seed: int) -> OpeningSeen:
    """One image with random phase, angle and sides; the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    reach = 0.5 * settings.width + settings.ground + BEYOND_M + settings.off_m
    cols, rows = (math.ceil(2 * reach / gsd) for gsd in settings.gsd)
    turn, north = rng.uniform(0, 2 * math.pi, 2)
    middle = np.array([cols, rows]) / 2 + rng.uniform(-0.5, 0.5, 2)
    right, down = ((np.arange(n * CELLS) + 0.5) / CELLS for n in (cols, rows))
    x = ((right - middle[0]) * settings.gsd[0])[None, :]
    y = -((down - middle[1]) * settings.gsd[1])[:, None]
    u, v = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    light = _stony(settings, _textured(settings, _painted(settings, u, v, rng), rng), (u, v), rng)
    raw = numbers(sampled(light.astype(np.float32), CELLS, (0.0, 0.0), settings.camera), settings.camera, rng)
    across, along = rng.choice([-1, 1], 2) * settings.off_m
    lean = turn + math.radians(settings.off_deg) * rng.choice([-1, 1])
    half = 0.5 * settings.width + settings.ground
    centre = across * np.array([math.cos(turn), math.sin(turn)]) + along * np.array([-math.sin(turn), math.cos(turn)])
    ends = [centre + side * half * np.array([math.cos(lean), math.sin(lean)]) for side in (-1, 1)]
    fit = (
        Affine.translation(680_000, 3_810_000)
        * Affine.rotation(math.degrees(north))
        * Affine.scale(settings.gsd[0], -settings.gsd[1])
    )
    drawn = [fit * (middle[0] + e[0] / settings.gsd[0], middle[1] - e[1] / settings.gsd[1]) for e in ends]
    scene = VhrScene(id=f"{settings.kind} {seed}", crs="EPSG:32637", gsd_m=settings.gsd, synthetic=True)
    image = Image(raw[None], np.ones(raw.shape, dtype=np.bool_), ("pan",), tuple(fit)[:6], scene)
    line = ((float(drawn[0][0]), float(drawn[0][1])), (float(drawn[1][0]), float(drawn[1][1])))
    return OpeningSeen(image, line, settings.width if settings.kind == "opening" else None)


def _painted(
    settings: OpeningSettings, u: NDArray[np.float64], v: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Light of bare ground."""
    left, inside, right = settings.light
    half = 0.5 * settings.width
    simple: dict[Kind, tuple[list[float], list[float]]] = {
        "one edge": ([0.0], [left, inside]),
        "nothing": ([], [left]),
        "staircase": ([-half, half], [left, 0.5 * (left + inside), inside]),
        "two openings": ([-half, -0.2 * half, 0.2 * half, half], [left, inside, left, inside, right]),
        "wall and shadow": ([-half - WALL_M, -half, half], [left, 1.5 * left, inside, right]),
    }
    if settings.kind in simple:
        cuts, levels = simple[settings.kind]
        return np.asarray(levels)[np.digitize(u, cuts)]
    rise = 0.5 * (left + right) - inside
    if settings.kind == "fading shadow":
        fade = np.clip(u / settings.width + 0.5, 0, 1)
        return np.asarray(np.where(u < -half, left, inside + (right - inside) * fade))
    edges = [np.full_like(v, half), np.full_like(v, half)]
    if settings.kind == "wedge":
        edges = [half + WEDGE * v, half + WEDGE * v]
    if settings.wobble:
        edges = [edge + settings.wobble * _wander(v, rng) for edge in edges]
    past = [_past(settings, u + edges[0]), _past(settings, u - edges[1])]
    inner = inside + settings.ramp * rise * np.clip(u / settings.width, -0.5, 0.5)
    light = left * (1 - past[0]) + inner * (past[0] - past[1]) + right * past[1]
    return np.where(np.abs(v) > 0.5 * settings.edge, np.where(u < 0, left, right), light)


def _past(settings: OpeningSettings, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 before an edge, 1 beyond it."""
    return np.asarray(expit(x / settings.shoulder)) if settings.shoulder else (x > 0).astype(np.float64)


def _wander(v: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth random line along v with variance about 1."""
    waves = rng.uniform(0.3, 1.0, 12)[:, None, None]
    shift = rng.uniform(0, 2 * math.pi, 12)[:, None, None]
    knots = np.linspace(float(v.min()), float(v.max()), 400)
    line = np.cos(2 * math.pi * waves[:, 0] * knots + shift[:, 0]).sum(axis=0) / math.sqrt(6)
    return np.asarray(np.interp(v, knots, line))


def _textured(settings: OpeningSettings, light: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Ground that is lighter and darker from place to place."""
    if not settings.texture:
        return light
    rows, cols = light.shape
    side = max(settings.gsd) / CELLS
    return np.asarray(light * (1 + settings.texture * patches((rows, cols), settings.grain / side).draw(rng)))


def _stony(
    settings: OpeningSettings,
    light: NDArray[np.float64],
    at: tuple[NDArray[np.float64], NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Clutter strewn over all of it."""
    u, v = at
    side = float(np.abs(u).max())
    for _ in range(rng.poisson(settings.stones * 4 * side**2)):
        place, size = rng.uniform(-side, side, 2), rng.uniform(0.1, 0.4)
        tone = max(settings.light) * rng.choice([0.4, 1.6])
        light = np.where((u - place[0]) ** 2 + (v - place[1]) ** 2 < size**2, tone, light)
    return light
