"""Pixels: raw windows of assets (chips), then chips to the cube. Threads overlap the reading of many looks.

Masks are read first; the bands of a look with too little clear ground are never read. A chip is what was read: the same
function makes the cube from a chip just fetched and from one kept in a dossier, so both give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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

from spadework.cube import MISSING, Chip, Cube
from spadework.errors import MissingExtraError, SceneError, UserError
from spadework.grid import inside, window_on
from spadework.imagery.mask import CLEAR, NO_DATA, SNOW, MaskKind, classify, dilate
from spadework.imagery.plan import MARGIN_M, LookPlan, ReadPlan
from spadework.imagery.search import USER_AGENT, HttpRule, OnProgress, OnRequest
from spadework.radiometry import check_offset, to_cube_units
from spadework.records import Asset, Dropped, Look, Request, Scene, SceneRef, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

T = TypeVar("T")
THREADS: Final = 8
_BIGGEST_BLOCK: Final = 1 << 26
"""Pixels: a file whose single block is larger than this is refused."""
MEMORY_BYTES: Final = 8 << 30
"""A cube larger than this is refused; SPADEWORK_MEMORY_GB changes it."""

Fetch = Callable[[Scene, tuple[str, ...]], tuple[Chip, ...]]
"""(Scene, names of bands or "mask") -> chips."""
Keep = Callable[[Scene, tuple[Chip, ...]], Scene]
"""Put the chips of a finished Scene away; returns the Scene as it is kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a plan gave."""

    cube: Cube
    """Looks with enough clear ground."""
    looks: tuple[Look, ...]
    """Every look, in time order."""
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Masked:
    """A look after its masks were read."""

    plan: LookPlan
    classes: NDArray[np.uint8]
    """(y, x) of mask classes on the grid."""
    owner: NDArray[np.int16]
    """(y, x), index of the Scene that supplies the pixel; -1 = none."""
    chips: tuple[tuple[Chip, ...], ...]
    """Mask chips, by Scene."""
    warped: bool


# ---------------------------------------------------------------- files
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
        "CPL_VSIL_CURL_NON_CACHED": "",
        "GDAL_NUM_THREADS": "1",
        "VSI_CACHE": "FALSE",
    }


def with_headers(scene: Scene, http: HttpRule) -> Scene:
    """The Scene with CRS, transform and shape of its assets, read from headers where the catalogue is silent."""
    if scene.crs and all(a.crs and a.transform and a.shape for _, a in scene.bands):
        return scene

    def filled(asset: Asset) -> Asset:
        with rasterio.Env(**open_settings(http)), _open(scene, asset.href) as file:
            crs = f"EPSG:{file.crs.to_epsg()}" if file.crs and file.crs.to_epsg() else file.crs.to_wkt() if file.crs else None
            return replace(asset, crs=crs, transform=tuple(file.transform)[:6], shape=file.shape)

    bands = tuple((name, filled(asset)) for name, asset in scene.bands)
    mask = (scene.mask[0], filled(scene.mask[1])) if scene.mask else None
    first = bands[0][1] if bands else mask[1] if mask else None
    if first is None or first.crs is None:
        raise SceneError(scene.id, "has no CRS, neither in its item nor in its files", "leave it out")
    return replace(scene, bands=bands, mask=mask, crs=first.crs)


def _open(scene: Scene, href: str) -> Any:  # noqa: ANN401 - rasterio ships no types
    try:
        file = rasterio.open(_signed(href), driver="GTiff")
    except RasterioError as error:
        raise _unreadable(scene, href, error) from error
    if any(rows * cols > _BIGGEST_BLOCK for rows, cols in file.block_shapes):
        file.close()
        raise SceneError(scene.id, f"{_short(href)} has blocks of {file.block_shapes[0]} pixels", "such a file cannot be read in parts; convert it to a COG")
    return file


def _signed(href: str) -> str:
    """Planetary Computer addresses are signed by its own library at the moment of reading."""
    if not urlsplit(href).netloc.endswith(".blob.core.windows.net"):
        return href
    try:
        import planetary_computer  # noqa: PLC0415 - an extra, needed for this host only
    except ImportError as error:
        raise MissingExtraError("Planetary Computer", "its addresses need signing", "pip install 'spadework[pc]'") from error
    return str(planetary_computer.sign_url(href))


def _short(href: str) -> str:
    return href.split("?")[0].rsplit("/", 1)[-1]


def _unreadable(scene: Scene, href: str, error: Exception) -> SceneError:
    text = " ".join(str(error.__cause__ or error).split())[:160]
    paid = any(note.startswith("requester-pays") for note in scene.notes)
    mend = "set AWS credentials and AWS_REQUEST_PAYER=requester (you pay)" if paid else "the look goes without it; run again to try once more"
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
    assets = [_named(scene, name) for name in names]
    by_file: dict[str, list[Asset]] = {}
    for asset in assets:
        by_file.setdefault(asset.href, []).append(asset)
    parts: dict[tuple[Any, ...], list[tuple[Asset, NDArray[np.generic]]]] = {}
    with rasterio.Env(**open_settings(http)):
        for href, group in by_file.items():
            if urlsplit(href).scheme in ("http", "https", "s3"):
                on_request(Request("GET", href.split("?")[0], "the blocks around the area", extra={"scene": scene.id}))
            for key, asset, values in _read_file(scene, href, group, grid):
                parts.setdefault(key, []).append((asset, values))
    chips = []
    for (crs, transform, _), members in parts.items():
        dtype = np.result_type(*(values.dtype for _, values in members))
        stack = np.stack([values.astype(dtype, copy=False) for _, values in members])
        chips.append(Chip(tuple(asset for asset, _ in members), stack, crs, transform))
    return tuple(chips)


def _named(scene: Scene, name: str) -> Asset:
    asset = (scene.mask[1] if scene.mask else None) if name == "mask" else scene.asset(name)
    if asset is None:
        raise SceneError(scene.id, f"has no {name} asset", "leave it out")
    return asset


def _read_file(scene: Scene, href: str, group: list[Asset], grid: GeoBox) -> list[tuple[tuple[Any, ...], Asset, NDArray[np.generic]]]:
    with _open(scene, href) as file:
        if file.crs is None or max(asset.band for asset in group) > file.count:
            raise SceneError(scene.id, f"{_short(href)} has no CRS or too few bands", "leave it out")
        code = file.crs.to_epsg()
        crs = f"EPSG:{code}" if code else file.crs.to_wkt()
        if file.transform.b or file.transform.d or file.transform.e > 0:
            raise SceneError(scene.id, f"{_short(href)} is rotated", "warp it north-up first")
        window = window_on(grid, crs, file.transform, file.shape, MARGIN_M)
        if window is None:
            return []
        place = file.transform * Affine.translation(window.col, window.row)
        try:
            block = file.read([asset.band for asset in group], window=RasterWindow(window.col, window.row, window.width, window.height))
        except RasterioIOError as error:
            raise _unreadable(scene, href, error) from error
        key = (crs, tuple(place)[:6], (window.height, window.width))
        return [
            (key, asset if asset.nodata is not None or file.nodata is None else replace(asset, nodata=float(file.nodata)), block[n])
            for n, asset in enumerate(group)
        ]


# ---------------------------------------------------------------- chips to the grid
def _indices(grid: GeoBox, chip: Chip) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the chip under each pixel centre of the grid (same CRS); -1 outside."""
    a, _, c, _, e, f = chip.transform
    rows = np.floor((grid.transform.f + (np.arange(grid.shape[0]) + 0.5) * grid.transform.e - f) / e + 1e-6).astype(np.intp)
    cols = np.floor((grid.transform.c + (np.arange(grid.shape[1]) + 0.5) * grid.transform.a - c) / a + 1e-6).astype(np.intp)
    rows[(rows < 0) | (rows >= chip.values.shape[1])] = -1
    cols[(cols < 0) | (cols >= chip.values.shape[2])] = -1
    return rows, cols


