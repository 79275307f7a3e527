"""Turns a hand-written draft of a claim ledger, which quotes strings, into one with offsets; refuses what breaks GUIDE.md.

Usage: ``python ledgers.py build DRAFT.json LEDGER.json`` or ``python ledgers.py count FOLDER``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

TYPES: Final = {"observation", "event", "assessment", "statement", "intention", "denial", "background", "unknown"}
LEVELS: Final = {"asserted", "assessed", "reported", "alleged", "possible", "denied", "unknown"}
TIME_ROLES: Final = {"observed", "event", "said", "published", "reference"}
ANCHORS: Final = {"dateline", "absolute", "story"}
PRECISIONS: Final = {"day", "days", "week", "month", "season", "year", "decade", "vague", "unresolved"}
BOUNDS: Final = {"exact", "approx", "min", "max", "range"}
DIMENSIONS: Final = {
    *("width", "length", "height", "depth", "distance", "diameter", "area", "volume", "mass", "speed", "flow"),
    *("count", "money", "share", "duration", "temperature", "power", "energy", "other"),
}
LONG: Final = 3
"""Links of a chain that holds more than outlet and speaker."""
ROLES: Final = {"provider", "analyst", "speaker", "reporter", "outlet"}


class Refused(ValueError):  # noqa: N818 - a finding about a draft
    """The draft breaks a rule of the guide; says where."""


def _need(*, holds: bool, where: str, what: str) -> None:
    if not holds:
        raise Refused(f"{where}: {what}")


def _find(text: str, words: str, where: str, near: tuple[int, int] | None = None) -> tuple[int, int]:
    """Offsets of ``words``: the occurrence inside ``near``, else the one nearest to it, else the first."""
    starts = [at for at in range(len(text)) if text.startswith(words, at)]
    _need(holds=bool(words) and bool(starts), where=where, what=f"not verbatim in the text: {words!r}")
    if near is None:
        return starts[0], starts[0] + len(words)
    best = min(starts, key=lambda at: (not near[0] <= at < near[1], abs(at - near[0])))
    return best, best + len(words)


def _time(text: str, draft: dict[str, Any] | None, near: tuple[int, int], where: str) -> dict[str, Any] | None:
    if draft is None:
        return None
    where = f"{where} time"
    _need(holds=draft["role"] in TIME_ROLES, where=where, what=f"role {draft['role']!r}")
    _need(holds=draft["anchor"] in ANCHORS, where=where, what=f"anchor {draft['anchor']!r}")
    _need(holds=draft["precision"] in PRECISIONS, where=where, what=f"precision {draft['precision']!r}")
    start, end = draft["start"], draft["end"]
    _need(holds=(start is None) == (end is None), where=where, what="one end only")
    if start is not None:
        _need(holds=dt.date.fromisoformat(start) <= dt.date.fromisoformat(end), where=where, what="ends before it starts")
    keys = ("text", "start", "end", "role", "anchor", "precision")
    return {**{key: draft[key] for key in keys}, "span": list(_find(text, draft["text"], where, near))}


def _quantity(text: str, draft: dict[str, Any] | None, near: tuple[int, int], where: str) -> dict[str, Any] | None:
    if draft is None:
        return None
    where = f"{where} quantity"
    _need(holds=draft["bound"] in BOUNDS, where=where, what=f"bound {draft['bound']!r}")
    _need(holds=draft["dimension"] in DIMENSIONS, where=where, what=f"dimension {draft['dimension']!r}")
    _need(
        holds=(draft["bound"] == "range") == ("high" in draft),
        where=where,
        what="a range has high and si_high, nothing else has",
    )
    keys = ("text", "value", "high", "unit", "si_value", "si_high", "si_unit", "bound", "dimension")
    return {**{key: draft[key] for key in keys if key in draft}, "span": list(_find(text, draft["text"], where, near))}


def _claim(article: dict[str, Any], number: int, draft: dict[str, Any], after: int) -> dict[str, Any]:
    text, where = article["text"], f"{article['id']} claim {number}"
    span = _find(text, draft["evidence"], where, (draft.get("near", after), len(text)))
    _need(holds=draft["type"] in TYPES, where=where, what=f"type {draft['type']!r}")
    chain = draft["source_chain"]
    _need(holds=bool(chain) and chain[0] == "outlet", where=where, what="the chain starts with outlet")
    _need(holds=draft["speaker"] == chain[-1], where=where, what="the speaker ends the chain")
    _need(holds=set(draft["roles"]) == ROLES, where=where, what=f"roles are {sorted(ROLES)}")
    hedge = draft["hedge"]
    _need(holds=hedge["level"] in LEVELS, where=where, what=f"hedge {hedge['level']!r}")
    for cue in hedge["cues"]:
        _find(text, cue, f"{where} cue")
    _need(holds=draft["polarity"] in {"+", "-", "0"}, where=where, what="polarity")
    _need(holds=draft["observable"] in {"yes", "partly", "no"}, where=where, what="observable")
    keys = (
        "evidence",
        "claim",
        "type",
        "source_chain",
        "speaker",
        "roles",
        "hedge",
        "polarity",
        "place",
        "observable",
        "obs_note",
    )
    return {
        "id": f"{article['id']}-{number:02d}",
        "span": list(span),
        **{key: draft[key] for key in keys},
        "time": _time(text, draft["time"], span, where),
        "quantity": _quantity(text, draft["quantity"], span, where),
    }


def build(article: dict[str, Any]) -> dict[str, Any]:
    """The ledger of one draft; claims keep their order.

    Raises:
        Refused: a string is not in the text, or a word is not one of the guide's.

    """
    claims: list[dict[str, Any]] = []
    for number, draft in enumerate(article["claims"], 1):
        claims.append(_claim(article, number, draft, claims[-1]["span"][0] if claims else 0))
    head = {key: article[key] for key in ("id", "style", "outlet", "article_date", "date_note", "language", "names", "text")}
    _need(
        holds=head["article_date"] is None or bool(dt.date.fromisoformat(head["article_date"])),
        where=head["id"],
        what="article_date",
    )
    return {**head, "text_sha256": hashlib.sha256(head["text"].encode()).hexdigest(), "n": len(claims), "claims": claims}


def count(folder: Path) -> str:
    """What a folder of ledgers holds, by article and in all."""
    rows, total = [], [0] * 6
    for path in sorted(folder.glob("*.json")):
        ledger = json.loads(path.read_text())
        claims = ledger["claims"]
        row = [
            len(claims),
            sum(claim["speaker"] != "outlet" for claim in claims),
            sum(len(claim["source_chain"]) >= LONG for claim in claims),
            sum(claim["time"] is not None for claim in claims),
            sum(claim["quantity"] is not None for claim in claims),
            len(ledger["text"]),
        ]
        total = [a + b for a, b in zip(total, row, strict=True)]
        rows.append((path.stem, row))
    head = "article: claims, with a speaker, chains of three and more, dates, quantities, characters"
    return "\n".join([head, *(f"{name}: {row}" for name, row in rows), f"all: {total}"])


def main(words: list[str]) -> int:
    """The command."""
    match words:
        case ["build", draft, ledger]:
            try:
                done = build(json.loads(Path(draft).read_text()))
            except (Refused, KeyError) as error:
                print(f"refused: {error!r}", file=sys.stderr)
                return 2
            Path(ledger).write_text(json.dumps(done, ensure_ascii=False, indent=1) + "\n")
            print(f"{ledger}: {done['n']} claims")
        case ["count", folder]:
            print(count(Path(folder)))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
