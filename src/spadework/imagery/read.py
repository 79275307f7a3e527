"""Looks to the cube: masks first, then the bands of those with enough clear ground; threads overlap the reading."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from spadework.cube import MISSING, Chip, Cube
from spadework.errors import SceneError
from spadework.grid import inside
from spadework.imagery.chips import place_band, place_data, place_nearest
from spadework.imagery.mask import CLEAR, NO_DATA, SNOW, MaskKind, classify, dilate
from spadework.imagery.register import Registering, Registration, compared
from spadework.imagery.search import THIS_MACHINE
from spadework.machine import room
from spadework.radiometry import NEGATIVE_SHARE, check_offset, is_blank, share_below
from spadework.records import Asset, Dropped, Look, Scene, SceneRef, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from spadework.imagery.plan import LookPlan, ReadPlan
    from spadework.imagery.search import OnProgress

T = TypeVar("T")
Number = TypeVar("Number", bound=np.generic)
THREADS: Final = 8

Fetch = Callable[[Scene, tuple[str, ...]], tuple[Chip, ...]]
"""(Scene, names of bands or "mask") -> chips."""
Keep = Callable[[Scene, tuple[Chip, ...]], Scene]
"""Put the chips of a finished Scene away; returns the Scene as it is kept."""


BLANK: Final = "it shows no ground: one number in every band on nearly all clear pixels"


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a plan gave."""

    cube: Cube
    """Looks with enough clear ground."""
    looks: tuple[Look, ...]
    """Every look, in time order."""
    dropped: tuple[Dropped, ...]


class _Mask(NamedTuple):
    """What a look shows where; filled in place."""

    classes: NDArray[np.uint8]
    """(y, x) of mask classes on the grid."""
    owner: NDArray[np.int16]
    """(y, x), index of the Scene that supplies the pixel; -1 = none."""


@dataclass(frozen=True, slots=True, eq=False)
class _Masked:
    """A look after its masks were read."""

    plan: LookPlan
    mask: _Mask
    chips: tuple[tuple[Chip, ...], ...]
    """Mask chips, by Scene."""
    warped: bool
    grid: GeoBox
    """Where its pixels were taken: the Site's grid, or that grid moved to where the look lies."""


def read_cube(site: Site, plan: ReadPlan, get: Fetch, keep: Keep, on_progress: OnProgress) -> Reading:
    """Read a plan: masks of all looks, then the bands of those with enough clear ground.

    Args:
        site: the Site.
        plan: what to read.
        get: gives the chips of a Scene (from the network, or kept ones).
        keep: puts the chips of a finished Scene away.
        on_progress: told (looks done, looks).

    Raises:
        StorageError: a cube larger than the memory allowed, and no space for it on the disk.

    """
    within = inside(plan.grid, site.aoi)
    dropped: list[Dropped] = []
    masks = _masks_for(plan)

    def masks_of(look: LookPlan) -> _Masked:
        return _read_masks(look, site, plan, get, plan.grid, masks[look.id])

    masked: dict[str, _Masked] = {}
    threads = _threads(plan)
    for look, result in _overlapped(masks_of, plan.looks, threads):
        _sort_out(look, result, masked, dropped)
        on_progress(len(masked), 2 * len(plan.looks))
    order = [look for look in plan.looks if look.id in masked]
    shares = {look.id: _share(masked[look.id].mask.classes == CLEAR, within) for look in order}
    used = [look for look in order if shares[look.id] >= site.clear.min_share and shares[look.id] > 0]
    parts = _room_for(plan, used, masked, within, dropped)

    def bands_of(look: LookPlan) -> tuple[Scene, ...]:
        return _read_bands(masked[look.id], plan, parts, get, keep)

    registering = _registering(plan, used, parts)
    first = [used[slot] for slot in registering.order]
    rest = [look for look in order if look.id not in parts.slots]
    for done, (look, scenes) in enumerate(_overlapped(bands_of, (*first, *rest), threads), 1):
        _sort_out(look, scenes, parts.kept, dropped)
        if look.id in parts.slots:  # laid in this thread, while others read on
            (registering.comes if look.id in parts.kept else registering.never_comes)(parts.slots[look.id])
        on_progress(len(plan.looks) + done, 2 * len(plan.looks))
    parts.registered.update((used[slot].id, one) for slot, one in registering.found().items())
    _move(site, plan, parts, get)
    return _assemble(plan, parts)


