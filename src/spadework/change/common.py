"""The scene's common mode: what a look does to the whole scene is not change.

From a sparse sample of pixels each look gets an affine map from modelled to observed spectra, robust and pulled towards a
gain per band, and a doubt. A change of the whole scene at once is therefore not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy.special import chdtri

from spadework.change import fit as model
from spadework.change import regress
from spadework.change.algebra import F32, LANES, Ranks
from spadework.cube import MISSING, NO_METHOD, PAIRWISE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Cube

ROUNDS: Final = 2
"""Rounds of sample fit and common mode."""
UNCHECKED: Final = 9.0
"""Doubt of a look that shows too little of the site to be judged: three times the noise."""
CALM_SHARE: Final = 0.35
"""Doubt is read at this quantile: up to half of the site may have changed without being taken for a poor look."""


@dataclass(frozen=True, slots=True)
class CommonRule:
    """From what the common mode is learnt."""

    sample: int
    """Pixels of the sample."""
    sample_least: int
    """Pixels that a site needs for a common mode at all."""
    look_least: int
    """Clear sample pixels that a look needs for one of its own; with fewer the look is in doubt."""
    floor: float
    """Least noise, reflectance x 10,000."""
    floor_share: float
    """Least noise as a share of the pixel's mean, added in quadrature."""


class Sample(NamedTuple):
    """Pixels that the common mode of a look is read from, and what their history taught."""

    places: NDArray[np.intp]
    """(pixel), flat places on the cube's grid, in order."""
    coef: F32
    """(pixel, band, term), as in ``fit.Models``."""
    noise: NDArray[np.float64]
    """(pixel, band), noise variance, drawn to the sample's median and never below the floor."""


