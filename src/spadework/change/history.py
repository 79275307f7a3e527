"""Per-pixel monitoring: what was normal before ``start``, and what is not normal since.

Looks before ``start`` are the history. All bands are judged together, in units of the pixel's own noise.

1. *Common mode* (``common``): what a look does to the whole scene is taken out.
2. *Model* (``fit``): order-2 harmonics by reweighted least squares (Zhu and Woodcock 2014, Remote Sens. Environ. 144, 152-171,
   for the harmonics; Huber 1964 for the reweighting), fewer terms where the history is short, and at last the history look
   nearest in season.
3. *Twins* (``twins``): up to 15 pixels 4 to 22 pixels away that did the same through the history.
4. *Distances* (``whiten``): from the twins, from the own past, and from the own past with its season forgiven.
5. *Confirmation and recovery* (``watch``): 3 to 8 clear looks together, neighbours lowering the bar. Twins whose change stands
   are nobody's twins.

The history is learnt from once (``learn``). Watched looks are gone through part by part (``follow``): monitoring is a recursion
over looks, and what it needs of those gone through is the ``State``. Whether looks come at once or one by one makes no difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spadework.change import learn as learning
from spadework.change import watch
from spadework.change.common import common_of, learn_sample, plain_basis
from spadework.change.crew import crew_for
from spadework.change.follow import follow_part, parts
from spadework.change.settings import DEFAULT, MonitorSettings, common_rule, fit_rule, lag
from spadework.change.site import site_of
from spadework.change.state import NO_LOOK, State, no_pixels
from spadework.cube import OK, OUTSIDE_AOI, Change, Cube, day_number
from spadework.machine import room

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.change.fit import Basis

    Progress = Callable[[int, int], None]

NO_DAY = -1


def looks_of(cube: Cube, looks: slice) -> Cube:
    """Some looks of a cube; nothing is copied."""
    return replace(
        cube, reflectance=cube.reflectance[looks], clear=cube.clear[looks], snow=cube.snow[looks], looks=cube.looks[looks]
    )


def learn(cube: Cube, settings: MonitorSettings = DEFAULT, progress: Progress | None = None) -> State:
    """What a history teaches, and nothing watched yet.

    Args:
        cube: the looks of the history; not modified. A look with MISSING in any band counts as not clear there.
        settings: the one default setting, or another.
        progress: called between blocks with steps done and steps in all, ``learn.STEPS`` a pixel.

    """
    site, history = site_of(cube.inside, len(cube.bands), settings), len(cube.looks)
    pixels = no_pixels(site.pixels, site.bands, lag(settings))
    basis, sample = learn_sample(cube, plain_basis(cube.days, history, site.bands), fit_rule(settings), common_rule(settings))
    with crew_for(learning.STEPS * site.pixels, progress) as crew:
        typical, pairs = learning.fit_site(site, cube, basis, pixels.learnt, crew)
        nothing = np.zeros((0, -(-site.pixels // 8)), np.uint8)
        state = State(site, cube.days, basis, sample, typical, pairs, pixels, nothing)
        learning.learn_site(state, cube, crew)
    return state


def follow(state: State, cube: Cube, progress: Progress | None = None) -> State:
    """Go on over the looks of a cube, all of them later than those gone through; the pixels of the state that was are used up.

    Args:
        state: what is kept of the looks before.
        cube: new looks of the same pixels and bands; not modified.
        progress: called between blocks with steps done and steps in all, one a pixel and part.

    Returns:
        What is kept behind the last look; in ``odd`` the looks that lie beyond the single-look threshold.

    """
    rule, before = common_rule(state.site.settings), len(state.days)
    ways = parts(state.basis.history, range(before, before + len(cube.looks)))
    with crew_for(len(ways) * state.site.pixels, progress) as crew:
        for way in ways:
            part = looks_of(cube, slice(way.start - before, way.stop - before))
            days = np.append(state.days, part.days)
            basis = common_of(state.sample, part, way.start, _longer(state, days), rule)
            state = replace(state, days=days, basis=basis)
            odd = follow_part(state, part, crew)
            state = replace(state, odd=np.append(state.odd, np.packbits(odd.T, axis=1), axis=0))
    return state


def _longer(state: State, days: NDArray[np.int32]) -> Basis:
    """The basis with room for more days; their common mode changes nothing."""
    basis = plain_basis(days, state.basis.history, state.site.bands)
    basis.common[: len(state.days)], basis.doubt[: len(state.days)] = state.basis.common, state.basis.doubt
    return basis


def change_of(state: State) -> Change:
    """What is known behind the last look: rasters on the site's grid, (y, x) and (time, y, x) as ``Change`` says.

    Days lie within the watched period; ``recovered`` pixels are not in ``confirmed``.
    """
    inside, watching, learnt = state.site.inside, state.pixels.watching, state.pixels.learnt
    reason = watch.reason(learnt, watching)
    ok = reason == OK

    def raster(values: NDArray[Any], fill: float) -> NDArray[Any]:
        out = np.full(inside.shape, fill, values.dtype)
        out[inside] = values
        return out

    def days(look: NDArray[np.int16]) -> NDArray[np.int32]:
        return np.where(ok, np.where(look == NO_LOOK, 0, np.append(state.days, 0)[look]), NO_DAY).astype(np.int32)

    anomalous = room((len(state.days), *inside.shape), np.bool_)
    for t, odd in enumerate(state.odd, state.basis.history):
        anomalous[t][inside] = np.unpackbits(odd, count=state.site.pixels).astype(np.bool_) & ok
    return Change(
        first_anomaly=raster(days(watching.first), NO_DAY),
        confirmed=raster(days(watching.confirmed), NO_DAY),
        statistic=raster(np.where(ok, watch.statistic(watching), np.float32(np.nan)), np.nan),
        clear_looks=raster(watching.clear_looks, 0),
        reason=raster(reason, OUTSIDE_AOI),
        method=raster(np.where(ok, learnt.method, np.uint8(0)), 0),
        recovered=raster(watching.recovered, fill=False),
        anomalous=anomalous,
    )


def history_of(cube: Cube, start: dt.date) -> int:
    """How many looks of a cube that is watched from ``start`` on are its history."""
    return int(np.searchsorted(cube.days, day_number(start), side="left"))


def monitor(cube: Cube, start: dt.date, settings: MonitorSettings = DEFAULT, progress: Progress | None = None) -> Change:
    """Watch every pixel of a cube from ``start`` on for lasting departures from its own history and from its twins.

    Args:
        cube: the stack; not modified. A look with MISSING in any band counts as not clear there.
        start: first day watched; earlier looks are the history.
        settings: the one default setting, or another.
        progress: called between blocks with steps done and steps in all.

    Returns:
        As ``change_of``. The answer does not depend on the number of threads.

    """
    return change_of(keep(cube, start, settings, progress))


def keep(cube: Cube, start: dt.date, settings: MonitorSettings = DEFAULT, progress: Progress | None = None) -> State:
    """As ``monitor``, but what is kept behind the last look."""
    history, pixels = history_of(cube, start), int(cube.inside.sum())
    learnt = learning.STEPS * pixels
    total = learnt + len(parts(history, range(history, len(cube.looks)))) * pixels

    def told(before: int) -> Progress | None:
        return None if progress is None else lambda done, _: progress(before + done, total)

    state = learn(looks_of(cube, slice(history)), settings, told(0))
    return follow(state, looks_of(cube, slice(history, None)), told(learnt))
