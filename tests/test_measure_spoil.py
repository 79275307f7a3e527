"""Bounds on spoil, the excavation that it implies, and what passes an opening."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from grounds import at, empty
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.errors import UserError
from spadework.measure.budget import Z90
from spadework.measure.excavation import ExcavationSettings, measure_excavation, section_m2
from spadework.measure.machines import MACHINES
from spadework.measure.passage import PassageSettings, measure_passage, verdict
from spadework.measure.spoil import SpoilSettings, measure_spoil, roof_distances, roof_volume
from spadework.records import Measurement


def ellipse(a: float, b: float, corners: int = 360) -> list[tuple[float, float]]:
    """Half axes in metres, on an image of half-metre pixels."""
    image = empty()
    turns = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    return at(image, *((200 + 2 * a * math.cos(t), 200 + 2 * b * math.sin(t)) for t in turns))


def roof(a: float, b: float, angle: float, height: float = math.inf) -> float:
    turns = np.linspace(0, 2 * math.pi, 360, endpoint=False)
    shape = shapely.Polygon(np.column_stack([a * np.cos(turns), b * np.sin(turns)]))
    return float(roof_volume(*roof_distances(shape), np.array([math.tan(math.radians(angle))]), np.array([height]))[0])


FACTS = [(10, 10, (473, 659, 852), 564), (30, 12, (2536, 3532, 4564), 2479), (60, 20, (14338, 19968, 25801), 9474)]
"""Half axes; m3 at 25, 33 and 40 degrees; m3 at 33 degrees under 3 m: from pixels of half a metre, which lose up to 3 %."""


@pytest.mark.parametrize(("a", "b", "volumes", "cut"), FACTS)
def test_roofs_over_outlines_agree_with_those_over_pixels(a: float, b: float, volumes: tuple[float, ...], cut: float) -> None:
    for angle, volume in zip((25, 33, 40), volumes, strict=True):
        assert volume < roof(a, b, angle) < 1.033 * volume
    assert cut < roof(a, b, 33, 3.0) < 1.019 * cut


def test_a_cone_and_its_frustum_come_out_right() -> None:
    slope = math.tan(math.radians(33))
    assert roof(10, 10, 33) == pytest.approx(math.pi * 100 * 10 * slope / 3, rel=2e-3)  # 680 m3
    top = 10 - 3 / slope
    assert roof(10, 10, 33, 3.0) == pytest.approx(math.pi * 3 / 3 * (100 + 10 * top + top**2), rel=2e-3)


def test_a_ridge_over_a_rectangle_comes_out_right() -> None:
    # 40 x 12 m at 45 degrees: a hip roof 6 m high, w^2 L / 4 - w^3 / 12.
    distances, cell = roof_distances(shapely.box(0, 0, 40, 12))
    volume = roof_volume(distances, cell, np.array([1.0]), np.array([np.inf]))
    assert volume[0] == pytest.approx(144 * 40 / 4 - 1728 / 12, rel=2e-3)


def test_an_outline_alone_gives_at_most() -> None:
    got = measure_spoil(empty(), ellipse(10, 10))
    assert got.kind == "at most"
    assert got.low is None
    assert got.value == pytest.approx(680, rel=3e-3)
    # The 95th percentile of 25 to 40 degrees is 39.25; half a pixel of outline adds a little.
    steepest = roof(10, 10, 39.25)
    assert got.high is not None
    assert steepest < got.high < 1.05 * steepest
    assert got.shares
    assert sum(share for _, share in got.budget) == pytest.approx(1)
    assert max(got.budget, key=lambda term: term[1])[0] == "angle of repose"
    assert any("hauled away" in warning for warning in got.warnings)
    assert any("level" in warning for warning in got.warnings)


def test_a_height_gives_both_bounds() -> None:
    got = measure_spoil(empty(), ellipse(30, 12), SpoilSettings(height_m=3.0, height_u_m=0.0, outline_px=0.0, scale_share=0.0))
    assert got.kind == "interval"
    assert got.value == pytest.approx(2503, rel=3e-3)
    # One cone of 3 m at the steepest angle, up to the flattest roof cut off at 3 m.
    assert got.low == pytest.approx(math.pi * 27 / 3 / math.tan(math.radians(39.25)) ** 2, rel=0.02)
    assert got.high == pytest.approx(roof(30, 12, 39.25, 3.0), rel=0.01)
    unsure = measure_spoil(empty(), ellipse(30, 12), SpoilSettings(height_m=3.0, height_u_m=0.6))
    assert got.low is not None
    assert unsure.low is not None
    assert unsure.low < got.low
    assert dict(unsure.budget)["height"] > 0.5


def test_a_crest_that_no_loose_heap_holds_is_told() -> None:
    got = measure_spoil(empty(), ellipse(10, 10), SpoilSettings(height_m=12.0))
    # 10 m tan(40) is 8.4 m, seen from a point near the middle.
    assert "at most 8.3 m high" in got.warnings[-1]
    assert got.low is not None
    assert got.high is not None
    assert got.low < got.high


@settings(max_examples=30, deadline=None)
@given(st.floats(4, 40), st.floats(0.3, 1.0), st.floats(0.5, 15))
def test_bounds_keep_their_order(a: float, flat: float, height: float) -> None:
    got = measure_spoil(empty(), ellipse(a, a * flat, 24), SpoilSettings(height_m=height, draws=200))
    free = measure_spoil(empty(), ellipse(a, a * flat, 24), SpoilSettings(draws=200))
    assert got.low is not None
    assert got.value is not None
    assert got.high is not None
    assert free.high is not None
    assert 0 <= got.low <= got.high
    assert got.value <= got.high <= free.high * 1.0001


def test_wrong_spoil_is_the_users_fault_and_a_dot_is_refused() -> None:
    with pytest.raises(UserError, match="flattest, usual, steepest"):
        measure_spoil(empty(), ellipse(10, 10), SpoilSettings(repose_deg=(40, 33, 25)))
    with pytest.raises(UserError, match="none of a heap"):
        measure_spoil(empty(), ellipse(10, 10), SpoilSettings(height_m=-1))
    dot = measure_spoil(empty(), at(empty(), (10, 10), (11, 10), (11, 12)))
    assert dot.value is None
    assert "a heap needs 4 or more" in str(dot.refused)


def volume(low: float | None, value: float | None, high: float | None, **known: object) -> Measurement:
    blank = Measurement("V", "spoil volume", "m3", value, low, high, "one", "as drawn")
    return replace(blank, **known)  # type: ignore[arg-type]  # fields of a Measurement


def width(value: float | None, half: float, **known: object) -> Measurement:
    low, high = (None, None) if value is None else (value - half, value + half)
    return replace(Measurement("W", "width", "m", value, low, high, "one", "two edges"), **known)  # type: ignore[arg-type]


def test_a_d_shaped_section_is_a_box_under_half_a_circle() -> None:
    # 4.57 m wide and 4.75 m high: 4.57 x 2.465 + pi 4.57^2 / 8.
    assert section_m2(np.array([4.57]), np.array([4.75]))[0] == pytest.approx(19.47, abs=0.01)
    # Wider than twice its height: a flat arch of no walls.
    assert section_m2(np.array([12.0]), np.array([4.0]))[0] == pytest.approx(math.pi / 4 * 12 * 4)


def test_three_thousand_cubic_metres_are_some_ninety_metres_of_tunnel() -> None:
    sigma = math.sqrt(math.log(1 + 0.25**2))
    spoil = volume(3000 * math.exp(-Z90 * sigma), 3000, 3000 * math.exp(Z90 * sigma))
    got = measure_excavation(spoil, width(4.57, Z90 * 0.10))
    # facts, section 5: 54 to 141 m, median 87; shares .74, .13, .10, .03.
    assert got.low == pytest.approx(54, abs=1.5)
    assert got.value == pytest.approx(87, abs=1.5)
    assert got.high == pytest.approx(141, abs=3)
    expected = {"spoil volume": 0.74, "section": 0.13, "bulking": 0.10, "overbreak": 0.03}
    assert dict(got.budget) == pytest.approx(expected, abs=0.015)
    assert got.kind == "interval"
    assert "hauled away" in got.warnings[0]
    assert measure_excavation(spoil, width(4.57, Z90 * 0.10)) == got


def test_one_bound_of_spoil_gives_one_bound_of_length() -> None:
    plain = ExcavationSettings(bulking=(1.5, 1.5), overbreak=(1.0, 1.0), height_m=(4.0, 4.0))
    exact = width(4.0, 0.0)
    per_m = 1.5 * (4.0 * 2.0 + math.pi * 2.0)
    most = measure_excavation(volume(None, 600, 900, kind="at most"), exact, plain)
    assert (most.kind, most.low) == ("at most", None)
    assert most.value == pytest.approx(600 / per_m)
    assert most.high == pytest.approx(900 / per_m)
    assert "none of the tunnel" in most.warnings[-1]
    least = measure_excavation(volume(300, 600, None, kind="at least"), exact, plain)
    assert (least.kind, least.high) == ("at least", None)
    assert least.low == pytest.approx(300 / per_m)
    flat = measure_excavation(volume(0.0, 600, 900), exact, plain)
    assert flat.kind == "at most"


def test_an_excavation_says_what_it_had_to_assume() -> None:
    got = measure_excavation(volume(2000, 3000, 4500))
    assert "3.5 to 6 m are taken" in got.warnings[-1]
    wide = measure_excavation(volume(2000, 3000, 4500), width(None, 0, refused="one edge"))
    assert wide == got
    gone = measure_excavation(volume(None, None, None, refused="the outline holds 2 pixels"))
    assert gone.refused == "the spoil volume was refused: the outline holds 2 pixels"
    with pytest.raises(UserError, match="not a volume"):
        measure_excavation(width(4.5, 0.1))
    with pytest.raises(UserError, match="not a width"):
        measure_excavation(volume(1, 2, 3), volume(1, 2, 3))
    with pytest.raises(UserError, match="is no range"):
        measure_excavation(volume(1, 2, 3), settings=ExcavationSettings(bulking=(1.8, 1.3)))


def passes(opening: Measurement, known: PassageSettings | None = None) -> dict[str, Measurement]:
    return {machine.kind: got for machine, got in zip(MACHINES, measure_passage(opening, known), strict=True)}


@pytest.mark.parametrize(("half", "probability"), [(0.15, 0.97), (0.27, 0.85), (0.35, 0.79)])
def test_a_d8_class_bulldozer_may_or_may_not_pass_fifteen_feet(half: float, probability: float) -> None:
    # facts, section 5: 4.4 m of blade and clearance through 4.57 m, half-widths of .3, .5 and .7 m a pixel.
    known = PassageSettings(clearance_m=(0.3, 4.4 - 3.94, 0.8), machine_u_m=0.0)
    got = passes(width(4.57, half), known)
    assert got["bulldozer, D8 class"].value == pytest.approx(probability, abs=0.01)
    assert got["rigid hauler, 55 t"].value == pytest.approx(0, abs=0.006)
    assert all(got[m.kind].value == pytest.approx(1, abs=0.005) for m in MACHINES if m.width_m < 3.3)


def test_no_yes_or_no_within_the_interval() -> None:
    opening = width(4.57, 0.27)
    for kind, got in passes(opening).items():
        assert got.value is not None
        need = dict(got.model)["machine width, m"] + 0.5
        u = math.hypot(0.27 / Z90, 0.05)
        close = abs(4.57 - need) < 1.645 * u
        assert (verdict(got.value) == "too close to call") == close, kind
        assert ("too close to call" in got.warnings) == close
        assert got.low is not None
        assert got.high is not None
        assert 0 <= got.low <= got.value <= got.high <= 1
        assert got.warnings[0].startswith("width only")
    assert (verdict(0.96), verdict(0.04)) == ("passes", "does not pass")


def test_a_known_height_counts_as_well() -> None:
    low = passes(width(6.0, 0.2), PassageSettings(height_m=3.4, height_u_m=0.1))
    assert low["car"].value == pytest.approx(1, abs=1e-3)
    assert low["tipper truck"].value == pytest.approx(0, abs=1e-3)
    # Wide enough by far; 3.4 m is 3.2 m and headroom: even odds.
    assert low["bulldozer, D6 class"].value == pytest.approx(0.5, abs=0.01)
    assert all(got.warnings[0].startswith("a clear rectangle") for got in low.values())


@settings(max_examples=50, deadline=None)
@given(st.floats(1.5, 8), st.floats(0.05, 0.5), st.floats(0.01, 1))
def test_wider_openings_pass_no_less(wide: float, half: float, more: float) -> None:
    narrow, broad = measure_passage(width(wide, half)), measure_passage(width(wide + more, half))
    for one, other in zip(narrow, broad, strict=True):
        assert one.value is not None
        assert other.value is not None
        assert other.value >= one.value


def test_a_width_that_was_refused_passes_nothing() -> None:
    for got in measure_passage(width(None, 0, refused="one edge only")):
        assert got.refused == "the width was refused: one edge only"
    bound = measure_passage(width(4.5, 0.2, kind="at most"))
    assert all("has no interval" in str(got.refused) for got in bound)
    with pytest.raises(UserError, match="not a width"):
        measure_passage(volume(1, 2, 3))
    with pytest.raises(UserError, match="least, usual, most"):
        measure_passage(width(4.5, 0.2), PassageSettings(clearance_m=(0.8, 0.5, 0.3)))
    with pytest.raises(UserError, match="none of an opening"):
        measure_passage(width(4.5, 0.2), PassageSettings(height_m=0))


def test_the_table_of_machines_is_in_order_and_sourced() -> None:
    assert [machine.width_m for machine in MACHINES] == sorted(machine.width_m for machine in MACHINES)
    assert len({machine.kind for machine in MACHINES}) == len(MACHINES)
    for machine in MACHINES:
        assert 1.5 < machine.width_m < 5.5
        assert 1.2 < machine.height_m < 5
        assert machine.width_m < machine.length_m < 20
        assert machine.document
        assert ("not opened again" in machine.source) != machine.checked
