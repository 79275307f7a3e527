"""Ask a STAC API, walk a static catalogue or list local files: three ways to the same Scenes.

What a host learns is decided here, and every request is reported to ``on_request`` before it is made.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pystac_client
import requests
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from urllib3.util import Retry

from spadework.errors import CatalogueError, NoImageryError, SceneError
from spadework.grid import shape_of
from spadework.imagery.files import local_scenes
from spadework.imagery.scenes import parse_item
from spadework.records import Dropped, ImagerySource, Request, Scene, Site

OnRequest = Callable[[Request], None]
OnProgress = Callable[[int, int | None], None]

USER_AGENT: Final = "spadework"
"""Says what asks, not who or why."""
PAGE: Final = 100
THIS_MACHINE: Final = "this machine"
"""In place of a host for local files: a report never prints the paths of who made it."""
_WALKERS: Final = 8


@dataclass(frozen=True, slots=True)
class HttpRule:
    """How patient we are with hosts."""

    timeout_s: float = 60.0
    """Longest wait for an answer, seconds."""
    retries: int = 5
    """Tries again after 429, 5xx and broken connections, with back-off (Retry-After is obeyed)."""
    backoff_s: float = 0.5
    """First pause, seconds; doubles each time."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of a search."""

    scenes: tuple[Scene, ...]
    """That meet the area, the dates and the cloud limit, in time order."""
    dropped: tuple[Dropped, ...]
    """Items that could not be understood."""
    hosts: tuple[tuple[str, str], ...]
    """(host, what it learnt)."""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Talk:
    """One search in progress: whom to tell, and what was set aside."""

    site: Site
    http: HttpRule
    on_request: OnRequest
    on_progress: OnProgress
    dropped: list[Dropped] = field(default_factory=list)
    hosts: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_scenes(site: Site, http: HttpRule, on_request: OnRequest, on_progress: OnProgress) -> Found:
    """All Scenes of a Site, from all its ``[[imagery]]`` tables.

    Args:
        site: the Site.
        http: patience.
        on_request: told of every request before it is made.
        on_progress: told (items so far, total or None).

    Raises:
        CatalogueError: a catalogue that does not answer, or not with STAC.
        NoImageryError: nothing over the area, or nothing in the dates.
        SiteFileError: local files that do not fit together.

    """
    talk = _Talk(site, http, on_request, on_progress)
    scenes: dict[tuple[str, str], Scene] = {}
    seen = 0
    for source in site.imagery:
        before = len(talk.dropped)
        for scene in _scenes_of(source, talk):
            seen += 1
            scenes.setdefault((scene.collection, scene.id), scene)
            on_progress(seen, None)
        if seen == 0 and len(talk.dropped) > before:
            first = talk.dropped[before]
            raise NoImageryError(first.thing, first.reason, f"all {len(talk.dropped)} items failed like this one")
    kept = [scene for scene in scenes.values() if _wanted(scene, site)]
    if not kept:
        raise _nothing(site, list(scenes.values()))
    kept.sort(key=lambda scene: (scene.datetime, scene.collection, scene.id))
    return Found(tuple(kept), tuple(talk.dropped), tuple(dict(talk.hosts).items()), tuple(talk.warnings))


def _wanted(scene: Scene, site: Site) -> bool:
    cloud = max((s.max_cloud for s in site.imagery if scene.collection in s.collections or s.files), default=100.0)
    if scene.cloud is not None and scene.cloud > cloud:
        return False
    in_time = site.period.history_start <= scene.datetime.date() <= site.period.end
    return in_time and shape_of(scene.footprint).intersects(shape_of(site.aoi))


def _nothing(site: Site, scenes: list[Scene]) -> NoImageryError:
    asked = ", ".join(s.stac or s.files or "" for s in site.imagery)
    here = [s for s in scenes if shape_of(s.footprint).intersects(shape_of(site.aoi))]
    if not scenes:
        return NoImageryError(
            asked, "it holds no scene of these collections for this area and period", "check collections, [period] and the area"
        )
    if not here:
        return NoImageryError(
            asked,
            f"none of its {len(scenes)} scenes covers the area of interest",
            "check the area (longitude first) and the collection",
        )
    days = sorted(s.datetime.date() for s in here)
    return NoImageryError(
        asked,
        f"no usable scene between {site.period.history_start} and {site.period.end}",
        f"over this area it has {len(here)} scenes from {days[0]} to {days[-1]}; change [period] or max_cloud",
    )


