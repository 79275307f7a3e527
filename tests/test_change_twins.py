"""Twins: the compiled steps against plain numpy for one pixel, on awkward cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change import algebra, twins
from spadework.change import fit as model
from spadework.change.common import no_fit
from spadework.change.compiled import compiled
from spadework.cube import NO_METHOD, ONE_HARMONIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = st.integers(0, 2**32 - 1)
SIDE, BANDS, HISTORY, TIMES = 24, 2, 37, 50


@compiled
def _lined_up_and_shared(
    fit: model.Fit, of: NDArray[np.int32], known: NDArray[np.int32], first: int, work: algebra.I16, out: algebra.I16
) -> NDArray[np.int32]:
    """From look ``first`` on; ``work`` (1 + span, PLACES, SPAN) is scratch."""
    seen, looks = np.zeros(out.shape[1], np.int32), (first, first + out.shape[1])
    twins.line_up(fit, of, known, looks, work[1:], seen)
    twins.shared(fit, of, looks, work[0], work[1:], out)
    return seen


@compiled
def _eighths(rows: algebra.I16, out: algebra.I16) -> None:
    for i in range(len(out)):
        a = algebra.sort_four(rows[0, i], rows[1, i], rows[2, i], rows[3, i])
        b = algebra.sort_four(rows[4, i], rows[5, i], rows[6, i], rows[7, i])
        c = algebra.sort_four(rows[8, i], rows[9, i], rows[10, i], rows[11, i])
        d = algebra.sort_four(rows[12, i], rows[13, i], rows[14, i], rows[15, i])
        out[i] = algebra.eighth(algebra.merge_fours(a, b), algebra.merge_fours(c, d))


# ---------------------------------------------------------------- twins in plain numpy
def shared_of(fit: model.Fit, of: NDArray[np.int32], known: NDArray[np.int32]) -> tuple[NDArray[np.int32], algebra.F32]:
    """(time), how many twins show a look, and (band, time), their median: one that does not stands above or below all in turn."""
    times = fit.usable.shape[1]
    seen, out = np.zeros(times, np.int32), np.zeros((fit.left.shape[1], times), np.float32)
    for t in range(times):
        shown = [q >= 0 and t < known[q] and bool(fit.usable[q, t]) for q in of]
        seen[t] = sum(shown)
        hidden = [(-40000 if (k - sum(shown[:k]) + t) % 2 else 40000) for k in range(len(of)) if not shown[k]]
        for b in range(len(out)):
            middle = np.sort([*fit.left[of[shown], b, t].astype(int), *hidden])[len(of) // 2]
            out[b, t] = middle if abs(middle) < 40000 else 0
    return seen, out


def unlike_of(fit: model.Fit, share: algebra.F32, history: int, p: int, q: int) -> float:
    """Mean squared distance of p and q over the history, capped; infinite with too few looks in common."""
    both = fit.usable[p, :history] & fit.usable[q, :history]
    apart = np.zeros(history, np.float32)
    for b in range(len(share)):
        e = (fit.left[p, b, :history].astype(np.float32) - fit.left[q, b, :history].astype(np.float32)) * share[b]
        apart += e * e
    kept, count = np.minimum(apart, twins.CAP)[both], int(both.sum())
    if count < twins.COMMON_LOOKS:
        return float("inf")
    return float(np.cumsum(kept, dtype=np.float32)[-1]) / count * (1.0 + 2.0 / count)


def twins_of(fit: model.Fit, number: NDArray[np.int32], share: algebra.F32, history: int, p: int) -> list[int]:
    """Twins of pixel p, most alike first, of two as alike the one met first."""
    (y,), (x,) = np.nonzero(number == p)
    found = []
    for dy, dx in twins.offsets():
        inside = 0 <= y + dy < number.shape[0] and 0 <= x + dx < number.shape[1]
        q = int(number[y + dy, x + dx]) if inside else -1
        if q >= 0 and fit.method[q] != NO_METHOD:
            found.append((unlike_of(fit, share, history, p, q), q))
    ranked = sorted((pair for pair in found if np.isfinite(pair[0])), key=lambda pair: pair[0])
    return ([q for _, q in ranked] + [-1] * twins.TWINS)[: twins.TWINS]


# ---------------------------------------------------------------- against the compiled steps
def residuals(pixels: int, times: int, seed: int, cloud: float, most: int = 32000) -> model.Fit:
    """Residuals of pixels, with the limits of what residuals can be among them, 0 where a look is not usable."""
    rng = np.random.default_rng(seed)
    fit = no_fit(pixels, BANDS, times)
    fit.left[:] = rng.integers(-most, most + 1, fit.left.shape)
    fit.left[rng.random(fit.left.shape) < 0.1] = most
    fit.left[rng.random(fit.left.shape) < 0.1] = -most
    fit.usable[:] = rng.random(fit.usable.shape) >= cloud
    fit.left[:] *= fit.usable[:, None]
    fit.method[:] = np.where(rng.random(pixels) < 0.1, NO_METHOD, ONE_HARMONIC)
    return fit


def chosen_in(fit: model.Fit, inside: NDArray[np.bool_], share: algebra.F32, history: int, block: int) -> NDArray[np.int32]:
    """(pixel, TWINS), compared and chosen block by block."""
    places, pixels = places_in(inside), int(inside.sum())
    unlike, out = np.full((pixels, len(places.ways)), np.nan), np.full((pixels, twins.TWINS), -7, np.int32)
    blocks = np.split(np.arange(pixels, dtype=np.int32), range(block, pixels, block))
    for numbers in blocks:
        twins.compare_block(fit, places, twins.Compared(share, history), numbers, unlike)
    for numbers in blocks:
        twins.choose_block(fit, places, unlike, numbers, out)
    return out


def places_in(inside: NDArray[np.bool_]) -> twins.Places:
    number = np.full(inside.shape, -1, np.int32)
    number[inside] = np.arange(inside.sum())
    return twins.Places(np.argwhere(inside).astype(np.int32), number, twins.offsets(), *twins.ways(twins.offsets()))


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
    times=st.sampled_from([1, 25, 64, 293]),
    most=st.sampled_from([0, 2, 32000, 32766]),
)
def test_what_twins_share_is_as_in_plain_numpy(seed: int, cloud: float, twin: int, times: int, most: int) -> None:
    check_shared(residuals(30, times, seed, cloud, most), twin, seed)


@pytest.mark.parametrize("times", [twins.SPAN - 1, twins.SPAN, twins.SPAN + 1, 2 * twins.SPAN + 3])
def test_series_longer_than_a_span_are_no_different(times: int) -> None:
    check_shared(residuals(30, times, times, 0.4), 14, times)


def check_shared(fit: model.Fit, twin: int, seed: int) -> None:
    rng, (pixels, times) = np.random.default_rng(seed), fit.usable.shape
    of = np.full(twins.TWINS, -1, np.int32)
    of[:twin] = rng.choice(pixels, twin, replace=False)
    known = np.where(rng.random(pixels) < 0.3, rng.integers(0, times, pixels), times).astype(np.int32)
    work = rng.integers(-9, 9, (1 + -(-times // twins.SPAN), twins.PLACES, twins.SPAN)).astype(np.int16)
    expected = shared_of(fit, of, known)
    for first in {0, times // 3, times}:
        out = np.full((BANDS, times - first), 7, np.int16)
        seen = _lined_up_and_shared(fit, of, known, first, work, out)
        np.testing.assert_array_equal(seen, expected[0][first:])
        np.testing.assert_array_equal(out, expected[1][:, first:])


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
    inside = np.ones((SIDE, SIDE), np.bool_)
    inside[5:9, 3:12] = False
    fit = residuals(int(inside.sum()), TIMES, most, cloud, most)
    if most == 32000:
        fit.left[:, :, 3], fit.left[::2, :, 4] = 32767, -32768  # the limits of 16 bits, the most apart
    share = np.array([0.01, 1.3], np.float32)
    out = chosen_in(fit, inside, share, HISTORY, 100)
    number = places_in(inside).number
    for p in range(0, len(out), 17):
        assert out[p].tolist() == twins_of(fit, number, share, HISTORY, p)
    if cloud == 1.0:
        assert (out == -1).all()


@pytest.mark.parametrize("history", [0, 1, twins.COMMON_LOOKS - 1, twins.COMMON_LOOKS])
def test_a_history_shorter_than_the_common_looks_gives_no_twins(history: int) -> None:
    fit = residuals(SIDE * SIDE, TIMES, history, 0.0)
    out = chosen_in(fit, np.ones((SIDE, SIDE), np.bool_), np.ones(BANDS, np.float32), history, 256)
    assert (out >= 0).any() == (history >= twins.COMMON_LOOKS)


def test_blocks_do_not_matter() -> None:
    inside, share = np.ones((SIDE, SIDE), np.bool_), np.ones(BANDS, np.float32)
    fit = residuals(SIDE * SIDE, TIMES, 1, 0.4, 20)
    np.testing.assert_array_equal(chosen_in(fit, inside, share, HISTORY, 33), chosen_in(fit, inside, share, HISTORY, 576))
