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
from spadework.change.state import NO_LOOK, PARTS
from spadework.change.twins import Asked, ask, asked_for, columns, find

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.stand import Whitened

TWIN_LOOKS = 3
"""Twins that must show a look for it to be compared with theirs."""
TOGETHER = 8
"""Looks of all lanes that are laid out together: the rows that they are laid into fit the nearest cache."""


class Rows(NamedTuple):
    """Scratch arrays of LANES pixels, made once a block."""

    looks: NDArray[np.int32]
    """(lane), how many usable looks it has."""
    asked: Asked
    """For asking the twins of one lane after another."""
    middle: I16
    """(lane, column), what a lane's twins share, columns as in ``Left.residual``."""
    order: NDArray[np.int32]
    """(lane, look), which of the looks of ``Left`` it is."""
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
    at: NDArray[np.int32]
    """(late row), number of the look; NO_LOOK beyond a lane's looks, and where there was none."""
    day: NDArray[np.int32]
    """(late row), 1 + day; 0 where there was no look."""
    near: F32
    """(route, band, row), residuals, then distances."""
    told: F32
    """(band, late row), distances of one route, level and restlessness taken off, in 1/16 of the noise: whole numbers."""
    whole: NDArray[np.int8]
    """(band, late row), the same in 8 bits ..."""
    far: F32
    """(late row), ... and its squared length, noise = 1."""


class Lanes(NamedTuple):
    """Scratch numbers of LANES pixels, made once a block; all but the first three are short-lived."""

    taken: NDArray[np.bool_]
    """(lane), whether its pixel is measured; False once a noise or a model has no Cholesky factor."""
    learnt: NDArray[np.int32]
    """(lane), looks that its noise is learnt from."""
    terms: NDArray[np.int32]
    """(lane), harmonic terms of its model."""
    noise: F32
    """(band, band, lane), noise of a route, then its lower Cholesky factor."""
    normal: F32
    """(term, term, lane), normal matrix of the model, then its lower Cholesky factor."""
    least: F32
    """(band, lane), least variance of the noise."""
    calm: F32
    """(part, lane), one over how restless the history of a route was, 0..1."""
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


def rows_for(looks: int, bands: int, lag: int, first: int) -> Rows:
    """Rows for so many looks, of which the first has an even number or an odd one, as ``first`` has."""

    def row(*shape: int, late: int = 0, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, (late + looks + 1) * LANES), kind)

    return Rows(
        looks=np.zeros(LANES, np.int32),
        asked=asked_for(looks, bands, first),
        middle=np.zeros((LANES, columns(looks, bands)), np.int16),
        order=np.zeros((LANES, looks + 1), np.int32),
        part=row(kind=np.int32),
        few=row(kind=np.bool_),
        basis=row(DOUBT + 1),
        common=row(bands),
        weight=row(),
        at=row(late=lag, kind=np.int32),
        day=row(late=lag, kind=np.int32),
        near=row(3, bands),
        told=row(bands, late=lag),
        whole=row(bands, late=lag, kind=np.int8),
        far=row(late=lag),
    )


def lanes_for(bands: int) -> Lanes:
    """Scratch numbers for so many bands."""

    def flat(*shape: int, kind: type[Any] = np.float32) -> NDArray[Any]:
        return np.zeros((*shape, LANES), kind)

    return Lanes(
        taken=flat(kind=np.bool_),
        learnt=flat(kind=np.int32),
        terms=flat(kind=np.int32),
        noise=flat(bands, bands),
        normal=flat(TERMS, TERMS),
        least=flat(bands),
        calm=flat(PARTS),
        one=flat(bands),
        other=flat(bands),
        sums=flat(PARTS),
        counts=flat(PARTS),
        size=flat(),
        total=flat(),
        gain=flat(),
        pull=flat(),
    )


@step
def late_of(rows: Rows) -> int:
    """Late row at which rows begin."""
    return len(rows.day) - len(rows.weight)


