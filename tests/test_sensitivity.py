"""Planted changes: what is planted, where, whether it is found, and what is said of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import conftest
import material
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from scipy import ndimage
from scipy.special import expit

from spadework.change.history import monitor
from spadework.cube import MISSING, OK, Cube, day_number
from spadework.evaluate import plant, recovery
from spadework.evaluate.plant import Placed, Plant, PlantSettings
from spadework.evaluate.recovery import Unplanted
from spadework.events import find_events
from spadework.events.outline import outline, to_wgs84
from spadework.records import Event, Look, Period, Planted, Sensitivity, Site
from spadework.run import sensitivity
from spadework.store.findings import sensitivity_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = dt.date(2020, 1, 1)
PERIOD = Period(START, dt.date(2020, 12, 30), dt.date(2018, 1, 1))
SITE = Site("Flat", ((((40.0, 34.0), (40.1, 34.0), (40.1, 34.1), (40.0, 34.0)),),), PERIOD, ())


def cube_of(values: np.ndarray, days: list[dt.date], bands: tuple[str, ...], clear: np.ndarray | None = None) -> Cube:
    looks = tuple(Look(f"l{n}", dt.datetime.combine(day, dt.time(8), dt.UTC), "p", (), clear=1.0) for n, day in enumerate(days))
    shape = values.shape[2:]
    seen = np.ones((len(days), *shape), dtype=np.bool_) if clear is None else clear
    grid = GeoBox(shape, Affine(10, 0, 680_000, 0, -10, 3_815_000), "EPSG:32637")
    inside = np.ones(shape, dtype=np.bool_)
    return Cube(values.astype(np.int16), seen, np.zeros_like(seen), looks, bands, grid, inside)


def one_plant(family: str = "grey", sign: int = 1, contrast: float = 0.05, onset: dt.date = START) -> Placed:
    spec = Plant(family, sign, 2, contrast, day_number(onset), 1.0, 0.0)  # type: ignore[arg-type]  # one of the two
    return Placed(spec, np.array([1, 1]), np.array([1, 2]))


def event_of(rows: np.ndarray, cols: np.ndarray, grid: GeoBox, confirmed: dt.date | None) -> Event:
    return Event(
        "E1", "confirmed", to_wgs84(outline(rows, cols, grid), str(grid.crs)), None, None, None, confirmed, 1.0, 1.0, 1.0, rows.size,
        1.0, None, recovered=False, scenes=(),
    )  # fmt: skip


# ---------------------------------------------------------------- what is planted
DAYS = [dt.date(2019, 6, 1), dt.date(2019, 12, 1), dt.date(2020, 2, 1), dt.date(2020, 3, 1)]


def flat(red: int = 2000, nir: int = 3000) -> Cube:
    values = np.broadcast_to(np.array([red, nir])[None, :, None, None], (4, 2, 4, 4)).copy()
    return cube_of(values, DAYS, ("red", "nir"))


def test_a_grey_step_of_five_points_is_500_in_every_band_from_its_onset_on() -> None:
    before = flat()
    planted, shown = plant.sow(before, [one_plant(onset=dt.date(2020, 2, 1))], np.array([0.2, 0.3]), day_number(START))
    step = planted.reflectance.astype(int) - before.reflectance
    assert step[:2].sum() == 0
    assert (step[2:, :, 1, 1:3] == 500).all()
    assert step.sum() == 500 * 2 * 2 * 2
    assert shown == (0.05,)
    assert (before.reflectance == flat().reflectance).all()


def test_the_soil_family_goes_along_the_line_to_bare_soil() -> None:
    # usual .20, .30; soil .50, .40: the line is (.3, .1), mean absolute .2, so 5 points are (.075, .025)
    for sign in (1, -1):
        planted, shown = plant.sow(flat(), [one_plant("soil", sign)], np.array([0.5, 0.4]), day_number(START))
        step = planted.reflectance[3, :, 1, 1].astype(int) - [2000, 3000]
        assert step.tolist() == [sign * 750, sign * 250]
        assert shown == (0.05,)


def test_bare_soil_itself_brightens_along_its_own_spectrum() -> None:
    planted, _ = plant.sow(flat(), [one_plant("soil")], np.array([0.2, 0.3]), day_number(START))
    assert (planted.reflectance[3, :, 1, 1] - np.array([2000, 3000])).tolist() == [400, 600]  # 2 : 3, mean 500


def test_what_is_missing_or_hidden_stays_and_values_stay_valid() -> None:
    before = flat(red=300)
    before.reflectance[2, 0, 1, 1] = MISSING
    before.clear[3, 1, 1] = False
    planted, shown = plant.sow(before, [one_plant(sign=-1)], np.array([0.2, 0.3]), day_number(START))
    assert planted.reflectance[2, 0, 1, 1] == MISSING
    assert planted.reflectance[3, 0, 1, 1] == 300
    assert planted.reflectance[3, :, 1, 2].tolist() == [0, 2500]  # 300 - 500 is clipped at 0
    # shown: red 300 twice (pixel 2), nir 500 three times (pixel 1 in look 2, pixel 2 in both)
    assert shown[0] == pytest.approx((2 * 300 + 3 * 500) / 5 / 10_000)
    assert (planted.clear == before.clear).all()


def test_the_contrast_of_a_plant_that_no_look_saw_is_what_was_wanted() -> None:
    _, shown = plant.sow(flat(), [one_plant(onset=dt.date(2020, 6, 1))], np.array([0.2, 0.3]), day_number(START))
    assert shown == (0.05,)


def test_usual_spectra_are_medians_of_clear_looks_before_a_day() -> None:
    values = np.zeros((4, 1, 1, 2))
    values[:, 0, 0, 0] = [1000, 3000, 2000, 9000]
    values[:, 0, 0, 1] = [1000, int(MISSING), 9000, 9000]
    clear = np.ones((4, 1, 2), dtype=np.bool_)
    clear[2, 0, 1] = False
    cube = cube_of(values, DAYS, ("red",), clear)
    assert plant.usual_spectra(cube, np.array([0, 1]), day_number(DAYS[3])).tolist() == [[0.2, 0.1]]
    assert plant.usual_spectra(cube, np.array([0, 1]), day_number(DAYS[2])).tolist() == [[0.2, 0.1]]
    assert np.isnan(plant.usual_spectra(cube, np.array([0]), day_number(DAYS[0]))).all()


def test_bare_soil_is_neither_forest_nor_water_nor_shade() -> None:
    values = np.zeros((4, 2, 10, 10))
    values[:, 0], values[:, 1] = 300, 3000  # forest
    values[:, 0, 0, :6], values[:, 1, 0, :6] = 2500, 3000  # soil
    values[:, 0, 1, :4], values[:, 1, 1, :4] = 250, 300  # the same soil in shade
    values[:, 0, 2:4], values[:, 1, 2:4] = 500, 100  # water
    assert plant.bare_soil(cube_of(values, DAYS, ("red", "nir"))).tolist() == [0.25, 0.3]
    assert plant.bare_soil(cube_of(values[:, :1], DAYS, ("blue",))).tolist() == [0.25]


@given(st.integers(4, 200), st.floats(1, 3), st.floats(0, np.pi))
def test_a_plant_is_one_piece_of_its_size_without_a_hole(pixels: int, elongation: float, angle: float) -> None:
    rows, cols = plant.outline_of(Plant("grey", 1, pixels, 0.1, 0, elongation, angle))
    mask = np.zeros((90, 90), dtype=np.bool_)
    mask[rows + 45, cols + 45] = True
    assert mask.sum() == rows.size == pixels
    assert ndimage.label(mask, plant.EIGHT)[1] == 1
    assert (ndimage.binary_fill_holes(mask) == mask).all()


def test_plants_fill_every_stratum_of_size_contrast_and_onset() -> None:
    drawn = plant.draw_plants(PERIOD, PlantSettings(plants=300), np.random.default_rng(1))
    contrast = np.sort(np.log([p.contrast for p in drawn]))
    strata = np.floor((contrast - np.log(0.01)) / np.log(20) * 300)
    assert strata.tolist() == list(range(300))
    onsets = sorted(p.onset for p in drawn)
    assert onsets[0] == day_number(PERIOD.start)
    assert onsets[-1] == day_number(PERIOD.end)
    assert min(p.pixels for p in drawn) == 4
    assert 195 <= max(p.pixels for p in drawn) <= 200
    kinds = [(p.family, p.sign) for p in drawn]
    assert {kind: kinds.count(kind) for kind in kinds} == {("soil", 1): 75, ("soil", -1): 75, ("grey", 1): 75, ("grey", -1): 75}


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_plants_stand_apart_on_free_ground_within_the_budget(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted = PlantSettings(plants=60, rounds=4)
    ground = rng.random((60, 70)) > 0.002
    rounds = plant.plan_rounds(plant.draw_plants(PERIOD, wanted, rng), ground, 420, wanted, rng)
    assert 1 <= len(rounds) <= 4
    for placed in rounds:
        label = np.zeros(ground.shape, dtype=int)
        for n, one in enumerate(placed, 1):
            assert ground[one.rows, one.cols].all()
            assert (label[one.rows, one.cols] == 0).all()
            label[one.rows, one.cols] = n
        assert 0 < (label > 0).sum() <= 420
        for n in range(1, len(placed) + 1):
            near = ndimage.binary_dilation(label == n, plant.EIGHT, iterations=3)
            assert set(np.unique(label[near])) <= {0, n}
    assert len({id(one.plant) for placed in rounds for one in placed}) == sum(map(len, rounds))


def test_no_plant_stands_on_or_near_what_the_site_shows_by_itself() -> None:
    cube = cube_of(np.zeros((1, 1, 20, 20)), DAYS[:1], ("red",))
    rows, cols = (a.ravel() for a in np.mgrid[8:11, 8:11])
    event = event_of(rows, cols, cube.grid, None)
    mask = plant.pixels_of(event, cube)
    assert np.argwhere(mask).tolist() == [[r, c] for r in (8, 9, 10) for c in (8, 9, 10)]
    assessed = np.ones((20, 20), dtype=np.bool_)
    assessed[0] = False
    free = plant.free_ground(cube, assessed, [event], 3)
    assert not free[5:14, 5:14].any()
    assert free.sum() == 400 - 20 - 81


# ---------------------------------------------------------------- which are found
@pytest.mark.parametrize(
    ("covered", "confirmed", "found"),
    [(3, dt.date(2020, 3, 1), True), (2, dt.date(2020, 3, 1), False), (9, dt.date(2019, 12, 31), False), (3, START, True), (9, None, False)],
)  # fmt: skip
def test_found_means_confirmed_after_the_onset_over_a_third(covered: int, confirmed: dt.date | None, found: bool) -> None:
    cube = cube_of(np.zeros((1, 1, 20, 20)), DAYS[:1], ("red",))
    rows, cols = (a.ravel() for a in np.mgrid[4:7, 4:7])
    placed = Placed(Plant("grey", 1, 9, 0.1, day_number(START), 1.0, 0.0), rows, cols)
    event = event_of(rows[:covered], cols[:covered], cube.grid, confirmed)
    assert plant.is_found(placed, [(event, plant.pixels_of(event, cube))], 1 / 3) is found


def test_each_round_meets_the_pipeline_with_its_own_plants_only() -> None:
    rng = np.random.default_rng(2)
    days = [dt.date(2019, 1, 1) + dt.timedelta(days=10 * n) for n in range(70)]
    cube = cube_of(np.full((70, 2, 40, 40), 2000), days, ("red", "nir"))
    wanted = PlantSettings(plants=40, rounds=5, contrast=(0.05, 0.2))
    rounds = plant.plan_rounds(plant.draw_plants(PERIOD, wanted, rng), cube.inside, 160, wanted, rng)
    met: list[int] = []

    def find(planted: Cube) -> tuple[Event, ...]:
        """A pipeline that knows: every pixel unlike 2000 in the last look, as one event."""
        odd = np.nonzero(planted.reflectance[-1, 0] != 2000)
        met.append(odd[0].size)
        return (event_of(odd[0], odd[1], planted.grid, PERIOD.end),)

    told: list[tuple[int, int]] = []
    out = plant.grow(cube, rounds, find, day_number(START), wanted, lambda done, total: told.append((done, total)))
    assert met == [sum(one.plant.pixels for one in placed if one.plant.onset <= day_number(days[-1])) for placed in rounds]
    assert [p.found for p in out] == [day_number(p.onset) <= day_number(days[-1]) for p in out]
    assert told == [(n, len(rounds)) for n in range(len(rounds) + 1)]
    assert [p.looks_left for p in out] == [sum(day >= p.onset for day in days) for p in out]


# ---------------------------------------------------------------- what is said
def outcomes(n: int, rng: np.random.Generator, truth: Callable[[float, float, float], float]) -> tuple[Planted, ...]:
    out = []
    for _ in range(n):
        pixels, contrast, left = int(4 * 50 ** rng.random()), 0.01 * 20 ** rng.random(), float(rng.integers(0, 60))
        found = bool(rng.random() < truth(pixels, contrast, left))
        out.append(Planted("soil", 1, pixels, contrast, START, left, found))
    return tuple(out)


def known(pixels: float, contrast: float, left: float) -> float:
    return float(expit(1.5 * np.log(pixels / 15) + 2.0 * np.log(contrast / 0.03) + 8.0 * (0.1 - 1 / (1 + left))))


def test_the_fit_recovers_a_known_curve() -> None:
    pod = recovery.fit_pod(outcomes(4000, np.random.default_rng(4), known), np.random.default_rng(0))
    for pixels in (8, 20, 80):
        for contrast in (0.02, 0.05, 0.15):
            for left in (3.0, 12.0, 50.0):
                assert pod.at(pixels, contrast, np.array([left]))[0] == pytest.approx(known(pixels, contrast, left), abs=0.05)
    both = pod.at(20, 0.05, np.array([[3.0, 50.0], [3.0, 3.0]]))[0]
    assert both[0] == pytest.approx((pod.at(20, 0.05, np.array([3.0]))[0] + pod.at(20, 0.05, np.array([50.0]))[0]) / 2)
    assert both[1] == pytest.approx(pod.at(20, 0.05, np.array([3.0]))[0])


def test_intervals_hold_the_truth() -> None:
    """90 % intervals of 24 fits to 120 plants, at three places of the curve; a lower end above the truth is the dangerous miss."""
    held, safe = [], []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        pod = recovery.fit_pod(outcomes(120, rng, known), rng)
        for pixels, contrast, left in ((10, 0.05, 30.0), (40, 0.05, 15.0), (100, 0.1, 8.0)):
            low, high = np.quantile(pod.at(pixels, contrast, np.array([left]), drawn=True), (0.05, 0.95))
            held.append(low <= known(pixels, contrast, left) <= high)
            safe.append(low <= known(pixels, contrast, left))
    assert 0.82 <= np.mean(held) <= 0.99
    assert np.mean(safe) >= 0.88


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0]))
def test_bigger_stronger_and_earlier_is_never_harder(seed: int, share: float) -> None:
    """Also where found or missed has nothing to do with size, and where all or none was found."""
    rng = np.random.default_rng(seed)
    pod = recovery.fit_pod(outcomes(40, rng, lambda *_: share), rng)
    for drawn in (False, True):
        least = pod.at(8, 0.02, np.array([5.0]), drawn=drawn)
        assert ((least >= 0) & (least <= 1)).all()
        for other in ((80, 0.02, 5.0), (8, 0.1, 5.0), (8, 0.02, 50.0)):
            assert (pod.at(*other[:2], np.array([other[2]]), drawn=drawn) >= least - 1e-9).all()
    if share in (0.0, 1.0):  # all or none of 40: not certain
        low, high = np.quantile(pod.at(30, 0.05, np.array([30.0]), drawn=True), (0.05, 0.95))
        assert 0.001 < high - low < 0.5


def test_looks_left_are_counted_on_and_after_a_day() -> None:
    clear = np.ones((4, 2, 2), dtype=np.bool_)
    clear[3, 0] = False  # half of the ground lacks the last look
    cube = cube_of(np.zeros((4, 1, 2, 2)), DAYS, ("red",), clear)
    days, left = recovery.looks_left(cube, cube.inside, PERIOD)
    assert days == (START, DAYS[2], DAYS[3])
    assert left[0].tolist() == pytest.approx(left[1].tolist())
    assert left[1][[0, -1]].tolist() == [1.0, 2.0]
    assert left[2][[0, -1]].tolist() == [0.0, 1.0]


# ---------------------------------------------------------------- a whole site
def weather(cloud: float, seed: int = 3) -> Unplanted:
    """48 x 48 pixels of quiet ground, a look every 10 days, so much of it under cloud."""
    rng = np.random.default_rng(seed)
    days = [dt.date(2018, 1, 1) + dt.timedelta(days=10 * n) for n in range(109)]
    base = np.array([1300, 1700, 2300, 2900])[None, :, None, None] + rng.normal(0, 80, (1, 1, 48, 48))
    values = np.rint(base + rng.normal(0, 40, (109, 4, 48, 48)))
    clear = np.broadcast_to((rng.random(109) >= cloud)[:, None, None], (109, 48, 48)).copy()
    cube = cube_of(values, days, ("blue", "green", "red", "nir"), clear)
    return Unplanted(cube, cube.inside, (), PERIOD, 8)


def pipeline_answer(site: Unplanted, rounds: int = 7) -> Sensitivity:
    change = monitor(site.cube, START)
    assert (change.reason == OK).all()
    events = find_events(site.cube, change, START)
    assert events == ()
    wanted = PlantSettings(plants=60, rounds=rounds, pixels=(4, 80))
    return sensitivity.measure_site(SITE, (site.cube, change, events), wanted, lambda _done, _total: None)


@pytest.fixture(scope="module")
def quiet() -> Sensitivity:
    return pipeline_answer(weather(0.1))


def test_a_quiet_site_shows_large_strong_changes_and_says_until_when(quiet: Sensitivity) -> None:
    assert quiet.reason == ""
    assert len(quiet.planted) >= 40
    big = next(s for s in quiet.statements if (s.area_m2, s.contrast, s.wanted) == (4000.0, 0.10, 0.9))
    assert big.before is not None
    assert big.before > dt.date(2020, 6, 1)
    assert big.chance.low <= big.chance.probability <= big.chance.high
    assert big.chance.probability >= 0.9
    assert big.found <= big.planted
    last = [p for p in quiet.planted if p.looks_left < 3]
    assert last
    assert not any(p.found for p in last)


def test_a_cloudy_site_can_say_less(quiet: Sensitivity) -> None:
    cloudy = pipeline_answer(weather(0.75))
    pairs = [(a, b) for a in quiet.statements for b in cloudy.statements if (a.area_m2, a.contrast, a.wanted) == (b.area_m2, b.contrast, b.wanted)]  # fmt: skip
    assert len(pairs) >= 20
    # sixty plants a site: single dates are noisy, their sum is not
    assert sum((b.before or START) <= (a.before or START) for a, b in pairs) >= 0.6 * len(pairs)
    assert sum(((a.before or START) - (b.before or START)).days for a, b in pairs) > 0
    assert sum(p.found for p in cloudy.planted) < sum(p.found for p in quiet.planted)


def test_larger_and_stronger_changes_may_begin_later(quiet: Sensitivity) -> None:
    at = {(s.wanted, s.area_m2, s.contrast): s.before or dt.date.min for s in quiet.statements}
    for (wanted, area, contrast), before in at.items():
        for (w, a, c), other in at.items():
            if w == wanted and a >= area and c >= contrast:
                assert other >= before
    for limit in quiet.smallest:
        if limit.value is not None:
            assert limit.low is not None
            assert limit.low <= limit.value <= (limit.high or np.inf)


def test_the_same_site_gives_the_same_answer_and_another_another(quiet: Sensitivity) -> None:
    assert pipeline_answer(weather(0.1)) == quiet
    assert sensitivity.seed_of(SITE) != sensitivity.seed_of(replace(SITE, name="Flat 2"))


def test_the_answer_survives_the_dossier(quiet: Sensitivity) -> None:
    assert sensitivity_of(json.loads(json.dumps(asdict(quiet), default=str))) == quiet


def test_a_site_too_small_for_plants_says_so() -> None:
    small = replace(weather(0.1), assessed=np.zeros((48, 48), dtype=np.bool_))
    told = recovery.measure(small, lambda _cube: (), PlantSettings(rounds=2), 1, lambda _done, _total: None)
    assert told.planted == ()
    assert "only 0 changes could be planted" in told.reason
    none = replace(small, cube=cube_of(np.zeros((0, 1, 8, 8)), [], ("red",)), assessed=np.ones((8, 8), dtype=np.bool_))
    assert recovery.measure(none, lambda _cube: (), PlantSettings(), 1, lambda _done, _total: None).reason


# ---------------------------------------------------------------- the command
def test_the_command_measures_once_and_says_the_same_again(
    tiny: Path, tmp_path: Path, spadework: Callable[..., conftest.Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensitivity, "QUICK", PlantSettings(rounds=3))
    monkeypatch.setattr(sensitivity, "THOROUGH", PlantSettings(rounds=4))
    site = material.write_site(tmp_path / "site.toml", conftest.STACK, str(tiny / "catalog.json"))
    out = tmp_path / "dossier"
    first = spadework("run", site, "--out", out, "--json")
    assert first.code == 0, first.err
    quick = json.loads((out / "null_findings.json").read_text())["sensitivity"]
    assert quick["plants"] >= 15
    asked = spadework("sensitivity", site, "--out", out, "--json")
    assert [step for step in asked.json["did"] if step != "pdf"] == ["sensitivity", "assess", "report"]
    assert asked.json["sensitivity"]["plants"] > quick["plants"]
    bytes_then = (out / "null_findings.json").read_bytes()
    assert json.loads(bytes_then)["sensitivity"] == asked.json["sensitivity"]
    again = spadework("run", site, "--out", out, "--json")
    assert again.json["did"] == []
    told = spadework("sensitivity", site, "--out", out)
    assert "were planted into this site's own looks" in told.out
    assert asked.json["statement"] in told.out
    assert asked.json["statement"].replace("'", "&#39;") in (out / "report.html").read_text()
    fresh = spadework("sensitivity", site, "--out", tmp_path / "fresh", "--json")
    assert fresh.json["sensitivity"] == asked.json["sensitivity"]
    assert (tmp_path / "fresh" / "null_findings.json").read_bytes() == bytes_then
    assert (tmp_path / "fresh" / "report.html").read_bytes() == (out / "report.html").read_bytes()
