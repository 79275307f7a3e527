"""Looks for a place in everything that an export holds, decoded as far as it can be: an adversary's eye, independent of the gate."""

from __future__ import annotations

import base64
import io
import math
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdf
from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METRES_PER_DEGREE = 111_320.0
_DECIMAL = re.compile(rb"(?<![\d.])[-+]?(\d{1,3}\.\d{3,})")
_DMS = re.compile(r"(\d{1,3})\s*\u00b0\s*(\d{1,2})\s*['\u2019\u2032]\s*(?:(\d{1,2}(?:\.\d+)?))?")
_MGRS = re.compile(rb"(?<![0-9A-Za-z])T?(\d{1,2}[C-HJ-NP-X])\s?([A-HJ-NP-Z]{2})(?![a-z])")
_METRIC = re.compile(rb"(?<![\d.])(\d{6,7})(?:\.\d+)?(?!\d)")
_TILE = re.compile(rb"(?<!\d)(\d{1,2})/(\d{2,})/(\d{2,})(?!\d)")


@dataclass(frozen=True, slots=True)
class Secret:
    """What must not be found."""

    points: tuple[tuple[float, float], ...]
    """Longitude, latitude."""
    crs: str
    """UTM of the site, ``EPSG:n``."""
    mgrs: str
    """Grid zone and square, e.g. "37SFA"."""
    words: tuple[str, ...]
    """Ids, hashes and instants."""


def containers(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every entry of a zip, and of everything inside it that can be unpacked."""
    with zipfile.ZipFile(path) as zipped:
        yield (
            "the zip's own index",
            zipped.comment + b"\n".join(i.filename.encode() + i.extra + i.comment for i in zipped.infolist()),
        )
        for name in zipped.namelist():
            yield from unpacked(name, zipped.read(name))


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Some bytes, and what lies inside them."""
    yield name, data
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from png_chunks(name, data)
    elif data[:4] == b"RIFF":
        check_riff(name, data)
    elif data[:5] == b"%PDF-":
        yield from pdf_parts(name, data)
    elif b"base64," in data:
        for n, match in enumerate(re.finditer(rb"base64,([A-Za-z0-9+/=]+)", data)):
            yield from unpacked(f"{name}, data URI {n}", base64.b64decode(match[1]))


def png_chunks(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """PNG of pixels only; what is not pixels is handed on."""
    at = 8
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        assert kind in (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"), f"{name}: a {kind!r} chunk"
        if kind != b"IDAT":  # pixels are for the eye
            yield f"{name}, {kind!r}", body
        at += 12 + size
    assert at == len(data), f"{name}: bytes after the last chunk"


def check_riff(name: str, data: bytes) -> None:
    """WebP of pictures only: no EXIF, no XMP, no colour profile."""
    at = 12
    while at < len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        assert kind in (b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH"), f"{name}: a {kind!r} chunk"
        at += 8 + size + size % 2


def pdf_parts(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Text, metadata and every stream of a PDF, inflated."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    yield f"{name}, text", "\n".join(page.extract_text() for page in reader.pages).encode()
    yield f"{name}, metadata", repr(reader.metadata).encode()
    for n, match in enumerate(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)):
        try:
            yield f"{name}, stream {n}", zlib.decompress(match[1])
        except zlib.error:
            yield f"{name}, stream {n}", match[1]


def found(path: Path, secret: Secret, precision_m: float) -> list[str]:
    """Everything in an export that tells the place to a fifth of the precision, or names what should stay."""
    near = precision_m / 5
    out: list[str] = []
    for name, content in containers(path):
        pixels = name.endswith((".png", ".webp")) or ("data URI" in name and "b'" not in name)
        if content[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00"):
            out.append(f"{name}: a TIFF")
        out += [f"{name}: {word}" for word in secret.words if word.encode() in content]
        if pixels or ", stream" in name:
            continue  # compressed pixels and glyphs hold digits by chance; their text was read above
        text = re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", content)
        out += [f"{name}: {told}" for told in places(text, secret, near)]
    return out


def places(text: bytes, secret: Secret, near: float) -> Iterator[str]:
    """Decimal, DMS, UTM, MGRS and tile forms of any of the points, to so many metres."""
    to_utm = Transformer.from_crs("EPSG:4326", secret.crs, always_xy=True)
    decimals = [(match[0].decode(), float(match[1])) for match in _DECIMAL.finditer(text)]
    words = text.decode("utf-8", "replace")
    degrees = [(m[0], int(m[1]) + int(m[2]) / 60 + float(m[3] or 0) / 3600) for m in _DMS.finditer(words)]
    numbers = [(match[0].decode(), float(match[1])) for match in _METRIC.finditer(text)]
    tiles = {(int(m[1]), int(m[2]), int(m[3])) for m in _TILE.finditer(text)}
    for zone, square in (m.groups() for m in _MGRS.finditer(text)):
        if (zone + square).decode() == secret.mgrs:
            yield f"MGRS {zone.decode()}{square.decode()}"
    for lon, lat in secret.points:
        reach = near / METRES_PER_DEGREE
        for told, value in (*decimals, *degrees):
            if abs(value - abs(lat)) < reach or abs(value - abs(lon)) < reach / math.cos(math.radians(lat)):
                yield f"{told} near {lon}, {lat}"
        east, north = to_utm.transform(lon, lat)
        yield from (
            f"{told} near {east:.0f} E, {north:.0f} N"
            for told, value in numbers
            if min(abs(value - east), abs(value - north)) < near
        )
        yield from (f"tile {tile}" for tile in tiles if tile[0] >= 13 and tile == tile_of(lon, lat, tile[0]))


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """The slippy-map tile of a point."""
    n = 2**zoom
    rad = math.radians(lat)
    return zoom, int((lon + 180) / 360 * n), int((1 - math.asinh(math.tan(rad)) / math.pi) / 2 * n)
