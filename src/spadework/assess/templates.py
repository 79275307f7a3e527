"""Hypotheses by feature, and what each sign says of each: always a benign one, always a deception, never one alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from spadework.records import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spadework.records import Consistency

Kind = Literal["main", "alternative", "benign", "deception"]
Signs = "Mapping[str, tuple[Consistency, str]]"


@dataclass(frozen=True, slots=True)
class Branch:
    """A hypothesis and what signs say of it."""

    hypothesis: Hypothesis
    signs: Mapping[str, tuple[Consistency, str]]
    """By sign (see ``evidence.SIGNS``); one that is not listed says nothing of it."""


@dataclass(frozen=True, slots=True)
class Template:
    """The hypotheses for one kind of feature."""

    name: str
    branches: tuple[Branch, ...]
    unknowns: tuple[str, ...]


def _branch(
    number: int, kind: Kind, text: str, indicators: tuple[str, ...], signs: Mapping[str, tuple[Consistency, str]]
) -> Branch:
    return Branch(Hypothesis(f"H{number}", text, kind, indicators), signs)


_DOZERS: Final[tuple[Consistency, str]] = ("C", "earth-moving machines come with any works of this kind")
_BROKEN: Final[tuple[Consistency, str]] = ("C", "any of these works breaks ground")
_UNDERGROUND: Final = Template(
    "underground facility",
    (
        _branch(1, "main", "A tunnel that shelters vehicles or stores", ("spoil that grows while the cut does not", "a ramp wide enough for vehicles", "a roof or a blast wall at the opening"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("C", "a tunnel needs an opening"), "wide opening": ("C", "wide enough for vehicles"),
            "narrow opening": ("II", "too narrow for vehicles"), "spoil beyond cut": ("CC", "more rock came out than the visible cut holds"), "no spoil": ("I", "a drive of any length leaves spoil"),
            "short": ("I", "a short drive shelters few vehicles"), "second portal": ("CC", "two portals belong to a drive"), "vehicles said": ("C", "somebody says that it is fit for vehicles"),
            "dismantled": ("I", "works that are taken away served something else"),
        }),
        _branch(2, "alternative", "A shelter for people or a command post", ("small openings, more than one", "ventilation shafts, antennas, power lines", "foot tracks in place of ramps"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("C", "a shelter needs an opening"), "wide opening": ("I", "wider than people need"), "narrow opening": ("C", "wide enough for people"),
            "spoil beyond cut": ("C", "rooms below ground leave spoil"), "vehicles said": ("I", "somebody says that it is fit for vehicles"), "second portal": ("C", "shelters have a second way out"), "short": ("C", "people need little length"),
        }),
        _branch(3, "alternative", "A covered revetment or a store built by cut and cover, not a bored tunnel", ("an open trench that is roofed and covered again", "spoil put back", "flat ground above"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("C", "a covered cut has an opening"), "wide opening": ("C", "as wide as what it covers"), "spoil beyond cut": ("II", "a cut gives no more than its own volume"),
            "no spoil": ("C", "what was dug is put back"), "short": ("CC", "flat or hard ground favours a short covered cut"), "vehicles said": ("C", "somebody says that it is fit for vehicles"), "roof": ("CC", "a roof over a cut is how one is built"),
        }),
        _branch(4, "benign", "A quarry, a borrow pit or a road cut for other works at the site", ("a face that moves back", "fill that appears elsewhere", "no roof, no portal"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("I", "a pit has a face, not an opening"), "roof": ("II", "nobody roofs a pit"), "spoil beyond cut": ("I", "a pit is as large as what left it"), "no spoil": ("C", "its fill is used elsewhere"),
            "second portal": ("II", "a pit has none"), "vehicles said": ("I", "somebody says that it is fit for vehicles"),
        }),
        _branch(5, "alternative", "Drainage, a culvert or lines for water, power or data", ("a line that goes on across the ground", "pipes or cable drums", "an outlet downhill"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("C", "a culvert has an opening"), "wide opening": ("I", "wider than lines need"), "narrow opening": ("C", "as narrow as lines need"), "vehicles said": ("I", "somebody says that it is fit for vehicles"),
            "spoil beyond cut": ("I", "a line leaves little spoil"),
        }),
        _branch(6, "deception", "A decoy, made to be seen", ("no traffic after the works end", "no power, no guard, no drainage", "works that stop while they are watched"), {
            "machines": _DOZERS, "broken ground": _BROKEN, "opening": ("C", "a decoy shows an opening"), "spoil beyond cut": ("II", "nobody digs what will not be seen"), "second portal": ("I", "costly for a decoy"), "roof": ("N", "a decoy may be roofed"),
            "abandoned": ("C", "a decoy is left when it has done its work"),
        }),
    ),
    ("length, depth and what it holds", "purpose", "who works there", "whether the works have ended"),
)  # fmt: skip
_CLEARING: Final = Template(
    "clearing",
    (
        _branch(1, "main", "Trees were felled for timber", ("log stacks and skid trails", "roads that end in the clearing"), {"vegetation loss": ("C", "felling removes trees"), "road": ("C", "timber leaves by road"), "burnt": ("I", "timber is not burnt where it stands"), "buildings": ("I", "nobody builds on a felling site")}),
        _branch(2, "alternative", "Land was cleared for farming", ("ploughing, then crops", "straight edges of fields"), {"vegetation loss": ("C", "fields replace trees"), "burnt": ("C", "fire is cheap clearing"), "fields": ("CC", "fields followed")}),
        _branch(3, "alternative", "Ground was opened for a mine, a pipeline or buildings", ("spoil, pits or foundations", "machines for weeks"), {"vegetation loss": ("C", "works begin with clearing"), "broken ground": ("C", "works break ground"), "machines": ("C", "works need machines"), "buildings": ("CC", "buildings followed"), "road": ("C", "works need a road")}),
        _branch(4, "benign", "Storm, fire, insects or planned thinning took the trees", ("ragged edges", "the same across the district", "a licence or a plan"), {"vegetation loss": ("C", "storms and pests take trees"), "burnt": ("C", "wildfire"), "road": ("I", "storms build no roads"), "machines": ("N", "thinning uses machines"), "buildings": ("I", "nothing is built")}),
        _branch(5, "deception", "Reports name a place or a time that images do not bear out, to mislead", ("images of another place", "a date that no look bears out"), {"vegetation loss": ("I", "images show the loss"), "contradicted": ("C", "a claim is contradicted")}),
    ),
    ("who cleared it", "whether it was allowed", "what follows"),
)  # fmt: skip
_DAM: Final = Template(
    "dam or reservoir",
    (
        _branch(1, "main", "The reservoir is being filled on purpose", ("water rises while the outlets are shut", "level climbs against the season"), {"water rise": ("C", "filling raises water"), "denied": ("I", "the operator denies it"), "works": ("C", "the dam is far enough built")}),
        _branch(2, "benign", "Seasonal rain backs water up behind unfinished works", ("the same rise in earlier years", "level falls again with the season"), {"water rise": ("C", "rain raises water"), "season": ("CC", "it rose in the same season of earlier years")}),
        _branch(3, "alternative", "Works hold the river back for a time, to build", ("a cofferdam or a diversion", "the level falls when it is opened"), {"water rise": ("C", "a cofferdam raises water"), "works": ("C", "works are seen"), "machines": ("C", "machines are seen")}),
        _branch(4, "deception", "The rise is shown or hidden to sway talks", ("statements that images do not bear out", "outlets worked for the cameras"), {"contradicted": ("C", "a claim is contradicted"), "water rise": ("N", "the rise alone says nothing of it")}),
    ),
    ("who decided it", "how outlets are worked", "the level to which it is filled"),
)  # fmt: skip
_BUILDING: Final = Template(
    "building or base",
    (
        _branch(1, "main", "A military or guarded site is being built or enlarged", ("fences, guard posts, revetments", "vehicles of one kind in rows"), {"broken ground": _BROKEN, "machines": _DOZERS, "buildings": ("C", "buildings rise"), "wall": ("C", "a perimeter is built"), "vehicles said": ("C", "somebody says so")}),
        _branch(2, "alternative", "An industrial or a storage site is being built", ("loading bays, tanks, a rail spur",), {"broken ground": _BROKEN, "machines": _DOZERS, "buildings": ("C", "buildings rise"), "road": ("C", "goods need a road"), "wall": ("N", "works are fenced as well")}),
        _branch(3, "benign", "Housing, a farm, a school or a public work is being built", ("small roofs in rows, gardens, play fields",), {"broken ground": _BROKEN, "machines": _DOZERS, "buildings": ("C", "buildings rise"), "wall": ("I", "homes need no perimeter")}),
        _branch(4, "deception", "A show of building, to be seen", ("no power, no traffic, no roofs closed",), {"broken ground": _BROKEN, "machines": ("N", "a show may use machines"), "abandoned": ("C", "left unfinished"), "buildings": ("I", "costly for a show")}),
    ),
    ("what it is for", "who builds it", "when it will be done"),
)  # fmt: skip
_MINE: Final = Template(
    "mine or quarry",
    (
        _branch(1, "main", "Minerals are being dug", ("benches, spoil, ponds", "a plant and a haul road"), {"broken ground": _BROKEN, "machines": _DOZERS, "spoil beyond cut": ("C", "a mine leaves spoil"), "water rise": ("C", "a mine has ponds"), "road": ("C", "ore leaves by road")}),
        _branch(2, "alternative", "Sand, gravel or fill is taken for works nearby", ("no plant, no ponds", "fill that appears nearby"), {"broken ground": _BROKEN, "machines": _DOZERS, "no spoil": ("C", "all of it is used"), "road": ("C", "fill leaves by road")}),
        _branch(3, "benign", "Ground is levelled or a pond is dug for farming or building", ("fields or roofs that follow",), {"broken ground": _BROKEN, "machines": _DOZERS, "buildings": ("C", "buildings follow"), "fields": ("CC", "fields follow"), "spoil beyond cut": ("I", "levelling leaves no heap")}),
        _branch(4, "deception", "Old pits are shown as new, or new ones as old", ("dates that no look bears out",), {"broken ground": ("I", "images date the change"), "contradicted": ("C", "a claim is contradicted")}),
    ),
    ("what is dug", "under which permit", "how much has left"),
)  # fmt: skip
_DAMAGE: Final = Template(
    "burning or damage",
    (
        _branch(1, "main", "An attack or an explosion damaged the site", ("craters, blast outward, debris", "more than one point on one day"), {"burnt": ("C", "attacks burn"), "damage": ("C", "attacks damage"), "strike said": ("C", "somebody reports a strike")}),
        _branch(2, "alternative", "An accident or a fire from within damaged it", ("one point of origin", "a store or a tank as its middle"), {"burnt": ("C", "accidents burn"), "damage": ("C", "accidents damage"), "strike said": ("I", "somebody reports a strike")}),
        _branch(3, "benign", "It was pulled down, cleared or burnt on purpose by its owner", ("machines before and after", "rubble carted off in order"), {"burnt": ("C", "stubble and scrub are burnt"), "damage": ("N", "demolition looks tidy"), "machines": ("C", "demolition uses machines"), "strike said": ("I", "somebody reports a strike")}),
        _branch(4, "deception", "Damage is staged, or old damage is shown as new", ("the same traces in earlier looks",), {"damage": ("N", "traces alone say nothing of it"), "contradicted": ("C", "a claim is contradicted"), "burnt": ("N", "traces alone say nothing of it")}),
    ),
    ("who did it", "with what", "who was hurt"),
)  # fmt: skip
_GENERIC: Final = Template(
    "generic change",
    (
        _branch(1, "main", "People changed the ground for a lasting work", ("edges that are straight", "it goes on over several looks"), {"broken ground": ("C", "works break ground"), "machines": ("C", "works need machines"), "growth": ("CC", "it grew look by look"), "buildings": ("C", "something was built")}),
        _branch(2, "alternative", "People changed it for a time: farming, storage, an event", ("it recovers within a season",), {"broken ground": ("C", "farming breaks ground"), "recovered": ("CC", "it recovered"), "growth": ("I", "it went on growing")}),
        _branch(3, "benign", "Weather, water, season or fire changed it", ("the same happens elsewhere on that day",), {"broken ground": ("N", "floods and slides bare ground"), "machines": ("II", "weather brings no machines"), "recovered": ("C", "seasons come round"), "water rise": ("C", "water"), "burnt": ("C", "fire")}),
        _branch(4, "deception", "What is said of it is meant to mislead", ("claims that images do not bear out",), {"contradicted": ("C", "a claim is contradicted"), "broken ground": ("N", "the change alone says nothing of it")}),
    ),
    ("who did it", "why", "what follows"),
)  # fmt: skip
_ALL: Final = (_UNDERGROUND, _CLEARING, _DAM, _BUILDING, _MINE, _DAMAGE, _GENERIC)
TEMPLATES: Final[dict[str, Template]] = {template.name: template for template in _ALL}
FEATURES: Final = tuple(TEMPLATES)
"""What ``[assess] feature`` may be."""
