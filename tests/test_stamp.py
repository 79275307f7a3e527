"""One time stamp from an authority on this machine, made with openssl, that answers well, badly, late or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from spadework.errors import MissingExtraError, OutsideError, UserError
from spadework.store.files import sha256
from spadework.store.pack import write_pack
from spadework.store.stamp import check_stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ran

HEAD = sha256(b"the last line of a ledger")
CONFIG = """\
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = {name}
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ stamping ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(*arguments: object) -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass(slots=True)
class Authority:
    """A time-stamping authority: a root, a signer under it, and how it answers."""

    folder: Path
    url: str = ""
    answer: Callable[[bytes], tuple[int, bytes]] | None = None
    """In place of an honest one: (HTTP status, body); None in the body's place hangs."""
    asked: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def make(self) -> Authority:
        key = ("-newkey", "rsa:2048", "-nodes")
        self.configure("sha256", "A root")
        conf = self.folder / "conf"
        days = ("-days", 3650)
        self.folder.joinpath("serial").write_text("01\n")
        openssl(
            "req",
            "-x509",
            "-config",
            conf,
            *key,
            "-keyout",
            self.folder / "root.key",
            "-extensions",
            "ca",
            *days,
            "-out",
            self.root,
        )
        self.configure("sha256", "A stamping authority")
        openssl("req", "-new", "-config", conf, *key, "-keyout", self.folder / "tsa.key", "-out", self.folder / "tsa.csr")
        openssl(
            "x509", "-req", "-in", self.folder / "tsa.csr", "-CA", self.root, "-CAkey", self.folder / "root.key", "-CAcreateserial",
            "-extfile", conf, "-extensions", "tsa", *days, "-out", self.folder / "tsa.pem",
        )  # fmt: skip
        return self

    def configure(self, digests: str, name: str = "A stamping authority") -> None:
        (self.folder / "conf").write_text(CONFIG.format(folder=self.folder, name=name, digests=digests))

    def reply(self, request: bytes) -> bytes:
        self.folder.joinpath("query").write_bytes(request)
        files = ("-queryfile", self.folder / "query", "-out", self.folder / "reply")
        openssl("ts", "-reply", "-config", self.folder / "conf", "-section", "stamping", *files)
        return (self.folder / "reply").read_bytes()

    def query(self, digest: str) -> bytes:
        return openssl("ts", "-query", "-digest", digest, "-sha256", "-cert")


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append(body)
            status, data = authority.answer(body) if authority.answer else (200, authority.reply(body))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(data)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's types
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield authority
    finally:
        authority.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa")).make()


@pytest.fixture
def authority(made: Authority) -> Iterator[Authority]:
    made.configure("sha256")
    with serving(Authority(made.folder)) as running:
        yield running


# ---------------------------------------------------------------- asked and answered
def test_a_head_is_stamped_and_anyone_can_check_it(authority: Authority, tmp_path: Path) -> None:
    token = stamp(HEAD, authority.url, 10)
    told = check_stamp(token, HEAD, authority.root)
    assert told.trusted
    assert told.authority == "CN=A stamping authority"
    assert told.time.tzinfo is not None
    (tmp_path / "x.tsr").write_bytes(token)
    said = openssl("ts", "-verify", "-digest", HEAD, "-in", tmp_path / "x.tsr", "-CAfile", authority.root)
    assert b"Verification: OK" in said


def test_the_authority_learns_the_head_only_and_each_request_is_new(authority: Authority, tmp_path: Path) -> None:
    for _ in range(2):
        stamp(HEAD, authority.url, 10)
    texts = []
    for n, request in enumerate(authority.asked):
        (tmp_path / str(n)).write_bytes(request)
        texts.append(openssl("ts", "-query", "-in", tmp_path / str(n), "-text").decode())
    for text in texts:
        assert "Hash Algorithm: sha256" in text
        assert "Certificate required: yes" in text
        assert "Nonce: 0x" in text
        assert "Policy OID: unspecified" in text
    assert texts[0] != texts[1]
    assert all(bytes.fromhex(HEAD) in request and len(request) < 80 for request in authority.asked)


def test_without_roots_the_signature_is_not_vouched_for(authority: Authority) -> None:
    assert not check_stamp(stamp(HEAD, authority.url, 10), HEAD, None).trusted


# ---------------------------------------------------------------- what goes wrong outside
def hang(authority: Authority) -> Callable[[bytes], tuple[int, bytes]]:
    def wait(_: bytes) -> tuple[int, bytes]:
        authority.released.wait(30)
        return 200, b""

    return wait


def other_digest(authority: Authority) -> Callable[[bytes], tuple[int, bytes]]:
    return lambda _: (200, authority.reply(authority.query("ab" * 32)))


def replayed(authority: Authority) -> Callable[[bytes], tuple[int, bytes]]:
    return lambda _: (200, authority.reply(authority.query(HEAD)))


def sha512_only(authority: Authority) -> None:
    authority.configure("sha512")


