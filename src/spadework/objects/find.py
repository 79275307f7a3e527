"""From an image and a detector to Sightings: plan, tile, detect, merge, and claim no more than the pixels carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.cube import Image
from spadework.errors import UserError
from spadework.grid import reproject, rings_of, tiles
from spadework.objects.boxes import corners, one_each
from spadework.objects.evidence import (
    SHADOW_FITS,
    SIZE_FITS,
    ShadowSettings,
    fits_a_vehicle,
    light,
    shadow_contrast,
    sun_in_image,
)
from spadework.records import CEILINGS, IDENTITIES, Ceiling, Identity, Sighting, VhrScene, ceiling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spadework.objects.detector import Detector, Found
    from spadework.records import MultiPolygon

_SAME: Final = 0.02
"""Pixels that differ by less than this share of their size are not resampled."""


@dataclass(frozen=True, slots=True)
class FindSettings:
    """How boxes of a detector become Sightings."""

    overlap_m: float = 25.0
    """Shared by neighbouring tiles: more than the longest vehicle and its shadow."""
    most_iou: float = 0.3
    """Of two boxes with one label that overlap by more (intersection over union), the better one stays."""
    most_inside: float = 0.6
    """The same for the share of the smaller box."""
    probable_score: float = 0.6
    """"probable" takes this score, the size of a vehicle, and a shadow away from the sun; else "possible"."""
    shadow: ShadowSettings = field(default_factory=ShadowSettings)


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search of an image will do, and what may come of it."""

    gsd_m: float
    """Of the image, the coarser of both directions."""
    working_m: float
    """Pixels that the detector will see: never finer than the image's."""
    most: Ceiling | None
    """The ceiling for those pixels; None = nothing of machines."""
    statement: str
    """One sentence: what these pixels can say of machines."""
    notes: tuple[str, ...] = ()
    """What the detector may say, and what is done to the image first."""


@dataclass(frozen=True, slots=True, eq=False)
class TileOf:
    """A tile of an image that may be too large to hold."""

    image: Image
    """With its own transform."""
    core: tuple[slice, slice]
    """Its rows and columns that this tile answers for."""


# ---------------------------------------------------------------- plan
def statement(gsd_m: float) -> str:
    """What pixels of this size can say of machines, in one sentence.

    Raises:
        CeilingError: the GSD is no positive number.

    """
    most = ceiling(gsd_m)
    if most is None:
        *_, heavy, size = CEILINGS
        return (
            f"NOT OBSERVABLE: no machine can be claimed at {gsd_m:g} m a pixel; a vehicle-size object needs {size.below_m:g} m or"
            f" finer, a heavy vehicle under {heavy.below_m:g} m, its class under {CEILINGS[1].below_m:g} m"
        )
    named = f"'{most.label}'" if most.label else "a class"
    return f"At {gsd_m:g} m a pixel at most {named} can be claimed, as {most.identity}; a still never shows whether it works"


def plan_search(scene: VhrScene, detector: Detector) -> SearchPlan:
    """How an image would be searched.

    Raises:
        UserError: its GSD is unknown, or its pixels are coarser than the detector takes.

    """
    if scene.gsd_m is None:
        raise UserError(scene.id, "its ground sample distance is unknown", "give it with --gsd")
    coarser = max(scene.gsd_m)
    most = ceiling(coarser)
    if most is None:
        return SearchPlan(coarser, coarser, None, statement(coarser))
    finest, coarsest = detector.gsd_m
    if coarser > coarsest * (1 + _SAME):
        problem = f"{coarser:g} m a pixel is coarser than {detector.says} takes ({finest:g} to {coarsest:g} m)"
        raise UserError(scene.id, problem, "use a finer image, or a detector for such pixels; enlarging adds nothing")
    working = max(coarser, finest) if finest > coarser * (1 + _SAME) else coarser
    notes = [f"{detector.says} says at most '{detector.most}' on its own word"]
    if working > coarser:
        notes.append(f"averaged from {coarser:g} to {working:g} m a pixel, the finest that {detector.says} takes")
    elif min(scene.gsd_m) < coarser * (1 - _SAME):
        notes.append(f"brought to square pixels of {working:g} m")
    return SearchPlan(coarser, working, ceiling(working), statement(working), tuple(notes))


