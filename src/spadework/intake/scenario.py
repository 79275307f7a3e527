"""The door for scenario files: TOML bytes in, a ``Scenario`` out, for ``simulate`` to make a world of.

The nouns stand here because their fields *are* the keys of the file: ``[scenario]`` is ``Scenario``, ``[cover]`` is ``Cover``,
``[nuisance]`` is ``Nuisance``, each ``[[plant]]`` is a ``Plant``. What they do to an image stands in ``simulate``.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from dataclasses import MISSING, astuple, dataclass, field, fields
from difflib import get_close_matches
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from spadework.errors import SiteFileError

if TYPE_CHECKING:
    from pathlib import Path

Kind: TypeAlias = Literal["spoil", "cut", "pad", "bare", "roof"]
"""Fresh bright subsoil, dark and shadowed cut, grey compacted pad, ground stripped of its plants, bright roof."""
Shape: TypeAlias = Literal["disc", "square", "strip"]
"""Compact, square, or four times as wide (along a row) as high."""
STRIP: Final = 4.0
"""Width of a strip over its height."""
MOST_PLANTS: Final = 65_535  # the truth raster is uint16
TableT = TypeVar("TableT")


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted earthwork: what changed, where, when, and how much."""

    name: str
    row: int
    """Row of the centre pixel, 0 = north."""
    col: int
    """Column of the centre pixel, 0 = west."""
    pixels: int
    """Its area once complete, pixels."""
    start: dt.date
    """UTC day on which its first pixel changes."""
    contrast: float
    """Mean absolute change of dry soil's reflectance over bands and pixels, 0..1; of "bare": of ground and plants at their best."""
    kind: Kind = "spoil"
    shape: Shape = "disc"
    grows_days: int = 0
    """Days from its first pixel to its last; it grows outward from the centre at an even rate."""

    @property
    def last(self) -> dt.date:
        """UTC day on which its last pixel changes."""
        return self.start + dt.timedelta(days=self.grows_days)

    @property
    def stretch(self) -> float:
        """Its width over its height."""
        return STRIP if self.shape == "strip" else 1.0

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns beside the centre pixel that it surely stays within."""
        area = float(self.pixels)
        if self.shape == "disc":
            half = math.sqrt(area / math.pi)
            return math.ceil(half) + 1, math.ceil(half) + 1
        return math.ceil(math.sqrt(area / self.stretch) / 2) + 1, math.ceil(math.sqrt(area * self.stretch) / 2) + 1


@dataclass(frozen=True, slots=True)
class Nuisance:
    """All that changes in the images although nothing was built; 0 turns a term off."""

    texture: float = 0.07
    """Standard deviation of the ground's relative brightness, from gravel to plain."""
    slope: float = 0.025
    """Standard deviation of the ground's slope (rise over run), which the sun shades."""
    season_gain: float = 0.03
    """Relative amplitude of the yearly brightness cycle, brightest at the June solstice."""
    scene_gain: float = 0.015
    """Standard deviation of a whole image's relative brightness."""
    wetness: float = 0.15
    """Relative darkening by a strong rain, before it dries."""
    rains_per_year: float = 5.0
    vegetation: float = 0.25
    """Cover of plants at the peak of a good spring in the bed of the wadi, 0..1."""
    noise: float = 0.004
    """Standard deviation of sensor noise, reflectance."""
    leak: float = 0.12
    """Opacity (0..1) up to which cloud and shadow stay unmasked."""
    jitter_days: float = 0.0
    """Standard deviation, from year to year, of the dates of a field's season, days; half of its variance is regional."""
    jitter_gain: float = 0.0
    """Standard deviation, from year to year, of a field's greenness, relative; half of its variance is regional."""
    rotation: float = 0.0
    """Share of crop fields that in a year bear another crop than usual, or (two in five of these) none."""
    patchy_wetness: float = 0.0
    """Relative darkening of red soil in the middle of a rain cell (1 to 3 km), before patches (50 to 300 m) and drying."""
    haze: float = 0.0
    """Mean reflectance that aerosol adds over black ground in blue, patchy over kilometres, new in every look."""
    dust: float = 0.0
    """Mean opacity (0..1) of the dust that hangs over one look in six, patchy over a kilometre."""
    cirrus: float = 0.0
    """Largest reflectance that unmasked cirrus adds over black ground; it drifts over one look in five."""
    leak_share: float = 0.0
    """Share of ground called clear that is cloud or shadow all the same, in blobs of 3 to 30 pixels; half are clouds."""
    misregistration: float = 0.0
    """Standard deviation of a look's shift in each axis, pixels."""
    brdf: float = 0.0
    """Relative change of red crop or grass from the mean to the lowest sun; the orbit adds half of it, alternately."""
    sensor_step: float = 0.0
    """Mean absolute relative change of a band's gain on the day on which the sensor changes."""
    drift: float = 0.0
    """Standard deviation over the ground of the relative brightness trend in red, per year."""
    snow: float = 0.0
    """Share of looks from December to February with snow on the ground, patchy; only thick snow is classified so."""
    ploughing: float = 0.0
    """Share of crop fields ploughed out of season per year; a field at most once."""
    irrigation: float = 0.0
    """Share of dry fields (not forest) whose irrigation begins, per year: lasting, but no ground is broken."""
    floods: float = 0.0
    """Share of the ground flooded per year, each patch for two to ten weeks."""
    burns: float = 0.0
    """Share of the vegetated ground that burns per year, and recovers within months."""
    tracks: float = 0.0
    """Vehicle tracks per km2 and year: one pixel wide, a part of it bright, fading over months."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers the ground: shares of the image, 0..1, that sum to 1; met to within a field."""

    arid: float = 1.0
    crop: float = 0.0
    grass: float = 0.0
    forest: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a simulated world is made of; the same scenario gives the same bytes."""

    name: str
    """Lower-case letters, digits and hyphens; Scenes are called "synthetic-<name>-YYYYMMDD"."""
    seed: int
    rows: int
    cols: int
    gsd_m: float
    """Pixel size, metres."""
    crs: str
    """``EPSG:n``, projected, in metres."""
    west: float
    """West edge of the image, metres in ``crs``."""
    north: float
    """North edge of the image, metres in ``crs``."""
    start: dt.date
    """First image."""
    watch_from: dt.date
    """First day watched; what lies before is history."""
    end: dt.date
    """Last day on which an image may fall."""
    revisit_days: int = 5
    cloud_share: float = 0.25
    """Mean share of an image under cloud, 0..0.9."""
    cover: Cover = Cover()
    nuisance: Nuisance = Nuisance()
    plants: tuple[Plant, ...] = field(default=())


LIMITS: Final[dict[str, tuple[float, float]]] = {
    "scenario.seed": (0, 2**63 - 1),
    "scenario.rows": (16, 4096),
    "scenario.cols": (16, 4096),
    "scenario.gsd_m": (0.1, 1000),
    "scenario.revisit_days": (1, 90),
    "scenario.cloud_share": (0, 0.9),
    "nuisance.texture": (0, 0.3),
    "nuisance.slope": (0, 0.2),
    "nuisance.season_gain": (0, 0.3),
    "nuisance.scene_gain": (0, 0.2),
    "nuisance.wetness": (0, 0.6),
    "nuisance.rains_per_year": (0, 100),
    "nuisance.vegetation": (0, 0.9),
    "nuisance.noise": (0, 0.1),
    "nuisance.leak": (0, 1),
    "nuisance.jitter_days": (0, 60),
    "nuisance.jitter_gain": (0, 1),
    "nuisance.rotation": (0, 1),
    "nuisance.patchy_wetness": (0, 0.6),
    "nuisance.haze": (0, 0.1),
    "nuisance.dust": (0, 0.5),
    "nuisance.cirrus": (0, 0.1),
    "nuisance.leak_share": (0, 0.3),
    "nuisance.misregistration": (0, 2),
    "nuisance.brdf": (0, 0.3),
    "nuisance.sensor_step": (0, 0.2),
    "nuisance.drift": (0, 0.2),
    "nuisance.snow": (0, 1),
    "nuisance.ploughing": (0, 1),
    "nuisance.irrigation": (0, 0.5),
    "nuisance.floods": (0, 0.1),
    "nuisance.burns": (0, 0.1),
    "nuisance.tracks": (0, 100),
    **{f"cover.{name}": (0, 1) for name in ("arid", "crop", "grass", "forest")},
    "plant.pixels": (1, 1_000_000),
    "plant.contrast": (0.001, 0.3),
    "plant.grows_days": (0, 36_525),
}
"""Lowest and highest value of each number that has them."""


def _mistake(where: str, thing: str, problem: str, mend: str) -> SiteFileError:
    return SiteFileError(f"{where}, {thing}", problem, mend)


def _refuse_unknown(found: dict[str, Any], known: list[str], where: str, label: str) -> None:
    """Raise on the first key that is not known, with the nearest one that is."""
    for key in found:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            mend = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(known)}."
            raise _mistake(where, f'{label} key "{key}"', "not known", mend)


def _value(raw: object, hint: Any, where: str, thing: str) -> Any:  # noqa: ANN401 - the type is the hint's
    """A TOML value as the type that a field asks for.

    Raises:
        SiteFileError: when it is of another type, or not one of a Literal's values.

    """
    if get_origin(hint) is Literal:
        if raw in get_args(hint):
            return raw
        choices = ", ".join(f'"{choice}"' for choice in get_args(hint))
        raise _mistake(where, thing, f"{raw!r} is not one of its values", f"Choose one of {choices}.")
    if hint is float and isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return float(raw)
    if type(raw) is hint and hint is not float:
        return raw
    wanted = {
        float: "a number",
        int: "a whole number",
        str: "text in quotes",
        dt.date: "a date such as 2024-03-01, without quotes",
    }
    raise _mistake(where, thing, f"{raw!r} is not {wanted[hint]}", f"Write {wanted[hint]}.")


def _read_table(kind: type[TableT], raw: object, where: str, label: str) -> dict[str, Any]:
    """The values of one table for a dataclass; nested records are left to the caller.

    Raises:
        SiteFileError: on an unknown or missing key, a wrong type, or a number beyond its limits.

    """
    if not isinstance(raw, dict):
        raise _mistake(where, label, "not a table", f"Write a table {label} with its keys below it.")
    hints = get_type_hints(kind)
    own = {f.name: f for f in fields(kind) if f.name not in {"cover", "nuisance", "plants"}}  # type: ignore[arg-type] # dataclasses only
    _refuse_unknown(raw, list(own), where, label)
    values: dict[str, Any] = {}
    for name, spec in own.items():
        if name not in raw:
            if spec.default is MISSING:
                raise _mistake(where, label, f'key "{name}" is missing', f"Add {name} = ...")
            continue
        thing = f'{label} key "{name}"'
        values[name] = _value(raw[name], hints[name], where, thing)
        low, high = LIMITS.get(f"{label.strip('[]')}.{name}", (-math.inf, math.inf))
        if isinstance(values[name], int | float) and not low <= values[name] <= high:
            raise _mistake(where, thing, f"{values[name]} is beyond its limits", f"It lies from {low:g} to {high:g}.")
    return values


def _check_frame(scenario: Scenario, where: str) -> None:
    """Raise when name, CRS or days make no sense."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", scenario.name):
        thing = '[scenario] key "name"'
        raise _mistake(
            where, thing, f"{scenario.name!r} cannot be part of an id", "Use lower-case letters, digits and hyphens."
        )
    if not scenario.start < scenario.watch_from < scenario.end:
        problem = f"{scenario.start}, {scenario.watch_from}, {scenario.end} are not in order"
        raise _mistake(where, "[scenario] start, watch_from, end", problem, "History comes first: start < watch_from < end.")
    try:
        crs = CRS.from_user_input(scenario.crs) if re.fullmatch(r"EPSG:\d+", scenario.crs) else None
    except CRSError:
        crs = None
    if crs is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        problem = f"{scenario.crs!r} is not a projected system in metres"
        raise _mistake(where, '[scenario] key "crs"', problem, 'Write a UTM zone, for example "EPSG:32637".')


