"""What the event benchmark tells."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spadework.evaluate.events import SITE_KM2
from spadework.events.reality import CONFIRMED_FROM, Traits, p_real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INTRODUCTION: Final = (
    "Simulated worlds of four mixes of cover with every nuisance at the amplitude found in nature, two years of history and two watched:",
    "*sown* (4 plants a km2 and year), *null* (none) and *sparse* (.1 % of the ground). Settings: `benchmarks/change/events_settings.json`.",
    "An event is *true* when at least 30 % of its pixels were planted by the last look and its plant had begun when it was confirmed; *early*",
    "when it had not; *aside* on new irrigation; else *false*. `evaluate.events` asks what was planted by the day of confirmation instead,",
    'and so calls false what was confirmed while it still grew. "Own pixels": the first day on which a pixel of the event changed, "plant":',
    'of its whole plant, which may have been found in parts. "Found whole": plants with one event only.',
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A confirmed event before it is judged, beside the truth."""

    kind: str
    """Of the world: "sown", "null" or "sparse"."""
    mix: str
    seed: int
    truth: str
    """"true", "false", "early" or "aside"."""
    by_rule: str
    """The same by ``evaluate.events``, which asks what was planted by the day of confirmation."""
    plant: int
    traits: dict[str, float] | None
    onset: tuple[int | None, int | None]
    """Earliest and latest, days since 1970-01-01."""
    plant_days: tuple[int, int]
    """First and last day of its plant; 0 without one."""
    own_day: int
    """First day on which a pixel of the event changed: that of the plant, unless the plant was found in parts; 0 without one."""
    gap: float | None
    """Days between the clear looks around the plant's first day."""
    area: tuple[float, float, float]
    """Low, area, high, m2."""
    plant_m2: float
    """Of its plant on the last look."""


# ---------------------------------------------------------------- figures
def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212)."""
    if not trials:
        return 0.0, 1.0
    share, z = hits / trials, 1.96
    middle, half = share + z * z / (2 * trials), z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    return (middle - half) / (1 + z * z / trials), (middle + half) / (1 + z * z / trials)


def probability(one: Scored, base_rate: float) -> float | None:
    """``p_real`` at a base rate; None where the product states none."""
    return None if one.traits is None else p_real(Traits(**one.traits), base_rate)


def _confirmed(scored: Sequence[Scored], base_rate: float | None) -> list[Scored]:
    """Events that stay confirmed at a base rate; all before they are judged, for None."""
    if base_rate is None:
        return list(scored)
    chances = [(one, probability(one, base_rate)) for one in scored]
    return [one for one, chance in chances if chance is None or chance >= CONFIRMED_FROM]


def _share(hits: int, trials: int) -> dict[str, Any]:
    low, high = wilson(hits, trials)
    return {"share": round(hits / trials, 4) if trials else None, "n": trials, "low": round(low, 4), "high": round(high, 4)}


def _onset_and_area(right: Sequence[Scored]) -> dict[str, Any]:
    """Whether intervals of true events hold: onset against the event's own pixels and against its plant, area against its plant."""
    parts = Counter((one.kind, one.mix, one.seed, one.plant) for one in right)
    whole = [one for one in right if parts[one.kind, one.mix, one.seed, one.plant] == 1]
    ratios = [
        (one.onset[1] - one.onset[0]) / one.gap
        for one in right
        if one.gap and one.onset[0] is not None and one.onset[1] is not None
    ]

    def within(one: Scored, day: int) -> bool:
        early, late = one.onset
        return late is not None and (early is None or early < day) and day <= late

    def covers(some: Sequence[Scored]) -> int:
        return sum(one.area[0] <= one.plant_m2 <= one.area[2] for one in some)

    return {
        "onset_own": _share(sum(within(one, one.own_day) for one in right), len(right)),
        "onset_plant": _share(sum(within(one, one.plant_days[0]) for one in right), len(right)),
        "width_over_gap": round(float(np.median(ratios)), 3) if ratios else None,
        "area": _share(covers(right), len(right)),
        "area_found_whole": _share(covers(whole), len(whole)),
    }


def _counts(scored: Sequence[Scored], base_rate: float | None, site_years: Mapping[str, float]) -> dict[str, Any]:
    """What stays confirmed at a base rate."""
    kept = _confirmed(scored, base_rate)
    told: dict[str, Any] = {"base_rate": base_rate}
    for kind, years in site_years.items():
        false = sum(one.truth == "false" for one in kept if one.kind == kind)
        told[f"false_{kind}"], told[f"false_per_site_year_{kind}"] = false, round(false / years, 3)
    right = [one for one in kept if one.truth == "true"]
    told["true"] = _share(len(right), sum(one.truth == "true" for one in scored))
    told["early"] = sum(one.truth == "early" for one in kept)
    told["true_by_rule"] = sum(one.by_rule == "true" for one in right)
    return {**told, **_onset_and_area(right)}


def _top(scored: Sequence[Scored], base_rate: float, top: int) -> dict[str, Any]:
    """Of the first-ranked events of all sparse worlds together, how many are true; events aside are left out."""
    told = [(probability(one, base_rate) or 0.0, one) for one in scored if one.kind == "sparse" and one.truth != "aside"]
    first = [one for _, one in sorted(told, key=lambda pair: -pair[0])[:top]]
    confirmed = [one for chance, one in told if chance >= CONFIRMED_FROM]
    return {
        **_share(sum(one.truth == "true" for one in first), len(first)),
        "true_in_all": sum(one.truth == "true" for _, one in told),
        "confirmed": _share(sum(one.truth == "true" for one in confirmed), len(confirmed)),
        "order": "".join("x" if one.truth == "true" else "e" if one.truth == "early" else "-" for one in first),
    }


