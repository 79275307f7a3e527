"""A scenario becomes a world: images as a catalogue would hold them, and the truth that no catalogue has.

One image: ground (before or after each pixel's day), sparse plants, rain, the sun's shading of slopes, a yearly and an
image-wide gain, cloud shadow, cloud, sensor noise, and a scene classification that misses the thin edges of clouds.
Left out: misregistration, view angles, haze, dust, sensor ageing; a planted pixel changes on one day and stays.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from spadework.cube import PER_UNIT, Chip, day_number, day_of
from spadework.grid import reproject, rings_of
from spadework.records import BANDS, Asset, Scene
from spadework.simulate.ground import DARKEST, LEAF, Ground, make_ground, planted_pixels
from spadework.simulate.weather import OVERPASS_H, YEAR, Sky, Sun, cloud_shares, greenness_of, sky_over, sun_at, wetness_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Plant, Scenario
    from spadework.records import MultiPolygon

CLOUD: Final = np.array([0.62, 0.61, 0.60, 0.60, 0.42, 0.32], dtype=np.float32)
"""Reflectance of an opaque cloud by band; chosen for plausibility."""
SHADE: Final = np.array([0.45, 0.50, 0.55, 0.60, 0.65, 0.65], dtype=np.float32)
"""Share of light that a full shadow takes; less in blue, which the sky keeps bright. Chosen for plausibility."""
DAMP: Final = np.array([0.85, 0.9, 1.0, 1.0, 1.1, 1.15], dtype=np.float32)
"""How strongly rain darkens each band: more in SWIR (after Lobell & Asner 2002, Soil Sci. Soc. Am. J. 66:722-727)."""
SHADOW_CLASS, VEGETATION_CLASS, SOIL_CLASS, CLOUD_CLASS = 3, 4, 5, 9
"""Values of the Sentinel-2 scene classification (ESA, Sentinel-2 Level-2A Algorithm Theoretical Basis Document)."""
GREEN_FROM: Final = 0.15
"""Cover from which the classification says vegetation; chosen for plausibility."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What was planted."""

    start_day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 on which a pixel changes for good; 0 = undisturbed."""
    plant_id: NDArray[np.uint8]
    """(y, x), 1 = first plant of the scenario; 0 = none."""
    description: dict[str, Any]
    """Ready for JSON: the frame, and each plant with its days, area, contrast, pixels and WGS 84 polygon (GeoJSON)."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A scenario, its images and its truth."""

    scenario: Scenario
    scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]
    """In time order; each Scene has one chip: six reflectance bands and "scl"; an asset's href is its key until written."""
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Weather:
    """Everything about one look but its ground."""

    day: dt.date
    sun: Sun
    sky: Sky
    gain: float
    wet: float
    green: float


def _footprint(scenario: Scenario) -> MultiPolygon:
    """The image's corners in WGS 84, edges not densified."""
    east = scenario.west + scenario.cols * scenario.gsd_m
    south = scenario.north - scenario.rows * scenario.gsd_m
    return rings_of(reproject(shapely.box(scenario.west, south, east, scenario.north), scenario.crs, "EPSG:4326"))


def _assets(scenario: Scenario) -> tuple[Asset, ...]:
    """Six bands and the scene classification, all on one grid."""
    transform = (scenario.gsd_m, 0.0, scenario.west, 0.0, -scenario.gsd_m, scenario.north)
    shape = (scenario.rows, scenario.cols)
    return tuple(
        Asset(
            key,
            key,
            scale=1.0 if key == "scl" else 1 / PER_UNIT,
            nodata=0.0,
            crs=scenario.crs,
            transform=transform,
            shape=shape,
        )
        for key in (*BANDS, "scl")
    )


def _image(ground: Ground, weather: _Weather, scenario: Scenario, rng: np.random.Generator) -> NDArray[np.uint16]:
    """(band, y, x) raw numbers of one look: reflectance x 10,000, and scene classes last; 0 never occurs.

    Slopes are shaded by the cosine law (Teillet et al. 1982, Can. J. Remote Sensing 8:84-106), for gentle slopes
    1 - tan(zenith) x (rise over run towards the sun).
    """
    built = (ground.start_day > 0) & (ground.start_day <= day_number(weather.day))
    dry = np.where(built, ground.after, ground.before)
    green = np.where(built, np.float32(0), ground.plant_room * np.float32(weather.green))
    soil = dry * (1 - np.clip(DAMP[:, None, None] * (weather.wet * ground.wet_room), 0, 0.8))
    value = soil * (1 - green) + LEAF[:, None, None] * green
    azimuth = math.radians(weather.sun.azimuth)
    uphill = ground.slope_east * math.sin(azimuth) + ground.slope_north * math.cos(azimuth)
    value *= np.float32(weather.gain) * (1 - np.float32(weather.sun.reach) * uphill)
    value *= 1 - SHADE[:, None, None] * weather.sky.shadow
    value += weather.sky.cloud * (CLOUD[:, None, None] - value)
    value += np.float32(scenario.nuisance.noise) * rng.standard_normal(value.shape, dtype=np.float32)
    classes = np.where(green >= GREEN_FROM, VEGETATION_CLASS, SOIL_CLASS)
    classes = np.where(weather.sky.shadow > scenario.nuisance.leak, SHADOW_CLASS, classes)
    classes = np.where(weather.sky.cloud > scenario.nuisance.leak, CLOUD_CLASS, classes)
    raw = np.rint(np.clip(value, DARKEST / 10, 1.5) * PER_UNIT)
    return np.concatenate([raw, classes[None]]).astype(np.uint16)


