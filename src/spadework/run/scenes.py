"""The very-high-resolution Scenes of a Site: read, compared with the one before, searched, measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from spadework.errors import SpadeworkError
from spadework.imagery.evidence import evidence_of
from spadework.imagery.vhr import ImageRequest, open_image, read_onto
from spadework.measure.sun import with_sun
from spadework.objects import candidate_finder, find, sighting_by_hand
from spadework.publish.vhr import vhr_figures
from spadework.records import Dropped, VhrScene
from spadework.run.compare import compare_images
from spadework.run.exports import scene_files
from spadework.run.measure import measure_in
from spadework.store.rasters import cog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from spadework.cube import Chip, Image
    from spadework.records import Comparison, Figure, Findings, Measurement, Scene, SceneFile, Sighting, Site
    from spadework.run.plan import OnStep

    Keep = Callable[[Scene, tuple[Chip, ...]], Scene]

MARGIN_M = 100.0
"""Ground around the area of interest that is read with it: shadows and measuring lines end beyond its edge."""
MOST_CANDIDATES = 30
"""Candidates of the finder that needs no model, a Scene: at 10 errors a hectare a long list tells nobody anything."""


@dataclass(eq=False)
class ScenesOfSite:
    """What the Scenes show. Each value is computed at most once, and only when it is asked for."""

    site: Site
    keep: Keep
    """Keeps evidence: called once for each Scene with a georeference."""
    on_step: OnStep

    # ------------------------------------------------------------ read
    @cached_property
    def _read(self) -> tuple[dict[str, Image], dict[str, Scene], tuple[Dropped, ...]]:
        """Images as their files are, by id; their evidence; what could not be read."""
        images, kept, dropped = {}, {}, []
        for n, file in enumerate(self.site.scenes):
            self.on_step("scenes", n, len(self.site.scenes))
            try:
                image = open_image(Path(file.path), self._request(file))
            except SpadeworkError as error:
                dropped.append(Dropped(file.id, f"{error.problem}. {error.mend}"))
                continue
            evidence = evidence_of(image)
            if evidence is not None:
                scene, chip = evidence
                kept[file.id] = self.keep(scene, (chip,))
            images[file.id] = image
        return images, kept, tuple(dropped)

    def _request(self, file: SceneFile) -> ImageRequest:
        said = VhrScene(
            id=file.id,
            datetime=file.datetime,
            platform=file.platform,
            provider=file.provider,
            licence=file.licence,
            credit=file.credit,
            off_nadir=file.off_nadir,
            view_azimuth=file.view_azimuth,
            sun_elevation=file.sun_elevation,
            sun_azimuth=file.sun_azimuth,
            synthetic=self.site.synthetic,
        )
        return ImageRequest(area=self.site.aoi, margin_m=MARGIN_M, gsd_m=file.gsd_m, bands=file.bands, described=said)

    @cached_property
    def images(self) -> dict[str, Image]:
        """By id, in time order, with the hash of their evidence; where the sun stood is computed where nobody says it."""
        images, kept, _ = self._read
        return {
            name: replace(
                image, scene=with_sun(replace(image.scene, sha256=kept[name].sha256) if name in kept else image.scene)
            )
            for name, image in images.items()
        }

    @property
    def kept(self) -> tuple[Scene, ...]:
        """Their evidence as it lies in the catalogue."""
        return tuple(self._read[1].values())

    @property
    def scenes(self) -> tuple[VhrScene, ...]:
        """What is known of each, in time order."""
        return tuple(image.scene for image in self.images.values())

    # ------------------------------------------------------------ compare
    @cached_property
    def _compared(
        self,
    ) -> tuple[dict[str, Image], dict[tuple[str, str], NDArray[np.float32]], tuple[Comparison, ...], tuple[Dropped, ...]]:
        moved: dict[str, Image] = {}
        maps: dict[tuple[str, str], NDArray[np.float32]] = {}
        pairs: list[Comparison] = []
        dropped: list[Dropped] = []
        files = [file for file in self.site.scenes if file.id in self.images]
        for first, second in pairwise(files):
            self.on_step("compare", len(pairs), len(files) - 1)
            try:
                after = read_onto(Path(second.path), self._read[0][first.id], self._request(second))
                after = replace(after, scene=replace(self.images[second.id].scene, notes=after.scene.notes))
                got = compare_images(self.images[first.id], after)
            except SpadeworkError as error:
                dropped.append(Dropped(f"{first.id} and {second.id}", f"not compared: {error.problem}"))
                continue
            pairs.append(got.comparison)
            if got.probability is not None and got.moved is not None:
                maps[first.id, second.id] = got.probability
                moved[f"{second.id} on {first.id}"] = got.moved
        return moved, maps, tuple(pairs), tuple(dropped)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Of Scenes that follow each other."""
        return self._compared[2]

    # ------------------------------------------------------------ sight and measure
    @cached_property
    def _sighted(self) -> tuple[tuple[Sighting, ...], tuple[Dropped, ...]]:
        found: list[Sighting] = []
        dropped = []
        for name, image in self.images.items():
            rules = [rule for rule in self.site.sightings if rule.scene == name]
            for rule in rules:
                try:
                    found.append(sighting_by_hand(image, rule))
                except SpadeworkError as error:
                    dropped.append(Dropped(f"sighting {rule.id}", f"{error.problem}. {error.mend}"))
            try:
                candidates = find(image, candidate_finder())
                found += _named(candidates[:MOST_CANDIDATES], len(found))
                if len(candidates) > MOST_CANDIDATES:
                    left = len(candidates) - MOST_CANDIDATES
                    dropped.append(
                        Dropped(
                            f"search of {name}", f"{left} weaker candidates are not listed, only the best {MOST_CANDIDATES}"
                        )
                    )
            except SpadeworkError as error:
                dropped.append(Dropped(f"search of {name}", error.problem))
        return tuple(found), tuple(dropped)

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """An analyst's first, then candidates of the finder that needs no model."""
        return self._sighted[0]

    @cached_property
    def _measured(self) -> tuple[tuple[Measurement, ...], tuple[Dropped, ...]]:
        known: dict[str, Measurement] = {}
        dropped = []
        for rule in sorted(self.site.measures, key=lambda rule: rule.of is not None):
            if rule.scene not in self.images or (rule.of is not None and rule.of not in known):
                dropped.append(Dropped(f"measurement {rule.id}", "what it is made from is missing"))
                continue
            try:
                known |= {one.id: one for one in measure_in(self.images[rule.scene], rule, known)}
            except SpadeworkError as error:
                dropped.append(Dropped(f"measurement {rule.id}", f"{error.problem}. {error.mend}"))
        return tuple(known.values()), tuple(dropped)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """In the order of the site file; what starts from another comes last."""
        return self._measured[0]

    # ------------------------------------------------------------ what comes of it
    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What could not be used, and why."""
        return (*self._read[2], *self._compared[3], *self._sighted[1], *self._measured[1])

    def files(self, findings: Findings) -> dict[str, bytes]:
        """Tables, and a raster of the probability of change for each pair that was aligned."""
        tags = {"SPADEWORK_SYNTHETIC": "synthetic data, not a real place"} if self.site.synthetic else None
        rasters = {
            f"rasters/change-{n}.tif": cog(
                self._compared[1][pair.before, pair.after], self.images[pair.before].scene.crs, self.images[pair.before].transform,
                float("nan"), (f"probability of change from {pair.before} to {pair.after}",), tags,
            )
            for n, pair in enumerate(self.comparisons, 1)
            if (pair.before, pair.after) in self._compared[1]
        }  # fmt: skip
        return {**scene_files(findings), **rasters}

    def figures(self, findings: Findings) -> tuple[Figure, ...]:
        """Their pictures."""
        if not self.images:
            return ()
        return vhr_figures(findings, {**self.images, **self._compared[0]}, self._compared[1])


def _named(found: tuple[Sighting, ...], known: int) -> Iterator[Sighting]:
    return (replace(sighting, id=f"C{n}") for n, sighting in enumerate(found, known + 1))
