"""One HTML file that a person can check: the finding first, then what it rests on and what could not be seen.

The law of this room: every generated sentence carries the ids of its evidence, nothing is loaded from outside the
page, and all text from metadata is data that the template escapes.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from spadework.publish import changes, seeing, words
from spadework.publish.evidence import cited, records_of
from spadework.publish.glossary import glossary_of
from spadework.publish.said_rows import said_rows
from spadework.publish.scene_rows import scene_rows
from spadework.publish.story import story_of

if TYPE_CHECKING:
    from spadework.publish.embed import Picture
    from spadework.publish.evidence import Cited, Records, Sentence
    from spadework.publish.story import EventStory
    from spadework.records import Figure, Findings, Look, NullStatement, Product, SceneRef, Sensitivity, VhrScene

SITE_FIGURES: Final = ("looks", "timelapse", "overview", "sensitivity")
EVENT_FIGURES: Final = ("before-after", "series")
FEW_EVENTS: Final = 12
"""A footnote names so many events, sightings or measurements; more are counted."""
COUNTED: Final = ("event", "sighting", "measurement", "claim", "check", "thread")
NAMED_BY_KIND: Final = ("comparison", "sighting", "measurement", "claim", "thread", "check", "relation", "judgement")
"""Records whose name says little without their kind."""
FEW_LOOKS: Final = 6
"""A footnote names so many looks with their Scenes; more are named by their first and last number."""
GROUPS: Final = (
    ("confirmed", "Confirmed changes", "Seen again and again by later clear looks."),
    (
        "anomaly",
        "Not yet confirmed",
        "Unlike the past, but not sure: too few later clear looks yet, or more likely a false alarm by its kind; this can still go away.",
    ),
    ("added", "Drawn by an analyst", "Outlined by hand; the method has not confirmed it."),
    ("recovered", "Changed, then back to normal", "Confirmed once; later looks resemble the past again."),
    (
        "rejected",
        "Rejected by an analyst",
        "Found by the method, judged by a person not to be a finding; kept so that anyone can check.",
    ),
)
"""(status, heading, explanation), in the order of the page: what was rejected or went back stands apart from what lasts."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a page is made from, besides its pictures."""

    findings: Findings
    product: Product


def report_html(edition: Edition, pictures: tuple[Picture, ...]) -> str:
    """The report as one HTML page; printed, it is the PDF.

    Args:
        edition: all that may be said, and which version of it this is.
        pictures: from ``embed.embedded``.

    Returns:
        HTML that opens from disk, makes no request, and escapes every text that came from outside.

    """
    loader = PackageLoader("spadework.publish", "templates")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {"day": words.day, "share": words.share, "area": words.plain_area, "platform": words.platform}
    template = env.get_template("report.html.j2")
    # twice, first without pictures: the glossary stands on the page whose terms it explains
    said = template.render(**_context(edition, tuple(replace(picture, uri="") for picture in pictures)), glossary=())
    return template.render(**_context(edition, pictures), glossary=glossary_of(said))