OUTSIDE = [
    ("HTTP 500", lambda _: lambda _: (500, b"no"), r"could not be asked for a time stamp \(HTTP 500\)"),
    ("hang", hang, r"could not be asked for a time stamp \(no answer in time\)"),
    ("garbage", lambda _: lambda _: (200, b"<html>"), "did not answer with a time stamp"),
    ("nothing", lambda _: lambda _: (200, b""), "did not answer with a time stamp"),
    ("too much", lambda _: lambda _: (200, b"\x30" * 2_000_000), "answered with over 1,048,576 bytes"),
    ("another digest", other_digest, "stamps something else than this head"),
    ("another nonce", replayed, "answered another request than ours"),
    ("rejection", sha512_only, "refused to stamp: .*digest"),
]


@pytest.mark.parametrize(("answer", "problem"), [case[1:] for case in OUTSIDE], ids=[case[0] for case in OUTSIDE])
def test_an_authority_that_fails_is_named_in_one_line(authority: Authority, answer: Callable[..., Any], problem: str) -> None:
    authority.answer = answer(authority)
    with pytest.raises(OutsideError, match=problem) as caught:
        stamp(HEAD, authority.url, 1)
    assert caught.value.thing == authority.url
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "not an address", "ftp://x/", "http://"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(OutsideError, match="could not be asked"):
        stamp(HEAD, url, 1)


# ---------------------------------------------------------------- what goes wrong with a token
def test_an_altered_token_says_the_same_or_nothing(authority: Authority) -> None:
    """Every byte; what may differ unnoticed is the copy of the root in the token, which is not what is trusted."""
    token = stamp(HEAD, authority.url, 10)
    honest = check_stamp(token, HEAD, authority.root)
    refused = 0
    for at in range(len(token)):
        altered = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        try:
            assert check_stamp(altered, HEAD, authority.root) == honest, at
        except UserError:
            refused += 1
    assert refused > len(token) / 2


def test_certificates_in_any_order_are_read(authority: Authority) -> None:
    """OpenSSL writes the signer first; DER, and so the decoder, wants them sorted."""
    token = stamp(HEAD, authority.url, 10)
    root, signer = (openssl("x509", "-in", authority.folder / f"{name}.pem", "-outform", "DER") for name in ("root", "tsa"))
    for order in (signer + root, root + signer):
        other = token.replace(signer + root, order).replace(root + signer, order)
        assert order in other
        assert check_stamp(other, HEAD, authority.root).authority == "CN=A stamping authority"


def test_a_token_of_another_head_or_root_is_refused(authority: Authority, tmp_path: Path) -> None:
    token = stamp(HEAD, authority.url, 10)
    with pytest.raises(UserError, match="something else"):
        check_stamp(token, "ab" * 32, authority.root)
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other").make()
    with pytest.raises(UserError, match="not signed under these roots"):
        check_stamp(token, HEAD, stranger.root)
    for roots in (tmp_path / "none", stranger.folder / "conf"):
        with pytest.raises(UserError, match="holds no certificates"):
            check_stamp(token, HEAD, roots)
    for garbage in (b"", b"\x30\x00", b"x" * 100, authority.asked[0]):
        with pytest.raises(UserError, match="is no time stamp"):
            check_stamp(garbage, HEAD, None)
    with pytest.raises(UserError, match="is no SHA-256"):
        check_stamp(token, "HEAD", None)


def test_a_refusal_is_no_stamp(authority: Authority) -> None:
    authority.configure("sha512")
    with pytest.raises(UserError, match="is no time stamp"):
        check_stamp(authority.reply(authority.query(HEAD)), HEAD, None)


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spadework\[timestamp\]'"):
        stamp(HEAD, "http://127.0.0.1:9/", 1)
    with pytest.raises(MissingExtraError):
        check_stamp(b"", HEAD, None)


# ---------------------------------------------------------------- the command
def test_verify_checks_the_stamp_of_an_export(authority: Authority, tmp_path: Path, spadework: Callable[..., Ran]) -> None:
    from spadework.store.ledger import Ledger  # noqa: PLC0415 - of this test only

    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("intake", {})
    made = write_pack(tmp_path / "x.zip", {"a": b"1"}, ledger.lines(), {})
    (tmp_path / "x.tsr").write_bytes(stamp(made.head, authority.url, 10))
    (tmp_path / "y.tsr").write_bytes(stamp(HEAD, authority.url, 10))
    ran = spadework("verify", tmp_path / "x.zip", "--stamp", tmp_path / "x.tsr", "--tsa-roots", authority.root)
    assert ran.code == 0
    assert "UTC by CN=A stamping authority, signed under your roots" in ran.out
    ran = spadework("verify", tmp_path / "x.zip", "--stamp", tmp_path / "x.tsr")
    assert (ran.code, "signature NOT checked: give --tsa-roots" in ran.out) == (0, True)
    told = spadework("verify", tmp_path / "x.zip", "--stamp", tmp_path / "x.tsr", "--json").json["stamp"]
    assert (told["trusted"], told["authority"]) == (False, "CN=A stamping authority")
    ran = spadework("verify", tmp_path / "x.zip", "--stamp", tmp_path / "y.tsr")
    assert ran.code == 2
    assert "wrong    y.tsr stamps something else than this head" in ran.out
