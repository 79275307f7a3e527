"""Width of an opening as seen from above: two edges and three levels of ground, laid on all pixels of a patch at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import t as student

from spadework.measure.ground import Ground
from spadework.measure.opening import INSIDE, LEFT, PARAMETERS, RAMP, RIGHT, S1, S2, SLOPE_LEFT, SLOPE_RIGHT, TURN, U1, U2
from spadework.measure.opening import Fitted, Pixels, Prior, fit, normal, whitener
from spadework.measure.patch import Patch, patch_of
from spadework.measure.texture import Texture, learn
from spadework.records import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Point


@dataclass(frozen=True, slots=True)
class WidthSettings:
    """How a width is measured."""

    along_m: float = 6.0
    """Length averaged along the opening, metres."""
    blur_px: float = 0.70
    """Standard deviation of the sensor's blur, pixels: .60 to .78 is an MTF of .17 to .05 at Nyquist."""
    blur_share: float = 0.12
    """Standard deviation of that, as a share of it."""
    shoulder_m: float = 0.25
    """Softness of edges on the ground that is taken for usual, metres."""
    model_px: float = 0.05
    """Standard uncertainty of the width because no opening is quite like the model, pixels."""
    scale_share: float = 0.002
    """Standard uncertainty of the ground sample distance, as a share of it."""
    jamb_m: float = 0.15
    """Standard uncertainty of the difference in height of both edges, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The model on a patch, with its noise."""

    fitted: Fitted
    texture: Texture
    kept: NDArray[np.bool_]
    """(n,) pixels of the patch that are no stones."""


NEAR_M: Final = 2.4
"""Pixels within this of an edge, beyond thrice the blur, settle where it is."""
BLOCK: Final = 360
"""Pixels whose correlations are weighed together."""
_TURNS: Final = tuple(math.radians(a) for a in (-9, -6, -3, 0, 3, 6, 9))
_STARTS: Final = 4


def prior_of(patch: Patch, settings: WidthSettings) -> Prior:
    """What is known of any opening: the sensor's blur, edges near square to the line, ground that slopes little."""
    blur = settings.blur_px * patch.gsd_m
    mean, weight = np.zeros(PARAMETERS), np.zeros(PARAMETERS)
    soft = (0.5 * settings.shoulder_m / blur) ** 2
    mean[[S1, S2]] = math.log(blur) + 0.5 * math.log1p(soft)
    weight[[S1, S2]] = 1 / math.hypot(settings.blur_share, 0.5 * soft / (1 + soft) * 2)
    weight[TURN] = 1 / math.radians(8)
    weight[RAMP] = 1 / 0.15
    weight[[SLOPE_LEFT, SLOPE_RIGHT]] = 1 / 0.05
    return Prior(mean, weight)


