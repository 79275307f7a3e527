"""Numbers that contradict their catalogue: corrected where that restores continuity, else dropped, never by guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spadework.cube import MISSING
from spadework.radiometry import Verdict, check_offset, is_blank, share_below, to_cube_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

DARK = (300, 500, 400, 2500, 1800, 900)
"""Vegetation: blue, green, red, nir, swir16, swir22."""
BRIGHT = (1500, 2000, 2600, 3200, 3900, 3600)
"""Desert."""


@dataclass
class Series:
    """Looks over 20 x 20 pixels of one ground, with noise of 30."""

    values: NDArray[np.int16]
    clear: NDArray[np.bool_]

    def judge(self, step: int) -> Verdict:
        return check_offset(self.values, self.clear, (0, 2), step, tuple(range(len(self.values))))


def series(ground: tuple[int, ...], looks: int = 5) -> Series:
    rng = np.random.default_rng(7)
    level = np.array(ground)[None, :, None, None] + rng.normal(0, 30, (looks, 6, 20, 20))
    return Series(np.rint(level).astype(np.int16), np.ones((looks, 20, 20), dtype=bool))


def test_good_looks_are_kept() -> None:
    for ground in (DARK, BRIGHT):
        some = series(ground)
        assert [some.judge(n).action for n in range(5)] == ["keep"] * 5


# ---------------------------------------------------------------- (a) below zero
@pytest.mark.parametrize("step", [0, 2, 4])
def test_dark_ground_below_zero_is_corrected_where_1000_more_restore_continuity(step: int) -> None:
    some = series(DARK)
    some.values[step] -= 1000
    verdict = some.judge(step)
    assert (verdict.action, verdict.add) == ("correct", 1000)
    assert "below zero" in verdict.why
    some.values[step] += np.int16(verdict.add)
    assert [some.judge(n).action for n in range(5)] == ["keep"] * 5


@pytest.mark.parametrize("by", [600, 1400, 2000])
def test_dark_ground_below_zero_is_dropped_where_1000_more_do_not_help(by: int) -> None:
    some = series(DARK)
    some.values[2] -= np.int16(by)
    verdict = some.judge(2)
    assert (verdict.action, verdict.add) == ("drop", 0)
    assert "no offset restores continuity" in verdict.why


def test_below_zero_without_any_neighbour_is_dropped() -> None:
    some = series(DARK, looks=1)
    some.values -= 1000
    assert some.judge(0).action == "drop"


@pytest.mark.parametrize(("pixels", "action"), [(20, "keep"), (21, "drop")])
def test_five_per_cent_of_the_clear_pixels_below_zero_are_still_kept(pixels: int, action: str) -> None:
    some = series(DARK)
    some.values[2, 0].reshape(-1)[:pixels] = -5
    assert share_below(some.values, some.clear, (0, 2), 2) == pixels / 400
    assert some.judge(2).action == action


def test_only_clear_pixels_of_blue_and_red_count() -> None:
    some = series(DARK)
    some.values[2, :, :10] = -800
    some.clear[2, :10] = False
    some.values[2, 4] = -5  # swir16 below zero says nothing of the offset
    assert share_below(some.values, some.clear, (0, 2), 2) == 0.0
    assert some.judge(2).action == "keep"


# ---------------------------------------------------------------- (b) a step against both neighbours
@pytest.mark.parametrize(("ground", "by"), [(DARK, 1000), (BRIGHT, 1000), (BRIGHT, -1000), (BRIGHT, 750), (BRIGHT, 1250)])
def test_a_step_of_all_bands_against_both_neighbours_is_corrected(ground: tuple[int, ...], by: int) -> None:
    some = series(ground)
    some.values[2] += np.int16(by)
    verdict = some.judge(2)
    assert (verdict.action, verdict.add) == ("correct", -1000 if by > 0 else 1000)
    assert "both neighbouring looks" in verdict.why


@pytest.mark.parametrize("by", [400, 650, 1350, 2000, -650])
def test_another_step_is_not_ours_to_mend(by: int) -> None:
    some = series(BRIGHT)
    some.values[2] += np.int16(by)
    assert some.judge(2).action == "keep"


@pytest.mark.parametrize("by", [1000, -1000])
def test_a_wrong_look_does_not_take_its_neighbours_with_it(by: int) -> None:
    some = series(BRIGHT)
    some.values[2] += np.int16(by)
    assert [some.judge(n).action for n in (0, 1, 3, 4)] == ["keep"] * 4


def test_at_the_end_of_the_series_a_step_against_one_neighbour_is_no_proof() -> None:
    some = series(BRIGHT)
    some.values[4] += 1000
    assert some.judge(4).action == "keep"


def test_real_changes_haze_and_snow_are_not_corrected() -> None:
    cleared = series(DARK)  # from look 2 on, 40 % of the site is bare
    cleared.values[2:, :, :8] += 1000
    haze = series(DARK)  # scattering: much in blue, little in the short-wave infrared
    haze.values[2] += np.array([1100, 950, 800, 500, 150, 80], dtype=np.int16)[:, None, None]
    snow = series(DARK)  # missed by the mask: bright where visible, dark beyond
    snow.values[2] = np.array([7000, 7000, 6800, 5500, 900, 700], dtype=np.int16)[:, None, None]
    built = series(DARK)  # all of it, once and for all: a step against the one neighbour, not against the other
    built.values[2:] += 1000
    for some in (cleared, haze, snow, built):
        assert [some.judge(n).action for n in range(5)] == ["keep"] * 5


def test_too_little_common_ground_is_no_comparison() -> None:
    some = series(BRIGHT)
    some.values[2] += 1000
    some.clear[2] = False
    some.clear[2, 0, :] = some.clear[2, 1, :] = True  # 40 pixels
    assert some.judge(2).action == "keep"
    some.clear[2, 2, :] = True  # 60
    assert some.judge(2).action == "correct"
    some.clear[2] = False
    assert some.judge(2) == Verdict("keep")


def test_the_nearest_look_with_common_ground_is_the_neighbour() -> None:
    some = series(BRIGHT)
    some.values[2] += 1000
    some.clear[1] = some.clear[3] = False
    assert some.judge(2).action == "correct"


# ---------------------------------------------------------------- raw numbers to the cube
@pytest.mark.parametrize(
    ("raw", "scale", "offset", "nodata", "expected"),
    [
        (1234, 1e-4, 0.0, 0.0, 1234),
        (1234, 1e-4, -0.1, 0.0, 234),
        (500, 1e-4, -0.1, 0.0, -500),
        (0, 1e-4, -0.1, 0.0, MISSING),
        (0, 1e-4, -0.1, None, -1000),
        (7273, 2.75e-5, -0.2, 0.0, 0),
        (43636, 2.75e-5, -0.2, 0.0, 10000),
        (65535, 1e-3, 0.0, None, 32000),
        (5, 0.5e-4, 0.0, None, 2),
        (7, 0.5e-4, 0.0, None, 4),
    ],
)
def test_raw_numbers_become_reflectance(raw: int, scale: float, offset: float, nodata: float | None, expected: int) -> None:
    assert int(to_cube_units(np.array([raw], dtype=np.uint16), scale, offset, nodata)[0]) == expected


def test_what_is_not_finite_is_missing_and_the_input_stays() -> None:
    raw = np.array([np.nan, np.inf, -np.inf, 0.5, -9999.0], dtype=np.float32)
    assert to_cube_units(raw, 1.0, 0.0, float("nan")).tolist() == [MISSING, MISSING, MISSING, 5000, -32000]
    assert to_cube_units(raw, 1.0, 0.0, -9999.0).tolist() == [MISSING, MISSING, MISSING, 5000, MISSING]
    assert raw[4] == -9999.0


@given(st.integers(1, 65535), st.sampled_from([0.0, -0.1]))
def test_sentinel_2_numbers_are_exact(raw: int, offset: float) -> None:
    assert int(to_cube_units(np.array([raw], dtype=np.uint16), 1e-4, offset, 0.0)[0]) == min(
        raw + round(offset * 10_000), 32_000
    )


# ---------------------------------------------------------------- no ground
def test_a_look_is_blank_where_every_band_has_one_number_on_nearly_all_clear_pixels() -> None:
    some = series(DARK, looks=2)
    some.values[0] = np.array(DARK)[:, None, None]
    assert [is_blank(some.values, some.clear, n) for n in range(2)] == [True, False]
    some.values[0, :, 0, :20] += 7  # 20 of 400 pixels: .95 are left
    assert is_blank(some.values, some.clear, 0)
    some.values[0, 3, 1, 0] += 7  # in one band one more
    assert not is_blank(some.values, some.clear, 0)
    some.clear[0, :2] = False  # what is not clear says nothing
    assert is_blank(some.values, some.clear, 0)
    some.clear[0, 2:] = np.arange(360).reshape(18, 20) < 49
    assert not is_blank(some.values, some.clear, 0)
    some.clear[0] = False
    assert not is_blank(some.values, some.clear, 0)


def test_a_large_look_is_judged_by_some_of_its_pixels() -> None:
    values, clear = np.full((2, 1, 301, 305), 7, np.int16), np.ones((2, 301, 305), np.bool_)
    values[1] = np.random.default_rng(1).integers(0, 99, (1, 301, 305))
    assert [is_blank(values, clear, n) for n in range(2)] == [True, False]
