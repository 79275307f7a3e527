"""Vehicle-size objects without any model: compact patches brighter or darker than the ground on their sides.

A box filter of a vehicle's size is laid over every pixel, in eight directions. Its contrast is the mean of the two smallest of the four
differences between the box and the strips beside its sides: a wall, a road or the corner of a roof has two sides without contrast and falls
out, an object that touches one other thing is only held back. That contrast is divided by what the same box finds in the ground around (a
constant false-alarm rate in the sense of Rohling 1983, IEEE Trans. AES 19), so that raw numbers of any depth will do.

With the sun known, the shadow of a bright object is taken into it, and a dark patch is placed where what casts the shadow must stand.

It finds whatever has the size and stands out: parked cars, containers, roof fixtures, large rocks. It says "vehicle-size object", "possible".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.objects.boxes import one_each
from spadework.objects.contrast import STRIDE, nothing_strong, strewn, strongest
from spadework.objects.detector import Detector, Found
from spadework.objects.evidence import light, sun_in_image
from spadework.records import VEHICLE_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

SAYS: Final = "candidate finder 1 (Apache-2.0)"
SIGMA: Final = 1.2533
"""One standard deviation of a normal variable over its mean absolute value, sqrt(pi / 2)."""


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """What is taken for vehicle-size."""

    sizes_m: tuple[tuple[float, float], ...] = ((4.6, 2.0), (6.0, 2.6), (8.0, 3.0), (11.0, 3.2), (6.5, 4.4))
    """(length, width) of the boxes, metres."""
    turns: int = 8
    """Directions in half a turn; even."""
    gap_m: float = 0.6
    """Between the box and the strips beside it: blurred edges belong to neither."""
    strip_m: float = 1.6
    """Breadth of the strips beside the box."""
    around_m: float = 60.0
    """Side of the square around a pixel that says what contrast is usual there."""
    least: float = 6.0
    """Smallest contrast, in units of what is usual."""
    most_iou: float = 0.1
    """Of two boxes that overlap by more (intersection over union), the stronger one stays: nothing is parked on anything."""
    most_inside: float = 0.3
    """The same for the share of the smaller box."""
    reach_m: float = 6.0
    """A dark box this far beyond a bright one, seen from the sun, is its shadow, metres between their centres."""
    height_m: float = 2.5
    """Of a vehicle: what a shadow's length is reckoned from, metres."""
    halfway: float = 8.0
    """Contrast at which the score is one half; no probability."""


def candidate_finder(settings: CandidateSettings | None = None) -> Detector:
    """The finder as a detector, for ``find``."""
    chosen = settings or CandidateSettings()
    return Detector(SAYS, lambda tile: candidates(tile, chosen), gsd_m=(0.5, 3.0), tile_px=1100, most="possible")


