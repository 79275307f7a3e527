"""Model cards: TOML that says what a model from outside is, what it needs and what its user may do with it."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from spadework.errors import UserError
from spadework.records import BANDS

if TYPE_CHECKING:
    from pathlib import Path

Task: TypeAlias = Literal["detection", "change"]
Layout: TypeAlias = Literal["NCHW", "NHWC"]
Stretch: TypeAlias = Literal["none", "percentile"]

PERMISSIVE: Final = (
    "Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "BSL-1.0", "Unlicense", "0BSD",
    "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "ODC-By-1.0", "PDDL-1.0",
)  # fmt: skip
"""Licences (SPDX) under which a model is taken without a question."""
BINDING: Final = re.compile(r"\b(A|L)?GPL|\bSSPL|\bEUPL|\bCC-BY-SA|\bODbL|affero", re.IGNORECASE)
"""Licences that bind whoever passes the model, or what is built with it, on."""
UNPAID: Final = re.compile(r"\bNC\b|non-?\s?commercial|academic|research[- ]only|evaluation", re.IGNORECASE)
"""Licences that shut out some uses."""
PEOPLE: Final = frozenset((
    "person", "persons", "people", "pedestrian", "pedestrians", "human", "humans", "man", "men", "woman", "women", "soldier", "soldiers",
))  # fmt: skip
"""Words of classes that are refused: nobody is watched."""
DOING: Final = frozenset(("operating", "working", "moving", "driving", "digging", "active", "running", "idle"))
"""Words of classes that are refused: a still shows no activity."""
_LONGEST_CARD: Final = 1 << 20
"""Bytes of a card that is read at all."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model from outside: nothing is guessed from its weights."""

    name: str
    """Lower case letters, digits, dot, dash: also the name of its folder."""
    version: str
    task: Task
    classes: tuple[str, ...]
    """Of a detector, in the order of its class numbers; empty for a change model."""
    vehicles: tuple[str, ...]
    """Those of the classes that are vehicles of any size: all that may be called VEHICLE_SIZE on coarse images."""
    heavy: tuple[str, ...]
    """Those that are heavy vehicles: all that may be called HEAVY."""
    gsd_m: tuple[float, float]
    """Finest and coarsest ground sample distance it learnt from, metres."""
    licence: str
    """SPDX identifier where there is one."""
    licence_note: str
    """Why its user may use it, where the licence asks for that; else empty."""
    training_data: str
    sha256: str
    """Of the weights, lower case hexadecimal."""
    weights: Path
    card: Path
    bands: tuple[str, ...]
    """STAC common names or "pan", in the order of the model's channels."""
    tile_px: int
    """Rows and columns of its input."""
    layout: Layout
    stretch: Stretch
    """"percentile": each band's 2nd to 98th percentile becomes 0 to 1, clipped, before scale and offset."""
    scale: tuple[float, ...]
    """Per band: input = number x scale + offset."""
    offset: tuple[float, ...]
    least_score: float
    """Detections under it are dropped."""
    text: bytes = field(repr=False)
    """The card as it was read."""

    @property
    def says(self) -> str:
        """Name, version and licence, as every Sighting and Comparison made with it carries them."""
        return f"{self.name} {self.version} ({self.licence})"


# ---------------------------------------------------------------- the tables
def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,63}", name) or ".." in name:
        msg = "must be lower case letters, digits, dots and dashes, at most 64"
        raise ValueError(msg)
    return name


def _finite(values: float | tuple[float, ...]) -> tuple[float, ...]:
    return values if isinstance(values, tuple) else (values,)


_Number = Annotated[float, Field(allow_inf_nan=False)]
_Numbers = Annotated[_Number | tuple[_Number, ...], AfterValidator(_finite)]
_Text = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Input(_Table):
    """``[input]``: what the model is fed."""

    bands: Annotated[tuple[str, ...], Field(min_length=1)]
    tile_px: Annotated[int, Field(ge=16, le=4096)]
    layout: Layout = "NCHW"
    stretch: Stretch = "none"
    scale: _Numbers = (1.0,)
    offset: _Numbers = (0.0,)

    @field_validator("bands")
    @classmethod
    def _known(cls, bands: tuple[str, ...]) -> tuple[str, ...]:
        known = (*BANDS, "pan")
        for band in bands:
            if band not in known and not re.fullmatch(r"band[1-9][0-9]*", band):
                near = difflib.get_close_matches(band, known, n=1)
                msg = f"unknown band '{band}'; " + (
                    f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}, band1.."
                )
                raise ValueError(msg)
        return bands


