"""Per-pixel monitoring: what was normal before ``start``, and what is not normal since.

Looks before ``start`` are the history. Each pixel is modelled by a robust harmonic regression of its own history, all
bands at once. Looks are then judged by their whitened distance from the model, in a sliding window over clear looks.

1. *Common mode.* What a look does to the whole scene (illumination, haze, wet ground, a sensor step) is not change here.
   From a sparse sample of pixels each look gets an affine map from modelled to observed spectra, robust and pulled
   towards a gain per band. A change of the whole scene at once is therefore not seen.
2. *Model.* Order-2 harmonics (fewer where the history is short), reweighted least squares (Zhu and Woodcock 2014, Remote
   Sens. Environ. 144, 152-171, for the harmonics; Huber 1964 for the reweighting), weak ridge.
3. *Noise.* The pixel's residual covariance with the scene's noise as prior and a floor; the model's prediction variance; jitter
   of phase and amplitude of the season as rank-one terms.
4. *Level.* Under no change a slow level and the noise are updated recursively (exponential smoothing), so that drift and
   a noisier sky are not taken for change.
5. *Confirmation.* ``need`` of the last ``window`` clear looks odd and in agreement, and their mean far out.
6. *Recovery.* A confirmed change is withdrawn after a run of normal looks that would have shown it.
7. *Neighbours.* A confirmed pixel without confirmed neighbours at about the same time is dropped.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import numpy as np
from scipy.special import chdtri

from spadework.change import kernel
from spadework.cube import MISSING, OK, OUTSIDE_AOI, PER_UNIT, Change, day_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.cube import Cube

Arrays: TypeAlias = "tuple[NDArray[Any], ...]"
YEAR: Final = 365.25
TERMS: Final = 5
BLOCK_PIXELS: Final = 256
"""Pixels handed to a thread at once: their looks fit a core's cache."""
COMMON_ROUNDS: Final = 2
"""Rounds of sample fit and common mode."""
UNCHECKED: Final = 9.0
"""Doubt of a look that shows too little of the site to be judged: three times the noise."""
CALM_SHARE: Final = 0.35
"""Doubt is read at this quantile: up to half of the site may have changed without being taken for a poor look."""
NO_DAY: Final = -1


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The one default setting of monitoring."""

    window: int = 6
    """Clear looks judged together."""
    need: int = 4
    """Odd looks among them that confirm a change."""
    look_tail: float = 0.02
    """Chance that one look of an unchanged pixel is odd (chi-square tail, one degree of freedom per band)."""
    window_tail: float = 1e-7
    """The same for the mean of a window."""
    looks_two: int = 24
    """Clear history looks from which two harmonics are fitted."""
    looks_one: int = 12
    """Clear history looks from which one harmonic is fitted."""
    looks_mean: int = 6
    """Clear history looks from which a mean is fitted; fewer = short history."""
    season_days: float = 270.0
    """Days that the history must span before a season is fitted."""
    floor: float = 0.004
    """Least noise, reflectance."""
    floor_share: float = 0.01
    """Least noise as a share of the pixel's mean reflectance, added in quadrature."""
    phase_days: float = 10.0
    """Standard deviation of the season's timing, days."""
    amplitude: float = 0.3
    """Standard deviation of the season's amplitude, share."""
    track_days: float = 365.0
    """Time constant of the level that is tracked under no change, days."""
    recover_looks: int = 8
    """Normal looks in a row, each able to show the change, that withdraw a confirmed change."""
    recover_days: float = 60.0
    """Days that these looks must span at least."""
    sample: int = 1500
    """Pixels from which the common mode is learnt."""
    sample_least: int = 100
    """Pixels that a site needs for a common mode at all."""
    look_least: int = 30
    """Clear sample pixels that a look needs for a common mode of its own; with fewer the look is in doubt."""
    vote: int = 2
    """Confirmed pixels among the 8 neighbours that a confirmed pixel needs."""
    vote_days: int = 60
    """Their first anomalies lie at most this many days apart."""


def _basis(days: NDArray[np.int32], history: int, bands: int) -> kernel.Basis:
    """Harmonics of each look, and a common mode that changes nothing."""
    t = (days - days[:1]).astype(np.float64)
    design, slope = np.ones((TERMS, len(t))), np.zeros((TERMS, len(t)))
    for order in (1, 2):
        rate = 2.0 * np.pi * order / YEAR
        design[2 * order - 1], design[2 * order] = np.cos(rate * t), np.sin(rate * t)
        slope[2 * order - 1], slope[2 * order] = -rate * np.sin(rate * t), rate * np.cos(rate * t)
    common = np.zeros((bands, bands + 1, len(t)), np.float32)
    common[range(bands), range(bands)] = 1.0
    f32 = np.float32
    return kernel.Basis(
        t.astype(f32), design.astype(f32), slope.astype(f32), common, np.zeros(bands, f32), np.ones(len(t), f32), history
    )