def candidates(tile: Image, settings: CandidateSettings) -> list[Found]:
    """Boxes on what stands out, one on each.

    Args:
        tile: of square pixels, ``scene.gsd_m`` their size.
        settings: what is looked for.

    """
    gsd = max(tile.scene.gsd_m or (0.5, 0.5))
    if not tile.valid.any():
        return []
    plane = light(tile)
    plane[~tile.valid] = np.median(plane[tile.valid])
    turned = [_at_angle(plane, 180.0 * turn / settings.turns, gsd, settings) for turn in range(settings.turns // 2)]
    boxes, strengths = np.concatenate([part[0] for part in turned]), np.concatenate([part[1] for part in turned])
    held = _beside_ground(tile.valid, boxes, settings, gsd)
    boxes, strengths = boxes[held], strengths[held]
    stay = one_each(boxes, np.abs(strengths), [""] * len(boxes), settings.most_iou, settings.most_inside)
    boxes, strengths = boxes[stay], strengths[stay]
    sun = sun_in_image(tile)
    if sun is not None:
        boxes, strengths = without_own_shadows(boxes, strengths, sun, settings.reach_m / gsd)
        if tile.scene.sun_elevation is not None:
            run = settings.height_m / np.tan(np.radians(max(tile.scene.sun_elevation, 10.0))) / gsd
            boxes = sunward(boxes, strengths, sun, run)
    scores = np.abs(strengths) / (np.abs(strengths) + settings.halfway)
    return [
        Found.of_sides((cx, cy), (length, width), angle, score, (VEHICLE_SIZE,))
        for (cx, cy, length, width, angle), score in zip(boxes.tolist(), scores.tolist(), strict=True)
    ]


def without_own_shadows(
    boxes: NDArray[np.float64], strengths: NDArray[np.float64], sun: tuple[float, float], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bright boxes take in the dark ones that lie just beyond them, seen from the sun, and the greater of both strengths.

    Args:
        boxes: (n, 5), pixels and degrees.
        strengths: (n), negative = darker than the ground.
        sun: unit vector (column, row) towards the sun.
        reach: largest distance of a shadow's middle from its object's, pixels.

    """
    away = boxes[None, :, :2] - boxes[:, None, :2]  # (from, to, 2)
    beyond, aside = -(away @ np.array(sun)), np.abs(away @ np.array([-sun[1], sun[0]]))
    bright = strengths > 0
    own = bright[:, None] & ~bright[None, :] & (beyond > 0) & (beyond < reach) & (aside < reach / 2)
    taken = np.where(own, np.abs(strengths)[None, :], 0).max(axis=1, initial=0)
    kept = ~own.any(axis=0)
    return boxes[kept], np.where(bright, np.maximum(strengths, taken), strengths)[kept]


def sunward(
    boxes: NDArray[np.float64], strengths: NDArray[np.float64], sun: tuple[float, float], run: float
) -> NDArray[np.float64]:
    """(n, 5), dark boxes moved to where what casts the shadow stands: a dark patch is an object and its shadow, or the shadow alone.

    Args:
        boxes: (n, 5), pixels and degrees.
        strengths: (n), negative = darker than the ground.
        sun: unit vector (column, row) towards the sun.
        run: length of the shadow of a vehicle, pixels; a box moves by half of it, at most to its own edge.

    """
    turn = np.radians(boxes[:, 4])
    along, across = np.cos(turn) * sun[0] + np.sin(turn) * sun[1], np.cos(turn) * sun[1] - np.sin(turn) * sun[0]
    half = (boxes[:, 2] * np.abs(along) + boxes[:, 3] * np.abs(across)) / 2
    moved = boxes.copy()
    moved[:, :2] += np.where(strengths < 0, np.minimum(half, run / 2), 0)[:, None] * np.array(sun)
    return moved


def _beside_ground(
    valid: NDArray[np.bool_], boxes: NDArray[np.float64], settings: CandidateSettings, gsd: float
) -> NDArray[np.bool_]:
    """(n), whether the strips at the middle of each box lie on data: beyond the tile the ground is made up."""
    import cv2  # noqa: PLC0415 - slow to import

    side = 2 * (round((settings.gap_m + settings.strip_m) / gsd) + 1) + 1
    ground = (
        cv2.erode(valid.astype(np.uint8), np.ones((side, side), dtype=np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        > 0
    )
    rows, cols = boxes[:, 1].astype(int), boxes[:, 0].astype(int)
    return np.asarray(ground[rows.clip(0, valid.shape[0] - 1), cols.clip(0, valid.shape[1] - 1)])


def _at_angle(
    plane: NDArray[np.float32], angle: float, gsd: float, settings: CandidateSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 5) boxes along and across one direction, and (n) strengths, negative = darker than the ground.

    The plane is turned, boxes lie on its rows and columns, peaks are turned back.
    """
    import cv2  # noqa: PLC0415 - slow to import

    boxes = _boxes_px(gsd, settings)
    there, size = _turning(plane.shape, angle, int(boxes.sum(axis=1).max()) + 2)
    back = np.asarray(cv2.invertAffineTransform(there), dtype=np.float64)
    turned = cv2.warpAffine(plane, there, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    spans = _spans(back, size, plane.shape)
    sums = np.asarray(cv2.integral(turned, sdepth=cv2.CV_64F), dtype=np.float64)
    found = nothing_strong(turned.shape)
    strongest(sums, boxes, _usual(sums, boxes, spans, max(int(settings.around_m / gsd / STRIDE), 3)), spans, found)
    best, which, height = found.best, found.which, np.abs(found.best)
    peaks = (height >= settings.least) & (height >= cv2.dilate(height, np.ones((5, 5), dtype=np.uint8)))
    rows, cols = np.nonzero(peaks)
    kinds, strengths = which[rows, cols], best[rows, cols].astype(np.float64)
    half = 0.5 * (boxes[kinds, :2] % 2)  # from the outer corner of a pixel to the middle of a box of odd sides
    at = np.column_stack([cols + half[:, 0] - 0.5, rows + half[:, 1] - 0.5, np.ones(len(rows))]) @ back.T + 0.5
    wide, high = boxes[kinds, 0], boxes[kinds, 1]
    lying = wide >= high
    return np.column_stack([at, np.maximum(wide, high), np.minimum(wide, high), np.where(lying, angle, angle + 90)]), strengths


def _boxes_px(gsd: float, settings: CandidateSettings) -> NDArray[np.int64]:
    """(kind, 4), width along x, height along y, gap and strip in pixels: each size lying and standing."""
    gap, strip = max(round(settings.gap_m / gsd), 0), max(round(settings.strip_m / gsd), 1)
    sizes = dict.fromkeys((max(round(length / gsd), 1), max(round(width / gsd), 1)) for length, width in settings.sizes_m)
    return np.array([(*size, gap, strip) for long, short in sizes for size in ((long, short), (short, long))], dtype=np.int64)


def _turning(shape: tuple[int, ...], angle: float, margin: int) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The matrix (2, 3), between pixel centres, that lays a direction along x, and columns and rows that hold all and a margin."""
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[cos, sin], [-sin, cos]])
    rows, cols = shape
    ends = np.array([(0, 0), (cols - 1, 0), (0, rows - 1), (cols - 1, rows - 1)]) @ turn.T
    low, high = ends.min(axis=0), ends.max(axis=0)
    size = np.ceil(high - low).astype(int) + 2 * margin + 1
    return np.column_stack([turn, margin - low]), (int(size[0]), int(size[1]))


def _spans(back: NDArray[np.float64], size: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(row, 2), first column and column after the last of the turned plane whose place is in the tile."""
    rows = np.arange(size[1])
    low, high = np.zeros(size[1]), np.full(size[1], size[0] - 1.0)
    for (step, down, start), length in zip(back, shape[::-1], strict=True):
        first = start + down * rows  # place of column 0; each column adds ``step``
        if abs(step) < 1e-9:  # noqa: PLR2004 - a right angle
            high = np.where((first < 0) | (first > length - 1), -1.0, high)
            continue
        ends = np.sort([(0 - first) / step, (length - 1 - first) / step], axis=0)
        low, high = np.maximum(low, ends[0]), np.minimum(high, ends[1])
    return np.column_stack([np.ceil(low - 1e-6), np.maximum(np.floor(high + 1e-6) + 1, np.ceil(low - 1e-6))]).astype(np.int64)


def _usual(sums: NDArray[np.float64], boxes: NDArray[np.int64], spans: NDArray[np.int64], around: int) -> NDArray[np.float32]:
    """(kind, y, x) on every STRIDE-th pixel: one standard deviation of the contrast that each box finds in the ground around."""
    import cv2  # noqa: PLC0415 - slow to import

    contrast = np.full((len(boxes), *(-(-(side - 1) // STRIDE) for side in sums.shape)), np.nan, np.float32)
    strewn(sums, boxes, spans, contrast)
    known = (~np.isnan(contrast[0])).astype(np.float32)
    share = np.maximum(cv2.blur(known, (around, around)), 1e-6)
    local = np.stack([cv2.blur(np.nan_to_num(one), (around, around)) / share for one in contrast])
    floor = np.nanmedian(contrast, axis=(1, 2), keepdims=True)
    return np.asarray(np.maximum(SIGMA * local, 0.5 * SIGMA * floor) + 1e-9, dtype=np.float32)
