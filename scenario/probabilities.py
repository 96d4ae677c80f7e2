"""The chances that both the people and the expected figures are made of: one place, so that they agree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from scenario import calibration
from scenario.params import ScenarioParams

Floats = NDArray[np.float64]


def score_distribution(params: ScenarioParams) -> list[tuple[float, float]]:
    """Return mean and SD per race of the standard normal score; at `risk_gap` 0 all as the reference."""
    mean, sd = calibration.SCORE[0]
    gap = params.risk_gap
    return [(mean + gap * (its_mean - mean), sd + gap * (its_sd - sd)) for its_mean, its_sd in calibration.SCORE]


def score_penalty(params: ScenarioParams) -> Floats:
    """Compute the points taken off the score, by race x gender x education."""
    race, gender, education = _spread_by_attribute(params.bias.score)
    return race[:, None, None] + gender[:, None] + education


def label_flip_probability(params: ScenarioParams) -> Floats:
    """Compute the share of repaid loans recorded as not repaid, by race x gender x education."""
    race, gender, education = (1 - share for share in _spread_by_attribute(params.bias.label))
    return np.asarray(1 - race[:, None, None] * gender[:, None] * education)


def _spread_by_attribute(values: Mapping[Any, float]) -> tuple[Floats, Floats, Floats]:
    race, gender, education = (
        np.array([values.get(group, 0.0) for group in groups], dtype=np.float64)
        for groups in (calibration.RACES, calibration.GENDERS, calibration.EDUCATIONS)
    )
    return race, gender, education


def compute_race_shares(params: ScenarioParams, ramp: float) -> Floats:
    """Compute the share of each race when the drift has come as far as `ramp`."""
    shares = np.array(calibration.RACE_SHARES)
    replaced = params.drift.group_mix * ramp * shares[0]
    return np.array([shares[0] - replaced, *(shares[1:] + replaced * shares[1:] / shares[1:].sum())])


def compute_age_shares() -> Floats:
    """Compute the share of each age band, by gender."""
    shares = [
        [_sum_shares_between(bands, *band) for band in ((0, 25), (25, 62), (62, 200))] for bands in _AGES_BY_GENDER
    ]
    return np.array(shares)


_AGES_BY_GENDER = (calibration.AGES, calibration.AGES, calibration.AGES_NON_BINARY)


def _sum_shares_between(bands: tuple[tuple[int, int, float], ...], low: int, high: int) -> float:
    return sum(share * max(0, min(high, end) - max(low, start)) / (end - start) for start, end, share in bands)


def compute_gender_shares(params: ScenarioParams) -> Floats:
    """Compute the share of each gender."""
    binary = 1 - params.non_binary
    return np.array([binary * calibration.WOMEN, binary * (1 - calibration.WOMEN), params.non_binary])


def compute_low_income_share() -> Floats:
    """Compute the share of people with less than LOW_INCOME, by education."""
    return np.asarray(ndtr(np.log(calibration.LOW_INCOME / np.array(calibration.INCOME)) / calibration.INCOME_SPREAD))


def compute_missing_score_probability(params: ScenarioParams) -> Floats:
    """Compute the chance of having no score, by race x under 25 (no, yes) x low income (no, yes), before any drift.

    The three factors have mean 1 each, so the share over everybody is `no_score` whatever `bias.missing` is.
    """
    young = float(compute_gender_shares(params) @ compute_age_shares()[:, 0])
    poor = float(np.array([calibration.DEGREE, 1 - calibration.DEGREE]) @ compute_low_income_share())
    race = _compute_factor(calibration.NO_SCORE_RACE, calibration.RACE_SHARES, params)
    by_age = _compute_factor((1.0, calibration.NO_SCORE_YOUNG), (1 - young, young), params)
    by_income = _compute_factor((1.0, calibration.NO_SCORE_POOR), (1 - poor, poor), params)
    return np.asarray(params.no_score * race[:, None, None] * by_age[:, None] * by_income)


def _compute_factor(times: tuple[float, ...], shares: tuple[float, ...], params: ScenarioParams) -> Floats:
    relative = np.array(times) / np.dot(times, shares)
    return np.asarray(1 + params.bias.missing * (relative - 1))
