"""Every version of the findings of a dossier: a later run adds one, and never writes over an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.errors import UserError
from spadework.store.files import file_sha256, sha256, write_atomic
from spadework.store.findings import read_findings
from spadework.store.ledger import known_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spadework.records import Findings
    from spadework.store.chain import Known
    from spadework.store.dossier import Dossier

_FOLDER: Final = "history/"
_COPY: Final = "restore it from a copy: a run makes anew only the version that it was stopped at"


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a dossier, as its ledger knows them."""

    root: Path
    """Of the dossier."""
    paths: tuple[str, ...]
    """Of all versions below it, the first one first."""


def history_of(dossier: Dossier) -> History:
    """The history of a dossier that is open for writing."""
    return _history(dossier.root, dossier.ledger.files)


def read_history(root: Path) -> History:
    """The history of a dossier that nobody need be able to write to.

    Raises:
        StorageError: the ledger cannot be read, or was altered.

    """
    return _history(root, known_files(root / "ledger.jsonl"))


def _history(root: Path, files: Mapping[str, Known]) -> History:
    return History(root, tuple(sorted(path for path, known in files.items() if path.startswith(_FOLDER) and known.sha256)))


def keep_version(dossier: Dossier, findings: bytes) -> int:
    """Add a version where it differs from the last one; returns its number, from 1.

    Raises:
        StorageError: no space or no permission.

    """
    known = history_of(dossier).paths
    if known and dossier.ledger.files[known[-1]].sha256 == sha256(findings):
        path = known[-1]
    else:
        path = f"{_FOLDER}{len(known) + 1:04d}.json"
        dossier.ledger.append("version", {"version": len(known) + 1, "outputs": {path: sha256(findings)}})
    if file_sha256(dossier.root / path) != sha256(findings):
        write_atomic(dossier.root / path, findings)
    return int(path.removeprefix(_FOLDER).removesuffix(".json"))


def read_version(history: History, number: int) -> Findings:
    """One version of the findings.

    Raises:
        UserError: there is no such version.
        StorageError: its file is missing or damaged.

    """
    count = len(history.paths)
    if not 1 <= number <= count:
        raise UserError(f"version {number}", f"is not in the history of {history.root}", f"it holds 1 to {count}")
    return read_findings(history.root / history.paths[number - 1], _COPY)
