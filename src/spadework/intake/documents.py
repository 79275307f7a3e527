"""The door for documents: bytes to text, with the original kept as it came. What a page or a PDF holds is data, never run and never followed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from spadework.errors import MissingExtraError, UserError
from spadework.records import Source

if TYPE_CHECKING:
    import datetime as dt

    from spadework.records import SourceFile

LARGEST: Final = 20_000_000
"""Bytes of a document."""
LONGEST: Final = 1_000_000
"""Characters of its text."""
FEWEST: Final = 8
"""Words of an article: what is shorter is a page's frame."""
DEEPEST: Final = 2000
"""Nested tags of a page: beyond, it is no article but a trap for parsers."""
_TAG: Final = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|article|p|div|meta)\b", re.IGNORECASE)
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_OPENING: Final = re.compile(rb"<(/?)[a-zA-Z][^>]*>")
_HYPHEN: Final = re.compile(r"(?<=[a-zà-ÿ])(?:[-\u00ad]\n|\ufffe\n?)(?=[a-zà-ÿ])")
"""A word cut at a line's end; PDFium writes U+FFFE for its hyphen."""
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
Media = Literal["text", "html", "pdf"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document, read."""

    source: Source
    text: str
    """What spans point into."""
    original: bytes
    """As it came, byte for byte."""


def open_document(file: SourceFile, now: dt.datetime) -> Document:
    """Read a text, a page or a PDF; which of these it is, its first bytes say.

    Args:
        file: where it lies, and what the site file says of it. A missing day of publication stays missing.
        now: when it is taken in, UTC.

    Raises:
        UserError: unreadable, too large, damaged, encrypted, without text, of an unknown encoding.
        MissingExtraError: a page or a PDF without the extra ``text``.

    """
    path = Path(file.path)
    try:
        original = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError as error:
        raise UserError(
            str(path), f"cannot be read ({error.strerror})", "check the path; in a site file it is relative to that file"
        ) from error
    if original is None:
        raise UserError(str(path), f"is larger than {LARGEST // 1_000_000} MB", "save the article alone, without its pictures")
    media = media_of(original)
    text, title = _READERS[media](str(path), original)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n\ufeff ")
    if not any(letter.isalpha() for letter in text):
        raise UserError(
            str(path),
            "holds no text",
            "a scanned page needs its text recognised first; a page that loads by script, saved as text",
        )
    if len(text) > LONGEST:
        raise UserError(
            str(path), f"holds {len(text):,} characters, more than {LONGEST:,}", "cut out the part that speaks of the site"
        )
    sha = hashlib.sha256(original).hexdigest()
    source = Source(
        id=f"S{sha[:8]}",
        sha256=sha,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        file=path.name,
        media=media,
        language=file.language,
        outlet=file.outlet,
        published=file.published,
        retrieved=now,
        url=file.url,
        title=title,
        synthetic=file.synthetic,
    )
    return Document(source, text, original)


def media_of(original: bytes) -> Media:
    """What kind of document some bytes are."""
    head = original[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return "pdf"
    return "html" if _TAG.search(head) and head.startswith(b"<") else "text"


# ---------------------------------------------------------------- text
def _text(thing: str, original: bytes) -> tuple[str, str | None]:
    if b"\0" in original[:4096] and original[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise UserError(thing, "is neither text, HTML nor PDF", "save the document as one of these")
    return _decoded(thing, original), None


def _decoded(thing: str, original: bytes) -> str:
    """UTF-8, else what it declares, else Windows-1252 where that gives no control characters."""
    declared = _CHARSET.search(original[:4096])
    tried = ["utf-8-sig", *([declared[1].decode("ascii", "replace")] if declared else [])]
    tried += ["utf-16"] if original[:2] in {b"\xff\xfe", b"\xfe\xff"} else []
    for name in (*tried, "cp1252"):
        try:
            text = original.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            return text
    raise UserError(thing, "is in no encoding that can be told", "save it as UTF-8")


# ---------------------------------------------------------------- HTML
def _html(thing: str, original: bytes) -> tuple[str, str | None]:
    """The article of a page: its main text, paragraph by paragraph; scripts, styles and navigation are left out."""
    if find_spec("trafilatura") is None:
        raise MissingExtraError(thing, "is a page, and reading one needs trafilatura", "pip install 'spadework[text]'")
    page = _decoded(thing, original)
    if _depth(original) > DEEPEST:
        raise UserError(thing, f"nests tags more than {DEEPEST} deep", "save the article as text")
    import trafilatura  # noqa: PLC0415 - heavy, and only of the extra

    told: Any = trafilatura.bare_extraction(
        page, include_comments=False, include_tables=False, with_metadata=False, favor_precision=True
    )
    text = told.text if told is not None else None
    if not text or len(text.split()) < FEWEST:
        raise UserError(thing, "holds no article that can be told from its frame", "save the article as text")
    title = _TITLE.search(page)
    return re.sub(r"\n+", "\n\n", text), " ".join(title[1].split()) if title else None


def _depth(original: bytes) -> int:
    """How deep tags are nested, counted without a parser: one that is never closed counts too."""
    depth = deepest = 0
    void = (b"<br", b"<img", b"<meta", b"<link", b"<input", b"<hr", b"<p", b"<li", b"<source", b"<area", b"<col", b"<wbr")
    for match in _OPENING.finditer(original):
        if match[0].lower().startswith(void) or match[0].endswith(b"/>") or match[0].lower().startswith((b"</p", b"</li")):
            continue
        depth += -1 if match[1] else 1
        deepest = max(deepest, depth)
    return deepest


# ---------------------------------------------------------------- PDF
def _pdf(thing: str, original: bytes) -> tuple[str, str | None]:
    """The text of a PDF: lines joined to paragraphs, words mended at line ends."""
    if find_spec("pypdfium2") is None:
        raise MissingExtraError(thing, "is a PDF, and reading one needs pypdfium2", "pip install 'spadework[text]'")
    import pypdfium2  # noqa: PLC0415 - only of the extra

    try:
        with pypdfium2.PdfDocument(original) as opened:
            pages = []
            for page in opened:
                words = page.get_textpage()
                pages.append(words.get_text_range().replace("\r\n", "\n"))
                words.close()
                page.close()
            title = opened.get_metadata_dict().get("Title") or None
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        problem = "is encrypted" if locked else "is damaged or cut off"
        raise UserError(thing, problem, "save it without a password" if locked else "fetch it again") from error
    return _joined("\n".join(pages)), title


def _joined(text: str) -> str:
    """Lines to paragraphs: a line goes on unless it ends a sentence and is shorter than the longest by a good part."""
    lines = [line.rstrip() for line in text.split("\n")]
    longest = max(map(len, lines), default=0)
    out = ""
    for line in lines:
        ends = out.endswith((".", "!", "?", "\u201d", '"', ":")) and len(out.rsplit("\n", 1)[-1]) < 0.85 * longest
        out = out.rstrip("\n") + "\n\n" + line.lstrip() if not line or ends else f"{out}\n{line}"
    mended = _HYPHEN.sub("", out).replace("\ufffe", "-")
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", mended) if part.strip())


_READERS: Final = {"text": _text, "html": _html, "pdf": _pdf}
"""What reads each kind: (name for errors, bytes) to (text, title)."""
