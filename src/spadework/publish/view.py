"""A very-high-resolution image, or a part of it, as a picture: how it is stretched, what lies where on it, and its facts.

The law of this sheet is that of ``plate``: days and no clock, no orbit, no place but what the caller hands in, rounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import PIL.Image
from affine import Affine

from spadework.publish import draw, words
from spadework.publish.plate import Imprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from spadework.cube import Image
    from spadework.publish.draw import Stretch
    from spadework.records import VhrScene

SAMPLE: Final = 200_000
"""Pixels that set a stretch."""

UNEVEN: Final = (2, 3)
"""Times its size at which an image is only drawn whole: in between, its pixels would visibly differ in size."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A window of an image, and how large it is drawn."""

    image: Image
    rows: slice
    cols: slice
    scale: float
    """Picture pixels per image pixel."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, pixels."""
        across, down = self.cols.stop - self.cols.start, self.rows.stop - self.rows.start
        return max(1, round(across * self.scale)), max(1, round(down * self.scale))

    def at(self, points: ArrayLike) -> NDArray[np.float64]:
        """(n, 2): where points lie on the picture, x and y in its pixels.

        Args:
            points: (n, 2), in the units of ``records.Point``.

        """
        xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        col, row = ~Affine(*self.image.transform) * (xy[:, 0], xy[:, 1])
        return np.column_stack([(col - self.cols.start) * self.scale, (row - self.rows.start) * self.scale])

    @property
    def metre_px(self) -> float | None:
        """Picture pixels per metre along the rows; None where neither CRS nor GSD tell."""
        step = ground_of(self.image)
        return None if step is None else self.scale / float(np.hypot(*step[:, 0]))

    def direction(self, azimuth: float | None) -> float | None:
        """Degrees clockwise from up of a direction on the ground, degrees clockwise from north; None where north is not known."""
        step = self.image.per_px_m
        if azimuth is None or step is None:
            return None
        angle = math.radians(azimuth)
        col, row = np.linalg.solve(step, [math.sin(angle), math.cos(angle)])
        return math.degrees(math.atan2(col, -row))

    def picture(self, limits: Stretch) -> PIL.Image.Image:
        """The window as an RGB picture; grey without data; pixels show as squares from twice their size on."""
        bands = list(draw.true_colour(self.image.bands).indices)
        step = max(1, math.floor(0.5 / self.scale))
        values = self.image.values[bands, self.rows, self.cols][:, ::step, ::step]
        valid = self.image.valid[self.rows, self.cols][::step, ::step]
        low, high = (np.array(end, dtype=np.float32)[:, None, None] for end in (limits.low, limits.high))
        unit = np.clip((values - low) / (high - low), 0, 1) ** np.float32(1 / 1.4)
        rgb = np.broadcast_to((unit * 255 + 0.5).astype(np.uint8), (3, *valid.shape))
        rgb = np.where(valid, rgb, np.array(draw.NO_DATA, dtype=np.uint8)[:, None, None])
        made = PIL.Image.fromarray(np.ascontiguousarray(np.moveaxis(rgb, 0, -1)))
        return made.resize(self.size, _resampling(self.scale))


def _resampling(scale: float) -> PIL.Image.Resampling:
    if scale >= 2:  # noqa: PLR2004 - then pixels show
        return PIL.Image.Resampling.NEAREST
    return PIL.Image.Resampling.BICUBIC if scale > 1 else PIL.Image.Resampling.BOX


def ground_of(image: Image) -> NDArray[np.float64] | None:
    """(2, 2): metres east and north (rows) of a step right and down (columns); without CRS right and up, by the GSD; None = neither."""
    step = image.per_px_m
    if step is not None or image.scene.gsd_m is None:
        return step
    return np.diag([image.scene.gsd_m[0], -image.scene.gsd_m[1]])


def whole(image: Image, side: int) -> View:
    """All of an image, its longer side as long as ``side`` pixels of a picture, or a whole number of times its size."""
    return _fitted(image, slice(0, image.valid.shape[0]), slice(0, image.valid.shape[1]), side)


