"""What ground that did not change does between two images: tone, haze, noise, and what the rest of the misalignment costs.

Everything is symmetric: with BEFORE and AFTER swapped, differences change their sign and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH: Final = 4
"""Pixels that smoothing and gradients look to each side."""
_CONSISTENT: Final = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""
_CHI2_MEDIAN: Final = 0.4549
"""Median of chi-square with one degree of freedom."""
_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True)
class StableSettings:
    """How stable ground is found."""

    smooth_px: float = 0.7
    """Gaussian, standard deviation, pixels: damps what a rest of misalignment does at edges."""
    within: float = 2.5
    """Ground is stable while its difference stays within so many robust standard deviations."""
    floor: float = 0.003
    """Differences under this share of the ground's own scatter are none, e.g. rounding."""
    tones: int = 10
    """Classes of brightness in which the two images' tones are matched."""
    textures: int = 20
    """Classes of local contrast in which the scatter is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Pixels of one band, smoothed; all (pixel)."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    before_slope: NDArray[np.float32]
    """Squared gradient, (raw number per pixel)^2."""
    after_slope: NDArray[np.float32]
    x: NDArray[np.float32]
    """-1..1 across the image."""
    y: NDArray[np.float32]
    """-1..1 down the image."""


@dataclass(frozen=True, slots=True, eq=False)
class StableGround:
    """One band of a pair as stable ground has it; raw number -> (number - centre) / scale puts both on one tone."""

    centres: tuple[float, float]
    """Of BEFORE and AFTER, raw numbers."""
    scales: tuple[float, float]
    """Of BEFORE and AFTER, raw numbers: standard deviation of stable ground."""
    haze: NDArray[np.float64]
    """(3): the difference's constant, slope over x and over y (-1..1), in units of scale."""
    tones: NDArray[np.float64]
    """(class) brightness, mean of both images, in units of scale."""
    offsets: NDArray[np.float64]
    """(class) what the difference is there."""
    noise: float
    """Variance of the difference on flat ground, in units of scale squared."""
    jitter: float
    """Variance of the difference per squared gradient: a rest of misalignment, pixels squared."""

    def squared(self, part: Sample) -> NDArray[np.float32]:
        """Squared difference over its variance on stable ground: about 1 where nothing changed (shape of ``part``)."""
        before, after = self._toned(part)
        tone = np.asarray((before + after) / 2, dtype=np.float32)
        gap = before - after - self.offset(part.x, part.y, tone)
        return np.asarray(gap**2 / (self.noise + self.jitter * self.slope(part)), dtype=np.float32)

    def offset(self, x: NDArray[np.float32], y: NDArray[np.float32], tone: NDArray[np.float32]) -> NDArray[np.float32]:
        """What BEFORE less AFTER is where nothing changed, in units of scale."""
        haze = self.haze[0] + self.haze[1] * x + self.haze[2] * y
        return np.asarray(haze + np.interp(tone, self.tones, self.offsets), dtype=np.float32)

    def slope(self, part: Sample) -> NDArray[np.float32]:
        """Mean squared gradient of both images, in units of scale squared per pixel squared."""
        total = part.before_slope / self.scales[0] ** 2 + part.after_slope / self.scales[1] ** 2
        return np.asarray(total / 2, dtype=np.float32)

    def toned(self, values: NDArray[np.float32], image: int) -> NDArray[np.float32]:
        """Raw numbers of BEFORE (0) or AFTER (1) on one tone, in units of scale."""
        return np.asarray((values - self.centres[image]) / self.scales[image], dtype=np.float32)

    def _toned(self, part: Sample) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        (first, second), (wide, broad) = self.centres, self.scales
        return np.asarray((part.before - first) / wide), np.asarray((part.after - second) / broad)


