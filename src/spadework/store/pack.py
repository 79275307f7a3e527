"""Files and a ledger as one zip, always the same bytes for the same input; its last line names every other entry."""

from __future__ import annotations

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spadework import __version__
from spadework.errors import StorageError, UserError
from spadework.store.chain import Chain, write_line
from spadework.store.container import Entry, layout, unsafe_names, zip_blocks
from spadework.store.dossier import SALT
from spadework.store.files import atomic, digest_of, file_blocks, sha256
from spadework.store.trail import LEDGER, THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PACK: Final = "pack"
"""Kind of the last line of an export's ledger."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip as it was written."""

    head: str
    """SHA-256 of its ledger's last line: it stands for every byte of the zip."""
    sha256: str
    """Of the zip as a file."""
    last: bytes
    """The last line of its ledger, which names its entries; without newline."""
    bytes: int
    """Length of the zip."""

    def publish_facts(self, lines: int, *, redacted: bool) -> dict[str, Any]:
        """What a ``publish`` line of the dossier's ledger says, so that ``verify`` can follow the head back to the dossier.

        Args:
            lines: how many lines of the dossier's ledger were packed.
            redacted: whether they were packed redacted.

        """
        facts = {"head": self.head, "zip_sha256": self.sha256, "pack": self.last.decode()}
        return {**facts, "lines": lines, "redacted": redacted}


def write_pack(path: Path, files: Mapping[str, bytes | Path], lines: Sequence[bytes], data: Mapping[str, Any]) -> Packed:
    """Write an export. Files given by their path are read twice, in blocks.

    Args:
        path: of the zip.
        files: content by name, or where it lies.
        lines: of a ledger, redacted or not, from its first; a line of kind "pack" is added.
        data: more facts for that line.

    Raises:
        UserError: a name that cannot be an entry of an export.
        StorageError: a file cannot be read or changes meanwhile; no space or no permission.
        ValueError: the lines are no ledger.

    """
    wrong = unsafe_names([*files, LEDGER]) + [(name, "never leaves a dossier") for name in files if name == SALT]
    if wrong:
        raise UserError(*wrong[0], "name it otherwise")
    with ThreadPoolExecutor(THREADS) as pool:
        digests = dict(zip(files, pool.map(lambda content: digest_of(_blocks(content)), files.values()), strict=True))
    last = _pack_line(lines, {name: digests[name].sha256 for name in sorted(files)}, data)
    ledger = b"".join(line + b"\n" for line in (*lines, last))
    whole = {**files, LEDGER: ledger}
    digests[LEDGER] = digest_of([ledger])
    entries = [Entry(name, digests[name].bytes, digests[name].crc32) for name in sorted(whole)]
    zipped = hashlib.sha256()
    with atomic(path) as file:
        for block in zip_blocks(entries, lambda entry: _unchanged(whole[entry.name], entry)):
            zipped.update(block)
            file.write(block)
    return Packed(sha256(last), zipped.hexdigest(), last, layout(entries).bytes)


def _pack_line(lines: Sequence[bytes], outputs: dict[str, str], data: Mapping[str, Any]) -> bytes:
    chain = Chain()
    problem = chain.extend(lines) if lines else "no line"
    if problem:
        raise ValueError(problem)
    told = {"n": chain.count + 1, "prev": chain.head, "time": chain.last["time"], "version": __version__}
    return write_line({**told, "kind": PACK, "data": {**data, "outputs": outputs}})


def _unchanged(content: bytes | Path, entry: Entry) -> Iterator[bytes]:
    """Content in blocks.

    Raises:
        StorageError: at the end, if it is not what the entry says.

    """
    crc = 0
    for block in _blocks(content):
        crc = zlib.crc32(block, crc)
        yield block
    if crc != entry.crc32:
        raise StorageError(str(content), "changed while it was packed", "let nothing write to the dossier meanwhile")


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    try:
        yield from file_blocks(content)
    except OSError as error:
        raise StorageError(
            str(content), f"cannot be read ({error.strerror})", "run the site file again: it mends a dossier"
        ) from error
