"""Distances of many pixels side by side, held to the same said in plain numpy, one pixel at a time; and followed in parts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_change_twins import shared_of

from spadework.change import fit as model
from spadework.change import gauge, kept, regress, whiten
from spadework.change.common import no_fit, plain_basis
from spadework.change.settings import MonitorSettings, lag, whiten_rule
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT, Stand, Whitened
from spadework.change.twins import TWINS
from spadework.cube import NO_METHOD, ONE_HARMONIC, PAIRWISE, SEASON_FREE, TWO_HARMONICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64 = NDArray[np.float64]

PAST, WATCHED, BANDS = 90, 50, 3
TIMES = PAST + WATCHED
SETTINGS = MonitorSettings()
LAG = lag(SETTINGS)
TERMS = {TWO_HARMONICS: 5, ONE_HARMONIC: 3, SEASON_FREE: 1, PAIRWISE: 1, NO_METHOD: 1}


def site(pixels: int, seed: int, cloud: float, size: float = 120.0) -> Whitened:
    """Residuals of some pixels with a common departure, a season, and methods of every kind in no order."""
    rng = np.random.default_rng(seed)
    fit = no_fit(pixels, BANDS, TIMES)
    shared = rng.normal(0, size, (BANDS, TIMES))
    fit.left[:] = np.clip(rng.normal(0, size, fit.left.shape) + shared, -32000, 32000)
    fit.left[:, :, PAST + 20 :] += np.int16(3 * size)
    fit.usable[:] = rng.random(fit.usable.shape) >= cloud
    fit.method[:] = rng.choice((TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE), pixels)
    past = fit.usable[:, :PAST].sum(axis=1)
    fit.method[past < 6] = PAIRWISE
    fit.method[past == 0] = NO_METHOD
    for p in range(pixels):
        fit.coef[p, :, 0] = rng.uniform(500, 4000, BANDS)
        terms = TERMS[int(fit.method[p])]
        fit.coef[p, :, 1:terms] = rng.normal(0, 200, (BANDS, terms - 1))
    fit.left[:] *= fit.usable[:, None]
    days = np.cumsum(rng.integers(1, 12, TIMES)).astype(np.int32)
    basis = plain_basis(days, PAST, BANDS)._replace(doubt=rng.uniform(1, 3, TIMES).astype(np.float32))
    twins = np.full((pixels, TWINS), -1, np.int32)
    for p in range(pixels):
        twin = rng.integers(0, min(TWINS, pixels) + 1)
        twins[p, :twin] = rng.choice(pixels, twin, replace=False)
    part = (days % float(model.YEAR) / float(model.YEAR) * gauge.PARTS).astype(np.int32)
    known = np.where(rng.random(pixels) < 0.2, rng.integers(PAST, TIMES, pixels), TIMES).astype(np.int32)
    typical = np.full(BANDS, 60.0**2, np.float32)
    return Whitened(fit, basis, whiten_rule(SETTINGS, BANDS, TIMES), typical, twins, part, known)


def room(pixels: int) -> tuple[kept.Kept, Stand]:
    ours = kept.kept_of(pixels, BANDS, LAG)
    distance = np.zeros((3, pixels, WATCHED, BANDS), np.int8)
    return ours, Stand(distance, ours.gauge.alike, ours.gauge.noise[ALONE])


def measured(by: Whitened, block: int = 256) -> tuple[kept.Kept, Stand]:
    """All distances in one turn, block by block."""
    ours, stand = room(len(by.known))
    work, turn = whiten.whiten_work(TIMES, BANDS, LAG), whiten.Turn(0, TIMES, 3, keep=True)
    numbers = np.arange(len(by.known), dtype=np.int32)
    for first in range(0, len(numbers), block):
        whiten.whiten_block(by, work, numbers[first : first + block], ours, stand, turn)
    return ours, stand


# ---------------------------------------------------------------- one pixel in plain numpy
def noise_of(by: Whitened, x: F64, least: F64, past: int, terms: int) -> F64:
    """Lower Cholesky factor of the noise of residuals (band, look)."""
    limit, weight = BANDS + 3 * np.sqrt(2 * BANDS), np.ones(past)
    for turn in range(gauge.ROUNDS):
        prior = float(gauge.PRIOR_LOOKS)
        found = ((x * weight) @ x.T + np.diag(by.typical.astype(float)) * prior) / (weight.sum() + prior)
        own = np.diag(found)
        found = found + np.diag(np.maximum(by.rule.floor_least * least, least - own))
        if turn == gauge.ROUNDS - 1:
            found = found * (float(by.rule.small[max(past - terms, 0)]) if past else 1.0)
        factor = np.linalg.cholesky(found)
        far = (np.linalg.solve(factor, x) ** 2).sum(axis=0)
        weight = (limit / np.maximum(far, limit)) ** 2
    return factor


def shrunk(x: F64, u: F64) -> F64:
    """(I + u u')^-1/2 x, look by look."""
    out = np.empty_like(x)
    for i in range(x.shape[1]):
        values, vectors = np.linalg.eigh(np.eye(BANDS) + np.outer(u[:, i], u[:, i]))
        out[:, i] = vectors @ np.diag(values**-0.5) @ vectors.T @ x[:, i]
    return out


def followed_by(by: Whitened, z: F64, days: F64) -> F64:
    """Distances (band, look) less a slow level, over a slow restlessness, cut."""
    level, spread, last, told, far = np.zeros(BANDS), 1.0, 0, np.zeros_like(z), np.zeros(z.shape[1])
    for i in range(z.shape[1]):
        gone = i - LAG
        if gone >= 0 and far[gone] < whiten.CALM_LOOK:
            gain = min(1 - np.exp(-(days[gone] - days[last]) / SETTINGS.track_days), whiten.LEVEL_MOST)
            e = z[:, gone] - level
            level = level + gain * e
            spread += float(whiten.RESTLESS_GAIN) * ((e**2).mean() - spread)
            last = gone
        told[:, i] = (z[:, i] - level) / np.sqrt(max(spread, 1))
        far[i] = (told[:, i] ** 2).sum()
        told[:, i] *= np.sqrt(min(float(whiten.CAP) / max(far[i], 1e-6), 1))
    return told


def calm_of(part: NDArray[np.int32], z: F64, past: int) -> F64:
    """(part of the year): one over how restless the history was."""
    sums, counts, prior = np.zeros(gauge.PARTS), np.zeros(gauge.PARTS), float(gauge.PRIOR_LOOKS)
    for i in range(past):
        sums[part[i]] += min((z[:, i] ** 2).mean(), float(gauge.RESTLESS_MOST))
        counts[part[i]] += 1
    wide = [prior + a + (np.roll(a, 1) + np.roll(a, -1)) / 3 for a in (sums, counts)]
    return np.asarray(1 / np.sqrt(np.maximum(wide[0] / wide[1], 1)))


def plainly(by: Whitened, p: int) -> tuple[F64, F64, F64]:
    """Distances (route, band, look), how alike looks of the history are (route), and the factor of the noise alone."""
    at, method = np.flatnonzero(by.fit.usable[p]), int(by.fit.method[p])
    past, terms = int((at < PAST).sum()), TERMS[method]
    seen, common = (a[..., at] for a in shared_of(by.fit, by.twins[p], by.known))
    left, noise = by.fit.left[p][:, at].astype(float), by.typical.astype(float)[:, None]
    weight = 1 / (1 + (left[:, :past] ** 2 / noise).sum(axis=0) / (9 * BANDS))
    own = BANDS + (weight * (common[:, :past] ** 2 / noise).sum(axis=0)).sum()
    cross = 0.5 * BANDS + (weight * (left * common / noise)[:, :past].sum(axis=0)).sum()
    share, size = np.clip(cross / own, 0, 1), (common**2 / noise).mean(axis=0)
    share = share + max(float(gauge.SHARED_MOST) - share, 0) * size / (size + 1)
    learnt = 0 if method == PAIRWISE else past
    least = by.rule.floor**2 + (by.rule.floor_share * by.fit.coef[p, :, 0].astype(float)) ** 2
    routes = [left - share * common, left]
    factors = [noise_of(by, x[:, :learnt], least, learnt, terms) for x in routes]
    design, slope = by.basis.design[:terms, at].astype(float), by.basis.slope[:terms, at].astype(float)
    normal = design[:, :past] @ design[:, :past].T + np.diag([0.0] + [float(regress.RIDGE)] * (terms - 1))
    known = np.einsum("kt,kt->t", design, np.linalg.solve(normal, design)) if method != PAIRWISE else 1.0
    trust = 1 / np.sqrt(by.basis.doubt[at] + known)
    season = np.linalg.solve(factors[ALONE], np.hstack([np.zeros((BANDS, 1)), by.fit.coef[p, :, 1:terms].astype(float)]))
    swing, phase = season @ design, season @ slope
    forgiven = (swing[:, :past] ** 2).sum() / (past * BANDS)
    forgiven /= forgiven + float(gauge.SEASON_HALF)
    phase, swing = phase * by.rule.phase_days * forgiven, swing * by.rule.amplitude * forgiven
    z = [np.linalg.solve(factor, x) * trust for factor, x in zip(factors, routes, strict=True)]
    z.append(shrunk(shrunk(z[ALONE], phase), shrunk(swing, phase)))
    z[BESIDE] = np.where(seen < 3, z[FIELD], z[BESIDE])
    told, alike = [], []
    for route in z:
        here = followed_by(by, route * calm_of(by.part[at], route, past)[by.part[at]], by.basis.days[at].astype(float))
        own, cross = (here[:, 1:past] ** 2).sum(), (here[:, 1:past] * here[:, : past - 1]).sum()
        told.append(here)
        alike.append(np.clip(cross / max(own, 1e-6), 0, 0.9))
    return np.array(told), np.array(alike), factors[ALONE]


@pytest.mark.parametrize(
    ("pixels", "cloud", "size"),
    [(1, 0.0, 120), (70, 0.4, 120), (130, 0.9, 400), (20, 0.96, 120), (20, 0.3, 10_000), (20, 0.2, 0)],
)
def test_distances_are_those_of_plain_numpy(pixels: int, cloud: float, size: float) -> None:
    """Methods in no order, few looks, few twins, one pixel, more than two groups; residuals at the limits, and none at all."""
    by = site(pixels, int(100 * cloud), cloud, size)
    _, stand = measured(by)
    for p in range(0, pixels, 1 + pixels // 25):
        at = np.flatnonzero(by.fit.usable[p])
        if by.fit.method[p] == NO_METHOD:
            assert not stand.distance[:, p].any()
            continue
        told, alike, factor = plainly(by, p)
        watched = at[at >= PAST] - PAST
        found = stand.distance[:, p][:, watched].swapaxes(1, 2).astype(float)
        np.testing.assert_allclose(found, told[:, :, len(at) - len(watched) :] * float(UNIT), atol=1.01)
        np.testing.assert_allclose(stand.alike[:, p], alike, atol=5e-3)
        np.testing.assert_allclose(np.tril(stand.factor[..., p]), factor, rtol=2e-3, atol=1e-2)
        hidden = np.setdiff1d(np.arange(WATCHED), watched)
        assert not stand.distance[:, p][:, hidden].any()


def test_a_noise_without_a_factor_costs_its_own_pixel_alone() -> None:
    by, before = site(70, 3, 0.2), measured(site(70, 3, 0.2))[1]
    by.fit.coef[5, 0, 0] = np.nan
    ours, stand = measured(by)
    others = np.arange(70) != 5
    assert by.fit.method[5] == NO_METHOD
    assert (by.fit.method[others] != NO_METHOD).all()
    assert not stand.distance[:, 5].any()
    assert not ours.gauge.noise[..., 5].any()
    np.testing.assert_array_equal(stand.distance[:, others], before.distance[:, others])


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    cloud=st.sampled_from([0.0, 0.5, 0.9]),
    cuts=st.lists(st.integers(PAST, TIMES), max_size=5).map(lambda cuts: sorted({PAST, TIMES, *cuts})),
)
def test_watched_looks_in_parts_give_the_bytes_of_one_turn(seed: int, cloud: float, cuts: list[int]) -> None:
    whole, parted = site(70, seed, cloud), site(70, seed, cloud)
    expected, at_once = measured(whole)
    ours, stand = room(70)
    work, numbers = whiten.whiten_work(TIMES, BANDS, LAG), np.arange(70, dtype=np.int32)
    whiten.whiten_block(parted, work, numbers, ours, stand, whiten.Turn(0, cuts[0], 3, keep=True))
    for first, last in itertools.pairwise(cuts):
        whiten.whiten_block(parted, work, numbers, ours, stand, whiten.Turn(first, last, 3, keep=True))
    np.testing.assert_array_equal(stand.distance, at_once.distance)
    for one, other in zip((*ours.gauge, *ours.followed), (*expected.gauge, *expected.followed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_blocks_do_not_matter() -> None:
    by = site(200, 1, 0.5)
    np.testing.assert_array_equal(measured(by, 33)[1].distance, measured(by, 200)[1].distance)


def test_again_changes_the_route_beside_twins_alone_and_only_where_twins_were_left_out() -> None:
    by = site(70, 2, 0.3)
    everyone = by._replace(known=np.full(70, TIMES, np.int32))
    ours, stand = measured(everyone)
    before = stand.distance.copy()
    whiten.whiten_block(
        by,
        whiten.whiten_work(TIMES, BANDS, LAG),
        np.arange(70, dtype=np.int32),
        first_turn(everyone, ours),
        stand,
        whiten.Turn(PAST, TIMES, 1, keep=False),
    )
    _, expected = measured(by)
    np.testing.assert_array_equal(stand.distance, expected.distance)
    np.testing.assert_array_equal(stand.distance[ALONE], before[ALONE])
    assert (stand.distance[BESIDE] != before[BESIDE]).any()


def first_turn(by: Whitened, ours: kept.Kept) -> kept.Kept:
    """What is kept where the turn over all looks keeps how far was followed with the history alone."""
    _, stand = room(len(by.known))
    whiten.whiten_block(
        by,
        whiten.whiten_work(TIMES, BANDS, LAG),
        np.arange(len(by.known), dtype=np.int32),
        ours,
        stand,
        whiten.Turn(0, TIMES, 3, keep=False),
    )
    return ours
