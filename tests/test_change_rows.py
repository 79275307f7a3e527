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

from spadework.change import crew, rows, watch, whiten
from spadework.change.common import plain_basis
from spadework.change.history import monitor
from spadework.change.ring import Site, ring_of
from spadework.change.rows import PASSES, REACH, plan, ring_length
from spadework.change.settings import MonitorSettings
from spadework.cube import Change, Cube
from spadework.records import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST = dt.date(2020, 1, 1)
PAST, WATCHED = 30, 14
TIMES = PAST + WATCHED
DAYS = [FIRST + dt.timedelta(days=19 * i) for i in range(TIMES)]
AGAIN = next(i for i, one in enumerate(PASSES) if one.name == "again")


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
        total = rows.STEPS * int(cube.inside.sum())
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        assert told[-1] == (total, total)


def test_as_many_pixels_are_measured_and_watched_again_for_any_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small patch changed: few pixels have twins in it, and their neighbours are watched again with them."""
    inside, rng = whole(60, 14), np.random.default_rng(1)
    values = 2000 + rng.normal(0, 40, (TIMES, 2, *inside.shape))
    values[PAST + 3 :, :, 20:23, 6:9] += 1500
    cube = cube_of(values, np.ones((TIMES, *inside.shape), np.bool_), inside)
    whitened: list[int] = []
    asked: list[int] = []
    measured, watched = whiten.whiten_block, watch.watch_block

    def measuring(*given: Any) -> None:  # noqa: ANN401 - handed on
        whitened.append(len(given[2]))
        measured(*given)

    def watching(*given: Any) -> None:  # noqa: ANN401 - handed on
        asked.append(len(given[2]))
        watched(*given)

    monkeypatch.setattr(whiten, "whiten_block", measuring)
    monkeypatch.setattr(watch, "watch_block", watching)
    counts = []
    for chunk in (1, 100, cube.inside.size):
        whitened.clear()
        asked.clear()
        monkeypatch.setattr(rows, "CHUNK_PIXELS", chunk)
        monitor(cube, DAYS[PAST])
        counts.append((sum(whitened), sum(asked)))
    assert counts[0] == counts[1] == counts[2]
    assert cube.inside.size < counts[0][0] < counts[0][1] <= 2 * cube.inside.size


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


@settings(max_examples=200, deadline=None)
@given(pixels=PIXELS, chunk=st.integers(1, 600))
def test_each_pass_does_each_row_once_and_finds_what_it_needs(pixels: Sequence[int], chunk: int) -> None:
    starts = np.append(0, np.cumsum(pixels))
    steps, bottom = plan(starts, chunk), len(pixels)
    length = ring_length(starts, steps)
    for i, one in enumerate(PASSES):
        assert [row for step in steps for row in step[i]] == list(range(bottom))
        for step in steps:
            if i > 0 and len(step[i]):
                assert step[i - 1].stop >= min(step[i].stop + one.ahead, bottom)
            oldest = max(step[i].start - one.behind, 0)
            assert starts[step[0].stop] - starts[oldest] <= length, one.name


def test_how_far_behind_each_pass_lies() -> None:
    """Distances from twins 22 rows below, a watch of neighbours; distances again when all twins were watched once."""
    for step in plan(np.arange(0, 10 * 301, 10), 40):
        residuals, compared, chosen, distances, watched, again, watched_again, handed = (rows.stop for rows in step)
        if residuals < 300:
            assert compared == chosen == distances == max(residuals - REACH, 0)
            assert watched == max(distances - 1, 0)
            assert again == max(watched - REACH, 0)
            assert watched_again == handed == max(again - 1, 0)
        assert step[AGAIN].start <= max(step[AGAIN - 1].start - 1, 0)  # no first watch sees a neighbour's distance taken again


def test_a_step_goes_on_by_few_rows_of_a_wide_site_and_by_many_of_a_narrow_one() -> None:
    for width, expected in ((1024, 4), (100, 41), (9000, 1)):
        starts = np.arange(0, 2001 * width, width)
        assert {len(step[0]) for step in plan(starts, rows.CHUNK_PIXELS)[:-1]} == {expected}
    starts = np.arange(0, 65 * 64, 64)
    assert len(plan(starts, rows.CHUNK_PIXELS)) == 1


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
        threads.over(np.arange(1000, dtype=np.int32), work, steps=1)
    assert len(begun) < 500


# ---------------------------------------------------------------- memory
def kept(record: Any) -> int:  # noqa: ANN401 - named tuples of arrays and of named tuples
    """Bytes of all arrays."""
    return record.nbytes if isinstance(record, np.ndarray) else sum(kept(part) for part in record)


def test_what_lies_between_the_passes_is_a_small_share_of_a_large_site() -> None:
    """1,024 x 1,024 pixels, 6 bands, 293 looks, half of them watched: beside the cube, the models, the ring and the answers."""
    side, bands, times, past = 1024, 6, 293, 146
    looks = tuple(Look(str(i), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "test", (), 1.0) for i in range(times))
    grid, flat = (
        GeoBox((side, side), Affine(10, 0, 0, 0, -10, 0), "EPSG:32637"),
        np.broadcast_to(np.False_, (times, side, side)),
    )
    reflectance = np.broadcast_to(np.int16(0), (times, bands, side, side))
    cube = Cube(reflectance, flat, flat, looks, tuple("abcdef"), grid, whole(side, side))
    site = Site(
        cube,
        MonitorSettings(),
        plain_basis(np.arange(times, dtype=np.int32), past, bands),
        np.arange(side * side, dtype=np.intp),
    )
    ring = ring_of(site, ring_length(site.starts, plan(site.starts, rows.CHUNK_PIXELS)))
    given = side * side * times * (2 * bands + 1)
    models = side * side * (4 * bands * 5 + 4 * bands + 1)
    answers = side * side * (4 + 4 + 4 + 2 + 1 + 1 + 1 + times - past)  # nothing of the history is ever written
    numbers = side * side * 9
    assert kept(ring) <= 0.17 * given
    assert kept(ring) + models + answers + numbers <= 0.25 * given
