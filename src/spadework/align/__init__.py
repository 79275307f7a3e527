"""Shifts between images: estimated by several methods on many tiles, judged, or refused.

The law of this room: arrays in, records and arrays out; no files, no clock, no chance.
"""

from spadework.align.estimate import align
from spadework.align.move import move
from spadework.align.settings import AlignSettings

__all__ = ["AlignSettings", "align", "move"]
