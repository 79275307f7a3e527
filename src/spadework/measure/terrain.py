"""What an elevation model says of a hill: how steep it is, how much of it lies over a drive, and where the drive comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.errors import UserError
from spadework.measure.budget import refused
from spadework.measure.ground import Ground
from spadework.records import Measurement, VhrScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Dem
    from spadework.records import Point

NODES: Final = 4
"""Noise is drawn at so many points a correlation length, and joined by straight lines."""
HORN: Final = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
"""Weights of nine cells for the rise to the right, a column; transposed, for the rise downwards, a row."""
MOST_STEPS: Final = 4000


@dataclass(frozen=True, slots=True)
class TerrainSettings:
    """The drive, and how far the elevation model is trusted."""

    grade: float = 0.0
    """Rise of the floor over its length: .01 = 1 % upwards."""
    level_m: float | None = None
    """Of the floor at the portal, in the model's heights; None = the model's own ground there."""
    level_u_m: float = 1.0
    """Standard uncertainty of that level, where given."""
    enter_m: float = 5.0
    """Cover at which the drive counts as under the hill."""
    error_m: float = 2.0
    """Standard relative error of the model's heights. Copernicus 30 m states 90 % under 2 m up to 20 % of slope, under 4 m beyond."""
    correlation_m: float = 90.0
    """l in the correlation exp(-d^2 / (2 l^2)) of that error."""
    draws: int = 400
    seed: int = 30


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The ground over a straight drive."""

    distance_m: NDArray[np.float64]
    """(n), from the portal."""
    ground_m: NDArray[np.float64]
    """(n), heights of the model."""
    floor_m: NDArray[np.float64]
    """(n), of the drive."""
    ends: str
    """Why it ends: the edge of the model, or ground without data."""


def horn_gradient(dem: Dem) -> NDArray[np.float64]:
    """(2, y, x), rise per metre east and north by Horn's 3 x 3 formula (1981); NaN at the edge and beside cells without data.

    Metres of a pixel are those at the middle of the window.
    """
    z = dem.heights.astype(np.float64)
    per_px = np.stack([ndimage.correlate(z, weights, mode="constant", cval=np.nan) for weights in (HORN, HORN.T)])
    # The formula leaves out the cell itself, but says nothing where that has no data.
    per_px[:, np.isnan(z)] = np.nan
    return np.asarray(np.einsum("ij,jyx->iyx", np.linalg.inv(_under(dem).per_px).T, per_px))


def horn_slope(dem: Dem) -> NDArray[np.float64]:
    """(y, x), slope in degrees; NaN as of ``horn_gradient``."""
    return np.asarray(np.degrees(np.arctan(np.hypot(*horn_gradient(dem)))))


def _under(dem: Dem) -> Ground:
    rows, cols = dem.heights.shape
    return Ground.under(VhrScene(dem.name, crs=dem.crs), dem.transform, (rows, cols))


def drive_profile(dem: Dem, portal: Point, bearing_deg: float, settings: TerrainSettings | None = None) -> Profile:
    """Ground and floor along a straight drive, to the edge of the model or of its data.

    Heights between cells are bilinear. The floor starts at ``level_m``, or at the model's ground under the portal.

    Args:
        dem: around the portal.
        portal: map units of the model's CRS.
        bearing_deg: of the drive, from true north, clockwise.
        settings: grade and level.

    Raises:
        UserError: the portal lies outside the model, or where it has no data; the bearing is no number.

    """
    settings = settings or TerrainSettings()
    if not math.isfinite(bearing_deg):
        raise UserError(f"bearing {bearing_deg}", "is no number", "give degrees from north, clockwise")
    ground = _under(dem)
    rows, cols = dem.heights.shape
    start = ground.metres([portal])[0]
    step = max(ground.gsd_m / 3, math.hypot(rows, cols) * ground.gsd_m / MOST_STEPS)
    distance = step * np.arange(int(math.hypot(rows, cols) * ground.gsd_m / step) + 2, dtype=np.float64)
    turn = math.radians(bearing_deg)
    line = start + distance[:, None] * np.array([math.sin(turn), math.cos(turn)])
    at = ground.pixels(ground.points(line)) - 0.5
    inside = np.asarray(((at >= 0) & (at <= np.array([cols - 1, rows - 1]))).all(axis=1))
    heights = np.full(distance.size, np.nan)
    heights[inside] = ndimage.map_coordinates(dem.heights.astype(np.float64), at[inside].T[::-1], order=1, mode="nearest")
    if math.isnan(heights[0]):
        raise UserError(
            dem.name, f"has no height at the portal {portal[0]:.10g},{portal[1]:.10g}", "give a model that covers it"
        )
    gone = np.flatnonzero(np.isnan(heights))
    last = int(gone[0]) if gone.size else distance.size
    ends = "ground without data" if last < distance.size and inside[last] else "the edge of the elevation model"
    level = heights[0] if settings.level_m is None else settings.level_m
    return Profile(distance[:last], heights[:last], level + settings.grade * distance[:last], ends)


def measure_terrain(
    dem: Dem, portal: Point, bearing_deg: float, settings: TerrainSettings | None = None
) -> tuple[Measurement, Measurement, Measurement]:
    """Slope at a portal, most cover over a straight drive from it, and where that daylights.

    The error of the model is drawn ``draws`` times, correlated over ``correlation_m``, from a fixed seed; intervals are its 5th
    and 95th percentiles. Where the drive does not come out inside the model (or not in over 5 % of the draws), daylight is
    "at least" so far away.

    Args:
        dem: around the portal, as far as the drive is of interest.
        portal: map units of the model's CRS.
        bearing_deg: of the drive, from true north, clockwise.
        settings: grade, level, error of the model.

    Returns:
        Slope in degrees, cover above the floor and daylight from the portal in metres.

    Raises:
        UserError: as of ``drive_profile``; an error or correlation that is none.

    """
    settings = settings or TerrainSettings()
    if not (settings.error_m >= 0 and settings.correlation_m > 0 and settings.draws > 1 and abs(settings.grade) < 1):
        raise UserError("elevation model", "its error, correlation or grade is none", "give metres, and a grade under 1")
    profile = drive_profile(dem, portal, bearing_deg, settings)
    cell = _under(dem).gsd_m
    level = "the model's ground at the portal" if settings.level_m is None else f"{settings.level_m:g} m"
    blank = Measurement(
        id="terrain", quantity="cover", unit="m", value=None, low=None, high=None, scene=dem.name,
        method=(
            f"Straight drive towards {bearing_deg:g} degrees at {settings.grade:+.1%} from {level}, under an elevation model with"
            f" {settings.error_m:g} m of error over {settings.correlation_m:g} m."
        ),
        gsd_m=cell, where=(portal,),
        warnings=(
            f"a model of {cell:.0f} m cells does not see walls, cuttings, gullies or heaps narrower than about {2 * cell:.0f} m",
            "the model may be older than the works",
            *dem.notes,
        ),
    )  # fmt: skip
    rng = np.random.default_rng(settings.seed)
    slope = _slope_at(replace(blank, id="slope", quantity="slope", unit="deg"), dem, portal, settings, rng)
    return slope, *_under_the_hill(blank, profile, settings, rng)


def _slope_at(blank: Measurement, dem: Dem, portal: Point, settings: TerrainSettings, rng: np.random.Generator) -> Measurement:
    ground = _under(dem)
    blank = replace(blank, method="Horn's formula on the nine cells around the portal.")
    col, row = (int(v) for v in ground.pixels([portal])[0])
    rows, cols = dem.heights.shape
    gradient = horn_gradient(dem)[:, min(row, rows - 1), min(col, cols - 1)]
    if np.isnan(gradient).any():
        return refused(blank, "the portal lies at the edge of the elevation model or of its data")
    linear = np.linalg.inv(ground.per_px).T @ np.stack([HORN.ravel(), HORN.T.ravel()])
    cells = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2) @ ground.per_px.T
    apart = np.square(cells[:, None] - cells[None]).sum(axis=-1)
    covariance = settings.error_m**2 * np.exp(-apart / (2 * settings.correlation_m**2))
    drawn = gradient + rng.multivariate_normal(np.zeros(2), linear @ covariance @ linear.T, settings.draws)
    steep = np.degrees(np.arctan(np.hypot(drawn[:, 0], drawn[:, 1])))
    return _from_draws(blank, math.degrees(math.atan(math.hypot(*gradient))), steep)


def _from_draws(blank: Measurement, value: float, draws: NDArray[np.float64]) -> Measurement:
    low, high = (float(q) for q in np.quantile(draws, [0.05, 0.95]))
    budget = (("elevation model", float(draws.std())),)
    return replace(blank, value=value, low=min(low, value), high=max(high, value), budget=budget)


def _errors(distance: NDArray[np.float64], settings: TerrainSettings, rng: np.random.Generator) -> NDArray[np.float64]:
    """(draws, n): errors of the model along a line, with the stated deviation and correlation."""
    spacing = settings.correlation_m / NODES
    pad = 4 * NODES
    nodes = int(distance[-1] / spacing) + 2 + 2 * pad
    # White noise through a Gaussian of l / sqrt(2) has the correlation exp(-d^2 / (2 l^2)).
    delta = np.zeros(4 * pad + 1)
    delta[2 * pad] = 1.0
    sigma = NODES / math.sqrt(2)
    norm = float(np.linalg.norm(ndimage.gaussian_filter1d(delta, sigma)))
    smooth = ndimage.gaussian_filter1d(rng.standard_normal((settings.draws, nodes)), sigma, axis=1) / norm
    at = pad + distance / spacing
    left = at.astype(int)
    share = at - left
    return settings.error_m * np.asarray(smooth[:, left] * (1 - share) + smooth[:, left + 1] * share)


def _emerges(
    distance: NDArray[np.float64], cover: NDArray[np.float64], enter_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Most cover (draws), NaN where the drive never goes under; and where it comes out (draws), infinite where it does not."""
    under = np.logical_or.accumulate(cover > enter_m, axis=1)
    out = under & (cover <= 0)
    found = out.any(axis=1)
    first = np.where(found, out.argmax(axis=1), cover.shape[1] - 1)
    rows = np.arange(cover.shape[0])
    after, before = cover[rows, first], cover[rows, np.maximum(first - 1, 0)]
    share = np.divide(before, before - after, out=np.ones_like(before), where=found)
    step = distance[1] - distance[0] if distance.size > 1 else 0.0
    where = np.where(found, distance[np.maximum(first - 1, 0)] + share * step, np.inf)
    held = np.where(np.arange(cover.shape[1]) <= first[:, None], cover, -np.inf).max(axis=1)
    return np.where(under[:, -1], held, np.nan), where