def place_nearest(plane: NDArray[T], chip: Chip, grid: GeoBox, fill: T) -> NDArray[T]:  # type: ignore[type-var]  # any numpy scalar
    """A plane on the chip's grid, nearest on the Site's grid; ``fill`` where the chip has nothing."""
    if chip.crs == str(grid.crs):
        rows, cols = _indices(grid, chip)
        out = plane[np.ix_(rows, cols)]
        out[rows < 0, :] = fill
        out[:, cols < 0] = fill
        return out
    out = np.full(grid.shape, fill, dtype=plane.dtype)
    reproject(
        plane, out, src_transform=Affine(*chip.transform), src_crs=chip.crs, dst_transform=grid.transform, dst_crs=str(grid.crs),
        resampling=Resampling.nearest, dst_nodata=fill, init_dest_nodata=True,
    )  # fmt: skip
    return out


def place_band(chip: Chip, index: int, grid: GeoBox) -> NDArray[np.int16]:
    """One band of a chip as reflectance x 10,000 on the Site's grid: same CRS nearest, another CRS cubic."""
    asset = chip.assets[index]
    values = to_cube_units(chip.values[index], asset.scale, asset.offset, asset.nodata)
    if chip.crs == str(grid.crs):
        return place_nearest(values, chip, grid, MISSING)
    floats = np.where(values == MISSING, np.nan, values).astype(np.float32)
    out = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        floats, out, src_transform=Affine(*chip.transform), src_crs=chip.crs, dst_transform=grid.transform, dst_crs=str(grid.crs),
        resampling=Resampling.cubic, src_nodata=np.nan, dst_nodata=np.nan,
    )  # fmt: skip
    return np.where(np.isfinite(out), np.rint(np.clip(out, -32_000, 32_000)), MISSING).astype(np.int16)


