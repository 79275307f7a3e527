"""The page of a dossier made again without reading a pixel, and on paper."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from spadework.errors import StorageError, UserError
from spadework.publish.embed import embedded
from spadework.publish.pdf import pdf_version, report_pdf
from spadework.publish.report import Edition, report_html
from spadework.run.stages import key_of
from spadework.run.versions import count_of, working_copy
from spadework.store.dossier import Dossier
from spadework.store.files import only_run
from spadework.store.findings import read_figures, read_findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PDF: Final = "report.pdf"
PDF_STAGE: Final = "pdf"


def check_dossier(out: Path) -> None:
    """Refuse a folder that is no dossier which a run has finished.

    Raises:
        UserError: there is none.

    """
    if (out / "dossier.json").is_file():
        return
    if (out / "ledger.jsonl").is_file():
        problem = "is half made: it has no dossier.json, which a run writes last"
        raise UserError(str(out), problem, "run the site file again: it goes on with what is kept")
    problem = "is a file, no dossier" if out.is_file() else "is no dossier"
    raise UserError(str(out), problem, "name the folder that `spadework run --out` wrote")


@contextmanager
def open_dossier(out: Path) -> Iterator[Dossier]:
    """Hold a dossier that a run has finished; a folder that is none is left alone.

    Raises:
        UserError: there is none.
        StorageError: it is damaged, or another process is at work on it.

    """
    check_dossier(out)
    with only_run(out):
        dossier = Dossier(out)
        if "schema" not in dossier.index:  # set aside when it was opened
            problem = "is damaged, or older than its ledger"
            raise StorageError(
                str(out / "dossier.json"), problem, "run the site file again: it makes it anew from what is kept"
            )
        yield dossier


def write_pdf(out: Path) -> Path:
    """Write ``report.pdf`` into a dossier, where it is not there already; returns its path.

    Raises:
        UserError: no such dossier.
        MissingExtraError: WeasyPrint or pango is not installed.
        StorageError: the dossier is damaged or cannot be written.

    """
    with open_dossier(out) as dossier:
        if renew_pdf(dossier):
            dossier.save()
    return out / PDF


def renew_pdf(dossier: Dossier) -> bool:
    """Make the PDF of the page as it is now; False where that was made before.

    Raises:
        MissingExtraError: WeasyPrint or pango is not installed.
        StorageError: the dossier is damaged or cannot be written.

    """
    page = dossier.stage("report")
    key = key_of(PDF, pdf_version(), page["key"])
    if dossier.is_current(PDF_STAGE, key):
        return False
    edition = Edition(read_findings(dossier.root / "findings.json"), working_copy(dossier, count_of(dossier)))
    data = report_pdf(report_html(edition, embedded(read_figures(dossier.root), "paper")))
    dossier.record(PDF_STAGE, key, {PDF: data}, page["files"])
    return True


def drop_stale_pdf(dossier: Dossier) -> None:
    """Remove a PDF of an earlier page."""
    if dossier.stage(PDF_STAGE).get("files"):
        dossier.record(PDF_STAGE, "", {}, {})
