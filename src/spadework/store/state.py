"""Named arrays and a few facts, kept from one run to the next in one file.

The file is the zip of ``container``: ``facts.json``, then one ``.npy`` per array in order of their names, so ``numpy.load`` and
any unzip open it. Same content, same bytes. Every byte is covered: those of an entry by its CRC-32, all others by being the
only ones that such a zip can have. Nothing is made of an entry before its checksum is right, and nothing is unpickled.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from spadework.errors import StorageError
from spadework.machine import room
from spadework.store.container import ContainerError, Entry, Layout, layout, read_index, unsafe_names, zip_blocks
from spadework.store.files import BLOCK, atomic
from spadework.store.trail import THREADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

FORMAT: Final = 1
"""Version of the file."""
_FACTS: Final = "facts.json"
_NAME_AT: Final = 30
"""Where the name of a zip's first entry begins."""
_NPY: Final = ".npy"
_LONGEST_HEAD: Final = 10 + (1 << 16)
"""Bytes of the longest head that ``.npy`` 1.0 can have."""
_MEND: Final = "delete that one file and run again: what it held is then learnt anew"


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Write a file that ``read_arrays`` reads, whole and on the disk or not at all; no array is copied as a whole.

    Args:
        path: of the file; its folders are made.
        arrays: by name, of any dtype but object; what is contiguous neither way is stored in C order.
        facts: what JSON gives back as it was: texts, finite numbers, truths, None, and lists and dicts of them.

    Raises:
        StorageError: no space or no permission; what was there stays.
        ValueError: a name, dtype or fact that cannot be kept.

    """
    names = sorted(arrays)
    wrong = unsafe_names([_FACTS, *(name + _NPY for name in names)])
    if wrong:
        raise ValueError(" ".join(wrong[0]))
    told = [memoryview(_facts_text(facts))]

    def content(entry: Entry) -> Iterable[memoryview]:
        return told if entry.name == _FACTS else _npy(arrays[entry.name.removesuffix(_NPY)])

    with ThreadPoolExecutor(THREADS) as pool:
        entries = [_entry(_FACTS, told), *pool.map(lambda name: _entry(name + _NPY, _npy(arrays[name])), names)]
    with atomic(path) as file:
        for block in zip_blocks(entries, content):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def foreign(path: Path) -> bool:
    """Whether something is there that does not begin as such a file does, damaged or not, so that it must not be written over.

    Raises:
        StorageError: it cannot be read.

    """
    try:
        if not path.exists():
            return False
        if not path.is_file():
            return True
        with path.open("rb") as file:
            head = file.read(_NAME_AT + len(_FACTS))
    except OSError as error:
        raise StorageError(str(path), f"cannot be read ({error.strerror or error})", "check its permissions") from error
    return not (head.startswith(b"PK\3\4") and head[_NAME_AT:] == _FACTS.encode())


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """(arrays, facts) as they were written, the arrays in order of their names.

    Raises:
        StorageError: no such file, it cannot be read, is of another version, cut off or damaged; names a damaged array.

    """
    with _opened(path) as file:
        entries, plan, facts = _facts(file, path)
        with ThreadPoolExecutor(THREADS) as pool:
            contents = pool.map(partial(_content, file), entries[1:], plan.heads[1:])
            return {
                entry.name.removesuffix(_NPY): _array(entry, raw) for entry, raw in zip(entries[1:], contents, strict=True)
            }, facts


def read_facts(path: Path) -> dict[str, Any]:
    """The facts of such a file alone.

    Raises:
        StorageError: as ``read_arrays``; arrays are not looked at.

    """
    with _opened(path) as file:
        return _facts(file, path)[2]


def _facts_text(facts: Mapping[str, Any]) -> bytes:
    text = json.dumps({"format": FORMAT, "facts": dict(facts)}, sort_keys=True, allow_nan=False)
    if json.loads(text)["facts"] != facts:
        msg = "facts would not come back from JSON as they are: no tuples, and only texts as keys"
        raise ValueError(msg)
    return text.encode()


def _npy(array: NDArray[Any]) -> Iterator[memoryview]:
    """An array as the bytes of a ``.npy`` file, in blocks that hold until the next; copied only where it is not contiguous."""
    if array.dtype.hasobject or not array.dtype.itemsize:
        msg = f"dtype {array.dtype} cannot be kept"
        raise ValueError(msg)
    head, facts = io.BytesIO(), np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(head, facts)
    yield memoryview(head.getvalue())
    rows, items = array.T if facts["fortran_order"] else array, max(1, BLOCK // array.dtype.itemsize)
    for block in np.nditer(rows, ["external_loop", "buffered", "zerosize_ok"], buffersize=items, order="C"):
        yield np.ascontiguousarray(block).view(np.uint8).data


def _entry(name: str, blocks: Iterable[memoryview]) -> Entry:
    size, crc = 0, 0
    for block in blocks:
        size, crc = size + len(block), zlib.crc32(block, crc)
    return Entry(name, size, crc)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read from; what is wrong with it is said with its name."""
    try:
        with path.open("rb", buffering=0) as file:
            yield file
    except OSError as error:
        raise StorageError(
            str(path), f"cannot be read ({error.strerror or error})", "check its folder and permissions"
        ) from error
    except ContainerError as error:
        raise StorageError(str(path), str(error), _MEND) from error


