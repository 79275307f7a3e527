"""One image after another: ground, what passes over it, light, sensor and air, and the classes that a mask would give.

The order is that of nature: soil and plants (rain wets the soil below them), fields and patches that pass, a slow drift,
snow, the sun's shading and the view; then the instrument's pointing, shadows, clouds and air; then its gain and noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import PER_UNIT, day_number, day_of
from spadework.records import BANDS
from spadework.simulate.air import CIRRUS_BANDS, DUST_COLOUR, HAZE_BANDS, Veil, veils
from spadework.simulate.cover import ARID
from spadework.simulate.ground import DARKEST, Ground, make_ground
from spadework.simulate.noise import patches
from spadework.simulate.passing import COLOURS, FLOODED, Passing, furrows, greenness_after, make_passing
from spadework.simulate.phenology import greenness_of_fields
from spadework.simulate.sensor import BRDF_BANDS, BRDF_COVERS, Sensor, make_sensor, shifted
from spadework.simulate.weather import (
    YEAR,
    Sky,
    Sun,
    cloud_shares,
    greenness_of,
    moisture_of,
    sky_over,
    snow_of,
    sun_at,
    wetness_of,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario

CLOUD: Final = np.array([0.62, 0.61, 0.60, 0.60, 0.42, 0.32], dtype=np.float32)
"""Reflectance of an opaque cloud by band; chosen for plausibility."""
SHADE: Final = np.array([0.45, 0.50, 0.55, 0.60, 0.65, 0.65], dtype=np.float32)
"""Share of light that a full shadow takes; less in blue, which the sky keeps bright. Chosen for plausibility."""
SNOW: Final = np.array([0.80, 0.81, 0.81, 0.74, 0.12, 0.09], dtype=np.float32)
"""Reflectance of settled snow by band; chosen for plausibility."""
DAMP: Final = np.array([0.85, 0.9, 1.0, 1.0, 1.1, 1.15], dtype=np.float32)
"""How strongly rain darkens each band: more in SWIR (after Lobell & Asner 2002, Soil Sci. Soc. Am. J. 66:722-727)."""
DRIFT_BANDS: Final = np.array([0.9, 0.95, 1.0, 0.5, 0.9, 1.0], dtype=np.float32)
"""Drift of each band over that of red; chosen for plausibility."""
DRIFT_M: Final = 150.0
"""Smoothing length of the drift's patches, metres."""
SHADOW_CLASS, VEGETATION_CLASS, SOIL_CLASS, WATER_CLASS, CLOUD_CLASS, SNOW_CLASS = 3, 4, 5, 6, 9, 11
"""Values of the Sentinel-2 scene classification (ESA, Sentinel-2 Level-2A Algorithm Theoretical Basis Document)."""
GREEN_FROM: Final = 0.15
"""Cover from which the classification says vegetation; chosen for plausibility."""
THICK_SNOW: Final = 0.4
"""Share of snow from which the classification says so; chosen for plausibility."""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One look as a catalogue would hold it."""

    day: dt.date
    sun: Sun
    values: NDArray[np.uint16]
    """(band, y, x) raw numbers: reflectance x 10,000 in the order of BANDS, and scene classes last; 0 never occurs."""


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """What one number a look tells, and what fields do; all in time order."""

    days: NDArray[np.int32]
    suns: list[Sun]
    shares: NDArray[np.float64]
    """(time), share under cloud."""
    wet: NDArray[np.float32]
    gain: NDArray[np.float64]
    spring: NDArray[np.float32]
    """(time), greenness where the desert has water."""
    green: NDArray[np.float32] | None
    """(time, field), greenness of fields; None in a world of desert only."""
    furrow: NDArray[np.float32] | None
    """(time, field), darkening of soil by ploughing; None without any."""
    sensor: Sensor


@dataclass(frozen=True, slots=True, eq=False)
class _Air:
    """What changes from look to look over the whole image."""

    sky: Sky
    veil: Veil
    cloud: NDArray[np.float32]
    """(y, x), opacity 0..1 of all clouds, masked or not."""
    shadow: NDArray[np.float32]
    """(y, x), opacity 0..1 of all shadows, masked or not."""
    moisture: NDArray[np.float32] | None
    snow: NDArray[np.float32] | None


@dataclass(slots=True, eq=False)
class _Now:
    """The ground as it stands on a day; moves forward in time only."""

    ground: Ground
    passing: Passing
    drift: NDArray[np.float32] | None
    """(y, x), relative trend in red per year."""
    dry: NDArray[np.float32] = field(init=False)
    """(band, y, x), dry ground with all that is built today."""
    stand: NDArray[np.float32] = field(init=False)
    """(y, x), share of the plants that is left, 0..1."""
    waiting: NDArray[np.int64] = field(init=False)
    """Flat indices of the pixels not built yet, by day."""
    patches: NDArray[np.int64] = field(init=False)
    """Flat indices of the pixels of floods, fires and tracks."""

    def __post_init__(self) -> None:
        """Start before anything is built."""
        start = self.ground.start_day.ravel()
        order = np.argsort(start, kind="stable")
        self.dry = self.ground.before.copy()
        self.stand = np.ones(self.ground.start_day.shape, dtype=np.float32)
        self.waiting = order[start[order] > 0]
        self.patches = np.flatnonzero(self.passing.strength)

    def build(self, today: int) -> None:
        """Let the pixels whose day has come change."""
        days = self.ground.start_day.ravel()[self.waiting]
        done, self.waiting = np.split(self.waiting, [np.searchsorted(days, today, side="right")])
        bands = len(self.dry)
        self.dry.reshape(bands, -1)[:, done] = self.ground.after.reshape(bands, -1)[:, done]
        self.stand.ravel()[done] = 1 - self.ground.cleared.ravel()[done]


@dataclass(frozen=True, slots=True, eq=False)
class _Planes:
    """One look's planes that all bands share."""

    damp: NDArray[np.float32]
    """(y, x), darkening of red soil by rain."""
    green: NDArray[np.float32]
    furrow: NDArray[np.float32] | None
    turned: tuple[NDArray[np.int64], NDArray[np.float32]]
    """Flat indices and shares of the pixels that a flood, fire or track turns."""
    trend: NDArray[np.float32] | None
    """(y, x), relative change of red since the first look."""
    shading: NDArray[np.float32]
    """(y, x), gain and slopes."""
    view: NDArray[np.float32] | None
    """(y, x), relative brightening of red by sun and view."""


