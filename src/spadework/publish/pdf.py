"""The same page on paper: A4, tables of looks across, page numbers, no script."""

from __future__ import annotations

from typing import Final

from spadework.errors import MissingExtraError

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
    nothing_outside = URLFetcher(allowed_protocols=("data",))
    made = HTML(string=html, url_fetcher=nothing_outside).write_pdf(pdf_identifier=NO_ID, pdf_variant="pdf/ua-1")
    return bytes(made or b"")
