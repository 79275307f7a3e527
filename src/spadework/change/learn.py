"""What the history of each pixel teaches: model, twins, and what its distances are measured by.

The model is fitted to the whole site first, since what noise is typical must be known before two pixels are compared. The rest
goes down the site by rows (``rows``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.change import fit as model
from spadework.change import twins, whiten
from spadework.change.common import fit_work, no_models, regressed, series_of
from spadework.change.crew import tasks_of
from spadework.change.recent import left_of
from spadework.change.rows import Pass, walk_down
from spadework.change.settings import fit_rule, lag, whitened
from spadework.change.state import NO_LOOK, Pairs, no_pairs
from spadework.cube import MISSING, PAIRWISE, PER_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.crew import Crew
    from spadework.change.site import Site
    from spadework.change.stand import Whitened
    from spadework.change.state import Learnt, State
    from spadework.cube import Cube

STEPS: Final = 3
"""Passes over all pixels that progress is told of."""


def _pairs(series: model.Series, block: NDArray[np.int32], method: NDArray[np.uint8], slots: int) -> Pairs:
    """What those of a block showed that are compared look by look."""
    at = np.flatnonzero(method == PAIRWISE)
    usable = series.clear[:, at] & (series.values[:, :, at] != MISSING).all(axis=1)
    order = np.argsort(~usable, axis=0, kind="stable")[:slots]
    look = np.where(np.take_along_axis(usable, order, axis=0), series.look[order], NO_LOOK)
    return Pairs(
        block[at],
        look.T.astype(np.int16),
        series.values[order.T[:, :, None], np.arange(series.values.shape[1]), at[:, None, None]],
    )


def fit_site(site: Site, cube: Cube, basis: model.Basis, learnt: Learnt, crew: Crew) -> tuple[NDArray[np.float32], Pairs]:
    """Fill ``coef`` and ``method`` of all pixels from a cube of the history; (band) the scene's noise variance, and what pairs saw."""
    slots = min(site.settings.looks_mean - 1, basis.history)
    noise, pairs = np.zeros((site.pixels, site.bands), np.float32), [no_pairs(slots, site.bands)]

    def work(block: NDArray[np.int32]) -> None:
        series, models = series_of(cube, site.places.at[block]), no_models(len(block), site.bands)
        numbers, scratch = np.arange(len(block), dtype=np.int32), crew.scratch(fit_work, basis.history, site.bands)
        model.fit_block(series, basis, fit_rule(site.settings), scratch, numbers, models)
        learnt.method[block], noise[block] = models.method, models.noise
        learnt.coef[block] = np.rint(models.coef).clip(-model.FARTHEST, model.FARTHEST)
        if (models.method == PAIRWISE).any():
            pairs.append(_pairs(series, block, models.method, slots))

    crew.go([tasks_of(range(site.pixels), work, steps=1)])
    found = Pairs(*(np.concatenate(part) for part in zip(*sorted(pairs, key=lambda one: one.pixel[:1].tolist()), strict=True)))
    fitted = regressed(learnt.method)
    if not fitted.any():
        return np.full(site.bands, (site.settings.pair_noise * PER_UNIT) ** 2, np.float32), found
    return np.median(noise[fitted], axis=0).astype(np.float32).clip(1.0), found


# ---------------------------------------------------------------- down the site
@dataclass(frozen=True, slots=True, eq=False)
class _Learning:
    """One way down a site."""

    state: State
    """Its pixels are filled in place."""
    cube: Cube
    """The looks of the history."""
    crew: Crew
    left: model.Left
    by: Whitened
    unlike: NDArray[np.float64]
    """(place, way)."""
    share: NDArray[np.float32]
    """(band), one over the scene's typical noise."""


def _residuals(walk: _Learning, block: NDArray[np.int32]) -> None:
    """Enter the ring, and leave over there what the models do not expect of the history."""
    site, basis, learnt = walk.state.site, walk.state.basis, walk.state.pixels.learnt
    series, scratch = series_of(walk.cube, site.places.at[block]), walk.crew.scratch(fit_work, basis.history, site.bands)
    model.leave_block(series, basis, scratch, block, learnt, walk.left)


def _compare(walk: _Learning, block: NDArray[np.int32]) -> None:
    """Each pair of possible twins once, from the upper one."""
    site = walk.state.site
    scratch = walk.crew.scratch(twins.compared_for, walk.state.basis.history, site.bands, len(site.places.ways))
    twins.compare_block(walk.left, site.places, walk.share, scratch, block, walk.unlike)


def _choose(walk: _Learning, block: NDArray[np.int32]) -> None:
    scratch = walk.crew.scratch(np.zeros, twins.TWINS)
    twins.choose_block(walk.state.pixels.learnt, walk.state.site.places, walk.unlike, scratch, block)


def _gauge(walk: _Learning, block: NDArray[np.int32]) -> None:
    site, history = walk.state.site, walk.state.basis.history
    whiten.learn_block(walk.by, walk.crew.scratch(whiten.whiten_work, history, site.bands, lag(site.settings), 0), block)


PASSES: Final = (
    Pass("residuals", _residuals, ahead=0, behind=0),
    Pass("twins", _compare, ahead=twins.REACH, behind=0, steps=1),
    Pass("twins", _choose, ahead=0, behind=twins.REACH),
    Pass("gauge", _gauge, ahead=0, behind=twins.REACH, steps=1),
)
"""In order, from the first to the last. Twins below are compared with, and there when the gauge is learnt."""


def learn_site(state: State, cube: Cube, crew: Crew) -> None:
    """Fill what is learnt behind the fit from a cube of the history, and how far it was followed."""
    site = state.site

    def begin(length: int) -> _Learning:
        left, unlike = left_of(length, state.basis.history, site.bands, 0), np.zeros((length, len(site.places.ways)))
        share = (1.0 / np.sqrt(state.typical)).astype(np.float32)
        return _Learning(state, cube, crew, left, whitened(state, left), unlike, share)

    walk_down(site.starts, PASSES, begin, crew)
