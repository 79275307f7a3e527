"""Changed pixels become Events: grouped, bounded by looks, measured, told in words, marked by analysts.

The way through this room: ``groups`` (which pixels belong together) -> ``onset`` (between which two looks it began) ->
``growth`` (area with interval, look by look, and its words) -> ``outline`` (polygon) -> ``find`` (the Event) ->
``reality`` (how likely it is a real lasting change, and whether it is confirmed for that).
``marks`` lays the analyst's decisions over Events; ``seeing`` says what could have been seen at all.

The law of this room: no files, no network, no clock; arrays of the Cube and the Change are read, never written.
"""

from __future__ import annotations

from spadework.events.find import find_events
from spadework.events.marks import Marked, apply_marks
from spadework.events.reality import judge
from spadework.events.seeing import observability
from spadework.events.settings import EventSettings

__all__ = ["EventSettings", "Marked", "apply_marks", "find_events", "judge", "observability"]