def _registering(plan: ReadPlan, used: list[LookPlan], parts: _Parts) -> Registering:
    """What lays the looks that are used on one another, by their slots; a band without data can only take from what is clear."""
    rows, cols = compared((plan.grid.shape[0], plan.grid.shape[1]))
    most = np.array([(parts.masked[look.id].mask.classes[rows, cols] == CLEAR).mean() for look in used])
    return Registering(parts.reflectance[:, :, rows, cols], parts.clear[:, rows, cols], most, plan.bands)


def _move(site: Site, plan: ReadPlan, parts: _Parts, get: Fetch) -> None:
    """Place looks that lie off once more, from their chips, moved; in place."""

    def place_again(look: LookPlan) -> _Masked:
        right, down = parts.registered[look.id].shift_px or (0.0, 0.0)
        mask = parts.masked[look.id].mask
        again = _read_masks(look, site, plan, get, plan.grid.translate_pix(-right, -down), mask)
        _read_bands(again, plan, parts, get, lambda scene, _: scene)
        return again

    off = [look for look in plan.looks if look.id in parts.registered and any(parts.registered[look.id].shift_px or ())]
    for look, result in _overlapped(place_again, off, _threads(plan)):
        if isinstance(result, SceneError):
            del parts.kept[look.id]
        _sort_out(look, result, parts.masked, parts.dropped)


def _threads(plan: ReadPlan) -> int:
    """Hosts are waited for by many; on this machine more threads than cores get in each other's way."""
    remote = any(host != THIS_MACHINE for host, _ in plan.hosts)
    return THREADS if remote else min(THREADS, os.cpu_count() or 1)


