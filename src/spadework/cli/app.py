"""The application that all commands belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Watches places from orbit and shows its work.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

SiteFile = Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The dossier: a folder, made if absent.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for a program.")]
