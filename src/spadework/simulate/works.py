"""Earthworks on a hillside: a track, and later an open cut to a portal, a pad, a heap of spoil, a silo and three machines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.simulate.hillside import FOOT_M, Plot, Surface, blob, step
from spadework.simulate.yard import PARTS, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CUT_END_M: Final = 8.0
"""Metres into the steep face at which the cut ends and the portal begins."""
LINE_M: Final = -11.0
"""Where the width of the cut is measured: its floor lies about 2 m under the ground on both sides."""
_PAD: Final = (FOOT_M - 15, 0.0, 17.0, 14.0)
"""Middle of the pad, inward and to the right, and half its sides, metres."""
_TRACK: Final = ((-260.0, 40.0), (-150.0, 16.0), (-110.0, 14.0), (-80.0, 5.0), (-50.0, 1.0))
"""Inward and to the right, metres."""
_SPUR: Final = ((-80.0, 5.0), (-70.0, -10.0), (-58.0, -21.0))
_SILO: Final = (-50.0, 26.0)
_PARKED: Final = (
    ("excavator", (-31.5, 5.0), 25.0, -1),
    ("bulldozer", (-46.0, -18.5), 110.0, 1),
    ("truck", (-82.0, 5.0), 18.0, 1),
)
"""(kind, inward and right, degrees from east towards south, 1 or -1: which way it faces)."""
_PAINT: Final = {"excavator": (3, 4, 3), "bulldozer": (3, 4, 5), "truck": (5, 6), "silo": (6,)}
"""Palette numbers of the parts of each, in the order of ``yard.PARTS``: 3 yellow, 4 dark, 5 grey, 6 white."""


@dataclass(frozen=True, slots=True)
class Works:
    """Sizes of what is dug, heaped and built; metres and degrees."""

    width_m: float = 4.57
    """Of the cut between its vertical walls."""
    spoil_ridge_m: float = 13.0
    """Length of the heap's axis; 0 = a cone."""
    spoil_radius_m: float = 10.0
    """From its axis to its foot."""
    spoil_height_m: float = 5.0
    """At most; the crest is flat where the sides would rise further."""
    repose_deg: float = 35.0
    silo_height_m: float = 11.0
    silo_width_m: float = 3.6

    @property
    def spoil_m3(self) -> float:
        """Volume of the heap: under ``min(tan(repose) d, height)`` with d the distance to its foot.

        Slices at height z are the axis widened by rho = radius - z / tan(repose), of area 2 ridge rho + pi rho^2.
        """
        tangent = math.tan(math.radians(self.repose_deg))
        top = min(self.spoil_height_m, tangent * self.spoil_radius_m)
        outer, inner = self.spoil_radius_m, self.spoil_radius_m - top / tangent
        return tangent * (self.spoil_ridge_m * (outer**2 - inner**2) + math.pi / 3 * (outer**3 - inner**3))

    @property
    def crest_m(self) -> float:
        """Height of the heap."""
        return min(self.spoil_height_m, math.tan(math.radians(self.repose_deg)) * self.spoil_radius_m)


SPOIL_AXIS: Final = ((-62.0, -31.0), (0.35, -0.94))
"""Near end of the heap's axis, inward and to the right, and its direction."""


def spoil_ends(works: Works) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ends of the heap's axis, inward and to the right, metres."""
    (inward, right), (along, across) = SPOIL_AXIS
    size = math.hypot(along, across)
    return (inward, right), (inward + works.spoil_ridge_m * along / size, right + works.spoil_ridge_m * across / size)


def silo_at() -> tuple[float, float]:
    """Middle of the silo, inward and to the right, metres."""
    return _SILO


def _ribbon(plot: Plot, line: Sequence[tuple[float, float]], width_m: float) -> NDArray[np.float32]:
    """(y, x), cover 0..1 of a strip along a line of places inward and to the right, its edges a little worn."""
    import cv2  # noqa: PLC0415 - slow to import

    mask = np.zeros((plot.size, plot.size), dtype=np.uint8)
    cells = np.round(plot.cells([plot.at(*place) for place in _bent(line)]) * 16).astype(np.int32)
    cv2.polylines(
        mask, [cells], isClosed=False, color=255, thickness=max(round(width_m / plot.cell_m), 1), lineType=cv2.LINE_AA, shift=4
    )
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.35 / plot.cell_m), dtype=np.float32) / np.float32(255)


def _bent(line: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """(n, 2), a smooth curve through the places (Catmull-Rom 1974)."""
    knots = np.array([line[0], *line, line[-1]], dtype=np.float64)
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
    ]
    return np.vstack([*pieces, knots[-1]])


def with_track(plot: Plot, surface: Surface, width_m: float, strength: float) -> Surface:
    """The hillside with a track to its foot, shrubs gone from it."""
    cover = _ribbon(plot, _TRACK, width_m) * np.float32(strength)
    ruts = np.clip(cover - _ribbon(plot, _TRACK, width_m * 0.4), 0, 1) * np.float32(0.6)
    return _cleared(surface, cover, ((cover, "track"), (ruts, "rut")))


def _cleared(surface: Surface, cover: NDArray[np.float32], layers: tuple[tuple[NDArray[np.float32], str], ...]) -> Surface:
    gone = cover > 0.5  # noqa: PLR2004 - half
    heights = np.where(gone, surface.bare, surface.heights)
    things = np.where(gone, np.uint8(0), surface.things)
    return replace(surface, heights=heights, things=things, layers=(*surface.layers, *layers))


