"""Who says what in one sentence: each rule looks for one way in which newsrooms attribute, and says what it covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spadework.claims.citing import according, citing, hearsay, papers, passive, quoting, report
from spadework.claims.pictures import imagery
from spadework.claims.saying import nominal, participle, speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from spadework.claims.found import Found, Sentence

FINDERS: Final[dict[str, Callable[[Sentence], list[Found]]]] = {
    "speech": speech,
    "papers": papers,
    "participle": participle,
    "according": according,
    "nominal": nominal,
    "report": report,
    "citing": citing,
    "quoting": quoting,
    "hearsay": hearsay,
    "imagery": imagery,
    "passive": passive,
}
"""One rule a way of attributing."""
