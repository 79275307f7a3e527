"""The application that all commands belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spadework import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"spadework {__version__}")
        raise typer.Exit


@app.callback()
def spadework(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version, then stop.")
    ] = False,
) -> None:
    """Watches places from orbit and shows its work."""


SiteFile = Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The dossier: a folder, made if absent.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for a program.")]
Picture = Annotated[Path, typer.Argument(metavar="IMAGE", help="A GeoTIFF, JPEG 2000, JPEG or PNG.")]
Gsd = Annotated[float | None, typer.Option("--gsd", metavar="M", min=1e-3, help="Metres a pixel, of an image without CRS.")]
Bands = Annotated[str, typer.Option("--bands", metavar="NAME=N,...", help="Which band is which, e.g. red=1,green=2,blue=3.")]
