"""Distances of many pixels side by side, held to the same said in plain numpy, one pixel at a time; and followed in parts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_change_twins import places_in, shared_of

from spadework.change import gauge, level, regress, state, whiten
from spadework.change.common import plain_basis
from spadework.change.fit import HIDDEN, Basis, Left
from spadework.change.recent import left_of, recent_of
from spadework.change.settings import MonitorSettings, lag, whiten_rule
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT, Whitened
from spadework.change.twins import NO_TWIN, TWINS, Places
from spadework.cube import NO_METHOD, ONE_HARMONIC, PAIRWISE, SEASON_FREE, TWO_HARMONICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64 = NDArray[np.float64]

PAST, WATCHED, BANDS = 90, 50, 3
TIMES = PAST + WATCHED
SETTINGS = MonitorSettings()
LAG = lag(SETTINGS)
TERMS = {TWO_HARMONICS: 5, ONE_HARMONIC: 3, SEASON_FREE: 1, PAIRWISE: 1, NO_METHOD: 1}
SHARE = float(state.SHARE_UNIT)
ON_AND_BELOW = np.tril_indices(BANDS)


class Ground(NamedTuple):
    """Residuals of the pixels of an area, and what they are measured by."""

    residual: NDArray[np.int16]
    """(pixel, band, look)."""
    usable: NDArray[np.bool_]
    """(pixel, look)."""
    learnt: state.Learnt
    """Filled in place."""
    followed: state.Followed
    """Filled in place."""
    basis: Basis
    places: Places
    part: NDArray[np.int32]
    """(look)."""
    left_out: NDArray[np.bool_]
    """(pixel), of the watched looks."""


def ground(inside: NDArray[np.bool_], seed: int, cloud: float, size: float = 120.0) -> Ground:
    """Residuals with a common departure, a season, and methods of every kind in no order; the first of many are awkward.

    One has no look, one a single one in the history and none behind, one a single one that is watched, one no twins, one no method.
    """
    rng, places = np.random.default_rng(seed), places_in(inside)
    pixels = len(places.at)
    residual = rng.normal(0, size, (pixels, BANDS, TIMES)) + rng.normal(0, size, (BANDS, TIMES))
    residual[:, :, PAST + 20 :] += 3 * size
    usable = rng.random((pixels, TIMES)) >= cloud
    if pixels > 5:
        usable[:3] = False
        usable[[1, 2, 2], [7, 9, PAST + 3]] = True
    learnt = state.no_learnt(pixels, BANDS)
    learnt.method[:] = rng.choice((TWO_HARMONICS, ONE_HARMONIC, SEASON_FREE), pixels)
    past = usable[:, :PAST].sum(axis=1)
    learnt.method[past < 6] = PAIRWISE
    learnt.method[past == 0] = NO_METHOD
    learnt.method[4:5] = NO_METHOD
    learnt.coef[:, :, 0] = rng.uniform(500, 4000, (pixels, BANDS))
    for p in range(pixels):
        terms = TERMS[int(learnt.method[p])]
        learnt.coef[p, :, 1:terms] = rng.normal(0, 200, (BANDS, terms - 1))
        y, x = divmod(int(places.at[p]), inside.shape[1])
        near = [
            m for m, (dy, dx) in enumerate(places.offsets)
            if 0 <= y + dy < len(inside) and 0 <= x + dx < inside.shape[1] and inside[y + dy, x + dx]
        ]  # fmt: skip
        twin = rng.integers(0, min(TWINS, len(near)) + 1) if p != 3 else 0
        learnt.twins[p, :twin] = rng.permutation(near)[:twin]
    days = np.cumsum(rng.integers(1, 12, TIMES)).astype(np.int32)
    basis = plain_basis(days, PAST, BANDS)._replace(doubt=rng.uniform(1, 3, TIMES).astype(np.float32))
    return Ground(
        np.clip(residual, -32000, 32000).astype(np.int16) * usable[:, None], usable, learnt,
        state.unfollowed(pixels, BANDS, LAG), basis, places, state.parts_of_year(days), rng.random(pixels) < 0.2,
    )  # fmt: skip


def area(pixels: int) -> NDArray[np.bool_]:
    """So many pixels of an area with holes, sixteen to a row."""
    inside: NDArray[np.bool_] = np.arange(16 * (2 + pixels // 8)).reshape(-1, 16) % 7 != 3
    inside.reshape(-1)[np.flatnonzero(inside)[pixels:]] = False
    return inside


def whitened(on: Ground, looks: range, length: int | None = None, shown: range | None = None) -> Whitened:
    """What some looks are measured by, in a ring of some length that holds some pixels; nobody is left out of the history."""
    pixels = shown or range(len(on.usable))
    left = left_of(length or len(on.usable), len(looks), BANDS, looks.start)
    for p in pixels:
        here = slice(looks.start, looks.stop)
        rows = np.where(on.usable[p, here], on.residual[p, :, here], HIDDEN)
        left.residual[p % len(left.usable), : rows.size] = rows.ravel()
        left.usable[p % len(left.usable)] = on.usable[p, here]
    typical, rule = np.full(BANDS, 60.0**2, np.float32), whiten_rule(SETTINGS, BANDS, PAST)
    out = on.left_out & (looks.start >= PAST)
    return Whitened(on.learnt, on.followed, Left(*left), on.basis, rule, typical, on.places, on.part, out)


def learn(on: Ground, block: int = 256, by: Whitened | None = None) -> None:
    """Learn from the history, block by block."""
    by, numbers = by or whitened(on, range(PAST)), np.arange(len(on.usable), dtype=np.int32)
    for first in range(0, len(numbers), block):
        whiten.learn_block(by, whiten.whiten_work(PAST, BANDS, LAG, 0), numbers[first : first + block])


def judge(on: Ground, looks: range, block: int = 256) -> list[NDArray[np.int8]]:
    """Of each pixel (route, usable look, band), where it stands at the usable ones of some looks."""
    by, numbers = whitened(on, looks), np.arange(len(on.usable), dtype=np.int32)
    recent, work = recent_of(len(numbers), LAG + len(looks), BANDS), whiten.whiten_work(len(looks), BANDS, LAG, looks.start)
    recent.distance[:] = 99
    for first in range(0, len(numbers), block):
        whiten.whiten_block(by, work, numbers[first : first + block], recent)
    new = on.usable[:, looks.start : looks.stop].sum(axis=1) * on.learnt.measured
    for p in numbers:
        assert (recent.distance[:, :LAG, :, p] == 99).all()
    return [recent.distance[:, LAG : LAG + new[p], :, p] for p in numbers]


def fresh(on: Ground) -> Ground:
    """The same ground, what is kept of it copied."""
    learnt, followed = ({name: part.copy() for name, part in kept._asdict().items()} for kept in (on.learnt, on.followed))
    return on._replace(learnt=state.Learnt(**learnt), followed=state.Followed(**followed))


def arrays(*kept: state.Followed | state.Learnt) -> list[NDArray[Any]]:
    return [part for one in kept for part in one._asdict().values()]


def of(kept: state.Followed | state.Learnt, some: Any) -> list[NDArray[Any]]:  # noqa: ANN401 - whatever numpy takes as an index
    """What is kept of some pixels, these first."""
    pixels = kept.level.shape[2] if isinstance(kept, state.Followed) else len(kept.method)
    return [np.moveaxis(part, part.shape.index(pixels), 0)[some] for part in arrays(kept)]


def same(one: state.Followed | state.Learnt, other: state.Followed | state.Learnt) -> None:
    for mine, yours in zip(arrays(one), arrays(other), strict=True):
        assert mine.tobytes() == yours.tobytes()


# ---------------------------------------------------------------- one pixel in plain numpy
class Gauge(NamedTuple):
    """What the distances of a pixel are measured by, in 64 bits."""

    agreement: float
    noise: F64
    """(BESIDE or ALONE, band, band), Cholesky factors."""
    model: F64
    """(term, term), Cholesky factor, of the terms that the model has; none where looks are compared one by one."""
    season: F64
    """(band, term), coefficients over the noise, 0 for the mean."""
    forgiven: float


class Track:
    """How far a pixel was followed along one route."""

    def __init__(self, on: Ground, p: int, route: int) -> None:
        kept = on.followed
        self.level = kept.level[route, :, p] / float(state.LEVEL_UNIT)
        self.spread, self.since = float(kept.spread[route, p]), int(kept.since[route, p])
        self.look = kept.look[:, p].tolist()
        self.told = list(kept.told[route, :, :, p] / float(UNIT))

    def follow(self, z: F64, look: int, days: F64) -> F64:
        """(band): one look's distance less a slow level, over a slow restlessness, cut."""
        gone, before = self.look.pop(0), self.told.pop(0)
        if gone != state.NO_LOOK:
            day = 1 + int(days[gone])
            self.since = self.since or day
            if (before**2).sum() < level.CALM_LOOK:
                e = before * np.sqrt(max(self.spread, 1))
                gain = min(1 - np.exp(-(day - self.since) / SETTINGS.track_days), level.LEVEL_MOST)
                self.level = np.rint((self.level + gain / (1 + LAG * gain) * e) * 512).clip(-32768, 32767) / 512
                self.spread += 0.04 / (1 + LAG * 0.04) * ((e**2).mean() - self.spread)
                self.since = day
        told = (z - self.level) / np.sqrt(max(self.spread, 1))
        told = np.rint(told * np.sqrt(min(float(level.CAP) / max((told**2).sum(), 1e-6), 1)) * 16) / 16
        self.look.append(look)
        self.told.append(told)
        return np.asarray(told)


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


