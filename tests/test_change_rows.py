"""Passes behind each other down a site: the order holds for any site, and answers do not depend on how many rows go at once."""

from __future__ import annotations

import datetime as dt
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from spadework.change import crew, follow, learn, rows
from spadework.change.history import monitor
from spadework.change.recent import left_of, recent_of
from spadework.change.rows import Pass, plan, ring_length
from spadework.change.settings import MonitorSettings, lag
from spadework.change.state import no_pixels
from spadework.change.twins import REACH
from spadework.cube import Change, Cube
from spadework.records import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST = dt.date(2020, 1, 1)
PAST, WATCHED = 30, 40
TIMES = PAST + WATCHED
DAYS = [FIRST + dt.timedelta(days=19 * i) for i in range(TIMES)]
TABLES: dict[str, tuple[Pass[Any], ...]] = {"learn": learn.PASSES, "follow": follow.PASSES}


def cube_of(values: NDArray[np.float64], clear: NDArray[np.bool_], inside: NDArray[np.bool_]) -> Cube:
    looks = tuple(Look(str(i), dt.datetime.combine(DAYS[i], dt.time(9), dt.UTC), "test", (), 1.0) for i in range(TIMES))
    grid = GeoBox(inside.shape, Affine(10, 0, 600_000, 0, -10, 4_000_000), "EPSG:32637")
    return Cube(np.round(values).astype(np.int16), clear, np.zeros_like(clear), looks, ("red", "nir"), grid, inside)


def scene(inside: NDArray[np.bool_], seed: int = 0) -> Cube:
    """Shared weather, discs that change at several times (so that twins are lost), clouds, pixels without a history or with one look."""
    rng = np.random.default_rng(seed)
    shape = inside.shape
    values = (
        np.array([1200, 2600])[:, None, None] + rng.normal(0, 40, (TIMES, 2, *shape)) + rng.normal(0, 150, (TIMES, 2, 1, 1))
    )
    y, x = np.mgrid[: shape[0], : shape[1]]
    for when, size in ((3, 1500), (5, 1500), (8, 1500), (2, 140), (4, 140), (6, 140)):
        at = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        values[PAST + when :, :, (y - at[0]) ** 2 + (x - at[1]) ** 2 <= 12] += size
    clear = rng.random((TIMES, *shape)) > 0.15
    clear[:PAST, rng.random(shape) < 0.2] = False
    some = np.argwhere(inside)
    clear[:, some[0][0], some[0][1]] = False
    clear[:PAST, some[-1][0], some[-1][1]] = np.arange(PAST) == 4
    return cube_of(values, clear, inside)


def same(a: Change, b: Change) -> bool:
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in Change.__slots__)


def whole(*shape: int) -> NDArray[np.bool_]:
    return np.ones(shape, np.bool_)


def without(inside: NDArray[np.bool_], *holes: tuple[slice, slice]) -> NDArray[np.bool_]:
    for hole in holes:
        inside[hole] = False
    return inside


SITES = {
    "whole": whole(60, 14),
    "one row": whole(1, 90),
    "one column": whole(130, 1),
    "one pixel": whole(1, 1),
    "narrower than twins reach": whole(75, 3),
    "a hole and ragged edges": without(whole(64, 16), (slice(20, 31), slice(3, 9)), (slice(0, 5), slice(0, 8)), (slice(60, 64), slice(5, 16))),
    "apart by more than twins reach": without(whole(80, 12), (slice(25, 25 + REACH + 3), slice(None))),
    "apart by less": without(whole(60, 12), (slice(25, 25 + REACH - 4), slice(None))),
    "nothing in the first and last rows": without(whole(66, 10), (slice(0, 4), slice(None)), (slice(60, 66), slice(None))),
    "slanting": np.abs(np.subtract.outer(np.arange(70), np.arange(30) * 2)) < 12,
}  # fmt: skip


@pytest.mark.parametrize("name", SITES)
def test_answers_are_the_same_for_any_rows_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cube, start = scene(SITES[name]), DAYS[PAST]
    monkeypatch.setattr(rows, "CHUNK_PIXELS", cube.inside.size)
    expected = monitor(cube, start)
    if cube.inside.sum() > 300:
        assert (expected.confirmed > 0).any()
    for chunk in (1, 17, 100, 333):
        monkeypatch.setattr(rows, "CHUNK_PIXELS", chunk)
        told: list[tuple[int, int]] = []

        def tell(*steps: int, told: list[tuple[int, int]] = told) -> None:
            told.append((steps[0], steps[1]))

        assert same(expected, monitor(cube, start, progress=tell)), chunk
        total = (learn.STEPS + len(follow.parts(PAST, range(PAST, TIMES)))) * int(cube.inside.sum())
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        assert told[-1] == (total, total)


def test_answers_without_history_or_without_watch_are_the_same_too(monkeypatch: pytest.MonkeyPatch) -> None:
    cube = scene(whole(60, 5))
    for start in (FIRST, DAYS[-1] + dt.timedelta(days=1)):
        expected = monitor(cube, start)
        monkeypatch.setattr(rows, "CHUNK_PIXELS", 10)
        assert same(expected, monitor(cube, start))
        monkeypatch.undo()


def test_a_site_without_pixels_is_outside_everywhere() -> None:
    change = monitor(
        cube_of(np.ones((TIMES, 2, 3, 4)), np.ones((TIMES, 3, 4), np.bool_), np.zeros((3, 4), np.bool_)), DAYS[PAST]
    )
    assert not change.anomalous.any()
    assert (change.confirmed == -1).all()


