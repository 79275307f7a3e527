"""Judgements: likelihood with its interval and scale in one sentence, confidence in another, capability without any probability."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

from spadework.assess.evidence import ACCEPTED, grade_number, is_capability
from spadework.assess.terrain import examine_reason, is_length_caveat
from spadework.records import TERMS, Judgement, term_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from spadework.records import Claim, Confidence, Findings, Hypothesis, Question, Ranked

SCALE: Final = "ICD 203"
LIKELY: Final = 4
"""Place of "likely" among the terms."""
TRUSTED: Final = frozenset({"A", "B"})
"""Letters with which one origin's own observation is called likely (docs/assess.md)."""
_MANY: Final = 2
_WORKS: Final = re.compile(
    r"\b(?:bulldozers?|excavators?|construction|works?|digging|dug|excavat\w*|being built|machinery)\b", re.IGNORECASE
)

_OPENING: Final = re.compile(r"\b(?:entrances?|mouth|portals?|openings?|adits?)\b", re.IGNORECASE)


def judgements_of(
    question: Question, findings: Findings, ranking: tuple[Ranked, ...], hypotheses: tuple[Hypothesis, ...]
) -> tuple[Judgement, ...]:
    """What can be judged, in the order of the page: onset, size, length, use, and which explanation is left."""
    accepted = tuple(claim for claim in findings.said.claims if claim.state in ACCEPTED)
    return (
        *_onset_seen(findings),
        *_onset_said(accepted, findings),
        *_opening_said(accepted, findings),
        *_width(accepted, findings),
        *_caveats(question, accepted, findings),
        *_capabilities(accepted),
        _left(findings, ranking, hypotheses, accepted),
    )


def _onset_seen(findings: Findings) -> Iterator[Judgement]:
    """From this dossier's own images."""
    for event in findings.events:
        if event.status != "confirmed" or event.onset_latest is None or event.p_real is None:
            continue
        term = term_of(event.p_real)
        since = (
            f"after {_day(event.onset_earliest.datetime)}" if event.onset_earliest else "before the history began, or after it"
        )
        text = f"It is {term.text} ({term.interval}, {term.scale}) that a lasting change of the ground began {since} and no later than {_day(event.onset_latest.datetime)}."
        yield Judgement(
            text, term.text, (term.low, term.high), SCALE, "moderate", "It rests on several looks of one sensor, and on no second source.",
            (f"event:{event.id}",), ("a clear look within that interval", "an image of half a metre from those days"),
        )  # fmt: skip


def _onset_said(accepted: tuple[Claim, ...], findings: Findings) -> Iterator[Judgement]:
    """From the dates of images that documents speak of: works shown on a day had begun by then."""
    dated = sorted(
        (
            claim
            for claim in accepted
            if claim.time
            and claim.time.role == "observed"
            and claim.time.end
            and _WORKS.search(claim.evidence)
            and claim.polarity == "+"
        ),
        key=lambda claim: str(claim.time.end if claim.time else ""),
    )
    if not dated:
        return
    first = dated[0]
    seen = _day(first.time.end) if first.time and first.time.end else ""
    number = min(grade_number(claim, findings.said.grades, findings.said.lineage) for claim in dated)
    letters = {g.letter for g in findings.said.grades if g.origin in _origins(findings, dated)}
    term = TERMS[LIKELY] if number <= _MANY or letters & TRUSTED else None
    lead = (
        f"It is {term.text} ({term.interval}, {term.scale}) that works"
        if term
        else "According to the dated images that documents describe, works"
    )
    bounds = f"began before or on {seen}"
    later = [c for c in dated if c.time and first.time and c.time.start and first.time.end and c.time.start > first.time.end]
    more = f", and were seen again on {_day(later[-1].time.end)}" if later and later[-1].time and later[-1].time.end else ""
    text = f"{lead} {bounds}{more}; no dated image bounds their start from below."
    yield Judgement(
        text, term.text if term else None, (term.low, term.high) if term else None, SCALE, _confidence(findings, dated),
        _why(findings, dated), tuple(f"claim:{claim.id}" for claim in dated), ("a dated image of the place without works", "an earlier image that shows them"),
    )  # fmt: skip


