"""Every version of the findings of a dossier: a later run adds one, and never writes over an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.errors import UserError
from spadework.store.files import file_sha256, sha256, write_atomic
from spadework.store.findings import read_findings

if TYPE_CHECKING:
    from spadework.records import Findings
    from spadework.store.dossier import Dossier

_FOLDER: Final = "history/"
_COPY: Final = "restore it from a copy: no run makes the history anew"


def versions_of(dossier: Dossier) -> tuple[str, ...]:
    """Files of all versions below the dossier, the first one first, as the ledger knows them."""
    return tuple(sorted(path for path, known in dossier.ledger.files.items() if path.startswith(_FOLDER) and known.sha256))


def keep_version(dossier: Dossier, findings: bytes) -> int:
    """Add a version where it differs from the last one; returns its number, from 1.

    Raises:
        StorageError: no space or no permission.

    """
    known = versions_of(dossier)
    if known and dossier.ledger.files[known[-1]].sha256 == sha256(findings):
        path = known[-1]
    else:
        path = f"{_FOLDER}{len(known) + 1:04d}.json"
        dossier.ledger.append("version", {"version": len(known) + 1, "outputs": {path: sha256(findings)}})
    if file_sha256(dossier.root / path) != sha256(findings):
        write_atomic(dossier.root / path, findings)
    return int(path.removeprefix(_FOLDER).removesuffix(".json"))


def read_version(dossier: Dossier, number: int) -> Findings:
    """One version of the findings.

    Raises:
        UserError: there is no such version.
        StorageError: its file is missing or damaged.

    """
    known = versions_of(dossier)
    if not 1 <= number <= len(known):
        raise UserError(f"version {number}", f"is not in the history of {dossier.root}", f"it holds 1 to {len(known)}")
    return read_findings(dossier.root / known[number - 1], _COPY)
