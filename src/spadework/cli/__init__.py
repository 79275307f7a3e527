"""The command line: options in, one clear line out. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from spadework.cli import observe, publish
from spadework.cli.app import app

if TYPE_CHECKING:
    from spadework.errors import SpadeworkError

__all__ = ["app", "main", "observe", "publish"]


def main() -> None:
    """Run the command line; errors end as one line and an exit code."""
    from spadework.errors import SpadeworkError

    try:
        app(standalone_mode=True)
    except SpadeworkError as error:
        _fail(error)
    except KeyboardInterrupt:
        print("stopped; what was read is kept, run again to go on", file=sys.stderr)
        sys.exit(1)


def _fail(error: SpadeworkError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": str(error), "thing": error.thing, "mend": error.mend, "exit_code": error.exit_code}))
    print(f"spadework: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
