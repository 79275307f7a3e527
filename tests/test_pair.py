"""Change between two images: stable ground, scatter, shadow, patches, limits, and models from outside."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spadework.change.pair import DifferenceSettings, PairSettings, PatchSettings, change_probability, difference_of, patches_of
from spadework.change.pair.limits import confidence_of, limits_of
from spadework.change.pair.scatter import odds_of
from spadework.change.pair.shadow import ShadowSettings, shadow_of
from spadework.change.pair.stable import Sample, StableSettings, learn
from spadework.cube import Image
from spadework.errors import UserError
from spadework.records import VhrScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

JUNE = dt.datetime(2025, 6, 30, 8, tzinfo=dt.UTC)
HALF_M = (0.5, 0.0, 500_000.0, 0.0, -0.5, 4_000_000.0)


def image(values: NDArray[np.generic], name: str = "one", **known: object) -> Image:
    """An image of half-metre pixels with data where the first band is not 0."""
    cube = np.atleast_3d(values).astype(np.float32) if values.ndim == 3 else values.astype(np.float32)[None]
    bands = ("red", "green", "blue") if len(cube) == 3 else tuple(f"band{n + 1}" for n in range(len(cube)))
    scene = replace(VhrScene(name, crs="EPSG:32637", gsd_m=(0.5, 0.5)), **known)  # type: ignore[arg-type]
    return Image(cube, cube[0] != 0, bands, HALF_M, scene)


def textured(seed: int = 0, size: int = 120, bands: int = 1) -> NDArray[np.float64]:
    """Blocks and streaks of different brightness, around 400, none at 0."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.normal(0, 60, (size // 12, size // 12)), np.ones((12, 12)))
    fine = ndimage.gaussian_filter(rng.normal(0, 60, (size, size)), 1.5)
    return np.stack([400 + coarse * (1 + 0.2 * n) + fine for n in range(bands)])


def noisy(values: NDArray[np.float64], seed: int, noise: float = 3.0, bits: int = 11) -> NDArray[np.float64]:
    seen = values + np.random.default_rng(seed).normal(0, noise, values.shape)
    scale = (2**bits - 1) / 2047
    return np.asarray(np.clip(np.round(seen * scale), 1, 2**bits - 1))


# ---------------------------------------------------------------- stable ground
def sample(before: NDArray[np.float64], after: NDArray[np.float64], slope: NDArray[np.float64] | None = None) -> Sample:
    flat = np.zeros(before.size) if slope is None else slope
    parts = (before, after, flat, flat, np.linspace(-1, 1, before.size), np.zeros(before.size))
    return Sample(*(np.asarray(part, dtype=np.float32) for part in parts))


def test_a_gain_and_an_offset_are_taken_out_exactly() -> None:
    before = np.tile(np.arange(100.0, 200.0), 20)
    ground = learn(sample(before, 3 * before + 50), StableSettings())
    assert ground.centres[1] == pytest.approx(3 * ground.centres[0] + 50)
    assert ground.scales[1] == pytest.approx(3 * ground.scales[0], rel=1e-5)
    assert ground.squared(sample(before, 3 * before + 50)).max() < 0.01


def test_a_changed_fifth_of_the_pixels_does_not_move_the_tone_of_the_rest() -> None:
    before = np.tile(np.arange(100.0, 200.0), 20)
    after = 2 * before
    after[::5] = 900
    ground = learn(sample(before, after), StableSettings())
    squared = ground.squared(sample(before, after))
    assert np.delete(squared, np.s_[::5]).max() < 1
    assert squared[::5].min() > 100


def test_a_curved_tone_and_a_slope_over_the_image_are_taken_out() -> None:
    before = np.random.default_rng(1).uniform(100, 200, 20_000)
    after = 0.01 * before**2 + 5 * np.linspace(-1, 1, before.size) + np.random.default_rng(2).normal(0, 1, before.size)
    ground = learn(sample(before, after), StableSettings())
    assert ground.squared(sample(before, after)).mean() == pytest.approx(1.0, abs=0.15)
    assert ground.haze[1] * ground.scales[1] == pytest.approx(-5, rel=0.1)


def test_scatter_is_noise_plus_what_a_shift_does_on_slopes() -> None:
    rng = np.random.default_rng(3)
    before = rng.normal(0, 10, 200_000)
    slope = rng.uniform(0, 9, before.size)  # squared gradient
    after = before + rng.normal(0, 1, before.size) + 0.5 * np.sqrt(slope) * rng.normal(0, 1, before.size)
    ground = learn(sample(before, after, slope), StableSettings())
    unit = ground.scales[0] ** 2
    assert ground.noise * unit == pytest.approx(1, rel=0.1)
    assert ground.jitter == pytest.approx(0.25, rel=0.1)


