"""A language model on loopback that answers well, badly, slowly or with malice: a real HTTP server, no model."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Model:
    """What it answers, one entry a request; the last one for all that follow."""

    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    """(status, body, headers)."""
    wait_s: float = 0.0
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """(path, headers, body)."""
    url: str = ""


def told(content: str | dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
    """An answer of the chat interface."""
    text = content if isinstance(content, str) else json.dumps(content)
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode(), {}


@contextmanager
def model_server(*answers: tuple[int, bytes, dict[str, str]], wait_s: float = 0.0) -> Iterator[Model]:
    """Serve some answers on a free port."""
    model = Model(list(answers), wait_s)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model.seen.append((self.path, dict(self.headers), json.loads(body)))
            time.sleep(model.wait_s)
            status, data, headers = model.answers[min(len(model.seen), len(model.answers)) - 1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except BrokenPipeError:
                return  # the reader has had enough

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
