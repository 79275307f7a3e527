"""Per-pixel monitoring: what was normal before ``start``, and what is not normal since.

Looks before ``start`` are the history. All bands are judged together, in units of the pixel's own noise.

1. *Common mode* (``common``): what a look does to the whole scene is taken out.
2. *Model* (``fit``): order-2 harmonics by reweighted least squares (Zhu and Woodcock 2014, Remote Sens. Environ. 144, 152-171,
   for the harmonics; Huber 1964 for the reweighting), fewer terms where the history is short, and at last the history look
   nearest in season.
3. *Twins* (``twins``): up to 15 pixels 4 to 22 pixels away that did the same through the history.
4. *Distances* (``whiten``): from the twins, from the own past, and from the own past with its season forgiven.
5. *Confirmation and recovery* (``watch``): 3 to 8 clear looks together, neighbours lowering the bar.
6. *Again*, for pixels some of whose twins were confirmed to have changed: from then on those are nobody's twins.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from scipy import ndimage
from scipy.special import chdtri, fdtri

from spadework.change import fit as model
from spadework.change import gauge, twins, watch, whiten, windows
from spadework.change.common import CommonRule, fit_work, learn_common, no_fit, plain_basis, regressed, series_of
from spadework.change.stand import ALONE, Stand, Whitened, WhitenRule
from spadework.cube import OK, OUTSIDE_AOI, PER_UNIT, Change, Cube, day_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

BLOCK_PIXELS: Final = 256
"""Pixels handed to a thread at once: their looks fit a core's cache."""
NO_DAY: Final = -1
STEPS: Final = 4
"""Passes over all pixels that progress is told of: fit, twins, distances, watch."""


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The one default setting of monitoring."""

    window_tails: tuple[float, ...] = (1e-7, 6e-7, 4e-6, 8e-6, 1.5e-5, 4e-5)
    """Chance that the mean of 3, 4 ... 8 clear looks of an unchanged pixel lies beyond the limit (chi-square, one degree of
    freedom per band), when half of its neighbours show the same: short windows are leaks' best chance, so theirs is least."""
    agreeing: tuple[int, ...] = (3, 3, 4, 4, 5, 6)
    """Looks of those windows that must go the way of their mean."""
    support: tuple[float, ...] = (4.0, 2.4, 1.6, 1.2, 1.0, 0.92, 0.85, 0.78, 0.7)
    """Factor of the limit when 0, 1 ... 8 neighbours show the same."""
    support_share: float = 0.4
    """A neighbour shows the same when its window's mean lies at least this share of the pixel's along it."""
    agree_share: float = 0.3
    """A look goes the way of its window when its share along the mean is at least this."""
    own_share: float = 0.5
    """Share of the limit beside twins at which the pixel must depart from its own past too."""
    field_factor: float = 2.0
    """Factor of the limit without twins: fields are fickle."""
    gate_tail: float = 0.42
    """Chance that the last look of a window is that far out; nearer ones end no window."""
    look_tail: float = 0.02
    """Chance that one look of an unchanged pixel is odd."""
    calm_tail: float = 0.125
    """The same for a look that speaks against recovery."""
    recover_looks: int = 8
    """Normal looks in a row, each able to show the change, that withdraw a confirmed change."""
    recover_days: float = 60.0
    """Days that these looks must span at least."""
    looks_two: int = 24
    """Clear history looks from which two harmonics are fitted."""
    looks_one: int = 12
    """Clear history looks from which one harmonic is fitted."""
    looks_mean: int = 6
    """Clear history looks from which a mean is fitted; fewer are compared one by one."""
    season_days: float = 350.0
    """Days that the history must span before a season is fitted ..."""
    season_two_days: float = 500.0
    """... and before it gets a second harmonic: one year alone teaches its own weather."""
    floor: float = 0.004
    """Least noise, reflectance."""
    floor_share: float = 0.01
    """Least noise as a share of the pixel's mean reflectance, added in quadrature."""
    floor_least: float = 0.2
    """Share of that variance which is added even to a noisier pixel."""
    small_tail: float = 1e-4
    """Chance at which noise learnt from few looks is made as wary as noise known well."""
    small_most: float = 4.0
    """Most that it grows for being learnt from few, variance."""
    pair_noise: float = 0.01
    """Noise where no pixel of the site has a regression, reflectance."""
    phase_days: float = 20.0
    """Standard deviation of the season's timing that a field is forgiven, days."""
    amplitude: float = 1.0
    """Standard deviation of the season's amplitude that a field is forgiven, share: a fallow year is no change."""
    track_days: float = 365.0
    """Time constant of the level that is tracked under no change, days."""
    sample: int = 1500
    """Pixels from which the common mode is learnt."""
    sample_least: int = 100
    """Pixels that a site needs for a common mode at all."""
    look_least: int = 30
    """Clear sample pixels that a look needs for a common mode of its own; with fewer the look is in doubt."""

    def __post_init__(self) -> None:
        """Check that tails and counts belong to the same windows.

        Raises:
            ValueError: when they do not.

        """
        falling = list(self.support) == sorted(self.support, reverse=True)
        if len(self.window_tails) != len(self.agreeing) or len(self.support) != windows.NEIGHBOURS + 1 or not falling:
            msg = (
                "window_tails and agreeing need one number a window, support nine of which none is greater than the one before"
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """What all steps share."""

    cube: Cube
    settings: MonitorSettings
    basis: model.Basis
    places: NDArray[np.intp]
    """(pixel), flat places of the pixels inside the area, in order."""
    progress: Callable[[int, int], None] | None

    @property
    def times(self) -> int:
        return len(self.cube.looks)

    @property
    def bands(self) -> int:
        return len(self.cube.bands)


def _fit_rule(settings: MonitorSettings) -> model.FitRule:
    return model.FitRule(
        settings.looks_two, settings.looks_one, settings.looks_mean, settings.season_days, settings.season_two_days
    )


def _small(settings: MonitorSettings, bands: int, looks: int) -> NDArray[np.float32]:
    """(0..looks): quantile of Hotelling's T2 over that of chi-square, by looks that the noise was learnt from.

    T2 of n degrees of freedom in p bands is n p / (n - p + 1) times F(p, n - p + 1) (Hotelling 1931, Ann. Math. Stat. 2, 360-378);
    the scene's noise counts as a prior of ``PRIOR_LOOKS``.
    """
    n = np.arange(looks + 1) + float(gauge.PRIOR_LOOKS)
    rest = (n - bands + 1).clip(1.0)
    quantile = n * bands / rest * fdtri(bands, rest, 1.0 - settings.small_tail)
    grown = np.minimum(quantile / chdtri(bands, settings.small_tail), settings.small_most)
    return np.asarray(grown, dtype=np.float32)


def _whiten_rule(settings: MonitorSettings, bands: int, looks: int) -> WhitenRule:
    return WhitenRule(
        floor=settings.floor * PER_UNIT,
        floor_share=settings.floor_share,
        floor_least=settings.floor_least,
        phase_days=settings.phase_days,
        amplitude=settings.amplitude,
        gain=whiten.gains(settings.track_days),
        small=_small(settings, bands, looks),
    )


def _watch_rule(settings: MonitorSettings, bands: int) -> windows.WatchRule:
    return windows.WatchRule(
        window_limit=chdtri(bands, np.array(settings.window_tails)).astype(np.float32),
        agreeing=np.array(settings.agreeing, np.int32),
        support=np.array(settings.support, np.float32),
        look_limit=float(chdtri(bands, settings.look_tail)),
        calm_limit=float(chdtri(bands, settings.calm_tail)),
        gate=float(chdtri(bands, settings.gate_tail)),
        agree_share=settings.agree_share,
        support_share=settings.support_share,
        own_share=settings.own_share,
        field_factor=settings.field_factor,
        recover_looks=settings.recover_looks,
        recover_days=settings.recover_days,
    )


def _over_blocks(site: _Site, step: int | None, pixels: NDArray[np.int32], work: Callable[[NDArray[np.int32]], None]) -> None:
    """Run some work over blocks of pixel numbers, in threads; no block may write what another reads."""
    blocks = [pixels[i : i + BLOCK_PIXELS] for i in range(0, len(pixels), BLOCK_PIXELS)]
    done, total = 0, len(site.places)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for block, _ in zip(blocks, pool.map(work, blocks), strict=True):
            done += len(block)
            if site.progress is not None and step is not None:
                site.progress(step * total + done, STEPS * total)


def _fit_all(site: _Site, every: NDArray[np.int32]) -> model.Fit:
    fit, rule = no_fit(len(every), site.bands, site.times), _fit_rule(site.settings)

    def work(block: NDArray[np.int32]) -> None:
        part = model.Fit(*(array[block[0] : block[-1] + 1] for array in cast("tuple[NDArray[Any], ...]", fit)))
        model.fit_block(series_of(site.cube, site.places[block]), site.basis, rule, fit_work(site.times, site.bands), part)

    _over_blocks(site, 0, every, work)
    return fit


def _where(site: _Site) -> twins.Places:
    shape = site.cube.inside.shape
    index = np.full(site.cube.inside.size, -1, np.int32)
    index[site.places] = np.arange(len(site.places), dtype=np.int32)
    at = np.column_stack(np.unravel_index(site.places, shape)).astype(np.int32)
    return twins.Places(at, index.reshape(shape), twins.offsets(), *twins.ways(twins.offsets()))


def _choose_all(
    site: _Site, every: NDArray[np.int32], fit: model.Fit, where: twins.Places, typical: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Twins of all pixels; each pair is compared once, and what is kept of it, 256 bytes a pixel, is gone before whitening."""
    unlike = np.empty((len(every), len(where.ways)), np.float64)
    out = np.full((len(every), twins.TWINS), -1, np.int32)
    share = (1.0 / np.sqrt(typical)).astype(np.float32)

    def compare(block: NDArray[np.int32]) -> None:
        first = int(block[0])
        twins.compare_block(fit, where, share, site.basis.history, first, unlike[first : first + len(block)])

    def choose(block: NDArray[np.int32]) -> None:
        first = int(block[0])
        twins.choose_block(fit, where, unlike, first, out[first : first + len(block)])

    _over_blocks(site, 1, every, compare)
    _over_blocks(site, None, every, choose)
    return out


def _answer(pixels: int, watched: int) -> watch.Answer:
    return watch.Answer(
        first=np.full(pixels, NO_DAY, np.int32),
        confirmed=np.full(pixels, NO_DAY, np.int32),
        statistic=np.full(pixels, np.nan, np.float32),
        clear_looks=np.zeros(pixels, np.uint16),
        reason=np.full(pixels, OUTSIDE_AOI, np.uint8),
        recovered=np.zeros(pixels, np.bool_),
        anomalous=np.zeros((pixels, watched), np.bool_),
    )


def _watch_all(site: _Site, every: NDArray[np.int32], fit: model.Fit) -> watch.Answer:
    """Distances and watch, and both again where twins were found to have changed."""
    where, fitted = _where(site), regressed(fit)
    blind = np.full(site.bands, (site.settings.pair_noise * PER_UNIT) ** 2, np.float32)
    typical = np.median(fit.noise[fitted], axis=0).astype(np.float32).clip(1.0) if fitted.any() else blind
    chosen = _choose_all(site, every, fit, where, typical)
    watched = site.times - site.basis.history
    lag = windows.SHORTEST + len(site.settings.window_tails) - 1
    kept = whiten.kept_of(len(every), site.bands, lag)
    stand = Stand(
        distance=np.zeros((3, len(every), watched, site.bands), np.int8),
        alike=kept.gauge.alike,
        factor=kept.gauge.noise[ALONE],
    )
    answer, known = _answer(len(every), watched), np.full(len(every), site.times, np.int32)
    rule = _whiten_rule(site.settings, site.bands, site.times)
    part = (site.cube.days % float(model.YEAR) / float(model.YEAR) * gauge.PARTS).astype(np.int32)
    by = Whitened(fit, site.basis, rule, typical, chosen, part, known)
    on = windows.Watched(fit, site.basis, _watch_rule(site.settings, site.bands), stand, where)

    def distances(block: NDArray[np.int32], routes: int = 3) -> None:
        whiten.whiten_block(by, whiten.whiten_work(site.times, site.bands, lag), block, kept, stand, routes)

    def watching(block: NDArray[np.int32]) -> None:
        watch.watch_block(on, watch.watch_work(watched, site.bands, len(site.settings.window_tails)), block, answer)

    _over_blocks(site, 2, every, distances)
    _over_blocks(site, 3, every, watching)
    found = answer.confirmed >= 0
    known[found] = site.basis.history + answer.confirmed[found]
    again = every[((chosen >= 0) & found[chosen]).any(axis=1)]
    if len(again):
        _over_blocks(site, None, again, lambda block: distances(block, routes=1))
        near = np.zeros(site.cube.inside.shape, np.bool_)
        near[tuple(where.at[again].T)] = True
        asked = where.number[ndimage.binary_dilation(near, structure=np.ones((3, 3), np.bool_)) & (where.number >= 0)]
        _over_blocks(site, None, asked, watching)
    return answer


def _change(site: _Site, answer: watch.Answer, method: NDArray[np.uint8]) -> Change:
    """The answers on the cube's grid, watched time indices as days."""
    shape, size = site.cube.inside.shape, site.cube.inside.size
    day_at = np.append(site.cube.days[site.basis.history :], np.int32(NO_DAY))

    def spread(values: NDArray[Any], outside: float) -> NDArray[Any]:
        out = np.full(size, outside, values.dtype)
        out[site.places] = values
        return out.reshape(shape)

    ok = answer.reason == OK

    def days(index: NDArray[np.int32]) -> NDArray[np.int32]:
        return spread(np.where(ok, np.where(index >= 0, day_at[index], 0), NO_DAY).astype(np.int32), NO_DAY)

    anomalous = np.zeros((site.times, size), np.bool_)
    anomalous[site.basis.history :, site.places] = (answer.anomalous & ok[:, None]).T
    return Change(
        first_anomaly=days(answer.first),
        confirmed=days(answer.confirmed),
        statistic=spread(answer.statistic, np.nan),
        clear_looks=spread(answer.clear_looks, 0),
        reason=spread(answer.reason, OUTSIDE_AOI),
        method=spread(np.where(ok, method, 0).astype(np.uint8), 0),
        recovered=spread(answer.recovered, 0),
        anomalous=anomalous.reshape(site.times, *shape),
    )


def monitor(
    cube: Cube,
    start: dt.date,
    settings: MonitorSettings = MonitorSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> Change:
    """Watch every pixel of a cube from ``start`` on for lasting departures from its own history and from its twins.

    Args:
        cube: the stack; not modified. A look with MISSING in any band counts as not clear there.
        start: first day watched; earlier looks are the history.
        settings: the one default setting, or another.
        progress: called between blocks with steps done and steps in all, four a pixel.

    Returns:
        Rasters on the cube's grid, (y, x) and (time, y, x) as ``Change`` says. Days lie within the watched period;
        ``recovered`` pixels are not in ``confirmed``. The answer does not depend on the number of threads.

    """
    history = int(np.searchsorted(cube.days, day_number(start), side="left"))
    common = CommonRule(
        settings.sample, settings.sample_least, settings.look_least, settings.floor * PER_UNIT, settings.floor_share
    )
    plain = plain_basis(cube.days, history, len(cube.bands))
    basis = learn_common(cube, plain, _fit_rule(settings), common)
    site = _Site(cube, settings, basis, np.flatnonzero(cube.inside), progress)
    every = np.arange(len(site.places), dtype=np.int32)
    fit = _fit_all(site, every)
    answer = _watch_all(site, every, fit)
    return _change(site, answer, fit.method)