# ---------------------------------------------------------------- no change
@pytest.mark.parametrize("bits", [8, 11, 16])
@pytest.mark.parametrize("bands", [1, 3])
def test_two_noisy_looks_at_the_same_ground_show_no_change(bits: int, bands: int) -> None:
    truth = textured(4, 240, bands)
    pair = change_probability(image(noisy(truth, 1, bits=bits)), image(noisy(truth, 2, bits=bits), "two"))
    assert (pair.probability >= 0.5).mean() < 1e-3
    assert pair.comparable.mean() > 0.85


def test_half_a_pixel_of_misalignment_and_another_tone_are_hardly_a_change() -> None:
    truth = textured(5, 240, 3)
    moved = np.stack([ndimage.shift(band, (0.3, 0.4), mode="nearest") for band in truth])
    pair = change_probability(image(noisy(truth, 1)), image(noisy(1.3 * moved - 90, 2), "two"))
    assert (pair.probability >= 0.5).mean() < 0.005


def test_an_image_with_itself_shows_no_change_at_all() -> None:
    one = image(noisy(textured(6), 1))
    pair = change_probability(one, one)
    assert np.nanmax(pair.probability) == 0


def test_two_images_without_any_texture_show_no_change() -> None:
    pair = change_probability(image(np.full((80, 80), 100.0)), image(np.full((80, 80), 120.0), "two"))
    assert pair.comparable.all()
    assert pair.probability.max() == 0


# ---------------------------------------------------------------- change
def dug(truth: NDArray[np.float64], step: float = 150.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    where = np.zeros(truth.shape[1:], dtype=np.bool_)
    where[50:70, 40:70] = True
    return np.where(where, truth.mean() + step + 0.2 * (truth - truth.mean()), truth), where


@pytest.mark.parametrize("bits", [8, 11, 16])
def test_dug_ground_is_found_and_little_else(bits: int) -> None:
    truth = textured(7, 240, 3)
    after, where = dug(truth)
    pair = change_probability(image(noisy(truth, 1, bits=bits)), image(noisy(after, 2, bits=bits), "two"))
    found = pair.probability >= 0.5
    assert found[where].mean() > 0.85
    assert found[~ndimage.binary_dilation(where, iterations=4)].mean() < 0.002


def test_a_rough_half_under_another_sun_does_not_hide_change_on_the_plain() -> None:
    truth = textured(31, 240)
    after, where = dug(truth, 100)
    lit_otherwise = np.random.default_rng(32).normal(0, 40, truth.shape)
    lit_otherwise[:, :, :120] = 0
    pair = change_probability(image(noisy(truth, 1)), image(noisy(after + lit_otherwise, 2), "two"))
    found = pair.probability >= 0.5
    assert found[where].mean() > 0.8
    assert found[:, 130:].mean() < 0.001


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 3]), st.floats(0, 300))
def test_swapping_the_images_gives_the_same_map(seed: int, bands: int, step: float) -> None:
    truth = textured(seed, 120, bands)
    after, _ = dug(truth, step)
    one, two = image(noisy(truth, seed + 1)), image(noisy(0.7 * after + 30, seed + 2), "two")
    there, back = change_probability(one, two), change_probability(two, one)
    assert np.array_equal(there.probability, back.probability, equal_nan=True)
    assert np.nanmin(there.probability) >= 0
    assert np.nanmax(there.probability) <= 1


def test_a_large_image_in_blocks_gives_what_one_block_gives() -> None:
    truth = textured(8, 240)
    after, _ = dug(truth)
    one, two = image(noisy(truth, 1)), image(noisy(after, 2), "two")
    whole = change_probability(one, two, PairSettings(DifferenceSettings(block_px=1000))).probability
    blocks = change_probability(one, two, PairSettings(DifferenceSettings(block_px=77))).probability
    np.testing.assert_allclose(blocks, whole, atol=1e-5)


def test_the_larger_the_statistic_the_larger_the_probability() -> None:
    statistic = np.exp(np.random.default_rng(9).normal(0, 0.4, 50_000)).astype(np.float32)
    statistic[:1000] *= 60
    odds = odds_of(statistic)
    assert odds.changed == pytest.approx(0.02, abs=0.003)
    at = odds.probability(np.linspace(0.01, 500, 2000, dtype=np.float32))
    assert (np.diff(at) >= 0).all()
    assert at[0] == 0
    assert at[-1] > 0.999


def test_without_change_the_share_of_changed_pixels_is_nothing() -> None:
    odds = odds_of(np.random.default_rng(10).gamma(4, 0.25, 200_000).astype(np.float32))
    assert odds.changed < 1e-4


