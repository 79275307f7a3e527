"""Planted changes: known ones put into a site's own looks, and which of them its own pipeline then confirms.

The way through this room: ``draw_plants`` (what) -> ``plan_rounds`` (where, and which together) -> ``sow`` (into a copy of
the Cube) -> ``grow`` (through the pipeline, plant by plant found or not). ``recovery`` makes statements of the outcome.

A plant adds one constant spectrum per pixel to every clear look from its onset on, so that the pixel keeps its own season,
noise and mask. Two families: *soil*, along the line between the pixel's usual spectrum and the site's bare soil, towards it
or away from it; *grey*, the same step in every band, up or down. Where the pixel is bare soil already there is no such line,
and the soil family brightens or darkens it along the soil's own spectrum. Contrast is the mean absolute change over bands
that the clipped planted values really show.

Not modelled: masks that would take a bright plant for cloud, gradual growth, a change of the pixel's season.

The law of this room: the pipeline is a callable ``cube -> events``; the Cube is copied, never written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from scipy import ndimage

from spadework.cube import MISSING, PER_UNIT, day_number, day_of
from spadework.grid import pixels_in
from spadework.machine import room
from spadework.records import Planted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.records import Event, Period

    Mask = NDArray[np.bool_]
    Values = NDArray[np.float64]
    Pipeline: TypeAlias = Callable[[Cube], tuple[Event, ...]]

SAMPLE: Final = 1500
"""Pixels from which bare soil is learnt."""
VALID: Final = (0, 16_000)
"""Reflectance x 10,000 that a planted value keeps within."""
SAME_AS_SOIL: Final = 0.02
"""A pixel whose usual spectrum lies this near to bare soil, mean absolute reflectance over bands, is bare soil."""
SITES_TRIED: Final = 60
"""Places tried for one plant before it waits for the next round."""
EIGHT: Final = np.ones((3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """How many changes are planted, and of what kind."""

    plants: int = 300
    """Wanted in all, half of each family."""
    rounds: int = 16
    """Most runs of the pipeline; where they do not hold all plants, fewer are planted, and intervals grow wider."""
    pixels: tuple[int, int] = (4, 200)
    """Smallest and largest plant, pixels; sizes are log-uniform."""
    contrast: tuple[float, float] = (0.01, 0.20)
    """Faintest and strongest, mean absolute reflectance change over bands; log-uniform before clipping."""
    elongation: float = 3.0
    """Length by width of the longest plant; the shortest are round."""
    share: float = 0.1
    """Of the site's pixels, most that are planted at once, 0..1."""
    apart: int = 3
    """Unplanted pixels between two plants, and between a plant and a change that the site shows by itself."""
    overlap: float = 1 / 3
    """Share of a plant's pixels that an event must cover to count, 0..1."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A change to be planted."""

    family: Literal["soil", "grey"]
    sign: int
    """+1 towards bare soil, or brighter; -1 away from it, or darker."""
    pixels: int
    contrast: float
    """Wanted, mean absolute reflectance over bands."""
    onset: int
    """First day that shows it, days since 1970-01-01."""
    elongation: float
    """Length by width, 1 = round."""
    angle: float
    """Of its length, radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A plant in its place."""

    plant: Plant
    rows: NDArray[np.intp]
    """(pixel)"""
    cols: NDArray[np.intp]
    """(pixel)"""


