"""A Site's own pipeline, from its Cube to its Events: the same for the Site itself and for what is planted into its looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.change.history import monitor
from spadework.change.settings import MonitorSettings
from spadework.events import EventSettings, find_events, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.cube import Change, Cube
    from spadework.records import Event, Site

MONITOR: Final = MonitorSettings()
"""How every Site is monitored."""


def change_of(site: Site, cube: Cube, progress: Callable[[int, int], None] | None = None) -> Change:
    """What monitoring says of each pixel."""
    return monitor(cube, site.period.start, MONITOR, progress)


def events_of(site: Site, cube: Cube, change: Change) -> tuple[Event, ...]:
    """Changed pixels grouped and judged, before an analyst's marks."""
    found = find_events(cube, change, site.period.start, EventSettings(min_pixels=site.min_pixels))
    return judge(found, cube, change, site.period.start, site.base_rate)
