"""Change between two very-high-resolution images of one place, aligned and on one grid.

The steps: ``stable`` learns what ground that did not change does between the two images, ``shadow`` says where nothing can be
compared, ``difference`` measures what differs, ``scatter`` makes a probability of it, ``compare`` puts them
together and says what the answer is worth, ``patches`` joins changed pixels. ``features`` and ``trained`` are the way with labels.
"""

from __future__ import annotations

from spadework.change.pair.compare import Pair, PairSettings, change_probability
from spadework.change.pair.difference import DifferenceSettings, difference_of
from spadework.change.pair.patches import PatchSettings, patches_of
from spadework.change.pair.scoring import Scores, count, scores_of
from spadework.change.pair.trained import PairModel, TrainSettings, leave_one_pair_out, leave_one_pair_out_maps, load, train

__all__ = [
    "DifferenceSettings",
    "Pair",
    "PairModel",
    "PairSettings",
    "PatchSettings",
    "Scores",
    "TrainSettings",
    "change_probability",
    "count",
    "difference_of",
    "leave_one_pair_out",
    "leave_one_pair_out_maps",
    "load",
    "patches_of",
    "scores_of",
    "train",
]
