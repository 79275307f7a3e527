"""Searching, from catalogue to dossier, over HTTP on loopback and through the command line."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import material
import pytest
import servers
from conftest import STACK, Ran, ledger

from spadework.errors import CatalogueError, NoImageryError
from spadework.imagery.search import HttpRule, find_scenes
from spadework.intake.site import read_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).parent.parent / "examples" / "al_bukamal" / "site.toml"
HTTP = HttpRule(timeout_s=2, retries=1, backoff_s=0.01)
CLEAR_DATES = 54
"""Of the 60 dates of the stack, each tenth is overcast."""


@pytest.fixture(scope="module")
def served(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[servers.FileServer, str]]:
    """The COGs over HTTP and rustac over their items, 200 of which lie 3 degrees to the east."""
    cogs = servers.FileServer(tiny).start()
    found = material.pages_of_items(STACK, cogs.url, more=200)
    with servers.rustac(material.write_items(found, tmp_path_factory.mktemp("api") / "items.json")) as root:
        yield cogs, root
    cogs.stop()


def hashes(dossier: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((dossier / "rasters").glob("*.tif"))}


# ---------------------------------------------------------------- the whole way
@pytest.fixture(scope="module")
def by_disk(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What a run in a process of its own, on the catalogue on disk, printed, and its dossier."""
    folder = tmp_path_factory.mktemp("disk")
    site = material.write_site(folder / "site.toml", STACK, str(tiny / "catalog.json"))
    command = [str(Path(sys.executable).parent / "spadework"), "run", str(site), "--out", str(folder / "d"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "d"


def test_the_planted_change_is_found_and_dated(by_disk: tuple[dict[str, Any], Path]) -> None:
    told, _ = by_disk
    days = STACK.days()
    after = next(n for n, day in enumerate(days) if day >= STACK.changed_on)
    assert (told["looks"], told["used_looks"], told["dropped"]) == (60, CLEAR_DATES, [])
    (event,) = told["events"]
    assert event["status"] == "confirmed"
    assert event["onset_latest"]["datetime"][:10] == str(days[after])
    assert event["onset_earliest"]["datetime"][:10] == str(days[after - 1])
    top, left, bottom, right = STACK.rectangle
    assert event["area_m2"] == pytest.approx((bottom - top) * (right - left) * 100, rel=0.15)


def test_an_api_over_http_gives_the_same_rasters_as_the_disk(
    served: tuple[servers.FileServer, str],
    by_disk: tuple[dict[str, Any], Path],
    spadework: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    cogs, root = served
    cogs.forget()
    ran = spadework("run", material.write_site(tmp_path / "site.toml", STACK, root), "--out", tmp_path / "d", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["events"][0]["id"] == by_disk[0]["events"][0]["id"]
    assert hashes(tmp_path / "d") == hashes(by_disk[1])
    _check_ledger(tmp_path / "d", cogs, root)
    assert not cogs.paths(r"TCI|AOT|B8A|thumbnail"), "a decoy was opened"
    again = spadework("run", tmp_path / "site.toml", "--out", tmp_path / "d", "--json")
    assert (again.code, again.json["read"], again.json["did"]) == (0, 0, [])


def _check_ledger(dossier: Path, cogs: servers.FileServer, root: str) -> None:
    """Every search request and every opened remote asset is in the ledger, and what the host learnt."""
    told = ledger(dossier, "request")
    asked = [entry for entry in told if entry["url"].startswith(f"{root}/search")]
    assert asked
    assert all(re.search(r"whole degrees", entry["learns"]) for entry in asked)
    opened = {path for path in cogs.paths(r"\.tif") if not path.endswith((".aux.xml", ".ovr"))}
    assert opened
    assert {f"{cogs.url}{path}" for path in opened} <= {entry["url"] for entry in told}
    agents = {seen.headers.get("User-Agent", "") for seen in cogs.seen}
    assert all(agent.startswith("spadework") for agent in agents), agents


def test_a_static_catalogue_over_http_gives_the_same_rasters_as_the_disk(
    files: servers.FileServer, by_disk: tuple[dict[str, Any], Path], spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    site = material.write_site(tmp_path / "site.toml", STACK, f"{files.url}/catalog.json")
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 0, ran.err
    assert hashes(tmp_path / "d") == hashes(by_disk[1])
    told = {entry["url"] for entry in ledger(tmp_path / "d", "request")}
    assert {f"{files.url}{seen.path}" for seen in files.seen} <= told
    assert all(seen.headers["User-Agent"].startswith("spadework") for seen in files.seen)


def test_evidence_chips_read_again_give_the_same_rasters(
    by_disk: tuple[dict[str, Any], Path], spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    site = material.write_site(tmp_path / "site.toml", STACK, str(by_disk[1] / "catalog" / "catalog.json"))
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 0, ran.err
    assert hashes(tmp_path / "d") == hashes(by_disk[1])


def test_the_example_runs_with_only_its_url_replaced(spadework: Callable[..., Ran], tmp_path: Path) -> None:
    stack = material.Stack(lon=40.85, lat=34.40, pixels=640, step_days=62, dates=15, rectangle=(300, 300, 320, 330))
    material.write_cogs(stack, tmp_path / "cogs")
    cogs = servers.FileServer(tmp_path / "cogs").start()
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.count("https://earth-search.aws.element84.com/v1") == 1
    try:
        with servers.rustac(material.write_items(material.items(stack, cogs.url), tmp_path / "items.json")) as root:
            here = text.replace("https://earth-search.aws.element84.com/v1", root)
            (tmp_path / "site.toml").write_text(here, encoding="utf-8")
            for report in EXAMPLE.parent.glob("report_*.txt"):
                (tmp_path / report.name).write_bytes(report.read_bytes())
            ran = spadework("run", tmp_path / "site.toml", "--out", tmp_path / "d", "--json")
    finally:
        cogs.stop()
    assert ran.code == 0, ran.err
    assert ran.json["site"] == "Imam Ali base, Al-Bukamal"
    assert (ran.json["looks"], ran.json["used_looks"]) == (15, 14)
    checks = json.loads((tmp_path / "d" / "origins.json").read_text())["checks"]
    assert any(
        check["reason"].startswith("NOT OBSERVABLE: 4.57 m is 0.46 of a pixel of 10 m") or check["held_gsd_m"] is None
        for check in checks
    )


def test_the_example_is_coarse_on_purpose() -> None:
    site = read_site(EXAMPLE)
    assert site.publish.coordinates_m == 5000
    assert site.query == "tile"
    assert site.period.history_start == dt.date(2018, 1, 1)


# ---------------------------------------------------------------- what is asked
def test_pages_follow_each_other_to_the_end(served: tuple[servers.FileServer, str], tmp_path: Path) -> None:
    _, root = served
    path = material.write_site(tmp_path / "site.toml", STACK, root)
    wide = path.read_text(encoding="utf-8").replace(
        path.read_text(encoding="utf-8").split("bbox = ")[1].split("\n")[0], "[40.0, 34.0, 44.0, 35.0]"
    )
    path.write_text(wide, encoding="utf-8")
    asked: list[str] = []
    found = find_scenes(read_site(path), HTTP, lambda request: asked.append(request.url), lambda _done, _total: None)
    assert len(found.scenes) == 260
    assert len([url for url in asked if "/search" in url]) == 3


def test_an_api_without_filters_is_not_sent_one_and_clouds_are_left_out_here(
    served: tuple[servers.FileServer, str], tmp_path: Path
) -> None:
    _, root = served
    asked: list[dict[str, Any]] = []
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, root, max_cloud=50))
    found = find_scenes(site, HTTP, lambda request: asked.append(request.extra), lambda _done, _total: None)
    assert len(found.scenes) == CLEAR_DATES
    assert asked
    assert not any("filter" in extra["parameters"] or "query" in extra["parameters"] for extra in asked)


def test_an_api_that_filters_is_sent_the_filter(files: servers.FileServer, tmp_path: Path) -> None:
    root = servers.filtering_api(files, material.items(STACK, files.url))
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, root, max_cloud=50))
    found = find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    assert len(found.scenes) == CLEAR_DATES
    (search,) = [seen for seen in files.seen if seen.path == "/api/search"]
    assert json.loads(search.body)["filter"] == {"op": "<=", "args": [{"property": "eo:cloud_cover"}, 50.0]}
    assert json.loads(search.body)["filter-lang"] == "cql2-json"
    assert {seen.headers["User-Agent"] for seen in files.seen} == {"spadework"}


@pytest.mark.parametrize("query", ["tile", "aoi"])
def test_a_catalogue_learns_whole_degrees_unless_the_user_says_otherwise(
    query: str, files: servers.FileServer, tmp_path: Path
) -> None:
    root = servers.filtering_api(files, material.items(STACK, files.url))
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, root, query=query))
    told: list[str] = []
    find_scenes(site, HTTP, lambda request: told.append(request.learns), lambda _done, _total: None)
    (search,) = [seen for seen in files.seen if seen.path == "/api/search"]
    assert json.loads(search.body)["bbox"] == ([40, 34, 41, 35] if query == "tile" else list(STACK.box()))
    everything = " ".join(seen.path + seen.body.decode() + str(seen.headers) for seen in files.seen)
    exact = str(STACK.box()[0])
    assert (exact in everything) is (query == "aoi")
    assert all(("whole degrees" in text) is (query == "tile") for text in told)


