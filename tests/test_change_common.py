"""The common mode, look by look: learnt from the history's looks alone, and byte for byte what all looks at once give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_change import PAST, TIMES, cube_of, noisy

from spadework.change import common
from spadework.change import fit as model
from spadework.change.common import (
    UNCHECKED,
    Sample,
    common_of,
    fit_work,
    learn_sample,
    no_models,
    plain_basis,
    regressed,
    series_of,
)
from spadework.change.history import looks_of
from spadework.change.settings import DEFAULT, common_rule, fit_rule
from spadework.cube import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.cube import Cube

FIT, RULE = fit_rule(DEFAULT), common_rule(DEFAULT)
SIDE = 24
LATE = PAST + 10
"""From this look on the whole scene is 10 % and 50 brighter."""


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def scene(side: int = SIDE, times: int = TIMES) -> NDArray[np.float64]:
    """(time, band, y, x) of ground that differs from pixel to pixel, each look with a gain of its own."""
    texture, gain = rng().normal(1, 0.15, (3, side, side)), 1 + rng().normal(0, 0.05, (times, 1, 1, 1))
    values = noisy((side, side), times=times) * texture * gain
    values[LATE:] = values[LATE:] * 1.1 + 50
    return values


def clouds() -> NDArray[np.bool_]:
    """(time, y, x): half of every look; a few looks, old and new, whole or nearly."""
    clear = rng().random((TIMES, SIDE, SIDE)) < 0.5
    clear[[3, 4, PAST, PAST + 5]] = False
    clear[[7, PAST + 2]] = rng().random((SIDE, SIDE)) < 0.02
    return clear


def gaps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(rng().random(values.shape) < 0.05, MISSING, values)


def sparse() -> NDArray[np.bool_]:
    """(time, y, x): the history saw a third of the pixels."""
    clear = np.ones((TIMES, SIDE, SIDE), np.bool_)
    clear[:PAST, :, 1::3] = clear[:PAST, :, 2::3] = False
    return clear


def part() -> NDArray[np.bool_]:
    return np.asarray(rng().random((SIDE, SIDE)) < 0.7)


CASES: dict[str, tuple[Callable[[], Cube], int, bool]] = {
    "plain": (lambda: cube_of(scene()), PAST, True),
    "clouds": (lambda: cube_of(gaps(scene()), clouds(), part()), PAST, True),
    "few pixels with a model": (lambda: cube_of(scene(), sparse()), PAST, True),
    "more pixels than the sample": (lambda: cube_of(scene(44)), PAST, True),
    "just large enough": (lambda: cube_of(scene(10)), PAST, True),
    "too small": (lambda: cube_of(scene(9)), PAST, False),
    "short history": (lambda: cube_of(scene()), DEFAULT.looks_mean - 1, False),
    "no history": (lambda: cube_of(scene()), 0, False),
    "nothing watched": (lambda: cube_of(scene()), TIMES, True),
    "one look": (lambda: cube_of(scene(times=1)), 0, False),
    "no look": (lambda: cube_of(scene(times=1)[:0]), 0, False),
}


def plain(cube: Cube, history: int = PAST) -> model.Basis:
    return plain_basis(cube.days, history, len(cube.bands))


def same(a: model.Basis, b: model.Basis) -> bool:
    return all(np.asarray(x).tobytes() == np.asarray(y).tobytes() for x, y in zip(a, b, strict=True))


def learnt_from(cube: Cube, basis: model.Basis) -> tuple[model.Basis, Sample | None]:
    """What the looks of the history teach."""
    return learn_sample(looks_of(cube, slice(basis.history)), basis, FIT, RULE)


def one_look(sample: Sample | None, cube: Cube, t: int, basis: model.Basis) -> model.Basis:
    return common_of(sample, looks_of(cube, slice(t, t + 1)), t, basis, RULE)


def in_one(cube: Cube, basis: model.Basis) -> model.Basis:
    """The same without parts: in every round, all looks are gathered, fitted and given their common mode."""
    where = np.flatnonzero(cube.inside)
    where = where[np.unique(np.linspace(0, len(where) - 1, min(RULE.sample, len(where))).astype(np.intp))]
    if len(where) < RULE.sample_least:
        return basis
    times, bands = cube.reflectance.shape[:2]
    series = series_of(cube, where)
    for _ in range(common.ROUNDS):
        models = no_models(len(where), bands)
        model.fit_block(series, basis, FIT, fit_work(times, bands), np.arange(len(where), dtype=np.int32), models)
        fitted = regressed(models.method)
        if fitted.sum() < RULE.sample_least:
            return basis
        coef, noise = models.coef[fitted], models.noise[fitted]
        floor = RULE.floor**2 + (RULE.floor_share * coef[:, :, 0].astype(np.float64)) ** 2
        sample = Sample(where[fitted], coef, (noise + np.median(noise, axis=0)) / 2.0 + floor)
        basis = common_of(sample, cube, 0, basis, RULE)
    return basis


@pytest.mark.parametrize("case", CASES)
def test_look_by_look_and_in_parts_is_all_at_once_byte_for_byte(case: str) -> None:
    make, history, found = CASES[case]
    cube = make()
    basis = plain(cube, history)
    whole = in_one(cube, basis)
    learnt, sample = learnt_from(cube, basis)
    assert (sample is not None) is found
    assert same(whole, basis) is not found
    for t in reversed(range(history, len(cube.looks))):
        learnt = one_look(sample, cube, t, learnt)
    assert same(learnt, whole)


def test_the_sample_knows_nothing_of_watched_looks() -> None:
    values, clear = gaps(scene()), clouds()
    cube = cube_of(values, clear)
    basis, sample = learnt_from(cube, plain(cube))
    assert sample is not None
    values[PAST:], clear[PAST:] = rng().integers(0, 9000, values[PAST:].shape), rng().random(clear[PAST:].shape) < 0.9
    for other in (cube_of(values, clear), cube_of(values[:PAST], clear[:PAST])):
        again, twin = learnt_from(other, plain(other))
        assert twin is not None
        assert [a.tobytes() for a in twin] == [a.tobytes() for a in sample]
        assert again.common[:PAST].tobytes() == basis.common[:PAST].tobytes()
        assert again.doubt[:PAST].tobytes() == basis.doubt[:PAST].tobytes()
    untouched = plain(cube)
    np.testing.assert_array_equal(basis.common[PAST:], untouched.common[PAST:])
    np.testing.assert_array_equal(basis.doubt[PAST:], 1)


def test_the_sample_is_of_pixels_inside_that_have_a_model() -> None:
    cube = cube_of(scene(), sparse(), part())
    _, sample = learnt_from(cube, plain(cube))
    assert sample is not None
    np.testing.assert_array_equal(sample.places, np.flatnonzero(cube.inside & cube.clear[0]))
    assert sample.coef.dtype == np.float32
    assert sample.coef.shape[:2] == sample.noise.shape == (len(sample.places), 3)
    assert (sample.noise >= RULE.floor**2).all()


def test_a_look_of_known_gain_and_offset_is_recognised_and_no_other_is_touched() -> None:
    cube = cube_of(noisy((SIDE, SIDE), sigma=10) * rng().normal(1, 0.15, (3, SIDE, SIDE)))
    gain, offset = np.array([1.1, 0.9, 1.2]), np.array([50, -20, 0])
    look = np.round(cube.reflectance[LATE] * gain[:, None, None] + offset[:, None, None])
    cube.reflectance[LATE] = look.astype(np.int16)
    basis, sample = learnt_from(cube, plain(cube))
    assert sample is not None
    before = basis.common.tobytes(), basis.doubt.tobytes()
    seen = one_look(sample, cube, LATE, basis)
    assert (basis.common.tobytes(), basis.doubt.tobytes()) == before
    others = np.arange(TIMES) != LATE
    np.testing.assert_array_equal(seen.common[others], basis.common[others])
    np.testing.assert_array_equal(seen.doubt[others], basis.doubt[others])
    assert (np.delete(seen.common[LATE], range(4), axis=1) == 0).all()
    expected = sample.coef @ basis.design[:, LATE]
    np.testing.assert_allclose(
        expected @ seen.common[LATE, :, 1:4].T + seen.common[LATE, :, 0], expected * gain + offset, rtol=0.03
    )
    np.testing.assert_allclose(np.diag(seen.common[LATE, :, 1:4]), gain, rtol=0.1)


@pytest.mark.parametrize(("clear", "doubt"), [(RULE.look_least, 1.0), (RULE.look_least - 1, UNCHECKED), (0, UNCHECKED)])
def test_a_look_that_shows_too_little_changes_nothing_and_is_in_doubt(clear: int, doubt: float) -> None:
    usable = np.ones((TIMES, SIDE * SIDE), np.bool_)
    usable[LATE, clear:] = False
    cube = cube_of(scene(), usable.reshape(TIMES, SIDE, SIDE))
    basis, sample = learnt_from(cube, plain(cube))
    seen = one_look(sample, cube, LATE, basis)
    assert seen.doubt[LATE] == pytest.approx(doubt, abs=0.5)
    assert (seen.common[LATE] == basis.common[LATE]).all() == (doubt == UNCHECKED)


def test_without_a_sample_nothing_changes() -> None:
    cube = cube_of(scene(9))
    basis = plain(cube)
    assert common_of(None, cube, 0, basis, RULE) is basis
