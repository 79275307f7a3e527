"""Whether a dossier, or an export of one, is what its ledger says: every byte, and which step made what is wrong.

Nothing is written, no link is followed, and no line is believed: what is not as it should be becomes a Problem.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from spadework.errors import StorageError, UserError
from spadework.store.chain import GENESIS, Chain, Known, redacted
from spadework.store.container import ContainerError, Entry, Layout, layout, read_index, unsafe_names
from spadework.store.dossier import SALT, read_salt
from spadework.store.files import PART, Digest, digest_of, file_blocks, range_blocks
from spadework.store.pack import PACK
from spadework.store.trail import LEDGER, Problem, Trail, compare, follow, hash_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spadework.store.trail import OnProgress

LARGEST_LEDGER: Final = 1 << 29
"""Bytes of a ledger that is read at all."""
_TOO_LARGE: Final = f"has over {LARGEST_LEDGER:,} bytes: no ledger has"
_OTHER_HEAD: Final = "is not the file that the head stands for: it was changed, or the head is of another version"
REMADE: Final = frozenset(("report.html", "report.pdf", "figures/figures.json"))
"""What an export holds of its own version, not as the dossier had it."""
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked, and what was found."""

    what: Literal["dossier", "export"]
    files: int
    """Files checked, the ledger among them."""
    bytes: int
    """Of these files."""
    lines: int
    """Of the ledger."""
    head: str
    """SHA-256 of the ledger's last line."""
    covered: int | None
    """Lines of the ledger that the asked head stands for; None where no head was asked for, or it was not found."""
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(path: Path, head: str | None, progress: OnProgress) -> Verdict:
    """Check a dossier's folder, or an export's zip by itself.

    Args:
        path: the one or the other.
        head: a hash that was told elsewhere, of a dossier's line or of an export; without it, a chain that was cut short
            or written anew as a whole looks right.
        progress: told how it goes.

    Raises:
        UserError: no dossier and no export, it cannot be read, or the head is no SHA-256.

    """
    if head is not None and (len(head) != 64 or set(head) - set("0123456789abcdef")):  # noqa: PLR2004 - digits of a SHA-256
        raise UserError("--head", f"is no SHA-256: {head!a}", "copy all 64 digits")
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            return _verify_dossier(path, head, progress)
        if stat.S_ISREG(kind):
            with path.open("rb", buffering=0) as file:
                return _verify_export(file, path.name, head, progress)
    except OSError as error:
        raise UserError(
            str(path), f"cannot be read ({error.strerror})", "name a dossier or an export that you may read"
        ) from error
    raise UserError(str(path), "is neither a folder nor a file", "name a dossier, or the zip that `spadework publish` wrote")


# ---------------------------------------------------------------- a dossier
def _verify_dossier(root: Path, head: str | None, progress: OnProgress) -> Verdict:
    paths, odd = _walk(root)
    ledger = paths.pop(LEDGER, None)
    if ledger is None or ledger.stat().st_size > LARGEST_LEDGER:
        why = f"no {LEDGER}" if ledger is None else f"{LEDGER} {_TOO_LARGE}"
        why = f"{LEDGER} {odd[LEDGER]}" if LEDGER in odd else why
        raise UserError(root.resolve().name, f"is no dossier ({why})", "name the folder that `spadework run --out` wrote")
    trail = follow(b"".join(file_blocks(ledger)))
    found = hash_all({name: partial(file_blocks, path) for name, path in paths.items()}, progress)
    problems = [*trail.problems, *compare(trail.chain.files, {**found, **odd})]
    covered, unled = _covered(trail, head, root if SALT in paths else None) if head else (None, None)
    size = _bytes_of(found) + sum(len(line) + 1 for line in trail.lines)
    problems += [unled] if unled else []
    return Verdict("dossier", len(paths) + 1, size, len(trail.lines), trail.chain.head, covered, tuple(problems))


def _bytes_of(found: Mapping[str, Digest | str]) -> int:
    return sum(digest.bytes for digest in found.values() if isinstance(digest, Digest))


def _covered(trail: Trail, head: str, root: Path | None) -> tuple[int | None, Problem | None]:
    """How many lines a head stands for, or why it stands for none: it is that of a line, or of an export of the first lines."""
    if head in trail.heads:
        return trail.heads.index(head) + 1, None
    problem = Problem(
        LEDGER,
        "",
        "has no line that leads to the head asked for: it was cut short or written anew, or the head is of another dossier",
    )
    for number, told in trail.published:
        if told.get("head") == head:
            why = _unlike(trail, told, root)
            if why is None:
                return int(told["lines"]), None
            problem = Problem(LEDGER, f"line {number}, publish", why)
    return None, problem


def _unlike(trail: Trail, told: Mapping[str, Any], root: Path | None) -> str | None:
    """Why the first lines do not make the export that a ``publish`` line tells of; None where they do."""
    count, pack = told.get("lines"), told.get("pack")
    if not isinstance(count, int) or not 0 < count <= len(trail.lines) or not isinstance(pack, str):
        return "does not say what was packed"
    lines, chain = trail.lines[:count], Chain()
    try:
        if told.get("redacted"):
            salt = _salt_of(root)
            if salt is None:
                return (
                    f"cannot be followed to that export: its lines were redacted, and the dossier's {SALT} is gone or damaged"
                )
            lines = redacted(lines, salt)
        problem = chain.extend(lines) or chain.follow(pack.encode())
    except ValueError as error:
        problem = str(error)
    if problem or chain.head != told.get("head"):
        return f"begins with {count} lines that are not those of the export with that head: they were written anew"
    return None