def test_a_plan_reads_no_pixel_and_says_what_hosts_learn(
    served: tuple[servers.FileServer, str], spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    cogs, root = served
    cogs.forget()
    site = material.write_site(tmp_path / "site.toml", STACK, root)
    ran = spadework("run", site, "--out", tmp_path / "d", "--plan", "--json")
    assert ran.code == 0, ran.err
    assert cogs.seen == []
    assert not (tmp_path / "d").exists()
    assert ran.json["looks"] == 60
    assert ran.json["grid"] == {"crs": "EPSG:32637", "rows": 64, "columns": 66} | ran.json["grid"]
    hosts = {entry["host"]: entry["learns"] for entry in ran.json["hosts"]}
    assert "40, 34, 41, 35 (whole degrees" in hosts[root.removeprefix("http://")]
    assert "blocks of 360 image files" in hosts[cogs.url.removeprefix("http://")]
    text = spadework("run", site, "--plan").out
    assert f"host     {root.removeprefix('http://')} learns the search box 40, 34, 41, 35" in text


# ---------------------------------------------------------------- a hostile catalogue
def _hostile(files: servers.FileServer, href: str) -> str:
    found = material.items(STACK, files.url)
    for key in ("blue", "scl"):
        found[7]["assets"][key]["href"] = href
    return servers.filtering_api(files, found)


@pytest.mark.parametrize(
    "href", ["file:///etc/passwd", "/etc/passwd", "/vsicurl/http://127.0.0.1/x.tif", "vsizip/x.tif", "ftp://h/x"]
)
def test_a_remote_item_that_points_into_this_machine_is_refused_by_name(
    href: str, files: servers.FileServer, tmp_path: Path
) -> None:
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, _hostile(files, href)))
    found = find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    assert len(found.scenes) == 59
    (gone,) = found.dropped
    assert gone.thing == STACK.name(STACK.days()[7])