def _scene(scenario: Scenario, frame: tuple[MultiPolygon, tuple[Asset, ...]], weather: _Weather, cloud: float) -> Scene:
    """One image in the words of a catalogue."""
    footprint, assets = frame
    longitude = float(np.mean([x for x, _ in footprint[0][0][:-1]]))
    midnight = dt.datetime.combine(weather.day, dt.time(), tzinfo=dt.UTC)
    return Scene(
        id=f"synthetic-{scenario.name}-{weather.day:%Y%m%d}",
        collection=f"synthetic-{scenario.name}",
        datetime=midnight + dt.timedelta(seconds=round(3600 * (OVERPASS_H - longitude / 15))),
        platform="synthetic",
        bands=tuple(zip(BANDS, assets, strict=False)),
        mask=("scl", assets[-1]),
        footprint=footprint,
        crs=scenario.crs,
        cloud=round(cloud, 2),
        gsd=scenario.gsd_m,
        sun_elevation=round(weather.sun.elevation, 3),
        sun_azimuth=round(weather.sun.azimuth, 3),
        provider="Spadework",
        licence="CC0-1.0",
        credit="Synthetic data made by Spadework, not a real place",
        synthetic=True,
    )


def _describe_plant(number: int, plant: Plant, scenario: Scenario) -> dict[str, Any]:
    """One plant as JSON; its polygon is the outline of its pixels, in WGS 84, edges not densified."""
    pixels, g = planted_pixels(plant), scenario.gsd_m
    west, north = scenario.west + pixels[:, 1] * g, scenario.north - pixels[:, 0] * g
    outline = shapely.union_all(shapely.box(west, north - g, west + g, north))
    return {
        "id": number,
        "name": plant.name,
        "kind": plant.kind,
        "first_day": plant.start.isoformat(),
        "last_day": plant.last.isoformat(),
        "pixels": plant.pixels,
        "area_m2": plant.pixels * g * g,
        "contrast": plant.contrast,
        "rows": [int(pixels[:, 0].min()), int(pixels[:, 0].max())],
        "cols": [int(pixels[:, 1].min()), int(pixels[:, 1].max())],
        "geometry": {"type": "MultiPolygon", "coordinates": rings_of(reproject(outline, scenario.crs, "EPSG:4326"))},
    }


def _describe(scenario: Scenario) -> dict[str, Any]:
    """The truth as JSON; "rows" and "cols" of a plant are the first and last it touches."""
    return {
        "synthetic": True,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "crs": scenario.crs,
        "gsd_m": scenario.gsd_m,
        "start": scenario.start.isoformat(),
        "watch_from": scenario.watch_from.isoformat(),
        "end": scenario.end.isoformat(),
        "plants": [_describe_plant(number, plant, scenario) for number, plant in enumerate(scenario.plants, start=1)],
    }


def _weather(scenario: Scenario, latitude: float) -> list[_Weather]:
    """One entry per look, in time order."""
    days = np.arange(day_number(scenario.start), day_number(scenario.end) + 1, scenario.revisit_days, dtype=np.int32)
    rng = np.random.default_rng([scenario.seed, 2])
    wet, green, shares = (make(scenario, days, rng) for make in (wetness_of, greenness_of, cloud_shares))
    yearly = 1 + scenario.nuisance.season_gain * np.cos(2 * np.pi * (days % YEAR - 172) / YEAR)
    gain = yearly * (1 + scenario.nuisance.scene_gain * rng.standard_normal(days.size))
    dates = [day_of(int(day)) for day in days]
    suns = [sun_at(date, latitude) for date in dates]
    skies = [sky_over(scenario, float(share), sun, rng) for share, sun in zip(shares, suns, strict=True)]
    return [_Weather(d, suns[i], skies[i], float(gain[i]), float(wet[i]), float(green[i])) for i, d in enumerate(dates)]


def make_world(scenario: Scenario) -> World:
    """All images of a scenario, and its truth. The same scenario gives the same bytes on the same machine.

    Args:
        scenario: as ``intake.scenario`` checks it.

    Raises:
        ValueError: when a plant leaves the image or covers another.

    """
    ground = make_ground(scenario, np.random.default_rng([scenario.seed, 1]))
    footprint, assets = _footprint(scenario), _assets(scenario)
    latitude = float(np.mean([y for _, y in footprint[0][0][:-1]]))
    rng = np.random.default_rng([scenario.seed, 3])
    scenes = []
    for weather in _weather(scenario, latitude):
        values = _image(ground, weather, scenario, rng)
        cloud = 100 * float(np.mean(values[-1] == CLOUD_CLASS))
        chip = Chip(assets, values, scenario.crs, assets[0].transform or (1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
        scenes.append((_scene(scenario, (footprint, assets), weather, cloud), (chip,)))
    return World(scenario, tuple(scenes), Truth(ground.start_day, ground.plant_id, _describe(scenario)))