def _series(scenario: Scenario, ground: Ground, passing: Passing, latitude: float, rng: np.random.Generator) -> _Series:
    """One entry per look; draws from ``rng`` what comes before the clouds."""
    days = np.arange(day_number(scenario.start), day_number(scenario.end) + 1, scenario.revisit_days, dtype=np.int32)
    wet, spring = wetness_of(scenario, days, rng), greenness_of(scenario, days, rng)
    shares = cloud_shares(scenario, days, rng)
    yearly = 1 + scenario.nuisance.season_gain * np.cos(2 * np.pi * (days % YEAR - 172) / YEAR)
    gain = yearly * (1 + scenario.nuisance.scene_gain * rng.standard_normal(days.size))
    suns = [sun_at(day_of(int(day)), latitude) for day in days]
    fields = (ground.land.field_cover != ARID).any() or passing.irrigated.any()
    green = greenness_after(passing, greenness_of_fields(scenario, ground.land, days), days) if fields else None
    furrow = furrows(passing, days) if passing.ploughed.any() else None
    sensor = make_sensor(scenario, days, np.array([sun.reach for sun in suns]))
    return _Series(days, suns, shares, wet, gain, spring, green, furrow, sensor)


def _planes(now: _Now, series: _Series, n: int, moisture: NDArray[np.float32] | None) -> _Planes:
    """What all bands of look ``n`` share.

    Slopes are shaded by the cosine law (Teillet et al. 1982, Can. J. Remote Sensing 8:84-106), for gentle slopes
    1 - tan(zenith) x (rise over run towards the sun).
    """
    ground, land, sun, today = now.ground, now.ground.land, series.suns[n], int(series.days[n])
    green = ground.plant_room * np.float32(float(series.spring[n]))
    if series.green is not None:
        vigour = np.where(land.vigour > 0, land.vigour, np.float32(1))
        green += np.clip(series.green[n][land.field] * vigour, 0, 0.97)
    damp = float(series.wet[n]) * ground.wet_room
    azimuth = math.radians(sun.azimuth)
    uphill = ground.slope_east * math.sin(azimuth) + ground.slope_north * math.cos(azimuth)
    years = np.float32((today - int(series.days[0])) / YEAR)
    alpha = now.passing.alpha(now.patches, today)
    view = np.float32(series.sensor.view[n])
    return _Planes(
        damp=damp if moisture is None else damp + moisture,
        green=green * now.stand,
        furrow=None if series.furrow is None else series.furrow[n][land.field] * now.stand,
        turned=(now.patches[alpha > 0], alpha[alpha > 0]),
        trend=None if now.drift is None else years * now.drift,
        shading=np.float32(float(series.gain[n])) * (1 - np.float32(sun.reach) * uphill),
        view=view * BRDF_COVERS[land.cover] if view else None,
    )


def _surface(now: _Now, planes: _Planes, snow: NDArray[np.float32] | None, band: int) -> NDArray[np.float32]:
    """(y, x) reflectance of one band at the ground, lit and viewed as in this look."""
    soil = now.dry[band] * (1 - np.clip(DAMP[band] * planes.damp, 0, 0.8))
    if planes.furrow is not None:
        soil *= 1 - planes.furrow
    value: NDArray[np.float32] = soil * (1 - planes.green) + now.ground.land.leaf[band] * planes.green
    index, alpha = planes.turned
    if index.size:
        flat = value.reshape(-1)
        flat[index] += alpha * (COLOURS[now.passing.kind.ravel()[index], band] - flat[index])
    if planes.trend is not None:
        value *= 1 + DRIFT_BANDS[band] * planes.trend
    if snow is not None:
        value += snow * (1 - np.float32(0.6) * planes.green) * (SNOW[band] - value)
    value *= planes.shading
    if planes.view is not None:
        value *= 1 + BRDF_BANDS[band] * planes.view
    return value


