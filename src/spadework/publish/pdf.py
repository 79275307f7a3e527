"""The same page on paper: A4, tables of looks across, page numbers, no script."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from spadework.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ID: Final = b"spadework"
"""In place of the random id that every PDF gets."""


def report_pdf(html: str) -> bytes:
    """The report as PDF: the same bytes for the same page, without ids or times of its own.

    Args:
        html: from ``report.report_html``, with pictures embedded for paper.

    Raises:
        MissingExtraError: WeasyPrint, or the pango library below it, is not installed.

    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - heavy, and an extra
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 - the same
    except (ImportError, OSError) as error:
        raise MissingExtraError(
            "report.pdf", "needs WeasyPrint and pango", "pip install 'spadework[pdf]', and libpango from your system"
        ) from error
    page = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
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
