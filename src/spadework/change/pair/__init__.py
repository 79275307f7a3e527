"""Change between two very-high-resolution images of one place, aligned and on one grid.

The steps: ``stable`` learns what ground that did not change does between the two images, ``shadow`` says where nothing can be
compared, ``scatter`` turns a difference into a probability against the scene's own unchanged ground, ``compare`` puts them
together and says what the answer is worth, ``patches`` joins changed pixels. ``features`` and ``trained`` are the way with labels.
"""

from __future__ import annotations

from spadework.change.pair.compare import Pair, PairSettings, change_probability
from spadework.change.pair.patches import PatchSettings, patches_of

__all__ = ["Pair", "PairSettings", "PatchSettings", "change_probability", "patches_of"]
