"""The static STAC catalogue of evidence chips: what was read, as it was read.

Collection ids and asset keys are those of the source, so a site file that points here reads the same numbers. A chip
file holds all bands of one native grid; an asset says which of them it is in ``spadework:band``.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pystac
import shapely

from spadework.grid import shape_of
from spadework.store.files import file_sha256, sha256, write_atomic
from spadework.store.rasters import cog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from spadework.cube import Chip
    from spadework.records import Asset, Scene

    Hashes = Mapping[str, str]
    """SHA-256 of files, by path below the catalogue."""

_EXTENSIONS = {
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "eo": "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "grid": "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "s2": "https://stac-extensions.github.io/sentinel-2/v1.0.0/schema.json",
}
"""Extensions by the prefix of their fields: one is declared only where it is used."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
"""An instant as STAC wants it."""
_TILE = re.compile(r"\d{1,2}[C-X][A-Z]{2}")
"""A tile of the Military Grid Reference System."""


_LONGEST_NAME = 120
"""Characters: file systems end at 255 bytes."""


def safe_name(text: str) -> str:
    """An id as a file name that stays in its folder; one that had to be changed ends in a hash, so no two ids share it."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text).lstrip(".")
    if name == text and 0 < len(name) <= _LONGEST_NAME and not name.endswith((".json", ".tif")):
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{sha256(text.encode())[:8]}"


@dataclass(slots=True)
class Catalogue:
    """A static catalogue that grows item by item; an item is complete the moment its JSON is there."""

    root: Path
    """The folder of catalog.json."""
    title: str
    """What the catalogue is of."""

    def item_path(self, scene: Scene) -> Path:
        """Where the item of a Scene is, or would be."""
        name = safe_name(scene.id)
        return self.root / safe_name(scene.collection) / name / f"{name}.json"

    def files_of(self, scene: Scene) -> dict[str, str]:
        """SHA-256 of the item of a Scene as it is, and of its chips as the item tells them, by path below the catalogue."""
        path = self.item_path(scene)
        told = {path.parent / name: digest for name, digest in _told(path).items()}
        digest = file_sha256(path)
        return {str(file.relative_to(self.root)): sha for file, sha in {**told, path: digest}.items() if sha}

    def keep(self, scene: Scene, chips: tuple[Chip, ...], before: Callable[[Scene, Hashes], None] = lambda *_: None) -> Scene:
        """Write the chips of a Scene, then its item; returns the Scene as it is now kept.

        Args:
            scene: as its source tells it.
            chips: what was read.
            before: told the Scene as it will be kept and the hashes of its files, before any is written.

        Raises:
            StorageError: no space or no permission.

        """
        path = self.item_path(scene)
        kept: dict[str, dict[str, Any]] = {}
        places: dict[str, Asset] = {}
        files: dict[Path, bytes] = {}
        hashes = []
        for chip, name in zip(chips, _chip_names(chips), strict=True):
            data = cog(chip.values, chip.crs, chip.transform, _common_nodata(chip), [a.key for a in chip.assets])
            files[path.parent / name] = data
            hashes.append(sha256(data))
            shape = (int(chip.values.shape[1]), int(chip.values.shape[2]))
            for n, asset in enumerate(chip.assets, 1):
                new = replace(asset, href=str(path.parent / name), band=n, crs=chip.crs, transform=chip.transform, shape=shape)
                places[asset.key] = new
                kept[asset.key] = _asset_json(new, name, len(data), hashes[-1], str(chip.values.dtype))
        bands = tuple((name, places[asset.key]) for name, asset in scene.bands if asset.key in places)
        mask = (scene.mask[0], places[scene.mask[1].key]) if scene.mask and scene.mask[1].key in places else None
        digest = hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode())
        done = replace(scene, bands=bands, mask=mask, sha256=digest)
        files[path] = _dump(_item_json(done, kept, scene.origin))
        self._write(files, lambda told: before(done, told))
        return done

    def finish(self, scenes: Iterable[Scene], before: Callable[[Hashes], None] = lambda _: None) -> None:
        """Write catalog.json and the collections over the items of these Scenes (those that are kept).

        Args:
            scenes: of the catalogue.
            before: told the hashes of these files, before any is written.

        Raises:
            StorageError: no space or no permission.

        """
        files: dict[Path, bytes] = {}
        groups: dict[str, list[Scene]] = {}
        for scene in scenes:
            if self.item_path(scene).is_file():
                groups.setdefault(scene.collection, []).append(scene)
        for name, members in sorted(groups.items()):
            files[self.root / safe_name(name) / "collection.json"] = _dump(_collection_json(name, members, self))
        catalog = pystac.Catalog("spadework-evidence", self.title).to_dict(include_self_link=False)
        catalog["links"] = [{"rel": "root", "href": "./catalog.json", "type": "application/json"}] + [
            {"rel": "child", "href": f"./{safe_name(name)}/collection.json", "type": "application/json"}
            for name in sorted(groups)
        ]
        files[self.root / "catalog.json"] = _dump(catalog)
        self._write(files, before)

    def _write(self, files: dict[Path, bytes], before: Callable[[Hashes], None]) -> None:
        before({str(path.relative_to(self.root)): sha256(data) for path, data in files.items()})
        for path, data in files.items():
            write_atomic(path, data)


def intact(scene: Scene) -> bool:
    """Whether the chips of a kept Scene are there, byte for byte."""
    paths = sorted({asset.href for _, asset in scene.bands} | ({scene.mask[1].href} if scene.mask else set()))
    if not paths or scene.sha256 is None:
        return False
    told = _told(Path(paths[0]).parent / f"{Path(paths[0]).parent.name}.json")
    return all(told.get(Path(path).name, "") == file_sha256(Path(path)) for path in paths)


def _told(item: Path) -> dict[str, str]:
    """SHA-256 of chips by file name, as their item tells them; empty where there is no such item."""
    try:
        assets = json.loads(item.read_text(encoding="utf-8"))["assets"].values()
        return {asset["href"].removeprefix("./"): asset["file:checksum"].removeprefix("1220") for asset in assets}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _common_nodata(chip: Chip) -> float | None:
    """The value without data that all bands share and their dtype can hold; the item always keeps each band's own."""
    told = {asset.nodata for asset in chip.assets}
    nodata = told.pop() if len(told) == 1 else None
    if nodata is None or chip.values.dtype.kind == "f":
        return nodata
    limits = np.iinfo(chip.values.dtype.name)
    return nodata if math.isfinite(nodata) and limits.min <= nodata <= limits.max and nodata == int(nodata) else None


