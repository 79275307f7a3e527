"""The analyst's decisions, laid over the Events of every run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from spadework.events.find import in_order
from spadework.events.outline import to_wgs84
from spadework.grid import reproject, shape_of
from spadework.records import Event

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox

    from spadework.records import Mark, MultiPolygon

SAME: Final = 0.5
"""A mark and an event are about the same place from this intersection over union on."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Events with the marks on them."""

    events: tuple[Event, ...]
    """By status, then onset."""
    unmatched: tuple[Mark, ...]
    """Marks whose place no event covers any more: to be told, never dropped."""


def _ground(area: MultiPolygon, crs: str) -> shapely.Geometry:
    return shapely.make_valid(reproject(shape_of(area), "EPSG:4326", crs))


def _matched(mark: Mark, place: shapely.Geometry, events: list[Event], places: list[shapely.Geometry]) -> int | None:
    """Index of the event with the highest IoU, at least SAME; of equals, the one that the mark names."""
    if not events:
        return None
    shared = shapely.area(shapely.intersection(places, place))
    united = shapely.area(places) + shapely.area(place) - shared
    iou = np.divide(shared, united, out=np.zeros_like(shared), where=united > 0)
    best = max(range(len(events)), key=lambda i: (round(float(iou[i]), 9), events[i].id == mark.event))
    return best if iou[best] >= SAME - 1e-9 else None


def _added(mark: Mark, place: shapely.Geometry, grid: GeoBox) -> Event:
    """An Event of a polygon drawn by hand; its area interval is the outline moved by half a pixel either way."""
    half = abs(grid.transform.a) / 2
    inside = shapely.point_on_surface(place)
    col, row = ~grid.transform * (float(shapely.get_x(inside)), float(shapely.get_y(inside)))
    low, area, high = (float(shapely.area(shapely.buffer(place, move, join_style="mitre"))) for move in (-half, 0, half))
    return Event(
        id=f"A{int(np.floor(row)):04d}-{int(np.floor(col)):04d}",
        status="confirmed",
        geometry=to_wgs84(place, str(grid.crs)),
        onset_earliest=None,
        onset_latest=None,
        first_anomaly=None,
        confirmed_on=None,
        area_m2=area,
        area_low_m2=low,
        area_high_m2=high,
        pixels=round(area / half**2 / 4),
        statistic=0.0,
        phase=None,
        recovered=False,
        scenes=(),
        mark=mark,
    )


def _under(event: Event, mark: Mark) -> Event:
    """An event under the mark that decides: reject rejects, accept keeps the status, add confirms what is not recovered."""
    if mark.action == "reject":
        return replace(event, status="rejected", mark=mark)
    if mark.action == "add" and not event.recovered:
        return replace(event, status="confirmed", mark=mark)
    return replace(event, mark=mark)


def apply_marks(events: tuple[Event, ...], marks: tuple[Mark, ...], grid: GeoBox) -> Marked:
    """Lay marks over events: reject, accept, or add what was not found.

    A mark is about the event whose polygon has the highest intersection over union with its own, at least .5, in the
    grid's CRS. The last mark on an event decides. An ``add`` that meets an event marks that event; else a new event
    is made. Laying the same marks twice changes nothing.

    Args:
        events: as ``find_events`` gave them.
        marks: in the order in which they were made.
        grid: of the Site; projected, so areas are m2.

    """
    crs = str(grid.crs)
    listed = list(events)
    places = [_ground(event.geometry, crs) for event in listed]
    grounds = [_ground(mark.geometry, crs) for mark in marks]
    for mark, place in zip(marks, grounds, strict=True):
        if mark.action == "add" and shapely.area(place) > 0 and _matched(mark, place, listed, places) is None:
            listed.append(_added(mark, place, grid))
            places.append(place)
    deciding: dict[int, Mark] = {}
    unmatched: list[Mark] = []
    for mark, place in zip(marks, grounds, strict=True):
        at = _matched(mark, place, listed, places)
        if at is None:
            unmatched.append(mark)
        else:
            deciding[at] = mark
    done = [_under(event, deciding[i]) if i in deciding else event for i, event in enumerate(listed)]
    return Marked(in_order(done), tuple(unmatched))
