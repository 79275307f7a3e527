"""For all tests: no network beyond loopback, no silent skips where none are allowed, and the tiny stack over HTTP."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import hypothesis
import material
import pytest
import servers

from spadework import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHARED_REASON: Final = "../shared"
hypothesis.settings.register_profile(
    "spadework", deadline=None
)  # no test asserts a time: other work on the machine would fail it
hypothesis.settings.load_profile("spadework")


# ---------------------------------------------------------------- house rules
def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine; what is not Python (GDAL, rustac) meets a dead proxy."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, real: Callable[..., Any] = real) -> Any:  # noqa: ANN401 - as socket has it
            if not _is_loopback(address):
                msg = f"a test reached for the network: {address}"
                raise RuntimeError(msg)
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        patch.setenv(name, "http://127.0.0.1:9")
    patch.setenv("no_proxy", "127.0.0.1,localhost")
    patch.setenv("NO_PROXY", "127.0.0.1,localhost")
    yield
    patch.undo()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With SPADEWORK_NO_SKIP=1 a skipped test is a failed one, save for material outside the repository."""
    outcome: Any = yield
    report = outcome.get_result()
    if os.environ.get("SPADEWORK_NO_SKIP") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if SHARED_REASON not in reason and "SPADEWORK_SHARED" not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped although SPADEWORK_NO_SKIP=1: {reason}"


# ---------------------------------------------------------------- the tiny stack
STACK: Final = material.Stack()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The COGs of the tiny stack with a static catalogue beside them."""
    root = tmp_path_factory.mktemp("tiny")
    material.write_cogs(STACK, root)
    material.write_static(STACK, root)
    return root


@pytest.fixture
def files(tiny: Path) -> Iterator[servers.FileServer]:
    """The tiny stack over HTTP; faults and record are the test's own."""
    server = servers.FileServer(tiny).start()
    yield server
    server.stop()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What it printed, as JSON."""
        return dict(json.loads(self.out))


@pytest.fixture
def spadework(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line in this process, with little patience."""
    monkeypatch.setenv("SPADEWORK_HTTP_TIMEOUT_S", "1")
    monkeypatch.setenv("SPADEWORK_HTTP_RETRIES", "3")
    monkeypatch.setenv("SPADEWORK_HTTP_BACKOFF_S", "0.02")

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["spadework", *map(str, arguments)])
        capfd.readouterr()
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        else:
            code = 0
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


def ledger(out: Path, kind: str) -> list[dict[str, Any]]:
    """Data of the ledger's lines of one kind."""
    lines = [json.loads(line) for line in (out / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["data"] for line in lines if line["kind"] == kind]
