"""How functions of this room are compiled."""

from __future__ import annotations

from spadework.machine import keeper, step

__all__ = ["compiled", "step"]

compiled = keeper("spadework.change")
