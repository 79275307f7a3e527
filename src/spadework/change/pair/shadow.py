"""Where an image is in shadow, so that nothing can be compared there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """What counts as shadow."""

    share: float = 0.25
    """Dark = under this share of the way from the darkest 0.5 % to the median brightness; where the sun is known."""
    blind_share: float = 0.12
    """The same where the sun is not known: darker only."""
    most: float = 0.6
    """Dark is also under this share of the median brightness: flat ground has no shadow."""
    tallest_m: float = 25.0
    """No object casts a longer shadow than one of this height: longer dark stretches are dark ground, e.g. water."""
    flattest_sun: float = 10.0
    """Degrees; a lower sun is taken as this."""


def shadow_of(image: Image, settings: ShadowSettings) -> tuple[NDArray[np.bool_], bool]:
    """(y, x), True = in shadow, and whether the sun had a say.

    With the sun known, a dark stretch is shadow only where it is short along the sun's direction: no longer than
    tallest_m / tan(elevation) (the directional top-hat of mathematical morphology, Soille 2003, section 4.3). Wide dark ground
    is kept. Dark ground shorter than that cannot be told from shadow, and is lost to the comparison.
    """
    brightness = image.values.mean(axis=0)
    lit = brightness[image.valid]
    if not lit.size:
        return np.zeros(image.valid.shape, dtype=np.bool_), False
    step = max(1, lit.size // 1_000_000)
    darkest, middle = np.quantile(lit[::step], (0.005, 0.5))
    along = _towards_sun(image)
    share = settings.blind_share if along is None else settings.share
    dark = image.valid & (brightness < darkest + share * (middle - darkest)) & (brightness < settings.most * middle)
    dark = ndimage.binary_opening(dark, np.ones((3, 3), dtype=np.bool_))  # noise and texture speckle dark ground
    if along is None or image.scene.sun_elevation is None:
        return dark, False
    elevation = math.radians(max(image.scene.sun_elevation, settings.flattest_sun))
    (right, down), pixel_m = along
    longest = max(2, math.ceil(settings.tallest_m / math.tan(elevation) / pixel_m))
    return dark & ~_opened(dark, (down, right), longest), True


def _towards_sun(image: Image) -> tuple[tuple[float, float], float] | None:
    """Unit step (right, down) in pixels towards the sun, and its length on the ground in metres; None = not known."""
    azimuth, per_px = image.scene.sun_azimuth, image.per_px_m
    if azimuth is None or image.scene.sun_elevation is None or per_px is None:
        return None
    east_north = np.array([math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))])
    right, down = np.linalg.solve(per_px, east_north)
    pixels = math.hypot(right, down)
    return (float(right / pixels), float(down / pixels)), 1 / pixels


def _opened(dark: NDArray[np.bool_], step: tuple[float, float], length: int) -> NDArray[np.bool_]:
    """Opening by a line of ``length`` pixels: True on dark stretches at least that long."""
    kept = _run(dark, step, length, fill=False)
    return ~_run(~kept, (-step[0], -step[1]), length, fill=True)


def _run(dark: NDArray[np.bool_], step: tuple[float, float], length: int, *, fill: bool) -> NDArray[np.bool_]:
    """True where this pixel and the ``length - 1`` next along ``step`` are dark; by doubling, log2(length) shifts."""
    reached, whole = 1, dark
    while reached < length:
        more = min(reached, length - reached)
        whole = whole & _shifted(whole, round(step[0] * more), round(step[1] * more), fill=fill)
        reached += more
    return whole


def _shifted(values: NDArray[np.bool_], down: int, right: int, *, fill: bool) -> NDArray[np.bool_]:
    """The value ``down`` and ``right`` of each pixel; ``fill`` beyond the edge."""
    rows, cols = values.shape
    out = np.full(values.shape, fill, dtype=np.bool_)
    if abs(down) < rows and abs(right) < cols:
        to = slice(max(0, -down), rows - max(0, down)), slice(max(0, -right), cols - max(0, right))
        of = slice(max(0, down), rows + min(0, down)), slice(max(0, right), cols + min(0, right))
        out[to] = values[of]
    return out
