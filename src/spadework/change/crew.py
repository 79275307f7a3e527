"""Work over blocks of pixels, shared out among the threads of one call, and how far it is."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

Scratch = TypeVar("Scratch")
BLOCK_PIXELS: Final = 1024
"""Pixels handed to a thread at once: enough that handing over all those arrays costs little, few enough for all threads to have some."""


def cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


class Task(NamedTuple):
    """What a thread does at once."""

    work: Callable[[NDArray[np.int32]], None]
    block: NDArray[np.int32]
    """Numbers of the pixels that it is handed."""
    steps: int
    """What each of them counts in progress."""


def cut(numbers: range, size: int, origin: int = 0) -> list[range]:
    """Consecutive numbers, cut where so many, or a multiple of it, are counted from the origin: the first and the last may be the rest of one."""
    cuts = [numbers.start, *range(origin + ((numbers.start - origin) // size + 1) * size, numbers.stop, size), numbers.stop]
    return [range(first, end) for first, end in pairwise(cuts) if first < end]


def tasks_of(pixels: range, work: Callable[[NDArray[np.int32]], None], *, steps: int = 0) -> list[Task]:
    """Some work on consecutive pixels, block by block."""
    return [Task(work, np.arange(block.start, block.stop, dtype=np.int32), steps) for block in cut(pixels, BLOCK_PIXELS)]


@dataclass(slots=True, eq=False)
class Crew:
    """Threads, and whom to tell of steps done."""

    pool: ThreadPoolExecutor
    progress: Callable[[int, int], None] | None
    total: int
    """Steps in all."""
    done: int = 0
    kept: dict[tuple[object, ...], Any] = field(default_factory=dict)
    """What ``scratch`` made."""

    def scratch(self, make: Callable[..., Scratch], *sizes: int) -> Scratch:
        """Scratch arrays of this thread, of some sizes, made once: they hold what the block before left in them."""
        key = (threading.get_ident(), make, *sizes)
        if key not in self.kept:
            self.kept[key] = make(*sizes)
        return cast("Scratch", self.kept[key])

    def go(self, rounds: Iterable[Iterable[Task]]) -> None:
        """Do tasks round by round. A round begins while the last tasks of the one before are still under way, so that no thread waits.

        So a task may rest on what was done two rounds before, and must write nothing that others read or write in its own round,
        the one before, or the one behind.
        """
        under_way: deque[list[tuple[Future[None], int]]] = deque()
        for tasks in rounds:
            under_way.append([(self.pool.submit(task.work, task.block), task.steps * len(task.block)) for task in tasks])
            if len(under_way) > 1:
                self._wait(under_way.popleft())
        for last in under_way:
            self._wait(last)

    def _wait(self, tasks: list[tuple[Future[None], int]]) -> None:
        """Until all are done; whatever one of them raises is raised."""
        for task, steps in tasks:
            task.result()
            self.done += steps
            if self.progress is not None and steps:
                self.progress(self.done, self.total)


@contextmanager
def crew_for(total: int, progress: Callable[[int, int], None] | None) -> Iterator[Crew]:
    """Threads for one call of so many steps; when it fails or is broken off, blocks not begun are dropped."""
    pool = ThreadPoolExecutor(max_workers=cores())
    try:
        yield Crew(pool, progress, total)
    finally:
        pool.shutdown(cancel_futures=True)
