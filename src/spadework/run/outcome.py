"""How a run ended, and what this version can do and cannot."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from spadework.publish.pdf import pdf_available
from spadework.store.vectors import vectors_available

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.records import Dropped, Sensitivity

NOT_YET: Final = ("smart/", "store.sqlite")
"""Parts of the dossier that this version does not make."""
GIS: Final = "events.gpkg (pip install 'spadework[gis]')"
"""What is not made without pyogrio."""
PAPER: Final = "report.pdf (pip install 'spadework[pdf]', and libpango from your system)"
"""What is not made without WeasyPrint and pango."""
_SOFTWARE: Final = ("spadework", "numpy", "rasterio", "numba", "scipy", "odc-geo", "shapely", "pyproj")


@dataclass(frozen=True, slots=True)
class WentOn:
    """How monitoring went on from what a file kept."""

    known: int
    """Looks that had been gone through; 0 where all were learnt anew."""
    new: int
    """Looks that were gone through in this run."""
    why: str | None
    """Why the file could not be gone on from; None where it could, or where there was none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    out: Path
    site: str
    synthetic: bool
    looks: int
    """All looks, clear or not."""
    used_looks: int
    """Looks with enough clear ground."""
    read: int
    """Scenes whose pixels were read from their source in this run."""
    did: tuple[str, ...]
    """Stages that ran; none: nothing was new."""
    events: tuple[dict[str, Any], ...]
    """Properties of the events, as in events.geojson."""
    sensitivity: Sensitivity
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]
    went_on: WentOn | None = None
    """None where no file was named for it, or nothing had to be monitored."""

    @property
    def report(self) -> Path:
        """The page to open."""
        return self.out / "report.html"

    @property
    def exit_code(self) -> int:
        """0 done, 3 done with something left out."""
        return 3 if self.dropped or self.warnings else 0


def software() -> tuple[tuple[str, str], ...]:
    """(name, version) of what results depend on."""
    return (*((name, version(name)) for name in _SOFTWARE), ("python", platform.python_version()))


def not_yet() -> tuple[str, ...]:
    """Parts of a dossier that are not made: by this version, or without optional libraries."""
    return (*NOT_YET, *(() if vectors_available() else (GIS,)), *(() if pdf_available() else (PAPER,)))
