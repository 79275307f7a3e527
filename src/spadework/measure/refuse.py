"""What is no opening, or none that these pixels can show: looked for before a width is stated.

Each rule is a sign of the fit and a bound. Bounds were set on scenes of ``benchmarks/vhr/boxes.py`` with development seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtr

from spadework.measure.opening import (
    INSIDE,
    LEFT,
    RAMP,
    RIGHT,
    S1,
    S2,
    TURN,
    U1,
    U2,
    Fitted,
    Pixels,
    Prior,
    fit,
    normal,
    predict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.measure.patch import Patch
    from spadework.measure.texture import Texture

KNOWN: Final = 5.0
"""Samples that what is known of all ground counts for."""
LEAST_PX: Final = 2.4
"""An opening under this many pixels is a dark spot whose width and depth trade against each other."""
NEEDED_PX: Final = 3.0
"""Pixels across an opening that suffice."""
LEAST_LINE_PX: Final = 5.0
"""A line under this many pixels cannot hold an opening with ground at both sides."""
LEAST_ROWS: Final = 1.5
"""Pixels along the opening that a patch needs."""
MOST_MISSING: Final = 0.05
MOST_SATURATED: Final = 0.05
CLEAR: Final = 2.4
"""A step must stand out by this many of its standard uncertainties..."""
DEEP: Final = 1.8
"""...and by this many standard deviations of the texture of its ground."""
FOREIGN: Final = 5.0
"""What the model leaves over, averaged along the edges, in its standard uncertainties..."""
FOREIGN_SHARE: Final = 0.22
"""...and as a share of the fainter step."""
FADE_M: Final = 0.75
"""Softness of an edge on the ground that no shoulder has, metres, standard deviation..."""
FADE_BESIDE_SHARP: Final = (0.5, 0.15)
"""...and of one whose other edge is sharper than the second: the wall, and the end of its shadow."""
STANDING: Final = 8.0
"""Steps that both stand out by so many standard uncertainties end no fading shadow."""
SPLAY_DEG: Final = 12.0
"""Edges further from parallel than this bound no one width..."""
SPLAY_GAIN: Final = 3.0
"""...if that explains as much of what is left over as so many independent samples hold."""
TIED: Final = 50.0
"""One over the brightness within which tied levels are equal."""
RIMS_M: Final = (0.5, 1.0)
"""Breadths of a strip beside an edge that are tried, metres."""
BRIGHT_RIM: Final = (0.2, 3.1)
"""Metres of the step, and standard uncertainties, of a strip brighter than the ground."""
BETWEEN_RIM: Final = (-0.45, 2.6)
"""The same of a strip between the ground and the inside."""
FADED: Final = 0.0
"""By so much more than an opening, in squares of standard uncertainties, a shadow that fades may leave over and be told all the same."""
WIDE: Final = 0.6
"""A standard uncertainty over this share of the width says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The model on a patch, with its noise."""

    fitted: Fitted
    texture: Texture
    near: Pixels
    """Pixels around the edges that settled where they are, in the order of ``whiten``."""
    whiten: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """Takes their noise and texture out of rows."""
    prior: Prior

    @property
    def degrees(self) -> float:
        """Of freedom of the width's uncertainty: samples of the ground that is worse known, twice, as there are two edges."""
        return KNOWN + 2 * float(self.texture.samples[[0, 2]].min())


def unseen(patch: Patch) -> str | None:
    """Why these pixels can show no opening, whatever is on them; None = they can."""
    if patch.missing > MOST_MISSING:
        return f"{patch.missing:.0%} of the patch under the line lies outside the image or holds no data"
    if patch.saturated > MOST_SATURATED:
        return f"{patch.saturated:.0%} of the patch is saturated: its levels are not known"
    across = patch.length_m / patch.gsd_m
    if across < LEAST_LINE_PX:
        return (
            f"NOT OBSERVABLE: the line is {across:.1f} pixels long; an opening of half its length would need "
            f"{0.5 * patch.length_m / NEEDED_PX:.2g} m a pixel or finer"
        )
    if np.ptp(patch.pixels.v) < LEAST_ROWS * patch.gsd_m:
        return f"the patch is under {LEAST_ROWS:g} pixels along the opening: average over more with --along"
    if float(np.ptp(patch.pixels.value)) < 1e-9:  # noqa: PLR2004 - one number
        return "no contrast: every pixel has the same number"
    return None


