"""What covers the ground: fields in patches, each with its soil, its leaves and what kind of season it has.

Spectra are (blue, green, red, nir, swir16, swir22), reflectance 0..1, chosen for plausibility after the usual shapes of
dry and dark soils, green leaves, needles, straw and leaf litter. Rows run south, columns east.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import cKDTree

from spadework.simulate.noise import patches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario

ARID, CROP, GRASS, FOREST = range(4)
"""Values of ``Land.cover``."""
COVERS: Final = ("arid", "crop", "grass", "forest")

LEAF: Final = np.array([0.025, 0.055, 0.035, 0.420, 0.190, 0.085], dtype=np.float32)
NEEDLE: Final = np.array([0.018, 0.035, 0.022, 0.260, 0.105, 0.045], dtype=np.float32)
LOAM: Final = np.array([0.090, 0.125, 0.165, 0.230, 0.300, 0.265], dtype=np.float32)
"""Tilled soil, of middling brightness."""
STRAW: Final = np.array([0.085, 0.125, 0.175, 0.290, 0.330, 0.230], dtype=np.float32)
"""Dead grass."""
LITTER: Final = np.array([0.045, 0.065, 0.085, 0.190, 0.220, 0.145], dtype=np.float32)
"""Floor and bark of a leafless wood."""
FIELD_PX: Final = (6.0, 30.0)
"""Distance between the middles of neighbouring fields where they are small and where they are large, pixels."""
BRIGHTNESS: Final = 0.15
"""Standard deviation of a field's soil brightness, relative; chosen for plausibility."""
VIGOUR: Final = 0.08
"""Standard deviation of greenness from pixel to pixel within a field, relative; chosen for plausibility."""


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """Fields and what grows in them."""

    cover: NDArray[np.uint8]
    """(y, x), index into COVERS."""
    field: NDArray[np.int32]
    """(y, x), number of the field, from 0; every pixel lies in one, in the desert too."""
    field_cover: NDArray[np.uint8]
    """(field), index into COVERS."""
    evergreen: NDArray[np.float32]
    """(field), share of the trees of a forest that keep their leaves, 0..1; 0 elsewhere."""
    vigour: NDArray[np.float32]
    """(y, x), greenness of a pixel over that of its field, about 1; 0 in the desert."""
    soil: NDArray[np.float32]
    """(band, y, x), dry bare soil, 0..1; of no meaning in the desert."""
    floor: NDArray[np.float32]
    """(band, y, x), what shows below the leaves: soil, straw or litter; of no meaning in the desert."""
    leaf: NDArray[np.float32]
    """(band, y, x), closed canopy."""


def _fields(shape: tuple[int, int], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Middles (field, 2) and numbers (y, x) of a Voronoi pattern with regions of small and of large fields."""
    rows, cols = shape
    small, large = FIELD_PX
    count = max(4, round(rows * cols / small**2))
    tried = rng.uniform((0, 0), shape, (count, 2))
    dense = patches(shape, large).draw(rng)[tuple(tried.astype(int).T)]
    wanted = np.clip((small / large) ** (2 * np.clip(0.5 + 0.6 * dense, 0, 1)), 0, 1)
    kept = rng.random(count) < wanted
    kept[:4] = True
    middles = tried[kept]
    pixels = np.column_stack([axis.ravel() for axis in np.mgrid[:rows, :cols]])
    return middles, np.asarray(cKDTree(middles).query(pixels)[1], dtype=np.int32).reshape(shape)


def _covers(
    shares: tuple[float, ...], middles: NDArray[np.float64], field: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(field) covers: fields in the order of a smooth field with noise are dealt out until each cover has its share."""
    area = np.bincount(field.ravel(), minlength=len(middles))
    region = patches((field.shape[0], field.shape[1]), max(field.shape) / 8).draw(rng)
    order = np.argsort(region[tuple(middles.astype(int).T)] + rng.normal(0, 0.6, len(middles)), kind="stable")
    middle_share = (np.cumsum(area[order]) - area[order] / 2) / field.size
    out = np.empty(len(middles), dtype=np.uint8)
    out[order] = np.searchsorted(np.cumsum(shares)[:-1], middle_share, side="right")
    return out


def _spectra(land: tuple[NDArray[np.uint8], NDArray[np.float32]], rng: np.random.Generator) -> NDArray[np.float32]:
    """(3, band, field): soil, floor and leaf of each field, from its cover and share of evergreens."""
    cover, evergreen = land
    soil = LOAM[:, None] * np.clip(rng.normal(1, BRIGHTNESS, cover.size), 0.5, 1.6)
    soil *= 1 + np.linspace(-0.5, 0.5, LOAM.size)[:, None] * rng.normal(0, 0.1, cover.size)
    dead = np.clip(rng.normal(0.5, 0.15, cover.size), 0.1, 0.9)
    floor = np.where(cover == GRASS, soil + dead * (STRAW[:, None] - soil), soil)
    floor = np.where(cover == FOREST, LITTER[:, None], floor)
    leaf = LEAF[:, None] + evergreen * (NEEDLE - LEAF)[:, None]
    leaf = np.where(cover == ARID, leaf, leaf * np.clip(rng.normal(1, 0.05, cover.size), 0.8, 1.2))
    return np.stack([soil, floor, leaf]).astype(np.float32)


def make_land(scenario: Scenario) -> Land:
    """The fields of a scenario: Voronoi cells 5 to 40 pixels across, covers in regions, in the scenario's shares."""
    shape, rng = (scenario.rows, scenario.cols), np.random.default_rng([scenario.seed, 4])
    middles, field = _fields(shape, rng)
    field_cover = _covers(astuple(scenario.cover), middles, field, rng)
    evergreen = np.where(field_cover == FOREST, rng.beta(0.5, 0.5, field_cover.size), 0).astype(np.float32)
    soil, floor, leaf = _spectra((field_cover, evergreen), rng)
    cover = field_cover[field]
    uneven = np.clip(1 + VIGOUR * rng.standard_normal(shape, dtype=np.float32), 0.5, 1.5)
    texture = np.clip(1 + np.float32(scenario.nuisance.texture) * rng.standard_normal(shape, dtype=np.float32), 0.5, 1.5)
    return Land(
        cover=cover,
        field=field,
        field_cover=field_cover,
        evergreen=evergreen,
        vigour=np.where(cover == ARID, np.float32(0), uneven),
        soil=soil[:, field] * texture,
        floor=floor[:, field] * texture,
        leaf=np.ascontiguousarray(leaf[:, field]),
    )
