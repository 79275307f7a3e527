"""The Findings as JSON and back: what a report is made from when no pixel is at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from spadework.errors import StorageError
from spadework.records import Figure, Findings, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

T = TypeVar("T")
_ANEW: Final = "run the site file again: it makes it anew"


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Findings]:
    return TypeAdapter(Findings)


@lru_cache(maxsize=1)
def _pictures() -> TypeAdapter[tuple[Figure, ...]]:
    return TypeAdapter(tuple[Figure, ...])


def findings_json(findings: Findings) -> bytes:
    """All that a report may say, but not where its images and documents were looked for: that may name somebody's folders."""
    told = replace(findings, site=replace(findings.site, imagery=(), scenes=(), sources=()))
    return _dump(_adapter().dump_python(told, mode="json"))


def read_findings(path: Path, mend: str = _ANEW) -> Findings:
    """The record from its file; ``mend`` is what helps where that cannot be read.

    Raises:
        StorageError: no such file, or it is damaged or of another version.

    """
    return _loaded(path, _adapter(), mend)


def sensitivity_of(kept: Mapping[str, Any]) -> Sensitivity:
    """The record from its JSON in ``dossier.json``."""
    return TypeAdapter(Sensitivity).validate_python(kept)


def figures_json(figures: tuple[Figure, ...]) -> bytes:
    """The figures without their pictures: name, caption, alternative text, looks, panels."""
    return _dump(_pictures().dump_python(tuple(replace(figure, data=b"") for figure in figures), mode="json"))


def read_figures(root: Path) -> tuple[Figure, ...]:
    """The figures of a dossier with their pictures, in the order of the report.

    Raises:
        StorageError: a file is missing or damaged.

    """
    told = _loaded(root / "figures" / "figures.json", _pictures(), _ANEW)
    try:
        return tuple(replace(figure, data=(root / figure.name).read_bytes()) for figure in told)
    except OSError as error:
        raise StorageError(
            str(error.filename), "cannot be read", "run the site file again: it draws what is missing"
        ) from error


def _loaded(path: Path, adapter: TypeAdapter[T], mend: str) -> T:
    try:
        return adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise StorageError(str(path), f"cannot be read ({error.strerror})", mend) from error
    except ValidationError as error:
        raise StorageError(str(path), "is damaged, or of another version", mend) from error


def _dump(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
