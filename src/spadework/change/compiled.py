"""How functions of this room are compiled, and where machine code is kept between processes.

numba notices an edit only in the file of the function that it keeps. Here kept functions call steps in other files, so
the folder of kept code is named by a hash of all sources of this room: edited steps never meet old machine code.
"""

from __future__ import annotations

import hashlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
OPTIONS: dict[str, Any] = {"error_model": "numpy"}
"""No fast-math: code fresh from the compiler and code from the cache then sum in one order, and give the same bytes."""
INNER: dict[str, Any] = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only compiled ones call: a way in from Python takes long to compile."""
COMPILE: Any = numba.njit
"""numba's own types leave out the options of ``INNER``."""
CONFIG: Any = numba.config
"""Its attributes are made at run time."""


def _kept_in() -> str:
    """Folder of kept code: numba's own choice or beside the sources, and the hash of the room's sources in order of name.

    Rooms inside it compile nothing.
    """
    room = __name__.rpartition(".")[0]
    here = sys.modules[room].__path__
    names = sorted(module.name for module in pkgutil.iter_modules(here) if not module.ispkg)
    sources = hashlib.sha256(b"".join(pkgutil.get_data(room, f"{name}.py") or b"" for name in names))
    return str(PurePath(CONFIG.CACHE_DIR or PurePath(here[0], "__pycache__"), f"kept-{sources.hexdigest()[:12]}"))


KEPT_IN = _kept_in()
"""Asked once a process."""


def compiled(function: Function) -> Function:
    """Compile a function that Python calls, without the GIL, kept on disk between processes."""
    before = CONFIG.CACHE_DIR
    CONFIG.CACHE_DIR = KEPT_IN
    try:
        return cast("Function", COMPILE(cache=True, nogil=True, **OPTIONS)(function))
    finally:
        CONFIG.CACHE_DIR = before


def step(function: Function) -> Function:
    """Compile a function that only compiled ones call."""
    return cast("Function", COMPILE(**INNER)(function))