def _opening_said(accepted: tuple[Claim, ...], findings: Findings) -> Iterator[Judgement]:
    """The opening by itself: described in one dated image and not in an earlier one."""
    dated = [c for c in accepted if c.time and c.time.role == "observed" and c.time.start and c.time.end and c.polarity == "+"]
    shown = sorted((c for c in dated if _OPENING.search(c.evidence)), key=lambda c: str(c.time and c.time.start))
    if not shown or shown[0].time is None or shown[0].time.start is None:
        return
    first = shown[0].time.start
    before = sorted(
        (c for c in dated if c.time and c.time.end and c.time.end < first), key=lambda c: str(c.time and c.time.end)
    )
    if not before or before[-1].time is None or before[-1].time.end is None:
        return
    others = {c.time.start for c in shown if c.time and c.time.start and c.time.start != first}
    doubt = f" Another document dates that image {_listed([_day(day) for day in sorted(others)])}." if others else ""
    text = (
        f"The opening is described in the image of {_day(first)} and not in that of {_day(before[-1].time.end)}: if the earlier image shows none, "
        f"it was made between the two.{doubt}"
    )
    yield Judgement(
        text, None, None, SCALE, _confidence(findings, (*shown, before[-1])), "The documents describe the images; the images themselves were not seen here.",
        tuple(f"claim:{claim.id}" for claim in (*shown, before[-1])), ("the two images themselves", "a dated image from between them"),
    )  # fmt: skip


def _width(accepted: tuple[Claim, ...], findings: Findings) -> Iterator[Judgement]:
    """Widths that documents give, as one interval; never a converted midpoint alone."""
    ids = {claim.id for claim in accepted}
    for thread in findings.said.threads:
        for found in thread.quantities:
            held = [name for name in (*found.claims, *found.outliers) if name in ids]
            if found.dimension != "width" or found.si_unit != "m" or not held:
                continue
            odd = " A figure that does not fit beside the others is left out." if found.outliers else ""
            text = f"According to the documents, the opening is {found.low:.1f} to {found.high:.1f} m wide, rounding and units included.{odd}"
            told = tuple(claim for claim in accepted if claim.id in held)
            yield Judgement(
                text, None, None, SCALE, _confidence(findings, told), _why(findings, told), tuple(f"claim:{name}" for name in held),
                ("a measurement in an image of half a metre or finer",),
            )  # fmt: skip


def _caveats(question: Question, accepted: tuple[Claim, ...], findings: Findings) -> Iterator[Judgement]:
    """A length that somebody judges by the ground: an assessment, with its reason examined."""
    for claim in accepted:
        if is_length_caveat(claim):
            reasons = examine_reason(claim, question.terrain, findings)
            text = " ".join(
                (
                    f"According to {_speaker(claim)}, the structure will not be very long because of the ground; this is that source's assessment.",
                    *reasons,
                )
            )
            yield Judgement(
                text, None, None, SCALE, "low", "The length lies below ground, where no image reaches.", (f"claim:{claim.id}",),
                ("spoil that goes on growing while the cut does not", "a second portal", "an elevation model of the place"),
            )  # fmt: skip


def _capabilities(accepted: tuple[Claim, ...]) -> Iterator[Judgement]:
    for claim in accepted:
        if is_capability(claim) and not is_length_caveat(claim):
            text = f"According to {_speaker(claim)}, the structure is fit for such a use; this is a capability, and carries no probability that it will be used so."
            yield Judgement(
                text, None, None, SCALE, "low", "A use cannot be seen from above.", (f"claim:{claim.id}",),
                ("images that show what goes in and out", "a source that was there"),
            )  # fmt: skip


