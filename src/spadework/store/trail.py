"""A ledger followed to its end, whatever is wrong with it, beside the files as they are."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spadework.store.chain import Chain, Known
from spadework.store.files import Digest, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Jobs = Mapping[str, Callable[[], Iterable[bytes]]]
    """What gives the bytes of each file."""
    OnProgress = Callable[[int, int], None]
    """Told (files hashed, files in all)."""

LEDGER: Final = "ledger.jsonl"
THREADS: Final = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    file: str
    """Path below the dossier, or name in the export; name of the export itself where it is about the zip."""
    step: str
    """The line of the ledger that tells of it, e.g. "line 12, stage report"; empty where none does."""
    what: str
    """In plain words, to follow the name of the file."""


@dataclass(slots=True)
class Trail:
    """What a ledger says."""

    lines: list[bytes]
    chain: Chain = field(default_factory=Chain)
    heads: list[str] = field(default_factory=list)
    """SHA-256 of every line."""
    published: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """Number and data of the ``publish`` lines."""
    before: dict[str, Known] = field(default_factory=dict)
    """Files as they were known before the last line."""
    problems: list[Problem] = field(default_factory=list)
    """Of the chain: the first one only, for all lines after it follow from it."""


def follow(data: bytes) -> Trail:
    """Follow the bytes of a ledger."""
    trail = Trail(data.split(b"\n"))
    if trail.lines.pop():
        trail.problems.append(Problem(LEDGER, f"line {len(trail.lines) + 1}", "has its last line cut off"))
    if not trail.lines:
        trail.problems.append(Problem(LEDGER, "", "holds no line"))
    for n, line in enumerate(trail.lines, 1):
        if n == len(trail.lines):
            trail.before = dict(trail.chain.files)
        if problem := trail.chain.follow(line):
            trail.chain.skip(line)
            if not trail.problems:
                trail.problems.append(Problem(LEDGER, f"line {n}", problem.removeprefix(f"line {n} ")))
        if trail.chain.last.get("kind") == "publish":
            trail.published.append((n, trail.chain.last.get("data", {})))
        trail.heads.append(trail.chain.head)
    return trail


def compare(known: Mapping[str, Known], found: Mapping[str, Digest | str]) -> list[Problem]:
    """Files as a ledger tells them beside files as they are; what could not be hashed is there as its problem in words."""
    out = []
    for name in sorted(known.keys() | found.keys()):
        told, there = known.get(name), found.get(name)
        if problem := _difference(told, there):
            out.append(Problem(name, told.told if told else "", problem))
    return out


def _difference(told: Known | None, there: Digest | str | None) -> str | None:
    if isinstance(there, str):
        return there
    if told is None:
        return "was added: no line of the ledger tells of it"
    if there is None:
        return "is missing" if told.sha256 else None
    if told.sha256 is None:
        return "is there, although that step removed it"
    return None if there.sha256 == told.sha256 else "was changed: it is not what that step wrote"


def hash_all(jobs: Jobs, progress: OnProgress) -> dict[str, Digest | str]:
    """Digest of each file, or why there is none."""

    def one(job: Callable[[], Iterable[bytes]]) -> Digest | str:
        try:
            return digest_of(job())
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"

    out = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for name, digest in zip(jobs, pool.map(one, jobs.values()), strict=True):
            out[name] = digest
            progress(len(out), len(jobs))
    return out
