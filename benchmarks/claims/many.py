"""Matches and clusters many articles on one core: ``python benchmarks/claims/many.py [--articles 500]``. Prints the parts and the whole.

The articles are made here (seed 6): some fifty stories, each told by ten outlets that reword, round and shorten what one origin said. Claims are made
directly: this times origins, relations, threads, drifts and grades; ``--read`` parses and reads 4 kB of them as well.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import random
import time
from typing import TYPE_CHECKING, Final

from spadework.claims import claims_of, drifts_of, grades_of, lineage_of, relations_of, threads_of
from spadework.claims.quantities import find_quantities
from spadework.intake.grammar import load_grammar
from spadework.records import OUTLET, UNKNOWN, Claim, ClaimTime, Hedge, Roles, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED: Final = 6
CLAIMS: Final = 25
"""Of an article."""
PLACES: Final = (
    "north ridge",
    "harbour",
    "river bend",
    "old quarry",
    "salt flat",
    "eastern gate",
    "airfield",
    "forest edge",
    "delta",
    "border post",
)
THINGS: Final = ("tunnel", "road", "dam", "hangar", "wall", "pit", "pipeline", "runway", "port", "camp")
SYLLABLES: Final = ("ba", "ken", "dor", "mi", "sal", "tu", "ver", "lo", "nash", "gri", "pel", "oz", "hai", "run", "cet")
VERBS: Final = (
    "was extended",
    "was cleared",
    "appeared",
    "was widened",
    "was covered",
    "was abandoned",
    "was rebuilt",
    "was flooded",
)
ORIGINS: Final = ("Orbis Imaging", "Heliograph", "Northern Institute", "River Watch", "Vantage Nine")


def article(number: int, stories: int, rng: random.Random) -> tuple[Source, tuple[Claim, ...]]:
    """One outlet's telling of a story."""
    story = number % stories
    facts = random.Random(story)  # noqa: S311 - a simulation
    sha = hashlib.sha256(f"article {number}".encode()).hexdigest()
    day = dt.date(2024, 1, 1) + dt.timedelta(story * 7 + number // stories)
    source = Source(
        f"S{sha[:8]}", sha, sha, f"{number}.txt", "text", "en", f"Outlet {number}", day, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )
    origin = ORIGINS[story % len(ORIGINS)]
    return source, tuple(_claims(source, origin, facts, rng))


def _claims(source: Source, origin: str, facts: random.Random, rng: random.Random) -> Iterator[Claim]:
    name = "".join(facts.choice(SYLLABLES) for _ in range(3)).title()
    for n in range(CLAIMS):
        thing, place, verb = facts.choice(THINGS), facts.choice(PLACES), facts.choice(VERBS)
        size, seen = facts.randint(3, 900), dt.date(2024, 1, 1) + dt.timedelta(facts.randint(0, 300))
        told = size if rng.random() < 0.9 else size + 40  # noqa: PLR2004 - one in ten gets it wrong
        words = f"the {thing} at the {place} of {name} {verb} by {told} metres in length, {rng.choice(('it is said', 'images show', 'it seems'))} ({n})"
        speaker = origin if rng.random() < 0.7 else rng.choice((OUTLET, UNKNOWN))  # noqa: PLR2004 - seven in ten name it
        quantity = next((q for q in find_quantities(f"{told} metres long")), None)
        yield Claim(
            f"{source.id}-{n:08x}", source.id, (0, len(words)), words, words, "observation", (OUTLET, speaker), speaker, Roles(speaker=None if speaker in {OUTLET, UNKNOWN} else speaker),
            Hedge("asserted"), "+", ClaimTime("", (0, 0), seen, seen, "observed"), None, quantity, "yes", "",
        )  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--read", action="store_true")
    told = parser.parse_args()
    rng = random.Random(SEED)  # noqa: S311 - a simulation
    made = [article(n, max(1, told.articles // 10), rng) for n in range(told.articles)]
    sources, claims = tuple(source for source, _ in made), tuple(claim for _, held in made for claim in held)
    print(f"{len(sources)} articles, {len(claims)} claims, one core")
    began = time.process_time()
    last = began
    lineage = lineage_of(sources, claims)
    last = _lap("origins", last, f"{lineage.count} origins")
    relations = relations_of(claims, lineage)
    last = _lap("relations", last, f"{len(relations)} relations")
    threads = threads_of(claims, relations, lineage)
    last = _lap("threads", last, f"{len(threads)} threads")
    drifts = drifts_of(sources, claims, relations)
    last = _lap("drifts", last, f"{len(drifts)} drifts")
    grades = grades_of(claims, lineage, (threads, relations), ())
    _lap("grades", last, f"{len(grades)} grades")
    print(f"  all        {time.process_time() - began:6.1f} s")
    if told.read:
        _read()


def _lap(name: str, since: float, what: str) -> float:
    now = time.process_time()
    print(f"  {name:10} {now - since:6.1f} s  {what}")
    return now


def _read() -> None:
    """An article of 4 kB after the parser is loaded."""
    parse = load_grammar("en")
    parse("Warm.")
    sentence = "Images captured on May 12 by Orbis Imaging show a 15-foot-wide structure at the harbour, Ann Smith told Reuters on Tuesday. "
    text = "\n\n".join(sentence * 4 for _ in range(8))[:4000]
    source = article(0, 1, random.Random(SEED))[0]  # noqa: S311 - a simulation
    times = []
    for _ in range(5):
        began = time.process_time()
        grammar = parse(text)
        middle = time.process_time()
        found = claims_of(source, text, grammar)
        times.append((time.process_time() - began, middle - began, len(found)))
    whole, parsing, count = min(times)
    print(f"  read 4 kB  {whole:6.2f} s of processor, of it parsing {parsing:.2f}; {count} claims")


if __name__ == "__main__":
    main()
