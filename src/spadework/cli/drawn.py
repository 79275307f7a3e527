"""What is typed at a command, as numbers, points, bands and instants."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spadework.records import Point


def numbers(text: str, option: str, count: int | None = None) -> tuple[float, ...]:
    """Numbers between commas.

    Raises:
        UserError: not numbers, or not so many.

    """
    from spadework.errors import UserError

    try:
        out = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(
            option, f"'{text}' is no list of numbers", "write numbers with commas and no spaces, e.g. 1.5,2"
        ) from error
    if not all(map(math.isfinite, out)) or (count is not None and len(out) != count):
        raise UserError(option, f"'{text}' is not {count or 'all'} finite numbers", "check it")
    return out


def points_of(text: str, option: str) -> tuple[Point, ...]:
    """Points as X1,Y1,X2,Y2 and so on.

    Raises:
        UserError: not numbers, an odd count of them, or under two points.

    """
    from spadework.errors import UserError

    flat = numbers(text, option)
    if len(flat) % 2 or len(flat) < 4:  # noqa: PLR2004 - two points
        raise UserError(option, f"{len(flat)} numbers are no points", "give x and y of two points or more: X1,Y1,X2,Y2")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def bands_of(text: str) -> tuple[tuple[str, int], ...]:
    """NAME=N,NAME=N as names and 1-based numbers.

    Raises:
        UserError: of another form.

    """
    from spadework.errors import UserError

    out = []
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        if not name or not number.isdigit() or int(number) < 1:
            raise UserError("--bands", f"'{part}' is no band", "write NAME=N, e.g. red=1,green=2,blue=3")
        out.append((name, int(number)))
    return tuple(out)


def instant_of(text: str) -> dt.datetime | None:
    """An instant, UTC where it names no zone; None where nothing was typed.

    Raises:
        UserError: no instant.

    """
    from spadework.errors import UserError

    if not text:
        return None
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError("--datetime", f"'{text}' is no instant", "write it like 2020-05-12T08:31:00Z") from error
    return when.replace(tzinfo=dt.UTC) if when.tzinfo is None else when.astimezone(dt.UTC)
