"""The command line: options in, one clear line out. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

from spadework.cli import claims, machine, measure, observe, publish, scenes
from spadework.cli.app import app

if TYPE_CHECKING:
    from types import FrameType

    from spadework.errors import SpadeworkError

__all__ = ["app", "claims", "machine", "main", "measure", "observe", "publish", "scenes"]


class Stopped(BaseException):
    """The user pressed Ctrl-C. No KeyboardInterrupt, which typer would end in silence."""


def main() -> None:
    """Run the command line; errors end as one line and an exit code."""
    from spadework.errors import SpadeworkError

    before = signal.signal(signal.SIGINT, _stop)
    try:
        app(standalone_mode=True)
    except SpadeworkError as error:
        _fail(error)
    except Stopped:
        print("stopped; what was read is kept, run again to go on", file=sys.stderr)
        sys.exit(1)
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _fail(error: SpadeworkError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": str(error), "thing": error.thing, "mend": error.mend, "exit_code": error.exit_code}))
    print(f"spadework: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