# ---------------------------------------------------------------- looks to the cube
def read_cube(site: Site, plan: ReadPlan, get: Fetch, keep: Keep, on_progress: OnProgress) -> Reading:
    """Read a plan: masks of all looks, then the bands of those with enough clear ground.

    Args:
        site: the Site.
        plan: what to read.
        get: gives the chips of a Scene (from the network, or kept ones).
        keep: puts the chips of a finished Scene away.
        on_progress: told (looks done, looks).

    Raises:
        UserError: a cube larger than the memory allowed.

    """
    within = inside(plan.grid, site.aoi)
    dropped: list[Dropped] = []

    def masks_of(look: LookPlan) -> _Masked:
        return _read_masks(look, site, plan, get)

    masked: dict[str, _Masked] = {}
    for look, result in _overlapped(masks_of, plan.looks):
        _sort_out(look, result, masked, dropped)
        on_progress(len(masked), 2 * len(plan.looks))
    order = [look for look in plan.looks if look.id in masked]
    shares = {look.id: _share(masked[look.id].classes, within, CLEAR) for look in order}
    used = [look for look in order if shares[look.id] >= site.clear.min_share and shares[look.id] > 0]
    reflectance = _allocate(plan, len(used))
    slots = {look.id: n for n, look in enumerate(used)}

    def bands_of(look: LookPlan) -> tuple[Scene, ...]:
        out = reflectance[slots[look.id]] if look.id in slots else None
        return _read_bands(masked[look.id], plan, out, get, keep)

    kept: dict[str, tuple[Scene, ...]] = {}
    for done, (look, result) in enumerate(_overlapped(bands_of, order), 1):
        _sort_out(look, result, kept, dropped)
        on_progress(len(plan.looks) + done, 2 * len(plan.looks))
    return _assemble(site, plan, _Parts(masked, kept, slots, reflectance, within, dropped))