def starts(patch: Patch) -> list[NDArray[np.float64]]:
    """Where edges may be: for some angles, the pairs of cuts of the profile that leave the least over."""
    found = []
    for turn in _TURNS:
        x = patch.pixels.u * math.cos(turn) + patch.pixels.v * math.sin(turn)
        width = 0.5 * patch.gsd_m
        slot = np.floor((x - x.min()) / width).astype(int)
        number = np.bincount(slot)
        total = np.bincount(slot, patch.pixels.value)
        n, s = np.cumsum(number), np.cumsum(total)
        cuts = np.arange(2, number.size - 2)
        if cuts.size < 3:  # noqa: PLR2004 - two cuts and something between
            continue
        n1, s1 = n[cuts - 1], s[cuts - 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            nin, sin = n1[None, :] - n1[:, None], s1[None, :] - s1[:, None]
            nout, sout = n[-1] - n1, s[-1] - s1
            left, inside, right = (s1 / n1)[:, None], sin / nin, (sout / nout)[None, :]
            gain = (s1**2 / n1)[:, None] + sin**2 / nin + (sout**2 / nout)[None, :]
        apart = cuts[None, :] - cuts[:, None] >= 3  # noqa: PLR2004 - a pixel and a half
        opening = ((inside < left) == (inside < right)) & apart & np.isfinite(gain)
        gain = np.where(opening, gain, -np.inf)
        for _ in range(2):
            i, j = np.unravel_index(int(gain.argmax()), gain.shape)
            if not np.isfinite(gain[i, j]):
                break
            p = np.zeros(PARAMETERS)
            p[[U1, U2]] = x.min() + cuts[[i, j]] * width
            p[TURN], p[[S1, S2]] = turn, math.log(0.75 * patch.gsd_m)
            p[LEFT], p[INSIDE], p[RIGHT] = left[i, 0], inside[i, j], right[0, j]
            found.append((float(gain[i, j]), p))
            gain[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3] = -np.inf
    found.sort(key=lambda pair: -pair[0])
    return [p for _, p in found[:_STARTS]]


def lay(patch: Patch, settings: WidthSettings) -> Laid | None:
    """The model that explains a patch best; None where no start is found."""
    prior = prior_of(patch, settings)
    pixels = patch.pixels
    best: Fitted | None = None
    for start in starts(patch):
        rough = pixels.value - _level(start, pixels)
        sigma = max(1.4826 * float(np.median(np.abs(rough))), 0.01)
        tried = fit(pixels, start, prior, lambda rows, s=sigma: rows / s, 2.5)
        if best is None or tried.cost * 1.0 < best.cost:
            best = tried
    if best is None:
        return None
    blur = settings.blur_px * patch.gsd_m
    texture, kept = learn(patch, best.residual, best.p, blur)
    for _ in range(2):
        best = _weighed(pixels, kept, best.p, prior, texture)
        residual = pixels.value - _full(best.p, pixels)
        texture, kept = learn(patch, residual, best.p, blur)
    return Laid(best, texture, kept)


def _level(p: NDArray[np.float64], pixels: Pixels) -> NDArray[np.float64]:
    x = normal(p, pixels)
    return np.where(x < p[U1], p[LEFT], np.where(x < p[U2], p[INSIDE], p[RIGHT]))


def _full(p: NDArray[np.float64], pixels: Pixels) -> NDArray[np.float64]:
    from spadework.measure.opening import predict  # noqa: PLC0415

    return predict(p, pixels)[0]


def _weighed(pixels: Pixels, kept: NDArray[np.bool_], p: NDArray[np.float64], prior: Prior, texture: Texture) -> Fitted:
    x = normal(p, pixels)
    near = np.minimum(np.abs(x - p[U1]) - 3 * np.exp(p[S1]), np.abs(x - p[U2]) - 3 * np.exp(p[S2])) < NEAR_M
    order = np.flatnonzero(kept & near)
    order = order[np.argsort(pixels.v[order])]
    blocks = np.array_split(order, max(1, math.ceil(order.size / BLOCK)))
    chosen = pixels.only(order)
    whiten = whitener([texture.covariance(pixels.only(block), p) for block in blocks])
    return fit(chosen, p, prior, whiten)


def measure_width(image: Image, line: tuple[Point, Point], settings: WidthSettings | None = None) -> Measurement:
    """Width of the opening under a line.

    Args:
        image: or a window of it that holds the line and ``along_m`` to both sides of it.
        line: two points on the ground at both sides of the opening, map units (column, row of the file without CRS).
        settings: how it is measured.

    """
    settings = settings or WidthSettings()
    ground = Ground.of(image)
    patch = patch_of(image, ground, line, settings.along_m)
    laid = lay(patch, settings)
    blank = Measurement(
        "width", "width", "m", None, None, None, image.scene.id, method="", gsd_m=patch.gsd_m, where=tuple(line)
    )
    if laid is None:
        return blank
    return state(blank, patch, laid, settings)


def state(blank, patch, laid, settings):
    from dataclasses import replace

    cov = laid.fitted.covariance
    g = np.zeros(PARAMETERS)
    g[U2] = 1
    g[U1] = -1
    u = math.sqrt(g @ cov @ g)
    value = laid.fitted.width
    terms = {"noise and texture": u, "model error": settings.model_px * patch.gsd_m, "GSD": settings.scale_share * value}
    dof = laid.texture.samples[[0, 2]].min() * 2
    q = student.ppf(0.95, dof)
    half = q * math.hypot(*terms.values())
    return replace(blank, value=value, low=value - half, high=value + half, budget=tuple(terms.items()))
