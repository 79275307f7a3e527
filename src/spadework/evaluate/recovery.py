"""From planted changes found and missed to what this site could have seen: the probability of detection, and its statements.

Probability of detection (POD) as in MIL-HDBK-1823A (2009), appendix G: hit/miss outcomes against size by logistic regression,
here in three properties, log area, log contrast and -1 / (1 + clear looks left after the onset), one fit per family of plants.
The reciprocal levels off as the noise of a mean does: on the demo's two sites it fits better than the logarithm in every
family, by 1.5 to 7 units of log likelihood. Plants smaller than the smallest event that is listed are left out: they cannot
be found, and would bend the curve of those that can.

*Fit.* Penalised maximum likelihood: a normal prior on standardised coefficients (a ridge, after Gelman et al. 2008, Ann.
Appl. Stat. 2, 1360-1383), slopes not negative: a bigger, stronger or earlier change is never harder to see.
*Interval.* From the penalised likelihood itself, by importance sampling about its maximum (Gelman et al. 2013, Bayesian Data
Analysis, section 10.4), percentiles of draws. A bootstrap over plants is not used: where hits and misses are nearly
separated, as with a sharp limit of detection, most resamples agree by chance, and its intervals were too narrow
(`tests/test_sensitivity.py` measures the coverage of ours).
*Onset.* Ground differs in clear looks: the POD of an onset is the mean over five equal parts of the ground by looks left.

The law of this room: numbers in, records out; nothing is said beyond the sizes, contrasts and onsets that were planted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

from spadework.cube import day_number, day_of
from spadework.evaluate.plant import draw_plants, free_ground, grow, plan_rounds
from spadework.records import Chance, Curve, NullStatement, Sensitivity, Smallest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.evaluate.plant import Mask, Pipeline, PlantSettings, Values
    from spadework.records import Event, Family, Period, Planted

LEVEL: Final = 0.9
"""Of every interval."""
WANTED: Final = (0.9, 0.5)
"""Probabilities that statements are made for."""
PIXELS: Final = (8, 12, 20, 40, 80, 160)
"""Areas of the table."""
CONTRASTS: Final = (0.02, 0.03, 0.05, 0.10, 0.15)
"""Contrasts of the table, reflectance."""
CURVE_PIXELS: Final = (8, 20, 80)
LEAST: Final = 10
"""Plants of a family without which nothing is said."""
PRIOR: Final = (6.0, 3.0, 3.0, 3.0)
"""Standard deviation of intercept and slopes: over one standard deviation of a property the log odds rarely change by more than 6."""
CANDIDATES: Final = 8000
DRAWS: Final = 1000
TAIL: Final = 5.0
"""Degrees of freedom of the t distribution that candidates are drawn from."""
PARTS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles that stand for five equal parts of the ground."""
STEPS: Final = 60
"""Of the search for the smallest area or contrast, between the least and the most planted."""


