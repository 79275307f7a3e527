"""Neighbouring changed pixels as patches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from scipy import ndimage

from spadework.records.vhr import ChangedPatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

CHANGED: Final = 0.5
"""Probability from which a pixel counts as changed (``Comparison.changed_fraction``)."""


@dataclass(frozen=True, slots=True)
class PatchSettings:
    """Which patches are told."""

    least: float = CHANGED
    """Probability of a pixel."""
    min_area_m2: float = 2.0
    """Smaller patches are left out; a small car covers about 7 m2."""
    min_px: int = 8
    """The same where the pixel's size is not known, and the least in any case: fewer pixels show no shape."""
    most: int = 1000
    """No more than so many patches, the largest."""


def patches_of(
    probability: NDArray[np.float32], image: Image, settings: PatchSettings = PatchSettings()
) -> tuple[ChangedPatch, ...]:
    """Patches of pixels that touch by a side, largest first.

    Args:
        probability: (y, x), 0..1, NaN where not comparable.
        image: BEFORE: its transform, CRS and GSD place and measure the patches.
        settings: which patches are told.

    """
    changed = probability >= settings.least
    labels, count = ndimage.label(changed)
    if not count:
        return ()
    one_m2 = image.px_m2
    least = settings.min_px if one_m2 is None else max(settings.min_px, math.ceil(settings.min_area_m2 / one_m2))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sums = np.bincount(labels.ravel(), weights=np.where(changed, probability, 0).ravel(), minlength=count + 1)
    sizes[0] = 0
    kept = np.argsort(-sizes, kind="stable")[: settings.most]
    boxes = ndimage.find_objects(labels)
    return tuple(
        ChangedPatch(
            _rings(labels[boxes[n - 1]] == n, boxes[n - 1], image.transform),
            None if one_m2 is None else float(sizes[n] * one_m2),
            float(sums[n] / sizes[n]),
        )
        for n in map(int, kept)
        if sizes[n] >= least
    )


def _rings(
    member: NDArray[np.bool_], box: tuple[slice, ...], transform: tuple[float, float, float, float, float, float]
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Outline and holes along pixel edges, map units, as the union of one box a run of pixels in a row."""
    edges = np.diff(np.pad(member.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, begins = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    shape = shapely.union_all(shapely.box(begins, rows, ends, rows + 1))
    a, b, c, d, e, f = transform

    def ring(line: shapely.LinearRing) -> tuple[tuple[float, float], ...]:
        col, row = shapely.get_coordinates(line).T
        x, y = col + box[1].start, row + box[0].start
        return tuple(zip((a * x + b * y + c).tolist(), (d * x + e * y + f).tolist(), strict=True))

    part = shape if isinstance(shape, shapely.Polygon) else max(shapely.get_parts(shape), key=shapely.area)
    return tuple(ring(line) for line in (part.exterior, *part.interiors))
