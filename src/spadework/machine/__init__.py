"""Machine code: how functions are compiled, once for a machine, and where the code is kept between processes.

The one room beside the doors that touches files: its own, which hold no finding. Why so: ``docs/decisions/0015``.
"""

from spadework.machine.compiled import Kept, compiling, keeper, kept, prefetch, step
from spadework.machine.folders import Folder

__all__ = ["Folder", "Kept", "compiling", "keeper", "kept", "prefetch", "step"]
