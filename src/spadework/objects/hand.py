"""What an analyst saw, as a Sighting: held to the same ceiling as any detector."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spadework.errors import UserError
from spadework.objects.boxes import ground_outline
from spadework.records import ANALYST, CeilingError, Sighting

if TYPE_CHECKING:
    from spadework.cube import Image
    from spadework.records import SightingRule


def sighting_by_hand(image: Image, rule: SightingRule) -> Sighting:
    """A Sighting from a rule of the site file.

    Args:
        image: or a window of it that holds the object.
        rule: what was seen, and where.

    Raises:
        UserError: outside the image, of unknown ground sample distance, or more than its pixels can carry.

    """
    scene = image.scene
    if scene.gsd_m is None:
        raise UserError(rule.id, f"the ground sample distance of {scene.id} is unknown", "give gsd_m with its [[scene]]")
    a, b, c, d, e, f = image.transform
    col, row = np.linalg.solve(np.array([[a, b], [d, e]]), np.array(rule.centre) - (c, f))
    rows, cols = image.valid.shape
    if not (0 <= col < cols and 0 <= row < rows):
        raise UserError(rule.id, f"its centre lies outside {scene.id}", "give map units of the scene, x then y")
    px_m = math.sqrt(scene.gsd_m[0] * scene.gsd_m[1])
    box = (float(col), float(row), rule.length_m / px_m, rule.width_m / px_m, rule.angle_deg)
    try:
        return Sighting(
            id=rule.id,
            scene=scene.id,
            label=rule.label,
            identity=rule.identity,
            centre=rule.centre,
            length_m=rule.length_m,
            width_m=rule.width_m,
            angle_deg=rule.angle_deg,
            gsd_m=max(scene.gsd_m),
            score=1.0,
            detector=ANALYST,
            geometry=ground_outline(image, box),
            evidence=rule.evidence,
        )
    except CeilingError as error:
        raise UserError(rule.id, str(error), "say no more than the pixels carry, or use a finer image") from error
