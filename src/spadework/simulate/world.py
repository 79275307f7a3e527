"""A scenario becomes a world: images as a catalogue would hold them, and the truth that no catalogue has.

How an image comes about stands in ``image``. Left out: relief displacement, adjacency, the equation of time; a planted pixel
changes on one day and stays.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spadework.cube import PER_UNIT, Chip
from spadework.grid import reproject, rings_of
from spadework.records import BANDS, Asset, Scene
from spadework.simulate.ground import planted_pixels
from spadework.simulate.image import CLOUD_CLASS, Image, Stage, make_stage
from spadework.simulate.weather import OVERPASS_H

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Plant, Scenario
    from spadework.records import MultiPolygon


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What was planted, and what else happened to the ground."""

    start_day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 on which a pixel changes for good; 0 = undisturbed."""
    plant_id: NDArray[np.uint16]
    """(y, x), 1 = first plant of the scenario; 0 = none."""
    cover: NDArray[np.uint8]
    """(y, x), index into ``cover.COVERS``: what covers the ground before anything happens."""
    passing_kind: NDArray[np.uint8]
    """(y, x), index into ``passing.PASSINGS``; 0 = nothing. A pixel sees at most one, and may be planted as well."""
    passing_day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 of its beginning; 0 = nothing."""
    passing_end: NDArray[np.int32]
    """(y, x), first day on which it has passed; 0 = nothing, or it lasts."""
    scenario: Scenario

    @property
    def description(self) -> dict[str, Any]:
        """Ready for JSON: the frame, and each plant with its days, area, contrast, pixels and WGS 84 polygon (GeoJSON)."""
        return _describe(self.scenario)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A scenario, its images and its truth."""

    scenario: Scenario
    scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]
    """In time order; each Scene has one chip: six reflectance bands and "scl"; an asset's href is its key until written."""
    truth: Truth


def footprint_of(scenario: Scenario) -> MultiPolygon:
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


def instant_of(scenario: Scenario, footprint: MultiPolygon, day: dt.date) -> tuple[str, dt.datetime]:
    """Id of the Scene of a day, and the instant of 10:30 local mean solar time, to the second."""
    longitude = float(np.mean([x for x, _ in footprint[0][0][:-1]]))
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    instant = midnight + dt.timedelta(seconds=round(3600 * (OVERPASS_H - longitude / 15)))
    return f"synthetic-{scenario.name}-{day:%Y%m%d}", instant


def _scene(scenario: Scenario, frame: tuple[MultiPolygon, tuple[Asset, ...]], image: Image) -> Scene:
    """One image in the words of a catalogue."""
    footprint, assets = frame
    name, instant = instant_of(scenario, footprint, image.day)
    return Scene(
        id=name,
        collection=f"synthetic-{scenario.name}",
        datetime=instant,
        platform="synthetic",
        bands=tuple(zip(BANDS, assets, strict=False)),
        mask=("scl", assets[-1]),
        footprint=footprint,
        crs=scenario.crs,
        cloud=round(100 * float(np.mean(image.values[-1] == CLOUD_CLASS)), 2),
        gsd=scenario.gsd_m,
        sun_elevation=round(image.sun.elevation, 3),
        sun_azimuth=round(image.sun.azimuth, 3),
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


def stage_of(scenario: Scenario, footprint: MultiPolygon) -> Stage:
    """The scenario laid out at its latitude; raises ValueError as ``make_stage`` does."""
    return make_stage(scenario, float(np.mean([y for _, y in footprint[0][0][:-1]])))


def truth_of(stage: Stage) -> Truth:
    """What an image cannot tell."""
    ground, passing = stage.ground, stage.passing
    return Truth(ground.start_day, ground.plant_id, ground.land.cover, passing.kind, passing.day, passing.end, stage.scenario)


def make_world(scenario: Scenario) -> World:
    """All images of a scenario, and its truth. The same scenario gives the same bytes on the same machine.

    Args:
        scenario: as ``intake.scenario`` checks it.

    Raises:
        ValueError: when a plant leaves the image or covers another.

    """
    footprint, assets = footprint_of(scenario), _assets(scenario)
    stage = stage_of(scenario, footprint)
    transform = assets[0].transform or (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    scenes = tuple(
        (_scene(scenario, (footprint, assets), image), (Chip(assets, image.values, scenario.crs, transform),))
        for image in stage.images()
    )
    return World(scenario, scenes, truth_of(stage))