def _chip_names(chips: tuple[Chip, ...]) -> list[str]:
    """E.g. "10m.tif"; a second chip of that pixel size gets a number."""
    seen: dict[str, int] = {}
    out = []
    for chip in chips:
        size = f"{abs(chip.transform[0]):g}m" if abs(chip.transform[0]) >= 0.01 else "chip"  # noqa: PLR2004 - the number says itself here
        seen[size] = seen.get(size, 0) + 1
        out.append(f"{size}.tif" if seen[size] == 1 else f"{size}-{seen[size]}.tif")
    return out


def _asset_json(asset: Asset, name: str, size: int, digest: str, dtype: str) -> dict[str, Any]:
    return {
        "href": f"./{name}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "spadework:band": asset.band,
        "proj:code": asset.crs if asset.crs and asset.crs.startswith("EPSG:") else None,
        "proj:transform": list(asset.transform or ()),
        "proj:shape": list(asset.shape or ()),
        "raster:scale": asset.scale,
        "raster:offset": asset.offset,
        "data_type": dtype,
        **({"nodata": asset.nodata if math.isfinite(asset.nodata) else str(asset.nodata)} if asset.nodata is not None else {}),
        "file:size": size,
        "file:checksum": f"1220{digest}",
    }


def _grid_code(granule: str | None) -> str | None:
    """A granule as the grid extension has it: MGRS-37SFA, WRS2-171035."""
    if granule is None or "-" in granule:
        return granule
    return f"MGRS-{granule}" if _TILE.fullmatch(granule) else f"WRS2-{granule}"


