"""Looks of the pixels between the first pass and the last."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spadework.change import recent, state
from spadework.change.algebra import LANES
from spadework.change.fit import BEYOND, HIDDEN

BANDS, LAG, FIRST = 3, 4, 40


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 2 * LANES))
def test_slots_are_those_kept_then_the_usable_looks(seed: int, looks: int, pixels: int) -> None:
    rng, length = np.random.default_rng(seed), 2 * LANES
    first = int(rng.integers(0, 300))  # running numbers: places in the ring begin anywhere
    numbers = np.arange(first, first + pixels, dtype=np.int32)
    told = rng.integers(-127, 128, (3, LAG, BANDS, first + pixels)).astype(np.int8)
    look = rng.integers(0, FIRST, (LAG, first + pixels)).astype(np.int16)
    left, some = recent.left_of(length, looks, BANDS, FIRST), recent.recent_of(length, LAG + looks, BANDS)
    left.usable[:] = rng.random(left.usable.shape) < 0.5
    for array in (some.look, some.new, some.distance):
        array[:] = 99  # of pixels that had the place before

    recent.enter_block(look, told, left, numbers, some)
    for p in numbers:
        place = p % length
        usable = np.flatnonzero(left.usable[place])
        assert some.new[place] == len(usable)
        np.testing.assert_array_equal(
            some.look[:, place], [*look[:, p], *(FIRST + usable), *[state.NO_LOOK] * (looks - len(usable))]
        )
        np.testing.assert_array_equal(some.distance[:, :LAG, :, place], told[..., p])
    if pixels < length:
        assert some.new[(first - 1) % length] == 99, "no other is touched"


def test_the_ring_ends_with_a_place_that_shows_nothing_and_one_beyond_all() -> None:
    left = recent.left_of(5, 2, BANDS, FIRST)
    assert (left.residual[:6] == HIDDEN).all()
    assert (left.residual[6] == BEYOND).all()
