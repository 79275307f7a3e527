"""Clearings planted into the real Romania stack with the real series of other pixels, and the mask of real loss.

No method's answer enters here. Summers are June to August; a pixel's summer is the median of its clear looks.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.cube import day_number
from spadework.evaluate.pixels import PixelTruth

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.cube import Cube

BEFORE, WATCHED = (2016, 2017), (2018, 2019, 2020)
SUMMER: Final = (6, 7, 8)
SQUARE: Final = np.ones((2, 2), np.bool_)
SIZES: Final = (("4-9 px", 4), ("10-29 px", 10), ("30-60 px", 30))
"""Name of a size class and its least pixels."""


@dataclass(frozen=True, slots=True)
class PlantRule:
    """How clearings are drawn."""

    clearings: int
    """Of one redraw."""
    clearing_pixels: tuple[int, int]
    """Least and most pixels of one."""
    onset_first: dt.date
    onset_last: dt.date
    forest_ndvi: float
    """Least summer NDVI of 2016-17 of a pixel that may be cleared."""
    donor_ndvi: float
    """Every watched summer of a donor lies below."""
    donor_range: float
    """Largest less smallest watched summer NDVI of a donor lies below."""
    donors_near: int
    """A clearing's pixels draw from so many donors around one."""
    loss_ndvi: float
    """Real loss: a watched summer's NDVI lies so far below 2016-17, once the scene's median fall is taken off, ..."""
    loss_swir: float
    """... or its B11 so far above (reflectance x 10,000)."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The stack and what may be planted where."""

    cube: Cube
    left_out: NDArray[np.bool_]
    """(y, x), True = real loss, grown by one pixel: neither planted nor counted."""
    forest: NDArray[np.bool_]
    """(y, x), may be cleared."""
    donors: NDArray[np.bool_]
    """(y, x), bare or grass through all watched summers."""


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """One redraw."""

    cube: Cube
    truth: PixelTruth
    """(y, x); pixels left out are not counted, planted ones by size class as kind."""
    where: NDArray[np.intp]
    """Flat places of the planted pixels."""


def _summer(cube: Cube, series: NDArray[np.float64], years: tuple[int, ...]) -> NDArray[np.float64]:
    """(y, x) median of the clear looks of those summers; NaN without one."""
    which = [n for n, look in enumerate(cube.looks) if look.day.year in years and look.day.month in SUMMER]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a pixel without clear looks is NaN
        return np.nanmedian(np.where(cube.clear[which], series[which], np.nan), axis=0)


def _indices(cube: Cube) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """NDVI and B11, (time, y, x)."""
    red, nir, swir = (cube.reflectance[:, cube.bands.index(name)].astype(np.float64) for name in ("red", "nir", "swir16"))
    return (nir - red) / np.maximum(nir + red, 1.0), swir


def real_loss(cube: Cube, rule: PlantRule) -> NDArray[np.bool_]:
    """(y, x), True where any watched summer shows loss against 2016-17, grown by one pixel in eight directions."""
    ndvi, swir = _indices(cube)
    lost = np.zeros(cube.inside.shape, np.bool_)
    for year in WATCHED:
        fall = _summer(cube, ndvi, (year,)) - _summer(cube, ndvi, BEFORE)
        rise = _summer(cube, swir, (year,)) - _summer(cube, swir, BEFORE)
        lost |= (fall - np.nanmedian(fall) < -rule.loss_ndvi) | (rise - np.nanmedian(rise) > rule.loss_swir)
    return np.asarray(ndimage.binary_dilation(lost, structure=np.ones((3, 3), np.bool_)))


def material(cube: Cube, left_out: NDArray[np.bool_], rule: PlantRule) -> Material:
    """What may be planted where, given the mask of real loss."""
    ndvi, _ = _indices(cube)
    summers = np.stack([_summer(cube, ndvi, (year,)) for year in WATCHED])
    bare = (summers.max(axis=0) < rule.donor_ndvi) & (np.ptp(summers, axis=0) < rule.donor_range)
    forest = _summer(cube, ndvi, BEFORE) > rule.forest_ndvi
    return Material(cube, left_out, forest & ~left_out & ~bare, bare & ~left_out)


def _shapes(rng: np.random.Generator, rule: PlantRule) -> Iterator[NDArray[np.bool_]]:
    """Discs and rectangles, (y, x) True inside, of log-uniform size; largest first, so that all find room."""
    least, most = rule.clearing_pixels
    for size in np.sort(np.exp(rng.uniform(np.log(least), np.log(most + 1), size=rule.clearings)))[::-1]:
        round_, aspect = rng.random() < 0.5, rng.uniform(1, 2.5)  # noqa: PLR2004 - a coin
        side = int(np.ceil(np.sqrt(size * aspect))) + 2
        rows, cols = (np.mgrid[:side, :side] - (side - 1) / 2) + rng.uniform(-0.5, 0.5, (2, 1, 1))
        tall, wide = rng.permutation([np.sqrt(size * aspect), np.sqrt(size / aspect)])
        shape = rows**2 + cols**2 <= size / np.pi if round_ else (abs(rows) <= tall / 2) & (abs(cols) <= wide / 2)
        smaller = _worn(shape) if shape.sum() > most else np.asarray(shape)
        yield smaller if smaller.sum() >= least else SQUARE