def _left(
    findings: Findings, ranking: tuple[Ranked, ...], hypotheses: tuple[Hypothesis, ...], accepted: tuple[Claim, ...]
) -> Judgement:
    """Which explanation the evidence contradicts least: no probability, for purposes leave no trace of their own."""
    names = {hypothesis.id: hypothesis for hypothesis in hypotheses}
    first = [ranked for ranked in ranking if ranked.rank == 1]
    rest = [ranked for ranked in ranking if ranked.rank != 1]
    if len(first) == len(ranking) or not rest:
        text = f"The evidence does not tell the {len(ranking)} explanations apart: none is contradicted more than another."
    else:
        told = _listed([ranked.hypothesis for ranked in first])
        text = f"Of the {len(ranking)} explanations, {told} {'is' if len(first) == 1 else 'are'} contradicted least; {_listed([r.hypothesis for r in rest])} more."
    records = (
        tuple(f"claim:{claim.id}" for claim in accepted)
        or tuple(f"event:{event.id}" for event in findings.events if event.status == "confirmed")
        or ("site",)
    )
    watch = tuple(dict.fromkeys(indicator for ranked in first for indicator in names[ranked.hypothesis].indicators))[:4]
    return Judgement(text, None, None, SCALE, _confidence(findings, accepted), _why(findings, accepted), records, watch)


# ---------------------------------------------------------------- confidence
def _confidence(findings: Findings, claims: Iterable[Claim]) -> Confidence:
    """Of a judgement on some claims. Moderate needs own images or independent origins; high needs both, and no open contradiction (ICD 203 as printed by the DNI, 2023)."""
    images = any(event.status == "confirmed" for event in findings.events) or any(
        m.value is not None for m in findings.measurements
    )
    independent = len(_origins(findings, claims)) > 1 and _apart(findings, claims)
    open_conflict = _disputed(findings, claims)
    if images and independent and not open_conflict:
        return "high"
    return "moderate" if images or independent else "low"


def _why(findings: Findings, claims: Iterable[Claim]) -> str:
    """Why no more confidence."""
    held = tuple(claims)
    reasons = []
    if held:
        origins = _origins(findings, held)
        if not origins:
            reasons.append("no document says who first observed it")
        elif len(origins) == 1:
            reasons.append("all that was said of it goes back to one origin")
        elif not _apart(findings, held):
            reasons.append("nothing shows that its origins are independent of each other")
    if not findings.looks and not findings.scenes:
        reasons.append("no image was read")
    if _disputed(findings, held):
        reasons.append("the documents contradict each other on it")
    text = "; ".join(reasons) or "several looks agree, and nothing read contradicts them"
    return f"{text[0].upper()}{text[1:]}."


def _disputed(findings: Findings, claims: Iterable[Claim]) -> bool:
    ids = {claim.id for claim in claims}
    return any(r.kind == "contradicts" and not r.resolved and {r.first, r.second} & ids for r in findings.said.relations)


def _apart(findings: Findings, claims: Iterable[Claim]) -> bool:
    """Whether an analyst says of every two of their origins that they did not learn from each other."""
    lineage = findings.said.lineage
    apart = {frozenset(pair) for pair in lineage.apart} if lineage is not None else set()
    return all(frozenset(pair) in apart for pair in combinations(sorted(_origins(findings, claims)), 2))


def _origins(findings: Findings, claims: Iterable[Claim]) -> set[str]:
    """Origins of some claims that count."""
    ids = {claim.id for claim in claims}
    lineage = findings.said.lineage
    return {origin.id for origin in (lineage.origins if lineage else ()) if origin.counts and ids & set(origin.claims)}


def _speaker(claim: Claim) -> str:
    return {"outlet": "the document", "unknown": "an unnamed source"}.get(claim.speaker, claim.speaker)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _day(when: dt.date) -> str:
    """A day, or the day of an instant, as printed."""
    return f"{when.day} {when:%B %Y}"
