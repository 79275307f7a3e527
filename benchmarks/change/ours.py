"""Our engine as the benchmark runs it, and what names a run: commit, code, machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import spadework.change
from spadework.change.history import monitor
from spadework.change.settings import MonitorSettings
from spadework.cube import day_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.cube import Change, Cube
    from spadework.evaluate.pixels import PixelTruth

OURS: Final = "Spadework"
EVER: Final = "Spadework, recovered counted too"
HERE: Final = Path(__file__).parent
TAILS: Final = ("window_tails", "support")
"""Settings that are several numbers."""


def read_settings() -> dict[str, Any]:
    """settings.json as it stands."""
    found: dict[str, Any] = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
    return found


def settings_with(changes: Sequence[str]) -> MonitorSettings:
    """The default setting with some fields changed, each as "name=value"; for tuning, and told in the log.

    Raises:
        SystemExit: no such field.

    """
    known: dict[str, Any] = {field.name: getattr(MonitorSettings(), field.name) for field in fields(MonitorSettings)}
    chosen: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in known:
            sys.exit(f"no setting {name}; there are {', '.join(known)}")
        chosen[name] = tuple(float(one) for one in value.split(",")) if name in TAILS else type(known[name])(value)
    return replace(MonitorSettings(), **chosen)


def alone(settings: MonitorSettings) -> MonitorSettings:
    """The setting for a pixel that has no neighbours to ask: none lowers its bar, none raises it."""
    return replace(settings, support=(1.0,) * 9)


def watch(cube: Cube, start: dt.date, settings: MonitorSettings) -> tuple[Change, float]:
    """The change and the seconds it took."""
    began = time.perf_counter()
    found = monitor(cube, start, settings)
    return found, time.perf_counter() - began


def ever(found: Change, truth: PixelTruth, start: dt.date) -> NDArray[np.int32]:
    """Days of confirmation (y, x) with alarms on unchanged pixels kept although they were withdrawn as recovered.

    Peers never take an alarm back, so this is what their false alarms compare with. The day of an alarm taken back is
    not kept; it is given as ``start``.
    """
    withdrawn = found.recovered & (found.confirmed <= 0) & (truth.onset == 0)
    return np.where(withdrawn, day_number(start), found.confirmed).astype(np.int32)


def commit() -> str:
    """The commit of the engine's checkout, with "+" where the engine or this folder (but for the log) differ from theirs."""

    def git(folder: Path, *words: str) -> str:
        said = subprocess.run(["git", "--no-optional-locks", *words], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607 - git as installed
        return said.stdout.strip()

    engine = Path(*spadework.change.__path__)
    changed = any(
        git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!scorings.jsonl") for folder in (engine, HERE)
    )
    return (git(engine, "rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if changed else "")


def engine_sha256() -> str:
    """Of the engine's source files in order of name: tells apart states between two commits."""
    whole = hashlib.sha256()
    for folder in spadework.change.__path__:
        for path in sorted(Path(folder).glob("*.py")):
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def machine() -> str:
    """What ran it."""
    return f"{platform.machine()}, {os.cpu_count()} shared cores, Python {platform.python_version()}"
