"""The watch goes on from what it remembers: looks handed to it one by one, or some at a time, give the answers of all in one call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.change.common import no_fit, plain_basis
from spadework.change.confirm import KEPT, watch_work
from spadework.change.ring import no_watching
from spadework.change.settings import MonitorSettings, watch_rule
from spadework.change.stand import FIELD, Stand, Watching
from spadework.change.twins import Places, offsets, ways
from spadework.change.watch import begin, reason, statistic, watch_block
from spadework.change.windows import Watched
from spadework.cube import MODEL_FAILED, NO_METHOD, OK, REASONS, SEASON_FREE, SHORT_HISTORY, TOO_FEW_LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PAST, WATCHED, BANDS, SIDE = 4, 60, 3, 7
PIXELS = SIDE * SIDE
SETTINGS = MonitorSettings()
SIZES = len(SETTINGS.window_tails)
LONGEST = SIZES + 2
FAR = 40
"""Distance of changed ground in each band, in 1/16 of the noise."""


class Site(NamedTuple):
    """Whitened looks of a small square site; all distances are the same on the three routes."""

    distance: NDArray[np.int8]
    """(pixel, time watched, band)."""
    usable: NDArray[np.bool_]
    """(pixel, time watched)."""
    method: NDArray[np.uint8]
    """(pixel)."""


def watched(site: Site) -> Watched:
    """What the watch goes by; residuals say what distances say, noise is 16 in every band, and a look comes every six days."""
    number = np.arange(PIXELS, dtype=np.int32).reshape(SIDE, SIDE)
    fit = no_fit(PIXELS, BANDS, PAST + WATCHED)
    fit.usable[:, PAST:] = site.usable
    fit.usable[::2, :PAST] = True
    fit.left[:, :, PAST:] = site.distance.swapaxes(1, 2)
    fit.method[:] = site.method
    fit.coef[:, :, 0] = 1000
    places = Places(np.argwhere(number >= 0).astype(np.int32), number, offsets(), *ways(offsets()))
    factor = np.repeat(np.eye(BANDS, dtype=np.float32)[:, :, None] * 16, PIXELS, axis=2)
    stand = Stand(np.stack([site.distance] * 3), np.zeros((3, PIXELS), np.float32), factor)
    days = np.arange(PAST + WATCHED, dtype=np.int32) * 6
    return Watched(fit, plain_basis(days, PAST, BANDS), watch_rule(SETTINGS, BANDS), stand, places)


def calm(seed: int = 0, cloud: float = 0.0) -> Site:
    """Noise alone."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 12, (PIXELS, WATCHED, BANDS)).round().astype(np.int8)
    return Site(noise, rng.random((PIXELS, WATCHED)) >= cloud, np.full(PIXELS, SEASON_FREE, np.uint8))


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
    site.method[rng.random(PIXELS) < 0.08] = NO_METHOD
    some = rng.random(PIXELS) < 0.1
    site.usable[some] &= rng.random((int(some.sum()), WATCHED)) < 0.06
    return site


class Answers(NamedTuple):
    """Everything that can be read off a watch."""

    watching: Watching
    odd: NDArray[np.bool_]
    statistic: NDArray[np.float32]
    reason: NDArray[np.uint8]

    def of(self, p: int) -> tuple[int, int, bool]:
        """First look, confirming look, and whether a change was withdrawn."""
        return int(self.watching.first[p]), int(self.watching.confirmed[p]), bool(self.watching.recovered[p])


def gone_through(on: Watched, cuts: Sequence[int], order: NDArray[np.int32] | None = None, end: int = WATCHED) -> Answers:
    """All pixels, part by part in time; in each part later looks are yet unknown, and what lies behind is forgotten as far as it may be."""
    pixels = np.arange(PIXELS, dtype=np.int32) if order is None else order
    watching, odd = no_watching(PIXELS, BANDS), np.zeros((PIXELS, WATCHED), np.bool_)
    for part in watching:
        part[:] = 1  # whatever was remembered
    begin(watching, pixels)
    for low, high in pairwise((0, *sorted(cuts), end)):
        known = remembered(on, low, high)
        for block in np.array_split(pixels, 3):
            watch_block(known, watch_work(high - low, BANDS, SIZES), block, (low, high), watching, odd)
    return Answers(watching, odd, statistic(watching, pixels), reason(on, watching, pixels))


def remembered(on: Watched, low: int, high: int) -> Watched:
    """The same with what was seen in the last ``KEPT`` looks of each pixel before ``low`` and in those before ``high``, and nothing else."""
    distance, left, usable = on.stand.distance.copy(), on.fit.left.copy(), on.fit.usable.copy()
    behind = usable[:, PAST : PAST + low][:, ::-1].cumsum(axis=1)[:, ::-1]  # looks from here to low
    forgotten = np.zeros((PIXELS, WATCHED), np.bool_)
    forgotten[:, :low], forgotten[:, high:] = behind > KEPT, True
    distance[:, forgotten] = 99
    left.swapaxes(1, 2)[:, PAST:][forgotten] = 9999
    usable[:, PAST + high :] ^= True
    return on._replace(fit=on.fit._replace(left=left, usable=usable), stand=on.stand._replace(distance=distance))


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
    on = watched(busy(seed, cloud))
    assert same(gone_through(on, cuts), gone_through(on, ()))


