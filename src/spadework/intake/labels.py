"""Labelled pairs from a folder: images of the same name in A (before) and B (after), and a mask in label."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from spadework.cube import Image, LabelledPair
from spadework.errors import UserError
from spadework.records import VhrScene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BEFORE, AFTER, LABEL = "A", "B", "label"
"""Names of the three folders, as the published sets have them."""
_LAYOUT: Final = "put images of the same name into A and B, and PNG masks (0 = same, other = changed) into label"
_MOST: Final = 64 << 20
"""Bytes of a model's file."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a folder of labels holds."""

    pairs: tuple[LabelledPair, ...]
    """By name."""
    dropped: tuple[str, ...]
    """Sentences: which pair is left out, and why."""


def read_labels(folder: Path) -> Labels:
    """Read a folder of labelled pairs.

    An alpha channel says where there is data; an image without one has data everywhere.

    Raises:
        UserError: no such folders, or no pair in them can be used.

    """
    for name in (BEFORE, AFTER, LABEL):
        if not (folder / name).is_dir():
            raise UserError(str(folder), f"has no folder {name}", _LAYOUT)
    pairs, dropped = [], []
    for path in sorted((folder / BEFORE).glob("*.png")):
        try:
            pairs.append(_pair(folder, path.name))
        except UserError as error:
            dropped.append(f"{path.stem} is left out: {error.problem}")
    if not pairs:
        raise UserError(str(folder), f"holds no pair that can be used ({'; '.join(dropped) or 'A is empty'})", _LAYOUT)
    return Labels(tuple(pairs), tuple(dropped))


def read_pair_model(path: Path) -> bytes:
    """The bytes of a trained change model, for ``change.pair.load``.

    Raises:
        UserError: unreadable, or too large to be one.

    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise UserError(str(path), f"cannot be read ({error.strerror})", "name the file that compare --train wrote") from error
    if len(data) > _MOST:
        raise UserError(str(path), "is too large for a change model", "name the file that compare --train wrote")
    return data


def _pair(folder: Path, name: str) -> LabelledPair:
    files = [_bytes(folder / part / name, part) for part in (BEFORE, AFTER, LABEL)]
    before, after = (_image(data, f"{name} in {part}") for data, part in zip(files, (BEFORE, AFTER), strict=False))
    changed = _pixels(files[2], f"{name} in {LABEL}")[0].max(axis=0) > 0
    shapes = {before.valid.shape, after.valid.shape, changed.shape}
    if len(shapes) > 1:
        sizes = ", ".join(sorted(f"{cols} x {rows}" for rows, cols in shapes))
        raise UserError(name, f"its images and mask differ in size ({sizes})", _LAYOUT)
    if before.bands != after.bands:
        raise UserError(name, f"its images have {len(before.bands)} and {len(after.bands)} bands", _LAYOUT)
    sha = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for data in files)).hexdigest()
    return LabelledPair(name.rpartition(".")[0], before, after, changed, sha)


def _bytes(path: Path, part: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(str(path), "it has no mask" if part == LABEL else f"it is not in {part}", _LAYOUT) from error
    except OSError as error:
        raise UserError(str(path), f"{part}/{path.name} cannot be read ({error.strerror})", _LAYOUT) from error


def _image(data: bytes, name: str) -> Image:
    values, valid = _pixels(data, name)
    bands = ("red", "green", "blue") if len(values) == 3 else ("pan",)  # noqa: PLR2004 - what PNG calls RGB
    scene = VhrScene(name, sha256=hashlib.sha256(data).hexdigest())
    return Image(np.where(valid, values, np.float32(0)), valid, bands, (1, 0, 0, 0, 1, 0), scene)


def _pixels(data: bytes, name: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(band, y, x) with one or three bands, and (y, x) True = data."""
    try:
        with Picture.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            alpha = "A" in picture.getbands() or "transparency" in picture.info
            whole = picture if picture.mode in ("L", "RGB", "I;16", "I") else picture.convert("RGBA" if alpha else "RGB")
            values = np.asarray(whole, dtype=np.float32)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        raise UserError(name, f"{name} is no PNG that can be read", _LAYOUT) from error
    if values.ndim == 2:  # noqa: PLR2004 - no band axis
        return values[None], np.ones(values.shape, dtype=np.bool_)
    valid = values[..., 3] > 0 if values.shape[2] == 4 else np.ones(values.shape[:2], dtype=np.bool_)  # noqa: PLR2004 - alpha
    return np.ascontiguousarray(values[..., :3].transpose(2, 0, 1)), valid
