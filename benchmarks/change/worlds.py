"""Simulated worlds as cases: every nuisance at a chosen amplitude, or the tidy world with one of them alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, get_args

import numpy as np
from cubes import COVERS, Case

from spadework.evaluate.pixels import PixelTruth, place_began
from spadework.intake.scenario import Kind, Nuisance, Scenario, builtin_scenario
from spadework.simulate import NUISANCE_X1, Sowing, cube_of, scaled, scatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.simulate import Truth

ALL: Final = "all"
SHARE: Final = 0.15
"""Share of the image planted by the end."""
PIXELS: Final = (4, 200)
GROWS_DAYS: Final = (0, 60)
KINDS: Final = ("none", *get_args(Kind))


def world(name: str, nuisance: str, factor: float, seed: int, side: int) -> Scenario:
    """A built-in scenario with other ground, plants and nuisances.

    Args:
        name: of the built-in scenario: its place, period, clouds and cover.
        nuisance: "all", or the one that is added to the tidy default.
        factor: times the amplitude found in nature.
        seed: of the ground, the looks and the plants.
        side: rows and columns.

    """
    strong = scaled(NUISANCE_X1, factor)
    mixed = strong if nuisance == ALL else replace(Nuisance(), **{nuisance: getattr(strong, nuisance)})
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