def _overlapped(
    work: Callable[[LookPlan], T], looks: Sequence[LookPlan], threads: int
) -> Iterator[tuple[LookPlan, T | SceneError]]:
    """(look, result or SceneError) in order of completion; those not begun are dropped when nobody asks for more."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = {pool.submit(work, look): look for look in looks}
        try:
            for future in as_completed(waiting):
                try:
                    yield waiting[future], future.result()
                except SceneError as error:
                    yield waiting[future], error
        finally:
            pool.shutdown(cancel_futures=True)


def _sort_out(look: LookPlan, result: T | SceneError, into: dict[str, T], dropped: list[Dropped]) -> None:
    if isinstance(result, SceneError):
        dropped.append(Dropped(f"look {look.id}", f"dropped: {result}"))
    else:
        into[look.id] = result


def _room_for(
    plan: ReadPlan, used: list[LookPlan], masked: dict[str, _Masked], within: NDArray[np.bool_], dropped: list[Dropped]
) -> _Parts:
    slots = {look.id: n for n, look in enumerate(used)}
    reflectance = room((len(used), len(plan.bands), *plan.grid.shape), np.int16)
    clear, snow = (room((len(used), *plan.grid.shape), np.bool_) for _ in range(2))
    return _Parts(masked, {}, slots, reflectance, clear, snow, within, dropped, {})


def _masks_for(plan: ReadPlan) -> dict[str, _Mask]:
    shape = (len(plan.looks), *plan.grid.shape)
    both = zip(room(shape, np.uint8), room(shape, np.int16), strict=True)
    return {look.id: _Mask(*mask) for look, mask in zip(plan.looks, both, strict=True)}


def _read_masks(look: LookPlan, site: Site, plan: ReadPlan, get: Fetch, grid: GeoBox, mask: _Mask) -> _Masked:
    """Fill the place of a look; what else its masks say."""
    (classes, owner), all_chips, warped = mask, [], False
    classes.fill(NO_DATA)
    owner.fill(-1)
    for n, scene in enumerate(look.scenes):
        chips = get(scene, ("mask",) if scene.mask else plan.bands)
        all_chips.append(chips)
        if not chips:
            continue
        warped |= chips[0].crs != str(plan.grid.crs)
        own = _scene_classes(scene, site, chips, grid)
        fills = (owner < 0) & (own != NO_DATA)
        np.copyto(classes, own, where=fills)
        np.copyto(owner, np.int16(n), where=fills)
    return _Masked(look, mask, tuple(all_chips), warped, grid)


def _scene_classes(scene: Scene, site: Site, chips: tuple[Chip, ...], grid: GeoBox) -> NDArray[np.uint8]:
    if scene.mask is None:
        valid = np.ones(grid.shape, dtype=bool)
        for chip in chips:
            for n in range(len(chip.assets)):
                valid &= place_data(chip, n, grid)
        return np.where(valid, CLEAR, NO_DATA).astype(np.uint8)
    kind, chip = scene.mask[0], chips[0]
    rule = MaskKind(kind, scene.mask_clear if kind == "values" else site.clear.scl, chip.assets[0].nodata)
    return place_nearest(
        dilate(classify(chip.values[0], rule), site.clear, abs(chip.transform[0])), chip, grid, np.uint8(NO_DATA)
    )


def _read_bands(masked: _Masked, plan: ReadPlan, parts: _Parts, get: Fetch, keep: Keep) -> tuple[Scene, ...]:
    """Fill the place of a look that is used, in its own thread; its Scenes as they are kept."""
    kept, slot = [], parts.slots.get(masked.plan.id)
    out = None if slot is None else parts.reflectance[slot]
    if out is not None:
        out.fill(MISSING)
    for n, scene in enumerate(masked.plan.scenes):
        chips = masked.chips[n]
        mine = masked.mask.owner == n
        if out is not None and mine.any():
            chips = _with_bands(scene, chips, plan, get)
            _place(scene, chips, plan, masked.grid, out, mine)
        kept.append(keep(scene, chips) if chips else scene)
    if slot is not None:
        clear = np.equal(masked.mask.classes, CLEAR, out=parts.clear[slot])
        for band in parts.reflectance[slot]:
            clear &= band != MISSING
        parts.snow[slot] = masked.mask.classes == SNOW
    return tuple(kept)


def _place(
    scene: Scene, chips: tuple[Chip, ...], plan: ReadPlan, grid: GeoBox, out: NDArray[np.int16], mine: NDArray[np.bool_]
) -> None:
    """Fill ``out`` (band, y, x), where a Scene's pixels are ``mine``, from its chips."""
    where = True if mine.all() else mine
    for chip in chips:
        for index, asset in enumerate(chip.assets):
            band = next((n for n, name in enumerate(plan.bands) if _is(scene.asset(name), asset)), None)
            if band is not None:
                np.copyto(out[band], place_band(chip, index, grid, between=grid != plan.grid), where=where)


def _is(wanted: Asset | None, asset: Asset) -> bool:
    return wanted is not None and wanted.key == asset.key


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
    """Everything that was read, before it becomes a cube; filled in place."""

    masked: dict[str, _Masked]
    kept: dict[str, tuple[Scene, ...]]
    slots: dict[str, int]
    """Of the looks that are used: their places in the arrays."""
    reflectance: NDArray[np.int16]
    """(slot, band, y, x)."""
    clear: NDArray[np.bool_]
    """(slot, y, x), True where the mask is clear and every band has data."""
    snow: NDArray[np.bool_]
    """(slot, y, x)."""
    within: NDArray[np.bool_]
    dropped: list[Dropped]
    registered: dict[str, Registration]


def _share(here: NDArray[np.bool_], within: NDArray[np.bool_]) -> float:
    pixels = np.count_nonzero(within)
    return np.count_nonzero(here & within) / pixels if pixels else 0.0


