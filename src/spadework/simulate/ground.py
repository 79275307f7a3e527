"""The ground at rest, desert or fields, and the earthworks planted in it: reflectance without sun, rain, cloud or noise.

Spectra are (blue, green, red, nir, swir16, swir22), reflectance 0..1, chosen for plausibility after the usual shape of
desert soils (rising to SWIR) and of green leaves. Rows run south, columns east.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from spadework.cube import day_number
from spadework.simulate.cover import ARID, make_land

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Plant, Scenario
    from spadework.simulate.cover import Land

PLAIN: Final = np.array([0.150, 0.205, 0.270, 0.320, 0.390, 0.360], dtype=np.float32)
VARNISH: Final = np.array([0.105, 0.140, 0.182, 0.215, 0.265, 0.250], dtype=np.float32)
"""Gravel under dark desert varnish."""
SAND: Final = np.array([0.185, 0.260, 0.350, 0.400, 0.470, 0.430], dtype=np.float32)
"""Bed of the wadi, and wheel tracks."""

DIRECTIONS: Final[dict[str, tuple[float, ...]]] = {
    "spoil": (0.6, 0.8, 1.0, 1.0, 1.1, 1.1),
    "cut": (-0.6, -0.8, -1.0, -1.0, -1.1, -1.1),
    "pad": (1.5, 1.3, 0.9, 0.5, -0.7, -1.1),
    "bare": (0.5, 0.7, 0.9, 0.9, 1.2, 1.2),
    "roof": (1.3, 1.2, 1.1, 1.0, 0.7, 0.7),
}
"""Which way a plant moves the spectrum; scaled to its contrast."""
LUSH: Final = {"arid": 0.0, "crop": 0.7, "grass": 0.5, "forest": 0.85}
"""Greenness at its best, by which "bare" reckons how much of its contrast the loss of plants makes up."""
DARKEST: Final = np.float32(0.01)
"""Reflectance that no ground goes below."""
UNEVEN: Final = 0.10
"""Standard deviation of a plant's contrast from pixel to pixel, relative; chosen for plausibility."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The site before anything was built, and what each pixel becomes."""

    before: NDArray[np.float32]
    """(band, y, x), dry reflectance 0..1."""
    after: NDArray[np.float32]
    """(band, y, x), dry reflectance once built; equal to ``before`` where nothing is."""
    slope_east: NDArray[np.float32]
    """(y, x), rise over run towards the east."""
    slope_north: NDArray[np.float32]
    """(y, x), rise over run towards the north."""
    plant_room: NDArray[np.float32]
    """(y, x), 0..1, where plants find water: up to 1 in the bed of the wadi; nothing grows on an earthwork."""
    wet_room: NDArray[np.float32]
    """(y, x), how strongly rain darkens the ground, about 1."""
    start_day: NDArray[np.int32]
    """(y, x), days since 1970-01-01 on which a pixel changes for good; 0 = never."""
    plant_id: NDArray[np.uint16]
    """(y, x), 1 = first plant of the scenario; 0 = none."""
    cleared: NDArray[np.float32]
    """(y, x), share of the plants that are gone once built, 0..1; 0 where nothing is."""
    land: Land


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> NDArray[np.float32]:
    """(y, x) Gaussian noise smoothed over ``sigma_px``, mean 0 and standard deviation 1."""
    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma_px, mode="wrap")
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _ramp(field: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below ``low``, 1 above ``high``, straight between."""
    return np.asarray(np.clip((field - low) / (high - low), 0, 1), dtype=np.float32)


def _distance_to_wadi(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(y, x) pixels to a bed that winds from north to south, with two side beds that join it."""
    rows, cols = shape
    far = np.ones(shape, dtype=bool)
    down = np.arange(rows * 4) / 4.0

    def wander(scale_px: float, sway_px: float) -> NDArray[np.float64]:
        walk = gaussian_filter(rng.standard_normal(down.size), 4 * scale_px, mode="nearest")
        return np.asarray((walk - walk[0]) / max(float(walk.std()), 1e-9) * sway_px)

    main = 0.36 * cols + 0.16 * down + wander(0.08 * rows, 0.05 * cols) + wander(0.02 * rows, 0.008 * cols)
    beds = [(down, main)]
    for joins_at, side in ((0.35, 1.0), (0.7, -1.0)):
        joint = int(joins_at * down.size)
        back = down[: joint + 1][::-1] - down[0]
        away = wander(0.05 * rows, 0.03 * cols)[: joint + 1]
        beds.append((joins_at * rows - 0.55 * back, main[joint] + side * 0.9 * back + away[::-1]))
    for y, x in beds:
        row, col = np.round(y).astype(int), np.round(x).astype(int)
        seen = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
        far[row[seen], col[seen]] = False
    if far.all():
        return np.full(shape, np.float32(max(shape)))
    return np.asarray(distance_transform_edt(far), dtype=np.float32)


def _track(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(y, x) 0..1 share of pale wheel track: about half a pixel wide, west to east, nearly straight."""
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    bend = gaussian_filter(rng.standard_normal(shape[1]), shape[1] / 6, mode="nearest")
    bend = (bend - bend.mean()) / max(float(bend.std()), 1e-9) * 0.02 * shape[0]
    centre = 0.66 * shape[0] - 0.12 * cols + bend.astype(np.float32)[None, :]
    return np.asarray(0.6 * np.clip(1.1 - np.abs(rows - centre), 0, 1), dtype=np.float32)


def planted_pixels(plant: Plant) -> NDArray[np.int64]:
    """(pixel, 2) rows and columns of a plant in the order in which they change, centre first.

    The ``plant.pixels`` pixels nearest to the centre in the metric of the shape (Euclidean; largest axis; largest axis
    with columns counted a quarter), ties in order of row and column.
    """
    high, wide = plant.reach
    rows, cols = (grid.ravel() for grid in np.mgrid[-high : high + 1, -wide : wide + 1])
    box = np.maximum(np.abs(rows), np.abs(cols) / plant.stretch)
    order = np.argsort(np.hypot(rows, cols) if plant.shape == "disc" else box, kind="stable")[: plant.pixels]
    return np.column_stack([rows[order] + plant.row, cols[order] + plant.col]).astype(np.int64)


def _clearing(
    share: float, lush: NDArray[np.float64], floor: NDArray[np.float32], soil: NDArray[np.float32], leaf: NDArray[np.float32]
) -> float:
    """Mean absolute change (0..1) when a share of the plants on some pixels and of what lies below them goes.

    ``lush`` (pixel) is their greenness; ``floor``, ``soil`` and ``leaf`` are (band, pixel).
    """
    left = lush * (1 - share)
    after = (floor + share * (soil - floor)) * (1 - left) + leaf * left
    return float(np.abs(after - floor * (1 - lush) - leaf * lush).mean())


def _built(
    plant: Plant, ground: Ground, place: tuple[NDArray[np.int64], NDArray[np.int64]], uneven: NDArray[np.float64]
) -> float:
    """Write what a plant's pixels become; returns the share of their plants that goes.

    An earthwork takes all plants and moves the soil below them by its contrast. "bare" takes as many as make up its
    contrast at their best, and where that is not enough, or nothing grows, strips the soil for the rest.
    """
    row, col = place
    land, before, contrast, cleared = ground.land, ground.before[:, row, col], plant.contrast, 1.0
    soil = np.where(land.cover[row, col] == ARID, before, land.soil[:, row, col])
    if plant.kind == "bare":
        lush = np.array(list(LUSH.values()))[land.cover[row, col]]
        tried = np.linspace(0, 1, 21)
        gains = np.array([_clearing(share, lush, before, soil, land.leaf[:, row, col]) for share in tried])
        cleared = float(np.interp(contrast, gains, tried)) if gains[-1] > 0 else 1.0
        contrast = max(contrast - float(gains[-1]), 0.0)
    direction = np.array(DIRECTIONS[plant.kind])
    change = np.outer(direction / np.abs(direction).mean(), uneven / uneven.mean()) * contrast
    bared = before + np.float32(cleared) * (soil - before)
    ground.after[:, row, col] = np.clip(bared + change, DARKEST, 1).astype(np.float32)
    return cleared


def _plant_all(scenario: Scenario, rng: np.random.Generator, ground: Ground) -> None:
    """Write the plants into ``after``, ``start_day``, ``plant_id`` and ``cleared`` of a ground that is still being made.

    A pixel whose brightness would pass ``DARKEST`` or 1 stops there, so its contrast may fall short.
    """
    for number, plant in enumerate(scenario.plants, start=1):
        row, col = planted_pixels(plant).T
        inside = (row >= 0) & (row < scenario.rows) & (col >= 0) & (col < scenario.cols)
        if not inside.all() or ground.plant_id[row, col].any():
            msg = f"plant {plant.name!r} leaves the image or covers another"
            raise ValueError(msg)
        spread = np.linspace(0, plant.grows_days, plant.pixels) if plant.pixels > 1 else np.zeros(1)
        ground.start_day[row, col] = day_number(plant.start) + np.round(spread).astype(np.int32)
        ground.plant_id[row, col] = number
        uneven = np.clip(1 + UNEVEN * rng.standard_normal(plant.pixels), 0.5, 1.5)
        ground.cleared[row, col] = _built(plant, ground, (row, col), uneven)


def make_ground(scenario: Scenario, rng: np.random.Generator) -> Ground:
    """The site of a scenario: a gravel plain with dark patches, a sandy wadi and a track, fields, gentle relief, the plants.

    Amplitudes are those of ``Nuisance``; the layout is chosen for plausibility.

    Raises:
        ValueError: when a plant leaves the image or covers another.

    """
    shape, nuisance = (scenario.rows, scenario.cols), scenario.nuisance
    size = min(shape)
    broad, mid, fine = (smooth_noise(rng, shape, sigma) for sigma in (size / 9, size / 40, 0.6))
    distance = _distance_to_wadi(rng, shape) + mid
    bed, bank = 1 - _ramp(distance, 1.0, 3.0), 1 - _ramp(distance, 2.0, 9.0)
    dark = _ramp(broad + 0.5 * mid, 0.3, 1.1) * (1 - bank) * np.float32(0.8)
    pale = np.maximum(np.maximum(bed, np.float32(0.25) * bank), _track(rng, shape))
    mixed = PLAIN[:, None, None] * (1 - dark) + VARNISH[:, None, None] * dark
    mixed = mixed * (1 - pale) + SAND[:, None, None] * pale
    texture = 1 + np.float32(nuisance.texture) * (0.5 * broad + 0.6 * mid + 0.62 * fine)
    land = make_land(scenario)
    desert = land.cover == ARID
    before = np.where(desert, np.clip(mixed * texture, DARKEST, 1), land.floor).astype(np.float32)
    height = smooth_noise(rng, shape, size / 14)
    north, east = np.gradient(height)
    steepness = np.float32(nuisance.slope / max(float(np.hypot(north, east).std()), 1e-9))
    ground = Ground(
        before=before,
        after=before.copy(),
        slope_east=np.asarray(east * steepness, dtype=np.float32),
        slope_north=np.asarray(-north * steepness, dtype=np.float32),
        plant_room=(bed * np.clip(0.6 + 0.4 * mid, 0, 1) * desert).astype(np.float32),
        wet_room=np.clip(1 + 0.25 * broad + 0.4 * bed, 0.3, 1.8).astype(np.float32),
        start_day=np.zeros(shape, dtype=np.int32),
        plant_id=np.zeros(shape, dtype=np.uint16),
        cleared=np.zeros(shape, dtype=np.float32),
        land=land,
    )
    _plant_all(scenario, rng, ground)
    return ground
