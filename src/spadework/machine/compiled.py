"""How functions are compiled, and how a process learns that it compiles."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numba
from numba.core import cgutils, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.cpu import CPUTargetOptions
from numba.core.event import Listener, install_listener
from numba.core.options import TargetOptions
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from spadework import __version__
from spadework.machine.folders import Folder, folder_for, sources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = TypeVar("Function", bound=Callable[..., Any])
FLAG: Any = TargetOptions.Mapping
"""An option that sets a compiler flag."""
setattr(CPUTargetOptions, "noalias", FLAG("noalias"))  # noqa: B010 - numba has this flag, and no option for it yet
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "_nrt": False, "noalias": True}
"""The law of compiled functions.

No fast-math: code fresh from the compiler and code from the cache sum in one order, and give the same bytes. No array is made
in compiled code, so those it is handed need not be counted at each call and slice, by all threads in one place. None of the arrays
handed to a function is written to through one name and read or written through another, so loops need not ask whether two overlap;
and none is returned.
"""
INNER: Final[dict[str, Any]] = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only compiled ones call: a way in from Python takes long to compile."""
COMPILE: Any = numba.njit
"""numba's own types leave out the options of ``INNER``."""
CONFIG: Any = numba.config
"""Its attributes are made at run time."""
CODE: Any = cgutils
"""numba's words for machine code, which have no types."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A function whose code is kept."""

    dispatcher: Any
    """What numba made of it."""
    folder: Folder

    @property
    def ready(self) -> bool:
        """Whether this process has code for it."""
        return bool(self.dispatcher.signatures)


_KEPT: Final[list[Kept]] = []


def kept() -> tuple[Kept, ...]:
    """All functions of the rooms imported so far whose code is kept."""
    return tuple(_KEPT)


def folder_of(room: str) -> Folder:
    """Where a room's code is kept: numba's own choice, or the user's cache folder.

    Raises:
        StorageError: nowhere can be written.

    """
    _, cpu, features = target = cpu_target.target_context.codegen().magic_tuple()
    machine = hashlib.sha256(repr((target, features, sys.implementation.cache_tag, numba.__version__)).encode()).hexdigest()[
        :12
    ]
    sources = sources_of(room, __name__.rpartition(".")[0])
    return folder_for(f"{__version__}-{room.rpartition('.')[2]}-{sources}-{cpu}-{machine}", CONFIG.CACHE_DIR)


def keeper(room: str) -> Callable[[Function], Function]:
    """How a room compiles functions that Python calls: without the GIL, kept on disk between processes.

    Raises:
        StorageError: see ``folder_of``.

    """
    folder = folder_of(room)

    def compiled(function: Function) -> Function:
        before = CONFIG.CACHE_DIR
        CONFIG.CACHE_DIR = str(folder.path)
        try:
            made: Any = COMPILE(cache=True, nogil=True, **OPTIONS)(function)
        finally:
            CONFIG.CACHE_DIR = before
        if made is not function:  # as it is with NUMBA_DISABLE_JIT
            _KEPT.append(Kept(made, folder))
            made.compile = _one_process_at_a_time(made, folder)
        return cast("Function", made)

    return compiled


def step(function: Function) -> Function:
    """Compile a function that only compiled ones call."""
    return cast("Function", COMPILE(**INNER)(function))


def _prefetch(_: Any, rows: Any, _row: Any, _column: Any) -> Any:  # noqa: ANN401 - as numba has it
    """How ``prefetch`` is typed, and what is made of it."""

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401 - as numba has it
        byte, number, kind = CODE.voidptr_t, CODE.int32_t, signature.args[0]
        array = context.make_array(kind)(context, builder, given[0])
        at = CODE.get_item_pointer(context, builder, kind, array, given[1:], wraparound=False)
        asked = builder.module.declare_intrinsic(
            "llvm.prefetch", (byte,), CODE.ir.FunctionType(CODE.ir.VoidType(), [byte, number, number, number])
        )
        builder.call(asked, [builder.bitcast(at, byte), number(0), number(3), number(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(rows, types.intp, types.intp), made


prefetch: Any = intrinsic(_prefetch)
"""``prefetch(rows, row, column)``: have the line of memory there fetched, which is wanted soon; for compiled functions. Changes no result."""


def _one_process_at_a_time(dispatcher: Any, folder: Folder) -> Callable[[Any], Any]:  # noqa: ANN401 - as numba has it
    """The dispatcher's way to code, from the folder or else from the compiler, which no two processes go at once."""
    compile_ = dispatcher.compile

    def compile_alone(signature: Any) -> Any:  # noqa: ANN401 - as numba has it
        with global_compiler_lock:
            if dispatcher.is_compiling:  # it calls itself: this thread holds the folder already
                return compile_(signature)
            with folder.alone(f"{dispatcher.__module__}.{dispatcher.__qualname__}"):
                return compile_(signature)

    return compile_alone


@contextmanager
def compiling(told: Callable[[int, int], None]) -> Iterator[None]:
    """Tell of each function that must be compiled because no code of it is kept: how many are done and how many were begun."""
    with install_listener("numba:compile", _Compiling(told)):
        yield


class _Compiling(Listener):
    """Counts kept functions; steps inside them are theirs. numba holds its lock meanwhile."""

    def __init__(self, told: Callable[[int, int], None]) -> None:
        self.told, self.done, self.begun = told, 0, 0

    def on_start(self, event: Any) -> None:  # noqa: ANN401 - as numba has it
        if self._counts(event):
            self.begun += 1
            self.told(self.done, self.begun)

    def on_end(self, event: Any) -> None:  # noqa: ANN401 - as numba has it
        if self._counts(event):
            self.done += 1
            self.told(self.done, self.begun)

    @staticmethod
    def _counts(event: Any) -> bool:  # noqa: ANN401 - as numba has it
        return any(event.data["dispatcher"] is one.dispatcher for one in _KEPT)