# ---------------------------------------------------------------- the plan
PIXELS = st.lists(st.integers(0, 40), min_size=1, max_size=150)
"""Pixels in each row."""


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=100, deadline=None)
@given(pixels=PIXELS, chunk=st.integers(1, 600))
def test_each_pass_does_each_row_once_and_finds_what_it_needs(table: str, pixels: Sequence[int], chunk: int) -> None:
    starts, passes = np.append(0, np.cumsum(pixels)), TABLES[table]
    steps, bottom = plan(starts, chunk, passes), len(pixels)
    length = ring_length(starts, steps, passes)
    for i, one in enumerate(passes):
        assert [row for step in steps for row in step[i]] == list(range(bottom))
        for number, step in enumerate(steps):
            if i > 0 and len(step[i]):
                assert steps[number - 2][i - 1].stop >= min(step[i].stop + one.ahead, bottom), "two steps ago"
            oldest = max(step[i].start - one.behind, 0)
            for beside in steps[number : number + 2]:
                assert starts[beside[0].stop] - starts[oldest] <= length, one.name


def test_how_far_behind_each_pass_lies() -> None:
    """Twins 22 rows below are compared with, and asked; a watch looks at neighbours. Two steps of 4 rows lie between any two."""
    starts = np.arange(0, 10 * 301, 10)
    for step in plan(starts, 40, learn.PASSES):
        residuals, *others = (rows.stop for rows in step)
        assert residuals == 300 or others == [max(residuals - REACH - more, 0) for more in (8, 16, 24)]
    for step in plan(starts, 40, follow.PASSES):
        residuals, *others = (rows.stop for rows in step)
        assert residuals == 300 or others == [max(residuals - REACH - more, 0) for more in (8, 16 + 1)]


def test_a_step_goes_on_by_few_rows_of_a_wide_site_and_by_many_of_a_narrow_one() -> None:
    for width, expected in ((1024, 4), (100, 41), (9000, 1)):
        starts = np.arange(0, 2001 * width, width)
        steps = plan(starts, rows.CHUNK_PIXELS, learn.PASSES)
        assert {len(step[0]) for step in steps if step[0].stop < 2000} == {expected}
    starts = np.arange(0, 65 * 64, 64)
    assert [[len(one) for one in step] for step in plan(starts, rows.CHUNK_PIXELS, follow.PASSES)] == [
        [64, 0, 0], [0, 0, 0], [0, 64, 0], [0, 0, 0], [0, 0, 64],
    ]  # fmt: skip


# ---------------------------------------------------------------- threads
def test_as_many_threads_as_cores_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert crew.cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert crew.cores() == 1


def test_blocks_not_begun_are_dropped_when_a_call_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "BLOCK_PIXELS", 1)
    begun: list[int] = []

    def work(block: NDArray[np.int32]) -> None:
        begun.append(int(block[0]))
        threading.Event().wait(0.01)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), crew.crew_for(1000, stop) as threads:
        threads.go([crew.tasks_of(range(1000), work, steps=1)])
    assert len(begun) < 500


def test_a_round_begins_while_the_one_before_ends_and_not_before_the_one_before_that_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew, "cores", lambda: 2)
    done: list[int] = []
    gate = threading.Event()

    def work(block: NDArray[np.int32]) -> None:
        number = int(block[0])
        assert set(range(number - 1)) <= set(done)
        if number == 3:
            assert gate.wait(10), "the round behind waits for all of this one"
        if number == 4:
            gate.set()
        done.append(number)

    with crew.crew_for(20, None) as threads:
        threads.go(crew.tasks_of(range(number, number + 1), work) for number in range(20))
    assert sorted(done) == list(range(20))


def test_what_a_task_raises_ends_the_call() -> None:
    def work(block: NDArray[np.int32]) -> None:
        if block[0] == 3:
            message = "as a full disk does"
            raise OSError(message)

    with pytest.raises(OSError, match="full disk"), crew.crew_for(0, None) as threads:
        threads.go(crew.tasks_of(range(number, number + 1), work) for number in range(9))


# ---------------------------------------------------------------- memory
def kept(record: Any) -> int:  # noqa: ANN401 - named tuples of arrays and of named tuples
    """Bytes of all arrays."""
    return record.nbytes if isinstance(record, np.ndarray) else sum(kept(part) for part in record if not isinstance(part, int))


def test_what_is_kept_is_a_small_share_of_a_large_site() -> None:
    """1,024 x 1,024 pixels, 6 bands, 293 looks, half of them watched: what is kept of each pixel, the rings, and the answers."""
    side, bands, times, past = 1024, 6, 293, 146
    pixels, lags, starts = side * side, lag(MonitorSettings()), np.arange(0, side * (side + 1), side)
    given = pixels * times * (2 * bands + 1)
    state = kept(no_pixels(1000, bands, lags)) / 1000 * pixels
    length = ring_length(starts, plan(starts, rows.CHUNK_PIXELS, learn.PASSES), learn.PASSES)
    learning = kept(left_of(length, past, bands, 0)) + length * 8 * 32
    length = ring_length(starts, plan(starts, rows.CHUNK_PIXELS, follow.PASSES), follow.PASSES)
    following = kept(left_of(length, follow.PART, bands, past)) + kept(recent_of(length, lags + follow.PART, bands))
    places, noise, odd = 8 * pixels, 4 * bands * pixels, (times - past + 8) / 8 * pixels
    answers = pixels * (4 + 4 + 4 + 2 + 1 + 1 + 1 + times - past)  # nothing of the history is ever written
    assert state <= 760 * pixels
    assert state + places + max(learning, noise, following + odd + follow.PART * pixels, odd + answers) <= 0.25 * given