def _seen(value: NDArray[np.float32], air: _Air, band: int) -> None:
    """Put shadows, clouds and veils over one band (y, x) in place."""
    veil = air.veil
    value *= 1 - SHADE[band] * air.shadow
    if veil.dust is not None:
        value += veil.dust * (DUST_COLOUR[band] - value)
    if veil.haze is not None:
        value += HAZE_BANDS[band] * veil.haze * (1 - value)
    value += air.cloud * (CLOUD[band] - value)
    if veil.cirrus is not None:
        value += CIRRUS_BANDS[band] * veil.cirrus * (1 - value)


def _classes(planes: _Planes, air: _Air, passing: Passing, leak: float) -> NDArray[np.uint8]:
    """(y, x) scene classes: what the mask sees, which is not all there is."""
    classes = np.where(planes.green >= GREEN_FROM, np.uint8(VEGETATION_CLASS), np.uint8(SOIL_CLASS))
    index, alpha = planes.turned
    classes.ravel()[index[(passing.kind.ravel()[index] == FLOODED) & (alpha > 0.5)]] = WATER_CLASS  # noqa: PLR2004 - over half
    if air.snow is not None:
        classes[air.snow > THICK_SNOW] = SNOW_CLASS
    classes[air.sky.shadow > leak] = SHADOW_CLASS
    classes[air.sky.cloud > leak] = CLOUD_CLASS
    return classes


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A scenario with all that is laid out before the first image is taken."""

    scenario: Scenario
    ground: Ground
    passing: Passing
    latitude: float
    """Degrees north of the middle of the image."""

    def days(self) -> NDArray[np.int32]:
        """(time), days since 1970-01-01 of the images."""
        first, last = day_number(self.scenario.start), day_number(self.scenario.end)
        return np.arange(first, last + 1, self.scenario.revisit_days, dtype=np.int32)

    def images(self, wanted: Callable[[NDArray[np.uint8]], bool] = lambda _: True) -> Iterator[Image]:
        """Take the images in time order, of those looks whose scene classes (y, x) are ``wanted``; the others keep their noise."""
        scenario, rng = self.scenario, np.random.default_rng([self.scenario.seed, 2])
        series = _series(scenario, self.ground, self.passing, self.latitude, rng)
        drift = None
        if amount := scenario.nuisance.drift:
            smooth = patches((scenario.rows, scenario.cols), DRIFT_M / scenario.gsd_m)
            drift = np.float32(amount) * smooth.draw(np.random.default_rng([scenario.seed, 16]))
        now, noise = _Now(self.ground, self.passing, drift), np.random.default_rng([scenario.seed, 3])
        changing = zip(
            veils(scenario, series.shares), moisture_of(scenario, series.days), snow_of(scenario, series.days), strict=True
        )
        for n, (veil, moisture, snow) in enumerate(changing):
            sky = sky_over(scenario, float(series.shares[n]), series.suns[n], rng)
            cloud = sky.cloud if veil.cloud is None else np.maximum(sky.cloud, veil.cloud)
            shadow = sky.shadow if veil.shadow is None else np.maximum(sky.shadow, veil.shadow)
            now.build(int(series.days[n]))
            planes = _planes(now, series, n, moisture)
            air = _Air(sky, veil, cloud, shadow, moisture, snow)
            classes = _classes(planes, air, now.passing, scenario.nuisance.leak)
            if wanted(classes):
                bands = _expose(now, planes, air, (series.sensor, n), (scenario.nuisance.noise, noise))
                yield Image(
                    day_of(int(series.days[n])), series.suns[n], np.concatenate([bands, classes[None]], dtype=np.uint16)
                )
            else:
                noise.standard_normal((len(BANDS), *classes.shape), dtype=np.float32)


def _expose(
    now: _Now, planes: _Planes, air: _Air, sensor: tuple[Sensor, int], noisy: tuple[float, np.random.Generator]
) -> NDArray[np.uint16]:
    """(band, y, x) raw numbers of one look; ``noisy`` is the noise's standard deviation and its source."""
    (instrument, n), (sigma, rng), shape = sensor, noisy, planes.green.shape
    grain = np.empty(shape, dtype=np.float32)
    values = np.empty((len(BANDS), *shape), dtype=np.uint16)
    for band in range(len(BANDS)):
        value = shifted(_surface(now, planes, air.snow, band), *instrument.shift[n])
        _seen(value, air, band)
        value *= instrument.gain[n, band]
        rng.standard_normal(out=grain, dtype=np.float32)
        grain *= np.float32(sigma)
        value += grain
        np.clip(value, DARKEST / 10, 1.5, out=value)
        value *= np.float32(PER_UNIT)
        values[band] = np.rint(value, out=value)
    return values


def make_stage(scenario: Scenario, latitude: float) -> Stage:
    """Lay out the ground, the plants and all that passes.

    Raises:
        ValueError: when a plant leaves the image or covers another.

    """
    ground = make_ground(scenario, np.random.default_rng([scenario.seed, 1]))
    return Stage(scenario, ground, make_passing(scenario, ground), latitude)
