"""Pixel scores: cases a reader can count, and what must hold for any truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spadework.evaluate.pixels import PixelTruth, place_began, score_pixels


def truth_of(onset: list[int], place: list[int], counted: list[bool] | None = None) -> PixelTruth:
    days = np.array(onset, np.int32)
    began = place_began(days, np.array(place, np.int32))
    kind = np.where(days > 0, 1, 0).astype(np.uint8)
    calm = np.ones(len(onset), bool) if counted is None else np.array(counted)
    return PixelTruth(days, began, calm, kind, np.zeros(len(onset), np.uint8), ("none", "cut"), ("forest",))


def test_a_place_begins_with_its_first_pixel() -> None:
    onset, place = np.array([[105, 100], [0, 300]], np.int32), np.array([[1, 1], [0, 2]], np.int32)
    assert place_began(onset, place).tolist() == [[100, 100], [0, 300]]


def test_hits_misses_and_early_alarms() -> None:
    # hit 20 days late, hit 50 days late, hit 200 days late, early, missed, no answer
    score = score_pixels(
        np.array([120, 150, 300, 90, 0, -1], np.int32), truth_of([100, 100, 100, 100, 100, 100], [1] * 6), years=2.0
    )
    assert [score.det, score.early] == pytest.approx([1 / 2, 1 / 6])
    assert [score.det_30, score.det_60, score.det_120] == pytest.approx([1 / 6, 2 / 6, 2 / 6])
    assert score.delay_days == 50
    assert score.not_assessed == pytest.approx(1 / 6)
    assert score.changed == 6


def test_an_alarm_after_the_place_began_is_a_hit_without_delay() -> None:
    score = score_pixels(np.array([105, 125], np.int32), truth_of([110, 100], [4, 4]), years=1.0)
    assert (score.det, score.early, score.delay_days) == (1.0, 0.0, 12.5)


def test_an_alarm_before_the_place_began_is_early_although_another_place_had() -> None:
    score = score_pixels(np.array([105, 125], np.int32), truth_of([110, 100], [4, 5]), years=1.0)
    assert (score.det, score.early) == (0.5, 0.5)


def test_false_alarms_are_counted_per_pixel_and_year_and_not_where_uncounted() -> None:
    truth = truth_of([0, 0, 0, 0, 0, 100], [0, 0, 0, 0, 0, 1], counted=[True, True, True, True, False, True])
    score = score_pixels(np.array([50, 0, 0, -1, 70, 130], np.int32), truth, years=2.0)
    assert score.far == 0.125  # one alarm, four pixels, two years
    assert score.uncounted_alarmed == 1.0
    assert score.far_by_cover == (("forest", 0.125),)
    assert score.det_by_kind == (("cut", 1.0),)
    assert (score.changed, score.calm) == (1, 4)


def test_without_changed_or_calm_pixels_shares_are_nan() -> None:
    calm = score_pixels(np.zeros(2, np.int32), truth_of([0, 0], [0, 0]), years=1.0)
    assert math.isnan(calm.det)
    assert math.isnan(calm.delay_days)
    changed = score_pixels(np.zeros(2, np.int32), truth_of([9, 9], [1, 1]), years=1.0)
    assert math.isnan(changed.far)
    assert changed.det == 0.0


def test_the_truth_of_some_pixels() -> None:
    part = truth_of([110, 100, 0], [4, 4, 0]).at(np.array([0, 2]))
    assert part.onset.tolist() == [110, 0]
    assert part.began.tolist() == [100, 0]  # still the place's first day, though that pixel is left out


def test_shapes_and_years_must_fit() -> None:
    with pytest.raises(ValueError, match="expected"):
        score_pixels(np.zeros(3, np.int32), truth_of([0, 0], [0, 0]), years=1.0)
    with pytest.raises(ValueError, match="years"):
        score_pixels(np.zeros(2, np.int32), truth_of([0, 0], [0, 0]), years=0.0)
    with pytest.raises(ValueError, match="counted"):
        truth_of([0, 0], [0, 0], counted=[True])


pixel = st.tuples(st.integers(0, 400), st.integers(0, 3), st.integers(-1, 500), st.booleans())


@given(st.lists(pixel, min_size=1, max_size=40))
def test_every_changed_pixel_is_hit_early_or_missed_and_later_limits_catch_more(
    pixels: list[tuple[int, int, int, bool]],
) -> None:
    onset, place, alarm, counted = (list(column) for column in zip(*pixels, strict=True))
    score = score_pixels(np.array(alarm, np.int32), truth_of(onset, place, counted), years=1.5)
    assert score.changed + score.calm == sum(o > 0 or c for o, c in zip(onset, counted, strict=True))
    if score.changed:
        assert 0 <= score.det_30 <= score.det_60 <= score.det_120 <= score.det <= 1 - score.early + 1e-12
    if score.calm:
        assert 0 <= score.far <= 1 / 1.5
