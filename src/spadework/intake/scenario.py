"""The door for scenario files: TOML bytes in, a ``Scenario`` out, for ``simulate`` to make a world of.

The nouns stand here because their fields *are* the keys of the file: ``[scenario]`` is ``Scenario``, ``[nuisance]`` is
``Nuisance``, each ``[[plant]]`` is a ``Plant``. ``simulate`` knows them as types only.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from importlib import resources
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from pyproj import CRS
from pyproj.exceptions import CRSError

from spadework.errors import SiteFileError

if TYPE_CHECKING:
    from pathlib import Path

Kind: TypeAlias = Literal["spoil", "cut", "pad"]
"""Fresh bright subsoil, dark and shadowed cut, grey compacted pad: all of them earthworks."""
Shape: TypeAlias = Literal["disc", "square", "strip"]
"""Compact, square, or four times as wide (along a row) as high."""
STRIP: Final = 4.0
"""Width of a strip over its height."""
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
    """Mean absolute change of dry reflectance over bands and pixels, 0..1."""
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
    own = {f.name: f for f in fields(kind) if f.name not in {"nuisance", "plants"}}  # type: ignore[arg-type] # dataclasses only
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


def _check_plants(scenario: Scenario, where: str) -> None:
    """Raise when a plant leaves the image or the period, or may touch another."""
    for plant in scenario.plants:
        thing, (high, wide) = f'[[plant]] "{plant.name}"', plant.reach
        if not (high <= plant.row < scenario.rows - high and wide <= plant.col < scenario.cols - wide):
            problem = f"{plant.pixels} pixels around row {plant.row}, column {plant.col} do not fit into the image"
            raise _mistake(where, thing, problem, f"Keep {high} rows and {wide} columns from the edges, or make it smaller.")
        if not scenario.start <= plant.start <= plant.last <= scenario.end:
            problem = f"it grows from {plant.start} to {plant.last}, outside the images"
            raise _mistake(where, thing, problem, f"Keep it from {scenario.start} to {scenario.end}.")
    for one, two in combinations(scenario.plants, 2):
        rows_apart, cols_apart = abs(one.row - two.row), abs(one.col - two.col)
        if rows_apart <= one.reach[0] + two.reach[0] and cols_apart <= one.reach[1] + two.reach[1]:
            raise _mistake(where, f'[[plant]] "{one.name}"', f'it may touch "{two.name}"', "Move them apart.")
        if one.name == two.name:
            raise _mistake(where, f'[[plant]] "{one.name}"', "two plants have this name", "Give each its own.")


def parse_scenario(text: str, where: str) -> Scenario:
    """The scenario that a TOML text describes.

    Args:
        text: TOML with one ``[scenario]``, at most one ``[nuisance]`` and any number of ``[[plant]]`` tables.
        where: name of the file, for messages.

    Raises:
        SiteFileError: naming the key at fault; every unknown key is refused.

    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError(where, f"not valid TOML: {error}", "Mend that line.") from error
    _refuse_unknown(raw, ["scenario", "nuisance", "plant"], where, "top-level")
    if "scenario" not in raw:
        raise SiteFileError(where, "it has no [scenario] table", "Add one; examples/arid.toml in the package is a model.")
    plants = raw.get("plant", [])
    if not isinstance(plants, list):
        raise _mistake(where, "[plant]", "not a list of tables", "Write [[plant]] with two brackets.")
    scenario = Scenario(
        **_read_table(Scenario, raw["scenario"], where, "[scenario]"),
        nuisance=Nuisance(**_read_table(Nuisance, raw.get("nuisance", {}), where, "[nuisance]")),
        plants=tuple(Plant(**_read_table(Plant, plant, where, "[[plant]]")) for plant in plants),
    )
    _check_frame(scenario, where)
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
