"""Probability of change between two aligned images, what it can be read for, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from scipy import ndimage

from spadework.change.pair.difference import DifferenceSettings, difference_of
from spadework.change.pair.limits import BLIND, LIMIT_OUTSIDE, confidence_of, limit_of_step, limits_of, limits_of_trained
from spadework.change.pair.sampling import FEWEST
from spadework.change.pair.shadow import ShadowSettings, shadow_of
from spadework.change.pair.stable import REACH
from spadework.change.pair.trained import PairModel
from spadework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spadework.cube import Image

    Change: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
    """(band, y, x) of BEFORE and AFTER, raw numbers -> (y, x) probability of change, 0..1."""

DETECTOR: Final = "change vectors against the scatter of stable ground"
TRAINED: Final = "gradient-boosted trees trained on labelled pairs"


@dataclass(frozen=True, slots=True)
class PairSettings:
    """How two images are compared."""

    difference: DifferenceSettings = field(default_factory=DifferenceSettings)
    shadow: ShadowSettings | None = field(default_factory=ShadowSettings)
    """None = shadows are compared too."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What differs between two images, pixel by pixel, on BEFORE's grid."""

    probability: NDArray[np.float32]
    """(y, x), 0..1; NaN where not comparable."""
    comparable: NDArray[np.bool_]
    """(y, x), True = data in both images, away from edges without data, in no shadow."""
    detector: str
    confidence: Literal["low", "moderate"]
    limits: tuple[str, ...]
    """Sentences the reader must know."""


def change_probability(
    before: Image,
    after: Image,
    settings: PairSettings = PairSettings(),
    model: PairModel | Change | None = None,
    model_name: str = "a model from outside",
) -> Pair:
    """Compare two images of one place.

    Without a model: the change vector (Malila 1980), each band normalised on stable ground and divided by the scatter that noise
    and a rest of misalignment cause there; its local mean becomes a probability against the scene's own unchanged ground.

    Args:
        before: the earlier image.
        after: the later one, aligned, on the same grid, with the same bands.
        settings: how they are compared without a model.
        model: a detector in place of ours: trained on labels, or any callable. A model compares shadow too.
        model_name: what a callable is called in ``Pair.detector``.

    Raises:
        UserError: the images do not have the same bands or the same grid, or not those that the model takes; the model gave
            something else than a probability for every pixel.
        MissingExtraError: a trained model without LightGBM.

    """
    _check(before, after)
    if model is not None:
        return _by_model(before, after, model, model_name)
    comparable, sunlit = _comparable(before, after, settings.shadow)
    limits = limits_of(before.scene, after.scene, sunlit=sunlit)
    if comparable.sum() < FEWEST:
        return _nothing(comparable, DETECTOR, limits)
    difference = difference_of(before, after, comparable, settings.difference)
    probability = np.where(comparable, difference.probability(), np.float32(np.nan))
    confidence = "low" if difference.step > BLIND else confidence_of(before.scene, after.scene)
    return Pair(probability, comparable, DETECTOR, confidence, (limit_of_step(difference.step), *limits))


def _by_model(before: Image, after: Image, model: PairModel | Change, name: str) -> Pair:
    comparable, _ = _comparable(before, after, None)
    detector = TRAINED if isinstance(model, PairModel) else name
    limits = limits_of_trained(model) if isinstance(model, PairModel) else (LIMIT_OUTSIDE,)
    if comparable.sum() < FEWEST:
        return _nothing(comparable, detector, limits)
    if isinstance(model, PairModel):
        probability = model.probability(before, after, comparable)
    else:
        probability = _held(np.asarray(model(before.values, after.values), dtype=np.float32), comparable, name)
    return Pair(np.where(comparable, probability, np.float32(np.nan)), comparable, detector, "low", limits)


def _held(probability: NDArray[np.float32], comparable: NDArray[np.bool_], name: str) -> NDArray[np.float32]:
    mend = "a change model gives one number from 0 to 1 for every pixel"
    if probability.shape != comparable.shape:
        raise UserError(name, f"gave {probability.shape} for an image of {comparable.shape}", mend)
    known = probability[comparable]
    if not (np.isfinite(known).all() and known.min() >= 0 and known.max() <= 1):
        raise UserError(name, "gave numbers that are no probabilities", mend)
    return probability


def _nothing(comparable: NDArray[np.bool_], detector: str, limits: tuple[str, ...]) -> Pair:
    said = f"Under {FEWEST} pixels can be compared: nothing is said of change."
    return Pair(
        np.full(comparable.shape, np.nan, dtype=np.float32), np.zeros_like(comparable), detector, "low", (said, *limits)
    )


def _check(before: Image, after: Image) -> None:
    if before.bands != after.bands:
        problem = f"has bands {', '.join(after.bands)}, {before.scene.id} has {', '.join(before.bands)}"
        raise UserError(after.scene.id, problem, "choose bands that both have, in one order, with --bands")
    if before.valid.shape != after.valid.shape or not np.allclose(before.transform, after.transform, rtol=0, atol=1e-6):
        raise UserError(after.scene.id, f"does not lie on the grid of {before.scene.id}", "resample it onto that grid first")


def _comparable(before: Image, after: Image, shadow: ShadowSettings | None) -> tuple[NDArray[np.bool_], bool]:
    """Where both images can be compared, and whether the sun was known for both."""
    both = ~ndimage.binary_dilation(~(before.valid & after.valid), iterations=REACH)
    if shadow is None:
        return both, True
    (one, known), (other, also) = (shadow_of(image, shadow) for image in (before, after))
    return both & ~one & ~other, known and also
