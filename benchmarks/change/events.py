"""Events in simulated worlds: which are real, how well their probability says so, whether their intervals hold.

    python benchmarks/change/events.py --part tuning --fit      # coefficients for spadework.events.reality
    python benchmarks/change/events.py --part acceptance        # scores, docs/event_benchmark.md
    python benchmarks/change/events.py --part sparse            # more sparse worlds: the first 20 events, appended there

Worlds and seeds are in events_settings.json (below 1000 for tuning, from 1000 on for acceptance); every scored run adds a
line to scorings.jsonl. An event is *true* when at least 30 % of its pixels were planted by the last look and the plant had
begun when the event was confirmed, *early* when it had not, *aside* on another lasting change, else *false*.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from event_tables import Scored, page, summary
from ours import commit, engine_sha256
from reality_fit import fit

from spadework.change.history import monitor
from spadework.cube import Change, day_number
from spadework.evaluate.events import EventRule, EventTruth, match_event
from spadework.events import find_events
from spadework.events.outline import pixels_of
from spadework.events.reality import Traits, traits_of
from spadework.intake.scenario import Cover, Scenario, builtin_scenario
from spadework.simulate import NUISANCE_X1, PASSINGS, Sowing, cube_of, null, scaled, scatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from spadework.cube import Cube
    from spadework.records import Event
    from spadework.simulate import Truth

HERE: Final = Path(__file__).parent
SETTINGS: Final = HERE / "events_settings.json"
DOCS: Final = HERE.parents[1] / "docs" / "event_benchmark.md"
MORE: Final = "\n# More sparse worlds\n\nMade after the run above, whose sparse worlds hold too few true events to rank twenty; no coefficient was changed between.\n"
STATE: Final = {"commit": commit(), "engine_sha256": engine_sha256()}
"""Of the code as it was when it was imported."""
IRRIGATED: Final = PASSINGS.index("irrigated")


@dataclass(frozen=True, slots=True)
class World:
    """One site to watch."""

    kind: str
    """"sown", "null" or "sparse"."""
    mix: str
    scenario: Scenario

    @property
    def km2_years(self) -> float:
        """Ground watched, times years."""
        one = self.scenario
        return one.rows * one.cols * one.gsd_m**2 / 1e6 * (one.end - one.watch_from).days / 365.25


def worlds(settings: Mapping[str, Any], part: str) -> Iterator[World]:
    """The worlds of a part of the settings, seed by seed, all mixes of cover."""
    for group in settings[part]:
        for seed in group["seeds"]:
            for mix, what in settings["mixes"].items():
                ground = replace(
                    builtin_scenario("mixed"), name=mix, seed=seed, rows=group["side"], cols=group["side"], plants=(),
                    cover=Cover(*what["cover"]), cloud_share=what["cloud"], nuisance=scaled(NUISANCE_X1, settings["nuisance"]),
                )  # fmt: skip
                sowing = group["sowing"]
                yield World(group["kind"], mix, null(ground) if sowing is None else scatter(ground, Sowing(seed, **sowing)))


def watched(scenario: Scenario, cache: Path) -> tuple[Cube, Truth, Change]:
    """The cube, its truth and what the engine made of it; the last is kept in ``cache``, by engine and scenario."""
    cube, truth = cube_of(scenario)
    key = hashlib.sha256((STATE["engine_sha256"] + repr(scenario)).encode()).hexdigest()[:20]
    kept = cache / f"{key}.npz"
    if kept.exists():
        with np.load(kept) as found:
            arrays: dict[str, Any] = {name: found[name] for name in found.files}
        flags = np.unpackbits(arrays["anomalous"], count=cube.clear.size)
        return cube, truth, Change(**{**arrays, "anomalous": flags.astype(bool).reshape(cube.clear.shape)})
    change = monitor(cube, scenario.watch_from)
    arrays = {name: getattr(change, name) for name in Change.__slots__}
    cache.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(kept, **{**arrays, "anomalous": np.packbits(change.anomalous)})
    return cube, truth, change


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A world's answer and its truth."""

    world: World
    cube: Cube
    change: Change
    truth: EventTruth

    def score(self, event: Event) -> Scored:
        """One confirmed event beside the truth."""
        match = match_event(event, self.cube, self.truth, EventRule())
        rows, cols = pixels_of(event.geometry, self.cube.grid)
        plants = self.truth.plant_id[rows, cols]
        began: NDArray[np.int32] = self.truth.start_day[rows, cols]
        shown = (began > 0) & (began <= self.cube.days[-1])
        known = float(shown.mean()) >= EventRule().overlap
        plant = int(np.bincount(plants[shown]).argmax()) if shown.any() else 0
        days = self.truth.start_day[self.truth.plant_id == plant] if plant else np.zeros(1, np.int32)
        confirmed = day_number(event.confirmed_on or dt.date.max)
        truth = ("true" if match.true or days.min() <= confirmed else "early") if known or match.true else ""
        traits = traits_of(event, self.cube, self.change, self.world.scenario.watch_from)
        early, late = event.onset_earliest, event.onset_latest
        return Scored(
            kind=self.world.kind,
            mix=self.world.mix,
            seed=self.world.scenario.seed,
            truth=truth or ("aside" if match.aside else "false"),
            by_rule="true" if match.true else "aside" if match.aside else "false",
            plant=plant,
            traits=None if traits is None else asdict(traits),
            onset=(day_number(early.datetime.date()) if early else None, day_number(late.datetime.date()) if late else None),
            plant_days=(int(days.min()), int(days.max())),
            own_day=int(began[shown & (plants == plant)].min()) if plant else 0,
            gap=self._gap((rows, cols), int(days.min())) if plant else None,
            area=(event.area_low_m2, event.area_m2, event.area_high_m2),
            plant_m2=float(np.count_nonzero(days <= self.cube.days[-1]) * self.cube.pixel_m2) if plant else 0.0,
        )

    def _gap(self, place: tuple[NDArray[np.intp], NDArray[np.intp]], first: int) -> float | None:
        """Days between the clear looks around a day, at a place."""
        clear = self.cube.clear[:, place[0], place[1]].mean(axis=1) >= EventRule().clear_share
        days = self.cube.days
        before, after = days[clear & (days < first)], days[clear & (days >= first)]
        return float(after[0] - before[-1]) if before.size and after.size else None


