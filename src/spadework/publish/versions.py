"""Two versions of the findings compared in words, and the sentences on who stands behind a product.

A later run never rewrites an earlier judgement: it stands in the dossier's history, and what became of it is told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shapely

from spadework.grid import shape_of
from spadework.publish import changes, scenes, seeing, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spadework.publish.evidence import Witness
    from spadework.records import Event, Findings, Look

SAME: Final = 0.5
"""Two outlines are of the same event from this intersection over union on, as for an analyst's marks."""
WAS: Final = {
    "confirmed": "was confirmed",
    "anomaly": "was not yet confirmed",
    "recovered": "had gone back to normal",
    "rejected": "was rejected by an analyst",
}
"""A status of the earlier version."""
IS: Final = {
    "confirmed": "is now confirmed",
    "anomaly": "is not confirmed now",
    "recovered": "has gone back to normal",
    "rejected": "is now rejected by an analyst",
}
"""A status of the later version."""
MANY: Final = 12
"""Changes told one by one in a log; the rest is counted."""


def difference(before: Findings, after: Findings) -> tuple[str, ...]:
    """What became of each judgement from one version to the next, a sentence each; empty = the same."""
    return tuple(_differences(before, after))


def _differences(before: Findings, after: Findings) -> Iterator[str]:
    if before.site.period != after.site.period:
        old, new = before.site.period, after.site.period
        yield (
            f"The question went from {words.day(old.start)} to {words.day(old.end)} before, to {words.day(new.start)} to "
            f"{words.day(new.end)} now."
        )
    old_looks, new_looks = ({look.id: look for look in told.looks} for told in (before, after))
    for verb, more in (("added", new_looks.keys() - old_looks.keys()), ("taken out", old_looks.keys() - new_looks.keys())):
        if more:
            yield f"{len(more)} {'look was' if len(more) == 1 else 'looks were'} {verb}."
    pairs = _pairs(before.events, after.events)
    for event in before.events:
        if (later := pairs.get(event.id)) is None:
            yield f"{event.id} is no longer found; it {WAS[event.status]}, {changes.size(event)}."
        else:
            yield from _event(event, later, old_looks, new_looks)
    known = {event.id for event in pairs.values()}
    for event in after.events:
        if event.id not in known:
            yield f"{event.id} is new; it {IS[event.status]}, {changes.size(event)}, {_when(event, new_looks)}."
    yield from _close(before, after)
    one, two = (seeing.detectable_text(told.sensitivity) for told in (before, after))
    if one != two:
        yield f"Of what could have been seen we said: {one} Now: {two}"


def _close(before: Findings, after: Findings) -> Iterator[str]:
    """What became of very-high-resolution Scenes, and of what was said of them."""
    old, new = ({scene.id: scene for scene in told.scenes} for told in (before, after))
    for verb, more in (("added", new.keys() - old.keys()), ("taken out", old.keys() - new.keys())):
        if more:
            yield f"{len(more)} very-high-resolution {'scene was' if len(more) == 1 else 'scenes were'} {verb}."
    for scene in after.scenes:
        was, now = (scenes.counted([s for s in told.sightings if s.scene == scene.id]) for told in (before, after))
        if scene.id in old and was != now:
            yield f"Sighted in the scene of {words.scene_name(scene)}: {was or 'nothing'} before, {now or 'nothing'} now."
    yield from _measured(before, after)
    shares = {(pair.before, pair.after): pair.changed_fraction for pair in before.comparisons}
    for pair in after.comparisons:
        share = shares.get((pair.before, pair.after), pair.changed_fraction)
        one, two = ("not compared" if told is None else words.share(told) for told in (share, pair.changed_fraction))
        if one != two:
            ends = " and ".join(words.scene_name(new[name]) for name in (pair.before, pair.after))
            yield f"What looks different between {ends}: {one} before, {two} now."


def _measured(before: Findings, after: Findings) -> Iterator[str]:
    """What became of each Measurement."""
    old, new = ({result.id: result for result in told.measurements} for told in (before, after))
    for name, result in new.items():
        now = words.measured(result) or "not stated"
        if name not in old:
            yield f"{scenes.name_of(result)} is new: {now}."
        elif (was := words.measured(old[name]) or "not stated") != now:
            yield f"{scenes.name_of(result)}: {was} before, {now} now."
    for result in before.measurements:
        if result.id not in new:
            yield f"{scenes.name_of(result)} is no longer told; it was {words.measured(result) or 'not stated'}."


