"""All windows of several pixels at once, held to the same said in plain numpy, one pixel at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
import pytest

from spadework.change.common import no_fit, plain_basis
from spadework.change.settings import MonitorSettings, watch_rule
from spadework.change.stand import ALONE, BESIDE, FIELD, Stand
from spadework.change.twins import Places
from spadework.change.windows import LANES, SAME_WAY, SHORTEST, Watched, Windows, gather, measure, windows_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAST, WATCHED, BANDS = 5, 24, 3
SETTINGS = MonitorSettings()
SIZES = len(SETTINGS.window_tails)


@numba.njit(error_model="numpy")
def called(
    on: Watched, windows: Windows, since: NDArray[np.int32], pixels: NDArray[np.int32], looks: tuple[int, int]
) -> tuple[int, int]:
    """A way in from Python."""
    lead, most = gather(on, windows, since, pixels, looks)
    measure(on, windows, lead, most)
    return lead, most


def watched(distance: NDArray[np.int8], usable: NDArray[np.bool_], alike: NDArray[np.float32]) -> Watched:
    """What the watch goes by, for distances (route, pixel, time, band) and watched looks (pixel, time)."""
    pixels = len(usable)
    fit = no_fit(pixels, BANDS, PAST + WATCHED)
    fit.usable[:, PAST:] = usable
    days = np.arange(PAST + WATCHED, dtype=np.int32) * 5
    nobody = Places(
        np.zeros((pixels, 2), np.int32),
        np.full((1, 1), -1, np.int32),
        *(np.zeros((1, 2), np.int32),) * 2,
        np.zeros(1, np.int32),
    )
    stand = Stand(np.ascontiguousarray(distance), alike, np.zeros((BANDS, BANDS, pixels), np.float32))
    return Watched(fit, plain_basis(days, PAST, BANDS), watch_rule(SETTINGS, BANDS), stand, nobody)


@dataclass(frozen=True)
class Told:
    """Of one pixel, its looks from the first that a window may hold."""

    mean: NDArray[np.float64]
    """(beside or field, window, look)."""
    top: NDArray[np.float64]
    """(look)."""
    asks: NDArray[np.bool_]
    """(look)."""


def plainly(on: Watched, p: int, begin: int) -> Told:
    """One pixel, in plain numpy; ``begin``: its first look that a window may hold."""
    seen = on.stand.distance[:, p, on.fit.usable[p, PAST:]].astype(np.float32)[:, begin:]  # (route, look, band)
    n = seen.shape[1]
    unit = np.float32(1 / 256)
    far = (seen**2).sum(axis=2) * unit
    mean, top, asks = np.zeros((2, SIZES, n)), np.zeros(n), np.zeros(n, np.bool_)
    for size in range(SHORTEST, SHORTEST + SIZES):
        for i in range(size - 1, n):
            total = seen[:, i + 1 - size : i + 1].sum(axis=1)
            share = 1.0 + (size - 1) * on.stand.alike[:, p].astype(np.float64)
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


def held_to_numpy(on: Watched, pixels: NDArray[np.int32], since: NDArray[np.int32] | None = None, low: int = 0) -> list[Told]:
    """All windows that end with a look from ``low`` on, and hold none but the last ``since`` (pixel) before."""
    since = np.zeros(len(on.fit.usable), np.int32) if since is None else since
    windows = windows_for(WATCHED, BANDS, SIZES)
    for part in windows[3:]:
        part[:] = 7  # whatever was there before
    lead, most = called(on, windows, since, pixels, (low, WATCHED))
    rows = {name: getattr(windows, name).reshape(-1, LANES) for name in ("at", "top", "asks")}
    mean, all_told = windows.mean.reshape(2, SIZES, -1, LANES), []
    for lane, p in enumerate(pixels):
        looks = np.flatnonzero(on.fit.usable[p, PAST:])
        before = min(int(since[p]), SHORTEST + SIZES - 2)
        begin, new = int((looks < low).sum()) - before, int((looks >= low).sum())
        told = plainly(on, int(p), begin)
        assert (windows.begin[lane], windows.end[lane]) == (lead - before, lead + new)
        assert windows.end[lane] <= most
        assert rows["at"][lead - before : lead + new, lane].tolist() == looks[begin:].tolist()
        for size in range(SHORTEST, SHORTEST + SIZES):
            behind = max(before, size - 1)
            ours = mean[:, size - SHORTEST, lead - before + behind : lead + new, lane]
            np.testing.assert_allclose(ours, told.mean[:, size - SHORTEST, behind:], rtol=1e-6)
        np.testing.assert_allclose(rows["top"][lead : lead + new, lane], told.top[before:], rtol=1e-6)
        assert rows["asks"][lead : lead + new, lane].tolist() == told.asks[before:].tolist()
        assert not rows["asks"][lead + new : most, lane].any()
        all_told.append(told)
    return all_told


@pytest.mark.parametrize("pixels", [1, LANES - 1, LANES])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_windows_are_those_of_numpy(pixels: int, share: float) -> None:
    rng = np.random.default_rng(pixels)
    distance = rng.integers(-96, 97, (3, pixels, WATCHED, BANDS)).astype(np.int8)
    distance[:, ::2] //= 6  # every other one is calm
    alike = rng.uniform(0, 0.9, (3, pixels)).astype(np.float32)
    on = watched(distance, rng.random((pixels, WATCHED)) < share, alike)
    told = held_to_numpy(on, np.arange(pixels, dtype=np.int32))
    assert any(one.asks.any() for one in told[1::2]) or pixels == 1 or share < 1.0


@pytest.mark.parametrize("low", [1, 9, WATCHED - 1, WATCHED])
def test_windows_reach_back_to_looks_gone_through_but_not_behind_where_the_watch_began(low: int) -> None:
    rng = np.random.default_rng(low)
    distance = rng.integers(-40, 41, (3, LANES, WATCHED, BANDS)).astype(np.int8)
    usable = rng.random((LANES, WATCHED)) < np.linspace(0.1, 1, LANES)[:, None]
    since = rng.integers(0, np.minimum(usable[:, :low].sum(axis=1), SHORTEST + SIZES - 1) + 1).astype(np.int32)
    held_to_numpy(watched(distance, usable, np.zeros((3, LANES), np.float32)), np.arange(LANES, dtype=np.int32), since, low)


def test_pixels_need_not_lie_side_by_side() -> None:
    rng = np.random.default_rng(2)
    distance = rng.integers(-40, 41, (3, 40, WATCHED, BANDS)).astype(np.int8)
    on = watched(distance, rng.random((40, WATCHED)) < 0.6, np.zeros((3, 40), np.float32))
    held_to_numpy(on, np.array([39, 0, 17], np.int32))


@pytest.mark.parametrize("value", [-128, 127, 0])
def test_awkward_pixels(value: int) -> None:
    """No look, one look, one fewer than a window, the limits of 8 bits, ties."""
    distance = np.full((3, 5, WATCHED, BANDS), value, np.int8)
    usable = np.zeros((5, WATCHED), np.bool_)
    usable[1, 3] = usable[2, :2] = usable[3, 4:7] = usable[4] = True
    told = held_to_numpy(watched(distance, usable, np.full((3, 5), 0.9, np.float32)), np.arange(5, dtype=np.int32))
    assert not any(one.top.any() for one in told[:3])
    assert all(one.asks.any() == (value != 0) for one in told[3:])
