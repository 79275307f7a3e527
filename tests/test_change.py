"""Monitoring: hand-workable series and scenes, properties on noise, and the compiled steps against numpy and scipy."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from scipy import stats
from scipy.ndimage import maximum_filter

from spadework.change import algebra, crew, gauge, regress, stand, twins, watch, windows
from spadework.change import fit as model
from spadework.change.common import fit_work, no_models, plain_basis
from spadework.change.compiled import compiled
from spadework.change.follow import parts
from spadework.change.history import follow, learn, looks_of, monitor
from spadework.change.learn import STEPS
from spadework.change.recent import left_of
from spadework.change.settings import MonitorSettings, lag, small
from spadework.change.state import SHARE_UNIT, no_learnt
from spadework.cube import (
    MISSING,
    MODEL_FAILED,
    NO_METHOD,
    OK,
    ONE_HARMONIC,
    OUTSIDE_AOI,
    PAIRWISE,
    SEASON_FREE,
    SHORT_HISTORY,
    TOO_FEW_LOOKS,
    TWO_HARMONICS,
    Change,
    Cube,
    day_number,
)
from spadework.records import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = dt.date(2020, 1, 1)
PAST, WATCHED, STEP = 80, 40, 20
TIMES = PAST + WATCHED
DAYS = [FIRST + dt.timedelta(days=9 * i + i % 3) for i in range(2 * TIMES)]
AGE = np.array([(day - FIRST).days for day in DAYS])
START = DAYS[PAST]
LEVEL = np.array([1200, 2400, 3000])[:, None, None]
LONE = MonitorSettings(support=(1.0,) * 9)
"""For pixels that have no neighbours, and for the statistic of the pixel alone."""
WHITE = 100.0
"""Noise well above the floor, reflectance x 10,000."""


# ---------------------------------------------------------------- series and scenes
def noisy(shape: tuple[int, int], seed: int = 0, sigma: float = 40.0, times: int = TIMES) -> NDArray[np.float64]:
    """(time, band, y, x) of a constant surface with white noise."""
    return LEVEL + np.random.default_rng(seed).normal(0, sigma, (times, 3, *shape))


def cube_of(
    values: NDArray[np.float64],
    clear: NDArray[np.bool_] | None = None,
    inside: NDArray[np.bool_] | None = None,
    platforms: tuple[str, ...] = ("test",),
) -> Cube:
    shape = values.shape[2:]
    clear = np.ones((len(values), *shape), np.bool_) if clear is None else clear
    looks = tuple(
        Look(str(i), dt.datetime.combine(DAYS[i], dt.time(9), dt.UTC), platforms[i % len(platforms)], (), 1.0)
        for i in range(len(values))
    )
    grid = GeoBox(shape, Affine(10, 0, 600_000, 0, -10, 4_000_000), "EPSG:32637")
    inside = np.ones(shape, np.bool_) if inside is None else inside
    return Cube(np.round(values).astype(np.int16), clear, np.zeros_like(clear), looks, ("green", "red", "nir"), grid, inside)


def disc(side: int, radius: float, at: tuple[int, int]) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side]
    return np.asarray((y - at[0]) ** 2 + (x - at[1]) ** 2 <= radius**2)


def same(a: Change, b: Change) -> bool:
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in Change.__slots__)


def past_looks(number: int, first: int = 0) -> NDArray[np.bool_]:
    """(time, 1, 1), clear in so many history looks from ``first`` to the last, and in all watched ones."""
    clear = np.ones((TIMES, 1, 1), np.bool_)
    clear[:PAST] = False
    clear[np.linspace(first, PAST - 1, number).astype(int)] = True
    return clear


# ---------------------------------------------------------------- one pixel
def test_a_strong_step_is_confirmed_at_its_third_clear_look_and_dated_to_its_first() -> None:
    values = noisy((1, 1))
    values[PAST + STEP :] += 900
    change = monitor(cube_of(values), START, LONE)
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP])
    assert change.confirmed[0, 0] == day_number(DAYS[PAST + STEP + windows.SHORTEST - 1])
    assert change.clear_looks[0, 0] == WATCHED
    assert change.reason[0, 0] == OK
    assert change.method[0, 0] == TWO_HARMONICS
    assert change.anomalous[PAST + STEP :, 0, 0].all()
    assert not change.anomalous[:PAST].any()
    assert not change.recovered.any()


def test_a_step_behind_clouds_waits_for_clear_looks() -> None:
    values, clear = noisy((1, 1)), np.ones((TIMES, 1, 1), np.bool_)
    values[PAST + STEP :] += 900
    clear[PAST + STEP : PAST + STEP + 5] = False
    change = monitor(cube_of(values, clear), START, LONE)
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP + 5])
    assert change.confirmed[0, 0] == day_number(DAYS[PAST + STEP + 7])
    assert not change.anomalous[PAST + STEP : PAST + STEP + 5].any()


@pytest.mark.parametrize("size", [3500, 900, -900])
@pytest.mark.parametrize("leaks", [(20,), (20, 21), (5, 15, 25, 35)])
def test_leaks_at_a_pixel_are_odd_but_no_change(leaks: tuple[int, ...], size: int) -> None:
    values = noisy((6, 6))
    values[[PAST + i for i in leaks], :, 3, 3] += size
    change = monitor(cube_of(values), START)
    assert (change.confirmed == 0).all()
    assert (change.first_anomaly == 0).all()
    assert change.anomalous[[PAST + i for i in leaks], 3, 3].all()


@pytest.mark.parametrize(("looks", "alarmed"), [(1, 0.1), (2, 0.7)])
def test_leaks_in_a_blob_leave_no_lasting_change(looks: int, alarmed: float) -> None:
    """Two looks in a row of a blob are often confirmed, as neighbours support each other; then they are withdrawn."""
    values, blob = noisy((32, 32)), disc(32, 4, (16, 16))
    values[PAST + STEP : PAST + STEP + looks, :, blob] += 3500
    change = monitor(cube_of(values), START)
    found = change.confirmed > 0
    assert not found[~blob].any()
    assert found[blob].mean() <= 0.05
    assert (found | change.recovered)[blob].mean() <= alarmed
    assert change.anomalous[PAST + STEP : PAST + STEP + looks, blob].all()


@pytest.mark.parametrize(("every", "size"), [(20, 3000), (20, -900), (9, -900)])
def test_leaks_in_the_history_do_not_hide_a_step(every: int, size: int) -> None:
    values = noisy((1, 1))
    values[5:PAST:every] += size
    values[PAST + STEP :] += 900
    change = monitor(cube_of(values), START, LONE)
    assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP])
    assert change.confirmed[0, 0] <= day_number(DAYS[PAST + STEP + 3])


@pytest.mark.xfail(
    reason="known: the noise starts from all looks, so bright leaks in more than one look of ten widen it past repair"
)
def test_frequent_bright_leaks_in_the_history_do_not_hide_a_step() -> None:
    values = noisy((1, 1))
    values[5:PAST:9] += 3000
    values[PAST + STEP :] += 900
    assert monitor(cube_of(values), START, LONE).confirmed[0, 0] > 0


@pytest.mark.parametrize("size", [1500, -500])
def test_a_season_is_normal_and_its_end_is_not(size: int) -> None:
    season = (600 * np.cos(2 * np.pi * AGE[:TIMES] / 365.25) * np.array([[-0.5], [-1.0], [2.0]])).T[:, :, None, None]
    values = noisy((1, 1)) + season
    assert monitor(cube_of(values), START, LONE).confirmed[0, 0] == 0
    values[PAST + STEP :] = noisy((1, 1))[PAST + STEP :] + size
    change = monitor(cube_of(values), START, LONE)
    assert day_number(START) <= change.first_anomaly[0, 0] <= day_number(DAYS[PAST + STEP])
    assert change.confirmed[0, 0] >= day_number(DAYS[PAST + STEP])


@pytest.mark.parametrize("a_year", [60, 120])
def test_slow_drift_is_not_change(a_year: float) -> None:
    drift = a_year * AGE[:TIMES, None, None, None] / 365.25
    assert (monitor(cube_of(noisy((12, 12)) + drift), START).confirmed == 0).all()


def test_missing_values_in_clear_looks_count_as_not_clear() -> None:
    values = noisy((1, 1))
    values[[3, 50, PAST + 1, PAST + 7], 1] = float(MISSING)
    change = monitor(cube_of(values), START, LONE)
    assert change.clear_looks[0, 0] == WATCHED - 2
    assert change.confirmed[0, 0] == 0
    assert not change.anomalous[[PAST + 1, PAST + 7]].any()


def test_every_pixel_without_an_answer_says_why() -> None:
    clear, inside = np.ones((TIMES, 1, 4), np.bool_), np.array([[True, True, True, False]])
    clear[:, 0, 0] = False
    clear[:PAST, 0, 1] = False
    clear[PAST + 2 :, 0, 2] = False
    change = monitor(cube_of(noisy((1, 4)), clear, inside), START, LONE)
    assert change.reason.tolist() == [[TOO_FEW_LOOKS, SHORT_HISTORY, TOO_FEW_LOOKS, OUTSIDE_AOI]]
    assert (change.method == NO_METHOD).all()
    assert (change.confirmed == -1).all()
    assert (change.first_anomaly == -1).all()
    assert np.isnan(change.statistic).all()
    assert change.clear_looks.tolist() == [[0, WATCHED, 2, 0]]


@pytest.mark.parametrize("start", [DAYS[0], DAYS[TIMES - 1] + dt.timedelta(days=1)])
def test_nothing_before_or_nothing_after_the_start(start: dt.date) -> None:
    reason = monitor(cube_of(noisy((2, 2))), start).reason
    assert set(reason.ravel()) == {SHORT_HISTORY if start == DAYS[0] else TOO_FEW_LOOKS}


# ---------------------------------------------------------------- short histories
@pytest.mark.parametrize(
    ("past", "first", "method"),
    [
        (0, 0, NO_METHOD), (1, 0, PAIRWISE), (3, 0, PAIRWISE), (5, 0, PAIRWISE), (6, 0, SEASON_FREE), (11, 0, SEASON_FREE),
        (12, 0, ONE_HARMONIC), (23, 0, ONE_HARMONIC), (24, 0, TWO_HARMONICS), (24, 55, SEASON_FREE), (5, 70, PAIRWISE),
    ],
)  # fmt: skip
def test_a_short_history_is_watched_by_a_simpler_method_and_says_so(past: int, first: int, method: int) -> None:
    values = noisy((1, 1))
    still = monitor(cube_of(values, past_looks(past, first)), START, LONE)
    values[PAST + STEP :] += 1500
    change = monitor(cube_of(values, past_looks(past, first)), START, LONE)
    assert change.method[0, 0] == method
    assert change.reason[0, 0] == (SHORT_HISTORY if past == 0 else OK)
    if past > 0:
        assert still.confirmed[0, 0] == 0
        assert change.first_anomaly[0, 0] == day_number(DAYS[PAST + STEP])
        assert change.confirmed[0, 0] == day_number(DAYS[PAST + STEP + 2])


def test_pairs_are_made_with_the_nearest_look_of_the_season() -> None:
    """Three history looks of a strong season: a watched look a year later is like its partner, and unlike the mean."""
    season = 2000 * np.cos(2 * np.pi * AGE[:TIMES] / 365.25)[:, None, None, None]
    clear = np.zeros((TIMES, 1, 1), np.bool_)
    partners = [40, 53, 66]
    later = [
        i for i in range(PAST, TIMES) if min(abs(AGE[i] - AGE[j] - year * 365.25) for j in partners for year in (1, 2)) < 6
    ]
    clear[partners + later] = True
    values = noisy((1, 1)) + season
    assert len(later) >= 4
    assert monitor(cube_of(values, clear), START, LONE).confirmed[0, 0] == 0
    values[later[-3] :] += 900
    assert monitor(cube_of(values, clear), START, LONE).first_anomaly[0, 0] == day_number(DAYS[later[-3]])


# ---------------------------------------------------------------- going back to normal
def course(kind: str) -> NDArray[np.float64]:
    """(time, band, 1, 1) of what passes, from the tenth watched look on."""
    since = (AGE - AGE[PAST + 10])[:, None]
    if kind == "burn":
        shape = np.exp(-np.maximum(since, 0) / 40.0) * (since >= 0) * [-600, -900, -1500]
    else:
        days, size = {
            "flood": (70, [-500, -1500, -2400]),
            "harvest": (110, [300, 700, -900]),
            "snow": (45, [5000, 4500, 4000]),
        }[kind]
        shape = ((since >= 0) & (since < days)) * np.array(size)
    return np.asarray(shape, dtype=np.float64)[:, :, None, None]


@pytest.mark.parametrize("kind", ["burn", "flood", "harvest", "snow"])
def test_what_passes_is_recovered_and_a_later_lasting_change_there_is_found(kind: str) -> None:
    times, later = PAST + 90, PAST + 70
    values, patch = noisy((24, 24), times=times), np.s_[8:16, 8:16]
    values[:, :, 8:16, 8:16] += course(kind)[:times]
    change = monitor(cube_of(values), START)
    assert change.recovered[patch].all()
    assert change.recovered.sum() == 64
    assert (change.confirmed == 0).all()
    values[later:, :, 8:16, 8:16] -= 700
    change = monitor(cube_of(values), START)
    found = change.confirmed[patch]
    assert not change.recovered.any()
    assert ((found >= day_number(DAYS[later])) & (found <= day_number(DAYS[later + 4]))).all()
    assert np.median(change.first_anomaly[patch]) == day_number(DAYS[later])
    assert (change.first_anomaly[patch] >= day_number(DAYS[later - 7])).all()
    assert (change.confirmed > 0).sum() == 64


def test_a_change_is_not_recovered_before_it_was_normal_for_long_enough() -> None:
    values = noisy((1, 1))
    values[PAST + STEP : TIMES - 7] += 900
    assert not monitor(cube_of(values), START, LONE).recovered.any()


# ---------------------------------------------------------------- neighbours
def test_a_patch_is_found_whole_and_its_neighbours_are_not() -> None:
    values, truth = noisy((64, 64)), disc(64, 5, (30, 30))
    values[PAST + STEP :, :, truth] += 8 * 40 / np.sqrt(3)
    found = monitor(cube_of(values), START).confirmed > 0
    assert (found & truth).sum() / (found | truth).sum() >= 0.95
    assert not found[~truth].any()


def test_weak_change_needs_neighbours() -> None:
    values = noisy((24, 24))
    values[PAST + STEP :, :, 4, 4] += 60
    values[PAST + STEP :, :, 12:18, 12:18] += 60
    found = monitor(cube_of(values), START).confirmed > 0
    assert not found[4, 4]
    assert found[12:18, 12:18].mean() >= 0.8
    assert found.sum() == found[12:18, 12:18].sum()


def leaky(seed: int, blob: int, side: int = 64) -> tuple[Cube, NDArray[np.bool_]]:
    """Weak discs under leaks of ``blob`` x ``blob`` pixels that last one to three looks, and where the discs are."""
    rng, values = np.random.default_rng(seed), noisy((side, side), seed)
    for t in range(TIMES):
        size = (rng.random((side, side)) < 0.02 / blob**2) * rng.lognormal(np.log(300), 0.6, (side, side))
        lasts = rng.integers(1, 4, (side, side)) if blob == 1 else np.full((side, side), rng.integers(1, 4))
        size = maximum_filter(size, size=blob)
        for k in range(min(3, TIMES - t)):
            values[t + k] += size * (lasts > k)
    truth = np.logical_or.reduce([disc(side, 3, (y, x)) for y in range(8, side, 16) for x in range(8, side, 16)])
    values[PAST + STEP :, :, truth] += 100
    return cube_of(values), truth


def scored(cube: Cube, truth: NDArray[np.bool_], rule: MonitorSettings) -> tuple[float, float]:
    """Share of the disturbed pixels confirmed in time, and of the undisturbed confirmed at all."""
    day = monitor(cube, START, rule).confirmed
    return float((day[truth] >= day_number(DAYS[PAST + STEP])).mean()), float((day[~truth] > 0).mean())


@pytest.mark.parametrize(
    "blob",
    [
        1,
        pytest.param(
            2, marks=pytest.mark.xfail(reason="known: leaks in blobs of 2 x 2 support each other; .87 of the false alarms")
        ),
    ],
)
def test_neighbours_halve_false_alarms_at_equal_detection(blob: int) -> None:
    cube, truth = leaky(1, blob)
    detected, alarms = scored(cube, truth, MonitorSettings())
    assert detected >= 0.7
    for factor in (1, 3, 10, 30, 100):  # the pixel alone, its limits lowered until it detects as much
        tails = tuple(tail * factor for tail in LONE.window_tails)
        alone = scored(cube, truth, replace(LONE, window_tails=tails))
        if alone[0] >= detected:
            break
    assert alone[0] >= detected - 0.005
    assert alarms <= alone[1] / 2


# ---------------------------------------------------------------- what many pixels share
def test_what_happens_to_the_whole_scene_is_common_and_a_patch_in_it_is_not() -> None:
    texture = np.random.default_rng(5).normal(1, 0.15, (3, 16, 16))
    gain = 1 + np.random.default_rng(6).normal(0, 0.1, (TIMES, 1, 1, 1))
    values = (noisy((16, 16)) * texture) * gain
    values[PAST + STEP :, :, 3:7, 3:7] += 700
    values[PAST + 30 :] = values[PAST + 30 :] * 1.1 + 50
    change = monitor(cube_of(values), START)
    expected = np.zeros((16, 16), np.bool_)
    expected[3:7, 3:7] = True
    np.testing.assert_array_equal(change.confirmed > 0, expected)


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_two_sensors_on_one_grid_alarm_no_more_than_one_and_a_step_is_found(share: float) -> None:
    texture = np.random.default_rng(5).normal(1, 0.15, (3, 40, 40))
    one = noisy((40, 40)) * texture
    two = one.copy()
    two[1::2] = two[1::2] * (1 + share * LEVEL / abs(LEVEL) * [[[1]], [[-1]], [[1]]]) + [[[30]], [[-20]], [[40]]]
    still = [(monitor(cube_of(v, platforms=p), START).confirmed > 0).sum() for v, p in ((one, ("a",)), (two, ("a", "b")))]
    assert still[1] <= still[0]
    two[PAST + STEP :, :, 10:16, 10:16] += 300
    found = monitor(cube_of(two, platforms=("a", "b")), START).confirmed > 0
    assert found[10:16, 10:16].all()
    assert found.sum() == 36


def test_a_new_sensor_is_no_change_for_a_scene_but_would_be_for_a_pixel() -> None:
    values = noisy((40, 40)) * np.random.default_rng(5).normal(1, 0.15, (3, 40, 40))
    values[PAST + 10 :] = values[PAST + 10 :] * [[[1.05]], [[0.95]], [[1.05]]] + 40
    assert (monitor(cube_of(values), START).confirmed == 0).all()
    assert (monitor(cube_of(values[:, :, :1, :1]), START, LONE).confirmed > 0).all()


@pytest.mark.parametrize(("darker", "lasts"), [(0.1, 1), (0.2, 3)])
def test_showers_on_part_of_the_scene_are_no_change_and_a_disc_in_them_is(darker: float, lasts: int) -> None:
    rng, values, truth = np.random.default_rng(9), noisy((64, 64)), disc(64, 5, (30, 30))
    for at in [*rng.choice(PAST - lasts, 12, replace=False), PAST + 6, PAST + STEP + 5]:
        for k in range(lasts):
            values[at + k, :, 8:48, 8:48] *= 1 - darker * rng.uniform(0.5, 1)
    change = monitor(cube_of(values), START)
    assert (change.confirmed == 0).all()
    values[PAST + STEP :, :, truth] += 400
    found = monitor(cube_of(values), START).confirmed > 0
    assert found[truth].mean() >= 0.95
    assert not found[~truth].any()


def test_a_faint_departure_of_a_whole_field_is_no_change_and_the_same_in_a_disc_is() -> None:
    truth, shared = disc(64, 5, (30, 30)), np.zeros((64, 64), np.bool_)
    shared[8:48, 8:48] = True
    field, patch = noisy((64, 64)), noisy((64, 64))
    field[PAST + STEP :, :, shared] += 50
    patch[PAST + STEP :, :, truth] += 50
    assert (monitor(cube_of(field), START).confirmed > 0)[shared].mean() <= 0.05
    assert (monitor(cube_of(patch), START).confirmed > 0)[truth].mean() >= 0.8


def test_a_strong_change_of_a_whole_field_is_change() -> None:
    values = noisy((64, 64))
    values[PAST + STEP :, :, 8:48, 8:48] += 400
    found = monitor(cube_of(values), START).confirmed > 0
    assert found[8:48, 8:48].mean() >= 0.95
    assert found.sum() - found[8:48, 8:48].sum() <= 5


def test_a_pixel_whose_twins_changed_is_not_dragged_along() -> None:
    """A fifth of the pixels share a history of their own; all of these change but thirty."""
    rng, values = np.random.default_rng(2), noisy((48, 48))
    kin = rng.random((48, 48)) < 0.2
    values[:, :, kin] += rng.normal(0, 200, (TIMES, 3, 1))
    spared = np.zeros((48, 48), np.bool_)
    spared[tuple(rng.permutation(np.argwhere(kin))[:30].T)] = True
    values[PAST + STEP :, :, kin & ~spared] += 1200
    found = monitor(cube_of(values), START).confirmed > 0
    assert found[kin & ~spared].mean() >= 0.9
    assert not found[~kin].any()
    assert not found[spared].any()


# ---------------------------------------------------------------- what the steps hand on
@pytest.mark.parametrize("cloud", [0.0, 0.5])
def test_white_noise_is_whitened_to_unit_variance_on_each_route(cloud: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A little under one: the floor adds to the noise, and noise learnt from a sample is widened."""
    told, watch_block, lags = [], watch.watch_block, lag(MonitorSettings())

    def watching(on: stand.Watched, work: Any, block: NDArray[np.int32], *rest: Any) -> None:  # noqa: ANN401 - handed on
        new = np.arange(len(on.recent.look))[:, None] < lags + on.recent.new[block]
        new[:lags] = False
        told.append(np.moveaxis(on.recent.distance, 2, -1)[:, :, block][:, new] / float(stand.UNIT))
        watch_block(on, work, block, *rest)

    monkeypatch.setattr(watch, "watch_block", watching)
    clear = np.random.default_rng(1).random((TIMES, 32, 32)) >= cloud
    cube = cube_of(noisy((32, 32), sigma=WHITE), clear)
    state = follow(learn(looks_of(cube, slice(PAST))), looks_of(cube, slice(PAST, None)))
    z = np.concatenate(told, axis=1)
    assert z.shape[1] == clear[PAST:].sum()
    for route in (stand.BESIDE, stand.ALONE, stand.FIELD):
        assert 0.7 <= z[route].var() <= 1.05, route
        assert abs(z[route].mean()) <= 0.02
        assert np.abs(np.corrcoef(z[route].T) - np.eye(3)).max() <= 0.03
        assert abs(state.pixels.learnt.alike[route].mean() / float(SHARE_UNIT)) <= 0.12