@dataclass(frozen=True, slots=True, eq=False)
class Unplanted:
    """The site as it is, and what its own run said."""

    cube: Cube
    assessed: Mask
    """(y, x), True where monitoring could say something."""
    events: tuple[Event, ...]
    """Found without any plant, of any status."""
    period: Period
    min_pixels: int
    """Smallest event that is listed, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """A fitted probability of detection: coefficients on (1, standardised properties)."""

    centre: Values
    """(property)"""
    scale: Values
    """(property)"""
    best: Values
    """(1, coefficient), at the maximum."""
    draws: Values
    """(draw, coefficient)"""

    def at(self, pixels: float, contrast: float, left: Values, *, drawn: bool = False) -> Values:
        """Probability of detection, averaged over the last axis of ``left``.

        Args:
            pixels: of the change.
            contrast: mean absolute reflectance over bands.
            left: (..., part), clear looks left.
            drawn: for each draw instead of the maximum.

        Returns:
            (coefficients or draws, ...), 0..1.

        """
        at = (np.log([pixels, contrast]) - self.centre[:2]) / self.scale[:2]
        coef = self.draws if drawn else self.best
        fixed = coef[:, 0] + coef[:, 1:3] @ at
        looks = (_worth(left) - self.centre[2]) / self.scale[2]
        return np.asarray(expit(fixed.reshape(-1, *[1] * looks.ndim) + np.multiply.outer(coef[:, 3], looks)).mean(axis=-1))


def _worth(left: Values) -> Values:
    """What so many clear looks are worth, -1..0."""
    return np.asarray(-1.0 / (1.0 + left))


def properties(planted: Sequence[Planted]) -> Values:
    """(plant, 3): log pixels, log contrast (at least a tenth of a point), -1 / (1 + clear looks left)."""
    pixels, contrast, left = np.array([(plant.pixels, max(plant.contrast, 1e-3), plant.looks_left) for plant in planted]).T
    return np.column_stack([np.log(pixels), np.log(contrast), _worth(left)])


def fit_pod(planted: Sequence[Planted], rng: np.random.Generator) -> Pod:
    """Fit the probability of detection of one family of plants, with draws about the maximum."""
    from scipy.optimize import Bounds, minimize  # noqa: PLC0415 - slow to import

    x, found = properties(planted), np.array([plant.found for plant in planted], dtype=np.float64)
    centre, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    design = np.column_stack([np.ones(len(x)), (x - centre) / scale])
    penalty = np.array(PRIOR) ** -2.0

    def loss(coef: Values) -> Values:
        """Minus the penalised log likelihood, of (..., coefficient)."""
        odds = coef @ design.T
        return np.asarray((np.logaddexp(0.0, odds) - found * odds).sum(axis=-1) + 0.5 * (coef**2 @ penalty))

    def loss_and_slope(coef: Values) -> tuple[float, Values]:
        return float(loss(coef)), np.asarray(design.T @ (expit(design @ coef) - found) + penalty * coef)

    limits = Bounds([-np.inf, 0.0, 0.0, 0.0], np.inf)
    done = minimize(loss_and_slope, np.zeros(4), jac=True, bounds=limits, method="L-BFGS-B")
    best = np.asarray(done.x, dtype=np.float64)
    spread = expit(design @ best) * expit(-(design @ best))
    bend = (design * spread[:, None]).T @ design + np.diag(penalty)
    return Pod(centre, scale, best[None], _draws(best, bend, loss, rng))


def _draws(best: Values, bend: Values, loss: Callable[[Values], Values], rng: np.random.Generator) -> Values:
    """(draw, coefficient) from exp(-loss) with slopes not negative; ``bend`` is its second derivative at ``best``."""
    normal = rng.standard_normal((CANDIDATES, best.size))
    stretch = rng.chisquare(TAIL, CANDIDATES) / TAIL
    candidates = best + normal / np.sqrt(stretch)[:, None] @ np.linalg.inv(np.linalg.cholesky(bend))
    offered = -(TAIL + best.size) / 2.0 * np.log1p((normal**2).sum(axis=1) / stretch / TAIL)
    weight = np.where((candidates[:, 1:] >= 0).all(axis=1), -loss(candidates) - offered, -np.inf)
    weight = np.exp(weight - weight.max())
    cuts = np.cumsum(weight) / weight.sum()
    even = (np.arange(DRAWS) + rng.random()) / DRAWS  # systematic resampling: less noise than independent draws
    return np.asarray(candidates[np.searchsorted(cuts, even).clip(max=CANDIDATES - 1)])


# ---------------------------------------------------------------- what the site's looks leave
def looks_left(cube: Cube, ground: Mask, period: Period) -> tuple[tuple[dt.date, ...], Values]:
    """The days on which a change may begin, and what is left of the looks then.

    Returns:
        The first watched day and the days of all later watched looks; (day, part): clear looks on that day or after it, for
        five equal parts of the ground.

    """
    first, last = day_number(period.start), day_number(period.end)
    days = np.unique(np.append(cube.days[(cube.days >= first) & (cube.days <= last)], first))
    clear = cube.clear[:, ground]
    left = [np.quantile(clear[np.searchsorted(cube.days, day) :].sum(axis=0), PARTS) for day in days]
    return tuple(day_of(day) for day in days), np.array(left)


# ---------------------------------------------------------------- statements
def chance(pods: Mapping[Family, Pod], pixels: float, contrast: float, left: Values) -> Chance:
    """The probability of detection of the worse family, with its interval; ``left`` (part): clear looks left."""
    worse = min(pods, key=lambda family: float(pods[family].at(pixels, contrast, left)[0]))
    low, high = _interval(pods[worse].at(pixels, contrast, left, drawn=True))
    return Chance(
        round(float(pods[worse].at(pixels, contrast, left)[0]), 4), round(float(low), 4), round(float(high), 4), worse
    )


def _interval(draws: Values) -> Values:
    return np.asarray(np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0))


def _statements(
    site: Unplanted, pods: Mapping[Family, Pod], planted: Sequence[Planted], onsets: tuple[tuple[dt.date, ...], Values]
) -> tuple[NullStatement, ...]:
    """One for each area and contrast that was tried, and each probability."""
    days, left = onsets
    out = []
    for wanted in WANTED:
        for pixels in _within(PIXELS, [plant.pixels for plant in planted]):
            for contrast in _within(CONTRASTS, [plant.contrast for plant in planted]):
                reached = np.min([pod.at(pixels, contrast, left)[0] for pod in pods.values()], axis=0) >= wanted
                last = int(np.flatnonzero(reached)[-1]) if reached.any() else None
                before = None if last is None else days[last]
                like = [
                    plant.found
                    for plant in planted
                    if plant.pixels >= pixels and plant.contrast >= contrast and plant.onset <= (before or site.period.end)
                ]
                at = chance(pods, pixels, contrast, left[last or 0])
                area = pixels * site.cube.pixel_m2
                out.append(NullStatement(area, contrast, wanted, before, at, len(like), sum(like)))
    return tuple(out)


def _within(ladder: Sequence[float], tried: Sequence[float]) -> list[float]:
    """Steps of a ladder between the least and the most that was tried."""
    return [step for step in ladder if min(tried) <= step <= max(tried)]


def _smallest(pods: Mapping[Family, Pod], planted: Sequence[Planted], left: Values, pixel_m2: float) -> tuple[Smallest, ...]:
    """Smallest areas at the contrasts and faintest contrasts at the areas of the table."""
    sizes, contrasts = [plant.pixels for plant in planted], [plant.contrast for plant in planted]
    pixel_steps = np.unique(np.rint(np.geomspace(min(sizes), max(sizes), STEPS)))
    contrast_steps = np.geomspace(max(min(contrasts), 1e-3), max(contrasts), STEPS)
    out = []
    for wanted in WANTED:
        for contrast in _within(CONTRASTS, contrasts):
            curves = {family: _along(pod, [(n, contrast) for n in pixel_steps], left) for family, pod in pods.items()}
            value, low, high = _crossing(curves, wanted, pixel_steps * pixel_m2)
            out.append(Smallest(wanted, "contrast", contrast, value, low, high))
        for pixels in _within(PIXELS, sizes):
            curves = {family: _along(pod, [(pixels, c) for c in contrast_steps], left) for family, pod in pods.items()}
            value, low, high = _crossing(curves, wanted, contrast_steps)
            out.append(Smallest(wanted, "area", pixels * pixel_m2, value, low, high))
    return tuple(out)


def _along(pod: Pod, points: Sequence[tuple[float, float]], left: Values) -> Values:
    """(1 + draw, point): the maximum's probabilities, then those of the draws."""
    return np.column_stack([np.append(pod.at(*point, left), pod.at(*point, left, drawn=True)) for point in points])


