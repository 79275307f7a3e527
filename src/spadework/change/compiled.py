"""How functions of this room are compiled."""

from __future__ import annotations

from spadework.machine import keeper, prefetch, step

__all__ = ["compiled", "prefetch", "step"]

compiled = keeper("spadework.change")
