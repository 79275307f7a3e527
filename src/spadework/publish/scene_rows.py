"""The tables of the page on very-high-resolution Scenes: Scenes, Sightings, Measurements, and truth beside them where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spadework.publish import words
from spadework.publish.scenes import counted, name_of, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spadework.records import Findings, Measurement, Sighting, Truth, VhrScene

RELATIVE: Final = {True: "inside the interval", False: "outside the interval"}
_MEASURED: Final = "measurement:"


def scene_rows(findings: Findings, *, gated: bool) -> dict[str, Any]:
    """What the template reads; ``gated`` = what is missing was withheld."""
    number = {scene.id: place for place, scene in enumerate(findings.scenes, 1)}
    return {
        "scenes": [_scene(scene, place, gated=gated) for place, scene in enumerate(findings.scenes, 1)],
        "sightings": list(_sightings(findings.sightings, number)),
        "measurements": [_measurement(m, place, number) for place, m in enumerate(findings.measurements, 1)],
        "truths": [row for truth in findings.site.truths if (row := _truth(truth, findings))],
    }


def _scene(scene: VhrScene, place: int, *, gated: bool) -> dict[str, Any]:
    blank = "withheld" if gated else "unknown"
    sun = blank if scene.sun_elevation is None else f"{scene.sun_elevation:.0f}° high"
    sun += "" if scene.sun_azimuth is None else f", from {scene.sun_azimuth:.0f}°"
    return {
        "place": place,
        "scene": scene,
        "when": words.instant(scene.datetime) if scene.datetime else "unknown",
        "pixels": pixels(scene).removeprefix("pixels of "),
        "sun": sun,
        "view": blank if scene.off_nadir is None else f"{scene.off_nadir:.1f}°",
        "hash": scene.sha256[:12] if scene.sha256 else "not hashed",
    }


def _sightings(found: tuple[Sighting, ...], number: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Numbered within each Scene, as on its overview."""
    places: dict[str, int] = {}
    for sighting in found:
        places[sighting.scene] = places.get(sighting.scene, 0) + 1
        yield {
            "place": f"{number.get(sighting.scene, '?')}.{places[sighting.scene]}",
            "scene": number.get(sighting.scene),
            "what": f"{sighting.identity} {sighting.label}",
            "many": sighting.many or "one",
            "gsd": f"{sighting.gsd_m:.2g} m",
            "evidence": "; ".join(sighting.evidence) or "none named",
            "detector": sighting.detector,
        }


def _measurement(result: Measurement, place: int, number: dict[str, int]) -> dict[str, Any]:
    return {
        "place": place,
        "what": f"Passage of {result.label}" if result.quantity == "passage" else name_of(result),
        "value": words.measured(result) or "not stated",
        "refused": result.refused,
        "level": _level(result),
        "scene": number.get(result.scene),
        "of": result.scene,
        "gsd": "" if result.gsd_m is None else f"{result.gsd_m:.2g} m",
        "budget": [(term, _term(result, value)) for term, value in result.budget],
        "shares": result.shares,
        "method": result.method,
        "warnings": result.warnings,
    }


def _level(result: Measurement) -> str:
    if not words.measured(result):
        return ""
    if result.quantity == "passage":
        return "most to least room to spare"
    return words.share(result.level) if result.kind == "interval" else "bound"


def _term(result: Measurement, value: float) -> str:
    """A term of the budget: a share of the variance, or one standard uncertainty."""
    return words.share(value) if result.shares else f"{value:.2g}{words.UNITS[result.unit]}"


# ---------------------------------------------------------------- truth
def _truth(truth: Truth, findings: Findings) -> dict[str, str] | None:
    """What a simulated place holds, and what was found of it (sightings: in the last Scene); None where nothing answers."""
    kind = truth.result.removeprefix(_MEASURED)
    told, holds = "", None
    if truth.result.startswith(_MEASURED):
        result = next((m for m in findings.measurements if m.id == kind), None)
        if result is None:
            return None
        told = words.measured(result) or f"not stated: {result.refused}"
        low, high = _ends(result)
        holds = low <= truth.value <= high if words.measured(result) else None
    elif truth.result == "sightings":
        last = findings.scenes[-1].id if findings.scenes else ""
        told = counted([sighting for sighting in findings.sightings if sighting.scene == last]) or "none"
    elif findings.comparisons:
        told, holds = _of_pair(truth, findings)
    if not told:
        return None
    unit = {"m2": "m²", "m3": "m³"}.get(truth.unit, truth.unit)
    value = words.share(truth.value) if truth.result == "changed_fraction" else f"{truth.value:g} {unit}".strip()
    return {"what": truth.what, "value": value, "told": told, "holds": "" if holds is None else RELATIVE[holds]}


def _ends(result: Measurement) -> tuple[float, float]:
    """Both ends of what is claimed; a bound is open on its other side."""
    low = -float("inf") if result.low is None or result.kind == "at most" else result.low
    high = float("inf") if result.high is None or result.kind == "at least" else result.high
    return low, high


def _of_pair(truth: Truth, findings: Findings) -> tuple[str, bool | None]:
    """What the first comparison says of its shift or of the share of change."""
    pair = findings.comparisons[0]
    if truth.result == "changed_fraction":
        return ("not compared" if pair.changed_fraction is None else words.share(pair.changed_fraction)), None
    how = pair.alignment
    if how.shift_px is None or how.radius_px is None:
        return "not aligned", None
    value = how.shift_px[truth.result == "shift_y"]
    return f"{value:+.2f} px (radius {how.radius_px:.2f} px)", abs(value - truth.value) <= how.radius_px