def _item_json(scene: Scene, kept: dict[str, dict[str, Any]], derived_from: str) -> dict[str, Any]:
    updated = scene.updated if scene.updated and _DATE.fullmatch(scene.updated) else None
    properties: dict[str, Any] = {
        "platform": scene.platform,
        "gsd": scene.gsd,
        "license": scene.licence if re.fullmatch(r"[\w.\-+]+", scene.licence) else "other",
        "eo:cloud_cover": scene.cloud,
        "view:sun_elevation": scene.sun_elevation,
        "view:sun_azimuth": scene.sun_azimuth,
        "view:off_nadir": scene.off_nadir,
        "s2:processing_baseline": scene.baseline,
        "grid:code": _grid_code(scene.granule),
        "updated": updated,
        "spadework:credit": scene.credit,
        "spadework:licence": scene.licence,
        "spadework:provider": scene.provider,
        "spadework:fingerprint": scene.fingerprint,
        "spadework:sha256": scene.sha256,
        "spadework:notes": list(scene.notes),
    }
    if scene.synthetic:
        properties["spadework:synthetic"] = True
    properties = {key: value for key, value in properties.items() if value is not None}
    assets: dict[str, Any] = {}
    for name, asset in scene.bands:
        assets[asset.key] = {**kept[asset.key], "bands": [{"name": asset.key, "eo:common_name": name}]}
    if scene.mask:
        kind, asset = scene.mask
        assets[asset.key] = {**kept[asset.key], "spadework:mask": {"kind": kind, "clear": list(scene.mask_clear)}}
    single = len(scene.footprint) == 1
    geometry = {
        "type": "Polygon" if single else "MultiPolygon",
        "coordinates": scene.footprint[0] if single else scene.footprint,
    }
    parts = (properties, *assets.values(), *(band for told in assets.values() for band in told.get("bands", ())))
    used = {key.partition(":")[0] for part in parts for key in part}
    item = pystac.Item(
        scene.id, geometry, list(shape_of(scene.footprint).bounds), scene.datetime,
        properties, stac_extensions=[url for prefix, url in _EXTENSIONS.items() if prefix in used], collection=scene.collection,
    ).to_dict(include_self_link=False)  # fmt: skip
    item["assets"] = assets
    item["links"] = [
        {"rel": "root", "href": "../../catalog.json", "type": "application/json"},
        {"rel": "parent", "href": "../collection.json", "type": "application/json"},
        {"rel": "collection", "href": "../collection.json", "type": "application/json"},
        *([{"rel": "derived_from", "href": derived_from} | ({"updated": updated} if updated else {})] if derived_from else []),
    ]
    return item


def _collection_json(name: str, scenes: list[Scene], catalogue: Catalogue) -> dict[str, Any]:
    bounds = shapely.union_all([shape_of(scene.footprint) for scene in scenes]).bounds
    instants = sorted(scene.datetime for scene in scenes)
    extent = pystac.Extent(pystac.SpatialExtent([list(bounds)]), pystac.TemporalExtent([[instants[0], instants[-1]]]))
    about = (
        "Synthetic data with known truth, not a real place" if any(s.synthetic for s in scenes) else f"Evidence chips of {name}"
    )
    collection = pystac.Collection(name, about, extent, license="other").to_dict(include_self_link=False)
    folder = safe_name(name)
    collection["links"] = [
        {"rel": "root", "href": "../catalog.json", "type": "application/json"},
        {"rel": "parent", "href": "../catalog.json", "type": "application/json"},
        *(
            {
                "rel": "item",
                "href": f"./{catalogue.item_path(s).relative_to(catalogue.root / folder)}",
                "type": "application/geo+json",
            }
            for s in scenes
        ),
    ]
    return collection


def _dump(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()
