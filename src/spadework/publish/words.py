"""Dates, areas and places in plain English.

The law of this room: an onset is an interval bounded by named looks, a number is rounded to its uncertainty, and a
coordinate is never printed finer than the site's publication gate.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Final, Protocol

import shapely

from spadework.grid import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spadework.records import Event, Look, Measurement, Site, Unit, VhrScene

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
METRES_PER_DEGREE: Final = 111_320.0
"""Of latitude, near enough for rounding (WGS 84: 110,574 to 111,694 m)."""
HECTARE: Final = 10_000.0
STATUS: Final = {
    "confirmed": "confirmed",
    "anomaly": "not yet confirmed",
    "recovered": "went back to normal",
    "rejected": "rejected by an analyst",
}
"""How a status is printed."""
KIND: Final = {**STATUS, "added": "drawn by an analyst"}
"""The same, with what an analyst drew apart from what the method confirmed."""
NOT_ESTIMATED: Final = "not estimated"
SURE: Final = 0.9
"""Probability that a statement on sensitivity is made for."""
_YEAR: Final = re.compile(r"^(.*\S)\s+((?:19|20)\d\d)$")
"""A credit that ends in a year."""


def clean(text: str) -> str:
    """Text from outside on one line, without control or direction-changing characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def day(date: dt.date) -> str:
    """A day as printed: 12 May 2020."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def platform(name: str) -> str:
    """A platform as printed: sentinel-2a becomes Sentinel-2A."""
    if name == "unknown" or not name.islower():
        return "unknown platform" if name == "unknown" else clean(name)
    return "-".join(part.upper() if part[:1].isdigit() else part.capitalize() for part in clean(name).split("-"))


def share(value: float) -> str:
    """A share 0..1 in per cent; what is not quite all or nothing is never printed as all or nothing."""
    if 0 < value < 0.01:  # noqa: PLR2004 - one per cent is the printed unit
        return "under 1 %"
    return f"{min(math.floor(value * 100 + 0.5), 99) if value < 1 else 100} %"


def probability(value: float) -> str:
    """A probability as printed: .93; what is not certain is never printed as certain."""
    if value > 0.99:  # noqa: PLR2004 - the last printed place
        return "over .99"
    return "under .01" if value < 0.01 else f"{value:.2f}".lstrip("0")  # noqa: PLR2004 - the same


def points(contrast: float) -> str:
    """A contrast in points of reflectance: .05 is 5 points."""
    return f"{contrast * 100:g} {'point' if math.isclose(contrast, 0.01) else 'points'}"


def count(number: int) -> str:
    """A number of things: in words below ten, as newspapers do."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def span(step: float) -> str:
    """A length in round words: 500 m, 5 km."""
    return f"{step / 1000:g} km" if step >= 1000 else f"{step:g} m"  # noqa: PLR2004 - metres in a kilometre


# ---------------------------------------------------------------- numbers and their uncertainty
def _step(low: float, high: float) -> float:
    """The unit of rounding: one significant digit of the half-width, two where it starts with 1."""
    half = max((high - low) / 2, 1e-9)
    power = 10.0 ** math.floor(math.log10(half))
    return power / 10 if half / power < 2 else power  # noqa: PLR2004 - "starts with 1"


def area(value: float, low: float, high: float) -> str:
    """An area with its interval, rounded to its uncertainty: "about 1.2 ha (0.9 to 1.5 ha)".

    Args:
        value: m2.
        low: lower end, m2.
        high: upper end, m2.

    """
    unit, scale, finest = ("ha", HECTARE, 0.01) if max(value, high) >= HECTARE else ("m²", 1.0, 1.0)
    step = max(_step(low / scale, high / scale), finest)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    one, two, three = (f"{round(v / scale / step) * step:,.{places}f}" for v in (value, low, high))
    return f"about {one} {unit} ({two} to {three} {unit})"


def plain_area(value: float) -> str:
    """An area without an interval (a sum of pixels), three significant digits at most."""
    if value >= 1e6:  # noqa: PLR2004 - m2 in a km2
        return f"{value / 1e6:.3g} km²" if value < 1e9 else f"{value / 1e6:,.0f} km²"  # noqa: PLR2004 - a thousand km2
    return f"{value / HECTARE:.3g} ha" if value >= HECTARE else f"{value:,.0f} m²"


UNITS: Final[dict[Unit, str]] = {"m": " m", "m2": " m²", "m3": " m³", "deg": "°", "probability": ""}
"""How a unit is printed behind its number."""


def measured(result: Measurement) -> str:
    """A measured value with its interval, rounded to its uncertainty; empty where none is stated.

    "4.62 m (4.45 to 4.79 m)", "at most 1,300 m³", ".97 [.93, .99]": never a value without its interval.
    """
    value, low, high, unit = result.value, result.low, result.high, UNITS[result.unit]
    if result.refused is not None:
        return ""
    if result.kind == "at most":
        return "" if high is None else f"at most {_outward(high, 1)}{unit}"
    if result.kind == "at least":
        return "" if low is None else f"at least {_outward(low, -1)}{unit}"
    if value is None or low is None or high is None:
        return ""
    if result.unit == "probability":
        told = [probability(v) for v in (value, low, high)]
        return told[0] if len(set(told)) == 1 else f"{told[0]} [{told[1]}, {told[2]}]"
    step = _step(low, high)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    one, two, three = (f"{round(v / step) * step:,.{places}f}{unit}" for v in (value, low, high))
    return f"{one} ({two.removesuffix(unit)} to {three})"


