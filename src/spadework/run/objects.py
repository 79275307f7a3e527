"""Objects in one image file: by a detector of the user, or candidates by size."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from spadework.imagery.vhr import open_image
from spadework.machine import compiling
from spadework.measure.sun import with_sun
from spadework.objects import candidate_finder, detector_of, find, plan_search
from spadework.run.models import open_model

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.imagery.vhr import ImageRequest
    from spadework.records import Sighting
    from spadework.run.plan import OnStep


@dataclass(frozen=True, slots=True)
class Seen:
    """What a search found, and what it could say at all."""

    statement: str
    """What these pixels can say of machines."""
    notes: tuple[str, ...]
    sightings: tuple[Sighting, ...]

    @property
    def as_json(self) -> dict[str, Any]:
        """For a program."""
        sightings = [asdict(one) for one in self.sightings]
        return {"statement": self.statement, "notes": list(self.notes), "count": len(sightings), "sightings": sightings}


def objects_in(path: Path, request: ImageRequest, on_step: OnStep, model: str | None = None) -> Seen:
    """Search an image.

    Args:
        path: of the image.
        request: what is known of it.
        on_step: told how the work goes on.
        model: name or card of a detector; None = the finder that needs none.

    Raises:
        UserError: see ``open_image``, ``open_model`` and ``objects.plan_search``.

    """
    image = open_image(path, request)
    image = replace(image, scene=with_sun(image.scene))
    detector = candidate_finder() if model is None else detector_of(open_model(model, "detection"))
    plan = plan_search(image.scene, detector)
    on_step("objects", 0, None)
    with compiling(lambda done, begun: on_step("compile", done, begun)):
        found = tuple(replace(one, id=f"O{n}") for n, one in enumerate(find(image, detector), 1))
    return Seen(plan.statement, (*plan.notes, *image.scene.notes), found)
