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
from playwright.sync_api import sync_playwright

from spadework.imagery.search import HttpRule
from spadework.intake.scenario import Plant, builtin_scenario
from spadework.run.demo import write_scenario
from spadework.run.founding import assess_founding
from spadework.run.site import run_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

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


# ---------------------------------------------------------------- the swipe, by mouse, keyboard and touch
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="module")
def tab(report: Path) -> Iterator[Page]:
    """The page in a browser that has a mouse, a keyboard and a touch screen, its first swipe opened."""
    with sync_playwright() as drive:
        browser = drive.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_context(has_touch=True, viewport={"width": 1280, "height": 1400}).new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(report.as_uri())
        page.locator("details.swipe summary").first.click()
        page.locator("details.swipe canvas").nth(1).wait_for()
        yield page
        assert complaints == []
        browser.close()


@pytest.fixture
def stage(tab: Page) -> Locator:
    stage = tab.locator("details.swipe .stage").first
    stage.scroll_into_view_if_needed()
    return stage


def line(tab: Page) -> float:
    return float(tab.locator("details.swipe input").first.input_value())


def shown(stage: Locator, tmp_path: Path) -> Image.Image:
    stage.screenshot(path=tmp_path / "stage.png")
    with Image.open(tmp_path / "stage.png") as image:
        return image.convert("RGB")


def test_the_swipe_shows_before_on_the_left_and_after_on_the_right(tab: Page, stage: Locator, tmp_path: Path) -> None:
    pictures = []
    for place in (0, 100, 50):
        tab.locator("details.swipe input").first.fill(str(place))
        pictures.append(shown(stage, tmp_path))
    after, before, both = pictures
    width, height = both.size
    left, right = (12, 12, width // 2 - 12, height - 12), (width // 2 + 12, 12, width - 12, height - 12)
    assert both.crop(left).tobytes() == before.crop(left).tobytes()
    assert both.crop(right).tobytes() == after.crop(right).tobytes()
    assert before.crop(left).tobytes() != after.crop(left).tobytes()


def test_the_swipe_moves_by_mouse(tab: Page, stage: Locator) -> None:
    box = stage.bounding_box()
    assert box
    tab.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 30, steps=5)
    tab.mouse.up()
    assert line(tab) == pytest.approx(20, abs=1)


def test_the_swipe_moves_by_keyboard_alone(tab: Page, stage: Locator) -> None:
    assert stage.is_visible()
    slider = tab.locator("details.swipe input").first
    tab.locator("details.swipe summary").first.focus()
    tab.keyboard.press("Tab")
    assert slider.evaluate("node => node === document.activeElement")
    tab.keyboard.press("Home")
    assert line(tab) == 0
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    assert line(tab) == 3
    assert slider.get_attribute("aria-valuetext") == "3 % before, 97 % after"


def test_the_swipe_moves_by_touch(tab: Page, stage: Locator) -> None:
    box = stage.bounding_box()
    assert box
    tab.touchscreen.tap(box["x"] + box["width"] * 0.7, box["y"] + 40)
    assert line(tab) == pytest.approx(70, abs=1)


def test_without_a_script_the_two_pictures_stand_beside_each_other(tab: Page) -> None:
    browser = tab.context.browser
    assert browser
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(tab.url)
    assert page.locator("figure[data-panels] img").first.is_visible()
    assert not page.locator("details.swipe").first.is_visible()
    page.close()


def test_a_phone_sees_the_whole_page_without_scrolling_sideways(tab: Page) -> None:
    browser = tab.context.browser
    assert browser
    page = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(tab.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    fold = page.locator("details.swipe").first
    assert fold.evaluate("node => node.open"), "the pair does not fit, so the swipe is there"
    fold.scroll_into_view_if_needed()
    fold.locator("canvas").nth(1).wait_for()
    assert fold.locator(".stage").evaluate("node => [...node.children].filter(child => child.tagName === 'CANVAS').length") == 2
    heights = "nodes => nodes.filter(node => node.checkVisibility()).map(node => node.getBoundingClientRect().height)"
    assert min(page.locator(".note a, a.back").evaluate_all(heights)) >= 24
    cell = page.locator("#measurements tbody a").first
    assert cell.get_attribute("title") in cell.evaluate("node => node.textContent")
    box = cell.bounding_box()
    assert box
    assert box["width"] < 60, "the number alone"
    page.close()


SCROLLING = """() => [...document.querySelectorAll(".picture, .scroll")].filter((box) => box.checkVisibility()).map((box) => [
  box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1, box.tabIndex === 0,
  box.scrollWidth > box.clientWidth + 1, box.classList.contains("more")])"""


@pytest.mark.parametrize("width", [390, 1280])
def test_only_what_scrolls_is_a_stop_for_the_keyboard_and_is_faded_where_it_goes_on(tab: Page, width: int) -> None:
    browser = tab.context.browser
    assert browser
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(tab.url)
    page.wait_for_timeout(300)
    boxes = page.evaluate(SCROLLING)
    assert all(scrolls == stop and wider == faded for scrolls, stop, wider, faded in boxes)
    assert {scrolls for scrolls, *_ in boxes} == {True, False}
    looks = page.locator("#looks .scroll").first
    looks.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert looks.evaluate("node => node.scrollLeft") > 0
    looks.evaluate("node => { node.scrollLeft = node.scrollWidth; }")
    page.wait_for_timeout(300)
    assert "more" not in (looks.get_attribute("class") or "").split()
    page.close()


def test_every_footnote_leads_back_to_where_it_is_first_used(tab: Page) -> None:
    backs = tab.locator("ol.notes a.back")
    assert backs.count() == tab.locator("ol.notes li").count() > 10
    lost = "nodes => nodes.filter(node => !document.querySelector(node.getAttribute('href'))?.matches('.note a')).length"
    assert backs.evaluate_all(lost) == 0


def test_the_page_of_documents_fits_a_phone_and_asks_for_nothing(tab: Page, tmp_path: Path) -> None:
    pytest.importorskip("spacy", reason="spadework[text] is not installed")
    browser = tab.context.browser
    assert browser is not None
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(assess_founding(tmp_path / "dossier", lambda *_: None).report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click('a[href="#judged"]')
    assert page.locator("#judged h2").is_visible()
    assert page.locator("#said tbody tr").count() > 10
    page.context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
