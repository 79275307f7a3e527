"""Usable looks of LANES pixels side by side, compiled.

Rows run look by look: look i of lane l is each lane's own i-th usable look, at ``i * LANES + l``. Beyond a lane's looks they hold
no departure. Late rows begin with as many looks as level and restlessness stay behind: there it is at ``(lag + i) * LANES + l``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.algebra import F32, I16, LANES, ONE, ZERO
from spadework.change.compiled import step
from spadework.change.regress import TERMS
from spadework.change.stand import ALONE
from spadework.change.twins import PLACES, SPAN, line_up, shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Whitened

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
    order: NDArray[np.int32]
    """(lane, look), time index."""
    at: NDArray[np.int32]
    """(row), time index; -1 beyond a lane's looks."""
    part: NDArray[np.int32]
    """(row), part of the year."""
    few: NDArray[np.bool_]
    """(row), True where too few twins show the look."""
    basis: F32
    """(BASIS, row): the design of each term, the slope of each term, and the doubt, as in ``Basis``; design and slope are 0 beyond
    a lane's looks."""
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
    whole: NDArray[np.int8]
    """(band, row), the same in 1/16 of the noise."""


class Lanes(NamedTuple):
    """Scratch numbers of LANES pixels, made once a block; all but the first four are short-lived."""

    solved: NDArray[np.bool_]
    """(lane), False where a noise or a model has no Cholesky factor."""
    learnt: NDArray[np.int32]
    """(lane), looks that its noise is learnt from."""
    terms: NDArray[np.int32]
    """(lane), harmonic terms of its model."""
    factor: F32
    """(band, band, lane), Cholesky factor of a noise, but one over its diagonal on the diagonal."""
    least: F32
    """(band, lane), least variance of the noise."""
    one: F32
    """(band, lane)."""
    other: F32
    """(band, lane)."""
    sums: F32
    """(part or term, lane)."""
    counts: F32
    """(part, lane)."""
    size: F32
    """(lane)."""
    total: F32
    """(lane)."""
    gain: F32
    """(lane)."""
    pull: F32
    """(lane)."""


SLOPE, DOUBT = TERMS, 2 * TERMS
"""Rows of ``Rows.basis`` from which slopes begin, and that of the doubt."""


def rows_for(times: int, bands: int, lag: int) -> Rows:
    """Rows for so many looks and bands."""

    def row(*shape: int, late: int = 0, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, (late + times + 1) * LANES), kind)

    return Rows(
        pixel=np.zeros(LANES, np.int32),
        looks=np.zeros(LANES, np.int32),
        sorting=np.zeros((PLACES, SPAN), np.int16),
        stand_in=np.zeros((-(-times // SPAN), PLACES, SPAN), np.int16),
        middle=np.zeros((LANES, bands, times), np.int16),
        seen=np.zeros((LANES, times), np.int32),
        order=np.zeros((LANES, times + 1), np.int32),
        at=row(kind=np.int32),
        part=row(kind=np.int32),
        few=row(kind=np.bool_),
        basis=row(DOUBT + 1),
        common=row(bands),
        weight=row(),
        day=row(late=lag, kind=np.int32),
        near=row(3, bands, late=lag),
        far=row(3, late=lag),
        told=row(bands),
        whole=row(bands, kind=np.int8),
    )


def lanes_for(bands: int, parts: int) -> Lanes:
    """Scratch numbers for so many bands and parts of the year."""

    def flat(*shape: int, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, LANES), kind)

    return Lanes(
        solved=flat(kind=np.bool_),
        learnt=flat(kind=np.int32),
        terms=flat(kind=np.int32),
        factor=flat(bands, bands),
        least=flat(bands),
        one=flat(bands),
        other=flat(bands),
        sums=flat(parts),
        counts=flat(parts),
        size=flat(),
        total=flat(),
        gain=flat(),
        pull=flat(),
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
        shared(by.fit, by.twins[p], looks, rows.sorting, rows.stand_in, rows.middle[lane])


@step
def _find(usable: NDArray[np.bool_], looks: tuple[int, int], order: NDArray[np.int32]) -> int:
    """Fill ``order`` with the usable looks; how many."""
    n = 0
    for t in range(looks[0], looks[1]):
        order[n] = t
        n += usable[t]
    return n


@step
def _spread(values: I16, order: NDArray[np.int32], start: int, lane: int, out: F32) -> None:
    """Fill one lane of a row with the values, which begin with look ``start``, of its looks."""
    for i in range(len(order)):
        out[i * LANES + lane] = values[np.uint32(order[i] - start)]  # no sign: no look is counted from the end


@step
def _lay_out_basis(by: Whitened, rows: Rows, most: int) -> None:
    """Fill what looks have in common."""
    basis, late = by.basis, len(rows.day) - len(rows.at)
    for j in range(most * LANES):
        t = np.uint32(max(rows.at[j], 0))  # no sign: no look is counted from the end
        here = ONE if rows.at[j] >= 0 else ZERO
        for k in range(TERMS):
            rows.basis[k, j] = basis.design[k, t] * here
            rows.basis[SLOPE + k, j] = basis.slope[k, t] * here
        rows.basis[DOUBT, j] = basis.doubt[t]
        rows.part[j] = by.part[t]
        rows.day[late + j] = 1 + np.int32(basis.days[t])


@step
def lay_out(by: Whitened, rows: Rows, lanes: int, looks: tuple[int, int], start: int) -> int:
    """Fill the rows from those looks of the pixels taken that are usable; the most that one of them has.

    ``middle`` and ``seen`` begin with look ``start``.
    """
    most, late = 0, len(rows.day) - len(rows.at)
    rows.looks[:] = 0
    for lane in range(lanes):
        rows.looks[lane] = _find(by.fit.usable[rows.pixel[lane]], looks, rows.order[lane])
        most = max(most, rows.looks[lane])
    rows.at[: most * LANES] = -1
    for lane in range(lanes):
        for i in range(rows.looks[lane]):
            j, t = i * LANES + lane, rows.order[lane, i]
            rows.at[j] = t
            rows.few[j] = rows.seen[lane, t - start] < TWIN_LOOKS
    _lay_out_basis(by, rows, most)
    for b in range(len(rows.common)):
        common, left = rows.common[b, : most * LANES], rows.near[ALONE, b, late : late + most * LANES]
        common[:] = ZERO
        left[:] = ZERO
        for lane in range(lanes):
            order = rows.order[lane, : rows.looks[lane]]
            _spread(by.fit.left[rows.pixel[lane], b], order, 0, lane, left)
            _spread(rows.middle[lane, b], order, start, lane, common)
    return most
