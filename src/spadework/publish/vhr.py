"""The pictures of very-high-resolution Scenes, with their captions and names.

Names count (scene-1, pair-1, measurement-2) and hold no id: a file's name travels, and an id may hold a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spadework.publish import words
from spadework.publish.comparison import draw_comparison
from spadework.publish.measurement import draw_measurement
from spadework.publish.overview import ON_THE_GROUND, overview_figure, sightings_figure
from spadework.publish.plate import printed_place
from spadework.publish.scenes import name_of
from spadework.records import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spadework.cube import Image
    from spadework.records import Findings, Measurement, Sighting, VhrScene


def vhr_figures(
    findings: Findings, images: Mapping[str, Image], probability: Mapping[tuple[str, str], NDArray[np.float32]]
) -> tuple[Figure, ...]:
    """Every picture of the very-high-resolution Scenes: pairs, then Scene by Scene, then measurement by measurement.

    Args:
        findings: what is told of them.
        images: by id of the Scene, all on their own grids; the later one of a pair as it was laid on the earlier is under
            "<after> on <before>", or else under its id where both have one grid.
        probability: (y, x) by ids (before, after), on the grid of ``before``.

    Returns:
        Pictures of what is there; a Scene without an image has none.

    """
    place = printed_place(findings.site)
    return (
        *_pairs(findings, images, probability, place),
        *_scenes(findings, images, place),
        *_measurements(findings, images, place),
    )


def _pairs(
    findings: Findings, images: Mapping[str, Image], probability: Mapping[tuple[str, str], NDArray[np.float32]], place: str
) -> Iterator[Figure]:
    for number, pair in enumerate(findings.comparisons, 1):
        key = (pair.before, pair.after)
        before, after = images.get(pair.before), images.get(f"{pair.after} on {pair.before}", images.get(pair.after))
        if before is None or after is None or key not in probability or after.valid.shape != before.valid.shape:
            continue
        drawn = draw_comparison(pair, before, after, probability[key], place)
        days = words.scene_name(before.scene), words.scene_name(after.scene)
        caption = (
            f"Before: {days[0]}; after: {days[1]}, moved onto it. Below: the probability of change, white for none and dark for "
            "near certain; grey was not compared. Lines: the outlines of patches with a probability of at least one half."
        )
        alt = f"Two satellite images of one place, of {days[0]} and {days[1]}, and a map of the probability that the ground changed."
        yield Figure(f"figures/pair-{number}.png", drawn.data, caption, alt, (), panels=drawn.panels, scenes=key)


def _scenes(findings: Findings, images: Mapping[str, Image], place: str) -> Iterator[Figure]:
    results = list(enumerate(findings.measurements, 1))
    for number, scene in enumerate(findings.scenes, 1):
        image = images.get(scene.id)
        if image is None:
            continue
        found = [sighting for sighting in findings.sightings if sighting.scene == scene.id]
        measured = [(n, result) for n, result in results if result.scene == scene.id]
        yield Figure(
            f"figures/scene-{number}.png",
            overview_figure(image, found, measured, place),
            f"{_of(scene)}.{_key(found, measured)}",
            f"Satellite image of {words.scene_name(scene)}, with what was sighted and measured in it numbered.",
            (),
            scenes=(scene.id,),
        )
        if found:
            yield Figure(
                f"figures/scene-{number}-sightings.png",
                sightings_figure(image, found, place),
                f"{_of(scene)}: each sighting close up, with its box, numbered as on the overview.",
                f"Small close-ups of what was sighted on {words.scene_name(scene)}.",
                (),
                scenes=(scene.id,),
            )


def _measurements(findings: Findings, images: Mapping[str, Image], place: str) -> Iterator[Figure]:
    for number, result in enumerate(findings.measurements, 1):
        image = images.get(result.scene)
        if image is None or not result.where or result.quantity not in ON_THE_GROUND:
            continue
        what = name_of(result)
        caption = f"{what}, on the pixels of {words.scene_name(image.scene)}. Yellow: as drawn."
        if result.quantity == "width":
            caption += (
                " White dashes: the window that was averaged; red: the edges as fitted; beside it the profile and the fit."
            )
        alt = f"Close-up of a satellite image with what was measured drawn on it: {what}."
        data = draw_measurement(result, image, place)
        yield Figure(f"figures/measurement-{number}.png", data, caption, alt, (), scenes=(image.scene.id,))


def _key(found: Sequence[Sighting], measured: Sequence[tuple[int, Measurement]]) -> str:
    boxes = (
        " Boxes: what was sighted, coloured by how sure its name is, and numbered." if found else " Nothing was sighted in it."
    )
    return boxes + (" Yellow, with an M: what was measured." if measured else "")


def _of(scene: VhrScene) -> str:
    return f"Scene of {words.scene_name(scene)}"