def columns(bands: int) -> int:
    """Columns of the common mode's map: 1, the bands, and as many of 0 as make a multiple of ``TOGETHER``."""
    return -(-(1 + bands) // regress.TOGETHER) * regress.TOGETHER


def plain_basis(days: NDArray[np.int32], history: int, bands: int) -> model.Basis:
    """Harmonics of each look, and a common mode that changes nothing."""
    t = (days - days[:1]).astype(np.float64)
    design, slope = np.ones((regress.TERMS, len(t))), np.zeros((regress.TERMS, len(t)))
    for order in (1, 2):
        rate = 2.0 * np.pi * order / float(model.YEAR)
        design[2 * order - 1], design[2 * order] = np.cos(rate * t), np.sin(rate * t)
        slope[2 * order - 1], slope[2 * order] = -rate * np.sin(rate * t), rate * np.cos(rate * t)
    common = np.zeros((len(t), bands, columns(bands)), np.float32)
    common[:, range(bands), range(1, bands + 1)] = 1.0
    f32 = np.float32
    return model.Basis(t.astype(f32), design.astype(f32), slope.astype(f32), common, np.ones(len(t), f32), history)


def runs_of(where: NDArray[np.intp]) -> list[slice]:
    """Flat places, in order, as runs of neighbours."""
    return [slice(run[0], run[-1] + 1) for run in np.split(where, np.flatnonzero(np.diff(where) != 1) + 1) if len(run)]


def series_of(cube: Cube, where: NDArray[Any], first: int = 0) -> model.Series:
    """Looks of a cube, of which the first has the number ``first``, of the pixels at flat places ``where``, in order, copied run by run."""
    times, bands = cube.reflectance.shape[:2]
    pixels, runs = cube.inside.size, runs_of(where)
    values, clear = cube.reflectance.reshape(times, bands, pixels), cube.clear.reshape(times, pixels)
    return model.Series(
        np.arange(first, first + times, dtype=np.int32),
        np.concatenate([values[:, :, run] for run in runs], axis=2),
        np.concatenate([clear[:, run] for run in runs], axis=1),
    )


def fit_work(times: int, bands: int) -> regress.FitWork:
    """Scratch arrays for fits."""

    def lanes(kind: type[Any], *shape: int) -> NDArray[Any]:
        return np.zeros((*shape, LANES), kind)

    modelled = lanes(np.float32, columns(bands))
    modelled[0] = 1.0
    return regress.FitWork(
        at=np.zeros(times + 1, np.int32),
        usable=lanes(np.bool_, times),
        seen=lanes(np.int16, bands, times),
        past=lanes(np.int32),
        first=lanes(np.float32),
        last=lanes(np.float32),
        method=lanes(np.uint8),
        fitted=lanes(np.bool_),
        model=modelled,
        left=lanes(np.float32, bands, times),
        plain=lanes(np.float32, bands, times + 1),
        far=lanes(np.float32, times),
        weight=lanes(np.float32, times + 1),
        share=lanes(np.float32, bands),
        total=lanes(np.float32),
        limit=lanes(np.float32),
        whole=lanes(np.int16, times),
        ranks=Ranks(*(lanes(np.int32) for _ in Ranks._fields)),
        coef=lanes(np.float32, bands, regress.TERMS),
        pull=lanes(np.float32, 2),
        normal=lanes(np.float32, regress.TERMS, regress.TERMS),
    )


def no_models(pixels: int, bands: int) -> model.Models:
    """Room for the models of so many pixels."""
    return model.Models(
        coef=np.zeros((pixels, bands, regress.TERMS), np.float32),
        noise=np.zeros((pixels, bands), np.float32),
        method=np.zeros(pixels, np.uint8),
    )


def regressed(method: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(pixel), True where the method is a regression, and so there is a noise."""
    return np.asarray((method != NO_METHOD) & (method != PAIRWISE))


def _common_map(expected: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(band, band + 1): robust ridge regression of observed on modelled spectra (pixel, band), pulled towards a gain per band.

    Three rounds of Cauchy weights over all bands; the pull has the weight of 5 % of the pixels, at least 20.
    """
    n, bands = seen.shape
    scale = expected.mean(axis=0).clip(1.0)
    x = np.column_stack([expected / scale, np.ones(n)])
    gain = np.median(seen / expected.clip(1.0), axis=0)
    start = np.vstack([np.diag(gain * scale), np.zeros(bands)])
    pull = max(0.05 * n, 20.0) * np.eye(bands + 1)
    found = start
    for _ in range(3):
        left = seen - x @ found
        spread = 1.48 * np.median(np.abs(left), axis=0).clip(1.0)
        weight = 1.0 / (1.0 + ((left / spread) ** 2).mean(axis=1) / 4.0)
        xw = x.T * weight
        found = np.linalg.solve(xw @ x + pull, xw @ seen + pull @ start)
    found[:-1] /= scale[:, None]
    return found.T


def _doubt(left: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    """How many times their noise variance (pixel, band) the residuals (pixel, band) of one look show, at least 1.

    A look with thin cloud, haze or a poor mask in many pixels proves little in any of them.
    """
    bands = left.shape[1]
    return max(1.0, float(np.quantile((left**2 / noise).sum(axis=1), CALM_SHARE) / chdtri(bands, 1.0 - CALM_SHARE)))


def learn_sample(
    cube: Cube, basis: model.Basis, fit_rule: model.FitRule, rule: CommonRule
) -> tuple[model.Basis, Sample | None]:
    """The basis with the common mode and doubt of the history's looks, and the pixels they were learnt from.

    The cube holds the looks of the history. A site too small has no sample, and its basis stays as it was.
    """
    places = np.flatnonzero(cube.inside)
    where = places[np.unique(np.linspace(0, len(places) - 1, min(rule.sample, len(places))).astype(np.intp))]
    if len(where) < rule.sample_least:
        return basis, None
    history, bands, sample = basis.history, cube.reflectance.shape[1], None
    series, work = series_of(cube, where), fit_work(history, bands)
    for _ in range(ROUNDS):
        models = no_models(len(where), bands)
        model.fit_block(series, basis, fit_rule, work, np.arange(len(where), dtype=np.int32), models)
        fitted = regressed(models.method)
        if fitted.sum() < rule.sample_least:
            break
        coef, noise = models.coef[fitted], models.noise[fitted]
        typical = np.median(noise, axis=0)
        least = rule.floor**2 + (rule.floor_share * coef[:, :, 0].astype(np.float64)) ** 2
        sample = Sample(where[fitted], coef, (noise + typical) / 2.0 + least)
        basis = common_of(sample, cube, 0, basis, rule)
    return basis, sample


def common_of(sample: Sample | None, cube: Cube, first: int, basis: model.Basis, rule: CommonRule) -> model.Basis:
    """The basis with the common mode and doubt of a cube's looks, each by itself; as it was without a sample.

    ``first`` is the number of the cube's first look.
    """
    if sample is None:
        return basis
    bands = cube.reflectance.shape[1]
    common, doubt = basis.common.copy(), basis.doubt.copy()
    for t, (reflectance, clear) in enumerate(zip(cube.reflectance, cube.clear, strict=True), first):
        values = reflectance.reshape(bands, cube.inside.size)[:, sample.places]
        here = clear.reshape(cube.inside.size)[sample.places] & (values != MISSING).all(axis=0)
        doubt[t] = UNCHECKED
        if here.sum() >= rule.look_least:
            expected = sample.coef[here].astype(np.float64) @ basis.design[:, t].astype(np.float64)
            seen = values[:, here].T.astype(np.float64)
            common[t, :, : bands + 1] = np.roll(_common_map(expected, seen), 1, axis=1)
            left = seen - expected @ common[t, :, 1 : bands + 1].T - common[t, :, 0]
            doubt[t] = _doubt(left, sample.noise[here])
    return basis._replace(common=common, doubt=doubt)