def _crossing(
    curves: Mapping[Family, Values], wanted: float, steps: NDArray[np.float64]
) -> tuple[float | None, float | None, float | None]:
    """Where the worse family's rising curve reaches ``wanted``, with its interval; None = not within the steps."""
    worst = max(curves.values(), key=lambda curve: int((curve[0] < wanted).sum()))
    below = (worst < wanted).sum(axis=1)
    low, high = np.quantile(below[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")

    def step(at: int) -> float | None:
        return round(float(steps[at]), 4) if at < len(steps) else None

    return step(int(below[0])), step(int(low)), step(int(high))


def _curves(pods: Mapping[Family, Pod], planted: Sequence[Planted], left: Values, pixel_m2: float) -> tuple[Curve, ...]:
    """For the figure: probability against contrast, at three areas."""
    contrasts = [max(plant.contrast, 1e-3) for plant in planted]
    steps = np.geomspace(min(contrasts), max(contrasts), STEPS // 2)
    out = []
    for family, pod in pods.items():
        for pixels in _within(CURVE_PIXELS, [plant.pixels for plant in planted]):
            curve = _along(pod, [(pixels, step) for step in steps], left)
            lines = (steps, curve[0], *_interval(curve[1:]))
            contrast, best, low, high = (tuple(round(float(v), 4) for v in line) for line in lines)
            out.append(Curve(family, pixels * pixel_m2, contrast, best, low, high))
    return tuple(out)


# ---------------------------------------------------------------- the whole
def measure(
    site: Unplanted, find: Pipeline, settings: PlantSettings, seed: int, progress: Callable[[int, int], None]
) -> Sensitivity:
    """Plant changes into a site's own looks, run its own pipeline over them, and say what could have been seen.

    Args:
        site: looks and findings without plants.
        find: the pipeline, from a Cube to Events, as the site's own run has it.
        settings: what to plant.
        seed: of every random choice; the same seed gives the same answer.
        progress: told runs of the pipeline done and in all.

    Returns:
        Statements, limits and curves; only the plants and the reason where too few fit on the site's ground.

    """
    rng, cube, period = np.random.default_rng(seed), site.cube, site.period
    ground = free_ground(cube, site.assessed, site.events, settings.apart)
    budget = int(settings.share * np.count_nonzero(cube.inside))
    rounds = plan_rounds(draw_plants(period, settings, rng), ground, budget, settings, rng) if cube.looks else ()
    planted = grow(cube, rounds, find, day_number(period.start), settings, progress)
    middle = day_of((day_number(period.start) + day_number(period.end)) // 2)
    area = float(np.count_nonzero(ground) * cube.pixel_m2)
    told = Sensitivity(planted, settings.plants, settings.rounds, LEVEL, period.start, period.end, middle, cube.pixel_m2, area)
    families: tuple[Family, ...] = ("soil", "grey")
    large = [plant for plant in planted if plant.pixels >= site.min_pixels]
    members = {family: [plant for plant in large if plant.family == family] for family in families}
    if min(map(len, members.values())) < LEAST:
        return replace(told, reason=f"only {len(planted)} changes could be planted in {len(rounds)} runs of so small a site")
    pods = {family: fit_pod(some, rng) for family, some in members.items()}
    days, left = looks_left(cube, ground, period)
    at_middle = left[min(int(np.searchsorted([day_number(day) for day in days], day_number(middle))), len(days) - 1)]
    return replace(
        told,
        statements=_statements(site, pods, large, (days, left)),
        smallest=_smallest(pods, large, at_middle, cube.pixel_m2),
        curves=_curves(pods, large, at_middle, cube.pixel_m2),
    )
