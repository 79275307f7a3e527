"""Looks for a place in everything that an export holds, decoded as far as it can be: an adversary's eye, independent of the gate."""

from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
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
_TODAY = dt.datetime.now(dt.UTC).date()
_THESE_DAYS = [_TODAY + dt.timedelta(n) for n in (-1, 0, 1)]
_DECIMAL = re.compile(r"(?<![\d.])\d{1,3}[.,]\d{3,}")
_SHORT = re.compile(r"(?<![\d.])\d{1,3}[.,]\d{2,}")
_DMS = re.compile(r"(\d{1,3})\s*[\u00b0\u00ba\u02da]\s*(\d{1,2})\s*['\u2019\u2032]?\s*(?:(\d{1,2}(?:\.\d+)?))?")
_SPACED = re.compile(r"(?<!\d)(\d{1,3})\s?[ :d-]\s?(\d{1,2})\s?[ :m'\u2032-]\s?(\d{1,2}(?:\.\d+)?)[s\"\u2033]?(?!\d)")
_MGRS = re.compile(r"(?<![0-9A-Za-z])T?(\d{1,2})[\s_/-]{0,2}([C-X])[\s_/-]{0,2}([A-Z]{2})(?![a-z])", re.IGNORECASE)
_METRIC = re.compile(r"(?<![\da-f.])\d{6,8}(?:\.\d+)?(?![\da-f])")  # not within a hash
_THOUSANDS = re.compile(r"(?<!\d)(?:\d{3}[ ,']\d{3}|\d{1,2}(?:[ ,']\d{3}){2})(?!\d)")
_TILE = re.compile(r"(?<!\d)(\d{1,2})/(\d{2,})/(\d{2,})(?!\d)")
_SECONDS = re.compile(r"(\d\d):(\d\d):\d\d")
_RUN = re.compile(rb"(?:%s)T\d\d:\d\d:\d\d(?:\.\d+)?Z" % b"|".join(str(day).encode() for day in _THESE_DAYS))
"""An instant of the test itself, as the ledger writes it: 01:12:34.399 is no latitude, and 08:16 no look's hour."""
BESIDE = 40
"""Characters within which two numbers make a pair."""


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
        read = _RUN.sub(b"", content)
        out += [f"{name}: {word}" for word in secret.words if word.encode() in read]
        if pixels or ", stream" in name:
            continue  # compressed pixels and glyphs hold digits by chance; their text was read above
        text = re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", read)
        out += [f"{name}: {told}" for told in places(text, secret, near)]
    return out


def places(content: bytes, secret: Secret, near: float) -> Iterator[str]:
    """Decimal, DMS, metric, MGRS and tile forms of any of the points, to so many metres; clock times of the looks to the minute."""
    text = content.decode("utf-8", "replace")
    yield from clocks(text, secret)
    for found in _MGRS.finditer(text):
        if "".join(found.groups()).upper() == secret.mgrs:
            yield f"MGRS {found[0]}"
    degrees = [(m[0], int(m[1]) + int(m[2]) / 60 + float(m[3] or 0) / 3600) for m in _DMS.finditer(text)]
    singles = [(m[0], number(m[0])) for m in _DECIMAL.finditer(text)] + degrees
    short = [(m.start(), m[0], number(m[0])) for m in _SHORT.finditer(text)]
    spaced = [(m.start(), m[0], int(m[1]) + int(m[2]) / 60 + float(m[3]) / 3600) for m in _SPACED.finditer(text)]
    metres = [(m[0], float(m[0])) for m in _METRIC.finditer(text)]
    grouped = [(m.start(), m[0], float(re.sub("[ ,']", "", m[0]))) for m in _THOUSANDS.finditer(text)]
    tiles = {(int(m[1]), int(m[2]), int(m[3])) for m in _TILE.finditer(text)}
    metric = [Transformer.from_crs("EPSG:4326", crs, always_xy=True) for crs in (secret.crs, "EPSG:3857")]
    for lon, lat in secret.points:
        reach = near / METRES_PER_DEGREE
        wide = reach / math.cos(math.radians(lat))
        for told, value in singles:
            if abs(value - abs(lat)) < reach or abs(value - abs(lon)) < wide:
                yield f"{told} near {lon}, {lat}"
        for told in pairs(short, (abs(lat), reach), (abs(lon), wide)):
            yield f"{told} near {lon}, {lat}"
        for told in pairs(spaced, (abs(lat), reach), (abs(lon), wide)):
            yield f"{told} near {lon}, {lat}"
        for east, north in (to.transform(lon, lat) for to in metric):
            at = f"near {east:.0f} E, {north:.0f} N"
            yield from (f"{told} {at}" for told, v in metres if min(abs(v - abs(east)), abs(v - abs(north))) < near)
            yield from (f"{told} {at}" for told in pairs(grouped, (abs(east), near), (abs(north), near)))
        yield from (f"tile {tile}" for tile in tiles if tile[0] >= 13 and tile == tile_of(lon, lat, tile[0]))


def pairs(numbers: list[tuple[int, str, float]], one: tuple[float, float], two: tuple[float, float]) -> Iterator[str]:
    """Two numbers beside each other of which one lies at ``one`` and the other at ``two``, (value, reach) each."""
    for (start, first, a), (end, second, b) in itertools.pairwise(numbers):
        if end - start - len(first) > BESIDE:
            continue
        if any(abs(x - one[0]) < one[1] and abs(y - two[0]) < two[1] for x, y in ((a, b), (b, a))):
            yield f"{first} with {second}"


def clocks(text: str, secret: Secret) -> Iterator[str]:
    """Minutes of the looks, as a clock, in military and in spoken spelling."""
    for hour, minute in {match.groups() for word in secret.words if (match := _SECONDS.fullmatch(word))}:
        if found := re.search(rf"(?<![\d:.]){hour}(?::{minute}(?!\d)|[.h]?{minute} ?(?:Z|UTC|am)\b)", text):
            yield f"clock {found[0]}"


def number(text: str) -> float:
    """A decimal, whichever its point."""
    return float(text.replace(",", "."))


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """The slippy-map tile of a point."""
    n = 2**zoom
    rad = math.radians(lat)
    return zoom, int((lon + 180) / 360 * n), int((1 - math.asinh(math.tan(rad)) / math.pi) / 2 * n)
