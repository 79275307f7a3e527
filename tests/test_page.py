"""The page: every event and look on it, nothing loaded from outside, and every sentence resting on its records."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from findings import (
    HOSTILE,
    LOOKS,
    SCENES,
    bound_of,
    cube_of,
    event_of,
    findings_of,
    image_of,
    patch,
    probability_of,
    sensitivity_of,
    vhr_findings,
)
from PIL import Image

from spadework.cube import METHODS, SEASON_FREE
from spadework.publish import draw, embed, figures, report
from spadework.publish.evidence import Sentence, cited, records_of
from spadework.publish.lint import CHANGES, Known, lint
from spadework.publish.scenes import identities_of
from spadework.publish.story import story_of
from spadework.publish.vhr import vhr_figures
from spadework.records import (
    Alignment,
    CeilingError,
    Comparison,
    Correction,
    Dropped,
    Figure,
    Findings,
    Gate,
    Mark,
    Product,
    PublishRule,
    SignOff,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WORKING = Product(1)
Case: TypeAlias = "Callable[[], tuple[Findings, tuple[Figure, ...], Product]]"


def page_of(findings: Findings, made: tuple[Figure, ...] = (), product: Product = WORKING) -> str:
    return report.report_html(report.Edition(findings, product), embed.embedded(made, "screen"))


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def drawn() -> tuple[Findings, tuple[Figure, ...]]:
    findings = findings_of(
        event_of(), event_of("E20200517-0001-0001", status="anomaly", geometry=patch(1, 1, 2, 2), confirmed_on=None)
    )
    return findings, figures.draw_all(cube_of(), findings)


@pytest.fixture(scope="module")
def page(drawn: tuple[Findings, tuple[Figure, ...]]) -> Page:
    return Page(page_of(*drawn))


def test_every_event_and_look_is_on_the_page(page: Page, drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    for event in drawn[0].events:
        assert event.id in page.text
    anchors = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {f"look-{n}" for n in range(1, len(LOOKS) + 1)} <= anchors
    for look in LOOKS:
        assert look.scenes[0].id in page.text
        assert (look.scenes[0].sha256 or "")[:12] in page.text


def test_links_stay_on_the_page_and_lead_somewhere(page: Page) -> None:
    anchors = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(anchors) == len(set(anchors))
    links = [attrs["href"] or "" for tag, attrs in page.tags if tag == "a"]
    assert all(link.startswith("#") and link[1:] in anchors for link in links)


def test_nothing_is_loaded_from_outside(page: Page) -> None:
    assert not {"link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        for name in ("src", "srcset", "poster", "data", "background"):
            assert (attrs.get(name) or "data:").startswith("data:")
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_every_picture_has_alternative_text_and_every_table_a_caption(
    page: Page, drawn: tuple[Findings, tuple[Figure, ...]]
) -> None:
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == len(drawn[1])
    assert all(image["alt"] and image["width"] and image["height"] for image in images)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") >= 5
    assert ("html", {"lang": "en"}) in page.tags


def test_an_onset_is_never_a_bare_day(page: Page) -> None:
    day = r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
    verbs = r"(?:began|begun|started|changed|onset|[Gg]rew|Stopped|Paused)"
    assert not re.search(rf"{verbs}(?: is| was)?:?(?: on| at| in| by| since)? {day}", page.text)
    assert re.search(rf"[Cc]hanged between {day} \(Sentinel-2A\) and {day} \(Sentinel-2A", page.text)
    assert re.search(rf"Started between {day} \(", page.text)


def test_required_sections_are_there(page: Page) -> None:
    for text in (
        "WORKING COPY", "Not reviewed", "Unknowns", "What this imagery cannot show", "NOT OBSERVABLE", "Claimed", "Judged", "None recorded yet",
        "Sensitivity has not been measured yet", "not calibrated", "too few looks", "202 days", "ledger.jsonl",
        "report.pdf", "example.org", "S2B_x", "often mistaken for cloud", "Copernicus Sentinel data 2020", "not estimated",
    ):  # fmt: skip
        assert text in page.text, text


def test_a_null_result_is_a_full_page() -> None:
    findings = findings_of()
    null = Page(page_of(findings, figures.draw_all(cube_of(), findings)))
    for text in (
        "No lasting change was confirmed",
        "not proof that nothing happened",
        "Apr-Jun",
        "7 ha",
        "2,000 m²",
        "What this imagery cannot show",
    ):
        assert text in null.text, text
    assert sum(tag == "img" for tag, _ in null.tags) == 3


def test_hostile_text_is_data() -> None:
    mark = Mark("reject", HOSTILE, HOSTILE, patch(10, 8, 4, 3), operator=HOSTILE)
    looks = tuple(dataclasses.replace(k, platform=HOSTILE, credit=HOSTILE, licence=HOSTILE, notes=(HOSTILE,)) for k in LOOKS)
    findings = dataclasses.replace(
        findings_of(event_of(HOSTILE, status="rejected", mark=mark), name=f"{HOSTILE}\n\u202e"),
        looks=looks, warnings=(HOSTILE,), hosts=((HOSTILE, HOSTILE),), dropped=(Dropped(HOSTILE, HOSTILE),), not_yet=(HOSTILE,),
    )  # fmt: skip
    html = page_of(findings, figures.draw_all(dataclasses.replace(cube_of(), looks=looks), findings))
    assert scripts(html) == [report.swipe_script()]
    assert "<img src=https" not in html
    assert "{{ 7 * 7 }}" in html
    sources = [attrs["src"] or "" for tag, attrs in Page(html).tags if tag == "img"]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert not any(name.startswith("on") for _, attrs in Page(html).tags for name in attrs)


def test_coordinates_are_never_printed_finer_than_the_gate(page: Page, drawn: tuple[Findings, tuple[Figure, ...]]) -> None:
    printed = re.findall(r"\d+\.(\d+)° [NSEW]", page.text)
    assert printed
    assert max(map(len, printed)) <= 2
    longitude, latitude = drawn[0].events[0].geometry[0][0][0]
    for figure in drawn[1]:
        assert f"{latitude:.3f}" not in figure.caption + figure.alt
    assert f"{latitude:.3f}" not in page.text
    assert f"{longitude:.3f}" not in page.text
    exact = findings_of(publish=PublishRule(coordinates_m=0.0))
    assert re.search(r"\d+\.\d{5}° N", Page(page_of(exact, ())).text)


def test_synthetic_is_said_on_the_page_only_where_true(page: Page) -> None:
    assert "SYNTHETIC" not in page.text
    assert Page(page_of(findings_of(synthetic=True), ())).text.count("SYNTHETIC - simulated, not a real place") == 2


def test_rejected_and_recovered_stand_apart() -> None:
    mark = Mark("reject", "a harvest", "", patch(10, 8, 4, 3), operator="E. Analyst")
    text = Page(
        page_of(
            findings_of(event_of("E2", status="recovered", recovered=True), event_of("E3", status="rejected", mark=mark)), ()
        )
    ).text
    assert (
        text.index("Changed, then back to normal")
        < text.index("Rejected by an analyst")
        < text.index("E. Analyst rejected it: a harvest")
    )
    assert "No lasting change was confirmed" in text


def test_pages_stay_small() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (1500, 1500, 3), dtype=np.uint8)
    heavy = draw.png(Image.fromarray(noise))
    many = tuple(Figure(f"figures/E{n}-series.png", heavy, "c", "a", ()) for n in range(3))
    events = tuple(event_of(f"E{n}") for n in range(3))
    html = page_of(findings_of(*events), many)
    assert len(heavy) * 3 > embed.PAGE_BYTES
    assert len(html) <= 15e6
    assert html.count("data:image/webp") == 3


# ---------------------------------------------------------------- the one script
def scripts(html: str) -> list[str]:
    return re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)


def test_the_page_runs_its_own_script_and_no_other() -> None:
    html = page_of(findings_of(event_of()))
    (script,) = scripts(html)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in html
    assert "default-src 'none'" in html
    for reach in ("fetch", "XMLHttpRequest", "import", "eval", "innerHTML", "http", "localStorage", "cookie"):
        assert reach not in script


def test_a_pair_carries_its_panels_as_shares_of_the_picture(drawn: tuple[Findings, tuple[Figure, ...]], page: Page) -> None:
    pair = next(figure for figure in drawn[1] if figure.panels)
    shares = [
        float(v) for v in next(a["data-panels"] or "" for t, a in page.tags if t == "figure" and "data-panels" in a).split()
    ]
    assert len(shares) == 8
    assert all(0 <= share <= 1 for share in shares)
    with Image.open(io.BytesIO(pair.data)) as image:
        assert pair.panels
        left, top, right, low = pair.panels[0]
        assert shares[:4] == pytest.approx(
            [left / image.width, top / image.height, (right - left) / image.width, (low - top) / image.height], abs=1e-4
        )


# ---------------------------------------------------------------- every sentence rests on its records
def rich() -> tuple[Findings, tuple[Figure, ...], Product]:
    """A confirmed event, one not yet, one gone, one rejected, one drawn by hand, one without a beginning, one of a short history."""
    mark = Mark("reject", "a harvest", "seen on the ground", patch(10, 8, 4, 3), operator="E. Analyst")
    events = (
        event_of(p_real=0.93),
        event_of(
            "E2",
            area_m2=2000.0,
            area_high_m2=2600.0,
            status="anomaly",
            p_real=0.3,
            base_rate=2.0,
            confirmed_on=None,
            geometry=patch(1, 1, 2, 2),
        ),
        event_of("E3", area_m2=2100.0, area_high_m2=2600.0, status="recovered", recovered=True),
        event_of("E4", area_m2=2200.0, area_high_m2=2600.0, status="rejected", mark=mark),
        event_of("A5", onset_earliest=None, onset_latest=None, history=(), series=(), phase=None),
        event_of("E6", onset_earliest=None, method=METHODS[SEASON_FREE], history=()),
    )
    findings = dataclasses.replace(
        findings_of(*events), sensitivity=sensitivity_of(), warnings=("no look in May", "one mark fits no event"),
    )  # fmt: skip
    made = figures.draw_all(cube_of(), dataclasses.replace(findings, events=events[:2]))
    when = dt.datetime(2021, 1, 5, 12, tzinfo=dt.UTC)
    product = Product(
        2, (SignOff("B. Reader", "read twice", 2, when),), "SPW-1", 3, when, Gate(5000.0, 10),
        (Correction(2, when.date(), ("E2 is new.",)), Correction(3, when.date(), ())),
    )  # fmt: skip
    return findings, made, product


def null() -> tuple[Findings, tuple[Figure, ...], Product]:
    """Nothing found, sensitivity not measured, a working copy."""
    return findings_of(event_of("E2", status="rejected")), (), WORKING


def close() -> tuple[Findings, tuple[Figure, ...], Product]:
    """Very-high-resolution Scenes: one pair compared and one that failed, sightings, measurements stated and refused."""
    findings = vhr_findings(event_of("E2", status="rejected"))
    failed = Comparison(SCENES[1].id, SCENES[0].id, Alignment(None, None, failed="too few tiles agree"), None)
    findings = dataclasses.replace(findings, comparisons=(*findings.comparisons, failed))
    images = {scene.id: image_of(n) for n, scene in enumerate(SCENES)}
    made = vhr_figures(findings, images, {(SCENES[0].id, SCENES[1].id): probability_of()})
    assert len(made) == 7
    return findings, made, WORKING


ALLOWED: dict[str, tuple[object, ...]] = {
    "identity": ("possible",),
    "quantity": ("length", "area"),
    "unit": ("m", "m2"),
    "kind": ("interval", "at most", "at least"),
    "confidence": ("low", "moderate"),
    "refused": (None, "it is no opening"),
    "failed": ("it is too dark",),
    "value": (5.0, None),
    "many": ("up to five",),
    "gsd_m": ((0.3, 0.4), 0.3),
    "shift_px": ((2.5, -1.0), None),
    "footprint": (),
    "datetime": (dt.datetime(2020, 3, 3, tzinfo=dt.UTC),),
    "status": ("confirmed", "anomaly", "recovered", "rejected"),
    "phase": ("started", "grew", "paused", "stopped"),
    "action": ("accept", "reject", "add"),
    "worse": ("soil", "grey"),
    "family": ("soil", "grey"),
    "method": METHODS,
    "p_real": (0.5, 0.99, None),
    "name": (),
    "id": ("SPW-9",),
    "geometry": (),
    "aoi": (patch(0, 0, 3, 3),),
    "probability": (0.3,),
    "low": (0.2,),
    "high": (0.9,),
    "version": (7,),
    "onset_latest": (None, bound_of(5), bound_of(6)),
    "onset_earliest": (None, bound_of(4), bound_of(2)),
    "shape": ((3, 5),),
    "sign_offs": ((), (SignOff("C. Reader", "", 1, dt.datetime(2021, 3, 3, tzinfo=dt.UTC)),)),
    "longest_gap": ((dt.date(2020, 2, 1), dt.date(2020, 3, 1)), None),
    "made": (dt.datetime(2021, 3, 3, tzinfo=dt.UTC),),
}
"""Other values of fields that take only some."""


def variants(value: object, name: str = "") -> list[Any]:
    """Other values of the same kind; of a record, one field changed at a time."""
    if name in ALLOWED:
        return [other for other in ALLOWED[name] if other != value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            made
            for field in dataclasses.fields(value)
            for other in variants(getattr(value, field.name), field.name)
            if (made := possible(value, field.name, other)) is not None
        ]
    match value:
        case bool():
            out: list[Any] = [not value]
        case str():
            out = [f"{value} and more"]
        case int() | float():
            out = [value * 3 + 1, type(value)(value / 20)]
        case dt.date():
            out = [value + dt.timedelta(days=41)]
        case tuple():
            inner = [(*value[:n], other, *value[n + 1 :]) for n, part in enumerate(value) for other in variants(part)]
            out = [*[value[:length] for length in {0, len(value) - 1} if 0 <= length < len(value)], *inner]
        case _:
            out = []
    return out


def possible(record: Any, name: str, value: object) -> object | None:  # noqa: ANN401 - records of all kinds
    """A record with one field changed; None where that is of another kind, or claims more than its pixels carry."""
    if name == "gsd_m" and type(value) is not type(record.gsd_m):
        return None
    try:
        made: object = dataclasses.replace(record, **{name: value})
    except CeilingError:
        return None
    return made


def told(records: dict[str, Any]) -> dict[str, tuple[Sentence, tuple[object, ...]]]:
    """Every sentence by its key, with what its footnote says of each record."""
    said = story_of(records).sentences()
    return {sentence.key: (sentence, tuple(cited(records, name) for name in sentence.records)) for sentence in said}


@pytest.mark.parametrize("case", [rich, null, close])
def test_a_sentence_lives_and_dies_with_its_records(case: Case) -> None:
    """Deleting a cited record silences it, changing one changes it or its footnote, changing any other does nothing."""
    records = records_of(*case())
    before = told(records)
    assert len(before) > 20
    moved: set[tuple[str, str]] = set()
    for name, record in records.items():
        without = told({other: kept for other, kept in records.items() if other != name}) if name != "listing" else {}
        for key, (sentence, _) in before.items():
            assert (key in without) != (name in sentence.records) or name == "listing", (key, name)
        for other in variants(record):
            after = told({**records, name: other})
            for key, was in before.items():
                if name in was[0].records:
                    moved |= {(key, name)} if after.get(key) != was else set()
                elif name == "listing":  # what it no longer lists is not told
                    assert after.get(key) in (None, was), (key, name)
                else:
                    assert after.get(key) == was, (key, name, other)
    cites = {(key, name) for key, (sentence, _) in before.items() for name in sentence.records}
    assert cites - moved == set()


@pytest.mark.parametrize("case", [rich, null, close])
def test_every_sentence_stands_on_the_page_with_a_footnote_that_names_its_records(case: Case) -> None:
    findings, made, product = case()
    html = page_of(findings, made, product)
    text = Page(html).text
    for sentence in story_of(records_of(findings, made, product)).sentences():
        assert re.sub(r"\s+", " ", sentence.text) in text, sentence.key
        assert sentence.records, sentence.key
    notes = re.findall(r'<li id="note-(\d+)">(.*?)</li>', html, re.DOTALL)
    assert [int(n) for n, _ in notes] == list(range(1, len(notes) + 1))
    assert {int(n) for n in re.findall(r'href="#note-(\d+)"', html)} == {int(n) for n, _ in notes}
    if case is rich:
        first = next(note for _, note in notes if "E20200517-0008-0010" in note and LOOKS[4].scenes[0].id in note)
        assert (LOOKS[4].scenes[0].sha256 or "")[:12] in first


@pytest.mark.parametrize("case", [rich, null, close])
def test_no_sentence_breaks_a_rule_of_words(case: Case) -> None:
    findings, made, product = case()
    known = Known(CHANGES | identities_of(findings.sightings), beside_row_a=True)
    for sentence in story_of(records_of(findings, made, product)).sentences():
        assert lint(sentence.text, known) == (), sentence


def test_static_text_of_the_page_breaks_no_rule_either() -> None:
    assert (
        lint(
            Page(re.sub(r"<(style|table|script).*?</\1>", "", page_of(findings_of()), flags=re.DOTALL)).text,
            Known(CHANGES, beside_row_a=True),
        )
        == ()
    )


# ---------------------------------------------------------------- versions and refusals
def test_a_product_names_its_version_its_readers_and_its_corrections() -> None:
    findings, made, product = rich()
    text = Page(page_of(findings, made, product)).text
    for told_ in (
        "Product SPW-1, version 3, of 5 January 2021", "B. Reader on 5 January 2021 (read twice)", "Version 2, 5 January 2021: E2 is new.",
        "Version 3, 5 January 2021: The findings are the same.", "went through the publication gate", "rounded to 5 km or coarser",
    ):  # fmt: skip
        assert told_ in text, told_
    assert "WORKING COPY" not in text
    entry = dataclasses.replace(product.corrections[0], changes=("E2 is new.", "1 claim was rejected.", *["E3 is new."] * 11))
    html = page_of(findings, made, dataclasses.replace(product, corrections=(entry,)))
    assert "5 January 2021: E2 is new.\n1 claim was rejected.\nE3 is new." in html
    assert "E3 is new.\n1 more change." in html
    lapsed = dataclasses.replace(product, judgement=4)
    assert "not this one: no second reader has seen it" in Page(page_of(findings, made, lapsed)).text
    assert "No second reader has signed off" in Page(page_of(findings)).text


def test_a_withheld_picture_gives_way_to_its_description() -> None:
    findings, made, product = rich()
    barred = tuple(dataclasses.replace(figure, data=b"", panels=None, withheld="Not shown: no licence.") for figure in made)
    html = page_of(findings, barred, product)
    assert "data:image" not in html
    text = Page(html).text
    assert text.count("Not shown: no licence.") == 1
    assert made[0].alt in text
