"""A Site from its file to its dossier: search, plan, read, change, events, report. Each step only when its inputs are new."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spadework.errors import UserError
from spadework.events import Marked, apply_marks, observability
from spadework.grid import meet
from spadework.imagery.chips import fetch
from spadework.imagery.read import Reading, read_cube
from spadework.imagery.search import Found, HttpRule, kept_scene
from spadework.intake.marks import mark_of
from spadework.intake.site import read_site
from spadework.machine import compiling
from spadework.publish.embed import embedded
from spadework.publish.figures import draw_all
from spadework.publish.pdf import pdf_available
from spadework.publish.report import Edition, report_html
from spadework.publish.tables import events_geojson, observability_json
from spadework.records import Dropped, Event, Findings, Request, Scene, Sensitivity, Site
from spadework.run.claims import ClaimsOfSite, decision_of
from spadework.run.exports import as_json, event_files, map_files, said_files
from spadework.run.kept import check_file, monitor_on
from spadework.run.outcome import Outcome, WentOn, not_yet, software
from spadework.run.pipeline import MONITOR, change_of, events_of
from spadework.run.plan import search_site, told_too_little
from spadework.run.report import PDF_STAGE, drop_stale_pdf, renew_pdf
from spadework.run.scenes import ScenesOfSite
from spadework.run.sensitivity import measure_site, planting
from spadework.run.stages import Stage, key_of, run_stages
from spadework.run.versions import keep_judgement, working_copy
from spadework.store.dossier import Dossier
from spadework.store.files import code_version, file_sha256, only_run
from spadework.store.findings import figures_json, findings_json, sensitivity_of
from spadework.store.rasters import change_rasters
from spadework.store.vectors import vectors_available

if TYPE_CHECKING:
    from pathlib import Path

    from spadework.cube import Change, Chip, Cube
    from spadework.evaluate.plant import PlantSettings
    from spadework.imagery.plan import ReadPlan
    from spadework.run.plan import OnStep


def run_site(  # noqa: PLR0913 - the options of the command
    site_file: Path,
    out: Path,
    http: HttpRule,
    on_step: OnStep,
    *,
    state: Path | None = None,
    pdf: bool = False,
    thorough: bool = False,
) -> Outcome:
    """Run a site file into a dossier; does only what is new since last time.

    Args:
        site_file: what to ask, of which imagery.
        out: the dossier.
        http: patience with hosts.
        on_step: told how the work goes on.
        state: a file that keeps what monitoring must know to go on with new looks alone; made where there is none.
        pdf: also make ``report.pdf``, where WeasyPrint and pango are installed.
        thorough: measure sensitivity with 300 planted changes even where that takes many runs of the pipeline.

    Raises:
        UserError: the dossier is of another area, or ``state`` is a file of something else, or of another area.
        StorageError: ``state`` cannot be kept there.
        SpadeworkError: see ``errors``; what was written before stays.

    """
    site = read_site(site_file)
    if state is not None:
        check_file(state, site.aoi)
    with only_run(out), compiling(lambda done, begun: on_step("compile", done, begun)):
        dossier = Dossier(out)
        for line in dossier.ledger.entries("settings")[-1:]:
            if not meet(line["data"]["site"]["aoi"], site.aoi):
                mend = "it would mix two places: name another folder with --out"
                raise UserError(str(out), f"is the dossier of another area ({line['data']['site']['name']})", mend)
        job = _Job(site, dossier, http, on_step, state=state, pdf=pdf, thorough=thorough)
        job.dossier.ledger.append("intake", {"site": site.name, "file": site_file.name, "sha256": file_sha256(site_file)})
        return job.run()


@dataclass(eq=False)
class _Job:
    """One run. Each value is computed at most once, and only when a stage asks for it."""

    site: Site
    dossier: Dossier
    http: HttpRule
    on_step: OnStep
    state: Path | None = None
    pdf: bool = False
    thorough: bool = False
    fetched: set[str] = field(default_factory=set)
    measured: Sensitivity | None = None
    went_on: WentOn | None = None

    def run(self) -> Outcome:
        code = code_version()
        read_key = key_of("read", code, self._plan_facts())
        missing = [scene for scene in self.plan.scenes if scene.id not in self.kept and scene.id not in self._without_data]
        did: list[str] = []
        self._note_settings(code)
        if missing or self.dossier.stage("read").get("key") != read_key:
            _ = self.reading
            did += ["read"] if self.fetched else []
        self.dossier.finish_catalogue([*(s for s in self.plan.scenes if s.id in self.kept), *self.close.kept])
        self.dossier.record_key("read", read_key)
        did += run_stages(self._stages(), self.dossier, code, self._evidence)
        did += self._paper(page_is_new="report" in did)
        if did or "counts" not in self.dossier.index:
            self.dossier.close(self._facts())
        self.dossier.ledger.append("run", {"did": did, "read": len(self.fetched)})
        return self._outcome(tuple(did))

    def _note_settings(self, code: str) -> None:
        """Every parameter of the run into the ledger, where one changed; not where the images lie, which may name somebody's folders."""
        question = asdict(replace(self.site, imagery=(), scenes=(), sources=()))
        told = {"code": code, "site": question, "monitor": asdict(MONITOR), "software": dict(software())}
        settings = json.loads(json.dumps(told, default=str))
        last = self.dossier.ledger.entries("settings")[-1:]
        if not last or last[0]["data"] != settings:
            self.dossier.ledger.append("settings", settings)

    def _paper(self, *, page_is_new: bool) -> list[str]:
        """The PDF, where it is wanted and can be made; else none that is of an earlier page."""
        if self.pdf and pdf_available():
            self.on_step("pdf", 0, None)
            return [PDF_STAGE] if renew_pdf(self.dossier) else []
        if page_is_new:
            drop_stale_pdf(self.dossier)
        return []

    # ------------------------------------------------------------ values
    @cached_property
    def _searched(self) -> tuple[Found, ReadPlan]:
        return search_site(self.site, self.http, self._tell, self.on_step)

    @property
    def plan(self) -> ReadPlan:
        return self._searched[1]

    @cached_property
    def kept(self) -> dict[str, Scene]:
        """Scenes whose evidence is in the dossier already, whole, and whose source has not changed."""
        found = ((scene, kept_scene(self.dossier.catalogue.item_path(scene))) for scene in self.plan.scenes)
        return {scene.id: kept for scene, kept in found if kept and _same(scene, kept) and self.dossier.intact(kept)}

    @property
    def _evidence(self) -> dict[str, str]:
        """SHA-256 of what was read, by Scene."""
        read = {scene.id: str(self.kept[scene.id].sha256) for scene in self.plan.scenes if scene.id in self.kept}
        return read | {scene.id: str(scene.sha256) for scene in self.close.kept}

    @property
    def _without_data(self) -> list[str]:
        return list(self.dossier.index.get("scenes_without_data", []))

    @cached_property
    def reading(self) -> Reading:
        return read_cube(self.site, self.plan, self._get, self._keep, lambda done, total: self.on_step("read", done, total))

    @property
    def cube(self) -> Cube:
        return self.reading.cube

    @cached_property
    def close(self) -> ScenesOfSite:
        """The very-high-resolution Scenes."""
        return ScenesOfSite(self.site, self._keep_close, self.on_step)

    @cached_property
    def documents(self) -> ClaimsOfSite:
        """What documents say."""
        decisions = tuple(decision_of(entry) for entry in self.dossier.ledger.entries("claim"))
        return ClaimsOfSite(self.site, self.dossier.root, decisions, self._tell, self.on_step)

    @cached_property
    def change(self) -> Change:
        def told(done: int, total: int) -> None:
            self.on_step("fit", done, total)

        if self.state is None:
            return change_of(self.site, self.cube, told)
        change, self.went_on = monitor_on(self.cube, self.site.period.start, self.state, told)
        return change

    @property
    def events(self) -> tuple[Event, ...]:
        return self._marked.events

    @cached_property
    def _found(self) -> tuple[Event, ...]:
        """Events before an analyst's marks."""
        return events_of(self.site, self.cube, self.change)

    @cached_property
    def _marked(self) -> Marked:
        return apply_marks(self._found, self._marks, self.cube.grid)

    @cached_property
    def _planting(self) -> PlantSettings:
        return planting(self.dossier.index.get("sensitivity"), thorough=self.thorough)

    @property
    def sensitivity(self) -> Sensitivity:
        """What its stage measured in this run; else, the stage being current, as the dossier holds it."""
        return self.measured or sensitivity_of(self.dossier.index["sensitivity"])

    @cached_property
    def _marks(self) -> tuple[Any, ...]:
        return tuple(mark_of(entry) for entry in self.dossier.ledger.entries("mark"))

    @property
    def _told(self) -> list[Any]:
        """What readers signed and what was published: it stands on the page."""
        return [line["data"] for kind in ("sign", "publish") for line in self.dossier.ledger.entries(kind)]

    @cached_property
    def findings(self) -> Findings:
        """All that may be said: what was seen, what could have been, and what documents say, held against both."""
        return self.documents.weighed(replace(self._seen, sensitivity=self.sensitivity))

    @cached_property
    def _seen(self) -> Findings:
        """The same without sensitivity, which is measured after the events."""
        seen = observability(self.reading.looks, self.cube, self.change, self.site.period, self.site.clear.min_share)
        return Findings(
            site=self.site,
            crs=str(self.plan.grid.crs),
            pixel_m=abs(self.plan.grid.transform.a),
            shape=(self.plan.grid.shape[0], self.plan.grid.shape[1]),
            bands=self.plan.bands,
            looks=self.reading.looks,
            events=self.events,
            observability=seen,
            scenes=self.close.scenes,
            comparisons=self.close.comparisons,
            sightings=self.close.sightings,
            measurements=self.close.measurements,
            dropped=self._dropped,
            warnings=self._warnings,
            hosts=tuple(dict.fromkeys((*self._searched[0].hosts, *self.plan.hosts))),
            versions=software(),
            not_yet=not_yet(),
        )

    @property
    def _dropped(self) -> tuple[Dropped, ...]:
        return (*self.plan.dropped, *self.reading.dropped, *self.close.dropped, *self.documents.dropped)

    @property
    def _warnings(self) -> tuple[str, ...]:
        out = list(self._searched[0].warnings)
        if not self.reading.cube.looks:
            out.append("no look has enough clear ground: nothing could be assessed")
        else:
            out += told_too_little(self.reading.looks, self.site.period)
        gone = self._marked.unmatched
        out += [f"the mark '{mark.action}' ({mark.reason}) on {mark.event} fits no event any more" for mark in gone]
        return (*out, *self.documents.warnings)

    # ------------------------------------------------------------ what rooms are handed
    def _tell(self, request: Request) -> None:
        self.dossier.ledger.append("request", asdict(request))

    def _get(self, scene: Scene, names: tuple[str, ...]) -> tuple[Chip, ...]:
        kept = self.kept.get(scene.id)
        if kept and all((kept.mask if name == "mask" else kept.asset(name)) is not None for name in names):
            return fetch(kept, names, self.plan.grid, self.http, self._tell)
        self.fetched.add(scene.id)
        return fetch(scene, names, self.plan.grid, self.http, self._tell)

    def _keep(self, scene: Scene, chips: tuple[Chip, ...]) -> Scene:
        if scene.id not in self.fetched and scene.id in self.kept:
            return self.kept[scene.id]
        self.kept[scene.id] = self.dossier.keep(scene, chips)
        return self.kept[scene.id]

    def _keep_close(self, scene: Scene, chips: tuple[Chip, ...]) -> Scene:
        kept = kept_scene(self.dossier.catalogue.item_path(scene))
        same = kept is not None and _same(scene, kept) and self.dossier.intact(kept)
        return kept if kept is not None and same else self.dossier.keep(scene, chips)

    # ------------------------------------------------------------ the stage table
    def _stages(self) -> tuple[Stage, ...]:
        return (
            Stage("change", (), lambda: [self._plan_facts(), self._evidence, MONITOR],
                  lambda: change_rasters(self.change, self.plan.grid, synthetic=self.site.synthetic)),
            Stage("events", ("change",), lambda: [self.site.min_pixels, self.site.base_rate, [asdict(m) for m in self._marks]],
                  self._event_files),
            Stage("scenes", (), lambda: [self.close.scenes, self.site.measures, self.site.sightings], lambda: self.close.files(self._seen)),
            Stage("claims", (), lambda: self.documents.facts, self.documents.paper_files),
            Stage("sensitivity", ("change",), lambda: [self.site.name, self.site.min_pixels, self.site.base_rate, self._planting], self._null_files),
            Stage("assess", ("events", "scenes", "claims", "sensitivity"), lambda: [self.site.question], lambda: said_files(self.findings)),
            Stage("report", ("assess",), lambda: [self.site, self.plan.dropped, self._searched[0].hosts, self.plan.hosts, self._told, vectors_available()], self._pages),
        )  # fmt: skip

    def _plan_facts(self) -> list[Any]:
        plan, grid = self.plan, self.plan.grid
        scenes = [(look.id, [(s.id, s.fingerprint) for s in look.scenes]) for look in plan.looks]
        return [
            scenes,
            str(grid.crs),
            list(grid.transform)[:6],
            grid.shape,
            plan.bands,
            self.site.clear,
            self.site.aoi,
            self.site.period,
        ]

    def _event_files(self) -> dict[str, bytes]:
        self.on_step("events", 0, None)
        return event_files(self._seen)

    def _null_files(self) -> dict[str, bytes]:
        seen = (self.cube, self.change, self._found)
        told = self.on_step
        self.measured = measure_site(self.site, seen, self._planting, lambda done, total: told("sensitivity", done, total))
        told_of = replace(self._seen, sensitivity=self.sensitivity)
        return {"null_findings.json": as_json(observability_json(told_of))}

    def _pages(self) -> dict[str, bytes]:
        self.on_step("report", 0, None)
        findings = self.findings
        figures = (*draw_all(self.cube, findings), *self.close.figures(findings))
        edition = Edition(findings, working_copy(self.dossier, keep_judgement(self.dossier, findings)))
        return {
            **{figure.name: figure.data for figure in figures},
            **map_files(findings),
            "figures/figures.json": figures_json(figures),
            "findings.json": findings_json(findings),
            "report.html": report_html(edition, embedded(figures, "screen")).encode(),
        }

    # ------------------------------------------------------------ the end
    def _facts(self) -> dict[str, Any]:
        found, grid = self.findings, self.plan.grid
        absent = [s.id for look in self.reading.looks for s in look.scenes if s.id not in self.kept]
        return {
            "working_copy": True,
            "site": {"name": self.site.name, "synthetic": self.site.synthetic},
            "period": asdict(self.site.period),
            "grid": {
                "crs": found.crs,
                "transform": list(grid.transform)[:6],
                "shape": list(grid.shape),
                "bands": list(found.bands),
            },
            "software": dict(found.versions),
            "counts": {
                "looks": len(found.looks),
                "used_looks": len(self.cube.looks),
                "events": len(found.events),
                "sources": len(found.said.sources),
                "claims": len(found.said.claims),
            },
            "events": [feature["properties"] for feature in events_geojson(found)["features"]],
            "observability": asdict(found.observability),
            "sensitivity": asdict(self.sensitivity),
            "looks": [asdict(look) for look in found.looks],
            "dropped": [asdict(entry) for entry in found.dropped],
            "warnings": list(found.warnings),
            "hosts": [list(pair) for pair in found.hosts],
            "scenes_without_data": absent,
            "not_yet": list(found.not_yet),
            "catalog": "catalog/catalog.json",
        }

    def _outcome(self, did: tuple[str, ...]) -> Outcome:
        index = self.dossier.index
        return Outcome(
            out=self.dossier.root,
            site=self.site.name,
            synthetic=self.site.synthetic,
            looks=index["counts"]["looks"],
            used_looks=index["counts"]["used_looks"],
            read=len(self.fetched),
            did=did,
            events=tuple(index["events"]),
            sensitivity=sensitivity_of(index["sensitivity"]),
            dropped=tuple(Dropped(**entry) for entry in index["dropped"]),
            warnings=tuple(index["warnings"]),
            went_on=self.went_on,
        )


def _same(scene: Scene, kept: Scene) -> bool:
    """Whether what was kept is still what the catalogue and the site file say of a Scene."""
    return (scene.fingerprint, scene.credit, scene.licence) == (kept.fingerprint, kept.credit, kept.licence)
