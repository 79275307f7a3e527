"""What is clear: quality classes and bits to usable ground, and the dilation around everything else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.imagery.lookup import looked_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import ClearRule

SNOW_CLASS: Final = 11
"""Sentinel-2 scene classification: snow or ice (Sentinel-2 L2A product definition)."""
QA_FILL, QA_SNOW, QA_CLEAR = 1 << 0, 1 << 5, 1 << 6
QA_NOT_CLEAR: Final = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 4)
"""Dilated cloud, cirrus, cloud, cloud shadow (Landsat Collection 2 QA_PIXEL, USGS LSDS-1619)."""

NO_DATA, CLEAR, SNOW, CLOUDED = range(4)
"""What a mask pixel says: nothing, usable ground, snow, anything else."""


@dataclass(frozen=True, slots=True)
class MaskKind:
    """How to read the numbers of a mask."""

    kind: str
    """"scl", "qa_pixel" or "values"."""
    clear: tuple[int, ...]
    """Usable values of "scl" and "values"."""
    nodata: float | None
    """Value without data; None = 0 for "scl", the fill bit for "qa_pixel", none for "values"."""


def classify(raw: NDArray[np.generic], mask: MaskKind) -> NDArray[np.uint8]:
    """(y, x) of NO_DATA, CLEAR, SNOW or CLOUDED from the raw numbers of a mask on its own grid."""
    return looked_up(raw, _classes, mask)


def _classes(raw: NDArray[np.generic], mask: MaskKind) -> NDArray[np.uint8]:
    finite = np.isfinite(raw)
    values = np.where(finite, raw, 0).astype(np.int64)
    out = np.full(values.shape, CLOUDED, dtype=np.uint8)
    if mask.kind == "qa_pixel":
        usable = (values & QA_NOT_CLEAR == 0) & (values & QA_CLEAR != 0)
        out[usable] = CLEAR
        out[(values & QA_SNOW != 0) & (values & QA_NOT_CLEAR == 0)] = SNOW
        out[values & QA_FILL != 0] = NO_DATA
        return out
    out[np.isin(values, mask.clear)] = CLEAR
    nodata = mask.nodata
    if mask.kind == "scl":
        nodata = 0.0 if nodata is None else nodata
        if SNOW_CLASS not in mask.clear:
            out[values == SNOW_CLASS] = SNOW
    if nodata is not None and math.isfinite(nodata):
        out[values == int(nodata)] = NO_DATA
    out[~finite] = NO_DATA
    return out


def dilate(classes: NDArray[np.uint8], rule: ClearRule, pixel_m: float) -> NDArray[np.uint8]:
    """Classes with everything CLOUDED grown by ``rule.dilate_m`` into CLEAR; snow and no data do not grow.

    The disk has a radius of whole pixels, at least one where any growth is asked for.
    """
    if rule.dilate_m <= 0:
        return classes
    radius = max(1, round(rule.dilate_m / pixel_m))
    span = np.arange(-radius, radius + 1)
    disk = span[:, None] ** 2 + span[None, :] ** 2 <= radius**2
    grown = ndimage.binary_dilation(classes == CLOUDED, structure=disk)
    out = classes.copy()
    out[grown & (classes == CLEAR)] = CLOUDED
    return out
