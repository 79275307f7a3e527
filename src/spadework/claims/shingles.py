"""Near-copies: sentences that share runs of five words, found through an index, never by comparing all with all."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUN: Final = 5
"""Words of a shingle (Broder 1997)."""
COPY: Final = 0.5
"""Share of the shorter sentence's shingles that the other holds, from which it is a near-copy."""
COMMON: Final = 200
"""Sentences that may share a shingle before it says nothing: a credit line, a standing phrase."""
_WORD: Final = re.compile(r"\w+")


def shingles_of(words: str) -> frozenset[str]:
    """Every run of five words, folded; the whole of a shorter sentence."""
    found = _WORD.findall(words.casefold())
    if len(found) < RUN:
        return frozenset()
    return frozenset(" ".join(found[n : n + RUN]) for n in range(len(found) - RUN + 1))


def near_copies(sentences: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """(index, index, share of the shorter one's shingles) of every pair that is a near-copy, the lower index first."""
    sets = [shingles_of(words) for words in sentences]
    holders: dict[str, list[int]] = defaultdict(list)
    for index, shingles in enumerate(sets):
        for shingle in shingles:
            holders[shingle].append(index)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for found in holders.values():
        if len(found) > COMMON:
            continue
        for n, first in enumerate(found):
            for second in found[n + 1 :]:
                shared[first, second] += 1
    for (first, second), count in sorted(shared.items()):
        share = count / min(len(sets[first]), len(sets[second]))
        if share >= COPY:
            yield first, second, share
