"""What each number becomes by itself is looked up, where there are few enough numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)


def looked_up(raw: NDArray[np.generic], convert: Callable[..., NDArray[Kind]], *rule: Hashable) -> NDArray[Kind]:
    """``convert(raw, *rule)``, of each number by itself: from a table for unsigned numbers of at most 16 bits."""
    if raw.dtype in (np.uint8, np.uint16):
        return np.take(_table(raw.dtype.name, convert, rule), raw.astype(np.uint16, copy=False))
    return convert(raw, *rule)


@lru_cache(maxsize=64)
def _table(dtype: str, convert: Callable[..., NDArray[Kind]], rule: tuple[Hashable, ...]) -> NDArray[Kind]:
    """What each number of a type becomes."""
    return convert(np.arange(np.iinfo(dtype).max + 1, dtype=dtype), *rule)
