"""A scenario straight into a Cube: the same images as ``make_world`` takes, without keeping them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from spadework.cube import Cube
from spadework.imagery.mask import CLEAR, SNOW, MaskKind, classify, dilate
from spadework.records import BANDS, ClearRule, Look, SceneRef
from spadework.simulate.world import Truth, footprint_of, instant_of, stage_of, truth_of

if TYPE_CHECKING:
    from spadework.intake.scenario import Scenario
    from spadework.records import MultiPolygon
    from spadework.simulate.image import Image


def _look(scenario: Scenario, footprint: MultiPolygon, image: Image, shares: tuple[float, float]) -> Look:
    """One image as a look of its own; ``shares`` are clear and snow."""
    name, instant = instant_of(scenario, footprint, image.day)
    return Look(
        id=name,
        datetime=instant,
        platform="synthetic",
        scenes=(SceneRef(name, instant, None),),
        clear=shares[0],
        snow=shares[1],
        gsd=scenario.gsd_m,
        sun_elevation=round(image.sun.elevation, 3),
        sun_azimuth=round(image.sun.azimuth, 3),
        credit="Synthetic data made by Spadework, not a real place",
        licence="CC0-1.0",
    )


def cube_of(scenario: Scenario, rule: ClearRule | None = None) -> tuple[Cube, Truth]:
    """The Cube that reading a scenario's world would give, and its truth; no chips are kept, one image is held at a time.

    Clear and snow follow the scene classes and the dilation of ``imagery.mask``, as in a run. Looks with less clear ground than
    ``rule.min_share`` are left out, as there. The same scenario gives the same bytes on the same machine.

    Args:
        scenario: as ``intake.scenario`` checks it.
        rule: what counts as clear; None = that of a site file that says nothing.

    Raises:
        ValueError: when a plant leaves the image or covers another.

    """
    rule = rule or ClearRule()
    footprint = footprint_of(scenario)
    stage, shape = stage_of(scenario, footprint), (scenario.rows, scenario.cols)
    kind, most = MaskKind("scl", rule.scl, 0.0), stage.days().size
    reflectance = np.empty((most, len(BANDS), *shape), dtype=np.int16)
    clear, snow = (np.empty((most, *shape), dtype=bool) for _ in range(2))
    looks: list[Look] = []
    least = max(rule.min_share, 1 / clear[0].size)
    for image in stage.images(lambda raw: float(np.isin(raw, rule.scl).mean()) >= least):
        classes = dilate(classify(image.values[-1], kind), rule, scenario.gsd_m)
        n = len(looks)
        clear[n], snow[n] = classes == CLEAR, classes == SNOW
        share = float(clear[n].mean())
        if share < least:
            continue
        reflectance[n] = image.values[:-1]
        looks.append(_look(scenario, footprint, image, (share, float(snow[n].mean()))))
    used, gsd, inside = len(looks), scenario.gsd_m, np.ones(shape, dtype=bool)
    grid = GeoBox(shape, Affine(gsd, 0, scenario.west, 0, -gsd, scenario.north), scenario.crs)
    return Cube(reflectance[:used], clear[:used], snow[:used], tuple(looks), BANDS, grid, inside), truth_of(stage)
