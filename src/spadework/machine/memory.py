"""Room for large arrays: in memory, up to what is allowed, and beyond that in files that the system pages in and out.

So a site larger than memory takes longer, and the same answers come out. The files have no name, and are gone with the process
however it ends. Their space is reserved when they are made: a disk that is too full is known then, and not half-way through.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.errors import StorageError, UserError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

VARIABLE: Final = "SPADEWORK_MEMORY_GB"
MEMORY_GB: Final = 8.0
"""Allowed where the variable does not say."""
GB: Final = 1 << 30
SMALL: Final = 1 << 20
"""Bytes; smaller arrays are not counted."""
LARGE_FILES: Final = Path("/var/tmp")  # noqa: S108 - where a system has its large temporary files; ours have no name there


@dataclass(slots=True)
class _Held:
    """Bytes of the large arrays that are in memory now."""

    count: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Taken again by the thread that has it where an array goes meanwhile."""

    def take(self, size: int, most: float) -> bool:
        """Count so many more, if they are not too many then."""
        with self.lock:
            fits = self.count + size <= most
            self.count += size if fits else 0
        return fits

    def give_back(self, size: int) -> None:
        """They are gone."""
        with self.lock:
            self.count -= size


_HELD: Final = _Held()


def _allowed() -> float:
    """Bytes of large arrays that may be in memory at once.

    Raises:
        UserError: the variable is no number.

    """
    told = os.environ.get(VARIABLE, str(MEMORY_GB))
    try:
        most = float(told)
    except ValueError:
        most = math.nan
    if not most >= 0:
        raise UserError(VARIABLE, f"is {told!r}, no number of gigabytes", f"set it to {MEMORY_GB:g}, say, or not at all")
    return most * GB


def room(shape: tuple[int, ...] | int, kind: DTypeLike, fill: Any = 0) -> NDArray[Any]:  # noqa: ANN401 - as numpy has it
    """An array of one number: in memory where it and all others that this function made are no more than allowed, else in a file.

    Raises:
        StorageError: no space for the file.
        UserError: what is allowed is no number.

    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
    array = np.zeros(shape, kind) if size < SMALL else _large(shape, np.dtype(kind), size)
    if fill:
        array.fill(fill)
    return array


def _large(shape: tuple[int, ...] | int, kind: np.dtype[Any], size: int) -> NDArray[Any]:
    most = _allowed()
    if not _HELD.take(size, most):
        return np.ndarray(shape, kind, _file(size, most))
    try:
        array = np.zeros(shape, kind)
    except MemoryError:
        _HELD.give_back(size)
        raise
    weakref.finalize(array, _HELD.give_back, size).atexit = False
    return array


def _file(size: int, most: float) -> mmap.mmap:
    """The bytes, all 0, of a file that has no name."""
    folder = _folder()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
            mapped = mmap.mmap(file.fileno(), size)
            # work goes down a thousand planes at once: what would be read ahead of each is lost before it is wanted
            if hasattr(mmap, "MADV_RANDOM"):
                mapped.madvise(mmap.MADV_RANDOM)
            return mapped
    except OSError as error:
        raise StorageError(
            str(folder),
            f"has no room for {size / GB:.3g} GB beyond the {most / GB:.3g} GB allowed in memory ({error.strerror})",
            f"draw the area smaller, shorten [period], name a folder with more space in TMPDIR, or set {VARIABLE}",
        ) from error


def _folder() -> Path:
    named = os.environ.get("TMPDIR")
    if named is None and LARGE_FILES.is_dir():
        return LARGE_FILES
    return Path(named or tempfile.gettempdir())