def draw_plants(period: Period, settings: PlantSettings, rng: np.random.Generator) -> tuple[Plant, ...]:
    """Plants of all sizes, contrasts and onsets, families and signs in turn.

    Each property is a Latin hypercube (McKay, Beckman and Conover 1979, Technometrics 21, 239-245): every one of N equal
    strata is drawn from once, which spreads few plants evenly.
    """
    n = settings.plants
    size, contrast, onset, length, angle = ((rng.permutation(n) + rng.random(n)) / n for _ in range(5))
    first, last = day_number(period.start), day_number(period.end)

    def log_uniform(low: float, high: float, unit: Values) -> Values:
        return np.asarray(low * (high / low) ** unit, dtype=np.float64)

    sizes = np.rint(log_uniform(*settings.pixels, size)).astype(int)
    contrasts = log_uniform(*settings.contrast, contrast)
    onsets = np.minimum(first + np.floor(onset * (last - first + 1)), last).astype(int)
    lengths = 1.0 + length * (settings.elongation - 1.0)
    return tuple(
        Plant(
            ("soil", "grey")[i % 2],
            1 if i % 4 < 2 else -1,  # noqa: PLR2004 - family and sign: four kinds in turn
            int(sizes[i]),
            float(contrasts[i]),
            int(onsets[i]),
            float(lengths[i]),
            float(np.pi * angle[i]),
        )
        for i in range(n)
    )


# ---------------------------------------------------------------- where
def outline_of(plant: Plant) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of a plant about (0, 0): the pixels nearest to it in an elliptical distance; one piece, no hole."""
    reach = int(np.ceil(np.sqrt(plant.pixels * plant.elongation))) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * np.cos(plant.angle) + y * np.sin(plant.angle)
    across = y * np.cos(plant.angle) - x * np.sin(plant.angle)
    distance = along**2 / plant.elongation + across**2 * plant.elongation
    nearest = np.argsort(distance.ravel(), kind="stable")[: plant.pixels]
    rows, cols = np.unravel_index(nearest, distance.shape)
    return rows - reach, cols - reach


def plan_rounds(
    plants: Sequence[Plant], ground: Mask, budget: int, settings: PlantSettings, rng: np.random.Generator
) -> tuple[tuple[Placed, ...], ...]:
    """Places for the plants, round by round.

    Args:
        plants: in the order of planting.
        ground: (y, x), True where a plant may stand.
        budget: most pixels planted at once.
        settings: rounds and distance.
        rng: chooses places.

    Returns:
        One tuple of placed plants a round. A plant that finds no room waits for the next round; one larger than a round
        holds, and all that are left after the last, are not planted.

    """
    waiting = [plant for plant in plants if plant.pixels <= budget]
    rounds: list[tuple[Placed, ...]] = []
    while waiting and len(rounds) < settings.rounds:
        placed, waiting = _fill(waiting, ground, budget, settings, rng)
        if not placed:
            break
        rounds.append(tuple(placed))
    return tuple(rounds)


def _fill(
    waiting: list[Plant], ground: Mask, budget: int, settings: PlantSettings, rng: np.random.Generator
) -> tuple[list[Placed], list[Plant]]:
    """What one round holds, and what is left: in turn, until the first plant that would pass the budget."""
    placed: list[Placed] = []
    left: list[Plant] = []
    free = ground.copy()
    for n, plant in enumerate(waiting):
        if plant.pixels > budget:
            return placed, left + waiting[n:]
        found = _place(plant, free, rng)
        if found is None:
            left.append(plant)
            continue
        placed.append(found)
        budget -= plant.pixels
        _clear_around(free, found, settings.apart)
    return placed, left


def _place(plant: Plant, free: Mask, rng: np.random.Generator) -> Placed | None:
    """A place where the whole plant stands on free ground; None when none of a number of places does."""
    rows, cols = outline_of(plant)
    low, high = np.array([-rows.min(), -cols.min()]), np.array(free.shape) - [rows.max(), cols.max()]
    if (high <= low).any():
        return None
    for row, col in rng.integers(low, high, (SITES_TRIED, 2)):
        if free[rows + row, cols + col].all():
            return Placed(plant, rows + row, cols + col)
    return None


def _clear_around(free: Mask, placed: Placed, apart: int) -> None:
    """Take a plant and ``apart`` pixels around it from the free ground."""
    top, left = max(int(placed.rows.min()) - apart, 0), max(int(placed.cols.min()) - apart, 0)
    near = free[top : int(placed.rows.max()) + apart + 1, left : int(placed.cols.max()) + apart + 1]
    own = np.zeros(near.shape, dtype=np.bool_)
    own[placed.rows - top, placed.cols - left] = True
    near &= ~ndimage.binary_dilation(own, structure=EIGHT, iterations=apart)


def pixels_of(event: Event, cube: Cube) -> Mask:
    """(y, x), True where a pixel's centre lies in an event."""
    out = np.zeros(cube.grid.shape, dtype=np.bool_)
    window, member = pixels_in(cube.grid, event.geometry)
    out[window] = member
    return out


