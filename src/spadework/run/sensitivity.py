"""What a Site's own looks could have seen: hands the Site's pipeline to ``evaluate``, and keeps the answer in the dossier.

``run`` measures quickly, in a few runs of the pipeline; ``spadework sensitivity`` measures thoroughly, with 300 plants
wherever they fit. A dossier that was once measured thoroughly stays so.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from spadework.cube import OK
from spadework.evaluate.plant import PlantSettings
from spadework.evaluate.recovery import Unplanted, measure
from spadework.run.pipeline import change_of, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spadework.cube import Change, Cube
    from spadework.records import Event, Sensitivity, Site

QUICK: Final = PlantSettings(rounds=3)
"""Of ``run``: on a large site the same 300 plants, on a small one what three runs of the pipeline hold."""
THOROUGH: Final = PlantSettings(rounds=24)
"""Of ``sensitivity``: 300 plants on all but the smallest sites."""


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