def _check_cover(cover: Cover, where: str) -> None:
    """Raise when the shares do not sum to 1."""
    if not math.isclose(total := sum(astuple(cover)), 1, abs_tol=1e-6):
        raise _mistake(where, "[cover]", f"its shares sum to {total:g}", "Make arid, crop, grass and forest sum to 1.")


def _check_apart(scenario: Scenario, where: str) -> None:
    """Raise when two plants may touch or share a name.

    Each claims the box of its reach in a raster, so the time is linear in the claimed pixels.
    """
    claimed = np.zeros((scenario.rows, scenario.cols), dtype=np.int32)
    names: set[str] = set()
    for number, plant in enumerate(scenario.plants, start=1):
        high, wide = plant.reach
        box = claimed[plant.row - high : plant.row + high + 1, plant.col - wide : plant.col + wide + 1]
        if taken := int(box.max()):
            one = scenario.plants[taken - 1].name
            raise _mistake(where, f'[[plant]] "{one}"', f'it may touch "{plant.name}"', "Move them apart.")
        if plant.name in names:
            raise _mistake(where, f'[[plant]] "{plant.name}"', "two plants have this name", "Give each its own.")
        box[...] = number
        names.add(plant.name)


def _check_plants(scenario: Scenario, where: str) -> None:
    """Raise when a plant leaves the image or the period, or may touch another."""
    if len(scenario.plants) > MOST_PLANTS:
        raise _mistake(where, "[[plant]]", "too many", f"At most {MOST_PLANTS} fit the truth raster.")
    for plant in scenario.plants:
        thing, (high, wide) = f'[[plant]] "{plant.name}"', plant.reach
        if not (high <= plant.row < scenario.rows - high and wide <= plant.col < scenario.cols - wide):
            problem = f"{plant.pixels} pixels around row {plant.row}, column {plant.col} do not fit into the image"
            raise _mistake(where, thing, problem, f"Keep {high} rows and {wide} columns from the edges, or make it smaller.")
        if not scenario.start <= plant.start <= plant.last <= scenario.end:
            problem = f"it grows from {plant.start} to {plant.last}, outside the images"
            raise _mistake(where, thing, problem, f"Keep it from {scenario.start} to {scenario.end}.")
    _check_apart(scenario, where)


