"""What alignment is held to: one frozen record, units in its docstrings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlignSettings:
    """How two images are laid on each other, and when that is called a failure."""

    tile_px: int = 96
    """Side of a tile; smaller images get tiles of a quarter of their shorter side, down to ``least_tile_px``."""
    least_tile_px: int = 32
    """No tile is smaller."""
    most_tiles: int = 49
    """Tiles are spread evenly over the image; more than so many are not looked at."""
    reach: float = 0.25
    """Largest shift looked for, as a share of the shorter side."""
    valid_share: float = 0.6
    """A tile is tried when so much of it is valid in both images."""
    least_texture: float = 2.0
    """A tile is tried when the contrast of its structure is so many times what noise alone would leave there."""
    least_score: float = 0.3
    """A tile counts when its two images, aligned, correlate at least so well (-1..1)."""
    there_and_back_px: float = 0.35
    """A tile counts for an estimator when the shift there and the shift back cancel this closely."""
    agree_px: float = 1.5
    """Tiles further from the consensus than this are outliers, whatever their scatter."""
    least_tiles: int = 4
    """Agreeing tiles without which no shift is stated."""
    least_share: float = 0.25
    """Share of the tiles tried that must agree."""
    most_radius_px: float = 2.0
    """A shift less sure than this is not stated."""
