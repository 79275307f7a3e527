"""Judgement: hypotheses weighed against evidence, in calibrated words. This room knows records and the standard library, nothing else."""

from spadework.assess.assessment import assess
from spadework.assess.templates import FEATURES

__all__ = ["FEATURES", "assess"]
