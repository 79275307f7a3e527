"""What a language model proposed, held to the text: a string that does not stand there word for word takes its claim with it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeGuard, get_args

from spadework.claims.dates import find_dates
from spadework.claims.quantities import find_quantities
from spadework.records import (
    OUTLET,
    UNKNOWN,
    UNNAMED,
    Claim,
    ClaimType,
    Hedge,
    HedgeLevel,
    Observable,
    Polarity,
    Roles,
    TimeRole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spadework.records import ClaimQuantity, ClaimTime, Source, Span

SAME: Final = {
    "\u2019": "'",
    "\u2018": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "-",
    "\u2014": "-",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
}
"""Marks that a model may write otherwise than the document."""
FREE: Final = frozenset({OUTLET, UNKNOWN, UNNAMED})
"""Links of a chain that need not stand in the text."""
_SPACE: Final = re.compile(r"\s+")


class _RefusedError(ValueError):
    """A proposal fails; says why."""


class Located:
    """A text in which strings are found whatever their quotation marks and white space."""

    def __init__(self, text: str) -> None:
        """Fold the text, and keep where each folded character came from."""
        folded: list[str] = []
        at: list[int] = []
        for index, letter in enumerate(text):
            plain = SAME.get(letter, letter)
            if plain.isspace():
                if folded and folded[-1] == " ":
                    continue
                plain = " "
            folded.append(plain)
            at.append(index)
        self._folded = "".join(folded)
        self._at = [*at, len(text)]

    def find(self, words: str, near: int = 0) -> Span | None:
        """Offsets into the text of the occurrence nearest to a place; None where there is none."""
        plain = _SPACE.sub(" ", "".join(SAME.get(letter, letter) for letter in words)).strip()
        if not plain:
            return None
        starts = [match.start() for match in re.finditer(re.escape(plain), self._folded)]
        if not starts:
            return None
        best = min(starts, key=lambda start: abs(self._at[start] - near))
        return (self._at[best], self._at[best + len(plain) - 1] + 1)


def verbatim_claims(source: Source, text: str, answer: bytes) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """The proposals that the text bears out word for word, and a sentence on each of the others.

    Dates and SI values are computed here by rule, from the words that were found; a model's own are never taken.

    Args:
        source: the document.
        text: its text.
        answer: JSON ``{"model": name, "claims": [...]}`` as ``intake.endpoint.ask_model`` returns it.

    """
    told: Mapping[str, Any] = json.loads(answer)
    located = Located(text)
    dates = find_dates(text, source.published, source.language)
    numbers = find_quantities(text, source.language, dates)
    kept: dict[str, Claim] = {}
    refused = []
    for proposal in told.get("claims", ()):
        try:
            claim = _claim(source, text, proposal, located, (dates, numbers))
        except _RefusedError as error:
            refused.append(f"a proposal of the model was dropped: {error}")
            continue
        kept.setdefault(claim.id, replace(claim, extractor=f"model {told.get('model', 'unknown')}"))
    return tuple(kept.values()), tuple(refused)


def _claim(
    source: Source,
    text: str,
    proposal: Mapping[str, Any],
    located: Located,
    read: tuple[tuple[ClaimTime, ...], tuple[ClaimQuantity, ...]],
) -> Claim:
    span = located.find(_string(proposal, "evidence"))
    if span is None:
        raise _RefusedError("its evidence does not stand in the text")
    evidence = text[span[0] : span[1]]
    chain = _chain(proposal.get("source_chain"), located)
    hedge = Hedge(_word(proposal, "hedge_level", HedgeLevel), _cues(proposal.get("hedge_cues"), evidence))
    time = _within(read[0], proposal.get("date_text"), "date", located, span)
    role = proposal.get("date_role")
    provider, analyst = (_named(proposal.get(key), key, located) for key in ("provider", "analyst"))
    speaker = chain[-1]
    return Claim(
        id=f"{source.id}-{hashlib.sha256(evidence.encode()).hexdigest()[:8]}",
        source=source.id,
        span=span,
        evidence=evidence,
        claim=_SPACE.sub(" ", _string(proposal, "claim")).strip()[:200] or evidence,
        type=_word(proposal, "type", ClaimType),
        source_chain=chain,
        speaker=speaker,
        roles=Roles(provider, analyst, None if speaker in {OUTLET, UNKNOWN} else speaker, chain[1:-1]),
        hedge=hedge,
        polarity=_word(proposal, "polarity", Polarity),
        time=replace(time, role=role) if time is not None and role in get_args(TimeRole) else time,
        place=_named(proposal.get("place"), "place", located),
        quantity=_within(read[1], proposal.get("quantity_text"), "quantity", located, span),
        observable=_word(proposal, "observable", Observable),
        obs_note="",
    )


def _string(proposal: Mapping[str, Any], key: str) -> str:
    value = proposal.get(key)
    if not isinstance(value, str):
        raise _RefusedError(f"its {key} is no text")
    return value


def _word(proposal: Mapping[str, Any], key: str, words: Any) -> Any:  # noqa: ANN401 - a Literal
    value = proposal.get(key)
    if value not in get_args(words):
        raise _RefusedError(f"its {key} is none of the words there are")
    return value


def _texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _chain(value: object, located: Located) -> tuple[str, ...]:
    if not _texts(value) or not value or value[0] != OUTLET:
        raise _RefusedError('its chain of sources does not start with "outlet"')
    for link in value:
        if link not in FREE and located.find(link) is None:
            raise _RefusedError("a name in its chain of sources does not stand in the text")
    return tuple(value)


def _cues(value: object, evidence: str) -> tuple[str, ...]:
    if not _texts(value):
        raise _RefusedError("its hedge cues are no list of texts")
    inside = Located(evidence)
    spans = [inside.find(cue) for cue in value]
    if None in spans:
        raise _RefusedError("a hedge cue does not stand in its evidence")
    return tuple(evidence[span[0] : span[1]] for span in spans if span is not None)


def _named(value: object, key: str, located: Located) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or located.find(value) is None:
        raise _RefusedError(f"its {key} does not stand in the text")
    return value


def _within(read: tuple[Any, ...], value: object, key: str, located: Located, near: Span) -> Any:  # noqa: ANN401 - a ClaimTime or a ClaimQuantity
    """What rules read in the words that a model points at; None where it points at none, or at words that rules cannot read."""
    if value is None:
        return None
    span = located.find(value, near[0]) if isinstance(value, str) else None
    if span is None:
        raise _RefusedError(f"its {key} does not stand in the text")
    return next((one for one in read if one.span[0] < span[1] and span[0] < one.span[1]), None)
