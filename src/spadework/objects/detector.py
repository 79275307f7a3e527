"""What a detector is: a function of an image, and what must be known of it before it is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from spadework.cube import Image
from spadework.intake.models import bands_of
from spadework.records import HEAVY, VEHICLE_SIZE

if TYPE_CHECKING:
    from spadework.intake.models import Model


@dataclass(frozen=True, slots=True)
class Found:
    """A box that a detector drew in a tile. No claim yet: ``find`` makes one of it, no higher than the ceiling allows."""

    centre: tuple[float, float]
    """Column, row in the tile; (0, 0) = outer corner of its first pixel."""
    length_px: float
    width_px: float
    """Sides in the tile's pixels, which are square; length >= width."""
    angle_deg: float
    """Of the long side, from +x towards +y, [0, 180)."""
    score: float
    """0..1, in the detector's own terms."""
    label: str
    """The most specific name."""
    broader: tuple[str, ...] = ()
    """Broader names that fit too, the narrowest first, out of HEAVY and VEHICLE_SIZE; empty = this is no vehicle."""
    evidence: tuple[str, ...] = ()

    @classmethod
    def of_sides(
        cls, centre: tuple[float, float], sides: tuple[float, float], angle_deg: float, score: float, label: tuple[str, ...]
    ) -> Found:
        """A box from any two sides, the angle being that of the first; ``label`` = the name and its broader ones."""
        long, short = max(sides), min(sides)
        turned = angle_deg if sides[0] >= sides[1] else angle_deg + 90
        turned = math.fmod(turned, 180)
        turned = turned + 180 if turned < 0 else turned
        return cls(centre, long, short, 0.0 if turned >= 180 else turned, score, label[0], label[1:])  # noqa: PLR2004 - half a turn


Detect: TypeAlias = Callable[[Image], Sequence[Found]]
"""A tile of square pixels, on which it finds boxes."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector and its bounds."""

    says: str
    """Name, version and licence: what a Sighting names as its detector."""
    detect: Detect
    gsd_m: tuple[float, float]
    """Finest and coarsest pixels it works on, metres. Finer images are averaged down; on coarser ones it is not run."""
    tile_px: int
    """Rows and columns of the tiles it is given."""
    most: Literal["possible", "probable"] = "probable"
    """The most that it may say of a class on its own word."""


def detector_of(model: Model) -> Detector:
    """A model from outside (a detection model) as a detector."""
    card = model.card
    broader = {
        name: (HEAVY, VEHICLE_SIZE) if name in card.heavy else (VEHICLE_SIZE,) if name in card.vehicles else ()
        for name in card.classes
    }

    def detect(tile: Image) -> list[Found]:
        boxes = model.detect(bands_of(tile, card))
        names = [card.classes[int(number)] for number in boxes[:, 6]]
        return [
            Found.of_sides((cx, cy), (width, height), float(np.degrees(angle)), score, (name, *broader[name]))
            for (cx, cy, width, height, angle, score, _), name in zip(boxes.tolist(), names, strict=True)
        ]

    return Detector(card.says, detect, card.gsd_m, card.tile_px)
