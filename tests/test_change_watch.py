"""The watch goes on from what it remembers: looks handed to it one by one, or some at a time, give the answers of all in one call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change.algebra import LANES
from spadework.change.common import plain_basis
from spadework.change.confirm import watch_work
from spadework.change.fit import HIDDEN
from spadework.change.recent import left_of
from spadework.change.settings import MonitorSettings, watch_rule
from spadework.change.stand import ALONE, FIELD, Recent, Watched
from spadework.change.state import NO_LOOK, NOISE_UNIT, Learnt, Watching, below, no_learnt, unwatched
from spadework.change.twins import Places, offsets, ways
from spadework.change.watch import reason, statistic, watch_block
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, REASONS, SEASON_FREE, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spadework.change.fit import Left

PAST, WATCHED, BANDS, SIDE = 4, 60, 3, 7
PIXELS = SIDE * SIDE
OTHERS = 3 * SIDE
"""Pixels of the site that come before those that are watched, three rows further up."""
RING = LANES
"""Places: the numbers of the watched pixels begin anew in there."""
SETTINGS = MonitorSettings()
SIZES = len(SETTINGS.window_tails)
LAG = SIZES + 2
FAR = 40
"""Distance of changed ground in each band, in 1/16 of the noise."""


class Site(NamedTuple):
    """Whitened looks of a small square site; all distances are the same on the three routes, but for what ``field`` adds."""

    distance: NDArray[np.int8]
    """(pixel, time watched, band)."""
    usable: NDArray[np.bool_]
    """(pixel, time watched)."""
    method: NDArray[np.uint8]
    """(pixel)."""
    measured: NDArray[np.bool_]
    """(pixel)."""
    field: NDArray[np.int8]
    """(time watched)."""


def learnt(site: Site) -> Learnt:
    """Ground of 1000 through the year, noise of 16 in every band."""
    known = no_learnt(OTHERS + PIXELS, BANDS)
    known.method[OTHERS:], known.measured[OTHERS:] = site.method, site.measured
    known.coef[:, :, 0] = 1000
    known.noise[ALONE, [below(b + 1) - 1 for b in range(BANDS)]] = 16 * NOISE_UNIT
    return known


def left(site: Site, low: int, high: int) -> Left:
    """Residuals of looks low <= t < high, which say what distances say; all else is 99."""
    some = left_of(RING, high - low, BANDS, PAST + low)
    some.residual[:RING] = 99
    for p in range(PIXELS):
        shown = np.where(site.usable[p, low:high, None], site.distance[p, low:high], HIDDEN)
        some.residual[(OTHERS + p) % RING, : shown.size] = shown.T.ravel()
    return some


def recent(site: Site, low: int, high: int) -> Recent:
    """Looks low <= t < high, behind the last before. All else, the history's too, is 99."""
    usable = np.concatenate([np.zeros((PIXELS, PAST), np.bool_), site.usable], axis=1)
    usable[::2, :PAST] = True
    slots = LAG + high - low
    some = Recent(
        look=np.full((slots, RING), NO_LOOK, np.int16),
        new=np.full(RING, 99, np.int32),
        distance=np.full((3, slots, BANDS, RING), 99, np.int8),
    )
    for p in range(PIXELS):
        looks, place = np.flatnonzero(usable[p, : PAST + high]), (OTHERS + p) % RING
        new = int((looks >= PAST + low).sum())
        looks = looks[max(len(looks) - new - LAG, 0) :]
        at = LAG + new - len(looks) + np.arange(len(looks))
        some.look[at, place], some.new[place] = looks, new
        at, looks = at[looks >= PAST], looks[looks >= PAST] - PAST
        some.distance[:, at, :, place] = site.distance[p, looks][:, None]
        some.distance[FIELD, at, :, place] += site.field[looks, None]
    return some