def test_a_remote_item_that_climbs_out_of_its_folder_stays_on_its_host(
    files: servers.FileServer, spadework: Callable[..., Ran], tmp_path: Path
) -> None:
    site = material.write_site(tmp_path / "site.toml", STACK, _hostile(files, "../../../../etc/passwd"))
    ran = spadework("run", site, "--out", tmp_path / "d", "--json")
    assert ran.code == 3
    assert STACK.name(STACK.days()[7]) in ran.json["dropped"][0]["reason"]
    assert files.paths(r"^/etc/passwd$"), "it was asked of the host, not of this machine"


def test_the_self_link_of_an_api_item_cannot_make_it_a_local_one(files: servers.FileServer, tmp_path: Path) -> None:
    found = material.items(STACK, files.url)
    found[7]["links"] = [{"rel": "self", "href": "file:///etc/item.json"}]
    found[7]["assets"]["blue"]["href"] = "passwd"
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, servers.filtering_api(files, found)))
    answer = find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    hrefs = [asset.href for scene in answer.scenes for _, asset in scene.bands]
    assert all(href.startswith("http://127.0.0.1") for href in hrefs)


def test_a_static_catalogue_on_the_network_cannot_have_local_files_read(files: servers.FileServer, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(material.items(STACK, ".")[0]), encoding="utf-8")
    collection = json.loads((files.root / "collection.json").read_text(encoding="utf-8"))
    collection["links"] = [{**link, "href": f"{files.url}/{link['href']}"} for link in collection["links"]]
    collection["links"].append({"rel": "item", "href": f"file://{tmp_path}/secret.json"})
    child = {"rel": "child", "href": "./collection.json"}
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "x", "description": "x", "links": [child]}
    files.replies |= {"/bad/catalog.json": lambda _: catalog, "/bad/collection.json": lambda _: collection}
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, f"{files.url}/bad/catalog.json"))
    answer = find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    assert len(answer.scenes) == 60
    (gone,) = answer.dropped
    assert gone.thing.endswith("secret.json")


