"""Cubes for the benchmark with what is known about them: generated ones, the real Romania stack, single real pixels."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import netCDF4
import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from spadework.cube import MISSING, Cube
from spadework.evaluate.pixels import PixelTruth, place_began
from spadework.imagery.mask import CLEAR, SNOW, MaskKind, classify, dilate
from spadework.intake.romania import CRS, ROMANIA_PERIOD, romania_file, romania_scenes
from spadework.records import ClearRule, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIX: Final = ("blue", "green", "red", "nir", "swir16", "swir22")
KINDS: Final = ("none", "veg>soil", "veg>roof", "arid 3-6pt", "arid rel 3-6%", "arid>roof")
COVERS: Final = ("arid", "crop", "grass", "forest")
TO_1970: Final = dt.date(1970, 1, 1).toordinal()
SCL: Final = MaskKind("scl", (4, 5, 6, 7), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A cube, the day from which it is watched, and its truth."""

    name: str
    cube: Cube
    start: dt.date
    years: float
    """Length of the watched period."""
    truth: PixelTruth
    """(y, x)."""
    calm_mean: NDArray[np.float32] | None
    """(time, band, y, x), reflectance x 10,000 that the pixel would show undisturbed and without noise; None = not known."""


def shared() -> Path | None:
    """The folder of shared material, or None: SPADEWORK_SHARED, else beside the checkout."""
    path = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[3] / "shared"))
    return path if path.is_dir() else None


def plain_cube(reflectance: NDArray[np.int16], clear: NDArray[np.bool_], days: Sequence[dt.date], bands: Sequence[str]) -> Cube:
    """A cube on a grid of 10 m pixels.

    Args:
        reflectance: (time, band, y, x), x 10,000; MISSING without data.
        clear: (time, y, x).
        days: of the looks, in time order.
        bands: common names.

    """
    looks = tuple(
        Look(f"look-{n:04d}", dt.datetime.combine(day, dt.time(10), tzinfo=dt.UTC), "bench", (), float(clear[n].mean()))
        for n, day in enumerate(days)
    )
    shape = clear.shape[1:]
    grid = GeoBox(shape, Affine(10, 0, 300_000, 0, -10, 3_900_000), "EPSG:32637")
    return Cube(reflectance, clear, np.zeros_like(clear), looks, tuple(bands), grid, np.ones(shape, np.bool_))


# ---------------------------------------------------------------- generated
def bench_cube(generator: Path, side: int, seed: int, share: float = 0.30) -> Case:
    """The seeded cube of ``make_cube.py``, with the mean that each pixel would show undisturbed.

    The generator does not return that mean. One line put into its source keeps it, before the disturbance is laid over
    it: no random number is drawn more or less, so the cube stays what it was.

    Raises:
        ValueError: when the generator's source has changed so that the line no longer fits.

    """
    source = generator.read_text(encoding="utf-8")
    before, empty = "        on = (td > 0) & (od[i] >= td);", "Y = np.empty((T, 6, N), np.int16);"
    if source.count(before) != 1 or source.count(empty) != 1:
        msg = f"{generator} is not the generator this benchmark knows"
        raise ValueError(msg)
    source = source.replace(before, f"        CALM.append((v * ill[i]).astype(np.float32))\n{before}")
    calm: list[NDArray[np.float32]] = []
    room: dict[str, Any] = {"__name__": "make_cube", "CALM": calm}
    exec(compile(source, str(generator), "exec"), room)  # noqa: S102 - the project's own generator
    made = room["make"](side, side, seed, share)
    ordinals, values = made["ord"], made["y"]
    masked = values == -9999  # noqa: PLR2004 - the generator's word for masked
    days = [dt.date.fromordinal(int(n)) for n in ordinals]
    cube = plain_cube(np.where(masked, MISSING, values), ~masked.any(axis=1), days, SIX)
    mean = np.stack(calm).transpose(0, 2, 1).reshape(values.shape)
    return Case(f"bench cube {side} seed {seed}", cube, dt.date.fromordinal(int(made["mon0"])), 2.0, _bench_truth(made), mean)


