"""One HTML file that a person can check: the finding first, then what it rests on and what could not be seen.

The law of this room: every generated sentence carries the ids of its evidence, nothing is loaded from outside the
page, and all text from metadata is data that the template escapes.
"""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from spadework.publish import words

if TYPE_CHECKING:
    from spadework.publish.words import Sentence
    from spadework.records import Event, Figure, Findings, Look, NullStatement, SceneRef, Sensitivity

PAGE_BYTES: Final = 10_500_000
"""Pictures of a page together, before base64 makes them a third longer."""
SHRINK: Final = ((1.0, 82), (0.8, 75), (0.6, 70), (0.4, 60), (0.25, 50))
"""(scale, WebP quality) tried in turn on still pictures until the page is small enough."""
CLEAR_LOOK: Final = 0.5
"""Share of the Site that makes a look a clear one, as in the table of seasons."""
SUSPECT: Final = 0.01
"""Share of the Site under a suspect mask that is worth a warning."""
OPENING_M: Final = 4.6
"""The opening that the founding article measured, as an example of what a pixel hides."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A figure as the page embeds it."""

    uri: str
    width: int
    height: int
    caption: str
    alt: str
    looks: tuple[str, ...]


def report_html(findings: Findings, figures: tuple[Figure, ...]) -> str:
    """The report of a working copy as one HTML page.

    Args:
        findings: all that may be said.
        figures: from ``figures.draw_all``; embedded as data URIs, reduced where together they pass 10 MB.

    Returns:
        HTML that opens from disk, makes no request, and escapes every text that came from outside.

    """
    loader = PackageLoader("spadework.publish", "templates")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {
        "day": words.day,
        "share": words.share,
        "area": words.plain_area,
        "platform": words.platform,
        "span": words.span,
        "probability": words.probability,
    }
    pictures = _embedded(figures)
    context = _context(findings, pictures)
    return env.get_template("report.html.j2").render(context)


# ---------------------------------------------------------------- pictures
def _embedded(figures: tuple[Figure, ...]) -> dict[str, _Picture]:
    """Figures by name; stills become smaller WebP pictures where the page would be too big."""
    data = {figure.name: figure.data for figure in figures}
    for scale, quality in SHRINK:
        if sum(map(len, data.values())) <= PAGE_BYTES:
            break
        with ThreadPoolExecutor() as pool:  # the encoder releases the interpreter's lock
            smaller = pool.map(_smaller, figures, repeat(scale), repeat(quality))
            data = dict(zip((figure.name for figure in figures), smaller, strict=True))
    return {figure.name: _picture(figure, data[figure.name]) for figure in figures}


def _smaller(figure: Figure, scale: float, quality: int) -> bytes:
    """A still as WebP; an animation stays as it is, and the smaller of the two bytes wins."""
    image = Image.open(io.BytesIO(figure.data))
    if getattr(image, "is_animated", False):
        return figure.data
    out = io.BytesIO()
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(out, "WEBP", quality=quality, method=2)
    return min(figure.data, out.getvalue(), key=len)


def _picture(figure: Figure, data: bytes) -> _Picture:
    image = Image.open(io.BytesIO(data))
    uri = f"data:{Image.MIME[image.format or 'PNG']};base64,{base64.b64encode(data).decode('ascii')}"
    return _Picture(uri, image.width, image.height, figure.caption, figure.alt, figure.looks)


# ---------------------------------------------------------------- what the template reads
def _context(findings: Findings, pictures: dict[str, _Picture]) -> dict[str, Any]:
    number = {look.id: place for place, look in enumerate(findings.looks, 1)}
    cards = [_card(event, place, findings, pictures) for place, event in enumerate(findings.events, 1)]
    return {
        "f": findings,
        "site": findings.site,
        "seen": findings.observability,
        "headline": words.headline(findings),
        "place": words.site_place(findings.site),
        "number": number,
        "anchor": {event.id: place for place, event in enumerate(findings.events, 1)},
        "groups": _groups(cards),
        "cards": cards,
        "chronology": _chronology(findings),
        "pictures": {name.split("/")[-1].split(".")[0]: pictures.get(name) for name in _site_figures()},
        "looks": [_look_row(look, place, findings) for place, look in enumerate(findings.looks, 1)],
        "short": _short,
        "limits": _limits(findings),
        "unknowns": _unknowns(findings),
        "null": _null(findings),
        "detectable": words.detectable(findings),
        "sensitivity": _sensitivity(findings.sensitivity),
        "lasting": any(event.status == "confirmed" for event in findings.events),
        "suspect": findings.observability.mask_suspect >= SUSPECT,
    }


