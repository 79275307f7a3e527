"""What hangs in the air unseen by the mask: haze, dust, thin cirrus, and whole clouds and shadows that it lets through.

Each has a random stream of its own, so that one can be switched on without changing the others. Band factors run
(blue, green, red, nir, swir16, swir22) and are chosen for plausibility: aerosol falls off with wavelength, cirrus hardly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.simulate.noise import patches, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario

HAZE_BANDS: Final = np.array([1.0, 0.72, 0.52, 0.30, 0.10, 0.06], dtype=np.float32)
CIRRUS_BANDS: Final = np.array([1.0, 0.98, 0.96, 0.95, 0.70, 0.55], dtype=np.float32)
DUST_COLOUR: Final = np.array([0.20, 0.27, 0.34, 0.38, 0.38, 0.36], dtype=np.float32)
HAZE_M, DUST_M, CIRRUS_M = 1500.0, 700.0, 500.0
"""Smoothing lengths of the patches, metres."""
DUSTY, CIRROUS = 1 / 6, 1 / 5
"""Share of looks with dust, with cirrus."""
BLOB_PX: Final = (3, 30)
"""Smallest and largest unmasked cloud or shadow, pixels; sizes are log-uniform."""
BLOB_OPACITY: Final = (0.15, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """The unmasked air of one look; None where a term is off or absent."""

    haze: NDArray[np.float32] | None
    """(y, x), reflectance added over black ground in blue."""
    cirrus: NDArray[np.float32] | None
    """(y, x), reflectance added over black ground in blue."""
    dust: NDArray[np.float32] | None
    """(y, x), opacity 0..1."""
    cloud: NDArray[np.float32] | None
    """(y, x), opacity 0..1 of clouds that the mask lets through."""
    shadow: NDArray[np.float32] | None
    """(y, x), opacity 0..1 of shadows that the mask lets through."""


def _hazes(scenario: Scenario, looks: int) -> Iterator[NDArray[np.float32] | None]:
    """Exponentially distributed from look to look, with patches of half the mean."""
    rng = np.random.default_rng([scenario.seed, 7])
    field = patches((scenario.rows, scenario.cols), HAZE_M / scenario.gsd_m)
    for _ in range(looks):
        if not scenario.nuisance.haze:
            yield None
            continue
        amount = np.float32(scenario.nuisance.haze * rng.exponential())
        yield amount * np.clip(1 + np.float32(0.5) * field.draw(rng), 0, 3)


def _dusts(scenario: Scenario, looks: int) -> Iterator[NDArray[np.float32] | None]:
    rng = np.random.default_rng([scenario.seed, 8])
    field = patches((scenario.rows, scenario.cols), DUST_M / scenario.gsd_m)
    for _ in range(looks):
        there, amount = rng.random() < DUSTY, np.float32(scenario.nuisance.dust * rng.uniform(0.5, 1.5))
        yield amount * np.clip(1 + np.float32(0.5) * field.draw(rng), 0, 3) if there and amount else None


def _cirri(scenario: Scenario, looks: int) -> Iterator[NDArray[np.float32] | None]:
    rng = np.random.default_rng([scenario.seed, 9])
    field = patches((scenario.rows, scenario.cols), CIRRUS_M / scenario.gsd_m)
    for _ in range(looks):
        there, amount = rng.random() < CIRROUS, np.float32(scenario.nuisance.cirrus * rng.uniform(0.5, 1.0))
        yield amount * ramp(field.draw(rng), -0.5, 1.5) if there and amount else None


def blobs(shape: tuple[int, int], share: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """(y, x) opacity of discs of 3 to 30 pixels that together cover about ``share`` of the image."""
    low, high = (float(size) for size in BLOB_PX)
    mean = (high - low) / np.log(high / low)
    count = int(rng.poisson(-np.log1p(-min(share, 0.9)) * shape[0] * shape[1] / mean))
    row, col = rng.uniform(0, shape[0], count), rng.uniform(0, shape[1], count)
    radius = np.sqrt(np.exp(rng.uniform(np.log(low), np.log(high), count)) / np.pi)
    opacity = rng.uniform(*BLOB_OPACITY, count).astype(np.float32)
    out = np.zeros(shape, dtype=np.float32)
    reach = int(np.ceil(np.sqrt(high / np.pi)))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            y, x = np.floor(row).astype(int) + down, np.floor(col).astype(int) + right
            hit = (np.hypot(y + 0.5 - row, x + 0.5 - col) <= radius) & (y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])
            np.maximum.at(out, (y[hit], x[hit]), opacity[hit])
    return out


def _leaks(
    scenario: Scenario, shares: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]] | tuple[None, None]]:
    """Clouds and shadows in equal parts, more in cloudy looks; the stated share holds over all clear ground."""
    rng = np.random.default_rng([scenario.seed, 10])
    weight = 0.4 + shares
    weight /= (weight * (1 - shares)).sum() / max(float((1 - shares).sum()), 1e-9)
    shape = (scenario.rows, scenario.cols)
    for one in weight:
        if not scenario.nuisance.leak_share:
            yield None, None
            continue
        half = float(scenario.nuisance.leak_share * one / 2)
        yield blobs(shape, half, rng), blobs(shape, half, rng)


def veils(scenario: Scenario, shares: NDArray[np.float64]) -> Iterator[Veil]:
    """One per look in time order; ``shares`` is the share of each look under masked clouds."""
    looks = shares.size
    parts = (_hazes(scenario, looks), _cirri(scenario, looks), _dusts(scenario, looks), _leaks(scenario, shares))
    for haze, cirrus, dust, (cloud, shadow) in zip(*parts, strict=True):
        yield Veil(haze, cirrus, dust, cloud, shadow)
