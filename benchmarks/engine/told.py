"""What a run says: its table, the roofline picture, the pages that are made of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from flops import Shape, flops

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "change"))
from pages import put_between, written_by  # noqa: E402 - of the accuracy benchmark

from spadework.change.settings import MonitorSettings  # noqa: E402 - see above

ROOT: Final = HERE.parents[1]
PAGE: Final = ROOT / "docs" / "engine.md"
PICTURE: Final = ROOT / "docs" / "pictures" / "roofline.svg"
ASKED: Final = 150_000
"""px/s of one core that the issue asks for."""


def counted(found: dict[str, Any]) -> dict[str, float]:
    """Additions and multiplications of one pixel, by step; what goes through again counts as often as it went."""
    one = found["one"]
    history, watched = one["looks"]
    return flops(Shape(one["bands"], history, watched, len(MonitorSettings().window_tails)))


def table(found: dict[str, Any]) -> str:
    """The run as Markdown."""
    one, two, bound = found["one"], found["two"], found["limits"]
    total, rate = sum(counted(found).values()), one["px_s"]
    gflops, gbs = rate * total / 1e9, rate * one["bytes_px"] / 1e9
    rows = [
        ("one core", f"{rate:,.0f} px/s", f"asked {ASKED:,}: {rate / ASKED:.0%}"),
        ("two cores", f"{two['px_s']:,.0f} px/s", f"{two['px_s'] / rate:.2f} times one"),
        ("operations a pixel", f"{total / 1e3:,.0f} k", "additions and multiplications, counted from the shapes"),
        ("of single-precision peak", f"{gflops:.2f} GFLOP/s", f"{gflops / bound['sgemm_gflops']:.1%} of {bound['sgemm_gflops']:.0f} (sgemm, same run)"),
        ("of stream bandwidth", f"{gbs:.3f} GB/s", f"{gbs / bound['triad_gbs']:.1%} of {bound['triad_gbs']:.1f} (triad, same run); int16 read {bound['read_gbs']:.1f}"),
        ("memory beside the input", f"{one['memory_share']:.0%}", f"input {one['bytes_px']:,.0f} B a pixel"),
        ("first answer of a new process", f"{found['first']['first_s']:.2f} s", "from its start to its end, code compiled before"),
    ]  # fmt: skip
    rows += [(f"step {name}", f"{spent:.1f} us a pixel", "") for name, spent in one["us_px"].items()]
    date = found["date"]
    rows += [
        ("one new look, one core", f"{date['px_s'] / 1e6:.2f} M px/s", f"{date['px_s'] / date['stream_px_s']:.1%} of {date['stream_px_s'] / 1e6:.1f} M (in-place stream over the same bytes, same run); asked 40%"),
        ("kept of a pixel", f"{date['state_px']:.0f} B", f"asked 512; {date['disk_px']:.0f} B on disk, with the looks that were odd"),
        ("load, one new look, save", f"{sum(date['file_s']):.1f} s", f"{' + '.join(f'{spent:.1f}' for spent in date['file_s'])} s for {date['pixels']:,} pixels on two cores; asked 8 s, goal 3 s, for 1,048,576"),
    ]  # fmt: skip
    rows += [
        (name, f"{speed:,.0f} px/s", f"ours is {rate / speed:.1f} times as fast") for name, speed in found["peers"].items()
    ]
    lines = ["| | | |", "|---|---|---|", *(f"| {name} | {value} | {said} |" for name, value, said in rows)]
    shape = f"{found['side']} x {found['side']} pixels, {one['bands']} bands, {one['looks'][0]:.0f} + {one['looks'][1]:.0f} clear looks"
    head = f"Bench cube (synthetic) laid side by side to {shape}; default setting, scene common mode and spatial evidence included. Peers saw {found['sample']} pixels."
    return "\n".join([head, "", *lines])


def _between(path: Path, name: str, text: str) -> None:
    """Put a text between a page's marks of that name.

    Raises:
        SystemExit: the page has no such marks.

    """
    whole = put_between(path.read_text(encoding="utf-8"), name, text)
    if whole is None:
        sys.exit(f"{path} has no marks of {name}")
    path.write_text(whole, encoding="utf-8")


def keep(found: dict[str, Any]) -> None:
    """Write ``engine.json``, the page's table, the picture and the README's section."""
    (HERE / "engine.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _between(
        PAGE,
        "measured",
        f"{written_by('engine.py', 'engine')} {found['load']:.1f} processes wanted a core when it began.\n\n{table(found)}",
    )
    one, peers = found["one"], found["peers"]
    beside = "; ".join(f"{name.split(' (')[0]} {speed:,.0f}" for name, speed in peers.items())
    _between(
        ROOT / "README.md",
        "speed",
        f"Monitoring takes {one['px_s']:,.0f} pixels a second and core ({one['bands']} bands, {sum(one['looks']):.0f} clear looks a pixel; "
        f"{found['two']['px_s'] / one['px_s']:.1f} times that on two cores); a new process has its first answer after {found['first']['first_s']:.1f} s, its start included. Beside it, in the same run, pixels a second: {beside}. "
        f"[docs/engine.md](docs/engine.md) has the table, the picture and where the time goes.",
    )
    draw(found)


def draw(found: dict[str, Any]) -> None:
    """The roofline (Williams, Waterman and Patterson 2009, Commun. ACM 52, 65-76) with the engine below it, as SVG."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "roofline", "svg.fonttype": "none"}
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after its back end

    one, bound, by = found["one"], found["limits"], counted(found)
    total = sum(by.values())
    figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
    low, high = 0.1, 30_000.0
    knee = bound["sgemm_gflops"] / bound["triad_gbs"]
    axis.plot(
        [low, knee, high], [low * bound["triad_gbs"], bound["sgemm_gflops"], bound["sgemm_gflops"]], color="black", lw=1.5
    )
    axis.annotate(f"sgemm {bound['sgemm_gflops']:.0f} GFLOP/s", (knee * 1.2, bound["sgemm_gflops"] * 1.15), fontsize=9)
    axis.annotate(
        f"triad {bound['triad_gbs']:.1f} GB/s", (low * 1.1, low * 1.1 * bound["triad_gbs"] * 1.5), rotation=48, fontsize=9
    )
    at = total / one["bytes_px"]
    for label, speed, mark, colour in (
        ("Spadework, one core", one["px_s"], "o", "#0072b2"),
        ("asked", ASKED, "^", "#d55e00"),
    ):
        axis.plot(at, speed * total / 1e9, mark, color=colour, ms=9)
        axis.annotate(
            f"{label}: {speed:,.0f} px/s", (at, speed * total / 1e9), xytext=(10, -4), textcoords="offset points", fontsize=9
        )
    axis.set(
        xscale="log",
        yscale="log",
        xlim=(low, high),
        ylim=(0.3, bound["sgemm_gflops"] * 2),
        xlabel="operations a byte of input",
        ylabel="GFLOP/s",
    )
    axis.grid(which="major", lw=0.3)
    figure.savefig(PICTURE, metadata={"Date": None})
    plt.close(figure)