def _under_the_hill(
    blank: Measurement, profile: Profile, settings: TerrainSettings, rng: np.random.Generator
) -> tuple[Measurement, Measurement]:
    cover = replace(blank, id="cover", method=f"{blank.method[:-1]}: most ground above its floor.")
    daylight = replace(
        blank, id="daylight", quantity="daylight", method=f"{blank.method[:-1]}: where the floor meets the ground."
    )
    known = profile.ground_m - profile.floor_m
    most, out = (float(v[0]) for v in _emerges(profile.distance_m, known[None], settings.enter_m))
    if math.isnan(most):
        why = f"the ground does not rise {settings.enter_m:g} m above such a drive within {profile.distance_m[-1]:.0f} m"
        return refused(cover, why), refused(daylight, why)
    errors = _errors(profile.distance_m, settings, rng)
    level = errors[:, :1] if settings.level_m is None else settings.level_u_m * rng.standard_normal((settings.draws, 1))
    tallest, comes = _emerges(profile.distance_m, known + errors - level, settings.enter_m)
    covered = _from_draws(cover, most, tallest[~np.isnan(tallest)])
    edge = float(profile.distance_m[-1])
    if math.isinf(out) or np.isinf(comes).mean() > 0.05:  # noqa: PLR2004 - one side of a 90 % interval
        least = min(float(np.quantile(np.minimum(comes, edge), 0.05)), out)
        note = f"it may not come out before {profile.ends}, {edge:.0f} m away"
        warnings = (*blank.warnings, note)
        return covered, replace(daylight, kind="at least", value=min(out, edge), low=least, warnings=warnings)
    return covered, _from_draws(daylight, out, comes[np.isfinite(comes)])
