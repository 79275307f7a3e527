"""Plan, then act: Scenes to looks, the Site's grid, and what reading it will cost and tell."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import shapely
from affine import Affine

from spadework.errors import GeometryError, NoImageryError
from spadework.grid import in_metres, inside, shape_of, site_grid, window_on
from spadework.imagery.search import THIS_MACHINE
from spadework.records import BANDS, Dropped

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox

    from spadework.records import Asset, MultiPolygon, Scene, Site

PASS: Final = dt.timedelta(minutes=10)
"""Scenes of one platform this close together are one pass."""
_ADDS: Final = 0.01
"""A twin that adds less than this share of the Site is a duplicate, 0..1."""
MARGIN_M: Final = 120.0
"""Ground read around the grid, metres: the dilation of masks and the cubic kernel reach into it."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """One look to come: its Scenes, the one that wins a pixel first."""

    id: str
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A frozen description of the work; printing it does nothing."""

    grid: GeoBox
    bands: tuple[str, ...]
    looks: tuple[LookPlan, ...]
    dropped: tuple[Dropped, ...]
    bytes: int
    """Raw bytes of the pixels to be read, before compression, if every look were clear enough."""
    hosts: tuple[tuple[str, str], ...]
    """(host, what it learns from the reading)."""
    paid: tuple[str, ...]
    """Scenes whose reading is billed to the reader."""

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All Scenes of all looks."""
        return tuple(scene for look in self.looks for scene in look.scenes)


def plan_reading(site: Site, scenes: tuple[Scene, ...]) -> ReadPlan:
    """Decide grid, bands and looks.

    Args:
        site: the Site.
        scenes: that meet it, in time order; every one has a CRS and its assets a transform and shape.

    Raises:
        NoImageryError: no band that all collections offer, or no Scene left.
        GeometryError: an area smaller than a pixel.

    """
    bands = pick_bands(scenes)
    usable, dropped = [], []
    for scene in scenes:
        missing = [band for band in bands if scene.asset(band) is None]
        if missing and scene.bands:
            dropped.append(Dropped(scene.id, f"has no {', '.join(missing)} band"))
        elif scene.crs and not in_metres(scene.crs):
            dropped.append(Dropped(scene.id, f"its CRS {scene.crs} is not in metres; warp it to UTM first"))
        else:
            usable.append(scene)
    groups = group_looks(usable)
    crs = pick_crs(site.aoi, groups)
    native = _finest(usable, crs, bands)
    if native is None or native.transform is None:
        raise NoImageryError(site.name, f"no scene gives a pixel grid in {crs}", "check the collection")
    grid = site_grid(site.aoi, crs, native.transform)
    if not inside(grid, site.aoi).any():
        raise GeometryError("area of interest", f"it holds no pixel of {abs(grid.transform.a):g} m", "draw it larger")
    looks = []
    for group in groups:
        kept, gone = order_scenes(group, crs, site.aoi)
        looks.append(LookPlan(look_id(kept[0]), tuple(kept)))
        dropped += [Dropped(scene.id, "duplicate: its granule of that pass is read from another item") for scene in gone]
    looks.sort(key=lambda look: min(scene.datetime for scene in look.scenes))
    plan_scenes = [scene for look in looks for scene in look.scenes]
    return ReadPlan(
        grid=grid,
        bands=bands,
        looks=tuple(_unique(looks)),
        dropped=tuple(dropped),
        bytes=sum(_bytes(scene, bands, grid) for scene in plan_scenes),
        hosts=_hosts(plan_scenes),
        paid=tuple(scene.id for scene in plan_scenes if any(note.startswith("requester-pays") for note in scene.notes)),
    )


def pick_bands(scenes: tuple[Scene, ...]) -> tuple[str, ...]:
    """The monitored bands that at least half of the Scenes of every collection offer, in cube order.

    Scenes without any band (evidence of looks too cloudy to read) have no vote.

    Raises:
        NoImageryError: when there is none.

    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    voters: Counter[str] = Counter()
    for scene in scenes:
        if scene.bands:
            voters[scene.collection] += 1
            votes[scene.collection].update(name for name, _ in scene.bands)
    bands = tuple(band for band in BANDS if voters and all(votes[c][band] * 2 >= voters[c] for c in voters))
    if not bands:
        offer = "; ".join(f"{c}: {', '.join(sorted(votes[c])) or 'none'}" for c in sorted(voters)) or "no bands at all"
        raise NoImageryError(
            "bands", f"no band is offered by every collection ({offer})", 'name the assets: assets = { red = "..." }'
        )
    return bands


