"""The settings of monitoring, and what each step goes by as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import chdtri, fdtri

from spadework.change import windows
from spadework.change.common import CommonRule
from spadework.change.fit import FitRule
from spadework.change.gauge import PRIOR_LOOKS
from spadework.change.level import RESTLESS_GAIN, gains, steady
from spadework.change.stand import WatchRule, Whitened, WhitenRule
from spadework.change.state import parts_of_year
from spadework.cube import PER_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spadework.change.fit import Left
    from spadework.change.state import State


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The one default setting of monitoring."""

    window_tails: tuple[float, ...] = (1e-7, 6e-7, 4e-6, 8e-6, 1.5e-5, 4e-5)
    """Chance that the mean of 3, 4 ... 8 clear looks of an unchanged pixel lies beyond the limit (chi-square, one degree of
    freedom per band), when half of its neighbours show the same: short windows are leaks' best chance, so theirs is least."""
    agreeing: tuple[int, ...] = (3, 3, 4, 4, 5, 6)
    """Looks of those windows that must go the way of their mean."""
    support: tuple[float, ...] = (4.0, 2.4, 1.6, 1.2, 1.0, 0.92, 0.85, 0.78, 0.7)
    """Factor of the limit when 0, 1 ... 8 neighbours show the same."""
    support_share: float = 0.4
    """A neighbour shows the same when its window's mean lies at least this share of the pixel's along it."""
    agree_share: float = 0.3
    """A look goes the way of its window when its share along the mean is at least this."""
    own_share: float = 0.5
    """Share of the limit beside twins at which the pixel must depart from its own past too."""
    field_factor: float = 2.0
    """Factor of the limit without twins: fields are fickle."""
    gate_tail: float = 0.42
    """Chance that the last look of a window is that far out; nearer ones end no window."""
    look_tail: float = 0.02
    """Chance that one look of an unchanged pixel is odd."""
    calm_tail: float = 0.125
    """The same for a look that speaks against recovery."""
    recover_looks: int = 8
    """Normal looks in a row, each able to show the change, that withdraw a confirmed change."""
    recover_days: float = 60.0
    """Days that these looks must span at least."""
    looks_two: int = 24
    """Clear history looks from which two harmonics are fitted."""
    looks_one: int = 12
    """Clear history looks from which one harmonic is fitted."""
    looks_mean: int = 6
    """Clear history looks from which a mean is fitted; fewer are compared one by one."""
    season_days: float = 350.0
    """Days that the history must span before a season is fitted ..."""
    season_two_days: float = 500.0
    """... and before it gets a second harmonic: one year alone teaches its own weather."""
    floor: float = 0.004
    """Least noise, reflectance."""
    floor_share: float = 0.01
    """Least noise as a share of the pixel's mean reflectance, added in quadrature."""
    floor_least: float = 0.2
    """Share of that variance which is added even to a noisier pixel."""
    small_tail: float = 1e-4
    """Chance at which noise learnt from few looks is made as wary as noise known well."""
    small_most: float = 4.0
    """Most that it grows for being learnt from few, variance."""
    pair_noise: float = 0.01
    """Noise where no pixel of the site has a regression, reflectance."""
    phase_days: float = 20.0
    """Standard deviation of the season's timing that a field is forgiven, days."""
    amplitude: float = 1.0
    """Standard deviation of the season's amplitude that a field is forgiven, share: a fallow year is no change."""
    track_days: float = 365.0
    """Time constant of the level that is tracked under no change, days."""
    sample: int = 1500
    """Pixels from which the common mode is learnt."""
    sample_least: int = 100
    """Pixels that a site needs for a common mode at all."""
    look_least: int = 30
    """Clear sample pixels that a look needs for a common mode of its own; with fewer the look is in doubt."""

    def __post_init__(self) -> None:
        """Check that tails and counts belong to the same windows.

        Raises:
            ValueError: when they do not.

        """
        falling = list(self.support) == sorted(self.support, reverse=True)
        if len(self.window_tails) != len(self.agreeing) or len(self.support) != windows.NEIGHBOURS + 1 or not falling:
            msg = (
                "window_tails and agreeing need one number a window, support nine of which none is greater than the one before"
            )
            raise ValueError(msg)


DEFAULT: Final = MonitorSettings()


def fit_rule(settings: MonitorSettings) -> FitRule:
    """What a history must have to carry a model."""
    return FitRule(settings.looks_two, settings.looks_one, settings.looks_mean, settings.season_days, settings.season_two_days)


def small(settings: MonitorSettings, bands: int, looks: int) -> NDArray[np.float32]:
    """(0..looks): quantile of Hotelling's T2 over that of chi-square, by looks that the noise was learnt from.

    T2 of n degrees of freedom in p bands is n p / (n - p + 1) times F(p, n - p + 1) (Hotelling 1931, Ann. Math. Stat. 2, 360-378);
    the scene's noise counts as a prior of ``PRIOR_LOOKS``.
    """
    n = np.arange(looks + 1) + float(PRIOR_LOOKS)
    rest = (n - bands + 1).clip(1.0)
    quantile = n * bands / rest * fdtri(bands, rest, 1.0 - settings.small_tail)
    grown = np.minimum(quantile / chdtri(bands, settings.small_tail), settings.small_most)
    return np.asarray(grown, dtype=np.float32)


def common_rule(settings: MonitorSettings) -> CommonRule:
    """From what the common mode is learnt."""
    return CommonRule(
        settings.sample, settings.sample_least, settings.look_least, settings.floor * PER_UNIT, settings.floor_share
    )


def lag(settings: MonitorSettings) -> int:
    """Looks by which level and restlessness stay behind: the longest window."""
    return windows.SHORTEST + len(settings.window_tails) - 1


def whiten_rule(settings: MonitorSettings, bands: int, looks: int) -> WhitenRule:
    """How distances are measured, with so many bands and looks of the history at most."""
    late = lag(settings)
    return WhitenRule(
        floor=settings.floor * PER_UNIT,
        floor_share=settings.floor_share,
        floor_least=settings.floor_least,
        phase_days=settings.phase_days,
        amplitude=settings.amplitude,
        gain=gains(settings.track_days, late),
        restless_gain=steady(RESTLESS_GAIN, late),
        small=small(settings, bands, looks),
    )


def whitened(state: State, left: Left) -> Whitened:
    """What distances are measured from."""
    site, pixels = state.site, state.pixels
    rule = whiten_rule(site.settings, site.bands, state.basis.history)
    part, left_out = parts_of_year(state.days), pixels.watching.left_out
    return Whitened(pixels.learnt, pixels.followed, left, state.basis, rule, state.typical, site.places, part, left_out)


def watch_rule(settings: MonitorSettings, bands: int) -> WatchRule:
    """When a change is confirmed or withdrawn."""
    return WatchRule(
        window_limit=chdtri(bands, np.array(settings.window_tails)).astype(np.float32),
        agreeing=np.array(settings.agreeing, np.int32),
        support=np.array(settings.support, np.float32),
        look_limit=float(chdtri(bands, settings.look_tail)),
        calm_limit=float(chdtri(bands, settings.calm_tail)),
        gate=float(chdtri(bands, settings.gate_tail)),
        agree_share=settings.agree_share,
        support_share=settings.support_share,
        own_share=settings.own_share,
        field_factor=settings.field_factor,
        recover_looks=settings.recover_looks,
        recover_days=settings.recover_days,
    )
