"""Width of an opening as seen from above: two edges and three levels of ground, laid on all pixels of a patch at once.

``patch`` turns the pixels so that the drawn line is one axis, ``starts`` looks where edges may be, ``opening`` fits them, ``texture``
learns from what is left over how much neighbours tell twice, ``refuse`` says what is no opening. Here is the order of it, and the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import stdtrit

from spadework.measure.budget import combined, refused
from spadework.measure.ground import Ground, bearing, relief
from spadework.measure.opening import (
    INSIDE,
    LEFT,
    RIGHT,
    S1,
    S2,
    TURN,
    U1,
    U2,
    Fitted,
    Pixels,
    fit,
    normal,
    predict,
    whitener,
)
from spadework.measure.patch import Patch, patch_of
from spadework.measure.refuse import Laid, reason, unseen
from spadework.measure.starts import open_stretch, prior_of, starts
from spadework.measure.texture import Texture, learn
from spadework.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable

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
    model_px: float = 0.005
    """Standard uncertainty of the width because no opening is quite like the model, pixels."""
    soft_share: float = 0.15
    """The same because an edge that is soft on the ground is in no one place, as a share of its softness, where that is more than
    ``blur_share`` of the blur would explain."""
    scale_share: float = 0.0005
    """Standard uncertainty of the ground sample distance, as a share of it."""
    jamb_m: float = 0.15
    """Standard uncertainty of the difference in height of both edges, metres."""


NEAR_M: Final = 2.4
"""Pixels within this of an edge, beyond thrice the blur, settle where it is."""
ROUGH: Final = 400
"""Pixels that suffice to choose between starts."""
BLOCK: Final = 300
"""Pixels whose correlations are weighed together."""
TAIL: Final = 2.5
"""Standard deviations beyond which a pixel counts less in the first fit."""
NUISANCE: Final = 0.78
"""Of the uncertainty that the fit states, what is found on scenes: it makes room for blurs, slopes and ramps that are rarely there."""
LEVEL: Final = 0.9
AIM: Final = 0.925
"""How often an interval of LEVEL is aimed to hold: the noise is learnt from few independent samples."""


def measure_width(image: Image, line: tuple[Point, Point], settings: WidthSettings | None = None) -> Measurement:
    """Width of the opening under a line, square to its edges, as seen from above.

    Args:
        image: or a window of it that holds the line and ``along_m / 2`` to both sides of it.
        line: two points on the ground at both sides of the opening, map units (column, row of the file without CRS).
        settings: how it is measured.

    Returns:
        Width in metres with its interval, its budget and the fitted model; refused where there is no opening, or none that these
        pixels can show. ``model``: "u1, m" and "u2, m", the edges in metres along the line from its middle; "turn, rad", of their
        normal from the line towards the side that lies left of it in local metres; "blur 1, m", "blur 2, m"; "left", "inside",
        "right", raw numbers; "along, m".

    Raises:
        UserError: no ground sample distance, or a line that is none.

    """
    settings = settings or WidthSettings()
    ground = Ground.of(image)
    patch = patch_of(image, ground, line, settings.along_m)
    blank = Measurement(
        id="width", quantity="width", unit="m", value=None, low=None, high=None, scene=image.scene.id, level=LEVEL,
        method=f"Two edges and three levels of ground fitted to {patch.pixels.u.size} pixels of {patch.band}, "
        f"over {settings.along_m:g} m along the opening; noise and texture learnt from what is left over.",
        gsd_m=ground.gsd_m, where=tuple((float(x), float(y)) for x, y in line), warnings=_warnings(image),
    )  # fmt: skip
    why = unseen(patch)
    if why:
        return refused(blank, why)
    laid = lay(patch, settings)
    if laid is not None:
        run = open_stretch(patch, laid.fitted.p)
        if run is not None:
            patch = patch.between(*run)
            blank = replace(
                blank, warnings=(*blank.warnings, f"the edges run for {run[1] - run[0]:.1f} m only: averaged over those")
            )
            laid = lay(patch, settings)
    why = "no opening is seen under the line" if laid is None else reason(patch, laid, settings.blur_px * patch.gsd_m)
    if why or laid is None:
        return refused(blank, why or "")
    return _stated(blank, patch, laid, (settings, _leaning(image, ground, line, settings)))


def lay(patch: Patch, settings: WidthSettings) -> Laid | None:
    """The model that explains a patch best; None where no start is found."""
    blur = settings.blur_px * patch.gsd_m
    prior = prior_of(blur, settings.blur_share, settings.shoulder_m)
    pixels = patch.pixels
    some = pixels.only(np.arange(0, pixels.u.size, max(1, pixels.u.size // ROUGH)))
    tried: list[Fitted] = []
    for start in starts(patch):
        sigma = max(1.4826 * float(np.median(np.abs(some.value - predict(start, some)[0]))), 0.01)
        tried.append(fit(some, start, prior, lambda rows, s=sigma: rows / s, TAIL))  # type: ignore[misc]
    if not tried:
        return None
    best = min(tried, key=lambda one: float(np.abs(one.residual).mean()))
    texture, kept = learn(patch, pixels.value - predict(best.p, pixels)[0], best.p, blur)
    for _ in range(2):
        near, whiten = _weighing(pixels.only(kept), best.p, texture)
        best = fit(near, best.p, prior, whiten)
        texture, kept = learn(patch, pixels.value - predict(best.p, pixels)[0], best.p, blur)
    return Laid(best, texture, near, whiten, prior)


def _weighing(
    pixels: Pixels, p: NDArray[np.float64], texture: Texture
) -> tuple[Pixels, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """The pixels near the edges, and what takes their texture out; block after block along the edges, so that it stays quick."""
    x = normal(p, pixels)
    away = np.minimum(np.abs(x - p[U1]) - 3 * np.exp(p[S1]), np.abs(x - p[U2]) - 3 * np.exp(p[S2]))
    order = np.flatnonzero(away < NEAR_M)
    order = order[np.argsort(pixels.v[order], kind="stable")]
    blocks = np.array_split(order, max(1, math.ceil(order.size / BLOCK)))
    return pixels.only(order), whitener([texture.covariance(pixels.only(block), p) for block in blocks])


def _stated(blank: Measurement, patch: Patch, laid: Laid, how: tuple[WidthSettings, float]) -> Measurement:
    """The width with its interval: Student's, on as many samples as the texture was learnt from."""
    settings, leaning = how
    p, covariance = laid.fitted.p, laid.fitted.covariance
    variance = float(covariance[U1, U1] + covariance[U2, U2] - 2 * covariance[U1, U2])
    value = laid.fitted.width
    blur = np.exp(p[[S1, S2]])
    soft = math.sqrt(max(float(blur.max()) ** 2 - ((1 + settings.blur_share) * settings.blur_px * patch.gsd_m) ** 2, 0.0))
    terms = {
        "noise and texture": NUISANCE * math.sqrt(variance),
        "model error": math.hypot(settings.model_px * patch.gsd_m, settings.soft_share * soft),
        "GSD": settings.scale_share * value,
        "view": leaning,
    }
    terms = {name: term for name, term in terms.items() if term > 0}
    half = float(stdtrit(laid.degrees, 0.5 + 0.5 * AIM)) * combined(terms)
    left, inside, right = patch.zero + patch.scale * p[[LEFT, INSIDE, RIGHT]]
    model = {
        "u1, m": p[U1], "u2, m": p[U2], "turn, rad": p[TURN], "blur 1, m": blur[0], "blur 2, m": blur[1],
        "left": left, "inside": inside, "right": right, "along, m": float(np.ptp(patch.pixels.v)),
    }  # fmt: skip
    return replace(
        blank, value=value, low=max(value - half, 0.0), high=value + half, budget=tuple(terms.items()),
        model=tuple((name, float(number)) for name, number in model.items()),
    )  # fmt: skip


def _leaning(image: Image, ground: Ground, line: tuple[Point, Point], settings: WidthSettings) -> float:
    """By how much edges of unlike height lean into the width where the view is known, metres."""
    if image.scene.off_nadir is None:
        return 0.0
    ends = ground.metres(line)
    return abs(relief(image.scene, ground, settings.jamb_m, bearing(ends[1] - ends[0])))


def _warnings(image: Image) -> tuple[str, ...]:
    if image.scene.off_nadir is not None:
        return ()
    return ("the view angle is not known: edges of unlike height are not in the interval",)
