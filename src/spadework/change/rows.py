"""Usable looks of LANES pixels side by side, compiled.

Scratch rows run look by look: row i holds each pixel's own i-th usable look, look i of lane l at ``i * LANES + l``. Rows beyond a
lane's looks hold no departure. Rows that ``lag`` looks from before lie ahead of are called late: there look i is row ``lag + i``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, ZERO
from spadework.change.compiled import step
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE, Followed, Gauge
from spadework.change.twins import PLACES, SPAN, line_up, shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Basis
    from spadework.change.stand import Whitened

PARTS = 16
"""Parts of the year whose restlessness is known apart."""
TWIN_LOOKS = 3
"""Twins that must show a look for it to be compared with theirs."""


class Rows(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block."""

    pixel: NDArray[np.int32]
    """(lane), number of the pixel."""
    looks: NDArray[np.int32]
    """(lane), how many usable looks it has."""
    sorting: I16
    """(PLACES, SPAN), of twins."""
    stand_in: I16
    """(span, PLACES, SPAN), what stands in for a twin that does not show a look; 0 where it does."""
    middle: I16
    """(lane, band, time), what the twins share, from some look on."""
    seen: NDArray[np.int32]
    """(lane, time), how many twins show it."""
    at: NDArray[np.int32]
    """(row), time index; -1 beyond a lane's looks."""
    part: NDArray[np.int32]
    """(row), part of the year."""
    few: NDArray[np.bool_]
    """(row), True where too few twins show the look."""
    design: F32
    """(term, row), as in ``Basis``; 0 beyond a lane's looks."""
    slope: F32
    """(term, row), the same; 0 for the first term."""
    doubt: F32
    """(row), as in ``Basis``."""
    common: F32
    """(band, row), what the twins share."""
    weight: F32
    """(row), one over the deviation of a prediction."""
    day: NDArray[np.int32]
    """(late row), 1 + day."""
    near: F32
    """(route, band, late row), residuals, then distances."""
    far: F32
    """(route, late row), squared distances, level and restlessness taken off."""
    told: F32
    """(band, row), distances of one route, level and restlessness taken off."""


class WhitenWork(NamedTuple):
    """Rows, and what each lane is measured by and was followed to."""

    rows: Rows
    gauge: Gauge
    followed: Followed
    solved: NDArray[np.bool_]
    """(lane), False where a noise or a model has no Cholesky factor."""
    learnt: NDArray[np.int32]
    """(lane), looks that its noise is learnt from."""
    terms: NDArray[np.int32]
    """(lane), harmonic terms of its model."""
    least: F32
    """(band, lane), least variance of the noise."""
    factor: F32
    """(BESIDE or ALONE, band, band, lane), as ``Gauge.noise``, but one over its diagonal on the diagonal."""
    trust: F32
    """(lane), short-lived, as all that follow."""
    size: F32
    total: F32
    gain: F32
    phase: F32
    """(band, lane)."""
    swing: F32
    """(band, lane)."""
    sums: F32
    """(part, lane)."""
    counts: F32
    """(part, lane)."""


def no_gauge(pixels: int, bands: int) -> Gauge:
    """Room for what so many pixels are measured by."""

    def flat(*shape: int) -> NDArray[np.float32]:
        return np.zeros((*shape, pixels), np.float32)

    return Gauge(
        agreement=flat(),
        noise=flat(2, bands, bands),
        model=flat(TERMS, TERMS),
        single=flat(),
        season=flat(TERMS, bands),
        forgiven=flat(),
        calm=flat(3, PARTS),
        alike=flat(3),
    )


def unfollowed(pixels: int, bands: int, lag: int) -> Followed:
    """Before the first look; level and restlessness stay ``lag`` looks behind."""
    return Followed(
        level=np.zeros((3, bands, pixels), np.float32),
        spread=np.ones((3, pixels), np.float32),
        since=np.zeros((3, pixels), np.int32),
        near=np.zeros((3, lag, bands, pixels), np.float32),
        far=np.zeros((3, lag, pixels), np.float32),
        day=np.zeros((lag, pixels), np.int32),
    )


