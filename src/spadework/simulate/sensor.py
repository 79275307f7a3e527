"""How the instrument and its view differ from look to look: where it points, from where, and how it is calibrated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import day_number
from spadework.records import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.intake.scenario import Scenario

BRDF_BANDS: Final = np.array([0.8, 0.9, 1.0, 0.8, 0.9, 1.0], dtype=np.float32)
"""Anisotropy of each band over that of red; chosen for plausibility after Roy et al. 2017, RSE 199:25-38."""
BRDF_COVERS: Final = np.array([0.6, 1.0, 1.0, 1.3], dtype=np.float32)
"""Anisotropy of desert, crop, grass, forest over that of crop; chosen for plausibility."""
ORBIT: Final = 0.5
"""Part of the anisotropy that comes from the side from which the orbit looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Sensor:
    """The instrument, look by look."""

    shift: NDArray[np.float64]
    """(time, 2), pixels by which the image lies south and east of the ground."""
    view: NDArray[np.float64]
    """(time), relative brightening of red crop by the sun's height and the side of the view."""
    gain: NDArray[np.float32]
    """(time, band), relative gain; 1 before the sensor changes."""
    changed: int
    """Day of the change, days since 1970-01-01; 0 = none."""


def make_sensor(scenario: Scenario, days: NDArray[np.int32], reach: NDArray[np.float64]) -> Sensor:
    """Shifts, views and calibration of all looks.

    The view follows the length of shadows, ``reach`` (time): 1 where they are shortest, -1 at the other end of the year.
    The sensor changes on a day of the middle three fifths of the watched period; each band's gain moves by half to one
    and a half times the stated step, up or down.
    """
    nuisance = scenario.nuisance
    shift = np.random.default_rng([scenario.seed, 11]).normal(0, nuisance.misregistration, (days.size, 2))
    zenith = np.arctan(reach)
    middle, half = (zenith.max() + zenith.min()) / 2, max((zenith.max() - zenith.min()) / 2, 1e-9)
    side = np.random.default_rng([scenario.seed, 12]).choice([-1.0, 1.0], days.size)
    view = nuisance.brdf * ((middle - zenith) / half + ORBIT * side)
    rng = np.random.default_rng([scenario.seed, 13])
    first, last = day_number(scenario.watch_from), day_number(scenario.end)
    changed = int(first + rng.uniform(0.2, 0.8) * (last - first))
    size = rng.uniform(0.5, 1.5, len(BANDS))
    step = nuisance.sensor_step * size / size.mean() * rng.choice([-1.0, 1.0], len(BANDS))
    gain = np.where((days >= changed)[:, None], 1 + step, 1).astype(np.float32)
    return Sensor(shift, view, gain, changed if nuisance.sensor_step else 0)


def _taps(shift: float) -> tuple[int, tuple[float, float, float, float]]:
    """First source pixel and four weights of cubic convolution (Keys 1981, IEEE Trans. ASSP 29:1153-1160, a = -1/2)."""
    whole = math.floor(-shift)
    t = -shift - whole
    return whole - 1, (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )


def shifted(image: NDArray[np.float32], south: float, east: float) -> NDArray[np.float32]:
    """(y, x) image moved by so many pixels, by cubic convolution; the edge pixels repeat beyond the edges."""
    if not south and not east:
        return image
    for axis, shift in ((0, south), (1, east)):
        first, weights = _taps(shift)
        length = image.shape[axis]
        padded = np.take(image, np.clip(np.arange(length + 3) + first, 0, length - 1), axis=axis)
        taps = [padded[k : k + length] if axis == 0 else padded[:, k : k + length] for k in range(4)]
        image = np.float32(weights[0]) * taps[0]
        for weight, tap in zip(weights[1:], taps[1:], strict=True):
            image += np.float32(weight) * tap
    return image
