"""Empty images with a place, for tests of what is drawn on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from affine import Affine

from spadework.cube import Image
from spadework.records import VhrScene

CRS = "EPSG:32639"
PLACE = (500_000.0, 3_730_000.0)
"""On the central meridian: grid north is true north, lengths are those of the map over .9996."""
SCALE = 0.9996


def empty(px: float = 0.5, shape: tuple[int, int] = (400, 400), **known: Any) -> Image:  # noqa: ANN401 - fields of a VhrScene
    """An image of nothing at ``PLACE``, ``px`` metres a pixel on the ground."""
    scene = replace(VhrScene("one", crs=CRS), **known)
    step = px * SCALE if scene.crs else 1.0
    corner = PLACE if scene.crs else (0.0, 0.0)
    fit = Affine(step, 0, corner[0], 0, -step if scene.crs else step, corner[1])
    return Image(np.zeros((1, *shape), np.float32), np.ones(shape, np.bool_), ("pan",), tuple(fit)[:6], scene)


def at(image: Image, *pixels: tuple[float, float]) -> list[tuple[float, float]]:
    """Points at columns, rows."""
    return [Affine(*image.transform) * pixel for pixel in pixels]
