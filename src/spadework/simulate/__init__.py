"""Worlds whose truth is known: what a set-up could have seen can be measured only where it is known what was there.

``cover`` and ``ground`` lay out fields or desert and the planted earthworks, ``phenology`` the year of each field, ``passing``
what befalls the ground and goes; ``weather``, ``air`` and ``sensor`` change from look to look; ``image`` takes the images,
``world`` and ``cube`` hand them out. ``amplitudes`` says how large each nuisance is in nature; ``scatter`` plants at random.
The law of this room: no files, no network, no clock, and never an import of ``change``, which is measured against it.
"""

from spadework.simulate.amplitudes import NUISANCE_X1, scaled
from spadework.simulate.cube import cube_of
from spadework.simulate.passing import PASSINGS
from spadework.simulate.scatter import Sowing, null, scatter
from spadework.simulate.world import Truth, World, make_world

__all__ = ["NUISANCE_X1", "PASSINGS", "Sowing", "Truth", "World", "cube_of", "make_world", "null", "scaled", "scatter"]