def _assemble(plan: ReadPlan, parts: _Parts) -> Reading:
    used = [look for look in plan.looks if look.id in parts.slots and look.id in parts.kept]
    slots = [parts.slots[look.id] for look in used]
    reflectance, clear, snow = _only(parts.reflectance, slots), _only(parts.clear, slots), _only(parts.snow, slots)
    keep, notes = _check_offsets(plan, used, reflectance, clear, parts.dropped)
    for n, look in enumerate(used):
        if keep[n] and is_blank(reflectance, clear, n):
            keep[n], notes[look.id] = False, (*notes.get(look.id, ()), BLANK)
            parts.dropped.append(Dropped(f"look {look.id}", f"dropped: {BLANK}"))
    every = {look.id: _look(look, parts, plan, notes.get(look.id, ())) for look in plan.looks if look.id in parts.kept}
    for n, look in enumerate(used):
        every[look.id] = replace(every[look.id], clear=_share(clear[n], parts.within), used=keep[n])
    slots = [n for n, ok in enumerate(keep) if ok]
    reflectance, clear, snow = _only(reflectance, slots), _only(clear, slots), _only(snow, slots)
    cube = Cube(
        reflectance=reflectance,
        clear=clear,
        snow=snow,
        looks=tuple(every[look.id] for look, ok in zip(used, keep, strict=True) if ok),
        bands=plan.bands,
        grid=plan.grid,
        inside=parts.within,
    )
    return Reading(
        cube,
        tuple(every[look.id] for look in plan.looks if look.id in every),
        tuple(sorted(parts.dropped, key=lambda entry: entry.thing)),
    )


def _only(looks: NDArray[Number], kept: Sequence[int]) -> NDArray[Number]:
    """Some looks, in order, moved up in place: there may not be room for as many again."""
    for n, look in enumerate(kept):
        if n != look:
            looks[n] = looks[look]
    return looks[: len(kept)]


def _check_offsets(
    plan: ReadPlan, used: list[LookPlan], reflectance: NDArray[np.int16], clear: NDArray[np.bool_], dropped: list[Dropped]
) -> tuple[list[bool], dict[str, tuple[str, ...]]]:
    """Hold each Sentinel-2 look against its neighbours; corrects ``reflectance`` (ours) in place, in time order."""
    visible = tuple(plan.bands.index(b) for b in ("blue", "red") if b in plan.bands)
    judged = [n for n, look in enumerate(used) if any(note.startswith("offset:") for s in look.scenes for note in s.notes)]
    low = {n for n in judged if share_below(reflectance, clear, visible, n) > NEGATIVE_SHARE}
    keep = [True] * len(used)
    notes: dict[str, tuple[str, ...]] = {}
    for n in judged:
        verdict = check_offset(reflectance, clear, visible, n, tuple(j for j in judged if keep[j] and (j < n or j not in low)))
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
    lies = parts.registered.get(look.id, Registration(None, None))
    pixel = abs(plan.grid.transform.a)
    gsds = [a.pixel_m for s in scenes for name, a in s.bands if name in plan.bands and a.pixel_m]
    return Look(
        id=look.id,
        datetime=min(s.datetime for s in look.scenes),
        platform=first.platform,
        scenes=tuple(SceneRef(s.id, s.datetime, s.sha256) for s in scenes),
        clear=_share(masked.mask.classes == CLEAR, parts.within),
        snow=_share(masked.mask.classes == SNOW, parts.within),
        covered=1.0 - _share(masked.mask.classes == NO_DATA, parts.within),
        gsd=min(gsds, default=first.gsd),
        sun_elevation=first.sun_elevation,
        sun_azimuth=first.sun_azimuth,
        off_nadir=first.off_nadir,
        credit="; ".join(sorted({s.credit for s in scenes})),
        licence="; ".join(sorted({s.licence for s in scenes})),
        warped=masked.warped,
        shift_m=None if lies.shift_px is None else (round(lies.shift_px[0] * pixel, 3), round(-lies.shift_px[1] * pixel, 3)),
        residual_m=None if lies.residual_px is None else round(lies.residual_px * pixel, 2),
        used=False,
        notes=tuple(dict.fromkeys([*(note for s in scenes for note in s.notes), *notes, *_told(lies)])),
    )


def _told(lies: Registration) -> tuple[str, ...]:
    return (f"registration not estimated: {lies.failed}",) if lies.failed else ()
