"""The documentation page, part by part: each script writes its own part and leaves the others as they are."""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path
from typing import Final

from ours import commit, engine_sha256, machine

PAGE: Final = Path(__file__).parents[2] / "docs" / "change_benchmark.md"


def written_by(script: str, folder: str = "change") -> str:
    """What made a part: command, day, commit, engine, machine."""
    command = f"python benchmarks/{folder}/{script} {' '.join(sys.argv[1:])}".strip()
    day = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}"
    return f"Written by `{command}` on {day}, commit {commit()}, engine {engine_sha256()[:12]}, {machine()}."


def put_between(page: str, name: str, text: str) -> str | None:
    """A page with ``text`` between its marks of that name; None where it has no such marks."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{text.strip()}\n{end}", page) if pattern.search(page) else None


def write_part(name: str, text: str) -> None:
    """Put ``text`` between the page's marks of that name; a part that is not there yet is added at the end.

    Args:
        name: of the part, lower-case words joined by hyphens.
        text: Markdown.

    """
    old = PAGE.read_text(encoding="utf-8")
    whole = put_between(old, name, text) or f"{old.rstrip()}\n\n<!-- begin {name} -->\n{text.strip()}\n<!-- end {name} -->\n"
    PAGE.write_text(whole, encoding="utf-8")
    print(f"wrote {name} into {PAGE}")
