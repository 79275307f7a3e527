"""What a comparison of two images is worth, in sentences for the reader."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from spadework.change.pair.trained import PairModel
    from spadework.records import VhrScene

NEAR_DAYS: Final = 120
"""Images further apart in time differ by season, sun and use of the ground."""
NEAR_VIEW: Final = 10.0
"""Degrees between two lines of sight from where relief and walls move visibly."""
NEAR_SUN: Final = 10.0
"""Degrees between two positions of the sun from where shadows and shading differ visibly."""
BLIND: Final = 1.0
"""Where only a step over so many times the ground's own scatter shows, most change stays unseen: near pairs have 0.1 to 0.3."""
_UNTRAINED: Final = (
    "Methods without training found changes between images years apart hardly better than calling everything changed "
    "(best F1 .30 against .27 on 11 labelled pairs)."
)

LIMIT_OUTSIDE: Final = "A model from outside: how well it does on images like these is not known here."


def confidence_of(before: VhrScene, after: VhrScene) -> Literal["low", "moderate"]:
    """Moderate only for images known to be near in time."""
    apart = _days_apart(before, after)
    view = _angle(_sky(before.off_nadir, before.view_azimuth), _sky(after.off_nadir, after.view_azimuth))
    return "moderate" if apart is not None and apart <= NEAR_DAYS and (view is None or view <= NEAR_VIEW) else "low"


def limits_of(before: VhrScene, after: VhrScene, *, sunlit: bool) -> tuple[str, ...]:
    """What the reader must know of this pair; ``sunlit`` = the sun was known for both images."""
    out = []
    apart = _days_apart(before, after)
    if apart is None:
        out.append(f"The time between the images is not known. {_UNTRAINED}")
    elif apart > NEAR_DAYS:
        months = round(apart / 30.44)
        out.append(f"The images are {months} months apart: season, sun and use of the ground differ too. {_UNTRAINED}")
    view = _angle(_sky(before.off_nadir, before.view_azimuth), _sky(after.off_nadir, after.view_azimuth))
    if view is None:
        out.append("The direction of view is not known for both: walls, trees and relief may seem to change.")
    elif view > NEAR_VIEW:
        out.append(f"The directions of view differ by {view:.0f} degrees: walls, trees and relief seem to change.")
    sun = _angle(_sun(before), _sun(after))
    if sun is not None and sun > NEAR_SUN:
        out.append(f"The sun stood {sun:.0f} degrees elsewhere: shading on slopes differs.")
    if not sunlit:
        out.append("Where the sun stood is not known for both: only the darkest ground was left out as shadow.")
    out.append("Ground in shadow in either image was not compared; small dark ground cannot be told from shadow.")
    out.append("A change that fills a square of about 100 pixels may pass for ground that always differs more.")
    out.append("A probability says that the ground looks different beyond noise and misalignment, not what changed or why.")
    return tuple(out)


def limit_of_step(step: float) -> str:
    """How strong a change must be to show; ``step`` in units of the ground's own scatter, on flat ground."""
    shows = f"A step in brightness shows from {step:.1f} times the scatter of the ground itself"
    if step > BLIND:
        return f"{shows}: these images differ too much everywhere, most change stays unseen, and a map without change says nothing."
    return f"{shows} (on flat ground)."


def limits_of_trained(model: PairModel) -> tuple[str, ...]:
    """What the reader must know of a model trained on labels."""
    among = (
        f"Trained on {len(model.pairs)} labelled pairs; on other places, seasons or sensors it is not known how well it does."
    )
    if model.score is None:
        return (among, "It was not scored on pairs left out.")
    f1 = model.score.f1
    left = f"F1 {f1.value:.2f} (90 % interval over pairs {f1.low:.2f} to {f1.high:.2f}) on pairs left out in turn."
    return among, left


def _days_apart(before: VhrScene, after: VhrScene) -> float | None:
    if before.datetime is None or after.datetime is None:
        return None
    return abs((after.datetime - before.datetime).total_seconds()) / 86_400


def _sky(off_nadir: float | None, azimuth: float | None) -> tuple[float, float] | None:
    """(angle from the vertical, azimuth), degrees; straight down needs no azimuth."""
    if off_nadir is None or (azimuth is None and off_nadir > 0):
        return None
    return off_nadir, azimuth or 0.0


def _sun(scene: VhrScene) -> tuple[float, float] | None:
    return None if scene.sun_elevation is None else _sky(90 - scene.sun_elevation, scene.sun_azimuth)


def _angle(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    """Degrees between two directions in the sky; None where one is not known."""
    if one is None or other is None:
        return None
    (first, to), (second, towards) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    cosine = math.cos(first) * math.cos(second) + math.sin(first) * math.sin(second) * math.cos(to - towards)
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
