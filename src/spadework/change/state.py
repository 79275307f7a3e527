"""What is kept of each pixel from one look to the next, in few bits: all that is needed to go on.

Numbers are kept in the precision in which they are used: what the history taught is rounded once, what follows the looks is rounded
look by look. So it makes no difference to any answer at which look a state was saved.

Arrays are of all pixels inside the area, in order; a pixel's number is its place among them. Looks have running numbers, the first
of the history being 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spadework.change.fit import YEAR
from spadework.change.regress import TERMS
from spadework.change.twins import NO_TWIN, TWINS
from spadework.machine import room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.common import Sample
    from spadework.change.fit import Basis
    from spadework.change.site import Site

    I8 = NDArray[np.int8]
    U8 = NDArray[np.uint8]
    I16 = NDArray[np.int16]
    F32 = NDArray[np.float32]

NOISE_UNIT, MODEL_UNIT = np.float32(4.0), np.float32(512.0)
"""Parts of a reflectance of 1/10,000 in which noise is kept; parts of 1 in which the model's factor is."""
LEVEL_UNIT, SHARE_UNIT = np.float32(512.0), np.float32(255.0)
"""Parts of the noise in which levels are kept; parts of 1 in which shares are."""
PARTS = 16
"""Parts of the year whose restlessness is known apart."""
MOST = np.float32(32767.0)
"""Numbers kept in 16 bits are cut there."""
NO_LOOK = np.int16(-1)


class Learnt(NamedTuple):
    """What the history of each pixel taught, and no later look changes; filled in place."""

    method: U8
    """(pixel), of its model, index into ``cube.METHODS``."""
    measured: NDArray[np.bool_]
    """(pixel), False where it has no model, or where no noise could be learnt: there is no answer."""
    coef: I16
    """(pixel, band, term), reflectance x 10,000; unused terms are 0; the history's mean where the method is pairwise."""
    agreement: U8
    """(pixel), how much of what its twins share a pixel shows itself, in 1/255."""
    noise: I16
    """(BESIDE or ALONE, below, pixel), lower Cholesky factor of the noise, row by row, reflectance in 1/40,000."""
    model: I16
    """(below, pixel), lower Cholesky factor of the model's normal matrix, in 1/512; 0 on the diagonal for terms that the model has not."""
    forgiven: U8
    """(pixel), share of the season's jitter that a field is forgiven, in 1/255."""
    calm: U8
    """(route, part of the year, pixel), one over how restless the history was, in 1/255."""
    alike: U8
    """(route, pixel), correlation of one look with the next over the history, in 1/255."""
    twins: U8
    """(pixel, TWINS), numbers of candidates, most alike first; NO_TWIN = none."""


class Followed(NamedTuple):
    """How far level and restlessness were followed along each route, and where each pixel stood since; filled in place.

    They stay ``lag`` usable looks behind; slots hold those looks, the last one last.
    """

    level: I16
    """(route, band, pixel), in 1/512 of the noise."""
    spread: F32
    """(route, pixel), mean squared distance a band."""
    since: I16
    """(route, pixel), 1 + day of the last look that moved them, or of the first; 0 before any."""
    look: I16
    """(slot, pixel), numbers of the looks that have not moved them yet; NO_LOOK where there was none."""
    told: I8
    """(route, slot, band, pixel), whitened departure in 1/16 of the noise, both taken off, its length capped."""


class Watching(NamedTuple):
    """What the watch remembers of each pixel from one look to the next; filled in place.

    A change stands while ``confirmed`` is not NO_LOOK.
    """

    clear_looks: NDArray[np.uint16]
    """(pixel), usable looks gone through."""
    since: U8
    """(pixel), those since the watch began, or began again behind a withdrawal, counted to the longest window; 0 while a change stands."""
    best: F32
    """(pixel), largest squared distance of a window, but for that of the change that stands."""
    first: I16
    """(pixel), first look of the change that stands; NO_LOOK = none."""
    confirmed: I16
    """(pixel), look that confirmed it; NO_LOOK = none."""
    distance: F32
    """(pixel), squared distance of the window that did."""
    after: I16
    """(pixel, band), spectrum of the changed ground, without the common mode, reflectance in 1/10,000."""
    calm: NDArray[np.uint16]
    """(pixel), looks in a row that say that the change is gone ..."""
    calm_since: I16
    """(pixel), ... and the day of the first of them, as in ``Basis.days``."""
    recovered: NDArray[np.bool_]
    """(pixel), the last change that was confirmed has been withdrawn."""
    left_out: NDArray[np.bool_]
    """(pixel), a change stood when a part of the looks began: throughout the part it is nobody's twin."""