def with_works(plot: Plot, surface: Surface, works: Works, rubble: NDArray[np.float32]) -> tuple[Surface, NDArray[np.bool_]]:
    """The hillside after the works began, and where the ground is another than before.

    Args:
        plot: where it is painted.
        surface: with the track.
        works: what is dug and heaped.
        rubble: (y, x) roughness of the heap, mean 0, deviation 1.

    """
    inward, right = plot.inland()
    cell = plot.cell_m
    outside = (
        np.hypot(np.maximum(np.abs(inward - _PAD[0]) - _PAD[2] + 5, 0), np.maximum(np.abs(right - _PAD[1]) - _PAD[3] + 5, 0))
        - 5
    )
    outside += 0.7 * rubble
    pad = step(-outside, -0.4, 0.4)
    long = np.clip(np.minimum(CUT_END_M - inward, inward - (FOOT_M - 4)) / cell + 0.5, 0, 1)
    cut = (np.clip((works.width_m / 2 - np.abs(right)) / cell + 0.5, 0, 1) * long).astype(np.float32)
    mouth = cut * step(inward, CUT_END_M - 2.5, CUT_END_M - 0.5)
    roof = _roof(inward, right, works)
    heap = step(roof, 0.0, 0.25)
    spur = _ribbon(plot, _SPUR, 5.0)
    worn = pad * np.maximum(
        _ribbon(plot, ((-58, 1), (-42, 0), (-26, 0)), 5.0), _ribbon(plot, ((-58, -10), (-44, -9), (-34, 4)), 3.5)
    )
    bare = surface.bare - step(-outside, -1.5, 1.5) * surface.bare
    bare += roof + np.minimum(roof, 1) * 0.10 * rubble
    bare = np.where(cut > 0.5, np.minimum(bare, 0.01 * (inward - FOOT_M)), bare).astype(np.float32)  # noqa: PLR2004 - half
    touched = np.maximum.reduce([pad, cut, heap, spur])
    layers = ((spur, "track"), (pad, "pad"), (worn * np.float32(0.7), "worn"), (heap, "spoil"), (cut, "floor"), (mouth, "dark"))
    near = step(-np.hypot(np.maximum(np.abs(right) - works.width_m / 2, 0), np.maximum(np.abs(inward - 4.0) - 22.0, 0)), -6, -4)
    changed = _cleared(replace(surface, bare=bare), np.maximum(touched, near), layers)
    heights = np.where(touched > 0.5, bare, changed.heights)  # noqa: PLR2004 - half
    built = replace(
        changed, heights=np.ascontiguousarray(heights, dtype=np.float32), things=np.ascontiguousarray(changed.things)
    )
    _build(plot, built, works)
    return built, (touched > 0.5) | (built.things != surface.things)  # noqa: PLR2004 - half


def _roof(inward: NDArray[np.float32], right: NDArray[np.float32], works: Works) -> NDArray[np.float32]:
    """(y, x), metres of the heap over the ground: no steeper than its angle of repose, flat where it is full height."""
    (a, b), (c, d) = spoil_ends(works)
    along = np.clip(((inward - a) * (c - a) + (right - b) * (d - b)) / max(works.spoil_ridge_m**2, 1e-9), 0, 1)
    away = np.hypot(inward - a - along * (c - a), right - b - along * (d - b))
    rise = (works.spoil_radius_m - away) * math.tan(math.radians(works.repose_deg))
    return np.asarray(np.clip(rise, 0, works.spoil_height_m), dtype=np.float32)


def _build(plot: Plot, surface: Surface, works: Works) -> None:
    """The silo and the machines, drawn into the surface."""
    for kind, place, angle, facing in _PARKED:
        _park(plot, surface, (kind, plot.at(*place), angle, facing))
    wide = works.silo_width_m
    blob(plot, surface, (plot.at(*_SILO), wide, wide, 0.0), (_PAINT["silo"][0], works.silo_height_m))


def _park(plot: Plot, surface: Surface, machine: tuple[str, tuple[float, float], float, int]) -> None:
    """One machine, as upright boxes on the ground under its middle."""
    import cv2  # noqa: PLC0415 - slow to import

    kind, centre, angle, facing = machine
    col, row = np.round(plot.cells([centre])[0]).astype(int)
    ground = float(surface.bare[row, col])
    turn = math.radians(angle)
    for (place, length, width, tall, _), paint in zip(PARTS[kind], _PAINT[kind], strict=True):
        ahead, aside = facing * place[0], facing * place[1]
        middle = (
            centre[0] + ahead * math.cos(turn) - aside * math.sin(turn),
            centre[1] + ahead * math.sin(turn) + aside * math.cos(turn),
        )
        box = cv2.boxPoints((tuple(plot.cells([middle])[0]), (length / plot.cell_m, width / plot.cell_m), angle))
        mask = np.zeros(surface.things.shape, dtype=np.uint8)
        cv2.fillConvexPoly(mask, np.round(box * 16).astype(np.int32), 1, shift=4)
        surface.things[mask > 0] = paint
        surface.heights[mask > 0] = ground + tall


def machines(plot: Plot) -> tuple[Standing, ...]:
    """The machines as boxes around all their parts; centres in metres east and south of the image's north-west corner."""
    found = []
    for kind, place, angle, facing in _PARKED:
        middles = np.array([part[0] for part in PARTS[kind]]) * facing
        half = np.array([part[1:3] for part in PARTS[kind]]) / 2
        low, high = (middles - half).min(axis=0), (middles + half).max(axis=0)
        (ahead, aside), (length, width), turn = (low + high) / 2, high - low, math.radians(angle)
        east, south = plot.at(*place)
        centre = (
            east + ahead * math.cos(turn) - aside * math.sin(turn),
            south + ahead * math.sin(turn) + aside * math.cos(turn),
        )
        tall = max(part[3] for part in PARTS[kind])
        found.append(Standing(kind, centre, float(length), float(width), angle, tall, 0.0))
    return tuple(found)
