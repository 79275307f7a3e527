"""How likely an event is real, on 24 x 24 pixels a reader can work out by hand: a look every 10 days, 24 of them history."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import astuple, dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from odc.geo.geobox import GeoBox

from spadework.cube import Change, Cube, day_number
from spadework.events import find_events, judge
from spadework.events.outline import outline, pixels_of, to_wgs84
from spadework.events.reality import AREA_LEVEL, CONFIRMED_FROM, MOST_DAYS, SMALLEST, WEIGHTS, Traits, p_real, traits_of
from spadework.records import Event, Look, SceneRef

if TYPE_CHECKING:
    from numpy.typing import NDArray

CRS = "EPSG:32637"
GRID = GeoBox((24, 24), Affine(10, 0, 500000, 0, -10, 3800000), CRS)
DAY0 = dt.date(2020, 1, 1)
LOOKS, HISTORY, BEGAN = 40, 24, 26
START = DAY0 + dt.timedelta(10 * HISTORY)
PLACE = (slice(8, 12), slice(8, 13))
"""4 x 5 pixels."""
TYPICAL = Traits(standing=1.0, least=-3.0, watched=5.5, late=1.0, box=0.7)


def look_at(day: int) -> Look:
    when = dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC) + dt.timedelta(day)
    return Look(f"L{day}", when, "sentinel-2a", (SceneRef(f"S{day}", when, None),), 1.0)


@dataclass
class World:
    """Even ground; in look 26 a block brightens by .03 in red and .04 in nir: a step of .05."""

    step: tuple[int, int] = (300, 400)
    until: int = LOOKS
    """The step is gone from this look on."""
    everywhere: bool = False
    """Everything steps, not only the block."""
    cube: Cube = field(init=False)
    change: Change = field(init=False)

    def __post_init__(self) -> None:
        values = np.empty((LOOKS, 2, 24, 24), dtype=np.int16)
        values[:, 0], values[:, 1] = 1000, 3000
        rows, cols = (slice(None), slice(None)) if self.everywhere else PLACE
        values[BEGAN : self.until, :, rows, cols] += np.array(self.step, dtype=np.int16)[None, :, None, None]
        clear, ground = np.ones((LOOKS, 24, 24), dtype=bool), np.zeros((24, 24), dtype=np.int32)
        looks = tuple(look_at(10 * i) for i in range(LOOKS))
        self.cube = Cube(values, clear, ~clear, looks, ("red", "nir"), GRID, np.ones((24, 24), dtype=bool))
        first, confirmed, odd = ground.copy(), ground.copy(), np.zeros_like(clear)
        first[PLACE], confirmed[PLACE] = day_number(DAY0) + 10 * BEGAN, day_number(DAY0) + 10 * (BEGAN + 3)
        odd[BEGAN : self.until, *PLACE] = True
        self.change = Change(
            first, confirmed, np.full((24, 24), 9.0, np.float32), np.full((24, 24), 16, np.uint16),
            np.zeros((24, 24), np.uint8), np.ones((24, 24), np.uint8), np.zeros((24, 24), bool), odd,
        )  # fmt: skip

    @property
    def event(self) -> Event:
        (event,) = find_events(self.cube, self.change, START)
        return event

    def traits(self) -> Traits | None:
        return traits_of(self.event, self.cube, self.change, START)

    def judged(self, base_rate: float) -> Event:
        (event,) = judge((self.event,), self.cube, self.change, START, base_rate)
        return event


def known(world: World) -> Traits:
    traits = world.traits()
    assert traits is not None
    return traits


# ---------------------------------------------------------------- traits
def test_a_lasting_step_on_still_ground_is_worked_out_by_hand() -> None:
    told = known(World())
    assert told.standing == pytest.approx(math.log(0.05 / SMALLEST))  # the history is still: its spread is the least there is
    assert told.least == pytest.approx(math.log(0.05))
    assert told.watched == pytest.approx(math.log(130))  # looks 26 to 39
    assert told.late == 1.0
    assert told.box == 1.0


def test_the_spread_of_the_difference_in_the_history_is_what_a_step_is_held_against() -> None:
    world = World()
    red = world.cube.reflectance[:, 0, *PLACE]
    red[:HISTORY] += np.where(np.arange(HISTORY) % 2 == 0, 100, -100).astype(np.int16)[:, None, None]
    assert known(world).standing == pytest.approx(math.log(0.05 / 0.01), abs=0.1)


def test_what_the_ground_around_does_too_is_no_step() -> None:
    told = known(World(everywhere=True))
    assert told.standing == 0.0
    assert told.least == math.log(SMALLEST)
    assert told.late == 0.0


def test_a_step_that_goes_back_is_missed_in_the_last_looks_and_in_the_faintest_stretch() -> None:
    told = known(World(until=LOOKS - 4))
    assert told.late == pytest.approx(1 / 5)
    assert told.least < math.log(0.05)
    assert told.standing == known(World()).standing  # most looks still show it


def test_half_the_looks_must_be_clear_over_the_event_and_its_ring() -> None:
    world = World()
    world.cube.clear[-4:, 6:14, 6:15] = False
    assert known(world).late == 1.0
    world.cube.clear[:, 8:12, 8:11] = False  # 12 of 20 pixels
    assert world.traits() is None


def test_what_greens_after_a_year_was_real_all_the_same() -> None:
    world = World(until=BEGAN + 4)
    looks = tuple(look_at(10 * i if i < BEGAN else 100 * i) for i in range(LOOKS))
    world.change.first_anomaly[PLACE], world.change.confirmed[PLACE] = (day_number(DAY0) + 100 * i for i in (BEGAN, BEGAN + 3))
    world.cube = replace(world.cube, looks=looks)
    told = math.log(0.05 / SMALLEST), math.log(0.05), math.log(MOST_DAYS), 1.0, 1.0
    assert astuple(known(world)) == pytest.approx(told)


def test_too_little_history_or_no_ground_around_says_nothing() -> None:
    world = World()
    assert traits_of(world.event, world.cube, world.change, DAY0 + dt.timedelta(50)) is None
    (event,) = judge((world.event,), world.cube, world.change, DAY0 + dt.timedelta(50), 0.1)
    assert (event.p_real, event.base_rate, event.status) == (None, None, "confirmed")
    event = world.event
    world.change.confirmed[...] = 1
    assert traits_of(event, world.cube, world.change, START) is None


# ---------------------------------------------------------------- probability
traits_drawn = st.builds(
    Traits,
    standing=st.floats(-3, 4),
    least=st.floats(math.log(SMALLEST), -1),
    watched=st.floats(3, 6.6),
    late=st.floats(0, 1),
    box=st.floats(0.1, 1),
)


@given(traits_drawn, st.floats(0.01, 100), st.floats(0.01, 100))
def test_odds_are_proportional_to_the_base_rate(traits: Traits, one: float, other: float) -> None:
    low, high = p_real(traits, one), p_real(traits, other)
    assert low / (1 - low) * other / one == pytest.approx(high / (1 - high), rel=1e-6)


@given(traits_drawn, st.sampled_from([f.name for f in fields(Traits)]))
def test_a_clearer_trait_makes_it_more_likely(traits: Traits, name: str) -> None:
    more = replace(traits, **{name: getattr(traits, name) + 0.1})
    assert p_real(more, 1.0) > p_real(traits, 1.0)


def test_every_trait_weighs() -> None:
    assert min(astuple(WEIGHTS)) > 0


@pytest.mark.parametrize("base_rate", [0.0, -1.0, math.nan])
def test_a_base_rate_must_be_above_zero(base_rate: float) -> None:
    with pytest.raises(ValueError, match="base rate"):
        p_real(TYPICAL, base_rate)


def test_no_probability_overflows() -> None:
    far = replace(TYPICAL, standing=-1e4)
    assert p_real(far, 0.1) == 0.0
    assert p_real(replace(TYPICAL, standing=1e4), 0.1) == 1.0


# ---------------------------------------------------------------- judgement
def test_below_one_half_an_event_is_an_anomaly_that_says_how_likely_it_is() -> None:
    world = World()
    odds = p_real(known(world), 1.0)
    even = (1 - odds) / odds  # the base rate at which the odds are one
    sure, doubtful = world.judged(even * 1.01), world.judged(even * 0.99)
    assert (sure.status, sure.confirmed_on) == ("confirmed", world.event.confirmed_on)
    assert (doubtful.status, doubtful.confirmed_on) == ("anomaly", None)
    assert sure.p_real is not None
    assert doubtful.p_real is not None
    assert doubtful.p_real < CONFIRMED_FROM <= sure.p_real
    assert (sure.base_rate, doubtful.base_rate) == (even * 1.01, even * 0.99)
    assert (sure.area_level, doubtful.area_level) == (AREA_LEVEL, None)
    assert replace(sure, p_real=None, base_rate=None, area_level=None) == world.event


def test_events_not_confirmed_pass_unchanged() -> None:
    world = World()
    others = tuple(replace(world.event, id=status, status=status) for status in ("anomaly", "recovered", "rejected"))
    assert judge(others, world.cube, world.change, START, 1e-6) == others


def test_judging_twice_gives_the_same_and_writes_nothing() -> None:
    world = World()
    before = world.cube.reflectance.copy(), world.change.anomalous.copy()
    assert world.judged(0.1) == world.judged(0.1)
    assert np.array_equal(before[0], world.cube.reflectance)
    assert np.array_equal(before[1], world.change.anomalous)


def test_doubtful_events_come_after_confirmed_ones() -> None:
    world = World()
    weak = replace(world.event, id="weak", geometry=to_wgs84(outline(np.array([2, 3]), np.array([2, 2]), GRID), CRS))
    world.change.first_anomaly[2:4, 2] = world.change.first_anomaly[PLACE].max()  # nothing steps there
    even = (1 - p_real(known(world), 1.0)) / p_real(known(world), 1.0)
    told = judge((weak, world.event), world.cube, world.change, START, even * 2)
    assert [event.status for event in told] == ["confirmed", "anomaly"]
    assert told[1].id == "weak"


# ---------------------------------------------------------------- the way back from an outline
@given(arrays(bool, (7, 9)).filter(np.any))
def test_an_outline_gives_back_its_pixels(mask: NDArray[np.bool_]) -> None:
    rows, cols = np.nonzero(mask)
    back = pixels_of(to_wgs84(outline(rows, cols, GRID), CRS), GRID)
    assert np.array_equal(back[0], rows)
    assert np.array_equal(back[1], cols)
