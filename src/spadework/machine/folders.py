"""Folders of kept machine code: outside the package, each for one room's sources on one kind of machine.

    <the user's cache folder>/spadework/<version>-<room>-<sources>-<cpu>-<machine>

``sources`` is a hash of all sources of the room and of this one: numba notices an edit only in the file of the function that
it keeps, and that function calls steps in other files. ``machine`` is a hash of what else code depends on: the CPU's features
and the versions of Python and numba. So nothing in a folder is ever stale, and two processes that share one want the same code.

Kept code is run as it is found. Below the folder for temporary files, where anybody may write, it is therefore taken only
from a folder of the user's own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pkgutil
import shutil
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spadework.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = "spadework"
FORGOTTEN_S: Final = 90 * 86400.0
"""Code that no process asked for so long is of a version, or a machine, that is gone."""
_LOCK: Final = ".lock"
_ELSEWHERE: Final = "name a folder that you can write to in NUMBA_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that can be written to."""

    path: Path

    @contextlib.contextmanager
    def alone(self, function: str) -> Iterator[None]:
        """Hold one function's code alone among all processes; on a file system without locks, hold nothing.

        numba writes its index before the code that it names, and reads it before it writes: two processes that compile one
        function at once do so twice, and with other types may name each other's code.

        Raises:
            StorageError: the disk is full, or the folder cannot be written any more.

        """
        lock = self.path / f"{function}{_LOCK}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.touch()  # when it was last asked for
            with lock.open("rb") as file:
                with contextlib.suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError(str(self.path), f"cannot keep code ({error.strerror})", _ELSEWHERE) from error

    @property
    def size(self) -> int:
        """Bytes of all files in it."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def forget_old(self) -> int:
        """Remove folders beside this one that nobody asked for in ``FORGOTTEN_S``; returns how many."""
        asked = {
            folder: max((lock.stat().st_mtime for lock in folder.glob(f"*{_LOCK}")), default=None)
            for folder in self.path.parent.iterdir()
        }
        old = [folder for folder, last in asked.items() if last is not None and last < time.time() - FORGOTTEN_S]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)  # another process may be at it too
        return len(old)


def sources_of(*rooms: str) -> str:
    """A hash of the sources of rooms, in order of name; rooms inside them compile nothing."""
    hashed = hashlib.sha256()
    for room in rooms:
        names = sorted(module.name for module in pkgutil.iter_modules(sys.modules[room].__path__) if not module.ispkg)
        for name in names:
            hashed.update(pkgutil.get_data(room, f"{name}.py") or b"")
    return hashed.hexdigest()[:12]


def cache_home(chosen: str) -> Path | None:
    """The user's cache folder: the one they chose, else that of the system; None where they have no home."""
    if chosen:
        return Path(chosen).absolute()
    named = Path(os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    except RuntimeError:
        return None


def folder_for(name: str, chosen: str) -> Folder:
    """The folder of that name, made: in the user's cache folder, or below that for temporary files where it cannot be written.

    Raises:
        StorageError: neither can be.

    """
    home = cache_home(chosen)
    if home is not None:
        with contextlib.suppress(OSError):
            return _made(home / PACKAGE / name)
    own = Path(tempfile.gettempdir(), f"{PACKAGE}-{os.getuid()}")
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        if not _ours_alone(own.lstat()):
            raise StorageError(str(own), "is no folder of yours alone, so code in it is not run", f"remove it, or {_ELSEWHERE}")
        return _made(own / name)
    except OSError as error:
        raise StorageError(str(own), f"cannot be written ({error.strerror})", _ELSEWHERE) from error


def _made(path: Path) -> Folder:
    path.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=path).close()
    return Folder(path)


def _ours_alone(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
