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

The first two go over the whole site; the others follow each other down it, a few rows at a time (``rows``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spadework.change import fit as model
from spadework.change.common import fit_work, learn_common, no_models, plain_basis, regressed, series_of
from spadework.change.crew import crew_for
from spadework.change.ring import Site
from spadework.change.rows import STEPS, walk_down
from spadework.change.settings import DEFAULT, MonitorSettings, common_rule, fit_rule
from spadework.cube import PER_UNIT, Change, Cube, day_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.change.crew import Crew


def learn(site: Site, crew: Crew) -> model.Models:
    """What the history of each pixel teaches."""
    models, rule, history = no_models(len(site.places), site.bands), fit_rule(site.settings), site.basis.history

    def work(block: NDArray[np.int32]) -> None:
        series = series_of(site.cube, site.places[block], history)
        model.fit_block(series, site.basis, rule, fit_work(history, site.bands), block, models)

    crew.over(np.arange(len(site.places), dtype=np.int32), work, steps=1)
    return models


def typical_noise(site: Site, models: model.Models) -> NDArray[np.float32]:
    """(band): the scene's noise variance, the median of its pixels'."""
    fitted = regressed(models)
    if not fitted.any():
        return np.full(site.bands, (site.settings.pair_noise * PER_UNIT) ** 2, np.float32)
    return np.asarray(np.median(models.noise[fitted], axis=0).astype(np.float32).clip(1.0))


def monitor(
    cube: Cube,
    start: dt.date,
    settings: MonitorSettings = DEFAULT,
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
    plain = plain_basis(cube.days, history, len(cube.bands))
    basis = learn_common(cube, plain, fit_rule(settings), common_rule(settings))
    site = Site(cube, settings, basis, np.flatnonzero(cube.inside))
    with crew_for(STEPS * len(site.places), progress) as crew:
        models = learn(site, crew)
        return walk_down(site, models, typical_noise(site, models), crew)
