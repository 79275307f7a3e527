"""Versions of the findings and of what was published: kept apart, numbered, compared."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from spadework.publish.versions import difference
from spadework.records import Correction, Product, SignOff
from spadework.store.findings import findings_json
from spadework.store.history import History, history_of, keep_version, read_version

if TYPE_CHECKING:
    from spadework.records import Findings
    from spadework.store.dossier import Dossier


def judgement_of(findings: Findings) -> Findings:
    """What a version of the findings is about: not which software found it, nor the series behind it."""
    events = tuple(replace(event, series=()) for event in findings.events)
    return replace(findings, events=events, versions=(), not_yet=(), hosts=())


def keep_judgement(dossier: Dossier, findings: Findings) -> int:
    """Add the findings to the dossier's history where they are new; returns the number of their version.

    Raises:
        StorageError: no space or no permission.

    """
    return keep_version(dossier, findings_json(judgement_of(findings)))


def working_copy(dossier: Dossier, judgement: int) -> Product:
    """The product facts of a page that is not an export."""
    published = published_of(dossier.ledger.entries("publish"))
    return Product(judgement, sign_offs_of(dossier), corrections=corrections_of(dossier, published))


def sign_offs_of(dossier: Dossier) -> tuple[SignOff, ...]:
    """Second readers' sign-offs, in the order of the ledger."""
    return tuple(
        SignOff(
            line["data"]["reader"], line["data"]["note"], line["data"]["judgement"], dt.datetime.fromisoformat(line["time"])
        )
        for line in dossier.ledger.entries("sign")
    )


def published_of(lines: list[dict[str, Any]]) -> list[tuple[int, dt.date, int]]:
    """(version, UTC day, version of the findings) of what was published, once each."""
    told = [line["data"] for line in lines]
    days = (dt.datetime.fromisoformat(data["made"]).date() for data in told)
    return list(dict.fromkeys((data["version"], day, data["judgement"]) for data, day in zip(told, days, strict=True)))


def corrections_of(dossier: Dossier, published: list[tuple[int, dt.date, int]]) -> tuple[Correction, ...]:
    """How each published version differs from the one before."""
    history = history_of(dossier)
    return tuple(
        Correction(version, day, compared(history, before, after))
        for (_, _, before), (version, day, after) in pairwise(published)
    )


def compared(history: History, before: int, after: int) -> tuple[str, ...]:
    """Two versions of the findings in words.

    Raises:
        UserError: the history does not hold them.
        StorageError: their files are missing or damaged.

    """
    return difference(read_version(history, before), read_version(history, after))


def count_of(dossier: Dossier) -> int:
    """How many versions of the findings the history holds."""
    return len(history_of(dossier).paths)
