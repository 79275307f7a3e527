"""Pixels of files as chips, and chips on the Site's grid.

A chip is what was read: raw numbers on the file's own grid. The same functions place a chip just fetched and one kept in a
dossier, so both give the same bytes.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.warp import reproject
from rasterio.windows import Window as RasterWindow

from spadework.cube import MISSING, Chip
from spadework.errors import MissingExtraError, SceneError
from spadework.grid import window_on
from spadework.imagery.lookup import looked_up
from spadework.imagery.plan import MARGIN_M
from spadework.imagery.search import USER_AGENT, HttpRule, OnRequest
from spadework.radiometry import to_cube_units
from spadework.records import Asset, Request, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

Number = TypeVar("Number", bound=np.generic)
_BIGGEST_BLOCK: Final = 1 << 26
"""Pixels: a file whose single block is larger than this is refused."""


def open_settings(http: HttpRule) -> dict[str, Any]:
    """GDAL's settings for reading windows of COGs over HTTP: patient, polite, no directory listing."""
    return {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
        "GDAL_HTTP_MULTIPLEX": "YES",
        "GDAL_HTTP_TIMEOUT": str(int(max(1, http.timeout_s))),
        "GDAL_HTTP_CONNECTTIMEOUT": str(int(max(1, min(10, http.timeout_s)))),
        "GDAL_HTTP_MAX_RETRY": str(http.retries),
        "GDAL_HTTP_RETRY_DELAY": str(http.backoff_s),
        "GDAL_HTTP_USERAGENT": USER_AGENT,
        "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/",  # each file is opened once; a failure must not outlive its moment
        "GDAL_NUM_THREADS": "1",
        "VSI_CACHE": "FALSE",
    }


def with_headers(scene: Scene, http: HttpRule, on_request: OnRequest) -> Scene:
    """The Scene with CRS, transform and shape of its assets, read from headers where the catalogue is silent."""
    if scene.crs and all(a.crs and a.transform and a.shape for _, a in scene.bands):
        return scene

    def filled(asset: Asset) -> Asset:
        _tell(scene, asset.href, "that its header was read", on_request)
        with rasterio.Env(**open_settings(http)), _open(scene, asset.href) as file:
            crs = f"EPSG:{file.crs.to_epsg()}" if file.crs and file.crs.to_epsg() else file.crs.to_wkt() if file.crs else None
            return replace(asset, crs=crs, transform=tuple(file.transform)[:6], shape=file.shape)

    bands = tuple((name, filled(asset)) for name, asset in scene.bands)
    mask = (scene.mask[0], filled(scene.mask[1])) if scene.mask else None
    first = bands[0][1] if bands else mask[1] if mask else None
    if first is None or first.crs is None:
        raise SceneError(scene.id, "has no CRS, neither in its item nor in its files", "leave it out")
    return replace(scene, bands=bands, mask=mask, crs=first.crs)


def _open(scene: Scene, href: str) -> Any:  # noqa: ANN401 - an untyped library, or any JSON
    try:
        file = rasterio.open(_signed(href), driver="GTiff")
    except RasterioError as error:
        raise _unreadable(scene, href, error) from error
    if any(rows * cols > _BIGGEST_BLOCK for rows, cols in file.block_shapes):
        file.close()
        raise SceneError(
            scene.id,
            f"{_short(href)} has blocks of {file.block_shapes[0]} pixels",
            "such a file cannot be read in parts; convert it to a COG",
        )
    return file


def _signed(href: str) -> str:
    """Planetary Computer addresses are signed by its own library at the moment of reading."""
    if not urlsplit(href).netloc.endswith(".blob.core.windows.net"):
        return href
    try:
        import planetary_computer  # noqa: PLC0415 - an extra, imported only where it is needed
    except ImportError as error:
        raise MissingExtraError("Planetary Computer", "its addresses need signing", "pip install 'spadework[pc]'") from error
    return str(planetary_computer.sign_url(href))


def _tell(scene: Scene, href: str, learns: str, on_request: OnRequest) -> None:
    """Tell of a remote file about to be opened; the query of a signed address is nobody's business."""
    if urlsplit(href).scheme in ("http", "https", "s3"):
        on_request(Request("GET", href.split("?", 1)[0], learns, extra={"scene": scene.id}))


