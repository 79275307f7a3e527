"""The same page on paper: A4, tables of looks across, page numbers, no script."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from spadework.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ID: Final = b"spadework"
"""In place of the random id that every PDF gets."""


def pdf_version() -> str:
    """Version of what sets the page.

    Raises:
        MissingExtraError: WeasyPrint, or the pango library below it, is not installed.

    """
    return str(_weasyprint().__version__)


def pdf_available() -> bool:
    """Whether this installation can make a PDF."""
    try:
        _weasyprint()
    except MissingExtraError:
        return False
    return True


def _weasyprint() -> Any:  # noqa: ANN401 - an untyped library
    try:
        import weasyprint  # noqa: PLC0415 - heavy, and an extra
    except (ImportError, OSError) as error:
        raise MissingExtraError(
            "report.pdf", "needs WeasyPrint and pango", "pip install 'spadework[pdf]', and libpango from your system"
        ) from error
    return weasyprint


def report_pdf(html: str) -> bytes:
    """The report as PDF: the same bytes for the same page, without ids or times of its own.

    Args:
        html: from ``report.report_html``, with pictures embedded for paper.

    Raises:
        MissingExtraError: WeasyPrint, or the pango library below it, is not installed.

    """
    html_of, fetcher = _weasyprint().HTML, _weasyprint().urls.URLFetcher
    page = html_of(string=html, url_fetcher=fetcher(allowed_protocols=("data",)))
    with _no_collector():
        return bytes(page.write_pdf(pdf_identifier=NO_ID, pdf_variant="pdf/ua-1") or b"")


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of boxes live until the last page is written: walking them for garbage again and again takes a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
