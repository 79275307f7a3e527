"""What an analyst measures: a rule of the site file, or a command, to Measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spadework.imagery.vhr import ImageRequest, open_image, pixel_points
from spadework.measure.area import measure_area
from spadework.measure.edges import WidthSettings, measure_width
from spadework.measure.excavation import measure_excavation
from spadework.measure.length import measure_length
from spadework.measure.passage import PassageSettings, measure_passage
from spadework.measure.shadow import ShadowSettings, measure_height
from spadework.measure.spoil import SpoilSettings, measure_spoil

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spadework.cube import Image
    from spadework.records import Measurement, MeasureRule


def measure_in(image: Image, rule: MeasureRule, known: Mapping[str, Measurement]) -> tuple[Measurement, ...]:
    """One rule in one image.

    Args:
        image: or a window of it around the rule's points.
        rule: what is measured, and where.
        known: measurements made before it, by id: what an excavation or a passage starts from.

    Returns:
        One Measurement under the rule's id; a passage gives one a machine, "ID-1", "ID-2" and so on.

    Raises:
        UserError: points outside the image, an outline that crosses itself, no ground sample distance.
        MissingExtraError: the sun must be computed and pvlib is not installed.

    """
    if rule.quantity == "passage":
        passed = measure_passage(known[str(rule.of)], PassageSettings(height_m=rule.height_m))
        return tuple(replace(one, id=f"{rule.id}-{n}") for n, one in enumerate(passed, 1))
    one = _measured(image, rule, known)
    return (replace(one, id=rule.id, label=rule.label or one.label),)


def _measured(image: Image, rule: MeasureRule, known: Mapping[str, Measurement]) -> Measurement:
    points = rule.points
    if rule.quantity == "width":
        return measure_width(image, (points[0], points[1]), WidthSettings(along_m=rule.along_m))
    if rule.quantity == "shadow":
        return measure_height(image, points, ShadowSettings(slope_deg=rule.slope_deg))
    if rule.quantity == "length":
        return measure_length(image, points)
    if rule.quantity == "area":
        return measure_area(image, points)
    if rule.quantity == "spoil":
        return measure_spoil(image, points, SpoilSettings(height_m=rule.height_m))
    return measure_excavation(known[str(rule.of)])


def measure_file(
    path: Path, rule: MeasureRule, request: ImageRequest, *, in_pixels: bool = False
) -> tuple[tuple[Measurement, ...], Image]:
    """One rule in one file; only the window around its points is read, which is returned too.

    Args:
        path: of the image.
        rule: what is measured, and where; its points are all that is taken from it to find the window.
        request: what is known of the image.
        in_pixels: the points are columns and rows of the file, 0, 0 the outer corner of its first pixel.

    Raises:
        UserError: see ``open_image`` and ``measure_in``.

    """
    points = pixel_points(path, rule.points) if in_pixels else rule.points
    image = open_image(path, replace(request, points=points))
    return measure_in(image, replace(rule, points=points), {}), image