def reason(patch: Patch, laid: Laid, blur_m: float) -> str | None:
    """Why what was fitted is no opening; None = it is one."""
    rules = (_not_two_steps, _outside, _too_narrow, _foreign, _splayed, _fading, _rimmed)
    for rule in rules:
        why = rule(patch, laid, blur_m)
        if why:
            return why
    return None


def steps(laid: Laid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(2,) ground minus inside at the left and the right edge, brightness, and (2,) in standard uncertainties."""
    p = laid.fitted.p
    rows = np.zeros((2, p.size))
    rows[0, [LEFT, INSIDE, RAMP]] = 1, -1, 1
    rows[1, [RIGHT, INSIDE, RAMP]] = 1, -1, -1
    u = np.sqrt(np.einsum("ki,ij,kj->k", rows, laid.fitted.covariance, rows) + 1e-12)
    step = rows @ p
    return step, np.abs(step) / u


def _not_two_steps(_: Patch, laid: Laid, __: float) -> str | None:
    step, clear = steps(laid)
    seen = (clear >= CLEAR) & (np.abs(step) >= DEEP * laid.texture.sigma[[0, 2]])
    if not seen.any():
        return "no contrast: nothing under the line stands out from the texture of the ground"
    if not seen.all():
        return f"one edge only: the {'right' if seen[0] else 'left'} one does not stand out from the texture of the ground"
    if step[0] * step[1] < 0:
        return "several steps: brightness goes on rising or falling across the line, so nothing lies between two edges"
    return None


def _outside(patch: Patch, laid: Laid, _: float) -> str | None:
    p = laid.fitted.p
    half = 0.5 * patch.length_m
    ends = [p[U1] / math.cos(p[TURN]), p[U2] / math.cos(p[TURN])]
    if ends[0] < -half or ends[1] > half:
        return "an edge lies beyond the end of the line: draw the line from ground to ground"
    return None


def _too_narrow(patch: Patch, laid: Laid, _: float) -> str | None:
    width = laid.fitted.width
    needed = f"{width / NEEDED_PX:.2g} m a pixel or finer"
    if width < LEAST_PX * patch.gsd_m:
        return f"NOT OBSERVABLE: what is dark or bright here is {width / patch.gsd_m:.1f} pixels wide; it would need {needed}"
    covariance = laid.fitted.covariance
    variance = float(covariance[U1, U1] + covariance[U2, U2] - 2 * covariance[U1, U2])
    if variance > (WIDE * width) ** 2:
        return f"NOT OBSERVABLE: the pixels leave the width open; it would need {needed}, or more contrast"
    return None


def _foreign(patch: Patch, laid: Laid, _: float) -> str | None:
    """What runs along the edges, as an opening's parts do, is told from texture by how little it varies along them."""
    p, pixels = laid.fitted.p, patch.pixels
    residual, x = pixels.value - predict(p, pixels)[0], normal(p, pixels)
    slot = np.floor((x - x.min()) / (0.5 * patch.gsd_m)).astype(int)
    order = np.argsort(slot, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(slot))])
    residual, x = residual[order], x[order]
    stretches = [slice(a, b) for a, b in zip(ends[:-2], ends[2:], strict=True) if b - a >= 4]  # noqa: PLR2004 - for a median
    if not stretches:
        return None
    middle = np.array([np.median(residual[s]) for s in stretches])
    place = np.array([x[s].mean() for s in stretches])
    spread = np.array([np.median(np.abs(residual[s] - m)) for s, m in zip(stretches, middle, strict=True)]) * 1.4826
    part = np.digitize(place, p[[U1, U2]])
    for k in np.unique(part):
        spread[part == k] = math.sqrt(float(np.mean(spread[part == k] ** 2)) + 1e-6)
    independent = max(float(np.ptp(pixels.v)) / (math.sqrt(2 * math.pi) * laid.texture.usual_m), 1.0)
    effective = np.minimum(independent, [s.stop - s.start for s in stretches])
    clear = np.abs(middle) / (1.25 * spread / np.sqrt(effective))
    share = np.abs(middle) / max(float(np.abs(steps(laid)[0]).min()), 1e-9)
    k = int(np.minimum(clear / FOREIGN, share / FOREIGN_SHARE).argmax())
    if clear[k] < FOREIGN or share[k] < FOREIGN_SHARE:
        return None
    return f"several steps: a strip {place[k]:+.1f} m from the middle of the line is neither ground nor inside"


