"""Work over blocks of pixels, shared out among the threads of one call, and how far it is."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

Scratch = TypeVar("Scratch")
BLOCK_PIXELS: Final = 256
"""Pixels handed to a thread at once: their looks fit a core's cache."""


def cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


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

    def over(
        self, pixels: NDArray[np.int32], work: Callable[[NDArray[np.int32]], None], *, steps: int = 0, share: int = 1
    ) -> None:
        """Do some work on pixels, block by block in threads, each of them ``steps`` of all; no block may write what another reads.

        Where a pixel has but a ``share`` of its looks to be worked on, blocks have that many times the pixels.
        """
        size = share * BLOCK_PIXELS
        blocks = [pixels[i : i + size] for i in range(0, len(pixels), size)]
        for block, _ in zip(blocks, self.pool.map(work, blocks), strict=True):
            self.done += steps * len(block)
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
