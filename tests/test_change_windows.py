"""All windows of several pixels at once, held to the same said in plain numpy, one pixel at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import pytest

from spadework.change.algebra import LANES
from spadework.change.common import plain_basis
from spadework.change.recent import left_of
from spadework.change.settings import MonitorSettings, watch_rule
from spadework.change.stand import ALONE, BESIDE, FIELD, Recent, Watched
from spadework.change.state import NO_LOOK, no_learnt
from spadework.change.twins import Places
from spadework.change.windows import SAME_WAY, SHORTEST, Windows, find_lanes, gather, measure, windows_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAST, WATCHED, BANDS = 5, 24, 3
SETTINGS = MonitorSettings()
SIZES = len(SETTINGS.window_tails)
LAG = SHORTEST + SIZES - 1
RING = 4 * LANES
AHEAD = LAG - 1
"""Looks in the scratch arrays ahead of the new ones."""


@numba.njit(error_model="numpy")
def called(on: Watched, windows: Windows, since: NDArray[np.uint8], pixels: NDArray[np.int32]) -> int:
    """A way in from Python."""
    most = find_lanes(on, windows, since, pixels)
    gather(on, windows, pixels, most)
    measure(on, windows, most)
    return most


class Looks(NamedTuple):
    """Watched looks of some pixels, those of a part and all before."""

    distance: NDArray[np.int8]
    """(route, pixel, time, band)."""
    usable: NDArray[np.bool_]
    """(pixel, time)."""
    alike: NDArray[np.uint8]
    """(route, pixel), in 1/255."""
    low: int = 0
    """Where the part begins."""


def recent_of(looks: Looks) -> Recent:
    """The part's looks behind the last before it; more places than pixels, in a ring; 99 where nothing is to be read."""
    pixels, times = looks.usable.shape
    recent = Recent(
        look=np.full((LAG + times, RING), NO_LOOK, np.int16),
        new=np.full(RING, 99, np.int32),
        distance=np.full((3, LAG + times, BANDS, RING), 99, np.int8),
    )
    for p in range(pixels):
        seen = np.flatnonzero(looks.usable[p])
        before = seen[seen < looks.low][-LAG:]
        seen = np.concatenate([before, seen[seen >= looks.low]])
        slots, place = LAG - len(before) + np.arange(len(seen)), number(looks, p) % RING
        recent.look[slots, place] = PAST + seen
        recent.distance[:, slots, :, place] = looks.distance[:, p, seen].swapaxes(0, 1)
        recent.new[place] = len(seen) - len(before)
    return recent


def number(looks: Looks, p: int) -> int:
    """Of the site: others come before."""
    return len(looks.usable) + 1 + p


def watched(looks: Looks) -> Watched:
    """What the watch goes by."""
    pixels = len(looks.usable)
    learnt = no_learnt(2 * pixels + 1, BANDS)
    learnt.measured[:] = True
    learnt.alike[:] = 77
    learnt.alike[:, number(looks, 0) :] = looks.alike
    days = np.arange(PAST + WATCHED, dtype=np.int32) * 5
    nobody = Places(
        np.zeros(2 * pixels + 1, np.int32),
        np.full((1, 1), -1, np.int32),
        *(np.zeros((1, 2), np.int32),) * 2,
        np.zeros(1, np.int32),
    )
    basis, rule = plain_basis(days, PAST, BANDS), watch_rule(SETTINGS, BANDS)
    return Watched(learnt, left_of(1, 1, BANDS, PAST), recent_of(looks), basis, rule, nobody)


@dataclass(frozen=True)
class Told:
    """Of one pixel, its looks from the first that a window may hold."""

    mean: NDArray[np.float64]
    """(beside or field, window, look)."""
    top: NDArray[np.float64]
    """(look)."""
    asks: NDArray[np.bool_]
    """(look)."""


