"""One look of many laid on a reference made of them: small shifts, few pixels, much cloud, little time.

A cheaper way than ``align``, for images that lie within a pixel or three of each other: one robust fit over all that is
clear, then one more step for each block, whose scatter is the error. In place of several estimators: several bands, and
the edges of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spadework.align.consensus import agree, weighed
from spadework.align.estimators import FRAME_PX, biweight, fit_shift, moved_by, rows_of
from spadework.align.features import features_of
from spadework.align.settings import AlignSettings
from spadework.records import Alignment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spadework.align.features import Features


@dataclass(frozen=True, slots=True)
class LookSettings:
    """When a look can be laid on the reference."""

    block_px: int = 20
    """Side of a block."""
    most_px: int = 128
    """Of a larger image, the middle so many rows and columns are compared: they pin a shift down, and cost 10 ms a look."""
    close_px: float = 0.02
    """The common fit ends when a step is smaller; each block then takes one more."""
    block_share: float = 0.5
    """A block counts when so much of it is clear in both."""
    least_blocks: int = 6
    """Blocks that must agree."""
    block_u_px: float = 0.75
    """A block whose own least-squares error is larger holds too little texture."""
    reference_looks: int = 15
    """The clearest so many looks make the reference."""
    reference_clear: float = 0.7
    """Clear share that a look of the reference has at least."""
    least_reference: int = 5
    """Looks without which there is no reference."""


def reference_of(planes: NDArray[np.float32], clear: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Median of looks over what is clear.

    Args:
        planes: (look, y, x) of one band.
        clear: (look, y, x), True = usable.

    Returns:
        (y, x) median, 0 where fewer than three looks are clear; (y, x), True elsewhere.

    """
    enough = clear.sum(axis=0) >= 3  # noqa: PLR2004 - a median of fewer is no median
    with_gaps = np.where(clear, planes, np.nan)
    with_gaps[:, ~enough] = 0
    return np.nanmedian(with_gaps, axis=0).astype(np.float32), enough


def middle_of(shape: tuple[int, int], settings: LookSettings) -> tuple[slice, slice]:
    """The part of the image that is compared."""
    starts = [max(0, (n - settings.most_px) // 2) for n in shape]
    return (slice(starts[0], starts[0] + settings.most_px), slice(starts[1], starts[1] + settings.most_px))


def lay_look(reference: Mapping[str, Features], look: Mapping[str, Features], settings: LookSettings) -> Alignment:
    """Shift that moves a look onto the reference, or why it cannot be said.

    Args:
        reference: normalised, by band; the first is also compared by its edges.
        look: the same bands.
        settings: what is enough.

    """
    pairs = {name: (reference[name].normal, look[name].normal) for name in reference}
    first = next(iter(reference))
    pairs[f"edges of {first}"] = (reference[first].edges, look[first].edges)
    counts = _inner(reference[first].valid & look[first].valid)
    whole = _blocks(counts[None].astype(np.float32), settings.block_px).mean(axis=(0, 2))
    tried = whole >= settings.block_share
    if np.count_nonzero(tried) < settings.least_blocks:
        return Alignment(None, None, tried=int(tried.sum()), failed="too little clear ground in common with the other looks")
    rule = AlignSettings(least_tiles=settings.least_blocks, agree_px=1.0)
    agreed, begin = {}, (0.0, 0.0)
    for name, (fixed, moving) in pairs.items():
        shift = fit_shift(fixed, moving, counts, begin, settings.close_px)
        begin = shift or begin
        values = None if shift is None else _block_shifts((fixed, moving, counts), shift, settings)[tried]
        if values is not None and (result := agree(values, float(len(values)), rule)):
            agreed[name] = result
    if len(agreed) < 2:  # noqa: PLR2004 - one cannot be checked by another
        return Alignment(None, None, tried=int(tried.sum()), failed="parts of the look, or its bands, disagree on a shift")
    shift_px, radius = weighed(tuple(agreed.values()))
    inside = np.sum([one.inside for one in agreed.values()], axis=0) * 2 > len(agreed)
    return Alignment(
        (float(shift_px[0]), float(shift_px[1])),
        radius,
        int(np.count_nonzero(inside)),
        int(tried.sum()),
        tuple((name, float(one.shift[0]), float(one.shift[1])) for name, one in agreed.items()),
    )


def normalised(planes: Mapping[str, NDArray[np.float32]], clear: NDArray[np.bool_]) -> dict[str, Features]:
    """Each band (y, x), normalised by its surroundings."""
    return {name: features_of(plane, clear) for name, plane in planes.items()}


def _inner(both: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = np.zeros_like(both)
    inner[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = both[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX]
    return inner


def _blocks(planes: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """(n, y, x) as (n, block, pixel); the last rows and columns that fill no block are left out."""
    n, rows, cols = planes.shape
    high, wide = rows // side, cols // side
    cut = planes[:, : high * side, : wide * side].reshape(n, high, side, wide, side)
    return np.asarray(cut.transpose(0, 1, 3, 2, 4).reshape(n, high * wide, side * side))


def _block_shifts(
    pair: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]], shift: tuple[float, float], settings: LookSettings
) -> NDArray[np.float64]:
    """(block, 2): one Gauss-Newton step of each block's own from the common shift; NaN where its texture carries none."""
    fixed, moving, counts = pair
    warped = moved_by(moving, *shift)
    rows = rows_of(warped)
    scaled, *_ = np.linalg.lstsq(rows[2:, counts].T, fixed[counts], rcond=None)
    left = fixed - np.tensordot(scaled.astype(np.float32), rows[2:], 1)
    weight = biweight(left.ravel(), counts.ravel().astype(np.float32)).reshape(fixed.shape)
    parts = _blocks(np.concatenate([rows, fixed[None], weight[None]]), settings.block_px).astype(np.float64)
    design, target, share = parts[:4], parts[4], parts[5]
    normal = np.einsum("inp,jnp,np->nij", design, design, share)
    right = np.einsum("inp,np,np->ni", design, target, share)
    ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2) + 1e-9
    normal += ridge[:, None, None] * np.eye(4) * np.array([0, 0, 1, 1]) + 1e-9 * np.eye(4)
    inverse = np.linalg.inv(normal)
    found = np.einsum("nij,nj->ni", inverse, right)
    left = target - np.einsum("ni,inp->np", found, design)
    variance = (share * left**2).sum(axis=1) / np.maximum(share.sum(axis=1) - 4, 1)
    gain = np.maximum(found[:, 2], 1e-3)
    error = np.sqrt(np.maximum(inverse[:, 0, 0], inverse[:, 1, 1]) * variance) / gain
    values = np.array(shift) + found[:, :2] / gain[:, None]
    values[(error > settings.block_u_px) | (found[:, 2] <= 1e-3)] = np.nan  # noqa: PLR2004 - no match at all
    return np.asarray(values)
