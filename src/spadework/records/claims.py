"""What was said, by whom: Sources, Claims, and an analyst's word on them.

Spans are (start, end) character offsets into the Source's text, end exclusive. A Claim's words are always verbatim text of its Source.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Span: TypeAlias = tuple[int, int]
ClaimType: TypeAlias = Literal[
    "observation", "event", "assessment", "statement", "intention", "denial", "background", "unknown"
]
HedgeLevel: TypeAlias = Literal["asserted", "assessed", "reported", "alleged", "possible", "denied", "unknown"]
Polarity: TypeAlias = Literal["+", "-", "0"]
"""Affirmed, negated or denied, not known."""
TimeRole: TypeAlias = Literal["observed", "event", "said", "published", "reference"]
Anchor: TypeAlias = Literal["dateline", "absolute", "story"]
"""What a date is counted from: the document's day, nothing (it holds its year), another date of the document."""
Precision: TypeAlias = Literal["day", "days", "week", "month", "season", "year", "decade", "vague", "unresolved"]
Amount: TypeAlias = Literal["exact", "approx", "min", "max", "range"]
"""How a number bounds the quantity."""
Dimension: TypeAlias = Literal[
    "width", "length", "height", "depth", "distance", "diameter", "area", "volume", "mass", "speed", "flow",
    "count", "money", "share", "duration", "temperature", "power", "energy", "other",
]  # fmt: skip
Observable: TypeAlias = Literal["yes", "partly", "no"]
ClaimState: TypeAlias = Literal["proposed", "accepted", "edited", "rejected"]

OUTLET: Final = "outlet"
"""The speaker of what a document says on its own account."""
UNKNOWN: Final = "unknown"
"""The speaker where the text does not settle it: never carried over from the sentence before."""
UNNAMED: Final = "unnamed reports"
"""The speaker of "it was reported" and "reportedly"."""


ABOUT: Final = 0.10
"""Half-width that "about" and its like allow, as a share."""


def last_digit(value: float) -> float:
    """What the last digit that a number shows is worth: 15 -> 1, 4.5 -> .1, 400 -> 10 (of trailing zeros, all but two digits count)."""
    whole, _, part = f"{value:.6f}".rstrip("0").partition(".")
    if part:
        return float(10.0 ** -len(part))
    zeros = len(whole) - len(whole.rstrip("0"))
    return float(10.0 ** min(zeros, max(len(whole) - 2, 0)))


@dataclass(frozen=True, slots=True)
class Source:
    """One document, as it was taken in."""

    id: str
    """Short and stable: "S" and the first 8 digits of ``sha256``."""
    sha256: str
    """Of the original bytes, which the dossier keeps as they came."""
    text_sha256: str
    """Of the text that spans point into, as UTF-8."""
    file: str
    """Name of the original, without its folder."""
    media: Literal["text", "html", "pdf"]
    language: str
    """ISO 639-1, e.g. "en"."""
    outlet: str
    """Who published it; "unknown" where nobody says so."""
    published: dt.date | None
    """The day that relative dates count from; None = not known, and they stay unresolved."""
    retrieved: dt.datetime
    url: str | None = None
    title: str | None = None
    synthetic: bool = False
    """True of a document that was written for an example."""


@dataclass(frozen=True, slots=True)
class Hedge:
    """How sure a Claim's words are."""

    level: HedgeLevel
    cues: tuple[str, ...] = ()
    """Verbatim words that say so; empty for a bare assertion."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Who vouches for what: three different people in an imagery story."""

    provider: str | None = None
    """Whose images they are."""
    analyst: str | None = None
    """Who read them, or judged."""
    speaker: str | None = None
    """Who said it."""
    reporter: tuple[str, ...] = ()
    """Media in between, outermost first."""
    outlet: str = OUTLET


@dataclass(frozen=True, slots=True)
class ClaimTime:
    """A date expression of a document, resolved to an interval of days."""

    text: str
    span: Span
    start: dt.date | None
    """First day, inclusive; None = unresolved."""
    end: dt.date | None
    """Last day, inclusive."""
    role: TimeRole = "event"
    anchor: Anchor = "dateline"
    precision: Precision = "day"


@dataclass(frozen=True, slots=True)
class ClaimQuantity:
    """A number with its unit, as written and in SI."""

    text: str
    span: Span
    value: float
    """Lower end of a range."""
    unit: str
    """As in the text, in short form: "ft", "km2"; for a count the thing, in the singular."""
    si_value: float
    si_unit: str
    """"m", "m2", "m3", "kg", "s", "m/s", "m3/s", "degC", "W", "J", "count", "1" (a share 0..1), or a currency."""
    bound: Amount = "exact"
    dimension: Dimension = "other"
    high: float | None = None
    """Upper end of a range; None = no range."""
    si_high: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """Lowest and highest SI value that the words allow; infinite on an open side.

        A number is taken as rounded in its last digit and unit as printed: 15 ft is 14.5 to 15.5 ft. A range keeps its ends, "about" allows
        a tenth, "at least" and "up to" one side, and a count is what it says.
        """
        if self.bound == "range" and self.si_high is not None:
            return self.si_value, self.si_high
        if self.bound == "min":
            return self.si_value, math.inf
        if self.bound == "max":
            return (-math.inf if self.si_unit == "degC" else 0.0), self.si_value
        half = (
            0.0
            if self.si_unit == "count"
            else 0.5 * last_digit(self.value) * abs(self.si_value / self.value if self.value else 1.0)
        )
        if self.bound == "approx":
            half = max(half, ABOUT * abs(self.si_value))
        return self.si_value - half, self.si_value + half


@dataclass(frozen=True, slots=True)
class Claim:
    """An assertion in a Source."""

    id: str
    """The Source's id and a hash of the evidence: the same words keep their id when rules change."""
    source: str
    """Id of the Source."""
    span: Span
    evidence: str
    """Verbatim: the Source's text at ``span``."""
    claim: str
    """Its gist; by rules the evidence without the words that attribute it."""
    type: ClaimType
    source_chain: tuple[str, ...]
    """Outermost first, from "outlet" to the speaker; ends with "unknown" where the text does not settle it."""
    speaker: str
    """Last of the chain."""
    roles: Roles
    hedge: Hedge
    polarity: Polarity
    time: ClaimTime | None
    place: str | None
    quantity: ClaimQuantity | None
    observable: Observable
    obs_note: str
    state: ClaimState = "proposed"
    extractor: str = ""
    """What proposed it, and its version; "analyst" for one made by hand."""


@dataclass(frozen=True, slots=True)
class ClaimDecision:
    """An analyst's word on a Claim; lives in the ledger and survives re-runs."""

    claim: str
    """Its id."""
    action: Literal["accept", "reject", "edit"]
    reason: str
    changes: tuple[tuple[str, str, str], ...] = ()
    """(slot, JSON before, JSON after) of an edit."""
    operator: str = "unknown"
    time: dt.datetime | None = None