def _facts(file: IO[bytes], path: Path) -> tuple[tuple[Entry, ...], Layout, dict[str, Any]]:
    """What a file holds by its index, where that lies, and its facts."""
    entries = read_index(file)
    plan = layout(entries)
    if os.fstat(file.fileno()).st_size != plan.bytes or os.pread(file.fileno(), len(plan.index), plan.index_at) != plan.index:
        msg = "is damaged: its index is not that of what it holds"
        raise ContainerError(msg)
    if not entries or entries[0].name != _FACTS:
        msg = f"is not a file of arrays: it does not begin with {_FACTS}"
        raise ContainerError(msg)
    told = _told(_content(file, entries[0], plan.heads[0]).tobytes())
    if told["format"] != FORMAT:
        problem = f"is of format {told['format']}, and this Spadework reads format {FORMAT}"
        raise StorageError(str(path), problem, _MEND)
    return entries, plan, told.get("facts", {})


def _content(file: IO[bytes], entry: Entry, before: tuple[int, bytes]) -> Bytes:
    """What an entry holds, once its checksum is right; ``before`` is the offset of its head, and what that must be."""
    at, head = before
    raw, crc, done = room(entry.bytes, np.uint8), 0, 0
    same = os.pread(file.fileno(), len(head), at) == head
    while same and done < entry.bytes:
        block = raw.data[done : done + BLOCK]
        got = os.preadv(file.fileno(), [block], at + len(head) + done)
        crc, done = zlib.crc32(block[:got], crc), done + got
        same = got > 0
    if not same or crc != entry.crc32:
        what = "its facts are" if entry.name == _FACTS else f"its array {entry.name.removesuffix(_NPY)!a} is"
        msg = f"is damaged: {what} not what was written"
        raise ContainerError(msg)
    return raw


def _told(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "format" not in told:
        msg = f"is not a file of arrays: {_FACTS} cannot be read"
        raise ContainerError(msg)
    return told


def _array(entry: Entry, raw: Bytes) -> NDArray[Any]:
    """The array of a ``.npy`` file, in the memory of that file."""
    head = io.BytesIO(raw[:_LONGEST_HEAD].tobytes())
    try:
        np.lib.format.read_magic(head)
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
        array: NDArray[Any] = np.ndarray(shape, dtype, raw, head.tell(), order="F" if fortran else "C")
        known = not dtype.hasobject and head.tell() + array.nbytes == len(raw)
    except (ValueError, TypeError, OverflowError):
        known = False
    if not known:
        msg = f"is not a file of arrays: {entry.name!a} is none"
        raise ContainerError(msg)
    return array
