"""Monitoring: hand-workable series, then properties on noise."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from spadework.change import history
from spadework.change.history import MonitorSettings, monitor
from spadework.cube import MISSING, OK, OUTSIDE_AOI, SHORT_HISTORY, TOO_FEW_LOOKS, Change, Cube, day_number
from spadework.records import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = dt.date(2020, 1, 1)
PAST, WATCHED, STEP = 80, 40, 20
TIMES = PAST + WATCHED
DAYS = [FIRST + dt.timedelta(days=9 * i + i % 3) for i in range(TIMES)]
START = DAYS[PAST]
LEVEL = np.array([1200, 2400, 3000])[:, None, None]
ALONE = MonitorSettings(vote=0)
"""For pixels that have no neighbours."""


def noisy(shape: tuple[int, int], seed: int = 0, sigma: float = 40.0) -> NDArray[np.float64]:
    """(time, band, y, x) of a constant surface with white noise."""
    return LEVEL + np.random.default_rng(seed).normal(0, sigma, (TIMES, 3, *shape))


def cube_of(
    values: NDArray[np.float64], clear: NDArray[np.bool_] | None = None, inside: NDArray[np.bool_] | None = None
) -> Cube:
    shape = values.shape[2:]
    clear = np.ones((TIMES, *shape), np.bool_) if clear is None else clear
    looks = tuple(
        Look(id=str(i), datetime=dt.datetime.combine(day, dt.time(9), dt.UTC), platform="test", scenes=(), clear=1.0)
        for i, day in enumerate(DAYS)
    )
    grid = GeoBox(shape, Affine(10, 0, 600_000, 0, -10, 4_000_000), "EPSG:32637")
    inside = np.ones(shape, np.bool_) if inside is None else inside
    return Cube(np.round(values).astype(np.int16), clear, np.zeros_like(clear), looks, ("green", "red", "nir"), grid, inside)


def same(a: Change, b: Change) -> bool:
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in Change.__slots__)


def test_a_step_is_confirmed_at_its_fourth_look_and_dated_to_its_first() -> None:
    values = noisy((1, 1))
    values[PAST + STEP :] += 900
    change = monitor(cube_of(values), START, ALONE)
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP])
    assert change.confirmed[0, 0] == day_number(DAYS[PAST + STEP + 3])
    assert change.clear_looks[0, 0] == WATCHED
    assert change.reason[0, 0] == OK
    assert change.anomalous[PAST + STEP :, 0, 0].all()
    assert not change.anomalous[:PAST].any()
    assert not change.recovered.any()


def test_a_step_behind_clouds_waits_for_clear_looks() -> None:
    values, clear = noisy((1, 1)), np.ones((TIMES, 1, 1), np.bool_)
    values[PAST + STEP :] += 900
    clear[PAST + STEP : PAST + STEP + 5] = False
    change = monitor(cube_of(values, clear), START, ALONE)
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP + 5])
    assert change.confirmed[0, 0] == day_number(DAYS[PAST + STEP + 8])
    assert not change.anomalous[PAST + STEP : PAST + STEP + 5].any()


@pytest.mark.parametrize("leaks", [(20,), (20, 21), (5, 15, 25, 35)])
def test_cloud_leaks_are_odd_but_no_change(leaks: tuple[int, ...]) -> None:
    values = noisy((1, 1))
    values[[PAST + i for i in leaks]] += 3500
    change = monitor(cube_of(values), START, ALONE)
    assert change.confirmed[0, 0] == 0
    assert change.first_anomaly[0, 0] == 0
    assert change.anomalous[[PAST + i for i in leaks], 0, 0].all()


def test_leaks_in_the_history_do_not_hide_a_step() -> None:
    values = noisy((1, 1))
    values[5:PAST:9] += 3000
    values[PAST + STEP :] += 900
    assert monitor(cube_of(values), START, ALONE).confirmed[0, 0] == day_number(DAYS[PAST + STEP + 3])


def test_a_season_is_normal_and_its_end_is_not() -> None:
    phase = 2 * np.pi * np.array([(day - FIRST).days for day in DAYS]) / 365.25
    season = (600 * np.cos(phase) * np.array([[-0.5], [-1.0], [2.0]])).T[:, :, None, None]
    values = noisy((1, 1)) + season
    assert monitor(cube_of(values), START, ALONE).confirmed[0, 0] == 0
    values[PAST + STEP :] = noisy((1, 1))[PAST + STEP :] + 1500
    assert monitor(cube_of(values), START, ALONE).confirmed[0, 0] > 0


def test_slow_drift_is_not_change() -> None:
    years = np.array([(day - FIRST).days for day in DAYS])[:, None, None, None] / 365.25
    change = monitor(cube_of(noisy((4, 4)) + 60 * years), START, ALONE)
    assert (change.confirmed == 0).all()


def test_a_change_that_goes_back_is_recovered_and_a_later_lasting_one_is_found() -> None:
    values = noisy((1, 2))
    values[PAST + 4 : PAST + 12] += 900
    values[PAST + 30 :, :, :, 1] -= 700
    change = monitor(cube_of(values), START, ALONE)
    assert change.recovered.tolist() == [[True, False]]
    assert change.confirmed.tolist() == [[0, day_number(DAYS[PAST + 33])]]
    assert change.first_anomaly.tolist() == [[0, day_number(DAYS[PAST + 30])]]


def test_every_pixel_without_an_answer_says_why() -> None:
    clear, inside = np.ones((TIMES, 1, 4), np.bool_), np.array([[True, True, True, False]])
    clear[:, 0, 0] = False
    clear[5:PAST, 0, 1] = False
    clear[PAST + 3 :, 0, 2] = False
    change = monitor(cube_of(noisy((1, 4)), clear, inside), START, ALONE)
    assert change.reason.tolist() == [[TOO_FEW_LOOKS, SHORT_HISTORY, TOO_FEW_LOOKS, OUTSIDE_AOI]]
    assert (change.confirmed == -1).all()
    assert (change.first_anomaly == -1).all()
    assert np.isnan(change.statistic).all()
    assert change.clear_looks.tolist() == [[0, WATCHED, 3, 0]]


@pytest.mark.parametrize("start", [DAYS[0], DAYS[-1] + dt.timedelta(days=1)])
def test_nothing_before_or_nothing_after_the_start(start: dt.date) -> None:
    reason = monitor(cube_of(noisy((2, 2))), start).reason
    assert set(reason.ravel()) == {SHORT_HISTORY if start == DAYS[0] else TOO_FEW_LOOKS}


@pytest.mark.parametrize("past", [6, 12, 24])
def test_short_histories_get_simpler_models(past: int) -> None:
    values, clear = noisy((1, 1)), np.ones((TIMES, 1, 1), np.bool_)
    clear[:PAST] = False
    clear[np.linspace(0, PAST - 1, past).astype(int)] = True
    values[PAST + STEP :] += 1500
    change = monitor(cube_of(values, clear), START, ALONE)
    assert change.reason[0, 0] == OK
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP])


def test_missing_values_in_clear_looks_count_as_not_clear() -> None:
    values = noisy((1, 1))
    values[[3, 50, PAST + 1, PAST + 7], 1] = float(MISSING)
    change = monitor(cube_of(values), START, ALONE)
    assert change.clear_looks[0, 0] == WATCHED - 2
    assert change.confirmed[0, 0] == 0
    assert not change.anomalous[[PAST + 1, PAST + 7]].any()


def test_lone_pixels_are_dropped_and_patches_kept() -> None:
    values = noisy((9, 9))
    values[PAST + STEP :, :, 1, 1] += 900
    values[PAST + STEP :, :, 4:7, 4:7] += 900
    change = monitor(cube_of(values), START)
    expected = np.zeros((9, 9), np.bool_)
    expected[4:7, 4:7] = True
    np.testing.assert_array_equal(change.confirmed > 0, expected)


def test_what_happens_to_the_whole_scene_is_common_and_a_patch_in_it_is_not() -> None:
    texture = np.random.default_rng(5).normal(1, 0.15, (3, 16, 16))
    gain = 1 + np.random.default_rng(6).normal(0, 0.1, (TIMES, 1, 1, 1))
    values = (noisy((16, 16)) * texture) * gain
    values[PAST + STEP :, :, 3:7, 3:7] += 700
    values[PAST + 30 :] += 300
    change = monitor(cube_of(values), START)
    expected = np.zeros((16, 16), np.bool_)
    expected[3:7, 3:7] = True
    np.testing.assert_array_equal(change.confirmed > 0, expected)


def test_threads_blocks_and_runs_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    values = noisy((20, 20))
    values[PAST + STEP :, :, 5:9, 5:9] += 500
    cube, told = cube_of(values), []
    before = cube.reflectance.copy(), cube.clear.copy()
    one = monitor(cube, START, progress=lambda done, total: told.append((done, total)))
    assert told == [(256, 400), (400, 400)]
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setattr(history, "BLOCK_PIXELS", 33)
    assert same(one, monitor(cube, START))
    np.testing.assert_array_equal(cube.reflectance, before[0])
    np.testing.assert_array_equal(cube.clear, before[1])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sigma=st.floats(0, 200), cloud=st.floats(0, 0.7))
def test_noise_alone_is_never_change(seed: int, sigma: float, cloud: float) -> None:
    clear = np.random.default_rng(seed).random((TIMES, 12, 12)) >= cloud
    change = monitor(cube_of(noisy((12, 12), seed, sigma), clear), START)
    assert not (change.confirmed > 0).any()
    assert not change.recovered.any()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(-1200, 1200), at=st.integers(0, WATCHED - 1))
def test_a_pixels_answer_does_not_depend_on_its_place(seed: int, size: int, at: int) -> None:
    rng = np.random.default_rng(seed)
    values, clear = noisy((4, 4), seed), rng.random((TIMES, 4, 4)) > 0.4
    values[PAST + at :, :, :2] += size
    order = rng.permutation(16)

    def moved(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return array.reshape(*array.shape[:-2], 16)[..., order].reshape(array.shape)

    a = monitor(cube_of(values, clear), START, ALONE)
    b = monitor(cube_of(moved(values), moved(clear)), START, ALONE)  # type: ignore[arg-type]  # a shuffle keeps the dtype
    for name in Change.__slots__:
        np.testing.assert_array_equal(moved(getattr(a, name)), getattr(b, name), err_msg=name)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cloud=st.floats(0, 1), step=st.integers(-1000, 3000))
def test_the_rasters_of_a_change_agree_with_each_other(seed: int, cloud: float, step: int) -> None:
    clear = np.random.default_rng(seed).random((TIMES, 3, 3)) >= cloud
    values = noisy((3, 3), seed)
    values[PAST + STEP :] += step
    change = monitor(cube_of(values, clear), START, ALONE)
    found = change.confirmed > 0
    assert ((change.first_anomaly > 0) == found).all()
    assert (change.first_anomaly[found] >= day_number(START)).all()
    assert (change.first_anomaly[found] < change.confirmed[found]).all()
    assert not (found & change.recovered).any()
    assert ((change.reason == OK) == np.isfinite(change.statistic)).all()
    assert ((change.confirmed < 0) == (change.reason != OK)).all()
    assert not (change.anomalous & ~clear).any()
    np.testing.assert_array_equal(change.clear_looks, clear[PAST:].sum(axis=0))
