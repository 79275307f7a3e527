"""Images laid on one another: known shifts, and what must be refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spadework.align import AlignSettings, align, move
from spadework.align.consensus import agree, densest, plane_of
from spadework.align.estimators import ESTIMATORS, moved_by, phase_correlation
from spadework.align.features import Features, features_of
from spadework.align.looks import LookSettings, lay_look, normalised
from spadework.records import Alignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 160


@cache
def ground(seed: int, side: int = SIDE + 120) -> NDArray[np.float32]:
    """Ground with structure at several scales, as real ground has."""
    rng = np.random.default_rng(seed)
    parts = [ndimage.gaussian_filter(rng.normal(size=(side, side)), scale) * scale**1.3 for scale in (1.2, 3, 8)]
    return np.asarray(500 + 100 * np.sum(parts, axis=0), dtype=np.float32)


def window(seed: int, right: int = 0, down: int = 0, side: int = SIDE) -> NDArray[np.float32]:
    """A view of it whose content lies so far right and down of that of the first view."""
    top, left = 60 - down, 60 - right
    return ground(seed)[top : top + side, left : left + side].copy()


def coarse(seed: int, right: int, down: int, side: int = SIDE) -> NDArray[np.float32]:
    """The same at half the resolution, moved by halves of a pixel: means of 2 x 2, so that no interpolation is trusted."""
    fine = ground(seed, 2 * side + 120)
    view = fine[60 - down : 60 - down + 2 * side, 60 - right : 60 - right + 2 * side]
    return np.asarray(view.reshape(side, 2, side, 2).mean(axis=(1, 3)))


def whole(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.ones(image.shape, dtype=np.bool_)


def laid(before: NDArray[np.float32], after: NDArray[np.float32], rule: AlignSettings | None = None) -> Alignment:
    return align(before, after, whole(before), whole(after), rule)


# ---------------------------------------------------------------- known shifts
@pytest.mark.parametrize(("right", "down"), [(3, -2), (0, 1), (-34, 21)])
def test_a_shift_of_whole_pixels_is_found_and_sure(right: int, down: int) -> None:
    found = laid(window(1), window(1, -right, -down))
    assert found.shift_px == pytest.approx((right, down), abs=0.01)
    assert found.radius_px is not None
    assert found.radius_px < 0.05
    assert found.affine is None
    assert found.tiles > 0.9 * found.tried


def test_a_shift_of_half_pixels_is_found_whatever_gain_gamma_and_haze() -> None:
    before, after = coarse(2, 0, 0), coarse(2, 3, -1)
    hazy = 40 + 300 * (np.clip(after, 1, None) / 800) ** 1.4
    found = laid(before, hazy.astype(np.float32))
    assert found.shift_px == pytest.approx((-1.5, 0.5), abs=0.05)


def test_the_same_image_twice_is_told_by_a_shift_of_nothing() -> None:
    found = laid(window(3), window(3))
    assert found.shift_px == pytest.approx((0, 0), abs=1e-4)
    assert found.radius_px is not None
    assert found.radius_px < 0.02


def test_what_was_built_in_between_does_not_move_the_shift() -> None:
    before, after = coarse(4, 0, 0), coarse(4, 1, 1)
    for row, col in ((20, 30), (90, 100), (100, 20)):
        after[row : row + 24, col : col + 36] = 900
    found = laid(before, after)
    assert found.shift_px == pytest.approx((-0.5, -0.5), abs=0.05)


def test_the_stated_radius_holds_the_truth_nine_times_in_ten_and_is_not_blown_up() -> None:
    inside, radii = 0, []
    for n in range(16):
        rng = np.random.default_rng(n)
        right, down = (int(part) for part in rng.integers(-3, 4, 2))
        before, after = coarse(10 + n % 4, 0, 0, 128), coarse(10 + n % 4, right, down, 128)
        noisy = [(image + rng.normal(0, 12, image.shape)).astype(np.float32) for image in (before, after)]
        found = laid(noisy[0], noisy[1])
        assert found.shift_px is not None
        assert found.radius_px is not None
        inside += np.hypot(found.shift_px[0] + right / 2, found.shift_px[1] + down / 2) <= found.radius_px
        radii.append(found.radius_px)
    assert inside >= 13  # of 16: fewer has a chance of 2 % at .9
    assert np.median(radii) < 0.15


@settings(max_examples=8, deadline=None)
@given(right=st.integers(-5, 5), down=st.integers(-5, 5), seed=st.integers(20, 23), noise=st.floats(0, 20))
def test_there_and_back_cancel(right: int, down: int, seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = (
        image + rng.normal(0, noise, image.shape) for image in (coarse(seed, 0, 0, 112), coarse(seed, right, down, 112))
    )
    there, back = laid(one.astype(np.float32), other.astype(np.float32)), laid(other.astype(np.float32), one.astype(np.float32))
    assert there.shift_px is not None
    assert back.shift_px is not None
    assert there.radius_px is not None
    assert np.hypot(there.shift_px[0] + back.shift_px[0], there.shift_px[1] + back.shift_px[1]) <= there.radius_px


def test_pixels_without_data_do_not_count() -> None:
    before, after = window(5), window(5, 2, 3)
    here, there = whole(before), whole(after)
    here[:, :50], there[-40:] = False, False
    before[~here], after[~there] = 0, 60_000
    found = align(before, after, here, there)
    assert found.shift_px == pytest.approx((-2, -3), abs=0.03)


# ---------------------------------------------------------------- affine
def turned(image: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    """Turned about its middle."""
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(image.shape) - 1) / 2
    return np.asarray(ndimage.affine_transform(image, matrix, middle - matrix @ middle, order=3, mode="nearest"))


def test_a_turned_image_is_laid_back_by_an_affine() -> None:
    before = ground(6, 300)
    after = turned(before, 0.006)
    found = laid(before, after)
    assert found.affine is not None
    assert found.affine[1] == pytest.approx(0.006, abs=3e-4)
    assert found.affine[3] == pytest.approx(-0.006, abs=3e-4)
    back, seen = move(after[None], whole(after), found)
    inner = np.zeros_like(seen)
    inner[10:-10, 10:-10] = seen[10:-10, 10:-10]
    assert np.std((back[0] - before)[inner]) < 0.1 * np.std((after - before)[inner])


def test_a_plane_is_not_fitted_to_tiles_in_one_corner_or_to_scatter() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([(x, y) for x in range(20, 400, 60) for y in range(20, 400, 60)], dtype=np.float64)
    tilt = 0.002 * (centres - 200)
    noise = rng.normal(0, 0.02, centres.shape)
    assert plane_of(tilt + noise, centres, (400, 400), 40) is not None
    assert plane_of(noise, centres, (400, 400), 40) is None
    assert plane_of(tilt + noise, centres, (1600, 1600), 40) is None


# ---------------------------------------------------------------- refusals
def test_ground_without_texture_is_refused() -> None:
    rng = np.random.default_rng(7)
    flat = [rng.normal(100, 5, (SIDE, SIDE)).astype(np.float32) for _ in range(2)]
    assert "too little texture" in (laid(flat[0], flat[1]).failed or "")
    assert "too little texture" in (laid(np.full_like(flat[0], 9), np.full_like(flat[0], 9)).failed or "")


@pytest.mark.parametrize("seed", range(30, 36))
def test_two_places_are_never_laid_on_each_other(seed: int) -> None:
    found = laid(window(seed), window(seed + 50))
    assert found.shift_px is None
    assert found.radius_px is None
    assert "disagree" in (found.failed or "")


def test_images_that_share_no_ground_are_refused() -> None:
    before, after = window(8), window(8)
    none, left = np.zeros_like(whole(before)), whole(before)
    left[:, SIDE // 2 :] = False
    assert "no overlap" in (align(before, after, whole(before), none).failed or "")
    right = ~left
    assert "no overlap" in (align(before, after, left, right, AlignSettings(reach=0.01)).failed or "")


def test_small_images_and_unlike_shapes_are_named() -> None:
    small = window(9, side=40)
    assert "too small" in (laid(small, small).failed or "")
    with pytest.raises(ValueError, match="expected one shape"):
        align(small, window(9), whole(small), whole(window(9)))


def test_a_consensus_leaves_the_stray_tiles_out() -> None:
    values = np.array([[1.0, 2.0], [1.1, 2.0], [0.9, 2.1], [1.0, 1.9], [9.0, -4.0], [np.nan, np.nan]])
    found = agree(values, 6, AlignSettings())
    assert found is not None
    np.testing.assert_array_equal(found.inside, [True, True, True, True, False, False])
    np.testing.assert_allclose(found.shift, [1.0, 2.0])
    assert agree(values[3:], 3, AlignSettings()) is None
    np.testing.assert_array_equal(densest(values[:5], 0.5), [True, True, True, True, False])


# ---------------------------------------------------------------- estimators
@pytest.mark.parametrize("name", [name for name, _ in ESTIMATORS])
def test_each_estimator_finds_a_shift_that_no_interpolation_made(name: str) -> None:
    one, other = (features_of(image, whole(image)) for image in (coarse(11, 0, 0, 96), coarse(11, -1, 1, 96)))
    counts = whole(one.normal)
    counts[:6], counts[-6:], counts[:, :6], counts[:, -6:] = False, False, False, False
    found = dict(ESTIMATORS)[name](one, other, counts)
    assert found == pytest.approx((0.5, -0.5), abs=0.12)


def test_phase_correlation_agrees_with_opencv_where_that_is_exact() -> None:
    one, other = (features_of(image, whole(image)) for image in (coarse(12, 0, 0, 128), coarse(12, 4, -2, 128)))
    ours = phase_correlation(one, other, whole(one.normal))
    hann = cv2.createHanningWindow((128, 128), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(other.normal, one.normal, hann)
    assert ours == pytest.approx((dx, dy), abs=0.05)


def test_small_moves_are_exact_on_curved_ground() -> None:
    y, x = np.mgrid[:40, :40].astype(np.float32)
    curved = 0.1 * x**2 - 0.2 * x * y + 0.05 * y**2 + x
    for dx, dy in ((0.3, -0.4), (-1.25, 2.5)):
        there = 0.1 * (x - dx) ** 2 - 0.2 * (x - dx) * (y - dy) + 0.05 * (y - dy) ** 2 + (x - dx)
        np.testing.assert_allclose(moved_by(curved, dx, dy)[6:-6, 6:-6], there[6:-6, 6:-6], atol=2e-3)


# ---------------------------------------------------------------- move
def test_after_is_moved_onto_before_and_stays_as_it_was() -> None:
    before, after = window(13), window(13, 4, -3)
    kept = after.copy()
    holes = whole(after)
    holes[80, 80] = False
    values, valid = move(np.stack([after, 2 * after]), holes, Alignment((-4.0, 3.0), 0.1))
    np.testing.assert_array_equal(after, kept)
    np.testing.assert_allclose(values[0][valid], before[valid], rtol=1e-4)
    np.testing.assert_allclose(values[1][valid], 2 * before[valid], rtol=1e-4)
    gone = np.argwhere(~valid[20:-20, 20:-20]) + 20
    assert gone.min(axis=0) == pytest.approx((81, 74))
    assert gone.max(axis=0) == pytest.approx((85, 78))
    assert not values[:, ~valid].any()


def test_nothing_is_resampled_where_nothing_is_moved() -> None:
    after = window(14)
    values, valid = move(after[None], whole(after), Alignment((0.0, 0.0), 0.0))
    np.testing.assert_array_equal(values[0], after)
    assert valid.all()


def test_what_was_not_aligned_is_not_moved() -> None:
    with pytest.raises(ValueError, match="tiles disagree"):
        move(window(1)[None], whole(window(1)), Alignment(None, None, failed="tiles disagree"))


# ---------------------------------------------------------------- looks
def test_a_shift_of_two_and_a_half_pixels_is_still_in_reach() -> None:
    one, other = coarse(15, 0, 0, 120), coarse(15, 5, -3, 120)
    every = whole(one)
    parts: list[dict[str, Features]] = [normalised({"red": image, "nir": image + 5}, every) for image in (one, other)]
    found = lay_look(parts[0], parts[1], LookSettings())
    assert found.shift_px == pytest.approx((-2.5, 1.5), abs=0.1)
