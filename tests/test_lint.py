"""The linter of words: what each rule refuses and what must pass beside it, the glossary, and the analyst's own words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import findings as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spadework.errors import UserError
from spadework.publish import figures
from spadework.publish.evidence import records_of
from spadework.publish.glossary import GLOSSARY, glossary_of, glossary_table
from spadework.publish.lint import CHANGES, RULES, Known, lint, rules_table, sentences_of
from spadework.publish.report import Edition, report_html
from spadework.publish.story import story_of
from spadework.records import TERMS, Correction, Findings, Gate, Product, SignOff
from spadework.run.mark import add_event, mark_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Ran

ROOT = Path(__file__).parent.parent
PAGE = Known(CHANGES, beside_row_a=True)
"""What the records give to every report."""


def rules(text: str, known: Known = PAGE) -> list[str]:
    return [fault.rule for fault in lint(text, known)]


def words(text: str, known: Known = PAGE) -> list[str]:
    return [fault.words for fault in lint(text, known)]


def test_a_thing_may_be_called_what_a_sighting_on_record_calls_it() -> None:
    known = Known(CHANGES | {"probable excavator", "probable excavators"})
    assert rules("It is an excavator. A probable excavator stands there.", known) == []
    assert rules("It is a launcher.", known) == ["identity"]
    assert rules("They are excavators.", known) == []


# ---------------------------------------------------------------- the rules, one by one
REFUSED = {
    "mixed-scale": [
        "It is likely a quarry. A shelter is improbable.",
        "That it is a quarry is very likely. The chance of a shelter is small. That chance is remote.",
        "There is a remote possibility of a shelter. A quarry is likely.",
        "It is probably a quarry, and unlikely a shelter.",
        "It is almost certainly a road. A store is nearly certain.",
        "A quarry is probable. A shelter is unlikely.",
        "A roughly even chance. Roughly even odds.",
        "It is highly likely a quarry.",
        "There is a realistic possibility of a quarry.",
    ],
    "likelihood-with-confidence": [
        "We judge with low confidence that it is likely a quarry.",
        "We are confident that a shelter is unlikely.",
        "The probability is .8, with high confidence.",
        "A quarry is very likely; our confidence is low.",
        "very likely a launcher, and we are quite sure",
        "It is likely a quarry, without doubt.",
        "It is likely a quarry, we are certain.",
    ],
    "number-without-interval": [
        "The opening is 4.6 m wide.",
        "A 15-foot-wide structure.",
        "The opening is 15 feet wide, 4.6 m.",
        "A cut of 30 m by 4 m.",
        "The base covers 20 km2.",
        "The pit is five metres deep.",
        "Twenty-five hectares were cleared.",
        "Spoil of 550 m³ lies there.",
        "A heap of 40 tonnes.",
        "It lies 1.7 km from the town.",
        "Ground changed, over about 5,000 m².",
        "It grew from 800 m² to 1,200 m².",
        "It grew from about 800 m² to about 1,200 m² (900 to 1,500 m²).",
        "It lies 30 m from a road that is 3 to 5 m wide.",
        "There is an 80 % chance that it is a quarry.",
        "That it is a quarry is 70 per cent likely.",
        "It is 5 m wide (2019 to 2020).",
        "It is 5 m wide (10 to 12 May).",
        "It is 5 m wide (2020-05-12).",
        "The event has 12 pixels, 1,200 m².",
        "Chances are 9 in 10.",
        "A 9 in 10 chance.",
        "Odds are 9 to 1.",
        "The pit doubled in size.",
        "It is three times as wide.",
        "It is 20 % larger.",
        "15' wide",
        "A slab of 10' by 20'.",
        "over about 5,000 m²",
        "It is about 40 m wide.",
        "The image shows 50 m of trench.",
        "A nine-in-ten chance.",
        "The pit grew by a factor of two.",
    ],
    "bare-onset": [
        "Digging began on 12 May 2020.",
        "The pit was dug in May 2020.",
        "It was built by 12 May.",
        "It has started since 2020-05-12.",
        "They broke ground on May 12, 2020.",
        "Work began near the portal on 12 May.",
        "Digging began March 2020.",
        "On 12 May 2020 digging began.",
        "Ground changed on 12 May 2020.",
        "The onset was on 12/5/2020.",
        "Work started on Tuesday.",
        "Excavation got under way on 12 May 2020.",
        "Construction dates from 12 May 2020.",
        "Work dates back to 2019.",
        "The tunnel appeared on 12 May 2020.",
        "On 12 May 2020 the tunnel appeared.",
        "Work began in spring 2020.",
        "Work began in early 2020.",
        "built in 2019",
        "What was built in 2019 stands.",
        "In 2019 digging began.",
        "We said that construction started in May 2020.",
        "Sources said that construction started in May 2020.",
        "The ministry called it a quarry, the mayor said, and digging began on 12 May 2020.",
        "Ploughing started in March 2020, as it does every year.",
        "Work resumed on 12 May 2020.",
        "Digging kicked off on 12 May.",
        "The dig was under way from 12 May 2020.",
    ],
    "operating": [
        "Bulldozers are at work at the entrance.",
        "Two trucks driving on the road.",
        "A working excavator stands there.",
        "An excavator is digging.",
        "Machines operating at the cut.",
        "Digging with two excavators.",
        "The bulldozer digs a tunnel.",
        "Bulldozers dug here.",
        "The excavator has dug a pit.",
        "Trucks carry soil away.",
        "Soil was carried away by trucks.",
        "Tanks are firing.",
        "Crews are digging.",
        "The dozers at the entrance dig a tunnel.",
        "Bulldozers flatten the ground.",
        "The trucks come and go.",
        "Bulldozers have been busy.",
    ],
    "purpose": [
        "The tunnel is for use as a shelter.",
        "It is used to store missiles.",
        "It is to be used by trucks.",
        "It is intended for vehicles.",
        "It is designed to mislead.",
        "It was built to hide trucks.",
        "Its purpose is storage.",
        "The purpose of the tunnel is to hide.",
        "It was dug in order to hide.",
        "It serves as a depot.",
        "It is meant to mislead.",
        "It is fit to be used as a shelter.",
        "The pit is a missile silo.",
        "It is likely a missile silo.",
        "The compound is part of a missile base.",
        "A weapons depot stands there.",
        "The structure is a command post.",
        "The tunnel stores weapons.",
        "The building houses missiles.",
        "The shelter protects vehicles.",
        "The tunnels hide vehicles.",
        "The site is a military base.",
        "a pit to hide trucks",
        "dug to conceal launchers",
        "A hall for storing weapons.",
        "The pit functions as a bunker.",
        "Weapons are hidden here.",
        "A tunnel for missiles.",
        "A hiding place.",
        "The bunker keeps missiles.",
    ],
    "identity": [
        "It is a launcher.",
        "The object is a yellow bulldozer.",
        "They are tanks, parked beside the berm.",
        "This was an excavator on 12 May 2020.",
        "A probable excavator stands there.",
        "A possible tunnel entrance.",
        "The suspected depot.",
        "An apparent bulldozer.",
        "Three confirmed excavators.",
        "A probable gully.",
        "A probable “excavator” stands there.",
        "Likely launcher.",
        "Two likely launchers.",
        "Certainly a launcher.",
        "Undoubtedly two launchers.",
        "An alleged launcher.",
        "A presumed silo.",
        "The launcher was confirmed.",
        "Tanks were confirmed.",
        "possible-launcher",
        "image reveals confirmed tanks",
        "These are confirmed tanks.",
        "A possible shadow launcher.",
        "A potential launcher.",
        "A verified launcher.",
        "It has been confirmed as a launcher.",
        "Likely real launcher.",
    ],
}
PASSES = {
    "mixed-scale": [
        "A quarry is likely. A shelter is very unlikely. A road is almost certain.",
        "Remote sensing of a remote site.",
        "The identities are possible, probable or confirmed; a quarry is likely.",
        "The probability is over .99.",
        "Probable cloud shadow at the edge.",
        "A probable change of crop.",
    ],
    "likelihood-with-confidence": [
        "It is likely a quarry. Our confidence is low.",
        "Confidence is low.\n\nIt is likely a quarry",
        "It is likely inside the 90 % confidence interval.",
        "He told us in confidence that it is likely.",
        "I am sure that it is a field.",
        "It is almost certain that a road is there.",
    ],
    "number-without-interval": [
        "About 5,000 m² (3,000 to 7,000 m²).",
        "Between 3 and 5 m.",
        "3 to 5 m, 3-5 m, 3 – 5 m, 3 m to 5 m.",  # noqa: RUF001 - dashes as typesetters set them
        "The opening is 4.6 m wide as seen from above (3.9 to 5.2 m).",
        "4.6 ± 1.0 m, or 4.6 m ± 1.0 m.",
        "4.6 m [3.9, 5.2].",
        "4.6 m (3.9 to 5.2 m; 15 ft, 13 to 17 ft).",
        "It grew from about 800 m² (600 to 1,000 m²) to about 1,200 m² (900 to 1,500 m²).",
        "3,000 to 7,000 m² (best 5,000 m²).",
        "At least 8 m and at most 9 km, up to 5 ha, within 2 km, over 5 m, more than 4 m, under 3 m.",
        "Pixels of 10 m, 10 m pixels, a 10 m wide pixel, pixels of 10, 20 or 60 m, 10 m and 20 m pixels.",
        "One pixel is 10 m wide.",
        "Rounded to 5 km or coarser.",
        "NOT OBSERVABLE at 10 m.",
        "In all, 4.7 km² of ground was assessed. What happened on 0.2 km² that could not be assessed.",
        "There is a 55 to 80 per cent chance that it is a quarry.",
        "It cost $5 m.",
        "It lies 5 km from the border, at most.",
        "Such events occur 0.1 times per km² and year.",
        "12 May 2020 (Sentinel-2A look, 09:21 UTC), sun 40° high, 3 changes, 12 months, L12.",
        "about 40 m from the road",
        "The pit lies about 300 m north of the road.",
        "an image of 50 cm",
        "50 cm satellite imagery",
        "450 m above sea level",
        "It more than doubled.",
        "A 5 to 7 in 10 chance.",
        "Looked at twice.",
    ],
    "bare-onset": [
        "Digging began between 7 April 2019 and 16 June 2019.",
        "It began between 12 May 2020 (Sentinel-2A look, 09:21 UTC) and 17 May 2020 (Sentinel-2A look, 09:21 UTC).",
        "It began at an unknown time before 12 May 2020, the first look that shows it.",
        "It was dug before 1 April.",
        "What began later may have been missed.",
        "It began after 12 May, no earlier than 13 May.",
        "It started from 12 May to 17 May.",
        "The watched period started on 1 January 2020.",
        "The look of 12 May shows that digging has begun.",
        "Digging began, and an image taken on 12 May shows it.",
        "A look on 12 May shows what began.",
        "The fire was reported on 3 July 2020; work stopped between 3 May and 9 June.",
        "Ploughing starts in March here every year.",
        "Harvest usually starts in June.",
        "According to the ministry, construction started in May 2020.",
        "Construction began in 2019, the ministry said.",
        "As reported by the mayor, digging started in March 2020.",
        "Ground was already dug on 12 May 2020.",
        "Digging had already begun on 12 May 2020.",
        "The image dates from 12 May 2020.",
        "The pit appears bright on 12 May 2020.",
        "Sentinel-2 imagery starts in 2015.",
        "It was built between 2018 and 2019.",
        "On the map since 2015.",
        "It changed back in June.",
        "The field changed colour between 12 May and 17 May 2020.",
        "Harvest in June 2020.",
    ],
    "operating": [
        "An excavator stands beside the digging.",
        "Digging for a water pipe.",
        "This is a working copy.",
        "Nothing shows whether an excavator was working.",
        "Two trucks stand on the road.",
        "Earth-moving machines stand at the cut.",
        "Trucks loaded with soil stand there.",
        "Two trucks stand near freshly dug soil.",
        "The mayor said that trucks carry soil away.",
        "No machine works there.",
        "Cars stand there on market days.",
    ],
    "purpose": [
        "What the pit is used for is unknown.",
        "Its purpose is unknown.",
        "Before a purpose is judged, at least two alternatives must be.",
        "The cause and the purpose of every change listed.",
        "Looks that were not used, and why.",
        "It used to be a field.",
        "It was built to the north of the road.",
        "In the order of the looks that first show it.",
        "Whether the pit is a missile silo is unknown.",
        "The pit is not a missile silo.",
        "A missile silo is unlikely.",
        "The pit lies near a military base.",
        "According to the ministry, the tunnel stores weapons.",
        "A wall hides the pit.",
        "The pit contains water.",
        "A site protected by a wall.",
        "It is a quarry on the map.",
        "Vehicles are hidden by trees.",
        "A shelter for goats, says the herdsman.",
    ],
    "identity": [
        "It is a vehicle-size object.",
        "It is not a tank.",
        "Whether it is a truck is unknown.",
        "This is a car park.",
        "The ministry says it is a launcher.",
        "Two confirmed changes of the ground.",
        "It was confirmed by three looks.",
        "Later looks have not yet confirmed it.",
        "It would have been confirmed with probability .90 [.85, .94].",
        "Clear looks confirmed no lasting change.",
        "It was confirmed independently.",
        "It is possible that a cloud hid it, as far as possible.",
        "1 not yet confirmed, 2 went back to normal.",
        "For no apparent reason.",
        "The farmer confirmed ploughing by telephone.",
        "A possible explanation is the shadow of a cloud.",
        "Possible haze on that day.",
        "Possible haze makes it unclear.",
        "A possible false alarm: sun glint.",
        "Suspected ploughing, seen every spring.",
        "Likely a field.",
        "Likely caused by rain.",
        "Likely the same as last year.",
        "It is very likely ploughing.",
        "Clearly a cloud shadow.",
        "The ploughing was confirmed by the farmer.",
        "No launcher was confirmed.",
        "The launcher was not confirmed.",
        "A harvest, seen from the road, ploughed every spring, the same as last year.",
        "Likely agricultural.",
        "Likely wet ground.",
        "Possible seasonal change.",
        "Suspected sensor noise.",
        "Possible mixed pixels.",
        "A colleague confirmed it on the ground.",
    ],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, text) for rule, texts in table.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), cases(REFUSED))
def test_a_rule_refuses_and_no_other_does(rule: str, text: str) -> None:
    assert set(rules(text)) == {rule}


@pytest.mark.parametrize("text", [text for _, text in cases(PASSES)])
def test_what_is_honest_passes(text: str) -> None:
    assert lint(text, PAGE) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_refuses_its_own_example_and_passes_the_other(rule: object) -> None:
    made_rule = next(r for r in RULES if r is rule)
    assert rules(made_rule.refused) == [made_rule.id]
    assert rules(made_rule.passes) == []
    for sentence in (made_rule.why, made_rule.mend):
        assert sentence.endswith(".")


def test_there_are_the_rules_that_were_asked_for() -> None:
    assert [rule.id for rule in RULES] == list(REFUSED) == list(PASSES)


def test_a_fault_names_the_words_and_the_mend() -> None:
    (fault,) = lint("Digging began on 12 May 2020 at the cut.")
    assert (fault.rule, fault.words) == ("bare-onset", "began on 12 May 2020")
    assert "between which two looks" in fault.mend
    assert words("The opening is 4.6 m wide, the road 4.6 m.") == ["4.6 m"]  # the same words are told once


def test_an_identity_passes_only_as_its_record_has_it() -> None:
    known = Known(frozenset({"probable excavator", "possible dump truck"}))
    assert rules("A probable excavator and a possible dump truck stand there.", known) == []
    assert words("A probable bulldozer and a possible truck.", known) == ["probable bulldozer", "possible truck"]
    assert rules("A confirmed excavator.", known) == ["identity"]
    assert rules("A quarry is likely. A probable excavator stands there.", known) == []  # an identity is no likelihood


@pytest.mark.parametrize(("weighed", "told"), [(0, ["purpose"]), (1, ["purpose"]), (2, []), (3, [])])
def test_a_purpose_needs_two_alternatives(weighed: int, told: list[str]) -> None:
    assert rules("The pit is intended for vehicles.", Known(alternatives=weighed)) == told


def test_rows_are_judged_over_the_whole_text_and_beside_the_page() -> None:
    far = "It is likely a quarry. " + "Ground changed. " * 50 + "It is probably a road."
    assert words(far, Known()) == ["likely ... probably"]
    assert rules("It is probably a road.", Known()) == []
    assert words("It is probably a road.", Known(beside_row_a=True)) == ["probably"]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Probably a cloud shadow.", "likely"), ("It is highly probable.", "very likely"), ("A store is nearly certain.", "almost certain"),
        ("Nearly certainly a road.", "almost certainly"), ("The chance is remote.", "almost no chance"), ("It is highly likely.", "very likely"),
        ("A realistic possibility of rain.", "roughly even chance"), ("It is improbable.", "unlikely"), ("Roughly even odds.", "roughly even chance"),
    ],
)  # fmt: skip
def test_a_word_of_another_scale_is_refused_with_the_word_to_write(written: str, instead: str) -> None:
    (fault,) = lint(written, PAGE)
    assert fault.mend.startswith(f'Write "{instead}" for "{fault.words.lower()}". Take every word')


@pytest.mark.parametrize("rule", ["operating", "purpose", "bare-onset"])
def test_what_a_named_source_says_is_not_ours_but_the_next_clause_is(rule: str) -> None:
    told = REFUSED[rule][0].rstrip(".")
    assert rules(f"According to the ministry, {told}.") == rules(f"{told}, the ministry said.") == []
    assert rules(f"The mayor said so; {told}.") == rules(f"Experts say that {told}.") == rules(f"We said: {told}.") == [rule]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3), ("It is 4.6 m wide.", 1), ("See e.g. Fig. 3 of J. Lewis.", 1), ("Look No. 5 shows it.", 1),
        ("One\n\ntwo", 2), ("One\nline", 1), ("- one\n- two", 2), ("He said so. “It moved.” Then it stopped.", 3), ("", 1),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_end_them(text: str, count: int) -> None:
    assert len([s for s in sentences_of(text) if s] or [""]) == count


# ---------------------------------------------------------------- any text
WORDS = """
likely probably probable confirmed excavator digging began on 12 May 2020 between and 5 m² ( ) [ , ] . ; confidence is used to purpose pixels
of ± 3 4.6 five feet % chance - remote possible change before looks No. the
"""
VOCABULARY = st.lists(st.sampled_from([*WORDS.split(), "\n\n"]), max_size=60).map(" ".join)


@settings(deadline=None)
@given(st.text() | VOCABULARY, st.frozensets(st.sampled_from(sorted(CHANGES))), st.integers(0, 3))
def test_no_text_breaks_the_linter(text: str, identities: frozenset[str], alternatives: int) -> None:
    for fault in lint(text, Known(identities, alternatives)):
        assert fault.rule in REFUSED
        assert fault.words.strip()


@settings(deadline=None)
@given(VOCABULARY, VOCABULARY)
def test_more_text_mends_nothing(one: str, other: str) -> None:
    assert set(rules(one)) <= set(rules(f"{one}\n\n{other}"))


ALLOWED = [text for texts in PASSES.values() for text in texts if text.endswith(".")]


@settings(deadline=None)
@given(st.lists(st.sampled_from(ALLOWED), max_size=12), st.sampled_from(ALLOWED), st.data())
def test_an_allowed_sentence_keeps_a_clean_text_clean(text: list[str], more: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert rules(" ".join(text)) == []
    assert rules(" ".join([*text[:place], more, *text[place:]])) == []


HOSTILE = (
    "5 m ", "1 ", "1,", "111 ", "one-", "(1, ", "between 1 ", "began ", "car ", "probable ", "purpose of ", "used to ", "A. ", "9", "\n", " ",
    "(", "±", "1 ± ", "on 12 May ", "began on ", "confirmed-", "pixels of ", "grew from 1 to 2 m ", "likely confidence ",
)  # fmt: skip
"""Beginnings of what the rules look for, which a careless pattern would try again from every place."""


@pytest.mark.parametrize("part", HOSTILE)
def test_the_same_words_again_and_again_end(part: str) -> None:
    assert len(lint(part * (100_000 // len(part)))) <= 3


def test_a_megabyte_of_hostile_text_ends() -> None:
    text = "".join(part * (40_000 // len(part)) for part in HOSTILE)
    assert len(text) > 990_000
    assert lint(text)


# ---------------------------------------------------------------- what Spadework itself says
class Blocks(HTMLParser):
    """Paragraphs, list items, headings, captions and alternative texts of a page; cells of tables are no sentences."""

    ENDS = frozenset(
        {"p", "li", "figcaption", "caption", "h1", "h2", "h3", "h4", "summary", "title", "dt", "dd", "small", "td", "th"}
    )
    MUTE = frozenset({"style", "script", "sup", "td", "th"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._text = ""
        self._mute = 0
        self._badge = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(value for key, value in attrs if key in ("alt", "aria-label") and value)
        self._mute += tag in self.MUTE
        self._badge = ("class", "status") in attrs
        if tag in self.ENDS or self._badge:
            self._end()

    def handle_endtag(self, tag: str) -> None:
        self._mute -= tag in self.MUTE
        if tag in self.ENDS or self._badge:
            self._end()
        self._badge = False

    def handle_data(self, data: str) -> None:
        self._text += "" if self._mute else data

    def _end(self) -> None:
        if self._text.strip():
            self.found.append(" ".join(self._text.split()))
        self._text = ""


WHEN = dt.datetime(2020, 12, 30, tzinfo=dt.UTC)


def every_findings() -> Iterator[Findings]:
    """Findings that together make every kind of sentence."""
    event = made.event_of
    events = (
        event("E1", p_real=0.93, base_rate=0.1), event("E2", status="anomaly", p_real=0.3), event("E3", status="recovered"),
        event("E4", status="rejected", p_real=0.001), event("E5", onset_earliest=None, p_real=0.995),
        event("E6", onset_earliest=None, onset_latest=None), event("E7", status="anomaly", p_real=0.03),
    )  # fmt: skip
    for found in (made.findings_of(*events), made.findings_of(events[1]), made.findings_of()):
        yield found
        yield dataclasses.replace(found, sensitivity=made.sensitivity_of())
        yield dataclasses.replace(found, sensitivity=made.sensitivity_of(before=None), pixel_m=2.0)


PRODUCTS = (
    Product(1),
    Product(2, (SignOff("A. Reader", "", 2, WHEN),), "SW-1", 2, WHEN, Gate(5000.0, 30), (Correction(2, WHEN.date(), ()),)),
    Product(2, (SignOff("A. Reader", "", 1, WHEN),), "SW-1", 2, WHEN, Gate(0.0, 0, "asked for by a court")),
)


def test_every_sentence_of_a_report_passes() -> None:
    told = {
        sentence.text
        for found in every_findings()
        for product in PRODUCTS
        for sentence in story_of(records_of(found, (), product)).sentences()
    }
    assert len(told) > 40
    assert [(text, fault) for text in sorted(told) for fault in lint(text, PAGE)] == []


@pytest.mark.parametrize("product", PRODUCTS, ids=["working copy", "gated", "exact"])
def test_the_page_around_them_passes_as_one_text(product: Product) -> None:
    for found in every_findings():
        blocks = Blocks(report_html(Edition(found, product), ())).found
        assert lint("\n\n".join(blocks), PAGE) == ()


def test_captions_and_alternative_texts_pass() -> None:
    found = dataclasses.replace(made.findings_of(made.event_of()), sensitivity=made.sensitivity_of())
    drawn = figures.draw_all(made.cube_of(), found)
    assert len(drawn) > 4
    assert [fault for figure in drawn for fault in lint(f"{figure.caption}\n\n{figure.alt}", PAGE)] == []


# ---------------------------------------------------------------- the glossary
@pytest.mark.parametrize(("term", "meaning"), GLOSSARY, ids=[term for term, _ in GLOSSARY])
def test_an_entry_is_one_plain_sentence(term: str, meaning: str) -> None:
    assert lint(meaning) == lint(f"{term}: {meaning}") == ()
    assert len(sentences_of(meaning)) == 1
    assert meaning.endswith(".")
    assert meaning[0].isupper()


def test_no_term_is_explained_twice_and_the_alphabet_leads() -> None:
    terms = [term.casefold() for term, _ in GLOSSARY]
    assert terms == sorted(set(terms))
    assert {term.text for term in TERMS} <= set(terms)
    assert lint("\n\n".join(f"{term}: {meaning}" for term, meaning in GLOSSARY), PAGE) == ()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Nothing to explain.", []),
        ("Two events on three looks.", ["event", "look"]),
        ("One is not yet confirmed.", ["not yet confirmed"]),
        ("One is confirmed, one is not yet\n confirmed.", ["confirmed", "not yet confirmed"]),
        ("That is very likely.", ["very likely"]),
        ("By at least 5 points.", ["point of reflectance"]),
        ("<p class='ledger'>A <b>Scene</b></p><style>.site{}</style><script>let mask</script>", ["Scene"]),
        ("The websites of eventful overlooking.", []),
    ],
)
def test_only_what_a_page_uses_is_explained(text: str, terms: list[str]) -> None:
    assert [term for term, _ in glossary_of(text)] == terms


# ---------------------------------------------------------------- the documentation
def part(name: str) -> str:
    text = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_documentation_is_what_the_code_says() -> None:
    """Mend by pasting what the functions print."""
    assert part("rules") == rules_table()
    assert part("glossary") == glossary_table()
    rows = [f"| {t.text} | {t.other} | {round(t.low * 100)} to {round(t.high * 100)} |" for t in TERMS]
    assert part("likelihood").splitlines()[2:] == rows


# ---------------------------------------------------------------- the analyst's words
@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    """As little as a mark needs: an index and one event."""
    ring = [[40.0, 34.0], [40.001, 34.0], [40.001, 34.001], [40.0, 34.0]]
    event = {"type": "Feature", "properties": {"id": "E1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    out = tmp_path / "dossier"
    out.mkdir()
    (out / "dossier.json").write_text(json.dumps({"schema": "spadework-dossier-1", "stages": {}}), encoding="utf-8")
    (out / "events.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [event]}), encoding="utf-8")
    (tmp_path / "area.geojson").write_text(json.dumps(event["geometry"]), encoding="utf-8")
    return out


def marks(out: Path) -> list[dict[str, str]]:
    path = out / "ledger.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else []
    return [line["data"] for line in lines if line["kind"] == "mark"]


def test_plain_reasons_go_into_the_ledger_as_they_are(dossier: Path) -> None:
    mark_event(dossier, "E1", "reject", "ploughed every spring", "")
    add_event(dossier, dossier.parent / "area.geojson", "seen on foot", "likely a well")
    assert [(m["action"], m["reason"], m["note"]) for m in marks(dossier)] == [
        ("reject", "ploughed every spring", ""), ("add", "seen on foot", "likely a well"),
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["reason", "note"])
def test_words_that_no_report_may_print_never_reach_the_ledger(dossier: Path, option: str) -> None:
    text = {"reason": "ploughing", "note": "", option: "a probable excavator, digging began on 12 May"}
    with pytest.raises(UserError) as refused:
        mark_event(dossier, "E1", "accept", text["reason"], text["note"])
    assert refused.value.thing == f"--{option}"
    assert '"probable excavator" (identity)' in refused.value.problem
    assert '"began on 12 May" (bare-onset)' in refused.value.problem
    assert "between which two looks" in refused.value.mend
    with pytest.raises(UserError, match=f"--{option}"):
        add_event(dossier, dossier.parent / "area.geojson", text["reason"], text["note"])
    assert marks(dossier) == []


def test_an_analyst_keeps_to_the_words_of_the_page(dossier: Path) -> None:
    with pytest.raises(UserError, match="mixed-scale"):
        mark_event(dossier, "E1", "reject", "probably a field", "")
    mark_event(dossier, "E1", "reject", "likely a field", "the confirmed change is a fallow year")
    assert len(marks(dossier)) == 1


def test_the_command_ends_with_2_and_says_how_to_mend_it(dossier: Path, spadework: Callable[..., Ran]) -> None:
    done = spadework("mark", dossier, "E1", "accept", "--reason", "the pit is intended for vehicles")
    assert done.code == 2
    assert done.err.startswith('spadework: --reason: says "intended for" (purpose)')
    assert "two alternatives" in done.err
    assert spadework("mark", dossier, "E1", "reject", "--reason", "ploughed every spring").code == 0