@step
def _find(usable: NDArray[np.bool_], order: NDArray[np.int32]) -> int:
    """Fill ``order`` with the usable looks; how many."""
    n = 0
    for t in range(len(usable)):
        order[n] = t
        n += usable[t]
    return n


@step
def find_looks(by: Whitened, rows: Rows, taken: NDArray[np.bool_], at: tuple[int, int]) -> int:
    """Fill ``looks`` and ``order`` of the lanes ``taken`` by pixels from the first of ``at`` to before the last; the most that one has."""
    most, length = 0, len(by.left.usable)
    rows.looks[:] = 0
    for lane in range(at[1] - at[0]):
        if taken[lane]:
            rows.looks[lane] = _find(by.left.usable[(at[0] + lane) % length], rows.order[lane])
            most = max(most, rows.looks[lane])
    return most


@step
def _lay_out_looks(rows: Rows, lane: int, first: int) -> None:
    """Fill one lane of the rows with the numbers of its looks, and which of them too few twins show."""
    order, seen, late = rows.order[lane], rows.asked.seen[lane], np.uint32(late_of(rows))
    for i in range(rows.looks[lane]):
        t, j = np.uint32(order[i]), np.uint32(i * LANES + lane)  # no sign: nothing is counted from the end
        rows.at[late + j] = first + t
        rows.few[j] = seen[t] < TWIN_LOOKS


@step
def _lay_out_bands(rows: Rows, lane: int, at: tuple[int, int], residual: I16, columns: int) -> None:
    """Fill some looks of one lane with its ``residual`` (column) and with what its twins share; a band lies so many columns behind the last."""
    order, middle, alone, common = rows.order[lane], rows.middle[lane], rows.near[ALONE], rows.common
    for i in range(at[0], at[1]):
        j, column = np.uint32(i * LANES + lane), np.uint32(order[i])  # no sign: nothing is counted from the end
        for b in range(len(common)):
            alone[b, j], common[b, j] = residual[column], middle[column]
            column = np.uint32(column + columns)


@step
def _lay_out_basis(by: Whitened, rows: Rows, most: int) -> None:
    """Fill what looks have in common."""
    basis, late = by.basis, late_of(rows)
    for j in range(most * LANES):
        t = np.uint32(max(rows.at[late + j], 0))  # no sign: no look is counted from the end
        here = ONE if rows.at[late + j] >= 0 else ZERO
        for k in range(TERMS):
            rows.basis[k, j] = basis.design[k, t] * here
            rows.basis[SLOPE + k, j] = basis.slope[k, t] * here
        rows.basis[DOUBT, j] = basis.doubt[t]
        rows.part[j] = by.part[t]
        rows.day[late + j] = 1 + np.int32(basis.days[t])


@step
def lay_out(by: Whitened, rows: Rows, p: int, most: int) -> None:
    """Fill the rows from the looks found, the first lane being that of pixel p; lanes have ``most`` at most."""
    late, length, left, place = late_of(rows), most * LANES, by.left, p % len(by.left.usable)
    rows.at[late : late + length] = NO_LOOK
    for b in range(len(rows.common)):
        rows.common[b, :length] = ZERO
        rows.near[ALONE, b, :length] = ZERO
    for lane in range(LANES):
        if rows.looks[lane] > 0:
            find(by, p + lane, rows.asked.place[lane])
    for lane in range(LANES):
        if rows.looks[lane] > 0:
            ask(left.residual, lane, rows.asked, rows.middle[lane])
    for lane in range(LANES):
        _lay_out_looks(rows, lane, left.first)
    for first in range(0, most, TOGETHER):
        for lane in range(LANES):
            at = (first, min(first + TOGETHER, int(rows.looks[lane])))
            _lay_out_bands(rows, lane, at, left.residual[place + lane], left.usable.shape[1])
    _lay_out_basis(by, rows, most)