def test_twins_are_those_with_the_same_history() -> None:
    rng, values = np.random.default_rng(3), noisy((48, 48))
    kin = rng.random((48, 48)) < 0.5
    values[:, :, kin] += rng.normal(0, 120, (TIMES, 3, 1))
    values[:, :, ~kin] += rng.normal(0, 120, (TIMES, 3, 1))
    state = learn(looks_of(cube_of(values), slice(PAST)))
    chosen, offsets = state.pixels.learnt.twins, state.site.places.offsets
    p, k = np.nonzero(chosen != twins.NO_TWIN)
    apart = offsets[chosen[p, k]]
    q = p + apart @ [48, 1]
    assert len(p) > 0.9 * chosen.size
    full = (chosen[:, -1] != twins.NO_TWIN) & (np.arange(48 * 48) // 48 % 44 > 22)
    assert (kin.ravel()[p] == kin.ravel()[q])[full[p]].mean() >= 0.97
    assert np.hypot(*apart.T).min() >= twins.NEAREST - 0.5
    assert np.hypot(*apart.T).max() <= twins.RINGS[-1] + 0.5
    assert all(len(set(row[row != twins.NO_TWIN])) == (row != twins.NO_TWIN).sum() for row in chosen)


def test_noise_learnt_from_few_looks_grows_as_hotelling_says() -> None:
    rule, prior = MonitorSettings(), int(gauge.PRIOR_LOOKS)
    for bands in (2, 3, 6):
        table = small(rule, bands, 300)
        assert table.shape == (301,)
        assert (np.diff(table) <= 0).all()
        for looks in (0, 10, 30, 100, 300):
            n = looks + prior
            rest = max(n - bands + 1, 1)
            t2 = n * bands / rest * stats.f.isf(rule.small_tail, bands, rest)
            expected = min(t2 / stats.chi2.isf(rule.small_tail, bands), rule.small_most)
            np.testing.assert_allclose(table[looks], expected, rtol=1e-5)
        assert 1 < table[300] < 1.2


@pytest.mark.parametrize(("past", "terms"), [(8, 1), (20, 3), (60, 5)])
def test_a_fit_without_outliers_is_ridge_least_squares(past: int, terms: int) -> None:
    rng, rule = np.random.default_rng(past), model.FitRule(24, 12, 6, 270.0, 270.0)
    at = np.sort(rng.choice(PAST, past, replace=False))
    season = 300 * np.cos(2 * np.pi * AGE[:TIMES] / 365.25)[:, None] * [1, -1, 2]
    values = np.round(LEVEL[None, :, 0, 0] + season + rng.uniform(-60, 60, (TIMES, 3)))
    clear = np.ones((1, TIMES), np.bool_)
    clear[0, :PAST] = np.isin(np.arange(PAST), at)
    basis = plain_basis(np.array([day_number(day) for day in DAYS[:TIMES]], np.int32), PAST, 3)
    models, left, work, numbers = no_models(1, 3), left_of(1, TIMES, 3, 0), fit_work(TIMES, 3), np.zeros(1, np.int32)
    series = model.Series(np.arange(TIMES, dtype=np.int32), values[:, :, None].astype(np.int16), clear.T.copy())
    model.fit_block(series, basis, rule, work, numbers, models)
    learnt = no_learnt(1, 3)._replace(coef=np.rint(models.coef).astype(np.int16), method=models.method)
    model.leave_block(series, basis, work, numbers, learnt, left)
    x = basis.design[:terms, at].T.astype(np.float64)
    pull = np.sqrt(float(regress.RIDGE)) * np.eye(terms)[1:]
    expected = np.linalg.lstsq(np.vstack([x, pull]), np.vstack([values[at], np.zeros((terms - 1, 3))]))[0]
    np.testing.assert_allclose(models.coef[0, :, :terms], expected.T, atol=0.5)
    assert not models.coef[0, :, terms:].any()
    over = values - basis.design[:terms].T @ expected
    np.testing.assert_allclose(left.residual[0, : 3 * TIMES].reshape(3, TIMES)[:, clear[0]], over.T[:, clear[0]], atol=3.0)
    np.testing.assert_allclose(models.noise[0], (over[at] ** 2).sum(axis=0) / (past - terms), rtol=0.02)


# ---------------------------------------------------------------- compiled steps, called from here
@compiled
def _factor(a: algebra.F32, n: int, solved: NDArray[np.bool_]) -> None:
    algebra.factor_lanes(a, n, solved)


@compiled
def _forward(factor: algebra.F32, x: algebra.F32, n: int) -> None:
    algebra.forward_lanes(factor, x, n)


SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 6), bad=st.sets(st.integers(0, algebra.LANES - 1), max_size=3))
def test_lanes_are_factored_and_solved_as_numpy_does_and_those_not_positive_definite_told(
    seed: int, n: int, bad: set[int]
) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(algebra.LANES, n, n))
    a = root @ root.transpose(0, 2, 1) + 0.5 * np.eye(n)
    for lane in bad:
        a[lane, -1, -1] = (-1.0, 0.0, np.nan)[lane % 3] if n == 1 or lane % 3 else np.nan
    factor, solved = np.ascontiguousarray(a.transpose(1, 2, 0), np.float32), np.ones(algebra.LANES, np.bool_)
    _factor(factor, n, solved)
    assert set(np.flatnonzero(~solved)) == bad
    x = rng.normal(size=(n, algebra.LANES)).astype(np.float32)
    z, over = x.copy(), factor.copy()
    with np.errstate(divide="ignore"):  # where there is no factor
        over[range(n), range(n)] = 1 / factor[range(n), range(n)]
    _forward(over, z, n)
    for lane in np.flatnonzero(solved)[:5]:
        expected = np.linalg.cholesky(a[lane])
        np.testing.assert_allclose(np.tril(factor[..., lane]), expected, atol=2e-4)
        np.testing.assert_allclose(z[:, lane], np.linalg.solve(expected, x[:, lane]), atol=5e-3)