def calm_of(part: NDArray[np.int32], z: F64) -> F64:
    """(part of the year): one over how restless the history was."""
    sums, counts, prior = np.zeros(state.PARTS), np.zeros(state.PARTS), float(gauge.PRIOR_LOOKS)
    for i in range(z.shape[1]):
        sums[part[i]] += min((z[:, i] ** 2).mean(), float(gauge.RESTLESS_MOST))
        counts[part[i]] += 1
    wide = [prior + a + (np.roll(a, 1) + np.roll(a, -1)) / 3 for a in (sums, counts)]
    return np.asarray(1 / np.sqrt(np.maximum(wide[0] / wide[1], 1)))


def shared(on: Ground, p: int, by: Whitened, at: NDArray[np.intp]) -> tuple[NDArray[np.int32], F64]:
    """How many twins of pixel p show looks ``at``, and (band, look), what they share there."""
    y, x = divmod(int(on.places.at[p]), on.places.number.shape[1])
    twins = [on.places.offsets[m] for m in on.learnt.twins[p] if m != NO_TWIN]
    of = np.full(TWINS, -1, np.int32)
    of[: len(twins)] = [on.places.number[y + dy, x + dx] for dy, dx in twins]
    of[by.left_out[of]] = -1
    seen, common = shared_of(on.residual, on.usable, of)
    return seen[at], common[:, at].astype(float)


