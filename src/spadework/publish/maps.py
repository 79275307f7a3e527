"""Events for the maps of others: KML for a globe, and a style that QGIS finds beside its layer.

Coordinates are exact, as in ``tables``. Every text from outside is data: the template escapes it, twice where a globe
would read it as HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import shapely
from jinja2 import Environment, PackageLoader, StrictUndefined

from spadework.publish import words
from spadework.publish.draw import STATUS_COLOUR
from spadework.publish.tables import EVENT_COLUMNS, event_shapes, event_table, instant, plain

if TYPE_CHECKING:
    from spadework.records import Event, Findings, Look

FILL: Final = 0x59
"""Opacity of a filled outline, 0..255: the ground stays visible below it."""
_KML_TYPE: Final = {"f8": "double", "?": "bool"}
"""Types of KML by those of the flat table; all else is a string, as KML knows no dates."""


def about(findings: Findings) -> str:
    """What a layer of events is of, in one line."""
    place = "synthetic data, not a real place" if findings.site.synthetic else "observed by satellite"
    period = f"{words.day(findings.site.period.start)} to {words.day(findings.site.period.end)}"
    return f"Changes of the ground at {words.clean(findings.site.name)}, {period}; {place}."


def events_kml(findings: Findings) -> str:
    """The Events as KML 2.2: one placemark an event, coloured by status, told in plain words, with the flat table's values.

    An event's time begins with the first look that shows it. One without outline is listed without geometry.
    """
    looks = {look.id: look for look in findings.looks}
    table = event_table(findings)
    rows = zip(*(column.tolist() for column in table.values()), strict=True)
    events = [
        {
            "event": event,
            "lines": _lines(event, looks, findings.site.base_rate),
            "begin": instant(event.onset_latest.datetime) if event.onset_latest else None,
            "polygons": [] if shape is None else [[_ring(r) for r in (p.exterior, *p.interiors)] for p in shape.geoms],
            "values": [
                (name, plain(int(value) if isinstance(value, bool) else value))
                for name, value in zip(EVENT_COLUMNS, row, strict=True)
            ],
        }
        for event, shape, row in zip(findings.events, event_shapes(findings), rows, strict=True)
    ]
    return _render(
        "events.kml.j2",
        name=f"{words.clean(findings.site.name)}: events",
        about=[about(findings), *words.credits_of(findings.looks)],
        styles={status: _backwards(colour) for status, colour in STATUS_COLOUR.items()},
        fill=f"{FILL:02x}",
        fields={name: _KML_TYPE.get(kind, "string") for name, kind in EVENT_COLUMNS.items()},
        events=events,
    )


def qgis_style() -> str:
    """A QGIS 3 layer style: outlines by status, labelled with their ids. QGIS takes it for a layer of the same base name."""
    categories = [(status, words.STATUS[status], _numbers(colour)) for status, colour in STATUS_COLOUR.items()]
    return _render("events.qml.j2", categories=categories, fill=FILL)


def _lines(event: Event, looks: dict[str, Look], base_rate: float) -> list[str]:
    """An event in plain words, a fact a line."""
    size = words.area(event.area_m2, event.area_low_m2, event.area_high_m2)
    level = (
        "" if event.area_level is None else f"; the interval holds the true area in {words.share(event.area_level)} of cases"
    )
    out = [
        f"Status: {words.STATUS[event.status]}.",
        f"Onset: {words.onset(event, looks)}.",
        f"Area: {size}{level}.",
    ]
    if event.p_real is not None:
        rate = event.base_rate or base_rate
        out.append(
            f"Probability that this is a real lasting change: {words.probability(event.p_real)}, "
            f"if such events occur {rate:g} times per km² and year here."
        )
    if event.mark is not None:
        out.append(f"Marked '{event.mark.action}' by {event.mark.operator}: {event.mark.reason}")
    scenes = ", ".join(scene.id for scene in event.scenes)
    return [words.clean(line) for line in (*out, f"Evidence: {scenes or 'none'}.")]


def _ring(line: shapely.LinearRing) -> str:
    return " ".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(line).tolist())


def _numbers(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _backwards(colour: str) -> str:
    """A colour "#rrggbb" as KML has it, without its opacity: bbggrr."""
    return f"{colour[5:7]}{colour[3:5]}{colour[1:3]}"


def _render(template: str, **context: Any) -> str:  # noqa: ANN401 - what the template names
    loader = PackageLoader("spadework.publish", "templates")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return env.get_template(template).render(context)
