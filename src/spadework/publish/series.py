"""An event against time: reflectance, vegetation index and area, with the looks that could not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.publish import draw, plot, words
from spadework.publish.pairs import clear_share
from spadework.publish.plate import imprint, plate
from spadework.records import Figure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from spadework.records import Event, SeriesRow

HALF: Final = 0.5
"""Looks that see at least this share of the event clear get a filled mark."""
BANDS: Final[dict[str, tuple[plot.Mark, str, str]]] = {
    "red": ("circle", draw.VERMILION, "red"),
    "nir": ("square", draw.BLUE, "near infrared"),
    "swir16": ("diamond", draw.GREEN, "short-wave infrared"),
}
"""Mark, colour and words of the bands that are drawn where they exist: more make the plot unreadable."""
WIDTH, LEFT, RIGHT = 900, 56, 20
"""Of the plot, and beside its panels, pixels."""
UNBOUNDED: Final = "#fcf0d8"
"""Ground of an onset that no earlier look bounds."""
UPPER, LOWER, STRIP, GAP = 190, 118, 22, 34
"""Height of the first panel, of the others and of the strip of unseen looks; room for the words above each; pixels."""


def series_figure(atlas: draw.Atlas, mapped: draw.Mapped) -> Figure | None:
    """An event's bands, NDVI and area against time; None where it has no series, as one drawn by hand.

    NDVI = (nir - red) / (nir + red) (Rouse et al. 1974). Marks: looks that saw at least half of the event clear. Rings at
    the bottom: looks that did not. Shaded: the onset interval.
    """
    findings, event = atlas.findings, mapped.event
    if not event.series:
        return None
    rows = [row for row in event.series if row.share_clear >= HALF]
    share = clear_share(atlas.cube, event)
    seen = {look.id for look, value in zip(atlas.cube.looks, share, strict=True) if value >= HALF}
    hidden = [plot.day_of(look.datetime) for look in findings.looks if look.id not in seen]
    times = plot.time_axis([plot.day_of(look.datetime) for look in findings.looks] or [plot.day_of(findings.site.period.start)])
    index = {"red", "nir"} <= set(findings.bands)
    heights = [UPPER, LOWER, LOWER, STRIP] if index else [UPPER, LOWER, STRIP]
    on = plot.Canvas.blank(WIDTH, sum(heights) + GAP * len(heights) + 60)
    panels = _panels(on, times, heights, _values(event, rows, findings.bands))
    for panel in panels:
        _shade(panel, event)
        panel.frame(below=panel is panels[-1], left=panel is not panels[-1])
    names = _bands(panels[0], rows, findings.bands)
    if index:
        _above(panels[1], "NDVI, greenness of plants")
        panels[1].marks([plot.day_of(row.datetime) for row in rows], _ndvi(rows, findings.bands), "circle", draw.BLACK, 2.6)
    _area(panels[-2], event)
    _above(panels[-1], "Looks that did not see it")
    panels[-1].marks(hidden, np.zeros(len(hidden)), "ring", draw.FAINT, 3.5)
    for panel in panels:
        _rules(panel, event, findings.site.period.start)
    _key(on, event, findings.site.period.start, panels[-1].box[3] + 36)
    return _figure(on, atlas, mapped, (len(rows), len(hidden)), [*names, "NDVI"] if index else names)


def _shown(bands: tuple[str, ...]) -> list[str]:
    return [name for name in BANDS if name in bands] or list(bands[:1])


def _values(event: Event, rows: Sequence[SeriesRow], bands: tuple[str, ...]) -> list[plot.Axis]:
    """The upright axes: reflectance, NDVI where it can be computed, area, and that of the strip."""
    spectra = [row.spectrum[bands.index(name)] for row in rows for name in _shown(bands)]
    index = [plot.value_axis(_ndvi(rows, bands))] if {"red", "nir"} <= set(bands) else []
    _, scale = _unit(event)
    highs = [row.area_high_m2 / scale for row in event.series if row.area_high_m2 is not None]
    return [plot.value_axis(spectra), *index, plot.value_axis([*highs, 0.0], zero=True), plot.Axis(-1, 1, ())]


def _panels(on: plot.Canvas, times: plot.Axis, heights: Sequence[int], values: Sequence[plot.Axis]) -> list[plot.Panel]:
    panels, top = [], 0
    for height, axis in zip(heights, values, strict=True):
        top += GAP
        panels.append(plot.Panel(on, (LEFT, top, WIDTH - RIGHT, top + height), times, axis))
        top += height
    return panels


def _above(panel: plot.Panel, text: str) -> float:
    """What a panel shows, above it; returns where the words end."""
    left, top = 0, panel.box[1] - 24
    panel.on.text((left, top), text, bold=True)
    return left + draw.font(plot.SMALL + 1, bold=True).getlength(text)


def _bands(panel: plot.Panel, rows: Sequence[SeriesRow], bands: tuple[str, ...]) -> list[str]:
    """Mean reflectance, one mark a band and look, and the key of the bands beside the heading."""
    names, entries = _shown(bands), []
    for name in names:
        mark, colour, meaning = BANDS.get(name, ("circle", draw.BLACK, words.clean(name)))
        values = [row.spectrum[bands.index(name)] for row in rows]
        panel.marks([plot.day_of(row.datetime) for row in rows], values, mark, colour, 2.8)
        entries.append(((mark, colour), meaning))
    end = _above(panel, "Mean reflectance")
    plot.key(panel.on, (end + 18, panel.box[1] - 24), WIDTH - end, entries)
    return [BANDS[name][2] if name in BANDS else name for name in names]


def _ndvi(rows: Sequence[SeriesRow], bands: tuple[str, ...]) -> list[float]:
    pairs = [(row.spectrum[bands.index("nir")], row.spectrum[bands.index("red")]) for row in rows]
    return [(nir - red) / (nir + red) if abs(nir + red) > 1e-6 else float("nan") for nir, red in pairs]  # noqa: PLR2004 - nothing to divide by


def _unit(event: Event) -> tuple[str, float]:
    return ("hectares", words.HECTARE) if event.area_high_m2 >= words.HECTARE else ("m²", 1.0)


def _area(panel: plot.Panel, event: Event) -> None:
    """Area changed, as steps from look to look, in its interval."""
    rows = [row for row in event.series if row.area_m2 is not None]
    unit, scale = _unit(event)
    at = np.repeat([plot.day_of(row.datetime) for row in rows], 2)[1:]
    low, high, middle = (
        np.repeat([np.nan if value is None else value / scale for value in values], 2)[:-1]
        for values in ([r.area_low_m2 for r in rows], [r.area_high_m2 for r in rows], [r.area_m2 for r in rows])
    )
    panel.band(at, low, high, plot.PALE[draw.SKY])
    panel.line(at, middle, draw.BLUE)
    end = _above(panel, f"Area changed so far, {unit}")
    entries: list[tuple[plot.Sign, str]] = [(("rule", draw.BLUE), "area"), (("block", plot.PALE[draw.SKY]), "its interval")]
    plot.key(panel.on, (end + 18, panel.box[1] - 24), WIDTH - end, entries)


def _shade(panel: plot.Panel, event: Event) -> None:
    """The onset interval; from the left edge where nothing bounds its start."""
    early, late = event.onset_earliest, event.onset_latest
    if late is not None:
        since = plot.day_of(early.datetime) if early else panel.x.low
        panel.span(since, plot.day_of(late.datetime), _ground(event))


def _ground(event: Event) -> str:
    """Colour of the onset interval, paler where it has no bound before."""
    return plot.PALE[draw.ORANGE] if event.onset_earliest else UNBOUNDED


def _rules(panel: plot.Panel, event: Event, start: dt.date) -> None:
    """Upright lines: first watched day, confirmation."""
    panel.rule(plot.day_of(start), draw.INK, 1.4, 3.0)
    if event.confirmed_on is not None:
        panel.rule(plot.day_of(event.confirmed_on), draw.PURPLE, 2.0, 6.0)


def _key(on: plot.Canvas, event: Event, start: dt.date, top: float) -> None:
    """What the shading and the upright lines mean, with their days."""
    entries: list[tuple[plot.Sign, str]] = []
    if event.onset_latest is not None:
        entries.append((("block", _ground(event)), _onset(event)))
    if event.confirmed_on is not None:
        entries.append((("dashes", draw.PURPLE), f"confirmed {event.confirmed_on}"))
    entries.append((("dots", draw.INK), f"watched from {start}"))
    plot.key(on, (0, top), WIDTH, entries)


def _onset(event: Event) -> str:
    early, late = event.onset_earliest, event.onset_latest
    if late is None:
        return "onset not measured"
    until = late.datetime.date()
    return f"onset: after {early.datetime.date()}, by {until}" if early else f"onset: at an unknown time before {until}"


def _moved(event: Event, bands: tuple[str, ...]) -> str:
    """What the plot shows at the onset: the band whose median differs most between the looks before it and those that show the change."""
    early, late = event.onset_earliest or event.onset_latest, event.onset_latest
    if early is None or late is None:
        return ""
    rows = [row for row in event.series if row.share_clear >= HALF]
    before = [row.spectrum for row in rows if row.datetime <= early.datetime and row.datetime < late.datetime]
    after = [row.spectrum for row in rows if row.datetime >= late.datetime and row.share_anomalous >= HALF]
    if not before or not after:
        return ""
    was, then = np.nanmedian(before, axis=0), np.nanmedian(after, axis=0)
    place = max((bands.index(name) for name in _shown(bands)), key=lambda index: abs(float(then[index] - was[index])))
    name = BANDS[bands[place]][2] if bands[place] in BANDS else words.clean(bands[place])
    verb = "rises" if then[place] > was[place] else "falls"
    return f" At the onset {name} {verb}."


def _figure(on: plot.Canvas, atlas: draw.Atlas, mapped: draw.Mapped, counts: tuple[int, int], names: Sequence[str]) -> Figure:
    event, findings = mapped.event, atlas.findings
    facts = imprint(findings, f"{mapped.title}: its pixels against time", findings.looks)
    shown = ", ".join(names)
    caption = (
        f"{event.id}: mean {shown} of the event's clear pixels, and area changed with its interval, look by look. Filled marks: "
        f"{counts[0]} looks that saw at least half of it clear; rings: {counts[1]} that did not. Shaded: the {_onset(event)}."
    )
    alt = f"Plot of {shown} and changed area against time for event {event.id}, {counts[0]} clear looks.{_moved(event, findings.bands)}"
    sheet = plate(on.finished(), facts).image
    return Figure(f"figures/{event.id}-series.png", plot.png(sheet), caption, alt, tuple(row.look for row in event.series))
