"""How large each nuisance is in the world outside, and the same made weaker or stronger.

Where the source is "Romania", the number was measured on the Sentinel-2 stack that the distribution nrt 0.2.0 carries
(140 dates, 100 x 100 pixels of hill forest; residuals of a two-harmonic robust fit per pixel, clear by scene class).
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from spadework.intake.scenario import LIMITS, Nuisance

NUISANCE_X1: Final = Nuisance(
    jitter_days=9.0,  # chosen for plausibility: a week or two between years, as phenology products report
    jitter_gain=0.15,  # chosen for plausibility
    rotation=0.2,  # chosen for plausibility: one year of fallow or another crop in five
    patchy_wetness=0.2,  # Lobell & Asner 2002, Soil Sci. Soc. Am. J. 66:722-727: to half when saturated; drained topsoil less
    haze=0.01,  # Romania: blue of summer looks differs by .013 (SD); ACIX (Doxani et al. 2018, Remote Sens. 10:352): about .01
    dust=0.05,  # chosen for plausibility: thin enough for a mask to miss
    cirrus=0.012,  # Sen2Cor calls cirrus from .012 in band 10 (ESA, Level-2A ATBD): what lies below stays unmasked
    leak_share=0.02,  # Romania: .019 of clear pixel-looks > .05 too bright in blue, .016 over 4 deviations too dark
    misregistration=0.2,  # ESA, Level-1C Data Quality Report: .3 px at 2 sigma since the reference image, over 1 px before
    brdf=0.05,  # Roy et al. 2017, Remote Sens. Environ. 199:25-38: Sentinel-2 red and NIR differ by 5-8 % over the swath
    sensor_step=0.015,  # Lamquin et al. 2019, Remote Sens. Environ. 233:111369: Sentinel-2A to 2B about 1 %
    drift=0.02,  # Romania: .03 a year (robust SD of summer slopes over pixels), noise and felling included
    snow=0.3,  # Romania: 6 of 16 looks from December to February with snow on over 5 % of the ground
    ploughing=0.1,  # chosen for plausibility
    irrigation=0.005,  # chosen for plausibility
    floods=0.002,  # chosen for plausibility; Tellman et al. 2021, Nature 596:80-86: 2.2 million km2 of all land in 18 years
    burns=0.02,  # Giglio et al. 2018, Remote Sens. Environ. 217:72-85: 4.2 million km2 a year, nearly .03 of all land
    tracks=1.0,  # chosen for plausibility
)
"""Amplitude "x1" of every nuisance; those not named have the scenario file's default, chosen for plausibility."""

OF_THE_GROUND: Final = ("texture", "slope", "vegetation", "rains_per_year")
"""What lies still or how often it rains: not amplitudes of anything that changes from look to look."""


def scaled(nuisance: Nuisance, factor: float) -> Nuisance:
    """Every amplitude times ``factor``, but within the limits of a scenario file; ``OF_THE_GROUND`` stays.

    Raises:
        ValueError: for a factor below 0.

    """
    if factor < 0:
        msg = f"factor is {factor}, expected 0 or more"
        raise ValueError(msg)
    names = [spec.name for spec in fields(nuisance) if spec.name not in OF_THE_GROUND]
    return replace(nuisance, **{name: min(getattr(nuisance, name) * factor, LIMITS[f"nuisance.{name}"][1]) for name in names})
