"""Fits the coefficients of ``spadework.events.reality`` to scored events."""

from __future__ import annotations

import math
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from spadework.events.reality import Traits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def _ridge_logistic(
    values: NDArray[np.float64], real: NDArray[np.bool_], weight: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """(1 + trait) intercept and weights of standardised traits: least weighted log loss plus half the squared weights."""
    design = np.column_stack([np.ones(len(values)), values])
    keep = np.r_[0.0, np.full(values.shape[1], ridge)]

    def loss(coef: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = design @ coef
        cost = float((weight * np.logaddexp(0, np.where(real, -logit, logit))).sum() + 0.5 * (keep * coef**2).sum())
        chance = 0.5 * (1 + np.tanh(logit / 2))
        return cost, design.T @ (weight * (chance - real)) + keep * coef

    return np.asarray(minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x)


def coefficients(
    events: Sequence[tuple[Traits, bool]], rate: float, settings: Mapping[str, Any]
) -> tuple[float, NDArray[np.float64]]:
    """Intercept at ``rate`` and (trait) weights, in the traits' own units.

    Real events weigh ``fit_at / rate`` (King & Zeng 2001, Political Analysis 9, 137-163), so that the fit is best about
    the base rates that are asked for; the intercept is then moved back to ``rate``.

    Args:
        events: traits, and whether the event is real.
        rate: real changes a km2 and year among which these events were found.
        settings: ``fit_at``, a base rate, and ``ridge``.

    """
    values, real = np.array([astuple(traits) for traits, _ in events]), np.array([true for _, true in events])
    middle, spread = values.mean(axis=0), values.std(axis=0)
    thin = settings["fit_at"] / rate
    coef = _ridge_logistic((values - middle) / spread, real, np.where(real, thin, 1.0), settings["ridge"])
    weights = coef[1:] / spread
    return float(coef[0] - (weights * middle).sum() - math.log(thin)), weights


def fit(events: Sequence[tuple[Traits, bool]], rate: float, settings: Mapping[str, Any]) -> str:
    """The lines to set in ``reality.py``."""
    intercept, weights = coefficients(events, rate, settings)
    told = ", ".join(f"{field.name}={weight:.3f}" for field, weight in zip(fields(Traits), weights, strict=True))
    return f"TRAINED_AT: Final = {rate:.2f}\nINTERCEPT: Final = {intercept:.3f}\nWEIGHTS: Final = Traits({told})"
