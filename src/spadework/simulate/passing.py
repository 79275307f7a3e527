"""What happens to the ground and passes, or lasts without any ground being broken: the false alarms of the world.

Whole fields are ploughed or begin to be irrigated; floods, fires and vehicle tracks come in patches of their own.
No pixel sees more than one of them, so three rasters tell all. Colours and durations are chosen for plausibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

from spadework.cube import day_number
from spadework.simulate.cover import ARID, CROP, FOREST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario
    from spadework.simulate.ground import Ground

NOTHING, PLOUGHED, FLOODED, BURNT, TRACKED, IRRIGATED = range(6)
"""Values of ``Passing.kind``. Irrigation lasts: a change of land use, but not of the ground."""
PASSINGS: Final = ("nothing", "ploughed", "flooded", "burnt", "tracked", "irrigated")
COLOURS: Final = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.055, 0.070, 0.060, 0.035, 0.015, 0.010],  # muddy water
        [0.035, 0.042, 0.050, 0.085, 0.150, 0.160],  # char
        [0.185, 0.260, 0.350, 0.400, 0.470, 0.430],  # dust beaten up
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ],
    dtype=np.float32,
)
"""(kind, band) reflectance that a patch turns to; fields turn by their greenness and a darker soil instead."""
PATCH_PX: Final = (20, 800)
"""Smallest and largest flood or fire, pixels; sizes are log-uniform."""
FURROW: Final = 0.22
"""Relative darkening of freshly ploughed soil."""
FURROW_DAYS: Final = 25.0
"""Days in which furrows dry and settle to 1/e."""
FLOOD_DAYS: Final = (14, 70)
BURN_FADES: Final = (50.0, 130.0)
"""Days in which char fades to 1/e."""
TRACK_FADES: Final = 60.0
TRACK_PX: Final = (20, 80)
"""Length of a vehicle track, pixels."""
FADED: Final = 3.0
"""A fire or track has passed after so many times its fading time."""
SEASON: Final = (135.0, 262.0)
"""Days of the year between which an irrigated field is green."""
YEAR: Final = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """Where, when and how strongly."""

    kind: NDArray[np.uint8]
    """(y, x), index into PASSINGS."""
    day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 of its beginning; 0 = nothing."""
    end: NDArray[np.int32]
    """(y, x), first day on which it has passed; 0 = nothing, or it lasts."""
    strength: NDArray[np.float32]
    """(y, x), share of the pixel that turns at first, 0..1; 0 for fields."""
    fade: NDArray[np.float32]
    """(y, x), days in which that fades to 1/e, of fires and tracks; 0 elsewhere."""
    ploughed: NDArray[np.int32]
    """(field), day of ploughing; 0 = never."""
    irrigated: NDArray[np.int32]
    """(field), first day of irrigation; 0 = never."""

    def alpha(self, index: NDArray[np.int64], today: int) -> NDArray[np.float32]:
        """(index) share of each pixel (flat index) that is turned today, 0..1; a flood recedes over its last third."""
        day, end = self.day.ravel()[index], self.end.ravel()[index]
        fade, kind = self.fade.ravel()[index], self.kind.ravel()[index]
        fading = np.exp(-np.maximum(today - day, 0) / np.maximum(fade, 1))
        receding = np.clip((end - today) / np.maximum((end - day) / 3, 1), 0, 1)
        on = (today >= day) & (today < end)
        return np.asarray(on * self.strength.ravel()[index] * np.where(kind == FLOODED, receding, fading), dtype=np.float32)