def _scenes_of(source: ImagerySource, talk: _Talk) -> Iterator[Scene]:
    if source.files:
        talk.hosts.append((THIS_MACHINE, "nothing"))
        for answer in local_scenes(source):
            if isinstance(answer, Dropped):
                talk.dropped.append(answer)
            else:
                yield answer
        return
    if source.stac is None:
        return
    for item, base in _api_or_static(source.stac, source, talk):
        try:
            yield parse_item(item, base, source)
        except SceneError as error:
            talk.dropped.append(Dropped(error.thing, f"{error.problem}. {error.mend}"))


# ---------------------------------------------------------------- STAC over the network
def query_box(site: Site) -> tuple[float, float, float, float]:
    """What a catalogue is asked for: whole degrees (``query = "tile"``) or the area's own bounding box."""
    west, south, east, north = shape_of(site.aoi).bounds
    if site.query == "aoi":
        return west, south, east, north
    return max(math.floor(west), -180), max(math.floor(south), -90), min(math.ceil(east), 180), min(math.ceil(north), 90)


def learns(site: Site) -> str:
    """What the catalogue's host learns from the search, in words."""
    box = ", ".join(f"{v:.5f}".rstrip("0").rstrip(".") for v in query_box(site))
    how = "whole degrees around the area" if site.query == "tile" else "the area's exact bounding box"
    return f"the search box {box} ({how}), the dates and the collections"


