"""One image laid on another: coarse, tile by tile, and judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.align.coarse import coarse_shift
from spadework.align.consensus import Plane, agree, densest, plane_of, weighed
from spadework.align.features import Features, features_of
from spadework.align.settings import AlignSettings
from spadework.align.tiles import Box, Shifts, can_be_tried, cut, lay_tiles, measure_tiles, whole_peak
from spadework.records import Alignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_METHODS: Final = 2
"""One estimator cannot be checked by another."""
SMALL_PX: Final = 2.0
"""Whole-pixel peaks of tiles within this of each other point the same way; further from zero, the search is repeated there."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Tiles, each with the whole-pixel shift it starts from."""

    boxes: tuple[Box, ...]
    agreed: int
    """How many point the same way."""


def align(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    before_valid: NDArray[np.bool_],
    after_valid: NDArray[np.bool_],
    settings: AlignSettings | None = None,
) -> Alignment:
    """Where AFTER lies on BEFORE, two images on one nominal grid; or why that cannot be said.

    Whole pixels come from a coarse search over the overlap, fractions from four estimators on many tiles. A tile counts
    where an estimator repeats itself there and back and the aligned tiles correlate; each estimator's tiles are brought to
    one shift without outliers; the estimators are averaged by weight of their scatter. The radius holds the scatter
    between tiles, the spread between estimators and a floor.

    Args:
        before: (y, x), one band, any units.
        after: the same shape.
        before_valid: (y, x), True = data.
        after_valid: the same.
        settings: what is enough; None = the defaults.

    Returns:
        The Alignment; of the same image twice: shift 0 with the radius of the floor.

    Raises:
        ValueError: shapes differ.

    """
    if not before.shape == after.shape == before_valid.shape == after_valid.shape:
        msg = (
            f"images and masks are {before.shape}, {after.shape}, {before_valid.shape}, {after_valid.shape}, expected one shape"
        )
        raise ValueError(msg)
    settings = settings or AlignSettings()
    if not before_valid.any() or not after_valid.any():
        return _failed("no overlap: one of the images has no valid pixel")
    if min(before.shape) < 2 * settings.least_tile_px:
        return _failed(f"too small: {min(before.shape)} px on the shorter side, {2 * settings.least_tile_px} are needed")
    features = features_of(before, before_valid), features_of(after, after_valid)
    start = _start(features, (before, after), (before_valid, after_valid), settings)
    if isinstance(start, Alignment):
        return start
    found = measure_tiles(start.boxes, *features, settings)
    return _judge(start.boxes, found, _shape(before), settings)


def _shape(array: NDArray[np.generic]) -> tuple[int, int]:
    return array.shape[0], array.shape[1]


def _failed(why: str, tried: int = 0) -> Alignment:
    return Alignment(None, None, tried=tried, failed=why)


def _start(
    features: tuple[Features, Features],
    images: tuple[NDArray[np.float32], NDArray[np.float32]],
    valids: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    settings: AlignSettings,
) -> _Start | Alignment:
    """The better of two beginnings: as georeferenced, and as the coarse search says."""
    coarse = coarse_shift(images, valids, settings.reach * min(images[0].shape))
    begun = [_peaks(shift, features, settings) for shift in dict.fromkeys([(0, 0), coarse])]
    best = max(begun, key=lambda one: one.agreed)
    tried = max(len(one.boxes) for one in begun)
    if not tried:
        both = _overlap(coarse, valids)
        if both < settings.valid_share * settings.least_tile_px**2:
            return _failed("no overlap: the images share no ground with data")
        return _failed("too little texture: no tile shows structure above its noise in both images")
    if tried < settings.least_tiles:
        return _failed(f"too little texture: only {tried} tile(s) show structure above their noise in both images", tried)
    if best.agreed < max(settings.least_tiles, settings.least_share * len(best.boxes)):
        return _failed(f"tiles disagree: at most {best.agreed} of {len(best.boxes)} point the same way", tried)
    return best