def _pairs(before: tuple[Event, ...], after: tuple[Event, ...]) -> dict[str, Event]:
    """Later event by the id of the earlier: the same id, else the best overlap of at least half."""
    by_id = {event.id: event for event in after}
    pairs = {event.id: by_id[event.id] for event in before if event.id in by_id}
    left = [event for event in after if event.id not in pairs]
    for event in before:
        if event.id in pairs or not event.geometry:
            continue
        best = max(left, key=lambda other: _overlap(event, other), default=None)
        if best is not None and _overlap(event, best) >= SAME:
            pairs[event.id] = best
            left.remove(best)
    return pairs


def _overlap(one: Event, other: Event) -> float:
    """Intersection over union, 0..1."""
    a, b = shape_of(one.geometry), shape_of(other.geometry)
    united = shapely.area(shapely.union(a, b))
    return float(shapely.area(shapely.intersection(a, b)) / united) if united > 0 else 0.0


def _event(old: Event, new: Event, old_looks: dict[str, Look], new_looks: dict[str, Look]) -> Iterator[str]:
    """What became of one event."""
    name = new.id if new.id == old.id else f"{new.id} (formerly {old.id})"
    if new.id != old.id:
        yield f"{old.id} is now called {new.id}."
    if old.status != new.status:
        yield f"{name} {WAS[old.status]} and {IS[new.status]}."
    was, now = _when(old, old_looks), _when(new, new_looks)
    if was != now:
        yield f"{name}: onset {_moved(old, new)} from {was.removeprefix('begun ')} to {now.removeprefix('begun ')}."
    if changes.size(old) != changes.size(new):
        yield f"{name}: area went from {changes.size(old)} to {changes.size(new)}."
    if old.p_real is not None and new.p_real is not None:
        one, two = changes.likelihood(old.p_real), changes.likelihood(new.p_real)
        if one != two:
            yield f"{name}: that it is a real lasting change was {one} and is now {two}."
    if new.mark is not None and new.mark != old.mark:
        yield f"{name}: {new.mark.operator} {changes.DECIDED[new.mark.action]} it: {new.mark.reason}"


def _when(event: Event, looks: dict[str, Look]) -> str:
    try:
        return f"begun {words.onset(event, looks)}"
    except KeyError:
        return "begun between looks that are not in the report"


def _moved(old: Event, new: Event) -> str:
    """Narrowed, widened or moved: what an onset interval did; an unbounded start counts as long ago."""
    ends = [
        (event.onset_earliest.datetime.timestamp() if event.onset_earliest else 0.0, event.onset_latest.datetime.timestamp())
        for event in (old, new)
        if event.onset_latest is not None
    ]
    if len(ends) != 2:  # noqa: PLR2004 - both ends of both
        return "changed"
    (a, b), (c, d) = ends
    if a <= c and d <= b:
        return "narrowed"
    return "widened" if c <= a and b <= d else "moved"


# ---------------------------------------------------------------- who stands behind it
def identity(w: Witness) -> str:
    """Name, version and date of the product."""
    product = w.product
    if product.id is None:
        return "This is a working copy: it has no product id and no version. An export gets both."
    made = f", of {words.day(product.made.date())} (UTC)" if product.made else ""
    return f"Product {product.id}, version {product.version}{made}; it holds version {product.judgement} of the findings."


def readers(w: Witness) -> str:
    """Whether a second reader signed off these very findings."""
    product = w.product
    now = [sign for sign in product.sign_offs if sign.judgement == product.judgement]
    if now:
        signs = "; ".join(
            f"{sign.reader} on {words.day(sign.time.date())}{f' ({sign.note})' if sign.note else ''}" for sign in now
        )
        return f"Second reader's sign-off: {signs}."
    if product.sign_offs:
        last = product.sign_offs[-1]
        return f"{last.reader} signed off version {last.judgement} of the findings, not this one: no second reader has seen it."
    return "No second reader has signed off these findings."


def passed(w: Witness) -> str:
    """What the gate did; nothing in a working copy."""
    gate = w.product.gate
    if gate is None:
        return ""
    if gate.coordinates_m <= 0:
        return f"Exact coordinates are published by choice. Reason given: {gate.reason}"
    wait = f"; the newest look had to be at least {gate.delay_days} days old" if gate.delay_days else ""
    return (
        f"This export went through the publication gate: coordinates are rounded to {words.span(gate.coordinates_m)} or coarser, outlines, "
        f"tiles, Scene ids, clock times, spectra and angles of view are left out, and hashes of images are salted commitments{wait}."
    )


def corrected(w: Witness, place: int) -> str:
    """One line of the corrections log."""
    entry = w.product.corrections[place]
    told = " ".join(entry.changes[:MANY]) or "The findings are the same."
    more = len(entry.changes) - MANY
    rest = f" {more} more changes." if more > 0 else ""
    return f"Version {entry.version}, {words.day(entry.day)}: {told}{rest}"