def _blob(rng: np.random.Generator, shape: tuple[int, int], pixels: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns inside the image of a lobed patch of about ``pixels`` anywhere in it."""
    row, col = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
    radius, phase, lobes = np.sqrt(pixels / np.pi), rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.05, 0.25, 2)
    reach = int(np.ceil(radius * 1.6))
    rows, cols = np.mgrid[int(row) - reach : int(row) + reach + 1, int(col) - reach : int(col) + reach + 1]
    angle = np.arctan2(rows - row, cols - col)
    edge = radius * (1 + lobes[0] * np.cos(2 * angle + phase[0]) + lobes[1] * np.cos(3 * angle + phase[1]))
    inside = (np.hypot(rows - row, cols - col) <= edge) & (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
    return rows[inside], cols[inside]


def _line(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns inside the image of a bent line one pixel wide."""
    length, turn = rng.uniform(*TRACK_PX), rng.normal(0, 0.01)
    along = np.arange(0, length, 0.5)
    angle = rng.uniform(0, 2 * np.pi) + turn * along
    rows = np.round(rng.uniform(0, shape[0]) + np.cumsum(np.sin(angle)) / 2).astype(int)
    cols = np.round(rng.uniform(0, shape[1]) + np.cumsum(np.cos(angle)) / 2).astype(int)
    inside = (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
    return rows[inside], cols[inside]


@dataclass(frozen=True, slots=True, eq=False)
class _Making:
    """A Passing that is still being laid out."""

    passing: Passing
    free: NDArray[np.bool_]
    """(y, x), True where nothing happens yet."""
    scenario: Scenario

    @property
    def years(self) -> float:
        return (self.scenario.end - self.scenario.start).days / YEAR

    def day(self, rng: np.random.Generator) -> int:
        """Any day of the images."""
        return int(rng.integers(day_number(self.scenario.start), day_number(self.scenario.end)))

    def put(
        self, kind: int, place: tuple[NDArray[np.intp], NDArray[np.intp]], when: tuple[int, int, float], strength: float
    ) -> int:
        """Let ``kind`` happen on the free pixels of a place in (day, end, fade); returns how many there were."""
        rows, cols = (axis[self.free[place]] for axis in place)
        p = self.passing
        p.kind[rows, cols], p.strength[rows, cols] = kind, strength
        p.day[rows, cols], p.end[rows, cols], p.fade[rows, cols] = when
        self.free[rows, cols] = False
        return np.unique(rows * self.free.shape[1] + cols).size


def _lay_fields(making: _Making, ground: Ground, rng: np.random.Generator) -> None:
    """Ploughing and irrigation, whole fields at a time; a field sees one of them, once."""
    nuisance, cover, p = making.scenario.nuisance, ground.land.field_cover, making.passing
    first, last = day_number(making.scenario.start), day_number(making.scenario.end)
    wet = (rng.random(cover.size) < nuisance.irrigation * making.years) & (cover != FOREST)
    p.irrigated[:] = np.where(wet, rng.integers(first, last, cover.size), 0)
    bare = (rng.random(cover.size) < nuisance.ploughing * making.years) & (cover == CROP) & ~wet
    p.ploughed[:] = np.where(bare, rng.integers(first, last, cover.size), 0)
    field = ground.land.field
    for kind, days, lasts in ((IRRIGATED, p.irrigated, 0), (PLOUGHED, p.ploughed, round(FADED * FURROW_DAYS))):
        here = days[field] > 0
        p.kind[here] = kind
        p.day[here] = days[field][here]
        p.end[here] = days[field][here] + lasts if lasts else 0
        making.free[here] = False


def _lay_patches(making: _Making, rng: np.random.Generator, kind: int, budget: float) -> None:
    """Floods or fires until about ``budget`` pixels are covered; the last one comes with the odds that are left."""
    tries = 0
    while budget > 0 and tries < 10_000:  # noqa: PLR2004 - a crowded site may have no room left
        tries += 1
        pixels = int(np.exp(rng.uniform(*np.log(PATCH_PX))))
        place, day, chance = _blob(rng, making.free.shape, pixels), making.day(rng), rng.random()
        if pixels > budget and chance > budget / pixels:
            return
        if kind == FLOODED:
            when, strength = (day, day + int(rng.integers(*FLOOD_DAYS)), 0.0), 0.95
        else:
            fade = float(rng.uniform(*BURN_FADES))
            when, strength = (day, day + round(FADED * fade), fade), float(rng.uniform(0.6, 0.95))
        budget -= making.put(kind, place, when, strength)


def make_passing(scenario: Scenario, ground: Ground) -> Passing:
    """Lay out all that passes; floods, fires and tracks keep off planted pixels, fires also off the desert."""
    shape, nuisance = (scenario.rows, scenario.cols), scenario.nuisance
    fields = ground.land.field_cover.size
    nothing = Passing(
        kind=np.zeros(shape, dtype=np.uint8),
        day=np.zeros(shape, dtype=np.int32),
        end=np.zeros(shape, dtype=np.int32),
        strength=np.zeros(shape, dtype=np.float32),
        fade=np.zeros(shape, dtype=np.float32),
        ploughed=np.zeros(fields, dtype=np.int32),
        irrigated=np.zeros(fields, dtype=np.int32),
    )
    free, streams = ground.plant_id == 0, np.random.SeedSequence([scenario.seed, 6]).spawn(4)
    making = _Making(nothing, free, scenario)
    _lay_fields(making, ground, np.random.default_rng(streams[0]))
    _lay_patches(making, np.random.default_rng(streams[1]), FLOODED, nuisance.floods * making.years * free.size)
    desert = free & (ground.land.cover == ARID)
    free &= ~desert
    vegetated = np.count_nonzero(ground.land.cover != ARID)
    _lay_patches(making, np.random.default_rng(streams[2]), BURNT, nuisance.burns * making.years * vegetated)
    free |= desert
    rng = np.random.default_rng(streams[3])
    km2 = free.size * scenario.gsd_m**2 / 1e6
    for _ in range(rng.poisson(nuisance.tracks * km2 * making.years)):
        day, strength = making.day(rng), float(rng.uniform(0.12, 0.4))
        making.put(TRACKED, _line(rng, shape), (day, day + round(FADED * TRACK_FADES), TRACK_FADES), strength)
    return nothing


def greenness_after(passing: Passing, green: NDArray[np.float32], days: NDArray[np.int32]) -> NDArray[np.float32]:
    """(time, field) greenness with ploughed fields bare until they regrow, and irrigated ones green every summer."""
    today = days[:, None].astype(np.float64)
    since = np.where(passing.ploughed > 0, today - passing.ploughed, -1.0)
    regrown = np.where(since >= 0, expit((since - 2 * FURROW_DAYS) / 7), 1)
    of_year = today % YEAR
    watered = 0.75 * expit((of_year - SEASON[0]) / 9) * expit((SEASON[1] - of_year) / 4)
    on = (passing.irrigated > 0) & (today >= passing.irrigated)
    return np.asarray(np.where(on, np.maximum(green, watered), green * regrown), dtype=np.float32)


def furrows(passing: Passing, days: NDArray[np.int32]) -> NDArray[np.float32]:
    """(time, field) relative darkening of the soil by ploughing, 0..1."""
    since = days[:, None] - passing.ploughed.astype(np.float64)
    on = (passing.ploughed > 0) & (since >= 0)
    return np.where(on, FURROW * np.exp(-np.maximum(since, 0) / FURROW_DAYS), 0).astype(np.float32)
