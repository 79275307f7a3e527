"""Units as newsrooms write them, in SI. Factors are exact unless said (NIST Special Publication 811, 2008, appendix B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spadework.records import Dimension


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit."""

    short: str
    """As a ledger writes it."""
    factor: float
    """To SI."""
    si: str
    dimension: Dimension
    """Where the words nearby say nothing more; "distance" of a length."""
    offset: float = 0.0
    """Added before the factor: of temperatures."""


FOOT: Final = 0.3048
MILE: Final = 1609.344
ACRE: Final = 4046.8726
"""Of the international foot; rounded in the last digit."""
PITCH: Final = 7140.0
"""A football pitch of 105 by 68 m (FIFA, Laws of the Game: recommended size); a comparison, no unit."""


def _all(words: str, unit: Unit) -> dict[str, Unit]:
    return dict.fromkeys(words.split("|"), unit)


UNITS: Final[dict[str, Unit]] = {
    **_all("m|metre|metres|meter|meters|m\u00e8tre|m\u00e8tres", Unit("m", 1.0, "m", "distance")),
    **_all("km|kms|kilometre|kilometres|kilometer|kilometers|kilom\u00e8tre|kilom\u00e8tres", Unit("km", 1e3, "m", "distance")),
    **_all("cm|centimetre|centimetres|centimeter|centimeters|centim\u00e8tre|centim\u00e8tres", Unit("cm", 0.01, "m", "distance")),
    **_all("mm|millimetre|millimetres|millimeter|millimeters|millim\u00e8tre|millim\u00e8tres", Unit("mm", 1e-3, "m", "distance")),
    **_all("ft|foot|feet|pied|pieds", Unit("ft", FOOT, "m", "distance")),
    **_all("inch|inches", Unit("in", 0.0254, "m", "distance")),
    **_all("yd|yard|yards", Unit("yd", 0.9144, "m", "distance")),
    **_all("mi|mile|miles", Unit("mi", MILE, "m", "distance")),
    **_all("nautical mile|nautical miles|nmi", Unit("nmi", 1852.0, "m", "distance")),
    **_all("km2|km\u00b2|sq km|sq kilometre|sq kilometres|sq kilometer|sq kilometers|square km|square kilometre|square kilometres|square kilometer|square kilometers|square-kilometre|square-kilometer|kilom\u00e8tre carr\u00e9|kilom\u00e8tres carr\u00e9s", Unit("km2", 1e6, "m2", "area")),
    **_all("m2|m\u00b2|sq m|sq metre|sq metres|sq meter|sq meters|square metre|square metres|square meter|square meters|square-metre|square-meter|m\u00e8tre carr\u00e9|m\u00e8tres carr\u00e9s", Unit("m2", 1.0, "m2", "area")),
    **_all("ha|hectare|hectares", Unit("ha", 1e4, "m2", "area")),
    **_all("acre|acres", Unit("acre", ACRE, "m2", "area")),
    **_all("dunam|dunams", Unit("dunam", 1e3, "m2", "area")),
    **_all("sq mi|sq mile|sq miles|square mile|square miles|square-mile", Unit("mi2", MILE**2, "m2", "area")),
    **_all("sq ft|sq feet|square foot|square feet|square-foot", Unit("ft2", FOOT**2, "m2", "area")),
    **_all("football pitch|football pitches|soccer pitch|soccer pitches|football field|football fields|terrain de football|terrains de football", Unit("pitch", PITCH, "m2", "area")),
    **_all("m3|m\u00b3|cubic metre|cubic metres|cubic meter|cubic meters|m\u00e8tre cube|m\u00e8tres cubes", Unit("m3", 1.0, "m3", "volume")),
    **_all("cubic kilometre|cubic kilometres|cubic kilometer|cubic kilometers|km3|km\u00b3", Unit("km3", 1e9, "m3", "volume")),
    **_all("cubic foot|cubic feet", Unit("ft3", FOOT**3, "m3", "volume")),
    **_all("cubic yard|cubic yards", Unit("yd3", 0.9144**3, "m3", "volume")),
    **_all("litre|litres|liter|liters", Unit("L", 1e-3, "m3", "volume")),
    **_all("gallon|gallons", Unit("gal", 3.785411784e-3, "m3", "volume")),
    **_all("barrel|barrels|bbl|baril|barils", Unit("bbl", 0.158987294928, "m3", "volume")),
    **_all("bpd|b/d", Unit("bbl/day", 0.158987294928 / 86400, "m3/s", "flow")),
    **_all("t|tonne|tonnes|metric ton|metric tons|mt", Unit("t", 1e3, "kg", "mass")),
    **_all("ton|tons|short ton|short tons", Unit("ton", 907.18474, "kg", "mass")),
    **_all("long ton|long tons", Unit("long ton", 1016.0469088, "kg", "mass")),
    **_all("kilotonne|kilotonnes|kt", Unit("kt", 1e6, "kg", "mass")),
    **_all("kg|kilogram|kilograms|kilogramme|kilogrammes|kilo|kilos", Unit("kg", 1.0, "kg", "mass")),
    **_all("lb|lbs|pound|pounds", Unit("lb", 0.45359237, "kg", "mass")),
    **_all("ounce|ounces|oz", Unit("oz", 0.028349523125, "kg", "mass")),
    **_all("km/h|kph|kmh|kilometres per hour|kilometers per hour|kilometres an hour|kilometers an hour|kilom\u00e8tres par heure|kilom\u00e8tres-heure", Unit("km/h", 1 / 3.6, "m/s", "speed")),
    **_all("mph|miles per hour|miles an hour", Unit("mph", MILE / 3600, "m/s", "speed")),
    **_all("m/s|metres per second|meters per second|metres a second|meters a second", Unit("m/s", 1.0, "m/s", "speed")),
    **_all("knot|knots|n\u0153ud|n\u0153uds", Unit("kn", 1852 / 3600, "m/s", "speed")),
    **_all("%|per cent|percent|pc|pour cent|percentage point|percentage points", Unit("%", 0.01, "1", "share")),
    **_all("\u00b0c|degrees celsius|degree celsius|degrees centigrade|degr\u00e9s celsius|degr\u00e9s", Unit("degC", 1.0, "degC", "temperature")),
    **_all("\u00b0f|degrees fahrenheit", Unit("degF", 5 / 9, "degC", "temperature", -32.0)),
    **_all("mw|megawatt|megawatts|m\u00e9gawatts", Unit("MW", 1e6, "W", "power")),
    **_all("gw|gigawatt|gigawatts", Unit("GW", 1e9, "W", "power")),
    **_all("kw|kilowatt|kilowatts", Unit("kW", 1e3, "W", "power")),
    **_all("kwh|kilowatt-hour|kilowatt-hours|kilowatt hours", Unit("kWh", 3.6e6, "J", "energy")),
    **_all("mwh|megawatt-hour|megawatt-hours|megawatt hours", Unit("MWh", 3.6e9, "J", "energy")),
    **_all("gwh|gigawatt-hour|gigawatt-hours|gigawatt hours", Unit("GWh", 3.6e12, "J", "energy")),
    **_all("second|seconds|seconde|secondes", Unit("s", 1.0, "s", "duration")),
    **_all("minute|minutes|min", Unit("min", 60.0, "s", "duration")),
    **_all("hour|hours|heure|heures", Unit("h", 3600.0, "s", "duration")),
    **_all("day|days|jour|jours", Unit("day", 86400.0, "s", "duration")),
    **_all("week|weeks|semaine|semaines", Unit("week", 604800.0, "s", "duration")),
    **_all("month|months|mois", Unit("month", 2629746.0, "s", "duration")),
    **_all("fortnight|fortnights", Unit("fortnight", 1209600.0, "s", "duration")),
    **_all("decade|decades|d\u00e9cennie|d\u00e9cennies", Unit("decade", 315569520.0, "s", "duration")),
    **_all("year|years|an|ans|ann\u00e9e|ann\u00e9es", Unit("year", 31556952.0, "s", "duration")),
}  # fmt: skip
"""By the words for them, folded; a month and a year are mean ones of the Gregorian calendar."""
RATES: Final = {
    "s": 1.0,
    "second": 1.0,
    "h": 3600.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 604800.0,
    "month": 2629746.0,
    "year": 31556952.0,
}
"""Seconds of the word after "a", "per", "/"."""
MONEY: Final = {
    "$": "USD", "us$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "a$": "AUD", "c$": "CAD", "\u00a5": "JPY", "dollar": "USD", "dollars": "USD", "us dollars": "USD", "usd": "USD", "euro": "EUR",
    "euros": "EUR", "eur": "EUR", "pounds sterling": "GBP", "gbp": "GBP", "yuan": "CNY", "rupees": "INR", "roubles": "RUB", "rubles": "RUB", "francs": "CHF", "pesos": "MXN", "shekels": "ILS",
    "dirhams": "AED", "riyals": "SAR", "rand": "ZAR",
}  # fmt: skip
"""Currencies keep their own unit; converting one would need a day's rate."""
