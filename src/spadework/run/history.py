"""Two versions of the findings of a dossier, compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spadework.errors import UserError
from spadework.run.report import check_dossier
from spadework.run.versions import compared
from spadework.store.history import read_history

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the findings."""

    versions: int
    """How many the history holds."""
    before: int
    after: int
    changes: tuple[str, ...]
    """In words; empty = the same."""


def told_history(out: Path, before: int | None, after: int | None) -> Told:
    """Compare two versions; the last with the one before where none is named. Writes nothing.

    Raises:
        UserError: no such dossier, no such version, or the later named first.
        StorageError: the dossier is damaged.

    """
    check_dossier(out)
    history = read_history(out)
    versions = len(history.paths)
    last = versions if after is None else after
    first = max(last - 1, 1) if before is None else before
    if last < first <= versions:
        mend = f"the earlier comes first: spadework history {out} {last} {first}"
        raise UserError("FROM and TO", f"version {first} is not before version {last}", mend)
    return Told(versions, first, last, compared(history, first, last))
