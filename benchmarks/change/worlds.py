"""Simulated worlds as cases: every nuisance at a chosen amplitude, or the tidy world with one of them alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, get_args
from unittest import mock

import numpy as np
from cubes import COVERS, Case

from spadework.evaluate.pixels import PixelTruth, place_began
from spadework.intake.scenario import Kind, Nuisance, Scenario, builtin_scenario
from spadework.simulate import NUISANCE_X1, Sowing, air, cube_of, image, scaled, scatter, weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.simulate import Truth

ALL, TIDY = "all", "none"
SHARE: Final = 0.15
"""Share of the image planted by the end."""
PIXELS: Final = (4, 200)
GROWS_DAYS: Final = (0, 60)
KINDS: Final = ("none", *get_args(Kind))
PATCHES: Final = {
    "haze": (air, "HAZE_M"),
    "dust": (air, "DUST_M"),
    "cirrus": (air, "CIRRUS_M"),
    "patchy_wetness": (weather, "MOIST_M"),
    "drift": (image, "DRIFT_M"),
}
"""Where the generator keeps the smoothing length of a nuisance's patches, metres."""


def world(name: str, nuisance: str, factor: float, seed: int, side: int) -> Scenario:
    """A built-in scenario with other ground, plants and nuisances.

    Args:
        name: of the built-in scenario: its place, period, clouds and cover.
        nuisance: "all", "none", or the one that is added to the tidy default.
        factor: times the amplitude found in nature.
        seed: of the ground, the looks and the plants.
        side: rows and columns.

    """
    strong = scaled(NUISANCE_X1, factor)
    alone = {} if nuisance in {ALL, TIDY} else {nuisance: getattr(strong, nuisance)}
    mixed = strong if nuisance == ALL else replace(Nuisance(), **alone)
    ground = replace(builtin_scenario(name), seed=seed, rows=side, cols=side, nuisance=mixed, plants=())
    return scatter(ground, Sowing(seed, share=SHARE, pixels=PIXELS, grows_days=GROWS_DAYS))


def _truth(truth: Truth) -> PixelTruth:
    """Planted pixels by kind of plant; those that something passed over count neither as calm nor as changed."""
    kinds = np.array([0, *(KINDS.index(plant.kind) for plant in truth.scenario.plants)], np.uint8)
    place: NDArray[np.int32] = truth.plant_id.astype(np.int32)
    began = place_began(truth.start_day, place)
    return PixelTruth(truth.start_day, began, truth.passing_kind == 0, kinds[place], truth.cover, KINDS, COVERS)


def world_case(name: str, nuisance: str, factor: float, seed: int, side: int) -> Case:
    """The world as a cube with its truth; the undisturbed mean is not known."""
    scenario = world(name, nuisance, factor, seed, side)
    cube, truth = cube_of(scenario)
    years = (scenario.end - scenario.watch_from).days / 365.25
    title = f"world {name}, nuisance {nuisance} x{factor:g}, seed {seed}"
    return Case(title, cube, scenario.watch_from, years, _truth(truth), None)


def cousin_case(name: str, nuisance: str, factor: float, seed: int, side: int, patch_m: float) -> Case:
    """The world with one nuisance in patches of another size than the generator's own.

    Args:
        name: of the built-in scenario.
        nuisance: one of ``PATCHES``.
        factor: times the amplitude found in nature.
        seed: of the ground, the looks and the plants.
        side: rows and columns.
        patch_m: smoothing length of the patches, metres; pixels that far apart share four fifths of it.

    """
    module, constant = PATCHES[nuisance]
    with mock.patch.object(module, constant, patch_m):
        case = world_case(name, nuisance, factor, seed, side)
    return replace(case, name=f"{case.name}, patches of {patch_m:g} m")