def _overlapped(work: Callable[[LookPlan], T], looks: Sequence[LookPlan]) -> Any:  # noqa: ANN401 - a generator of pairs
    """(look, result or SceneError) in order of completion; never more than twice the threads in flight."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: dict[Future[T], LookPlan] = {}
        todo = iter(looks)
        try:
            while True:
                while len(waiting) < 2 * THREADS and (look := next(todo, None)) is not None:
                    waiting[pool.submit(work, look)] = look
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    look = waiting.pop(future)
                    try:
                        yield look, future.result()
                    except SceneError as error:
                        yield look, error
        finally:
            for future in waiting:
                future.cancel()


def _sort_out(look: LookPlan, result: T | SceneError, into: dict[str, T], dropped: list[Dropped]) -> None:
    if isinstance(result, SceneError):
        dropped.append(Dropped(f"look {look.id}", f"dropped: {result}"))
    else:
        into[look.id] = result


def _allocate(plan: ReadPlan, n: int) -> NDArray[np.int16]:
    shape = (n, len(plan.bands), *plan.grid.shape)
    limit = float(os.environ.get("SPADEWORK_MEMORY_GB", MEMORY_BYTES / (1 << 30))) * (1 << 30)
    needed = 2 * int(np.prod(shape))
    if needed > limit:
        raise UserError("area of interest", f"its cube of {shape} takes {needed / (1 << 30):.1f} GB", "draw it smaller, shorten [period], or set SPADEWORK_MEMORY_GB")
    return np.full(shape, MISSING, dtype=np.int16)


def _read_masks(look: LookPlan, site: Site, plan: ReadPlan, get: Fetch) -> _Masked:
    classes = np.full(plan.grid.shape, NO_DATA, dtype=np.uint8)
    owner = np.full(plan.grid.shape, -1, dtype=np.int16)
    all_chips, warped = [], False
    for n, scene in enumerate(look.scenes):
        chips = get(scene, ("mask",) if scene.mask else plan.bands)
        all_chips.append(chips)
        if not chips:
            continue
        warped |= chips[0].crs != str(plan.grid.crs)
        own = _scene_classes(scene, site, chips, plan.grid)
        fills = (owner < 0) & (own != NO_DATA)
        classes[fills] = own[fills]
        owner[fills] = n
    return _Masked(look, classes, owner, tuple(all_chips), warped)


def _scene_classes(scene: Scene, site: Site, chips: tuple[Chip, ...], grid: GeoBox) -> NDArray[np.uint8]:
    if scene.mask is None:
        valid = np.ones(grid.shape, dtype=bool)
        for chip in chips:
            for n in range(len(chip.assets)):
                valid &= place_band(chip, n, grid) != MISSING
        return np.where(valid, CLEAR, NO_DATA).astype(np.uint8)
    kind, chip = scene.mask[0], chips[0]
    rule = MaskKind(kind, scene.mask_clear if kind == "values" else site.clear.scl, chip.assets[0].nodata)
    return place_nearest(dilate(classify(chip.values[0], rule), site.clear, abs(chip.transform[0])), chip, grid, np.uint8(NO_DATA))


def _read_bands(masked: _Masked, plan: ReadPlan, out: NDArray[np.int16] | None, get: Fetch, keep: Keep) -> tuple[Scene, ...]:
    kept = []
    for n, scene in enumerate(masked.plan.scenes):
        chips = masked.chips[n]
        mine = masked.owner == n
        if out is not None and mine.any():
            chips = _with_bands(scene, chips, plan, get)
            for chip in chips:
                for index, asset in enumerate(chip.assets):
                    for band, name in enumerate(plan.bands):
                        if scene.asset(name) == asset or (known := scene.asset(name)) and (known.key, known.band) == (asset.key, asset.band):
                            np.copyto(out[band], place_band(chip, index, plan.grid), where=mine)
        kept.append(keep(scene, chips) if chips else scene)
    return tuple(kept)


def _with_bands(scene: Scene, chips: tuple[Chip, ...], plan: ReadPlan, get: Fetch) -> tuple[Chip, ...]:
    """Mask and band chips together, those on one native grid as one chip."""
    if scene.mask is None:
        return chips
    merged = {(chip.crs, chip.transform, chip.values.shape[1:]): chip for chip in chips}
    for chip in get(scene, plan.bands):
        key = (chip.crs, chip.transform, chip.values.shape[1:])
        if other := merged.get(key):
            dtype = np.result_type(chip.values.dtype, other.values.dtype)
            stack = np.concatenate([other.values.astype(dtype), chip.values.astype(dtype)])
            merged[key] = Chip((*other.assets, *chip.assets), stack, chip.crs, chip.transform)
        else:
            merged[key] = chip
    return tuple(merged.values())


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Everything that was read, before it becomes a cube."""

    masked: dict[str, _Masked]
    kept: dict[str, tuple[Scene, ...]]
    slots: dict[str, int]
    reflectance: NDArray[np.int16]
    within: NDArray[np.bool_]
    dropped: list[Dropped]


def _share(classes: NDArray[np.uint8], within: NDArray[np.bool_], what: int) -> float:
    return float((classes[within] == what).mean()) if within.any() else 0.0


