"""Everything that any command would compile, compiled ahead: by doing it, small."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.change.history import monitor
from spadework.cube import Image
from spadework.intake.scenario import builtin_scenario
from spadework.machine import compiling, kept
from spadework.objects import candidate_finder, find
from spadework.records import VhrScene
from spadework.run.pipeline import MONITOR
from spadework.simulate.cube import cube_of

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.run.plan import OnStep

_SIDE: Final = 16
"""Of a site, pixels: enough for a common mode."""
_DAYS: Final = dt.date(2022, 1, 1), dt.date(2022, 9, 1), dt.date(2022, 12, 31)
"""First image, first day watched, last day."""
_TILE: Final = 96
"""Of an image, pixels: a vehicle and the ground around it."""


@dataclass(frozen=True, slots=True)
class Warmed:
    """What there is to keep, and what became of it."""

    functions: int
    """That are kept."""
    compiled: int
    """Of them, just now."""
    seconds: float
    folders: tuple[Path, ...]
    size: int
    """Bytes in those folders."""
    forgotten: int
    """Folders of old code that were removed."""

    @property
    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {**asdict(self), "folders": [str(folder) for folder in self.folders]}


def warm(on_step: OnStep) -> Warmed:
    """Do what compiles, on a site and an image of a few pixels; code that is kept already is only loaded.

    Args:
        on_step: told how many functions are done, of all.

    Raises:
        StorageError: code can be kept nowhere.

    """
    begun, every, compiled = time.monotonic(), kept(), 0

    def told(done: int, _begun: int) -> None:
        nonlocal compiled
        compiled = done
        on_step("warm", done, len(every))

    with compiling(told):
        _monitor_a_site()
        find(_image(), candidate_finder())
    folders = sorted({one.folder for one in every}, key=lambda folder: folder.path)
    return Warmed(
        functions=len(every),
        compiled=compiled,
        seconds=time.monotonic() - begun,
        folders=tuple(folder.path for folder in folders),
        size=sum(folder.size for folder in folders),
        forgotten=folders[0].forget_old(),
    )


def _monitor_a_site() -> None:
    made = replace(
        builtin_scenario("arid"), rows=_SIDE, cols=_SIDE, plants=(), start=_DAYS[0], watch_from=_DAYS[1], end=_DAYS[2]
    )
    cube, _ = cube_of(made)
    monitor(cube, made.watch_from, MONITOR)


def _image() -> Image:
    values = np.random.default_rng(1).normal(500, 20, (1, _TILE, _TILE)).astype(np.float32)
    scene = VhrScene("warm", gsd_m=(0.5, 0.5))
    return Image(values, np.ones(values.shape[1:], bool), ("pan",), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), scene)
