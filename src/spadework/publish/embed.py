"""Figures as a page carries them: data URIs, small enough for the page to be sent by mail."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PIL import Image

if TYPE_CHECKING:
    from spadework.records import Figure

Medium: TypeAlias = Literal["screen", "paper"]
PAGE_BYTES: Final = 10_500_000
"""Pictures of a page together, before base64 makes them a third longer."""
SHRINK: Final = ((1.0, 82), (0.8, 75), (0.6, 70), (0.4, 60), (0.25, 50))
"""(scale, quality) tried in turn on still pictures until the page is small enough."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as the page embeds it."""

    figure: Figure
    uri: str
    """Empty where the picture is withheld, and on paper for an animation."""
    width: int
    height: int
    panels: str
    """Before and after panels as "x y width height" each, shares of the picture; empty where there are none."""


def embedded(figures: tuple[Figure, ...], medium: Medium) -> tuple[Picture, ...]:
    """Figures in their order; stills become smaller pictures where the page would be too big.

    Args:
        figures: PNG stills, plots among them in few colours, and a WebP animation.
        medium: a screen reads WebP; paper takes JPEG for photographs, and of an animation its caption only.

    """
    data = [figure.data for figure in figures]
    for scale, quality in SHRINK:
        if medium == "screen" and sum(map(len, data)) <= PAGE_BYTES:
            break
        with ThreadPoolExecutor() as pool:  # the encoder releases the interpreter's lock
            data = list(pool.map(_smaller, figures, repeat(scale), repeat(quality), repeat(medium)))
        if sum(map(len, data)) <= PAGE_BYTES:
            break
    return tuple(_picture(figure, raw) for figure, raw in zip(figures, data, strict=True))


def _smaller(figure: Figure, scale: float, quality: int, medium: Medium) -> bytes:
    """A still in another format; an animation stays as it is and has no place on paper, where a plot stays as it is."""
    if not figure.data or (medium == "paper" and figure.name.endswith(".webp")):
        return b""
    image = Image.open(io.BytesIO(figure.data))
    if getattr(image, "is_animated", False) or (medium == "paper" and image.mode == "P"):
        return figure.data
    out = io.BytesIO()
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    still = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    if medium == "paper":
        still.save(out, "JPEG", quality=quality)
        return out.getvalue()
    still.save(out, "WEBP", quality=quality, method=2)
    return min(figure.data, out.getvalue(), key=len)


def _picture(figure: Figure, data: bytes) -> Picture:
    if not data:
        return Picture(figure, "", 0, 0, "")
    drawn, image = (Image.open(io.BytesIO(raw)) for raw in (figure.data, data))
    uri = f"data:{Image.MIME[image.format or 'PNG']};base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(figure, uri, image.width, image.height, _panels(figure, drawn.size))


def _panels(figure: Figure, size: tuple[int, int]) -> str:
    """The boxes of the before and after panels as shares of the picture's width and height."""
    wide, high = size
    boxes = [
        (left / wide, top / high, (right - left) / wide, (low - top) / high) for left, top, right, low in figure.panels or ()
    ]
    return " ".join(f"{share:.5f}" for box in boxes for share in box)