def _assemble(site: Site, plan: ReadPlan, parts: _Parts) -> Reading:
    used = [look for look in plan.looks if look.id in parts.slots and look.id in parts.kept]
    rows = [parts.slots[look.id] for look in used]
    reflectance = parts.reflectance if rows == list(range(len(parts.reflectance))) else parts.reflectance[rows]
    clear = np.stack([parts.masked[look.id].classes == CLEAR for look in used]) if used else np.zeros((0, *plan.grid.shape), bool)
    snow = np.stack([parts.masked[look.id].classes == SNOW for look in used]) if used else clear.copy()
    for n in range(len(used)):
        clear[n] &= (reflectance[n] != MISSING).all(axis=0)
    keep, notes = _check_offsets(plan, used, reflectance, clear, parts.dropped)
    every = {look.id: _look(look, parts, plan, notes.get(look.id, ())) for look in plan.looks if look.id in parts.kept}
    for n, look in enumerate(used):
        share = float(clear[n][parts.within].mean()) if parts.within.any() else 0.0
        every[look.id] = replace(every[look.id], clear=share, used=keep[n])
    if not all(keep):
        reflectance, clear, snow = reflectance[keep], clear[keep], snow[keep]
    cube = Cube(
        reflectance=reflectance,
        clear=clear,
        snow=snow,
        looks=tuple(every[look.id] for look, ok in zip(used, keep, strict=True) if ok),
        bands=plan.bands,
        grid=plan.grid,
        inside=parts.within,
    )
    return Reading(cube, tuple(every[look.id] for look in plan.looks if look.id in every), tuple(parts.dropped))


def _check_offsets(
    plan: ReadPlan, used: list[LookPlan], reflectance: NDArray[np.int16], clear: NDArray[np.bool_], dropped: list[Dropped]
) -> tuple[list[bool], dict[str, tuple[str, ...]]]:
    """Hold each Sentinel-2 look against its neighbours; corrects ``reflectance`` (ours) in place, in time order."""
    visible = tuple(plan.bands.index(b) for b in ("blue", "red") if b in plan.bands)
    judged = [n for n, look in enumerate(used) if any(note.startswith("offset:") for s in look.scenes for note in s.notes)]
    keep, notes = [True] * len(used), {}
    for n in judged:
        verdict = check_offset(reflectance, clear, visible, n, tuple(j for j in judged if keep[j]))
        if verdict.action == "keep":
            continue
        if verdict.action == "drop":
            keep[n] = False
        else:
            data = reflectance[n] != MISSING
            reflectance[n] = np.where(data, np.clip(reflectance[n].astype(np.int32) + verdict.add, -32_000, 32_000), MISSING)
        done = "corrected" if verdict.action == "correct" else "dropped"
        notes[used[n].id] = (f"offset contradicts the pixels: {verdict.why} ({done})",)
        dropped.append(Dropped(f"look {used[n].id}", f"{done}: {verdict.why}"))
    return keep, notes


def _look(look: LookPlan, parts: _Parts, plan: ReadPlan, notes: tuple[str, ...]) -> Look:
    masked, scenes = parts.masked[look.id], parts.kept[look.id]
    first = scenes[0]
    gsds = [a.pixel_m for s in scenes for name, a in s.bands if name in plan.bands and a.pixel_m]
    return Look(
        id=look.id,
        datetime=min(s.datetime for s in look.scenes),
        platform=first.platform,
        scenes=tuple(SceneRef(s.id, s.datetime, s.sha256) for s in scenes),
        clear=_share(masked.classes, parts.within, CLEAR),
        snow=_share(masked.classes, parts.within, SNOW),
        covered=1.0 - _share(masked.classes, parts.within, NO_DATA),
        gsd=min(gsds, default=first.gsd),
        sun_elevation=first.sun_elevation,
        sun_azimuth=first.sun_azimuth,
        off_nadir=first.off_nadir,
        credit="; ".join(sorted({s.credit for s in scenes})),
        licence="; ".join(sorted({s.licence for s in scenes})),
        warped=masked.warped,
        used=False,
        notes=tuple(dict.fromkeys([*(note for s in scenes for note in s.notes), *notes])),
    )
