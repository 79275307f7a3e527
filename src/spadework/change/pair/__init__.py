"""Change between two very-high-resolution images of one place, aligned and on one grid.

The steps: ``stable`` learns what ground that did not change does between the two images, ``shadow`` says where nothing can be
compared, ``scatter`` turns a difference into a probability against the scene's own unchanged ground, ``compare`` puts them
together and says what the answer is worth, ``patches`` joins changed pixels. ``features`` and ``trained`` are the way with labels.
"""

from __future__ import annotations

from spadework.change.pair.compare import Pair, PairSettings, change_probability
from spadework.change.pair.patches import PatchSettings, patches_of
from spadework.change.pair.scoring import Scores
from spadework.change.pair.trained import PairModel, TrainSettings, leave_one_pair_out, load, train

__all__ = [
    "Pair",
    "PairModel",
    "PairSettings",
    "PatchSettings",
    "Scores",
    "TrainSettings",
    "change_probability",
    "leave_one_pair_out",
    "load",
    "patches_of",
    "train",
]