def score_world(world: World, cache: Path) -> list[Scored]:
    """Every confirmed event of a world, before it is judged."""
    cube, truth, change = watched(world.scenario, cache)
    aside = np.where(truth.passing_kind == IRRIGATED, truth.passing_day, 0).astype(np.int32)
    known = _Known(world, cube, change, EventTruth(truth.start_day, truth.plant_id, aside))
    events = find_events(cube, change, world.scenario.watch_from)
    return [known.score(event) for event in events if event.status == "confirmed"]


def log_scoring(part: str, told: Mapping[str, Any]) -> None:
    """Add this run to scorings.jsonl."""
    line = {
        "date": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"), **STATE,
        "settings_sha256": hashlib.sha256(SETTINGS.read_bytes()).hexdigest(), "half": f"events {part}", "figures": told,
    }  # fmt: skip
    with (HERE / "scorings.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def main() -> None:
    """Make the worlds of a part, watch them, score the events; fit on tuning, write the page on acceptance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--part", choices=("tuning", "acceptance", "sparse"), default="tuning")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/benchcache/events"))  # noqa: S108 - only a cache
    parser.add_argument("--fit", action="store_true", help="fit the coefficients of spadework.events.reality; tuning only")
    given = parser.parse_args()
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    scored: list[Scored] = []
    km2_years: dict[str, float] = {}
    plants: dict[str, int] = {}
    for world in worlds(settings, given.part):
        began = time.perf_counter()
        scored += score_world(world, given.cache)
        km2_years[world.kind] = km2_years.get(world.kind, 0.0) + world.km2_years
        large = sum(plant.pixels >= EventRule().min_pixels for plant in world.scenario.plants)
        plants[world.kind] = plants.get(world.kind, 0) + large
        print(f"  {world.kind} {world.mix} {world.scenario.seed}: {time.perf_counter() - began:.0f} s", flush=True)
    if given.fit and given.part == "tuning":
        rate = sum(plants.values()) / sum(km2_years.values())
        print(fit([(Traits(**one.traits), one.truth == "true") for one in scored
                   if one.traits and one.truth in {"true", "false"}], rate, settings))  # fmt: skip
    told = summary(scored, km2_years, plants, settings)
    log_scoring(given.part, told)
    text = page(told, given.part, STATE["commit"], settings)
    print(text)
    if given.part == "acceptance":
        DOCS.write_text(text, encoding="utf-8")
    elif given.part == "sparse":
        before = DOCS.read_text(encoding="utf-8").split(MORE)[0]
        DOCS.write_text(before + MORE + text.split("\n\n", 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
