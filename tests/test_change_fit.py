"""Fits of many pixels side by side, held to the same said in plain numpy, one pixel at a time."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change import algebra, fit, regress
from spadework.change.common import fit_work, no_models, plain_basis
from spadework.change.compiled import compiled
from spadework.change.state import Learnt, no_learnt
from spadework.change.twins import SPAN
from spadework.cube import MISSING, NO_METHOD, ONE_HARMONIC, PAIRWISE, SEASON_FREE, TWO_HARMONICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIMES, PAST, BANDS = 70, 45, 3
RULE = fit.FitRule(looks_two=24, looks_one=12, looks_mean=6, season_days=100.0, season_two_days=150.0)
TERMS = {TWO_HARMONICS: 5, ONE_HARMONIC: 3, SEASON_FREE: 1}
SEEDS = st.integers(0, 2**32 - 1)


def basis_of(rng: np.random.Generator) -> fit.Basis:
    """A common mode and a doubt of its own for each look."""
    plain = plain_basis(np.cumsum(rng.integers(3, 9, TIMES)).astype(np.int32), PAST, BANDS)
    common = plain.common.copy()
    common[:, :, : BANDS + 1] += rng.normal(0, 0.02, (TIMES, BANDS, BANDS + 1)).astype(np.float32)
    return plain._replace(common=common, doubt=rng.uniform(1, 3, TIMES).astype(np.float32))


def regression(
    y: NDArray[np.float64], at: NDArray[np.intp], basis: fit.Basis, terms: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (band, term) and variance (band) of the looks ``at`` of one pixel y (time, band), in plain numpy."""
    x, doubt = basis.design[:terms, at].T.astype(np.float64), basis.doubt[at].astype(np.float64)
    common = basis.common[at].astype(np.float64)
    coef, weight = np.zeros((BANDS, terms)), np.ones(len(at))
    coef[:, 0] = np.sort(y[at], axis=0)[len(at) // 2]
    left = np.zeros((len(at), BANDS))
    for _ in range(regress.ROUNDS):
        model = x @ coef.T
        left = y[at] - np.einsum("tbc,tc->tb", common[:, :, 1 : BANDS + 1], model) - common[:, :, 0]
        share = weight.sum() / ((weight[:, None] * left**2).sum(axis=0) + 1e-6)
        far = (left**2 * share).sum(axis=1) / doubt
        typical = max(np.sort(far)[len(far) // 2] / max(BANDS - 0.66, 0.45), 1e-6)
        limit = (BANDS + 3.0 * math.sqrt(2.0 * BANDS)) * typical
        weight = (limit / np.maximum(far, limit)) ** 2 / doubt
        normal = (x.T * weight) @ x + float(regress.RIDGE) * np.diag([0.0] + [1.0] * (terms - 1))
        coef = np.linalg.solve(normal, (x.T * weight) @ (left + model)).T
    left = y[at] - np.einsum("tbc,tc->tb", common[:, :, 1 : BANDS + 1], x @ coef.T) - common[:, :, 0]
    return coef, (weight[:, None] * left**2).sum(axis=0) / max((weight * doubt).sum() - terms, 1.0)


class Out(NamedTuple):
    """What was left over."""

    left: NDArray[np.int16]
    """(pixel, band, time), HIDDEN where not usable."""
    usable: NDArray[np.bool_]
    """(pixel, time)."""


def learnt_from(models: fit.Models) -> Learnt:
    """The same in whole numbers."""
    pixels = len(models.method)
    return no_learnt(pixels, BANDS)._replace(method=models.method, coef=np.rint(models.coef).astype(np.int16))


def left_over(learnt: Learnt, basis: fit.Basis, values: NDArray[np.int16], clear: NDArray[np.bool_], looks: range) -> Out:
    """What the models leave over of some looks, in rooms where others left something behind; numbers of pixels run backwards."""
    pixels, n = len(learnt.method), len(looks)
    seen = slice(0 if (learnt.method == PAIRWISE).any() else looks.start, looks.stop)
    series = fit.Series(np.arange(seen.start, seen.stop, dtype=np.int32), values[seen, :, ::-1], clear[seen, ::-1])
    room = np.full((pixels, -(-BANDS * n // SPAN) * SPAN), 7, np.int16)
    left = fit.Left(room, np.ones((pixels, n), np.bool_), looks.start)
    fit.leave_block(series, basis, fit_work(TIMES, BANDS), np.arange(pixels, dtype=np.int32)[::-1].copy(), learnt, left)
    assert (room[:, BANDS * n :] == fit.HIDDEN).all()
    return Out(room[:, : BANDS * n].reshape(pixels, BANDS, n), left.usable)


def fitted(values: NDArray[np.int16], clear: NDArray[np.bool_], basis: fit.Basis) -> tuple[fit.Models, Out]:
    """Values (time, band, pixel), clear (time, pixel); the models see the history only, and are kept in whole numbers."""
    pixels = values.shape[2]
    models, work, numbers = no_models(pixels, BANDS), fit_work(TIMES, BANDS), np.arange(pixels, dtype=np.int32)
    fit.fit_block(fit.Series(np.arange(PAST, dtype=np.int32), values[:PAST], clear[:PAST]), basis, RULE, work, numbers, models)
    return models, left_over(learnt_from(models), basis, values, clear, range(TIMES))


def held_to_numpy(values: NDArray[np.int16], clear: NDArray[np.bool_], basis: fit.Basis) -> None:
    models, out = fitted(values, clear, basis)
    for p in range(values.shape[2]):
        usable = clear[:, p] & (values[:, :, p] != MISSING).all(axis=1)
        np.testing.assert_array_equal(out.usable[p], usable)
        at = np.flatnonzero(usable[:PAST])
        method = int(models.method[p])
        if method in TERMS:
            y = values[:, :, p].astype(np.float64)
            coef, noise = regression(y, at, basis, TERMS[method])
            np.testing.assert_allclose(models.coef[p, :, : TERMS[method]], coef, rtol=2e-3, atol=0.5)
            assert not models.coef[p, :, TERMS[method] :].any()
            np.testing.assert_allclose(models.noise[p], noise, rtol=0.02, atol=0.5)
            expected = np.einsum("tbc,ct->tb", basis.common[:, :, 1 : BANDS + 1], np.rint(models.coef[p]) @ basis.design)
            left = (y - expected - basis.common[:, :, 0]).T
            np.testing.assert_allclose(out.left[p][:, usable], left[:, usable], atol=0.6)
        assert (method == NO_METHOD) == (len(at) == 0)
        assert ((out.left[p] == fit.HIDDEN) == ~(usable & (method != NO_METHOD))).all()


@pytest.mark.parametrize("pixels", [1, algebra.LANES - 1, algebra.LANES + 3])
@pytest.mark.parametrize("share", [1.0, 0.6, 0.25])
def test_fits_are_those_of_numpy(pixels: int, share: float) -> None:
    rng = np.random.default_rng(pixels)
    basis = basis_of(rng)
    season = 300 * basis.design[1][:, None, None] * rng.normal(1, 0.3, (1, BANDS, pixels))
    values = 2000 + season + rng.normal(0, 40, (TIMES, BANDS, pixels))
    values[rng.random(values.shape) < 0.03] += 1500  # leaks
    held_to_numpy(values.astype(np.int16), rng.random((TIMES, pixels)) < share, basis)


def test_awkward_pixels_do_not_disturb_each_other() -> None:
    """All cloud, one look, a band missing, ties, the limits of 16 bits, beside an ordinary pixel."""
    rng = np.random.default_rng(4)
    basis = basis_of(rng)
    values = np.full((TIMES, BANDS, 7), 1500, np.int16)
    values[:, :, 6] += rng.normal(0, 40, (TIMES, BANDS)).astype(np.int16)
    clear = np.ones((TIMES, 7), np.bool_)
    clear[:, 0] = False
    clear[:, 1] = np.arange(TIMES) == 20
    values[:, 1, 2] = MISSING
    values[:, :, 4], values[:, :, 5] = 32767, -9998
    models, out = fitted(values, clear, basis)
    assert models.method.tolist() == [NO_METHOD, PAIRWISE, NO_METHOD, *[TWO_HARMONICS] * 4]
    assert not out.usable[2].any()
    assert np.isfinite(models.coef).all()
    assert np.isfinite(models.noise).all()
    assert (np.abs(out.left[out.left != fit.HIDDEN].astype(int)) <= int(fit.FARTHEST)).all()
    alone = fitted(values[:, :, 6:], clear[:, 6:], basis)
    for name in ("coef", "noise", "method"):
        np.testing.assert_array_equal(getattr(alone[0], name)[0], getattr(models, name)[6], err_msg=name)
    for name in ("left", "usable"):
        np.testing.assert_array_equal(getattr(alone[1], name)[0], getattr(out, name)[6], err_msg=name)


def test_pairs_are_compared_with_the_look_nearest_in_season() -> None:
    days = np.arange(TIMES, dtype=np.int32) * 5
    values = np.arange(TIMES * BANDS, dtype=np.int16).reshape(TIMES, BANDS, 1) * 10
    clear = np.zeros((TIMES, 1), np.bool_)
    clear[[3, 20, 60], 0] = True
    models, out = fitted(values, clear, plain_basis(days, PAST, BANDS))
    assert models.method[0] == PAIRWISE
    np.testing.assert_array_equal(models.coef[0, :, 0], values[[3, 20], :, 0].mean(axis=0))
    nearest = min((3, 20), key=lambda t: min((60 - t) * 5 % 365.25, 365.25 - (60 - t) * 5 % 365.25))
    np.testing.assert_array_equal(out.left[0, :, 60], values[60, :, 0] - values[nearest, :, 0])


@compiled
def _rank(rows: algebra.I16, n: int, ranks: algebra.Ranks) -> None:
    algebra.rank_lanes(rows, n, ranks)


def ranks_of(n: int) -> algebra.Ranks:
    return algebra.Ranks(np.full(algebra.LANES, n, np.int32), *(np.zeros(algebra.LANES, np.int32) for _ in range(3)))


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 60), ties=st.booleans())
def test_a_rank_is_that_of_the_sorted(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    whole = rng.integers(-3 if ties else -32768, 4 if ties else 32768, (n + 2, algebra.LANES)).astype(np.int16)
    ranks = ranks_of(n // 2)
    _rank(whole, n, ranks)
    np.testing.assert_array_equal(ranks.found, np.sort(whole[:n], axis=0)[n // 2])
    floats = np.where(whole < 0, np.inf, whole / 7).astype(np.float32)
    _rank(floats.view(np.int32), n, ranks)
    np.testing.assert_array_equal(ranks.found.view(np.float32), np.sort(floats[:n], axis=0)[n // 2])


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, cuts=st.lists(st.integers(PAST, TIMES - 1), max_size=4))
def test_looks_in_parts_leave_over_what_all_at_once_do(seed: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    basis, pixels = basis_of(rng), 9
    values = (2000 + rng.normal(0, 60, (TIMES, BANDS, pixels))).astype(np.int16)
    clear = rng.random((TIMES, pixels)) < rng.random(pixels) ** 3
    models, whole = fitted(values, clear, basis)
    parts = [
        left_over(learnt_from(models), basis, values, clear, range(*looks))
        for looks in itertools.pairwise([0, *sorted(set(cuts)), TIMES])
    ]
    np.testing.assert_array_equal(np.concatenate([part.left for part in parts], axis=2), whole.left)
    np.testing.assert_array_equal(np.concatenate([part.usable for part in parts], axis=1), whole.usable)
