"""The rule of a ledger's lines: each holds the SHA-256 of the line before, and what files should be there after it.

A line is one JSON object. ``prev`` is the SHA-256 of the whole line before (without its newline), sixty-four zeros in the
first. It ends in ``own``, the SHA-256 of the same object without that field, so that damage to the last line shows too;
lines of Spadework 0.1 have none. Where ``data`` holds ``outputs``, it says of each path below the dossier the SHA-256 of
the file from now on, or null: removed.

A redacted line holds, in place of operator and data, a ``commitment``: SHA-256 of the line's salt and the original line.
The line's salt is HMAC-SHA256 of the dossier's salt and the line's number, so its owner can open one line and no other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spadework.store.files import safe_path, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GENESIS: Final = "0" * 64
"""What the first line holds in place of a hash."""
_PLAIN: Final = frozenset(("n", "prev", "time", "operator", "version", "kind", "data"))
_PACK: Final = _PLAIN - {"operator"}
_REDACTED: Final = frozenset(("n", "prev", "time", "version", "kind", "commitment"))
_OWN: Final = re.compile(rb', "own": "([0-9a-f]{64})"\}$')
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """A file as a ledger last told of it."""

    sha256: str | None
    """None: removed."""
    line: int
    """The line that told, from 1."""
    step: str
    """What that line is of, e.g. "stage report"."""

    @property
    def told(self) -> str:
        """Where the ledger tells of it, e.g. "line 12, stage report"."""
        return f"line {self.line}, {self.step}"


@dataclass(slots=True)
class Chain:
    """Lines followed so far: how many, the hash of the last, and the files that should be there."""

    count: int = 0
    head: str = GENESIS
    """SHA-256 of the last line; the genesis where there is none."""
    last: dict[str, Any] = field(default_factory=dict)
    """The last line, read."""
    files: dict[str, Known] = field(default_factory=dict)
    """By path below the dossier."""

    def follow(self, line: bytes) -> str | None:
        """Take one more line in; what is wrong with it, or None. A wrong line leaves the chain as it was."""
        number = self.count + 1
        entry = read_line(line)
        if entry is None:
            return f"line {number} is no line of a ledger, or was altered"
        if entry["prev"] != self.head or entry["n"] != number:
            return f"line {number} does not follow from the line before"
        outputs = _outputs(entry)
        if outputs is None:
            return f"line {number} names a file by no path or no hash"
        step = _step(entry)
        self.files.update({path: Known(digest, number, step) for path, digest in outputs.items()})
        self.count, self.head, self.last = number, sha256(line), entry
        return None

    def skip(self, line: bytes) -> None:
        """Go on behind a wrong line, taking it at its word about files, so that those after it can still be followed."""
        entry = _parse(_OWN.sub(b"}", line)) or {}
        step = _step(entry) if entry else ""
        outputs = (_outputs(entry) or {}) if entry else {}
        self.files.update({path: Known(digest, self.count + 1, step) for path, digest in outputs.items()})
        self.count, self.head, self.last = self.count + 1, sha256(line), entry

    def extend(self, lines: Sequence[bytes]) -> str | None:
        """Take lines in up to the first that is wrong; what is wrong with it, or None."""
        return next((problem for problem in map(self.follow, lines) if problem), None)


def write_line(entry: Mapping[str, Any]) -> bytes:
    """An entry as the bytes of its line, sealed with ``own``; without newline."""
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str).encode()
    return text[:-1] + b', "own": "' + sha256(text).encode() + b'"}'


def read_line(line: bytes) -> dict[str, Any] | None:
    """A line as its entry, without ``own``; None where it is none, or does not match its own hash."""
    seal = _OWN.search(line)
    body = line[: seal.start()] + b"}" if seal else line
    if seal and sha256(body) != seal[1].decode():
        return None
    return _parse(body)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.keys() not in (_PLAIN, _PACK, _REDACTED):
        return None
    words = [entry[key] for key in ("prev", "time", "version", "kind")]
    whole = all(isinstance(word, str) for word in words) and type(entry["n"]) is int
    return entry if whole and isinstance(entry.get("data", {}), dict) else None


def _outputs(entry: dict[str, Any]) -> dict[str, str | None] | None:
    outputs = entry.get("data", {}).get("outputs", {})
    if not isinstance(outputs, dict) or not all(map(safe_path, outputs)):
        return None
    hashes = (digest for digest in outputs.values() if digest is not None)
    return outputs if all(isinstance(digest, str) and _HASH.fullmatch(digest) for digest in hashes) else None


def _step(entry: dict[str, Any]) -> str:
    data = entry.get("data", {})
    text = " ".join([entry["kind"], *(str(data[key]) for key in ("stage", "scene") if key in data)])
    return text if text.isprintable() else ascii(text)


# ---------------------------------------------------------------- redaction
def redacted(lines: Sequence[bytes], salt: bytes) -> list[bytes]:
    """A chain of as many lines that tells when something was done and of what kind, and not by whom, where or to what.

    Args:
        lines: of a ledger, from its first, without newlines.
        salt: the dossier's secret, 32 bytes.

    Raises:
        ValueError: a line is none.

    """
    out: list[bytes] = []
    for number, line in enumerate(lines, 1):
        entry = read_line(line)
        if entry is None:
            msg = f"line {number} is no line of a ledger"
            raise ValueError(msg)
        kept = {key: entry[key] for key in ("n", "time", "version", "kind")}
        prev = sha256(out[-1]) if out else GENESIS
        out.append(write_line({**kept, "prev": prev, "commitment": commitment(line, line_salt(salt, number))}))
    return out


def line_salt(salt: bytes, number: int) -> bytes:
    """What its owner gives away to open one line of a redacted ledger: HMAC-SHA256 of the line's number, 32 bytes."""
    return hmac.digest(salt, str(number).encode(), "sha256")


def commitment(line: bytes, opening: bytes) -> str:
    """What a redacted line holds of the original."""
    return hashlib.sha256(opening + line).hexdigest()


def opens(redacted_line: bytes, original: bytes, opening: bytes) -> bool:
    """Whether a redacted line stands for this original, given that line's salt."""
    public, private = read_line(redacted_line), read_line(original)
    if public is None or private is None or public.get("commitment") != commitment(original, opening):
        return False
    return all(public[key] == private[key] for key in ("n", "time", "version", "kind"))
