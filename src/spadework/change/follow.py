"""Watched looks, part by part: what each leaves over, where the pixels stand, and what their watch makes of it.

A part is some consecutive looks of the whole site. It goes down the site by rows (``rows``), each row going on from what is kept of its
pixels; what is kept then says everything that later parts need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.change import confirm, twins, watch, whiten
from spadework.change import fit as model
from spadework.change.common import fit_work, series_of
from spadework.change.crew import cut
from spadework.change.recent import enter_block, left_of, recent_of
from spadework.change.rows import Pass, walk_down
from spadework.change.settings import lag, watch_rule, whitened
from spadework.change.stand import Watched
from spadework.change.state import NO_LOOK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.crew import Crew
    from spadework.change.stand import Recent, Whitened
    from spadework.change.state import Pairs, State
    from spadework.cube import Cube

PART: Final = 16
"""Watched looks from one asking who is nobody's twin to the next: twins that changed are left out from the next part on, while their
change stands. Parts are counted from the first watched look."""
BESIDE: Final = 1
"""Rows from a pixel to its neighbours."""


def parts(history: int, looks: range) -> list[range]:
    """Looks as parts, the first and the last of which may be the rest of one."""
    return cut(looks, PART, history)


def with_pairs(pairs: Pairs, series: model.Series, block: NDArray[np.int32]) -> model.Series:
    """Looks of a block, and before them those of the history that its pixels are compared with look by look."""
    some = slice(*np.searchsorted(pairs.pixel, (block[0], block[-1] + 1)))
    if some.start == some.stop:
        return series
    look = np.unique(pairs.look[some])
    look = look[look != NO_LOOK].astype(np.int32)
    values = np.zeros((len(look), *series.values.shape[1:]), np.int16)
    clear = np.zeros((len(look), len(block)), np.bool_)
    pair, slot = np.nonzero(pairs.look[some] != NO_LOOK)
    row, column = np.searchsorted(look, pairs.look[some][pair, slot]), np.searchsorted(block, pairs.pixel[some][pair])
    values[row, :, column], clear[row, column] = pairs.seen[some][pair, slot], True
    return model.Series(
        np.append(look, series.look), np.append(values, series.values, axis=0), np.append(clear, series.clear, axis=0)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One way down a site."""

    state: State
    """Its pixels are filled in place."""
    cube: Cube
    """The looks of the part."""
    crew: Crew
    left: model.Left
    recent: Recent
    by: Whitened
    on: Watched
    odd: NDArray[np.bool_]
    """(pixel, look of the part), beyond the single-look threshold; filled in place."""


# ---------------------------------------------------------------- the passes
def _enter(walk: _Part, block: NDArray[np.int32]) -> None:
    """Enter the ring, and leave over there what the models do not expect."""
    state, followed = walk.state, walk.state.pixels.followed
    series = with_pairs(state.pairs, series_of(walk.cube, state.site.places.at[block], walk.left.first), block)
    scratch = walk.crew.scratch(fit_work, len(series.look), state.site.bands)
    model.leave_block(series, state.basis, scratch, block, state.pixels.learnt, walk.left)
    enter_block(followed.look, followed.told, walk.left, block, walk.recent)


def _distances(walk: _Part, block: NDArray[np.int32]) -> None:
    site, looks, first = walk.state.site, len(walk.cube.looks), walk.left.first
    scratch = walk.crew.scratch(whiten.whiten_work, looks, site.bands, lag(site.settings), first % 2)
    whiten.whiten_block(walk.by, scratch, block, walk.recent)


def _watch(walk: _Part, block: NDArray[np.int32]) -> None:
    site, looks, sizes = walk.state.site, len(walk.cube.looks), len(walk.state.site.settings.window_tails)
    scratch = walk.crew.scratch(confirm.watch_work, looks, site.bands, sizes)
    watch.watch_block(walk.on, scratch, block, walk.state.pixels.watching, walk.odd, walk.left.first)


PASSES: Final = (
    Pass("residuals", _enter, ahead=0, behind=0),
    Pass("distances", _distances, ahead=twins.REACH, behind=twins.REACH),
    Pass("watch", _watch, ahead=BESIDE, behind=BESIDE, steps=1),
)
"""In order, from the first to the last."""


def follow_part(state: State, cube: Cube, crew: Crew) -> NDArray[np.bool_]:
    """Go on over the looks of one part, the last ones that ``state.days`` and ``state.basis`` know; (pixel, look), which are odd."""
    site, looks, lags = state.site, len(cube.looks), lag(state.site.settings)
    first, watching = len(state.days) - looks, state.pixels.watching
    odd = np.zeros((site.pixels, looks), np.bool_)
    if (first - state.basis.history) % PART == 0:
        watching.left_out[:] = watching.confirmed != NO_LOOK

    def begin(length: int) -> _Part:
        left, recent = left_of(length, looks, site.bands, first), recent_of(length, lags + looks, site.bands)
        on = Watched(state.pixels.learnt, left, recent, state.basis, watch_rule(site.settings, site.bands), site.places)
        return _Part(state, cube, crew, left, recent, whitened(state, left), on, odd)

    walk_down(site.starts, PASSES, begin, crew)
    return odd
