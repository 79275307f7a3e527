"""A change model trained on labelled pairs: gradient-boosted trees on hand-made features, kept as text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from spadework.change.pair.features import MARGIN, VERSION, feature_names, features_of
from spadework.change.pair.patches import CHANGED
from spadework.change.pair.sampling import ground_of, inner
from spadework.change.pair.scoring import PairCount, Ratio, Scores, count, scores_of
from spadework.change.pair.stable import StableSettings
from spadework.errors import MissingExtraError, UserError
from spadework.grid import tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spadework.cube import Image, LabelledPair

FORMAT: Final = "spadework pair model"
_MEND: Final = "train it again with compare --train"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How a model is trained; chosen beforehand, not on the labels."""

    rounds: int = 300
    """Trees."""
    leaves: int = 31
    rate: float = 0.05
    """Learning rate."""
    least: int = 200
    """Pixels in a leaf, at least."""
    share: float = 0.5
    """Of features and of pixels that a tree sees."""
    ridge: float = 1.0
    """L2 penalty of a leaf's value."""
    every: int = 2
    """Every so many-th pixel of rows and columns is learned from: neighbours say the same."""
    seed: int = 5
    smooth_px: float = 2.0
    """Gaussian over the answer, standard deviation, pixels."""
    block_px: int = 512
    """Images are worked through in blocks of this side."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """A trained change model, and what is to be known of it."""

    bands: tuple[str, ...]
    """Of the images that it takes, in this order."""
    trees: str = field(repr=False)
    """LightGBM's own text format."""
    pairs: tuple[tuple[str, str], ...]
    """(id, SHA-256 of its three files) of every pair trained on."""
    score: Scores | None
    """Leave-one-pair-out; None = one pair, or not asked for."""
    settings: TrainSettings = TrainSettings()

    def probability(self, before: Image, after: Image, comparable: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(y, x), 0..1.

        Args:
            before: the earlier image.
            after: the later one, on the same grid.
            comparable: (y, x), True where both have data.

        Raises:
            UserError: the images have other bands than the model was trained on.
            MissingExtraError: LightGBM is not installed.

        """
        if before.bands != self.bands:
            problem = f"has bands {', '.join(before.bands)}; the model was trained on {', '.join(self.bands)}"
            raise UserError(before.scene.id, problem, "choose those with --bands, or another model")
        booster = _lightgbm().Booster(model_str=self.trees)
        values, changed = _toned(before, after, comparable), np.empty(comparable.shape, dtype=np.float32)
        for tile in tiles(comparable.shape, self.settings.block_px + 2 * MARGIN, 2 * MARGIN):
            found = features_of(values[0][:, *tile.outer], values[1][:, *tile.outer], self.bands)[:, *inner(tile)]
            table = np.ascontiguousarray(found.reshape(found.shape[0], -1).T)
            changed[tile.core] = booster.predict(table, num_threads=1).reshape(found.shape[1:])
        return np.asarray(ndimage.gaussian_filter(changed, self.settings.smooth_px, mode="nearest"))

    def to_bytes(self) -> bytes:
        """One line of JSON, then LightGBM's text."""
        head = {
            "format": FORMAT, "features": VERSION, "bands": self.bands, "pairs": self.pairs, "settings": asdict(self.settings),
            "score": None if self.score is None else asdict(self.score), "sha256": _digest(self.trees),
        }  # fmt: skip
        return f"{json.dumps(head, ensure_ascii=False)}\n{self.trees}".encode()


def load(data: bytes, name: str) -> PairModel:
    """Read a model back.

    Args:
        data: what ``PairModel.to_bytes`` gave.
        name: of the file, for messages.

    Raises:
        UserError: no model of ours, altered, or trained on features of another version.

    """
    line, _, rest = data.partition(b"\n")
    try:
        head, trees = json.loads(line), rest.decode()
        if head["format"] != FORMAT:
            raise KeyError(head["format"])  # noqa: TRY301 - the same answer to every kind of wrong file
        if head["features"] != VERSION:
            problem = f"was trained on features of version {head['features']}, this Spadework has version {VERSION}"
            raise UserError(name, problem, _MEND)
        if head["sha256"] != _digest(trees):
            raise UserError(name, "its trees are not those that were saved", _MEND)
        pairs = tuple((str(one), str(sha)) for one, sha in head["pairs"])
        return PairModel(tuple(map(str, head["bands"])), trees, pairs, _score(head["score"]), TrainSettings(**head["settings"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(name, "is no change model of Spadework's", _MEND) from error


def train(pairs: Sequence[LabelledPair], settings: TrainSettings = TrainSettings(), score: Scores | None = None) -> PairModel:
    """Train on labelled pairs; the same pairs give the same bytes.

    Args:
        pairs: with the same bands.
        settings: how.
        score: of ``leave_one_pair_out``, to be kept with the model.

    Raises:
        UserError: no pairs, different bands, or labels without any changed or any unchanged pixel.
        MissingExtraError: LightGBM is not installed.

    """
    return _fit(pairs, [_table(pair, settings) for pair in _checked(pairs)], settings, score)


def leave_one_pair_out(
    pairs: Sequence[LabelledPair],
    settings: TrainSettings = TrainSettings(),
    progress: Callable[[str], None] = lambda _: None,
) -> Scores:
    """Score each pair with a model trained on all others, at the probability that counts as changed.

    Args:
        pairs: at least two.
        settings: how.
        progress: told the id of each pair when it is done.

    Raises:
        UserError: see ``train``; or a single pair.

    """
    maps = leave_one_pair_out_maps(pairs, settings, progress)
    return scores_of([count(pair.id, found, pair.changed, CHANGED) for pair, found in zip(pairs, maps, strict=True)])


def leave_one_pair_out_maps(
    pairs: Sequence[LabelledPair],
    settings: TrainSettings = TrainSettings(),
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[NDArray[np.float32], ...]:
    """(y, x) probability of each pair, by a model trained on all others; NaN without data; as ``leave_one_pair_out``."""
    if len(_checked(pairs)) < 2:  # noqa: PLR2004 - one to learn from, one to be asked
        raise UserError("labels", "hold one pair; leave-one-pair-out needs two", "label another pair")
    tables = [_table(pair, settings) for pair in pairs]
    maps = []
    for n, pair in enumerate(pairs):
        others = [k for k in range(len(pairs)) if k != n]
        model = _fit([pairs[k] for k in others], [tables[k] for k in others], settings, None)
        comparable = pair.before.valid & pair.after.valid
        maps.append(np.where(comparable, model.probability(pair.before, pair.after, comparable), np.float32(np.nan)))
        progress(pair.id)
    return tuple(maps)


_Table = tuple["NDArray[np.float32]", "NDArray[np.bool_]"]
"""(pixel, feature) and (pixel) changed."""


def _checked(pairs: Sequence[LabelledPair]) -> Sequence[LabelledPair]:
    if not pairs:
        raise UserError("labels", "hold no pair", "put images into A and B, and masks of the same names into label")
    for pair in pairs:
        if pair.before.bands != pairs[0].before.bands:
            raise UserError(pair.id, f"has other bands than {pairs[0].id}", "train on pairs of one kind")
    return pairs


def _table(pair: LabelledPair, settings: TrainSettings) -> _Table:
    comparable = pair.before.valid & pair.after.valid
    before, after = _toned(pair.before, pair.after, comparable)
    lattice = np.s_[:: settings.every, :: settings.every]
    kept = comparable[lattice]
    found = features_of(before, after, pair.before.bands)[:, *lattice]
    return np.ascontiguousarray(found[:, kept].T), pair.changed[lattice][kept]


def _fit(pairs: Sequence[LabelledPair], tables: Sequence[_Table], settings: TrainSettings, score: Scores | None) -> PairModel:
    lightgbm, bands = _lightgbm(), pairs[0].before.bands
    features, changed = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    if changed.all() or not changed.any():
        raise UserError("labels", "hold no changed pixel, or no other", "add a pair that shows both")
    names = [f"f{n}" for n in range(len(feature_names(bands)))]  # LightGBM takes no blanks
    data = lightgbm.Dataset(features, changed.astype(np.float32), feature_name=names, free_raw_data=True)
    booster = lightgbm.train(_options(settings), data, num_boost_round=settings.rounds)
    known = tuple((pair.id, pair.sha256) for pair in pairs)
    return PairModel(bands, booster.model_to_string(), known, score, settings)


def _options(settings: TrainSettings) -> dict[str, Any]:
    return {
        "objective": "binary", "num_leaves": settings.leaves, "learning_rate": settings.rate, "min_data_in_leaf": settings.least,
        "feature_fraction": settings.share, "bagging_fraction": settings.share, "bagging_freq": 1, "lambda_l2": settings.ridge,
        "seed": settings.seed, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1,
    }  # fmt: skip


def _toned(before: Image, after: Image, comparable: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both images on the tone of stable ground, (band, y, x); 0 where not comparable."""
    ground = ground_of(before, after, comparable, StableSettings())
    one, other = (
        np.stack(
            [
                np.where(comparable, band.toned(plane, n), np.float32(0))
                for band, plane in zip(ground, image.values, strict=True)
            ]
        )
        for n, image in enumerate((before, after))
    )
    return one, other


def _score(head: dict[str, Any] | None) -> Scores | None:
    if head is None:
        return None
    f1, iou, precision, recall = (Ratio(**head[name]) for name in ("f1", "iou", "precision", "recall"))
    return Scores(f1, iou, precision, recall, tuple(PairCount(**pair) for pair in head["pairs"]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _lightgbm() -> Any:  # noqa: ANN401 - LightGBM ships no types
    try:
        import lightgbm  # noqa: PLC0415 - an optional part, and slow to import
    except ImportError as error:
        raise MissingExtraError(
            "lightgbm", "is not installed, and trained models need it", "pip install 'spadework[vhr]'"
        ) from error
    return lightgbm
