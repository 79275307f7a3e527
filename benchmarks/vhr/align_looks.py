"""Looks of a site laid on one another: a real Sentinel-2 stack against its own neighbours, simulated ones against the truth.

python benchmarks/vhr/align_looks.py      # adds a line to scorings.jsonl
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import numpy as np
import rasterio
from scipy import ndimage
from scoring import log, wilson

from spadework.cube import day_number
from spadework.imagery.chips import fetch
from spadework.imagery.read import Reading, read_cube
from spadework.imagery.register import Registering, Registration, register_looks
from spadework.imagery.search import HttpRule
from spadework.intake.romania import romania_scenes
from spadework.intake.scenario import builtin_scenario
from spadework.intake.site import read_site
from spadework.run import demo
from spadework.run.pipeline import change_of, events_of
from spadework.run.plan import search_site
from spadework.simulate.sensor import make_sensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.records import Site

SCENARIOS: Final = ("forest", "fields")
"""Built-in scenarios with misregistration (.2 px standard deviation an axis)."""


# ---------------------------------------------------------------- a real stack
def run_stack() -> dict[str, Any]:
    """Looks of the Romania stack on one another; each moved one held against its nearest clear neighbours, which had no say in it.

    The correlation is that of red and near infrared, each less its surroundings, over what is clear in both.
    """
    scenes = romania_scenes()
    planes = np.stack([chips[0].values[:4] for _, chips in scenes]).astype(np.int16)
    clear = np.stack([np.isin(chips[-1].values[-1], (4, 5, 6, 7)) for _, chips in scenes])
    used = clear.mean(axis=(1, 2)) > 0.05  # noqa: PLR2004 - the product's own least share
    planes, clear = planes[used], clear[used]
    days = np.array([scene.datetime.toordinal() for (scene, _), use in zip(scenes, used, strict=True) if use])
    begun = time.process_time()
    found = register_looks(planes, clear, ("blue", "green", "red", "nir"))
    took = time.process_time() - begun
    moved = [n for n, one in enumerate(found) if any(one.shift_px or ())]
    laid = planes.astype(np.float32)
    for n in moved:
        right, down = found[n].shift_px or (0.0, 0.0)
        laid[n] = [ndimage.shift(band, (down, right), order=3, mode="nearest") for band in laid[n]]
    rows = []
    for n in moved:
        order = np.argsort(np.abs(days - days[n]), kind="stable")
        near = [k for k in order if k != n and (clear[n] & clear[k]).mean() > 0.6][:3]  # noqa: PLR2004 - ground enough to compare
        pairs = [(b, k, ndimage.binary_erosion(clear[n] & clear[k], iterations=3)) for b in (2, 3) for k in near]
        before = np.mean([likeness(planes[n, b].astype(np.float32), laid[k, b], both) for b, k, both in pairs])
        after = np.mean([likeness(laid[n, b], laid[k, b], both) for b, k, both in pairs])
        day = scenes[int(np.flatnonzero(used)[n])][0].datetime.date().isoformat()
        rows.append(
            [
                day,
                *(round(part, 2) for part in found[n].shift_px or ()),
                round(found[n].residual_px or 0, 2),
                round(float(before), 3),
                round(float(after), 3),
            ]
        )
    residuals = [one.residual_px for one in found if one.residual_px is not None]
    return {
        "looks": len(found),
        "estimated": len(residuals),
        "median_residual_px": round(float(np.median(residuals)), 3),
        "worst_residual_px": round(float(np.max(residuals)), 2),
        "moved": len(moved),
        "nearer_to_neighbours": sum(float(str(row[-1])) > float(str(row[-2])) for row in rows),
        "likeness": [round(float(np.mean([row[at] for row in rows])), 3) for at in (-2, -1)],
        "cpu_s": round(took, 2),
        "rows": rows,
    }


def likeness(one: NDArray[np.float32], other: NDArray[np.float32], both: NDArray[np.bool_]) -> float:
    """Correlation of two planes, each less its surroundings."""
    high = [(plane - ndimage.gaussian_filter(plane, 6))[both] for plane in (one, other)]
    return float(np.corrcoef(high[0], high[1])[0, 1])


# ---------------------------------------------------------------- simulated stacks
def run_simulated(name: str) -> dict[str, Any]:
    """Shifts against the truth, and what moving the looks does to change and events."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        scenario = builtin_scenario(name)
        demo.write_scenario(scenario, root)
        site, http = read_site(root / "site.toml"), HttpRule()
        _, plan = search_site(site, http, lambda _: None, lambda *_: None)

        def read() -> Reading:
            return read_cube(
                site, plan, lambda s, n: fetch(s, n, plan.grid, http, lambda _: None), lambda s, _: s, lambda *_: None
            )

        days = np.array([day_number(look.scenes[0].datetime.date()) for look in plan.looks], dtype=np.int32)
        shifts = make_sensor(scenario, days, np.zeros(days.size)).shift
        lies = {dt.date(1970, 1, 1) + dt.timedelta(days=int(day)): shift for day, shift in zip(days, shifts, strict=True)}
        with rasterio.open(root / "truth" / "start_day.tif") as file:
            truth = file.read(1) > 0
        told = read()
        out = {**against_truth(told, lies), "change": change_score(site, told, truth)}
        with patch.object(Registering, "found", lambda self: dict.fromkeys(self.there, Registration(None, None))):
            out["change_unregistered"] = change_score(site, read(), truth)
    return out


def against_truth(told: Reading, lies: dict[dt.date, NDArray[np.float64]]) -> dict[str, Any]:
    """What is left of each look's shift, and whether the stated residual holds it; against the middle of the moved looks."""
    pixel = 10.0
    looks = [look for look in told.cube.looks if look.residual_m is not None]
    true = np.array([(lies[look.day][1], -lies[look.day][0]) for look in looks]) * pixel
    left = true + np.array([look.shift_m for look in looks])
    moved = np.array([any(look.shift_m or ()) for look in looks])
    left -= np.median(left[moved], axis=0)
    far, radius = np.hypot(*left.T), np.array([look.residual_m for look in looks])
    covered = int((far <= radius).sum())
    return {
        "looks": len(told.cube.looks), "estimated": len(looks), "moved": int(moved.sum()),
        "true_shift_of_moved_m": round(float(np.median(np.hypot(*true[moved].T))), 2),
        "left_of_moved_m": round(float(np.median(far[moved])), 2),
        "residual_m": round(float(np.median(radius)), 2),
        "covered": round(covered / len(looks), 3), "covered_95": [round(edge, 3) for edge in wilson(covered, len(looks))],
    }  # fmt: skip


def change_score(site: Site, told: Reading, truth: NDArray[np.bool_]) -> dict[str, int]:
    """Pixels found, missed and false, and confirmed events."""
    change = change_of(site, told.cube)
    found = change.confirmed > 0
    events = [event for event in events_of(site, told.cube, change) if event.status == "confirmed"]
    return {
        "true": int((found & truth).sum()), "missed": int((truth & ~found).sum()), "false": int((found & ~truth).sum()),
        "events": len(events),
    }  # fmt: skip


def main() -> None:
    """Run both, print and log."""
    found: dict[str, Any] = {"romania": run_stack()}
    for name in SCENARIOS:
        found[name] = run_simulated(name)
    print(json.dumps(found, indent=1))
    log("align: looks of sites", " ".join(sys.argv), found)


if __name__ == "__main__":
    main()
