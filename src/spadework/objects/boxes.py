"""Oriented boxes: how much they overlap, and which of several on one object stays.

A box is a row (cx, cy, length, width, angle): centre, sides, angle of the side "length" from +x towards +y in degrees. Rows of an
array (n, 5), all in one frame with equal units along x and y.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.grid import reproject, rings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import MultiPolygon


GRID: Final = 1e-7
"""Corners are taken to this many units for an overlap: of two boxes that are the same but for rounding, GEOS else finds none."""


def corners(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4, 2), x and y of each box's corners, around it in one sense."""
    cx, cy, length, width, angle = np.asarray(boxes, dtype=np.float64).reshape(-1, 5).T
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along = np.array([-0.5, 0.5, 0.5, -0.5]) * length[:, None]
    across = np.array([-0.5, -0.5, 0.5, 0.5]) * width[:, None]
    x = cx[:, None] + along * cos[:, None] - across * sin[:, None]
    y = cy[:, None] + along * sin[:, None] + across * cos[:, None]
    return np.stack([x, y], axis=-1)


def ground_outline(image: Image, box: tuple[float, float, float, float, float]) -> MultiPolygon:
    """A box in columns and rows of an image as a WGS 84 outline; empty without georeference."""
    if image.scene.crs is None:
        return ()
    a, b, c, d, e, f = image.transform
    on_map = corners(np.array([box]))[0] @ np.array([[a, d], [b, e]]) + (c, f)
    return rings_of(reproject(shapely.Polygon(on_map), image.scene.crs, "EPSG:4326"))


def overlaps(boxes: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of boxes that share ground.

    Args:
        boxes: (n, 5).

    Returns:
        (m, 2) index pairs, first < second; (m) intersection over union; (m) intersection over the smaller box: 1 when one holds the
        other.

    """
    shapes = np.asarray(shapely.polygons(corners(boxes)))
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = np.asarray(shapely.area(shapely.intersection(shapes[first], shapes[second], grid_size=GRID)))
    areas = np.asarray(shapely.area(shapes))
    smaller = np.minimum(areas[first], areas[second])
    shared = np.minimum(shared, smaller)  # rounding must not make it more than a box
    union = areas[first] + areas[second] - shared
    iou = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    iom = np.divide(shared, smaller, out=np.zeros_like(shared), where=smaller > 0)
    return np.column_stack([first, second]), np.minimum(iou, 1.0), iom


def one_each(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], labels: Sequence[str], most_iou: float, most_inside: float
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression (Neubeck and Van Gool 2006, ICPR) on oriented boxes, each label for itself.

    Args:
        boxes: (n, 5).
        scores: (n).
        labels: of each box; boxes of different labels leave each other alone.
        most_iou: a box that overlaps a better one by more (intersection over union) goes.
        most_inside: so does one that shares more of the smaller of both with it: half an object, cut at the edge of a tile.

    Returns:
        Indices of the boxes that stay, best first; of equal scores the first in reading order (cy, then cx) stays.

    """
    order = np.lexsort((boxes[:, 0], boxes[:, 1], -scores))
    pairs, iou, iom = overlaps(boxes)
    rivals: list[list[int]] = [[] for _ in range(len(boxes))]
    for one, other in pairs[(iou > most_iou) | (iom > most_inside)].tolist():
        if labels[one] == labels[other]:
            rivals[one].append(other)
            rivals[other].append(one)
    gone, stays = np.zeros(len(boxes), dtype=np.bool_), []
    for at in order.tolist():
        if not gone[at]:
            stays.append(at)
            gone[rivals[at]] = True
    return np.array(stays, dtype=np.intp)
