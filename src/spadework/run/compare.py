"""Two images of one place: aligned, compared, and the outcome as files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spadework.align import align, move
from spadework.change.pair import change_probability, leave_one_pair_out, load, patches_of, train
from spadework.cube import Image, on_common_bands
from spadework.grid import reproject
from spadework.imagery.vhr import ImageRequest, open_image, read_onto
from spadework.intake.labels import read_labels, read_pair_model
from spadework.measure.sun import with_sun
from spadework.publish.comparison import comparison_figure
from spadework.records import Comparison
from spadework.run.models import open_model
from spadework.store.files import remove, write_atomic
from spadework.store.rasters import cog

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from spadework.change.pair import PairModel, Scores

    Detector = PairModel | Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]

RASTER, PATCHES, PICTURE = "change.tif", "change.geojson", "change.png"
"""What a comparison leaves in its folder."""
TRAINED = "change-model.txt"
"""A model trained on labels, beside them."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A comparison with its pixels."""

    comparison: Comparison
    probability: NDArray[np.float32] | None
    """(y, x) on BEFORE's grid, 0..1, NaN where not comparable; None = not aligned."""
    before: Image
    """On the bands that both have."""
    moved: Image | None
    """AFTER laid on BEFORE; None = not aligned."""


def compare_images(before: Image, after: Image, model: Detector | None = None, model_name: str = "") -> Compared:
    """Align AFTER to BEFORE, lay it there, and say what changed.

    Args:
        before: the earlier image.
        after: the later one on BEFORE's nominal grid, perhaps a few pixels off.
        model: a detector in place of ours.
        model_name: how it is called.

    Raises:
        UserError: see ``change_probability``.

    """
    before, after = on_common_bands(before, after)
    found = align(before.grey().values[0], after.grey().values[0], before.valid, after.valid)
    names = (before.scene.id, after.scene.id)
    if found.failed is not None:
        return Compared(Comparison(*names, found, changed_fraction=None), None, before, None)
    values, valid = move(after.values, after.valid, found)
    moved = replace(after, values=values, valid=valid)
    pair = change_probability(before, moved, model=model, model_name=model_name)
    comparable, seen = int(pair.comparable.sum()), int(before.valid.sum())
    comparison = Comparison(
        *names,
        found,
        changed_fraction=float((pair.probability[pair.comparable] >= 0.5).mean()) if comparable else None,  # noqa: PLR2004 - more likely than not
        comparable_fraction=comparable / seen if seen else 0.0,
        patches=patches_of(pair.probability, before),
        detector=pair.detector,
        confidence=pair.confidence,
        limits=pair.limits,
    )
    return Compared(comparison, pair.probability, before, moved)


def compare_files(before: Path, after: Path, out: Path, request: ImageRequest, model: str | None = None) -> dict[str, Any]:
    """Compare two files and write raster, patches and picture; returns what ``--json`` prints (design, section 5).

    An earlier raster in the folder is removed when the images cannot be aligned.

    Raises:
        UserError: a file that cannot be used, or a pair that makes none.
        StorageError: the folder cannot be written.

    """
    first = open_image(before, request)
    second = read_onto(after, first, replace(request, points=(), area=None))
    detector, name = _detector(model)
    first, second = (replace(image, scene=with_sun(image.scene)) for image in (first, second))
    got = compare_images(first, second, detector, name)
    told, files = got.comparison, {}
    if got.probability is not None and got.moved is not None:
        tags = {"SPADEWORK_DETECTOR": told.detector, "SPADEWORK_CONFIDENCE": told.confidence}
        if first.scene.synthetic or second.scene.synthetic:
            tags["SPADEWORK_SYNTHETIC"] = "synthetic data, not a real place"
        files = {
            RASTER: cog(got.probability, first.scene.crs, first.transform, float("nan"), ("probability of change",), tags),
            PATCHES: patches_geojson(told, first.scene.crs),
            PICTURE: comparison_figure(told, got.before, got.moved, got.probability),
        }
    for file in (RASTER, PATCHES, PICTURE):
        if file in files:
            write_atomic(out / file, files[file])
        else:
            remove(out / file)
    shift = told.alignment.shift_px
    return {
        "shift_px": None if shift is None else list(shift),
        "shift_u_px": told.alignment.radius_px,
        "aligned": told.alignment.failed is None,
        "changed_fraction": told.changed_fraction,
        "comparable_fraction": told.comparable_fraction,
        "patches": len(told.patches),
        "detector": told.detector,
        "confidence": told.confidence,
        "limits": list(told.limits),
        "reason": told.alignment.failed,
        "notes": [*first.scene.notes, *second.scene.notes],
    }


def train_on(labels: Path, out: Path, progress: Callable[[str], None]) -> tuple[Scores, Path, tuple[str, ...]]:
    """Train on labelled pairs, score it on each pair by a model that never saw it, and keep the model.

    Args:
        labels: folder with ``A``, ``B`` and ``label``.
        out: folder for the model.
        progress: told the pair that is left out next.

    Returns:
        Score over pairs, path of the model, what was left out and why.

    Raises:
        UserError: no such folder, or fewer than three pairs.
        MissingExtraError: LightGBM is not installed.

    """
    read = read_labels(labels)
    scores = leave_one_pair_out(read.pairs, progress=progress)
    model = train(read.pairs, score=scores)
    write_atomic(out / TRAINED, model.to_bytes())
    return scores, out / TRAINED, read.dropped


def patches_geojson(comparison: Comparison, crs: str | None) -> bytes:
    """Patches as GeoJSON: WGS 84; of images without a georeference, columns and rows of BEFORE, which the file says."""
    features = []
    for n, patch in enumerate(comparison.patches, 1):
        shape = shapely.Polygon(patch.geometry[0], patch.geometry[1:])
        placed = reproject(shape, crs, "EPSG:4326") if crs else shape
        facts = {"id": n, "probability": round(patch.probability, 3), "area_m2": patch.area_m2}
        features.append({"type": "Feature", "properties": facts, "geometry": json.loads(shapely.to_geojson(placed))})
    told: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if crs is None:
        told["spadework:coordinates"] = f"columns and rows of {comparison.before}, 0, 0 is the outer corner of its first pixel"
    return (json.dumps(told, indent=1, allow_nan=False) + "\n").encode()


def _detector(named: str | None) -> tuple[Detector | None, str]:
    """A model trained on labels by its file, or a change model of the user by its name or card."""
    if named is None:
        return None, ""
    if named.endswith(Path(TRAINED).suffix):
        return load(read_pair_model(Path(named)), named), named
    model = open_model(named, "change")
    return model.change, f"{model.card.name} {model.card.version} ({model.card.licence})"