def plainly(on: Watched, looks: Looks, p: int, begin: int) -> Told:
    """One pixel, in plain numpy; ``begin``: its first look that a window may hold."""
    seen = looks.distance[:, p, looks.usable[p]].astype(np.float32)[:, begin:]  # (route, look, band)
    n = seen.shape[1]
    unit = np.float32(1 / 256)
    far = (seen**2).sum(axis=2) * unit
    mean, top, asks = np.zeros((2, SIZES, n)), np.zeros(n), np.zeros(n, np.bool_)
    for size in range(SHORTEST, SHORTEST + SIZES):
        for i in range(size - 1, n):
            total = seen[:, i + 1 - size : i + 1].sum(axis=1)
            share = 1.0 + (size - 1) * looks.alike[:, p].astype(np.float64) / 255.0
            scale = unit / np.float32(size)
            length = (total**2).sum(axis=1) * scale / share
            cross = (total[BESIDE] * total[ALONE]).sum()
            same = cross >= SAME_WAY * np.sqrt((total[BESIDE] ** 2).sum() * (total[ALONE] ** 2).sum())
            mean[0, size - SHORTEST, i] = min(length[BESIDE], length[ALONE] / on.rule.own_share) if same else 0.0
            mean[1, size - SHORTEST, i] = length[FIELD]
            for kind, route, factor in ((0, BESIDE, 1.0), (1, FIELD, on.rule.field_factor)):
                if far[route, i] >= on.rule.gate:
                    top[i] = max(top[i], mean[kind, size - SHORTEST, i])
                    least = float(on.rule.window_limit[size - SHORTEST]) * factor * float(on.rule.support[-1])
                    asks[i] |= bool(mean[kind, size - SHORTEST, i] >= least)
    return Told(mean, top, asks)


def held_to_numpy(looks: Looks, pixels: NDArray[np.int32], since: NDArray[np.uint8] | None = None) -> list[Told]:
    """All windows that end with a look of the part, and hold none but the last ``since`` (pixel) before."""
    on, new = watched(looks), WATCHED - looks.low
    remembered = np.full(len(on.learnt.method), 5, np.uint8)
    remembered[number(looks, 0) :] = 0 if since is None else since
    windows = windows_for(new, BANDS, SIZES)
    for part in windows[3:]:
        part[:] = 7  # whatever was there before
    most = called(on, windows, remembered, pixels + np.int32(number(looks, 0)))
    assert most == AHEAD + max(int(looks.usable[p, looks.low :].sum()) for p in pixels)
    return [lane_held_to_numpy(on, looks, windows, lane, (int(p), most)) for lane, p in enumerate(pixels)]


def lane_held_to_numpy(on: Watched, looks: Looks, windows: Windows, lane: int, known: tuple[int, int]) -> Told:
    """One lane; ``known`` are its pixel, and the looks of all lanes."""
    p, most = known
    rows = {name: getattr(windows, name).reshape(-1, LANES)[:, lane] for name in ("at", "top", "asks")}
    mean = windows.mean.reshape(2, SIZES, -1, LANES)[:, :, :, lane]
    before, seen = AHEAD - int(windows.begin[lane]), np.flatnonzero(looks.usable[p])
    begin, new = int((seen < looks.low).sum()) - before, int((seen >= looks.low).sum())
    told = plainly(on, looks, p, begin)
    assert windows.pixel[lane] == number(looks, p)
    assert windows.end[lane] == AHEAD + new
    assert rows["at"][AHEAD - before : AHEAD + new].tolist() == (PAST + seen[begin:]).tolist()
    for size in range(SHORTEST, SHORTEST + SIZES):
        behind = max(before, size - 1)
        ours = mean[:, size - SHORTEST, AHEAD - before + behind : AHEAD + new]
        np.testing.assert_allclose(ours, told.mean[:, size - SHORTEST, behind:], rtol=1e-6)
    np.testing.assert_allclose(rows["top"][AHEAD : AHEAD + new], told.top[before:], rtol=1e-6)
    assert rows["asks"][AHEAD : AHEAD + new].tolist() == told.asks[before:].tolist()
    assert not rows["asks"][AHEAD + new : most].any()
    return told