# ---------------------------------------------------------------- code and bytes
def test_threads_blocks_and_runs_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    values, told = noisy((20, 20)), []
    values[PAST + STEP :, :, 5:9, 5:9] += 500
    cube = cube_of(values, np.random.default_rng(8).random((TIMES, 20, 20)) > 0.3)
    before = cube.reflectance.copy(), cube.clear.copy()
    monkeypatch.setattr(crew, "BLOCK_PIXELS", 256)
    one = monitor(cube, START, progress=lambda done, total: told.append((done, total)))
    steps = STEPS + len(parts(PAST, range(PAST, TIMES)))
    assert told == [(400 * step + done, 400 * steps) for step in range(steps) for done in (256, 400)]
    monkeypatch.setattr(crew, "cores", lambda: 7)
    monkeypatch.setattr(crew, "BLOCK_PIXELS", 33)
    assert same(one, monitor(cube, START))
    np.testing.assert_array_equal(cube.reflectance, before[0])
    np.testing.assert_array_equal(cube.clear, before[1])


@pytest.mark.parametrize("wrong", [{"agreeing": (3, 3)}, {"support": (1.0,) * 8}, {"support": (*([1.0] * 8), 1.5)}])
def test_settings_that_do_not_belong_together_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one number a window"):
        MonitorSettings(**wrong)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, sigma=st.floats(0, 200), cloud=st.floats(0, 0.7))