def taken_off(by: Whitened, left: F64, common: F64, agreement: float) -> F64:
    """Residuals (band, look) less what the pixel shares with its twins."""
    size = (common**2 / by.typical.astype(float)[:, None]).mean(axis=0)
    return np.asarray(left - (agreement + max(float(gauge.SHARED_MOST) - agreement, 0) * size / (size + 1)) * common)


def gauge_of(on: Ground, p: int, by: Whitened) -> Gauge:
    """What the history of a pixel teaches."""
    at, method = np.flatnonzero(on.usable[p, :PAST]), int(on.learnt.method[p])
    terms, noise = TERMS[method], by.typical.astype(float)[:, None]
    left, common = on.residual[p][:, at].astype(float), shared(on, p, by, at)[1]
    weight = 1 / (1 + (left**2 / noise).sum(axis=0) / (9 * BANDS))
    own = BANDS + (weight * (common**2 / noise).sum(axis=0)).sum()
    agreement = np.clip((0.5 * BANDS + (weight * (left * common / noise).sum(axis=0)).sum()) / own, 0, 1)
    learnt = 0 if method == PAIRWISE else len(at)
    coef = on.learnt.coef[p].astype(float)
    least = by.rule.floor**2 + (by.rule.floor_share * coef[:, 0]) ** 2
    routes = [taken_off(by, left, common, agreement), left]
    factors = np.array([noise_of(by, x[:, :learnt], least, learnt, terms) for x in routes])
    design = by.basis.design[:terms, at].astype(float)
    normal = design @ design.T + np.diag([0.0] + [float(regress.RIDGE)] * (terms - 1))
    season = np.linalg.solve(factors[ALONE], np.hstack([np.zeros((BANDS, 1)), coef[:, 1:terms]]))
    forgiven = ((season @ design) ** 2).sum() / (len(at) * BANDS)
    model = np.linalg.cholesky(normal) if method != PAIRWISE else np.zeros((0, 0))
    return Gauge(agreement, factors, model, season, forgiven / (forgiven + float(gauge.SEASON_HALF)))