def _short(href: str) -> str:
    return urlsplit(href).path.rsplit("/", 1)[-1]


def _unreadable(scene: Scene, href: str, error: Exception) -> SceneError:
    text = " ".join(str(error.__cause__ or error).split()).replace(href, _short(href))[:160]  # no folder of ours in a report
    paid = any(note.startswith("requester-pays") for note in scene.notes)
    mend = (
        "set AWS credentials and AWS_REQUEST_PAYER=requester (you pay)"
        if paid
        else "the look goes without it; run again to try once more"
    )
    return SceneError(scene.id, f"{_short(href)} cannot be read ({text})", mend)


def fetch(scene: Scene, names: tuple[str, ...], grid: GeoBox, http: HttpRule, on_request: OnRequest) -> tuple[Chip, ...]:
    """Read the raw window of some assets around the grid: one chip for each native grid.

    Args:
        scene: the Scene.
        names: common names of bands, or "mask".
        grid: the Site's grid.
        http: patience.
        on_request: told of every remote file before it is opened.

    Raises:
        SceneError: an asset that is absent, truncated or out of reach.

    """
    by_file: dict[str, list[Asset]] = {}
    for name in names:
        asset = _named(scene, name)
        by_file.setdefault(asset.href, []).append(asset)
    parts: dict[tuple[Any, ...], list[_Part]] = {}
    with ExitStack() as files:
        files.enter_context(rasterio.Env(**open_settings(http)))
        for href, group in by_file.items():
            _tell(scene, href, "the blocks around the area", on_request)
            part = _part_of(scene, files.enter_context(_open(scene, href)), group, grid)
            if part is not None:
                parts.setdefault((part.crs, part.transform, part.shape), []).append(part)
        return tuple(_chip_of(scene, members) for members in parts.values())


def _named(scene: Scene, name: str) -> Asset:
    asset = (scene.mask[1] if scene.mask else None) if name == "mask" else scene.asset(name)
    if asset is None:
        raise SceneError(scene.id, f"has no {name} asset", "leave it out")
    return asset


@dataclass(frozen=True, slots=True)
class _Part:
    """What an open file has for a chip."""

    file: Any
    """Of an untyped library."""
    assets: tuple[Asset, ...]
    window: RasterWindow
    crs: str
    transform: tuple[float, float, float, float, float, float]
    """Of the window."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return self.window.height, self.window.width


def _part_of(scene: Scene, file: Any, group: list[Asset], grid: GeoBox) -> _Part | None:  # noqa: ANN401 - an untyped library
    """The window of a file around the grid; None when they do not meet."""
    name = _short(group[0].href)
    if file.crs is None or max(asset.band for asset in group) > file.count:
        raise SceneError(scene.id, f"{name} has no CRS or too few bands", "leave it out")
    code = file.crs.to_epsg()
    crs = f"EPSG:{code}" if code else file.crs.to_wkt()
    if file.transform.b or file.transform.d or file.transform.e > 0:
        raise SceneError(scene.id, f"{name} is rotated", "warp it north-up first")
    window = window_on(grid, crs, file.transform, file.shape, MARGIN_M)
    if window is None:
        return None
    place = file.transform * Affine.translation(window.col, window.row)
    here = RasterWindow(window.col, window.row, window.width, window.height)
    nodata = None if file.nodata is None else float(file.nodata)
    assets = tuple(asset if asset.nodata is not None else replace(asset, nodata=nodata) for asset in group)
    return _Part(file, assets, here, crs, tuple(place)[:6])


def _chip_of(scene: Scene, parts: list[_Part]) -> Chip:
    """Files of one native grid, each read to its place in the chip."""
    assets = tuple(asset for part in parts for asset in part.assets)
    dtype = np.result_type(*(part.file.dtypes[asset.band - 1] for part in parts for asset in part.assets))
    values, n = np.empty((len(assets), *parts[0].shape), dtype), 0
    for part in parts:
        end = n + len(part.assets)
        try:
            part.file.read([asset.band for asset in part.assets], window=part.window, out=values[n:end])
        except RasterioIOError as error:
            raise _unreadable(scene, part.assets[0].href, error) from error
        n = end
    return Chip(assets, values, parts[0].crs, parts[0].transform)


# ---------------------------------------------------------------- chips to the grid
def _indices(grid: GeoBox, chip: Chip) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the chip under each pixel centre of the grid (same CRS); -1 outside."""
    a, _, c, _, e, f = chip.transform
    rows = np.floor((grid.transform.f + (np.arange(grid.shape[0]) + 0.5) * grid.transform.e - f) / e + 1e-6).astype(np.intp)
    cols = np.floor((grid.transform.c + (np.arange(grid.shape[1]) + 0.5) * grid.transform.a - c) / a + 1e-6).astype(np.intp)
    rows[(rows < 0) | (rows >= chip.values.shape[1])] = -1
    cols[(cols < 0) | (cols >= chip.values.shape[2])] = -1
    return rows, cols


