"""Sentences on what was asked, of which images, and by which rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spadework.publish import words

if TYPE_CHECKING:
    from spadework.publish.evidence import Witness


def about(w: Witness) -> str:
    """Place, period and images, below the headline."""
    site, grid, looks = w.site, w.grid, len(w.listing.looks)
    place = words.site_place(site)
    if not looks:
        return f"{place[:1].upper()}{place[1:]}. Asked about {words.day(site.period.start)} to {words.day(site.period.end)}."
    return (
        f"{place[:1].upper()}{place[1:]}. Watched {words.day(site.period.start)} to {words.day(site.period.end)}; what is normal was "
        f"learnt from {words.day(site.period.history_start)} on. {looks} {'look' if looks == 1 else 'looks'}, pixels of "
        f"{words.span(grid.pixel_m)}, bands {', '.join(grid.bands)}."
    )


def clear_rule(w: Witness) -> str:
    """What a look is, and which of its pixels count; nothing where there is no look."""
    if not w.listing.looks:
        return ""
    rule = w.site.clear
    return (
        "A look is every scene of one platform and pass, at most 10 minutes apart. Pixels count as clear by the provider's mask "
        f"(Sentinel-2 scene classes {', '.join(map(str, rule.scl))}, or the mask that came with the images); everything else grows by up "
        f"to {words.span(rule.dilate_m)}."
    )


def grid(w: Witness) -> str:
    """The grid, if images were laid on one, and how fine a place is printed."""
    gate = w.site.publish.coordinates_m
    printed = f"Printed coordinates are {f'rounded to {words.span(gate)} or coarser' if gate > 0 else 'exact'}."
    if not w.listing.looks:
        return printed
    rows, columns = w.grid.shape
    return (
        f"Grid: {w.grid.crs}, {rows} rows and {columns} columns of pixels of {words.span(w.grid.pixel_m)}. Events under "
        f"{w.site.min_pixels} pixels are not listed. {printed}"
    )


def looks_listed(w: Witness) -> str:
    """Above the table of looks."""
    return (
        f"All {len(w.listing.looks)} looks, in time order; days and times in UTC. Footnotes cite them by number. Beside each: its scenes, "
        "with the first digits of the hash of their evidence chips."
    )
