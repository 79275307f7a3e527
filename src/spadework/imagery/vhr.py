"""Very-high-resolution images from their files: windows of raw numbers on the file's own grid, or on another image's."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterWindow
from scipy import ndimage

from spadework.cube import Image
from spadework.errors import UserError
from spadework.grid import Window, reproject, shape_of
from spadework.imagery.header import band_names, describe, file_hash, georeferenced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spadework.records import MultiPolygon, Point, VhrScene

_DRIVERS: Final = ("GTiff", "COG", "JPEG", "PNG", "JP2OpenJPEG", "NITF")
_LARGEST_PX: Final = 1 << 27
"""Pixels of a window that is read at all: half a gigabyte a band."""
_BORDER_PX: Final = 64
"""A run of black from the edge of a file without a nodata value is no data when it has at least so many pixels."""
_COARSER: Final = 4.0
"""Images whose GSDs differ by more than this factor are not compared."""
_FINER: Final = 1.5
"""Pixels that are finer by this factor are averaged onto the other grid, not interpolated."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Which part of a file is wanted, and what is known of it from elsewhere."""

    points: tuple[Point, ...] = ()
    """Only the window around these, map units (column, row of the file where it has no CRS); empty = all of it."""
    margin_m: float = 50.0
    """Ground around points or area that is read with them."""
    area: MultiPolygon | None = None
    """Only the window around this area, WGS 84; needs a georeference."""
    gsd_m: float | None = None
    """Ground sample distance of a file without a georeference, metres."""
    bands: tuple[tuple[str, int], ...] = ()
    """(name, 1-based band); empty = all bands, as the file names them."""
    described: VhrScene | None = None
    """What is said of it elsewhere; goes before what the file says."""


def open_image(path: Path, request: ImageRequest | None = None) -> Image:
    """A window of an image file: raw numbers, never resampled.

    Raises:
        UserError: no image, truncated, of an unknown kind, too large for one piece, or the window lies outside.

    """
    asked = request or ImageRequest()
    with _opened(path) as file:
        numbers, names, table = _bands(path, file, asked)
        scene = describe(path, file, asked.described, asked.gsd_m)
        fit = file.transform if georeferenced(file) else Affine.identity()
        window = _window(path, file, fit, scene, asked)
        _hold_to_memory(path, window, len(numbers))
        values, valid, notes = _read(file, numbers, table, window)
        if scene.sha256 is None:
            scene = replace(scene, sha256=file_hash(path, values))
    place = fit * Affine.translation(window.col, window.row)
    return Image(values, valid, names, tuple(place)[:6], replace(scene, notes=(*scene.notes, *notes)))


def check_image(path: Path) -> None:
    """Open an image file as far as its header.

    Raises:
        UserError: no image, or of an unknown kind.

    """
    with _opened(path):
        pass


def read_onto(path: Path, like: Image, request: ImageRequest | None = None) -> Image:
    """Another file on the grid of an image: cubic, or averaged where its pixels are finer; edges of valid ground to nearest.

    The shift that is left between the two is not removed here: ``align`` finds it.

    Raises:
        UserError: the same file, a date before the image's, no georeference on one of both, GSDs too far apart, no common ground.

    """
    asked = request or ImageRequest()
    with _opened(path) as file:
        numbers, names, table = _bands(path, file, asked)
        scene = describe(path, file, asked.described, asked.gsd_m)
        _check_pair(path, scene, like.scene)
        if like.scene.crs is None:
            return _same_pixels(path, file, like, (numbers, names, table), scene)
        finer = _ratio(path, scene, like.scene)
        how = Resampling.average if finer > _FINER else Resampling.cubic
        rows, cols = like.valid.shape
        own_mask = file.nodata is not None or MaskFlags.alpha in file.mask_flag_enums[0]
        settings = {"crs": like.scene.crs, "transform": Affine(*like.transform), "width": cols, "height": rows}
        with _told(path), WarpedVRT(file, resampling=how, add_alpha=not own_mask, **settings) as warped:
            raw = warped.read(numbers)
            valid = warped.dataset_mask() > 0
        if not valid.any():
            raise UserError(str(path), f"shows no ground that {like.scene.id} shows", "compare two images of one place")
        values, valid, notes = _cleaned(raw, valid, table, borders=False)
        if scene.sha256 is None:
            scene = replace(scene, sha256=file_hash(path, values))
    told = (f"resampled onto the grid of {like.scene.id} ({how.name})", *notes)
    return Image(values, valid, names, like.transform, replace(scene, notes=(*scene.notes, *told)))


