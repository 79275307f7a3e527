"""When hosts fail: patience, one clear line, and nothing lost that was read before."""

from __future__ import annotations

import itertools
import resource
import time
from typing import TYPE_CHECKING

import material
import pytest
import rasterio
import servers
from affine import Affine
from conftest import Ran, ledger
from servers import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FEW = material.Stack(dates=12, step_days=75)
BROKEN = FEW.name(FEW.days()[5])
"""The item that faults are aimed at."""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve dates with a static catalogue."""
    root = tmp_path_factory.mktemp("few")
    material.write_cogs(FEW, root)
    material.write_static(FEW, root)
    return root


@pytest.fixture
def host(few: Path) -> Iterator[servers.FileServer]:
    """The twelve dates over HTTP, with a filtering API at /api."""
    server = servers.FileServer(few).start()
    servers.filtering_api(server, material.items(FEW, server.url))
    yield server
    server.stop()


@pytest.fixture
def site(host: servers.FileServer, tmp_path: Path) -> Path:
    """A site file that asks the API."""
    return material.write_site(tmp_path / "site.toml", FEW, f"{host.url}/api")


def one_line(ran: Ran) -> str:
    """The one line that a failing command leaves on standard error."""
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1, ran.err
    return lines[0]


# ---------------------------------------------------------------- the catalogue fails
def test_too_many_requests_are_waited_out_as_the_host_asks(
    host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [Fault("/api/search", status=429, times=2, retry_after="1")]
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 0, ran.err
    times = [seen.time for seen in host.seen if seen.path == "/api/search"]
    assert len(times) == 3
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.95


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("/api", status=429, retry_after="0"), "429"),
        (Fault("/api/search", status=429), "429"),
        (Fault("/api", status=500), "500"),
        (Fault("/api/search", status=503), "503"),
        (Fault("/api", kind="hang"), "does not answer in time"),
        (Fault("/api/search", kind="hang"), "does not answer in time"),
        (Fault("/api", kind="html"), "HTML"),
        (Fault("/api/search", kind="html"), "not"),
        (Fault("/api", kind="deep"), "not JSON"),
        (Fault("/api/search", kind="deep"), "not a STAC item collection"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.pattern[5:] or 'root'}" if isinstance(value, Fault) else "",
)
def test_a_catalogue_that_fails_for_ever_ends_in_one_line_with_the_host_and_the_mend(
    fault: Fault, says: str, host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [fault]
    began = time.monotonic()
    ran = spadework("run", site, "--out", tmp_path / "d")
    assert ran.code == 1
    line = one_line(ran)
    assert host.url.removeprefix("http://") in line
    assert says in line
    assert line.rstrip().endswith(("kept", "network", "catalog.json", "API"))
    assert time.monotonic() - began < 12
    if fault.kind == "status":
        assert len(host.seen) >= 4, "three tries after the first"


def test_a_catalogue_out_of_reach_is_named(spadework: Callable[..., Ran], tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{servers.free_port()}"
    ran = spadework("run", material.write_site(tmp_path / "site.toml", FEW, gone), "--out", tmp_path / "d", "--json")
    assert ran.code == 1
    assert ran.json["error"] == (
        f"{gone}: cannot be reached (no such host, or it does not answer). check the address and the network"
    )
    assert ran.json["exit_code"] == 1


def test_nothing_read_is_lost_to_a_catalogue_that_fails_later(
    host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    assert spadework("run", site, "--out", tmp_path / "d").code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "d").rglob("*.tif")}
    host.faults = [Fault("/api", status=500)]
    assert spadework("run", site, "--out", tmp_path / "d").code == 1
    assert {path: path.read_bytes() for path in (tmp_path / "d").rglob("*.tif")} == before
    host.faults = []
    host.forget()
    again = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert (again.code, again.json["read"]) == (0, 0)
    assert host.paths(r"\.tif") == []


# ---------------------------------------------------------------- pixels fail
def test_image_hosts_that_stumble_are_asked_again(
    host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [
        Fault(rf"{BROKEN}/B04\.tif$", status=429, times=1, retry_after="0"),
        Fault(rf"{BROKEN}/SCL\.tif$", status=503, times=2),
    ]
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 0, ran.json["dropped"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(rf"{BROKEN}/SCL\.tif$", status=429, retry_after="0"),
        Fault(rf"{BROKEN}/B04\.tif$", status=500),
        Fault(rf"{BROKEN}/B04\.tif$", kind="hang"),
        Fault(rf"{BROKEN}/B04\.tif$", kind="html"),
        Fault(rf"{BROKEN}/B11\.tif$", kind="truncate"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_an_image_that_fails_costs_its_look_only_and_the_next_run_reads_what_is_missing(
    fault: Fault, host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [fault]
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 3, ran.err
    (gone,) = ran.json["dropped"]
    assert BROKEN in gone["reason"]
    assert "run again" in gone["reason"]
    assert ran.json["looks"] == 11
    host.faults = []
    host.forget()
    again = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert (again.code, again.json["looks"], again.json["read"]) == (0, 12, 1), again.json["dropped"]
    assert {path.split("/")[1] for path in host.paths(r"\.tif$")} == {BROKEN}


def test_all_images_out_of_reach_is_said_and_the_next_run_reads_them(
    host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [Fault(r"\.tif", status=500)]
    first = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert first.code in (1, 3)
    assert first.err == "" or len(first.err.strip().splitlines()) == 1
    host.faults = []
    again = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert (again.code, again.json["looks"]) == (0, 12)


def test_a_truncated_file_costs_its_look_only_on_disk_too(spadework: Callable[..., Ran], tmp_path: Path) -> None:
    material.write_cogs(FEW, tmp_path / "s")
    site = material.write_site(tmp_path / "site.toml", FEW, str(material.write_static(FEW, tmp_path / "s")))
    victim = tmp_path / "s" / BROKEN / "B03.tif"
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) * 2 // 3])
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert (ran.code, ran.json["looks"]) == (3, 11)
    (gone,) = ran.json["dropped"]
    assert BROKEN in gone["reason"]
    assert "B03.tif" in gone["reason"]
    victim.write_bytes(whole)
    again = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert (again.code, again.json["looks"], again.json["read"]) == (0, 12, 1), again.json["dropped"]


# ---------------------------------------------------------------- images that are too big
def _sparse(path: Path, side: int, block: int) -> None:
    """A GeoTIFF of side x side pixels of which nothing is stored, around the stack's corner."""
    x, y = FEW.corner
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16", "crs": material.CRS, "nodata": 0,
        "transform": Affine(10, 0, x, 0, -10, y), "tiled": True, "blockxsize": block, "blockysize": block,
        "sparse_ok": True, "bigtiff": "yes", "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile):
        pass


@pytest.mark.parametrize(("side", "block"), [(141_424, 4096), (20_480, 20_480)], ids=["20-gigapixel", "one-giant-block"])
def test_a_giant_image_is_windowed_or_refused_without_its_memory(
    side: int, block: int, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    material.write_cogs(FEW, tmp_path / "s")
    catalog = material.write_static(FEW, tmp_path / "s")
    _sparse(tmp_path / "s" / BROKEN / "B04.tif", side, block)
    site = material.write_site(tmp_path / "site.toml", FEW, str(catalog))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 400
    if block > 8192:
        assert ran.code == 3
        assert "blocks of" in ran.json["dropped"][0]["reason"]
        assert ran.json["looks"] == 11
    else:
        assert ran.json["looks"] == 12


# ---------------------------------------------------------------- what is told
def test_failures_of_the_network_stand_in_the_ledger_as_requests(
    host: servers.FileServer, site: Path, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    host.faults = [Fault("/api/search", status=500)]
    spadework("run", site, "--out", tmp_path / "d")
    assert any(entry["url"].endswith("/api/search") for entry in ledger(tmp_path / "d", "request"))
