"""The linter of words: what no sentence of a report may say, whether a program or a person wrote it.

It reads sentence by sentence with patterns that look a bounded way ahead and behind, so its time grows with the length
of the text and no text can stall it. It is for what Spadework and its analysts say; what a source said stands
between quotation marks in a column of its own and is not read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spadework.publish import measured
from spadework.records import TERMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Known:
    """What the records hold that a sentence may rest on."""

    identities: frozenset[str] = frozenset()
    """Pairs "<identity> <class>" from records, in small letters: "probable excavator", "confirmed change"."""
    alternatives: int = 0
    """Alternatives weighed for the purpose that is judged; 0 = none."""
    beside_row_a: bool = False
    """The text will stand on a page of Spadework, whose words of likelihood are of row A."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Words that may not stand."""

    rule: str
    """Id of the rule."""
    words: str
    """The offending words, as written but for spaces, dashes and quotation marks."""
    mend: str
    """What to write instead, one sentence."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that no sentence may do."""

    id: str
    why: str
    """One sentence."""
    mend: str
    """One sentence."""
    refused: str
    """An example that is refused."""
    passes: str
    """An example beside it that passes."""
    find: Callable[[Sequence[str], Known], Iterator[str]]
    """Offending words in the sentences of a text."""


CHANGES: Final = frozenset({"confirmed change", "confirmed changes", "confirmed event", "confirmed events"})
"""Identities that the status of an Event gives to every report."""
NOTHING: Final = Known()
"""No record, no alternative weighed."""


def lint(text: str, known: Known = NOTHING) -> tuple[Fault, ...]:
    """Faults of a text of any length, in the order of the rules; the same words are told once a rule."""
    sentences = sentences_of(text)
    return tuple(
        Fault(rule.id, words, rule.mend) for rule in RULES for words in dict.fromkeys(rule.find(sentences, known)) if words
    )


def rules_table() -> str:
    """The rules as a Markdown table, for the documentation."""
    rows = [f"| `{rule.id}` | {rule.why} | {rule.refused} | {rule.passes} | {rule.mend} |" for rule in RULES]
    return "\n".join(["| rule | why | refused | passes | mend |", "|---|---|---|---|---|", *rows])


# ---------------------------------------------------------------- sentences
_PLAIN: Final = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]),
}
"""One sign for each dash and quotation mark, none for what cannot be seen."""
_END: Final = re.compile(r"[.!?][\"')\]]{0,3} (?![a-z])")
_SHORT: Final = re.compile(
    r"\b(?:e\.g|i\.e|approx|ca|cf|vs|Figs?|St|Dr|Mrs?|Ms|Prof|Gen|Col|Lt|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec|[A-Z])\.$|\bNo\.$(?=\d)"
)
"""An abbreviation, whose full stop ends no sentence."""


def sentences_of(text: str) -> list[str]:
    """Sentences of a text, each on one line; a blank line or a bullet ends one, too."""
    paragraphs: list[list[str]] = [[]]
    for line in text.translate(_PLAIN).splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith(("- ", "* ", "• ")):
            paragraphs.append([])
        paragraphs[-1].extend(stripped.split())
    return [sentence for paragraph in paragraphs for sentence in _split(" ".join(paragraph))]