def _rule(settings: MonitorSettings, bands: int) -> kernel.Rule:
    return kernel.Rule(
        window=settings.window,
        need=settings.need,
        looks_two=settings.looks_two,
        looks_one=settings.looks_one,
        looks_mean=settings.looks_mean,
        season_days=settings.season_days,
        floor=settings.floor * PER_UNIT,
        floor_share=settings.floor_share,
        phase_days=settings.phase_days,
        amplitude=settings.amplitude,
        track_days=settings.track_days,
        look_limit=float(chdtri(bands, settings.look_tail)),
        window_limit=float(chdtri(bands, settings.window_tail)),
        recover_looks=settings.recover_looks,
        recover_days=settings.recover_days,
    )


def _work(times: int, bands: int) -> kernel.Work:
    def flat(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)

    return kernel.Work(
        at=np.zeros(times, np.int32),
        day=flat(times),
        doubt=flat(times),
        design=flat(TERMS, times),
        slope=flat(TERMS, times),
        common=flat(bands, bands + 1, times),
        seen=flat(bands, times),
        model=flat(bands, times),
        left=flat(bands, times),
        phase=flat(bands, times),
        swing=flat(bands, times),
        factor=flat(times),
        pull=flat(2, times),
        white=flat(bands, times),
        weight=flat(times),
        spare=flat(times),
        odd=np.zeros(times, np.bool_),
        coef=flat(bands, TERMS),
        normal=flat(TERMS, TERMS),
        noise=flat(bands, bands),
        level=flat(bands),
        after=flat(bands),
        vector=flat(bands, 1),
        total=flat(bands),
    )


def _series(cube: Cube, where: NDArray[np.intp]) -> kernel.Series:
    """Looks of the pixels at flat places ``where``, one pixel's looks side by side."""
    times, bands = cube.reflectance.shape[:2]
    pixels = cube.inside.size
    values = cube.reflectance.reshape(times, bands, pixels)[:, :, where]
    clear = cube.clear.reshape(times, pixels)[:, where]
    return kernel.Series(np.ascontiguousarray(values.transpose(2, 1, 0)), np.ascontiguousarray(clear.T))