def group_looks(scenes: list[Scene]) -> list[list[Scene]]:
    """Scenes of one platform at most 10 minutes after the first of their pass, in time order."""
    groups: list[list[Scene]] = []
    open_pass: dict[str, list[Scene]] = {}
    for scene in sorted(scenes, key=lambda s: (s.datetime, s.collection, s.id)):
        key = f"{scene.platform}|{scene.collection}" if scene.platform == "unknown" else scene.platform
        group = open_pass.get(key)
        if group is None or scene.datetime - group[0].datetime > PASS:
            group = []
            open_pass[key] = group
            groups.append(group)
        group.append(scene)
    return groups


def pick_crs(aoi: MultiPolygon, groups: list[list[Scene]]) -> str:
    """The CRS whose Scenes cover most of the area in most looks; a tie goes to the lower name."""
    area, wins = shape_of(aoi), Counter[str]()
    for group in groups:
        shares: dict[str, float] = {}
        for crs in sorted({scene.crs for scene in group if scene.crs}):
            union = shapely.union_all([shape_of(s.footprint) for s in group if s.crs == crs])
            shares[crs] = round(float(union.intersection(area).area / area.area), 3)
        if shares:
            wins[max(sorted(shares), key=lambda crs: shares[crs])] += 1
    if not wins:
        raise NoImageryError("scenes", "none of them has a known CRS", "the catalogue must give proj:code, or the files one")
    return min(wins, key=lambda crs: (-wins[crs], crs))


def _finest(scenes: list[Scene], crs: str, bands: tuple[str, ...]) -> Asset | None:
    assets = [a for s in scenes for name, a in s.bands if name in bands and a.crs == crs and a.transform]
    return min(assets, key=lambda a: a.pixel_m or 0.0, default=None)


def order_scenes(group: list[Scene], crs: str, aoi: MultiPolygon) -> tuple[list[Scene], list[Scene]]:
    """Who supplies a pixel first: latest baseline, then the grid's CRS, then coverage.

    A twin of a granule is left out where those before it cover what it covers; the two halves of a granule that a pass
    delivered in two pieces both stay.
    """
    area = shape_of(aoi)
    covers = {id(scene): shape_of(scene.footprint).intersection(area) for scene in group}

    def rank(scene: Scene) -> tuple[float, bool, float, str]:
        return -_baseline(scene), scene.crs != crs, -round(covers[id(scene)].area / area.area, 3), scene.id

    kept: list[Scene] = []
    gone: list[Scene] = []
    for scene in sorted(group, key=rank):
        twins = [covers[id(other)] for other in kept if scene.granule and other.granule == scene.granule]
        adds = covers[id(scene)].difference(shapely.union_all(twins)).area / area.area
        (gone if twins and adds < _ADDS else kept).append(scene)
    return kept, gone


def _baseline(scene: Scene) -> float:
    try:
        return float(scene.baseline or 0)
    except ValueError:
        return 0.0


def look_id(scene: Scene) -> str:
    """E.g. "20200512T083000Z-sentinel-2a"."""
    return f"{scene.datetime:%Y%m%dT%H%M%SZ}-{scene.platform}"


def _unique(looks: list[LookPlan]) -> list[LookPlan]:
    """Two looks of one second (two collections of an unknown platform) keep names apart."""
    seen: Counter[str] = Counter()
    out = []
    for look in looks:
        seen[look.id] += 1
        out.append(look if seen[look.id] == 1 else LookPlan(f"{look.id}-{seen[look.id]}", look.scenes))
    return out


def _bytes(scene: Scene, bands: tuple[str, ...], grid: GeoBox) -> int:
    total = 0
    for asset in [*(a for name, a in scene.bands if name in bands), *([scene.mask[1]] if scene.mask else [])]:
        if asset.transform and asset.shape and asset.crs:
            window = window_on(grid, asset.crs, Affine(*asset.transform), asset.shape, MARGIN_M)
            total += 2 * window.width * window.height if window else 0
    return total


def _hosts(scenes: list[Scene]) -> tuple[tuple[str, str], ...]:
    counts: Counter[str] = Counter()
    for scene in scenes:
        for asset in {a.href: a for _, a in scene.bands}.values():
            parts = urlsplit(asset.href)
            counts[parts.netloc if parts.scheme in ("http", "https", "s3") else ""] += 1
    told = "which blocks of {n} image files are read: the area to within a block (about 5 km at 10 m)"
    return tuple((host or THIS_MACHINE, told.format(n=n) if host else "nothing") for host, n in sorted(counts.items()))
