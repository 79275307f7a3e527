"""Looks of the pixels between the first pass and the last: from what is kept, and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spadework.change import recent, state
from spadework.change.fit import BEYOND, HIDDEN

BANDS, LAG, FIRST = 3, 4, 40


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 9))
def test_slots_are_those_kept_then_the_usable_looks_and_the_last_ones_are_kept(seed: int, looks: int, pixels: int) -> None:
    rng, length = np.random.default_rng(seed), pixels + 2
    first = int(rng.integers(0, 50))  # running numbers: places in the ring begin anywhere
    numbers = np.arange(first, first + pixels, dtype=np.int32)
    stood = state.no_stood(first + pixels, BANDS, LAG)
    stood.distance[:] = rng.integers(-127, 128, stood.distance.shape)
    stood.left[:] = rng.integers(-999, 999, stood.left.shape)
    look = np.tile(np.arange(LAG, dtype=np.int16)[:, None] + 7, first + pixels)
    left, some = recent.left_of(length, looks, BANDS, FIRST), recent.recent_of(length, LAG + looks, BANDS)
    left.usable[:] = rng.random(left.usable.shape) < 0.5
    left.residual[:length, : looks * BANDS] = rng.integers(-999, 999, (length, looks * BANDS))
    for array in (some.look, some.new, some.distance, some.left):
        array[:] = 99  # of pixels that had the place before

    recent.enter_block(look, recent.slots_of(stood), left, numbers, some, recent.slots_of(some))
    for p in numbers:
        place = p % length
        usable = np.flatnonzero(left.usable[place])
        end = LAG + len(usable)
        assert some.new[place] == len(usable)
        np.testing.assert_array_equal(
            some.look[place], [*look[:, p], *(FIRST + usable), *[state.NO_LOOK] * (looks - len(usable))]
        )
        np.testing.assert_array_equal(some.left[place, :LAG], stood.left[p])
        residual = left.residual[place, : looks * BANDS].reshape(BANDS, looks)
        np.testing.assert_array_equal(some.left[place, LAG:end], residual[:, usable].T)
        np.testing.assert_array_equal(some.distance[:, place, :LAG], stood.distance[:, p])
        assert not some.distance[:, place, LAG:].any()

    some.distance[:] = rng.integers(-127, 128, some.distance.shape)
    before = stood.distance[:, :first].copy()
    recent.settle_block(some, recent.slots_of(some), numbers, recent.slots_of(stood))
    for p in numbers:
        last = slice(some.new[p % length], some.new[p % length] + LAG)
        np.testing.assert_array_equal(stood.distance[:, p], some.distance[:, p % length, last])
        np.testing.assert_array_equal(stood.left[p], some.left[p % length, last])
    np.testing.assert_array_equal(stood.distance[:, :first], before)  # no other pixel's


def test_the_ring_ends_with_a_place_that_shows_nothing_and_one_beyond_all() -> None:
    left = recent.left_of(5, 2, BANDS, FIRST)
    assert (left.residual[:6] == HIDDEN).all()
    assert (left.residual[6] == BEYOND).all()
