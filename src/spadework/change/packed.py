"""What is kept of a site as named arrays, for a file, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.change.common import Sample, plain_basis
from spadework.change.settings import lag
from spadework.change.site import site_of
from spadework.change.state import Followed, Learnt, Pairs, Pixels, State, Watching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spadework.change.settings import MonitorSettings

OF_PIXELS: Final = {"learnt": Learnt, "followed": Followed, "watching": Watching}


def arrays_of(state: State) -> dict[str, NDArray[Any]]:
    """All arrays of a state, by name; nothing is copied."""
    found = {
        f"{name}.{field}": array for name, part in state.pixels._asdict().items() for field, array in part._asdict().items()
    }
    for name, part in (("pairs", state.pairs), ("sample", state.sample)):
        found |= {f"{name}.{field}": array for field, array in part._asdict().items()} if part is not None else {}
    return found | {
        "inside": state.site.inside,
        "days": state.days,
        "history": np.array(state.basis.history),
        "common": state.basis.common,
        "doubt": state.basis.doubt,
        "typical": state.typical,
        "odd": state.odd,
    }


def state_of(arrays: Mapping[str, NDArray[Any]], settings: MonitorSettings) -> State:
    """The state whose arrays they are.

    Raises:
        ValueError: they are not those of a state, or of other settings.

    """

    def part(name: str, kind: Any) -> Any:  # noqa: ANN401 - a named tuple of arrays, and its class
        return kind(**{field: arrays[f"{name}.{field}"] for field in kind._fields})

    try:
        pixels = Pixels(**{name: part(name, kind) for name, kind in OF_PIXELS.items()})
        site = site_of(arrays["inside"], len(arrays["typical"]), settings)
        basis = plain_basis(arrays["days"], int(arrays["history"]), site.bands)
        basis = basis._replace(common=arrays["common"], doubt=arrays["doubt"])
        sample = part("sample", Sample) if "sample.places" in arrays else None
        state = State(site, arrays["days"], basis, sample, arrays["typical"], part("pairs", Pairs), pixels, arrays["odd"])
    except KeyError as error:
        msg = f"{error} is missing"
        raise ValueError(msg) from error
    if len(pixels.followed.look) != lag(settings) or len(pixels.learnt.method) != site.pixels:
        msg = "of other settings or another area"
        raise ValueError(msg)
    return state
