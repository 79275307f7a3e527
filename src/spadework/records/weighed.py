"""Claims weighed: Origins, how Claims bear on each other, how they changed, whether imagery could check them, and grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spadework.records.claims import Claim, ClaimDecision, ClaimType, Dimension, Source


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


Independence: TypeAlias = Literal["one origin", "independence not established", "independent", "no known origin"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """How many documents, how many origins."""

    origins: tuple[Origin, ...]
    independence: Independence
    """Two named origins are independent only where an analyst said so, with a reason."""
    hits: int
    """Documents."""
    apart: tuple[tuple[str, str], ...] = ()
    """Ids of origins that an analyst says did not learn from each other."""

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


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What several Claims say of one quantity, as one interval: ranges stay ranges, a converted midpoint never stands alone."""

    dimension: Dimension
    low: float
    """SI; the widest that the Claims allow as written, rounding of their units included."""
    high: float
    si_unit: str
    claims: tuple[str, ...]
    """Ids of those that it reconciles."""
    outliers: tuple[str, ...] = ()
    """Ids of those that do not fit beside the others."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """Claims about one fact of one object, wherever they were printed."""

    id: str
    """"T1" ..., in the order of their first Claim."""
    about: str
    """The gist of the first."""
    claims: tuple[str, ...]
    lineage: Lineage
    quantities: tuple[Reconciled, ...] = ()


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


# ---------------------------------------------------------------- the analyst's settings, and all of it together
@dataclass(frozen=True, slots=True)
class OriginRule:
    """One ``[[origin]]`` table: what an analyst says of an origin."""

    name: str
    """As the documents name it."""
    letter: Literal["A", "B", "C", "D", "E", "F"] = "F"
    reason: str = ""
    independent_of: tuple[str, ...] = ()
    """Origins that it did not learn from; counts only with ``reason``."""


@dataclass(frozen=True, slots=True)
class ClaimLedger:
    """What documents say of a Site, weighed."""

    sources: tuple[Source, ...] = ()
    claims: tuple[Claim, ...] = ()
    """With the analyst's decisions applied; rejected ones stay, and are marked."""
    decisions: tuple[ClaimDecision, ...] = ()
    lineage: Lineage | None = None
    """Of all Claims together; None = no document."""
    threads: tuple[Thread, ...] = ()
    relations: tuple[Relation, ...] = ()
    drifts: tuple[Drift, ...] = ()
    checks: tuple[Check, ...] = ()
    grades: tuple[Grade, ...] = ()


NOTHING_SAID: Final = ClaimLedger()
"""Of a Site without documents."""