def kept_gauge(on: Ground, p: int) -> Gauge:
    """The same from what is kept."""
    kept, terms = on.learnt, TERMS[int(on.learnt.method[p])]
    noise, model = np.zeros((2, BANDS, BANDS)), np.zeros((regress.TERMS, regress.TERMS))
    noise[:, *ON_AND_BELOW] = kept.noise[:, :, p] / float(state.NOISE_UNIT)
    model[np.tril_indices(regress.TERMS)] = kept.model[:, p] / float(state.MODEL_UNIT)
    model = model[:terms, :terms] if kept.method[p] != PAIRWISE else model[:0, :0]
    coef = kept.coef[p, :, :terms].astype(float)
    coef[:, 0] = 0
    return Gauge(kept.agreement[p] / SHARE, noise, model, np.linalg.solve(noise[ALONE], coef), kept.forgiven[p] / SHARE)


def routes_of(on: Ground, p: int, by: Whitened, at: NDArray[np.intp], by_gauge: Gauge) -> list[F64]:
    """Of each route (band, look), distances of looks ``at``, not settled yet."""
    seen, common = shared(on, p, by, at)
    left = on.residual[p][:, at].astype(float)
    terms = by_gauge.season.shape[1]
    design, slope = by.basis.design[:terms, at].astype(float), by.basis.slope[:terms, at].astype(float)
    known = (np.linalg.solve(by_gauge.model, design) ** 2).sum(axis=0) if len(by_gauge.model) else 1.0
    trust = 1 / np.sqrt(by.basis.doubt[at] + known)
    phase = by_gauge.season @ slope * by.rule.phase_days * by_gauge.forgiven
    swing = by_gauge.season @ design * by.rule.amplitude * by_gauge.forgiven
    routes = (taken_off(by, left, common, by_gauge.agreement), left)
    z = [np.linalg.solve(factor, x) * trust for factor, x in zip(by_gauge.noise, routes, strict=True)]
    z.append(shrunk(shrunk(z[ALONE], phase), shrunk(swing, phase)))
    z[BESIDE] = np.where(seen < 3, z[FIELD], z[BESIDE])
    return z


def told_of(on: Ground, p: int, z: F64, at: NDArray[np.intp], track: Track) -> F64:
    """(look, band): where a pixel stands on a route of settled distances (band, look)."""
    days = on.basis.days.astype(float)
    return np.array([track.follow(z[:, i], int(t), days) for i, t in enumerate(at)]).reshape(-1, BANDS)


CASES = [(1, 0.0, 120), (70, 0.4, 120), (130, 0.9, 400), (40, 0.96, 120), (40, 0.3, 10_000), (40, 0.2, 0)]
"""Pixels, share of clouds, size of residuals: one pixel and more than two groups; residuals and noise at the limits, and none at all."""


