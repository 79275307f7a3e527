"""Landsat Collection 2 Level 2, shaped as Planetary Computer serves it: 30 m, QA_PIXEL, nir08 for nir; and its signed addresses."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine

from spadework.imagery.search import HttpRule
from spadework.run.site import run_site

if TYPE_CHECKING:
    from pathlib import Path

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
SIDE, EPSG, WEST, NORTH = 40, 32637, 680_000.0, 3_810_000.0
CLEAR_LAND, CLOUD = 21824, 22280
"""QA_PIXEL: bit 6 clear; bits 3 and others cloud of high confidence."""


def write_date(
    root: Path, day: dt.date, reflectance: np.ndarray[Any, np.dtype[np.float64]], qa: int, ring: list[list[float]]
) -> dict[str, Any]:
    name = f"LC08_L2SP_170036_{day:%Y%m%d}"
    assets: dict[str, Any] = {}
    layers = {band: np.rint((reflectance[n] + 0.2) / 2.75e-5).astype("uint16") for n, band in enumerate(BANDS)}
    layers["qa_pixel"] = np.full((SIDE, SIDE), qa, "uint16")
    for key, values in layers.items():
        path = root / name / f"{key}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            path, "w", driver="GTiff", height=SIDE, width=SIDE, count=1, dtype="uint16", crs=f"EPSG:{EPSG}",
            transform=Affine(30, 0, WEST, 0, -30, NORTH), nodata=1 if key == "qa_pixel" else 0,
        ) as file:  # fmt: skip
            file.write(values, 1)
        assets[key] = {
            "href": f"./{key}.tif", "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data", "reflectance"] if key in BANDS else ["cloud"],
        }  # fmt: skip
        if key in BANDS:
            assets[key]["eo:bands"] = [{"name": key, "common_name": key}]
            assets[key]["raster:bands"] = [{"scale": 2.75e-5, "offset": -0.2, "nodata": 0, "data_type": "uint16"}]
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "landsat-c2-l2", "links": [], "assets": assets,
        "geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [ring[0][0], ring[2][1], ring[1][0], ring[0][1]],
        "properties": {
            "datetime": f"{day}T08:00:00Z", "platform": "landsat-8", "gsd": 30, "eo:cloud_cover": 90.0 if qa == CLOUD else 1.0,
            "proj:epsg": EPSG, "proj:shape": [SIDE, SIDE], "proj:transform": [30, 0, WEST, 0, -30, NORTH],
        },
    }  # fmt: skip
    (root / name / f"{name}.json").write_text(json.dumps(item))
    return item


def test_a_landsat_site_runs_and_says_what_stood_in_for_nir(tmp_path: Path) -> None:
    from pyproj import Transformer  # noqa: PLC0415 - beside its one use

    move = Transformer.from_crs(EPSG, 4326, always_xy=True)
    corners = [(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE), (0, 0)]
    ring = [list(move.transform(WEST + 30 * x, NORTH - 30 * y)) for x, y in corners]
    rng, links = np.random.default_rng(2), []
    base = np.array([0.12, 0.16, 0.22, 0.28, 0.36, 0.33])[:, None, None]
    for n in range(70):
        day = dt.date(2021, 1, 5) + dt.timedelta(days=16 * n)
        ground = base * (1 + 0.05 * rng.random((1, SIDE, SIDE))) + rng.normal(0, 0.003, (6, SIDE, SIDE))
        if day >= dt.date(2023, 3, 1):
            ground[:, 12:20, 22:30] += 0.1
        item = write_date(tmp_path / "cat", day, ground, CLOUD if n % 6 == 3 else CLEAR_LAND, ring)
        links.append({"rel": "item", "href": f"./{item['id']}/{item['id']}.json"})
    collection = {"type": "Collection", "id": "landsat-c2-l2", "links": links}
    (tmp_path / "cat" / "catalog.json").write_text(
        json.dumps({"type": "Catalog", "id": "pc", "links": [{"rel": "child", "href": "./collection.json"}]})
    )
    (tmp_path / "cat" / "collection.json").write_text(json.dumps(collection))
    (tmp_path / "aoi.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    (tmp_path / "site.toml").write_text(
        '[site]\nname = "Landsat"\ngeometry = "aoi.geojson"\n[period]\nhistory_start = 2021-01-01\nstart = 2022-11-01\nend = 2024-01-31\n'
        '[[imagery]]\nstac = "cat/catalog.json"\ncollections = ["landsat-c2-l2"]\n'
    )
    done = run_site(tmp_path / "site.toml", tmp_path / "out", HttpRule(), lambda _step, _done, _total: None)
    index = json.loads((tmp_path / "out" / "dossier.json").read_text())
    assert index["grid"]["transform"][:1] == [30.0]
    assert index["grid"]["shape"] == [SIDE, SIDE]
    assert "nir answered by nir08 (asset nir08)" in index["looks"][0]["notes"]
    lost = [look for look in index["looks"] if not look["used"]]
    assert len(lost) == 12
    assert all("U.S. Geological Survey" in look["credit"] for look in index["looks"])
    event = next(e for e in done.events if e["status"] == "confirmed")
    assert event["onset_earliest"]["datetime"][:10] < "2023-03-01" <= event["onset_latest"]["datetime"][:10]
    assert event["area_low_m2"] <= 64 * 900 <= event["area_high_m2"]


class _Tokens(http.server.BaseHTTPRequestHandler):
    """Planetary Computer's token service, as its library asks it."""

    def do_GET(self) -> None:
        body = json.dumps(
            {"msft:expiry": "2099-01-01T00:00:00Z", "token": f"sig={self.path.strip('/').replace('/', '-')}"}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silence."""


def test_planetary_computer_addresses_are_signed_by_its_own_library() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = (
        "from spadework.imagery.chips import _signed\n"
        "print(_signed('https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/x/B04.tif'))\n"
        "print(_signed('https://example.org/B04.tif'))"
    )
    env = {**os.environ, "PC_SDK_SAS_URL": f"http://127.0.0.1:{server.server_port}"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout.split()
    server.shutdown()
    server.server_close()
    assert told[0].startswith("https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/x/B04.tif?")
    assert "sig=sentinel2l2a01-sentinel2-l2" in told[0]
    assert told[1] == "https://example.org/B04.tif"