# ---------------------------------------------------------------- footnotes
@dataclass(slots=True)
class _Notes:
    """Numbers footnotes in the order of the page; sentences that rest on the same records share one."""

    records: Records
    number: dict[str, int]
    """Place of a look in the table."""
    numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    """Footnotes that a sentence printed so far refers to."""

    def of(self, sentence: Sentence) -> int:
        """The number of a sentence's footnote."""
        return self.numbers.setdefault(sentence.records, len(self.numbers) + 1)

    def first(self, number: int) -> bool:
        """Whether this reference to a footnote is the first: the one that the footnote leads back to."""
        fresh = number not in self.used
        self.used.add(number)
        return fresh

    def all(self) -> list[tuple[int, list[dict[str, Any]], list[dict[str, Any]]]]:
        """(number, records other than looks, looks) of every footnote so far."""
        return [(n, *self._parts(names)) for names, n in self.numbers.items()]

    def _parts(self, names: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        counted = {kind: own for kind in COUNTED if len(own := [n for n in names if n.startswith(f"{kind}:")]) > FEW_EVENTS}
        left = {name for own in counted.values() for name in own}
        told = [cited(self.records, name) for name in names if not name.startswith(("look:", "scene:")) and name not in left]
        other = [{"kind": record.kind, "name": _named(record)} for record in told]
        for kind, own in counted.items():
            every = "all " if len(own) == sum(name.startswith(f"{kind}:") for name in self.records) else ""
            other.append({"kind": f"{kind}s", "name": f"{every}{len(own)} {kind}s"})
        looks = [name.removeprefix("look:") for name in names if name.startswith("look:")]
        if len(looks) > FEW_LOOKS:
            numbers = sorted(self.number[look] for look in looks)
            return other, [{"first": numbers[0], "last": numbers[-1], "count": len(numbers)}]
        return other, [self._look(look) for look in looks]

    def _look(self, name: str) -> dict[str, Any]:
        told = cited(self.records, f"look:{name}")
        scenes = [cited(self.records, f"scene:{scene.id}") for scene in self.records[f"look:{name}"].scenes]
        return {
            "number": self.number[name],
            "count": 0,
            "detail": told.detail,
            "scenes": [(scene.name, scene.detail[:12] if " " not in scene.detail else scene.detail) for scene in scenes],
        }


def _named(record: Cited) -> str:
    """A record other than a look as a footnote prints it; of a very-high-resolution Scene with the head of its hash."""
    if record.kind == "vhr":
        detail, _, digest = record.detail.rpartition(", ")
        return f"Scene {record.name} ({detail}) {digest[:12] if ' ' not in digest else digest}"
    return f"{record.kind} {record.name}" if record.kind in NAMED_BY_KIND else record.name


# ---------------------------------------------------------------- what the template reads
def _context(edition: Edition, pictures: tuple[Picture, ...]) -> dict[str, Any]:
    findings, product = edition.findings, edition.product
    records = records_of(findings, tuple(picture.figure for picture in pictures), product)
    story = story_of(records)
    by_name = {picture.figure.name.split("/")[-1].split(".")[0]: picture for picture in pictures}
    cards = [_card(told, findings, by_name) for told in story.events]
    number = {look.id: place for place, look in enumerate(findings.looks, 1)}
    credits_ = list(dict.fromkeys((look.credit, look.licence) for look in findings.looks))
    script = swipe_script()
    return {
        "f": findings,
        "site": findings.site,
        "product": product,
        "seen": findings.observability,
        "story": story,
        "notes": _Notes(records, number),
        "captions": dict(story.captions),
        "anchor": {told.event: told.number for told in story.events},
        "groups": _groups(cards),
        "cards": cards,
        "pictures": {name: by_name.get(name) for name in SITE_FIGURES},
        "looks": [_look_row(look, place, edition, credits_) for place, look in enumerate(findings.looks, 1)],
        "credits": credits_,
        "short": _short,
        "sensitivity": _sensitivity(findings.sensitivity),
        "vhr": scene_rows(findings, gated=bool(product.gate and product.gate.coordinates_m > 0)),
        "said": said_rows(findings.said, findings.assessment),
        "judged": findings.assessment,
        "imagery": bool(findings.looks or findings.scenes),
        "vhr_pictures": _vhr_pictures(by_name),
        "withheld": Counter(picture.figure.withheld for picture in pictures if picture.figure.withheld).items(),
        "credit": partial(_credit, findings=findings),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


def swipe_script() -> str:
    """The page's one script: it makes a swipe of a figure's before and after panels, and boxes that scroll reachable by keyboard."""
    source, _, _ = PackageLoader("spadework.publish", "templates").get_source(Environment(autoescape=True), "swipe.js")
    return source.strip()


def _card(told: EventStory, findings: Findings, pictures: dict[str, Picture]) -> dict[str, Any]:
    """An event as the page tells it."""
    event = findings.events[told.number - 1]
    return {
        "event": event,
        "told": told,
        "anchor": told.number,
        "kind": words.kind(event),
        "status": words.KIND[words.kind(event)],
        "area": changes.size(event),
        "chance": "not computed" if event.p_real is None else changes.likelihood(event.p_real),
        "pictures": [p for kind in EVENT_FIGURES if (p := pictures.get(f"{event.id}-{kind}"))],
    }


def _groups(cards: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(heading, explanation, cards) by status."""
    groups = [(head, why, [card for card in cards if card["kind"] == status]) for status, head, why in GROUPS]
    return [group for group in groups if group[2]]


def _vhr_pictures(by_name: dict[str, Picture]) -> dict[str, list[Picture]]:
    """The pictures of very-high-resolution Scenes, in order: of pairs, of Scenes, of measurements."""
    return {
        kind: [picture for name, picture in by_name.items() if name.startswith(f"{kind}-") and picture.figure.scenes]
        for kind in ("pair", "scene", "measurement")
    }


def _credit(figure: Figure, findings: Findings) -> str:
    """Days, credit and licence of the images that a picture shows, in words: its lettering is too small on a phone."""
    looks = [look for look in findings.looks if look.id in figure.looks]
    scenes = [scene for scene in findings.scenes if scene.id in figure.scenes]
    shown: list[Look | VhrScene] = [*looks, *scenes]
    days = [words.day(day) for day in sorted({image.datetime.date() for image in shown if image.datetime})]
    when = " and ".join(days) or "Day unknown" if len(days) <= 2 else f"{len(shown)} looks from {days[0]} to {days[-1]}"  # noqa: PLR2004 - a pair is named
    return ". ".join([when, *words.credits_of(shown)]) + "."


def _short(scene: SceneRef) -> str:
    """The first twelve digits of a hash, enough to find it in the catalogue."""
    return scene.sha256[:12] if scene.sha256 else "not hashed"


def _look_row(look: Look, place: int, edition: Edition, known: list[tuple[str, str]]) -> dict[str, Any]:
    findings, gate = edition.findings, edition.product.gate
    blank = "withheld" if gate and gate.coordinates_m > 0 else "unknown"
    least = findings.site.clear.min_share
    period = findings.site.period
    if look.clear < least:
        used = f"not read: under {words.share(least)} of the site clear"
    elif look.day < period.start:
        used = "used: history"
    else:
        used = "used: watched period" if look.day <= period.end else "not used: after the period"
    sun = blank if look.sun_elevation is None else f"{look.sun_elevation:.0f}° high"
    sun += "" if look.sun_azimuth is None else f", from {look.sun_azimuth:.0f}°"
    return {
        "look": look,
        "place": place,
        "when": words.instant(look.datetime),
        "used": used,
        "credit": known.index((look.credit, look.licence)) + 1,
        "sun": sun,
        "view": blank if look.off_nadir is None else f"{look.off_nadir:.1f}°",
        "gsd": "unknown" if look.gsd is None else f"{look.gsd:g} m",
        "shift": words.shift(look),
        "residual": words.residual(look),
        "notes": [*(("resampled from another CRS",) if look.warped else ()), *look.notes],
    }


def _sensitivity(told: Sensitivity | None) -> dict[str, Any] | None:
    """Sensitivity as a table of contrasts by areas; None where nothing is known."""
    if told is None or not told.statements:
        return None
    sure = [statement for statement in told.statements if statement.wanted == words.SURE]
    contrasts = sorted({statement.contrast for statement in sure})
    return {
        "contrasts": [words.points(contrast) for contrast in contrasts],
        "rows": [
            (
                words.plain_area(area),
                [_cell(s) for contrast in contrasts for s in sure if (s.area_m2, s.contrast) == (area, contrast)],
            )
            for area in sorted({statement.area_m2 for statement in sure})
        ],
    }


def _cell(statement: NullStatement) -> tuple[str, str]:
    """(latest onset, probability) of one cell of the table."""
    if statement.before is None:
        return "not reached", f"at most {seeing.interval(statement)}"
    return f"before {words.day(statement.before)}", seeing.interval(statement)
