"""Where the labels of a map go: beside what they name, off what it shows, never on each other, never over the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from PIL import Image, ImageDraw

from spadework.publish.draw import BLACK, PAPER, font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REACH: Final = 80
"""A label is sought so far around what it names, pixels; farther only where all of that is taken."""
STEP: Final = 8
"""Between two places tried, pixels."""
APART: Final = 3
"""Room between two labels, and between a label and the picture's edge, pixels."""
HIDING: Final = 150.0
"""A label that lies wholly on outlined ground is as bad as one so many pixels away."""
PLATE: Final = "#111111"
"""Ground of a label: white on it reads on any image."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text, the outline that it names, and their colour."""

    text: str
    shape: shapely.Geometry
    """In pixels of the picture."""
    colour: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label goes."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom, pixels of the picture."""
    leader: tuple[tuple[float, float], ...]
    """From the label to its outline; empty where they lie side by side."""


def place(labels: Sequence[tuple[shapely.Geometry, tuple[int, int]]], picture: tuple[int, int], near: int = 4) -> list[Placed]:
    """A place for every label, in the order given.

    Args:
        labels: (outline, width and height of its label), pixels; crowded ones choose first.
        picture: width and height.
        near: room between a label and its outline, pixels.

    Returns:
        Places that do not overlap, as long as the picture has room for them.

    """
    hidden = _covered([shape for shape, _ in labels], picture)
    placed: dict[int, Placed] = {}
    for index in sorted(range(len(labels)), key=lambda k: (float(shapely.area(labels[k][0])), k)):
        shape, size = labels[index]
        taken = np.array([spot.box for spot in placed.values()]).reshape(-1, 4)
        box = _best(shape, (size, picture, near), hidden, taken)
        line = shapely.shortest_line(shapely.box(*box), shape)
        far = shapely.length(line) > STEP + 4
        placed[index] = Placed(box, tuple((x, y) for x, y in shapely.get_coordinates(line).tolist()) if far else ())
    return [placed[index] for index in range(len(labels))]


def _covered(shapes: Sequence[shapely.Geometry], picture: tuple[int, int]) -> NDArray[np.int64]:
    """(y + 1, x + 1), outlined pixels above and left of each corner: a box's sum takes four of them (Crow 1984)."""
    mask = Image.new("L", picture)
    pen = ImageDraw.Draw(mask)
    for shape in shapes:
        for part in shapely.get_parts(shape):
            pen.polygon([(x, y) for x, y in part.exterior.coords], fill=1, outline=1)
    return np.pad(np.asarray(mask, dtype=np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))


def _best(
    shape: shapely.Geometry,
    sizes: tuple[tuple[int, int], tuple[int, int], int],
    hidden: NDArray[np.int64],
    taken: NDArray[np.float64],
) -> tuple[float, float, float, float]:
    """The box of least cost: how far it is from where it should be, and the share of it that hides outlined ground.

    Args:
        shape: outline, pixels.
        sizes: of the label, of the picture, and the room between label and outline.
        hidden: from ``_covered``.
        taken: (label, 4), boxes of earlier ones.

    """
    size, picture, near = sizes
    for reach in (REACH, max(picture)):
        boxes = _tried(shape, sizes, reach)
        free = boxes[~_touching(boxes, taken)]
        if len(free):
            break
    else:
        free = boxes
    left, top, right, bottom = free.astype(np.int64).T
    on = hidden[bottom, right] - hidden[top, right] - hidden[bottom, left] + hidden[top, left]
    away = shapely.distance(shapely.box(*free.T), shapely.simplify(shape, 2))
    leftwards = np.maximum(shapely.bounds(shape)[2] - free[:, 0], 0)
    cost = np.abs(away - near) + HIDING * on / (size[0] * size[1]) + 0.02 * leftwards
    west, north, east, south = free[int(np.argmin(cost))].tolist()
    return west, north, east, south


def _tried(shape: shapely.Geometry, sizes: tuple[tuple[int, int], tuple[int, int], int], reach: int) -> NDArray[np.float64]:
    """(place, 4), boxes of a label in and around an outline, all inside the picture."""
    west, north, east, south = shapely.bounds(shape)
    size, picture, near = sizes
    spans = []
    for low, high, length, most in ((west, east, size[0], picture[0]), (north, south, size[1], picture[1])):
        last = max(most - length - APART, 0)
        wanted = range(round(low) - length - reach, round(high) + reach, STEP)
        beside = (round(v) for v in (high + near, low - length - near, low, high - length))
        spans.append(np.unique(np.clip([*wanted, *beside], min(APART, last), last)))
    left, top = (axis.ravel().astype(np.float64) for axis in np.meshgrid(*spans))
    return np.column_stack([left, top, left + size[0], top + size[1]])


def _touching(boxes: NDArray[np.float64], taken: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(box), True where it comes too near to a taken one."""
    low = (boxes[:, None, :2] < taken[None, :, 2:] + APART).all(axis=2)
    high = (boxes[:, None, 2:] > taken[None, :, :2] - APART).all(axis=2)
    return np.asarray(np.any(low & high, axis=1), dtype=np.bool_)


def arrange(labels: Sequence[Label], picture: tuple[int, int], size: int, near: int = 4) -> list[Placed]:
    """A place for every label, lettered so many pixels high, ``near`` its outline."""
    face = font(size, bold=True)
    return place([(label.shape, (round(face.getlength(label.text)) + 17, size + 8)) for label in labels], picture, near)


def letter(image: Image.Image, labels: Sequence[Label], spots: Sequence[Placed], size: int) -> None:
    """Draw labels on a map: leaders first, then dark plates with a bar in the outline's colour."""
    pen, face = ImageDraw.Draw(image), font(size, bold=True)
    for colour, width in ((BLACK, 4), (PAPER, 2)):
        for spot in spots:
            if spot.leader:
                pen.line(spot.leader, fill=colour, width=width)
    for label, spot in zip(labels, spots, strict=True):
        left, top, right, bottom = spot.box
        pen.rectangle((left, top, right - 1, bottom - 1), fill=PLATE)
        pen.rectangle((left, top, left + 4, bottom - 1), fill=label.colour)
        pen.text(((left + 5 + right) / 2, (top + bottom) / 2), label.text, font=face, fill=PAPER, anchor="mm")
