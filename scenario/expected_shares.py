"""Shares of people by group and outcome: chances given the group, integrals over score and time.

The integral over the score is Gauss-Legendre quadrature, the drift is averaged over at most 64 stretches of days;
both together are wrong by about 1e-6.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from scenario import calibration
from scenario.params import ScenarioParams
from scenario.probabilities import (
    compute_age_shares,
    compute_gender_shares,
    compute_low_income_share,
    compute_missing_score_probability,
    compute_race_shares,
    label_flip_probability,
    score_distribution,
    score_penalty,
)

Floats = NDArray[np.float64]


class PopulationShares(NamedTuple):
    """Each race x gender x education x age band; `people` adds up to 1."""

    people: Floats
    repaid: Floats
    favourable: Floats
    approved: Floats
    approved_favourable: Floats
    referred: Floats

    def sum(self, axis: int | None = None) -> Floats:
        """Sum over all groups but those along the axis: 6 x groups, or 6 over everybody."""
        others = tuple(other for other in range(4) if other != axis)
        return np.stack([mass.sum(axis=others) for mass in self])


def compute_shares(params: ScenarioParams) -> PopulationShares:
    """Compute the shares over the whole span of the file."""
    weights, found = zip(
        *((share, _compute_shares_at(params, ramp)) for ramp, share in _list_ramps(params)), strict=True
    )
    return PopulationShares(*(np.tensordot(weights, np.stack(parts), 1) for parts in zip(*found, strict=True)))


def _list_ramps(params: ScenarioParams) -> list[tuple[float, float]]:
    """List how far the drift has come, and the share of days with that."""
    if not any((params.drift.covariate, params.drift.concept, params.drift.group_mix, params.drift.missingness)):
        return [(0.0, 1.0)]
    passed = np.linspace(0, 1, (params.last_day - params.first_day).days + 1)
    ramps = (passed - params.drift.starts) / (1 - params.drift.starts)
    later = [part for part in np.array_split(ramps[ramps > 0], 64) if len(part)]
    before = (0.0, float((ramps <= 0).mean()))
    return [before, *((float(part.mean()), len(part) / len(ramps)) for part in later)]


def _compute_shares_at(params: ScenarioParams, ramp: float) -> PopulationShares:
    education = np.array([calibration.DEGREE, 1 - calibration.DEGREE])
    by_age = compute_gender_shares(params)[:, None, None] * education[:, None] * compute_age_shares()[:, None, :]
    people = compute_race_shares(params, ramp)[:, None, None, None] * by_age
    selected, repaid, both = _integrate_scores(params, ramp)
    scored = 1 - _compute_no_score(params, ramp)
    kept = 1 - label_flip_probability(params)
    return PopulationShares(
        people=people,
        repaid=people * repaid[..., None],
        favourable=people * (repaid * kept)[..., None],
        approved=people * scored * selected[..., None],
        approved_favourable=people * scored * (both * kept)[..., None],
        referred=people * (1 - scored),
    )


def _compute_no_score(params: ScenarioParams, ramp: float) -> Floats:
    """Compute the shares without a score; race x 1 x education x age band."""
    poor = np.stack([1 - compute_low_income_share(), compute_low_income_share()])
    never = np.einsum("ray,ye->rea", compute_missing_score_probability(params), poor)[:, None, :, [1, 0, 0]]
    lost = params.drift.missingness * ramp
    return np.asarray(never + (1 - never) * lost)


def _integrate_scores(params: ScenarioParams, ramp: float) -> tuple[Floats, Floats, Floats]:
    """Integrate, over scores, the chances of approval, of repayment and of both, by race x gender x education."""
    lowest = ndtri(params.applicants_from / 100)
    needed = calibration.THRESHOLD - 0.5 + score_penalty(params)  # points are rounded
    cut = np.maximum(lowest, ndtri(np.interp(needed, calibration.POINTS, calibration.PERCENTILES) / 100))
    applied, would_repay = _integrate_above(np.full_like(cut, lowest), params, ramp)
    selected, both = _integrate_above(cut, params, ramp)
    return selected / applied, would_repay / applied, both / applied


@cache
def _compute_nodes() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(64)


def _integrate_above(low: Floats, params: ScenarioParams, ramp: float) -> tuple[Floats, Floats]:
    """Integrate the chances in the population of a score of at least `low`, and of that and repayment."""
    mean, sd = (part[:, None, None, None] for part in np.array(score_distribution(params)).T)
    mean = mean + params.drift.covariate * ramp
    nodes, weights = _compute_nodes()
    low, high = (np.clip(bound, mean - 9 * sd, mean + 9 * sd) for bound in (low[..., None], np.inf))
    score = low + (high - low) * (nodes + 1) / 2
    density = np.exp(-(((score - mean) / sd) ** 2) / 2) / np.sqrt(2 * np.pi) / sd * weights * (high - low) / 2
    trust = 1 - (calibration.ERROR / sd) ** 2
    worth = mean + trust * (score - mean)  # the mean and, below, the variance of creditworthiness given the score
    certainty = np.sqrt(1 + calibration.SLOPE**2 * trust * calibration.ERROR**2)
    repaid = ndtr(-(calibration.INTERCEPT + params.drift.concept * ramp - calibration.SLOPE * worth) / certainty)
    return density.sum(-1), (density * repaid).sum(-1)
