"""The one zip that a list of files can be: so that it is known to the byte what such a zip holds.

Entries in order of their names, stored without compression, dated 1980-01-01, mode 0644, names in UTF-8, no comment, no
gap, and no extra field but that of ZIP64, which is there exactly where a number needs it (APPNOTE.TXT 6.3.10, 4.3 to 4.5).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from spadework.store.files import safe_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_UTF8, _STORED, _MIDNIGHT, _1980 = 0x0800, 0, 0, 0x0021
_PLAIN, _ZIP64 = 20, 45
"""Version needed to extract."""
_UNIX: Final = 3 << 8
_MODE: Final = 0o100644 << 16
_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF
LARGEST_INDEX: Final = 1 << 28
"""Bytes of an index that is read at all: a million files."""


class ContainerError(ValueError):
    """These bytes are no such zip; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a zip."""

    name: str
    bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Every byte of a zip that is not content."""

    heads: tuple[tuple[int, bytes], ...]
    """(offset, bytes) of what stands before the content of each entry, in order."""
    index_at: int
    """Offset of the index."""
    index: bytes
    """All that follows the last content."""

    @property
    def bytes(self) -> int:
        """Length of the zip."""
        return self.index_at + len(self.index)


def unsafe_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """(name, why) of those that could not all be unpacked into one folder, on every system."""
    seen: set[str] = set()
    folders: dict[str, str] = {}
    out = []
    for name in names:
        folded = name.casefold()
        if not safe_path(name):
            out.append((ascii(name), "is no plain path below a folder"))
        elif folded in seen:
            out.append((name, "is there twice"))
        seen.add(folded)
        folders.update({folded[:n]: name for n, letter in enumerate(folded) if letter == "/"})
    return out + [(folders[name], f"needs a folder where the file {name} is") for name in sorted(seen & folders.keys())]


def layout(entries: Sequence[Entry]) -> Layout:
    """The zip of some entries, in the order given, save for their content."""
    heads, central, at = [], [], 0
    for entry in entries:
        name = entry.name.encode()
        large = entry.bytes >= _FULL32
        extra = struct.pack("<2H2Q", 1, 16, entry.bytes, entry.bytes) if large else b""
        size = _FULL32 if large else entry.bytes
        version = _ZIP64 if large else _PLAIN
        same = (_UTF8, _STORED, _MIDNIGHT, _1980, entry.crc32, size, size, len(name))
        head = _LOCAL.pack(b"PK\3\4", version, *same, len(extra)) + name + extra
        heads.append((at, head))
        wide = [entry.bytes, entry.bytes] * large + [at] * (at >= _FULL32)
        more = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        needs = _ZIP64 if wide else _PLAIN
        record = (b"PK\1\2", _UNIX | needs, needs, *same, len(more), 0, 0, 0, _MODE, min(at, _FULL32))
        central.append(_CENTRAL.pack(*record) + name + more)
        at += len(head) + entry.bytes
    index = b"".join(central)
    return Layout(tuple(heads), at, index + _end(len(central), len(index), at))


def zip_blocks(
    entries: Sequence[Entry], content: Callable[[Entry], Iterable[bytes | memoryview]]
) -> Iterator[bytes | memoryview]:
    """The zip of some entries, in the order given, in blocks; ``content`` is that of an entry, and must be what the entry says."""
    plan = layout(entries)
    for entry, (_, head) in zip(entries, plan.heads, strict=True):
        yield head
        yield from content(entry)
    yield plan.index


def _end(count: int, size: int, at: int) -> bytes:
    out = b""
    if count >= _FULL16 or size >= _FULL32 or at >= _FULL32:
        out += _END64.pack(b"PK\6\6", _END64.size - 12, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, at)
        out += _LOCATOR.pack(b"PK\6\7", 0, at + size, 1)
    few = min(count, _FULL16)
    return out + _END.pack(b"PK\5\6", 0, 0, few, few, min(size, _FULL32), min(at, _FULL32), 0)


def read_index(file: IO[bytes]) -> tuple[Entry, ...]:
    """The entries that the index of a zip names, in its order; reads nothing else, and believes nothing of it.

    Raises:
        ContainerError: no zip, cut off, or an index that this file could not hold.

    """
    total = os.fstat(file.fileno()).st_size
    longest = _END64.size + _LOCATOR.size + _END.size
    tail = os.pread(file.fileno(), longest, max(0, total - longest))
    if len(tail) < _END.size or tail[-_END.size :][:4] != b"PK\5\6":
        msg = "does not end as a zip does: it is cut off, has something after its end, or is no zip"
        raise ContainerError(msg)
    _, _, _, _, count, size, at, _ = _END.unpack(tail[-_END.size :])
    end = _END.size
    if count == _FULL16 or _FULL32 in (size, at):
        if tail[:4] != b"PK\6\6":
            msg = "has no ZIP64 record where its end calls for one"
            raise ContainerError(msg)
        *_, count, size, at = _END64.unpack(tail[: _END64.size])
        end = len(tail)
    start = total - end - size
    if start < 0 or size > LARGEST_INDEX or count * _CENTRAL.size > size:
        msg = f"says that its index has {count:,} entries in {size:,} bytes: it is cut off or made up"
        raise ContainerError(msg)
    entries = _entries(os.pread(file.fileno(), size, start), count)
    if (content := sum(entry.bytes for entry in entries)) > total:
        msg = f"says that it holds {content:,} bytes, and has {total:,}: it is cut off or made up"
        raise ContainerError(msg)
    return entries


def _entries(index: bytes, count: int) -> tuple[Entry, ...]:
    out, at = [], 0
    for n in range(1, count + 1):
        try:
            _, _, _, _, method, _, _, crc, _, size, length, extra, comment, *_ = _CENTRAL.unpack_from(index, at)
            name = index[at + _CENTRAL.size :][:length].decode()
            if size == _FULL32:
                _, _, size = struct.unpack_from("<2HQ", index, at + _CENTRAL.size + length)
        except (struct.error, UnicodeDecodeError) as error:
            msg = f"has an index that cannot be read at entry {n} of {count}"
            raise ContainerError(msg) from error
        if method != _STORED:
            msg = f"holds {name!a} compressed, which an export never does"
            raise ContainerError(msg)
        out.append(Entry(name, size, crc))
        at += _CENTRAL.size + length + extra + comment
    return tuple(out)
