"""Measurements for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spadework.records import Measurement

_NAMES = {
    "width": "width of the opening as seen from above",
    "length": "length as seen from above",
    "area": "area as seen from above",
    "height": "height, from the length of a shadow",
    "spoil volume": "volume of spoil",
    "excavation length": "length of tunnel that this spoil fills",
    "passage": "could pass, by width",
    "slope": "slope at the portal",
    "cover": "most cover over the drive",
    "daylight": "the drive comes out after",
}
_UNITS = {"m": " m", "m2": " m²", "m3": " m³", "deg": "°", "probability": ""}


def measurement_json(told: Measurement) -> dict[str, Any]:
    """One object: value and interval under keys that carry the unit (design, section 5)."""
    unit = "" if told.unit == "probability" else f"_{told.unit}"
    interval = None if told.low is None and told.high is None else [told.low, told.high]
    return {
        "quantity": told.quantity,
        "label": told.label,
        f"value{unit}": told.value,
        f"interval{unit}": None if told.refused else interval,
        "level": told.level,
        "kind": told.kind,
        "budget": dict(told.budget),
        "budget_is": "shares of the variance" if told.shares else "standard uncertainties",
        "gsd_m": told.gsd_m,
        "scene": told.scene,
        "method": told.method,
        "refused": told.refused,
        "warnings": list(told.warnings),
    }


def measurement_text(told: Measurement) -> str:
    """A few plain lines."""
    name = _NAMES[told.quantity] + (f" ({told.label})" if told.label else "")
    unit = _UNITS[told.unit]
    if told.refused is not None:
        return f"{name}: not measured\n  {told.refused}" + _notes(told)
    if told.quantity == "passage":
        return f"{name}: probability {_chance(told.value)}"
    low, high = (None if end is None else _round(end, told) for end in (told.low, told.high))
    if told.kind == "interval":
        text = f"{name}: {_round(told.value, told)}{unit} ({low} to {high}{unit}, {told.level * 100:.0f} % interval)"
    else:
        text = f"{name}: {told.kind} {high if told.kind == 'at most' else low}{unit}"
    share = "{:.0%}" if told.shares else "{:.2g}" + unit
    terms = ", ".join(f"{term} {share.format(size)}" for term, size in told.budget)
    at = f"  pixels of {told.gsd_m:.2g} m" if told.gsd_m else ""
    return "\n".join(filter(None, [text, at, f"  budget: {terms}" if terms else ""])) + _notes(told)


def _notes(told: Measurement) -> str:
    return "".join(f"\n  note: {note}" for note in told.warnings)


def _chance(value: float | None) -> str:
    return "unknown" if value is None else "over .99" if value > 0.99 else "under .01" if value < 0.01 else f"{value:.2f}"  # noqa: PLR2004 - as it is printed


def _round(value: float | None, told: Measurement) -> str:
    if value is None:
        return "unknown"
    wide = (told.high - told.low) / 2 if told.low is not None and told.high is not None else abs(value) / 10
    digits = 2 if told.unit in ("m", "probability") and wide < 1 else 1 if wide < 10 else 0  # noqa: PLR2004 - by size
    return f"{value:,.{digits}f}"