class _ReportingIO(StacApiIO):
    """The client's own I/O, which tells of each request first."""

    def __init__(self, talk: _Talk) -> None:
        super().__init__(timeout=_timeout(talk.http), headers={"User-Agent": USER_AGENT})
        self._talk = talk
        self.session.mount("http://", _adapter(talk.http))
        self.session.mount("https://", _adapter(talk.http))

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Tell, then ask."""
        self._talk.on_request(Request(method or "GET", href, learns(self._talk.site), extra={"parameters": parameters or {}}))
        return super().request(href, method, headers, parameters)


def _timeout(http: HttpRule) -> tuple[float, float]:
    """To connect, to answer; seconds."""
    return min(10.0, http.timeout_s), http.timeout_s


def _adapter(http: HttpRule) -> requests.adapters.HTTPAdapter:
    retry = Retry(
        total=http.retries,
        backoff_factor=http.backoff_s,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,
        respect_retry_after_header=True,
    )
    return requests.adapters.HTTPAdapter(max_retries=retry)


def _api_or_static(stac: str, source: ImagerySource, talk: _Talk) -> Iterator[tuple[dict[str, Any], str]]:
    if not urlsplit(stac).scheme.startswith("http"):
        path = Path(stac) / "catalog.json" if Path(stac).is_dir() else Path(stac)
        if not path.is_file():
            raise NoImageryError(str(path), "is not there", "check the path; stac is relative to the site file")
        talk.hosts.append((THIS_MACHINE, "nothing"))
        yield from _static(str(path), source, _read_local, talk)
        return
    talk.hosts.append((urlsplit(stac).netloc, learns(talk.site)))
    session = _ReportingIO(talk)

    def read(url: str) -> dict[str, Any]:
        return _json_of(url, lambda: session.read_text(url))

    root = read(stac)
    is_api = "conformsTo" in root or any(link.get("rel") == "search" for link in root.get("links", []))
    if is_api:
        yield from _api(stac, source, session, talk)
    else:
        yield from _static(stac, source, read, talk)


def _json_of(url: str, ask: Callable[[], str]) -> dict[str, Any]:
    """The JSON object behind an address; every way to fail is one clear error."""
    try:
        text = ask()
    except (APIError, requests.RequestException, FileNotFoundError) as error:
        raise _unreachable(url, error) from error
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "HTML" if text.lstrip()[:1] == "<" else "something that is not JSON"
        raise CatalogueError(
            url, f"answered with {what}, not with STAC", "check that stac names the API's root or a catalog.json"
        ) from error
    if not isinstance(answer, dict):
        raise CatalogueError(
            url, "answered with JSON that is no STAC object", "check that stac names the API's root or a catalog.json"
        )
    return answer


_TIRED: Final = re.compile(r"too many (\d{3}) error responses")
"""How the HTTP client says that trying again did not help."""


def _unreachable(url: str, error: Exception) -> CatalogueError:
    text = " ".join(str(error).split())
    tired = _TIRED.search(text)
    status = getattr(error, "status_code", None) or (int(tired[1]) if tired else None)
    later = "try again later; what was read before is kept"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CatalogueError(url, "answers 429: too many requests, also after waiting", later)
    if status:
        return CatalogueError(url, f"answers with an error ({status}), also after trying again", later)
    if isinstance(error, requests.Timeout) or "timed out" in text.lower():
        return CatalogueError(
            url, "does not answer in time", "try again later, or raise SPADEWORK_HTTP_TIMEOUT_S; what was read before is kept"
        )
    return CatalogueError(url, f"cannot be reached ({_why(error)})", "check the address and the network")


def _why(error: Exception) -> str:
    """What went wrong on the way to a host, which the client hides behind an error of its own."""
    cause = error.__context__ if isinstance(error, APIError) else error
    if isinstance(cause, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(cause, requests.ConnectionError):
        return "no such host, or it does not answer"
    no_address = (requests.exceptions.InvalidURL, FileNotFoundError)  # the client takes http:///x for a file
    return "it is no address" if isinstance(cause, no_address) else "its answer broke off"


def _api(stac: str, source: ImagerySource, session: _ReportingIO, talk: _Talk) -> Iterator[tuple[dict[str, Any], str]]:
    period = talk.site.period
    try:
        client = pystac_client.Client.open(stac, stac_io=session, timeout=_timeout(talk.http))
        asked: dict[str, Any] = {}
        if source.max_cloud < 100 and client.conforms_to("FILTER"):  # noqa: PLR2004 - the number says itself here
            asked = {
                "filter": {"op": "<=", "args": [{"property": "eo:cloud_cover"}, source.max_cloud]},
                "filter_lang": "cql2-json",
            }
        search = client.search(
            collections=list(source.collections),
            bbox=list(query_box(talk.site)),
            datetime=f"{period.history_start}T00:00:00Z/{period.end}T23:59:59Z",
            limit=PAGE,
            **asked,
        )
        for item in search.items_as_dicts():
            own = next((link["href"] for link in item.get("links", []) if link.get("rel") == "self"), None)
            yield item, _remote(urljoin(stac, own)) or stac if own else stac
    except (APIError, requests.RequestException) as error:
        raise _unreachable(stac, error) from error
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
        raise CatalogueError(
            stac, "answered with something that is not a STAC item collection", "check that stac names a STAC API"
        ) from error


# ---------------------------------------------------------------- a static catalogue
def _read_local(path: str) -> dict[str, Any]:
    def read() -> str:
        try:
            return Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise CatalogueError(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from error
        except UnicodeDecodeError as error:
            raise CatalogueError(path, "is not UTF-8 text", "check that stac names a catalog.json") from error

    return _json_of(path, read)


def _static(
    root: str, source: ImagerySource, read: Callable[[str], dict[str, Any]], talk: _Talk
) -> Iterator[tuple[dict[str, Any], str]]:
    """Follow child and item links, many items at a time; an item that cannot be read is set aside, not the end of the walk."""

    def fetch(address: str) -> tuple[dict[str, Any], str] | Dropped:
        if _remote(root) and not _remote(address):
            return Dropped(address, "a catalogue on the network points at a file of this machine: it is broken or hostile")
        try:
            return read(address), address
        except CatalogueError as error:
            return Dropped(address if urlsplit(address).scheme.startswith("http") else Path(address).name, error.problem)

    with ThreadPoolExecutor(_WALKERS) as pool:
        for answer in pool.map(fetch, list(_item_addresses(root, source, read))):
            if isinstance(answer, Dropped):
                talk.dropped.append(answer)
            else:
                yield answer


def _item_addresses(root: str, source: ImagerySource, read: Callable[[str], dict[str, Any]]) -> Iterator[str]:
    """Addresses of the items of the collections asked for, below a catalogue or collection."""
    todo = [root]
    seen = {root}
    while todo:
        here = todo.pop()
        node = read(here)
        wanted = node.get("type") != "Collection" or node.get("id") in source.collections
        for link in node.get("links", []) if wanted else ():
            target = _join(here, str(link.get("href")))
            if link.get("rel") == "child" and target not in seen and (_remote(target) or not _remote(root)):
                seen.add(target)
                todo.append(target)
            elif link.get("rel") == "item":
                yield target


def _join(base: str, href: str) -> str:
    """An address named by a catalogue. One on the network that names a file of this machine gets no further: see ``_static``."""
    if _remote(base) or _remote(href):
        return urljoin(base, href)
    return str((Path(base).parent / href).resolve())


def _remote(address: str) -> str | None:
    """The address, where it is one of the network."""
    return address if urlsplit(address).scheme.lower() in ("http", "https") else None


def kept_scene(path: Path) -> Scene | None:
    """The Scene of an item written by ``store.catalogue``; None where there is none or it is damaged."""
    if not path.is_file():
        return None
    try:
        return parse_item(_read_local(str(path)), str(path), ImagerySource())
    except (CatalogueError, SceneError):
        return None
