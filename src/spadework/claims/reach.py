"""How far an attribution reaches: what of a sentence it covers, before it, behind it and around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.claims.clauses import says_so, subtree
from spadework.claims.speech import NOUNS

if TYPE_CHECKING:
    from spadework.claims.found import Sentence

ASIDE: Final = 10
"""Words between a verb of saying and the comma that closes its aside."""
_SUBJECTS: Final = frozenset({"nsubj", "nsubjpass"})


def trailing(s: Sentence, verb: int) -> bool:
    """Whether what was said stands before the verb: ", the agency said"."""
    tokens = s.parsed.tokens
    subjects = [c for c in s.children[verb] if tokens[c].dep in _SUBJECTS]
    if not subjects or tokens[verb].dep == "relcl":
        return False
    first = min(verb, *subtree(min(subjects, key=lambda c: abs(c - verb)), s.children))
    return first > 1 and tokens[first - 1].text in {",", "\u201d", '"', "\u2014", "\u2013", "-"}


def between_commas(s: Sentence, verb: int) -> bool:
    """Whether an attribution stands within what it attributes: "The wall, engineers concluded in May, was built on sand"."""
    tokens = s.parsed.tokens
    after = next(
        (i for i in range(verb + 1, min(len(tokens), verb + 1 + ASIDE)) if tokens[i].text in {",", ".", "\u201d"}), None
    )
    return (
        trailing(s, verb)
        and after is not None
        and tokens[after].text == ","
        and not any(tokens[i].text in {"that", "and", "but"} or tokens[i].pos == "VERB" for i in range(verb + 1, after))
    )


def stretch(s: Sentence, verb: int) -> frozenset[int]:
    """The words between the semicolons around a verb, or behind a colon before it: what stands beyond may be somebody else's."""
    tokens = s.parsed.tokens
    start = max((i for i in range(verb) if tokens[i].text in {";", ":"}), default=-1)
    end = next((i for i in range(verb, len(tokens)) if tokens[i].text == ";"), len(tokens))
    return frozenset(range(start + 1, end))


def main_of(s: Sentence, verb: int) -> frozenset[int]:
    """What stands under the clause that "as the agency reported" belongs to; nothing of any other clause."""
    above = s.parsed.tokens[verb].head
    if s.parsed.tokens[verb].dep != "advcl" or not says_so(s.parsed, verb, s.children) or not 0 <= above < len(s.parsed.tokens):
        return frozenset()
    return s.covered(above)


def claimed(s: Sentence, cover: frozenset[int]) -> frozenset[int]:
    """Clauses that say what somebody else claims: "rejected a claim by X that ..."."""
    tokens = s.parsed.tokens
    tops = [i for i in cover if tokens[i].dep == "acl" and tokens[tokens[i].head].lemma.casefold() in NOUNS]
    return frozenset(inner for top in tops for inner in subtree(top, s.children))
