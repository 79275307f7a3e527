"""Events of the real stack as it is, drawn: five where the rule of real loss agrees, the five where it agrees least.

    python benchmarks/change/looks.py

Writes docs/pictures/change/*.png and prints one line an event. What a picture shows is said by eye, in the page.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import shapely
from cubes import romania_cube
from ours import read_settings
from PIL import Image
from romania import left_out

from spadework.change.history import monitor
from spadework.events.find import find_events
from spadework.events.settings import EventSettings
from spadework.grid import pixels_in, reproject, rings_of
from spadework.intake.romania import ROMANIA_PERIOD
from spadework.publish.figures import draw_all
from spadework.records import Findings, Observability, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.records import Event

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures" / "change"
LEAST: Final = 4
"""Pixels: half of the product's least, as it has hardly any larger event without real loss."""
PARTS: Final = ((2018, 1, 6), (2018, 7, 12), (2019, 1, 6), (2019, 7, 12), (2020, 1, 6))
"""Year, first and last month in which an onset is bounded: the largest event of each is shown."""
SHARE: Final = 0.5
WIDTH, COLOURS = 680, 88
"""Of a picture: pixels across, and colours."""


def _lost(cube: Cube, event: Event, mask: NDArray[np.bool_]) -> float:
    """Share of the event's pixels that the rule of real loss left out, 0..1."""
    (rows, cols), member = pixels_in(cube.grid, event.geometry)
    return float(mask[rows, cols][member].mean())


def chosen(cube: Cube, events: Sequence[Event], mask: NDArray[np.bool_]) -> list[tuple[str, float, Event]]:
    """(word, share lost, event): the largest lost event of each part, then the five least lost, most pixels first."""
    shares = [(_lost(cube, event, mask), event) for event in events if event.status == "confirmed" and event.onset_latest]
    out: list[tuple[str, float, Event]] = []
    for year, first, last in PARTS:
        here = [
            (share, event)
            for share, event in shares
            if event.onset_latest
            and event.onset_latest.datetime.year == year
            and first <= event.onset_latest.datetime.month <= last
            and share > SHARE
        ]
        share, event = max(here, key=lambda one: one[1].pixels)
        out.append(("real", share, event))
    rest = sorted(shares, key=lambda one: (one[0], -one[1].pixels))
    return out + [("doubtful", share, event) for share, event in rest[: len(PARTS)]]


def _findings(cube: Cube, events: tuple[Event, ...]) -> Findings:
    aoi = rings_of(reproject(shapely.box(*cube.grid.extent.boundingbox), str(cube.grid.crs), "EPSG:4326"))
    seen = float(cube.inside.size) * 100.0
    site = Site("Forest in Romania", aoi, ROMANIA_PERIOD, ())
    return Findings(
        site, str(cube.grid.crs), 10.0, cube.inside.shape, cube.bands, cube.looks, events, Observability((), None, seen, 0.0)
    )


def _beside(upper: bytes, lower: bytes) -> bytes:
    """Two pictures under each other, in few colours."""
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in (upper, lower)]
    images = [image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS) for image in images]
    whole = Image.new("RGB", (WIDTH, sum(image.height for image in images)), "white")
    whole.paste(images[0], (0, 0))
    whole.paste(images[1], (0, images[0].height))
    out = io.BytesIO()
    whole.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    """Watch the stack, choose the events and draw them."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "").parse_args()
    cube, start = romania_cube(), ROMANIA_PERIOD.start
    mask = left_out(read_settings())
    change = monitor(cube, start)
    events = find_events(cube, change, start, replace(EventSettings(), min_pixels=LEAST))
    picked = chosen(cube, events, mask)
    alarmed = change.confirmed > 0
    print(f"confirmed pixels {alarmed.sum()}, of them outside real loss {(alarmed & ~mask).sum()} of {(~mask).sum()}")
    figures = {figure.name: figure for figure in draw_all(cube, _findings(cube, tuple(event for _, _, event in picked)))}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, (word, share, event) in enumerate(picked, 1):
        pair, series = (figures[f"figures/{event.id}-{kind}.png"].data for kind in ("before-after", "series"))
        path = FOLDER / f"{number:02d}-{word}-{event.id}.png"
        path.write_bytes(_beside(pair, series))
        onset = " .. ".join(f"{bound.datetime:%Y-%m-%d}" for bound in (event.onset_earliest, event.onset_latest) if bound)
        said = f"{event.pixels} px, lost {share:.2f}, onset {onset}, confirmed {event.confirmed_on}"
        print(f"{path.name}: {said}, {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