def _in_step(places: NDArray[np.intp]) -> bool:
    """Whether they all lie in the chip and follow one another."""
    return bool(places[0] >= 0 and (np.diff(places) == 1).all())


def _converted(raw: NDArray[np.generic], asset: Asset) -> NDArray[np.int16]:
    """Raw numbers of an asset in units of the cube."""
    return looked_up(raw, to_cube_units, asset.scale, asset.offset, asset.nodata)


def place_nearest(plane: NDArray[Number], chip: Chip, grid: GeoBox, fill: Number) -> NDArray[Number]:
    """A plane on the chip's grid, nearest on the Site's grid (perhaps a view); ``fill`` where the chip has nothing."""
    if chip.crs == str(grid.crs):
        rows, cols = _indices(grid, chip)
        if _in_step(rows) and _in_step(cols):
            return plane[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        out = np.take(np.take(plane, cols, axis=1), rows, axis=0)
        out[rows < 0, :] = fill
        out[:, cols < 0] = fill
        return out
    out = np.full(grid.shape, fill, dtype=plane.dtype)
    reproject(
        plane, out, src_transform=Affine(*chip.transform), src_crs=chip.crs, dst_transform=grid.transform, dst_crs=str(grid.crs),
        resampling=Resampling.nearest, dst_nodata=fill, init_dest_nodata=True,
    )  # fmt: skip
    return out


def place_band(chip: Chip, index: int, grid: GeoBox, *, between: bool = False) -> NDArray[np.int16]:
    """One band of a chip as reflectance x 10,000 on the Site's grid: same CRS nearest, another CRS cubic.

    ``between``: the grid was moved to where the look lies, between its pixels: cubic in any case.
    """
    asset = chip.assets[index]
    if chip.crs == str(grid.crs) and not between:
        rows, cols = _indices(grid, chip)
        if _in_step(rows) and _in_step(cols):
            return _converted(chip.values[index, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1], asset)
        return place_nearest(_converted(chip.values[index], asset), chip, grid, MISSING)
    values = _converted(chip.values[index], asset)
    floats = np.where(values == MISSING, np.nan, values).astype(np.float32)
    out = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        floats, out, src_transform=Affine(*chip.transform), src_crs=chip.crs, dst_transform=grid.transform, dst_crs=str(grid.crs),
        resampling=Resampling.cubic, src_nodata=np.nan, dst_nodata=np.nan,
    )  # fmt: skip
    return np.where(np.isfinite(out), np.rint(np.clip(out, -32_000, 32_000)), MISSING).astype(np.int16)


def place_data(chip: Chip, index: int, grid: GeoBox) -> NDArray[np.bool_]:
    """(y, x), True where one band of a chip has data on the Site's grid; in the same CRS without converting it."""
    if chip.crs != str(grid.crs):
        return np.asarray(place_band(chip, index, grid) != MISSING)
    raw, nodata = chip.values[index], chip.assets[index].nodata
    data: NDArray[np.bool_] = np.isfinite(raw) if raw.dtype.kind == "f" else np.ones(raw.shape, dtype=np.bool_)
    if nodata is not None and np.isfinite(nodata):
        data &= np.asarray(raw != nodata)
    return place_nearest(data, chip, grid, np.False_)