def whiten_work(times: int, bands: int, lag: int) -> WhitenWork:
    """Scratch arrays for so many looks and bands."""

    def lanes(*shape: int, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, LANES), kind)

    def row(*shape: int, late: int = 0, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, (late + times + 1) * LANES), kind)

    rows = Rows(
        pixel=lanes(kind=np.int32),
        looks=lanes(kind=np.int32),
        sorting=np.zeros((PLACES, SPAN), np.int16),
        stand_in=np.zeros((-(-times // SPAN), PLACES, SPAN), np.int16),
        middle=np.zeros((LANES, bands, times), np.int16),
        seen=np.zeros((LANES, times), np.int32),
        at=row(kind=np.int32),
        part=row(kind=np.int32),
        few=row(kind=np.bool_),
        design=row(TERMS),
        slope=row(TERMS),
        doubt=row(),
        common=row(bands),
        weight=row(),
        day=row(late=lag, kind=np.int32),
        near=row(3, bands, late=lag),
        far=row(3, late=lag),
        told=row(bands),
    )
    return WhitenWork(
        rows=rows,
        gauge=no_gauge(LANES, bands),
        followed=unfollowed(LANES, bands, lag),
        solved=lanes(kind=np.bool_),
        learnt=lanes(kind=np.int32),
        terms=lanes(kind=np.int32),
        least=lanes(bands),
        factor=lanes(2, bands, bands),
        trust=lanes(),
        size=lanes(),
        total=lanes(),
        gain=lanes(),
        phase=lanes(bands),
        swing=lanes(bands),
        sums=lanes(PARTS),
        counts=lanes(PARTS),
    )


@step
def ask_twins(by: Whitened, rows: Rows, pixels: NDArray[np.int32], looks: tuple[int, int]) -> None:
    """Take up to LANES pixels, and fill ``middle`` and ``seen`` for looks from the first of ``looks`` to before the last."""
    length = looks[1] - looks[0]
    rows.pixel[:] = pixels[0]
    for lane in range(len(pixels)):
        p = pixels[lane]
        rows.pixel[lane] = p
        line_up(by.fit, by.twins[p], by.known, looks, rows.stand_in, rows.seen[lane, :length])
        shared(by.fit, by.twins[p], looks[0], rows.sorting, rows.stand_in, rows.middle[lane, :, :length])


@step
def lay_out(by: Whitened, rows: Rows, lanes: int, looks: tuple[int, int], lag: int) -> int:
    """Fill the rows from the usable looks of the pixels taken; most looks that one of them has. ``middle`` begins with the first look."""
    most = 0
    rows.looks[:] = 0
    for lane in range(lanes):
        n, usable = 0, by.fit.usable[rows.pixel[lane]]
        for t in range(looks[0], looks[1]):
            rows.at[n * LANES + lane] = t
            n += usable[t]
        rows.looks[lane] = n
        most = max(most, n)
    for lane in range(LANES):
        for i in range(rows.looks[lane], most):
            rows.at[i * LANES + lane] = -1
    return most


@step
def lay_out_basis(by: Whitened, rows: Rows, most: int, lag: int) -> None:
    """Fill the rows with what looks have in common."""
    basis = by.basis
    for j in range(most * LANES):
        t = max(rows.at[j], 0)
        here = ONE if rows.at[j] >= 0 else ZERO
        rows.design[0, j] = here
        for k in range(1, TERMS):
            rows.design[k, j] = basis.design[k, t] * here
            rows.slope[k, j] = basis.slope[k, t] * here
        rows.doubt[j] = basis.doubt[t]
        rows.part[j] = by.part[t]
        rows.day[lag * LANES + j] = 1 + np.int32(basis.days[t])


@step
def lay_out_left(by: Whitened, rows: Rows, most: int, lag: int, start: int) -> None:
    """Fill the rows with residuals, and with what twins share and whether too few of them show it."""
    for b in range(len(rows.common)):
        common, left = rows.common[b], rows.near[ALONE, b, lag * LANES :]
        for i in range(most):
            for lane in range(LANES):
                j = i * LANES + lane
                t = rows.at[j]
                left[j] = np.float32(by.fit.left[rows.pixel[lane], b, max(t, 0)]) if t >= 0 else ZERO
                common[j] = np.float32(rows.middle[lane, b, max(t - start, 0)]) if t >= 0 else ZERO
    for i in range(most):
        for lane in range(LANES):
            j = i * LANES + lane
            rows.few[j] = rows.seen[lane, max(rows.at[j] - start, 0)] < TWIN_LOOKS
