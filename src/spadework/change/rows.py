"""All that follows the fit, pass behind pass down the site: what lies between the first and the last is all that is kept.

``PASSES``, below, is the order, and how far each looks: a pass goes as far down as the one before it, less the rows that it looks ahead.
Pixels have running numbers, row by row. While its row is between the first pass and the last, a pixel has a place in the ``Ring``:
its running number modulo the ring's length. Compiled passes know pixels by these places alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy import ndimage

from spadework.change import confirm, gauge, settings, twins, watch, whiten, windows
from spadework.change import fit as model
from spadework.change.common import fit_work, runs_of, series_of
from spadework.change.ring import NO_DAY, Ring, Site, no_change, ring_of
from spadework.change.stand import Whitened
from spadework.cube import OK, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spadework.change.crew import Crew

CHUNK_PIXELS: Final = 4096
"""Pixels, at least, by which a pass goes on at once: enough blocks for all threads, few rows of a wide site."""
REACH: Final = twins.RINGS[-1]
"""Rows from a pixel to its farthest twin."""
BESIDE: Final = 1
"""Rows from a pixel to its neighbours."""
STEPS: Final = 4
"""Passes over all pixels that progress is told of."""


class Pass(NamedTuple):
    """What is done with some rows."""

    name: str
    work: Callable[[_Walk, range], None]
    ahead: int
    """Rows by which the pass before must be further down."""
    behind: int
    """Rows above, of which it needs what passes before it left."""


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """One way down a site."""

    site: Site
    models: model.Models
    typical: NDArray[np.float32]
    """(band), the scene's noise variance."""
    crew: Crew
    ring: Ring
    starts: NDArray[np.intp]
    change: Change
    """Answers of the rows behind the last pass; filled in place."""
    again: NDArray[np.bool_]
    """(y, x), some twins were confirmed to have changed; filled in place."""

    def numbers(self, rows: range) -> NDArray[np.int32]:
        """Running numbers of the pixels of some rows."""
        return np.arange(self.starts[rows.start], self.starts[rows.stop], dtype=np.int32)

    def ringed(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Their places in the ring."""
        return numbers % np.int32(len(self.ring.known))

    @property
    def watched(self) -> windows.Watched:
        """What the watch goes by."""
        rule = settings.watch_rule(self.site.settings, self.site.bands)
        return windows.Watched(self.ring.fit, self.site.basis, rule, self.ring.stand, self.ring.places)


# ---------------------------------------------------------------- the passes
def _residuals(walk: _Walk, rows: range) -> None:
    """Enter the ring, and leave over there what the models do not expect."""
    site, ring = walk.site, walk.ring

    def work(block: NDArray[np.int32]) -> None:
        pixels, places = walk.ringed(block), site.places[block]
        ring.places.at[pixels] = np.column_stack(np.unravel_index(places, site.cube.inside.shape))
        ring.fit.coef[pixels] = walk.models.coef[block]
        ring.fit.method[pixels] = ring.method[pixels] = walk.models.method[block]
        ring.stand.distance[:, pixels], ring.stand.alike[:, pixels], ring.stand.factor[:, :, pixels] = 0, 0, 0
        ring.odd[pixels] = False
        model.leave_block(series_of(site.cube, places), site.basis, fit_work(site.times, site.bands), pixels, ring.fit)

    walk.crew.over(walk.numbers(rows), work)


def _compare(walk: _Walk, rows: range) -> None:
    """Each pair of possible twins once, from the upper one."""
    ring = walk.ring
    by = twins.Compared((1.0 / np.sqrt(walk.typical)).astype(np.float32), walk.site.basis.history)

    def work(block: NDArray[np.int32]) -> None:
        twins.compare_block(ring.fit, ring.places, by, block, ring.unlike)

    walk.crew.over(walk.ringed(walk.numbers(rows)), work, steps=1)


def _choose(walk: _Walk, rows: range) -> None:
    ring, fit = walk.ring, walk.ring.fit._replace(method=walk.ring.method)

    def work(block: NDArray[np.int32]) -> None:
        twins.choose_block(fit, ring.places, ring.unlike, block, ring.twins)

    walk.crew.over(walk.ringed(walk.numbers(rows)), work)


def _distances(walk: _Walk, rows: range) -> None:
    _whiten(walk, walk.ringed(walk.numbers(rows)), walk.ring.unknown, again=False)


def _whiten(walk: _Walk, pixels: NDArray[np.int32], known: NDArray[np.int32], *, again: bool) -> None:
    """Distances of some pixels, from twins that are not known to have changed; again: beside these alone."""
    site, ring, lag = walk.site, walk.ring, settings.lag(walk.site.settings)
    turn = whiten.Turn(site.basis.history if again else 0, site.times, 1 if again else 3, keep=False)
    rule = settings.whiten_rule(site.settings, site.bands, site.times)
    part = (site.cube.days % float(model.YEAR) / float(model.YEAR) * gauge.PARTS).astype(np.int32)
    by = Whitened(ring.fit, site.basis, rule, walk.typical, ring.twins, part, known)

    def work(block: NDArray[np.int32]) -> None:
        whiten.whiten_block(by, whiten.whiten_work(site.times, site.bands, lag), block, ring.kept, ring.stand, turn)

    walk.crew.over(pixels, work, steps=0 if again else 1)


def _watch(walk: _Walk, rows: range) -> None:
    ring, pixels = walk.ring, walk.ringed(walk.numbers(rows))
    _confirm(walk, pixels)
    found = ring.watching.confirmed[pixels]
    ring.known[pixels] = np.where(found >= 0, walk.site.basis.history + found, walk.site.times)


def _confirm(walk: _Walk, pixels: NDArray[np.int32]) -> None:
    """Watch some pixels from the first watched look to the last."""
    site, ring, on = walk.site, walk.ring, walk.watched
    watched, sizes = site.times - site.basis.history, len(site.settings.window_tails)

    def work(block: NDArray[np.int32]) -> None:
        watch.begin(ring.watching, block)
        watch.watch_block(on, confirm.watch_work(watched, site.bands, sizes), block, (0, watched), ring.watching, ring.odd)

    walk.crew.over(pixels, work)


def _distances_again(walk: _Walk, rows: range) -> None:
    """From the twins that are left, where some were confirmed to have changed."""
    numbers = walk.numbers(rows)
    pixels = walk.ringed(numbers)
    chosen = walk.ring.twins[pixels]
    again = ((chosen >= 0) & (walk.ring.known[chosen] < walk.site.times)).any(axis=1)
    walk.again.reshape(-1)[walk.site.places[numbers]] = again
    _whiten(walk, pixels[again], walk.ring.known, again=True)


def _watch_again(walk: _Walk, rows: range) -> None:
    """Those pixels and their neighbours."""
    around = range(max(rows.start - BESIDE, 0), rows.stop + BESIDE)
    near = ndimage.binary_dilation(walk.again[around.start : around.stop], structure=np.ones((3, 3), np.bool_))
    asked = near[rows.start - around.start :][: len(rows)][walk.site.cube.inside[rows.start : rows.stop]]
    _confirm(walk, walk.ringed(walk.numbers(rows))[asked])


def _hand_over(walk: _Walk, rows: range) -> None:
    """Put the answers on the cube's grid, watched time indices as days, and leave the ring."""
    site, watching, change, on = walk.site, walk.ring.watching, walk.change, walk.watched
    day_at = np.append(site.cube.days[site.basis.history :], np.int32(NO_DAY))
    anomalous = change.anomalous.reshape(site.times, site.cube.inside.size)[site.basis.history :]

    def work(block: NDArray[np.int32]) -> None:
        pixels, places = walk.ringed(block), site.places[block]
        reason = watch.reason(on, watching, pixels)
        ok = reason == OK

        def days(index: NDArray[np.int32]) -> NDArray[np.int32]:
            return np.where(ok, np.where(index >= 0, day_at[index], 0), NO_DAY).astype(np.int32)

        for raster, values in (
            (change.first_anomaly, days(watching.first[pixels])),
            (change.confirmed, days(watching.confirmed[pixels])),
            (change.statistic, np.where(ok, watch.statistic(watching, pixels), np.float32(np.nan))),
            (change.clear_looks, watching.clear_looks[pixels]),
            (change.reason, reason),
            (change.method, np.where(ok, walk.ring.fit.method[pixels], 0)),
            (change.recovered, watching.recovered[pixels]),
        ):
            raster.reshape(-1)[places] = values
        odd, first = (walk.ring.odd[pixels] & ok[:, None]).T, 0
        for run in runs_of(places):
            after = first + run.stop - run.start
            anomalous[:, run] = odd[:, first:after]
            first = after

    walk.crew.over(walk.numbers(rows), work, steps=1)


PASSES: Final = (
    Pass("residuals", _residuals, ahead=0, behind=0),
    Pass("twins", _compare, ahead=REACH, behind=0),
    Pass("twins", _choose, ahead=0, behind=REACH),
    Pass("distances", _distances, ahead=0, behind=REACH),
    Pass("watch", _watch, ahead=BESIDE, behind=BESIDE),
    Pass("again", _distances_again, ahead=REACH, behind=REACH),
    Pass("again", _watch_again, ahead=BESIDE, behind=BESIDE),
    Pass("answers", _hand_over, ahead=0, behind=0),
)
"""In order, from the first to the last. Twins below are compared with, and there when distances are taken: these look no further
ahead. Again needs the first watch of all twins, and lies far enough behind it that no first watch sees a distance taken again."""


# ---------------------------------------------------------------- the way
def plan(starts: NDArray[np.intp], chunk: int) -> list[list[range]]:
    """Steps: in each the rows that each pass does, so that the first goes on by ``chunk`` pixels or a little more.

    At the bottom of the site there is nothing to look ahead to.
    """
    bottom, steps, at = len(starts) - 1, [], [0] * len(PASSES)
    while at[-1] < bottom:
        to, step = min(int(np.searchsorted(starts, starts[at[0]] + chunk)), bottom), []
        for i, one in enumerate(PASSES):
            to = bottom if to == bottom else max(at[i], to - one.ahead)
            step.append(range(at[i], to))
            at[i] = to
        steps.append(step)
    return steps


def ring_length(starts: NDArray[np.intp], steps: Sequence[Sequence[range]]) -> int:
    """Most pixels from the first row that any pass of a step needs to the last that the first pass does."""
    longest = 1
    for step in steps:
        first = min(rows.start - one.behind for one, rows in zip(PASSES, step, strict=True))
        longest = max(longest, int(starts[step[0].stop] - starts[max(first, 0)]))
    return longest


def walk_down(site: Site, models: model.Models, typical: NDArray[np.float32], crew: Crew) -> Change:
    """All passes behind the fit, step by step down the site.

    Args:
        site: what all passes share.
        models: of all its pixels.
        typical: (band), the scene's noise variance.
        crew: who works.

    """
    steps = plan(site.starts, CHUNK_PIXELS)
    ring = ring_of(site, ring_length(site.starts, steps))
    again = np.zeros(site.cube.inside.shape, np.bool_)
    walk = _Walk(site, models, typical, crew, ring, site.starts, no_change(site), again)
    for step in steps:
        for one, rows in zip(PASSES, step, strict=True):
            if walk.starts[rows.start] < walk.starts[rows.stop]:
                one.work(walk, rows)
    return walk.change