def _reliability(
    scored: Sequence[Scored], base_rate: float, rates: Mapping[str, float], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Stated probability against the share that is real, in bins; real events are drawn at random down to the base rate.

    ``rates`` are plants a km2 and year with ("all") and without ("some") null worlds; the first that is high enough is used.
    Empty where neither is: real events cannot be drawn up.
    """
    if max(rates.values()) < base_rate:
        return []
    use_all = rates["all"] >= base_rate
    pool = [one for one in scored if one.traits and one.truth in {"true", "false"} and (use_all or one.kind != "null")]
    rate = rates["all"] if use_all else rates["some"]
    rng = np.random.default_rng(settings["subsample_seed"])
    keep = rng.random(len(pool)) < base_rate / rate
    drawn = [one for one, kept in zip(pool, keep, strict=True) if kept or one.truth == "false"]
    chance = np.array([probability(one, base_rate) for one in drawn], dtype=np.float64)
    real = np.array([one.truth == "true" for one in drawn])
    out = []
    for low, high in pairwise(settings["bins"]):
        here = (chance >= low) & ((chance < high) | (high == settings["bins"][-1]))
        stated = round(float(chance[here].mean()), 4) if here.any() else None
        out.append({"from": low, "to": high, "stated": stated, **_share(int(real[here].sum()), int(here.sum()))})
    return out


def summary(
    scored: Sequence[Scored], km2_years: Mapping[str, float], plants: Mapping[str, int], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that is told, ready for JSON.

    Args:
        scored: confirmed events of all worlds of a part, before they are judged.
        km2_years: watched, by kind of world.
        plants: of at least 8 pixels, by kind of world.
        settings: events_settings.json.

    """
    site_years = {kind: ground / SITE_KM2 for kind, ground in km2_years.items()}
    some = {kind for kind in km2_years if kind != "null"}
    rates = {
        "all": sum(plants.values()) / sum(km2_years.values()),
        "some": sum(plants[kind] for kind in some) / sum(km2_years[kind] for kind in some),
    }
    bases = settings["base_rates"]
    return {
        "site_years": {kind: round(years, 2) for kind, years in site_years.items()},
        "plants": dict(plants),
        "events": dict(Counter(f"{one.kind} {one.truth}" for one in scored)),
        "counts": [_counts(scored, rate, site_years) for rate in (None, *bases)],
        "top": {str(rate): _top(scored, rate, settings["top"]) for rate in bases} if "sparse" in km2_years else {},
        "reliability": {str(rate): _reliability(scored, rate, rates, settings) for rate in bases},
    }


# ---------------------------------------------------------------- words
def _told(share: Mapping[str, Any]) -> str:
    return "-" if share["share"] is None else f"{share['share']:.3f} [{share['low']:.3f}, {share['high']:.3f}] of {share['n']}"


def _count_lines(told: Mapping[str, Any]) -> list[str]:
    kinds = list(told["site_years"])
    head = ["base rate", *(f"false a site-year, {kind}" for kind in kinds), "true kept", "early", "onset holds, own pixels",
            "onset holds, plant", "width / gap", "area holds", "area holds, found whole"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in told["counts"]:
        cells = ["before p_real" if row["base_rate"] is None else f"{row['base_rate']:g}"]
        cells += [f"{row[f'false_per_site_year_{kind}']:.2f} ({row[f'false_{kind}']})" for kind in kinds]
        cells += [_told(row["true"]), str(row["early"]), _told(row["onset_own"]), _told(row["onset_plant"])]
        cells += [str(row["width_over_gap"]), _told(row["area"]), _told(row["area_found_whole"])]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(told: Mapping[str, Any], part: str, commit: str, settings: Mapping[str, Any]) -> str:
    """The page of one part, Markdown."""
    years = ", ".join(f"{kind} {number:g}" for kind, number in told["site_years"].items())
    events = ", ".join(f"{name} {number}" for name, number in sorted(told["events"].items()))
    lines = [
        "# Event benchmark",
        "",
        f"Written by `python benchmarks/change/events.py --part {part}`, commit {commit}.",
        "",
        *INTRODUCTION,
    ]
    lines += ["", f"Site-years of 25 km2: {years}. Events confirmed by the engine: {events}.", "", *_count_lines(told)]
    for rate, top in told["top"].items():
        first = f"Of the {top['n']} events ranked first in all sparse worlds together (p_real at {rate} a km2 and year), true: "
        order = f"In order, surest first (x true, e early, - false): `{top['order']}`."
        kept = f"Of those that stay confirmed, true: {_told(top['confirmed'])}."
        lines += ["", f"{first}{_told(top)}; true among all events there: {top['true_in_all']}. {order} {kept}"]
    for rate, rows in ((rate, rows) for rate, rows in told["reliability"].items() if rows):
        lines += [
            "",
            f"## Reliability at {rate} real changes a km2 and year",
            "",
            "| p_real | events | stated, mean | real, 95 % interval |",
            "|---|---|---|---|",
        ]
        for row in rows:
            few = "" if row["n"] >= settings["bin_least"] else f" (under {settings['bin_least']})"
            stated = "-" if row["stated"] is None else f"{row['stated']:.3f}"
            lines.append(f"| {row['from']:g} to {row['to']:g} | {row['n']}{few} | {stated} | {_told(row)} |")
    return "\n".join(lines) + "\n"
