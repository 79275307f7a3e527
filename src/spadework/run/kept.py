"""Monitoring that goes on from what a file keeps of earlier looks: only looks that are new are followed.

What is kept is gone on from only where it makes no difference: the same code, settings, area and history, and looks gone through
that are the first of today's, to the byte. In any other case, of which a look that comes late is one, all is learnt anew.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spadework.change.history import change_of, follow, history_of, keep, looks_of
from spadework.change.packed import arrays_of, state_of
from spadework.errors import StorageError, UserError
from spadework.grid import meet, reproject, rings_of
from spadework.run.outcome import WentOn
from spadework.run.pipeline import MONITOR
from spadework.store.files import check_folder_of, code_version
from spadework.store.state import foreign, read_arrays, read_facts, write_arrays

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spadework.change.state import State
    from spadework.cube import Change, Cube
    from spadework.records import MultiPolygon

    Progress = Callable[[int, int], None]


def check_file(path: Path, area: MultiPolygon) -> None:
    """Check, before anything is read, that the state of an area of interest can be kept in a file: it is ours, or none, and its folder can be written to.

    Raises:
        UserError: something else is there, or the state of ground that the area has no part of.
        StorageError: it cannot be read, or no file can be put there.

    """
    mend = "name another file with --state: this one stays as it is"
    if foreign(path):
        raise UserError(str(path), "is not a file in which a state is kept", mend)
    if path.exists() and not meet(_ground_of(path, area), area):
        raise UserError(str(path), "keeps the state of another area", mend)
    with _named_by_state():
        check_folder_of(path)


def monitor_on(cube: Cube, start: dt.date, path: Path, progress: Progress | None = None) -> tuple[Change, WentOn]:
    """As ``pipeline.change_of``, to the byte, going on from what a file keeps, which then keeps all that there is now; and how it went on.

    Raises:
        StorageError: no space or no permission; what the file kept stays.

    """
    facts = _facts(cube, start)
    state, why = _state(path, facts, cube) if path.exists() else (None, None)
    known = len(state.days) if state is not None else 0
    if state is None:
        state = keep(cube, start, MONITOR, progress)
    elif known < len(cube.looks):
        state = follow(state, looks_of(cube, slice(known, None)), progress)
    new = len(cube.looks) - known
    if new or why:
        with _named_by_state():
            write_arrays(path, arrays_of(state), facts)
    return change_of(state), WentOn(known, new, why)


def _ground_of(path: Path, area: MultiPolygon) -> MultiPolygon:
    """The ground whose state a file keeps; what is damaged, or does not tell, will be made anew and is nobody else's."""
    try:
        ground: MultiPolygon = read_facts(path).get("ground", area)
    except StorageError:
        return area
    return ground


@contextmanager
def _named_by_state() -> Iterator[None]:
    """Where no file can be put, it is --state that mends it."""
    try:
        yield
    except StorageError as error:
        raise StorageError(error.thing, error.problem, "check the folder given with --state") from error


def _facts(cube: Cube, start: dt.date) -> dict[str, Any]:
    """What a state depends on beside the area, as JSON gives it back."""
    with ThreadPoolExecutor() as pool:
        digests = list(pool.map(lambda t: _digest(cube, t), range(len(cube.looks))))
    told = {
        "code": code_version(),
        "settings": asdict(MONITOR),
        "bands": cube.bands,
        "history": history_of(cube, start),
        "ground": rings_of(reproject(shapely.box(*cube.grid.boundingbox.bbox), str(cube.grid.crs), "EPSG:4326")),
        "looks": list(zip(cube.days.tolist(), digests, strict=True)),
    }
    facts: dict[str, Any] = json.loads(json.dumps(told))
    return facts


def _digest(cube: Cube, t: int) -> str:
    """SHA-256 of what one look shows and of where it is clear."""
    digest = hashlib.sha256(np.ascontiguousarray(cube.reflectance[t]).data)
    digest.update(np.ascontiguousarray(cube.clear[t]).data)
    return digest.hexdigest()


def _state(path: Path, facts: dict[str, Any], cube: Cube) -> tuple[State | None, str | None]:
    """What a file keeps, if it can be gone on from; else why not."""
    try:
        arrays, kept = read_arrays(path)
        state = state_of(arrays, MONITOR)
    except (StorageError, ValueError) as error:
        return None, f"it {error.problem}" if isinstance(error, StorageError) else f"it holds no state ({error})"
    for name, why in (
        ("code", "it is of another version of Spadework"),
        ("settings", "it is of other settings"),
        ("bands", "it is of other bands"),
        ("history", "the history has other looks now"),
    ):
        if kept.get(name) != facts[name]:
            return None, why
    looks = kept.get("looks", [])
    if not np.array_equal(state.site.inside, cube.inside):
        return None, "it is of another area"
    if len(state.days) != len(looks) or looks != facts["looks"][: len(looks)]:
        return None, "a look came late, changed or is gone"
    return state, None
