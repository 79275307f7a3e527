"""From light on the ground to raw numbers: optics, pixels, noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erf

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Camera:
    """How a detector turns light into numbers."""

    mtf_nyquist: float = 0.1
    """Contrast left at half a cycle a pixel, of optics, motion and the pixel itself; under 2 / pi, the pixel's own."""
    full_well: float = 20_000.0
    """Electrons at the largest number: shot noise is the root of the electrons."""
    read_noise: float = 20.0
    """Electrons, one standard deviation."""
    bits: int = 11
    white: float = 0.75
    """Light that gives the largest number."""

    @property
    def blur_px(self) -> float:
        """One standard deviation of the Gaussian that, with a square pixel, leaves ``mtf_nyquist``, pixels.

        The pixel leaves sinc(1/2) = 2 / pi at Nyquist, a Gaussian exp(-pi^2 sigma^2 / 2).

        Raises:
            ValueError: no Gaussian does.

        """
        if not 0 < self.mtf_nyquist <= 2 / math.pi:
            msg = f"an MTF of {self.mtf_nyquist} at Nyquist is beyond 0 to 2 / pi, which a square pixel alone leaves"
            raise ValueError(msg)
        return math.sqrt(2 * math.log(2 / math.pi / self.mtf_nyquist)) / math.pi


def sampled(light: NDArray[np.float32], cells: int, shift_px: tuple[float, float], camera: Camera) -> NDArray[np.float32]:
    """(y, x), mean light on each pixel through the camera's optics; the shift is in the response, so nothing is resampled.

    Args:
        light: (y, x) on cells of a whole part of a pixel.
        cells: along the side of a pixel.
        shift_px: by which the picture lies right and down of the ground, pixels.
        camera: its optics.

    """
    import cv2  # noqa: PLC0415 - slow to import

    across, down = (_response(cells, shift, camera.blur_px) for shift in shift_px)
    soft = cv2.sepFilter2D(light, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE)
    first = cells // 2
    return np.ascontiguousarray(soft[first::cells, first::cells], dtype=np.float32)


def _response(cells: int, shift_px: float, blur_px: float) -> NDArray[np.float64]:
    """Weight of each cell around the middle one of a pixel: a square pixel under a Gaussian, integrated over the cell."""
    reach = math.ceil((0.5 + 4 * blur_px + abs(shift_px)) * cells) + 1
    # A filter centred on cell ``cells // 2`` of the pixel; the pixel's own middle lies half a cell before it when ``cells`` is even.
    centre = (0.0 if cells % 2 else -0.5) - shift_px * cells
    edges = (np.arange(-reach, reach + 2) - 0.5 - centre) / cells

    def ramp(u: NDArray[np.float64]) -> NDArray[np.float64]:
        if blur_px == 0:
            return np.maximum(u, 0)
        return u * 0.5 * (1 + erf(u / (blur_px * math.sqrt(2)))) + blur_px / math.sqrt(2 * math.pi) * np.exp(
            -0.5 * (u / blur_px) ** 2
        )

    weights = np.diff(ramp(edges + 0.5) - ramp(edges - 0.5))
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def numbers(light: NDArray[np.float32], camera: Camera, rng: np.random.Generator) -> NDArray[np.float32]:
    """Raw numbers with shot and read noise, whole, from 1 to the largest of the camera's bits."""
    top = 2**camera.bits - 1
    electrons = np.clip(light / camera.white, 0, None) * camera.full_well
    noise = rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(electrons + camera.read_noise**2)
    return np.asarray(np.clip(np.rint((electrons + noise) * (top / camera.full_well)), 1, top), dtype=np.float32)
