"""Arrays as Cloud-Optimised GeoTIFFs, always the same bytes for the same numbers."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.cube import Change


def cog(
    values: NDArray[Any],
    crs: str | None,
    transform: Sequence[float],
    nodata: float | None,
    names: Sequence[str] = (),
    tags: dict[str, str] | None = None,
) -> bytes:
    """A COG of (band, y, x) or (y, x) values, deflate, blocks of 512 or, for a small one, no larger than itself.

    Args:
        values: the numbers.
        crs: ``EPSG:n`` or WKT; None = no georeference.
        transform: affine a, b, c, d, e, f.
        nodata: value without data.
        names: band descriptions.
        tags: TIFF metadata.

    """
    stack = values if values.ndim == 3 else values[None]  # noqa: PLR2004 - the number says itself here
    block = min(512, 128 * math.ceil(max(stack.shape[1:]) / 128))  # GDAL takes no less than 128
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(
                driver="COG", height=stack.shape[1], width=stack.shape[2], count=stack.shape[0], dtype=stack.dtype, crs=crs,
                transform=Affine(*transform[:6]), nodata=nodata, compress="DEFLATE", predictor="YES", blocksize=block, num_threads=1,
            ) as file:  # fmt: skip
                file.write(stack)
                for n, name in enumerate(names, 1):
                    file.set_band_description(n, name)
                if tags:
                    file.update_tags(**tags)
            return bytes(memory.read())


def change_rasters(change: Change, grid: GeoBox, *, synthetic: bool) -> dict[str, bytes]:
    """The rasters of a dossier by path: dates are int32 days since 1970-01-01, 0 = none, -1 = not assessable."""
    place = (str(grid.crs), tuple(grid.transform)[:6])
    tags = {"SPADEWORK_SYNTHETIC": "synthetic data, not a real place"} if synthetic else None

    def made(values: NDArray[Any], nodata: float | None, name: str) -> bytes:
        return cog(values, *place, nodata, (name,), tags)

    return {
        "rasters/first_anomaly.tif": made(change.first_anomaly, -1, "first anomaly, days since 1970-01-01"),
        "rasters/confirmed.tif": made(change.confirmed, -1, "confirmed, days since 1970-01-01"),
        "rasters/reason.tif": made(
            change.reason, None, "reason: 0 ok, 1 too few looks, 2 short history, 3 model failed, 4 outside AOI"
        ),
        "rasters/recovered.tif": made(change.recovered.astype(np.uint8), None, "1 = recovered"),
        "rasters/statistic.tif": made(change.statistic, float("nan"), "whitened distance"),
        "rasters/clear_looks.tif": made(change.clear_looks, None, "clear looks in the watched period"),
    }