def watched(site: Site, low: int, high: int) -> Watched:
    """What the watch goes by; a look comes every six days."""
    number = np.full((SIDE + 6, SIDE), -1, np.int32)
    number[:3], number[6:] = np.arange(OTHERS).reshape(3, SIDE), OTHERS + np.arange(PIXELS).reshape(SIDE, SIDE)
    places = Places(np.flatnonzero(number >= 0).astype(np.int32), number, offsets(), *ways(offsets()))
    days = np.arange(PAST + WATCHED, dtype=np.int32) * 6
    basis, rule = plain_basis(days, PAST, BANDS), watch_rule(SETTINGS, BANDS)
    return Watched(learnt(site), left(site, low, high), recent(site, low, high), basis, rule, places)


def calm(seed: int = 0, cloud: float = 0.0) -> Site:
    """Noise alone."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 12, (PIXELS, WATCHED, BANDS)).round().astype(np.int8)
    usable, method = rng.random((PIXELS, WATCHED)) >= cloud, np.full(PIXELS, SEASON_FREE, np.uint8)
    return Site(noise, usable, method, method != NO_METHOD, np.zeros(WATCHED, np.int8))


def busy(seed: int, cloud: float) -> Site:
    """Patches and single pixels that change, go back and change again, weak and strong; pixels without a model, with few looks."""
    rng, site = np.random.default_rng(seed), calm(seed, cloud)
    y, x = np.mgrid[:SIDE, :SIDE]
    for size in rng.integers(10, 60, 6):
        at, reach = rng.integers(0, SIDE, 2), rng.integers(0, 3)
        patch = (np.maximum(abs(y - at[0]), abs(x - at[1])) <= reach).ravel()
        for first in range(int(rng.integers(0, 30)), WATCHED, int(rng.integers(18, 40))):
            last = first + int(rng.integers(2, 16))
            site.distance[patch, first:last] = (site.distance[patch, first:last] + int(size)).clip(-80, 80)
    site.measured[rng.random(PIXELS) < 0.15] = False
    site.method[~site.measured & (rng.random(PIXELS) < 0.5)] = NO_METHOD
    some = rng.random(PIXELS) < 0.1
    site.usable[some] &= rng.random((int(some.sum()), WATCHED)) < 0.06
    return site


class Answers(NamedTuple):
    """Everything that can be read off a watch, of the watched pixels."""

    watching: Watching
    odd: NDArray[np.bool_]
    """(pixel, time watched)."""
    statistic: NDArray[np.float32]
    reason: NDArray[np.uint8]

    def of(self, p: int) -> tuple[int, int, bool]:
        """First look and confirming look, the first watched one being 0, and whether a change was withdrawn."""
        first, confirmed = (int(looks[p]) for looks in (self.watching.first, self.watching.confirmed))
        return first - PAST if first >= 0 else -1, confirmed - PAST if confirmed >= 0 else -1, bool(self.watching.recovered[p])


def gone_through(site: Site, cuts: Sequence[int], blocks: int = 3, end: int = WATCHED) -> Answers:
    """All pixels, part by part in time; in each part later looks are yet unknown, and what lies behind is forgotten as far as it may be."""
    pixels = np.arange(OTHERS, OTHERS + PIXELS, dtype=np.int32)
    watching, odd = unwatched(OTHERS + PIXELS, BANDS), np.zeros((PIXELS, WATCHED), np.bool_)
    for low, high in pairwise((0, *sorted(cuts), end)):
        on, marked = watched(site, low, high), np.ones((OTHERS + PIXELS, high - low), np.bool_)
        for block in np.array_split(pixels, blocks):
            watch_block(on, watch_work(high - low, BANDS, SIZES), block, watching, marked, PAST + low)
        assert marked[:OTHERS].all()
        odd[:, low:high] = marked[OTHERS:]
    for name, untouched in unwatched(OTHERS, BANDS)._asdict().items():
        np.testing.assert_array_equal(getattr(watching, name)[:OTHERS], untouched)
    told, why = statistic(watching)[pixels], reason(learnt(site), watching)[pixels]
    theirs: dict[str, Any] = {name: part[OTHERS:] for name, part in watching._asdict().items()}
    return Answers(Watching(**theirs), odd, told, why)


def same(a: Answers, b: Answers) -> bool:
    def parts(of: Answers) -> list[bytes]:
        return [part.tobytes() for part in (*of.watching, of.odd, of.statistic, of.reason)]

    return parts(a) == parts(b)


# ---------------------------------------------------------------- parts
@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cloud=st.sampled_from([0.0, 0.3, 0.7, 0.9]),
    cuts=st.lists(st.integers(0, WATCHED), max_size=12),
)
def test_parts_give_the_answers_of_one_call(seed: int, cloud: float, cuts: list[int]) -> None:
    """Also empty parts, and parts before the first look of any pixel."""
    site = busy(seed, cloud)
    assert same(gone_through(site, cuts), gone_through(site, ()))


@pytest.mark.parametrize("cloud", [0.0, 0.4, 0.8])
def test_look_by_look_gives_the_answers_of_one_call(cloud: float) -> None:
    """Among them pixels whose change stands, was withdrawn, was withdrawn and came again, and such as have no answer."""
    seen: dict[str, int] = {}
    for seed in range(12):
        site = busy(seed, cloud)
        whole = gone_through(site, ())
        assert same(gone_through(site, range(1, WATCHED)), whole)
        standing = whole.watching.confirmed >= 0
        before = np.any([gone_through(site, (), end=end).watching.recovered for end in range(10, WATCHED, 2)], axis=0)
        kinds = {"standing": standing, "withdrawn": whole.watching.recovered, "again": standing & before}
        kinds |= {REASONS[value]: whole.reason == value for value in (OK, TOO_FEW_LOOKS, SHORT_HISTORY, MODEL_FAILED)}
        seen = {name: seen.get(name, 0) + int(those.sum()) for name, those in kinds.items()}
    assert all(seen[name] > 0 for name in seen if cloud < 0.8 or name not in ("withdrawn", "again")), seen


@pytest.mark.parametrize("blocks", [1, 2, 10, PIXELS])
def test_it_makes_no_difference_who_lies_beside(blocks: int) -> None:
    site = busy(2, 0.3)
    assert same(gone_through(site, (20,), blocks), gone_through(site, (20,)))


# ---------------------------------------------------------------- by hand
@pytest.mark.parametrize("cuts", [(), (12,), (14, 30, 30, 55), range(1, WATCHED)])
def test_a_change_is_confirmed_withdrawn_and_confirmed_again(cuts: Sequence[int]) -> None:
    site = calm()
    site.distance[:] //= 6
    for low, high in ((10, 15), (40, WATCHED)):
        site.distance[:, low:high] += FAR
    told = gone_through(site, cuts)
    assert {told.of(p) for p in range(PIXELS)} == {(40, 42, False)}
    assert (told.watching.clear_looks == WATCHED).all()
    assert (told.watching.since == 0).all()
    assert (told.reason == OK).all()
    early = gone_through(site._replace(usable=site.usable & (np.arange(WATCHED) < 30)), cuts)
    assert {early.of(p) for p in range(PIXELS)} == {(-1, -1, True)}
    assert (early.watching.since == 4).all()  # sixty calm days withdraw: those from look 15 to 25
    np.testing.assert_allclose(early.statistic, np.sqrt(early.watching.best), rtol=1e-6)


@pytest.mark.parametrize("cuts", [(), (24,), range(1, WATCHED)])
def test_no_window_reaches_behind_a_withdrawal(cuts: Sequence[int]) -> None:
    """Two looks right behind it, far out as a field and with one before them farther than the change was, are no window."""
    site = calm()
    site.distance[:] = 0
    site.distance[:, 10:13] = 30
    site.usable[:, 26:] = False
    site.field[24:26] = 52
    told = gone_through(site, cuts)
    inner = np.arange(PIXELS).reshape(SIDE, SIDE)[1:-1, 1:-1].ravel()  # all neighbours show it
    assert {told.of(int(p)) for p in inner} == {(-1, -1, True)}
    assert (told.watching.since[inner] == 2).all()
    assert set(told.watching.best[inner]) == {3 * 3 * 30**2 / 256}


@pytest.mark.parametrize("cuts", [(), range(1, WATCHED)])
def test_a_weak_change_needs_neighbours_who_show_it(cuts: Sequence[int]) -> None:
    site, middle = calm(), PIXELS // 2
    site.distance[:] //= 6
    alone = site.distance.copy()
    alone[middle, 30:] += 26
    assert gone_through(site._replace(distance=alone), cuts).of(middle)[1] == -1
    site.distance[:, 30:] += 26
    assert gone_through(site, cuts).of(middle)[0] == 30
    site.measured[np.arange(PIXELS) != middle] = False  # whatever their distances say
    assert gone_through(site, cuts).of(middle)[1] == -1


@pytest.mark.parametrize(
    ("between", "seen", "confirmed"), [(5, True, True), (6, True, False), (LAG, True, False), (LAG, False, True)]
)
@pytest.mark.parametrize("cuts", [(), range(1, WATCHED)])
def test_of_a_neighbour_only_the_last_looks_are_remembered(
    between: int, seen: bool, confirmed: bool, cuts: Sequence[int]
) -> None:
    """A pixel is seen to have changed four times before a gap and four times behind it; its neighbours showed it before the gap.

    If they are seen in the gap so often that of eight looks too few are from before, that is forgotten: with five in the gap and one
    behind it two of them are, so that they show three looks of the window's five.
    """
    site, middle = calm(), PIXELS // 2
    site.distance[:] //= 6
    shown = np.r_[20:24, 24 + between : 28 + between]
    others = np.arange(PIXELS) != middle
    site.distance[middle, shown] += 20
    site.distance[others, 20:24] += 20
    site.usable[:, 24 : 24 + between] = seen
    site.usable[middle] = False
    site.usable[middle, shown] = True
    first, at, _ = gone_through(site, cuts).of(middle)
    assert (first == 20, at in shown) == (confirmed, confirmed)


@pytest.mark.parametrize("cuts", [(), (20, 40)])
def test_odd_looks_lie_far_out_on_the_routes_that_count(cuts: Sequence[int]) -> None:
    site = busy(5, 0.3)
    site.field[::5] = 40
    squared = (site.distance.astype(np.float64) ** 2).sum(axis=2) / 256
    field = ((site.distance + site.field[:, None]).astype(np.float64) ** 2).sum(axis=2) / 256
    odd = site.usable & site.measured[:, None] & (np.maximum(squared, field) > watch_rule(SETTINGS, BANDS).look_limit)
    assert odd.any()
    np.testing.assert_array_equal(gone_through(site, cuts).odd, odd)


def all_at_once(on: Watched) -> Watching:
    watching, pixels = unwatched(OTHERS + PIXELS, BANDS), np.arange(OTHERS, OTHERS + PIXELS, dtype=np.int32)
    watch_block(
        on,
        watch_work(WATCHED, BANDS, SIZES),
        pixels,
        watching,
        np.zeros((OTHERS + PIXELS, WATCHED), np.bool_),
        PAST,
    )
    return watching


@pytest.mark.parametrize("far", [0.0, 0.5, 5.0, 40.0])
def test_changed_ground_lies_the_way_of_the_looks_that_confirmed_it(far: float) -> None:
    """As far as the farthest of them that way; the last lies about ``far`` times as far as the others; rounded, and cut to 16 bits."""
    rng, site = np.random.default_rng(1), calm()
    site.distance[:] //= 6
    site.distance[:, 40:] += FAR
    on = watched(site, 0, WATCHED)
    on.learnt.coef[:] = rng.integers(-3000, 3000, on.learnt.coef.shape)
    on.learnt.coef[:, :, 0] += 13_000
    on.basis.doubt[:] = rng.uniform(1, 1.1, len(on.basis.doubt))
    factor, columns = np.zeros((PIXELS, BANDS, BANDS)), np.arange(BANDS) * WATCHED + 42
    for p in range(OTHERS, OTHERS + PIXELS):
        on.learnt.noise[ALONE, :, p] = rng.integers(100, 900, below(BANDS))
        factor[p - OTHERS][np.tril_indices(BANDS)] = on.learnt.noise[ALONE, :, p] / float(NOISE_UNIT)
        lies = far * FAR / 16 + rng.normal(0, 0.3, BANDS)
        on.left.residual[p % RING, columns] = (factor[p - OTHERS] @ lies).round().clip(-32000, 32000)
    told, looks = all_at_once(on), np.arange(40, 43)
    assert set(told.first[OTHERS:]) == {PAST + 40}
    for p in range(OTHERS, OTHERS + PIXELS):
        expected = (on.learnt.coef[p].astype(np.float64) @ on.basis.design[:, PAST + looks]).mean(axis=1)
        lie = site.distance[p - OTHERS, looks] / 16 * np.sqrt(on.basis.doubt[PAST + looks])[:, None]
        lie[2] = np.linalg.solve(factor[p - OTHERS], on.left.residual[p % RING, columns])
        way = site.distance[p - OTHERS, looks].mean(axis=0) / 16
        seen = expected + factor[p - OTHERS] @ way * (lie @ way).max() / (way @ way)
        np.testing.assert_allclose(told.after[p], seen.clip(-32767, 32767), atol=0.51, rtol=1e-5)
    assert (told.after == 32767).any() == (far == 40)


@pytest.mark.parametrize(
    ("size", "way", "withdrawn"), [(1.1, 0.0, True), (0.9, 0.0, False), (1.1, 0.4, True), (1.1, 0.6, False), (1.1, -0.4, True)]
)
def test_looks_withdraw_a_change_if_they_could_show_it_and_lie_nearer_to_the_past(
    size: float, way: float, withdrawn: bool
) -> None:
    """Changed ground lies at ``size`` times the squared distance of an odd look, later looks lie so far on the way there."""
    rng, site = np.random.default_rng(1), calm()
    site.distance[:] = 0
    site.distance[:, 10:15] = FAR
    on = watched(site, 0, WATCHED)
    for p in range(OTHERS, OTHERS + PIXELS):
        factor = np.tril(rng.integers(-300, 300, (BANDS, BANDS)), -1) + np.diag(rng.integers(400, 900, BANDS))
        on.learnt.noise[ALONE, :, p] = factor[np.tril_indices(BANDS)]
        ground = rng.normal(0, 1, BANDS)
        ground *= np.sqrt(size * on.rule.look_limit / (ground**2).sum())
        seen = (factor @ ground / float(NOISE_UNIT)).round()
        on.left.residual[p % RING, : BANDS * WATCHED].reshape(BANDS, WATCHED)[:, 10:15] = seen[:, None]
        on.recent.distance[ALONE, LAG + 10 : LAG + 15, :, p % RING] = (ground * 16).round()
        on.recent.distance[:, LAG + 15 :, :, p % RING] = (way * ground * 16).round()
    told = all_at_once(on)
    assert set(told.recovered[OTHERS:]) == {withdrawn}
    assert set(told.first[OTHERS:]) == {-1 if withdrawn else PAST + 10}


def test_too_few_looks_and_short_histories_have_no_answer() -> None:
    site = calm()
    site.usable[0, 2:] = site.usable[1, 2:] = False
    site.measured[1:4] = False
    site.method[3] = NO_METHOD
    told = gone_through(site, (1, 5))
    assert told.reason[:5].tolist() == [TOO_FEW_LOOKS, TOO_FEW_LOOKS, MODEL_FAILED, SHORT_HISTORY, OK]
    assert told.watching.clear_looks[:4].tolist() == [2, 2, WATCHED, WATCHED]
    assert told.watching.since[:5].tolist() == [2, 0, 0, 0, LAG]
    assert not told.odd[2:4].any()
