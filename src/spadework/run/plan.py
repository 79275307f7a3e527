"""What a run would read: the search, and the plan made from it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spadework.errors import NoImageryError, SceneError, UserError
from spadework.imagery.chips import with_headers
from spadework.imagery.plan import ReadPlan, plan_reading
from spadework.imagery.read import THREADS
from spadework.imagery.search import Found, HttpRule, find_scenes
from spadework.imagery.vhr import check_image
from spadework.intake.site import read_site
from spadework.records import Dropped, Look, Period, Request, Scene, SceneFile, Site
from spadework.run.pipeline import MONITOR

if TYPE_CHECKING:
    from collections.abc import Sequence

OnStep = Callable[[str, int, int | None], None]
"""Told (step, done, total or None) as the work goes on."""


def plan_site(site_file: Path, http: HttpRule, on_step: OnStep) -> tuple[Site, Found, ReadPlan, tuple[Request, ...]]:
    """What a run would read, and what each host would learn; reads no pixel and writes nothing.

    Raises:
        SpadeworkError: as a run would.

    """
    asked: list[Request] = []
    site = read_site(site_file)
    found, plan = search_site(site, http, asked.append, on_step)
    return site, found, replace(plan, dropped=(*plan.dropped, *_no_images(site.scenes))), tuple(asked)


def _no_images(files: Sequence[SceneFile]) -> list[Dropped]:
    """The very-high-resolution Scenes that a run will leave out, as far as their headers tell."""
    out = []
    for file in files:
        try:
            check_image(Path(file.path))
        except UserError as error:
            out.append(Dropped(file.id, f"{error.problem}. {error.mend}"))
    return out


def search_site(site: Site, http: HttpRule, on_request: Callable[[Request], None], on_step: OnStep) -> tuple[Found, ReadPlan]:
    """Ask the catalogues, read headers where they leave a gap, and plan; Scenes whose header fails are dropped by name.

    Raises:
        NoImageryError: no Scene can be used.
        CatalogueError: a catalogue did not answer.

    """
    found = find_scenes(site, http, on_request, lambda done, total: on_step("search", done, total))
    scenes, dropped = [], []

    def fill(scene: Scene) -> Scene | SceneError:
        try:
            return with_headers(scene, http, on_request)
        except SceneError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        for answer in pool.map(fill, found.scenes):
            if isinstance(answer, SceneError):
                dropped.append(Dropped(answer.thing, f"{answer.problem}. {answer.mend}"))
            else:
                scenes.append(answer)
    if not scenes:
        raise NoImageryError(dropped[0].thing, dropped[0].reason, f"none of the {len(found.scenes)} scenes can be used")
    on_step("search", len(found.scenes), len(found.scenes))
    plan = plan_reading(site, tuple(scenes))
    return found, replace(plan, dropped=(*found.dropped, *dropped, *plan.dropped))


def told_too_little(looks: Sequence[Look], period: Period) -> list[str]:
    """What the used looks leave unsaid of a period, in words: beside the least that the monitor learns a season or a mean from."""
    days = [look.day for look in looks if look.used]
    out = []
    if not any(period.start <= day <= period.end for day in days):
        out.append(f"no clear look between {period.start} and {period.end}: nothing can be said of that time")
    span = (period.start - period.history_start).days
    if span < MONITOR.season_days:
        out.append(f"the history is {span} days long: under a year, a season looks like a change")
    before = sum(day < period.start for day in days)
    if before < MONITOR.looks_mean:
        out.append(f"the history has {before} clear {'look' if before == 1 else 'looks'}: too few to know what is normal")
    return out
