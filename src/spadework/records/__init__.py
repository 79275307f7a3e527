"""The nouns, frozen. Each field says its unit, axis order or polarity.

Days are ``datetime.date`` in UTC, instants are aware ``datetime.datetime`` in UTC. Lengths are metres, areas
square metres, angles degrees, coordinates WGS 84 longitude, latitude. The nouns that hold arrays live in ``cube``.
"""

from __future__ import annotations

from spadework.records.findings import (
    Bound,
    Chance,
    Curve,
    Event,
    Family,
    Figure,
    Findings,
    Mark,
    NullStatement,
    Observability,
    Phase,
    PhaseStep,
    Planted,
    Season,
    Sensitivity,
    SeriesRow,
    Smallest,
    Status,
)
from spadework.records.imagery import BANDS, Asset, Dropped, Look, Request, Scene, SceneRef
from spadework.records.likelihood import TERMS, Term, term_of
from spadework.records.place import MultiPolygon, Polygon, Ring
from spadework.records.product import Correction, Gate, Product, SignOff
from spadework.records.site import ClearRule, ImagerySource, MaskRule, Period, PublishRule, Site

__all__ = [
    "BANDS",
    "TERMS",
    "Asset",
    "Bound",
    "Chance",
    "ClearRule",
    "Correction",
    "Curve",
    "Dropped",
    "Event",
    "Family",
    "Figure",
    "Findings",
    "Gate",
    "ImagerySource",
    "Look",
    "Mark",
    "MaskRule",
    "MultiPolygon",
    "NullStatement",
    "Observability",
    "Period",
    "Phase",
    "PhaseStep",
    "Planted",
    "Polygon",
    "Product",
    "PublishRule",
    "Request",
    "Ring",
    "Scene",
    "SceneRef",
    "Season",
    "Sensitivity",
    "SeriesRow",
    "SignOff",
    "Site",
    "Smallest",
    "Status",
    "Term",
    "term_of",
]
