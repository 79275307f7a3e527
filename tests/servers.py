"""The outside world on loopback: a file server with faults, a STAC API that filters, and rustac."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HTML = b"<!DOCTYPE html><html><body>Log in to continue</body></html>"
RUSTAC = Path(sys.executable).parent / "rustac"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    body: bytes
    status: int
    """What it was answered with; 0 = nothing (it was left hanging)."""
    time: float
    """Monotonic clock, seconds."""


@dataclass(slots=True)
class Fault:
    """What goes wrong with the paths that match."""

    pattern: str
    """Regular expression, searched for in the path."""
    kind: Literal["status", "hang", "html", "deep", "truncate"] = "status"
    status: int = 500
    times: int | None = None
    """So many requests; None = for ever."""
    retry_after: str | None = None
    """Seconds, as the header says it."""


@dataclass(slots=True)
class FileServer:
    """A folder over HTTP on a free port of loopback."""

    root: Path
    faults: list[Fault] = field(default_factory=list)
    replies: dict[str, Callable[[Seen], dict[str, Any]]] = field(default_factory=dict)
    """Path (without query) -> JSON, for fake APIs."""
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)
    """Set when hanging requests may go."""
    httpd: ThreadingHTTPServer | None = None

    def start(self, port: int = 0) -> FileServer:
        handler = type("Handler", (_Handler,), {"files": self})
        self.httpd = _Server(("127.0.0.1", port), handler)
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.released.set()
        if self.httpd is not None:
            self.httpd.shutdown()
            self.httpd.server_close()

    @property
    def url(self) -> str:
        assert self.httpd is not None
        return f"http://127.0.0.1:{self.httpd.server_address[1]}"

    def paths(self, pattern: str) -> list[str]:
        """Paths asked for so far that match."""
        with self.lock:
            return [seen.path for seen in self.seen if re.search(pattern, seen.path)]

    def forget(self) -> None:
        """Begin the record anew."""
        with self.lock:
            self.seen.clear()

    def fault_for(self, path: str) -> Fault | None:
        """The first fault that is still due."""
        with self.lock:
            for fault in self.faults:
                if re.search(fault.pattern, path) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's types
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    files: FileServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The record is in ``FileServer.seen``."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.files.fault_for(self.path)
        if fault is not None and fault.kind != "truncate":
            self._fail(fault, body)
            return
        reply = self.files.replies.get(urlsplit(self.path).path)
        if reply is not None:
            seen = self._note(200, body)
            self._send(200, json.dumps(reply(seen)).encode(), {"Content-Type": "application/json"})
            return
        self._file(body, cut=fault is not None)

    def _fail(self, fault: Fault, body: bytes) -> None:
        if fault.kind == "hang":
            self._note(0, body)
            self.files.released.wait(30)
            self.close_connection = True
        elif fault.kind == "html":
            self._note(200, body)
            self._send(200, HTML, {"Content-Type": "text/html"})
        elif fault.kind == "deep":
            self._note(200, body)
            self._send(200, b"[" * 100_000, {"Content-Type": "application/json"})
        else:
            self._note(fault.status, body)
            self._send(fault.status, b"no", {"Retry-After": fault.retry_after} if fault.retry_after else {})

    def _file(self, body: bytes, *, cut: bool) -> None:
        path = (self.files.root / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if not path.is_relative_to(self.files.root.resolve()) or not path.is_file():
            self._note(404, body)
            self._send(404, b"not here", {})
            return
        size = path.stat().st_size
        first, last, status = 0, size - 1, 200
        match = _RANGE.match(self.headers.get("Range") or "")
        if match:
            first = int(match[1]) if match[1] else max(size - int(match[2]), 0)
            last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
            status = 206
        if first >= size:
            self._note(416, body)
            self._send(416, b"", {"Content-Range": f"bytes */{size}"})
            return
        self._note(status, body)
        with path.open("rb") as file:
            file.seek(first)
            data = file.read(last - first + 1)
        kind = "application/json" if path.suffix in (".json", ".geojson") else "image/tiff"
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        if status == 206:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._send(status, data, headers, cut=cut)

    def _note(self, status: int, body: bytes) -> Seen:
        seen = Seen(self.command, self.path, dict(self.headers.items()), body, status, time.monotonic())
        with self.files.lock:
            self.files.seen.append(seen)
        return seen

    def _send(self, status: int, data: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True


# ---------------------------------------------------------------- STAC APIs
def filtering_api(server: FileServer, items: list[dict[str, Any]]) -> str:
    """A small STAC API that conforms to FILTER and obeys ``<=`` on cloud cover; returns its root."""
    root = f"{server.url}/api"
    conforms = [
        "https://api.stacspec.org/v1.0.0/core",
        "https://api.stacspec.org/v1.0.0/item-search",
        "https://api.stacspec.org/v1.0.0/item-search#filter",
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
        "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    ]

    def landing(_: Seen) -> dict[str, Any]:
        return {
            "type": "Catalog", "stac_version": "1.0.0", "id": "fake", "description": "a fake", "conformsTo": conforms,
            "links": [
                {"rel": "self", "href": root}, {"rel": "root", "href": root},
                {"rel": "search", "href": f"{root}/search", "method": "POST", "type": "application/geo+json"},
            ],
        }  # fmt: skip

    def search(seen: Seen) -> dict[str, Any]:
        asked = json.loads(seen.body)
        limit = asked.get("filter", {}).get("args", [None, 100.0])[1]
        found = [item for item in items if item["properties"]["eo:cloud_cover"] <= limit]
        return {"type": "FeatureCollection", "features": found, "links": []}

    server.replies |= {"/api": landing, "/api/search": search}
    return root


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def rustac(items: Path) -> Iterator[str]:
    """``rustac serve`` over an item collection, for as long as the context lasts; gives its root."""
    root = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(RUSTAC), "serve", "--create-collections", "--addr", f"127.0.0.1:{port}", str(items)]
    log = items.with_suffix(".rustac.log")
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink) as process:
        try:
            _wait_for(root, process, log)
            yield root
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(root: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(root, timeout=2):  # noqa: S310 - our own server on loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    msg = f"rustac did not start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}"
    raise RuntimeError(msg)


if __name__ == "__main__":
    # python servers.py FOLDER: serve it until standard input closes; the first line of output is the address.
    here = FileServer(Path(sys.argv[1])).start()
    sys.stdout.write(f"{here.url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    here.stop()