def smoothed(values: NDArray[np.float32], settings: StableSettings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One band (y, x), smoothed, and its squared gradient by central differences."""
    smooth = ndimage.gaussian_filter(values, settings.smooth_px, mode="nearest", truncate=3.0)
    down = ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=0, mode="nearest")
    right = ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=1, mode="nearest")
    return smooth, down**2 + right**2


def learn(sample: Sample, settings: StableSettings) -> StableGround:
    """Stable ground of one band, by iterative reweighting (as in Canty and Nielsen 2008, here with median and MAD).

    Scales are the reduced major axis (ratio of standard deviations), which has no dependent variable; then the difference's
    plane over the image and its curve over brightness are fitted in turn to pixels that stay within the bounds.

    Args:
        sample: at least a few hundred pixels.
        settings: how stable ground is found.

    """
    centres, scales = _axis(sample, settings)
    before, after = (sample.before - centres[0]) / scales[0], (sample.after - centres[1]) / scales[1]
    gap, tone = (before - after).astype(np.float64), ((before + after) / 2).astype(np.float64)
    haze, tones, offsets = _common(gap, tone, sample, settings)
    rest = gap - (haze[0] + haze[1] * sample.x + haze[2] * sample.y) - np.interp(tone, tones, offsets)
    plain = StableGround(centres, scales, haze, tones, offsets, 1.0, 0.0)
    noise, jitter = _scatter(rest, plain.slope(sample).astype(np.float64), settings)
    return StableGround(centres, scales, haze, tones, offsets, noise, jitter)


def _axis(sample: Sample, settings: StableSettings) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centres and scales of stable ground."""
    stable = np.ones(sample.before.size, dtype=np.bool_)
    for _ in range(_ROUNDS):
        first, second = (float(np.median(values[stable])) for values in (sample.before, sample.after))
        wide, broad = (_scale(values[stable]) for values in (sample.before, sample.after))
        gap = (sample.before - first) / wide - (sample.after - second) / broad
        stable = _within(gap, settings)
    return (first, second), (wide, broad)


def _scale(values: NDArray[np.float32]) -> float:
    return max(float(values.std(dtype=np.float64)), 1e-6 * max(1.0, float(np.abs(values).max())))


def _within(gap: NDArray[np.floating], settings: StableSettings) -> NDArray[np.bool_]:
    size = np.abs(gap)
    return np.asarray(size <= settings.within * max(_CONSISTENT * float(np.median(size)), settings.floor))


def _common(
    gap: NDArray[np.float64], tone: NDArray[np.float64], sample: Sample, settings: StableSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Plane over the image, and curve over brightness, of the difference on stable ground."""
    plane = np.column_stack([np.ones(gap.size), sample.x, sample.y])
    order = np.argsort(tone, kind="stable")
    curve, rest = np.zeros(gap.size), gap
    for _ in range(_ROUNDS):
        stable = _within(rest, settings)
        haze = np.linalg.lstsq(plane[stable], (gap - curve)[stable], rcond=None)[0]
        level = gap - plane @ haze
        classes = np.array_split(order[stable[order]], settings.tones)
        tones = np.array([np.median(tone[members]) for members in classes])
        offsets = np.array([np.median(level[members]) for members in classes])
        tones, offsets = _to_ends(tones, offsets, float(tone[classes[0][0]]), float(tone[classes[-1][-1]]))
        curve = np.interp(tone, tones, offsets)
        rest = level - curve
    return haze, tones, offsets


def _to_ends(
    tones: NDArray[np.float64], offsets: NDArray[np.float64], darkest: float, brightest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Carry a curve on, straight, to the darkest and the brightest stable pixel; beyond them it stays level."""
    slopes = np.diff(offsets) / np.maximum(np.diff(tones), 1e-9)
    first, last = offsets[0] + slopes[0] * (darkest - tones[0]), offsets[-1] + slopes[-1] * (brightest - tones[-1])
    return np.r_[darkest, tones, brightest], np.r_[first, offsets, last]


def _scatter(rest: NDArray[np.float64], slope: NDArray[np.float64], settings: StableSettings) -> tuple[float, float]:
    """Noise and jitter: the median squared difference as a line over the squared gradient, in classes of equal size.

    A shift by u moves a value by u times the gradient: to first order the variance is noise + var(u) x gradient^2.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - slow to import

    classes = np.array_split(np.argsort(slope, kind="stable"), settings.textures)
    spread = np.array([np.median(rest[members] ** 2) for members in classes]) / _CHI2_MEDIAN
    at = np.array([np.median(slope[members]) for members in classes])
    least = settings.floor**2
    weight = 1 / np.maximum(spread, least)
    line, _ = nnls(np.column_stack([weight, at * weight]), spread * weight)
    return max(float(line[0]), least), float(line[1])
