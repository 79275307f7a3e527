"""A plot, drawn with the pen of the maps: panels with round ticks, marks, steps and bands.

Shapes are drawn three times too big and reduced, which smooths them; lettering is set afterwards at its own size.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from spadework.publish import draw, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

FINE: Final = 3
"""Shapes are drawn so many times too big."""
SMALL: Final = 13
"""Lettering of ticks and keys, pixels."""
TICKS: Final = 9
"""Most ticks of time."""
MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Steps between ticks of time, months."""
DAYS: Final = (1, 2, 5, 10, 14)
"""The same for a short time, days."""
PALE: Final = {draw.ORANGE: "#f7dca6", draw.SKY: "#cfe8f7", draw.BLUE: "#c6dcea"}
"""Grounds on which marks still read."""
GRID: Final = "#e4e4e4"

Mark: TypeAlias = Literal["circle", "square", "diamond", "triangle", "wedge", "tick", "ring"]
CORNERS: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
    "triangle": ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    "wedge": ((0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
    "tick": ((-0.2, -2), (0.2, -2), (0.2, 2), (-0.2, 2)),
}
"""Marks as polygons round their middle, in units of their size."""


# ---------------------------------------------------------------- axes
@dataclass(frozen=True, slots=True)
class Axis:
    """A quantity along one edge of a panel."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def share(self, values: ArrayLike) -> NDArray[np.float64]:
        """0 at the low end, 1 at the high end."""
        at, low, high = np.asarray(values, dtype=np.float64), self.low, self.high
        if self.log:
            at, low, high = np.log(at), math.log(low), math.log(high)
        return np.asarray((at - low) / (high - low), dtype=np.float64)


def day_of(when: dt.datetime | dt.date) -> float:
    """Days since 1970, as an axis of time counts them; a date is its midnight."""
    if not isinstance(when, dt.datetime):
        when = dt.datetime.combine(when, dt.time(), dt.UTC)
    return when.timestamp() / 86_400


def time_axis(days: Sequence[float]) -> Axis:
    """An axis over some days, with a margin of a fiftieth, ticks on firsts of months, in a short time on days."""
    low, high = min(days), max(days)
    margin = max((high - low) / 50, 1.0)
    low, high = low - margin, high + margin
    first = dt.date(1970, 1, 1) + dt.timedelta(days=math.floor(low))
    last = dt.date(1970, 1, 1) + dt.timedelta(days=math.ceil(high))
    months = [dt.date(n // 12, n % 12 + 1, 1) for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)]
    firsts = [month for month in months if low <= day_of(month) <= high]
    if len(firsts) < 3:  # noqa: PLR2004 - fewer make no axis
        step = next((step for step in DAYS if (last - first).days / step <= TICKS), 28)
        every = [first + dt.timedelta(days=n) for n in range(1, (last - first).days, step)]
        return Axis(low, high, tuple((day_of(day), f"{day.day} {words.MONTHS[day.month - 1][:3]}") for day in every))
    spaced = ([m for m in firsts if (m.year * 12 + m.month - 1) % step == 0] for step in MONTHS)
    kept = next((some for some in spaced if len(some) <= TICKS), firsts[:1])
    return Axis(low, high, tuple((day_of(month), _month(month, first=month == kept[0])) for month in kept))


def _month(month: dt.date, *, first: bool) -> str:
    """A year at its January, else the month, with its year where it is the first tick."""
    if month.month == 1:
        return str(month.year)
    return f"{words.MONTHS[month.month - 1][:3]}{f' {month.year}' if first else ''}"


def value_axis(values: Iterable[float], *, zero: bool = False) -> Axis:
    """An axis over the finite values, with a margin, two to five round ticks; ``zero`` = it begins at 0."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = (0.0 if zero else min(finite)), max(finite)
    margin = max((high - low) * 0.07, abs(high) * 1e-3, 1e-6)
    low, high = (0.0 if zero else low - margin), high + margin
    step = draw.round_length((high - low) / 2)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return Axis(low, high, tuple((tick, f"{tick:,.{places}f}") for tick in ticks))


# ---------------------------------------------------------------- drawing
@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A sheet of paper: shapes three times too big, and the lettering that goes on it afterwards."""

    big: Image.Image
    letters: list[tuple[tuple[float, float], str, int, bool, str, str]] = field(default_factory=list)
    """(place, text, size, bold, colour, anchor)."""

    @classmethod
    def blank(cls, width: int, height: int) -> Canvas:
        """White, pixels of the finished picture."""
        return cls(Image.new("RGB", (width * FINE, height * FINE), draw.PAPER))

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Draws on the big sheet."""
        return ImageDraw.Draw(self.big)

    def text(
        self, at: tuple[float, float], text: str, anchor: str = "la", *, bold: bool = False, colour: str = draw.INK
    ) -> None:
        """Letter something, pixels of the finished picture."""
        self.letters.append((at, text, SMALL + bold, bold, colour, anchor))

    def finished(self) -> Image.Image:
        """Reduced and lettered."""
        image = self.big.reduce(FINE)
        pen = ImageDraw.Draw(image)
        for at, text, size, bold, colour, anchor in self.letters:
            pen.text(at, text, font=draw.font(size, bold=bold), fill=colour, anchor=anchor)
        return image

    def mark(self, mark: Mark, at: tuple[float, float], colour: str, size: float = 3.0) -> None:
        """One mark, pixels of the finished picture; ``size`` is half its width."""
        x, y, r = at[0] * FINE, at[1] * FINE, size * FINE
        if mark == "circle":
            self.pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        elif mark == "ring":
            self.pen.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=FINE)
        else:
            self.pen.polygon([(x + u * r, y + v * r) for u, v in CORNERS[mark]], fill=colour)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1.0, dash: float = 0.0) -> None:
        """A line, pixels of the finished picture; ``dash`` = length of its dashes along a straight one, 0 = whole."""
        whole = [(x * FINE, y * FINE) for x, y in points]
        parts = _dashes(whole[0], whole[-1], dash * FINE) if dash else [whole]
        for part in parts:
            self.pen.line(part, fill=colour, width=round(width * FINE), joint="curve")


