"""The terms that a report uses, each in one plain sentence, for a reader who has never seen a satellite image.

One word, one meaning, in code, documents and pages. The words of likelihood come from their table, with its numbers.
"""

from __future__ import annotations

import re
from typing import Final

from spadework.records import TERMS

_TERMS: Final = {
    "alternative": "Another explanation of the same change; a purpose is judged only when at least two have been weighed, one of them benign.",
    "area interval": "The smallest and the largest area that the images allow for an event, told beside the best figure.",
    "band": "One colour of light that a satellite records, seen by the eye or not, such as red or near infrared.",
    "base rate": "How many real, lasting changes are expected on a square kilometre in a year before any image is looked at.",
    "budget": "The list of what makes a measurement uncertain, term by term.",
    "clear": "Of a pixel or a look: not hidden by cloud, by the shadow of a cloud or by a gap in the data.",
    "commitment": "A hash of a value and a secret: it tells nothing now, and shows later that the value is still the same.",
    "confidence": "How good the grounds of a judgement are, told in a sentence of its own.",
    "confirmed": "Of a change: several later clear looks agree that it is there, and it is more likely real than not at the base rate.",
    "contrast": "How much brighter or darker the ground became, in points of reflectance, averaged over the bands.",
    "corrections log": "The list of what a published report said differently in its earlier versions, and why.",
    "dossier": "The folder that holds all there is about a site: evidence, findings, figures, report and ledger.",
    "event": "A change grouped in space and time: an outline, an area, an onset interval, and the looks that show it.",
    "evidence chip": "The raw numbers that were read from an image for this site, kept as they came, with their hash.",
    "false colour": "A picture in which light that the eye cannot see is drawn as a colour that it can.",
    "GSD": "Ground sample distance: how wide a piece of ground one pixel stands for.",
    "hash": "A fingerprint of a file, 64 letters and digits (SHA-256), that is another one as soon as a single bit of the file is.",
    "head hash": "The hash of the last line of a ledger: kept elsewhere, it shows whether a line was changed, cut off or written anew.",
    "history": "The time before the watched period, from which it was learnt what is normal for each pixel.",
    "ICD 203": "The directive of the United States intelligence community that says which numbers seven words of likelihood stand for.",
    "identity": "How surely a record names an object that was seen: possible, probable or confirmed.",
    "judgement": "What a person concludes from what was seen and said, after weighing the alternatives.",
    "ledger": "A log that is only ever added to: each line holds the hash of the line before it, so that no line can be changed unseen.",
    "level": "How often an interval holds the truth: at a level of 90 %, nine times in ten.",
    "likelihood": "How likely a statement is to be true, in one of seven words, each with its numbers beside it.",
    "look": "All Scenes of one platform and pass over the site, at most 10 minutes apart.",
    "mask": "The map, made for each image, of the pixels that cloud, shadow or snow hides.",
    "NDVI": "A measure of green leaves from red and near-infrared light, from -1 to 1.",
    "NOT OBSERVABLE": "Too small, or hidden, for these images, so that they can neither show it nor rule it out.",
    "not yet confirmed": "Of a change: unlike the past, but seen by too few later clear looks, or of a kind that is more likely a false alarm.",
    "null finding": "The statement that no change of a given size and contrast was found in a given time, with the chance that one was missed.",
    "off nadir": "The angle between the line of sight of the satellite and straight down.",
    "onset interval": "The time between the last look without a change and the first look with it; the change began at some moment in between.",
    "origin": "Whoever first observed or said a thing; those who repeat it are no further origins.",
    "phase": "What an event did between two looks: started, grew, paused or stopped.",
    "pixel": "The smallest piece of ground that an image shows, a square with one number for each band.",
    "planted change": "A known change that was added to a copy of this site's own looks, to count how often such a change is found.",
    "platform": "The satellite, or aircraft, that took an image.",
    "point of reflectance": "One hundredth of all the sunlight that falls on the ground: from .20 to .25 is five points.",
    "publication gate": "The step that every published copy goes through: coordinates become coarser, a delay is kept, and what could harm people there "
    "is left out.",
    "reflectance": "The share of the sunlight that the ground throws back, from 0 for none to 1 for all.",
    "rejected by an analyst": "Of a change: found by the method, and judged by a person to be no finding; it stays on the page so that anyone can check.",
    "residual": "What is left of the shift between two images after they were laid over each other.",
    "Scene": "One image: its time, platform, bands, angles, provider, licence and credit, and the hash of its evidence chip.",
    "sensitivity": "How small and how faint a change this site's own looks would have shown, measured with planted changes.",
    "sighting": "An object that was seen in one Scene, under a name no bolder than its pixels can carry.",
    "site": "A named area on the map, with the time that is asked about.",
    "strength": "How far an event's pixels lie from their normal, in units of their own noise; it ranks events and is no probability.",
    "stretch": "How the numbers of an image are spread from dark to light; only pictures with the same stretch can be compared by eye.",
    "watched period": "The time that is asked about, in which changes are looked for.",
    "went back to normal": "Of a change: it had been confirmed, and later looks resemble the past again.",
    "working copy": "A report that has not been through the publication gate, for those alone who made it.",
    **{term.text: f"A likelihood of {term.interval} on the scale of {term.scale}." for term in TERMS},
}
GLOSSARY: Final = tuple(sorted(_TERMS.items(), key=lambda entry: entry[0].casefold()))
"""(term, one sentence), in the order of the alphabet."""
_ALSO: Final = {"point": "point of reflectance", "SHA-256": "hash", "area": "area interval", "judged": "judgement"}
"""Words of a page that another entry explains."""


def _form(term: str) -> str:
    """A pattern for a term, each of its words in the singular or plural."""
    return r"s?\s+".join(re.escape(word) for word in term.split()) + "s?"


_FORMS: Final = sorted([*_TERMS, *_ALSO], key=len, reverse=True)
_USED: Final = re.compile(rf"\b(?:{'|'.join(f'({_form(form)})' for form in _FORMS)})\b", re.IGNORECASE)
"""The longest term first: "not yet confirmed" does not also use "confirmed"."""
_MARKUP: Final = re.compile(r"<(style|script)\b.*?</\1>|<[^<>]*>", re.DOTALL)


def glossary_of(text: str) -> tuple[tuple[str, str], ...]:
    """Entries whose term a page uses, in the order of the alphabet.

    Args:
        text: of the page, plain or as HTML, whose tags, styles and scripts are not read.

    """
    used = {_FORMS[(match.lastindex or 1) - 1] for match in _USED.finditer(_MARKUP.sub(" ", text))}
    terms = used | {_ALSO[form] for form in used if form in _ALSO}
    return tuple(entry for entry in GLOSSARY if entry[0] in terms)


def glossary_table() -> str:
    """All entries as a Markdown table, for the documentation."""
    return "\n".join(["| term | meaning |", "|---|---|", *(f"| {term} | {meaning} |" for term, meaning in GLOSSARY)])