def around(image: Image, points: ArrayLike, side: int, margin: float = 1.6, least_px: int = 24) -> View:
    """The square of an image around some points, ``margin`` times as wide as they, inside the image."""
    xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    col, row = ~Affine(*image.transform) * (xy[:, 0], xy[:, 1])
    wide = max(float(np.ptp(col)), float(np.ptp(row))) * margin
    length = min(max(math.ceil(wide), least_px), max(image.valid.shape))
    spans = []
    for at, size in ((row, image.valid.shape[0]), (col, image.valid.shape[1])):
        span = min(length, size)
        middle = (float(at.min()) + float(at.max())) / 2
        first = min(max(round(middle - span / 2), 0), size - span)
        spans.append(slice(first, first + span))
    return _fitted(image, spans[0], spans[1], side)


def _fitted(image: Image, rows: slice, cols: slice, side: int) -> View:
    longest = max(rows.stop - rows.start, cols.stop - cols.start)
    times = side // longest
    return View(image, rows, cols, float(times) if times in UNEVEN else side / longest)


# ---------------------------------------------------------------- tone
def stretch_of(image: Image, rows: slice = slice(None), cols: slice = slice(None)) -> Stretch:
    """Limits from the 1st and 99th percentile of a window, one pair for all bands, which keeps hues true."""
    bands = list(draw.true_colour(image.bands).indices)
    valid = image.valid[rows, cols]
    chosen = image.values[bands, rows, cols][:, valid]
    if chosen.size == 0:
        return draw.Stretch((0.0,) * len(bands), (1.0,) * len(bands))
    ends = np.percentile(chosen[:, :: max(1, chosen.shape[1] // SAMPLE)], (1, 99))
    low, high = float(ends[0]), max(float(ends[1]), float(ends[0]) + 1.0)
    return draw.Stretch((low,) * len(bands), (high,) * len(bands))


def stretch_of_pair(before: Image, after: Image) -> tuple[Stretch, Stretch, bool]:
    """One stretch for both where their numbers lie alike (True), else each its own: other sensors count otherwise."""
    one, two = stretch_of(before), stretch_of(after)
    if not (_within(after, one) and _within(before, two)):
        return one, two, False
    low, high = min(one.low[0], two.low[0]), max(one.high[0], two.high[0])
    first, second = (draw.Stretch((low,) * len(own.low), (high,) * len(own.low)) for own in (one, two))
    return first, second, True


def _within(image: Image, limits: Stretch) -> bool:
    """Whether the median of an image lies between black and white of a stretch."""
    band = draw.true_colour(image.bands).indices[0]
    chosen = image.values[band][image.valid]
    if chosen.size == 0:
        return False
    return limits.low[0] <= float(np.median(chosen[:: max(1, chosen.size // SAMPLE)])) <= limits.high[0]


# ---------------------------------------------------------------- facts
def day_of(scene: VhrScene) -> str:
    """The day of a Scene as the pictures print it."""
    return f"{scene.datetime.date()}" if scene.datetime else "day unknown"


def facts(view: View, title: str, scenes: Sequence[VhrScene], place: str = "") -> Imprint:
    """What is lettered around a picture of these Scenes.

    Args:
        view: the map on it.
        title: of the picture.
        scenes: that it shows.
        place: where it lies, no finer than the gate; empty = not told.

    """
    days = " and ".join(dict.fromkeys(day_of(scene) for scene in scenes))
    platforms = ", ".join(dict.fromkeys(words.platform(scene.platform) for scene in scenes))
    size = view.image.scene.gsd_m
    pixel = f"pixel {max(size):.2g} m" if size else "pixel of unknown size"
    lines = (" · ".join(part for part in (days, platforms, pixel, place) if part), *words.credits_of(scenes))
    north, sun = view.direction(0.0), view.direction(view.image.scene.sun_azimuth)
    synthetic = any(scene.synthetic for scene in scenes)
    return Imprint(words.clean(title), lines, synthetic, view.metre_px, view.size[0], north, sun)