class _Card(_Table):
    """The whole card."""

    name: Annotated[str, AfterValidator(_plain_name)]
    version: _Text
    task: Task
    weights: Annotated[str, Field(pattern=r"^[^/\\]+\.onnx$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    licence: _Text
    licence_note: str = ""
    training_data: _Text
    gsd_m: tuple[Annotated[float, Field(gt=0, le=100)], Annotated[float, Field(gt=0, le=100)]]
    classes: tuple[_Text, ...] = ()
    vehicles: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    least_score: Annotated[float, Field(ge=0, le=1)] = 0.25
    input: _Input


# ---------------------------------------------------------------- reading
def read_card(path: Path) -> ModelCard:
    """Read and check a model card. The weights are not opened.

    Args:
        path: the card (TOML), or the ``.onnx`` file it lies beside under the same stem.

    Raises:
        UserError: unreadable, not TOML, an unknown key (with the nearest known one), a value out of range, classes that
            say nothing a still can show, a licence that asks for a ``licence_note``.

    """
    path = path.with_suffix(".toml") if path.suffix == ".onnx" else path
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST_CARD + 1)
        if len(raw) > _LONGEST_CARD:
            raise UserError(str(path), "is too large for a model card", "name the .toml file, not the weights")
        table = _Card.model_validate(tomllib.loads(raw.decode("utf-8")))
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise UserError(str(path), problem, "a model needs a card beside it; docs/vhr-objects.md shows one") from error
    except UnicodeDecodeError as error:
        raise UserError(str(path), "is not UTF-8 text", "name the card, a .toml file saved as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(str(path), f"is not valid TOML: {error}", "mend that line") from error
    except RecursionError as error:
        raise UserError(str(path), "is nested too deeply", "docs/vhr-objects.md shows a card") from error
    except ValidationError as error:
        raise _explain(path, error) from error
    _check_classes(path, table)
    _check_licence(f"{path}: licence", table.licence, table.licence_note)
    return _card_of(path, raw, table)


def _card_of(path: Path, raw: bytes, table: _Card) -> ModelCard:
    if table.gsd_m[0] > table.gsd_m[1]:
        raise UserError(f"{path}: gsd_m", f"{list(table.gsd_m)} is not finest, coarsest", "give the smaller number first")
    fed = table.input
    many = len(fed.bands)
    for key, numbers in (("scale", fed.scale), ("offset", fed.offset)):
        if len(_finite(numbers)) not in (1, many):
            raise UserError(f"{path}: input.{key}", f"has not one number, nor one a band ({many})", "give one of the two")
    scale, offset = (_finite(v) * (many if len(_finite(v)) == 1 else 1) for v in (fed.scale, fed.offset))
    return ModelCard(
        name=table.name, version=table.version, task=table.task, classes=table.classes,
        vehicles=tuple(dict.fromkeys((*table.vehicles, *table.heavy))), heavy=table.heavy, gsd_m=table.gsd_m,
        licence=table.licence, licence_note=table.licence_note.strip(), training_data=table.training_data,
        sha256=table.sha256.lower(), weights=path.parent / table.weights, card=path,
        bands=fed.bands, tile_px=fed.tile_px, layout=fed.layout, stretch=fed.stretch, scale=scale, offset=offset,
        least_score=table.least_score, text=raw,
    )  # fmt: skip


def _check_classes(path: Path, table: _Card) -> None:
    thing = f"{path}: classes"
    if (table.task == "detection") != bool(table.classes):
        problem = "are missing" if table.task == "detection" else "have no place in a change model"
        raise UserError(thing, problem, "a detector names its classes in the order of their numbers; a change model has none")
    if len(set(table.classes)) < len(table.classes):
        raise UserError(thing, "name one class twice", "give each number its own name")
    for name in table.classes:
        words = set(re.split(r"[\W_]+", name.lower()))
        if words & PEOPLE:
            raise UserError(thing, f"'{name}': Spadework finds no people", "bring a model without that class")
        if words & DOING:
            raise UserError(thing, f"'{name}': a still shows no activity", "name what it is, not what it does")
    for key, names in (("vehicles", table.vehicles), ("heavy", table.heavy)):
        for name in names:
            if name not in table.classes:
                raise UserError(f"{path}: {key}", f"'{name}' is none of the classes", f"classes: {', '.join(table.classes)}")


def _check_licence(thing: str, licence: str, note: str) -> None:
    """Refuse a licence that binds or shuts out its user, or that we do not know, until the card says why it is in order."""
    if note.strip() or licence in PERMISSIVE:
        return
    if UNPAID.search(licence):
        problem = f"'{licence}' shuts out some uses"
    elif BINDING.search(licence):
        problem = f"'{licence}' binds whoever passes on the model or a service built with it"
    else:
        problem = f"'{licence}' is not known here (permissive SPDX names: {', '.join(PERMISSIVE[:4])}, ..)"
    raise UserError(thing, problem, 'read it; if your use is allowed, say why in the card: licence_note = "..."')


def check_stated_licence(card: ModelCard, stated: str) -> None:
    """Hold the licence that an ONNX file states of itself to its card, which may have been written by someone else.

    Raises:
        UserError: the file states a licence that binds or shuts out, the card another one, and no ``licence_note``.

    """
    if BINDING.search(stated) or UNPAID.search(stated):
        _check_licence(f"{card.weights}: the file's own licence", stated, card.licence_note)


def _explain(path: Path, error: ValidationError) -> UserError:
    """The first fault; an unknown key before a missing one, which it may be meant for."""
    first = min(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"] if part not in ("float", "tuple[float, ...]"))
    if first["type"] == "extra_forbidden":
        known = list((_Input if first["loc"][0] == "input" and len(first["loc"]) > 1 else _Card).model_fields)
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        return UserError(
            f"{path}: {where}",
            "unknown key",
            f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(sorted(known))}",
        )
    if first["type"] == "missing":
        return UserError(f"{path}: {where}", "is missing", "add it; docs/vhr-objects.md shows a whole card")
    said = first["msg"].removeprefix("Value error, ")
    return UserError(f"{path}: {where}", f"{said} (got {first['input']!r})", "correct the value")
