"""Sun, rain, spring, snow and clouds over a simulated site, look by look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import day_of
from spadework.simulate.ground import smooth_noise
from spadework.simulate.noise import patches, ramp

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario

OVERPASS_H: Final = 10.5
"""Local mean solar time of a look, hours: that of Sentinel-2's descending node (ESA, Sentinel-2 User Handbook)."""
YEAR: Final = 365.25
DRYING_DAYS: Final = 5.0
"""Days in which wet ground dries to 1/e; chosen for plausibility."""
CLOUD_BASE_M: Final = 700.0
"""Height of the clouds above ground; chosen for plausibility (low cumulus)."""
BLOB_M: Final = 180.0
"""Smoothing length of the clouds; chosen for plausibility."""
CELLS_PER_YEAR: Final = 30.0
"""Rain cells that touch a site; chosen for plausibility."""
CELL_M: Final = (1000.0, 3000.0)
"""Standard deviation of a rain cell's footprint, metres."""
MOIST_M: Final = 60.0
"""Smoothing length of soil moisture: patches of 50 to 300 m."""
SNOW_M: Final = 250.0
"""Smoothing length of snow patches."""
WINTER: Final = (12, 1, 2)
EDGE: Final = 0.55
"""Standard deviations of the cloud field between the edge of a cloud and its opaque part."""


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands at a look."""

    elevation: float
    """Degrees above the horizon."""
    azimuth: float
    """Degrees clockwise from north."""

    @property
    def reach(self) -> float:
        """Length of the shadow of a thing of height 1."""
        return 1 / math.tan(math.radians(max(self.elevation, 5.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """Clouds over one look."""

    cloud: NDArray[np.float32]
    """(y, x), opacity 0..1."""
    shadow: NDArray[np.float32]
    """(y, x), opacity 0..1 of the cloud that stands between a pixel and the sun."""


def sun_at(day: dt.date, latitude: float) -> Sun:
    """The sun at 10:30 local mean solar time.

    Declination after Cooper (1969), 23.45 deg x sin(360 deg x (284 + n) / 365) for day n of the year; elevation and
    azimuth from the hour angle (Duffie & Beckman, Solar Engineering of Thermal Processes, section 1.6). The equation of
    time (at most 16 minutes) is left out.
    """
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day.timetuple().tm_yday) / 365)
    hour, phi = math.radians(15 * (OVERPASS_H - 12)), math.radians(latitude)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(declination) * math.cos(hour)
    east = -math.cos(declination) * math.sin(hour)
    return Sun(math.degrees(math.asin(up)), math.degrees(math.atan2(east, north)) % 360)


def wetness_of(scenario: Scenario, days: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(time) share by which rain darkens the ground, before its drying ends.

    Rains fall from November to April, each half to one times ``nuisance.wetness``, and dry exponentially.
    """
    first, last = int(days[0]) - 60, int(days[-1])
    years = (last - first) / YEAR
    rains = rng.uniform(first, last, rng.poisson(2 * scenario.nuisance.rains_per_year * years))
    winter = np.cos(2 * np.pi * (rains % YEAR - 30) / YEAR) > 0
    rains = rains[winter]
    depth = scenario.nuisance.wetness * rng.uniform(0.5, 1.0, rains.size)
    since = days[:, None] - rains[None, :]
    wet = np.where(since >= 0, depth * np.exp(-np.maximum(since, 0) / DRYING_DAYS), 0).sum(axis=1)
    return np.asarray(np.minimum(wet, 1.5 * scenario.nuisance.wetness), dtype=np.float32)


