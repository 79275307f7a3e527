"""The year of a field: how green it is, day by day, and how years differ.

Curves and dates are chosen for plausibility for the northern temperate zone: logistic green-up, harvest within days,
a grassland that follows the year's rain, leaves from April to October.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

from spadework.cube import day_of
from spadework.simulate.cover import ARID, CROP, FOREST, GRASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Nuisance, Scenario
    from spadework.simulate.cover import Land

CEREAL: Final = (78.0, 190.0)
"""Days of the year on which winter cereals are half green, and are cut."""
MAIZE: Final = (155.0, 268.0)
"""The same of summer crops."""
STUBBLE: Final = 0.05
"""Greenness of a field without a crop."""
LEAVES: Final = (112.0, 297.0)
"""Days of the year on which half of the leaves have come, and have fallen."""
SUMMER_CROP: Final = 0.4
"""Share of crop fields that usually bear a summer crop."""
FALLOW: Final = 0.4
"""Share of the fields out of their rotation that lie fallow."""


def _jitter(rng: np.random.Generator, sigma: float, fields: int) -> NDArray[np.float64]:
    """(field) normal of standard deviation ``sigma``; half of the variance is the same for all fields."""
    return np.asarray(sigma * np.sqrt(0.5) * (rng.standard_normal() + rng.standard_normal(fields)))


def _crop(
    day: NDArray[np.float64], sown: NDArray[np.int8], peak: NDArray[np.float64], late: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(time, field): green-up over a month, ripening, cut within three days; ``sown`` 0 cereal, 1 summer crop, 2 none."""
    rise = np.choose(np.minimum(sown, 1), (CEREAL[0], MAIZE[0])) + late
    cut = np.choose(np.minimum(sown, 1), (CEREAL[1], MAIZE[1])) + late
    ripe = 0.35 + 0.65 * expit((cut - 22 - day) / 6)
    grown = expit((day - rise) / 9) * ripe * expit((cut - day) / 0.8)
    return np.asarray(STUBBLE + np.where(sown == 2, 0.04, np.clip(peak, 0, 0.92) - STUBBLE) * grown)  # noqa: PLR2004 - none


def _grass(day: NDArray[np.float64], peak: NDArray[np.float64], late: NDArray[np.float64]) -> NDArray[np.float64]:
    """(time, field): a Gaussian of 45 days around mid May over a dry-season remnant, higher in a year of rain."""
    return np.asarray(0.1 + np.clip(peak, 0.02, 0.8) * np.exp(-0.5 * ((day - 133 - late) / 45) ** 2))


def _forest(
    day: NDArray[np.float64], evergreen: NDArray[np.float32], peak: NDArray[np.float64], late: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(time, field): needles all year, leaves from budburst to fall."""
    leaves = 0.08 + 0.92 * expit((day - LEAVES[0] - late) / 6) * expit((LEAVES[1] + late - day) / 9)
    return np.asarray(np.clip(peak, 0, 0.95) * (evergreen + (1 - evergreen) * leaves))


def _sown(rng: np.random.Generator, usual: NDArray[np.int8], nuisance: Nuisance) -> NDArray[np.int8]:
    """(field) crop of one year: the usual one, or by rotation the other or none."""
    turned, fallow = rng.random(usual.size) < nuisance.rotation, rng.random(usual.size) < FALLOW
    return np.where(turned, np.where(fallow, 2, 1 - usual), usual).astype(np.int8)


def greenness_of_fields(scenario: Scenario, land: Land, days: NDArray[np.int32]) -> NDArray[np.float32]:
    """(time, field) share of a field's ground below green leaves, 0..1; 0 in the desert.

    A year's dates and amplitude move by ``jitter_days`` and ``jitter_gain`` (a third of it for trees, twice for grass).
    """
    nuisance, rng = scenario.nuisance, np.random.default_rng([scenario.seed, 5])
    fields = land.field_cover.size
    usual = (rng.random(fields) < SUMMER_CROP).astype(np.int8)
    best = {CROP: rng.normal(0.75, 0.07, fields), GRASS: rng.normal(0.45, 0.1, fields), FOREST: rng.normal(0.85, 0.04, fields)}
    dates = [day_of(int(day)) for day in days]
    year, of_year = np.array([d.year for d in dates]), np.array([float(d.timetuple().tm_yday) for d in dates])
    green = np.zeros((days.size, fields), dtype=np.float32)
    for one in range(int(year.min()), int(year.max()) + 1):
        sown = _sown(rng, usual, nuisance)
        late, gain = _jitter(rng, nuisance.jitter_days, fields), _jitter(rng, nuisance.jitter_gain, fields)
        rows, day = year == one, of_year[year == one][:, None]
        grown = {
            CROP: _crop(day, sown, best[CROP] * (1 + gain), late),
            GRASS: _grass(day, best[GRASS] * (1 + 2 * gain), late),
            FOREST: _forest(day, land.evergreen, best[FOREST] * (1 + gain / 3), late / 2),
        }
        green[rows] = np.select([land.field_cover == cover for cover in grown], list(grown.values()), 0)
    green[:, land.field_cover == ARID] = 0
    return green
