"""The user's own models: taken in, listed, found by name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spadework.errors import StorageError, UserError
from spadework.intake.cards import Task, read_card
from spadework.intake.models import Model, cards_in, load_model, weights_of
from spadework.store.files import write_atomic

if TYPE_CHECKING:
    from spadework.intake.cards import ModelCard


@dataclass(frozen=True, slots=True)
class Shelf:
    """The models of this user."""

    folder: Path
    cards: tuple[ModelCard, ...]
    """By name."""
    faults: tuple[UserError, ...]
    """Cards that cannot be used any more, and why."""


def models_folder() -> Path:
    """Where this user's models are kept: ``SPADEWORK_MODELS``, else ``spadework/models`` in the XDG data folder."""
    named = os.environ.get("SPADEWORK_MODELS")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME", "")
    root = (
        Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share"
    )  # the standard: a relative one is ignored
    return root / "spadework" / "models"


def add_model(file: Path) -> ModelCard:
    """Check a model, run it once on an empty tile, and copy card and weights into the user's folder.

    Args:
        file: its card, or the ``.onnx`` file beside the card.

    Raises:
        UserError: see ``load_model``; another model of that name is there already.
        MissingExtraError: onnxruntime is not installed.
        StorageError: the folder cannot be written.

    """
    card = load_model(file).card
    home = models_folder() / card.name
    for known in list_models().cards:
        if known.name == card.name and known.sha256 != card.sha256:
            problem = f"another model of that name is in {home} (version {known.version})"
            raise UserError(card.name, problem, "give this one another name, or remove that folder first")
    try:
        write_atomic(home / card.weights.name, weights_of(card))
        write_atomic(home / f"{card.name}.toml", card.text)  # last: without its card a model is not there
    except StorageError as error:
        raise StorageError(error.thing, error.problem, "free space, or set SPADEWORK_MODELS to another folder") from error
    return read_card(home / f"{card.name}.toml")


def list_models() -> Shelf:
    """The models that were added; weights are checked when one is used."""
    folder = models_folder()
    cards, faults = cards_in(folder)
    return Shelf(folder, cards, faults)


def open_model(name: str, task: Task) -> Model:
    """A model by the name it was added under, or by the path of its card.

    Raises:
        UserError: no such model, one for another task, or see ``load_model``.
        MissingExtraError: onnxruntime is not installed.

    """
    known = {card.name: card.card for card in list_models().cards}
    if name not in known and Path(name).suffix not in (".toml", ".onnx"):
        mend = f"yours: {', '.join(known)}" if known else "add one with `spadework models add FILE`"
        raise UserError(name, "is no model of yours", mend)
    model = load_model(known.get(name, Path(name)))
    if model.card.task != task:
        raise UserError(model.card.name, f"is a {model.card.task} model, not one for {task}", "choose another")
    return model