def with_level(result: Measurement) -> str:
    """The same with the level of the interval inside its brackets: "4.62 m (4.45 to 4.79 m; 90 % interval)"."""
    told = measured(result)
    return f"{told[:-1]}; {share(result.level)} interval)" if told.endswith(")") else told


def _outward(bound: float, sign: int) -> str:
    """A bound in two digits, rounded away from what it allows."""
    step = 10.0 ** (math.floor(math.log10(max(abs(bound), 1e-9))) - 1)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{sign * math.ceil(sign * bound / step - 1e-9) * step:,.{places}f}"


# ---------------------------------------------------------------- places
def degree_step(metres: float) -> float:
    """Smallest of 1, 2, 5 x 10^n degrees that is at least so many metres of latitude."""
    want = metres / METRES_PER_DEGREE
    power = 10.0 ** math.floor(math.log10(want))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= want * (1 - 1e-9))


def place(longitude: float, latitude: float, gate_m: float) -> str:
    """Coordinates rounded to the publication gate, latitude first.

    Args:
        longitude: degrees.
        latitude: degrees.
        gate_m: metres; 0 = exact, printed to 5 decimals (1 m).

    """
    if gate_m <= 0:
        return f"{abs(latitude):.5f}° {'N' if latitude >= 0 else 'S'}, {abs(longitude):.5f}° {'E' if longitude >= 0 else 'W'}"
    north = _coarse(latitude, degree_step(gate_m), "NS")
    shrink = max(math.cos(math.radians(latitude)), 0.05)
    return f"near {north}, {_coarse(longitude, degree_step(gate_m / shrink), 'EW')} (rounded to {span(gate_m)} or coarser)"


def _coarse(value: float, step: float, letters: str) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    most = 90.0 if letters == "NS" else 180.0
    value = min(max(round(value / step) * step, -most), most)
    return f"{abs(value):.{places}f}° {letters[0] if value >= 0 else letters[1]}"


def site_place(site: Site) -> str:
    """Centre of the area of interest, rounded to the gate."""
    centre = shapely.centroid(shape_of(site.aoi))
    return place(centre.x, centre.y, site.publish.coordinates_m)


# ---------------------------------------------------------------- looks
def instant(moment: dt.datetime) -> str:
    """Day and minute, UTC, for a table; midnight to the second is how a day whose time is not known is written."""
    return f"{moment:%Y-%m-%d}" if moment.time() == dt.time() else f"{moment:%Y-%m-%d %H:%M}"


def look_name(look: Look) -> str:
    """A look as printed: 12 May 2020 (Sentinel-2A); what is not known is left out, and the clock stands in the table of looks."""
    return day(look.day) if look.platform == "unknown" else f"{day(look.day)} ({platform(look.platform)})"


def shift(look: Look) -> str:
    """By how much a look was moved onto the others."""
    if look.shift_m is None:
        return NOT_ESTIMATED
    east, north = look.shift_m
    return f"moved {east:+.1f} m east, {north:+.1f} m north" if east or north else "not moved"


def residual(look: Look) -> str:
    """How far a look may lie from the others all the same, 90 % radius."""
    return NOT_ESTIMATED if look.residual_m is None else f"{look.residual_m:.1f} m"


def scene_name(scene: VhrScene) -> str:
    """A very-high-resolution Scene as printed, as a look is: 12 May 2020 (WorldView-2)."""
    when = day(scene.datetime.date()) if scene.datetime else "an unknown day"
    return when if scene.platform == "unknown" else f"{when} ({platform(scene.platform)})"


class Credited(Protocol):
    """A look, or a Scene."""

    @property
    def credit(self) -> str:
        """To whom thanks are owed."""

    @property
    def licence(self) -> str:
        """On which terms."""


def credits_of(looks: Iterable[Credited]) -> list[str]:
    """Credit and licence lines of some images; credits that differ by their year only become one line."""
    years: dict[tuple[str, str], set[int]] = {}
    for look in looks:
        dated = _YEAR.match(look.credit)
        text = dated[1] if dated else look.credit
        years.setdefault((clean(text), clean(look.licence)), set()).update([int(dated[2])] if dated else [])
    return [
        f"Credit: {' '.join([text, _runs(seen)]).strip()} · Licence: {licence}"
        for (text, licence), seen in sorted(years.items())
    ]


def _runs(years: set[int]) -> str:
    """Years in words: 2015-2018, 2020."""
    starts = sorted(year for year in years if year - 1 not in years)
    ends = sorted(year for year in years if year + 1 not in years)
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def kind(event: Event) -> str:
    """The status of an event as the page groups it: what an analyst drew stands apart from what the method confirmed."""
    drawn = event.mark is not None and event.mark.action == "add" and event.status == "confirmed"
    return "added" if drawn else event.status


class Looks(Protocol):
    """Looks by id."""

    def __getitem__(self, name: str, /) -> Look:
        """The look of that id."""


def onset(event: Event, looks: Looks) -> str:
    """When an event began, as an interval between named looks."""
    early, late = event.onset_earliest, event.onset_latest
    if late is None:
        return "at a time that was not measured"
    if early is None:
        return f"at an unknown time before {look_name(looks[late.look])}, the first look that shows it"
    return f"between {look_name(looks[early.look])} and {look_name(looks[late.look])}"
