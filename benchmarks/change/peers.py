"""Other people's methods, each as (cube, start, where) -> day of first confirmation per pixel.

The day is the one on which the method itself could have said so, not the date that it gives the break afterwards: COLD
and S-CCD name the first look of the break, and know it ``conse - 1`` clear looks later. A break counts when its first
look lies in the watched period. Peers see one pixel at a time, clear looks only, all at their packages' defaults but
for what their name says. The licences of nrt (EUPL-1.2) and zeit-cdts (GPL) bind this folder's users, not the product.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import importlib.util
import time
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from spadework.cube import EPOCH, MISSING, day_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from spadework.cube import Cube

BEGINS: Final = EPOCH.toordinal()
FALLBACK: Final = {"swir22": ("swir22", "swir16", "nir"), "swir16": ("swir16", "swir22", "nir")}
"""Which band stands in for one that the cube lacks."""
CERTAIN: Final = 100
"""``change_prob`` of a confirmed break in pyxccd."""
NONE, NO_ANSWER = 0, -1
VERSION: Final = 3
"""Of this file's answers: raise it when a peer is asked otherwise, so that kept answers are not taken for new ones."""


class Method(Protocol):
    """A monitoring method."""

    def __call__(self, cube: Cube, start: dt.date, where: NDArray[np.intp]) -> NDArray[np.int32]:
        """Days since 1970-01-01 of the first confirmation at flat pixels ``where``; 0 none, -1 no answer."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a peer said, and how long it took."""

    confirmed: NDArray[np.int32]
    """(pixel), days since 1970-01-01; 0 none, -1 no answer."""
    seconds: float


# ---------------------------------------------------------------- what all are given
def _band(cube: Cube, name: str) -> int:
    for other in FALLBACK.get(name, (name,)):
        if other in cube.bands:
            return cube.bands.index(other)
    msg = f"the cube has no band for {name}"
    raise ValueError(msg)


