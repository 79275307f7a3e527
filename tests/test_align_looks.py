"""Looks of a site that lie off: found, moved where it is sure, and what is left is stated."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from findings import findings_of
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from scipy import ndimage

from spadework.align.looks import LookSettings, reference_of
from spadework.cube import MISSING, Chip
from spadework.imagery import register
from spadework.imagery.plan import LookPlan, ReadPlan
from spadework.imagery.read import Reading, read_cube
from spadework.imagery.register import Registering, centred, judged, register_looks
from spadework.publish.gate import through_gate
from spadework.records import Alignment, Asset, ClearRule, ImagerySource, Period, Product, Scene, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

CRS = "EPSG:32637"
WEST, NORTH, PIXEL, MARGIN, SIZE = 500_000.0, 4_000_000.0, 10.0, 12, 110
BANDS = ("red", "nir")
STRAY = 5
"""The look that lies off."""


@cache
def strip(band: int) -> NDArray[np.float32]:
    """Ground at ten times the resolution of the looks."""
    side = 10 * (SIZE + 2 * MARGIN) + 60
    rng = np.random.default_rng(400 + band)
    shared = np.random.default_rng(400)
    parts = [
        ndimage.gaussian_filter(source.normal(size=(side, side)), scale) * scale
        for source, scale in ((shared, 12), (rng, 20), (shared, 60))
    ]
    return np.asarray(2500 + 400 * np.sum([part / part.std() for part in parts], axis=0), dtype=np.float32)


def raw(n: int, off: tuple[int, int], *, flat: bool = False) -> NDArray[np.uint16]:
    """(band, y, x) of one look with its margin, its content so many tenths of a pixel right and down."""
    rng = np.random.default_rng(n)
    side = SIZE + 2 * MARGIN
    planes = []
    for band in range(len(BANDS)):
        top, left = 30 - off[1], 30 - off[0]
        view = strip(band)[top : top + 10 * side, left : left + 10 * side].reshape(side, 10, side, 10).mean(axis=(1, 3))
        planes.append((np.full_like(view, 2500) if flat else view * (1 + 0.02 * n)) + rng.normal(0, 20, view.shape))
    return np.rint(planes).astype(np.uint16)


def look_of(n: int) -> Scene:
    """Bands and a mask of usable values, on one file grid with a margin."""
    place = (PIXEL, 0.0, WEST - MARGIN * PIXEL, 0.0, -PIXEL, NORTH + MARGIN * PIXEL)
    at = dt.datetime(2020, 1, 5, tzinfo=dt.UTC) + dt.timedelta(days=5 * n)

    def asset(key: str) -> Asset:
        return Asset(key, key, nodata=0, crs=CRS, transform=place)

    bands = tuple((name, asset(name)) for name in BANDS)
    return Scene(f"s{n}", "c", at, "p", bands, ("values", asset("mask")), (), CRS, mask_clear=(1,))


def read(offs: list[tuple[int, int]], clouds: dict[int, NDArray[np.bool_]] | None = None, *, flat: bool = False) -> Reading:
    """Looks through the door, from chips in memory."""
    scenes = [look_of(n) for n in range(len(offs))]

    def get(scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        n = scenes.index(scene)
        place = scene.bands[0][1].transform
        assert place is not None
        if names == ("mask",):
            mask = np.ones((1, SIZE + 2 * MARGIN, SIZE + 2 * MARGIN), dtype=np.uint8)
            if clouds and n in clouds:
                mask[0][clouds[n]] = 2
            assert scene.mask is not None
            return (Chip((scene.mask[1],), mask, CRS, place),)
        return (Chip(tuple(a for _, a in scene.bands), raw(n, offs[n], flat=flat), CRS, place),)

    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    east, south = WEST + SIZE * PIXEL, NORTH - SIZE * PIXEL
    corners = zip(*to_degrees.transform([WEST, east, east, WEST, WEST], [south, south, NORTH, NORTH, south]), strict=True)
    period = Period(dt.date(2020, 3, 1), dt.date(2020, 12, 31), dt.date(2020, 1, 1))
    site = Site("here", ((tuple(corners),),), period, (ImagerySource(),), clear=ClearRule(dilate_m=0))
    grid = GeoBox((SIZE, SIZE), Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH), CRS)
    plan = ReadPlan(grid, BANDS, tuple(LookPlan(f"l{n}", (scene,)) for n, scene in enumerate(scenes)), (), 0, (), ())
    return read_cube(site, plan, get, lambda scene, _: scene, lambda *_: None)


def test_one_look_that_lies_off_is_found_moved_and_stated() -> None:
    offs = [(0, 0)] * 8
    offs[STRAY] = (13, -6)
    reading = read(offs)
    stray, others = reading.looks[STRAY], [look for n, look in enumerate(reading.looks) if n != STRAY]
    assert stray.shift_m == pytest.approx((-13.0, -6.0), abs=0.7)
    assert stray.residual_m is not None
    assert stray.residual_m < 2
    assert {look.shift_m for look in others} == {(0.0, 0.0)}
    assert all(look.residual_m is not None and look.residual_m < 2 for look in others)
    still = read([(0, 0)] * 8)
    left = (reading.cube.reflectance[STRAY].astype(int) - still.cube.reflectance[STRAY])[:, 4:-4, 4:-4]
    off = raw(STRAY, (13, -6)).astype(int)[:, MARGIN:-MARGIN, MARGIN:-MARGIN] - still.cube.reflectance[STRAY]
    assert np.std(left) < 0.3 * np.std(off[:, 4:-4, 4:-4])
    kept = np.delete(np.arange(8), STRAY)
    np.testing.assert_array_equal(reading.cube.reflectance[kept], still.cube.reflectance[kept])


def test_a_second_reading_gives_the_same_bytes() -> None:
    offs = [(0, 0)] * 7 + [(-9, 11)]
    one, other = read(offs), read(offs)
    assert one.cube.reflectance.tobytes() == other.cube.reflectance.tobytes()
    assert one.cube.clear.tobytes() == other.cube.clear.tobytes()
    assert one.looks == other.looks


def test_the_mask_moves_with_its_look_and_the_margin_fills_the_rim() -> None:
    cloud = np.zeros((SIZE + 2 * MARGIN,) * 2, dtype=np.bool_)
    cloud[MARGIN + 40 : MARGIN + 60, MARGIN + 30 : MARGIN + 50] = True
    offs = [(0, 0)] * 8
    offs[STRAY] = (20, -10)
    reading = read(offs, {STRAY: cloud})
    hidden = np.argwhere(~reading.cube.clear[STRAY])
    assert reading.looks[STRAY].shift_m == pytest.approx((-20, -10), abs=0.7)
    assert hidden.min(axis=0) == pytest.approx((41, 28))
    assert hidden.max(axis=0) == pytest.approx((60, 47))
    assert (reading.cube.reflectance[STRAY] != MISSING).all()


def test_a_small_shift_is_left_and_stated() -> None:
    offs = [(0, 0)] * 8
    offs[STRAY] = (2, 0)
    look = read(offs).looks[STRAY]
    assert look.shift_m == (0.0, 0.0)
    assert look.residual_m is not None
    assert 1.5 < look.residual_m < 3.5


def test_a_look_under_cloud_says_why_it_was_not_laid_on_the_others() -> None:
    cloud = np.zeros((SIZE + 2 * MARGIN,) * 2, dtype=np.bool_)
    cloud[:, MARGIN + 30 :] = True
    look = read([(0, 0)] * 8, {2: cloud}).looks[2]
    assert look.used
    assert look.shift_m is None
    assert look.residual_m is None
    assert any("registration not estimated: too little clear ground" in note for note in look.notes)


def test_few_looks_are_not_compared_and_say_so() -> None:
    for look in read([(0, 0), (12, 0), (0, 0)]).looks:
        assert look.shift_m is None
        assert any("only 3 look(s) are clear enough" in note for note in look.notes)


def test_bare_ground_that_is_only_noise_is_not_moved() -> None:
    for look in read([(0, 0)] * 8, flat=True).looks:
        assert look.shift_m in (None, (0.0, 0.0))


def test_a_shift_is_applied_only_where_it_is_large_and_sure() -> None:
    assert judged(Alignment((0.8, 0.0), 0.2)).shift_px == (0.8, 0.0)
    assert judged(Alignment((0.29, 0.0), 0.01)).shift_px == (0.0, 0.0)
    left = judged(Alignment((0.6, 0.8), 0.75))
    assert left.shift_px == (0.0, 0.0)
    cloud = np.random.default_rng(1).normal((0.6, 0.8), 0.75 / 2.146, (200_000, 2))
    assert left.residual_px == pytest.approx(np.quantile(np.hypot(*cloud.T), 0.9), rel=0.01)
    assert judged(Alignment((0.0, 0.0), 0.2)).residual_px == pytest.approx(0.2)
    assert judged(Alignment(None, None, failed="why")).failed == "why"


def test_shifts_are_told_against_the_middle_of_all_looks() -> None:
    found = [Alignment((x, 1.0), 0.1) for x in (0.4, 0.5, 1.5)] + [Alignment(None, None, failed="why")]
    told = centred(found)
    assert [one.shift_px for one in told[:3]] == [pytest.approx(x) for x in ((-0.1, 0), (0, 0), (1, 0))]
    assert told[3].failed == "why"


def test_the_reference_is_a_median_of_what_is_clear() -> None:
    planes = np.array([[[1, 1]], [[2, 2]], [[9, 9]], [[100, 100]]], dtype=np.float32)
    clear = np.array([[[True, True]], [[True, False]], [[True, False]], [[False, False]]])
    median, enough = reference_of(planes, clear)
    np.testing.assert_array_equal(median, [[2, 0]])
    np.testing.assert_array_equal(enough, [[True, False]])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.6, 0.95]))
def test_the_reference_is_made_of_the_clearest_looks_as_soon_as_they_are_known(seed: int, clear: float) -> None:
    rng, settings = np.random.default_rng(seed), LookSettings(reference_looks=4, least_reference=2)
    looks = int(rng.integers(1, 12))
    seen = rng.random((looks, 4, 5)) < rng.choice([clear, 1.0], (looks, 1, 1))
    share = seen.mean(axis=(1, 2))
    most = np.maximum(share, rng.choice([share, np.ones(looks)], axis=0))
    laying = Registering(np.zeros((looks, 1, 4, 5), np.int16), seen, most, ("red",), settings)
    made: list[tuple[list[int], NDArray[np.bool_]]] = []
    arrived: list[int] = []
    gone = rng.random(looks) < 0.2

    def make(_: NDArray[np.int16], chosen: NDArray[np.bool_], __: dict[str, int]) -> dict[str, NDArray[np.bool_]]:
        made.append((list(arrived), chosen))
        return {"red": chosen}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register, "_reference", make)
        patch.setattr(Registering, "_lay", lambda _, look: Alignment((float(look), 0.0), 0.01))
        for look in rng.permutation(looks).tolist():
            if gone[look]:
                laying.never_comes(look)
            else:
                arrived.append(look)
                laying.comes(look)
        found = laying.found()
    there = np.flatnonzero(~gone)
    best = there[np.argsort(-share[there], kind="stable")][: settings.reference_looks]
    chosen = np.sort(best[share[best] >= settings.reference_clear])
    assert list(found) == there.tolist()
    assert len(made) == (len(chosen) >= settings.least_reference)
    for known, used in made:
        np.testing.assert_array_equal(used, seen[chosen])
        assert set(chosen.tolist()) <= set(known)
    if not made:
        assert all("clear enough to compare with" in (one.failed or "") for one in found.values())


def test_looks_are_laid_the_same_in_whatever_order_they_come() -> None:
    values = np.stack([raw(n, (4, 0) if n == STRAY else (0, 0)) for n in range(9)])[:, :, :SIZE, :SIZE].astype(np.int16)
    seen = np.ones((9, SIZE, SIZE), np.bool_)
    seen[2, :20], seen[7, :60] = False, False
    at_once = register_looks(values, seen, BANDS)
    for order in ([8, 7, 6, 5, 4, 3, 2, 1, 0], [7, 2, 5, 0, 1, 3, 4, 6, 8]):
        laying = Registering(values, seen, np.ones(9), BANDS)
        for look in order:
            laying.comes(look)
        found = laying.found()
        assert list(found) == list(range(9))
        for one, other in zip(found.values(), at_once, strict=True):
            assert one.shift_px == other.shift_px
            assert one.residual_px == pytest.approx(other.residual_px)


def test_what_leaves_through_the_gate_tells_shifts_in_steps() -> None:
    before = findings_of()
    looks = (replace(before.looks[0], shift_m=(13.2, -0.8), residual_m=3.4), *before.looks[1:])
    told = through_gate(replace(before, looks=looks), Product(1), (), bytes(32)).findings.looks
    assert (told[0].shift_m, told[0].residual_m) == ((15.0, 0.0), 3.0)
    assert (told[1].shift_m, told[1].residual_m) == (None, None)
