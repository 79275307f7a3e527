"""Files are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from spadework.errors import StorageError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PART: Final = ".part-"
"""How the name of a half-written file begins."""
BLOCK: Final = 1 << 20
"""Bytes read at once."""
_LONGEST_PATH: Final = 1000
"""Characters of a path below a dossier."""


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> str:
    """Write bytes beside the target and move them into place, with the mode of a file; returns their SHA-256.

    Raises:
        StorageError: no space or no permission; nothing is left half-written.

    """
    with atomic(path, mode) as file:
        file.write(data)
    return sha256(data)


@contextlib.contextmanager
def atomic(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file beside the target, open for writing, moved into place at the end; its folders are made.

    Raises:
        StorageError: no space or no permission; nothing is left half-written.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_error(path, error) from error


def check_folder_of(path: Path) -> None:
    """Check, before long work, that a file can be put somewhere; its folders are made.

    Raises:
        StorageError: no space or no permission.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise storage_error(path, error) from error


def remove(path: Path) -> None:
    """Remove a file that may not be there.

    Raises:
        StorageError: no permission.

    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """An operating-system error as one clear line."""
    if error.errno == errno.ENOSPC:
        return StorageError(
            str(path), "no space left on the disk", "free some and run again; what is written stays and is not redone"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(str(path), "no permission to write", "mend the permissions, or work in another folder")
    return StorageError(
        str(path), f"cannot be written ({error.strerror or error})", "check the path, or work in another folder"
    )


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str | None:
    """Hexadecimal SHA-256 of a file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Digest:
    """What is known of some bytes without keeping them."""

    bytes: int
    crc32: int
    sha256: str
    """Hexadecimal."""


def digest_of(blocks: Iterable[bytes]) -> Digest:
    """Digest of bytes that come in blocks."""
    size, crc, sha = 0, 0, hashlib.sha256()
    for block in blocks:
        size, crc = size + len(block), zlib.crc32(block, crc)
        sha.update(block)
    return Digest(size, crc, sha.hexdigest())


def file_blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a regular file in blocks; a symbolic link in its place is not followed.

    Raises:
        OSError: it cannot be read, or is no regular file.

    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "is no regular file")
        while block := file.read(BLOCK):
            yield block


def range_blocks(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    """Bytes of an open file in blocks, fewer where it ends; from as many threads as you like."""
    at, end = start, start + length
    while at < end and (block := os.pread(file.fileno(), min(BLOCK, end - at), at)):
        at += len(block)
        yield block


def safe_path(text: object) -> bool:
    """Whether a text is the path of a file below a folder, spelt in the one way that stays there on every system."""
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_PATH or not text.isprintable():
        return False  # isprintable refuses control characters and lone surrogates
    return not set(text) & set("\\:") and all(part not in ("", ".", "..") for part in text.split("/"))


def code_version() -> str:
    """SHA-256 over the package's own sources: results are kept only while the code that made them is the same."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.j2"), *root.rglob("*.js")]):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def clear_leftovers(root: Path) -> None:
    """Remove half-written files of a run that was killed."""
    for path in root.rglob(f"{PART}*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Hold the dossier alone while writing to it.

    Raises:
        UserError: it is a file.
        StorageError: another process is at work on it, or it cannot be written.

    """
    if root.is_file():
        raise UserError(str(root), "is a file, no dossier", "name the folder of the dossier")
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".lock").open("w")
    except OSError as error:
        raise storage_error(root, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageError(str(root), "another run is writing to it", "wait for it to end") from error
        clear_leftovers(root)
        yield
