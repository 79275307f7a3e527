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
from spadework.publish.measurement import measurement_figure
from spadework.store.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    path: Path, rule: MeasureRule, request: ImageRequest, *, in_pixels: bool = False, figure: Path | None = None
) -> tuple[Measurement, ...]:
    """One rule in one file, of which only the window around its points is read; what is noted of the image is told with it.

    Args:
        path: of the image.
        rule: what is measured, and where.
        request: what is known of the image.
        in_pixels: the points are columns and rows of the file, 0, 0 the outer corner of its first pixel.
        figure: where to write a picture of it; None = nowhere.

    Raises:
        UserError: see ``open_image`` and ``measure_in``.
        StorageError: the picture cannot be written.

    """
    image, rule = _window(path, rule, request, in_pixels=in_pixels)
    told = tuple(replace(one, warnings=(*image.scene.notes, *one.warnings)) for one in measure_in(image, rule, {}))
    if figure is not None:
        write_atomic(figure, measurement_figure(told[0], image))
    return told


def measure_passed(
    path: Path, across: MeasureRule, height_m: float | None, request: ImageRequest, *, in_pixels: bool = False
) -> tuple[Measurement, ...]:
    """The width of an opening, then which vehicles could pass it.

    Raises:
        UserError: see ``measure_file``.

    """
    (width,) = measure_file(path, across, request, in_pixels=in_pixels)
    return width, *measure_passage(width, PassageSettings(height_m=height_m))


def measure_excavated(
    path: Path, rules: Sequence[MeasureRule], request: ImageRequest, *, in_pixels: bool = False
) -> tuple[Measurement, ...]:
    """A volume of spoil, the width of the opening where it is drawn, and the length of tunnel that the spoil fills.

    Raises:
        UserError: see ``measure_file``.

    """
    told = [measure_file(path, rule, request, in_pixels=in_pixels)[0] for rule in rules]
    return *told, measure_excavation(told[0], told[1] if len(told) > 1 else None)


def _window(path: Path, rule: MeasureRule, request: ImageRequest, *, in_pixels: bool) -> tuple[Image, MeasureRule]:
    points = pixel_points(path, rule.points) if in_pixels else rule.points
    return open_image(path, replace(request, points=points)), replace(rule, points=points)
