"""What each number becomes by itself is looked up, where there are few enough numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)


def looked_up(raw: NDArray[np.generic], convert: Callable[..., NDArray[Kind]], *rule: Hashable) -> NDArray[Kind]:
    """``convert(raw, *rule)``, of each number by itself: from a table for unsigned numbers of at most 16 bits.

    NumPy would first make an index of 64 bits of each number, which takes longer than to look it up.
    """
    if raw.dtype not in (np.uint8, np.uint16):
        return convert(raw, *rule)
    import cv2  # noqa: PLC0415 - slow to import

    return cast("NDArray[Kind]", cv2.LUT(cast("NDArray[np.uint16]", raw), _table(raw.dtype.name, convert, rule)))


@lru_cache(maxsize=64)
def _table(dtype: str, convert: Callable[..., NDArray[Kind]], rule: tuple[Hashable, ...]) -> NDArray[Kind]:
    """(1, number), what each number of a type becomes."""
    return convert(np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[None], *rule)
