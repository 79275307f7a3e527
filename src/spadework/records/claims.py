"""What was said, by whom: Sources, Claims, Origins, how Claims bear on each other, and whether imagery could check them.

Spans are (start, end) character offsets into the Source's text, end exclusive. A Claim's words are always verbatim text of its Source.
"""

from __future__ import annotations

import datetime as dt
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


# ---------------------------------------------------------------- origins
@dataclass(frozen=True, slots=True)
class Origin:
    """Who first observed or said something: Claims whose innermost provider, analyst or image is the same, or whose words are."""

    id: str
    name: str
    """The provider, analyst or speaker; "unknown" for lineage that no text gives, which counts as no origin."""
    claims: tuple[str, ...]
    """Ids of the Claims, in document order."""
    sources: tuple[str, ...]
    """Ids of the documents that repeat it."""
    why: tuple[str, ...]
    """What joined them: "same provider", "same image: ISI, 2020-05-12", "near-copy text, .83 of shingles"."""
    counts: bool = True
    """False: lineage unknown, so it is no origin."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """How many documents, how many origins."""

    origins: tuple[Origin, ...]
    independence: Literal["one origin", "independence not established", "independent", "no known origin"]
    """Two named origins are independent only where an analyst said so, with a reason."""
    hits: int
    """Documents."""

    @property
    def count(self) -> int:
        """Origins that count."""
        return sum(origin.counts for origin in self.origins)


@dataclass(frozen=True, slots=True)
class Drift:
    """How a sentence changed between two documents of one origin."""

    first: str
    """Id of the Claim that is nearer to the origin (or older)."""
    second: str
    kind: Literal[
        "dropped word", "harder verb", "converted unit", "narrowed purpose", "changed date", "changed number", "dropped hedge"
    ]
    before: str
    """Verbatim words of the first."""
    after: str
    """Verbatim words of the second; empty where they are gone."""
    note: str = ""


# ---------------------------------------------------------------- how claims bear on each other
RelationKind: TypeAlias = Literal["supports", "contradicts", "refines", "different object", "unrelated"]


@dataclass(frozen=True, slots=True)
class Relation:
    """What two Claims are to each other: proposed, with the reason."""

    first: str
    second: str
    kind: RelationKind
    slot: Literal["time", "quantity", "polarity", "object", "place", "whole"]
    """What was decisive."""
    reason: str
    same_origin: bool
    """True: agreement is repetition, not corroboration."""
    resolved: str = ""
    """Where the texts themselves decide, what they decide and by what; empty where they do not."""
    flags: tuple[str, ...] = ()
    """E.g. "implausible beside the others"."""


# ---------------------------------------------------------------- could it be seen?
Verdict: TypeAlias = Literal[
    "borne out", "contradicted", "not contradicted", "not observable with these Scenes", "not observable from orbit"
]


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the table of what images can show."""

    name: str
    """"opening", "earthwork", "vehicle" ..."""
    smallest_m: float
    """Smallest plan dimension that it usually has, metres; a Claim's own width or length goes before it."""
    detect_m: float
    """Coarsest GSD that shows that something is there, metres."""
    recognise_m: float
    """Coarsest GSD that shows what it is."""
    measure_m: float
    """Coarsest GSD at which it can be measured to about a fifth."""
    light: str
    """Season, sun and background that it needs; empty = any."""
    source: str
    """Where the figures come from."""


@dataclass(frozen=True, slots=True)
class Check:
    """A Claim held against what imagery could show, and against the dossier."""

    claim: str
    feature: str | None
    """Name of the Feature; None = nothing that an image shows."""
    verdict: Verdict
    needs_gsd_m: float | None
    """GSD that would be needed; None = no image from orbit would do."""
    reason: str
    evidence: tuple[str, ...] = ()
    """Ids of the records of the dossier that it rests on, as footnotes name them: "look:L", "vhr:S", "event:E", "measurement:M"."""
    held_gsd_m: float | None = None
    """Finest GSD held of that place and time; None = none."""
    perhaps: str = ""
    """What of it could show at a coarser GSD, and how big it must be: "the earthwork around it, from 2,000 m2"."""


# ---------------------------------------------------------------- grades
@dataclass(frozen=True, slots=True)
class Grade:
    """Admiralty code (NATO AJP-2.1): a letter for the origin, which only an analyst sets, and a number for the information."""

    origin: str
    claim_type: ClaimType
    letter: Literal["A", "B", "C", "D", "E", "F"]
    """F = cannot be judged, until an analyst sets it."""
    number: Literal[1, 2, 3, 4, 5, 6]
    """Proposed from independent origins; repeats never reach 1."""
    reason: str
    tags: tuple[str, str]
    """Machine tags of the MISP taxonomy admiralty-scale."""
    set_by: str | None = None
