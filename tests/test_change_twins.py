"""Twins: the compiled steps against plain numpy for one pixel, on awkward cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change import algebra, twins
from spadework.change.common import plain_basis
from spadework.change.compiled import compiled
from spadework.change.fit import BEYOND, HIDDEN, Left
from spadework.change.settings import MonitorSettings, whiten_rule
from spadework.change.stand import Whitened
from spadework.change.state import Learnt, no_learnt, unfollowed
from spadework.cube import NO_METHOD, ONE_HARMONIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = st.integers(0, 2**32 - 1)
SIDE, BANDS, HISTORY = 24, 2, 37


class Field(NamedTuple):
    """Residuals of the pixels of an area."""

    left: NDArray[np.int16]
    """(pixel, band, look), 0 where a look is not usable."""
    usable: NDArray[np.bool_]
    """(pixel, look)."""
    method: NDArray[np.uint8]
    """(pixel)."""
    inside: NDArray[np.bool_]
    """(y, x)."""


def laid_out(field: Field, first: int = 0, length: int | None = None) -> Left:
    """Its residuals from look ``first`` on as passes hand them on, in a ring of some length."""
    pixels, bands, looks = len(field.left), field.left.shape[1], field.left.shape[2] - first
    length = length or pixels
    residual = np.full((length + 2, twins.columns(looks, bands)), HIDDEN)
    residual[length + 1], usable = BEYOND, np.zeros((length, looks), np.bool_)
    shown = np.where(field.usable[:, None], field.left, HIDDEN)[:, :, first:].reshape(pixels, -1)
    for p in range(pixels):
        residual[p % length, : bands * looks], usable[p % length] = shown[p], field.usable[p, first:]
    return Left(residual, usable, first)


@compiled
def _asked(by: Whitened, p: int, work: twins.Asked, out: algebra.I16) -> None:
    for lane in (algebra.LANES - 1, 0, 3):
        twins.find(by, p, work.place[lane])
        twins.ask(by.left.residual, lane, work, out)


@compiled
def _eighths(rows: algebra.I16, out: algebra.I16) -> None:
    for i in range(len(out)):
        a = algebra.sort_four(rows[0, i], rows[1, i], rows[2, i], rows[3, i])
        b = algebra.sort_four(rows[4, i], rows[5, i], rows[6, i], rows[7, i])
        c = algebra.sort_four(rows[8, i], rows[9, i], rows[10, i], rows[11, i])
        d = algebra.sort_four(rows[12, i], rows[13, i], rows[14, i], rows[15, i])
        out[i] = algebra.eighth(algebra.merge_fours(a, b), algebra.merge_fours(c, d))


# ---------------------------------------------------------------- twins in plain numpy
def shared_of(
    left: NDArray[np.int16], usable: NDArray[np.bool_], of: NDArray[np.int32], first: int = 0
) -> tuple[NDArray[np.int32], algebra.F32]:
    """(look), how many of pixels ``of`` show a look, and (band, look), their median: one that does not stands above or below all in turn.

    Residuals (pixel, band, look), usable (pixel, look), from look ``first`` on; -1 is nobody.
    """
    looks = usable.shape[1]
    seen, out = np.zeros(looks, np.int32), np.zeros((left.shape[1], looks), np.float32)
    for t in range(looks):
        shown = [q >= 0 and bool(usable[q, t]) for q in of]
        seen[t] = sum(shown)
        hidden = [40000 if (first + t + i) % 2 else -40000 for i in range(len(of) - sum(shown))]
        for b in range(len(out)):
            middle = np.sort([*left[of[shown], b, t].astype(int), *hidden])[len(of) // 2]
            out[b, t] = middle if abs(middle) < 40000 else 0
    return seen, out


def unlike_of(field: Field, share: algebra.F32, p: int, q: int) -> float:
    """Mean squared distance of p and q, capped; infinite with too few looks in common."""
    both, apart = field.usable[p] & field.usable[q], np.zeros(field.usable.shape[1], np.float32)
    for b in range(len(share)):
        e = (field.left[p, b].astype(np.float32) - field.left[q, b].astype(np.float32)) * share[b]
        apart += e * e
    kept, count = np.minimum(apart, twins.CAP)[both], int(both.sum())
    if count < twins.COMMON_LOOKS:
        return float("inf")
    return float(np.cumsum(kept, dtype=np.float32)[-1]) / count * (1.0 + 2.0 / count)


def twins_of(field: Field, share: algebra.F32, p: int) -> list[int]:
    """Numbers of the candidates that are twins of pixel p, most alike first, of two as alike the one met first."""
    number = places_in(field.inside).number
    (y,), (x,) = np.nonzero(number == p)
    found = []
    for m, (dy, dx) in enumerate(twins.offsets()):
        inside = 0 <= y + dy < number.shape[0] and 0 <= x + dx < number.shape[1]
        q = int(number[y + dy, x + dx]) if inside else -1
        if q >= 0 and field.method[q] != NO_METHOD:
            found.append((unlike_of(field, share, p, q), m))
    ranked = sorted((pair for pair in found if np.isfinite(pair[0])), key=lambda pair: pair[0])
    return ([m for _, m in ranked] + [int(twins.NO_TWIN)] * twins.TWINS)[: twins.TWINS]


# ---------------------------------------------------------------- against the compiled steps
def residuals(inside: NDArray[np.bool_], looks: int, seed: int, cloud: float, most: int = 32000) -> Field:
    """Residuals with the limits of what residuals can be among them."""
    rng, pixels = np.random.default_rng(seed), int(inside.sum())
    left = rng.integers(-most, most + 1, (pixels, BANDS, looks)).astype(np.int16)
    left[rng.random(left.shape) < 0.1] = most
    left[rng.random(left.shape) < 0.1] = -most
    usable = rng.random((pixels, looks)) >= cloud
    method = np.where(rng.random(pixels) < 0.1, NO_METHOD, ONE_HARMONIC).astype(np.uint8)
    return Field(left * usable[:, None], usable, method, inside)


def square(side: int) -> NDArray[np.bool_]:
    return np.ones((side, side), np.bool_)


def learnt_of(field: Field) -> Learnt:
    return no_learnt(len(field.method), BANDS)._replace(method=field.method)


def chosen_in(field: Field, share: algebra.F32, block: int) -> NDArray[np.uint8]:
    """(pixel, TWINS), compared and chosen block by block."""
    places, learnt, left = places_in(field.inside), learnt_of(field), laid_out(field)
    unlike = np.full((len(field.method), len(places.ways)), np.nan)
    learnt.twins[:], scratch = 7, twins.compared_for(left.usable.shape[1], BANDS, len(places.ways))
    blocks = np.split(np.arange(len(field.method), dtype=np.int32), range(block, len(field.method), block))
    for numbers in blocks:
        twins.compare_block(left, places, share, scratch, numbers, unlike)
    for numbers in blocks:
        twins.choose_block(learnt, places, unlike, np.zeros(twins.TWINS), numbers)
    return learnt.twins


def places_in(inside: NDArray[np.bool_]) -> twins.Places:
    number = np.full(inside.shape, -1, np.int32)
    number[inside] = np.arange(inside.sum())
    return twins.Places(np.flatnonzero(inside).astype(np.int32), number, twins.offsets(), *twins.ways(twins.offsets()))


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, width=st.integers(1, 70), few=st.booleans())
def test_the_eighth_of_sixteen_is_that_of_numpy(seed: int, width: int, few: bool) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.choice([-32768, -1, 0, 5, 32767], (16, width)) if few else rng.integers(-32768, 32768, (16, width))
    out = np.zeros(width, np.int16)
    _eighths(rows.astype(np.int16), out)
    np.testing.assert_array_equal(out, np.sort(rows, axis=0)[7])


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    cloud=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
    twin=st.integers(0, twins.TWINS),
    looks=st.sampled_from([1, 8, 25, 32, 33, 293]),
    most=st.sampled_from([0, 2, 32000]),
)
def test_what_twins_share_is_as_in_plain_numpy(seed: int, cloud: float, twin: int, looks: int, most: int) -> None:
    """Any twins, some of them left out, of the pixel in the middle of a square; looks in parts."""
    rng, field = np.random.default_rng(seed), residuals(square(45), looks, seed, cloud, most)
    places, learnt, p = places_in(field.inside), learnt_of(field), 22 * 45 + 22
    candidates = rng.choice(len(places.offsets), twin, replace=False)
    learnt.twins[p, :twin] = candidates
    left_out = rng.random(len(field.method)) < 0.2
    of = np.full(twins.TWINS, -1, np.int32)
    of[:twin] = [places.number[22 + dy, 22 + dx] for dy, dx in places.offsets[candidates]]
    of[:twin][left_out[of[:twin]]] = -1
    expected = shared_of(field.left, field.usable, of)
    for first in {0, looks // 3}:
        n = looks - first
        by = Whitened(
            learnt, unfollowed(0, BANDS, 0), laid_out(field, first, int(rng.integers(45 * 45, 2100))), plain_basis(np.arange(looks, dtype=np.int32), 0, BANDS),
            whiten_rule(MonitorSettings(), BANDS, looks), np.ones(BANDS, np.float32), places, np.zeros(looks, np.int32), left_out,
        )  # fmt: skip
        work, out = twins.asked_for(n, BANDS, first), np.full(twins.columns(n, BANDS), 7, np.int16)
        for _ in range(2):  # what the pixel before left behind is forgotten
            _asked(by, p, work, out)
        np.testing.assert_array_equal(work.seen[[0, 3, algebra.LANES - 1]], np.tile(expected[0][first:], (3, 1)))
        np.testing.assert_array_equal(out[: BANDS * n].reshape(BANDS, n), expected[1][:, first:])
        assert not out[BANDS * n :].any()


def test_there_are_as_many_twins_as_the_network_has_places_for() -> None:
    assert twins.TWINS == 15
    assert twins.PLACES == 16


def test_ways_and_back_are_the_offsets() -> None:
    offsets = twins.offsets()
    found, way = twins.ways(offsets)
    assert (np.abs(found[way]) == np.abs(offsets)).all()
    assert ((found[way] == offsets).all(axis=1) | (found[way] == -offsets).all(axis=1)).all()
    assert all(tuple(pair) > (0, 0) for pair in found.tolist())
    assert len({tuple(pair) for pair in found.tolist()}) == len(found) == 32


@pytest.mark.parametrize("most", [0, 3, 400, 32000])
@pytest.mark.parametrize("cloud", [0.0, 0.5, 0.9, 1.0])
def test_twins_are_those_of_plain_numpy(most: int, cloud: float) -> None:
    """No residuals and small ones make ties; large ones pass the cap; the area has a hole and the last block is short."""
    inside = square(SIDE)
    inside[5:9, 3:12] = False
    field, share = residuals(inside, HISTORY, most, cloud, most), np.array([0.01, 1.3], np.float32)
    if most == 32000:
        field.left[:, :, 3], field.left[::2, :, 4] = 32767, -32767  # about the limits of 16 bits, the most apart
    out = chosen_in(field, share, 100)
    for p in range(0, len(out), 17):
        assert out[p].tolist() == twins_of(field, share, p)
    if cloud == 1.0:
        assert (out == twins.NO_TWIN).all()


@pytest.mark.parametrize("history", [0, 1, twins.COMMON_LOOKS - 1, twins.COMMON_LOOKS])
def test_a_history_shorter_than_the_common_looks_gives_no_twins(history: int) -> None:
    out = chosen_in(residuals(square(SIDE), history, history, 0.0), np.ones(BANDS, np.float32), 256)
    assert (out != twins.NO_TWIN).any() == (history >= twins.COMMON_LOOKS)


def test_blocks_do_not_matter() -> None:
    field, share = residuals(square(SIDE), HISTORY, 1, 0.4, 20), np.ones(BANDS, np.float32)
    np.testing.assert_array_equal(chosen_in(field, share, 33), chosen_in(field, share, 576))
