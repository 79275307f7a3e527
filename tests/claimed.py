"""Claims by hand, and documents that hold them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib

from spadework.claims.quantities import find_quantities
from spadework.records import OUTLET, UNKNOWN, Claim, ClaimTime, Hedge, Roles, Source, TimeRole

ISI = "ImageSat International (ISI)"


def source_of(name: str = "a", day: dt.date | None = dt.date(2020, 5, 14), **changes: object) -> Source:
    sha = hashlib.sha256(name.encode()).hexdigest()
    source = Source(
        f"S{sha[:8]}",
        sha,
        sha,
        f"{name}.txt",
        "text",
        "en",
        f"Outlet {name.upper()}",
        day,
        dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
    )
    return dataclasses.replace(source, **changes)  # type: ignore[arg-type]  # field by field in each test


def day_of(text: str, role: TimeRole = "observed") -> ClaimTime:
    """A day, or two with a slash between."""
    first, _, last = text.partition("/")
    return ClaimTime(text, (0, 1), dt.date.fromisoformat(first), dt.date.fromisoformat(last or first), role)


def claim_of(evidence: str, source: Source | None = None, speaker: str = ISI, *, amount: str = "", **changes: object) -> Claim:
    """A claim of a speaker; ``amount`` is read as a document would write it."""
    paper = source or source_of()
    chain = (OUTLET,) if speaker == OUTLET else (OUTLET, speaker)
    name = f"{paper.id}-{hashlib.sha256(evidence.encode()).hexdigest()[:8]}"
    claim = Claim(
        name, paper.id, (0, len(evidence)), evidence, evidence, "observation", chain, speaker,
        Roles(speaker=None if speaker in {OUTLET, UNKNOWN} else speaker), Hedge("asserted"), "+", None, None,
        find_quantities(amount)[0] if amount else None, "yes", "",
    )  # fmt: skip
    return dataclasses.replace(claim, **changes)  # type: ignore[arg-type]  # field by field in each test