# ---------------------------------------------------------------- find
def find(image: Image, detector: Detector, settings: FindSettings | None = None) -> tuple[Sighting, ...]:
    """Objects in an image.

    Args:
        image: any size that fits in memory; a larger one goes through ``find_in`` tile by tile.
        detector: what looks for them.
        settings: None = the defaults.

    Returns:
        Sightings, best score first; none where ``plan_search`` says that nothing can be claimed.

    Raises:
        UserError: see ``plan_search``.

    """
    settings = settings or FindSettings()
    if plan_search(image.scene, detector).most is None:
        return ()
    return find_in(tiles_of(image, detector, settings), detector, settings)


def tiles_of(image: Image, detector: Detector, settings: FindSettings) -> Iterator[TileOf]:
    """An image in tiles of the detector's size, overlapping as the settings say."""
    size, overlap = tile_size(image.scene, detector, settings)
    a, b, c, d, e, f = image.transform
    for tile in tiles(image.valid.shape, size, overlap):
        rows, cols = tile.outer
        moved = (a, b, c + a * cols.start + b * rows.start, d, e, f + d * cols.start + e * rows.start)
        core = tuple(slice(own.start - out.start, own.stop - out.start) for own, out in zip(tile.core, tile.outer, strict=True))
        part = Image(image.values[:, rows, cols], image.valid[rows, cols], image.bands, moved, image.scene)
        yield TileOf(part, (core[0], core[1]))