def greenness_of(scenario: Scenario, days: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(time) cover of plants, 0..1, where they find water: a spring that peaks near the end of March, good or bad by year.

    A Gaussian of 30 days around the peak over a dry-season remnant of a fifth; chosen for plausibility.
    """
    year = ((days - days[0]) // YEAR).astype(int)
    good, late = rng.uniform(0.3, 1.0, year.max() + 1), rng.normal(88, 8, year.max() + 1)
    season = np.exp(-0.5 * (((days % YEAR) - late[year]) / 30) ** 2)
    return np.asarray(scenario.nuisance.vegetation * (0.2 + 0.8 * good[year] * season), dtype=np.float32)


def cloud_shares(scenario: Scenario, days: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float64]:
    """(time) share of each look under cloud, with mean near ``cloud_share``: most looks clear, some overcast, more in winter.

    Beta-distributed with first parameter 0.3 around a mean that swings by 40 % over the year; chosen for plausibility.
    """
    if scenario.cloud_share == 0:
        return np.zeros(days.size)
    mean = np.clip(scenario.cloud_share * (1 + 0.4 * np.cos(2 * np.pi * (days % YEAR - 15) / YEAR)), 0.005, 0.95)
    return np.asarray(rng.beta(0.3, 0.3 * (1 - mean) / mean))


def moisture_of(scenario: Scenario, days: NDArray[np.int32]) -> Iterator[NDArray[np.float32] | None]:
    """One per look: (y, x) relative darkening of red soil by rain cells, patchy and drying; None where the term is off.

    A cell darkens its middle by half to one times ``patchy_wetness`` and falls off as a Gaussian. What is wet lies in
    patches: six parts of a standing pattern (how well the soil drains), four parts new in every look.
    """
    shape, amount = (scenario.rows, scenario.cols), scenario.nuisance.patchy_wetness
    rng, field = np.random.default_rng([scenario.seed, 14]), patches(shape, MOIST_M / scenario.gsd_m)
    standing, wet = field.draw(rng), np.zeros(shape, dtype=np.float32)
    first, last = int(days[0]) - 30, int(days[-1])
    rains = np.sort(rng.uniform(first, last, rng.poisson(CELLS_PER_YEAR * (last - first) / YEAR)))
    before = float(first)
    for day in days:
        if not amount:
            yield None
            continue
        wet *= np.float32(math.exp(-(float(day) - before) / DRYING_DAYS))
        for rain in rains[(rains > before) & (rains <= day)]:
            span = rng.uniform(*CELL_M) / scenario.gsd_m
            middle = rng.uniform((-span, -span), (shape[0] + span, shape[1] + span))
            y, x = (np.exp(-0.5 * ((np.arange(n) - at) / span) ** 2) for n, at in zip(shape, middle, strict=True))
            depth = amount * rng.uniform(0.5, 1.0) * math.exp((rain - float(day)) / DRYING_DAYS)
            wet += np.outer((depth * y).astype(np.float32), x.astype(np.float32))
        np.minimum(wet, np.float32(1.2 * amount), out=wet)
        pattern = np.float32(0.48) * standing + np.float32(0.32) * field.draw(rng)
        yield wet * np.clip(1 + pattern, 0, 2)
        before = float(day)


def snow_of(scenario: Scenario, days: NDArray[np.int32]) -> Iterator[NDArray[np.float32] | None]:
    """One per look: (y, x) share of the ground below snow, 0..1; None where there is none."""
    rng, field = np.random.default_rng([scenario.seed, 15]), patches((scenario.rows, scenario.cols), SNOW_M / scenario.gsd_m)
    for day in days:
        chance, level = rng.random(), np.float32(rng.uniform(-0.5, 1.5))
        there = chance < scenario.nuisance.snow and day_of(int(day)).month in WINTER
        yield ramp(field.draw(rng) + level, -0.7, 0.7) if there else None


def _twice(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """A field that joins itself at the edges, on pixels half the size, straight between (weights 3/4 and 1/4)."""
    rows, cols = field.shape
    near, far = np.float64(0.75) * field, np.float64(0.25) * field
    tall = np.empty((2 * rows, cols))
    np.add(near[1:], far[:-1], out=tall[2::2])
    np.add(near[:-1], far[1:], out=tall[1:-1:2])
    tall[0], tall[-1] = near[0] + far[-1], near[-1] + far[0]
    near, far = np.float64(0.75) * tall, np.float64(0.25) * tall
    wide = np.empty((2 * rows, 2 * cols), dtype=np.float32)
    np.add(near[:, 1:], far[:, :-1], out=wide[:, 2::2], casting="same_kind")
    np.add(near[:, :-1], far[:, 1:], out=wide[:, 1:-1:2], casting="same_kind")
    wide[:, 0], wide[:, -1] = near[:, 0] + far[:, -1], near[:, -1] + far[:, 0]
    return wide


def sky_over(scenario: Scenario, share: float, sun: Sun, rng: np.random.Generator) -> Sky:
    """Clouds that cover about ``share`` of the sky, and their shadows.

    Smooth noise above its (1 - share) quantile, on a sky twice as wide as the site that joins itself at the edges, so
    that shadows also come from clouds outside the image. A shadow lies ``CLOUD_BASE_M`` / tan(elevation) away from the sun.
    """
    shape = (scenario.rows, scenario.cols)
    if share < 0.01:  # noqa: PLR2004 - under one per cent of the sky is no cloud
        clear = np.zeros(shape, dtype=np.float32)
        return Sky(clear, clear)
    coarse = smooth_noise(rng, (scenario.rows, scenario.cols), max(BLOB_M / scenario.gsd_m / 2, 1.0))
    coarse += 0.15 * smooth_noise(rng, (scenario.rows, scenario.cols), 1.0)
    edge = float(np.quantile(coarse, 1 - share))
    opacity = np.clip((coarse - edge) / EDGE, 0, 1).astype(np.float32)
    sky = _twice(opacity)
    length_px = CLOUD_BASE_M * sun.reach / scenario.gsd_m
    south = round(length_px * math.cos(math.radians(sun.azimuth)))
    east = -round(length_px * math.sin(math.radians(sun.azimuth)))
    return Sky(sky[: shape[0], : shape[1]], np.roll(sky, (south, east), axis=(0, 1))[: shape[0], : shape[1]])