@pytest.mark.parametrize(("pixels", "cloud", "size"), CASES)
def test_what_the_history_teaches_is_that_of_plain_numpy(pixels: int, cloud: float, size: float) -> None:
    on = ground(area(pixels), int(100 * cloud), cloud, size)
    before, by = fresh(on), whitened(on, range(PAST))
    learn(on)
    kept = on.learnt
    assert kept.measured.tolist() == (kept.method != NO_METHOD).tolist()
    for p in np.flatnonzero(kept.measured).tolist():
        at, expected = np.flatnonzero(on.usable[p, :PAST]), gauge_of(on, p, by)
        model = np.zeros((regress.TERMS, regress.TERMS))
        model[: len(expected.model), : len(expected.model)] = expected.model
        for found, value, unit in (
            (kept.agreement[p], expected.agreement, SHARE),
            (kept.forgiven[p], expected.forgiven, SHARE),
            (kept.noise[:, :, p], expected.noise[:, *ON_AND_BELOW], state.NOISE_UNIT),
            (kept.model[:, p], model[np.tril_indices(regress.TERMS)], state.MODEL_UNIT),
        ):
            whole = (np.asarray(value) * float(unit)).clip(-32767, 32767)
            np.testing.assert_allclose(found, whole, atol=0.51 + 1e-4 * np.abs(whole).max())
        for route, z in enumerate(routes_of(on, p, by, at, expected)):
            np.testing.assert_allclose(kept.calm[route, :, p], SHARE * calm_of(on.part[at], z), atol=0.6)
            track = Track(before, p, route)
            told = told_of(on, p, z * (kept.calm[route, :, p] / SHARE)[on.part[at]], at, track)
            own, cross = (told[1:] ** 2).sum(), (told[1:] * told[:-1]).sum()
            np.testing.assert_allclose(kept.alike[route, p], SHARE * np.clip(cross / max(own, 1e-6), 0, 0.9), atol=2)
            agree(on, p, route, track)
    for p in np.flatnonzero(~kept.measured).tolist():
        for mine, yours in ((kept, before.learnt), (on.followed, before.followed)):
            for one, other in zip(of(mine, p), of(yours, p), strict=True):
                assert one.tolist() == other.tolist()


def agree(on: Ground, p: int, route: int, track: Track) -> None:
    """Distances may fall to either side of a tie, which moves a level by a thirteenth of a sixteenth at most."""
    kept = on.followed
    assert kept.look[:, p].tolist() == track.look
    assert kept.since[route, p] == track.since
    np.testing.assert_allclose(kept.told[route, :, :, p], np.array(track.told) * float(UNIT), atol=1.01)
    np.testing.assert_allclose(kept.level[route, :, p] / 512, track.level, atol=0.03)
    np.testing.assert_allclose(kept.spread[route, p], track.spread, rtol=0.01)


@pytest.mark.parametrize(("pixels", "cloud", "size"), CASES)
def test_distances_are_those_of_plain_numpy(pixels: int, cloud: float, size: float) -> None:
    """From what is kept of the history."""
    on = ground(area(pixels), int(100 * cloud), cloud, size)
    learn(on)
    before, by = fresh(on), whitened(on, range(PAST, TIMES))
    stands = judge(on, range(PAST, TIMES))
    off, count = 0, 0
    for p in np.flatnonzero(on.learnt.measured).tolist():
        at = PAST + np.flatnonzero(on.usable[p, PAST:])
        for route, z in enumerate(routes_of(on, p, by, at, kept_gauge(on, p))):
            track = Track(before, p, route)
            told = told_of(on, p, z * (on.learnt.calm[route, :, p] / SHARE)[on.part[at]], at, track)
            np.testing.assert_allclose(stands[p][route], told * float(UNIT), atol=1.01)
            off, count = off + (stands[p][route] != np.rint(told * float(UNIT))).sum(), count + told.size
            agree(on, p, route, track)
    assert off <= 0.01 * count
    if size == 10_000:  # kept numbers were cut
        assert on.learnt.noise.max() == 32767
    same(on.learnt, before.learnt)
    for p in np.flatnonzero(~on.learnt.measured).tolist():
        assert all((one == other).all() for one, other in zip(of(on.followed, p), of(before.followed, p), strict=True))


def test_a_noise_without_a_factor_costs_its_own_pixel_alone() -> None:
    """Bands that are one and the same, far out, and no floor."""
    grounds = [ground(area(70), 3, 0.2) for _ in range(2)]
    for on in grounds:
        on.residual[5] = np.where(np.arange(TIMES) % 2, 31000, -31000) * on.usable[5]
        on.learnt.method[5] = SEASON_FREE
        on.learnt.coef[5, :, 0] = [0, 0, 0] if on is grounds[1] else [4000, 4000, 4000]
        by = whitened(on, range(PAST))
        rule = by.rule._replace(floor=0.0, floor_share=1.0)
        learn(on, by=by._replace(rule=rule, typical=np.full(BANDS, 1e-6, np.float32)))
    fine, failed = grounds
    others = np.arange(70) != 5
    assert fine.learnt.measured[5]
    assert not failed.learnt.measured[5]
    assert failed.learnt.method[5] == SEASON_FREE
    blank = ground(area(70), 3, 0.2)
    for mine, yours in zip(of(failed.followed, 5), of(blank.followed, 5), strict=True):
        assert (mine == yours).all()
    for name in ("noise", "model", "calm", "alike", "agreement", "forgiven"):
        assert not getattr(failed.learnt, name)[..., 5].any()
        np.testing.assert_array_equal(getattr(failed.learnt, name)[..., others], getattr(fine.learnt, name)[..., others])
    assert judge(failed, range(PAST, TIMES))[5].size == 0


