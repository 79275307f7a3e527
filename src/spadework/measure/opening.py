"""The model of an opening seen from above: three levels of ground, two straight parallel edges, a blur.

A step seen through a Gaussian blur is an error function (Marr and Hildreth 1980, Proc. R. Soc. B 207). With x = u cos t + v sin t
and P_i = Phi((x - u_i) / s_i), an opening from u_1 to u_2 is

    I = left (1 - P_1) + inside (P_1 - P_2) + right P_2

and each of the three levels may slope: a slope that ends at an edge is blurred as the edge is, so its term has a closed form too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

U1: Final = 0
"""Left edge, metres along the line from its middle."""
U2: Final = 1
"""Right edge, metres."""
TURN: Final = 2
"""Angle of the edges' normal from the line, radians."""
S1: Final = 3
"""Logarithm of the blur of the left edge in metres."""
S2: Final = 4
"""The same of the right edge."""
LEFT: Final = 5
INSIDE: Final = 6
RIGHT: Final = 7
RAMP: Final = 8
"""Half of what the inside rises by from edge to edge."""
SLOPE_LEFT: Final = 9
"""Rise of the ground a metre, left."""
SLOPE_RIGHT: Final = 10
PARAMETERS: Final = 11
_STEPS: Final = 14
_ENOUGH: Final = 1e-4
"""A step under this many metres, and as many of the contrast, ends the fit."""
_ROOT_TWO_PI: Final = 2.5066282746310002


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Pixels of a patch; all arrays (n,)."""

    u: NDArray[np.float64]
    """Metres along the line from its middle."""
    v: NDArray[np.float64]
    """Metres across the line."""
    value: NDArray[np.float64]
    """Brightness, scaled so that the patch spans about 0..1."""

    def only(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> Pixels:
        """Some of them."""
        return Pixels(self.u[kept], self.v[kept], self.value[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known before the pixels are looked at: normal, per parameter."""

    mean: NDArray[np.float64]
    """(11,)"""
    weight: NDArray[np.float64]
    """(11,), one over the standard deviation; 0 = nothing is known."""
    ties: NDArray[np.float64]
    """(k, 11), combinations of parameters that are 0 within one standard deviation."""

    def rows(self, p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(11 + k, 11) and (11 + k,): the rows of a linear system that pull parameters to what is known."""
        return (
            np.vstack([np.diag(self.weight), self.ties]),
            np.concatenate([(self.mean - p) * self.weight, -self.ties @ p]),
        )


def normal(p: NDArray[np.float64], pixels: Pixels) -> NDArray[np.float64]:
    """(n,) metres along the edges' normal."""
    return np.asarray(pixels.u * np.cos(p[TURN]) + pixels.v * np.sin(p[TURN]))


def predict(p: NDArray[np.float64], pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Brightness of the model (n,) and its derivatives to the parameters (n, 11)."""
    x = normal(p, pixels)
    along = pixels.v * np.cos(p[TURN]) - pixels.u * np.sin(p[TURN])
    s1, s2, half = np.exp(p[S1]), np.exp(p[S2]), 0.5 * (p[U2] - p[U1])
    d1, d2 = x - p[U1], x - p[U2]
    z1, z2 = d1 / s1, d2 / s2
    p1, p2 = ndtr(z1), ndtr(z2)
    n1, n2 = np.exp(-0.5 * z1 * z1) / _ROOT_TWO_PI, np.exp(-0.5 * z2 * z2) / _ROOT_TWO_PI
    f1, f2 = n1 / s1, n2 / s2
    w1, w2 = d1 * p1 + s1 * n1, d2 * p2 + s2 * n2
    gap = (w1 - w2) / half
    ramp = gap - p1 - p2
    down, up = d1 - w1, w2
    jacobian = np.empty((x.size, PARAMETERS))
    step1, step2 = p[INSIDE] - p[LEFT], p[RIGHT] - p[INSIDE]
    q, gl, gr = p[RAMP], p[SLOPE_LEFT], p[SLOPE_RIGHT]
    jacobian[:, U1] = -step1 * f1 + q * (f1 - p1 / half + 0.5 * gap / half) - gl * (1 - p1)
    jacobian[:, U2] = -step2 * f2 + q * (f2 + p2 / half - 0.5 * gap / half) - gr * p2
    slope = step1 * f1 + step2 * f2 + q * ((p1 - p2) / half - f1 - f2) + gl * (1 - p1) + gr * p2
    jacobian[:, TURN] = slope * along
    jacobian[:, S1] = s1 * (-step1 * z1 * f1 + q * (z1 * f1 + n1 / half) - gl * n1)
    jacobian[:, S2] = s2 * (-step2 * z2 * f2 + q * (z2 * f2 - n2 / half) + gr * n2)
    jacobian[:, LEFT], jacobian[:, INSIDE], jacobian[:, RIGHT] = 1 - p1, p1 - p2, p2
    jacobian[:, RAMP], jacobian[:, SLOPE_LEFT], jacobian[:, SLOPE_RIGHT] = ramp, down, up
    value = p[LEFT] * (1 - p1) + p[INSIDE] * (p1 - p2) + p[RIGHT] * p2 + q * ramp + gl * down + gr * up
    return value, jacobian


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model laid on pixels."""

    p: NDArray[np.float64]
    """(11,) parameters."""
    residual: NDArray[np.float64]
    """(n,) pixels minus model."""
    covariance: NDArray[np.float64]
    """(11, 11) of the parameters, under the noise and the prior that it was fitted with."""
    cost: float
    """Half the sum of squares, whitened, with the prior's."""

    @property
    def width(self) -> float:
        """Metres, square to the edges."""
        return float(self.p[U2] - self.p[U1])


def whitener(covariances: list[NDArray[np.float64]]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """What turns rows with these covariances, block after block, into rows with none: the inverse of Cholesky's factor."""
    factors = [cholesky(c, lower=True, check_finite=False) for c in covariances]
    ends = np.cumsum([0, *(len(c) for c in covariances)])

    def whiten(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = [
            solve_triangular(factor, rows[a:b], lower=True, check_finite=False)
            for factor, a, b in zip(factors, ends[:-1], ends[1:], strict=True)
        ]
        return np.concatenate(parts)

    return whiten


def fit(
    pixels: Pixels,
    start: NDArray[np.float64],
    prior: Prior,
    whiten: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    tail: float | None = None,
) -> Fitted:
    """Lay the model on pixels: Gauss-Newton steps with Levenberg and Marquardt's damping.

    Args:
        pixels: n of them, in the order that ``whiten`` expects.
        start: (11,) parameters near the answer.
        prior: pulls parameters that the pixels do not settle.
        whiten: (n, k) -> (n, k), so that residuals come out with unit variance and uncorrelated.
        tail: whitened residuals beyond this count less and less (Cauchy's weights; for whiteners that keep pixels apart);
            None = plain least squares.

    """
    p, damping = start.copy(), 1e-3
    residual, rows, right, cost = _system(p, pixels, prior, whiten, tail)
    for _ in range(_STEPS):
        step = _solve(rows, right, damping)
        trial = p + step
        trial[[S1, S2]] = np.clip(trial[[S1, S2]], p[[S1, S2]] - 0.7, p[[S1, S2]] + 0.7)
        if trial[U2] - trial[U1] < np.exp(prior.mean[S1]):
            damping = max(damping * 10, 1e-2)
            if damping > 1e6:  # noqa: PLR2004 - no way is left
                break
            continue
        new = _system(trial, pixels, prior, whiten, tail)
        if new[3] <= cost:
            done = float(np.abs(step).max()) < _ENOUGH
            p, damping = trial, damping / 10
            residual, rows, right, cost = new
            if done:
                break
        else:
            damping *= 10
            if damping > 1e6:  # noqa: PLR2004 - no way is left
                break
    covariance = np.asarray(np.linalg.inv(rows.T @ rows + 1e-12 * np.eye(PARAMETERS)), dtype=np.float64)
    return Fitted(p, residual, covariance, cost)


def _solve(rows: NDArray[np.float64], right: NDArray[np.float64], damping: float) -> NDArray[np.float64]:
    square = rows.T @ rows
    square[np.diag_indices(PARAMETERS)] *= 1 + damping
    square[np.diag_indices(PARAMETERS)] += 1e-12
    return np.asarray(cho_solve(cho_factor(square, check_finite=False), rows.T @ right, check_finite=False))


def _system(
    p: NDArray[np.float64],
    pixels: Pixels,
    prior: Prior,
    whiten: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    tail: float | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Residuals, whitened Jacobian with the prior's rows, whitened right side, cost."""
    value, jacobian = predict(p, pixels)
    residual = pixels.value - value
    both = whiten(np.column_stack([jacobian, residual]))
    rows, right = both[:, :-1], both[:, -1]
    if tail is None:
        cost = 0.5 * float(right @ right)
    else:
        share = (right / tail) ** 2
        cost = 0.5 * tail**2 * float(np.log1p(share).sum())
        weight = 1 / np.sqrt(1 + share)
        rows, right = rows * weight[:, None], right * weight
    known, pull = prior.rows(p)
    cost += 0.5 * float(pull @ pull)
    return residual, np.vstack([rows, known]), np.concatenate([right, pull]), cost
