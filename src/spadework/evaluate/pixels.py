"""Pixel scores of monitoring against known truth: how many, how early, how late, how often for nothing.

Diagnostics of the per-pixel engine; events are scored elsewhere. The law of this room: numbers in, numbers out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHIN_DAYS: Final = (30, 60, 120)


@dataclass(frozen=True, slots=True, eq=False)
class PixelTruth:
    """What happened to each pixel. All arrays have one shape, any number of axes.

    Raises:
        ValueError: when shapes differ.

    """

    onset: NDArray[np.int32]
    """Days since 1970-01-01 on which the pixel changed for good; 0 = never."""
    began: NDArray[np.int32]
    """The earliest onset of the pixel's place (see ``place_began``); 0 = never. An alarm before it is early."""
    counted: NDArray[np.bool_]
    """True where an unchanged pixel counts for false alarms; False = it changed in a way that is neither a hit nor calm."""
    kind: NDArray[np.uint8]
    """Index into ``kinds``; read where the pixel changed."""
    cover: NDArray[np.uint8]
    """Index into ``covers``; read where it did not."""
    kinds: tuple[str, ...]
    covers: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        for name in ("began", "counted", "kind", "cover"):
            if getattr(self, name).shape != self.onset.shape:
                msg = f"{name} is {getattr(self, name).shape}, expected {self.onset.shape}"
                raise ValueError(msg)

    def at(self, where: NDArray[np.intp]) -> PixelTruth:
        """The truth of the pixels at flat places ``where``, one axis."""
        onset, began = self.onset.ravel()[where], self.began.ravel()[where]
        counted, kind, cover = self.counted.ravel()[where], self.kind.ravel()[where], self.cover.ravel()[where]
        return PixelTruth(onset, began, counted, kind, cover, self.kinds, self.covers)


@dataclass(frozen=True, slots=True)
class PixelScore:
    """Shares of pixels, 0..1; NaN where there are no such pixels. A pixel without an answer is a miss, or calm."""

    det: float
    """Changed pixels confirmed on or after the first day of their place."""
    det_30: float
    """The same, at most 30 days after the pixel's own onset."""
    det_60: float
    det_120: float
    early: float
    """Changed pixels confirmed before the first day of their place: misses."""
    far: float
    """Confirmations per counted unchanged pixel and year."""
    delay_days: float
    """Median days from onset to confirmation over the hits; those between the place's first day and the pixel's count as 0."""
    not_assessed: float
    """Pixels without an answer, of all."""
    uncounted_alarmed: float
    """Unchanged, uncounted pixels with a confirmation."""
    changed: int
    """Changed pixels."""
    calm: int
    """Unchanged, counted pixels."""
    det_by_kind: tuple[tuple[str, float], ...]
    """``det`` of each kind that occurs."""
    far_by_cover: tuple[tuple[str, float], ...]
    """``far`` of each cover that occurs among the calm."""


def place_began(onset: NDArray[np.int32], place: NDArray[np.int32]) -> NDArray[np.int32]:
    """The earliest onset in each pixel's place, shape of ``onset``; 0 where the pixel never changed.

    Args:
        onset: days since 1970-01-01, 0 = never.
        place: number of the place, >= 0; read where ``onset`` is not 0.

    """
    changed = onset > 0
    first = np.full(int(place.max(initial=0)) + 1, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(first, place[changed], onset[changed])
    return np.where(changed, first[place], 0).astype(np.int32)


def _share(part: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    total = int(np.count_nonzero(of))
    return int(np.count_nonzero(part & of)) / total if total else math.nan


def score_pixels(confirmed: NDArray[np.int32], truth: PixelTruth, years: float) -> PixelScore:
    """Score days of confirmation against the truth.

    Args:
        confirmed: days since 1970-01-01, shape of the truth; 0 = none, -1 = no answer.
        truth: what happened.
        years: length of the watched period.

    Raises:
        ValueError: when shapes differ, or the period has no length.

    """
    if confirmed.shape != truth.onset.shape or not years > 0:
        msg = f"confirmed is {confirmed.shape} over {years} years, expected {truth.onset.shape} over more than 0"
        raise ValueError(msg)
    alarm, onset = confirmed.astype(np.int64), truth.onset.astype(np.int64)
    alarmed, changed = alarm > 0, onset > 0
    calm = ~changed & truth.counted
    hit = changed & alarmed & (alarm >= truth.began)
    late = np.maximum(alarm - onset, 0)
    within = [_share(hit & (late <= days), changed) for days in WITHIN_DAYS]
    kinds = ((name, changed & (truth.kind == i)) for i, name in enumerate(truth.kinds))
    covers = ((name, calm & (truth.cover == i)) for i, name in enumerate(truth.covers))
    return PixelScore(
        det=_share(hit, changed),
        det_30=within[0],
        det_60=within[1],
        det_120=within[2],
        early=_share(changed & alarmed & (alarm < truth.began), changed),
        far=_share(alarmed, calm) / years,
        delay_days=float(np.median(late[hit])) if hit.any() else math.nan,
        not_assessed=_share(alarm < 0, np.ones_like(changed)),
        uncounted_alarmed=_share(alarmed, ~changed & ~truth.counted),
        changed=int(changed.sum()),
        calm=int(calm.sum()),
        det_by_kind=tuple((name, _share(hit, which)) for name, which in kinds if which.any()),
        far_by_cover=tuple((name, _share(alarmed, which) / years) for name, which in covers if which.any()),
    )
