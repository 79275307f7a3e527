"""What leaves the house: a version of the findings, who read it again, what was published before, and through which gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignOff:
    """A second reader's word on one version of the findings."""

    reader: str
    note: str
    judgement: int
    """Number of the version of the findings that was read."""
    time: dt.datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """How the findings of one published version differ from those of the version before."""

    version: int
    """The later one."""
    day: dt.date
    """UTC day of its last ledger line."""
    changes: tuple[str, ...]
    """In words; empty = the findings are the same."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the publication gate did to one export."""

    coordinates_m: float
    """Coordinates are rounded to so many metres; 0 = exact, by choice."""
    delay_days: int
    """The newest look had to be at least so old."""
    reason: str = ""
    """Why exact coordinates were chosen; empty for a gated export."""


@dataclass(frozen=True, slots=True)
class Product:
    """A report as a product: which version of which findings, and who stands behind it."""

    judgement: int
    """Number of the version of the findings in the dossier's history, from 1."""
    sign_offs: tuple[SignOff, ...] = ()
    """Of any version of the findings, in time order."""
    id: str | None = None
    """Stable name of the dossier in all its exports; None = a working copy."""
    version: int | None = None
    """Of the export, from 1; None = a working copy."""
    made: dt.datetime | None = None
    """Time of the last ledger line that went into the export; None = a working copy."""
    gate: Gate | None = None
    """None = a working copy."""
    corrections: tuple[Correction, ...] = ()
    """Of the published versions after the first, in order."""