def _salt_of(root: Path | None) -> bytes | None:
    try:
        return read_salt(root) if root else None
    except StorageError:
        return None


def _walk(root: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Regular files by path below the root, and what else is there with what is wrong with it. Follows no link."""
    files: dict[str, Path] = {}
    odd: dict[str, str] = {}
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                name = str(path.relative_to(root))
                name = name if name.isprintable() else ascii(name)
                if entry.is_symlink():
                    odd[name] = "is a symbolic link: it was not followed"
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif not entry.is_file(follow_symlinks=False):
                    odd[name] = "is no file"
                elif name != _LOCK and not entry.name.startswith(PART):
                    files[name] = path
    return files, odd


# ---------------------------------------------------------------- an export
def _verify_export(file: IO[bytes], name: str, head: str | None, progress: OnProgress) -> Verdict:
    nothing = Verdict("export", 0, 0, 0, GENESIS, None, ())
    try:
        entries = read_index(file)
    except ContainerError as error:
        raise _no_export(name, f"it {error}") from error
    unsafe = unsafe_names(entry.name for entry in entries)
    if unsafe:
        return replace(nothing, problems=tuple(Problem(name, "", f"holds {entry}, which {why}") for entry, why in unsafe))
    plan = layout(entries)
    ledger = next((entry for entry in entries if entry.name == LEDGER), None)
    if ledger is None or ledger.bytes > LARGEST_LEDGER:
        raise _no_export(name, f"no {LEDGER}" if ledger is None else f"{LEDGER} {_TOO_LARGE}")
    problems = _shape(file, name, entries, plan)
    if os.fstat(file.fileno()).st_size == plan.bytes:
        contents = {
            entry.name: partial(range_blocks, file, at + len(before), entry.bytes)
            for entry, (at, before) in zip(entries, plan.heads, strict=True)
        }
        found = hash_all(contents, progress)
        trail = follow(b"".join(contents[LEDGER]()))
        problems += [*trail.problems, *_packed(trail, found), *_sums(entries, found)]
        led = head in (None, trail.chain.head)
        if not led:
            problems.append(Problem(name, "", _OTHER_HEAD))
        covered = len(trail.lines) if head and led else None
        size, lines = _bytes_of(found), len(trail.lines)
        return Verdict("export", len(entries), size, lines, trail.chain.head, covered, tuple(problems))
    return replace(nothing, files=len(entries), problems=tuple(problems))


def _no_export(name: str, why: str) -> UserError:
    return UserError(name, f"is no Spadework export ({why})", "name the zip that `spadework publish` wrote, whole")


def _sums(entries: tuple[Entry, ...], found: Mapping[str, Digest | str]) -> list[Problem]:
    digests = ((entry, found[entry.name]) for entry in entries)
    wrong = [entry.name for entry, digest in digests if isinstance(digest, Digest) and digest.crc32 != entry.crc32]
    return [Problem(name, "", "has another CRC-32 than the zip's index says") for name in wrong]


def _packed(trail: Trail, found: Mapping[str, Digest | str]) -> list[Problem]:
    """The entries of an export beside its last line; a file that an earlier line tells of alike is named with that one."""
    last, number = trail.chain.last, len(trail.lines)
    if not last or last["kind"] != PACK:
        return [Problem(LEDGER, f"line {number}", "is not the line that an export ends in")]
    told = {path: _maker(trail, path, known) for path, known in trail.chain.files.items() if known.line == number}
    other = [
        Problem(path, known.told, "is not what an earlier line of the same ledger says it was")
        for path, known in told.items()
        if path not in REMADE and (earlier := trail.before.get(path)) and earlier.sha256 != known.sha256
    ]
    return other + compare(told, {entry: digest for entry, digest in found.items() if entry != LEDGER})


def _maker(trail: Trail, path: str, known: Known) -> Known:
    earlier = trail.before.get(path)
    return earlier if earlier and earlier.sha256 == known.sha256 else known


def _shape(file: IO[bytes], name: str, entries: tuple[Entry, ...], plan: Layout) -> list[Problem]:
    """Where a zip is not, byte for byte, the one that its entries make."""
    total = os.fstat(file.fileno()).st_size
    out = []
    if total != plan.bytes:
        out.append(
            Problem(
                name,
                "",
                f"is {abs(total - plan.bytes):,} bytes {'longer' if total > plan.bytes else 'shorter'} than its index says",
            )
        )
    if [entry.name for entry in entries] != sorted(entry.name for entry in entries):
        out.append(Problem(name, "", "holds its entries in another order than an export has"))
    if os.pread(file.fileno(), len(plan.index), max(0, total - len(plan.index))) != plan.index:
        out.append(Problem(name, "", "has an index that an export of these entries does not have"))
    for entry, (at, head) in zip(entries, plan.heads, strict=True):
        if os.pread(file.fileno(), len(head), at) != head:
            out.append(Problem(entry.name, "", "is not headed in the zip as its index says"))
        elif total != plan.bytes and digest_of(range_blocks(file, at + len(head), entry.bytes)).crc32 != entry.crc32:
            out.append(Problem(entry.name, "", "is not what the index of the zip says"))
        if total != plan.bytes and out[-1].file == entry.name:
            break  # all after it has moved
    return out
