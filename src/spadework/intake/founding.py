"""The founding case among the examples: where it lies, and what an analyst decided for it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Final

FOUNDING: Final = "al_bukamal"
"""Name of its folder."""


def founding_folder() -> Path:
    """Where the example lies."""
    return Path(str(files("spadework.intake") / "examples" / FOUNDING))


def founding_decisions() -> tuple[tuple[str, str], ...]:
    """(first words of a claim, why it is accepted)."""
    told = tomllib.loads((founding_folder() / "decisions.toml").read_text(encoding="utf-8"))
    return tuple((entry["begins"], entry["reason"]) for entry in told["accept"])
