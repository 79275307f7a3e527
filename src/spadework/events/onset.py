"""Between which two looks an event began (design, section 1: onset interval)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.events.settings import EventSettings


def event_start(first: NDArray[np.int32], settings: EventSettings) -> int:
    """The day an event starts: the ``start_quantile`` of its pixels' first anomalies, a day that occurs.

    Args:
        first: (pixel), days since 1970-01-01.
        settings: the quantile; of 20 pixels or fewer, .05 is the earliest, of 100 the fifth.

    """
    return int(np.quantile(first, settings.start_quantile, method="inverted_cdf"))


def core_of(first: NDArray[np.int32], settings: EventSettings) -> NDArray[np.bool_]:
    """(pixel), True in the core: first anomalous up to ``core_days`` after the start, or before it.

    Where that is less than ``core_min`` pixels or ``core_share`` of the event, whichever is more, the next earliest
    pixels join until it is enough; of one day, those first in the array.

    Args:
        first: (pixel), days since 1970-01-01.
        settings: what a core is.

    """
    least = min(first.size, max(settings.core_min, math.ceil(settings.core_share * first.size)))
    core = np.asarray(first <= event_start(first, settings) + settings.core_days)
    core[np.argsort(first, kind="stable")[:least]] = True
    return core


def onset_looks(
    clear: NDArray[np.bool_],
    anomalous: NDArray[np.bool_],
    first: NDArray[np.int32],
    days: NDArray[np.int32],
    settings: EventSettings,
) -> tuple[int | None, int]:
    """The looks that bound the beginning: (last unchanged or None, first changed), indices into time.

    The first changed look has at least ``clear_share`` of the core clear and at least ``changed_share`` of those
    anomalous, in the change that was later confirmed (so not before the pixel's first anomaly). Where no look saw so
    much at once, it is the look by which that share of the core had been anomalous, each pixel in its own look.

    The last unchanged look is an earlier one with ``clear_share`` clear and less than ``unchanged_share`` anomalous, be
    it in this change or a passing one, before ``begun_pixels`` of the core had their first anomaly. Without the last
    condition a change that spreads over months is dated after its true beginning: the share alone forgives a tenth of
    the core (100 simulated discs each, growing for 0 / 30 / 120 / 400 days: interval around the first day in 93 / 74 /
    62 / 54 % of events without it, 93 / 97 / 97 / 94 % with it).

    Args:
        clear: (time, pixel of the core).
        anomalous: (time, pixel of the core), False before the watched period.
        first: (pixel of the core), days since 1970-01-01.
        days: (time), days since 1970-01-01, not falling.
        settings: the shares.

    """
    seen = clear.sum(axis=1)
    speaks = (seen > 0) & (seen >= settings.clear_share * clear.shape[1])
    odd = (anomalous & clear).sum(axis=1)
    lasting = (anomalous & clear & (first <= days[:, None])).sum(axis=1)
    shows = speaks & (lasting >= settings.changed_share * seen)
    if shows.any():
        latest = int(np.argmax(shows))
    else:
        half = np.quantile(first, settings.changed_share, method="inverted_cdf")
        latest = min(int(np.searchsorted(days, half)), len(days) - 1)
    begun = np.searchsorted(np.sort(first), days, side="right") >= settings.begun_pixels
    quiet = np.flatnonzero((speaks & (odd < settings.unchanged_share * seen) & ~begun)[:latest])
    return (int(quiet[-1]) if quiet.size else None), latest
