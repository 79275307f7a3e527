"""Passes that follow each other down a site: what lies between the first and the last is all that they hand on.

A table of passes says in which order, and how far each looks: a pass goes as far down as the one before it, less the rows that it
looks ahead. While its row lies between the first pass and the last, a pixel has a place in a ring: its number modulo the ring's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

CHUNK_PIXELS: Final = 4096
"""Pixels, at least, by which a pass goes on at once: enough blocks for all threads, few rows of a wide site."""

Walk = TypeVar("Walk")


class Pass(NamedTuple, Generic[Walk]):
    """What is done with some rows."""

    name: str
    work: Callable[[Walk, NDArray[np.int32]], None]
    """Given the numbers of their pixels."""
    ahead: int
    """Rows by which the pass before must be further down."""
    behind: int
    """Rows above, of which it needs what passes before it left."""


def plan(starts: NDArray[np.intp], chunk: int, passes: Sequence[Pass[Walk]]) -> list[list[range]]:
    """Steps: in each the rows that each pass does, so that the first goes on by ``chunk`` pixels or a little more.

    At the bottom of the site there is nothing to look ahead to.
    """
    bottom, steps, at = len(starts) - 1, [], [0] * len(passes)
    while at[-1] < bottom:
        to, step = min(int(np.searchsorted(starts, starts[at[0]] + chunk)), bottom), []
        for i, one in enumerate(passes):
            to = bottom if to == bottom else max(at[i], to - one.ahead)
            step.append(range(at[i], to))
            at[i] = to
        steps.append(step)
    return steps


def ring_length(starts: NDArray[np.intp], steps: Sequence[Sequence[range]], passes: Sequence[Pass[Walk]]) -> int:
    """Most pixels from the first row that any pass of a step needs to the last that the first pass does."""
    longest = 1
    for step in steps:
        first = min(rows.start - one.behind for one, rows in zip(passes, step, strict=True))
        longest = max(longest, int(starts[step[0].stop] - starts[max(first, 0)]))
    return longest


def walk_down(starts: NDArray[np.intp], passes: Sequence[Pass[Walk]], begin: Callable[[int], Walk]) -> None:
    """All passes, step by step down the site.

    Args:
        starts: (row + 1), number of the first pixel of each row, and how many there are in all.
        passes: in order.
        begin: makes what they hand on, with a ring of so many pixels.

    """
    steps = plan(starts, CHUNK_PIXELS, passes)
    walk = begin(ring_length(starts, steps, passes))
    for step in steps:
        for one, rows in zip(passes, step, strict=True):
            numbers = np.arange(starts[rows.start], starts[rows.stop], dtype=np.int32)
            if len(numbers):
                one.work(walk, numbers)