def free_ground(cube: Cube, assessed: Mask, events: Sequence[Event], apart: int) -> Mask:
    """(y, x), True where a plant may stand: inside the area, assessed, and away from every event of the unplanted run."""
    taken = np.zeros(cube.inside.shape, dtype=np.bool_)
    for event in events:
        taken |= pixels_of(event, cube)
    return cube.inside & assessed & ~ndimage.binary_dilation(taken, structure=EIGHT, iterations=apart)


# ---------------------------------------------------------------- what
def usual_spectra(cube: Cube, flat: NDArray[np.intp], until: int) -> Values:
    """(band, pixel), median over the clear looks before a day, reflectance; NaN without any.

    Args:
        cube: the stack.
        flat: (pixel), flat places y * width + x.
        until: first day that is not asked, days since 1970-01-01.

    """
    before, bands = int(np.searchsorted(cube.days, until)), len(cube.bands)
    if before == 0:
        return np.full((bands, len(flat)), np.nan)
    values = cube.reflectance[:before].reshape(before, bands, -1)[:, :, flat].astype(np.float32)
    clear = cube.clear[:before].reshape(before, -1)[:, flat]
    values[~np.broadcast_to(clear[:, None], values.shape) | (values == MISSING)] = np.inf
    values.sort(axis=0)  # what is not clear goes to the end
    count = np.isfinite(values).sum(axis=0)
    low, high = (np.take_along_axis(values, at[None], 0)[0] for at in (np.maximum(count - 1, 0) // 2, count // 2))
    return np.where(count > 0, (low + high) / 2.0, np.nan).astype(np.float64) / PER_UNIT


def bare_soil(cube: Cube) -> Values:
    """(band), reflectance of the site's barest ground; NaN where no pixel was ever clear.

    Of a lattice of pixels with their usual spectra over all looks, the tenth with the lowest NDVI = (nir - red) / (nir + red)
    (Rouse et al. 1974) that is not water (NDVI below 0, where anything else is there), and of these the half brighter in
    red, without shade. Without red or near infrared the brightest twentieth. Their median per band.
    """
    places = np.flatnonzero(cube.inside)
    where = places[np.unique(np.linspace(0, len(places) - 1, min(SAMPLE, len(places))).astype(np.intp))]
    usual = usual_spectra(cube, where, int(cube.days[-1]) + 1 if len(cube.looks) else 0)
    usual = usual[:, np.isfinite(usual).all(axis=0)]
    if usual.shape[1] == 0:
        return np.full(len(cube.bands), np.nan)
    if {"red", "nir"} <= set(cube.bands):
        red, nir = usual[cube.bands.index("red")], usual[cube.bands.index("nir")]
        index = (nir - red) / np.maximum(nir + red, 1e-6)
        land = index >= 0 if (index >= 0).any() else index >= index.min()
        usual = usual[:, land & (index <= np.quantile(index[land], 0.1))]
        bright, part = usual[cube.bands.index("red")], 0.5
    else:
        bright, part = usual.mean(axis=0), 0.95
    return np.asarray(np.median(usual[:, bright >= np.quantile(bright, part)], axis=1))


def directions(plant: Plant, usual: Values, soil: Values) -> Values:
    """(band, pixel), the change for a contrast of 1: mean absolute value over bands 1, in every pixel.

    Args:
        plant: family and sign.
        usual: (band, pixel), usual reflectance; NaN = unknown, taken for bare soil.
        soil: (band), bare soil.

    """
    if plant.family == "grey" or not np.isfinite(soil).all():
        return np.full(usual.shape, float(plant.sign))
    line = soil[:, None] - usual
    length = np.abs(line).mean(axis=0)
    is_soil = ~(length >= SAME_AS_SOIL)
    line = np.where(is_soil, soil[:, None], line)
    return np.asarray(plant.sign * line / np.abs(line).mean(axis=0))


def sow(cube: Cube, placed: Sequence[Placed], soil: Values, until: int) -> tuple[Cube, tuple[float, ...]]:
    """A copy of a Cube with plants in it, and the contrast that each really shows.

    Args:
        cube: not modified.
        placed: plants that do not touch.
        soil: (band), bare soil, reflectance.
        until: first watched day; usual spectra are those before it.

    Returns:
        The Cube: where a look is clear at or after a plant's onset, its pixels have changed, within 0 and 1.6 reflectance
        (what lay beyond stays where it was); MISSING and what is not clear are untouched. The contrasts: mean over bands,
        pixels and those looks, reflectance; what was wanted where no such look is left.

    """
    values, days, shown = room(cube.reflectance.shape, np.int16), cube.days, []
    values[:] = cube.reflectance
    for one in placed:
        since = int(np.searchsorted(days, one.plant.onset))
        usual = usual_spectra(cube, np.ravel_multi_index((one.rows, one.cols), cube.inside.shape), until)
        step = np.rint(directions(one.plant, usual, soil) * one.plant.contrast * PER_UNIT).astype(np.int32)
        old = cube.reflectance[since:, :, one.rows, one.cols].astype(np.int32)
        seen = np.broadcast_to(cube.clear[since:, None, one.rows, one.cols], old.shape) & (old != MISSING)
        new = np.where(seen, np.clip(old + step, np.minimum(old, VALID[0]), np.maximum(old, VALID[1])), old)
        values[since:, :, one.rows, one.cols] = new
        shown.append(float(np.abs(new - old)[seen].mean() / PER_UNIT) if seen.any() else one.plant.contrast)
    return replace(cube, reflectance=values), tuple(shown)


# ---------------------------------------------------------------- which are found
def is_found(placed: Placed, events: Sequence[tuple[Event, Mask]], overlap: float) -> bool:
    """Whether one of the confirmed events (with their pixels), confirmed at or after the onset, covers this share of a plant."""
    return any(
        event.confirmed_on is not None
        and day_number(event.confirmed_on) >= placed.plant.onset
        and member[placed.rows, placed.cols].mean() >= overlap
        for event, member in events
    )


def looks_left(cube: Cube, placed: Placed) -> float:
    """Clear looks at or after a plant's onset, median over its pixels."""
    since = int(np.searchsorted(cube.days, placed.plant.onset))
    return float(np.median(cube.clear[since:, placed.rows, placed.cols].sum(axis=0)))


def grow(
    cube: Cube,
    rounds: Sequence[Sequence[Placed]],
    find: Pipeline,
    start: int,
    settings: PlantSettings,
    progress: Callable[[int, int], None],
) -> tuple[Planted, ...]:
    """Sow each round into its own copy of the Cube, run the pipeline on it, and see which plants it confirms.

    Args:
        cube: the site's own looks.
        rounds: from ``plan_rounds``.
        find: the pipeline of the run: monitoring, grouping, smallest event.
        start: first watched day, days since 1970-01-01.
        settings: what counts as found.
        progress: told rounds done and rounds in all.

    """
    soil, out = bare_soil(cube), []
    for done, placed in enumerate(rounds):
        progress(done, len(rounds))
        planted, shown = sow(cube, placed, soil, start)
        events = [(event, pixels_of(event, cube)) for event in find(planted) if event.status == "confirmed"]
        for one, contrast in zip(placed, shown, strict=True):
            out.append(
                Planted(
                    family=one.plant.family,
                    sign=one.plant.sign,
                    pixels=one.plant.pixels,
                    contrast=round(contrast, 5),
                    onset=day_of(one.plant.onset),
                    looks_left=looks_left(cube, one),
                    found=is_found(one, events, settings.overlap),
                )
            )
    progress(len(rounds), len(rounds))
    return tuple(out)