# ---------------------------------------------------------------- where nothing can be said
def test_borders_without_data_are_not_compared_and_make_no_change() -> None:
    truth = textured(11, 240)
    before, after = noisy(truth, 1), noisy(truth, 2)
    before[:, :30], after[:, :, 200:] = 0, 0
    pair = change_probability(image(before), image(after, "two"))
    assert not pair.comparable[:34].any()
    assert not pair.comparable[:, 196:].any()
    assert np.isnan(pair.probability[~pair.comparable]).all()
    assert np.isfinite(pair.probability[pair.comparable]).all()
    assert (pair.probability >= 0.5).mean() < 1e-3


def test_images_without_common_ground_get_no_probability_and_say_so() -> None:
    before, after = noisy(textured(12), 1), noisy(textured(12), 2)
    before[:, :, :70], after[:, :, 70:] = 0, 0
    pair = change_probability(image(before), image(after, "two"))
    assert np.isnan(pair.probability).all()
    assert not pair.comparable.any()
    assert "nothing is said" in pair.limits[0]


def test_other_bands_are_named() -> None:
    with pytest.raises(UserError, match="two: has bands red, green, blue, one has band1"):
        change_probability(image(textured(13)), image(textured(13, bands=3), "two"))


def test_another_grid_is_refused() -> None:
    one, other = image(textured(14)), image(textured(14), "two")
    with pytest.raises(UserError, match="does not lie on the grid of one"):
        change_probability(one, replace(other, transform=(0.5, 0, 500_000.5, 0, -0.5, 4_000_000)))
    with pytest.raises(UserError, match="does not lie on the grid of one"):
        change_probability(one, image(textured(14, 132), "two"))


# ---------------------------------------------------------------- shadow
def lit(sun_azimuth: float | None, sun_elevation: float | None) -> Image:
    """Ground at 400 with a dark strip 10 pixels wide (west to east) and 100 tall, and a dark pond of 100 x 100."""
    values = np.random.default_rng(15).normal(400, 5, (300, 300))
    values[100:200, 50:60] = 60
    values[100:200, 150:250] = 60
    return image(values, sun_azimuth=sun_azimuth, sun_elevation=sun_elevation)


def test_a_dark_strip_short_along_the_sun_is_shadow_and_a_wide_one_is_ground() -> None:
    shadow, known = shadow_of(lit(90.0, 45.0), ShadowSettings(tallest_m=25))  # at most 50 pixels, west to east
    assert known
    assert shadow[100:200, 50:60].all()
    assert shadow.sum() == 1000


def test_the_same_strip_along_the_sun_is_no_shadow() -> None:
    shadow, _ = shadow_of(lit(180.0, 45.0), ShadowSettings(tallest_m=25))
    assert not shadow.any()


def test_a_lower_sun_makes_longer_shadows() -> None:
    shadow, _ = shadow_of(lit(180.0, 20.0), ShadowSettings(tallest_m=25))  # 25 / tan 20 = 69 m = 138 pixels
    assert shadow.sum() == 11_000


def test_without_the_sun_only_the_darkest_is_left_out_and_the_reader_is_told() -> None:
    shadow, known = shadow_of(lit(None, None), ShadowSettings())
    assert not known
    assert shadow.sum() == 11_000
    pair = change_probability(lit(None, None), lit(90.0, 45.0))
    assert any("sun stood is not known" in said for said in pair.limits)


def test_flat_ground_has_no_shadow() -> None:
    values = np.random.default_rng(16).normal(400, 20, (100, 100))
    for flat in (image(values), image(values, sun_azimuth=90.0, sun_elevation=30.0)):
        assert not shadow_of(flat, ShadowSettings())[0].any()


# ---------------------------------------------------------------- patches
def test_patches_lie_on_pixel_edges_with_area_hole_and_mean() -> None:
    probability = np.zeros((40, 40), dtype=np.float32)
    probability[10:20, 5:15] = 0.75
    probability[14:16, 9:11] = np.nan
    probability[30, 30] = 1
    (patch,) = patches_of(probability, image(textured(17, 36)), PatchSettings(min_area_m2=1))
    assert patch.area_m2 == pytest.approx(96 * 0.25, rel=1e-3)
    assert patch.probability == pytest.approx(0.75)
    outline, hole = patch.geometry
    assert {min(outline), max(outline)} == {(500_002.5, 3_999_990.0), (500_007.5, 3_999_995.0)}
    assert {min(hole), max(hole)} == {(500_004.5, 3_999_992.0), (500_005.5, 3_999_993.0)}


def test_pixels_that_touch_by_a_corner_are_two_patches_and_small_ones_are_left_out() -> None:
    probability = np.zeros((20, 20), dtype=np.float32)
    probability[2:6, 2:6] = probability[6:11, 6:11] = 1
    probability[15:17, 15:17] = 1
    found = patches_of(probability, replace(image(textured(18, 24)), scene=VhrScene("bare")))
    assert [patch.probability for patch in found] == [1, 1]
    assert [patch.area_m2 for patch in found] == [None, None]