def _bench_truth(made: dict[str, NDArray[Any]]) -> PixelTruth:
    onset = np.where(made["tdist"] > 0, made["tdist"] - TO_1970, 0).astype(np.int32)
    return PixelTruth(
        onset=onset,
        began=place_began(onset, made["disc"].astype(np.int32)),
        counted=~made["burn"],
        kind=made["kind"].astype(np.uint8),
        cover=made["cover"].astype(np.uint8),
        kinds=KINDS,
        covers=COVERS,
    )


# ---------------------------------------------------------------- real
def romania_cube() -> Cube:
    """The real stack: B2 B3 B4 B8 at 10 m, B11 of the 20 m file doubled, SCL 4 5 6 7 dilated by 20 m; looks 2015-08..2020-12.

    Looks with under 5 % clear ground are left out, as the product does.

    Raises:
        MissingExtraError: when nrt 0.2.0 is not installed.

    """
    path = romania_file()
    with netCDF4.Dataset(path.with_name(path.name.replace("10m", "20m"))) as coarse:
        coarse.set_auto_maskandscale(False)
        swir = np.repeat(np.repeat(np.asarray(coarse["B11"][:]), 2, axis=1), 2, axis=2)
        numbers = [int(n) for n in coarse["time"][:]]
    first = ROMANIA_PERIOD.history_start  # of both files: "days since 2015-08-01"
    at = {first + dt.timedelta(days=number): n for n, number in enumerate(numbers)}
    rule = ClearRule()
    values, clear, snow, looks = [], [], [], []
    for scene, (chip,) in romania_scenes():
        classes = dilate(classify(chip.values[-1], SCL), rule, 10.0)
        bands = np.concatenate([chip.values[:-1], swir[at[scene.datetime.date()]][None]]).astype(np.int32)
        usable = (classes == CLEAR) & (bands > 0).all(axis=0)
        if usable.mean() >= rule.min_share and scene.datetime.date() <= ROMANIA_PERIOD.end:
            values.append(np.where(bands > 0, bands.clip(max=32767), MISSING).astype(np.int16))
            clear.append(usable)
            snow.append(classes == SNOW)
            share = float(usable.mean())
            told = Look(scene.id, scene.datetime, scene.platform, (), share, credit=scene.credit, licence=scene.licence)
            looks.append(told)
            transform = chip.transform
    grid = GeoBox((100, 100), Affine(*transform), CRS)
    inside = np.ones((100, 100), np.bool_)
    return Cube(np.stack(values), np.stack(clear), np.stack(snow), tuple(looks), SIX[:5], grid, inside)


def pixel_cube(path: Path, more: Sequence[Path] = ()) -> Cube:
    """One real HLS pixel as a cube of one pixel; columns dates (proleptic ordinal days), six bands, thermal, qa, sensor.

    Looks with qa 0 (clear) are kept, and of several on one day the first; values beyond 0..10,000 are not clear.

    """
    rows = np.concatenate([np.genfromtxt(p, delimiter=",", skip_header=1) for p in (path, *more)])
    rows = rows[rows[:, 8] == 0]
    rows = rows[np.unique(rows[:, 0], return_index=True)[1]]
    values = rows[:, 1:7]
    usable = ((values > 0) & (values < 10_000)).all(axis=1)  # noqa: PLR2004 - reflectance x 10,000
    reflectance = np.where(usable[:, None], values, MISSING).astype(np.int16)[:, :, None, None]
    days = [dt.date.fromordinal(int(n)) for n in rows[:, 0]]
    return plain_cube(reflectance, usable[:, None, None], days, SIX)


def cut_out(cube: Cube, where: NDArray[np.intp]) -> Cube:
    """The pixels at flat places ``where`` as a cube of one row, for methods that look at one pixel at a time."""
    times, bands = cube.reflectance.shape[:2]
    flat = cube.inside.size
    grid = GeoBox((1, len(where)), cube.grid.transform, cube.grid.crs)
    return replace(
        cube,
        reflectance=np.ascontiguousarray(cube.reflectance.reshape(times, bands, flat)[:, :, where][:, :, None]),
        clear=np.ascontiguousarray(cube.clear.reshape(times, flat)[:, where][:, None]),
        snow=np.ascontiguousarray(cube.snow.reshape(times, flat)[:, where][:, None]),
        grid=grid,
        inside=np.ones((1, len(where)), np.bool_),
    )
