"""Scores the rules on a folder of ledgers: ``python benchmarks/claims/score.py unseen [--errors FILE] [--without RULE] [--log]``.

``unseen`` is held out: each scoring of a frozen version is logged in scorings.jsonl, and never taken out.
The intervals are 90 %, by bootstrap over articles (seed 6, 2,000 draws).
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from compare import compare, figures, merged

from spadework.claims import RULES, claims_of
from spadework.intake.grammar import load_grammar
from spadework.records import Source

if TYPE_CHECKING:
    from spadework.records import Claim

HERE: Final = Path(__file__).parent
LOG: Final = HERE / "scorings.jsonl"
HELD_OUT: Final = ("unseen",)
SEED: Final = 6
DRAWS: Final = 2000
BARS: Final = {
    "wrong source": ("<=", 0.05),
    "date F1": (">=", 0.97),
    "quantity F1": (">=", 0.97),
    "hedge F1": (">=", 0.85),
    "speaker F1": (">=", 0.65),
    "chain F1": (">=", 0.40),
    "unknown": ("<=", 0.35),
}


def source_of(ledger: dict[str, Any]) -> Source:
    """The Source that a ledger stands for."""
    sha = hashlib.sha256(ledger["text"].encode()).hexdigest()
    day = ledger["article_date"]
    return Source(
        id=f"S{sha[:8]}",
        sha256=sha,
        text_sha256=sha,
        file=f"{ledger['id']}.txt",
        media="text",
        language=ledger.get("language", "en"),
        outlet=ledger["outlet"],
        published=dt.date.fromisoformat(day) if day else None,
        retrieved=dt.datetime(2026, 11, 26, tzinfo=dt.UTC),
    )


def propose(ledger: dict[str, Any], rules: frozenset[str] = RULES) -> tuple[Claim, ...]:
    """What the product proposes for an article."""
    source = source_of(ledger)
    parse = load_grammar(source.language)
    return claims_of(source, ledger["text"], parse(ledger["text"]), rules)


def commit() -> str:
    """Short hash of what is checked out; "+" when the product or these scripts differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S607 - by its name on PATH

    return git("rev-parse", "--short", "HEAD") + (
        "+" if git("status", "--porcelain", "--", "../../src", ".", ":!scorings.jsonl") else ""
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--without", action="append", default=[], choices=sorted(RULES), help="leave a rule out")
    parser.add_argument("--errors", type=Path, help="write every error as JSON lines")
    parser.add_argument("--log", action="store_true", help="log the scoring; held-out folders always do")
    told = parser.parse_args()
    rules = RULES - set(told.without)
    folder = Path(told.folder) if Path(told.folder).is_dir() else HERE / told.folder
    ledgers = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    began = time.perf_counter()
    tallies = [compare(ledger, propose(ledger, rules)) for ledger in ledgers]
    took = time.perf_counter() - began
    counts = merged(tallies)
    got = figures(counts)
    rng = np.random.default_rng(SEED)
    draws = [figures(merged([tallies[i] for i in rng.integers(0, len(tallies), len(tallies))])) for _ in range(DRAWS)]
    print(
        f"{len(ledgers)} articles, {counts['claims']} gold claims, {counts['proposed']} proposed, {took:.1f} s, without {told.without or 'nothing'}"
    )
    table = {}
    for name, value in got.items():
        low, high = np.nanpercentile([draw[name] for draw in draws], (5, 95)) if not np.isnan(value) else (np.nan, np.nan)
        bar = BARS.get(name)
        met = (
            ""
            if bar is None
            else f"  bar {bar[0]} {bar[1]}: {'met' if (value <= bar[1] if bar[0] == '<=' else value >= bar[1]) else 'MISSED'}"
        )
        print(f"  {name:26} {value:6.3f}  [{low:.3f}, {high:.3f}]{met}")
        table[name] = [round(float(number), 4) for number in (value, low, high)]
    print("  " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    if told.errors:
        told.errors.write_text(
            "".join(json.dumps(error, ensure_ascii=False, default=str) + "\n" for tally in tallies for error in tally.errors)
        )
    if told.log or folder.name in HELD_OUT:
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "folder": folder.name,
            "without": told.without,
            "figures": table,
            "counts": dict(sorted(counts.items())),
        }
        with LOG.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
