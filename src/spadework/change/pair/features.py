"""What a pixel of a pair looks like to a model trained on labels: tone, texture, edges and how each differs.

A model is only good for the features it was trained on: any change here is a new VERSION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spadework.change.pair.edges import structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    _Measure = Callable[[NDArray[np.float32], float], NDArray[np.float32]]

VERSION: Final = "1"
MARGIN: Final = 64
"""Pixels that a feature looks to each side, at most."""
_TONES: Final = (0.0, 1.5, 4.0, 16.0)
"""Gaussians, standard deviation in pixels, over which tone is averaged."""
_TEXTURES: Final = (2.0, 6.0)
_EDGES: Final = (1.0, 2.0, 4.0)
_COHERENT: Final = (2.0, 5.0)
_WINDOWS: Final = (5, 15)
"""Sides of windows in which darkest and brightest are taken, pixels."""
_LIMIT: Final = 6.0
"""Tones are cut at so many standard deviations of stable ground."""


def feature_names(bands: tuple[str, ...]) -> tuple[str, ...]:
    """Names in the order of ``features_of``."""
    blank = np.zeros((len(bands), 4, 4), dtype=np.float32)
    return tuple(name for name, _ in _features(blank, blank, bands))


def features_of(before: NDArray[np.float32], after: NDArray[np.float32], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Features of every pixel.

    Args:
        before: (band, y, x), on the tone of stable ground (0 = its median, 1 = its standard deviation); 0 without data.
        after: the same.
        bands: their names.

    Returns:
        (feature, y, x).

    """
    parts = [part for _, part in _features(np.clip(before, -_LIMIT, _LIMIT), np.clip(after, -_LIMIT, _LIMIT), bands)]
    return np.stack(parts).astype(np.float32, copy=False)


def _features(
    before: NDArray[np.float32], after: NDArray[np.float32], bands: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield from _tone(before, after, bands)
    pair = (before.mean(axis=0), after.mean(axis=0))
    yield from _colour(before, after, bands)
    yield from _both("texture", _TEXTURES, pair, _texture)
    yield from _both("edges", _EDGES, pair, _edges)
    yield from _both("coherence", _COHERENT, pair, _coherence)
    for side in _WINDOWS:
        yield from _both("darkest", (side,), pair, lambda plane, size: ndimage.minimum_filter(plane, int(size)))
        yield from _both("brightest", (side,), pair, lambda plane, size: ndimage.maximum_filter(plane, int(size)))
    for scale in _EDGES:
        yield f"structure {scale:g}", structure(before, after, scale)
    for scale in _TEXTURES:
        yield f"correlation {scale:g}", _correlation(*pair, scale)


def _tone(
    before: NDArray[np.float32], after: NDArray[np.float32], bands: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for scale in _TONES:
        length = np.zeros(before.shape[1:], dtype=np.float32)
        for band, one, other in zip(bands, before, after, strict=True):
            first, second = (_mean(plane, scale) if scale else plane for plane in (one, other))
            yield f"{band} before {scale:g}", first
            yield f"{band} after {scale:g}", second
            yield f"{band} gap {scale:g}", second - first
            length = length + (second - first) ** 2
        yield f"change vector {scale:g}", np.sqrt(length)


def _colour(
    before: NDArray[np.float32], after: NDArray[np.float32], bands: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each band less the mean of all, smoothed: what is left of colour without brightness."""
    if len(bands) == 1:
        return
    for band, one, other in zip(bands, before - before.mean(axis=0), after - after.mean(axis=0), strict=True):
        first, second = _mean(one, 2.0), _mean(other, 2.0)
        yield f"{band} colour before", first
        yield f"{band} colour after", second
        yield f"{band} colour gap", second - first


def _both(
    name: str, scales: tuple[float, ...], pair: tuple[NDArray[np.float32], NDArray[np.float32]], measure: _Measure
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for scale in scales:
        first, second = (np.asarray(measure(plane, scale)) for plane in pair)
        yield f"{name} before {scale:g}", first
        yield f"{name} after {scale:g}", second
        yield f"{name} gap {scale:g}", second - first


def _texture(plane: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Local standard deviation."""
    return np.asarray(np.sqrt(np.maximum(_mean(plane**2, scale) - _mean(plane, scale) ** 2, 0)))


def _edges(plane: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_gradient_magnitude(plane, scale, truncate=3.0))


def _coherence(plane: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """0 = edges in all directions, 1 = in one (structure tensor, Bigun and Granlund 1987)."""
    right, down = (ndimage.gaussian_filter(plane, 1.0, order=order, truncate=3.0) for order in ((0, 1), (1, 0)))
    xx, yy, xy = (_mean(part, scale) for part in (right**2, down**2, right * down))
    return np.asarray(np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy + 1e-3))


def _correlation(before: NDArray[np.float32], after: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Local correlation of brightness, -1..1; 0 on flat ground."""
    first, second = before - _mean(before, scale), after - _mean(after, scale)
    cross, one, other = (_mean(part, scale) for part in (first * second, first**2, second**2))
    return np.asarray(cross / np.sqrt(one * other + 1e-4))


def _mean(plane: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(plane, scale, mode="nearest", truncate=3.0))