def _places(rng: np.random.Generator, forest: NDArray[np.bool_], rule: PlantRule) -> NDArray[np.int32]:
    """(y, x) number of the clearing, 0 = none; clearings lie wholly in forest, two pixels apart.

    A shape for which there is no room left is worn down by a pixel all round until there is.
    """
    place = np.zeros(forest.shape, np.int32)
    free = forest.copy()
    for number, drawn in enumerate(_shapes(rng, rule), 1):
        shape = drawn
        spots = _room(free, shape)
        while not len(spots):
            if shape is SQUARE:
                msg = f"found room for {number - 1} clearings of {rule.clearings}"
                raise ValueError(msg)
            shape = _worn(shape)
            spots = _room(free, shape)
        row, col = spots[rng.integers(len(spots))]
        place[row : row + shape.shape[0], col : col + shape.shape[1]][shape] = number
        free &= ~ndimage.binary_dilation(place == number, structure=np.ones((3, 3), np.bool_), iterations=2)
    return place


def _room(free: NDArray[np.bool_], shape: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(place, 2): row and column of the window's corner for every place where the shape is wholly free."""
    windows = np.lib.stride_tricks.sliding_window_view(free, shape.shape)
    return np.argwhere((windows | ~shape).all(axis=(2, 3)))


def _worn(shape: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The shape less its rim; a square of four pixels at last."""
    smaller = ndimage.binary_erosion(shape)
    return np.asarray(smaller) if smaller.sum() >= SQUARE.size else SQUARE


def _donor_of(rng: np.random.Generator, place: NDArray[np.int32], donors: NDArray[np.bool_], near: int) -> NDArray[np.intp]:
    """Flat place of the donor of each planted pixel, in flat order: each clearing draws from a group of donors."""
    spots = np.argwhere(donors)
    where = np.flatnonzero(place)
    number = place.ravel()[where]
    out = np.zeros(len(where), np.intp)
    for clearing in np.unique(number):
        centre = spots[rng.integers(len(spots))]
        group = spots[np.argsort(((spots - centre) ** 2).sum(axis=1), kind="stable")[:near]]
        drawn = group[rng.integers(len(group), size=int((number == clearing).sum()))]
        out[number == clearing] = drawn[:, 0] * donors.shape[1] + drawn[:, 1]
    return out


def _truth(onset: NDArray[np.int32], place: NDArray[np.int32], left_out: NDArray[np.bool_]) -> PixelTruth:
    sizes = np.bincount(place.ravel())[place]
    kind = np.searchsorted([least for _, least in SIZES], sizes, side="right").astype(np.uint8)
    nothing = np.zeros(place.shape, np.uint8)
    return PixelTruth(onset, onset, ~left_out, kind, nothing, ("none", *(name for name, _ in SIZES)), ("stack",))


def plant(from_: Material, half: NDArray[np.bool_], rule: PlantRule, seed: tuple[int, int]) -> Planted:
    """Draw clearings, donors and dates in one half of the stack, and lay the donors' looks over the cleared pixels.

    Args:
        from_: the stack.
        half: (y, x), True where clearings and donors may lie.
        rule: how they are drawn.
        seed: of the half, and number of the redraw.

    Returns:
        The stack in which, from its onset on, a cleared pixel shows its donor at the same looks; it is clear where both
        are. Each clearing begins on one day.

    """
    rng = np.random.default_rng(seed)
    cube = from_.cube
    place = _places(rng, from_.forest & half, rule)
    first, last = day_number(rule.onset_first), day_number(rule.onset_last)
    dates = np.concatenate([[0], rng.integers(first, last + 1, size=rule.clearings)]).astype(np.int32)
    onset, where = dates[place], np.flatnonzero(place)
    donor = _donor_of(rng, place, from_.donors & half, rule.donors_near)
    times, bands = cube.reflectance.shape[:2]
    values, clear = cube.reflectance.reshape(times, bands, -1).copy(), cube.clear.reshape(times, -1).copy()
    changed = cube.days[:, None] >= onset.ravel()[where]
    values[:, :, where] = np.where(changed[:, None], values[:, :, donor], values[:, :, where])
    clear[:, where] &= clear[:, donor] | ~changed
    planted = replace(cube, reflectance=values.reshape(cube.reflectance.shape), clear=clear.reshape(cube.clear.shape))
    return Planted(planted, _truth(onset, place, from_.left_out), where)