def _overlap(shift: tuple[int, int], valids: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> int:
    right, down = shift
    rows, cols = valids[0].shape
    here = valids[0][max(0, down) : rows + min(0, down), max(0, right) : cols + min(0, right)]
    there = valids[1][max(0, -down) : rows - max(0, down), max(0, -right) : cols - max(0, right)]
    return int(np.count_nonzero(here & there))


def _peaks(shift: tuple[int, int], features: tuple[Features, Features], settings: AlignSettings) -> _Start:
    """Tiles at a whole-pixel shift, each moved to its own peak where that is near the one most agree on."""
    for last in (False, True):
        boxes = [box for box in lay_tiles(_shape(features[0].valid), shift, settings) if can_be_tried(box, *features, settings)]
        if not boxes:
            break
        peaks = np.array(
            [whole_peak(cut(features[0], box), cut(features[1], box, moved=True)) for box in boxes], dtype=np.float64
        )
        same = densest(peaks, SMALL_PX)
        middle = np.rint(np.median(peaks[same], axis=0)).astype(int)
        if last or np.hypot(*middle) <= SMALL_PX or np.count_nonzero(same) < settings.least_tiles:
            reach = np.hypot(*(peaks - middle).T) <= 2 * SMALL_PX
            starts = np.where(reach[:, None], peaks, middle).astype(int)
            moved = [_moved(box, at, features) for box, at in zip(boxes, starts, strict=True)]
            return _Start(tuple(moved), int(np.count_nonzero(same)))
        shift = (shift[0] + int(middle[0]), shift[1] + int(middle[1]))
    return _Start((), 0)


def _moved(box: Box, by: NDArray[np.int_], features: tuple[Features, Features]) -> Box:
    """The same square with AFTER moved further, where that stays inside AFTER."""
    right, down = box.right + int(by[0]), box.down + int(by[1])
    rows, cols = features[1].valid.shape
    inside = 0 <= box.row - down <= rows - box.side and 0 <= box.col - right <= cols - box.side
    return Box(box.row, box.col, box.side, right, down) if inside else box


def _judge(boxes: tuple[Box, ...], found: tuple[Shifts, ...], shape: tuple[int, int], settings: AlignSettings) -> Alignment:
    """From tiles and estimators to one Alignment: at the middle of the image, where it is a plane."""
    tried, independent = len(boxes), _independent(boxes)
    plane = _plane(boxes, found, shape)
    bent = plane.bend_at(np.array([box.centre for box in boxes])) if plane else np.zeros((tried, 2))
    agreed = {one.name: result for one in found if (result := agree(one.values - bent, independent, settings))}
    if not agreed:
        return _failed("tiles disagree: no estimator finds one shift on enough of them", tried)
    methods = tuple((name, float(one.shift[0]), float(one.shift[1])) for name, one in agreed.items())
    if len(agreed) < LEAST_METHODS:
        return replace(_failed(f"methods disagree: only {methods[0][0]} finds one shift", tried), methods=methods)
    shift, radius = weighed(tuple(agreed.values()))
    if radius > settings.most_radius_px:
        apart = max(np.hypot(*(one.shift - other.shift)) for one in agreed.values() for other in agreed.values())
        why = f"too unsure: {radius:.1f} px at 90 %, with methods up to {apart:.1f} px and tiles too far apart"
        return replace(_failed(why, tried), methods=methods)
    inside = np.sum([one.inside for one in agreed.values()], axis=0) * 2 > len(agreed)
    return Alignment(
        shift_px=(float(shift[0]), float(shift[1])),
        radius_px=radius,
        tiles=int(np.count_nonzero(inside)),
        tried=tried,
        methods=methods,
        affine=plane.matrix((float(shift[0]), float(shift[1]))) if plane else None,
    )


def _plane(boxes: tuple[Box, ...], found: tuple[Shifts, ...], shape: tuple[int, int]) -> Plane | None:
    """A plane through the median of the estimators on each tile where most of them found something."""
    stack = np.array([one.values for one in found])
    known = np.isfinite(stack[..., 0]).sum(axis=0) * 2 > len(found)
    if not known.any():
        return None
    values = np.nanmedian(stack[:, known], axis=0)
    near = densest(values, 2 * SMALL_PX)
    centres = np.array([box.centre for box in boxes])[known][near]
    return plane_of(values[near], centres, shape, _independent(boxes) * float(near.sum()) / len(boxes))


def _independent(boxes: tuple[Box, ...]) -> float:
    """How many tiles without overlap the tiles amount to."""
    side = boxes[0].side
    seen = np.zeros((max(box.row for box in boxes) + side, max(box.col for box in boxes) + side), dtype=np.bool_)
    for box in boxes:
        seen[box.row : box.row + side, box.col : box.col + side] = True
    return min(float(len(boxes)), float(np.count_nonzero(seen)) / side**2)