def test_no_change_gives_no_patch() -> None:
    assert patches_of(np.full((5, 5), np.nan, dtype=np.float32), image(textured(18, 12))) == ()


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32637", HALF_M),
        ("EPSG:3857", (0.5 / np.cos(np.radians(36.14)), 0, 4_341_000, 0, -0.5 / np.cos(np.radians(36.14)), 4_320_000)),
        ("EPSG:4326", (0.5 / 89_950, 0, 39.0, 0, -0.5 / 110_965, 36.14)),
    ],
)
def test_a_half_metre_pixel_has_a_quarter_square_metre_in_every_crs(
    crs: str, transform: tuple[float, float, float, float, float, float]
) -> None:
    one = replace(image(textured(19, 24)), transform=transform, scene=VhrScene("one", crs=crs))
    assert one.px_m2 == pytest.approx(0.25, rel=0.01)
    per_px = one.per_px_m
    assert per_px is not None
    np.testing.assert_allclose(per_px, [[0.5, 0], [0, -0.5]], atol=0.01)


# ---------------------------------------------------------------- limits
def scene(days: int | None = 0, **known: object) -> VhrScene:
    when = None if days is None else JUNE + dt.timedelta(days=days)
    return replace(VhrScene("a", datetime=when), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "confidence", "said"),
    [
        (scene(0), scene(30), "moderate", "direction of view is not known"),
        (scene(0), scene(121), "low", "4 months apart"),
        (scene(30), scene(0), "moderate", "direction of view"),
        (scene(0), scene(365), "low", "F1 .30"),
        (scene(None), scene(0), "low", "time between the images is not known"),
        (scene(off_nadir=0.0), scene(off_nadir=25.0, view_azimuth=90.0), "low", "directions of view differ by 25 degrees"),
        (
            scene(off_nadir=20.0, view_azimuth=90.0),
            scene(off_nadir=20.0, view_azimuth=270.0),
            "low",
            "directions of view differ by 40 degrees",
        ),
        (
            scene(sun_elevation=60.0, sun_azimuth=150.0),
            scene(sun_elevation=40.0, sun_azimuth=150.0),
            "moderate",
            "The sun stood 20 degrees elsewhere",
        ),
    ],
)
def test_confidence_and_limits_follow_from_time_view_and_sun(
    before: VhrScene, after: VhrScene, confidence: str, said: str
) -> None:
    assert confidence_of(before, after) == confidence
    assert any(said in sentence for sentence in limits_of(before, after, sunlit=True))


def test_a_good_pair_has_only_the_limits_that_always_hold() -> None:
    known = {"off_nadir": 5.0, "view_azimuth": 90.0, "sun_elevation": 50.0, "sun_azimuth": 150.0}
    assert len(limits_of(scene(0, **known), scene(20, **known), sunlit=True)) == 3


def test_images_that_differ_everywhere_are_said_to_show_little() -> None:
    pair = change_probability(image(textured(24), datetime=JUNE), image(textured(25), "two", datetime=JUNE))
    assert "most change stays unseen" in pair.limits[0]
    assert pair.confidence == "low"


def test_images_of_one_day_show_a_small_step() -> None:
    truth = textured(24)
    one, two = (image(noisy(truth, seed), f"look {seed}", datetime=JUNE) for seed in (1, 2))
    pair = change_probability(one, two)
    assert "shows from 0." in pair.limits[0]
    assert pair.confidence == "moderate"


# ---------------------------------------------------------------- a model from outside
def test_a_plain_callable_stands_in_for_the_detector() -> None:
    one, two = image(textured(20)), image(textured(21), "two")

    def brighter(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((before < after).mean(axis=0), dtype=np.float32)

    pair = change_probability(one, two, model=brighter, model_name="toy 1.0")
    assert pair.detector == "toy 1.0"
    assert pair.confidence == "low"
    assert np.array_equal(pair.probability, (one.values < two.values).mean(axis=0))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((5, 5), dtype=np.float32), r"gave \(5, 5\) for an image of \(120, 120\)"),
        (np.full((120, 120), 2, dtype=np.float32), "gave numbers that are no probabilities"),
        (np.full((120, 120), np.nan, dtype=np.float32), "gave numbers that are no probabilities"),
    ],
)
def test_a_model_that_gives_no_probability_for_every_pixel_is_named(given: NDArray[np.float32], said: str) -> None:
    with pytest.raises(UserError, match=f"toy: {said}"):
        change_probability(image(textured(22)), image(textured(22), "two"), model=lambda _, __: given, model_name="toy")


def test_the_statistic_is_about_one_where_nothing_changed() -> None:
    truth = textured(23, 240)
    one, two = image(noisy(truth, 1)), image(noisy(truth, 2), "two")
    difference = difference_of(one, two, one.valid & two.valid)
    assert np.median(difference.statistic) == pytest.approx(1, abs=0.25)