def _common_map(model: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(band, band + 1): robust ridge regression of observed on modelled spectra (pixel, band), pulled towards a gain per band.

    Three rounds of Cauchy weights over all bands; the pull has the weight of 5 % of the pixels, at least 20.
    """
    n, bands = seen.shape
    scale = model.mean(axis=0).clip(1.0)
    x = np.column_stack([model / scale, np.ones(n)])
    gain = np.median(seen / model.clip(1.0), axis=0)
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


def _fit_looks(
    series: kernel.Series, basis: kernel.Basis, coef: NDArray[np.float32], noise: NDArray[np.float64], least: int
) -> kernel.Basis:
    """The basis with the common mode and the doubt of each look, from sample pixels.

    Args:
        series: looks of the sample.
        basis: as it was.
        coef: (pixel, band, term), NaN without a model.
        noise: (pixel, band), noise variance.
        least: clear sample pixels that a look needs.

    """
    bands, times = series.values.shape[1:]
    usable = series.clear & (series.values != MISSING).all(axis=1) & np.isfinite(coef[:, 0, 0])[:, None]
    common, doubt = basis.common.copy(), np.full(times, UNCHECKED, np.float32)
    for t in range(times):
        here = usable[:, t]
        if here.sum() >= least:
            model = coef[here].astype(np.float64) @ basis.design[:, t].astype(np.float64)
            seen = series.values[here, :, t].astype(np.float64)
            common[:, :, t] = _common_map(model, seen)
            left = seen - model @ common[:, :bands, t].T - common[:, bands, t]
            doubt[t] = _doubt(left, noise[here])
    return basis._replace(common=common, doubt=doubt)


def _learn_common(cube: Cube, settings: MonitorSettings, basis: kernel.Basis) -> kernel.Basis:
    """The basis with each look's common mode and doubt and the scene's typical noise, from a lattice of sample pixels."""
    places = np.flatnonzero(cube.inside)
    where = places[np.unique(np.linspace(0, len(places) - 1, min(settings.sample, len(places))).astype(np.intp))]
    if len(where) < settings.sample_least:
        return basis
    times, bands = cube.reflectance.shape[:2]
    series, rule, work = _series(cube, where), _rule(settings, bands), _work(times, bands)
    for _ in range(COMMON_ROUNDS):
        coef, noise = np.empty((len(where), bands, TERMS), np.float32), np.zeros((len(where), bands), np.float32)
        kernel.learn_block(series, basis, rule, work, coef, noise)
        fitted = np.isfinite(coef[:, 0, 0])
        if fitted.sum() < settings.sample_least:
            return basis
        typical = np.median(noise[fitted], axis=0)
        blended = (noise + typical) / 2.0 + rule.floor**2 + (rule.floor_share * coef[:, :, 0].astype(np.float64)) ** 2
        basis = _fit_looks(series, basis._replace(noise=typical), coef, blended, settings.look_least)
    return basis


def _vote(first: NDArray[np.int32], settings: MonitorSettings) -> NDArray[np.bool_]:
    """(y, x), True where enough of the 8 neighbours changed at about the same time; ``first`` is -1 without change."""
    changed = np.pad(first >= 0, 1)
    day = np.pad(first, 1)
    height, width = first.shape
    votes = np.zeros(first.shape, np.int32)
    for dy in range(3):
        for dx in range(3):
            if (dy, dx) != (1, 1):
                part = np.s_[dy : dy + height, dx : dx + width]
                votes += changed[part] & (np.abs(day[part] - first) <= settings.vote_days)
    return (first >= 0) & (votes >= settings.vote)


def _answer(pixels: int, times: int) -> kernel.Answer:
    return kernel.Answer(
        first=np.full(pixels, NO_DAY, np.int32),
        confirmed=np.full(pixels, NO_DAY, np.int32),
        statistic=np.full(pixels, np.nan, np.float32),
        clear_looks=np.zeros(pixels, np.uint16),
        reason=np.full(pixels, OUTSIDE_AOI, np.uint8),
        recovered=np.zeros(pixels, np.bool_),
        anomalous=np.zeros((pixels, times), np.bool_),
    )


def _monitor_blocks(
    cube: Cube, basis: kernel.Basis, rule: kernel.Rule, progress: Callable[[int, int], None] | None
) -> kernel.Answer:
    """Run the kernel over blocks of the pixels inside the area, in threads; the answer does not depend on their number."""
    times, bands = cube.reflectance.shape[:2]
    answer = _answer(cube.inside.size, times)
    places = np.flatnonzero(cube.inside)
    blocks = [places[i : i + BLOCK_PIXELS] for i in range(0, len(places), BLOCK_PIXELS)]

    def one(where: NDArray[np.intp]) -> int:
        part = _answer(len(where), times)
        kernel.monitor_block(_series(cube, where), basis, rule, _work(times, bands), part)
        for whole, piece in zip(cast("Arrays", answer), cast("Arrays", part), strict=True):
            whole[where] = piece
        return len(where)

    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for count in pool.map(one, blocks):
            done += count
            if progress is not None:
                progress(done, len(places))
    return answer


def monitor(
    cube: Cube,
    start: dt.date,
    settings: MonitorSettings = MonitorSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> Change:
    """Watch every pixel of a cube from ``start`` on for lasting departures from its own history.

    Args:
        cube: the stack; not modified. A look with MISSING in any band counts as not clear there.
        start: first day watched; earlier looks are the history.
        settings: the one default setting, or another.
        progress: called between blocks with pixels done and pixels in all.

    Returns:
        Rasters on the cube's grid, (y, x) and (time, y, x) as ``Change`` says. Days lie within the watched period;
        ``recovered`` pixels are not in ``confirmed``.

    """
    days = cube.days
    history = int(np.searchsorted(days, day_number(start), side="left"))
    shape, bands = cube.inside.shape, len(cube.bands)
    basis = _learn_common(cube, settings, _basis(days, history, bands))
    answer = _monitor_blocks(cube, basis, _rule(settings, bands), progress)
    day_at = np.append(days, np.int32(NO_DAY))
    first, confirmed = day_at[answer.first].reshape(shape), day_at[answer.confirmed].reshape(shape)
    lasting, reason = _vote(first, settings), answer.reason.reshape(shape)

    def raster(day: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.where(reason == OK, np.where(lasting, day, 0), NO_DAY).astype(np.int32)

    return Change(
        first_anomaly=raster(first),
        confirmed=raster(confirmed),
        statistic=answer.statistic.reshape(shape),
        clear_looks=answer.clear_looks.reshape(shape),
        reason=reason,
        recovered=answer.recovered.reshape(shape),
        anomalous=np.ascontiguousarray(answer.anomalous.T.reshape(len(days), *shape)),
    )
