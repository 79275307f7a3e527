"""Worlds whose truth is known: what a set-up could have seen can be measured only where it is known what was there.

``ground`` lays out a desert and its planted earthworks, ``weather`` sun, rain and clouds, ``world`` takes the images.
The law of this room: no files, no network, no clock, and never an import of ``change``, which is measured against it.
"""

from spadework.simulate.world import Truth, World, make_world

__all__ = ["Truth", "World", "make_world"]
