"""The append-only, hash-chained log of a dossier: each line holds the SHA-256 of the line before."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from spadework import __version__
from spadework.errors import StorageError
from spadework.store.files import sha256, storage_error

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

GENESIS: Final = "0" * 64
"""What the first line holds in place of a hash."""


def _before(line: bytes) -> str | None:
    """The hash that a line holds of the line before; None where it holds none."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return str(entry.get("prev")) if isinstance(entry, dict) else None


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
        self._count, self._head = 0, GENESIS
        if path.exists():
            self._mend()
            for line in self._lines():
                if _before(line) != self._head:
                    raise StorageError(
                        str(path),
                        f"line {self._count + 1} does not follow from the line before",
                        "restore the ledger from a copy: it was altered",
                    )
                self._head, self._count = sha256(line), self._count + 1

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines()
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _mend(self) -> None:
        try:
            data = self.path.read_bytes()
            if data and not data.endswith(b"\n"):
                cut = data.rfind(b"\n") + 1
                self.path.with_suffix(".torn").write_bytes(data[cut:])
                os.truncate(self.path, cut)
        except OSError as error:
            raise storage_error(self.path, error) from error

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Add one line.

        Raises:
            StorageError: no space or no permission.

        """
        with self._lock:
            entry = {
                "n": self._count + 1,
                "prev": self._head,
                "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "operator": os.environ.get("SPADEWORK_OPERATOR", "unknown"),
                "version": __version__,
                "kind": kind,
                "data": data,
            }
            line = json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str).encode()
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("ab", buffering=0) as file:
                    _write_whole(file, line + b"\n")
            except OSError as error:
                raise storage_error(self.path, error) from error
            self._head, self._count = sha256(line), self._count + 1

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """All lines of one kind, oldest first."""
        if not self.path.exists():
            return []
        return [entry for entry in map(json.loads, self._lines()) if entry["kind"] == kind]
