"""The machine: how functions are compiled, once for it, where the code is kept between processes, and where large arrays lie.

The one room beside the doors that touches files: its own, which hold no finding. Why so: ``docs/decisions/0015``.
"""

from spadework.machine.compiled import Kept, compiling, keeper, kept, prefetch, step
from spadework.machine.folders import Folder
from spadework.machine.memory import room

__all__ = ["Folder", "Kept", "compiling", "keeper", "kept", "prefetch", "room", "step"]