def _six(cube: Cube, where: NDArray[np.intp]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Blue to swir22 (time, 6, pixel), a missing one repeated from its neighbour, and clear (time, pixel)."""
    times, bands = cube.reflectance.shape[:2]
    order = [_band(cube, name) for name in ("blue", "green", "red", "nir", "swir16", "swir22")]
    values = cube.reflectance.reshape(times, bands, -1)[:, :, where]
    clear = cube.clear.reshape(times, -1)[:, where] & (values != MISSING).all(axis=1)
    return values[:, order], clear


def _pixels(cube: Cube, where: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Ordinal days (look) and reflectance (6, look) of each pixel's clear looks."""
    values, clear = _six(cube, where)
    ordinals = cube.days.astype(np.int64) + BEGINS
    for n in range(len(where)):
        yield ordinals[clear[:, n]], np.ascontiguousarray(values[clear[:, n], :, n].T.astype(np.int64))


def _known_on(days: NDArray[np.int64], breaks: list[int], start: int, conse: int) -> int:
    """Day since 1970-01-01 of the look on which the first break within the watched period was known; 0 = none.

    A break with fewer looks behind it than ``conse`` is a guess about the end of the series, not a confirmation.
    """
    watched = [day for day in breaks if day >= start]
    if not watched:
        return NONE
    look = int(np.searchsorted(days, min(watched))) + conse - 1
    return int(days[look]) - BEGINS if look < len(days) else NONE


# ---------------------------------------------------------------- pyxccd
def cold(cube: Cube, start: dt.date, where: NDArray[np.intp], conse: int) -> NDArray[np.int32]:
    """COLD (Zhu et al. 2020, Remote Sens. Environ. 244, 111116) of pyxccd; thermal band constant."""
    detect: Callable[..., Any] = importlib.import_module("pyxccd").cold_detect
    out = np.full(len(where), NO_ANSWER, np.int32)
    for n, (days, bands) in enumerate(_pixels(cube, where)):
        zeros = np.zeros(len(days), np.int64)
        try:
            found = detect(days, *bands, zeros, zeros, conse=conse)
        except (RuntimeError, ValueError):  # its way of saying that it could not fit any model
            continue
        if len(found):
            breaks = [int(one["t_break"]) for one in found if one["change_prob"] == CERTAIN]
            out[n] = _known_on(days, breaks, start.toordinal(), conse)
    return out


def s_ccd(cube: Cube, start: dt.date, where: NDArray[np.intp], conse: int) -> NDArray[np.int32]:
    """S-CCD (Ye et al. 2021, Remote Sens. Environ. 252, 112167) of pyxccd."""
    detect: Callable[..., Any] = importlib.import_module("pyxccd").sccd_detect
    out = np.full(len(where), NO_ANSWER, np.int32)
    for n, (days, bands) in enumerate(_pixels(cube, where)):
        try:
            found = detect(days, *bands, np.zeros(len(days), np.int64), conse=conse)
        except (RuntimeError, ValueError):  # its way of saying that it could not fit any model
            continue
        breaks = [int(one["t_break"]) for one in found.rec_cg]
        if breaks or len(found.nrt_model):
            out[n] = _known_on(days, breaks, start.toordinal(), conse)
    return out


# ---------------------------------------------------------------- zeit-cdts
def zeit(cube: Cube, start: dt.date, where: NDArray[np.intp], method: str, conse: int) -> NDArray[np.int32]:
    """``ccdc`` or ``sccd`` of zeit-cdts, one thread."""
    values, clear = _six(cube, where)
    stack = np.where(clear[:, None], values, np.nan).astype(np.float64)[:, :, None, :]
    dates = cube.days.astype("datetime64[D]").astype("datetime64[ns]")
    run = getattr(importlib.import_module("zeit"), method)
    name = "conse" if method == "sccd" else "conseq_anom"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = run(stack, dates=dates, nodata=None, n_jobs=1, **{name: conse})
    breaks = found.t_break.to_numpy()[:, 0, :].astype("datetime64[D]")
    none = found.n_segments.to_numpy()[0] == 0
    out = np.empty(len(where), np.int32)
    for n, (days, _) in enumerate(_pixels(cube, where)):
        known = [int(day) + BEGINS for day in breaks[:, n][~np.isnat(breaks[:, n])].astype(np.int64)]
        out[n] = NO_ANSWER if none[n] else _known_on(days, known, start.toordinal(), conse)
    return out


# ---------------------------------------------------------------- nrt 0.2.0
def _index(cube: Cube, where: NDArray[np.intp], name: str) -> NDArray[np.float64]:
    """(time, 1, pixel) of ndvi or a band's reflectance, NaN where not clear."""
    values, clear = _six(cube, where)
    unit = np.where(clear[:, None], values, np.nan).astype(np.float64) / 10_000.0
    red, nir = unit[:, 2], unit[:, 3]
    picked = (nir - red) / (nir + red) if name == "ndvi" else unit[:, {"green": 1, "swir16": 4, "swir22": 5}[name]]
    return picked[:, None, :]


def _watch(fitted: Any, cube: Cube, start: dt.date, series: NDArray[np.float64]) -> NDArray[np.int32]:  # noqa: ANN401 - untyped
    """Feed the watched looks to a fitted nrt monitor, one after the other."""
    for day, image in zip(cube.days, series, strict=True):
        if day >= day_number(start):
            fitted.monitor(image, dt.datetime.combine(EPOCH, dt.time()) + dt.timedelta(days=int(day)))
    out = np.where(fitted.mask == 3, fitted.detection_date, NONE).astype(np.int32)  # noqa: PLR2004 - its word for a break
    answered = np.isin(fitted.mask, (1, 3))[0]
    return np.asarray(np.where(answered, out[0], NO_ANSWER), np.int32)


def nrt(cube: Cube, start: dt.date, where: NDArray[np.intp], method: str, index: str) -> NDArray[np.int32]:
    """EWMA (sensitivity 6, no trend) or CCDC (boundary 4) of nrt 0.2.0 on one index."""
    xarray: Any = importlib.import_module("xarray")
    past = cube.days < day_number(start)
    dates = cube.days[past].astype("datetime64[D]").astype("datetime64[ns]")

    def array(name: str) -> Any:  # noqa: ANN401 - xarray ships types that this environment may lack
        place = {"time": dates, "y": [0.0], "x": np.arange(float(len(where)))}
        return xarray.DataArray(_index(cube, where, name)[past], dims=("time", "y", "x"), coords=place)

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if method == "ewma":
            fitted = importlib.import_module("nrt.monitor.ewma").EWMA(trend=False, sensitivity=6)
            fitted.fit(array(index))
        else:
            fitted = importlib.import_module("nrt.monitor.ccdc").CCDC(boundary=4)
            fitted.fit(array(index), green=array("green"), swir=array("swir16"))
        return _watch(fitted, cube, start, _index(cube, where, index))


# ---------------------------------------------------------------- the list
def peers(cube: Cube) -> dict[str, Method]:
    """Those peers that are installed, by the name under which the tables show them."""
    index = "swir22" if "swir22" in cube.bands else "ndvi"
    every: dict[str, tuple[str, Method]] = {
        "COLD conse 6 (default)": ("pyxccd", partial(cold, conse=6)),
        "COLD conse 4": ("pyxccd", partial(cold, conse=4)),
        "COLD conse 3": ("pyxccd", partial(cold, conse=3)),
        "S-CCD conse 6 (default)": ("pyxccd", partial(s_ccd, conse=6)),
        "S-CCD conse 4": ("pyxccd", partial(s_ccd, conse=4)),
        "zeit ccdc conse 6 (default)": ("zeit", partial(zeit, method="ccdc", conse=6)),
        "zeit sccd (default)": ("zeit", partial(zeit, method="sccd", conse=6)),
        f"nrt EWMA sens 6, no trend, {index}": ("nrt", partial(nrt, method="ewma", index=index)),
        f"nrt CCDC boundary 4, {index}": ("nrt", partial(nrt, method="ccdc", index=index)),
    }
    return {name: method for name, (package, method) in every.items() if importlib.util.find_spec(package)}


def missing_peers() -> tuple[str, ...]:
    """Packages of peers that are not installed."""
    return tuple(name for name in ("pyxccd", "zeit", "nrt") if importlib.util.find_spec(name) is None)


def ask(name: str, method: Method, cube: Cube, start: dt.date, where: NDArray[np.intp], cache: Path) -> Answer:
    """The peer's answer, from the cache where it has been asked the same before.

    The key is the pixels' looks, the watched period and the peer's name.
    """
    values, clear = _six(cube, where)
    key = hashlib.sha256(f"{VERSION} {name} {start} {values.shape}".encode())
    for part in (values, clear, cube.days):
        key.update(np.ascontiguousarray(part).tobytes())
    path = cache / f"{key.hexdigest()[:32]}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return Answer(kept["confirmed"], float(kept["seconds"]))
    method(cube, start, where[:2])  # imports and compiles: not what is timed
    began = time.perf_counter()
    confirmed = method(cube, start, where)
    answer = Answer(confirmed, time.perf_counter() - began)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, confirmed=answer.confirmed, seconds=answer.seconds)
    return answer