@pytest.mark.parametrize("cloud", [0.0, 0.4, 0.8])
def test_look_by_look_gives_the_answers_of_one_call(cloud: float) -> None:
    """Among them pixels whose change stands, was withdrawn, was withdrawn and came again, and such as have no answer."""
    seen: dict[str, int] = {}
    for seed in range(12):
        on = watched(busy(seed, cloud))
        whole = gone_through(on, ())
        assert same(gone_through(on, range(1, WATCHED)), whole)
        standing = whole.watching.confirmed >= 0
        before = np.any([gone_through(on, (), end=end).watching.recovered for end in range(10, WATCHED, 2)], axis=0)
        kinds = {"standing": standing, "withdrawn": whole.watching.recovered, "again": standing & before}
        kinds |= {REASONS[value]: whole.reason == value for value in (OK, TOO_FEW_LOOKS, SHORT_HISTORY, MODEL_FAILED)}
        seen = {name: seen.get(name, 0) + int(those.sum()) for name, those in kinds.items()}
    assert all(seen[name] > 0 for name in seen if cloud < 0.8 or name not in ("withdrawn", "again")), seen


def test_answers_do_not_depend_on_which_pixels_lie_side_by_side() -> None:
    on = watched(busy(3, 0.3))
    order = np.random.default_rng(0).permutation(PIXELS).astype(np.int32)
    one, other = gone_through(on, (20,)), gone_through(on, (20,), order)
    back = np.argsort(order)
    assert same(one, other._replace(statistic=other.statistic[back], reason=other.reason[back]))


# ---------------------------------------------------------------- by hand
@pytest.mark.parametrize("cuts", [(), (12,), (14, 30, 30, 55), range(1, WATCHED)])
def test_a_change_is_confirmed_withdrawn_and_confirmed_again(cuts: Sequence[int]) -> None:
    site = calm()
    site.distance[:] //= 6
    for low, high in ((10, 15), (40, WATCHED)):
        site.distance[:, low:high] += FAR
    told = gone_through(watched(site), cuts)
    assert {told.of(p) for p in range(PIXELS)} == {(40, 42, False)}
    assert (told.watching.clear_looks == WATCHED).all()
    assert (told.watching.since == 0).all()
    assert (told.reason == OK).all()
    early = gone_through(watched(site._replace(usable=site.usable & (np.arange(WATCHED) < 30))), cuts)
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
    on = watched(site)
    on.stand.distance[FIELD, :, 24:26] = 52
    told = gone_through(on, cuts)
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
    assert gone_through(watched(site._replace(distance=alone)), cuts).of(middle)[1] == -1
    site.distance[:, 30:] += 26
    assert gone_through(watched(site), cuts).of(middle)[0] == 30


@pytest.mark.parametrize(("between", "seen", "confirmed"), [(KEPT - 8, True, True), (KEPT, True, False), (KEPT, False, True)])
@pytest.mark.parametrize("cuts", [(), range(1, WATCHED)])
def test_of_a_neighbour_only_the_last_looks_are_remembered(
    between: int, seen: bool, confirmed: bool, cuts: Sequence[int]
) -> None:
    """A pixel is seen to have changed four times before a gap and four times behind it; its neighbours showed it before the gap.

    If they are seen in the gap as often as is remembered, that is forgotten.
    """
    site, middle = calm(), PIXELS // 2
    site.distance[:] //= 6
    shown = np.r_[20:24, 24 + between : 28 + between]
    others = np.arange(PIXELS) != middle
    site.distance[middle, shown] += 18
    site.distance[others, 20:24] += 18
    site.usable[:, 24 : 24 + between] = seen
    site.usable[middle] = False
    site.usable[middle, shown] = True
    first, at, _ = gone_through(watched(site), cuts).of(middle)
    assert (first == 20, at in shown) == (confirmed, confirmed)


def test_too_few_looks_and_short_histories_have_no_answer() -> None:
    site = calm()
    site.usable[0, 2:] = site.usable[1, 2:] = False
    site.method[1:4] = NO_METHOD
    told = gone_through(watched(site), (1, 5))
    assert told.reason[:5].tolist() == [TOO_FEW_LOOKS, TOO_FEW_LOOKS, MODEL_FAILED, SHORT_HISTORY, OK]
    assert told.watching.clear_looks[:4].tolist() == [2, 2, WATCHED, WATCHED]
    assert told.watching.since[[0, 4]].tolist() == [2, LONGEST]
    assert not told.odd[2:4].any()
