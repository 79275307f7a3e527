"""Many plants at random: worlds with a stated density of change, for scores that need numbers."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.intake.scenario import MOST_PLANTS, Kind, Plant, Scenario, Shape
from spadework.simulate.cover import ARID, Land, make_land

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIES: Final = 200
"""Places tried for one plant before the image counts as full."""
SHAPES: Final[tuple[Shape, ...]] = ("disc", "square", "strip")
ON_DESERT: Final[tuple[Kind, ...]] = ("spoil", "cut", "pad", "roof")
ON_PLANTS: Final[tuple[Kind, ...]] = ("bare", "bare", "bare", "spoil", "pad", "roof")
"""Half of the plants on vegetated ground are clearings."""


@dataclass(frozen=True, slots=True)
class Sowing:
    """How many plants, and of what sort; all drawn log-uniformly or uniformly between their bounds.

    Raises:
        ValueError: unless exactly one of ``share`` and ``per_km2_year`` is given, and not below 0.

    """

    seed: int
    """Of the plants; the world below them keeps its own."""
    share: float | None = None
    """Share of the image planted by the end, 0..1; met to within the last plant."""
    per_km2_year: float | None = None
    """Plants per km2 and year of the watched period."""
    pixels: tuple[int, int] = (4, 400)
    """Smallest and largest, pixels; log-uniform."""
    contrast: tuple[float, float] = (0.02, 0.15)
    """Lowest and highest, reflectance; log-uniform."""
    grows_days: tuple[int, int] = (0, 200)
    """Days from the first pixel to the last, uniform; cut short at the end of the images."""
    quiet_days: int = 120
    """No plant begins in the last so many days of the watched period."""

    def __post_init__(self) -> None:
        """Check that the density is said once."""
        given = [amount for amount in (self.share, self.per_km2_year) if amount is not None]
        if len(given) != 1 or given[0] < 0:
            msg = f"share is {self.share} and per_km2_year is {self.per_km2_year}, expected exactly one, not below 0"
            raise ValueError(msg)


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return math.exp(rng.uniform(math.log(bounds[0]), math.log(bounds[1])))


def _sizes(sowing: Sowing, scenario: Scenario, rng: np.random.Generator) -> list[int]:
    """Pixels of each plant, largest first, so that the large ones find room."""
    if sowing.per_km2_year is not None:
        km2 = scenario.rows * scenario.cols * scenario.gsd_m**2 / 1e6
        years = (scenario.end - scenario.watch_from).days / 365.25
        count = int(rng.poisson(sowing.per_km2_year * km2 * years))
        return sorted((round(_log_uniform(rng, sowing.pixels)) for _ in range(count)), reverse=True)
    left, sizes = round((sowing.share or 0) * scenario.rows * scenario.cols), []
    while left >= sowing.pixels[0]:
        sizes.append(min(round(_log_uniform(rng, sowing.pixels)), left))
        left -= sizes[-1]
    return sorted(sizes, reverse=True)


def _draw(pixels: int, number: int, sowing: Sowing, scenario: Scenario, rng: np.random.Generator) -> Plant:
    """One plant without a place."""
    room = (scenario.end - scenario.watch_from).days - sowing.quiet_days
    start = scenario.watch_from + dt.timedelta(days=int(rng.integers(0, max(room, 1))))
    grows = min(int(rng.integers(sowing.grows_days[0], sowing.grows_days[1] + 1)), (scenario.end - start).days)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    contrast = _log_uniform(rng, sowing.contrast)
    return Plant(f"plant {number}", 0, 0, pixels, start, contrast, "spoil", shape, grows if pixels > 1 else 0)


def _place(plant: Plant, taken: NDArray[np.bool_], land: Land, rng: np.random.Generator) -> Plant | None:
    """The plant in a free box of its own, of a kind that suits its ground; None when there is no room for it."""
    (high, wide), (rows, cols) = plant.reach, taken.shape
    if rows <= 2 * high or cols <= 2 * wide:
        return None
    for _ in range(TRIES):
        row, col = int(rng.integers(high, rows - high)), int(rng.integers(wide, cols - wide))
        box = taken[row - high : row + high + 1, col - wide : col + wide + 1]
        if not box.any():
            box[...] = True
            kinds = ON_DESERT if land.cover[row, col] == ARID else ON_PLANTS
            return replace(plant, row=row, col=col, kind=kinds[int(rng.integers(len(kinds)))])
    return None


def scatter(scenario: Scenario, sowing: Sowing) -> Scenario:
    """The scenario with random plants in place of its own; they never touch, and begin within the watched period.

    Kinds suit the ground: clearings ("bare") only where something grows. The same sowing gives the same plants.

    Raises:
        ValueError: when the image has no room for them all, or they are more than a truth raster can number.

    """
    rng, land = np.random.default_rng([sowing.seed, 17]), make_land(scenario)
    sizes, plants = _sizes(sowing, scenario, rng), []
    if len(sizes) > MOST_PLANTS:
        msg = f"{len(sizes)} plants are too many, at most {MOST_PLANTS}"
        raise ValueError(msg)
    taken = np.zeros((scenario.rows, scenario.cols), dtype=bool)
    for number, pixels in enumerate(sizes, start=1):
        plant = _place(_draw(pixels, number, sowing, scenario, rng), taken, land, rng)
        if plant is None:
            msg = f"no room for plant {number} of {len(sizes)} ({pixels} pixels) in {scenario.rows} x {scenario.cols}"
            raise ValueError(msg)
        plants.append(plant)
    return replace(scenario, plants=tuple(plants))


def null(scenario: Scenario) -> Scenario:
    """The scenario without any plants: whatever is found in it is false."""
    return replace(scenario, plants=())
