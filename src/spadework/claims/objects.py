"""What thing a claim is about: its nouns folded to a few names, the marks that tell one tunnel from another, and its plain words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

STOP: Final = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could", "did", "do", "does",
    "during", "each", "for", "from", "had", "has", "have", "having", "he", "her", "his", "how", "if", "in", "into",
    "is", "it", "its", "itself", "may", "might", "more", "most", "near", "new", "no", "not", "now", "of", "off",
    "on", "one", "only", "or", "other", "our", "out", "over", "own", "said", "same", "say", "says", "she", "should",
    "show", "showed", "shown", "shows", "since", "so", "some", "such", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "through", "to", "toward", "towards", "under", "until", "up",
    "upon", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with",
    "within", "would", "you", "your", "according", "also", "image", "images", "imagery", "picture", "pictures",
    "photo", "photos", "satellite", "satellites", "taken", "captured", "reported", "report", "reports", "told",
    "added", "agency", "firm", "company", "recent", "recently",
))  # fmt: skip
"""Words that two claims may share without being about one thing."""
_SAME: Final = {
    "opening": "entrance mouth portal opening adit gateway doorway",
    "tunnel": "tunnel bore gallery shaft underground",
    "structure": "structure facility complex installation",
    "bulldozer": "bulldozer dozer",
    "excavator": "excavator digger backhoe",
    "vehicle": "vehicle truck lorry",
    "strike": "strike airstrike raid bombing",
    "dam": "dam barrage",
    "reservoir": "reservoir lake",
    "road": "road track route",
    "spoil": "spoil heap tailings debris",
    "earthwork": "earthwork excavation digging trench pit cut",
    "base": "base compound camp garrison",
    "building": "building hangar warehouse shed bunker",
    "mine": "mine quarry",
    "forest": "forest wood woodland trees tree",
    "clearing": "clearing clearance deforestation logging",
    "fire": "fire blaze burning smoke",
    "ship": "ship vessel boat tanker barge",
    "aircraft": "aircraft plane jet helicopter drone",
    "port": "port harbour harbor pier quay jetty",
    "crater": "crater damage",
    "flood": "flood flooding inundation",
    "pipeline": "pipeline pipe",
    "wall": "wall fence berm embankment",
}
THINGS: Final[dict[str, str]] = {word: name for name, words in _SAME.items() for word in words.split()}
"""Name of a thing, by each word for it."""
OTHER: Final = frozenset((
    "another", "earlier", "older", "second", "third", "former", "previous", "separate", "different", "original",
    "first", "existing", "neighbouring", "nearby", "adjacent",
))  # fmt: skip
"""Words that set a thing apart from the one a story is about."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word without its commonest endings; things by their one name."""
    plain = word.casefold()
    single = plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain
    if plain in THINGS or single in THINGS:
        return THINGS.get(plain, THINGS.get(single, plain))
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "ly"):
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:  # noqa: PLR2004 - what is left still means something
            return plain[: -len(ending)]
    return plain


def stems_of(words: str) -> frozenset[str]:
    """What a claim says, word by word, without the words that say nothing."""
    return frozenset(stem(word) for word in _WORD.findall(words) if word.casefold() not in STOP and len(word) > 1)


def things_of(words: str) -> frozenset[str]:
    """The things that it names."""
    return frozenset(stem(word) for word in _WORD.findall(words)) & frozenset(_SAME)


def set_apart(words: str) -> bool:
    """Whether it speaks of another thing than the story's: "an earlier tunnel"."""
    found = [word.casefold() for word in _WORD.findall(words)]
    return any(word in OTHER and any(stem(after) in _SAME for after in found[n + 1 : n + 4]) for n, word in enumerate(found))


def alike(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard index of two sets, 0..1."""
    return len(a & b) / len(a | b) if a or b else 0.0
