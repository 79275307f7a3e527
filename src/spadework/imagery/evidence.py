"""What was read of a very-high-resolution image as a chip: evidence that a dossier keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spadework.cube import Chip
from spadework.records import Asset, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.cube import Image

COLLECTION: Final = "very-high-resolution"
"""Of their items in the catalogue."""


def evidence_of(image: Image) -> tuple[Scene, Chip] | None:
    """An image as a Scene and its chip of raw numbers; None where it has no place or no date, which a catalogue needs."""
    scene = image.scene
    if scene.crs is None or scene.datetime is None or not scene.footprint:
        return None
    values, nodata = _smallest(image.values, image.valid)
    shape = (values.shape[1], values.shape[2])
    assets = tuple(
        (name, Asset(name, scene.id, n, 1.0, 0.0, nodata, scene.crs, image.transform, shape))
        for n, name in enumerate(image.bands, 1)
    )
    told = Scene(
        id=scene.id,
        collection=COLLECTION,
        datetime=scene.datetime,
        platform=scene.platform,
        bands=assets,
        mask=None,
        footprint=scene.footprint,
        crs=scene.crs,
        gsd=max(scene.gsd_m) if scene.gsd_m else None,
        sun_elevation=scene.sun_elevation,
        sun_azimuth=scene.sun_azimuth,
        off_nadir=scene.off_nadir,
        provider=scene.provider,
        licence=scene.licence,
        credit=scene.credit,
        synthetic=scene.synthetic,
        source=scene.id,
        fingerprint=str(scene.sha256),
        notes=scene.notes,
    )
    return told, Chip(tuple(asset for _, asset in assets), values, scene.crs, image.transform)


def _smallest(values: NDArray[np.float32], valid: NDArray[np.bool_]) -> tuple[NDArray[np.generic], float | None]:
    """The raw numbers in the smallest type that holds them, and the value that stands for no data there."""
    held = values[:, valid]
    whole = bool(held.size) and bool(
        (held == np.rint(held)).all() and held.min() >= 0 and held.max() <= np.iinfo(np.uint16).max
    )
    spare = valid.all() or (whole and bool((held > 0).all()))
    if whole and spare:
        kind = np.uint8 if held.max() <= np.iinfo(np.uint8).max else np.uint16
        return values.astype(kind), None if valid.all() else 0.0
    return np.where(valid, values, np.float32(np.nan)), float("nan")