def _dashes(start: tuple[float, float], end: tuple[float, float], dash: float) -> list[list[tuple[float, float]]]:
    """Pieces of a straight line, gaps two thirds as long as dashes."""
    length = max(math.dist(start, end), 1e-9)
    edges = np.arange(0, length, dash * 5 / 3)

    def at(along: float) -> tuple[float, float]:
        part = min(along / length, 1.0)
        return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part

    return [[at(float(edge)), at(float(edge) + dash)] for edge in edges]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Two axes on a canvas."""

    on: Canvas
    box: tuple[float, float, float, float]
    """Left, top, right, bottom, pixels of the finished picture."""
    x: Axis
    y: Axis

    def at(self, xs: ArrayLike, ys: ArrayLike) -> list[tuple[float, float]]:
        """Where points lie, pixels; those without a value are left out."""
        left, top, right, bottom = self.box
        across, down = np.broadcast_arrays(self.x.share(xs), 1 - self.y.share(ys))
        there = np.isfinite(across) & np.isfinite(down)
        return list(
            zip((left + across * (right - left))[there].tolist(), (top + down * (bottom - top))[there].tolist(), strict=True)
        )

    def span(self, start: float, end: float, colour: str) -> None:
        """A column from one x to another, at least 2 pixels wide; first of all that is drawn."""
        (left, _), (right, _) = self.at([start, end], [self.y.low, self.y.low])
        edges = max(left, self.box[0]), self.box[1], min(max(right, left + 2), self.box[2]), self.box[3]
        self.on.pen.rectangle([edge * FINE for edge in edges], fill=colour)

    def frame(self, *, below: bool = True, left: bool = True) -> None:
        """Faint lines at the ticks, a base line, and the ticks' words ``below`` and at the ``left``."""
        west, north, east, south = self.box
        for value, word in self.x.ticks:
            ((x, _),) = self.at([value], [self.y.low])
            self.on.line([(x, north), (x, south)], GRID)
            if below:
                self.on.line([(x, south), (x, south + 4)], draw.INK)
                self.on.text((x, south + 7), word, "ma", bold=word.isdigit() and len(word) == 4)  # noqa: PLR2004 - a year
        for value, word in self.y.ticks:
            ((_, y),) = self.at([self.x.low], [value])
            self.on.line([(west, y), (east, y)], GRID)
            if left:
                self.on.text((west - 7, y), word, "rm")
        self.on.line([(west, south), (east, south)], draw.INK)

    def rule(self, x: float, colour: str, width: float = 1.0, dash: float = 0.0) -> None:
        """An upright line over the whole height."""
        self.on.line(self.at([x, x], [self.y.low, self.y.high]), colour, width, dash)

    def marks(self, xs: ArrayLike, ys: ArrayLike, mark: Mark, colour: str, size: float = 3.0) -> None:
        """One mark a point."""
        for at in self.at(xs, ys):
            self.on.mark(mark, at, colour, size)

    def line(self, xs: ArrayLike, ys: ArrayLike, colour: str, width: float = 2.0) -> None:
        """A line through the points."""
        if len(points := self.at(xs, ys)) > 1:
            self.on.line(points, colour, width)

    def band(self, xs: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str) -> None:
        """The ground between two lines."""
        if len(edge := self.at(xs, low) + self.at(xs, high)[::-1]) > 2:  # noqa: PLR2004 - a corner has two sides
            self.on.pen.polygon([(x * FINE, y * FINE) for x, y in edge], fill=colour)


# ---------------------------------------------------------------- the key
Sign: TypeAlias = tuple[Mark | Literal["block", "rule", "dots", "dashes"], str]
"""What a key explains: a mark, a shaded block or a line, and its colour."""


def key(on: Canvas, at: tuple[float, float], width: float, entries: Sequence[tuple[Sign, str]]) -> float:
    """A key in words, wrapped to a width; returns the height that it takes, pixels."""
    x, y = at
    for (sign, colour), text in entries:
        length = draw.font(SMALL).getlength(text) + 44
        if x > at[0] and x + length - 18 > at[0] + width:
            x, y = at[0], y + 21
        _sign(on, sign, colour, (x, y + 8))
        on.text((x + 24, y), text)
        x += length + 4
    return y + 21 - at[1]


def _sign(on: Canvas, sign: str, colour: str, at: tuple[float, float]) -> None:
    """18 pixels of a key, their left middle at a point."""
    x, y = at
    if sign == "block":
        on.pen.rectangle([edge * FINE for edge in (x, y - 6, x + 18, y + 6)], fill=colour)
    elif sign in ("rule", "dots", "dashes"):
        on.line([(x, y), (x + 18, y)], colour, 2.0, {"rule": 0.0, "dots": 3.0, "dashes": 5.0}[sign])
    else:
        on.mark(sign, (x + 9, y), colour, 4.0)  # type: ignore[arg-type]  # what is left of Sign


def png(image: Image.Image) -> bytes:
    """A plot as PNG, in few colours."""
    return draw.png(image.quantize(draw.PLOT_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