def tile_size(scene: VhrScene, detector: Detector, settings: FindSettings) -> tuple[int, int]:
    """Size and overlap of tiles, in the image's own pixels, for ``grid.tiles``.

    Raises:
        UserError: see ``plan_search``.

    """
    working = plan_search(scene, detector).working_m
    size = int(detector.tile_px * working / max(scene.gsd_m or (working,)))
    return size, min(int(np.ceil(settings.overlap_m / min(scene.gsd_m or (working,)))), size // 2)


def find_in(parts: Iterable[TileOf], detector: Detector, settings: FindSettings) -> tuple[Sighting, ...]:
    """Objects in the tiles of one image, merged where tiles meet.

    Args:
        parts: tiles of one image (``scene`` the same in all), cores side by side.
        detector: what looks for them.
        settings: as for ``find``.

    Raises:
        UserError: see ``plan_search``.

    """
    sightings: list[Sighting] = []
    first: Image | None = None
    for part in parts:
        first = first or part.image
        plan = plan_search(part.image.scene, detector)
        if plan.most is not None:
            sightings += _in_tile(part, plan, detector, settings)
    return _merged(sightings, first, settings) if first is not None and sightings else ()


def _merged(sightings: list[Sighting], first: Image, settings: FindSettings) -> tuple[Sighting, ...]:
    """One Sighting an object, numbered from the best; boxes are laid over each other in metres along the image's axes."""
    a, b, c, d, e, f = first.transform
    centres = np.array([seen.centre for seen in sightings]) - (c, f)
    on_image = np.linalg.solve(np.array([[a, b], [d, e]]), centres.T).T * (first.scene.gsd_m or (1.0, 1.0))
    sides = np.array([(seen.length_m, seen.width_m, seen.angle_deg) for seen in sightings])
    stay = one_each(
        np.hstack([on_image, sides]),
        np.array([seen.score for seen in sightings]),
        [seen.label for seen in sightings],
        settings.most_iou,
        settings.most_inside,
    )
    return tuple(replace(sightings[at], id=f"{sightings[at].scene}-{n}") for n, at in enumerate(stay.tolist(), 1))


def _in_tile(part: TileOf, plan: SearchPlan, detector: Detector, settings: FindSettings) -> Iterator[Sighting]:
    if not part.image.valid.any():
        return
    tile = _worked(part.image, plan.working_m)
    found = [box for box in detector.detect(tile) if _answered(part, tile, box)]
    evidence = _evidence(tile, found, plan.working_m, settings.shadow)
    for box, seen in zip(found, evidence, strict=True):
        label = _lowered((box.label, *box.broader), plan)
        if label is not None:
            yield _sighting(tile, replace(box, label=label, evidence=seen), plan, detector, settings)


def _worked(image: Image, working_m: float) -> Image:
    """The image at square pixels of the working size, averaged down; its Scene then says that size."""
    import cv2  # noqa: PLC0415 - slow to import

    gsd = image.scene.gsd_m or (working_m, working_m)
    rows, cols = image.valid.shape
    size = max(round(cols * gsd[0] / working_m), 1), max(round(rows * gsd[1] / working_m), 1)
    if abs(gsd[0] / working_m - 1) < _SAME and abs(gsd[1] / working_m - 1) < _SAME:
        return image
    values = np.stack([cv2.resize(band, size, interpolation=cv2.INTER_AREA) for band in image.values])
    valid = cv2.resize(image.valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99  # noqa: PLR2004 - all of it
    fx, fy = cols / size[0], rows / size[1]
    a, b, c, d, e, f = image.transform
    scene = replace(image.scene, gsd_m=(working_m, working_m))
    return Image(values * valid, valid, image.bands, (a * fx, b * fy, c, d * fx, e * fy, f), scene)


def _answered(part: TileOf, tile: Image, box: Found) -> bool:
    """Whether a box has its centre in the tile's core (give or take a pixel: both tiles may find it just beyond), on valid ground."""
    scale = part.image.valid.shape[1] / tile.valid.shape[1], part.image.valid.shape[0] / tile.valid.shape[0]
    col, row = box.centre[0] * scale[0], box.centre[1] * scale[1]
    rows, cols = part.core
    inside = rows.start - 1 <= row < rows.stop + 1 and cols.start - 1 <= col < cols.stop + 1
    at = min(int(box.centre[1]), tile.valid.shape[0] - 1), min(int(box.centre[0]), tile.valid.shape[1] - 1)
    return inside and bool(tile.valid[at])


def _evidence(tile: Image, found: list[Found], working_m: float, settings: ShadowSettings) -> list[tuple[str, ...]]:
    """What speaks for each box, besides what its detector says of it."""
    sun = sun_in_image(tile)
    shadowed = np.zeros(len(found), dtype=np.bool_)
    if found and sun is not None:
        boxes = np.array([(*box.centre, box.length_px, box.width_px, box.angle_deg) for box in found])
        reach = settings.reach_m[0] / working_m, settings.reach_m[1] / working_m
        shadowed = shadow_contrast(light(tile), boxes, sun, reach) >= settings.least
    return [
        (
            *box.evidence,
            *((SIZE_FITS,) if fits_a_vehicle(box.length_px * working_m, box.width_px * working_m) else ()),
            *((SHADOW_FITS,) if dark else ()),
        )
        for box, dark in zip(found, shadowed.tolist(), strict=True)
    ]


def _lowered(names: tuple[str, ...], plan: SearchPlan) -> str | None:
    """The first of an object's names, the narrowest first, that these pixels carry; None = none of them."""
    return next((name for name in names if plan.most is None or plan.most.allows(name)), None)


def _sighting(tile: Image, box: Found, plan: SearchPlan, detector: Detector, settings: FindSettings) -> Sighting:
    told = box.score >= settings.probable_score and SIZE_FITS in box.evidence and SHADOW_FITS in box.evidence
    said: Identity = "probable" if told else "possible"
    bounds = (said, detector.most, plan.most.identity if plan.most else "possible")
    a, b, c, d, e, f = tile.transform
    x, y = box.centre
    return Sighting(
        id="",
        scene=tile.scene.id,
        label=box.label,
        identity=min(bounds, key=IDENTITIES.index),
        centre=(float(a * x + b * y + c), float(d * x + e * y + f)),
        length_m=float(box.length_px * plan.working_m),
        width_m=float(box.width_px * plan.working_m),
        angle_deg=float(box.angle_deg),
        gsd_m=plan.gsd_m,
        score=float(min(max(box.score, 0.0), 1.0)),
        detector=detector.says,
        geometry=_outline(tile, box),
        evidence=box.evidence,
    )


def _outline(tile: Image, box: Found) -> MultiPolygon:
    """WGS 84, empty without georeference."""
    if tile.scene.crs is None:
        return ()
    a, b, c, d, e, f = tile.transform
    ring = corners(np.array([(*box.centre, box.length_px, box.width_px, box.angle_deg)]))[0]
    on_map = ring @ np.array([[a, d], [b, e]]) + (c, f)
    return rings_of(reproject(shapely.Polygon(on_map), tile.scene.crs, "EPSG:4326"))