@pytest.mark.parametrize("pixels", [1, LANES - 1, LANES])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_windows_are_those_of_numpy(pixels: int, share: float) -> None:
    rng = np.random.default_rng(pixels)
    distance = rng.integers(-96, 97, (3, pixels, WATCHED, BANDS)).astype(np.int8)
    distance[:, ::2] //= 6  # every other one is calm
    alike = rng.integers(0, 230, (3, pixels)).astype(np.uint8)
    told = held_to_numpy(Looks(distance, rng.random((pixels, WATCHED)) < share, alike), np.arange(pixels, dtype=np.int32))
    assert any(one.asks.any() for one in told[1::2]) or pixels == 1 or share < 1.0


@pytest.mark.parametrize("low", [1, 9, WATCHED - 1, WATCHED])
def test_windows_reach_back_to_looks_gone_through_but_not_behind_where_the_watch_began(low: int) -> None:
    rng = np.random.default_rng(low)
    distance = rng.integers(-40, 41, (3, LANES, WATCHED, BANDS)).astype(np.int8)
    usable = rng.random((LANES, WATCHED)) < np.linspace(0.1, 1, LANES)[:, None]
    since = rng.integers(0, np.minimum(usable[:, :low].sum(axis=1), LAG) + 1).astype(np.uint8)
    looks = Looks(distance, usable, np.zeros((3, LANES), np.uint8), low)
    held_to_numpy(looks, np.arange(LANES, dtype=np.int32), since)


def test_windows_hold_looks_since_the_watch_began_and_no_other() -> None:
    since = np.arange(LAG + 1, dtype=np.uint8)
    looks = Looks(
        np.ones((3, LAG + 1, WATCHED, BANDS), np.int8),
        np.ones((LAG + 1, WATCHED), np.bool_),
        np.zeros((3, LAG + 1), np.uint8),
        LAG,
    )
    on, windows = watched(looks), windows_for(WATCHED - LAG, BANDS, SIZES)
    remembered = np.concatenate([np.zeros(number(looks, 0), np.uint8), since])
    called(on, windows, remembered, np.arange(number(looks, 0), number(looks, LAG + 1), dtype=np.int32))
    assert windows.begin[: LAG + 1].tolist() == [AHEAD - min(n, AHEAD) for n in range(LAG + 1)]
    assert windows.filled.reshape(-1, LANES)[AHEAD, : LAG + 1].tolist() == [1 + min(n, AHEAD) for n in range(LAG + 1)]


def test_a_pixel_that_is_not_measured_has_no_looks() -> None:
    rng = np.random.default_rng(2)
    distance = rng.integers(-40, 41, (3, 40, WATCHED, BANDS)).astype(np.int8)
    looks = Looks(distance, rng.random((40, WATCHED)) < 0.6, np.zeros((3, 40), np.uint8))
    on, windows = watched(looks), windows_for(WATCHED, BANDS, SIZES)
    on.learnt.measured[number(looks, 0) :: 2] = False
    called(
        on, windows, np.full(len(on.learnt.method), 5, np.uint8), np.arange(number(looks, 0), number(looks, 40), dtype=np.int32)
    )
    assert (windows.begin[0:40:2] == AHEAD).all()
    assert (windows.end[0:40:2] == AHEAD).all()
    assert not windows.asks.reshape(-1, LANES)[AHEAD:, 0:40:2].any()
    assert windows.asks.any()


@pytest.mark.parametrize("value", [-128, 127, 0])
def test_awkward_pixels(value: int) -> None:
    """No look, one look, one fewer than a window, the limits of 8 bits, ties."""
    distance = np.full((3, 5, WATCHED, BANDS), value, np.int8)
    usable = np.zeros((5, WATCHED), np.bool_)
    usable[1, 3] = usable[2, :2] = usable[3, 4:7] = usable[4] = True
    told = held_to_numpy(Looks(distance, usable, np.full((3, 5), 230, np.uint8)), np.arange(5, dtype=np.int32))
    assert not any(one.top.any() for one in told[:3])
    assert all(one.asks.any() == (value != 0) for one in told[3:])


def test_scratch_grows_with_the_new_looks() -> None:
    """One look for each of a million pixels must not cost what sixty do."""
    assert len(windows_for(1, BANDS, SIZES).far[0]) == (AHEAD + 1) * LANES
    assert len(windows_for(60, BANDS, SIZES).far[0]) == (AHEAD + 60) * LANES
