"""Documents as a dossier keeps them: the original, its text, what was known of it, and what a model answered about it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Source

PAPERS: Final = "sources"
"""Folder below the dossier, one folder a document."""


def paper_files(source: Source, text: str, original: bytes) -> dict[str, bytes]:
    """The files of a document, by path below the dossier."""
    folder = f"{PAPERS}/{source.id}"
    told = json.dumps(asdict(source), indent=1, ensure_ascii=False, default=str) + "\n"
    return {
        f"{folder}/original/{source.file}": original,
        f"{folder}/text.txt": text.encode(),
        f"{folder}/source.json": told.encode(),
    }


def answer_file(source: str) -> str:
    """Where a model's answer about a document lies, below the dossier."""
    return f"{PAPERS}/{source}/model.json"


def first_taken(root: Path, source: Source) -> dt.datetime:
    """When these very bytes were first taken into a dossier; as the Source says where they were not."""
    try:
        known = json.loads((root / PAPERS / source.id / "source.json").read_text(encoding="utf-8"))
        return dt.datetime.fromisoformat(known["retrieved"]) if known["sha256"] == source.sha256 else source.retrieved
    except (OSError, ValueError, KeyError, RecursionError):
        return source.retrieved


def kept_answer(root: Path, source: str) -> bytes | None:
    """What a model answered about a document in an earlier run; None where it was not asked."""
    path = root / answer_file(source)
    return path.read_bytes() if path.is_file() else None
