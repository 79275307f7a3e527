"""Passes that follow each other down a site: what lies between the first and the last is all that they hand on.

A table of passes says in which order, and how far each looks. At each step all passes go on at once: each as far down as the one
before it was two steps ago, less the rows that it looks ahead, so that a step may begin while the one before it ends (``Crew.go``).
While its row lies between the first pass and the last, a pixel has a place in a ring: its number modulo the ring's length.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import numpy as np

from spadework.change.algebra import LANES
from spadework.change.crew import tasks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from spadework.change.crew import Crew, Task

CHUNK_PIXELS: Final = 4096
"""Pixels, at least, by which a pass goes on at once: enough blocks for all threads, few rows of a wide site."""

Walk = TypeVar("Walk")


class Pass(NamedTuple, Generic[Walk]):
    """What is done with some rows."""

    name: str
    work: Callable[[Walk, NDArray[np.int32]], None]
    """Given the numbers of some of their pixels."""
    ahead: int
    """Rows by which the pass before must be further down."""
    behind: int
    """Rows above, of which it needs what passes before it left."""
    steps: int = 0
    """What a pixel counts in progress."""


def plan(starts: NDArray[np.intp], chunk: int, passes: Sequence[Pass[Walk]]) -> list[list[range]]:
    """Steps: in each the rows that each pass does, so that the first goes on by ``chunk`` pixels or a little more.

    At the bottom of the site there is nothing to look ahead to.
    """
    bottom, steps = len(starts) - 1, []
    before = last = [0] * len(passes)
    while last[-1] < bottom:
        to = [min(int(np.searchsorted(starts, starts[last[0]] + chunk)), bottom)]
        for one, done, above in zip(passes[1:], last[1:], before, strict=False):
            to.append(bottom if above == bottom else max(done, above - one.ahead))
        steps.append([range(*rows) for rows in zip(last, to, strict=True)])
        before, last = last, to
    return steps


def ring_length(starts: NDArray[np.intp], steps: Sequence[Sequence[range]], passes: Sequence[Pass[Walk]]) -> int:
    """Most pixels from the first row that any pass of a step, or of the one before it, needs to the last that the first pass does.

    And as many more as make a multiple of LANES: those taken side by side lie side by side.
    """
    longest = 1
    for step, before in zip(steps, [*steps[:1], *steps], strict=False):
        first = min(rows.start - one.behind for one, rows in zip(passes, before, strict=True))
        longest = max(longest, int(starts[step[0].stop] - starts[max(first, 0)]))
    return -(-longest // LANES) * LANES


def walk_down(starts: NDArray[np.intp], passes: Sequence[Pass[Walk]], begin: Callable[[int], Walk], crew: Crew) -> None:
    """All passes, step by step down the site.

    Args:
        starts: (row + 1), number of the first pixel of each row, and how many there are in all.
        passes: in order.
        begin: makes what they hand on, with a ring of so many pixels.
        crew: whose threads do it.

    """
    steps = plan(starts, CHUNK_PIXELS, passes)
    walk = begin(ring_length(starts, steps, passes))

    def tasks(step: Sequence[range]) -> Iterator[Task]:
        for one, rows in zip(passes, step, strict=True):
            pixels = range(starts[rows.start], starts[rows.stop])
            yield from tasks_of(pixels, partial(one.work, walk), steps=one.steps)

    crew.go(map(tasks, steps))
