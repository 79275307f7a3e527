"""What a terminal has: progress bars, and patience with hosts from its environment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spadework.imagery.search import HttpRule


def patience() -> HttpRule:
    """Patience with hosts, from SPADEWORK_HTTP_TIMEOUT_S, _RETRIES and _BACKOFF_S."""
    from spadework.errors import UserError
    from spadework.imagery.search import HttpRule

    usual = HttpRule()
    try:
        return HttpRule(
            float(os.environ.get("SPADEWORK_HTTP_TIMEOUT_S", usual.timeout_s)),
            int(os.environ.get("SPADEWORK_HTTP_RETRIES", usual.retries)),
            float(os.environ.get("SPADEWORK_HTTP_BACKOFF_S", usual.backoff_s)),
        )
    except ValueError as error:
        raise UserError("SPADEWORK_HTTP_*", str(error), "set a number or unset it") from error


_WORDS = {
    "search": "searching the catalogue", "convert": "converting the real stack", "simulate": "simulating", "read": "reading looks",
    "fit": "fitting pixels", "events": "grouping events", "sensitivity": "planting known changes", "report": "drawing the report",
    "verify": "hashing files", "publish": "packing the export", "pdf": "setting the PDF", "scenes": "reading scenes",
    "compare": "comparing images", "train": "learning from labels", "objects": "searching the image", "warm": "compiling for this machine",
    "compile": "compiling for this machine, once: about a minute; `spadework warm` does it ahead",
}  # fmt: skip


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Progress bars on standard error, one a step, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def on_step(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_WORDS.get(step, step), total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield on_step
