"""What counts as one event, as its beginning and as its growth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Parameters of ``find_events``.

    Raises:
        ValueError: when a share lies outside 0..1 or a count is below one.

    """

    min_pixels: int = 8
    """Smallest event that is listed, pixels."""
    link_days: int = 120
    """Neighbours belong together when their first anomalies are at most this many days apart."""
    start_quantile: float = 0.05
    """The event's start is this quantile of its pixels' first anomalies, 0..1: one early false alarm does not move it."""
    core_days: int = 30
    """The core is what first turned anomalous up to this many days after the event's start."""
    core_min: int = 8
    """The core is at least this many pixels ..."""
    core_share: float = 0.2
    """... and at least this share of the event's pixels, 0..1; when short, the next earliest pixels join it."""
    clear_share: float = 0.5
    """A look speaks for the core, or for an event's area, when at least this share of it is clear, 0..1."""
    changed_share: float = 0.5
    """The core has changed when at least this share of its clear pixels is anomalous, 0..1."""
    unchanged_share: float = 0.1
    """The core has not changed yet when less than this share of its clear pixels is anomalous, 0..1."""
    begun_pixels: int = 1
    """Nor has it stayed unchanged once this many of its pixels, clear in that look or not, had their first anomaly: slow beginnings hide below a share."""
    anomaly_looks: int = 2
    """A pixel not confirmed is a pending anomaly when at least this many last clear looks are anomalous."""
    fringe_looks: int = 5
    """A pixel not confirmed counts in the high area when most of this many last clear looks are anomalous."""
    growth_share: float = 0.1
    """Growth by less than this share of the area is none, 0..1."""
    quiet_days: int = 90
    """Without growth for this many days and ``quiet_looks``, an event has paused or stopped."""
    quiet_looks: int = 3
    """Looks with most of the event clear, after the one that the quiet is counted from."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        shares = (
            "start_quantile",
            "core_share",
            "clear_share",
            "changed_share",
            "unchanged_share",
            "growth_share",
        )
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                msg = f"{name} is {getattr(self, name)}, expected 0..1"
                raise ValueError(msg)
        for name in ("min_pixels", "core_min", "begun_pixels", "anomaly_looks", "fringe_looks", "quiet_looks"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}, expected 1 or more"
                raise ValueError(msg)


DEFAULT: Final = EventSettings()
"""What ``find_events`` does unless told otherwise."""