# ---------------------------------------------------------------- to the last bit
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    cloud=st.sampled_from([0.0, 0.5, 0.9]),
    cuts=st.one_of(
        st.lists(st.integers(PAST, TIMES), max_size=5).map(lambda cuts: sorted({PAST, TIMES, *cuts})),
        st.just(list(range(PAST, TIMES + 1))),
    ),
    size=st.sampled_from([120.0, 4000.0]),
)
def test_watched_looks_in_parts_give_the_bytes_of_one_call(seed: int, cloud: float, cuts: list[int], size: float) -> None:
    whole = ground(area(70), seed, cloud, size)
    learn(whole)
    parted = fresh(whole)
    at_once = judge(whole, range(PAST, TIMES))
    parts = [judge(parted, range(first, last)) for first, last in itertools.pairwise(cuts)]
    for p, stands in enumerate(at_once):
        assert stands.tobytes() == np.concatenate([part[p] for part in parts], axis=1).tobytes()
    same(whole.followed, parted.followed)
    same(whole.learnt, parted.learnt)


def test_blocks_and_neighbours_do_not_matter() -> None:
    """Other lanes, others beside them, and others that are not measured at all."""
    grounds = [ground(area(200), 1, 0.5) for _ in range(3)]
    alone = np.arange(200) % 3 > 0
    grounds[2].learnt.method[alone] = NO_METHOD
    stands = []
    for on, block in zip(grounds, (200, 33, 57), strict=True):
        learn(on, block)
        stands.append(judge(on, range(PAST, TIMES), block))
    same(grounds[0].followed, grounds[1].followed)
    same(grounds[0].learnt, grounds[1].learnt)
    for one, other in zip(of(grounds[0].followed, ~alone), of(grounds[2].followed, ~alone), strict=True):
        np.testing.assert_array_equal(one, other)
    for p in range(200):
        np.testing.assert_array_equal(stands[0][p], stands[1][p])
        if not alone[p]:
            np.testing.assert_array_equal(stands[0][p], stands[2][p])


def test_a_ring_shorter_than_the_site_gives_the_same() -> None:
    """Pixels in the middle of a strip three wide; the ring holds them and those in reach, some of them at its start."""
    one, other = (ground(np.ones((100, 3), np.bool_), 4, 0.3) for _ in range(2))
    learn(one)
    stands, middle, shown = judge(one, range(PAST, TIMES)), np.arange(166, 218, dtype=np.int32), range(100, 292)
    by, looks = whitened(other, range(PAST), 192, shown), TIMES - PAST
    whiten.learn_block(by, whiten.whiten_work(PAST, BANDS, LAG, 0), middle)
    by, recent = whitened(other, range(PAST, TIMES), 192, shown), recent_of(192, LAG + looks, BANDS)
    whiten.whiten_block(by, whiten.whiten_work(looks, BANDS, LAG, PAST), middle, recent)
    for p in middle:
        np.testing.assert_array_equal(recent.distance[:, LAG : LAG + stands[p].shape[1], :, p % 192], stands[p])
    for mine, yours in zip(of(one.followed, middle), of(other.followed, middle), strict=True):
        np.testing.assert_array_equal(mine, yours)


def test_learning_again_is_learning_anew() -> None:
    on = ground(area(70), 2, 0.3)
    learn(on)
    before = fresh(on)
    judge(on, range(PAST, TIMES))
    learn(on)
    same(on.learnt, before.learnt)
    same(on.followed, before.followed)