def _site_figures() -> tuple[str, ...]:
    return "figures/looks.png", "figures/timelapse.webp", "figures/overview.png", "figures/sensitivity.png"


def _card(event: Event, place: int, findings: Findings, pictures: dict[str, _Picture]) -> dict[str, Any]:
    """An event as the page tells it."""
    return {
        "event": event,
        "anchor": place,
        "status": words.STATUS[event.status],
        "sentence": words.finding(event, findings),
        "mark": words.marked(event),
        "chance": words.chance(event, findings),
        "short_history": words.short_history(event),
        "steps": [words.phase(step, event, findings) for step in event.history],
        "area": words.area(event.area_m2, event.area_low_m2, event.area_high_m2),
        "pictures": [p for kind in ("before-after", "series") if (p := pictures.get(f"figures/{event.id}-{kind}.png"))],
        "scenes": [(scene.id, _short(scene)) for scene in event.scenes],
    }


def _groups(cards: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(heading, explanation, cards) by status; rejected and recovered stand apart from what lasts."""
    told = (
        ("confirmed", "Confirmed changes", "Seen again and again by later clear looks."),
        (
            "anomaly",
            "Not yet confirmed",
            "Unlike the past, but not sure: too few later clear looks yet, or more likely a false alarm by its kind; this can still go away.",
        ),
        ("recovered", "Changed, then back to normal", "Confirmed once; later looks resemble the past again."),
        (
            "rejected",
            "Rejected by an analyst",
            "Found by the method, judged by a person not to be a finding; kept so that anyone can check.",
        ),
    )
    groups = [(head, why, [card for card in cards if card["event"].status == status]) for status, head, why in told]
    return [group for group in groups if group[2]]


def _chronology(findings: Findings) -> list[tuple[str, Sentence]]:
    """(event id, sentence) of every step of every event that stands, by the look that first shows it."""
    standing = [event for event in findings.events if event.status != "rejected"]
    steps = [(step.until, event.id, words.phase(step, event, findings)) for event in standing for step in event.history]
    steps += [(e.onset_latest.datetime, e.id, words.finding(e, findings)) for e in standing if not e.history and e.onset_latest]
    return [(name, sentence) for _, name, sentence in sorted(steps, key=lambda step: step[:2])]


def _short(scene: SceneRef) -> str:
    """The first twelve digits of a hash, enough to find it in the catalogue."""
    return scene.sha256[:12] if scene.sha256 else "not hashed"


def _look_row(look: Look, place: int, findings: Findings) -> dict[str, Any]:
    least = findings.site.clear.min_share
    period = findings.site.period
    if look.clear < least:
        used = f"not read: under {words.share(least)} of the site clear"
    elif look.day < period.start:
        used = "used: history"
    else:
        used = "used: watched period" if look.day <= period.end else "not used: after the period"
    sun = "unknown" if look.sun_elevation is None else f"{look.sun_elevation:.0f}° high"
    sun += "" if look.sun_azimuth is None else f", from {look.sun_azimuth:.0f}°"
    return {
        "look": look,
        "place": place,
        "used": used,
        "sun": sun,
        "view": "unknown" if look.off_nadir is None else f"{look.off_nadir:.1f}°",
        "gsd": "unknown" if look.gsd is None else f"{look.gsd:g} m",
        "shift": "not estimated" if look.shift_m is None else f"{look.shift_m[0]:+.1f} m east, {look.shift_m[1]:+.1f} m north",
        "residual": "not estimated" if look.residual_m is None else f"{look.residual_m:.1f} m",
        "notes": [*(("resampled from another CRS",) if look.warped else ()), *look.notes],
    }


# ---------------------------------------------------------------- what could not be seen
def _limits(findings: Findings) -> list[str]:
    """What pixels of this size cannot show; recognition takes three to five pixels across (Hall 1997)."""
    pixel = findings.pixel_m
    limits = [
        f"One pixel is {pixel:g} m wide. Nothing narrower than about {pixel:g} m shows as itself; it only tints a pixel.",
        f"The smallest change listed is {findings.site.min_pixels} pixels, {words.plain_area(findings.site.min_pixels * pixel**2)}.",
    ]
    if pixel * 3 > OPENING_M:
        limits.append(
            f"An opening {OPENING_M} m wide: NOT OBSERVABLE in these images. To recognise one takes three to five pixels across "
            f"it, so pixels of about {OPENING_M / 5:.1f} to {OPENING_M / 3:.1f} m.",
        )
    limits.append(_machines(pixel))
    limits += [
        "What a change is for, who made it, and what lies under a roof, a net or the ground.",
        "Anything that came and went between two clear looks.",
        "Depth and height: these are views from above, without shadows measured.",
    ]
    return limits


def _machines(pixel: float) -> str:
    """The ceiling on machines (rules of evidence, 5)."""
    if pixel > 3:  # noqa: PLR2004 - metres, from the ceiling
        return f"Vehicles and machines: NOT OBSERVABLE at {pixel:g} m. No statement about them is made; pixels of 3 m at most would be needed."
    return f"Vehicles and machines: no detector has been run on these images of {pixel:g} m pixels, so no statement about them is made."


def _unknowns(findings: Findings) -> list[str]:
    """The required section: what this report does not know."""
    seen = findings.observability
    unknowns = [
        "The cause and the purpose of every change listed. The images show that ground changed, not why.",
        words.detectable(findings).text
        if findings.sensitivity is None or findings.sensitivity.reason
        else "Whether a smaller or fainter change than the sensitivity measured here, or a later one, was missed.",
    ]
    if not any(event.p_real is not None for event in findings.events):
        unknowns.append("How often a listed change is a false alarm here: no probability has been computed.")
    if seen.longest_gap:
        first, last = seen.longest_gap
        unknowns.append(
            f"What happened between {words.day(first)} and {words.day(last)}: {(last - first).days} days without a clear look.",
        )
    if seen.not_assessed_m2 > 0:
        unknowns.append(f"What happened on {words.plain_area(seen.not_assessed_m2)} that could not be assessed.")
    unbounded = [event.id for event in findings.events if event.onset_latest and event.onset_earliest is None]
    if unbounded:
        unknowns.append(f"When {', '.join(unbounded)} began: no earlier clear look bounds the start.")
    return unknowns


def _null(findings: Findings) -> words.Sentence:
    """The null finding with its sensitivity; cites the first and last clear look."""
    period, seen = findings.site.period, findings.observability
    clear = [k.id for k in findings.looks if period.start <= k.day <= period.end and k.clear >= CLEAR_LOOK]
    text = (
        f"Between {words.day(period.start)} and {words.day(period.end)}, {len(clear)} clear looks over {words.plain_area(seen.assessed_m2)} "
        f"of assessed ground confirmed no lasting change of at least {words.plain_area(findings.site.min_pixels * findings.pixel_m**2)}. "
        f"This is not proof that nothing happened. {words.detectable(findings).text}"
    )
    return words.Sentence(text, (), tuple(dict.fromkeys((clear[0], clear[-1]))) if clear else ())


def _sensitivity(told: Sensitivity | None) -> dict[str, Any] | None:
    """Sensitivity as the page tells it: what was planted, and a table of contrasts by areas; None where nothing is known."""
    if told is None or not told.statements:
        return None
    sure = [statement for statement in told.statements if statement.wanted == words.SURE]
    contrasts = sorted({statement.contrast for statement in sure})
    return {
        "planting": words.planting(told),
        "ground": words.plain_area(told.ground_m2),
        "level": words.share(told.level),
        "sure": words.probability(words.SURE),
        "contrasts": [words.points(contrast) for contrast in contrasts],
        "rows": [
            (
                words.plain_area(area),
                [_cell(s) for contrast in contrasts for s in sure if (s.area_m2, s.contrast) == (area, contrast)],
            )
            for area in sorted({statement.area_m2 for statement in sure})
        ],
        "worse": words.FAMILY[best.chance.worse] if (best := words.leading(told)) else "",
    }


def _cell(statement: NullStatement) -> tuple[str, str]:
    """(latest onset, probability) of one cell of the table."""
    if statement.before is None:
        return "not reached", f"at most {words.interval(statement)}"
    return f"before {words.day(statement.before)}", words.interval(statement)
