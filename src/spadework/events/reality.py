"""How likely an event is a real lasting change: logistic regression on what is known of it at find time.

The law of this room: no files, no network, no clock. The coefficients were fitted by ``benchmarks/change/events.py`` on
simulated worlds with every nuisance at the amplitude found in nature; ``docs/decisions/0008`` says what that supposes.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.cube import PER_UNIT, day_number
from spadework.events.find import in_order
from spadework.events.outline import pixels_of

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from spadework.cube import Change, Cube
    from spadework.records import Event

    Mask = NDArray[np.bool_]
    Index = NDArray[np.intp]

GAP_PX: Final = 1
"""Pixels between an event and its ring: edges mix, and looks shift."""
RING_PX: Final = 4
"""Outer distance of the ring, pixels."""
CLEAR_SHARE: Final = 0.5
"""A look speaks when at least this share of the event and of its ring is clear, 0..1."""
LIKE: Final = 4
"""History looks of the nearest season that a look is held against."""
STRETCH_DAYS: Final = 45
"""Length of a stretch whose median step is asked, days."""
STRETCH_LOOKS: Final = 2
"""Looks that a stretch needs."""
FAINT_SHARE: Final = 0.2
"""Share of stretches that may be fainter: leaf-off, low sun, a leak of cloud."""
LAST_LOOKS: Final = 5
"""Looks at the end that tell whether it still stands."""
LEAST_HISTORY: Final = 6
"""History looks without which nothing is computed."""
MOST_DAYS: Final = 365
"""Only so many days since the first anomaly are asked: what stood for a year and greens then was real all the same."""
SMALLEST: Final = 0.002
"""Steps are not told apart below this, reflectance (root sum of squares over bands)."""
YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of an event at find time; logarithms are natural.

    The *step* is how far the event's mean spectrum, less that of the unconfirmed ring around it, lies in a look from where
    it lay in the history looks of the same season: what a whole field, scene or season does cancels. Steps are asked of the
    looks from the median first anomaly on, for at most ``MOST_DAYS``.
    """

    standing: float
    """ln of the median step over the standard deviation of the difference in the history."""
    least: float
    """ln of what the step keeps, along its median, in all but the faintest fifth of stretches of 45 days: reflectance, at
    least ``SMALLEST``."""
    watched: float
    """ln of the days from the median first anomaly to the last look, at most ``MOST_DAYS``."""
    late: float
    """Share of the last five looks that show at least half of the median step, 0..1."""
    box: float
    """Share of the rectangle of rows and columns around the event that it fills, 0..1."""


@dataclass(frozen=True, slots=True)
class _Series:
    """An event beside its ring, look by look."""

    gap: NDArray[np.float64]
    """(look, band), mean reflectance of the event less that of its ring, 0..1."""
    days: NDArray[np.int32]
    """(look), days since 1970-01-01, of the looks that speak."""


def _ring(rows: Index, cols: Index, change: Change, inside: Mask) -> tuple[Index, Index]:
    """Rows, columns of the pixels ``GAP_PX`` to ``RING_PX`` away that lie inside and hold no confirmed change."""
    top, left = max(int(rows.min()) - RING_PX, 0), max(int(cols.min()) - RING_PX, 0)
    window = (slice(top, int(rows.max()) + RING_PX + 1), slice(left, int(cols.max()) + RING_PX + 1))
    free = inside[window] & (change.confirmed[window] <= 0)
    own = np.zeros(free.shape, dtype=bool)
    own[rows - top, cols - left] = True
    eight = np.ones((3, 3), dtype=bool)
    wide, near = (ndimage.binary_dilation(own, eight, iterations=reach) for reach in (RING_PX, GAP_PX))
    down, right = np.nonzero(wide & ~near & free)
    return down + top, right + left


