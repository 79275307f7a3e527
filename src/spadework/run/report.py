"""The page of a dossier made again without reading a pixel, and on paper."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

from spadework.errors import UserError
from spadework.publish.embed import embedded
from spadework.publish.pdf import report_pdf
from spadework.publish.report import Edition, report_html
from spadework.run.stages import key_of
from spadework.run.versions import count_of, working_copy
from spadework.store.dossier import Dossier
from spadework.store.files import only_run
from spadework.store.findings import read_figures, read_findings

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Figure

PDF_STAGE = "pdf"


def open_dossier(out: Path) -> Dossier:
    """A dossier that a run has finished.

    Raises:
        UserError: there is none.
        StorageError: it is damaged.

    """
    if not (out / "dossier.json").is_file():
        raise UserError(str(out), "is no dossier", "name the folder that `spadework run --out` wrote")
    return Dossier(out)


def pages(edition: Edition, figures: tuple[Figure, ...]) -> tuple[str, str]:
    """The page for a screen and the page for paper."""
    return report_html(edition, embedded(figures, "screen")), report_html(edition, embedded(figures, "paper"))


def write_pdf(out: Path) -> Path:
    """Write ``report.pdf`` into a dossier; returns its path.

    Raises:
        UserError: no such dossier.
        MissingExtraError: WeasyPrint or pango is not installed.
        StorageError: the dossier is damaged or cannot be written.

    """
    with only_run(out):
        dossier = open_dossier(out)
        edition = Edition(read_findings(out / "findings.json"), working_copy(dossier, count_of(dossier)))
        data = report_pdf(report_html(edition, embedded(read_figures(out), "paper")))
        parents = dossier.stage("report")["files"]
        key = key_of(PDF_STAGE, importlib.metadata.version("weasyprint"), dossier.stage("report")["key"])
        dossier.record(PDF_STAGE, key, {"report.pdf": data}, parents)
        dossier.save()
    return out / "report.pdf"
