"""Claims of a dossier on their way back in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from spadework.errors import StorageError, UserError
from spadework.records import Claim

if TYPE_CHECKING:
    from pathlib import Path


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of ``claims.jsonl``, in order.

    Raises:
        UserError: there is none.
        StorageError: it is damaged, or of another version.

    """
    adapter = TypeAdapter(Claim)
    try:
        return tuple(adapter.validate_json(line) for line in path.read_bytes().splitlines())
    except OSError as error:
        raise UserError(str(path), "is not there", "run the site file with a [[source]], or `spadework assess` it") from error
    except ValidationError as error:
        raise StorageError(str(path), "is damaged, or of another version", "run the site file again") from error