def parse_scenario(text: str, where: str) -> Scenario:
    """The scenario that a TOML text describes.

    Args:
        text: TOML with one ``[scenario]``, at most one ``[cover]`` and ``[nuisance]`` and any number of ``[[plant]]`` tables.
        where: name of the file, for messages.

    Raises:
        SiteFileError: naming the key at fault; every unknown key is refused.

    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SiteFileError(where, f"not valid TOML: {error}", "Mend that line.") from error
    _refuse_unknown(raw, ["scenario", "cover", "nuisance", "plant"], where, "top-level")
    if "scenario" not in raw:
        raise SiteFileError(where, "it has no [scenario] table", "Add one; examples/arid.toml in the package is a model.")
    plants = raw.get("plant", [])
    if not isinstance(plants, list):
        raise _mistake(where, "[plant]", "not a list of tables", "Write [[plant]] with two brackets.")
    scenario = Scenario(
        **_read_table(Scenario, raw["scenario"], where, "[scenario]"),
        cover=Cover(**_read_table(Cover, raw.get("cover", {}), where, "[cover]")),
        nuisance=Nuisance(**_read_table(Nuisance, raw.get("nuisance", {}), where, "[nuisance]")),
        plants=tuple(Plant(**_read_table(Plant, plant, where, "[[plant]]")) for plant in plants),
    )
    _check_frame(scenario, where)
    _check_cover(scenario.cover, where)
    _check_plants(scenario, where)
    return scenario


def read_scenario(path: Path) -> Scenario:
    """The scenario of a TOML file.

    Raises:
        SiteFileError: when the file cannot be read, is not TOML, or a key or value is wrong.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteFileError(str(path), f"cannot be read: {error}", "Name a scenario file (TOML, UTF-8).") from error
    return parse_scenario(text, str(path))


def builtin_scenario(name: str) -> Scenario:
    """A scenario that ships with Spadework, e.g. "arid".

    Raises:
        SiteFileError: when there is none of that name.

    """
    folder = resources.files("spadework.intake") / "examples"
    known = {entry.name.removesuffix(".toml"): entry for entry in folder.iterdir() if entry.name.endswith(".toml")}
    if name not in known:
        raise SiteFileError(name, "not a built-in scenario", f"Built in: {', '.join(sorted(known))}.")
    return parse_scenario(known[name].read_text(encoding="utf-8"), f"{name}.toml")
