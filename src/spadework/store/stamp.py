"""A time-stamping authority's word that a head existed by a certain time (RFC 3161): one request, and the check of its answer.

The head itself is the stamped digest, so ``openssl ts -verify -digest HEAD -in FILE.tsr -CAfile ROOTS`` checks it too.
"""

from __future__ import annotations

import re
import secrets
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import requests

from spadework.errors import MissingExtraError, OutsideError, UserError
from spadework.store.trail import Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from spadework.store.verify import Verdict

_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")
"""DER of AlgorithmIdentifier id-sha256 with NULL (RFC 5754, 2)."""
_SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
_LARGEST: Final = 1 << 20
"""Bytes of an answer that is read at all; usual ones have 2,000 to 8,000."""
_GRANTED: Final = 0
"""PKIStatus granted (RFC 3161, 2.4.2)."""
_CERTIFICATES: Final = 0xA0
"""Tag of the certificates in SignedData (RFC 5652, 5.1)."""
_LONG: Final = 0x80
"""Bit of a DER length that is itself longer than a byte."""
_HEAD: Final = re.compile(r"[0-9a-f]{64}")
_ADDRESS: Final = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_NAME_IT: Final = "name the .tsr file that `spadework publish` wrote"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says."""

    time: dt.datetime
    """When the authority saw the head, UTC."""
    authority: str
    """Subject of the certificate that signed, RFC 4514; "unknown" where the token does not tell one."""
    trusted: bool
    """Whether its signature was checked up to a given root; False: no roots were given, and anyone could have made it."""


def stamp(head: str, url: str, timeout_s: float) -> bytes:
    """Ask an authority to stamp a head; it learns the head, and nothing else.

    Args:
        head: SHA-256, hexadecimal.
        url: of the authority, http or https.
        timeout_s: longest wait for a sign of life, seconds.

    Returns:
        the answer, DER: the content of a ``.tsr`` file.

    Raises:
        MissingExtraError: the extra ``timestamp`` is not installed.
        UserError: the head is no SHA-256.
        OutsideError: no answer, a refusal, or an answer to something else.

    """
    client = _client()
    nonce = secrets.randbits(63) | 1 << 62
    token = _ask(_request(_digest(head), nonce), url, timeout_s)
    answer = _decoded(client, token)
    if answer is None:
        raise OutsideError(
            url, "did not answer with a time stamp", "check the address: it should be that of an RFC 3161 service"
        )
    if answer.status != _GRANTED:
        why = "; ".join(answer.status_string) or f"status {answer.status}"
        raise OutsideError(url, f"refused to stamp: {why!a}", "ask another authority")
    problem = _unlike(answer, head)
    if problem is None and answer.tst_info.nonce != nonce:
        problem = "answered another request than ours"
    if problem:
        raise OutsideError(url, problem, "ask another authority: this answer was discarded")
    return token


def check_stamp(token: bytes, head: str, roots: Path | None) -> Stamp:
    """What a token says of a head.

    Args:
        token: the content of a ``.tsr`` file.
        head: SHA-256, hexadecimal.
        roots: certificates to trust, PEM; without them the signature is not checked.

    Raises:
        MissingExtraError: the extra ``timestamp`` is not installed.
        UserError: no token, of another head, or not signed under these roots.

    """
    client = _client()
    answer = _decoded(client, token)
    if answer is None or answer.status != _GRANTED:
        raise UserError("--stamp", "is no time stamp", _NAME_IT)
    if problem := _unlike(answer, head):
        raise UserError("--stamp", problem, "name the .tsr file of this head")
    with _readable():
        if roots is not None:
            _check_signature(client, answer, head, roots)
        return Stamp(answer.tst_info.gen_time, _signer(answer), roots is not None)


def add_stamp(verdict: Verdict, path: Path, head: str | None, roots: Path | None) -> tuple[Verdict, Stamp | None]:
    """Check a stamp on the head asked for, else on the head found: what is wrong with it is one more problem of the verdict.

    Raises:
        MissingExtraError: the extra ``timestamp`` is not installed.
        UserError: the file of the stamp, or of the roots, cannot be read.

    """
    try:
        with path.open("rb") as file:
            token = file.read(_LARGEST)
    except OSError as error:
        raise UserError("--stamp", f"{path} cannot be read ({error.strerror})", _NAME_IT) from error
    try:
        return verdict, check_stamp(token, head or verdict.head, roots)
    except UserError as error:
        if error.thing != "--stamp":
            raise
        return replace(verdict, problems=(*verdict.problems, Problem(path.name, "", error.problem))), None


def check_address(url: str) -> None:
    """Refuse what is no address of an authority, before anything is made for it.

    Raises:
        UserError: no http or https address with a host.

    """
    if not _ADDRESS.fullmatch(url):
        raise UserError("--stamp", f"{url!a} is no address", "give the authority's, as https://...")


def _client() -> Any:  # noqa: ANN401 - a module that may be absent
    try:
        import cryptography.x509  # noqa: F401, PLC0415 - of an extra
        import rfc3161_client  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingExtraError(
            "time stamps", "need a part that is not installed", "pip install 'spadework[timestamp]'"
        ) from error
    return rfc3161_client


def _digest(head: str) -> bytes:
    if not _HEAD.fullmatch(head):
        raise UserError("head", f"is no SHA-256: {head!a}", "copy all 64 digits")
    return bytes.fromhex(head)


def _request(digest: bytes, nonce: int) -> bytes:
    """TimeStampReq (RFC 3161, 2.4.1): version 1, imprint, nonce, certificate wanted. Every part is shorter than 128 bytes."""
    number = nonce.to_bytes(8, "big")
    parts = b"\x02\x01\x01" + _der(0x30, _SHA256 + _der(0x04, digest)) + _der(0x02, number) + b"\x01\x01\xff"
    return _der(0x30, parts)


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _ask(request: bytes, url: str, timeout_s: float) -> bytes:
    headers = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "User-Agent": "spadework",
    }
    try:
        with requests.post(url, data=request, headers=headers, timeout=timeout_s, stream=True) as response:
            response.raise_for_status()
            body = b""
            for block in response.iter_content(1 << 16):
                body += block
                if len(body) > _LARGEST:
                    raise OutsideError(url, f"answered with over {_LARGEST:,} bytes", "check the address")
            return body
    except (requests.RequestException, ValueError) as error:
        mend = "try again later, or ask another authority: the export is complete without"
        raise OutsideError(url, f"could not be asked for a time stamp ({_short(error)})", mend) from error


def _short(error: Exception) -> str:
    if isinstance(error, requests.HTTPError):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no such host, or it does not answer"
    return "it is no address" if isinstance(error, ValueError) else "its answer broke off"


def _decoded(client: Any, token: bytes) -> Any | None:  # noqa: ANN401 - its types are its own
    try:
        answer = client.decode_timestamp_response(_in_order(token))
        if answer.status == _GRANTED:
            _ = answer.tst_info.message_imprint.message
    except (ValueError, KeyError):
        return None
    return answer


def _in_order(token: bytes) -> bytes:
    """A token with its certificates in the order that DER wants of a set (X.690, 11.6), which openssl does not keep.

    No signature covers that order, and the decoder refuses any other. What is no token comes back as it is.
    """
    try:
        (answer,) = _members(token, 0, len(token))
        _, content = _members(token, *answer[1:])
        _, explicit = _members(token, *content[1:])
        (signed,) = _members(token, *explicit[1:])
        certificates = next(part for part in _members(token, *signed[1:]) if token[part[0]] == _CERTIFICATES)
        _, start, end = certificates
        members = sorted(token[at:to] for at, _, to in _members(token, start, end))
    except (ValueError, IndexError, StopIteration):
        return token
    return token[:start] + b"".join(members) + token[end:]


def _members(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """(start, start of content, end) of each DER value in a stretch of bytes.

    Raises:
        ValueError: one reaches beyond the stretch.
        IndexError: the bytes end within one.

    """
    out = []
    while at < end:
        size, content = data[at + 1], at + 2
        if size & _LONG:
            content += size & ~_LONG
            size = int.from_bytes(data[at + 2 : content], "big")
        if content + size > end:
            msg = "a value reaches beyond what holds it"
            raise ValueError(msg)
        out.append((at, content, content + size))
        at = content + size
    return out


def _unlike(answer: Any, head: str) -> str | None:  # noqa: ANN401 - its types are its own
    imprint = answer.tst_info.message_imprint
    same = imprint.message == _digest(head) and imprint.hash_algorithm.dotted_string == _SHA256_OID
    return None if same else "stamps something else than this head"


@contextmanager
def _readable() -> Iterator[None]:
    """Certificates that no one should have made become one clear error."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - of an extra
    from cryptography.x509 import InvalidVersion  # noqa: PLC0415 - of an extra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later version of the library will refuse
        try:
            yield
        except (ValueError, KeyError, InvalidVersion, UnsupportedAlgorithm) as error:
            raise UserError(
                "--stamp", "holds certificates that cannot be read", "ask the authority for another stamp"
            ) from error


def _signer(answer: Any) -> str:  # noqa: ANN401 - its types are its own
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - of an extra

    signers = {(info.issuer, info.serial_number) for info in answer.signed_data.signer_infos}
    certificates = map(load_der_x509_certificate, answer.signed_data.certificates)
    names = [c.subject.rfc4514_string() for c in certificates if (c.issuer, c.serial_number) in signers]
    return names[0] if len(names) == 1 and names[0].isprintable() else "unknown"


def _check_signature(client: Any, answer: Any, head: str, roots: Path) -> None:  # noqa: ANN401 - its types are its own
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - of an extra

    builder = client.VerifierBuilder()
    try:
        for certificate in dict.fromkeys(load_pem_x509_certificates(roots.read_bytes())):
            builder = builder.add_root_certificate(certificate)
        verifier = builder.build()
    except (OSError, ValueError) as error:
        raise UserError(
            str(roots), "holds no certificates that can be read", "name a PEM file of the authority's roots"
        ) from error
    try:
        verifier.verify(answer, _digest(head))
    except (client.VerificationError, ValueError) as error:
        raise UserError(
            "--stamp", f"is not signed under these roots ({error})", "ask the authority for its root certificate"
        ) from error
