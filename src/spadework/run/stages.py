"""A stage is a pure function with declared inputs, keyed by a hash of what goes in; it runs only when its key is new."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spadework.store.dossier import Dossier


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the stage table."""

    name: str
    needs: tuple[str, ...]
    """Stages whose keys enter this one's."""
    parameters: Callable[[], Any]
    """Everything else that the outcome depends on, as JSON."""
    files: Callable[[], Mapping[str, bytes]]
    """The outcome as files of the dossier, by path."""


def key_of(*parts: Any) -> str:  # noqa: ANN401 - an untyped library, or any JSON
    """SHA-256 of some facts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def run_stages(stages: tuple[Stage, ...], dossier: Dossier, code: str, evidence: Mapping[str, str]) -> tuple[str, ...]:
    """Run the stages whose key is new or whose files are missing or altered; returns their names.

    Args:
        stages: in order.
        dossier: where the files go, and where the keys of last time are.
        code: version of the code, part of every key.
        evidence: SHA-256 of the chips of each Scene, by its id: what all stages go back to.

    Raises:
        StorageError: the dossier cannot be written.

    """
    keys: dict[str, str] = {}
    done = []
    for stage in stages:
        keys[stage.name] = key_of(stage.name, code, stage.parameters(), [keys[name] for name in stage.needs])
        if dossier.is_current(stage.name, keys[stage.name]):
            continue
        parents = {path: sha for name in stage.needs for path, sha in dossier.stage(name)["files"].items()}
        dossier.record(stage.name, keys[stage.name], stage.files(), {**evidence, **parents})
        done.append(stage.name)
    return tuple(done)
