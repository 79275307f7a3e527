"""Models from outside: ONNX weights, held to their card, as plain functions of arrays.

Only ONNX is read: a graph of known operators, never code (a pickle is code). Weights are read once, hashed, and handed over as
those same bytes, so that what runs is what the card names and no second file is followed. What a graph must take and give:
``docs/vhr-objects.md``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.errors import MissingExtraError, UserError
from spadework.grid import tiles
from spadework.intake.cards import ModelCard, Task, check_stated_licence, read_card

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spadework.cube import Image

COLUMNS: Final = ("cx", "cy", "width", "height", "angle", "score", "class")
"""Of a detector's output: centre and sides in tile pixels ((0, 0) = outer corner of the first pixel), angle of the side "width"
from +x towards +y in radians, score 0..1, number of the class."""
_INPUTS: Final[dict[Task, int]] = {"detection": 1, "change": 2}
_SEAM: Final = 8
"""Tiles of a change model overlap by this part of their side on each side, so that no kept pixel lies at a tile's edge."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model. What it gives is checked each time: a graph may pass its trial and fail on real numbers."""

    card: ModelCard
    _session: Any = field(repr=False)

    def detect(self, tile: NDArray[np.float32]) -> NDArray[np.float64]:
        """Boxes in one tile.

        Args:
            tile: (band, y, x) raw numbers in the order of ``card.bands``, at most ``card.tile_px`` rows and columns; a smaller
                one is filled up with its edge values.

        Returns:
            (n, 7), columns as COLUMNS, score >= ``card.least_score``, centre inside the tile.

        Raises:
            UserError: the model gave something else than its head allows.

        """
        rows, cols = tile.shape[1:]
        boxes = self._run(self._fed(tile))
        if boxes.ndim != 2 or boxes.shape[1] != len(COLUMNS):  # noqa: PLR2004 - rows and columns
            raise self._wrong(f"gave {_shape(boxes.shape)}, not (n, {len(COLUMNS)})")
        boxes = boxes.astype(np.float64)
        scores, classes = boxes[:, 5], boxes[:, 6]
        if boxes.size and (scores.min() < 0 or scores.max() > 1):
            raise self._wrong(f"gave scores from {scores.min():g} to {scores.max():g}, not 0 to 1")
        keep = (scores >= self.card.least_score) & (boxes[:, 2:4] > 0).all(axis=1)
        keep &= (boxes[:, 0] >= 0) & (boxes[:, 0] <= cols) & (boxes[:, 1] >= 0) & (boxes[:, 1] <= rows)
        if np.any(keep & ((classes < 0) | (classes >= len(self.card.classes)) | (classes != np.round(classes)))):
            raise self._wrong(f"gave a class that is none of 0 to {len(self.card.classes) - 1}")
        return np.asarray(boxes[keep])

    def change(self, before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of change, tile by tile.

        Args:
            before: (band, y, x) raw numbers in the order of ``card.bands``.
            after: the same shape, on the same grid.

        Returns:
            (y, x), 0..1.

        Raises:
            UserError: the model gave something else than its head allows.

        """
        size = self.card.tile_px
        out = np.empty(before.shape[1:], dtype=np.float32)
        for tile in tiles(out.shape, size, 2 * (size // _SEAM)):
            given = self._run(self._fed(before[:, *tile.outer]), self._fed(after[:, *tile.outer]))
            if given.shape != (1, 1, size, size):
                raise self._wrong(f"gave {_shape(given.shape)}, not {_shape((1, 1, size, size))}")
            if given.min() < 0 or given.max() > 1:
                raise self._wrong(f"gave {given.min():g} to {given.max():g}, not a probability")
            top, left = tile.outer[0].start, tile.outer[1].start
            rows, cols = tile.core
            out[tile.core] = given[0, 0, rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
        return out

    def try_out(self) -> None:
        """Hold the graph's own words to the card, and run it once on an empty tile.

        Raises:
            UserError: it states a licence that the card does not answer, takes another number of inputs, or see ``detect``.

        """
        for key, stated in self._session.get_modelmeta().custom_metadata_map.items():
            if key.lower() in {"license", "licence"}:
                check_stated_licence(self.card, str(stated))
        inputs, task = len(self._session.get_inputs()), self.card.task
        if inputs != _INPUTS[task]:
            raise self._wrong(f"takes {inputs} inputs; a {task} model takes {_INPUTS[task]}")
        empty = np.zeros((len(self.card.bands), self.card.tile_px, self.card.tile_px), dtype=np.float32)
        if task == "detection":
            self.detect(empty)
        else:
            self.change(empty, empty)

    def _fed(self, tile: NDArray[np.float32]) -> NDArray[np.float32]:
        """A tile as the graph takes it: stretched, scaled, filled up, with a batch of one."""
        card = self.card
        if tile.shape[0] != len(card.bands) or max(tile.shape[1:]) > card.tile_px:
            msg = f"{card.name} takes {len(card.bands)} bands of {card.tile_px} pixels, not {_shape(tile.shape)}"
            raise ValueError(msg)
        if card.stretch == "percentile":
            low, high = np.percentile(tile, (2, 98), axis=(1, 2))[:, :, None, None]
            tile = np.clip((tile - low) / np.maximum(high - low, 1e-6), 0, 1)
        tile = tile * _per_band(card.scale) + _per_band(card.offset)
        rows, cols = tile.shape[1:]
        fed = np.pad(tile, ((0, 0), (0, card.tile_px - rows), (0, card.tile_px - cols)), mode="edge")[None]
        return np.ascontiguousarray(fed if card.layout == "NCHW" else fed.transpose(0, 2, 3, 1), dtype=np.float32)

    def _run(self, *fed: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        names = [entry.name for entry in self._session.get_inputs()]
        try:
            given = self._session.run(None, dict(zip(names, fed, strict=True)))[0]
        except Exception as error:  # onnxruntime raises a dozen unrelated types
            raise self._wrong(f"does not run on {_shape(fed[0].shape)}: {_first_line(error)}") from error
        if not isinstance(given, np.ndarray) or not np.issubdtype(given.dtype, np.floating):
            raise self._wrong("gave no floating-point tensor")
        if not np.isfinite(given).all():
            raise self._wrong("gave numbers that are not finite (NaN or infinity)")
        return given

    def _wrong(self, problem: str) -> UserError:
        return UserError(str(self.card.weights), problem, "docs/vhr-objects.md says what a model must take and give")


def load_model(path: Path, threads: int = 1) -> Model:
    """Read a card and its weights, check them, and run them once on an empty tile.

    Args:
        path: the card, or the ``.onnx`` file beside it.
        threads: of the processor; one gives the same numbers on every run.

    Raises:
        UserError: see ``read_card``; weights that cannot be read, are not those of the card (SHA-256), are no ONNX, need operators
            that ONNX does not have, take or give other shapes than the card and the one head say, or state a licence of their own.
        MissingExtraError: onnxruntime is not installed.

    """
    card = read_card(path)
    model = Model(card, _session(card, weights_of(card), threads))
    model.try_out()
    return model


def weights_of(card: ModelCard) -> bytes:
    """The weights' bytes.

    Raises:
        UserError: unreadable, or not those that the card names.

    """
    try:
        raw = card.weights.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise UserError(str(card.weights), problem, f"put the weights beside {card.card.name}") from error
    found = hashlib.sha256(raw).hexdigest()
    if found != card.sha256:
        problem = f"its SHA-256 is {found[:12]}.., the card says {card.sha256[:12]}.."
        raise UserError(str(card.weights), problem, "get the file that the card describes, or the card of this file")
    return raw


def cards_in(folder: Path) -> tuple[tuple[ModelCard, ...], tuple[UserError, ...]]:
    """The cards of a folder of models (``<name>/<card>.toml``), by name, and what is wrong with those that cannot be read."""
    cards, faults = [], []
    for path in sorted(folder.glob("*/*.toml")):
        try:
            cards.append(read_card(path))
        except UserError as error:
            faults.append(error)
    return tuple(sorted(cards, key=lambda card: card.name)), tuple(faults)


def bands_of(image: Image, card: ModelCard) -> NDArray[np.float32]:
    """(band, y, x), the bands of an image in the order that a model takes.

    Raises:
        UserError: the image lacks one of them.

    """
    lacking = [band for band in card.bands if band not in image.bands]
    if lacking:
        problem = f"has no {', '.join(lacking)}, which {card.name} takes (it has {', '.join(image.bands)})"
        raise UserError(image.scene.id, problem, "say which band is which with --bands, or use a model for these bands")
    return image.values[[image.bands.index(band) for band in card.bands]]


def _session(card: ModelCard, raw: bytes, threads: int) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    try:
        import onnxruntime  # noqa: PLC0415 - an optional part, and slow to import
    except ImportError as error:
        raise MissingExtraError(
            "onnxruntime", "is not installed, and models run on it", "pip install 'spadework[detect]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what matters is raised
    try:
        return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen unrelated types
        mend = "export it as one file of standard ONNX operators, with nothing beside it"
        raise UserError(str(card.weights), f"is no ONNX model that runs here: {_first_line(error)}", mend) from error


def _per_band(numbers: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(numbers, dtype=np.float32)[:, None, None]


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"


def _first_line(error: Exception) -> str:
    """What onnxruntime says, without its number and past its own source paths."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    said = line.split(" : ")[-1].strip()
    return said if len(said) <= 160 else f"{said[:157]}..."  # noqa: PLR2004 - one line of a terminal