def _split(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        head = paragraph[max(start, end.start() - 8) : end.start() + 1]
        numbered = head.endswith(" No.") and paragraph[end.end() : end.end() + 1].isdigit()
        if not numbered and not _SHORT.search(head):
            yield paragraph[start : end.end() - 1]
            start = end.end()
    yield paragraph[start:]


def _near(sentence: str, start: int, end: int, reach: int = 60) -> tuple[str, str]:
    """What stands before and after a match, so far."""
    return sentence[max(0, start - reach) : start], sentence[end : end + reach]


# ---------------------------------------------------------------- identity: possible, probable, confirmed + a noun
_IDENTITY: Final = re.compile(
    r"\b(possible|probable|confirmed|suspected|apparent)[\"']? [\"']?([^\W\d][\w'-]*+)", re.IGNORECASE
)
_NO_NOUN: Final = re.compile(
    r"(?:a|about|above|after|again|all|already|also|an|and|any|are|around|as|at|be|because|been|before|beside|between|both|but|by|can|could|"
    r"did|do|does|during|each|either|every|for|from|given|had|has|have|here|how|if|in|inside|into|is|it|its|later|may|might|must|near|"
    r"no|nor|not|now|of|on|once|only|or|our|out|outside|over|per|she|since|so|some|than|that|the|their|them|then|there|they|this|those|"
    r"these|through|to|today|too|twice|under|unless|until|was|we|were|what|when|where|whether|which|while|who|why|will|with|within|"
    r"without|would|yet|you|he|his|her|us)",
    re.IGNORECASE,
)
"""After an identity word: then it stands before no noun."""
_LY_NOUNS: Final = frozenset({"ally", "anomaly", "assembly", "family", "gully", "supply"})
_ADJECTIVE_AFTER: Final = re.compile(
    r"(?:^|[^\w'\s]|\b(?:\d+|an?|the|this|these|those|one|two|three|four|five|six|seven|eight|nine|ten|several|many|some|any|all|each|every|no|its|"
    r"their|our|of|in|on|at|for|with|by|from|to|as|than|near|beside|and|or|shows?|shown|sees?|new|other|more|first))$",
    re.IGNORECASE,
)
"""Before confirmed or suspected: then it describes the noun; after any other word it is a verb."""
_IDIOM: Final = re.compile(r"\b(?:best|worst|every|earliest|latest|largest|smallest|no)$", re.IGNORECASE)
_NO_CLASS: Final = re.compile(
    r"(?:explanation|reason|alternative|exception|extent|shift|colou?r|size|motion|reflectance|brightness)s?"
)
"""After possible or apparent: no class of object."""
_PAIR: Final = re.compile(r"[\w'-]+(?: [\w'-]+){0,5}")


def _named(sentence: str, match: re.Match[str]) -> bool:
    """Whether an identity word stands before the noun that it says how sure one is of."""
    word, noun = match[1].lower(), match[2].lower()
    if _NO_NOUN.fullmatch(noun) or (noun.endswith("ly") and noun not in _LY_NOUNS):
        return False
    before = sentence[max(0, match.start() - 20) : match.start()].rstrip()
    if word in ("confirmed", "suspected"):
        return bool(_ADJECTIVE_AFTER.search(before))
    return word == "probable" or not (_IDIOM.search(before) or _NO_CLASS.fullmatch(noun))


def _identity(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """Identity words before a noun, where no record holds the pair."""
    for sentence in sentences:
        for match in _IDENTITY.finditer(sentence):
            pair = _PAIR.match(sentence[match.start() : match.start() + 90])
            words = pair[0].lower().split() if pair else []
            on_record = any(" ".join(words[:count]) in known.identities for count in range(2, len(words) + 1))
            if _named(sentence, match) and not on_record:
                yield match[0]


# ---------------------------------------------------------------- likelihood and confidence
def _either(terms: Iterable[str]) -> str:
    """A pattern for terms and their adverbs, the longest first."""
    forms = (re.sub("ble$", "bl[ey]", re.sub("certain$", "certain(?:ly)?", term)) for term in terms)
    return "|".join(sorted(forms, key=len, reverse=True))


_OTHER_SCALES: Final = r"highly (?:un)?likely|realistic possibility|virtually certain"
"""Of the British yardstick and the IPCC's scale: other numbers, or a half from each row."""
_LIKELY: Final = re.compile(
    rf"\b(?:(?P<other>{_OTHER_SCALES})|(?P<a>{_either(term.text for term in TERMS)})"
    rf"|(?P<b>{_either(term.other for term in TERMS if term.other != 'remote')}"
    r"|remote (?:chance|possibility|probability|likelihood|prospect)|(?:chances?|odds|possibility|likelihood) (?:is|are|was|seems?) remote))\b",
    re.IGNORECASE,
)
"""Words of likelihood by row; remote is one only beside a chance."""
_NUMBERED: Final = re.compile(r"\b(?:probability|likelihood|chance)(?: (?:of|is))?:? [.\d]", re.IGNORECASE)
_LISTED: Final = re.compile(r"possible,? (?:and |or )?$", re.IGNORECASE)
_CONFIDENCE: Final = re.compile(
    r"\b(?:(?<!\bin )confidence(?! (?:intervals?|limits?|bands?|regions?|bounds?|levels? of \d))(?!-building)|confident(?:ly)?)\b",
    re.IGNORECASE,
)


def _likelihoods(sentence: str) -> Iterator[tuple[str, str]]:
    """(row, words) of each term of likelihood; "probable" before a noun, or listed as an identity, is none."""
    for match in _LIKELY.finditer(sentence):
        if match[0].lower() == "probable":
            named = _IDENTITY.match(sentence, match.start())
            before, after = _near(sentence, match.start(), match.end(), 16)
            if (
                (named and _named(sentence, named))
                or _LISTED.search(before)
                or after.lower().startswith((" or conf", ", conf"))
            ):
                continue
        yield match.lastgroup or "", match[0]


def _mixed_scale(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """Terms of both rows anywhere in the text, or a term of another scale."""
    first: dict[str, str] = {}
    for sentence in sentences:
        for row, words in _likelihoods(sentence):
            first.setdefault(row, words)
    yield first.get("other", "")
    if "b" in first and (known.beside_row_a or "a" in first):
        yield f"{first['a']} ... {first['b']}" if "a" in first else first["b"]


def _with_confidence(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A likelihood and a confidence in one sentence."""
    for sentence in sentences:
        sure = _CONFIDENCE.search(sentence)
        if sure:
            numbered = _NUMBERED.search(sentence)
            likely = next(
                (words for _, words in _likelihoods(sentence)), numbered[0].rstrip(" .0123456789") if numbered else ""
            )
            yield f"{likely} ... {sure[0]}" if likely else ""


# ---------------------------------------------------------------- numbers
def _bare_number(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A measurement, or a likelihood in per cent, that is neither an interval nor beside one, no bound and no setting."""
    for sentence in sentences:
        yield from measured.bare(sentence)


# ---------------------------------------------------------------- onset
_MONTH: Final = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY: Final = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?: \d{{4}})?|(?:(?:early|mid|late)[ -])?{_MONTH}(?: \d{{1,2}}\b(?:st|nd|rd|th)?,?)?(?: \d{{4}})?"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)(?!\w)"
)
_BEGAN: Final = re.compile(
    r"\b(?:began|begun|beg[ai]ns?|start(?:ed|s)?|commenced|onset|dug|built|constructed|excavated|erected|changed|br(?:oke|oken|eaking) ground)\b",
    re.IGNORECASE,
)
_ON_DAY: Final = re.compile(
    rf"(?P<gap>(?: [\w',()/-]+){{0,8}}?),? (?:on|in|since|by|around|about)(?: or about| about| around)?(?: the)? {_DAY}|,? (?P<bare>{_DAY})"
)
_DAY_FIRST: Final = re.compile(
    rf"\b(?:[Oo]n|[Ii]n|[Ss]ince|[Bb]y) {_DAY},?(?P<gap>(?: [\w',()/-]+){{1,6}}?) (?:began|begun|started|commenced|broke ground|(?:was|were) (?:dug|built))\b"
)
_BOUNDED: Final = re.compile(
    r"\b(?:between|before|after|until|earlier|later|within|not|never|looks?|image[sd]?|imagery|scenes?|seen|shown|shows?|taken|acquired|"
    r"published|reported|confirmed|dated|issued|his|her|my|our)\b",
    re.IGNORECASE,
)
"""Between the verb and the day: the day bounds the onset, or is that of something else."""
_BOUNDED_AFTER: Final = re.compile(rf" (?:to|until|or (?:later|earlier|before|after)|at the (?:latest|earliest)|- ?{_DAY})\b")
_SETTING: Final = re.compile(
    r"\b(?:period|history|run|watch(?:ing)?|record|archive|mission|monitoring)(?: (?:was|is|that|has))?$"
)
"""Before the verb: what began is ours, and its day is known."""


def _bare_onset(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A beginning on a day or in a month, without a look on either side."""
    for sentence in sentences:
        for verb in _BEGAN.finditer(sentence):
            before, after = _near(sentence, verb.start(), verb.end(), 110)
            day = _ON_DAY.match(after)
            if day and not (
                _BOUNDED.search(day["gap"] or "")
                or _BOUNDED_AFTER.match(after[day.end() :])
                or _SETTING.search(before.rstrip()[-40:])
            ):
                yield verb[0] + day[0]
        for day in _DAY_FIRST.finditer(sentence):
            if not _BOUNDED.search(day["gap"]):
                yield day[0]


# ---------------------------------------------------------------- machines
_MACHINE: Final = (
    r"(?:bulldozers?|dozers?|excavators?|diggers?|backhoes?|dump trucks?|trucks?|lorr(?:y|ies)|loaders?|vehicles?|machines?(?! learning)|"
    r"machinery|heavy equipment|cranes?|graders?|tractors?|dumpers?|earthmovers?|rollers?|(?:drill(?:ing)? )?rigs?|convoys?|cars?|tankers?)"
)
_AT_WORK: Final = r"(?:operat(?:ing|es?|ed)|at work|in (?:operation|use|action)|digging|driving|working(?! cop)|excavating|hauling|pushing|loading|moving|active)"
_MACHINE_WORKS: Final = re.compile(
    rf"\b{_MACHINE}\b(?P<gap>(?:,? [\w'()-]+,?){{0,5}}?) {_AT_WORK}\b|(?<![\w-]){_AT_WORK}(?P<link>(?: [\w'-]+){{0,3}}?) {_MACHINE}\b",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(r"\b(?:whether|if|cannot|not|never|no|none|nothing|nobody|unknown|without)\b", re.IGNORECASE)
_DETERMINED: Final = re.compile(r"\b(?:the|an?|this|that|of|fresh|new|old|its|their|recent)$", re.IGNORECASE)
"""Before "digging": then it is a thing, not a doing."""


def _operating(sentences: Sequence[str], known: Known) -> Iterator[str]:  # noqa: ARG001 - rules have one signature
    """A machine said to be doing something."""
    for sentence in sentences:
        for match in _MACHINE_WORKS.finditer(sentence):
            gap = match["gap"] or ""
            before, _ = _near(sentence, match.start(), match.end())
            if not _UNSURE.search(before) and not _UNSURE.search(gap) and not _DETERMINED.search(gap):
                yield match[0]


# ---------------------------------------------------------------- purpose
_PURPOSE: Final = re.compile(
    r"\b(?:(?:for use (?:as|by|in)|used (?:to(?! be\b)|for|as)|to be used|(?:intended|designed|meant) (?:to|for|as)|built as"
    r"|built (?:to|for)(?! (?:the (?:north|south|east|west|left|right)|scale\b))|in order to|so as to|serv(?:es?|ed|ing) (?:as|to)"
    r"|purpose(?: of [\w' -]{1,40}?)? (?:is|was|seems|appears|remains)(?! (?:not|unknown|unclear|uncertain|open|disputed|judged|weighed|told|beyond))"
    r"|(?:fit|suitable|suited) (?:to|for)(?! the)|aimed at))\b",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(r"\b(?:what|how|whether|unknown|nothing|cannot|not|no)\b[^,;]*$", re.IGNORECASE)


def _purpose(sentences: Sequence[str], known: Known) -> Iterator[str]:
    """What a thing is for, before two alternatives have been weighed."""
    if known.alternatives >= 2:  # noqa: PLR2004 - rules of evidence, 8
        return
    for sentence in sentences:
        for match in _PURPOSE.finditer(sentence):
            before, _ = _near(sentence, match.start(), match.end())
            if not _ASKED.search(before):
                yield match[0]


RULES: Final = (
    Rule(
        "mixed-scale",
        "The two rows of ICD 203 name the same degrees twice, so a reader of both looks for a difference that is not there.",
        "Take every word of likelihood from the first row: almost no chance, very unlikely, unlikely, roughly even chance, likely, "
        "very likely, almost certain.",
        "A quarry is likely. A shelter is improbable.",
        "A quarry is likely. A shelter is unlikely.",
        _mixed_scale,
    ),
    Rule(
        "likelihood-with-confidence",
        "How likely a thing is and how good the grounds are for saying so are two statements, and in one sentence each blurs the other.",
        "Tell the likelihood in one sentence and the confidence in the next.",
        "We judge with low confidence that it is likely a quarry.",
        "It is likely a quarry. Our confidence is low.",
        _with_confidence,
    ),
    Rule(
        "number-without-interval",
        "A measurement is known only to within something, and without that a reader takes it as exact.",
        "Put the interval beside the number, as in 4.6 m (3.9 to 5.2 m), or say a bound, as in at least 4 m.",
        "The opening is 4.6 m wide.",
        "The opening is 4.6 m wide (3.9 to 5.2 m).",
        _bare_number,
    ),
    Rule(
        "bare-onset",
        "Images see a place at moments, so a beginning lies between the last look without it and the first with it.",
        "Say between which two looks it began, or before or after which look.",
        "Digging began on 12 May 2020.",
        "Digging began between 1 April and 12 May 2020.",
        _bare_onset,
    ),
    Rule(
        "operating",
        "A still image shows where a machine stands, never what it does.",
        "Say where the machine stands, as in an excavator stands beside the pit.",
        "An excavator is digging at the entrance.",
        "An excavator stands at the entrance.",
        _operating,
    ),
    Rule(
        "purpose",
        "What a thing is for is not to be seen from above, so it is a judgement, and one that was never tested against another.",
        "Say only what is seen, or weigh at least two alternatives first, one of them benign.",
        "The pit is intended for vehicles.",
        "What the pit is for is unknown.",
        _purpose,
    ),
    Rule(
        "identity",
        "Possible, probable and confirmed say how surely a record names an object; without the record they are guesses dressed as findings.",
        "Say what is seen, or use the identity and class of a sighting on record.",
        "A probable excavator stands there.",
        "An object of the size of a vehicle stands there.",
        _identity,
    ),
)
"""Every rule, in the order in which faults are told."""
