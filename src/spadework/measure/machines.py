"""Dimensions of common civil vehicles and plant, each with the document that states them.

One usual machine stands for each kind; other makers' machines of the same class differ by a few per cent. Widths are those that must
pass: over the blade, bucket, shoes or canopy, whichever is widest, without mirrors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNCHECKED: Final = "from the maker's published specification, not opened again here"
READ: Final = "as the document states it"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine, in working order, empty."""

    kind: str
    maker: str
    model: str
    width_m: float
    height_m: float
    """Travelling: booms and bodies down, cab or guard up."""
    length_m: float
    document: str
    checked: bool = False
    """Whether the figures were read in the document, or in a copy of it, for this table."""

    @property
    def source(self) -> str:
        """The document and how far it was checked, in words."""
        return f"{self.document}, {READ if self.checked else UNCHECKED}"


MACHINES: Final = (
    Machine("car", "Volkswagen", "Golf VIII", 1.79, 1.49, 4.28, "technical data sheet, 2020"),
    Machine("pick-up", "Toyota", "Hilux double cab", 1.86, 1.82, 5.33, "technical data sheet, 2021"),
    Machine("two-boom drill jumbo", "Epiroc", "Boomer 282", 1.99, 3.01, 11.83, "technical specification, 9851 2094 01"),
    Machine("tipper truck", "any", "four axles, 32 t", 2.55, 4.00, 12.00, "Council Directive 96/53/EC, annex I: at most", checked=True),
    Machine("low loader", "any", "articulated", 2.55, 4.00, 16.50, "Council Directive 96/53/EC, annex I: at most", checked=True),
    Machine("bus", "Mercedes-Benz", "Citaro, 12 m", 2.55, 3.12, 12.14, "vehicle profile, Bus of the Year 2013", checked=True),
    Machine("articulated hauler, 29 t", "Volvo", "A30G", 2.94, 3.49, 10.45, "product brochure A25G, A30G"),
    Machine("excavator, 22 t", "Caterpillar", "320", 3.17, 3.16, 9.53, "technical specifications 320, 790 mm shoes", checked=True),
    Machine("excavator, 37 t", "Caterpillar", "336", 3.19, 3.40, 11.17, "technical specifications 336, 600 mm shoes"),
    Machine("wheel loader, 23 t", "Caterpillar", "966M", 3.22, 3.60, 8.80, "specalog 966M, general purpose bucket"),
    Machine("bulldozer, D6 class", "Caterpillar", "D6T XL", 3.26, 3.20, 5.30, "specalog D6T, SU blade"),
    Machine("articulated hauler, 39 t", "Volvo", "A40G", 3.43, 3.77, 11.26, "product brochure A35G, A40G"),
    Machine("bulldozer, D8 class", "Caterpillar", "D8T", 3.94, 3.46, 6.10, "specalog D8T, SU blade, no ripper"),
    Machine("rigid hauler, 55 t", "Caterpillar", "773F", 4.74, 4.46, 10.25, "specalog 773F, dual slope body, over the canopy", checked=True),
)  # fmt: skip
"""Narrowest first."""
