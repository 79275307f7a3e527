"""The command that compiles ahead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spadework.cli.app import AsJson, app
from spadework.cli.terminal import progress

if TYPE_CHECKING:
    from spadework.run.warm import Warmed


@app.command()
def warm(as_json: AsJson = False) -> None:
    """Compile for this machine, once, so that no later command has to; says where the code is kept."""
    from spadework.run.warm import warm as compile_ahead

    with progress() as on_step:
        warmed = compile_ahead(on_step)
    print(json.dumps(warmed.as_json) if as_json else _text(warmed))


def _text(warmed: Warmed) -> str:
    there = warmed.functions - warmed.compiled
    did = (
        f"{warmed.compiled} compiled in {warmed.seconds:.0f} s"
        if warmed.compiled
        else f"nothing to do ({warmed.seconds:.1f} s)"
    )
    return "\n".join(
        [
            f"{did}; {there} of {warmed.functions} were there",
            *(f"  kept in  {folder}" for folder in warmed.folders),
            f"  size     {warmed.size / 1e6:.1f} MB",
            *([f"  removed  {warmed.forgotten} folders of code that was not used for 90 days"] if warmed.forgotten else []),
        ]
    )
