"""The chances that both the people and the expected figures are made of: one place, so that they cannot disagree."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from scenario import figures
from scenario.knobs import Group, Knobs

Floats = NDArray[np.float64]


def score_distribution(knobs: Knobs) -> list[tuple[float, float]]:
    """Mean and SD per race of the standard normal score; at `risk_gap` 0 all as the reference."""
    mean, sd = figures.SCORE[0]
    gap = knobs.risk_gap
    return [(mean + gap * (its_mean - mean), sd + gap * (its_sd - sd)) for its_mean, its_sd in figures.SCORE]


def points_off(knobs: Knobs) -> Floats:
    """Points taken off the score, by race x gender x education."""
    race, gender, education = _by_attribute(knobs.bias.score)
    return race[:, None, None] + gender[:, None] + education


def flip_share(knobs: Knobs) -> Floats:
    """Share of repaid loans recorded as not repaid, by race x gender x education."""
    race, gender, education = (1 - share for share in _by_attribute(knobs.bias.label))
    return np.asarray(1 - race[:, None, None] * gender[:, None] * education)


def _by_attribute(knob: Mapping[Group, float]) -> tuple[Floats, Floats, Floats]:
    given: dict[str, float] = {**knob}
    race, gender, education = (
        np.array([given.get(group, 0.0) for group in groups], dtype=np.float64)
        for groups in (figures.RACES, figures.GENDERS, figures.EDUCATIONS)
    )
    return race, gender, education


def young_share(knobs: Knobs) -> Floats:
    """Share of people under 25, by gender."""
    (_, _, young), (start, below, early) = figures.AGES[0], figures.AGES_NON_BINARY[0]
    return np.array([young, young, early * (25 - start) / (below - start)])


def gender_shares(knobs: Knobs) -> Floats:
    """Share of each gender."""
    binary = 1 - knobs.non_binary
    return np.array([binary * figures.WOMEN, binary * (1 - figures.WOMEN), knobs.non_binary])


def poor_share() -> Floats:
    """Share of people with less than LOW_INCOME, by education."""
    return np.asarray(ndtr(np.log(figures.LOW_INCOME / np.array(figures.INCOME)) / figures.INCOME_SPREAD))


def no_score_chance(knobs: Knobs) -> Floats:
    """Chance of having no score, by race x under 25 (no, yes) x low income (no, yes), before any drift.

    The three factors have mean 1 each, so the share over everybody is `no_score` whatever `bias.missing` is.
    """
    young = float(gender_shares(knobs) @ young_share(knobs))
    poor = float(np.array([figures.DEGREE, 1 - figures.DEGREE]) @ poor_share())
    race = _factor(figures.NO_SCORE_RACE, figures.RACE_SHARES, knobs)
    by_age = _factor((1.0, figures.NO_SCORE_YOUNG), (1 - young, young), knobs)
    by_income = _factor((1.0, figures.NO_SCORE_POOR), (1 - poor, poor), knobs)
    return np.asarray(knobs.no_score * race[:, None, None] * by_age[:, None] * by_income)


def _factor(times: tuple[float, ...], shares: tuple[float, ...], knobs: Knobs) -> Floats:
    relative = np.array(times) / np.dot(times, shares)
    return np.asarray(1 + knobs.bias.missing * (relative - 1))