def test_noise_alone_is_never_change(seed: int, sigma: float, cloud: float) -> None:
    clear = np.random.default_rng(seed).random((TIMES, 12, 12)) >= cloud
    change = monitor(cube_of(noisy((12, 12), seed, sigma), clear), START)
    assert not (change.confirmed > 0).any()
    assert not change.recovered.any()


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, size=st.integers(-1200, 1200), at=st.integers(0, WATCHED - 1))
def test_the_answer_turns_with_the_scene(seed: int, size: int, at: int) -> None:
    """No common mode and no twins in so small a site: turned by 180 degrees, the answer is the same, turned."""
    values, clear = noisy((4, 4), seed), np.random.default_rng(seed).random((TIMES, 4, 4)) > 0.4
    values[PAST + at :, :, :2] += size
    a = monitor(cube_of(values, clear), START)
    b = monitor(cube_of(values[:, :, ::-1, ::-1].copy(), clear[:, ::-1, ::-1].copy()), START)
    for name in Change.__slots__:
        np.testing.assert_array_equal(getattr(a, name)[..., ::-1, ::-1], getattr(b, name), err_msg=name)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, cloud=st.floats(0, 1), step=st.integers(-1000, 3000))
def test_the_rasters_of_a_change_agree_with_each_other(seed: int, cloud: float, step: int) -> None:
    clear = np.random.default_rng(seed).random((TIMES, 3, 3)) >= cloud
    values = noisy((3, 3), seed)
    values[PAST + STEP :] += step
    change = monitor(cube_of(values, clear), START)
    found, assessed = change.confirmed > 0, change.reason == OK
    assert ((change.first_anomaly > 0) == found).all()
    assert (change.first_anomaly[found] >= day_number(START)).all()
    assert (change.first_anomaly[found] < change.confirmed[found]).all()
    assert not (found & change.recovered).any()
    assert (assessed == np.isfinite(change.statistic)).all()
    assert (assessed == (change.method != NO_METHOD)).all()
    assert ((change.confirmed < 0) == ~assessed).all()
    assert not (change.reason == MODEL_FAILED).any()
    assert not (change.anomalous & ~clear).any()
    np.testing.assert_array_equal(change.clear_looks, clear[PAST:].sum(axis=0))