def _mean(cube: Cube, place: tuple[Index, Index]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(look, band) mean reflectance of the clear pixels of a place, and (look) the share of it that is clear."""
    clear = cube.clear[:, place[0], place[1]]
    values = cube.reflectance[:, :, place[0], place[1]]
    total = np.einsum("tbp,tp->tb", values, clear, dtype=np.float64)
    return total / np.maximum(clear.sum(axis=1), 1)[:, None] / PER_UNIT, clear.mean(axis=1)


def _series(cube: Cube, change: Change, place: tuple[Index, Index]) -> _Series | None:
    """None when the event has no ring."""
    ring = _ring(*place, change, cube.inside)
    if not ring[0].size:
        return None
    (own, clear), (other, around) = _mean(cube, place), _mean(cube, ring)
    speaks = (clear >= CLEAR_SHARE) & (around >= CLEAR_SHARE)
    return _Series((own - other)[speaks], cube.days[speaks])


def _steps(series: _Series, history: Mask, since: Mask) -> NDArray[np.float64]:
    """(look since, band): difference to the ring less its mean over the ``LIKE`` history looks of the nearest season."""
    apart = np.abs(series.days[since][:, None] - series.days[history][None, :]) % YEAR
    near = np.argsort(np.minimum(apart, YEAR - apart), axis=1, kind="stable")[:, :LIKE]
    return np.asarray(series.gap[since] - series.gap[history][near].mean(axis=1))


def _least(along: NDArray[np.float64], days: NDArray[np.int32]) -> float:
    """The ``FAINT_SHARE`` quantile of medians over stretches that hold enough looks; the median of all where none does."""
    number = (days - days[0]) // STRETCH_DAYS
    parts = [along[number == n] for n in np.unique(number)]
    told = [np.median(part) for part in parts if part.size >= STRETCH_LOOKS]
    return float(np.quantile(told, FAINT_SHARE) if told else np.median(along))


def traits_of(event: Event, cube: Cube, change: Change, start: dt.date) -> Traits | None:
    """What is known of a confirmed event.

    Args:
        event: as ``find_events`` gave it.
        cube: what it was found in.
        change: monitoring result on the cube's grid.
        start: first watched day; earlier looks are the history.

    Returns:
        None where the event's outline holds no pixel, it has no ring, or there are fewer than ``LEAST_HISTORY`` looks
        before or one since: then nothing can be said.

    """
    rows, cols = pixels_of(event.geometry, cube.grid)
    series = _series(cube, change, (rows, cols)) if rows.size else None
    if series is None:
        return None
    first = int(np.median(change.first_anomaly[rows, cols]))
    history = series.days < day_number(start)
    since = (series.days >= first) & (series.days < first + MOST_DAYS)
    if np.count_nonzero(history) < LEAST_HISTORY or not since.any():
        return None
    steps, days = _steps(series, history, since), series.days[since]
    median = np.median(steps, axis=0)
    size = max(float(np.linalg.norm(median)), SMALLEST)
    spread = max(float(np.linalg.norm(series.gap[history].std(axis=0))), SMALLEST)
    along = steps @ median / size
    box = (int(np.ptp(rows)) + 1) * (int(np.ptp(cols)) + 1)
    return Traits(
        standing=math.log(size / spread),
        least=math.log(max(_least(along, days), SMALLEST)),
        watched=math.log(min(max(int(cube.days[-1]) - first, 1), MOST_DAYS)),
        late=float((along[-LAST_LOOKS:] >= size / 2).mean()),
        box=rows.size / box,
    )


# From `benchmarks/change/events.py --part tuning --fit`: worlds of seeds 511, 512 (sown) and 521 (null), 493 real and 1248 false
# events confirmed there by the engine on its way to commit 9e5a538; at d8ab762 the same fit gives -18.769, 1.488, .710, 2.902, 2.742, 4.205.
TRAINED_AT: Final = 2.24
"""Planted changes of at least 8 pixels a km2 and year in the worlds of the fit."""
INTERCEPT: Final = -18.790
"""ln odds at ``TRAINED_AT`` where all traits are 0."""
WEIGHTS: Final = Traits(standing=1.477, least=0.689, watched=2.882, late=2.831, box=4.159)
"""ln odds a unit of each trait."""
CONFIRMED_FROM: Final = 0.5
"""Below this probability an event is an anomaly, not a confirmed change."""
AREA_LEVEL: Final = 0.9
"""Share of events still confirmed whose area interval holds the true area: .92 at base rate 1, .955 at .1 in the worlds of the fit."""


def p_real(traits: Traits, base_rate: float) -> float:
    """Probability 0..1 that an event is a real lasting change.

    Logistic regression (Cox 1958, J. R. Stat. Soc. B 20, 215-242) on worlds with ``TRAINED_AT`` real changes a km2 and
    year; for another base rate the prior odds, and so by Bayes' rule the posterior odds, scale with ``base_rate /
    TRAINED_AT``, as false alarms come with the ground and not with the real changes.

    Args:
        traits: of the event.
        base_rate: real lasting changes expected a km2 and year, above 0.

    Raises:
        ValueError: for a base rate that is not above 0.

    """
    if not base_rate > 0:
        msg = f"base rate is {base_rate}, expected above 0"
        raise ValueError(msg)
    weighed = sum(weight * trait for weight, trait in zip(astuple(WEIGHTS), astuple(traits), strict=True))
    logit = INTERCEPT + weighed + math.log(base_rate / TRAINED_AT)
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def _judged(event: Event, probability: float, base_rate: float) -> Event:
    """The event with its probability; no longer confirmed where that is too low."""
    known = replace(event, p_real=probability, base_rate=base_rate)
    if probability < CONFIRMED_FROM:
        return replace(known, status="anomaly", confirmed_on=None)
    return replace(known, area_level=AREA_LEVEL)


def judge(events: tuple[Event, ...], cube: Cube, change: Change, start: dt.date, base_rate: float) -> tuple[Event, ...]:
    """State for each confirmed event how likely it is real, and keep as confirmed only what is at least as likely as not.

    Events that are not confirmed pass unchanged, as do those of which too little is known (``traits_of``): their
    ``p_real`` stays None.

    Args:
        events: as ``find_events`` gave them.
        cube: what they were found in; read, never written.
        change: monitoring result on the cube's grid.
        start: first watched day.
        base_rate: real lasting changes expected a km2 and year, above 0.

    Returns:
        The same events by status, then onset; from ``CONFIRMED_FROM`` on the area interval has a level, below it an event
        is an ``anomaly`` without a day of confirmation.

    Raises:
        ValueError: for a base rate that is not above 0.

    """
    out = []
    for event in events:
        traits = traits_of(event, cube, change, start) if event.status == "confirmed" else None
        out.append(event if traits is None else _judged(event, p_real(traits, base_rate), base_rate))
    return in_order(out)
