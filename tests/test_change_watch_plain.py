"""The watch as a whole, held to plain numpy: one pixel after another, one look after another, all windows asked anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from test_change_watch import BANDS, FAR, LAG, OTHERS, PAST, PIXELS, RING, SIDE, SIZES, WATCHED, Site, busy, calm, watched

from spadework.change.confirm import watch_work
from spadework.change.stand import ALONE, BESIDE, FIELD, UNIT, Watched
from spadework.change.state import NO_LOOK, NOISE_UNIT, below, unwatched
from spadework.change.watch import watch_block
from spadework.change.windows import NEIGHBOURS, SAME_WAY, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    F64 = NDArray[np.float64]


def ground(seed: int, site: Site) -> Watched:
    """All looks of a site as one part: routes that differ, looks that resemble one another, models, and noise of bands that share it."""
    rng, on = np.random.default_rng(seed), watched(site, 0, WATCHED)
    on.recent.distance[:] += rng.integers(-5, 6, on.recent.distance.shape).astype(np.int8)
    on.learnt.alike[:] = rng.integers(0, 60, on.learnt.alike.shape)
    on.learnt.coef[:] = rng.integers(-300, 300, on.learnt.coef.shape)
    on.learnt.coef[:, :, 0] += 2000
    on.basis.doubt[:] = rng.uniform(1, 2, len(on.basis.doubt))
    for p in range(OTHERS, OTHERS + PIXELS):
        factor = np.tril(rng.integers(-100, 100, (BANDS, BANDS)), -1) + np.diag(rng.integers(300, 500, BANDS))
        on.learnt.noise[ALONE, :, p] = factor[np.tril_indices(BANDS)]
        one, residual = seen_of(on, p), on.left.residual[p % RING, : BANDS * WATCHED].reshape(BANDS, WATCHED)
        residual[:, one.look[LAG:] - PAST] = (noise_of(on, p) @ one.stands[ALONE, LAG:].T).round()
    return on


# ---------------------------------------------------------------- what is known of a pixel
class Seen(NamedTuple):
    """Usable looks of a pixel, the new ones behind LAG before."""

    look: NDArray[np.int16]
    """(look), their numbers."""
    stands: F64
    """(route, look, band), noise = 1."""


def seen_of(on: Watched, p: int) -> Seen:
    n = LAG + int(on.recent.new[p % RING])
    return Seen(on.recent.look[:n, p % RING], on.recent.distance[:, :n, :, p % RING] / float(UNIT))


def noise_of(on: Watched, p: int) -> F64:
    """(band, band), Cholesky factor of the noise, reflectance x 10,000."""
    factor = np.zeros((BANDS, BANDS))
    factor[np.tril_indices(BANDS)] = on.learnt.noise[ALONE, : below(BANDS), p] / float(NOISE_UNIT)
    return factor


def expected_of(on: Watched, p: int, look: NDArray[np.int16]) -> F64:
    """(look, band), by the model."""
    return np.asarray((on.learnt.coef[p].astype(np.float64) @ on.basis.design[:, look]).T)


def around(on: Watched, p: int) -> Iterator[int]:
    """The measured pixels beside one."""
    y, x = divmod(p - OTHERS, SIDE)
    for row in range(max(y - 1, 0), min(y + 2, SIDE)):
        for column in range(max(x - 1, 0), min(x + 2, SIDE)):
            q = OTHERS + row * SIDE + column
            if q != p and on.learnt.measured[q]:
                yield q


# ---------------------------------------------------------------- one window
@dataclass(frozen=True)
class Window:
    """Looks low <= i <= high of a pixel, on its way to a change."""

    on: Watched
    p: int
    one: Seen
    route: int
    low: int
    high: int

    @property
    def looks(self) -> int:
        return self.high + 1 - self.low

    @property
    def total(self) -> F64:
        """(route, band)."""
        return np.asarray(self.one.stands[:, self.low : self.high + 1].sum(axis=1))

    def distance(self) -> float:
        """Squared, of the mean: looks that resemble one another prove less."""
        alike = self.on.learnt.alike[:, self.p].astype(np.float64) / 255
        length = (self.total**2).sum(axis=1) / self.looks / (1 + (self.looks - 1) * alike)
        if self.route == FIELD:
            return float(length[FIELD])
        beside, alone = self.total[BESIDE], self.total[ALONE]
        same = beside @ alone >= float(SAME_WAY) * np.sqrt((beside @ beside) * (alone @ alone))
        return float(min(length[BESIDE], length[ALONE] / self.on.rule.own_share)) if same else 0.0

    def asks(self) -> int | None:
        """How many neighbours must show the same; None if no number is enough."""
        factor = self.on.rule.field_factor if self.route == FIELD else 1.0
        limits = float(self.on.rule.window_limit[self.looks - SHORTEST]) * factor * self.on.rule.support.astype(np.float64)
        return next((n for n, limit in enumerate(limits) if self.distance() > limit), None)

    def first(self) -> int | None:
        """Look at which the change began, if enough of them agree."""
        along, stands = self.total[self.route], self.one.stands[self.route]
        agree = [
            i
            for i in range(self.low, self.high + 1)
            if stands[i] @ along * self.looks > self.on.rule.agree_share * (along @ along)
        ]
        begins = [i for i in agree if i < self.high]
        if len(agree) < self.on.rule.agreeing[self.looks - SHORTEST] or not begins:
            return None
        since = {i: (stands[i : self.high + 1].sum(axis=0) ** 2).sum() / (self.high + 1 - i) for i in begins}
        return max(begins, key=lambda i: (since[i], i))

    def supporters(self) -> int:
        """Neighbours that show the same at most of its looks, those among their own last eight."""
        along, window, found = self.total[self.route], self.one.look[self.low : self.high + 1], 0
        for other in (seen_of(self.on, q) for q in around(self.on, self.p)):
            last = np.flatnonzero(other.look <= window[-1])[-LAG:]
            shared = last[np.isin(other.look[last], window)]
            dot = float((other.stands[self.route, shared] @ along).sum())
            enough = dot * self.looks > self.on.rule.support_share * float(along @ along) * len(shared)
            found += int(2 * len(shared) > self.looks and enough)
        return found

    def confirms(self) -> int | None:
        """The look at which the change began, if this confirms one."""
        asked, first = self.asks(), self.first()
        return first if asked is not None and first is not None and self.supporters() >= asked else None

    def after(self) -> F64:
        """(band), changed ground, were the change to begin with the first look: as far the way of the mean as the farthest look lies."""
        on, looks, factor = self.on, self.one.look[self.low : self.high + 1], noise_of(self.on, self.p)
        lie = self.one.stands[ALONE, self.low : self.high + 1] * np.sqrt(on.basis.doubt[looks])[:, None]
        left = on.left.residual[self.p % RING, np.arange(BANDS) * WATCHED + looks[-1] - PAST]
        lie[-1] = np.linalg.solve(factor, left)
        way = self.total[ALONE]
        ground = expected_of(on, self.p, looks).mean(axis=0) + factor @ way * (lie @ way).max() / (way @ way)
        return np.asarray(np.rint(ground).clip(-32767, 32767))


# ---------------------------------------------------------------- one pixel
@dataclass
class Told:
    """What the watch of a pixel comes to."""

    first: int = int(NO_LOOK)
    confirmed: int = int(NO_LOOK)
    distance: float = 0.0
    best: float = 0.0
    calm: int = 0
    calm_since: int = 0
    recovered: bool = False
    begin: int = LAG
    after: F64 = field(default_factory=lambda: np.zeros(BANDS))
    withdrawn: int = 0


def windows(on: Watched, p: int, one: Seen, i: int, begin: int) -> Iterator[Window]:
    """Those that end with look i, on a route on which it is far enough out, in the order in which they are tried."""
    for route in (BESIDE, FIELD):
        if (one.stands[route, i] ** 2).sum() >= on.rule.gate:
            for looks in range(SHORTEST, min(i + 1 - begin, SHORTEST - 1 + SIZES) + 1):
                yield Window(on, p, one, route, i + 1 - looks, i)


def try_look(on: Watched, p: int, one: Seen, i: int, told: Told) -> None:
    """A look under no change."""
    tried = list(windows(on, p, one, i, told.begin))
    for window in tried:
        first = window.confirms()
        if first is not None:
            told.first, told.confirmed, told.distance = int(one.look[first]), int(one.look[i]), window.distance()
            told.calm, told.recovered, told.after = 0, False, replace(window, low=first).after()
            return
    told.best = max([told.best, *(window.distance() for window in tried)])


def hold(on: Watched, p: int, one: Seen, i: int, told: Told) -> None:
    """A look under a change."""
    alone, day = one.stands[ALONE, i], int(on.basis.days[one.look[i]])
    if alone @ alone > on.rule.calm_limit:
        told.calm = 0
        return
    changed = np.linalg.solve(noise_of(on, p), told.after - expected_of(on, p, one.look[i : i + 1])[0])
    if changed @ changed <= on.rule.look_limit:
        return
    if not changed @ alone < changed @ changed / 2:
        told.calm = 0
        return
    told.calm_since = day if told.calm == 0 else told.calm_since
    told.calm += 1
    if told.calm >= on.rule.recover_looks and day - told.calm_since >= on.rule.recover_days:
        told.best, told.recovered, told.begin = max(told.best, told.distance), True, i + 1
        told.first = told.confirmed = int(NO_LOOK)
        told.calm = told.calm_since = 0
        told.withdrawn += 1


def plainly(on: Watched, p: int) -> Told:
    one, told = seen_of(on, p), Told()
    for i in range(LAG, len(one.look)):
        (hold if told.confirmed >= 0 else try_look)(on, p, one, i, told)
    return told


# ---------------------------------------------------------------- held to it
def held_to_numpy(on: Watched) -> list[Told]:
    watching, odd = unwatched(OTHERS + PIXELS, BANDS), np.zeros((OTHERS + PIXELS, WATCHED), np.bool_)
    pixels, found = np.arange(OTHERS, OTHERS + PIXELS, dtype=np.int32), []
    watch_block(on, watch_work(WATCHED, BANDS, SIZES), pixels, watching, odd, PAST)
    for p in pixels.tolist():
        one, told = seen_of(on, p), plainly(on, p) if on.learnt.measured[p] else Told()
        assert watching.clear_looks[p] == len(one.look) - LAG
        for name in ("first", "confirmed", "recovered", "calm", "calm_since"):
            assert getattr(watching, name)[p] == getattr(told, name), (p, name)
        np.testing.assert_allclose([watching.best[p], watching.distance[p]], [told.best, told.distance], rtol=1e-5)
        np.testing.assert_allclose(watching.after[p], told.after, atol=1.01)
        held = len(one.look) - told.begin if on.learnt.measured[p] and told.confirmed < 0 else 0
        assert watching.since[p] == min(held, LAG)
        length = (one.stands[:, LAG:] ** 2).sum(axis=2)
        far = np.maximum(np.minimum(length[BESIDE], length[ALONE]), length[FIELD]) > on.rule.look_limit
        assert (
            np.flatnonzero(odd[p]).tolist() == (one.look[LAG:][far] - PAST if on.learnt.measured[p] else np.zeros(0)).tolist()
        )
        found.append(told)
    return found


@pytest.mark.parametrize("cloud", [0.0, 0.3, 0.7])
def test_the_watch_is_that_of_plain_numpy(cloud: float) -> None:
    """Changes that stand, are withdrawn, come again; neighbours that show the same, or not; pixels that are not measured."""
    found = [told for seed in range(4) for told in held_to_numpy(ground(seed, busy(seed, cloud)))]
    assert sum(told.confirmed >= 0 for told in found) > 20
    if cloud < 0.5:
        assert sum(told.withdrawn > 0 for told in found) > 5
        assert sum(told.withdrawn > 0 and told.confirmed >= 0 for told in found) > 0


def test_awkward_looks() -> None:
    """None, one, fewer than a window, all the same, at the limits of 8 bits."""
    site = calm(3)
    site.usable[:5] = False
    site.usable[1, 7] = site.usable[2, 4:6] = site.usable[3, 20:23] = True
    site.distance[3:9], site.distance[9:12, 30:] = FAR, -123
    site.distance[12:20] = 0
    found = held_to_numpy(ground(3, site))
    assert [told.confirmed for told in found[:3]] == [NO_LOOK] * 3
    assert all(told.confirmed >= 0 for told in found[5:12])
    assert len(list(around(watched(site, 0, WATCHED), OTHERS + SIDE + 1))) == NEIGHBOURS