class Pairs(NamedTuple):
    """Looks of the history of those pixels that are compared look by look."""

    pixel: NDArray[np.int32]
    """(pair), numbers, in order."""
    look: I16
    """(pair, slot), numbers of the usable looks; NO_LOOK = none."""
    seen: I16
    """(pair, slot, band), reflectance x 10,000."""


class Pixels(NamedTuple):
    """All that is kept of each pixel."""

    learnt: Learnt
    followed: Followed
    watching: Watching


def no_pairs(slots: int, bands: int) -> Pairs:
    """None."""
    return Pairs(np.zeros(0, np.int32), np.zeros((0, slots), np.int16), np.zeros((0, slots, bands), np.int16))


def parts_of_year(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """(look), part of the year of each day."""
    return (days % float(YEAR) / float(YEAR) * PARTS).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that is kept of a site between looks. Its pixels change in place; all else is made anew."""

    site: Site
    days: NDArray[np.int32]
    """(look), days since 1970-01-01."""
    basis: Basis
    """Of all looks."""
    sample: Sample | None
    """From which the common mode of a look is learnt."""
    typical: F32
    """(band), the scene's noise variance."""
    pairs: Pairs
    pixels: Pixels
    odd: U8
    """(watched look, byte), eight pixels a byte, whether a look is beyond the single-look threshold."""


def below(n: int) -> int:
    """Numbers on and below the diagonal of n rows."""
    return n * (n + 1) // 2


def no_learnt(pixels: int, bands: int) -> Learnt:
    """Room for what the histories of so many pixels teach."""
    return Learnt(
        method=room(pixels, np.uint8),
        measured=room(pixels, np.bool_),
        coef=room((pixels, bands, TERMS), np.int16),
        agreement=room(pixels, np.uint8),
        noise=room((2, below(bands), pixels), np.int16),
        model=room((below(TERMS), pixels), np.int16),
        forgiven=room(pixels, np.uint8),
        calm=room((3, PARTS, pixels), np.uint8),
        alike=room((3, pixels), np.uint8),
        twins=room((pixels, TWINS), np.uint8, NO_TWIN),
    )


def unfollowed(pixels: int, bands: int, lag: int) -> Followed:
    """Before the first look; level and restlessness stay ``lag`` looks behind."""
    return Followed(
        level=room((3, bands, pixels), np.int16),
        spread=room((3, pixels), np.float32, 1),
        since=room((3, pixels), np.int16),
        look=room((lag, pixels), np.int16, NO_LOOK),
        told=room((3, lag, bands, pixels), np.int8),
    )


def unwatched(pixels: int, bands: int) -> Watching:
    """Before the first watched look."""

    def zeros(kind: type[Any], *more: int) -> NDArray[Any]:
        return room((pixels, *more), kind)

    return Watching(
        clear_looks=zeros(np.uint16),
        since=zeros(np.uint8),
        best=zeros(np.float32),
        first=room(pixels, np.int16, NO_LOOK),
        confirmed=room(pixels, np.int16, NO_LOOK),
        distance=zeros(np.float32),
        after=zeros(np.int16, bands),
        calm=zeros(np.uint16),
        calm_since=zeros(np.int16),
        recovered=zeros(np.bool_),
        left_out=zeros(np.bool_),
    )


def no_pixels(pixels: int, bands: int, lag: int) -> Pixels:
    """Room for so many pixels, before the first look."""
    return Pixels(no_learnt(pixels, bands), unfollowed(pixels, bands, lag), unwatched(pixels, bands))