def pixel_points(path: Path, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Columns and rows of a file (0, 0 = outer corner of its first pixel) as map units; unchanged without georeference.

    Raises:
        UserError: no image.

    """
    with _opened(path) as file:
        fit = file.transform if georeferenced(file) else Affine.identity()
        return tuple((float(x), float(y)) for x, y in (fit * point for point in points))


# ---------------------------------------------------------------- the file
@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        if not path.is_file():
            raise UserError(str(path), "is no file", "check the path")
        try:
            file = rasterio.open(path, driver=None, sharing=False)
        except RasterioError as error:
            raise UserError(
                str(path), f"is no image that can be read ({_short(error, path)})", "give a GeoTIFF, JPEG, PNG or JPEG 2000"
            ) from error
        with file:
            if file.driver not in _DRIVERS:
                raise UserError(str(path), f"is of the kind {file.driver}", f"give one of {', '.join(_DRIVERS)}")
            yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """A failure to read as one clear line."""
    try:
        yield
    except RasterioError as error:
        raise UserError(
            str(path), f"breaks off while it is read ({_short(error, path)})", "it is truncated or damaged: fetch it again"
        ) from error


def _short(error: Exception, path: Path) -> str:
    return " ".join(str(error.__cause__ or error).split()).replace(str(path), path.name)[:160]


def _bands(path: Path, file: Any, asked: ImageRequest) -> tuple[list[int], tuple[str, ...], NDArray[np.float32] | None]:  # noqa: ANN401 - an untyped library
    """Numbers and names of the bands to read; for a palette image the table (colour, band) that its numbers point into."""
    if ColorInterp.cyan in file.colorinterp:
        raise UserError(str(path), "is in CMYK, a printer's colours", "save it as RGB, better: get the original")
    if file.dtypes[0].startswith(("complex", "cint")):
        raise UserError(str(path), "holds complex numbers", "give an optical image; radar is not measured here")
    if file.count and file.colorinterp[0] == ColorInterp.palette:
        colours = file.colormap(1)
        table = np.array([colours.get(n, (0, 0, 0, 255))[:3] for n in range(max(colours) + 1)], dtype=np.float32)
        return [1], ("red", "green", "blue"), table
    if asked.bands:
        most = max(number for _, number in asked.bands)
        if most > file.count:
            raise UserError(str(path), f"has {file.count} bands, band {most} was asked for", "correct the bands")
        return [number for _, number in asked.bands], tuple(name for name, _ in asked.bands), None
    numbers, names = band_names(file)
    return numbers, names, None


# ---------------------------------------------------------------- the window
def _window(path: Path, file: Any, fit: Affine, scene: VhrScene, asked: ImageRequest) -> Window:  # noqa: ANN401 - an untyped library
    rows, cols = file.shape
    if not asked.points and asked.area is None:
        return Window(0, 0, cols, rows)
    xy = np.array(asked.points, dtype=float)
    if asked.area is not None:
        if scene.crs is None:
            raise UserError(str(path), "has no georeference, so no area can be found in it", "give points in pixels")
        west, south, east, north = shapely.bounds(reproject(shape_of(asked.area), "EPSG:4326", scene.crs))
        xy = np.array([(west, south), (west, north), (east, south), (east, north)])
    if not np.isfinite(xy).all():
        raise UserError(str(path), "the points are no numbers", "give x and y of each")
    px = np.array([~fit * (float(x), float(y)) for x, y in xy])
    pad = asked.margin_m / min(scene.gsd_m) if scene.gsd_m else 64.0
    low, high = np.floor(px.min(axis=0) - pad), np.ceil(px.max(axis=0) + pad)
    col0, row0 = max(int(low[0]), 0), max(int(low[1]), 0)
    col1, row1 = min(int(high[0]), cols), min(int(high[1]), rows)
    outside = (px < 0).any(axis=1) | (px[:, 0] > cols) | (px[:, 1] > rows)
    if col1 <= col0 or row1 <= row0 or (asked.area is None and outside.all()):
        x, y = xy[int(np.argmax(outside))] if outside.any() else xy[0]
        units = "columns and rows" if scene.crs is None else f"map units of {scene.crs}"
        raise UserError(
            str(path), f"({x:g}, {y:g}) lies outside the image", f"coordinates are {units}: check them, or their order"
        )
    return Window(col0, row0, col1 - col0, row1 - row0)


def _hold_to_memory(path: Path, window: Window, bands: int) -> None:
    if window.width * window.height * bands > _LARGEST_PX:
        raise UserError(
            str(path),
            f"{window.width:,} x {window.height:,} pixels of {bands} bands are too many for one piece",
            "name the part that matters: points, an area, or a smaller cut of it (gdal_translate -projwin)",
        )


def _read(
    file: Any,  # noqa: ANN401 - an untyped library
    numbers: list[int], table: NDArray[np.float32] | None, window: Window,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[str, ...]]:  # fmt: skip
    part = RasterWindow(window.col, window.row, window.width, window.height)
    with _told(Path(file.name)):
        raw = file.read(numbers, window=part)
        valid = file.dataset_mask(window=part) > 0
    bare = file.nodata is None and all(MaskFlags.all_valid in flags for flags in file.mask_flag_enums)
    return _cleaned(raw, valid, table, borders=bare)


def _cleaned(
    raw: NDArray[Any], valid: NDArray[np.bool_], table: NDArray[np.float32] | None, *, borders: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[str, ...]]:
    """Raw numbers as float32 with 0 where not valid, and what was noticed."""
    notes: tuple[str, ...] = ()
    values = raw.astype(np.float32)
    if table is not None:
        values = np.moveaxis(table[np.clip(raw[0], 0, len(table) - 1).astype(np.intp)], -1, 0)
        notes += ("a palette image: colours were made from its table",)
    valid = valid & np.isfinite(values).all(axis=0)
    if borders:
        black = _black_borders(values)
        if black.any():
            valid &= ~black
            notes += (f"black borders ({black.mean():.1%} of the window) taken as no data: the file names no nodata value",)
    values[:, ~valid] = 0
    return np.ascontiguousarray(values), valid, notes


def _black_borders(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(y, x), True on zeros in every band that hang together with the edge of the window."""
    zero = (values == 0).all(axis=0)
    if not zero.any():
        return np.zeros(zero.shape, dtype=np.bool_)
    marks, _ = ndimage.label(zero)
    edge = np.concatenate([marks[0], marks[-1], marks[:, 0], marks[:, -1]])
    sizes = np.bincount(marks.ravel())
    wide = [n for n in np.unique(edge) if n and sizes[n] >= _BORDER_PX]
    return np.asarray(np.isin(marks, wide))


# ---------------------------------------------------------------- pairs
def _check_pair(path: Path, scene: VhrScene, like: VhrScene) -> None:
    if scene.sha256 is not None and scene.sha256 == like.sha256:
        raise UserError(str(path), f"is the same image as {like.id}", "give two images of different days")
    if scene.datetime and like.datetime and scene.datetime < like.datetime:
        raise UserError(
            str(path), f"is of {scene.datetime:%Y-%m-%d}, before {like.id} of {like.datetime:%Y-%m-%d}", "swap before and after"
        )
    if (scene.crs is None) != (like.crs is None):
        bare = path.name if scene.crs is None else like.id
        raise UserError(
            bare,
            "has no georeference, the other image has one",
            "georeference it (gdal_translate -a_srs -a_ullr), or strip both",
        )


def _ratio(path: Path, scene: VhrScene, like: VhrScene) -> float:
    """How much finer the file's pixels are than the image's."""
    if scene.gsd_m is None or like.gsd_m is None:
        return 1.0
    finer = math.sqrt((like.gsd_m[0] * like.gsd_m[1]) / (scene.gsd_m[0] * scene.gsd_m[1]))
    if not 1 / _COARSER <= finer <= _COARSER:
        raise UserError(
            str(path), f"has pixels of {max(scene.gsd_m):.2g} m, {like.id} of {max(like.gsd_m):.2g} m: too far apart to compare",
            f"their sizes may differ by a factor of {_COARSER:g}",
        )  # fmt: skip
    return finer


def _same_pixels(
    path: Path,
    file: Any,  # noqa: ANN401 - an untyped library
    like: Image,
    bands: tuple[list[int], tuple[str, ...], NDArray[np.float32] | None],
    scene: VhrScene,
) -> Image:
    """The same columns and rows of a file without a georeference."""
    rows, cols = like.valid.shape
    col, row = round(like.transform[2]), round(like.transform[5])
    if col + cols > file.width or row + rows > file.height:
        raise UserError(
            str(path), f"has {file.width} x {file.height} pixels, fewer than {like.scene.id}, and neither has a georeference",
            "cut both to the same ground, or georeference them",
        )  # fmt: skip
    values, valid, notes = _read(file, bands[0], bands[2], Window(col, row, cols, rows))
    held = "no georeference: laid pixel on pixel, only the alignment holds them together"
    return Image(values, valid, bands[1], like.transform, replace(scene, notes=(*scene.notes, held, *notes)))
