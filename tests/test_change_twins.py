"""Twins: who is compared with whom, and what they share, held to the same said in plain numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change import algebra, twins
from spadework.change.common import no_fit
from spadework.change.compiled import compiled

if TYPE_CHECKING:
    from spadework.change.fit import Fit

SEEDS = st.integers(0, 2**32 - 1)
TIMES, HISTORY, BANDS = 30, 20, 2
SHARE = np.array([1 / 40, 1 / 70], np.float32)
WIDE = twins.offsets()
WAYS, WAY = twins.ways(WIDE)


def places_of(inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> twins.Places:
    number = np.where(inside, np.cumsum(inside).reshape(inside.shape) - 1, -1).astype(np.int32)
    return twins.Places(np.argwhere(inside).astype(np.int32), number, WIDE, WAYS, WAY)


def fit_of(rng: np.random.Generator, pixels: int, cloud: float) -> Fit:
    fit = no_fit(pixels, BANDS, TIMES)
    fit.left[:] = rng.integers(-120, 121, fit.left.shape)
    fit.usable[:] = rng.random(fit.usable.shape) >= cloud
    fit.method[:] = 1
    return fit


def unlike(fit: Fit, p: int, q: int) -> float:
    """Two pixels, in plain numpy."""
    both = fit.usable[p, :HISTORY] & fit.usable[q, :HISTORY]
    if both.sum() < twins.COMMON_LOOKS:
        return math.inf
    apart = (fit.left[p, :, :HISTORY].astype(np.float64) - fit.left[q, :, :HISTORY]) * SHARE[:, None]
    return float(np.minimum((apart**2).sum(axis=0), twins.CAP)[both].mean() * (1 + 2 / both.sum()))


def test_each_pair_is_compared_once() -> None:
    told = {tuple(way) for way in WAYS.tolist()}
    assert not told & {tuple(way) for way in (-WAYS).tolist()}
    for offset, way in zip(WIDE, WAY, strict=True):
        assert (offset == WAYS[way]).all() or (offset == -WAYS[way]).all()


@pytest.mark.parametrize("cloud", [0.0, 0.4, 0.75, 1.0])
def test_twins_are_the_most_alike_of_the_candidates(cloud: float) -> None:
    rng = np.random.default_rng(1)
    inside = rng.random((14, 13)) < 0.8
    places, pixels = places_of(inside), int(inside.sum())
    fit = fit_of(rng, pixels, cloud)
    fit.method[rng.random(pixels) < 0.1] = 0
    fit.left[:, :, 3], fit.left[::2, :, 4] = 32767, -32768  # the limits of 16 bits, the most apart
    apart, out = np.empty((pixels, len(WAYS))), np.full((pixels, twins.TWINS), -7, np.int32)
    half = pixels // 2
    for first, last in ((0, half), (half, pixels)):  # block by block
        twins.compare_block(fit, places, SHARE, HISTORY, first, apart[first:last])
    for first, last in ((0, half), (half, pixels)):
        twins.choose_block(fit, places, apart, first, out[first:last])
    for p in range(pixels):
        there = [tuple(places.at[p] + offset) for offset in WIDE]
        known = [int(places.number[y, x]) for y, x in there if 0 <= y < 14 and 0 <= x < 13 and inside[y, x]]
        scores = sorted(score for q in known if fit.method[q] and (score := unlike(fit, p, q)) < math.inf)
        chosen = [int(q) for q in out[p] if q >= 0]
        assert len(set(chosen)) == len(chosen) == min(len(scores), twins.TWINS)
        np.testing.assert_allclose([unlike(fit, p, q) for q in chosen], scores[: twins.TWINS], rtol=1e-5)
        assert (out[p, len(chosen) :] == -1).all()


def test_of_equals_the_first_candidates_are_taken() -> None:
    inside = np.ones((50, 50), np.bool_)
    places = places_of(inside)
    fit = no_fit(2500, BANDS, TIMES)
    fit.usable[:], fit.method[:] = True, 1
    apart, out = np.empty((2500, len(WAYS))), np.empty((2500, twins.TWINS), np.int32)
    twins.compare_block(fit, places, SHARE, HISTORY, 0, apart)
    twins.choose_block(fit, places, apart, 0, out)
    middle = 25 * 50 + 25
    assert out[middle].tolist() == [middle + 50 * dy + dx for dy, dx in WIDE[: twins.TWINS]]


@compiled
def _eighth(numbers: algebra.I16, out: algebra.I16) -> None:
    for i in range(len(out)):
        n = numbers[i]
        fours = (
            algebra.sort_four(n[0], n[1], n[2], n[3]),
            algebra.sort_four(n[4], n[5], n[6], n[7]),
            algebra.sort_four(n[8], n[9], n[10], n[11]),
            algebra.sort_four(n[12], n[13], n[14], n[15]),
        )
        out[i] = algebra.eighth(algebra.merge_fours(fours[0], fours[1]), algebra.merge_fours(fours[2], fours[3]))


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, ties=st.booleans())
def test_the_eighth_of_sixteen_is_that_of_the_sorted(seed: int, ties: bool) -> None:
    bound = 3 if ties else 32767
    numbers = np.random.default_rng(seed).integers(-bound, bound, (200, 16), endpoint=True).astype(np.int16)
    out = np.empty(200, np.int16)
    _eighth(numbers, out)
    np.testing.assert_array_equal(out, np.sort(numbers, axis=1)[:, 7])
