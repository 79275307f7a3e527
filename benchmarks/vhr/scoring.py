"""Each scored run adds one line to scorings.jsonl: day, commit, what, command, figures. Nothing is ever taken out."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
LOG: Final = HERE / "scorings.jsonl"


def commit() -> str:
    """Short hash of the code as checked out; "+" when the product or a script of this folder differs from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False)  # noqa: S607 - by its name on PATH
        return done.stdout.strip()

    watched = ("--", "../../src", ".", ":!scorings.jsonl")
    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", *watched) else "")


STATE: Final = commit()
"""Of the code as it was when it was imported: others may commit while a run goes on."""


def log(what: str, command: str, figures: dict[str, Any]) -> None:
    """Add one run."""
    line = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "commit": STATE,
        "what": what,
        "command": command,
        "figures": figures,
    }
    with LOG.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def wilson(hits: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    middle = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * (hits * (n - hits) / n + z * z / 4) ** 0.5
    return middle - half, middle + half