def _splayed(patch: Patch, laid: Laid, _: float) -> str | None:
    """One more step of the fit with an angle between the edges."""
    p, pixels = laid.fitted.p, patch.pixels
    value, jacobian = predict(p, pixels)
    column = 0.5 * (jacobian[:, U2] - jacobian[:, U1]) * (pixels.v - pixels.v.mean())
    sigma = laid.texture.of(pixels, p)
    rows, right = np.column_stack([jacobian, column]) / sigma[:, None], (pixels.value - value) / sigma
    square, onto = rows.T @ rows + 1e-6 * np.eye(p.size + 1), rows.T @ right
    full, less = np.linalg.solve(square, onto), np.linalg.solve(square[:-1, :-1], onto[:-1])
    gain = 1 - float(np.sum((right - rows @ full) ** 2)) / float(np.sum((right - rows[:, :-1] @ less) ** 2))
    splay = abs(math.degrees(math.atan(float(full[-1]))))
    crowd = 1 + (1 - laid.texture.white) * 2 * math.pi * laid.texture.reach_m**2 / abs(float(np.linalg.det(patch.per_px)))
    if splay < SPLAY_DEG or gain * right.size / crowd < SPLAY_GAIN:
        return None
    return f"the edges are not parallel: they open by about {splay:.0f} degrees"


def _fading(_: Patch, laid: Laid, blur_m: float) -> str | None:
    p = laid.fitted.p
    sharp, soft = np.sqrt(np.maximum(np.sort(np.exp(2 * p[[S1, S2]])) - blur_m**2, 0))
    if soft > FADE_M or (soft > FADE_BESIDE_SHARP[0] and sharp < FADE_BESIDE_SHARP[1]):
        return f"an edge fades over {2 * soft:.1f} m, as the end of a shadow does: it bounds no opening"
    if steps(laid)[1].min() > STANDING:
        return None
    for side in range(2):
        if 2 * (_faded(laid, side) - laid.fitted.cost) < FADED:
            return "the inside rises to the ground at one edge, as a shadow that fades does: there is one edge only"
    return None


def _faded(laid: Laid, side: int) -> float:
    """Cost of a model whose inside rises evenly until it is the ground, on the left (0) or the right."""
    p = laid.fitted.p.copy()
    level, sign = (LEFT, -1) if side == 0 else (RIGHT, 1)
    tie = np.zeros((1, p.size))
    tie[0, [level, INSIDE, RAMP]] = TIED, -TIED, -TIED * sign
    weight = laid.prior.weight.copy()
    weight[RAMP] = 0
    if side == 0:
        p[U1] -= 0.25 * laid.fitted.width
    else:
        p[U2] += 0.25 * laid.fitted.width
    p[INSIDE] = 0.5 * (p[INSIDE] + p[level])
    p[RAMP] = sign * (p[level] - p[INSIDE])
    return fit(laid.near, p, replace(laid.prior, weight=weight, ties=tie), laid.whiten).cost


def _rimmed(_: Patch, laid: Laid, __: float) -> str | None:
    """A strip beside an edge, fitted with all else: bright as the top of a wall, or a step between ground and inside."""
    p, near = laid.fitted.p, laid.near
    value, jacobian = predict(p, near)
    x, step = normal(p, near), steps(laid)[0]
    tags = [(k, breadth) for k in range(2) for breadth in RIMS_M]
    columns = []
    for k, breadth in tags:
        edge, blur = p[(U1, U2)[k]], math.exp(p[(S1, S2)[k]])
        first, last = sorted((edge, edge + (2 * k - 1) * breadth))
        columns.append(ndtr((x - first) / blur) - ndtr((x - last) / blur))
    rows = laid.whiten(np.column_stack([jacobian, near.value - value, *columns]))
    known, pull = laid.prior.rows(p)
    base = np.vstack([rows[:, : p.size], known])
    extra = np.vstack([rows[:, p.size :], np.zeros((pull.size, len(tags) + 1))])
    extra[rows.shape[0] :, 0] = pull
    q, _r = np.linalg.qr(base)
    extra -= q @ (q.T @ extra)
    power = np.sum(extra[:, 1:] ** 2, axis=0) + 1e-12
    amount = extra[:, 1:].T @ extra[:, 0] / power
    clear = np.abs(amount) * np.sqrt(power)
    k = int(clear.argmax())
    rim = float(amount[k]) / step[tags[k][0]] * tags[k][1]
    if rim > BRIGHT_RIM[0] and clear[k] > BRIGHT_RIM[1]:
        return "a strip beside one edge is brighter than the ground: a wall and its shadow, not an opening"
    if rim < BETWEEN_RIM[0] and clear[k] > BETWEEN_RIM[1]:
        return "several steps: a strip between ground and inside lies along one edge, as the face of a wall does"
    return None
