"""Objects in one very-high-resolution image: detectors over overlapping tiles, and Sightings no higher than the GSD allows.

``detector`` says what a detector is and makes one of a model from outside; ``candidates`` needs no model; ``find`` plans, tiles, merges
and claims; ``boxes`` and ``evidence`` are what it works with. The law of this room: no files, no network, no clock.
"""

from spadework.objects.candidates import candidate_finder
from spadework.objects.detector import Detector, Found, detector_of
from spadework.objects.find import FindSettings, SearchPlan, TileOf, find, find_in, plan_search, statement, tile_size, tiles_of
from spadework.objects.hand import sighting_by_hand

__all__ = [
    "Detector", "FindSettings", "Found", "SearchPlan", "TileOf", "candidate_finder", "detector_of", "find", "find_in", "plan_search", "sighting_by_hand",
    "statement", "tile_size", "tiles_of",
]  # fmt: skip
