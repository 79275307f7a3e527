"""An event against time: reflectance, vegetation index and area, with the looks that could not see it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib import dates as mdates
from matplotlib.figure import Figure as Plot

from spadework.publish import draw, words
from spadework.publish.pairs import clear_share
from spadework.records import Figure

if TYPE_CHECKING:
    from spadework.cube import Cube
    from spadework.records import Event, Findings, SeriesRow

HALF: Final = 0.5
"""Looks that see at least this share of the event clear get a filled mark."""
MARKS: Final = {
    "blue": ("v", draw.BLUE), "green": ("^", draw.GREEN), "red": ("o", draw.VERMILION), "nir": ("s", draw.BLUE),
    "swir16": ("D", draw.GREEN), "swir22": ("P", draw.PURPLE),
}  # fmt: skip
"""Shape and colour of a band's marks."""
SHOWN: Final[tuple[str, ...]] = ("red", "nir", "swir16")
"""Bands drawn where they exist: more make the plot unreadable."""


def series_figure(cube: Cube, findings: Findings, event: Event) -> Figure:
    """An event's bands, NDVI and area against time.

    NDVI = (nir - red) / (nir + red) (Rouse et al. 1974). Filled marks: at least half of the event clear. Hollow marks at
    the bottom: looks that did not see it. Shaded: the onset interval.
    """
    share = clear_share(cube, event)
    seen = {look.id for look, value in zip(cube.looks, share, strict=True) if value >= HALF}
    rows = [row for row in event.series if row.share_clear >= HALF]
    hidden = [look.datetime for look in findings.looks if look.id not in seen]
    plot = Plot(figsize=(9.2, 6.6), dpi=100)
    names = [name for name in SHOWN if name in findings.bands] or list(findings.bands[:1])
    index = {"red", "nir"} <= set(findings.bands)
    heights = [3, 2, 2, 0.35] if index else [3, 2, 0.35]
    axes = plot.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    plot.subplots_adjust(left=0.105, right=0.985, top=0.95, bottom=0.07, hspace=0.16)
    _bands(axes[0], rows, findings.bands, names)
    if index:
        _ndvi(axes[1], rows, findings.bands)
    _area(axes[-2], event)
    axes[-1].plot(hidden, np.zeros(len(hidden)), ls="", marker="o", mfc="none", mec=draw.FAINT, ms=4, mew=0.8)
    axes[-1].set(yticks=[], ylim=(-1, 1))
    axes[-1].set_ylabel("unseen", rotation=0, ha="right", va="center")
    _times(axes, event, findings)
    return _figure(plot, findings, event, (len(rows), len(hidden)), [*names, "NDVI"] if index else names)


def _bands(axis: Any, rows: list[SeriesRow], bands: tuple[str, ...], names: list[str]) -> None:  # noqa: ANN401 - untyped matplotlib
    times = [row.datetime for row in rows]
    for name in names:
        mark, colour = MARKS.get(name, ("o", draw.BLACK))
        values = [row.spectrum[bands.index(name)] for row in rows]
        axis.plot(times, values, ls="", marker=mark, color=colour, ms=4.5, label=name.replace("$", r"\$"))
    axis.set_ylabel("reflectance")
    axis.legend(loc="upper left", ncols=len(names), frameon=False, fontsize=11, handletextpad=0.1, bbox_to_anchor=(0, 1.16))


def _ndvi(axis: Any, rows: list[SeriesRow], bands: tuple[str, ...]) -> None:  # noqa: ANN401 - untyped matplotlib
    red, nir = (np.array([row.spectrum[bands.index(name)] for row in rows], dtype=np.float64) for name in ("red", "nir"))
    total = np.where(np.abs(nir + red) > 1e-6, nir + red, np.nan)  # noqa: PLR2004 - nothing to divide by
    axis.plot([row.datetime for row in rows], (nir - red) / total, ls="", marker="o", color=draw.BLACK, ms=4)
    axis.set_ylabel("NDVI")


def _area(axis: Any, event: Event) -> None:  # noqa: ANN401 - untyped matplotlib
    rows = [row for row in event.series if row.area_m2 is not None]
    unit, scale = ("ha", words.HECTARE) if event.area_high_m2 >= words.HECTARE else ("m²", 1.0)
    times = [row.datetime for row in rows]
    low, high, middle = (
        np.array([np.nan if value is None else value / scale for value in values], dtype=np.float64)
        for values in ([r.area_low_m2 for r in rows], [r.area_high_m2 for r in rows], [r.area_m2 for r in rows])
    )
    axis.fill_between(times, low, high, step="post", color=draw.SKY, alpha=0.5, lw=0)
    axis.plot(times, middle, drawstyle="steps-post", marker=".", color=draw.BLUE, lw=1.4)
    axis.set(ylabel=f"changed, {unit}", ylim=(0, None))


def _times(axes: Any, event: Event, findings: Findings) -> None:  # noqa: ANN401 - untyped matplotlib
    """Onset interval, confirmation, start of the watched period, and the axis of time."""
    start = dt.datetime.combine(findings.site.period.start, dt.time(), dt.UTC)
    times = [look.datetime for look in findings.looks] or [start]
    early, late = event.onset_earliest, event.onset_latest
    for axis in axes:
        axis.axvline(start, color=draw.FAINT, lw=1.2, ls=":")
        if late is not None:
            axis.axvspan(
                early.datetime if early else times[0], late.datetime, color=draw.ORANGE, alpha=0.4 if early else 0.15, lw=0
            )
            axis.axvline(late.datetime, color=draw.ORANGE, lw=0.8)
        if event.confirmed_on is not None:
            axis.axvline(dt.datetime.combine(event.confirmed_on, dt.time(), dt.UTC), color=draw.PURPLE, lw=1.5, ls="--")
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=11)
        axis.yaxis.label.set_size(12)
        axis.grid(axis="x", color="#e4e4e4", lw=0.6)
    dates: Any = mdates  # untyped
    locator = dates.AutoDateLocator(minticks=4, maxticks=9)
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def _figure(plot: Plot, findings: Findings, event: Event, counts: tuple[int, int], names: list[str]) -> Figure:
    key = "Dotted: watched from here. Orange: onset interval. Purple dashes: confirmed. Hollow: looks that did not see it."
    looks = list(findings.looks)
    facts = draw.imprint(findings, f"{event.id}: series of its pixels", looks)
    facts = draw.Imprint(facts.title, (key, *facts.lines), facts.synthetic)
    known = {look.id: look for look in looks}
    caption = (
        f"{event.id}: mean {', '.join(names)} of the event's clear pixels, and area changed with its interval, look by look. Filled marks: "
        f"{counts[0]} looks that saw at least half of it clear; hollow marks: {counts[1]} that did not. It began {words.onset(event, known)}."
    )
    alt = f"Plot of {', '.join(names)} and changed area against time for event {event.id}, {counts[0]} clear looks."
    name = f"figures/{event.id}-series.png"
    return Figure(name, draw.plot_png(plot, facts), caption, alt, tuple(row.look for row in event.series))
