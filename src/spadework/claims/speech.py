"""Words of saying, judging, reporting and showing, by lemma: who is before them says what is after them."""

from __future__ import annotations

from typing import Final

SAY: Final = frozenset((
    "say", "tell", "add", "announce", "state", "argue", "confirm", "warn", "note", "insist", "acknowledge", "admit",
    "explain", "describe", "write", "declare", "stress", "maintain", "contend", "assert", "comment", "point",
    "reply", "respond", "recall", "testify", "continue", "remark", "observe", "concede", "emphasise", "emphasize",
    "reiterate", "caution", "disclose", "reveal", "inform", "brief", "tweet", "post", "call", "urge", "demand",
    "ask", "vow", "promise", "pledge", "claim", "allege", "accuse", "blame", "charge", "deny", "reject", "dismiss",
    "refute", "rebut", "dispute", "complain", "boast", "hint", "joke", "quip", "repeat", "respond", "read",
    "recount", "relate", "assure",
    "counter", "retort", "lament", "attest", "certify", "signal", "agree", "concur", "confide", "protest",
    "recommend", "propose", "accept", "underline", "underscore", "highlight", "notify", "alert", "volunteer", "advise", "plead", "appeal", "threaten", "swear", "predict", "forecast",
))  # fmt: skip
JUDGE: Final = frozenset((
    "estimate", "assess", "judge", "believe", "reckon", "think", "suspect", "conclude", "expect", "calculate",
    "determine", "suggest", "find", "identify", "consider", "attribute", "interpret", "put", "count", "measure",
    "date", "speculate", "infer", "fear", "hope", "worry", "deduce", "surmise", "theorise", "theorize", "doubt",
    "anticipate", "foresee", "deem", "guess",
))  # fmt: skip
"""Verbs of a judgement; "find", "put" and their like only with an analyst or a body before them and a clause or a figure after them."""
REPORT: Final = frozenset({"report", "carry", "quote", "cite", "publish", "broadcast"})
SHOW: Final = frozenset((
    "show", "reveal", "indicate", "depict", "suggest", "confirm", "capture", "record", "display", "document",
    "detect", "pick", "point",
))  # fmt: skip
IMAGES: Final = frozenset((
    "image", "imagery", "picture", "photo", "photograph", "footage", "scene", "frame", "snap", "snapshot", "shot",
    "pass", "radar", "satellite", "data", "datum", "photography", "video",
))  # fmt: skip
ONLY_WITH_CLAUSE: Final = frozenset(
    {
        "find",
        "put",
        "point",
        "call",
        "identify",
        "consider",
        "count",
        "measure",
        "date",
        "read",
        "post",
        "write",
        "add",
        "continue",
        "observe",
        "expect",
        "think",
        "relate",
        "charge",
        "ask",
        "agree",
        "accept",
        "concur",
        "alert",
        "notify",
        "signal",
        "counter",
        "protest",
        "volunteer",
        "comment",
        "respond",
        "reply",
    }
)
"""Verbs that say something only with a clause, a quotation or a figure after them."""
OUTLETS: Final = frozenset(
    {
        "broadcaster",
        "newspaper",
        "paper",
        "network",
        "outlet",
        "site",
        "website",
        "channel",
        "magazine",
        "station",
        "daily",
        "agency",
    }
)
"""Descriptions of those that pass on what others say."""
MEDIA: Final = frozenset((
    "news", "times", "post", "press", "agency", "television", "tv", "radio", "newspaper", "daily", "herald",
    "tribune", "journal", "gazette", "magazine", "channel", "broadcaster", "network", "reuters", "afp", "ap", "bbc",
    "cnn", "guardian", "telegraph", "observer", "chronicle", "standard", "media", "weekly", "wire", "mail",
    "mirror", "sun", "star", "express", "echo", "courier", "dispatch", "globe", "record", "review", "monitor",
    "bulletin", "ledger", "gazeta", "libre",
))  # fmt: skip
"""Words that mark an organisation as one that passes on what others say."""
BODY: Final = frozenset((
    "firm", "company", "agency", "ministry", "group", "organisation", "organization", "institute", "centre",
    "center", "think", "tank", "body", "bank", "government", "operator", "broadcaster", "newspaper", "paper",
    "network", "outlet", "site", "website", "army", "military", "force", "police", "council", "court", "commission",
    "committee", "charity", "ngo", "department", "bureau", "office", "authority", "union", "association",
    "foundation", "observatory", "programme", "program", "project", "team", "unit", "service", "provider",
    "developer", "contractor", "miner", "party", "movement", "militia", "regime", "monitor", "watchdog", "channel",
    "magazine", "board", "cooperative", "regulator", "utility", "observatory", "mission", "embassy", "brigade",
    "opposition", "county", "city", "municipality", "borough", "parish", "diocese", "airline", "railway", "hotel", "museum", "school",
    "chamber", "inquiry", "panel", "coalition", "federation", "league", "laboratory", "lab", "university", "hospital",
    "cabinet", "parliament", "presidency", "secretariat", "directorate", "inspectorate", "coastguard", "navy", "consulate",
    "syndicate", "society", "academy", "subsidiary", "consortium", "conglomerate", "nonprofit", "non-profit",
))  # fmt: skip
"""Heads of a definite description that may stand for an organisation."""
PERSON_WORDS: Final = frozenset((
    "analyst", "spokesman", "spokeswoman", "spokesperson", "minister", "president", "governor", "mayor", "director",
    "researcher", "expert", "scientist", "professor", "official", "commander", "general", "colonel", "engineer",
    "resident", "witness", "farmer", "fisherman", "activist", "lawyer", "journalist", "reporter", "author",
    "leader", "chief", "chairman", "head", "secretary", "ambassador", "diplomat", "captain", "manager", "geologist",
    "hydrologist", "ecologist", "specialist", "observer", "elder", "activist", "volunteer", "prosecutor", "judge", "executive", "boss", "envoy",
    "villager", "worker", "driver", "member", "woman", "man", "girl", "boy", "student", "guard", "refugee", "prisoner", "detainee", "shopkeeper",
    "accountant", "translator", "photographer", "nun", "monk", "mechanic", "tenant", "landlord", "grandmother", "grandfather", "teacher", "nurse", "doctor", "survivor", "deputy", "aide", "adviser", "advisor",
    "officer", "soldier", "miner", "shepherd", "herder", "pilot", "sailor", "trader", "owner", "founder", "inspector",
    "biologist", "archaeologist", "physicist", "economist", "historian", "interpreter", "campaigner", "councillor",
    "senator", "lawmaker", "priest", "bishop", "imam", "rancher", "diver", "ranger", "warden", "surveyor", "brother",
    "sister", "neighbour", "neighbor", "widow", "mother", "father", "son", "daughter", "cousin", "wife", "husband",
    "source", "contact", "patrol", "crew", "insider", "contractor", "technician", "consultant", "commissioner", "rapporteur", "coordinator",
))  # fmt: skip
NOUNS: Final = frozenset((
    "view", "estimate", "count", "reckoning", "assessment", "account", "telling", "opinion", "judgement", "judgment",
    "word", "calculation", "reading", "claim", "assertion", "allegation", "contention", "suggestion", "warning",
    "denial", "accusation", "insistence", "belief", "conclusion", "finding", "prediction", "complaint", "admission",
    "testimony", "charge", "figure", "version", "tally", "statement", "announcement", "forecast", "promise", "pledge", "report",
))  # fmt: skip
"""Nouns for what somebody says or thinks."""
PAPERS: Final = frozenset((
    "report", "statement", "study", "analysis", "assessment", "document", "letter", "email", "release", "post",
    "survey", "review", "paper", "brief", "bulletin", "communique", "tweet", "filing", "data", "datum", "record",
    "figure", "memo", "dossier", "audit", "log", "briefing", "notice", "message", "readout", "communiqué", "minute", "copy", "draft", "transcript", "investigation", "probe", "register", "photocopy",
))  # fmt: skip
"""Things that say what their maker says."""
THINGS: Final = frozenset(
    {"estimate", "evidence", "sign", "result", "test", "sample", "event", "fact", "clue", "indication", "rumour", "rumor"}
)
"""What suggests something without being anybody."""
TRADES: Final = frozenset({"firm", "company", "operator", "provider", "contractor", "developer"})
"""Descriptions of one that sells images, or anything else."""
SEVERAL_HAVE: Final = frozenset(
    {
        "government",
        "ministry",
        "army",
        "military",
        "police",
        "force",
        "council",
        "court",
        "regime",
        "party",
        "commission",
        "committee",
    }
)
"""Bodies of which a story may hold several: "the government" is led back only to a name that says so."""
FEW_HAVE: Final = frozenset(
    {
        "authority",
        "union",
        "association",
        "charity",
        "institute",
        "department",
        "board",
        "cooperative",
        "watchdog",
        "regulator",
        "utility",
        "chamber",
        "laboratory",
        "inquiry",
        "panel",
        "coalition",
        "federation",
        "cabinet",
        "navy",
        "coastguard",
        "county",
        "city",
        "municipality",
        "borough",
        "parish",
        "diocese",
        "school",
        "railway",
        "airline",
        "hotel",
        "opposition",
    }
)
"""Bodies of which a story mostly holds one."""
ANY_BODY: Final = TRADES | OUTLETS | frozenset((
    "group", "organisation", "organization", "body", "agency", "institute", "centre", "center", "ngo", "charity",
    "nonprofit", "non-profit", "watchdog", "tank", "lab", "monitor", "foundation", "team", "project", "network", "bureau",
))  # fmt: skip
"""Bodies of no kind in particular: "the group" may be whichever was named last; "the regulator" only one that is called so."""
