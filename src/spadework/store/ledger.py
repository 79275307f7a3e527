"""The append-only, hash-chained log of a dossier, as a file; ``chain`` holds the rule of its lines."""

from __future__ import annotations

import datetime as dt
import errno
import os
import threading
from typing import TYPE_CHECKING, Any

from spadework import __version__
from spadework.errors import StorageError
from spadework.store.chain import Chain, read_line, write_line
from spadework.store.files import file_sha256, storage_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO
    from pathlib import Path

    from spadework.store.chain import Known


def gone(path: Path) -> StorageError:
    """What is said where a dossier has an index and no ledger: a run would begin another, without what the first alone knew."""
    mend = "restore it from a copy, or begin another dossier with --out: marks, sign-offs and exports stand there alone"
    return StorageError(str(path), "is missing or empty", mend)


def known_files(path: Path) -> Mapping[str, Known]:
    """What a ledger knows of every file of its dossier, by path below it; writes nothing, and leaves a line cut off at the end out.

    Raises:
        StorageError: it is missing, cannot be read, or its chain is broken.

    """
    chain = Chain()
    _follow(chain, path)
    if not chain.count:
        raise gone(path)
    return chain.files


def _follow(chain: Chain, path: Path) -> None:
    problem = chain.extend(_lines(path))
    if problem:
        raise StorageError(str(path), problem, "restore the ledger from a copy: it was altered")


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(str(path), f"cannot be read ({error.strerror})", "mend its permissions") from error


def _write_whole(file: FileIO, line: bytes) -> None:
    """Append a line, or nothing: half a line would break the chain for whoever appends next."""
    size = os.fstat(file.fileno()).st_size
    written = file.write(line)
    if written != len(line):
        file.truncate(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Ledger:
    """``ledger.jsonl`` of one dossier. Safe to use from threads; one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or begin a ledger; a last line cut off by a crash is set aside beside it.

        Raises:
            StorageError: it cannot be read, or its chain is broken.

        """
        self.path = path
        self._lock = threading.Lock()
        self._chain = Chain()
        if path.exists():
            self._mend()
            _follow(self._chain, path)
            self._note_torn()

    @property
    def files(self) -> Mapping[str, Known]:
        """What the ledger knows of every file of the dossier, by path below it."""
        return self._chain.files

    def lines(self) -> list[bytes]:
        """All lines, oldest first, without newlines.

        Raises:
            StorageError: it cannot be read.

        """
        return _lines(self.path)

    def _mend(self) -> None:
        try:
            data = self.path.read_bytes()
            if data and not data.endswith(b"\n"):
                cut = data.rfind(b"\n") + 1
                self.path.with_suffix(".torn").write_bytes(data[cut:])
                os.truncate(self.path, cut)
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _note_torn(self) -> None:
        torn = self.path.with_suffix(".torn")
        known = self.files.get(torn.name)
        if torn.exists() and (digest := file_sha256(torn)) != (known and known.sha256):
            self.append("torn", {"outputs": {torn.name: digest}})

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Add one line. ``outputs`` in its data says what files should be there from now on: {path: SHA-256 or None}.

        Raises:
            StorageError: no space or no permission.
            ValueError: ``outputs`` names a file by no path below the dossier, or by no hash.

        """
        with self._lock:
            line = write_line(
                {
                    "n": self._chain.count + 1,
                    "prev": self._chain.head,
                    "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "operator": os.environ.get("SPADEWORK_OPERATOR", "unknown"),
                    "version": __version__,
                    "kind": kind,
                    "data": data,
                }
            )
            before = Chain(self._chain.count, self._chain.head)
            if problem := before.follow(line):
                raise ValueError(problem)
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("ab", buffering=0) as file:
                    _write_whole(file, line + b"\n")
            except OSError as error:
                raise storage_error(self.path, error) from error
            self._chain.follow(line)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """All lines of one kind, oldest first."""
        return [entry for entry in map(read_line, self.lines()) if entry and entry["kind"] == kind]
