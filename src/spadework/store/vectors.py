"""Events as a GeoPackage, where pyogrio is installed: always the same bytes for the same events."""

from __future__ import annotations

import importlib.util
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from spadework.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

CLOCK: Final = {"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"}
"""What a GeoPackage calls its last change: when a dossier was written stands in its ledger."""
VERSION: Final = {"VERSION": "1.2"}
"""Of the format: any QGIS 3 and GDAL 2.3 read it without a warning, and nothing newer is needed."""
UTC: Final = 100
"""Time zone of an instant, as GDAL numbers them (OGR_F_SetFieldDateTimeEx)."""


def vectors_available() -> bool:
    """Whether this installation can write a GeoPackage."""
    return importlib.util.find_spec("pyogrio") is not None


def geopackage(
    layer: str, columns: Mapping[str, NDArray[Any]], shapes: Sequence[shapely.MultiPolygon | None], about: str
) -> bytes:
    """One layer of outlines as a GeoPackage, made in memory.

    Args:
        layer: its name; also that of its table.
        columns: (event,) by name: texts (object), float64, datetime64 in UTC, datetime64[D], bool; null is None, NaN or NaT.
        shapes: WGS 84, one an event; None = no outline. Kept as MultiPolygon, EPSG:4326.
        about: what the layer is of, for whoever lists the file's contents.

    Raises:
        MissingExtraError: pyogrio is not installed.

    """
    try:
        from pyogrio import raw  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise MissingExtraError("GeoPackage", "pyogrio is not installed", "pip install 'spadework[gis]'") from error
    data = {name: _milliseconds(values) for name, values in columns.items()}
    outlines = np.array([None if shape is None else shapely.to_wkb(shape) for shape in shapes], dtype=object)
    zones = {name: np.full(len(shapes), UTC) for name, values in data.items() if values.dtype == "M8[ms]"}
    file = io.BytesIO()
    with _fixed_clock():
        raw.write(
            file, outlines, list(data.values()), list(data), layer=layer, driver="GPKG", geometry_type="MultiPolygon", crs="EPSG:4326",
            gdal_tz_offsets=zones, dataset_options=VERSION, layer_options={"IDENTIFIER": layer, "DESCRIPTION": about},
        )  # fmt: skip
    return file.getvalue()


def _milliseconds(values: NDArray[Any]) -> NDArray[Any]:
    """Instants as the format keeps them, cut to milliseconds; days and all else as they are."""
    return values.astype("M8[ms]") if values.dtype.kind == "M" and values.dtype != "M8[D]" else values


@contextmanager
def _fixed_clock() -> Iterator[None]:
    """GDAL without the time of day, which would make every file a new one."""
    import pyogrio  # noqa: PLC0415 - as above

    before = {name: pyogrio.get_gdal_config_option(name) for name in CLOCK}
    pyogrio.set_gdal_config_options(CLOCK)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
