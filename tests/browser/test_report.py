"""The report in a real browser, opened from disk: nothing is fetched, nothing fails, the page fits."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from spadework.imagery.search import HttpRule
from spadework.intake.scenario import Plant, builtin_scenario
from spadework.run.demo import write_scenario
from spadework.run.site import run_site

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=5000",
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    plant = Plant(
        name="spoil",
        row=20,
        col=26,
        pixels=60,
        start=dt.date(2024, 4, 1),
        contrast=0.1,
        kind="spoil",
        shape="disc",
        grows_days=40,
    )
    scenario = replace(
        builtin_scenario("arid"), name="page", rows=48, cols=48, start=dt.date(2023, 1, 1), watch_from=dt.date(2024, 1, 1),
        end=dt.date(2024, 9, 30), plants=(plant,),
    )  # fmt: skip
    write_scenario(scenario, folder)
    return run_site(folder / "site.toml", folder / "dossier", HttpRule(), lambda _step, _done, _total: None).report


def browse(report: Path, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    return subprocess.run(
        [str(CHROMIUM), *FLAGS, profile, *more, report.as_uri()], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_page_says_its_finding_and_the_browser_does_not_complain(report: Path, tmp_path: Path) -> None:
    done = browse(report, tmp_path, "--dump-dom")
    assert re.search(r"Ground changed between \d+ \w+ 2024", done.stdout)
    assert "SYNTHETIC" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert not re.search(r"(?:src|href)=\"https?://", done.stdout.replace('href="https://www.apache.org', ""))


@pytest.mark.parametrize("width", [1280, 500])
def test_the_page_is_drawn_wide_and_narrow(report: Path, tmp_path: Path, width: int) -> None:
    shot = tmp_path / "page.png"
    browse(report, tmp_path, f"--screenshot={shot}", f"--window-size={width},2400")
    with Image.open(shot) as image:
        assert image.size == (width, 2400)
        assert len(image.convert("RGB").resize((64, 120)).getcolors(64 * 120) or []) > 200, "an empty page"


def test_the_page_prints(report: Path, tmp_path: Path) -> None:
    pdf = tmp_path / "page.pdf"
    browse(report, tmp_path, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    assert pdf.read_bytes()[:5] == b"%PDF-"