def test_a_static_catalogue_with_a_loop_ends(files: servers.FileServer, tmp_path: Path) -> None:
    links = [{"rel": "child", "href": "./catalog.json"}, {"rel": "child", "href": f"{files.url}/collection.json"}]
    loop = {"type": "Catalog", "stac_version": "1.0.0", "id": "x", "description": "x", "links": links}
    files.replies |= {"/loop/catalog.json": lambda _: loop}
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, f"{files.url}/loop/catalog.json"))
    assert len(find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None).scenes) == 60


def test_json_nested_too_deeply_ends_in_one_clear_error_or_costs_its_item(files: servers.FileServer, tmp_path: Path) -> None:
    deep = "[" * 100_000
    (tmp_path / "catalog.json").write_text(deep)
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, str(tmp_path / "catalog.json")))
    with pytest.raises(CatalogueError, match=r"catalog\.json: answered with something that is not JSON"):
        find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    collection = json.loads((files.root / "collection.json").read_text(encoding="utf-8"))
    links = [{"rel": "item", "href": str(files.root / link["href"])} for link in collection["links"][:2]]
    (tmp_path / "deep.json").write_text(deep)
    (tmp_path / "catalog.json").write_text(json.dumps({**collection, "links": [*links, {"rel": "item", "href": "deep.json"}]}))
    found = find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
    assert len(found.scenes) == 2
    assert [gone.thing for gone in found.dropped] == ["deep.json"]


def test_a_local_catalogue_that_is_not_there_is_the_users_error(spadework: Callable[..., Ran], tmp_path: Path) -> None:
    for stac, missing in (("catalo.json", "catalo.json"), (".", "catalog.json")):
        ran = spadework("run", material.write_site(tmp_path / "site.toml", STACK, stac), "--plan")
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert f"{tmp_path / missing}: is not there. check the path" in ran.err


def test_a_local_catalogue_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_bytes(b"\xff\xfe{}")
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, str(tmp_path / "catalog.json")))
    with pytest.raises(CatalogueError, match=r"catalog\.json: is not UTF-8 text"):
        find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)


def test_a_local_item_that_is_not_there_is_named_without_its_folder(tmp_path: Path) -> None:
    links = [{"rel": "item", "href": "gone.json"}]
    collection = {"type": "Collection", "stac_version": "1.0.0", "id": material.COLLECTION, "links": links}
    (tmp_path / "catalog.json").write_text(json.dumps(collection))
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, str(tmp_path / "catalog.json")))
    with pytest.raises(NoImageryError, match=r"^gone\.json: cannot be read \(No such file or directory\)\. all 1 items failed"):
        find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)


def test_an_address_that_is_no_catalogue_is_named(files: servers.FileServer, tmp_path: Path) -> None:
    site = read_site(material.write_site(tmp_path / "site.toml", STACK, f"{files.url}/nowhere.json"))
    with pytest.raises(CatalogueError, match=r"nowhere\.json"):
        find_scenes(site, HTTP, lambda _: None, lambda _done, _total: None)
