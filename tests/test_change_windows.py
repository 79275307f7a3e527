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
from spadework.change.watch import watch_work
from spadework.change.windows import LANES, SAME_WAY, SHORTEST, Watched, Windows, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAST, WATCHED, BANDS = 5, 24, 3
SETTINGS = MonitorSettings()
SIZES = len(SETTINGS.window_tails)


@numba.njit(error_model="numpy")
def called(on: Watched, windows: Windows, pixels: NDArray[np.int32]) -> None:
    """A way in from Python."""
    measure(on, windows, pixels)


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
    stand = Stand(np.ascontiguousarray(distance), alike, np.zeros((pixels, BANDS, BANDS), np.float32))
    return Watched(fit, plain_basis(days, PAST, BANDS), watch_rule(SETTINGS, BANDS), stand, nobody)


@dataclass(frozen=True)
class Told:
    """Of one pixel."""

    mean: NDArray[np.float64]
    """(beside or field, window, look)."""
    best: float
    asks: bool


def plainly(on: Watched, p: int) -> Told:
    """One pixel, in plain numpy."""
    seen = on.stand.distance[:, p, on.fit.usable[p, PAST:]].astype(np.float32)  # (route, look, band)
    n = seen.shape[1]
    unit = np.float32(1 / 256)
    far = (seen**2).sum(axis=2) * unit
    mean, best, asks = np.zeros((2, SIZES, n)), 0.0, False
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
                    best = max(best, mean[kind, size - SHORTEST, i])
                    least = float(on.rule.window_limit[size - SHORTEST]) * factor * float(on.rule.support[-1])
                    asks |= bool(mean[kind, size - SHORTEST, i] >= least)
    return Told(mean, best, asks)


def held_to_numpy(on: Watched, pixels: NDArray[np.int32]) -> Windows:
    windows = watch_work(WATCHED, BANDS, SIZES).windows
    windows.near[:], windows.mean[:], windows.far[:] = 7.0, 7.0, 7.0  # whatever was there before
    called(on, windows, pixels)
    for lane, p in enumerate(pixels):
        told, n = plainly(on, int(p)), int(on.fit.usable[p, PAST:].sum())
        assert windows.looks[lane] == n
        ours = windows.mean.reshape(2, SIZES, WATCHED, LANES)[:, :, :n, lane]
        for size in range(SHORTEST, SHORTEST + SIZES):
            np.testing.assert_allclose(
                ours[:, size - SHORTEST, size - 1 :], told.mean[:, size - SHORTEST, size - 1 :], rtol=1e-6
            )
        assert windows.best[lane] == pytest.approx(told.best, rel=1e-6)
        assert windows.asks[lane] == told.asks
    assert not windows.asks[len(pixels) :].any()
    return windows


@pytest.mark.parametrize("pixels", [1, LANES - 1, LANES])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_windows_are_those_of_numpy(pixels: int, share: float) -> None:
    rng = np.random.default_rng(pixels)
    distance = rng.integers(-96, 97, (3, pixels, WATCHED, BANDS)).astype(np.int8)
    distance[:, ::2] //= 6  # every other one is calm
    alike = rng.uniform(0, 0.9, (3, pixels)).astype(np.float32)
    on = watched(distance, rng.random((pixels, WATCHED)) < share, alike)
    windows = held_to_numpy(on, np.arange(pixels, dtype=np.int32))
    assert windows.asks[1:pixels:2].any() or pixels == 1 or share < 1.0


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
    windows = held_to_numpy(watched(distance, usable, np.full((3, 5), 0.9, np.float32)), np.arange(5, dtype=np.int32))
    assert (windows.best[:3] == 0.0).all()
    assert windows.asks[3:5].all() == (value != 0)
