"""Monitoring is a recursion over looks: whether they come at once, in parts or one by one, and what was saved between, makes no difference."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_change_rows import DAYS, PAST, TIMES, same, scene, whole, without

from spadework.change.follow import PART, parts
from spadework.change.history import change_of, follow, learn, looks_of, monitor
from spadework.change.packed import arrays_of, state_of
from spadework.change.settings import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spadework.change.state import State
    from spadework.cube import Cube

INSIDE = without(whole(58, 26), (slice(20, 24), slice(3, 9)), (slice(0, 2), slice(0, 8)))


def busy(seed: int) -> Cube:
    """Changes at many times, some of which pass; cloudy looks, pixels that are compared look by look."""
    cube, rng = scene(INSIDE, seed), np.random.default_rng(seed)
    values, clear = cube.reflectance.copy(), cube.clear.copy()
    y, x = np.mgrid[: INSIDE.shape[0], : INSIDE.shape[1]]
    for _ in range(8):
        at, first = rng.integers(0, INSIDE.shape), int(rng.integers(0, TIMES - PAST))
        last, size = first + int(rng.integers(3, TIMES)), int(rng.integers(200, 1500))
        values[PAST + first : PAST + last, :, (y - at[0]) ** 2 + (x - at[1]) ** 2 <= int(rng.integers(2, 40))] += size
    clear[rng.integers(0, TIMES, 4)] = False
    clear[:PAST, 40:44] = np.arange(PAST)[:, None, None] % 9 == 3
    return replace(cube, reflectance=values, clear=clear)


def bytes_of(state: State) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in arrays_of(state).items()}


def saved(state: State) -> State:
    """What comes back from the arrays of a state, which are copied."""
    return state_of({name: array.copy() for name, array in arrays_of(state).items()}, DEFAULT)


def in_parts(cube: Cube, cuts: Sequence[int]) -> State:
    state = learn(looks_of(cube, slice(PAST)))
    for first, end in itertools.pairwise((PAST, *sorted(set(cuts)), len(cube.looks))):
        state = follow(saved(state), looks_of(cube, slice(first, end)))
    return state


@pytest.fixture(scope="module")
def cubes() -> dict[int, tuple[Cube, dict[str, bytes], Any]]:
    """Cubes, and what one call keeps and says of each."""
    out = {}
    for seed in range(4):
        cube = busy(seed)
        state = follow(learn(looks_of(cube, slice(PAST))), looks_of(cube, slice(PAST, None)))
        change = change_of(state)
        assert (change.confirmed > 0).sum() > 20
        assert (state.pixels.watching.left_out).any()
        assert len(state.pairs.pixel) > 0
        out[seed] = cube, bytes_of(state), change
    return out


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 3), cuts=st.lists(st.integers(PAST, TIMES), max_size=TIMES - PAST))
def test_looks_in_parts_leave_what_looks_at_once_do(cubes: dict[int, Any], seed: int, cuts: list[int]) -> None:
    cube, expected, change = cubes[seed]
    state = in_parts(cube, cuts)
    found = bytes_of(state)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert same(change_of(state), change)


def test_looks_one_by_one_say_at_each_what_monitoring_says_so_far(cubes: dict[int, Any]) -> None:
    cube = cubes[0][0]
    state = learn(looks_of(cube, slice(PAST)))
    for end in range(PAST, TIMES + 1):
        state = follow(state, looks_of(cube, slice(len(state.days), end)))
        assert same(change_of(state), monitor(looks_of(cube, slice(end)), DAYS[PAST])), end


@given(history=st.integers(0, 30), first=st.integers(0, 60), looks=st.integers(0, 60))
def test_parts_are_counted_from_the_first_watched_look(history: int, first: int, looks: int) -> None:
    found = parts(history, range(history + first, history + first + looks))
    assert list(itertools.chain(*found)) == list(range(history + first, history + first + looks))
    assert all(0 < len(part) <= PART for part in found)
    assert all((part.start - history) // PART == (part.stop - 1 - history) // PART for part in found)
    assert len(found) <= looks // PART + 2


def test_arrays_of_another_state_are_refused() -> None:
    arrays = arrays_of(learn(looks_of(busy(0), slice(PAST))))
    for wrong, message in (
        ({name: array for name, array in arrays.items() if name != "pairs.look"}, "pairs.look"),
        ({**arrays, "inside": np.ones((3, 3), np.bool_)}, "another area"),
    ):
        with pytest.raises(ValueError, match=message):
            state_of(wrong, DEFAULT)
    with pytest.raises(ValueError, match="other settings"):
        state_of(arrays, replace(DEFAULT, window_tails=(1e-6, 1e-6), agreeing=(3, 3)))
