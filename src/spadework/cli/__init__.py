"""The command line: options in, one clear line out. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from spadework.cli import claims, machine, measure, observe, publish, scenes
from spadework.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from spadework.errors import SpadeworkError

__all__ = ["app", "claims", "machine", "main", "measure", "observe", "publish", "scenes"]


AGAIN_S: Final = 0.05
"""Seconds from one look whether an import is over to the next."""


class Stopped(BaseException):
    """The user pressed Ctrl-C. No KeyboardInterrupt, which typer would end in silence."""


def main() -> None:
    """Run the command line; errors end as one line and an exit code."""
    from spadework.errors import SpadeworkError

    try:
        with _stoppable():
            app(standalone_mode=True)
    except SpadeworkError as error:
        _fail(error)
    except Stopped:
        print("stopped; what was read is kept, run again to go on", file=sys.stderr)
        sys.exit(1)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C raises ``Stopped``; while a library is imported it waits until that is over, or until it is pressed again.

    Code written in C that imports another library prints whatever is raised there and makes an ImportError of it.
    """
    presses = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        presses += number == signal.SIGINT
        if presses > 1 or not _importing(frame):
            raise Stopped
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


def _fail(error: SpadeworkError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": str(error), "thing": error.thing, "mend": error.mend, "exit_code": error.exit_code}))
    print(f"spadework: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
