"""What an image file, its sidecar and its name say of a very-high-resolution Scene."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from rasterio.enums import ColorInterp

from spadework.errors import SceneError, UserError
from spadework.grid import in_metres, metres_per_px, reproject, rings_of
from spadework.imagery.files import file_datetime
from spadework.records import BANDS, VhrScene

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray

    from spadework.records import MultiPolygon

_WHOLE: Final = 2 << 30
"""Bytes: larger files are not hashed whole, only what was read of them."""
_COLOURS: Final = {ColorInterp.red: "red", ColorInterp.green: "green", ColorInterp.blue: "blue"}
_FOUR: Final = 4
_ANOTHER: Final = 0.02
"""A given GSD that differs by more than this share from the georeference is another one."""
_SAME_SCALE: Final = 0.002
"""A projection whose scale is off by less than this share keeps its nominal pixel size."""


def georeferenced(file: Any) -> bool:  # noqa: ANN401 - an untyped library
    """Whether a file knows where its pixels lie: a CRS and a transform that is more than counting pixels."""
    return bool(file.crs) and not file.transform.is_identity


def crs_of(file: Any) -> str | None:  # noqa: ANN401 - an untyped library
    """``EPSG:n`` or WKT; None without a georeference."""
    if not georeferenced(file):
        return None
    code = file.crs.to_epsg()
    return f"EPSG:{code}" if code else str(file.crs.to_wkt())


def describe(path: Path, file: Any, known: VhrScene | None, gsd_m: float | None) -> VhrScene:  # noqa: ANN401 - an untyped library
    """A Scene from the header, the sidecar and the name of a file; what is said elsewhere goes first.

    Args:
        path: of the file.
        file: opened.
        known: what the site file or a command says.
        gsd_m: metres a pixel, for a file without a georeference.

    Raises:
        UserError: its georeference cannot be used.

    """
    crs = crs_of(file)
    notes = []
    if crs is None:
        notes.append(
            "raw image with RPCs: not map-projected, pixels counted" if file.rpcs else "no georeference: pixels counted"
        )
    told = _sidecar(path)
    base = VhrScene(
        id=path.stem,
        datetime=_instant(path, file),
        platform=str(told.get("platform", "unknown")),
        synthetic="SPADEWORK_SYNTHETIC" in file.tags(),
        off_nadir=_number(told, "view:off_nadir"),
        view_azimuth=_number(told, "view:azimuth"),
        sun_elevation=_number(told, "view:sun_elevation"),
        sun_azimuth=_number(told, "view:sun_azimuth"),
    )
    if known is not None:
        said = {name: getattr(known, name) for name in _SAID if getattr(known, name) not in (None, "unknown", "", ())}
        base = replace(base, **said, synthetic=known.synthetic or base.synthetic)
    size = (gsd_m, gsd_m) if gsd_m is not None and crs is None else base.gsd_m if crs is None else None
    if crs is not None:
        size = _metres_per_pixel(path, file.transform, crs, file.shape)
        if gsd_m is not None and abs(max(size) / gsd_m - 1) > _ANOTHER:
            notes.append(f"its own georeference was used ({max(size):.3g} m a pixel), not the {gsd_m:g} m that were given")
    whole = _sha256(path) if path.stat().st_size <= _WHOLE else None
    return replace(base, sha256=whole, gsd_m=size, crs=crs, footprint=_footprint(file, crs) if crs else (), notes=tuple(notes))


_SAID: Final = (
    "id", "datetime", "platform", "provider", "licence", "credit", "gsd_m", "off_nadir", "view_azimuth", "sun_elevation", "sun_azimuth",
)  # fmt: skip
"""What may be said elsewhere."""


def file_hash(path: Path, values: NDArray[np.float32]) -> str:
    """SHA-256 of the numbers that were read of a file too large to be hashed whole; says of which file in the hash."""
    return hashlib.sha256(path.name.encode() + np.ascontiguousarray(values).tobytes()).hexdigest()


def band_names(file: Any) -> tuple[list[int], tuple[str, ...]]:  # noqa: ANN401 - an untyped library
    """1-based numbers and names of all bands but alpha."""
    numbers = [n for n, colour in enumerate(file.colorinterp, 1) if colour != ColorInterp.alpha]
    if len(numbers) == 1:
        return numbers, ("pan",)
    names = []
    for n in numbers:
        said = re.sub(r"[^a-z0-9]", "", (file.descriptions[n - 1] or "").lower())
        names.append(said if said in BANDS else _COLOURS.get(file.colorinterp[n - 1], f"band{n}"))
    if len(numbers) == _FOUR and names[:3] == ["red", "green", "blue"] and names[3] == "band4":
        names[3] = "nir"
    return numbers, tuple(names) if len(set(names)) == len(names) else tuple(f"band{n}" for n in numbers)


def _sidecar(path: Path) -> dict[str, Any]:
    """Properties of a STAC item of the same name beside the file; empty where there is none."""
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["properties"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(told: dict[str, Any], key: str) -> float | None:
    """A number of the STAC view extension; its azimuth is that of the sensor seen from the Scene, as ours."""
    value = told.get(key)
    return float(value) if isinstance(value, int | float) else None


def _instant(path: Path, file: Any) -> dt.datetime | None:  # noqa: ANN401 - an untyped library
    try:
        return file_datetime(path, file.tags(), None)
    except (SceneError, ValueError, KeyError, TypeError):
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _metres_per_pixel(path: Path, fit: Affine, crs: str, shape: tuple[int, int]) -> tuple[float, float]:
    """Metres of one column and of one row in the middle of the image."""
    right, down = np.hypot(*metres_per_px(tuple(fit)[:6], crs, shape))
    if not np.isfinite([right, down]).all():
        raise UserError(
            str(path), f"its middle has no place in {crs.split('[', maxsplit=1)[0]}", "its georeference is wrong: correct it"
        )
    nominal = (math.hypot(fit.a, fit.d), math.hypot(fit.b, fit.e))
    if in_metres(crs) and abs(right / nominal[0] - 1) < _SAME_SCALE and abs(down / nominal[1] - 1) < _SAME_SCALE:
        return nominal  # UTM's scale of .9996 is no other pixel size
    return float(right), float(down)


def _footprint(file: Any, crs: str) -> MultiPolygon:  # noqa: ANN401 - an untyped library
    """WGS 84; empty where a corner has no place there."""
    rows, cols = file.shape
    corners = [file.transform * corner for corner in ((0, 0), (cols, 0), (cols, rows), (0, rows))]
    outline = reproject(shapely.Polygon(corners), crs, "EPSG:4326")
    return rings_of(outline) if np.isfinite(shapely.get_coordinates(outline)).all() else ()
