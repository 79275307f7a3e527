"""What a Site's own looks could have seen: hands the Site's pipeline to ``evaluate``, and keeps the answer in the dossier.

``run`` measures quickly, in a few runs of the pipeline; ``spadework sensitivity`` measures thoroughly, with 300 plants
wherever they fit. A dossier that was once measured thoroughly stays so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from spadework.cube import OK
from spadework.evaluate.plant import PlantSettings
from spadework.evaluate.recovery import Unplanted, measure
from spadework.records import Chance, Curve, NullStatement, Planted, Sensitivity, Smallest
from spadework.run.pipeline import change_of, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spadework.cube import Change, Cube
    from spadework.records import Event, Site

QUICK: Final = PlantSettings(rounds=3)
"""Of ``run``: on a large site the same 300 plants, on a small one what three runs of the pipeline hold."""
THOROUGH: Final = PlantSettings(rounds=24)
"""Of ``sensitivity``: 300 plants on all but the smallest sites."""


LINES: Final = ("contrast", "probability", "low", "high")
"""Of a curve, in the order of its fields."""


def planting(kept: Mapping[str, Any] | None, *, thorough: bool) -> PlantSettings:
    """The settings for a dossier whose last answer, if any, is ``kept``."""
    return THOROUGH if thorough or (kept is not None and kept.get("rounds", 0) >= THOROUGH.rounds) else QUICK


def seed_of(site: Site) -> int:
    """A seed from the Site itself, so that a re-run plants the same changes."""
    facts = json.dumps([site.name, site.aoi, asdict(site.period)], default=str)
    return int.from_bytes(hashlib.sha256(facts.encode()).digest()[:8], "big")


def measure_site(
    site: Site,
    seen: tuple[Cube, Change, tuple[Event, ...]],
    settings: PlantSettings,
    progress: Callable[[int, int], None],
) -> Sensitivity:
    """Plant changes into the Site's looks and run its own pipeline over them.

    Args:
        site: its period, its smallest event, and the seed.
        seen: cube, change and events of the run, without plants and without an analyst's marks.
        settings: what to plant.
        progress: told runs of the pipeline done and in all.

    """

    def find(planted: Cube) -> tuple[Event, ...]:
        return events_of(site, planted, change_of(site, planted))

    cube, change, events = seen
    unplanted = Unplanted(cube, change.reason == OK, events, site.period, site.min_pixels)
    return measure(unplanted, find, settings, seed_of(site), progress)


def sensitivity_of(kept: Mapping[str, Any]) -> Sensitivity:
    """The record from its JSON in ``dossier.json``."""

    def day(text: str | None) -> dt.date | None:
        return None if text is None else dt.date.fromisoformat(text)

    def exact(text: str) -> dt.date:
        return dt.date.fromisoformat(text)

    days = {name: exact(kept[name]) for name in ("start", "end", "middle")}
    lists: dict[str, tuple[Any, ...]] = {
        "planted": tuple(Planted(**{**raw, "onset": exact(raw["onset"])}) for raw in kept["planted"]),
        "statements": tuple(
            NullStatement(**{**raw, "before": day(raw["before"]), "chance": Chance(**raw["chance"])})
            for raw in kept["statements"]
        ),
        "smallest": tuple(Smallest(**raw) for raw in kept["smallest"]),
        "curves": tuple(Curve(raw["family"], raw["area_m2"], *(tuple(raw[line]) for line in LINES)) for raw in kept["curves"]),
    }
    return Sensitivity(**{**kept, **days, **lists})
