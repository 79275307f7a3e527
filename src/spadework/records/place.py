"""Places, as nested tuples."""

from __future__ import annotations

from typing import TypeAlias

Ring: TypeAlias = tuple[tuple[float, float], ...]
"""Closed ring of (longitude, latitude)."""
Polygon: TypeAlias = tuple[Ring, ...]
"""Outer ring, then holes."""
MultiPolygon: TypeAlias = tuple[Polygon, ...]
