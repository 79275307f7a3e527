"""Events on arrays a reader can work out by hand: 12 x 12 pixels of 10 m, a look every 10 days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from spadework.cube import MISSING, Change, Cube, day_number, day_of
from spadework.events import EventSettings, apply_marks, find_events, observability
from spadework.events.groups import ended_run, lately_anomalous, link, pending_run
from spadework.events.growth import history_of
from spadework.events.onset import core_of, event_start, onset_looks
from spadework.events.outline import outline, to_wgs84
from spadework.grid import area_m2, reproject, shape_of
from spadework.records import Event, Look, Mark, MultiPolygon, Period, SceneRef

CRS = "EPSG:32637"
DAY0 = dt.date(2020, 1, 1)
N0 = day_number(DAY0)
SETTINGS = EventSettings()
START = DAY0 + dt.timedelta(40)  # looks 0..3 are history, 4.. are watched
Mask = NDArray[np.bool_]


def grid_of(height: int, width: int) -> GeoBox:
    return GeoBox((height, width), Affine(10, 0, 500000, 0, -10, 3800000), CRS)


def look_at(day: int, clear: float = 1.0) -> Look:
    when = dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC) + dt.timedelta(day)
    return Look(f"L{day}", when, "sentinel-2a", (SceneRef(f"S{day}", when, None),), clear)


@dataclass
class World:
    """A Cube and its Change, planted block by block."""

    looks: int = 10
    size: int = 12
    step: int = 10
    cube: Cube = field(init=False)
    change: Change = field(init=False)

    def __post_init__(self) -> None:
        flat, ground = (self.looks, self.size, self.size), (self.size, self.size)
        values = np.full((self.looks, 2, self.size, self.size), 1000, dtype=np.int16)
        values[:, 1] = 3000
        self.cube = Cube(
            values,
            np.ones(flat, dtype=bool),
            np.zeros(flat, dtype=bool),
            tuple(look_at(i * self.step) for i in range(self.looks)),
            ("red", "nir"),
            grid_of(*ground),
            np.ones(ground, dtype=bool),
        )
        self.change = Change(
            np.zeros(ground, dtype=np.int32),
            np.zeros(ground, dtype=np.int32),
            np.full(ground, 2.0, dtype=np.float32),
            np.full(ground, self.looks - 4, dtype=np.uint16),
            np.zeros(ground, dtype=np.uint8),
            np.ones(ground, dtype=np.uint8),
            np.zeros(ground, dtype=bool),
            np.zeros(flat, dtype=bool),
        )

    def plant(self, rows: slice, cols: slice, look: int, after: int = 2) -> World:
        """Confirmed change: anomalous from ``look`` on, confirmed ``after`` looks later."""
        self.change.first_anomaly[rows, cols] = N0 + look * self.step
        self.change.confirmed[rows, cols] = N0 + (look + after) * self.step
        self.change.statistic[rows, cols] = 9.0
        self.change.anomalous[look:, rows, cols] = self.cube.clear[look:, rows, cols]
        return self

    def events(self, settings: EventSettings = SETTINGS) -> tuple[Event, ...]:
        return find_events(self.cube, self.change, START, settings)

    def event(self, settings: EventSettings = SETTINGS) -> Event:
        (event,) = self.events(settings)
        return event


def block(top: int, left: int, height: int, width: int) -> MultiPolygon:
    """A rectangle of pixels as a WGS 84 polygon."""
    rows, cols = (a.ravel() for a in np.mgrid[top : top + height, left : left + width])
    return to_wgs84(outline(rows, cols, grid_of(12, 12)), CRS)


# ---------------------------------------------------------------- grouping
def test_a_square_of_nine_pixels_is_one_event_with_everything_worked_out() -> None:
    event = World().plant(slice(2, 5), slice(6, 9), 5).event()
    assert event.id == "E20200220-0003-0007"
    assert (event.status, event.recovered, event.pixels, event.statistic) == ("confirmed", False, 9, 9.0)
    assert (event.first_anomaly, event.confirmed_on) == (dt.date(2020, 2, 20), dt.date(2020, 3, 11))
    assert event.onset_earliest is not None
    assert event.onset_latest is not None
    assert (event.onset_earliest.look, event.onset_latest.look) == ("L40", "L50")
    assert event.onset_latest.scenes == (SceneRef("S50", event.onset_latest.datetime, None),)
    assert (event.area_low_m2, event.area_m2, event.area_high_m2) == (100.0, 900.0, 1600.0)
    assert event.area_level is None
    assert [scene.id for scene in event.scenes] == ["S40", "S50", "S70"]


def test_neighbours_link_by_corner_and_within_link_days_only() -> None:
    mask = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0]], dtype=bool)
    first = np.array([[10, 0, 0], [0, 130, 0], [251, 0, 0]], dtype=np.int32)
    label = link(mask, first, 120)
    assert label.tolist() == [[0, -1, -1], [-1, 0, -1], [1, -1, -1]]


def test_neighbours_link_along_rows_columns_and_both_diagonals() -> None:
    for pair in (((0, 0), (0, 1)), ((0, 0), (1, 0)), ((0, 0), (1, 1)), ((0, 1), (1, 0))):
        mask = np.zeros((2, 2), dtype=bool)
        mask[tuple(zip(*pair, strict=True))] = True
        assert link(mask, np.zeros((2, 2), dtype=np.int32), 0).max() == 0
    assert link(np.ones((1, 1), dtype=bool), np.zeros((1, 1), dtype=np.int32), 0).tolist() == [[0]]
    assert link(np.zeros((2, 2), dtype=bool), np.zeros((2, 2), dtype=np.int32), 0).max() == -1


def test_two_changes_side_by_side_far_apart_in_time_are_two_events() -> None:
    world = World(looks=30).plant(slice(0, 4), slice(0, 4), 5).plant(slice(0, 4), slice(4, 8), 18)
    assert [event.id[:9] for event in world.events()] == ["E20200220", "E20200629"]
    world = World(looks=30).plant(slice(0, 4), slice(0, 4), 5).plant(slice(0, 4), slice(4, 8), 17)
    assert world.event().pixels == 32


def test_seven_pixels_are_not_listed_and_eight_are() -> None:
    assert World().plant(slice(0, 1), slice(0, 7), 5).events() == ()
    assert World().plant(slice(0, 1), slice(0, 8), 5).event().pixels == 8


def test_nothing_changed_gives_no_events() -> None:
    assert World().events() == ()


def test_pixels_outside_the_area_of_interest_are_not_reported() -> None:
    world = World().plant(slice(0, 4), slice(0, 4), 5)
    world.cube.inside[:, 3] = False
    event = world.event()
    assert event.pixels == 12
    assert event.area_high_m2 == 5 * 4 * 100


def test_recovered_pixels_become_recovered_events_dated_from_their_anomaly() -> None:
    world = World()
    world.change.recovered[2:5, 2:5] = True
    world.change.anomalous[4, 2:5, 2:5] = True  # a passing one
    world.change.anomalous[6:9, 2:5, 2:5] = True  # the longest that ended
    event = world.event()
    assert (event.status, event.recovered, event.confirmed_on) == ("recovered", True, None)
    assert event.first_anomaly == day_of(N0 + 60)
    assert event.onset_latest is not None
    assert event.onset_latest.look == "L60"


def test_a_recovered_pixel_that_changed_again_belongs_to_the_later_change() -> None:
    world = World().plant(slice(2, 5), slice(2, 5), 7)
    world.change.recovered[2:5, 2:5] = True
    assert world.event().status == "confirmed"


def test_two_anomalous_last_looks_are_a_pending_anomaly_and_one_is_not() -> None:
    world = World()
    world.change.anomalous[9, 2:5, 2:5] = True
    assert world.events() == ()
    world.change.anomalous[8, 2:5, 2:5] = True
    event = world.event()
    assert (event.status, event.confirmed_on, event.area_low_m2) == ("anomaly", None, 0.0)
    assert event.first_anomaly == day_of(N0 + 80)


def test_pending_pixels_beside_a_listed_event_are_its_growth_and_count_in_its_high_area() -> None:
    world = World().plant(slice(2, 5), slice(0, 3), 5)
    world.change.anomalous[7:, 2:5, 3:6] = True  # 3 of the last 5 clear looks
    event = world.event()
    assert (event.pixels, event.area_m2) == (9, 900.0)
    assert event.area_high_m2 == 7 * 4 * 100
    by_look = {row.look: row.area_high_m2 for row in event.series}
    assert (by_look["L40"], by_look["L50"], by_look["L60"], by_look["L70"]) == (0.0, 1600.0, 1600.0, 2800.0)


def test_pixels_that_cannot_be_assessed_are_no_anomaly() -> None:
    world = World()
    world.change.anomalous[8:, 2:5, 2:5] = True
    world.change.reason[2:5, 2:5] = 2
    assert world.events() == ()


def test_runs_skip_looks_that_are_not_clear() -> None:
    clear = np.array([[1], [1], [0], [1], [1], [0]], dtype=bool)
    odd = np.array([[0], [1], [0], [1], [0], [0]], dtype=bool)
    assert ended_run(clear, odd).tolist() == [1]
    assert [a.tolist() for a in pending_run(clear, odd)] == [[0], [-1]]
    assert [a.tolist() for a in pending_run(clear[:4], odd[:4])] == [[2], [1]]
    assert ended_run(clear[:4], odd[:4]).tolist() == [1]  # none ended: the last counts
    assert ended_run(clear, np.zeros_like(odd)).tolist() == [-1]


def test_a_majority_is_more_than_half_of_the_last_clear_looks() -> None:
    odd = np.array([[1], [1], [0], [0], [1]], dtype=bool)
    clear = np.ones_like(odd)
    assert lately_anomalous(clear, odd, 5).item()
    assert not lately_anomalous(clear, odd, 4).item()
    assert not lately_anomalous(np.zeros_like(clear), odd & False, 5).item()


def test_find_events_does_not_write_into_the_callers_arrays() -> None:
    world = World().plant(slice(2, 5), slice(6, 9), 5)
    world.change.recovered[9:12, 0:4] = True
    world.change.anomalous[5:7, 9:12, 0:4] = True
    arrays_in = [world.cube.reflectance, world.cube.clear, world.cube.inside]
    arrays_in += [getattr(world.change, name) for name in ("first_anomaly", "confirmed", "recovered", "anomalous", "statistic")]
    before = [array.copy() for array in arrays_in]
    assert len(world.events()) == 2
    assert all(np.array_equal(a, b) for a, b in zip(before, arrays_in, strict=True))


# ---------------------------------------------------------------- onset
def test_the_start_is_an_early_quantile_that_one_false_alarm_does_not_move() -> None:
    first = np.array([10] + [60] * 39, dtype=np.int32)
    assert event_start(first, SETTINGS) == 60
    assert event_start(first[:20], SETTINGS) == 10


@pytest.mark.parametrize(
    ("first", "core"),
    [
        ([0] * 10 + [30] * 10 + [31] * 20, 20),  # within 30 days
        ([0] * 3 + [50] * 3 + [60] * 4 + [70] * 5, 8),  # too few: the next earliest up to 8
        ([0] * 8 + [50] * 10 + [90] * 82, 20),  # 18, but under 20 %
        ([0] * 5, 5),  # all there are
    ],
)
def test_the_core_is_within_thirty_days_and_at_least_eight_pixels_or_a_fifth(first: list[int], core: int) -> None:
    days = np.array(first, dtype=np.int32)
    members = core_of(days, SETTINGS)
    assert members.sum() == core
    assert days[members].max() <= days[~members].min(initial=10**6)


def onset(odd: list[int], clear: list[int], begins: int = 3, core: int = 20) -> tuple[int | None, int]:
    """Onset of a core of 20 in which so many pixels are clear and so many of these anomalous in each look."""
    at = np.arange(core)
    seen = at < np.array(clear)[:, None]
    first = np.full(core, begins, dtype=np.int32)
    return onset_looks(seen, (at < np.array(odd)[:, None]) & seen, first, np.arange(len(odd), dtype=np.int32), SETTINGS)


@pytest.mark.parametrize(
    ("odd", "clear", "bounds"),
    [
        ([0, 0, 0, 20, 20], [20] * 5, (2, 3)),
        ([0, 0, 1, 20, 20], [20] * 5, (2, 3)),  # 5 % is unchanged
        ([0, 0, 2, 20, 20], [20] * 5, (1, 3)),  # 10 % is not
        ([0, 0, 0, 20, 20], [20, 20, 9, 20, 20], (1, 3)),  # under half clear says nothing
        ([0, 0, 0, 9, 20], [20, 20, 20, 9, 20], (2, 4)),
        ([0, 0, 0, 10, 20], [20, 20, 20, 10, 20], (2, 3)),  # half clear is enough
        ([0, 0, 0, 9, 10], [20] * 5, (2, 4)),  # 45 % is not yet the onset
        ([0, 20, 0, 20, 20], [20] * 5, (2, 3)),  # a passing anomaly before the lasting one is not the onset
        ([0, 0, 20, 20, 20], [20] * 5, (1, 3)),  # nor proof of no change
        ([2, 2, 2, 20, 20], [20] * 5, (None, 3)),  # before the history
        ([0, 0, 0, 6, 6], [20, 20, 20, 6, 6], (2, 3)),  # never half clear: by first anomalies
    ],
)
def test_the_onset_lies_between_the_last_unchanged_and_the_first_changed_look(
    odd: list[int], clear: list[int], bounds: tuple[int | None, int]
) -> None:
    assert onset(odd, clear) == bounds


def test_a_look_after_the_first_pixel_began_is_not_unchanged() -> None:
    first = np.array([2] + [4] * 29, dtype=np.int32)
    days = np.arange(6, dtype=np.int32)
    odd = first <= days[:, None]
    clear = np.ones_like(odd)
    assert onset_looks(clear, odd, first, days, SETTINGS) == (1, 4)
    assert onset_looks(clear, odd, first, days, EventSettings(begun_pixels=2)) == (3, 4)


def grow_disc(seed: int, days_to_grow: int) -> tuple[World, dt.date]:
    """A disc that grows for so many days, under clouds, with missed (8 %) and false (2 %) anomalies."""
    rng = np.random.default_rng(seed)
    world = World(looks=130, size=26, step=5)
    y, x = np.mgrid[:26, :26]
    radius = rng.uniform(2.5, 11)
    away = (np.hypot(y - 13, x - 13) / radius) ** 2
    began = int(rng.integers(220, 420))
    days = np.arange(130) * 5
    changed = (away < 1) & (began + away * days_to_grow <= days[:, None, None])
    edge = rng.uniform(-10, 36, size=130)
    sky = rng.random(130)
    half = np.where((sky < 0.55)[:, None, None], x < edge[:, None, None], x > edge[:, None, None])
    world.cube.clear[:] = np.where((sky < 0.35)[:, None, None], False, np.where((sky < 0.7)[:, None, None], half, True))
    draw = rng.random(changed.shape)
    world.change.anomalous[:] = np.where(changed, draw < 0.92, draw < 0.02) & world.cube.clear
    world.change.anomalous[:8] = False
    for row, col in np.ndindex(26, 26):
        seen = np.flatnonzero(world.cube.clear[8:, row, col]) + 8
        odd = world.change.anomalous[seen, row, col]
        three_of_four = np.flatnonzero((np.convolve(odd, np.ones(4, dtype=int), "valid") >= 3) & odd[:-3])
        if three_of_four.size:
            world.change.first_anomaly[row, col] = N0 + days[seen[three_of_four[0]]]
            world.change.confirmed[row, col] = N0 + days[seen[three_of_four[0] + 3]]
    return world, DAY0 + dt.timedelta(began)


@pytest.mark.parametrize("days_to_grow", [0, 30, 120])
def test_the_onset_interval_lies_around_the_simulated_truth_in_nine_of_ten_events(days_to_grow: int) -> None:
    hits = 0
    for seed in range(30):
        world, truth = grow_disc(seed, days_to_grow)
        event = max(world.events(), key=lambda e: e.pixels)
        assert event.onset_latest is not None
        earliest = event.onset_earliest.datetime.date() if event.onset_earliest else dt.date.min
        hits += earliest < truth <= event.onset_latest.datetime.date()
    assert hits >= 27


# ---------------------------------------------------------------- series and words
def test_the_series_has_a_row_a_look_that_saw_something_and_an_area_where_half_was_clear() -> None:
    world = World()
    world.cube.clear[5, 2:5, 6:9] = False
    world.cube.clear[6, 2:5, 6:8] = False  # three of nine clear
    world.cube.reflectance[7:, 0, 2:5, 6:9] = 2500
    world.plant(slice(2, 5), slice(6, 9), 6)
    rows = {row.look: row for row in world.event().series}
    assert "L50" not in rows
    assert (rows["L40"].share_clear, rows["L40"].share_anomalous, rows["L40"].area_m2) == (1.0, 0.0, 0.0)
    assert rows["L60"].share_clear == pytest.approx(1 / 3)
    assert (rows["L60"].share_anomalous, rows["L60"].area_m2, rows["L60"].area_high_m2) == (1.0, None, None)
    assert (rows["L70"].area_low_m2, rows["L70"].area_m2, rows["L70"].area_high_m2) == (100.0, 900.0, 1600.0)
    assert rows["L40"].spectrum == pytest.approx((0.1, 0.3))
    assert rows["L70"].spectrum == pytest.approx((0.25, 0.3))


def test_the_spectrum_is_the_mean_of_clear_pixels_only() -> None:
    world = World().plant(slice(0, 2), slice(0, 4), 5)
    world.cube.reflectance[9, :, 0, 0] = MISSING
    world.cube.clear[9, 0, 0] = False
    world.cube.reflectance[9, 0, 0, 1] = 8000
    assert world.event().series[-1].spectrum == pytest.approx(((6 * 0.1 + 0.8) / 7, 0.3))


def words(areas: list[float], step: int = 30) -> list[str]:
    looks = [look_at(i * step) for i in range(len(areas))]
    return [f"{s.phase} {s.from_m2:.0f}-{s.to_m2:.0f}" for s in history_of(looks, areas, None, SETTINGS)]


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        ([900], ["started 0-900"]),
        ([900, 900, 900], ["started 0-900"]),  # 60 days are not yet quiet
        ([900, 900, 900, 900], ["started 0-900", "stopped 900-900"]),
        ([900, 1000, 2000], ["started 0-900", "grew 900-2000"]),
        ([900, 2000, 2000, 2000, 2100], ["started 0-900", "grew 900-2000", "stopped 2000-2100"]),
        (
            [900, 900, 900, 900, 1800, 1800, 1800, 1800],
            ["started 0-900", "paused 900-900", "grew 900-1800", "stopped 1800-1800"],
        ),
        ([700, 700, 700, 700, 770], ["started 0-700", "paused 700-700", "grew 700-770"]),  # 10 % is growth
        ([1000, 1000, 1000, 1000, 1090], ["started 0-1000", "stopped 1000-1090"]),  # 9 % is not
        ([1000, 1050, 1100, 1150, 1200, 1250], ["started 0-1000", "grew 1000-1250"]),  # slow growth adds up
    ],
)
def test_a_history_is_told_in_words(areas: list[float], told: list[str]) -> None:
    assert words(areas) == told


def test_quiet_needs_ninety_days_and_three_looks() -> None:
    assert words([900, 900, 900], step=60) == ["started 0-900"]
    assert words([900] * 9, step=10) == ["started 0-900"]
    assert words([900] * 10, step=10) == ["started 0-900", "stopped 900-900"]


def test_the_words_of_an_event_name_their_looks() -> None:
    event = World(looks=30).plant(slice(0, 4), slice(0, 4), 5).plant(slice(0, 4), slice(4, 8), 16).event()
    steps = [(s.phase, s.since, s.until, s.from_m2, s.to_m2) for s in event.history]
    name = [look.id for look in World(looks=30).cube.looks]
    assert steps == [
        ("started", name[4], name[5], 0.0, 1600.0),
        ("paused", name[5], name[15], 1600.0, 1600.0),
        ("grew", name[15], name[16], 1600.0, 3200.0),
        ("stopped", name[16], name[29], 3200.0, 3200.0),
    ]
    assert event.phase == "stopped"


def test_looks_that_saw_under_half_of_the_event_do_not_end_a_quiet_time() -> None:
    world = World(looks=30)
    world.cube.clear[16:, 0:4, 0:5] = False
    event = world.plant(slice(0, 4), slice(0, 4), 5).plant(slice(0, 4), slice(4, 8), 16).event()
    assert [step.phase for step in event.history] == ["started", "stopped"]
    assert event.history[-1].until == world.cube.looks[15].id


# ---------------------------------------------------------------- properties over random changes
@st.composite
def changes(draw: st.DrawFn) -> World:
    """Any pattern of first anomalies, clouds and stray anomalies."""
    world = World()
    began = draw(arrays(np.int32, (12, 12), elements=st.sampled_from([0, 0, 5, 6, 7])))
    cloud = draw(arrays(np.bool_, (10, 12, 12), elements=st.booleans()))
    stray = draw(arrays(np.bool_, (10, 12, 12), elements=st.booleans(), fill=st.just(False)))
    recovered = draw(arrays(np.bool_, (12, 12), elements=st.booleans(), fill=st.just(False)))
    world.cube.clear[:] = ~cloud
    changed = began > 0
    world.change.first_anomaly[changed] = N0 + 10 * began[changed]
    world.change.confirmed[changed] = N0 + 90
    world.change.recovered[:] = recovered & ~changed
    world.change.anomalous[:] = ((changed & (np.arange(10)[:, None, None] >= began)) | stray) & ~cloud
    world.change.anomalous[:4] = False
    return world


@settings(deadline=None)
@given(changes())
def test_every_event_keeps_the_invariants(world: World) -> None:
    events = world.events()
    assert len({event.id for event in events}) == len(events)
    ranks = [("confirmed", "anomaly", "recovered").index(event.status) for event in events]
    assert ranks == sorted(ranks)
    for event in events:
        assert event.onset_latest is not None
        if event.onset_earliest:
            assert event.onset_earliest.datetime < event.onset_latest.datetime
        assert event.area_low_m2 <= event.area_m2 == event.pixels * 100.0 <= event.area_high_m2
        assert event.area_m2 == pytest.approx(area_m2(event.geometry, CRS), rel=1e-6)
        shape = shape_of(event.geometry)
        assert shape.is_valid
        assert all(part.exterior.is_ccw and not any(h.is_ccw for h in part.interiors) for part in shape.geoms)
        known = [row for row in event.series if row.area_m2 is not None]
        for row in known:
            assert row.area_low_m2 is not None
            assert row.area_high_m2 is not None
            assert row.area_low_m2 <= (row.area_m2 or 0.0) <= row.area_high_m2 <= event.area_high_m2
        assert [row.area_m2 for row in known] == sorted(row.area_m2 or 0.0 for row in known)
        assert event.history[0].phase == "started"
        assert event.phase == event.history[-1].phase


@settings(deadline=None)
@given(arrays(np.bool_, (12, 12), elements=st.booleans()).filter(lambda m: m.sum() >= 1))
def test_the_areas_are_those_of_the_polygon(mask: Mask) -> None:
    """High is the outline buffered by half a pixel (mitre), low the pixels with four neighbours."""
    world = World()
    world.change.first_anomaly[mask] = N0 + 50
    world.change.confirmed[mask] = N0 + 70
    padded = np.pad(mask, 1)
    inner = mask & padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    events = world.events(EventSettings(min_pixels=1))
    assert sum(event.area_low_m2 for event in events) == inner.sum() * 100
    for event in events:
        ground = reproject(shape_of(event.geometry), "EPSG:4326", CRS)
        snapped = shapely.set_precision(ground, 1.0)
        assert event.area_high_m2 == pytest.approx(shapely.buffer(snapped, 5, join_style="mitre").area, rel=1e-6)


# ---------------------------------------------------------------- marks
def mark(action: str, area: MultiPolygon, reason: str = "seen") -> Mark:
    assert action in {"accept", "reject", "add"}
    return Mark(action, reason, "", area)  # type: ignore[arg-type]  # checked in the line above


def two_events() -> tuple[Event, ...]:
    """Rows 0..3, columns 0..3 (confirmed) and rows 6..9, columns 6..9 (recovered)."""
    world = World().plant(slice(0, 4), slice(0, 4), 5)
    world.change.recovered[6:10, 6:10] = True
    world.change.anomalous[5:7, 6:10, 6:10] = True
    return world.events()


def test_reject_rejects_and_moves_to_the_end_and_accept_keeps_the_status() -> None:
    events = two_events()
    rejected, accepted = mark("reject", block(0, 0, 4, 4)), mark("accept", block(6, 6, 4, 4))
    done = apply_marks(events, (rejected, accepted), grid_of(12, 12))
    assert done.unmatched == ()
    assert [(event.status, event.mark) for event in done.events] == [("recovered", accepted), ("rejected", rejected)]


@pytest.mark.parametrize(("width", "matches"), [(2, True), (1, False)])  # IoU .5 and .25
def test_a_mark_holds_from_an_overlap_of_one_half_on_and_is_told_when_it_does_not(width: int, matches: bool) -> None:
    made = mark("reject", block(0, 0, 4, width))
    done = apply_marks(two_events()[:1], (made,), grid_of(12, 12))
    assert done.events[0].status == ("rejected" if matches else "confirmed")
    assert done.unmatched == (() if matches else (made,))


def test_the_later_mark_decides() -> None:
    events, place = two_events()[:1], block(0, 0, 4, 4)
    marks = (mark("reject", place), mark("accept", place, "on second thoughts"))
    (event,) = apply_marks(events, marks, grid_of(12, 12)).events
    assert event.status == "confirmed"
    assert event.mark == marks[1]
    assert apply_marks(events, marks[::-1], grid_of(12, 12)).events[0].status == "rejected"


def test_add_makes_an_event_of_the_polygon() -> None:
    made = mark("add", block(2, 3, 4, 5))
    (event,) = apply_marks((), (made,), grid_of(12, 12)).events
    assert (event.status, event.onset_latest, event.first_anomaly, event.statistic) == ("confirmed", None, None, 0.0)
    assert (event.area_m2, event.area_low_m2, event.area_high_m2) == pytest.approx((2000, 1200, 3000), rel=1e-4)
    assert (event.pixels, event.mark) == (20, made)


def test_add_on_an_event_marks_that_event() -> None:
    world = World()
    world.change.anomalous[8:, 2:5, 2:5] = True
    made = mark("add", block(2, 2, 3, 3))
    (event,) = apply_marks(world.events(), (made,), grid_of(12, 12)).events
    assert (event.status, event.mark) == ("confirmed", made)
    assert event.onset_latest is not None


def test_add_on_a_recovered_event_does_not_undo_the_recovery() -> None:
    made = mark("add", block(6, 6, 4, 4))
    done = apply_marks(two_events(), (made,), grid_of(12, 12)).events
    assert [(event.status, event.mark) for event in done] == [("confirmed", None), ("recovered", made)]


def test_an_added_event_can_be_rejected_and_adding_twice_adds_once() -> None:
    place = block(2, 3, 4, 5)
    marks = (mark("add", place), mark("add", place), mark("reject", place))
    assert [event.status for event in apply_marks((), marks, grid_of(12, 12)).events] == ["rejected"]


def test_events_without_onset_come_last_in_their_status_and_ids_stay_unique() -> None:
    line = apply_marks(two_events(), (mark("add", block(8, 0, 2, 4)), mark("add", block(10, 0, 2, 12))), grid_of(12, 12))
    assert [event.id[0] for event in line.events] == ["E", "A", "A", "E"]
    twins = (replace(line.events[0], status="rejected"), line.events[0])
    assert len({event.id for event in apply_marks(twins, (), grid_of(12, 12)).events}) == 2


def test_a_mark_without_area_is_told() -> None:
    point = (((36.0, 34.0), (36.0, 34.0), (36.0, 34.0), (36.0, 34.0)),)
    made = mark("add", (point,))
    done = apply_marks(two_events(), (made,), grid_of(12, 12))
    assert (len(done.events), done.unmatched) == (2, (made,))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["accept", "reject", "add"]), st.integers(0, 6), st.integers(0, 6), st.integers(1, 5)),
        max_size=6,
    )
)
def test_the_same_marks_twice_change_nothing(drawn: list[tuple[str, int, int, int]]) -> None:
    marks = tuple(mark(action, block(row, col, size, size)) for action, row, col, size in drawn)
    once = apply_marks(two_events(), marks, grid_of(12, 12))
    twice = apply_marks(once.events, marks, grid_of(12, 12))
    assert twice == once
    assert len({event.id for event in once.events}) == len(once.events)
    assert set(once.unmatched) <= set(marks)


# ---------------------------------------------------------------- what could be seen
PERIOD = Period(dt.date(2020, 4, 1), dt.date(2020, 9, 30), dt.date(2019, 12, 1))


def test_seasons_count_every_quarter_and_only_looks_of_history_and_period() -> None:
    looks = (look_at(-60), look_at(0), look_at(10, 0.49), look_at(100, 0.5), look_at(101, 0.02), look_at(400))
    world = World()
    seen = observability(looks, world.cube, world.change, PERIOD, 0.05)
    assert [(s.year, s.quarter, s.looks, s.clear_looks) for s in seen.seasons] == [
        (2019, "Oct-Dec", 0, 0),
        (2020, "Jan-Mar", 2, 1),
        (2020, "Apr-Jun", 2, 1),
        (2020, "Jul-Sep", 0, 0),
    ]
    assert seen.looks_lost == 1 / 4
    assert seen.longest_gap == (dt.date(2020, 4, 10), dt.date(2020, 9, 30))


@pytest.mark.parametrize(
    ("days", "gap"),
    [
        ([], (dt.date(2020, 4, 1), dt.date(2020, 9, 30))),  # no clear look at all
        ([121, 211], (dt.date(2020, 5, 1), dt.date(2020, 7, 30))),  # between two looks
        ([181, 271], (dt.date(2020, 4, 1), dt.date(2020, 6, 30))),  # from the start
        ([0, 91, 151], (dt.date(2020, 5, 31), dt.date(2020, 9, 30))),  # to the end; history does not count
    ],
)
def test_the_longest_gap_counts_the_ends_of_the_watched_period(days: list[int], gap: tuple[dt.date, dt.date]) -> None:
    world = World()
    looks = tuple(look_at(day) for day in days)
    assert observability(looks, world.cube, world.change, PERIOD, 0.05).longest_gap == gap


def test_a_period_of_one_day_has_no_gap() -> None:
    world = World()
    period = Period(PERIOD.start, PERIOD.start, PERIOD.history_start)
    seen = observability((), world.cube, world.change, period, 0.05)
    assert (seen.longest_gap, seen.looks_lost) == (None, 0.0)


def test_areas_assessed_and_not_are_told_with_reasons_and_without_the_outside() -> None:
    world = World()
    world.change.reason[0] = 1
    world.change.reason[1, :6] = 3
    world.change.reason[10:] = 4  # also a row whose pixels count as inside
    world.cube.inside[11] = False
    seen = observability((), world.cube, world.change, PERIOD, 0.05)
    assert (seen.assessed_m2, seen.not_assessed_m2) == ((144 - 12 - 6 - 24) * 100.0, 1800.0)
    assert seen.reasons == (("too few looks", 1200.0), ("model failed", 600.0))


def test_ground_called_cloud_in_over_nine_of_ten_looks_makes_the_mask_suspect() -> None:
    world = World(looks=20)
    world.cube.clear[:19, 0] = False  # 19 of 20: suspect
    world.cube.clear[:18, 1] = False  # 18 of 20: nine of ten, not over
    world.cube.clear[:19, 2] = False
    world.cube.snow[:5, 2] = True  # 14 of 20 cloud
    world.cube.reflectance[:10, :, 3] = MISSING
    world.cube.clear[:, 3] = False  # all of the ten that cover it: suspect
    world.cube.reflectance[:, :, 4] = MISSING
    world.cube.clear[:, 4] = False  # never covered
    assert observability((), world.cube, world.change, PERIOD, 0.05).mask_suspect == pytest.approx(2 / 12)


# ---------------------------------------------------------------- settings
@pytest.mark.parametrize("wrong", [{"core_share": 1.5}, {"unchanged_share": -0.1}, {"min_pixels": 0}, {"fringe_looks": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EventSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose
